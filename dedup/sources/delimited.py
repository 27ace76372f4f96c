"""CSV and TSV: one document a row, under the columns of a header."""

from __future__ import annotations

import csv
from collections import Counter, deque
from collections.abc import Iterator

import pyarrow as pa

from dedup.core.arrays import clean_string
from dedup.sources.batches import Batcher
from dedup.sources.blocks import blocks
from dedup.sources.csv_blocks import Taken, csv_columns
from dedup.sources.dialects import MOST_LINES, SEPARATOR, Dialect, cells, delimiter_of, dialect_of
from dedup.sources.names import folded, known_names
from dedup.sources.options import Columns, Run, Source, shortened
from dedup.sources.rows import Record, add_records, probe
from dedup.sources.streams import Line, Stream, split_bom
from dedup.sources.tables import documents

_SHOWN = {"\t": "a tab"}
_HEADER_SHOWN = 200  # characters
_SAMPLE = 1 << 20  # bytes by which it is told how a file is written


def read_csv(stream: Stream, source: Source, run: Run, out: Batcher) -> Iterator[pa.RecordBatch]:
    """Yield the documents of a CSV or TSV file with a header.

    The delimiter is a tab in TSV; else the one of comma, semicolon, tab and bar that the header has
    most of. What quotation marks mean is told by the rows.
    """
    csv.field_size_limit(max(csv.field_size_limit(), run.options.max_line_bytes))
    table = _Table(stream, source, run)
    shown = _SHOWN.get(table.delimiter, repr(table.delimiter))
    header = shortened(table.header_line, _HEADER_SHOWN)
    hint = f"read with {shown} between the columns, header: {clean_string(header)!r}"
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


def looks_like_rows(text: str) -> str | None:
    r"""Return the format of a text that is rows: a header that names the text, and rows that fit.

    >>> looks_like_rows("id;text\n1;one"), looks_like_rows("A text, and more\nof it, and more")
    ('csv', None)
    """
    lines = [line for line in text.split("\n") if line.strip()]
    lines = lines[: max(len(lines) - 1, 2)][:_ROWS_LOOKED_AT]  # the last one may be cut
    if len(lines) < 2:
        return None
    delimiter = delimiter_of(lines[0])
    names = {folded(name) for name in cells(lines[0], delimiter)}
    if len(names) < 2 or not known_names("text", names):
        return None
    count = lines[0].count(delimiter)
    if delimiter == "\t":  # a tab is rare in prose
        return "tsv" if "\t" in lines[1] else None
    fit = sum(line.count(delimiter) >= count for line in lines[1:])
    return "csv" if fit * 2 >= len(lines) - 1 else None


_ROWS_LOOKED_AT = 20


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
        self._hinted = False
        self.dialect = self._dialect(run.options.text_column)
        self.delimiter = self.dialect.delimiter
        self.lines = _Feed(stream.lines(end=b"\n"))
        self._lines = _Lines(self._decoded())
        self.header_line = self._leave_out()
        self._reader = self.dialect.reader(self._lines)
        self.header = self._header()

    def _dialect(self, text_column: str | None) -> Dialect:
        head = self._stream.head(_SAMPLE)
        encoding, rest = split_bom(head)
        if encoding == "utf-8":
            encoding = self._stream.encoding or encoding
        sample = rest.decode("utf-8" if encoding == "utf-8-sig" else encoding, "replace")
        if "\r" in sample and "\n" not in sample:
            self._stream.mac_lines = True
            sample = sample.replace("\r", "\n")
        is_tsv, whole = self._source.kind == "tsv", len(head) < _SAMPLE
        return dialect_of(sample, is_tsv=is_tsv, text_column=text_column, whole=whole)

    def _leave_out(self) -> str:
        """Leave out what stands above the header, and return the header as it is written."""
        first = self._lines.peek()
        if SEPARATOR.fullmatch(first):
            self._lines.drop()
            return self._lines.peek().strip()
        left_out = []
        for _ in range(self.dialect.above):
            left_out.append(clean_string(first.strip()))
            self._lines.drop()
            first = self._lines.peek()
        if left_out:
            where = self._source.name
            self._tally.note(f"{where}: left out above the header: {'; '.join(left_out)}")
        return first.strip()

    def records(self) -> Iterator[Record]:
        """Yield each row that has as many fields as the header; count the others as skipped.

        Fields missing at the end are null, empty ones too many there are nothing. Where a quote is
        not closed, or text follows one that is, only the line the row began on is lost: the row
        after it begins on the next line.
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
            elif 0 < len(fields) < len(self.header):
                yield self._short(fields, line)
            elif fields and not any(each.strip() for each in fields[len(self.header) :]):
                yield self._record(fields[: len(self.header)], line)
            elif fields:
                self._hint(fields, line)
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
        found = csv_columns(block, self.header, self.dialect, columns)
        if found is not None:
            self._lines.number += found.lines
        return found

    def give_back(self, block: list[Line]) -> None:
        """Let the lines of a block be read again."""
        self.lines.give_back(block)

    def _hint(self, fields: list[str], line: int) -> None:
        """Say once what the first row that does not fit is compared with."""
        if not self._hinted:
            self._hinted = True
            header = clean_string(self.header_line)[:_HEADER_SHOWN]
            self._tally.note(
                f"{self._source.path}:{line}: {len(fields)} fields, the header has "
                f"{len(self.header)}; header: {header!r}, read with "
                f"{_SHOWN.get(self.delimiter, repr(self.delimiter))} between the columns"
            )

    def _short(self, fields: list[str], line: int) -> Record:
        record = self._record([*fields, *[""] * (len(self.header) - len(fields))], line)
        missing = dict.fromkeys(self.header[len(fields) :])
        values = {**record.values, **missing}
        return record._replace(values=values, damage=record.damage or "short_row")

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
