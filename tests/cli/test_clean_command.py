"""`dedup clean` and `dedup restore`: what is written and what comes back."""

from __future__ import annotations

import json
import shutil

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from articles import ONE, OTHER
from commands import names_in, run, write_jsonl


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
@pytest.mark.parametrize(
    ("name", "says"),
    [("", "the name of the folder is empty"), ("-", "several files are written; name a folder")],
)
def test_an_output_that_is_no_folder_is_wrong_usage(
    folder, tmp_path, monkeypatch, command, name, says
):
    monkeypatch.chdir(tmp_path)
    done = run(command, folder, "-o", name)
    assert done.code == 2
    assert says in done.err
    assert not (tmp_path / "-").exists()


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
    done = run("clean", path, "-o", tmp_path / "out", "--annotate", "--show", "all")
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
