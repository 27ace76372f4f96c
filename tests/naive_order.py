"""Candidates for a canonical and the order they come in, from the list of differences."""

from __future__ import annotations

import numpy as np

from dedup.clusters.canonical import CanonicalOrder


def candidates(count, **columns):
    """Return documents that differ in nothing but what is given."""
    values = {
        "truncated": np.zeros(count, np.bool_),
        "boilerplate": np.zeros(count),
        "lengths": np.full(count, 100, np.int64),
        "dates": np.full(count, -1, np.int64),
        "priorities": np.full(count, -1, np.int64),
        "superseded": np.zeros(count, np.bool_),
    }
    for name, column in columns.items():
        values[name] = np.array(column, values[name].dtype)
    return CanonicalOrder(**values)


def naive_order(documents, policy, core):
    """Return the rows sorted by the written-down list of differences."""
    unknown = float("inf")

    def known(rank):
        return unknown if rank < 0 else rank

    def key(row):
        own = {
            "complete": (),
            "earliest": (known(documents.dates[row]),),
            "latest": (documents.dates[row] < 0, -documents.dates[row]),
            "longest": (-documents.lengths[row],),
        }.get(policy, (known(documents.priorities[row]),))
        return (
            *own,
            documents.truncated[row],
            -round(core[row] / 0.05),
            round(documents.boilerplate[row] / 0.1),
            known(documents.dates[row]),
            -documents.lengths[row],
            row,
        )

    return sorted(range(len(core)), key=key)
