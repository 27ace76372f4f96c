"""The first reading, on executors: rows of any data frame to what one pass leaves of a document.

The rows of a batch become documents by the code that reads Arrow data elsewhere. What was skipped
comes out as rows of its own, so that a task that runs twice counts nothing twice.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyspark.sql import functions as F

from dedup.config import Config
from dedup.core.arrays import Texts, texts_from_arrow
from dedup.core.hashing import xxh3_128
from dedup.pipeline.signing import sign_batch
from dedup.schema import ReadReport
from dedup.sources.nested import is_text
from dedup.sources.options import Columns, ReadOptions, Run, Source, Tally
from dedup.sources.tables import Rows, as_strings, documents
from dedup.spark.frames import (
    Batches,
    Frame,
    Schema,
    batch_texts,
    batches_of,
    column,
    folded,
    map_batches,
)
from dedup.spark.packing import binary_rows
from dedup.text.shingles import Shingles, shingle_batch

ROLES = ("text", "id", "date", "url", "site", "path", "priority", "flaw", "damage")
KEYS: Schema = {"key0": "bigint", "key1": "bigint"}  # of a row: hashes of all that is read of it
SIGNED: Schema = {
    **KEYS,
    "doc_id": "string",
    "path": "string",
    "site": "string",
    "date": "string",
    "priority": "string",
    "url": "string",  # where addresses are compared
    "number": "double",  # the priority, where it is a number
    "digest": "bigint",
    "tokens": "bigint",
    "cut": "boolean",
    "sum0": "bigint",
    "sum1": "bigint",
    "keys": "binary",
    "flaw": "string",  # of rows that are no document: why some were skipped, or damaged
    "flawed": "bigint",
}
SETS: Schema = {"row": "bigint", "tokens": "bigint", "shingles": "binary"}
_METADATA = ("path", "site", "date", "priority")


class Read(NamedTuple):
    """The documents of a batch: their columns, texts, and what was wrong with others."""

    columns: dict[str, pa.Array]
    texts: Texts
    read_report: ReadReport


def role_columns(frame: Frame, roles: Mapping[str, str | None]) -> Frame:
    """Return the columns that are needed, under the names of what they are for, and ``KEYS``."""
    named = {role: F.col(quoted(name)) for role, name in roles.items() if name}
    return frame.select(*(each.alias(role) for role, each in named.items()), *row_keys(named))


def quoted(name: str) -> str:
    """Return the name of a column so that dots and such are part of it."""
    return "`{}`".format(name.replace("`", "``"))


def row_keys(named: Mapping[str, Any]) -> list[Any]:
    """Return two hashes of what is read of a row; rows with the same two are taken to be equal.

    A hash leaves nulls out, so it is told of each column whether there is something.
    """
    parts = [
        part for role in ROLES if role in named for part in (named[role].isNull(), named[role])
    ]
    return [F.xxhash64(F.lit(key), *parts).alias(name) for key, name in enumerate(KEYS)]


def read_batch(batch: pa.RecordBatch) -> Read:
    """Return the usable rows of a batch whose columns are named by role."""
    read_report = ReadReport()
    names = batch.schema.names
    if "flaw" in names:
        flaws = batch.column("flaw")
        for reason, count in zip(*_counted(flaws), strict=True):
            read_report.skip(reason, "", count)
        batch = batch.filter(pc.is_null(flaws))
    if "damage" in names:
        for reason, count in zip(*_counted(batch.column("damage")), strict=True):
            read_report.damaged[reason] += count
    batch = _with_ids(batch)
    run = Run(ReadOptions(), Tally(read_report))
    roles = {role: role for role in ("date", "url", "site", "priority") if role in names}
    columns = Columns("text", "id", **roles)
    # Rows of a file are numbered: so the column that a document brings besides is found again.
    made = documents(Rows.from_number(0, batch), columns, Source("", "", "rows", True), run)
    metadata = {name: made.column(name) for name in ("doc_id", *_METADATA)}
    paths = as_strings(batch, "path" if "path" in names else None)
    metadata["path"] = paths.take(made.column("line"))
    metadata["url"] = made.column("url")
    metadata |= {name: batch.column(name).take(made.column("line")) for name in KEYS}
    return Read(metadata, texts_from_arrow(made.column("text")), read_report)


def _counted(column: pa.Array) -> tuple[list[str], list[int]]:
    counts = pc.value_counts(column.drop_null())
    return counts.field("values").to_pylist(), counts.field("counts").to_pylist()


def _with_ids(batch: pa.RecordBatch) -> pa.RecordBatch:
    """Name documents without an id by a hash of their text: rows have no numbers in Spark."""
    ids = as_strings(batch, "id" if "id" in batch.schema.names else None)
    usable = pc.fill_null(pc.not_equal(ids, ""), False)
    texts = batch.column("text")
    if is_text(texts.type) and not pc.all(usable).as_py():
        missing = np.flatnonzero(~usable.to_numpy(zero_copy_only=False))
        made = []
        for each in texts.take(pa.array(missing)).to_pylist():
            data = each.encode("utf-8", "replace") if isinstance(each, str) else bytes(each or b"")
            made.append(f"document {xxh3_128(data)}")
        ids = pc.replace_with_mask(ids, pc.invert(usable), pa.array(made, pa.string()))
    if "id" in batch.schema.names:
        return batch.set_column(batch.schema.get_field_index("id"), "id", ids)
    return batch.append_column("id", ids)


def sign(frame: Frame, config: Config) -> Frame:
    """Read all rows for the first time (``role_columns``); return the table ``SIGNED``."""
    settings = config.as_dict()

    def work(batches: Batches) -> Iterator[pa.RecordBatch]:
        config = Config(**settings)
        for batch in batches:
            read = read_batch(batch)
            yield from _signed(read, config)
            yield from _flaws(read.read_report)

    return map_batches(frame, work, SIGNED)


def _signed(read: Read, config: Config) -> Iterator[pa.RecordBatch]:
    signed = sign_batch(read.texts, config)
    count = len(read.texts)
    keys = np.ascontiguousarray(signed.keys.T)
    compares = config.same_url and "duplicates" in config.find
    yield from batches_of(
        {
            **{name: read.columns[name] for name in (*KEYS, "doc_id", *_METADATA)},
            "url": read.columns["url"] if compares else pa.nulls(count, pa.string()),
            "number": pa.array(_numbers(read.columns["priority"]), pa.float64()),
            "digest": folded(signed.digests),
            "tokens": signed.counts.astype(np.int64),
            "cut": signed.cut,
            "sum0": np.ascontiguousarray(signed.fingerprints[:, 0]).view(np.int64),
            "sum1": np.ascontiguousarray(signed.fingerprints[:, 1]).view(np.int64),
            "keys": binary_rows(
                keys.ravel().view(np.uint8), np.arange(count + 1) * 8 * keys.shape[1]
            ),
            "flaw": pa.nulls(count, pa.string()),
            "flawed": pa.nulls(count, pa.int64()),
        },
        SIGNED,
    )


def _numbers(column: pa.Array) -> list[float | None]:
    """Return strings as numbers, as far as they are."""

    def number(value: str | None) -> float | None:
        try:
            return None if value is None else float(value) + 0.0  # 0 has no sign then
        except ValueError:
            return None

    if column.null_count == len(column):
        return [None] * len(column)
    return [number(each) for each in column.to_pylist()]


def _flaws(read_report: ReadReport) -> Iterator[pa.RecordBatch]:
    """Yield one row for each thing that was wrong with some rows of a batch."""
    kinds = {"skipped": read_report.skipped, "damaged": read_report.damaged}
    found = {f"{kind}:{name}": n for kind, counts in kinds.items() for name, n in counts.items()}
    if found:
        columns: dict[str, Any] = {name: pa.nulls(len(found)) for name in SIGNED}
        columns["flaw"] = pa.array(list(found), pa.string())
        columns["flawed"] = pa.array(list(found.values()), pa.int64())
        yield from batches_of(columns, SIGNED)


def shingle(frame: Frame, config: Config) -> Frame:
    """Make the distinct shingles of documents (row, tokens, text); return the table ``SETS``."""
    settings = config.as_dict()

    def work(batches: Batches) -> Iterator[pa.RecordBatch]:
        config = Config(**settings)
        for batch in batches:
            texts = batch_texts(batch)
            made = shingle_batch(texts, np.arange(len(batch)), config)
            yield from set_rows(batch, made)

    return map_batches(frame, work, SETS)


def set_rows(batch: pa.RecordBatch, made: Shingles) -> Iterator[pa.RecordBatch]:
    """Yield the shingles of documents (row, tokens) as ``SETS``."""
    columns = {
        "row": column(batch, "row"),
        "tokens": column(batch, "tokens"),
        "shingles": binary_rows(made.values.view(np.uint8), made.offsets * 8),
    }
    yield from batches_of(columns, SETS)
