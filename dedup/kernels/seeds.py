"""Passage seeds: hashed runs of a few tokens that stand in at least two documents."""

from __future__ import annotations

import numpy as np

from dedup.kernels._jit import njit
from dedup.kernels.shingles import MULTIPLIER, fmix64
from dedup.kernels.text import UNSPACED
from dedup.kernels.words import BLANK, CONTENT, STOP


@njit
def part_of(value, parts):
    """Return which of ``parts`` equal parts of all hashes one belongs to."""
    return np.intp((value >> np.uint64(32)) * np.uint64(parts) >> np.uint64(32))


@njit
def seed_hashes(hashes, classes, bounds, order, size, part, parts, out, rows, places):
    """Write hash, document and token of the seeds of the documents ``order``; return how many.

    A run of stop words alone is no seed, nor is one with a blank token. Of all seeds those whose
    hash is in ``part`` of ``parts`` are written, as far as there is room; all of them are counted.
    """
    made = np.intp(0)
    for row in order:
        for i in range(bounds[row], bounds[row + 1] - size + 1):
            h = np.uint64(0)
            stops = 0
            blank = False
            for j in range(i, i + size):
                h = h * MULTIPLIER + hashes[j]
                blank = blank or classes[j] == BLANK
                if classes[j] == STOP:
                    stops += 1
            if blank or stops == size:
                continue
            h = fmix64(h)
            if part_of(h, parts) == part:
                if made < len(out):
                    out[made] = h
                    places[made] = i - bounds[row]
                    rows[made] = row
                made += 1
    return made


@njit
def pair_hashes(
    stems,
    classes,
    flags,
    bounds,
    order,
    reach,
    part,
    parts,
    out,
    rows,
    places,
):
    """Write a seed for every two telling words that follow each other, in whatever order.

    Stop words between them do not matter, up to ``reach`` tokens; two names are no seed, nor are
    characters of an unspaced script. ``part``, room and count are as for ``seed_hashes``.
    """
    made = np.intp(0)
    for row in order:
        before = np.intp(-1)
        for i in range(bounds[row], bounds[row + 1]):
            if classes[i] == BLANK or flags[i] & UNSPACED != 0:
                before = -1
                continue
            if classes[i] == STOP:
                continue
            if (
                before >= 0
                and i - before <= reach
                and (classes[i] == CONTENT or classes[before] == CONTENT)
                and stems[i] != stems[before]
            ):
                low = min(stems[i], stems[before])
                high = max(stems[i], stems[before])
                h = fmix64(low * MULTIPLIER + high)
                if part_of(h, parts) == part:
                    if made < len(out):
                        out[made] = h
                        rows[made] = row
                        places[made] = before - bounds[row]
                    made += 1
            before = i
    return made


@njit
def drop_single(values, slots, keep):
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
def group_limits(values, rows, cap, limits, documents):
    """Bound each group of equal ``values`` to ``cap`` documents; return (groups cut, places cut).

    Places come sorted by value, those of one by the documents' rank. ``limits[i]`` gets the end of
    the group that begins at ``i``, cut after ``cap`` documents, 0 elsewhere; ``documents[i]`` how
    many it keeps. Documents of least rank stay, so that all seeds of a passage keep the same ones.
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
def compact_groups(
    rows, places, limits, documents, most, group_rows, group_places, group_bounds, group_of
):
    """Copy the groups of at least two documents; return (groups, places, places left out).

    Of the places of a seed in one document the first ``most`` stay. ``group_of`` gets the group of
    each place copied.
    """
    groups = 0
    made = 0
    left = 0
    group_bounds[0] = 0
    for i in range(len(rows)):
        if documents[i] < 2:
            continue
        same = 0
        for j in range(i, limits[i]):
            same = same + 1 if j > i and rows[j] == rows[j - 1] else 0
            if same >= most:
                left += 1
                continue
            group_rows[made] = rows[j]
            group_places[made] = places[j]
            group_of[made] = groups
            made += 1
        groups += 1
        group_bounds[groups] = made
    return groups, made, left
