"""A scan beside an index: documents it knows, and passages they share with its articles."""

from __future__ import annotations

import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from commands import run, write_jsonl
from prose import UNRELATED

from dedup.api.runs import Inputs
from dedup.index import Index
from dedup.schema import AGAINST, CONTRACT
from dedup.sources.pieces import Told
from dedup.sources.rereadable import Files

WHOLE = " ".join(UNRELATED[:3])
CHANGED = WHOLE.replace("cheaper electric vessel", "dearer wooden boat").replace("frost", "hail")


@pytest.fixture
def position(tmp_path):
    found = tmp_path / "seen.index"
    with Index.open(found, store_text=True) as index:
        index.add({"id": "old", "text": WHOLE})
        index.add({"id": "mine", "text": UNRELATED[3]})
        index.add({"id": "page", "text": UNRELATED[5]})
    return found


@pytest.fixture
def news(tmp_path):
    return write_jsonl(
        tmp_path / "news.jsonl",
        {"id": "copy", "text": CHANGED},
        {"id": "mine", "text": UNRELATED[3]},
        {"id": "page", "text": f"{UNRELATED[5]} Clouds came later."},
        {"id": "fresh", "text": UNRELATED[6]},
    )


def scanned(news, position, *more):
    return json.loads(run("scan", news, "--against", position, "--json", *more).bytes)


def test_what_an_index_knows_is_named(news, position):
    whole = scanned(news, position)
    told = {row["doc_id"]: row for row in whole["against"]}
    assert list(told["copy"]) == AGAINST.names
    verdicts = {name: row["verdict"] for name, row in told.items()}
    assert verdicts == {"copy": "duplicate", "mine": "same", "page": "updated"}
    copy = told["copy"]
    assert (copy["duplicate_of"], copy["relation"]) == ("old", "near_duplicate")
    assert 0.7 < copy["jaccard"] < 1
    assert (copy["lost_tokens"], copy["lost_facts"]) == (4, 0)  # dearer wooden boat; hail
    assert told["mine"]["lost_tokens"] is None
    counts = {"new": 1, "same": 1, "updated": 1, "duplicate": 1}
    assert {name: whole["summary"]["against"][name] for name in counts} == counts
    assert len(Index.open(position, mode="r")) == 3


def test_passages_lie_in_both_texts(news, position):
    whole = scanned(news, position)
    texts = {"copy": CHANGED, "page": f"{UNRELATED[5]} Clouds came later."}
    kept = {"old": WHOLE, "page": UNRELATED[5]}
    found = whole["against_passages"]
    assert {(each["a"], each["b"]) for each in found} == {("copy", "old"), ("page", "page")}
    assert len(found) == whole["summary"]["against"]["passages"]
    for each in found:
        mine = texts[each["a"]][each["start_a"] : each["end_a"]]
        theirs = kept[each["b"]][each["start_b"] : each["end_b"]]
        assert mine.split()[0] == theirs.split()[0]
        assert mine.split()[-1].strip(".") == theirs.split()[-1].strip(".")


def test_the_fast_path_and_an_index_without_texts_have_no_passages(news, position, tmp_path):
    assert scanned(news, position, "--find", "duplicates")["against_passages"] == []
    with Index.open(tmp_path / "bare") as index:
        index.add({"id": "old", "text": WHOLE})
    whole = scanned(news, tmp_path / "bare")
    assert [row["doc_id"] for row in whole["against"]] == ["copy"]
    assert whole["against"][0]["jaccard"] is None
    assert whole["against_passages"] == []


@pytest.mark.parametrize("format", ["jsonl", "parquet"])
def test_the_contract_stays_and_two_files_are_added(news, position, tmp_path, format):
    plain, more = tmp_path / "plain", tmp_path / "more"
    assert run("scan", news, "-o", plain, "--format", format, "-q").code == 0
    assert run("scan", news, "-o", more, "--format", format, "--against", position, "-q").code == 0
    for name in CONTRACT:
        file = f"{name}.{format}"
        assert (plain / file).read_bytes() == (more / file).read_bytes()
    added = {each.name for each in more.iterdir()} - {each.name for each in plain.iterdir()}
    assert added == {f"against.{format}", f"against_passages.{format}"}
    if format == "parquet":
        assert pq.read_table(more / "against.parquet").schema == AGAINST


