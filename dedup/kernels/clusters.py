"""Pairs of documents to connected groups and to stars."""

from __future__ import annotations

from dedup.kernels._jit import njit


@njit
def root(parent, x):
    """Return the root of ``x``, and let every other step on the way skip one."""
    while parent[x] != x:
        parent[x] = parent[parent[x]]
        x = parent[x]
    return x


@njit
def connect(a, b, parent):
    """Join the groups of each ``a[i]`` and ``b[i]``; then ``parent`` holds the smallest of each.

    ``parent[x]`` is ``x`` at first.
    """
    for i in range(len(a)):
        one = root(parent, a[i])
        two = root(parent, b[i])
        parent[max(one, two)] = min(one, two)
    for x in range(len(parent)):
        parent[x] = root(parent, x)


@njit
def join_stars(order, neighbours, bounds, free, leaders):
    """Let each free document, in order, lead the free ones among its neighbours.

    Those of document ``d`` are ``neighbours[bounds[d]:bounds[d + 1]]``; ``leaders[d]`` is ``d`` at
    first.
    """
    for i in range(len(order)):
        doc = order[i]
        if not free[doc] or bounds[doc] == bounds[doc + 1]:
            continue
        free[doc] = False
        for k in range(bounds[doc], bounds[doc + 1]):
            other = neighbours[k]
            if free[other]:
                free[other] = False
                leaders[other] = doc
