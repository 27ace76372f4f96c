"""Passage seeds: hashed word n-grams, and pairs of content words, that several documents have.

Seeds are made twice and never all held: the first time they are counted in a small table of
saturating counters, the second time those that surely occur once are left out.
"""

from __future__ import annotations

import numpy as np

from dedup.kernels._jit import njit
from dedup.kernels.buckets import lay_out
from dedup.kernels.shingles import MULTIPLIER, fmix64
from dedup.kernels.stopwords import BLANK, CONTENT, STOP
from dedup.kernels.text import UNSPACED

NGRAMS, WORD_PAIRS = 0, 1  # kinds of seeds


@njit
def part_of(value, parts):
    """Return which of ``parts`` equal parts of all hashes one belongs to."""
    return np.intp((value >> np.uint64(32)) * np.uint64(parts) >> np.uint64(32))


@njit
def write_ngrams(hashes, classes, lo, hi, size, values, positions):
    """Write a seed for every run of ``size`` words of one document; return how many.

    A run of stop words alone is no seed, nor is one with a blank token.
    """
    made = 0
    for i in range(lo, hi - size + 1):
        h = np.uint64(0)
        stops = 0
        blank = False
        for j in range(i, i + size):
            h = h * MULTIPLIER + hashes[j]
            blank = blank or classes[j] == BLANK
            if classes[j] == STOP:
                stops += 1
        if not blank and stops < size:
            values[made] = fmix64(h)
            positions[made] = i - lo
            made += 1
    return made


@njit
def write_word_pairs(prefixes, classes, flags, lo, hi, reach, values, positions):
    """Write a seed for every two consecutive content words of one document.

    Stop words between them do not matter, up to ``reach`` tokens, nor does their order; two names
    are no seed, nor are characters of an unspaced script. Returns how many there are.
    """
    made = 0
    before = np.intp(-1)
    for i in range(lo, hi):
        if classes[i] == BLANK or flags[i] & UNSPACED != 0:
            before = -1
            continue
        if classes[i] == STOP:
            continue
        if (
            before >= 0
            and i - before <= reach
            and (classes[i] == CONTENT or classes[before] == CONTENT)
            and prefixes[i] != prefixes[before]
        ):
            low = min(prefixes[i], prefixes[before])
            high = max(prefixes[i], prefixes[before])
            values[made] = fmix64(low * MULTIPLIER + high)
            positions[made] = before - lo
            made += 1
        before = i
    return made


@njit
def write_seeds(kind, reach, words, lo, hi, values, positions):
    """Write the seeds of one kind of one document; ``reach`` is the size of runs."""
    hashes, prefixes, classes, flags, _ = words
    if kind == NGRAMS:
        return write_ngrams(hashes, classes, lo, hi, reach, values, positions)
    return write_word_pairs(prefixes, classes, flags, lo, hi, reach, values, positions)


@njit
def longest_of(bounds, low, high):
    """Return the tokens of the longest of some documents."""
    longest = 1
    for row in range(low, high):
        longest = max(longest, bounds[row + 1] - bounds[row])
    return longest


@njit
def mark_seeds(kind, reach, words, chosen, low, high, counters):
    """Count the seeds of the ``chosen`` documents of ``low:high``: none, one, or more of each.

    ``words`` are (hashes, stems, classes, flags, bounds of documents). ``counters`` holds four to
    a byte, a power of two in all. Returns how many seeds were there before.
    """
    bounds = words[4]
    mask = np.uint64(4 * len(counters) - 1)
    longest = longest_of(bounds, low, high)
    values = np.empty(longest, np.uint64)
    positions = np.empty(longest, np.int32)
    again = 0
    for row in range(low, high):
        if not chosen[row]:
            continue
        for k in range(
            write_seeds(kind, reach, words, bounds[row], bounds[row + 1], values, positions)
        ):
            slot = values[k] & mask
            byte = np.intp(slot >> np.uint64(2))
            shift = np.uint8((slot & np.uint64(3)) << np.uint64(1))
            count = (counters[byte] >> shift) & np.uint8(3)
            if count < 2:
                counters[byte] += np.uint8(1) << shift
            if count > 0:
                again += 1
    return again


