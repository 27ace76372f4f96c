"""Passages between two documents to families of many: stars around the span with most partners."""

from __future__ import annotations

import numpy as np

from dedup.core.arrays import Int64, are_new, offsets_of, order_by
from dedup.kernels import stars as kernel
from dedup.kernels.regions import MEDIUM
from dedup.passages.find import Passages


def find_stars(passages: Passages, ranks: Int64) -> Int64:
    """Return the occurrences of all families: rows of (family, document, first token, end).

    Each family is a star: its first row is the span that most documents share, and every other
    one was aligned with it, so no family drifts from one wording to another. Passages between its
    members are explained by it, and the rest make further families, those of most documents first.
    Of spans that as many share, that with most matched words is first: a wording, not what tells
    the same in other words. Then ``ranks`` decide, those of the documents in canonical order. Weak
    passages make no family.
    """
    rows = np.flatnonzero(passages.levels >= MEDIUM)
    sides, matched = _sides(passages, rows, len(ranks))
    candidates = _candidates(sides)
    stamps = np.full(len(ranks), -1, np.int64)
    counts = np.zeros(len(candidates), np.int64)
    kernel.count_all_members(sides, candidates, stamps, counts)
    words = np.add.reduceat(matched, candidates) if len(candidates) else matched
    lengths = (sides.ends - sides.starts)[candidates]
    by_rank = order_by(-words, -lengths, ranks[sides.docs[candidates]], sides.starts[candidates])
    candidates, counts = candidates[by_rank], counts[by_rank]
    members = np.minimum(counts, kernel.MOST_MEMBERS)
    heap = (kernel.MOST_MEMBERS - members) << kernel.COUNT_SHIFT | np.arange(len(counts))
    stamps[:] = -1
    best = np.full(len(ranks), -1, np.int64)
    # A member uses up at least one passage, and a centre has at least one member.
    out = np.empty((2 * len(rows), kernel.OCCURRENCE_COLUMNS), np.int64)
    made = kernel.take_stars(sides, candidates, np.sort(heap), stamps, best, out)
    found: Int64 = out[:made].copy()
    return found


def _sides(passages: Passages, rows: Int64, documents: int) -> tuple[kernel.Sides, Int64]:
    """Return both sides of some passages in order, and how many words are matched in each."""
    spans, count = passages.spans[rows], len(rows)
    docs = np.concatenate([passages.a[rows], passages.b[rows]]).astype(np.int64)
    others = np.concatenate([docs[count:], docs[:count]])
    starts = np.concatenate([spans[:, 0], spans[:, 2]]).astype(np.int64)
    ends = np.concatenate([spans[:, 1], spans[:, 3]]).astype(np.int64)
    order = order_by(docs, starts, ends, others)
    place = np.empty(2 * count, np.int64)
    place[order] = np.arange(2 * count)
    twins = (order + count) % max(2 * count, 1)
    sides = kernel.Sides(
        offsets_of(np.bincount(docs, minlength=documents)),
        *(docs[order], starts[order], ends[order], place[twins]),
        np.zeros(2 * count, np.bool_),
    )
    matched: Int64 = np.tile(passages.tokens[rows], 2)[order]
    return sides, matched


def _candidates(sides: kernel.Sides) -> Int64:
    """Return a side for each distinct span of a document."""
    found: Int64 = np.flatnonzero(are_new(sides.docs, sides.starts, sides.ends))
    return found
