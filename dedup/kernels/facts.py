"""Which words of a text are facts: numbers, calendar words, names; which run, which are hidden."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from dedup.kernels._jit import njit_uncounted, trailing_zeros
from dedup.kernels.stopwords import find_word, plain_capitals
from dedup.kernels.text import DIGIT, LINK, STARTS_LINE, STARTS_SENTENCE

# Kinds of a word, bits.
NUMBER, CALENDAR, NAME = 1, 2, 4
FIRST = 8  # a capital at the start of a sentence: a name inside a slot only
STOP = 16
HIDDEN = 32  # part of an address, or of what cleaning removes
RUNNING = 64  # in a line of running text
NEGATION = 128  # says that something is not so, in the language of the text
FACT = NUMBER | CALENDAR | NAME

RUNNING_WORDS = 10  # of a line of running text, at least …
STOP_SHARE = 5  # … a fifth of them stop words, where the language is known, or …
SENTENCE_WORDS = 5  # … several sentences, with so many words each on average
_PREFIX_LENGTH = 6  # characters
_PLAIN_VALUE = np.uint64(1 << 60)  # above every number that is compared by value


class Dictionary(NamedTuple):
    """A hash table (open addressing, uint64) of stop words and of words that are facts.

    ``languages`` (uint64) has a bit for each language in which the word is a stop word, ``kinds``
    (uint8) and ``values`` (uint64) are kind and meaning of a fact word: 0 for other words, and a
    value of 0 where the meaning is not known. The value of a ``NEGATION`` has a bit for each
    language in which it is one.
    """

    words: Any
    languages: Any
    kinds: Any
    values: Any


@njit_uncounted
def number_of(prefix):
    """Return the number that a word of at most five digits says, by its prefix; -1 for others.

    A prefix of six characters may not be all of its word.
    """
    if prefix >= np.uint64(1) << np.uint64(8 * (_PREFIX_LENGTH - 1)):
        return np.int64(-1)
    number = np.int64(0)
    for k in range(_PREFIX_LENGTH - 1):
        char = np.int64((prefix >> np.uint64(8 * k)) & np.uint64(255))
        if char == 0:
            return number if k > 0 else np.int64(-1)
        if not 48 <= char <= 57:
            return np.int64(-1)
        number = 10 * number + char - 48
    return number


@njit_uncounted
def mark_running(flags, lo, hi, is_known, kinds):
    """Mark the words that stand in lines of running text.

    Languages that put into endings and prefixes what others say by words (Arabic, Turkish, Finnish,
    Russian) have few stop words: there the line shows by its sentences that it runs.
    """
    i = lo
    while i < hi:
        end = i + 1
        stops = 1 if kinds[i] & STOP else 0
        sentences = 1
        while end < hi and flags[end] & STARTS_LINE == 0:
            if kinds[end] & STOP:
                stops += 1
            if flags[end] & STARTS_SENTENCE:
                sentences += 1
            end += 1
        words = end - i
        runs = not is_known or STOP_SHARE * stops >= words
        runs |= sentences > 1 and words >= SENTENCE_WORDS * sentences
        if words >= RUNNING_WORDS and runs:
            for j in range(i, end):
                kinds[j] |= RUNNING
        i = end


@njit_uncounted
def look_up(hashes, bounds, dictionary, places, covered):
    """Find the words of several texts in a ``Dictionary``, and count the stop words.

    ``places`` (int32) gets where each word stands in it, -1 for most; ``covered`` (texts ×
    languages, int64) counts for each text the words that the stop list of a language holds.
    """
    for row in range(len(bounds) - 1):
        for i in range(bounds[row], bounds[row + 1]):
            place = find_word(dictionary.words, hashes[i])
            places[i] = place
            if place >= 0:
                bits = dictionary.languages[place]
                while bits != np.uint64(0):
                    covered[row, trailing_zeros(bits)] += 1
                    bits &= bits - np.uint64(1)


@njit_uncounted
def word_kind(flag, place, is_stop, is_capital, dictionary):
    """Return the kind of one word and its value (0: its hash)."""
    kind = STOP if is_stop else 0
    value = np.uint64(0)
    if flag & LINK:
        return kind | HIDDEN, value
    if flag & DIGIT:
        return kind | NUMBER, value
    if place >= 0 and dictionary.kinds[place] & FACT and (not is_stop or is_capital):
        return kind | dictionary.kinds[place], dictionary.values[place]
    if is_capital and not is_stop:
        kind |= FIRST if flag & STARTS_SENTENCE else NAME
    return kind, value


@njit_uncounted
def negates(place, language, dictionary):
    """Tell whether the word at a place of a ``Dictionary`` is a negation in a language."""
    if place < 0 or dictionary.kinds[place] & NEGATION == 0:
        return False
    return (dictionary.values[place] >> np.uint64(language)) & np.uint64(1) != np.uint64(0)


@njit_uncounted
def mark_kinds(tokens, chosen, dictionary, kinds, values, telling):
    """Write the kind (uint8) and the value (uint64) of every word of several texts.

    ``tokens`` are the ``Tokens`` of the texts; ``chosen`` are the stop list of each text (int64,
    -1: none) and the place of each word in the ``Dictionary`` (int32, see ``look_up``).
    ``telling`` (bool) has room for the longest text. Values are equal where "6" and "six", "Nov."
    and "November" stand; those of other words are their hashes.
    """
    languages, places = chosen
    hashes, flags, bounds = tokens.hashes, tokens.flags, tokens.bounds
    for row in range(len(bounds) - 1):
        lo = bounds[row]
        hi = bounds[row + 1]
        language = languages[row]
        plain_capitals(flags[lo:hi], telling)
        for i in range(lo, hi):
            place = places[i]
            is_stop = False
            if language >= 0 and place >= 0:
                bits = dictionary.languages[place] >> np.uint64(language)
                is_stop = bits & np.uint64(1) != np.uint64(0)
            kind, value = word_kind(flags[i], place, is_stop, telling[i - lo], dictionary)
            if flags[i] & DIGIT and kind & NUMBER:
                number = number_of(tokens.prefixes[i])
                if number >= 0:
                    value = np.uint64(number) + np.uint64(1)
            if language >= 0 and negates(place, language, dictionary):
                kind |= NEGATION
            kinds[i] = kind
            values[i] = value if value != np.uint64(0) else hashes[i] | _PLAIN_VALUE
        mark_running(flags, lo, hi, language >= 0, kinds)
