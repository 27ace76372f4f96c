"""The command ``filter``: lines with their own bytes, replays, crashes, flaws, pipes."""

from __future__ import annotations

import gzip
import json
import os
import random
import select
import signal
import subprocess
import sys
import time
from pathlib import Path

import nursery
import pytest
from commands import run, start, write_jsonl
from prose import COMET, FERRY, LIBRARY, UNRELATED

import dedup
from dedup.index import Index, Verdict
from dedup.index import lines as filtering

POSIX = pytest.mark.skipif(os.name != "posix", reason="needs signals")
SUM = "{} read = {} new + {} same + {} updated + {} duplicate + {} skipped"


def article(number, **more):
    generator = random.Random(number)
    words = [f"w{generator.randrange(10**6)}" for _ in range(60)]
    return {"id": f"a{number}", "text": " ".join(words), **more}


def stream(count):
    """Return lines of which a fifth are copies of earlier ones, some of them with a change."""
    lines = []
    for number in range(count):
        each = article(number - 3 if number % 5 == 4 else number)
        each["id"] = f"a{number}"
        each["text"] += " and more" if number % 10 == 9 else ""
        lines.append(json.dumps(each))
    return lines


@pytest.fixture
def index(tmp_path):
    return tmp_path / "seen.index"


def filtered(index, *arguments, lines, **more):
    text = lines if isinstance(lines, bytes) else "".join(f"{each}\n" for each in lines)
    return run("filter", "--index", index, *arguments, input=text, **more)


def said(line):
    return json.loads(line)["dedup"]


def test_lines_get_what_is_said_of_them_before_their_last_brace(index):
    lines = [json.dumps(article(1)), json.dumps({**article(1), "id": "copy"})]
    done = filtered(index, lines=lines)
    assert (done.code, done.err) == (0, f"dedup: {SUM.format(2, 1, 0, 0, 1, 0)}\n")
    for line, out in zip(lines, done.out.splitlines(), strict=True):
        assert out.startswith(line[:-1] + ',"dedup":{')
    assert said(done.out.splitlines()[0]) == {
        **dict.fromkeys(("duplicate_of", "relation", "similarity", "jaccard", "containment")),
        **dict.fromkeys(("lost_tokens", "lost_facts")),
        **{"doc_id": "a1", "verdict": "new", "cluster": "a1", "estimated": False},
    }
    assert said(done.out.splitlines()[1]) == {
        **{"doc_id": "copy", "verdict": "duplicate", "duplicate_of": "a1", "relation": "exact"},
        **{"similarity": 1.0, "jaccard": 1.0, "containment": 1.0, "cluster": "a1"},
        **{"lost_tokens": 0, "lost_facts": 0, "estimated": False},
    }


def shortened():
    """Return an article and a copy in which some words and a figure are others."""
    text = f"{FERRY} {COMET}"
    other = text.replace("ferry", "paddle boat", 1) + " It sails at 9.40."
    return [{"id": "whole", "text": f"{text} {LIBRARY}"}, {"id": "copy", "text": other}]


def test_a_duplicate_says_what_it_loses_and_says_it_again(index, tmp_path):
    lines = [json.dumps(each) for each in shortened()]
    counts = tmp_path / "counts.json"
    done = filtered(index, "--store-text", "--summary", str(counts), lines=lines)
    found = said(done.out.splitlines()[1])
    scanned = {
        each.doc_id: each for each in dedup.scan(shortened(), find=("duplicates",)).documents
    }
    assert found["verdict"] == "duplicate"
    assert found["lost_tokens"] == scanned["copy"].lost_tokens > 0
    assert found["lost_facts"] == scanned["copy"].lost_facts > 0
    words, facts = found["lost_tokens"], found["lost_facts"]
    assert f"of the duplicates {words} words and {facts} facts stand in no kept copy" in done.err
    kept = json.loads(counts.read_text("utf-8"))
    assert (kept["lost_tokens"], kept["lost_facts"]) == (words, facts)
    assert filtered(index, "--store-text", lines=lines).bytes == done.bytes
    with Index.open(index, mode="r") as there:
        assert there.get("copy").verdict.lost_tokens == words
        there.export(tmp_path / "export.parquet")
    Index.restore(tmp_path / "again.index", tmp_path / "export.parquet").close()
    assert filtered(tmp_path / "again.index", lines=lines).bytes == done.bytes


