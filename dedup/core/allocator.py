"""How memory comes to the process and goes back, where the system can be asked."""

from __future__ import annotations

import ctypes
from contextlib import suppress

_THP_DISABLE = 41  # of prctl(2): PR_SET_THP_DISABLE


def use_small_pages() -> None:
    """Have memory come to this process by 4 kB, where Linux can be asked to.

    NumPy and Arrow ask for pages of 2 MB. Each is cleared as a whole when a byte of it is touched,
    also where arrays come and go: that took up to half of the CPU time of a scan, and saved none.
    It holds for the whole process, so only a program calls it, not a library.
    """
    with suppress(OSError, AttributeError, TypeError):
        ctypes.CDLL(None).prctl(_THP_DISABLE, 1, 0, 0, 0)


def trim() -> None:
    """Give memory that was freed back to the system, where the C library can be asked to."""
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).malloc_trim(0)
