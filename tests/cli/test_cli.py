"""The command line: exit codes, bad input, output files, signals, pipes."""

from __future__ import annotations

import gzip
import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from commands import names_in, run, start, write_jsonl

from dedup import cli
from dedup.cli import options, running, scanning
from dedup.config import Config
from dedup.output import tables as sinks
from dedup.schema import CONTRACT, MORE, NAMED
from dedup.sources.options import KNOWN_NAMES

ONE = (
    "The council met on Monday and agreed to mend the old stone bridge before the winter comes. "
    "Farmers in the valley say that they have waited for it since the flood of two years ago.\n"
)
OTHER = (
    "A ship ran aground near the northern cape on Tuesday night, and its crew of eleven was saved "
    "by fishermen who had seen the lights from the harbour wall.\n"
)
FILES = {f"{name}.jsonl" for name in {**CONTRACT, **NAMED, "losses": None}} | {
    *("summary.json", "inputs.json", "written.json"),
}


def scanned(*arguments, input=None):
    """Return what a scan with --json says, and the run."""
    done = run("scan", *arguments, "--json", input=input)
    return json.loads(done.bytes), done


def kept(whole):
    return {row["doc_id"]: row["kept"] for row in whole["documents"]}


@pytest.fixture
def folder(tmp_path):
    """A folder with one good article."""
    made = tmp_path / "in"
    made.mkdir()
    (made / "one.txt").write_text(ONE)
    return made


# Help, version, imports


@pytest.mark.parametrize(
    "arguments",
    [["--help"], ["--version"], ["scan", "--help"], ["filter", "--help"], ["index", "--help"], []],
)
def test_help_imports_nothing_heavy(arguments):
    code = (
        "import sys; from dedup.cli import root\n"
        "try: root.main(sys.argv[1:])\n"
        "except SystemExit as end: assert not end.code, end.code\n"
        "heavy = {'numpy', 'numba', 'pyarrow', 'tqdm', 'orjson'} & set(sys.modules)\n"
        "sys.exit(f'imported {heavy}' if heavy else 0)"
    )
    done = subprocess.run([sys.executable, "-c", code, *arguments], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "dedup" in done.stdout


def test_importing_the_package_imports_nothing_heavy():
    code = (
        "import sys, dedup; dedup.Config; dedup.DedupError; dir(dedup)\n"
        "sys.exit(bool({'numpy', 'numba', 'pyarrow'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


def test_a_scan_for_duplicates_loads_no_more_than_it_needs(folder):
    code = (
        "import sys; from dedup.cli import main\n"
        "try: main()\n"
        "except SystemExit as end: assert not end.code, end.code\n"
        "left_out = {'pandas', 'scipy', 'tqdm', 'datasketch'}\n"
        "left_out |= {'dedup.pipeline.full', 'dedup.report'}\n"
        "sys.exit(f'imported {loaded}' if (loaded := left_out & set(sys.modules)) else 0)"
    )
    command = [sys.executable, "-c", code, "scan", folder, "--find", "duplicates", "--quiet"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_every_setting_is_an_option_of_every_command_that_scans():
    for name in ("scan", "clean", "compare"):
        known = {param.name: param for param in cli.root.commands[name].params}
        for field in Config.__dataclass_fields__.values():
            assert field.metadata["help"] in known[field.name].help


def test_the_names_that_are_written_twice_are_the_same():
    assert {*options.ROLES, "priority"} == set(KNOWN_NAMES)


# Settings


def test_settings_reach_the_result(folder):
    whole, _ = scanned(
        folder, "--find", "duplicates,repeats", "--num-perm", 64, "--threshold", 0.8,
        "--no-boilerplate", "--drop-tags", "caption", "--drop-tags", "byline",
        "--canonical", "longest", "--weak",
    )  # fmt: skip
    config = whole["summary"]["config"]
    assert config["find"] == ["duplicates", "repeats"]
    assert (config["num_perm"], config["threshold"]) == (64, 0.8)
    assert (config["boilerplate"], config["weak"]) == (False, True)
    assert config["drop_tags"] == ["caption", "byline"]
    assert config["canonical"] == "longest"
    assert config["shingle_size"] == Config().shingle_size


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["scan"], "Missing argument 'PATH...'"),
        (["scan", "x", "--nonsense"], "No such option"),
        (["nonsense"], "No such command"),
        (["scan", "x", "--threshold", "1.5"], "--threshold: got 1.5, allowed is a number from"),
        (["scan", "x", "--num-perm", "many"], "--num-perm"),
        (["scan", "x", "--find", "nothing"], "--find: got 'nothing', allowed is any of"),
        (["scan", "x", "--shingle-unit", "line"], "--shingle-unit"),
        (["scan", "x", "--canonical", "best"], "--canonical: got 'best'"),
        (["scan", "x", "--bands", "4"], "--bands, --rows: give both or neither, not 4 and 0"),
        (["scan", "x", "--fail-on-duplicates", "--find", "repeats"], "--fail-on-duplicates"),
        (["clean", "x"], "Missing option '--output'"),
        (["compare", "x"], "Missing argument 'B'"),
        (["evaluate", "x"], "Missing option '--labels'"),
    ],
)
def test_wrong_usage_is_one_line_and_exit_2(arguments, said):
    done = run(*arguments)
    assert done.code == 2
    assert said in done.err
    assert done.err.startswith("dedup: error: ")
    assert done.err.count("\n") == 1
    assert not done.out


