"""Where something goes from a document or is tagged: packed in one column, and unpacked again."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
from pyspark.sql import functions as F

from dedup.core.arrays import Bool, Int64, one_array
from dedup.kernels.lines import Stretches, mask_tokens
from dedup.schema import ANNOTATIONS
from dedup.text.tokens import Tokens

_BITS = 31  # of where something ends in a document, packed with where it starts


def packed() -> Any:
    """Return the columns ``start`` and ``end`` packed in one number."""
    return F.expr(f"shiftleft(start, {_BITS}) + end")


def unpacked(cells: pa.Array) -> tuple[Int64, Int64, Int64]:
    """Return document, start and end of packed spans, of which each cell has those of one."""
    sizes = cells.value_lengths().fill_null(0).to_numpy(zero_copy_only=False)
    packed = cells.flatten().to_numpy(zero_copy_only=False).astype(np.int64)
    docs = np.repeat(np.arange(len(cells)), sizes)
    return docs, packed >> _BITS, packed & ((1 << _BITS) - 1)


def masked(tokens: Tokens, table: pa.Table | pa.RecordBatch) -> Bool | None:
    """Tell which tokens go from inside documents, if that was looked for."""
    if "removed" not in table.schema.names:
        return None
    hidden: Bool = np.zeros(len(tokens.hashes), np.bool_)
    gone = np.zeros(len(tokens), np.int64)
    stretches = Stretches(*spans(table, "removed"))
    mask_tokens(tokens.bounds, tokens.starts, stretches, hidden, gone)
    return hidden


def spans(table: pa.Table | pa.RecordBatch, name: str) -> tuple[Int64, Int64, Int64]:
    """Return document, start and end of the packed spans of a column, if there is one."""
    if name not in table.schema.names:
        none = np.zeros(0, np.int64)
        return none, none, none
    return unpacked(_one(table.column(name)))


def _one(column: pa.Array | pa.ChunkedArray) -> pa.Array:
    return one_array(column) if isinstance(column, pa.ChunkedArray) else column


def tagged(table: pa.Table) -> pa.Table:
    """Return the tagged blocks of documents (``ANNOTATIONS``), in order of these."""
    if "tagged" not in table.column_names:
        return ANNOTATIONS.empty_table()
    cells = _one(table.column("tagged"))
    sizes = cells.value_lengths().fill_null(0).to_numpy(zero_copy_only=False)
    columns = [pa.array(np.repeat(np.arange(len(cells)), sizes)), *cells.flatten().flatten()]
    columns = [each.cast(field.type) for each, field in zip(columns, ANNOTATIONS, strict=True)]
    return pa.Table.from_arrays(columns, schema=ANNOTATIONS)
