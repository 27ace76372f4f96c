"""Cleaned rows: they keep their columns and types, or are only annotated."""

from __future__ import annotations

import base64
import datetime
import decimal
import json

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from cleaned_folders import (
    BODY,
    ROWS,
    entries,
    from_bytes,
    from_rows,
    named,
    restored_rows,
    result_of,
    tree,
)

from dedup.api import scan
from dedup.errors import ConfigError
from dedup.output.cleaned import restore_directory, write_cleaned
from dedup.output.cleaned.rows import join_columns
from dedup.sources import ReadOptions, read


@pytest.mark.parametrize("format", ["auto", "jsonl"])
def test_rows_keep_their_columns(folder, format):
    counts = write_cleaned(result_of(from_rows(*ROWS)), folder.clean, format=format)
    assert (counts["files"], counts["rows"]) == (0, 3)
    lines = (folder.clean / "articles.jsonl").read_text("utf-8").splitlines()
    first, _, third = map(json.loads, lines)
    assert first["text"] == BODY
    assert (first["big"], first["tags"]) == (10**30, ["a", 1])
    assert first["dedup"]["doc_id"] == "1"
    assert (third["dedup"], third["dedup_"]["doc_id"]) == ("mine", "3")
    restore_directory(folder.clean, folder.back)
    back = restored_rows(folder)
    assert [row["id"] for row in back] == [1, 2, 3]
    assert [list(row) for row in back] == [list(row) for row in ROWS]
    assert back[:2] == list(ROWS[:2])
    assert back[2]["dedup"] == "mine"


def test_rows_as_parquet(folder):
    write_cleaned(result_of(from_rows(*ROWS)), folder.clean, format="parquet")
    table = pq.read_table(folder.clean / "articles.parquet")
    assert table["text"].to_pylist() == [BODY, "Other words.\r\n", ""]
    assert table["tags"].to_pylist() == ['["a",1]', '"b"', None]
    assert table["id"].to_pylist() == [1, 2, 3]
    assert restore_directory(folder.clean, folder.back)["rows"] == 3
    back = restored_rows(folder)
    assert [row["text"] for row in back] == [row["text"] for row in ROWS]


def test_documents_in_memory_are_rows(folder):
    sources = [{"doc_id": "x", "text": f"{BODY}Share this", "site": "s.org", "encoding": "utf-8"}]
    write_cleaned(result_of(sources), folder.clean)
    row = json.loads((folder.clean / "articles.jsonl").read_text("utf-8"))
    assert list(row) == ["doc_id", "text", "site", "date", "dedup"]
    assert (row["text"], row["site"]) == (BODY.removesuffix("\n"), "s.org")
    restore_directory(folder.clean, folder.back)
    back = json.loads((folder.back / "restored.jsonl").read_text("utf-8"))
    assert back == {"doc_id": "x", "text": sources[0]["text"], "site": "s.org", "date": None}


def test_a_damaged_row_brings_its_bytes(folder):
    raw = b"half \xed\xa0\xbd"
    sources = from_rows({"id": "x", "text": "half \ufffd"})
    sources[0]["raw"] = raw
    write_cleaned(result_of(sources), folder.clean)
    restore_directory(folder.clean, folder.back)
    back = json.loads((folder.back / "restored.jsonl").read_text("utf-8"))
    assert base64.b64decode(back["raw"]) == raw


def test_half_surrogates_as_parquet(folder):
    source = named("x", "in.jsonl") | {"line": 1}
    source["record"] = b'["text",{"text":null,"note":"\\ud83d"}]'
    write_cleaned(result_of([source]), folder.clean, format="parquet")
    assert restore_directory(folder.clean, folder.back)["rows"] == 1


METADATA = ["doc_id", "cluster", "canonical", "kept", "relation", "duplicate_of"]


def typed_table(texts, kind=None):
    """Return a table with columns of all sorts of types."""
    count = len(texts)
    return pa.table(
        {
            "when": pa.array([datetime.datetime(2024, 1, 2)] * count, pa.timestamp("us", "UTC")),
            "title": pa.array(["t"] * count, pa.large_string()),
            "text": pa.array(texts, kind or pa.string()),
            "id": pa.array(range(count), pa.uint8()),
            "price": pa.array([decimal.Decimal("1.10")] * count, pa.decimal128(10, 2)),
            "bytes": pa.array([b"\xff"] * count),
            "category": pa.array([f"c{each % 3}" for each in range(count)]).dictionary_encode(),
            "nested": pa.array([{"a": [1], "b": datetime.date(2024, 1, 2)}] * count),
            "nan": pa.array([float("nan")] * count, pa.float32()),
            "map": pa.array([[("k", 1)]] * count, pa.map_(pa.string(), pa.int32())),
            "dedup": ["mine"] * count,
        }
    )