# Exit codes


def test_a_clean_run_says_nothing_on_stderr(folder, tmp_path):
    run("scan", folder)  # whatever is to be compiled is compiled now
    done = run("scan", folder)
    assert (done.code, done.err) == (0, "")
    assert "1 read = 1 kept + 0 removed + 0 skipped" in done.out


def test_the_fast_path_has_a_view(folder):
    (folder / "two.txt").write_text(ONE.upper())
    done = run("scan", folder, "--find", "duplicates")
    assert done.code == 0
    assert "2 read = 1 kept + 1 removed + 0 skipped" in done.out


def test_duplicates_fail_only_when_asked_to(folder):
    assert run("scan", folder, "--fail-on-duplicates").code == 0
    (folder / "two.txt").write_text(ONE.upper())
    assert run("scan", folder).code == 0
    assert run("scan", folder, "--fail-on-duplicates").code == 1


@pytest.mark.parametrize("command", [["scan"], ["compare", "x.txt"], ["clean", "-o", "out"]])
def test_a_missing_path_cannot_be_done(command, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("x.txt").write_text(ONE)
    done = run(*command, "nowhere.txt")
    assert done.code == 4
    assert done.err == "dedup: error: nowhere.txt: no such file or folder\n"
    assert names_in(Path()) == ["x.txt"]


def test_running_out_of_memory_is_no_traceback(folder, monkeypatch):
    def fail(*_, **__):
        raise MemoryError

    monkeypatch.setattr("dedup.api.runs.scan_reader", fail)
    done = run("scan", folder)
    assert (done.code, done.err) == (4, "dedup: error: out of memory\n")


def test_what_nobody_foresaw_is_one_line_and_exit_4(folder, monkeypatch):
    def fail(*_, **__):
        raise ZeroDivisionError("by zero")

    monkeypatch.setattr("dedup.api.runs.scan_reader", fail)
    done = run("scan", folder)
    assert done.code == 4
    assert done.err.count("\n") == 1
    assert "a fault of dedup, not of yours: ZeroDivisionError: by zero in test_cli.py:" in done.err
    assert (
        "please report it with what the same command prints after `DEDUP_TRACEBACK=1`" in done.err
    )
    told = run("scan", folder, env={"DEDUP_TRACEBACK": "1"})
    assert told.code == 4


def test_a_second_scan_replaces_what_the_first_wrote_and_nothing_else(folder, tmp_path):
    out = tmp_path / "out"
    assert run("scan", folder, "-q", "-o", out, "--format", "parquet").code == 0
    (out / "notes.txt").write_text("mine")
    assert run("scan", folder, "-q", "-o", out, "--find", "duplicates").code == 0
    assert names_in(out) == sorted({*FILES, "notes.txt"})
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


def test_what_is_no_index_is_left_alone(tmp_path):
    lines = write_jsonl(tmp_path / "a.jsonl", {"id": "a", "text": "One."})
    for data in (b"some text", b"SQLite format 3\0" + bytes(200)):
        (tmp_path / "seen").write_bytes(data)
        done = run("filter", lines, "-i", tmp_path / "seen", "-q")
        assert done.code == 4
        assert "not a dedup index" in done.err
        assert names_in(tmp_path) == ["a.jsonl", "seen"]
        assert (tmp_path / "seen").read_bytes() == data


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


def test_a_cleaned_folder_keeps_its_tree_and_the_name_of_the_text(tmp_path):
    for name in ("2025/a.txt", "2026/a.txt"):
        (tmp_path / "in" / name).parent.mkdir(parents=True)
        (tmp_path / "in" / name).write_text(f"Text of {name}.")
    out = tmp_path / "out"
    assert run("clean", tmp_path / "in", "-q", "-o", out).code == 0
    assert (out / "articles/2025/a.txt").read_text() == "Text of 2025/a.txt."
    shutil.rmtree(tmp_path / "in" / "2025")
    assert run("clean", tmp_path / "in", "-q", "-o", out).code == 0
    assert names_in(out / "articles") == ["2026"]
    rows = write_jsonl(tmp_path / "a.jsonl", {"k": 1, "maintext": "=One."})
    assert run("clean", rows, "-q", "-o", tmp_path / "rows", "--format", "csv").code == 0
    assert (tmp_path / "rows/articles.csv").read_bytes().startswith(b"\xef\xbb\xbfk,maintext,")
    assert b",'=One.," in (tmp_path / "rows/articles.csv").read_bytes()
    assert run("restore", tmp_path / "rows", "-q", "-o", tmp_path / "back").code == 0
    assert json.loads((tmp_path / "back/restored.jsonl").read_text()) == {
        "k": 1,
        "maintext": "=One.",
    }


def test_an_error_cannot_steer_the_terminal(tmp_path):
    done = run("scan", tmp_path / "a\x1b[31m\nb.txt")
    assert done.code == 4
    assert "\x1b" not in done.err
    assert done.err.count("\n") == 1


# Bad input


def test_an_empty_folder_is_done_and_said(tmp_path):
    done = run("scan", tmp_path, "-o", tmp_path.parent / "out")
    assert done.code == 0
    assert "no file to read" in done.err
    assert "0 read = 0 kept + 0 removed + 0 skipped" in done.out
    assert {each.name for each in (tmp_path.parent / "out").iterdir()} == FILES


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
    assert whole["summary"]["read_report"]["notes"] == ["1 linked folders not followed"]


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


# Output


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
    blank = {"NO_COLOR": "", "FORCE_COLOR": ""}
    done = run("scan", seeds, "--color", choice, env={**blank, **env})
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
    narrow = run("scan", seeds, env={"COLUMNS": "60"}).out
    wide = run("scan", seeds, env={"COLUMNS": "140"}).out
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


@pytest.mark.parametrize(
    ("terminal", "size", "drawn"),
    [(True, running.LONG_WORK, True), (True, 1000, False), (False, running.LONG_WORK, False)],
)
def test_a_bar_is_drawn_for_long_work_on_a_terminal(monkeypatch, capsys, terminal, size, drawn):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: terminal)
    with running.progress_bar(size, bar_format=scanning.STAGES_BAR) as bar:
        step = running.stage_progress(bar)
        step("tokens", 0, 2)
        step("passages", 1, 2)
        step("done", 2, 2)
    said = capsys.readouterr().err
    assert bool(said) == drawn
    assert ("passages" in said and "1/2 stages" in said) == drawn


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
        [sys.executable, "-m", "dedup", "scan", str(seeds)], capture_output=True, env=env
    )
    assert done.returncode == 0, done.stderr
    assert b"derived" in done.stdout


