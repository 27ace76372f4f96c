"""Connected components: by union-find on the driver, or by rounds of joins where too many.

The rounds are large-star and small-star (Kiveris and others, 2014) with ``min`` and joins, so that
no neighbourhood is ever one cell. Each is written before the next, which reads it as a plain table.
"""

from __future__ import annotations

import numpy as np
from pyspark.sql import functions as F

from dedup.clusters.stars import components
from dedup.spark.frames import Frame, Store, from_driver, to_driver

DRIVER_EDGES = 50_000_000  # up to which the driver joins components by itself
_MOST_ROUNDS = 100  # paths of 100,000 take 14


def connected(store: Store, edges: Frame, driver_edges: int, name: str = "labels") -> Frame:
    """Return (row, component) for each document in an edge (a, b).

    A component is named by its smallest row. Edges up to ``driver_edges`` go to the driver, which
    takes about 100 bytes for each.
    """
    if edges.count() <= driver_edges:
        return store.keep(on_driver(edges), name)
    return store.keep(by_stars(store, edges, name), name)


def on_driver(edges: Frame) -> Frame:
    """Return (row, component) by union-find in the memory of the driver."""
    a, b = to_driver(edges, ["a", "b"])
    rows = np.unique(np.concatenate([a, b]))
    found = components(np.searchsorted(rows, a), np.searchsorted(rows, b), len(rows))
    return from_driver(edges.sparkSession, {"row": rows, "component": rows[found]})


def by_stars(store: Store, edges: Frame, name: str = "labels") -> Frame:
    """Return (row, component) by alternating stars over data frames.

    Raises ``RuntimeError`` where it does not come to rest, which no graph is known to do.
    """
    greater, less = F.greatest("a", "b").alias("u"), F.least("a", "b").alias("v")
    state = edges.select(greater, less).where("u <> v").distinct()
    state = store.keep(state, f"{name}-round-0")
    before = None
    for turn in range(1, _MOST_ROUNDS):
        state = store.keep(small_star(large_star(state)), f"{name}-round-{turn % 2}")
        now = _sums(state)
        if now == before:
            roots = state.select(F.col("v").alias("row")).distinct()
            own = roots.withColumn("component", F.col("row"))
            return state.select(F.col("u").alias("row"), F.col("v").alias("component")).union(own)
        before = now
    raise RuntimeError(f"components did not come to rest in {_MOST_ROUNDS} rounds")


def large_star(state: Frame) -> Frame:
    """Join the greater neighbours of each document with the least of it and its neighbours."""
    both = state.select("u", "v").union(state.select(F.col("v").alias("u"), F.col("u").alias("v")))
    least = both.groupBy("u").agg(F.least(F.min("v"), F.col("u")).alias("m"))
    greater = both.where("v > u").join(least, "u")
    return greater.select(F.col("v").alias("u"), F.col("m").alias("v")).distinct()


def small_star(state: Frame) -> Frame:
    """Join the lesser neighbours of each document, and itself, with the least of them."""
    least = state.groupBy("u").agg(F.min("v").alias("m"))
    lesser = state.join(least, "u").select(F.col("v").alias("u"), F.col("m").alias("v"))
    own = least.select("u", F.col("m").alias("v"))
    return lesser.union(own).where("u <> v").distinct()


def _sums(state: Frame) -> tuple[object, ...]:
    """Return what tells whether a round changed anything; sums of 64 bits would run over."""
    wide = "decimal(38,0)"
    fingerprints = state.agg(F.count("*"), *(F.sum(F.col(name).cast(wide)) for name in ("u", "v")))
    return tuple(fingerprints.first())
