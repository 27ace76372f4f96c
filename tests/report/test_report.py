"""The views of the terminal: what they say, what they mark, and what they keep from it."""

from __future__ import annotations

import dataclasses
import json
import re
from collections import Counter

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from prose import word

from dedup.api import compare, scan
from dedup.config import Config
from dedup.report import compare_view, json_parts, scan_view
from dedup.report.terminal.alignment import BAR, Sides, side_by_side
from dedup.report.terminal.sections import chosen_pairs, ordered_pairs
from dedup.report.terminal.text import Style, cells, excerpt, safe, shortened, wrapped
from dedup.schema import CONTRACT, DOCUMENTS, PAIRS, PASSAGES, Corpus, ReadReport, rows_table
from dedup.sources import read

CODES = re.compile(r"\x1b\[[0-9;]*m")
LEFT = "The council met on Monday and agreed to mend the old bridge before the winter comes."
RIGHT = "The council met on Tuesday and agreed to mend the bridge, at last, before winter comes."


def aligned(left, right, width=100, colour=False, rows=0):
    return side_by_side(left, right, Sides(width, Style(colour)), rows=rows)


def columns(lines, width=100):
    """Return the text of both columns."""
    column = (width - 3) // 2
    split = [line.split(f" {BAR}", 1) for line in lines]
    assert all(len(each) == 2 for each in split)
    assert all(cells(left) <= column and cells(right) <= column + 1 for left, right in split)
    return tuple(" ".join(each[side].strip() for each in split).split() for side in (0, 1))


@pytest.fixture(scope="module")
def seeds_result(request):
    return scan_of(request.getfixturevalue("seeds"))


def scan_of(folder):
    return scan(read([str(folder)]))


def with_tables(result, **tables):
    return dataclasses.replace(result, tables={**result.tables, **tables})


def text_of(result, **how):
    return "\n".join(scan_view(result, **how))


def test_what_differs_is_marked_on_both_sides():
    left, right = columns(aligned(LEFT, RIGHT))
    assert "{Monday}" in left
    assert "{Tuesday}" in right
    assert "{old}" in left
    assert "{at" in right
    assert "last,}" in right
    assert "council" in left
    assert "council" in right


def test_what_differs_in_case_and_punctuation_only_is_not_marked():
    left, right = columns(aligned("“The Bridge” is old", "the bridge is old!"))
    assert left == "“The Bridge” is old".split()
    assert right == "the bridge is old!".split()


@pytest.mark.parametrize("width", [80, 81, 100, 160])
def test_no_word_is_lost_and_equal_words_share_a_row(width):
    lines = aligned(LEFT, RIGHT, width)
    left, right = columns(lines, width)
    assert [re.sub("[{}]", "", each) for each in left] == LEFT.split()
    assert [re.sub("[{}]", "", each) for each in right] == RIGHT.split()
    row = next(line for line in lines if "council" in line)
    assert row.count("council") == 2


def test_in_colour_nothing_stands_in_braces():
    lines = aligned(LEFT, RIGHT, colour=True)
    text = "\n".join(lines)
    assert "{" not in text
    assert "\x1b[31mMonday\x1b[0m" in text
    assert "\x1b[32mTuesday\x1b[0m" in text


