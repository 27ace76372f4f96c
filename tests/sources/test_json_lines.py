"""JSON lines and other JSON: rows that are broken, damaged or disguised."""

from __future__ import annotations

import codecs
import json

import pytest
from reading import PACKERS, column, lines, originals, pairs

from dedup.sources import ReadOptions, read
from dedup.sources import streams as streams_module


def test_broken_lines_are_skipped_with_file_and_line(save):
    data = lines(
        {"id": "a", "text": "one"},
        b"\n",
        b"{broken\n",
        b"[1, 2]\n42\nnull\n",
        b" \r\n",
        {"id": "b", "text": "two"},
        {"id": "c", "text": None},
        {"id": "d"},
        {"id": "e", "text": 5},
        {"id": "f", "text": ["a", 1]},
        *({"id": str(n), "text": "more"} for n in range(5)),
    )
    path = save("x.jsonl", data)
    corpus = read([path])
    read_report = corpus.read_report
    assert column(corpus, "doc_id") == ["a", "b", "0", "1", "2", "3", "4"]
    assert read_report.skipped == {
        "broken_json": 1,
        "not_an_object": 3,
        "missing_text": 2,
        "text_not_a_string": 2,
    }
    assert read_report.places["broken_json"] == [f"{path}:3"]
    assert read_report.places["missing_text"] == [f"{path}:9", f"{path}:10"]
    assert read_report.read == len(corpus.table) + read_report.skipped.total()


@pytest.mark.parametrize(
    ("line", "text"),
    [
        (b'{"text": "x", "n": NaN}', "x"),
        (b'{"text": "x", "n": 1e999}', "x"),
        (b'{"text": "x", "n": ' + b"9" * 10_000 + b"}", "x"),
        (b'{"text": "first", "text": "last"}', "last"),
        (b'{"text": "nul \\u0000 escaped"}', "nul \0 escaped"),
        (b'{"text": "nul \0 raw"}', "nul \0 raw"),
        (b'{"text": "u2028 \xe2\x80\xa8 nel \xc2\x85 vt \x0b"}', "u2028 \u2028 nel \x85 vt \x0b"),
        (b'{"text": "crlf \\r\\n inside"}\r', "crlf \r\n inside"),
        (b'{"text": ""}', ""),
    ],
)
def test_odd_lines_are_read(save, line, text):
    corpus = read([save("x.jsonl", line + b"\n")])
    assert column(corpus, "text") == [text]
    assert corpus.read_report.is_clean


def test_deep_nesting_is_a_broken_line_and_no_crash(save):
    data = lines({"id": "a", "text": "one"}, b"[" * 100_000 + b"\n", b'{"a":' * 100_000 + b"\n")
    corpus = read([save("x.jsonl", data)])
    assert corpus.read_report.skipped == {"broken_json": 2}
    assert column(corpus, "doc_id") == ["a"]


def test_an_invalid_byte_costs_one_replacement_and_its_bytes_are_kept(save):
    data = lines({"id": "a", "text": "one"}, b'{"id": "b", "text": "caf\xe9"}\n')
    path = save("x.jsonl", data)
    corpus = read([path])
    assert pairs(corpus) == {"a": "one", "b": "caf\ufffd"}
    assert corpus.read_report.damaged == {"invalid_utf8": 1}
    assert corpus.read_report.places == {"invalid_utf8": [f"{path}:2"]}
    assert originals(corpus) == [b"one", b"caf\xe9"]


def test_an_invalid_byte_beside_the_text_leaves_the_text_alone(save):
    corpus = read([save("x.jsonl", b'{"title": "\xff", "text": "one"}\n')])
    assert column(corpus, "text") == ["one"]
    assert column(corpus, "raw") == [None]
    assert corpus.read_report.damaged == {"invalid_utf8": 1}


def test_half_a_surrogate_pair_is_replaced_and_its_bytes_are_kept(save):
    corpus = read([save("x.jsonl", b'{"text": "a \\ud83d b", "id": "\\ud83d"}\n')])
    assert pairs(corpus) == {"\ufffd": "a \ufffd b"}
    assert corpus.read_report.damaged == {"lone_surrogate": 1}
    assert originals(corpus)[0].decode("utf-8", "surrogatepass") == "a \ud83d b"


