"""An index in a file: damage, and files of strangers."""

from __future__ import annotations

import json
import random
import sqlite3
import struct
from contextlib import closing
from pathlib import Path

import pytest
from index_files import articles, filled

from dedup import Config
from dedup.errors import CorruptIndex, DedupError
from dedup.index import Index
from dedup.index.settings import Settings
from dedup.index.sqlite.database import sealed


def answers(path, documents, others):
    """Return what an index says, or the error; anything else would be a fault."""
    try:
        with Index.open(path, mode="r") as index:
            told = [each.verdict for each in index.check_many([*documents, *others])]
            names = [each.id for each in index]
    except DedupError as error:
        return type(error).__name__
    return told, names


@pytest.mark.parametrize("how", ["flip", "zero", "cut"])
@pytest.mark.parametrize("rounds", [60, pytest.param(600, marks=pytest.mark.slow)])
def test_damage_gives_an_error_or_a_right_answer(path, small_runs, how, rounds):
    documents, others = filled(path, 300, store_text=True), articles(20, seed=9)
    right = answers(path, documents, others)
    data = path.read_bytes()
    generator = random.Random(f"{how} {rounds}")
    seen = set()
    for _ in range(rounds):
        path.write_bytes(damaged(data, how, generator))
        got = answers(path, documents, others)
        seen.add(got if isinstance(got, str) else "right")
        assert isinstance(got, str) or got == right
    assert (
        {"CorruptIndex"} <= seen <= {"CorruptIndex", "IndexUnavailable", "IndexMismatch", "right"}
    )


def damaged(data, how, generator):
    data = bytearray(data)
    if how == "flip":
        for _ in range(8):
            data[generator.randrange(len(data))] ^= 1 << generator.randrange(8)
    elif how == "zero":
        page = generator.randrange(len(data) // 4096)
        data[page * 4096 : page * 4096 + 4096] = bytes(4096)
    else:
        del data[generator.randrange(1, len(data)) :]
    return data


def change(path, *statements):
    with closing(sqlite3.connect(path)) as connection:
        for each in statements:
            connection.execute(*each) if isinstance(each, tuple) else connection.execute(each)
        connection.commit()


LAST = "(SELECT max(place) FROM blocks WHERE length(data) > 8)"


@pytest.mark.parametrize(
    ("statement", "flaw"),
    [
        (f"UPDATE blocks SET data = zeroblob(length(data)) WHERE place = {LAST}", "damaged"),
        (f"UPDATE blocks SET data = x'000102' WHERE place = {LAST}", "impossible size"),
        (f"DELETE FROM blocks WHERE place = {LAST}", "missing"),
        ("DELETE FROM blocks", "missing"),
        ("DELETE FROM docs WHERE number = 40", "counted"),
        ("DELETE FROM gone", "do not follow"),
    ],
)
def test_verify_finds_and_rebuild_mends(path, small_runs, statement, flaw):
    documents = filled(path, 300)
    change(path, statement)
    if "docs" in statement:
        del documents[38]  # number 40: the fourth was removed
    with Index.open(path) as index:
        found = index.verify()
        assert any(flaw in each for each in found), found
        assert index.rebuild() == 0
        assert index.verify() == []
        assert {each.verdict for each in index.check_many(documents)} == {"same"}
        assert len(index) == len(documents)


def test_a_damaged_article_is_named_and_dropped_when_asked_for(path, small_runs):
    documents = filled(path, 300)
    change(path, "UPDATE docs SET record = zeroblob(length(record)) WHERE number = 100")
    with Index.open(path) as index:
        with pytest.raises(CorruptIndex, match="number 100"):
            list(index)
        with pytest.raises(CorruptIndex):
            index.check(documents[98])
        assert any("number 100 is damaged" in each for each in index.verify())
        assert index.rebuild() == 1
        assert index.verify() == []
        assert len(index) == len(documents) - 1
        assert index.check(documents[98]).verdict == "new"


# Files of strangers


STRANGERS = {
    "no database": b"this is no database, but it is as long as a header has to be" * 40,
    "a database": "CREATE TABLE x(y)",
    "a trigger": "CREATE TRIGGER t AFTER INSERT ON docs BEGIN DELETE FROM docs; END",
    "a view": "CREATE VIEW v AS SELECT load_extension('x')",
    "another table": "CREATE TABLE more(x)",
    "an expression": "CREATE INDEX i ON docs(abs(number))",
}


@pytest.mark.parametrize("what", STRANGERS)
@pytest.mark.parametrize("mode", ["a", "r"])
def test_a_file_that_is_no_index_is_not_opened_nor_changed(path, what, mode):
    made = STRANGERS[what]
    if what not in ("no database", "a database"):
        Index.open(path).close()
    if isinstance(made, bytes):
        path.write_bytes(made)
    else:
        change(path, made)
    before = path.read_bytes()
    with pytest.raises(CorruptIndex):
        Index.open(path, mode=mode)
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    ("field", "value"), [(0, -1), (0, 1 << 40), (2, 0), (2, 1 << 40), (3, -1), (3, 1 << 40)]
)
@pytest.mark.parametrize("seeded", [False, True])
def test_runs_of_strangers_are_no_larger_than_the_file(path, small_runs, seeded, field, value):
    """Number, blocks of a slice and postings of the last run; the checksum fits."""
    filled(path, 30, passages=seeded)
    one = 2 if seeded else 1
    with Index.open(path) as index:
        index.compact()
    with closing(sqlite3.connect(path)) as connection, connection:
        (data,) = connection.execute("SELECT data FROM state WHERE one = ?", (one,)).fetchone()
        run = [*struct.unpack("<5q", data[-40:])]
        run[field] = value
        data = data[:-40] + struct.pack("<5q", *run)
        seal = sealed(data, *((one,) if seeded else ()))
        connection.execute("UPDATE state SET seal = ?, data = ? WHERE one = ?", (seal, data, one))
    with Index.open(path) as index, pytest.raises(CorruptIndex, match="cannot be as large"):
        index.check(articles(1)[0])
    with Index.open(path) as index:
        assert index.rebuild() == 0
        assert index.verify() == []


