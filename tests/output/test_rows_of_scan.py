"""The rows that a scan writes: those that were read, with what was found."""

from __future__ import annotations

import gzip
import json
import os
import threading

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st
from prose import BAKERY, COMET, FERRY, LIBRARY
from scan_rows import FAST, columns_of, lines, made, run, typed, write_jsonl

from dedup.output.cleaned import layout, marked
from dedup.output.cleaned.layout import Layout, Misfit
from dedup.schema import CORPUS, DOCUMENTS

METADATA = ["doc_id", "cluster", "canonical", "kept", "relation", "duplicate_of"]

EVERYTHING = ("--find", "duplicates,passages,repeats")


def found(out):
    """Return the documents of a result, by id."""
    return {row["doc_id"]: row for row in lines(out / "documents.jsonl")}


def checked(written, rows, out):
    """Compare all rows, marked, with the rows that were read and the documents of the result."""
    documents = found(out)
    assert [{k: v for k, v in each.items() if k != "dedup"} for each in written] == rows
    assert {each["dedup"]["doc_id"] for each in written} == set(documents)
    for each in written:
        metadata = each["dedup"]
        assert list(metadata) == METADATA
        assert metadata == {name: documents[metadata["doc_id"]][name] for name in METADATA}
        assert metadata["doc_id"].split("#")[0] == each["id"]


@pytest.mark.parametrize("find", [FAST, EVERYTHING])
def test_rows_come_in_the_order_of_reading(tmp_path, find):
    rows = made()
    assert len({row["id"] for row in rows}) < len(rows)
    path = write_jsonl(tmp_path / "a.jsonl", rows)
    done = run(path, *find, "-o", tmp_path / "all", "--annotate", "--allow-bad")
    assert done.code == 0
    assert f"inputs.json, rows.jsonl to {tmp_path / 'all'}\n" in done.err
    whole = lines(tmp_path / "all" / "rows.jsonl")
    checked(whole, rows, tmp_path / "all")
    done = run(path, *find, "-o", tmp_path / "kept", "--write-rows", "--allow-bad")
    kept = lines(tmp_path / "kept" / "rows.jsonl")
    assert kept == [each for each in whole if each["dedup"]["kept"]]
    counts = json.loads((tmp_path / "kept" / "summary.json").read_bytes())["documents"]
    assert 0 < counts["removed"] == len(rows) - len(kept)
    assert counts["kept"] == len(kept)


@pytest.mark.parametrize("format", ["jsonl", "parquet"])
@pytest.mark.parametrize("find", [FAST, EVERYTHING])
def test_bytes_do_not_depend_on_memory_and_threads(tmp_path, find, format):
    rows = made(300)
    inputs = [write_jsonl(tmp_path / "a.jsonl.gz", rows[:120]), tmp_path / "b.parquet"]
    pq.write_table(pa.Table.from_pylist(rows[120:]), inputs[1], row_group_size=37)
    seen = set()
    for number, how in enumerate((["--memory", "1MB"], ["--threads", "1"], ["--threads", "3"])):
        out = tmp_path / f"out{number}"
        done = run(*inputs, *find, *how, "-o", out, "--annotate", "--format", format, "-q",
                   "--allow-bad", "--suspicious-share", "1")  # fmt: skip
        assert done.code == 0
        warned = [line.split(" trust ")[0] for line in done.err.splitlines()]
        assert warned in ([], ["dedup: look at this before you"])  # texts on one form
        seen.add(((out / f"rows.{format}").read_bytes(), done.err))
    assert len(seen) == 1


