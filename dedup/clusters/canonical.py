"""The order in which documents become canonical: complete, clean, early, long, by policy."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from dedup.config import PRIORITY, Config
from dedup.core.arrays import Bool, Float64, Int32, Int64, column_codes

_CORE_STEP = 0.05  # differences below this do not decide on the canonical
_BOILERPLATE_STEP = 0.1


def ranks(column: pa.ChunkedArray | pa.Array, *, numeric: bool = False) -> Int64:
    """Return the rank of each value, -1 for nulls; numbers by size where all values are numbers.

    >>> ranks(pa.array(["10", None, "9", "10"])).tolist()
    [0, -1, 1, 0]
    >>> ranks(pa.array(["10", None, "9", "10"]), numeric=True).tolist()
    [1, -1, 0, 1]
    """
    if column.null_count == len(column):
        return np.broadcast_to(np.int64(-1), len(column))
    codes, known = column_codes(column)
    order = _order(known, numeric=numeric)
    position = np.empty(len(order) + 1, np.int64)
    position[order] = np.arange(len(order))
    position[-1] = -1  # what a null's code, -1, finds
    found: Int64 = position[codes]
    return found


def _order(known: pa.Array, *, numeric: bool) -> Int64:
    if numeric:
        try:
            numbers = [float(each) for each in known.to_pylist()]
        except ValueError:
            pass
        else:
            text = pc.sort_indices(known).to_numpy()  # decides between equal numbers
            by_number: Int64 = text[np.argsort(np.array(numbers)[text], kind="stable")]
            return by_number
    in_order: Int64 = pc.sort_indices(known).to_numpy().astype(np.int64)
    return in_order


@dataclass(frozen=True, slots=True)
class CanonicalOrder:
    """The criteria for the canonical document, one value per document.

    ``dates`` and ``priorities`` are ranks, smallest first, -1 where unknown; ``boilerplate`` is the
    share of tokens that cleaning removes; ``lengths`` are tokens that stay; ``superseded`` tells
    which are a version that gives way to another one. ``established`` documents, where some are,
    come before all others, whatever the policy.
    """

    truncated: Bool
    boilerplate: Float64
    lengths: Int64 | Int32
    dates: Int64
    priorities: Int64
    superseded: Bool
    established: Bool | None = None

    def take(self, rows: Int64) -> CanonicalOrder:
        """Return some of the documents."""
        columns: list[Any] = [getattr(self, name) for name in self.__dataclass_fields__]
        some: list[Any] = [None if each is None else each[rows] for each in columns]
        return CanonicalOrder(*some)

    def columns(self, policy: str, core: Float64) -> list[Int64]:
        """Return the sort keys of canonical order under a policy, first key first.

        ``complete``: not superseded, not truncated, most of the shared core, least boilerplate,
        earliest date, longest. The other policies put their own key first. Ties are broken by row.
        """
        unknown = np.iinfo(np.int64).max
        dates = np.where(self.dates < 0, unknown, self.dates)
        lengths = -self.lengths.astype(np.int64)
        complete = [
            self.superseded,
            self.truncated,
            -np.round(core / _CORE_STEP),
            np.round(self.boilerplate / _BOILERPLATE_STEP),
            dates,
            lengths,
        ]
        if policy == "earliest":
            complete.insert(0, dates)
        elif policy == "latest":
            complete.insert(0, -self.dates)  # unknown dates come last: theirs is -1
        elif policy == "longest":
            complete.insert(0, lengths)
        elif policy.startswith(PRIORITY):
            complete.insert(0, np.where(self.priorities < 0, unknown, self.priorities))
        elif policy != "complete":
            raise NotImplementedError(f"no order is known for the canonical policy {policy!r}")
        if self.established is not None:
            complete.insert(0, ~self.established)
        return [each.astype(np.int64) for each in complete]

    def keys(self, policy: str, core: Float64) -> Int64:
        """Return the documents in canonical order under a policy; ties are broken by row."""
        rows = np.arange(len(self.lengths))
        order: Int64 = np.lexsort([rows, *self.columns(policy, core)[::-1]]).astype(np.int64)
        return order


def choose_representatives(first: Int64, candidates: CanonicalOrder, config: Config) -> Int64:
    """Make the canonical of each group of equal documents its representative.

    ``first`` names the first document of each group; what is returned names the canonical.
    """
    others = np.flatnonzero(first != np.arange(len(first)))
    members = np.union1d(others, first[others])
    ranked = candidates.take(members).keys(config.canonical, np.zeros(len(members)))
    order = members[ranked][::-1]
    best = np.arange(len(first))
    best[first[order]] = order  # the last to be written is the first in order
    representatives: Int64 = best[first]
    return representatives
