"""Documents to clusters, and each cluster to the member that is kept.

Stars (``clusters``) say which documents belong together. Under the policy ``complete`` the best
copy of each cluster (``choosing``) then takes the place of the leader, with the members that are
joined with it; the others are clustered again among themselves. A document that holds others which
share nothing with each other stands for none of them (``compilations``).
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from dedup.clusters.canonical import CanonicalOrder
from dedup.clusters.choosing import Members, SetReader, choose_canonicals
from dedup.clusters.compilations import Compilations, IsOneText
from dedup.clusters.links import cluster_edges
from dedup.clusters.stars import Clusters, best_moves, cluster_pairs, components, join_equals
from dedup.config import Config
from dedup.core.arrays import Bool, Int64, offsets_of
from dedup.similarity.relations import COMPILATION, Pairs


def addressed(ids: pa.ChunkedArray | pa.Array) -> Bool:
    """Tell which documents have a URL as their id.

    >>> addressed(pa.array(["a.txt", "https://news.example/7"])).tolist()
    [False, True]
    """
    found: Bool = pc.match_substring_regex(ids, "^https?://").to_numpy(zero_copy_only=False)
    return found


def cluster_documents(
    pairs: Pairs,
    candidates: CanonicalOrder,
    representatives: Int64,
    config: Config,
    sets: SetReader,
    *,
    addressed: Bool,
    is_one_text: IsOneText | None = None,
) -> tuple[Clusters, Pairs]:
    """Cluster all documents; return the pairs as well, those of compilations with their relation.

    ``representatives`` names the document that stands for each and its equals; ``sets`` are the
    shingles of what is in a pair.
    """
    weights = np.bincount(representatives, minlength=len(representatives))
    compilations = Compilations(candidates.lengths, addressed, sets, is_one_text)
    clusters, pairs = cluster_by_pairs(pairs, candidates, weights, config, sets, compilations)
    if "exact" in config.cluster_on:
        join_equals(clusters, pairs, representatives)
    return clusters, pairs


def cluster_by_pairs(
    pairs: Pairs,
    candidates: CanonicalOrder,
    weights: Int64,
    config: Config,
    sets: SetReader,
    compilations: Compilations,
) -> tuple[Clusters, Pairs]:
    """Cluster documents by their pairs, equal ones aside; ``weights`` counts those."""
    edges = cluster_edges(pairs, candidates.lengths, config)
    clusters = _settled(pairs, edges, candidates, weights, config, sets)
    groups = components(pairs.a[edges], pairs.b[edges], len(weights))
    while len(found := compilations.find(pairs, clusters)):
        relations = pairs.relations.copy()
        relations[found] = COMPILATION
        pairs = replace(pairs, relations=relations)
        # Only what is connected with them is clustered anew.
        touched = np.isin(groups, groups[pairs.a[found]])
        edges = cluster_edges(pairs, candidates.lengths, config)
        edges = edges[touched[pairs.a[edges]]]
        anew = _settled(pairs, edges, candidates, weights, config, sets)
        clusters.leaders[touched] = anew.leaders[touched]
        clusters.pairs[touched] = anew.pairs[touched]
    return clusters, pairs


def _settled(
    pairs: Pairs,
    edges: Int64,
    candidates: CanonicalOrder,
    weights: Int64,
    config: Config,
    sets: SetReader,
) -> Clusters:
    """Return stars around the best copies, by some of the pairs."""
    rows = np.union1d(pairs.a[edges], pairs.b[edges])
    own = candidates.take(rows)
    some = pairs.take(edges)
    some = replace(some, a=np.searchsorted(rows, some.a), b=np.searchsorted(rows, some.b))
    if config.canonical == "complete":
        here = SetReader(lambda some: sets.sizes(rows[some]), lambda some: sets.read(rows[some]))
        found = _choose(some, own, weights[rows], config, here)
    else:
        found = cluster_pairs(some, own, config, edges=np.arange(len(some)))
    clusters = Clusters(
        np.arange(len(weights), dtype=np.int64), np.full(len(weights), -1, np.int64)
    )
    clusters.leaders[rows] = rows[found.leaders]
    clusters.pairs[rows] = np.where(found.pairs < 0, -1, edges[found.pairs])
    return clusters


def _choose(
    pairs: Pairs, candidates: CanonicalOrder, weights: Int64, config: Config, sets: SetReader
) -> Clusters:
    """Let the best copy of each cluster lead those it is paired with, and cluster the rest anew."""
    count = len(weights)
    clusters = Clusters(np.arange(count), np.full(count, -1))
    left = np.arange(len(pairs))
    while len(left):
        some = pairs.take(left)
        hubs = cluster_pairs(some, candidates, config, edges=np.arange(len(some))).leaders
        best = _best_copies(hubs, candidates, weights, sets)
        inside = hubs[some.a] == hubs[some.b]
        a_leads, b_leads = best[some.a] == some.a, best[some.b] == some.b
        joins = inside & (a_leads | b_leads)
        member = np.where(a_leads, some.b, some.a)[joins]
        clusters.leaders[member] = best[member]
        clusters.pairs[member] = left[joins]
        settled = np.zeros(count, np.bool_)
        settled[member] = settled[best[member]] = True
        left = left[inside & ~settled[some.a] & ~settled[some.b]]
    _take_in(pairs, clusters, candidates.established)
    return clusters


def _take_in(pairs: Pairs, clusters: Clusters, established: Bool | None) -> None:
    """Let documents that are alone join the leader in which most of them stands, if there is one.

    Their hub was taken from them, or it led nobody else. Those that are ``established`` stay alone.
    """
    rows = np.arange(len(clusters.leaders))
    is_member = clusters.pairs >= 0
    leads = np.zeros(len(rows), np.bool_)
    leads[clusters.leaders[is_member]] = True
    alone = ~leads & ~is_member
    if established is not None:
        alone &= ~established
    edges = np.flatnonzero((leads[pairs.a] & alone[pairs.b]) | (alone[pairs.a] & leads[pairs.b]))
    a_leads = leads[pairs.a[edges]]
    leader = np.where(a_leads, pairs.a[edges], pairs.b[edges])
    member = np.where(a_leads, pairs.b[edges], pairs.a[edges])
    share = np.where(a_leads, pairs.share_b[edges], pairs.share_a[edges])
    best = best_moves(member, share, np.zeros(len(edges), np.bool_), leader)
    clusters.leaders[member[best]] = leader[best]
    clusters.pairs[member[best]] = edges[best]


def _best_copies(hubs: Int64, candidates: CanonicalOrder, weights: Int64, sets: SetReader) -> Int64:
    """Return for each document the best copy of its cluster: the hub, where no text is shared.

    A hub that is established is the best copy, whatever joined it.
    """
    sizes = np.bincount(hubs, minlength=len(hubs))
    rows = np.flatnonzero(sizes[hubs] > 1)
    rows = rows[np.argsort(hubs[rows], kind="stable")]
    names, counts = np.unique(hubs[rows], return_counts=True)
    members = Members(
        rows,
        offsets_of(counts),
        weights[rows],
        candidates.truncated[rows] | candidates.superseded[rows],
        candidates.dates[rows],
    )
    chosen = choose_canonicals(members, sets)
    if candidates.established is not None:
        chosen[candidates.established[names]] = -1
    best = hubs.copy()
    best[names] = np.where(chosen < 0, names, chosen)
    found: Int64 = best[hubs]
    return found
