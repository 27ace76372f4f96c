"""Lines that one site prints on many pages: which of them are boilerplate.

How often a line stands says nothing alone: headings, datelines, bylines, ingredients and the
closing sentence of an agency stand on many pages too. So a line counts by its company: in long
runs of such lines, beside boilerplate, or before the first and behind the last paragraph of text.
"""

from __future__ import annotations

import re
from bisect import bisect_left

import numpy as np

from dedup.cleaning.boilerplate.lines import LineCounts
from dedup.cleaning.boilerplate.notices import NOTICE, speaks_of_site, speaks_to_reader
from dedup.cleaning.boilerplate.page import Page, stretches
from dedup.cleaning.boilerplate.patterns import fold_line
from dedup.core.arrays import Bool
from dedup.text.lines import SENTENCE

_BODY_WORDS = 15  # a sentence so long, on few pages only, is text …
_LONG_WORDS = 30  # … and a line so long however it ends
_LABEL_WORDS = 4  # a shorter sentence is a label as likely as text
_ALONE_WORDS = 4  # a shorter line is a heading as likely as boilerplate
_MENU = 5  # so many frequent lines in a row are no headings, beside boilerplate …
_MARGIN = 8  # … and alone
_RUN = 3  # the same above or below the text
_AROUND = 6  # blocks above and below …
_TABLE = 3  # a run in which more than one line of so many has a number of its own is a table
_DENSE = 2 / 3  # … of which this share is boilerplate or frequent where there is no text

_PLACE = re.compile(r"[^\W\d_a-zà-ÿ][^\da-zà-ÿ,;:!?]{2,30}(?:, [^\W\d_][^\d,;:!?]{1,30})?\W*")
_WHO_WHERE = re.compile(
    r"[^\W\d_][\w.'’-]*(?: (?:[^\W\d_][\w.'’-]*)){1,4},?"
    r" (?:in|en|à|aus|da|em|из) [^\W\d_][\w.'’ -]{1,30}"
)


def take_frequent(page: Page, line_counts: LineCounts, whole: Bool) -> None:
    """Find the boilerplate among the lines that a site prints in many of its clusters."""
    for line in np.flatnonzero(line_counts.often & whole).tolist():
        if line in page.found or line in page.tagged:
            continue
        page.frequent.add(line)
        if line_counts.numbered[line] and not speaks_of_site(page.text(line)):
            page.numbered.add(line)
    _tag_credits(page, line_counts)
    body = _body(page, line_counts)
    _take_dense(page, line_counts, body)
    positions = np.flatnonzero(body).tolist()
    for begin, end in stretches(page, {*page.found, *page.frequent}):
        low = bisect_left(positions, page.begin(begin))
        high = bisect_left(positions, page.end(begin), low)
        above = low < high and end <= positions[low]
        below = low < high and begin > positions[high - 1]
        _judge(page, line_counts, (begin, end), above=above, below=below)


def _tag_credits(page: Page, line_counts: LineCounts) -> None:
    """Tag what looks like a byline or a dateline above the text."""
    for line in sorted(page.frequent):
        position = line - page.begin(line)
        if not 0 < position <= 4 or page.words[line] > 8 or page.has(line, SENTENCE):
            continue
        line_text = page.text(line).strip()
        named = _WHO_WHERE.fullmatch(line_text) is not None and _is_titled(line_text)
        if named or ("," in line_text and _PLACE.fullmatch(line_text)):
            page.tagged[line] = "byline" if named else "date_line"
            page.frequent.discard(line)


def _is_titled(line_text: str) -> bool:
    words = line_text.split()
    return sum(word[0].isupper() for word in words) >= len(words) - 1


