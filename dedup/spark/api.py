"""The stages in order: a data frame of texts to a data frame of what was found of each."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

from pyspark.sql import functions as F

from dedup.cleaning.boilerplate.templates import NONE as NO_TEMPLATES
from dedup.cleaning.boilerplate.templates import Templates
from dedup.config import Config
from dedup.errors import ConfigError
from dedup.passages.find import LEVELS
from dedup.pipeline.stages import Stage, run_stages
from dedup.schema import FAMILY_TABLES
from dedup.similarity.relations import NONE
from dedup.spark import counting, documents, equals, giants, inside, passages, stars
from dedup.spark.candidates import bands, candidate_pairs, oversized_buckets
from dedup.spark.components import DRIVER_EDGES, connected
from dedup.spark.frames import Frame, Store
from dedup.spark.metadata import Metadata, metadata_of
from dedup.spark.reading import KEYS, role_columns, sign
from dedup.spark.templates import find_templates
from dedup.spark.verifying import confirm, texts_of, wanted_sets


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


def deduplicate(
    df: Frame,
    config: Config | None = None,
    *,
    id: str | None = "id",
    text: str = "text",
    **more: Any,
) -> Frame:
    """Return what becomes of each document of a data frame, one row each, as docs/output.md says.

    The arguments are those of ``find``; the result is that of ``dedup.scan``, in no order.
    """
    found: Frame = find(df, config, id=id, text=text, **more).documents
    return found


def find(
    df: Frame,
    config: Config | None = None,
    *,
    id: str | None = "id",
    text: str = "text",
    date: str | None = None,
    url: str | None = None,
    site: str | None = None,
    path: str | None = None,
    checkpoint: str | None = None,
    driver_edges: int = DRIVER_EDGES,
    task_edges: int = stars.TASK_EDGES,
) -> Found:
    """Find the copies among the documents of a data frame, in the session it belongs to.

    ``id`` to ``path`` name columns. A document without an id is named by a hash of its text.
    ``checkpoint`` is a folder that the driver and all executors reach; on one machine a temporary
    one is used by default. ``driver_edges`` and ``task_edges`` are how many confirmed pairs the
    driver, and a task, may hold; neither changes the result.
    """
    config = settings(config)
    roles = {"text": text, "id": id, "date": date, "url": url, "site": site, "path": path}
    frame = role_columns(df, {**roles, "priority": config.priority_field})
    store = Store.at(df.sparkSession, checkpoint)
    return run(State(frame, config, store, driver_edges, task_edges))


def settings(config: Config | None) -> Config:
    """Return the settings of a run; without any, those of the local engine's fast mode."""
    config = config or Config(find=("duplicates",))
    if "repeats" in config.find:
        _check_repeats(config)
        return config
    if "stories" in config.find:
        says = "{name}: stories are not looked for on Spark; duplicates and passages are"
        raise ConfigError("find", config.find, "duplicates, and passages, on Spark", says)
    if "duplicates" not in config.find:
        says = "{name} must name duplicates on Spark"
        raise ConfigError("find", config.find, "with duplicates on Spark", says)
    if config.shingle_unit != "word":
        raise ConfigError("shingle_unit", config.shingle_unit, "word on Spark")
    return config


def _check_repeats(config: Config) -> None:
    """Raise ``ConfigError`` unless repeats alone are looked for."""
    if config.find != ("repeats",):
        says = "{name}: on Spark repeats are looked for alone, in a run of their own"
        raise ConfigError("find", config.find, "repeats, or duplicates and passages", says)