@njit
def pick_seeds(kind, reach, words, chosen, low, high, counters, part, parts, found, out):
    """Write the seeds that may occur again, in order of document and place.

    Of all seeds those whose hash is in ``part`` of ``parts`` are written behind the ``found`` that
    are there, as far as there is room in ``out`` (values, documents, tokens); all are counted.
    Returns how many there are by now.
    """
    bounds = words[4]
    mask = np.uint64(4 * len(counters) - 1)
    longest = longest_of(bounds, low, high)
    values = np.empty(longest, np.uint64)
    positions = np.empty(longest, np.int32)
    out_values, out_rows, out_positions = out
    for row in range(low, high):
        if not chosen[row]:
            continue
        for k in range(
            write_seeds(kind, reach, words, bounds[row], bounds[row + 1], values, positions)
        ):
            if part_of(values[k], parts) != part:
                continue
            slot = values[k] & mask
            shift = np.uint8((slot & np.uint64(3)) << np.uint64(1))
            if (counters[np.intp(slot >> np.uint64(2))] >> shift) & np.uint8(3) < 2:
                continue
            if found < len(out_values):
                out_values[found] = values[k]
                out_rows[found] = row
                out_positions[found] = positions[k]
            found += 1
    return found


@njit
def split_seeds(seeds, made, bounds, out):
    """Put ``made`` seeds (values, documents, tokens) in order of their part, otherwise as they are.

    There are as many parts as ``bounds`` has intervals; it gets where each begins and ends.
    """
    values, rows, positions = seeds
    out_values, out_rows, out_positions = out
    parts = len(bounds) - 1
    bounds[:] = 0
    for i in range(made):
        bounds[part_of(values[i], parts) + 1] += 1
    for part in range(parts):
        bounds[part + 1] += bounds[part]
    cursor = bounds[:-1].copy()
    for i in range(made):
        part = part_of(values[i], parts)
        at = cursor[part]
        cursor[part] = at + 1
        out_values[at] = values[i]
        out_rows[at] = rows[i]
        out_positions[at] = positions[i]


@njit
def gather_groups(
    order, starts, groups, sizes, made, positions, group_rows, group_positions, bounds
):
    """Write rows and places of every group of two seeds or more, by the rank of the documents.

    The seeds of document ``row`` are ``starts[row]:starts[row + 1]``; ``groups`` has the number of
    each, ``sizes`` the size of each of the ``made`` groups and is used up. ``order`` are the
    documents by rank. Returns how many groups are written; ``bounds`` says where they end.
    """
    count = lay_out(sizes, made, bounds)
    for row in order:
        for i in range(starts[row], starts[row + 1]):
            at = sizes[groups[i]]
            if at >= 0:
                group_rows[at] = row
                group_positions[at] = positions[i]
                sizes[groups[i]] = at + 1
    return count


@njit
def bound_groups(bounds, count, limit, most, group_rows, group_positions, row_counts):
    """Bound each group to ``limit`` documents and ``most`` places in each, moved together in place.

    The places of a group are in order of the documents' rank; those of least rank stay, so that
    all seeds of a passage keep the same documents. Groups of one document go. ``row_counts`` gets
    how many places each document keeps. Returns (groups, places, groups cut, places cut, places
    over ``most``).
    """
    groups = made = oversized = outside = repeated = 0
    begin = bounds[0]
    for group in range(count):
        end = bounds[group + 1]
        documents = 1
        stop = begin + 1
        while stop < end:
            if group_rows[stop] != group_rows[stop - 1]:
                if documents == limit:
                    break
                documents += 1
            stop += 1
        if stop < end:
            oversized += 1
            outside += end - stop
        if documents > 1:
            same = 0
            before = np.int32(-1)
            for j in range(begin, stop):
                row = group_rows[j]
                same = same + 1 if row == before else 0
                before = row
                if same >= most:
                    repeated += 1
                    continue
                group_rows[made] = row
                group_positions[made] = group_positions[j]
                row_counts[row] += 1
                made += 1
            groups += 1
            bounds[groups] = made
        begin = end
    return groups, made, oversized, outside, repeated


@njit
def index_rows(
    first, last, bounds, group_rows, group_positions, low, high, cursor, groups, positions
):
    """Write group and place of the seeds that the documents ``low:high`` have in some groups.

    The groups are ``first:last``; ``cursor`` says where the next seed of each document goes.
    """
    for group in range(first, last):
        for j in range(bounds[group], bounds[group + 1]):
            row = group_rows[j]
            if low <= row < high:
                at = cursor[row - low]
                groups[at] = group
                positions[at] = group_positions[j]
                cursor[row - low] = at + 1


@njit
def sort_rows(starts, groups, positions, longest):
    """Put the seeds of each document in order of place; there is one at most at each.

    ``longest`` is more than any place.
    """
    at_place = np.full(longest, -1, np.int64)
    for row in range(len(starts) - 1):
        lowest = longest
        highest = -1
        for i in range(starts[row], starts[row + 1]):
            at_place[positions[i]] = groups[i]
            lowest = min(lowest, np.intp(positions[i]))
            highest = max(highest, np.intp(positions[i]))
        i = starts[row]
        for position in range(lowest, highest + 1):
            if at_place[position] >= 0:
                groups[i] = at_place[position]
                positions[i] = position
                at_place[position] = -1
                i += 1
