import codecs
import csv
import gzip
import io
import itertools
import json
import os
import random
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from dedup import sources
from dedup.core.formats import kind_of_bytes
from dedup.errors import ConfigError, InputError
from dedup.schema import CORPUS, Corpus, ReadReport
from dedup.sources import ReadOptions, from_python, original_bytes, read, read_batches
from dedup.sources import streams as streams_module

zstd = streams_module.zstd

LEAD = "The council voted on Tuesday to close the bridge for a year."
PACKERS = {"plain": lambda data: data, "gzip": gzip.compress, "zstd": zstd.compress}
SUFFIXES = {"plain": "", "gzip": ".gz", "zstd": ".zst"}


def lines(*rows):
    return b"".join(row if isinstance(row, bytes) else orjson.dumps(row) + b"\n" for row in rows)


def pairs(corpus):
    return dict(zip(column(corpus, "doc_id"), column(corpus, "text"), strict=True))


def column(corpus, name):
    return corpus.table[name].to_pylist()


def originals(corpus):
    rows = corpus.table.select(["text", "encoding", "raw"]).to_pylist()
    return [original_bytes(**row) for row in rows]


@pytest.fixture
def save(tmp_path):
    def write(name, data):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data if isinstance(data, bytes) else data.encode())
        return str(path)

    return write


@pytest.fixture
def stdin(monkeypatch):
    def feed(data):
        monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(data)))
        return "-"

    return feed


# Files and folders


def test_a_folder_is_read_in_order_and_ids_are_paths_below_it(save, tmp_path):
    save("b.txt", "two")
    save("a/c.md", "three")
    save("a.txt", "one")
    save(".hidden/d.txt", "never")
    save(".secret.txt", "never")
    corpus = read([str(tmp_path)])
    assert pairs(corpus) == {"a.txt": "one", "b.txt": "two", "a/c.md": "three"}
    assert corpus.table.schema == CORPUS
    assert column(corpus, "path")[0] == str(tmp_path / "a.txt")
    assert corpus.read_report.is_clean
    assert corpus.read_report.read == 3


def test_a_named_file_is_called_by_its_name(save):
    assert column(read([save("sub/a.txt", "one")]), "doc_id") == ["a.txt"]


def test_files_of_one_name_in_two_folders_keep_the_folder_in_theirs(save, tmp_path):
    one, two = save("x/a.txt", "one"), save("y/a.txt", "two")
    corpus = read([str(tmp_path / "x"), str(tmp_path / "y")])
    assert pairs(corpus) == {one: "one", two: "two"}
    assert corpus.read_report.is_clean


def test_a_file_given_twice_is_read_once(save, tmp_path):
    path = save("a.txt", "one")
    corpus = read([path, str(tmp_path)])
    assert len(corpus.table) == 1
    assert corpus.read_report.notes == ["1 files were given more than once and read once"]


def test_files_without_a_reader_are_ignored_and_named(save, tmp_path):
    save("a.txt", "one")
    save("b.jpg", b"\xff\xd8")
    save("c.PNG", b"\x89PNG")
    assert read([str(tmp_path)]).read_report.notes == ["2 files ignored: no reader for .jpg, .png"]


def test_a_named_file_of_unknown_extension_is_text_unless_told(save):
    assert column(read([save("article.body", LEAD)]), "text") == [LEAD]
    path = save("articles.feed", lines({"id": "a", "text": LEAD}))
    assert pairs(read([path], ReadOptions(format="jsonl"))) == {"a": LEAD}


def test_a_pattern_is_expanded_only_where_no_file_has_that_name(save, tmp_path):
    save("a1.txt", "one")
    save("a2.txt", "two")
    literal = save("a[1].txt", "three")
    assert column(read([str(tmp_path / "a?.txt")]), "text") == ["one", "two"]
    assert column(read([literal]), "text") == ["three"]


@pytest.mark.parametrize("name", ["nothing.txt", "nothing*.txt"])
def test_a_missing_path_stops_before_anything_is_read(save, tmp_path, name):
    path = str(tmp_path / name)
    with pytest.raises(InputError, match="no") as caught:
        read([save("a.txt", "one"), path])
    assert caught.value.path == path


def test_an_empty_folder_gives_no_documents_and_says_so(tmp_path):
    corpus = read([str(tmp_path)])
    assert len(corpus.table) == 0
    assert corpus.table.schema == CORPUS
    assert corpus.read_report.is_clean
    assert f"{tmp_path}: no file to read" in corpus.read_report.notes


def test_a_folder_that_links_to_itself_is_not_followed(save, tmp_path):
    save("news/a.txt", "one")
    (tmp_path / "news" / "again").symlink_to(tmp_path / "news", target_is_directory=True)
    corpus = read([str(tmp_path)])
    assert column(corpus, "text") == ["one"]
    assert "1 linked folders not followed" in corpus.read_report.notes


def test_dangling_links_and_pipes_are_reported_and_the_rest_is_read(save, tmp_path):
    save("a.txt", "one")
    (tmp_path / "gone.txt").symlink_to(tmp_path / "nowhere")
    os.mkfifo(tmp_path / "pipe.txt")
    corpus = read([str(tmp_path)])
    assert column(corpus, "text") == ["one"]
    assert corpus.read_report.files_failed == {"dangling_link": 1, "not_a_regular_file": 1}
    assert corpus.read_report.places["not_a_regular_file"] == [str(tmp_path / "pipe.txt")]


