"""Text to what a reading leaves of it: signature, band keys, sums of its content, shingles.

A text is taken a window at a time, so room is needed for the tokens of one window, however long the
text is.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from dedup.kernels._jit import njit
from dedup.kernels.ascii import Marks, hash_words, widest_window, window_end
from dedup.kernels.buckets import band_key
from dedup.kernels.minhash import padded, permute
from dedup.kernels.shingles import MULTIPLIER, distinct_row, fmix64, shingle_units, table_size
from dedup.kernels.text import Folding, Span

WINDOW = 1 << 16  # bytes that are looked at together: what is made of them fits the cache
_MOST = np.uint32(0xFFFFFFFF)


class Scheme(NamedTuple):
    """What the shingles and the signature of a text follow from, besides the text."""

    folding: Folding
    size: Any  # int64: words in a shingle
    permutations: Any  # ``Permutations``, ``None`` where there are no signatures


class Buffers(NamedTuple):
    """Room for one window of a text; ``make_buffers`` makes it for all texts of a call."""

    marks: Marks
    units: Any  # uint64: hashes of tokens, those carried over from the window before first
    mixed: Any  # uint32, ``padded`` many
    shingles: Any  # uint64


class Reading(NamedTuple):
    """How texts are read: by what, in windows of how many bytes, and what is kept."""

    scheme: Scheme
    window: Any  # int64
    keeps: Any  # bool: the shingles of all windows, and not those of the last alone
    buffers: Buffers


class Bands(NamedTuple):
    """What a first reading leaves of ``n`` texts."""

    keys: Any  # uint64 (bands, n)
    fingerprints: Any  # uint64 (n, 2): those of the content
    counts: Any  # int32 or int64 (n,): tokens


@njit
def add_content(shingles, lo, hi, first, fingerprints):
    """Add ``shingles[lo:hi]`` to 128 bits that only documents of the same tokens share.

    ``first`` is the place of the first of them in the document. Shingles overlap, so those and
    their places say what the tokens are.
    """
    one = np.uint64(0)
    two = np.uint64(0)
    position = np.uint64(2 * first + 1)
    for i in range(lo, hi):
        value = shingles[i]
        one += value * (position * MULTIPLIER | np.uint64(1))
        two += fmix64(value ^ position)
        position += np.uint64(2)
    fingerprints[0] += one
    fingerprints[1] += two


@njit
def carry_over(units, count, size):
    """Move the tokens that begin shingles of the next window to the front; return how many."""
    kept = min(count, size - 1)
    for i in range(kept):
        units[i] = units[count - kept + i]
    return kept


@njit
def take_text(span, reading, signature, fingerprints, shingles, position):
    """Write the shingles of a text (``Span``) to ``shingles`` (uint64) from ``position`` on.

    Those of each window are written over the ones before, unless ``reading.keeps``. ``signature``
    (uint32) and ``fingerprints`` (two uint64), or ``None``, get what is made of all of them.
    ``reading`` is ``Reading``. Returns the number of tokens, and the next place.
    """
    data, lo, hi = span
    (folding, size, permutations), window, keeps, buffers = reading
    units = buffers.units
    total = np.int64(0)
    made = np.int64(0)
    kept = np.int64(0)  # tokens of the windows before that begin shingles of this one
    if signature is not None:
        signature[:] = _MOST
    if fingerprints is not None:
        fingerprints[:] = np.uint64(0)
    while lo < hi:
        end = window_end(data, lo, hi, window)
        count = hash_words(Span(data, lo, end), folding, buffers.marks, units[kept:])
        lo = end
        total += count
        count += kept
        if count < size and (lo < hi or total > count):
            kept = count
            continue
        last = shingle_units(units, np.intp(0), count, size, shingles, position)
        if fingerprints is not None:
            add_content(shingles, position, last, made, fingerprints)
        if signature is not None:
            permute(shingles, position, last, buffers.mixed, permutations, signature)
        made += last - position
        if keeps:
            position = last
        kept = carry_over(units, count, size)
    if fingerprints is not None:
        start = fmix64(np.uint64(total))
        fingerprints[0] += start
        fingerprints[1] += start
    return total, position


@njit
def make_buffers(widest, size):
    """Return room for what ``take_text`` makes of a window of up to ``widest`` bytes."""
    numbers = widest // 64 + 2
    tokens = widest + 2 + size
    return Buffers(
        Marks(
            np.empty(numbers, np.uint64), np.empty(numbers, np.uint64), np.empty(numbers, np.uint64)
        ),
        np.empty(tokens, np.uint64),
        np.empty(padded(tokens), np.uint32),
        np.empty(tokens, np.uint64),
    )


@njit
def widest_of(data, offsets):
    """Return how long the longest window of all texts is."""
    widest = np.int64(0)
    for row in range(len(offsets) - 1):
        widest = max(widest, widest_window(data, offsets[row], offsets[row + 1], WINDOW))
    return widest


@njit
def reading_of(data, offsets, scheme):
    """Return the ``Reading`` of the texts ``data[offsets[r]:offsets[r + 1]]`` (uint8, int64)."""
    return Reading(scheme, WINDOW, False, make_buffers(widest_of(data, offsets), scheme.size))


@njit
def sign_texts(data, offsets, scheme, out, counts):
    """Write the word-shingle signature of every text, and how many tokens it has.

    Text ``r`` is ``data[offsets[r]:offsets[r + 1]]`` (uint8, int64), ``scheme`` is ``Scheme``;
    ``out`` is uint32 (texts, permutations), ``counts`` int64.
    """
    reading = reading_of(data, offsets, scheme)
    made = reading.buffers.shingles
    for row in range(len(offsets) - 1):
        span = Span(data, offsets[row], offsets[row + 1])
        counts[row], _ = take_text(span, reading, out[row], None, made, np.intp(0))


@njit
def band_texts(data, offsets, scheme, rows, out):
    """Write what a first reading leaves of texts to ``out`` (``Bands``).

    Text ``r`` is ``data[offsets[r]:offsets[r + 1]]`` (uint8, int64), ``scheme`` is ``Scheme``; a
    band has ``rows`` values of a signature.
    """
    reading = reading_of(data, offsets, scheme)
    made = reading.buffers.shingles
    signature = np.empty(len(scheme.permutations.a), np.uint32)
    for row in range(len(offsets) - 1):
        span = Span(data, offsets[row], offsets[row + 1])
        out.counts[row], _ = take_text(
            span, reading, signature, out.fingerprints[row], made, np.intp(0)
        )
        for band in range(len(out.keys)):
            out.keys[band, row] = band_key(signature, band, rows)


@njit
def shingle_texts(texts, chosen, scheme, most, bounds, out):
    """Write the distinct shingles of the ``chosen`` texts (int64); ``bounds`` says whose are where.

    ``texts`` are (data, offsets), uint8 and int64; ``scheme`` is ``Scheme``, ``bounds`` int64,
    ``out`` uint64. Of a text with more than ``most`` all are written, for the caller to make them
    distinct.
    """
    data, offsets = texts
    widest = np.int64(0)
    for row in chosen:
        widest = max(widest, widest_window(data, offsets[row], offsets[row + 1], WINDOW))
    reading = Reading(scheme, WINDOW, True, make_buffers(widest, scheme.size))
    table = np.empty(0, np.uint64)
    stamps = np.empty(0, np.int64)
    position = np.intp(0)
    bounds[0] = 0
    for k in range(len(chosen)):
        row = chosen[k]
        span = Span(data, offsets[row], offsets[row + 1])
        _, end = take_text(span, reading, None, None, out, position)
        if end - position > most:
            position = end
        else:
            if table_size(end - position) > len(table):
                table = np.empty(table_size(end - position), np.uint64)
                stamps = np.full(len(table), -1, np.int64)
            position += distinct_row(out, position, end, table, stamps, k)
        bounds[k + 1] = position
