"""Rows with all the columns they came with, the text, and what was found, as JSON lines or Parquet.

JSON lines are written as they come. Parquet has one schema, so its columns are laid out first:
those of Parquet input keep their types and order, those of other input are told by their values.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any, BinaryIO, Protocol

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from dedup.core.arrays import Int64, clean_string
from dedup.output.cleaned.provenance import free_name, json_line
from dedup.schema import DOCUMENTS, Corpus
from dedup.sources.nested import python_values

METADATA = ("doc_id", "cluster", "canonical", "kept", "relation", "duplicate_of")
METADATA_TYPE = pa.struct([DOCUMENTS.field(name) for name in METADATA])
WHOLE = ("doc_id", "text", "site", "date")  # the columns of what came without any
GROUP_ROWS = 10_000

Source = dict[str, Any]
Opener = Callable[[], BinaryIO]


class RowFile(Protocol):
    """A file that takes rows one by one."""

    def add(self, source: Source, document: dict[str, Any], text: str) -> dict[str, str]:
        """Write one row; return the names of its columns.

        They are those of the text, of what was found (``dedup``), and of the text in the ``input``.
        """
        ...

    def close(self) -> None:
        """Write what is left."""
        ...


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

    def close(self) -> None:
        """Do nothing: every line is written."""


def names_of(given: set[str], others: set[str]) -> dict[str, str]:
    """Return the names of the columns of the text, where it has one, and of the result."""
    kept = len(given) == 1 and not given & others
    text = next(iter(given)) if kept else free_name("text", others)
    return {"text": text, "dedup": free_name("dedup", {*others, text})}


@dataclass(slots=True)
class TableRows:
    """Rows as Parquet; they must be added in the order of the calls of ``of``."""

    open: Opener
    stack: ExitStack
    columns: dict[str, str]
    givens: list[str]
    stock: Stock  # all rows there are, in the columns they came with; the text is null
    places: Int64  # positions of those to be written
    schema: pa.Schema
    _texts: list[str] = field(default_factory=list)
    _facts: list[dict[str, Any]] = field(default_factory=list)
    _written: int = 0
    _writer: pq.ParquetWriter | None = None

    @classmethod
    def of(cls, corpus: Corpus, rows: Int64, open: Opener, stack: ExitStack) -> TableRows:
        """Lay out the columns for some rows of a corpus; ``stack`` closes what is opened."""
        found = _Gathered.of(corpus, rows)
        columns = names_of(set(found.givens), found.others())
        joined = found.joined(columns["text"])
        place = joined.schema.get_field_index(columns["text"])
        schema = joined.schema
        if place < 0:
            schema = schema.append(pa.field(columns["text"], pa.string()))
        elif pa.types.is_null(schema.field(place).type):
            schema = schema.set(place, schema.field(place).with_type(pa.string()))
        schema = schema.append(pa.field(columns["dedup"], METADATA_TYPE))
        return cls(open, stack, columns, found.givens, Stock.of(joined), found.places, schema)

    def add(self, source: Source, document: dict[str, Any], text: str) -> dict[str, str]:
        """Take one row; return the names of its columns."""
        given = self.givens[self._written + len(self._texts)]
        self._texts.append(text)
        self._facts.append({name: document[name] for name in METADATA})
        if len(self._texts) >= GROUP_ROWS:
            self._write()
        return {**self.columns, "input": given}

    def close(self) -> None:
        """Write what is left, and the end of the file."""
        if self._texts:
            self._write()
        if self._writer is not None:
            self._writer.close()

    def _write(self) -> None:
        end = self._written + len(self._texts)
        rows = self.stock.take(self.places[self._written : end])
        name = self.columns["text"]
        made = {
            name: pa.array(self._texts, self.schema.field(name).type),
            self.columns["dedup"]: pa.array(self._facts, METADATA_TYPE),
        }
        arrays = [made[each] if each in made else rows[each] for each in self.schema.names]
        if self._writer is None:
            self._writer = self.stack.enter_context(pq.ParquetWriter(self.open(), self.schema))
        self._writer.write_table(pa.Table.from_arrays(arrays, schema=self.schema))
        self._written = end
        self._texts, self._facts = [], []


@dataclass(frozen=True, slots=True)
class Stock:
    """The rows of a table that some are taken from again and again.

    ``Table.take`` joins all chunks of a column each time, and cannot above 2 GB of strings.
    """

    batches: list[pa.RecordBatch]
    ends: Int64

    @classmethod
    def of(cls, table: pa.Table) -> Stock:
        """Cut a table where its columns are cut."""
        batches = table.to_batches()
        return cls(batches, np.cumsum([len(each) for each in batches], dtype=np.int64))

    def take(self, places: Int64) -> pa.Table:
        """Return some rows, in the order asked for."""
        owners = np.searchsorted(self.ends, places, side="right")
        order = np.argsort(owners, kind="stable")
        parts = []
        for some in np.split(order, np.flatnonzero(np.diff(owners[order])) + 1):
            owner = int(owners[some[0]])
            batch = self.batches[owner]
            first = self.ends[owner] - len(batch)
            parts.append(batch.take(pa.array(places[some] - first)))
        back = np.empty(len(order), np.int64)
        back[order] = np.arange(len(order))
        found = pa.Table.from_batches(parts).unify_dictionaries().take(pa.array(back))
        for place, item in enumerate(found.schema):
            if pa.types.is_dictionary(item.type) and not item.type.ordered:
                # By first use, so that the bytes do not depend on the order of the input.
                values = found.column(place).cast(item.type.value_type).combine_chunks()
                found = found.set_column(place, item, values.dictionary_encode().cast(item.type))
        return found


@dataclass(slots=True)
class _Gathered:
    """Tables with the columns of rows; for each row its text column and its position."""

    tables: list[tuple[str, pa.Table]]
    givens: list[str]
    places: Int64

    @classmethod
    def of(cls, corpus: Corpus, rows: Int64) -> _Gathered:
        """Gather the columns of some rows of a corpus: Arrow data, objects, then whole files."""
        names = ["record", *(name for name in WHOLE if name != "text")]
        taken = corpus.table.select(names).take(pa.array(rows))
        records = [parsed(each) for each in taken["record"].to_pylist()]
        kinds = np.array([_KINDS.index(type(value)) for _, value in records], np.int64)
        numbered, objects, whole = (np.flatnonzero(kinds == each) for each in range(3))
        made = cls([], [given for given, _ in records], np.zeros(len(rows), np.int64))
        if len(numbered):
            parts = groupby(corpus.rows, key=lambda batch: batch.schema)
            made._add([pa.Table.from_batches(list(each)) for _, each in parts], numbered)
            made.places[numbered] = [records[row][1] for row in numbered]
        if len(objects):
            for given in dict.fromkeys(records[row][0] for row in objects):
                some = np.array([row for row in objects if records[row][0] == given], np.int64)
                made._add([_columns([records[row][1] for row in some])], some)
        if len(whole):
            files = taken.take(pa.array(whole)).drop_columns(["record"])
            made._add([files.add_column(1, "text", pa.nulls(len(files)))], whole)
        return made

    def _add(self, tables: list[pa.Table], rows: Int64) -> None:
        """Add tables that follow each other; ``rows`` are numbered through all of them."""
        first = sum(len(table) for _, table in self.tables)
        self.places[rows] = np.arange(first, first + len(rows))
        given = self.givens[int(rows[0])]  # all of these rows call their text so
        self.tables += [(given, table) for table in tables]

    def others(self) -> set[str]:
        """Return the names of all columns but those of the text."""
        return {name for given, table in self.tables for name in table.column_names} - {
            given for given, _ in self.tables
        }

    def joined(self, text: str) -> pa.Table:
        """Return all tables as one, in which the text is called ``text``.

        Columns stand as in the table that the first row is of, then what others have besides.
        """
        tables = [
            table.rename_columns([text if name == given else name for name in table.column_names])
            for given, table in self.tables
        ]
        ends = np.cumsum([len(table) for table in tables], dtype=np.int64)
        used, first = np.unique(np.searchsorted(ends, self.places, "right"), return_index=True)
        order = dict.fromkeys([*used[np.argsort(first)].tolist(), *range(len(tables))])
        names = dict.fromkeys(name for each in order for name in tables[each].column_names)
        return join_columns(tables).select(list(names))


_KINDS = (int, dict, type(None))


def parsed(record: bytes | None) -> tuple[str, Any]:
    """Return the name of the text column, and a row or its number, of whole files nothing."""
    if record is None:
        return "text", None
    given, value = json.loads(record)
    return given, value


def _columns(rows: list[dict[str, Any]]) -> pa.Table:
    """Lay rows of JSON values out as columns; a column of mixed kinds holds them as JSON text."""
    columns: dict[str, pa.Array] = {}
    for name in dict.fromkeys(name for row in rows for name in row):
        values = [row.get(name) for row in rows]
        try:
            column = pa.array(values)
        except (pa.ArrowInvalid, pa.ArrowTypeError, OverflowError, UnicodeEncodeError):
            column = json_texts(values)
        # Half of a surrogate pair cannot be in the name of a column.
        name = free_name(clean_string(name), columns)
        columns[name] = json_texts(values) if has_empty_struct(column.type) else column
    return pa.table(columns)


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
