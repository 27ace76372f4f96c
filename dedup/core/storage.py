"""The big arrays of a scan: in memory, or in files of which little is in memory at a time."""

from __future__ import annotations

import mmap
import os
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from dedup.core.spool import Spool

Array = npt.NDArray[Any]

_STATM = Path("/proc/self/statm")


class Columns:
    """The storage of large arrays.

    With a ``spool`` they go to its files and are mapped; ``ease`` then gives memory back once the
    process has more than ``limit`` bytes of it. Without one they are in memory.

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

    def ease(self) -> None:
        """Give back the memory of what was looked at in files, where the process has too much."""
        if self._maps and resident() > self._limit and hasattr(mmap, "MADV_DONTNEED"):
            for each in list(self._maps):
                each.madvise(mmap.MADV_DONTNEED)


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


def resident() -> int:
    """Return how many bytes of memory the process has; more than any limit where none tells."""
    try:
        return int(_STATM.read_bytes().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError):
        return 1 << 62
