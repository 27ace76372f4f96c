"""Arrow tables, of any columns, from the driver to the tasks and back.

They travel as bytes of Arrow's own format, which every version of Spark and Connect can carry.
"""

from __future__ import annotations

from collections.abc import Iterator

import pyarrow as pa

from dedup.spark.frames import Batches, Frame, Session, map_batches

_CELL = "cell"
_PACKED = 1 << 14  # rows of a table that travel as one
_SQL = {
    **{pa.int64(): "bigint", pa.float64(): "double", pa.string(): "string"},
    **{pa.list_(pa.string()): "array<string>", pa.list_(pa.float64()): "array<double>"},
}


def table_to_driver(frame: Frame, schema: pa.Schema) -> pa.Table:
    """Return a data frame as a table, its rows in no order; one partition comes at a time."""

    def pack(batches: Batches) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            yield pa.RecordBatch.from_arrays([_packed(batch)], [_CELL])

    packed = map_batches(frame.select(*schema.names), pack, {_CELL: "binary"})
    parts = [
        pa.ipc.open_stream(bytes(row[0])).read_all().cast(schema)
        for row in packed.toLocalIterator()
    ]
    return pa.concat_tables([schema.empty_table(), *parts]).combine_chunks()


def table_from_driver(session: Session, table: pa.Table) -> Frame:
    """Return a table of the driver as a data frame."""
    whole = table.combine_chunks()
    cells = [_packed(each)[0].as_py() for each in whole.to_batches(max_chunksize=_PACKED)]
    packed = session.createDataFrame([(bytearray(cell),) for cell in cells], f"{_CELL} binary")

    def unpack(batches: Batches) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            for cell in batch.column(0).to_pylist():
                yield from pa.ipc.open_stream(cell)

    return map_batches(packed, unpack, {each.name: _SQL[each.type] for each in table.schema})


def _packed(batch: pa.RecordBatch) -> pa.Array:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, batch.schema) as writer:
        writer.write_batch(batch)
    return pa.array([sink.getvalue().to_pybytes()], pa.large_binary())
