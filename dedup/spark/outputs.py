"""What a run found, written as folders of Parquet or JSON lines, and its summary as one file."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pyarrow as pa
from pyspark.sql import Window
from pyspark.sql import functions as F

from dedup.core.files import json_bytes
from dedup.errors import ConfigError
from dedup.output.cleaned.provenance import free_name
from dedup.output.cleaned.rows import METADATA
from dedup.output.tables import rounded
from dedup.spark.api import Found
from dedup.spark.frames import Batches, Frame, Session, batches_of, local_path, map_batches
from dedup.spark.inputs import Input
from dedup.spark.inside import DOCUMENT
from dedup.spark.reading import KEYS, quoted, row_keys

SUMMARY = "summary.json"
_CLEAN = "_dedup_clean"  # beside columns of others


def check_free(session: Session, output: str, names: list[str]) -> None:
    """Raise ``ConfigError`` if the folder holds something that this run would replace."""
    for name in names:
        path = f"{output.rstrip('/')}/{name}"
        place = local_path(path)
        if place is not None:
            taken = place.exists()
        else:
            taken = False
            with suppress(Exception):  # what is not there cannot be read
                session.read.format("binaryFile").load(path).limit(1).count()
                taken = True
        if taken:
            raise ConfigError("output", output, f"a folder without {name} in it")


def write(frame: Frame, output: str, name: str, format: str) -> None:
    """Write a table as a folder of files."""
    writer = frame.write.mode("errorifexists")
    path = f"{output.rstrip('/')}/{name}"
    if format == "parquet":
        writer.parquet(path)
    else:
        writer.option("ignoreNullFields", "false").json(path)


def as_written(frame: Frame) -> Frame:
    """Return a table with scores as they are written."""
    schema = dict(frame.dtypes)

    def work(batches: Batches) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            table = rounded(pa.Table.from_batches([batch])).combine_chunks()
            columns = {name: table.column(name).combine_chunks() for name in schema}
            yield from batches_of(columns, schema)

    return map_batches(frame, work, schema) if "double" in schema.values() else frame


def rows(given: Input, found: Found, *, annotate: bool) -> Frame:
    """Return the rows that were read, with what was found of each; all, or those that stay."""
    mark = free_name("dedup", given.columns)
    theirs = found.keyed if annotate else found.keyed.where("kept")
    theirs = theirs.select(*KEYS, "row", F.struct(*METADATA).alias(mark))
    return _with_rows(given, found, theirs).select(*map(quoted, given.columns), mark)


def cleaned(given: Input, found: Found) -> Frame:
    """Return the rows that stay with their texts cleaned, and two columns more behind theirs.

    ``dedup`` is what was found of each, ``provenance`` what was removed, as JSON.
    """
    assert found.inside is not None
    mark, record = (free_name(name, given.columns) for name in ("dedup", "provenance"))
    texts = found.inside.where(F.col("kind") == DOCUMENT)
    texts = texts.select("row", F.col("clean").alias(_CLEAN), F.col("provenance").alias(record))
    theirs = found.keyed.where("kept").select(*KEYS, "row", F.struct(*METADATA).alias(mark))
    joined = _with_rows(given, found, theirs.join(texts, "row"))
    columns = [
        F.col(_CLEAN).alias(name) if name == given.roles["text"] else F.col(quoted(name))
        for name in given.columns
    ]
    return joined.select(*columns, mark, record)


def _with_rows(given: Input, found: Found, theirs: Frame) -> Frame:
    """Join the rows that were read with columns of documents, by all that was read of them."""
    named = {role: F.col(quoted(name)) for role, name in given.roles.items() if name}
    mine = given.frame.select(*(F.col(quoted(name)) for name in given.columns), *row_keys(named))
    keys = list(KEYS)
    if found.summary["read_report"]["damaged"].get("duplicate_id"):
        # Rows that are equal in all columns read are separate documents, one for one.
        likes = Window.partitionBy(*keys).orderBy(F.lit(0))
        number = F.row_number().over(likes)
        every = found.keyed.select("row", number.alias("number"))
        theirs = theirs.join(every, "row")
        mine = mine.withColumn("number", number)
        keys.append("number")
    return mine.join(theirs, keys)


def write_summary(session: Session, output: str, summary: dict[str, Any]) -> None:
    """Write the summary as one file, on file systems of others as Spark can."""
    data = json_bytes(summary, pretty=True)
    place = local_path(output)
    if place is not None:
        place.mkdir(parents=True, exist_ok=True)
        Path(place, SUMMARY).write_bytes(data)
        return
    line = json_bytes(summary).decode("utf-8").strip()
    frame = session.createDataFrame([(line,)], "value string").coalesce(1)
    frame.write.mode("errorifexists").text(f"{output.rstrip('/')}/{SUMMARY}")
