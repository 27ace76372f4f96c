"""Families of passages as stars: the span with most partners takes them, then the next one.

Every passage has two sides: a span of one document, and its mate in the other. Sides are in order
of (document, start, end, other document); those of document ``d`` are ``bounds[d]:bounds[d + 1]``.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from dedup.kernels._jit import njit
from dedup.kernels.postings import lower_bound

LEAST_OVERLAP = 0.5  # of the longer of two spans that are the same passage
COUNT_SHIFT = 36  # bits of a key of the heap that hold the rank of a candidate
MOST_MEMBERS = (1 << 26) - 1
OCCURRENCE_COLUMNS = 4  # family, document, start, end


class Sides(NamedTuple):
    """The sides of all passages; tokens of the own document, half open."""

    bounds: Any  # int64, documents + 1
    docs: Any  # int64, a side each
    starts: Any  # int64
    ends: Any  # int64
    mates: Any  # int64: the other side of the passage
    used: Any  # bool: explained by a family


@njit
def overlap_of(start, end, other_start, other_end):
    """Return how many tokens two spans have in common, 0 where they have none."""
    return max(min(end, other_end) - max(start, other_start), 0)


@njit
def same_side(sides, side, start, end):
    """Return the common tokens of a side and a span, 0 where they are not one passage."""
    length = max(sides.ends[side] - sides.starts[side], end - start)
    common = overlap_of(sides.starts[side], sides.ends[side], start, end)
    return common if common >= LEAST_OVERLAP * length else 0


@njit
def count_members(sides, side, stamp, stamps):
    """Return how many documents have an unused passage with the span of ``side``.

    ``stamps`` (int64, documents) hold the last stamp of each; ``stamp`` is above them all.
    """
    doc, start, end = sides.docs[side], sides.starts[side], sides.ends[side]
    high = sides.bounds[doc + 1]
    members = 0
    for other in range(
        lower_bound(sides.starts, sides.bounds[doc], high, start - (end - start)), high
    ):
        if 2 * (sides.starts[other] - start) > end - start:
            break
        if sides.used[other] or same_side(sides, other, start, end) == 0:
            continue
        partner = sides.docs[sides.mates[other]]
        if stamps[partner] != stamp:
            stamps[partner] = stamp
            members += 1
    return members


@njit
def count_all_members(sides, candidates, stamps, counts):
    """Write to ``counts`` (int64) how many documents share the span of each candidate side.

    ``stamps`` (int64, documents) must hold no number above -1.
    """
    for i in range(len(candidates)):
        counts[i] = count_members(sides, candidates[i], i, stamps)


@njit
def sift_down(heap, size):
    """Move the first key of a heap of int64, the least first, to its place among ``size``."""
    key = heap[0]
    at = 0
    while True:
        child = 2 * at + 1
        if child >= size:
            break
        if child + 1 < size and heap[child + 1] < heap[child]:
            child += 1
        if heap[child] >= key:
            break
        heap[at] = heap[child]
        at = child
    heap[at] = key


@njit
def write_star(sides, side, family, best, out, made):
    """Write the span of ``side`` and the mate of each document's best passage with it.

    ``best`` (int64, documents) is -1 and gets the row of each member in ``out``. Returns how many
    rows there are by now.
    """
    doc, start, end = sides.docs[side], sides.starts[side], sides.ends[side]
    best[doc] = made
    out[made, 0], out[made, 1], out[made, 2], out[made, 3] = family, doc, start, end
    first = made
    made += 1
    high = sides.bounds[doc + 1]
    low = lower_bound(sides.starts, sides.bounds[doc], high, start - (end - start))
    for other in range(low, high):
        if 2 * (sides.starts[other] - start) > end - start:
            break
        common = 0 if sides.used[other] else same_side(sides, other, start, end)
        if common == 0:
            continue
        mate = sides.mates[other]
        partner = sides.docs[mate]
        row = best[partner]
        if row == first:
            continue
        if row < 0:
            row = made
            made += 1
            best[partner] = row
            out[row, 1] = -1
        if out[row, 1] < common:  # the column of the document holds what is best so far
            out[row, 0], out[row, 1] = family, common
            out[row, 2], out[row, 3] = sides.starts[mate], sides.ends[mate]
    return made


@njit
def name_members(sides, side, best, out):
    """Write the documents of the members of a star into the column that held their overlaps."""
    doc, start, end = sides.docs[side], sides.starts[side], sides.ends[side]
    high = sides.bounds[doc + 1]
    low = lower_bound(sides.starts, sides.bounds[doc], high, start - (end - start))
    for other in range(low, high):
        if 2 * (sides.starts[other] - start) > end - start:
            break
        partner = sides.docs[sides.mates[other]]
        if best[partner] >= 0:
            out[best[partner], 1] = partner


@njit
def explain(sides, best, out, low, high):
    """Mark as used the passages between members ``low:high`` of which half lies in their spans."""
    for row in range(low, high):
        doc, start, end = out[row, 1], out[row, 2], out[row, 3]
        stop = sides.bounds[doc + 1]
        for side in range(
            lower_bound(sides.starts, sides.bounds[doc], stop, start - (end - start)), stop
        ):
            own_start, own_end = sides.starts[side], sides.ends[side]
            if own_start >= end:
                break
            mate = sides.mates[side]
            other = best[sides.docs[mate]]
            if other < low or sides.used[side]:
                continue
            if 2 * overlap_of(own_start, own_end, start, end) < own_end - own_start:
                continue
            mate_start, mate_end = sides.starts[mate], sides.ends[mate]
            common = overlap_of(mate_start, mate_end, out[other, 2], out[other, 3])
            if 2 * common >= mate_end - mate_start:
                sides.used[side] = True
                sides.used[mate] = True


@njit
def take_stars(sides, candidates, heap, stamps, best, out):
    """Write the occurrences of all families to ``out`` (int64, rows x 4); return how many.

    ``candidates`` are sides by rank: among candidates of as many members the first is taken.
    ``heap`` holds (``MOST_MEMBERS`` - members) and the rank of each, in ascending order. The first
    row of a family is its centre. ``stamps`` and ``best`` (int64, documents) must be -1.
    """
    size = len(heap)
    made = family = 0
    stamp = 0
    while size > 0:
        promised = MOST_MEMBERS - (heap[0] >> COUNT_SHIFT)
        rank = heap[0] & ((1 << COUNT_SHIFT) - 1)
        side = candidates[rank]
        stamp += 1
        members = count_members(sides, side, stamp, stamps)
        if members == 0:
            size -= 1
            heap[0] = heap[size]
            sift_down(heap, size)
            continue
        if members < promised:
            heap[0] = ((MOST_MEMBERS - members) << COUNT_SHIFT) | rank
            sift_down(heap, size)
            continue
        low = made
        made = write_star(sides, side, family, best, out, low)
        name_members(sides, side, best, out)
        explain(sides, best, out, low, made)
        for row in range(low, made):
            best[out[row, 1]] = -1
        family += 1
    return made
