"""What makes up a story: the words its articles have in common, and where they stand."""

from __future__ import annotations

import numpy as np

from dedup.kernels._jit import njit
from dedup.kernels.ordering import largest_first
from dedup.kernels.stories import term_at
from dedup.kernels.text import STARTS_SENTENCE


@njit
def story_sums(vectors, members, terms, sums, squares):
    """Write the terms of some vectors, ascending, their sums and sums of squares; return how many.

    ``members`` are rows; ``terms`` (int32), ``sums`` and ``squares`` (int64) have a place for each
    term of each of them.
    """
    size = 0
    packed = np.empty(len(terms), np.int64)
    for row in members:
        for i in range(vectors.bounds[row], vectors.bounds[row + 1]):
            packed[size] = np.int64(vectors.terms[i]) << 16 | np.int64(vectors.values[i])
            size += 1
    packed[:size].sort()
    count = 0
    for k in range(size):
        term = packed[k] >> 16
        value = packed[k] & 0xFFFF
        if count == 0 or terms[count - 1] != term:
            terms[count] = term
            sums[count] = 0
            squares[count] = 0
            count += 1
        sums[count - 1] += value
        squares[count - 1] += value * value
    return count


@njit
def explain_stories(vectors, bounds, members, out):
    """Write what makes up the mean similarity of each story, and of each member to the others.

    ``members[bounds[s] : bounds[s + 1]]`` (int64) are the rows of a story. ``out`` is (story terms
    int32, story parts int64, story totals int64, member terms int32, member totals int64): the
    terms with the largest parts, -1 where there are fewer; a part is what a term adds to the
    products of all pairs of members, in either order.
    """
    story_terms, story_parts, story_totals, member_terms, member_totals = out
    for s in range(len(bounds) - 1):
        rows = members[bounds[s] : bounds[s + 1]]
        size = np.int64(0)
        for row in rows:
            size += vectors.bounds[row + 1] - vectors.bounds[row]
        terms = np.empty(size, np.int32)
        sums = np.empty(size, np.int64)
        squares = np.empty(size, np.int64)
        count = story_sums(vectors, rows, terms, sums, squares)
        parts = sums[:count] * sums[:count] - squares[:count]
        story_totals[s] = parts.sum()
        order = largest_first(parts, count)
        for k in range(story_terms.shape[1]):
            some = k < count and parts[order[k]] > 0
            story_terms[s, k] = terms[order[k]] if some else -1
            story_parts[s, k] = parts[order[k]] if some else 0
        for m in range(bounds[s], bounds[s + 1]):
            lo = vectors.bounds[members[m]]
            own = np.zeros(vectors.bounds[members[m] + 1] - lo, np.int64)
            at = 0
            for k in range(len(own)):
                while terms[at] < vectors.terms[lo + k]:
                    at += 1
                value = np.int64(vectors.values[lo + k])
                own[k] = value * (sums[at] - value)
            member_totals[m] = own.sum()
            order = largest_first(own, len(own))
            for k in range(member_terms.shape[1]):
                some = k < len(own) and own[order[k]] > 0
                member_terms[m, k] = vectors.terms[lo + order[k]] if some else -1


@njit
def find_words(source, row, terms, places):
    """Write where each term (uint64) stands in a document, unless ``places`` (int64) knows it.

    It is the first token that does not begin a sentence, else the first; -1 where there is none.
    """
    lo = source.bounds[row]
    left = len(terms)
    first = np.full(len(terms), -1, np.int64)
    for k in range(len(terms)):
        if places[k] >= 0 or terms[k] == np.uint64(0):
            left -= 1
    for i in range(lo, source.bounds[row + 1]):
        if left == 0:
            break
        term = term_at(source, i, lo)
        if term == np.uint64(0):
            continue
        for k in range(len(terms)):
            if terms[k] == term and places[k] < 0:
                if source.flags[i] & STARTS_SENTENCE == 0:
                    places[k] = i
                    left -= 1
                elif first[k] < 0:
                    first[k] = i
    for k in range(len(terms)):
        if places[k] < 0:
            places[k] = first[k]