@pytest.mark.parametrize("stdin", [False, True])
def test_parquet_keeps_columns_and_types(tmp_path, monkeypatch, stdin):
    monkeypatch.setattr(marked, "_ROWS", 7)
    monkeypatch.setattr(marked, "GROUP_ROWS", 30)
    rows = made(100)
    path = tmp_path / "a.parquet"
    pq.write_table(typed(rows), path, row_group_size=33)
    table = pq.read_table(path)
    inputs = ("-", "--input-format", "parquet") if stdin else (path,)
    input = path.read_bytes() if stdin else None
    for option in ("--annotate", "--write-rows"):
        done = run(*inputs, *FAST, "-o", tmp_path / "out", option, "--format", "parquet",
                   "--allow-bad", input=input)  # fmt: skip
        assert done.code == 0
        got = pq.read_table(tmp_path / "out" / "rows.parquet")
        documents = pq.read_table(tmp_path / "out" / "documents.parquet").to_pylist()
        metadata = got["dedup_"].to_pylist()
        by_id = {each["doc_id"]: {name: each[name] for name in METADATA} for each in documents}
        assert metadata == [by_id[each["doc_id"]] for each in metadata]
        assert [each["doc_id"].split("#")[0] for each in metadata] == got["id"].to_pylist()
        kept = {row["doc_id"].split("#")[0]: row["kept"] for row in documents}
        got = got.drop_columns(["dedup_"])
        if option == "--annotate":
            assert got.equals(table)
        else:
            assert all(each["kept"] for each in metadata)
            assert 0 < len(got) == sum(each["kept"] for each in documents) < len(table)
            assert got.equals(table.take(got["n"]))
            assert set(got["id"].to_pylist()) <= set(kept)
        assert [*got.schema] == [*table.schema]


@pytest.mark.parametrize(
    "kind",
    [pa.binary(), pa.dictionary(pa.int32(), pa.string()), pa.string_view(), pa.string()],
)
def test_a_text_column_keeps_its_type(tmp_path, kind):
    texts = [BAKERY, "" if kind == pa.string_view() else None, COMET]
    table = pa.table({"text": pa.array(texts).cast(kind), "n": [1, 2, 3]})
    pq.write_table(table, tmp_path / "a.parquet")
    run(tmp_path / "a.parquet", *FAST, "-o", tmp_path, "--annotate", "--format", "parquet")
    got = pq.read_table(tmp_path / "rows.parquet")
    wanted = pa.large_string() if kind == pa.string_view() else kind
    assert got.schema.field("text").type == wanted
    used = [k for k, text in enumerate(texts) if text is not None]
    assert got["n"].to_pylist() == [k + 1 for k in used]
    assert got["text"].cast(pa.string()).to_pylist() == [texts[k] for k in used]


def test_csv_and_stdin(tmp_path):
    rows = [{"id": row["id"], "body": row["text"], "n": str(row["n"])} for row in made()]
    lined = ["id,body,n", *(f'{row["id"]},"{row["body"]}",{row["n"]}' for row in rows)]
    data = "\n".join(lined).encode()
    (tmp_path / "a.csv").write_bytes(data)
    (tmp_path / "b.csv.gz").write_bytes(gzip.compress(data))
    written = []
    for name, inputs in (
        ("a", [tmp_path / "a.csv"]),
        ("b", [tmp_path / "b.csv.gz"]),
        ("c", ["-", "--input-format", "csv"]),
    ):
        out = tmp_path / name
        done = run(*inputs, *FAST, "-o", out, "--annotate", "--allow-bad", input=data)
        assert done.code == 0
        written.append(lines(out / "rows.jsonl"))
        checked(written[-1], rows, out)
    assert written[0] == written[1] == written[2]


def test_a_pipe_can_be_read_once_only(tmp_path):
    rows = made(60)
    end, begin = os.pipe()
    data = "".join(f"{json.dumps(each)}\n" for each in rows).encode()
    writer = threading.Thread(target=lambda: (os.write(begin, data), os.close(begin)))
    writer.start()
    done = run(f"/dev/fd/{end}", *FAST, "--memory", "1MB", "--input-format", "jsonl",
               "-o", tmp_path, "--annotate", "--allow-bad")  # fmt: skip
    writer.join()
    os.close(end)
    assert done.code == 0
    checked(lines(tmp_path / "rows.jsonl"), rows, tmp_path)