@pytest.mark.parametrize("packer", PACKERS)
def test_byte_order_marks_before_json_lines_are_understood(save, packer):
    rows = '{"id": "a", "text": "café 😀"}\n{"id": "b", "text": "two"}\n'
    for data in (
        codecs.BOM_UTF8 + rows.encode(),
        codecs.BOM_UTF16_LE + rows.encode("utf-16-le"),
        codecs.BOM_UTF16_BE + rows.encode("utf-16-be"),
    ):
        corpus = read([save("x.jsonl", PACKERS[packer](data))])
        assert pairs(corpus) == {"a": "café 😀", "b": "two"}
        assert corpus.read_report.is_clean


def test_damaged_utf16_lines_are_counted(save):
    data = codecs.BOM_UTF16_LE + '{"text": "a'.encode("utf-16-le") + b"\x3d\xd8"
    corpus = read([save("x.jsonl", data + '"}\n'.encode("utf-16-le"))])
    assert corpus.read_report.damaged == {"invalid_utf8": 1}
    assert len(corpus.table) == 1


def test_a_line_that_is_too_long_is_skipped_while_streaming(save):
    data = lines(
        {"id": "a", "text": "one"}, {"id": "b", "text": "x" * 5_000_000}, {"id": "c", "text": "two"}
    )
    path = save("x.jsonl", data + b'{"text": "' + b"x" * 3_000_000)
    corpus = read([path], ReadOptions(max_line_bytes=1_000_000))
    assert pairs(corpus) == {"a": "one", "c": "two"}
    assert corpus.read_report.places == {"line_too_long": [f"{path}:2", f"{path}:4"]}


def test_a_last_line_without_a_line_end_is_read(save):
    assert len(read([save("x.jsonl", b'{"text": "a"}\n{"text": "b"}')]).table) == 2


@pytest.mark.parametrize("size", [1, 2, 3, 7, 64])
def test_chunks_of_any_size_give_the_same_lines(save, monkeypatch, size):
    monkeypatch.setattr(streams_module, "CHUNK", size)
    for pack in PACKERS.values():
        for mark, codec in ((b"", "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le")):
            data = mark + '{"text": "é😀"}\n\n{"text": "two"}'.encode(codec)
            assert column(read([save("x.jsonl", pack(data))]), "text") == ["é😀", "two"]


def test_blank_and_empty_files_have_no_rows(save, tmp_path):
    for name in ("a.jsonl", "b.json", "c.csv", "d.jsonl.gz"):
        save(name, b"")
        save("blank-" + name, b"\n\n \n")
    corpus = read([str(tmp_path)])
    assert len(corpus.table) == 0
    assert "no documents were found" in corpus.read_report.notes


def test_numbers_are_ids_to_the_last_digit(save):
    ids = [7, 12345678901234567890123, "x", 1.5, True, None, "", ["a"]]
    path = save(
        "x.jsonl", lines(*(json.dumps({"id": i, "text": "a"}).encode() + b"\n" for i in ids))
    )
    assert column(read([path]), "doc_id") == [
        "7",
        "12345678901234567890123",
        "x",
        "1.5",
        "True",
        "x.jsonl:6",
        "x.jsonl:7",
        "x.jsonl:8",
    ]


def test_json_lists_objects_and_disguised_lines_are_read(save):
    rows = [{"id": "a", "text": "one"}, {"id": "b", "text": "two"}]
    for data in (
        json.dumps(rows),
        json.dumps(rows, indent=2),
        lines(*rows),
        json.dumps(rows[:1], indent=2)[:-1] + ', 5, {"id": "b", "text": "two"}]',
    ):
        corpus = read([save("x.json", data)])
        assert pairs(corpus) == {"a": "one", "b": "two"}
    assert corpus.read_report.skipped == {"not_an_object": 1}
    assert pairs(read([save("x.json", json.dumps(rows[0], indent=2))])) == {"a": "one"}
    read_report = read([save("x.json", '[{"text": "one"}, {"text": "tw')]).read_report
    assert (read_report.read, read_report.skipped) == (2, {"broken_json": 1})
    assert "not valid JSON at line 1, column 28" in read_report.notes[0]
