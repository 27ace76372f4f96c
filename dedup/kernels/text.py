"""Text to tokens: one pass over UTF-8 bytes, eight ASCII bytes at a time where it can.

A token is a run of letters and digits, folded (case, width, accents) by one table; apostrophes
inside a word are skipped and a possessive ``'s`` is dropped; letters and digits that touch are two
tokens; scripts written without spaces give one token a character. A URL, an e-mail address or a run
of base64 is one token (``links``). Its hash takes the folded bytes in chunks of eight:
``h = mix(h ^ chunk)``, so words of up to eight ASCII letters cannot collide.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from dedup.kernels._jit import load8, njit_inline, njit_uncounted, trailing_zeros
from dedup.kernels.links import BYTES, LOCAL, WORD, link_end, link_word

# Kinds of separators, as in the folding table.
PLAIN, SPACE, NEWLINE, SENTENCE, OPEN, CLOSE, TOGGLE, HYPHEN, APOSTROPHE, AT, IGNORE = range(11)
KINDS = 16

# Flags of a token.
CAPITAL = 1  # begins with a capital letter
STARTS_SENTENCE = 2
STARTS_LINE = 4  # first token of a line
ADJOINS = 8  # only blanks or hyphens stand between it and the token before
QUOTED = 16  # inside quotation marks, see ``quotes``
UNSPACED = 32  # one character of a script without spaces
LINK = 64  # a URL, an e-mail address, a run of base64, or part of a @handle
DIGIT = 128  # begins with a digit

TABLE_CODE = np.uint32(0x1FFFFF)
TABLE_UNSPACED = np.uint32(1 << 21)
TABLE_CAPITAL = np.uint32(1 << 22)
TABLE_DIGIT = np.uint32(1 << 23)
# What a character has that is no plain letter: those of a script without spaces, digits, and what
# folds to several.
_TABLE_SPECIAL = np.uint32(0xFF000000) | TABLE_UNSPACED | TABLE_DIGIT

SEED = np.uint64(0x9E3779B97F4A7C15)
_MIX = np.uint64(0xD6E8FEB86659FD93)
_BLANKS = np.uint64(0x2020202020202020)
_LOW = np.uint64(0x7F7F7F7F7F7F7F7F)
_HIGH = np.uint64(0x8080808080808080)
_ALL = np.uint64(0xFFFFFFFFFFFFFFFF)
_SIX = np.uint64(0xFFFFFFFFFFFF)
_S = np.uint64(115)
_AT_SIGN = np.uint8(0x40)

# Whether a word of ASCII letters or digits ends before a byte: surely; if no part of a link follows
# it; or not surely.
_ENDS, _MAY_LINK, _GOES_ON = range(3)
END = np.full(256, _GOES_ON, np.uint8)
END[:128] = _ENDS
END[BYTES & LOCAL != 0] = _MAY_LINK
END[BYTES & WORD != 0] = _GOES_ON
END[[ord(char) for char in "'`:@"]] = _GOES_ON


class Folding(NamedTuple):
    """The folding table: two stages of 128 code points, and what folds to several characters."""

    stage: Any  # uint32: the second stage of every 128 code points, by number
    values: Any  # uint32: kind of a separator, or folded code point and bits of ``TABLE_...``
    expansions: Any  # uint32: code points that others fold to


class Span(NamedTuple):
    """Some bytes of the buffer in which all texts stand: those of one text, or a part of one."""

    data: Any  # uint8: the buffer
    lo: Any  # int64
    hi: Any  # int64, one behind the last


class Tokens(NamedTuple):
    """Tokens of several documents: those of document ``r`` are ``bounds[r]:bounds[r + 1]``."""

    bounds: Any  # int64, one more than documents
    hashes: Any  # uint64: of the folded words
    prefixes: Any  # uint64: the first six folded characters
    starts: Any  # int32: code points of the own text
    ends: Any  # int32, one behind the last
    flags: Any  # uint8: the flags above


class Details(NamedTuple):
    """What is written of tokens besides their hashes, four arrays of one length."""

    prefixes: Any  # uint64
    starts: Any  # int32
    ends: Any  # int32
    flags: Any  # uint8


class Context(NamedTuple):
    """What stands before a token (bool)."""

    sentence: Any  # the beginning of a sentence
    line: Any  # the beginning of a line
    adjoins: Any  # nothing but blanks and hyphens since the token before
    link: Any  # an @ that belongs to it


class Word(NamedTuple):
    """A word that is being read: the hash of its first bytes, and the bytes that wait for it."""

    h: Any  # uint64
    waiting: Any  # uint64: up to seven bytes
    size: Any  # uint64: how many they are
    prefix: Any  # uint64: the first six folded characters
    count: Any  # int64: folded characters


class Read(NamedTuple):
    """A word that was read: where it ends, and what it is."""

    i: Any  # int64: one byte behind the last that was looked at
    position: Any  # int64: the same in code points
    end: Any  # int64: where it ends, in code points
    h: Any  # uint64
    prefix: Any  # uint64
    is_plain: Any  # bool: ASCII letters and digits alone
    is_open: Any  # bool: it ends with an apostrophe


@njit_uncounted
def mix(h, chunk):
    """Take one chunk of eight folded bytes into a token's hash."""
    h = (h ^ chunk) * _MIX
    return h ^ (h >> np.uint64(32))


