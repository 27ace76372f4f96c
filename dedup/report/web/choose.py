"""What of a result goes into a page that must stay small: which pairs, passages and texts."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from dedup.config import RELATIONS
from dedup.core.arrays import Bool, Int64, one_array
from dedup.report.web.found import Found, rows_of

MOST_DOCUMENTS = 200_000
MOST_PAIRS = 100_000
MOST_PASSAGES = 200_000
LONGEST = 500_000  # characters of a text that a browser shows without delay
_MEMBERS = 5  # of each cluster whose texts come first


@dataclass(frozen=True, slots=True)
class Chosen:
    """Pairs and passages of the page, as rows of their tables; ``a`` and ``b`` number documents.

    ``passage`` is the first of the passages of each pair, ``counts`` how many there are.
    """

    pairs: Int64
    a: Int64
    b: Int64
    passages: Int64
    passage: Int64
    counts: Int64


def leaders_of(found: Found) -> Int64:
    """Return the row of the canonical document of each document."""
    documents = found.tables["documents"]
    return rows_of(documents["cluster"], one_array(documents["doc_id"]))


def choose_pairs(found: Found) -> Chosen:
    """Choose the closest pairs, and of those the passages; nothing is left out of most results."""
    ids = one_array(found.tables["documents"]["doc_id"])
    pairs, passages = found.tables["pairs"], found.tables["passages"]
    a, b = (rows_of(pairs[side], ids) for side in "ab")
    keys = a * len(ids) + b
    rows = np.flatnonzero(np.maximum(a, b) < MOST_DOCUMENTS)
    if len(rows) > MOST_PAIRS:
        ranks = pc.index_in(pairs["relation"], value_set=pa.array(RELATIONS)).to_numpy()
        order = np.lexsort((-pairs["matched_tokens"].to_numpy()[rows], ranks[rows]))
        rows = rows[order[:MOST_PAIRS]]
    rows = rows[np.argsort(keys[rows], kind="stable")]
    shared = rows_of(passages["a"], ids) * len(ids) + rows_of(passages["b"], ids)
    places = np.searchsorted(keys[rows], shared)
    known = places < len(rows)
    known[known] = keys[rows][places[known]] == shared[known]
    chosen = np.flatnonzero(known)[:MOST_PASSAGES]
    counts = np.bincount(places[chosen], minlength=len(rows))
    order = np.argsort(places[chosen], kind="stable")
    first = np.cumsum(counts) - counts
    return Chosen(rows, a[rows], b[rows], chosen[order], first, counts)


def texts_in_order(found: Found, chosen: Chosen, look: Int64, held: Int64) -> Int64:
    """Return all documents, those first whose texts a reader of the page will want to see.

    First come those that the page points to (``look``), then the canonical documents and some
    members of clusters, what shares passages or holds a family (``held``), what loses a part, and
    then all others.
    """
    count = len(found)
    rank = np.full(count, 6, np.int64)
    leaders = leaders_of(found)
    sizes = np.bincount(leaders, minlength=count)
    is_member = sizes[leaders] > 1
    rank[is_member] = 5
    rank[np.unique(found.removals["doc"].to_numpy())] = 4
    with_passages = chosen.counts > 0
    rank[chosen.a] = np.minimum(rank[chosen.a], 3)
    rank[chosen.b] = np.minimum(rank[chosen.b], 3)
    rank[chosen.a[with_passages]] = rank[chosen.b[with_passages]] = 2
    rank[held] = np.minimum(rank[held], 2)
    rank[_first_members(leaders, is_member)] = 1
    rank[look] = 0
    rank[~_shown(count)] = 7
    order: Int64 = np.lexsort((leaders, rank))  # so that clusters come whole, or not at all
    return order


def _shown(count: int) -> Bool:
    return np.arange(count) < MOST_DOCUMENTS


def _first_members(leaders: Int64, is_member: Bool) -> Int64:
    """Return the canonical document and the first few others of each cluster."""
    rows = np.flatnonzero(is_member)
    order = np.lexsort((rows != leaders[rows], leaders[rows]))
    rows = rows[order]
    begin = np.searchsorted(leaders[rows], leaders[rows])
    first: Int64 = rows[np.arange(len(rows)) - begin < _MEMBERS]
    return first
