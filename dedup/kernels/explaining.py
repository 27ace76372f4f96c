"""What makes up a story: the words its articles have in common, and where they stand."""

from __future__ import annotations

import numpy as np

from dedup.kernels._jit import njit, njit_uncounted
from dedup.kernels.stories import term_at
from dedup.kernels.text import STARTS_SENTENCE

# A word is told of a story if it is so many times as frequent in it as in the other articles, of
# which some are made up: so many, of which one has it.
TIMES, MADE_UP = 5, 10
# One that is no name must also add this part of what the first one adds: the less, the more other
# articles there are to tell it by (half of it from so many).
LEAST_PART, COMPARED = 3, 100


@njit
def story_sums(vectors, members, terms, sums, squares, counts):
    """Write the terms of some vectors, ascending, their sums and sums of squares; return how many.

    ``members`` are rows; ``terms`` (int32), ``sums``, ``squares`` and ``counts`` (int64: how many
    of the vectors have the term) have a place for each term of each of them.
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
            counts[count] = 0
            count += 1
        counts[count - 1] += 1
        sums[count - 1] += value
        squares[count - 1] += value * value
    return count


@njit_uncounted
def take_heaviest(values, places):
    """Write where the largest positive ``values`` (int64) stand, largest first; -1 for none.

    ``places`` (int64) are as many as wanted; of equal values the first comes first.
    """
    size = 0
    for i in range(len(values)):
        value = values[i]
        if value <= 0 or (size == len(places) and values[places[size - 1]] >= value):
            continue
        k = min(size, len(places) - 1)
        while k > 0 and values[places[k - 1]] < value:
            places[k] = places[k - 1]
            k -= 1
        places[k] = i
        size = min(size + 1, len(places))
    for k in range(size, len(places)):
        places[k] = -1


@njit_uncounted
def is_of_story(own, size, documents, articles):
    """Tell whether a term that ``own`` of ``size`` members have is much rarer in other articles.

    ``documents`` of all ``articles`` have it.
    """
    others = max(documents - own, 0) + 1
    return own * (articles - size + MADE_UP) >= TIMES * others * size


@njit_uncounted
def leave_out_weak(vectors, terms, parts, counts, size, known):
    """Set to 0 the ``parts`` and ``counts`` (int64) of terms (int32) that other articles have too.

    ``size`` members have them; ``known`` as in ``explain_stories``. Names are left out by how many
    articles have them only, words also if they add too little.
    """
    documents, names = known
    others = len(vectors.bounds) - 1 - size
    heaviest = np.int64(0)
    for k in range(len(terms)):
        if not is_of_story(counts[k], size, np.int64(documents[terms[k]]), others + size):
            parts[k] = counts[k] = 0
        heaviest = max(heaviest, parts[k])
    for k in range(len(terms)):
        if parts[k] * LEAST_PART * (COMPARED + others) < heaviest * COMPARED:
            if not names[terms[k]]:
                parts[k] = counts[k] = 0


@njit
def member_parts(vectors, row, terms, sums, counts):
    """Return what each term of a member adds (int64), the weak 0, and what all of them add.

    ``terms``, ``sums`` and ``counts`` are those of ``story_sums``, count 0 for a weak one.
    """
    lo = vectors.bounds[row]
    own = np.empty(vectors.bounds[row + 1] - lo, np.int64)
    total = np.int64(0)
    at = 0
    for k in range(len(own)):
        while terms[at] < vectors.terms[lo + k]:
            at += 1
        value = np.int64(vectors.values[lo + k])
        part = value * (sums[at] - value)
        total += part
        own[k] = part if counts[at] > 0 else 0
    return own, total


@njit
def explain_stories(vectors, bounds, members, known, out):
    """Write what makes up the mean similarity of each story, and of each member to the others.

    ``members[bounds[s] : bounds[s + 1]]`` (int64) are the rows of a story; ``known`` is how many
    articles have each term (int32), and whether it is a name (bool). ``out`` is (story terms
    int32, story parts int64, story totals int64, member terms int32, member totals int64): the
    terms with the largest parts, -1 where there are fewer, the weak left out; a part is what a
    term adds to the products of all pairs of members, in either order.
    """
    story_terms, story_parts, story_totals, member_terms, member_totals = out
    of_story = np.empty(story_terms.shape[1], np.int64)
    of_member = np.empty(member_terms.shape[1], np.int64)
    for s in range(len(bounds) - 1):
        rows = members[bounds[s] : bounds[s + 1]]
        size = np.int64(0)
        for row in rows:
            size += vectors.bounds[row + 1] - vectors.bounds[row]
        terms = np.empty(size, np.int32)
        sums = np.empty(size, np.int64)
        squares = np.empty(size, np.int64)
        counts = np.empty(size, np.int64)
        count = story_sums(vectors, rows, terms, sums, squares, counts)
        parts = sums[:count] * sums[:count] - squares[:count]
        story_totals[s] = parts.sum()
        leave_out_weak(vectors, terms[:count], parts, counts, len(rows), known)
        take_heaviest(parts, of_story)
        for k in range(len(of_story)):
            story_terms[s, k] = terms[of_story[k]] if of_story[k] >= 0 else -1
            story_parts[s, k] = parts[of_story[k]] if of_story[k] >= 0 else 0
        for m in range(bounds[s], bounds[s + 1]):
            lo = vectors.bounds[members[m]]
            own, member_totals[m] = member_parts(vectors, members[m], terms, sums, counts)
            take_heaviest(own, of_member)
            for k in range(len(of_member)):
                place = of_member[k]
                member_terms[m, k] = vectors.terms[lo + place] if place >= 0 else -1


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


@njit
def find_words_of(source, rows, terms, places):
    """Write where the terms of each document stand, as ``find_words`` does.

    Of ``rows`` (int64) each has a row of ``terms`` (uint64, 0 for none) and of ``places`` (int64).
    """
    for k in range(len(rows)):
        find_words(source, rows[k], terms[k], places[k])