@njit_uncounted
def hash_link(data, lo, hi):
    """Return the hash and the prefix of a link whose word is ``data[lo:hi]``, in small letters."""
    h = SEED
    acc = np.uint64(0)
    prefix = np.uint64(0)
    for i in range(lo, hi):
        byte = np.uint64(data[i])
        if np.uint64(65) <= byte <= np.uint64(90):
            byte |= np.uint64(32)
        at = i - lo
        if at < 6:
            prefix |= byte << np.uint64(8 * at)
        acc |= byte << np.uint64(8 * (at & 7))
        if at & 7 == 7:
            h = mix(h, acc)
            acc = np.uint64(0)
    if (hi - lo) & 7 != 0:
        h = mix(h, acc)
    return h, prefix


@njit_uncounted
def decode(data, i, hi):
    """Return (code point, bytes) of the UTF-8 sequence at ``i``; a broken one is U+FFFD, 1 byte."""
    b = np.uint32(data[i])
    if b >= np.uint32(0xF0) and i + 3 < hi:
        code = (
            (b & np.uint32(7)) << np.uint32(18)
            | (np.uint32(data[i + 1]) & np.uint32(63)) << np.uint32(12)
            | (np.uint32(data[i + 2]) & np.uint32(63)) << np.uint32(6)
            | (np.uint32(data[i + 3]) & np.uint32(63))
        )
        if code < np.uint32(0x110000):
            return code, 4
        return np.uint32(0xFFFD), 1
    if b >= np.uint32(0xE0) and b < np.uint32(0xF0) and i + 2 < hi:
        return (
            (b & np.uint32(15)) << np.uint32(12)
            | (np.uint32(data[i + 1]) & np.uint32(63)) << np.uint32(6)
            | (np.uint32(data[i + 2]) & np.uint32(63))
        ), 3
    if b >= np.uint32(0xC0) and b < np.uint32(0xE0) and i + 1 < hi:
        return (b & np.uint32(31)) << np.uint32(6) | (np.uint32(data[i + 1]) & np.uint32(63)), 2
    return np.uint32(0xFFFD), 1


@njit_uncounted
def fold_code(code, stage, values):
    """Look one code point up in the two-stage folding table."""
    return values[(np.intp(stage[code >> np.uint32(7)]) << 7) + np.intp(code & np.uint32(127))]


@njit_inline
def fold_at(data, i, hi, folding):
    """Return (value in the folding table, bytes) of the character at ``i``."""
    if data[i] < np.uint8(128):
        return folding.values[np.intp(data[i]) + (np.intp(folding.stage[0]) << 7)], 1
    code, step = decode(data, i, hi)
    return fold_code(code, folding.stage, folding.values), step


