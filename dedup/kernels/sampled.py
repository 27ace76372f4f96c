"""Seeds that an index keeps: which of a text are kept, and whom they point at together.

Of the word n-grams of a text those are kept whose middle word has the least hash of their words (an
open syncmer), and of the word pairs every fourth by hash. Both follow from the words of the seed
alone: an edit beside a seed does not unselect it, and two texts keep the same of what they share.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from dedup.kernels._jit import njit
from dedup.kernels.seeds import NGRAMS, longest_of, write_seeds
from dedup.kernels.shingles import fmix64

PAIRS_KEPT = np.uint64(3)  # bits of the hash of a word pair that are 0 where it is kept
KEY_SHIFT = np.uint64(24)  # a key is the upper 40 bits of a hash
_ONE = np.uint64(1)


class Sample(NamedTuple):
    """Seeds that are kept, three arrays of one length."""

    keys: Any  # uint64, 40 bits
    rows: Any  # int64: the document
    places: Any  # int64: the token


class Worth(NamedTuple):
    """What the seeds of a text say of an article that has them, two arrays of one length."""

    places: Any  # int64, ascending: the token
    weights: Any  # float64


class Ranks(NamedTuple):
    """Articles and how much they have in common with a text."""

    numbers: Any  # int64
    scores: Any  # float64


@njit
def is_least(hashes, i, size, salt):
    """Tell whether the middle one of ``size`` words from ``i`` on has the least salted hash.

    ``hashes`` (uint64) are those of words. Of equal ones the first is the least.
    """
    middle = i + size // 2
    least = fmix64(hashes[middle] ^ salt)
    for j in range(i, i + size):
        mixed = fmix64(hashes[j] ^ salt)
        if mixed < least or (mixed == least and j < middle):
            return False
    return True


@njit
def note_keys(keys, bits):
    """Set the bit of each key (uint64) in ``bits`` (uint64, a power of two of them)."""
    mask = np.uint64(64 * len(bits) - 1)
    for i in range(len(keys)):
        bits[np.intp((keys[i] & mask) >> np.uint64(6))] |= _ONE << (keys[i] & np.uint64(63))


@njit
def is_noted(key, bits):
    """Tell whether a key may be one that was noted; without ``bits`` any may be."""
    if len(bits) == 0:
        return True
    at = key & np.uint64(64 * len(bits) - 1)
    return bits[np.intp(at >> np.uint64(6))] >> (at & np.uint64(63)) & _ONE != np.uint64(0)


@njit
def sample_seeds(kind, words, salt, noted, out):
    """Write the seeds of one ``Kind`` that are kept, of all documents; return how many.

    ``words`` are ``seeds.Words``, ``salt`` (uint64) is that of the index. ``noted`` (uint64, see
    ``note_keys``) are keys of which some are sought: others are left out. ``out`` is ``Sample``
    with a place for every token; seeds are in order of document and token.
    """
    rows = range(len(words.bounds) - 1)
    longest = longest_of(words.bounds, rows)
    values = np.empty(longest, np.uint64)
    positions = np.empty(longest, np.int32)
    made = 0
    for row in rows:
        low = words.bounds[row]
        for k in range(write_seeds(kind, words, row, values, positions)):
            mixed = fmix64(values[k] ^ salt)
            if not is_noted(mixed >> KEY_SHIFT, noted):
                continue
            if kind.number == NGRAMS:
                if not is_least(words.hashes, low + positions[k], kind.reach, salt):
                    continue
            elif mixed & PAIRS_KEPT != np.uint64(0):
                continue
            out.keys[made] = mixed >> KEY_SHIFT
            out.rows[made] = row
            out.places[made] = positions[k]
            made += 1
    return made


@njit
def best_windows(hits, worth, window, apart, out):
    """Rank articles by the window of a text whose seeds weigh most; return how many there are.

    A hit (uint64, ascending) is the number of an article ``<< 32 |`` a seed of the text, whose
    ``worth`` is ``Worth``. Of the seeds of an article each counts that begins at least ``apart``
    tokens behind the one that counted last. ``out`` (``Ranks``) has a place for each hit, and gets
    every article with its best sum over ``window`` tokens.
    """
    low_bits = np.uint64(0xFFFFFFFF)
    places, weights = worth
    chosen = np.empty(len(places), np.int64)
    made = 0
    begin = 0
    while begin < len(hits):
        number = hits[begin] >> np.uint64(32)
        end = begin
        count = 0
        while end < len(hits) and hits[end] >> np.uint64(32) == number:
            seed = np.int64(hits[end] & low_bits)
            if count == 0 or places[seed] >= places[chosen[count - 1]] + apart:
                chosen[count] = seed
                count += 1
            end += 1
        best = 0.0
        total = 0.0
        first = 0
        for k in range(count):
            total += weights[chosen[k]]
            while places[chosen[k]] - places[chosen[first]] >= window:
                total -= weights[chosen[first]]
                first += 1
            best = max(best, total)
        out.numbers[made] = np.int64(number)
        out.scores[made] = best
        made += 1
        begin = end
    return made
