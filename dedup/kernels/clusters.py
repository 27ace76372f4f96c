"""Pairs of documents to connected groups and to stars."""

from __future__ import annotations

import numpy as np

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


@njit
def decide(doc, better, known, positions, states, made):
    """Tell which documents lead, as far as what is known of better ones says; return how many.

    Documents come by place in canonical order, each with a row (``better`` -1) of its own and then
    one for each better document it is paired with, of which ``known`` is what is known: 0 nothing,
    1 it leads, 2 it is led. ``positions`` and ``states`` of the first ``made`` were told before, in
    other rows of the same run; a document joined with one of which nothing is known, and with none
    that leads, stays 0.
    """
    for i in range(len(doc)):
        if better[i] < 0:
            positions[made] = doc[i]
            states[made] = 1
            made += 1
            continue
        state = known[i]
        if state == 0:
            at = np.searchsorted(positions[:made], better[i])
            if at < made and positions[at] == better[i]:
                state = states[at]
        if state == 1:
            states[made - 1] = 2
        elif state == 0 and states[made - 1] == 1:
            states[made - 1] = 0
    return made
