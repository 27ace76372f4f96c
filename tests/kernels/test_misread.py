"""Lonely words, shared runs, common subsequences and neighbouring passages beside plain twins."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import ragged
from twins import WRAPS, tokens_with

from dedup.kernels import misread, neighbours
from dedup.kernels._jit import INTERPRETED
from dedup.kernels.text import STARTS_LINE

pytestmark = WRAPS
examples = settings(max_examples=50 if INTERPRETED else 150)


@examples
@given(st.lists(st.lists(st.integers(1, 12), max_size=12), min_size=1, max_size=5))
def test_lonely_words(rows):
    """Words from 4 on are long ones."""
    hashed, bounds = ragged(rows)
    prefixes = np.where(hashed >= 4, misread.LONG_WORD, np.uint64(1))
    included = np.arange(len(rows)) != 3
    owners = np.zeros(1 << 12, np.int32)
    lonely, words = np.zeros((2, len(rows)), np.int64)
    given_all = tokens_with(bounds, hashed, prefixes=prefixes), np.flatnonzero(included)
    misread.own_words(*given_all, owners)
    misread.count_lonely(*given_all, owners, lonely, words)
    for row, own in enumerate(rows):
        long = [word for word in own if word >= 4] if included[row] else []
        others = {word for k, other in enumerate(rows) if k not in (row, 3) for word in other}
        assert words[row] == len(long)
        assert lonely[row] == sum(word not in others for word in long)


@examples
@given(st.lists(st.sets(st.integers(0, 40), max_size=20), min_size=2, max_size=4), st.data())
def test_shared_parts(rows, data):
    """A run's place is its value turned around, so that places and values differ in order."""
    values, bounds = ragged([sorted(row) for row in rows])
    places = 40 - values.astype(np.int64)
    pairs = [(i, j) for i in range(len(rows)) for j in range(len(rows)) if i < j]
    sizes = np.array([data.draw(st.integers(41, 90)) for _ in rows], np.int64)
    out = np.zeros((len(pairs), 3), np.int64)
    misread.find_shared(np.array(pairs, np.int64), values, places, bounds, sizes, out)
    for (i, j), found in zip(pairs, out.tolist(), strict=True):
        shared = rows[i] & rows[j]
        parts = [len({8 * (40 - value) // sizes[side] for value in shared}) for side in (i, j)]
        assert found == [len(shared), *parts]


def naive_common(one, two):
    """Return the length of the longest common subsequence by the table of all beginnings."""
    row = [0] * (len(two) + 1)
    for x in one:
        before, row = row, [0]
        for at, y in enumerate(two):
            row.append(before[at] + 1 if x == y else max(before[at + 1], row[at]))
    return row[-1]


@examples
@given(st.lists(st.lists(st.integers(0, 3), max_size=150), min_size=2, max_size=3))
def test_common_subsequence(texts):
    codes, bounds = ragged(texts, np.int64)
    pairs = [(i, j) for i in range(len(texts)) for j in range(len(texts))]
    out = np.zeros(len(pairs), np.int64)
    misread.compare_characters(np.array(pairs, np.int64), codes, bounds, 4, out)
    assert out.tolist() == [naive_common(texts[i], texts[j]) for i, j in pairs]


def naive_joined(passages, lines):
    """Join (start a, end a, start b, end b, is quote) of one pair; return groups of indices."""
    groups = {k: [k] for k in range(len(passages))}
    extents = {k: list(passage[:4]) for k, passage in enumerate(passages)}

    def near(p, q):
        gaps, sizes, breaks = [], [], []
        for side in (0, 2):
            begin, end = min(p[side + 1], q[side + 1]), max(p[side], q[side])
            gaps.append(end - begin)
            sizes.append(max(p[side + 1] - p[side], q[side + 1] - q[side]))
            breaks.append(any(begin <= line <= end for line in lines[side // 2]))
        factor = 1.5 if (p[0] <= q[0]) == (p[2] <= q[2]) else 1.0
        return max(gaps) <= factor * min(sizes) and not all(breaks)

    changed = True
    while changed:
        changed = False
        for r in range(1, len(passages)):
            before = [p for p in groups if p < r and not passages[p][4]]
            if r not in groups or passages[r][4]:
                continue
            best = next((p for p in reversed(before) if near(extents[p], extents[r])), None)
            if best is not None:
                groups[best] += groups.pop(r)
                one, two = extents[best], extents[r]
                for side in (0, 2):
                    one[side] = min(one[side], two[side])
                    one[side + 1] = max(one[side + 1], two[side + 1])
                changed = True
    return sorted(sorted(group) for group in groups.values())


places = st.integers(0, 90)
passages_of_a_pair = st.lists(
    st.tuples(places, st.integers(1, 25), places, st.integers(1, 25), st.integers(0, 4)), max_size=7
)


@examples
@given(passages_of_a_pair, passages_of_a_pair, st.sets(places, max_size=4), st.sets(places))
def test_neighbours(first, second, lines_a, lines_b):
    """Documents 0 and 1, and 0 and 2; the second is 1 and 2 at once."""
    flags = np.zeros(360, np.uint8)
    for begin, lines in ((0, lines_a), (120, lines_b), (240, lines_b)):
        flags[[begin + line for line in lines]] = STARTS_LINE
    pairs = [
        sorted((a, a + n, b, b + m, quote == 0) for a, n, b, m, quote in rows)
        for rows in (first, second)
    ]
    rows = [row for pair in pairs for row in pair]
    second_document = np.array([1] * len(first) + [2] * len(second), np.int64)
    spans = np.array([row[:4] for row in rows], np.int64).reshape(-1, 4)
    owners = np.zeros(len(rows), np.int64)
    quotes = np.array([row[4] for row in rows], np.bool_)
    passages = neighbours.Passages(np.zeros(len(rows), np.int64), second_document, spans, quotes)
    neighbours.join_neighbours(passages, flags, np.array([0, 120, 240, 360]), owners)
    wanted = naive_joined(pairs[0], (lines_a, lines_b))
    later = naive_joined(pairs[1], (lines_a, lines_b))
    wanted += [[len(first) + k for k in group] for group in later]
    groups = {}
    for row, owner in enumerate(owners.tolist()):
        groups.setdefault(owner, []).append(row)
    assert sorted(groups.values()) == sorted(wanted)
    for owner, group in groups.items():
        extent = [rows[k][:4] for k in group]
        low = [min(each[side] for each in extent) for side in (0, 2)]
        high = [max(each[side] for each in extent) for side in (1, 3)]
        assert spans[owner].tolist() == [low[0], high[0], low[1], high[1]]