def _take_dense(page: Page, line_counts: LineCounts, body: Bool) -> None:
    """Take frequent lines with hardly anything else around them, as in the margin of a page."""
    annotations = np.zeros(len(page.lines) + 1, np.int64)
    annotations[[each + 1 for each in (*page.found, *page.weak)]] = 1
    annotations[[each + 1 for each in page.frequent if not line_counts.numbered[each]]] = 1
    before = np.cumsum(annotations)
    for line in sorted(page.frequent - page.numbered):
        low, high = page.begin(line), page.end(line)
        first, last = max(low, line - _AROUND), min(high, line + 1 + _AROUND)
        above, below = before[line] - before[first], before[last] - before[line + 1]
        sides = ((above, line - first), (below, last - line - 1))
        if line_counts.numbered[line] or not _is_plain(page, line):
            dense = all(count >= _DENSE * size for count, size in sides)
        else:
            dense = above + below >= _DENSE * (last - first - 1)
        heading = line + 1 < high and bool(body[line + 1])
        around = range(first, last)
        menu = any(each in page.found or each in page.weak for each in around)
        menu = menu or all(each in page.frequent for each in around)
        said = not _is_plain(page, line) and not speaks_to_reader(fold_line(page.text(line)))
        if dense and menu and not said and last - first > _AROUND and not heading and line != low:
            page.found[line] = _line(bool(line_counts.very[line]) and _is_plain(page, line))


def _body(page: Page, line_counts: LineCounts) -> Bool:
    """Tell which blocks are paragraphs of text for sure."""
    lines = page.lines
    ended = ((lines.flags & SENTENCE) != 0) & (lines.words >= _BODY_WORDS)
    body: Bool = ~line_counts.often & (ended | (lines.words >= _LONG_WORDS))
    body[list(page.found)] = False
    return body


def _judge(
    page: Page, line_counts: LineCounts, stretch: tuple[int, int], *, above: bool, below: bool
) -> None:
    """Take lines of one run of boilerplate and frequent lines, as far as it is a run."""
    begin, end = stretch
    own = [line for line in range(begin, end) if line in page.frequent and line not in page.found]
    plain = [each for each in own if _is_plain(page, each) and not line_counts.numbered[each]]
    firm = end - begin - len(own)
    enclosed = begin in page.found and end - 1 in page.found
    # Without boilerplate in it a run needs lines of most pages, or that no site is known.
    common = firm > 0 or 2 * sum(
        line_counts.most[each] or not line_counts.known[each] for each in plain
    ) >= len(plain)
    if above or below:
        run = common and len(plain) + firm >= _RUN
    else:
        run = enclosed or len(plain) + firm >= (_MENU if firm > 0 else _MARGIN)
    if not run and len(plain) <= 2:
        run = any(_stands_alone(page, line_counts, each, below=below) for each in plain)
        plain = [each for each in plain if _stands_alone(page, line_counts, each, below=below)]
    if not run:
        return
    # The last line above a paragraph may be its heading.
    heading = end - 1 if not below and end < page.end(begin) and not enclosed else -1
    for line in plain:
        if line != heading or page.words[line] > _LABEL_WORDS:
            page.found[line] = _line(bool(line_counts.very[line]))
    for line in own:
        if line in page.found or line == heading:
            continue
        if line_counts.numbered[line] and _is_plain(page, line):
            enclosed = begin < line < end - 1 or line not in page.numbered
            if enclosed and _TABLE * (len(plain) + firm) >= (_TABLE - 1) * (end - begin):
                page.found[line] = _line(very=False)
        elif line_counts.most[line] and (above or below or len(plain) + firm >= _MENU):
            folded = fold_line(page.text(line))
            if speaks_to_reader(folded) and not NOTICE.match(folded):
                page.found[line] = _line(very=False)


def _stands_alone(page: Page, line_counts: LineCounts, line: int, *, below: bool) -> bool:
    """Tell whether a frequent line can be boilerplate with no other beside it."""
    if page.words[line] < _ALONE_WORDS or page.has(line, SENTENCE):
        return False
    if NOTICE.match(fold_line(page.text(line))) or page.text(line).rstrip()[-1:] in ",:;":
        return False
    if line_counts.known[line] and not line_counts.most[line]:
        return False
    keys = page.lines.keys[page.begin(line) : page.end(line)]
    if int((keys == page.lines.keys[line]).sum()) > 1:
        return False  # a refrain
    first = line == page.begin(line) and line + 1 < page.end(line)
    if first and (page.words[line + 1] > 25 or page.has(line + 1, SENTENCE)):
        return False  # without a headline behind it, it is the headline
    return first or below


def _line(very: bool) -> tuple[str, str, str]:
    return ("site_boilerplate", "line_frequency", "strong" if very else "medium")


def _is_plain(page: Page, line: int) -> bool:
    return not page.has(line, SENTENCE) or page.words[line] < _LABEL_WORDS
