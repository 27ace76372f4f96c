"""Documents that are equal after folding, and the representative of each group."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from dedup.core.arrays import Int64, offsets_of, runs_of_rows
from dedup.kernels import equality as kernel
from dedup.text.tokens import Tokens


def equal_groups(tokens: Tokens, *, ease: Callable[[], object] = lambda: None) -> Int64:
    """Return for each document the first row with the same tokens; one without tokens is alone.

    Equal means token by token, not by a hash of the whole. ``ease`` is called now and then.

    >>> from dedup.core.arrays import texts_from_strings
    >>> from dedup.text.tokens import tokenise_texts
    >>> texts = texts_from_strings(["One two.", "", "ONE, two", "", "one"])
    >>> equal_groups(tokenise_texts(texts)).tolist()
    [0, 1, 0, 3, 4]
    """
    fingerprints = np.empty(len(tokens), np.uint64)
    for low, high in runs_of_rows(tokens.bounds):
        kernel.hash_rows(tokens.hashes, tokens.bounds[low : high + 1], fingerprints[low:high])
        ease()
    order = np.argsort(fingerprints, kind="stable")
    first = np.arange(len(tokens), dtype=np.int64)
    # Each run begins with the last document of the one before, which represents those before it.
    sizes = offsets_of(tokens.counts()[order])
    for low, high in runs_of_rows(sizes):
        run = order[max(low - 1, 0) : high]
        kernel.group_rows(tokens.hashes, tokens.bounds, fingerprints, run, first)
        ease()
    return first
