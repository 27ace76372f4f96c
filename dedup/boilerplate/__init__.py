"""Page furniture and tagged blocks: what a block is, from its words and from its neighbours.

Three sources, from sure to less sure: shipped patterns (``furniture.txt``), runs of lines that
only a menu or a related card has, and lines that one site repeats over and over.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa

from dedup.arrays import Bool, Int64, Texts
from dedup.blocks import (
    AT,
    BULLET,
    CAMEL,
    COPYRIGHT,
    DIGITS,
    ELLIPSIS,
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
from dedup.boilerplate import furniture, tags
from dedup.config import Config
from dedup.records import MARKS, REMOVALS
from dedup.tokens import Tokens

_LONGEST_LINE = 1500  # bytes; no pattern is for more
_TWEET_LINES = 4
_TITLE_WORDS = 25
_CARD_LINES = 12  # titles and teasers that one marker can take with it
_MENU_LINES = 5
_MENU_WORDS = 6
_LINE_CLUSTERS = 3  # distinct clusters of a site that hold a line of furniture …
_LINE_SHARE = 0.02  # … or this share of the site's clusters, where that is more
_LINE_WORDS = 40
_EDGE_BLOCKS = 5  # a longer line must always stand this near to one end
_VERY_CLUSTERS = 5
_VERY_SHARE = 0.1
_SENTENCE_WORDS = 8  # a shorter sentence is a label as likely as text
_NAV_LINES = 3
_EMPTY_ITEM = re.compile(r"\s*[*+•·▪■►▸▶●○◦](?:\s+\d{1,2}\.?)?\s*")
_UNKNOWN_CLUSTERS = 5
_UNKNOWN_WORDS = 12

Finding = tuple[str, str, str]  # reason, rule, confidence


def triggers() -> dict[str, int]:
    """Return the words that make a block worth a look, with the longest block they flag."""
    limits = tags.trigger_words()
    for word, limit in furniture.trigger_words().items():
        limits[word] = max(limit, limits.get(word, 0))
    return limits


def blocks_of(texts: Texts, tokens: Tokens) -> Blocks:
    """Cut texts into the blocks that ``find_boilerplate`` and ``find_repeats`` work on."""
    return block_table(texts, tokens, triggers())


@dataclass(slots=True)
class _Page:
    """What is known about the blocks of all documents; keys are block numbers."""

    texts: Texts
    blocks: Blocks
    found: dict[int, Finding] = field(default_factory=dict)
    weak: set[int] = field(default_factory=set)  # furniture only among furniture
    markers: list[int] = field(default_factory=list)
    tagged: dict[int, str] = field(default_factory=dict)

    def end(self, block: int) -> int:
        """Return the first block after the document of ``block``."""
        return int(self.blocks.bounds[self.blocks.docs[block] + 1])

    def begin(self, block: int) -> int:
        """Return the first block of the document of ``block``."""
        return int(self.blocks.bounds[self.blocks.docs[block]])

    def has(self, block: int, flag: int) -> bool:
        """Tell whether the block carries a flag."""
        return bool(int(self.blocks.flags[block]) & flag)


def find_boilerplate(
    texts: Texts, tokens: Tokens, blocks: Blocks, config: Config, *, sites: Int64, groups: Int64
) -> tuple[pa.Table, pa.Table]:
    """Return furniture (schema ``REMOVALS``) and tagged blocks (schema ``MARKS``).

    ``sites`` is a code per document, -1 for unknown; ``groups`` a preliminary cluster of near
    copies, so that ten copies of one wire story do not make its paragraphs furniture. ``blocks``
    come from ``blocks_of``.
    """
    page = _Page(texts, blocks)
    whole = ~fragments(blocks, tokens)
    _look_at_lines(page, whole)
    _take_tweets(page)
    if config.boilerplate:
        _take_frequent(page, sites, groups, whole)
        _take_empty_items(page)
        _take_menus(page)
        _take_cards(page)
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


def _removals(page: _Page) -> pa.Table:
    order = np.array(sorted(page.found), np.int64)
    findings = [page.found[block] for block in order.tolist()]
    columns = list(zip(*findings, strict=True)) if findings else [(), (), ()]
    nothing = pa.nulls(len(order), pa.int64())
    blocks = page.blocks
    return pa.Table.from_arrays(
        [
            pa.array(blocks.docs[order]),
            pa.array(blocks.starts[order]),
            pa.array(blocks.ends[order]),
            *(pa.array(column, pa.string()) for column in columns),
            nothing,
            nothing,
        ],
        schema=REMOVALS,
    )


def _marks(page: _Page) -> pa.Table:
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
    worth |= ((flags & COPYRIGHT) != 0) & (words <= _LINE_WORDS)
    worth &= blocks.byte_ends - blocks.byte_starts <= _LONGEST_LINE
    return np.flatnonzero(worth & (words > 0))


def _look_at_lines(page: _Page, whole: Bool) -> None:
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
        section = furniture.match_furniture(line, words, is_sentence=bool(flags & SENTENCE))
        if section is None:
            tag = tags.tag_of(line, words, flags, place, left)
            if tag is not None:
                page.tagged[block] = tag
        elif section.reason == "nav_word":
            page.weak.add(block)
        elif section.reason == "related_marker":
            page.found[block] = ("related_block", "pattern", section.confidence)
            page.markers.append(block)
        else:
            page.found[block] = (section.reason, "pattern", section.confidence)


def _take_tweets(page: _Page) -> None:
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


def _take_frequent(page: _Page, sites: Int64, groups: Int64, whole: Bool) -> None:
    """Find the lines that a site prints in many of its clusters.

    A line that reads like a sentence may be background that an agency repeats, and a short one a
    heading: they count only beside other furniture, or at an end of the text.
    """
    often, very = _frequent(page.blocks, sites, groups)
    lines = [
        block
        for block in np.flatnonzero(often & whole).tolist()
        if block not in page.found and block not in page.tagged
    ]
    left = set(lines)
    plain = {block for block in lines if _is_plain(page, block)}
    for block in lines:
        if block in plain and (very[block] or _is_beside(page, block, plain)):
            left.discard(block)
            page.found[block] = _line(very[block])
    for block in (*lines, *reversed(lines)):
        if block in left and _is_beside(page, block, set()) and (very[block] or block in plain):
            left.discard(block)
            page.found[block] = _line(very[block])


def _line(very: bool) -> Finding:
    return ("site_furniture", "line_frequency", "strong" if very else "medium")


def _is_plain(page: _Page, block: int) -> bool:
    return not page.has(block, SENTENCE) or int(page.blocks.words[block]) < _SENTENCE_WORDS


def _is_beside(page: _Page, block: int, others: set[int]) -> bool:
    """Tell whether a block touches furniture, one of ``others``, or an end of its text."""
    if block == page.begin(block) or block + 1 == page.end(block):
        return True
    return any(each in page.found or each in others for each in (block - 1, block + 1))


def _frequent(blocks: Blocks, sites: Int64, groups: Int64) -> tuple[Bool, Bool]:
    """Tell which blocks stand in enough clusters of their site, and which in very many."""
    site = sites[blocks.docs] + 1  # 0: unknown
    short = np.where(site > 0, blocks.words <= _LINE_WORDS, blocks.words <= _UNKNOWN_WORDS)
    worded = (blocks.words > 0) & ((blocks.flags & DIGITS) == 0)
    some = np.flatnonzero(worded & (short | (site > 0)))
    often, very = np.zeros(len(blocks), np.bool_), np.zeros(len(blocks), np.bool_)
    if not len(some):
        return often, very
    _, group = np.unique(groups, return_inverse=True)
    count = int(group.max()) + 1
    docs = blocks.docs[some]
    mixed = blocks.keys[some] ^ (site[some].astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15))
    _, line = np.unique(mixed, return_inverse=True)
    clusters = np.bincount(np.unique(line * count + group[docs]) // count)[line]
    of_site = np.bincount(np.unique((sites + 1) * count + group) // count)[site[some]]
    known = site[some] > 0
    need = np.where(
        known, np.maximum(_LINE_CLUSTERS, np.ceil(_LINE_SHARE * of_site)), _UNKNOWN_CLUSTERS
    )
    place = some - blocks.bounds[docs]
    inner = (place >= _EDGE_BLOCKS) & (blocks.bounds[docs + 1] - some > _EDGE_BLOCKS)
    long_ok = (np.bincount(line, weights=inner)[line] == 0) & (clusters >= 2 * need)
    # The first line may be the headline of a series, "Day 12 of the flood".
    titled = (place > 0) | (known & (2 * clusters >= of_site) & (clusters >= _VERY_CLUSTERS))
    often[some] = (clusters >= need) & (short[some] | long_ok) & titled
    very[some] = (
        often[some] & known & (clusters >= np.maximum(_VERY_CLUSTERS, _VERY_SHARE * of_site))
    )
    return often, very


def _take_empty_items(page: _Page) -> None:
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


def _take_menus(page: _Page) -> None:
    """Find words of navigation among other furniture, and lists of links."""
    for begin, end in _stretches(sorted({*page.weak, *page.found})):
        if end - begin >= _NAV_LINES:
            for block in range(begin, end):
                page.found.setdefault(block, ("site_nav", "nav_run", "medium"))
    blocks = page.blocks
    short = (blocks.words <= _MENU_WORDS) & ((blocks.flags & BULLET) != 0)
    short &= (blocks.flags & SENTENCE) == 0
    for begin, end in _stretches(np.flatnonzero(short).tolist()):
        for low, high in _by_document(page, begin, end):
            known = sum(block in page.found or block in page.weak for block in range(low, high))
            if high - low >= _MENU_LINES and known * 4 >= high - low:
                for block in range(low, high):
                    page.found.setdefault(block, ("site_nav", "menu", "medium"))


def _stretches(numbers: list[int]) -> list[tuple[int, int]]:
    """Join neighbouring numbers to half-open stretches."""
    found: list[tuple[int, int]] = []
    for number in numbers:
        if found and found[-1][1] == number:
            found[-1] = (found[-1][0], number + 1)
        else:
            found.append((number, number + 1))
    return found


def _by_document(page: _Page, begin: int, end: int) -> list[tuple[int, int]]:
    parts: list[tuple[int, int]] = []
    while begin < end:
        stop = min(end, page.end(begin))
        parts.append((begin, stop))
        begin = stop
    return parts


def _take_cards(page: _Page) -> None:
    """Take the titles and teasers of other articles that follow a marker such as "Related"."""
    for marker in page.markers:
        end = page.end(marker)
        stop = marker + 1
        teaser = False
        while stop < end and stop not in page.found and _is_title(page, stop):
            teaser = teaser or page.has(stop, ELLIPSIS)
            stop += 1
        last = all(block in page.found for block in range(stop, end))
        card = range(marker + 1, stop)
        if len(card) > _CARD_LINES:
            continue
        for block in card:
            if last or (teaser and stop in page.found):
                page.found[block] = (
                    "related_block",
                    "related_card",
                    "strong" if teaser else "medium",
                )
                page.tagged.pop(block, None)
            else:
                page.tagged.setdefault(block, "related_suspect")


def _is_title(page: _Page, block: int) -> bool:
    if page.has(block, ELLIPSIS):
        return True
    return not page.has(block, SENTENCE) and 0 < page.blocks.words[block] <= _TITLE_WORDS
