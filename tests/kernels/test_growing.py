"""Bags of words, growth, ends of sentences: kernels against their twins, and at every limit."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from naive import QUOTED, STARTS_SENTENCE
from naive_passages import naive_likeness
from naive_pieces import (
    MEDIUM,
    STRONG,
    WEAK,
    Piece,
    naive_bag,
    naive_beginning,
    naive_boundary,
    naive_fill_gap,
    naive_grow,
    naive_grow_all,
    naive_snap,
)
from passage_texts import (
    OTHER,
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

from dedup.kernels import regions, sides


@examples
@given(texts(), texts())
def test_likeness_of_content_words(a, b):
    where = sides.Stretch(0, len(a.words), 0, len(b.words))
    got = regions.likeness(side_of(a), side_of(b), where, np.ones(30, np.bool_))
    assert got == pytest.approx(naive_likeness(*a[:2], *b[:2]))


def test_a_word_tells_from_a_weight_of_three_tenths():
    weights = np.array([0.25, 0.28, 0.299, 0.3, 0.301, 0.32, 0.375], np.float32)
    one = sides.Side(np.arange(7).astype(np.uint64), weights, *np.zeros((2, 7), np.uint8))
    room = np.ones(7, np.bool_)
    assert regions.likeness(one, one, sides.Stretch(0, 7, 0, 7), room) == (4, 1.0)


def test_words_are_spread_over_a_set_of_64():
    words = [np.uint64(each) for each in range(1 << 40, (1 << 40) + 1000)]
    bits = [int(regions.bit_of(word)) for word in words]
    assert all(bit.bit_count() == 1 for bit in bits)
    assert len(set(bits)) == 64


@examples
@given(texts(), texts(), st.sets(st.integers(0, 23)), st.sets(st.integers(0, 23)))
def test_bag_matches(a, b, matched_a, taken):
    matched_a = {i for i in matched_a if i < len(a.words)}
    taken = {j for j in taken if j < len(b.words)}
    scratch = scratch_for(a, b, used=((), taken))
    scratch.mate[list(matched_a)] = 0
    where = sides.Stretch(0, len(a.words), 0, len(b.words))
    count = regions.bag_matches(side_of(a), side_of(b), where, scratch.mate, scratch.used_b, 7)
    wanted = naive_bag(a, b, range(len(a.words)), range(len(b.words)), matched_a, set(taken))
    scratch.mate[list(matched_a)] = -1
    assert path_in(scratch.mate) == wanted
    assert count == len(wanted)


@pytest.mark.parametrize("size", [999, 1000, 1001, 2000, 2001])
def test_fill_gap_takes_a_bag_at_a_time(size):
    """The one word that both sides have stands at the begin of one and at the end of the other."""
    a = text_of([1, *range(OTHER, OTHER + size - 1)])
    b = text_of([*range(OTHER + size, OTHER + 2 * size - 1), 1])
    for one, two in ((a, b), (b, a), (a, text_of([5, 1]))):
        scratch = scratch_for(one, two)
        gap = sides.Stretch(0, len(one.words), 0, len(two.words))
        regions.fill_gap(side_of(one), side_of(two), gap, scratch.mate, scratch.used_b, 7)
        hole = Piece(0, len(one.words) - 1, 0, len(two.words) - 1)
        assert path_in(scratch.mate) == naive_fill_gap(one, two, hole, set(), set())


def check_end(a, b, end, limits, step, window, like):
    where = regions.End(*end, *limits, window, np.int64(step))
    used = np.ones(1000, np.bool_)
    got = regions.grow(side_of(a), side_of(b), where, like, used)
    assert got == naive_grow(a, b, end, limits, step, window, like)
    rows = list(range(end[0] + step, limits[0] + step, step))[:window]
    columns = list(range(end[1] + step, limits[1] + step, step))[:window]
    got = regions.best_beginning(side_of(a), side_of(b), where, like, used)
    assert got == naive_beginning(a, b, rows, columns, like)


@examples
@given(texts(1), texts(1), st.integers(0, 40), st.sampled_from([0.2, 0.5, 0.9]), st.booleans())
def test_grow(a, b, window, like, forward):
    ends = (len(a.words) - 1, len(b.words) - 1)
    if forward:
        check_end(a, b, (0, 0), ends, 1, window, like)
    else:
        check_end(a, b, ends, (0, 0), -1, window, like)


@pytest.mark.parametrize("common", [2, 3, 4])
@pytest.mark.parametrize("length", [2, 3, 4])
def test_grow_needs_three_words_in_common_and_three_to_look_at(common, length):
    words = [99, *range(1, length + 1)]
    b = [99, *range(1, common + 1), *[OTHER] * length][: length + 1]
    check_end(text_of(words), text_of(b), (0, 0), (length, length), 1, 40, 0.2)
    check_end(text_of(words), text_of([*b, 7, 8, 9]), (0, 0), (length, length + 3), 1, 40, 0.2)
    check_end(text_of([*words, 7, 8]), text_of(b), (0, 0), (length + 2, length), 1, 40, 0.2)


@pytest.mark.parametrize("extent", [19, 20, 21, 39, 40, 41, 60])
@pytest.mark.parametrize("alone", [15, 17, 18, 19, 36, 37, 38, 39])
def test_what_grows_and_how_far_it_looks(extent, alone):
    """Words in common stand ``alone`` tokens beyond the end of a passage of ``extent`` tokens."""
    count = 2 * extent + 120
    first = 60
    last = first + extent - 1
    shared = (*range(last + alone, last + alone + 4), *range(first - alone - 3, first - alone + 1))
    a, b = unlike(count, *(k for k in shared if 0 <= k < count))
    piece = Piece(first, last, first, last, MEDIUM, 3)
    rows, _ = rows_of([piece])
    twin = [(piece, [0])]
    got = regions.grow_regions(rows, side_of(a), side_of(b), 0.05, scratch_for(a, b))
    assert got == naive_grow_all(twin, a, b, 0.05)
    assert regions_of(rows) == twin


@pytest.mark.parametrize("tokens", [30, 32, 33, 34, 35, 36, 38])
@pytest.mark.parametrize("level", [WEAK, MEDIUM, STRONG])
def test_what_is_copied_closely_does_not_grow(tokens, level):
    """Of 40 tokens 34 are 85%."""
    a, b = unlike(100, *range(60, 90))
    piece = Piece(20, 59, 20, 59, level, tokens)
    rows, _ = rows_of([piece])
    got = regions.grow_regions(rows, side_of(a), side_of(b), 0.2, scratch_for(a, b))
    assert got == (level >= MEDIUM and tokens < 34)


# Ends.


@examples
@given(texts(1), texts(1), st.data(), st.sets(st.integers(0, 23), max_size=3))
def test_ends_of_sentences(a, b, data, used):
    ends = [sorted(data.draw(st.integers(0, len(t.words) - 1)) for _ in "12") for t in (a, b)]
    piece = Piece(*ends[0], *ends[1], MEDIUM, data.draw(st.integers(0, 24)))
    scratch = scratch_for(a, b, used=([k for k in used if k < len(a.words)], ()))
    for step, i in ((-1, piece.first_a), (1, piece.last_a)):
        got = regions.to_boundary(i, step, side_of(a).flags, scratch.used_a, 7)
        assert got == naive_boundary(i, step, a, used)
    rows, _ = rows_of([piece])
    regions.snap_region(rows[0], side_of(a), side_of(b), scratch)
    assert piece_of(rows[0]) == naive_snap(piece, a, b, (used, set()))


@pytest.mark.parametrize("beyond", [4, 5, 6, 7, 8, 12, 13])
@pytest.mark.parametrize("flag", [STARTS_SENTENCE, QUOTED])
def test_how_far_off_the_end_of_a_sentence_is_looked_for(beyond, flag):
    flags = [0] * 60
    flags[30 + beyond] = flag
    text = text_of(range(60), flags=flags)
    for step in (1, -1):
        got = regions.to_boundary(29, step, side_of(text).flags, scratch_for(text).used_a, 7)
        assert got == naive_boundary(29, step, text, set())
    got = regions.to_boundary(29, 1, side_of(text).flags, scratch_for(text).used_a, 7)
    assert got == (29 + beyond if beyond <= 6 else -1)


@pytest.mark.parametrize("tokens", [17, 18, 19, 20])
def test_a_close_copy_ends_where_it_ends(tokens):
    """Of 20 tokens 19 are 95%."""
    flags = [0] * 60
    flags[9] = flags[33] = STARTS_SENTENCE
    text = text_of(range(60), flags=flags)
    rows, _ = rows_of([Piece(10, 29, 10, 29, MEDIUM, tokens)])
    regions.snap_region(rows[0], side_of(text), side_of(text), scratch_for(text))
    got = piece_of(rows[0])
    assert (got.first_a, got.last_a) == ((9, 32) if tokens < 19 else (10, 29))