def test_without_texts_it_is_not_known_what_a_duplicate_loses(index):
    done = filtered(index, lines=[json.dumps(each) for each in shortened()])
    found = said(done.out.splitlines()[1])
    if found["verdict"] == "duplicate":
        assert found["estimated"]
    assert found["lost_tokens"] is None
    assert "stand in no kept copy" not in done.err
    assert ("what 1 of the duplicates lose is not known" in done.err) == found["estimated"]


@pytest.mark.parametrize("more", [[], ["--line-buffered"]])
def test_the_same_stream_twice_gives_the_same_bytes_and_only_same(index, more):
    lines = stream(60)
    first = filtered(index, *more, lines=lines)
    again = filtered(index, *more, lines=lines)
    assert again.bytes == first.bytes
    assert SUM.format(60, 0, 60, 0, 0, 0) in again.err
    verdicts = [said(each)["verdict"] for each in first.out.splitlines()]
    assert (verdicts.count("new"), verdicts.count("duplicate")) == (48, 12)


def test_batches_and_single_lines_say_the_same(index, tmp_path):
    lines = stream(60)
    one_by_one = filtered(tmp_path / "other", "--line-buffered", lines=lines)
    assert filtered(index, lines=lines).bytes == one_by_one.bytes


def test_an_update_and_a_late_old_text(index):
    old, new = article(1), {**article(1), "text": article(1)["text"] + " and now more of it"}
    lines = [json.dumps(each) for each in (old, new, old)]
    done = filtered(index, lines=lines)
    assert SUM.format(3, 1, 1, 1, 0, 0) in done.err
    assert [said(each)["verdict"] for each in done.out.splitlines()] == ["new", "updated", "new"]
    assert said(done.out.splitlines()[1])["similarity"] > 0.7
    assert filtered(index, "--drop", lines=lines).out.splitlines() == lines


ODD = [
    b'{"id":1,"text":"%b","n":123456789012345678901234567890,"x":NaN}\r\n' % UNRELATED[0].encode(),
    b'  { "text" : "%b" , "text2":"}" , "id":"\\u0041" }  \t\n' % UNRELATED[1].encode(),
    b'{"id":"e","text":"%b","a":1,"a":2,"f":1.10,"g":1e999}\n' % UNRELATED[2].encode(),
    b'{"id":"last","text":"%b"}' % UNRELATED[3].encode(),
]


def test_lines_keep_every_byte_of_theirs(index):
    done = filtered(index, "--drop", lines=b"".join(ODD))
    assert done.code == 0
    assert done.bytes == b"".join(ODD)
    made = filtered(index, lines=b"".join(ODD)).bytes.splitlines(keepends=True)
    for line, out in zip(ODD, made, strict=True):
        body, _, end = line.rpartition(b"}")
        assert out.startswith(body + b',"dedup":{"doc_id":')
        assert out.endswith(b"}}" + end)


def test_a_huge_id_is_no_float(index):
    lines = [f'{{"id":{10**25 + each},"text":"{UNRELATED[each]}"}}' for each in range(2)]
    done = filtered(index, lines=lines)
    assert [said(each)["doc_id"] for each in done.out.splitlines()] == [
        str(10**25),
        str(10**25 + 1),
    ]


def test_a_key_of_that_name_is_replaced(index):
    lines = stream(20)
    once = filtered(index, lines=lines).bytes
    assert filtered(index, lines=once).bytes == once
    other = filtered(index, "--key", "seen", lines=once).out.splitlines()
    assert all(list(json.loads(each))[-2:] == ["dedup", "seen"] for each in other)


