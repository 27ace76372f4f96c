"""The columns of a Parquet file whose rows are met part by part and never all held.

Parquet has one schema, so every row is seen once before the first is written.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import pyarrow as pa
import pyarrow.compute as pc

from dedup.core.arrays import clean_string
from dedup.output.cleaned.provenance import free_name
from dedup.output.cleaned.rows import (
    METADATA,
    METADATA_TYPE,
    WHOLE,
    converted,
    has_empty_struct,
    join_columns,
    json_texts,
    mixed_kinds,
    names_of,
    parsed,
)
from dedup.sources.nested import is_paragraphs

# Documents of schema ``CORPUS``; those that were Arrow data with their columns, null for the text.
Part: TypeAlias = tuple[pa.RecordBatch, pa.RecordBatch | None]
Row: TypeAlias = tuple[str, dict[str, Any]]  # the name of the text column, and the values

_ROWS = 1_000
_UNFIT = (pa.ArrowInvalid, pa.ArrowTypeError, OverflowError, UnicodeEncodeError)


class Misfit(Exception):
    """A column has values that no type holds together; it is JSON text from now on."""


def rows_in(documents: pa.RecordBatch) -> Iterator[list[Row]]:
    """Yield the rows of documents that were no Arrow data, some at a time."""
    for low in range(0, len(documents), _ROWS):
        some = documents.slice(low, _ROWS)
        records = [parsed(each) for each in some.column("record").to_pylist()]
        if any(values is None for _, values in records):
            whole = some.select([name for name in WHOLE if name != "text"]).to_pylist()
            records = [
                (given, {name: file.get(name) for name in WHOLE} if values is None else values)
                for (given, values), file in zip(records, whole, strict=True)
            ]
        yield records


@dataclass(slots=True)
class Layout:
    """Columns derived from all rows, and then each part of them in these columns."""

    schema: pa.Schema = field(default_factory=lambda: pa.schema([]))
    names: dict[str, str] = field(default_factory=dict)  # of the columns `text` and `dedup`
    _order: dict[str | None, None] = field(default_factory=dict)  # None is the text
    _givens: set[str] = field(default_factory=set)
    _schemas: list[tuple[str, pa.Schema]] = field(default_factory=list)
    _kinds: dict[str, pa.DataType | None] = field(default_factory=dict)  # None: JSON text
    _clean: dict[str, str] = field(default_factory=dict)  # names without half surrogates
    _mixed: dict[str, pa.DataType | None] = field(default_factory=dict)

    def see(self, part: Part) -> None:
        """Take the columns of some rows into account."""
        documents, columns = part
        if columns is not None:
            self.see_schema(text_column(documents), columns.schema)
            return
        for rows in rows_in(documents):
            self._givens |= {given for given, _ in rows}
            self._meet([None if each == given else each for given, row in rows for each in row])
            for name, values in _by_column(rows).items():
                self._kinds[name] = self._merged(name, values)
        if documents.column("record").null_count:  # whole files; all may lack a site
            for name in WHOLE:
                if name in self._kinds:
                    self._kinds[name] = self._merged(name, [""])

    def see_schema(self, given: str, schema: pa.Schema) -> None:
        """Take Arrow data into account, in which the text is called ``given``."""
        if any(given == name and schema.equals(known) for name, known in self._schemas):
            return
        self._givens.add(given)
        self._schemas.append((given, schema))
        self._meet([None if name == given else name for name in schema.names])

    def _meet(self, names: list[str | None]) -> None:
        self._order |= dict.fromkeys(names)

    def _merged(self, name: str, values: list[Any]) -> pa.DataType | None:
        """Return the type of a column with these values too, ``None`` where there is none."""
        known = self._kinds.get(name, pa.null())
        if known is None:
            return None
        try:
            kind = pa.array(values).type
            fields = [pa.schema([("", each)]) for each in (known, kind)]
            return pa.unify_schemas(fields, promote_options="permissive").field(0).type
        except _UNFIT:
            return None

    def settle(self) -> None:
        """Lay out the columns, in the order in which they were met, `dedup` last."""
        taken: list[str] = []
        for name in self._kinds:
            # Half of a surrogate pair cannot be in the name of a column.
            self._clean[name] = free_name(clean_string(name), taken)
            taken.append(self._clean[name])
        order = [None if name is None else self._clean.get(name, name) for name in self._order]
        others = {name for name in order if name is not None}
        self.names = names_of(self._givens or {"text"}, others)
        tables = [_renamed(schema, given, self.names["text"]) for given, schema in self._schemas]
        if self._kinds:
            kinds = [(self._clean[name], _storable(kind)) for name, kind in self._kinds.items()]
            tables.append(pa.schema(kinds))
        self._mixed = mixed_kinds(tables) if len(tables) > 1 else {}
        joined = join_columns([each.empty_table() for each in tables]).schema
        names = dict.fromkeys(self.names["text"] if name is None else name for name in order)
        fields = [self._field(joined, name) for name in {**names, self.names["text"]: None}]
        fields.append(pa.field(self.names["dedup"], METADATA_TYPE))
        self.schema = pa.schema(fields, joined.metadata)

    def _field(self, joined: pa.Schema, name: str) -> pa.Field:
        place = joined.get_field_index(name)
        if name != self.names["text"] or (
            place >= 0 and not pa.types.is_null(joined.field(place).type)
        ):
            field = joined.field(place)
            is_list = name == self.names["text"] and is_paragraphs(field.type)
            return field.with_type(pa.large_string()) if is_list else field
        return pa.field(name, pa.string())

    def fit(self, part: Part, found: pa.Table) -> pa.Table:
        """Return some rows in the columns laid out, with what was ``found`` of each.

        Raises ``Misfit`` where the layout has to be settled anew.
        """
        documents, columns = part
        if columns is None:
            table = self._of_values(documents)
        else:
            table = pa.Table.from_batches([columns.drop_columns([text_column(documents)])])
        table = converted(table, self._mixed)
        metadata = found.select(list(METADATA)).combine_chunks()
        made = {
            self.names["text"]: _as_kind(
                documents.column("text"), self.schema.field(self.names["text"]).type
            ),
            self.names["dedup"]: pa.StructArray.from_arrays(
                [one_chunk(each) for each in metadata.columns], fields=list(METADATA_TYPE)
            ),
        }
        arrays = [
            made[item.name] if item.name in made else _column(table, item, len(documents))
            for item in self.schema
        ]
        return pa.Table.from_arrays(arrays, schema=self.schema)

    def _of_values(self, documents: pa.RecordBatch) -> pa.Table:
        parts = []
        for rows in rows_in(documents):
            given = _by_column(rows)
            none = [None] * len(rows)
            columns = {
                self._clean[name]: self._array(name, given.get(name, none)) for name in self._kinds
            }
            parts.append(pa.table(columns))
        return pa.concat_tables(parts)

    def _array(self, name: str, values: list[Any]) -> pa.Array:
        kind = self._kinds[name]
        if kind is None or has_empty_struct(kind):
            return json_texts(values)
        try:
            return pa.array(values, kind)
        except _UNFIT as error:  # such as a large integer where others are no integers
            self._kinds[name] = None
            raise Misfit(name) from error


def text_column(documents: pa.RecordBatch) -> str:
    """Return the name that the text of Arrow data had; one reading knows one."""
    name: str = json.loads(documents.column("record")[0].as_py())[0]
    return name


def one_chunk(column: pa.ChunkedArray) -> pa.Array:
    """Return a column of a few rows as one array."""
    return column.combine_chunks() if column.num_chunks != 1 else column.chunk(0)


def _by_column(rows: list[Row]) -> dict[str, list[Any]]:
    """Return the values of each column but the text."""
    names = dict.fromkeys(name for given, row in rows for name in row if name != given)
    return {
        name: [None if name == given else row.get(name) for given, row in rows] for name in names
    }


def _renamed(schema: pa.Schema, given: str, text: str) -> pa.Schema:
    place = schema.get_field_index(given)
    return schema.set(place, schema.field(place).with_name(text))


def _storable(kind: pa.DataType | None) -> pa.DataType:
    return pa.string() if kind is None or has_empty_struct(kind) else kind


def _as_kind(column: pa.Array, kind: pa.DataType) -> pa.Array:
    if pa.types.is_dictionary(kind):
        return pc.dictionary_encode(column.cast(kind.value_type)).cast(kind)
    return column.cast(kind)


def _column(table: pa.Table, item: pa.Field, count: int) -> Any:
    if item.name not in table.column_names:
        return pa.nulls(count, item.type)
    column = table[item.name]
    return column if column.type == item.type else column.cast(item.type)
