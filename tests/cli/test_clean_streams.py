"""`dedup clean` of what is not held in memory: the same bytes, runs that go on, changed inputs."""

from __future__ import annotations

import hashlib
import json
import os

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from commands import run
from prose import LIBRARY
from scan_rows import FAST, made, typed, write_jsonl

import dedup
from dedup.cli import running
from dedup.output import cleaned
from dedup.output.cleaned import restore_directory, row_files, write_cleaned
from dedup.sources import ReadOptions, read

SAFE = ("-q", "--allow-bad", "--suspicious-share", "1")


def bytes_in(folder):
    """Return the hash of each file of a folder."""
    files = (path for path in folder.rglob("*") if path.is_file())
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in files
    }


def rows_with_widgets(count=120):
    rows = made(count)
    for row in rows[::5]:
        row["text"] += "\n\nShare on Facebook\n\nSubscribe to our newsletter\n"
    return rows


@pytest.fixture
def inputs(tmp_path):
    """Return a folder of whole files, of rows, and of rows with types."""
    folder, rows = tmp_path / "in", rows_with_widgets()
    folder.mkdir()
    write_jsonl(folder / "a.jsonl.gz", rows[:50])
    pq.write_table(typed(rows[50:90]), folder / "b.parquet", row_group_size=17)
    for row in rows[90:]:
        (folder / f"{row['n']}.txt").write_text(row["text"])
    return folder


@pytest.mark.parametrize("find", [(), FAST])
@pytest.mark.parametrize("format", ["auto", "parquet"])
def test_bytes_do_not_depend_on_memory(tmp_path, inputs, format, find):
    """The twin holds everything in memory."""
    seen = []
    for number, how in enumerate(([], ["--memory", "1MB"], ["--work", tmp_path / "work"])):
        out = tmp_path / f"out{number}"
        done = run("clean", inputs, *how, *find, *SAFE, "--all", "-o", out, "--format", format)
        assert done.code == 0, done.err
        seen.append(bytes_in(out))
    assert not (tmp_path / "work").exists()
    options = ReadOptions(keep_record=True, keep_columns=format == "parquet")
    settings = {"find": ["duplicates"]} if find else {}
    write_cleaned(dedup.scan(read([str(inputs)], options), **settings), tmp_path / "held",
                  format=format, everything=True)  # fmt: skip
    seen.append(bytes_in(tmp_path / "held"))
    assert all(each == seen[0] for each in seen)
    assert len(seen[0]) > 2
    counts = restore_directory(tmp_path / "out0", tmp_path / "back")
    assert counts["restored"] == 120


@pytest.mark.parametrize("format", ["jsonl", "parquet"])
def test_bytes_do_not_depend_on_how_many_documents_are_taken_at_a_time(
    tmp_path, inputs, monkeypatch, format
):
    run("clean", inputs, *SAFE, "-o", tmp_path / "one", "--format", format)
    monkeypatch.setattr(cleaned, "_RUN_BYTES", 9_000)
    monkeypatch.setattr("dedup.output.cleaned.originals._MOST_OPEN", 1)
    monkeypatch.setattr("dedup.output.cleaned.originals._HASHED_BYTES", 1_000)
    monkeypatch.setattr("dedup.output.cleaned.known._FEW_WORDS", 1)
    monkeypatch.setattr("dedup.core.storage._WINDOW", 0)
    run("clean", inputs, *SAFE, "--memory", "1MB", "-o", tmp_path / "two", "--format", format)
    assert bytes_in(tmp_path / "one") == bytes_in(tmp_path / "two")


def test_groups_of_rows_are_as_large_as_they_may_be(tmp_path, monkeypatch):
    path = write_jsonl(tmp_path / "a.jsonl", rows_with_widgets(100))
    monkeypatch.setattr(row_files, "GROUP_ROWS", 30)
    run("clean", path, *SAFE, "--all", "-o", tmp_path / "out", "--format", "parquet")
    written = pq.ParquetFile(tmp_path / "out" / "articles.parquet").metadata
    sizes = [written.row_group(each).num_rows for each in range(written.num_row_groups)]
    assert sizes == [30, 30, 30, 10]
    monkeypatch.setattr(row_files, "GROUP_BYTES", 1)
    monkeypatch.setattr(cleaned, "_RUN_BYTES", 9_000)
    run("clean", path, *SAFE, "--all", "-o", tmp_path / "out", "--format", "parquet")
    assert pq.ParquetFile(tmp_path / "out" / "articles.parquet").num_row_groups > 10


def test_a_column_whose_type_turns_out_late_becomes_text(tmp_path):
    values = ({"b": True}, {"b": 0.5}, None)
    rows = [{"id": str(n), "text": f"{LIBRARY} {n}", "s": each} for n, each in enumerate(values)]
    path = write_jsonl(tmp_path / "a.jsonl", rows)
    done = run("clean", path, *FAST, *SAFE, "--all", "-o", tmp_path / "out", "--format", "parquet")
    assert done.code == 0
    table = pq.read_table(tmp_path / "out" / "articles.parquet")
    assert table["id"].to_pylist() == ["0", "1", "2"]
    assert restore_directory(tmp_path / "out", tmp_path / "back")["rows"] == 3


