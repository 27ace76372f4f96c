"""Template text of some documents: whole lines, the short lines beside them, and sentences."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np

from dedup.cleaning.boilerplate.lines import LineCounts
from dedup.cleaning.boilerplate.page import Page
from dedup.cleaning.boilerplate.templates import ENDING, NOT, SHORT, Templates
from dedup.core.arrays import Bool, Int64, UInt8
from dedup.kernels.templates import Units
from dedup.text.lines import SENTENCE, Lines
from dedup.text.tokens import Tokens

LINE_FINDING = ("site_template", "template_line", "strong")
KNOWN_FINDING = ("site_template", "known_template", "strong")
SITE_FINDING = ("site_template", "template_of_site", "strong")
SENTENCE_FINDING = ("site_template", "template_sentence", "strong")
_LABEL_WORDS = 4  # a shorter line may be the heading of what is below it
_LABEL_TOKENS = 2  # of a label that goes with the sentence behind it
_STOP = re.compile(r"[^\w\s]*[.!?…|؟۔।。！？][^\w\s]*\s+")
_TAIL = re.compile(r"[^\w\s„«“‘‚「『(\[]*")


@dataclass(frozen=True, slots=True)
class Found:
    """The units of some documents and what templates say of them; ``known`` are lines of one."""

    units: Units
    verdicts: UInt8
    endings: Int64
    tokens: Tokens
    known: Int64

    @classmethod
    def of(
        cls, templates: Templates, units: Units, tokens: Tokens, lines: Lines, sites: Int64
    ) -> Found:
        """Look the units of some documents up."""
        known = np.flatnonzero(np.isin(lines.keys, templates.lines) & (lines.words > 0))
        return cls(units, *templates.find(tokens, lines, units, sites), tokens, known)


def take_templates(page: Page, line_counts: LineCounts, whole: Bool, found: Found | None) -> None:
    """Take the lines and sentences that are templates."""
    if found is None:
        return
    for line in found.known.tolist():  # whatever else is said of it
        page.tagged.pop(line, None)
        page.found[line] = KNOWN_FINDING
    if not found.verdicts.any():
        return
    lines, units = page.lines, found.units
    own = (units.lows == lines.lows[units.lines]) & (units.highs == lines.highs[units.lines])
    is_line = own & (found.verdicts > SHORT) & (found.verdicts < ENDING)
    taken = [
        line
        for line in units.lines[is_line].tolist()
        if whole[line] and line not in page.tagged and _may_go(page, line_counts, line)
    ]
    for line in taken:
        if page.found.get(line) != KNOWN_FINDING:
            page.found[line] = SITE_FINDING if line_counts.most[line] else LINE_FINDING
    for line in taken:
        _take_beside(page, line_counts, line)
    rest = np.flatnonzero(~own & (found.verdicts != NOT))
    rest = rest[[line not in page.found for line in units.lines[rest].tolist()]]
    if len(rest):
        _take_sentences(page, found, rest)


def _may_go(page: Page, line_counts: LineCounts, line: int) -> bool:
    """Tell whether a line can be no headline."""
    return line != page.begin(line) or bool(line_counts.most[line])


def _take_beside(page: Page, line_counts: LineCounts, template: int) -> None:
    """Take the frequent lines above and below a template, but no heading of what is below."""
    for step in (-1, 1):
        beside = []
        line = template + step
        while page.begin(template) < line < page.end(template) and line_counts.often[line]:
            if line in page.tagged:
                break
            if line not in page.found:
                beside.append(line)
            line += step
        if step > 0 and beside and line < page.end(template) and _is_heading(page, beside[-1]):
            beside.pop()
        for line in beside:
            page.found[line] = LINE_FINDING


def _is_heading(page: Page, line: int) -> bool:
    """Tell whether a short line belongs to the text below it rather than to the line above."""
    lines = page.lines
    if page.words[line] > _LABEL_WORDS or page.has(line, SENTENCE):
        return False
    above = lines.starts[line] - lines.ends[line - 1]
    return bool(lines.starts[line + 1] - lines.ends[line] <= above)


def _take_sentences(page: Page, found: Found, rest: Int64) -> None:
    """Take runs of sentences, where one of them is more than a short one."""
    units, verdicts = found.units, found.verdicts
    run: list[int] = []
    for unit in rest.tolist():
        if run and (units.lows[unit] != units.highs[run[-1]] or verdicts[unit] == ENDING):
            _take_run(page, found, run)
            run = []
        run.append(unit)
    _take_run(page, found, run)


def _take_run(page: Page, found: Found, run: list[int]) -> None:
    """Remove what a run of template sentences covers, from where a sentence begins in it."""
    units, tokens, lines = found.units, found.tokens, page.lines
    line = int(units.lines[run[0]])
    base, line_text = int(lines.starts[line]), page.text(line)
    for place, unit in enumerate(run):
        start = _begin_of(found, unit, line_text, base, int(lines.lows[line]))
        if start >= 0:
            run = run[place:]
            break
    else:
        return
    if all(found.verdicts[unit] == SHORT for unit in run):
        return
    high = int(units.highs[run[-1]])
    tail = _TAIL.match(line_text, int(tokens.ends[high - 1]) - base)
    end = tail.end() if tail else len(line_text)
    if high >= int(lines.highs[line]):
        start, end = len(line_text[:start].rstrip()), len(line_text)
    else:
        end = len(line_text) - len(line_text[end:].lstrip())
    page.spans.append((line, base + start, base + end, SENTENCE_FINDING))


def _begin_of(found: Found, unit: int, line_text: str, base: int, first: int) -> int:
    """Return where in its line a template begins, -1 where the sentence before goes on in it."""
    tokens, low, ending = found.tokens, int(found.units.lows[unit]), int(found.endings[unit])
    if found.verdicts[unit] != ENDING:
        for token in range(low, low - _LABEL_TOKENS - 1, -1):  # "Note: …", "The “Ever Given” was …"
            if token == first:
                return 0
            gap = int(tokens.ends[token - 1]) - base, int(tokens.starts[token]) - base
            stop = _STOP.match(line_text, *gap)
            if stop:
                return stop.end()
    return int(tokens.starts[ending]) - base if ending >= 0 else -1
