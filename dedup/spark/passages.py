"""Passages inside reuse groups: of documents that some pair connects, by the code of one machine.

On one machine every document is compared with every other by its seeds. Here only documents that
share a bucket meet, so a quote in two articles that have nothing else in common is not found.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import replace

import pyarrow as pa
from pyspark.sql import Window
from pyspark.sql import functions as F

from dedup import schema as records
from dedup.config import Config
from dedup.pipeline.run import scan_corpus
from dedup.schema import CORPUS, Corpus, ReadReport
from dedup.sources.tables import usable_texts
from dedup.spark.components import connected
from dedup.spark.frames import Batches, Frame, Store, batches_of, map_batches, sql_schema
from dedup.spark.metadata import Metadata
from dedup.spark.reading import KEYS
from dedup.spark.stars import by_group
from dedup.spark.verifying import texts_of

PASSAGES = sql_schema(records.PASSAGES)
GROUP = 500  # documents of a group that take part, the first by id
_MOST_ROWS = 500  # that are gathered at a time, but for one group


def find_passages(
    store: Store, pairs: Frame, metadata: Metadata, frame: Frame, config: Config, driver_edges: int
) -> tuple[Frame, int]:
    """Return the passages between members of a group, and how many documents a bound left out.

    ``pairs`` are the confirmed ones, and those that came close; what they connect is a group.
    """
    labels = connected(store, pairs.select("a", "b"), driver_edges, "groups")
    number = F.row_number().over(Window.partitionBy("component").orderBy("row"))
    numbered = store.keep(labels.withColumn("number", number), "group-members")
    few = numbered.where(F.col("number") <= GROUP).select("row", "component")
    wanted = metadata.table.select("row", "doc_id", "site", "date", *KEYS).join(few, "row")
    texts = texts_of(frame, wanted, metadata)
    grouped = texts.repartition("component").sortWithinPartitions("component", "row")
    settings = config.as_dict()

    def work(batches: Batches) -> Iterator[pa.RecordBatch]:
        for table in by_group(batches, "component", _MOST_ROWS):
            starts = [0, *_changes(table.column("component")), len(table)]
            for low, high in itertools.pairwise(starts):
                found = _passages(table.slice(low, high - low), Config(**settings))
                columns = {name: found.column(name).combine_chunks() for name in PASSAGES}
                yield from batches_of(columns, PASSAGES)

    found = store.keep(map_batches(grouped, work, PASSAGES), "passages")
    return found, numbered.where(F.col("number") > GROUP).count()


def _changes(column: pa.ChunkedArray) -> list[int]:
    """Return where the values of a column change."""
    values = column.to_numpy()
    return [int(place) + 1 for place in (values[1:] != values[:-1]).nonzero()[0]]


def _passages(group: pa.Table, config: Config) -> pa.Table:
    """Return the passages of one group, as a scan of it alone finds them."""
    count = len(group)
    columns = {
        "doc_id": group.column("doc_id").cast(pa.string()),
        "text": usable_texts(group.column("text").combine_chunks()),
        "site": group.column("site").cast(pa.string()),
        "date": group.column("date").cast(pa.string()),
        "encoding": pa.array(["utf-8"] * count, pa.string()),
    }
    arrays = [columns.get(item.name, pa.nulls(count, item.type)) for item in CORPUS]
    corpus = Corpus(pa.Table.from_arrays(arrays, schema=CORPUS), ReadReport(read=count))
    alone = replace(config, find=("duplicates", "passages"), cluster_on=("exact",))
    return scan_corpus(corpus, alone, threads=1).tables["passages"]
