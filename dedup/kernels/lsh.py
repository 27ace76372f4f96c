"""Signatures to band keys, and exact comparison of shingle sets."""

from __future__ import annotations

import numpy as np

from dedup.kernels._jit import njit
from dedup.kernels.shingles import MULTIPLIER, fmix64


@njit
def band_keys(signatures, band, rows, out):
    """Write one key per document for a band: a hash of its ``rows`` values in it."""
    first = band * rows
    for doc in range(len(signatures)):
        h = fmix64(np.uint64(band + 1))
        for k in range(first, first + rows):
            h = (h ^ np.uint64(signatures[doc, k])) * MULTIPLIER
            h ^= h >> np.uint64(29)
        out[doc] = fmix64(h)


@njit
def count_bucket_pairs(keys, most, leaders):
    """Return (pairs that ``fill_bucket_pairs`` writes, buckets over ``most``) for sorted keys."""
    pairs = 0
    crowded = 0
    i = 0
    while i < len(keys):
        end = i + 1
        while end < len(keys) and keys[end] == keys[i]:
            end += 1
        size = end - i
        if size <= most:
            pairs += size * (size - 1) // 2
        else:
            crowded += 1
            pairs += leaders * size - leaders * (leaders + 1) // 2
        i = end
    return pairs, crowded


@njit
def fill_bucket_pairs(keys, docs, most, leaders, out):
    """Write (smaller, larger) for the documents that share a bucket.

    ``docs`` ascend inside a bucket. In one of more than ``most`` documents each is paired with the
    first ``leaders`` only, so that the work stays linear.
    """
    made = 0
    i = 0
    while i < len(keys):
        end = i + 1
        while end < len(keys) and keys[end] == keys[i]:
            end += 1
        last = end if end - i <= most else min(i + leaders, end)
        for x in range(i, last):
            for y in range(x + 1, end):
                out[made, 0] = docs[x]
                out[made, 1] = docs[y]
                made += 1
        i = end
    return made


@njit
def count_common(values, offsets, pairs, out):
    """Write how many values the sorted sets of each pair of documents have in common."""
    for p in range(len(pairs)):
        x = offsets[pairs[p, 0]]
        y = offsets[pairs[p, 1]]
        end_x = offsets[pairs[p, 0] + 1]
        end_y = offsets[pairs[p, 1] + 1]
        common = 0
        while x < end_x and y < end_y:
            one = values[x]
            two = values[y]
            if one == two:
                common += 1
                x += 1
                y += 1
            elif one < two:
                x += 1
            else:
                y += 1
        out[p] = common