def test_repeated_ids_are_named_as_in_the_documents(position, tmp_path):
    path = write_jsonl(
        tmp_path / "twice.jsonl", {"id": "mine", "text": UNRELATED[3]},
        {"id": "mine", "text": CHANGED},
    )  # fmt: skip
    told = {row["doc_id"]: row["verdict"] for row in scanned(path, position)["against"]}
    assert sorted(told) == ["mine", "mine#2"]
    assert sorted(told.values()) == ["same", "updated"]


def test_the_view_says_it_and_a_missing_index_is_said_first(news, position, tmp_path):
    done = run("scan", news, "--against", position)
    assert "1 are new, 1 are known as they are, 1 with another text, 1 are copies" in " ".join(
        done.out.split()
    )
    assert "are lost" not in done.out
    done = run("scan", news, "--against", position, "--drop-known")
    said = " ".join(done.out.split())
    assert "2 are not kept, as they are known: 4 words, 0 facts are lost" in said
    done = run("scan", news, "--against", tmp_path / "none", "-o", tmp_path / "out")
    assert (done.code, "there is no index" in done.err) == (4, True)
    assert not (tmp_path / "out").exists()


def test_stdin_is_asked_for_too(news, position):
    done = run(
        "scan", "-", "--input-format", "jsonl", "--json", "--against", position,
        input=news.read_text(),
    )  # fmt: skip
    assert len(json.loads(done.bytes)["against"]) == 3


@pytest.mark.parametrize("find", ["duplicates", "duplicates,passages"])
@pytest.mark.parametrize("kind", ["jsonl", "parquet", "stdin"])
def test_documents_are_asked_for_while_they_are_read(tmp_path, news, monkeypatch, find, kind):
    """They are read once more only where a run did not read them, and the same is said then."""
    rows = [json.loads(line) for line in news.read_text().splitlines()]
    rows += [{"id": f"n{n}", "text": f"{text} Said {n}."} for n, text in enumerate(UNRELATED)]
    rows += [rows[0], {"id": "none", "text": None}]
    path, given = write_jsonl(tmp_path / "more.jsonl", *rows), None
    if kind == "parquet":
        pq.write_table(pa.Table.from_pylist(rows), tmp_path / "more.parquet", row_group_size=3)
        path = tmp_path / "more.parquet"
    with Index.open(tmp_path / "archive", passages=True) as index:
        for number, text in enumerate((WHOLE, UNRELATED[3], UNRELATED[5])):
            index.add({"id": f"a{number}", "text": text})
    asked, again = ["scan", path, "--find", find, "--json"], []
    if kind == "stdin":
        asked[1:2], given = ["-", "--input-format", "jsonl"], path.read_text()
    reading = Files._again
    monkeypatch.setattr(Files, "_again", lambda self: again.append(1) or reading(self))
    run(*asked, input=given)
    plain = len(again)
    against = *asked, "--against", tmp_path / "archive", "--drop-known-passages", "13"
    once = run(*against, input=given).bytes
    assert len(again) == 2 * plain
    monkeypatch.setattr(Told, "settle", lambda self: self.piece.settle())  # tells nobody
    twice = run(*against, input=given).bytes
    assert len(again) == 3 * plain + 1
    once, twice = json.loads(once), json.loads(twice)
    names = "against", "against_passages", "documents"
    assert [once[name] for name in names] == [twice[name] for name in names]
    assert len(once["against"]) > 3


def test_a_run_that_goes_on_asks_for_what_was_read_before(tmp_path, news, position, monkeypatch):
    """Signatures are kept from the first run, so the second one reads for the index alone."""
    asked = "--find", "duplicates", "--work", tmp_path / "work"
    told = []
    telling = Told.settle
    monkeypatch.setattr(Told, "settle", lambda self: told.append(1) or telling(self))
    with monkeypatch.context() as stopped:
        stopped.setattr(Inputs, "finish", lambda self: None)  # as where writing is cut short
        run("scan", news, *asked, "-o", tmp_path / "one")
    whole = scanned(news, position, *asked)
    assert not told
    assert whole["against"] == scanned(news, position, "--find", "duplicates")["against"] != []
    assert told