def test_inputs_of_all_forms(tmp_path):
    """JSON lines, a table, a whole text: in the order given, whatever fills a batch first."""
    rows = made(9)
    inputs = [write_jsonl(tmp_path / "a.jsonl", rows[:3]), tmp_path / "b.parquet",
              write_jsonl(tmp_path / "c.jsonl", [{**row, "k": True} for row in rows[6:]]),
              tmp_path / "d.txt"]  # fmt: skip
    table = pa.table({"extra": [0.5] * 3, "id": ["x", "y", "z"], "text": [BAKERY, COMET, FERRY],
                      "n": pa.array([1, 2, 3], pa.int8())})  # fmt: skip
    pq.write_table(table, inputs[1])
    inputs[3].write_text(LIBRARY)
    done = run(*inputs, *FAST, "-o", tmp_path / "out", "--write-rows")
    assert done.code == 0
    kept = found(tmp_path / "out")
    wanted = [*rows[:3], *table.to_pylist(), *({**row, "k": True} for row in rows[6:]),
              {"doc_id": "d.txt", "text": LIBRARY, "site": None, "date": None}]  # fmt: skip
    wanted = [row for row in wanted if kept[row.get("id", "d.txt")]["kept"]]
    got = lines(tmp_path / "out" / "rows.jsonl")
    assert [{k: v for k, v in row.items() if k != "dedup"} for row in got] == wanted
    done = run(*inputs, *FAST, "-o", tmp_path / "out", "--write-rows", "--format", "parquet")
    got = pq.read_table(tmp_path / "out" / "rows.parquet")
    names = ["n", "id", "text", "tags", "site", "extra", "k", "doc_id", "date", "dedup"]
    assert got.column_names == names
    assert [got.schema.field(name).type for name in ("n", "extra", "k", "tags")] == [
        pa.int64(), pa.float64(), pa.bool_(), pa.list_(pa.string())]  # fmt: skip
    plain = [{name: row.get(name) for name in names[:-1]} for row in wanted]
    assert got.drop_columns(["dedup"]).to_pylist() == plain


def test_whole_files_have_columns_of_strings_though_all_lack_them(tmp_path):
    (tmp_path / "a.txt").write_text(BAKERY)
    run(tmp_path / "a.txt", *FAST, "-o", tmp_path, "--write-rows", "--format", "parquet")
    schema = pq.read_schema(tmp_path / "rows.parquet")
    assert {name: str(schema.field(name).type) for name in ("doc_id", "site", "date")} == {
        "doc_id": "string",
        "site": "string",
        "date": "string",
    }


def test_tables_whose_columns_differ(tmp_path):
    one = pa.table({"id": ["c", "d"], "text": ["One text.", "Two texts."], "n": [1, 2]})
    two = pa.table({"text": ["Three texts."], "id": ["a"], "n": ["x"], "m": [0.5]})
    for name, table in (("1", one), ("2", two), ("3", pa.table({"stray": [1]}))):
        pq.write_table(table, tmp_path / f"{name}.parquet")
    done = run(tmp_path, *FAST, "-o", f"{tmp_path}-out", "--write-rows", "--format", "parquet")
    assert done.code == 3  # a file has no column of texts
    got = pq.read_table(f"{tmp_path}-out/rows.parquet").drop_columns(["dedup"])
    assert got.to_pylist() == [
        {"id": "c", "text": "One text.", "n": "1", "m": None},
        {"id": "d", "text": "Two texts.", "n": "2", "m": None},
        {"id": "a", "text": "Three texts.", "n": '"x"', "m": 0.5},
    ]


def test_values_that_json_alone_can_hold(tmp_path):
    rows = [{"id": "b", "big": 10**30, "nan": float("nan"), "text": "One.", "dedup": 1},
            {"id": "a", "text": "Two.", "none": {}, "nan": 1.5}]  # fmt: skip
    path = write_jsonl(tmp_path / "a.jsonl", rows)
    run(path, *FAST, "-o", tmp_path, "--write-rows")
    got = lines(tmp_path / "rows.jsonl")
    assert [list(row) for row in got] == [[*rows[0], "dedup_"], [*rows[1], "dedup"]]
    assert (got[0]["big"], str(got[0]["nan"])) == (10**30, "nan")
    assert (got[0]["dedup_"]["doc_id"], got[1]["dedup"]["doc_id"]) == ("b", "a")
    run(path, *FAST, "-o", tmp_path, "--write-rows", "--format", "parquet")
    got = pq.read_table(tmp_path / "rows.parquet").to_pylist()
    assert (got[0]["big"], got[1]["none"], got[1]["nan"]) == (str(10**30), "{}", 1.5)


