"""Clusters inside components: the code of one machine, on components as they stream by."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pyarrow as pa
from pyspark.sql import functions as F

from dedup.clusters.stars import cluster_pairs
from dedup.config import RELATION_CODES, Config
from dedup.similarity.relations import Pairs, join_pairs
from dedup.spark.equals import RANKING, candidates_of
from dedup.spark.frames import Batches, Frame, Schema, batches_of, column, map_batches, whole
from dedup.spark.verifying import CONFIRMED

TASK_EDGES = 5_000_000  # of a component, up to which one task makes its clusters
MEMBERS: Schema = {
    "row": "bigint",
    "leader": "bigint",
    "relation": "bigint",
    "jaccard": "double",
    "containment": "double",
    "coverage": "double",
    "share": "double",
}
_DOCUMENT = -1  # in the column ``b``: a document of the component, and no edge
_MOST_ROWS = 1 << 18  # of components that are clustered at a time, but for the last of them


def cluster_edges(pairs: Frame, config: Config) -> Frame:
    """Return the confirmed pairs that put two documents in one cluster."""
    wanted = [RELATION_CODES[name] for name in config.cluster_on if name != "exact"]
    return pairs.where(F.col("relations").isin(wanted) if wanted else F.lit(False))


def find_members(edges: Frame, labels: Frame, metadata: Frame, config: Config) -> Frame:
    """Return as ``MEMBERS`` each document that has another leader.

    ``edges`` have their ``component``, ``labels`` that of each document. Every component must fit
    into the memory of a task.
    """
    ours = metadata.select(*RANKING).join(labels, "row")
    documents = ours.withColumnRenamed("row", "a").withColumn("b", F.lit(_DOCUMENT).cast("bigint"))
    both = documents.unionByName(edges, allowMissingColumns=True)
    grouped = both.repartition("component").sortWithinPartitions("component", "a", "b")
    settings = config.as_dict()

    def work(batches: Batches) -> Iterator[pa.RecordBatch]:
        for table in by_group(batches, "component", _MOST_ROWS):
            yield from _cluster(table, Config(**settings))

    return map_batches(grouped, work, MEMBERS)


def by_group(batches: Batches, name: str, most: int) -> Iterator[pa.Table]:
    """Yield runs of whole groups, about ``most`` rows at a time; rows come in order of group."""
    held: list[pa.RecordBatch] = []
    count = 0
    for batch in batches:
        held.append(batch)
        count += len(batch)
        groups = column(batch, name)
        if count < most or not len(groups):
            continue
        last = int(np.searchsorted(groups, groups[-1]))
        if last == 0 and column(held[0], name)[0] == groups[-1]:
            continue
        held[-1] = batch.slice(0, last)
        yield whole(held)
        held, count = [batch.slice(last)], len(batch) - last
    if count:
        yield whole(held)


def pairs_of(table: pa.Table) -> Pairs:
    """Return the rows of a table ``CONFIRMED`` as pairs, in order."""
    return join_pairs([Pairs(**{name: column(table, name) for name in CONFIRMED})])


def _cluster(table: pa.Table, config: Config) -> Iterator[pa.RecordBatch]:
    is_document = column(table, "b") == _DOCUMENT
    documents = table.filter(pa.array(is_document)).rename_columns(
        ["row" if name == "a" else name for name in table.column_names]
    )
    documents = documents.sort_by("row").combine_chunks()
    rows = column(documents, "row")
    found = table.filter(pa.array(~is_document)).combine_chunks()
    pairs = pairs_of(found.select(list(CONFIRMED)))
    pairs = replace(pairs, a=np.searchsorted(rows, pairs.a), b=np.searchsorted(rows, pairs.b))
    clusters = cluster_pairs(pairs, candidates_of(documents), config)
    members = np.flatnonzero(clusters.pairs >= 0)
    made = joined_by(pairs.take(clusters.pairs[members]), members)
    made |= {"row": rows[members], "leader": rows[clusters.leaders[members]]}
    yield from batches_of(made, MEMBERS)


def joined_by(
    pairs: Pairs, members: np.typing.NDArray[np.int64]
) -> dict[str, np.typing.NDArray[np.generic]]:
    """Return the scores of each member with its leader, from the pair of the two."""
    own_is_a = pairs.a == members
    return {
        "relation": pairs.relations,
        "jaccard": pairs.jaccard,
        "containment": np.where(own_is_a, pairs.containment_a, pairs.containment_b),
        "coverage": pairs.coverage,
        "share": np.where(own_is_a, pairs.share_a, pairs.share_b),
    }
