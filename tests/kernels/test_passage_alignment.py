"""Chains, alignments and whole passages against their twins, and the figure of a small set."""

from __future__ import annotations

import itertools
import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from naive import STARTS_LINE
from naive_passages import (
    naive_align,
    naive_best_stretch,
    naive_chain_ends,
    naive_chains,
    naive_extension,
    naive_likeness,
    naive_path_score,
)
from naive_pieces import (
    MEDIUM,
    NONE,
    STRONG,
    WEAK,
    Piece,
    naive_box,
    naive_chain_path,
    naive_clip,
    naive_extend,
    naive_fill,
    naive_judge,
    naive_judge_region,
    naive_loose,
    naive_measure,
    naive_merged,
    naive_settle,
    naive_snap,
    replace,
)
from test_passage_kernels import (
    OTHER,
    alike_texts,
    mate_of,
    path_in,
    piece_of,
    rows_of,
    scratch_for,
    seeds_of,
    side_of,
    text_of,
    texts,
)
from twins import WRAPS

from dedup.config import Config
from dedup.core.arrays import texts_from_strings
from dedup.kernels import align, passages, pieces, regions
from dedup.kernels._jit import INTERPRETED
from dedup.kernels.sides import Limits, Seeds, Side, Stretch
from dedup.kernels.stopwords import CONTENT
from dedup.passages.find import find_passages
from dedup.text.stopwords import classify
from dedup.text.tokens import tokenise_texts

pytestmark = WRAPS
examples = settings(max_examples=40 if INTERPRETED else 150, deadline=None)

# Chains.


@st.composite
def matches(draw):
    """Draw matches in order: pieces of diagonals, and strays."""
    found = set()
    for _ in range(draw(st.integers(0, 4))):
        i, j, length = (draw(st.integers(0, high)) for high in (30, 30, 8))
        found |= {(i + k, j + k) for k in range(length)}
    found |= set(draw(st.lists(st.tuples(st.integers(0, 40), st.integers(0, 40)), max_size=8)))
    return sorted(found)


@examples
@given(matches(), st.integers(2, 4))
def test_matches_are_linked_as_by_plain_search(drawn, size):
    i, j = np.array(drawn, np.int64).reshape(-1, 2).T.copy()
    best, back = np.empty((2, len(drawn)), np.int64)
    last = np.empty(len(drawn), np.bool_)
    align.chain_matches(Seeds(i, j), size, align.Links(best, back, last))
    wanted_best, wanted_back = naive_chain_ends(drawn, size)
    assert (best.tolist(), back.tolist()) == (wanted_best, wanted_back)
    assert last.tolist() == [k not in wanted_back for k in range(len(drawn))]


@examples
@given(matches(), st.integers(2, 4))
def test_chains(drawn, size):
    i, j = np.array(drawn, np.int64).reshape(-1, 2).T.copy()
    chains, members, bounds = align.find_chains(Seeds(i, j), size)
    found = [members[bounds[k] : bounds[k + 1]].tolist() for k in range(chains)]
    assert found == naive_chains(drawn, size)
    once = [k for chain in found for k in chain]
    assert len(once) == len(set(once))


@given(st.lists(st.integers(0, 9), max_size=30))
def test_sorted_order(keys):
    got = align.sorted_order(np.array(keys, np.int64))
    assert got.tolist() == sorted(range(len(keys)), key=lambda k: keys[k])


# Alignments.

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


@st.composite
def paths(draw):
    """Draw (matches in order, weights of both sides)."""
    steps = draw(st.lists(st.tuples(st.integers(1, 6), st.integers(1, 6)), max_size=10))
    path = [(-1, -1)]
    for di, dj in steps:
        path.append((path[-1][0] + di, path[-1][1] + dj))
    weights = st.lists(st.sampled_from([0.125, 0.25, 1.0]), min_size=70, max_size=70)
    return path[1:], draw(weights), draw(weights)


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


# Limits of chains and boxes.


