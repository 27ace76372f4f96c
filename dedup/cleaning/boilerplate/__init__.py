"""Page furniture and tagged blocks: what a block is, from its words and from its neighbours.

Three sources, from sure to less sure: shipped patterns (``furniture.txt``), runs of lines that
only a menu or a related card has, and lines that one site repeats over and over.
"""

from __future__ import annotations

import re

import numpy as np
import pyarrow as pa

from dedup.cleaning.boilerplate import furniture, tags
from dedup.cleaning.boilerplate.frequency import take_frequent
from dedup.cleaning.boilerplate.lines import LineCounter, Lines
from dedup.cleaning.boilerplate.page import Page
from dedup.cleaning.boilerplate.runs import take_cards, take_menus
from dedup.cleaning.boilerplate.stretches import Found, take_templates
from dedup.config import Config
from dedup.core.arrays import Bool, Int64, Texts
from dedup.schema import MARKS, REMOVALS
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
    Blocks,
    block_table,
    fragments,
)
from dedup.text.tokens import Tokens

__all__ = ["LineCounter", "Lines", "blocks_of", "find_boilerplate", "triggers"]

_LONGEST_LINE = 1500  # bytes; no pattern is for more
_TWEET_LINES = 4
_COPYRIGHT_WORDS = 40
_EMPTY_ITEM = re.compile(r"\s*[*+•·▪■►▸▶●○◦](?:\s+\d{1,2}\.?)?\s*")

# Reasons that a line may have even where an article has its headline.
_NO_HEADLINE = frozenset(
    "ad_label app_promo comment_form cookie_notice follow legal newsletter_signup share_widget "
    "site_nav".split()
)


def triggers() -> dict[str, int]:
    """Return the words that make a block worth a look, with the longest block they flag."""
    limits = tags.trigger_words()
    for word, limit in furniture.trigger_words().items():
        limits[word] = max(limit, limits.get(word, 0))
    return limits


def blocks_of(texts: Texts, tokens: Tokens) -> Blocks:
    """Cut texts into the blocks that ``find_boilerplate`` and ``find_repeats`` work on."""
    return block_table(texts, tokens, triggers())


def find_boilerplate(
    texts: Texts,
    tokens: Tokens,
    blocks: Blocks,
    config: Config,
    lines: Lines,
    templates: Found | None = None,
) -> tuple[pa.Table, pa.Table]:
    """Return furniture (schema ``REMOVALS``) and tagged blocks (schema ``MARKS``).

    ``blocks`` come from ``blocks_of``; ``lines`` says how often they stand in the whole corpus,
    where near copies count once, so that ten copies of one wire story do not make its paragraphs
    furniture.
    """
    page = Page(texts, blocks)
    whole = ~fragments(blocks, tokens)
    _look_at_lines(page, whole)
    _take_tweets(page)
    if config.boilerplate:
        take_templates(page, lines, whole, templates)
        take_frequent(page, lines, whole)
        _take_empty_items(page)
        take_menus(page)
        take_cards(page)
        for block in np.flatnonzero(blocks.flags & INVISIBLE).tolist():
            page.found[block] = ("whitespace", "invisible_line", "strong")
    else:
        page.found.clear()
    for block, tag in list(page.tagged.items()):
        if tag in config.drop_tags:
            page.found.setdefault(block, (tag, "drop_tags", "strong"))
        if block in page.found:
            del page.tagged[block]
    return _removals(page), _marks(page)


def _removals(page: Page) -> pa.Table:
    blocks = page.blocks
    rows = [
        (int(blocks.docs[block]), int(blocks.starts[block]), int(blocks.ends[block]), *finding)
        for block, finding in page.found.items()
    ]
    rows += [(int(blocks.docs[block]), *span, *finding) for block, *span, finding in page.spans]
    columns = list(zip(*sorted(rows), strict=True)) or [()] * 6
    nothing = pa.nulls(len(rows), pa.int64())
    kinds = [field.type for field in REMOVALS][:6]
    return pa.Table.from_arrays(
        [
            *(pa.array(column, kind) for column, kind in zip(columns, kinds, strict=True)),
            nothing,
            nothing,
        ],
        schema=REMOVALS,
    )