@pytest.mark.parametrize("name", ["b.txt", "b.jsonl", "b.parquet"])
def test_an_unreadable_file_is_reported_and_the_rest_is_read(save, tmp_path, name):
    save("a.txt", "one")
    Path(save(name, "two")).chmod(0)
    if os.access(tmp_path / name, os.R_OK):
        pytest.skip("this user may read everything")
    corpus = read([str(tmp_path)])
    assert column(corpus, "text") == ["one"]
    assert corpus.read_report.files_failed.total() == 1


def test_a_file_that_will_not_open_is_reported(save, tmp_path, monkeypatch):
    save("a.txt", "one")
    save("b.txt", "two")
    opened = sources.open_source

    def refuse(source):
        if source.name == "b.txt":
            raise PermissionError(13, "Permission denied")
        return opened(source)

    monkeypatch.setattr(sources, "open_source", refuse)
    corpus = read([str(tmp_path)])
    assert column(corpus, "text") == ["one"]
    assert corpus.read_report.places == {"unreadable": [str(tmp_path / "b.txt")]}


def test_a_file_that_breaks_while_it_is_read_gives_what_came_before(save, monkeypatch):
    class Failing(io.BytesIO):
        def read1(self, size=-1):
            if self.tell():
                raise OSError(5, "Input/output error")
            return super().read1(30)

    data = lines({"text": "one"}, {"text": "two and more than thirty bytes"})
    monkeypatch.setattr(sources, "open_source", lambda source: Failing(data))
    corpus = read([save("a.jsonl", data)])
    assert column(corpus, "text") == ["one"]
    assert corpus.read_report.files_failed == {"unreadable": 1}
    assert not corpus.read_report.skipped


def test_file_names_that_are_not_utf8_are_read(tmp_path):
    name = os.path.join(os.fsencode(tmp_path), b"caf\xe9.txt")  # noqa: PTH118
    try:
        with open(name, "wb") as file:  # noqa: PTH123
            file.write(b"one")
    except OSError:
        pytest.skip("this file system takes UTF-8 names only")
    assert pairs(read([str(tmp_path)])) == {"caf\ufffd.txt": "one"}


def test_rows_without_text_beside_texts_are_counted(save, tmp_path):
    save("a.txt", "one")
    save("b.jsonl", '{"n": 1}\n')
    corpus = read([str(tmp_path)])
    assert column(corpus, "text") == ["one"]
    assert corpus.read_report.files_failed == {"no_text_column": 1}


def test_what_clean_writes_beside_the_articles_is_not_read(save, tmp_path):
    save("out/articles/a.txt", "one")
    save("out/provenance.jsonl", '{"doc_id": "a.txt"}\n')
    save("b/manifest.json", '{"text": "two"}')
    save("out/manifest.json", "{}")
    corpus = read([str(tmp_path)])
    assert column(corpus, "text") == ["two", "one"]
    assert "manifest.json and provenance.jsonl not read" in corpus.read_report.notes[0]
    assert corpus.read_report.is_clean


def test_a_file_under_two_names_is_read_once(save, tmp_path):
    path = Path(save("s/x.txt", "one"))
    (tmp_path / "linked").symlink_to(path.parent, target_is_directory=True)
    others = [tmp_path / "s" / ".." / "s" / "x.txt", tmp_path / "linked" / "x.txt"]
    corpus = read([str(path), *map(str, others), str(path.parent)])
    assert len(corpus.table) == 1
    assert corpus.read_report.notes == ["3 files were given more than once and read once"]


# Text files


@pytest.mark.parametrize("packer", PACKERS)
@pytest.mark.parametrize(
    ("data", "text", "encoding"),
    [
        (LEAD.encode(), LEAD, "utf-8"),
        (b"", "", "utf-8"),
        (b"one", "one", "utf-8"),
        (b"a\r\nb\rc\x85\xe2\x80\xa8\x0b".replace(b"\x85", b""), "a\r\nb\rc\u2028\x0b", "utf-8"),
        (b"one\0two", "one\0two", "utf-8"),
        (codecs.BOM_UTF8 + b"caf\xc3\xa9", "café", "utf-8-sig"),
        (codecs.BOM_UTF16_LE + "café\r\n\U0001f600".encode("utf-16-le"), "café\r\n😀", "utf-16-le"),
        (codecs.BOM_UTF16_BE + "新聞".encode("utf-16-be"), "新聞", "utf-16-be"),
    ],
)
def test_a_text_file_is_kept_to_the_byte(save, packer, data, text, encoding):
    corpus = read([save("a.txt" + SUFFIXES[packer], PACKERS[packer](data))])
    assert column(corpus, "text") == [text]
    assert column(corpus, "encoding") == [encoding]
    assert column(corpus, "raw") == [None]
    assert originals(corpus) == [data]
    assert corpus.read_report.is_clean


@pytest.mark.parametrize(
    ("data", "text", "reason"),
    [
        (b"caf\xe9 news", "caf\ufffd news", "invalid_utf8"),
        (codecs.BOM_UTF8 + b"a\xff", "a\ufffd", "invalid_utf8"),
        (b"\xed\xa0\xbd", "\ufffd\ufffd\ufffd", "invalid_utf8"),
        (b"\xff\xfea\x00\x3d\xd8", "a\ufffd", "invalid_utf16"),
        (b"\xff\xfea\x00b", "a\ufffd", "invalid_utf16"),
    ],
)
def test_bytes_that_cannot_be_decoded_are_replaced_counted_and_kept(save, data, text, reason):
    path = save("a.txt", data)
    corpus = read([path])
    assert column(corpus, "text") == [text]
    assert corpus.read_report.damaged == {reason: 1}
    assert corpus.read_report.places == {reason: [path]}
    assert originals(corpus) == [data]


