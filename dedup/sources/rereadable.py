"""Where documents come from when they are read more than once: memory, or files and streams."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Protocol

import pyarrow as pa
import pyarrow.compute as pc

from dedup.config import Config
from dedup.core.arrays import clean_string
from dedup.core.package import version
from dedup.errors import InputError
from dedup.schema import CORPUS, Corpus, ReadReport
from dedup.sources import Piece, ReadOptions, read_batches, read_pieces
from dedup.sources.files import find_sources, is_live
from dedup.sources.options import Columns, Source, Tally
from dedup.sources.pieces import End, Told
from dedup.sources.remote import shown, state_of

_BATCH_ROWS = 2_048
STDIN_COPY = "stdin.arrow"
ROWS_COPY = "stdin-rows.arrow"


class Reader(Protocol):
    """Documents that can be read more than once, always in the same order."""

    @property
    def read_report(self) -> ReadReport:
        """Return what the first reading met."""
        ...

    @property
    def is_cheap(self) -> bool:
        """Tell whether it costs little to read texts again, so that few need to be held."""
        ...

    def pieces(self) -> Iterator[Piece]:
        """Yield the documents in pieces that any thread can read.

        The first time each has to be settled, in turn, once it was read.
        """
        ...

    def batches(self) -> Iterator[pa.RecordBatch]:
        """Yield the documents in batches of schema ``CORPUS``."""
        ...

    def take_up(self, read_report: ReadReport) -> None:
        """Go on where another run had read everything once, and met ``read_report``."""
        ...

    def corpus(self, metadata: pa.Table) -> Corpus:
        """Return the documents in order of id, ``metadata`` where their texts are not in memory."""
        ...


@dataclass(slots=True)
class Held:
    """A corpus in memory as a ``Reader``."""

    table: pa.Table
    read_report: ReadReport
    rows: tuple[pa.RecordBatch, ...] = ()  # as in ``Corpus``
    is_cheap: bool = False

    def pieces(self) -> Iterator[Piece]:
        """Yield the corpus in parts that keep all threads busy."""
        for batch in self.table.to_batches(max_chunksize=_BATCH_ROWS):
            yield Piece(Tally(self.read_report), ReadReport(), batch)

    def batches(self) -> Iterator[pa.RecordBatch]:
        """Yield the corpus in the same parts."""
        return _batches(self.pieces())

    def take_up(self, read_report: ReadReport) -> None:
        """Go on where another run had read everything once; it met the same."""

    def corpus(self, metadata: pa.Table) -> Corpus:
        """Return the corpus in order of id."""
        table = self.table.take(pc.sort_indices(self.table["doc_id"]))
        return Corpus(table, self.read_report, self.rows)


class Files:
    """Files and streams as a ``Reader``; with one that can be read only once all are spilled.

    With ``keep_record`` and ``keep_columns`` that goes for all columns of the rows. ``columns`` are
    those that were read, where there were any, once all was read; of copies they are not known.
    ``told`` hears of bytes, and ``tell`` of documents, when they are read for the first time.
    """

    def __init__(
        self,
        paths: Sequence[str],
        options: ReadOptions,
        *,
        folder: Path,
        told: Callable[[int], None] | None = None,
        tell: Callable[[pa.RecordBatch], None] | None = None,
    ) -> None:
        self.read_report = ReadReport()
        self._tell = tell
        self.paths, self._options, self._told = list(paths), options, told
        self._read = False
        self.columns: Columns | None = None
        self.sources = find_sources(paths, options, Tally(ReadReport()))
        self._copy = (
            folder / STDIN_COPY if any(is_live(each.path) for each in self.sources) else None
        )
        self.is_cheap = all(each.kind == "parquet" and each.url is None for each in self.sources)

    @property
    def is_read_once(self) -> bool:
        """Tell whether an input can be read only once, such as stdin."""
        return self._copy is not None

    @property
    def can_be_read_again(self) -> bool:
        """Tell whether the inputs can be opened by the paths that may be shown."""
        return self._copy is None and all(clean_string(shown(path)) == path for path in self.paths)

    def states(self) -> dict[str, list[Any]]:
        """Return of each input that can be read again what tells whether it was changed."""
        return input_states(self.sources)

    def header(self, config: Config) -> dict[str, Any]:
        """Return what tells this run from others: settings, and the inputs as they are now."""
        return {
            "version": version(),
            "setting": config.as_dict(),
            "reading": dataclasses.asdict(self._options),
            "paths": [shown(path) for path in self.paths],
            "input": {_as_text(path): state for path, state in self.states().items()},
        }

    def take_up(self, read_report: ReadReport) -> None:
        """Go on where another run had read everything once, and met ``read_report``.

        What can be read only once is read again: it has to be what that run read, or nothing.
        """
        self.read_report = read_report
        self._read = True
        if self._copy is None:
            return
        if not self._copy.exists():
            raise InputError("stdin of the run that is to be continued is gone")
        options = dataclasses.replace(self._options, rows_only=False)  # nothing may be a text
        now = filter(len, read_batches(self.paths, options, ReadReport()))
        before = (batch for piece in self._again() for batch in piece.batches() if len(batch))
        first = next(now, None)
        if not _is_nothing(first) and not _are_equal(itertools.chain([first], now), before):
            raise InputError(
                f"the run in {self._copy.parent} cannot be continued: stdin is not what it has "
                "read; give it the same, or another folder"
            )

    def pieces(self) -> Iterator[Piece]:
        """Yield the documents; what is wrong with them is counted the first time."""
        if self._read:
            yield from self._again()
            return
        self._read = True
        first, tell = self._first(), self._tell
        yield from first if tell is None else (Told.of(each, tell) for each in first)

    def _first(self) -> Iterator[Piece]:
        """Yield the documents as they are read for the first time."""
        if self._copy is None:
            told = self._told
            for piece in read_pieces(self.paths, self._options, self.read_report, progress=told):
                yield piece
                if isinstance(piece, End) and piece.run is not None:
                    self.columns = piece.run.columns
            return
        kept: list[pa.RecordBatch] = []
        first = read_batches(
            self.paths, self._options, self.read_report, progress=self._told, kept=kept
        )
        rows = self._copy.with_name(ROWS_COPY)
        with pa.ipc.new_file(self._copy, CORPUS) as copy, rows.open("wb") as columns:
            for batch in first:
                copy.write_batch(batch)
                keep_batches(kept, columns)
                yield Piece(Tally(self.read_report), ReadReport(), batch)

    def batches(self) -> Iterator[pa.RecordBatch]:
        """Yield the documents, read one piece after the other."""
        return _batches(self.pieces())

    def corpus(self, metadata: pa.Table) -> Corpus:
        """Return what is known of the documents besides their texts."""
        return Corpus(metadata, self.read_report)

    def _again(self) -> Iterator[Piece]:
        read_report = ReadReport()
        if self._copy is None:
            yield from read_pieces(self.paths, self._options, read_report)
            return
        with pa.OSFile(str(self._copy)) as file, pa.ipc.open_file(file) as copy:
            for number in range(copy.num_record_batches):
                yield Piece(Tally(read_report), ReadReport(), copy.get_batch(number))


def _batches(pieces: Iterator[Piece]) -> Iterator[pa.RecordBatch]:
    for piece in pieces:
        batches = list(piece.batches())
        if piece.settle():
            yield from batches


def _is_nothing(first: pa.RecordBatch | None) -> bool:
    """Tell whether an input, of which this is the first batch, is empty: no row, or one text."""
    return first is None or (len(first) == 1 and not first.column("text")[0].as_py())


def _are_equal(ours: Iterator[pa.RecordBatch], theirs: Iterator[pa.RecordBatch]) -> bool:
    """Tell whether two streams hold the same rows, however they are cut into batches."""
    a, b = next(ours, None), next(theirs, None)
    while a is not None and b is not None:
        size = min(len(a), len(b))
        if not a.slice(0, size).equals(b.slice(0, size)):
            return False
        a = a.slice(size) if len(a) > size else next(ours, None)
        b = b.slice(size) if len(b) > size else next(theirs, None)
    return a is None and b is None


def _as_text(path: str) -> str:
    """Return a path for JSON, another one for each, also where it is no UTF-8."""
    return path if clean_string(path) == path else ascii(path)


def input_states(sources: Iterable[Source]) -> dict[str, list[Any]]:
    """Return of each input that can be read again what tells whether it was changed."""
    found: dict[str, list[Any]] = {}
    for source in sources:
        if source.url is not None:
            found[source.path] = state_of(source.url)
        elif not is_live(source.path):
            state = Path(source.path).stat()
            found[source.path] = [state.st_size, state.st_mtime_ns]
    return found


def keep_batches(batches: list[pa.RecordBatch], file: BinaryIO) -> None:
    """Write batches, each a stream of its own as their columns may differ, and forget them."""
    for batch in batches:
        with pa.ipc.new_stream(file, batch.schema) as stream:
            stream.write_batch(batch)
    batches.clear()