@pytest.mark.parametrize(
    ("line", "left"),
    [
        ('{"dedup":1,"a":2}', '{"a":2}'),
        ('{"a":2 , "dedup" : {"x":["}",{}]} }', '{"a":2 }'),
        ('{"d\\u0065dup":1,"a":"\\"dedup\\":1,","dedup":null}', '{"a":"\\"dedup\\":1,"}'),
        ('{"a":{"dedup":1},"b":["dedup"]}', '{"a":{"dedup":1},"b":["dedup"]}'),
    ],
)  # fmt: skip
def test_a_key_is_taken_out_and_nothing_else(line, left):
    assert filtering.without(line.encode(), "dedup") == left.encode()


def test_a_key_that_an_article_is_made_of_is_refused(index):
    done = filtered(index, "--key", "text", lines=stream(2))
    assert done.code == 2
    assert "--key: got 'text', allowed is a name that no column with text" in done.err


def test_lines_without_an_id_go_by_number_and_content(index):
    line = json.dumps({"text": article(1)["text"]})
    done = filtered(index, lines=[line, line])
    assert "dedup: no id column is recognised" in done.err
    assert SUM.format(2, 1, 0, 0, 1, 0) in done.err
    again = filtered(index, lines=[line, line])
    assert (again.bytes, SUM.format(2, 0, 2, 0, 0, 0) in again.err) == (done.bytes, True)
    annotated = filtered(index, lines=done.bytes)
    assert annotated.bytes == done.bytes


BROKEN = [
    json.dumps(article(1)), "broken", "", "[1]", json.dumps({"id": "n"}),
    json.dumps({"id": "l", "text": {"a": 1}}), json.dumps({"id": "x" * 70_000, "text": "long"}),
]  # fmt: skip


def test_flaws_are_counted_named_and_left_out(index):
    done = filtered(index, lines=BROKEN)
    assert done.code == 3
    assert len(done.out.splitlines()) == 1
    assert done.err.splitlines()[:6] == [
        "dedup: stdin:2: not valid JSON",
        "dedup: stdin:4: JSON, but not an object",
        "dedup: stdin:5: the text is missing or null",
        "dedup: stdin:6: the text is not a string",
        "dedup: stdin:7: the id is longer than an index can keep",
        f"dedup: {SUM.format(6, 1, 0, 0, 0, 5)}",
    ]
    assert "5 skipped" in done.err.splitlines()[6]
    allowed = filtered(index, "--allow-bad", "--quiet", lines=BROKEN)
    assert (allowed.code, allowed.err) == (0, "")
    passed = filtered(index, "--pass-skipped", lines=BROKEN).out.splitlines()
    assert passed[1:] == [each for each in BROKEN[1:] if each]


