"""Two whole texts, word by word: which word of one stands for which of the other.

Anchors are word n-grams that occur once in each text (or, later, once on each side of a gap), as
many as stand in one order; what is left between them is aligned in full where it is short. A word
matched alone between long gaps is no match. Text that was moved is no part of the alignment, but
is covered: its n-grams stand in the other text.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from dedup.kernels._jit import njit_uncounted
from dedup.kernels.shingles import MULTIPLIER, power_of

ANCHOR = 4  # words in an n-gram that covers, and in an anchor of the whole texts
SMALL_ANCHOR = 2  # … and in an anchor inside a gap
BOX = 64  # words on either side of a gap that is aligned in full
REACH = 32  # words at both ends of a longer gap that are
LONE_GAP = 12  # words: a word alone between two longer gaps is no match
LONE_STOP_GAP = 3  # … nor is a stop word alone between gaps longer than this
_WORD, _STOP_WORD = 3, 1  # what a matched word is worth in a box
# Columns of a place of the table, and how many it has: half a line of the cache.
STAMP, COUNTS, PLACES, CELL = 0, 1, 3, 8


class Table(NamedTuple):
    """An open-addressing table of the n-grams of one stretch of each text, and its anchors.

    ``keys`` (uint64) are places of the table, a power of two and at least twice as many as the
    n-grams; ``cells`` (int32) say of each what its columns are named for: at ``STAMP`` which
    filling of the table it is of, from ``COUNTS`` on how often and from ``PLACES`` on where the
    n-gram occurs in each text. ``slots`` (2 × words, int32) is the place of the n-gram that begins
    at each word of both texts. ``stamp`` (one int64) is that of the last filling.
    """

    keys: Any
    cells: Any
    slots: Any
    stamp: Any


class Scratch(NamedTuple):
    """What one thread writes on the way; ``scratch_for`` makes it once for all its pairs.

    ``mates`` (2 × words, int64) is the word that each word of both texts is matched with or -1,
    ``covered`` (2 × words, bool) tells which stand in an n-gram of the other text. ``score`` and
    ``move`` are the box, ``chain`` (5 × words, int64) the anchors.
    """

    table: Table
    mates: Any
    covered: Any
    score: Any
    move: Any
    chain: Any


def scratch_for(longest: int) -> Scratch:
    """Make room for pairs of texts of at most ``longest`` words."""
    size = 16
    while size < 4 * longest:
        size *= 2
    table = Table(
        keys=np.zeros(size, np.uint64),
        cells=np.zeros((size, CELL), np.int32),
        slots=np.zeros((2, max(longest, 1)), np.int32),
        stamp=np.zeros(1, np.int64),
    )
    return Scratch(
        table=table,
        mates=np.full((2, max(longest, 1)), -1, np.int64),
        covered=np.zeros((2, max(longest, 1)), np.bool_),
        score=np.zeros((BOX + 1, BOX + 1), np.int32),
        move=np.zeros((BOX + 1, BOX + 1), np.int8),
        chain=np.empty((5, max(longest, 1)), np.int64),
    )


@njit_uncounted
def slot_of(table, gram, mask):
    """Return the place of an n-gram in a table, or the free place where it would go."""
    keys, cells, stamp = table.keys, table.cells, table.stamp[0]
    place = gram & mask
    while cells[np.intp(place), STAMP] == stamp and keys[np.intp(place)] != gram:
        place = (place + np.uint64(1)) & mask
    return np.intp(place)


@njit_uncounted
def count_grams(words, box, size, side, table, mask):
    """Enter the n-grams of one side of ``box`` into the table as those of text ``side``.

    ``words`` (uint64) are those of the text, ``box`` is where its part of each text begins and
    ends. The hash of an n-gram is a polynomial of its words, that of a single word itself.
    """
    low, high = box[2 * side], box[2 * side + 1]
    cells, stamp = table.cells, table.stamp[0]
    slots = table.slots[side]
    behind = power_of(size)  # what the first word of an n-gram is multiplied by when the next comes
    gram = np.uint64(0)
    for k in range(low, high):
        gram = gram * MULTIPLIER + words[k]
        i = k - size + 1
        if i < low:
            continue
        if i > low:
            gram -= words[i - 1] * behind
        place = slot_of(table, gram, mask)
        if cells[place, STAMP] != stamp:
            table.keys[place] = gram
            cells[place, STAMP] = stamp
            cells[place, COUNTS] = 0
            cells[place, COUNTS + 1] = 0
        cells[place, COUNTS + side] += 1
        cells[place, PLACES + side] = i
        slots[i] = place


@njit_uncounted
def enter_grams(a, b, box, size, table):
    """Fill the table with the n-grams of both sides of ``box``; return the mask of its places."""
    table.stamp[0] += 1
    most = (box[1] - box[0]) + (box[3] - box[2])
    room = 16
    while room < 2 * most:
        room *= 2
    mask = np.uint64(room - 1)
    count_grams(a, box, size, 0, table, mask)
    count_grams(b, box, size, 1, table, mask)
    return mask


@njit_uncounted
def mark_covered(words, size, side, table, covered):
    """Mark which of the words of text ``side`` stand in an n-gram that the other has as well."""
    cells, slots = table.cells, table.slots[side]
    reach = 0  # up to where words are covered
    for i in range(words):
        if i <= words - size and cells[slots[i], COUNTS + 1 - side] > 0:
            reach = i + size
        covered[i] = i < reach


@njit_uncounted
def longest_rise(seconds, count, chain):
    """Choose as many of ``seconds[:count]`` as rise; return how many, their numbers in order.

    ``chain[3]`` gets the numbers chosen; where not all rise ``chain[1]`` gets the last of the best
    rises of each length, ``chain[2]`` what each follows.
    """
    lasts, before, chosen = chain[1], chain[2], chain[3]
    rises = True
    for k in range(count):
        chosen[k] = k
        rises &= k == 0 or seconds[k - 1] < seconds[k]
    if rises:  # as in most near copies
        return count
    length = 0
    for k in range(count):
        low = 0
        high = length
        if length > 0 and seconds[lasts[length - 1]] < seconds[k]:
            low = length  # as nearly always where the texts are nearly the same
        while low < high:
            middle = (low + high) // 2
            if seconds[lasts[middle]] < seconds[k]:
                low = middle + 1
            else:
                high = middle
        before[k] = lasts[low - 1] if low > 0 else -1
        lasts[low] = k
        length = max(length, low + 1)
    k = lasts[length - 1] if length > 0 else -1
    for place in range(length - 1, -1, -1):
        chosen[place] = k
        k = before[k]
    return length


@njit_uncounted
def match_anchors(box, size, scratch):
    """Match the words of the n-grams that occur once on each side of ``box``, in one order."""
    table, chain = scratch.table, scratch.chain
    cells, slots = table.cells, table.slots[0]
    mate_a, mate_b = scratch.mates[0], scratch.mates[1]
    firsts, seconds = chain[0], chain[4]
    count = 0
    for i in range(box[0], box[1] - size + 1):
        place = slots[i]
        if cells[place, COUNTS] == 1 and cells[place, COUNTS + 1] == 1:
            firsts[count] = i
            seconds[count] = cells[place, PLACES + 1]
            count += 1
    chosen = longest_rise(seconds, count, chain)
    x = box[0]
    y = box[2]
    for k in range(chosen):
        number = chain[3, k]
        first, second = firsts[number], seconds[number]
        for t in range(max(x - first, y - second, 0), size):  # less what the one before matched
            mate_a[first + t] = second + t
            mate_b[second + t] = first + t
        x, y = first + size, second + size


@njit_uncounted
def match_box(a, b, box, stops, scratch):
    """Align ``box``, at most ``BOX`` words on each side, so that most words match.

    ``stops`` tells which words of ``a`` are stop words; they count a third.
    """
    low_a, high_a, low_b, high_b = box
    rows = high_a - low_a
    columns = high_b - low_b
    score, move = scratch.score, scratch.move
    mate_a, mate_b = scratch.mates[0], scratch.mates[1]
    for j in range(columns + 1):
        score[rows, j] = 0
    for i in range(rows - 1, -1, -1):
        score[i, columns] = 0
        worth = _STOP_WORD if stops[low_a + i] else _WORD
        for j in range(columns - 1, -1, -1):
            best = score[i + 1, j]
            step = 1
            if score[i, j + 1] > best:
                best = score[i, j + 1]
                step = 2
            if a[low_a + i] == b[low_b + j] and score[i + 1, j + 1] + worth >= best:
                best = score[i + 1, j + 1] + worth
                step = 0
            score[i, j] = best
            move[i, j] = step
    i = 0
    j = 0
    while i < rows and j < columns:
        if move[i, j] == 0:
            mate_a[low_a + i] = low_b + j
            mate_b[low_b + j] = low_a + i
            i += 1
            j += 1
        elif move[i, j] == 1:
            i += 1
        else:
            j += 1


@njit_uncounted
def next_gap(mate_a, n, m, x, y):
    """Return the first gap from word ``x`` of a and ``y`` of b on: where both sides begin and end.

    A gap has at least one word on one side; (n, n, m, m) is the end.
    """
    while x < n and mate_a[x] == y:
        x += 1
        y += 1
    end = x
    while end < n and mate_a[end] < 0:
        end += 1
    return x, end, y, mate_a[end] if end < n else m


@njit_uncounted
def fill_gap(a, b, box, stops, scratch):
    """Match what can be matched in a gap: all of a short one, the ends of a long one."""
    low_a, high_a, low_b, high_b = box
    if high_a == low_a or high_b == low_b:
        return
    if high_a - low_a <= BOX and high_b - low_b <= BOX:
        match_box(a, b, box, stops, scratch)
        return
    end_a = min(low_a + REACH, high_a)
    end_b = min(low_b + REACH, high_b)
    if low_a > 0 and low_b > 0:
        match_box(a, b, (low_a, end_a, low_b, end_b), stops, scratch)
    # Behind what was just matched, so that the order holds.
    x = high_a
    y = high_b
    while x > low_a and scratch.mates[0, x - 1] < 0 and high_a - x < REACH:
        x -= 1
    while y > low_b and scratch.mates[1, y - 1] < 0 and high_b - y < REACH:
        y -= 1
    if high_a < len(a) and high_b < len(b) and x < high_a and y < high_b:
        match_box(a, b, (x, high_a, y, high_b), stops, scratch)


@njit_uncounted
def drop_lone(mate_a, mate_b, n, m, stops):
    """Unmatch single words between gaps that are too long for one word to say anything."""
    x = 0
    y = 0
    before = 0  # longest side of the gap before
    while x < n or y < m:
        low_a, high_a, low_b, high_b = next_gap(mate_a, n, m, x, y)
        run = low_a - x
        gap = max(high_a - low_a, high_b - low_b)
        if run == 1:
            limit = LONE_STOP_GAP if stops[x] else LONE_GAP
            if before > limit and gap > limit:
                mate_b[mate_a[x]] = -1
                mate_a[x] = -1
        before = gap
        x = high_a
        y = high_b


@njit_uncounted
def match_texts(a, b, stops, scratch):
    """Align two texts, the hashes of their words (uint64), into ``scratch.mates`` and ``covered``.

    ``stops`` (bool) tells which words of ``a`` are stop words.
    """
    n = len(a)
    m = len(b)
    scratch.mates[0, :n] = -1
    scratch.mates[1, :m] = -1
    whole = (0, n, 0, m)
    enter_grams(a, b, whole, ANCHOR, scratch.table)
    mark_covered(n, ANCHOR, 0, scratch.table, scratch.covered[0])
    mark_covered(m, ANCHOR, 1, scratch.table, scratch.covered[1])
    match_anchors(whole, ANCHOR, scratch)
    for in_full in (False, True):
        x = 0
        y = 0
        while x < n or y < m:
            box = next_gap(scratch.mates[0], n, m, x, y)
            x = box[1]
            y = box[3]
            if in_full:
                fill_gap(a, b, box, stops, scratch)
            elif (
                max(box[1] - box[0], box[3] - box[2]) > BOX and box[1] > box[0] and box[3] > box[2]
            ):
                enter_grams(a, b, box, SMALL_ANCHOR, scratch.table)
                match_anchors(box, SMALL_ANCHOR, scratch)
    drop_lone(scratch.mates[0], scratch.mates[1], n, m, stops)
