"""Seeds of passages and their indexes, against plain twins."""

from __future__ import annotations

import itertools
import tempfile
from collections import Counter
from pathlib import Path
from unittest import mock

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from naive import BLANK, CONTENT, NAME, STOP, UNSPACED
from naive_passages import naive_groups, naive_ngrams, naive_word_pairs
from strategies import hashes, ragged

from dedup.config import Config
from dedup.core.spool import Spool
from dedup.core.storage import Columns
from dedup.kernels import seeds as kernel
from dedup.kernels.lines import drop_single
from dedup.kernels.seeds import NGRAMS, WORD_PAIRS
from dedup.passages import seeds as seeds_module
from dedup.passages.seeds import Ranked, index_seeds, ranked
from dedup.text.stopwords import Words
from dedup.text.tokens import Tokens

examples = settings(max_examples=100, deadline=None)

classes = st.sampled_from([STOP, CONTENT, CONTENT, NAME, BLANK])
flags = st.sampled_from([0, 0, 0, 0, UNSPACED])
tokens = st.tuples(st.one_of(st.integers(0, 3), hashes), classes, flags)
rows_of_tokens = st.lists(st.lists(tokens, max_size=12), max_size=6)


def columns_of(rows):
    """Return words, classes and flags of rows of tokens, row by row."""
    return tuple([[token[at] for token in row] for row in rows] for at in range(3))


def arrays_of(rows):
    """Return rows of tokens as the kernels take them."""
    words, kinds, marks = columns_of(rows)
    hashed, bounds = ragged(words)
    classes, flags = ragged(kinds, np.uint8)[0], ragged(marks, np.uint8)[0]
    return kernel.Words(hashed, hashed, classes, flags, bounds)


def room_for(count):
    """Return room for seeds."""
    return kernel.Seeds(np.empty(count, np.uint64), *np.empty((2, count), np.int32))


def naive_seeds(kind, rows, order, reach):
    words, kinds, marks = columns_of(rows)
    if kind == NGRAMS:
        return naive_ngrams(words, kinds, order, reach)
    return naive_word_pairs(words, kinds, marks, order, reach)


kinds_of_seeds = pytest.mark.parametrize("kind", [NGRAMS, WORD_PAIRS], ids=["ngrams", "word_pairs"])


@kinds_of_seeds
@examples
@given(rows=rows_of_tokens, reach=st.integers(1, 5), data=st.data())
def test_seeds_of_one_document(kind, rows, reach, data):
    words = arrays_of([*rows, []])
    row = data.draw(st.integers(0, len(rows)))
    room = len(words[0])
    values, positions = np.empty(room, np.uint64), np.empty(room, np.int32)
    made = kernel.write_seeds(kernel.Kind(kind, reach), words, row, values, positions)
    got = list(zip(values[:made].tolist(), positions[:made].tolist(), strict=True))
    assert got == [(value, at) for value, _, at in naive_seeds(kind, [*rows, []], [row], reach)]


