"""Blocks of lines give what line by line gives, whatever is wrong with some of them."""

import codecs
import dataclasses
import gzip
import json
import threading
from contextlib import contextmanager

import orjson
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from dedup.errors import InputError
from dedup.schema import CORPUS, ReadReport
from dedup.sources import (
    ReadOptions,
    blocks,
    delimited,
    json_rows,
    options,
    read_batches,
    rows,
    streams,
)
from dedup.sources.ahead import ahead
from dedup.sources.batches import host

slow_files = settings(
    max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@contextmanager
def settled_on(records, chunk):
    """Settle the columns on so few records that most of a small file is read by blocks."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(options, "PROBE", records)
        patch.setattr(rows, "PROBE", records)
        patch.setattr(streams, "CHUNK", chunk)
        yield patch


def taken(path, options, batch_bytes=1 << 20):
    """Return the documents, the counts, and the error that ended the reading."""
    read_report, batches, error = ReadReport(), [], None
    try:
        batches = list(read_batches([str(path)], options, read_report, batch_bytes=batch_bytes))
    except InputError as caught:
        error = (str(caught), caught.path, caught.line)
    return pa.Table.from_batches(batches, CORPUS).to_pylist(), read_report.as_dict(), error


def line_by_line(path, options, records, chunk):
    with settled_on(records, chunk) as patch:
        patch.setattr(json_rows, "json_columns", lambda *_: None)
        return taken(path, options)


values = st.one_of(
    st.text(max_size=8),
    st.none(),
    st.integers(-(2**70), 2**70),
    st.floats(),
    st.booleans(),
    st.lists(st.integers(), max_size=2),
    st.sampled_from(["\ud83d", "2024-01-02", "https://www.x.org/a", "http://u@Y.org:8/", ""]),
)
good = st.fixed_dictionaries(
    {"id": st.text(max_size=4) | st.integers(-9, 9), "text": st.text(max_size=30)},
    optional={
        "url": st.sampled_from(["https://www.x.org/a", "x", ""]),
        "date": st.text(max_size=9),
    },
)
odd = st.dictionaries(st.sampled_from(["id", "text", "url", "date", "site", "n"]), values)
FLAWS = [
    *(b"", b" ", b"\r", b"\t \r", b"{", b"null", b"[1]", b"42", b'"a"', b"{}", b"}{"),
    b'{"text": "\xff", "id": "caf\xe9"}',
    b'{"text": "a", "n": "\xff"}',
    b'{"text": "a \\ud83d b", "id": "\\udc00"}',
    b'{"text": "a", "n": NaN}',
    b'{"id": NaN, "text": "a", "url": Infinity}',
    b'{"text": "a", "id": 123456789012345678901234567890}',
    b'{"text": "a", "id": 1e300, "date": 12345678901234567890123}',
    b'{"text": "a", "id": 9223372036854775808, "n": 1e999}',
    b'{"text": "first", "text": "last", "id": 1, "id": "x"}',
    b'{"te\\u0078t": "escaped", "id": "a\\u0000b"}',
    b'{"text": "raw \x01 control"}',
    b'{"text": "a"} {"text": "b"}',
    b'{"text": "a"},',
    b'\xef\xbb\xbf{"text": "mark"}',
    b'{"text": "a",',
    b'"id": "b"}',
    b'{"text": "' + b"x" * 300 + b'"}',
    b"[" * 100_000,
    b'{"text":' * 100_000,
    b'{"text": "a", "n": ' + b"[" * 900 + b"]" * 900 + b"}",
    b'{"text": "a", "n": ' + b"9" * 5000 + b"}",
]
a_line = (
    good.map(orjson.dumps)
    | odd.map(lambda row: json.dumps(row).encode())
    | good.map(lambda row: orjson.dumps(row) + b"\r")
    | st.integers(0, len(FLAWS) - 1).map(lambda n: FLAWS[n])  # too long to be shown
)
packed = st.sampled_from(
    [
        lambda data: data,
        lambda data: codecs.BOM_UTF8 + data,
        gzip.compress,
        lambda data: gzip.compress(data)[:-9],
        lambda data: codecs.BOM_UTF16_LE + data.decode("utf-8", "replace").encode("utf-16-le"),
    ]
)
sizes = st.sampled_from([1, 100, 1000, 1 << 20])


@slow_files
@given(
    head=good,
    body=st.lists(a_line, max_size=30) | st.lists(good.map(orjson.dumps), max_size=30),
    ended=st.booleans(),
    pack=packed,
    most=st.sampled_from([200, 1 << 20]),
    records=st.sampled_from([1, 3]),
    size=sizes,
    chunk=st.sampled_from([7, 500, 1 << 20]),
    strict=st.booleans(),
)
def test_json_lines_by_block_are_as_line_by_line(
    tmp_path, head, body, ended, pack, most, records, size, chunk, strict
):
    path = tmp_path / "x.jsonl"
    path.write_bytes(pack(b"\n".join([orjson.dumps(head), *body]) + b"\n" * ended))
    options = ReadOptions(max_line_bytes=most, max_ratio=1e9, strict=strict)
    expected = line_by_line(path, options, records, chunk)
    with settled_on(records, chunk) as patch:
        patch.setattr(blocks, "BLOCK_BYTES", size)
        found = taken(path, options)
    assert found[2] == expected[2]
    if found[2] is None:  # of a reading that was stopped more or less may have come
        assert found == expected


def row_by_row(path, options, records, chunk):
    """Return what is taken where whole rows are kept, which is never by block, without those."""
    with settled_on(records, chunk):
        documents, *rest = taken(path, dataclasses.replace(options, keep_record=True))
    return [{**each, "record": None} for each in documents], *rest


fields = st.sampled_from(
    [
        *(b"", b"a", b"1", b"x y", b" ", b"caf\xc3\xa9", b"https://www.x.org/a", b"NA", b"null"),
        *(b'""', b'"a"', b'"two\nlines"', b'"two\r\nlines"', b'"say ""no"" now"', b'"a,b"'),
        *(b'""""', b'"\n\n"', b'"end"""', b'"""start"', b'","', b'"\r"', b"a;b"),
    ]
)
odd_fields = fields | st.sampled_from(
    [
        *(b'"', b'"open', b'5" x', b'"a" x', b'a"', b'""a', b'"a"b"', b"a\rb", b"\r", b"\0"),
        *(b"caf\xe9", b'"\xff"', b"\xed\xa0\xbd", b"\xef\xbb\xbfa", b"x" * 300),
    ]
)
row_ends = st.sampled_from([b"\n", b"\n", b"\r\n", b"\n\n", b"\n \n", b"\r\n\r\n"])


