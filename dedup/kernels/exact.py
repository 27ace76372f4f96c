"""Groups of documents with the same tokens."""

from __future__ import annotations

import numpy as np

from dedup.kernels._jit import njit
from dedup.kernels.shingles import MULTIPLIER, fmix64


@njit
def hash_rows(hashes, bounds, out):
    """Write one hash of all tokens of each document."""
    for row in range(len(bounds) - 1):
        h = np.uint64(bounds[row + 1] - bounds[row])
        for i in range(bounds[row], bounds[row + 1]):
            h = (h ^ hashes[i]) * MULTIPLIER
            h ^= h >> np.uint64(29)
        out[row] = fmix64(h)


@njit
def group_rows(hashes, bounds, sums, order, first):
    """Write to ``first`` the first document with the same tokens; ``order`` sorts by ``sums``.

    Documents of one hash are compared token by token with the one before of that hash, so that
    forged collisions cost a missed group, never a false one.
    """
    for k in range(1, len(order)):
        row = order[k]
        other = order[k - 1]
        size = bounds[row + 1] - bounds[row]
        if sums[row] != sums[other] or size == 0 or size != bounds[other + 1] - bounds[other]:
            continue
        same = True
        for t in range(size):
            if hashes[bounds[row] + t] != hashes[bounds[other] + t]:
                same = False
                break
        if same:
            first[row] = first[other]
