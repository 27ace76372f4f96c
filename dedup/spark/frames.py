"""What all stages do with data frames: write and read again, map by batches, take to the driver.

Everything here works through Spark Connect as well: no RDD, no context, no checkpoint folder.
"""

from __future__ import annotations

import atexit
import shutil
import tempfile
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import accumulate
from pathlib import Path
from typing import Any, TypeAlias
from urllib.parse import unquote, urlsplit

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from pyspark.sql import functions as F

from dedup.core.arrays import Texts, one_array, texts_from_arrow
from dedup.errors import ConfigError
from dedup.sources.tables import usable_texts

Frame: TypeAlias = Any  # a pyspark.sql.DataFrame, classic or of Connect
Session: TypeAlias = Any
Batches: TypeAlias = Iterable[pa.RecordBatch]
Work: TypeAlias = Callable[[Batches], Iterator[pa.RecordBatch]]
Schema: TypeAlias = Mapping[str, str]  # the type of each column, as SQL has it
Numbers: TypeAlias = npt.NDArray[Any]

_ARROW = {
    "bigint": pa.int64(),
    "double": pa.float64(),
    "boolean": pa.bool_(),
    "string": pa.large_string(),
    "binary": pa.large_binary(),
    "array<string>": pa.list_(pa.string()),
    "array<double>": pa.list_(pa.float64()),
}
_SQL = {
    pa.int64(): "bigint",
    pa.float64(): "double",
    pa.bool_(): "boolean",
    pa.string(): "string",
}
_PACKED = 1 << 17  # numbers of a column that go to the driver in one row
_PART_BITS = 33  # below the number of the partition in an ascending number of Spark
_MOST_ROWS = 1 << 17  # of a batch that goes back to Spark


def map_batches(frame: Frame, work: Work, schema: Schema) -> Frame:
    """Run a function over the Arrow batches of each partition."""
    return frame.mapInArrow(work, ", ".join(f"`{name}` {kind}" for name, kind in schema.items()))


def batches_of(columns: Mapping[str, Any], schema: Schema) -> Iterator[pa.RecordBatch]:
    """Yield columns (arrays of NumPy or Arrow) as batches that Spark can take."""
    arrays = [
        pa.array(columns[name], _ARROW[kind])
        if isinstance(columns[name], np.ndarray)
        else columns[name].cast(_ARROW[kind])
        for name, kind in schema.items()
    ]
    batch = pa.RecordBatch.from_arrays(arrays, names=list(schema))
    for low in range(0, len(batch), _MOST_ROWS):
        yield batch.slice(low, _MOST_ROWS)


def sql_schema(schema: pa.Schema) -> Schema:
    """Return the columns of an Arrow table as Spark names them."""
    return {item.name: _SQL[item.type] for item in schema}


def batch_texts(batch: pa.RecordBatch | pa.Table) -> Texts:
    """Return the texts of a batch; rows without one are left out, see ``usable_texts``."""
    cells = batch.column("text")
    if isinstance(cells, pa.ChunkedArray):
        cells = one_array(cells)
    return texts_from_arrow(usable_texts(cells))


def column(batch: pa.RecordBatch | pa.Table, name: str) -> Numbers:
    """Return a column of numbers; nulls are not allowed in it."""
    array = batch.column(name)
    if isinstance(array, pa.ChunkedArray):
        array = array.combine_chunks()
    values: Numbers = array.to_numpy(zero_copy_only=False)
    return values


def whole(batches: list[pa.RecordBatch]) -> pa.Table:
    """Return several batches as one table of one chunk."""
    return pa.Table.from_batches(batches).combine_chunks()


def by_group(batches: Batches, name: str, most: int) -> Iterator[pa.Table]:
    """Yield runs of whole groups, about ``most`` rows at a time; rows come in order of group."""
    held: list[pa.RecordBatch] = []
    for batch in batches:
        if not len(batch):
            continue
        held.append(batch)
        if sum(map(len, held)) < most:
            continue
        last = column(batch, name)[-1]
        place = len(held) - 1  # of the batch in which the last group begins, be it several back
        while place and column(held[place], name)[0] == last:
            place -= 1
        cut = int(np.searchsorted(column(held[place], name), last))
        if place or cut:
            yield whole([*held[:place], held[place].slice(0, cut)])
            held = [part for part in (held[place].slice(cut), *held[place + 1 :]) if len(part)]
    if held:
        yield whole(held)


def folded(values: npt.NDArray[np.uint64]) -> npt.NDArray[np.int64]:
    """Return unsigned numbers as signed ones in the same order; Spark has no others."""
    return (values ^ np.uint64(1 << 63)).view(np.int64)


def to_driver(frame: Frame, names: list[str]) -> list[Numbers]:
    """Return columns of int64 as arrays.

    They travel as a few rows of bytes, which every version of Spark and Connect can fetch, one
    partition at a time.
    """

    def pack(batches: Batches) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            for low in range(0, len(batch), _PACKED):
                part = batch.slice(low, _PACKED)
                cells = [column(part, name).astype(np.int64).tobytes() for name in names]
                yield pa.RecordBatch.from_arrays(
                    [pa.array([cell], pa.large_binary()) for cell in cells], names=names
                )

    packed = map_batches(frame.select(*names), pack, dict.fromkeys(names, "binary"))
    parts: list[list[Numbers]] = [[np.zeros(0, np.int64)] for _ in names]
    for row in packed.toLocalIterator():
        for place, cell in enumerate(row):
            parts[place].append(np.frombuffer(bytes(cell), np.int64))
    return [np.concatenate(each) for each in parts]