@pytest.mark.parametrize(
    "settings",
    ["", "[]", "null", "{}", '{"format": 1}', "[" * 100_000, '{"format": 1, "folding": 1}'],
)
def test_settings_of_strangers(path, settings):
    Index.open(path).close()
    change_settings(path, settings)
    with pytest.raises(DedupError):
        Index.open(path)


def change_settings(path, text):
    seal = sealed(text.encode())
    change(path, ("UPDATE settings SET seal = ?, json = ?", (seal, text)))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("num_perm", 10**9),
        ("num_perm", "128"),
        ("bands", 0),
        ("bands", 10**6),
        ("rows", -1),
        ("threshold", float("nan")),
        ("cluster_on", [[]]),
        ("window", -1),
        ("scope", "everything"),
        ("salt", 1.5),
        ("salt", -1),
        ("store_text", 1),
        ("more", 1),
    ],
)
def test_settings_out_of_bounds_are_refused(path, name, value):
    with Index.open(path) as index:
        kept = json.loads(index.settings.to_json())
    change_settings(path, json.dumps(kept))
    Index.open(path).close()
    change_settings(path, json.dumps({**kept, name: value}))
    with pytest.raises(DedupError):
        Index.open(path)


def test_settings_come_back_as_they_were():
    made = Settings.of(Config(), window="30d", scope="within", salt=2**64 - 1)
    assert Settings.from_json(made.to_json()) == made


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE state SET data = zeroblob(length(data))",
        "UPDATE state SET data = x'00'",
        "DELETE FROM settings",
        "UPDATE docs SET record = x'00'",
        "UPDATE docs SET family = -9223372036854775808",
        "UPDATE blocks SET data = x''",
        "UPDATE blocks SET data = x'0102030405060708090a'",
        "UPDATE blocks SET data = zeroblob(1048576) WHERE place % 2 = 0",
    ],
)
def test_numbers_that_cannot_be_are_errors(path, small_runs, statement):
    documents = filled(path)
    change(path, statement)
    got = answers(path, documents, [])
    assert got in ("CorruptIndex", "IndexUnavailable")
    with pytest.raises(DedupError):
        insert_all(path, articles(40, seed=3))


def insert_all(path, documents):
    with Index.open(path) as index:
        for each in documents:
            index.add(each)


@pytest.mark.parametrize("pages", [1, 20])
def test_a_copy_without_its_log_gives_an_error_or_a_right_answer(
    path, small_runs, monkeypatch, pages
):
    """The log is copied back every few pages, so what is in the file may be from the middle."""
    monkeypatch.setattr("dedup.index.sqlite.database._LOG_PAGES", pages)
    documents, copy = articles(200), path.with_name("copy")
    said = set()
    with Index.open(path) as index:
        for number, each in enumerate(documents):
            index.add(each)
            if number % 5:
                continue
            for end in ("", "-wal", "-shm"):
                Path(f"{copy}{end}").unlink(missing_ok=True)
            copy.write_bytes(path.read_bytes())
            got = answers(copy, documents, [])
            said.add(type(got))
            if not isinstance(got, str):
                kept = len(got[1])
                assert got[1] == [each["id"] for each in documents[:kept]]
                assert got[0] == ["same"] * kept + ["new"] * (200 - kept)
    assert tuple in said
