"""The section on stories: the largest ones, with their words, dates and outlets."""

from __future__ import annotations

from collections.abc import Iterator

from dedup.report.terminal.page import Page
from dedup.report.terminal.text import ALL, counted, safe, score
from dedup.result import Story

_WORDS = 6  # of a story that are shown


def stories(page: Page) -> Iterator[str]:
    """Yield the stories, the largest first; none of it leads to a removal."""
    summary = page.result.summary.get("stories")
    if summary is None or not summary["count"]:
        return
    articles = counted(summary["articles"], "article")
    facts = f"{summary['count']:,} of {articles}; none is removed for it"
    yield from page.heading("Stories", facts)
    found = page.result.stories
    for story in found[: page.limit or None]:
        yield from page.lines(_headline(story), "bold", indent=2)
        yield from page.lines(_why(page, story), indent=4)
    if page.limit and len(found) > page.limit:
        left = counted(len(found) - page.limit, "more story", "more stories")
        yield from page.note(f"… {left} not shown; {ALL}")
    if summary["too_short"]:
        texts = counted(summary["too_short"], "article")
        yield from page.note(f"{texts} alone and too short to place")


def largest(page: Page) -> list[tuple[str, str]]:
    """Return the largest stories for the first screen, one a line."""
    summary = page.result.summary.get("stories")
    if summary is None or not summary["count"]:
        return []
    found = page.result.stories
    rows = [
        (f"{counted(story.articles, 'article')}: {_headline(story)}", "") for story in found[:2]
    ]
    if len(found) > len(rows):
        rows.append((f"{len(found) - len(rows):,} more: --show stories", "dim"))
    return rows


def _headline(story: Story) -> str:
    told = ", ".join(safe(word) for word in story.words[:_WORDS])
    mark = "series: " if story.series else ""
    return f"{mark}{told}"


def _why(page: Page, story: Story) -> str:
    parts = [counted(story.articles, "article")]
    if story.documents > story.articles:
        copies = story.documents - story.articles
        parts.append(f"{copies:,} {'copy' if copies == 1 else 'copies'}")
    if story.sites > 1:
        parts.append(counted(story.sites, "site"))
    if story.first is not None:
        last = f" to {safe(story.last or '')}" if story.last != story.first else ""
        parts.append(f"{safe(story.first)}{last}")
    parts.append(f"similarity {score(story.similarity)}")
    return f"{', '.join(parts)}; read {page.name(story.typical, page.width // 2)}"