def _marks(page: Page) -> pa.Table:
    order = np.array(sorted(page.tagged), np.int64)
    blocks = page.blocks
    return pa.Table.from_arrays(
        [
            pa.array(blocks.docs[order]),
            pa.array(blocks.starts[order]),
            pa.array(blocks.ends[order]),
            pa.array([page.tagged[block] for block in order.tolist()], pa.string()),
        ],
        schema=MARKS,
    )


def _candidates(blocks: Blocks) -> Int64:
    """Return the blocks that can match a pattern at all, so that few lines become objects."""
    flags, words = blocks.flags, blocks.words
    worth = (flags & TRIGGER) != 0
    worth |= ((flags & PAREN) != 0) & (words <= 120)
    worth |= ((flags & AT) != 0) & (words <= 25)
    worth |= ((flags & (DIGITS | LAST_DIGIT)) != 0) & (words <= 10)
    worth |= ((flags & CAMEL) != 0) & (words <= 8)
    worth |= ((flags & COPYRIGHT) != 0) & (words <= _COPYRIGHT_WORDS)
    worth &= blocks.byte_ends - blocks.byte_starts <= _LONGEST_LINE
    return np.flatnonzero(worth & (words > 0))


def _look_at_lines(page: Page, whole: Bool) -> None:
    """Try the patterns and the tags on every candidate."""
    blocks = page.blocks
    candidates = _candidates(blocks)
    candidates = candidates[whole[candidates]]
    docs = blocks.docs[candidates]
    facts = zip(
        candidates.tolist(),
        blocks.words[candidates].tolist(),
        blocks.flags[candidates].tolist(),
        (candidates - blocks.bounds[docs]).tolist(),
        (blocks.bounds[docs + 1] - 1 - candidates).tolist(),
        strict=True,
    )
    for block, words, flags, place, left in facts:
        line = blocks.text(page.texts, block)
        match = furniture.match_furniture(line, words, is_sentence=bool(flags & SENTENCE))
        if match is None:
            tag = tags.tag_of(line, words, flags, place, left)
            if tag is not None:
                page.tagged[block] = tag
        elif match.weak or (place == 0 and match.reason not in _NO_HEADLINE):
            page.weak[block] = match.reason
        elif match.reason == "related_marker":
            page.found[block] = ("related_block", "pattern", match.confidence)
            page.markers.append(block)
        else:
            page.found[block] = (match.reason, "pattern", match.confidence)


def _take_tweets(page: Page) -> None:
    """Tag the lines of a tweet above its signature: one always, more while they look like one."""
    for block in [each for each, tag in page.tagged.items() if tag == "embed"]:
        if not page.has(block, AT) or not tags.is_signature(page.blocks.text(page.texts, block)):
            continue
        lowest = max(page.begin(block), block - _TWEET_LINES)
        for above in range(block - 1, lowest - 1, -1):
            if above in page.found or page.blocks.words[above] > 70:
                break
            if above < block - 1 and not page.has(above, AT | HASHTAG) and above not in page.tagged:
                break
            page.tagged[above] = "embed"


def _take_empty_items(page: Page) -> None:
    """Take list marks that lost their words, where something else of a list is beside them."""
    blocks = page.blocks
    empty = (blocks.words == 0) | (((blocks.flags & DIGITS) != 0) & (blocks.words == 1))
    empty &= blocks.byte_ends - blocks.byte_starts < _LONGEST_LINE
    listed = (blocks.flags & BULLET) != 0
    marks = [
        block
        for block in np.flatnonzero(empty & ((blocks.flags & INVISIBLE) == 0)).tolist()
        if _EMPTY_ITEM.fullmatch(blocks.text(page.texts, block))
    ]
    known = {*marks, *np.flatnonzero(listed).tolist()}
    for block in marks:
        if any(
            page.begin(block) <= each < page.end(block) and (each in known or each in page.found)
            for each in (block - 1, block + 1)
        ):
            page.found.setdefault(block, ("site_nav", "empty_item", "medium"))
