"""What `dedup scan` writes and says: files, standard output, colours, signals."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from types import SimpleNamespace

import pyarrow.parquet as pq
import pytest
from articles import FILES, ONE, kept, scanned
from commands import names_in, run, start, write_jsonl

from dedup.cli import running
from dedup.output import tables as sinks
from dedup.schema import CONTRACT, FAMILY_TABLES


def test_a_second_scan_replaces_what_the_first_wrote_and_nothing_else(folder, tmp_path):
    out = tmp_path / "out"
    assert run("scan", folder, "-q", "-o", out, "--format", "parquet").code == 0
    (out / "notes.txt").write_text("mine")
    assert run("scan", folder, "-q", "-o", out, "--find", "duplicates").code == 0
    full = {f"{name}.jsonl" for name in (*FAMILY_TABLES, "stories", "story_members")}
    assert names_in(out) == sorted({*FILES - full, "notes.txt"})
    (out / "pairs.jsonl").write_text("changed")
    done = run("scan", folder, "-q", "-o", out)
    assert done.code == 4
    assert "pairs.jsonl: is there already, and not as an earlier `dedup scan` wrote it" in done.err
    assert (out / "pairs.jsonl").read_text() == "changed"


def test_tables_for_a_spreadsheet_with_their_texts(tmp_path):
    long = " ".join(f"word{n} stands" for n in range(60))
    rows = ({"id": "=1+1", "text": f"{long} one"}, {"id": "b", "text": f"Other. {long} two"})
    path = write_jsonl(tmp_path / "a.jsonl", *rows)
    out = tmp_path / "out"
    made = ("--format", "csv", "--with-text", "--write-rows")
    assert run("scan", path, "-q", "-o", out, *made).code == 0
    documents = (out / "documents.csv").read_bytes()
    assert documents.startswith(b"\xef\xbb\xbfdoc_id,path,")
    assert b"\r\n'=1+1," in documents
    passage = json.loads((out / "passages.jsonl").read_text().splitlines()[0])
    assert passage["text_a"] == rows[0]["text"][passage["start_a"] : passage["end_a"]]
    assert passage["text_a"] in (out / "passages.csv").read_text("utf-8-sig")
    assert (out / "rows.csv").read_text("utf-8-sig").startswith("id,text,dedup\n")
    assert run("scan", path, "-q", "-o", out).code == 0
    assert not list(out.glob("*.csv"))


def test_json_is_what_the_files_say(seeds, tmp_path):
    done = run("scan", seeds, "-o", tmp_path / "out", "--json")
    whole = json.loads(done.bytes)
    assert {each.name for each in (tmp_path / "out").iterdir()} == FILES
    for name in CONTRACT:
        lines = (tmp_path / "out" / f"{name}.jsonl").read_bytes().splitlines()
        assert [json.loads(line) for line in lines] == whole[name]
    assert json.loads((tmp_path / "out" / "summary.json").read_bytes()) == whole["summary"]
    assert done.err.startswith("dedup: wrote documents.jsonl, ")


def test_parquet_holds_the_same(seeds, tmp_path):
    whole, _ = scanned(seeds)
    run("scan", seeds, "-o", tmp_path, "--format", "parquet", "--quiet")
    table = pq.read_table(tmp_path / "passages.parquet")
    assert table.schema.equals(CONTRACT["passages"])
    assert table.to_pylist() == whole["passages"]


def test_the_same_bytes_for_any_number_of_threads(seeds, tmp_path):
    for number in (1, 2, 5):
        run("scan", seeds, "-o", tmp_path / str(number), "--threads", number, "--quiet")
    for name in FILES:
        assert len({(tmp_path / str(n) / name).read_bytes() for n in (1, 2, 5)}) == 1


def test_quiet_says_nothing(seeds, tmp_path):
    for arguments in (["scan", seeds], ["clean", seeds, "-o", tmp_path / "c"]):
        done = run(*arguments, "--quiet")
        assert (done.code, done.out, done.err) == (0, "", "")


@pytest.mark.parametrize("command", ["scan", "clean"])
def test_output_into_the_input_is_refused_before_the_work(folder, command, monkeypatch):
    monkeypatch.setattr("dedup.sources.read", lambda *_: pytest.fail("the input was read"))
    for out in (folder, folder / "out"):
        done = run(command, folder, "-o", out)
        assert done.code == 4
        assert "choose a folder that is no input and in none" in done.err
    assert names_in(folder) == ["one.txt"]


def test_an_output_that_is_a_file_is_refused(folder, tmp_path):
    (tmp_path / "out").write_text("mine")
    done = run("scan", folder, "-o", tmp_path / "out")
    assert done.code == 4
    assert (tmp_path / "out").read_text() == "mine"


@pytest.mark.parametrize(
    ("error", "code"),
    [(OSError(28, "No space left on device"), 4), (running.Stopped(signal.SIGTERM), 143)],
)
def test_nothing_is_left_half_written(folder, tmp_path, monkeypatch, error, code):
    out = tmp_path / "out"
    run("scan", folder, "-o", out)
    before = {each.name: each.read_bytes() for each in out.iterdir()}
    written = sinks.write_table

    def fail(file, table, format, schema):
        written(file, table, format)
        if table.schema.names[0] == "a":
            raise error

    monkeypatch.setattr(sinks, "write_table", fail)
    (folder / "two.txt").write_text(ONE)
    done = run("scan", folder, "-o", out)
    assert done.code == code
    assert {each.name: each.read_bytes() for each in out.iterdir()} == before


@pytest.mark.parametrize(
    ("choice", "env", "coloured"),
    [
        ("auto", {}, False),
        ("auto", {"FORCE_COLOR": "1"}, True),
        ("auto", {"FORCE_COLOR": "1", "NO_COLOR": "1"}, False),
        ("always", {"NO_COLOR": "1"}, True),
        ("never", {"FORCE_COLOR": "1"}, False),
    ],
)
def test_colours(seeds, choice, env, coloured):
    blank = {"NO_COLOR": "", "FORCE_COLOR": "", "COLUMNS": "100"}
    done = run("scan", seeds, "--show", "all", "--color", choice, env={**blank, **env})
    assert ("\x1b[" in done.out) == coloured
    assert ("{groups, said}" in done.out) != coloured


def test_colours_on_a_terminal(monkeypatch):
    monkeypatch.setattr(sys, "stdout", SimpleNamespace(isatty=lambda: True))
    for name in ("NO_COLOR", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm")
    assert running.uses_colour("auto")
    monkeypatch.setenv("NO_COLOR", "1")
    assert not running.uses_colour("auto")
    monkeypatch.setenv("NO_COLOR", "")
    monkeypatch.setenv("TERM", "dumb")
    assert not running.uses_colour("auto")


def test_the_width_of_the_terminal_is_used(seeds):
    narrow = run("scan", seeds, "--show", "all", env={"COLUMNS": "60"}).out
    wide = run("scan", seeds, "--show", "all", env={"COLUMNS": "140"}).out
    assert max(map(len, narrow.splitlines())) == 60
    assert max(map(len, wide.splitlines())) == 140


def test_compiling_is_said_once(monkeypatch, capsys):
    tellers = []
    monkeypatch.setattr("dedup.kernels._jit.on_compile", tellers.append)
    running.announce_compiling.cache_clear()
    running.announce_compiling()
    running.announce_compiling()
    assert len(tellers) == 1
    tellers[0]()
    tellers[0]()
    assert capsys.readouterr().err == f"{running.COMPILING}\n"


# Streams and signals


def test_stdin_is_read():
    lines = "".join(json.dumps({"id": n, "text": ONE}) + "\n" for n in "ab")
    whole, done = scanned("-", input=lines)
    assert done.code == 0
    assert sorted(kept(whole)) == ["a", "b"]
    whole, _ = scanned("-", "--input-format", "csv", input=f'id,text\n7,"{ONE}"\n')
    assert kept(whole) == {"7": True}
    whole, _ = scanned("-", input=ONE)
    assert kept(whole) == {"-": True}


@pytest.mark.parametrize("more", [[], ["--json"]])
def test_a_closed_pipe_is_no_error(seeds, more):
    process = start("scan", seeds, *more)
    process.stdout.close()
    error = process.stderr.read()
    process.stdin.close()
    process.stderr.close()
    assert process.wait(60) == 0
    assert b"Traceback" not in error
    assert b"BrokenPipe" not in error


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_ends_it_in_order(tmp_path, number, code):
    process = start("scan", "-", "-o", tmp_path / "out")
    # More than a pipe holds: when all is written, the process is at work.
    process.stdin.write(b"A line of text that is read.\n" * 20_000)
    process.stdin.flush()
    process.send_signal(number)
    assert process.wait(60) == code
    assert b"Traceback" not in process.stderr.read()
    for stream in (process.stdin, process.stdout, process.stderr):
        stream.close()
    assert not (tmp_path / "out").exists()


def test_text_that_the_terminal_cannot_show_is_replaced(seeds):
    env = {**os.environ, "PYTHONIOENCODING": "ascii", "COLUMNS": "80"}
    done = subprocess.run(
        [sys.executable, "-m", "dedup", "scan", str(seeds), "--show", "all"],
        capture_output=True,
        env=env,
    )
    assert done.returncode == 0, done.stderr
    assert b"derived" in done.stdout