@pytest.mark.parametrize(
    "data", [bytes(4000), bytes(range(8)) * 100, b"%PDF-1.7 text", b"7z\xbc\xaf\x27\x1cabc"]
)
def test_a_binary_file_is_skipped(save, data):
    corpus = read([save("a.txt", data)])
    assert len(corpus.table) == 0
    assert corpus.read_report.skipped == {"binary": 1}
    assert corpus.read_report.read == 1


def test_a_file_longer_than_a_document_may_be_is_skipped(save, tmp_path):
    save("a.txt", "x" * 101)
    save("b.txt", "x" * 100)
    corpus = read([str(tmp_path)], ReadOptions(max_line_bytes=100))
    assert column(corpus, "doc_id") == ["b.txt"]
    assert corpus.read_report.skipped == {"file_too_long": 1}


# Compression


@pytest.mark.parametrize("packer", PACKERS)
def test_the_content_decides_on_compression_not_the_name(save, packer):
    data = PACKERS[packer](lines({"id": "a", "text": LEAD}))
    for suffix in SUFFIXES.values():
        assert pairs(read([save("x.jsonl" + suffix, data)])) == {"a": LEAD}


@pytest.mark.parametrize("packer", ["gzip", "zstd"])
def test_several_members_and_trailing_zeros_are_one_stream(save, packer):
    pack = PACKERS[packer]
    members = [pack(lines({"id": n, "text": LEAD})) for n in range(3)]
    corpus = read([save("x.jsonl", b"".join(members) + bytes(50))])
    assert column(corpus, "doc_id") == ["0", "1", "2"]
    assert corpus.read_report.is_clean


@pytest.mark.parametrize("packer", ["gzip", "zstd"])
@pytest.mark.parametrize("junk", [b"x", b"junk behind the data"])
def test_junk_behind_compressed_data_is_ignored_and_noted(save, packer, junk):
    corpus = read([save("x.jsonl", PACKERS[packer](lines({"id": "a", "text": LEAD})) + junk)])
    assert pairs(corpus) == {"a": LEAD}
    assert corpus.read_report.is_clean
    assert any("were ignored" in note for note in corpus.read_report.notes)


def test_a_skippable_zstd_frame_is_skipped(save):
    frame = b"\x50\x2a\x4d\x18" + (3).to_bytes(4, "little") + b"abc"
    data = frame + zstd.compress(lines({"id": "a", "text": LEAD}))
    assert pairs(read([save("x.jsonl.zst", data)])) == {"a": LEAD}


def many(count):
    letters = random.Random(1)
    return [
        {"id": str(n), "text": "".join(letters.choices("abcdefgh ", k=400))} for n in range(count)
    ]


@pytest.mark.parametrize("packer", ["gzip", "zstd"])
@pytest.mark.parametrize("form", ["jsonl", "csv", "stdin"])
def test_truncated_data_is_used_up_to_the_cut_and_reported(save, stdin, packer, form):
    rows = many(2000)
    data = as_csv(rows) if form == "csv" else lines(*rows)
    cut = PACKERS[packer](data)[:-20_000]
    path = stdin(cut) if form == "stdin" else save(f"x.{form}{SUFFIXES[packer]}", cut)
    corpus = read([path], ReadOptions(format="jsonl" if form == "stdin" else None))
    assert 500 < len(corpus.table) < 2000
    assert column(corpus, "text") == [row["text"] for row in rows[: len(corpus.table)]]
    assert corpus.read_report.files_failed == {f"truncated_{packer}": 1}
    assert corpus.read_report.places == {f"truncated_{packer}": [path]}
    assert not corpus.read_report.skipped
    assert corpus.read_report.read == len(corpus.table)


def test_every_cut_of_a_small_gzip_file_is_reported(save):
    data = gzip.compress(lines({"id": "a", "text": LEAD}))
    for end in range(3, len(data)):
        corpus = read([save("x.jsonl.gz", data[:end])])
        assert corpus.read_report.files_failed == {"truncated_gzip": 1}
        assert column(corpus, "text") in ([], [LEAD])


@pytest.mark.parametrize("packer", ["gzip", "zstd"])
def test_a_truncated_text_file_gives_what_there_is(save, packer):
    text = "".join(row["text"] for row in many(2000))
    corpus = read([save("a.txt", PACKERS[packer](text.encode())[:-20_000])])
    assert text.startswith(column(corpus, "text")[0])
    assert corpus.read_report.files_failed == {f"truncated_{packer}": 1}


