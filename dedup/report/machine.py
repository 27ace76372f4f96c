"""A result as one JSON object, for programs."""

from __future__ import annotations

from collections.abc import Iterator

import pyarrow as pa

from dedup.core.files import json_bytes
from dedup.output.tables import json_lines
from dedup.result import Result


def json_parts(result: Result) -> Iterator[bytes]:
    """Yield the bytes of one JSON object with everything a result holds.

    Its keys are the tables of the contract as lists, ``clusters`` (name to members, canonical
    first), ``removals`` and ``annotations`` with the doc_id, and ``summary``. Rows read as in the
    output files.
    """
    tables = {
        name: result.tables[name].select(schema.names) for name, schema in result.contract.items()
    }
    for number, (name, table) in enumerate({**tables, **result.named}.items()):
        yield f'{"," if number else "{"}\n"{name}":['.encode()
        yield from _list(table)
        yield b"]"
    for name, value in (("clusters", result.clusters), ("summary", result.summary)):
        yield f',\n"{name}":'.encode() + json_bytes(value).rstrip(b"\n")
    yield b"}\n"


def _list(table: pa.Table) -> Iterator[bytes]:
    """Yield the rows as the items of a JSON list."""
    between = b"\n"
    for lines in json_lines(table):
        # A line end inside a string is escaped, so each one ends a row.
        yield between + lines.rstrip(b"\n").replace(b"\n", b",\n")
        between = b",\n"
