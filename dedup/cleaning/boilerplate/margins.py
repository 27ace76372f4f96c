"""Menus and footers as runs: what stands above and below the text of a page goes or stays as one.

The text of a page is the stretch of lines with most prose in it. Above it a run of short lines goes
as far down as something that only a menu has; below it from the first such line on. Above the text
what may be the headline stays: the last line without a list mark, and all of four words or more.
"""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass

import numpy as np

from dedup.cleaning.boilerplate.lines import LineCounts
from dedup.cleaning.boilerplate.page import Page
from dedup.cleaning.boilerplate.tags import tag_of_any_place
from dedup.core.arrays import Bool, distinct, offsets_of
from dedup.kernels import templates as kernel
from dedup.text.lines import BULLET, SENTENCE

_TEASER = ("related_block", "margin_run", "strong")
_FINDING = ("site_nav", "margin_run", "strong")
_FREQUENT = ("site_boilerplate", "line_frequency", "strong")
_PROSE_WORDS = 8  # of a sentence that is text …
_LONG_WORDS = 25  # … and of any line
_ITEM_WORDS = 6  # a longer line with a list mark is no menu
_TITLE_WORDS = 4  # a line of so many words may be a headline
_TEASER_WORDS = 60  # of another article, in one line
_FEWEST_TEASERS = 2  # below one marker
_FEWEST = 2  # lines of a menu that make a run go
_ALONE_LINES, _ALONE_MEAN = 8, 3.5  # or one, in so many lines of so few words on average
_AROUND, _DEEP = 6, 12  # lines on either side, and of a menu below, around a line deep inside it
_INSIDE = 3  # the same inside the text, where only what stands between them goes
_MENU = frozenset(["site_nav", "cookie_notice", "legal", "site_template", "site_boilerplate"])
_FOOT = _MENU | frozenset(
    "newsletter_signup share_widget follow related_block comment_form tag_list prev_next_nav "
    "app_promo donate".split()
)
# What ends an article; the rest of a footer stands between its paragraphs too.
_CLOSING = _MENU - {"site_template", "site_boilerplate"} | {
    "comment_form",
    "tag_list",
    "prev_next_nav",
}
_STOP = re.compile(r"[.。।][\"'’”»」』)\]]*\s*$")
_UNSURE = ("line_frequency", "medium")
_SUSPECT = "related_suspect"
_MARKER = "related_marker"
_WEAK = frozenset(["nav_site", "nav_brand", "site_nav"])


@dataclass(frozen=True, slots=True)
class _Run:
    """Short lines of one document that stand together: ``low:high``, and which are boilerplate."""

    low: int
    high: int
    firm: list[int]


def take_margins(page: Page, line_counts: LineCounts) -> None:
    """Take the runs of short lines around the text of each page."""
    if page.found:
        _take_margins(page, line_counts)
    _take_enclosed(page)


def _take_margins(page: Page, line_counts: LineCounts) -> None:
    """Take them from pages of which something goes."""
    lines = page.lines
    found = np.zeros(len(lines), np.bool_)
    found[list(page.found)] = True
    prose = (((lines.flags & SENTENCE) != 0) & (lines.words >= _PROSE_WORDS)) | (
        lines.words >= _LONG_WORDS
    )
    prose &= ~found
    bounds = np.empty((len(lines.bounds) - 1, 2), np.int64)
    kernel.text_bounds(lines.bounds, lines.words, prose, bounds)
    texts = bounds.tolist()
    menu, foot = _count_firm(page, _MENU), _count_firm(page, _FOOT)
    begins = lines.bounds.tolist()
    on_most = offsets_of(line_counts.most.astype(np.int64)).tolist()
    for doc in distinct(lines.docs[found]).tolist():
        begin, end = begins[doc], begins[doc + 1]
        first, last = texts[doc]
        if first == last:
            continue  # a page without text
        more = on_most[end] > on_most[begin] and bool(page.frequent)
        more = more and _take_frequent(page, line_counts, prose, (first, last))
        if more or _may_be_menus(menu[first] - menu[begin], first - begin):
            _take_heads(page, _menus(page, _runs(page, prose, begin, first, _MENU)))
        if more or _may_be_menus(foot[end] - foot[last], end - last):
            _take_feet(page, _menus(page, _runs(page, prose, last, end, _FOOT)))
        if menu[last] - menu[first] >= _INSIDE:
            for run in _runs(page, prose, first, last, _MENU):
                _take_inside(page, run)


def _count_firm(page: Page, reasons: frozenset[str]) -> list[int]:
    """Return how many lines before each, and in all, ``_is_firm`` holds of."""
    firm = np.zeros(len(page.lines), np.int64)
    firm[[line for line, finding in page.found.items() if finding[0] in reasons]] = 1
    firm[[line for line in page.weak if _is_firm(page, line, reasons)]] = 1
    counts: list[int] = offsets_of(firm).tolist()
    return counts


def _take_heads(page: Page, heads: list[_Run]) -> None:
    for run, below in itertools.zip_longest(heads, heads[1:]):
        _take_head(page, run, goes_on=_goes_on(page, run, below))