def scanned_rows(*tables, folder):
    """Return the result of a scan of tables, each a Parquet file, and of dicts, a file of JSON."""
    folder.mkdir()
    for number, table in enumerate(tables):
        if isinstance(table, pa.Table):
            pq.write_table(table, folder / f"{number}.parquet", row_group_size=3)
        else:
            lines = "".join(f"{json.dumps(each)}\n" for each in table)
            (folder / f"{number}.jsonl").write_text(lines, "utf-8")
    return scan(read([str(folder)], ReadOptions(keep_record=True, keep_columns=True)))


TEXTS = [f"{BODY}Share this\n", BODY.upper(), *(f"Other words, {n} of them." for n in range(9))]


def written_table(folder):
    return pq.read_table(folder.clean / "articles.parquet")


@pytest.mark.parametrize("annotate", [False, True])
def test_parquet_keeps_types_and_order(folder, tmp_path, annotate):
    table = typed_table(TEXTS)
    result = scanned_rows(table, folder=tmp_path / "in")
    counts = write_cleaned(
        result, folder.clean, format="parquet", everything=True, annotate=annotate
    )
    assert counts["rows"] == len(TEXTS)
    got = written_table(folder).sort_by("id")
    assert got.schema.names == [*table.schema.names, "dedup_"]
    assert [*got.schema][:-1] == [*pq.read_table(tmp_path / "in" / "0.parquet").schema]
    assert [each.name for each in got.schema.field("dedup_").type] == METADATA
    others = [name for name in table.column_names if name not in ("text", "nan")]
    assert got.select(others).to_pylist() == table.select(others).to_pylist()
    assert got["text"].to_pylist()[1:] == TEXTS[1:]
    assert got["text"][0].as_py() == (TEXTS[0] if annotate else BODY)
    assert [each["kept"] for each in got["dedup_"].to_pylist()].count(False) == 1
    assert restore_directory(folder.clean, folder.back)["rows"] == len(TEXTS)
    back = sorted(restored_rows(folder), key=lambda row: row["id"])
    assert [list(row) for row in back] == [table.column_names] * len(TEXTS)
    assert [row["text"] for row in back] == TEXTS
    assert (back[0]["when"], back[0]["price"]) == ("2024-01-02T00:00:00+00:00", "1.10")


@pytest.mark.parametrize(
    "kind",
    [pa.large_string(), pa.binary(), pa.dictionary(pa.int32(), pa.string()), pa.string_view()],
)
def test_a_text_column_of_any_type_keeps_it(folder, tmp_path, kind):
    table = typed_table(TEXTS, kind)
    schema = pa.schema([each.with_nullable(each.name != "text") for each in table.schema])
    result = scanned_rows(table.cast(schema), folder=tmp_path / "in")
    write_cleaned(result, folder.clean, format="parquet")
    got = written_table(folder).schema.field("text")
    wanted = pq.read_schema(tmp_path / "in" / "0.parquet").field("text")
    assert got == (wanted.with_type(pa.large_string()) if kind == pa.string_view() else wanted)
    assert not got.nullable
    assert restore_directory(folder.clean, folder.back)["rows"] == len(TEXTS) - 1


def test_files_with_other_columns_are_joined(folder, tmp_path):
    one = pa.table({"id": ["c", "d"], "text": ["One text.", "Two texts."], "n": [1, 2]})
    two = pa.table({"text": ["Three texts."], "id": ["a"], "n": ["x"], "m": [0.5]})
    objects = [{"id": "b", "k": True, "text": "Four texts."}]
    write_cleaned(scanned_rows(one, two, objects, folder=tmp_path / "in"), folder.clean,
                  format="parquet")  # fmt: skip
    got = written_table(folder)
    assert got.column_names == ["text", "id", "n", "m", "k", "dedup"]
    assert got["id"].to_pylist() == ["a", "b", "c", "d"]
    assert got["n"].to_pylist() == ['"x"', None, "1", "2"]
    assert got["k"].to_pylist() == [None, True, None, None]
    assert got["text"].to_pylist() == ["Three texts.", "Four texts.", "One text.", "Two texts."]
    assert restore_directory(folder.clean, folder.back)["rows"] == 4


def test_the_order_of_rows_does_not_matter(folder, tmp_path):
    table = typed_table(TEXTS)
    mixed = table.take(np.random.default_rng(1).permutation(len(table)))
    for name, each in (("one", table), ("two", mixed)):
        out = tmp_path / f"out-{name}"
        write_cleaned(scanned_rows(each, folder=tmp_path / name), out, format="parquet")
    one, two = ((tmp_path / f"out-{name}/articles.parquet").read_bytes() for name in ("one", "two"))
    assert one == two


