"""Template text of some documents: whole lines, the short lines beside them, and sentences."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from dedup.cleaning.boilerplate.lines import LineCounts
from dedup.cleaning.boilerplate.notices import speaks_of_site
from dedup.cleaning.boilerplate.page import Page
from dedup.cleaning.boilerplate.template_rules import is_of_template, unit_text
from dedup.cleaning.boilerplate.templates import (
    ENDING,
    NOT,
    SHORT,
    Templates,
    cut_units,
    spread,
)
from dedup.core.arrays import (
    Bool,
    Int64,
    Texts,
    UInt8,
    are_among,
    offsets_of,
    texts_from_strings,
)
from dedup.kernels.templates import LEAST_WORDS, Units
from dedup.kernels.text import DIGIT
from dedup.text.lines import SENTENCE, Lines, line_table
from dedup.text.tokens import Tokens, tokenise_texts

LINE_FINDING = ("site_template", "template_line", "strong")
KNOWN_FINDING = ("site_template", "known_template", "strong")
SITE_FINDING = ("site_template", "template_of_site", "strong")
SENTENCE_FINDING = ("site_template", "template_sentence", "strong")
_LABEL_WORDS = 4  # a shorter line may be the heading of what is below it
_LABEL_TOKENS = 2  # of a label that goes with the sentence behind it
_STOP = re.compile(r"[^\w\s]*[.!?…|؟۔।。！？][^\w\s]*\s+")
_TAIL = re.compile(r"[^\w\s„«“‘‚「『(\[]*")


class Documents(Protocol):
    """Some documents, cut into tokens and lines."""

    @property
    def texts(self) -> Texts:
        """Return their texts."""
        ...

    @property
    def tokens(self) -> Tokens:
        """Return their tokens."""
        ...

    @property
    def lines(self) -> Lines:
        """Return their lines."""
        ...


@dataclass(frozen=True, slots=True)
class Found:
    """The units of some documents and what templates say of them; ``known`` are lines of one."""

    units: Units
    verdicts: UInt8
    endings: Int64
    tokens: Tokens
    known: Int64

    @classmethod
    def of(cls, templates: Templates, units: Units, part: Documents, sites: Int64) -> Found:
        """Look the units of some documents up."""
        tokens, lines = part.tokens, part.lines
        known = np.flatnonzero(are_among(lines.keys, templates.lines) & (lines.words > 0))
        found = cls(units, *templates.find(tokens, lines, units, sites), tokens, known)
        found._leave_other_numbers(templates, part, sites)
        return found

    def _leave_other_numbers(self, templates: Templates, part: Documents, sites: Int64) -> None:
        """Leave the units whose numbers are text, and not those of the template."""
        units, tokens = self.units, self.tokens
        some = np.flatnonzero(self.verdicts)
        if not len(some):
            return
        lows = np.where(self.verdicts == ENDING, self.endings, units.lows)[some]
        sizes = units.highs[some] - lows
        places = offsets_of(sizes)
        own = np.repeat(lows - places[:-1], sizes) + np.arange(places[-1])
        digits = offsets_of(((tokens.flags[own] & np.uint8(DIGIT)) > 0).astype(np.int32))
        numbered = digits[places[1:]] > digits[places[:-1]]
        for unit, low in zip(some[numbered].tolist(), lows[numbered].tolist(), strict=True):
            doc = int(part.lines.docs[units.lines[unit]])
            text = unit_text(part.texts.text(doc), tokens, low, int(units.highs[unit]))
            key = _key_of(text) if self.verdicts[unit] == ENDING else int(units.keys[unit])
            template = templates.text(key, int(spread(sites[[doc]])[0]))
            if template is not None and not is_of_template(text, template):
                self.verdicts[unit] = NOT


def _key_of(text: str) -> int:
    """Return the key of a unit that stands in a line of its own; 0 for none."""
    texts = texts_from_strings([text])
    tokens = tokenise_texts(texts)
    keys = cut_units(tokens, line_table(texts, tokens)).keys
    return int(keys[0]) if len(keys) else 0


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
            if line in page.tagged or _is_text(page, line_counts, line):
                break
            if line not in page.found:
                beside.append(line)
            line += step
        if step > 0 and beside and line < page.end(template) and _is_heading(page, beside[-1]):
            beside.pop()
        for line in beside:
            page.found[line] = LINE_FINDING


def _is_text(page: Page, line_counts: LineCounts, line: int) -> bool:
    """Tell whether a frequent line beside a template belongs to the article.

    It does with a number of its own, and as a sentence so long that it would be a template itself.
    """
    if line in page.found or speaks_of_site(page.text(line)):
        return False
    return bool(line_counts.numbered[line]) or (
        page.has(line, SENTENCE) and page.words[line] >= LEAST_WORDS
    )


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
