"""Levels of pieces and regions: kernels against their twins, and at every limit."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st
from naive import CONTENT, NAME, QUOTED, STOP, UNSPACED
from naive_pieces import (
    MEDIUM,
    NONE,
    STRONG,
    WEAK,
    Piece,
    Text,
    naive_content,
    naive_judge,
    naive_judge_region,
    naive_measure,
)
from passage_texts import OTHER, examples, mate_of, rows_of, side_of, text_of, texts

from dedup.kernels import pieces


@st.composite
def matched(draw, low=1):
    """Draw two texts and matches between them that ascend on both sides."""
    a, b = draw(texts(low)), draw(texts(low))
    most = min(len(a.words), len(b.words))
    count = draw(st.integers(min(low, most), most))
    rows = sorted(draw(st.permutations(range(len(a.words))))[:count])
    columns = sorted(draw(st.permutations(range(len(b.words))))[:count])
    return a, b, list(zip(rows, columns, strict=True))


def check_judge(path, least, a, b):
    first, last = path[0][0], path[-1][0]
    both, mate = (side_of(a), side_of(b)), mate_of(path, a)
    found = pieces.measure(first, last, *both, mate)
    assert tuple(found) == pytest.approx(naive_measure(path, a, b))
    assert pieces.distinct_content(first, last, both[0], mate) == naive_content(path, a)
    got = pieces.judge(first, last, least, *both, mate)
    assert got == (naive_judge(path, least, a, b), len(path))


@examples
@given(matched(), st.integers(1, 8))
def test_judge(drawn, least):
    a, b, path = drawn
    check_judge(path, least, a, b)


def stretch(content=0, stop=0, names=0, single=0, gap=0, distinct=99):
    """Return (text, text, path) of so many matched words; ``gap`` more stand in one text alone."""
    classes = [CONTENT] * content + [CONTENT] * single + [STOP] * stop + [NAME] * names
    weights = [1.0] * content + [0.5] * single + [0.25] * stop + [0.75] * names
    flags = [0] * content + [UNSPACED] * single + [0] * (stop + names)
    words = [1 + k % distinct for k in range(len(classes))]
    b = text_of(words, weights, classes, flags)
    # The gap stands before the last word, so that it is inside.
    extra = [OTHER + k for k in range(gap)]
    a = Text(
        words[:-1] + extra + words[-1:],
        weights[:-1] + [1.0] * gap + weights[-1:],
        classes[:-1] + [CONTENT] * gap + classes[-1:],
        flags[:-1] + [0] * gap + flags[-1:],
    )
    path = [(k, k) for k in range(len(words) - 1)]
    return a, b, [*path, (len(words) - 1 + gap, len(words) - 1)]


@pytest.mark.parametrize("content", range(1, 11))
def test_levels_of_every_mixture(content):
    for stop, gap in itertools.product(range(0, 13, 1), (0, 1, 2, 4, 6, 8, 9, 12)):
        a, b, path = stretch(content, stop, gap=gap)
        mate = mate_of(path, a)
        got = pieces.judge(0, path[-1][0], 4, side_of(a), side_of(b), mate)
        assert got == (naive_judge(path, 4, a, b), len(path)), (stop, gap)


@pytest.mark.parametrize(
    ("shape", "least", "level"),
    [
        ({"content": 8}, 8, STRONG),
        ({"content": 8}, 9, NONE),
        ({"content": 7, "stop": 4}, 8, STRONG),
        ({"content": 7, "stop": 3, "gap": 1}, 8, MEDIUM),
        ({"content": 8, "gap": 8}, 8, STRONG),
        ({"content": 8, "gap": 9}, 8, NONE),
        ({"content": 6, "gap": 4}, 4, MEDIUM),
        ({"content": 6, "gap": 5}, 4, NONE),
        ({"content": 5, "stop": 3, "gap": 3}, 4, WEAK),
        ({"content": 5, "stop": 3, "gap": 4}, 4, NONE),
        ({"content": 5, "gap": 2}, 4, WEAK),
        ({"content": 5, "gap": 3}, 4, NONE),
        ({"content": 4, "stop": 4, "gap": 1}, 4, WEAK),
        ({"content": 4, "stop": 3, "gap": 1}, 4, NONE),
        ({"content": 9, "distinct": 4, "gap": 1}, 8, STRONG),
        ({"content": 9, "distinct": 3, "gap": 1}, 8, NONE),
        ({"content": 2, "stop": 4}, 4, MEDIUM),  # word for word
        ({"content": 2, "stop": 3, "names": 1}, 4, NONE),
        ({"content": 1, "stop": 6}, 4, NONE),
        ({"content": 2, "stop": 17, "gap": 1}, 4, MEDIUM),
        ({"content": 2, "stop": 16, "gap": 1}, 4, NONE),
        ({"single": 16}, 8, STRONG),
        ({"single": 15}, 8, NONE),
        ({"single": 17}, 9, NONE),
        ({"single": 18}, 9, STRONG),
        ({"single": 17, "distinct": 8, "gap": 2}, 8, STRONG),
        ({"single": 17, "distinct": 7, "gap": 2}, 8, NONE),
    ],
    ids=str,
)
def test_levels_at_their_limits(shape, least, level):
    a, b, path = stretch(**shape)
    assert naive_judge(path, least, a, b) == level
    check_judge(path, least, a, b)


def test_a_quote_is_half_inside_quotation_marks():
    for count, quoted in itertools.product(range(1, 21), repeat=2):
        flags = [QUOTED] * min(quoted, count) + [0] * max(count - quoted, 0)
        a, b = text_of(range(count)), text_of(range(count), flags=flags)
        path = [(k, k) for k in range(count)]
        for one, two in ((a, b), (b, a)):
            found = pieces.measure(0, count - 1, side_of(one), side_of(two), mate_of(path, one))
            assert found.quote == (2 * quoted >= count)


def check_region(piece, path, joined, least, a, b):
    row = rows_of([piece])[0][0]
    args = (row, joined, least, side_of(a), side_of(b), mate_of(path, a))
    level, found, density = pieces.judge_region(*args)
    assert (level, density) == naive_judge_region(piece, path, joined, least, a, b)
    assert tuple(found) == pytest.approx(naive_measure(path, a, b))


@examples
@given(matched(), st.sampled_from([NONE, WEAK, MEDIUM, STRONG]), st.booleans(), st.integers(1, 8))
def test_judge_region(drawn, level, joined, least):
    a, b, path = drawn
    piece = Piece(0, len(a.words) - 1, 0, len(b.words) - 1, level)
    check_region(piece, path, joined, least, a, b)


@pytest.mark.parametrize("level", [NONE, WEAK, MEDIUM, STRONG])
@pytest.mark.parametrize("joined", [False, True])
def test_levels_of_regions_of_every_mixture(level, joined):
    for content, stop in itertools.product((6, 7, 8, 9, 10, 11, 12, 13), (0, 1, 3, 4)):
        for gap in (0, 7, 8, 9, content + stop, content + stop + 1, 20, 24, 26, 28, 30):
            a, b, path = stretch(content, stop, gap=gap)
            piece = Piece(0, len(a.words) - 1, 0, len(b.words) - 1, level)
            check_region(piece, path, joined, 8, a, b)
    for distinct in (7, 8):
        a, b, path = stretch(14, gap=20, distinct=distinct)
        piece = Piece(0, len(a.words) - 1, 0, len(b.words) - 1, level)
        check_region(piece, path, joined, 8, a, b)
