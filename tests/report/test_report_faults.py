"""What may be wrong with a folder, its inputs, names and sizes, and what a report makes of it."""

from __future__ import annotations

import json
import os
import random

import pytest
from click.testing import CliRunner
from report_pages import data_of

from dedup import cli


def run(*arguments, code=0):
    done = CliRunner().invoke(cli.root, [str(each) for each in arguments], prog_name="dedup")
    assert done.exit_code == code, (done.output, done.exception)
    return done


def articles(count, seed=5):
    draw = random.Random(seed)
    words = [f"w{draw.randrange(3_000)}" for _ in range(90 * count)]
    return [
        {"id": f"a{number:03}", "text": f"Title {number}\n\n{' '.join(words[number::count])}."}
        for number in range(count)
    ]


def write(path, rows):
    path.write_text("".join(json.dumps(each) + "\n" for each in rows), encoding="utf-8")


@pytest.fixture
def news(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write(tmp_path / "news.jsonl", articles(8))
    return tmp_path


@pytest.mark.parametrize("find", ["duplicates", "duplicates,passages,repeats"])
def test_a_word_that_was_changed_since_the_scan_is_noticed(news, find):
    run("scan", "news.jsonl", "-o", "found", "-q", "--find", find)
    assert "with their texts" in run("report", "found").stderr
    rows = articles(8)
    rows[3]["text"] = rows[3]["text"].replace("Title", "Tidal")
    write(news / "news.jsonl", rows)
    done = run("report", "found")
    assert "changed since the scan (other texts)" in done.stderr
    assert "texts" not in data_of((news / "report.html").read_text())[1]


def test_a_scan_that_is_continued_knows_its_texts(news):
    run("scan", "news.jsonl", "-o", "one", "-q", "--find", "duplicates")
    run("scan", "news.jsonl", "-o", "two", "-q", "--find", "duplicates", "--work", "work")
    one, two = (json.loads((news / each / "inputs.json").read_text()) for each in ("one", "two"))
    assert one["content"] == two["content"] != ""


def test_a_folder_without_a_hash_of_its_texts_is_read(news):
    run("scan", "news.jsonl", "-o", "found", "-q")
    stated = json.loads((news / "found" / "inputs.json").read_text())
    del stated["content"]
    (news / "found" / "inputs.json").write_text(json.dumps(stated))
    assert "with their texts" in run("report", "found").stderr


def test_a_page_may_lie_in_the_folder_that_the_scan_makes(news):
    run("scan", "news.jsonl", "-o", "found", "--report", "found/report.html", "-q")
    assert (news / "found" / "report.html").is_file()
    before = (news / "found" / "pairs.jsonl").read_bytes()
    for name in ("pairs.jsonl", "./summary.json", "pairs.parquet"):
        done = run("scan", "news.jsonl", "-o", "found", "--report", f"found/{name}", "-q", code=2)
        assert "is a name of one of the result's own files" in done.stderr
    assert (news / "found" / "pairs.jsonl").read_bytes() == before
    run("scan", "news.jsonl", "-o", "found", "--report", "nowhere/report.html", "-q", code=2)


def test_the_option_that_is_wrong_is_named_as_it_was_given(news):
    run("scan", "news.jsonl", "-o", "found", "-q")
    for name, says in (
        ("nowhere/x.html", "the folder of nowhere/x.html does not exist"),
        ("found", "found is no name of a file"),
        ("-", "- is no name of a file"),
    ):
        done = run("report", "found", "-o", name, code=2)
        assert f"--output: {says}" in done.stderr
    assert not (news / "-").exists()


@pytest.mark.parametrize("find", ["duplicates", "duplicates,passages,repeats"])
def test_no_documents_are_no_fault(news, find):
    (news / "news.jsonl").write_text("")
    run("scan", "news.jsonl", "-o", "found", "--report", "one.html", "-q", "--find", find)
    done = run("report", "found", "-o", "two.html")
    assert "cannot be read" not in done.stderr
    assert (news / "one.html").read_bytes() == (news / "two.html").read_bytes()


def test_one_document_is_named_in_the_singular(news):
    write(news / "news.jsonl", articles(1))
    run("scan", "news.jsonl", "-o", "found", "-q")
    assert "1 document, with its text\n" in run("report", "found").stderr


@pytest.mark.parametrize(
    "stated",
    [
        {"paths": "news.jsonl"},
        {"paths": [1]},
        {"folder": 4},
        {"review": 3},
        {"review": [1]},
        {"reading": []},
        {"reading": {"nothing": 1}},
        {"content": None},
    ],
    ids=str,
)
def test_inputs_of_another_shape_are_named(news, stated):
    run("scan", "news.jsonl", "-o", "found", "-q")
    (news / "found" / "inputs.json").write_text(json.dumps(stated))
    assert "this version" in run("report", "found", code=4).stderr


@pytest.mark.parametrize(
    "name", ["version", "documents", "clusters", "warnings", "reuse_groups", "config"]
)
def test_a_summary_that_lacks_something_is_named(news, name):
    run("scan", "news.jsonl", "-o", "found", "-q")
    path = news / "found" / "summary.json"
    summary = json.loads(path.read_text())
    del summary[name]
    path.write_text(json.dumps(summary))
    assert "not as this version" in run("report", "found", code=4).stderr
    (news / "found" / "inputs.json").write_text("{}")
    path.write_text(json.dumps({**summary, name: 5}))
    if name == "documents":
        run("report", "found", code=4)


@pytest.mark.skipif(os.name != "posix", reason="names are bytes there only")
def test_names_that_are_no_utf_8_are_names(news, monkeypatch):
    strange = os.fsdecode(b"f\xff")
    try:
        (news / strange).mkdir()
    except OSError:
        pytest.skip("the file system takes no such name")
    for form in ("jsonl", "parquet"):
        out = f"{strange}/{form}"
        run("scan", "news.jsonl", "-o", out, "-q", "--format", form)
        assert "with their texts" in run("report", out).stderr
    monkeypatch.chdir(news / strange)
    write(news / strange / f"{strange}.jsonl", articles(3))
    run("scan", f"{strange}.jsonl", "-o", "../found", "-q")
    monkeypatch.chdir(news)
    assert "with their texts" in run("report", "found", "--title", strange).stderr
    assert data_of((news / "report.html").read_text())[0]["title"] == "f\ufffd"
