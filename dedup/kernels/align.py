"""Seeds to chains, chains to alignments: which tokens of two documents match.

Everything is linear in the tokens of a passage: seeds anchor it, small boxes between anchors and
beyond its ends are aligned in full. A path of matched tokens scores ``MATCH`` and the weight of the
token per match, minus ``MISMATCH`` per replaced token and ``GAP`` per token that one side lacks.
"""

from __future__ import annotations

import numpy as np

from dedup.kernels._jit import njit
from dedup.kernels.text import STARTS_LINE

MATCH, MISMATCH, GAP = np.float32(0.4), np.float32(0.5), np.float32(0.35)
BOX = 24  # tokens a side that are aligned at once
# Not literals: for those Numba would compile every function that takes them once more.
FORWARD, BACKWARD = np.int64(1), np.int64(-1)
INSIDE, OUTSIDE = np.int64(0), np.int64(1)  # whether the end of a path is given or free
REACH = 12  # tokens between two seeds of a chain, at most, on both sides
DRIFT = 8  # change of diagonal between them, at most
GAIN = np.float32(0.6)  # what an alignment must gain to be extended over another box


@njit
def sorted_order(keys):
    """Return the places that sort small non-negative keys, ties in order of place."""
    count = len(keys)
    packed = np.empty(count, np.int64)
    for k in range(count):
        packed[k] = keys[k] * count + k
    packed.sort()
    for k in range(count):
        packed[k] %= count
    return packed


@njit
def chain_matches(i, j, size, reach, best, back, last):
    """Link matches (sorted by ``i``, then ``j``) to chains.

    ``best`` gets the tokens that the best chain up to each match covers, ``back`` the match before
    it (-1: none), ``last`` whether no chain goes on from it.
    """
    far = reach + size
    for k in range(len(i)):
        best[k] = size
        back[k] = -1
        last[k] = True
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
            last[back[k]] = False


@njit
def find_chains(i, j, size):
    """Cut the matches of a pair into chains; return (chains, members, bounds), the best first.

    A chain is at least two matches; one that runs into a better chain ends there.
    """
    count = len(i)
    best = np.empty(count, np.int64)
    back = np.empty(count, np.int64)
    heads = np.empty(count, np.int64)
    keys = np.empty(count, np.int64)
    members = np.empty(count, np.int64)
    bounds = np.empty(count + 1, np.int64)
    last = np.empty(count, np.bool_)
    chain_matches(i, j, size, REACH, best, back, last)
    ends = 0
    for k in range(count):
        if last[k] and back[k] >= 0:
            heads[ends] = k
            keys[ends] = count * size - best[k]
            ends += 1
    taken = last
    for k in range(count):
        taken[k] = False
    bounds[0] = 0
    chains = 0
    for which in sorted_order(keys[:ends]):
        head = heads[which]
        at = bounds[chains]
        k = head
        while k >= 0 and not taken[k]:
            members[at] = k
            taken[k] = True
            at += 1
            k = back[k]
        if at - bounds[chains] < 2:
            continue
        x = bounds[chains]
        y = at - 1
        while x < y:
            k = members[x]
            members[x] = members[y]
            members[y] = k
            x += 1
            y -= 1
        chains += 1
        bounds[chains] = at
    return chains, members, bounds


