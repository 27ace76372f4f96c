"""Documents one by one → Arrow batches of schema ``CORPUS``, and ids that are unique."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from dedup.core.arrays import Int64, UInt64, clean_string, texts_from_arrow
from dedup.core.hashing import text_digests
from dedup.schema import CORPUS
from dedup.sources.options import Tally

_MOST_ROWS = 100_000
_LONG = 256  # an address whose host is longer is not remembered
_SORT_KEYS = ("doc_id", "digest", "date", "site", "path", "line")
_HOST = re.compile(
    r"\s*(?:[a-z][a-z0-9+.-]*:)?(?://)?(?:[^/?#@]*@)?(?:www\.)?([^/?#:\s]+\.[^/?#:\s.]+)\.?", re.I
)


class Row(NamedTuple):
    """One document on its way into a batch; the fields are the columns of ``CORPUS``, in order."""

    doc_id: str
    text: str
    path: str | None = None
    line: int | None = None
    site: str | None = None
    url: str | None = None
    date: str | None = None
    priority: str | None = None
    encoding: str = "utf-8"
    raw: bytes | None = None
    record: bytes | None = None


@dataclass(slots=True)
class Batcher:
    """Collect documents until they fill a batch of about ``batch_bytes``."""

    tally: Tally
    batch_bytes: int
    _rows: list[Row] = field(default_factory=list)
    _parts: list[pa.RecordBatch] = field(default_factory=list)
    _size: int = 0
    _count: int = 0

    def add(self, row: Row) -> None:
        """Take one document in and count it as read; its strings must be valid Unicode."""
        self._rows.append(row)
        self._size += len(row.text)
        self._count += 1
        self.tally.read_report.read += 1

    def add_batch(self, batch: pa.RecordBatch) -> None:
        """Take in documents of schema ``CORPUS`` that are counted as read already."""
        self._end_rows()
        self._parts.append(batch)
        self._size += batch.column("text").nbytes
        self._count += len(batch)

    def full(self) -> Iterator[pa.RecordBatch]:
        """Yield a batch if there is enough for one."""
        if self._size >= self.batch_bytes or self._count >= _MOST_ROWS:
            yield from self.rest()

    def rest(self) -> Iterator[pa.RecordBatch]:
        """Yield what has been collected, if anything."""
        self._end_rows()
        parts, self._parts, self._size, self._count = self._parts, [], 0, 0
        if len(parts) > 1:
            parts = pa.Table.from_batches(parts).combine_chunks().to_batches()
        yield from parts

    def _end_rows(self) -> None:
        """Make one part of the single documents, so that those behind them come behind them."""
        rows, self._rows = self._rows, []
        if rows:
            columns = zip(zip(*rows, strict=True), CORPUS, strict=True)
            arrays = [pa.array(values, item.type) for values, item in columns]
            self._parts.append(pa.RecordBatch.from_arrays(arrays, schema=CORPUS))


def host(url: str | None) -> str | None:
    """Return the host of ``url`` in lower case without ``www.``, or ``None``.

    >>> host("https://www.Example.org:443/a?b"), host("not a url")
    ('example.org', None)
    """
    if not url:
        return None
    # No match goes on behind the slash after ``://`` and the name: the rest need not be looked at.
    scheme, mark, rest = url.partition("://")
    begin = scheme + mark + rest.partition("/")[0]
    return _known_host(begin) if len(begin) <= _LONG else _host(begin)


def _host(url: str) -> str | None:
    found = _HOST.match(url)
    return clean_string(found[1].lower()) if found else None


_known_host = lru_cache(maxsize=1 << 16)(_host)


def unique_ids(table: pa.Table, tally: Tally, digests: UInt64 | None = None) -> pa.Table:
    """Return ``table`` with ``#2``, ``#3`` … behind ids that occur again, each counted as damage.

    Which of the equal ids gets which number follows from what the documents hold, not from where
    they stand: from ``digests`` of the texts, which a table without texts must bring along. Costs
    one pass of hashing where all ids differ.
    """
    first = True
    while pc.count_distinct(table["doc_id"]).as_py() < len(table):
        rows, numbers = _repeats(table, digests)
        if first:
            extra = rows[numbers > 1]
            _count_repeats(table, extra, tally)
            first = False
        table = _renamed(table, rows, numbers)
    return table


def _repeats(table: pa.Table, digests: UInt64 | None) -> tuple[Int64, Int64]:
    """Return the rows whose id occurs again, and the number of each among its likes, from 1."""
    encoded = table["doc_id"].combine_chunks().dictionary_encode()
    if isinstance(encoded, pa.ChunkedArray):
        encoded = encoded.unify_dictionaries().combine_chunks()
    codes = encoded.indices.to_numpy(zero_copy_only=False)
    rows = np.flatnonzero(np.bincount(codes)[codes] > 1)
    likes = table.take(pa.array(rows))
    digest = text_digests(texts_from_arrow(likes["text"])) if digests is None else digests[rows]
    likes = likes.append_column("digest", pa.array(digest)).select(list(_SORT_KEYS))
    for index, name in enumerate(_SORT_KEYS):
        if pa.types.is_dictionary(likes[name].type):
            likes = likes.set_column(index, name, likes[name].cast(pa.string()))
    order = pc.sort_indices(likes, [(name, "ascending") for name in _SORT_KEYS]).to_numpy()
    rows = rows[order]
    starts = np.flatnonzero(np.diff(codes[rows], prepend=-1))
    lengths = np.diff(starts, append=len(rows))
    numbers = np.arange(len(rows)) - np.repeat(starts, lengths) + 1
    return rows.astype(np.int64), numbers.astype(np.int64)


def _count_repeats(table: pa.Table, extra: Int64, tally: Tally) -> None:
    for row in extra[:5].tolist():
        path, line = table["path"][row].as_py(), table["line"][row].as_py()
        tally.damage("duplicate_id", f"document {row}" if path is None else path, line)
    tally.read_report.damaged["duplicate_id"] += max(len(extra) - 5, 0)


def _renamed(table: pa.Table, rows: Int64, numbers: Int64) -> pa.Table:
    ids = table["doc_id"].combine_chunks()
    again = numbers > 1
    mask: npt.NDArray[np.bool_] = np.zeros(len(table), np.bool_)
    mask[rows[again]] = True
    number_of = np.zeros(len(table), np.int64)
    number_of[rows[again]] = numbers[again]
    chosen = pa.array(mask)
    suffixes = pa.array(number_of[mask]).cast(pa.string())
    renamed = pc.binary_join_element_wise(ids.filter(chosen), suffixes, "#")
    column = pc.replace_with_mask(ids, chosen, renamed)
    return table.set_column(0, CORPUS.field("doc_id"), column)
