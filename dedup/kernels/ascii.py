"""Text to the hashes of its tokens, without places: 64 ASCII bytes at a time.

No token reaches over an ASCII separator. So a text can be cut behind any, and what stands between
two of them is a word by itself where it is ASCII letters and digits; only other stretches need to
be looked at character by character (``tokenise``).
"""

from __future__ import annotations

import numpy as np

from dedup.kernels._jit import load8, njit, odd_bits, popcount, trailing_zeros, word_bits
from dedup.kernels.text import SEED, mix, tokenise

_BLANKS = np.uint64(0x2020202020202020)
_ONES = np.uint64(0xFFFFFFFFFFFFFFFF)
_LETTER, _ODD, _SEPARATOR = range(3)


@njit
def kind_of(byte):
    """Return 0 for an ASCII letter or digit, 2 for another ASCII character, 1 for what is odd.

    Odd is what may be a part of a word as well: apostrophes and all that is not ASCII.
    """
    folded = byte | np.uint8(0x20)
    if np.uint8(97) <= folded <= np.uint8(122) or np.uint8(48) <= byte <= np.uint8(57):
        return _LETTER
    if byte >= np.uint8(128) or byte == np.uint8(0x27) or byte == np.uint8(0x60):
        return _ODD
    return _SEPARATOR


@njit
def window_end(data, lo, hi, window):
    """Return where the next part of ``data[lo:hi]`` ends: behind an ASCII separator.

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
def mark_bytes(data, lo, hi, words, odd):
    """Set the bits of the bytes of ``data[lo:hi]``, 64 a number; return how many are odd.

    Letters and digits go to ``words``. Both end with a number of zeros.
    """
    total = np.int64(0)
    full = (hi - lo) // 64
    for k in range(full):
        words[k] = word_bits(data, lo + 64 * k)
        strange = odd_bits(data, lo + 64 * k)
        odd[k] = strange
        total += popcount(strange)
    position = lo + 64 * full
    plain = np.uint64(0)
    strange = np.uint64(0)
    if position < hi and position + 64 <= len(data):
        inside = _ONES >> np.uint64(64 - (hi - position))
        plain = word_bits(data, position) & inside
        strange = odd_bits(data, position) & inside
    else:
        for at in range(position, hi):
            kind = kind_of(data[at])
            bit = np.uint64(1) << np.uint64(at - position)
            if kind == _LETTER:
                plain |= bit
            elif kind == _ODD:
                strange |= bit
    words[full] = plain
    odd[full] = strange
    words[full + 1] = np.uint64(0)
    odd[full + 1] = np.uint64(0)
    return total + popcount(strange)


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
def hash_words(data, lo, hi, stage, values, expansions, words, odd, hashes):
    """Write the hashes of the tokens of ``data[lo:hi]``, as ``tokenise`` does; return their number.

    ``words`` and ``odd`` are room for a bit a byte and two numbers more. A text that is mostly not
    ASCII goes to ``tokenise`` as a whole.

    It is the twin of ``text.tokenise``: a change of what a token is goes into both, and
    ``test_hash_words`` (tests/kernels/test_windows.py) compares them. ``data`` is uint8, ``words``
    and ``odd`` are uint64, as are ``hashes``; the folding table as in ``tokenise``.
    """
    if 4 * mark_bytes(data, lo, hi, words, odd) > hi - lo:
        return tokenise(
            data, lo, hi, stage, values, expansions, hashes, None, None, None, None, np.intp(0)
        )
    out = np.intp(0)
    start = np.int64(0)  # of the stretch we are in, or the next
    last = len(data) - 16
    carry = np.uint64(0)
    before = np.uint64(0)
    for k in range((hi - lo) // 64 + 1):
        base = lo + 64 * k
        near = odd[k] | before
        before = odd[k]
        bits = words[k] | odd[k]
        shifted = bits << np.uint64(1) | carry
        starts = bits & ~shifted
        ends = ~bits & shifted
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