def test_columns_whose_type_turns_out_late(tmp_path, monkeypatch):
    """A column of whole numbers and others, one of them too large: written anew as JSON text."""
    monkeypatch.setattr(layout, "_ROWS", 2)
    texts = ["One.", "Two.", "Three.", "Four.", "Five."]
    rows = [{"text": text, "n": n, "s": s} for text, n, s in zip(
        texts, (1, 2, 0.5, None, 2**60 + 1), ({"b": 1}, None, {"a": "x"}, {}, {"b": 0.5}),
        strict=True)]  # fmt: skip
    path = write_jsonl(tmp_path / "a.jsonl", rows)
    assert run(path, *FAST, "-o", tmp_path, "--annotate", "--format", "parquet").code == 0
    got = pq.read_table(tmp_path / "rows.parquet")
    assert got["n"].to_pylist() == ["1", "2", "0.5", None, str(2**60 + 1)]
    assert got["s"].to_pylist() == [{"b": 1.0, "a": None}, None, {"b": None, "a": "x"},
                                    {"b": None, "a": None}, {"b": 0.5, "a": None}]  # fmt: skip
    assert got["text"].to_pylist() == texts


# No booleans: beside .5 in an object Arrow takes them for numbers where it meets both at once.
VALUES = st.recursive(
    st.none() | st.integers(-(2**64), 2**64) | st.integers(0, 3)
    | st.floats(allow_nan=False) | st.text("ab", max_size=2),
    lambda each: st.lists(each, max_size=2) | st.dictionaries(st.sampled_from("pq"), each),
    max_leaves=4,
)  # fmt: skip


@given(st.lists(st.dictionaries(st.sampled_from("abc"), VALUES), min_size=1, max_size=8),
       st.integers(1, 3))  # fmt: skip
def test_columns_met_part_by_part_are_those_met_at_once(rows, size):
    """The twin lays all rows out at once."""
    rows = [{"text": None, **row} for row in rows]
    records = [json.dumps(["text", row]).encode() for row in rows]
    documents = [{"doc_id": str(k), "text": f"t{k}", "record": each}
                 for k, each in enumerate(records)]  # fmt: skip
    batch = pa.RecordBatch.from_pylist(documents, CORPUS)
    parts = [(batch.slice(low, size), None) for low in range(0, len(rows), size)]
    metadata = pa.Table.from_pylist([{"doc_id": "x", "kept": True}] * len(rows), DOCUMENTS)
    seen = Layout()
    for part in parts:
        seen.see(part)
    while True:
        seen.settle()
        try:
            tables = [seen.fit(part, metadata.slice(0, len(part[0]))) for part in parts]
            break
        except Misfit:
            pass
    got = pa.concat_tables(tables).drop_columns(["dedup"])
    wanted = columns_of(rows)
    assert got.column_names == wanted.column_names
    assert got.drop_columns(["text"]).to_pylist() == wanted.drop_columns(["text"]).to_pylist()
    assert got["text"].to_pylist() == [f"t{k}" for k in range(len(rows))]


def test_rows_that_are_skipped_or_damaged(tmp_path):
    data = b'{"id":1,"text":"One."}\n{"id":2}\nbroken\n{"id":3,"text":"T\xffwo.","k":"\xff"}\n'
    (tmp_path / "a.jsonl").write_bytes(data)
    done = run(tmp_path / "a.jsonl", *FAST, "-o", tmp_path, "--write-rows")
    assert done.code == 3
    got = lines(tmp_path / "rows.jsonl")
    assert [row["id"] for row in got] == [1, 3]
    assert got[1]["text"] == "T\ufffdwo."
    done = run(tmp_path / "a.jsonl", *FAST, "-o", tmp_path / "out", "--write-rows", "--strict")
    assert (done.code, (tmp_path / "out").exists()) == (4, False)


@pytest.mark.parametrize("format", ["jsonl", "parquet"])
def test_no_documents_give_a_file_without_rows(tmp_path, format):
    (tmp_path / "a.jsonl").write_text("")
    run(tmp_path / "a.jsonl", *FAST, "-o", tmp_path, "--write-rows", "--format", format)
    if format == "jsonl":
        assert (tmp_path / "rows.jsonl").read_bytes() == b""
    else:
        assert pq.read_table(tmp_path / "rows.parquet").column_names == ["text", "dedup"]