@pytest.mark.parametrize("format", ["jsonl", "parquet"])
@pytest.mark.parametrize("form", ["jsonl", "parquet"])
def test_stdin_is_cleaned_as_the_file_is(tmp_path, form, format):
    rows, path = rows_with_widgets(60), tmp_path / f"a.{form}"
    if form == "jsonl":
        write_jsonl(path, rows)
    else:
        pq.write_table(typed(rows), path)
    made = []
    given = ([path], ["-", "--input-format", form, "--memory", "1MB"])
    for number, each in enumerate(given):
        out = tmp_path / f"out{number}"
        done = run("clean", *each, *SAFE, "-o", out, "--format", format, input=path.read_bytes())
        assert done.code == 0, done.err
        path_of = out / f"articles.{format}"
        made.append(pq.read_table(path_of) if format == "parquet" else path_of.read_bytes())
    assert made[0] == made[1]


STOPS = {
    "scan": "dedup.pipeline.full.find_passages",
    "reading": "dedup.output.cleaned.originals.Reread._add",
    "writing": "dedup.output.cleaned._Writer.finish",
}


@pytest.mark.parametrize("stdin", [False, True])
@pytest.mark.parametrize("place", STOPS)
def test_a_run_that_was_stopped_goes_on(tmp_path, monkeypatch, place, stdin):
    def stop(*_, **__):
        raise running.Stopped(15)

    path = write_jsonl(tmp_path / "a.jsonl", rows_with_widgets())
    source = ("-", "--input-format", "jsonl") if stdin else (path,)
    given = ("clean", *source, *SAFE[1:], "--work", tmp_path / "work", "-o")
    run("clean", path, *SAFE, "-o", tmp_path / "whole")
    out = tmp_path / "out"
    with monkeypatch.context() as patched:
        patched.setattr(STOPS[place], stop)
        done = run(*given, out, input=path.read_bytes())
    assert done.code == 143
    assert "no article is written before all are done" in done.err
    assert not out.exists()
    done = run(*given, out, input=b"")
    assert done.code == 0
    assert "goes on after" in done.err
    wanted, got = bytes_in(tmp_path / "whole"), bytes_in(out)
    assert got["articles.jsonl"] == wanted["articles.jsonl"]
    assert stdin or got == wanted
    assert not (tmp_path / "work").exists()


CHANGES = {
    "fewer rows": lambda rows: rows[:-1],
    "more rows": lambda rows: [*rows, {"id": "new", "text": "Another."}],
    "another id": lambda rows: [*rows[:-1], {**rows[-1], "id": "new"}],
    "another text": lambda rows: [{**rows[0], "text": rows[0]["text"].swapcase()}, *rows[1:]],
}


@pytest.mark.parametrize("format", ["jsonl", "parquet"])
@pytest.mark.parametrize("find", [(), FAST])
@pytest.mark.parametrize("hidden", [False, True])
@pytest.mark.parametrize("kind", CHANGES)
def test_an_input_that_was_changed_is_named(tmp_path, monkeypatch, kind, hidden, find, format):
    from dedup.api import runs

    rows, scan = made(12), runs.scan_files
    path = write_jsonl(tmp_path / "a.jsonl", rows[:6])
    other = write_jsonl(tmp_path / "b.jsonl", rows[6:])

    def scanned(*given):
        result = scan(*given)
        before = path.stat()
        write_jsonl(path, CHANGES[kind](rows[:6]))
        if hidden:
            os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
        return result

    monkeypatch.setattr(runs, "scan_files", scanned)
    if hidden:
        monkeypatch.setattr("dedup.output.cleaned.rereading.Rereading.check", lambda self: None)
    out = tmp_path / "out"
    done = run("clean", path, other, *find, "--allow-bad", "-o", out, "--format", format)
    assert done.code == 4
    said = "was changed while dedup was at work; run the command again"
    unnamed = hidden and find and kind == "another text"  # the texts of a fast scan are not held
    assert done.err.splitlines()[-1] == f"dedup: error: {'' if unnamed else f'{path}: '}{said}"
    assert not out.exists()


def test_memory_and_work_are_for_the_local_engine(tmp_path):
    path = write_jsonl(tmp_path / "a.jsonl", made(3))
    for option in (("--memory", "1GB"), ("--work", tmp_path / "work")):
        done = run("clean", path, "-o", tmp_path / "out", "--engine", "spark", *option)
        assert done.code == 2
        assert f"{option[0]} does not go with --engine spark" in done.err


def test_ids_that_occur_again_keep_their_rows(tmp_path):
    rows = [{"id": "x", "n": n, "text": f"{LIBRARY} {'abc'[n] * 9}"} for n in range(3)]
    path = write_jsonl(tmp_path / "a.jsonl", rows)
    for find in ((), FAST):
        out = tmp_path / f"out{len(find)}"
        assert run("clean", path, *find, *SAFE, "--all", "-o", out).code == 0
        written = map(json.loads, (out / "articles.jsonl").read_text().splitlines())
        pairs = {each["n"]: each["text"] for each in written}
        assert pairs == {row["n"]: row["text"] for row in rows}


def test_the_library_takes_memory_and_a_work_folder(tmp_path):
    path = write_jsonl(tmp_path / "a.jsonl", rows_with_widgets(60))
    whole = dedup.clean(path)
    work, out = tmp_path / "work", tmp_path / "out"
    assert dedup.clean(path, memory="1MB", work=work, out=out) == whole
    assert not work.exists()
    assert run("clean", path, *SAFE, "-o", tmp_path / "command").code == 0
    assert bytes_in(out) == bytes_in(tmp_path / "command")
    assert dedup.clean([str(path)], everything=True) != whole
    table = pa.table({"text": ["One text.", "One text!"]})
    assert dedup.clean(table, memory="1MB", work=work) == dedup.clean(table)
    assert not work.exists()
