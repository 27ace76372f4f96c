"""Text to tokens: one pass over UTF-8 bytes, eight ASCII bytes at a time where it can.

A token is a run of letters and digits, folded (case, width, accents) by one table; apostrophes
inside a word are skipped and a possessive ``'s`` is dropped; scripts written without spaces give
one token a character. Its hash takes the folded bytes in chunks of eight:
``h = mix(h ^ chunk)``, so words of up to eight ASCII letters cannot collide.
"""

from __future__ import annotations

import numpy as np

from dedup.kernels._jit import load8, njit, trailing_zeros

# Kinds of separators, as in the folding table.
PLAIN, SPACE, NEWLINE, SENTENCE, OPEN, CLOSE, TOGGLE, HYPHEN, APOSTROPHE, AT, IGNORE = range(11)
KINDS = 16

# Flags of a token.
CAPITAL = 1  # begins with a capital letter
STARTS_SENTENCE = 2
STARTS_LINE = 4  # first token of a line
ADJOINS = 8  # only blanks or hyphens stand between it and the token before
QUOTED = 16  # inside quotation marks
UNSPACED = 32  # one character of a script without spaces
LINK = 64  # part of a URL or of a @handle
DIGIT = 128  # begins with a digit

TABLE_CODE = np.uint32(0x1FFFFF)
TABLE_UNSPACED = np.uint32(1 << 21)
TABLE_CAPITAL = np.uint32(1 << 22)
TABLE_DIGIT = np.uint32(1 << 23)

SEED = np.uint64(0x9E3779B97F4A7C15)
_MIX = np.uint64(0xD6E8FEB86659FD93)
_HTTP = np.uint64(0x70747468)  # "http" as little-endian bytes
_HTTPS = np.uint64(0x7370747468)
_WWW = np.uint64(0x777777)


@njit
def mix(h, chunk):
    """Take one chunk of eight folded bytes into a token's hash."""
    h = (h ^ chunk) * _MIX
    return h ^ (h >> np.uint64(32))


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
    and ``ends`` code points from ``lo``, ``flags`` the bits above.
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
    double_quoted = False
    single_quoted = False
    link = False
    last_acc = np.uint64(0)
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
                    double_quoted = False
                    single_quoted = False
                elif v == np.uint32(APOSTROPHE):
                    if single_quoted:
                        single_quoted = False
                    else:
                        single_quoted = True
                        sentence = True
                    adjoins = False
                elif v == np.uint32(AT):
                    link = True
                    adjoins = False
                elif v == np.uint32(SENTENCE):
                    sentence = not link
                    adjoins = False
                    if b == np.uint8(58) and (last_acc == _HTTP or last_acc == _HTTPS):
                        link = i + 1 < hi and data[i + 1] == np.uint8(47)
                    elif b == np.uint8(46) and last_acc == _WWW:
                        link = True
                elif v == np.uint32(OPEN):
                    double_quoted = True
                    sentence = True
                    adjoins = False
                elif v == np.uint32(CLOSE):
                    double_quoted = False
                    adjoins = False
                elif v == np.uint32(TOGGLE):
                    double_quoted = not double_quoted
                    sentence = double_quoted or sentence
                    adjoins = False
                elif v != np.uint32(HYPHEN) and v != np.uint32(IGNORE):
                    adjoins = False
            i += step
            position += 1
            continue
        # A token begins here.
        begin = position
        h = SEED
        acc = np.uint64(0)
        size = np.uint64(0)  # bytes in acc
        stem = np.uint64(0)
        count = 0  # folded characters so far
        first = v
        finish = position
        saved_h = SEED
        saved_acc = np.uint64(0)
        saved_size = np.uint64(0)
        saved_stem = np.uint64(0)
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
                other = ~((letters | digits) & ~w) & high
                k = 8 if other == np.uint64(0) else trailing_zeros(other) >> 3
                if k > hi - i:
                    k = hi - i
                if k > 0:
                    if k == 8:
                        if prefixes is not None and count < 6:
                            stem |= (y << np.uint64(8 * count)) & np.uint64(0xFFFFFFFFFFFF)
                        h = mix(h, y)
                        last = np.uint32(y >> np.uint64(56))
                    else:
                        acc = y & ((np.uint64(1) << np.uint64(8 * k)) - np.uint64(1))
                        size = np.uint64(k)
                        if prefixes is not None and count < 6:
                            stem |= (acc << np.uint64(8 * count)) & np.uint64(0xFFFFFFFFFFFF)
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
                    saved_h = h
                    saved_acc = acc
                    saved_size = size
                    saved_stem = stem
                    since = 0
                elif v == np.uint32(IGNORE):
                    finish = position + 1  # an accent belongs to the letter before it
                else:
                    break
                i += step
                position += 1
                continue
            if (v & TABLE_UNSPACED) != np.uint32(0) and count > 0:
                break
            length = np.intp(v >> np.uint32(24))
            entry = np.intp(v & TABLE_CODE)
            for j in range(max(length, 1)):
                folded = expansions[entry + j] if length > 0 else v & TABLE_CODE
                if prefixes is not None and count < 6:
                    if folded < np.uint32(128):
                        stem |= np.uint64(folded) << np.uint64(8 * count)
                    else:
                        stem ^= (np.uint64(folded) * _MIX) >> np.uint64(count)
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
            stem = saved_stem
        if flags is not None:
            closed = since == 0 and single_quoted
            last_acc = acc if h == SEED else np.uint64(0)
        if size != np.uint64(0):
            h = mix(h, acc)
        hashes[out] = h
        if prefixes is not None:
            prefixes[out] = stem
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
            if double_quoted or single_quoted:
                f |= QUOTED
            if link:
                f |= LINK
            flags[out] = f
            sentence = False
            line = False
            adjoins = since != 0
            if closed:
                single_quoted = False
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
