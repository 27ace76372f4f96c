"""Tokens of tagged lines, and how many of them stand in a passage."""

from __future__ import annotations

import numpy as np

from dedup.kernels._jit import njit
from dedup.kernels.lines import Stretches

__all__ = ["Stretches", "count_marked", "find_tokens"]


@njit
def find_tokens(bounds, places, stretches, lows, highs):
    """Write which tokens of its document each stretch of code points has: from ``low`` to ``high``.

    ``bounds`` (int64) are the tokens of each document, ``places`` (int32) the code point at which
    each token begins; ``stretches`` are ``Stretches``, ``lows`` and ``highs`` (int64) one of each.
    """
    docs, starts, ends = stretches
    for i in range(len(docs)):
        own = places[bounds[docs[i]] : bounds[docs[i] + 1]]
        lows[i] = np.searchsorted(own, starts[i])
        highs[i] = np.searchsorted(own, ends[i])


@njit
def count_marked(passages, bounds, lows, highs, marked):
    """Count the tokens of each passage that stand in a marked stretch of its document.

    ``passages`` are ``Stretches`` of tokens; the marked stretches of document ``d`` are
    ``bounds[d]:bounds[d + 1]`` of ``lows`` and ``highs``, and do not overlap. All int64.
    """
    docs, starts, ends = passages
    for i in range(len(docs)):
        total = 0
        for k in range(bounds[docs[i]], bounds[docs[i] + 1]):
            total += max(min(ends[i], highs[k]) - max(starts[i], lows[k]), 0)
        marked[i] = total
