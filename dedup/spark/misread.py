"""Copies among misread texts, by aggregation: words that one document alone has, rare runs, pairs.

The rules and kernels are those of ``similarity.misread``. Where no document is misread, which is
usual, it ends once words are counted.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import pyarrow as pa
from pyspark.sql import functions as F

from dedup.core.arrays import Bool, Int64, UInt8, texts_from_arrow
from dedup.kernels import misread as kernel
from dedup.similarity.misread import (
    LEAST_DOCUMENTS,
    LEAST_SHARED,
    MOST_CHARACTERS,
    MOST_DOCUMENTS,
    RUN,
    SHARED_SHARE,
    SPREAD,
    are_lonely,
    characters,
    compare_texts,
    owners_size,
)
from dedup.sources.tables import usable_texts
from dedup.spark.frames import (
    Batches,
    Frame,
    Schema,
    Store,
    batch_texts,
    batches_of,
    column,
    map_batches,
    to_driver,
)
from dedup.text.shingles import character_units, shingle_tokens
from dedup.text.tokens import tokenise_texts

MISREAD: Schema = {"a": "bigint", "b": "bigint", "read_a": "double", "read_b": "double"}
_OWNED: Schema = {"place": "bigint", "least": "bigint", "most": "bigint"}
_LONELY: Schema = {"row": "bigint", "long": "boolean"}
_RUNS: Schema = {"value": "bigint", "row": "bigint", "part": "bigint", "size": "bigint"}
_KNOWN: Schema = {"value": "bigint"}
_MOST_KNOWN = 1 << 24  # runs of misread texts; of more, the runs of all texts are shuffled


class Misread(NamedTuple):
    """Pairs of texts that are alike by characters (``MISREAD``), and how many were too long."""

    pairs: Frame
    left_out: int


def find_misread(store: Store, texts: Frame, tokens: int) -> Misread:
    """Find the copies of misread texts among documents (row, text) that stand for their equals.

    ``tokens`` is how many the corpus has.
    """
    nothing = texts.select(*(F.lit(None).cast(kind).alias(name) for name, kind in MISREAD.items()))
    nothing = nothing.where(F.lit(False))
    if texts.limit(LEAST_DOCUMENTS).count() < LEAST_DOCUMENTS:
        return Misread(nothing, 0)
    read = store.keep(_misread(texts, owners_size(tokens)), "misread-texts")
    sums = {row[0]: row[1] for row in read.groupBy("long").count().collect()}
    if not sums.get(False):
        return Misread(nothing, sums.get(True, 0))
    read = read.where(~F.col("long")).select("row")
    texts = texts.select("row", "text")
    runs = _runs(texts, _sieve(store, texts.join(read, "row", "left_semi")))
    pairs = _sharing(store, store.keep(runs, "misread-runs"), read)
    pairs = store.keep(pairs, "misread-sharing")
    one = texts.select(F.col("row").alias("a"), F.col("text").alias("text_a"))
    two = texts.select(F.col("row").alias("b"), F.col("text").alias("text_b"))
    met = pairs.join(one, "a").join(two, "b")
    return Misread(store.keep(map_batches(met, _alike, MISREAD), "misread"), sums.get(True, 0))


def _misread(texts: Frame, size: int) -> Frame:
    """Return the documents of whose long words many stand in no other one."""

    def owned(batches: Batches) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            tokens = tokenise_texts(batch_texts(batch))
            owners = np.zeros(size, np.int32)
            kernel.own_words(tokens.arrays(), np.arange(len(tokens)), owners)
            places = np.flatnonzero(owners)
            own, rows = owners[places], column(batch, "row")
            row = rows[np.maximum(own - 1, 0)]
            # Of several owners the least is above the most, whatever others say.
            several = own == kernel.SEVERAL
            least, most = np.where(several, -1, row), np.where(several, -2, row)
            yield from batches_of({"place": places, "least": least, "most": most}, _OWNED)

    def lonely(batches: Batches) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            texts = batch_texts(batch)
            tokens, owners = tokenise_texts(texts), np.zeros(size, np.int32)
            rows, cells = np.arange(len(tokens)), batch.column("places")
            sizes = cells.value_lengths().fill_null(0).to_numpy(zero_copy_only=False)
            places = cells.flatten().to_numpy(zero_copy_only=False).astype(np.int64)
            owners[places] = np.repeat(rows, sizes) + 1
            alone, words = np.zeros((2, len(tokens)), np.int64)
            kernel.count_lonely(tokens.arrays(), rows, owners, alone, words)
            some = are_lonely(alone, words)
            long = np.diff(texts.offsets) > MOST_CHARACTERS
            made = {"row": column(batch, "row")[some], "long": long[some]}
            yield from batches_of(made, _LONELY)

    places = map_batches(texts.select("row", "text"), owned, _OWNED).groupBy("place")
    places = places.agg(F.min("least").alias("row"), F.max("most").alias("most"))
    own = places.where("row = most").groupBy("row").agg(F.collect_list("place").alias("places"))
    return map_batches(texts.select("row", "text").join(own, "row"), lonely, _LONELY)


def _sieve(store: Store, read: Frame) -> UInt8 | None:
    """Return a table of bits that lets the runs of misread texts through, and few others.

    ``None`` lets all through: where these are too many for the driver.
    """

    def work(batches: Batches) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            texts = batch_texts(batch)
            values = shingle_tokens(*characters(texts, np.arange(len(texts))), RUN).values
            yield from batches_of({"value": np.unique(values).view(np.int64)}, _KNOWN)

    known = store.keep(map_batches(read, work, _KNOWN).distinct(), "misread-known")
    if (count := known.count()) > _MOST_KNOWN:
        return None
    bits = np.zeros(1 << max(10, (8 * count).bit_length()), np.bool_)
    (values,) = to_driver(known, ["value"])
    bits[values.view(np.uint64) & np.uint64(len(bits) - 1)] = True
    return np.packbits(bits)


def _runs(texts: Frame, sieve: UInt8 | None) -> Frame:
    """Return the runs of characters of texts once each, and in which part of the text it is."""

    def work(batches: Batches) -> Iterator[pa.RecordBatch]:
        bits = None if sieve is None else np.unpackbits(sieve).view(np.bool_)
        for given in batches:
            texts = batch_texts(given)
            batch = given.filter(pa.array(np.diff(texts.offsets) <= MOST_CHARACTERS))
            texts = batch_texts(batch)
            made = shingle_tokens(*character_units(texts), RUN)
            sizes = np.diff(made.offsets)
            docs = np.repeat(np.arange(len(texts)), sizes)
            some = np.arange(len(docs)) if bits is None else _pass(made.values, bits)
            some = some[np.lexsort((made.values[some], docs[some]))]  # equal ones by place
            same = (np.diff(docs[some]) == 0) & (np.diff(made.values[some]) == 0)
            some = some[np.append(True, ~same)] if len(some) else some
            of = docs[some]
            columns = {
                "value": np.ascontiguousarray(made.values[some]).view(np.int64),
                "row": column(batch, "row")[of],
                "part": kernel.SPREAD_PARTS * (some - made.offsets[of]) // sizes[of],
                "size": sizes[of],
            }
            yield from batches_of(columns, _RUNS)

    return map_batches(texts, work, _RUNS)


def _pass(values: np.typing.NDArray[np.uint64], bits: Bool) -> Int64:
    return np.flatnonzero(bits[values & np.uint64(len(bits) - 1)])


def _sharing(store: Store, runs: Frame, read: Frame) -> Frame:
    """Return the pairs of texts, one of them misread, that share enough rare runs all over."""
    rare = runs.groupBy("value").count().where(F.col("count").between(2, MOST_DOCUMENTS))
    marked = runs.join(read.withColumn("read", F.lit(True)), "row", "left")
    marked = store.keep(marked.join(rare.select("value"), "value"), "misread-rare")
    bit = F.expr("shiftleft(1, cast(part as int))").alias("bit")

    def side(name: str) -> Frame:
        columns = (F.col("row"), bit, F.col("size"), F.coalesce("read", F.lit(False)).alias("read"))
        named = (each.alias(f"{old}_{name}") for each, old in zip(columns, _SIDE, strict=True))
        return marked.select("value", *named)

    met = side("a").join(side("b"), "value").where("row_a < row_b and (read_a or read_b)")
    pairs = met.groupBy(F.col("row_a").alias("a"), F.col("row_b").alias("b")).agg(
        F.count("*").alias("shared"),
        F.least(F.min("size_a"), F.min("size_b")).alias("shorter"),
        *(F.expr(f"bit_count(bit_or(bit_{name}))").alias(f"parts_{name}") for name in "ab"),
    )
    least = F.greatest(F.lit(LEAST_SHARED), F.lit(SHARED_SHARE) * F.col("shorter"))
    spread = F.least("parts_a", "parts_b") >= SPREAD
    return pairs.where((F.col("shared") >= least) & spread).select("a", "b")


_SIDE = ("row", "bit", "size", "read")


def _alike(batches: Batches) -> Iterator[pa.RecordBatch]:
    """Yield the pairs of texts whose characters stand in the same order."""
    for batch in batches:
        both = pa.concat_arrays([usable_texts(batch.column(f"text_{name}")) for name in "ab"])
        numbers = np.arange(len(batch))
        pairs = np.stack([numbers, numbers + len(batch)], axis=1)
        found = compare_texts(texts_from_arrow(both), pairs)
        kept = found.pairs[:, 0]
        columns = {name: column(batch, name)[kept] for name in "ab"}
        yield from batches_of(
            {**columns, "read_a": found.share_a, "read_b": found.share_b}, MISREAD
        )
