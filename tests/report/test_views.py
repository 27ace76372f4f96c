"""The views of scan, compare and clean: one set of words, any terminal, any script."""

from __future__ import annotations

import dataclasses
import json
import re
import unicodedata

import pyarrow as pa
import pytest
from commands import run, write_jsonl

from dedup.api import compare, scan
from dedup.cleaning.boilerplate.patterns import sections
from dedup.config import RELATIONS, TAGS, Config
from dedup.report import Cleaned, clean_view, compare_view, labels, scan_view
from dedup.report.terminal.text import Style, cells, excerpt, shortened
from dedup.schema import PAIRS, rows_table
from dedup.sources import read

CODES = re.compile(r"\x1b\[[0-9;]*m")
STEERING = re.compile("[\x00-\x1f\x7f-\x9f\u200b\u200e\u200f\u202a-\u202e\u2066-\u2069]")
# A sentence or so of each kind of script and sign, as they stand in scraped pages.
SCRIPTS = {
    "latin": "The council met on Monday and agreed to mend the old stone bridge before winter.",
    "han": "市議會星期一開會，決定在冬天來臨之前修好那座古老的石橋，農民們已經等了整整兩年。",
    "kana": "市議会は月曜日に開かれ、冬が来る前に古い石橋をなおすことにきめた。ﾊﾝｶｸ も まざる。",
    "hangul": "시의회는 월요일에 모여 겨울이 오기 전에 낡은 돌다리를 고치기로 했다고 밝혔다.",
    "arabic": "اجتمع المجلس يوم الاثنين واتفق على إصلاح الجسر الحجري القديم قبل حلول الشتاء ۝ ٢٠٢٤",
    "hebrew": "הַמּוֹעָצָה הִתְכַּנְּסָה בְּיוֹם שֵׁנִי וְהֶחְלִיטָה לְתַקֵּן אֶת גֶּשֶׁר הָאֶבֶן הַיָּשָׁן לִפְנֵי הַחֹרֶף",
    "thai": "สภาเมืองประชุมเมื่อวันจันทร์และตกลงที่จะซ่อมสะพานหินเก่าก่อนฤดูหนาวจะมาถึงปีนี้",
    "devanagari": "परिषद की बैठक सोमवार को हुई और सर्दियों से पहले पुराने पत्थर के पुल की मरम्मत तय हुई",
    "accents": "Le conse\u0301il s\u2019est re\u0301uni zal\u0334\u0321\u0302\u0303go a\u0300.",
    "emoji": "Bridge 👩\u200d👩\u200d👧 ❤\ufe0f 🇫🇷 1\ufe0f\u20e3 🌉🌉🌉 ☰☱ 🫨 mended 👍🏽.",
    "control": "A\x1b[31mred\x1b[0m line\x07 \x9b2J of\u202e \u2066 \u200bsteers\x00\r\n\u2028.",
    "long": "https://news.example/" + "very-long-path/" * 30 + " and " + "x" * 300 + " end",
}  # fmt: skip


def width_of(line):
    """Return the columns of a line, told in another way than the views tell them."""
    line = CODES.sub("", line)
    wide = sum(unicodedata.east_asian_width(each) in "WF" for each in line)
    annotations = sum(unicodedata.category(each) in ("Mn", "Me", "Cf") for each in line)
    seen = sum(each in "\u06dd\u0600\ufe0f" for each in line)
    return len(line) + wide - annotations + seen


@pytest.fixture(scope="module")
def of_all_scripts():
    """A result with repeats, furniture, passages, pairs and clusters in every script."""
    rows = []
    for name, text in SCRIPTS.items():
        body = (
            f"{text} {name} one.\n\n{text} {name} two.\n\nShare on Facebook\n\n{text} {name} one."
        )
        rows += [
            {"id": f"{name}/{text[:60]}", "text": body, "site": f"{text[:20]}.org"},
            {"id": f"{name}/copy/{text[:60]}", "text": f"{body}\n\nSubscribe to our newsletter\n"},
            {"id": f"{name}/quote", "text": f"{SCRIPTS['latin'][::-1]} {name} {text} {text[::-1]}"},
        ]
    return scan(rows)


@pytest.fixture(scope="module")
def seeds_result(request):
    return scan(read([str(request.getfixturevalue("seeds"))]))


COUNTS = {"written": 3, "removed_characters": 4_000, "review": 1, "rows": 12_345}


def views_of(result, width, colour, limit):
    how = {"width": width, "colour": colour, "limit": limit}
    yield from scan_view(result, **how, seconds=1)
    for everything, annotate in ((False, False), (True, False), (False, True)):
        out = Cleaned("/a/folder/" + "with a long name " * 4, COUNTS, everything, annotate)
        yield from clean_view(result, out, **how, seconds=1)


