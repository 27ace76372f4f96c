"""Sections on what cleaning did: what was taken out of which article, and what stays."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from dedup.report.labels import STYLES, reason_kind, reason_name
from dedup.report.terminal import sections
from dedup.report.terminal.page import Page, tally
from dedup.report.terminal.text import counted, safe


@dataclass(frozen=True, slots=True)
class Cleaned:
    """What was written: where, what was counted, whether all articles, and whether only marked."""

    output: str
    counts: dict[str, Any]
    everything: bool = False
    annotate: bool = False


def cuts(page: Page, cleaned: Cleaned) -> Iterator[str]:
    """Yield what was removed inside articles, those first that lose most."""
    removals = _written(page, cleaned)
    size = pc.sum(removals["size"]).as_py() or 0
    by_doc = removals.group_by("doc").aggregate([("size", "sum"), ("size", "count")])
    by_doc = by_doc.sort_by([("size_sum", "descending"), ("doc", "ascending")])
    characters, articles = counted(size, "character"), counted(len(by_doc), "article")
    facts = f"{counted(len(removals), 'place')}, {characters}, in {articles}"
    title = "Marked inside articles" if cleaned.annotate else "Removed inside articles"
    yield from page.heading(title, facts if len(removals) else "nothing")
    if len(removals) and cleaned.annotate:
        yield from page.note("`dedup clean` without --annotate would remove it.")
    for row in page.first(by_doc):
        yield from _article(page, removals, row)
    yield from page.left_out(len(by_doc), "article")


def _written(page: Page, cleaned: Cleaned) -> pa.Table:
    """Return the removals of the articles that were written, and how long each is."""
    removals = page.result.removals
    if not cleaned.everything and not cleaned.annotate:
        kept = page.result.tables["documents"]["kept"].combine_chunks()
        removals = removals.filter(kept.take(removals["doc"]))
    return removals.append_column("size", pc.subtract(removals["end"], removals["start"]))


def _article(page: Page, removals: pa.Table, row: dict[str, Any]) -> Iterator[str]:
    doc_id = page.result.corpus.table["doc_id"][row["doc"]].as_py()
    own = removals.filter(pc.equal(removals["doc"], row["doc"]))
    yield page.style(page.name(doc_id, page.width), "bold")
    length = len(page.text(doc_id))
    yield from page.lines(f"{row['size_sum']:,} of {counted(length, 'character')}", "dim", indent=2)
    yield from sections.longest(page, doc_id, own)


def held_back(page: Page) -> Iterator[str]:
    """Yield the articles in which so much would go that removals were held back."""
    held = page.result.corpus.table["doc_id"].filter(page.result.review)
    if not len(held):
        return
    yield from page.heading("Held back for review", counted(len(held), "article"))
    yield from page.note(
        "So much of them would go that a person should look: only what is sure went."
    )
    for doc_id in held.slice(0, page.limit or len(held)).to_pylist():
        yield page.style(f"  {page.name(doc_id, page.width - 2)}", "yellow")
    yield from page.left_out(len(held), "article")


def tags(page: Page) -> Iterator[str]:
    """Yield what was tagged and stays."""
    annotations = page.result.annotations
    if not len(annotations):
        return
    articles = counted(len(pc.unique(annotations["doc"])), "article")
    facts = f"{counted(len(annotations), 'line')} in {articles}"
    yield from page.heading("Tagged and left in place", facts)
    yield from reasons(page, tally(annotations["tag"]))


def reasons(page: Page, counts: list[tuple[str, int]]) -> Iterator[str]:
    """Yield reasons or tags, one on a line, with their counts."""
    wide = max((len(f"{count:,}") for _, count in counts), default=0)
    for name, count in counts:
        style = STYLES[reason_kind(name)]
        yield from page.lines(f"{count:>{wide},} × {reason_name(name)}", style, indent=2)


def written(page: Page, cleaned: Cleaned) -> Iterator[str]:
    """Yield what was written where, what was removed by reason, and how to undo it."""
    counts, output = cleaned.counts, safe(cleaned.output)
    if cleaned.annotate:
        documents = page.result.summary["documents"]
        annotations = "{kept:,} marked as kept, {removed:,} as not".format(**documents)
        rows = (
            f"{counted(counts['rows'], 'row')} written to {output} as they were read; {annotations}"
        )
        yield from page.lines(rows, indent=2)
        yield from page.lines("nothing was removed", indent=2)
        return
    gone = counted(counts["removed_characters"], "character")
    removed = f"{gone} removed from them, line breaks included"
    articles = counted(counts["written"], "article")
    yield from page.lines(f"{articles} written to {output}, {removed}", indent=2)
    yield from reasons(page, tally(_written(page, cleaned)["reason"]))
    if counts["review"]:
        yield from page.lines(
            f"{counts['review']:,} to look at: `review` in provenance.jsonl", indent=2
        )
    yield from page.lines(f"`dedup restore {output}` brings back the text that was read", indent=2)
