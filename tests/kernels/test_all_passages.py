"""Passages of all documents: seeds in common, and the figure of a small set."""

from __future__ import annotations

import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from naive_pieces import STRONG
from passage_texts import examples, side_of, text_of
from twins import WRAPS

from dedup.config import Config
from dedup.core.arrays import texts_from_strings
from dedup.kernels import passages
from dedup.kernels._jit import INTERPRETED
from dedup.kernels.sides import Limits
from dedup.passages.find import find_passages
from dedup.text.stopwords import classify
from dedup.text.tokens import tokenise_texts

pytestmark = WRAPS


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


def check_promising(row, indexes, counts):
    """Those of ``touched_by`` that may share a passage come with their own seeds."""
    counts.counts[:] = 0
    others = passages.touched_by(row, indexes, counts)
    kinds = zip(indexes, (passages.RUNS, passages.WORD_PAIRS), strict=True)
    both = tuple(passages.seeds_of(row, index, others, counts, kind) for index, kind in kinds)
    wanted, begins = [], [0, 0]
    for other in others.tolist():
        ends = counts.ends[:, other].tolist()
        own = tuple(
            passages.between(seeds, *span)
            for seeds, span in zip(both, zip(begins, ends, strict=True), strict=True)
        )
        if passages.is_promising(own, 3):
            wanted.append((other, [(list(each.first), list(each.second)) for each in own]))
        begins = ends
    found = passages.promising_of(others, both, counts, 3)
    own = [passages.matches_of(each, both) for each in found]
    assert [
        (int(each[passages.OTHER]), [(list(kind.first), list(kind.second)) for kind in seeds])
        for each, seeds in zip(found, own, strict=True)
    ] == wanted
    assert not counts.counts.any()


class Asked:
    """An array that tells which of its elements were read."""

    def __init__(self, kind):
        self.itemsize, self.places = np.dtype(kind).itemsize, set()

    def __getitem__(self, place):
        self.places.add(place)

    def reshape(self, _):
        return self


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
        enough = {other for other in worth if worth[other] >= passages.ENOUGH}
        assert others.tolist() == sorted(enough)
        assert counts.counts.tolist() == [
            worth[other] if other in enough else 0 for other in range(count)
        ]
        kinds = zip((runs, word_pairs), indexes, counts.places, counts.ends, strict=True)
        for kind, index, places, ends in kinds:
            args = (row, index, others, counts.counts, places, ends)
            first, second = passages.collect_matches(*args)
            assert not places.any()
            got = list(zip(first.tolist(), second.tolist(), strict=True))
            begin = 0
            for other in others.tolist():
                matches = [
                    (at, place)
                    for value, at in kind[row]
                    for twin, place in kind[other]
                    if value == twin
                ]
                assert got[begin : ends[other]] == matches
                begin = ends[other]
        check_promising(row, indexes, counts)
        args = (row, indexes[0], np.int64(5), counts.places[0], counts, np.int64(0))
        fresh = passages.count_seeds(*args)
        assert fresh == np.count_nonzero(counts.counts)
        assert counts.places[0].tolist() == [
            sum(value == twin for value, _ in runs[row] for twin, _ in runs[other])
            if other > row
            else 0
            for other in range(count)
        ]
        counts.counts[:] = 0
        counts.places[:] = 0


@pytest.mark.parametrize(
    ("runs", "word_pairs", "found"), [(1, 0, 0), (1, 1, 1), (0, 2, 0), (0, 3, 1)]
)
def test_documents_are_compared_from_seeds_worth_three_on(runs, word_pairs, found):
    """A run counts two, a word pair one."""
    indexes = tuple(index_of([[(k, k) for k in range(many)]] * 2) for many in (runs, word_pairs))
    counts, _ = passages.scratch_for(2, 9)
    assert len(passages.touched_by(0, indexes, counts)) == found