@pytest.mark.parametrize("width", [30, 40, 57, 80, 160])
@pytest.mark.parametrize("colour", [False, True])
@pytest.mark.parametrize("limit", [0, 3])
def test_no_line_is_wider_than_the_terminal(of_all_scripts, width, colour, limit):
    for line in views_of(of_all_scripts, width, colour, limit):
        assert max(cells(CODES.sub("", line)), width_of(line)) <= width, line
        assert not STEERING.search(CODES.sub("", line)), line
        assert colour or "\x1b" not in line


@pytest.mark.parametrize("name", SCRIPTS)
def test_a_comparison_fits_in_any_script(name):
    text = SCRIPTS[name]
    result = compare(f"{SCRIPTS['latin']} {text} {text}", f"{text} {text} {SCRIPTS['accents']}")
    for width in (30, 40, 80, 101):
        for line in compare_view(result, width=width):
            assert max(cells(line), width_of(line)) <= width, line
            assert not STEERING.search(line)


def test_a_warning_fits_on_a_narrow_terminal():
    result = scan([SCRIPTS["latin"]] * 30)
    lines = list(scan_view(result, width=30))
    assert "── Look at this before you" in lines
    assert all(cells(line) <= 30 for line in lines)


def test_narrow_pairs_keep_every_score(of_all_scripts):
    row = {"a": "long", "b": "short", "relation": "excerpt", "jaccard": 0.2, "coverage": 0.9}
    row |= {"containment_a": 0.25, "containment_b": 1.0, "matched_tokens": 1_040}
    tables = {**of_all_scripts.tables, "pairs": rows_table(PAIRS, [row] * 3)}
    result = dataclasses.replace(of_all_scripts, tables=tables)
    text = "\n".join(scan_view(result, width=40, limit=2))
    assert "excerpt\n  short\n  of long\n    contained 1.00 and 0.25, Jaccard" in text
    assert "1,040 tokens" in text
    assert "… 1 more pair not shown" in text


@pytest.mark.parametrize(
    ("text", "columns"),
    [
        ("❤\ufe0f", 2),
        ("1\ufe0f\u20e3", 2),
        ("🇫🇷", 2),
        ("🫨", 2),
        ("☰", 2),
        ("\u06dd", 1),
        ("ﾊ", 1),
    ],
)
def test_cells_of_signs(text, columns):
    assert cells(text) == columns


def test_a_shortened_text_does_not_begin_with_an_accent():
    for width in range(1, 30):
        text = "e\u0301" * 40
        for made in (shortened(text, width), excerpt(f"{text} {text}", width)):
            assert not re.search("[… ]\u0301", made)


# Words and colours


def test_every_reason_tag_and_relation_has_words_and_a_colour():
    found = {each.reason for each in sections()} | set(TAGS)
    found = {"site_nav" if each.startswith("nav_") else each for each in found}
    found |= {"site_boilerplate", "site_template", "related_block", "whitespace"}
    found |= {"truncated_teaser", "pasted_block", "repeated_block", "pull_quote", "flattened_copy"}
    assert found == set(labels.REASON_WORDS)
    assert set(labels.RELATION_WORDS) == {*RELATIONS, "none"}
    assert set(labels.TAG_WORDS) == set(TAGS)
    kinds = {labels.reason_kind(each) for each in found}
    assert kinds == set(labels.REASONS)
    for name in (*RELATIONS, "none", *kinds, "kept", "removed"):
        assert re.fullmatch("#[0-9A-F]{6}", labels.COLOURS[name])
        assert Style(True)("x", labels.STYLES[name]).startswith("\x1b[")


def test_a_name_that_nobody_knows_is_safe():
    assert labels.reason_name("x_\x1b[31m") == "x \\x1b[31m" == labels.relation_name("x_\x1b[31m")


def test_relations_have_one_colour_everywhere(seeds_result):
    lines = list(scan_view(seeds_result, width=100, colour=True))
    coloured = [line for line in lines if re.search(r"\x1b\[33m *derived", line)]
    assert len(coloured) == 2  # above its passages, and in the list of pairs


# The view of clean


