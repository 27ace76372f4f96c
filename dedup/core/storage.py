"""The big arrays of a scan: in memory, or in files of which little is in memory at a time."""

from __future__ import annotations

import mmap
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Thread
from typing import Any

import numpy as np
import numpy.typing as npt

from dedup.core.allocator import trim
from dedup.core.spool import Spool, every_file, release_files

Array = npt.NDArray[Any]

_STATM = Path("/proc/self/statm")
_WINDOW = 250 << 20  # bytes of files that stay, with the 150 MB of the libraries
_WATCH = 0.01  # seconds from one look at the memory to the next …
_CLOSE = 0.002  # … and where the limit is near: with a page that is looked at come 15 others, so
_NEAR = 300 << 20  # in 10 ms 250 MB were seen to come; bytes below the limit that count as near


class Columns:
    """The storage of large arrays.

    With a ``spool`` they go to its files and are mapped; ``ease`` then gives memory back once the
    process has more than ``limit`` bytes of it, but leaves a window on the files, however much
    else there is: what is looked at all over them would be read again and again. Without a spool
    they are in memory.

    >>> column = Columns().grow("counts", np.int64, capacity=4)
    >>> column.append(np.array([1, 2]))
    >>> column.append(np.array([3]))
    >>> column.done().tolist()
    [1, 2, 3]
    """

    def __init__(self, spool: Spool | None = None, limit: int = 0) -> None:
        self.spool = spool
        self._limit = limit
        self._maps: list[mmap.mmap] = []

    @property
    def in_files(self) -> bool:
        """Tell whether arrays go to files."""
        return self.spool is not None

    def side_by_side(self, threads: int) -> int:
        """Return in how many of ``threads`` to do things at once that all take much memory.

        That is one where arrays go to files, since memory is short then.

        >>> Columns().side_by_side(4)
        4
        """
        return 1 if self.in_files else threads

    def grow(self, name: str, kind: Any, capacity: int) -> Column:
        """Begin an array that grows piece by piece to at most ``capacity`` values."""
        if self.spool is not None:
            self.spool.drop(name)
        return Column(self, name, kind, capacity)

    def read(self, name: str, kind: Any) -> Array:
        """Map an array from a file."""
        assert self.spool is not None
        array = self.spool.read(name, kind, mapped=True)
        base = getattr(array, "_mmap", None)
        if base is not None:
            self._maps.append(base)
        return np.asarray(array)

    def drop(self, *names: str) -> None:
        """Forget arrays; nobody may look at them any more."""
        if self.spool is not None:
            for name in names:
                self.spool.drop(name)

    def ease(self) -> float:
        """Give back the memory of what was looked at in files, where the process has too much.

        Returns in how many seconds to look again.
        """
        if not self._maps:
            return _WATCH
        every, of_files = resident()
        if every > self._limit and of_files > _WINDOW:
            release_files(list(self._maps))
        return _CLOSE if every > self._limit - _NEAR else _WATCH

    @contextmanager
    def watched(self) -> Iterator[None]:
        """Give memory back in time, whatever is looked at meanwhile."""
        if not self._maps:
            yield
            return
        done = Event()

        def watch() -> None:
            pause = _WATCH
            while not done.wait(pause):
                pause = self.ease()

        watcher = Thread(target=watch, daemon=True)
        watcher.start()
        try:
            yield
        finally:
            done.set()
            watcher.join()
            trim()


class Column:
    """One array that grows."""

    def __init__(self, columns: Columns, name: str, kind: Any, capacity: int) -> None:
        self._columns, self._name, self._kind = columns, name, np.dtype(kind)
        # Pages that are never written cost nothing, so the capacity may be a generous bound.
        self._held: Array = np.empty(0 if columns.in_files else capacity, kind)
        self._filled = 0

    def append(self, piece: Array) -> None:
        """Add values at the end."""
        if self._columns.spool is not None:
            self._columns.spool.append(self._name, np.asarray(piece, self._kind))
        else:
            self._held[self._filled : self._filled + len(piece)] = piece
        self._filled += len(piece)

    def done(self) -> Array:
        """Return the array."""
        if self._columns.in_files:
            return self._columns.read(self._name, self._kind)
        return self._held[: self._filled]


def ease_files(*others: mmap.mmap) -> None:
    """Give back the memory of all files, ``others`` too, where there is more than a window of it.

    For what comes after the stages of a scan, which nobody watches.
    """
    if resident()[1] > _WINDOW:
        release_files([*every_file(), *others])


def resident() -> tuple[int, int]:
    """Return how many bytes of memory the process has, and how many of them are parts of files.

    Both are more than any limit where nothing tells.
    """
    try:
        pages = [int(each) for each in _STATM.read_bytes().split()[1:3]]
    except (OSError, ValueError):
        return 1 << 62, 1 << 62
    size = os.sysconf("SC_PAGE_SIZE")
    return pages[0] * size, pages[1] * size
