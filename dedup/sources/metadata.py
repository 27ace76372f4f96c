"""What is known of documents besides their texts, in order of unique ids."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from dedup.core.arrays import Int64, UInt64, one_array
from dedup.schema import METADATA, ReadReport
from dedup.sources.batches import unique_ids
from dedup.sources.options import Tally


def metadata_of(batch: pa.RecordBatch) -> pa.Table:
    """Return what is known of documents besides their texts, in as little room as may be."""
    columns = {item.name: batch.column(item.name) for item in METADATA}
    is_other = pc.not_equal(columns["url"], columns["doc_id"])  # an id that is a URL says it once
    columns["url"] = pc.if_else(pc.fill_null(is_other, False), columns["url"], None)
    for name, column in columns.items():
        if column.null_count == len(column):
            columns[name] = pa.nulls(len(column))
        elif name in ("path", "site"):
            columns[name] = column.dictionary_encode()
    return pa.table(columns)


def in_order_of_id(
    parts: list[pa.Table], digests: UInt64, read_report: ReadReport
) -> tuple[pa.Table, Int64]:
    """Return the facts in order of unique ids, and the row of each in the order of reading.

    ``parts`` come from ``metadata_of`` and are used up. ``digests`` of the texts decide between
    equal ids; those are counted in ``read_report``.
    """
    metadata = joined_metadata(parts)
    parts.clear()
    order = pc.sort_indices(metadata["doc_id"])
    ids = one_array(metadata["doc_id"].take(order))
    if pc.any(pc.equal(ids[1:], ids[:-1])).as_py():
        del ids
        metadata = unique_ids(metadata, Tally(read_report), digests)
        order = pc.sort_indices(metadata["doc_id"])
        ids = one_array(metadata["doc_id"].take(order))
    metadata = metadata.drop_columns(["doc_id", "line"]).take(order).combine_chunks()
    rows: Int64 = order.to_numpy().astype("int64")
    return metadata.add_column(0, METADATA.field("doc_id"), ids), rows


def joined_metadata(parts: list[pa.Table]) -> pa.Table:
    """Return the facts of ``metadata_of`` as one table, in the order of reading."""
    return pa.table({item.name: _column(parts, item) for item in METADATA})


def _column(parts: list[pa.Table], item: pa.Field) -> pa.ChunkedArray:
    """Join a column of facts; one that is all null stays of type null."""
    chunks = [chunk for each in parts for chunk in each[item.name].chunks]
    kinds = {chunk.type for chunk in chunks} - {pa.null()}
    if not kinds:
        count = sum(map(len, chunks))
        return pa.chunked_array([pa.nulls(count) if count else pa.array([], item.type)])
    (kind,) = kinds
    joined = pa.chunked_array([chunk.cast(kind) for chunk in chunks], kind)
    return joined.unify_dictionaries() if pa.types.is_dictionary(kind) else joined
