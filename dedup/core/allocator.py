"""The allocator of the C library: what becomes of memory that is freed."""

from __future__ import annotations

import ctypes
import os
from contextlib import suppress

# Parameters of mallopt(3) of the GNU C library.
_TRIM_THRESHOLD, _MMAP_THRESHOLD, _ARENA_MAX = -1, -3, -8
_KEPT = 256 << 20  # bytes that may lie free before some go back
_LARGE = 32 << 20  # bytes from which an array has pages of its own, which go back when it is freed
_SET_BY_USER = ("MALLOC_", "GLIBC_TUNABLES")  # how variables begin that say the same


def keep_freed_memory() -> None:
    """Keep memory that is freed for what comes next, where the C library can be asked to.

    By itself it gives the pages of most arrays back and asks for new ones, each of which the
    system clears: up to a third of the CPU time of a scan. This holds for the whole process, so
    only a program calls it, not a library. Settings of the user in the environment stay.
    """
    if any(name.startswith(_SET_BY_USER) for name in os.environ):
        return
    with suppress(OSError, AttributeError):
        library = ctypes.CDLL(None)
        # One arena: the others are made of pieces of 64 MB, which go back whatever is asked.
        settings = {_ARENA_MAX: 1, _MMAP_THRESHOLD: _LARGE, _TRIM_THRESHOLD: _KEPT}
        for parameter, value in settings.items():
            library.mallopt(parameter, value)


def trim() -> None:
    """Give memory that was freed back to the system, where the C library can be asked to."""
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).malloc_trim(0)
