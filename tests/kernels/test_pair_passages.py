"""Pieces and passages of two documents: kernels against their twins."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from naive_passages import naive_chains
from naive_pieces import (
    MEDIUM,
    NONE,
    STRONG,
    WEAK,
    Piece,
    naive_chain_path,
    naive_clip,
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
from passage_texts import (
    alike_texts,
    examples,
    mate_of,
    paths,
    piece_of,
    rows_of,
    scratch_for,
    seeds_between,
    seeds_of,
    side_of,
    text_of,
)

from dedup.kernels import align, passages, pieces
from dedup.kernels.sides import Limits


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
