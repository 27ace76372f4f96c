"""Join the passages of two documents that are parts of one re-worded passage."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from dedup.kernels import neighbours as kernel
from dedup.passages.find import Passages
from dedup.text.tokens import Tokens


def join_neighbours(passages: Passages, tokens: Tokens) -> Passages:
    """Return passages with those joined that stand near each other on both sides.

    The gap must be small against the larger of the two, and lie within one line on one side at
    least. Passages of quotations stay by themselves: a quote never takes what stands beside it.
    Matched tokens and scores are added up; the level is the best of them.
    """
    spans = np.ascontiguousarray(passages.spans).copy()
    owners = np.empty(len(passages), np.int64)
    kernel.join_neighbours(
        *(passages.a, passages.b, spans, passages.quotes, tokens.flags, tokens.bounds, owners)
    )
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
