"""Clusters inside components: the code of one machine, on components as they stream by."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa
from pyspark.sql import functions as F

from dedup.clusters.choosing import held_sets
from dedup.clusters.compilations import Compilations, unsure_parts
from dedup.clusters.joining import addressed, cluster_by_pairs
from dedup.clusters.one_text import PageFinder
from dedup.clusters.running import kept_running
from dedup.clusters.standing import decide
from dedup.clusters.stars import Clusters
from dedup.config import RELATION_CODES, Config
from dedup.core.arrays import Float64, Int64, Texts, one_array, texts_from_arrow
from dedup.pipeline.wording import HeldWords, KeptWords
from dedup.similarity.differences import Differences, Judge, superseded
from dedup.similarity.relations import Pairs, join_pairs
from dedup.sources.tables import usable_texts
from dedup.spark.equals import GONE, RANKING, candidates_of
from dedup.spark.frames import Batches, Frame, Schema, batches_of, column, map_batches, whole
from dedup.spark.spans import spans
from dedup.spark.verifying import CONFIRMED, shingles_of
from dedup.text.tokens import Tokens, tokenise_texts

TASK_EDGES = 5_000_000  # of a component, up to which one task makes its clusters
MEMBERS: Schema = {
    "row": "bigint",
    "leader": "bigint",
    "relation": "bigint",
    "jaccard": "double",
    "containment": "double",
    "coverage": "double",
    "share": "double",
    "lost_tokens": "bigint",  # -1: not looked at
    "lost_facts": "bigint",
    "running": "bigint",  # words of running text
    "stand_in": "bigint",
}
LOST = ("lost_tokens", "lost_facts", "running")
_PAIR = -1  # in the place of ``stand_in``: a pair with another relation now, and no member
_DOCUMENT = -1  # in the place of ``b``: a document of the component, and no edge
_MOST_ROWS = 1 << 14  # of components that are clustered at a time, but for the last of them


def cluster_edges(pairs: Frame, config: Config) -> Frame:
    """Return the confirmed pairs that put two documents in one cluster."""
    wanted = [RELATION_CODES[name] for name in config.cluster_on if name != "exact"]
    return pairs.where(F.col("relations").isin(wanted) if wanted else F.lit(False))


def with_sets(metadata: Frame, sets: Frame, equals: Frame, texts: Frame) -> Frame:
    """Return what clusters are made from, of documents that are in a pair.

    That is ``RANKING``, the shingles, the text and what goes from it (of ``texts``: row, text,
    removed), how many equal documents each stands for, and its id.
    """
    weights = equals.groupBy(F.col("representative").alias("row")).agg(
        (F.count("*") + 1).alias("weight")
    )
    gone = [name for name in metadata.columns if name == GONE]
    known = metadata.select(*RANKING, *gone, "doc_id").join(sets.select("row", "shingles"), "row")
    known = known.join(texts, "row")
    one = F.lit(1).cast("bigint")
    return known.join(weights, "row", "left").withColumn("weight", F.coalesce("weight", one))


def find_members(edges: Frame, labels: Frame, documents: Frame, config: Config) -> Frame:
    """Return as ``MEMBERS`` each document that another one leads, and pairs of a new relation.

    ``edges`` have their ``component``, ``labels`` that of each document; ``documents`` come from
    ``with_sets``. Every component must fit into the memory of a task.
    """
    ours = documents.join(labels, "row")
    rows = ours.withColumnRenamed("row", "a").withColumn("b", F.lit(_DOCUMENT).cast("bigint"))
    both = rows.unionByName(edges, allowMissingColumns=True)
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


def split(made: Frame) -> tuple[Frame, Frame]:
    """Return the members, and the pairs (a, b) with another relation than they were found with."""
    named = made.where(F.col("stand_in") == _PAIR)
    pairs = named.selectExpr("row as a", "leader as b", "relation as named")
    return made.where(F.col("stand_in") != _PAIR), pairs


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
    before, order = pairs.relations.copy(), candidates_of(documents)
    inside = _Inside.of(documents)
    judge = Judge(_words(documents, inside), order.lengths, order.dates, config)
    differences = judge.find(pairs)
    order = replace(order, superseded=superseded(pairs, differences, order.dates, config))
    sets = held_sets(shingles_of(documents.column("shingles")))
    ids = documents.column("doc_id")
    is_one_text = PageFinder(inside.texts, ids).is_one_text if inside else None
    compilations = Compilations(order.lengths, addressed(ids), sets, is_one_text)
    weights, known = column(documents, "weight"), pairs
    clusters, pairs = cluster_by_pairs(pairs, order, weights, config, sets, compilations)
    differences = judge.again(pairs, known, differences, clusters.leaders)
    standing = decide(
        *(pairs, clusters, np.arange(len(rows)), order.lengths, config),
        inside.running(pairs, clusters, config) if inside else None,
        stays=differences.stays | unsure_parts(pairs, ids),
    )
    members = np.flatnonzero(clusters.pairs >= 0)
    made = joined_by(pairs, differences, standing.pairs[members], members)
    made |= {"row": rows[members], "leader": rows[clusters.leaders[members]]}
    yield from batches_of({**made, "stand_in": rows[standing.by[members]]}, MEMBERS)
    named = np.flatnonzero(pairs.relations != before)
    a, b = pairs.a[named], pairs.b[named]
    made = joined_by(pairs, differences, named, a) | {"row": rows[a], "leader": rows[b]}
    yield from batches_of({**made, "stand_in": np.full(len(named), _PAIR)}, MEMBERS)


@dataclass(frozen=True, slots=True)
class _Inside:
    """The documents of a table where it is known what goes from inside each."""

    texts: Texts
    tokens: Tokens
    removals: pa.Table

    @classmethod
    def of(cls, documents: pa.Table) -> _Inside | None:
        """Return what is known of the documents, None where nothing was looked for."""
        if "removed" not in documents.column_names:
            return None
        texts = _texts(documents)
        docs, starts, ends = spans(documents, "removed")
        removals = pa.table({"doc": docs, "start": starts, "end": ends})
        return cls(texts, tokenise_texts(texts), removals)

    def running(self, pairs: Pairs, clusters: Clusters, config: Config) -> Float64:
        """Return how much of the running text of each document stands in its leader."""
        return kept_running(pairs, clusters, self.texts, self.tokens, self.removals, config)


def _texts(documents: pa.Table) -> Texts:
    return texts_from_arrow(usable_texts(one_array(documents.column("text"))))


def _words(documents: pa.Table, inside: _Inside | None) -> KeptWords | HeldWords:
    """Return where the words of the documents of a table come from."""
    if inside is not None:
        return HeldWords(inside.texts, inside.tokens, inside.removals)
    texts = _texts(documents)
    return KeptWords(texts.data, None, texts.offsets, np.arange(len(documents)))


def joined_by(
    pairs: Pairs, differences: Differences, edges: Int64, members: Int64
) -> dict[str, np.typing.NDArray[np.generic]]:
    """Return the scores of each member with what stands for it, and what it loses."""
    own_is_a = pairs.a[edges] == members
    containment = np.where(own_is_a, pairs.containment_a[edges], pairs.containment_b[edges])
    return {
        "relation": pairs.relations[edges],
        "jaccard": pairs.jaccard[edges],
        "containment": containment,
        "coverage": pairs.coverage[edges],
        "share": np.where(own_is_a, pairs.share_a[edges], pairs.share_b[edges]),
        **dict(zip(LOST, differences.lost(edges, own_is_a), strict=True)),
    }
