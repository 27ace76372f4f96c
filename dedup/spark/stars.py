"""Clusters inside components: the code of one machine, on components as they stream by."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import NamedTuple, TypeAlias

import numpy as np
import pyarrow as pa
from pyspark.sql import functions as F

from dedup.clusters.choosing import held_sets
from dedup.clusters.compilations import Compilations, unsure_parts
from dedup.clusters.joining import addressed, cluster_by_pairs
from dedup.clusters.one_text import PageFinder
from dedup.clusters.standing import decide
from dedup.clusters.stars import Clusters
from dedup.config import RELATION_CODES, Config
from dedup.core.arrays import Float64
from dedup.similarity.differences import superseded
from dedup.similarity.relations import OWN_TEXT, SAME_FORM, SAME_URL
from dedup.spark.equals import GONE, RANKING
from dedup.spark.frames import Batches, Frame, by_group, column, map_batches
from dedup.spark.judging import (
    DOCUMENT,
    MADE,
    MEMBER,
    MEMBERS,
    SUPERSEDED,
    Judged,
    made_rows,
    taken_apart,
)
from dedup.spark.verifying import shingles_of

TASK_EDGES = 5_000_000  # of a component, up to which one task makes its clusters
_Judging: TypeAlias = Callable[[pa.Table, Config], Iterator[pa.RecordBatch]]
_STAR_PART = 2_000  # members of a star that a task compares with its leader at a time
_MOST_ROWS = 1 << 14  # of components that are clustered at a time, but for the last of them


class Made(NamedTuple):
    """What comes of clusters besides: ``MEMBERS`` alone are of all components.

    ``named`` are pairs (a, b) whose relation is another one now, with the facts that changed,
    ``losses`` the stretches (row, kept, start, end, tokens, text) that documents lose, and
    ``superseded`` the rows of versions that give way to others.
    """

    members: Frame
    named: Frame
    losses: Frame
    superseded: Frame


def cluster_edges(pairs: Frame, config: Config) -> Frame:
    """Return the confirmed pairs that put two documents in one cluster."""
    wanted = [RELATION_CODES[name] for name in config.cluster_on if name != "exact"]
    return pairs.where(F.col("relations").isin([*wanted, SAME_URL]))


def with_texts(metadata: Frame, texts: Frame) -> Frame:
    """Return what pairs are judged from: ``RANKING``, the id, and what ``texts`` have.

    Those are (row, text), and what goes from each where that was looked for (removed).
    """
    gone = [name for name in metadata.columns if name == GONE]
    return metadata.select(*RANKING, *gone, "doc_id").join(texts, "row")


def with_sets(documents: Frame, sets: Frame, equals: Frame) -> Frame:
    """Return what clusters are made from: ``with_texts``, and of each document its shingles.

    ``weight`` is for how many equal documents it stands.
    """
    weights = equals.groupBy(F.col("representative").alias("row")).agg(
        (F.count("*") + 1).alias("weight")
    )
    known = documents.join(sets.select("row", "shingles"), "row")
    one = F.lit(1).cast("bigint")
    return known.join(weights, "row", "left").withColumn("weight", F.coalesce("weight", one))


def find_members(edges: Frame, labels: Frame, documents: Frame, config: Config) -> Frame:
    """Return as ``MADE`` each document that another one leads, and what else comes of clusters.

    ``edges`` have their ``component``, ``labels`` that of each document; ``documents`` come from
    ``with_sets``. Every component must fit into the memory of a task.
    """
    return _met(documents.join(labels, "row"), edges, "component", _cluster, config)


def look_at(members: Frame, edges: Frame, documents: Frame, config: Config) -> Frame:
    """Return as ``MADE`` what becomes of members (row, leader) of stars of any size.

    Each is compared with its leader alone, so a star is taken in parts: a form that several
    reports show is told where two of these come into one part. ``edges`` are the pairs,
    ``documents`` come from ``with_texts``.
    """
    sizes = members.groupBy("leader").agg(F.ceil(F.count("*") / _STAR_PART).alias("parts"))
    part = F.xxhash64("leader", F.expr("pmod(xxhash64(row), parts)")).alias("part")
    parts = members.join(sizes, "leader").select("row", "leader", part)
    ends = F.least("row", "leader").alias("a"), F.greatest("row", "leader").alias("b")
    found = edges.join(parts.select(*ends, "leader", "part"), ["a", "b"])
    heads = parts.selectExpr("leader as row", "part").distinct()
    rows = parts.select("row", "part").union(heads).join(documents, "row")
    return _met(rows, found, "part", _look_at, config)


def _met(documents: Frame, pairs: Frame, group: str, judge: _Judging, config: Config) -> Frame:
    """Return as ``MADE`` what comes of documents and pairs that meet in groups of one number."""
    rows = documents.withColumnRenamed("row", "a").withColumn("b", F.lit(DOCUMENT).cast("bigint"))
    both = rows.unionByName(pairs, allowMissingColumns=True)
    grouped = both.repartition(group).sortWithinPartitions(group, "a", "b")
    settings = config.as_dict()

    def work(batches: Batches) -> Iterator[pa.RecordBatch]:
        for table in by_group(batches, group, _MOST_ROWS):
            yield from judge(table, Config(**settings))

    return map_batches(grouped, work, MADE)


def split(made: Frame) -> Made:
    """Take apart what ``find_members`` returned."""
    members, pairs, losses, superseded = (made.where(F.col("what") == what) for what in range(4))
    stretch = ("start", "end", "tokens", "text")
    return Made(
        members.select(*MEMBERS),
        pairs.selectExpr("row as a", "leader as b", "relation as named", "changed"),
        losses.select("row", F.col("stand_in").alias("kept"), *stretch),
        superseded.select("row"),
    )


def _look_at(table: pa.Table, config: Config) -> Iterator[pa.RecordBatch]:
    """Let members go for their leader where nothing speaks against it; no form is a member."""
    documents, found = taken_apart(table)
    judged = Judged.of(documents, found, config)
    own, pairs = np.arange(len(judged.rows)), judged.pairs
    edges = np.flatnonzero(~np.isin(pairs.relations, (SAME_FORM, OWN_TEXT)))
    leaders = np.searchsorted(judged.rows, column(found, "leader"))[edges]
    members = pairs.a[edges] + pairs.b[edges] - leaders
    clusters = Clusters(own.copy(), np.full(len(own), -1))
    clusters.leaders[members], clusters.pairs[members] = leaders, edges
    yield from _what_stands(judged, clusters, config)


def _cluster(table: pa.Table, config: Config) -> Iterator[pa.RecordBatch]:
    documents, found = taken_apart(table)
    judged = Judged.of(documents, found, config)
    known, inside = judged.pairs, judged.inside
    order = judged.order
    order = replace(order, superseded=superseded(known, judged.differences, order.dates, config))
    sets = held_sets(shingles_of(documents.column("shingles")))
    ids = documents.column("doc_id")
    is_one_text = PageFinder(inside.texts, ids).is_one_text if inside else None
    compilations = Compilations(order.lengths, addressed(ids), sets, is_one_text)
    weights = column(documents, "weight")
    clusters, pairs = cluster_by_pairs(known, order, weights, config, sets, compilations)
    differences = judged.judge.again(pairs, known, judged.differences, clusters.leaders)
    judged = replace(judged, pairs=pairs, differences=differences)
    running = inside.running(pairs, clusters, config) if inside else None
    yield from _what_stands(judged, clusters, config, running)
    yield from made_rows(SUPERSEDED, {"row": judged.rows[order.superseded]})


def _what_stands(
    judged: Judged, clusters: Clusters, config: Config, running: Float64 | None = None
) -> Iterator[pa.RecordBatch]:
    """Yield the members of clusters and what stands for each, renamed pairs, and what is lost."""
    rows, pairs, stays = judged.rows, judged.pairs, judged.differences.stays
    if "passages" not in config.find:
        stays = stays | unsure_parts(pairs, judged.documents.column("doc_id"))
    given = pairs, clusters, np.arange(len(rows)), judged.order.lengths, config
    standing = decide(*given, running, stays=stays)
    members = np.flatnonzero(clusters.pairs >= 0)
    made = judged.scores(standing.pairs[members], members)
    made |= {"row": rows[members], "leader": rows[clusters.leaders[members]]}
    yield from made_rows(MEMBER, {**made, "stand_in": rows[standing.by[members]]})
    yield from judged.renamed()
    yield from judged.losses(standing)
