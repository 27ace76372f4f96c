"""CSV and TSV: one document a row, under the columns of a header."""

from __future__ import annotations

import csv
import re
from collections import Counter, deque
from collections.abc import Iterator

import pyarrow as pa

from dedup.core.arrays import clean_string
from dedup.sources.batches import Batcher
from dedup.sources.blocks import blocks
from dedup.sources.csv_blocks import MOST_LINES, Taken, csv_columns
from dedup.sources.options import KNOWN_NAMES, Columns, Run, Source
from dedup.sources.rows import Record, add_records, probe
from dedup.sources.streams import Line, Stream
from dedup.sources.tables import documents

DELIMITERS = ",;\t|"
_SHOWN = {"\t": "a tab"}
_SEPARATOR = re.compile(r"sep=(.)\r?\n", re.I)  # what Excel writes above the header


def read_csv(stream: Stream, source: Source, run: Run, out: Batcher) -> Iterator[pa.RecordBatch]:
    """Yield the documents of a CSV or TSV file with a header.

    The delimiter is a tab in TSV; else the one of comma, semicolon, tab and bar that the header has
    most of.
    """
    csv.field_size_limit(max(csv.field_size_limit(), run.options.max_line_bytes))
    table = _Table(stream, source, run)
    hint = f"read with {_SHOWN.get(table.delimiter, repr(table.delimiter))} between the columns"
    records = table.records()
    first, columns = probe(records, source, run, table.header, hint)
    if columns is None:
        return
    yield from add_records(first, columns, source, run, out)
    if not run.options.keep_record:
        yield from _read_blocks(table, records, columns, source, run, out)
    yield from add_records(records, columns, source, run, out)


def _read_blocks(
    table: _Table,
    records: Iterator[Record],
    columns: Columns,
    source: Source,
    run: Run,
    out: Batcher,
) -> Iterator[pa.RecordBatch]:
    """Yield documents by block, row by row where one is not regular; the last rows are left."""
    yield from add_records(table.until(0, records), columns, source, run, out)
    for block in blocks(table.lines, out.batch_bytes):
        found = table.columns(block, columns)
        if found is None:
            table.give_back(block)
            slow = table.until(block[-1][0], records)
            yield from add_records(slow, columns, source, run, out)
        else:
            table.give_back(block[found.lines :])
            out.add_batch(documents(found.rows, columns, source, run))
            yield from out.full()


def delimiter_of(line: str) -> str:
    """Return the delimiter that a header has most of.

    >>> delimiter_of("id;text, plain;date")
    ';'
    """
    return max(DELIMITERS, key=line.count)


def looks_like_rows(text: str) -> bool:
    r"""Tell whether a text could be CSV: a header that names the text, and a row behind it.

    >>> looks_like_rows("id;text\n1;one"), looks_like_rows("A text, and more\nof it, and more")
    (True, False)
    """
    lines = [line for line in text.splitlines() if line.strip()][:2]
    if len(lines) < 2:
        return False
    delimiter = delimiter_of(lines[0])
    names = {name.strip(' "') for name in lines[0].split(delimiter)}
    known = not names.isdisjoint(KNOWN_NAMES["text"])
    return known and len(names) > 1 and delimiter in lines[1]


class _Feed:
    """The lines of a stream, of which some can be given back."""

    def __init__(self, lines: Iterator[Line]) -> None:
        self._lines = lines
        self._waiting: deque[Line] = deque()

    def __iter__(self) -> Iterator[Line]:
        while True:
            while self._waiting:
                yield self._waiting.popleft()
            for each in self._lines:
                yield each
                if self._waiting:
                    break
            else:
                return

    def give_back(self, lines: list[Line]) -> None:
        """Let these lines come again, before all others."""
        self._waiting.extendleft(reversed(lines))


class _Lines:
    """Lines that can be read again from the second one of the row at hand."""

    def __init__(self, lines: Iterator[tuple[str, str | None]]) -> None:
        self.number = 0  # of the line read last, from 1
        self.flaw: str | None = None  # of the lines of the row at hand
        self.ended = False
        self._lines = lines
        self._waiting: deque[tuple[str, str | None]] = deque()
        self._row: list[tuple[str, str | None]] = []

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        if len(self._row) >= MOST_LINES:
            raise csv.Error("a quote is not closed")
        each = self._waiting.popleft() if self._waiting else next(self._lines, None)
        if each is None:
            self.ended = True
            raise StopIteration
        self.number += 1
        self._row.append(each)
        self.flaw = self.flaw or each[1]
        return each[0]

    @property
    def is_ahead(self) -> bool:
        """Tell whether lines were read that are still to come."""
        return bool(self._waiting)

    def begin(self) -> int:
        """Begin a row; return the number of its first line."""
        self._row.clear()
        self.flaw = None
        self.ended = False
        return self.number + 1

    def again(self) -> None:
        """Let the lines of the row come again, but for the first."""
        self._waiting.extendleft(reversed(self._row[1:]))
        self.number -= len(self._row[1:])

    def peek(self) -> str:
        """Return the first line that is not blank, and drop those before it."""
        for each in self._lines:
            if each[0].strip():
                self._waiting.append(each)
                return each[0]
            self.number += 1
        return ""

    def drop(self) -> None:
        """Drop the line that ``peek`` returned."""
        self._waiting.popleft()
        self.number += 1