@st.composite
def csv_rows(draw, cells, least, most, ends):
    rows = draw(st.lists(st.lists(cells, min_size=least, max_size=most), max_size=25))
    return b"".join(b",".join(row) + draw(ends) for row in rows)


@slow_files
@given(
    names=st.sampled_from([b"id,text,url", b'"text",id,date', b"text,note,site"]),
    body=csv_rows(fields, 3, 3, st.sampled_from([b"\n", b"\r\n"]))
    | csv_rows(fields, 3, 3, row_ends)
    | csv_rows(odd_fields, 2, 4, row_ends),
    tail=st.sampled_from([b"", b"1,2,3", b'1,2,"open', b"1,2,3\r"]),
    pack=packed,
    most=st.sampled_from([200, 1 << 20]),
    records=st.sampled_from([1, 3]),
    size=sizes,
    chunk=st.sampled_from([7, 500, 1 << 20]),
    strict=st.booleans(),
)
def test_csv_by_block_is_as_row_by_row(
    tmp_path, names, body, tail, pack, most, records, size, chunk, strict
):
    path = tmp_path / "x.csv"
    path.write_bytes(pack(names + b"\na,b,c\n" + body + tail))
    options = ReadOptions(max_line_bytes=most, max_ratio=1e9, strict=strict)
    expected = row_by_row(path, options, records, chunk)
    with settled_on(records, chunk) as patch:
        patch.setattr(blocks, "BLOCK_BYTES", size)
        found = taken(path, options)
    assert found[2] == expected[2]
    if found[2] is None:
        assert found == expected


def test_csv_of_one_column_is_read_by_block(tmp_path):
    path = tmp_path / "x.csv"
    path.write_bytes(b'text\none\n\n"two\n"\n""\n \n,\nthree\n' * 30)
    expected = row_by_row(path, ReadOptions(), 1, 1 << 20)
    with settled_on(1, 1 << 20) as patch:
        patch.setattr(blocks, "BLOCK_BYTES", 300)
        assert taken(path, ReadOptions()) == expected


def test_regular_csv_is_never_read_row_by_row(tmp_path, monkeypatch):
    path = tmp_path / "x.csv"
    row = b'%d,"a ""b""\n\nsecond, and last",https://www.x.org/%d\r\n'
    path.write_bytes(b"id,text,url\n" + b"".join(row % (n, n) for n in range(2000)))
    monkeypatch.setattr(blocks, "BLOCK_BYTES", 5000)
    slow = []
    original = delimited.add_records

    def counting(records, *given):
        return original((slow.append(each) or each for each in records), *given)

    monkeypatch.setattr(delimited, "add_records", counting)
    found, counts, _ = taken(path, ReadOptions(), 20_000)
    assert len(slow) == 100
    assert [each["line"] for each in found] == list(range(2, 6002, 3))
    assert {each["text"] for each in found} == {'a "b"\n\nsecond, and last'}
    assert {each["site"] for each in found} == {"x.org"}
    assert counts["read"] == 2000