def test_a_text_in_paragraphs_is_stored_and_answered(index):
    text = article(1)["text"]
    begin, end = text[: len(text) // 2], text[len(text) // 2 :]
    line = json.dumps({"id": "p", "text": [begin, end]})
    done = filtered(index, lines=[line])
    assert (done.code, json.loads(done.out)["id"]) == (0, "p")
    assert json.loads(done.out)["text"] == [begin, end]
    assert SUM.format(1, 1, 0, 0, 0, 0) in done.err
    copy = filtered(index, lines=[json.dumps({"id": "q", "text": f"{begin}\n\n{end}"})])
    assert SUM.format(1, 0, 0, 0, 1, 0) in copy.err


def test_many_flaws_are_named_five_times(index):
    done = filtered(index, lines=[json.dumps(article(1)), *["x"] * 9])
    assert done.err.count("not valid JSON") == 5
    assert "stdin:6: not valid JSON; further ones are counted" in done.err


def test_strict_stops_after_what_came_before(index):
    lines = [*stream(3), "broken", *stream(5)[3:]]
    done = filtered(index, "--strict", lines=lines)
    assert (done.code, len(done.out.splitlines())) == (4, 3)
    assert "-:4: not valid JSON" in done.err
    assert len(Index.open(index, mode="r")) == 3


def test_split_puts_each_line_into_one_file(index, tmp_path):
    filtered(index, lines=[json.dumps(article(2))])
    changed = json.dumps({**article(2), "text": article(2)["text"] + " more"})
    lines = [*BROKEN[:2], json.dumps({**article(1), "id": "b"}), changed]
    folder = tmp_path / "out"
    done = filtered(index, "--split", folder, lines="\n".join(lines).encode())
    assert (done.code, done.out) == (3, "")
    assert (folder / "new.jsonl").read_text() == f"{lines[0]}\n"
    assert (folder / "skipped.jsonl").read_text() == "broken\n"
    assert said((folder / "duplicates.jsonl").read_text())["duplicate_of"] == "a1"
    assert said((folder / "updated.jsonl").read_text())["verdict"] == "updated"
    assert len(list(folder.iterdir())) == 4


def test_files_in_and_out(index, tmp_path):
    lines = stream(30)
    packed = tmp_path / "in.jsonl.gz"
    packed.write_bytes(gzip.compress("".join(f"{each}\n" for each in lines).encode()))
    out, counts = tmp_path / "out.jsonl", tmp_path / "counts.json"
    done = run("filter", packed, "--index", index, "-o", out, "--summary", counts, "--quiet")
    assert (done.code, done.out, done.err) == (0, "", "")
    assert len(out.read_text().splitlines()) == 30
    summary = json.loads(counts.read_text())
    assert summary["read"] == sum(
        summary[name] for name in ("new", "same", "updated", "duplicate", "skipped")
    )
    cut = tmp_path / "cut.jsonl.gz"
    cut.write_bytes(packed.read_bytes()[:-40])
    done = run("filter", cut, "--index", index)
    assert done.code == 3
    assert "not read, or not to the end" in done.err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--drop", "--split", "x"], "--split goes neither"),
        (["--line-buffered", "-o", "x"], "--line-buffered is for stdout"),
        (["--window", "soon"], "--window: got 'soon'"),
        (["--scope", "far"], "--scope"),
        (["--threshold", "7"], "--threshold: got 7.0"),
    ],
)
def test_wrong_usage_exits_with_2(index, tmp_path, monkeypatch, arguments, said):
    monkeypatch.chdir(tmp_path)
    done = filtered(index, *arguments, lines=[])
    assert (done.code, said in done.err) == (2, True)
    assert not index.exists()


def test_what_is_read_is_not_written_over(index, tmp_path):
    path = write_jsonl(tmp_path / "in.jsonl", *stream(3))
    before = path.read_bytes()
    assert run("filter", path, "--index", index, "-o", path).code == 4
    assert path.read_bytes() == before
    filtered(index, lines=stream(3))
    assert filtered(index, "-o", index, lines=stream(3)).code == 4
    assert len(Index.open(index, mode="r")) == 3


