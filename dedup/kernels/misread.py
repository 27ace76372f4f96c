"""Texts read by machine (old print, bad OCR): lonely words, rare shingles, characters in order."""

from __future__ import annotations

import numpy as np

from dedup.kernels._jit import njit, njit_uncounted, popcount, prefetch
from dedup.kernels.stopwords import counter_of

LONG_WORD = np.uint64(1) << np.uint64(32)  # prefixes from here are of words of 5 characters or more
SEVERAL = np.int32(-1)  # an owner: the word stands in several documents
SPREAD_PARTS = 8  # of a text, in which shared shingles are looked for
# Twice the common subsequence of two stretches over both lengths, from which they are two readings
# of one text; of two unlike texts it is .41 to .47.
RESPELT = 0.55
_ONE, _WORD = np.uint64(1), 64
_ALL = ~np.uint64(0)
_AHEAD = 16  # words; the owner of that one is asked for while others are looked at


@njit_uncounted
def ask_for_owner(tokens, i, owners):
    """Ask for the owner of a word some places behind ``i``, if it is a long one."""
    ahead = i + _AHEAD
    if ahead < len(tokens.hashes) and tokens.prefixes[ahead] >= LONG_WORD:
        prefetch(owners, counter_of(tokens.hashes[ahead], 0, owners))


@njit
def own_words(tokens, rows, owners):
    """Note in ``owners`` (int32) which of the documents ``rows`` (int64) has each long word.

    ``tokens`` are ``Tokens``. 0 is nobody, ``row + 1`` the only one, ``SEVERAL`` more than one.
    Words that fall on one place count as the same word.
    """
    for row in rows:
        for i in range(tokens.bounds[row], tokens.bounds[row + 1]):
            ask_for_owner(tokens, i, owners)
            if tokens.prefixes[i] >= LONG_WORD:
                place = counter_of(tokens.hashes[i], 0, owners)
                if owners[place] == 0:
                    owners[place] = row + 1
                elif owners[place] != row + 1:
                    owners[place] = SEVERAL


@njit
def count_lonely(tokens, rows, owners, lonely, words):
    """Count the long words of documents, and those that stand in no other (int64, one a document).

    The rest as in ``own_words``.
    """
    for row in rows:
        for i in range(tokens.bounds[row], tokens.bounds[row + 1]):
            ask_for_owner(tokens, i, owners)
            if tokens.prefixes[i] >= LONG_WORD:
                words[row] += 1
                if owners[counter_of(tokens.hashes[i], 0, owners)] == row + 1:
                    lonely[row] += 1


@njit
def shared_parts(values_a, places_a, size_a, values_b, places_b, size_b):
    """Return (shared shingles, parts of a, parts of b that hold some).

    ``values`` (uint64, ascending) are the rare shingles of a text, ``places`` (int64) where they
    stand, ``size`` of how many places. A text has ``SPREAD_PARTS`` equal parts.
    """
    shared = 0
    parts_a = np.uint64(0)
    parts_b = np.uint64(0)
    i = 0
    j = 0
    while i < len(values_a) and j < len(values_b):
        if values_a[i] < values_b[j]:
            i += 1
        elif values_a[i] > values_b[j]:
            j += 1
        else:
            shared += 1
            parts_a |= _ONE << np.uint64(SPREAD_PARTS * places_a[i] // size_a)
            parts_b |= _ONE << np.uint64(SPREAD_PARTS * places_b[j] // size_b)
            i += 1
            j += 1
    return shared, popcount(parts_a), popcount(parts_b)


@njit
def common_subsequence(a, b, symbols, masks, ones):
    """Return the length of the longest common subsequence, 64 characters a step (Hyyrö 2004).

    ``a`` and ``b`` (int64) are characters numbered from 0 to ``symbols - 1``. ``masks`` (uint64,
    ``symbols`` x words of ``a``) and ``ones`` (uint64, words of ``a``) are written on the way.
    """
    words = (len(a) + _WORD - 1) // _WORD
    masks[:symbols, :words] = np.uint64(0)
    for i in range(len(a)):
        masks[a[i], i // _WORD] |= _ONE << np.uint64(i % _WORD)
    ones[:words] = _ALL
    for char in b:
        carry = np.uint64(0)
        for k in range(words):
            v = ones[k]
            u = v & masks[char, k]
            total = v + u
            over = np.uint64(total < v)
            total += carry
            over |= np.uint64(total < carry)
            ones[k] = total | (v & ~u)
            carry = over
    length = 0
    for k in range(words):
        inside = min(len(a) - k * _WORD, _WORD)
        length += popcount(~ones[k] & (_ALL >> np.uint64(_WORD - inside)))
    return length


@njit
def compare_characters(pairs, codes, bounds, symbols, out):
    """Write the common subsequence of each pair of texts; ``codes`` are those of all texts."""
    longest = 1
    for k in range(len(pairs)):
        row = pairs[k, 0]
        longest = max(longest, bounds[row + 1] - bounds[row])
    words = (longest + _WORD - 1) // _WORD
    masks = np.empty((symbols, words), np.uint64)
    ones = np.empty(words, np.uint64)
    for k in range(len(pairs)):
        one = codes[bounds[pairs[k, 0]] : bounds[pairs[k, 0] + 1]]
        two = codes[bounds[pairs[k, 1]] : bounds[pairs[k, 1] + 1]]
        out[k] = common_subsequence(one, two, symbols, masks, ones)


@njit
def find_shared(pairs, values, places, bounds, sizes, out):
    """Write what ``shared_parts`` says of each pair (int64, pairs x 3)."""
    for k in range(len(pairs)):
        a = slice(bounds[pairs[k, 0]], bounds[pairs[k, 0] + 1])
        b = slice(bounds[pairs[k, 1]], bounds[pairs[k, 1] + 1])
        size_a, size_b = sizes[pairs[k, 0]], sizes[pairs[k, 1]]
        out[k, 0], out[k, 1], out[k, 2] = shared_parts(
            values[a], places[a], size_a, values[b], places[b], size_b
        )
