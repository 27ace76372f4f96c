"""Text to the hashes of its tokens, without places: 64 ASCII bytes at a time.

No word reaches over an ASCII separator, or from a letter to a digit. So what stands between two
such places is a word by itself where it is ASCII; only other stretches, and those that may be
links, need to be looked at character by character (``tokenise``). A text can be cut behind any
separator that no link can hold.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from dedup.kernels._jit import (
    digit_bits,
    link_bits,
    load8,
    njit_uncounted,
    odd_bits,
    popcount,
    trailing_zeros,
    word_bits,
)
from dedup.kernels.links import (
    BASE64,
    BYTES,
    DIGIT,
    DOMAIN,
    LEAST_BASE64,
    LETTER,
    LOCAL,
    MOST_LOCAL,
    URL,
    WORD,
    run_end,
)
from dedup.kernels.text import SEED, Span, mix, tokenise

_BLANKS = np.uint64(0x2020202020202020)
_ONES = np.uint64(0xFFFFFFFFFFFFFFFF)
_LETTER, _ODD, _SEPARATOR, _IN_LINK = range(4)
_COLON, _AT = np.uint8(0x3A), np.uint8(0x40)
ODD_SHARE = 40  # a text of which one byte in so many is odd is sooner read character by character


class Marks(NamedTuple):
    """What the bytes of a text are, a bit each, 64 a number (uint64), and two numbers more."""

    words: Any  # ASCII letters and digits
    odd: Any  # what may be a part of a word as well, or of a link
    digits: Any  # ASCII digits


@njit_uncounted
def kind_of(byte):
    """Return 0 for an ASCII letter or digit, 1 for what is odd, 2 or 3 for a separator.

    Odd is what may be a part of a word as well: apostrophes and all that is not ASCII. A separator
    is 3 where a link may hold it.
    """
    if BYTES[byte] & WORD != 0:
        return _LETTER
    if byte >= np.uint8(128) or byte == np.uint8(0x27) or byte == np.uint8(0x60):
        return _ODD
    return _IN_LINK if BYTES[byte] & URL != 0 else _SEPARATOR


@njit_uncounted
def window_end(data, lo, hi, window):
    """Return where the next part of ``data[lo:hi]`` ends: behind a separator that no link holds.

    It is ``window`` long at most, but where none comes so early.
    """
    if hi - lo <= window:
        return hi
    for at in range(lo + window, lo, -1):
        if kind_of(data[at - 1]) == _SEPARATOR:
            return at
    for at in range(lo + window + 1, hi):
        if kind_of(data[at - 1]) == _SEPARATOR:
            return at
    return hi


@njit_uncounted
def widest_window(data, lo, hi, window):
    """Return how long the longest part of ``data[lo:hi]`` is."""
    widest = np.int64(0)
    while lo < hi:
        end = window_end(data, lo, hi, window)
        widest = max(widest, end - lo)
        lo = end
    return widest


@njit_uncounted
def mark_bytes(data, lo, hi, marks):
    """Set the ``Marks`` of the bytes of ``data[lo:hi]`` (uint8); return how many are odd.

    All end with a number of zeros.
    """
    words, odd, digits = marks
    total = np.int64(0)
    full = (hi - lo) // 64
    for k in range(full):
        words[k] = word_bits(data, lo + 64 * k)
        digits[k] = digit_bits(data, lo + 64 * k)
        strange = odd_bits(data, lo + 64 * k)
        odd[k] = strange
        total += popcount(strange)
    position = lo + 64 * full
    plain = np.uint64(0)
    number = np.uint64(0)
    strange = np.uint64(0)
    if position < hi and position + 64 <= len(data):
        inside = _ONES >> np.uint64(64 - (hi - position))
        plain = word_bits(data, position) & inside
        number = digit_bits(data, position) & inside
        strange = odd_bits(data, position) & inside
    else:
        for at in range(position, hi):
            kind = kind_of(data[at])
            bit = np.uint64(1) << np.uint64(at - position)
            if kind == _LETTER:
                plain |= bit
                if BYTES[data[at]] & DIGIT != 0:
                    number |= bit
            elif kind == _ODD:
                strange |= bit
    for array, bits in ((words, plain), (odd, strange), (digits, number)):
        array[full] = bits
        array[full + 1] = np.uint64(0)
    return total + popcount(strange)


@njit_uncounted
def link_span(data, lo, at, hi):
    """Return the bounds of all bytes that a link around ``at`` may have in ``data[lo:hi]``.

    ``at`` is the place of ``:/``, of ``www`` or of ``@``.
    """
    start = at
    if data[at] == _AT:
        low = max(lo, at - MOST_LOCAL)
        while start > low and BYTES[data[start - 1]] & LOCAL != 0:
            start -= 1
        return start, run_end(data, at + 1, hi, DOMAIN)
    if data[at] == _COLON:
        while start > lo and BYTES[data[start - 1]] & LETTER != 0:
            start -= 1
    return start, run_end(data, at, hi, URL)


@njit_uncounted
def base64_span(data, lo, at, hi):
    """Return the bounds of the run of base64 around ``at``, twice ``at`` where it is too short."""
    start = at
    while start > lo and BYTES[data[start - 1]] & BASE64 != 0:
        start -= 1
    end = run_end(data, at, hi, BASE64)
    return (start, end) if end - start >= LEAST_BASE64 else (at, at)


@njit_uncounted
def set_odd(start, end, marks):
    """Make the bits ``start`` to ``end`` of ``Marks`` odd, and those of no plain word."""
    k = start >> 6
    while k << 6 < end:
        bits = _ONES
        if k << 6 < start:
            bits &= _ONES << np.uint64(start & 63)
        if (k + 1) << 6 > end:
            bits &= _ONES >> np.uint64(64 - (end & 63))
        marks.odd[k] |= bits
        marks.words[k] &= ~bits
        marks.digits[k] &= ~bits
        k += 1


@njit_uncounted
def mark_base64(data, lo, hi, marks):
    """Make the runs of base64 of ``data[lo:hi]`` odd; ``marks`` are those of ``mark_bytes``."""
    letter_before = np.uint64(0)
    digit_before = np.uint64(0)
    for k in range((hi - lo) // 64 + 1):
        base = lo + 64 * k
        while True:
            changes = changes_of(marks.words[k], marks.digits[k], letter_before, digit_before)
            if changes == np.uint64(0):
                break
            longest = np.int64(0)
            while changes != np.uint64(0) and longest == 0:
                at = base + trailing_zeros(changes)
                changes &= changes - np.uint64(1)
                start, end = base64_span(data, lo, at, hi)
                longest = end - start
            if longest == 0:
                break
            set_odd(start - lo, end - lo, marks)
        letter_before = (marks.words[k] & ~marks.digits[k]) >> np.uint64(63)
        digit_before = marks.digits[k] >> np.uint64(63)


@njit_uncounted
def mark_links(data, lo, hi, marks):
    """Make all bytes odd that may belong to a link; the ``marks`` are those of ``mark_bytes``.

    No link of ``tokenise`` has a byte that is not odd then; what is odd need not be of a link. Runs
    of base64 come first, for they are found by letters and digits that are no longer plain then.
    """
    mark_base64(data, lo, hi, marks)
    done = lo  # up to where the last URL reached
    for k in range((hi - lo) // 64 + 1):
        base = lo + 64 * k
        bits = np.uint64(0)
        if base + 66 <= len(data):
            bits = link_bits(data, base)
        else:
            for at in range(base, hi):
                byte = data[at]
                if byte == _AT or byte == _COLON or byte | np.uint8(0x20) == np.uint8(0x77):
                    bits |= np.uint64(1) << np.uint64(at - base)
        while bits != np.uint64(0):
            at = base + trailing_zeros(bits)
            bits &= bits - np.uint64(1)
            if at < hi and (at >= done or data[at] == _AT):
                start, end = link_span(data, lo, at, hi)
                set_odd(start - lo, end - lo, marks)
                if data[at] != _AT:
                    done = end


@njit_uncounted
def changes_of(words, digits, letter_before, digit_before):
    """Return the bits of plain bytes that are a letter behind a digit or a digit behind a letter.

    ``letter_before`` and ``digit_before`` tell it of the byte before these 64: 0 or 1.
    """
    letters = words & ~digits
    return (letters & (digits << np.uint64(1) | digit_before)) | (
        digits & (letters << np.uint64(1) | letter_before)
    )


@njit_uncounted
def has_odd(odd, start, end):
    """Tell whether one of the bits ``start`` to ``end`` is set."""
    first = start >> 6
    last = (end - 1) >> 6
    for k in range(first, last + 1):
        bits = odd[k]
        if k == last:
            bits &= _ONES >> np.uint64(63 - ((end - 1) & 63))
        if k == first:
            bits >>= np.uint64(start & 63)
        if bits != np.uint64(0):
            return True
    return False


@njit_uncounted
def hash_word(data, start, end):
    """Return the hash of an ASCII word, as ``tokenise`` makes it, eight bytes a step.

    Behind the word at least eight bytes must follow.
    """
    h = SEED
    while end - start >= 8:
        h = mix(h, load8(data, start) | _BLANKS)
        start += 8
    if end > start:
        kept = _ONES >> np.uint64(64 - 8 * (end - start))
        h = mix(h, (load8(data, start) | _BLANKS) & kept)
    return h


@njit_uncounted
def hash_short_word(data, start, size):
    """Return the hash of an ASCII word of 1 to 16 bytes, without a branch.

    Behind its beginning at least 16 bytes must follow.
    """
    one = load8(data, start) | _BLANKS
    two = load8(data, start + 8) | _BLANKS
    h = mix(SEED, one & (_ONES >> np.uint64(64 - 8 * min(size, 8))))
    longer = mix(h, two & (_ONES >> np.uint64(64 - 8 * max(size - 8, 1))))
    return h ^ ((h ^ longer) & (np.uint64(0) - np.uint64(size > 8)))


@njit_uncounted
def hash_stretch(span, lo, folding, odd, hashes, out):
    """Write the hashes of a ``Span`` between separators from index ``out`` on; return the next one.

    ``odd`` is that of ``Marks``, for the bytes from ``lo`` on; the rest is as in ``hash_words``.
    """
    data, start, end = span
    if has_odd(odd, start - lo, end - lo) or end + 8 > len(data):
        return tokenise(span, folding, hashes, None, out)
    hashes[out] = hash_word(data, start, end)
    return out + 1


@njit_uncounted
def hash_words(span, folding, marks, hashes):
    """Write the hashes (uint64) of the tokens of a ``Span``, as ``tokenise``; return their number.

    ``marks`` (``Marks``) is room for a bit a byte and two numbers more. A text with more
    odd bytes than one in ``ODD_SHARE`` goes to ``tokenise``. ``folding`` is ``Folding``.

    It is the twin of ``text.tokenise``: a change of what a token is goes into both, and
    ``test_hash_words`` (tests/kernels/test_windows.py) compares them.
    """
    data, lo, hi = span
    if ODD_SHARE * mark_bytes(data, lo, hi, marks) > hi - lo:
        return tokenise(span, folding, hashes, None, np.intp(0))
    mark_links(data, lo, hi, marks)
    out = np.intp(0)
    start = np.int64(0)  # of the stretch we are in, or the next
    carry, odd_before = np.uint64(0), np.uint64(0)
    letter_before, digit_before = np.uint64(0), np.uint64(0)
    for k in range((hi - lo) // 64 + 1):
        base = lo + 64 * k
        words, odd, digits = marks.words[k], marks.odd[k], marks.digits[k]
        is_near = odd | odd_before != np.uint64(0)
        odd_before = odd
        bits = words | odd
        shifted = bits << np.uint64(1) | carry
        changes = changes_of(words, digits, letter_before, digit_before)
        letter_before, digit_before = (words & ~digits) >> np.uint64(63), digits >> np.uint64(63)
        starts, ends = (bits & ~shifted) | changes, (~bits & shifted) | changes
        if carry == np.uint64(0) and starts != np.uint64(0):
            start = base + trailing_zeros(starts)
            starts &= starts - np.uint64(1)
        carry = bits >> np.uint64(63)
        while ends != np.uint64(0):
            end = base + trailing_zeros(ends)
            ends &= ends - np.uint64(1)
            if end - start > 16 or start > len(data) - 16 or is_near:
                out = hash_stretch(Span(data, start, end), lo, folding, marks.odd, hashes, out)
            else:
                hashes[out] = hash_short_word(data, start, end - start)
                out += 1
            if starts != np.uint64(0):
                start = base + trailing_zeros(starts)
                starts &= starts - np.uint64(1)
    return out
