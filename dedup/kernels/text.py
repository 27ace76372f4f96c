"""Text to tokens: one pass over UTF-8 bytes, eight ASCII bytes at a time where it can.

A token is a run of letters and digits, folded (case, width, accents) by one table; apostrophes
inside a word are skipped and a possessive ``'s`` is dropped; letters and digits that touch are two
tokens; scripts written without spaces give one token a character. A URL, an e-mail address or a run
of base64 is one token (``links``). Its hash takes the folded bytes in chunks of eight:
``h = mix(h ^ chunk)``, so words of up to eight ASCII letters cannot collide.
"""

from __future__ import annotations

import numpy as np

from dedup.kernels._jit import load8, njit, trailing_zeros
from dedup.kernels.links import link_end, link_word

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

SEED = np.uint64(0x9E3779B97F4A7C15)
_MIX = np.uint64(0xD6E8FEB86659FD93)


@njit
def mix(h, chunk):
    """Take one chunk of eight folded bytes into a token's hash."""
    h = (h ^ chunk) * _MIX
    return h ^ (h >> np.uint64(32))


@njit
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


@njit
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


@njit
def fold_code(code, stage, values):
    """Look one code point up in the two-stage folding table."""
    return values[(np.intp(stage[code >> np.uint32(7)]) << 7) + np.intp(code & np.uint32(127))]


