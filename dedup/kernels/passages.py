"""Shared passages of two documents: seeds to chains, chains to alignments, alignments to passages.

Everything here is linear in the tokens of a passage: seeds anchor it, small boxes between anchors
and beyond its ends are aligned in full. A path of matched tokens scores ``MATCH`` and the token's
weight per match, ``MISMATCH`` per replaced token and ``GAP`` per token that one side lacks.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from dedup.kernels._jit import njit
from dedup.kernels.text import QUOTED, STARTS_BLOCK, UNSPACED
from dedup.kernels.words import BLANK, CONTENT, NAME

MATCH, MISMATCH, GAP = np.float32(0.4), np.float32(0.5), np.float32(0.35)
BOX = 24  # tokens a side that are aligned at once
REACH = 12  # tokens between two seeds of a chain, at most, on both sides
DRIFT = 8  # change of diagonal between them, at most
TELLING = np.float32(0.3)  # weight from which a word says something by itself
PARAGRAPH, PARAGRAPH_DENSITY = 40, 0.7  # matched tokens, density: in another order it stays alone
CLOSE_DENSITY = 0.85  # a passage copied so closely ends where the alignment ends
SHUFFLE_GAP, SHUFFLE_LIKE = 60, 0.5  # between sentences in another order; Dice of the whole
ENOUGH = 3  # couples of words, or two runs, from which two documents are compared
LOOSE_REACH = 45  # tokens between seeds in any order that lie close together, on both sides
LOOSE_SEEDS = 3  # of them that make a piece
LOOSE_LIKE, LOOSE_SURE, LOOSE_WORDS = 0.4, 0.5, 12  # Dice to look on and to accept, with how many
ROUNDS = 16  # of joining and growing
SMALL_GAP = 4  # tokens between two passages that are one
WIDE_GAP = 250  # tokens between two passages that can still be one
SLACK = 6  # tokens by which two passages that are one may overlap
JOINT_WEIGHT, JOINT_CONTENT, JOINT_DENSITY = 12.0, 8.0, 0.33  # for pieces that hold only together
LEAST_WINDOW = 20  # tokens a passage must have to grow
WINDOW = 40  # tokens a side that are compared as bags beyond the end of a passage
GAIN = np.float32(0.6)  # what an alignment must gain to be extended over another box

WEAK, MEDIUM, STRONG = 1, 2, 3
# Columns of a row of passages; positions are tokens of the own document, half open.
A, B, START_A, END_A, START_B, END_B, TOKENS, LEVEL, IS_QUOTE = range(9)
COLUMNS = 9


@njit
def chain_matches(i: Any, j: Any, size: Any, reach: Any, best: Any, back: Any, last: Any):
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
def align_box(
    a: Any, wa: Any, b: Any, wb: Any, i: Any, j: Any, n: Any, m: Any, step: Any, free: Any,
    score: Any, move: Any, mate: Any,
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
    if free:
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
def extend(a: Any, wa: Any, b: Any, wb: Any, i: Any, j: Any, step: Any, score: Any, move: Any, mate: Any):
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
                a, wa, b, wb, i + step, j + step, n, m, step, True, score, move, mate
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
    chain_i: Any, chain_j: Any, size: Any, a: Any, wa: Any, b: Any, wb: Any,
    score: Any, move: Any, mate: Any,
):
    """Align two documents along a chain of seeds; return (first, last) token of ``a`` matched.

    ``mate[i]`` gets the token of ``b`` matched to token ``i`` of ``a`` between them.
    """
    i = chain_i[0] - 1
    j = chain_j[0] - 1
    for k in range(len(chain_i)):
        n = chain_i[k] - i - 1
        m = chain_j[k] - j - 1
        if n > 0 and m > 0:
            align_box(a, wa, b, wb, i + 1, j + 1, n, m, 1, False, score, move, mate)
        for t in range(size):
            if chain_i[k] + t > i and chain_j[k] + t > j:
                i = chain_i[k] + t
                j = chain_j[k] + t
                mate[i] = j
    end, _ = extend(a, wa, b, wb, i, j, 1, score, move, mate)
    begin, _ = extend(a, wa, b, wb, chain_i[0], chain_j[0], -1, score, move, mate)
    return begin, end


@njit
def best_stretch(lo: Any, hi: Any, wa: Any, wb: Any, mate: Any):
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
def clip_islands(first: Any, last: Any, flags_a: Any, flags_b: Any, mate: Any):
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
            crossed = crossed or flags_a[x] & STARTS_BLOCK != 0
        for y in range(min(mate[i], mate[after]) + 1, max(mate[i], mate[after]) + 1):
            crossed = crossed or flags_b[y] & STARTS_BLOCK != 0
        if crossed:
            if side == 0:
                first = after
            else:
                last = after
    return first, last


@njit
def distinct_content(first: Any, last: Any, a: Any, classes: Any, flags: Any, mate: Any):
    """Count the distinct content words matched; a character of an unspaced script counts half."""
    count = 0
    for i in range(first, last + 1):
        if mate[i] >= 0 and classes[i] == CONTENT:
            count += 1
    found = np.empty(count, np.uint64)
    count = 0
    spaced = 0
    for i in range(first, last + 1):
        if mate[i] >= 0 and classes[i] == CONTENT:
            found[count] = a[i]
            count += 1
            if flags[i] & UNSPACED == 0:
                spaced += 1
    found.sort()
    distinct = 0
    for k in range(count):
        if k == 0 or found[k] != found[k - 1]:
            distinct += 1
    if 2 * spaced < count:
        return 0.5 * distinct
    return 1.0 * distinct


@njit
def judge(
    first: Any, last: Any, least: Any, a: Any, wa: Any, classes_a: Any, flags_a: Any,
    wb: Any, flags_b: Any, mate: Any,
):
    """Return (level, tokens, weight, density, quote) of an aligned stretch; level 0 is no passage.

    Weight is the sum of the weights of the matched tokens, density their share of the longer side.
    """
    tokens = 0
    size = 0.0
    unnamed = 0.0
    weight = 0.0
    quoted_a = 0
    quoted_b = 0
    for i in range(first, last + 1):
        if mate[i] < 0:
            continue
        one = 0.5 if flags_a[i] & UNSPACED != 0 else 1.0
        tokens += 1
        size += one
        weight += min(wa[i], wb[mate[i]])
        if classes_a[i] != NAME:
            unnamed += one
        quoted_a += 1 if flags_a[i] & QUOTED != 0 else 0
        quoted_b += 1 if flags_b[mate[i]] & QUOTED != 0 else 0
    longer = max(last - first + 1, mate[last] - mate[first] + 1)
    density = tokens / longer
    quote = 2 * max(quoted_a, quoted_b) >= tokens
    if size < least:
        return 0, tokens, weight, density, quote
    content = distinct_content(first, last, a, classes_a, flags_a, mate)
    level = 0
    if content >= 4.0:
        if weight >= 8.0 and density >= 0.5:
            level = STRONG
        elif weight >= 6.0 and density >= 0.6:
            level = MEDIUM
        elif weight >= 5.0 and density >= 0.7:
            level = WEAK
    if level < MEDIUM and density >= 0.95 and unnamed >= 6.0 and content >= 2.0:
        level = MEDIUM
    return level, tokens, weight, density, quote


@njit
def bag_matches(
    a: Any, wa: Any, lo_a: Any, hi_a: Any, b: Any, wb: Any, lo_b: Any, hi_b: Any,
    mate: Any, taken: Any, stamp: Any,
):
    """Match telling words of two stretches in any order; return how many.

    ``mate`` gets the matches; ``taken`` holds ``stamp`` for tokens of ``b`` that are in use.
    """
    count = 0
    for i in range(lo_a, hi_a):
        if wa[i] < TELLING or mate[i] >= 0:
            continue
        for j in range(lo_b, hi_b):
            if b[j] == a[i] and wb[j] >= TELLING and taken[j] != stamp:
                mate[i] = j
                taken[j] = stamp
                count += 1
                break
    return count


@njit
def telling_words(w: Any, lo: Any, hi: Any):
    """Count the tokens of a stretch that are neither stop words nor parts of long names."""
    count = 0
    for i in range(lo, hi):
        if w[i] >= TELLING:
            count += 1
    return count


@njit
def likeness(
    a: Any, wa: Any, lo_a: Any, hi_a: Any, b: Any, wb: Any, lo_b: Any, hi_b: Any, used: Any
):
    """Return (telling words in common, Dice coefficient of the telling words) of two stretches."""
    common = 0
    used[: hi_b - lo_b] = False
    for i in range(lo_a, hi_a):
        if wa[i] < TELLING:
            continue
        for j in range(lo_b, hi_b):
            if not used[j - lo_b] and b[j] == a[i] and wb[j] >= TELLING:
                used[j - lo_b] = True
                common += 1
                break
    total = telling_words(wa, lo_a, hi_a) + telling_words(wb, lo_b, hi_b)
    return common, (2.0 * common / total if total > 0 else 0.0)


@njit
def grow(
    a: Any, wa: Any, b: Any, wb: Any, i: Any, j: Any, step: Any, limit_a: Any, limit_b: Any,
    window: Any, least_like: Any, used: Any,
):
    """Move one end of a passage outward over re-worded text; return the new end (both inclusive).

    The next ``window`` tokens of both sides are compared as bags of telling words; the longest
    beginning of the windows that is alike enough joins the passage.
    """
    while True:
        n = min(window, abs(limit_a - i))
        m = min(window, abs(limit_b - j))
        if n < 3 or m < 3:
            return i, j
        used[: WINDOW + 1] = False
        found = 0
        words = 0
        far_a = 0
        far_b = 0
        best_a = 0
        best_b = 0
        done_b = 0
        for x in range(1, n + 1):
            at = i + step * x
            # Walk both sides at the same pace.
            until = (x * m + n - 1) // n
            for y in range(done_b + 1, until + 1):
                if wb[j + step * y] >= TELLING:
                    words += 1
                    # A token of b may belong to one of a already passed.
                    for z in range(1, x):
                        if (
                            wa[i + step * z] >= TELLING
                            and a[i + step * z] == b[j + step * y]
                            and not used[WINDOW + z]
                        ):
                            used[WINDOW + z] = True
                            used[y] = True
                            found += 1
                            far_a = max(far_a, z)
                            far_b = y
                            break
            done_b = until
            used[WINDOW + x] = False
            if wa[at] >= TELLING:
                words += 1
                for y in range(1, until + 1):
                    if not used[y] and wb[j + step * y] >= TELLING and b[j + step * y] == a[at]:
                        used[y] = True
                        used[WINDOW + x] = True
                        found += 1
                        far_a = x
                        far_b = max(far_b, y)
                        break
            if found >= 3 and 2.0 * found >= least_like * words:
                best_a = far_a
                best_b = far_b
        if best_a == 0 or best_b == 0:
            return i, j
        i += step * best_a
        j += step * best_b


@njit
def find_chains(i: Any, j: Any, size: Any):
    """Cut the matches of a pair into chains; return (chains, members, bounds), the best first.

    A chain is at least two matches; one that runs into a better chain ends there.
    """
    best, back, order = np.empty(len(i), np.int64), np.empty(len(i), np.int64), np.empty(len(i), np.int64)
    last, taken = np.empty(len(i), np.bool_), np.empty(len(i), np.bool_)
    chain_matches(i, j, size, REACH, best, back, last)
    ends = 0
    for k in range(len(i)):
        taken[k] = False
        if last[k] and back[k] >= 0:
            order[ends] = k
            ends += 1
    heads = order[:ends]
    by_size = heads[np.argsort(-best[heads], kind="mergesort")]
    members = np.empty(len(i), np.int64)
    bounds = np.empty(ends + 1, np.int64)
    bounds[0] = 0
    chains = 0
    for head in by_size:
        at = bounds[chains]
        k = head
        while k >= 0 and not taken[k]:
            members[at] = k
            taken[k] = True
            at += 1
            k = back[k]
        if at - bounds[chains] < 2:
            continue
        members[bounds[chains] : at] = members[bounds[chains] : at][::-1].copy()
        chains += 1
        bounds[chains] = at
    return chains, members, bounds


@njit
def find_pieces(
    i: Any, j: Any, size: Any, least: Any, a: Any, wa: Any, classes_a: Any, flags_a: Any, b: Any,
    wb: Any, flags_b: Any, score: Any, move: Any, mate: Any, used_a: Any, used_b: Any,
    stamp: Any, pieces: Any, path_a: Any, path_b: Any,
):
    """Align every chain of a pair; return how many pieces were found, and matched tokens.

    A row of ``pieces`` is (first a, last a, first b, last b, level, tokens, weight in thousandths,
    quote, path start, path end); ``path_a`` and ``path_b`` hold the matched tokens.
    """
    chains, members, bounds = find_chains(i, j, size)
    made = 0
    written = 0
    for c in range(chains):
        chain = members[bounds[c] : bounds[c + 1]]
        old = 0
        for k in chain:
            if used_a[i[k]] == stamp or used_b[j[k]] == stamp:
                old += 1
        if 2 * old >= len(chain):
            continue
        begin, end = align_chain(i[chain], j[chain], size, a, wa, b, wb, score, move, mate)
        first, last, _ = best_stretch(begin, end, wa, wb, mate)
        if last > first:
            first, last = clip_islands(first, last, flags_a, flags_b, mate)
        level = 0
        if last > first:
            level, tokens, weight, _, quote = judge(
                first, last, least, a, wa, classes_a, flags_a, wb, flags_b, mate
            )
            pieces[made, 0] = first
            pieces[made, 1] = last
            pieces[made, 2] = mate[first]
            pieces[made, 3] = mate[last]
            pieces[made, 4] = level
            pieces[made, 5] = tokens
            pieces[made, 6] = np.int64(1000.0 * weight)
            pieces[made, 7] = 1 if quote else 0
            pieces[made, 8] = written
            for x in range(first, last + 1):
                if mate[x] >= 0:
                    if used_a[x] == stamp or used_b[mate[x]] == stamp:
                        continue  # a token belongs to one passage of a pair
                    path_a[written] = x
                    path_b[written] = mate[x]
                    used_a[x] = stamp
                    used_b[mate[x]] = stamp
                    written += 1
            pieces[made, 9] = written
            if written > pieces[made, 8]:
                made += 1
        mate[begin : end + 1] = -1
    return made, written


@njit
def is_close(p: Any, density: Any):
    """Tell whether the aligned tokens of a passage are at least that share of its longer side."""
    return p[5] >= density * (max(p[1] - p[0], p[3] - p[2]) + 1)


@njit
def is_shuffled(p: Any, q: Any, a: Any, wa: Any, b: Any, wb: Any, used: Any):
    """Tell whether two passages in another order are sentences of one re-worded passage.

    Paragraphs that changed places are not: they stay passages of their own.
    """
    if (
        min(p[5], q[5]) >= PARAGRAPH
        and is_close(p, PARAGRAPH_DENSITY)
        and is_close(q, PARAGRAPH_DENSITY)
    ):
        return False
    apart_a = max(p[0], q[0]) - min(p[1], q[1]) - 1
    apart_b = max(p[2], q[2]) - min(p[3], q[3]) - 1
    if max(apart_a, apart_b) > SHUFFLE_GAP:
        return False
    lo_a = min(p[0], q[0])
    hi_a = max(p[1], q[1]) + 1
    lo_b = min(p[2], q[2])
    hi_b = max(p[3], q[3]) + 1
    if max(hi_a - lo_a, hi_b - lo_b) > len(used):
        return False
    _, like = likeness(a, wa, lo_a, hi_a, b, wb, lo_b, hi_b, used)
    return like >= SHUFFLE_LIKE


@njit
def continues(
    p: Any, q: Any, a: Any, wa: Any, b: Any, wb: Any, least_like: Any, used: Any, used_a: Any,
    used_b: Any, stamp: Any,
):
    """Tell whether passage ``q`` continues ``p``: same order, and the gaps are small or alike.

    What belongs to other passages (``stamp``) must not fill the gap of either side.
    """
    gap_a = q[0] - p[1] - 1
    gap_b = q[2] - p[3] - 1
    back_a = p[0] - q[1] - 1
    back_b = p[2] - q[3] - 1
    if max(gap_a, back_a) < 0 and max(gap_b, back_b) < 0:
        return True  # they overlap on both sides
    if gap_a < -SLACK or gap_b < -SLACK:
        return is_shuffled(p, q, a, wa, b, wb, used)
    gap = max(gap_a, gap_b)
    if gap <= SMALL_GAP:
        return True
    if gap > WIDE_GAP:
        return False
    others = 0
    for x in range(p[1] + 1, q[0]):
        others += 1 if used_a[x] == stamp else 0
    for y in range(p[3] + 1, q[2]):
        others += 1 if used_b[y] == stamp else 0
    if 5 * others > gap:
        return False
    extent = min(p[1] - p[0], p[3] - p[2], q[1] - q[0], q[3] - q[2]) + 1
    if 2 * gap <= extent or (gap <= extent and min(gap_a, gap_b) <= SMALL_GAP):
        return True
    lo_a = p[1] + 1
    hi_a = max(q[0], lo_a)
    lo_b = p[3] + 1
    hi_b = max(q[2], lo_b)
    common, like = likeness(a, wa, lo_a, hi_a, b, wb, lo_b, hi_b, used)
    return common >= 3 and like >= least_like


@njit
def join_pieces(
    count: Any, pieces: Any, a: Any, wa: Any, b: Any, wb: Any, least_like: Any, used: Any,
    used_a: Any, used_b: Any, stamp: Any, owner: Any,
):
    """Join regions (in order of ``a``) that continue each other; ``owner`` names their first piece.

    The first piece of a region takes its extent, the sum of its tokens and its best level.
    """
    joined = False
    for k in range(count):
        if owner[k] != k:
            continue
        best = -1
        nearest = 1 << 60
        tried = 0
        r = k - 1
        while r >= 0 and tried < 16:
            if owner[r] == r:
                tried += 1
                if continues(
                    pieces[r], pieces[k], a, wa, b, wb, least_like, used, used_a, used_b, stamp
                ):
                    gap = abs(pieces[k, 0] - pieces[r, 1]) + abs(pieces[k, 2] - pieces[r, 3])
                    if gap < nearest:
                        nearest = gap
                        best = r
            r -= 1
        if best < 0:
            continue
        joined = True
        pieces[best, 2] = min(pieces[best, 2], pieces[k, 2])
        for p in range(k, count):
            if owner[p] == k:
                owner[p] = best
        pieces[best, 1] = max(pieces[best, 1], pieces[k, 1])
        pieces[best, 3] = max(pieces[best, 3], pieces[k, 3])
        pieces[best, 4] = max(pieces[best, 4], pieces[k, 4])
        pieces[best, 5] += pieces[k, 5]
        pieces[best, 6] += pieces[k, 6]
        pieces[best, 7] = min(pieces[best, 7], pieces[k, 7])
    return joined


@njit
def grow_regions(
    count: Any, pieces: Any, region: Any, a: Any, wa: Any, b: Any, wb: Any, least_like: Any,
    used: Any,
):
    """Grow every strong region at both ends as far as the next region allows; tell if any grew."""
    grown = False
    for k in range(count):
        if region[k] != k or pieces[k, 4] < MEDIUM or is_close(pieces[k], CLOSE_DENSITY):
            continue
        low_a = 0
        low_b = 0
        high_a = len(a) - 1
        high_b = len(b) - 1
        for r in range(count):
            if r == k or region[r] != r or pieces[r, 4] == 0:
                continue
            if pieces[r, 1] < pieces[k, 0]:
                low_a = max(low_a, pieces[r, 1] + 1)
            if pieces[r, 0] > pieces[k, 1]:
                high_a = min(high_a, pieces[r, 0] - 1)
            if pieces[r, 3] < pieces[k, 2]:
                low_b = max(low_b, pieces[r, 3] + 1)
            if pieces[r, 2] > pieces[k, 3]:
                high_b = min(high_b, pieces[r, 2] - 1)
        # A short quote must not swallow its surroundings.
        extent = min(pieces[k, 1] - pieces[k, 0], pieces[k, 3] - pieces[k, 2]) + 1
        window = min(WINDOW, extent) if extent >= LEAST_WINDOW else 0
        i, j = grow(a, wa, b, wb, pieces[k, 1], pieces[k, 3], 1, high_a, high_b, window, least_like, used)
        grown = grown or i != pieces[k, 1]
        pieces[k, 1] = i
        pieces[k, 3] = j
        i, j = grow(a, wa, b, wb, pieces[k, 0], pieces[k, 2], -1, low_a, low_b, window, least_like, used)
        grown = grown or i != pieces[k, 0]
        pieces[k, 0] = i
        pieces[k, 2] = j
    return grown


@njit
def fill_region(
    k: Any, count: Any, pieces: Any, owner: Any, path_a: Any, path_b: Any, a: Any, wa: Any, b: Any,
    wb: Any, mate: Any, taken: Any, stamp: Any,
):
    """Enter the matches of region ``k`` into ``mate``, those in any order in its gaps as well."""
    in_order = True
    before = -1
    for p in range(count):
        if owner[p] == k:
            for x in range(pieces[p, 8], pieces[p, 9]):
                mate[path_a[x]] = path_b[x]
                taken[path_b[x]] = stamp
                in_order = in_order and path_b[x] > before
                before = max(before, path_b[x])
    if not in_order:
        _fill_gap(
            a, wa, pieces[k, 0], pieces[k, 1] + 1, b, wb, pieces[k, 2], pieces[k, 3] + 1, mate, taken, stamp
        )
        return
    done_a = pieces[k, 0] - 1
    done_b = pieces[k, 2] - 1
    for p in range(count):
        if owner[p] != k:
            continue
        for x in range(pieces[p, 8], pieces[p, 9]):
            i = path_a[x]
            j = path_b[x]
            _fill_gap(a, wa, done_a + 1, i, b, wb, done_b + 1, j, mate, taken, stamp)
            done_a = i
            done_b = j
    _fill_gap(
        a, wa, done_a + 1, pieces[k, 1] + 1, b, wb, done_b + 1, pieces[k, 3] + 1, mate, taken, stamp
    )


@njit
def _fill_gap(
    a: Any, wa: Any, lo_a: Any, hi_a: Any, b: Any, wb: Any, lo_b: Any, hi_b: Any, mate: Any,
    taken: Any, stamp: Any,
):
    """Match what stands between two matches, in pieces that bound the work."""
    n = hi_a - lo_a
    m = hi_b - lo_b
    if n <= 0 or m <= 0:
        return
    parts = (max(n, m) + 4 * WIDE_GAP - 1) // (4 * WIDE_GAP)
    for part in range(parts):
        bag_matches(
            a, wa, lo_a + n * part // parts, lo_a + n * (part + 1) // parts,
            b, wb, lo_b + m * part // parts, lo_b + m * (part + 1) // parts,
            mate, taken, stamp,
        )


@njit
def judge_region(
    row: Any, joined: Any, least: Any, a: Any, wa: Any, classes_a: Any, flags_a: Any, wb: Any,
    flags_b: Any, mate: Any,
):
    """Return (level, tokens, weight, density, quote) of a region whose matches are in ``mate``."""
    tokens = 0
    size = 0.0
    weight = 0.0
    quoted_a = 0
    quoted_b = 0
    for i in range(row[0], row[1] + 1):
        if mate[i] < 0:
            continue
        tokens += 1
        size += 0.5 if flags_a[i] & UNSPACED != 0 else 1.0
        weight += min(wa[i], wb[mate[i]])
        quoted_a += 1 if flags_a[i] & QUOTED != 0 else 0
        quoted_b += 1 if flags_b[mate[i]] & QUOTED != 0 else 0
    density = tokens / max(row[1] - row[0] + 1, row[3] - row[2] + 1)
    quote = 2 * max(quoted_a, quoted_b) >= tokens
    level = row[4]
    if size < least:
        return 0, tokens, weight, density, quote
    if 0 < level < STRONG and weight >= 8.0 and density >= 0.5:
        level = STRONG
    if level == 0 and joined and weight >= JOINT_WEIGHT and density >= JOINT_DENSITY:
        if distinct_content(row[0], row[1], a, classes_a, flags_a, mate) >= JOINT_CONTENT:
            level = STRONG
    return level, tokens, weight, density, quote


@njit
def find_loose(
    i: Any, j: Any, count: Any, a: Any, wa: Any, classes_a: Any, b: Any, wb: Any, used_a: Any,
    used_b: Any, stamp: Any, used: Any, pieces: Any, made: Any, written: Any,
):
    """Add pieces where many seeds lie close together in any order; return how many there are now.

    ``i`` and ``j`` are sorted by ``i``. A piece is accepted when the telling words of both sides
    are alike, and keeps its level open when they are only rather alike.
    """
    parent = np.empty(count, np.int64)
    for k in range(count):
        parent[k] = k
        if used_a[i[k]] == stamp or used_b[j[k]] == stamp:
            parent[k] = -1
            continue
        p = k - 1
        while p >= 0 and i[k] - i[p] <= LOOSE_REACH:
            if parent[p] >= 0 and abs(j[k] - j[p]) <= LOOSE_REACH:
                x = p
                while parent[x] != x:
                    x = parent[x]
                y = k
                while parent[y] != y:
                    y = parent[y]
                parent[max(x, y)] = min(x, y)
            p -= 1
    sizes = np.zeros(count, np.int64)
    box = np.empty((count, 4), np.int64)
    for k in range(count):
        if parent[k] < 0:
            continue
        x = k
        while parent[x] != x:
            x = parent[x]
        if sizes[x] == 0:
            box[x, 0] = i[k]
            box[x, 1] = i[k]
            box[x, 2] = j[k]
            box[x, 3] = j[k]
        sizes[x] += 1
        box[x, 0] = min(box[x, 0], i[k])
        box[x, 1] = max(box[x, 1], i[k])
        box[x, 2] = min(box[x, 2], j[k])
        box[x, 3] = max(box[x, 3], j[k])
    for k in range(count):
        if parent[k] != k or sizes[k] < LOOSE_SEEDS:
            continue
        if max(box[k, 1] - box[k, 0], box[k, 3] - box[k, 2]) >= len(used) - 4:
            continue
        hi_a = min(box[k, 1] + 3, len(a))
        hi_b = min(box[k, 3] + 3, len(b))
        common, like = likeness(a, wa, box[k, 0], hi_a, b, wb, box[k, 2], hi_b, used)
        if common < LOOSE_SEEDS or like < LOOSE_LIKE:
            continue
        pieces[made, 0] = box[k, 0]
        pieces[made, 1] = hi_a - 1
        pieces[made, 2] = box[k, 2]
        pieces[made, 3] = hi_b - 1
        pieces[made, 4] = MEDIUM if common >= LOOSE_WORDS and like >= LOOSE_SURE else 0
        pieces[made, 5] = common
        pieces[made, 6] = 1000 * common
        pieces[made, 7] = 0
        pieces[made, 8] = written
        pieces[made, 9] = written
        made += 1
    return made


@njit
def pair_passages(
    i: Any, j: Any, k_i: Any, k_j: Any, size: Any, least: Any, least_like: Any, with_weak: Any,
    a: Any, wa: Any, classes_a: Any, flags_a: Any, b: Any, wb: Any, flags_b: Any,
    score: Any, move: Any, mate: Any, used_a: Any, used_b: Any, stamp: Any,
    pieces: Any, path_a: Any, path_b: Any, used: Any, out: Any, numbers: Any,
):
    """Find the passages of two documents from the matches of their seeds, sorted.

    ``(i, j)`` are matches of runs of ``size`` words, ``(k_i, k_j)`` of couples of telling words.
    Writes rows of ``out`` (without ``A`` and ``B``) and of ``numbers`` (weight, density); returns
    (rows, matched tokens). ``stamp`` and the two after it are new to ``used_a`` and ``used_b``.
    """
    count, written = find_pieces(
        i, j, size, least, a, wa, classes_a, flags_a, b, wb, flags_b, score, move, mate,
        used_a, used_b, stamp, pieces, path_a, path_b,
    )
    points = np.empty((2, len(i) + len(k_i)), np.int64)
    merged = merged_points(i, j, k_i, k_j, points[0], points[1])
    count = find_loose(
        points[0], points[1], merged, a, wa, classes_a, b, wb, used_a, used_b, stamp, used, pieces,
        count, written,
    )
    if count == 0:
        return 0, 0
    owner = np.empty(count, np.int64)
    rows = pieces[:count]
    rows[:] = rows[np.argsort(rows[:, 0], kind="mergesort")]
    for k in range(count):
        owner[k] = k
    for _ in range(ROUNDS):
        joined = join_pieces(
            count, rows, a, wa, b, wb, least_like, used, used_a, used_b, stamp, owner
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
        joined = False
        for p in range(k + 1, count):
            joined = joined or owner[p] == k
        fill_region(
            k, count, rows, owner, path_a, path_b, a, wa, b, wb, mate, used_b, stamp + 1
        )
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
            out[kept] = out[r]
            numbers[kept] = numbers[r]
            kept += 1
    matched_a = 0
    for r in range(kept):
        matched_a += out[r, TOKENS]
    return kept, matched_a


@njit
def count_seeds(row: Any, index: Any, worth: Any, counts: Any, touched: Any, found: Any):
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
def collect_matches(row: Any, index: Any, others: Any, counts: Any, slots: Any, ends: Any):
    """Return the matches of ``row`` with the documents ``others`` that count enough, in order.

    Those with ``other`` end at ``ends[other]`` and begin where those of the one before end.
    """
    bounds, groups, places, group_bounds, group_rows, group_places = index
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
                first[slots[other]] = places[p]
                second[slots[other]] = group_places[q]
                slots[other] += 1
    return first, second


@njit
def enlarged(array: Any, rows: Any):
    """Return a copy of a table with room for at least ``rows`` more rows."""
    made = np.empty((2 * len(array) + rows, array.shape[1]), array.dtype)
    made[: len(array)] = array
    return made


@njit
def merged_points(i: Any, j: Any, k: Any, m: Any, out_i: Any, out_j: Any):
    """Merge two lists of matches that are sorted by their first token; return how many."""
    x = 0
    y = 0
    made = 0
    while x < len(i) or y < len(k):
        if y == len(k) or (x < len(i) and i[x] <= k[y]):
            out_i[made] = i[x]
            out_j[made] = j[x]
            x += 1
        else:
            out_i[made] = k[y]
            out_j[made] = m[y]
            y += 1
        made += 1
    return made


@njit
def find_passages(
    low: Any, high: Any, size: Any, least: Any, least_like: Any, with_weak: Any, words: Any,
    weights: Any, classes: Any, flags: Any, token_bounds: Any, runs: Any, couples: Any,
):
    """Find all passages of documents ``low:high`` with later ones.

    ``runs`` and ``couples`` are the two indexes of seeds (see ``count_seeds``). Returns passages
    (``COLUMNS``), their (weight, density), and pairs (a, b, tokens).
    """
    count = len(token_bounds) - 1
    longest = 1
    for row in range(count):
        longest = max(longest, token_bounds[row + 1] - token_bounds[row])
    counts = np.zeros(count, np.int64)
    touched = np.empty(count, np.int64)
    slots = np.zeros(count, np.int64)
    ends = np.zeros((2, count), np.int64)
    score = np.zeros((BOX + 1, BOX + 1), np.float32)
    move = np.zeros((BOX + 1, BOX + 1), np.int8)
    mate = np.full(longest, -1, np.int64)
    used_a = np.zeros(longest, np.int64)
    used_b = np.zeros(longest, np.int64)
    path_a = np.empty(longest, np.int64)
    path_b = np.empty(longest, np.int64)
    used = np.zeros(4 * WIDE_GAP, np.bool_)
    out = np.empty((64, COLUMNS), np.int64)
    numbers = np.empty((64, 2), np.float64)
    pairs = np.empty((64, 3), np.int64)
    made = 0
    pairs_made = 0
    stamp = 1
    for row in range(low, high):
        found = count_seeds(row, runs, 2, counts, touched, 0)
        found = count_seeds(row, couples, 1, counts, touched, found)
        others = np.sort(touched[:found])
        first, second = collect_matches(row, runs, others, counts, slots, ends[0])
        third, fourth = collect_matches(row, couples, others, counts, slots, ends[1])
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
                first[begin:end], second[begin:end], third[start:stop], fourth[start:stop],
                size, least, least_like, with_weak,
                words[a], weights[a], classes[a], flags[a], words[b], weights[b], flags[b],
                score, move, mate, used_a, used_b, stamp, np.empty((most, 10), np.int64),
                path_a, path_b, used, out[made:], numbers[made:],
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
    return out[:made].copy(), numbers[:made].copy(), pairs[:pairs_made].copy()
