"""Passages of one text with chosen documents are those that a scan of both finds."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from prose import UNRELATED
from twins import WRAPS

from dedup.config import Config
from dedup.core.arrays import texts_from_strings
from dedup.kernels import sought
from dedup.kernels.passages import scratch_for
from dedup.kernels.seeds import NGRAMS, WORD_PAIRS, Kind, Words, write_seeds
from dedup.kernels.sides import Limits
from dedup.passages.find import Asked, find_passages, find_passages_with
from dedup.text.stopwords import classify_alone
from dedup.text.tokens import tokenise_texts

pytestmark = WRAPS
CONFIG = Config(weak=True)
WORDS = [*"bridge council steel winter river mayor budget harbour".split(), "the", "of", "Anna"]


def prepared(texts, blank=()):
    tokens = tokenise_texts(texts_from_strings(texts))
    masked = np.zeros(len(tokens.hashes), np.bool_)
    masked[list(blank)] = True
    return tokens, classify_alone(tokens, masked)


def by_scan(tokens, words, row, other):
    """Return what a scan of two documents finds, the one that is asked for first."""
    some = np.zeros(len(tokens), np.bool_)
    some[[row, other]] = True
    found = find_passages(tokens, words, CONFIG, included=some)
    sides = [0, 1, 2, 3] if row < other else [2, 3, 0, 1]
    return sorted(
        (*found.spans[at, sides].tolist(), int(found.tokens[at]), int(found.levels[at]))
        for at in range(len(found))
    )


def by_search(found, row, other):
    return sorted(
        (*found.spans[at].tolist(), int(found.tokens[at]), int(found.levels[at]))
        for at in range(len(found))
        if (found.a[at], found.b[at]) == (row, other)
    )


def rows_of_kernel(tokens, words, pairs):
    others = [other for pair in pairs for other in pair.others]
    asked = sought.Asked(
        np.array([pair.row for pair in pairs]),
        np.cumsum([0, *(len(pair.others) for pair in pairs)]),
        np.array(others, np.int64),
    )
    given = tokens.hashes, tokens.prefixes, words.classes, tokens.flags, tokens.bounds
    kinds = sought.Kinds(Kind(NGRAMS, 3), Kind(WORD_PAIRS, 6), np.int64(8))
    limits = Limits(CONFIG.passage_size, CONFIG.passage_min_tokens, 0.2, CONFIG.weak)
    scratch = scratch_for(0, int(tokens.counts().max(initial=1)))[1]
    return sought.find_sought(asked, Words(*given), words.weights, kinds, limits, scratch)[0]


TEXT = st.lists(st.sampled_from(WORDS), max_size=60).map(" ".join)


@settings(deadline=None, max_examples=40)
@given(st.lists(TEXT, min_size=2, max_size=5), st.sets(st.integers(0, 40), max_size=3))
def test_find_sought(texts, blank):
    shared = " ".join(UNRELATED[0].split()[:14])
    texts = [f"{each} {shared}" if at % 2 else each for at, each in enumerate(texts)]
    tokens, words = prepared(texts)
    tokens, words = prepared(texts, [each for each in blank if each < len(tokens.hashes)])
    pairs = [Asked(0, range(1, len(texts))), Asked(len(texts) - 1, [0])]
    found = find_passages_with(tokens, words, CONFIG, pairs)
    assert len(found) == len(rows_of_kernel(tokens, words, pairs))
    for pair in pairs:
        for other in pair.others:
            assert by_search(found, pair.row, other) == by_scan(tokens, words, pair.row, other)


def test_all_seeds_of_long_texts_are_looked_up():
    both = [" ".join(UNRELATED), " ".join([*UNRELATED[3:], "An end.", *UNRELATED[:3]])]
    tokens, words = prepared([*both, UNRELATED[1]])
    found = find_passages_with(tokens, words, CONFIG, [Asked(0, [1, 2])])
    for other in (1, 2):
        assert by_search(found, 0, other) == by_scan(tokens, words, 0, other) != []
    assert len(find_passages_with(tokens, words, CONFIG, [])) == 0
    assert len(find_passages_with(tokens, words, CONFIG, [Asked(0, [])])) == 0


@pytest.mark.parametrize("most", [1, 2, 8])
@given(st.lists(st.integers(0, 2), max_size=40), st.lists(st.integers(0, 3), max_size=40))
def test_match_seeds(most, ours, theirs):
    def words_of(numbers):
        hashes = np.array([number + 1 for number in numbers], np.uint64)
        classes = np.ones(len(numbers), np.uint8)
        bounds = np.array([0, len(numbers)])
        return Words(hashes, hashes, classes, np.zeros(len(numbers), np.uint8), bounds)

    def runs_of(numbers):
        return [run if run[0] != run[1] else None for run in pairwise(numbers)]

    kind = Kind(NGRAMS, 2)
    room = sought.Room(np.empty(41, np.uint64), np.empty(41, np.int32))
    own = sought.take_up(kind, words_of(ours), 0, room)
    made = write_seeds(kind, words_of(theirs), 0, room.values, room.places)
    seeds, shared = sought.match_seeds(own, room, made, most)
    wanted = []
    for run in {*runs_of(ours)} & {*runs_of(theirs)} - {None}:
        first = [at for at, each in enumerate(runs_of(ours)) if each == run][:most]
        second = [at for at, each in enumerate(runs_of(theirs)) if each == run][:most]
        wanted += [(i, j) for i in first for j in second]
    assert list(zip(seeds.first.tolist(), seeds.second.tolist(), strict=True)) == sorted(wanted)
    assert shared == len({i for i, _ in wanted})