@POSIX
def test_a_device_is_not_replaced_by_a_file(index, tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    for option in ("-o", "--summary"):
        done = filtered(index, option, pipe, lines=stream(2))
        assert (done.code, "is a folder or a device" in done.err) == (4, True)
    assert pipe.is_fifo()
    assert not index.exists()


def test_another_setting_is_refused_and_named(index):
    filtered(index, "--window", "30d", "--scope", "across", "--num-perm", 64, lines=stream(2))
    assert Index.open(index).info()["settings"]["window"] == 30 * 86_400
    assert filtered(index, lines=stream(2)).code == 0
    done = filtered(index, "--num-perm", 128, lines=stream(2))
    assert done.code == 2
    assert "index was built with num_perm=64, this run has 128" in done.err
    assert filtered(index, "--window", "1d", lines=stream(2)).code == 2


def test_dates_and_sites_have_a_say(index):
    text = article(1)["text"]
    lines = [
        json.dumps({"link": f"https://{site}/x{day}", "maintext": text, "date_publish": day})
        for site, day in (("a.org", "2024-01-01"), ("b.org", "2024-01-02"), ("b.org", "2024-03-01"))
    ]
    done = filtered(index, "--window", "7d", "--scope", "across", lines=lines)
    verdicts = [said(each)["verdict"] for each in done.out.splitlines()]
    assert verdicts == ["new", "duplicate", "new"]


def test_what_is_no_index_or_cannot_be_read(tmp_path):
    (tmp_path / "x").write_text("no index")
    assert filtered(tmp_path / "x", lines=stream(1)).code == 4
    assert run("filter", tmp_path / "none", "--index", tmp_path / "y").code == 4
    (tmp_path / "a.csv").write_text("id,text\n")
    done = run("filter", tmp_path / "a.csv", "--index", tmp_path / "y")
    assert (done.code, "this takes one file of JSON lines, and here is csv" in done.err) == (
        4,
        True,
    )


def test_no_lines_are_no_error(index):
    done = filtered(index, lines=[])
    assert (done.code, done.out) == (0, "")
    assert "0 read" in done.err


def test_said_of_hides_the_retry():
    first = Verdict(verdict="duplicate", first="duplicate", duplicate_of="a", similarity=1 / 3)
    assert filtering.said_of("b", first) == filtering.said_of("b", first.again())


@POSIX
def test_a_line_is_passed_on_before_the_next_one_comes(index):
    child = start("filter", "--index", index, "--line-buffered")
    try:
        for line in stream(8):
            child.stdin.write(f"{line}\n".encode())
            child.stdin.flush()
            assert select.select([child.stdout], [], [], 60)[0], "nothing came"
            assert child.stdout.readline().startswith(line[:-1].encode())
    finally:
        child.stdin.close()
        assert child.wait(60) == 0
        child.stdout.close()
        child.stderr.close()


@POSIX
def test_a_reader_that_goes_away_is_a_quiet_end(index, tmp_path):
    path = write_jsonl(tmp_path / "in.jsonl", *stream(4000))
    command = f"{sys.executable} -m dedup filter -q {path} --index {index} | head -1"
    done = subprocess.run(command, shell=True, capture_output=True, check=True)
    assert (done.stdout.count(b"\n"), done.stderr) == (1, b"")


def crash_and_resume(tmp_path, lines, rounds, generator, *more):
    """Kill the filter again and again, then let it end; return what it should write, and does."""
    path = write_jsonl(tmp_path / "in.jsonl", *lines)
    whole = run("filter", path, "--index", tmp_path / "whole.index", *more).bytes
    index, out = tmp_path / "seen.index", tmp_path / "out"
    loaded = ["filter", path, "-q", "--index", tmp_path / "loaded.index", *more]
    killed = 0
    with nursery.opened("", loaded) as processes:
        for _ in range(rounds):
            out.write_bytes(b"")
            child = processes.start("filter", path, "-q", "--index", index, *more, stdout=out)
            while child.poll() is None and not out.stat().st_size:
                time.sleep(0.01)
            time.sleep(generator.random() * 0.1)
            child.kill()
            killed += child.wait() == -signal.SIGKILL
            part = out.read_bytes()
            assert whole.startswith(part[: part.rfind(b"\n") + 1])
    return whole, run("filter", path, "--index", index, *more).bytes, killed


@POSIX
@pytest.mark.parametrize("rounds", [3, pytest.param(50, marks=pytest.mark.slow)])
@pytest.mark.parametrize("more", [[], ["--line-buffered"]])
def test_killed_and_run_again_it_writes_what_it_would_have_written(tmp_path, rounds, more):
    count = 600 if more else 4000
    whole, resumed, killed = crash_and_resume(
        tmp_path, stream(count), rounds, random.Random(rounds), *more
    )
    assert killed
    assert resumed == whole
    for line in resumed.splitlines():
        assert said(line)["duplicate_of"] != said(line)["doc_id"]


def test_a_full_disk_is_an_error_and_nothing_is_passed_on_that_is_not_kept(index, monkeypatch):
    from dedup.errors import IndexUnavailable
    from dedup.index.sqlite import SQLiteStore

    insert = SQLiteStore.insert

    def full(self, entries, *, add):
        if any(each.id == "a7" for each in entries):
            raise IndexUnavailable("disk full")
        return insert(self, entries, add=add)

    monkeypatch.setattr(SQLiteStore, "insert", full)
    done = filtered(index, "--line-buffered", lines=stream(9))
    assert (done.code, len(done.out.splitlines())) == (4, 7)
    assert Path(index).exists()
