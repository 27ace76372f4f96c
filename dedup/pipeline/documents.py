"""Documents in order of their ids, texts and all: from a corpus in memory, or read into files."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from dedup.core.allocator import trim
from dedup.core.arrays import Int64, Texts, UInt8, offsets_of, runs_of_rows, texts_from_arrow
from dedup.core.checkpoints import Kept, Work
from dedup.core.hashing import text_digests
from dedup.core.spool import Spool
from dedup.core.storage import Columns
from dedup.pipeline.stages import Resources
from dedup.schema import METADATA, Corpus, ReadReport
from dedup.sources.metadata import in_order_of_id, metadata_of
from dedup.sources.rereadable import Reader

STAGE = "texts"
_TEXT, _SIZES, _SORTED = "text", "text_sizes", "text_sorted"
_COMMIT_BYTES = 256 << 20  # of text, after which an interrupted run loses no more than that
FOLD = 10  # bytes of memory that full mode needs for a byte of text, about
_BASE = 350 << 20  # bytes that the process takes before
_SLACK = 100 << 20  # bytes that are taken before anybody looks
HELD = 2 << 30  # bytes in which a scan keeps everything, unless it is told more …
_KEPT = 11 << 27  # … and what it keeps, besides the size of the texts, where more is in files
LEAST = _BASE + (100 << 20)  # bytes that full mode takes with all of its columns in files


@dataclass(frozen=True, slots=True)
class Documents:
    """Documents in order of id: metadata, texts, and the corpus of the result."""

    metadata: pa.Table
    texts: Texts
    corpus: Corpus
    columns: Columns

    def __len__(self) -> int:
        return len(self.texts)


def text_budget(memory: int, default: bool = False) -> int:
    """Return how many bytes of text are scanned with all arrays in memory.

    By ``default`` those of a large corpus go to files where there is memory for them too: what is
    not looked at is then no burden on the machine, and it costs some hundredths of the time.

    >>> text_budget(64 << 30, default=True) == text_budget(HELD)
    True
    """
    if default:
        memory = min(memory, HELD)
    return max(memory - _BASE, memory // 8) // FOLD


def hold(corpus: Corpus) -> Documents:
    """Take the documents of a corpus in memory."""
    table = corpus.table
    order = pc.sort_indices(table["doc_id"])
    if not np.array_equal(order.to_numpy(), np.arange(len(table))):
        table = table.take(order)
    table = table.combine_chunks()
    held = Corpus(table, corpus.read_report, corpus.rows)
    return Documents(table, texts_from_arrow(table["text"]), held, Columns())


def gather(reader: Reader, resources: Resources) -> Documents:
    """Read all documents once; texts go to files where they are too many for the memory.

    Where ``work`` keeps what it is given, an earlier run is continued.
    """
    work, memory = resources.work, resources.memory
    spool = work.spool
    metadata, order = _read(reader, work)
    if resources.default:
        memory = min(memory, _KEPT + spool.length(_TEXT) + spool.length(_SORTED))
    limit = max(memory - _SLACK, LEAST)
    columns = Columns(spool if spool.in_files else None, limit)
    column = _texts(spool, order, columns)
    table = metadata.append_column("text", column)
    return Documents(
        metadata, texts_from_arrow(column), Corpus(table, reader.read_report, order=order), columns
    )


def _read(reader: Reader, work: Work) -> tuple[pa.Table, Int64]:
    """Return the metadata in order of id, and the position of each document as it was read."""

    def save(read: tuple[pa.Table, Int64]) -> Kept:
        metadata, order = read
        report = reader.read_report.as_dict()
        return Kept({"order": order}, {"metadata": metadata}, {"read_report": report})

    def load(kept: Kept) -> tuple[pa.Table, Int64]:
        reader.take_up(ReadReport.from_dict(kept.values["read_report"]))
        return kept.tables["metadata"], kept.arrays["order"]

    return work.stage(STAGE, lambda: _read_all(reader, work), save=save, load=load)


def _read_all(reader: Reader, work: Work) -> tuple[pa.Table, Int64]:
    """Read everything; put the texts into the spool in the order of reading."""
    parts: list[pa.Table] = []
    digests = []
    since = 0
    work.spool.reserve_rest(_TEXT, np.uint8)
    for number, batch in enumerate(reader.batches()):
        parts.append(metadata_of(batch))
        texts = texts_from_arrow(batch.column("text"))
        digests.append(text_digests(texts))
        if number < work.begun:
            continue
        begin, end = int(texts.offsets[0]), int(texts.offsets[-1])
        work.spool.append(_TEXT, texts.data[begin:end])
        work.spool.append(_SIZES, np.diff(texts.offsets))
        since += end - begin
        if since > _COMMIT_BYTES:
            work.commit(number + 1)
            since = 0
    if not parts:
        return METADATA.empty_table(), np.zeros(0, np.int64)
    metadata, order = in_order_of_id(parts, np.concatenate(digests), reader.read_report)
    pa.default_memory_pool().release_unused()
    trim()
    return metadata, order


def _texts(spool: Spool, order: Int64, columns: Columns) -> pa.LargeStringArray:
    """Return the texts in order of id."""
    sizes = spool.read(_SIZES, np.int64)
    in_place = np.array_equal(order, np.arange(len(order)))
    name = _TEXT if in_place or not columns.in_files else _SORTED
    if name == _SORTED and spool.length(_SORTED) < sizes.sum():
        _sort(spool, order, offsets_of(sizes), columns)
    data = columns.read(name, np.uint8) if columns.in_files else spool.take(_TEXT, np.uint8)
    if name == _SORTED:
        return _column(data, offsets_of(sizes[order]))
    column = _column(data, offsets_of(sizes))
    return column if in_place else column.take(pa.array(order))


def _sort(spool: Spool, order: Int64, offsets: Int64, columns: Columns) -> None:
    """Write the texts to another file, in order of id."""
    spool.drop(_SORTED)
    read = _column(columns.read(_TEXT, np.uint8), offsets)
    sorted_offsets = offsets_of(np.diff(offsets)[order])
    for low, high in runs_of_rows(sorted_offsets, 16 << 20):
        some = texts_from_arrow(read.take(pa.array(order[low:high])))
        spool.append(_SORTED, some.data[int(some.offsets[0]) : int(some.offsets[-1])])
        columns.ease()
    spool.drop(_TEXT)


def _column(data: UInt8, offsets: Int64) -> pa.LargeStringArray:
    """View bytes as a column of strings."""
    buffers = [None, pa.py_buffer(offsets), pa.py_buffer(data)]
    return pa.Array.from_buffers(pa.large_string(), len(offsets) - 1, buffers)
