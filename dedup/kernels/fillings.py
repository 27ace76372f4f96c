"""Places of a text that its near copies fill each in another way: those of a form.

Who edits a text changes it where he likes, so of several copies most have the same words in any one
place. Reports on one form differ in the same places, each by other words, whatever kind of words
these are. One text, the *centre*, is aligned with each of its near copies; what these have in
place of its words are *fillings*.
"""

from __future__ import annotations

import numpy as np

from dedup.kernels import matching
from dedup.kernels._jit import njit_uncounted
from dedup.kernels.differences import (
    Pair,
    are_alike,
    is_slot,
    span_of,
    spell,
)
from dedup.kernels.facts import CALENDAR, HIDDEN, RUNNING, STOP
from dedup.kernels.matching import next_gap
from dedup.kernels.text import SEED, STARTS_LINE, mix

SAME, UNKNOWN = 0, 1  # fillings of words that are matched, and of those nothing is said of
_FIRST_FILLING = np.uint64(2)
_MAYBE_TEXTS, _MAYBE_WORDINGS = 6, 3
_LEAST_TEXTS = 3  # that are known in a place
# Places: six texts or more with three wordings, of which one has at most three fifths; or three
# texts or more, of which no wording is that of half.
MAYBE, SURE = 1, 2
# What is measured of a near copy; the places are those of the centre, first those that are sure.
HITS, SLOTS, MISSPELT, PLACES, HITS_MAYBE, PLACES_MAYBE = range(6)
MEASURES = 6


@njit_uncounted
def is_inside(texts, row, low, high):
    """Tell whether the words ``low:high`` stand in running text, behind another word of a line."""
    first = texts.bounds[row]
    if low == 0 or high == low or texts.flags[first + low] & STARTS_LINE:
        return False
    for i in range(first + low, first + high):
        if texts.kinds[i] & HIDDEN or not texts.kinds[i] & RUNNING:
            return False
    return True


@njit_uncounted
def have_equal_values(texts, a, b, box):
    """Tell whether both sides of a gap say the same, as "six" and "6" do."""
    if box[1] - box[0] != box[3] - box[2]:
        return False
    first, other = texts.bounds[a] + box[0], texts.bounds[b] + box[2]
    for i in range(box[1] - box[0]):
        if texts.values[first + i] != texts.values[other + i]:
            return False
    return True


@njit_uncounted
def is_misspelt(pair, box):
    """Tell whether a slot of a ``Pair`` holds the same in two spellings; dates never are."""
    first = pair.texts.bounds[pair.rows[0]]
    for i in range(first + box[0], first + box[1]):
        if pair.texts.kinds[i] & CALENDAR:
            return False
    n_a = spell(pair, 0, box[0], box[1], np.int64(-1))
    n_b = spell(pair, 1, box[2], box[3], np.int64(-1))
    return are_alike(pair.scratch, n_a, n_b)


@njit_uncounted
def read_fillings(pair, fillings):
    """Write what the second text of a ``Pair`` has in place of each word of the first (uint64).

    Return how many slots hold one word in two spellings; their words count as matched.
    """
    texts, scratch, (a, b) = pair.texts, pair.scratch, pair.rows
    mates = scratch.matching.mates[0]
    n = texts.bounds[a + 1] - texts.bounds[a]
    m = texts.bounds[b + 1] - texts.bounds[b]
    fillings[:n] = np.uint64(SAME)
    misspelt = 0
    x, y = 0, 0
    while x < n or y < m:
        box = next_gap(mates, n, m, x, y)
        x, y = box[1], box[3]
        filling = np.uint64(UNKNOWN)
        is_filled = is_inside(texts, a, box[0], box[1]) and is_inside(texts, b, box[2], box[3])
        if is_slot(box) and is_filled:
            if have_equal_values(texts, a, b, box):
                continue
            if is_misspelt(pair, box):
                misspelt += 1
                continue
            filling = SEED
            for j in range(texts.bounds[b] + box[2], texts.bounds[b] + box[3]):
                filling = mix(filling, texts.values[j])
            filling = max(filling, _FIRST_FILLING)
        fillings[box[0] : box[1]] = filling
    return misspelt


