"""Passages of two documents that stand near each other: which of them are one re-worded passage."""

from __future__ import annotations

from typing import Any, NamedTuple

from dedup.kernels._jit import njit
from dedup.kernels.text import STARTS_LINE

NEAR, NEAR_SHUFFLED = 1.5, 1.0  # gap over the larger passage: in the same order, and in another one
MOST_LOOKED_AT = 16  # passages before one that it may join


class Passages(NamedTuple):
    """Passages in order of (a, b, start a), one of each a passage."""

    a: Any  # int64: the one document
    b: Any  # int64: the other
    spans: Any  # int64 (n, 4): start a, end a, start b, end b in tokens, half open
    quotes: Any  # bool: passages of a quotation


@njit
def gap_has_line(flags, begin, end):
    """Tell whether a line begins behind token ``begin`` and up to token ``end``."""
    for token in range(begin + 1, end + 1):
        if flags[token] & STARTS_LINE != 0:
            return True
    return False


@njit
def are_neighbours(p, q, flags_a, flags_b):
    """Tell whether two passages are parts of one.

    ``p`` and ``q`` (int64) are (start a, end a, start b, end b) in tokens, half open. The gap on
    each side must be small against the larger of them, and on one side at least within one line.
    """
    gap_a = max(p[0], q[0]) - min(p[1], q[1])
    gap_b = max(p[2], q[2]) - min(p[3], q[3])
    in_order = (p[0] <= q[0]) == (p[2] <= q[2])
    larger = min(max(p[1] - p[0], q[1] - q[0]), max(p[3] - p[2], q[3] - q[2]))
    if max(gap_a, gap_b) > (NEAR if in_order else NEAR_SHUFFLED) * larger:
        return False
    within_a = not gap_has_line(flags_a, min(p[1], q[1]) - 1, max(p[0], q[0]))
    return within_a or not gap_has_line(flags_b, min(p[3], q[3]) - 1, max(p[2], q[2]))


@njit
def join_neighbours(passages, flags, bounds, owners):
    """Write the first of ``Passages`` that each is joined with to ``owners`` (int64).

    Their spans get the joint extent in the row of the owner. A passage of a quotation stays by
    itself. ``flags`` (uint8) and ``bounds`` (int64) are those of the tokens of all documents.
    """
    a, b, spans, quotes = passages
    for r in range(len(a)):
        owners[r] = r
    low = 0
    while low < len(a):
        high = low + 1
        while high < len(a) and a[high] == a[low] and b[high] == b[low]:
            high += 1
        flags_a = flags[bounds[a[low]] : bounds[a[low] + 1]]
        flags_b = flags[bounds[b[low]] : bounds[b[low] + 1]]
        joined = high - low > 1
        while joined:
            joined = False
            for r in range(low + 1, high):
                if owners[r] != r or quotes[r]:
                    continue
                looked_at = 0
                for p in range(r - 1, low - 1, -1):
                    if owners[p] != p or quotes[p]:
                        continue
                    looked_at += 1
                    if looked_at > MOST_LOOKED_AT:
                        break
                    if are_neighbours(spans[p], spans[r], flags_a, flags_b):
                        for side in (0, 2):
                            spans[p, side] = min(spans[p, side], spans[r, side])
                            spans[p, side + 1] = max(spans[p, side + 1], spans[r, side + 1])
                        for x in range(r, high):
                            if owners[x] == r:
                                owners[x] = p
                        joined = True
                        break
        low = high
