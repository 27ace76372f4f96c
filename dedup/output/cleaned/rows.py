"""Rows with all the columns they came with, the text, and what was found, as JSON lines or Parquet.

JSON lines are written as they come. Parquet has one schema, so its columns are laid out first:
those of Parquet input keep their types and order, those of other input are told by their values.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, BinaryIO

import pyarrow as pa

from dedup.output.cleaned.provenance import free_name, json_line
from dedup.schema import DOCUMENTS
from dedup.sources.nested import python_values

METADATA = ("doc_id", "cluster", "canonical", "kept", "relation", "duplicate_of")
METADATA_TYPE = pa.struct([DOCUMENTS.field(name) for name in METADATA])
WHOLE = ("doc_id", "text", "site", "date")  # the columns of what came without any
GROUP_ROWS = 10_000  # of Parquet, that are held until they are written …
GROUP_BYTES = 64 << 20  # … unless they are as large as this

Source = dict[str, Any]
Opener = Callable[[], BinaryIO]


@dataclass(slots=True)
class JsonRows:
    """Rows as JSON lines."""

    open: Opener
    _file: BinaryIO | None = None

    def add(self, source: Source, document: dict[str, Any], text: str) -> dict[str, str]:
        """Write one row; return the names of its columns."""
        if source["record"] is None:
            given, values = "text", {name: source[name] for name in WHOLE}
        else:
            given, values = json.loads(source["record"])
        columns = names_of({given}, {name for name in values if name != given})
        row = {columns["text"] if name == given else name: values[name] for name in values}
        row[columns["text"]] = text
        row[columns["dedup"]] = {name: document[name] for name in METADATA}
        self._file = self._file or self.open()
        self._file.write(json_line(row))
        return {**columns, "input": given}


def names_of(given: set[str], others: set[str]) -> dict[str, str]:
    """Return the names of the columns of the text, where it has one, and of the result."""
    kept = len(given) == 1 and not given & others
    text = next(iter(given)) if kept else free_name("text", others)
    return {"text": text, "dedup": free_name("dedup", {*others, text})}


def parsed(record: bytes | None) -> tuple[str, Any]:
    """Return the name of the text column, and a row or its number, of whole files nothing."""
    if record is None:
        return "text", None
    given, value = json.loads(record)
    return given, value


def has_empty_struct(kind: pa.DataType) -> bool:
    """Tell whether a type holds objects without keys, which Parquet cannot."""
    if pa.types.is_list(kind):
        return has_empty_struct(kind.value_type)
    if not pa.types.is_struct(kind):
        return False
    inner = (kind.field(each).type for each in range(kind.num_fields))
    return not kind.num_fields or any(map(has_empty_struct, inner))


def json_texts(values: list[Any]) -> pa.Array:
    """Return values as strings of JSON; none stays null."""
    texts = [None if each is None else json_line(each).decode().rstrip("\n") for each in values]
    return pa.array(texts, pa.string())


def join_columns(tables: list[pa.Table]) -> pa.Table:
    """Join tables by the names of their columns; what one of them lacks is null.

    Columns of one name get the type that holds all of their values; where there is none they hold
    JSON text.

    >>> joined = join_columns([pa.table({"n": [1]}), pa.table({"n": ["x"], "m": [0.5]})])
    >>> joined.to_pylist()
    [{'n': '1', 'm': None}, {'n': '"x"', 'm': 0.5}]
    """
    if len(tables) < 2:
        return tables[0] if tables else pa.table({})
    mixed = mixed_kinds(table.schema for table in tables)
    return pa.concat_tables(
        [converted(table, mixed) for table in tables], promote_options="default"
    )


def mixed_kinds(schemas: Iterable[pa.Schema]) -> dict[str, pa.DataType | None]:
    """Return the columns that differ in type, with the type that holds all, ``None`` for text."""
    kinds: dict[str, dict[pa.DataType, None]] = {}
    for item in (item for schema in schemas for item in schema):
        kinds.setdefault(item.name, {})[item.type] = None
    return {
        name: _common(found)
        for name, each in kinds.items()
        if len(found := [kind for kind in each if not pa.types.is_null(kind)]) > 1
    }


_FAMILIES = (
    pa.types.is_signed_integer,
    pa.types.is_unsigned_integer,
    pa.types.is_floating,
)


def _common(kinds: list[pa.DataType]) -> pa.DataType | None:
    """Return the type that holds all values of some types without loss, if there is one."""
    if all(pa.types.is_string(kind) or pa.types.is_large_string(kind) for kind in kinds):
        return pa.large_string()
    if any(all(map(family, kinds)) for family in _FAMILIES):
        return max(kinds, key=lambda kind: kind.bit_width)
    return None


def converted(table: pa.Table, mixed: dict[str, pa.DataType | None]) -> pa.Table:
    """Return a table with the types of ``mixed`` (``None``: JSON text), null allowed anywhere."""
    for place, item in enumerate(table.schema):
        column = table.column(place)
        if item.name in mixed and not pa.types.is_null(item.type):
            kind = mixed[item.name]
            values = (value for chunk in column.chunks for value in python_values(chunk))
            column = json_texts(list(values)) if kind is None else column.cast(kind)
        table = table.set_column(
            place, pa.field(item.name, column.type, True, item.metadata), column
        )
    return table
