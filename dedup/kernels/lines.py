"""Lines of every document: where they stand, what they hold, how they end.

A line counts that holds more than ASCII blanks; it ends at LF, CR or both, at U+0085,
U+2028 or U+2029.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from dedup.kernels._jit import load8, njit_uncounted, trailing_zeros
from dedup.kernels.text import DIGIT, LINK, UNSPACED, decode, mix

# Flags of a line.
INVISIBLE = 1  # nothing but blanks that are no ASCII blanks, or zero-width characters
ELLIPSIS = 2  # ends in `…`, `...` or one of them in brackets
SENTENCE = 4  # ends like a sentence
BULLET = 8  # begins with a list mark and a blank
AT = 16  # holds an @
HASHTAG = 32  # holds a #
TRIGGER = 64  # holds a trigger word and is no longer than that word allows
PAREN = 128  # ends in a closing bracket
DIGITS = 256  # all its tokens begin with a digit
LAST_DIGIT = 512  # its last token begins with a digit
CAMEL = 1024  # a small letter is followed by a capital
COPYRIGHT = 2048  # holds a ©

_ONES = np.uint64(0x0101010101010101)
_HIGH = np.uint64(0x8080808080808080)
_SEED = np.uint64(0x2545F4914F6CDD1D)
_DIGIT_KEY = np.uint64(0xD1)


class Lines(NamedTuple):
    """Lines of several documents: those of document ``r`` are ``bounds[r]:bounds[r + 1]``."""

    bounds: Any  # int64, one more than documents
    starts: Any  # int64: code points of the own text, without the line break
    ends: Any  # int64, one behind the last
    byte_starts: Any  # int64: the same in the buffer of all texts
    byte_ends: Any  # int64
    lows: Any  # int64: the first token
    highs: Any  # int64, one behind the last
    words: Any  # int32: two characters of a script without spaces count as one
    hashes: Any  # uint64: of all tokens
    keys: Any  # uint64: the same with all numbers taken as one
    flags: Any  # uint16: the flags above


class Look(NamedTuple):
    """What the characters of a line look like, and where it ends."""

    i: Any  # int64: the byte at which its break, or the text, begins
    position: Any  # int64: the same in code points
    step: Any  # int64: bytes of the break, 0 at the end of the text
    first: Any  # int64: the byte of the first visible character, -1 for none
    last: Any  # int64: … of the last one
    is_blank: Any  # bool: ASCII blanks alone
    flags: Any  # int64: AT, HASHTAG, CAMEL and COPYRIGHT


class Triggers(NamedTuple):
    """Words worth a closer look, a hash table (linear probing, a power of two long)."""

    keys: Any  # uint64, 0 is empty
    limits: Any  # int32: the most words of a line that is looked at for them


class Stretches(NamedTuple):
    """Stretches of documents, half open; three arrays of one length (int64)."""

    docs: Any
    starts: Any
    ends: Any


@njit_uncounted
def _break_at(data, i, hi):
    """Return the bytes of the line break at ``i``, 0 for none."""
    b = data[i]
    if b == np.uint8(10):
        return 1
    if b == np.uint8(13):
        return 2 if i + 1 < hi and data[i + 1] == np.uint8(10) else 1
    if b == np.uint8(0xC2) and i + 1 < hi and data[i + 1] == np.uint8(0x85):
        return 2
    if (
        b == np.uint8(0xE2)
        and i + 2 < hi
        and data[i + 1] == np.uint8(0x80)
        and (data[i + 2] == np.uint8(0xA8) or data[i + 2] == np.uint8(0xA9))
    ):
        return 3
    return 0


@njit_uncounted
def _is_blank(b):
    return b == np.uint8(32) or (np.uint8(9) <= b and b <= np.uint8(13))


@njit_uncounted
def _is_unseen(code):
    """Tell whether a code point is a blank or has no width."""
    if code < 0x80:
        return code == 32 or (9 <= code <= 13) or (28 <= code <= 31)
    if code < 0x1680:
        return code == 0x85 or code == 0xA0 or code == 0xAD
    if code < 0x2000:
        return code == 0x1680 or code == 0x180E
    if code <= 0x206F:
        return code <= 0x200F or 0x2028 <= code <= 0x202F or code >= 0x205F
    return code == 0x3000 or code == 0xFEFF


@njit_uncounted
def _is_bullet(code):
    # * + - – — • · ▪ ■ ► ▸ ● ○ ◦ » ›
    return (
        code == 0x2A
        or code == 0x2B
        or code == 0x2D
        or code == 0x2013
        or code == 0x2014
        or code == 0x2022
        or code == 0xB7
        or code == 0x25AA
        or code == 0x25A0
        or code == 0x25BA
        or code == 0x25B8
        or code == 0x25CF
        or code == 0x25CB
        or code == 0x25E6
        or code == 0xBB
        or code == 0x203A
    )


@njit_uncounted
def _is_closer(code):
    # ) ] } " ' ’ ” » › 」 』 ）
    return (
        code == 0x29
        or code == 0x5D
        or code == 0x7D
        or code == 0x22
        or code == 0x27
        or code == 0x2019
        or code == 0x201D
        or code == 0xBB
        or code == 0x203A
        or code == 0x300D
        or code == 0x300F
        or code == 0xFF09
    )


@njit_uncounted
def _ends_sentence(code):
    # . ! ? ؟ ۔ । 。 ！ ？ ።
    return (
        code == 0x2E
        or code == 0x21
        or code == 0x3F
        or code == 0x61F
        or code == 0x6D4
        or code == 0x964
        or code == 0x3002
        or code == 0xFF01
        or code == 0xFF1F
        or code == 0x1362
    )


@njit_uncounted
def _code_at(data, at, hi):
    """Return (code point, bytes) of the character at ``at``."""
    if data[at] < np.uint8(128):
        return np.uint32(data[at]), 1
    return decode(data, at, hi)


@njit_uncounted
def _before(data, lo, at):
    """Return the first byte of the character before the one at ``at``, or ``lo - 1``."""
    at -= 1
    while at > lo and (data[at] & np.uint8(0xC0)) == np.uint8(0x80):
        at -= 1
    return at


@njit_uncounted
def _dots(data, lo, at, hi):
    """Tell whether the character at ``at`` ends an ellipsis."""
    code, _ = _code_at(data, at, hi)
    if code == 0x2026:
        return True
    return (
        code == 0x2E
        and at - 2 >= lo
        and data[at - 1] == np.uint8(0x2E)
        and data[at - 2] == np.uint8(0x2E)
    )


@njit_uncounted
def _ending(data, lo, last, hi):
    """Return the flags that say how the line ends whose last visible character is at ``last``."""
    bits = 0
    code, _ = _code_at(data, last, hi)
    if code == 0x29 or code == 0xFF09:
        bits |= PAREN
    at = last
    if code == 0x29 or code == 0x5D:  # `[…]` is a mark of its own, `…”` is how somebody spoke
        at = _before(data, lo, at)
        while at > lo and data[at] == np.uint8(32):
            at = _before(data, lo, at)
    if at >= lo and _dots(data, lo, at, hi):
        return bits | ELLIPSIS
    at = last
    for _step in range(6):
        if at < lo:
            return bits
        code, _ = _code_at(data, at, hi)
        if not _is_closer(code):
            break
        at = _before(data, lo, at)
    if at >= lo:
        code, _ = _code_at(data, at, hi)
        if _ends_sentence(code) or code == 0x2026:
            bits |= SENTENCE
    return bits


@njit_uncounted
def at_least(eight, byte):
    """Return which of eight ASCII bytes (uint64) are ``byte`` or more: the highest bit of each."""
    return ((eight | _HIGH) - np.uint64(byte) * _ONES) & _HIGH


@njit_uncounted
def is_printable(eight):
    """Tell whether eight bytes (uint64) are ASCII and none of them is a control character."""
    return eight & _HIGH == np.uint64(0) and at_least(eight, 32) == _HIGH


@njit_uncounted
def marks_in(eight, after_small):
    """Return (AT, HASHTAG and CAMEL, where the last is small) of eight printable ASCII bytes.

    ``after_small`` tells whether a small letter stands before them.
    """
    flags = 0
    if at_least(eight ^ (np.uint64(64) * _ONES), 1) != _HIGH:
        flags |= AT
    if at_least(eight ^ (np.uint64(35) * _ONES), 1) != _HIGH:
        flags |= HASHTAG
    small = at_least(eight, 97) & ~at_least(eight, 123)
    before = small << np.uint64(8) | (np.uint64(128) if after_small else np.uint64(0))
    if before & at_least(eight, 65) & ~at_least(eight, 91) != np.uint64(0):
        flags |= CAMEL
    return flags, small >> np.uint64(63) != np.uint64(0)


@njit_uncounted
def count_lines(data, offsets, bounds):
    """Count the lines of every text that hold anything but ASCII blanks, summed up."""
    out = np.intp(0)
    bounds[0] = 0
    for row in range(len(offsets) - 1):
        i = offsets[row]
        hi = offsets[row + 1]
        seen = False
        while i < hi:
            if i + 8 <= hi:
                eight = load8(data, i)
                if is_printable(eight):
                    seen = seen or at_least(eight, 33) != np.uint64(0)
                    i += 8
                    continue
            b = data[i]
            if b > np.uint8(32) and b < np.uint8(128):
                seen = True
                i += 1
                continue
            step = _break_at(data, i, hi)
            if step > 0:
                if seen:
                    out += 1
                seen = False
                i += step
            else:
                if not seen and not _is_blank(data[i]):
                    seen = True
                i += 1
        if seen:
            out += 1
        bounds[row + 1] = out


@njit_uncounted
def marks_of(byte, after_small):
    """Return what ``marks_in`` does of one ASCII byte."""
    flags = 0
    if byte == np.uint8(64):
        flags = AT
    elif byte == np.uint8(35):
        flags = HASHTAG
    elif after_small and np.uint8(65) <= byte <= np.uint8(90):
        flags = CAMEL
    return flags, np.uint8(97) <= byte <= np.uint8(122)


@njit_uncounted
def last_visible(data, last, eight):
    """Return the last visible byte: ``last``, or one of eight printable ones from ``eight`` on."""
    if eight <= last:
        return last
    last = eight + 7
    while data[last] == np.uint8(32):
        last -= 1
    return last


@njit_uncounted
def look_at_line(data, i, hi, position):
    """Return the ``Look`` of the line that begins at byte ``i``, code point ``position``."""
    first, last, words = np.intp(-1), np.intp(-1), np.intp(-1)  # words: as in `last_visible`
    is_blank, small = True, False
    flags, step = 0, 0
    looked_at = i  # eight bytes up to here are not printable ASCII
    while i < hi:
        if i >= looked_at and i + 8 <= hi:
            eight = load8(data, i)
            if is_printable(eight):
                found, small = marks_in(eight, small)
                flags |= found
                seen = at_least(eight, 33)
                if seen != np.uint64(0):
                    words = i
                    first = i + (trailing_zeros(seen) >> 3) if first < 0 else first
                i += 8
                position += 8
                continue
            looked_at = i + 8
        b = data[i]
        if np.uint8(32) < b and b < np.uint8(128):
            found, small = marks_of(b, small)
            flags |= found
            size, unseen = 1, False
        else:
            step = _break_at(data, i, hi)
            if step > 0:
                break
            small = False
            code, size = _code_at(data, i, hi)
            is_blank = is_blank and b < np.uint8(128) and _is_blank(b)
            flags |= COPYRIGHT if code == 0xA9 else 0
            unseen = _is_unseen(code)
        if not unseen:
            first = i if first < 0 else first
            last = i
        i += size
        position += 1
    return Look(i, position, step, first, last_visible(data, last, words), is_blank, flags)


@njit_uncounted
def fill_lines(data, offsets, lines):
    """Write place and look of every line.

    Text ``r`` is ``data[offsets[r]:offsets[r + 1]]`` (uint8, int64); of ``lines`` (``Lines``) the
    bounds are given, and starts, ends and flags are written.
    """
    for row in range(len(offsets) - 1):
        out = lines.bounds[row]
        i = offsets[row]
        hi = offsets[row + 1]
        position = 0
        while i < hi:
            begin, start = i, position
            look = look_at_line(data, i, hi, position)
            i, position = look.i, look.position
            if look.step > 0:  # CR and LF are two characters, all other breaks are one
                position += look.step if data[i] == np.uint8(13) else 1
                i += look.step
            first = look.first
            if look.is_blank and first < 0:
                continue
            flags = look.flags
            if first < 0:
                flags |= INVISIBLE
            else:
                flags |= _ending(data, begin, look.last, look.i)
                code, size = _code_at(data, first, look.i)
                behind = first + size
                if _is_bullet(code) and behind < look.i and data[behind] <= np.uint8(32):
                    flags |= BULLET
            lines.starts[out] = start
            lines.ends[out] = look.position
            lines.byte_starts[out] = begin
            lines.byte_ends[out] = look.i
            lines.flags[out] = flags
            out += 1


@njit_uncounted
def _limit_of(triggers, word):
    """Return the most words of a line that is looked at for ``word``, 0 for no trigger."""
    mask = np.uint64(len(triggers.keys) - 1)
    slot = word & mask
    while triggers.keys[slot] != np.uint64(0):
        if triggers.keys[slot] == word:
            return np.int64(triggers.limits[slot])
        slot = (slot + np.uint64(1)) & mask
    return np.int64(0)


@njit_uncounted
def fill_tokens(lines, tokens, triggers):
    """Write the tokens of every line, its hash, and its hash with all numbers taken as one.

    ``lines`` are ``Lines``, of which ``bounds`` and ``ends`` are given; ``tokens`` are ``Tokens``,
    ``triggers`` are ``Triggers``. Tokens of an address count neither for the length of a line of
    other words nor for its ``keys``.
    """
    for row in range(len(lines.bounds) - 1):
        low = tokens.bounds[row]
        stop = tokens.bounds[row + 1]
        hashes, token_flags = tokens.hashes[low:stop], tokens.flags[low:stop]
        starts = tokens.starts[low:stop]
        t = 0
        for line in range(lines.bounds[row], lines.bounds[row + 1]):
            first, end = t, lines.ends[line]
            whole, key = _SEED, _SEED
            unspaced, digits, links = 0, 0, 0
            longest, digit = np.int64(0), False
            while t < len(starts) and starts[t] < end:
                h = hashes[t]
                flags = token_flags[t]
                digit = (flags & np.uint8(DIGIT)) != np.uint8(0)
                whole = mix(whole, h)
                if (flags & np.uint8(LINK)) != np.uint8(0):
                    links += 1
                else:
                    key = mix(key, _DIGIT_KEY if digit else h)
                digits += 1 if digit else 0
                unspaced += 1 if (flags & np.uint8(UNSPACED)) != np.uint8(0) else 0
                longest = max(longest, _limit_of(triggers, h))
                t += 1
            count = t - first
            words = count - unspaced + (unspaced + 1) // 2
            lines.lows[line] = low + first
            lines.highs[line] = low + t
            lines.words[line] = words
            lines.hashes[line] = whole
            lines.keys[line] = key if links + 1 < count else whole
            bits = TRIGGER if longest >= words - links and longest > 0 else 0
            if count > 0 and digits == count:
                bits |= DIGITS
            bits |= LAST_DIGIT if digit else 0
            lines.flags[line] |= np.uint16(bits)


@njit_uncounted
def find_dots(data, offsets, reach, out):
    """Tell which texts have ``…`` or ``...`` behind the last ASCII letter or digit.

    It is looked for in the last ``reach`` bytes; letters of other scripts are passed over.
    """
    for row in range(len(offsets) - 1):
        out[row] = False
        dots = 0
        for i in range(offsets[row + 1] - 1, max(offsets[row], offsets[row + 1] - reach) - 1, -1):
            byte = data[i]
            small = byte | np.uint8(32)
            dots = dots + 1 if byte == np.uint8(46) else 0
            if dots == 3 or (
                byte == np.uint8(0xE2)
                and i + 2 < offsets[row + 1]
                and data[i + 1] == np.uint8(0x80)
                and data[i + 2] == np.uint8(0xA6)
            ):
                out[row] = True
                break
            if (np.uint8(97) <= small <= np.uint8(122)) or np.uint8(48) <= byte <= np.uint8(57):
                break


@njit_uncounted
def drop_single(values, slots, keep):
    """Clear ``keep`` where a value surely occurs once: a filter of saturating counters."""
    mask = np.uint64(len(slots) - 1)
    for i in range(len(values)):
        place = np.intp(values[i] & mask)
        if slots[place] < np.uint8(2):
            slots[place] += np.uint8(1)
    kept = 0
    for i in range(len(values)):
        keep[i] = slots[np.intp(values[i] & mask)] > np.uint8(1)
        if keep[i]:
            kept += 1
    return kept


@njit_uncounted
def mask_tokens(bounds, starts, stretches, masked, gone):
    """Mark the tokens that begin in some stretches (``Stretches`` of code points) of documents.

    ``bounds`` (int64) are the tokens of each document, ``starts`` (int32) the code point at which
    each begins; ``masked`` (bool) is written, ``gone`` (int64) gets how many of each document are
    marked.
    """
    docs, begins, ends = stretches
    for k in range(len(docs)):
        low = bounds[docs[k]]
        high = bounds[docs[k] + 1]
        stop = high
        while low < high:
            middle = (low + high) // 2
            if starts[middle] < begins[k]:
                low = middle + 1
            else:
                high = middle
        while low < stop and starts[low] < ends[k]:
            if not masked[low]:
                masked[low] = True
                gone[docs[k]] += 1
            low += 1
