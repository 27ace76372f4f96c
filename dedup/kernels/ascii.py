"""Text to the hashes of its tokens, without places: 64 ASCII bytes at a time.

No word reaches over an ASCII separator, or from a letter to a digit. So what stands between two
such places is a word by itself where it is ASCII; only other stretches, and those that may be
links, need to be looked at character by character (``tokenise``). A text can be cut behind any
separator that no link can hold.
"""

from __future__ import annotations

import numpy as np

from dedup.kernels._jit import (
    digit_bits,
    link_bits,
    load8,
    njit,
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
from dedup.kernels.text import SEED, mix, tokenise

_BLANKS = np.uint64(0x2020202020202020)
_ONES = np.uint64(0xFFFFFFFFFFFFFFFF)
_LETTER, _ODD, _SEPARATOR, _IN_LINK = range(4)
_COLON, _AT = np.uint8(0x3A), np.uint8(0x40)


@njit
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


@njit
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


@njit
def widest_window(data, lo, hi, window):
    """Return how long the longest part of ``data[lo:hi]`` is."""
    widest = np.int64(0)
    while lo < hi:
        end = window_end(data, lo, hi, window)
        widest = max(widest, end - lo)
        lo = end
    return widest


@njit
def mark_bytes(data, lo, hi, words, odd, digits):
    """Set the bits of the bytes of ``data[lo:hi]``, 64 a number; return how many are odd.

    Letters and digits go to ``words``, digits to ``digits`` as well. All end with a number of
    zeros.
    """
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


@njit
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


@njit
def base64_span(data, lo, at, hi):
    """Return the bounds of the run of base64 around ``at``, twice ``at`` where it is too short."""
    start = at
    while start > lo and BYTES[data[start - 1]] & BASE64 != 0:
        start -= 1
    end = run_end(data, at, hi, BASE64)
    return (start, end) if end - start >= LEAST_BASE64 else (at, at)


@njit
def set_odd(start, end, words, odd, digits):
    """Make the bits ``start`` to ``end`` odd, and those of no plain word."""
    k = start >> 6
    while k << 6 < end:
        bits = _ONES
        if k << 6 < start:
            bits &= _ONES << np.uint64(start & 63)
        if (k + 1) << 6 > end:
            bits &= _ONES >> np.uint64(64 - (end & 63))
        odd[k] |= bits
        words[k] &= ~bits
        digits[k] &= ~bits
        k += 1


@njit
def mark_links(data, lo, hi, words, odd, digits):
    """Make all bytes odd that may belong to a link; the bits are those of ``mark_bytes``.

    No link of ``tokenise`` has a byte that is not odd then; what is odd need not be of a link. Runs
    of base64 come first, for they are found by letters and digits that are no longer plain then.
    """
    letter_before = np.uint64(0)
    digit_before = np.uint64(0)
    for k in range((hi - lo) // 64 + 1):
        base = lo + 64 * k
        while True:
            changes = changes_of(words[k], digits[k], letter_before, digit_before)
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
            set_odd(start - lo, end - lo, words, odd, digits)
        letter_before = (words[k] & ~digits[k]) >> np.uint64(63)
        digit_before = digits[k] >> np.uint64(63)
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
                set_odd(start - lo, end - lo, words, odd, digits)
                if data[at] != _AT:
                    done = end


@njit
def changes_of(words, digits, letter_before, digit_before):
    """Return the bits of plain bytes that are a letter behind a digit or a digit behind a letter.

    ``letter_before`` and ``digit_before`` tell it of the byte before these 64: 0 or 1.
    """
    letters = words & ~digits
    return (letters & (digits << np.uint64(1) | digit_before)) | (
        digits & (letters << np.uint64(1) | letter_before)
    )


@njit
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


@njit
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


@njit
def hash_short_word(data, start, size):
    """Return the hash of an ASCII word of 1 to 16 bytes, without a branch.

    Behind its beginning at least 16 bytes must follow.
    """
    one = load8(data, start) | _BLANKS
    two = load8(data, start + 8) | _BLANKS
    h = mix(SEED, one & (_ONES >> np.uint64(64 - 8 * min(size, 8))))
    longer = mix(h, two & (_ONES >> np.uint64(64 - 8 * max(size - 8, 1))))
    return h ^ ((h ^ longer) & (np.uint64(0) - np.uint64(size > 8)))


@njit
def hash_words(data, lo, hi, stage, values, expansions, words, odd, digits, hashes):
    """Write the hashes of the tokens of ``data[lo:hi]``, as ``tokenise`` does; return their number.

    ``words``, ``odd`` and ``digits`` (uint64) are room for a bit a byte and two numbers more. A
    text that is mostly not ASCII goes to ``tokenise`` as a whole. ``data`` is uint8, ``hashes``
    uint64; the folding table is as in ``tokenise``.

    It is the twin of ``text.tokenise``: a change of what a token is goes into both, and
    ``test_hash_words`` (tests/kernels/test_windows.py) compares them.
    """
    if 4 * mark_bytes(data, lo, hi, words, odd, digits) > hi - lo:
        return tokenise(
            data, lo, hi, stage, values, expansions, hashes, None, None, None, None, np.intp(0)
        )
    mark_links(data, lo, hi, words, odd, digits)
    out = np.intp(0)
    start = np.int64(0)  # of the stretch we are in, or the next
    last = len(data) - 16
    carry = np.uint64(0)
    before = np.uint64(0)
    letter_before = np.uint64(0)
    digit_before = np.uint64(0)
    for k in range((hi - lo) // 64 + 1):
        base = lo + 64 * k
        near = odd[k] | before
        before = odd[k]
        bits = words[k] | odd[k]
        shifted = bits << np.uint64(1) | carry
        changes = changes_of(words[k], digits[k], letter_before, digit_before)
        letter_before = (words[k] & ~digits[k]) >> np.uint64(63)
        digit_before = digits[k] >> np.uint64(63)
        starts = (bits & ~shifted) | changes
        ends = (~bits & shifted) | changes
        if carry == np.uint64(0) and starts != np.uint64(0):
            start = base + trailing_zeros(starts)
            starts &= starts - np.uint64(1)
        carry = bits >> np.uint64(63)
        while ends != np.uint64(0):
            end = base + trailing_zeros(ends)
            ends &= ends - np.uint64(1)
            size = end - start
            if size > 16 or start > last or near != np.uint64(0):
                if has_odd(odd, start - lo, end - lo) or end + 8 > len(data):
                    out = tokenise(
                        *(data, start, end, stage, values, expansions),
                        *(hashes, None, None, None, None, out),
                    )
                else:
                    hashes[out] = hash_word(data, start, end)
                    out += 1
            else:
                hashes[out] = hash_short_word(data, start, size)
                out += 1
            if starts != np.uint64(0):
                start = base + trailing_zeros(starts)
                starts &= starts - np.uint64(1)
    return out