def test_a_narrow_page_puts_one_above_the_other():
    lines = aligned(LEFT, RIGHT, width=60)
    assert [line[0] for line in lines] == ["A", "B"] * (len(lines) // 2)
    assert all(cells(line) <= 60 for line in lines)


def test_wide_characters_take_two_columns():
    text = "今日は晴れです。" * 12
    for line in aligned(text, text.replace("晴", "雨", 1), width=80):
        left, _ = line.split(f" {BAR} ")
        assert cells(left) == 38
    assert (cells("日本"), cells("e\u0301"), cells("ab")) == (4, 1, 2)


def test_a_word_wider_than_a_column_is_cut_not_lost():
    address = "https://example.org/" + "x" * 300
    left, right = columns(aligned(f"see {address} now", f"see {address} now", width=80), 80)
    assert "".join(left) == f"see{address}now" == "".join(right)


def test_rows_left_out_are_counted():
    names = [word(n, 3) for n in range(250)]
    left, right = (" ".join(f"{side}{name} same{name}" for name in names) for side in "xy")
    lines = aligned(left, right, rows=3)
    assert len(lines) == 4
    shown = [500 - len(each) for each in columns(lines[:3])]
    assert lines[3] == f"… {shown[0]} and {shown[1]} more words not shown; --limit 0 shows all"
    assert len(columns(aligned(left, right))[0]) == 500


def test_rows_without_a_difference_are_folded():
    left = " ".join(f"word{n}" for n in range(500))
    lines = aligned(left, left.replace("word400", "changed"), rows=12)
    folds = [int(line.split()[1]) for line in lines if line.startswith("⋮")]
    assert len(folds) == 2
    assert any("{word400}" in line and "{changed}" in line for line in lines)
    full = aligned(left, left.replace("word400", "changed"))
    assert len(full) == len(lines) - 2 + sum(folds)
    assert not any("⋮" in line or "not shown" in line for line in full)
    assert "not shown" not in lines[-1]


def test_long_passages_are_aligned_in_windows():
    words = [f"word{n % 700}x{n}" for n in range(3000)]
    other = words[:1000] + ["inserted"] * 50 + words[1000:2000] + words[2100:]
    left, right = columns(aligned(" ".join(words), " ".join(other)))
    marked = [each for each in " ".join(right).split() if "inserted" in each]
    assert len(marked) == 50
    assert sum("{" not in each and "}" not in each for each in left) > 2500


@settings(max_examples=60)
@given(st.text(max_size=80), st.text(max_size=80), st.sampled_from([50, 80, 97]))
def test_any_texts_fit_and_are_safe(left, right, width):
    for line in aligned(left, right, width):
        assert cells(line) <= width
        assert line.isprintable() or set(line) & set("\u200c\u200d") or not line.isascii()
        assert not re.search("[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", line)


def test_escape_codes_do_not_reach_the_terminal():
    evil = f"\x1b]0;title\x07\x1b[2J\x9b31m{LEFT}\u202e \r{RIGHT}\x00"
    result = scan([{"id": "\x1b[31mred\n", "text": evil}, {"id": "b", "text": f"{evil} And more."}])
    for colour in (False, True):
        text = CODES.sub("", text_of(result, colour=colour))
        assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]", text)
    assert "\\x1b" in text


@pytest.mark.parametrize(
    ("text", "shown"),
    [("a\tb\nc", "a b c"), ("\x1b[0m", "\\x1b[0m"), ("a\u202eb", "ab"), ("\ud800", "\ufffd")],
)
def test_safe(text, shown):
    assert safe(text) == shown


@given(st.text(max_size=60), st.integers(1, 40))
def test_shortened_text_fits(text, width):
    assert cells(shortened(text, width)) <= width
    assert all(cells(line) <= max(width, 10) for line in wrapped(safe(text), max(width, 10)))


def test_an_excerpt_says_how_much_is_left_out():
    text = "word " * 100
    shown = excerpt(text.strip(), 60)
    number = int(re.search(r"… (\d+) characters …", shown)[1])
    assert len(text.strip()) == number + len(re.sub(r" … \d+ characters … ", "", shown))


@pytest.mark.parametrize("width", [50, 60, 79, 80, 120, 160, 400])
@pytest.mark.parametrize("colour", [False, True])
def test_no_line_is_wider_than_the_page(seeds_result, width, colour):
    for line in scan_view(seeds_result, width=width, colour=colour, seconds=1.5):
        assert cells(CODES.sub("", line)) <= min(width, 160)
        assert colour or "\x1b" not in line


