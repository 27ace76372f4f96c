"""Clusters inside components: the code of one machine, on components as they stream by."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
from pyspark.sql import functions as F

from dedup.clusters.choosing import held_sets
from dedup.clusters.compilations import Compilations, unsure_parts
from dedup.clusters.joining import addressed, cluster_by_pairs
from dedup.clusters.one_text import PageFinder
from dedup.clusters.running import kept_running
from dedup.clusters.standing import Standing, decide
from dedup.clusters.stars import Clusters
from dedup.config import RELATION_CODES, Config
from dedup.core.arrays import Float64, Int64, Texts, one_array, texts_from_arrow
from dedup.pipeline.results import lost_stretches
from dedup.pipeline.wording import HeldWords, KeptWords
from dedup.similarity.differences import Differences, Judge, superseded
from dedup.similarity.fillings import judge_with_forms
from dedup.similarity.relations import SAME_URL, Pairs, join_pairs
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
MADE: Schema = {
    "what": "bigint",
    **MEMBERS,
    "changed": "string",  # of a pair: facts in conflict
    "start": "bigint",  # of a stretch that is lost
    "end": "bigint",
    "tokens": "bigint",
    "text": "string",
}
LOST = ("lost_tokens", "lost_facts", "running")
_MEMBER, _PAIR, _LOSS, _SUPERSEDED = range(4)  # in the column ``what``
_DOCUMENT = -1  # in the place of ``b``: a document of the component, and no edge
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
    """Return as ``MADE`` each document that another one leads, and what else comes of clusters.

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

    return map_batches(grouped, work, MADE)


def by_group(batches: Batches, name: str, most: int) -> Iterator[pa.Table]:
    """Yield runs of whole groups, about ``most`` rows at a time; rows come in order of group."""
    held: list[pa.RecordBatch] = []
    for batch in batches:
        if not len(batch):
            continue
        held.append(batch)
        if sum(map(len, held)) < most:
            continue
        last = column(batch, name)[-1]
        place = len(held) - 1  # of the batch in which the last group begins, be it several back
        while place and column(held[place], name)[0] == last:
            place -= 1
        cut = int(np.searchsorted(column(held[place], name), last))
        if place or cut:
            yield whole([*held[:place], held[place].slice(0, cut)])
            held = [part for part in (held[place].slice(cut), *held[place + 1 :]) if len(part)]
    if held:
        yield whole(held)


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
    judge = Judge(
        *(_words(documents, inside), order.lengths, order.dates, config),
        misread=_marked(found, rows, "misread"),
        same_url=_marked(found, rows, "same_url"),
    )
    differences = judge_with_forms(judge, pairs)
    order = replace(order, superseded=superseded(pairs, differences, order.dates, config))
    sets = held_sets(shingles_of(documents.column("shingles")))
    ids = documents.column("doc_id")
    is_one_text = PageFinder(inside.texts, ids).is_one_text if inside else None
    compilations = Compilations(order.lengths, addressed(ids), sets, is_one_text)
    weights, known = column(documents, "weight"), pairs
    clusters, pairs = cluster_by_pairs(pairs, order, weights, config, sets, compilations)
    differences = judge.again(pairs, known, differences, clusters.leaders)
    stays = differences.stays
    if "passages" not in config.find:
        stays = stays | unsure_parts(pairs, ids)
    own = np.arange(len(rows))
    standing = decide(
        *(pairs, clusters, own, order.lengths, config),
        inside.running(pairs, clusters, config) if inside else None,
        stays=stays,
    )
    yield from _members(rows, clusters, standing, (pairs, differences))
    named = np.flatnonzero(pairs.relations != before)
    made = {"row": rows[pairs.a[named]], "leader": rows[pairs.b[named]]}
    made |= {"relation": pairs.relations[named]}
    yield from _made(_PAIR, {**made, "changed": differences.changed.take(pa.array(named))})
    yield from _losses(rows, standing, lost_stretches((pairs, differences), own, standing, judge))
    yield from _made(_SUPERSEDED, {"row": rows[order.superseded]})


def _members(
    rows: Int64, clusters: Clusters, standing: Standing, judged: tuple[Pairs, Differences]
) -> Iterator[pa.RecordBatch]:
    members = np.flatnonzero(clusters.pairs >= 0)
    made = joined_by(*judged, standing.pairs[members], members)
    made |= {"row": rows[members], "leader": rows[clusters.leaders[members]]}
    yield from _made(_MEMBER, {**made, "stand_in": rows[standing.by[members]]})


def _losses(rows: Int64, standing: Standing, lost: pa.Table) -> Iterator[pa.RecordBatch]:
    lost = lost.combine_chunks()
    docs = column(lost, "doc")
    made = {name: lost.column(name).combine_chunks() for name in ("start", "end", "tokens", "text")}
    yield from _made(_LOSS, {**made, "row": rows[docs], "stand_in": rows[standing.by[docs]]})


def _made(what: int, columns: dict[str, Any]) -> Iterator[pa.RecordBatch]:
    """Yield rows of one kind as ``MADE``."""
    count = len(columns["row"])
    if count:
        nulls = {name: pa.nulls(count) for name in MADE if name not in columns}
        yield from batches_of({**nulls, **columns, "what": np.full(count, what)}, MADE)


def _marked(found: pa.Table, rows: Int64, name: str) -> Int64 | None:
    """Return the pairs of a table for which a column of it is true, if it has one."""
    if name not in found.column_names:
        return None
    some = np.flatnonzero(found.column(name).to_numpy())
    ends = (np.searchsorted(rows, column(found, side)[some]) for side in "ab")
    return np.stack(list(ends), axis=1)


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
