"""Removals to cleaned text and back: nothing is lost, whatever the text."""

from __future__ import annotations

import random
from itertools import pairwise

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dedup.cleaning.apply import (
    Op,
    Removal,
    apply_removals,
    guard,
    merge_removals,
    removals_of,
    restore_text,
    settle_removals,
)
from dedup.core.arrays import texts_from_strings
from dedup.errors import OutputError
from dedup.schema import REMOVALS, rows_table
from dedup.text.tokens import tokenise_texts

RULES = ("pattern", "line_frequency", "repeated_run", "near_full_text", "related_card")


def removal(start, end, rule="pattern", confidence="strong", kept=None, reason="share_widget"):
    return Removal(start, end, reason, rule, confidence, kept)


def cleaned(text, *spans):
    return apply_removals(text, merge_removals(removal(*span) for span in spans))


any_text = st.text(
    st.one_of(st.sampled_from("ab \n\n\n\r\t\u2028\xa0\0"), st.characters(codec="utf-8")),
    max_size=50,
)
spans = st.tuples(st.integers(0, 50), st.integers(0, 50), st.sampled_from(RULES))
any_removals = st.lists(
    st.builds(
        Removal,
        st.integers(0, 50),
        st.integers(0, 50),
        st.sampled_from(["a", "b"]),
        st.sampled_from(RULES),
        st.sampled_from(["strong", "medium"]),
        st.none() | st.tuples(st.integers(0, 20), st.integers(21, 50)),
    ),
    max_size=8,
)


@given(any_text, any_removals)
def test_what_was_taken_out_goes_back_in(text, removals):
    fitting = [each for each in removals if each.start <= each.end <= len(text)]
    merged = merge_removals(fitting)
    clean, ops = apply_removals(text, merged)
    assert restore_text(clean, ops) == text
    assert restore_text(clean, [op.as_dict(n) for n, op in enumerate(ops, 1)]) == text
    assert len(ops) == len(merged)
    assert all(text[op.start : op.end] == op.text for op in ops)
    for op, each in zip(ops, merged, strict=True):
        assert op.start <= each.start
        assert each.end <= op.end
        extra = text[op.start : each.start] + text[each.end : op.end]
        assert extra.strip(" \t\r\n\v\f\x85\u2028\u2029") == ""


@given(any_removals, st.randoms(use_true_random=False))
def test_merging_is_idempotent_and_knows_no_order(removals, shuffled):
    merged = merge_removals(removals)
    assert merge_removals(merged) == merged
    shuffled.shuffle(removals)
    assert merge_removals(removals) == merged
    assert all(a.end <= b.start for a, b in pairwise(merged))
    covered = {p for each in removals for p in range(each.start, each.end)}
    assert {p for each in merged for p in range(each.start, each.end)} == covered
    for each in merged:
        assert each.kept is None or not covered & set(range(*each.kept))


def test_of_two_reasons_for_one_block_the_surer_counts():
    often = removal(0, 9, "line_frequency", "medium", reason="site_boilerplate")
    [merged] = merge_removals([often, removal(0, 9)])
    assert merged.reason == "share_widget"


@pytest.mark.parametrize(
    ("text", "span", "clean"),
    [
        ("A\n\nShare\n\nB", (3, 8), "A\n\nB"),
        ("A\nShare\nB", (2, 7), "A\nB"),
        ("A\n\nShare\nB", (3, 8), "A\n\nB"),
        ("A\n\n\n\nS\n\n\n\nB", (5, 6), "A\n\nB"),
        ("A\r\n\r\nS\r\n\r\nB\r\n", (5, 6), "A\r\n\r\nB\r\n"),
        ("A\n \nS\n \nB", (4, 5), "A\n \nB"),
        ("S\n\n\n  B", (0, 1), "  B"),
        ("A\n\nS\n", (3, 4), "A\n"),
        ("A \n\nS", (4, 5), "A "),
        ("S", (0, 1), ""),
        ("\nS\n\n", (1, 2), ""),
        ("one two three", (4, 7), "one  three"),
        ("A\u2028S\u2028B", (2, 3), "A\u2028B"),
        ("A\rS\rB", (2, 3), "A\rB"),
        ("A\r\rS\r\rB\r", (3, 4), "A\r\rB\r"),
        ("A\x85S\x85B", (2, 3), "A\x85B"),
    ],
)
def test_blank_lines_around_a_removal(text, span, clean):
    got, ops = cleaned(text, span)
    assert got == clean
    assert restore_text(got, ops) == text


