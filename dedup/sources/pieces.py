"""Parts of the inputs that any thread can read by itself: row groups of local Parquet files.

What the other inputs give is read where the parts are listed. Each part counts what it meets for
itself, and the counts are added up in order, so that they do not depend on the threads.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from dedup.schema import ReadReport
from dedup.sources.nested import with_texts
from dedup.sources.options import Columns, ReadOptions, Run, Source, Tally
from dedup.sources.tables import BUFFER, Rows, columns_of, documents, usable_texts

_PIECE_BYTES = 8 << 20  # of row groups that are read together …
_PIECE_ROWS = 1 << 15  # … or their rows: what is made of them is held until their turn comes
_MOST_ROWS = 1 << 17  # of one row group
_FEW_PIECES, _SMALL_FILE = 4, 64 << 20  # a larger file of fewer pieces would keep threads waiting


@dataclass(slots=True)
class Piece:
    """Documents that were read already; ``met`` is what was met since the piece before."""

    tally: Tally
    met: ReadReport
    batch: pa.RecordBatch | None = None

    def batches(self) -> Iterator[pa.RecordBatch]:
        """Yield the documents in batches of schema ``CORPUS``; in any thread, once."""
        if self.batch is not None:
            yield self.batch

    def texts(self) -> Iterator[pa.Array]:
        """Yield the texts of the same documents, and count nothing."""
        if self.batch is not None:
            yield self.batch.column("text")

    def settle(self) -> bool:
        """Count what was met; tell whether the documents count. For one piece after the other."""
        self.tally.read_report.take_in(self.met)
        return True


@dataclass(slots=True)
class End(Piece):
    """What comes behind the last piece: checks of the whole, or what stopped the reading."""

    run: Run | None = None
    error: Exception | None = None

    def settle(self) -> bool:
        """Count what was met, and raise ``InputError`` where something is missing."""
        self.tally.read_report.take_in(self.met)
        if self.error is not None:
            raise self.error
        if self.run is not None:
            self.run.tally = self.tally
            self.run.finish()
            if not self.tally.read_report.read:
                self.tally.note("no documents were found")
        return True


@dataclass(slots=True)
class Told(Piece):
    """A piece whose documents are also handed to somebody, once it is known that they count."""

    piece: Piece | None = None
    tell: Callable[[pa.RecordBatch], None] | None = None
    held: list[pa.RecordBatch] = field(default_factory=list)

    @classmethod
    def of(cls, piece: Piece, tell: Callable[[pa.RecordBatch], None]) -> Told:
        """Hand the documents of a piece on."""
        return cls(piece.tally, piece.met, None, piece, tell)

    def batches(self) -> Iterator[pa.RecordBatch]:
        """Yield the documents in batches of schema ``CORPUS``; in any thread, once."""
        assert self.piece is not None
        self.held = []
        for batch in self.piece.batches():
            self.held.append(batch)
            yield batch

    def texts(self) -> Iterator[pa.Array]:
        """Yield the texts of the same documents, and tell nobody."""
        assert self.piece is not None
        return self.piece.texts()

    def settle(self) -> bool:
        """Count what was met, and hand the documents on. For one piece after the other."""
        assert self.piece is not None
        assert self.tell is not None
        counts = self.piece.settle()
        batches, self.held = self.held, []
        for batch in batches if counts else ():
            self.tell(batch)
        return counts


@dataclass(slots=True)
class File:
    """A Parquet file that is read in pieces: what each of them needs to know."""

    source: Source
    options: ReadOptions
    columns: Columns
    metadata: Any
    names: list[str] | None
    rows: int  # in a batch
    is_broken: bool = False


@dataclass(slots=True)
class Groups(Piece):
    """Row groups of a file; behind a broken one nothing of the file counts."""

    file: File | None = None
    groups: range = range(0)
    first: int = 1  # number of the first row
    own: ReadReport = field(default_factory=ReadReport)

    def batches(self) -> Iterator[pa.RecordBatch]:
        """Read the documents, each time anew."""
        file = self.file
        assert file is not None
        self.own = ReadReport()
        run = Run(file.options, Tally(self.own, self.tally.strict), columns=file.columns)
        start = self.first
        try:
            for batch in self._read(file.names):
                yield documents(Rows.from_number(start, batch), file.columns, file.source, run)
                start += len(batch)
        except (pa.ArrowException, OSError) as error:
            run.tally.fail("broken_parquet", file.source.path, str(error))

    def texts(self) -> Iterator[pa.Array]:
        """Read the text column alone."""
        assert self.file is not None
        try:
            for batch in self._read([self.file.columns.text]):
                name = self.file.columns.text
                yield usable_texts(with_texts(batch, name).column(name))
        except (pa.ArrowException, OSError):
            return  # it was counted the first time

    def _read(self, names: list[str] | None) -> Iterator[pa.RecordBatch]:
        file = self.file
        assert file is not None
        with pq.ParquetFile(
            file.source.path, metadata=file.metadata, buffer_size=BUFFER, pre_buffer=False
        ) as parquet:
            yield from parquet.iter_batches(
                file.rows, row_groups=list(self.groups), columns=names, use_threads=False
            )

    def settle(self) -> bool:
        """Count what was met before the file and in these row groups."""
        assert self.file is not None
        self.tally.read_report.take_in(self.met)
        if self.file.is_broken:
            return False
        self.tally.read_report.take_in(self.own)
        self.file.is_broken = bool(self.own.files_failed)
        return True


def split(source: Source, run: Run, size: int, tally: Tally) -> list[Groups] | None:
    """Return the pieces of a Parquet file, none where it cannot be used.

    ``None`` stands for a file that is better read as a whole. ``tally`` is where pieces are
    counted, ``size`` how many bytes a batch should have.
    """
    try:
        with pq.ParquetFile(source.path, buffer_size=BUFFER, pre_buffer=False) as parquet:
            runs = _runs(parquet.metadata)
            if not _is_fit(parquet.metadata, len(runs)):
                return None
            found = columns_of(parquet, source, run, size)
            if found is None:
                return []
            columns, names, rows = found
            file = File(source, run.options, columns, parquet.metadata, names, rows)
    except (pa.ArrowException, OSError) as error:
        run.tally.fail("broken_parquet", source.path, str(error))
        return []
    pieces, first = list[Groups](), 1
    for groups in runs:
        pieces.append(Groups(tally, ReadReport(), file=file, groups=groups, first=first))
        first += sum(file.metadata.row_group(each).num_rows for each in groups)
    return pieces


def _is_fit(metadata: Any, pieces: int) -> bool:
    groups = [metadata.row_group(each) for each in range(metadata.num_row_groups)]
    if max((each.num_rows for each in groups), default=0) > _MOST_ROWS:
        return False
    return pieces >= _FEW_PIECES or sum(each.total_byte_size for each in groups) <= _SMALL_FILE


def _runs(metadata: Any) -> list[range]:
    """Cut the row groups of a file into runs that are worth a task."""
    runs, low, size, rows = list[range](), 0, 0, 0
    for number in range(metadata.num_row_groups):
        group = metadata.row_group(number)
        size, rows = size + group.total_byte_size, rows + group.num_rows
        if size >= _PIECE_BYTES or rows >= _PIECE_ROWS:
            runs.append(range(low, number + 1))
            low, size, rows = number + 1, 0, 0
    if low < metadata.num_row_groups:
        runs.append(range(low, metadata.num_row_groups))
    return runs
