"""Passage seeds: hashed runs of a few tokens that stand in at least two documents."""

from __future__ import annotations

from typing import Any

import numpy as np

from dedup.kernels._jit import njit
from dedup.kernels.shingles import MULTIPLIER, fmix64
from dedup.kernels.words import BLANK, STOP


@njit
def seed_hashes(  # type: ignore[no-untyped-def]  # noqa: ANN201
    hashes: Any, classes: Any, bounds: Any, included: Any, size: Any, out: Any, places: Any
):
    """Write hash and token index of every seed of the included documents; return how many.

    A run of stop words alone is no seed, nor is one with a blank token.
    """
    made = np.intp(0)
    for row in range(len(bounds) - 1):
        if not included[row]:
            continue
        for i in range(bounds[row], bounds[row + 1] - size + 1):
            h = np.uint64(0)
            stops = 0
            blank = False
            for j in range(i, i + size):
                h = h * MULTIPLIER + hashes[j]
                blank = blank or classes[j] == BLANK
                if classes[j] == STOP:
                    stops += 1
            if not blank and stops < size:
                out[made] = fmix64(h)
                places[made] = i
                made += 1
    return made


@njit
def drop_single(values, slots, keep):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201
    """Clear ``keep`` where a value surely occurs once: a filter of saturating counters."""
    mask = np.uint64(len(slots) - 1)
    for i in range(len(values)):
        place = np.intp(values[i] & mask)
        if slots[place] < np.uint8(2):
            slots[place] += np.uint8(1)
    kept = 0
    for i in range(len(values)):
        keep[i] = slots[np.intp(values[i] & mask)] > np.uint8(1)
        if keep[i]:
            kept += 1
    return kept


@njit
def group_limits(values, rows, ranks, cap, limits, documents):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201
    """Bound each group of equal ``values`` to ``cap`` documents; return (groups cut, places cut).

    Places come sorted by (value, rank of the document); ``limits[i]`` gets the end of the group
    that begins at ``i``, cut after ``cap`` documents, 0 elsewhere; ``documents[i]`` how many it
    keeps. Documents of least rank stay, so that all seeds of a passage keep the same ones.
    """
    cut_groups = 0
    cut_places = 0
    i = 0
    while i < len(values):
        seen = 1
        end = i + 1
        while end < len(values) and values[end] == values[i]:
            if rows[end] != rows[end - 1]:
                if seen == cap:
                    break
                seen += 1
            end += 1
        limits[i] = end
        documents[i] = seen
        rest = end
        while rest < len(values) and values[rest] == values[i]:
            limits[rest] = 0
            rest += 1
        for j in range(i + 1, end):
            limits[j] = 0
        if rest > end:
            cut_groups += 1
            cut_places += rest - end
        i = rest
    return cut_groups, cut_places


@njit
def count_matches(rows, limits, documents, per_document):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201
    """Count the matches that ``fill_matches`` will write."""
    made = np.intp(0)
    for i in range(len(rows)):
        if documents[i] > 1:
            made += _pairs_of_group(rows, i, limits[i], per_document)
    return made


@njit
def _pairs_of_group(rows, i, end, per_document):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201
    made = 0
    before = 0
    j = i
    while j < end:
        k = j
        while k < end and rows[k] == rows[j]:
            k += 1
        here = min(k - j, per_document)
        made += before * here
        before += here
        j = k
    return made


@njit
def fill_matches(  # type: ignore[no-untyped-def]  # noqa: ANN201
    rows: Any,
    places: Any,
    bounds: Any,
    limits: Any,
    documents: Any,
    per_document: Any,
    keys: Any,
    first: Any,
    second: Any,
):
    """Write a match for every two places of a group in different documents.

    ``keys`` gets both rows (the smaller in the upper 32 bits), ``first`` and ``second`` the token
    positions in those documents. A seed that stands more than ``per_document`` times in a document
    counts with its first places there.
    """
    made = np.intp(0)
    for i in range(len(rows)):
        if documents[i] < 2:
            continue
        j = i
        while j < limits[i]:
            k = j
            while k < limits[i] and rows[k] == rows[j]:
                k += 1
            for x in range(j, min(k, j + per_document)):
                y = k
                while y < limits[i]:
                    z = y
                    while z < limits[i] and rows[z] == rows[y]:
                        if z - y < per_document:
                            a = rows[x]
                            b = rows[z]
                            at_a = places[x] - bounds[a]
                            at_b = places[z] - bounds[b]
                            if a > b:
                                a, b = b, a
                                at_a, at_b = at_b, at_a
                            keys[made] = np.uint64(a) << np.uint64(32) | np.uint64(b)
                            first[made] = at_a
                            second[made] = at_b
                            made += 1
                        z += 1
                    y = z
            j = k
    return made