def from_driver(session: Session, columns: Mapping[str, Numbers]) -> Frame:
    """Return arrays of int64 as a data frame; they travel as bytes too."""
    names = list(columns)
    count = len(columns[names[0]])
    rows = [
        tuple(bytearray(columns[name][low : low + _PACKED].astype(np.int64)) for name in names)
        for low in range(0, count, _PACKED)
    ]
    schema = dict.fromkeys(names, "bigint")

    def unpack(batches: Batches) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            for row in range(len(batch)):
                cells = (batch.column(name)[row].as_py() for name in names)
                arrays = (np.frombuffer(cell, np.int64) for cell in cells)
                yield from batches_of(dict(zip(names, arrays, strict=True)), schema)

    ddl = ", ".join(f"`{name}` binary" for name in names)
    return map_batches(session.createDataFrame(rows, ddl), unpack, schema)


def numbered(frame: Frame, order: list[Any], name: str) -> Frame:
    """Add a column of numbers that ascend as the rows do in some order.

    It has to be written before it is used, as every stage is: a second look may number anew.
    """
    ranged = frame.repartitionByRange(*order).sortWithinPartitions(*order)
    return ranged.withColumn(name, F.monotonically_increasing_id())


def ranked(store: Store, frame: Frame, within: list[str], order: list[str], name: str) -> Frame:
    """Add ``nth``, from 0, of each row among those equal in ``within``, and their ``count``.

    Rows are sorted by ranges, so those of one group may lie in several tasks.
    """
    columns = [F.col(each) for each in (*within, *order)]
    table = store.keep(numbered(frame, columns, "number"), name)
    part, place = F.expr(f"shiftright(number, {_PART_BITS})"), (1 << _PART_BITS) - 1
    sizes = sorted((int(row[0]), int(row[1])) for row in table.groupBy(part).count().collect())
    before = accumulate((size for _, size in sizes), initial=0)
    rows = [(each, begin) for (each, _), begin in zip(sizes, before, strict=False)]
    begins = frame.sparkSession.createDataFrame(rows, "part bigint, begins bigint")
    joined = table.withColumn("part", part).join(F.broadcast(begins), "part")
    nth = F.col("begins") + F.col("number").bitwiseAND(place)
    joined = joined.withColumn("nth", nth).drop("part", "begins", "number")
    groups = joined.groupBy(*within).agg(F.min("nth").alias("first"), F.count("*").alias("count"))
    found = joined.join(groups, within).withColumn("nth", F.col("nth") - F.col("first"))
    return found.drop("first")


@dataclass(slots=True)
class Store:
    """The work folder of one run: tables as Parquet, by name."""

    session: Session
    folder: str
    _temporary: bool = False
    _names: list[str] = field(default_factory=list)

    @classmethod
    def at(cls, session: Session, checkpoint: str | None) -> Store:
        """Make a work folder below ``checkpoint``; without it a temporary one, if all is local.

        The temporary one goes when the process ends.
        """
        if checkpoint is not None:
            return cls(session, f"{str(checkpoint).rstrip('/')}/dedup-{uuid.uuid4().hex[:12]}")
        if not is_local(session):
            raise ConfigError(
                "checkpoint",
                None,
                "a folder that the driver and all executors can reach (s3a://…, hdfs://…)",
            )
        folder = tempfile.mkdtemp(prefix="dedup-spark-")
        atexit.register(shutil.rmtree, folder, ignore_errors=True)
        return cls(session, Path(folder).as_uri(), True)

    def keep(self, frame: Frame, name: str) -> Frame:
        """Write a table and return it as it is read; one of that name is replaced."""
        path = f"{self.folder}/{name}"
        frame.write.mode("overwrite").parquet(path)
        if name not in self._names:
            self._names.append(name)
        return self.session.read.schema(frame.schema).parquet(path)

    def close(self) -> None:
        """Remove the work folder; nothing that was read from it can be used any more."""
        remove(self.folder)
        self._names.clear()

    def forget(self, *kept: str) -> None:
        """Remove all tables but some, where the folder can be reached from here."""
        for name in [name for name in self._names if name not in kept]:
            remove(f"{self.folder}/{name}")
            self._names.remove(name)


def remove(path: str) -> None:
    """Remove a folder, as far as the driver can reach it; what is left does no harm."""
    place = local_path(path)
    if place is not None:
        shutil.rmtree(place, ignore_errors=True)
        return
    with suppress(Exception):  # a file system that Arrow does not know, or no right to it
        from pyarrow import fs

        system, inner = fs.FileSystem.from_uri(path.replace("s3a://", "s3://", 1))
        system.delete_dir(inner)


def local_path(path: str) -> Path | None:
    """Return a path or a ``file:`` address as a path, ``None`` for what is elsewhere.

    >>> local_path("file:///tmp/a%20b").as_posix(), local_path("s3a://bucket/a")
    ('/tmp/a b', None)
    """
    if path.startswith("file:"):
        return Path(unquote(urlsplit(path).path))
    return None if "://" in path or path.startswith("dbfs:") else Path(path)


def is_local(session: Session) -> bool:
    """Tell whether driver and executors are processes of this machine."""
    with suppress(Exception):  # Connect servers may not tell
        return str(session.conf.get("spark.master")).startswith("local")
    return False