def _take_feet(page: Page, feet: list[_Run]) -> None:
    goes_on = [_goes_on(page, above, run) for above, run in zip([None, *feet], feet, strict=False)]
    text = _last_of_text(page, feet)
    for run, on in zip(feet, goes_on, strict=True):
        _take_foot(page, run, goes_on=on, text=text)
    _take_teasers(page, feet)
    for run in feet:
        _spare_heading(page, run)


def _last_of_text(page: Page, feet: list[_Run]) -> int:
    """Return the last short sentence below which only a footer is left, -1 where there is none.

    "Read also" stands inside articles, so a sentence behind it still belongs to one. Two links,
    notes on rights or forms for comments close it.
    """
    last, closing = -1, 0
    for run in feet:
        for line in range(run.low, run.high):
            finding = page.found.get(line)
            if finding is not None:
                closing += finding[0] in _CLOSING
                if closing >= _FEWEST:
                    return last
            elif page.has(line, SENTENCE) and not page.has(line, BULLET):
                if line not in page.weak and line not in page.frequent:
                    if _STOP.search(page.text(line)):
                        last = line
    return last


def _spare_heading(page: Page, run: _Run) -> None:
    """Leave what may be the heading of a paragraph that stays, the last line of a run."""
    line, below = run.high - 1, run.high
    if below >= page.end(line) or below in page.found or line in page.frequent:
        return
    if page.found.get(line) == _FINDING and line not in run.firm:
        del page.found[line]


def _runs(page: Page, prose: Bool, low: int, high: int, reasons: frozenset[str]) -> list[_Run]:
    """Return the runs of lines between those of prose."""
    stops = [low - 1, *(np.flatnonzero(prose[low:high]) + low).tolist(), high]
    return [
        _Run(above + 1, below, [x for x in range(above + 1, below) if _is_firm(page, x, reasons)])
        for above, below in itertools.pairwise(stops)
        if below > above + 1
    ]


def _may_be_menus(firm: int, lines: int) -> bool:
    """Tell whether ``_menus`` may find any in a margin of so many lines, some of them firm."""
    return firm >= _FEWEST or (firm > 0 and lines >= _ALONE_LINES)


def _menus(page: Page, runs: list[_Run]) -> list[_Run]:
    """Return the runs of one margin that are menus, and what stands between two of them."""
    total = sum(len(run.firm) for run in runs)
    menus = [
        place
        for place, run in enumerate(runs)
        if _is_menu(page, run) or (len(run.firm) > 0 and total > _FEWEST)
    ]
    if not menus:
        return []
    return [
        run if len(run.firm) else _Run(run.low, run.high, [run.low, run.high - 1])
        for run in runs[menus[0] : menus[-1] + 1]
    ]


def _goes_on(page: Page, above: _Run | None, below: _Run | None) -> bool:
    """Tell whether no more than one teaser stands between two runs, of which the first is a menu.

    Marks of a list that lost their words are no evidence of one.
    """
    if above is None or below is None or below.low - above.high > 1:
        return False
    told = sum(_is_told(page, line) for line in range(above.low, above.high))
    words = sum(page.words[above.high : below.low])
    return told >= _FEWEST and words <= _TEASER_WORDS


def _is_told(page: Page, line: int) -> bool:
    """Tell whether something else than the run says of a line that it is boilerplate."""
    finding = page.found.get(line)
    return finding is not None and finding[1] not in ("empty_item", _FINDING[1])


def _is_firm(page: Page, line: int, reasons: frozenset[str]) -> bool:
    finding = page.found.get(line)
    if finding is not None:
        return finding[0] in reasons
    return page.weak.get(line) in _WEAK


def _is_menu(page: Page, run: _Run) -> bool:
    """Tell whether there is enough of a menu in a run."""
    if not any(line in page.found for line in run.firm):
        return False
    if len(run.firm) >= _FEWEST:
        return True
    words = page.words[run.low : run.high]
    return len(words) >= _ALONE_LINES and sum(words) <= _ALONE_MEAN * len(words)


def _tag(page: Page, line: int) -> None:
    """Tag a date or a byline that stands too far down for the tags of a line alone."""
    if not (line in page.tagged or line in page.found or line in page.weak):
        tag = tag_of_any_place(page.text(line), page.words[line])
        if tag is not None:
            page.tagged[line] = tag


def _take(page: Page, line: int) -> None:
    _tag(page, line)
    suspect = page.tagged.get(line) == _SUSPECT and page.words[line] > 1  # no bare address
    known = page.found.get(line)
    unsure = (
        known is not None and known[1:] == _UNSURE
    )  # by how often it occurs and where it stands
    if line in page.numbered:  # a price, a result: it occurs nowhere else
        return
    if line != page.begin(line) and (line not in page.tagged or suspect):
        if known is None or unsure:
            page.found[line] = _FINDING


