"""How much running text of one document stands nowhere in another."""

from __future__ import annotations

import numpy as np

from dedup.kernels._jit import njit
from dedup.kernels.shingles import MULTIPLIER, fmix64, table_size

GRAM = 4  # words in a row that must stand in the other text
LEAST = 8  # words in a row that stand nowhere in it; fewer are an edit


@njit
def gram(units, i):
    """Return the hash of the ``GRAM`` tokens from ``units[i]`` on."""
    h = np.uint64(0)
    for k in range(GRAM):
        h = h * MULTIPLIER + units[i + k]
    return fmix64(h)


@njit
def gram_table(units, keys, used):
    """Put all runs of ``GRAM`` tokens into an open hash table; return its mask."""
    size = table_size(len(units))
    used[:size] = False
    mask = np.intp(size - 1)
    for i in range(len(units) - GRAM + 1):
        value = gram(units, i)
        slot = np.intp(value & np.uint64(mask))
        while used[slot] and keys[slot] != value:
            slot = (slot + 1) & mask
        used[slot] = True
        keys[slot] = value
    return mask


@njit
def mark_shared(units, keys, used, mask, shared):
    """Tell which tokens stand in a run of ``GRAM`` that is in the table of another text."""
    shared[:] = False
    for i in range(len(units) - GRAM + 1):
        value = gram(units, i)
        slot = np.intp(value & np.uint64(mask))
        while used[slot] and keys[slot] != value:
            slot = (slot + 1) & mask
        if used[slot]:
            shared[i : i + GRAM] = True


@njit
def count_own(tokens, running, others, leaders, totals, own):
    """Count the running tokens of documents, and those that stand nowhere in another document.

    Of ``tokens`` (``Tokens``) those are counted that are ``running`` (bool); document ``i`` is
    compared with document ``leaders[i]`` (int64) of ``others`` (``Tokens``). ``totals`` and
    ``own`` (int64) get the counts: own are tokens in runs of at least ``LEAST`` running tokens
    none of which stands in ``GRAM`` shared words.
    """
    hashes, bounds = tokens.hashes, tokens.bounds
    longest = 0
    most = 0
    for i in range(len(leaders)):
        longest = max(longest, others.bounds[leaders[i] + 1] - others.bounds[leaders[i]])
        most = max(most, bounds[i + 1] - bounds[i])
    keys = np.empty(table_size(longest), np.uint64)
    used = np.empty(len(keys), np.bool_)
    shared = np.empty(most, np.bool_)
    before = -1
    mask = np.intp(0)
    for i in range(len(leaders)):
        if leaders[i] != before:
            before = leaders[i]
            units = others.hashes[others.bounds[before] : others.bounds[before + 1]]
            mask = gram_table(units, keys, used)
        low = bounds[i]
        count = bounds[i + 1] - low
        mark_shared(hashes[low : low + count], keys, used, mask, shared[:count])
        totals[i] = 0
        own[i] = 0
        run = 0
        for k in range(count + 1):
            if k < count and running[low + k]:
                totals[i] += 1
                if not shared[k]:
                    run += 1
                    continue
            if run >= LEAST:
                own[i] += run
            run = 0
