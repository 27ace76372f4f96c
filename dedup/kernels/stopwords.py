"""Classes and weights of tokens: stop words, names, content words."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from dedup.kernels._jit import njit, njit_uncounted, trailing_zeros
from dedup.kernels.shingles import table_size
from dedup.kernels.text import (
    ADJOINS,
    CAPITAL,
    DIGIT,
    LINK,
    STARTS_LINE,
    STARTS_SENTENCE,
    UNSPACED,
)

# Classes of a token.
STOP, CONTENT, NAME, BLANK = 0, 1, 2, 3

STOP_WEIGHT = 0.25
# Words of documents without capitals: at most so many documents, or that share of them, for a
# content word of full weight; at least so many for a stop word.
LEAST_DOCUMENTS = 200
RARE_DOCUMENTS, RARE_SHARE = 10, 0.01
FREQUENT_DOCUMENTS, FREQUENT_SHARE = 40, 0.06
_SPREAD = np.uint64(0x9E3779B97F4A7C15)
_COUNTED = 63  # words that six planes of bits count


class Lists(NamedTuple):
    """Which words are discounted, as hash tables of words (uint64, see ``find_word``)."""

    table: Any  # the words of all stop lists
    languages: Any  # uint64, one a place of ``table``: a bit for each language
    common: Any  # the words to discount in documents that no stop list fits
    particles: Any  # words that may be a part of a name


@njit_uncounted
def find_word(table, word):
    """Return the place of ``word`` in an open-addressing table of hashes, or -1; 0 marks free."""
    mask = np.uint64(len(table) - 1)
    position = word & mask
    while table[np.intp(position)] != np.uint64(0):
        if table[np.intp(position)] == word:
            return np.intp(position)
        position = (position + np.uint64(1)) & mask
    return np.intp(-1)


@njit_uncounted
def fill_table(words, table):
    """Enter ``words`` into an empty table of a power of two places, at least twice as many."""
    mask = np.uint64(len(table) - 1)
    for i in range(len(words)):
        position = words[i] & mask
        while table[np.intp(position)] != np.uint64(0) and table[np.intp(position)] != words[i]:
            position = (position + np.uint64(1)) & mask
        table[np.intp(position)] = words[i]


@njit_uncounted
def place_words(hashes, table, places):
    """Write where in an open-addressing table each word stands, or would (uint32)."""
    mask = np.uint64(len(table) - 1)
    for i in range(len(hashes)):
        position = hashes[i] & mask
        there = table[np.intp(position)]
        while there != hashes[i] and there != np.uint64(0):
            position = (position + np.uint64(1)) & mask
            there = table[np.intp(position)]
        places[i] = np.uint32(position)


@njit_uncounted
def count_bits(places, languages, out):
    """Add to ``out`` (int64) how many of some words each language has.

    ``places`` (uint32) are those of ``place_words``. Up to 63 words are counted by six planes: bit
    ``k`` of plane ``p`` is bit ``p`` of the count of language ``k``.
    """
    one = np.uint64(1)
    for first in range(0, len(places), _COUNTED):
        own = places[first : first + _COUNTED]
        p0, p1, p2 = np.uint64(0), np.uint64(0), np.uint64(0)
        p3, p4, p5 = np.uint64(0), np.uint64(0), np.uint64(0)
        for i in range(len(own)):
            carry = languages[own[i]]
            p0, carry = p0 ^ carry, p0 & carry
            p1, carry = p1 ^ carry, p1 & carry
            p2, carry = p2 ^ carry, p2 & carry
            p3, carry = p3 ^ carry, p3 & carry
            p4, carry = p4 ^ carry, p4 & carry
            p5 ^= carry
        left = p0 | p1 | p2 | p3 | p4 | p5
        while left != np.uint64(0):
            k = np.uint64(trailing_zeros(left))
            low = (p0 >> k & one) + np.uint64(2) * (p1 >> k & one) + np.uint64(4) * (p2 >> k & one)
            high = (p3 >> k & one) + np.uint64(2) * (p4 >> k & one) + np.uint64(4) * (p5 >> k & one)
            out[np.intp(k)] += np.int64(low + np.uint64(8) * high)
            left &= left - one


@njit_uncounted
def count_languages(hashes, bounds, table, languages, places, out):
    """Count for each document and language the tokens that its stop list holds.

    ``places`` (uint32) has one for each token of the longest document, and is written on the way.
    """
    for row in range(len(bounds) - 1):
        own = hashes[bounds[row] : bounds[row + 1]]
        place_words(own, table, places)
        count_bits(places[: len(own)], languages, out[row])


@njit_uncounted
def without_capitals(flags, lo, hi):
    """Tell whether the tokens ``lo:hi`` are of a script, or written, without capitals.

    At most one word in 50 begins with one; characters of unspaced scripts do not count.
    """
    words = 0
    capitals = 0
    for i in range(lo, hi):
        if flags[i] & UNSPACED == 0:
            words += 1
            if flags[i] & CAPITAL != 0:
                capitals += 1
    return words > 0 and 50 * capitals <= words


@njit_uncounted
def counter_of(word, language, counters):
    """Return the place of a word of a language in ``counters``, a power of two of them."""
    mixed = (word ^ (np.uint64(language + 2) * _SPREAD)) * _SPREAD
    return np.intp((mixed >> np.uint64(32)) & np.uint64(len(counters) - 1))


@njit_uncounted
def count_documents(tokens, chosen, counted, counters, stamps, totals):
    """Count in how many documents without capitals each word stands.

    ``tokens`` are ``Tokens``, ``chosen`` (int64) is the language of each document or -1,
    ``counted`` (bool) which count at all. ``counters`` (int32) are shared by the words that fall on
    the same one: a rare word may take the count of a frequent one, which with a million counters is
    one rare word in hundreds. ``stamps`` (int64, as many) hold the number of the last document, and
    ``totals`` (int64) how many documents a language has, the last one being those of none; its last
    value is how many there are in all.
    """
    none = len(totals) - 2
    hashes, flags, bounds = tokens.hashes, tokens.flags, tokens.bounds
    for row in range(len(bounds) - 1):
        lo = bounds[row]
        hi = bounds[row + 1]
        if not counted[row] or not without_capitals(flags, lo, hi):
            continue
        language = chosen[row]
        totals[language if language >= 0 else none] += 1
        totals[none + 1] += 1
        for i in range(lo, hi):
            if flags[i] & UNSPACED == 0:
                place = counter_of(hashes[i], language, counters)
                if stamps[place] != totals[none + 1]:
                    stamps[place] = totals[none + 1]
                    counters[place] += 1


@njit_uncounted
def weigh_frequent(tokens, chosen, counters, totals, classes, weights):
    """Let the content words of documents without capitals weigh by their document frequency.

    A word in few documents keeps its weight, one in many is a stop word, and between the weight
    falls with the logarithm. Languages of fewer than ``LEAST_DOCUMENTS`` stay as they are.
    ``chosen``, ``counters`` and ``totals`` are those of ``count_documents``, the rest as in
    ``classify_rows``.
    """
    none = len(totals) - 2
    hashes, flags, bounds = tokens.hashes, tokens.flags, tokens.bounds
    for row in range(len(bounds) - 1):
        lo = bounds[row]
        hi = bounds[row + 1]
        language = chosen[row]
        total = totals[language if language >= 0 else none]
        if total < LEAST_DOCUMENTS or not without_capitals(flags, lo, hi):
            continue
        rare = np.log(max(RARE_SHARE * total, RARE_DOCUMENTS))
        frequent = np.log(max(FREQUENT_SHARE * total, FREQUENT_DOCUMENTS))
        for i in range(lo, hi):
            if classes[i] != CONTENT or flags[i] & UNSPACED != 0:
                continue
            documents = counters[counter_of(hashes[i], language, counters)]
            share = (np.log(max(documents, 1)) - rare) / (frequent - rare)
            if share >= 1.0:
                classes[i] = STOP
            if share > 0.0:
                weights[i] = np.float32(1.0 - (1.0 - STOP_WEIGHT) * min(share, 1.0))


@njit_uncounted
def plain_capitals(flags, out):
    """Mark in ``out`` the capitals that say something: not in a line that is mostly capitals.

    ``flags`` (uint8) are those of the tokens of a document, ``out`` (bool) has one for each.
    """
    i = 0
    while i < len(flags):
        end = i + 1
        capitals = 1 if flags[i] & CAPITAL else 0
        while end < len(flags) and flags[end] & STARTS_LINE == 0:
            capitals += 1 if flags[end] & CAPITAL else 0
            end += 1
        telling = 10 * capitals < 6 * (end - i) or end - i < 3
        for j in range(i, end):
            out[j] = telling and flags[j] & CAPITAL != 0
        i = end


@njit_uncounted
def have_names(flags, telling):
    """Return (whether names are told by capitals, capitals inside sentences) of a document.

    ``flags`` (uint8) are those of its tokens; ``telling`` (bool) is that of ``plain_capitals``.
    """
    inside = 0
    capitals = 0
    for i in range(len(flags)):
        if flags[i] & (STARTS_SENTENCE | UNSPACED | DIGIT | LINK) == 0:
            inside += 1
            if telling[i]:
                capitals += 1
    return 4 * capitals <= inside, capitals


@njit_uncounted
def find_stop_words(hashes, language, lists, places, stops):
    """Tell which of some words are discounted in a document of a language, -1 for none.

    ``lists`` are ``Lists``; ``places`` (uint32) and ``stops`` (bool) have one for each word.
    """
    if language < 0:
        place_words(hashes, lists.common, places)
        for i in range(len(hashes)):
            stops[i] = lists.common[places[i]] != np.uint64(0)
    else:
        place_words(hashes, lists.table, places)
        for i in range(len(hashes)):
            bits = lists.languages[places[i]] >> np.uint64(language)
            stops[i] = bits & np.uint64(1) != np.uint64(0)


@njit_uncounted
def spread_names(hashes, telling, names, classes):
    """Make capitalised words names that the document also writes so inside a sentence.

    ``hashes`` (uint64) are those of the document, ``names`` (uint64) is a table of those words,
    ``telling`` (bool) that of ``plain_capitals``.
    """
    for i in range(len(hashes)):
        if telling[i] and classes[i] == CONTENT and find_word(names, hashes[i]) >= 0:
            classes[i] = NAME


@njit_uncounted
def lengthen_names(own, telling, particles, classes):
    """Let names begin with what adjoins them: the first word of a sentence, a particle.

    ``particles`` is that of ``Lists``; ``own`` are hashes and flags of the document, the rest as in
    ``spread_names``.
    """
    hashes, flags = own
    for k in range(1, len(hashes)):
        i = len(hashes) - 1 - k
        # A sentence may begin with a name: its next word is one, and adjoins.
        if classes[i + 1] != NAME or flags[i + 1] & ADJOINS == 0:
            continue
        if classes[i] == CONTENT and telling[i]:
            classes[i] = NAME
        elif classes[i] <= CONTENT and find_word(particles, hashes[i]) >= 0:
            classes[i] = NAME  # the "al" of al-Assad


@njit_uncounted
def weigh_tokens(flags, classes, weights):
    """Write the weights of the tokens of a document, as ``classify_rows`` says.

    ``flags`` and ``classes`` (uint8) are those of its tokens alone, as ``weights`` (float32) are:
    Numba compiles an index that counts from 0 without asking whether it is negative.
    """
    for i in range(len(flags)):  # without a branch, so that several are written at once
        weight = np.float32(STOP_WEIGHT) if classes[i] == STOP else np.float32(1.0)
        weight = np.float32(0.0) if classes[i] == BLANK else weight
        weights[i] = weight * (np.float32(0.5) if flags[i] & UNSPACED != 0 else np.float32(1.0))
    end = 0
    for i in range(len(flags)):
        if i < end or classes[i] != NAME:
            continue
        end = i + 1
        while end < len(flags) and classes[end] == NAME and flags[end] & ADJOINS != 0:
            end += 1
        for j in range(i, end):
            weights[j] = np.float32(0.75) / np.float32(end - i)


@njit_uncounted
def longest_row(bounds):
    """Return how many tokens the longest document has; ``bounds`` (int64) as in ``Tokens``."""
    longest = 0
    for row in range(len(bounds) - 1):
        longest = max(longest, bounds[row + 1] - bounds[row])
    return longest


@njit_uncounted
def class_tokens(tokens, row, lists, language, rooms, classes):
    """Write the classes of the tokens of one document, as ``classify_rows`` says.

    ``language`` is the one of the document or -1. ``rooms`` have a place for each of its tokens,
    twice a bool and once a uint32, and a table of words (uint64, see ``shingles.table_size``).
    """
    telling, stops, places, seen = rooms
    lo = tokens.bounds[row]
    hi = tokens.bounds[row + 1]
    hashes, flags, own = tokens.hashes[lo:hi], tokens.flags[lo:hi], classes[lo:hi]
    plain_capitals(flags, telling)
    has_names, capitals = have_names(flags, telling)
    find_stop_words(hashes, language, lists, places, stops)
    for i in range(len(hashes)):
        kind = STOP if stops[i] else CONTENT
        own[i] = BLANK if own[i] == BLANK or flags[i] & LINK != 0 else kind
    if not has_names:
        return
    names = seen[: table_size(capitals)]
    names[:] = np.uint64(0)
    for i in range(len(hashes)):
        if telling[i] and flags[i] & STARTS_SENTENCE == 0 and own[i] == CONTENT:
            own[i] = NAME
            fill_table(hashes[i : i + 1], names)
    spread_names(hashes, telling, names, own)
    lengthen_names((hashes, flags), telling, lists.particles, own)


@njit
def classify_rows(tokens, lists, chosen, classes, weights):
    """Write the class (uint8) and the weight (float32) of every token.

    Stop words weigh .25, content words 1, a whole name .75, links and masked tokens 0, a character
    of an unspaced script half of what a word would. ``tokens`` are ``Tokens``, ``lists`` are
    ``Lists``; ``chosen`` (int64) is the language of each document (-1: none fits).

    A name is a capitalised word away from the start of a sentence, or one that the same document
    also writes so. Where over a quarter of such words are capitalised (German), there are no names.
    """
    bounds = tokens.bounds
    longest = longest_row(bounds)
    telling, stops = np.empty(longest, np.bool_), np.empty(longest, np.bool_)
    places, seen = np.empty(longest, np.uint32), np.zeros(table_size(longest), np.uint64)
    rooms = telling, stops, places, seen
    for row in range(len(bounds) - 1):
        class_tokens(tokens, row, lists, chosen[row], rooms, classes)
        lo, hi = bounds[row], bounds[row + 1]
        weigh_tokens(tokens.flags[lo:hi], classes[lo:hi], weights[lo:hi])
