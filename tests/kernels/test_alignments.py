"""Alignments along chains: kernels against their twins, and at every limit."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from naive import STARTS_LINE
from naive_passages import (
    naive_align,
    naive_best_stretch,
    naive_chains,
    naive_extension,
    naive_likeness,
    naive_path_score,
)
from naive_pieces import (
    naive_box,
    naive_cells,
    naive_chain_path,
    naive_clip,
    naive_cost,
    naive_equal,
    naive_extend,
)
from passage_texts import (
    OTHER,
    alike_texts,
    examples,
    mate_of,
    path_in,
    paths,
    scratch_for,
    seeds_between,
    seeds_of,
    side_of,
    text_of,
    texts,
)

from dedup.kernels import align, passages, regions
from dedup.kernels.sides import SLOTS, Side, Stretch
from dedup.kernels.stopwords import CONTENT

words = st.tuples(st.integers(0, 3), st.sampled_from([0.0, 0.25, 0.5, 1.0]))

sides = st.lists(words, max_size=9)


def side(words, weights, classes=None, flags=None):
    """Return a ``Side`` of lists; all content words, without flags, where nothing else is said."""
    none = [0] * len(words)
    kinds = [CONTENT] * len(words) if classes is None else classes
    return Side(
        np.array(words, np.uint64),
        np.array(weights, np.float32),
        np.array(kinds, np.uint8),
        np.array(none if flags is None else flags, np.uint8),
    )


def aligned(one, two, step, free):
    """Return (score, path, tokens of each side) that the kernel finds, both sides read forward."""
    kinds = np.uint64, np.float32
    first, second = ([*side] if step > 0 else side[::-1] for side in (one, two))
    a, b = (
        [np.array([token[k] for token in side], kind) for k, kind in enumerate(kinds)]
        for side in (first, second)
    )
    n, m = len(one), len(two)
    _, scratch = passages.scratch_for(1, max(n, 1))
    mate = scratch.mate
    i, j = (0, 0) if step > 0 else (n - 1, m - 1)
    x, y, got = align.align_box(side(*a), side(*b), align.Box(i, j, n, m, step, free), scratch)
    path = [(k, int(mate[k])) for k in range(n) if mate[k] >= 0]
    if step < 0:
        path = [(n - 1 - k, m - 1 - at) for k, at in reversed(path)]
    return float(got), path, (int(x), int(y))


def parts(side):
    return [token[0] for token in side], [token[1] for token in side]


@examples
@given(sides, sides, st.sampled_from([align.FORWARD, align.BACKWARD]))
def test_an_alignment_between_seeds_is_the_best_there_is(one, two, step):
    got, path, ends = aligned(one, two, step, align.INSIDE)
    (a, wa), (b, wb) = parts(one), parts(two)
    assert got == pytest.approx(naive_align(a, wa, b, wb), abs=1e-4)
    assert ends == (len(one), len(two))
    check_path(path, a, wa, b, wb)
    n, m = len(a), len(b)
    scored = naive_path_score([(-1, -1), *path, (n, m)], [*wa, 0, 0], [*wb, 0, 0]) - 2 * 0.4
    # The two corners are no matches: their gains were taken off, their weights are none.
    assert got == pytest.approx(scored, abs=1e-4)


@examples
@given(sides, sides, st.sampled_from([align.FORWARD, align.BACKWARD]))
def test_an_alignment_beyond_the_seeds_ends_where_its_score_is_best(one, two, step):
    got, path, ends = aligned(one, two, step, align.OUTSIDE)
    (a, wa), (b, wb) = parts(one), parts(two)
    best = naive_extension(a, wa, b, wb)
    if best < 0.6 - 1e-4:
        assert (got, path, ends) == (0, [], (0, 0))
    elif best > 0.6 + 1e-4:
        assert got == pytest.approx(best, abs=1e-4)
        check_path(path, a, wa, b, wb)
        assert ends == (path[-1][0] + 1, path[-1][1] + 1)


def check_path(path, a, wa, b, wb):
    """Matches are of equal words that weigh something, and go forward on both sides."""
    for x, y in path:
        assert a[x] == b[y]
        assert min(wa[x], wb[y]) > 0
    assert all(x < p and y < q for (x, y), (p, q) in itertools.pairwise(path))


@examples
@given(paths())
def test_the_best_stretch_of_a_path(drawn):
    path, wa, wb = drawn
    mate = np.full(70, -1, np.int64)
    for x, y in path:
        mate[x] = y
    both = np.array(wa, np.float32), np.array(wb, np.float32)
    first, last, score = align.best_stretch(0, 69, *both, mate)
    assert score == pytest.approx(naive_best_stretch(path, wa, wb), abs=1e-3)
    if path:
        stretch = [(x, y) for x, y in path if first <= x <= last]
        assert (stretch[0][0], stretch[-1][0]) == (first, last)
        assert score == pytest.approx(naive_path_score(stretch, wa, wb), abs=1e-3)
    else:
        assert last < first


@examples
@given(sides, sides)
def test_likeness(one, two):
    (a, wa), (b, wb) = parts(one), parts(two)
    where = Stretch(0, len(a), 0, len(b))
    common, like = regions.likeness(side(a, wa), side(b, wb), where, np.ones(16, np.bool_))
    wanted = naive_likeness(a, wa, b, wb)
    assert common == wanted[0]
    assert like == pytest.approx(wanted[1])


@given(st.lists(st.integers(-9, 9), max_size=9), st.integers(0, 9))
def test_reverse(values, low):
    array = np.array(values, np.int64)
    align.reverse(array, min(low, len(values)), len(values))
    assert array.tolist() == values[:low] + values[low:][::-1]


def check_box(a, b, free):
    scratch = scratch_for(a, b)
    n, m = len(a.words), len(b.words)
    box = align.Box(0, 0, n, m, align.FORWARD, align.OUTSIDE if free else align.INSIDE)
    one, two = side_of(a), side_of(b)
    x, y, got = align.align_box(one, two, box, scratch)
    assert (x, y, path_in(scratch.mate)) == naive_box(a, b, [*range(n)], [*range(m)], free)
    # Cell by cell there is no better path.
    top, x, y = align.fill_box(one, two, box, scratch.score, scratch.move)
    if not free:
        x, y, top = n, m, scratch.score[n, m]
    elif top < 0.6:
        x, y, top = 0, 0, 0.0
    assert float(got) == pytest.approx(float(top), abs=1e-4)
    mate = np.full(max(n, 1), -1, np.int64)
    align.trace_box(box, x, y, scratch.move, mate)
    assert (x, y, path_in(mate)) == naive_cells(a, b, [*range(n)], [*range(m)], free)


@examples
@given(texts(0, 12), texts(0, 12), st.booleans())
def test_paths_of_boxes(a, b, free):
    check_box(a, b, free)


@examples
@given(texts(0, 24), texts(0, 24))
def test_equal_tokens_of_a_box(a, b):
    cells = scratch_for(a, b).cells
    n, m = len(a.words), len(b.words)
    box = align.Box(0, 0, n, m, align.FORWARD, align.INSIDE)
    count = align.equal_tokens(side_of(a), side_of(b), box, cells)
    wanted = naive_equal(a, b, [*range(n)], [*range(m)])
    assert count == len(wanted)
    got = zip(cells.x.tolist(), cells.y.tolist(), cells.score.tolist(), strict=True)
    assert list(got)[:count] == [(x, y, float(gain)) for x, y, gain in wanted[: len(cells.x)]]


@pytest.mark.parametrize("equal", [63, 64, 65, 66])
def test_a_box_of_many_equal_tokens_is_scored_cell_by_cell(equal):
    a, b = text_of([1] * 7 + [2]), text_of([1] * 8 + [2] * (equal - 56))
    scratch = scratch_for(a, b)
    box = align.Box(0, 0, len(a.words), len(b.words), align.FORWARD, align.INSIDE)
    align.align_box(side_of(a), side_of(b), box, scratch)
    assert (scratch.score[1, 1] != 0) == (equal > 64)
    check_box(a, b, True)
    check_box(a, b, False)


def test_words_have_slots():
    words = np.arange(1000, dtype=np.uint64)
    assert {int(align.slot_of(word)) for word in words} == set(range(SLOTS))


def test_a_slot_has_a_bit_for_each_token_of_a_box():
    bits = 8 * scratch_for(text_of([1]), text_of([1])).cells.slots.itemsize
    assert max(align.BOX, align.REACH) <= bits


def test_few_words_of_a_box_share_a_slot_with_another_one():
    """Those too that differ in the first or the last character alone."""
    words = [f"{first}nat{last}s" for first in "abcdefghijkl" for last in "aeiouy"]
    keys = np.array([int.from_bytes(word.encode(), "little") for word in words], np.uint64)
    slots = [int(align.slot_of(key)) for key in keys]
    pairs = list(itertools.combinations(slots, 2))
    assert sum(x == y for x, y in pairs) <= 3 * len(pairs) / SLOTS


@pytest.mark.parametrize(("dx", "dy"), [(0, 0), (1, 0), (0, 1), (1, 1), (2, 5), (24, 24)])
def test_what_a_path_loses_between_matches(dx, dy):
    assert align.cost_of(dx, dy) == naive_cost(dx, dy)


@pytest.mark.parametrize("weight", [0.125, 0.25, 0.375, 0.5, 0.75, 1.0])
@pytest.mark.parametrize("apart", range(5))
@pytest.mark.parametrize("more", range(3))
def test_what_a_match_must_gain(weight, apart, more):
    """A match behind ``apart`` other tokens, of which ``more`` stand on one side alone."""
    words = [5, *range(10, 10 + apart), 7, 8]
    weights = [weight] * (2 + apart) + [weight / 2]
    others = [5, *range(OTHER, OTHER + apart + more), 7, 8]
    a = text_of(words, weights)
    b = text_of(others, [1.0] * len(others))
    for one, two in ((a, b), (b, a)):
        for free in (False, True):
            check_box(one, two, free)
            check_box(text_of(one.words[1:], one.weights[1:]), two, free)


def check_extension(a, b, start):
    for step, end in ((1, start), (-1, (len(a.words) - 1 - start[0], len(b.words) - 1 - start[1]))):
        one, two = (text_of(t.words[::step], t.weights[::step]) for t in (a, b))
        scratch = scratch_for(one, two)
        got = align.extend(side_of(one), side_of(two), *end, np.int64(step), scratch)
        wanted, path = naive_extend(one, two, end, step)
        assert (got, path_in(scratch.mate)) == (wanted, sorted(path))


@examples
@given(texts(1), texts(1))
def test_extend(a, b):
    check_extension(a, b, (0, 0))


@pytest.mark.parametrize("apart", [21, 22, 23, 24, 25])
def test_how_far_a_path_is_extended(apart):
    """Tokens of a path weigh a thousand, so that any gap is bridged inside a box."""
    words = [1, *range(100, 100 + apart), *range(2, 30)]
    others = [1, *range(OTHER, OTHER + apart), *range(2, 30)]
    weights = [1000.0] * len(words)
    check_extension(text_of(words, weights), text_of(others, weights), (0, 0))
    check_extension(
        text_of(words, weights), text_of([1, *others[1 + apart :]], weights[apart:]), (0, 0)
    )


@examples
@given(alike_texts(), st.integers(2, 3))
def test_alignment_along_chains(both, size):
    a, b = both
    matches = seeds_between(a, b, size)
    for chain in naive_chains(matches, size)[:3]:
        scratch = scratch_for(a, b)
        args = (side_of(a), side_of(b), seeds_of(matches), np.array(chain), size, scratch)
        first, last = align.align_chain(*args)
        wanted = naive_chain_path(a, b, [matches[k] for k in chain], size)
        assert (first, last, path_in(scratch.mate)) == wanted


@examples
@given(paths(), st.lists(st.sampled_from([0, 0, STARTS_LINE]), min_size=70, max_size=70))
def test_ends_beyond_a_line_are_islands(drawn, flags):
    path, _, _ = drawn
    close = [(k, k + 3) for k in range(len(path) // 2)]
    far = [(i + len(close) + 2, j + len(close) + 6) for i, j in path]
    listed = [match for match in [*close, *far] if max(match) < 70]
    if len(listed) < 2:
        return
    a, b = text_of(range(70), flags=flags), text_of(range(70), flags=flags[::-1])
    args = (listed[0][0], listed[-1][0], side_of(a).flags, side_of(b).flags)
    got = align.clip_islands(*args, mate_of(listed, a))
    wanted = naive_clip(listed, a, b)
    assert got == (wanted[0][0], wanted[-1][0])


@pytest.mark.parametrize("run", [1, 2, 3, 4])
@pytest.mark.parametrize("backward", [False, True])
def test_three_tokens_are_no_island(run, backward):
    path = [(k, k) for k in range(run)] + [(k + 5, k + 5) for k in range(run, run + 9)]
    if backward:
        path = [(30 - i, 30 - j) for i, j in reversed(path)]
    flags = [STARTS_LINE if k in (run + 3, 30 - run - 2) else 0 for k in range(31)]
    a = text_of(range(31), flags=flags)
    kept = naive_clip(path, a, a)
    assert len(kept) == len(path) - (run if run < 3 else 0)
    flags = side_of(a).flags
    got = align.clip_islands(path[0][0], path[-1][0], flags, flags, mate_of(path, a))
    assert got == (kept[0][0], kept[-1][0])