@pytest.mark.parametrize("size", [2, 3])
@pytest.mark.parametrize("di", [1, 2, 7, 8, 9, 10, 13, 14, 15, 16])
@pytest.mark.parametrize("dj", [1, 2, 5, 6, 7, 8, 13, 14, 15, 16])
def test_how_far_seeds_of_a_chain_stand_apart(size, di, dj):
    drawn = [(0, 0), (di, dj)]
    chains, _, _ = align.find_chains(seeds_of(drawn), size)
    assert chains == len(naive_chains(drawn, size))
    links = align.Links(np.empty(2, np.int64), np.empty(2, np.int64), np.empty(2, np.bool_))
    align.chain_matches(seeds_of(drawn), size, links)
    assert align.has_chain(links.back) == (chains > 0)
    assert pieces.has_link(seeds_of(drawn), 0, 2, size) == (chains > 0)


@given(st.lists(st.integers(-9, 9), max_size=9), st.integers(0, 9))
def test_reverse(values, low):
    array = np.array(values, np.int64)
    align.reverse(array, min(low, len(values)), len(values))
    assert array.tolist() == values[:low] + values[low:][::-1]


def check_box(a, b, free):
    scratch = scratch_for(a, b)
    n, m = len(a.words), len(b.words)
    box = align.Box(0, 0, n, m, align.FORWARD, align.OUTSIDE if free else align.INSIDE)
    x, y, _ = align.align_box(side_of(a), side_of(b), box, scratch)
    assert (x, y, path_in(scratch.mate)) == naive_box(a, b, [*range(n)], [*range(m)], free)
    mate = np.full(max(n, 1), -1, np.int64)
    align.fill_box(side_of(a), side_of(b), box, scratch.score, scratch.move)
    align.trace_box(box, x, y, scratch.move, mate)
    assert path_in(mate) == path_in(scratch.mate)


@examples
@given(texts(0, 12), texts(0, 12), st.booleans())
def test_paths_of_boxes(a, b, free):
    check_box(a, b, free)


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


def seeds_between(a, b, size):
    """Return the n-grams that two texts share."""
    places = range(len(a.words) - size + 1), range(len(b.words) - size + 1)
    return [
        (i, j)
        for i, j in itertools.product(*places)
        if a.words[i : i + size] == b.words[j : j + size]
    ]


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


# Pieces and passages of two documents.


def naive_found(a, b, matches, size, least):
    """Return the pieces along chains of seeds; the best stretch is asked of its kernel."""
    listed, used = [], (set(), set())
    for chain in naive_chains(matches, size):
        seeds = [matches[k] for k in chain]
        known = sum(i in used[0] or j in used[1] for i, j in seeds)
        if 2 * known >= len(seeds):
            continue
        begin, end, path = naive_chain_path(a, b, seeds, size)
        weights = side_of(a).weights, side_of(b).weights
        first, last, _ = align.best_stretch(begin, end, *weights, mate_of(path, a))
        path = [match for match in path if first <= match[0] <= last]
        path = naive_clip(path, a, b) if last > first else []
        free = [(i, j) for i, j in path if i not in used[0] and j not in used[1]]
        if len(path) > 1 and free:
            level = naive_judge(path, least, a, b)
            ends = (path[0][0], path[-1][0], path[0][1], path[-1][1])
            listed.append(Piece(*ends, level, len(path), tuple(free)))
            used[0].update(i for i, _ in free)
            used[1].update(j for _, j in free)
    return listed, used