def _take_head(page: Page, run: _Run, *, goes_on: bool) -> None:
    """Take a run above the text down to the last line of a menu in it, or all if that goes on."""
    stop = run.high if goes_on else run.firm[-1] + 1
    while stop < run.high and page.has(stop, BULLET) and page.words[stop] <= _ITEM_WORDS:
        stop += 1
    for line in range(run.low, stop):
        _tag(page, line)
    headline = next(
        (line for line in range(stop - 1, run.low, -1) if _may_be_headline(page, line)), -1
    )
    for line in range(run.low, stop):
        words = page.words[line]
        item = page.has(line, BULLET) and words <= _ITEM_WORDS
        if line != headline and (words < _TITLE_WORDS or item or line in page.frequent):
            _take(page, line)
    _take_deep(page, run.low, stop)


def _take_deep(page: Page, low: int, stop: int) -> None:
    """Take longer lines deep inside a menu above the text, where no headline stands.

    Of most lines around them it is known that they are boilerplate, and so many of those follow
    that nothing like the headline with its buttons can be meant. The last two that may be one stay.
    """
    lines = range(low, stop)
    known = offsets_of(np.array([line in page.found for line in lines], np.int64))
    may_be = [line for line in lines if _may_be_headline(page, line)][-2:]
    for line in lines:
        if line in page.found or line in may_be or known[-1] - known[line - low] < _DEEP:
            continue
        above, below = max(line - _AROUND, low), min(line + 1 + _AROUND, stop)
        before = known[line - low] - known[above - low]
        behind = known[below - low] - known[line + 1 - low]
        if 3 * before >= 2 * _AROUND and 3 * behind >= 2 * _AROUND:
            _take(page, line)


def _may_be_headline(page: Page, line: int) -> bool:
    """Tell whether a line of a run above the text may be the headline of the page."""
    if line in page.found or line in page.weak or line in page.frequent or line in page.tagged:
        return False
    return page.words[line] > 1 and not page.has(line, BULLET)


def _take_foot(page: Page, run: _Run, *, goes_on: bool, text: int) -> None:
    """Take a run below the text from the first line of a menu in it on, or all if one goes on.

    ``text`` is the last line that belongs to the article whatever stands above it.
    """
    low = max(run.low, text + 1)
    start = low if goes_on else _first_of_foot(page, run, low)
    while low < start < run.high and page.has(start, BULLET) and page.has(start - 1, BULLET):
        if page.words[start - 1] > _ITEM_WORDS:
            break
        start -= 1
    for line in range(start, run.high):
        _take(page, line)


def _first_of_foot(page: Page, run: _Run, low: int) -> int:
    """Return the first line from ``low`` on that a footer begins with, the end where none does.

    That is a word of a menu, or the heading of a list of other articles.
    """
    firm = set(run.firm)
    for line in range(low, run.high):
        if line in firm or page.weak.get(line) == _MARKER:
            return line
    return run.high


def _take_teasers(page: Page, feet: list[_Run]) -> None:
    """Take the teasers among the titles below a marker such as "Related", where there are several.

    Each is a line of prose directly below a title; some may be known as boilerplate already.
    """
    markers = set(page.markers)
    section: list[_Run] = []
    for run, below in itertools.zip_longest(feet, feet[1:]):
        if section or not markers.isdisjoint(range(run.low, run.high)):
            section.append(run)
        if section and not _goes_on(page, run, below):
            _take_teasers_of(page, section)
            section = []


def _take_teasers_of(page: Page, section: list[_Run]) -> None:
    between = [run.low - 1 for run in section[1:] if run.low - 1 not in page.found]
    teasers = [line for line in between if line - 1 in page.found]
    known = sum(
        line in page.found and page.words[line] >= _PROSE_WORDS and page.has(line, SENTENCE)
        for line in range(section[0].low, section[-1].high)
    )
    if len(teasers) + known >= _FEWEST_TEASERS:
        for line in teasers:
            page.found.setdefault(line, _TEASER)


def _take_frequent(page: Page, line_counts: LineCounts, prose: Bool, text: tuple[int, int]) -> bool:
    """Take lines of most pages of a site above and below the text, but no heading of a text.

    Tell whether there were any.
    """
    begin, end = page.begin(text[0]), page.end(text[0])
    before = len(page.found)
    for line in (*range(begin, text[0]), *range(text[1], end)):
        if not line_counts.most[line] or line not in page.frequent or line in page.numbered:
            continue
        if page.has(line, SENTENCE) and not page.has(line, BULLET):
            continue
        if line == begin and not line_counts.very[line]:
            continue
        if line + 1 == end or not prose[line + 1]:
            page.found.setdefault(line, _FREQUENT)
    return len(page.found) > before


def _take_enclosed(page: Page) -> None:
    """Take frequent lines that have boilerplate directly above and below."""
    for line in sorted(page.frequent - page.numbered):
        inside = page.begin(line) < line < page.end(line) - 1
        if inside and line - 1 in page.found and line + 1 in page.found:
            page.found.setdefault(line, _FREQUENT)


def _take_inside(page: Page, run: _Run) -> None:
    """Take what stands between the lines of a menu inside the text."""
    if len(run.firm) < _INSIDE or 3 * len(run.firm) < run.firm[-1] + 1 - run.firm[0]:
        return
    for line in range(run.firm[0], run.firm[-1] + 1):
        if page.words[line] <= _ITEM_WORDS:
            _take(page, line)