@pytest.mark.parametrize("packer", ["gzip", "zstd"])
def test_damaged_compressed_data_is_reported(save, packer):
    data = bytearray(PACKERS[packer](lines(*many(2000))))
    data[len(data) // 2 : len(data) // 2 + 200] = bytes(200)
    corpus = read([save("x.jsonl", bytes(data))])
    assert corpus.read_report.files_failed == {f"corrupt_{packer}": 1}


@pytest.mark.parametrize("packer", ["gzip", "zstd"])
def test_a_decompression_bomb_is_stopped(save, packer):
    data = PACKERS[packer](lines({"id": "a", "text": LEAD}) + b" " * (4 << 20))
    options = ReadOptions(max_line_bytes=1 << 20)
    corpus = read([save("x.jsonl", data)], options)
    assert pairs(corpus) == {"a": LEAD}
    assert corpus.read_report.files_failed == {"decompression_bomb": 1}
    assert read([save("x.jsonl", data)], ReadOptions(max_ratio=1e6)).read_report.is_clean


# JSON lines


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


# Columns


@pytest.mark.parametrize(
    ("row", "text", "note"),
    [
        ({"articleBody": "a", "title": "t"}, "a", "text column: articleBody (x.jsonl)"),
        ({"maintext": "a"}, "a", "text column: maintext (x.jsonl)"),
        ({"body": "b", "text": "a"}, "a", "text column: text (x.jsonl)"),
        ({"text": None, "content": "a"}, "a", "text column: content (x.jsonl)"),
        ({"body": 5, "raw_text": "a"}, "a", "text column: raw_text (x.jsonl)"),
    ],
)
def test_the_text_column_is_recognised_and_noted(save, row, text, note):
    corpus = read([save("x.jsonl", lines(row))])
    assert column(corpus, "text") == [text]
    assert corpus.read_report.notes == [note]


def test_the_columns_are_decided_once(save, tmp_path):
    # The fourth record has no text; its body must not be taken instead.
    rows = [{"text": "one"}] * 3 + [{"body": "other"}]
    save("a.jsonl", lines(*rows))
    save("b.jsonl", lines({"body": "other"}))
    save("c.csv", "body\nother\n")
    corpus = read([str(tmp_path)])
    assert column(corpus, "text") == ["one"] * 3
    assert corpus.read_report.skipped == {"missing_text": 1}
    assert corpus.read_report.files_failed == {"no_text_column": 2}
    named = read([str(tmp_path / name) for name in ("a.jsonl", "b.jsonl", "c.csv")])
    assert named.read_report.skipped == {"missing_text": 2}
    assert named.read_report.files_failed == {"no_text_column": 1}


def test_few_texts_in_the_first_records_are_noted(save):
    path = save("x.jsonl", lines(*[{"id": 1, "text": "a"}] * 4, *[{"id": 2, "title": "b"}] * 5))
    read_report = read([path]).read_report
    assert (read_report.read, read_report.skipped) == (9, {"missing_text": 5})
    assert "5 of the first 9 records have no text in column 'text'" in read_report.notes[0]


@pytest.mark.parametrize("form", ["jsonl", "csv", "parquet"])
def test_input_without_a_text_column_says_which_columns_it_has(save, form):
    rows = [{"headline": "a", "id": "1"}]
    with pytest.raises(InputError, match=r"no text column is recognised.*headline, id"):
        read([write(save, form, rows)])


@pytest.mark.parametrize("form", ["jsonl", "csv", "parquet"])
@pytest.mark.parametrize("role", ["text", "id", "date", "url", "site", "priority"])
def test_a_named_column_that_is_not_there_stops_the_run(save, form, role):
    path = write(save, form, [{"text": "a", "title": "b"}])
    with pytest.raises(InputError, match=f"no {role} column 'nope'; columns seen: text, title"):
        read([path], ReadOptions(**{f"{role}_column": "nope"}))


def test_rows_of_another_kind_in_a_folder_are_set_aside(save, tmp_path):
    save("a-labels.jsonl", lines({"left": 1, "right": 2}))
    save("b.jsonl", lines({"id": "x", "text": "one"}))
    corpus = read([str(tmp_path)])
    assert pairs(corpus) == {"x": "one"}
    assert corpus.read_report.files_failed == {"no_text_column": 1}
    (tmp_path / "b.jsonl").unlink()
    with pytest.raises(InputError, match="columns seen: left, right"):
        read([str(tmp_path)])


@pytest.mark.parametrize("form", ["jsonl", "csv", "parquet"])
def test_named_columns_are_used(save, form):
    row = {"t": "a", "i": "1", "d": "2020", "u": "https://www.x.org/a", "s": "X", "p": "3"}
    options = ReadOptions(
        text_column="t",
        id_column="i",
        date_column="d",
        url_column="u",
        site_column="s",
        priority_column="p",
    )
    corpus = read([write(save, form, [row, {**row, "i": "2", "s": ""}])], options)
    assert column(corpus, "doc_id") == ["1", "2"]
    assert column(corpus, "date") == ["2020"] * 2
    assert column(corpus, "site") == ["X", "x.org"]
    assert column(corpus, "priority") == ["3"] * 2
    assert column(corpus, "line") == ([2, 3] if form == "csv" else [1, 2])
    assert not corpus.read_report.notes


@pytest.mark.parametrize("form", ["jsonl", "csv", "parquet"])
def test_the_other_columns_are_kept_only_when_asked_for(save, form):
    path = write(save, form, [{"id": "1", "text": "a", "title": "é"}])
    assert column(read([path]), "record") == [None]
    record = column(read([path], ReadOptions(keep_record=True)), "record")[0]
    name, row = json.loads(record)
    assert name == "text"
    assert row == {"id": "1", "title": "é", "text": None}


def test_other_columns_that_orjson_cannot_write_are_kept(save):
    line = b'{"text": "a", "n": 123456789012345678901234567890, "s": "\\ud83d", "x": NaN}\n'
    record = column(read([save("x.jsonl", line)], ReadOptions(keep_record=True)), "record")[0]
    assert record == (
        b'["text",{"text":null,"n":123456789012345678901234567890,"s":"\\ud83d","x":NaN}]'
    )


def test_a_number_too_large_for_a_float_stays_as_it_was(save):
    path = save("x.jsonl", '{"text":"a","n":1E400,"m":-1e999,"k":1.5}\n')
    record = column(read([path], ReadOptions(keep_record=True)), "record")[0]
    assert json.loads(record)[1] == {"text": None, "n": "1E400", "m": "-1e999", "k": 1.5}


# CSV


def as_csv(rows, **options):
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, rows[0], lineterminator="\n", **options)
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue().encode()


