"""How often each line stands in the clusters of its site, by aggregation; nothing is collected.

Texts are brought to their documents once (``articles_of``). One pass leaves of them a row for each
line and each unit that may be boilerplate (``count``). Lines are counted here, units in
``spark.templates``; the rules are those of ``cleaning.boilerplate``.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from pyspark.sql import functions as F

from dedup.cleaning.boilerplate import lines, lines_of, template_rules
from dedup.cleaning.boilerplate.templates import cut_units
from dedup.core.arrays import Int64, UInt64
from dedup.kernels.templates import Units
from dedup.spark.frames import (
    Batches,
    Frame,
    Numbers,
    Schema,
    Store,
    batch_texts,
    batches_of,
    column,
    map_batches,
)
from dedup.spark.metadata import Metadata
from dedup.spark.reading import KEYS
from dedup.spark.verifying import texts_of
from dedup.text.lines import Lines
from dedup.text.tokens import Tokens, tokenise_texts

COUNTED: Schema = {
    "is_unit": "boolean",  # else it is a line
    "key": "bigint",
    "site": "bigint",  # the least row of the site, -1 where it is unknown
    "group": "bigint",  # the preliminary cluster, by its least row
    "row": "bigint",
    "place": "bigint",  # which line or unit of the document
    "hash": "bigint",  # of a line with its numbers
    "flags": "bigint",
    "low": "bigint",  # the first token of a unit, and how many it has
    "size": "bigint",
    "before": "bigint",  # keys of the units that touch it, 0 for none
    "behind": "bigint",
}
TOTALS: Schema = {"site": "bigint", "total": "bigint", "lines": "bigint", "units": "bigint"}
_MARKED: Schema = {"row": "bigint", "mark": "bigint"}
_MARK_BITS = 8
EVERYWHERE = -1  # the site that stands for the corpus


@dataclass(frozen=True, slots=True)
class Articles:
    """All documents: ``table`` has row, site and group, ``texts`` the doc_id and the text too.

    ``totals`` has how many clusters each site has, and the corpus (``EVERYWHERE``), and in how many
    of them a line and a unit must stand.
    """

    table: Frame
    texts: Frame
    totals: Frame


def articles_of(store: Store, metadata: Metadata, groups: Frame, frame: Frame) -> Articles:
    """Join documents with their texts; ``groups`` has the least row of the cluster of some."""
    every = metadata.table.select("row", "doc_id", "site", *KEYS)
    sites = every.where(F.col("site").isNotNull()).groupBy("site").agg(F.min("row").alias("code"))
    code, group = F.coalesce("code", F.lit(EVERYWHERE)), F.coalesce("group", "row")
    wanted = every.join(sites, "site", "left").join(groups, "row", "left")
    wanted = wanted.select("row", "doc_id", code.alias("site"), group.alias("group"), *KEYS)
    texts = store.keep(texts_of(frame, wanted, metadata), "texts")
    table = texts.select("row", "site", "group")
    return Articles(table, texts, store.keep(_totals(table), "totals"))


def equal_groups(metadata: Metadata) -> Frame:
    """Return the least row of the documents that are equal to each, where there are others."""
    sums = ["sum0", "sum1"]
    filled = metadata.table.where("tokens > 0").select("row", *sums)
    least = filled.groupBy(*sums).agg(F.min("row").alias("group"), F.count("*").alias("count"))
    return filled.join(least.where("count > 1"), sums).select("row", "group")


def _totals(table: Frame) -> Frame:
    """Count the clusters of each site; the rules tell how many of them a line must stand in."""
    own = table.where(F.col("site") != EVERYWHERE).select("site", "group").distinct()
    own = own.groupBy("site").agg(F.count("*").alias("total"))
    everywhere = F.lit(EVERYWHERE).cast("bigint").alias("site")
    total = table.agg(F.count_distinct("group").alias("total")).select(everywhere, "total")

    def work(batches: Batches) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            site, totals = column(batch, "site"), column(batch, "total")
            known = site != EVERYWHERE
            needed = {
                "lines": lines.clusters_needed(known, totals),
                "units": template_rules.clusters_needed(known, totals),
            }
            yield from batches_of({"site": site, "total": totals, **needed}, TOTALS)

    return map_batches(own.unionByName(total), work, TOTALS)


def count(store: Store, articles: Articles) -> Frame:
    """Return ``COUNTED`` of all documents."""

    def work(batches: Batches) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            texts = batch_texts(batch)
            tokens = tokenise_texts(texts)
            cut = lines_of(texts, tokens)
            yield from _lines(batch, cut)
            yield from _units(batch, tokens, cut)

    given = articles.texts.select("row", "site", "group", "text")
    return store.keep(map_batches(given, work, COUNTED), "counted")


def _lines(batch: pa.RecordBatch, cut: Lines) -> Iterator[pa.RecordBatch]:
    known = column(batch, "site") != EVERYWHERE
    some, flags = lines.countable(cut, known[cut.docs])
    docs = cut.docs[some]
    columns = {
        "is_unit": np.zeros(len(some), np.bool_),
        "key": signed(cut.keys[some]),
        "place": some - cut.bounds[docs],
        "hash": signed(cut.hashes[some]),
        "flags": flags.astype(np.int64),
    }
    yield from _rows(batch, docs, columns)


def _units(batch: pa.RecordBatch, tokens: Tokens, cut: Lines) -> Iterator[pa.RecordBatch]:
    units = cut_units(tokens, cut)
    docs = cut.docs[units.lines]
    before, behind = _beside(units, docs)
    columns = {
        "is_unit": np.ones(len(docs), np.bool_),
        "key": signed(units.keys),
        "place": np.arange(len(docs)) - np.searchsorted(docs, docs),
        "low": units.lows - tokens.bounds[docs],
        "size": units.highs - units.lows,
        "before": signed(before),
        "behind": signed(behind),
    }
    yield from _rows(batch, docs, columns)


def _beside(units: Units, docs: Int64) -> tuple[UInt64, UInt64]:
    """Return the keys of the units that end where each begins, and begin where it ends."""
    before, behind = np.zeros((2, len(docs)), np.uint64)
    close = np.flatnonzero((docs[1:] == docs[:-1]) & (units.highs[:-1] == units.lows[1:]))
    before[close + 1], behind[close] = units.keys[close], units.keys[close + 1]
    return before, behind


def _rows(
    batch: pa.RecordBatch, docs: Int64, columns: dict[str, Numbers]
) -> Iterator[pa.RecordBatch]:
    given = {name: column(batch, name)[docs] for name in ("site", "group", "row")}
    nulls = {name: pa.nulls(len(docs)) for name in COUNTED if name not in {*columns, *given}}
    yield from batches_of({**columns, **given, **nulls}, COUNTED)


def signed(keys: UInt64) -> Int64:
    """Return hashes as Spark has them."""
    return np.ascontiguousarray(keys).view(np.int64)


def line_marks(store: Store, counted: Frame, totals: Frame) -> Frame:
    """Return (row, marks): of each document the lines that stand often, packed with their mark."""
    every = counted.where(~F.col("is_unit"))
    is_inner = (F.col("flags").bitwiseAND(lines.INNER) > 0).alias("inner")
    clusters = every.groupBy("key", "site", "group").agg(F.max(is_inner).alias("inner"))
    clusters = clusters.groupBy("key", "site").agg(
        F.count("*").alias("clusters"), F.max("inner").alias("inner")
    )
    often = clusters.join(totals, "site").where("clusters >= lines")
    names = ("key", "site", "clusters", "inner", "total")
    some = every.select("key", "site", "group", "row", "place", "hash", "flags")
    some = store.keep(some.join(often.select(*names), ["key", "site"]), "often")
    same = some.select("hash", "site", "group").distinct()
    same = same.groupBy("hash", "site").agg(F.count("*").alias("literal"))
    marked = map_batches(some.join(same, ["hash", "site"]), _mark, _MARKED)
    return store.keep(marked.groupBy("row").agg(F.collect_list("mark").alias("marks")), "marks")


def _mark(batches: Batches) -> Iterator[pa.RecordBatch]:
    for batch in batches:
        flags, clusters, literal, totals, inner = (
            column(batch, name) for name in ("flags", "clusters", "literal", "total", "inner")
        )
        known = column(batch, "site") != EVERYWHERE
        marks = lines.marks_of(flags, clusters, literal, totals, known, inner)
        some = marks > 0
        packed = (column(batch, "place") << _MARK_BITS) + marks
        yield from batches_of({"row": column(batch, "row")[some], "mark": packed[some]}, _MARKED)


def line_counts(cut: Lines, sites: Int64, marks: pa.Array) -> lines.LineCounts:
    """Return what was counted of the lines of some documents, by the marks of each."""
    found = np.zeros(len(cut), np.uint8)
    sizes = marks.value_lengths().fill_null(0).to_numpy(zero_copy_only=False)
    packed = marks.flatten().to_numpy(zero_copy_only=False)
    places = np.repeat(cut.bounds[:-1], sizes) + (packed >> _MARK_BITS)
    found[places] = packed & ((1 << _MARK_BITS) - 1)
    return lines.LineCounts.of_marks(found, sites[cut.docs] != EVERYWHERE)
