"""The stages in which boilerplate and repeats are found, alone or together with copies.

In one run with copies documents are related by what is left of them, as in full mode on one
machine: templates make no pair, the canonical of equal documents is chosen by what stays, and a
document without text is a copy of nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pyarrow as pa
from pyspark.sql import functions as F

from dedup.cleaning.boilerplate.templates import NONE as NO_TEMPLATES
from dedup.cleaning.rules import TEMPLATE_RULES
from dedup.config import Config
from dedup.core.arrays import texts_from_arrow
from dedup.kernels.lines import Stretches
from dedup.passages.find import LEVELS
from dedup.pipeline.candidates import SAME_STORY, SAME_TEXT
from dedup.pipeline.discount import shingles_left
from dedup.schema import FAMILY_TABLES
from dedup.similarity.relations import NAMES
from dedup.sources.tables import usable_texts
from dedup.spark import (
    aligning,
    counting,
    documents,
    equals,
    inside,
    seeds,
    spans,
    stages,
    stars,
)
from dedup.spark.candidates import bands, candidate_pairs, oversized_buckets
from dedup.spark.components import connected
from dedup.spark.frames import Batches, Frame, map_batches
from dedup.spark.reading import KEYS, SETS, set_rows
from dedup.spark.stages import Found, State
from dedup.spark.templates import find_templates
from dedup.spark.verifying import confirm, texts_of, wanted_sets
from dedup.text.shingles import shingle_batch
from dedup.text.tokens import tokenise_texts


def group_equals(state: State) -> None:
    """Count equal documents as one where lines and units are counted."""
    state.equal_groups = state.store.keep(counting.equal_groups(state.metadata), "equal-groups")
    state.groups = state.equal_groups


def find_copies(state: State) -> None:
    """Find candidate pairs by whole texts, and what counts as one where lines are counted."""
    store, config = state.store, state.config
    group_equals(state)
    others = state.equal_groups.where("row <> group")
    keys = store.keep(bands(state.metadata.table, others), "bands")
    candidates = store.keep(candidate_pairs(keys), "candidates")
    state.oversized = oversized_buckets(candidates)
    sets = wanted_sets(store, state.metadata, candidates, state.frame, config)
    scored = confirm(store, candidates, sets, config, least=0.0)
    alike = scored.where(F.col("jaccard") >= SAME_STORY).select("a", "b")
    edges = alike.union(others.select("group", "row"))
    labels = connected(store, edges, state.driver_edges, "stories")
    state.groups = labels.withColumnRenamed("component", "group")
    may_be = F.col("jaccard") >= min(config.threshold, SAME_TEXT)
    may_be |= F.greatest("containment_a", "containment_b") >= config.coverage
    state.candidates = store.keep(scored.where(may_be).select("a", "b"), "close")


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


def shingle_what_is_left(state: State) -> None:
    """Let the canonical stand for equal documents; make the shingles without templates."""
    store, apart, pairs = state.store, state.apart, state.candidates
    assert apart is not None
    for side in ("a", "b"):
        pairs = pairs.join(apart.withColumnRenamed("row", side), side, "left_anti")
        moved = state.equals.select(F.col("row").alias(side), "representative")
        stands = F.coalesce("representative", side)
        pairs = pairs.join(moved, side, "left").withColumn(side, stands).drop("representative")
    both = F.least("a", "b").alias("a"), F.greatest("a", "b").alias("b")
    state.candidates = store.keep(pairs.select(*both), "moved")
    state.spans = store.keep(_spans(state.inside), "spans")
    rows = state.candidates.select(F.col("a").alias("row"))
    rows = rows.union(state.candidates.select("b")).distinct()
    left = (F.col("tokens") - F.col("gone")).alias("tokens")
    texts = stages.texts_with_spans(state, rows).join(
        state.metadata.table.select("row", left), "row"
    )
    state.sets = store.keep(_shingle(texts, state.config), "left-sets")


def _spans(inside_table: Frame) -> Frame:
    """Return (row, removed, templates): where something goes from a document, packed."""
    found = inside_table.where(F.col("kind") == inside.REMOVAL)
    packed = spans.packed()
    of_template = F.when(F.col("rule").isin(list(TEMPLATE_RULES)), packed)
    removed = F.collect_list(packed).alias("removed")
    return found.groupBy("row").agg(removed, F.collect_list(of_template).alias("templates"))


def _shingle(frame: Frame, config: Config) -> Frame:
    """Make the distinct shingles of documents (row, tokens, text, templates) as ``SETS``."""
    settings = config.as_dict()

    def work(batches: Batches) -> Iterator[pa.RecordBatch]:
        config = Config(**settings)
        for batch in batches:
            given = batch.column("templates")
            has_some = given.value_lengths().fill_null(0).to_numpy(zero_copy_only=False) > 0
            yield from _sets(batch.filter(pa.array(~has_some)), config, discounts=False)
            yield from _sets(batch.filter(pa.array(has_some)), config, discounts=True)

    return map_batches(frame, work, SETS)


def _sets(batch: pa.RecordBatch, config: Config, *, discounts: bool) -> Iterator[pa.RecordBatch]:
    texts = texts_from_arrow(usable_texts(batch.column("text")))
    if discounts:
        stretches = Stretches(*spans.spans(batch, "templates"))
        made = shingles_left(tokenise_texts(texts), stretches, config.shingle_size)
    else:
        made = shingle_batch(texts, np.arange(len(batch)), config)
    yield from set_rows(batch, made)


def cluster(state: State) -> None:
    """Cluster documents by what is left of them, and tell what goes from inside."""
    stages.cluster(state)
    _add_inside(state)


def tell_of_all(state: State) -> None:
    """Make the tables where all documents stay: of equal ones it is told which stands for them."""
    store, config, metadata = state.store, state.config, state.metadata
    nobody = metadata.table.select("row").where(F.lit(False))
    for name, kind in {**stars.MEMBERS, "representative": "bigint"}.items():
        if name != "row":
            nobody = nobody.withColumn(name, F.lit(None).cast(kind))
    keyed = store.keep(stages.keyed_documents(state, nobody), "documents")
    both = F.least("row", "representative"), F.greatest("row", "representative")
    pairs = state.equals.select(both[0].alias("a"), both[1].alias("b"))
    none = pairs.where(F.lit(False)).withColumn("relations", F.lit(0).cast("bigint"))
    totals = documents.summary(metadata, keyed, none, state.equals, 0, config)
    state.found = Found(keyed.select(*documents.DOCUMENTS), pairs, keyed, totals)
    if "repeats" in config.find:
        _add_inside(state)


def find_passages(state: State) -> None:
    """Find passages over the whole corpus, in what is left; of equal documents one takes part."""
    store, config = state.store, state.config
    if "repeats" not in config.find:
        state.equals = store.keep(equals.find_equals(state.metadata.table, config), "equals")
    texts = _passage_texts(state)
    learned = seeds.learn(store, texts)
    included = texts.where("tokens > 0").join(state.equals, "row", "left_anti")
    if state.apart is not None:
        included = included.join(state.apart, "row", "left_anti")
    shared = seeds.shared_seeds(store, seeds.seed_rows(included, learned, config), config)
    state.passages, state.pairs = aligning.align(store, shared, included, learned, config)
    state.limits = shared.limits


def _passage_texts(state: State) -> Frame:
    """Return the texts of all documents with what passages are made from (``aligning.TEXTS``)."""
    store, metadata = state.store, state.metadata
    known = [name for name in aligning.KNOWN if name in metadata.table.columns]
    group = F.coalesce("group", "row").alias("group")
    wanted = metadata.table.join(state.groups, "row", "left").select(*known, group, *KEYS)
    if state.texts is not None:
        texts = state.texts.select("row", "text").join(wanted.drop(*KEYS), "row")
    else:
        texts = store.keep(texts_of(state.frame, wanted, metadata), "texts")
    if "repeats" not in state.config.find:
        return texts
    tagged = state.inside.where(F.col("kind") == inside.TAG).groupBy("row")
    tagged = tagged.agg(F.collect_list(F.struct("start", "end", "reason")).alias("tagged"))
    told = store.keep(_spans(state.inside).join(tagged, "row", "full"), "spans")
    return store.keep(texts.join(told, "row", "left"), "texts-with-spans")


def tell_passages(state: State) -> None:
    """Make the tables where passages are looked for and no copies: all documents stay."""
    tell_of_all(state)
    totals = state.found.summary
    related = state.pairs.groupBy("relations").count().collect()
    by_relation = {NAMES[row[0]]: row[1] for row in related} | totals["relations"]
    totals["relations"] = {name: by_relation[name] for name in NAMES[:-1] if name in by_relation}
    for name, counted in (("passages", "level"), ("kinds", "kind")):
        counts = {row[0]: row[1] for row in state.passages.groupBy(counted).count().collect()}
        order = LEVELS.values() if counted == "level" else sorted(counts)
        totals[name] = {each: counts[each] for each in order if each in counts}
    totals["limits"] |= {name: count for name, count in sorted(state.limits.items()) if count}
    totals["unsupported"] = list(FAMILY_TABLES)
    state.found = replace(state.found, passages=state.passages, pairs=state.pairs)


def _add_inside(state: State) -> None:
    found, table = state.found, state.metadata.table
    found.summary.update(inside.totals(state.inside))
    templates = inside.templates_summary(state.templates, state.inside, table)
    found.summary["templates"] = templates
    state.found = replace(found, inside=state.inside)
