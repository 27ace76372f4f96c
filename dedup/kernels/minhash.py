"""Shingles to signatures: the least value of each affine permutation over a document's shingles.

The scheme is datasketch's ``affine32``: the upper 32 bits of a shingle go through the MurmurHash3
finaliser, then permutation ``k`` is ``a[k] · h + b[k]`` modulo 2³² with odd ``a[k]``. A document
without shingles keeps 2³² - 1 everywhere. Permutations are the outer loop: the minima stay in
registers and the loop over shingles becomes vector code.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from dedup.kernels._jit import njit


class Permutations(NamedTuple):
    """The affine permutations of a scheme: factors (odd) and summands, uint32, one each."""

    a: Any
    b: Any


@njit
def fmix32(h):
    """Spread every bit of ``h`` over all 32 (the MurmurHash3 finaliser)."""
    h = np.uint32(h ^ (h >> np.uint32(16)))
    h = np.uint32(h * np.uint32(0x85EBCA6B))
    h = np.uint32(h ^ (h >> np.uint32(13)))
    h = np.uint32(h * np.uint32(0xC2B2AE35))
    return np.uint32(h ^ (h >> np.uint32(16)))


@njit
def padded(count):
    """Return how much room ``permute`` needs for that many shingles."""
    return (count + 63) // 64 * 64


@njit
def permute(shingles, lo, hi, mixed, permutations, out):
    """Take ``shingles[lo:hi]`` (uint64) into the signature ``out`` (uint32, one a permutation).

    ``permutations`` is ``Permutations``; ``mixed`` (uint32) is room for ``padded`` many. The first
    shingle fills up the last vector: it changes no minimum, and what is left over of a loop over
    vectors would be taken one by one.
    """
    if hi <= lo:
        return
    a, b = permutations
    count = padded(hi - lo)
    for i in range(hi - lo):
        mixed[i] = fmix32(np.uint32(shingles[lo + i] >> np.uint64(32)))
    for i in range(hi - lo, count):
        mixed[i] = mixed[0]
    for k in range(0, len(a), 2):  # two at a time, so that a value is read once for both
        j = min(k + 1, len(a) - 1)
        a_k, b_k, least_k = a[k], b[k], out[k]
        a_j, b_j, least_j = a[j], b[j], out[j]
        for i in range(count):
            value = mixed[i]
            least_k = min(least_k, np.uint32(np.uint32(a_k * value) + b_k))
            least_j = min(least_j, np.uint32(np.uint32(a_j * value) + b_j))
        out[k] = least_k
        out[j] = least_j


@njit
def sign_rows(shingles, offsets, permutations, out):
    """Write the signature of every document to its row of ``out`` (uint32).

    The shingles (uint64) of document ``r`` are ``offsets[r]:offsets[r + 1]`` (int64).
    """
    longest = 0
    for row in range(len(offsets) - 1):
        longest = max(longest, offsets[row + 1] - offsets[row])
    mixed = np.empty(padded(longest), np.uint32)
    out[:] = np.uint32(0xFFFFFFFF)
    for row in range(len(offsets) - 1):
        permute(shingles, offsets[row], offsets[row + 1], mixed, permutations, out[row])
