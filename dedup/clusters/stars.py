"""Confirmed pairs to clusters: stars around a canonical document, and groups that reuse text.

Documents are walked in canonical order. The first that is free leads a cluster and takes the free
documents it directly matches; then each member moves to the leader it is most like. So no chain of
pairs joins strangers, and every member can be shown next to the document that stands for it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from dedup.clusters.canonical import CanonicalOrder
from dedup.clusters.links import cluster_edges
from dedup.config import Config
from dedup.core.arrays import Bool, Float64, Int64
from dedup.kernels import clusters as kernel
from dedup.similarity.relations import EXACT, Pairs

_STAY = 0.1  # how much more of a member must occur in another leader for it to move


@dataclass(frozen=True, slots=True)
class Clusters:
    """The leader (centre of the star) of each document, and the pair that joins them (-1: none)."""

    leaders: Int64
    pairs: Int64


def cluster_pairs(
    pairs: Pairs, candidates: CanonicalOrder, config: Config, *, edges: Int64 | None = None
) -> Clusters:
    """Cluster documents by some of their pairs, ``edges`` (default: ``links.cluster_edges``).

    Equal documents (``exact``) are left to the caller: only one of them has other pairs.
    """
    count = len(candidates.lengths)
    if edges is None:
        edges = cluster_edges(pairs, candidates.lengths, config)
    leaders = np.arange(count, dtype=np.int64)
    joined = np.full(count, -1, np.int64)
    rows = np.union1d(pairs.a[edges], pairs.b[edges])
    if len(edges):
        # Only documents with an edge take part; they are numbered among those.
        some = pairs.take(edges)
        some = replace(some, a=np.searchsorted(rows, some.a), b=np.searchsorted(rows, some.b))
        order = candidates.take(rows).keys(config.canonical, _core(some, len(rows)))
        own, by = stars(np.stack([some.a, some.b], axis=1), order), np.full(len(rows), -1)
        _move(some, order, own, by)
        leaders[rows] = rows[own]
        joined[rows] = np.where(by < 0, -1, edges[by])
    return Clusters(leaders, joined)


def _core(pairs: Pairs, count: int) -> Float64:
    """Return the mean share of the other documents of its component that occurs in each, 0 to 1."""
    a, b = pairs.a, pairs.b
    total = np.bincount(a, pairs.share_b, count) + np.bincount(b, pairs.share_a, count)
    groups = components(a, b, count)
    others = np.bincount(groups, minlength=count)[groups] - 1
    shares: Float64 = total / np.maximum(others, 1)
    return shares


def stars(pairs: Int64, order: Int64) -> Int64:
    """Return the leader of each document: in ``order`` each free one takes those it is paired with.

    >>> stars(np.array([[0, 1], [1, 2]]), np.array([1, 0, 2])).tolist()
    [1, 1, 1]
    """
    ours = np.concatenate([pairs[:, 0], pairs[:, 1]])
    theirs = np.concatenate([pairs[:, 1], pairs[:, 0]])
    by_doc = np.argsort(ours, kind="stable")
    leaders = np.arange(len(order), dtype=np.int64)
    bounds = np.searchsorted(ours[by_doc], np.arange(len(order) + 1))
    free = np.ones(len(order), np.bool_)
    kernel.join_stars(order, theirs[by_doc], bounds, free, leaders)
    return leaders


def _move(pairs: Pairs, order: Int64, leaders: Int64, joined: Int64) -> None:
    """Move each member to the leader in which most of it occurs, and note the pair that joins them.

    Leaders of nobody stay so, and small differences leave a member with the earlier leader.
    """
    rows = np.arange(len(leaders))
    leads = np.zeros(len(leaders), np.bool_)
    leads[leaders[leaders != rows]] = True
    position = np.empty(len(order), np.int64)
    position[order] = rows
    a_leads = leads[pairs.a]
    member = np.where(a_leads, pairs.b, pairs.a)
    leader = np.where(a_leads, pairs.a, pairs.b)
    share = np.where(a_leads, pairs.share_b, pairs.share_a)
    edges = np.flatnonzero(leads[leader] & (leaders[member] != member))
    member, leader, share = (each[edges] for each in (member, leader, share))
    last = best_moves(member, share, leader == leaders[member], position[leader])
    leaders[member[last]] = leader[last]
    joined[member[last]] = edges[last]


def best_moves(member: Int64, share: Float64, is_own: Bool, position: Int64) -> Int64:
    """Return for each member the number of its best pair with a leader.

    ``share`` is how much of the member stands in that leader, ``is_own`` whether it is the leader
    that took it, and ``position`` where the leader stands in canonical order.
    """
    share = share + np.where(is_own, _STAY, 0.0)
    best_last = np.lexsort((-position, share, member))
    last: Int64 = best_last[np.flatnonzero(np.diff(member[best_last], append=-1))]
    return last


def components(a: Int64, b: Int64, count: int) -> Int64:
    """Return for each of ``count`` documents the smallest row it is connected with.

    >>> components(np.array([0, 3]), np.array([2, 4]), 5).tolist()
    [0, 1, 0, 3, 3]
    """
    parent = np.arange(count, dtype=np.int64)
    kernel.connect(np.asarray(a, np.int64), np.asarray(b, np.int64), parent)
    return parent


def join_equals(clusters: Clusters, pairs: Pairs, representatives: Int64) -> None:
    """Put each document into the cluster of its representative."""
    edges = np.flatnonzero(pairs.relations == EXACT)
    others = np.where(
        representatives[pairs.a[edges]] == pairs.a[edges], pairs.b[edges], pairs.a[edges]
    )
    own = representatives[others]
    leads = clusters.leaders[own] == own
    clusters.leaders[others] = clusters.leaders[own]
    clusters.pairs[others] = np.where(leads, edges, clusters.pairs[own])
