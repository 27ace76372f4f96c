"""The documents of a result as they were read, with all their columns, in order of id.

They are held with the result, or read a second time and put into a file, from which any of them are
taken: little of it is in memory at a time.
"""

from __future__ import annotations

import mmap
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from dedup.core.arrays import Int64, Texts, UInt64, one_array, runs_of_rows, texts_from_arrow
from dedup.core.files import cannot_write
from dedup.core.hashing import content_of, text_digests
from dedup.core.storage import ease_files
from dedup.output.cleaned.known import rows_of
from dedup.output.cleaned.layout import Layout, Part, one_chunk, text_column
from dedup.output.cleaned.marked import Again, Found, Told, changed
from dedup.output.cleaned.rows import parsed
from dedup.output.cleaned.stock import Stock
from dedup.result import Result
from dedup.schema import CORPUS

ORIGINALS = "originals.arrow"  # in the folder of a run

_HASHED_BYTES = 16 << 20  # of texts, at a time
_MOST_OPEN = 256  # batches of a file


@dataclass(frozen=True, slots=True)
class Some:
    """Documents that follow each other in order of id.

    ``columns`` are those of the rows that were Arrow data, null for the text, by the places that
    these rows have among the documents; those of one schema are together.
    """

    documents: pa.RecordBatch
    columns: list[tuple[Int64, pa.RecordBatch]] = field(default_factory=list)

    def parts(self) -> list[tuple[Int64, Part]]:
        """Return the documents by kind, with their places: the kind of the first one first."""
        others = np.ones(len(self.documents), np.bool_)
        for places, _ in self.columns:
            others[places] = False
        kinds: list[tuple[Int64, pa.RecordBatch | None]] = [*self.columns]
        if others.any():
            kinds.append((np.flatnonzero(others), None))
        kinds.sort(key=lambda kind: int(kind[0].min()))
        return [
            (places, (self.documents.take(pa.array(places)), columns)) for places, columns in kinds
        ]


class Originals(Protocol):
    """The documents of a result as they were read, by their place in the table of documents."""

    def take(self, low: int, high: int) -> Some:
        """Return the documents ``low:high``."""
        ...

    def sizes(self) -> Int64:
        """Return about how many bytes each document takes."""
        ...

    def lay_out(self, layout: Layout) -> bool:
        """Take the columns of all documents into account; ``False`` where that needs the rows."""
        ...


class Held:
    """Documents that are in memory with all they were read with."""

    def __init__(self, result: Result) -> None:
        corpus = result.corpus
        self._rows = rows_of(result)
        self._stock, self._columns = Stock.of(corpus.table), corpus.rows
        self._ends = np.cumsum([len(each) for each in corpus.rows], dtype=np.int64)
        self._lengths = pc.binary_length(corpus.table["text"]).fill_null(0)

    def take(self, low: int, high: int) -> Some:
        """Return the documents ``low:high``."""
        documents = batch_of(self._stock.take(self._rows[low:high]).select(CORPUS.names))
        if not self._columns:
            return Some(documents)
        records = [parsed(each)[1] for each in documents.column("record").to_pylist()]
        places = np.array([n for n, each in enumerate(records) if type(each) is int], np.int64)
        numbers = np.array([records[place] for place in places], np.int64)
        owners = np.searchsorted(self._ends, numbers, side="right")
        taken = []
        for owner in np.unique(owners).tolist():
            batch, own = self._columns[owner], owners == owner
            first = self._ends[owner] - len(batch)
            taken.append((places[own], batch.take(pa.array(numbers[own] - first))))
        return Some(documents, together(taken))

    def sizes(self) -> Int64:
        """Return how long each text is."""
        lengths: Int64 = self._lengths.to_numpy().astype(np.int64)[self._rows]
        return lengths

    def lay_out(self, layout: Layout) -> bool:
        """Leave that to a look at the rows."""
        return False


