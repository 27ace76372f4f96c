"""Arrow data, from Parquet files or in memory, → batches of schema ``CORPUS``, by columns."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any, BinaryIO, NamedTuple

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from dedup.core.arrays import Int64, clean_string
from dedup.errors import InputError
from dedup.schema import CORPUS
from dedup.sources.batches import host
from dedup.sources.nested import (
    column_at,
    inner_fields,
    is_column,
    is_paragraphs,
    is_text,
    joined_lists,
    plain_value,
    python_values,
    valid_utf8,
    with_texts,
)
from dedup.sources.options import MEMORY, PROBE, Columns, Probe, Run, Source

# The size a Parquet file states is that of its encoded pages; equal texts may unfold far beyond it.
_MOST_ROWS = 2_048
BUFFER = 1 << 20


class Rows(NamedTuple):
    """Rows as columns, and the number or line of each; ``valid`` if all strings are UTF-8."""

    batch: pa.RecordBatch
    lines: Int64
    valid: bool = False

    @classmethod
    def from_number(cls, start: int, batch: pa.RecordBatch) -> Rows:
        """Return the rows of ``batch``, numbered from ``start``."""
        return cls(batch, np.arange(start, start + len(batch)))


def read_parquet(
    file: BinaryIO | str, source: Source, run: Run, size: int
) -> Iterator[pa.RecordBatch]:
    """Yield the documents of a Parquet file; ``size`` is how many bytes a batch should have."""
    try:
        # Without these the reader holds all row groups it is going to read.
        with pq.ParquetFile(file, buffer_size=BUFFER, pre_buffer=False) as parquet:
            yield from _parquet_batches(parquet, source, run, size)
    except (pa.ArrowException, OSError) as error:
        run.tally.fail("broken_parquet", source.path, str(error))


def _parquet_batches(parquet: Any, source: Source, run: Run, size: int) -> Iterator[pa.RecordBatch]:
    found = columns_of(parquet, source, run, size)
    if found is None:
        return
    columns, names, rows = found
    start = 1
    for batch in parquet.iter_batches(rows, columns=names):
        yield documents(Rows.from_number(start, batch), columns, source, run)
        start += len(batch)


def columns_of(
    parquet: Any, source: Source, run: Run, size: int
) -> tuple[Columns, list[str] | None, int] | None:
    """Settle the columns of a Parquet file; return them, those to read, and the rows of a batch.

    ``None`` where it has no rows, or is set aside.
    """
    schema, total = parquet.schema_arrow, parquet.metadata.num_rows
    if not total or not run.told_apart(source, schema.names):
        return None
    groups = (parquet.metadata.row_group(each) for each in range(parquet.num_row_groups))
    width = sum(each.total_byte_size for each in groups) / total
    rows = max(1, min(_MOST_ROWS, int(size / max(width, 1))))
    texts = [item.name for item in schema if is_text(item.type) or is_paragraphs(item.type)]
    head = next(parquet.iter_batches(min(rows, PROBE), columns=texts or schema.names[:1]))
    columns = settle(schema, head, source, run)
    if columns is None:
        return None
    wanted = [name for name in columns.names() if is_column(schema, name)]
    return columns, None if run.options.keep_record else wanted, rows


def parquet_schema(file: Any) -> pa.Schema:
    """Return the columns that rows of a Parquet file are kept with."""
    return without_views(pq.read_schema(file).empty_table()).schema


def settle(schema: pa.Schema, head: pa.RecordBatch, source: Source, run: Run) -> Columns | None:
    """Settle the columns of Arrow data by its first rows; ``head`` may lack what is no text."""
    if not run.told_apart(source, schema.names):
        return None
    head = head.slice(0, PROBE)
    total = len(head)
    probe = Probe(total, Counter(dict.fromkeys(schema.names, total)), Counter(), header=True)
    for item in schema:
        if is_text(item.type) or is_paragraphs(item.type):
            filled = total - head.column(item.name).null_count
            probe.present[item.name] = probe.strings[item.name] = filled
        if pa.types.is_struct(item.type):
            probe.objects.add(item.name)
        for name, kind in inner_fields(item):
            probe.present[name] = total
            probe.strings[name] = total * (is_text(kind) or is_paragraphs(kind))
    return run.settle(source, list(dict.fromkeys([*schema.names, *probe.present])), probe)


def usable_texts(column: pa.Array) -> pa.Array:
    """Return the texts of the rows that ``documents`` uses."""
    if is_paragraphs(column.type):
        column = joined_lists(column)
    if not is_text(column.type):
        return pa.array([], pa.large_string())
    return valid_utf8(column.drop_null(), pa.large_string())[0]


def documents(rows: Rows, columns: Columns, source: Source, run: Run) -> pa.RecordBatch:
    """Return the usable rows as documents."""
    batch, lines, valid = rows
    if not valid:
        batch = with_texts(batch, columns.text)
    if columns.text not in batch.schema.names:  # of objects that have no such field here
        batch = batch.append_column(columns.text, pa.nulls(len(batch)))
    column = batch.column(columns.text)
    if is_text(column.type) or pa.types.is_null(column.type):
        usable, reason = column.is_valid(), "missing_text"
    else:
        usable, reason = pa.array(np.zeros(len(batch), np.bool_)), "text_not_a_string"
    unusable = lines[~usable.to_numpy(zero_copy_only=False)]
    if len(unusable):
        places = (source.place(line) for line in unusable[:5].tolist())
        run.tally.skip_many(reason, places, len(unusable))
        batch, lines = batch.filter(usable), lines[usable.to_numpy(zero_copy_only=False)]
    run.tally.read_report.read += len(batch)
    if not len(batch):
        return pa.RecordBatch.from_pylist([], CORPUS)
    return _assembled(Rows(batch, lines, valid), columns, source, run)


def _assembled(rows: Rows, columns: Columns, source: Source, run: Run) -> pa.RecordBatch:
    batch, lines, _ = rows
    text, raw = _texts(rows, columns, source, run)
    in_memory = source.kind == MEMORY
    numbers = pa.array(lines)
    made = {
        "doc_id": _ids(as_strings(batch, columns.id), source, numbers, columns),
        "text": text,
        "path": _constant(None if in_memory else clean_string(source.path), len(batch)),
        "line": pa.nulls(len(batch), pa.int64()) if in_memory else numbers,
        "site": _sites(batch, columns),
        "url": as_strings(batch, columns.url),
        "date": as_strings(batch, columns.date),
        "priority": as_strings(batch, columns.priority),
        "encoding": _constant("utf-8", len(batch)),
        "raw": raw,
        "record": _records(batch, columns, run),
    }
    return pa.RecordBatch.from_arrays([made[name] for name in CORPUS.names], schema=CORPUS)


def _constant(value: str | None, count: int) -> pa.Array:
    return pa.repeat(pa.scalar(value, pa.string()), count)


def _texts(rows: Rows, columns: Columns, source: Source, run: Run) -> tuple[pa.Array, pa.Array]:
    """Return the texts, and the bytes of those that were not UTF-8."""
    column, count = rows.batch.column(columns.text), len(rows.batch)
    if rows.valid:
        return column.cast(pa.large_string()), pa.nulls(count, pa.large_binary())
    clean, damaged = valid_utf8(column, pa.large_string())
    if not damaged:
        return clean, pa.nulls(count, pa.large_binary())
    raw: list[bytes | None] = [None] * count
    for row, data in damaged.items():
        run.tally.damage("invalid_utf8", *source.place(int(rows.lines[row])))
        raw[row] = data
    return clean, pa.array(raw, pa.large_binary())


def as_strings(batch: pa.RecordBatch, name: str | None) -> pa.Array:
    """Return a column as strings: numbers written out, dates in ISO form, the rest null."""
    column = None if name is None else column_at(batch, name)
    if column is None:
        return pa.nulls(len(batch), pa.string())
    kind = column.type
    if is_text(kind):
        return valid_utf8(column, pa.string())[0]
    if pa.types.is_timestamp(kind):
        # Nanoseconds have no Python type without pandas.
        micro = column.cast(pa.timestamp("us", kind.tz), safe=False)
        dates = (plain_value(each) for each in micro)  # Python ends with the year 9999
        texts = [each.isoformat() if hasattr(each, "isoformat") else each for each in dates]
        return pa.array(texts, pa.string())
    try:
        return column.cast(pa.string())
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        return pa.nulls(len(batch), pa.string())


def _ids(given: pa.Array, source: Source, numbers: pa.Array, columns: Columns) -> pa.Array:
    counted = numbers.cast(pa.string())
    if source.kind != MEMORY:
        counted = pc.binary_join_element_wise(pa.scalar(source.name), counted, ":")
    elif columns.id is not None:  # a bare number could be the id of another one
        counted = pc.binary_join_element_wise(pa.scalar("document"), counted, " ")
    usable = pc.fill_null(pc.not_equal(given, ""), False)
    return pc.if_else(usable, given, counted)


def _sites(batch: pa.RecordBatch, columns: Columns) -> pa.Array:
    sites = as_strings(batch, columns.site)
    usable = pc.fill_null(pc.not_equal(sites, ""), False)
    urls = as_strings(batch, columns.url)
    hosts: Any = pa.scalar(None, pa.string())
    if urls.null_count < len(urls) and not pc.all(usable).as_py():
        hosts = pa.array([host(each) for each in urls.to_pylist()], pa.string())
    return pc.if_else(usable, sites, hosts)


def _records(batch: pa.RecordBatch, columns: Columns, run: Run) -> pa.Array:
    """Return the name of the text column and each row without its text, as JSON.

    With ``keep_columns`` the number of the row stands for it.
    """
    if not run.options.keep_record:
        return pa.nulls(len(batch), pa.large_binary())
    place = batch.schema.get_field_index(columns.text)
    if run.options.keep_columns:
        return _numbers(batch, place, run)
    others = batch.set_column(place, columns.text, pa.nulls(len(batch)))
    rows = [orjson.dumps([columns.text, row], default=str) for row in python_rows(others)]
    return pa.array(rows, pa.large_binary())


def _numbers(batch: pa.RecordBatch, place: int, run: Run) -> pa.Array:
    """Keep the rows as they are, but for the text, and return where each is kept, as JSON."""
    text = batch.schema.field(place)
    others = batch.set_column(place, text, pa.nulls(len(batch), text.type))
    (plain,) = without_views(pa.Table.from_batches([others])).to_batches()
    first = run.keep(plain)
    numbers = pa.array(np.arange(first, first + len(batch))).cast(pa.string())
    begin = f"[{orjson.dumps(text.name).decode()},"
    return pc.binary_join_element_wise(begin, numbers, "]", "").cast(pa.large_binary())


def python_rows(batch: pa.RecordBatch) -> list[dict[str, Any]]:
    """Return the rows as Python values; what Python cannot hold is written out."""
    try:
        rows: list[dict[str, Any]] = batch.to_pylist()
    except (ValueError, OverflowError, pa.ArrowException):
        values = zip(*(python_values(each) for each in batch.columns), strict=True)
        rows = [dict(zip(batch.schema.names, row, strict=True)) for row in values]
    return rows


def arrow_batches(documents: Any) -> Iterator[pa.RecordBatch] | None:
    """Return the batches of anything that speaks Arrow, or ``None`` for what does not.

    A column by itself becomes a table of one column, ``text``.
    """
    table = _table(documents)
    if table is None:
        return None
    batches: Iterator[pa.RecordBatch] = iter(without_views(table).to_batches())
    return batches


def without_views(table: pa.Table) -> pa.Table:
    """Return the table with plain strings where polars has views of strings."""
    for index, item in enumerate(table.schema):
        is_dictionary = pa.types.is_dictionary(item.type)
        kind = str(item.type.value_type if is_dictionary else item.type)
        if kind not in _VIEWS:
            continue
        column, chunks = table.column(index), []
        for chunk in column.chunks:
            values = (chunk.dictionary if is_dictionary else chunk).cast(_VIEWS[kind])
            chunks.append(values.take(chunk.indices) if is_dictionary else values)
        plain = item.with_type(_VIEWS[kind])
        table = table.set_column(index, plain, pa.chunked_array(chunks, plain.type))
    return table


_VIEWS = {"string_view": pa.large_string(), "binary_view": pa.large_binary()}


def _table(documents: Any) -> pa.Table | None:
    if isinstance(documents, pa.Table):
        return documents
    if isinstance(documents, pa.Array | pa.ChunkedArray):
        return pa.table({"text": documents})
    if isinstance(documents, pa.RecordBatch):
        return pa.Table.from_batches([documents])
    if hasattr(documents, "__arrow_c_stream__") or hasattr(documents, "__arrow_c_array__"):
        return _imported(documents)
    family, kind = type(documents).__module__.partition(".")[0], type(documents).__name__
    if family == "polars" and kind == "LazyFrame":
        raise InputError("documents: got a LazyFrame, which holds no rows yet; call .collect()")
    if family == "pandas" and hasattr(documents, "to_frame"):  # a series before pandas 3
        return pa.table({"text": _series(documents)})
    if family in ("pandas", "polars"):
        raise InputError(
            f"this {family} is too old to hand over {kind} through Arrow; "
            "update it, or give a list of texts or of dicts"
        )
    return None


def _series(documents: Any) -> pa.Array:
    try:
        return pa.array(documents, from_pandas=True)
    except (pa.ArrowException, TypeError, ValueError) as error:
        raise InputError(f"Series cannot be read through Arrow: {error}") from error


def _imported(documents: Any) -> pa.Table:
    try:
        return pa.table(documents)
    except (pa.ArrowException, TypeError, ValueError):
        pass  # a series, which is a column and no table
    try:
        if hasattr(documents, "__arrow_c_stream__"):
            return pa.table({"text": pa.chunked_array(documents)})
        return pa.table({"text": pa.array(documents)})
    except (pa.ArrowException, TypeError, ValueError) as error:
        raise InputError(
            f"{type(documents).__name__} cannot be read through Arrow: {error}"
        ) from error
