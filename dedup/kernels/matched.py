"""Passages of pairs of documents whose common seeds are known: nothing is indexed or looked up.

A match, a seed that two documents share, is one number: its kind, its token in the one document
and its token in the other. So those of a pair are in order where their numbers are.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from dedup.kernels._jit import njit, njit_uncounted
from dedup.kernels.passages import (
    COLUMNS,
    ENOUGH,
    PAIR_WORTH,
    RUN_WORTH,
    A,
    B,
    Found,
    enlarged,
    is_promising,
    most_passages,
    pair_passages,
    side_of,
)
from dedup.kernels.sides import Seeds

PLACE_BITS = 31  # of a match, for a token of either document
KIND_BIT = 2 * PLACE_BITS  # set for word pairs, not for runs
_MASK = (1 << PLACE_BITS) - 1


class Matched(NamedTuple):
    """Pairs of documents and their matches (int64)."""

    pairs: Any  # (n, 2), the rows of both
    bounds: Any  # one more than pairs: where the matches of each begin
    matches: Any  # ascending inside of a pair


@njit
def places_of(matches):
    """Return the ``Seeds`` that some matches (int64) of one kind stand for."""
    first, second = np.empty(len(matches), np.int64), np.empty(len(matches), np.int64)
    for k in range(len(matches)):
        first[k] = (matches[k] >> PLACE_BITS) & _MASK
        second[k] = matches[k] & _MASK
    return Seeds(first, second)


@njit
def both_kinds(matches):
    """Return the ``Seeds`` of runs and those of word pairs of some matches (int64, ascending)."""
    runs = 0
    while runs < len(matches) and matches[runs] >> KIND_BIT == 0:
        runs += 1
    return places_of(matches[:runs]), places_of(matches[runs:])


@njit_uncounted
def count_places(places):
    """Count the different ones of some ascending places (int64)."""
    count = 0
    for k in range(len(places)):
        if k == 0 or places[k] != places[k - 1]:
            count += 1
    return count


@njit
def sort_promising(bounds, matches, size):
    """Put the matches (int64) of each pair in order; tell which pairs may share a passage.

    Those of pair ``p`` are ``bounds[p]:bounds[p + 1]`` (int64); runs are of ``size`` words. Seeds
    that are worth too little are no promise.
    """
    found = np.zeros(len(bounds) - 1, np.bool_)
    for pair in range(len(found)):
        own = matches[bounds[pair] : bounds[pair + 1]]
        own.sort()
        runs, word_pairs = both_kinds(own)
        worth = count_places(runs.first) * RUN_WORTH + count_places(word_pairs.first) * PAIR_WORTH
        found[pair] = worth >= ENOUGH and is_promising((runs, word_pairs), size)
    return found


@njit
def find_matched(matched, documents, limits, scratch):
    """Find the passages of ``Matched`` pairs.

    ``documents`` are ``passages.Documents``, ``limits`` are ``Limits``, ``scratch`` is the
    ``Scratch`` of the longest document. Returns what ``passages.find_passages`` does.
    """
    rows, figures = np.empty((0, COLUMNS), np.int64), np.empty((0, 2), np.float64)
    pairs = np.empty((0, 3), np.int64)
    made, pairs_made = 0, 0
    for pair in range(len(matched.pairs)):
        a, b = matched.pairs[pair]
        seeds = both_kinds(matched.matches[matched.bounds[pair] : matched.bounds[pair + 1]])
        most = most_passages(*seeds)
        if made + most > len(rows):
            rows, figures = enlarged(rows, most), enlarged(figures, most)
        found = Found(rows[made:], figures[made:])
        sides = side_of(documents, a), side_of(documents, b)
        count, tokens = pair_passages(*sides, seeds, limits, scratch, found)
        scratch.stamp[0] += 3
        if count == 0:
            continue
        rows[made : made + count, A] = a
        rows[made : made + count, B] = b
        made += count
        if pairs_made == len(pairs):
            pairs = enlarged(pairs, 1)
        pairs[pairs_made] = a, b, tokens
        pairs_made += 1
    return rows[:made], figures[:made], pairs[:pairs_made]
