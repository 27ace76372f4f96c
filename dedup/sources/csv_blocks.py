"""Blocks of regular CSV → columns, with no list for each row.

Regular is what Python's csv module (strict) and Arrow read alike: valid UTF-8, a quote only around
a field or doubled inside one, and lines that end in LF or CRLF. A block is refused where it is not.
"""

from __future__ import annotations

import csv
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.csv as pa_csv

from dedup.core.arrays import Int64, UInt8
from dedup.sources.dialects import MOST_LINES, Dialect
from dedup.sources.options import Columns
from dedup.sources.streams import Line
from dedup.sources.tables import Rows

_QUOTE, _LF, _CR = b'"\n\r'
_PLAIN_DELIMITERS = ",;\t|"


class Taken(NamedTuple):
    """The rows that end in a block, and how many of its lines they take."""

    rows: Rows
    lines: int


def csv_columns(
    block: list[Line], header: list[str], dialect: Dialect, columns: Columns
) -> Taken | None:
    """Return the rows that end in a block as columns, ``None`` where one is not regular."""
    delimiter = dialect.delimiter
    if dialect.escape or dialect.mark != '"':
        return None
    parts = [line for _, line in block if line is not None]
    data = b"".join(parts)
    if not data.endswith(b"\n"):
        data += b"\n"
    if len(parts) < len(block) or not _is_readable(data, delimiter):
        return None
    codes = np.frombuffer(data, np.uint8)
    quotes, feeds = np.flatnonzero(codes == _QUOTE), np.flatnonzero(codes == _LF)
    if not dialect.quotes:
        quotes = quotes[:0]
    ends = np.searchsorted(quotes, feeds) % 2 == 0
    if not ends.any():
        return None
    count = int(np.flatnonzero(ends)[-1]) + 1
    codes, ends, feeds = codes[: feeds[count - 1] + 1], ends[:count], feeds[:count]
    quotes = quotes[: np.searchsorted(quotes, len(codes))]
    if not _is_regular(codes, quotes, ord(delimiter)):
        return None
    first = np.flatnonzero(np.append(True, ends[:-1]))
    if np.diff(first, append=count).max() > MOST_LINES:
        return None
    first = first[~_are_blank(codes, feeds, first)]
    batch = _parsed(codes, header, dialect, columns, len(first))
    return None if batch is None else Taken(Rows(batch, first + block[0][0], valid=True), count)


def _is_readable(data: bytes, delimiter: str) -> bool:
    if delimiter not in _PLAIN_DELIMITERS or len(data) > csv.field_size_limit():
        return False
    if b"\0" in data or data.startswith(b"\xef\xbb\xbf"):
        return False
    offsets = pa.py_buffer(np.array([0, len(data)]))
    whole = pa.Array.from_buffers(pa.large_string(), 1, [None, offsets, pa.py_buffer(data)])
    try:
        whole.validate(full=True)
    except pa.ArrowInvalid:
        return False
    return True


def _is_regular(codes: UInt8, quotes: Int64, delimiter: int) -> bool:
    """Tell whether quotes stand around fields or are doubled, and each CR before a LF."""
    returns = np.flatnonzero(codes == _CR)
    if len(returns):
        outside = returns[np.searchsorted(quotes, returns) % 2 == 0]
        if (codes[outside + 1] != _LF).any():
            return False
    opening, closing = quotes[::2], quotes[1::2]
    before = np.where(opening > 0, codes[opening - 1], _LF)
    doubled = np.append(False, opening[1:] == closing[:-1] + 1)[: len(opening)]
    if not (doubled | (before == delimiter) | (before == _LF)).all():
        return False
    behind = codes[closing + 1]
    followed: npt.NDArray[np.bool_] = np.append(doubled[1:], False)[: len(closing)]
    is_end = (behind == delimiter) | (behind == _LF) | (behind == _CR)
    return bool((followed | is_end).all())


def _are_blank(codes: UInt8, feeds: Int64, first: Int64) -> npt.NDArray[np.bool_]:
    """Tell which of the rows, given by their first lines, are empty lines."""
    starts = np.append(0, feeds[:-1] + 1)[first]
    width = feeds[first] - starts
    blank: npt.NDArray[np.bool_] = (width == 0) | ((width == 1) & (codes[starts] == _CR))
    return blank


def _parsed(
    codes: UInt8, header: list[str], dialect: Dialect, columns: Columns, count: int
) -> pa.RecordBatch | None:
    """Return the columns that are needed, ``None`` where a row has not the fields of the header."""
    wanted = [name for name in columns.names() if name in header]
    places = [str(header.index(name)) for name in wanted]
    kinds = dict.fromkeys(places, pa.string()) | {places[0]: pa.large_string()}
    try:
        table = pa_csv.read_csv(
            pa.BufferReader(codes),
            pa_csv.ReadOptions(
                use_threads=False,
                block_size=len(codes) + 1,
                column_names=[str(place) for place in range(len(header))],
            ),
            pa_csv.ParseOptions(
                delimiter=dialect.delimiter,
                quote_char='"' if dialect.quotes else False,
                newlines_in_values=dialect.quotes,
            ),
            pa_csv.ConvertOptions(
                check_utf8=False,
                column_types=kinds,
                strings_can_be_null=False,
                include_columns=places,
            ),
        )
    except pa.ArrowInvalid:
        return None
    if len(table) != count or not count:
        return None
    return table.rename_columns(wanted).combine_chunks().to_batches()[0]