@kinds_of_seeds
@examples
@given(rows=rows_of_tokens, room=st.sampled_from([1, 4, 256]), data=st.data())
def test_no_seed_that_occurs_again_is_left_out(kind, rows, room, data):
    words = arrays_of(rows)
    chosen = np.array(data.draw(st.lists(st.booleans(), min_size=len(rows), max_size=len(rows))))
    among = np.flatnonzero(chosen.astype(np.bool_))
    wanted = naive_seeds(kind, rows, among.tolist(), 2)
    counters = np.zeros(room, np.uint8)
    again = kernel.mark_seeds(kernel.Kind(kind, 2), words, among, counters)
    for value, _, _ in wanted:
        byte, shift = kernel.place_of(np.uint64(value), counters)
        assert (byte, shift) == (value % (4 * room) // 4, value % 4 * 2)
    out, args = room_for(99), (kernel.Kind(kind, 2), words, among, counters)
    made = kernel.pick_seeds(*args, out)
    assert kernel.pick_seeds(*args, room_for(0)) == made
    found = list(zip(*(each[:made].tolist() for each in out), strict=True))
    assert found == [each for each in wanted if each in set(found)]
    counts = Counter(value for value, _, _ in wanted)
    assert {each for each in wanted if counts[each[0]] > 1} <= set(found)
    assert len(found) <= 2 * again
    assert again >= sum(counts.values()) - len(counts)


def test_most_seeds_that_occur_once_are_left_out():
    rows = [[(k * 0x9E3779B97F4A7C15 % 2**64, CONTENT, 0) for k in range(1_000)]]
    words, counters = arrays_of(rows), np.zeros(1 << 12, np.uint8)
    given = kernel.Kind(NGRAMS, 2), words, np.zeros(1, np.int64)
    kernel.mark_seeds(*given, counters)
    assert kernel.pick_seeds(*given, counters, room_for(999)) < 200


@examples
@given(st.lists(st.one_of(st.integers(0, 5), hashes), max_size=40), st.sampled_from([1, 4, 1024]))
def test_a_value_that_occurs_twice_is_never_dropped(raw, room):
    values = np.array(raw, np.uint64)
    keep = np.empty(len(values), np.bool_)
    kept = drop_single(values, np.zeros(room, np.uint8), keep)
    assert kept == keep.sum()
    assert all(keep[k] for k in range(len(raw)) if raw.count(raw[k]) > 1)


def test_most_values_that_occur_once_are_dropped():
    values = np.arange(1_000, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    keep = np.empty(len(values), np.bool_)
    assert drop_single(values, np.zeros(1 << 14, np.uint8), keep) < 100


def listed(index):
    """Return the groups of an index, and check that its two sides say the same."""
    bounds = index.group_bounds.tolist()
    rows, positions = index.group_rows.tolist(), index.group_positions.tolist()
    groups = [
        list(zip(rows[low:high], positions[low:high], strict=True))
        for low, high in itertools.pairwise(bounds)
    ]
    own = {(row, at, group) for group, each in enumerate(groups) for row, at in each}
    for row in range(len(index.bounds) - 1):
        span = slice(index.bounds[row], index.bounds[row + 1])
        at, of = index.positions[span].tolist(), index.groups[span].tolist()
        assert at == sorted(set(at))
        assert set(zip([row] * len(at), at, of, strict=True)) <= own
    assert index.bounds[-1] == len(own) == len(rows)
    return sorted(groups)


@kinds_of_seeds
@settings(max_examples=60, deadline=None)
@given(
    rows=rows_of_tokens,
    limit=st.integers(2, 3),
    most=st.integers(1, 2),
    part=st.sampled_from([1, 4, 1 << 20]),
    per_file=st.sampled_from([1, 9, 1 << 20]),
    in_files=st.booleans(),
    data=st.data(),
)
def test_an_index_has_the_seeds_of_several_documents(
    kind, rows, limit, most, part, per_file, in_files, data
):
    """In parts or whole, in memory or in files; the caps keep the documents of least rank."""
    hashed, prefixes, kinds, marks, bounds = arrays_of(rows)
    nothing = np.zeros(len(hashed), np.int32)
    made = Tokens(bounds, hashed, prefixes, nothing, nothing, marks)
    words = Words(kinds, np.ones(len(hashed), np.float32), np.zeros(len(rows), np.int64))
    config = Config(passage_max_documents=limit, passage_size=2)
    order = data.draw(st.permutations(range(len(rows))))
    order = order[: data.draw(st.integers(0, len(order)))]
    reach = 2 if kind == NGRAMS else seeds_module.WORD_PAIR_REACH
    wanted, *counts = naive_groups(naive_seeds(kind, rows, order, reach), limit, most)
    with (
        tempfile.TemporaryDirectory() as folder,
        mock.patch.multiple(
            *(seeds_module,),
            **{"_PART_SEEDS": part, "_FILE_SEEDS": per_file, "PLACES": most},
            **{"_RUN_TOKENS": 5, "_ROW_SEEDS": 3},
        ),
    ):
        spool = Spool(lambda: Path(folder), 0, keep=True) if in_files else None
        ranks = np.array(order, np.int64)
        index, cut = index_seeds(kind, Ranked(made, words, ranks), config, Columns(spool))
        assert listed(index) == sorted(map(sorted, wanted.values()))  # in order of rows
    oversized, outside, repeated = counts
    assert cut["seeds_in_too_many_documents"] == oversized
    assert cut["seed_positions_left_out"] == outside + repeated


def test_a_crowded_seed_keeps_the_documents_of_least_rank():
    """Ranks: 7 before 2 before 9 before 4; two places in each."""
    row = [(1, CONTENT, 0), (2, CONTENT, 0), (9, BLANK, 0), (1, CONTENT, 0), (2, CONTENT, 0)]
    rows = [row if each in (2, 4, 7, 9) else [] for each in range(10)]
    hashed, prefixes, kinds, marks, bounds = arrays_of(rows)
    made = Tokens(bounds, hashed, prefixes, hashed.astype(np.int32), hashed.astype(np.int32), marks)
    words = Words(kinds, np.ones(len(hashed), np.float32), np.zeros(10, np.int64))
    config = Config(passage_max_documents=3, passage_size=2)
    with mock.patch.object(seeds_module, "PLACES", 1):
        ranks = np.array([7, 2, 9, 4])
        index, cut = index_seeds(NGRAMS, Ranked(made, words, ranks), config, Columns())
    assert listed(index) == [[(2, 0), (7, 0), (9, 0)]]
    assert cut == {"seeds_in_too_many_documents": 1, "seed_positions_left_out": 2 + 3}


@examples
@given(rows=rows_of_tokens, data=st.data())
def test_the_rank_of_a_document_follows_from_its_words(rows, data):
    """Whatever row it stands in, and whatever is beside it."""

    def by_rank(some):
        hashed, prefixes, _, marks, bounds = arrays_of(some)
        nothing = np.zeros(len(hashed), np.int32)
        made = Tokens(bounds, hashed, prefixes, nothing, nothing, marks)
        order = ranked(made, np.ones(len(some), np.bool_))
        return [[token[0] for token in some[row]] for row in order.tolist()]

    moved = [rows[k] for k in data.draw(st.permutations(range(len(rows))))]
    assert sorted(map(tuple, by_rank(rows))) == sorted(tuple(t[0] for t in r) for r in rows if r)
    assert [sorted(each) for each in by_rank(rows)] == [sorted(each) for each in by_rank(moved)]