def test_clean_says_what_went_where_and_why(seeds, tmp_path):
    done = run("clean", seeds, "-o", tmp_path / "out", "--show", "all", env={"COLUMNS": "100"})
    assert done.code == 0
    assert re.search(
        r"── Removed inside articles ── 18 places, 1,627 characters, in 3 articles ──", done.out
    )
    place = done.out.index("002_7037d430e6518620.txt\n  1,000 of 7,485 characters\n")
    assert place < done.out.index("000_bf5b5dc23c7e20ed.txt\n  363 of 5,972 characters\n")
    assert "line 2 (18–402): truncated teaser; the copy kept is at line 7 (791–1,172)" in done.out
    assert "    − Jihadist rebels took control of Hama" in done.out
    assert "… 3 more places of this article not shown; --limit 0 shows all" in done.out
    assert "── Tagged and left in place ── 10 lines in 3 articles ──" in done.out
    assert "  5 × embedded post\n  4 × caption\n  1 × date line\n" in done.out
    assert "  2 × newsletter sign-up\n" in done.out
    assert f"`dedup restore {tmp_path / 'out'}`" in " ".join(done.out.split())
    assert "Clusters" not in done.out


def test_the_view_of_clean_obeys_its_options(seeds, tmp_path):
    def cleaned(*given, env=None):
        return run("clean", seeds, "-o", tmp_path / "out", "--show", "all", *given, env=env)

    assert cleaned("--quiet").out == ""
    full = cleaned("--limit", 0).out
    assert "not shown" not in full
    assert "characters …" not in full
    assert len(re.findall(r"^  line ", full, re.MULTILINE)) == 18
    assert "… 2 more articles not shown; --limit 0 shows all" in cleaned("--limit", 1).out
    assert "\x1b[31m    − Jihadist" in cleaned("--color", "always").out
    assert "\x1b" not in cleaned().out
    assert "\x1b" in cleaned(env={"FORCE_COLOR": "1"}).out
    assert "\x1b" not in cleaned(env={"FORCE_COLOR": "1", "NO_COLOR": "1"}).out
    narrow = cleaned(env={"COLUMNS": "40"}).out.splitlines()
    assert max(map(cells, narrow)) <= 40


def test_what_a_view_leaves_out_stands_in_the_files(seeds, tmp_path):
    done = run("clean", seeds, "-o", tmp_path / "out", "--limit", 1, env={"COLUMNS": "40"})
    assert "not shown" in done.out
    lines = (tmp_path / "out" / "provenance.jsonl").read_text().splitlines()
    ops = [op for line in lines for op in json.loads(line)["ops"]]
    assert len(ops) == 18
    assert all(op["end"] - op["start"] == len(op["text"]) for op in ops)
    run("scan", seeds, "-o", tmp_path / "found", "--limit", 1, env={"COLUMNS": "40"})
    rows = (tmp_path / "found" / "passages.jsonl").read_text().splitlines()
    assert len(rows) == 5


def test_copies_that_are_not_written_are_named_and_not_counted(tmp_path):
    body = f"{SCRIPTS['latin']} Of this and that.\n\nShare on Facebook\n"
    source = write_jsonl(
        tmp_path / "in.jsonl", {"id": "a", "text": body}, {"id": "b", "text": body.upper()}
    )
    done = run("clean", source, "-o", tmp_path / "out", "--show", "all")
    assert re.search(r"kept +a\n +removed +b\n +exact duplicate of a", done.out)
    assert "1 place, 17 characters, in 1 article" in done.out
    assert "1 article written to" in done.out
    done = run("clean", source, "-o", tmp_path / "all", "--all", "--show", "removals")
    assert "2 places, 34 characters, in 2 articles" in done.out


def test_annotating_marks_and_does_not_remove(tmp_path):
    source = write_jsonl(
        tmp_path / "in.jsonl",
        {"id": "a", "text": f"{SCRIPTS['latin']} And more.\n\nShare on Facebook\n"},
    )
    done = run("clean", source, "-o", tmp_path / "out", "--annotate", "--show", "all")
    assert "── Marked inside articles ── 1 place, 17 characters, in 1 article" in done.out
    assert "`dedup clean` without --annotate would remove it." in done.out
    assert "nothing was removed" in done.out


def test_what_is_held_back_is_named(seeds_result):
    review = pa.array([True, False, True, False, False])
    result = dataclasses.replace(seeds_result, review=review)
    text = "\n".join(clean_view(result, Cleaned("out", COUNTS), limit=1))
    assert "── Held back for review ── 2 articles ──" in text
    assert "\n  000_bf5b5dc23c7e20ed.txt\n  … 1 more article not shown" in text
    assert "1 to look at: `review` in provenance.jsonl" in text


def test_nothing_to_clean():
    result = scan([], Config(boilerplate=False))
    counts = {"written": 0, "removed_characters": 0, "review": 0, "rows": 0}
    text = "\n".join(clean_view(result, Cleaned("out", counts)))
    assert "── Removed inside articles ── nothing ──" in text
    assert "0 articles written to out, 0 characters removed from them" in text
