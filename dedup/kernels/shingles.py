"""Tokens to shingles: a rolling polynomial over token hashes, then a finaliser.

For tokens ``t`` the shingle at ``i`` is ``fmix64(Σ t[i + j] · M^(size - 1 - j))`` modulo 2⁶⁴. A
document shorter than a shingle has one, of all its tokens and their number, so that it equals only
documents of the same few tokens.
"""

from __future__ import annotations

import numpy as np

from dedup.kernels._jit import njit, njit_uncounted
from dedup.kernels.text import APOSTROPHE, IGNORE, KINDS, TABLE_CODE, Span, fold_at

MULTIPLIER = np.uint64(0x9E3779B97F4A7C15)
SHORT = np.uint64(0xC2B2AE3D27D4EB4F)


@njit_uncounted
def fmix64(h):
    """Spread every bit of ``h`` over all 64 (the MurmurHash3 finaliser)."""
    h ^= h >> np.uint64(33)
    h *= np.uint64(0xFF51AFD7ED558CCD)
    h ^= h >> np.uint64(33)
    h *= np.uint64(0xC4CEB9FE1A85EC53)
    return h ^ (h >> np.uint64(33))


@njit_uncounted
def power_of(size):
    """Return ``MULTIPLIER`` to the power of ``size``: the factor of the word so far behind."""
    power = np.uint64(1)
    for _ in range(size):
        power *= MULTIPLIER
    return power


@njit
def shingle_units(units, lo, hi, size, out, position):
    """Write the shingles of ``units[lo:hi]`` to ``out`` from ``position``; return the next one."""
    count = hi - lo
    if count <= 0:
        return position
    h = np.uint64(0)
    if count < size:
        for i in range(lo, hi):
            h = h * MULTIPLIER + units[i]
        out[position] = fmix64(h + SHORT * np.uint64(count))
        return position + 1
    if size == 5:  # each by itself is vector code; rolling waits for the one before
        some = units[lo:hi]
        into = out[position : position + count - 4]
        for i in range(count - 4):
            h = some[i] * MULTIPLIER + some[i + 1]
            h = h * MULTIPLIER + some[i + 2]
            h = h * MULTIPLIER + some[i + 3]
            into[i] = fmix64(h * MULTIPLIER + some[i + 4])
        return position + count - 4
    leading = power_of(size - 1)
    for i in range(lo, lo + size - 1):
        h = h * MULTIPLIER + units[i]
    for i in range(lo + size - 1, hi):
        h = h * MULTIPLIER + units[i]
        out[position] = fmix64(h)
        position += 1
        h -= units[i - size + 1] * leading
    return position


@njit
def shingle_rows(units, bounds, size, out, offsets):
    """Write the shingles of every document to ``out[offsets[r]:offsets[r + 1]]``."""
    for row in range(len(bounds) - 1):
        shingle_units(units, bounds[row], bounds[row + 1], size, out, offsets[row])


@njit_uncounted
def table_size(count):
    """Return the slots of a hash table for ``count`` values: a power of two, at least twice it."""
    size = 16
    while size < 2 * count:
        size *= 2
    return size


@njit
def distinct_row(values, lo, hi, table, stamps, stamp):
    """Move the distinct ones of ``values[lo:hi]`` to the front, in place; return how many they are.

    They stay in the order in which each first stands. Values are hashes: their low bits are the
    place in ``table``, of which those with this ``stamp`` are of this row.
    """
    mask = np.intp(table_size(hi - lo) - 1)
    kept = 0
    for i in range(lo, hi):
        value = values[i]
        slot = np.intp(value & np.uint64(mask))
        while stamps[slot] == stamp and table[slot] != value:
            slot = (slot + 1) & mask
        if stamps[slot] != stamp:
            stamps[slot] = stamp
            table[slot] = value
            values[lo + kept] = value
            kept += 1
    return kept


@njit
def distinct_rows(values, offsets, sizes):
    """Move the distinct values of each row to its front (``distinct_row``).

    ``sizes`` gets how many they are.
    """
    longest = 0
    for row in range(len(offsets) - 1):
        longest = max(longest, offsets[row + 1] - offsets[row])
    table = np.empty(table_size(longest), np.uint64)
    stamps = np.full(len(table), -1, np.int64)
    for row in range(len(offsets) - 1):
        sizes[row] = distinct_row(values, offsets[row], offsets[row + 1], table, stamps, row)


@njit
def close_gaps(values, old, new):
    """Move row ``r`` from ``old[r]`` down to ``new[r]``, as long as ``new`` says, in place."""
    for row in range(len(new) - 1):
        if old[row] != new[row]:
            for i in range(new[row + 1] - new[row]):
                values[new[row] + i] = values[old[row] + i]


@njit
def gather_rows(values, offsets, rows, out, bounds):
    """Copy some rows to ``out``, row ``rows[k]`` to ``bounds[k]``."""
    for k in range(len(rows)):
        low = offsets[rows[k]]
        for i in range(bounds[k + 1] - bounds[k]):
            out[bounds[k] + i] = values[low + i]


@njit
def characters(span, folding, out, position):
    """Write the folded characters of a ``Span`` to ``out`` (uint64), one blank between words.

    Returns the place after the last one. Where ``out`` is ``None`` they are only counted.
    """
    data, i, hi = span
    blank = False
    begun = False
    while i < hi:
        v, step = fold_at(data, i, hi, folding)
        i += step
        if v < np.uint32(KINDS):
            blank = blank or (v != np.uint32(IGNORE) and v != np.uint32(APOSTROPHE))
            continue
        if blank and begun:
            if out is not None:
                out[position] = fmix64(np.uint64(32))
            position += 1
        blank = False
        begun = True
        length = np.intp(v >> np.uint32(24))
        at = np.intp(v & TABLE_CODE)
        if out is not None:
            for j in range(max(length, 1)):
                folded = folding.expansions[at + j] if length > 0 else v & TABLE_CODE
                out[position + j] = fmix64(np.uint64(folded))
        position += max(length, 1)
    return position


@njit
def character_rows(data, offsets, folding, out, bounds):
    """Write the folded characters of every text, or count them; ``bounds`` as for tokens.

    Text ``r`` is ``data[offsets[r]:offsets[r + 1]]`` (uint8, int64), ``folding`` is ``Folding``;
    ``out`` as in ``characters``.
    """
    position = np.intp(0)
    bounds[0] = 0
    for row in range(len(offsets) - 1):
        span = Span(data, offsets[row], offsets[row + 1])
        position = characters(span, folding, out, position)
        bounds[row + 1] = position
