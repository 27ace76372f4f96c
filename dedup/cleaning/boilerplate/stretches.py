"""Template text of some documents: whole lines, the short lines beside them, and sentences."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np

from dedup.cleaning.boilerplate.lines import Lines
from dedup.cleaning.boilerplate.page import Page
from dedup.cleaning.boilerplate.templates import ENDING, NOT, SHORT, Templates, cut_units
from dedup.core.arrays import Bool, Int64, UInt8
from dedup.kernels.templates import Units
from dedup.text.lines import SENTENCE, Lines
from dedup.text.tokens import Tokens

LINE_FINDING = ("site_template", "template_line", "strong")
SENTENCE_FINDING = ("site_template", "template_sentence", "strong")
_LABEL_WORDS = 4  # a shorter line may be the heading of what is below it
_LABEL_TOKENS = 2  # of a label that goes with the sentence behind it
_STOP = re.compile(r"[^\w\s]*[.!?…|؟۔।。！？][^\w\s]*\s+")
_TAIL = re.compile(r"[^\w\s„«“‘‚「『(\[]*")


@dataclass(frozen=True, slots=True)
class Found:
    """The units of some documents and what the templates of the corpus say of them."""

    units: Units
    verdicts: UInt8
    endings: Int64
    tokens: Tokens

    @classmethod
    def of(cls, templates: Templates, tokens: Tokens, blocks: Lines, sites: Int64) -> Found | None:
        """Look the units of some documents up; None where the corpus has no templates."""
        if not templates.entries:
            return None
        units = cut_units(tokens, blocks)
        return cls(units, *templates.find(tokens, blocks, units, sites), tokens)


def take_templates(page: Page, lines: Lines, whole: Bool, found: Found | None) -> None:
    """Take the lines and sentences that are templates."""
    if found is None or not found.verdicts.any():
        return
    blocks, units = page.blocks, found.units
    own = (units.lows == blocks.lows[units.lines]) & (units.highs == blocks.highs[units.lines])
    is_line = own & (found.verdicts > SHORT) & (found.verdicts < ENDING)
    taken = [
        block
        for block in units.lines[is_line].tolist()
        if whole[block] and block not in page.tagged and _may_go(page, lines, block)
    ]
    for block in taken:
        page.found[block] = LINE_FINDING
    for block in taken:
        _take_beside(page, lines, block)
    rest = np.flatnonzero(~own & (found.verdicts != NOT))
    rest = rest[[block not in page.found for block in units.lines[rest].tolist()]]
    if len(rest):
        _take_sentences(page, found, rest)


def _may_go(page: Page, lines: Lines, block: int) -> bool:
    """Tell whether a line can be no headline."""
    return block != page.begin(block) or bool(lines.most[block])


def _take_beside(page: Page, lines: Lines, block: int) -> None:
    """Take the frequent lines above and below a template, but no heading of what is below."""
    for step in (-1, 1):
        beside = []
        at = block + step
        while page.begin(block) < at < page.end(block) and lines.often[at]:
            if at in page.tagged:
                break
            if at not in page.found:
                beside.append(at)
            at += step
        if step > 0 and beside and at < page.end(block) and _is_heading(page, beside[-1]):
            beside.pop()
        for each in beside:
            page.found[each] = LINE_FINDING


def _is_heading(page: Page, block: int) -> bool:
    """Tell whether a short line belongs to the text below it rather than to the line above."""
    blocks = page.blocks
    if blocks.words[block] > _LABEL_WORDS or page.has(block, SENTENCE):
        return False
    above = blocks.starts[block] - blocks.ends[block - 1]
    return bool(blocks.starts[block + 1] - blocks.ends[block] <= above)


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
    units, tokens, blocks = found.units, found.tokens, page.blocks
    block = int(units.lines[run[0]])
    base, line = int(blocks.starts[block]), page.text(block)
    for place, unit in enumerate(run):
        start = _begin_of(found, unit, line, base, int(blocks.lows[block]))
        if start >= 0:
            run = run[place:]
            break
    else:
        return
    if all(found.verdicts[unit] == SHORT for unit in run):
        return
    high = int(units.highs[run[-1]])
    tail = _TAIL.match(line, int(tokens.ends[high - 1]) - base)
    end = tail.end() if tail else len(line)
    if high >= int(blocks.highs[block]):
        start, end = len(line[:start].rstrip()), len(line)
    else:
        end = len(line) - len(line[end:].lstrip())
    page.spans.append((block, base + start, base + end, SENTENCE_FINDING))


def _begin_of(found: Found, unit: int, line: str, base: int, first: int) -> int:
    """Return where in its line a template begins, -1 where the sentence before goes on in it."""
    tokens, low, ending = found.tokens, int(found.units.lows[unit]), int(found.endings[unit])
    if found.verdicts[unit] != ENDING:
        if low == first:
            return 0
        for back in range(_LABEL_TOKENS + 1):  # "Note: …", "The “Ever Given” was …"
            at = low - back
            if at == first:
                return 0
            stop = _STOP.match(line, int(tokens.ends[at - 1]) - base, int(tokens.starts[at]) - base)
            if stop:
                return stop.end()
    return int(tokens.starts[ending]) - base if ending >= 0 else -1
