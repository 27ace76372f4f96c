"""``filter`` with --clean, --in-place and --passages, and the commands that go with them."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time

import pytest
from commands import run, start, write_jsonl
from test_index_passages import FOOT, QUOTE, article

from dedup.cleaning.apply import restore_text
from dedup.cleaning.rules import TEMPLATE_RULES
from dedup.index import Index

POSIX = pytest.mark.skipif(os.name != "posix", reason="needs signals")
KILLS = int(os.environ.get("DEDUP_KILLS", "50"))
LINES = int(os.environ.get("DEDUP_LINES", "60"))


@pytest.fixture
def index(tmp_path):
    return tmp_path / "news.index"


def stream(count):
    """Return articles of two sites, some of which quote, some of them copies."""
    made = []
    for number in range(count):
        more = [QUOTE] if number in (0, 5) else []
        each = article(number - 3 if number % 7 == 6 else number, *more, FOOT)
        made.append({**each, "id": f"a{number}", "site": f"s{number % 2}"})
    return [json.dumps(each) for each in made]


def filtered(index, *arguments, lines):
    text = "".join(f"{line}\n" for line in lines)
    done = run("filter", "--index", index, *arguments, input=text)
    assert done.code == 0, done.err
    return done.out.splitlines()


def test_clean_lines_come_with_what_was_removed(index):
    lines = stream(30)
    out = filtered(index, "--clean", lines=lines)
    assert len(out) == 30
    last = json.loads(out[-2])
    assert FOOT in last["text"]
    assert FOOT not in last["clean"]
    (removed,) = last["dedup"]["removed"]
    assert removed["rule"] in TEMPLATE_RULES
    assert restore_text(last["clean"], last["dedup"]["removed"]) == last["text"]
    assert filtered(index, "--clean", lines=lines) == out
    again = json.loads(filtered(index, "--clean", lines=out)[-2])  # its own output
    assert again == last
    in_place = filtered(index, "--in-place", lines=lines)
    for line, other in zip(in_place, out, strict=True):
        one, two = json.loads(line), json.loads(other)
        assert one["text"] == two["clean"]
        assert restore_text(one["text"], one["dedup"]["removed"]) == two["text"]
    dropped = filtered(index, "--in-place", "--drop", lines=lines)
    assert dropped == [line for line in in_place if json.loads(line)["dedup"]["verdict"] == "new"]


def test_passages_are_said_and_found(index, tmp_path):
    out = [json.loads(line) for line in filtered(index, "--passages", lines=stream(12))]
    assert out[0]["dedup"]["passages"] == []
    assert [each["doc_id"] for each in out[5]["dedup"]["passages"]] == ["a0"]
    assert "clean" not in out[5]
    file = tmp_path / "quote.txt"
    file.write_text(QUOTE)
    found = json.loads(run("index", "search", index, file, "--json").out)
    assert {each["doc_id"] for each in found["passages"]} == {"a0", "a5"}
    shown = run("index", "search", index, "-", input=QUOTE)
    assert "2 passages in 2 articles" in shown.out
    assert "matched tokens" in shown.out


def test_templates_are_listed_and_kept(index):
    filtered(index, "--clean", lines=stream(30))
    listed = json.loads(run("index", "templates", index, "--json").out)
    assert [(each["site"], each["text"]) for each in listed] == [("s0", FOOT), ("s1", FOOT)]
    assert FOOT in run("index", "templates", index, "--site", "s0").out
    assert run("index", "templates", index, "--keep", FOOT, "--site", "s0").code == 0
    new = [json.dumps(article(90 + site, FOOT, site=f"s{site}")) for site in range(2)]
    kept, gone = (json.loads(line) for line in filtered(index, "--clean", lines=new))
    assert FOOT in kept["clean"]
    assert FOOT not in gone["clean"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--in-place", "--no-clean"], "--in-place goes with --clean"),
        (["--clean", "--text-column", "clean"], "clean"),
    ],
)
def test_options_that_do_not_go_together(index, arguments, said):
    line = json.dumps({"id": "a", "clean": "One text."})
    done = run("filter", "--index", index, *arguments, input=line + "\n")
    assert done.code == 2
    assert said in done.err


def test_an_index_that_does_not_clean_says_so(index):
    run("index", "create", index)
    done = run("filter", "--index", index, "--clean", input=stream(1)[0])
    assert done.code == 2
    assert "clean" in done.err


def test_known_passages_of_a_corpus_are_found_and_dropped(tmp_path):
    questions, corpus = tmp_path / "questions.index", tmp_path / "corpus.jsonl"
    with Index.open(questions, passages=True) as index:
        index.add({"id": "q", "text": QUOTE})
        index.add(article(3))
    articles = [article(number) for number in range(10)]
    articles[7]["text"] += f"\n\nIt was asked: {QUOTE}"
    write_jsonl(corpus, articles)
    out = tmp_path / "out"
    done = run(
        *("scan", corpus, "--find", "duplicates", "--against", questions, "--drop-known"),
        *("--drop-known-passages", "10", "-o", out, "--write-rows", "-q"),
    )
    assert done.code == 0, done.err
    rows = [json.loads(line)["id"] for line in (out / "rows.jsonl").read_text().splitlines()]
    assert rows == ["a0", "a1", "a2", "a4", "a5", "a6", "a8", "a9"]
    told = {
        each["doc_id"]: each
        for each in map(json.loads, (out / "against.jsonl").read_text().splitlines())
    }
    assert told["a7"]["verdict"] == "new"
    assert told["a7"]["dropped"]
    assert told["a7"]["matched_tokens"] == 15
    assert told["a3"]["verdict"] == "same"
    passages = (out / "against_passages.jsonl").read_text()
    assert '"a7"' in passages
    summary = json.loads((out / "summary.json").read_text())
    assert summary["against"]["dropped"] == 2
    assert summary["documents"]["kept"] == 8
    refused = run("scan", corpus, "--drop-known")
    assert refused.code == 2
    assert "--against" in refused.err


def test_four_filters_at_once_lose_nothing_and_tell_the_same(index, tmp_path):
    """Each of four processes gets all lines, in another order; whoever comes first decides."""
    lines = stream(LINES)
    Index.open(index, passages=True).close()
    processes, outs = [], [tmp_path / f"out{number}.jsonl" for number in range(4)]
    for number, out in enumerate(outs):
        turned = lines[number * LINES // 4 :] + lines[: number * LINES // 4]
        source = write_jsonl(tmp_path / f"in{number}.jsonl", *turned)
        command = ("filter", source, "--index", index, "--passages", "--clean", "-q")
        with out.open("wb") as file:
            processes.append(start(*command, stdin=None, stdout=file, stderr=None))
    assert [process.wait(600) for process in processes] == [0] * 4
    told = [{json.loads(line)["id"]: line for line in out.read_text().splitlines()} for out in outs]
    assert all(each == told[0] for each in told)
    assert len(told[0]) == LINES
    with Index.open(index) as opened:
        assert len(opened) == LINES
        assert opened.verify() == []
        quoted = {each.doc_id for each in opened.search(QUOTE).passages}
    assert quoted == {json.loads(line)["id"] for line in lines if QUOTE in line}


@POSIX
@pytest.mark.skipif(not os.environ.get("DEDUP_SLOW"), reason="kills fifty processes: DEDUP_SLOW=1")
def test_killed_runs_give_the_bytes_of_one(index, tmp_path):
    lines = stream(400)
    source = tmp_path / "stream.jsonl"
    source.write_text("".join(f"{line}\n" for line in lines))
    wanted = filtered(tmp_path / "whole.index", "--passages", "--clean", lines=lines)
    command = [sys.executable, "-m", "dedup", "filter", str(source), "--index", str(index)]
    command += ["--passages", "--clean", "--line-buffered", "-q"]
    killed = 0
    for turn in range(KILLS):
        process = subprocess.Popen(command, stdout=subprocess.PIPE)
        assert process.stdout is not None
        for _ in range(1 + 7 * turn):
            process.stdout.readline()
        time.sleep(0.003 * (turn % 7))
        process.send_signal(signal.SIGKILL)
        killed += process.wait() == -signal.SIGKILL
        process.stdout.close()
    assert killed >= 0.8 * KILLS
    assert filtered(index, "--passages", "--clean", lines=lines) == wanted
    with Index.open(index) as opened:
        assert opened.verify() == []
