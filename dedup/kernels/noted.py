"""Keys that somebody has: most others are told by one bit, the rest by a search."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from dedup.kernels._jit import njit_uncounted
from dedup.kernels.postings import lower_bound

_ONE = np.uint64(1)


class Noted(NamedTuple):
    """Keys of which some are sought; without ``bits`` any key may be one of them."""

    bits: Any  # uint64, a power of two of them or none: ``note_keys``
    keys: Any  # uint64, ascending


@njit_uncounted
def note_keys(keys, bits):
    """Set the bit of each key (uint64) in ``bits`` (uint64, a power of two of them)."""
    mask = np.uint64(64 * len(bits) - 1)
    for i in range(len(keys)):
        bits[np.intp((keys[i] & mask) >> np.uint64(6))] |= _ONE << (keys[i] & np.uint64(63))


@njit_uncounted
def is_noted(key, noted):
    """Tell whether a key (uint64) is one of ``Noted``."""
    bits, keys = noted
    if len(bits) == 0:
        return True
    at = key & np.uint64(64 * len(bits) - 1)
    if bits[np.intp(at >> np.uint64(6))] >> (at & np.uint64(63)) & _ONE == np.uint64(0):
        return False
    place = lower_bound(keys, 0, len(keys), key)
    return place < len(keys) and keys[place] == key


@njit_uncounted
def find_noted_rows(keys, noted, out):
    """Write to ``out`` (bool) which rows of a table of keys (uint64) have one of ``Noted``."""
    for row in range(len(keys)):
        met = False
        for k in range(keys.shape[1]):
            met = met or is_noted(keys[row, k], noted)
        out[row] = met