class Reread:
    """Documents that are read a second time, and put into a file."""

    def __init__(self, file: BatchFile, order: Int64, ids: pa.Array) -> None:
        self._file, self._order, self._ids = file, order, ids
        self._documents: list[int] = []
        self._columns: list[int | None] = []
        self._ends: list[int] = []
        self._sizes: list[Int64] = []
        self._schemas: list[tuple[str, pa.Schema] | None] = []

    @classmethod
    def of(
        cls, result: Result, again: Again, folder: Path, told: Told = lambda count: None
    ) -> Reread:
        """Read the documents of a result once more, into a file in ``folder``.

        ``told`` is told the number of documents since its last call. Raises ``InputError`` where an
        input is not what was scanned.
        """
        again.check()
        check, order = _Check.of(result), result.corpus.order
        assert order is not None
        ids = one_array(result.tables["documents"]["doc_id"]).cast(pa.string())
        made = cls(BatchFile(folder / ORIGINALS), order, ids)
        with closing(made._file), closing(again.parts()) as parts:
            for documents, columns in parts:
                check.take(documents)
                made._add(documents, columns)
                ease_files()
                told(len(documents))
        check.end()
        again.check()
        return made

    def _add(self, documents: pa.RecordBatch, columns: pa.RecordBatch | None) -> None:
        self._documents.append(self._file.add(documents))
        self._columns.append(None if columns is None else self._file.add(columns))
        self._ends.append((self._ends[-1] if self._ends else 0) + len(documents))
        sizes = np.zeros(len(documents), np.int64)
        for name in ("text", "record"):
            lengths = pc.binary_length(documents.column(name)).fill_null(0)
            sizes += lengths.to_numpy(zero_copy_only=False).astype(np.int64)
        if columns is not None:
            sizes += columns.nbytes // max(len(columns), 1)
        self._sizes.append(sizes)
        kind = None if columns is None else (text_column(documents), columns.schema)
        if kind is None or not any(_is_same(kind, each) for each in self._schemas):
            if kind is not None or None not in self._schemas:
                self._schemas.append(kind)

    def take(self, low: int, high: int) -> Some:
        """Return the documents ``low:high``."""
        wanted = self._order[low:high]
        owners = np.searchsorted(np.array(self._ends), wanted, side="right")
        documents, places, columns = [], [], []
        for owner in np.unique(owners).tolist():
            own = np.flatnonzero(owners == owner)
            batch = self._file.get(self._documents[owner])
            rows = pa.array(wanted[own] - (self._ends[owner] - len(batch)))
            documents.append(batch.take(rows))
            places.append(own)
            number = self._columns[owner]
            if number is not None:
                columns.append((own, self._file.get(number).take(rows)))
        back = np.argsort(np.concatenate(places), kind="stable")
        joined = batch_of(pa.Table.from_batches(documents).take(pa.array(back)))
        joined = joined.set_column(0, CORPUS.field("doc_id"), self._ids[low:high])
        self._file.ease()
        return Some(joined, together(columns))

    def sizes(self) -> Int64:
        """Return about how many bytes each document takes."""
        found: Int64 = np.concatenate([np.zeros(0, np.int64), *self._sizes])[self._order]
        return found

    def lay_out(self, layout: Layout) -> bool:
        """Take the columns into account where all rows have the same, as they were Arrow data."""
        if len(self._schemas) != 1 or self._schemas[0] is None:
            return False
        layout.see_schema(*self._schemas[0])
        return True


def _is_same(one: tuple[str, pa.Schema], other: tuple[str, pa.Schema] | None) -> bool:
    return other is not None and one[0] == other[0] and one[1].equals(other[1])


def batch_of(table: pa.Table) -> pa.RecordBatch:
    """Return a table of a few rows as one batch."""
    arrays = [one_chunk(column) for column in table.columns]
    return pa.RecordBatch.from_arrays(arrays, schema=table.schema)