@njit_inline
def pass_separator(kind, context):
    """Return the ``Context`` behind a separator."""
    sentence, line, adjoins, link = context
    if kind == np.uint32(SPACE):
        link = False
    elif kind == np.uint32(NEWLINE):
        line = True
        sentence = True
        adjoins = False
        link = False
    elif kind == np.uint32(AT):
        link = True
        adjoins = False
    elif kind == np.uint32(SENTENCE):
        sentence = not link
        adjoins = False
    elif kind != np.uint32(HYPHEN) and kind != np.uint32(IGNORE):
        adjoins = False
    return Context(sentence, line, adjoins, link)


@njit_uncounted
def pass_marks(data, i, hi, folding):
    """Return (place, characters) behind the marks at ``i`` that belong to the one before."""
    passed = 0
    while i < hi and data[i] >= np.uint8(0x80):
        code, step = decode(data, i, hi)
        if fold_code(code, folding.stage, folding.values) != np.uint32(IGNORE):
            break
        i += step
        passed += 1
    return i, passed


@njit_inline
def count_plain(eight, is_digit):
    """Return how many of eight bytes, from the first on, are ASCII digits, or ASCII letters."""
    if is_digit:
        low = eight & _LOW
        own = (low + np.uint64(0x5050505050505050)) & ~(low + np.uint64(0x4646464646464646))
    else:
        low = (eight | _BLANKS) & _LOW
        own = (low + np.uint64(0x1F1F1F1F1F1F1F1F)) & ~(low + np.uint64(0x0505050505050505))
    other = ~(own & ~eight) & _HIGH
    return np.int64(8) if other == np.uint64(0) else trailing_zeros(other) >> 3


@njit_inline
def add_code(word, folded, details):
    """Add one folded code point (uint32) to a ``Word``: its bytes, without zeros behind them."""
    h, waiting, size, prefix, count = word
    wide = np.uint64(folded)
    if details is not None and count < 6:
        if folded < np.uint32(128):
            prefix |= wide << np.uint64(8 * count)
        else:
            prefix ^= (wide * _MIX) >> np.uint64(count)
    size_in = np.uint64(1) + np.uint64(folded > 0xFF) + np.uint64(folded > 0xFFFF)
    waiting |= wide << (np.uint64(8) * size)
    size += size_in
    if size >= np.uint64(8):
        h = mix(h, waiting)
        size -= np.uint64(8)
        waiting = wide >> (np.uint64(8) * (size_in - size))
    return Word(h, waiting, size, prefix, count + 1)


@njit_inline
def add_value(word, value, folding, details):
    """Add what a character folds to, by its ``value`` in the table; return (``Word``, the last)."""
    folded = value & TABLE_CODE
    length = np.intp(value >> np.uint32(24))
    if length == 0:
        return add_code(word, folded, details), np.uint64(folded)
    at = np.intp(folded)
    for j in range(length):
        folded = folding.expansions[at + j]
        word = add_code(word, folded, details)
    return word, np.uint64(folded)


@njit_inline
def read_plain(span, i, word, is_digit, details):
    """Add the ASCII letters, or digits, at byte ``i`` to a ``Word``, as far as eight bytes tell.

    Returns (``Word``, bytes, the last of them).
    """
    data, _, hi = span
    h, waiting, size, prefix, count = word
    k = np.int64(0)
    last = np.uint64(0)
    if data[i] < np.uint8(128) and i < len(data) - 8:
        eight = load8(data, i)
        k = min(count_plain(eight, is_digit), hi - i)
        if k > 0:
            folded = (eight | _BLANKS) & (_ALL >> np.uint64(64 - 8 * k))
            last = folded >> np.uint64(8 * (k - 1))
            if details is not None and count < 6:
                prefix |= (folded << np.uint64(8 * count)) & _SIX
            waiting |= folded << (np.uint64(8) * size)
            rest = np.uint64(7) - size
            size += np.uint64(k)
            if size >= np.uint64(8):
                h = mix(h, waiting)
                waiting = (folded >> (np.uint64(8) * rest)) >> np.uint64(8)
                size -= np.uint64(8)
    return Word(h, waiting, size, prefix, count + k), k, last


