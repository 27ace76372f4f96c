"""Groups of documents with the same tokens."""

from __future__ import annotations

import numpy as np

from dedup.kernels._jit import load8, njit
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
def group_rows(hashes, bounds, fingerprints, order, first):
    """Write to ``first`` the first document with the same tokens; ``order`` sorts the hashes.

    Documents of one hash are compared token by token with the one before of that hash, so that
    forged collisions cost a missed group, never a false one.
    """
    for k in range(1, len(order)):
        row = order[k]
        other = order[k - 1]
        size = bounds[row + 1] - bounds[row]
        if (
            fingerprints[row] != fingerprints[other]
            or size == 0
            or size != bounds[other + 1] - bounds[other]
        ):
            continue
        same = True
        for t in range(size):
            if hashes[bounds[row] + t] != hashes[bounds[other] + t]:
                same = False
                break
        if same:
            first[row] = first[other]


@njit
def hash_texts(data, offsets, out):
    """Write a hash of the bytes of each text, of four lanes of eight bytes that run beside."""
    for row in range(len(offsets) - 1):
        lo = offsets[row]
        hi = offsets[row + 1]
        a = np.uint64(hi - lo)
        b = MULTIPLIER
        c = ~MULTIPLIER
        d = a ^ MULTIPLIER
        i = lo
        while i + 32 <= hi:
            a = (a ^ load8(data, i)) * MULTIPLIER
            b = (b ^ load8(data, i + 8)) * MULTIPLIER
            c = (c ^ load8(data, i + 16)) * MULTIPLIER
            d = (d ^ load8(data, i + 24)) * MULTIPLIER
            a ^= a >> np.uint64(29)
            b ^= b >> np.uint64(29)
            c ^= c >> np.uint64(29)
            d ^= d >> np.uint64(29)
            i += 32
        while i < hi:
            a = (a ^ np.uint64(data[i])) * MULTIPLIER
            a ^= a >> np.uint64(29)
            i += 1
        out[row] = fmix64(fmix64(fmix64(fmix64(a) ^ b) ^ c) ^ d)
