"""Text files, whole, packed or damaged, and what is kept of their bytes."""

from __future__ import annotations

import codecs
import csv
import gzip
import json
import sys

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from reading import (
    LEAD,
    PACKERS,
    SUFFIXES,
    as_csv,
    column,
    lines,
    many,
    originals,
    pairs,
    slow_files,
    texts,
    write,
    zstd,
)

from dedup.core.formats import kind_of_bytes
from dedup.errors import InputError
from dedup.sources import ReadOptions, read
from dedup.sources import streams as streams_module


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
@given(st.binary(max_size=200), st.sampled_from(["jsonl", "json", "csv", "txt", "parquet"]))
def test_no_bytes_break_the_reader(save, data, form):
    path = save("x." + form, b'{"text": "a"}\n' * 3 + data if form == "jsonl" else data)
    try:
        corpus = read([path])
    except InputError:
        return
    corpus.table.validate(full=True)
    assert corpus.read_report.read == len(corpus.table) + corpus.read_report.skipped.total()
