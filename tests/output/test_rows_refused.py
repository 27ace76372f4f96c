"""The rows that a scan writes: wrong usage, and inputs that change while it runs."""

from __future__ import annotations

import json
import zipfile

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from prose import LIBRARY
from scan_rows import FAST, lines, made, run, typed, write_jsonl


@pytest.mark.parametrize("option", ["--write-rows", "--annotate"])
def test_rows_need_a_folder(tmp_path, option):
    path = write_jsonl(tmp_path / "a.jsonl", made(3))
    done = run(path, option)
    assert (done.code, done.err) == (2, f"dedup: error: {option} needs -o DIR\n")


@pytest.mark.parametrize("name", ["a.txt", "a.html", "noname"])
def test_a_whole_text_cannot_be_annotated(tmp_path, name):
    (tmp_path / name).write_text(f"<p>{LIBRARY}</p>")
    done = run(tmp_path / name, "-o", tmp_path / "out", "--annotate")
    assert done.code == 2
    says = "a whole text has no columns to annotate; a row (of JSON lines, CSV, Parquet) has"
    assert done.err == f"dedup: error: --annotate: {tmp_path / name}: {says}\n"
    assert not (tmp_path / "out").exists()


def test_no_input_is_written_over(tmp_path):
    path = write_jsonl(tmp_path / "rows.jsonl", made(3))
    before = path.read_bytes()
    done = run(path, "-o", tmp_path, "--write-rows")
    assert done.code == 4
    assert "would be written over the input file" in done.err
    assert path.read_bytes() == before
    assert run(path, *FAST, "-o", tmp_path).code == 0


def test_a_stop_on_warning_writes_nothing(tmp_path):
    path = write_jsonl(tmp_path / "a.jsonl", [{"text": LIBRARY}] * 30)
    out = tmp_path / "out"
    done = run(path, *FAST, "-o", out, "--write-rows", "--stop-on-warning")
    assert (done.code, out.exists()) == (1, False)
    assert run(path, *FAST, "-o", out, "--write-rows").code == 0
    assert len(lines(out / "rows.jsonl")) == 1


@pytest.mark.parametrize("format", ["jsonl", "parquet"])
def test_stdin_is_kept_with_its_columns_for_a_run_that_goes_on(tmp_path, format):
    pq.write_table(typed([{"id": str(k), "text": LIBRARY} for k in range(30)]), tmp_path / "a")
    given = ("-", *FAST, "--work", tmp_path / "work", "--format", format, "--annotate")
    data, out = (tmp_path / "a").read_bytes(), tmp_path / "out"
    assert run(*given, "-o", out, "--stop-on-warning", input=data).code == 1
    assert run(*given, "-o", out, input=b"").code == 0
    assert run(*given[:3], *given[5:], "-o", tmp_path / "whole", input=data).code == 0
    name = f"rows.{format}"
    assert (out / name).read_bytes() == (tmp_path / "whole" / name).read_bytes()
    assert not (tmp_path / "work").exists()


def changing(monkeypatch, change, *, hidden):
    """Let inputs be changed between the readings; ``hidden`` as if nobody had noticed."""
    from dedup.api import runs

    scan = runs.scan_files

    def scanned(*given):
        result = scan(*given)
        change()
        return result

    monkeypatch.setattr(runs, "scan_files", scanned)
    if hidden:
        monkeypatch.setattr("dedup.output.cleaned.rereading.Rereading.check", lambda self: None)


CHANGES = {
    "fewer rows": (lambda rows: rows[:-1], "a.jsonl"),
    "no rows": (lambda rows: [], "a.jsonl"),
    "more rows": (lambda rows: [*rows, {"id": "new", "text": "Another."}], "a.jsonl"),
    "another row": (lambda rows: [*rows[:-1], {"id": "new", "text": "Another."}], "a.jsonl"),
}


@pytest.mark.parametrize("format", ["jsonl", "parquet"])
@pytest.mark.parametrize("hidden", [False, True])
@pytest.mark.parametrize("last", [False, True])
@pytest.mark.parametrize("kind", CHANGES)
def test_an_input_that_was_changed_is_named(tmp_path, monkeypatch, kind, hidden, last, format):
    rows = made(6)
    path = write_jsonl(tmp_path / "a.jsonl", rows[:3])
    other = write_jsonl(tmp_path / "b.jsonl", rows[3:])
    change, _ = CHANGES[kind]
    changing(monkeypatch, lambda: write_jsonl(path, change(rows[:3])), hidden=hidden)
    inputs = (other, path) if last else (path, other)
    out = tmp_path / "out"
    done = run(*inputs, *FAST, "-o", out, "--annotate", "--format", format)
    assert done.code == 4
    said = f"{path}: was changed while dedup was at work; run the command again"
    assert done.err.splitlines()[-1] == f"dedup: error: {said}"
    assert not list(out.iterdir())


def test_files_that_come_and_go_are_named(tmp_path, monkeypatch):
    folder = tmp_path / "in"
    folder.mkdir()
    path = write_jsonl(folder / "a.jsonl", made(3))
    write_jsonl(folder / "b.jsonl", made(4, seed=2))
    changing(monkeypatch, lambda: path.rename(folder / "c.jsonl"), hidden=False)
    done = run(folder, *FAST, "-o", tmp_path / "out", "--write-rows")
    assert done.code == 4
    assert f"{path}: was changed" in done.err


@pytest.mark.parametrize("form", ["jsonl", "parquet", "csv"])
def test_rows_of_files_in_archives_of_lists_and_of_objects(tmp_path, form):
    texts = [f"The council of town {n} agreed to mend its bridge number {n}." for n in range(4)]
    lists = pa.table({"id": ["a", "b"], "text": [[each] for each in texts[:2]]})
    pq.write_table(lists, tmp_path / "list.parquet")
    inner = pa.table({"id": ["c"], "o": [{"body": texts[2], "n": 1}]})
    pq.write_table(inner, tmp_path / "object.parquet")
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("x.csv", f"id,text\nd,{texts[3]}\n")
    for name, more, wanted in (
        ("list.parquet", (), texts[:2]),
        ("object.parquet", ("--text-column", "o.body"), texts[2:3]),
        ("a.zip", (), texts[3:]),
    ):
        out = tmp_path / f"{name}-{form}"
        made = ("-q", "-o", out, "--write-rows", "--format", form, "--find", "duplicates")
        done = run(tmp_path / name, *made, *more)
        assert (done.code, done.err) == (0, "")
        if form == "parquet":
            rows = pq.read_table(out / "rows.parquet").to_pylist()
        else:
            rows = [json.loads(line) for line in (out / "rows.jsonl").read_text().splitlines()]
        key = more[1] if more else "text"
        assert sorted(row[key] for row in rows) == wanted
