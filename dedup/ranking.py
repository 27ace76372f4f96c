"""What the choice of a canonical goes by: dates, priorities, texts that were cut short."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from dedup.arrays import Bool, Int64
from dedup.blocks import ELLIPSIS, Blocks


def truncated_documents(blocks: Blocks, removals: pa.Table) -> Bool:
    """Tell which documents end in a block that was cut short (``…``), removals left aside."""
    removed = set(zip(removals["doc"].to_pylist(), removals["start"].to_pylist(), strict=True))
    cut = np.zeros(len(blocks.bounds) - 1, np.bool_)
    dotted = blocks.flags & ELLIPSIS
    for doc in np.unique(blocks.docs[dotted > 0]).tolist():
        for block in range(int(blocks.bounds[doc + 1]) - 1, int(blocks.bounds[doc]) - 1, -1):
            if (doc, int(blocks.starts[block])) not in removed:
                cut[doc] = dotted[block] > 0
                if cut[doc] or blocks.words[block]:
                    break
    return cut


def ranks(column: pa.ChunkedArray | pa.Array, *, numeric: bool = False) -> Int64:
    """Return the rank of each value, -1 for nulls; numbers by size where all values are numbers.

    >>> ranks(pa.array(["10", None, "9", "10"])).tolist()
    [0, -1, 1, 0]
    >>> ranks(pa.array(["10", None, "9", "10"]), numeric=True).tolist()
    [1, -1, 0, 1]
    """
    if column.null_count == len(column):
        return np.broadcast_to(np.int64(-1), len(column))
    encoded = column.dictionary_encode()
    if isinstance(encoded, pa.ChunkedArray):
        encoded = encoded.unify_dictionaries().combine_chunks()
    known = encoded.dictionary
    order = _order(known, numeric=numeric)
    place = np.empty(len(order) + 1, np.int64)
    place[order] = np.arange(len(order))
    place[-1] = -1  # what a null's code, -1, finds
    codes = pc.fill_null(encoded.indices, -1).to_numpy(zero_copy_only=False)
    found: Int64 = place[codes]
    return found


def _order(known: pa.Array, *, numeric: bool) -> Int64:
    if numeric:
        try:
            numbers = [float(each) for each in known.to_pylist()]
        except ValueError:
            pass
        else:
            text = pc.sort_indices(known).to_numpy()  # decides between equal numbers
            by_number: Int64 = text[np.argsort(np.array(numbers)[text], kind="stable")]
            return by_number
    in_order: Int64 = pc.sort_indices(known).to_numpy().astype(np.int64)
    return in_order
