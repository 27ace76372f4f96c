"""Numbers of which there are very many travel packed: a row is what a task has of one part of them.

Spark bounds a batch by its rows alone (3.5), so no row is long.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence

import numpy as np
import pyarrow as pa

from dedup.core.arrays import UInt64, are_new, offsets_of
from dedup.spark.frames import Numbers, column

PART = "part"
MOST_PARTS = 1 << 16
_MOST_OF_ROW = 1 << 11  # numbers of a column that stand in one row, at most


def packed_rows(
    keys: UInt64, parts: int, names: Sequence[str], columns: Sequence[Numbers]
) -> pa.RecordBatch:
    """Return columns as rows of bytes, named; ``keys`` tell to which of the ``parts`` each goes."""
    part = (keys % np.uint64(parts)).astype(np.uint16)
    order = np.argsort(part, kind="stable")
    ordered = part[order]
    _, sizes = runs_of(ordered)
    nth = np.arange(len(ordered)) - np.repeat(offsets_of(sizes)[:-1], sizes)
    starts = np.flatnonzero(nth % _MOST_OF_ROW == 0)
    bounds = np.append(starts, len(order)).astype(np.int64)
    cells = (binary_rows(each[order].view(np.uint8), bounds * each.itemsize) for each in columns)
    return pa.RecordBatch.from_arrays(
        [pa.array(ordered[starts], pa.int64()), *cells], [PART, *names]
    )


def unpacked(
    batch: pa.RecordBatch, kinds: Sequence[type[np.generic]]
) -> Iterator[tuple[int, list[Numbers]]]:
    """Yield part and columns, of some ``kinds``, of each run of rows of one part."""
    parts = column(batch, PART)
    starts = np.flatnonzero(np.diff(parts, prepend=-2))
    for low, high in itertools.pairwise([*starts.tolist(), len(parts)]):
        some = batch.slice(low, high - low)
        cells = [
            np.frombuffer(b"".join(each.to_pylist()), kind)
            for each, kind in zip(some.columns[1:], kinds, strict=True)
        ]
        yield int(parts[low]), cells


def runs_of(ordered: Numbers) -> tuple[Numbers, Numbers]:
    """Return the number of the run of equal ones of each of ordered values, and the sizes."""
    new = are_new(ordered)
    sizes = np.diff(np.flatnonzero(new), append=len(new))
    return np.cumsum(new) - 1, sizes


def binary_rows(data: Numbers, offsets: Numbers) -> pa.Array:
    """Return a ragged array of bytes as a column, without a copy."""
    buffers = [None, pa.py_buffer(np.ascontiguousarray(offsets)), pa.py_buffer(data)]
    return pa.Array.from_buffers(pa.large_binary(), len(offsets) - 1, buffers)
