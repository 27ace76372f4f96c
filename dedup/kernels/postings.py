"""What an index keeps of an article and how it finds it again: 16-bit minima, keys, postings.

A *key* has 40 bits. A *posting* is a key and the number of an article; those of one *slice* (the
upper eight bits of the key) are one number each, ``lower 32 bits of the key << 32 | article``, and
stand in order. A *block* is a stretch of them, cut by the key, so that the key says which block to
look at.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from dedup.kernels._jit import njit, njit_uncounted
from dedup.kernels.buckets import band_key
from dedup.kernels.minhash import padded, permute
from dedup.kernels.shingles import MULTIPLIER, fmix64
from dedup.kernels.text import Span
from dedup.kernels.windows import add_content, reading_of, take_text

SLICES = 256
LOW = 0xFFFFFFFF


class Blocks(NamedTuple):
    """Blocks of postings that were read: that of place ``there[b]`` is ``bounds[b]:bounds[b + 1]``.

    The first word of a block is its checksum.
    """

    words: Any  # uint64
    bounds: Any  # int64, one more than blocks
    there: Any  # int64, ascending


class Pairs(NamedTuple):
    """Pairs of an article with one before it, in order of the later one; arrays of one length."""

    later: Any  # int64: row of the later one
    earlier: Any  # int64: row of the earlier one, or -1 - k for one that represents others already
    similar: Any  # float64: how similar they are
    numbers: Any  # int64: number of the earlier one


@njit
def entry_keys(signature, fingerprints, salt, bands, rows, out):
    """Write the keys of one article: that of its content, then one a band.

    They follow from what is kept of it alone. ``salt`` sets apart what must not meet.
    """
    mixed = fmix64(fingerprints[0] ^ fmix64(fingerprints[1] ^ salt))
    out[0] = fmix64(mixed ^ salt) >> np.uint64(24)
    for band in range(bands):
        out[band + 1] = fmix64(band_key(signature, band, rows) ^ salt) >> np.uint64(24)


@njit
def all_keys(signatures, fingerprints, salts, bands, rows, out):
    """Write the keys of every article to its row of ``out``."""
    for row in range(len(signatures)):
        entry_keys(signatures[row], fingerprints[row], salts[row], bands, rows, out[row])


@njit
def halve(wide, signature):
    """Write the lower halves of minima."""
    for k in range(len(wide)):
        signature[k] = np.uint16(wide[k] & np.uint32(0xFFFF))


@njit
def seal_rows(shingles, offsets, counts, permutations, fingerprints, signatures):
    """Write fingerprints and signature of every row of shingles; ``counts`` are the tokens of each.

    The shingles (uint64) of row ``r`` are ``offsets[r]:offsets[r + 1]`` (int64);
    ``permutations`` is ``Permutations``, ``fingerprints`` uint64 (rows, 2), ``signatures`` uint16
    (rows, permutations).
    """
    longest = 0
    for row in range(len(offsets) - 1):
        longest = max(longest, offsets[row + 1] - offsets[row])
    mixed = np.empty(padded(longest), np.uint32)
    wide = np.empty(len(permutations.a), np.uint32)
    for row in range(len(offsets) - 1):
        lo = offsets[row]
        hi = offsets[row + 1]
        fingerprints[row, :] = fmix64(np.uint64(counts[row]))
        add_content(shingles, lo, hi, np.int64(0), fingerprints[row])
        wide[:] = np.uint32(0xFFFFFFFF)
        permute(shingles, lo, hi, mixed, permutations, wide)
        halve(wide, signatures[row])


@njit
def seal_texts(data, offsets, scheme, fingerprints, counts, signatures):
    """Write fingerprints, numbers of tokens and signature of every text, of word shingles.

    Text ``r`` is ``data[offsets[r]:offsets[r + 1]]`` (uint8, int64), ``scheme`` is ``Scheme``,
    ``counts`` int64; the rest as in ``seal_rows``.
    """
    reading = reading_of(data, offsets, scheme)
    made = reading.buffers.shingles
    wide = np.empty(len(scheme.permutations.a), np.uint32)
    for row in range(len(offsets) - 1):
        span = Span(data, offsets[row], offsets[row + 1])
        counts[row], _ = take_text(span, reading, wide, fingerprints[row], made, np.intp(0))
        halve(wide, signatures[row])


@njit
def agreements(mine, others, out):
    """Write in how many places each of the other signatures has the value of ``mine``."""
    for row in range(len(others)):
        same = 0
        for k in range(len(mine)):
            same += mine[k] == others[row, k]
        out[row] = same


@njit
def pair_agreements(signatures, pairs, out):
    """Write in how many places the two signatures of each pair have the same value."""
    for p in range(len(pairs)):
        one = signatures[pairs[p, 0]]
        two = signatures[pairs[p, 1]]
        same = 0
        for k in range(len(one)):
            same += one[k] == two[k]
        out[p] = same


@njit_uncounted
def check_block(words, low, high, position):
    """Return a checksum of ``words[low:high]`` and of where they stand, of four lanes."""
    a = fmix64(position + np.uint64(1))
    b = ~a
    c = a ^ MULTIPLIER
    d = b ^ MULTIPLIER
    i = low
    while i + 4 <= high:
        a = (a ^ words[i]) * MULTIPLIER
        b = (b ^ words[i + 1]) * MULTIPLIER
        c = (c ^ words[i + 2]) * MULTIPLIER
        d = (d ^ words[i + 3]) * MULTIPLIER
        a ^= a >> np.uint64(29)
        b ^= b >> np.uint64(29)
        c ^= c >> np.uint64(29)
        d ^= d >> np.uint64(29)
        i += 4
    while i < high:
        a = (a ^ words[i]) * MULTIPLIER
        a ^= a >> np.uint64(29)
        i += 1
    size = np.uint64(high - low)
    return fmix64(fmix64(fmix64(fmix64(a ^ size) ^ b) ^ c) ^ d)


@njit_uncounted
def find_positions(keys, runs, parts, out):
    """Write in which block of every run each key would stand; those of a run follow each other.

    A run is a number and the blocks of each of its slices.
    """
    at = 0
    for r in range(len(runs)):
        first = runs[r] << np.int64(32)
        for k in range(len(keys)):
            upper = np.int64(keys[k] >> np.uint64(32))
            lower = np.int64(keys[k] & np.uint64(LOW))
            out[at] = first + upper * parts[r] + (lower * parts[r] >> np.int64(32))
            at += 1


@njit_uncounted
def lower_bound(values, low, high, wanted):
    """Return the first place from ``low`` on whose value is not below ``wanted``."""
    while low < high:
        middle = (low + high) // 2
        if values[middle] < wanted:
            low = middle + 1
        else:
            high = middle
    return low


@njit_uncounted
def find_postings(blocks, positions, keys, out, ends):
    """Write the articles (int64) of each key (uint64), ascending; return how many there are in all.

    ``blocks`` are ``Blocks``. ``positions`` (int64) are those of the keys, which are gone through
    once a run. ``ends`` (int64) gets where the articles of each place end; those of a posting more
    than ``out`` has room for are only counted. Where a block is missing or damaged,
    ``-1 - place`` is returned.
    """
    words, bounds, there = blocks
    made = 0
    for i in range(len(positions)):
        block = lower_bound(there, 0, len(there), positions[i])
        if block == len(there) or there[block] != positions[i]:
            return -1 - positions[i]
        low, high = bounds[block] + 1, bounds[block + 1]
        if check_block(words, low, high, np.uint64(positions[i])) != words[low - 1]:
            return -1 - positions[i]
        wanted = (keys[i % len(keys)] & np.uint64(LOW)) << np.uint64(32)
        at = lower_bound(words, low, high, wanted)
        while at < high and words[at] >> np.uint64(32) == wanted >> np.uint64(32):
            if made < len(out):
                out[made] = np.int64(words[at] & np.uint64(LOW))
            made += 1
            at += 1
        ends[i] = made
    return made


@njit_uncounted
def count_slices(keys, wide, starts):
    """Count the postings of every slice: key 0 of all articles, the others of the ``wide`` ones.

    ``starts`` (one more than slices) gets where each slice begins.
    """
    starts[:] = 0
    for row in range(len(keys)):
        for k in range(keys.shape[1] if wide[row] else 1):
            starts[np.intp(keys[row, k] >> np.uint64(32)) + 1] += 1
    for s in range(len(starts) - 1):
        starts[s + 1] += starts[s]


@njit_uncounted
def fill_slices(keys, wide, numbers, starts, out):
    """Write the postings of every slice; ``starts`` is moved on to where each ends."""
    for row in range(len(keys)):
        for k in range(keys.shape[1] if wide[row] else 1):
            key = keys[row, k]
            s = np.intp(key >> np.uint64(32))
            out[starts[s]] = (key & np.uint64(LOW)) << np.uint64(32) | np.uint64(numbers[row])
            starts[s] += 1


@njit_uncounted
def thin(postings, most):
    """Keep of each key the last ``most`` of ordered postings, in place; return how many stay."""
    kept = 0
    low = 0
    while low < len(postings):
        high = low + 1
        while high < len(postings) and (
            postings[high] >> np.uint64(32) == postings[low] >> np.uint64(32)
        ):
            high += 1
        for i in range(max(low, high - most), high):
            postings[kept] = postings[i]
            kept += 1
        low = high
    return kept


@njit_uncounted
def without(postings, gone):
    """Take out, in place, the postings of the articles in ``gone`` (ascending); return the rest."""
    kept = 0
    for i in range(len(postings)):
        number = np.int64(postings[i] & np.uint64(LOW))
        low, high = 0, len(gone)
        while low < high:
            middle = (low + high) // 2
            if gone[middle] < number:
                low = middle + 1
            else:
                high = middle
        if low == len(gone) or gone[low] != number:
            postings[kept] = postings[i]
            kept += 1
    return kept


@njit_uncounted
def cut_blocks(postings, count, bounds):
    """Write where each of ``count`` blocks of a slice begins and ends (``count + 1`` places)."""
    at = 0
    for block in range(count):
        bounds[block] = at
        while at < len(postings) and (
            np.intp((postings[at] >> np.uint64(32)) * np.uint64(count) >> np.uint64(32)) == block
        ):
            at += 1
    bounds[count] = at


@njit
def meet(old, new, most, out, capacity):
    """Write (article of ``new``, article of ``old``) for postings of one key; return how many.

    Both are ordered. Of a key of ``old`` the last ``most`` take part. Those that ``capacity`` does
    not suffice for are only counted.
    """
    made = 0
    low = 0
    for i in range(len(new)):
        wanted = new[i] >> np.uint64(32)
        while low < len(old) and old[low] >> np.uint64(32) < wanted:
            low += 1
        high = low
        while high < len(old) and old[high] >> np.uint64(32) == wanted:
            high += 1
        for k in range(max(low, high - most), high):
            if made < capacity:
                out[made, 0] = np.int64(new[i] & np.uint64(LOW))
                out[made, 1] = np.int64(old[k] & np.uint64(LOW))
            made += 1
    return made


@njit
def give_way(pairs, leads, chosen, closest):
    """Let each article in turn give way to the closest representative before it.

    ``pairs`` (``Pairs``) name rows of ``leads`` (bool). Of equally close ones the lowest number is
    chosen. ``chosen`` (int64) gets the pair, -1 for none, ``closest`` (float64) its value.
    """
    later, earlier, similar, numbers = pairs
    for p in range(len(later)):
        row, other = later[p], earlier[p]
        if other >= 0 and not leads[other]:
            continue
        best = chosen[row]
        if (
            best < 0
            or similar[p] > closest[row]
            or (similar[p] == closest[row] and numbers[p] < numbers[best])
        ):
            chosen[row] = p
            closest[row] = similar[p]
            leads[row] = False
