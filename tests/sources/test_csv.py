"""Rows of CSV: quotes, delimiters, line ends and columns of one name."""

from __future__ import annotations

import codecs
import json
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from reading import column, originals, pairs, zstd

from dedup.errors import InputError
from dedup.sources import ReadOptions, from_python, read


def test_bad_csv_rows_are_skipped_with_file_and_line(save):
    data = (
        'id,text\na,one\n\nb,"two\nlines, and ""quotes"""\nc\nd,too,many\ne,"x" y\nf,three\n'
        'g,"never closed\n'
    )
    path = save("x.csv", data)
    corpus = read([path])
    assert pairs(corpus) == {"a": "one", "b": 'two\nlines, and "quotes"', "f": "three"}
    assert corpus.read_report.places == {
        "missing_text": [f"{path}:6"],
        "bad_row": [f"{path}:{n}" for n in (7, 8, 10)],
    }
    assert column(corpus, "line") == [2, 4, 9]


def test_csv_line_ends_marks_and_delimiters_are_understood(save):
    for name, data in (
        ("x.csv", b'id,text\r\na,"one\r\ntwo"\r\n'),
        ("x.csv", codecs.BOM_UTF8 + b'id,text\na,"one\r\ntwo"'),
        ("x.csv", codecs.BOM_UTF16_LE + 'id,text\na,"one\r\ntwo"'.encode("utf-16-le")),
        ("x.csv", b'id;text\na;"one\r\ntwo"'),
        ("x.tsv", b'id\ttext\na\t"one\r\ntwo"'),
        ("x.csv.zst", zstd.compress(b'id,text\na,"one\r\ntwo"')),
    ):
        corpus = read([save(name, data)])
        assert pairs(corpus) == {"a": "one\r\ntwo"}
        assert corpus.read_report.is_clean


@pytest.mark.parametrize("head", ["id,text", "'id','text'"])
@pytest.mark.parametrize("quote", ["''", "\\'"])
def test_single_quotation_marks_are_told_by_the_rows(save, head, quote):
    data = f"{head}\n'1','Shut, says the mayor'\n'2','Two lines,\nand it{quote}s open'\n'3','x'\n"
    assert pairs(read([save("x.csv", data)])) == {
        "1": "Shut, says the mayor",
        "2": "Two lines,\nand it's open",
        "3": "x",
    }


@pytest.mark.parametrize(
    ("data", "wanted"),
    [
        (
            "id,text\n1,'Go' he said\n2,'Stay' she said\n3,'No' they said\n",
            {"1": "'Go' he said", "2": "'Stay' she said", "3": "'No' they said"},
        ),
        (
            "id;text\n1;'tis so; and more\n2;'twas so\n3;one\n",
            {"2": "'twas so", "3": "one"},
        ),
        (
            "id,text\n1,\"'Go, now', he said\"\n2,\"'Stay, now', she said\"\n",
            {"1": "'Go, now', he said", "2": "'Stay, now', she said"},
        ),
    ],
)
def test_apostrophes_are_no_quotation_marks_of_the_form(save, data, wanted):
    assert pairs(read([save("x.csv", data)])) == wanted


def test_an_invalid_byte_in_csv_is_counted_for_its_row(save):
    path = save("x.csv", b"id,text\na,one\nb,caf\xe9\nc,two\n")
    corpus = read([path])
    assert pairs(corpus) == {"a": "one", "b": "caf\ufffd", "c": "two"}
    assert corpus.read_report.places == {"invalid_utf8": [f"{path}:3"]}
    assert originals(corpus)[1] == b"caf\xe9"


@pytest.mark.parametrize("tail", ["", '7,"seven"\n', 'seven,"7", or so\n'])
def test_an_open_quote_costs_its_own_line_only(save, tail):
    data = 'id,text\n1,"never closed\n2,two\n\n3,"three,\nin two lines"\n4,four\n'
    corpus = read([path := save("x.csv", data + tail)])
    found = pairs(corpus)
    assert {name: found[name] for name in "234"} == {
        "2": "two",
        "3": "three,\nin two lines",
        "4": "four",
    }
    assert corpus.read_report.places["bad_row"][0] == f"{path}:2"
    assert column(corpus, "line")[:3] == [3, 5, 7]
    assert corpus.read_report.read == 4 + tail.count("\n")


