"""Figures of quality and speed in the pages are those of the newest records."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
RECORDS = ROOT / "benchmarks" / "quality" / "record"
OCR, WIKI, ARTICLE = "ocr_pairs", "wiki_versions", "same_article"

TEXTS = "text_alignment"
PLAGDET = [
    (TEXTS, "plagdet"),
    (TEXTS, "by_label/02-no-obfuscation/plagdet"),
    (TEXTS, "by_label/03-random-obfuscation/plagdet"),
    (TEXTS, "by_label/04-translation-obfuscation/plagdet"),
]

# The page, what it says with a gap for each figure, and where the figures are in the record: those
# with a % are shares of a hundred.
SAID = [
    ("README.md", "92 news pages | ARI of the clusters | {} |", [(ARTICLE, "ari")]),
    ("README.md", "that most members hold, median | {} |", [(ARTICLE, "kept_share")]),
    ("README.md", "pages | ARI, precision | {}, {} |", [(WIKI, "ari"), (WIKI, "precision")]),
    ("README.md", "recall, precision | {}, {} |", [(OCR, "recall"), (OCR, "precision")]),
    (
        "README.md",
        "precision, recall of removed text | {}, {} |",
        [("boilerplate", "precision"), ("boilerplate", "recall")],
    ),
    ("README.md", "B-cubed F1, ARI | {}, {} |", [("stories", "f1"), ("stories", "ari")]),
    ("README.md", "all, verbatim, random edits, translated | {}, {}, {}, {} |", PLAGDET),
    ("docs/limits.md", "keeps enough words (plagdet {})", PLAGDET[3:]),
    (
        "docs/guides/reuse.md",
        "(plagdet) is {} for verbatim passages, {} for random edits and {} for text",
        PLAGDET[1:],
    ),
    (
        "docs/limits.md",
        "{} of the pairs are found, with a precision of {}.",
        [(OCR, "%recall"), (OCR, "precision")],
    ),
    (
        "docs/limits.md",
        "the clusters have a precision of {} and a recall of {}.",
        [(WIKI, "precision"), (WIKI, "recall")],
    ),
    (
        "docs/limits.md",
        "{} of the boilerplate is removed. {} of the removed",
        [("boilerplate", "%recall"), ("boilerplate", "%precision")],
    ),
]


def written(value, *, percent):
    """Return a figure as pages write it."""
    return f"{value:.1%}" if percent else f"{value:.3f}".removeprefix("0")


def text_of(page):
    """Return a page with a blank wherever a line ends."""
    return " ".join((ROOT / page).read_text(encoding="utf-8").split())


@pytest.mark.parametrize(("page", "said", "places"), SAID, ids=[each[1] for each in SAID])
def test_figures_are_those_of_the_newest_record(page, said, places):
    record = json.loads(max(RECORDS.glob("*.json")).read_bytes())["sets"]
    figures = []
    for name, path in places:
        value = record[name]["figures"]
        for key in path.removeprefix("%").split("/"):
            value = value[key]
        figures.append(written(value, percent=path.startswith("%")))
    assert said.format(*figures) in text_of(page)


FULL, FAST = "dedup, everything", "dedup, duplicates"
# As above, of the speed of 50,000 articles: of which process which figure, and how it is written.
TAKEN = [
    (
        "README.md",
        "**Full mode** (50,000 articles): {} CPU seconds. datasketch takes {} for whole",
        [(FULL, "cpu_seconds", ".0f"), ("datasketch", "cpu_seconds", ".0f")],
    ),
    ("README.md", "pairwise F1 is {}.", [(FULL, "f1", ".3f")]),
    (
        "docs/guides/crawl.md",
        "(50,000 articles: {} CPU seconds instead of {})",
        [(FULL, "cpu_seconds", ".0f"), (FAST, "cpu_seconds", ".1f")],
    ),
    (
        "docs/guides/crawl.md",
        "planted pairs rises from {} to {}.",
        [(FAST, "recall", ".2f"), (FULL, "recall", ".2f")],
    ),
    (
        "docs/choosing.md",
        "by shingles | {} CPU s, recall {} |",
        [(FAST, "cpu_seconds", ".1f"), (FAST, "recall", ".2f")],
    ),
    (
        "docs/choosing.md",
        "stories | {} CPU s, recall {} |",
        [(FULL, "cpu_seconds", ".0f"), (FULL, "recall", ".2f")],
    ),
    (
        "docs/limits.md",
        "50,000 articles of 450 words: {} CPU s,",
        [(FULL, "cpu_seconds", ".0f")],
    ),
    ("docs/comparison.md", "of the other tools ({} CPU s)", [("daft", "cpu_seconds", ".1f")]),
]


@pytest.mark.parametrize(("page", "said", "places"), TAKEN, ids=[each[1] for each in TAKEN])
def test_seconds_are_those_of_the_newest_record(page, said, places):
    records = (ROOT / "benchmarks" / "record").glob("pipeline-50k-*.json")
    rows = {row["name"]: row for row in json.loads(max(records).read_bytes())["results"]}
    figures = [format(rows[name][key], form).removeprefix("0") for name, key, form in places]
    assert said.format(*figures) in text_of(page)
