"""Stories: vectors are made where the texts are; the driver links them and lays out the tables.

The driver holds a vector of each article that stands for its cluster, as numbers, and the names,
sites and dates of those in stories. The rules are those of ``stories``.
"""

from __future__ import annotations

from copy import deepcopy
from dataclasses import replace

import numpy as np
import pyarrow as pa
from pyspark.sql import functions as F

from dedup.core.arrays import Float64, Int64
from dedup.core.dates import days_of
from dedup.pipeline.stages import default_threads
from dedup.schema import STORY_TABLES
from dedup.similarity.relations import EXACT, NONE, Pairs
from dedup.spark import inside, passages, stages
from dedup.spark.arrow import table_from_driver, table_to_driver
from dedup.spark.frames import Frame, from_driver, to_driver
from dedup.spark.stages import State
from dedup.spark.story_words import (
    count_vocabulary,
    vocabulary_of,
    weigh_articles,
    words_to_show,
)
from dedup.stories.find import Found, found_of, group_articles
from dedup.stories.tables import Tables, names_of, story_tables

EDGES_OF_ARTICLE = 25  # pairs on the driver that take as much memory as an article
MOST_TERMS = 20_000_000  # of all articles, that the driver and each task hold
_DOCUMENT = pa.schema(
    [
        *((name, pa.int64()) for name in ("row", "leader")),
        *((name, pa.string()) for name in ("doc_id", "site", "date")),
    ]
)


class TooManyError(Exception):
    """There are more articles or terms than the driver holds; the argument says how many."""


def find_stories(state: State) -> None:
    """Find articles that report one event, and add the tables of them."""
    summary = state.found.summary
    try:
        found, rows = _found(state)
    except TooManyError as error:
        summary.setdefault("unsupported", []).extend(STORY_TABLES)
        summary["limits"]["stories_not_made_of"] = error.args[0]
        return
    told, names = _told(state, found, rows)
    session, store = state.store.session, state.store
    tables = {
        "stories": store.keep(table_from_driver(session, told.stories), "story-table"),
        "story_members": store.keep(table_from_driver(session, told.members), "story-members"),
    }
    keyed = store.keep(_with_stories(state, names), "documents-in-stories")
    documents = {"documents": keyed.select(*state.found.documents.columns)}
    state.found = replace(
        state.found, keyed=keyed, tables={**state.found.tables, **documents, **tables}
    )
    for name, nothing in inside.NOTHING.items():
        summary.setdefault(name, deepcopy(nothing))
    summary["stories"] = {**told.summary, "too_short": len(found.too_short)}
    limits = {name: count for name, count in found.limits.items() if count}
    summary["limits"] = dict(sorted({**summary["limits"], **limits}.items()))


def _found(state: State) -> tuple[Found, Int64]:
    """Find stories among the documents that stand for their clusters; return also their rows.

    Raises ``TooManyError`` where the driver would hold too much.
    """
    store, keyed = state.store, state.found.keyed
    passages.learn_words(state)
    rows = keyed.where("canonical").select("row")
    count = rows.count()
    _check(count, state.driver_edges // EDGES_OF_ARTICLE)
    dates = state.metadata.table.select("row", "date")
    texts = stages.texts_with_spans(state, rows).drop("templates").join(dates, "row")
    articles = store.keep(texts, "story-articles")
    counted = count_vocabulary(store, articles, state.learned)
    _check(counted.count(), MOST_TERMS)
    vocabulary = vocabulary_of(counted, count)
    weighed = weigh_articles(store, articles, state.learned, vocabulary)
    grouped = group_articles(weighed.articles, vocabulary, state.config, threads=default_threads())
    words = words_to_show(store, articles, state.learned, (grouped, vocabulary, weighed.rows))
    places = np.arange(len(weighed.rows))
    return found_of(grouped, vocabulary, (places, weighed.telling), words), weighed.rows


def _check(count: int, most: int) -> None:
    if count > most:
        raise TooManyError(count)


def _told(state: State, found: Found, rows: Int64) -> tuple[Tables, dict[str, Int64]]:
    """Lay out the tables, and name the story of articles (row, named: that of another row or -1).

    Only what is in a story goes to the driver: articles and their copies. Articles that are not
    named are a story by themselves.
    """
    some = found.of_stories()
    table = _documents(state, rows[some.documents])
    every, leaders = (table[name].to_numpy() for name in ("row", "leader"))
    leaders = np.searchsorted(every, leaders)
    some = replace(some, documents=np.searchsorted(every, rows[some.documents]))
    days, pairs = days_of(table["date"]), _pairs(state, every, leaders)
    named = names_of(some, days, leaders)[some.documents]
    names = {
        "row": np.concatenate([every[some.documents], rows[found.too_short]]),
        "named": np.concatenate([every[named], np.full(len(found.too_short), -1)]),
    }
    return story_tables(some, table, days, leaders, pairs), names


def _documents(state: State, rows: Int64) -> pa.Table:
    """Return what is told of articles and of the documents for which they stand, in order."""
    own = from_driver(state.store.session, {"row": rows})
    every = own.select("row", F.col("row").alias("leader"))
    if state.leaders is not None:
        led = state.leaders.join(own.withColumnRenamed("row", "leader"), "leader")
        every = every.unionByName(led.select("row", "leader"))
    facts = state.metadata.table.select("row", "doc_id", "site", "date")
    told = state.store.keep(every.join(facts, "row"), "story-documents")
    return table_to_driver(told, _DOCUMENT).sort_by("row").combine_chunks()


def _pairs(state: State, rows: Int64, leaders: Int64) -> Pairs:
    """Return the pairs of documents of stories, those of a cluster left out, as places in ``rows``.

    What stories say of them are their ends and relations; the scores are zeros.
    """
    every = state.pairs.where(F.col("relations") < NONE).select("a", "b", "relations")
    exact = F.lit(EXACT).cast("bigint").alias("relations")
    ends = F.least("row", "representative").alias("a"), F.greatest("row", "representative")
    every = every.union(state.equals.select(*ends, exact))
    known = from_driver(state.store.session, {"row": rows, "leader": rows[leaders]})
    for side in "ab":
        every = every.join(known.toDF(side, f"leader_{side}"), side)
    some = state.store.keep(every.where("leader_a <> leader_b"), "story-pairs")
    a, b, relations = to_driver(some, ["a", "b", "relations"])
    order = np.lexsort((b, a))
    a, b = (np.searchsorted(rows, each[order]) for each in (a, b))
    zeros: Float64 = np.zeros(len(a))
    scores = dict.fromkeys(
        ("jaccard", "containment_a", "containment_b", "coverage", "share_a", "share_b"), zeros
    )
    return Pairs(a=a, b=b, relations=relations[order], matched=np.zeros(len(a), np.int64), **scores)


def _with_stories(state: State, names: dict[str, Int64]) -> Frame:
    """Return the documents with the story of each: that of what leads it, or what leads it."""
    keyed, ids = state.found.keyed, state.metadata.table.select("row", "doc_id")
    named = from_driver(state.store.session, names).toDF("leader", "named")
    named = named.join(ids.toDF("named", "name"), "named", "left")
    own = keyed.withColumn("leader", F.col("row"))
    if state.leaders is not None:
        led = state.leaders.select("row", F.col("leader").alias("other"))
        own = keyed.join(led, "row", "left").withColumn("leader", F.coalesce("other", "row"))
    told = own.join(named, "leader", "left")
    story = F.when(F.col("named").isNotNull(), F.col("name")).otherwise(F.col("cluster"))
    return told.withColumn("story", story).select(*keyed.columns)