# The other commands


def test_cleaned_seeds_come_back_byte_for_byte(seeds, tmp_path):
    done = run("clean", seeds, "-o", tmp_path / "clean")
    assert done.code == 0
    assert "5 read = 5 kept + 0 removed + 0 skipped" in done.out
    names = {each.name for each in seeds.iterdir()}
    assert {each.name for each in (tmp_path / "clean" / "articles").iterdir()} == names
    teasers = (tmp_path / "clean" / "articles" / "002_7037d430e6518620.txt").read_text()
    assert "[…]" not in teasers
    back = run("restore", tmp_path / "clean")
    assert back.code == 0
    assert "5 articles restored" in back.out
    assert "the text that was read, byte for byte" in back.out
    for name in names:
        assert (tmp_path / "clean-restored" / name).read_bytes() == (seeds / name).read_bytes()


def test_odd_encodings_come_back_byte_for_byte(tmp_path):
    odd = {
        "utf16.txt": ONE.encode("utf-16"),
        "bom.txt": b"\xef\xbb\xbf" + OTHER.encode(),
        "bad.txt": ("Another one. " + OTHER).encode() + b"\xff\xfe caf\xe9\r\n",
        "crlf.txt": ONE.replace(". ", ".\r\n\r\n").encode() + b"Share this article\r\n\x00",
        "empty.txt": b"",
    }
    (tmp_path / "in").mkdir()
    for name, data in odd.items():
        (tmp_path / "in" / name).write_bytes(data)
    done = run("clean", tmp_path / "in", "-o", tmp_path / "clean", "--all", "--allow-bad")
    assert done.code == 0, done.err
    assert run("restore", tmp_path / "clean", "-o", tmp_path / "back").code == 0
    assert {each.name: each.read_bytes() for each in (tmp_path / "back").iterdir()} == odd