def test_columns_of_one_name_get_a_type_that_holds_them_all():
    small = pa.table(
        {"n": pa.array([1], pa.int8()), "s": ["x"], "f": pa.array([0.5], pa.float32())}
    )
    large = pa.table({"n": [2**40], "s": pa.array(["y"], pa.large_string()), "f": [0.1]})
    none = pa.table({"n": pa.nulls(1), "date": [datetime.date(2024, 1, 2)]})
    schema = join_columns([small, large, none]).schema
    assert [str(each.type) for each in schema] == ["int64", "large_string", "double", "date32[day]"]
    mixed = join_columns([large, pa.table({"n": [0.5], "s": [datetime.date(2024, 1, 2)]})])
    assert mixed["n"].to_pylist() == ["1099511627776", "0.5"]
    assert mixed["s"].to_pylist() == ['"y"', '"2024-01-02"']


@pytest.mark.parametrize("format", ["auto", "parquet"])
def test_rows_that_are_only_marked(folder, format):
    rows = (*ROWS, {"id": 4, "text": BODY})
    result = result_of(from_rows(*rows), ["4"])
    counts = write_cleaned(result, folder.clean, annotate=True, format=format)
    assert (counts["written"], counts["removed_characters"]) == (4, 0)
    assert json.loads((folder.clean / "manifest.json").read_bytes())["annotated"] is True
    assert all(not each["ops"] for each in entries(folder.clean).values())
    if format == "auto":
        lines = (folder.clean / "articles.jsonl").read_text("utf-8").splitlines()
        written = [json.loads(line) for line in lines]
        assert [list(row)[:-1] for row in written] == [list(row) for row in rows]
        assert (written[0]["big"], str(written[2]["nan"])) == (10**30, "nan")
        assert [row["text"] for row in written] == [row["text"] for row in rows]
        metadata = written[3]["dedup"]
    else:
        table = written_table(folder)
        assert table["text"].to_pylist() == [row["text"] for row in rows]
        metadata = table["dedup_"][3].as_py()
    assert list(metadata) == METADATA
    assert (metadata["kept"], metadata["duplicate_of"], metadata["relation"]) == (
        False,
        "1",
        "near_duplicate",
    )
    assert restore_directory(folder.clean, folder.back)["restored"] == 4
    back = restored_rows(folder)
    assert [row["text"] for row in back] == [row["text"] for row in rows]
    if format == "auto":
        assert [list(row) for row in back] == [list(row) for row in rows]


def test_a_marked_row_keeps_the_name_of_its_text(folder):
    source = named("x", "in.csv") | {"line": 2}
    source["record"] = b'["body",{"title":"t","body":null,"text":"other"}]'
    for format in ("jsonl", "parquet"):
        write_cleaned(result_of([source]), folder.clean, annotate=True, format=format)
        path = folder.clean / f"articles.{format}"
        row = pq.read_table(path).to_pylist()[0] if format == "parquet" else json.loads(
            path.read_text("utf-8"))  # fmt: skip
        assert list(row) == ["title", "body", "text", "dedup"]
        assert (row["body"], row["text"]) == (BODY, "other")
        restore_directory(folder.clean, folder.back)


def test_a_whole_text_cannot_be_marked(folder):
    says = r"annotate: in/a\.txt: a whole text has no columns to annotate; a row .* has"
    with pytest.raises(ConfigError, match=says):
        write_cleaned(result_of(from_bytes(a=BODY.encode())), folder.clean, annotate=True)
    assert not folder.clean.exists()


def test_objects_that_parquet_cannot_hold(folder, tmp_path):
    rows = [
        {"text": "One.", "none": {}, "list": [{"a": {}}], chr(0xD83D): 1, "\ufffd": 2},
        {"text": "Two.", "none": {}, "list": [], "\ufffd": 3},
    ]
    write_cleaned(scanned_rows(rows, folder=tmp_path / "in"), folder.clean, format="parquet")
    first, second = written_table(folder).drop_columns(["dedup"]).to_pylist()
    assert first == {"text": "One.", "none": "{}", "list": '[{"a":{}}]', "\ufffd": 1, "\ufffd_": 2}
    assert second == {"text": "Two.", "none": "{}", "list": "[]", "\ufffd": None, "\ufffd_": 3}
    assert restore_directory(folder.clean, folder.back)["rows"] == 2


def test_no_rows_as_parquet(folder):
    assert write_cleaned(result_of([]), folder.clean, format="parquet")["rows"] == 0
    assert tree(folder.clean) == ["manifest.json", "provenance.jsonl"]


def test_what_fails_halfway_leaves_nothing(folder, monkeypatch):
    result = result_of(from_rows(*ROWS))
    monkeypatch.setattr("dedup.output.cleaned.row_files.GROUP_ROWS", 1)
    monkeypatch.setattr("dedup.output.cleaned._Writer.finish", lambda self: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        write_cleaned(result, folder.clean, format="parquet")
    assert not tree(folder.clean)
