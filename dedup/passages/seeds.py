"""Indexes of passage seeds: from seed to documents and positions, and from document to seeds.

A seed is a hashed word n-gram or a pair of content words. Only seeds of two documents or more
are held; the rest is filtered out before it takes memory.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Protocol

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
_PART_SEEDS = 1 << 17  # that are grouped at a time, about: as many as stay in the cache
_FILE_SEEDS = 1 << 23  # of one file that are in memory at a time, about, where they go to files
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

    def parts(self, counters: UInt8, again: int) -> Iterator[kernel.Seeds]:
        """Yield the seeds that may occur again, part by part, of which ``again`` tells how many."""
        in_files = self.columns.in_files
        count = 2 * again // (_FILE_SEEDS if in_files else _PART_SEEDS) + 1
        smaller = 2 * again // (count * _PART_SEEDS) + 1
        stored: _Stored = _InFiles(self.columns, count) if in_files else _InMemory()
        whole = kernel.Part(0, 1)
        for seeds in self._picked(counters):
            stored.add(*_split(seeds, whole, count))
            self.columns.ease()
        for part in range(count):
            seeds = stored.take(part)
            if smaller == 1:
                yield seeds
                continue
            seeds, bounds = _split(seeds, kernel.Part(part, count), smaller)
            for low, high in pairwise(bounds):
                yield _between(seeds, low, high)

    def _picked(self, counters: UInt8) -> Iterator[kernel.Seeds]:
        """Yield the seeds that may occur again, of some documents at a time."""
        words, room = self.arrays(), _room(0)
        for run in self.runs():
            size = int(np.sum(self.tokens.bounds[run + 1] - self.tokens.bounds[run]))
            if size > len(room.values):
                room = _room(size)
            yield _between(room, 0, kernel.pick_seeds(self.kind, words, run, counters, room))


def _room(size: int) -> kernel.Seeds:
    return kernel.Seeds(*(np.empty(size, kind) for kind in _SEED.values()))


def _between(seeds: kernel.Seeds, low: int, high: int) -> kernel.Seeds:
    return kernel.Seeds(*(column[low:high] for column in seeds))


def _split(seeds: kernel.Seeds, whole: kernel.Part, smaller: int) -> tuple[kernel.Seeds, Int64]:
    """Return the seeds of one part in order of ``smaller`` parts of it, and where those begin."""
    out, bounds = _room(len(seeds.values)), np.zeros(smaller + 1, np.int64)
    kernel.split_seeds(seeds, whole, bounds, out)
    return out, bounds


class _Stored(Protocol):
    """Seeds by part, of some documents after the other."""

    def add(self, seeds: kernel.Seeds, bounds: Int64) -> None:
        """Add seeds of further documents, in order of part; ``bounds`` say where each begins."""

    def take(self, part: int) -> kernel.Seeds:
        """Return the seeds of a part, once."""


class _InMemory(_Stored):
    """Seeds by part in memory, as they came."""

    def __init__(self) -> None:
        self._given: list[tuple[kernel.Seeds, Int64]] = []

    def add(self, seeds: kernel.Seeds, bounds: Int64) -> None:
        self._given.append((seeds, bounds))

    def take(self, part: int) -> kernel.Seeds:
        some = [_between(seeds, *bounds[part : part + 2]) for seeds, bounds in self._given]
        columns = zip(_room(0), *some, strict=True)
        return kernel.Seeds(*(np.concatenate(column) for column in columns))


class _InFiles(_Stored):
    """Seeds by part in files, three for each part."""

    def __init__(self, columns: Columns, parts: int) -> None:
        assert columns.spool is not None
        self._spool = columns.spool
        self._names = [[f"seeds.{part}.{what}" for what in _SEED] for part in range(parts)]
        for part in range(parts):
            self._discard(part)

    def add(self, seeds: kernel.Seeds, bounds: Int64) -> None:
        for part, names in enumerate(self._names):
            for name, column in zip(names, seeds, strict=True):
                self._spool.append(name, column[bounds[part] : bounds[part + 1]])

    def take(self, part: int) -> kernel.Seeds:
        own = zip(self._names[part], _SEED.values(), strict=True)
        seeds = kernel.Seeds(*(self._spool.read(name, kind) for name, kind in own))
        self._discard(part)
        return seeds

    def _discard(self, part: int) -> None:
        for name in self._names[part]:
            self._spool.discard(name)


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
    tokens = documents.tokens
    reach = config.passage_size if kind == NGRAMS else WORD_PAIR_REACH
    chosen, ranks = np.zeros(len(tokens), np.bool_), np.zeros(len(tokens), np.int32)
    chosen[documents.order] = True
    ranks[documents.order] = np.arange(len(documents.order))
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
    for part in seeds.parts(counters, again):
        found = _groups(part, ranks, config.passage_max_documents, cut)
        kernel.count_rows(found.rows, row_counts)
        pieces: tuple[Array, ...] = (found.rows, found.positions, found.bounds[1:] + held)
        for column, piece in zip(grown, pieces, strict=True):
            column.append(piece)
        held += len(found.rows)
    del counters
    rows, positions, bounds = (column.done() for column in grown)
    longest = int(tokens.counts().max(initial=0)) + 1
    groups = kernel.Groups(bounds, rows, positions)
    return _by_document(name, row_counts, groups, longest, columns), cut


def _groups(seeds: kernel.Seeds, ranks: Int32, most: int, cut: Counter[str]) -> kernel.Groups:
    """Return the seeds that are in several documents, in ``most`` of least rank at most each."""
    made = len(seeds.values)
    numbers, sizes = np.empty(made, np.int32), np.empty(made, np.int32)
    slots = np.empty(table_size(made), np.int32)
    distinct = lsh_kernel.group_keys(seeds.values, slots, numbers, sizes)
    out = kernel.Groups(
        np.empty(made // 2 + 2, np.int64), np.empty(made, np.int32), np.empty(made, np.int32)
    )
    count = kernel.gather_groups(seeds, numbers, sizes, distinct, out)
    least = np.empty(most, np.int32)
    groups, kept, oversized, outside, repeated = kernel.bound_groups(
        out, count, ranks, PLACES, least
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
