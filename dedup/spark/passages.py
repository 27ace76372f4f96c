"""The stages in which passages are found over the whole corpus, and what follows from them.

With copies in one run pairs are related by all of it, as in full mode on one machine: by shingles,
passages, the characters of misread texts, and addresses.
"""

from __future__ import annotations

from copy import deepcopy
from dataclasses import replace
from functools import reduce

from pyspark.sql import functions as F

from dedup.passages.find import LEVELS
from dedup.similarity.relations import NAMES
from dedup.spark import aligning, asked, equals, full, inside, misread, near_copies, seeds, stages
from dedup.spark.addresses import find_addresses, relate_addresses
from dedup.spark.frames import Frame
from dedup.spark.left import spans_of
from dedup.spark.meeting import grouped
from dedup.spark.reading import KEYS
from dedup.spark.stages import State
from dedup.spark.verifying import texts_of


def find_seeds(state: State) -> None:
    """Find which documents share enough seeds; of equal documents one takes part."""
    store, config = state.store, state.config
    if "duplicates" in config.find:
        full.let_canonicals_stand(state)
    elif "repeats" not in config.find:
        state.equals = store.keep(equals.find_equals(state.metadata.table, config), "equals")
    state.texts = _texts(state)
    state.learned = seeds.learn(store, state.texts)
    included = state.texts.join(state.equals, "row", "left_anti")
    if state.apart is not None:
        included = included.join(state.apart, "row", "left_anti")
    state.included = included
    filled = included.where("tokens > 0")
    if "duplicates" in config.find:
        given = (state.candidates, state.metadata.table, config, state.task_edges)
        crowd = near_copies.left_out(store, *given)
        state.limits["near_copies_left_out_of_passages"] = crowd.count()
        filled = filled.join(crowd, "row", "left_anti")
    parts = seeds.parts_of(_tokens(state))
    packed = seeds.packed_seeds(filled, state.learned, config, parts)
    state.seeds = seeds.shared_seeds(store, packed, config, parts)
    state.limits |= state.seeds.limits


def learn_words(state: State) -> None:
    """Learn what words are frequent where no passages are looked for, for which it is learned."""
    if "passages" in state.config.find:
        return
    store, metadata = state.store, state.metadata
    if state.texts is None:
        wanted = metadata.table.select("row", *KEYS)
        state.texts = store.keep(texts_of(state.frame, wanted, metadata), "texts")
    if "repeats" in state.config.find and state.spans is None:
        state.spans = store.keep(spans_of(state.inside), "spans")
    groups = state.groups.select("row", F.col("group").alias("known"))
    texts = state.texts.select("row", "text").join(groups, "row", "left")
    state.learned = seeds.learn(store, texts.withColumn("group", F.coalesce("known", "row")))


def _texts(state: State) -> Frame:
    """Return the texts of all documents with what passages are made from (``aligning.KNOWN``)."""
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
    state.spans = store.keep(spans_of(state.inside).join(tagged, "row", "full"), "spans")
    return store.keep(texts.join(state.spans, "row", "left"), "texts-with-spans")


def find_misread(state: State) -> None:
    """Find copies among misread texts."""
    state.misread = misread.find_misread(state.store, state.included, _tokens(state))
    state.limits["misread_texts_too_long"] = state.misread.left_out


def _tokens(state: State) -> int:
    return int(state.metadata.table.agg(F.sum("tokens")).first()[0] or 0)


def align(state: State) -> None:
    """Find the passages of pairs that share seeds, and their relations; no copies are sought."""
    _align(state, asked.seeded(state.seeds))
    sides = (state.pairs.where(f"old_{side}").select(F.col(side).alias("row")) for side in "ab")
    state.superseded = reduce(lambda one, two: one.union(two), sides)


def relate(state: State) -> None:
    """Find passages, and the relation of every pair by all that the two have in common."""
    assert state.misread is not None
    state.addresses = find_addresses(
        state.store, state.metadata.table, state.equals, state.apart, state.config
    )
    parts = [
        asked.seeded(state.seeds),
        asked.wanted(state.candidates, asked.CANDIDATE),
        asked.wanted(state.misread.pairs, asked.CANDIDATE),
    ]
    if state.addresses is not None:
        parts.append(asked.wanted(state.addresses.pairs, asked.OF_ADDRESS))
    _align(state, state.store.keep(asked.together(parts), "wanted-pairs"))
    if state.addresses is not None:
        related = relate_addresses(state.store, state.pairs, state.addresses)
        state.pairs = state.store.keep(related, "related")


def _align(state: State, pairs: Frame) -> None:
    words = state.metadata.table.agg(F.avg("tokens")).first()[0] or 0.0
    pairs = grouped(pairs, words)
    given = (pairs, state.included, state.learned, state.config)
    state.passages, state.pairs = aligning.align(state.store, *given)


def cluster(state: State) -> None:
    """Cluster documents by all their relations, and tell what was found."""
    stages.cluster(state)
    if "repeats" in state.config.find:
        full.add_inside(state)
    _tell(state)


def tell(state: State) -> None:
    """Make the tables where passages are looked for and no copies: all documents stay."""
    pairs = state.pairs
    full.tell_of_all(state)
    totals = state.found.summary
    related = pairs.groupBy("relations").count().collect()
    by_relation = {NAMES[row[0]]: row[1] for row in related} | totals["relations"]
    totals["relations"] = {name: by_relation[name] for name in NAMES[:-1] if name in by_relation}
    state.pairs = pairs
    state.found = replace(stages.found(state, state.found.keyed, totals), inside=state.found.inside)
    _tell(state)


def _tell(state: State) -> None:
    found, totals = state.found, state.found.summary
    for name, counted in (("passages", "level"), ("kinds", "kind")):
        counts = {row[0]: row[1] for row in state.passages.groupBy(counted).count().collect()}
        order = LEVELS.values() if counted == "level" else sorted(counts)
        totals[name] = {each: counts[each] for each in order if each in counts}
    for name, nothing in inside.NOTHING.items():
        totals.setdefault(name, deepcopy(nothing))
    limits = totals["limits"] | {name: count for name, count in state.limits.items() if count}
    totals["limits"] = dict(sorted(limits.items()))
    passages = state.passages.select(*aligning.PASSAGES)
    state.found = replace(found, tables={**found.tables, "passages": passages})
