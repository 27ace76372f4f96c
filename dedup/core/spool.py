"""Arrays that grow: in memory up to a budget, above it spilled to files of a folder."""

from __future__ import annotations

import mmap
import os
import weakref
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from dedup.core.allocator import trim

Array = npt.NDArray[Any]

_NO_BOUND = 1 << 62
_MAPPED: weakref.WeakSet[mmap.mmap] = weakref.WeakSet()  # files that arrays lie in


class Spool:
    """Named arrays of one dimension that are written once, piece by piece, and then read.

    ``folder`` is asked for when more than ``budget`` bytes have come together, not before. With
    ``keep`` everything goes to files at once, and what is dropped stays there.

    >>> spool = Spool(budget=100)
    >>> spool.append("counts", np.array([1, 2]))
    >>> spool.append("counts", np.array([3]))
    >>> spool.read("counts", np.int64).tolist(), spool.read("none", np.int64).tolist()
    ([1, 2, 3], [])
    """

    def __init__(
        self,
        folder: Callable[[], Path] | None = None,
        budget: int = _NO_BOUND,
        *,
        keep: bool = False,
    ) -> None:
        self._pieces: dict[str, list[Array]] = {}
        self._make_folder = folder
        self._folder: Path | None = None
        self._budget = budget
        self._keep = keep
        self._lengths: dict[str, int] = {}
        self._reserved: dict[str, Array] = {}  # the rest of what was reserved and is not filled
        self.size = 0
        if keep and folder is not None:
            self._folder = folder()

    def reserve(self, name: str, count: int, kind: type[Any]) -> None:
        """Reserve capacity for an array of up to ``count`` values, if the budget allows.

        What is added then is copied, and the array as a whole need not be put together.
        """
        size = count * np.dtype(kind).itemsize
        if self._folder is None and self.size + size <= self._budget:
            self._pieces[name] = [whole := np.empty(count, kind)]
            self._reserved[name] = whole

    def reserve_rest(self, name: str, kind: type[Any]) -> None:
        """Reserve all that the budget leaves for an array; the others go to files the sooner.

        Memory that is not written to costs nothing. Where there is no bound nothing is reserved.
        """
        if self._make_folder is not None and self._budget < _NO_BOUND:
            left = max(self._budget - self.size, 0)
            self.reserve(name, left // np.dtype(kind).itemsize, kind)

    def append(self, name: str, piece: Array) -> None:
        """Add a piece to an array; its type must always be the same."""
        self.size += piece.nbytes
        if len(piece) > len(self._reserved.get(name, piece)) and self._make_folder is not None:
            self._spill(self._make_folder())
        if name in self._reserved:
            capacity = self._reserved[name]
            capacity[: len(piece)] = piece
            self._reserved[name] = capacity[len(piece) :]
        elif self._folder is None:
            self._pieces.setdefault(name, []).append(piece)
            if self.size > self._budget and self._make_folder is not None:
                self._spill(self._make_folder())
        else:
            self._write(self._folder, name, piece)

    def _spill(self, folder: Path) -> None:
        for name in list(self._reserved):
            self.read(name, np.uint8)  # leaves what is filled
        for name, pieces in self._pieces.items():
            for piece in pieces:
                self._write(folder, name, piece)
        self._pieces.clear()
        self._folder = folder
        trim()

    def _write(self, folder: Path, name: str, piece: Array) -> None:
        with (folder / name).open("ab") as file:
            file.write(np.ascontiguousarray(piece).data)
        self._lengths[name] = self._lengths.get(name, 0) + piece.nbytes

    def flush(self) -> dict[str, int]:
        """Bring the files to the disk; return how long each is."""
        for name in self._lengths:
            path = self._path(name)
            if path.exists():
                with path.open("rb") as file:
                    os.fsync(file.fileno())
        return dict(self._lengths)

    def cut_back(self, lengths: dict[str, int]) -> None:
        """Cut files to the lengths they had; what is not named goes."""
        folder = self._folder
        if folder is None:
            return
        for path in folder.iterdir():
            if path.name in lengths:
                os.truncate(path, lengths[path.name])
            else:
                path.unlink()
        self._lengths = dict(lengths)

    def _path(self, name: str) -> Path:
        assert self._folder is not None
        return self._folder / name

    def path_of(self, name: str) -> Path | None:
        """Return the file of an array, none where it is in memory or empty."""
        return self._path(name) if self._lengths.get(name) else None

    def read(self, name: str, kind: type[Any], *, mapped: bool = False) -> Array:
        """Return an array as a whole; ``mapped`` reads of a file only what is looked at."""
        if self._folder is None:
            pieces = self._pieces.get(name, [])
            if name in self._reserved:
                whole, rest = pieces[0], self._reserved.pop(name)
                self._pieces[name] = pieces = [whole[: len(whole) - len(rest)]]
            if len(pieces) > 1:
                self._pieces[name] = pieces = [np.concatenate(pieces)]
            return pieces[0] if pieces else np.zeros(0, kind)
        path = self._folder / name
        if not path.exists() or not path.stat().st_size:
            return np.zeros(0, kind)
        return _mapped(path, kind) if mapped else np.fromfile(path, kind)

    @property
    def in_files(self) -> bool:
        """Tell whether the arrays are in files by now."""
        return self._folder is not None

    def length(self, name: str) -> int:
        """Return how many bytes of an array are in its file."""
        return self._lengths.get(name, 0)

    def take(self, name: str, kind: type[Any]) -> Array:
        """Return an array as a whole and forget it."""
        array = self.read(name, kind)
        self.drop(name)
        return array

    def drop(self, name: str) -> None:
        """Forget an array."""
        if not (self._keep and self.in_files):
            self.discard(name)

    def discard(self, name: str) -> None:
        """Forget an array that nobody will want again, even where all is kept."""
        self._pieces.pop(name, None)
        self._reserved.pop(name, None)
        self._lengths.pop(name, None)
        if self._folder is not None:
            (self._folder / name).unlink(missing_ok=True)


def _mapped(path: Path, kind: type[Any]) -> Array:
    """Map a file; no more than a few pages come into memory with the one that is looked at."""
    array: Array = np.memmap(path, kind, "c")  # the type that arrays in memory have
    base = getattr(array, "_mmap", None)
    for name in ("MADV_NOHUGEPAGE", "MADV_RANDOM"):
        with suppress(OSError):
            if base is not None and hasattr(mmap, name):
                base.madvise(getattr(mmap, name))
    if base is not None:
        _MAPPED.add(base)
    return array


def every_file() -> list[mmap.mmap]:
    """Return all files that arrays lie in."""
    return list(_MAPPED)


def release_files(files: Iterable[mmap.mmap]) -> None:
    """Give back the memory of what was looked at in files; it is read again when it is wanted."""
    if hasattr(mmap, "MADV_DONTNEED"):
        for each in files:
            with suppress(OSError, ValueError):
                each.madvise(mmap.MADV_DONTNEED)
