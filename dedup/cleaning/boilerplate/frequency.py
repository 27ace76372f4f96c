"""Lines that one site prints on many pages: which of them are furniture.

How often a line stands says nothing alone: headings, datelines, bylines, ingredients and the
closing sentence of an agency stand on many pages too. So a line counts by its company: in long
runs of such lines, beside furniture, or before the first and behind the last paragraph of text.
"""

from __future__ import annotations

import re

import numpy as np

from dedup.cleaning.boilerplate.furniture import fold_line
from dedup.cleaning.boilerplate.lines import Lines
from dedup.cleaning.boilerplate.notices import NOTICE, speaks_to_reader
from dedup.cleaning.boilerplate.page import Page, stretches
from dedup.core.arrays import Bool
from dedup.text.lines import SENTENCE

_BODY_WORDS = 15  # a sentence so long, on few pages only, is text …
_LONG_WORDS = 30  # … and a line so long however it ends
_LABEL_WORDS = 4  # a shorter sentence is a label as likely as text
_ALONE_WORDS = 4  # a shorter line is a heading as likely as furniture
_MENU = 5  # so many frequent lines in a row are no headings, beside furniture …
_MARGIN = 8  # … and alone
_RUN = 3  # the same above or below the text
_AROUND = 6  # blocks above and below …
_DENSE = 2 / 3  # … of which this share is furniture or frequent where there is no text

_PLACE = re.compile(r"[^\W\d_a-zà-ÿ][^\da-zà-ÿ,;:!?]{2,30}(?:, [^\W\d_][^\d,;:!?]{1,30})?\W*")
_WHO_WHERE = re.compile(
    r"[^\W\d_][\w.'’-]*(?: (?:[^\W\d_][\w.'’-]*)){1,4},?"
    r" (?:in|en|à|aus|da|em|из) [^\W\d_][\w.'’ -]{1,30}"
)


def take_frequent(page: Page, lines: Lines, whole: Bool) -> None:
    """Find the furniture among the lines that a site prints in many of its clusters."""
    for block in np.flatnonzero(lines.often & whole).tolist():
        if block in page.found or block in page.tagged:
            continue
        page.frequent.add(block)
    _tag_credits(page, lines)
    body = _body(page, lines)
    _take_dense(page, lines, body)
    places = np.flatnonzero(body)
    for begin, end in stretches(page, {*page.found, *page.frequent}):
        low, high = page.begin(begin), page.end(begin)
        own = places[np.searchsorted(places, low) : np.searchsorted(places, high)]
        above = len(own) > 0 and end <= own[0]
        below = len(own) > 0 and begin > own[-1]
        _judge(page, lines, (begin, end), above=above, below=below)


def _tag_credits(page: Page, lines: Lines) -> None:
    """Tag what looks like a byline or a dateline above the text."""
    for block in sorted(page.frequent):
        place = block - page.begin(block)
        if not 0 < place <= 4 or page.blocks.words[block] > 8 or page.has(block, SENTENCE):
            continue
        line = page.text(block).strip()
        named = _WHO_WHERE.fullmatch(line) is not None and _is_titled(line)
        if named or ("," in line and _PLACE.fullmatch(line)):
            page.tagged[block] = "byline" if named else "date_line"
            page.frequent.discard(block)


def _is_titled(line: str) -> bool:
    words = line.split()
    return sum(word[0].isupper() for word in words) >= len(words) - 1


