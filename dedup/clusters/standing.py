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
from dedup.similarity.relations import DERIVED, REVISION, Pairs


@dataclass(frozen=True, slots=True)
class Standing:
    """The document that stands for each (itself: it stays), and the pair that says how they stand.

    ``pairs`` is the pair with that document, of members that stay the one with their leader, of
    leaders -1. Of an equal document it is that of the one that stands for both.
    """

    by: Int64
    pairs: Int64

    def keeping(self, some: Bool) -> Standing:
        """Return the same with some documents that stay whatever is like them.

        >>> one = Standing(np.array([0, 0]), np.array([-1, 0]))
        >>> one.keeping(np.array([True, True])).by.tolist()
        [0, 1]
        """
        return Standing(np.where(some, np.arange(len(some)), self.by), self.pairs)


def decide(
    pairs: Pairs,
    clusters: Clusters,
    representatives: Int64,
    lengths: Int64 | Int32,
    config: Config,
    running: Float64 | None = None,
    *,
    stays: Bool | None = None,
) -> Standing:
    """Decide which documents stay.

    ``representatives`` names what stands for each document and its equals, ``lengths`` counts
    tokens; ``running`` is how much of the running text of a document stands in its leader.
    ``stays`` (a row a pair, a column a side) tells which document must not go for the other.
    """
    rows = np.arange(len(representatives))
    is_member = clusters.pairs >= 0
    edges = clusters.pairs[is_member]
    is_a = pairs.a[edges] == representatives[is_member]
    shares = np.stack([pairs.share_a, pairs.share_b], axis=1)
    if stays is None:
        stays = np.zeros(shares.shape, np.bool_)
    removable = (shares >= config.removable) & ~stays
    goes = np.zeros(len(rows), np.bool_)
    goes[is_member] = removable[edges, np.where(is_a, 0, 1)]
    if running is not None:
        page = running[representatives[is_member]] >= config.removable_running
        goes[is_member] |= page & ~stays[edges, np.where(is_a, 0, 1)]
    standing = Standing(np.where(goes, clusters.leaders, rows), clusters.pairs.copy())
    left = is_member & ~goes & (representatives == rows)
    _stand_for_others(pairs, clusters, left, lengths, removable, standing)
    # Equal documents follow what stands for them.
    equal = is_member & ~goes & (representatives != rows)
    standing.by[equal] = standing.by[representatives[equal]]
    standing.pairs[equal] = standing.pairs[representatives[equal]]
    return standing


def _stand_for_others(
    pairs: Pairs,
    clusters: Clusters,
    left: Bool,
    lengths: Int64 | Int32,
    removable: Bool,
    standing: Standing,
) -> None:
    """Let members that stay stand for those of which enough stands in them, the longest first.

    ``removable`` tells of both documents of a pair whether one may go for the other.
    """
    same = clusters.leaders[pairs.a] == clusters.leaders[pairs.b]
    is_close = (pairs.relations <= DERIVED) | (pairs.relations == REVISION)
    some = np.flatnonzero(left[pairs.a] & left[pairs.b] & same & is_close)
    if not len(some):
        return
    goes_a = some[removable[some, 0]]
    goes_b = some[removable[some, 1]]
    leads = np.concatenate([pairs.b[goes_a], pairs.a[goes_b]])
    goes = np.concatenate([pairs.a[goes_a], pairs.b[goes_b]])
    number = np.concatenate([goes_a, goes_b])
    rows = np.union1d(leads, goes)
    leads, goes = np.searchsorted(rows, leads), np.searchsorted(rows, goes)
    order = np.lexsort((rows, -lengths[rows].astype(np.int64)))
    by_doc = np.lexsort((goes, leads))
    bounds = np.searchsorted(leads[by_doc], np.arange(len(rows) + 1))
    found = np.arange(len(rows), dtype=np.int64)
    free = np.ones(len(rows), np.bool_)
    kernel.join_stars(order, goes[by_doc], bounds, free, found)
    is_way = found[goes] == leads
    standing.by[rows[goes[is_way]]] = rows[leads[is_way]]
    standing.pairs[rows[goes[is_way]]] = number[is_way]
