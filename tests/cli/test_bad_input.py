"""The command line on input that is damaged, odd or not there."""

from __future__ import annotations

import gzip
import json
import os
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from articles import FILES, ONE, OTHER, kept, scanned
from commands import names_in, run, write_jsonl


def test_what_is_no_index_is_left_alone(tmp_path):
    lines = write_jsonl(tmp_path / "a.jsonl", {"id": "a", "text": "One."})
    for data in (b"some text", b"SQLite format 3\0" + bytes(200)):
        (tmp_path / "seen").write_bytes(data)
        done = run("filter", lines, "-i", tmp_path / "seen", "-q")
        assert done.code == 4
        assert "not a dedup index" in done.err
        assert names_in(tmp_path) == ["a.jsonl", "seen"]
        assert (tmp_path / "seen").read_bytes() == data


def test_a_folder_is_no_index_and_gets_nothing_beside_it(tmp_path):
    lines = write_jsonl(tmp_path / "a.jsonl", {"id": "a", "text": "One."})
    (tmp_path / "seen").mkdir()
    for command in (["filter", lines, "-i"], ["index", "info"], ["scan", lines, "--against"]):
        done = run(*command, tmp_path / "seen")
        assert (done.code, done.err.count("\n")) == (4, 1), done.err
        assert "seen is a folder, not a dedup index, which is a file" in done.err
        assert names_in(tmp_path) == ["a.jsonl", "seen"]


def test_a_stated_format_is_obeyed_or_refused(tmp_path):
    path = tmp_path / "a.parquet"
    pq.write_table(pa.table({"text": ["one"]}), path)
    done = run("scan", path, "--input-format", "jsonl")
    assert (done.code, done.err.count("\n")) == (2, 1)
    assert "--input-format: got 'jsonl', allowed is parquet" in done.err


def test_what_is_not_read_is_said_in_one_line(folder):
    (folder / "b.txt").write_bytes(b"%PDF-1.7" + bytes(99))
    done = run("scan", folder, "-q")
    assert done.code == 3
    assert "this is a PDF, which is not read; `pdftotext" in done.err


def test_an_empty_folder_is_done_and_said(tmp_path):
    done = run("scan", tmp_path, "-o", tmp_path.parent / "out")
    assert done.code == 0
    assert "no file to read" in done.err
    assert "0 read = 0 kept + 0 removed + 0 skipped" in done.out
    assert {each.name for each in (tmp_path.parent / "out").iterdir()} == FILES


def test_a_folder_of_files_without_a_reader_is_no_success(tmp_path):
    (tmp_path / "a.png").write_bytes(b"x")
    done = run("scan", tmp_path)
    assert done.code == 3
    assert f"1 file ignored: no reader for .png; {tmp_path}: no file to read" in done.err
    assert run("scan", tmp_path, "--allow-bad").code == 0
    strict = run("scan", tmp_path, "--strict")
    assert strict.code == 4
    assert "there is a reader for none of them" in strict.err


def flawed(whole, done, **counts):
    """Check that one flaw was counted, said, and gave the exit code 3."""
    read_report = whole["summary"]["read_report"]
    for kind in ("skipped", "damaged", "files_failed"):
        assert read_report[kind] == counts.get(kind, {})
    assert done.code == 3
    assert done.err.count("\n") == 1
    assert "--allow-bad" in done.err
    documents = whole["summary"]["documents"]
    assert documents["read"] == sum(documents[each] for each in ("kept", "removed", "skipped"))


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
def test_an_unreadable_file(folder):
    (folder / "shut.txt").write_text(OTHER)
    (folder / "shut.txt").chmod(0)
    whole, done = scanned(folder)
    flawed(whole, done, files_failed={"unreadable": 1})
    assert kept(whole) == {"one.txt": True}


def test_a_file_that_fails_when_it_is_opened(folder, monkeypatch):
    (folder / "shut.txt").write_text(OTHER)
    opened = Path.open

    def refuse(self, *how, **more):
        if self.name == "shut.txt":
            raise PermissionError(13, "Permission denied", str(self))
        return opened(self, *how, **more)

    monkeypatch.setattr(Path, "open", refuse)
    whole, done = scanned(folder)
    flawed(whole, done, files_failed={"unreadable": 1})
    assert "shut.txt" in done.err
    assert kept(whole) == {"one.txt": True}


def test_pipes_and_dangling_links_are_not_waited_for(folder):
    os.mkfifo(folder / "pipe.txt")
    (folder / "gone.txt").symlink_to(folder / "nowhere")
    whole, done = scanned(folder)
    flawed(whole, done, files_failed={"dangling_link": 1, "not_a_regular_file": 1})
    assert kept(whole) == {"one.txt": True}


def test_a_loop_of_links(folder):
    (folder / "deeper").mkdir()
    (folder / "deeper" / "again").symlink_to(folder, target_is_directory=True)
    whole, done = scanned(folder)
    assert done.code == 0
    assert kept(whole) == {"one.txt": True}
    assert whole["summary"]["read_report"]["notes"] == ["1 linked folder not followed"]


def test_invalid_utf8_is_replaced_and_counted(folder):
    (folder / "bad.txt").write_bytes(OTHER.encode() + b" caf\xe9 \xff.")
    whole, done = scanned(folder)
    flawed(whole, done, damaged={"invalid_utf8": 1})
    assert kept(whole) == {"bad.txt": True, "one.txt": True}
    assert "bad.txt" in done.err


def test_utf16_with_a_mark_is_read(folder):
    (folder / "wide.txt").write_bytes(ONE.encode("utf-16"))
    whole, done = scanned(folder)
    assert done.code == 0
    assert [row["relation"] for row in whole["pairs"]] == ["exact"]


