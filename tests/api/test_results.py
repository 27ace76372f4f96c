"""What a result does: it shows itself, is written and read back, and answers without a rerun."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pyarrow as pa
import pytest

import dedup
from dedup.config import Config
from dedup.errors import ConfigError, InputError, OutputError
from dedup.result import Pair

TEXT = (
    "The council met on Monday and agreed to mend the old stone bridge before the winter comes. "
    "Farmers in the valley say that they have waited for it since the flood of two years ago."
)
PAGE = f"Bridge to be mended\n\n{TEXT}\n\nSubscribe to our newsletter\n"
ROWS = [
    {"id": "a", "text": TEXT, "site": "x.org", "date": "2024-01-01"},
    {"id": "b", "text": TEXT.upper(), "site": "y.org", "date": "2024-02-01"},
    {"id": "c", "text": PAGE, "site": "x.org", "date": "2024-03-01"},
]


def varied_texts(seed, count):
    """Make copies of some texts in which more and more words are other ones."""
    chance = random.Random(seed)
    words = [f"word{number}" for number in range(3000)]
    texts = []
    while len(texts) < count:
        base = [chance.choice(words) for _ in range(chance.choice([20, 80, 200]))]
        for _ in range(chance.randint(1, 5)):
            copy, share = list(base), chance.choice([0, 0.01, 0.02, 0.04, 0.06])
            for place in range(len(copy)):
                if chance.random() < share:
                    copy[place] = chance.choice(words)
            texts.append(" ".join(copy[: chance.choice([len(copy), len(copy), len(copy) // 2])]))
    return texts


@pytest.fixture(scope="module")
def varied():
    """A scan for copies, and what it was made from."""
    texts = varied_texts(3, 160)
    return texts, dedup.scan(texts, find="duplicates", removable=0.5)


def test_it_shows_itself_in_a_few_lines():
    shown = repr(dedup.scan(ROWS)).splitlines()
    assert shown[0] == "Result: 3 read, 1 kept, 2 removed, 0 skipped"
    assert len(shown) == 7
    assert max(map(len, shown)) < 120
    fast = repr(dedup.scan(ROWS, find="duplicates"))
    assert "passages" not in fast
    assert "removals" not in fast


@pytest.mark.parametrize("form", ["jsonl", "parquet"])
def test_what_is_written_is_read_back(tmp_path, form):
    result = dedup.scan(ROWS)
    written = result.write(tmp_path / "found", format=form)
    back = dedup.Result.read(tmp_path / "found")
    assert back.config == result.config
    assert json.loads(json.dumps(result.summary)) == back.summary
    assert [each.doc_id for each in back.documents] == ["a", "b", "c"]
    assert back.clusters == result.clusters
    for name in ("removals", "annotations"):
        assert getattr(back, name).equals(getattr(result, name)), name
    again = back.write(tmp_path / "again", format=form)
    for one, two in zip(written, again, strict=True):
        assert one.name == two.name
        assert one.read_bytes() == two.read_bytes(), one.name


def test_it_writes_what_the_command_line_writes(tmp_path, monkeypatch):
    from commands import run

    monkeypatch.chdir(tmp_path)
    Path("news.jsonl").write_text("".join(f"{json.dumps(row)}\n" for row in ROWS))
    run("scan", "news.jsonl", "-o", "one", "-q")
    dedup.scan("news.jsonl").write("two")
    names = sorted(path.name for path in Path("one").iterdir())
    assert names == sorted(path.name for path in Path("two").iterdir())
    for name in names:
        assert Path("one", name).read_bytes() == Path("two", name).read_bytes(), name
    run("report", "two", "-o", "two.html", "-q")


def test_it_writes_over_no_input(tmp_path):
    path = tmp_path / "documents.jsonl"
    path.write_text(json.dumps(ROWS[0]))
    with pytest.raises(OutputError, match="would be written over the input"):
        dedup.scan(path, find="duplicates").write(tmp_path)


def test_what_is_no_result_is_refused(tmp_path):
    with pytest.raises(InputError, match="nowhere: no such folder; is this a folder of"):
        dedup.Result.read(tmp_path / "nowhere")
    with pytest.raises(InputError, match=r"neither documents\.jsonl nor documents\.parquet"):
        dedup.Result.read(tmp_path)
    dedup.scan(ROWS, find="duplicates").write(tmp_path)
    (tmp_path / "documents.parquet").write_bytes(b"")
    with pytest.raises(InputError, match=r"both documents\.jsonl and documents\.parquet"):
        dedup.Result.read(tmp_path)


def test_a_result_that_was_read_makes_a_page(tmp_path):
    dedup.scan(ROWS).write(tmp_path / "found")
    page = dedup.write_report(dedup.Result.read(tmp_path / "found"), tmp_path / "page.html")
    assert page.read_bytes().startswith(b"<!DOCTYPE html>")


def test_tables_for_others():
    result = dedup.scan(ROWS)
    assert result.to_arrow().equals(result.tables["documents"])
    assert result.to_arrow("removals").column_names[0] == "doc_id"
    for name in ("pairs", "passages", "repeats", "annotations"):
        assert isinstance(result.to_arrow(name), pa.Table)
    with pytest.raises(ConfigError, match="table: got 'texts', allowed is one of documents, pairs"):
        result.to_arrow("texts")
    pytest.importorskip("pandas")
    assert result.to_pandas("pairs")["relation"].tolist() == [
        each.relation for each in result.pairs
    ]
    pytest.importorskip("polars")
    assert result.to_polars()["doc_id"].to_list() == ["a", "b", "c"]


def test_the_least_certain_pairs_are_nearest_to_the_threshold(varied):
    result = varied[1]
    chosen = result.least_certain(5)
    assert len(chosen) == 5
    assert all(isinstance(each, Pair) and each.relation != "exact" for each in chosen)
    distances = [abs(each.jaccard - 0.7) for each in chosen]
    others = [abs(each.jaccard - 0.7) for each in result.pairs if each.relation != "exact"]
    assert distances == sorted(others)[:5]
    assert result.least_certain(0) == []
    assert len(result.least_certain(10**6)) == len(others)


def removed_in(result):
    return result.summary["documents"]["removed"]


@pytest.mark.parametrize("threshold", [0.5, 0.6, 0.75, 0.85, 0.95, 1])
def test_another_threshold_is_told_without_a_scan(varied, threshold):
    texts, result = varied
    told = result.at_threshold(threshold)
    again = dedup.scan(texts, find="duplicates", removable=0.5, threshold=threshold)
    assert told.config == again.config
    effect = told.summary["threshold_effect"]
    assert effect["from"] == 0.7
    if effect["exact"]:
        assert removed_in(told) == removed_in(again)
    if threshold > 0.7:
        assert effect["least"] - 2 <= removed_in(again) <= effect["most"] + 2
        assert effect["least"] <= removed_in(told) <= effect["most"]
        assert abs(removed_in(told) - removed_in(again)) <= 8
    else:
        assert removed_in(result) <= removed_in(told) <= removed_in(again) + 2
    assert len(told.documents) == len(texts)
    kept = {each.doc_id for each in told.documents if each.kept}
    for each in told.documents:
        assert each.kept or each.duplicate_of in kept or each.duplicate_of == each.cluster


def test_pairs_are_related_as_a_scan_relates_them(varied):
    texts, result = varied
    told = result.at_threshold(0.85)
    again = dedup.scan(texts, find="duplicates", removable=0.5, threshold=0.85)
    ours = {(each.a, each.b): each.relation for each in told.pairs}
    theirs = {(each.a, each.b): each.relation for each in again.pairs}
    both = ours.keys() & theirs.keys()
    assert len(both) > 0.9 * len(theirs)
    assert sum(ours[pair] != theirs[pair] for pair in both) <= 0.02 * len(both)


def test_its_own_threshold_changes_nothing(varied):
    result = varied[1]
    assert result.at_threshold(0.7).tables is not None
    assert result.at_threshold(0.7).documents == result.documents
    near = result.at_threshold(0.7000001)
    assert near.documents == result.documents
    assert near.summary["clusters"] == result.summary["clusters"]


def test_passages_and_removals_stay_at_another_threshold(tmp_path):
    result = dedup.scan(ROWS)
    told = result.at_threshold(0.95)
    for name in ("passages", "repeats"):
        assert told.tables[name].equals(result.tables[name])
    assert told.removals.equals(result.removals)
    result.write(tmp_path)
    back = dedup.Result.read(tmp_path).at_threshold(0.95)
    assert [each.kept for each in back.documents] == [each.kept for each in told.documents]


def test_a_threshold_needs_duplicates_and_bounds():
    result = dedup.scan(ROWS, find=["passages"])
    with pytest.raises(ConfigError, match="made without `duplicates`, so no threshold was applied"):
        result.at_threshold(0.8)
    with pytest.raises(ConfigError, match="threshold: got 7"):
        dedup.scan(ROWS, find="duplicates").at_threshold(7)


def test_settings_of_a_result_are_those_asked_for():
    assert dedup.scan(ROWS, Config(find=("duplicates",))).at_threshold(0.8).config.threshold == 0.8