@dataclass(slots=True)
class State:
    """What the stages of one run hand on to each other, in the order in which it comes to be.

    The columns of ``frame`` are named by role (``reading.ROLES``). ``cleans`` asks for clean texts,
    where repeats are looked for.
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
    groups: Frame = field(init=False)
    templates: Templates = field(init=False)
    inside: Frame = field(init=False)
    found: Found = field(init=False)


def run(state: State) -> Found:
    """Run all stages, those of fast mode by their names; passages come last here."""
    run_stages(REPEATS if state.config.find == ("repeats",) else STAGES, state)
    state.store.forget("documents", "pairs", "passages", "inside", "equals")
    return state.found


def _sign(state: State) -> None:
    signed = state.store.keep(sign(state.frame, state.config), "signed")
    state.metadata = metadata_of(state.store, signed, state.config)


def _find_candidates(state: State) -> None:
    found = equals.find_equals(state.metadata.table, state.config)
    state.equals = state.store.keep(found, "equals")
    keys = state.store.keep(bands(state.metadata.table, state.equals), "bands")
    state.candidates = state.store.keep(candidate_pairs(keys), "candidates")


def _shingle_candidates(state: State) -> None:
    given = (state.store, state.metadata, state.candidates, state.frame, state.config)
    state.sets = wanted_sets(*given)


def _verify(state: State) -> None:
    weak = "passages" in state.config.find
    state.pairs = confirm(state.store, state.candidates, state.sets, state.config, weak=weak)


def _cluster(state: State) -> None:
    store, config, metadata = state.store, state.config, state.metadata
    members, renamed, unsettled = _members(state)
    placed = store.keep(documents.place(metadata.table, members, state.equals, config), "placed")
    keyed = store.keep(documents.documents(metadata.table, placed), "documents")
    confirmed = _named(state.pairs.where(F.col("relations") < NONE), renamed)
    oversized = oversized_buckets(state.candidates)
    totals = documents.summary(metadata, keyed, confirmed, state.equals, oversized, config)
    totals["limits"] |= {"components_in_rounds": unsettled} if unsettled else {}
    state.found = Found(keyed.select(*documents.DOCUMENTS), confirmed, keyed, totals)


def _named(pairs: Frame, renamed: Frame) -> Frame:
    """Return the pairs, those that were looked at with the relation they have since."""
    joined = pairs.join(renamed, ["a", "b"], "left")
    relation = F.coalesce("named", "relations")
    return joined.withColumn("relations", relation).drop("named")


def _find_passages(state: State) -> None:
    if "passages" not in state.config.find:
        return
    given = (state.store, state.pairs, state.metadata, state.frame, state.config)
    shared, cut = passages.find_passages(*given, state.driver_edges)
    totals = state.found.summary
    totals["passages"] = _levels(shared)
    totals["limits"] |= {"documents_left_out_of_passages": cut} if cut else {}
    state.found = replace(state.found, passages=shared)


def _name_families(state: State) -> None:
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
    wanted = metadata.table.select("row", *KEYS).join(labels.where(~is_large), "row", "left_semi")
    texts = texts_of(state.frame, wanted, metadata).select("row", "text")
    given = stars.with_sets(metadata.table, state.sets, state.equals, texts)
    some = stars.find_members(edges.where(~is_large), labels.where(~is_large), given, config)
    members, renamed = stars.split(store.keep(some, "members"))
    if large:
        parts = edges.where(is_large), labels.where(is_large)
        more = giants.find_members(store, *parts, metadata.table, config, state.task_edges)
        members = members.unionByName(store.keep(more, "giant-members"))
    return members, renamed, len(large)


STAGES = (
    Stage("signatures", _sign),
    Stage("candidates", _find_candidates),
    Stage("shingles", _shingle_candidates),
    Stage("pairs", _verify),
    Stage("clusters", _cluster),
    Stage("passages", _find_passages),
    Stage("families", _name_families),
)


def _find_inside(state: State) -> None:
    """Find what goes from inside each document."""
    store, config, metadata = state.store, state.config, state.metadata
    templates = NO_TEMPLATES
    if config.boilerplate:
        articles = counting.articles_of(store, metadata, state.groups, state.frame)
        counted = counting.count(store, articles)
        templates = find_templates(store, counted, articles)
        marks = counting.line_marks(store, counted, articles.totals)
        texts = inside.with_marks(articles, marks)
    else:
        texts = inside.texts_alone(metadata, state.frame)
    state.inside = inside.find_inside(store, texts, config, templates, cleans=state.cleans)
    state.templates = templates


def _group_equals(state: State) -> None:
    state.groups = state.store.keep(counting.equal_groups(state.metadata), "groups")


def _tell_inside(state: State) -> None:
    """Make the tables where all documents stay: of equal ones it is told which stands for them."""
    store, config, metadata = state.store, state.config, state.metadata
    apart = store.keep(inside.apart(state.inside, state.groups), "apart")
    ranked = inside.ranked(metadata.table, state.inside).join(apart, "row", "left_anti")
    same = store.keep(equals.find_equals(ranked, config), "equals")
    nobody = metadata.table.select("row").where(F.lit(False))
    for name, kind in {**stars.MEMBERS, "representative": "bigint"}.items():
        if name != "row":
            nobody = nobody.withColumn(name, F.lit(None).cast(kind))
    keyed = documents.documents(metadata.table, nobody)
    if config.boilerplate:
        keyed = inside.with_no_text(keyed, apart)
    keyed = store.keep(keyed, "documents")
    both = F.least("row", "representative"), F.greatest("row", "representative")
    pairs = same.select(both[0].alias("a"), both[1].alias("b"))
    none = pairs.where(F.lit(False)).withColumn("relations", F.lit(0).cast("bigint"))
    totals = documents.summary(metadata, keyed, none, same, 0, config)
    totals |= inside.totals(state.inside)
    totals["templates"] = inside.templates_summary(state.templates, state.inside, metadata.table)
    found = Found(keyed.select(*documents.DOCUMENTS), pairs, keyed, totals, inside=state.inside)
    state.found = found


REPEATS = (
    Stage("signatures", _sign),
    Stage("candidates", _group_equals),
    Stage("boilerplate and repeats", _find_inside),
    Stage("tables", _tell_inside),
)