def write(save, form, rows, suffix=""):
    if form == "jsonl":
        return save(f"x{suffix}.jsonl", lines(*rows))
    if form == "csv":
        return save(f"x{suffix}.csv", as_csv(rows))
    path = save(f"x{suffix}.parquet", b"")
    pq.write_table(pa.Table.from_pylist(rows), path)
    return path


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


# Parquet


def test_parquet_types_become_strings(save):
    when = np.array(["2024-01-02T03:04:05.123456789", "NaT"], "datetime64[ns]")
    table = pa.table(
        {
            "id": pa.array([1, None], pa.int64()),
            "text": pa.array(["one", "two"]).dictionary_encode(),
            "date": pa.array(when),
            "domain": pa.array(["x.org", None], pa.large_string()),
            "url": pa.array(["https://a.org/1", "https://WWW.B.org/2"]),
        }
    )
    path = save("x.parquet", b"")
    pq.write_table(table, path)
    corpus = read([path])
    assert pairs(corpus) == {"1": "one", "x.parquet:2": "two"}
    assert column(corpus, "date") == ["2024-01-02T03:04:05.123456", None]
    assert column(corpus, "site") == ["x.org", "b.org"]
    assert column(corpus, "line") == [1, 2]


def test_parquet_rows_without_text_are_skipped_with_their_number(save):
    rows = [{"id": str(n), "text": None if n in (1, 3) else "a"} for n in range(5)]
    path = write(save, "parquet", rows)
    corpus = read([path])
    assert column(corpus, "doc_id") == ["0", "2", "4"]
    assert corpus.read_report.places == {"missing_text": [f"{path}:2", f"{path}:4"]}
    assert corpus.read_report.read == 5


def test_a_parquet_text_column_of_numbers_is_counted_row_by_row(save):
    corpus = read([write(save, "parquet", [{"text": 1}, {"text": 2}])])
    assert corpus.read_report.skipped == {"text_not_a_string": 2}
    assert len(corpus.table) == 0


@pytest.mark.parametrize("kind", [pa.binary(), pa.string()])
def test_invalid_utf8_in_parquet_is_replaced_and_its_bytes_kept(save, kind):
    column_of_bytes = pa.array([b"one", b"caf\xe9", None], pa.binary())
    texts = pa.Array.from_buffers(kind, 3, column_of_bytes.buffers())
    path = save("x.parquet", b"")
    pq.write_table(pa.table({"text": texts}), path)
    corpus = read([path])
    assert column(corpus, "text") == ["one", "caf\ufffd"]
    assert corpus.read_report.damaged == {"invalid_utf8": 1}
    assert originals(corpus) == [b"one", b"caf\xe9"]


def test_a_broken_parquet_file_is_reported(save, tmp_path):
    path = Path(write(save, "parquet", [{"id": "a", "text": LEAD}]))
    save("b.parquet", path.read_bytes()[:-20])
    save("c.parquet", b"not at all")
    corpus = read([str(tmp_path)])
    assert pairs(corpus) == {"a": LEAD}
    assert corpus.read_report.files_failed == {"broken_parquet": 2}


def test_parquet_batches_are_of_the_size_asked_for(save):
    read_report = ReadReport()
    path = write(save, "parquet", many(1000))
    batches = list(read_batches([path], ReadOptions(), read_report, batch_bytes=100_000))
    assert sum(map(len, batches)) == read_report.read == 1000
    assert len(batches) > 1


def test_parquet_values_python_cannot_hold_are_written_out(save):
    far = pa.array([2**58, 0], pa.timestamp("us"))
    table = pa.table(
        {
            "id": ["a", "b"],
            "text": ["one", "two"],
            "note": pa.array([b"caf\xe9", b"ok"]).view(pa.string()),
            "list": pa.array([[b"caf\xe9"], None]).view(pa.list_(pa.string())),
            "far": far,
            "date": far,
            "day": pa.array([2**30, 0], pa.date32()),
        }
    )
    pq.write_table(table, path := save("x.parquet", b""))
    corpus = read([path], ReadOptions(keep_record=True))
    assert column(corpus, "date")[1] == "1970-01-01T00:00:00"
    rows = [json.loads(each)[1] for each in column(corpus, "record")]
    assert rows[0]["note"] == "caf\ufffd"
    assert rows[1] | {"list": None} == {
        "id": "b",
        "text": None,
        "note": "ok",
        "list": None,
        "far": "1970-01-01T00:00:00",
        "date": "1970-01-01T00:00:00",
        "day": "1970-01-01",
    }
    assert rows[0]["far"].startswith("11103-")