def test_an_open_quote_in_a_long_file(save):
    rows = "".join(f'{n},"text, {n}"\n' for n in range(12_000))
    corpus = read([path := save("x.csv", f'id,text\nx,"open\n{rows}y,"open\n')])
    assert len(corpus.table) == 12_000
    assert corpus.read_report.places == {"bad_row": [f"{path}:2", f"{path}:12003"]}
    assert column(corpus, "line") == list(range(3, 12_003))


def test_rows_of_many_lines_are_read(save):
    text = "line\n" * 5_000
    corpus = read([save("x.csv", f'id,text\na,"{text}"\nb,two\n')])
    assert pairs(corpus) == {"a": text, "b": "two"}


@pytest.mark.parametrize(
    "data",
    [
        b"id|text\n1|one, two\n",
        b"\n \r\nid;text\n1;one, two\n",
        b"sep=;\r\nid;text\r\n1;one, two\r\n",
        b"\n\nid\ttext\n1\tone, two\n",
    ],
)
def test_the_delimiter_is_found(save, data):
    corpus = read([save("x.csv", data)])
    assert pairs(corpus) == {"1": "one, two"}
    assert column(corpus, "line") == [data.count(b"\n")]


def test_the_delimiter_is_named_where_no_column_is_recognised(save):
    with pytest.raises(InputError, match="read with ';' between the columns"):
        read([save("x.csv", "a;b\n1;2\n")])
    with pytest.raises(InputError, match="read with a tab between the columns"):
        read([save("x.tsv", "a,text\n1,2\n")])


def test_columns_of_one_name_are_refused(save):
    path = save("in/x.csv", "id,text,note,text\n1,one,n,two\n")
    with pytest.raises(InputError, match=r"x\.csv: several columns are called 'text'"):
        read([path])
    save("in/y.csv", "id,text\n2,two\n")
    corpus = read([str(Path(path).parent)])
    assert pairs(corpus) == {"2": "two"}
    assert corpus.read_report.files_failed == {"repeated_columns": 1}
    table = pa.Table.from_arrays([pa.array(["a"])] * 3, ["id", "text", "text"])
    pq.write_table(table, path := save("x.parquet", b""))
    with pytest.raises(InputError, match=r"x\.parquet: several columns are called 'text'"):
        read([path])
    with pytest.raises(InputError, match="several columns are called 'text'"):
        from_python(table)


def test_columns_without_a_name_are_told_apart(save):
    path = save("x.csv", "id,text,,\n1,one,a,b\n")
    record = column(read([path], ReadOptions(keep_record=True)), "record")[0]
    assert json.loads(record)[1] == {"id": "1", "text": None, "column 3": "a", "column 4": "b"}


def test_of_json_keys_of_one_name_the_last_is_used(save):
    assert pairs(read([save("x.jsonl", '{"id":1,"text":"a","text":"b"}\n')])) == {"1": "b"}


def test_long_csv_fields_are_read_and_longer_lines_skipped(save):
    path = save("x.csv", f"id,text\na,{'x' * 500_000}\nb,{'x' * 2_000_000}\nc,two\n")
    corpus = read([path], ReadOptions(max_line_bytes=1_000_000))
    assert column(corpus, "doc_id") == ["a", "c"]
    assert corpus.read_report.places == {"line_too_long": [f"{path}:3"]}


@pytest.mark.skipif(sys.version_info < (3, 11), reason="csv refuses NUL before Python 3.11")
def test_nul_bytes_in_csv_are_kept(save):
    assert pairs(read([save("x.csv", b"id,text\na,o\0ne\n")])) == {"a": "o\0ne"}


def test_an_empty_cell_is_an_empty_document(save):
    assert pairs(read([save("x.csv", "id,text\na,\n")])) == {"a": ""}
