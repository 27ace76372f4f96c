"""What of a text stands in an index, side by side with the articles it stands in."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from dedup.index.searching import Search
from dedup.index.verdicts import KnownPassage
from dedup.report.terminal.alignment import ROWS, Sides, side_by_side
from dedup.report.terminal.page import LEAST_COLUMNS, MOST_COLUMNS
from dedup.report.terminal.text import ALL, Style, counted, safe, score, shortened, wrapped


def search_lines(
    text: str,
    found: Search,
    text_of: Callable[[str], str | None],
    *,
    width: int,
    colour: bool,
    limit: int,
) -> Iterator[str]:
    """Yield the lines that show a search; ``limit`` passages, 0 for all.

    ``text_of`` returns the text of an article by its id, ``None`` where it is there no more.
    """
    sides = Sides(min(max(width, LEAST_COLUMNS), MOST_COLUMNS), Style(colour))
    articles = len({each.doc_id for each in found.passages})
    passages = counted(len(found.passages), "passage")
    yield f"{passages} in {counted(articles, 'article')}"
    for each in found.passages[: limit or None]:
        yield ""
        yield from _passage(text, each, text_of(each.doc_id), sides, ROWS if limit else 0)
    hidden = len(found.passages) - limit if limit else 0
    if hidden > 0:
        yield from sides.note(f"… {counted(hidden, 'more passage')} not shown; {ALL}")
    yield from _bounds(found, sides)


def _passage(
    text: str, each: KnownPassage, other: str | None, sides: Sides, rows: int
) -> Iterator[str]:
    yield sides.style(
        f"{each.level}, {each.kind}: {each.matched_tokens:,} matched tokens, "
        f"density {score(each.density)}",
        "cyan",
    )
    yield from sides.pair("the text", shortened(safe(each.doc_id), sides.column), "bold")
    spans = ((each.start, each.end), (each.other_start, each.other_end))
    yield from sides.pair(*(f"{start:,}-{end:,}" for start, end in spans), "dim")
    if other is None:
        yield from sides.note("the article is not there any more")
        return
    left, right = text[each.start : each.end], other[each.other_start : each.other_end]
    yield from side_by_side(left, right, sides, rows=rows)


def _bounds(found: Search, sides: Sides) -> Iterator[str]:
    """Say what was bounded, where that may hide something."""
    if found.cut_candidates:
        text = (
            f"{counted(found.articles, 'article')} compared, the likeliest; "
            f"{found.cut_candidates:,} more share a seed: --articles looks at more of them"
        )
        yield from ("", *wrapped(text, sides.width))
