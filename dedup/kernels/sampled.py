"""Seeds that an index keeps: which of a text are kept, and whom they point at together.

Of the word n-grams of a text those are kept whose middle word has the least hash of their words (an
open syncmer), and of the word pairs every fourth by hash. Both follow from the words of the seed
alone: an edit beside a seed does not unselect it, and two texts keep the same of what they share.
"""

from __future__ import annotations

import numpy as np

from dedup.kernels._jit import njit
from dedup.kernels.seeds import NGRAMS, longest_of, write_seeds
from dedup.kernels.shingles import fmix64

PAIRS_KEPT = np.uint64(3)  # bits of the hash of a word pair that are 0 where it is kept
KEY_SHIFT = np.uint64(24)  # a key is the upper 40 bits of a hash


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
def sample_seeds(kind, reach, words, low, high, salt, out):
    """Write the seeds of one kind that are kept, of the documents ``low:high``; return how many.

    ``words`` are (hashes, prefixes, classes, flags, bounds) as for ``mark_seeds``; ``salt``
    (uint64) is that of the index. ``out`` are keys (uint64, 40 bits), documents and tokens (int64)
    of seeds, in order of document and token; it has a place for every token.
    """
    hashes, bounds = words[0], words[4]
    longest = longest_of(bounds, low, high)
    values = np.empty(longest, np.uint64)
    positions = np.empty(longest, np.int32)
    keys, rows, places = out
    made = 0
    for row in range(low, high):
        count = write_seeds(kind, reach, words, bounds[row], bounds[row + 1], values, positions)
        for k in range(count):
            mixed = fmix64(values[k] ^ salt)
            if kind == NGRAMS:
                if not is_least(hashes, bounds[row] + positions[k], reach, salt):
                    continue
            elif mixed & PAIRS_KEPT != np.uint64(0):
                continue
            keys[made] = mixed >> KEY_SHIFT
            rows[made] = row
            places[made] = positions[k]
            made += 1
    return made


@njit
def best_windows(hits, places, weights, window, apart, numbers, scores):
    """Rank articles by the window of a text whose seeds weigh most; return how many there are.

    A hit (uint64, ascending) is the number of an article ``<< 32 |`` a seed of the text. ``places``
    (int64, ascending) are the tokens of its seeds, ``weights`` (float64) what they are worth. Of
    the seeds of an article each counts that begins at least ``apart`` tokens behind the one that
    counted last. ``numbers`` (int64) and ``scores`` (float64) have a place for each hit, and get
    every article with its best sum over ``window`` tokens.
    """
    low_bits = np.uint64(0xFFFFFFFF)
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
        numbers[made] = np.int64(number)
        scores[made] = best
        made += 1
        begin = end
    return made
