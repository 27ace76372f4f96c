"""Documents that hold other documents which share nothing with each other.

A page that goes on to the next articles, an archive of whole posts, a ticker: such a page stands
for none of its parts, for each of them has an address of its own. Its pairs with them get the
relation ``compilation``, which joins nobody. Pages 1 and 2 of a text beside all of it on one page
look the same by what they share; they are told apart by ``IsOneText``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from dedup.clusters.choosing import SetReader
from dedup.clusters.stars import Clusters
from dedup.core.arrays import Bool, Int32, Int64, distinct
from dedup.kernels import choosing as kernel
from dedup.similarity.relations import DERIVED, EXCERPT, SHARES_PASSAGE, Pairs, compare_shingles

# Tells of a document and parts of it whether the parts are pages of one text.
IsOneText: TypeAlias = Callable[[int, Int64], bool]

_LEAST_TOKENS = 30  # of a part
_NOTHING = 0.1  # of the shorter of two parts, up to which they share nothing
_MOST_HOLDERS = 3  # of both; with more it is one text of which some took a part …
# … unless holder and parts all have addresses of their own.
_MOSTLY_OTHER = 0.6  # share of a page in one part, below which more than that part may be on it


@dataclass(slots=True)
class Compilations:
    """Finds the compilations among the leaders of clusters; remembers what it has looked at.

    ``lengths`` counts the tokens of documents, ``addressed`` tells which have a URL as their id,
    ``sets`` are their shingles.
    """

    lengths: Int64 | Int32
    addressed: Bool
    sets: SetReader
    is_one_text: IsOneText | None = None
    _judged: dict[int, bool] = field(default_factory=dict)

    def find(self, pairs: Pairs, clusters: Clusters) -> Int64:
        """Return the numbers of the pairs of a part with a compilation that leads a cluster."""
        rows = np.flatnonzero(pairs.relations == EXCERPT)
        is_a = pairs.share_a[rows] >= pairs.share_b[rows]  # the part
        parts = np.where(is_a, pairs.a[rows], pairs.b[rows])
        holders = np.where(is_a, pairs.b[rows], pairs.a[rows])
        leads = np.zeros(len(self.lengths), np.bool_)
        leads[clusters.leaders[clusters.pairs >= 0]] = True
        rows, parts, holders = (each[leads[holders]] for each in (rows, parts, holders))
        order = np.lexsort((parts, holders))
        rows, parts, holders = rows[order], parts[order], holders[order]
        long = self.lengths[parts] >= _LEAST_TOKENS
        found = self._judge(pairs, holders[long], parts[long])
        return rows[np.isin(holders, found)]

    def _judge(self, pairs: Pairs, holders: Int64, parts: Int64) -> Int64:
        """Return which holders are compilations of their parts, in order of holders."""
        names, starts = np.unique(holders, return_index=True)
        bounds = np.append(starts, len(parts))
        groups = self._groups(pairs, parts, bounds)
        is_first = groups == np.arange(len(parts))
        several = np.add.reduceat(is_first, starts) > 1 if len(starts) else starts > 0
        found = []
        for place in np.flatnonzero(several).tolist():
            holder, own = int(names[place]), slice(bounds[place], bounds[place + 1])
            if holder not in self._judged:
                self._judged[holder] = self._holds_strangers(pairs, holder, parts[own], groups[own])
            if self._judged[holder]:
                found.append(holder)
        return np.array(found, np.int64)

    def _groups(self, pairs: Pairs, parts: Int64, bounds: Int64) -> Int64:
        """Return the groups of parts of one holder that share more than nothing."""
        share = np.maximum(pairs.share_a, pairs.share_b)
        linked = (pairs.relations <= DERIVED) | (
            (pairs.relations == SHARES_PASSAGE) & (share >= _NOTHING)
        )
        linked &= np.isin(pairs.a, parts) & np.isin(pairs.b, parts)
        ours = np.concatenate([pairs.a[linked], pairs.b[linked]])
        theirs = np.concatenate([pairs.b[linked], pairs.a[linked]])
        order = np.argsort(ours, kind="stable")
        starts = np.searchsorted(ours[order], np.arange(len(self.lengths) + 1))
        groups = np.empty(len(parts), np.int64)
        kernel.group_parts(parts, bounds, theirs[order], starts, groups)
        return groups

    def _holds_strangers(self, pairs: Pairs, holder: int, parts: Int64, groups: Int64) -> bool:
        """Tell whether two groups of parts share no shingles, and are not pages of one text."""
        # The longest part of each group stands for it.
        order = np.lexsort((parts, -self.lengths[parts].astype(np.int64), groups))
        firsts = np.flatnonzero(np.diff(groups[order], prepend=-1))
        stand = np.sort(parts[order][firsts])
        one, two = np.triu_indices(len(stand), 1)
        read = self.sets.read(stand)
        _, of_one, of_two = compare_shingles(np.stack([one, two], axis=1), read)
        apart = np.maximum(of_one, of_two) < _NOTHING
        if not self.addressed[[holder, *stand.tolist()]].all():
            held = _holders(pairs, stand)
            both = np.array([len(held[i] & held[j]) for i, j in zip(one, two, strict=True)])
            apart &= both <= _MOST_HOLDERS
        if not apart.any():
            return False
        strangers = distinct(np.concatenate([one[apart], two[apart]]))
        return self.is_one_text is None or not self.is_one_text(holder, stand[strangers])


def _holders(pairs: Pairs, parts: Int64) -> list[set[int]]:
    """Return the documents that hold each part."""
    held: list[set[int]] = []
    for part in parts.tolist():
        is_a = (pairs.a == part) & (pairs.share_a >= pairs.share_b)
        is_b = (pairs.b == part) & (pairs.share_b > pairs.share_a)
        is_held = pairs.relations == EXCERPT
        held.append({*pairs.b[is_held & is_a].tolist(), *pairs.a[is_held & is_b].tolist()})
    return held


def unsure_parts(pairs: Pairs, ids: pa.ChunkedArray | pa.Array) -> Bool:
    """Tell which documents of pairs may be one of several articles on a page (pairs × 2).

    Where only candidates of LSH are known, the other articles of such a page may not be among
    them. So an excerpt stays if it has an address on the host of the page, and most of the page is
    something else.
    """
    unsure = np.zeros((len(pairs), 2), np.bool_)
    some = np.flatnonzero(pairs.relations == EXCERPT)
    if not len(some):
        return unsure
    column = ids.combine_chunks() if isinstance(ids, pa.ChunkedArray) else ids
    a, b = (_hosts(column.take(pa.array(rows[some]))) for rows in (pairs.a, pairs.b))
    here = pc.fill_null(pc.equal(a, b), False).to_numpy(zero_copy_only=False)
    unsure[some, 0] = here & (pairs.share_b[some] < _MOSTLY_OTHER)
    unsure[some, 1] = here & (pairs.share_a[some] < _MOSTLY_OTHER)
    return unsure


def _hosts(ids: pa.Array) -> pa.Array:
    """Return the host of each URL, null for other ids."""
    found = pc.extract_regex(ids.cast(pa.string()), "^https?://(?P<host>[^/]+)/")
    return pc.struct_field(found, "host")
