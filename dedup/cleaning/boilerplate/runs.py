"""What is boilerplate by its neighbours: words of menus, and cards of other articles.

Only blocks of the same document count as neighbours, and what follows a line that ends in a colon
is a list of the text.
"""

from __future__ import annotations

import re

import numpy as np

from dedup.cleaning.boilerplate.page import Page, stretches
from dedup.text.lines import BULLET, ELLIPSIS, SENTENCE

_TITLE_WORDS = 25
_CARD_LINES = 12  # titles and teasers that one marker can take with it
_MENU_LINES = 5
_MENU_WORDS = 6
_NAV_LINES = 3
_PLAYER = "media_control"
_TIME = r"\d{1,2}(?::\d\d){1,2}"
_CLOCK = re.compile(
    rf"\W*(?:{_TIME}(?:\s*/\s*{_TIME})?|\d{{1,2}} ?min(?:s|utes|uten|uti|utos)?)\W*"
)
_TOPIC, _BRAND, _MARKER = "nav_topic", "nav_brand", "related_marker"


def take_menus(page: Page) -> None:
    """Find words of navigation among other boilerplate, and lists of links."""
    for begin, end in stretches(page, {*page.weak, *page.found}):
        _take_run(page, begin, end)
    lines = page.lines
    short = (lines.words <= _MENU_WORDS) & ((lines.flags & BULLET) != 0)
    short &= (lines.flags & SENTENCE) == 0
    for begin, end in stretches(page, np.flatnonzero(short).tolist()):
        own = range(begin, end)
        known = sum(each in page.found for each in own)
        sites = sum(page.weak.get(each, _TOPIC) not in (_TOPIC, _BRAND) for each in own)
        weak = sum(each in page.weak for each in own)
        if end - begin < _MENU_LINES or _introduced(page, begin):
            continue
        if known * 4 >= end - begin or (sites >= 1 and (sites + known + weak) * 4 >= end - begin):
            for line in own:
                page.found.setdefault(line, ("site_nav", "menu", "medium"))


def _introduced(page: Page, line: int) -> bool:
    """Tell whether the line before ``line`` announces a list."""
    if line == page.begin(line):
        return False
    return page.text(line - 1).rstrip()[-1:] in (":", "：")


def _take_run(page: Page, begin: int, end: int) -> None:
    """Take the weak lines of one run where the other lines of it are boilerplate enough.

    A topic ("Football") may be part of a list that ends the text, so it counts only behind
    boilerplate; the name of a network only with words that nothing but a page has.
    """
    own = range(begin, end)
    weak = [each for each in own if each not in page.found]
    firm = len(own) - len(weak)
    sites = sum(page.weak[each] not in (_TOPIC, _BRAND) for each in weak)
    enough = firm >= 2 or (firm == 1 and end == page.end(begin))
    enough = enough or (len(own) > _NAV_LINES and _is_link(page, begin))
    if not enough and not (len(own) >= _NAV_LINES and sites + firm >= 2):
        _take_alike(page, weak)
        return
    if begin not in page.found and _introduced(page, begin):
        return
    if begin == page.begin(begin) and len(own) <= _NAV_LINES:
        weak = [each for each in weak if each != begin]  # the headline
    for line in weak:
        if page.weak[line] == _TOPIC and line != page.begin(line):
            if line - 1 not in page.found:
                continue
        reason = page.weak[line]
        if reason == _MARKER:
            reason = "related_block"
            page.markers.append(line)
        reason = "site_nav" if reason.startswith("nav_") else reason
        page.found[line] = (reason, "nav_run", "medium")
        page.tagged.pop(line, None)


def _is_link(page: Page, line: int) -> bool:
    """Tell whether a link of the page begins a run, as "Skip to content" does; topics follow."""
    finding = page.found.get(line)
    return finding is not None and finding[0] == "site_nav"


def _take_alike(page: Page, weak: list[int]) -> None:
    """Take weak lines directly beside a line that is boilerplate for the same reason."""
    for line in weak:
        beside = [
            each for each in (line - 1, line + 1) if page.begin(line) <= each < page.end(line)
        ]
        kinds = {page.found[each][0] for each in beside if each in page.found}
        if line != page.begin(line) and page.weak[line] in kinds and not _introduced(page, line):
            page.found[line] = (page.weak[line], "nav_run", "medium")
            page.tagged.pop(line, None)


def take_clocks(page: Page) -> None:
    """Take the times of a player ("00:00", "4 min") below its label."""
    for label in [line for line, finding in page.found.items() if finding[0] == _PLAYER]:
        line = label + 1
        while line < page.end(label) and _CLOCK.fullmatch(page.text(line)):
            page.found.setdefault(line, (_PLAYER, "nav_run", "medium"))
            page.tagged.pop(line, None)
            line += 1


def take_cards(page: Page) -> None:
    """Take the titles and teasers of other articles that follow a marker such as "Related"."""
    tails: dict[int, int] = {}  # by document: from where on everything is found
    for marker in page.markers:
        end = page.end(marker)
        stop = marker + 1
        teaser = False
        while stop < end and stop not in page.found and _is_title(page, stop):
            teaser = teaser or page.has(stop, ELLIPSIS)
            stop += 1
        tail = tails.get(end, end)
        while tail > stop and tail - 1 in page.found:
            tail -= 1
        tails[end] = tail
        last = tail <= stop
        card = range(marker + 1, stop)
        if len(card) > _CARD_LINES:
            continue
        for line in card:
            if last or (teaser and stop in page.found):
                sure = "strong" if teaser else "medium"
                page.found[line] = ("related_block", "related_card", sure)
                page.tagged.pop(line, None)
            else:
                page.tagged.setdefault(line, "related_suspect")


def _is_title(page: Page, line: int) -> bool:
    if page.has(line, ELLIPSIS):
        return True
    return not page.has(line, SENTENCE) and 0 < page.words[line] <= _TITLE_WORDS
