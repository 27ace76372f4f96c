"""Average linkage on a sparse graph: groups that are each other's nearest merge, all at once.

The mean similarity of two groups is the product of their sums over the product of their sizes, so
it counts all pairs of members, not those alone that are known to be alike. Sums are whole numbers.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from dedup.kernels._jit import njit
from dedup.kernels.stories import UNIT

NEAR, FAR, DAYS = 1.15, 0.85, 7.0  # what the same day and far ones do to a similarity


class Graph(NamedTuple):
    """Edges of groups: those of ``x`` are ``starts[x]`` and the next ``sizes[x]`` (int64).

    ``others`` (int32) are the groups at the other end, ``dots`` (int64) the products of the sums.
    """

    starts: npt.NDArray[np.int64]
    sizes: npt.NDArray[np.int64]
    others: npt.NDArray[np.int32]
    dots: npt.NDArray[np.int64]


class Sums(NamedTuple):
    """Sums of vectors by group: ``starts``, ``sizes`` and ``values`` int64, ``terms`` int32."""

    starts: npt.NDArray[np.int64]
    sizes: npt.NDArray[np.int64]
    terms: npt.NDArray[np.int32]
    values: npt.NDArray[np.int64]


class Groups(NamedTuple):
    """What is known of a group: members, those with a date, and the sum of their days (int64)."""

    members: npt.NDArray[np.int64]
    dated: npt.NDArray[np.int64]
    days: npt.NDArray[np.int64]


@njit
def similarity(dot, groups, x, y):
    """Return the mean similarity of two groups whose sums have the product ``dot``, by dates."""
    mean = np.float64(dot) / np.float64(groups.members[x] * groups.members[y]) / UNIT
    if groups.dated[x] == 0 or groups.dated[y] == 0:
        return mean
    apart = (
        np.float64(groups.days[x]) / groups.dated[x] - np.float64(groups.days[y]) / groups.dated[y]
    ) / DAYS
    return mean * (FAR + (NEAR - FAR) * np.exp(-0.5 * apart * apart))


@njit
def sums_product(sums, x, y):
    """Return the product of the sums of two groups."""
    if sums.sizes[x] > sums.sizes[y]:
        x, y = y, x
    i = sums.starts[x]
    j = sums.starts[y]
    end_x = i + sums.sizes[x]
    end_y = j + sums.sizes[y]
    leaps = sums.sizes[y] > 8 * sums.sizes[x]
    total = np.int64(0)
    while i < end_x and j < end_y:
        if leaps:
            step = np.int64(1)
            while j + step < end_y and sums.terms[j + step] < sums.terms[i]:
                j += step
                step += step
        if sums.terms[i] < sums.terms[j]:
            i += 1
        elif sums.terms[i] > sums.terms[j]:
            j += 1
        else:
            total += sums.values[i] * sums.values[j]
            i += 1
            j += 1
    return total


@njit
def join_sums(sums, x, y, at):
    """Write the sum of two groups at the place ``at``, as that of ``x``; return its end."""
    i = sums.starts[x]
    j = sums.starts[y]
    end_x = i + sums.sizes[x]
    end_y = j + sums.sizes[y]
    place = at
    while i < end_x or j < end_y:
        if j == end_y or (i < end_x and sums.terms[i] < sums.terms[j]):
            sums.terms[place] = sums.terms[i]
            sums.values[place] = sums.values[i]
            i += 1
        elif i == end_x or sums.terms[i] > sums.terms[j]:
            sums.terms[place] = sums.terms[j]
            sums.values[place] = sums.values[j]
            j += 1
        else:
            sums.terms[place] = sums.terms[i]
            sums.values[place] = sums.values[i] + sums.values[j]
            i += 1
            j += 1
        place += 1
    sums.starts[x] = at
    sums.sizes[x] = place - at
    sums.sizes[y] = 0
    return place


@njit
def moved_up(starts, sizes, keys, values, needed):
    """Return keys (int32) and values (int64) of rows without what is between them, and their end.

    There is room for as much again and ``needed`` more; ``starts`` is changed to where they are.
    """
    size = 2 * np.int64(sizes.sum()) + needed
    moved_keys = np.empty(size, np.int32)
    moved_values = np.empty(size, np.int64)
    at = np.int64(0)
    for x in range(len(starts)):
        lo = starts[x]
        count = sizes[x]
        moved_keys[at : at + count] = keys[lo : lo + count]
        moved_values[at : at + count] = values[lo : lo + count]
        starts[x] = at
        at += count
    return moved_keys, moved_values, at


@njit
def roomy_sums(sums, used, needed):
    """Return sums with room for ``needed`` more, and how much is used: what is gone is dropped."""
    if used + needed <= len(sums.terms):
        return sums, used
    terms, values, at = moved_up(sums.starts, sums.sizes, sums.terms, sums.values, needed)
    return Sums(sums.starts, sums.sizes, terms, values), at


@njit
def roomy_graph(graph, used, needed):
    """Return a graph with room for ``needed`` more edges, and how much is used."""
    if used + needed <= len(graph.others):
        return graph, used
    others, dots, at = moved_up(graph.starts, graph.sizes, graph.others, graph.dots, needed)
    return Graph(graph.starts, graph.sizes, others, dots), at


@njit
def edge_to(graph, x, y):
    """Return the place of the edge from ``x`` to ``y``, or -1."""
    for k in range(graph.starts[x], graph.starts[x] + graph.sizes[x]):
        if graph.others[k] == y:
            return k
    return np.int64(-1)


@njit
def drop_edge(graph, x, place):
    """Take the edge at ``place`` from those of ``x``; the last one moves there."""
    last = graph.starts[x] + graph.sizes[x] - 1
    graph.others[place] = graph.others[last]
    graph.dots[place] = graph.dots[last]
    graph.sizes[x] -= 1


@njit
def nearest(graph, groups, x, cut):
    """Return the most similar neighbour of ``x`` from ``cut`` on, the first of equals, or -1."""
    best = -1
    most = cut
    for k in range(graph.starts[x], graph.starts[x] + graph.sizes[x]):
        other = graph.others[k]
        value = similarity(graph.dots[k], groups, x, other)
        if value > most or (value == most and (best < 0 or other < best)):
            best = other
            most = value
    return best


@njit
def merge_groups(graph, sums, groups, x, y, used):
    """Make ``y`` part of ``x``; return (graph, sums) and how much of each is used (``used``).

    The sums are joined, and the edges of either lead to ``x``, with the product of the whole.
    """
    graph, used_edges = roomy_graph(graph, used[0], graph.sizes[x] + graph.sizes[y])
    sums, used_terms = roomy_sums(sums, used[1], sums.sizes[x] + sums.sizes[y])
    groups.members[x] += groups.members[y]
    groups.dated[x] += groups.dated[y]
    groups.days[x] += groups.days[y]
    start = used_edges
    end = start
    for side in range(2):
        own = x if side == 0 else y
        twin = y if side == 0 else x
        for k in range(graph.starts[own], graph.starts[own] + graph.sizes[own]):
            z = graph.others[k]
            if z == twin:
                continue
            to_twin = edge_to(graph, z, twin)
            to_own = edge_to(graph, z, own)
            if side == 1 and to_twin >= 0:
                continue  # it was met among those of x
            more = graph.dots[to_twin] if to_twin >= 0 else sums_product(sums, twin, z)
            dot = graph.dots[k] + more
            if to_twin >= 0:
                drop_edge(graph, z, max(to_own, to_twin))
                to_own = min(to_own, to_twin)
            graph.others[to_own] = x
            graph.dots[to_own] = dot
            graph.others[end] = z
            graph.dots[end] = dot
            end += 1
    graph.starts[x] = start
    graph.sizes[x] = end - start
    graph.sizes[y] = 0
    return graph, sums, (end, join_sums(sums, x, y, used_terms))


@njit
def link_groups(graph, sums, groups, used, cut, labels):
    """Merge groups that are each other's nearest, from ``cut`` on, until none are.

    ``used`` is how many edges and terms of the arrays are in use. ``labels`` (int64) gets the first
    article of each one's group. With exact means this is average linkage, whatever the order.
    """
    count = len(labels)
    best = np.full(count, -1, np.int64)
    stale = np.ones(count, np.bool_)
    into = np.arange(count)
    waiting = np.arange(count)
    while len(waiting) > 0:
        for x in waiting:
            best[x] = nearest(graph, groups, x, cut)
        merged = 0
        pairs = np.empty((len(waiting), 2), np.int64)
        for x in waiting:
            y = best[x]
            if y >= 0 and best[y] == x and (x < y or not stale[y]):
                pairs[merged, 0] = min(x, y)
                pairs[merged, 1] = max(x, y)
                merged += 1
        stale[waiting] = False
        for k in range(merged):
            x = pairs[k, 0]
            y = pairs[k, 1]
            for own in (x, y):
                for i in range(graph.starts[own], graph.starts[own] + graph.sizes[own]):
                    stale[graph.others[i]] = True
            graph, sums, used = merge_groups(graph, sums, groups, x, y, used)
            into[y] = x
            best[y] = -1
            stale[x] = True
        for k in range(merged):
            stale[pairs[k, 1]] = False
        waiting = np.flatnonzero(stale)
    for x in range(count):
        root = x
        while into[root] != root:
            root = into[root]
        labels[x] = root
