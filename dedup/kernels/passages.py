"""Shared passages: which documents share seeds, and what is made of them, pair by pair."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from dedup.kernels._jit import njit
from dedup.kernels.align import BOX, sorted_order
from dedup.kernels.pieces import (
    LOOSE_SEEDS,
    STRONG,
    WEAK,
    find_loose,
    find_pieces,
    judge_region,
    merged_points,
)
from dedup.kernels.regions import WIDE_GAP, fill_region, grow_regions, join_pieces, snap_region

# Columns of a row of passages; positions are tokens of the own document, half open.
A, B, START_A, END_A, START_B, END_B, TOKENS, LEVEL, IS_QUOTE = range(9)
COLUMNS = 9
PIECE = 10  # columns of a piece, see ``regions``
ROUNDS = 16  # of joining and growing
ENOUGH = 3  # couples of words, or two runs, from which two documents are compared


@njit
def pair_passages(
    i,
    j,
    k_i,
    k_j,
    size,
    least,
    least_like,
    with_weak,
    a,
    wa,
    classes_a,
    flags_a,
    b,
    wb,
    flags_b,
    score,
    move,
    mate,
    used_a,
    used_b,
    stamp,
    pieces,
    path_a,
    path_b,
    used,
    out,
    numbers,
):
    """Find the passages of two documents from the matches of their seeds, sorted.

    ``(i, j)`` are matches of runs of ``size`` words, ``(k_i, k_j)`` of couples of telling words.
    Writes rows of ``out`` (without ``A`` and ``B``) and of ``numbers`` (weight, density); returns
    (rows, matched tokens). ``stamp`` and the two after it are new to ``used_a`` and ``used_b``.
    """
    count, written = find_pieces(
        i,
        j,
        size,
        least,
        a,
        wa,
        classes_a,
        flags_a,
        b,
        wb,
        flags_b,
        score,
        move,
        mate,
        used_a,
        used_b,
        stamp,
        pieces,
        path_a,
        path_b,
    )
    points = np.empty((2, len(i) + len(k_i)), np.int64)
    merged = merged_points(i, j, k_i, k_j, points[0], points[1])
    count = find_loose(
        points[0],
        points[1],
        merged,
        a,
        wa,
        classes_a,
        b,
        wb,
        used_a,
        used_b,
        stamp,
        used,
        pieces,
        count,
        written,
    )
    if count == 0:
        return 0, 0
    owner = np.empty(count, np.int64)
    rows = np.empty((count, PIECE), np.int64)
    position = 0
    for k in sorted_order(pieces[:count, 0]):
        for x in range(PIECE):
            rows[position, x] = pieces[k, x]
        position += 1
    for k in range(count):
        owner[k] = k
    for _ in range(ROUNDS):
        joined = join_pieces(
            count,
            rows,
            a,
            wa,
            flags_a,
            b,
            wb,
            flags_b,
            least_like,
            used,
            used_a,
            used_b,
            stamp,
            owner,
        )
        if joined:
            continue
        if not grow_regions(count, rows, owner, a, wa, b, wb, least_like, used):
            break
    made = 0
    has_strong = False
    matched_a = 0
    matched_b = 0
    for k in range(count):
        if owner[k] != k:
            continue
        snap_region(rows[k], flags_a, flags_b, used_a, used_b, stamp)
        joined = False
        for p in range(k + 1, count):
            joined = joined or owner[p] == k
        fill_region(k, count, rows, owner, path_a, path_b, a, wa, b, wb, mate, used_b, stamp + 1)
        level, tokens, weight, density, quote = judge_region(
            rows[k], joined, least, a, wa, classes_a, flags_a, wb, flags_b, mate
        )
        if level > 0:
            out[made, START_A] = rows[k, 0]
            out[made, END_A] = rows[k, 1] + 1
            out[made, START_B] = rows[k, 2]
            out[made, END_B] = rows[k, 3] + 1
            out[made, TOKENS] = tokens
            out[made, LEVEL] = level
            out[made, IS_QUOTE] = 1 if quote else 0
            numbers[made, 0] = weight
            numbers[made, 1] = density
            has_strong = has_strong or level == STRONG
            made += 1
        for x in range(rows[k, 0], rows[k, 1] + 1):
            y = mate[x]
            mate[x] = -1
            if y >= 0 and level > 0:
                if used_a[x] != stamp + 2:
                    used_a[x] = stamp + 2
                    matched_a += 1
                if used_b[y] != stamp + 2:
                    used_b[y] = stamp + 2
                    matched_b += 1
    if has_strong or with_weak:
        return made, min(matched_a, matched_b)
    kept = 0
    for r in range(made):
        if out[r, LEVEL] > WEAK:
            for x in range(COLUMNS):
                out[kept, x] = out[r, x]
            numbers[kept, 0] = numbers[r, 0]
            numbers[kept, 1] = numbers[r, 1]
            kept += 1
    matched_a = 0
    for r in range(kept):
        matched_a += out[r, TOKENS]
    return kept, matched_a


@njit
def count_seeds(row, index, worth, counts, touched, found):
    """Add ``worth`` to each later document for every seed it shares with ``row``.

    ``index`` is (bounds, groups, places, group bounds, group rows, group places). Returns how many
    documents are touched by now.
    """
    bounds, groups, _, group_bounds, group_rows, _ = index
    for p in range(bounds[row], bounds[row + 1]):
        before = -1
        for q in range(group_bounds[groups[p]], group_bounds[groups[p] + 1]):
            other = group_rows[q]
            if other <= row or other == before:
                continue
            before = other
            if counts[other] == 0:
                touched[found] = other
                found += 1
            counts[other] += worth
    return found


@njit
def collect_matches(row, index, others, counts, slots, ends):
    """Return the matches of ``row`` with the documents ``others`` that count enough, in order.

    Those with ``other`` end at ``ends[other]`` and begin where those of the one before end.
    """
    bounds, groups, positions, group_bounds, group_rows, group_positions = index
    for other in others:
        slots[other] = 0
    for p in range(bounds[row], bounds[row + 1]):
        for q in range(group_bounds[groups[p]], group_bounds[groups[p] + 1]):
            other = group_rows[q]
            if other > row and counts[other] >= ENOUGH:
                slots[other] += 1
    total = 0
    for other in others:
        if counts[other] >= ENOUGH:
            here = slots[other]
            slots[other] = total
            total += here
        ends[other] = total
    first = np.empty(total, np.int64)
    second = np.empty(total, np.int64)
    for p in range(bounds[row], bounds[row + 1]):
        for q in range(group_bounds[groups[p]], group_bounds[groups[p] + 1]):
            other = group_rows[q]
            if other > row and counts[other] >= ENOUGH:
                first[slots[other]] = positions[p]
                second[slots[other]] = group_positions[q]
                slots[other] += 1
    return first, second


@njit
def enlarged(array, rows):
    """Return a copy of a table with room for at least ``rows`` more rows."""
    made = np.empty((2 * len(array) + rows, array.shape[1]), array.dtype)
    for x in range(len(array)):
        for y in range(array.shape[1]):
            made[x, y] = array[x, y]
    return made


class Scratch(NamedTuple):
    """What a thread writes on the way; ``scratch_for`` makes it, once for all its documents."""

    counts: Any  # seeds shared with each document, 0 between calls
    touched: Any
    slots: Any
    ends: Any  # of the matches with each document, of runs and of couples
    score: Any
    move: Any
    mate: Any  # -1 between calls
    used_a: Any
    used_b: Any
    stamp: Any  # one value: above all that stand in ``used_a`` and ``used_b``
    path_a: Any
    path_b: Any
    used: Any


def scratch_for(documents: int, longest: int) -> Scratch:
    """Make room for so many documents, the longest of so many tokens."""
    return Scratch(
        counts=np.zeros(documents, np.int32),
        touched=np.empty(documents, np.int32),
        slots=np.empty(documents, np.int64),
        ends=np.empty((2, documents), np.int64),
        score=np.zeros((BOX + 1, BOX + 1), np.float32),
        move=np.zeros((BOX + 1, BOX + 1), np.int8),
        mate=np.full(longest, -1, np.int64),
        used_a=np.zeros(longest, np.int64),
        used_b=np.zeros(longest, np.int64),
        stamp=np.ones(1, np.int64),
        path_a=np.empty(longest, np.int64),
        path_b=np.empty(longest, np.int64),
        used=np.zeros(4 * WIDE_GAP, np.bool_),
    )


@njit
def find_passages(
    low,
    high,
    size,
    least,
    least_like,
    with_weak,
    words,
    weights,
    classes,
    flags,
    token_bounds,
    runs,
    word_pairs,
    scratch,
):
    """Find all passages of documents ``low:high`` with later ones.

    ``runs`` and ``word_pairs`` are the two indexes of seeds (see ``count_seeds``). Returns passages
    (``COLUMNS``), their (weight, density), and pairs (a, b, tokens).
    """
    counts, touched, slots, ends, score, move, mate = scratch[:7]
    used_a, used_b, stamps, path_a, path_b, used = scratch[7:]
    out = np.empty((64, COLUMNS), np.int64)
    numbers = np.empty((64, 2), np.float64)
    pairs = np.empty((64, 3), np.int64)
    made = 0
    pairs_made = 0
    stamp = stamps[0]
    for row in range(low, high):
        found = np.int64(0)
        for index, worth in ((runs, np.int64(2)), (word_pairs, np.int64(1))):
            found = count_seeds(row, index, worth, counts, touched, found)
        others = touched[:found]
        others.sort()
        first, second = collect_matches(row, runs, others, counts, slots, ends[0])
        third, fourth = collect_matches(row, word_pairs, others, counts, slots, ends[1])
        a = slice(token_bounds[row], token_bounds[row + 1])
        begin = 0
        start = 0
        for other in others:
            enough = counts[other] >= ENOUGH
            counts[other] = 0
            if not enough:
                continue
            end = ends[0, other]
            stop = ends[1, other]
            b = slice(token_bounds[other], token_bounds[other + 1])
            most = (end - begin) // 2 + (end - begin + stop - start) // LOOSE_SEEDS + 1
            if made + most > len(out):
                out = enlarged(out, most)
                numbers = enlarged(numbers, most)
            rows, tokens = pair_passages(
                first[begin:end],
                second[begin:end],
                third[start:stop],
                fourth[start:stop],
                size,
                least,
                least_like,
                with_weak,
                words[a],
                weights[a],
                classes[a],
                flags[a],
                words[b],
                weights[b],
                flags[b],
                score,
                move,
                mate,
                used_a,
                used_b,
                stamp,
                np.empty((most, PIECE), np.int64),
                path_a,
                path_b,
                used,
                out[made:],
                numbers[made:],
            )
            begin = end
            start = stop
            stamp += 3
            if rows == 0:
                continue
            for r in range(made, made + rows):
                out[r, A] = row
                out[r, B] = other
            made += rows
            if pairs_made == len(pairs):
                pairs = enlarged(pairs, 1)
            pairs[pairs_made, 0] = row
            pairs[pairs_made, 1] = other
            pairs[pairs_made, 2] = tokens
            pairs_made += 1
    stamps[0] = stamp
    return out, numbers, made, pairs, pairs_made