def test_only_the_canonical_is_written_unless_all_is_asked_for(folder, tmp_path):
    (folder / "two.txt").write_text(f"{ONE}\nShare on Facebook\n")
    run("clean", folder, "-o", tmp_path / "some")
    run("clean", folder, "-o", tmp_path / "all", "--all")
    assert len(names_in(tmp_path / "some" / "articles")) == 1
    assert len(names_in(tmp_path / "all" / "articles")) == 2
    entries = (tmp_path / "some" / "provenance.jsonl").read_text().splitlines()
    assert [bool(json.loads(line)["duplicate_of"]) for line in entries].count(True) == 1
    assert "1 had not been written" in run("restore", tmp_path / "some").out


@pytest.mark.parametrize("given", [".", "articles", "articles/*.txt", "link", "elsewhere"])
def test_clean_never_writes_over_what_it_reads(seeds, tmp_path, monkeypatch, given):
    shutil.copytree(seeds, tmp_path / "articles")
    (tmp_path / "link").symlink_to("articles")
    (tmp_path / "elsewhere").mkdir()
    for path in (tmp_path / "articles").iterdir():
        (tmp_path / "elsewhere" / path.name).symlink_to(path)
    monkeypatch.chdir(tmp_path)
    done = run("clean", given, "-o", ".")
    assert done.code == 4
    assert "the input" in done.err
    for path in seeds.iterdir():
        assert (tmp_path / "articles" / path.name).read_bytes() == path.read_bytes()
    assert sorted(each.name for each in tmp_path.iterdir()) == ["articles", "elsewhere", "link"]


def test_clean_replaces_no_foreign_file(folder, tmp_path):
    (tmp_path / "out" / "articles").mkdir(parents=True)
    (tmp_path / "out" / "articles" / "one.txt").write_text("mine")
    done = run("clean", folder, "-o", tmp_path / "out")
    assert done.code == 4
    assert "is there already" in done.err
    assert (tmp_path / "out" / "articles" / "one.txt").read_text() == "mine"


@pytest.mark.parametrize("command", ["scan", "clean", "restore"])
def test_an_output_without_a_name_is_wrong_usage(folder, command):
    done = run(command, folder, "-o", "")
    assert done.code == 2
    assert "the name of the folder is empty" in done.err


