"""What goes from inside each document, and the clean texts, on executors.

A batch of documents is looked at by the code of one machine (``cleaning.find``). Where only repeats
are looked for a document is judged by its own text alone, so a batch is as good as a corpus.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import numpy as np
import pyarrow as pa
from pyspark.sql import functions as F

from dedup.cleaning.apply import apply_removals, merge_removals, removals_of
from dedup.cleaning.find import Removals, find_removals
from dedup.config import Config
from dedup.core.arrays import Texts, texts_from_arrow
from dedup.core.hashing import sha256
from dedup.core.storage import Columns
from dedup.output.cleaned import original_of
from dedup.output.cleaned.provenance import json_line
from dedup.sources.tables import usable_texts
from dedup.spark.frames import Batches, Frame, Schema, Store, batches_of, map_batches
from dedup.spark.metadata import Metadata
from dedup.spark.reading import KEYS, quoted
from dedup.spark.verifying import texts_of
from dedup.text.tokens import tokenise_texts

# One row for each removal and each tag, and one for each document, which may have its clean text.
INSIDE: Schema = {
    "kind": "string",
    "row": "bigint",
    "doc_id": "string",
    "start": "bigint",
    "end": "bigint",
    "reason": "string",  # of a removal, or the tag
    "rule": "string",
    "confidence": "string",
    "kept_start": "bigint",
    "kept_end": "bigint",
    "review": "boolean",
    "clean": "string",
    "provenance": "string",
}
REMOVAL, TAG, DOCUMENT = "removal", "tag", "document"
_REMOVED = ("start", "end", "reason", "rule", "confidence", "kept_start", "kept_end")


def find_inside(
    store: Store, metadata: Metadata, frame: Frame, config: Config, *, cleans: bool
) -> Frame:
    """Return ``INSIDE`` of all documents; with ``cleans`` also their clean texts."""
    wanted = metadata.table.select("row", "doc_id", *KEYS)
    texts = texts_of(frame, wanted, metadata)
    settings = config.as_dict()

    def work(batches: Batches) -> Iterator[pa.RecordBatch]:
        config = Config(**settings)
        for batch in batches:
            texts = texts_from_arrow(usable_texts(batch.column("text")))
            found = _found_in(texts, config)
            yield from _rows(batch, found)
            yield from _documents(batch, texts, found, cleans=cleans)

    return store.keep(map_batches(texts, work, INSIDE), "inside")


def _found_in(texts: Texts, config: Config) -> Removals:
    """Return what goes from some documents, each by itself."""
    count = len(texts)
    return find_removals(
        texts,
        tokenise_texts(texts),
        config,
        sites=np.full(count, -1),
        groups=np.arange(count),
        columns=Columns(),
    )


def _rows(batch: pa.RecordBatch, found: Removals) -> Iterator[pa.RecordBatch]:
    """Yield removals and tags as rows."""
    tags = found.annotations.rename_columns(["doc", "start", "end", "reason"])
    for kind, table in ((REMOVAL, found.rows), (TAG, tags)):
        columns = {name: _column(table, name) for name in _REMOVED}
        docs = _column(table, "doc")
        columns |= {name: batch.column(name).take(docs) for name in ("row", "doc_id")}
        columns["kind"] = pa.array([kind] * len(docs), pa.string())
        yield from _filled(columns, len(docs))


def _column(table: pa.Table, name: str) -> pa.Array:
    if name not in table.column_names:
        return pa.nulls(len(table))
    return table.column(name).combine_chunks()


def _documents(
    batch: pa.RecordBatch, texts: Texts, found: Removals, *, cleans: bool
) -> Iterator[pa.RecordBatch]:
    """Yield a row for each document."""
    columns = {name: batch.column(name) for name in ("row", "doc_id")}
    columns["kind"] = pa.array([DOCUMENT] * len(batch), pa.string())
    columns["review"] = pa.array(found.review)
    if cleans:
        removals, tags, clean, provenance = removals_of(found.rows), _tags(found), [], []
        for place, doc_id in enumerate(batch.column("doc_id").to_pylist()):
            text = texts.text(place)
            cleaned, ops = apply_removals(text, merge_removals(removals.get(place, [])))
            entry = {
                "doc_id": doc_id,
                "encoding": "utf-8",
                "sha256": sha256(text.encode()),
                "clean_sha256": sha256(cleaned.encode()),
                "raw": None,
                "n_chars": len(text),
                "review": bool(found.review[place]),
                "ops": [each.as_dict(number) for number, each in enumerate(ops, start=1)],
                "tags": tags.get(place, []),
            }
            clean.append(cleaned)
            provenance.append(json_line(entry).decode().rstrip("\n"))
        columns["clean"] = pa.array(clean, pa.large_string())
        columns["provenance"] = pa.array(provenance, pa.large_string())
    yield from _filled(columns, len(batch))


def _tags(found: Removals) -> dict[int, list[dict[str, Any]]]:
    tags: dict[int, list[dict[str, Any]]] = {}
    rows = found.annotations.to_pylist()
    for each in sorted(rows, key=lambda row: (row["doc"], row["start"])):
        tags.setdefault(each.pop("doc"), []).append(each)
    return tags


def _filled(columns: dict[str, pa.Array], count: int) -> Iterator[pa.RecordBatch]:
    if count:
        nulls = {name: pa.nulls(count) for name in INSIDE if name not in columns}
        yield from batches_of({**columns, **nulls}, INSIDE)


def restore(
    frame: Frame, *, text: str = "text", dedup: str = "dedup", provenance: str = "provenance"
) -> Frame:
    """Return cleaned rows as they were read: without our columns, and each text as it was.

    Each text is compared with its hash; ``OutputError`` is raised in the task where one does not
    come out as the original.
    """
    names = [name for name in frame.columns if name not in (dedup, provenance)]
    place = names.index(text)
    # Names with dots in them are not found by ``mapInArrow``, so columns go by numbers.
    numbered = [F.col(quoted(name)).alias(f"c{k}") for k, name in enumerate(names)]
    given = frame.select(*numbered, F.col(quoted(provenance)).alias("entry"))

    def work(batches: Batches) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            entries = map(json.loads, batch.column("entry").to_pylist())
            each = zip(entries, batch.column(place).to_pylist(), strict=True)
            texts = pa.array([original_of(entry, clean)[0] for entry, clean in each])
            arrays = batch.columns[: len(names)]
            arrays[place] = texts.cast(arrays[place].type)
            yield pa.RecordBatch.from_arrays(arrays, names=batch.schema.names[: len(names)])

    restored = given.mapInArrow(work, given.drop("entry").schema)
    return restored.toDF(*names)


def removals_table(inside: Frame) -> Frame:
    """Return the table ``removals`` of docs/output.md."""
    return inside.where(F.col("kind") == REMOVAL).select("doc_id", *_REMOVED)


def annotations_table(inside: Frame) -> Frame:
    """Return the table ``annotations`` of docs/output.md."""
    found = inside.where(F.col("kind") == TAG)
    return found.select("doc_id", "start", "end", F.col("reason").alias("tag"))


def repeats_table(inside: Frame) -> Frame:
    """Return the table ``repeats`` of docs/output.md."""
    found = inside.where((F.col("kind") == REMOVAL) & F.col("kept_start").isNotNull())
    return found.select("doc_id", "start", "end", "kept_start", "kept_end", "reason")


def totals(inside: Frame) -> dict[str, Any]:
    """Return what the summary says of removals, tags and documents to look at."""
    is_kept = F.col("kept_start").isNotNull().alias("is_kept")
    counted = inside.groupBy("kind", "reason", is_kept, "review").count().collect()
    sums: dict[str, dict[str, int]] = {"repeats": {}, "removals": {}, "tags": {}}
    review = 0
    for row in counted:
        if row["kind"] == DOCUMENT:
            review += row["count"] if row["review"] else 0
            continue
        names = ["tags"] if row["kind"] == TAG else ["removals"] + ["repeats"] * row["is_kept"]
        for name in names:
            sums[name][row["reason"]] = sums[name].get(row["reason"], 0) + row["count"]
    return {**{name: dict(sorted(each.items())) for name, each in sums.items()}, "review": review}