@njit
def tokenise(data, lo, hi, stage, values, expansions, hashes, prefixes, starts, ends, flags, out):
    """Write the tokens of ``data[lo:hi]`` from index ``out`` on; return the index after the last.

    ``hashes`` gets the folded words. The others are ``None`` where only signatures are wanted
    (Numba then leaves their code away): ``prefixes`` the first six folded characters, ``starts``
    and ``ends`` code points from ``lo``, ``flags`` the bits above but ``QUOTED``. ``data`` is
    uint8; ``stage``, ``values`` and ``expansions`` (uint32) are the folding table; ``hashes`` and
    ``prefixes`` are uint64, ``starts`` and ``ends`` int32, ``flags`` uint8.

    Where a word begins inside ``data[lo:hi]`` does not depend on what stands before ``lo``, if
    that is a separator, or a letter before a digit, or a digit before a letter.

    ``ascii.hash_words`` is its twin for hashes alone, 64 ASCII bytes at a time; ``test_hash_words``
    (tests/kernels/test_windows.py) compares the two.
    """
    low7 = np.uint64(0x7F7F7F7F7F7F7F7F)
    high = np.uint64(0x8080808080808080)
    blanks = np.uint64(0x2020202020202020)
    limit = min(hi, len(data) - 8)
    i = lo
    position = 0  # in code points
    sentence = True
    line = True
    adjoins = False
    link = False
    while i < hi:
        # Between tokens: look at one character.
        b = data[i]
        if b < np.uint8(128):
            v = values[np.intp(b) + (np.intp(stage[0]) << 7)]
            step = 1
        else:
            code, step = decode(data, i, hi)
            v = fold_code(code, stage, values)
        if v < np.uint32(KINDS):
            if flags is not None:
                if v == np.uint32(SPACE):
                    link = False
                elif v == np.uint32(NEWLINE):
                    line = True
                    sentence = True
                    adjoins = False
                    link = False
                elif v == np.uint32(AT):
                    link = True
                    adjoins = False
                elif v == np.uint32(SENTENCE):
                    sentence = not link
                    adjoins = False
                elif v != np.uint32(HYPHEN) and v != np.uint32(IGNORE):
                    adjoins = False
            i += step
            position += 1
            continue
        # A token begins here.
        begin = position
        first_byte = i
        plain = True  # ASCII letters and digits alone
        is_digit = (v & TABLE_DIGIT) != np.uint32(0)
        h = SEED
        acc = np.uint64(0)
        size = np.uint64(0)  # bytes in acc
        prefix = np.uint64(0)
        count = 0  # folded characters so far
        first = v
        finish = position
        saved_h = SEED
        saved_acc = np.uint64(0)
        saved_size = np.uint64(0)
        saved_prefix = np.uint64(0)
        since = -1  # characters since an apostrophe, -1: none
        last = np.uint32(0)
        while i < hi:
            if size == np.uint64(0) and i < limit:
                w = load8(data, i)
                y = w | blanks
                x = w & low7
                y7 = y & low7
                letters = (y7 + np.uint64(0x1F1F1F1F1F1F1F1F)) & ~(
                    y7 + np.uint64(0x0505050505050505)
                )
                digits = (x + np.uint64(0x5050505050505050)) & ~(x + np.uint64(0x4646464646464646))
                if since == 0:
                    is_digit = digits & ~w & np.uint64(0x80) != np.uint64(0)
                other = ~((digits if is_digit else letters) & ~w) & high
                k = 8 if other == np.uint64(0) else trailing_zeros(other) >> 3
                if k > hi - i:
                    k = hi - i
                if k > 0:
                    if k == 8:
                        if prefixes is not None and count < 6:
                            prefix |= (y << np.uint64(8 * count)) & np.uint64(0xFFFFFFFFFFFF)
                        h = mix(h, y)
                        last = np.uint32(y >> np.uint64(56))
                    else:
                        acc = y & ((np.uint64(1) << np.uint64(8 * k)) - np.uint64(1))
                        size = np.uint64(k)
                        if prefixes is not None and count < 6:
                            prefix |= (acc << np.uint64(8 * count)) & np.uint64(0xFFFFFFFFFFFF)
                        last = np.uint32((acc >> np.uint64(8 * (k - 1))) & np.uint64(255))
                    i += k
                    position += k
                    count += k
                    if since >= 0:
                        since += k
                    finish = position
                    if k == 8:
                        continue
                    if i >= hi:
                        break
            b = data[i]
            if b < np.uint8(128):
                v = values[np.intp(b) + (np.intp(stage[0]) << 7)]
                step = 1
            else:
                code, step = decode(data, i, hi)
                v = fold_code(code, stage, values)
            if v < np.uint32(KINDS):
                if v == np.uint32(APOSTROPHE):
                    plain = False
                    saved_h = h
                    saved_acc = acc
                    saved_size = size
                    saved_prefix = prefix
                    since = 0
                elif v == np.uint32(IGNORE):
                    plain = False
                    finish = position + 1  # an accent belongs to the letter before it
                else:
                    break
                i += step
                position += 1
                continue
            if (v & TABLE_UNSPACED) != np.uint32(0) and count > 0:
                break
            digit = (v & TABLE_DIGIT) != np.uint32(0)
            if digit != is_digit and count > 0 and since != 0:
                break
            is_digit = digit
            plain = plain and b < np.uint8(128)
            length = np.intp(v >> np.uint32(24))
            at = np.intp(v & TABLE_CODE)
            for j in range(max(length, 1)):
                folded = expansions[at + j] if length > 0 else v & TABLE_CODE
                if prefixes is not None and count < 6:
                    if folded < np.uint32(128):
                        prefix |= np.uint64(folded) << np.uint64(8 * count)
                    else:
                        prefix ^= (np.uint64(folded) * _MIX) >> np.uint64(count)
                wide = np.uint64(folded)
                while True:
                    acc |= (wide & np.uint64(255)) << (np.uint64(8) * size)
                    size += np.uint64(1)
                    if size == np.uint64(8):
                        h = mix(h, acc)
                        acc = np.uint64(0)
                        size = np.uint64(0)
                    wide >>= np.uint64(8)
                    if wide == np.uint64(0):
                        break
                count += 1
                if since >= 0:
                    since += 1
                last = folded
            i += step
            position += 1
            finish = position
            if (v & TABLE_UNSPACED) != np.uint32(0):
                while i < hi and data[i] >= np.uint8(0x80):  # marks that belong to it
                    code, step = decode(data, i, hi)
                    if fold_code(code, stage, values) != np.uint32(IGNORE):
                        break
                    i += step
                    position += 1
                    finish = position
                break
        if since == 1 and last == np.uint32(115):
            h = saved_h
            acc = saved_acc
            size = saved_size
            prefix = saved_prefix
        if size != np.uint64(0):
            h = mix(h, acc)
        is_link = False
        if plain and i < hi:
            end = link_end(data, first_byte, i, hi)
            if end > i:
                is_link = True
                position += end - i
                finish = position
                i = end
                low, top = link_word(data, first_byte, end)
                h, prefix = hash_link(data, low, top)
        hashes[out] = h
        if prefixes is not None:
            prefixes[out] = prefix
        if flags is not None:
            starts[out] = begin
            ends[out] = finish
            f = 0
            if (first & TABLE_CAPITAL) != np.uint32(0):
                f |= CAPITAL
            if (first & TABLE_DIGIT) != np.uint32(0):
                f |= DIGIT
            if (first & TABLE_UNSPACED) != np.uint32(0):
                f |= UNSPACED
            if sentence:
                f |= STARTS_SENTENCE
            if line:
                f |= STARTS_LINE
            if adjoins and not line:
                f |= ADJOINS
            if link or is_link:
                f |= LINK
            flags[out] = f
            sentence = False
            line = False
            adjoins = since != 0 and not is_link
        out += 1
    return out


@njit
def tokenise_rows(
    data, offsets, stage, values, expansions, hashes, prefixes, starts, ends, flags, bounds
):
    """Tokenise every text; ``bounds[r]`` to ``bounds[r + 1]`` are the tokens of text ``r``."""
    out = np.intp(0)
    bounds[0] = 0
    for row in range(len(offsets) - 1):
        out = tokenise(
            data,
            offsets[row],
            offsets[row + 1],
            stage,
            values,
            expansions,
            hashes,
            prefixes,
            starts,
            ends,
            flags,
            out,
        )
        bounds[row + 1] = out
