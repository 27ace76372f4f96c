"""The input rows of a scan, read once more and written with the result of each.

Nothing of the corpus is held: rows are met in the order in which they were read, and the table of
documents says which of them stay.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from typing import BinaryIO, Protocol

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from dedup.core.arrays import Int64
from dedup.errors import InputError
from dedup.output.cleaned.layout import Layout, Misfit, Part, one_chunk, text_column
from dedup.output.cleaned.rows import GROUP_BYTES, GROUP_ROWS, METADATA, WHOLE, JsonRows
from dedup.output.cleaned.stock import Stock
from dedup.result import Result
from dedup.schema import CORPUS

Told = Callable[[int], object]

_ROWS = 1_000


class Again(Protocol):
    """Inputs that can be read once more, all columns of their rows included."""

    def check(self) -> None:
        """Raise ``InputError`` that names an input which has changed."""
        ...

    def parts(self) -> Generator[Part, None, None]:
        """Yield the documents, in the order in which they were read before."""
        ...

    def schemas(self, paths: set[str]) -> list[pa.Schema] | None:
        """Return the columns of the inputs ``paths`` where all of them state theirs."""
        ...


def write_rows(
    file: BinaryIO,
    result: Result,
    again: Again,
    *,
    format: str = "jsonl",
    annotate: bool = False,
    told: Told | None = None,
) -> int:
    """Write the rows that are kept, with ``annotate`` all, in order of reading; return how many.

    They have the columns they came with, and last ``dedup``, as in a cleaned folder. ``told`` is
    told the number of documents gone through since its last call. Raises ``InputError`` where an
    input is not what was scanned.
    """
    again.check()
    written = _Written(result, again, annotate, told or (lambda count: None))
    count = written.as_table(file) if format == "parquet" else written.as_lines(file)
    again.check()
    return count


@dataclass(frozen=True, slots=True)
class _Written:
    """What is written: a result, its documents read once more, all of them or those kept."""

    result: Result
    again: Again
    annotate: bool
    told: Told

    def as_lines(self, file: BinaryIO) -> int:
        """Write JSON lines."""
        rows, count = JsonRows(lambda: file), 0
        for documents, _, found in self._parts():
            some = documents.select([*WHOLE, "record"])
            for low in range(0, len(documents), _ROWS):
                metadata = found.slice(low, _ROWS).to_pylist()
                sources = some.slice(low, _ROWS).to_pylist()
                for source, fact in zip(sources, metadata, strict=True):
                    rows.add(source, fact, source["text"])
            count += len(documents)
        return count

    def as_table(self, file: BinaryIO) -> int:
        """Write Parquet; where a column has to become JSON text after all, from the beginning."""
        layout = self._layout()
        while True:
            layout.settle()
            try:
                return self._table(file, layout)
            except Misfit:
                file.seek(0)
                file.truncate()

    def _table(self, file: BinaryIO, layout: Layout) -> int:
        with pq.ParquetWriter(file, layout.schema) as writer:
            groups = _Groups(writer)
            for documents, columns, found in self._parts():
                for low in range(0, len(documents), _ROWS):
                    some = None if columns is None else columns.slice(low, _ROWS)
                    part = documents.slice(low, _ROWS), some
                    groups.add(layout.fit(part, found.slice(low, _ROWS)))
            groups.end()
        return groups.count

    def _layout(self) -> Layout:
        """Return the columns of all rows: as the inputs state them, else by going through them."""
        layout = Layout()
        paths = set(pc.unique(self.result.tables["documents"]["path"]).to_pylist())
        schemas = self.again.schemas(paths)
        if schemas is None:
            for part in self.again.parts():
                layout.see(part)
        elif schemas:
            with closing(self.again.parts()) as parts:
                for documents, _ in parts:
                    for schema in schemas:
                        layout.see_schema(text_column(documents), schema)
                    break
        return layout

    def _parts(self) -> Iterator[tuple[pa.RecordBatch, pa.RecordBatch | None, pa.Table]]:
        """Yield the rows to be written, under their unique ids, and what was found of each."""
        known = Found.of(self.result)
        for documents, columns in self.again.parts():
            found = known.of_next(documents)
            self.told(len(documents))
            ids = one_chunk(found["doc_id"])
            documents = documents.set_column(0, CORPUS.field("doc_id"), ids)
            if not self.annotate:
                kept = one_chunk(found["kept"])
                documents, found = documents.filter(kept), found.filter(kept)
                columns = None if columns is None else columns.filter(kept)
            if len(documents):
                yield documents, columns, found
        known.end()


@dataclass(slots=True)
class _Groups:
    """Tables on their way into groups of rows; ``count`` rows are written."""

    writer: pq.ParquetWriter
    count: int = 0
    _tables: list[pa.Table] = field(default_factory=list)
    _rows: int = 0
    _bytes: int = 0

    def add(self, table: pa.Table) -> None:
        """Take rows, and write those that make a group."""
        self._tables.append(table)
        self._rows += len(table)
        self._bytes += table.nbytes
        if self._rows >= GROUP_ROWS or self._bytes >= GROUP_BYTES:
            self.end()

    def end(self) -> None:
        """Write what there is as one group."""
        if self._tables:
            table = pa.concat_tables(self._tables).unify_dictionaries()
            self.writer.write_table(table, row_group_size=self._rows)
            self.count += self._rows
            self._tables, self._rows, self._bytes = [], 0, 0


@dataclass(slots=True)
class Found:
    """What was found of each document, in the order of reading."""

    stock: Stock
    rows: Int64  # of each document as it was read, in the table of documents
    read: int = 0
    path: str | None = None  # of the last one

    @classmethod
    def of(cls, result: Result) -> Found:
        """Take what a result says; it must know the order of reading."""
        order = result.corpus.order
        assert order is not None
        rows = np.empty(len(order), np.int64)
        rows[order] = np.arange(len(order))
        return cls(Stock.of(result.tables["documents"].select([*METADATA, "path"])), rows)

    def of_next(self, documents: pa.RecordBatch) -> pa.Table:
        """Return what was found of the documents that follow; they must be those of before."""
        known = self.rows[self.read : self.read + len(documents)]
        found = self.stock.take(known) if len(known) else None
        if found is not None:
            self._compare(documents.slice(0, len(known)), found)
        if found is None or len(known) < len(documents):
            raise changed(documents.column("path")[len(known)].as_py())
        self.read += len(documents)
        self.path = documents.column("path")[-1].as_py()
        return found

    def _compare(self, documents: pa.RecordBatch, found: pa.Table) -> None:
        paths, ids = documents.column("path"), documents.column("doc_id")
        known = [one_chunk(found[name]).cast(pa.string()) for name in ("path", "doc_id")]
        if paths.equals(known[0]) and ids.equals(known[1]):
            return
        each = zip(*(column.to_pylist() for column in (paths, ids, *known)), strict=True)
        for path, doc_id, known_path, known_id in each:
            if path != known_path:
                # A file that goes on where another one was to come has grown, else that one shrank.
                raise changed(path if path == self.path else known_path)
            if doc_id != known_id and not known_id.startswith(f"{doc_id}#"):
                raise changed(path)
            self.path = path

    def end(self) -> None:
        """Raise ``InputError`` where documents are missing at the end."""
        if self.read < len(self.rows):
            row = self.stock.take(self.rows[self.read : self.read + 1])
            raise changed(row["path"][0].as_py())


def changed(path: str | None) -> InputError:
    """Return the error for an input that has changed."""
    return InputError("was changed while dedup was at work; run the command again", path=path)