@examples
@given(st.lists(st.integers(0, 30), max_size=40).map(sorted), st.integers(-1, 31))
def test_documents_behind_one_are_found_in_a_list_that_rises(rows, row):
    found = passages.first_behind(np.array([99, *rows, 99], np.int32), 1, 1 + len(rows), row)
    assert found == 1 + sum(each <= row for each in rows)


@pytest.mark.parametrize(("place", "low", "high"), [(0, 100, 148), (70, 146, 218), (199, 275, 300)])
def test_the_tokens_of_the_next_document_are_asked_for(place, low, high):
    """Those about its first seed, and none of another document."""
    bounds = np.array([0, 100, 300, 400])
    kinds = (np.uint64, np.float32, np.uint8, np.uint8)
    if not INTERPRETED:  # only what reads in place of asking can tell
        passages.ask_for_side(passages.Documents(*(np.zeros(400, k) for k in kinds), bounds), 1, 0)
        pytest.skip("compiled")
    asked = passages.Documents(*map(Asked, kinds), bounds)
    passages.ask_for_side(asked, 1, place)
    for array, step in zip(asked[:4], (8, 16, 64, 64), strict=True):  # a line has 64 bytes
        assert array.places == {*range(low, high, step), high - 1}


def test_the_groups_of_seeds_that_come_next_are_asked_for():
    groups, bounds = np.arange(50, dtype=np.uint32), 3 * np.arange(51)
    if not INTERPRETED:
        passages.ask_ahead(0, 40, groups, bounds, np.zeros(150, np.int32))
        pytest.skip("compiled")
    members, begins = Asked(np.int32), Asked(np.int64)
    passages.ask_ahead(8, 25, groups, bounds, members)
    assert members.places == {3 * 24}
    passages.ask_ahead(8, 24, groups, bounds, members)
    assert members.places == {3 * 24}
    passages.ask_ahead(8, 41, groups, begins, members)
    assert begins.places == {24, 40}


def test_passages_name_their_documents_and_their_tokens():
    """The second and the third of three documents share twelve words."""
    shared = list(range(1, 13))
    texts = [[60, 61, 62], [*shared, 50], [70, 71, 72, *shared]]
    bounds = np.cumsum([0, *map(len, texts)])
    documents = passages.Documents(*side_of(text_of([word for t in texts for word in t])), bounds)
    runs = index_of([[(tuple(t[k : k + 3]), k) for k in range(len(t) - 2)] for t in texts])
    limits = Limits(3, 8, 0.2, False)
    scratch = passages.scratch_for(3, 20)
    args = (documents, (runs, index_of([[], [], []])), limits, scratch)
    rows, figures, pairs = passages.find_passages(0, 3, *args)
    assert rows.tolist() == [[1, 2, 0, 12, 3, 15, 12, STRONG, 0]]
    assert figures.tolist() == [[12.0, 1.0]]
    assert pairs.tolist() == [[1, 2, 12]]


def test_documents_may_have_word_pairs_in_common_and_no_run():
    """What they are asked for ahead then lies nowhere: there is no first run to begin at."""
    shared = list(range(1, 13))
    texts = [list(shared), list(shared), list(shared)]
    bounds = np.cumsum([0, *map(len, texts)])
    documents = passages.Documents(*side_of(text_of([word for t in texts for word in t])), bounds)
    pairs_of = index_of([[(tuple(t[k : k + 2]), k) for k in range(len(t) - 1)] for t in texts])
    limits, scratch = Limits(3, 8, 0.2, False), passages.scratch_for(3, 20)
    indexes = (index_of([[], [], []]), pairs_of)
    rows, _, _ = passages.find_passages(0, 3, documents, indexes, limits, scratch)
    assert rows[:, :6].tolist() == [
        [0, 1, 0, 12, 0, 12],
        [0, 2, 0, 12, 0, 12],
        [1, 2, 0, 12, 0, 12],
    ]


def test_no_documents_have_no_passages():
    documents = passages.Documents(*side_of(text_of([])), np.zeros(1, np.int64))
    index = index_of([])  # of the types that a scan has: for others all would be compiled again
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