def test_nul_bytes_separate_words(folder):
    (folder / "nul.txt").write_bytes(ONE.replace(" ", " \0", 3).encode())
    write_jsonl(folder / "rows.jsonl", {"text": ONE.replace(" ", "\0", 3)})
    whole, done = scanned(folder)
    assert done.code == 0
    assert sorted(row["relation"] for row in whole["pairs"])[:2] == ["exact", "exact"]


def test_a_broken_line_is_named_and_skipped(tmp_path):
    path = write_jsonl(tmp_path / "a.jsonl", {"id": 1, "text": ONE}, '{"id": 2, "te', {"text": "b"})
    whole, done = scanned(path)
    flawed(whole, done, skipped={"broken_json": 1})
    assert whole["summary"]["read_report"]["places"] == {"broken_json": [f"{path}:2"]}
    assert f"{path}:2" in done.err
    assert len(whole["documents"]) == 2
    assert run("scan", path, "--allow-bad").code == 0
    strict = run("scan", path, "--strict", "-o", tmp_path / "out")
    assert strict.code == 4
    assert strict.err == f"dedup: error: {path}:2: not valid JSON (broken_json)\n"
    assert not (tmp_path / "out").exists()


def test_text_that_is_none(tmp_path):
    rows = [{"text": ONE}, {"text": None}, {"id": 3}, {"text": 4}, {"text": [OTHER]}, [1], 42]
    rows += [{"text": OTHER} for _ in range(9)]
    whole, done = scanned(write_jsonl(tmp_path / "a.jsonl", *rows))
    counts = {"missing_text": 2, "not_an_object": 2, "text_not_a_string": 1}
    flawed(whole, done, skipped=counts)
    assert len(whole["documents"]) == 11  # a list of strings is a text in paragraphs


def test_input_without_any_text_column_cannot_be_done(tmp_path):
    done = run("scan", write_jsonl(tmp_path / "a.jsonl", {"id": 1}, {"id": 2}))
    assert done.code == 4
    assert "text column" in done.err
    done = run("scan", write_jsonl(tmp_path / "b.jsonl", {"text": ONE}), "--text-column", "body")
    assert done.code == 4
    assert "'body'" in done.err


def test_columns_are_chosen(tmp_path):
    rows = [{"key": n, "story": ONE, "when": f"2024-01-0{9 - n}"} for n in (1, 2)]
    path = write_jsonl(tmp_path / "a.jsonl", *rows)
    columns = ["--text-column", "story", "--id-column", "key", "--date-column", "when"]
    whole, _ = scanned(path, *columns, "--canonical", "earliest")
    assert kept(whole) == {"1": False, "2": True}
    whole, _ = scanned(path, *columns, "--canonical", "priority:key")
    assert kept(whole) == {"1": True, "2": False}


def test_an_id_that_comes_twice(tmp_path):
    rows = [{"id": "a", "text": ONE}, {"id": "a", "text": OTHER}]
    whole, done = scanned(write_jsonl(tmp_path / "a.jsonl", *rows))
    flawed(whole, done, damaged={"duplicate_id": 1})
    assert kept(whole) == {"a": True, "a#2": True}


def test_short_documents_are_never_lost(tmp_path):
    texts = ["", " \n", "word", "Word!", "other", "", ONE]
    rows = [{"id": n, "text": text} for n, text in enumerate(texts)]
    whole, done = scanned(write_jsonl(tmp_path / "a.jsonl", *rows))
    assert done.code == 0
    assert kept(whole) == {**{str(n): True for n in range(7)}, "3": False}


def test_a_difference_in_case_only_is_an_exact_duplicate(folder):
    (folder / "two.txt").write_text(ONE.upper())
    whole, done = scanned(folder)
    assert done.code == 0
    assert [row["relation"] for row in whole["pairs"]] == ["exact"]
    assert sorted(kept(whole).values()) == [False, True]


def test_truncated_gzip_gives_what_comes_before_the_cut(tmp_path):
    rows = [{"id": n, "text": f"{n} {os.urandom(400).hex()}"} for n in range(400)]
    data = gzip.compress(b"".join(json.dumps(row).encode() + b"\n" for row in rows))
    (tmp_path / "a.jsonl.gz").write_bytes(data[: len(data) // 2])
    whole, done = scanned(tmp_path / "a.jsonl.gz", "--find", "duplicates")
    assert whole["summary"]["read_report"]["files_failed"] == {"truncated_gzip": 1}
    assert done.code == 3
    assert 50 < len(whole["documents"]) < 400


def test_truncated_zstd_gives_what_comes_before_the_cut(tmp_path):
    zstd = pytest.importorskip("backports.zstd")
    rows = [{"id": n, "text": f"{n} {os.urandom(400).hex()}"} for n in range(400)]
    data = zstd.compress(b"".join(json.dumps(row).encode() + b"\n" for row in rows))
    (tmp_path / "a.jsonl.zst").write_bytes(data[: len(data) // 2])
    whole, done = scanned(tmp_path / "a.jsonl.zst", "--find", "duplicates")
    assert whole["summary"]["read_report"]["files_failed"] == {"truncated_zstd": 1}
    assert done.code == 3
    assert len(whole["documents"]) < 400


def test_rows_on_stdin_are_known(tmp_path):
    rows = "id,text\n1,one\n2,two\n"
    assert "2 articles" in run("scan", "-", input=rows).out
    assert run("clean", "-", "-o", tmp_path / "out", input=rows).code == 0
    assert names_in(tmp_path / "out") == ["articles.jsonl", "manifest.json", "provenance.jsonl"]