def test_the_seeds(seeds_result):
    text = text_of(seeds_result, width=120, seconds=1.5)
    assert "2 repeats in 1 article" in text
    assert "truncated teaser" in text
    assert "Boilerplate" in text
    assert re.search(r"derived +000_bf5b5dc23c7e20ed.txt", text)
    assert re.search(r"with +004_3d6875e7ecbdd058.txt", text)
    assert "strong, quote" in text
    assert "{groups, said}" in text
    assert "5 read = 5 kept + 0 removed + 0 skipped" in text
    assert "1.50 s, 3.3 documents/s" in text


def test_limits_say_what_they_hide(seeds_result):
    text = text_of(seeds_result, limit=1)
    passages = seeds_result.passages
    first = sum((each.a, each.b) == (passages[0].a, passages[0].b) for each in passages)
    assert "… 1 more repeat not shown; --limit 0 shows all" in text
    assert f"… {first - 1} more passages of this pair not shown; --limit 0 shows all" in text
    assert f"… 1 more pair with {len(passages) - first} passage" in text
    assert "… 1 more pair not shown; --limit 0 shows all" in text
    assert re.search(r"… \d+ characters …", text)
    full = text_of(seeds_result, limit=0)
    assert "not shown" not in full
    assert "characters …" not in full


def test_clusters_name_the_canonical_first_and_say_why():
    full = " ".join(f"{LEFT} Point {n} was settled too." for n in range(9))
    result = scan({"id": name, "text": text} for name, text in (("b", full), ("a", full.upper())))
    text = text_of(result)
    kept, removed = (each.doc_id for each in sorted(result.documents, key=lambda d: not d.kept))
    assert re.search(rf"kept +{kept}\n +removed +{removed}\n +exact duplicate of {kept}: Jac", text)
    assert "1 cluster of 2 articles, 1 removed" in text


def test_the_pairs_shown_are_of_every_relation(seeds_result):
    row = {"b": "z", "jaccard": 0.5, "coverage": 0.5, "containment_a": 0.5, "containment_b": 0.5}
    rows = [
        {**row, "a": f"{relation}{n:02}", "relation": relation, "matched_tokens": 99 - n}
        for relation, count in (("exact", 40), ("derived", 1), ("shares_passage", 30))
        for n in range(count)
    ]
    pairs = chosen_pairs(ordered_pairs(rows_table(PAIRS, rows)), 10)
    counts = Counter(each["relation"] for each in pairs)
    assert list(counts.items()) == [("exact", 5), ("derived", 1), ("shares_passage", 4)]
    assert [each["a"] for each in pairs[:2]] == ["exact00", "exact01"]
    text = text_of(with_tables(seeds_result, pairs=rows_table(PAIRS, rows)))
    assert "40 × exact duplicate, 1 × derived, 30 × shares a passage" in text
    assert "… 61 more pairs not shown" in text
    assert len(chosen_pairs(ordered_pairs(rows_table(PAIRS, rows)), 0)) == 71


def test_a_member_that_is_kept_says_why(seeds_result):
    rows = seeds_result.tables["documents"].to_pylist()
    rows[1] |= {"cluster": rows[0]["doc_id"], "canonical": False, "relation": "derived"}
    rows[1] |= {"jaccard": 0.2, "containment": 0.3, "coverage": 0.4}
    text = text_of(with_tables(seeds_result, documents=rows_table(DOCUMENTS, rows)), width=160)
    name = rows[0]["doc_id"]
    assert re.search(rf"kept +{rows[1]['doc_id']}\n +derived of {name}: Jaccard 0.20", text)
    assert "too much of its text occurs only there" in text


