"""Clusters of a component that no task should hold: the same stars, in rounds over data frames.

In canonical order a document leads when no better one that it is paired with does. That can be told
of many documents at once: a round cuts the order into ranges, and each range tells what follows
from the others' known states and its own order. The first range has nobody better left to wait for,
so each round settles it at least, whatever the graph; most graphs settle in a few.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pyarrow as pa
from pyspark.sql import functions as F

from dedup.clusters.stars import best_moves
from dedup.config import Config
from dedup.core.arrays import Float64, Int64
from dedup.kernels import clusters as kernel
from dedup.spark.equals import GONE, RANKING, order_names, with_order
from dedup.spark.frames import (
    Batches,
    Frame,
    Schema,
    Store,
    batches_of,
    by_group,
    column,
    map_batches,
    numbered,
)

LEADS, LED = 1, 2
_STATES: Schema = {"place": "bigint", "state": "bigint"}
_WAYS: Schema = {"row": "bigint", "leader": "bigint"}
_MOST_ROWS = 1 << 18


def find_leaders(
    store: Store, edges: Frame, labels: Frame, metadata: Frame, config: Config, task_edges: int
) -> Frame:
    """Return (row, leader) of each document with another leader; no task holds a component.

    ``edges`` have their ``component``, ``labels`` that of each document.
    """
    places = _places(store, edges, labels, metadata, config)
    ours = places.select(F.col("row").alias("a"), F.col("place").alias("one"))
    theirs = places.select(F.col("row").alias("b"), F.col("place").alias("two"))
    joined = edges.select("a", "b", "share_a", "share_b").join(ours, "a").join(theirs, "b")
    joined = store.keep(joined, "giant-edges")
    pairs = joined.select(
        F.greatest("one", "two").alias("place"), F.least("one", "two").alias("better")
    )
    states = settle(store, pairs, places.select("place"), task_edges)
    return _moved(store, joined, states)


def _places(store: Store, edges: Frame, labels: Frame, metadata: Frame, config: Config) -> Frame:
    """Return (row, place): the position of each document in canonical order."""
    sizes = labels.groupBy("component").agg((F.count("*") - 1).alias("others"))
    core = (F.col("total") / F.greatest(F.col("others"), F.lit(1))).alias("core")
    shared = _shares(edges).join(labels, "row").join(sizes, "component").select("row", core)
    gone = [name for name in metadata.columns if name == GONE]
    documents = metadata.select(*RANKING, *gone).join(shared, "row")
    ordered = store.keep(with_order(documents, config, core="core"), "giant-order")
    order = [F.col(name) for name in (*order_names(config), "row")]
    return store.keep(numbered(ordered, order, "place").select("row", "place"), "giant-places")


def _shares(edges: Frame) -> Frame:
    """Return (row, total): how much of the documents it is paired with occurs in each.

    Shares are added in the order in which one machine adds them, so the sums are the same bits.
    """
    schema = {"row": "bigint", "side": "bigint", "total": "double"}
    first = edges.selectExpr("a as row", "0L as side", "b as other", "share_b as share")
    second = edges.selectExpr("b as row", "1L as side", "a as other", "share_a as share")
    rows = first.union(second).repartition("row").sortWithinPartitions("row", "side", "other")

    def work(batches: Batches) -> Iterator[pa.RecordBatch]:
        held: tuple[Int64, Int64, Float64]
        held = (np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0))
        for batch in batches:
            parts = zip(
                held, (column(batch, name) for name in ("row", "side", "share")), strict=True
            )
            row, side, share = (np.concatenate(each) for each in parts)
            if not len(row):
                continue
            is_new = (np.diff(row, prepend=-1) != 0) | (np.diff(side, prepend=-1) != 0)
            starts = np.flatnonzero(is_new)
            # What is held of the last batch comes first, so it is added to first.
            totals = np.bincount(np.cumsum(is_new) - 1, share).astype(np.float64)
            row, side = row[starts], side[starts]
            yield from batches_of(
                {"row": row[:-1], "side": side[:-1], "total": totals[:-1]}, schema
            )
            held = row[-1:], side[-1:], totals[-1:]
        yield from batches_of(dict(zip(schema, held, strict=True)), schema)

    fingerprints = map_batches(rows, work, schema).groupBy("row")
    one, two = (F.max(F.when(F.col("side") == side, F.col("total"))) for side in (0, 1))
    nothing = F.lit(0.0)
    return fingerprints.agg((F.coalesce(one, nothing) + F.coalesce(two, nothing)).alias("total"))


def settle(store: Store, pairs: Frame, places: Frame, task_edges: int) -> Frame:
    """Return (place, state) of all documents: which are leaders and which are members."""
    nobody = places.select("place", F.lit(0).cast("bigint").alias("state")).where("place < 0")
    states = store.keep(nobody, "giant-states-0")
    turn = 0
    while True:
        turn += 1
        known = states.withColumnRenamed("place", "better")
        left = pairs.join(states, "place", "left_anti").join(known, "better", "left")
        left = left.select(
            "place", "better", F.coalesce("state", F.lit(0).cast("bigint")).alias("state")
        )
        left = store.keep(left.where(f"state <> {LED}"), f"giant-left-{turn % 2}")
        alone = places.join(states, "place", "left_anti")
        alone = alone.selectExpr("place", "-1L as better", "0L as state")
        waiting, count = alone.count(), left.count()
        if not waiting:
            return states
        ranges = max(1, -(-(count + waiting) // task_edges))
        rows = alone.union(left).repartitionByRange(ranges, "place")
        told = map_batches(rows.sortWithinPartitions("place", "better"), _decide, _STATES)
        states = store.keep(states.union(told), f"giant-states-{turn % 2}")


def _decide(batches: Batches) -> Iterator[pa.RecordBatch]:
    """Tell what follows of one range, in its order; of what it holds only documents, no pairs."""
    places: Int64 = np.zeros(0, np.int64)
    states: Int64 = np.zeros(0, np.int64)
    made = 0
    for batch in batches:
        if made + len(batch) > len(places):
            room = np.zeros(max(made, len(batch)), np.int64)
            places, states = np.concatenate([places, room]), np.concatenate([states, room])
        some = (column(batch, name).copy() for name in ("place", "better", "state"))
        made = int(kernel.decide(*some, places, states, made))
    told = np.flatnonzero(states[:made] > 0)
    yield from batches_of({"place": places[told], "state": states[told]}, _STATES)


def _moved(store: Store, joined: Frame, states: Frame) -> Frame:
    """Move each member to the leader in which most of it occurs."""
    one = states.selectExpr("place as one", "state as state_one")
    two = states.selectExpr("place as two", "state as state_two")
    both = joined.join(one, "one").join(two, "two").where("state_one <> state_two")
    ways = both.where(f"state_one = {LED}").selectExpr(
        "one as member", "two as leader", "a as member_row", "b as leader_row", "share_a as share",
    ).union(both.where(f"state_two = {LED}").selectExpr(
        "two as member", "one as leader", "b as member_row", "a as leader_row", "share_b as share",
    ))  # fmt: skip
    ways = store.keep(ways, "giant-ways")
    first = ways.groupBy("member").agg(F.min("leader").alias("leader"))
    leading = ways.join(first.select("leader").distinct(), "leader", "left_semi")
    grouped = leading.repartition("member").sortWithinPartitions("member", "leader")

    def work(batches: Batches) -> Iterator[pa.RecordBatch]:
        for table in by_group(batches, "member", _MOST_ROWS):
            member = column(table, "member")
            is_own = np.diff(member, prepend=-1) != 0
            best = best_moves(member, column(table, "share"), is_own, column(table, "leader"))
            ends = ("member_row", "leader_row")
            chosen = (column(table, name)[best] for name in ends)
            yield from batches_of(dict(zip(_WAYS, chosen, strict=True)), _WAYS)

    return map_batches(grouped, work, _WAYS)
