"""What goes from inside each document, and the clean texts, on executors.

A batch of documents is looked at by the code of one machine (``cleaning.find``), with what is known
of all documents: the lines that stand often (``spark.counting``) and the templates.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pyarrow as pa
from pyspark.sql import functions as F

from dedup.cleaning import find as cleaning
from dedup.cleaning.apply import apply_removals, merge_removals, removals_of
from dedup.cleaning.boilerplate import lines_of
from dedup.cleaning.boilerplate.templates import NONE, Templates
from dedup.cleaning.find import Inside, Known, Part
from dedup.config import Config
from dedup.core.arrays import Texts
from dedup.core.hashing import sha256
from dedup.output.cleaned import original_of
from dedup.output.cleaned.provenance import json_line
from dedup.pipeline.results import MOST_TEMPLATES, lengths
from dedup.schema import TEMPLATE_PREFIX
from dedup.spark.counting import EVERYWHERE, Articles, line_counts
from dedup.spark.frames import (
    Batches,
    Frame,
    Schema,
    Store,
    batch_texts,
    batches_of,
    column,
    map_batches,
)
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
    "gone": "bigint",  # of a document: the tokens that go, …
    "cut": "boolean",  # … whether its text is truncated, …
    "no_text": "boolean",  # … whether it is boilerplate for the most part, …
    "length": "bigint",  # … and how many characters it has, up to its last word
    "clean": "string",
    "provenance": "string",
}
REMOVAL, TAG, DOCUMENT = "removal", "tag", "document"
# What a summary says where nothing was looked for inside documents.
NOTHING: dict[str, Any] = {
    **{name: {} for name in ("repeats", "removals", "tags")},
    "review": 0,
    "templates": {"count": 0, "documents": 0, "removals": 0, "sites": [], "listed": []},
}
_REMOVED = ("start", "end", "reason", "rule", "confidence", "kept_start", "kept_end")


def find_inside(
    store: Store, texts: Frame, config: Config, templates: Templates = NONE, *, cleans: bool
) -> Frame:
    """Return ``INSIDE`` of all documents; with ``cleans`` also their clean texts.

    ``texts`` has row, doc_id, text, the number of the site, and the marks of ``line_marks``.
    """
    settings = config.as_dict()
    table, told = templates.table, templates.numbered()

    def work(batches: Batches) -> Iterator[pa.RecordBatch]:
        config = Config(**settings)
        templates = Templates(table, *told).with_known(config.template)
        for batch in batches:
            part = _part(batch_texts(batch))
            sites = column(batch, "site")
            counts = line_counts(part.lines, sites, batch.column("marks"))
            found = cleaning.find_inside(part, Known(sites, counts, templates), config)
            yield from _rows(batch, found)
            yield from _documents(batch, part, found, cleans=cleans)

    return store.keep(map_batches(texts, work, INSIDE), "inside")


def texts_alone(metadata: Metadata, frame: Frame) -> Frame:
    """Return all texts as ``find_inside`` takes them where nothing is counted over all of them."""
    texts = texts_of(frame, metadata.table.select("row", "doc_id", *KEYS), metadata)
    nothing = F.lit(EVERYWHERE).cast("bigint").alias("site"), F.array().cast("array<bigint>")
    return texts.select("row", "doc_id", "text", nothing[0], nothing[1].alias("marks"))


def with_marks(articles: Articles, marks: Frame) -> Frame:
    """Return all texts with the lines of each that stand often."""
    return articles.texts.join(marks, "row", "left")


def _part(texts: Texts) -> Part:
    tokens = tokenise_texts(texts)
    return Part(0, len(texts), texts, tokens, lines_of(texts, tokens))


def _rows(batch: pa.RecordBatch, found: Inside) -> Iterator[pa.RecordBatch]:
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
    batch: pa.RecordBatch, part: Part, found: Inside, *, cleans: bool
) -> Iterator[pa.RecordBatch]:
    """Yield a row for each document."""
    columns = {name: batch.column(name) for name in ("row", "doc_id")}
    columns["kind"] = pa.array([DOCUMENT] * len(batch), pa.string())
    columns |= {
        "review": pa.array(found.review),
        "gone": pa.array(found.gone),
        "cut": pa.array(found.truncated),
        "no_text": pa.array(found.no_text),
        "length": pa.array(lengths(part.tokens)),
    }
    if cleans:
        removals, tags, clean, provenance = removals_of(found.rows), _tags(found), [], []
        for place, doc_id in enumerate(batch.column("doc_id").to_pylist()):
            text = part.texts.text(place)
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


def _tags(found: Inside) -> dict[int, list[dict[str, Any]]]:
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


def _facts(inside: Frame, *names: str) -> Frame:
    return inside.where(F.col("kind") == DOCUMENT).select("row", *names)


def apart(inside: Frame, groups: Frame) -> Frame:
    """Return the rows of the documents without text, which are copies of nothing.

    Of equal documents (``groups``) the line breaks may differ, and so what is told of them.
    """
    group = F.coalesce("group", "row").alias("group")
    every = _facts(inside, "no_text").join(groups, "row", "left").select("row", group, "no_text")
    others = every.where(~F.col("no_text")).select("group").distinct()
    return every.where("no_text").join(others, "group", "left_anti").select("row")


def ranked(metadata: Frame, inside: Frame) -> Frame:
    """Return the metadata with what is left of each document, for the canonical order."""
    facts = _facts(inside, "gone", F.col("cut").alias("is_cut"))
    joined = metadata.join(facts, "row").withColumn("cut", F.col("is_cut"))
    return joined.drop("is_cut")


def with_no_text(keyed: Frame, apart: Frame) -> Frame:
    """Fill the column ``no_text`` of all documents."""
    told = keyed.join(apart.withColumn("apart", F.lit(True)), "row", "left")
    told = told.withColumn("no_text", F.coalesce("apart", F.lit(False)))
    return told.select(*keyed.columns)


def templates_summary(templates: Templates, inside: Frame, metadata: Frame) -> dict[str, Any]:
    """Return the text that sites repeat, as ``results.templates_summary`` does."""
    listed = templates.entries[:MOST_TEMPLATES]
    rows = [each.example for each in listed]
    names = metadata.where(F.col("row").isin(rows)) if rows else metadata.where(F.lit(False))
    named = {each[0]: each[1:] for each in names.select("row", "doc_id", "site").collect()}
    removals = inside.where((F.col("kind") == REMOVAL) & F.col("rule").startswith(TEMPLATE_PREFIX))
    size = (F.col("end") - F.col("start")).alias("size")
    by_row = removals.select("row", size).groupBy("row")
    by_row = by_row.agg(F.sum("size").alias("removed"), F.count("*").alias("count"))
    count, sums = by_row.agg(F.count("*"), F.sum("count")).first()
    return {
        "count": len(templates.entries),
        "documents": count,
        "removals": int(sums or 0),
        "sites": _sites_that_lose(by_row, inside, metadata),
        "listed": [
            {
                "text": each.text,
                "site": named[each.example][1] if each.site >= 0 else None,
                "documents": each.documents,
                "clusters": each.clusters,
                "example": named[each.example][0],
            }
            for each in listed
        ],
    }


def _sites_that_lose(by_row: Frame, inside: Frame, metadata: Frame) -> list[dict[str, Any]]:
    sites = metadata.where(F.col("site").isNotNull()).select("row", "site")
    every = sites.join(_facts(inside, "length"), "row").join(by_row, "row", "left").groupBy("site")
    sums = (F.sum("removed").alias("removed"), F.sum("length").alias("length"))
    found = every.agg(*sums, F.count("*").alias("documents")).where("removed > 0")
    share = F.round(F.col("removed") / F.greatest("length", F.lit(1)), 6).alias("share")
    found = found.select("site", "documents", share).orderBy(F.desc("share"), "site")
    return [row.asDict() for row in found.limit(MOST_TEMPLATES).collect()]
