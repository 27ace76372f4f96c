"""Sections on families, who copied whom, and stories."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from dedup.report.labels import family_name
from dedup.report.terminal.page import Page, tally
from dedup.report.terminal.text import ALL, counted, excerpt, safe, score

_EVIDENCE = {
    "credit": "credits",
    "shared_credit": "has what others credit to",
    "named": "names",
    "first": "has it within 72 hours after",
}


def families(page: Page) -> Iterator[str]:
    """Yield the families, each with its wording and where it occurs."""
    table = page.result.tables.get("families")
    if table is None:
        return
    kinds = ", ".join(f"{count:,} × {family_name(kind)}" for kind, count in tally(table["kind"]))
    yield from page.heading("Passages and where they occur", kinds or "none")
    shown = page.first(table)
    occurrences = _rows_of(
        page.result.tables["occurrences"], "family", [row["family"] for row in shown]
    )
    for row in shown:
        yield ""
        yield from page.lines(family_line(row), "cyan")
        wording = safe(row["wording"])
        text = wording if not page.limit else excerpt(wording, 2 * page.width)
        yield from page.lines(text, indent=2)
        mine = occurrences[row["family"]]
        for each in islice(mine, page.limit or None):
            yield from page.lines(_occurrence(page, each), "dim", indent=4)
        yield from page.left_out(len(mine), "occurrence", " of this family")
    yield from page.left_out(len(table), "family")
    yield from copying(page)


def _rows_of(table: pa.Table, column: str, keys: list[Any]) -> dict[Any, list[dict[str, Any]]]:
    """Return the rows of a table that have one of some keys in a column, by key."""
    some = table.filter(pc.is_in(table[column], pa.array(keys, table.schema.field(column).type)))
    held: dict[Any, list[dict[str, Any]]] = {key: [] for key in keys}
    for row in some.to_pylist():
        held[row[column]].append(row)
    return held


def family_place(row: dict[str, Any]) -> str:
    """Return what kind of passage a family is, and in how many articles and outlets."""
    outlets = f" of {counted(row['owners'], 'outlet')}" if row["owners"] else ""
    return f"{family_name(row['kind'])} in {counted(row['articles'], 'article')}{outlets}"


def family_line(row: dict[str, Any]) -> str:
    """Return what kind of passage a family is, in how many articles and outlets, and of whom."""
    parts = [family_place(row)]
    if row["speaker"]:
        parts.append(safe(row["speaker"]))
    if row["agency"]:
        parts.append(f"credited: {safe(row['agency'])} ({row['credits']:,} of {row['articles']:,})")
    if row["first_date"]:
        parts.append(f"first seen in {safe(row['first_id'])}, {safe(row['first_date'])[:10]}")
    return ", ".join(parts)


def _occurrence(page: Page, row: dict[str, Any]) -> str:
    name = page.name(row["doc_id"], page.width // 2)
    more = [f"{row['start']:,}–{row['end']:,}"]
    more += [safe(value)[:40] for value in (row["site"], row["date"]) if value]
    if row["variant"]:
        more.append("another form of it")
    return f"{name}: {', '.join(more)}"


def copying(page: Page) -> Iterator[str]:
    """Yield which outlet has text from which other one or which agency, by what evidence."""
    table = page.result.tables.get("copying")
    if table is None or not len(table):
        return
    yield from page.heading("Who has text from whom", counted(len(table), "pair"))
    for row in page.first(table):
        verb = _EVIDENCE.get(row["evidence"], row["evidence"])
        facts = f"{counted(row['families'], 'passage')} in {counted(row['articles'], 'article')}"
        line = f"{safe(row['outlet'])} {verb} {safe(row['source'])}: {facts}"
        yield from page.lines(line, indent=2)
    yield from page.left_out(len(table), "pair")


def stories(page: Page) -> Iterator[str]:
    """Yield the stories, each with its words and its articles, and why each is among them."""
    table = page.result.tables.get("stories")
    if table is None:
        return
    summary = page.result.summary["stories"]
    facts = f"{counted(len(table), 'story', 'stories')} of {summary['articles']:,} articles"
    yield from page.heading("Stories: one event in other words", facts if len(table) else "none")
    shown = page.first(table)
    members = _rows_of(
        page.result.tables["story_members"], "story", [row["story"] for row in shown]
    )
    for row in shown:
        yield ""
        yield from page.lines(story_line(row), "cyan")
        mine = members[row["story"]]
        for each in islice(mine, page.limit or None):
            yield from page.lines(_member(page, each), indent=2)
        if page.limit and len(mine) > page.limit:
            yield from page.note(f"… and {len(mine) - page.limit:,} more; {ALL}")
    yield from page.left_out(len(table), "story")


def story_line(row: dict[str, Any]) -> str:
    """Return how many articles tell a story, of how many outlets, when, and by which words.

    Outlets that have a copy only count too, so the copies are named with the articles.
    """
    copies = row["documents"] - row["articles"]
    with_copies = f" and {counted(copies, 'copy', 'copies')}" if copies else ""
    outlets = f" of {counted(row['sites'], 'outlet')}" if row["sites"] else ""
    days = [safe(row[name])[:10] for name in ("first", "last") if row[name]]
    dates = f", {' to '.join(dict.fromkeys(days))}" if days else ""
    series = ", a series" if row["series"] else ""
    words = ", ".join(safe(word) for word in row["words"])
    return f"{counted(row['articles'], 'article')}{with_copies}{outlets}{dates}{series}: {words}"


def _member(page: Page, row: dict[str, Any]) -> str:
    name = page.name(row["doc_id"], page.width // 2)
    if row["copy_of"] is not None:
        return f"{name}: copy of {page.name(row['copy_of'], page.width // 3)}"
    shares = f"; shares text with {row['shares_text_with']:,}" if row["shares_text_with"] else ""
    words = ", ".join(safe(word) for word in row["words"] or ())
    return f"{name}: {score(row['similarity'])}, {words}{shares}"
