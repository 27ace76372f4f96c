"""The first screen of scan and clean: the answer in at most thirty lines, whatever was found."""

from __future__ import annotations

import dataclasses
import re

import differing
import pytest
import varied
from commands import run, write_jsonl

import dedup
from dedup.report import Cleaned, Typed, answer_view, cleaned_view, sections_view
from dedup.report.terminal.answer import LINES
from dedup.report.terminal.families import story_line
from dedup.report.terminal.text import cells

CODES = re.compile(r"\x1b\[[0-9;]*m")
COUNTS = {"written": 3, "removed_characters": 4_000, "review": 1, "rows": 12_345}
LONG = "Rebels took the town of Hama on Thursday after the army had withdrawn from it at night."


@pytest.fixture(scope="module")
def full_result():
    """A result in which every block has something to say, and more than fits."""
    texts = [f"{LONG} Word{n % 40} and {n % 40} more of the kind stood there." for n in range(90)]
    rows = [{"id": f"{n} {'long name ' * 9}", "text": text} for n, text in enumerate(texts)]
    found = ("duplicates", "passages", "repeats", "stories")
    rows += [*differing.documents(), *varied.documents(), {"id": "bad"}]
    result = dedup.scan(rows, find=found)
    warning = {"kind": "site_share", "documents": 30, "removed": 29, "examples": []}
    warnings = [{**warning, "name": f"site {n}.org" * 20} for n in range(50)]
    limits = {"oversized_buckets": 3, "seed_positions_left_out": 9}
    losses = {"tokens": 1_000, "facts": 10}
    more = {"warnings": warnings, "limits": limits, "losses": losses}
    return dataclasses.replace(result, summary={**result.summary, **more})


@pytest.mark.parametrize("width", [30, 57, 80, 160, 400])
@pytest.mark.parametrize("colour", [False, True])
def test_the_answer_fits_on_one_screen(full_result, width, colour):
    typed, how = Typed(("news/",) * 50, "o" * 300), {"width": width, "colour": colour}
    views = [answer_view(full_result, typed, **how, seconds=1.5)]
    for everything, annotate in ((False, False), (True, False), (False, True)):
        out = Cleaned("a folder " * 50, COUNTS, everything, annotate)
        views.append(cleaned_view(full_result, out, typed, **how, seconds=1.5))
    for view in views:
        lines = list(view)
        assert 5 < len(lines) <= LINES
        assert all(cells(CODES.sub("", line)) <= width for line in lines)


def test_every_block_has_its_say(full_result):
    lines = list(answer_view(full_result, Typed(("a",)), width=160))
    begins = [line[:10].strip() for line in lines]
    blocks = ["would go", "stays", "clusters", "passages", "stories", "warnings", "input", "next"]
    assert [each for each in begins[1:] if each] == blocks
    text = "\n".join(lines)
    assert "1,000 words and 10 facts that occur nowhere else: --show losses" in text
    assert "… and 48 more warnings: --show warnings" in text
    assert "1 record skipped" in text


def test_what_is_typed_next_can_be_typed(tmp_path, seeds, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "news").symlink_to(seeds)
    said = run("scan", "news").out.splitlines()
    commands = [line[10:].split("#")[0].split() for line in said if "dedup " in line[10:]]
    assert [command[:2] for command in commands] == [
        ["dedup", name] for name in ("scan", "clean", "scan")
    ]
    for command in commands:
        assert run(*command[1:]).code == 0
    assert (tmp_path / "report.html").exists()
    assert (tmp_path / "cleaned" / "manifest.json").exists()


def test_inputs_that_cannot_be_typed_again_are_left_out():
    assert Typed(("a b", "c")).inputs(80) == "'a b' c"
    assert Typed(("x" * 60,)).inputs(120) == "x" * 60
    for typed in (Typed(("-",)), Typed(()), Typed(("x" * 60,)), Typed(("a",), None, ("x" * 60,))):
        assert typed.inputs(100) == "…"


