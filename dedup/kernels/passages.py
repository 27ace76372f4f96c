"""Shared passages: which documents share seeds, and what is made of them, pair by pair."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from dedup.kernels._jit import njit, njit_uncounted, prefetch
from dedup.kernels.align import BOX, sorted_order
from dedup.kernels.pieces import (
    LOOSE_SEEDS,
    NONE,
    STRONG,
    WEAK,
    count_free,
    find_loose,
    find_pieces,
    has_link,
    judge_region,
    may_be_loose,
    merged_points,
)
from dedup.kernels.regions import BAG, fill_region, grow_regions, join_pieces, snap_region
from dedup.kernels.sides import (
    CELLS,
    FIRST_A,
    FIRST_B,
    LAST_A,
    LAST_B,
    OWNER,
    PIECE_COLUMNS,
    PIECE_LEVEL,
    SLOTS,
    Cells,
    Limits,
    Scratch,
    Seeds,
    Side,
)

# Columns of a row of passages; positions are tokens of the own document, half open.
A, B, START_A, END_A, START_B, END_B, TOKENS, LEVEL, IS_QUOTE = range(9)
COLUMNS = 9
WEIGHT, DENSITY = range(2)  # columns of the figures of a passage
ROUNDS = 16  # of joining and growing
RUN_WORTH, PAIR_WORTH = np.int64(2), np.int64(1)  # what a seed of either kind counts
# Columns of a document that may share a passage: where its seeds of both kinds begin and end.
OTHER, BEGIN, END, START, STOP = range(5)
RUNS, WORD_PAIRS = np.int64(0), np.int64(1)  # kinds of seeds; not literals, see ``align``
AHEAD = 16  # seeds of a document whose groups are asked for before they are needed
LINE = 64  # bytes that come into the cache at once
ASKED = 2 * BOX  # tokens from its first seed on that are asked for of the next document
ENOUGH = 3  # word pairs, or two runs, from which two documents are compared

__all__ = ["Limits", "find_passages", "scratch_for"]


class Documents(NamedTuple):
    """The tokens of all documents, as in ``Side``; those of row r are ``bounds[r:r + 2]``."""

    words: Any  # uint64
    weights: Any  # float32
    classes: Any  # uint8
    flags: Any  # uint8
    bounds: Any  # int64, one more than documents


class Index(NamedTuple):
    """Seeds of one kind by document (the first three) and by value."""

    bounds: Any  # int64, one more than documents: where the seeds of each begin
    groups: Any  # uint32: the value of each seed, a number
    positions: Any  # int32: its token
    group_bounds: Any  # int64, one more than values: where the seeds of each value begin
    group_rows: Any  # int32: their documents
    group_positions: Any  # int32: their tokens


class Counts(NamedTuple):
    """What a thread writes while it looks for documents with seeds in common."""

    counts: Any  # int32, a document each: what their common seeds are worth; 0 between calls
    places: Any  # int32 (2, documents): of the runs and of the word pairs; 0 between calls
    touched: Any  # int32, a document each
    ends: Any  # int64 (2, documents): of the matches with each, of runs and of word pairs


class Found(NamedTuple):
    """Room for the passages of a pair, and what is found besides."""

    rows: Any  # int64 (n, COLUMNS)
    figures: Any  # float64 (n, 2)


def scratch_for(documents: int, longest: int) -> tuple[Counts, Scratch]:
    """Return what one thread needs for so many documents, the longest of so many tokens."""
    counts = Counts(
        counts=np.zeros(documents, np.int32),
        places=np.zeros((2, documents), np.int32),
        touched=np.empty(documents, np.int32),
        ends=np.empty((2, documents), np.int64),
    )
    cells = Cells(
        x=np.empty(CELLS, np.int64),
        y=np.empty(CELLS, np.int64),
        score=np.empty(CELLS, np.float32),
        back=np.empty(CELLS, np.int64),
        slots=np.empty(SLOTS, np.uint32),
    )
    return counts, Scratch(
        cells=cells,
        score=np.zeros((BOX + 1, BOX + 1), np.float32),
        move=np.zeros((BOX + 1, BOX + 1), np.int8),
        mate=np.full(longest, -1, np.int64),
        used_a=np.zeros(longest, np.int64),
        used_b=np.zeros(longest, np.int64),
        stamp=np.ones(1, np.int64),
        path_a=np.empty(longest, np.int64),
        path_b=np.empty(longest, np.int64),
        used=np.zeros(BAG, np.bool_),
    )


@njit
def most_passages(runs, word_pairs):
    """Return how many passages two documents with those seeds (``Seeds``) have at most."""
    return len(runs.first) // 2 + (len(runs.first) + len(word_pairs.first)) // LOOSE_SEEDS + 1


@njit
def ordered_pieces(pieces, count):
    """Return the first ``count`` pieces in order of a (int64), each a region of its own."""
    rows = np.empty((count, PIECE_COLUMNS), np.int64)
    position = 0
    for k in sorted_order(pieces[:count, FIRST_A]):
        for x in range(PIECE_COLUMNS):
            rows[position, x] = pieces[k, x]
        rows[position, OWNER] = position
        position += 1
    return rows


@njit_uncounted
def settle_regions(rows, a, b, least_like, scratch):
    """Join and grow regions until neither changes anything, ``ROUNDS`` times at most.

    ``rows`` (int64, in order of a) are changed in place; ``a`` and ``b`` are ``Side``.
    """
    for _ in range(ROUNDS):
        if join_pieces(rows, a, b, least_like, scratch):
            continue
        if not grow_regions(rows, a, b, least_like, scratch):
            break


@njit_uncounted
def count_matched(row, counted, scratch):
    """Clear the matches of a region (int64); return how many tokens of a and of b are new.

    Those of regions before have the second stamp after that of the pair, and so get these where
    the region is ``counted``.
    """
    stamp = scratch.stamp[0] + 2
    mate, used_a, used_b = scratch.mate, scratch.used_a, scratch.used_b
    new_a = 0
    new_b = 0
    for x in range(row[FIRST_A], row[LAST_A] + 1):
        y = mate[x]
        mate[x] = -1
        if y >= 0 and counted:
            if used_a[x] != stamp:
                used_a[x] = stamp
                new_a += 1
            if used_b[y] != stamp:
                used_b[y] = stamp
                new_b += 1
    return new_a, new_b


@njit_uncounted
def write_passage(found, made, row, judged):
    """Write the passage of a region (int64) as row ``made`` of ``Found``.

    ``judged`` is what ``judge_region`` returned.
    """
    level, measures, density = judged
    found.rows[made, START_A] = row[FIRST_A]
    found.rows[made, END_A] = row[LAST_A] + 1
    found.rows[made, START_B] = row[FIRST_B]
    found.rows[made, END_B] = row[LAST_B] + 1
    found.rows[made, TOKENS] = measures.tokens
    found.rows[made, LEVEL] = level
    found.rows[made, IS_QUOTE] = 1 if measures.quote else 0
    found.figures[made, WEIGHT] = measures.weight
    found.figures[made, DENSITY] = density


@njit
def drop_weak(found, made):
    """Move the passages of ``Found`` that are not weak to the front; return (rows, tokens)."""
    kept = 0
    matched = 0
    for r in range(made):
        if found.rows[r, LEVEL] > WEAK:
            found.rows[kept] = found.rows[r]
            found.figures[kept] = found.figures[r]
            matched += found.rows[r, TOKENS]
            kept += 1
    return kept, matched


@njit
def pair_passages(a, b, matches, limits, scratch, found):
    """Find the passages of two documents (``Side``) from their common seeds.

    ``matches`` are the ``Seeds`` of runs and those of word pairs. Writes rows of ``found`` (without
    ``A`` and ``B``); returns (rows, matched tokens). The stamp of the pair and the two after it are
    used up.
    """
    runs, word_pairs = matches
    pieces = np.empty((most_passages(runs, word_pairs), PIECE_COLUMNS), np.int64)
    aligned = find_pieces(a, b, runs, limits, scratch, pieces)
    count = aligned[0]
    if count_free(runs, scratch) + count_free(word_pairs, scratch) >= LOOSE_SEEDS:
        count = find_loose(a, b, merged_points(runs, word_pairs), scratch, pieces, aligned)
    if count == 0 or (count == 1 and pieces[0, PIECE_LEVEL] == NONE):  # nothing lifts a lone piece
        return 0, 0
    rows = ordered_pieces(pieces, count)
    settle_regions(rows, a, b, limits.least_like, scratch)
    made = 0
    has_strong = False
    matched_a = 0
    matched_b = 0
    for k in range(count):
        if rows[k, OWNER] != k:
            continue
        snap_region(rows[k], a, b, scratch)
        joined = False
        for p in range(k + 1, count):
            joined = joined or rows[p, OWNER] == k
        fill_region(k, rows, a, b, scratch)
        judged = judge_region(rows[k], joined, limits.least, a, b, scratch.mate)
        level = judged[0]
        if level > NONE:
            write_passage(found, made, rows[k], judged)
            has_strong = has_strong or level == STRONG
            made += 1
        new_a, new_b = count_matched(rows[k], level > NONE, scratch)
        matched_a += new_a
        matched_b += new_b
    if has_strong or limits.with_weak:
        return made, min(matched_a, matched_b)
    return drop_weak(found, made)


@njit_uncounted
def first_behind(rows, low, high, row):
    """Return where in ``low:high`` of ``rows`` (ascending) those greater than ``row`` begin."""
    while high - low > 8:
        middle = (low + high) // 2
        if rows[middle] <= row:
            low = middle + 1
        else:
            high = middle
    while low < high and rows[low] <= row:
        low += 1
    return low


@njit_uncounted
def ask_ahead(p, end, groups, group_bounds, members):
    """Ask for what comes after seed ``p`` of a document whose seeds end at ``end``.

    ``groups``, ``group_bounds`` are those of an ``Index``. Of the seed ``AHEAD`` places on the
    first of its ``members`` is asked for, of one twice as far where those begin.
    """
    if p + AHEAD < end:
        prefetch(members, group_bounds[groups[p + AHEAD]])
    if p + 2 * AHEAD < end:
        prefetch(group_bounds, groups[p + 2 * AHEAD])


@njit_uncounted
def count_seeds(row, index, worth, places, counts, found):
    """Add ``worth`` to each later document for every seed it shares with ``row``.

    ``index`` is an ``Index``, ``counts`` are ``Counts``; ``places`` (int32, a document each) counts
    the places of these seeds. The documents that count for the first time are written behind the
    ``found`` that are there; returns how many there are now.
    """
    bounds, groups, _, group_bounds, group_rows, _ = index
    worths, touched = counts.counts, counts.touched
    end = bounds[row + 1]
    for p in range(bounds[row], end):
        ask_ahead(p, end, groups, group_bounds, group_rows)
        before = -1
        high = group_bounds[groups[p] + 1]
        low = first_behind(group_rows, group_bounds[groups[p]], high, row)
        for q in range(low, high):
            other = group_rows[q]
            places[other] += 1
            if other == before:
                continue
            before = other
            if worths[other] == 0:
                touched[found] = other
                found += 1
            worths[other] += worth
    return found


@njit
def collect_matches(row, index, others, worths, places, ends):
    """Return the matches of ``row`` with the documents ``others``, in order.

    ``index`` is an ``Index``; ``others`` (int32) ascend, all others have a worth of 0; ``worths``
    and ``places`` (int32, a document each) are as ``count_seeds`` left them, and ``places`` is 0
    for all of them then.
    Matches are two int64 arrays; those with ``other`` end at ``ends[other]`` (int64) and begin
    where those of the one before end.
    """
    bounds, groups, positions, group_bounds, group_rows, group_positions = index
    total = 0
    for other in others:
        ends[other] = total  # where the next one goes, for now
        total += places[other]
        places[other] = 0
    first = np.empty(total, np.int64)
    second = np.empty(total, np.int64)
    end = bounds[row + 1]
    for p in range(bounds[row], end):
        ask_ahead(p, end, groups, group_bounds, group_positions)
        high = group_bounds[groups[p] + 1]
        low = first_behind(group_rows, group_bounds[groups[p]], high, row)
        for q in range(low, high):
            other = group_rows[q]
            if worths[other] > 0:
                at = ends[other]
                first[at] = positions[p]
                second[at] = group_positions[q]
                ends[other] = at + 1
    return first, second


@njit
def enlarged(array, rows):
    """Return a copy of a table (any type, two dimensions) with at least ``rows`` more rows."""
    made = np.empty((2 * len(array) + rows, array.shape[1]), array.dtype)
    made[: len(array)] = array
    return made


@njit
def side_of(documents, row):
    """Return the ``Side`` of one of ``Documents``."""
    here = slice(documents.bounds[row], documents.bounds[row + 1])
    return Side(
        documents.words[here],
        documents.weights[here],
        documents.classes[here],
        documents.flags[here],
    )


@njit
def touched_by(row, indexes, capacity):
    """Return the later documents (int32, ascending) that share seeds worth enough with ``row``.

    ``indexes`` are the ``Index`` of runs and of word pairs; ``capacity`` (``Counts``) gets what the
    common seeds are worth.
    """
    found = np.int64(0)
    found = count_seeds(row, indexes[0], RUN_WORTH, capacity.places[RUNS], capacity, found)
    found = count_seeds(row, indexes[1], PAIR_WORTH, capacity.places[WORD_PAIRS], capacity, found)
    enough = 0
    for k in range(found):
        other = capacity.touched[k]
        if capacity.counts[other] >= ENOUGH:
            capacity.touched[enough] = other
            enough += 1
        else:
            capacity.counts[other] = 0
            capacity.places[RUNS, other] = 0
            capacity.places[WORD_PAIRS, other] = 0
    others = capacity.touched[:enough]
    others.sort()
    return others


@njit
def seeds_of(row, index, others, counts, kind):
    """Return the ``Seeds`` of one kind that ``row`` shares with each of ``others``.

    ``index`` is the ``Index`` of this ``kind`` (``RUNS``, ``WORD_PAIRS``); ``counts`` (``Counts``)
    are those for which ``touched_by`` gave ``others``; its ``ends`` get where the seeds of each
    end.
    """
    places, ends = counts.places[kind], counts.ends[kind]
    return Seeds(*collect_matches(row, index, others, counts.counts, places, ends))


@njit
def between(seeds, low, high):
    """Return the ``Seeds`` ``low:high``, without a copy."""
    return Seeds(seeds.first[low:high], seeds.second[low:high])


@njit_uncounted
def ask_for(array, low, high):
    """Ask for the elements ``low:high`` of an array (any type), one of each line of the cache."""
    step = max(LINE // array.itemsize, 1)
    for place in range(low, high, step):
        prefetch(array, place)
    if high > low:
        prefetch(array, high - 1)


@njit_uncounted
def ask_for_side(documents, row, place):
    """Ask for the tokens of one of ``Documents`` about ``place``, where it is aligned next.

    They are far apart in memory, and waiting for them takes longer than most alignments.
    """
    begin = documents.bounds[row]
    low = max(begin + place - BOX, begin)
    high = min(begin + place + ASKED, documents.bounds[row + 1])
    ask_for(documents.words, low, high)
    ask_for(documents.weights, low, high)
    ask_for(documents.classes, low, high)
    ask_for(documents.flags, low, high)


@njit
def is_promising(matches, size):
    """Tell whether the ``Seeds`` of runs of ``size`` and of word pairs may make a passage."""
    runs, word_pairs = matches
    end = len(runs.first)
    # Most pairs end here.
    return has_link(runs, 0, end, size) or may_be_loose(
        runs, 0, end, word_pairs, 0, len(word_pairs.first)
    )


@njit
def promising_of(others, seeds, counts, size):
    """Return which of ``others`` (int32) may share a passage with a document, in their order.

    ``seeds`` are the ``Seeds`` of runs of ``size`` and of word pairs that it has in common with
    all of them; ``counts`` (``Counts``) tell where those of each end, and get ready for the next
    document. A row (int64) is the other document, and where its runs and word pairs begin and end.
    """
    found = np.empty((len(others), STOP + 1), np.int64)
    made, begin, start = 0, 0, 0
    for other in others:
        counts.counts[other] = 0
        row = found[made]
        row[OTHER] = other
        row[BEGIN], row[END] = begin, counts.ends[RUNS, other]
        row[START], row[STOP] = start, counts.ends[WORD_PAIRS, other]
        begin, start = row[END], row[STOP]
        if is_promising(matches_of(row, seeds), size):
            made += 1
    return found[:made]


@njit
def matches_of(row, seeds):
    """Return the ``Seeds`` of runs and of word pairs of a row of ``promising_of``."""
    runs, word_pairs = seeds
    return between(runs, row[BEGIN], row[END]), between(word_pairs, row[START], row[STOP])


@njit
def find_passages(low, high, documents, indexes, limits, scratch):
    """Find all passages of documents ``low:high`` with later ones.

    ``documents`` are ``Documents``, ``indexes`` the ``Index`` of runs and that of word pairs,
    ``limits`` are ``Limits``; ``scratch`` is what ``scratch_for`` returns. Returns passages (int64,
    ``COLUMNS``), their (weight, density) (float64), and pairs (int64: a, b, tokens).
    """
    capacity, scratch_of_pair = scratch
    rows, figures = np.empty((0, COLUMNS), np.int64), np.empty((0, 2), np.float64)
    pairs = np.empty((0, 3), np.int64)
    made, pairs_made = 0, 0
    for row in range(low, high):
        others = touched_by(row, indexes, capacity)
        if len(others) == 0:
            continue
        runs = seeds_of(row, indexes[0], others, capacity, RUNS)
        seeds = runs, seeds_of(row, indexes[1], others, capacity, WORD_PAIRS)
        some = promising_of(others, seeds, capacity, limits.size)
        a = side_of(documents, row)
        for k in range(len(some)):
            if k + 1 < len(some) and some[k + 1, BEGIN] < some[k + 1, END]:  # it may have no run
                ask_for_side(documents, some[k + 1, OTHER], runs.second[some[k + 1, BEGIN]])
            matches = matches_of(some[k], seeds)
            most = most_passages(*matches)
            if made + most > len(rows):
                rows, figures = enlarged(rows, most), enlarged(figures, most)
            found = Found(rows[made:], figures[made:])
            b = side_of(documents, some[k, OTHER])
            count, tokens = pair_passages(a, b, matches, limits, scratch_of_pair, found)
            scratch_of_pair.stamp[0] += 3
            if count == 0:
                continue
            rows[made : made + count, A] = row
            rows[made : made + count, B] = some[k, OTHER]
            made += count
            if pairs_made == len(pairs):
                pairs = enlarged(pairs, 1)
            pairs[pairs_made] = row, some[k, OTHER], tokens
            pairs_made += 1
    return rows[:made], figures[:made], pairs[:pairs_made]
