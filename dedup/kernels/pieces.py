"""Chains of seeds to pieces: the aligned stretches of two documents, each with a level."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from dedup.kernels._jit import njit, njit_uncounted
from dedup.kernels.align import (
    DRIFT,
    LEAST_CHAIN,
    REACH,
    align_chain,
    best_stretch,
    clip_islands,
    find_chains,
)
from dedup.kernels.regions import MEDIUM, likeness
from dedup.kernels.sides import (
    FIRST_A,
    FIRST_B,
    LAST_A,
    LAST_B,
    PATH_END,
    PATH_START,
    PIECE_LEVEL,
    PIECE_TOKENS,
    Stretch,
)
from dedup.kernels.stopwords import CONTENT, NAME
from dedup.kernels.text import QUOTED, UNSPACED

NONE, WEAK, STRONG = 0, 1, 3  # levels; MEDIUM is between
# An aligned stretch is a passage with so many distinct content words, and with the weight of its
# matched tokens and their share of the longer side that a level asks for.
LEAST_CONTENT = 4
STRONG_WEIGHT, STRONG_DENSITY = 8.0, 0.5
MEDIUM_WEIGHT, MEDIUM_DENSITY = 6.0, 0.6
WEAK_WEIGHT, WEAK_DENSITY = 5.0, 0.7
# Copied word for word fewer will do: density, words that are no names, distinct content words.
VERBATIM_DENSITY, VERBATIM_WORDS, VERBATIM_CONTENT = 0.95, 6, 2
UNSPACED_SIZE = 0.5  # what a character of a script without spaces counts, in words
QUOTED_SHARE = 0.5  # of the matched tokens of one side inside quotation marks: a quote
LOOSE_REACH = 45  # tokens between seeds in any order that lie close together, on both sides
LOOSE_SEEDS = 3  # of them that make a piece
LOOSE_SIZE = 3  # tokens that a seed takes, about
LOOSE_LIKE, LOOSE_SURE, LOOSE_WORDS = 0.4, 0.5, 12  # Dice to look on and to accept, with how many
JOINT_WEIGHT, JOINT_CONTENT, JOINT_DENSITY = 12.0, 8, 0.33  # for pieces that hold only together


class Measures(NamedTuple):
    """What the matched tokens of a stretch come to."""

    tokens: Any  # int64: how many they are
    size: Any  # float64: the same in words
    unnamed: Any  # float64: words that are no names
    weight: Any  # float64: the sum of their weights
    quote: Any  # bool: most of them are inside quotation marks


@njit
def distinct_content(first, last, a, mate):
    """Count the distinct content words matched (float64), characters of an unspaced script by half.

    The tokens are ``first`` to ``last`` (included) of ``a``, a ``Side``; ``mate`` (int64) is the
    token matched to each, or -1.
    """
    words, _, classes, flags = a
    count = 0
    for i in range(first, last + 1):
        if mate[i] >= 0 and classes[i] == CONTENT:
            count += 1
    found = np.empty(count, np.int64)
    count = 0
    spaced = 0
    for i in range(first, last + 1):
        if mate[i] >= 0 and classes[i] == CONTENT:
            found[count] = np.int64(words[i])
            count += 1
            if flags[i] & UNSPACED == 0:
                spaced += 1
    found.sort()
    distinct = 0
    for k in range(count):
        if k == 0 or found[k] != found[k - 1]:
            distinct += 1
    if 2 * spaced < count:  # most of them are characters
        return UNSPACED_SIZE * distinct
    return 1.0 * distinct


@njit_uncounted
def measure(first, last, a, b, mate):
    """Return the ``Measures`` of the tokens ``first`` to ``last`` (included) of ``a``.

    ``a`` and ``b`` are ``Side``; ``mate`` (int64) is the token of b matched to each, or -1.
    """
    _, weights_a, classes_a, flags_a = a
    _, weights_b, _, flags_b = b
    tokens = 0
    size = 0.0
    unnamed = 0.0
    weight = np.float64(0.0)  # whose sums, compiled or not, are of this type
    quoted_a = 0
    quoted_b = 0
    for i in range(first, last + 1):
        if mate[i] < 0:
            continue
        one = UNSPACED_SIZE if flags_a[i] & UNSPACED != 0 else 1.0
        tokens += 1
        size += one
        weight += min(weights_a[i], weights_b[mate[i]])
        if classes_a[i] != NAME:
            unnamed += one
        quoted_a += 1 if flags_a[i] & QUOTED != 0 else 0
        quoted_b += 1 if flags_b[mate[i]] & QUOTED != 0 else 0
    quote = max(quoted_a, quoted_b) >= QUOTED_SHARE * tokens
    return Measures(tokens, size, unnamed, weight, quote)


@njit
def judge(first, last, least, a, b, mate):
    """Return (level, matched tokens) of an aligned stretch; ``NONE`` is no passage.

    The stretch are the tokens ``first`` to ``last`` (included, both matched) of ``a``; it needs
    matches of ``least`` words. ``a`` and ``b`` are ``Side``, ``mate`` is int64.
    """
    found = measure(first, last, a, b, mate)
    if found.size < least:
        return NONE, found.tokens
    density = found.tokens / max(last - first + 1, mate[last] - mate[first] + 1)
    weight = found.weight
    level = NONE
    verbatim = density >= VERBATIM_DENSITY and found.unnamed >= VERBATIM_WORDS
    if not verbatim and (weight < WEAK_WEIGHT or density < STRONG_DENSITY):
        return level, found.tokens  # no level asks for less
    content = distinct_content(first, last, a, mate)
    if content >= LEAST_CONTENT:
        if weight >= STRONG_WEIGHT and density >= STRONG_DENSITY:
            level = STRONG
        elif weight >= MEDIUM_WEIGHT and density >= MEDIUM_DENSITY:
            level = MEDIUM
        elif weight >= WEAK_WEIGHT and density >= WEAK_DENSITY:
            level = WEAK
    if level < MEDIUM and verbatim and content >= VERBATIM_CONTENT:
        level = MEDIUM
    return level, found.tokens


@njit
def judge_region(row, joined, least, a, b, mate):
    """Return (level, ``Measures``, density) of a region whose matches are in ``mate`` (int64).

    ``row`` (int64) is that of its first piece; ``joined`` tells whether it has others. Weight is
    the sum of the weights of the matched tokens, density their share of the longer side.
    """
    found = measure(row[FIRST_A], row[LAST_A], a, b, mate)
    longer = max(row[LAST_A] - row[FIRST_A] + 1, row[LAST_B] - row[FIRST_B] + 1)
    density = found.tokens / longer
    level = row[PIECE_LEVEL]
    if found.size < least:
        return NONE, found, density
    weight = found.weight
    if NONE < level < STRONG and weight >= STRONG_WEIGHT and density >= STRONG_DENSITY:
        level = STRONG
    if level == NONE and joined and weight >= JOINT_WEIGHT and density >= JOINT_DENSITY:
        if distinct_content(row[FIRST_A], row[LAST_A], a, mate) >= JOINT_CONTENT:
            level = STRONG
    return level, found, density


@njit_uncounted
def count_used(seeds, chain, scratch):
    """Count the seeds of a chain (int64 places in ``seeds``) that are in a piece already."""
    stamp = scratch.stamp[0]
    count = 0
    for k in chain:
        used_a = scratch.used_a[seeds.first[k]] == stamp
        if used_a or scratch.used_b[seeds.second[k]] == stamp:
            count += 1
    return count


@njit_uncounted
def write_path(first, last, written, scratch):
    """Write the matches of the tokens ``first`` to ``last`` (included) to the path of a piece.

    They go behind the ``written`` that are there; a token belongs to one piece of a pair. Returns
    how many there are now.
    """
    stamp = scratch.stamp[0]
    used_a, used_b, mate = scratch.used_a, scratch.used_b, scratch.mate
    for x in range(first, last + 1):
        if mate[x] >= 0 and used_a[x] != stamp and used_b[mate[x]] != stamp:
            scratch.path_a[written] = x
            scratch.path_b[written] = mate[x]
            used_a[x] = stamp
            used_b[mate[x]] = stamp
            written += 1
    return written


@njit_uncounted
def has_link(runs, low, high, size):
    """Tell whether two of the seeds ``low:high`` (``Seeds`` of ``size`` words) make a chain."""
    i, j = runs
    far = REACH + size
    for k in range(low, high):
        for q in range(k + 1, high):
            di = i[q] - i[k]
            dj = j[q] - j[k]
            if di > far:
                break
            if di > 0 and 0 < dj <= far and abs(di - dj) <= DRIFT:
                # A link gains the tokens it covers, less one where the diagonal changes.
                if di == dj or min(di, dj) > 1:
                    return True
    return False


@njit_uncounted
def count_near(i, j, seeds, low, high):
    """Count the seeds ``low:high`` (``Seeds``) close to tokens ``i`` and ``j``.

    Returns also the first of them that is not too far before ``i``.
    """
    first, second = seeds
    while low < high and first[low] < i - LOOSE_REACH:
        low += 1
    count = 0
    for k in range(low, high):
        if first[k] > i + LOOSE_REACH:
            break
        if abs(second[k] - j) <= LOOSE_REACH:
            count += 1
    return count, low


@njit_uncounted
def may_be_loose(runs, low, high, word_pairs, start, stop):
    """Tell whether the seeds ``low:high`` and ``start:stop`` (``Seeds``) may make a loose piece.

    Of three seeds that lie close together one is close to both others.
    """
    if high - low + stop - start < LOOSE_SEEDS:
        return False
    for seeds, begin, end in ((runs, low, high), (word_pairs, start, stop)):
        near_low = low
        near_start = start
        for k in range(begin, end):
            i, j = seeds.first[k], seeds.second[k]
            of_runs, near_low = count_near(i, j, runs, near_low, high)
            of_pairs, near_start = count_near(i, j, word_pairs, near_start, stop)
            if of_runs + of_pairs >= min(LOOSE_SEEDS, 3):
                return True
    return False


@njit
def find_pieces(a, b, seeds, limits, scratch, pieces):
    """Align every chain of ``seeds`` (``Seeds``) of two documents (``Side``); write the pieces.

    ``pieces`` (int64, rows of ``PIECE_COLUMNS``) has a row for every two seeds. Returns (pieces,
    matched tokens); ``scratch.path_a`` and ``path_b`` hold the matched tokens of all of them.
    """
    made = 0
    written = 0
    if len(seeds.first) < LEAST_CHAIN:
        return made, written
    chains, members, bounds = find_chains(seeds, limits.size)
    mate = scratch.mate
    for c in range(chains):
        chain = members[bounds[c] : bounds[c + 1]]
        if 2 * count_used(seeds, chain, scratch) >= len(chain):  # most of it is known
            continue
        begin, end = align_chain(a, b, seeds, chain, limits.size, scratch)
        first, last, _ = best_stretch(begin, end, a.weights, b.weights, mate)
        if last > first:
            first, last = clip_islands(first, last, a.flags, b.flags, mate)
        if last > first:
            row = pieces[made]
            row[FIRST_A] = first
            row[LAST_A] = last
            row[FIRST_B] = mate[first]
            row[LAST_B] = mate[last]
            level, tokens = judge(first, last, limits.least, a, b, mate)
            row[PIECE_LEVEL] = level
            row[PIECE_TOKENS] = tokens
            row[PATH_START] = written
            written = write_path(first, last, written, scratch)
            row[PATH_END] = written
            if written > row[PATH_START]:
                made += 1
        mate[begin : end + 1] = -1
    return made, written


@njit_uncounted
def count_free(seeds, scratch):
    """Count the ``Seeds`` that no piece has used on either side."""
    stamp = scratch.stamp[0]
    count = 0
    for k in range(len(seeds.first)):
        used_a = scratch.used_a[seeds.first[k]] == stamp
        if not used_a and scratch.used_b[seeds.second[k]] != stamp:
            count += 1
    return count


@njit
def merged_points(runs, word_pairs):
    """Return two ``Seeds`` merged by their first token: two new int64 arrays."""
    i, j = runs
    k, m = word_pairs
    out_i = np.empty(len(i) + len(k), np.int64)
    out_j = np.empty(len(i) + len(k), np.int64)
    x = 0
    y = 0
    for made in range(len(out_i)):
        if y == len(k) or (x < len(i) and i[x] <= k[y]):
            out_i[made] = i[x]
            out_j[made] = j[x]
            x += 1
        else:
            out_i[made] = k[y]
            out_j[made] = m[y]
            y += 1
    return out_i, out_j


@njit_uncounted
def root_of(parent, k):
    """Return the root of ``k``; ``parent`` (int64) of a root is the root itself."""
    while parent[k] != k:
        k = parent[k]
    return k


@njit
def link_close(i, j, scratch):
    """Join seeds that lie close together; return the parent (int64) of each, -1 for one in use.

    ``i`` (ascending) and ``j`` (int64) are the tokens of the seeds; the least of those joined is
    the root.
    """
    stamp = scratch.stamp[0]
    parent = np.empty(len(i), np.int64)
    for k in range(len(i)):
        parent[k] = k
        if scratch.used_a[i[k]] == stamp or scratch.used_b[j[k]] == stamp:
            parent[k] = -1
            continue
        p = k - 1
        while p >= 0 and i[k] - i[p] <= LOOSE_REACH:
            if parent[p] >= 0 and abs(j[k] - j[p]) <= LOOSE_REACH:
                x = root_of(parent, p)
                y = root_of(parent, k)
                parent[max(x, y)] = min(x, y)
            p -= 1
    return parent


@njit
def hulls_of(i, j, parent):
    """Return (seeds, hull) of each root: hull is (first a, last a, first b, last b), int64.

    ``i``, ``j`` and ``parent`` as in ``link_close``.
    """
    sizes = np.zeros(len(i), np.int64)
    hulls = np.empty((len(i), 4), np.int64)
    for k in range(len(i)):
        if parent[k] < 0:
            continue
        x = root_of(parent, k)
        if sizes[x] == 0:
            hulls[x, FIRST_A] = i[k]
            hulls[x, LAST_A] = i[k]
            hulls[x, FIRST_B] = j[k]
            hulls[x, LAST_B] = j[k]
        sizes[x] += 1
        hulls[x, FIRST_A] = min(hulls[x, FIRST_A], i[k])
        hulls[x, LAST_A] = max(hulls[x, LAST_A], i[k])
        hulls[x, FIRST_B] = min(hulls[x, FIRST_B], j[k])
        hulls[x, LAST_B] = max(hulls[x, LAST_B], j[k])
    return sizes, hulls


@njit
def find_loose(a, b, points, scratch, pieces, found):
    """Add pieces where many seeds lie close together in any order; return how many there are now.

    ``points`` are two int64 arrays, sorted by the first; ``found`` is what ``find_pieces``
    returned. A piece is accepted when the content words of both sides are alike, and keeps its
    level open when they are only rather alike.
    """
    i, j = points
    made, written = found
    if len(i) < LOOSE_SEEDS:
        return made
    parent = link_close(i, j, scratch)
    sizes, hulls = hulls_of(i, j, parent)
    for k in range(len(i)):
        if parent[k] != k or sizes[k] < LOOSE_SEEDS:
            continue
        low_a, last_a, low_b, last_b = hulls[k, 0], hulls[k, 1], hulls[k, 2], hulls[k, 3]
        if max(last_a - low_a, last_b - low_b) >= len(scratch.used) - LOOSE_SIZE - 1:
            continue
        high_a = min(last_a + LOOSE_SIZE, len(a.words))
        high_b = min(last_b + LOOSE_SIZE, len(b.words))
        common, like = likeness(a, b, Stretch(low_a, high_a, low_b, high_b), scratch.used)
        if common < LOOSE_SEEDS or like < LOOSE_LIKE:
            continue
        row = pieces[made]
        row[FIRST_A] = low_a
        row[LAST_A] = high_a - 1
        row[FIRST_B] = low_b
        row[LAST_B] = high_b - 1
        row[PIECE_LEVEL] = MEDIUM if common >= LOOSE_WORDS and like >= LOOSE_SURE else NONE
        row[PIECE_TOKENS] = common
        row[PATH_START] = written
        row[PATH_END] = written
        made += 1
    return made