# HTML

PAGE = f"""<html><head><title>Bridge to close</title>
<meta property="og:site_name" content="The Gazette">
<meta property="article:published_time" content="2024-03-05T10:00:00Z"></head>
<body><nav><a href="/">Home</a></nav><article><h1>Bridge to close</h1>
<p>{LEAD} The work costs two million and starts in May, the mayor said at the meeting.</p>
<p>Residents of the eastern district will have to take the ferry, which runs every hour.</p>
</article><footer>Copyright</footer></body></html>"""


@pytest.fixture
def trafilatura():
    try:
        import trafilatura
    except ImportError as error:
        pytest.skip(f"the extra `html` is missing or broken: {error}")
    return trafilatura


@pytest.mark.parametrize("packer", PACKERS)
def test_a_page_gives_title_main_text_date_and_site(save, packer, trafilatura):
    corpus = read([save("a.html" + SUFFIXES[packer], PACKERS[packer](PAGE.encode()))])
    text = column(corpus, "text")[0]
    assert text.startswith("Bridge to close")
    assert LEAD in text
    assert "Copyright" not in text
    assert column(corpus, "doc_id") == ["a.html" + SUFFIXES[packer]]
    assert column(corpus, "date") == ["2024-03-05"]
    assert column(corpus, "site") == ["The Gazette"]
    assert originals(corpus) == [text.encode()]


def test_a_page_without_main_text_is_skipped(save, tmp_path, trafilatura):
    save("a.html", "")
    save("b.htm", "<html><body></body></html>")
    assert read([str(tmp_path)]).read_report.skipped == {"no_text": 2}


def test_a_page_that_breaks_the_parser_is_skipped(save, monkeypatch):
    broken = SimpleNamespace(bare_extraction=lambda *args, **kwargs: 1 / 0)
    monkeypatch.setitem(sys.modules, "trafilatura", broken)
    assert read([save("a.html", PAGE)]).read_report.skipped == {"bad_html": 1}


def test_html_without_its_extra_says_what_to_install(save, monkeypatch):
    monkeypatch.setitem(sys.modules, "trafilatura", None)
    with pytest.raises(InputError, match=r"pip install 'dedup\[html\]'"):
        read([save("a.html", PAGE)])


# Standard input


@pytest.mark.parametrize("packer", PACKERS)
def test_stdin_is_sniffed(stdin, packer):
    pack = PACKERS[packer]
    corpus = read([stdin(pack(b'\n {"text": "one"}\n{"text": "two"}\n'))])
    assert pairs(corpus) == {"-:2": "one", "-:3": "two"}
    assert pairs(read([stdin(pack(LEAD.encode()))])) == {"-": LEAD}
    marked = codecs.BOM_UTF16_LE + '{"text": "one"}'.encode("utf-16-le")
    assert pairs(read([stdin(pack(marked))])) == {"-:1": "one"}
    assert pairs(read([stdin(pack(b""))])) == {"-": ""}


def test_stdin_takes_every_format_by_name(stdin, save):
    assert pairs(read([stdin(b"id,text\na,one\n")], ReadOptions(format="csv"))) == {"a": "one"}
    assert pairs(read([stdin(b"id\ttext\na\tone\n")], ReadOptions(format="tsv"))) == {"a": "one"}
    parquet = Path(write(save, "parquet", [{"id": "a", "text": "one"}])).read_bytes()
    assert pairs(read([stdin(parquet)])) == {"a": "one"}
    assert pairs(read([stdin(b'{"text": "one"}')], ReadOptions(format="txt"))) == {
        "-": '{"text": "one"}'
    }


def test_an_unknown_format_is_refused():
    with pytest.raises(ConfigError, match="allowed is txt, lines, jsonl"):
        ReadOptions(format="doc")


@pytest.mark.parametrize(
    ("data", "texts"),
    [
        ('[{"text": "a"}, {"text": "b"}]', ["a", "b"]),
        ('\n [\n  {\n "text": "a"}\n]\n', ["a"]),
        ('{\n  "text": "a"\n}\n', ["a"]),
        ('{"text": "a"}\n{"text": "b"}\n', ["a", "b"]),
        ("[sic] A text.", ["[sic] A text."]),
        ("{{Infobox}} A text.", ["{{Infobox}} A text."]),
        ("[1, 2] are numbers", ["[1, 2] are numbers"]),
    ],
)
def test_what_an_input_is_shows_in_its_first_bytes(save, stdin, data, texts):
    for path in (stdin(data.encode()), save("noname", data), save("x.dump", data.encode("utf-16"))):
        assert column(read([path]), "text") == texts


def test_rows_show_by_their_header(save):
    for data in ("id,text\n1,one\n", "Body;id\none;2\n", '"id"\t"content"\n\n1\tone'):
        assert column(read([save("x", data)]), "text") == ["one"]
        corpus = read([save("x.txt", data)])
        assert column(corpus, "text") == ["one"]
        assert "--input-format txt" in corpus.read_report.notes[0]
        stated = read([save("x.txt", data)], ReadOptions(format="txt"))
        assert column(stated, "text") == [data]
    for data in ("A text, so to say\nof two, or three, lines\n", "id,text\n", "text\none\n"):
        assert not read([save("x", data)]).read_report.notes


# Strict


