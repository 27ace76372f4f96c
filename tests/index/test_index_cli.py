"""The commands ``index …``: make, fill, ask, look after; exit codes, output for programs."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing

import pytest
from commands import run, write_jsonl
from prose import UNRELATED

from dedup import cli
from dedup.cli import options
from dedup.config import Config
from dedup.index import Index, settings

LONG_AGO, LATER = "2001-01-01", "2020-06-01"


@pytest.fixture
def position(tmp_path):
    return tmp_path / "seen.index"


@pytest.fixture
def news(tmp_path):
    """A file of three articles, one of which is a copy."""
    return write_jsonl(
        tmp_path / "news.jsonl",
        {"id": "a", "text": UNRELATED[0], "date": LONG_AGO},
        {"id": "b", "text": UNRELATED[1], "date": LATER},
        {"id": "c", "text": UNRELATED[1].upper(), "date": LATER},
    )


@pytest.fixture
def filled(position, news):
    assert run("index", "add", position, news, "-q").code == 0
    return position


def test_what_an_index_is_built_with_is_an_option():
    assert set(options.INDEX_SETTINGS) == {*settings._SHARED, "bands", "rows", "recall"}
    assert set(options.INDEX_SETTINGS) <= set(Config.__dataclass_fields__)
    for command in (cli.root.commands["filter"], *map(cli.index.commands.get, ("create", "add"))):
        known = {each.name for each in command.params}
        assert {*options.INDEX_SETTINGS, "window", "scope", "store_text"} <= known


def test_create(position):
    done = run("index", "create", position, "--window", "30d", "--store-text", "--threshold", 0.8)
    assert (done.code, done.err) == (0, "")
    built = Index.open(position, mode="r").settings
    assert (built.window, built.store_text, built.threshold) == (30 * 86_400, True, 0.8)
    again = run("index", "create", position)
    assert (again.code, "something already" in again.err) == (4, True)


def test_adding_counts_and_adding_again_changes_nothing(position, news):
    done = run("index", "add", position, news)
    assert done.out == "3 read = 2 new + 0 same + 0 updated + 1 duplicate + 0 skipped\n"
    again = json.loads(run("index", "add", position, news, "--json").bytes)
    assert again == {
        "read": 3, "new": 0, "same": 3, "updated": 0, "duplicate": 0, "skipped": 0,
    }  # fmt: skip
    assert run("index", "add", position, news, "--num-perm", 64).code == 2


def test_folders_of_any_format_are_read(position, tmp_path):
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "one.txt").write_text(UNRELATED[2])
    (folder / "rows.csv").write_text("id,text\nx,some words of a row\ny,\n")
    write_jsonl(folder / "bad.jsonl", {"id": "z", "text": UNRELATED[3]}, "broken")
    done = run("index", "add", position, folder)
    assert (done.code, "1 skipped" in done.out) == (3, True)
    with Index.open(position, mode="r") as index:
        assert {"one.txt", "x", "y", "z"} == {each.id for each in index}


def test_check_says_and_keeps_nothing(filled, tmp_path):
    ask = write_jsonl(
        tmp_path / "ask.jsonl",
        {"id": "a", "text": UNRELATED[0]},
        {"id": "n\u202en", "text": UNRELATED[4]},
        {"id": "d", "text": UNRELATED[1]},
        {"id": "e", "text": UNRELATED[4]},
    )
    done = run("index", "check", filled, ask)
    assert done.out.splitlines() == [
        "a: same, told new",
        "nn: new",
        "d: duplicate of b (exact, 1.00)",
        "e: new",
    ]
    assert "4 read = 2 new + 1 same + 0 updated + 1 duplicate + 0 skipped" in done.err
    lines = run("index", "check", filled, ask, "--json", "-q").out.splitlines()
    told = [json.loads(each) for each in lines]
    assert [each["verdict"] for each in told] == ["same", "new", "duplicate", "new"]
    assert (told[0]["first"], told[2]["duplicate_of"]) == ("new", "b")
    assert run("index", "check", filled, ask, "--fail-on-duplicates").code == 1
    assert len(Index.open(filled, mode="r")) == 3


def test_remove_and_expire(filled):
    done = json.loads(run("index", "remove", filled, "b", "none", "--json").bytes)
    assert done == {"asked": 2, "removed": 1, "absent": 1}
    assert run("index", "expire", filled, "--before", "2010-01-01").out == "1 removed, 1 left\n"
    assert [each.id for each in Index.open(filled, mode="r")] == ["c"]
    assert run("index", "expire", filled, "--older-than", "30d").out == "1 removed, 0 left\n"


def test_ids_from_a_list(filled, tmp_path):
    done = run("index", "remove", filled, "--from", "-", input="a\n\nc\r\n")
    assert done.out == "2 removed, 0 were not there\n"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["remove", "PLACE"], "at least one ID"),
        (["expire", "PLACE"], "either --before or --older-than"),
        (["expire", "PLACE", "--before", "x", "--older-than", "1d"], "either --before"),
        (["expire", "PLACE", "--before", "soon"], "--before: got 'soon', allowed is a date"),
        (["expire", "PLACE", "--older-than", "x"], "--older-than: got 'x', allowed is a number"),
        (["create", "NEW", "--from", "x", "--threshold", "0.8"], "takes the settings from"),
        (["create", "NEW", "--shingle-unit", "auto"], "--shingle-unit: got 'auto'"),
    ],
)
def test_wrong_usage_exits_with_2(filled, tmp_path, arguments, said):
    names = {"PLACE": filled, "NEW": tmp_path / "new.index"}
    done = run("index", *(names.get(each, each) for each in arguments))
    assert (done.code, said in done.err) == (2, True)
    assert not (tmp_path / "new.index").exists()


@pytest.mark.parametrize(
    "command",
    ["check X", "remove a", "expire --before 2020-01-01", "info", "verify", "rebuild", "compact",
     "backup Y", "export Y"],
)  # fmt: skip
def test_what_is_not_there_is_not_made(position, news, command):
    name, *rest = command.split()
    arguments = [{"X": news, "Y": position.with_name("y")}.get(each, each) for each in rest]
    done = run("index", name, position, *arguments)
    assert (done.code, "there is no index" in done.err) == (4, True)
    assert not position.exists()


def test_info(filled):
    done = run("index", "info", filled)
    assert "3 articles" in done.out
    assert "  threshold     0.7" in done.out
    facts = json.loads(run("index", "info", filled, "--json").bytes)
    assert (facts["articles"], facts["settings"]["num_perm"]) == (3, 128)


def test_verify_finds_and_rebuild_mends(filled):
    assert run("index", "verify", filled).out.endswith("3 articles, all is well\n")
    with closing(sqlite3.connect(filled)) as connection, connection:
        connection.execute("UPDATE docs SET record = zeroblob(400) WHERE number = 3")
    done = run("index", "verify", filled)
    assert (done.code, "article number 3 of the index is damaged" in done.err) == (3, True)
    flaws = json.loads(run("index", "verify", filled, "--json").bytes)["flaws"]
    assert flaws == ["article number 3 of the index is damaged"]
    done = run("index", "rebuild", filled)
    assert (done.code, done.out) == (3, "1 damaged articles dropped, 2 left\n")
    assert run("index", "verify", filled).code == 0
    assert run("index", "rebuild", filled).code == 0
    filled.write_bytes(b"SQLite format 3\0 and nothing else")
    assert run("index", "verify", filled).code == 4


def test_copies(filled, tmp_path):
    assert run("index", "compact", filled).code == 0
    copy, table, other = (tmp_path / each for each in ("copy", "x.parquet", "other"))
    assert run("index", "backup", filled, copy).code == 0
    assert run("index", "backup", filled, copy).code == 4
    assert run("index", "export", filled, table).out == f"{table}: 3 articles\n"
    assert run("index", "import", other, table).out == f"{other}: a new index with 3 articles\n"
    assert run("index", "create", tmp_path / "more", "--from", table).code == 0
    assert run("index", "import", other, table).code == 4
    found = [list(Index.open(each, mode="r")) for each in (filled, copy, other, tmp_path / "more")]
    assert found[0] == found[1] == found[2] == found[3]