def test_the_operation_of_the_notes():
    text = "December 25, 2024\nTeaser one […]\nTeaser two […]\n\n\n\nFull text."
    clean, ops = cleaned(text, (18, 32), (33, 47))
    assert clean == "December 25, 2024\n\nFull text."
    assert [(op.start, op.end, op.at) for op in ops] == [(18, 33, 18), (33, 50, 18)]
    assert ops[0].as_dict(1) == {
        "op": 1,
        "start": 18,
        "end": 33,
        "at": 18,
        "text": "Teaser one […]\n",
        "reason": "share_widget",
        "rule": "pattern",
        "confidence": "strong",
        "kept": None,
    }


@pytest.mark.parametrize(
    "ops",
    [
        [Op(5, 8, 5, "abc", "r", "p", "strong", None)],
        [Op(1, 3, 1, "abc", "r", "p", "strong", None)],
        [Op(0, 1, 0, "a", "", "", "", None), Op(0, 1, 0, "b", "", "", "", None)],
        [{"start": 0, "end": 1, "at": 0}],
        [{"start": "0", "end": 1, "at": 0, "text": "a"}],
        [None],
        [{"start": 0, "end": 1, "at": -1, "text": "a"}],
    ],
)
def test_operations_of_another_text_are_refused(ops):
    with pytest.raises(OutputError, match="operation"):
        restore_text("xyz", ops)


def guarded(words, *removals):
    """Guard a text of one-letter words, word ``n`` at place ``2 * n``."""
    return guard(merge_removals(removals), np.arange(0, 2 * words, 2, dtype=np.int32))


def test_the_guards_let_a_little_go():
    little = [removal(0, 40, "line_frequency", "medium")]
    assert guarded(100, *little) == (little, False)


def test_the_guards_hold_back_what_is_not_sure():
    much = [removal(0, 60, "related_card"), removal(60, 90), removal(90, 100, "near_full_text")]
    assert guarded(100, *much) == ([much[1]], True)
    short = [removal(0, 20, "line_frequency", "medium"), removal(20, 30, "repeated_run")]
    assert guarded(40, *short) == ([short[1]], True)


def test_the_guards_let_frequent_lines_go_while_text_is_left():
    page = [removal(0, 120, "line_frequency", "strong"), removal(120, 140)]
    assert guarded(100, *page) == (page, True)
    page = [removal(0, 150, "line_frequency", "strong"), removal(150, 160)]
    assert guarded(100, *page) == ([page[1]], True)


def test_a_page_of_nothing_but_furniture_is_cleaned_and_shown():
    both = [removal(0, 10), removal(11, 20)]
    assert guarded(10, *both) == (both, True)


def test_a_short_page_with_a_little_furniture_needs_no_look():
    assert guarded(20, removal(36, 40)) == ([removal(36, 40)], False)
    assert guarded(0) == ([], False)


def test_settling_works_document_by_document():
    texts = ["word " * 50 + "\nShare this", "", "Share this"]
    tokens = tokenise_texts(texts_from_strings(texts))
    facts = {"reason": "share_widget", "rule": "pattern", "confidence": "strong"}
    rows = [
        {"doc": 2, "start": 0, "end": 10, **facts},
        {"doc": 0, "start": 251, "end": 261, **facts},
    ]
    again = {**rows[1], "rule": "adjacent_copy", "kept_start": 0, "kept_end": 9}
    tables = [rows_table(REMOVALS, rows), rows_table(REMOVALS, [again])]
    settled, review = settle_removals(tables, tokens)
    assert settled.schema == REMOVALS
    assert [row["doc"] for row in settled.to_pylist()] == [0, 2]
    assert settled["kept_start"].to_pylist() == [0, None]
    assert review.tolist() == [False, False, True]
    random.shuffle(rows)
    other = settle_removals([rows_table(REMOVALS, [again]), rows_table(REMOVALS, rows)], tokens)
    assert other[0].equals(settled)
    assert settle_removals([settled], tokens)[0].equals(settled)
    assert removals_of(settled)[0][0].kept == (0, 9)
    empty, _ = settle_removals([REMOVALS.empty_table()], tokens)
    assert empty.equals(pa.Table.from_pylist([], REMOVALS))
