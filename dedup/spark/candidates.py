"""Band keys to candidate pairs: one shuffle by key, then buckets as they stream by.

Spark brings the rows of a key together and in order, on disk where they are many. A bucket is
never gathered into a cell: it is a run of rows, of which a task holds no more than it needs.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pyarrow as pa
from pyspark.sql import functions as F

from dedup.core.arrays import Int64
from dedup.similarity.lsh import BUCKET, pairs_of_buckets
from dedup.spark.frames import Batches, Frame, Schema, batches_of, column, map_batches

BANDS: Schema = {"key": "bigint", "row": "bigint"}
PAIRS: Schema = {"a": "bigint", "b": "bigint"}
OVERSIZED = -1  # in the column ``a``: a row that counts an oversized bucket, ``b`` is its key
MOST_HELD = 1 << 20  # documents of a bucket; from there on each is paired with its first alone
_MOST_PAIRS = 1 << 22  # that are made at a time, but for those of one bucket


def bands(metadata: Frame, equals: Frame) -> Frame:
    """Return (key, row) for each band of the representatives."""
    representatives = (
        metadata.where("tokens > 0").select("row", "keys").join(equals, "row", "left_anti")
    )

    def work(batches: Batches) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            keys = np.frombuffer(b"".join(batch.column("keys").to_pylist()), np.int64)
            rows = column(batch, "row")
            each = len(keys) // max(len(rows), 1)
            yield from batches_of({"key": keys, "row": np.repeat(rows, each)}, BANDS)

    return map_batches(representatives, work, BANDS)


def candidate_pairs(bands: Frame) -> Frame:
    """Return the distinct pairs that share a bucket, and one row for each oversized bucket.

    In an oversized one each document is paired with the first few only, see ``lsh.bucket_pairs``.
    """
    grouped = bands.repartition("key").sortWithinPartitions("key", "row")
    return map_batches(grouped, _pair, PAIRS).distinct()


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
