"""Plain twin of ``kernels/quotes``: quotation marks paired on strings."""

from __future__ import annotations

import bisect
from dataclasses import dataclass

SINGLE = "'‘’‚`´＇"
# What each mark closes wherever it stands, and what it closes where it does not open for sure.
CLOSES = {
    **{"”": "“„‟", "“": "„‟", "‟": "„", "«": "»", "»": "«", "‹": "›", "›": "‹", "‘": "‚"},
    **{"」": "「", "』": "『", "》": "《", "〞": "〝", "〟": "〝"},
}
MAY_CLOSE = {
    **{'"': '"“„”', "“": '“"', "”": '”"', "‟": "“", "»": "»", "›": "›", "＂": "＂"},
    **{"'": "'‘’‚`", "’": "‘’'‚`", "`": "`", "´": "`‘", "＇": "＇"},
}
ALWAYS_OPENS = "„「『《〝"
OPENS_UNLESS_CLOSING = '"“‟«‹＂‘'
OPENS_BEFORE_A_WORD = "”»›'’‚`＇"
MARKS = {*CLOSES, *MAY_CLOSE, *ALWAYS_OPENS, *OPENS_UNLESS_CLOSING, *OPENS_BEFORE_A_WORD}


@dataclass
class Opened:
    """A quotation that is not closed yet; ``line_end`` is the first token after its line."""

    mark: str
    token: int
    line_end: int | None = None


def surroundings(text: str, at: int, kinds: list[str]) -> tuple[bool, bool]:
    """Tell whether what stands before a mark lets it open, and whether a word follows it."""
    marks = "".join(MARKS)
    before, after = text[:at].rstrip(marks), text[at + 1 :].lstrip(marks)
    free = not before or before[-1] in "([{（［｛" or kinds[len(before) - 1] in ("blank", "line")
    return free, bool(after) and kinds[len(text) - len(after)] == "word"


def may_open(char: str, free: bool, word: bool) -> bool:
    """Tell whether a mark opens a quotation where it closes none."""
    if char in OPENS_BEFORE_A_WORD:
        return free and word
    return char in ALWAYS_OPENS or (char in OPENS_UNLESS_CLOSING and (free or word))


def end_all(opened: list[Opened], token: int, found: list[tuple[int, int]]) -> None:
    """End all quotations with their lines; single marks are apostrophes then."""
    end_line(opened, token)
    double = [each for each in opened if each.mark not in SINGLE]
    found.extend((each.token, each.line_end) for each in double if each.line_end - each.token <= 60)
    opened.clear()


def end_line(opened: list[Opened], token: int) -> None:
    """Note that the line of the open quotations ends."""
    for each in opened:
        each.line_end = token if each.line_end is None else each.line_end


def naive_quotes(text: str, kinds: list[str], starts: list[int]) -> list[tuple[int, int]]:
    """Return the stretches of tokens, half open, that stand in quotation marks.

    ``kinds`` says of each character whether it is a blank, a line break or part of a word.
    """
    found: list[tuple[int, int]] = []
    opened: list[Opened] = []
    line_token = 0

    for at, char in enumerate(text):
        token = bisect.bisect_left(starts, at)
        if kinds[at] == "line":
            if token == line_token:
                end_all(opened, token, found)
            end_line(opened, token)
            line_token = token
        if char not in MARKS:
            continue
        free, word = surroundings(text, at, kinds)
        fits = CLOSES.get(char, "") + ("" if free and word else MAY_CLOSE.get(char, ""))
        if char in SINGLE and word:
            fits = ""
        closed = [k for k, each in enumerate(opened) if each.mark in fits]
        if closed:
            found.append((opened[closed[-1]].token, token))
            del opened[closed[-1] :]
        elif may_open(char, free, word):
            if opened and opened[0].line_end is not None:
                end_all(opened, token, found)
            if len(opened) < 8:
                opened.append(Opened(char, token))
    end_all(opened, len(starts), found)
    return found
