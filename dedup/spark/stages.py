"""The stages of a run on Spark, and what they hand on to each other."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pyspark.sql import functions as F

from dedup.cleaning.boilerplate.templates import Templates
from dedup.config import Config
from dedup.similarity.relations import NONE
from dedup.spark import documents, equals, giants, inside, stars
from dedup.spark.addresses import (
    Addresses,
    find_addresses,
    relate_addresses,
    with_addresses,
)
from dedup.spark.candidates import oversized_buckets, paired
from dedup.spark.components import DRIVER_EDGES, connected
from dedup.spark.frames import Frame, Store
from dedup.spark.left import shingle_left
from dedup.spark.metadata import Metadata, metadata_of
from dedup.spark.misread import Misread
from dedup.spark.reading import KEYS, sign
from dedup.spark.seeds import SharedSeeds
from dedup.spark.tables import losses_table, pairs_table
from dedup.spark.verifying import CONFIRMED, confirm, texts_of, wanted_sets
from dedup.text.stopwords import Learned


@dataclass(frozen=True, slots=True)
class Found:
    """What a run found: ``tables`` by name as in docs/output.md, and the ``summary``.

    ``keyed`` are the documents with what joins them with the rows that were read, ``pairs`` the
    confirmed ones by row number, equal documents aside. All are read from the work folder, so they
    last as long as that does. ``inside`` is what goes from inside the documents, where repeats were
    looked for (``spark.inside``).
    """

    tables: Mapping[str, Frame]
    pairs: Frame
    keyed: Frame
    summary: dict[str, Any]
    inside: Frame | None = None

    @property
    def documents(self) -> Frame:
        """Return the table of documents."""
        return self.tables["documents"]

    @property
    def passages(self) -> Frame | None:
        """Return the table of passages, where they were looked for."""
        return self.tables.get("passages")


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
    sets: Frame | None = None
    pairs: Frame = field(init=False)
    losses: Frame | None = None
    superseded: Frame | None = None
    leaders: Frame | None = None
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
    # Where passages are looked for (``spark.passages``).
    included: Frame = field(init=False)
    learned: Learned = field(init=False)
    seeds: SharedSeeds = field(init=False)
    misread: Misread | None = None
    addresses: Addresses | None = None
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
    pairs = paired(state.metadata.table, state.equals)
    state.candidates = state.store.keep(pairs, "candidates")
    state.oversized = oversized_buckets(state.candidates)
    compare_addresses(state)


def compare_addresses(state: State) -> None:
    """Let documents of one address be candidates too, where there are any."""
    given = (state.store, state.metadata.table, state.equals, state.apart, state.config)
    state.addresses = find_addresses(*given)
    if state.addresses is not None:
        pairs = state.candidates.select("a", "b").union(state.addresses.pairs.select("a", "b"))
        state.candidates = state.store.keep(pairs.distinct(), "with-addresses")


def shingle_candidates(state: State) -> None:
    """Make the sets of what is in a pair."""
    given = (state.store, state.metadata, state.candidates, state.frame, state.config)
    state.sets = wanted_sets(*given)


def verify(state: State) -> None:
    """Compare the sets of all candidates exactly."""
    given = (state.store, state.candidates, state.sets, state.config)
    if state.addresses is None:
        state.pairs = confirm(*given)
        return
    related = relate_addresses(state.store, confirm(*given, least=0.0), state.addresses)
    state.pairs = state.store.keep(related, "related")


def cluster(state: State) -> None:
    """Cluster documents, and tell of each what becomes of it."""
    store, config, metadata = state.store, state.config, state.metadata
    members, renamed, unsettled = _members(state)
    placed = store.keep(documents.place(metadata.table, members, state.equals, config), "placed")
    state.leaders = placed.select("row", "leader")
    keyed = store.keep(keyed_documents(state, placed), "documents")
    state.pairs = store.keep(_named(state.pairs.where(F.col("relations") < NONE), renamed), "named")
    given = (metadata, keyed, state.pairs, state.equals, state.oversized, config)
    totals = documents.summary(*given)
    totals["losses"] = documents.total_losses(keyed)
    totals["limits"] |= {"components_in_rounds": unsettled} if unsettled else {}
    if state.addresses is not None and state.addresses.left_out:
        totals["limits"]["addresses_of_too_many_texts"] = state.addresses.left_out
    state.found = found(state, keyed, totals)


def found(state: State, keyed: Frame, totals: dict[str, Any]) -> Found:
    """Return what was found with the tables of documents, pairs and losses."""
    names = keyed.select("row", "doc_id")
    tokens = state.metadata.table.select("row", "tokens")
    exact = state.store.keep(state.equals.join(tokens, "row"), "exact")
    tables = {
        "documents": keyed.select(*documents.DOCUMENTS),
        "pairs": pairs_table(state.pairs, exact, names),
    }
    if state.losses is not None:
        tables["losses"] = losses_table(state.losses, names)
    return Found(tables, state.pairs, keyed, totals)


def no_pairs(table: Frame) -> Frame:
    """Return no pairs at all."""
    columns = {**CONFIRMED, "changed": "string"}
    nobody = (F.lit(None).cast(kind).alias(name) for name, kind in columns.items())
    return table.where(F.lit(False)).select(*nobody)


def keyed_documents(state: State, placed: Frame) -> Frame:
    """Return the documents, with the columns that were looked for."""
    keyed = documents.documents(state.metadata.table, placed)
    keyed = with_addresses(keyed, state.addresses)
    if state.apart is None or not state.config.boilerplate:
        return keyed
    return inside.with_no_text(keyed, state.apart)


def texts_with_spans(state: State, rows: Frame) -> Frame:
    """Return (row, text) of some documents, and the spans of what goes from each, if known.

    Where more than copies is looked for there are such columns in any case.
    """
    if state.texts is not None:
        texts = state.texts.select("row", "text").join(rows, "row", "left_semi")
    else:
        wanted = state.metadata.table.select("row", *KEYS).join(rows, "row", "left_semi")
        texts = texts_of(state.frame, wanted, state.metadata).select("row", "text")
    if state.spans is not None:
        return texts.join(state.spans.select("row", "removed", "templates"), "row", "left")
    if state.config.find != ("duplicates",):
        nothing = F.lit(None).cast("array<bigint>")
        texts = texts.select("*", nothing.alias("removed"), nothing.alias("templates"))
    return texts


def left_sets(state: State, rows: Frame) -> Frame:
    """Return the shingles of some documents without templates."""
    gone = F.col("gone") if "gone" in state.metadata.table.columns else F.lit(0)
    left = state.metadata.table.select("row", (F.col("tokens") - gone).alias("tokens"))
    texts = texts_with_spans(state, rows).join(left, "row")
    return state.store.keep(shingle_left(texts, state.config), "left-sets")


def _named(pairs: Frame, renamed: Frame) -> Frame:
    """Return the pairs, those that were looked at with the relation they have since."""
    joined = pairs.drop("changed").join(renamed, ["a", "b"], "left")
    relation = F.coalesce("named", "relations").alias("relations")
    scores = (relation if name == "relations" else F.col(name) for name in CONFIRMED)
    return joined.select(*scores, "changed")


def _members(state: State) -> tuple[Frame, Frame, int]:
    """Return what leads each document that is led by another one, and pairs of a new relation.

    Components of more than ``task_edges`` pairs are clustered in rounds: stars around what the
    policy puts first, without a choice of the best copy, compilations or stand-ins. Each member is
    compared with its leader before it goes. They are counted.
    """
    store, config, metadata = state.store, state.config, state.metadata
    edges, labels = _edges(state)
    sizes = edges.groupBy("component").count()
    large = [row[0] for row in sizes.where(F.col("count") > state.task_edges).collect()]
    is_large = F.col("component").isin(large) if large else F.lit(False)
    rows = labels.where(~is_large)
    texts = stars.with_texts(metadata.table, texts_with_spans(state, labels).drop("templates"))
    sets = state.sets if state.sets is not None else left_sets(state, rows)
    given = stars.with_sets(texts, sets, state.equals)
    some = stars.find_members(edges.where(~is_large), rows, given, config)
    if large:
        joining = stars.cluster_edges(edges, config) if "joins" in edges.columns else edges
        joining = joining.where(is_large)
        given = (joining.drop("component"), labels.where(is_large), metadata.table, config)
        leaders = store.keep(giants.find_leaders(store, *given, state.task_edges), "giant-leaders")
        some = some.unionByName(stars.look_at(leaders, joining, texts, config))
    made = stars.split(store.keep(some, "members"))
    state.losses, state.superseded = made.losses, made.superseded
    return made.members, made.named, len(large)


def _edges(state: State) -> tuple[Frame, Frame]:
    """Return the pairs inside of components, with these, and the component of each document."""
    store, config = state.store, state.config
    looks = "joins" in state.pairs.columns
    edges = state.pairs.where("joins") if looks else stars.cluster_edges(state.pairs, config)
    labels = connected(store, edges, state.driver_edges)
    edges = edges.join(labels.withColumnRenamed("row", "a"), "a")
    if looks or not {"near_duplicate", "excerpt"} <= set(config.cluster_on):
        # Pairs that join nobody still tell who stands in whom.
        others = labels.select(F.col("row").alias("b"), F.col("component").alias("other"))
        edges = state.pairs.where(F.col("relations") < NONE)
        edges = edges.join(labels.withColumnRenamed("row", "a"), "a").join(others, "b")
        edges = edges.where("component = other").drop("other")
    return store.keep(edges, "edges"), labels