@njit
def align_box(
    a,
    wa,
    b,
    wb,
    i,
    j,
    n,
    m,
    step,
    free,
    score,
    move,
    mate,
):
    """Align ``n`` tokens from ``a[i]`` with ``m`` from ``b[j]``, walking by ``step`` (1 or -1).

    Enters the matches in ``mate``. With ``free`` the path may end anywhere: it ends where its score
    is best, and nothing is entered where that gains less than ``GAIN``. Returns (tokens of ``a``,
    tokens of ``b``, score) of the path.
    """
    score[0, 0] = np.float32(0.0)
    for y in range(1, m + 1):
        score[0, y] = score[0, y - 1] - GAP
        move[0, y] = 2
    top = np.float32(0.0)
    end_x = 0
    end_y = 0
    for x in range(1, n + 1):
        score[x, 0] = score[x - 1, 0] - GAP
        move[x, 0] = 1
        word = a[i + step * (x - 1)]
        weight = wa[i + step * (x - 1)]
        for y in range(1, m + 1):
            other = j + step * (y - 1)
            w = min(weight, wb[other])
            same = b[other] == word and w > np.float32(0.0)
            value = score[x - 1, y - 1] + (MATCH + w if same else -MISMATCH)
            kind = 3 if same else 0
            if score[x - 1, y] - GAP > value:
                value = score[x - 1, y] - GAP
                kind = 1
            if score[x, y - 1] - GAP > value:
                value = score[x, y - 1] - GAP
                kind = 2
            score[x, y] = value
            move[x, y] = kind
            if same and kind == 3 and value > top:
                top = value
                end_x = x
                end_y = y
    if free != 0:
        if top < GAIN:
            return 0, 0, np.float32(0.0)
    else:
        end_x = n
        end_y = m
        top = score[n, m]
    x = end_x
    y = end_y
    while x > 0 or y > 0:
        kind = move[x, y]
        if kind == 1:
            x -= 1
        elif kind == 2:
            y -= 1
        else:
            if kind == 3:
                mate[i + step * (x - 1)] = j + step * (y - 1)
            x -= 1
            y -= 1
    return end_x, end_y, top


@njit
def extend(a, wa, b, wb, i, j, step, score, move, mate):
    """Extend a path beyond its end ``(i, j)`` box by box; return the new end."""
    while True:
        n = min(BOX, len(a) - 1 - i) if step > 0 else min(BOX, i)
        m = min(BOX, len(b) - 1 - j) if step > 0 else min(BOX, j)
        if n <= 0 or m <= 0:
            return i, j
        # Word for word goes without a box.
        run = 0
        while (
            run < min(n, m)
            and a[i + step * (run + 1)] == b[j + step * (run + 1)]
            and min(wa[i + step * (run + 1)], wb[j + step * (run + 1)]) > np.float32(0.0)
        ):
            run += 1
            mate[i + step * run] = j + step * run
        if run == 0:
            x, y, _ = align_box(
                a, wa, b, wb, i + step, j + step, n, m, step, OUTSIDE, score, move, mate
            )
            if x == 0:
                return i, j
            i += step * x
            j += step * y
        else:
            i += step * run
            j += step * run


@njit
def align_chain(
    seeds_i,
    seeds_j,
    chain,
    size,
    a,
    wa,
    b,
    wb,
    score,
    move,
    mate,
):
    """Align two documents along a chain of seeds; return (first, last) token of ``a`` matched.

    ``mate[i]`` gets the token of ``b`` matched to token ``i`` of ``a`` between them.
    """
    start_i = seeds_i[chain[0]]
    start_j = seeds_j[chain[0]]
    i = start_i - 1
    j = start_j - 1
    for k in chain:
        n = seeds_i[k] - i - 1
        m = seeds_j[k] - j - 1
        if n > 0 and m > 0:
            align_box(a, wa, b, wb, i + 1, j + 1, n, m, FORWARD, INSIDE, score, move, mate)
        for t in range(size):
            if seeds_i[k] + t > i and seeds_j[k] + t > j:
                i = seeds_i[k] + t
                j = seeds_j[k] + t
                mate[i] = j
    end, _ = extend(a, wa, b, wb, i, j, FORWARD, score, move, mate)
    begin, _ = extend(a, wa, b, wb, start_i, start_j, BACKWARD, score, move, mate)
    return begin, end


@njit
def best_stretch(lo, hi, wa, wb, mate):
    """Return (first, last, score) of the part of a path that scores best."""
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


@njit
def clip_islands(first, last, flags_a, flags_b, mate):
    """Drop matches at either end that stand alone across a block boundary; return (first, last)."""
    for side in range(2):
        step = 1 if side == 0 else -1
        edge = first if side == 0 else last
        other = last if side == 0 else first
        run = 1
        i = edge
        while i != other and run < 3 and mate[i + step] == mate[i] + step:
            i += step
            run += 1
        if run >= 3 or i == other:
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
