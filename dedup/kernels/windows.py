"""Text to what a reading leaves of it: signature, band keys, sums of its content, shingles.

A text is taken a window at a time, so room is needed for the tokens of one window, however long the
text is.
"""

from __future__ import annotations

import numpy as np

from dedup.kernels._jit import njit
from dedup.kernels.ascii import hash_words, widest_window, window_end
from dedup.kernels.buckets import band_key
from dedup.kernels.minhash import padded, permute
from dedup.kernels.shingles import MULTIPLIER, distinct_row, fmix64, shingle_units, table_size

WINDOW = 1 << 16  # bytes that are looked at together: what is made of them fits the cache
_MOST = np.uint32(0xFFFFFFFF)


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
def take_text(
    data,
    lo,
    hi,
    stage,
    values,
    expansions,
    size,
    window,
    buffers,
    a,
    b,
    signature,
    fingerprints,
    shingles,
    position,
    keep,
):
    """Write the shingles of ``data[lo:hi]`` to ``shingles`` from ``position`` on.

    Those of each window are written over the ones before, unless ``keep``. ``signature`` and
    ``fingerprints`` (or ``None``) get what is made of all of them; ``buffers`` is what
    ``make_buffers`` gives. Returns the number of tokens, and the next place.
    """
    words, odd, digits, units, mixed = buffers
    total = np.int64(0)
    made = np.int64(0)
    kept = np.int64(0)  # tokens of the windows before that begin shingles of this one
    if signature is not None:
        signature[:] = _MOST
    if fingerprints is not None:
        fingerprints[:] = np.uint64(0)
    while lo < hi:
        end = window_end(data, lo, hi, window)
        count = hash_words(
            *(data, lo, end, stage, values, expansions, words, odd, digits, units[kept:])
        )
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
            permute(shingles, position, last, mixed, a, b, signature)
        made += last - position
        if keep:
            position = last
        kept = min(count, size - 1)
        for i in range(kept):
            units[i] = units[count - kept + i]
    if fingerprints is not None:
        start = fmix64(np.uint64(total))
        fingerprints[0] += start
        fingerprints[1] += start
    return total, position


@njit
def make_buffers(widest, size):
    """Return room for what ``take_text`` makes of a window of up to ``widest`` bytes."""
    tokens = widest + 2 + size
    return (
        np.empty(widest // 64 + 2, np.uint64),
        np.empty(widest // 64 + 2, np.uint64),
        np.empty(widest // 64 + 2, np.uint64),
        np.empty(tokens, np.uint64),
        np.empty(padded(tokens), np.uint32),
    )


@njit
def widest_of(data, offsets):
    """Return how long the longest window of all texts is."""
    widest = np.int64(0)
    for row in range(len(offsets) - 1):
        widest = max(widest, widest_window(data, offsets[row], offsets[row + 1], WINDOW))
    return widest


@njit
def sign_texts(data, offsets, stage, values, expansions, size, a, b, out, counts):
    """Write the word-shingle signature of every text, and how many tokens it has."""
    buffers = make_buffers(widest_of(data, offsets), size)
    shingles = np.empty(len(buffers[3]), np.uint64)
    for row in range(len(offsets) - 1):
        counts[row], _ = take_text(
            *(
                data,
                offsets[row],
                offsets[row + 1],
                stage,
                values,
                expansions,
                size,
                WINDOW,
                buffers,
            ),
            *(a, b, out[row], None, shingles, np.intp(0), False),
        )


@njit
def band_texts(
    data,
    offsets,
    stage,
    values,
    expansions,
    size,
    a,
    b,
    bands,
    rows,
    keys,
    fingerprints,
    counts,
    shingles,
    bounds,
):
    """Write what a first reading leaves of texts.

    ``keys`` gets the band keys (bands × documents), ``fingerprints`` those of the content,
    ``counts`` the numbers of tokens. ``shingles``, unless it is empty, gets the shingles, those of
    text ``r`` from ``bounds[r]`` on.
    """
    buffers = make_buffers(widest_of(data, offsets), size)
    keep = len(shingles) > 0
    made = shingles if keep else np.empty(len(buffers[3]), np.uint64)
    signature = np.empty(len(a), np.uint32)
    position = np.intp(0)
    bounds[0] = 0
    for row in range(len(offsets) - 1):
        counts[row], position = take_text(
            *(
                data,
                offsets[row],
                offsets[row + 1],
                stage,
                values,
                expansions,
                size,
                WINDOW,
                buffers,
            ),
            *(a, b, signature, fingerprints[row], made, position, keep),
        )
        for band in range(bands):
            keys[band, row] = band_key(signature, band, rows)
        bounds[row + 1] = position


@njit
def shingle_texts(data, offsets, chosen, stage, values, expansions, size, most, bounds, out):
    """Write the distinct shingles of the ``chosen`` texts; ``bounds`` says whose are where.

    Of a text with more than ``most`` all are written, for the caller to make them distinct.
    """
    widest = np.int64(0)
    for row in chosen:
        widest = max(widest, widest_window(data, offsets[row], offsets[row + 1], WINDOW))
    buffers = make_buffers(widest, size)
    table = np.empty(0, np.uint64)
    stamps = np.empty(0, np.int64)
    position = np.intp(0)
    bounds[0] = 0
    for k in range(len(chosen)):
        row = chosen[k]
        _, end = take_text(
            *(
                data,
                offsets[row],
                offsets[row + 1],
                stage,
                values,
                expansions,
                size,
                WINDOW,
                buffers,
            ),
            *(None, None, None, None, out, position, True),
        )
        if end - position > most:
            position = end
        else:
            if table_size(end - position) > len(table):
                table = np.empty(table_size(end - position), np.uint64)
                stamps = np.full(len(table), -1, np.int64)
            position += distinct_row(out, position, end, table, stamps, k)
        bounds[k + 1] = position
