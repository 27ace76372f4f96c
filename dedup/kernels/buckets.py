"""Signatures to band keys, keys to buckets, buckets to pairs, and exact comparison of sets.

Keys, shingles and packed pairs are looked up in open hash tables with linear probing: what is
looked up is a hash already, so its low bits are its place.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from dedup.kernels._jit import njit, njit_uncounted
from dedup.kernels.shingles import MULTIPLIER, fmix64


class Buckets(NamedTuple):
    """Documents that share a key: bucket ``k`` is ``members[bounds[k]:bounds[k + 1]]``."""

    members: Any  # int32 or int64: places in the list of documents, ascending in a bucket
    bounds: Any  # int32 or int64, one more than buckets


@njit
def band_key(signature, band, rows):
    """Return a hash of the ``rows`` values of a signature in a band."""
    h = fmix64(np.uint64(band + 1))
    for k in range(band * rows, band * rows + rows):
        h = (h ^ np.uint64(signature[k])) * MULTIPLIER
        h ^= h >> np.uint64(29)
    return fmix64(h)


@njit
def band_keys(signatures, band, rows, out):
    """Write the key of every document for a band."""
    for doc in range(len(signatures)):
        out[doc] = band_key(signatures[doc], band, rows)


@njit
def group_equal(fingerprints, first, slots):
    """Write to ``first`` the first row of the same two sums; rows that start at -1 stay alone.

    ``slots`` is a table of at least twice as many places, all -1.
    """
    mask = np.intp(len(slots) - 1)
    for row in range(len(fingerprints)):
        if first[row] < 0:
            first[row] = row
            continue
        slot = np.intp(fingerprints[row, 1] & np.uint64(mask))
        while True:
            other = slots[slot]
            if other < 0:
                slots[slot] = row
                first[row] = row
                break
            if (
                fingerprints[other, 0] == fingerprints[row, 0]
                and fingerprints[other, 1] == fingerprints[row, 1]
            ):
                first[row] = other
                break
            slot = (slot + 1) & mask


@njit
def group_keys(keys, slots, groups, sizes):
    """Give each distinct key a number, by where it first stands, and count it; return how many.

    ``groups`` gets the number of each key. ``slots`` is a table of at least twice as many places.
    """
    mask = np.intp(len(slots) - 1)
    slots[:] = -1
    made = 0
    for i in range(len(keys)):
        key = keys[i]
        slot = np.intp(key & np.uint64(mask))
        while True:
            first = slots[slot]
            if first < 0:
                slots[slot] = i
                groups[i] = made
                sizes[made] = 1
                made += 1
                break
            if keys[first] == key:
                groups[i] = groups[first]
                sizes[groups[first]] += 1
                break
            slot = (slot + 1) & mask
    return made


@njit_uncounted
def lay_out(sizes, made, bounds):
    """Turn the sizes of groups of two or more into where each begins, other sizes into -1.

    ``bounds`` gets where those groups end, one after the other; returns how many there are.
    """
    position = 0
    buckets = 0
    bounds[0] = 0
    for group in range(made):
        size = sizes[group]
        sizes[group] = -1
        if size > 1:
            sizes[group] = position
            position += size
            buckets += 1
            bounds[buckets] = position
    return buckets


@njit
def gather_buckets(groups, sizes, made, members, bounds):
    """Write the members of every group of two or more, in order; return how many such there are.

    Bucket ``k`` is ``members[bounds[k]:bounds[k + 1]]``; ``sizes`` is used up.
    """
    buckets = lay_out(sizes, made, bounds)
    for i in range(len(groups)):
        at = sizes[groups[i]]
        if at >= 0:
            members[at] = i
            sizes[groups[i]] = at + 1
    return buckets


@njit
def leaders_of(size, most, leaders):
    """Return with how many of its first documents those of a bucket are paired.

    All up to ``most`` documents, ``leaders`` above, fewer still in one over a hundred times as
    large, down to one.
    """
    if size <= most:
        return size
    while size > 100 * most and leaders > 1:
        size //= 4
        leaders //= 2
    return leaders


@njit
def count_bucket_pairs(bounds, buckets, most, leaders):
    """Return (pairs that ``add_bucket_pairs`` meets, buckets over ``most``)."""
    pairs = 0
    oversized = 0
    for k in range(buckets):
        size = bounds[k + 1] - bounds[k]
        oversized += size > most
        some = leaders_of(size, most, leaders)
        pairs += some * size - some * (some + 1) // 2
    return pairs, oversized


@njit
def add_pair(table, packed):
    """Put a packed pair into a set, a table with free places at -1; return 1 if it was not in."""
    mask = np.intp(len(table) - 1)
    slot = np.intp(fmix64(np.uint64(packed)) & np.uint64(mask))
    while table[slot] >= 0:
        if table[slot] == packed:
            return 0
        slot = (slot + 1) & mask
    table[slot] = packed
    return 1


@njit
def add_bucket_pairs(buckets, docs, count, most, leaders, table):
    """Put ``smaller · count + larger`` of the documents that share a bucket into a set.

    ``buckets`` are ``Buckets``; the ``docs`` (int64) of their members ascend as they do. In a
    bucket of more than ``most`` each is paired with the first few only (``leaders_of``), so that
    the work stays linear. ``table`` is int64. Returns how many are new.
    """
    members, bounds = buckets
    new = 0
    for k in range(len(bounds) - 1):
        low = bounds[k]
        high = bounds[k + 1]
        last = low + leaders_of(high - low, most, leaders)
        for x in range(low, last):
            for y in range(x + 1, high):
                new += add_pair(table, docs[members[x]] * count + docs[members[y]])
    return new


@njit
def move_pairs(old, table):
    """Put every pair of one set into another."""
    for packed in old:
        if packed >= 0:
            add_pair(table, packed)
