"""A result as lines for a terminal: the view of a scan, and that of one pair."""

from __future__ import annotations

from typing import Any

import pyarrow.compute as pc

from dedup.records import Result
from dedup.report import articles, sections
from dedup.report.page import Page
from dedup.report.terminal import counted, score, wrapped


def scan_view(
    result: Result,
    *,
    width: int = 80,
    colour: bool = False,
    limit: int = 10,
    seconds: float | None = None,
) -> list[str]:
    """Return a result as lines for a person at a terminal ``width`` columns wide.

    At most ``limit`` entries of each list are shown, 0 for all; what is left out is said.
    ``seconds`` is the time the scan took. Nothing in the texts can steer the terminal.
    """
    page = Page.of(result, width=width, colour=colour, limit=limit)
    return [
        *_header(page),
        *sections.inside(page),
        *sections.furniture(page),
        *sections.between(page),
        *articles.pairs(page),
        *articles.clusters(page),
        *articles.reuse_groups(page),
        *articles.totals(page, seconds),
    ]


def _header(page: Page) -> list[str]:
    table = page.result.corpus.table
    characters = pc.sum(pc.utf8_length(table["text"])).as_py() or 0
    version = page.result.summary.get("version", "")
    facts = f"{counted(len(table), 'article')}, {counted(characters, 'character')}"
    return page.lines(f"{f'dedup {version}'.strip()}: {facts}", "bold")


def compare_view(
    result: Result, *, width: int = 80, colour: bool = False, limit: int = 0
) -> list[str]:
    """Return the one pair of a comparison as lines: relation, scores, and aligned passages."""
    page = Page.of(result, width=width, colour=colour, limit=limit)
    pair = result.tables["pairs"].slice(0, 1).to_pylist()[0]
    rows = sections.passages_of(result.tables["passages"], pair)
    lines = [page.style(sections.relation_name(pair["relation"]).capitalize(), "bold", "cyan")]
    for label, side in (("A", "a"), ("B", "b")):
        lines.append(f"{label:<12}  {page.name(pair[side], page.width - 14)}")
    for label, text in _scores(pair, len(rows)):
        lines += wrapped(text, page.width, " " * 14, f"{label:<12}  ")
    shown = rows[: page.limit or None]
    if shown and not colour:
        lines += ["", *page.note(sections.BRACES)]
    lines += [line for row in shown for line in sections.passage(page, row)]
    return [*lines, *page.left_out(len(rows), "passage")]


def _scores(pair: dict[str, Any], passages: int) -> list[tuple[str, str]]:
    tokens = counted(pair["matched_tokens"], "matched token")
    of_a, of_b = score(pair["containment_a"]), score(pair["containment_b"])
    return [
        ("Jaccard", f"{score(pair['jaccard'])} of all shingles are in both"),
        ("containment", f"{of_a} of the shingles of A are in B, {of_b} of those of B are in A"),
        ("coverage", f"{score(pair['coverage'])} of the shorter one stands in shared passages"),
        ("passages", f"{passages:,} with {tokens}" if passages else "none"),
    ]
