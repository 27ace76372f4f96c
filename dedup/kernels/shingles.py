"""Tokens to shingles: a rolling polynomial over token hashes, then a finaliser.

For tokens ``t`` the shingle at ``i`` is ``fmix64(Σ t[i + j] · M^(size - 1 - j))`` modulo 2⁶⁴. A
document shorter than a shingle has one, of all its tokens and their number, so that it equals only
documents of the same few tokens.
"""

from __future__ import annotations

import numpy as np

from dedup.kernels._jit import njit
from dedup.kernels.text import APOSTROPHE, IGNORE, KINDS, TABLE_CODE, decode, fold_code

MULTIPLIER = np.uint64(0x9E3779B97F4A7C15)
SHORT = np.uint64(0xC2B2AE3D27D4EB4F)


@njit
def fmix64(h):
    """Spread every bit of ``h`` over all 64 (the MurmurHash3 finaliser)."""
    h ^= h >> np.uint64(33)
    h *= np.uint64(0xFF51AFD7ED558CCD)
    h ^= h >> np.uint64(33)
    h *= np.uint64(0xC4CEB9FE1A85EC53)
    return h ^ (h >> np.uint64(33))


@njit
def shingle_units(units, lo, hi, size, out, place):
    """Write the shingles of ``units[lo:hi]`` to ``out`` from ``place``; return the next place."""
    count = hi - lo
    if count <= 0:
        return place
    h = np.uint64(0)
    if count < size:
        for i in range(lo, hi):
            h = h * MULTIPLIER + units[i]
        out[place] = fmix64(h + SHORT * np.uint64(count))
        return place + 1
    leading = np.uint64(1)
    for _ in range(size - 1):
        leading *= MULTIPLIER
    for i in range(lo, lo + size - 1):
        h = h * MULTIPLIER + units[i]
    for i in range(lo + size - 1, hi):
        h = h * MULTIPLIER + units[i]
        out[place] = fmix64(h)
        place += 1
        h -= units[i - size + 1] * leading
    return place


@njit
def shingle_rows(units, bounds, size, out, offsets):
    """Write the shingles of every document to ``out[offsets[r]:offsets[r + 1]]``."""
    for row in range(len(bounds) - 1):
        shingle_units(units, bounds[row], bounds[row + 1], size, out, offsets[row])


@njit
def sort_unique_rows(values, offsets, sizes):
    """Sort each row in place and move its distinct values to its front; ``sizes`` gets how many."""
    for row in range(len(offsets) - 1):
        part = values[offsets[row] : offsets[row + 1]]
        part.sort()
        kept = 0
        for i in range(len(part)):
            if i == 0 or part[i] != part[i - 1]:
                part[kept] = part[i]
                kept += 1
        sizes[row] = kept


@njit
def characters(data, lo, hi, stage, values, expansions, out, place):
    """Write the folded characters of ``data[lo:hi]``, one blank between words.

    Returns the place after the last one. Where ``out`` is ``None`` they are only counted.
    """
    i = lo
    blank = False
    begun = False
    while i < hi:
        if data[i] < np.uint8(128):
            code = np.uint32(data[i])
            step = 1
        else:
            code, step = decode(data, i, hi)
        i += step
        v = fold_code(code, stage, values)
        if v < np.uint32(KINDS):
            blank = blank or (v != np.uint32(IGNORE) and v != np.uint32(APOSTROPHE))
            continue
        if blank and begun:
            if out is not None:
                out[place] = fmix64(np.uint64(32))
            place += 1
        blank = False
        begun = True
        length = np.intp(v >> np.uint32(24))
        at = np.intp(v & TABLE_CODE)
        if out is not None:
            for j in range(max(length, 1)):
                folded = expansions[at + j] if length > 0 else v & TABLE_CODE
                out[place + j] = fmix64(np.uint64(folded))
        place += max(length, 1)
    return place


@njit
def character_rows(data, offsets, stage, values, expansions, out, bounds):
    """Write the folded characters of every text, or count them; ``bounds`` as for tokens."""
    place = np.intp(0)
    bounds[0] = 0
    for row in range(len(offsets) - 1):
        place = characters(
            data, offsets[row], offsets[row + 1], stage, values, expansions, out, place
        )
        bounds[row + 1] = place