def _take_dense(page: Page, lines: Lines, body: Bool) -> None:
    """Take frequent lines with hardly anything else around them, as in the margin of a page."""
    marks = np.zeros(len(page.blocks) + 1, np.int64)
    marks[[each + 1 for each in (*page.found, *page.weak)]] = 1
    marks[[each + 1 for each in page.frequent if not lines.numbered[each]]] = 1
    before = np.cumsum(marks)
    for block in sorted(page.frequent):
        low, high = page.begin(block), page.end(block)
        first, last = max(low, block - _AROUND), min(high, block + 1 + _AROUND)
        above, below = before[block] - before[first], before[last] - before[block + 1]
        sides = ((above, block - first), (below, last - block - 1))
        if lines.numbered[block] or not _is_plain(page, block):
            dense = all(count >= _DENSE * size for count, size in sides)
        else:
            dense = above + below >= _DENSE * (last - first - 1)
        heading = block + 1 < high and bool(body[block + 1])
        if dense and last - first > _AROUND and not heading and block != low:
            page.found[block] = _line(bool(lines.very[block]) and _is_plain(page, block))


def _body(page: Page, lines: Lines) -> Bool:
    """Tell which blocks are paragraphs of text for sure."""
    blocks = page.blocks
    ended = ((blocks.flags & SENTENCE) != 0) & (blocks.words >= _BODY_WORDS)
    body: Bool = ~lines.often & (ended | (blocks.words >= _LONG_WORDS))
    body[list(page.found)] = False
    return body


def _judge(page: Page, lines: Lines, stretch: tuple[int, int], *, above: bool, below: bool) -> None:
    """Take lines of one run of furniture and frequent lines, as far as it is a run."""
    begin, end = stretch
    own = [
        block for block in range(begin, end) if block in page.frequent and block not in page.found
    ]
    plain = [each for each in own if _is_plain(page, each) and not lines.numbered[each]]
    firm = end - begin - len(own)
    enclosed = begin in page.found and end - 1 in page.found
    # Without furniture in it a run needs lines of most pages, or that no site is known.
    common = firm > 0 or 2 * sum(
        lines.most[each] or not lines.known[each] for each in plain
    ) >= len(plain)
    if above or below:
        run = common and len(plain) + firm >= _RUN
    else:
        run = enclosed or len(plain) + firm >= (_MENU if firm > 0 else _MARGIN)
    if not run and len(plain) <= 2:
        run = any(_stands_alone(page, lines, each, below=below) for each in plain)
        plain = [each for each in plain if _stands_alone(page, lines, each, below=below)]
    if not run:
        return
    # The last line above a paragraph may be its heading.
    heading = end - 1 if not below and end < page.end(begin) and not enclosed else -1
    for block in plain:
        if block != heading or page.blocks.words[block] > _LABEL_WORDS:
            page.found[block] = _line(bool(lines.very[block]))
    for block in own:
        if block in page.found or block == heading:
            continue
        if lines.numbered[block] and _is_plain(page, block):
            if 2 * (len(plain) + firm) >= end - begin:
                page.found[block] = _line(very=False)
        elif lines.most[block] and (above or below or len(plain) + firm >= _MENU):
            folded = fold_line(page.text(block))
            if speaks_to_reader(folded) and not NOTICE.match(folded):
                page.found[block] = _line(very=False)


def _stands_alone(page: Page, lines: Lines, block: int, *, below: bool) -> bool:
    """Tell whether a frequent line can be furniture with no other beside it."""
    if page.blocks.words[block] < _ALONE_WORDS or page.has(block, SENTENCE):
        return False
    if NOTICE.match(fold_line(page.text(block))) or page.text(block).rstrip()[-1:] in ",:;":
        return False
    if lines.known[block] and not lines.most[block]:
        return False
    keys = page.blocks.keys[page.begin(block) : page.end(block)]
    if int((keys == page.blocks.keys[block]).sum()) > 1:
        return False  # a refrain
    first = block == page.begin(block) and block + 1 < page.end(block)
    if first and (page.blocks.words[block + 1] > 25 or page.has(block + 1, SENTENCE)):
        return False  # without a headline behind it, it is the headline
    return first or below


def _line(very: bool) -> tuple[str, str, str]:
    return ("site_furniture", "line_frequency", "strong" if very else "medium")


def _is_plain(page: Page, block: int) -> bool:
    return not page.has(block, SENTENCE) or int(page.blocks.words[block]) < _LABEL_WORDS