@njit_inline
def read_letters(span, i, word, last, folding, details):
    """Add the letters outside ASCII at byte ``i`` to a ``Word``, those that fold to one each.

    Returns (``Word``, bytes, characters, the last of them, ``last`` where there is none).
    """
    data, _, hi = span
    begin, before = i, word.count
    while i < hi and data[i] >= np.uint8(128):
        code, step = decode(data, i, hi)
        value = fold_code(code, folding.stage, folding.values)
        if value < np.uint32(KINDS) or value & _TABLE_SPECIAL != np.uint32(0):
            break
        last = np.uint64(value & TABLE_CODE)
        word = add_code(word, value & TABLE_CODE, details)
        i += step
    return word, i - begin, word.count - before, last


@njit_inline
def read_short(span, i, is_digit, details):
    """Return (bytes, hash, prefix) of the word at ``i`` where it is easy to read, else 0 bytes.

    Easy are up to 15 ASCII letters, or digits, and behind them a separator with which no link and
    no other word can go on.
    """
    data, _, hi = span
    k = np.int64(0)
    h = SEED
    prefix = np.uint64(0)
    if i < len(data) - 17:
        eight = load8(data, i)
        k = count_plain(eight, is_digit)
        if k == 8:
            h = mix(h, eight | _BLANKS)
            prefix = eight | _BLANKS
            eight = load8(data, i + 8)
            more = count_plain(eight, is_digit)
            if more > 0:
                h = mix(h, (eight | _BLANKS) & (_ALL >> np.uint64(64 - 8 * more)))
            k = 8 + more if more < 8 else np.int64(0)
        elif k > 0:
            prefix = (eight | _BLANKS) & (_ALL >> np.uint64(64 - 8 * k))
            h = mix(h, prefix)
    if k > 0:
        end = END[data[i + k]] if i + k + 1 < hi else _GOES_ON
        if end == _MAY_LINK and BYTES[data[i + k + 1]] & LOCAL == 0 and data[i + k + 1] != _AT_SIGN:
            end = _ENDS
        if end != _ENDS:
            k = np.int64(0)
    return k, h, prefix & _SIX


@njit_inline
def word_hash(word):
    """Return the hash of a ``Word`` that is read to its end."""
    return mix(word.h, word.waiting) if word.size != np.uint64(0) else word.h


@njit_inline
def read_word(span, i, position, is_digit, folding, details):
    """Read the word that begins at byte ``i``, code point ``position``; return a ``Read``.

    ``is_digit`` tells whether it begins with a digit; the rest is as in ``tokenise``.
    """
    data, _, hi = span
    word = Word(SEED, np.uint64(0), np.uint64(0), np.uint64(0), np.int64(0))
    saved = Word(SEED, np.uint64(0), np.uint64(0), np.uint64(0), np.int64(-2))  # … to an apostrophe
    is_plain, end, last = True, position, np.uint64(0)
    while i < hi:
        if word.count == saved.count:  # either kind may follow an apostrophe
            is_digit = np.uint8(48) <= data[i] <= np.uint8(57)
        word, k, byte = read_plain(span, i, word, is_digit, details)
        if k > 0:
            i, position, end, last = i + k, position + k, position + k, byte
            if k == 8 or i >= hi:
                continue
        value, step = fold_at(data, i, hi, folding)
        if value < np.uint32(KINDS):
            if value == np.uint32(APOSTROPHE):
                saved = word
            elif value == np.uint32(IGNORE):
                end = position + 1  # an accent belongs to the letter before it
            else:
                break
            i, position, is_plain = i + step, position + 1, False
            continue
        unspaced = value & TABLE_UNSPACED != np.uint32(0)
        digit = value & TABLE_DIGIT != np.uint32(0)
        if word.count > 0 and (unspaced or (digit != is_digit and word.count != saved.count)):
            break
        is_digit, is_plain = digit, is_plain and data[i] < np.uint8(128)
        word, last = add_value(word, value, folding, details)
        i, position, end = i + step, position + 1, position + 1
        if unspaced:
            i, passed = pass_marks(data, i, hi, folding)
            position, end = position + passed, position + passed
            break
        if not is_digit:
            word, k, more, last = read_letters(span, i, word, last, folding, details)
            i, position, end, is_plain = i + k, position + more, end + more, is_plain and k == 0
    is_open = word.count == saved.count
    if word.count == saved.count + 1 and last == _S:
        word = saved
    return Read(i, position, end, word_hash(word), word.prefix, is_plain, is_open)


