"""The numbers of every figure as plain values, for the plots and for the page; nothing is drawn.

They are made by Arrow and NumPy from whole columns, so that a million documents take seconds.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from dedup.clusters.thresholds import threshold_effect
from dedup.config import RELATIONS, Config
from dedup.core.arrays import Bool, Int64
from dedup.report.figures.places import Column, site_losses, site_matrix
from dedup.report.figures.times import timeline
from dedup.result import Result
from dedup.similarity.lsh import bands_and_rows, collision_probability

__all__ = [
    "borderline",
    "cluster_sizes",
    "figures_from",
    "figures_of",
    "s_curve",
    "similarity_histogram",
    "site_losses",
    "site_matrix",
    "threshold_effect",
    "timeline",
]

_BINS = 20
_MOST_SIZES = 60  # distinct sizes that are shown one by one
_STEPS = 100


def figures_of(result: Result, *, sites: int = 20, pairs: int = 20) -> dict[str, Any]:
    """Return the numbers of all figures of a result.

    ``sites`` are the most that the matrix and the list of losses name, ``pairs`` the most that are
    named on each side of the threshold. ``s_curve`` is ``None`` where no duplicates were sought.

    >>> from dedup.api import scan
    >>> figures = figures_of(scan([{"id": "a", "text": "A text."}, {"id": "b", "text": "a text"}]))
    >>> list(figures)[:4], figures["cluster_sizes"]["counts"]
    (['similarity', 'cluster_sizes', 'site_matrix', 'timeline'], [1])
    """
    corpus = result.corpus.table
    return figures_from(
        result.tables, corpus["site"], corpus["date"], result.config, sites=sites, pairs=pairs
    )


def figures_from(
    tables: Mapping[str, pa.Table],
    site: Column,
    date: Column,
    config: Config,
    *,
    sites: int = 20,
    pairs: int = 20,
) -> dict[str, Any]:
    """Return the same of the tables of a result, and the site and date of each document."""
    documents, table = tables["documents"], tables["pairs"]
    kept: Bool = documents["kept"].to_numpy()
    sought = "duplicates" in config.find
    return {
        "similarity": similarity_histogram(table, config.threshold),
        "cluster_sizes": cluster_sizes(documents),
        "site_matrix": site_matrix(documents, site, sites),
        "timeline": timeline(date, kept),
        "s_curve": s_curve(config) if sought else None,
        "threshold_effect": threshold_effect(documents, table, config) if sought else None,
        "borderline": borderline(table, config.threshold, pairs),
        "site_losses": site_losses(documents, site, sites),
    }


def similarity_histogram(pairs: pa.Table, threshold: float) -> dict[str, Any]:
    """Count pairs by relation and Jaccard similarity, in twenty bins of which the last holds 1.

    >>> pairs = pa.table({"relation": ["exact", "derived", "derived"], "jaccard": [1, 0.05, 0.07]})
    >>> found = similarity_histogram(pairs, 0.7)
    >>> found["counts"]["exact"][-1], found["counts"]["derived"][:3], found["edges"][:3]
    (1, [0, 2, 0], [0.0, 0.05, 0.1])
    """
    edges = np.arange(_BINS + 1) / _BINS
    jaccard = pairs["jaccard"].to_numpy()
    places = np.minimum(np.searchsorted(edges, jaccard, side="right") - 1, _BINS - 1)
    codes = _relation_codes(pairs)
    known = codes >= 0
    flat = np.bincount(codes[known] * _BINS + places[known], minlength=len(RELATIONS) * _BINS)
    counts = flat.reshape(len(RELATIONS), _BINS).tolist()
    return {
        "edges": edges.tolist(),
        "counts": dict(zip(RELATIONS, counts, strict=True)),
        "threshold": threshold,
    }


def _relation_codes(pairs: pa.Table) -> Int64:
    """Return the position of each relation in ``RELATIONS``, -1 for another."""
    found = pc.index_in(pairs["relation"], value_set=pa.array(RELATIONS))
    codes: Int64 = pc.fill_null(found, -1).to_numpy().astype(np.int64)
    return codes


def cluster_sizes(documents: pa.Table) -> dict[str, Any]:
    """Count clusters of two or more by their size, ascending; ``alone`` counts other documents.

    ``sizes`` and ``last`` are the smallest and the largest size that each count stands for: the
    same one, or bounds that grow by a constant factor where there are more than 60 sizes.

    >>> documents = pa.table({"cluster": ["a", "a", "c", "d", "d", "d", "g", "g"]})
    >>> cluster_sizes(documents)
    {'sizes': [2, 3], 'last': [2, 3], 'counts': [2, 1], 'alone': 1}
    """
    members = pc.value_counts(documents["cluster"]).field("counts").to_numpy()
    alone = int(np.count_nonzero(members == 1))
    sizes, counts = np.unique(members[members > 1], return_counts=True)
    last = sizes
    if len(sizes) > _MOST_SIZES:
        steps = np.geomspace(2, int(sizes[-1]) + 1, _MOST_SIZES // 2 + 1)
        bounds = np.unique(np.ceil(steps - 1e-9).astype(np.int64))
        places = np.searchsorted(bounds, sizes, side="right") - 1
        counts = np.bincount(places, counts, len(bounds) - 1).astype(np.int64)
        sizes, last = bounds[:-1], bounds[1:] - 1
    return {
        "sizes": sizes.tolist(),
        "last": last.tolist(),
        "counts": counts.tolist(),
        "alone": alone,
    }


def s_curve(config: Config) -> dict[str, Any]:
    """Return the chance to become a candidate at each similarity, and the recall it promises.

    >>> curve = s_curve(Config())
    >>> curve["bands"], curve["rows"], round(curve["recall_at_threshold"], 4)
    (32, 4, 0.9998)
    """
    bands, rows = bands_and_rows(config)
    similarity = [step / _STEPS for step in range(_STEPS + 1)]
    return {
        "similarity": similarity,
        "probability": [collision_probability(each, bands, rows) for each in similarity],
        "threshold": config.threshold,
        "bands": bands,
        "rows": rows,
        "recall_at_threshold": collision_probability(config.threshold, bands, rows),
    }


def borderline(pairs: pa.Table, threshold: float, most: int = 20) -> dict[str, Any]:
    """Return the pairs whose Jaccard similarity is nearest to the threshold, on both sides of it.

    Nearest first, at most ``most`` on each side; a pair at the threshold is above it. Equal
    documents are never borderline. ``relation`` says what was made of a pair: below the threshold
    it is a near-duplicate where most of it stands in shared passages.

    >>> rows = {"a": ["a", "b", "c"], "b": ["x", "y", "z"], "jaccard": [0.69, 0.4, 0.7]}
    >>> pairs = pa.table({**rows, "relation": ["derived", "derived", "near_duplicate"]})
    >>> found = borderline(pairs, 0.7, most=1)
    >>> found["below"][0]["a"], found["above"][0]["a"], found["left_out"]
    ('a', 'c', {'below': 1, 'above': 0})
    """
    jaccard = pairs["jaccard"].to_numpy()
    usable = _relation_codes(pairs) != RELATIONS.index("exact")
    sides = {"below": usable & (jaccard < threshold), "above": usable & (jaccard >= threshold)}
    found: dict[str, Any] = {"threshold": threshold, "left_out": {}}
    for name, is_there in sides.items():
        rows = np.flatnonzero(is_there)
        nearest = _smallest(np.abs(jaccard[rows] - threshold), most)
        found[name] = pairs.take(pa.array(rows[nearest])).to_pylist()
        found["left_out"][name] = len(rows) - len(nearest)
    return found


def _smallest(values: np.ndarray[Any, Any], most: int) -> Int64:
    """Return the rows of the smallest values in order; of equal ones the first."""
    rows: Int64 = np.arange(len(values))
    if most < len(values):
        last = np.partition(values, most - 1)[most - 1] if most else -1.0
        rows = np.concatenate([np.flatnonzero(values < last), np.flatnonzero(values == last)])[
            :most
        ]
    order: Int64 = rows[np.lexsort((rows, values[rows]))]
    return order
