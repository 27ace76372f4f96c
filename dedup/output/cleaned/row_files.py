"""The file of cleaned rows: JSON lines, or Parquet whose columns are laid out before."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from dedup.core.arrays import Bool, Int64
from dedup.output.cleaned.layout import Layout, Part, text_column
from dedup.output.cleaned.originals import Originals, Some
from dedup.output.cleaned.rows import (
    GROUP_BYTES,
    GROUP_ROWS,
    METADATA,
    METADATA_TYPE,
    JsonRows,
    Opener,
    parsed,
)
from dedup.schema import CORPUS

_METADATA = pa.schema(list(METADATA_TYPE))
_TEXT = CORPUS.get_field_index("text")


@dataclass(frozen=True, slots=True)
class Chosen:
    """Those of some documents that are written as rows: their places, what was found, the text."""

    places: list[int]
    documents: list[dict[str, Any]]
    sources: list[dict[str, Any]]
    texts: list[str]


class RowFile(Protocol):
    """A file that takes rows, some at a time."""

    def add(self, some: Some, chosen: Chosen) -> list[dict[str, str]]:
        """Write rows; return the names of the columns of each.

        They are those of the text, of what was found (``dedup``), and of the text in the ``input``.
        """
        ...

    def close(self) -> None:
        """Write what is left."""
        ...


class JsonFile:
    """Rows as JSON lines."""

    def __init__(self, open: Opener) -> None:
        self._rows = JsonRows(open)

    def add(self, some: Some, chosen: Chosen) -> list[dict[str, str]]:
        """Write rows; return the names of the columns of each."""
        each = zip(chosen.sources, chosen.documents, chosen.texts, strict=True)
        return [self._rows.add(source, document, text) for source, document, text in each]

    def close(self) -> None:
        """Do nothing: every line is written."""


def lay_out(
    layout: Layout, originals: Originals, written: Bool, runs: Iterator[tuple[int, int]]
) -> None:
    """Take the columns of the rows that are written into account, in order of id.

    First come those of the first row, then those of values as they are met, and at last those of
    other Arrow data, whether a row of it is written or not.
    """
    if originals.lay_out(layout):
        return
    kinds: list[tuple[str, pa.Schema]] = []
    is_first = True
    for low, high in runs:
        parts = originals.take(low, high).parts()
        chosen = [np.flatnonzero(written[low:high][places]) for places, _ in parts]
        if is_first and any(map(len, chosen)):
            firsts = [
                int(places[rows[0]]) if len(rows) else high
                for (places, _), rows in zip(parts, chosen, strict=True)
            ]
            _see_kind(layout, parts[int(np.argmin(firsts))][1])
            is_first = False
        for (_, (documents, columns)), rows in zip(parts, chosen, strict=True):
            if columns is not None:
                _add_kind(kinds, (text_column(documents), columns.schema))
            elif len(rows):
                layout.see((documents.take(pa.array(rows)), None))
    for given, schema in kinds:
        layout.see_schema(given, schema)


def _see_kind(layout: Layout, part: Part) -> None:
    """Take the columns of Arrow data into account; values are seen as they are met."""
    documents, columns = part
    if columns is not None:
        layout.see_schema(text_column(documents), columns.schema)


def _add_kind(kinds: list[tuple[str, pa.Schema]], kind: tuple[str, pa.Schema]) -> None:
    if not any(kind[0] == given and kind[1].equals(schema) for given, schema in kinds):
        kinds.append(kind)


@dataclass(slots=True)
class TableFile:
    """Rows as Parquet, in the columns of a layout that is settled."""

    open: Opener
    stack: ExitStack
    layout: Layout
    _tables: list[pa.Table] = field(default_factory=list)
    _rows: int = 0
    _bytes: int = 0
    _writer: pq.ParquetWriter | None = None

    def add(self, some: Some, chosen: Chosen) -> list[dict[str, str]]:
        """Take rows; return the names of the columns of each. Raises ``Misfit``."""
        if not chosen.places:
            return []
        wanted = np.full(len(some.documents), -1, np.int64)
        wanted[chosen.places] = np.arange(len(chosen.places))
        facts = [{name: each[name] for name in METADATA} for each in chosen.documents]
        found = pa.Table.from_pylist(facts, _METADATA)
        texts = pa.array(chosen.texts, pa.large_string())
        tables, order, givens = [], [], [""] * len(chosen.places)
        for places, part in some.parts():
            own = np.flatnonzero(wanted[places] >= 0)
            if not len(own):
                continue
            numbers = wanted[places[own]]
            part = _with_texts(_taken(part, own), texts.take(pa.array(numbers)))
            tables.append(self.layout.fit(part, found.take(pa.array(numbers))))
            order.append(numbers)
            for number, given in zip(numbers.tolist(), _givens(part), strict=True):
                givens[number] = given
        back = np.argsort(np.concatenate(order), kind="stable")
        self._take(pa.concat_tables(tables).unify_dictionaries().take(pa.array(back)))
        return [{**self.layout.names, "input": given} for given in givens]

    def _take(self, table: pa.Table) -> None:
        """Hold rows back until they make a group."""
        while len(table):
            some = table.slice(0, GROUP_ROWS - self._rows)
            table = table.slice(len(some))
            self._tables.append(some)
            self._rows += len(some)
            self._bytes += some.nbytes
            if self._rows >= GROUP_ROWS or self._bytes >= GROUP_BYTES:
                self._write()

    def close(self) -> None:
        """Write what is left, and the end of the file."""
        if self._tables:
            self._write()
        if self._writer is not None:
            self._writer.close()

    def _write(self) -> None:
        table = pa.concat_tables(self._tables).unify_dictionaries()
        for place, item in enumerate(table.schema):
            if pa.types.is_dictionary(item.type) and not item.type.ordered:
                # By first use, so that the bytes do not depend on the order of the input.
                values = table.column(place).cast(item.type.value_type).combine_chunks()
                encoded = values.dictionary_encode().cast(item.type)
                table = table.set_column(place, item, encoded)
        if self._writer is None:
            schema = self.layout.schema
            self._writer = self.stack.enter_context(pq.ParquetWriter(self.open(), schema))
        self._writer.write_table(table.combine_chunks())
        self._tables, self._rows, self._bytes = [], 0, 0


def _taken(part: Part, rows: Int64) -> Part:
    documents, columns = part
    chosen = pa.array(rows)
    return documents.take(chosen), None if columns is None else columns.take(chosen)


def _with_texts(part: Part, texts: pa.Array) -> Part:
    documents, columns = part
    return documents.set_column(_TEXT, CORPUS.field("text"), texts), columns


def _givens(part: Part) -> list[str]:
    """Return what the text of each row was called."""
    documents, columns = part
    if columns is not None:
        return [text_column(documents)] * len(documents)
    return [parsed(each)[0] for each in documents.column("record").to_pylist()]
