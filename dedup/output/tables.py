"""Results → files, whole or not at all.

Everything is first written under a temporary name in the folder it is meant for, flushed to the
disk, and then renamed. The files of one result are renamed together, after the last was written.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import BinaryIO

import orjson
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from dedup.core.files import StrPath, cannot_write, json_bytes, staged
from dedup.errors import ConfigError
from dedup.output.csv_files import csv_table
from dedup.output.places import check_output
from dedup.output.texts import with_texts
from dedup.output.written import WRITTEN, Written
from dedup.result import Result

FORMATS = ("jsonl", "parquet", "csv")

_ROWS = 10_000
_GROUP_ROWS = 131_072
_DIGITS = 6


def write_result(
    result: Result,
    directory: StrPath,
    *,
    format: str = "jsonl",
    inputs: Sequence[str] = (),
    more: Mapping[str, Callable[[BinaryIO], object]] | None = None,
    with_text: bool = False,
) -> list[Path]:
    """Write documents, pairs, passages, repeats and ``summary.json``; return their paths.

    The folder is made if need be. The same result gives the same bytes. ``csv`` writes each table
    as JSON lines and as CSV beside. ``with_text`` adds what passages and repeats say. ``more``
    names files that belong to them, and what writes each. ``written.json`` lists all: files of an
    earlier scan that are not written again are removed, and what it did not write is not replaced.
    Raises ``OutputError`` for that, and when an input would be touched or the disk refuses; files
    of an earlier result stay as they were then.
    """
    if format not in FORMATS:
        raise ConfigError("format", format, " or ".join(FORMATS))
    folder = Path(directory)
    files: dict[str, Callable[[BinaryIO], object]] = {}
    for name, schema in result.contract.items():
        table = result.tables[name].select(schema.names)
        if with_text:
            table = with_texts(name, table, result.corpus)
        files |= table_files(name, table, format)
    files["summary.json"] = partial(_write_bytes, json_bytes(result.summary, pretty=True))
    files |= more or {}
    check_output(folder, inputs, [*files, WRITTEN])
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise cannot_write(folder, error) from error
    earlier = Written.of(folder)
    with staged(folder) as staging:
        for name, write in files.items():
            write(staging.open(folder / name))
        hashes = earlier.stage(staging, files)
    earlier.remove_stale(hashes)
    return [folder / name for name in files]


def _write_bytes(data: bytes, file: BinaryIO) -> None:
    file.write(data)


def table_files(name: str, table: pa.Table, format: str) -> dict[str, Callable[[BinaryIO], object]]:
    """Return the files that a table becomes, and what writes each."""
    forms = ("jsonl", "csv") if format == "csv" else (format,)
    return {
        f"{name}.{form}": partial(write_table, table=table, format=form, schema=table.schema)
        for form in forms
    }


def write_table(
    file: BinaryIO, table: pa.Table, format: str, schema: pa.Schema | None = None
) -> None:
    """Write one table as JSON lines, Parquet or CSV, with floats rounded to six places.

    ``schema`` names the columns to write, and their types.
    """
    schema = schema or table.schema
    table = table.select(schema.names)
    if format == "parquet":
        with pq.ParquetWriter(file, schema) as writer:
            for start in range(0, len(table), _GROUP_ROWS):
                writer.write_table(rounded(table.slice(start, _GROUP_ROWS).cast(schema)))
    elif format == "csv":
        csv_table(file, rounded(table))
    else:
        for lines in json_lines(table):
            file.write(lines)


def json_lines(table: pa.Table) -> Iterator[bytes]:
    r"""Yield a table as JSON lines, many lines at a time, keys in the order of the columns.

    >>> list(json_lines(pa.table({"a": ["x"], "jaccard": [1 / 3]})))
    [b'{"a":"x","jaccard":0.333333}\n']
    """
    for start in range(0, len(table), _ROWS):
        rows = rounded(table.slice(start, _ROWS)).to_pylist()
        yield b"".join([orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE) for row in rows])


def rounded(table: pa.Table) -> pa.Table:
    """Return a table with floats as they are written, rounded to six places."""
    for index, item in enumerate(table.schema):
        if pa.types.is_floating(item.type):
            table = table.set_column(index, item, pc.round(table.column(index), _DIGITS))
    return table
