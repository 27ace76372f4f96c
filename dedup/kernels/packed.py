"""Blocks of postings packed to fixed widths, as an index keeps those of its seeds.

A block is a row of 64-bit words: a checksum (of the rest and of where it stands), a head, the first
key of each group of ``GROUP`` postings (the lower 32 bits, two to a word), and the postings, each a
difference of keys and a difference of article numbers. Nothing in a block is trusted: ``measure``
tells whether what it says of itself fits into it.
"""

from __future__ import annotations

import numpy as np

from dedup.kernels._jit import njit_uncounted
from dedup.kernels.postings import check_block, lower_bound

GROUP = 64
HEAD = 3  # words: checksum; least number; count, widths of a key and of a number
_LOW = np.uint64(0xFFFFFFFF)
_WIDTH = np.uint64(0xFF)
_ONE = np.uint64(1)


@njit_uncounted
def bits_of(value):
    """Return how many bits a number (uint64) takes."""
    bits = 0
    while value > np.uint64(0):
        value >>= _ONE
        bits += 1
    return bits


@njit_uncounted
def put_bits(words, at, width, value):
    """Write ``width`` bits of a value (uint64) at bit ``at`` of words (uint64) that are 0 there."""
    if width == 0:
        return
    word = at >> 6
    shift = at & 63
    words[word] |= value << np.uint64(shift)
    if shift + width > 64:
        words[word + 1] |= value >> np.uint64(64 - shift)


@njit_uncounted
def take_bits(words, at, width):
    """Return ``width`` bits (at most 32) from bit ``at`` of words (uint64) on."""
    if width == 0:
        return np.uint64(0)
    word = at >> 6
    shift = at & 63
    value = words[word] >> np.uint64(shift)
    if shift + width > 64:
        value |= words[word + 1] << np.uint64(64 - shift)
    return value & ((_ONE << np.uint64(width)) - _ONE)


@njit_uncounted
def pack_block(postings, position, out):
    """Write the block of some ordered postings (uint64); return how many words it has.

    ``position`` (uint64) is where it will stand; ``out`` (uint64) has at least as many words as
    there are postings, and ``HEAD`` and half as many as there are groups more.
    """
    count = len(postings)
    groups = (count + GROUP - 1) // GROUP
    least = _LOW
    most = np.uint64(0)
    widest = np.uint64(0)
    for i in range(count):
        number = postings[i] & _LOW
        least = min(least, number)
        most = max(most, number)
        if i % GROUP > 0:
            widest = max(
                widest, (postings[i] >> np.uint64(32)) - (postings[i - 1] >> np.uint64(32))
            )
    if count == 0:
        least = np.uint64(0)
    key_bits = bits_of(widest)
    number_bits = bits_of(most - least)
    begin = HEAD + (groups + 1) // 2
    size = begin + (count * (key_bits + number_bits) + 63) // 64
    out[:size] = np.uint64(0)
    out[1] = least
    out[2] = np.uint64(count) | np.uint64(key_bits) << np.uint64(32)
    out[2] |= np.uint64(number_bits) << np.uint64(40)
    for group in range(groups):
        put_bits(out, 64 * HEAD + 32 * group, 32, postings[group * GROUP] >> np.uint64(32))
    at = 64 * begin
    for i in range(count):
        delta = np.uint64(0)
        if i % GROUP > 0:
            delta = (postings[i] >> np.uint64(32)) - (postings[i - 1] >> np.uint64(32))
        put_bits(out, at, key_bits, delta)
        put_bits(out, at + key_bits, number_bits, (postings[i] & _LOW) - least)
        at += key_bits + number_bits
    out[0] = check_block(out, np.intp(1), np.intp(size), position)
    return size


