"""Documents with one address: grouped by shuffles, with the rules of ``similarity.addresses``.

Addresses that have nothing in common with any other are not looked at further, as on one machine.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import pyarrow as pa
from pyspark.sql import functions as F

from dedup.config import Config
from dedup.similarity.addresses import (
    LOOSE,
    MOST_TEXTS,
    NOTHING,
    are_urls,
    common_forms,
    page_address,
)
from dedup.similarity.relations import NONE, SAME_URL
from dedup.spark.frames import Batches, Frame, Schema, Store, batches_of, map_batches

_FORMS: Schema = {"row": "bigint", "url": "string", "form": "string"}
_PAGES: Schema = {"row": "bigint", "address": "string"}


class Addresses(NamedTuple):
    """Which documents have the address of another one, by the least row that has it.

    ``pairs`` (a, b, group) are those of different texts under one address; ``left_out`` counts the
    addresses with too many texts.
    """

    groups: Frame
    pairs: Frame
    left_out: int


def find_addresses(
    store: Store, metadata: Frame, equals: Frame, apart: Frame | None, config: Config
) -> Addresses | None:
    """Find the documents that share an address, ``None`` where none do or nobody asks."""
    if not config.same_url or "duplicates" not in config.find:
        return None
    groups = _groups(store, metadata)
    if groups is None:
        return None
    moved = groups.join(equals, "row", "left")
    moved = moved.select("group", F.coalesce("representative", "row").alias("row"))
    filled = metadata.where("tokens > 0").select("row")
    if apart is not None:
        filled = filled.join(apart, "row", "left_anti")
    texts = store.keep(moved.join(filled, "row").distinct(), "address-texts")
    sizes = texts.groupBy("group").count()
    left_out = sizes.where(F.col("count") > MOST_TEXTS).count()
    some = texts.join(sizes.where(F.col("count").between(2, MOST_TEXTS)).select("group"), "group")
    one = some.select("group", F.col("row").alias("a"))
    two = some.select("group", F.col("row").alias("b"))
    pairs = store.keep(one.join(two, "group").where("a < b"), "address-pairs")
    return Addresses(groups, pairs, left_out)


def _groups(store: Store, metadata: Frame) -> Frame | None:
    """Return (row, group) of the documents whose address another one has too, if there are any."""

    def forms(batches: Batches) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            some = batch.filter(pa.array(are_urls(batch.column("url"))))
            columns = {name: some.column(name) for name in ("row", "url")}
            yield from batches_of({**columns, "form": common_forms(some.column("url"))}, _FORMS)

    def pages(batches: Batches) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            made = pa.array(map(page_address, batch.column("url").to_pylist()), pa.string())
            yield from batches_of({"row": batch.column("row"), "address": made}, _PAGES)

    urls = metadata.select("row", F.coalesce("url", "doc_id").alias("url"))
    formed = store.keep(map_batches(urls, forms, _FORMS), "address-forms")
    shared = formed.groupBy("form").count().where("count > 1").select("form")
    if shared.isEmpty():
        return None
    likes = formed.join(shared, "form", "left_semi").select("row", "url")
    found = store.keep(map_batches(likes, pages, _PAGES), "address-pages")
    found = found.where(F.col("address").isNotNull())
    groups = found.groupBy("address").agg(F.min("row").alias("group"), F.count("*").alias("count"))
    shared = found.join(groups.where("count > 1"), "address").select("row", "group")
    shared = store.keep(shared, "addresses")
    return None if shared.isEmpty() else shared


def relate_addresses(store: Store, pairs: Frame, addresses: Addresses) -> Frame:
    """Return the pairs with those of one address, which have ``same_url`` set.

    ``pairs`` hold all of them, also without a relation. An address does not count if two of its
    texts have nothing in common.
    """
    asked = addresses.pairs.join(pairs, ["a", "b"])
    shares = ("containment_a", "containment_b", "share_a", "share_b")
    known = F.greatest(*shares)
    shared = F.when(F.col("relations") < NONE, known).otherwise(F.greatest(*shares[:2]))
    sound = asked.groupBy("group").agg(F.min(shared).alias("shared"))
    sound = asked.join(sound.where(F.col("shared") >= NOTHING), "group").select("a", "b")
    sound = store.keep(sound.distinct(), "same-url").withColumn("sound", F.lit(True))
    joined = pairs.join(sound, ["a", "b"], "left")
    joined = joined.withColumn("same_url", F.coalesce("sound", F.lit(False))).drop("sound")
    joined = joined.where(F.col("same_url") | (F.col("relations") < NONE))
    is_fresh = F.col("relations") == NONE
    moves = F.col("same_url") & F.col("relations").isin(list(LOOSE))
    given = {
        "coverage": F.when(is_fresh, 0.0).otherwise(F.col("coverage")),
        "matched": F.when(is_fresh, F.lit(0).cast("bigint")).otherwise(F.col("matched")),
        "share_a": F.when(is_fresh, F.col("containment_a")).otherwise(F.col("share_a")),
        "share_b": F.when(is_fresh, F.col("containment_b")).otherwise(F.col("share_b")),
        "relations": F.when(moves, F.lit(SAME_URL).cast("bigint")).otherwise(F.col("relations")),
    }
    if "joins" in pairs.columns:
        given["joins"] = F.col("joins") | moves
    return joined.select(*(given.get(name, F.col(name)).alias(name) for name in joined.columns))


def with_addresses(keyed: Frame, addresses: Addresses | None) -> Frame:
    """Fill the column ``same_url`` of all documents."""
    if addresses is None:
        return keyed
    names = keyed.select(F.col("row").alias("group"), F.col("doc_id").alias("first_id"))
    first = addresses.groups.join(names, "group").select("row", "first_id")
    told = keyed.join(first, "row", "left").withColumn("same_url", F.col("first_id"))
    return told.select(*keyed.columns)
