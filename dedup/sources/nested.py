"""Columns of Arrow data as texts and values: lists of strings, fields inside objects, odd bytes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from dedup.sources.rows import joined


def is_text(kind: pa.DataType) -> bool:
    """Tell whether a column of this type holds texts; bytes are taken for UTF-8."""
    if pa.types.is_dictionary(kind):
        return is_text(kind.value_type)
    return str(kind) in _TEXTS


_TEXTS = {"string", "large_string", "string_view", "binary", "large_binary", "binary_view"}


def inner_fields(item: pa.Field) -> Iterator[tuple[str, pa.DataType]]:
    """Yield the columns inside a column of objects, under dotted names, and their types."""
    if pa.types.is_struct(item.type):
        for place in range(item.type.num_fields):
            part = item.type.field(place)
            name = f"{item.name}.{part.name}"
            yield name, part.type
            yield from inner_fields(part.with_name(name))


def is_paragraphs(kind: pa.DataType) -> bool:
    """Tell whether a column of this type holds lists of strings, which are read as paragraphs."""
    is_list = pa.types.is_list(kind) or pa.types.is_large_list(kind)
    return (is_list or pa.types.is_fixed_size_list(kind)) and is_text(kind.value_type)


def with_texts(batch: pa.RecordBatch, name: str) -> pa.RecordBatch:
    """Return rows with ``name`` as a column of strings, where it is one of lists or inside objects.

    What is taken out of objects is no longer in them.
    """
    if name not in batch.schema.names and "." in name:
        batch = _unnested(batch, name)
    place = batch.schema.get_field_index(name)
    if place < 0 or not is_paragraphs(batch.schema.field(place).type):
        return batch
    field = batch.schema.field(place).with_type(pa.large_string())
    return batch.set_column(place, field, joined_lists(batch.column(place)))


def joined_lists(column: pa.Array) -> pa.Array:
    """Return lists of strings as texts of paragraphs."""
    lists = python_values(column)
    texts = [None if each is None else joined(list(map(_decoded, each))) for each in lists]
    return pa.array(texts, pa.large_string())


def _decoded(value: Any) -> Any:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else value


def _unnested(batch: pa.RecordBatch, name: str) -> pa.RecordBatch:
    first, _, rest = name.partition(".")
    place = batch.schema.get_field_index(first)
    if place < 0 or not pa.types.is_struct(batch.schema.field(place).type):
        return batch
    outer, taken = _cut_out(batch.column(place), rest)
    if taken is None:
        return batch
    if outer is None:
        batch = batch.remove_column(place)
    else:
        batch = batch.set_column(place, pa.field(first, outer.type), outer)
    return batch.append_column(name, taken)


def _cut_out(column: pa.StructArray, name: str) -> tuple[pa.Array | None, pa.Array | None]:
    """Return a column of objects without one of their fields, and that; nothing stands for none."""
    first, _, rest = name.partition(".")
    place = column.type.get_field_index(first)
    if place < 0:
        return column, None
    fields = [column.type.field(each) for each in range(column.type.num_fields)]
    arrays = list(column.flatten())
    if rest:
        if not pa.types.is_struct(fields[place].type):
            return column, None
        inner, taken = _cut_out(arrays[place], rest)
        if taken is None:
            return column, None
    else:
        inner, taken = None, arrays[place]
    if inner is None:
        del fields[place], arrays[place]
    else:
        arrays[place], fields[place] = inner, fields[place].with_type(inner.type)
    if not fields:
        return None, taken
    return pa.StructArray.from_arrays(arrays, fields=fields, mask=column.is_null()), taken


def is_column(schema: pa.Schema, name: str) -> bool:
    """Tell whether a schema has a column, or a field inside objects, of this name."""
    return name in schema.names or any(
        name == each for item in schema for each, _ in inner_fields(item)
    )


def column_at(batch: pa.RecordBatch, name: str) -> pa.Array | None:
    """Return a column, or what a dotted name leads to inside objects; ``None`` for neither."""
    if name in batch.schema.names:
        return batch.column(name)
    first, _, rest = name.partition(".")
    if not rest or first not in batch.schema.names:
        return None
    column = batch.column(first)
    for part in rest.split("."):
        if not pa.types.is_struct(column.type) or column.type.get_field_index(part) < 0:
            return None
        column = pc.struct_field(column, part)
    return column


def valid_utf8(column: pa.Array, kind: pa.DataType) -> tuple[pa.Array, dict[int, bytes]]:
    """Return a text column as ``kind``, and by row the bytes of what was not UTF-8."""
    if pa.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    try:
        clean = column.cast(kind)
        clean.validate(full=True)
    except pa.ArrowInvalid:
        values = column.cast(pa.large_binary()).to_pylist()
    else:
        return clean, {}
    damaged: dict[int, bytes] = {}
    strings: list[str | None] = []
    for row, data in enumerate(values):
        string = None if data is None else data.decode("utf-8", "replace")
        if string is not None and string.encode("utf-8") != data:
            damaged[row] = data
        strings.append(string)
    return pa.array(strings, kind), damaged


def python_values(column: pa.Array) -> list[Any]:
    """Return one column as Python values, as ``python_rows`` does."""
    try:
        values: list[Any] = column.to_pylist()
    except (ValueError, OverflowError, pa.ArrowException):
        if is_text(column.type):
            values = valid_utf8(column, pa.large_string())[0].to_pylist()
        else:
            values = [plain_value(each) for each in column]
    return values


def plain_value(scalar: pa.Scalar) -> Any:
    """Return a value as Python has it; what Python cannot hold is written out."""
    try:
        return scalar.as_py()
    except (ValueError, OverflowError, pa.ArrowException):
        pass
    try:
        return scalar.cast(pa.string()).as_py()
    except (ValueError, OverflowError, pa.ArrowException):
        return None
