"""Band keys to candidate pairs: one shuffle by parts of the keys, then buckets.

There are some thirty keys a document, so they are what Spark moves most of. They travel packed: a
row is what a task has of one part of all keys. A part, some millions of keys, is sorted by one
task in memory; of a bucket that is larger than that the first document alone is paired.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import pyarrow as pa
from pyspark.sql import functions as F

from dedup.core.arrays import Int64, distinct, order_by
from dedup.similarity.lsh import BUCKET, pairs_of_buckets
from dedup.spark.frames import Batches, Frame, Schema, batches_of, column, map_batches
from dedup.spark.packing import MOST_PARTS, packed_rows, unpacked

BANDS: Schema = {"key": "bigint", "row": "bigint"}
PAIRS: Schema = {"a": "bigint", "b": "bigint"}
OVERSIZED = -1  # in the column ``a``: a row that counts an oversized bucket, ``b`` is its key
MOST_HELD = 1 << 20  # documents of a bucket; from there on each is paired with its first alone
_MOST_PAIRS = 1 << 22  # that are made at a time, but for those of one bucket
_PACKED: Schema = {"part": "bigint", "keys": "binary", "rows": "binary"}
_SENT = 1 << 20  # keys that a task packs at a time
_OF_PART = 1 << 21  # keys of a part, about
_LEAST_PARTS = 64
_BANDS = 32  # of a document, about
_KEY_BITS = np.uint64(16)  # of a key, below those that tell its part


def bands(metadata: Frame, equals: Frame) -> Frame:
    """Return (key, row) for each band of the representatives."""

    def work(batches: Batches) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            keys, rows = _unpacked(batch)
            yield from batches_of({"key": keys, "row": rows}, BANDS)

    return map_batches(_representatives(metadata, equals), work, BANDS)


def candidate_pairs(bands: Frame) -> Frame:
    """Return the distinct pairs that share a bucket, and one row for each oversized bucket.

    In an oversized one each document is paired with the first few only, see ``lsh.bucket_pairs``.
    """
    return _paired(bands, lambda batch: (column(batch, "key"), column(batch, "row")), bands.count())


def paired(metadata: Frame, equals: Frame) -> Frame:
    """Return the ``candidate_pairs`` of the representatives."""
    return _paired(_representatives(metadata, equals), _unpacked, metadata.count() * _BANDS)


def _representatives(metadata: Frame, equals: Frame) -> Frame:
    return metadata.where("tokens > 0").select("row", "keys").join(equals, "row", "left_anti")


def _unpacked(batch: pa.RecordBatch) -> tuple[Int64, Int64]:
    """Return the keys of a batch of documents, and the row of each."""
    keys = np.frombuffer(b"".join(batch.column("keys").to_pylist()), np.int64)
    rows = column(batch, "row")
    return keys, np.repeat(rows, len(keys) // max(len(rows), 1))


def _paired(
    frame: Frame, unpack: Callable[[pa.RecordBatch], tuple[Int64, Int64]], count: int
) -> Frame:
    """Pair what shares a key; ``unpack`` takes keys and rows from a batch, about ``count``."""
    parts = min(max(count // _OF_PART, _LEAST_PARTS), MOST_PARTS)

    def pack(batches: Batches) -> Iterator[pa.RecordBatch]:
        held: list[tuple[Int64, Int64]] = []
        for batch in batches:
            held.append(unpack(batch))
            if sum(len(keys) for keys, _ in held) >= _SENT:
                yield _packed(held, parts)
                held = []
        if held:
            yield _packed(held, parts)

    packed = map_batches(frame, pack, _PACKED)
    grouped = packed.repartition("part").sortWithinPartitions("part")
    return map_batches(grouped, _pair_parts, PAIRS).distinct()


def _packed(held: list[tuple[Int64, Int64]], parts: int) -> pa.RecordBatch:
    """Return keys and rows as ``_PACKED``, in rows of one part."""
    keys, rows = (np.concatenate(each) for each in zip(*held, strict=True))
    return packed_rows(keys.view(np.uint64) >> _KEY_BITS, parts, ("keys", "rows"), (keys, rows))


def _pair_parts(batches: Batches) -> Iterator[pa.RecordBatch]:
    """Pair the documents of each part, whose rows come one behind the other."""
    part, held = -1, list[list[Int64]]()
    for batch in batches:
        for own, cells in unpacked(batch, (np.int64, np.int64)):
            if own != part:
                yield from _pair(_in_order(held))
                part, held = own, []
            held.append(cells)
    yield from _pair(_in_order(held))


def _in_order(held: list[list[Int64]]) -> Iterator[pa.RecordBatch]:
    """Yield as ``BANDS`` the keys of a part that more than one document has, in order."""
    if not held:
        return
    own, docs = (np.concatenate(each) for each in zip(*held, strict=True))
    ascending = np.sort(own)
    shared = distinct(ascending[1:][ascending[1:] == ascending[:-1]])
    place = np.searchsorted(shared, own)
    some = (place < len(shared)) & (np.append(shared, 0)[place] == own)
    own, docs = own[some], docs[some]
    order = order_by(own, docs)
    yield from batches_of({"key": own[order], "row": docs[order]}, BANDS)


def oversized_buckets(candidates: Frame) -> int:
    """Count the oversized buckets."""
    return int(candidates.where(F.col("a") == OVERSIZED).count())


def _pair(batches: Batches) -> Iterator[pa.RecordBatch]:
    """Pair the documents of each run of equal keys; the last run may go on in the next batch."""
    keys: Int64 = np.zeros(0, np.int64)
    rows: Int64 = np.zeros(0, np.int64)
    leader: int | None = None  # of a bucket that is too large for memory
    for batch in batches:
        keys = np.concatenate([keys, column(batch, "key")])
        rows = np.concatenate([rows, column(batch, "row")])
        last = int(np.searchsorted(keys, keys[-1])) if len(keys) else 0
        if leader is not None:
            end = int(np.searchsorted(keys, keys[0], "right"))
            yield from _with_leader(leader, rows[1:end])
            if last == 0:
                keys, rows = keys[:1], rows[:1]
                continue
            leader, keys, rows, last = None, keys[end:], rows[end:], last - end
        yield from _finished(keys[:last], rows[:last])
        keys, rows = keys[last:], rows[last:]
        if len(rows) > MOST_HELD:
            leader = int(rows[0])
            yield from _with_leader(leader, rows[1:])
            yield from _crowd(keys[:1])
            keys, rows = keys[:1], rows[:1]
    if leader is None:
        yield from _finished(keys, rows)


def _with_leader(leader: int, rows: Int64) -> Iterator[pa.RecordBatch]:
    yield from batches_of({"a": np.full(len(rows), leader), "b": rows}, PAIRS)


def _crowd(keys: Int64) -> Iterator[pa.RecordBatch]:
    yield from batches_of({"a": np.full(len(keys), OVERSIZED), "b": keys}, PAIRS)


def _finished(keys: Int64, rows: Int64) -> Iterator[pa.RecordBatch]:
    """Yield the pairs of whole buckets."""
    starts = np.flatnonzero(np.diff(keys, prepend=keys[0] - 1 if len(keys) else 0))
    sizes = np.diff(starts, append=len(keys))
    several = sizes > 1
    rows = rows[np.repeat(several, sizes)]
    keys, sizes = keys[starts[several]], sizes[several]
    bounds = np.concatenate([[0], np.cumsum(sizes)])
    low = 0
    while low < len(sizes):
        # So many buckets that their pairs fit; each document of one has less than 100 or so.
        room = np.searchsorted(bounds, bounds[low] + _MOST_PAIRS // 100, "right") - 1
        high = max(int(room), low + 1)
        part = bounds[low : high + 1] - bounds[low]
        pairs, oversized = pairs_of_buckets(rows[bounds[low] : bounds[high]], part)
        yield from batches_of({"a": pairs[:, 0], "b": pairs[:, 1]}, PAIRS)
        if oversized:
            yield from _crowd(keys[low:high][sizes[low:high] > BUCKET])
        low = high