@njit_inline
def flags_of(first, context, is_link):
    """Return the flags of a token by the value of its first character and its ``Context``."""
    flags = 0
    if first & TABLE_CAPITAL != np.uint32(0):
        flags |= CAPITAL
    if first & TABLE_DIGIT != np.uint32(0):
        flags |= DIGIT
    if first & TABLE_UNSPACED != np.uint32(0):
        flags |= UNSPACED
    if context.sentence:
        flags |= STARTS_SENTENCE
    if context.line:
        flags |= STARTS_LINE
    elif context.adjoins:
        flags |= ADJOINS
    if context.link or is_link:
        flags |= LINK
    return flags


@njit_uncounted
def tokenise(span, folding, hashes, details, out):
    """Write the tokens of a ``Span`` from index ``out`` on; return the index after the last.

    ``hashes`` (uint64) gets the folded words. ``details`` (``Details``) gets the rest, all flags
    but ``QUOTED``; it is ``None`` where only hashes are wanted (Numba then leaves the code away).
    Where a word begins inside the span does not depend on what stands before it, if that is a
    separator, or a letter before a digit, or a digit before a letter.

    ``ascii.hash_words`` is its twin for hashes alone, 64 ASCII bytes at a time; ``test_hash_words``
    (tests/kernels/test_windows.py) compares the two.
    """
    data, i, hi = span
    position = np.int64(0)  # in code points
    context = Context(True, True, False, False)
    while i < hi:
        value, step = fold_at(data, i, hi, folding)
        if value < np.uint32(KINDS):
            if details is not None:
                context = pass_separator(value, context)
            i += step
            position += 1
            continue
        is_digit = value & TABLE_DIGIT != np.uint32(0)
        stop, h, prefix = read_short(span, i, is_digit, details)
        last, stop = position + stop, i + stop
        adjoins, is_link = True, False
        after = last
        if stop == i:
            read = read_word(span, i, position, is_digit, folding, details)
            h, prefix, last, stop = read.h, read.prefix, read.end, read.i
            after = read.position
            if read.is_plain and stop < hi:
                stop = max(stop, link_end(data, i, stop, hi))
            is_link = stop > read.i
            if is_link:
                last = after = read.position + stop - read.i
                h, prefix = hash_link(data, *link_word(data, i, stop))
            adjoins = not read.is_open and not is_link
        hashes[out] = h
        if details is not None:
            details.prefixes[out] = prefix
            details.starts[out], details.ends[out] = position, last
            details.flags[out] = flags_of(value, context, is_link)
            context = Context(False, False, adjoins, context.link)
        position, i, out = after, stop, out + 1
    return out


@njit_uncounted
def tokenise_rows(data, offsets, folding, hashes, details, bounds):
    """Tokenise every text; ``bounds[r]`` to ``bounds[r + 1]`` are the tokens of text ``r``.

    Text ``r`` is ``data[offsets[r]:offsets[r + 1]]`` (uint8, int64); ``bounds`` is int64, the rest
    as in ``tokenise``.
    """
    out = np.intp(0)
    bounds[0] = 0
    for row in range(len(offsets) - 1):
        span = Span(data, offsets[row], offsets[row + 1])
        out = tokenise(span, folding, hashes, details, out)
        bounds[row + 1] = out