def test_rows_come_back_as_they_were(tmp_path):
    rows = [
        {"url": "https://a.org/1", "articleBody": f"{ONE}\n\nShare on Facebook\n", "n": 1},
        {"url": "https://a.org/2", "articleBody": OTHER, "doc_id": None},
    ]
    run("clean", write_jsonl(tmp_path / "a.jsonl", *rows), "-o", tmp_path / "out")
    assert run("restore", tmp_path / "out").code == 0
    back = (tmp_path / "out-restored" / "restored.jsonl").read_text().splitlines()
    assert [list(json.loads(line).items()) for line in back] == [list(row.items()) for row in rows]


def test_rows_keep_their_columns(tmp_path):
    row = {"id": 7, "title": "Bridge", "text": f"{ONE}\n\nShare on Facebook\n"}
    run("clean", write_jsonl(tmp_path / "a.jsonl", row), "-o", tmp_path / "out")
    cleaned = json.loads((tmp_path / "out" / "articles.jsonl").read_text())
    assert cleaned["title"] == "Bridge"
    assert "Facebook" not in cleaned["text"]


@pytest.mark.parametrize("find", ["duplicates", "duplicates,passages,repeats"])
def test_parquet_rows_keep_their_types(tmp_path, find):
    table = pa.table(
        {
            "n": pa.array([1, 2], pa.int16()),
            "text": [ONE, OTHER],
            "when": pa.array([0, 1], pa.timestamp("ms")),
        }
    )
    pq.write_table(table, tmp_path / "in.parquet")
    for given in ([], ["--annotate"]):
        out = tmp_path / f"out{len(given)}"
        done = run("clean", tmp_path / "in.parquet", "-o", out, "--format", "parquet",
                   "--find", find, *given)  # fmt: skip
        assert done.code == 0, done.err
        got = pq.read_table(out / "articles.parquet")
        assert got.drop_columns(["dedup"]).equals(table)


def test_annotated_rows_lose_nothing(tmp_path):
    rows = [{"k": 1, "id": "a", "body": f"{ONE}\n\nShare on Facebook\n"},
            {"k": float("nan"), "id": "b", "body": ONE.upper()}]  # fmt: skip
    path = write_jsonl(tmp_path / "a.jsonl", *rows)
    done = run("clean", path, "-o", tmp_path / "out", "--annotate")
    assert done.code == 0
    assert "2 rows written to" in done.out
    assert "1 marked as kept, 1 as not" in done.out
    assert "nothing was removed" in done.out
    written = [
        json.loads(line) for line in (tmp_path / "out/articles.jsonl").read_text().splitlines()
    ]
    assert [list(row) for row in written] == [["k", "id", "body", "dedup"]] * 2
    assert [row["body"] for row in written] == [row["body"] for row in rows]
    assert sorted(row["dedup"]["kept"] for row in written) == [False, True]
    back = run("restore", tmp_path / "out")
    assert "2 articles restored" in back.out
    assert "nothing had been cut from them" in back.out
    assert (tmp_path / "out-restored/restored.jsonl").read_text() == path.read_text().replace(
        ": ", ":").replace(", \"", ",\"")  # fmt: skip


def test_a_whole_text_cannot_be_annotated(folder, tmp_path):
    done = run("clean", folder, "-o", tmp_path / "out", "--annotate")
    assert done.code == 2
    assert "--annotate: " in done.err
    assert "one.txt: a whole text has no columns" in done.err
    assert "a whole text has no columns to annotate" in done.err
    assert not (tmp_path / "out").exists()


def test_restore_refuses_what_is_no_cleaned_folder(folder, tmp_path):
    done = run("restore", folder)
    assert done.code == 4
    assert "is this a folder of `dedup clean`?" in done.err
    run("clean", folder, "-o", tmp_path / "clean")
    (tmp_path / "clean" / "articles" / "one.txt").write_text("edited")
    done = run("restore", tmp_path / "clean", "-o", tmp_path / "back")
    assert done.code == 4
    assert "was changed after cleaning" in done.err
    assert not list(tmp_path.glob("back/*"))


