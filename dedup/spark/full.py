"""The stages in which boilerplate and repeats are found, alone or together with copies.

In one run with copies documents are related by what is left of them, as in full mode on one
machine: templates make no pair, the canonical of equal documents is chosen by what stays, and a
document without text is a copy of nothing.
"""

from __future__ import annotations

from dataclasses import replace

from pyspark.sql import functions as F

from dedup.cleaning.boilerplate.templates import NONE as NO_TEMPLATES
from dedup.pipeline.candidates import SAME_STORY, SAME_TEXT
from dedup.spark import counting, documents, equals, inside, stages
from dedup.spark.candidates import oversized_buckets, paired
from dedup.spark.components import connected
from dedup.spark.judging import MEMBERS
from dedup.spark.left import spans_of
from dedup.spark.stages import State
from dedup.spark.templates import find_templates
from dedup.spark.verifying import confirm, wanted_sets


def group_equals(state: State) -> None:
    """Count equal documents as one where lines and units are counted."""
    state.equal_groups = state.store.keep(counting.equal_groups(state.metadata), "equal-groups")
    state.groups = state.equal_groups


def find_copies(state: State) -> None:
    """Find candidate pairs by whole texts, and what counts as one where lines are counted."""
    store, config = state.store, state.config
    group_equals(state)
    others = state.equal_groups.where("row <> group")
    candidates = store.keep(paired(state.metadata.table, others), "candidates")
    state.oversized = oversized_buckets(candidates)
    sets = wanted_sets(store, state.metadata, candidates, state.frame, config)
    scored = confirm(store, candidates, sets, config, least=0.0)
    alike = scored.where(F.col("jaccard") >= SAME_STORY).select("a", "b")
    edges = alike.union(others.select("group", "row"))
    labels = connected(store, edges, state.driver_edges, "stories")
    state.groups = labels.withColumnRenamed("component", "group")
    may_be = F.col("jaccard") >= min(config.threshold, SAME_TEXT)
    may_be |= F.greatest("containment_a", "containment_b") >= config.coverage
    state.candidates = store.keep(scored.where(may_be).select("a", "b", "jaccard"), "close")


def find_removals(state: State) -> None:
    """Find what goes from inside each document, and what is left of each."""
    store, config, metadata = state.store, state.config, state.metadata
    state.templates = NO_TEMPLATES
    if config.boilerplate:
        articles = counting.articles_of(store, metadata, state.groups, state.frame)
        counted = counting.count(store, articles)
        state.templates = find_templates(store, counted, articles)
        marks = counting.line_marks(store, counted, articles.totals)
        texts, state.texts = inside.with_marks(articles, marks), articles.texts
    else:
        texts = inside.texts_alone(metadata, state.frame)
    given = (store, texts, config, state.templates)
    state.inside = inside.find_inside(*given, cleans=state.cleans)
    state.apart = store.keep(inside.apart(state.inside, state.equal_groups), "apart")
    left = store.keep(inside.ranked(metadata.table, state.inside), "left")
    state.metadata = replace(metadata, table=left)
    some = left.join(state.apart, "row", "left_anti")
    state.equals = store.keep(equals.find_equals(some, config), "equals")


def let_canonicals_stand(state: State) -> None:
    """Let the canonical stand for equal documents in the candidate pairs."""
    store, apart, pairs = state.store, state.apart, state.candidates
    if apart is None:
        state.equals = store.keep(equals.find_equals(state.metadata.table, state.config), "equals")
    for side in ("a", "b"):
        if apart is not None:
            pairs = pairs.join(apart.withColumnRenamed("row", side), side, "left_anti")
        moved = state.equals.select(F.col("row").alias(side), "representative")
        stands = F.coalesce("representative", side)
        pairs = pairs.join(moved, side, "left").withColumn(side, stands).drop("representative")
    both = F.least("a", "b").alias("a"), F.greatest("a", "b").alias("b")
    state.candidates = store.keep(pairs.select(*both, "jaccard"), "moved")


def shingle_what_is_left(state: State) -> None:
    """Let the canonical stand for equal documents; make the shingles without templates."""
    let_canonicals_stand(state)
    stages.compare_addresses(state)
    if "repeats" in state.config.find:
        state.spans = state.store.keep(spans_of(state.inside), "spans")
    rows = state.candidates.select(F.col("a").alias("row"))
    rows = rows.union(state.candidates.select("b")).distinct()
    state.sets = stages.left_sets(state, rows)


def cluster(state: State) -> None:
    """Cluster documents by what is left of them, and tell what goes from inside."""
    stages.cluster(state)
    if "repeats" in state.config.find:
        add_inside(state)


def choose_equals(state: State) -> None:
    """Choose what represents equal documents, where nothing is looked for inside them."""
    found = equals.find_equals(state.metadata.table, state.config)
    state.equals = state.store.keep(found, "equals")


def tell_of_all(state: State) -> None:
    """Make the tables where all documents stay: of equal ones it is told which stands for them."""
    config, metadata = state.config, state.metadata
    nobody = metadata.table.select("row").where(F.lit(False))
    for name, kind in {**MEMBERS, "representative": "bigint"}.items():
        if name != "row":
            nobody = nobody.withColumn(name, F.lit(None).cast(kind))
    keyed = state.store.keep(stages.keyed_documents(state, nobody), "documents")
    state.pairs = stages.no_pairs(metadata.table)
    totals = documents.summary(metadata, keyed, state.pairs, state.equals, 0, config)
    state.found = stages.found(state, keyed, totals)
    if "repeats" in config.find:
        add_inside(state)


def add_inside(state: State) -> None:
    """Add to what was found what goes from inside documents."""
    found, table = state.found, state.metadata.table
    found.summary.update(inside.totals(state.inside))
    templates = inside.templates_summary(state.templates, state.inside, table)
    found.summary["templates"] = templates
    state.found = replace(found, inside=state.inside)
