"""Join the passages of two documents that are parts of one re-worded passage."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from dedup.core.arrays import Bool, Int64
from dedup.kernels import neighbours as kernel
from dedup.kernels.text import QUOTED
from dedup.passages.find import Passages
from dedup.text.tokens import Tokens


def join_neighbours(passages: Passages, tokens: Tokens) -> Passages:
    """Return passages with those joined that stand near each other on both sides.

    The gap must be small against the larger of the two, and lie within one line on one side at
    least. Passages of quotations stay by themselves: a quote never takes what stands beside it.
    A quote is one only where a quotation begins or ends in it or right beside it, on one side at
    least. Matched tokens and scores are added up; the level is the best of them.
    """
    if not len(passages):  # empty arrays are of another type, for which nothing is compiled
        return passages
    passages = replace(passages, quotes=_at_marks(passages, tokens))
    spans = np.ascontiguousarray(passages.spans).copy()
    owners = np.empty(len(passages), np.int64)
    given = kernel.Passages(passages.a, passages.b, spans, passages.quotes)
    kernel.join_neighbours(given, tokens.flags, tokens.bounds, owners)
    kept = np.flatnonzero(owners == np.arange(len(owners)))
    if len(kept) == len(owners):
        return passages
    place = np.searchsorted(kept, owners)
    matched, levels = np.zeros((2, len(kept)), np.int64)
    scores = np.zeros(len(kept))
    np.add.at(matched, place, passages.tokens)
    np.add.at(scores, place, passages.scores)
    np.maximum.at(levels, place, passages.levels)
    spans = spans[kept]
    longer = np.maximum(spans[:, 1] - spans[:, 0], spans[:, 3] - spans[:, 2])
    alone = np.bincount(place) == 1
    return replace(
        passages,
        a=passages.a[kept],
        b=passages.b[kept],
        spans=spans,
        tokens=np.minimum(matched, longer),
        scores=scores,
        densities=np.where(alone, passages.densities[kept], np.minimum(matched / longer, 1.0)),
        levels=levels,
        quotes=passages.quotes[kept],
    )


def _at_marks(passages: Passages, tokens: Tokens) -> Bool:
    """Return which quotes reach a mark, on one side at least."""
    quotes: Bool = passages.quotes.copy()
    for passage in np.flatnonzero(quotes).tolist():
        span = passages.spans[passage]
        quotes[passage] = any(
            _reaches_mark(tokens, int(rows[passage]), span[side : side + 2])
            for rows, side in ((passages.a, 0), (passages.b, 2))
        )
    return quotes


def _reaches_mark(tokens: Tokens, row: int, span: Int64) -> bool:
    """Tell whether a quotation begins or ends in tokens ``span`` of a document or beside them."""
    low, high = (int(each) for each in tokens.bounds[row : row + 2])
    start, end = (low + int(each) for each in span)
    around = (tokens.flags[max(start - 1, low) : end + 1 if end < high else high] & QUOTED) != 0
    if start == low:
        around = np.append(False, around)
    if end == high:
        around = np.append(around, False)
    return bool((around[1:] != around[:-1]).any())
