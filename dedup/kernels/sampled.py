"""Seeds that an index keeps: which of a text are kept, and whom they point at together.

Of the word n-grams of a text those are kept whose middle word has the least hash of their words (an
open syncmer), and of the word pairs every fourth by hash. Both follow from the words of the seed
alone: an edit beside a seed does not unselect it, and two texts keep the same of what they share.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from dedup.kernels._jit import njit, njit_uncounted
from dedup.kernels.noted import is_noted
from dedup.kernels.seeds import NGRAMS, longest_of, write_seeds
from dedup.kernels.shingles import MULTIPLIER, fmix64, power_of
from dedup.kernels.stopwords import count_bits, place_words

PAIRS_KEPT = np.uint64(3)  # bits of the hash of a word pair that are 0 where it is kept
_ONE = np.uint64(1)
KEY_SHIFT = np.uint64(24)  # a key is the upper 40 bits of a hash


class Sample(NamedTuple):
    """Seeds that are kept, three arrays of one length."""

    keys: Any  # uint64, 40 bits
    rows: Any  # int64: the document
    places: Any  # int64: the token


class Bare(NamedTuple):
    """The tokens of several documents before they are classed."""

    hashes: Any  # uint64
    prefixes: Any  # uint64
    bounds: Any  # int64: the tokens of document ``r`` are ``bounds[r]:bounds[r + 1]``


class Sieve(NamedTuple):
    """What tells whether a document may have seeds that are sought."""

    size: Any  # int64: words of an n-gram
    reach: Any  # int64: tokens from one word of a pair to the next, at most
    salt: Any  # uint64: that of the index
    noted: Any  # ``Noted``


class Stops(NamedTuple):
    """The words of all stop lists, a table for ``stopwords.place_words``."""

    table: Any  # uint64
    languages: Any  # uint64, one a place: a bit for each language
    particles: Any  # bool, one a place: the word may be a part of a name
    least: Any  # float64: the share of the words of a document that its list covers


class Rooms(NamedTuple):
    """What is written on the way, a place for each token of the longest document."""

    places: Any  # uint32
    content: Any  # int64
    maybe: Any  # bool
    counts: Any  # int64, one for each language


class Worth(NamedTuple):
    """What the seeds of a text say of an article that has them, two arrays of one length."""

    places: Any  # int64, ascending: the token
    weights: Any  # float64


class Ranks(NamedTuple):
    """Articles and how much they have in common with a text."""

    numbers: Any  # int64
    scores: Any  # float64


@njit_uncounted
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
def sample_seeds(kind, words, salt, noted, out):
    """Write the seeds of one ``Kind`` that are kept, of all documents; return how many.

    ``words`` are ``seeds.Words``, ``salt`` (uint64) is that of the index. Keys that are not
    ``noted`` (``Noted``) are left out. ``out`` is ``Sample`` with a place for every token; seeds
    are in order of document and token.
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


@njit_uncounted
def has_run(hashes, sieve):
    """Tell whether a document has a word n-gram that ``sample_seeds`` may keep under ``Sieve``.

    ``hashes`` (uint64) are those of its words. That a run of stop words, or of one word, is no seed
    is left aside.
    """
    size, salt = sieve.size, sieve.salt
    behind = power_of(size)  # what the first word of a run is multiplied by when the last comes in
    h = np.uint64(0)
    for i in range(len(hashes)):
        h = h * MULTIPLIER + hashes[i]
        first = i - size + 1
        if first < 0:
            continue
        if first > 0:
            h -= hashes[first - 1] * behind
        key = fmix64(fmix64(h) ^ salt) >> KEY_SHIFT
        if is_noted(key, sieve.noted) and is_least(hashes, first, size, salt):
            return True
    return False


@njit_uncounted
def language_of(places, languages, least, counts):
    """Return the language of a document as ``text.stopwords.languages_of`` does, -1 for none.

    ``places`` (uint32) are those of its words in the table of stop lists, ``languages`` (uint64)
    has a bit for each language and place, ``least`` (float64) is the share of words that a stop
    list must cover. ``counts`` (int64) has a place for each language.
    """
    counts[:] = 0
    count_bits(places, languages, counts)
    best = 0
    for k in range(len(counts)):
        if counts[k] > counts[best]:
            best = k
    return best if counts[best] >= least * max(len(places), 1) else -1


@njit_uncounted
def find_content(places, language, stops, rooms):
    """Write where the words of a document stand that may be in a pair; return how many there are.

    That are all but stop words of its language. Particles are among them, which may be a part of a
    name; ``rooms`` (``Rooms``) gets which they are.
    """
    made = 0
    for i in range(len(places)):
        is_stop = language >= 0 and stops.languages[places[i]] >> np.uint64(language) & _ONE > 0
        may_be = stops.particles[places[i]]
        rooms.content[made] = i
        rooms.maybe[made] = is_stop and may_be
        made += np.intp(not is_stop or may_be)
    return made


@njit_uncounted
def has_pair(prefixes, made, sieve, rooms):
    """Tell whether a document has a word pair that ``sample_seeds`` may keep under ``Sieve``.

    ``prefixes`` (uint64) are those of its words, ``rooms`` are as ``find_content`` left them, with
    so many ``made``. What is blank or unspaced is left aside.
    """
    for k in range(made - 1):
        i = rooms.content[k]
        for m in range(k + 1, made):
            j = rooms.content[m]
            if j - i > sieve.reach:
                break
            low, high = min(prefixes[i], prefixes[j]), max(prefixes[i], prefixes[j])
            mixed = fmix64(fmix64(low * MULTIPLIER + high) ^ sieve.salt)
            if is_noted(mixed >> KEY_SHIFT, sieve.noted):
                if mixed & PAIRS_KEPT == np.uint64(0) and low != high:
                    return True
            if not rooms.maybe[m]:
                break
    return False


@njit_uncounted
def find_likely_rows(bare, stops, sieve, rooms, out):
    """Write to ``out`` (bool) which documents may have a seed that ``sample_seeds`` keeps.

    ``bare`` are ``Bare``, ``stops`` are ``Stops``. All others surely have none; names and links
    need not be told for that. ``rooms`` are ``Rooms``.
    """
    for row in range(len(bare.bounds) - 1):
        own = slice(bare.bounds[row], bare.bounds[row + 1])
        hashes, places = bare.hashes[own], rooms.places[: bare.bounds[row + 1] - bare.bounds[row]]
        out[row] = has_run(hashes, sieve)
        if out[row]:
            continue
        place_words(hashes, stops.table, places)
        language = language_of(places, stops.languages, stops.least, rooms.counts)
        made = find_content(places, language, stops, rooms)
        out[row] = has_pair(bare.prefixes[own], made, sieve, rooms)


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
