"""The stages of a run on Spark, and what they hand on to each other."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

from pyspark.sql import functions as F

from dedup.cleaning.boilerplate.templates import Templates
from dedup.config import Config
from dedup.passages.find import LEVELS
from dedup.schema import FAMILY_TABLES
from dedup.similarity.relations import NONE
from dedup.spark import documents, equals, giants, inside, passages, stars
from dedup.spark.candidates import bands, candidate_pairs, oversized_buckets
from dedup.spark.components import DRIVER_EDGES, connected
from dedup.spark.frames import Frame, Store
from dedup.spark.metadata import Metadata, metadata_of
from dedup.spark.reading import KEYS, sign
from dedup.spark.verifying import WEAK, confirm, texts_of, wanted_sets


@dataclass(frozen=True, slots=True)
class Found:
    """What a run found: ``documents`` as in docs/output.md, confirmed ``pairs``, the ``summary``.

    ``keyed`` are the documents with what joins them with the rows that were read. All are read
    from the work folder, so they last as long as that does. ``inside`` is what goes from inside
    the documents, where repeats were looked for (``spark.inside``).
    """

    documents: Frame
    pairs: Frame
    keyed: Frame
    summary: dict[str, Any]
    passages: Frame | None = None
    inside: Frame | None = None


@dataclass(slots=True)
class State:
    """What the stages of one run hand on to each other, in the order in which it comes to be.

    The columns of ``frame`` are named by role (``reading.ROLES``). ``cleans`` asks for clean texts,
    where repeats are looked for. ``equals`` have the row that represents each document,
    ``equal_groups`` the least row of its equals, ``groups`` that of its preliminary cluster;
    ``apart`` are documents without text; ``spans`` is what goes from each.
    """

    frame: Frame
    config: Config
    store: Store
    driver_edges: int = DRIVER_EDGES
    task_edges: int = stars.TASK_EDGES
    cleans: bool = False
    metadata: Metadata = field(init=False)
    equals: Frame = field(init=False)
    candidates: Frame = field(init=False)
    sets: Frame = field(init=False)
    pairs: Frame = field(init=False)
    found: Found = field(init=False)
    oversized: int = 0
    # Where boilerplate or repeats are looked for (``spark.full``).
    equal_groups: Frame = field(init=False)
    groups: Frame = field(init=False)
    templates: Templates = field(init=False)
    inside: Frame = field(init=False)
    texts: Frame | None = None
    spans: Frame | None = None
    apart: Frame | None = None
    # Where passages are looked for over the whole corpus.
    passages: Frame = field(init=False)
    limits: dict[str, int] = field(default_factory=dict)


def sign_documents(state: State) -> None:
    """Read all rows, and give documents their unique ids and numbers."""
    signed = state.store.keep(sign(state.frame, state.config), "signed")
    state.metadata = metadata_of(state.store, signed, state.config)


def find_candidates(state: State) -> None:
    """Choose what represents equal documents; pair those that share a bucket."""
    found = equals.find_equals(state.metadata.table, state.config)
    state.equals = state.store.keep(found, "equals")
    keys = state.store.keep(bands(state.metadata.table, state.equals), "bands")
    state.candidates = state.store.keep(candidate_pairs(keys), "candidates")
    state.oversized = oversized_buckets(state.candidates)


def shingle_candidates(state: State) -> None:
    """Make the sets of what is in a pair."""
    given = (state.store, state.metadata, state.candidates, state.frame, state.config)
    state.sets = wanted_sets(*given)


def verify(state: State) -> None:
    """Compare the sets of all candidates exactly."""
    least = WEAK if "passages" in state.config.find else None
    state.pairs = confirm(state.store, state.candidates, state.sets, state.config, least=least)


def cluster(state: State) -> None:
    """Cluster documents, and tell of each what becomes of it."""
    store, config, metadata = state.store, state.config, state.metadata
    members, renamed, unsettled = _members(state)
    placed = store.keep(documents.place(metadata.table, members, state.equals, config), "placed")
    keyed = store.keep(keyed_documents(state, placed), "documents")
    confirmed = _named(state.pairs.where(F.col("relations") < NONE), renamed)
    given = (metadata, keyed, confirmed, state.equals, state.oversized, config)
    totals = documents.summary(*given)
    totals["limits"] |= {"components_in_rounds": unsettled} if unsettled else {}
    state.found = Found(keyed.select(*documents.DOCUMENTS), confirmed, keyed, totals)


def keyed_documents(state: State, placed: Frame) -> Frame:
    """Return the documents, with ``no_text`` where boilerplate is looked for."""
    keyed = documents.documents(state.metadata.table, placed)
    if state.apart is None or not state.config.boilerplate:
        return keyed
    return inside.with_no_text(keyed, state.apart)


def texts_with_spans(state: State, rows: Frame) -> Frame:
    """Return (row, text) of some documents, and the spans of what goes from each, if known."""
    if state.texts is not None:
        texts = state.texts.select("row", "text").join(rows, "row", "left_semi")
    else:
        wanted = state.metadata.table.select("row", *KEYS).join(rows, "row", "left_semi")
        texts = texts_of(state.frame, wanted, state.metadata).select("row", "text")
    return texts if state.spans is None else texts.join(state.spans, "row", "left")


def _named(pairs: Frame, renamed: Frame) -> Frame:
    """Return the pairs, those that were looked at with the relation they have since."""
    joined = pairs.join(renamed, ["a", "b"], "left")
    relation = F.coalesce("named", "relations")
    return joined.withColumn("relations", relation).drop("named")


def find_passages(state: State) -> None:
    """Find passages inside of reuse groups, where they are asked for."""
    if "passages" not in state.config.find:
        return
    given = (state.store, state.pairs, state.metadata, state.frame, state.config)
    shared, cut = passages.find_passages(*given, state.driver_edges)
    totals = state.found.summary
    totals["passages"] = _levels(shared)
    totals["limits"] |= {"documents_left_out_of_passages": cut} if cut else {}
    state.found = replace(state.found, passages=shared)


def name_families(state: State) -> None:
    """Say that families, which full mode on one machine finds in passages, are not made here."""
    if "passages" in state.config.find:
        state.found.summary["unsupported"] = list(FAMILY_TABLES)


def _levels(shared: Frame) -> dict[str, int]:
    counts = {row[0]: int(row[1]) for row in shared.groupBy("level").count().collect()}
    return {level: counts[level] for level in LEVELS.values() if level in counts}


def _members(state: State) -> tuple[Frame, Frame, int]:
    """Return what leads each document that is led by another one, and pairs of a new relation.

    Components of more than ``task_edges`` pairs are clustered in rounds: stars around what the
    policy puts first, without a choice of the best copy, compilations or stand-ins, and what
    differs is not looked at. They are counted.
    """
    store, config, metadata = state.store, state.config, state.metadata
    edges = stars.cluster_edges(state.pairs, config)
    labels = connected(store, edges, state.driver_edges)
    edges = edges.join(labels.withColumnRenamed("row", "a"), "a")
    if not {"near_duplicate", "excerpt"} <= set(config.cluster_on):
        # Pairs that join nobody still tell who stands in whom.
        others = labels.select(F.col("row").alias("b"), F.col("component").alias("other"))
        edges = state.pairs.where(F.col("relations") < NONE)
        edges = edges.join(labels.withColumnRenamed("row", "a"), "a").join(others, "b")
        edges = edges.where("component = other").drop("other")
    edges = store.keep(edges, "edges")
    sizes = edges.groupBy("component").count()
    large = [row[0] for row in sizes.where(F.col("count") > state.task_edges).collect()]
    is_large = F.col("component").isin(large) if large else F.lit(False)
    texts = texts_with_spans(state, labels.where(~is_large)).drop("templates")
    given = stars.with_sets(metadata.table, state.sets, state.equals, texts)
    some = stars.find_members(edges.where(~is_large), labels.where(~is_large), given, config)
    members, renamed = stars.split(store.keep(some, "members"))
    if large:
        parts = edges.where(is_large), labels.where(is_large)
        more = giants.find_members(store, *parts, metadata.table, config, state.task_edges)
        members = members.unionByName(store.keep(more, "giant-members"))
    return members, renamed, len(large)
