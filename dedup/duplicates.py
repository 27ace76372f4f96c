"""The fast path: copies of whole documents and nothing else, from texts that are read twice.

The first reading leaves of every document its band keys, a hash of its tokens and one of its
bytes. The second makes the shingles of those that some bucket joins. So what is held does not grow
with the length of the texts, and nothing is held per token.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

import numpy as np
import pyarrow as pa

from dedup.arrays import (
    Bool,
    Int32,
    Int64,
    Texts,
    UInt64,
    offsets_of,
    texts_from_arrow,
    texts_from_strings,
)
from dedup.blocks import block_table
from dedup.config import Config
from dedup.exact import text_digests
from dedup.kernels import exact as exact_kernel
from dedup.kernels import lsh as kernel
from dedup.kernels import reading
from dedup.kernels.shingles import close_gaps, gather_rows
from dedup.lsh import bands_and_rows, bucket_pairs, table_size
from dedup.minhash import permutations
from dedup.pairs import Pairs, Scores, compare_shingles, confirm_pairs, join_pairs
from dedup.passages import no_passages
from dedup.ranking import truncated_documents
from dedup.records import REMOVALS
from dedup.shingles import Shingles, distinct_shingles
from dedup.spool import Spool, let_go
from dedup.tokens import folding, runs_of_rows, tokenise_texts

_DOTS_REACH = 400  # bytes from the end in which a cut is looked for
_BLOCK_PAIRS = 1 << 20  # pairs that are put in order at a time
_RUN_PAIRS = 1 << 17  # pairs that are compared at a time …
_RUN_BYTES = 64 << 20  # … or what they bring into memory of a file
_MANY_SHINGLES = (
    1 << 20
)  # of one text; they are sorted, as a table would take four times their room
_SURROUNDINGS = 64 << 10  # bytes that come with what is looked at in a mapped file

# What the first reading keeps of a document, besides one key a band.
SUMS, DIGESTS, COUNTS, CUT = "sums", "digests", "counts", "cut"
SHINGLES, SIZES = "shingles", "sizes"

Task = TypeVar("Task")
Done = TypeVar("Done")


def is_fast(config: Config) -> bool:
    """Tell whether the fast path does what is asked for."""
    return config.find == ("duplicates",) and config.shingle_unit == "word"


@dataclass(frozen=True, slots=True)
class Signed:
    """What one batch of texts leaves: ``keys`` (bands × documents), ``sums`` (documents × 2).

    ``shingles`` are not made distinct; there are none where they were not kept.
    """

    keys: UInt64
    sums: UInt64
    digests: UInt64
    counts: Int32
    cut: Bool
    shingles: Shingles

    def into(self, spool: Spool) -> None:
        """Add the batch to what those before it left."""
        for band, keys in enumerate(self.keys):
            spool.append(key_name(band), keys)
        for name in (SUMS, DIGESTS, COUNTS, CUT):
            spool.append(name, getattr(self, name).ravel())


def key_name(band: int) -> str:
    """Return the name under which the keys of a band are kept."""
    return f"keys.{band:04d}"


def sign_batch(texts: Texts, config: Config, *, keep: bool = True) -> Signed:
    """Read a batch of texts for the first time; ``keep`` its shingles."""
    bands, rows = bands_and_rows(config)
    a, b = permutations(config.num_perm, config.seed)
    table, count = folding(), len(texts)
    room = int(texts.offsets[-1] - texts.offsets[0]) // 2 + count
    values, bounds = np.empty(room if keep else 0, np.uint64), np.empty(count + 1, np.int64)
    signed = Signed(
        keys=np.empty((bands, count), np.uint64),
        sums=np.empty((count, 2), np.uint64),
        digests=text_digests(texts),
        counts=np.empty(count, np.int32),
        cut=np.zeros(count, np.bool_),
        shingles=Shingles(values, bounds),
    )
    reading.band_texts(
        *(texts.data, texts.offsets, table.stage, table.values, table.expansions),
        *(config.shingle_size, a[: bands * rows], b[: bands * rows], bands, rows),
        *(signed.keys, signed.sums, signed.counts, values, bounds),
    )
    values.resize(int(bounds[-1]), refcheck=False)  # gives back what was not needed
    _find_cut(texts, signed.cut)
    return signed


def _find_cut(texts: Texts, cut: Bool) -> None:
    """Tell which texts end in a line that was cut short."""
    exact_kernel.find_dots(texts.data, texts.offsets, _DOTS_REACH, cut)
    rows = np.flatnonzero(cut)
    some = texts_from_strings([texts.text(row) for row in rows.tolist()])
    blocks = block_table(some, tokenise_texts(some))
    cut[rows] = truncated_documents(blocks, REMOVALS.empty_table())


def in_order(work: Callable[[Task], Done], tasks: Iterable[Task], threads: int) -> Iterator[Done]:
    """Yield ``work(task)`` for each task, in order, a few ahead of what is asked for."""
    waiting: deque[Future[Done]] = deque()
    with ThreadPoolExecutor(max(threads, 1)) as pool:
        for task in tasks:
            waiting.append(pool.submit(work, task))
            if len(waiting) > threads:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()


@dataclass(frozen=True, slots=True)
class Signatures:
    """What the first reading left of all documents, in order of their ids.

    ``order`` is the row of each in the order of reading.
    """

    spool: Spool
    order: Int64
    counts: Int32
    cut: Bool

    @classmethod
    def of(cls, spool: Spool, order: Int64) -> Signatures:
        """Take what ``sign_all`` left, with the documents in a new order."""
        return cls(
            spool,
            order,
            spool.take(COUNTS, np.int32)[order],
            spool.take(CUT, np.bool_)[order],
        )

    def equal_groups(self) -> Int64:
        """Return for each document the first of the same tokens; one without tokens is alone.

        Can be asked for once.
        """
        sums = self.spool.take(SUMS, np.uint64).reshape(-1, 2)[self.order]
        first = np.where(self.counts > 0, 0, -1)
        slots = np.full(table_size(len(first)), -1, np.int32)
        kernel.group_equal(sums, first, slots)
        return first

    def candidates(self, among: Int64, config: Config) -> tuple[Int64, int]:
        """Return the pairs of some documents (ascending) that share a bucket; crowded buckets.

        Can be asked for once.
        """
        rows = self.order[among]
        bands, _ = bands_and_rows(config)
        keys = (self.spool.take(key_name(band), np.uint64)[rows] for band in range(bands))
        return bucket_pairs(keys, among, len(self.order))


def shingle_batch(texts: Texts, rows: Int64, config: Config) -> Shingles:
    """Return the distinct shingles of some rows (ascending) of a batch of texts."""
    room = int(np.sum(texts.offsets[rows + 1] - texts.offsets[rows])) // 2 + len(rows)
    values, bounds = np.empty(room, np.uint64), np.empty(len(rows) + 1, np.int64)
    table = folding()
    reading.shingle_texts(
        *(texts.data, texts.offsets, rows, table.stage, table.values, table.expansions),
        *(config.shingle_size, _MANY_SHINGLES, bounds, values),
    )
    sizes = np.diff(bounds)
    for row in np.flatnonzero(sizes > _MANY_SHINGLES).tolist():
        sizes[row] = _sort_out(values[bounds[row] : bounds[row + 1]])
    offsets = offsets_of(sizes)
    if offsets[-1] < bounds[-1]:
        close_gaps(values, bounds, offsets)
    values.resize(int(offsets[-1]), refcheck=False)
    return Shingles(values, offsets)


def _sort_out(values: UInt64) -> int:
    """Move the distinct values to the front, with no table; return how many they are."""
    values.sort()
    return int(reading.drop_repeats(values))


def some_shingles(shingles: Shingles, rows: Int64) -> Shingles:
    """Return the distinct shingles of some rows (ascending) of a batch."""
    bounds = offsets_of(shingles.offsets[rows + 1] - shingles.offsets[rows])
    values = np.empty(int(bounds[-1]), np.uint64)
    gather_rows(shingles.values, shingles.offsets, rows, values, bounds)
    return distinct_shingles(Shingles(values, bounds))


def some_of_all(batches: Sequence[Shingles], rows: Int64) -> list[Shingles]:
    """Return the distinct shingles of some rows (ascending) of several batches."""
    return [some_shingles(each, some) for each, some in _rows_of(batches, rows)]


def shingle_columns(columns: Iterable[pa.Array], rows: Int64, config: Config) -> list[Shingles]:
    """Return the distinct shingles of some rows (ascending) of several columns of texts."""
    return [
        shingle_batch(texts_from_arrow(column), some, config)
        for column, some in _rows_of(columns, rows)
    ]


Batch = TypeVar("Batch", pa.Array, Shingles)


def _rows_of(batches: Iterable[Batch], rows: Int64) -> Iterator[tuple[Batch, Int64]]:
    """Yield the batches in which some of the rows are, and those rows."""
    start = 0
    for batch in batches:
        low, high = np.searchsorted(rows, (start, start + len(batch)))
        if low < high:
            yield batch, rows[low:high] - start
        start += len(batch)


@dataclass(frozen=True, slots=True)
class Verifier:
    """The shingles of the documents that are candidates; ``places`` says whose are where."""

    shingles: Shingles
    places: Int32

    @classmethod
    def of(cls, spool: Spool, wanted: Int64, order: Int64) -> Verifier:
        """Take what ``shingle_all`` left of the rows ``wanted``."""
        offsets = offsets_of(spool.read(SIZES, np.int64))
        by_row = np.zeros(len(order), np.int32)
        by_row[wanted] = np.arange(len(wanted))
        return cls(Shingles(spool.read(SHINGLES, np.uint64, mapped=True), offsets), by_row[order])

    def compare(self, pairs: Int64) -> Scores:
        """Score pairs of documents."""
        return compare_shingles(self.places[pairs].astype(np.int64), self.shingles)

    def _touched(self, pairs: Int64) -> Int64:
        """Return about how much of the file each pair brings into memory, in bytes.

        The system brings in the surroundings of what is looked at, so a jump costs more than a set.
        """
        costs = np.full(len(pairs), 64, np.int64)
        for side in (0, 1):
            starts = self.shingles.offsets[self.places[pairs[:, side]]] * 8
            steps = np.abs(np.diff(starts, prepend=0))
            costs += np.minimum(steps, _SURROUNDINGS)
        return costs

    def confirm(self, candidates: Int64, counts: Int32, config: Config, *, threads: int) -> Pairs:
        """Verify candidates and return those with a relation, in order of (a, b)."""
        parts: list[Pairs] = []
        with ThreadPoolExecutor(max(threads, 1)) as pool:
            for low in range(0, max(len(candidates), 1), _BLOCK_PAIRS):
                block = candidates[low : low + _BLOCK_PAIRS]
                work = partial(self._confirm_run, counts=counts, config=config)
                parts += pool.map(work, self._runs(block))
        return join_pairs(parts)

    def _confirm_run(self, candidates: Int64, counts: Int32, config: Config) -> Pairs:
        made = confirm_pairs(candidates, self.compare, no_passages(), counts, config)
        let_go(self.shingles.values)
        return made

    def _runs(self, candidates: Int64) -> list[Int64]:
        """Cut candidates into those that are verified at a time.

        Where the shingles are in a file, they are taken in the order in which they stand there,
        and so many that little of it is in memory at a time.
        """
        costs, most = np.ones(len(candidates), np.int64), _RUN_PAIRS
        if isinstance(self.shingles.values, np.memmap):
            places = self.places[candidates]
            candidates = candidates[np.lexsort((places[:, 1], places[:, 0]))]
            costs, most = self._touched(candidates), _RUN_BYTES
        runs = runs_of_rows(offsets_of(costs), most)
        return [candidates[low:high] for low, high in runs] or [candidates]
