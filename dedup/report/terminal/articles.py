"""Sections on whole articles: pairs with their relation, clusters, reuse groups, totals."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pyarrow.compute as pc

from dedup.config import RELATIONS
from dedup.pipeline.warnings import describe
from dedup.report.labels import STYLES, limit_name, relation_name
from dedup.report.terminal.page import Page, tally
from dedup.report.terminal.sections import chosen_pairs, ordered_pairs
from dedup.report.terminal.text import ALL, cells, counted, pad, safe, score, spaced
from dedup.result import Document
from dedup.sources.options import REASONS

_NUMBERS = (("contained", 9), ("Jaccard", 7), ("coverage", 8), ("tokens", 7))
_RELATION = 16
_NARROW_NAME = 16  # below this width for names the relation gets a line of its own


def pairs(page: Page) -> Iterator[str]:
    """Yield the pairs of articles by relation, each article on a line of its own."""
    table = page.result.tables["pairs"]
    counts = tally(table["relation"], RELATIONS)
    facts = ", ".join(f"{count:,} × {relation_name(name)}" for name, count in counts)
    yield from page.heading("Pairs of articles", facts or "none share text")
    if not len(table):
        return
    rows = chosen_pairs(ordered_pairs(table), page.limit)
    wide = page.width - 2 - sum(width + 2 for _, width in _NUMBERS)
    if wide < _NARROW_NAME:
        for row in rows:
            yield from _narrow_pair(page, row)
        yield from page.left_out(len(table), "pair")
        return
    longest = max(_RELATION, *(cells(relation_name(row["relation"])) for row in rows))
    first = 0 if wide - longest < _NARROW_NAME else longest
    widest = max(cells(safe(row[side])) for row in rows for side in "ab")
    wide = max(min(wide - first, widest), 7)
    heads = [pad(name, width, right=True) for name, width in _NUMBERS]
    begin = "relation" if first else "  "
    yield page.style("  ".join([pad(begin, first), pad("article", wide), *heads]).lstrip(), "dim")
    for row in rows:
        yield from _pair(page, row, wide, first)
    yield from page.left_out(len(table), "pair")


_OF = ("exact", "near_duplicate", "excerpt", "revision")  # "another version of", "derived with"


def _sides(row: dict[str, Any]) -> tuple[list[str], str]:
    """Return which article of a pair comes first, and the word between them."""
    relation, sides = row["relation"], ["a", "b"]
    if relation == "excerpt" and row["containment_b"] > row["containment_a"]:
        sides.reverse()  # the excerpt comes before what it was taken from
    return sides, "of" if relation in _OF else "with"


def _narrow_pair(page: Page, row: dict[str, Any]) -> Iterator[str]:
    """Yield the articles of a pair and its scores, where a table does not fit."""
    sides, link = _sides(row)
    style = STYLES.get(row["relation"], "dim")
    yield page.style(relation_name(row["relation"]), style)
    yield f"  {page.name(row[sides[0]], page.width - 2)}"
    yield f"  {page.style(link, style)} {page.name(row[sides[1]], page.width - 3 - len(link))}"
    contained = " and ".join(score(row[f"containment_{side}"]) for side in sides)
    facts = [
        f"contained {contained}",
        f"Jaccard {score(row['jaccard'])}",
        f"coverage {score(row['coverage'])}",
        counted(row["matched_tokens"], "token"),
    ]
    yield from page.lines(", ".join(facts), "dim", indent=4)


def _pair(page: Page, row: dict[str, Any], wide: int, first: int) -> Iterator[str]:
    """Yield one line per article; the relation comes first, or above on a narrow page."""
    sides, link = _sides(row)
    style = STYLES.get(row["relation"], "dim")
    words = [relation_name(row["relation"]), link]
    if not first:
        yield page.style(words[0], style)
        words = ["", ""]
    others = [score(row["jaccard"]), score(row["coverage"]), f"{row['matched_tokens']:,}"]
    for word, side, more in zip(words, sides, (others, []), strict=True):
        figures = [
            pad(text, width, right=True)
            for text, (_, width) in zip(
                [score(row[f"containment_{side}"]), *more], _NUMBERS, strict=False
            )
        ]
        begin = page.style(pad(word, first, right=word == link), style)
        yield "  ".join([begin, pad(page.name(row[side], wide), wide), *figures])


def clusters(page: Page) -> Iterator[str]:
    """Yield the clusters of two or more articles, the canonical one first."""
    found = page.result.clusters
    if not found:
        return
    members = sum(map(len, found.values()))
    removed = pc.sum(pc.invert(page.result.tables["documents"]["kept"])).as_py() or 0
    facts = f"{counted(len(found), 'cluster')} of {members:,} articles, {removed:,} removed"
    yield from page.heading("Clusters", facts)
    documents = {each.doc_id: each for each in page.result.documents}
    order = sorted(found.items(), key=lambda each: (-len(each[1]), each[0]))
    for _, ids in order[: page.limit or None]:
        for doc_id in ids[: page.limit + 1 if page.limit else None]:
            yield from _member(page, documents[doc_id])
        yield from page.left_out(len(ids) - 1, "article", " of this cluster")
    yield from page.left_out(len(found), "cluster")


def _member(page: Page, document: Document) -> Iterator[str]:
    name = page.name(document.doc_id, page.width - 12)
    if document.canonical:
        yield f"  {page.style('kept   ', 'green')}  {page.style(name, 'bold')}"
        return
    verdict = page.style("kept   ", "green") if document.kept else page.style("removed", "red")
    yield f"  {verdict}  {name}"
    why = relation_name(document.relation or "none")
    scores = [
        f"{word} {score(value)}"
        for word, value in (
            ("Jaccard", document.jaccard),
            ("contained", document.containment),
            ("coverage", document.coverage),
        )
        if value is not None
    ]
    other = page.name(document.duplicate_of or document.cluster, page.width // 2)
    line = f"{why} of {other}: {', '.join(scores)}"
    if document.kept:
        line += "; too much of its text occurs only there for it to be removed"
    elif document.lost_tokens:
        share = score(document.lost_share)
        line += f"; loses {counted(document.lost_tokens, 'word')} ({share} of its running text)"
    yield from page.lines(line, "dim", indent=11)


def reuse_groups(page: Page) -> Iterator[str]:
    """Yield the groups of clusters that share text without being copies."""
    groups = page.result.summary.get("reuse_groups") or []
    if not groups:
        return
    facts = f"{counted(len(groups), 'group')} of articles that share text; none is removed for it"
    yield from page.heading("Text reuse", facts)
    for group in groups[: page.limit or None]:
        shown = group[: page.limit or None]
        names = ", ".join(page.name(each, page.width // 2) for each in shown)
        more = f" and {len(group) - len(shown):,} more ({ALL})" if len(group) > len(shown) else ""
        yield from page.lines(f"{names}{more}", indent=2)
    yield from page.left_out(len(groups), "group")


def warnings_or_none(page: Page) -> Iterator[str]:
    """Yield the warnings, or that there are none, for somebody who asked."""
    if not page.result.summary.get("warnings"):
        yield from page.heading("Warnings", "none")
    yield from warnings_found(page)


def warnings_found(page: Page) -> Iterator[str]:
    """Yield what looks wrong about the removals, with examples to judge it by."""
    found = page.result.summary.get("warnings") or []
    if not found:
        return
    yield from page.heading(
        "Look at this before you trust the removals", f"{len(found):,} to look at"
    )
    shown: list[dict[str, Any]] = []
    for each in found[: page.limit or None]:
        yield from page.lines(safe(describe(each)), "yellow", indent=2)
        if each["examples"] != shown:  # a site may be the whole corpus
            shown = each["examples"]
            for example in shown:
                yield from page.lines(_example(page, example), "dim", indent=4)
    yield from page.left_out(len(found), "warning")


def _example(page: Page, example: dict[str, Any]) -> str:
    name = page.name(example["doc_id"], page.width // 2)
    why = relation_name(example["relation"]) if example["relation"] else ""
    if example["duplicate_of"] is None:
        return f"{name}: {why}, kept" if why else f"{name}: kept"
    other = page.name(example["duplicate_of"], page.width // 2)
    return f"{name}: {why or relation_name('none')} of {other}"


def totals(page: Page, seconds: float | None = None) -> Iterator[str]:
    """Yield what was read, kept, removed and skipped, and why; what limits left out; the time."""
    read_report = page.result.corpus.read_report
    yield from page.heading("Total")
    yield from page.lines(page.sums(), "bold", indent=2)
    losses = page.result.summary.get("losses")
    if losses and losses["tokens"]:
        words, facts = counted(losses["tokens"], "word"), counted(losses["facts"], "fact")
        text = f"{words} and {facts} stand in removed articles alone"
        yield from page.lines(f"{text} (--show losses)", "yellow", indent=2)
    for word, counts in (
        ("skipped", read_report.skipped),
        ("damaged, but used", read_report.damaged),
        ("files not read, or not to the end", read_report.files_failed),
    ):
        for reason, count in sorted(counts.items()):
            yield from _flaw(page, word, reason, count)
    for note in read_report.notes[: page.limit or None]:
        yield from page.lines(f"note: {safe(note)}", indent=2)
    yield from page.left_out(len(read_report.notes), "note")
    for name, count in sorted((page.result.summary.get("limits") or {}).items()):
        if count:
            yield from page.lines(f"limits: {count:,} {limit_name(name)}", indent=2)
    yield from speed(page, seconds)


def speed(page: Page, seconds: float | None) -> list[str]:
    """Return how long it took, where that is known."""
    if seconds is None:
        return []
    return page.lines(f"{seconds:.2f} s, {page.rate(seconds)} documents/s", indent=2)


def _flaw(page: Page, word: str, reason: str, count: int) -> Iterator[str]:
    known = page.result.corpus.read_report.places.get(reason, [])
    places = ", ".join(page.name(each, page.width // 2) for each in known)
    more = ", …" if count > len(known) else ""
    why = REASONS.get(reason) or spaced(reason)
    line = f"{word}: {count:,} × {why}" + (f" ({places}{more})" if places else "")
    yield from page.lines(line, "yellow", indent=2)
