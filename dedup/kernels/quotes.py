"""Which tokens stand inside quotation marks: marks are paired by kind, place and nesting.

The same mark opens in one language and closes in another (``“`` closes in German, ``»`` opens
there, ``”`` opens in Swedish). So a mark is judged by what stands around it and by what is open:
one with a blank before and a word behind opens, one with neither closes what it fits, and one that
may do both closes what is open, if it fits, or else opens. A quotation may go on over a line break
when the next mark closes it. One that is not closed ends with its line, where that is not far; a
single mark that is not closed is an apostrophe.
"""

from __future__ import annotations

import numpy as np

from dedup.kernels._jit import load8, njit, njit_uncounted
from dedup.kernels.text import (
    HYPHEN,
    KINDS,
    NEWLINE,
    QUOTED,
    SPACE,
    STARTS_SENTENCE,
    Span,
    decode,
    fold_code,
)

LONGEST_UNCLOSED = 60  # tokens; a mark with more of its line behind it is a stray one
DEPTH = 8  # quotations inside each other; deeper ones are not looked at

# Marks by number: one row of ``_RULES`` each. A bit of ``closes`` is the number of an opened mark.
_ALWAYS, _UNLESS_CLOSING, _IF_OPENING, _NEVER = range(4)
_RULES = (
    # mark, when it opens, what it closes wherever it stands, what it closes where it may
    ('"', _UNLESS_CLOSING, "", '"“„”'),
    ("“", _UNLESS_CLOSING, "„‟", '“"'),
    ("”", _IF_OPENING, "“„‟", '”"'),
    ("„", _ALWAYS, "", ""),
    ("‟", _UNLESS_CLOSING, "„", "“"),
    ("«", _UNLESS_CLOSING, "»", ""),
    ("»", _IF_OPENING, "«", "»"),
    ("‹", _UNLESS_CLOSING, "›", ""),
    ("›", _IF_OPENING, "‹", "›"),
    ("「", _ALWAYS, "", ""),
    ("」", _NEVER, "「", ""),
    ("『", _ALWAYS, "", ""),
    ("』", _NEVER, "『", ""),
    ("《", _ALWAYS, "", ""),
    ("》", _NEVER, "《", ""),
    ("〝", _ALWAYS, "", ""),
    ("〞", _NEVER, "〝", ""),
    ("〟", _NEVER, "〝", ""),
    ("＂", _UNLESS_CLOSING, "", "＂"),
    ("'", _IF_OPENING, "", "'‘’‚`"),
    ("‘", _UNLESS_CLOSING, "‚", ""),
    ("’", _IF_OPENING, "", "‘’'‚`"),
    ("‚", _IF_OPENING, "", ""),
    ("`", _IF_OPENING, "", "`"),
    ("´", _NEVER, "", "`‘"),
    ("＇", _IF_OPENING, "", "＇"),
)
MARKS = np.array([ord(rule[0]) for rule in _RULES], np.uint32)
OPENS = np.array([rule[1] for rule in _RULES], np.uint8)
FIRST_SINGLE = 19  # number of the first single mark
_NUMBERS = {rule[0]: number for number, rule in enumerate(_RULES)}
CLOSES_ANYWHERE, _MAY_CLOSE = (
    np.array([sum(1 << _NUMBERS[mark] for mark in rule[column]) for rule in _RULES], np.uint32)
    for column in (2, 3)
)
CLOSES = _MAY_CLOSE | CLOSES_ANYWHERE
_BRACKETS = np.array([ord(bracket) for bracket in "([{（［｛"], np.uint32)
# What may be the first byte of a mark or of a line break.
_TELLING = np.zeros(256, np.bool_)
for _char in (*(rule[0] for rule in _RULES), "\n", "\x0b", "\x0c", "\x85", "\u2028", "\u2029"):
    _TELLING[_char.encode()[0]] = True


_HIGH = np.uint64(0x8080808080808080)
_ONES = np.uint64(0x0101010101010101)
_BLANKS = np.uint64(0x2020202020202020)  # a smaller byte may break a line
_DOUBLE, _SINGLE, _GRAVE = (np.uint64(ord(mark)) * _ONES for mark in "\"'`")


@njit_uncounted
def is_plain(eight):
    """Tell whether eight bytes (uint64) are ASCII, and none of them is a mark or breaks a line."""
    if eight & _HIGH != np.uint64(0):
        return False
    # The highest bit of a byte stays where the rest of it is large enough, or differs from a mark.
    stays = (eight | _HIGH) - _BLANKS
    stays &= ((eight ^ _DOUBLE) | _HIGH) - _ONES
    stays &= ((eight ^ _SINGLE) | _HIGH) - _ONES
    stays &= ((eight ^ _GRAVE) | _HIGH) - _ONES
    return stays & _HIGH == _HIGH


@njit_uncounted
def mark_number(code):
    """Return the number of a quotation mark, -1 for another character."""
    for number in range(len(MARKS)):
        if MARKS[number] == code:
            return number
    return -1


@njit_uncounted
def code_at(data, i, hi):
    """Return (code point, bytes) at ``i``, of ASCII as well."""
    if data[i] < np.uint8(128):
        return np.uint32(data[i]), 1
    return decode(data, i, hi)


@njit_uncounted
def opens_before(span, i, folding):
    """Tell whether what stands before a mark at ``i`` lets it open: nothing, a blank, a bracket.

    ``span`` is the ``Span`` of the text, ``folding`` is ``Folding``.
    """
    data, lo, hi = span
    while i > lo:
        i -= 1
        while i > lo and data[i] & np.uint8(0xC0) == np.uint8(0x80):
            i -= 1
        code, _ = code_at(data, i, hi)
        if mark_number(code) >= 0:
            continue
        for bracket in _BRACKETS:
            if code == bracket:
                return True
        kind = fold_code(code, folding.stage, folding.values)
        return kind == np.uint32(SPACE) or kind == np.uint32(NEWLINE) or kind == np.uint32(HYPHEN)
    return True


