"""What a report is made of: a result, in memory or in the folder of a scan, and its texts."""

from __future__ import annotations

import os
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from dedup.config import Config
from dedup.core.arrays import Bool, Int64, one_array, texts_from_arrow
from dedup.core.hashing import content_of, text_digests
from dedup.errors import DedupError
from dedup.output.stored import Stored, numbered, read_folder
from dedup.report.figures.numbers import figures_from
from dedup.result import Result
from dedup.schema import ANNOTATIONS, METADATA, REMOVALS, ReadReport
from dedup.sources.metadata import in_order_of_id, metadata_of

Batches = Callable[[], Iterable[pa.RecordBatch]]


@dataclass(frozen=True, slots=True)
class Texts:
    """The texts of documents, of which any may be asked for; ``rows`` are those of the result.

    ``characters`` and ``sizes`` (bytes) tell how long each is. ``batches`` reads all documents, and
    ``rows`` says of each document read which it is.
    """

    batches: Batches
    rows: Int64
    characters: Int64
    sizes: Int64

    def of(self, wanted: Bool) -> Iterator[tuple[int, str]]:
        """Yield the wanted documents, a row and its text each, in the order of reading."""
        for rows, column in self._parts():
            places = np.flatnonzero(wanted[rows])
            some = column.take(pa.array(places)).to_pylist()
            yield from zip(rows[places].tolist(), some, strict=True)

    def begins(self, most: int) -> Iterator[tuple[int, str]]:
        """Yield all documents, a row and the first ``most`` characters of its text each."""
        for rows, column in self._parts():
            begins = pc.utf8_slice_codeunits(column, 0, most).to_pylist()
            yield from zip(rows.tolist(), begins, strict=True)

    def _parts(self) -> Iterator[tuple[Int64, pa.Array]]:
        """Read all documents; yield the rows of some and their texts."""
        low = 0
        for batch in self.batches():
            yield self.rows[low : low + len(batch)], batch.column("text")
            low += len(batch)


@dataclass(frozen=True)
class Found:
    """A result as a report needs it: tables in order of id, and what is known besides.

    ``removals`` and ``annotations`` are of the schemas ``REMOVALS`` and ``ANNOTATIONS``; ``review``
    tells which documents a person should look at. ``notes`` say what is missing.
    """

    config: Config
    summary: dict[str, Any]
    tables: dict[str, pa.Table]
    removals: pa.Table
    annotations: pa.Table
    review: Bool
    sites: pa.Array
    dates: pa.Array
    texts: Texts | None
    notes: list[str] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.tables["documents"])

    @cached_property
    def figures(self) -> dict[str, Any]:
        """The numbers of all figures."""
        return figures_from(self.tables, self.sites, self.dates, self.config)


def from_result(result: Result, batches: Batches | None = None) -> Found:
    """Take a result in memory; ``batches`` reads its documents where it does not hold them."""
    table, notes = result.corpus.table, []
    if "text" in table.column_names:
        facts, texts = table, _held(table)
    elif batches is not None:
        facts, texts, _ = _read(batches)
    else:
        facts, texts = table, None
        notes.append("The texts are not in this page: the scan did not hold them.")
    return Found(
        result.config,
        result.summary,
        result.tables,
        result.removals,
        result.annotations,
        result.review.to_numpy(zero_copy_only=False),
        _strings(facts["site"]),
        _strings(facts["date"]),
        texts,
        notes,
    )


def from_folder(folder: str | os.PathLike[str], batches: Callable[[Stored], Batches]) -> Found:
    """Take the output folder of a scan, and read its inputs again where that can be done.

    ``batches`` makes, of what the folder says about its inputs, what reads them. Where they are
    gone, or are not what was scanned, the report does without texts and says so.
    """
    stored = read_folder(Path(folder))
    ids = one_array(stored.tables["documents"]["doc_id"])
    facts, texts, note = _again(stored, batches, ids)
    sites, dates = (
        _as_occurring(stored.tables, ids, name) if facts is None else _strings(facts[name])
        for name in ("site", "date")
    )
    return Found(
        stored.config,
        stored.summary,
        stored.tables,
        numbered(stored.tables["removals"], ids, REMOVALS),
        numbered(stored.tables["annotations"], ids, ANNOTATIONS),
        pc.is_in(ids, value_set=pa.array(stored.review, pa.string())).to_numpy(
            zero_copy_only=False
        ),
        sites,
        dates,
        texts,
        [note] if note else [],
    )