def test_plain_blocks_are_never_read_line_by_line(tmp_path):
    path = tmp_path / "x.jsonl"
    flaws = [{"id": 1, "text": None}, {"id": None, "text": "a"}, {"text": "b", "site": 5}]
    plain = [{"id": str(n), "text": "a" * 50, "site": ""} for n in range(1000)]
    path.write_bytes(b"\n\n".join(map(orjson.dumps, plain + flaws)))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(blocks, "BLOCK_BYTES", 5000)
        slow = []
        original = json_rows.add_records
        patch.setattr(json_rows, "add_records", lambda r, *a: slow.append(r) or original(r, *a))
        found, counts, _ = taken(path, ReadOptions(), 20_000)
    assert len(slow) == 1  # the first hundred
    assert [row["line"] for row in found] == [*range(1, 2001, 2), 2003, 2005]
    assert found[-2]["doc_id"] == "x.jsonl:2003"
    assert found[-1]["site"] == "5"
    assert found[0]["site"] is None
    assert counts["skipped"] == {"missing_text": 1}
    assert counts["read"] == 1003


def test_batches_of_blocks_are_of_the_size_asked_for(tmp_path):
    path = tmp_path / "x.jsonl"
    path.write_bytes(b"\n".join(orjson.dumps({"text": "a" * 100}) for _ in range(3000)))
    batches = list(read_batches([str(path)], ReadOptions(), ReadReport(), batch_bytes=20_000))
    assert sum(map(len, batches)) == 3000
    assert max(map(len, batches)) < 450


def test_many_blank_lines_are_not_held(tmp_path):
    numbered = ((number, b"") for number in range(1, 200_001))
    longest = max(map(len, blocks.blocks(numbered, 1 << 20)))
    assert longest < 20_000


@slow_files
@given(st.text("ahtps:/.w@?#[]\\ \n1", max_size=30) | st.text(max_size=10))
@example("x.y:///z.w/q")
@example("http://u:p@www.X.org./a.b")
def test_a_host_is_that_of_the_whole_address(url):
    from dedup.sources.batches import _host

    assert host(url) == (_host(url) if url else None)


# Reading ahead


def counted(count, made, error=None):
    for number in range(count):
        made.append(number)
        yield number
    if error is not None:
        raise error


def reading_threads():
    return [each for each in threading.enumerate() if each.name == "dedup-ahead"]


def test_items_come_in_order_and_few_are_made_ahead():
    made, found = [], []
    for number in ahead(counted(200, made), 3):
        found.append(number)
        assert len(made) <= len(found) + 5
    assert found == list(range(200))
    assert not reading_threads()


@pytest.mark.parametrize("error", [OSError("gone"), KeyboardInterrupt(), InputError("bad")])
def test_an_error_comes_behind_the_items_before_it(error):
    items = ahead(counted(10, [], error), 3)
    assert [next(items) for _ in range(10)] == list(range(10))
    with pytest.raises(type(error)):
        next(items)
    assert not reading_threads()


@pytest.mark.parametrize("count", [1, 5, 20])
def test_the_thread_ends_with_the_caller(count):
    made, closed = [], []

    def endless():
        try:
            yield from counted(10**9, made)
        finally:
            closed.append(True)

    items = ahead(endless(), 3)
    for _ in range(count):
        next(items)
    assert reading_threads()
    items.close()
    assert not reading_threads()
    assert closed == [True]
    assert len(made) <= count + 5


def test_an_interrupted_caller_stops_the_thread(tmp_path):
    path = tmp_path / "x.jsonl.gz"
    path.write_bytes(gzip.compress(orjson.dumps({"text": "a" * 1000}) + b"\n") * 20_000)
    batches = read_batches([str(path)], ReadOptions(), ReadReport(), batch_bytes=100_000)
    next(batches)
    assert reading_threads()
    with pytest.raises(KeyboardInterrupt):
        batches.throw(KeyboardInterrupt)
    assert not reading_threads()


def test_a_small_file_starts_no_thread(tmp_path, monkeypatch):
    monkeypatch.setattr(streams, "ahead", None)
    path = tmp_path / "x.jsonl.gz"
    path.write_bytes(gzip.compress(b'{"text": "a"}\n'))
    assert len(taken(path, ReadOptions())[0]) == 1
