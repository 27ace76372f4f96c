"""The fast path: copies of whole documents and nothing else, from texts that are read twice.

The first reading leaves of every document its band keys, a hash of its tokens and one of its
bytes. The second makes the shingles of those that some bucket joins. So what is held does not grow
with the length of the texts, and nothing is held per token.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
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
from dedup.parallel import in_order
from dedup.passages import no_passages
from dedup.ranking import truncated_documents
from dedup.records import REMOVALS
from dedup.shingles import Shingles, distinct_shingles
from dedup.spool import Spool
from dedup.tokens import folding, runs_of_rows, tokenise_texts

_DOTS_REACH = 400  # bytes from the end in which a cut is looked for
_BLOCK_PAIRS = 1 << 20  # pairs that are put in order at a time
_RUN_PAIRS = 1 << 17  # pairs that are compared at a time …
_RUN_SHINGLES = 4 << 20  # … or the shingles that are read of a file for them
_NEAR = 4 << 10  # shingles between two sets in a file that are read with them …
_AT_ONCE = 1 << 19  # … in reads of so many
_MANY_SHINGLES = 1 << 20  # of one text, from where a table takes too much room and they are sorted

# What the first reading keeps of a document, besides one key a band.
SUMS, DIGESTS, COUNTS, CUT = "sums", "digests", "counts", "cut"
SHINGLES, SIZES = "shingles", "sizes"


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
    """The shingles of the documents that are candidates; ``places`` says whose are where.

    ``path`` is the file in which they are; where there is none they are in ``values``.
    """

    values: UInt64
    path: Path | None
    offsets: Int64
    places: Int32

    @classmethod
    def of(cls, spool: Spool, wanted: Int64, order: Int64) -> Verifier:
        """Take what ``shingle_all`` left of the rows ``wanted``."""
        offsets = offsets_of(spool.read(SIZES, np.int64))
        by_row = np.zeros(len(order), np.int32)
        by_row[wanted] = np.arange(len(wanted))
        path = spool.path_of(SHINGLES)
        values = np.zeros(0, np.uint64) if path else spool.read(SHINGLES, np.uint64)
        return cls(values, path, offsets, by_row[order])

    def compare(self, pairs: Int64) -> Scores:
        """Score pairs of documents."""
        places = self.places[pairs].astype(np.int64)
        if self.path is None or not len(pairs):
            return compare_shingles(places, Shingles(self.values, self.offsets))
        some = np.unique(places)
        return compare_shingles(np.searchsorted(some, places), self._read(self.path, some))

    def _read(self, path: Path, places: Int64) -> Shingles:
        """Read some sets (ascending) of the file; those that stand close together at once."""
        lows, highs = self.offsets[places], self.offsets[places + 1]
        bounds = offsets_of(highs - lows)
        values = np.empty(int(bounds[-1]), np.uint64)
        is_far = lows[1:] - highs[:-1] > _NEAR
        is_far |= highs[1:] // _AT_ONCE != highs[:-1] // _AT_ONCE
        cuts = [0, *(np.flatnonzero(is_far) + 1).tolist(), len(places)]
        with path.open("rb", buffering=0) as file:
            for first, last in pairwise(cuts):
                start, count = int(lows[first]), int(highs[last - 1] - lows[first])
                into = values[bounds[first] : bounds[last]]
                file.seek(8 * start)
                if count == len(into):
                    file.readinto(into.data)
                    continue
                some = np.fromfile(file, np.uint64, count)
                rows = np.arange(last - first)
                gather_rows(some, lows[first:last] - start, rows, values, bounds[first : last + 1])
        return Shingles(values, bounds)

    def confirm(self, candidates: Int64, counts: Int32, config: Config, *, threads: int) -> Pairs:
        """Verify candidates and return those with a relation, in order of (a, b)."""

        def confirm(some: Int64) -> Pairs:
            return confirm_pairs(some, self.compare, no_passages(), counts, config)

        parts: list[Pairs] = []
        for low in range(0, max(len(candidates), 1), _BLOCK_PAIRS):
            parts += in_order(confirm, self._runs(candidates[low : low + _BLOCK_PAIRS]), threads)
        return join_pairs(parts)

    def _runs(self, candidates: Int64) -> list[Int64]:
        """Cut candidates into those that are verified at a time.

        Where the shingles are in a file, they are taken in the order in which they stand there,
        and so many that little of it is in memory at a time.
        """
        costs, most = np.ones(len(candidates), np.int64), _RUN_PAIRS
        if self.path is not None:
            places = self.places[candidates]
            order = np.lexsort((places[:, 1], places[:, 0]))
            candidates, places = candidates[order], places[order]
            sizes = np.diff(self.offsets)[places]
            costs = sizes[:, 1] + np.where(np.diff(places[:, 0], prepend=-1) != 0, sizes[:, 0], 0)
            costs, most = np.maximum(costs, _RUN_SHINGLES // _RUN_PAIRS), _RUN_SHINGLES
        runs = runs_of_rows(offsets_of(costs), most)
        return [candidates[low:high] for low, high in runs] or [candidates]