def _as_occurring(tables: dict[str, pa.Table], ids: pa.Array, name: str) -> pa.Array:
    """Return what the occurrences of families tell of each document, where inputs are gone."""
    if "occurrences" not in tables:
        return pa.nulls(len(ids), pa.string())
    table = tables["occurrences"]
    places = pc.index_in(ids, value_set=one_array(table["doc_id"]))
    return one_array(table[name]).take(places).cast(pa.string())


def _again(
    stored: Stored, batches: Callable[[Stored], Batches], ids: pa.Array
) -> tuple[pa.Table | None, Texts | None, str]:
    """Read the inputs of a scan once more; say why that cannot be done where it cannot."""
    missing = "Texts, sites and dates are not in this page: "
    if not stored.paths:
        return None, None, missing + stored.why_not
    try:
        facts, texts, content = _read(batches(stored))
    except (DedupError, OSError) as error:
        return None, None, f"{missing}the inputs cannot be read again ({error})."
    if not one_array(facts["doc_id"]).equals(ids.cast(pa.string())):
        was, now = len(ids), len(facts)
        what = (
            f"{was:,} documents were scanned, {now:,} are there now" if was != now else "other ids"
        )
        return None, None, f"{missing}the inputs were changed since the scan ({what})."
    if not _reaches(stored, ids, texts.characters) or stored.content not in ("", content):
        return None, None, f"{missing}the inputs were changed since the scan (other texts)."
    return facts, texts, ""


def _reaches(stored: Stored, ids: pa.Array, characters: Int64) -> bool:
    """Tell whether texts are long enough for all places that the tables name."""
    last = np.zeros(len(ids), np.int64)
    for name, end in (("removals", "end"), ("annotations", "end")):
        rows = rows_of(stored.tables[name]["doc_id"], ids)
        np.maximum.at(last, rows, stored.tables[name][end].to_numpy())
    for side in "ab":
        rows = rows_of(stored.tables["passages"][side], ids)
        np.maximum.at(last, rows, stored.tables["passages"][f"end_{side}"].to_numpy())
    return not (last > characters).any()


def _read(batches: Batches) -> tuple[pa.Table, Texts, str]:
    """Go through all documents.

    Return what is known of them in order of id, their texts, and a hash of all texts.
    """
    parts: list[pa.Table] = []
    digests = [np.zeros(0, np.uint64)]
    characters, sizes = [np.zeros(0, np.int64)], [np.zeros(0, np.int64)]
    for batch in batches():
        text = batch.column("text")
        parts.append(metadata_of(batch))
        digests.append(text_digests(texts_from_arrow(text)))
        characters.append(pc.utf8_length(text).to_numpy())
        sizes.append(pc.binary_length(text).to_numpy())
    hashes = np.concatenate(digests)
    facts, order = in_order_of_id(parts or [METADATA.empty_table()], hashes, ReadReport())
    rows = np.empty(len(order), np.int64)
    rows[order] = np.arange(len(order))
    known = (np.concatenate(each)[order].astype(np.int64) for each in (characters, sizes))
    return facts, Texts(batches, rows, *known), content_of(hashes[order])


def _held(table: pa.Table) -> Texts:
    """Return texts in memory, which are in order of id as those of every scan are."""
    text = table["text"]

    def batches() -> Generator[pa.RecordBatch, None, None]:
        yield from table.select(["text"]).to_batches(max_chunksize=4_096)

    lengths = (pc.utf8_length(text), pc.binary_length(text))
    known = (each.to_numpy().astype(np.int64) for each in lengths)
    return Texts(batches, np.arange(len(table)), *known)


def _strings(column: pa.ChunkedArray) -> pa.Array:
    return one_array(column.cast(pa.string()))


def rows_of(column: pa.ChunkedArray, ids: pa.Array) -> Int64:
    """Return the row of the document that each value names, -1 for null."""
    found = pc.fill_null(pc.index_in(column, value_set=ids), -1)
    rows: Int64 = found.to_numpy().astype(np.int64)
    return rows


@contextmanager
def inside(folder: str) -> Iterator[None]:
    """Work in another folder for a while, so that relative names mean what they meant there."""
    before = Path.cwd()
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(before)
