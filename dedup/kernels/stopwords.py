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
def count_languages(hashes, bounds, table, languages, out):
    """Count for each document and language the tokens that its stop list holds."""
    for row in range(len(bounds) - 1):
        for i in range(bounds[row], bounds[row + 1]):
            position = find_word(table, hashes[i])
            if position >= 0:
                bits = languages[position]
                while bits != np.uint64(0):
                    out[row, trailing_zeros(bits)] += 1
                    bits &= bits - np.uint64(1)


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
def plain_capitals(flags, lo, hi, out):
    """Mark in ``out`` the capitals that say something: not in a block that is mostly capitals."""
    i = lo
    while i < hi:
        end = i + 1
        capitals = 1 if flags[i] & CAPITAL != 0 else 0
        while end < hi and flags[end] & STARTS_LINE == 0:
            if flags[end] & CAPITAL != 0:
                capitals += 1
            end += 1
        telling = 10 * capitals < 6 * (end - i) or end - i < 3
        for j in range(i, end):
            out[j - lo] = telling and flags[j] & CAPITAL != 0
        i = end


@njit_uncounted
def have_names(flags, lo, hi, telling):
    """Return (whether names are told by capitals, capitals inside sentences) of a document.

    Its tokens are ``lo:hi`` of ``flags`` (uint8); ``telling`` (bool) is that of
    ``plain_capitals``.
    """
    inside = 0
    capitals = 0
    for i in range(lo, hi):
        if flags[i] & (STARTS_SENTENCE | UNSPACED | DIGIT | LINK) == 0:
            inside += 1
            if telling[i - lo]:
                capitals += 1
    return 4 * capitals <= inside, capitals


@njit_uncounted
def is_stop_word(word, language, lists):
    """Tell whether a word is discounted in a document; ``lists`` are ``Lists``."""
    if language < 0:
        return find_word(lists.common, word) >= 0
    position = find_word(lists.table, word)
    if position < 0:
        return False
    return lists.languages[position] >> np.uint64(language) & np.uint64(1) != np.uint64(0)


@njit_uncounted
def spread_names(hashes, lo, hi, telling, names, classes):
    """Make capitalised words names that the document also writes so inside a sentence.

    ``hashes`` (uint64) are those of all tokens, ``lo:hi`` the document; ``names`` (uint64) is a
    table of those words, ``telling`` (bool) that of ``plain_capitals``.
    """
    for i in range(lo, hi):
        if classes[i] == CONTENT and telling[i - lo] and find_word(names, hashes[i]) >= 0:
            classes[i] = NAME


@njit_uncounted
def lengthen_names(tokens, lo, hi, telling, particles, classes):
    """Let names begin with what adjoins them: the first word of a sentence, a particle.

    ``particles`` is that of ``Lists``; the rest as in ``spread_names``.
    """
    for i in range(hi - 2, lo - 1, -1):
        # A sentence may begin with a name: its next word is one, and adjoins.
        if classes[i + 1] != NAME or tokens.flags[i + 1] & ADJOINS == 0:
            continue
        if classes[i] == CONTENT and telling[i - lo]:
            classes[i] = NAME
        elif classes[i] <= CONTENT and find_word(particles, tokens.hashes[i]) >= 0:
            classes[i] = NAME  # the "al" of al-Assad


@njit_uncounted
def weigh_tokens(flags, lo, hi, classes, weights):
    """Write the weights of the tokens ``lo:hi`` of a document, as ``classify_rows`` says."""
    i = lo
    while i < hi:
        if classes[i] == NAME:
            end = i + 1
            while end < hi and classes[end] == NAME and flags[end] & ADJOINS != 0:
                end += 1
            for j in range(i, end):
                weights[j] = np.float32(0.75) / np.float32(end - i)
            i = end
            continue
        weight = np.float32(1.0)
        if classes[i] == STOP:
            weight = np.float32(0.25)
        elif classes[i] == BLANK:
            weight = np.float32(0.0)
        if flags[i] & UNSPACED != 0:
            weight *= np.float32(0.5)
        weights[i] = weight
        i += 1


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

    ``language`` is the one of the document or -1. ``rooms`` are a place for each of its tokens
    (bool) and a table of words (uint64, see ``shingles.table_size``).
    """
    hashes, flags, bounds = tokens.hashes, tokens.flags, tokens.bounds
    telling, seen = rooms
    lo = bounds[row]
    hi = bounds[row + 1]
    plain_capitals(flags, lo, hi, telling)
    has_names, capitals = have_names(flags, lo, hi, telling)
    names = seen[: table_size(capitals)]
    names[:] = np.uint64(0)
    for i in range(lo, hi):
        stop = is_stop_word(hashes[i], language, lists)
        kind = STOP if stop else CONTENT
        if classes[i] == BLANK or flags[i] & LINK != 0:
            kind = BLANK
        elif has_names and not stop and telling[i - lo] and flags[i] & STARTS_SENTENCE == 0:
            kind = NAME
            fill_table(hashes[i : i + 1], names)
        classes[i] = kind
    if has_names:
        spread_names(hashes, lo, hi, telling, names, classes)
        lengthen_names(tokens, lo, hi, telling, lists.particles, classes)


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
    rooms = np.empty(longest, np.bool_), np.zeros(table_size(longest), np.uint64)
    for row in range(len(bounds) - 1):
        class_tokens(tokens, row, lists, chosen[row], rooms, classes)
        weigh_tokens(tokens.flags, bounds[row], bounds[row + 1], classes, weights)
