"""Which member of a cluster is kept: the one that holds what most members share, and little else.

Of the shingles of a cluster those are its core that members of at least half its weight hold (a
member weighs as many documents as it stands for). Whoever holds nearly as much of the core as the
best member may be kept; of those the one with the fewest shingles outside the core is. So a clean
copy wins over the page with its menus and comments. Of two copies the longer holds more of the
core; where several were cut short, the one that goes on at the end of the others is kept.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from dedup.core.arrays import Bool, Int64, offsets_of, runs_of_rows
from dedup.kernels import choosing as kernel
from dedup.kernels.shingles import gather_rows
from dedup.text.shingles import Shingles

_NEARLY_ALL = 19, 20  # of the best core, from which a member may be kept
_A_PART = 2  # a truncated text with this many times the core of a whole one is not behind it
_RUN_SHINGLES = 4 << 20  # that are read at a time
SAMPLED = 1 << 20  # shingles of a cluster; of more, a part of the hashes stands for all


@dataclass(frozen=True, slots=True)
class SetReader:
    """Where the distinct shingles of documents come from, wherever they stand.

    ``sizes`` returns how many each of some rows has, ``read`` the sets of some rows (ascending).
    """

    sizes: Callable[[Int64], Int64]
    read: Callable[[Int64], Shingles]


def held_sets(sets: Shingles) -> SetReader:
    """Return a reader of sets in memory.

    >>> reader = held_sets(Shingles(np.array([7, 3, 5], np.uint64), np.array([0, 2, 3])))
    >>> reader.sizes(np.array([1])).tolist(), reader.read(np.array([1])).values.tolist()
    ([1], [5])
    """

    def sizes(rows: Int64) -> Int64:
        return sets.offsets[rows + 1] - sets.offsets[rows]

    def read(rows: Int64) -> Shingles:
        bounds = offsets_of(sizes(rows))
        values = np.empty(int(bounds[-1]), np.uint64)
        gather_rows(sets.values, sets.offsets, rows, values, bounds)
        return Shingles(values, bounds)

    return SetReader(sizes, read)


@dataclass(frozen=True, slots=True)
class Members:
    """The members of several clusters: those of cluster ``g`` stand in ``bounds[g]:bounds[g + 1]``.

    ``rows`` are their documents, ``weights`` how many equal documents each stands for, ``dates``
    ranks (-1 unknown). No document is a member of two clusters, and no cluster is empty.
    """

    rows: Int64
    bounds: Int64
    weights: Int64
    truncated: Bool
    dates: Int64

    def part(self, low: int, high: int) -> Members:
        """Return some of the clusters."""
        own = slice(int(self.bounds[low]), int(self.bounds[high]))
        rest = (self.weights[own], self.truncated[own], self.dates[own])
        return Members(self.rows[own], self.bounds[low : high + 1] - own.start, *rest)


def choose_canonicals(members: Members, sets: SetReader, *, sampled: int = SAMPLED) -> Int64:
    """Return the row of the member of each cluster that is kept; -1 where its core is empty.

    In order: not truncated (unless the rest hold less than half of what the truncated one holds of
    the core), 95% of the best core, fewest shingles outside it, earliest date, smallest row. Where
    another member goes on at the end of the best one, by up to half of it, that one is kept.

    >>> sets = Shingles(np.array([1, 2, 3, 1, 2, 1, 2, 4, 5], np.uint64), np.array([0, 3, 5, 9]))
    >>> three = Members(np.arange(3), np.array([0, 3]), *np.array([[1] * 3, [0] * 3, [0] * 3]))
    >>> choose_canonicals(three, held_sets(sets)).tolist()
    [0]
    """
    bounds = members.bounds
    chosen = np.full(len(bounds) - 1, -1, np.int64)
    if not len(chosen):
        return chosen
    sizes = sets.sizes(members.rows)
    totals = np.add.reduceat(sizes, bounds[:-1])
    # A cluster that is sampled is read by itself.
    costs = np.where(totals > sampled, _RUN_SHINGLES, np.clip(totals, 1, _RUN_SHINGLES))
    for low, high in runs_of_rows(offsets_of(costs), _RUN_SHINGLES):
        some = members.part(low, high)
        own = slice(int(bounds[low]), int(bounds[high]))
        order = np.argsort(some.rows)
        read = _sample(some.rows[order], sizes[own][order], sets, int(totals[low]), sampled)
        place = np.empty(len(order), np.int64)
        place[order] = np.arange(len(order))
        chosen[low:high] = _choose(some, read, place)
    return chosen


def _sample(rows: Int64, sizes: Int64, sets: SetReader, total: int, most: int) -> Shingles:
    """Return the sets of a run of clusters; of one with too many shingles a part of each set.

    Those whose hash begins with as many zeros as leave fewer: the same part for all members.
    """
    if total <= most:
        return sets.read(rows)
    bits = np.uint64(64 - (total // most).bit_length())
    values, counts = [], []
    for low, high in runs_of_rows(offsets_of(sizes), _RUN_SHINGLES):
        read = sets.read(rows[low:high])
        is_kept = read.values >> bits == 0
        values.append(read.values[is_kept])
        counts.append(np.diff(offsets_of(is_kept)[read.offsets]))
    return Shingles(np.concatenate(values), offsets_of(np.concatenate(counts)))


def _choose(members: Members, sets: Shingles, place: Int64) -> Int64:
    """Return what is kept of some clusters; the set of member ``i`` is the one at ``place[i]``."""
    bounds, starts = members.bounds, members.bounds[:-1]
    shared = np.zeros(len(place), np.int64)
    kernel.count_shared(sets.values, sets.offsets, place, bounds, members.weights, shared)
    groups = np.repeat(np.arange(len(starts)), np.diff(bounds))
    best = np.maximum.reduceat(shared, starts)
    may = _A_PART * shared >= best[groups]
    whole = may & (members.truncated == 0)
    may = np.where(np.maximum.reduceat(whole, starts)[groups], whole, may)
    best = np.maximum.reduceat(np.where(may, shared, 0), starts)
    least, of = _NEARLY_ALL
    may &= of * shared >= least * best[groups]
    outside = np.diff(sets.offsets)[place] - shared
    dates = np.where(members.dates < 0, np.iinfo(np.int64).max, members.dates)
    ranked = np.lexsort((members.rows, dates, outside, ~may, groups))
    ends = starts + np.add.reduceat(may.astype(np.int64), starts)
    chosen = np.empty(len(starts), np.int64)
    kernel.follow_parts(sets.values, sets.offsets, place[ranked], bounds, ends, chosen)
    kept: Int64 = np.where(best > 0, members.rows[ranked[chosen]], -1)
    return kept
