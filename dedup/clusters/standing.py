"""What stands for each document: itself where it stays, else the one that is kept instead of it.

A member goes for the leader of its cluster when enough of it stands there; so does a page as a
whole of which nearly all running text does. Of the members that are left, the longest stays, and
stands for those of which enough stands in it, and so on.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dedup.clusters.stars import Clusters
from dedup.config import Config
from dedup.core.arrays import Bool, Float64, Int32, Int64
from dedup.kernels import clusters as kernel
from dedup.similarity.relations import DERIVED, Pairs


@dataclass(frozen=True, slots=True)
class Standing:
    """The document that stands for each (itself: it stays), and the pair that says how they stand.

    ``pairs`` is the pair with that document, of members that stay the one with their leader, of
    leaders -1. Of an equal document it is that of the one that stands for both.
    """

    by: Int64
    pairs: Int64


def decide(
    pairs: Pairs,
    clusters: Clusters,
    representatives: Int64,
    lengths: Int64 | Int32,
    config: Config,
    running: Float64 | None = None,
) -> Standing:
    """Decide which documents stay.

    ``representatives`` names what stands for each document and its equals, ``lengths`` counts
    tokens; ``running`` is how much of the running text of a document stands in its leader.
    """
    rows = np.arange(len(representatives))
    is_member = clusters.pairs >= 0
    edges = clusters.pairs[is_member]
    is_a = pairs.a[edges] == representatives[is_member]
    share = np.zeros(len(rows))
    share[is_member] = np.where(is_a, pairs.share_a[edges], pairs.share_b[edges])
    goes = share >= config.removable
    if running is not None:
        goes |= running[representatives] >= config.removable_running
    by = np.where(is_member & goes, clusters.leaders, rows)
    joined = clusters.pairs.copy()
    left = is_member & ~goes & (representatives == rows)
    _stand_for_others(pairs, clusters, left, lengths, config, by, joined)
    # Equal documents follow what stands for them.
    equal = is_member & ~goes & (representatives != rows)
    by[equal] = by[representatives[equal]]
    joined[equal] = joined[representatives[equal]]
    return Standing(by, joined)


def _stand_for_others(
    pairs: Pairs,
    clusters: Clusters,
    left: Bool,
    lengths: Int64 | Int32,
    config: Config,
    by: Int64,
    joined: Int64,
) -> None:
    """Let members that stay stand for those of which enough stands in them, the longest first."""
    same = clusters.leaders[pairs.a] == clusters.leaders[pairs.b]
    some = np.flatnonzero(left[pairs.a] & left[pairs.b] & same & (pairs.relations <= DERIVED))
    if not len(some):
        return
    goes_a = some[pairs.share_a[some] >= config.removable]
    goes_b = some[pairs.share_b[some] >= config.removable]
    stays = np.concatenate([pairs.b[goes_a], pairs.a[goes_b]])
    goes = np.concatenate([pairs.a[goes_a], pairs.b[goes_b]])
    number = np.concatenate([goes_a, goes_b])
    rows = np.union1d(stays, goes)
    stays, goes = np.searchsorted(rows, stays), np.searchsorted(rows, goes)
    order = np.lexsort((rows, -lengths[rows].astype(np.int64)))
    by_doc = np.lexsort((goes, stays))
    bounds = np.searchsorted(stays[by_doc], np.arange(len(rows) + 1))
    found = np.arange(len(rows), dtype=np.int64)
    free = np.ones(len(rows), np.bool_)
    kernel.join_stars(order, goes[by_doc], bounds, free, found)
    is_way = found[goes] == stays
    by[rows[goes[is_way]]] = rows[stays[is_way]]
    joined[rows[goes[is_way]]] = number[is_way]