@examples
@given(alike_texts(), st.integers(2, 3), st.integers(4, 9))
def test_find_pieces(both, size, least):
    a, b = both
    matches = seeds_between(a, b, size)
    scratch = scratch_for(a, b)
    rows = np.zeros((len(matches), 9), np.int64)
    limits = Limits(size, least, 0.2, False)
    args = (side_of(a), side_of(b), seeds_of(matches), limits, scratch, rows)
    count, written = pieces.find_pieces(*args)
    wanted, used = naive_found(a, b, matches, size, least)
    assert [piece_of(row) for row in rows[:count]] == [replace(each, path=()) for each in wanted]
    path = [match for each in wanted for match in each.path]
    assert path_in_order(scratch, written) == path
    assert set(np.flatnonzero(scratch.used_a == 7).tolist()) == used[0]
    assert (scratch.mate == -1).all()
    chain = np.arange(len(matches))
    known = sum(i in used[0] or j in used[1] for i, j in matches)
    assert pieces.count_used(seeds_of(matches), chain, scratch) == known


def path_in_order(scratch, written):
    return list(
        zip(scratch.path_a[:written].tolist(), scratch.path_b[:written].tolist(), strict=True)
    )


@examples
@given(paths(), st.sets(st.integers(0, 69), max_size=5))
def test_write_path(drawn, used):
    path, _, _ = drawn
    a = text_of(range(70))
    scratch = scratch_for(a, used=(used, used))
    scratch.mate[:] = mate_of(path, a)
    count = pieces.write_path(0, 69, 0, scratch)
    assert path_in_order(scratch, count) == [
        (i, j) for i, j in path if i not in used and j not in used
    ]


def naive_pair(a, b, runs, word_pairs, limits):
    """Return (passages, matched tokens) of two documents."""
    size, least, like, weak = limits
    listed, used = naive_found(a, b, runs, size, least)
    merged = naive_merged(runs, word_pairs)
    listed += naive_loose(
        [(i, j) for i, j in merged if i not in used[0] and j not in used[1]], a, b
    )
    listed.sort(key=lambda piece: piece.first_a)
    settled = [(piece, [k]) for k, piece in enumerate(listed)]
    naive_settle(settled, a, b, like, used)
    found, ours, theirs = [], set(), set()
    taken = {j for each in listed for _, j in each.path}
    for piece, members in settled:
        piece = naive_snap(piece, a, b, used)
        path = [match for k in members for match in listed[k].path]
        path = naive_fill(piece, path, a, b)
        level, density = naive_judge_region(piece, path, len(members) > 1, least, a, b)
        if level > NONE:
            found.append((piece, level, path, density))
            ours |= {i for i, _ in path}
            theirs |= {j for _, j in path}
    assert taken >= set()
    if weak or any(level == STRONG for _, level, _, _ in found):
        return found, min(len(ours), len(theirs))
    found = [each for each in found if each[1] > WEAK]
    return found, sum(len(path) for _, _, path, _ in found)


@examples
@given(alike_texts(), st.integers(2, 3), st.integers(4, 9), st.booleans(), st.data())
def test_pair_passages(both, size, least, weak, data):
    a, b = both
    limits = Limits(size, least, 0.2, weak)
    runs = seeds_between(a, b, size)
    single = seeds_between(a, b, 1)
    word_pairs = sorted(data.draw(st.sets(st.sampled_from(single), max_size=20))) if single else []
    matches = (seeds_of(runs), seeds_of(word_pairs))
    most = passages.most_passages(*matches)
    found = passages.Found(np.zeros((most, 9), np.int64), np.zeros((most, 2)))
    scratch = scratch_for(a, b)
    count, tokens = passages.pair_passages(side_of(a), side_of(b), matches, limits, scratch, found)
    wanted, matched = naive_pair(a, b, runs, word_pairs, limits)
    assert (count, tokens) == (len(wanted), matched)
    for k, (piece, level, path, density) in enumerate(wanted):
        ends = [piece.first_a, piece.last_a + 1, piece.first_b, piece.last_b + 1]
        quote = naive_measure(path, a, b)[4]
        assert found.rows[k, 2:].tolist() == [*ends, len(path), level, int(quote)]
        weight = naive_measure(path, a, b)[3]
        assert found.figures[k].tolist() == pytest.approx([weight, density])
    assert (scratch.mate == -1).all()


