"""Comments of readers below an article: a rhythm of name, date and text behind their heading."""

from __future__ import annotations

import re

import numpy as np

from dedup.cleaning.boilerplate.page import Page
from dedup.cleaning.boilerplate.patterns import fold_line

_STAMP_WORDS = 14
_FEWEST = 2  # stamps that make a rhythm
_LONGEST_GAP = 12  # lines between two stamps
_NEAREST = 3  # lines from a heading that is not sure to the first stamp
_FORM = "comment_form"
_MOST_AFTER = 6  # lines of the last comment
# When, or who wrote: "12:13 pm January 13, 2012", "3 days ago", "Jane Doe says:".
_MONTH = (
    r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|sept|oct|nov|dec|mai|okt|dez|janv|fevr|avr|juin|juil"
    r"|aout|ene|abr|ago|dic|fev|out|set|gen|mag|giu|lug|ott)[a-z]*\.?"
)
_STAMP = re.compile(
    rf".*\b(?:\d{{1,2}}:\d\d\b.*\d|\d.*\b\d{{1,2}}:\d\d\b"
    rf"|{_MONTH} \d{{1,2}}\b.*\d|\d{{1,2}}\.? {_MONTH}.*\d"
    r"|\d{1,4}[./-]\d{1,2}[./-]\d{2,4}"
    r"|(?:\d+|an?|one) (?:second|minute|min|hour|hr|day|week|month|year)s? ago"
    r"|vor \d+ (?:minute|stunde|tag|woche|monat|jahr)\w*|il y a \d+ \w+|hace \d+ \w+|ha \d+ \w+"
    r"|\d+ (?:saat|gun|dakika|hafta|ay|yıl) once|\d+ (?:час|дн|мин|недел)\w* назад).*"
    r"|.{2,60}\b(?:says|said|wrote|writes|schrieb|schreibt|a ecrit|dice|escribio|escreveu"
    r"|ha scritto|пишет) ?:?"
)


def tag_comments(page: Page) -> None:
    """Tag the comments of each page ``comment``."""
    sure = {line for line, finding in page.found.items() if finding[0] == _FORM}
    # "Comments" alone may be a heading of the article: the first comment must follow at once.
    heads = sure | {line for line, reason in page.weak.items() if reason == _FORM}
    done: set[int] = set()
    for head in sorted(heads):
        end = page.end(head)
        if end in done:
            continue
        stamps = _stamps(page, head + 1, end)
        if len(stamps) < _FEWEST or (head not in sure and stamps[0] - head > _NEAREST):
            continue
        done.add(end)
        first = stamps[0] - (stamps[0] - 1 > head and page.words[stamps[0] - 1] <= 6)
        last = _last(page, stamps[-1], end)
        for line in range(first, last):
            if line not in page.found:
                page.tagged[line] = "comment"


def _stamps(page: Page, low: int, high: int) -> list[int]:
    """Return the lines that say when or by whom a comment was written, while they keep a rhythm."""
    some = np.flatnonzero(page.lines.words[low:high] <= _STAMP_WORDS) + low
    stamps: list[int] = []
    for line in some.tolist():
        if stamps and line - stamps[-1] > _LONGEST_GAP:
            if len(stamps) >= _FEWEST:
                break
            stamps = []
        if line not in page.found and _STAMP.fullmatch(fold_line(page.text(line))):
            stamps.append(line)
    return stamps


def _last(page: Page, stamp: int, end: int) -> int:
    """Return where the last comment ends: before boilerplate, or after a few lines."""
    line = stamp + 1
    while line < end and line not in page.found and line - stamp <= _MOST_AFTER:
        line += 1
    return line
