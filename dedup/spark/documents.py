"""The table of documents and the totals of the summary."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pyarrow as pa
from pyspark.sql import functions as F

from dedup import schema as records
from dedup.clusters.standing import Standing
from dedup.clusters.stars import Clusters
from dedup.config import Config
from dedup.core.package import version
from dedup.kernels import differences as kernel
from dedup.pipeline.results import documents_table
from dedup.similarity.differences import Differences
from dedup.similarity.relations import EXACT, NAMES, Pairs
from dedup.spark.frames import Batches, Frame, Schema, batches_of, column, map_batches, sql_schema
from dedup.spark.judging import LOST, MEMBERS
from dedup.spark.metadata import Metadata
from dedup.spark.reading import KEYS

DOCUMENTS = sql_schema(records.DOCUMENTS)
KEYED: Schema = {**DOCUMENTS, "row": "bigint", **KEYS}  # and how the rows they were are found
_FIGURES = (kernel.LOST, kernel.LOST_FACTS, kernel.RUNNING_WORDS)
_SCORES = ("relation", "jaccard", "containment", "coverage", "share")


def place(metadata: Frame, members: Frame, equals: Frame, config: Config) -> Frame:
    """Return ``MEMBERS`` and ``representative`` of every document that is not its own leader.

    Equal documents follow the one that stands for them, by the rule of ``clusters.join_equals``.
    """
    own = members.withColumn("representative", F.col("row"))
    if "exact" not in config.cluster_on:
        return own
    theirs = members.withColumnRenamed("row", "representative")
    joined = equals.join(theirs, "representative", "left")
    one = {name: F.lit(1.0) for name in _SCORES} | {"relation": F.lit(EXACT).cast("bigint")}
    one |= {name: F.lit(0).cast("bigint") for name in LOST}
    alone = F.col("leader").isNull()
    columns = [F.when(alone, one[name]).otherwise(F.col(name)).alias(name) for name in one]
    columns += [F.coalesce(name, "representative").alias(name) for name in ("leader", "stand_in")]
    return own.unionByName(joined.select("row", *columns, "representative"))


def documents(metadata: Frame, placed: Frame) -> Frame:
    """Return all documents as ``KEYED``; the rules are those of ``tables``."""
    names = metadata.select("row", "doc_id")
    leaders = names.select(F.col("row").alias("leader"), F.col("doc_id").alias("leader_id"))
    representatives = names.select(
        F.col("row").alias("representative"), F.col("doc_id").alias("representative_id")
    )
    others = placed.where("representative <> row").join(representatives, "representative")
    selves = placed.where("representative = row").withColumn(
        "representative_id", F.lit(None).cast("string")
    )
    stand_ins = names.select(F.col("row").alias("stand_in"), F.col("doc_id").alias("stand_in_id"))
    named = selves.unionByName(others).join(leaders, "leader").join(stand_ins, "stand_in")
    wanted = metadata.select("row", *KEYS, "doc_id", "path").join(named, "row", "left")

    def work(batches: Batches) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            made = _documents(batch)
            more = {name: batch.column(name) for name in ("row", *KEYS)}
            columns = {name: made.column(name).combine_chunks() for name in DOCUMENTS}
            yield from batches_of({**columns, **more}, KEYED)

    return map_batches(wanted, work, KEYED)


def _documents(batch: pa.RecordBatch) -> pa.Table:
    """Return a batch of documents as the table of a scan that knows these and what leads them."""
    count = len(batch)
    rows = np.arange(count)
    known = {name: batch.column(name).fill_null(0) for name in (*MEMBERS, "representative")}
    is_member = batch.column("leader").is_valid().to_numpy(zero_copy_only=False)
    moved = is_member & (known["representative"].to_numpy() != column(batch, "row"))
    # Behind the documents stand what leads them and what stands for them, by id alone.
    names = ("doc_id", "leader_id", "representative_id", "stand_in_id")
    ids = pa.concat_arrays([batch.column(name) for name in names])
    representatives, leaders, by = np.tile(np.arange(4 * count), (3, 1))
    representatives[:count] = np.where(moved, rows + 2 * count, rows)
    leaders[:count] = np.where(is_member, rows + count, rows)
    joined = np.full(4 * count, -1)
    joined[:count] = np.where(is_member, rows, -1)
    stand_in = known["stand_in"].to_numpy()
    by_face = moved & (stand_in == known["representative"].to_numpy())
    goes = is_member & (stand_in != column(batch, "row"))
    by[:count] = np.where(by_face, rows + 2 * count, np.where(goes, rows + 3 * count, rows))
    scores = {name: known[name].to_numpy(zero_copy_only=False) for name in _SCORES}
    pairs = Pairs(
        a=representatives[:count],
        b=leaders[:count],
        relations=scores["relation"],
        jaccard=scores["jaccard"],
        containment_a=scores["containment"],
        containment_b=scores["containment"],
        coverage=scores["coverage"],
        matched=np.zeros(count, np.int64),
        share_a=scores["share"],
        share_b=scores["share"],
    )
    differences = Differences.none(count)
    for name, place in zip(LOST, _FIGURES, strict=True):
        differences.figures[:, place : place + 2] = known[name].to_numpy()[:, None]
    judged = pairs, differences
    path = pa.concat_arrays([batch.column("path"), pa.nulls(3 * count, batch.column("path").type)])
    corpus = pa.table({"doc_id": ids, "path": path})
    clusters, standing = Clusters(leaders, joined), Standing(by, joined)
    return documents_table(corpus, judged, clusters, representatives, standing).slice(0, count)


def total_losses(found: Frame) -> dict[str, int]:
    """Return what all removals together lose, as ``results.summarise`` does."""
    loses = F.sum((F.col("lost_tokens") > 0).cast("bigint"))
    sums = found.agg(loses, F.sum("lost_tokens"), F.sum("lost_facts")).first()
    names = ("documents", "tokens", "facts")
    return {name: int(each or 0) for name, each in zip(names, sums, strict=True)}


def summary(
    metadata: Metadata, found: Frame, pairs: Frame, equals: Frame, oversized: int, config: Config
) -> dict[str, Any]:
    """Return the totals of a run, those of ``summary.json`` that Spark can count."""
    kept = F.sum(F.col("kept").cast("bigint"))
    count, stay = found.agg(F.count("*"), kept).first()
    members = found.where(~F.col("canonical")).groupBy("cluster").count()
    clusters = members.agg(F.count("*"), F.max("count"), F.sum("count")).first()
    by_relation = {NAMES[row[0]]: row[1] for row in pairs.groupBy("relations").count().collect()}
    by_relation["exact"] = equals.count()
    skipped = sum(metadata.skipped.values())
    return {
        "version": version(),
        "config": config.as_dict(),
        "engine": "spark",
        "read_report": {
            "read": count + skipped,
            "skipped": metadata.skipped,
            "damaged": metadata.damaged,
        },
        "documents": {
            "read": count + skipped,
            "kept": int(stay or 0),
            "removed": count - int(stay or 0),
            "skipped": skipped,
        },
        "relations": {name: by_relation[name] for name in NAMES[:-1] if by_relation.get(name)},
        "clusters": {
            "count": clusters[0],
            "largest": int(clusters[1] or 0) + 1 if count else 0,
            "documents": int(clusters[2] or 0) + clusters[0],
        },
        "limits": {"oversized_buckets": oversized} if oversized else {},
    }