@njit_uncounted
def measure(words, low, high, position):
    """Return (postings, width of a key, width of a number) of the block ``words[low:high]``.

    Where it is damaged, or does not fit into itself, there are -1.
    """
    if high - low < HEAD:
        return np.int64(-1), np.int64(0), np.int64(0)
    if check_block(words, low + 1, high, position) != words[low]:
        return np.int64(-1), np.int64(0), np.int64(0)
    count = np.int64(words[low + 2] & _LOW)
    key_bits = np.int64((words[low + 2] >> np.uint64(32)) & _WIDTH)
    number_bits = np.int64((words[low + 2] >> np.uint64(40)) & _WIDTH)
    groups = (count + GROUP - 1) // GROUP
    size = HEAD + (groups + 1) // 2 + (count * (key_bits + number_bits) + 63) // 64
    if key_bits > 32 or number_bits > 32 or size != high - low:
        return np.int64(-1), np.int64(0), np.int64(0)
    return count, key_bits, number_bits


@njit_uncounted
def unpack_block(words, position, out):
    """Write the postings (uint64) of a block; return how many, -1 where it is damaged.

    Those that ``out`` has no room for are only counted.
    """
    count, key_bits, number_bits = measure(words, np.intp(0), np.intp(len(words)), position)
    if count < 0 or count > len(out):
        return count
    at = 64 * (HEAD + ((count + GROUP - 1) // GROUP + 1) // 2)
    key = np.uint64(0)
    for i in range(count):
        if i % GROUP == 0:
            key = take_bits(words, 64 * HEAD + 32 * (i // GROUP), 32)
        else:
            key = (key + take_bits(words, at, key_bits)) & _LOW
        number = (words[1] + take_bits(words, at + key_bits, number_bits)) & _LOW
        out[i] = key << np.uint64(32) | number
        at += key_bits + number_bits
    return count


@njit_uncounted
def find_in_block(words, head, wanted, out, made):
    """Write the articles of a key (its lower 32 bits, uint64) of one block behind the ``made``.

    ``head`` is what ``measure`` returned. Returns how many there are by now; those that ``out``
    (int64) has no room for are only counted.
    """
    count, key_bits, number_bits = head
    groups = (count + GROUP - 1) // GROUP
    low, high = 0, groups
    while low < high:  # the first group that begins with the key or one behind it
        middle = (low + high) // 2
        if take_bits(words, 64 * HEAD + 32 * middle, 32) < wanted:
            low = middle + 1
        else:
            high = middle
    i = max(low - 1, 0) * GROUP
    step = key_bits + number_bits
    at = 64 * (HEAD + (groups + 1) // 2) + i * step
    key = np.uint64(0)
    while i < count:
        if i % GROUP == 0:
            key = take_bits(words, 64 * HEAD + 32 * (i // GROUP), 32)
        else:
            key = (key + take_bits(words, at, key_bits)) & _LOW
        if key > wanted:
            break
        if key == wanted:
            if made < len(out):
                number = words[1] + take_bits(words, at + key_bits, number_bits)
                out[made] = np.int64(number & _LOW)
            made += 1
        at += step
        i += 1
    return made


@njit_uncounted
def find_packed(blocks, positions, keys, out, ends):
    """Write the articles of each key, ascending, from packed blocks; return how many there are.

    As ``postings.find_postings``: ``blocks`` are ``Blocks``, ``positions`` (int64) those of the
    keys (uint64), which are gone through once a run; ``ends`` (int64) gets where the articles of
    each place end. Where a block is missing or damaged, ``-1 - place`` is returned.
    """
    words, bounds, there = blocks
    made = 0
    for i in range(len(positions)):
        block = lower_bound(there, 0, len(there), positions[i])
        if block == len(there) or there[block] != positions[i]:
            return -1 - positions[i]
        low, high = bounds[block], bounds[block + 1]
        head = measure(words, low, high, np.uint64(positions[i]))
        if head[0] < 0:
            return -1 - positions[i]
        wanted = keys[i % len(keys)] & _LOW
        made = find_in_block(words[low:high], head, wanted, out, made)
        ends[i] = made
    return made
