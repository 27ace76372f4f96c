"""Documents that are equal after folding: one stands for all of them."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from dedup.arrays import Int64, Texts, UInt64, offsets_of
from dedup.hashing import xxh3_128
from dedup.kernels import exact as kernel
from dedup.tokens import Tokens, runs_of_rows


def equal_groups(tokens: Tokens, *, ease: Callable[[], None] = lambda: None) -> Int64:
    """Return for each document the first row with the same tokens; one without tokens is alone.

    Equal means token by token, not by a hash of the whole. ``ease`` is called now and then.

    >>> from dedup.arrays import texts_from_strings
    >>> from dedup.tokens import tokenise_texts
    >>> texts = texts_from_strings(["One two.", "", "ONE, two", "", "one"])
    >>> equal_groups(tokenise_texts(texts)).tolist()
    [0, 1, 0, 3, 4]
    """
    sums = np.empty(len(tokens), np.uint64)
    for low, high in runs_of_rows(tokens.bounds):
        kernel.hash_rows(tokens.hashes, tokens.bounds[low : high + 1], sums[low:high])
        ease()
    order = np.argsort(sums, kind="stable")
    first = np.arange(len(tokens), dtype=np.int64)
    # Each run begins with the last document of the one before, which stands for those before it.
    sizes = offsets_of(tokens.counts()[order])
    for low, high in runs_of_rows(sizes):
        run = order[max(low - 1, 0) : high]
        kernel.group_rows(tokens.hashes, tokens.bounds, sums, run, first)
        ease()
    return first


def text_digests(texts: Texts) -> UInt64:
    """Return a hash of the bytes of each text; good for telling apart, not against forgery."""
    digests = np.empty(len(texts), np.uint64)
    kernel.hash_texts(texts.data, texts.offsets, digests)
    return digests


def content_of(digests: UInt64) -> str:
    """Return one hash for the texts of a corpus, from ``text_digests`` in order of id.

    >>> content_of(np.zeros(2, np.uint64)) == content_of(np.zeros(3, np.uint64))
    False
    """
    return xxh3_128(np.ascontiguousarray(digests, "<u8").tobytes())
