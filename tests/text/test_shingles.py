"""Shingles: which documents share one, and short documents."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import ragged, rows_of_hashes, unragged

from dedup.config import Config
from dedup.core.arrays import texts_from_strings
from dedup.text.shingles import (
    CHAR_FACTOR,
    Shingles,
    character_units,
    distinct_shingles,
    shingle_texts,
    shingle_tokens,
    shingle_unit,
)
from dedup.text.tokens import tokenise_texts


def shingles_of(*strings, **settings):
    texts = texts_from_strings(list(strings))
    made = shingle_texts(texts, tokenise_texts(texts), Config(**settings))
    return [set(row) for row in unragged(made.values, made.offsets)]


@given(rows_of_hashes, st.integers(1, 32))
def test_a_document_has_a_shingle_for_every_run(rows, size):
    made = shingle_tokens(*ragged(rows), size)
    wanted = [max(len(row) - size + 1, min(len(row), 1)) for row in rows]
    assert np.diff(made.offsets).tolist() == wanted


def test_a_shared_run_is_a_shared_shingle_wherever_it_stands():
    one, other = shingles_of("zero one two three four five", "x y one two three four five z")
    assert len(one & other) == 1


def test_order_matters():
    one, other = shingles_of("one two three four five", "two one three four five")
    assert not one & other


@pytest.mark.parametrize("size", [2, 5, 9])
def test_short_documents_match_only_the_same_few_words(size):
    strings = ["a", "b", "a a", "a b", "b a", "", "A!", "a b c d e f g h i j"]
    rows = shingles_of(*strings, shingle_size=size)
    assert [len(row) for row in rows[:5]] == [1] * 5
    assert rows[5] == set()
    assert rows[6] == rows[0]
    short = [next(iter(row)) for row in rows[:5]]
    assert len(set(short)) == 5
    if size > 2:
        assert not set(short) & rows[7]


def test_leading_zero_hashes_do_not_make_short_documents_equal():
    made = shingle_tokens(*ragged([[7], [0, 7], [0, 0, 7]]), 5)
    assert len(set(made.values.tolist())) == 3


def test_character_shingles_see_one_blank_between_words_and_no_case():
    one, other = shingles_of("Ça  va -- bien,\nmerci!", "ca va bien merci", shingle_unit="char")
    assert one == other
    assert len(one) == len("ca va bien merci") - 5 * CHAR_FACTOR + 1
    glued, parted = shingles_of("one two three four", "one twothree four", shingle_unit="char")
    assert glued != parted


def test_character_units_take_the_room_of_their_characters():
    texts = texts_from_strings(["", "ﷺ" * 100, "a b", "\u3316" * 50, "...", "漢" * 30])
    units, bounds = character_units(texts)
    assert units.base is None
    assert len(units) == bounds[-1]
    assert np.diff(bounds).tolist()[2] == 3
    assert np.diff(bounds).tolist()[4] == 0


def test_character_units_of_a_text_do_not_depend_on_its_neighbours():
    strings = ["Ünïcode", "", "a ﬃ b", "漢字 かな", "x" * 40]
    units, bounds = character_units(texts_from_strings(strings))
    for row, string in zip(unragged(units, bounds), strings, strict=True):
        assert row == character_units(texts_from_strings([string]))[0].tolist()


@pytest.mark.parametrize(
    ("counts", "unit"),
    [
        ([19, 19, 500], "char"),
        ([20, 20, 3], "word"),
        ([0, 0, 0, 30], "word"),
        ([0], "word"),
        ([], "word"),
    ],
)
def test_auto_looks_at_the_median_of_the_documents_with_words(counts, unit):
    assert shingle_unit(Config(shingle_unit="auto"), np.array(counts, np.int64)) == unit
    assert shingle_unit(Config(shingle_unit="word"), np.array(counts, np.int64)) == "word"


@given(rows_of_hashes)
def test_distinct_shingles_are_those_of_the_set(rows):
    for threads in (1, 2):
        made = distinct_shingles(Shingles(*ragged(rows)), threads=threads)
        assert unragged(made.values, made.offsets) == [list(dict.fromkeys(row)) for row in rows]