@njit_uncounted
def mark_places(fillings, count, filled):
    """Mark the words of the centre that stand in a place (``filled``, uint8: ``MAYBE``, ``SURE``).

    ``fillings`` (texts × words, uint64) are those of ``count`` near copies; the centre itself is
    one of the texts.
    """
    for i in range(len(filled)):
        known = 1
        most = 1
        for k in range(count):
            if fillings[k, i] != np.uint64(UNKNOWN):
                known += 1
            if fillings[k, i] == np.uint64(SAME):
                most += 1
        filled[i] = 0
        if known < _LEAST_TEXTS or 5 * most > 3 * known:
            continue
        wordings = 1
        for k in range(count):
            if fillings[k, i] <= np.uint64(UNKNOWN):
                continue
            same = 0
            is_first = True
            for other in range(count):
                if fillings[other, i] == fillings[k, i]:
                    same += 1
                    is_first &= other >= k
            most = max(most, same)
            wordings += 1 if is_first else 0
        if 2 * most < known:
            filled[i] = SURE
        elif known >= _MAYBE_TEXTS and wordings >= _MAYBE_WORDINGS and 5 * most <= 3 * known:
            filled[i] = MAYBE


@njit_uncounted
def count_places(filled, least):
    """Count the stretches of words that are marked, with ``least`` or more."""
    places = 0
    for i in range(len(filled)):
        if filled[i] >= least and (i == 0 or filled[i - 1] < least):
            places += 1
    return places


@njit_uncounted
def count_filled(fillings, filled, out):
    """Count the slots of one near copy, and those of which half stands in marked places."""
    i = 0
    while i < len(filled):
        filling = fillings[i]
        end = i + 1
        if filling <= np.uint64(UNKNOWN):
            i = end
            continue
        while end < len(filled) and fillings[end] == filling:
            end += 1
        sure, maybe = 0, 0
        for k in range(i, end):
            sure += 1 if filled[k] >= SURE else 0
            maybe += 1 if filled[k] >= MAYBE else 0
        out[SLOTS] += 1
        out[HITS] += 1 if 2 * sure >= end - i else 0
        out[HITS_MAYBE] += 1 if 2 * maybe >= end - i else 0
        i = end


@njit_uncounted
def fill_in(texts, a, b, scratch, fillings):
    """Align text ``b`` with the centre ``a``, and write its fillings; return those misspelt."""
    kinds = texts.kinds[span_of(texts, a)]
    for i in range(len(kinds)):
        scratch.stops[i] = kinds[i] & STOP != 0
    hashes_a, hashes_b = texts.hashes[span_of(texts, a)], texts.hashes[span_of(texts, b)]
    matching.match_texts(hashes_a, hashes_b, scratch.stops, scratch.matching)
    scratch.is_read[1] = False
    return read_fillings(Pair(texts, (a, b), scratch, np.uint64(0)), fillings)


@njit_uncounted
def compare_fillings(texts, rows, scratch, fillings, filled, out):
    """Measure how far the near copies of a text fill its places, each in its own way.

    ``rows`` (int64) are the centre and its near copies; places are told by the first of these, one
    less than ``fillings`` (texts × words, uint64) has room for. ``filled`` (words, uint8) marks the
    places; row ``k`` of ``out`` (int64) gets the ``MEASURES`` of near copy ``k``.
    """
    words = texts.bounds[rows[0] + 1] - texts.bounds[rows[0]]
    count = min(len(rows) - 1, len(fillings) - 1)
    out[:] = 0
    scratch.is_read[0] = False
    for k in range(count):
        out[k, MISSPELT] = fill_in(texts, rows[0], rows[k + 1], scratch, fillings[k])
    mark_places(fillings, count, filled[:words])
    places = count_places(filled[:words], SURE), count_places(filled[:words], MAYBE)
    for k in range(len(rows) - 1):
        ours = fillings[min(k, count)]
        if k >= count:
            out[k, MISSPELT] = fill_in(texts, rows[0], rows[k + 1], scratch, ours)
        count_filled(ours, filled[:words], out[k])
        out[k, PLACES], out[k, PLACES_MAYBE] = places