class _Table:
    """The rows of one CSV file."""

    def __init__(self, stream: Stream, source: Source, run: Run) -> None:
        self._stream = stream
        self._source = source
        self._tally = run.tally
        self.lines = _Feed(stream.lines(end=b"\n"))
        self._lines = _Lines(self._decoded())
        self.delimiter = self._delimiter()
        self._reader = csv.reader(self._lines, delimiter=self.delimiter, strict=True)
        self.header = self._header()

    def _delimiter(self) -> str:
        first = self._lines.peek()
        named = _SEPARATOR.fullmatch(first)
        if named:
            self._lines.drop()
            self._lines.peek()
            return named[1]
        return "\t" if self._source.kind == "tsv" else delimiter_of(first)

    def records(self) -> Iterator[Record]:
        """Yield each row that has as many fields as the header; count the others as skipped.

        Where a quote is not closed, or text follows one that is, only the line the row began on is
        lost: the row after it begins on the next line.
        """
        while self.header:
            line = self._lines.begin()
            try:
                fields = next(self._reader)
            except StopIteration:
                return
            except csv.Error:
                if self._stream.cut and self._lines.ended:
                    return  # the row in which the data was cut off was counted with the file
                self._tally.skip("bad_row", self._source.path, line)
                self._lines.again()
                continue
            if self._lines.flaw == "line_too_long":
                self._tally.skip("line_too_long", self._source.path, line)
            elif len(fields) == len(self.header):
                yield self._record(fields, line)
            elif fields:
                self._tally.skip("bad_row", self._source.path, line)

    def until(self, line: int, records: Iterator[Record]) -> Iterator[Record]:
        """Yield ``records`` until ``line`` was read, and no line behind it is held."""
        while self._lines.number < line or self._lines.is_ahead:
            record = next(records, None)
            if record is None:
                return
            yield record

    def columns(self, block: list[Line], columns: Columns) -> Taken | None:
        """Return the rows that end in a block of ``lines``; ``None`` where one is not regular."""
        if block[-1][0] == self._stream.cut_line:
            return None
        found = csv_columns(block, self.header, self.delimiter, columns)
        if found is not None:
            self._lines.number += found.lines
        return found

    def give_back(self, block: list[Line]) -> None:
        """Let the lines of a block be read again."""
        self.lines.give_back(block)

    def _record(self, fields: list[str], line: int) -> Record:
        values, flaw = dict(zip(self.header, fields, strict=True)), self._lines.flaw
        if flaw is None:
            return Record(line, values)
        clean = {
            name: value.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
            for name, value in values.items()
        }
        return Record(line, clean, flaw, values, plain=False)

    def _header(self) -> list[str]:
        """Return the names in the first row that is not blank; none for a blank file."""
        line = 1
        try:
            while True:
                line = self._lines.begin()
                names = [clean_string(name).strip() for name in next(self._reader)]
                if any(names):
                    return _named(names)
        except StopIteration:
            return []
        except csv.Error:
            self._tally.skip("bad_row", self._source.path, line)
        return []

    def _decoded(self) -> Iterator[tuple[str, str | None]]:
        """Yield each line and what is wrong with it."""
        for _, line in self.lines:
            if line is None:
                # An empty line keeps the count right; the row it stands in is dropped.
                yield "\n", "line_too_long"
            elif self._stream.cut and not line.endswith(b"\n"):
                return
            else:
                yield _decoded_line(line)


def _decoded_line(line: bytes) -> tuple[str, str | None]:
    try:
        return line.decode("utf-8"), None
    except UnicodeDecodeError:
        return line.decode("utf-8", "surrogateescape"), "invalid_utf8"


def _named(names: list[str]) -> list[str]:
    """Give columns without a name one where there are several, so that none hides another.

    >>> _named(["id", "", "text", ""])
    ['id', 'column 2', 'text', 'column 4']
    """
    if Counter(names)[""] < 2:
        return names
    return [name or f"column {number}" for number, name in enumerate(names, 1)]
