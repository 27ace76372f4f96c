"""Seeds that lie close together in any order: kernels against their twins, and at every limit."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from naive_pieces import MEDIUM, NONE, Text, naive_has_link, naive_loose, naive_merged
from passage_texts import OTHER, examples, piece_of, scratch_for, seeds_of, side_of, text_of, texts

from dedup.kernels import passages, pieces, sides

points = st.lists(st.tuples(st.integers(0, 23), st.integers(0, 23)), max_size=9, unique=True)

far_points = st.lists(
    st.tuples(st.sampled_from([0, 1, 44, 45, 46, 90, 91, 92]), st.integers(0, 99)),
    max_size=9,
    unique=True,
)


@examples
@given(far_points, far_points)
def test_merged_points(runs, word_pairs):
    runs, word_pairs = sorted(runs), sorted(word_pairs)
    got = pieces.merged_points(seeds_of(runs), seeds_of(word_pairs))
    assert list(zip(*(each.tolist() for each in got), strict=True)) == naive_merged(
        runs, word_pairs
    )


@examples
@given(st.one_of(points, far_points), st.one_of(points, far_points), st.integers(2, 8))
def test_no_pair_is_left_out_that_may_have_a_passage(runs, word_pairs, size):
    """What is looked at first is exact for chains, and never too strict for loose seeds."""
    runs, word_pairs = sorted(runs), sorted(word_pairs)
    both = seeds_of([(0, 0), *runs, (99, 99)]), seeds_of([(0, 0), *word_pairs])
    inside = (1, len(runs) + 1), (1, len(word_pairs) + 1)
    assert pieces.has_link(both[0], *inside[0], size) == naive_has_link(runs, size)
    got = pieces.may_be_loose(both[0], *inside[0], both[1], *inside[1])
    merged = naive_merged(runs, word_pairs)
    wanted = any(
        sum(abs(i - k) <= 45 and abs(j - m) <= 45 for k, m in merged) >= 3 for i, j in merged
    )
    assert got == wanted
    some = tuple(passages.between(at, *span) for at, span in zip(both, inside, strict=True))
    assert passages.is_promising(some, size) == (naive_has_link(runs, size) or wanted)
    i, j = 45, 50
    for at, (low, high) in zip(both, inside, strict=True):
        count, start = pieces.count_near(i, j, at, low, high)
        near = [k for k in range(low, high) if abs(at.first[k] - i) <= 45]
        assert count == sum(abs(at.second[k] - j) <= 45 for k in near)
        assert start == min([k for k in range(low, high) if at.first[k] >= i - 45], default=high)


def check_loose(drawn, a, b, used):
    scratch = scratch_for(a, b, used=used)
    rows = np.zeros((len(drawn) + 1, sides.PIECE_COLUMNS), np.int64)
    pair = tuple(np.array(drawn, np.int64).reshape(-1, 2).T.copy())
    count = pieces.find_loose(side_of(a), side_of(b), pair, scratch, rows, (1, 5))
    free = [(i, j) for i, j in drawn if i not in used[0] and j not in used[1]]
    assert pieces.count_free(sides.Seeds(*pair), scratch) == len(free)
    assert count == 1 or len(free) >= pieces.LOOSE_SEEDS  # else nobody needs to look
    assert [piece_of(row) for row in rows[1:count]] == naive_loose(free, a, b)
    path = rows[1:count, [sides.PATH_START, sides.PATH_END]]
    assert (path == 5).all()
    # The same in steps.
    i, j = pair
    parent = pieces.link_close(i, j, scratch)
    sizes, hulls = pieces.hulls_of(i, j, parent)
    for k in range(len(drawn)):
        if parent[k] >= 0:
            group = [p for p in range(len(drawn)) if parent[p] >= 0 and root(parent, p) == k]
            assert pieces.root_of(parent, k) == root(parent, k)
            assert sizes[k] == len(group)
            if group:
                rows_, columns = zip(*(drawn[p] for p in group), strict=True)
                hull = [min(rows_), max(rows_), min(columns), max(columns)]
                assert hulls[k].tolist() == hull


def root(parent, k):
    return k if parent[k] == k else root(parent, parent[k])


@examples
@given(texts(24), texts(24), points, st.sets(st.integers(0, 23), max_size=4))
def test_find_loose(a, b, drawn, used):
    check_loose(sorted(drawn), a, b, (used, used))


@pytest.mark.parametrize("apart", [44, 45, 46])
@pytest.mark.parametrize("common", [2, 3, 11, 12, 13])
@pytest.mark.parametrize("side", [0, 1])
def test_loose_pieces_at_their_limits(apart, common, side):
    """Equal words at both ends of a stretch; the words between them weigh nothing."""
    words, weights = [*range(1, common + 1), *[OTHER] * 200], [1.0] * common + [0.25] * 200
    a = text_of(words, weights)
    # Half of the words are equal with 2 others to each, two fifths with 3.
    for others in {round(part * common / 10) for part in (0, 15, 18, 20, 21, 24, 27, 30, 31, 34)}:
        b = text_of(words, [*weights[:common], *[1.0] * others, *[0.25] * 200][: len(words)])
        b = Text([*b.words[:common], *[OTHER + 1] * (len(words) - common)], *b[1:])
        for seeds in ([(0, 0), (0, 1), (1, apart)], [(0, 0), (1, 1)], [(0, 0), (1, 3), (apart, 4)]):
            for chosen in (seeds, [(i, j) if side else (j, i) for i, j in seeds]):
                check_loose(sorted(chosen), *((a, b) if side else (b, a)), ((), ()))


@pytest.mark.parametrize("common", [11, 12, 13])
def test_loose_pieces_are_sure_from_twelve_words_and_half_alike(common):
    """Other words stand on one side alone: as many as are in common leave half, 3 to 2 leave .4."""
    for others in range(common - 1, 2 * common):
        count = common + others
        a = text_of(range(1, count + 1))
        b = text_of([*a.words[:common][::-1], *range(OTHER, OTHER + others)])
        seeds = sorted([(0, common - 1), (common - 1, 0), (count - 3, count - 3)])
        check_loose(seeds, a, b, ((), ()))
        level = MEDIUM if common >= 12 and others <= common else NONE
        wanted = [(level, common)] if others <= 1.5 * common else []
        assert [(each.level, each.tokens) for each in naive_loose(seeds, a, b)] == wanted


@pytest.mark.parametrize("last", [994, 995, 996, 997])
def test_loose_pieces_are_no_longer_than_a_bag(last):
    words = list(range(1, 1005))
    chain = [*range(0, last, 40), last]
    seeds = [(k, k) for k in chain]
    check_loose(seeds, text_of(words), text_of(words), ((), ()))