def test_options_that_others_need_are_typed_again(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")
    write_jsonl(tmp_path / "a", *({"headline": str(k), "words": LONG} for k in range(2)))
    given = ["--text-column=words", "--find", "duplicates", "--threshold", ".8", "--color", "never"]
    said = run("scan", "a", *given, "--input-format", "jsonl", "--memory", "2GB").out
    wanted = "a --text-column words --find duplicates --threshold .8 --input-format jsonl"
    assert f"dedup clean {wanted} --memory 2GB -o cleaned" in said
    said = run("scan", "a", *given[:3], "--no-weak", "--input-format", "jsonl").out
    assert "dedup clean a --text-column words --find duplicates --no-weak" in said
    said = run("clean", "a", *given[:3], "--input-format", "jsonl", "-o", "b").out
    assert "--find duplicates --input-format jsonl -o b --show removals" in said


def test_sections_are_shown_on_request(tmp_path, seeds):
    pairs = run("scan", str(seeds), "--show", "pairs", "--show", "removals").out
    assert "── Pairs of articles" in pairs
    assert "── Inside articles" in pairs
    assert "── Total" not in pairs
    assert "would go" not in pairs
    full = run("scan", str(seeds), "--limit", "2").out
    assert all(f"── {name}" in full for name in ("Inside articles", "Pairs of articles", "Total"))
    few = run("scan", str(seeds), "--show", "removals", "--limit", "1").out
    assert "… 1 more repeat not shown" in few
    out = str(tmp_path / "out")
    cut = run("clean", str(seeds), "-o", out, "--show", "removals").out
    assert "── Removed inside articles ── 18 places" in cut
    assert "── Clusters" not in cut


def test_copies_are_told_by_relation(tmp_path):
    rows = [{"id": f"{n}", "text": f"{LONG} {LONG[::-1]}"} for n in range(4)]
    said = run("scan", write_jsonl(tmp_path / "a.jsonl", *rows)).out
    assert "would go   3 articles (3 × exact duplicate); 1 of 4 stay" in said
    assert "clusters   3 copies of 0" in said
    fast = run("scan", write_jsonl(tmp_path / "a.jsonl", *rows), "--find", "duplicates").out
    assert "3 articles (3 × exact duplicate)" in fast
    assert "passages" not in fast
    assert "boilerplate" not in fast


def test_families_and_stories_of_the_seeds(seeds):
    found = "duplicates,passages,repeats,stories"
    said = run("scan", seeds, "--find", found, env={"COLUMNS": "120"}).out
    assert "passages   2 × passage, 2 × quotation: --show families" in said
    assert "quotation in 2 articles, Hassan Abdul Ghani: Hassan Abdul Ghani, commander of" in said
    assert "stories    5 articles: Hama, Assad, Syria" in said
    both = run("scan", seeds, "--find", found, "--show", "families", "--show", "stories").out
    assert "── Passages and where they occur ── 2 × passage, 2 × quotation" in both
    assert "000_bf5b5dc23c7e20ed.txt: 735–989" in both
    assert "── Stories: one event in other words ── 1 story of 5 articles" in both
    assert both.count("_") == both.count(".txt")  # each by its name
    without = run("scan", seeds, "--find", "duplicates,passages,repeats").out
    assert "not looked for: --find duplicates,passages,repeats,stories" in without


def test_who_has_text_from_whom_is_told():
    words = [f"{LONG} {chr(97 + n) * 3} {LONG[::-1]} {chr(104 + n) * 4}" for n in range(6)]
    rows = [
        {"id": f"{n}", "site": f"{'xyz'[n % 3]}.org", "text": f"{text} (dpa)"}
        for n, text in enumerate(words)
    ]
    result = dedup.scan(rows, cluster_on=("exact",))
    lines = "\n".join(sections_view(result, ("families",), width=100))
    assert "x.org credits dpa: " in lines
    assert "credited: dpa (6 of 6)" in lines


def test_where_nothing_was_read_the_answer_says_why(tmp_path):
    (tmp_path / "notes").write_text("A file without an extension.")
    said = run("scan", tmp_path, env={"COLUMNS": "80"}).out
    assert "1 file ignored: no reader for no extension" in said
    assert "a file that is named, or matched by *, is read in any case" in said
    assert "--show input" in said
    assert "clusters" not in said
    assert "dedup clean" not in said
    assert "1 read = 1 kept" in run("scan", tmp_path / "*").out


def test_the_boilerplate_of_a_scan_is_shown_with_its_text(seeds):
    said = run("scan", seeds, "--show", "removals").out
    assert "Subscribe to our newsletter and stay updated" in said
    assert "4 more places of this article not shown" in said
    every = run("scan", seeds, "--show", "removals", "--limit", 0).out
    assert every.count(": comment form\n") == 3
    assert "not shown" not in every


def test_a_section_that_was_asked_for_says_that_it_has_nothing(seeds):
    assert "── Warnings ── none" in run("scan", seeds, "--show", "warnings").out


def test_a_story_names_its_copies_beside_its_outlets():
    row = {"articles": 3, "documents": 12, "sites": 12, "first": None, "last": None}
    row |= {"series": None, "words": ["bridge"]}
    assert story_line(row) == "3 articles and 9 copies of 12 outlets: bridge"
    assert story_line({**row, "documents": 3, "sites": 3}) == "3 articles of 3 outlets: bridge"
