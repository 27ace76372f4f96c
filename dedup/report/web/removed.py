"""What would be removed inside articles, as one list of a page."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from dedup.core.arrays import Int64
from dedup.report.web.chunks import Codes, packed
from dedup.report.web.found import Found

MOST_REMOVALS = 200_000
_PART = 20_000  # rows of a chunk


def chosen_removals(found: Found) -> Int64:
    """Return the rows of the removals of a page: the longest where they are too many."""
    table = found.removals
    doc, start, end = (table[name].to_numpy() for name in ("doc", "start", "end"))
    rows: Int64 = np.arange(len(table))
    if len(rows) > MOST_REMOVALS:
        rows = np.argsort(start - end, kind="stable")[:MOST_REMOVALS]
    order: Int64 = rows[np.lexsort((start[rows], doc[rows]))]
    return order


def removal_chunks(found: Found, rows: Int64, codes: dict[str, Codes]) -> Iterator[bytes]:
    """Pack removals in order of document and place."""
    for low in range(0, len(rows), _PART):
        part = found.removals.take(rows[low : low + _PART])
        yield packed(
            {
                "first": low,
                "reason": codes["reasons"].codes(part["reason"]),
                "stays": [int(each is not None) for each in part["kept_start"].to_pylist()],
                **{
                    "row" if name == "doc" else name: part[name].to_pylist()
                    for name in ("doc", "start", "end")
                },
            }
        )