def test_compare_explains_a_pair(seeds):
    first, _, third, _, last = sorted(seeds.iterdir())
    done = run("compare", third, last)
    assert done.code == 0
    assert done.out.startswith("Shares a passage\n")
    assert "cleanse {that} wound" in done.out
    done = run("compare", last, first, "--json")
    assert json.loads(done.bytes)["pairs"][0]["relation"] == "derived"
    done = run("compare", first, sorted(seeds.iterdir())[3])
    assert "Nothing in common" in done.out


def test_compare_takes_one_article_each(folder, tmp_path):
    path = write_jsonl(tmp_path / "a.jsonl", {"text": ONE}, {"text": OTHER})
    done = run("compare", path, folder / "one.txt")
    assert done.code == 4
    assert "compare needs one article here, and there are 2" in done.err
    (tmp_path / "b.txt").write_bytes(b"\0\1\2\3" * 999)
    done = run("compare", folder / "one.txt", tmp_path / "b.txt")
    assert done.code == 4
    assert "the file is not text" in done.err


def test_the_keys_of_the_json_object_are_documented(seeds):
    page = (Path(__file__).resolve().parents[2] / "docs" / "output.md").read_text("utf-8")
    section = page.split("## The object of --json\n")[1].split("\n## ")[0]
    whole, _ = scanned(seeds)
    for key in set(whole) - {"documents", "pairs", "passages", "repeats", "summary"}:
        row = section.split(f"| `{key}` |")[1].split("\n")[0]
        if not isinstance(whole[key], list):
            continue
        # The seeds lose nothing: the columns of a loss are those of the contract.
        for column in MORE["losses"].names if key == "losses" else whole[key][0]:
            assert f"`{column}`" in row


def test_compare_cannot_read_stdin_twice():
    done = run("compare", "-", "-", input=ONE)
    assert done.code == 2
    assert "stdin can be read once only" in done.err


def test_rows_on_stdin_are_known(tmp_path):
    rows = "id,text\n1,one\n2,two\n"
    assert "2 articles" in run("scan", "-", input=rows).out
    assert run("clean", "-", "-o", tmp_path / "out", input=rows).code == 0
    assert names_in(tmp_path / "out") == ["articles.jsonl", "manifest.json", "provenance.jsonl"]


def test_compare_names_files_of_one_name_by_their_paths(folder, tmp_path):
    (tmp_path / "one.txt").write_text(OTHER)
    done = run("compare", folder / "one.txt", tmp_path / "one.txt")
    assert done.code == 0
    assert f"{folder.name}/one.txt" in done.out


def test_evaluate_scores_a_result(folder, tmp_path):
    (folder / "two.txt").write_text(ONE.upper())
    (folder / "three.txt").write_text(OTHER)
    run("scan", folder, "-o", tmp_path / "out")
    rows = [{"id": f"{name}.txt", "cluster": "x"} for name in ("one", "two")]
    labels = write_jsonl(tmp_path / "labels.jsonl", *rows, {"id": "three.txt", "cluster": "y"})
    done = run("evaluate", "--labels", labels, tmp_path / "out")
    assert done.code == 0
    assert "adjusted Rand  1.0000" in done.out
    figures = json.loads(run("evaluate", "--labels", labels, tmp_path / "out", "--json").bytes)
    assert figures["clusters"]["f1"] == 1
    labels = write_jsonl(tmp_path / "pairs.jsonl", {"a": "one.txt", "b": "two.txt", "label": "cut"})
    done = run(
        "evaluate", "--labels", labels, tmp_path / "out", "--pairs-from", "exact", "--only-listed"
    )
    assert "recall         1.0000" in done.out


def test_evaluate_without_labels_or_result_cannot_be_done(tmp_path):
    done = run("evaluate", "--labels", tmp_path / "none.jsonl", tmp_path)
    assert done.code == 4
    assert "none.jsonl" in done.err
    labels = write_jsonl(tmp_path / "l.jsonl", {"id": "a", "cluster": "x"})
    done = run("evaluate", "--labels", labels, tmp_path / "nowhere")
    assert done.code == 4
    done = run("evaluate", "--labels", labels, tmp_path, "--pairs-from", "kin")
    assert done.code == 2
    assert "--pairs-from: got 'kin'" in done.err
