"""Tables of families: described in parts, each with the texts of its documents, and put in order.

A part is some families with all documents that hold them, in one task, and is described by the code
of one machine (``passages.families``). What is between families, their order and who was first, is
told by numbers.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pyarrow as pa
from pyspark.sql import functions as F

from dedup.core.arrays import Int64
from dedup.passages.families import Families, find_owners
from dedup.passages.families.copying import FIRST, FIRST_FAMILIES, FIRST_SHARE
from dedup.passages.families.kinds import KINDS
from dedup.schema import COPYING, FAMILIES, FAMILY_TABLES, OCCURRENCES
from dedup.spark import equals, wordings
from dedup.spark.describing import (
    COPIED,
    COUNTED,
    FAMILY,
    LATER,
    OCCURRENCE,
    PARTS,
    Owned,
    describe_parts,
)
from dedup.spark.frames import Frame, Store, from_driver, numbered, to_driver
from dedup.spark.stages import State

_PART = 4_000  # occurrences of families that are described together, about


def find_families(state: State) -> None:
    """Find each passage with all its occurrences, and add the tables of them."""
    store, config = state.store, state.config
    ranks = _ranks(state)
    texts = _texts(state, ranks)
    given = wordings.Given(
        *(state.passages, texts, state.learned, config.passage_size, state.driver_edges)
    )
    try:
        families, rows = wordings.find_families(store, given)
    except wordings.TooManyError as error:
        state.found.summary.setdefault("unsupported", []).extend(FAMILY_TABLES)
        state.found.summary["limits"]["families_not_made_of"] = error.args[0]
        return
    parts = store.keep(_parts(state, families, rows, texts), "family-parts")
    owned = _owned(state, families, rows)
    described = store.keep(describe_parts(parts, state.learned, owned), "families")
    tables = _tables(store, described)
    state.found = replace(state.found, tables={**state.found.tables, **tables})
    _tell(state, tables, described, families.cut)


def _ranks(state: State) -> Frame:
    """Return the rank of each document in canonical order, versions that give way behind others."""
    documents = state.metadata.table
    if state.superseded is not None:
        given = state.superseded.distinct().withColumn("superseded", F.lit(True))
        documents = documents.join(given, "row", "left")
        filled = F.coalesce("superseded", F.lit(False))
        documents = documents.withColumn("superseded", filled)
    ordered = state.store.keep(equals.with_order(documents, state.config), "canonical-order")
    order = [F.col(name) for name in (*equals.order_names(state.config), "row")]
    return state.store.keep(numbered(ordered, order, "rank").select("row", "rank"), "ranks")


def _texts(state: State, ranks: Frame) -> Frame:
    """Return all texts with ranks, and whether each is looked through: one of several equal."""
    assert state.texts is not None
    others = state.equals.select("row", F.lit(False).alias("is_first"))
    texts = state.texts.drop("tagged", "doc_id").join(ranks, "row").join(others, "row", "left")
    return texts.withColumn("included", F.coalesce("is_first", F.lit(True))).drop("is_first")


def _parts(state: State, families: Families, rows: Int64, texts: Frame) -> Frame:
    """Return documents with the occurrences in each, by part (``PARTS``)."""
    session, sizes = state.store.session, np.diff(families.bounds())
    # Families near each other by document lie in one part, so fewer texts go to several.
    order = np.argsort(families.docs[families.representatives], kind="stable")
    of_family = np.empty(len(families), np.int64)
    of_family[order] = (np.cumsum(sizes[order]) - sizes[order]) // _PART
    is_first = np.zeros(len(families.docs), np.int64)
    is_first[families.representatives] = 1
    columns = {
        "part": of_family[families.families],
        "row": rows[families.docs],
        "place": np.arange(len(families.docs)),
        "family": families.families,
        "variant": families.variants,
        "low": families.spans[:, 0],
        "high": families.spans[:, 1],
        "common": families.common,
        "completed": families.completed,
        "first": is_first,
        "template": families.templates[families.families],
    }
    listed = F.struct(*(name for name in columns if name not in ("part", "row")))
    held = from_driver(session, columns).groupBy("part", "row")
    held = state.store.keep(held.agg(F.collect_list(listed).alias("held")), "held")
    equal = state.equals.select("row", "representative")
    own = held.select("part", "row")
    first = own.join(equal, "row").select("part", F.col("representative").alias("row"))
    copies = own.join(equal.toDF("copy", "row"), "row").select("part", F.col("copy").alias("row"))
    documents = own.unionByName(first).unionByName(copies).distinct()
    documents = state.store.keep(documents, "family-documents")
    matched = _matched(state, documents)
    names = [name for name in ("text", "removed") if name in texts.columns]
    facts = state.metadata.table.select("row", "doc_id", "site", "date")
    leader = state.leaders if state.leaders is not None else own.select("row", "row").limit(0)
    leader = leader.toDF("row", "leader")
    joined = documents.join(held, ["part", "row"], "left").join(matched, ["part", "row"], "left")
    joined = joined.join(texts.select("row", *names), "row").join(facts, "row")
    joined = joined.join(leader, "row", "left").join(equal, "row", "left")
    for name in ("leader", "representative"):
        joined = joined.withColumn(name, F.coalesce(name, "row"))
    return joined.select(*(name for name in PARTS if name in joined.columns))


def _matched(state: State, documents: Frame) -> Frame:
    """Return of each document of a part the words in common with later ones of it."""
    tokens = state.metadata.table.select("row", "tokens")
    exact = state.equals.join(tokens, "row").select(
        F.least("row", "representative").alias("a"),
        F.greatest("row", "representative").alias("b"),
        F.col("tokens").alias("matched"),
    )
    every = state.pairs.select("a", "b", "matched").unionByName(exact)
    one, two = (documents.withColumnRenamed("row", side) for side in "ab")
    inside = every.join(one, "a").join(two, ["part", "b"])
    listed = F.collect_list(F.struct("b", "matched")).alias("matched")
    return inside.groupBy("part", F.col("a").alias("row")).agg(listed)


def _owned(state: State, families: Families, rows: Int64) -> Owned:
    """Return who owns each site, where that is not the site alone; sites go to the driver."""
    known = state.metadata.table.where(F.col("site").isNotNull()).select("row", "site")
    names = sorted(row[0] for row in known.select("site").distinct().collect())
    if not names:
        return Owned({}, {})
    session = state.store.session
    codes = session.createDataFrame(list(zip(names, range(len(names)), strict=True)), _CODES)
    own = known.join(from_driver(session, {"row": rows}), "row").join(F.broadcast(codes), "site")
    row, code = to_driver(own, ["row", "code"])
    sites = np.full(len(rows), -1, np.int64)
    sites[np.searchsorted(rows, row)] = code
    # Behind the documents stands each site once: names of an owner are those of all its sites.
    every = np.concatenate([sites, np.arange(len(names))])
    column = pa.array(names, pa.string()).take(pa.array(every, mask=every < 0))
    found = find_owners(pa.chunked_array([column]), state.config.owner_of, families)
    return Owned.of(found)


_CODES = "site string, code bigint"


def _tables(store: Store, described: Frame) -> dict[str, Frame]:
    """Return the three tables, families with their numbers."""
    told = described.where(F.col("what") == FAMILY)
    names = ["family", "repetitive", "owners", "articles", "tokens"]
    family, repetitive, owners, articles, tokens = to_driver(told, names)
    order = np.lexsort((family, -tokens, -articles, -owners, repetitive))
    numbers = {"family": family[order], "number": np.arange(1, len(order) + 1)}
    numbered_ = store.keep(from_driver(store.session, numbers), "family-numbers")

    def with_numbers(what: int) -> Frame:
        rows = described.where(F.col("what") == what).join(numbered_, "family")
        return rows.withColumn("of", F.col("family")).withColumn("family", F.col("number"))

    found = with_numbers(OCCURRENCE).withColumn("representative", F.col("is_representative"))
    return {
        "families": with_numbers(FAMILY).select(*FAMILIES.names),
        "occurrences": found.select(*OCCURRENCES.names),
        "copying": store.keep(_copying(with_numbers(COPIED), with_numbers(LATER)), "copying"),
    }


def _copying(links: Frame, later: Frame) -> Frame:
    """Return who has text of whom: by what articles say, and by who was first."""
    counts = F.size(F.collect_set("of")).alias("several"), F.sum("words").alias("words")
    enough = later.groupBy("first", "row").agg(*counts, F.first("tokens").alias("tokens"))
    is_enough = (F.col("several") >= FIRST_FAMILIES) | (
        F.col("words") >= FIRST_SHARE * F.col("tokens")
    )
    first = later.join(enough.where(is_enough).select("first", "row"), ["first", "row"])
    first = first.withColumn("evidence", F.lit(FIRST))
    by = ("outlet", "source", "source_kind", "evidence")
    names = [*by, "of", "family", "row", "doc_id"]
    every = links.select(*names).unionByName(first.select(*names))
    found = every.groupBy(*by).agg(
        F.count_distinct("of").alias("families"),
        F.count_distinct("row").alias("articles"),
        F.min("family").alias("family"),
        F.min(F.struct("row", "doc_id")).alias("least"),
    )
    return found.withColumn("doc_id", F.col("least.doc_id")).select(*COPYING.names)


def _tell(state: State, tables: dict[str, Frame], described: Frame, cut: dict[str, int]) -> None:
    counted = described.where(F.col("what") == COUNTED).agg(F.sum("words")).first()[0]
    limits = {**cut, "occurrences_not_listed": int(counted or 0)}
    summary = state.found.summary
    summary["limits"] |= {name: count for name, count in limits.items() if count}
    summary["limits"] = dict(sorted(summary["limits"].items()))
    kinds = tables["families"].groupBy("kind").agg(F.count("*"), F.sum("occurrences")).collect()
    evidence = tables["copying"].groupBy("evidence").agg(F.sum("articles")).collect()
    counts = {row[0]: int(row[1]) for row in kinds}
    summary["families"] = {
        "count": sum(counts.values()),
        "kinds": {kind: counts[kind] for kind in KINDS if kind in counts},
        "occurrences": sum(int(row[2]) for row in kinds),
        "copying": dict(sorted((row[0], int(row[1])) for row in evidence)),
    }
