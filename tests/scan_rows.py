"""What tests of the rows of a scan share: scans that write them, and how they are read back."""

from __future__ import annotations

import datetime
import decimal
import gzip
import json
from types import SimpleNamespace

import numpy as np
import pyarrow as pa
from click.testing import CliRunner
from prose import BAKERY, COMET, FERRY, LIBRARY, ORCHARD, PENDULUM, SWIMMING, THEATRE

from dedup import cli
from dedup.cli import running
from dedup.core.arrays import clean_string
from dedup.output.cleaned.provenance import free_name
from dedup.output.cleaned.rows import has_empty_struct, json_texts

PROSE = (BAKERY, COMET, FERRY, LIBRARY, ORCHARD, PENDULUM, SWIMMING, THEATRE)

FAST = ("--find", "duplicates")


def run(*arguments, input=None):
    """Run a scan in this process."""
    result = CliRunner().invoke(
        cli.root, ["scan", *map(str, arguments)], input=input, prog_name="dedup"
    )
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    said = result.stderr.replace(f"{running.COMPILING}\n", "")
    return SimpleNamespace(code=result.exit_code, out=result.stdout, err=said)


def made(count=40, seed=1):
    """Return rows in no order of their ids; some texts are copies, and some ids occur again."""
    draw = np.random.default_rng(seed)
    rows = []
    for k in range(count):
        text = f"Day {k} in the valley. {PROSE[k % 8]} {PROSE[(k * 3 + 1) % 8]}"
        if rows and k % 3 == 0:
            text = rows[draw.integers(0, len(rows))]["text"].replace("the", "a", k % 4)
        name = rows[-2]["id"] if k % 11 == 10 else f"{draw.integers(0, 10**6):06d}"
        rows.append({"n": k, "id": name, "text": text, "tags": ["x"] * (k % 3), "site": None})
    return rows


def write_jsonl(path, rows):
    data = "".join(f"{json.dumps(each)}\n" for each in rows).encode()
    path.write_bytes(gzip.compress(data) if path.suffix == ".gz" else data)
    return path


def lines(path):
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def typed(rows):
    """Return rows as a table with columns of all sorts of types."""
    count = len(rows)
    return pa.table(
        {
            "when": pa.array([datetime.datetime(2024, 1, 2)] * count, pa.timestamp("us", "UTC")),
            "price": pa.array([decimal.Decimal(k) for k in range(count)], pa.decimal128(10, 2)),
            "text": pa.array([row["text"] for row in rows], pa.large_string()),
            "id": pa.array([row["id"] for row in rows]),
            "n": pa.array(range(count), pa.int16()),
            "category": pa.array([f"c{k % 3}" for k in range(count)]).dictionary_encode(),
            "nested": pa.array([{"a": [1], "b": datetime.date(2024, 1, 2)}] * count),
            "map": pa.array([[("k", 1)]] * count, pa.map_(pa.string(), pa.int32())),
            "none": pa.nulls(count),
            "dedup": ["mine"] * count,
        }
    )


def columns_of(rows):
    """Lay rows of JSON values out as columns; a column of mixed kinds holds them as JSON text."""
    columns = {}
    for name in dict.fromkeys(name for row in rows for name in row):
        values = [row.get(name) for row in rows]
        try:
            column = pa.array(values)
        except (pa.ArrowInvalid, pa.ArrowTypeError, OverflowError, UnicodeEncodeError):
            column = json_texts(values)
        # Half of a surrogate pair cannot be in the name of a column.
        name = free_name(clean_string(name), columns)
        columns[name] = json_texts(values) if has_empty_struct(column.type) else column
    return pa.table(columns)
