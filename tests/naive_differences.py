"""The aligner of whole texts and the search for differences once more, in plain Python."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter

from dedup.kernels import differences as kernel
from dedup.kernels import matching
from dedup.kernels.facts import FACT, HIDDEN, RUNNING, STOP
from dedup.kernels.text import CAPITAL, STARTS_LINE


def grams(words, low, high, size):
    """Return the n-grams of a stretch with where each stands."""
    return [(tuple(words[i : i + size]), i) for i in range(low, high - size + 1)]


def covered(a, b):
    """Tell which words of ``a`` stand in an n-gram that ``b`` has as well."""
    known = {gram for gram, _ in grams(b, 0, len(b), matching.ANCHOR)}
    found = [False] * len(a)
    for gram, i in grams(a, 0, len(a), matching.ANCHOR):
        if gram in known:
            found[i : i + matching.ANCHOR] = [True] * matching.ANCHOR
    return found


def longest_rise(values):
    """Return the numbers of a longest rising choice, as patience sorting finds it."""
    tops, lasts, before = [], [], {}
    for k, value in enumerate(values):
        place = bisect_left(tops, value)
        before[k] = lasts[place - 1] if place else None
        tops[place : place + 1] = [value]
        lasts[place : place + 1] = [k]
    chosen, k = [], lasts[-1] if lasts else None
    while k is not None:
        chosen.append(k)
        k = before[k]
    return chosen[::-1]


def anchor(a, b, box, size, mate):
    """Match n-grams that occur once on each side of ``box``."""
    ours, theirs = grams(a, box[0], box[1], size), grams(b, box[2], box[3], size)
    count_a, count_b = Counter(g for g, _ in ours), Counter(g for g, _ in theirs)
    where = dict(theirs)
    pairs = [(i, where[g]) for g, i in ours if count_a[g] == 1 == count_b[g]]
    x, y = box[0], box[2]
    for k in longest_rise([j for _, j in pairs]):
        for t in range(size):
            i, j = pairs[k][0] + t, pairs[k][1] + t
            if i >= x and j >= y:
                mate[i] = j
                x, y = i + 1, j + 1


def align(a, b, box, stops, mate):
    """Align a small box so that most matches, as dynamic programming from its end."""
    low_a, high_a, low_b, high_b = box
    rows, columns = high_a - low_a, high_b - low_b
    score = [[0] * (columns + 1) for _ in range(rows + 1)]
    move = {}
    for i in range(rows - 1, -1, -1):
        worth = 1 if stops[low_a + i] else 3
        for j in range(columns - 1, -1, -1):
            best, step = max((score[i + 1][j], 1), (score[i][j + 1], 1.5))
            if score[i + 1][j] >= score[i][j + 1]:
                best, step = score[i + 1][j], 1
            if a[low_a + i] == b[low_b + j] and score[i + 1][j + 1] + worth >= best:
                best, step = score[i + 1][j + 1] + worth, 0
            score[i][j], move[i, j] = best, step
    i = j = 0
    while i < rows and j < columns:
        if move[i, j] == 0:
            mate[low_a + i] = low_b + j
            i, j = i + 1, j + 1
        elif move[i, j] == 1:
            i += 1
        else:
            j += 1


def gaps(mate, n, m):
    """Yield the gaps between matched words: where both sides begin and end."""
    x = y = 0
    for i in [*(k for k in range(n) if mate[k] is not None), n]:
        j = m if i == n else mate[i]
        if i > x or j > y:
            yield x, i, y, j
        x, y = i + 1, j + 1


def match(a, b, stops):
    """Return for each word of ``a`` the word of ``b`` that it is matched with, or None."""
    n, m = len(a), len(b)
    mate = [None] * n
    anchor(a, b, (0, n, 0, m), matching.ANCHOR, mate)
    for box in list(gaps(mate, n, m)):
        sides = box[1] - box[0], box[3] - box[2]
        if min(sides) > 0 and max(sides) > matching.BOX:
            anchor(a, b, box, matching.SMALL_ANCHOR, mate)
    for box in list(gaps(mate, n, m)):
        fill(a, b, box, stops, mate)
    drop_lone(mate, n, m, stops)
    return mate


def fill(a, b, box, stops, mate):
    """Match what can be matched in a gap."""
    low_a, high_a, low_b, high_b = box
    if high_a == low_a or high_b == low_b:
        return
    if max(high_a - low_a, high_b - low_b) <= matching.BOX:
        align(a, b, box, stops, mate)
        return
    reach = matching.REACH
    if low_a > 0 and low_b > 0:
        near = (low_a, min(low_a + reach, high_a), low_b, min(low_b + reach, high_b))
        align(a, b, near, stops, mate)
    taken = {j for j in mate if j is not None}
    x, y = high_a, high_b
    while x > low_a and mate[x - 1] is None and high_a - x < reach:
        x -= 1
    while y > low_b and y - 1 not in taken and high_b - y < reach:
        y -= 1
    if high_a < len(a) and high_b < len(b) and x < high_a and y < high_b:
        align(a, b, (x, high_a, y, high_b), stops, mate)


def drop_lone(mate, n, m, stops):
    """Unmatch single words between long gaps, from left to right."""
    before, x = 0, 0
    for box in list(gaps(mate, n, m)):
        gap = max(box[1] - box[0], box[3] - box[2])
        if box[0] - x == 1:
            limit = matching.LONE_STOP_GAP if stops[x] else matching.LONE_GAP
            if before > limit and gap > limit:
                mate[x] = None
        before, x = gap, box[1]


def lost(kinds, mate, is_covered):
    """Tell which words have no counterpart."""
    return [
        mate[i] is None and not is_covered[i] and not kinds[i] & HIDDEN for i in range(len(kinds))
    ]


def stretches(flags):
    """Return the runs of true values."""
    found, i = [], 0
    while i < len(flags):
        end = i
        while end < len(flags) and flags[end]:
            end += 1
        if end > i:
            found.append((i, end))
        i = end + 1
    return found


def own(kinds, flags, is_lost, low, high):
    """Return the words in own sentences of a stretch, and in the longest."""
    sizes = []
    for start, end in stretches(is_lost[low:high]):
        some = range(low + start, low + end)
        size = len(some)
        stops = sum(bool(kinds[i] & STOP) for i in some)
        capitals = sum(bool(flags[i] & CAPITAL) for i in some)
        breaks = sum(bool(flags[i] & STARTS_LINE) for i in some[1:])
        runs_on = bool(kinds[some[0]] & RUNNING) or kernel.OWN_STOP_SHARE * stops >= size
        if (
            size >= kernel.OWN_WORDS
            and runs_on
            and 2 * capitals <= size
            and kernel.OWN_WORDS * breaks <= size
        ):
            sizes.append(size)
    return sum(sizes), max(sizes, default=0)


def lost_facts(kinds, values, others):
    """Count the distinct facts that stand nowhere among the values of the other text."""
    known = set(others)
    return len(
        {
            value
            for kind, value in zip(kinds, values, strict=True)
            if kind & FACT and not kind & HIDDEN and value not in known
        }
    )
