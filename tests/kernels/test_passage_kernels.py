"""The kernels of pieces, regions and passages against their twins, and at every limit they have."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from naive import CAPITAL, CONTENT, NAME, QUOTED, STARTS_LINE, STARTS_SENTENCE, STOP, UNSPACED
from naive_passages import naive_likeness
from naive_pieces import (
    MEDIUM,
    NONE,
    STRONG,
    WEAK,
    Piece,
    Text,
    naive_bag,
    naive_beginning,
    naive_boundary,
    naive_close,
    naive_content,
    naive_continues,
    naive_fill,
    naive_fill_gap,
    naive_grow,
    naive_grow_all,
    naive_grow_region,
    naive_has_link,
    naive_join,
    naive_judge,
    naive_judge_region,
    naive_loose,
    naive_measure,
    naive_merged,
    naive_opens,
    naive_room,
    naive_settle,
    naive_shuffled,
    naive_snap,
)

from dedup.kernels import passages, pieces, regions, sides
from dedup.kernels._jit import INTERPRETED

examples = settings(max_examples=40 if INTERPRETED else 150, deadline=None)
OTHER = 2**63  # words of one side alone are above it


def side_of(text):
    """Return a ``Text`` as the kernels take it."""
    kinds = (np.uint64, np.float32, np.uint8, np.uint8)
    return sides.Side(*(np.array(each, kind) for each, kind in zip(text, kinds, strict=True)))


def text_of(words, weights=None, classes=None, flags=None):
    """Return a ``Text``: content words without flags where nothing else is said."""
    count = len(words)
    return Text(
        list(words),
        list(weights or [1.0] * count),
        list(classes or [CONTENT] * count),
        list(flags or [0] * count),
    )


def scratch_for(*texts, path=(), used=((), ())):
    """Return scratch for texts, with a path and with tokens that are in passages."""
    longest = max(1, *(len(text.words) for text in texts))
    _, scratch = passages.scratch_for(1, longest)
    scratch.stamp[0] = 7
    scratch.used_a[list(used[0])] = 7
    scratch.used_b[list(used[1])] = 7
    for x, (i, j) in enumerate(path):
        scratch.path_a[x], scratch.path_b[x] = i, j
    return scratch


def mate_of(path, a):
    """Return the tokens matched to those of ``a``."""
    mate = np.full(max(len(a.words), 1), -1, np.int64)
    for i, j in path:
        mate[i] = j
    return mate


def path_in(mate):
    return [(i, j) for i, j in enumerate(mate.tolist()) if j >= 0]


def rows_of(listed):
    """Return pieces as rows, their matches one behind the other, and all matches."""
    rows = np.zeros((len(listed), sides.PIECE_COLUMNS), np.int64)
    path = []
    for k, piece in enumerate(listed):
        begin = len(path)
        path += piece.path
        places = (piece.first_a, piece.last_a, piece.first_b, piece.last_b)
        rows[k] = (*places, piece.level, piece.tokens, begin, len(path), k)
    return rows, path


def piece_of(row):
    """Return a row as a piece without its path."""
    columns = (sides.FIRST_A, sides.LAST_A, sides.FIRST_B, sides.LAST_B)
    columns += (sides.PIECE_LEVEL, sides.PIECE_TOKENS)
    return Piece(*(int(row[column]) for column in columns))


def regions_of(rows):
    """Return the regions of rows: (piece, numbers of its pieces)."""
    owners = rows[:, sides.OWNER].tolist()
    return [
        (piece_of(rows[k]), [p for p, owner in enumerate(owners) if owner == k])
        for k in range(len(rows))
        if owners[k] == k
    ]


def bare(listed):
    """Return regions without the paths of their pieces."""
    return [(Piece(*list(vars(piece).values())[:6]), members) for piece, members in listed]


# What texts are drawn from: few words, so that much is equal, and every weight that tokens have.
tokens = st.tuples(
    st.sampled_from([1, 2, 3, 4, OTHER + 1, 2**64 - 1]),
    st.sampled_from([0.0, 0.125, 0.25, 0.375, 0.5, 0.75, 1.0]),
    st.sampled_from([STOP, CONTENT, CONTENT, NAME]),
    st.sampled_from([0, 0, CAPITAL, QUOTED, UNSPACED, STARTS_SENTENCE, STARTS_LINE]),
)


def texts(low=0, high=24):
    drawn = st.lists(tokens, min_size=low, max_size=high)
    return drawn.map(lambda listed: Text(*([token[k] for token in listed] for k in range(4))))


@st.composite
def matched(draw, low=1):
    """Draw two texts and matches between them that ascend on both sides."""
    a, b = draw(texts(low)), draw(texts(low))
    most = min(len(a.words), len(b.words))
    count = draw(st.integers(min(low, most), most))
    rows = sorted(draw(st.permutations(range(len(a.words))))[:count])
    columns = sorted(draw(st.permutations(range(len(b.words))))[:count])
    return a, b, list(zip(rows, columns, strict=True))


# Levels.


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


# Seeds in any order.

points = st.lists(st.tuples(st.integers(0, 23), st.integers(0, 23)), max_size=9, unique=True)
far_points = st.lists(
    st.tuples(st.sampled_from([0, 1, 44, 45, 46, 90, 91, 92]), st.integers(0, 99)),
    max_size=9,
    unique=True,
)


def seeds_of(matches):
    return sides.Seeds(*np.array(matches, np.int64).reshape(-1, 2).T.copy())


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


@pytest.mark.parametrize("last", [994, 995, 996, 997])
def test_loose_pieces_are_no_longer_than_a_bag(last):
    words = list(range(1, 1005))
    chain = [*range(0, last, 40), last]
    seeds = [(k, k) for k in chain]
    check_loose(seeds, text_of(words), text_of(words), ((), ()))


# Bags of words.


@examples
@given(texts(), texts())
def test_content_words_and_likeness(a, b):
    weights = side_of(a).weights
    count = regions.content_words(weights, 0, len(weights))
    assert count == sum(weight >= 0.3 for weight in a.weights)
    where = sides.Stretch(0, len(a.words), 0, len(b.words))
    got = regions.likeness(side_of(a), side_of(b), where, np.ones(30, np.bool_))
    assert got == pytest.approx(naive_likeness(*a[:2], *b[:2]))


def test_a_word_tells_from_a_weight_of_three_tenths():
    weights = np.array([0.25, 0.28, 0.299, 0.3, 0.301, 0.32, 0.375], np.float32)
    assert regions.content_words(weights, 0, 7) == 4


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


# What continues what.

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


def unlike(count, *shared, step=OTHER):
    """Return two texts that have only the words ``shared`` in common, at the same places."""
    a = [1000 + k for k in range(count)]
    b = [step + k for k in range(count)]
    for k in shared:
        a[k] = b[k] = k + 1
    return text_of(a), text_of(b)


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


@st.composite
def alike_texts(draw):
    """Draw two texts of 200 tokens that share many words, here and there."""
    shared = draw(st.lists(st.sampled_from([0, 0, 1, 2]), min_size=200, max_size=200))
    flags = draw(st.lists(st.sampled_from([0] * 6 + [1, 2]), min_size=200, max_size=200))
    flags = [(0, STARTS_SENTENCE, STARTS_LINE | STARTS_SENTENCE)[each] for each in flags]
    a = [k + 1 for k in range(200)]
    b = [OTHER + k if shared[k] == 0 else a[k - shared[k] + 1] for k in range(200)]
    return text_of(a, flags=flags), text_of(b, flags=flags[::-1])


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


# Ends and matches.


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
