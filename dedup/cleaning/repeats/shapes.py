"""What tells a template's repeat from one that is meant, by the words of single lines."""

from __future__ import annotations

import re

import numpy as np

from dedup.core.arrays import Bool, Texts
from dedup.kernels import repeats as kernel
from dedup.text.lines import BULLET, ELLIPSIS, PAREN, SENTENCE, Lines

# How a teaser may end besides an ellipsis; the words are no part of the text it cuts.
TAILS = (
    ("read", "more"),
    ("continue", "reading"),
    ("mehr", "lesen"),
    ("lire", "suite"),
    ("leer", "más"),
    ("leia", "mais"),
    ("devamını", "oku"),
    ("читать", "далее"),
    ("اقرأ", "المزيد"),
)
ONE_WORD_TAILS = ("weiterlesen",)

_LABEL = re.compile(r"\W*(?:\w+\W){0,3}?\w*[:：]")  # "Question:", "Jane Doe writes:"
_REPEATED_WORDS = 12
_MEANT = 3  # places, or times in a row, of a line that somebody repeats
_OPENERS = "\"'“‘„«‹「『"
_CLOSED = re.compile(r"[\"'”’“»›」』][.,]?$")
_QUESTION = re.compile(r"[?؟？][\s)\]\"'’”»]*")
_SENTENCE_END = re.compile(r"(?:^|[.!?…。！？:][\"'’”»)\]]*)[\s\"'“‘„«(]*$")
_SENTENCE_STOP = re.compile(r"[\"'’”»)\]]*(?:$|[.!?…。！？])")


def is_open(line: str) -> bool:
    """Tell whether a line ends in dots only, as a template cuts and a speaker falls silent."""
    return line.endswith(("…", "..."))


def is_prose(line: str, words: int) -> bool:
    """Tell whether a line is running text: no question, no list of names, no short quote.

    >>> is_prose("The bridge was closed, and the ferry took its position.", 10)
    True
    >>> is_prose("Against: Anna Smith, Bernd Maier, Carla Rossi.", 7)
    False
    """
    spoken = line[:1] in _OPENERS and words < kernel.FAR_WORDS
    if spoken or is_question(line) or 4 * sum(map(line.count, ",;،、")) > words:
        return False
    each = line.split()
    return 2 * sum(word[0].isupper() for word in each) <= len(each)


def is_question(line: str) -> bool:
    """Tell whether a line ends in a question mark."""
    return _QUESTION.search(line[-8:]) is not None and line.rstrip("\"'’”») \t")[-1:] in "?؟？"


def is_pulled(line: str, ends_sentence: bool, before: str, after: str) -> bool:
    """Tell whether a line is a pull quote: in quotation marks, or whole sentences of another.

    ``before`` and ``after`` stand around it in the other line. Questions and labelled lines are
    taken up again by those who write, not by a template.
    """
    if is_question(line) or _LABEL.match(line):
        return False
    if line[0] in _OPENERS and _CLOSED.search(line):
        return True
    ends = _SENTENCE_END.search(before) and _SENTENCE_STOP.match(after.rstrip())
    return ends_sentence and bool(ends)


def stops_behind(rest: str) -> bool:
    """Tell whether a sentence ends where ``rest`` of a line begins."""
    return _SENTENCE_STOP.match(rest) is not None


def prose_lines(texts: Texts, lines: Lines) -> Bool:
    """Tell which blocks that stand twice are running text.

    What stands in three places, or three times in a row, is meant.
    """
    prose = np.zeros(len(lines), np.bool_)
    ended = ((lines.flags & (SENTENCE | PAREN)) != 0) & ((lines.flags & BULLET) == 0)
    some = ended & (lines.words >= _REPEATED_WORDS)
    positions = np.flatnonzero(some)
    keys = lines.hashes[positions] ^ (
        lines.docs[positions].astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    )
    ordered = np.sort(keys)
    if not (ordered[1:] == ordered[:-1]).any():  # as in most articles
        return prose
    _, which, counts = np.unique(keys, return_inverse=True, return_counts=True)
    order = np.argsort(which, kind="stable")
    fresh = np.diff(positions[order], prepend=-2) != 1  # a line after itself is no new place
    fresh |= np.diff(which[order], prepend=-1) != 0  # the first place of the next line is one
    places = np.bincount(which[order], weights=fresh)[which]
    in_a_row = np.zeros(len(counts), np.int64)
    np.maximum.at(in_a_row, which[order][fresh], np.diff(np.flatnonzero(fresh), append=len(fresh)))
    once = (places < _MEANT) & (in_a_row[which] < _MEANT)
    twice = (counts[which] > 1) & (once | (lines.words[positions] >= kernel.FAR_WORDS))
    for line in positions[twice].tolist():
        prose[line] = is_prose(lines.text(texts, line).strip(), int(lines.words[line]))
    return prose


def is_headed(lines: Lines, line: int) -> bool:
    """Tell whether a block is a list item, or the first under a heading inside the text."""
    if line - 1 <= lines.bounds[lines.docs[line]]:
        return bool(int(lines.flags[line]) & BULLET)
    short = lines.words[line - 1] < kernel.HEADING_WORDS
    heading = short and not int(lines.flags[line - 1]) & (SENTENCE | ELLIPSIS)
    return bool(heading or int(lines.flags[line]) & BULLET)
