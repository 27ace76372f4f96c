"""Boilerplate and tagged blocks: what a block is, from its words and from its neighbours.

Three sources, from sure to less sure: shipped patterns (``patterns.txt``), runs of lines that
only a menu or a related card has, and lines that one site repeats over and over.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Any

import numpy as np
import pyarrow as pa

from dedup.cleaning.boilerplate import patterns, tags
from dedup.cleaning.boilerplate.comments import tag_comments
from dedup.cleaning.boilerplate.frequency import take_frequent
from dedup.cleaning.boilerplate.lines import LineCounter, LineCounts
from dedup.cleaning.boilerplate.margins import take_margins
from dedup.cleaning.boilerplate.page import Page
from dedup.cleaning.boilerplate.runs import take_cards, take_clocks, take_menus
from dedup.cleaning.boilerplate.template_text import Found, take_templates
from dedup.config import Config
from dedup.core.arrays import Bool, Int64, Texts
from dedup.kernels.lines import Triggers
from dedup.schema import ANNOTATIONS, REMOVALS, rows_as_table
from dedup.text.lines import (
    AT,
    BULLET,
    CAMEL,
    COPYRIGHT,
    DIGITS,
    HASHTAG,
    INVISIBLE,
    LAST_DIGIT,
    PAREN,
    SENTENCE,
    TRIGGER,
    Lines,
    fragments,
    line_table,
    trigger_table,
)
from dedup.text.tokens import Tokens

__all__ = ["LineCounter", "Lines", "find_boilerplate", "lines_of", "triggers"]

_LONGEST_LINE = 1500  # bytes; no pattern is for more
_TWEET_LINES = 4
_COPYRIGHT_WORDS = 40
_EMPTY_ITEM = re.compile(r"\s*[*+•·▪■►▸▶●○◦](?:\s+\d{1,2}\.?)?\s*")

# Reasons that a line may have even where an article has its headline.
_NO_HEADLINE = frozenset(
    "ad_label app_promo comment_form cookie_notice follow legal newsletter_signup share_widget "
    "site_nav".split()
)


@cache
def triggers() -> Triggers:
    """Return the words that make a block worth a look, with the longest block they flag."""
    limits = tags.trigger_words()
    for word, limit in patterns.trigger_words().items():
        limits[word] = max(limit, limits.get(word, 0))
    return trigger_table(limits)


def lines_of(texts: Texts, tokens: Tokens) -> Lines:
    """Cut texts into the blocks that ``find_boilerplate`` and ``find_repeats`` work on."""
    return line_table(texts, tokens, triggers())


def find_boilerplate(
    texts: Texts,
    tokens: Tokens,
    lines: Lines,
    config: Config,
    line_counts: LineCounts,
    templates: Found | None = None,
) -> tuple[pa.Table, pa.Table]:
    """Return boilerplate (schema ``REMOVALS``) and tagged blocks (schema ``ANNOTATIONS``).

    ``lines`` come from ``lines_of``; ``line_counts`` says how often they stand in the whole corpus,
    where near copies count once, so that ten copies of one wire story do not make its paragraphs
    boilerplate.
    """
    page = Page(texts, lines)
    whole = ~fragments(lines, tokens)
    _look_at_lines(page, whole)
    _take_tweets(page)
    if config.boilerplate:
        take_templates(page, line_counts, whole, templates)
        take_frequent(page, line_counts, whole)
        _take_empty_items(page)
        take_menus(page)
        take_clocks(page)
        take_cards(page)
        take_margins(page, line_counts)
        tag_comments(page)
        for line in np.flatnonzero(lines.flags & INVISIBLE).tolist():
            page.found[line] = ("whitespace", "invisible_line", "strong")
    else:
        page.found.clear()
    for line, tag in list(page.tagged.items()):
        if tag in config.drop_tags:
            page.found.setdefault(line, (tag, "drop_tags", "strong"))
        if line in page.found:
            del page.tagged[line]
    return _removals(page), _marks(page)


def _removals(page: Page) -> pa.Table:
    lines = page.lines
    rows: list[tuple[Any, ...]] = [
        (int(lines.docs[line]), int(lines.starts[line]), int(lines.ends[line]), *finding)
        for line, finding in page.found.items()
    ]
    rows += [(int(lines.docs[line]), *span, *finding) for line, *span, finding in page.spans]
    return rows_as_table([(*row, None, None) for row in sorted(rows)], REMOVALS)


def _marks(page: Page) -> pa.Table:
    if not page.tagged:
        return rows_as_table([], ANNOTATIONS)
    order = np.array(sorted(page.tagged), np.int64)
    lines = page.lines
    return pa.Table.from_arrays(
        [
            pa.array(lines.docs[order]),
            pa.array(lines.starts[order]),
            pa.array(lines.ends[order]),
            pa.array([page.tagged[line] for line in order.tolist()], pa.string()),
        ],
        schema=ANNOTATIONS,
    )


def _candidates(lines: Lines) -> Int64:
    """Return the blocks that can match a pattern at all, so that few lines become objects."""
    flags, words = lines.flags, lines.words
    worth = (flags & TRIGGER) != 0
    worth |= ((flags & PAREN) != 0) & (words <= 120)
    worth |= ((flags & AT) != 0) & (words <= 25)
    worth |= ((flags & (DIGITS | LAST_DIGIT)) != 0) & (words <= 10)
    worth |= ((flags & CAMEL) != 0) & (words <= 8)
    worth |= ((flags & COPYRIGHT) != 0) & (words <= _COPYRIGHT_WORDS)
    worth &= lines.byte_ends - lines.byte_starts <= _LONGEST_LINE
    return np.flatnonzero(worth & (words > 0))


def _look_at_lines(page: Page, whole: Bool) -> None:
    """Try the patterns and the tags on every candidate."""
    lines = page.lines
    candidates = _candidates(lines)
    candidates = candidates[whole[candidates]]
    docs = lines.docs[candidates]
    facts = zip(
        candidates.tolist(),
        lines.words[candidates].tolist(),
        lines.flags[candidates].tolist(),
        (candidates - lines.bounds[docs]).tolist(),
        (lines.bounds[docs + 1] - 1 - candidates).tolist(),
        strict=True,
    )
    for line, words, flags, position, left in facts:
        line_text = lines.text(page.texts, line)
        is_sentence, may_be_glued = bool(flags & SENTENCE), bool(flags & CAMEL)
        match = patterns.match_patterns(
            line_text, words, is_sentence=is_sentence, may_be_glued=may_be_glued
        )
        if match is None:
            tag = tags.tag_of(line_text, words, flags, position, left)
            if tag is not None:
                page.tagged[line] = tag
        elif match.weak or (position == 0 and match.reason not in _NO_HEADLINE):
            page.weak[line] = match.reason
        elif match.reason == "related_marker":
            page.found[line] = ("related_block", "pattern", match.confidence)
            page.markers.append(line)
        else:
            page.found[line] = (match.reason, "pattern", match.confidence)


def _take_tweets(page: Page) -> None:
    """Tag the lines of a tweet above its signature: one always, more while they look like one."""
    for line in [each for each, tag in page.tagged.items() if tag == "embed"]:
        if not page.has(line, AT) or not tags.is_signature(page.lines.text(page.texts, line)):
            continue
        lowest = max(page.begin(line), line - _TWEET_LINES)
        for above in range(line - 1, lowest - 1, -1):
            if above in page.found or page.words[above] > 70:
                break
            if above < line - 1 and not page.has(above, AT | HASHTAG) and above not in page.tagged:
                break
            page.tagged[above] = "embed"


def _take_empty_items(page: Page) -> None:
    """Take list marks that lost their words, where something else of a list is beside them."""
    lines = page.lines
    empty = (lines.words == 0) | (((lines.flags & DIGITS) != 0) & (lines.words == 1))
    empty &= lines.byte_ends - lines.byte_starts < _LONGEST_LINE
    listed = (lines.flags & BULLET) != 0
    annotations = [
        line
        for line in np.flatnonzero(empty & ((lines.flags & INVISIBLE) == 0)).tolist()
        if _EMPTY_ITEM.fullmatch(lines.text(page.texts, line))
    ]
    known = {*annotations, *np.flatnonzero(listed).tolist()}
    for line in annotations:
        if any(
            page.begin(line) <= each < page.end(line) and (each in known or each in page.found)
            for each in (line - 1, line + 1)
        ):
            page.found.setdefault(line, ("site_nav", "empty_item", "medium"))
