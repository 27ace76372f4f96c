"""Indexes of passage seeds: from seed to documents and positions, and from document to seeds.

A seed is a hashed word n-gram or a pair of content words. Only seeds of two documents or more
are held; the rest is filtered out before it takes memory.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from dedup.config import Config
from dedup.core.arrays import (
    Bool,
    Int32,
    Int64,
    UInt8,
    UInt32,
    UInt64,
    offsets_of,
    runs_of_rows,
    table_size,
)
from dedup.core.storage import Array, Columns
from dedup.kernels import buckets as lsh_kernel
from dedup.kernels import seeds as kernel
from dedup.kernels.seeds import NGRAMS, WORD_PAIRS
from dedup.kernels.shingles import MULTIPLIER
from dedup.text.stopwords import Words
from dedup.text.tokens import Tokens

__all__ = ["NGRAMS", "WORD_PAIRS", "Ranked", "SeedIndex", "index_seeds", "ranked"]

_NAMES = {NGRAMS: "ngrams", WORD_PAIRS: "word_pairs"}
WORD_PAIR_REACH = 6  # tokens from one content word to the next
_PART_SEEDS = 1 << 23  # that are grouped at a time, about, where arrays are in files …
_HELD_SEEDS = 1 << 24  # … and where they are in memory
_SEED = {"values": np.uint64, "rows": np.int32, "places": np.int32}
PLACES = 8  # places of one seed in one document
_RUN_TOKENS = 1 << 21  # whose seeds are made at a time
_ROW_SEEDS = 1 << 24  # that are put in order of documents at a time, in files
_MOST_COUNTERS = 1 << 28  # bytes of the filter, four counters each


@dataclass(frozen=True, slots=True)
class SeedIndex:
    """Seeds by document (``bounds``, ``groups``, ``positions``) and by value (``group_*``)."""

    bounds: Int64
    groups: UInt32
    positions: Int32
    group_bounds: Int64
    group_rows: Int32
    group_positions: Int32

    def arrays(self) -> tuple[Int64 | Int32 | UInt32, ...]:
        """Return the arrays as the kernels take them."""
        return (
            self.bounds,
            self.groups,
            self.positions,
            self.group_bounds,
            self.group_rows,
            self.group_positions,
        )


@dataclass(frozen=True, slots=True)
class _Seeds:
    """The seeds of one kind of the ``chosen`` documents, computed again each time."""

    kind: kernel.Kind
    tokens: Tokens
    words: Words
    chosen: Bool
    columns: Columns

    def arrays(self) -> kernel.Words:
        """Return what seeds are made of as the kernels take it."""
        tokens = self.tokens
        given = tokens.hashes, tokens.prefixes, self.words.classes, tokens.flags, tokens.bounds
        return kernel.Words(*given)

    def runs(self) -> Iterator[Int64]:
        """Yield the chosen documents, some at a time."""
        for low, high in runs_of_rows(self.tokens.bounds, _RUN_TOKENS):
            yield low + np.flatnonzero(self.chosen[low:high])
            self.columns.ease()

    def mark(self) -> tuple[UInt8, int]:
        """Return the filter of all seeds, and how many came a second time or later."""
        size = 1 << max(10, int(self.tokens.bounds[-1] - 1).bit_length())
        counters = np.zeros(min(size, _MOST_COUNTERS), np.uint8)
        again, words = 0, self.arrays()
        for rows in self.runs():
            again += kernel.mark_seeds(self.kind, words, rows, counters)
        return counters, again

    def parts(self, counters: UInt8, again: int) -> Iterator[tuple[_Room, int]]:
        """Yield the seeds that may occur again, part by part, and how many of a part there are."""
        if self.columns.in_files and 2 * again > _PART_SEEDS:
            yield from self._parts_in_files(counters, 2 * again // _PART_SEEDS + 1)
            return
        parts = 2 * again // _HELD_SEEDS + 1
        capacity = _Room.of(int(2 * again / parts * 1.2) + 1024)
        for part in range(parts):
            made = self._pick(counters, part, parts, capacity)
            if made > len(capacity.values):  # some seeds are in very many documents
                capacity = _Room.of(made)
                self._pick(counters, part, parts, capacity)
            yield capacity, made

    def _parts_in_files(self, counters: UInt8, parts: int) -> Iterator[tuple[_Room, int]]:
        """Write the seeds to a file for each part first, for they are made from mapped files."""
        spool = self.columns.spool
        assert spool is not None
        names = [[f"seeds.{part}.{what}" for what in _SEED] for part in range(parts)]
        for own in names:
            for name in own:
                spool.discard(name)
        bounds, words = np.zeros(parts + 1, np.int64), self.arrays()
        sieve = kernel.Sieve(counters, 0, 1)
        for run in self.runs():
            size = int(np.sum(self.tokens.bounds[run + 1] - self.tokens.bounds[run]))
            some, split = (
                kernel.Seeds(*(np.empty(size, kind) for kind in _SEED.values())) for _ in "12"
            )
            made = kernel.pick_seeds(self.kind, words, run, sieve, 0, some)
            kernel.split_seeds(some, made, bounds, split)
            for part, own in enumerate(names):
                for name, column in zip(own, split, strict=True):
                    spool.append(name, column[bounds[part] : bounds[part + 1]])
        for own in names:
            values, rows, positions = (
                spool.read(name, kind) for name, kind in zip(own, _SEED.values(), strict=True)
            )
            for name in own:
                spool.discard(name)
            yield _Room.around(values, rows, positions), len(values)

    def _pick(self, counters: UInt8, part: int, parts: int, out: _Room) -> int:
        """Write the seeds of a part that may occur again; return how many there are."""
        made, words, sieve = 0, self.arrays(), kernel.Sieve(counters, part, parts)
        for rows in self.runs():
            made = kernel.pick_seeds(self.kind, words, rows, sieve, made, out.seeds())
        return made


@dataclass(slots=True)
class _Room:
    """Buffers for the seeds of one part and for grouping them, shared by all parts."""

    values: UInt64
    rows: Int32
    positions: Int32
    groups: Int32
    sizes: Int32
    slots: Int32

    @classmethod
    def of(cls, size: int) -> _Room:
        """Grow to hold so many seeds."""
        return cls.around(*(np.empty(size, kind) for kind in _SEED.values()))

    @classmethod
    def around(cls, values: UInt64, rows: Int32, positions: Int32) -> _Room:
        """Grow to group so many seeds."""
        groups, sizes = (np.empty(len(values), np.int32) for _ in range(2))
        slots = np.empty(table_size(len(values)), np.int32)
        return cls(values, rows, positions, groups, sizes, slots)

    def seeds(self) -> kernel.Seeds:
        """Return where seeds are written."""
        return kernel.Seeds(self.values, self.rows, self.positions)


def ranked(tokens: Tokens, included: Bool) -> Int64:
    """Return the included documents in the order in which an oversized seed keeps them.

    The order follows from the texts alone, and is the same for all seeds of a passage.
    """
    some = np.flatnonzero(included & (tokens.counts() > 0))
    order: Int64 = some[np.lexsort((some, mixed_sums(tokens)[some]))]
    return order


def mixed_sums(tokens: Tokens) -> UInt64:
    """Return what documents are ranked by where a seed is in too many, of equals the first."""
    counts, sums = tokens.counts(), np.zeros(len(tokens), np.uint64)
    for low, high in runs_of_rows(tokens.bounds, _RUN_TOKENS):
        filled = np.flatnonzero(counts[low:high] > 0) + low
        if len(filled):
            begin, end = tokens.bounds[low], tokens.bounds[high]
            sums[filled] = np.add.reduceat(tokens.hashes[begin:end], tokens.bounds[filled] - begin)
    mixed: UInt64 = (sums ^ (sums >> np.uint64(29))) * MULTIPLIER
    return mixed


@dataclass(frozen=True, slots=True)
class Ranked:
    """Documents whose seeds are indexed: the tokens of all, and which of them, by rank."""

    tokens: Tokens
    words: Words
    order: Int64


def index_seeds(
    kind: int, documents: Ranked, config: Config, columns: Columns
) -> tuple[SeedIndex, Counter[str]]:
    """Index the seeds that several of the ``documents`` have; count what the limits leave out.

    They are taken in parts, by their hashes.
    """
    cut: Counter[str] = Counter()
    tokens, order = documents.tokens, documents.order
    reach = config.passage_size if kind == NGRAMS else WORD_PAIR_REACH
    chosen = np.zeros(len(tokens), np.bool_)
    chosen[order] = True
    seeds = _Seeds(kernel.Kind(kind, reach), tokens, documents.words, chosen, columns)
    counters, again = seeds.mark()
    name = _NAMES[kind]
    grown = [
        columns.grow(f"{name}.{part}", part_kind, 2 * again + 1)
        for part, part_kind in (("rows", np.int32), ("places", np.int32), ("bounds", np.int64))
    ]
    grown[2].append(np.zeros(1, np.int64))
    held = 0
    row_counts = np.zeros(len(tokens), np.int64)
    for capacity, made in seeds.parts(counters, again):
        most = config.passage_max_documents
        found = _groups(capacity, made, _Bounded(order, most, row_counts), cut)
        pieces: tuple[Array, ...] = (found.rows, found.positions, found.bounds[1:] + held)
        for column, piece in zip(grown, pieces, strict=True):
            column.append(piece)
        held += len(found.rows)
    del counters
    rows, positions, bounds = (column.done() for column in grown)
    longest = int(tokens.counts().max(initial=0)) + 1
    groups = kernel.Groups(bounds, rows, positions)
    return _by_document(name, row_counts, groups, longest, columns), cut


class _Bounded(NamedTuple):
    """Documents by rank, how many of them a seed keeps, and of each how many seeds it keeps."""

    order: Int64
    most: int
    row_counts: Int64


def _groups(capacity: _Room, made: int, documents: _Bounded, cut: Counter[str]) -> kernel.Groups:
    """Return the seeds that are in several documents."""
    order, most, row_counts = documents
    values, rows, positions = (array[:made] for array in capacity.seeds())
    slots = capacity.slots[: table_size(made)]
    numbers = lsh_kernel.group_keys(values, slots, capacity.groups[:made], capacity.sizes)
    starts = np.searchsorted(rows, np.arange(len(row_counts) + 1))
    seeds = kernel.SeedRows(starts, capacity.groups[:made], positions)
    out = kernel.Groups(
        np.empty(made // 2 + 2, np.int64), np.empty(made, np.int32), np.empty(made, np.int32)
    )
    count = kernel.gather_groups(order, seeds, capacity.sizes, numbers, out)
    groups, kept, oversized, outside, repeated = kernel.bound_groups(
        out, count, most, PLACES, row_counts
    )
    cut["seeds_in_too_many_documents"] += int(oversized)
    cut["seed_positions_left_out"] += int(outside + repeated)
    return kernel.Groups(out.bounds[: groups + 1], out.rows[:kept], out.positions[:kept])


def _by_document(
    name: str, row_counts: Int64, found: kernel.Groups, longest: int, columns: Columns
) -> SeedIndex:
    """Add to the seeds by value the seeds by document; ``longest`` is more than any place."""
    starts = offsets_of(row_counts)
    total = int(starts[-1])
    groups, own = (
        columns.grow(f"{name}.{part}", kind, total if columns.in_files else 0)
        for part, kind in (("of", np.uint32), ("at", np.int32))
    )
    size = _ROW_SEEDS if columns.in_files else max(total, 1)
    for low, high in runs_of_rows(starts, size):
        begin = starts[low]
        part = np.empty(int(starts[high] - begin), np.uint32)
        at = np.empty(len(part), np.int32)
        own_seeds = kernel.SeedRows(starts[low : high + 1] - begin, part, at)
        cursor = starts[low:high] - begin
        for first, last in runs_of_rows(found.bounds, size):
            kernel.index_rows(first, last, found, low, cursor, own_seeds)
            columns.ease()
        kernel.sort_rows(own_seeds, longest)
        if not columns.in_files:
            return SeedIndex(starts, part, at, *found)
        groups.append(part)
        own.append(at)
    return SeedIndex(starts, groups.done(), own.done(), *found)
