"""Frames and data sets with columns of verdicts."""

from __future__ import annotations

import copy
import pickle

import pandas as pd
import polars as pl
import pytest
from prose import UNRELATED

from dedup import Config
from dedup.errors import IndexMismatch, InputError
from dedup.index import Index
from dedup.integrations.frames import COLUMNS, Annotator, annotate

NAMES = [f"dedup_{name}" for name in COLUMNS]
ROWS = {
    "url": [f"https://example.org/{n}" for n in range(4)],
    "body": [UNRELATED[0], UNRELATED[1], UNRELATED[0].upper(), UNRELATED[2]],
}
VERDICTS = ["new", "new", "duplicate", "new"]
FRAMES = [pd.DataFrame(ROWS, index=[7, 3, 5, 1]), pl.DataFrame(ROWS)]


def kind(frame):
    return type(frame).__module__.partition(".")[0]


@pytest.mark.parametrize("frame", FRAMES, ids=kind)
def test_a_frame_gets_columns_by_an_index(frame, tmp_path):
    path = tmp_path / "index"
    made = annotate(frame, path)
    assert type(made) is type(frame)
    assert [*made.columns] == ["url", "body", *NAMES]
    assert list(made["dedup_verdict"]) == VERDICTS
    assert list(made["dedup_kept"]) == [True, True, False, True]
    assert list(made["dedup_duplicate_of"])[2] == "https://example.org/0"
    assert [*frame.columns] == ["url", "body"]
    again = annotate(frame, path)
    assert list(again["dedup_verdict"]) == ["same"] * 4
    assert list(again["dedup_kept"]) == list(made["dedup_kept"])
    if kind(frame) == "pandas":
        assert [*made.index] == [7, 3, 5, 1]
        assert made["dedup_similarity"].dtype == float


@pytest.mark.parametrize("frame", FRAMES, ids=kind)
def test_a_frame_gets_columns_by_a_scan(frame):
    made = annotate(frame)
    assert sorted(made["dedup_verdict"]) == sorted(VERDICTS)
    copied, kept = (2, 0) if next(iter(made["dedup_kept"])) else (0, 2)
    assert list(made["dedup_duplicate_of"])[copied] == f"https://example.org/{kept}"
    assert list(made["dedup_cluster"])[copied] == list(made["dedup_cluster"])[kept]


def test_types_do_not_hang_on_what_is_there():
    made = annotate(pl.DataFrame({"id": ["a"], "text": [UNRELATED[0]]}), "memory://")
    assert made.schema["dedup_duplicate_of"] == pl.String
    assert made.schema["dedup_similarity"] == pl.Float64
    assert annotate(pl.DataFrame(ROWS).clear(), "memory://").columns == ["url", "body", *NAMES]


def test_rows_may_come_twice_in_a_scan():
    made = annotate({"id": ["a", "a"], "text": [UNRELATED[0]] * 2})
    assert sorted(made["dedup_verdict"]) == ["duplicate", "new"]
    assert made["dedup_cluster"] == ["a", "a"]


def test_nothing_is_kept_unless_asked_for(tmp_path):
    path = tmp_path / "index"
    Index.open(path).close()
    made = Annotator(path, add=False)
    assert made(ROWS)["dedup_verdict"] == ["new"] * 4
    assert made(ROWS)["dedup_verdict"] == ["new"] * 4
    made.close()


def test_what_cannot_be_read_is_named(tmp_path):
    with pytest.raises(InputError, match="no column page for text"):
        annotate(pd.DataFrame(ROWS), "memory://", text="page")
    with pytest.raises(InputError, match="is known to hold texts"):
        annotate({"a": ["x"]}, "memory://")
    with pytest.raises(InputError, match="needs ids"):
        annotate({"text": ["x"]}, "memory://")
    Index.open(tmp_path / "index", Config(threshold=0.9)).close()
    with pytest.raises(IndexMismatch):
        annotate(ROWS, tmp_path / "index", config=Config())


def test_an_annotator_that_was_sent_opens_the_index_anew(tmp_path):
    made = Annotator(tmp_path / "index")
    assert made(ROWS)["dedup_verdict"] == VERDICTS
    for other in (pickle.loads(pickle.dumps(made)), copy.copy(made)):
        assert other(ROWS)["dedup_verdict"] == ["same"] * 4
        other.close()
    made.close()


def test_a_data_set_is_mapped_by_several_processes(tmp_path):
    datasets = pytest.importorskip("datasets", reason="the package datasets is not installed")
    count = 40
    texts = [f"{UNRELATED[n % 4]} {'abcdefghij'[n % 10] * 9}" for n in range(count)]
    given = datasets.Dataset.from_dict({"id": [f"{n}" for n in range(count)], "text": texts})
    made = given.map(
        Annotator(tmp_path / "index"),
        batched=True,
        batch_size=7,
        num_proc=2,
        load_from_cache_file=False,
    )
    assert made.column_names == ["id", "text", *NAMES]
    verdicts = list(made["dedup_verdict"])
    assert verdicts.count("new") == 4
    assert verdicts.count("duplicate") == count - 4
    with Index.open(tmp_path / "index", mode="r") as index:
        assert len(index) == count
        told = {each.id: each.verdict.verdict for each in index}
    assert told == dict(zip(made["id"], verdicts, strict=True))
