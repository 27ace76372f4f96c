"""Candidate pairs to confirmed ones: exact scores by the kernels of one machine.

The sets of a pair meet by one join and one shuffle. A document in very many pairs is sent once to
each of several tasks, in front of those it is compared with, and never once a pair.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pyarrow as pa
from pyspark.sql import functions as F

from dedup.config import Config
from dedup.core.arrays import Int64, one_array
from dedup.errors import InputError
from dedup.passages.find import no_passages
from dedup.similarity.relations import NONE, Pairs, compare_shingles, confirm_pairs
from dedup.spark.candidates import OVERSIZED
from dedup.spark.frames import Batches, Frame, Schema, Store, batches_of, column, map_batches
from dedup.spark.metadata import Metadata
from dedup.spark.reading import KEYS, shingle
from dedup.text.shingles import Shingles

CONFIRMED: Schema = {
    "a": "bigint",
    "b": "bigint",
    "relations": "bigint",
    "jaccard": "double",
    "containment_a": "double",
    "containment_b": "double",
    "coverage": "double",
    "matched": "bigint",
    "share_a": "double",
    "share_b": "double",
}
SALTED = 2_000  # pairs of one document that a task compares; of more, several tasks do
_HEAD = -1  # in the column ``b``: the document itself, before those it is compared with


def wanted_sets(
    store: Store, metadata: Metadata, candidates: Frame, frame: Frame, config: Config
) -> Frame:
    """Make the shingles of all documents that are in a pair; their texts are joined back once.

    Raises ``InputError`` where a text is not found again.
    """
    pairs = candidates.where(F.col("a") != OVERSIZED)
    rows = pairs.select(F.col("a").alias("row")).union(pairs.select(F.col("b").alias("row")))
    wanted = metadata.table.select("row", "tokens", *KEYS)
    wanted = store.keep(wanted.join(rows.distinct(), "row", "left_semi"), "wanted")
    sets = shingle(texts_of(frame, wanted, metadata), config)
    sets = store.keep(sets, "sets")
    if (lost := wanted.count() - sets.count()) != 0:
        raise InputError(f"{lost:,} texts are not what they were when they were first read")
    return sets


def texts_of(frame: Frame, wanted: Frame, metadata: Metadata) -> Frame:
    """Return ``wanted`` (one row for each two equal keys) with the texts."""
    found = frame.select("text", *KEYS).join(wanted, list(KEYS)).drop(*KEYS)
    # Rows of the same keys are equal documents, of which only one can be wanted.
    return found.dropDuplicates(["row"]) if metadata.has_equal_rows else found


def confirm(
    store: Store, candidates: Frame, sets: Frame, config: Config, *, least: float | None = None
) -> Frame:
    """Return the pairs with a relation, as ``CONFIRMED``.

    With ``least`` also those without, of which so much of one document is in the other.
    """
    pairs = candidates.where(F.col("a") != OVERSIZED)
    many = pairs.groupBy("a").count().where(F.col("count") > SALTED)
    tasks = many.select("a", F.ceil(F.col("count") / SALTED).alias("tasks"))
    salt = F.expr("coalesce(pmod(xxhash64(b), tasks), 0)").alias("salt")
    salted = pairs.join(F.broadcast(tasks), "a", "left").select("a", "b", salt)
    theirs = sets.select(F.col("row").alias("b"), "tokens", "shingles")
    others = salted.join(theirs, "b").select("a", "salt", "b", "tokens", "shingles")
    head = F.lit(_HEAD).cast("bigint").alias("b")
    mine = sets.select(F.col("row").alias("a"), "tokens", "shingles")
    heads = salted.select("a", "salt").distinct().join(mine, "a")
    heads = heads.select("a", "salt", head, "tokens", "shingles")
    grouped = heads.unionByName(others).repartition("a", "salt")
    settings = config.as_dict()

    def work(batches: Batches) -> Iterator[pa.RecordBatch]:
        config = Config(**settings)
        before: pa.Table | None = None
        for batch in batches:
            table = pa.Table.from_batches([batch])
            if before is not None:
                table = pa.concat_tables([before, table])
            made, last = _compare(table.combine_chunks(), config, least)
            before = table.slice(last, 1)
            yield from batches_of({name: getattr(made, name) for name in CONFIRMED}, CONFIRMED)

    sorted_ = grouped.sortWithinPartitions("a", "salt", "b")
    return store.keep(map_batches(sorted_, work, CONFIRMED), "pairs")


def _compare(table: pa.Table, config: Config, least: float | None) -> tuple[Pairs, int]:
    """Compare documents with the head above them; return the pairs, and where the last head is."""
    a, b = column(table, "a"), column(table, "b")
    places = np.arange(len(table))
    heads = np.maximum.accumulate(np.where(b == _HEAD, places, 0))
    others = np.flatnonzero(b != _HEAD)
    sets = shingles_of(table.column("shingles"))
    pairs = confirm_pairs(
        np.stack([heads[others], others], axis=1),
        lambda some: compare_shingles(some, sets),
        no_passages(),
        column(table, "tokens"),
        config,
        keep_all=least is not None,
    )
    if least is not None:
        near = np.maximum(pairs.containment_a, pairs.containment_b) >= least
        pairs = pairs.take((pairs.relations != NONE) | near)
    named = {"a": a[pairs.a], "b": b[pairs.b]}
    rest = {name: getattr(pairs, name) for name in CONFIRMED if name not in named}
    return Pairs(**named, **rest), int(heads[-1])


def shingles_of(cells: pa.ChunkedArray) -> Shingles:
    """Return a column of packed shingles as sets."""
    array = one_array(cells.cast(pa.large_binary()))
    _, offsets, data = array.buffers()
    bounds: Int64 = np.frombuffer(offsets, np.int64)[array.offset : array.offset + len(array) + 1]
    first, last = int(bounds[0]), int(bounds[-1])
    values = np.frombuffer(data, np.uint8)[first:last].copy().view(np.uint64)
    return Shingles(values, (bounds - first) // 8)
