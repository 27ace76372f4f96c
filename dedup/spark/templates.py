"""Site templates, counted by aggregation and judged on executors; the driver gets what passes.

The rules are those of ``cleaning.boilerplate.template_rules``. A unit that stands in enough
clusters of its site, or of the corpus, meets sketches of up to eight documents that hold it.
Nothing is as wide as the corpus but the units themselves, which are shuffled once by key.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pyarrow as pa
from pyspark.sql import Window
from pyspark.sql import functions as F

from dedup.cleaning.boilerplate.template_rules import (
    ALIKE,
    CARRIERS,
    SAMPLE,
    Candidate,
    is_template,
    likeness,
    most_common,
    numbers_of,
    settle,
    shown,
    sketches,
    unit_text,
    wordings,
)
from dedup.cleaning.boilerplate.templates import Template, Templates, spread, templates_of
from dedup.core.arrays import Bool, Float64, Int64, UInt64, offsets_of
from dedup.kernels.templates import SKETCH
from dedup.spark.counting import EVERYWHERE, Articles
from dedup.spark.frames import (
    Batches,
    Frame,
    Schema,
    Store,
    batch_texts,
    batches_of,
    column,
    map_batches,
    ranked,
)
from dedup.text.tokens import tokenise_texts

_SPAN_BITS = 16  # a unit has fewer tokens than that says
_WHOLE = -1  # the span of a document itself
_SKETCHED: Schema = {
    **{"row": "bigint", "span": "bigint", "sketch": "binary", "unit": "string"},
    "wording": "bigint",  # of a unit
    "numbered": "boolean",  # its numbers are text
}
_USUAL: Schema = {"site": "bigint", "usual": "double"}
_OF_UNIT = ("key", "site", "clusters", "documents", "total")
_UNRELATED: Schema = {
    **dict.fromkeys((*_OF_UNIT, "row", "span"), "bigint"),
    **dict.fromkeys(("before", "behind", "homes"), "binary"),
}
_JUDGED: Schema = {**_UNRELATED, "unit": "string"}


def find_templates(store: Store, counted: Frame, articles: Articles) -> Templates:
    """Return the templates; the example of each is a row.

    All that pass are held by the driver, about a kilobyte each.
    """
    units = counted.where("is_unit").drop("is_unit", "hash", "flags")
    repeated = units.groupBy("key").count().where("count > 1").select("key")
    units = store.keep(units.join(repeated, "key", "left_semi"), "units")
    carriers = store.keep(_carriers(store, units, articles.totals), "carriers")
    samples = _samples(store, carriers, articles.table)
    sketched = store.keep(_sketch(units, carriers, samples, articles.texts), "sketches")
    judged = store.keep(_judge(carriers, samples, sketched), "judged")
    return templates_of(settle([_candidate(row) for row in judged.toLocalIterator()]))


def _span(low: str = "low", size: str = "size") -> Any:
    return F.expr(f"shiftleft({low}, {_SPAN_BITS}) + {size}")


def _carriers(store: Store, units: Frame, totals: Frame) -> Frame:
    """Return up to ``CARRIERS`` rows of each unit that stands often, in distinct clusters."""
    home = F.col("site").alias("home")
    own = units.where(F.col("site") != EVERYWHERE).select(*units.columns, home)
    everywhere = F.lit(EVERYWHERE).cast("bigint")
    counted = own.unionByName(units.select(*units.columns, home).withColumn("site", everywhere))
    first = F.struct("place", "low", "size", "before", "behind", "home")
    rows = counted.groupBy("key", "site", "group", "row").agg(F.min(first).alias("first"))
    in_cluster = rows.groupBy("key", "site", "group").agg(
        F.min(F.struct("row", "first")).alias("first"), F.count("*").alias("docs")
    )
    in_cluster = store.keep(in_cluster, "unit-clusters")
    sums = F.count("*").alias("clusters"), F.sum("docs").alias("documents")
    often = in_cluster.groupBy("key", "site").agg(*sums).join(totals, "site")
    often = often.where("clusters >= units").select(*_OF_UNIT)
    order = Window.partitionBy("key", "site").orderBy("group")
    placed = in_cluster.join(often, ["key", "site"])
    placed = placed.withColumn("nth", F.row_number().over(order) - 1)
    placed = placed.withColumn("step", F.expr(f"greatest(1, clusters div {CARRIERS})"))
    chosen = placed.where(f"nth % step = 0 and nth div step < {CARRIERS}")
    named = [F.col(f"first.first.{name}").alias(name) for name in _FIRST]
    return chosen.select(*_OF_UNIT, "nth", F.col("first.row").alias("row"), *named)


_FIRST = ("low", "size", "before", "behind", "home")
_WORDED = ("wording", "numbered")


def _samples(store: Store, carriers: Frame, table: Frame) -> Frame:
    """Return documents, each of another cluster, that stand for any of a site with candidates."""
    sites = carriers.select("site").distinct()
    everywhere = F.lit(EVERYWHERE).cast("bigint").alias("site")
    every = table.where(F.col("site") != EVERYWHERE).unionByName(
        table.select("row", everywhere, "group")
    )
    first = every.join(sites, "site", "left_semi").groupBy("site", "group").agg(F.min("row"))
    first = first.toDF("site", "group", "row").select("site", "row")
    placed = ranked(store, first, ["site"], ["row"], "site-clusters")
    placed = placed.withColumn("step", F.expr(f"greatest(1, count div {SAMPLE})"))
    chosen = placed.where(f"nth % step = 0 and nth div step < {SAMPLE}")
    return store.keep(chosen.select("site", "row", "nth"), "samples")


def _sketch(units: Frame, carriers: Frame, samples: Frame, texts: Frame) -> Frame:
    """Sketch the documents that are looked at, and cut out the units that are shown by them."""
    rows = carriers.select("row").unionByName(samples.select("row")).distinct()
    spans = units.join(rows, "row", "left_semi").select("row", _span().alias("span"))
    spans = spans.groupBy("row").agg(F.collect_list("span").alias("spans"))
    wanted = carriers.select("row", _span().alias("span")).distinct()
    wanted = wanted.groupBy("row").agg(F.collect_list("span").alias("wanted"))
    given = texts.select("row", "text").join(rows, "row", "left_semi")
    given = given.join(spans, "row", "left").join(wanted, "row", "left")

    def work(batches: Batches) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            texts = batch_texts(batch)
            tokens = tokenise_texts(texts)
            _, lows, highs = _spans(batch.column("spans"), tokens.bounds)
            made = sketches(np.arange(len(texts)), tokens, lows, highs)
            docs, lows, highs = _spans(batch.column("wanted"), tokens.bounds)
            each = zip(docs.tolist(), lows.tolist(), highs.tolist(), strict=True)
            shown = [unit_text(texts.text(d), tokens, low, high) for d, low, high in each]
            numbered = [bool(numbers_of(unit)) for unit in shown]
            row = column(batch, "row")
            whole = len(batch)
            packed = ((lows - tokens.bounds[docs]) << _SPAN_BITS) + highs - lows
            cells = [cell.tobytes() for cell in made] + [None] * len(docs)
            columns = {
                "row": np.concatenate([row, row[docs]]),
                "span": np.concatenate([np.full(whole, _WHOLE), packed]),
                "sketch": pa.array(cells, pa.large_binary()),
                "unit": pa.array([None] * whole + shown, pa.large_string()),
                "wording": np.concatenate(
                    [np.zeros(whole, np.int64), wordings(tokens, lows, highs)]
                ),
                "numbered": pa.array([False] * whole + numbered, pa.bool_()),
            }
            yield from batches_of(columns, _SKETCHED)

    return map_batches(given, work, _SKETCHED)


def _spans(cells: pa.Array, bounds: Int64) -> tuple[Int64, Int64, Int64]:
    """Return the documents of packed units, and their first and last token among all of a batch."""
    sizes = cells.value_lengths().fill_null(0).to_numpy(zero_copy_only=False)
    docs = np.repeat(np.arange(len(cells)), sizes)
    packed = cells.flatten().to_numpy(zero_copy_only=False)
    lows = bounds[docs] + (packed >> _SPAN_BITS)
    return docs, lows, lows + (packed & ((1 << _SPAN_BITS) - 1))


def _judge(carriers: Frame, samples: Frame, sketched: Frame) -> Frame:
    """Return the candidates that pass by the likeness of their carriers, and by their words."""
    cells = sketched.where(F.col("span") == _WHOLE).select("row", "sketch")
    of_site = samples.join(cells, "row").groupBy("site")
    of_site = of_site.agg(_gathered("sketch"))
    usual = map_batches(of_site, _usual, _USUAL)
    units = sketched.where(F.col("span") != _WHOLE).drop("sketch")
    worded = units.select("row", "span", *_WORDED)
    of_unit = carriers.withColumn("span", _span()).join(worded, ["row", "span"])
    of_unit = of_unit.join(cells, "row").groupBy(*_OF_UNIT)
    gathered = of_unit.agg(_gathered("row", *_FIRST, *_WORDED, "sketch"))
    unrelated = map_batches(gathered.join(usual, "site"), _unrelated, _UNRELATED)
    units = units.select("row", "span", "unit")
    return map_batches(unrelated.join(units, ["row", "span"]), _pass, _JUDGED)


def _gathered(*names: str) -> Any:
    """Gather a few rows in one cell, in order."""
    return F.sort_array(F.collect_list(F.struct("nth", *names))).alias("cell")


def _usual(batches: Batches) -> Iterator[pa.RecordBatch]:
    for batch in batches:
        found, *_ = _likeness(batch.column("cell"))
        yield from batches_of({"site": column(batch, "site"), "usual": found}, _USUAL)


def _likeness(cells: pa.Array) -> tuple[Float64, Int64, pa.StructArray]:
    """Return how alike the documents of each cell are, where each begins, and all rows of them."""
    bounds = offsets_of(cells.value_lengths().to_numpy(zero_copy_only=False))
    rows = cells.flatten()
    data = b"".join(_field(rows, "sketch").to_pylist())
    sketched = np.frombuffer(data, np.uint64).reshape(-1, SKETCH)
    return likeness(sketched, np.arange(len(rows)), bounds), bounds, rows


def _field(rows: pa.StructArray, name: str) -> pa.Array:
    return rows.flatten()[rows.type.get_field_index(name)]


def _unrelated(batches: Batches) -> Iterator[pa.RecordBatch]:
    """Yield the units whose carriers are no more alike than any articles of the site."""
    for batch in batches:
        own, bounds, rows = _likeness(batch.column("cell"))
        names = ("row", *_FIRST, *_WORDED)
        of = {n: _field(rows, n).to_numpy(zero_copy_only=False) for n in names}
        some, shown_by = _shown_by(of, bounds, own <= column(batch, "usual") + ALIKE)
        ends = list(zip(bounds[:-1][some].tolist(), bounds[1:][some].tolist(), strict=True))
        columns = {name: column(batch, name)[some] for name in _OF_UNIT}
        columns |= {"row": of["row"][shown_by]}
        columns |= {"span": (of["low"][shown_by] << _SPAN_BITS) + of["size"][shown_by]}
        for name, values in (("before", "before"), ("behind", "behind"), ("homes", "home")):
            made = [of[values][low:high].tobytes() for low, high in ends]
            columns[name] = pa.array(made, pa.large_binary())
        yield from batches_of(columns, _UNRELATED)


def _shown_by(of: dict[str, Any], bounds: Int64, unrelated: Bool) -> tuple[Int64, Int64]:
    """Return which units have carriers with the same numbers, and a carrier that shows each."""
    some, shown_by = [], []
    for unit in np.flatnonzero(unrelated).tolist():
        first, end = int(bounds[unit]), int(bounds[unit + 1])
        place, same = most_common(of["wording"][first:end])
        if same or not of["numbered"][first]:
            some.append(unit)
            shown_by.append(first + place if of["numbered"][first] else first)
    return np.array(some, np.int64), np.array(shown_by, np.int64)


def _pass(batches: Batches) -> Iterator[pa.RecordBatch]:
    """Yield the units that are a template by their words, with the text that is shown."""
    for batch in batches:
        units = batch.column("unit").to_pylist()
        sizes = column(batch, "span") & ((1 << _SPAN_BITS) - 1)
        facts = (sizes, *(column(batch, name) for name in ("clusters", "total", "site")))
        passes = [
            is_template(unit, size, clusters, total, of_site=site != EVERYWHERE)
            for unit, size, clusters, total, site in zip(
                units, *(each.tolist() for each in facts), strict=True
            )
        ]
        columns = {name: batch.column(name) for name in _UNRELATED}
        columns["unit"] = pa.array([shown(unit) for unit in units], pa.large_string())
        some = pa.RecordBatch.from_pydict(columns).filter(pa.array(passes, pa.bool_()))
        yield from batches_of({name: some.column(name) for name in _JUDGED}, _JUDGED)


def _candidate(row: Any) -> Candidate:
    """Return a unit that passed as the rules of one machine have it."""

    def numbers(name: str) -> Int64:
        return np.frombuffer(bytes(row[name]), np.int64)

    key, site = int(row["key"]) % (1 << 64), int(row["site"])
    if site != EVERYWHERE:
        key ^= int(spread(np.array([site]))[0])
    beside: UInt64 = np.stack([numbers("before"), numbers("behind")]).view(np.uint64)
    entry = Template(row["unit"], site, row["clusters"], row["documents"], row["row"])
    size = int(row["span"]) & ((1 << _SPAN_BITS) - 1)
    return Candidate(key, size, entry, beside, spread(numbers("homes")))