def test_weak_passages_go_and_the_others_move_up():
    found = passages.Found(np.zeros((5, 9), np.int64), np.zeros((5, 2)))
    measures = pieces.Measures(9, 9.0, 9.0, 8.5, True)
    for k, level in enumerate([WEAK, MEDIUM, WEAK, STRONG]):
        row = rows_of([Piece(k, k + 8, 2 * k, 2 * k + 8)])[0][0]
        passages.write_passage(found, k, row, (level, measures, 0.5 + k / 10))
    assert found.rows[1].tolist() == [0, 0, 1, 10, 2, 11, 9, MEDIUM, 1]
    assert passages.drop_weak(found, 4) == (2, 18)
    assert found.rows[:2, 2].tolist() == [1, 3]
    assert found.figures[:2].tolist() == [[8.5, 0.6], [8.5, 0.8]]


@given(st.lists(st.integers(0, 9), max_size=9))
def test_ordered_pieces(firsts):
    listed = [Piece(first, first + k, k, k) for k, first in enumerate(firsts)]
    rows = passages.ordered_pieces(rows_of([*listed, Piece(0, 0, 0, 0)])[0], len(listed))
    assert [piece_of(row) for row in rows] == sorted(listed, key=lambda piece: piece.first_a)
    assert rows[:, 8].tolist() == list(range(len(listed)))


# All documents.


def index_of(rows):
    """Return the ``Index`` of seeds: rows are lists of (value, position)."""
    groups = {}
    for row, listed in enumerate(rows):
        for value, position in listed:
            groups.setdefault(value, []).append((row, position))
    kept = [value for value, places in groups.items() if len({row for row, _ in places}) > 1]
    own = [[(kept.index(v), at) for v, at in listed if v in kept] for listed in rows]
    members = [place for value in kept for place in groups[value]]
    return passages.Index(
        np.cumsum([0, *map(len, own)]),
        np.array([group for listed in own for group, _ in listed], np.uint32),
        np.array([at for listed in own for _, at in listed], np.int32),
        np.cumsum([0, *(len(groups[value]) for value in kept)]),
        np.array([row for row, _ in members], np.int32),
        np.array([at for _, at in members], np.int32),
    )


seed_rows = st.lists(
    st.lists(st.integers(0, 6), max_size=5).map(lambda row: [(v, at) for at, v in enumerate(row)]),
    min_size=2,
    max_size=5,
)


@examples
@given(seed_rows, seed_rows)
def test_seeds_of_later_documents_are_counted_and_collected(runs, word_pairs):
    count = min(len(runs), len(word_pairs))
    runs, word_pairs = runs[:count], word_pairs[:count]
    indexes = index_of(runs), index_of(word_pairs)
    counts, _ = passages.scratch_for(count, 9)
    for row in range(count):
        worth = {
            other: sum(
                weight * sum(value in {v for v, _ in kind[other]} for value, _ in kind[row])
                for kind, weight in ((runs, 2), (word_pairs, 1))
            )
            for other in range(row + 1, count)
        }
        others = passages.touched_by(row, indexes, counts)
        assert others.tolist() == [other for other in worth if worth[other]]
        assert counts.counts.tolist() == [worth.get(other, 0) for other in range(count)]
        for kind, index, ends in zip((runs, word_pairs), indexes, counts.ends, strict=True):
            args = (row, index, others, counts.counts, counts.slots, ends)
            first, second = passages.collect_matches(*args)
            got = list(zip(first.tolist(), second.tolist(), strict=True))
            begin = 0
            for other in others.tolist():
                matches = [
                    (at, place)
                    for value, at in kind[row]
                    for twin, place in kind[other]
                    if value == twin and worth[other] >= 3
                ]
                assert got[begin : ends[other]] == matches
                begin = ends[other]
        counts.counts[:] = 0
        fresh = passages.count_seeds(
            row, indexes[0], np.int64(5), counts.counts, counts.touched, np.int64(0)
        )
        assert fresh == np.count_nonzero(counts.counts)
        counts.counts[:] = 0


