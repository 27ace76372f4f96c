"""Passage seeds: hashed word n-grams, and pairs of content words, that several documents have.

Seeds are made twice and never all held: the first time they are counted in a small table of
saturating counters, the second time those that surely occur once are left out.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from dedup.kernels._jit import njit, njit_uncounted, prefetch
from dedup.kernels.buckets import lay_out
from dedup.kernels.shingles import MULTIPLIER, fmix64, power_of
from dedup.kernels.stopwords import BLANK, CONTENT, STOP
from dedup.kernels.text import UNSPACED

NGRAMS, WORD_PAIRS = 0, 1  # kinds of seeds


class Kind(NamedTuple):
    """What seeds are (int64)."""

    number: Any  # NGRAMS or WORD_PAIRS
    reach: Any  # words of an n-gram; tokens from one word of a pair to the next, at most


class Words(NamedTuple):
    """The tokens of several documents as seeds are made of them, one of each a token."""

    hashes: Any  # uint64
    prefixes: Any  # uint64
    classes: Any  # uint8: those of ``stopwords``
    flags: Any  # uint8: those of ``text``
    bounds: Any  # int64: the tokens of document ``r`` are ``bounds[r]:bounds[r + 1]``


class Part(NamedTuple):
    """A part of all hashes (int64): number ``part`` of ``parts`` equal ones."""

    part: Any
    parts: Any


class Seeds(NamedTuple):
    """Seeds in order of document and place, three arrays of one length."""

    values: Any  # uint64
    rows: Any  # int32: the document
    positions: Any  # int32: the token


class Groups(NamedTuple):
    """Seeds by value: those of group ``g`` are ``bounds[g]:bounds[g + 1]``."""

    bounds: Any  # int64
    rows: Any  # int32: the document
    positions: Any  # int32: the token


class SeedRows(NamedTuple):
    """Seeds by document: those of document ``r`` are ``starts[r]:starts[r + 1]``."""

    starts: Any  # int64
    groups: Any  # int32 or uint32: the group of each
    positions: Any  # int32: the token


@njit_uncounted
def part_of(value, parts):
    """Return which of ``parts`` equal parts of all hashes one belongs to."""
    return np.intp((value >> np.uint64(32)) * np.uint64(parts) >> np.uint64(32))


@njit_uncounted
def write_ngrams(hashes, classes, size, values, positions):
    """Write a seed for every run of ``size`` words of one document; return how many.

    A run of stop words alone is no seed, nor of one word alone, nor is one with a blank token: of
    two rows of zeros every place would match with every other. ``hashes`` (uint64) and ``classes``
    (uint8) are those of its tokens; ``values`` is uint64, ``positions`` int32.
    """
    behind = power_of(size)  # what the first word of a run is multiplied by when the last comes in
    made = stops = blanks = 0
    begin = np.intp(0)  # of the words equal to the last one, without another between
    h = np.uint64(0)
    for i in range(len(hashes)):
        h = h * MULTIPLIER + hashes[i]
        if hashes[i] != hashes[max(i - 1, 0)]:
            begin = i
        stops += np.intp(classes[i] == STOP)
        blanks += np.intp(classes[i] == BLANK)
        first = i - size + 1
        if first > 0:
            h -= hashes[first - 1] * behind
            stops -= np.intp(classes[first - 1] == STOP)
            blanks -= np.intp(classes[first - 1] == BLANK)
        if first >= 0 and blanks == 0 and stops < size and first < begin:
            values[made] = fmix64(h)
            positions[made] = first
            made += 1
    return made


@njit_uncounted
def write_word_pairs(words, row, reach, values, positions):
    """Write a seed for every two consecutive content words of one document.

    ``words`` are ``Words``, ``values`` and ``positions`` as in ``write_ngrams``.
    Stop words between them do not matter, up to ``reach`` tokens, nor does their order; two names
    are no seed, nor are characters of an unspaced script. Returns how many there are.
    """
    prefixes, classes, flags = words.prefixes, words.classes, words.flags
    lo, hi = words.bounds[row], words.bounds[row + 1]
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


@njit_uncounted
def write_seeds(kind, words, row, values, positions):
    """Write the seeds of one ``Kind`` of one document; the rest as in ``write_word_pairs``."""
    if kind.number == NGRAMS:
        own = slice(words.bounds[row], words.bounds[row + 1])
        return write_ngrams(words.hashes[own], words.classes[own], kind.reach, values, positions)
    return write_word_pairs(words, row, kind.reach, values, positions)


@njit_uncounted
def longest_of(bounds, rows):
    """Return the tokens of the longest of some documents (int64), one at least."""
    longest = 1
    for row in rows:
        longest = max(longest, bounds[row + 1] - bounds[row])
    return longest


@njit_uncounted
def place_of(value, counters):
    """Return which byte of ``counters`` counts a seed, and by how many bits its count is shifted.

    ``counters`` (uint8) holds four to a byte, a power of two in all.
    """
    slot = value & np.uint64(4 * len(counters) - 1)
    return np.intp(slot >> np.uint64(2)), np.uint8((slot & np.uint64(3)) << np.uint64(1))


@njit_uncounted
def ask_for_counts(values, made, counters):
    """Ask for the counts of the first ``made`` seeds: all are under way before one is needed."""
    for k in range(made):
        byte, _ = place_of(values[k], counters)
        prefetch(counters, byte)


@njit
def mark_seeds(kind, words, rows, counters):
    """Count the seeds of the documents ``rows`` (int64): none, one, or more of each.

    ``kind`` is ``Kind``, ``words`` are ``Words``, ``counters`` as in ``place_of``. Returns how many
    seeds were there before.
    """
    longest = longest_of(words.bounds, rows)
    values = np.empty(longest, np.uint64)
    positions = np.empty(longest, np.int32)
    again = 0
    for row in rows:
        made = write_seeds(kind, words, row, values, positions)
        ask_for_counts(values, made, counters)
        for k in range(made):
            byte, shift = place_of(values[k], counters)
            count = (counters[byte] >> shift) & np.uint8(3)
            if count < 2:
                counters[byte] += np.uint8(1) << shift
            if count > 0:
                again += 1
    return again


@njit
def pick_seeds(kind, words, rows, counters, out):
    """Write the seeds of the documents ``rows`` (int64) that may occur again, in their order.

    ``kind`` is ``Kind``, ``words`` are ``Words``, ``counters`` as ``mark_seeds`` left them. They
    are written as far as there is room in ``out`` (``Seeds``); all are counted. Returns how many
    there are.
    """
    longest = longest_of(words.bounds, rows)
    values = np.empty(longest, np.uint64)
    positions = np.empty(longest, np.int32)
    found = 0
    for row in rows:
        made = write_seeds(kind, words, row, values, positions)
        ask_for_counts(values, made, counters)
        for k in range(made):
            byte, shift = place_of(values[k], counters)
            if (counters[byte] >> shift) & np.uint8(3) < 2:
                continue
            if found < len(out.values):
                out.values[found] = values[k]
                out.rows[found] = row
                out.positions[found] = positions[k]
            found += 1
    return found


@njit
def split_seeds(seeds, whole, bounds, out):
    """Put ``Seeds`` that are of one ``Part`` of all hashes in order of smaller parts of it.

    There are as many smaller parts as ``bounds`` (int64) has intervals; it gets where each begins
    and ends. In each they stay in their order. ``out`` (``Seeds``) may have more room.
    """
    values, rows, positions = seeds
    out_values, out_rows, out_positions = out
    smaller = len(bounds) - 1
    first, parts = whole.part * smaller, whole.parts * smaller
    bounds[:] = 0
    for i in range(len(values)):
        bounds[part_of(values[i], parts) - first + 1] += 1
    for part in range(smaller):
        bounds[part + 1] += bounds[part]
    cursor = bounds[:-1].copy()
    for i in range(len(values)):
        part = part_of(values[i], parts) - first
        at = cursor[part]
        cursor[part] = at + 1
        out_values[at] = values[i]
        out_rows[at] = rows[i]
        out_positions[at] = positions[i]


@njit_uncounted
def gather_groups(seeds, numbers, sizes, made, out):
    """Write documents and places of every group of two seeds or more, in their order.

    ``seeds`` are ``Seeds``, ``numbers`` (int32) has the group of each; ``sizes`` (int32) has the
    size of each of the ``made`` groups and is used up. Returns how many groups are written to
    ``out`` (``Groups``).
    """
    count = lay_out(sizes, made, out.bounds)
    for i in range(len(numbers)):
        at = sizes[numbers[i]]
        if at >= 0:
            out.rows[at] = seeds.rows[i]
            out.positions[at] = seeds.positions[i]
            sizes[numbers[i]] = at + 1
    return count


@njit_uncounted
def last_rank(rows, begin, end, ranks, least):
    """Return the greatest of the least ranks (int32) that documents in ``rows`` may have.

    Those documents are ``begin:end``, one beside its like; ``ranks`` (int32) has the rank of every
    document. As many may stay as ``least`` (int32, scratch) has room for; all may where they are
    not more.
    """
    held = 0
    before = np.int32(-1)
    for j in range(begin, end):
        if rows[j] == before:
            continue
        before = rows[j]
        rank = ranks[before]
        if held == len(least):
            if rank >= least[held - 1]:
                continue
            held -= 1
        at = held
        while at > 0 and least[at - 1] > rank:
            least[at] = least[at - 1]
            at -= 1
        least[at] = rank
        held += 1
    return least[held - 1]


@njit_uncounted
def bound_groups(groups, count, ranks, most, least):
    """Bound each group to some documents and ``most`` places in each, moved together in place.

    The places of a group are in order of document. Those of the documents of least rank stay
    (``ranks`` and ``least`` as in ``last_rank``), so that all seeds of a passage keep the same
    documents. Groups of one document go. ``groups`` are ``Groups``, ``count`` of them.
    Returns (groups, places, groups cut, places cut, places over ``most``).
    """
    bounds, rows, positions = groups
    kept = made = oversized = outside = repeated = 0
    begin = bounds[0]
    for group in range(count):
        end = bounds[group + 1]
        if rows[begin] != rows[end - 1]:
            last = np.int32(-1)  # all may stay
            if end - begin > len(least):
                last = last_rank(rows, begin, end, ranks, least)
            same = gone = 0
            before = np.int32(-1)
            for j in range(begin, end):
                row = rows[j]
                if last >= 0 and ranks[row] > last:
                    gone += 1
                    continue
                same = same + 1 if row == before else 0
                before = row
                if same >= most:
                    repeated += 1
                    continue
                rows[made] = row
                positions[made] = positions[j]
                made += 1
            oversized += 1 if gone > 0 else 0
            outside += gone
            kept += 1
            bounds[kept] = made
        begin = end
    return kept, made, oversized, outside, repeated


@njit_uncounted
def count_rows(rows, counts):
    """Add to ``counts`` (int64) how often each document stands in ``rows`` (int32)."""
    for row in rows:
        counts[row] += 1


@njit_uncounted
def index_rows(first, last, groups, low, cursor, out):
    """Write group and place of the seeds that some documents have in the groups ``first:last``.

    ``groups`` are ``Groups``. The documents are those from ``low`` on; ``cursor`` (int64) says
    where in ``out`` (``SeedRows``) the next seed of each goes.
    """
    high = low + len(cursor)
    for group in range(first, last):
        for j in range(groups.bounds[group], groups.bounds[group + 1]):
            row = groups.rows[j]
            if low <= row < high:
                at = cursor[row - low]
                out.groups[at] = group
                out.positions[at] = groups.positions[j]
                cursor[row - low] = at + 1


@njit
def sort_rows(seeds, longest):
    """Put the seeds of each document in order of place; there is one at most at each.

    ``seeds`` are ``SeedRows``, ``longest`` is more than any place.
    """
    starts, groups, positions = seeds
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
