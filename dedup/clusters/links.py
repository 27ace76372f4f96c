"""Which confirmed pairs put two documents in one cluster.

Those whose relation is asked for; and where near-duplicates and excerpts are, ``derived`` pairs of
which enough of one document stands in the other, or less but a third document is a near-duplicate
or an excerpt of both. So two edited copies that a page with both holds together are not torn apart.
"""

from __future__ import annotations

import numpy as np

from dedup.config import RELATION_CODES, Config
from dedup.core.arrays import Bool, Int32, Int64, order_by
from dedup.kernels import choosing as kernel
from dedup.similarity.relations import (
    DERIVED,
    EXCERPT,
    NEAR_DUPLICATE,
    OWN_TEXT,
    REVISION,
    SAME_URL,
    SHORT,
    Pairs,
)


def cluster_edges(pairs: Pairs, lengths: Int64 | Int32, config: Config) -> Int64:
    """Return the numbers of the pairs that join two documents; ``lengths`` counts their tokens.

    Equal documents (``exact``) are left to the caller.
    """
    wanted = [RELATION_CODES[name] for name in config.cluster_on if name != "exact"]
    # A version of what would be joined, and what stays for text of its own, are in the cluster.
    joins = np.isin(pairs.relations, [*wanted, REVISION, OWN_TEXT, SAME_URL])
    if {NEAR_DUPLICATE, EXCERPT} <= set(wanted) and DERIVED not in wanted:
        joins |= _derived_edges(pairs, joins, lengths, config)
    return np.flatnonzero(joins)


def _derived_edges(pairs: Pairs, strong: Bool, lengths: Int64 | Int32, config: Config) -> Bool:
    """Tell which ``derived`` pairs join two documents as well; none of a short text does."""
    share = np.maximum(pairs.share_a, pairs.share_b)
    may = (pairs.relations == DERIVED) & (share >= min(config.derived_linked, config.derived_alone))
    rows = np.flatnonzero(may)
    shorter = np.minimum(lengths[pairs.a[rows]], lengths[pairs.b[rows]])
    rows = rows[shorter >= SHORT]
    joins = np.zeros(len(pairs), np.bool_)
    joins[rows[share[rows] >= config.derived_alone]] = True
    rows = rows[share[rows] >= config.derived_linked]
    if len(rows):
        joins[rows[_linked(pairs, rows, strong | joins, len(lengths))]] = True
    return joins


def _linked(pairs: Pairs, rows: Int64, links: Bool, count: int) -> Bool:
    """Tell of which pairs a third document is linked with both."""
    a, b = pairs.a[links], pairs.b[links]
    ours, theirs = np.concatenate([a, b]), np.concatenate([b, a])
    order = order_by(ours, theirs)
    bounds = np.searchsorted(ours[order], np.arange(count + 1))
    linked = np.zeros(len(rows), np.bool_)
    kernel.find_linked(pairs.a[rows], pairs.b[rows], theirs[order], bounds, linked)
    return linked
