"""Tables and rows as CSV that spreadsheets open as it is meant."""

from __future__ import annotations

import codecs
import csv
import io
import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, BinaryIO

import pyarrow as pa

from dedup.core.files import StrPath

_ROWS = 1_000
_FORMULA = ("=", "+", "-", "@", "\t", "\r")  # a spreadsheet would compute what begins so


def write_csv(file: BinaryIO, columns: list[str], rows: Iterable[Mapping[str, Any]]) -> None:
    r"""Write rows as CSV: UTF-8 with a byte order mark, lines that end in CR and LF.

    Text that a spreadsheet would take for a formula gets an apostrophe before it; lists and
    objects are written as JSON; nothing stands for null.

    >>> file = io.BytesIO()
    >>> write_csv(file, ["id", "text"], [{"id": 1, "text": "=1+1"}])
    >>> file.getvalue()
    b"\xef\xbb\xbfid,text\r\n1,'=1+1\r\n"
    """
    file.write(codecs.BOM_UTF8)
    for some in _lines(columns, rows):
        file.write(some)


def _lines(columns: list[str], rows: Iterable[Mapping[str, Any]]) -> Iterator[bytes]:
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, lineterminator="\r\n")
    writer.writerow([_cell(name) for name in columns])
    for number, row in enumerate(rows, 1):
        writer.writerow([_cell(row.get(name)) for name in columns])
        if number % _ROWS == 0:
            yield _taken(buffer)
    yield _taken(buffer)


def _taken(buffer: io.StringIO) -> bytes:
    data = buffer.getvalue().encode("utf-8", "replace")
    buffer.seek(0)
    buffer.truncate()
    return data


def _cell(value: Any) -> Any:
    """Return a value as it is written into a cell.

    >>> _cell("-7 degrees"), _cell(-7), _cell(["a"]), _cell(None)
    ("'-7 degrees", -7, '["a"]', '')
    """
    if isinstance(value, str):
        return f"'{value}" if value.startswith(_FORMULA) else value
    if isinstance(value, Mapping | list | tuple):
        return json.dumps(value, ensure_ascii=False, default=str)
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else value


def csv_table(file: BinaryIO, table: pa.Table) -> None:
    """Write an Arrow table as CSV."""
    batches = table.to_batches(max_chunksize=_ROWS)
    write_csv(file, table.column_names, (row for batch in batches for row in batch.to_pylist()))


def csv_of_lines(file: BinaryIO, path: StrPath) -> None:
    """Write the objects of a file of JSON lines as CSV; it is read twice, first for the columns."""
    columns: dict[str, None] = {}
    with Path(path).open("rb") as lines:
        for line in lines:
            columns.update(dict.fromkeys(json.loads(line)))
        lines.seek(0)
        write_csv(file, list(columns), map(json.loads, lines))
