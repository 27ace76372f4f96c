"""The stages in order: a data frame of texts to a data frame of what was found of each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pyspark.sql import functions as F

from dedup.config import Config
from dedup.errors import ConfigError
from dedup.passages.find import LEVELS
from dedup.similarity.relations import NONE
from dedup.spark import documents, equals, giants, passages, stars
from dedup.spark.candidates import bands, candidate_pairs, oversized_buckets
from dedup.spark.components import DRIVER_EDGES, connected
from dedup.spark.facts import Facts, metadata_of
from dedup.spark.frames import Frame, Store
from dedup.spark.reading import role_columns, sign
from dedup.spark.verifying import confirm, wanted_sets


@dataclass(frozen=True, slots=True)
class Found:
    """What a run found: ``documents`` as in docs/output.md, confirmed ``pairs``, the ``summary``.

    ``keyed`` are the documents with what joins them with the rows that were read. All are read
    from the work folder, so they last as long as that does.
    """

    documents: Frame
    pairs: Frame
    keyed: Frame
    summary: dict[str, Any]
    passages: Frame | None = None


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
    return run(frame, config, Store.at(df.sparkSession, checkpoint), driver_edges, task_edges)


def settings(config: Config | None) -> Config:
    """Return the settings of a run; without any, those of the local engine's fast path."""
    config = config or Config(find=("duplicates",))
    if "repeats" in config.find:
        raise ConfigError("find", config.find, "duplicates, and passages, on Spark")
    if "duplicates" not in config.find:
        raise ConfigError("find", config.find, "with duplicates on Spark")
    if config.shingle_unit != "word":
        raise ConfigError("shingle_unit", config.shingle_unit, "word on Spark")
    return config


def run(frame: Frame, config: Config, store: Store, driver_edges: int, task_edges: int) -> Found:
    """Run all stages on a frame whose columns are named by role (``reading.ROLES``)."""
    metadata = metadata_of(store, store.keep(sign(frame, config), "signed"), config)
    same = store.keep(equals.find_equals(metadata.table, config), "equals")
    pairs, oversized = _pairs(store, frame, metadata, same, config)
    members = _members(store, pairs, metadata, config, driver_edges, task_edges)
    placed = store.keep(documents.place(metadata.table, members, same, config), "placed")
    keyed = store.keep(documents.documents(metadata.table, placed, config), "documents")
    confirmed = pairs.where(F.col("relations") != NONE)
    totals = documents.summary(metadata, keyed, confirmed, same, oversized, config)
    shared = None
    if "passages" in config.find:
        shared, cut = passages.find_passages(store, pairs, metadata, frame, config, driver_edges)
        totals["passages"] = _levels(shared)
        totals["limits"] |= {"documents_left_out_of_passages": cut} if cut else {}
    store.forget("documents", "pairs", "passages")
    return Found(keyed.select(*documents.DOCUMENTS), confirmed, keyed, totals, shared)


def _levels(shared: Frame) -> dict[str, int]:
    counts = {row[0]: int(row[1]) for row in shared.groupBy("level").count().collect()}
    return {level: counts[level] for level in LEVELS.values() if level in counts}


def _pairs(
    store: Store, frame: Frame, metadata: Facts, same: Frame, config: Config
) -> tuple[Frame, int]:
    """Return the confirmed pairs and the number of crowded buckets."""
    keys = store.keep(bands(metadata.table, same), "bands")
    candidates = store.keep(candidate_pairs(keys), "candidates")
    sets = wanted_sets(store, metadata, candidates, frame, config)
    pairs = confirm(store, candidates, sets, config, weak="passages" in config.find)
    return pairs, oversized_buckets(candidates)


def _members(
    store: Store, pairs: Frame, metadata: Facts, config: Config, driver_edges: int, task_edges: int
) -> Frame:
    """Return what leads each document that is led by another one."""
    edges = stars.cluster_edges(pairs, config)
    labels = connected(store, edges, driver_edges)
    edges = edges.join(labels.withColumnRenamed("row", "a"), "a")
    edges = store.keep(edges, "edges")
    sizes = edges.groupBy("component").count()
    large = [row[0] for row in sizes.where(F.col("count") > task_edges).collect()]
    is_large = F.col("component").isin(large) if large else F.lit(False)
    some = stars.find_members(
        edges.where(~is_large), labels.where(~is_large), metadata.table, config
    )
    members = store.keep(some, "members")
    if not large:
        return members
    parts = edges.where(is_large), labels.where(is_large)
    more = giants.find_members(store, *parts, metadata.table, config, task_edges)
    return members.union(store.keep(more, "giant-members"))