def together(taken: list[tuple[Int64, pa.RecordBatch]]) -> list[tuple[Int64, pa.RecordBatch]]:
    """Join batches of one schema, with their places."""
    groups: list[tuple[list[Int64], list[pa.RecordBatch]]] = []
    for places, batch in taken:
        known = (each for each in groups if each[1][0].schema.equals(batch.schema))
        group = next(known, None)
        if group is None:
            groups.append(group := ([], []))
        group[0].append(places)
        group[1].append(batch)
    return [
        (
            np.concatenate(places),
            batches[0]
            if len(batches) == 1
            else batch_of(pa.Table.from_batches(batches).unify_dictionaries().combine_chunks()),
        )
        for places, batches in groups
    ]


@dataclass(slots=True)
class _Check:
    """Compares what is read with what was scanned: ids, paths, and each text."""

    found: Found
    content: str
    known: UInt64 | None  # of each text in order of id, where the texts that were scanned are held
    digests: UInt64

    @classmethod
    def of(cls, result: Result) -> _Check:
        corpus, count = result.corpus, len(result.tables["documents"])
        known = None
        if "text" in corpus.table.column_names and count:
            known = _digests(texts_from_arrow(one_array(corpus.table["text"])))
        return cls(Found.of(result), corpus.content, known, np.zeros(count, np.uint64))

    def take(self, documents: pa.RecordBatch) -> None:
        """Compare the documents that follow; raise ``InputError`` that names the input."""
        first = self.found.read
        self.found.of_next(documents)
        rows = self.found.rows[first : self.found.read]
        digests = text_digests(texts_from_arrow(documents.column("text")))
        self.digests[rows] = digests
        if self.known is not None and len(other := np.flatnonzero(self.known[rows] != digests)):
            raise changed(documents.column("path")[int(other[0])].as_py())

    def end(self) -> None:
        """Raise ``InputError`` where anything is missing, or a text was another one."""
        self.found.end()
        if self.known is None and self.content and content_of(self.digests) != self.content:
            raise changed(None)


def _digests(texts: Texts) -> UInt64:
    """Return the hashes of many texts, of which few are in memory."""
    found = [np.zeros(0, np.uint64)]
    for low, high in runs_of_rows(texts.offsets, _HASHED_BYTES):
        found.append(text_digests(texts.part(low, high)))
        ease_files()
    return np.concatenate(found)


class BatchFile:
    """Batches of any columns in a file, each looked at by its number, once all are there."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._places: list[int] = []
        self._schemas: list[pa.Schema] = []  # what is read back differs in names inside of maps
        self._open: dict[int, pa.RecordBatch] = {}
        self._map: mmap.mmap | None = None
        self._buffer: Any = None
        try:
            self._file = path.open("wb")
        except OSError as error:
            raise cannot_write(path, error) from error

    def add(self, batch: pa.RecordBatch) -> int:
        """Write a batch; return its number."""
        try:
            self._places.append(self._file.tell())
            with pa.ipc.new_stream(self._file, batch.schema) as stream:
                stream.write_batch(batch)
            self._schemas.append(batch.schema)
        except OSError as error:
            raise cannot_write(self._path, error) from error
        return len(self._places) - 1

    def close(self) -> None:
        """End writing; the file goes with this object."""
        try:
            self._file.close()
        except OSError as error:
            raise cannot_write(self._path, error) from error
        if self._places:
            with self._path.open("rb") as file:
                self._map = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
            self._buffer = pa.py_buffer(self._map)

    def get(self, number: int) -> pa.RecordBatch:
        """Return a batch; it lies in the file."""
        if number not in self._open:
            if len(self._open) >= _MOST_OPEN:
                self._open.clear()
            data = pa.BufferReader(self._buffer.slice(self._places[number]))
            (batch,) = pa.ipc.open_stream(data)
            self._open[number] = pa.RecordBatch.from_arrays(
                batch.columns, schema=self._schemas[number]
            )
        return self._open[number]

    def ease(self) -> None:
        """Give back the memory of what was looked at."""
        if self._map is not None:
            ease_files(self._map)
