"""A result as lines for a terminal: the view of a scan, and that of one pair."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from dedup.report.labels import STYLES, relation_name
from dedup.report.terminal import answer, articles, families, losses, sections
from dedup.report.terminal import cleaned as parts
from dedup.report.terminal.answer import Typed
from dedup.report.terminal.cleaned import Cleaned
from dedup.report.terminal.page import Page
from dedup.report.terminal.text import counted, safe, score, wrapped
from dedup.result import Result

Section = Callable[[Page], Iterator[str]]

SECTIONS: dict[str, tuple[Section, ...]] = {
    "clusters": (articles.clusters, articles.reuse_groups),
    "families": (families.families,),
    "stories": (families.stories,),
    "passages": (sections.between,),
    "pairs": (articles.pairs,),
    "removals": (sections.inside, sections.boilerplate),
    "losses": (losses.losses,),
    "forms": (losses.forms,),
    "revisions": (losses.revisions,),
    "warnings": (articles.warnings_or_none,),
    "input": (articles.totals,),
}
SHOWN = (*SECTIONS, "all")
CLEANED_SHOWN = ("removals", "tags", "clusters", "warnings", "input", "all")


def answer_view(
    result: Result,
    typed: Typed,
    *,
    width: int = 80,
    colour: bool = False,
    seconds: float | None = None,
) -> Iterator[str]:
    """Yield the first screen of a scan: at most 30 lines, whatever was found."""
    page = Page.of(result, width=width, colour=colour, limit=1)
    yield from answer.answer(page, typed, seconds)


def sections_view(
    result: Result, what: tuple[str, ...], *, width: int = 80, colour: bool = False, limit: int = 10
) -> Iterator[str]:
    """Yield the sections asked for, of ``SHOWN``, and nothing else."""
    page = Page.of(result, width=width, colour=colour, limit=limit)
    for name in what:
        for section in SECTIONS[name]:
            yield from section(page)


def scan_view(
    result: Result,
    *,
    width: int = 80,
    colour: bool = False,
    limit: int = 10,
    seconds: float | None = None,
) -> Iterator[str]:
    """Yield a result as lines for a person at a terminal ``width`` columns wide.

    At most ``limit`` entries of each list are shown, 0 for all; what is left out is said.
    ``seconds`` is the time the scan took. Nothing in the texts can steer the terminal.
    """
    page = Page.of(result, width=width, colour=colour, limit=limit)
    yield from page.lines(page.title(), "bold")
    yield from sections.inside(page)
    yield from sections.boilerplate(page)
    yield from sections.between(page)
    yield from articles.pairs(page)
    yield from families.families(page)
    yield from families.stories(page)
    yield from articles.clusters(page)
    yield from articles.reuse_groups(page)
    yield from articles.warnings_found(page)
    yield from articles.totals(page, seconds)


def clean_view(
    result: Result,
    cleaned: Cleaned,
    *,
    width: int = 80,
    colour: bool = False,
    limit: int = 10,
    seconds: float | None = None,
) -> Iterator[str]:
    """Yield what cleaning did as lines, in the sections of ``scan_view`` as far as they are its."""
    page = Page.of(result, width=width, colour=colour, limit=limit)
    yield from page.lines(page.title(), "bold")
    yield from parts.cuts(page, cleaned)
    yield from parts.held_back(page)
    yield from parts.tags(page)
    yield from articles.clusters(page)
    yield from articles.warnings_found(page)
    yield from articles.totals(page, None)
    yield from parts.written(page, cleaned)
    yield from articles.speed(page, seconds)


def cleaned_view(
    result: Result,
    cleaned: Cleaned,
    typed: Typed,
    *,
    width: int = 80,
    colour: bool = False,
    seconds: float | None = None,
) -> Iterator[str]:
    """Yield the first screen of a cleaning: at most 30 lines."""
    page = Page.of(result, width=width, colour=colour, limit=1)
    yield from answer.cleaned_answer(page, cleaned, typed, seconds)


def cleaned_sections_view(
    result: Result,
    cleaned: Cleaned,
    what: tuple[str, ...],
    *,
    width: int = 80,
    colour: bool = False,
    limit: int = 10,
) -> Iterator[str]:
    """Yield the sections on a cleaning that are asked for, of ``CLEANED_SHOWN``."""
    page = Page.of(result, width=width, colour=colour, limit=limit)
    for name in what:
        if name == "removals":
            yield from parts.cuts(page, cleaned)
            yield from parts.held_back(page)
        elif name == "tags":
            yield from parts.tags(page)
        else:
            for section in SECTIONS[name]:
                yield from section(page)


def warning_view(
    result: Result, *, width: int = 80, colour: bool = False, limit: int = 10
) -> Iterator[str]:
    """Yield what looks wrong about the removals as lines, nothing where nothing does."""
    yield from articles.warnings_found(Page.of(result, width=width, colour=colour, limit=limit))


def compare_view(
    result: Result, *, width: int = 80, colour: bool = False, limit: int = 0
) -> Iterator[str]:
    """Yield the one pair of a comparison as lines: relation, scores, and aligned passages."""
    page = Page.of(result, width=width, colour=colour, limit=limit)
    pair = result.tables["pairs"].slice(0, 1).to_pylist()[0]
    rows = result.tables["passages"].to_pylist()
    name, style = relation_name(pair["relation"]), STYLES.get(pair["relation"], "dim")
    yield page.style(f"{name[:1].upper()}{name[1:]}", "bold", style)
    without = []
    for label, side in (("A", "a"), ("B", "b")):
        yield f"{label:<12}  {page.name(pair[side], page.width - 14)}"
        if not page.text(pair[side]).strip():
            without.append(label)
    said = [("no text", " and ".join(without))] if without else _scores(pair, len(rows))
    for label, text in said:
        yield from wrapped(text, page.width, " " * 14, f"{label:<12}  ")
    shown = rows[: page.limit or None]
    if shown and not colour:
        yield from ("", *page.note(sections.BRACES))
    for row in shown:
        yield from sections.passage(page, row)
    yield from page.left_out(len(rows), "passage")
    yield from _would_lose(page)


def _would_lose(page: Page) -> Iterator[str]:
    """Yield what the article that would go loses, where one of the two would."""
    gone = next((each for each in page.result.documents if not each.kept), None)
    if gone is None or gone.lost_tokens is None:
        return
    table = page.result.tables.get("losses")
    side = "A" if gone.doc_id == page.result.documents[0].doc_id else "B"
    share, lost = score(gone.lost_share), counted(gone.lost_tokens, "word")
    facts = counted(gone.lost_facts or 0, "fact")
    yield ""
    yield from page.lines(f"A scan would remove {side}; it loses {lost} ({share}), {facts}", "bold")
    for row in table.to_pylist() if table is not None else ():
        yield from page.lines(f"− {safe(row['text'])}", "dim", indent=2)


def _scores(pair: dict[str, Any], passages: int) -> list[tuple[str, str]]:
    tokens = counted(pair["matched_tokens"], "matched token")
    of_a, of_b = score(pair["containment_a"]), score(pair["containment_b"])
    changed = pair["changed"] or ""
    return [
        *([("changed", safe(changed))] if changed else []),
        ("Jaccard", f"{score(pair['jaccard'])} of all shingles are in both"),
        ("containment", f"{of_a} of the shingles of A are in B, {of_b} of those of B are in A"),
        ("coverage", f"{score(pair['coverage'])} of the shorter one stands in shared passages"),
        ("passages", f"{passages:,} with {tokens}" if passages else "none"),
    ]
