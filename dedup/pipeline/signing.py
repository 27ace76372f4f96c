"""Fast mode: copies of whole documents only, from texts that are looked at twice.

The first look leaves of every document its band keys, a hash of its tokens and one of its bytes.
The second makes the shingles of those that some bucket joins. So what is held does not grow
with the length of the texts, and nothing is held per token.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import pyarrow as pa

from dedup.config import Config
from dedup.core.arrays import (
    Bool,
    Int32,
    Int64,
    Texts,
    UInt64,
    some_texts,
    table_size,
    texts_from_arrow,
    texts_from_strings,
)
from dedup.core.hashing import text_digests
from dedup.core.spool import Spool
from dedup.kernels import buckets as kernel
from dedup.kernels import lines as line_kernels
from dedup.kernels import windows
from dedup.kernels.minhash import Permutations
from dedup.schema import REMOVALS
from dedup.similarity.lsh import bands_and_rows, bucket_pairs
from dedup.similarity.minhash import permutations
from dedup.text.lines import line_table, truncated_documents
from dedup.text.shingles import Shingles, shingle_batch
from dedup.text.tokens import folding, tokenise_texts

_DOTS_REACH = 400  # bytes from the end in which a cut is looked for

# What the first reading keeps of a document, besides one key a band.
FINGERPRINTS, DIGESTS, COUNTS, CUT = "fingerprints", "digests", "counts", "cut"
SHINGLES, SIZES = "shingles", "sizes"


@dataclass(frozen=True, slots=True)
class Signed:
    """What one batch leaves: ``keys`` (bands × documents), ``fingerprints`` (documents × 2).

    ``texts`` are the texts themselves.
    """

    keys: UInt64
    fingerprints: UInt64
    digests: UInt64
    counts: Int32
    cut: Bool
    texts: Texts

    @property
    def text_bytes(self) -> int:
        """Return how many bytes of text the batch has."""
        return int(self.texts.offsets[-1] - self.texts.offsets[0])

    def into(self, spool: Spool) -> None:
        """Add the batch to what those before it left."""
        for band, keys in enumerate(self.keys):
            spool.append(key_name(band), keys)
        for name in (FINGERPRINTS, DIGESTS, COUNTS, CUT):
            spool.append(name, getattr(self, name).ravel())


def key_name(band: int) -> str:
    """Return the name under which the keys of a band are kept."""
    return f"keys.{band:04d}"


def sign_batch(texts: Texts, config: Config) -> Signed:
    """Read a batch of texts for the first time."""
    bands, rows = bands_and_rows(config)
    a, b = permutations(config.num_perm, config.seed)
    used = bands * rows
    scheme = windows.Scheme(folding(), config.shingle_size, Permutations(a[:used], b[:used]))
    count = len(texts)
    signed = Signed(
        keys=np.empty((bands, count), np.uint64),
        fingerprints=np.empty((count, 2), np.uint64),
        digests=text_digests(texts),
        counts=np.empty(count, np.int32),
        cut=np.zeros(count, np.bool_),
        texts=texts,
    )
    out = windows.Bands(signed.keys, signed.fingerprints, signed.counts)
    windows.band_texts(texts.data, texts.offsets, scheme, rows, out)
    _find_cut(texts, signed.cut)
    return signed


def _find_cut(texts: Texts, cut: Bool) -> None:
    """Tell which texts end in a truncated line."""
    line_kernels.find_dots(texts.data, texts.offsets, _DOTS_REACH, cut)
    rows = np.flatnonzero(cut)
    some = texts_from_strings([texts.text(row) for row in rows.tolist()])
    lines = line_table(some, tokenise_texts(some))
    cut[rows] = truncated_documents(lines, REMOVALS.empty_table())


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
        fingerprints = self.spool.take(FINGERPRINTS, np.uint64).reshape(-1, 2)[self.order]
        first = np.where(self.counts > 0, 0, -1)
        slots = np.full(table_size(len(first)), -1, np.int32)
        kernel.group_equal(fingerprints, first, slots)
        return first

    def candidates(self, among: Int64, config: Config) -> tuple[Int64, int]:
        """Return the pairs of some documents (ascending) that share a bucket; oversized buckets.

        Can be asked for once.
        """
        rows = self.order[among]
        bands, _ = bands_and_rows(config)
        keys = (self.spool.take(key_name(band), np.uint64)[rows] for band in range(bands))
        return bucket_pairs(keys, among, len(self.order))


# The distinct shingles of some documents, and their texts unless these are not wanted.
Wanted: TypeAlias = tuple[Shingles, Texts | None]


def shingle_some(
    batches: Sequence[Texts], rows: Int64, config: Config, *, with_texts: bool
) -> list[Wanted]:
    """Return what is wanted of some rows (ascending) of several batches of texts."""
    return [
        (
            shingle_batch(batches[number], some, config),
            some_texts(batches[number], some) if with_texts else None,
        )
        for number, some in _rows_of(map(len, batches), rows)
    ]


def shingle_columns(columns: Iterable[pa.Array], rows: Int64, config: Config) -> list[Wanted]:
    """Return what is wanted of some rows (ascending) of several columns of texts."""
    found: list[Wanted] = []
    start = 0
    for column in columns:
        low, high = np.searchsorted(rows, (start, start + len(column)))
        if low < high:
            texts, some = texts_from_arrow(column), rows[low:high] - start
            found.append((shingle_batch(texts, some, config), some_texts(texts, some)))
        start += len(column)
    return found


def _rows_of(sizes: Iterable[int], rows: Int64) -> Iterator[tuple[int, Int64]]:
    """Yield the batches in which some of the rows are, by number, and those rows."""
    start = 0
    for number, size in enumerate(sizes):
        low, high = np.searchsorted(rows, (start, start + size))
        if low < high:
            yield number, rows[low:high] - start
        start += size
