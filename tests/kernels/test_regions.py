"""Which pieces are one region: kernels against their twins, and at every limit."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from naive import STARTS_LINE
from naive_pieces import (
    MEDIUM,
    NONE,
    STRONG,
    WEAK,
    Piece,
    naive_close,
    naive_continues,
    naive_fill,
    naive_grow_all,
    naive_grow_region,
    naive_join,
    naive_opens,
    naive_room,
    naive_settle,
    naive_shuffled,
)
from passage_texts import (
    OTHER,
    alike_texts,
    examples,
    path_in,
    piece_of,
    regions_of,
    rows_of,
    scratch_for,
    side_of,
    text_of,
    texts,
    unlike,
)

from dedup.kernels import passages, regions


def bare(listed):
    """Return regions without the paths of their pieces."""
    return [(Piece(*list(vars(piece).values())[:6]), members) for piece, members in listed]


places = st.sampled_from([-9, -8, -7, -6, -5, -1, 0, 1, 3, 4, 5, 6, 7, 9, 12])


@st.composite
def two_pieces(draw):
    """Draw two pieces of texts of 60 tokens that touch, overlap or change places."""
    sizes = [draw(st.integers(1, 14)) for _ in range(4)]
    first_a, first_b = draw(st.integers(8, 20)), draw(st.integers(8, 20))
    p = Piece(first_a, first_a + sizes[0] - 1, first_b, first_b + sizes[1] - 1)
    at_a = p.last_a + 1 + draw(places)
    at_b = draw(st.sampled_from([p.last_b + 1 + draw(places), 0, 30]))
    q = Piece(max(at_a, 0), max(at_a, 0) + sizes[2] - 1, at_b, at_b + sizes[3] - 1)
    most = [min(each.last_a - each.first_a, each.last_b - each.first_b) + 1 for each in (p, q)]
    counts = [draw(st.integers(1, each)) for each in most]
    return tuple(
        Piece(*list(vars(each).values())[:5], count)
        for each, count in zip((p, q), counts, strict=True)
    )


def check_continues(p, q, a, b, like=0.2, used=((), ())):
    scratch = scratch_for(a, b, used=used)
    rows, _ = rows_of([p, q])
    got = regions.continues(rows[0], rows[1], side_of(a), side_of(b), like, scratch)
    assert got == naive_continues(p, q, a, b, like, (set(used[0]), set(used[1])))
    return bool(got)


@examples
@given(two_pieces(), texts(70, 70), texts(70, 70), st.sets(st.integers(0, 60), max_size=9))
def test_continues(drawn, a, b, used):
    p, q = drawn
    check_continues(p, q, a, b, used=(used, used))
    for piece in drawn:
        row = rows_of([piece])[0][0]
        for density in (0.7, 0.85, 0.95):
            assert regions.is_close(row, density) == naive_close(piece, density)
    for k in range(0, 70, 7):
        flags = side_of(a).flags
        assert regions.opens_line(k, flags) == naive_opens(k, a)
        assert regions.count_stamped(scratch_for(a, b, used=(used, ())).used_a, k, 70, 7) == sum(
            at >= k for at in used
        )
    both = rows_of([p, q])[0]
    wanted = naive_opens(p.first_a, a) and naive_opens(p.first_b, b)
    assert regions.opens_lines(both[0], side_of(a).flags, side_of(b).flags) == wanted
    got = regions.is_shuffled(both[0], both[1], side_of(a), side_of(b), np.ones(1000, np.bool_))
    assert got == naive_shuffled(p, q, a, b)


@pytest.mark.parametrize("gap", [3, 4, 5, 6, 9, 10, 11, 19, 20, 21])
def test_gaps_that_are_closed(gap):
    """Pieces of 20 tokens: 4 tokens between them, half of their length, all of it on one side."""
    a, b = unlike(100)
    p = Piece(0, 19, 0, 19)
    assert check_continues(p, Piece(20 + gap, 39 + gap, 20 + gap, 39 + gap), a, b) == (gap <= 10)
    one_side = check_continues(p, Piece(20 + gap, 39 + gap, 24, 43), a, b)
    assert one_side == (gap <= 20)
    check_continues(p, Piece(24, 43, 20 + gap, 39 + gap), a, b)
    assert check_continues(p, Piece(20 + gap, 39 + gap, 25, 44), a, b) == (gap <= 10)


@pytest.mark.parametrize("gap", [249, 250, 251, 300])
def test_the_widest_gap(gap):
    a, b = unlike(600)
    p, q = Piece(0, 9, 0, 9), Piece(10 + gap, 19 + gap, 10 + gap, 19 + gap)
    shared = text_of(a.words[:10] + b.words[10:])
    assert check_continues(p, q, shared, b) == (gap <= 250)


@pytest.mark.parametrize("common", [2, 3, 4])
def test_gaps_with_words_in_common(common):
    a, b = unlike(100, *range(12, 12 + common))
    p, q = Piece(0, 9, 0, 9), Piece(25, 34, 25, 34)
    assert check_continues(p, q, a, b) == (common >= 3)


@pytest.mark.parametrize("others", range(8))
def test_gaps_that_are_in_other_passages(others):
    a, b = unlike(100)
    p, q = Piece(0, 49, 0, 49), Piece(70, 99, 70, 99)
    assert check_continues(p, q, *unlike(100, *range(50, 70))) is True
    for used in ((range(50, 50 + others), ()), ((), range(50, 50 + others))):
        got = check_continues(p, q, *unlike(100, *range(50, 70)), used=used)
        assert got == (5 * others <= 20)
    assert len(a.words) == len(b.words)


@pytest.mark.parametrize("overlap", [4, 5, 6, 7, 8])
def test_how_far_passages_in_order_overlap(overlap):
    a, b = unlike(100)
    p, q = Piece(0, 19, 0, 19), Piece(20 - overlap, 39, 21, 40)
    assert check_continues(p, q, a, b) == (overlap <= 6)


def changed_places(gap=2, size=10, tokens=5, alike=True, opens=99, block=True):
    """Return two pieces that changed places and their texts; lines begin ``opens`` beside them."""
    p = Piece(0 + 5, size + 4, size + gap + 5, 2 * size + gap + 4, MEDIUM, tokens)
    q = Piece(size + gap + 5, 2 * size + gap + 4, 5, size + 4, MEDIUM, tokens)
    a, b = unlike(2 * size + gap + 20)
    if alike:
        b = text_of(a.words)
    flags = [0] * len(a.words)
    for first in (p.first_a, q.first_a):
        flags[first + opens if first + opens < len(flags) else 0] = STARTS_LINE * block
    return p, q, text_of(a.words, flags=flags), text_of(b.words, flags=flags)


@pytest.mark.parametrize("gap", [59, 60, 61])
def test_how_far_shuffled_sentences_stand_apart(gap):
    p, q, a, b = changed_places(gap, block=False)
    assert check_continues(p, q, a, b) == (gap <= 60)


@pytest.mark.parametrize("opens", [-3, -2, -1, 0, 1, 2, 3])
def test_paragraphs_that_changed_places_open_lines(opens):
    p, q, a, b = changed_places(opens=opens)
    assert check_continues(p, q, a, b) == (abs(opens) > 2)


@pytest.mark.parametrize("tokens", [34, 35, 39, 40, 41])
@pytest.mark.parametrize("size", [40, 41, 57, 58, 60])
def test_paragraphs_that_changed_places_are_long_and_close(tokens, size):
    p, q, a, b = changed_places(size=size, tokens=min(tokens, size), block=False)
    check_continues(p, q, a, b)


@pytest.mark.parametrize("shared", range(8, 20))
def test_shuffled_sentences_are_alike(shared):
    """Of 22 words a side, half must be in common."""
    p, q, a, b = changed_places(alike=False, block=False)
    words = [a.words[k] if k < 5 + shared else b.words[k] for k in range(len(a.words))]
    assert check_continues(p, q, a, text_of(words)) == (shared >= 11)


@pytest.mark.parametrize("size", [469, 470, 471])
def test_no_more_than_a_bag_is_compared(size):
    p, q, a, b = changed_places(gap=60, size=size, tokens=5, block=False)
    assert check_continues(p, q, a, b) == (2 * size + 60 <= 1000)


@st.composite
def some_pieces(draw):
    """Draw pieces in order of a, in texts of 120 tokens."""
    listed, at = [], 0
    for _ in range(draw(st.integers(0, 5))):
        first = at + draw(st.integers(0, 9))
        at = first + draw(st.integers(1, 25))
        first_b = draw(st.one_of(st.just(first), st.integers(0, 90)))
        level = draw(st.sampled_from([NONE, WEAK, MEDIUM, STRONG]))
        piece = Piece(first, at - 1, first_b, first_b + draw(st.integers(1, 25)) - 1, level)
        most = min(piece.last_a - piece.first_a, piece.last_b - piece.first_b) + 1
        path = [(piece.first_a + k, piece.first_b + k) for k in range(most)]
        path = [match for match in path if draw(st.booleans())]
        listed.append(Piece(*list(vars(piece).values())[:5], len(path), tuple(path)))
    return listed


@examples
@given(some_pieces(), alike_texts(), st.sampled_from([0.1, 0.2, 0.5]))
def test_regions_are_joined_and_grown(listed, both, like):
    a, b = both
    kernel_sides = side_of(a), side_of(b)
    rows, path = rows_of(listed)
    scratch = scratch_for(a, b, path=path)
    used = (set(), set())
    for k in range(len(listed)):
        got = regions.nearest_continued(k, rows, *kernel_sides, like, scratch)
        continued = [
            (abs(q.first_a - p.last_a) + abs(q.first_b - p.last_b), -r)
            for q in listed[k : k + 1]
            for r, p in enumerate(listed[:k])
            if naive_continues(p, q, a, b, like, used)
        ]
        assert got == (-min(continued)[1] if continued else -1)
        room = regions.room_to_grow(k, rows, len(a.words), len(b.words))
        low, high = naive_room(k, listed, (len(a.words), len(b.words)))
        assert tuple(room) == (low[0], high[0], low[1], high[1])
        row = rows[k].copy()
        wanted = naive_grow_region(listed[k], (low, high), a, b, like)
        grown = regions.grow_region(row, room, *kernel_sides, like, scratch.used)
        assert piece_of(row) == bare([(wanted, [])])[0][0]
        assert grown == ((wanted.first_a, wanted.last_a) != (listed[k].first_a, listed[k].last_a))
    twin = [(piece, [k]) for k, piece in enumerate(listed)]
    for kernel, naive in (
        (regions.join_pieces, lambda: naive_join(twin, a, b, like, used)),
        (regions.grow_regions, lambda: naive_grow_all(twin, a, b, like)),
    ):
        assert kernel(rows, *kernel_sides, like, scratch) == naive()
        assert regions_of(rows) == bare(twin)
    passages.settle_regions(rows, *kernel_sides, like, scratch)
    naive_settle(twin, a, b, like, used)
    assert regions_of(rows) == bare(twin)


@pytest.mark.parametrize("count", [15, 16, 17, 18, 33])
def test_a_region_continues_one_of_the_sixteen_before_it(count):
    """Only the first and the last continue each other; those between stand elsewhere in b."""
    a, b = unlike(400)
    listed = [Piece(0, 59, 0, 59)]
    listed += [Piece(60 + k, 60 + k, 380 - 9 * k, 380 - 9 * k) for k in range(count - 1)]
    last = 60 + count
    listed.append(Piece(last, last + 59, 61, 120))
    rows, _ = rows_of(listed)
    scratch = scratch_for(a, b)
    got = regions.nearest_continued(count, rows, side_of(a), side_of(b), 0.2, scratch)
    assert got == (0 if count <= 16 else -1)


def test_joining_and_growing_end_after_sixteen_rounds():
    """Each small piece is reached by growing, then joined: two rounds each."""
    apart, count = 256, 12
    length = 60 + apart * count
    a, b = unlike(length, *range(length))
    b = text_of([a.words[k] if k % 2 else OTHER + k for k in range(length)])
    listed = [Piece(0, 29, 0, 29, MEDIUM, 10)]
    listed += [Piece(at, at + 1, at, at + 1, WEAK, 2) for at in range(30 + apart, length, apart)]
    rows, _ = rows_of(listed)
    twin = [(piece, [k]) for k, piece in enumerate(listed)]
    scratch = scratch_for(a, b)
    passages.settle_regions(rows, side_of(a), side_of(b), 0.2, scratch)
    naive_settle(twin, a, b, 0.2, (set(), set()))
    assert len(twin) == len(listed) - 8
    assert regions_of(rows) == twin
    again = rows.copy()
    passages.settle_regions(again, side_of(a), side_of(b), 0.2, scratch)
    assert len(regions_of(again)) < len(twin)  # there was more to do


@examples
@given(some_pieces(), alike_texts())
def test_matches_of_regions(listed, both):
    a, b = both
    rows, path = rows_of(listed)
    for k, piece in enumerate(listed):
        scratch = scratch_for(a, b, path=path)
        columns = [j for _, j in piece.path]
        in_order = regions.enter_path(k, rows, scratch, 9)
        assert in_order == (columns == sorted(set(columns)))
        assert path_in(scratch.mate) == list(piece.path)
        assert np.flatnonzero(scratch.used_b == 9).tolist() == sorted(columns)
        scratch = scratch_for(a, b, path=path)
        regions.fill_region(k, rows, side_of(a), side_of(b), scratch)
        wanted = naive_fill(piece, list(piece.path), a, b)
        assert path_in(scratch.mate) == wanted
        # What is counted is cleared. Tokens of a count once; each region marks those of b anew.
        assert passages.count_matched(rows[k], True, scratch) == (len(wanted), len(wanted))
        assert path_in(scratch.mate) == []
        regions.fill_region(k, rows, side_of(a), side_of(b), scratch)
        assert passages.count_matched(rows[k], True, scratch) == (0, len(wanted))
        regions.fill_region(k, rows, side_of(a), side_of(b), scratch)
        assert passages.count_matched(rows[k], False, scratch) == (0, 0)
