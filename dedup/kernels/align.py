"""Seeds to chains, chains to alignments: which tokens of two documents match.

Everything is linear in the tokens of a passage: seeds anchor it, small boxes between anchors and
beyond its ends are aligned. A path of matched tokens scores ``MATCH`` and the weight of the token
per match, minus ``MISMATCH`` per replaced token and ``GAP`` per token that one side lacks. Few
tokens of a box are equal, so the best path is sought among those (sparse dynamic programming,
Eppstein et al. 1992); a box with many, such as a table of zeros, is scored cell by cell.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from dedup.kernels._jit import njit, njit_uncounted, trailing_zeros
from dedup.kernels.sides import CELLS, SLOTS
from dedup.kernels.text import STARTS_LINE

MATCH, MISMATCH, GAP = np.float32(0.4), np.float32(0.5), np.float32(0.35)
BOX = 24  # tokens a side that are aligned at once
# Not literals: for those Numba would compile every function that takes them once more.
FORWARD, BACKWARD = np.int64(1), np.int64(-1)
INSIDE, OUTSIDE = np.bool_(False), np.bool_(True)  # whether a path may end anywhere in a box
REPLACED, ONLY_A, ONLY_B, MATCHED = range(4)  # how a path enters a cell of a box
REACH = 12  # tokens between two seeds of a chain, at most, on both sides
DRIFT = 8  # change of diagonal between them, at most
LEAST_CHAIN = 2  # seeds of a chain
GAIN = np.float32(0.6)  # what an alignment must gain to be extended over another box
ISLAND = 3  # tokens in a row from which the end of a path is no island


class Box(NamedTuple):
    """What is aligned at once: ``n`` tokens from ``i`` of a with ``m`` from ``j`` of b, int64."""

    i: Any
    j: Any
    n: Any
    m: Any
    step: Any  # FORWARD or BACKWARD
    end: Any  # bool: INSIDE or OUTSIDE


class Links(NamedTuple):
    """How matches are linked to chains, three arrays of a value each."""

    best: Any  # int64: tokens that the best chain up to the match covers
    back: Any  # int64: the match before it in that chain, -1 for none
    last: Any  # int64: 1 where no chain goes on from it, else 0


@njit
def sorted_order(keys):
    """Return the places (int64) that sort ``keys`` (int64, small, not negative), ties in order."""
    count = len(keys)
    packed = np.empty(count, np.int64)
    for k in range(count):
        packed[k] = keys[k] * count + k
    packed.sort()
    for k in range(count):
        packed[k] %= count
    return packed


@njit_uncounted
def chain_matches(seeds, size, links):
    """Link ``seeds`` (``Seeds`` of ``size`` words) to chains: write all arrays of ``links``."""
    i, j = seeds
    best, back, last = links
    far = REACH + size
    for k in range(len(i)):
        best[k] = size
        back[k] = -1
        last[k] = 1
        p = k - 1
        while p >= 0 and i[k] - i[p] <= far:
            di = i[k] - i[p]
            dj = j[k] - j[p]
            if di > 0 and dj > 0 and dj <= far and abs(di - dj) <= DRIFT:
                covers = best[p] + min(min(di, dj), size)
                if di != dj:
                    covers -= 1
                if covers > best[k]:
                    best[k] = covers
                    back[k] = p
                if di == 1 and dj == 1:
                    break
            p -= 1
        if back[k] >= 0:
            last[back[k]] = 0


@njit_uncounted
def has_chain(back):
    """Tell whether any match has one before it; ``back`` as in ``Links``."""
    for k in range(len(back)):
        if back[k] >= 0:
            return True
    return False


@njit
def find_chains(seeds, size):
    """Cut ``seeds`` (``Seeds`` of ``size`` words) into chains, the best first.

    Returns (chains, members, bounds): the seeds of chain ``c`` are
    ``members[bounds[c]:bounds[c + 1]]`` (int64). A chain is at least two seeds; one that runs into
    a better chain ends there.
    """
    count = len(seeds.first)
    # One array in place of seven: there are many pairs with few seeds.
    room = np.empty(7 * count + 1, np.int64)
    best, back, last = room[:count], room[count : 2 * count], room[2 * count : 3 * count]
    heads, keys = room[3 * count : 4 * count], room[4 * count : 5 * count]
    members, bounds = room[5 * count : 6 * count], room[6 * count :]
    chain_matches(seeds, size, Links(best, back, last))
    bounds[0] = 0
    if not has_chain(back):
        return 0, members, bounds
    ends = 0
    for k in range(count):
        if last[k] == 1 and back[k] >= 0:
            heads[ends] = k
            keys[ends] = count * size - best[k]
            ends += 1
    taken = last
    taken[:] = 0
    chains = 0
    for which in sorted_order(keys[:ends]):
        low = bounds[chains]
        high = low
        k = heads[which]
        while k >= 0 and taken[k] == 0:
            members[high] = k
            taken[k] = 1
            high += 1
            k = back[k]
        if high - low >= LEAST_CHAIN:
            reverse(members, low, high)
            chains += 1
            bounds[chains] = high
    return chains, members, bounds


@njit_uncounted
def reverse(values, low, high):
    """Turn ``values[low:high]`` (int64) round, in place."""
    high -= 1
    while low < high:
        value = values[low]
        values[low] = values[high]
        values[high] = value
        low += 1
        high -= 1


@njit_uncounted
def fill_box(a, b, box, score, move):
    """Score every cell of a ``Box``; return (best score of a path that ends in a match, x, y).

    ``a`` and ``b`` are ``Side``; ``score`` (float32) and ``move`` (int8), both
    (BOX + 1, BOX + 1), get the best score of a path to each cell and how it enters it.
    """
    i, j, n, m, step, _ = box
    words_a, weights_a = a.words, a.weights
    words_b, weights_b = b.words, b.weights
    score[0, 0] = np.float32(0.0)
    for y in range(1, m + 1):
        score[0, y] = score[0, y - 1] - GAP
        move[0, y] = ONLY_B
    top = np.float32(0.0)
    end_x = 0
    end_y = 0
    for x in range(1, n + 1):
        score[x, 0] = score[x - 1, 0] - GAP
        move[x, 0] = ONLY_A
        word = words_a[i + step * (x - 1)]
        weight = weights_a[i + step * (x - 1)]
        for y in range(1, m + 1):
            other = j + step * (y - 1)
            w = min(weight, weights_b[other])
            same = words_b[other] == word and w > np.float32(0.0)
            value = score[x - 1, y - 1] + (MATCH + w if same else -MISMATCH)
            kind = MATCHED if same else REPLACED
            if score[x - 1, y] - GAP > value:
                value = score[x - 1, y] - GAP
                kind = ONLY_A
            if score[x, y - 1] - GAP > value:
                value = score[x, y - 1] - GAP
                kind = ONLY_B
            score[x, y] = value
            move[x, y] = kind
            if same and kind == MATCHED and value > top:
                top = value
                end_x = x
                end_y = y
    return top, end_x, end_y


@njit_uncounted
def trace_box(box, x, y, move, mate):
    """Enter into ``mate`` (int64) the matches of the path of a ``Box`` that ends in cell (x, y)."""
    i, j, _, _, step, _ = box
    while x > 0 or y > 0:
        kind = move[x, y]
        if kind == ONLY_A:
            x -= 1
        elif kind == ONLY_B:
            y -= 1
        else:
            if kind == MATCHED:
                mate[i + step * (x - 1)] = j + step * (y - 1)
            x -= 1
            y -= 1


@njit_uncounted
def slot_of(word):
    """Return the slot of a word (uint64) in a table of ``SLOTS``."""
    mixed = word ^ (word >> np.uint64(29))
    mixed ^= mixed >> np.uint64(13)
    mixed ^= mixed >> np.uint64(6)
    return np.intp(mixed & np.uint64(SLOTS - 1))


@njit_uncounted
def equal_tokens(a, b, box, cells):
    """Write to ``cells`` (``Cells``) which tokens of a ``Box`` are equal, by token of a, then of b.

    ``a`` and ``b`` are ``Side``; tokens without weight equal none. Returns how many they are;
    those there is no room for are only counted.
    """
    i, j, n, m, step, _ = box
    slots = cells.slots
    slots[:] = np.uint32(0)
    for y in range(m):
        if b.weights[j + step * y] > np.float32(0.0):
            slots[slot_of(b.words[j + step * y])] |= np.uint32(1) << np.uint32(y)
    count = 0
    for x in range(n):
        word = a.words[i + step * x]
        weight = a.weights[i + step * x]
        if weight <= np.float32(0.0):
            continue
        bits = np.uint64(slots[slot_of(word)])
        while bits != np.uint64(0):
            y = trailing_zeros(bits)
            bits &= bits - np.uint64(1)
            if b.words[j + step * y] != word:
                continue
            if count < CELLS:
                cells.x[count] = x
                cells.y[count] = y
                cells.score[count] = MATCH + min(weight, b.weights[j + step * y])
            count += 1
    return count


@njit_uncounted
def cost_of(dx, dy):
    """Return what a path loses on ``dx`` and ``dy`` tokens (int64) between two matches."""
    both = min(dx, dy)
    return MISMATCH * np.float32(both) + GAP * np.float32(dx + dy - 2 * both)


@njit_uncounted
def before_match(cells, count, x, y, start):
    """Return (score, match) of the best path of ``count`` matches that ends before (x, y).

    The score includes the tokens between; a path without a match is -1 and scores ``start``.
    Of equally good ones the latest is taken.
    """
    top = start
    best = -1
    for p in range(count - 1, -1, -1):
        dx = x - cells.x[p] - 1
        dy = y - cells.y[p] - 1
        value = cells.score[p] - cost_of(dx, dy)
        # One test: a processor cannot foresee which of the three holds.
        if (dx >= 0) & (dy >= 0) & (value > top):
            top = value
            best = p
    return top, best


@njit_uncounted
def link_cells(cells, count):
    """Turn the gain of each of ``count`` matches in ``Cells`` into the score of the path to it.

    Returns (score, match) of the first of the best paths, match -1 where none scores above zero.
    """
    top = np.float32(0.0)
    end = -1
    for k in range(count):
        x, y = cells.x[k], cells.y[k]
        value, cells.back[k] = before_match(cells, k, x, y, -cost_of(x, y))
        cells.score[k] += value
        if cells.score[k] > top:
            top = cells.score[k]
            end = k
    return top, end


@njit_uncounted
def align_equal(box, cells, count, mate):
    """Align a ``Box`` by its ``count`` equal tokens in ``Cells``; the rest as in ``align_box``."""
    i, j, n, m, step, _ = box
    top, k = link_cells(cells, count)
    x, y = n, m
    if box.end == OUTSIDE:
        if top < GAIN:
            return 0, 0, np.float32(0.0)
        x, y = cells.x[k] + 1, cells.y[k] + 1
    else:
        top, k = before_match(cells, count, n, m, -cost_of(n, m))
    while k >= 0:
        mate[i + step * cells.x[k]] = j + step * cells.y[k]
        k = cells.back[k]
    return x, y, top


@njit_uncounted
def align_box(a, b, box, scratch):
    """Align a ``Box`` of two documents (``Side``); return (tokens of a, tokens of b, score).

    Enters the matches in ``scratch.mate``. Where the end of the box is ``OUTSIDE`` the path may end
    anywhere: it ends where its score is best, and nothing is entered where that gains less than
    ``GAIN``.
    """
    count = equal_tokens(a, b, box, scratch.cells)
    if count <= CELLS:
        return align_equal(box, scratch.cells, count, scratch.mate)
    top, x, y = fill_box(a, b, box, scratch.score, scratch.move)
    if box.end == OUTSIDE:
        if top < GAIN:
            return 0, 0, np.float32(0.0)
    else:
        x = box.n
        y = box.m
        top = scratch.score[x, y]
    trace_box(box, x, y, scratch.move, scratch.mate)
    return x, y, top


@njit_uncounted
def extend(a, b, i, j, step, scratch):
    """Extend a path of two documents (``Side``) beyond its end (i, j) by boxes; return the new end.

    ``scratch.mate`` gets the matches.
    """
    words_a, weights_a = a.words, a.weights
    words_b, weights_b = b.words, b.weights
    mate = scratch.mate
    while True:
        n = min(BOX, len(words_a) - 1 - i) if step > 0 else min(BOX, i)
        m = min(BOX, len(words_b) - 1 - j) if step > 0 else min(BOX, j)
        if n <= 0 or m <= 0:
            return i, j
        # Word for word goes without a box.
        run = 0
        while (
            run < min(n, m)
            and words_a[i + step * (run + 1)] == words_b[j + step * (run + 1)]
            and min(weights_a[i + step * (run + 1)], weights_b[j + step * (run + 1)])
            > np.float32(0.0)
        ):
            run += 1
            mate[i + step * run] = j + step * run
        if run == 0:
            x, y, _ = align_box(a, b, Box(i + step, j + step, n, m, step, OUTSIDE), scratch)
            if x == 0:
                return i, j
            i += step * x
            j += step * y
        else:
            i += step * run
            j += step * run


@njit_uncounted
def align_chain(a, b, seeds, chain, size, scratch):
    """Align two documents (``Side``) along a chain of seeds; return (first, last) token of a.

    ``chain`` (int64) are places in ``seeds`` (``Seeds`` of ``size`` words). ``scratch.mate[i]``
    gets the token of b matched to token ``i`` of a between them.
    """
    seeds_i, seeds_j = seeds
    mate = scratch.mate
    start_i = seeds_i[chain[0]]
    start_j = seeds_j[chain[0]]
    i = start_i - 1
    j = start_j - 1
    for k in chain:
        n = seeds_i[k] - i - 1
        m = seeds_j[k] - j - 1
        if n > 0 and m > 0:
            align_box(a, b, Box(i + 1, j + 1, n, m, FORWARD, INSIDE), scratch)
        for t in range(size):
            if seeds_i[k] + t > i and seeds_j[k] + t > j:
                i = seeds_i[k] + t
                j = seeds_j[k] + t
                mate[i] = j
    end, _ = extend(a, b, i, j, FORWARD, scratch)
    begin, _ = extend(a, b, start_i, start_j, BACKWARD, scratch)
    return begin, end


@njit_uncounted
def best_stretch(lo, hi, wa, wb, mate):
    """Return (first, last, score) of the part of a path that scores best.

    The path are the tokens ``lo`` to ``hi`` (included) of a and their ``mate`` (int64, -1 for
    none); ``wa`` and ``wb`` (float32) are the weights of the tokens.
    """
    best = np.float32(0.0)
    first = lo
    last = lo - 1
    running = np.float32(0.0)
    begin = lo
    before = -1
    for i in range(lo, hi + 1):
        if mate[i] < 0:
            continue
        gain = MATCH + min(wa[i], wb[mate[i]])
        if before >= 0:
            di = i - before - 1
            dj = mate[i] - mate[before] - 1
            both = min(di, dj)
            running -= MISMATCH * np.float32(both) + GAP * np.float32(di + dj - 2 * both)
        if before < 0 or running <= np.float32(0.0):
            running = np.float32(0.0)
            begin = i
        running += gain
        if running > best:
            best = running
            first = begin
            last = i
        before = i
    return first, last, best


@njit_uncounted
def clip_islands(first, last, flags_a, flags_b, mate):
    """Drop matches at either end that stand alone across a line boundary; return (first, last).

    ``flags_a`` and ``flags_b`` (uint8) are those of the tokens, ``mate`` (int64) as in
    ``best_stretch``.
    """
    for side in range(2):
        step = 1 if side == 0 else -1
        edge = first if side == 0 else last
        other = last if side == 0 else first
        run = 1
        i = edge
        while i != other and run < ISLAND and mate[i + step] == mate[i] + step:
            i += step
            run += 1
        if run >= ISLAND or i == other:
            continue
        after = i + step
        while after != other and mate[after] < 0:
            after += step
        if mate[after] < 0:
            continue
        crossed = False
        for x in range(min(i, after) + 1, max(i, after) + 1):
            crossed = crossed or flags_a[x] & STARTS_LINE != 0
        for y in range(min(mate[i], mate[after]) + 1, max(mate[i], mate[after]) + 1):
            crossed = crossed or flags_b[y] & STARTS_LINE != 0
        if crossed:
            if side == 0:
                first = after
            else:
                last = after
    return first, last
