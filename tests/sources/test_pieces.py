"""What threads read in pieces is what one thread reads, whatever is wrong with it."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from dedup.config import Config
from dedup.errors import InputError
from dedup.pipeline.run import scan_reader
from dedup.schema import CORPUS, ReadReport
from dedup.sources import ReadOptions, pieces, read_batches, read_pieces
from dedup.sources.rereadable import Files

FAST = Config(find=("duplicates",))


@pytest.fixture(autouse=True)
def _small_pieces(monkeypatch):
    monkeypatch.setattr(pieces, "_PIECE_BYTES", 1)


def save(path, rows, kind=None, **how):
    """Write rows to a Parquet file of many row groups."""
    table = pa.Table.from_pylist(rows)
    if kind is not None:
        table = table.set_column(1, "text", table["text"].cast(kind))
    pq.write_table(table, path, row_group_size=7, **how)


def rows_of(name, count=40):
    texts = [f"text {k % 9} of {name} " + "and more words " * (k % 5) for k in range(count)]
    return [{"id": f"{name}{k}", "text": each} for k, each in enumerate(texts)]


def read_both(paths, options=None):
    """Return what is read in one go and in pieces: rows, what was met, what stopped it."""
    options = options or ReadOptions()
    found = []
    for read in (read_batches, in_pieces):
        read_report, batches, error = ReadReport(), [], None
        try:
            batches.extend(read([str(path) for path in paths], options, read_report))
        except InputError as stopped:
            error = str(stopped)
        table = pa.Table.from_batches(batches, CORPUS)
        found.append((table.to_pylist(), read_report.as_dict(), error))
    return found


def read_or_stopped(piece):
    try:
        return list(piece.batches())
    except InputError as error:
        return error


def in_pieces(paths, options, read_report):
    """Read the pieces last first, as threads might, and settle them in order."""
    listed = list(read_pieces(paths, options, read_report))
    assert len(listed) > 3
    found = {number: read_or_stopped(listed[number]) for number in reversed(range(len(listed)))}
    for number, piece in enumerate(listed):
        if isinstance(found[number], InputError):
            raise found[number]
        if piece.settle():
            texts = [text for column in piece.texts() for text in column.to_pylist()]
            made = [text for batch in found[number] for text in batch["text"].to_pylist()]
            assert texts == made
            yield from found[number]


def test_pieces_give_the_same_documents(tmp_path):
    save(tmp_path / "a.parquet", rows_of("a"))
    save(tmp_path / "b.parquet", [{"id": None, "text": None}, *rows_of("b", 20)])
    (tmp_path / "c.jsonl").write_text('{"id": "c", "text": "one"}\n{"id": "d"}\nbroken\n')
    one, two = read_both([tmp_path])
    order = str
    assert sorted(map(order, one[0])) == sorted(map(order, two[0]))
    assert one[1:] == two[1:]
    assert one[1]["skipped"] == {"broken_json": 1, "missing_text": 2}


@pytest.mark.parametrize(
    "kind", [pa.large_string(), pa.binary(), pa.dictionary(pa.int32(), pa.string())]
)
def test_pieces_of_other_types(tmp_path, kind):
    rows = rows_of("a")
    rows[3]["text"] = rows[30]["text"] = None
    if kind == pa.binary():
        table = pa.table({"id": [row["id"] for row in rows]})
        data = [row["text"] and row["text"].encode() + b"\xff" for row in rows]
        table = table.append_column("text", pa.array(data, kind))
        pq.write_table(table, tmp_path / "a.parquet", row_group_size=7)
    else:
        save(tmp_path / "a.parquet", rows, kind)
    one, two = read_both([tmp_path / "a.parquet"])
    assert one == two
    assert len(one[0]) == 38


@pytest.mark.parametrize("strict", [False, True])
def test_pieces_of_a_broken_file(tmp_path, strict):
    save(tmp_path / "a.parquet", rows_of("a", 400), compression="none")
    with pq.ParquetFile(tmp_path / "a.parquet") as file:
        column = file.metadata.row_group(20).column(1)
    data = bytearray((tmp_path / "a.parquet").read_bytes())
    low = column.dictionary_page_offset or column.data_page_offset
    data[low : low + 9] = b"\xff" * 9
    (tmp_path / "a.parquet").write_bytes(data)
    save(tmp_path / "b.parquet", rows_of("b"))
    options = ReadOptions(strict=strict)
    one, two = read_both([tmp_path / "a.parquet", tmp_path / "b.parquet"], options)
    # In one go the rows of a batch that reaches into the broken group are lost with it.
    assert one[0][-40:] == two[0][-40:] or strict
    assert two[0][:140] == [dict(row, line=k) for k, row in enumerate(two[0][:140], 1)]
    assert one[1]["files_failed"] == two[1]["files_failed"] or strict
    assert one[2] == two[2]
    assert len(two[0]) == (140 if strict else 180)


@pytest.mark.parametrize("rows", [[{"id": "a", "other": 1}], [{"id": "a", "text": None}] * 30])
def test_pieces_of_a_file_without_texts(tmp_path, rows):
    pq.write_table(pa.Table.from_pylist(rows), tmp_path / "a.parquet", row_group_size=7)
    save(tmp_path / "b.parquet", rows_of("b"))
    one, two = read_both([tmp_path / "b.parquet", tmp_path / "a.parquet"])
    assert one == two


def test_threads_change_nothing(tmp_path):
    draw = np.random.default_rng(3)
    for name in "abc":
        rows = rows_of(name, 200)
        for k in draw.integers(0, 200, 20).tolist():
            rows[k]["text"] = None
        save(tmp_path / f"{name}.parquet", rows)
    (tmp_path / "b.parquet").write_bytes((tmp_path / "b.parquet").read_bytes()[:-9])
    found = []
    for threads in (1, 2, 7):
        reader = Files([str(tmp_path)], ReadOptions(), folder=tmp_path)
        result = scan_reader(reader, FAST, threads=threads)
        found.append((result.summary, [each.to_pylist() for each in result.tables.values()]))
    assert found[0] == found[1] == found[2]
    assert found[0][0]["read_report"]["files_failed"] == {"broken_parquet": 1}


@pytest.mark.parametrize(("name", "count"), [("_SMALL_FILE", 20), ("_MOST_ROWS", 200)])
def test_few_large_row_groups_are_read_by_one(tmp_path, monkeypatch, name, count):
    save(tmp_path / "a.parquet", rows_of("a", count))
    monkeypatch.setattr(pieces, name, 1)
    listed = list(read_pieces([str(tmp_path / "a.parquet")], ReadOptions(), ReadReport()))
    assert [type(each).__name__ for each in listed] == ["Piece", "End"]
