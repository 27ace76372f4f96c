"""An index written as Parquet and made anew of it; golden files that this version must open."""

from __future__ import annotations

import dataclasses
import json
import random
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from prose import UNRELATED

from dedup import Config
from dedup.errors import CorruptIndex, IndexMismatch, IndexUnavailable, InputError, OutputError
from dedup.index import Index
from dedup.index.exporting import SCHEMA
from dedup.index.settings import FORMAT
from dedup.index.sqlite.database import sealed
from dedup.text.tokens import FOLDING_VERSION

DAY = 86_400


class Clock:
    now = 1_700_000_000

    def __call__(self):
        return self.now


def words(number, count=60):
    generator = random.Random(number)
    return [f"w{generator.randrange(10**6)}" for _ in range(count)]


def documents(count, first=0):
    """Return articles of all sorts: copies, near copies, updates, without words, of some sites."""
    made = []
    for number in range(first, first + count):
        text = words(number if number % 3 else number // 2)
        if number % 4 == 1:
            text[5] = "other"
        name = f"a{number - 7 if number % 11 == 10 else number}"
        made.append(
            {
                "id": name,
                "text": " ".join(text) if number % 13 else "…",
                "site": f"s{number % 3}" if number % 5 else "",
                "date": None if number % 7 == 6 else 1_690_000_000 + number * 3600,
            }
        )
    return made


SETTINGS = [
    {},
    {"store_text": True},
    {"window": "2d", "scope": "across"},
    {"scope": "within", "store_text": True},
    {"config": Config(num_perm=64, shingle_unit="char", shingle_size=7, threshold=0.8)},
]


@pytest.mark.parametrize("settings", SETTINGS, ids=range(len(SETTINGS)))
@pytest.mark.parametrize("where", ["memory", "file"])
def test_what_comes_back_gives_the_same_answers(tmp_path, settings, where):
    clock = Clock()
    home = "memory://" if where == "memory" else tmp_path / "a.index"
    with Index.open(home, clock=clock, **settings) as index:
        list(index.check_and_add_many(documents(120)))
        index.remove("a0", "a24", "a119")
        index.expire(1_690_000_000 + 20 * 3600)
        count = index.export(tmp_path / "a.parquet")
        assert count == len(index) > 60
        copies = [
            Index.restore("memory://", tmp_path / "a.parquet", clock=clock),
            Index.restore(tmp_path / "b.index", tmp_path / "a.parquet", clock=clock),
        ]
        later = documents(120, 60)
        for other in copies:
            assert list(other) == list(index)
            assert other.info()["settings"] == index.info()["settings"]
            assert not other.verify()
        told = [index.check_and_add(each) for each in later]
        index.remove("a70")
        told += index.check_many(documents(150))
        for other in copies:
            again = [other.check_and_add(each) for each in later]
            other.remove("a70")
            again += other.check_many(documents(150))
            assert again == told
            assert not other.verify()
            other.close()
    with Index.open(tmp_path / "b.index", clock=clock) as other:
        assert list(other.check_many(documents(150))) == told[120:]


def test_an_export_is_the_same_bytes_and_comes_back_as_such(tmp_path):
    with Index.open(tmp_path / "a", store_text=True, clock=Clock()) as index:
        index.add_many(documents(50))
        index.export(tmp_path / "1.parquet")
        index.export(tmp_path / "2.parquet")
    with Index.restore(tmp_path / "b", tmp_path / "1.parquet", clock=Clock()) as index:
        index.export(tmp_path / "3.parquet")
    assert len({(tmp_path / f"{each}.parquet").read_bytes() for each in (1, 2, 3)}) == 1
    table = pq.read_table(tmp_path / "1.parquet")
    assert table.schema.names == SCHEMA.names
    assert table["text"][0].as_py() == documents(1)[0]["text"]


def test_numbers_go_on_behind_all_that_there_were(tmp_path):
    with Index.open(tmp_path / "a", clock=Clock()) as index:
        for name in "abcd":
            index.add({"id": name, "text": UNRELATED[0 if name < "d" else 1]})
        index.remove("a", "d")
        index.export(tmp_path / "x.parquet")
    with Index.restore(tmp_path / "b", tmp_path / "x.parquet", clock=Clock()) as index:
        assert index.check_and_add({"id": "e", "text": UNRELATED[2]}).verdict == "new"
        assert index.check_and_add({"id": "f", "text": UNRELATED[0]}).duplicate_of == "b"
        index.remove("b")
        assert index.check({"id": "g", "text": UNRELATED[0]}).duplicate_of == "c"
        assert not index.verify()


def test_nothing_is_written_over(tmp_path):
    with Index.open(tmp_path / "a") as index:
        index.add({"id": "a", "text": UNRELATED[0]})
        index.export(tmp_path / "x.parquet")
        with pytest.raises(OutputError, match="something already"):
            index.export(tmp_path / "x.parquet")
    with pytest.raises(IndexUnavailable, match="something already"):
        Index.restore(tmp_path / "a", tmp_path / "x.parquet")
    with pytest.raises(InputError, match="no such file"):
        Index.restore(tmp_path / "b", tmp_path / "y.parquet")


def broken(table, **columns):
    for name, values in columns.items():
        position = table.schema.get_field_index(name)
        table = table.set_column(position, table.schema.field(name), pa.array(values, SCHEMA.field(name).type))  # fmt: skip  # noqa: E501
    return table


@pytest.mark.parametrize(
    "columns",
    [
        {"number": [1, 1]},
        {"number": [2, 1]},
        {"number": [0, 1]},
        {"id": ["a", "a"]},
        {"id": [None, "b"]},
        {"id": ["x" * 70_000, "b"]},
        {"group": [1, 1]},
        {"signature": [b"", b""]},
        {"verdict": ["new", "perhaps"]},
        {"relation": ["close", None]},
        {"text": ["there is one", None]},
        {"tokens": [0, 0]},
    ],
    ids=str,
)
def test_what_does_not_fit_is_refused_before_there_is_an_index(tmp_path, columns):
    with Index.open(tmp_path / "a") as index:
        index.add_many({"id": each, "text": UNRELATED[row]} for row, each in enumerate("ab"))
        index.export(tmp_path / "x.parquet")
    table = pq.read_table(tmp_path / "x.parquet")
    pq.write_table(broken(table, **columns), tmp_path / "y.parquet")
    with pytest.raises(CorruptIndex):
        Index.restore(tmp_path / "b", tmp_path / "y.parquet")
    assert not (tmp_path / "b").exists()


def test_other_files_are_no_exported_index(tmp_path):
    path = tmp_path / "x.parquet"
    path.write_bytes(b"PAR1 nothing")
    with pytest.raises(CorruptIndex, match="not a readable Parquet"):
        Index.restore(tmp_path / "b", path)
    pq.write_table(pa.table({"id": ["a"]}), path)
    with pytest.raises(CorruptIndex, match="no exported index"):
        Index.restore(tmp_path / "b", path)
    for settings, error in ((b"{}", IndexMismatch), (b"[", CorruptIndex), (b"7", CorruptIndex)):
        schema = SCHEMA.with_metadata({"dedup.index": settings})
        pq.write_table(schema.empty_table(), path)
        with pytest.raises(error):
            Index.restore(tmp_path / "b", path)
    assert not (tmp_path / "b").exists()


# Files that this version wrote: later ones must open them, and answer alike

DATA = Path(__file__).parents[1] / "data"
GOLDEN = sorted(DATA.glob(f"index-1-folding-{FOLDING_VERSION}-*.sqlite"))
OLD_FOLDING = DATA / "index-1-plain.sqlite"  # of folding 1


def golden(path, tmp_path):
    """Return a copy of a golden index, and what it must answer."""
    shutil.copy(path, tmp_path / path.name)
    return tmp_path / path.name, json.loads(path.with_suffix(".json").read_text("utf-8"))


def as_plain(value):
    """Return plain values, without what an index of the first format did not say."""

    def made(pairs):
        new = ("removals", "passages", "story", "lost_tokens", "lost_facts")
        return {name: each for name, each in pairs if name not in new}

    return json.loads(json.dumps(dataclasses.asdict(value, dict_factory=made)))


def test_there_are_golden_files():
    assert [path.stem for path in GOLDEN] == ["index-1-folding-2-plain", "index-1-folding-2-texts"]


@pytest.mark.parametrize("how", ["file", "parquet"])
def test_an_index_of_an_old_folding_says_so_and_how_to_rebuild(tmp_path, how):
    copy, _ = golden(OLD_FOLDING, tmp_path)
    kept = OLD_FOLDING.with_suffix(".parquet")
    opened = {
        "file": lambda: Index.open(copy, mode="r"),
        "parquet": lambda: Index.restore(tmp_path / "restored", kept),
    }
    with pytest.raises(IndexMismatch, match=r"folding=1, this run has 2.*dedup index create"):
        opened[how]()


@pytest.mark.parametrize("path", GOLDEN, ids=lambda path: path.stem)
@pytest.mark.parametrize("how", ["file", "parquet"])
def test_golden_files_answer_as_when_they_were_written(path, tmp_path, how):
    copy, wanted = golden(path, tmp_path)
    clock = lambda: wanted["now"]  # noqa: E731
    if how == "parquet":
        copy = tmp_path / "restored"
        Index.restore(copy, path.with_suffix(".parquet"), clock=clock).close()
    documents = [each["document"] for each in wanted["asked"]]
    verdicts = [each["verdict"] for each in wanted["asked"]]
    assert {each["verdict"] for each in verdicts} == {"new", "same", "updated", "duplicate"}
    with Index.open(copy, mode="r", clock=clock) as index:
        now = {"clean": False, "passages": False, "format": FORMAT}  # as the first format is read
        assert index.info()["settings"] == {**wanted["settings"], **now}
        assert [as_plain(each) for each in index] == wanted["articles"]
        assert [as_plain(index.check(each)) for each in documents] == verdicts
        assert not index.verify()
    with Index.open(copy, clock=clock) as index:
        index.add_many(documents)
        assert {each.verdict for each in index.check_many(documents)} == {"same"}
        assert not index.verify()


@pytest.mark.parametrize(("field", "value"), [("format", 99), ("folding", 99)])
def test_a_file_of_another_format_is_refused(tmp_path, field, value):
    copy, _ = golden(GOLDEN[0], tmp_path)
    with closing(sqlite3.connect(copy)) as connection, connection:
        (text,) = connection.execute("SELECT json FROM settings").fetchone()
        text = json.dumps({**json.loads(text), field: value})
        seal = sealed(text.encode())
        connection.execute("UPDATE settings SET json = ?, seal = ?", (text, seal))
    for mode in "ra":
        with pytest.raises(IndexMismatch) as told:
            Index.open(copy, mode=mode)
        assert (told.value.field, told.value.theirs) == (field, value)