@pytest.mark.parametrize(
    ("name", "data", "line"),
    [
        ("x.jsonl", lines({"text": "a"}, b"{broken\n"), 2),
        ("x.jsonl", lines({"text": "a"}, {"text": 5}), 2),
        ("x.jsonl", lines({"text": "a"}, b'{"text": "\xff"}\n'), 2),
        ("x.jsonl", lines({"id": 1, "text": "a"}, {"id": 1, "text": "a"}), 2),
        ("x.csv", b"id,text\na,one\nb\n", 3),
        ("x.txt", b"\xff", None),
        ("x.txt", bytes(100), None),
        ("x.jsonl.gz", gzip.compress(lines({"text": "a"}))[:-3], None),
        ("x.parquet", b"none", None),
    ],
)
def test_strict_stops_at_the_first_flaw_and_names_the_place(save, name, data, line):
    path = save(name, data)
    assert not read([path]).read_report.is_clean
    with pytest.raises(InputError) as caught:
        read([path], ReadOptions(strict=True))
    assert (caught.value.path, caught.value.line) == (path, line)


# Ids


def test_equal_ids_are_numbered_by_what_the_documents_hold(save):
    named = []
    for texts in itertools.permutations("abc"):
        rows = [{"id": "a", "text": each} for each in texts] + [{"id": "b", "text": "x"}]
        path = save("x.jsonl", lines(*rows))
        corpus = read([path])
        named.append(pairs(corpus))
        assert corpus.read_report.damaged == {"duplicate_id": 2}
        renamed = [named[-1]["a#2"], named[-1]["a#3"]]
        places = [f"{path}:{texts.index(each) + 1}" for each in renamed]
        assert corpus.read_report.places == {"duplicate_id": places}
    assert set(named[0]) == {"a", "a#2", "a#3", "b"}
    assert set(named[0].values()) == {"a", "b", "c", "x"}
    assert all(each == named[0] for each in named)


def test_a_numbered_id_that_is_taken_is_numbered_again(save):
    rows = [{"id": i, "text": t} for i, t in (("a", "1"), ("a", "2"), ("a#2", "3"))]
    corpus = read([save("x.jsonl", lines(*rows))])
    assert pairs(corpus) == {"a": "1", "a#2": "2", "a#2#2": "3"}
    assert corpus.read_report.damaged == {"duplicate_id": 1}


def test_many_equal_ids_are_counted_whole(save):
    corpus = read([save("x.jsonl", lines(*[{"id": "a", "text": "x"}] * 500))])
    assert len(set(column(corpus, "doc_id"))) == 500
    assert corpus.read_report.damaged == {"duplicate_id": 499}
    assert len(corpus.read_report.places["duplicate_id"]) == 5


# In memory


def test_texts_in_a_list_get_their_position_as_id():
    corpus = from_python(["one", "", "one", "two\ud83d"])
    assert pairs(corpus) == {"0": "one", "1": "", "2": "one", "3": "two\ufffd"}
    assert column(corpus, "path") == column(corpus, "line") == [None] * 4
    assert corpus.read_report.damaged == {"lone_surrogate": 1}
    assert corpus.read_report.places == {"lone_surrogate": ["document 3"]}


def test_what_is_no_text_in_a_list_is_counted_with_its_position():
    corpus = from_python(["one", None, 5, "two", b"three"])
    assert pairs(corpus) == {"0": "one", "3": "two"}
    assert corpus.read_report.places == {
        "missing_text": ["document 1"],
        "text_not_a_string": ["document 2", "document 4"],
    }


def test_dicts_and_iterators_are_read():
    rows = [{"url": "https://x.org/1", "body": "one", "date": "2020"}, {"url": "u", "body": "two"}]
    for documents in (rows, iter(rows), (row for row in rows), tuple(rows)):
        corpus = from_python(documents)
        assert pairs(corpus) == {"https://x.org/1": "one", "u": "two"}
        assert column(corpus, "site") == ["x.org", None]
        assert column(corpus, "date") == ["2020", None]
    corpus = from_python(rows, text="url", id="body", priority="date")
    assert pairs(corpus) == {"one": "https://x.org/1", "two": "u"}
    assert column(corpus, "priority") == ["2020", None]


def test_arrow_data_is_read():
    table = pa.table({"id": ["a", "b", "c"], "text": ["one", None, "two"]})
    for documents in (
        table,
        table.to_batches()[0],
        pa.RecordBatchReader.from_batches(table.schema, table.to_batches()),
        pa.concat_tables([table.slice(0, 1), table.slice(1)]),
    ):
        corpus = from_python(documents)
        assert pairs(corpus) == {"a": "one", "c": "two"}
        assert corpus.read_report.places == {"missing_text": ["document 1"]}
        assert column(corpus, "line") == [None, None]
    for texts in (
        pa.array(["one", "two"]),
        pa.chunked_array([["one"], ["two"]]),
        pa.array(["one", "two"], pa.string_view()),
    ):
        assert pairs(from_python(texts)) == {"0": "one", "1": "two"}


@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_frames_and_series_are_read_through_arrow(library):
    module = pytest.importorskip(library, reason=f"{library} is not installed")
    frame = module.DataFrame(
        {"headline": ["h", "i"], "articleBody": ["one", "two é"], "id": [5, 6]}
    )
    assert pairs(from_python(frame)) == {"5": "one", "6": "two é"}
    assert pairs(from_python(frame, text="headline")) == {"5": "h", "6": "i"}
    assert pairs(from_python(frame["headline"])) == {"0": "h", "1": "i"}


