"""Results → files, whole or not at all.

Everything is first written under a temporary name in the folder it is meant for, flushed to the
disk, and then renamed. The files of one result are renamed together, after the last was written.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import BinaryIO

import orjson
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from dedup.core.files import StrPath, cannot_write, json_bytes, staged
from dedup.errors import ConfigError
from dedup.output.places import check_output
from dedup.result import Result

FORMATS = ("jsonl", "parquet")

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
) -> list[Path]:
    """Write documents, pairs, passages, repeats and ``summary.json``; return their paths.

    The folder is made if need be. The same result gives the same bytes. ``more`` names files that
    belong to them, and what writes each. Raises ``OutputError``
    when an input would be touched or the disk refuses; files of an earlier result stay as they
    were then.
    """
    if format not in FORMATS:
        raise ConfigError("format", format, " or ".join(FORMATS))
    folder = Path(directory)
    more = more or {}
    names = [*(f"{name}.{format}" for name in result.contract), "summary.json", *more]
    check_output(folder, inputs, names)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise cannot_write(folder, error) from error
    with staged(folder) as staging:
        for name, schema in result.contract.items():
            file = staging.open(folder / f"{name}.{format}")
            write_table(file, result.tables[name], format, schema)
        staging.open(folder / "summary.json").write(json_bytes(result.summary, pretty=True))
        for name, write in more.items():
            write(staging.open(folder / name))
    return [folder / name for name in names]


def write_table(
    file: BinaryIO, table: pa.Table, format: str, schema: pa.Schema | None = None
) -> None:
    """Write one table as JSON lines or Parquet, with floats rounded to six places.

    ``schema`` names the columns to write, and their types.
    """
    schema = schema or table.schema
    table = table.select(schema.names)
    if format == "parquet":
        with pq.ParquetWriter(file, schema) as writer:
            for start in range(0, len(table), _GROUP_ROWS):
                writer.write_table(rounded(table.slice(start, _GROUP_ROWS).cast(schema)))
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
