"""Sections on what differs: what removals lose, reports on one form, versions of one article."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from dedup.report.labels import relation_name
from dedup.report.terminal.page import Page
from dedup.report.terminal.text import counted, excerpt, safe, score

_STRETCHES = 3  # of one document, unless all are asked for


def losses(page: Page) -> Iterator[str]:
    """Yield the removals that lose text, greatest share first, with what they lose."""
    documents = page.result.tables["documents"]
    some = documents.filter(pc.greater(pc.fill_null(documents["lost_tokens"], 0), 0)).select(
        ["doc_id", "relation", "duplicate_of", "lost_tokens", "lost_facts", "lost_share"]
    )
    total = page.result.summary.get("losses") or {}
    facts = "no removal loses running text"
    if len(some):
        words = counted(total.get("tokens", 0), "word")
        facts = f"{counted(len(some), 'removal')} lose {words}, {total.get('facts', 0):,} facts"
    yield from page.heading("What removals lose", facts)
    order = [("lost_share", "descending"), ("lost_tokens", "descending"), ("doc_id", "ascending")]
    texts = _stretches(page)
    for row in some.sort_by(order).slice(0, page.limit or None).to_pylist():
        name, other = (page.name(row[key], page.width // 2) for key in ("doc_id", "duplicate_of"))
        why = f"{relation_name(row['relation'])} of {other}"
        yield from page.lines(f"{name}: {why}", indent=2)
        lost = counted(row["lost_tokens"], "word")
        line = f"loses {lost} ({score(row['lost_share'])} of its running text)"
        yield from page.lines(f"{line}, {counted(row['lost_facts'], 'fact')}", "yellow", indent=4)
        mine = texts.get(row["doc_id"], [])
        for text in mine[: _STRETCHES if page.limit else None]:
            yield from page.lines(f"− {excerpt(safe(text), 2 * page.width)}", "dim", indent=6)
        if page.limit and len(mine) > _STRETCHES:
            yield from page.lines(f"… and {len(mine) - _STRETCHES:,} more", "dim", indent=6)
    yield from page.left_out(len(some), "removal")


def _stretches(page: Page) -> dict[str, list[str]]:
    """Return the texts that each document loses, longest first."""
    table = page.result.tables.get("losses")
    found: dict[str, list[str]] = {}
    if table is None:
        return found
    order = [("doc_id", "ascending"), ("tokens", "descending"), ("start", "ascending")]
    for row in table.sort_by(order).to_pylist():
        found.setdefault(row["doc_id"], []).append(row["text"])
    return found


def forms(page: Page) -> Iterator[str]:
    """Yield the pairs of reports on one form, with the facts in conflict."""
    yield from _differing(page, "same_form", "Reports on one form", "all of them stay")


def revisions(page: Page) -> Iterator[str]:
    """Yield the pairs of versions of one article, with the facts that changed."""
    yield from _differing(page, "revision", "Versions of one article", "by --revisions")


def _differing(page: Page, relation: str, title: str, more: str) -> Iterator[str]:
    pairs = page.result.tables["pairs"]
    some: pa.Table = pairs.filter(pc.equal(pairs["relation"], relation))
    yield from page.heading(title, f"{counted(len(some), 'pair')}, {more}" if len(some) else "none")
    order = [("jaccard", "descending"), ("a", "ascending"), ("b", "ascending")]
    for row in some.sort_by(order).slice(0, page.limit or None).to_pylist():
        names = " and ".join(page.name(row[side], page.width // 2) for side in "ab")
        yield from page.lines(f"{names} (Jaccard {score(row['jaccard'])})", indent=2)
        yield from page.lines(changed(row), "yellow", indent=4)
    yield from page.left_out(len(some), "pair")


def changed(pair: dict[str, Any]) -> str:
    """Return the facts in conflict of a pair on one line."""
    return safe(pair["changed"] or "") or "no fact in conflict is listed"
