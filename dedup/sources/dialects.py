"""How a CSV or TSV file is written, by its first megabyte: delimiter, header, quotation marks."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple, Protocol

from dedup.sources.names import KNOWN_NAMES, folded

DELIMITERS = ",;\t|"
MOST_LINES = 10_000  # of one row; a quote that is open for longer was never meant to be one
SEPARATOR = re.compile(r"sep=(.)\r?\n?", re.I)  # what Excel writes above the header
_FIRST_LINES = 20  # among which the header is
_FIT = 0.95  # of the lines, from which a file has one row a line
_MANY_FIELDS = 4  # of a row; a line of prose rarely has as many delimiters by chance
_CUT_ROW = 200  # lines that the last row of a sample may have
_MOST_COLUMNS = 1_000  # looked at
_WRAPPED = 3  # rows or lines, from which fields may be said to stand in quotes
_TEXTS = {folded(name) for name in KNOWN_NAMES["text"]}


class RowReader(Protocol):
    """What parses lines into rows, as ``csv.reader`` does."""

    @property
    def line_num(self) -> int:
        """Return how many lines were read."""
        ...

    def __iter__(self) -> Iterator[list[str]]: ...
    def __next__(self) -> list[str]: ...


class Dialect(NamedTuple):
    """How rows are written; ``above`` lines that are not blank stand before the header.

    Without ``quotes`` quotation marks are part of the fields; with ``escape`` one inside a field
    stands behind a backslash. ``mark`` is the quotation mark.
    """

    delimiter: str
    above: int = 0
    quotes: bool = True
    escape: bool = False
    mark: str = '"'

    def reader(self, lines: Iterable[str]) -> RowReader:
        """Return what parses ``lines`` strictly."""
        if not self.quotes:
            return csv.reader(lines, delimiter=self.delimiter, quoting=csv.QUOTE_NONE, strict=True)
        escape = "\\" if self.escape else None
        return csv.reader(
            lines,
            delimiter=self.delimiter,
            quotechar=self.mark,
            escapechar=escape,
            doublequote=not self.escape,
            strict=True,
        )


def dialect_of(sample: str, *, is_tsv: bool, text_column: str | None, whole: bool) -> Dialect:
    r"""Tell how a file is written by its beginning; ``whole`` if that is all there is.

    >>> dialect_of('id\ttext\n1\t"Go," he said\n', is_tsv=True, text_column=None, whole=True)
    Dialect(delimiter='\t', above=0, quotes=False, escape=False, mark='"')
    """
    lines = [line for line in sample.split("\n") if line.strip()]
    if not whole and len(lines) > 1:
        lines.pop()  # it is cut
    if lines and SEPARATOR.fullmatch(lines[0]):
        return _quoted(lines[1:], SEPARATOR.fullmatch(lines[0])[1], whole)  # type: ignore[index]
    above, delimiter = _header(lines, is_tsv, text_column)
    return _quoted(lines[above:], delimiter, whole)._replace(above=above)


def delimiter_of(line: str) -> str:
    """Return the delimiter that a header has most of.

    >>> delimiter_of("id;text, plain;date")
    ';'
    """
    return max(DELIMITERS, key=line.count)


def cells(line: str, delimiter: str) -> list[str]:
    """Return the names in a header."""
    return [each.strip(" \"'\r") for each in line.split(delimiter)]


def _header(lines: list[str], is_tsv: bool, text_column: str | None) -> tuple[int, str]:
    """Return how many lines stand above the header, and its delimiter.

    The header is the first of the first lines that names the text and has as many fields as the
    line below it; else the first line of all.
    """
    for place, line in enumerate(lines[:_FIRST_LINES]):
        delimiter = "\t" if is_tsv else delimiter_of(line)
        names = cells(line, delimiter)
        named = text_column in names if text_column else any(folded(n) in _TEXTS for n in names)
        if named and (place == 0 or _is_wider(lines, place, delimiter)):
            return place, delimiter
    return 0, "\t" if is_tsv else delimiter_of(lines[0] if lines else "")


def _is_wider(lines: list[str], place: int, delimiter: str) -> bool:
    """Tell whether a line begins a table: it has more fields than those above it."""
    most = max(line.count(delimiter) for line in lines[:place])
    return lines[place].count(delimiter) > most


def _single_quoted(lines: list[str], delimiter: str, whole: bool) -> Dialect | None:
    """Return how rows are read whose fields stand in single quotation marks, where they do.

    So all rows fit the header, and without that some do not; or all names of the header stand so.
    """
    begins = re.compile(rf"(?:^|{re.escape(delimiter)})'")
    if sum(bool(begins.search(line)) for line in lines) < min(_WRAPPED, len(lines) - 1):
        return None
    usual = _read(Dialect(delimiter), lines, whole)
    is_named = all(_SINGLE.fullmatch(each) for each in lines[0].rstrip("\r").split(delimiter))
    for escape in (False, True):
        single = Dialect(delimiter, escape=escape, mark="'")
        found = _read(single, lines, whole)
        fits = not found.bad and 2 * found.good >= usual.good
        if fits and (is_named or usual.bad):
            return single
    return None


_SINGLE = re.compile(r"'[^']*'")


class _Reading(NamedTuple):
    good: int  # rows with as many fields as the header
    bad: int
    several: int  # rows that take several lines


def _quoted(lines: list[str], delimiter: str, whole: bool) -> Dialect:
    """Tell what quotation marks mean: how they are read so that most rows fit the header."""
    plain = Dialect(delimiter)
    rows = lines[1:]
    if not rows:
        return plain
    single = _single_quoted(lines, delimiter, whole)
    if single is not None:
        return single
    if not any('"' in line for line in lines):
        return plain
    wanted = lines[0].count(delimiter)
    usual = _read(plain, lines, whole)
    if usual.bad and any('\\"' in line for line in rows):
        escaped = _read(plain._replace(escape=True), lines, whole)
        if escaped.good > usual.good and escaped.bad < usual.bad:
            return plain._replace(escape=True)
    fit = sum(line.count(delimiter) == wanted for line in rows)
    bare = plain._replace(quotes=False)
    is_one_a_line = fit >= _FIT * len(rows)
    if usual.bad:
        return bare if is_one_a_line and fit > usual.good else plain
    if usual.several:
        sure = delimiter == "\t" or wanted + 1 >= _MANY_FIELDS
        return bare if fit == len(rows) and sure and wanted else plain
    if delimiter != "\t" or _shows_quotes(lines, delimiter):
        return plain
    return plain if _read(bare, lines, whole).bad else bare


def _read(dialect: Dialect, lines: list[str], whole: bool) -> _Reading:
    """Count the rows that fit the header and those that do not, as the reader goes over them."""
    width, good, bad, several, at = 0, 0, 0, 0, 0
    while at < len(lines):
        start = at
        reader = dialect.reader(f"{lines[place]}\n" for place in range(start, len(lines)))
        try:
            for fields in reader:
                several += start + reader.line_num > at + 1
                at = start + reader.line_num
                width = width or len(fields)
                fits = len(fields) <= width or not any(each.strip() for each in fields[width:])
                good, bad = good + fits, bad + (not fits)
        except csv.Error:
            is_cut = not whole and start + reader.line_num >= len(lines)
            if is_cut and len(lines) - at < _CUT_ROW:
                break
            bad, at = bad + 1, at + 1
    return _Reading(good - 1, bad, several)  # but for the header


def _shows_quotes(lines: list[str], delimiter: str) -> bool:
    """Tell whether some quotation marks can only be there for the form.

    So are those of names in the header, doubled ones, and those around all values of a column.
    """
    if '"' in lines[0]:
        return True
    rows = [line.rstrip("\r").split(delimiter) for line in lines[1:]]
    if any(_has_doubled(field) for row in rows for field in row):
        return True
    for column in range(min(lines[0].count(delimiter) + 1, _MOST_COLUMNS)):
        values = [row[column] for row in rows if len(row) > column and row[column]]
        if len(values) >= _WRAPPED and all(_WRAP.fullmatch(value) for value in values):
            return True
    return False


_WRAP = re.compile(r'"[^"]*"')


def _has_doubled(field: str) -> bool:
    """Tell whether a field stands in quotes and has doubled ones inside, and no other."""
    if len(field) < len('""""') or not (field.startswith('"') and field.endswith('"')):
        return False
    inner = field[1:-1]
    return '""' in inner and '"' not in inner.replace('""', "")
