"""Sites: which copies from which, and which lose most."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from dedup.core.arrays import Int64, column_codes, one_array

Column: TypeAlias = "Sequence[str | None] | pa.Array | pa.ChunkedArray"


def site_matrix(documents: pa.Table, sites: Column, most: int = 20) -> dict[str, Any]:
    """Count copies by their site (row) and the site of the document they copy (column).

    ``sites`` names that of each document, none or an empty one where it is not known. Every
    document that is not the canonical one of its cluster is a copy of that one, whether it is kept
    or not. Sites stand in order of the copies they take part in. Beyond ``most`` they share one
    last row and column, and ``other`` says how many do (0: there is none). ``left_out`` counts the
    copies of which one of the two sites is not known.

    >>> documents = pa.table({"doc_id": ["a", "b", "c"], "cluster": ["a", "a", "a"],
    ...                       "canonical": [True, False, False]})
    >>> site_matrix(documents, ["x.org", "y.org", None])
    {'sites': ['x.org', 'y.org'], 'matrix': [[0, 0], [1, 0]], 'other': 0, 'left_out': 1}
    """
    codes, names = site_codes(sites, len(documents))
    copies = np.flatnonzero(~documents["canonical"].to_numpy())
    clusters = documents["cluster"].take(pa.array(copies))
    found = pc.index_in(clusters, value_set=one_array(documents["doc_id"]))
    ours, theirs = codes[copies], codes[found.to_numpy().astype(np.int64)]
    known = (ours >= 0) & (theirs >= 0)
    left_out = int(np.count_nonzero(~known))
    ours, theirs = ours[known], theirs[known]
    parts = np.bincount(ours, minlength=len(names)) + np.bincount(theirs, minlength=len(names))
    parts -= np.bincount(ours[ours == theirs], minlength=len(names))
    chosen, other = _first(parts, names, most)
    size = len(chosen) + (other > 0)
    place = np.full(len(names), len(chosen), np.int64)
    place[chosen] = np.arange(len(chosen))
    flat = np.bincount(place[ours] * size + place[theirs], minlength=size * size)
    return {
        "sites": [names[each] for each in chosen.tolist()],
        "matrix": flat.reshape(size, size).tolist(),
        "other": other,
        "left_out": left_out,
    }


def site_losses(documents: pa.Table, sites: Column, most: int = 20) -> dict[str, Any]:
    """Return the sites that lose most documents: how many they have, how many and what share go.

    Sites that lose none are not named; ``left_out`` counts those beyond ``most``, ``unknown`` the
    removed documents of no known site.

    >>> documents = pa.table({"kept": [True, False, False, False]})
    >>> found = site_losses(documents, ["x.org", "x.org", "x.org", None])
    >>> found["sites"]
    [{'site': 'x.org', 'documents': 3, 'removed': 2, 'share': 0.666667}]
    >>> found["left_out"], found["unknown"]
    (0, 1)
    """
    codes, names = site_codes(sites, len(documents))
    removed = ~documents["kept"].to_numpy()
    totals = np.bincount(codes[codes >= 0], minlength=len(names))
    gone = np.bincount(codes[removed & (codes >= 0)], minlength=len(names))
    chosen, other = _first(gone, names, most)
    rows = [
        {
            "site": names[each],
            "documents": int(totals[each]),
            "removed": int(gone[each]),
            "share": round(float(gone[each] / totals[each]), 6),
        }
        for each in chosen.tolist()
    ]
    unknown = int(np.count_nonzero(removed & (codes < 0)))
    return {"sites": rows, "left_out": other, "unknown": unknown}


def _first(counts: Int64, names: list[str], most: int) -> tuple[Int64, int]:
    """Return the numbers of the greatest counts above 0, equal ones by name; how many are left."""
    some = np.flatnonzero(counts)
    order = sorted(some.tolist(), key=lambda each: (-int(counts[each]), names[each]))
    chosen = np.array(order[:most], np.int64)
    return chosen, len(some) - len(chosen)


def site_codes(sites: Column, count: int) -> tuple[Int64, list[str]]:
    """Return the number of the site of each of ``count`` documents, -1 for none, and the names.

    >>> site_codes(["b", None, "a", "b", ""], 5)[0].tolist()
    [0, -1, 1, 0, -1]
    """
    column = (
        sites if isinstance(sites, pa.Array | pa.ChunkedArray) else pa.array(sites, pa.string())
    )
    if column.null_count == len(column):
        return np.full(count, -1, np.int64), []
    numbers, known = column_codes(column)
    names, codes = [name or "" for name in known.to_pylist()], numbers.astype(np.int64)
    codes[np.isin(codes, [place for place, name in enumerate(names) if not name])] = -1
    return codes, names