def test_a_frame_too_old_for_arrow_says_what_to_do():
    class DataFrame:
        pass

    DataFrame.__module__ = "pandas.core.frame"
    with pytest.raises(InputError, match="pandas is too old"):
        from_python(DataFrame())


def test_a_corpus_is_returned_as_it_is():
    corpus = from_python(["one"])
    assert from_python(corpus) is corpus


@pytest.mark.parametrize("documents", ["one text", b"bytes", {"text": "one"}, 5])
def test_one_document_instead_of_several_is_refused(documents):
    with pytest.raises(
        InputError, match=r"^documents: (one \w+ alone; put it into a list|int holds no documents)"
    ):
        from_python(documents)


@pytest.mark.parametrize("documents", [[], iter(()), pa.table({"text": pa.array([], pa.string())})])
def test_no_documents_are_an_empty_corpus(documents):
    corpus = from_python(documents)
    assert isinstance(corpus, Corpus)
    assert corpus.table.schema == CORPUS
    assert corpus.read_report.read == 0


def test_memory_without_texts_is_refused():
    with pytest.raises(InputError, match="columns seen: title"):
        from_python([{"title": "a"}])
    with pytest.raises(InputError, match="columns seen: title"):
        from_python(pa.table({"title": ["a"]}))


def test_a_bare_position_is_no_id_beside_others():
    rows = [{"id": 1, "text": "one"}, {"text": "two"}, {"id": "", "text": "three"}]
    table = pa.table({"id": pa.array([1.0, None, 3]), "text": ["one", "two", "three"]})
    assert column(from_python(rows), "doc_id") == ["1", "document 1", "document 2"]
    assert column(from_python(table), "doc_id") == ["1", "document 1", "3"]


def test_polars_categories_and_lazy_frames():
    pl = pytest.importorskip("polars")
    texts = pl.Series(["one", "two", None, "one"], dtype=pl.Categorical)
    frame = pl.DataFrame({"id": ["a", "b", "c", "d"], "text": texts})
    assert pairs(from_python(frame)) == {"a": "one", "b": "two", "d": "one"}
    assert column(from_python(texts), "text") == ["one", "two", "one"]
    with pytest.raises(InputError, match=r"call \.collect\(\)"):
        from_python(frame.lazy())


# Batches and progress


def test_batches_fill_across_files_and_progress_adds_up(save, tmp_path):
    for n in range(20):
        save(f"{n}.txt", "x" * 1000)
    save("a.jsonl.gz", gzip.compress(lines(*many(50))))
    write(save, "parquet", many(50), suffix="p")
    told, read_report = [], ReadReport()
    options = ReadOptions()
    batches = list(
        read_batches([str(tmp_path)], options, read_report, batch_bytes=5000, progress=told.append)
    )
    assert sum(map(len, batches)) == read_report.read == 120
    assert all(batch.schema == CORPUS for batch in batches)
    assert max(len(batch) for batch in batches) < 30
    assert sum(told) == sources.input_bytes([str(tmp_path)])


# Properties

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
slow_files = settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@slow_files
@given(st.lists(texts, min_size=1, max_size=8), st.sampled_from(sorted(PACKERS)))
def test_texts_written_and_read_back_are_equal(save, written, packer):
    rows = [{"id": f"i{n}", "text": text} for n, text in enumerate(written)]
    expected = {row["id"]: row["text"] for row in rows}
    suffix, pack = SUFFIXES[packer], PACKERS[packer]
    assert pairs(read([save("x.jsonl" + suffix, pack(lines(*rows)))])) == expected
    assert pairs(read([save("x.json" + suffix, pack(json.dumps(rows).encode()))])) == expected
    assert pairs(read([write(save, "parquet", rows)])) == expected
    if sys.version_info >= (3, 11) or "\0" not in "".join(written):
        data = as_csv(rows, quoting=csv.QUOTE_ALL)
        assert pairs(read([save("x.csv" + suffix, pack(data))])) == expected


@slow_files
@given(
    st.binary(max_size=60) | texts.map(lambda text: codecs.BOM_UTF16_LE + text.encode("utf-16-le"))
)
def test_any_text_file_gives_back_its_bytes(save, data):
    assume(streams_module._compression(data) is None and kind_of_bytes(data) is None)
    corpus = read([save("a.txt", data)])
    assert originals(corpus) == ([] if corpus.read_report.skipped["binary"] else [data])


@slow_files
@given(
    st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from("xyz")), max_size=12), st.randoms()
)
def test_the_order_of_the_input_does_not_matter(save, documents, random):
    rows = [{"id": name, "text": text} for name, text in documents]
    shuffled = random.sample(rows, len(rows))
    one = read([save("x.jsonl", lines(*rows))])
    two = read([save("x.jsonl", lines(*shuffled))])
    assert pairs(one) == pairs(two)
    assert one.read_report.damaged == two.read_report.damaged


@slow_files
@given(st.binary(max_size=200), st.sampled_from(["jsonl", "json", "csv", "txt", "parquet"]))
def test_no_bytes_break_the_reader(save, data, form):
    path = save("x." + form, b'{"text": "a"}\n' * 3 + data if form == "jsonl" else data)
    try:
        corpus = read([path])
    except InputError:
        return
    corpus.table.validate(full=True)
    assert corpus.read_report.read == len(corpus.table) + corpus.read_report.skipped.total()
