"""Where most of the words of a cut line stand in the same order."""

from __future__ import annotations

import numpy as np

from dedup.core.arrays import Int64, UInt64
from dedup.kernels import repeats as kernel

FUZZY = 0.9
_OVERSIZED = 20  # places of a word triple from which on it says nothing


def triples(hashes: UInt64) -> UInt64:
    """Return a hash of every three words in a row."""
    one, two = np.uint64(0x9FB21C651E98DF25), np.uint64(0xD6E8FEB86659FD93)
    mixed: UInt64 = hashes[:-2] * one + hashes[1:-1] * two + hashes[2:]
    return mixed


def near_run(ours: UInt64, theirs: UInt64, grams: UInt64, order: Int64) -> tuple[int, int] | None:
    """Return the part of ``theirs`` that holds nine tenths of ``ours`` in order, if there is one.

    ``grams`` are the sorted word triples of ``theirs``, ``order`` their places.
    """
    wanted = triples(ours)
    low = np.searchsorted(grams, wanted, side="left")
    high = np.searchsorted(grams, wanted, side="right")
    high = np.where(high - low > _OVERSIZED, low, high)
    hits = sorted(
        (int(position) - i, int(position))
        for i in range(len(wanted))
        for position in order[low[i] : high[i]]
    )
    if len(hits) < max(3, len(ours) // 4):
        return None
    drift = 4 + len(ours) // 5
    shifts = np.array([shift for shift, _ in hits])
    until = np.searchsorted(shifts, shifts + drift, side="right")
    best = int(np.argmax(until - np.arange(len(hits))))
    found = [position for _, position in hits[best : until[best]]]
    begin, end = max(min(found) - 2, 0), min(max(found) + 5, len(theirs))
    if end - begin > 2 * len(ours) + drift:
        return None
    common = kernel.common_length(ours, theirs[begin:end], np.zeros(end - begin + 1, np.int64))
    return (min(found), max(found) + 3) if common >= FUZZY * len(ours) else None
