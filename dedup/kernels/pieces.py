"""Chains of seeds to pieces: the aligned stretches of two documents, each with a level."""

from __future__ import annotations

import numpy as np

from dedup.kernels._jit import njit
from dedup.kernels.align import align_chain, best_stretch, clip_islands, find_chains
from dedup.kernels.regions import MEDIUM, likeness
from dedup.kernels.stopwords import CONTENT, NAME
from dedup.kernels.text import QUOTED, UNSPACED

WEAK, STRONG = 1, 3  # and MEDIUM between
LOOSE_REACH = 45  # tokens between seeds in any order that lie close together, on both sides
LOOSE_SEEDS = 3  # of them that make a piece
LOOSE_LIKE, LOOSE_SURE, LOOSE_WORDS = 0.4, 0.5, 12  # Dice to look on and to accept, with how many
JOINT_WEIGHT, JOINT_CONTENT, JOINT_DENSITY = 12.0, 8.0, 0.33  # for pieces that hold only together


@njit
def distinct_content(first, last, a, classes, flags, mate):
    """Count the distinct content words matched; a character of an unspaced script counts half."""
    count = 0
    for i in range(first, last + 1):
        if mate[i] >= 0 and classes[i] == CONTENT:
            count += 1
    found = np.empty(count, np.int64)
    count = 0
    spaced = 0
    for i in range(first, last + 1):
        if mate[i] >= 0 and classes[i] == CONTENT:
            found[count] = np.int64(a[i])
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
    first,
    last,
    least,
    a,
    wa,
    classes_a,
    flags_a,
    wb,
    flags_b,
    mate,
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
def judge_region(
    row,
    joined,
    least,
    a,
    wa,
    classes_a,
    flags_a,
    wb,
    flags_b,
    mate,
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
def find_pieces(
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
):
    """Align every chain of a pair; return how many pieces were found, and matched tokens.

    ``path_a`` and ``path_b`` hold the matched tokens of all of them.
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
        begin, end = align_chain(i, j, chain, size, a, wa, b, wb, score, move, mate)
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
def merged_points(i, j, k, m, out_i, out_j):
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
def find_loose(
    i,
    j,
    count,
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
    made,
    written,
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
