"""Passages of one text with chosen documents: its seeds are looked up in each of them.

A scan indexes the seeds of all documents. Where a text is compared with a few, it is quicker to
hold its own seeds in a table and go through theirs. The passages are the same.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from dedup.kernels._jit import njit, njit_uncounted
from dedup.kernels.passages import (
    COLUMNS,
    ENOUGH,
    PAIR_WORTH,
    RUN_WORTH,
    A,
    B,
    Found,
    enlarged,
    is_promising,
    most_passages,
    pair_passages,
)
from dedup.kernels.seeds import longest_of, write_seeds
from dedup.kernels.shingles import table_size
from dedup.kernels.sides import Seeds, Side


class Asked(NamedTuple):
    """Texts, and the documents that each is compared with, all by row (int64)."""

    rows: Any  # the texts
    bounds: Any  # one more than texts
    others: Any  # those of text ``t`` are ``others[bounds[t]:bounds[t + 1]]``


class Kinds(NamedTuple):
    """What seeds are made of a document, and how often one of them counts."""

    runs: Any  # ``seeds.Kind``
    word_pairs: Any  # ``seeds.Kind``
    most: Any  # places of one seed in one document


class Sought(NamedTuple):
    """The seeds of one kind of a text, in order of place, and a table of their values."""

    values: Any  # uint64
    places: Any  # int32: the token
    slots: Any  # int32, a power of two: the first seed of each value, -1 where there is none
    following: Any  # int32: the next seed of the same value, -1 behind the last


class Room(NamedTuple):
    """Where the seeds of a document are written: a place for each token of the longest."""

    values: Any  # uint64
    places: Any  # int32


@njit_uncounted
def slot_of(value, values, slots):
    """Return the slot of a value (uint64) in the table of a ``Sought``, or the free one for it."""
    mask = np.intp(len(slots) - 1)
    slot = np.intp(value & np.uint64(mask))
    while slots[slot] >= 0 and values[slots[slot]] != value:
        slot = (slot + 1) & mask
    return slot


@njit
def take_up(kind, words, row, room):
    """Return the ``Sought`` of one ``Kind`` of a document; ``words`` are ``seeds.Words``."""
    made = write_seeds(kind, words, row, room.values, room.places)
    values, places = room.values[:made].copy(), room.places[:made].copy()
    slots = np.full(table_size(made), -1, np.int32)
    following = np.empty(made, np.int32)
    for k in range(made - 1, -1, -1):
        slot = slot_of(values[k], values, slots)
        following[k] = slots[slot]
        slots[slot] = k
    return Sought(values, places, slots, following)


@njit_uncounted
def find_heads(sought, room, made, most, found):
    """Find which of the ``made`` seeds in ``room`` a text has, and count what they match.

    ``found`` are three arrays: ``heads`` (int32) gets the first seed of the text of the same value,
    -1 where there is none or ``most`` came before, ``often`` (int32, 0) how many have each, and
    ``starts`` (int64, 0) behind each seed of the text how many match it.
    """
    values, _, slots, following = sought
    heads, often, starts = found
    for j in range(made):
        head = slots[slot_of(room.values[j], values, slots)]
        if head >= 0 and often[head] == most:
            head = np.int32(-1)
        heads[j] = head
        if head < 0:
            continue
        often[head] += 1
        k = head
        for _ in range(most):
            if k < 0:
                break
            starts[k + 1] += 1
            k = following[k]


@njit_uncounted
def write_matches(sought, room, found, most, out):
    """Write the seeds that match to ``out`` (``Seeds``).

    ``found`` are ``heads`` of ``find_heads`` for the seeds in ``room``, and where the matches of
    each seed of the text go (int64), which is moved on.
    """
    heads, starts = found
    _, places, _, following = sought
    first, second = out
    for j in range(len(heads)):
        k = heads[j]
        for _ in range(most):
            if k < 0:
                break
            first[starts[k]] = places[k]
            second[starts[k]] = room.places[j]
            starts[k] += 1
            k = following[k]


@njit
def match_seeds(sought, room, made, most):
    """Return the ``Seeds`` that a text shares with a document, and how many of its own they are.

    The ``made`` seeds of the document stand in ``room``. Of one seed the first ``most`` places
    count on either side.
    """
    size = len(sought.values)
    heads = np.empty(made, np.int32)
    often = np.zeros(size, np.int32)
    starts = np.zeros(size + 1, np.int64)
    find_heads(sought, room, made, most, (heads, often, starts))
    shared = 0
    for k in range(size):
        shared += starts[k + 1] > 0
        starts[k + 1] += starts[k]
    seeds = Seeds(np.empty(starts[size], np.int64), np.empty(starts[size], np.int64))
    write_matches(sought, room, (heads, starts), most, seeds)
    return seeds, shared


@njit
def side_of(words, weights, row):
    """Return the ``Side`` of a document; ``words`` are ``seeds.Words``, ``weights`` float32."""
    own = slice(words.bounds[row], words.bounds[row + 1])
    return Side(words.prefixes[own], weights[own], words.classes[own], words.flags[own])


@njit
def find_sought(asked, words, weights, kinds, limits, scratch):
    """Find the passages of the texts of ``Asked`` with the documents that each is compared with.

    ``words`` are ``seeds.Words``, ``weights`` (float32) those of their tokens, ``kinds`` are
    ``Kinds``, ``limits`` are ``Limits``, ``scratch`` is the ``Scratch`` of the longest. Returns
    passages and their figures as ``passages.find_passages`` does; the text comes first.
    """
    rows, figures = np.empty((0, COLUMNS), np.int64), np.empty((0, 2), np.float64)
    longest = longest_of(words.bounds, range(len(words.bounds) - 1))
    room = Room(np.empty(longest, np.uint64), np.empty(longest, np.int32))
    total = 0
    for text in range(len(asked.rows)):
        row = asked.rows[text]
        own_runs = take_up(kinds.runs, words, row, room)
        own_pairs = take_up(kinds.word_pairs, words, row, room)
        a = side_of(words, weights, row)
        for other in asked.others[asked.bounds[text] : asked.bounds[text + 1]]:
            made = write_seeds(kinds.runs, words, other, room.values, room.places)
            runs, worth = match_seeds(own_runs, room, made, kinds.most)
            made = write_seeds(kinds.word_pairs, words, other, room.values, room.places)
            word_pairs, more = match_seeds(own_pairs, room, made, kinds.most)
            matches = (runs, word_pairs)
            if worth * RUN_WORTH + more * PAIR_WORTH < ENOUGH:
                continue
            if not is_promising(matches, limits.size):
                continue
            most = most_passages(*matches)
            if total + most > len(rows):
                rows, figures = enlarged(rows, most), enlarged(figures, most)
            found = Found(rows[total:], figures[total:])
            b = side_of(words, weights, other)
            count, _ = pair_passages(a, b, matches, limits, scratch, found)
            scratch.stamp[0] += 3
            rows[total : total + count, A] = row
            rows[total : total + count, B] = other
            total += count
    return rows[:total], figures[:total]