@njit_uncounted
def word_follows(span, i, folding):
    """Tell whether a word begins at ``i``, other marks left aside; as in ``opens_before``."""
    data, _, hi = span
    while i < hi:
        code, step = code_at(data, i, hi)
        if mark_number(code) < 0:
            return fold_code(code, folding.stage, folding.values) >= np.uint32(KINDS)
        i += step
    return False


@njit_uncounted
def set_quoted(flags, low, high):
    """Flag the tokens ``low:high`` as quoted, the first as the beginning of a sentence."""
    if low < high:
        flags[low] |= np.uint8(STARTS_SENTENCE)
    for token in range(low, high):
        flags[token] |= np.uint8(QUOTED)


@njit_uncounted
def end_lines(opened, depth, flags, token):
    """End the open quotations that reach over a line break; return how many stay open: none.

    Rows of ``opened`` are (mark, first token, token at the end of the line or -1). ``token`` is
    where those of this line end.
    """
    for k in range(depth):
        if opened[k, 0] < FIRST_SINGLE:
            end = opened[k, 2] if opened[k, 2] >= 0 else token
            if end - opened[k, 1] <= LONGEST_UNCLOSED:
                set_quoted(flags, opened[k, 1], end)
    return 0


@njit_uncounted
def find_closed(number, opened, depth, may_close, follows):
    """Return which of the open quotations the mark ``number`` closes, the innermost, or -1."""
    if number >= FIRST_SINGLE and follows:
        return -1
    for k in range(depth - 1, -1, -1):
        bit = np.uint32(1) << np.uint32(opened[k, 0])
        if CLOSES_ANYWHERE[number] & bit != 0 or (may_close and CLOSES[number] & bit != 0):
            return k
    return -1


@njit_uncounted
def end_line(opened, depth, flags, token, is_empty):
    """Note the end of a line at ``token`` in the open quotations; return how many stay open.

    A line without words (``is_empty``) ends a paragraph. The rest is as in ``end_lines``.
    """
    if is_empty:
        depth = end_lines(opened, depth, flags, token)
    for k in range(depth):
        if opened[k, 2] < 0:
            opened[k, 2] = token
    return depth


@njit_uncounted
def take_mark(number, around, opened, depth, flags, token):
    """Let the mark ``number`` before ``token`` open or close; return how many are open then.

    ``around`` (two bool) tells whether what stands before it lets it open, and whether a word
    follows. The rest is as in ``end_lines``.
    """
    before, follows = around
    is_opening = before and follows
    is_closing = not before and not follows
    closed = find_closed(number, opened, depth, not is_opening, follows)
    if closed >= 0:
        set_quoted(flags, opened[closed, 1], token)
        return closed
    when = OPENS[number]
    if (
        when == _ALWAYS
        or (when == _UNLESS_CLOSING and not is_closing)
        or (when == _IF_OPENING and is_opening)
    ):
        if depth > 0 and opened[0, 2] >= 0:
            depth = end_lines(opened, depth, flags, token)
        if depth < DEPTH:
            opened[depth, 0] = number
            opened[depth, 1] = token
            opened[depth, 2] = -1
            depth += 1
    return depth


@njit_uncounted
def mark_quotes(span, folding, starts, flags, opened):
    """Flag the tokens of a text that stand in quotation marks, and where quotations begin.

    ``span`` is its ``Span``, ``folding`` is ``Folding``. ``starts`` (int32, code points of the
    text) and ``flags`` (uint8) are those of its tokens alone. ``opened`` (int64, ``DEPTH`` x 3) is
    written on the way.
    """
    data, i, hi = span
    token, depth = 0, 0
    line_token = 0  # where the tokens of this line begin
    position = np.int64(0)
    looked_at = i  # eight bytes up to here are not plain
    while i < hi:
        if i >= looked_at and i + 8 <= hi:
            if is_plain(load8(data, i)):
                position += 8
                i += 8
                continue
            looked_at = i + 8
        b = data[i]
        if not _TELLING[b]:
            if b & np.uint8(0xC0) != np.uint8(0x80):
                position += 1
            i += 1
            continue
        code, step = code_at(data, i, hi)
        number = mark_number(code)
        is_break = False
        if number < 0:
            is_break = fold_code(code, folding.stage, folding.values) == np.uint32(NEWLINE)
        if number >= 0 or is_break:
            while token < len(starts) and starts[token] < position:
                token += 1
        if is_break:
            depth = end_line(opened, depth, flags, token, token == line_token)
            line_token = token
        elif number >= 0:
            around = (opens_before(span, i, folding), word_follows(span, i + step, folding))
            depth = take_mark(number, around, opened, depth, flags, token)
        i += step
        position += 1
    end_lines(opened, depth, flags, len(starts))


@njit
def mark_quote_rows(data, offsets, folding, starts, flags, bounds):
    """Flag the quoted tokens of every text; those of text ``r`` are ``bounds[r]:bounds[r + 1]``.

    Text ``r`` is ``data[offsets[r]:offsets[r + 1]]`` (uint8, int64), ``bounds`` is int64; the rest
    as in ``mark_quotes``.
    """
    opened = np.empty((DEPTH, 3), np.int64)
    for row in range(len(offsets) - 1):
        own = slice(bounds[row], bounds[row + 1])
        span = Span(data, offsets[row], offsets[row + 1])
        mark_quotes(span, folding, starts[own], flags[own], opened)
