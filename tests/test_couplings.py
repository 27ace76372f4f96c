"""What two places must agree on: a change in one of them fails here, or says so when it runs."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from dedup.cli import root
from dedup.clusters.canonical import CanonicalOrder
from dedup.config import (
    POLICIES,
    PRIORITY,
    RELATION_CODES,
    RELATIONS,
    Config,
)
from dedup.core.arrays import column_codes, texts_from_strings
from dedup.index.entries import stored_relation
from dedup.pipeline.results import table_of
from dedup.report import CLEANED_SHOWN, SHOWN
from dedup.result import Copying, Document, Family, Occurrence, Pair, Passage, Repeat
from dedup.schema import CONTRACT, FAMILY_TABLES
from dedup.similarity import relations
from dedup.similarity.minhash import signatures
from dedup.text.shingles import shingle_texts
from dedup.text.tokens import tokenise_texts

PACKAGE = Path(__file__).resolve().parents[1] / "dedup"


def order(count=3):
    lengths = np.arange(count)
    return CanonicalOrder(
        *(np.zeros(count, np.bool_), np.zeros(count), lengths, lengths - 1, lengths - 1),
        superseded=np.zeros(count, np.bool_),
    )


@pytest.mark.parametrize("policy", [*POLICIES, f"{PRIORITY}rank"])
def test_every_policy_of_the_settings_has_an_order(policy):
    assert Config(canonical=policy).canonical == policy
    assert sorted(order().keys(policy, np.zeros(3)).tolist()) == [0, 1, 2]


def test_a_policy_that_is_in_the_settings_only_fails():
    with pytest.raises(NotImplementedError, match=r"no order is known for .* 'shortest'"):
        order().keys("shortest", np.zeros(3))


def test_policies_differ_from_complete():
    ways = {policy: order().columns(policy, np.zeros(3)) for policy in POLICIES}
    assert len({len(each) for each in ways.values()}) == 2
    assert len(ways["complete"]) == 6


def test_the_numbers_of_relations_are_those_of_index_files_and_servers():
    """They are on disk: a new relation gets the next number, and none is ever changed."""
    stored = {"exact": 1, "near_duplicate": 2, "excerpt": 3, "derived": 4, "shares_passage": 5}
    assert {name: stored_relation(name) for name in stored} == stored
    assert list(RELATION_CODES.values()) == list(range(len(RELATIONS)))
    assert tuple(RELATION_CODES)[: len(stored)] == tuple(stored)


def test_relations_by_number_are_relations_by_name():
    numbers = {name: getattr(relations, name.upper()) for name in RELATIONS}
    assert numbers == RELATION_CODES
    assert relations.NAMES[relations.NONE] == "none"


def test_no_number_of_a_relation_stands_in_a_query():
    for path in PACKAGE.rglob("*.py"):
        found = re.search(
            r"[\"']relations? *(?:[<>=!]=?|in) *\(?\d", path.read_text(encoding="utf-8")
        )
        assert found is None, f"{path}: {found[0]}"


def test_the_prefix_of_a_priority_is_written_once():
    written = [
        path.name for path in PACKAGE.rglob("*.py") if '"priority:"' in path.read_text("utf-8")
    ]
    assert written == ["config.py"]
    assert Config(canonical="priority:rank").priority_field == "rank"
    assert Config().priority_field is None


@pytest.mark.parametrize(
    ("table", "record"),
    [("documents", Document), ("pairs", Pair), ("passages", Passage), ("repeats", Repeat)],
)
def test_a_record_has_the_columns_of_its_table(table, record):
    assert [item.name for item in dataclasses.fields(record)] == CONTRACT[table].names


@pytest.mark.parametrize(
    ("table", "record"),
    [("families", Family), ("occurrences", Occurrence), ("copying", Copying)],
)
def test_a_record_of_families_has_the_columns_of_its_table(table, record):
    """A family has besides them the occurrences of its variants."""
    fields = [item.name for item in dataclasses.fields(record)]
    assert [name for name in fields if name != "held_variants"] == FAMILY_TABLES[table].names


def test_columns_are_filled_by_name():
    columns = {"a": pa.array([1]), "b": pa.array([2])}
    assert table_of(columns, ["b", "a"]).to_pylist() == [{"b": 2, "a": 1}]
    for names in (["a"], ["a", "b", "c"], ["a", "x"]):
        with pytest.raises(NotImplementedError, match=r"columns \['"):
            table_of(columns, names)


def test_shingles_of_a_part_do_not_settle_the_unit_of_the_whole():
    texts = texts_from_strings(["one two three", "four five"])
    with pytest.raises(ValueError, match="settle it for the whole corpus"):
        shingle_texts(texts, tokenise_texts(texts), Config(shingle_unit="auto"))
    auto = signatures(["one two three", "four five"], Config(shingle_unit="auto"))
    assert np.array_equal(
        auto, signatures(["one two three", "four five"], Config(shingle_unit="char"))
    )


@pytest.mark.parametrize(
    "column",
    [
        pa.array(["b", None, "a", "b"]),
        pa.array(["b", None, "a", "b"]).dictionary_encode(),
        pa.chunked_array([["b", None], [], ["a", "b"]], pa.string()),
        pa.chunked_array([["b", None], ["a", "b"]]).dictionary_encode(),
    ],
)
def test_codes_of_a_column_are_one_function(column):
    codes, names = column_codes(column)
    assert codes.dtype == np.int32
    assert [None if code < 0 else names[code].as_py() for code in codes.tolist()] == [
        "b", None, "a", "b",
    ]  # fmt: skip


@pytest.mark.parametrize("column", [pa.nulls(3), pa.array([None] * 3, pa.string()), pa.array([])])
def test_codes_of_a_column_without_values(column):
    codes, names = column_codes(column)
    assert codes.tolist() == [-1] * len(column)
    assert len(names) == 0


@pytest.mark.parametrize(("name", "shown"), [("scan", SHOWN), ("clean", CLEANED_SHOWN)])
def test_every_section_can_be_shown(name, shown):
    """The command line does not load the sections to name them; both must list the same."""
    (option,) = (each for each in root.commands[name].params if each.name == "show")
    assert sorted(option.type.choices) == sorted(shown)