def test_no_documents_have_no_passages():
    none = np.zeros(0, np.int64)
    documents = passages.Documents(*side_of(text_of([])), np.zeros(1, np.int64))
    index = passages.Index(np.zeros(1, np.int64), none, none, np.zeros(1, np.int64), none, none)
    limits = Limits(3, 8, 0.2, False)
    found = passages.find_passages(
        0, 0, documents, (index, index), limits, passages.scratch_for(1, 1)
    )
    assert [table.shape for table in found] == [(0, 9), (0, 2), (0, 3)]


def test_enlarged():
    table = np.arange(6).reshape(3, 2)
    assert passages.enlarged(table, 4).shape == (10, 2)
    assert passages.enlarged(table, 4)[:3].tolist() == table.tolist()


# The figure of text alignment, on a small set of own texts.

PLAGDET = (0.986, 0.9966, 0.9757, 1.0)  # with precision, recall, granularity
STOPS = ["the", "of", "and", "to", "in", "a", "is", "was", "for", "on"]


def made_texts():
    """Return (texts, cases): pairs with a planted passage copied, edited, shuffled or re-worded."""
    draw = random.Random(11)
    vocabulary = [
        "".join(draw.choice("bdfgklmnprst") + draw.choice("aeiou") for _ in range(4))
        for _ in range(3000)
    ]

    def sentence():
        words = [draw.choice(vocabulary) for _ in range(9)] + [draw.choice(STOPS) for _ in range(6)]
        draw.shuffle(words)
        return words

    def copied(part):
        return part

    def edited(part):
        return [[draw.choice(vocabulary) if draw.random() < 0.15 else w for w in s] for s in part]

    def shuffled(part):
        return draw.sample(part, len(part))

    def reworded(part):
        done = [[w for w in s if draw.random() < 0.7] for s in part]
        for each in done:
            for _ in range(4):
                each.insert(draw.randrange(len(each) + 1), draw.choice([*STOPS, *vocabulary]))
            at = draw.randrange(len(each))
            each[:] = each[at:] + each[:at]
        return done

    texts, cases = [], []
    for change in (copied, edited, shuffled, reworded) * 5:
        part = [sentence() for _ in range(draw.randrange(2, 6))]
        sides = []
        for body in (part, change(part)):
            before, after = ([sentence() for _ in range(draw.randrange(1, 5))] for _ in "12")
            lines = [" ".join(s).capitalize() + "." for s in (*before, *body, *after)]
            text = " ".join(lines)
            low = len(" ".join(lines[: len(before)])) + 1
            sides.append((low, low + len(" ".join(lines[len(before) : len(before) + len(body)]))))
            texts.append(text)
        cases.append((len(texts) - 2, len(texts) - 1, *sides[0], *sides[1]))
    return texts, cases


def test_plagdet_of_planted_passages():
    """A change of a constant that moves the figure is a change of results."""
    from naive import naive_plagdet

    texts, cases = made_texts()
    read = tokenise_texts(texts_from_strings(texts))
    found = find_passages(
        read, classify(read, None), Config(), included=np.ones(len(texts), np.bool_)
    )
    detections, truth = {}, {}
    for a, b, *spans in cases:
        truth[a, b] = [tuple(spans)]
    for k, (a, b) in enumerate(zip(found.a.tolist(), found.b.tolist(), strict=True)):
        low_a, high_a, low_b, high_b = found.spans[k].tolist()
        ours, theirs = read.bounds[a], read.bounds[b]
        spans = (read.starts[ours + low_a], read.ends[ours + high_a - 1])
        spans += (read.starts[theirs + low_b], read.ends[theirs + high_b - 1])
        detections.setdefault((a, b), []).append(tuple(map(int, spans)))
    score, precision, recall, granularity = naive_plagdet(detections, truth)
    assert set(detections) <= set(truth)
    assert (round(score, 4), round(precision, 4), round(recall, 4), granularity) == PLAGDET