def test_an_excerpt_comes_before_what_it_was_taken_from(seeds_result):
    row = {"a": "long", "b": "short", "relation": "excerpt", "jaccard": 0.2, "coverage": 0.9}
    row |= {"containment_a": 0.2, "containment_b": 1.0, "matched_tokens": 40}
    pairs = rows_table(PAIRS, [row])
    lines = list(scan_view(with_tables(seeds_result, pairs=pairs, passages=PASSAGES.empty_table())))
    place = next(n for n, line in enumerate(lines) if line.startswith("excerpt"))
    assert re.match(r"excerpt +short +1.00", lines[place])
    assert re.match(r" +of +long +0.20", lines[place + 1])


def test_flaws_of_the_input_are_told_with_their_places(seeds_result):
    read_report = ReadReport()
    for line in range(7):
        read_report.skip("missing_text", f"a.jsonl:{line}")
    read_report.damage("invalid_utf8", "b.txt")
    read_report.fail("truncated_gzip", "c.gz")
    read_report.notes.append("2 linked folders not followed")
    corpus = Corpus(seeds_result.corpus.table, read_report)
    text = text_of(dataclasses.replace(seeds_result, corpus=corpus), width=160)
    assert "skipped: 7 × the text is missing or null (a.jsonl:0, " in text
    assert "a.jsonl:4, …)" in text
    assert "damaged, but used: 1 × bytes that are not UTF-8 were replaced (b.txt)" in text
    assert "files not read, or not to the end: 1 × the gzip data ends too early (c.gz)" in text
    assert "note: 2 linked folders not followed" in text


def test_nothing_at_all():
    text = text_of(scan([]))
    assert "0 articles" in text
    assert "0 read = 0 kept + 0 removed + 0 skipped" in text


def test_what_was_not_looked_for_has_no_section():
    text = text_of(scan([LEFT, RIGHT], Config(find=("duplicates",), boilerplate=False)))
    assert "Inside articles" not in text
    assert "Between articles" not in text
    assert "Boilerplate" not in text


def test_review_is_named(seeds_result):
    review = pa.array([True, False, False, False, False])
    text = text_of(dataclasses.replace(seeds_result, review=review), width=160)
    assert "1 article to look at" in text
    assert "held back: 000_bf5b5dc23c7e20ed.txt" in text


def test_a_comparison_shows_scores_and_passages():
    shared = "Hassan Abdul Ghani entered Hama with tanks and returned it to its rightful owners."
    result = compare(
        f"{shared} Nothing else is like it.", f"Of other matters at length, then: {shared}"
    )
    text = "\n".join(compare_view(result, width=120))
    assert re.search(r"^Jaccard +0\.\d\d of all shingles", text, re.MULTILINE)
    assert re.search(r"^containment +0\.\d\d of the shingles of A are in B", text, re.MULTILINE)
    assert re.search(r"^passages +1 with \d+ matched tokens", text, re.MULTILINE)
    assert text.count("rightful owners") == 2


def test_a_comparison_of_strangers_says_so():
    result = compare(LEFT, "Quite another text, of ships and of the sea.")
    lines = list(compare_view(result))
    assert lines[0] == "Nothing in common"
    assert "passages      none" in lines


def test_json_holds_everything(seeds_result):
    whole = json.loads(b"".join(json_parts(seeds_result)))
    assert CONTRACT.keys() < seeds_result.contract.keys()
    assert list(whole) == [*seeds_result.contract, "removals", "annotations", "clusters", "summary"]
    for name, schema in seeds_result.contract.items():
        assert len(whole[name]) == len(seeds_result.tables[name])
        assert all(list(row) == schema.names for row in whole[name])
    assert {row["doc_id"] for row in whole["removals"]} <= {
        row["doc_id"] for row in whole["documents"]
    }
    assert len(whole["annotations"]) == len(seeds_result.annotations)


def test_json_of_nothing_is_json(seeds_result):
    empty = {name: schema.empty_table() for name, schema in CONTRACT.items()}
    result = with_tables(seeds_result, **empty)
    assert json.loads(b"".join(json_parts(result)))["documents"] == []
    assert DOCUMENTS.empty_table().num_rows == 0
