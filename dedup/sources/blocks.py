"""Blocks of plain lines → columns, with no record for each document.

Plain is what gives the same documents as line by line; of anything else a block is refused, and
the caller goes through it line by line. A block is small enough to stay in the cache.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import partial
from operator import methodcaller
from typing import Any

import numpy as np
import orjson
import pyarrow as pa

from dedup.errors import InputError
from dedup.sources.names import lookup
from dedup.sources.options import Columns
from dedup.sources.rows import as_string
from dedup.sources.streams import Line
from dedup.sources.tables import Rows

BLOCK_BYTES = 1 << 20
EXACT = 2**63  # orjson turns larger integers into floats, which is not what an id may become
_LINE_BYTES = 64  # what a line costs besides its bytes, so that blank ones make a block as well
_STRINGS = {str, type(None)}


def blocks(lines: Iterable[Line], most: int) -> Iterator[list[Line]]:
    """Yield the lines in lists of about ``BLOCK_BYTES``, or of ``most`` where that is less."""
    block, size, limit = list[Line](), 0, min(most, BLOCK_BYTES)
    failed = None
    try:
        for each in lines:
            block.append(each)
            line = each[1]
            size += len(line) + _LINE_BYTES if line else _LINE_BYTES
            if size >= limit:
                yield block
                block, size = [], 0
    except InputError as error:
        failed = error  # the lines before the flaw may have flaws that come first
    if block:
        yield block
    if failed is not None:
        raise failed


def json_columns(block: list[Line], columns: Columns) -> Rows | None:
    """Return the objects on the lines of a block as columns, ``None`` where one is not plain."""
    numbers, rows = list[int](), list[Any]()
    loads = orjson.loads
    try:
        for number, line in block:
            if line is None:
                return None
            if line and not line.isspace():
                rows.append(loads(line))
                numbers.append(number)
    except orjson.JSONDecodeError:
        return None
    if not set(map(type, rows)) <= {dict}:
        return None
    arrays = []
    for name in columns.names():
        get = partial(lookup, name=name) if "." in name else methodcaller("get", name)
        array = _json_column([get(row) for row in rows], name, columns)
        if array is None:
            return None
        arrays.append(array)
    batch = pa.RecordBatch.from_arrays(arrays, columns.names())
    return Rows(batch, np.array(numbers, np.int64), valid=True)


def _json_column(values: list[Any], name: str, columns: Columns) -> pa.Array | None:
    kinds = set(map(type, values))
    if name == columns.text:
        return pa.array(values, pa.large_string()) if kinds <= _STRINGS else None
    if not kinds <= _STRINGS:
        if name == columns.id and any(type(v) is float and abs(v) >= EXACT for v in values):
            return None
        values = [as_string(value) for value in values]
    return pa.array(values, pa.string())
