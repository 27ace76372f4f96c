"""An index as a Parquet file, and back: every article with all that is known of it.

The file holds no keys and no salt: postings follow from the articles, under a salt of the index
that takes them in. Nothing in it is trusted when it is read: what does not fit is ``CorruptIndex``.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from itertools import islice
from os import PathLike
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import pyarrow as pa
import pyarrow.parquet as pq

from dedup.config import RELATIONS
from dedup.core.files import atomic
from dedup.errors import CorruptIndex, InputError, OutputError
from dedup.index.entries import LONGEST, Record, compress, decompress
from dedup.index.rules import Row
from dedup.index.said import pack_said, unpack_said
from dedup.index.settings import Settings
from dedup.index.verdicts import DUPLICATE, NEW, UPDATED, Verdict

_ROWS = 10_000  # articles of a row group
_KEY = b"dedup.index"
_KEPT = b"dedup.index.kept"
_KINDS = (NEW, UPDATED, DUPLICATE)
_TOLD = (
    ("verdict", pa.string()),
    ("duplicate_of", pa.string()),
    ("relation", pa.string()),
    ("similarity", pa.float64()),
    ("jaccard", pa.float64()),
    ("containment", pa.float64()),
    ("cluster", pa.string()),
)
_SAID = ("said", pa.binary())  # what was removed and found besides, packed as in the index
SCHEMA = pa.schema(
    [
        ("number", pa.uint32()),  # in the order in which they came
        ("group", pa.uint32()),  # those that are copies of each other
        ("represents", pa.bool_()),  # whether others are compared with it
        ("id", pa.string()),
        ("site", pa.string()),
        ("date", pa.int64()),  # seconds since 1970
        ("seen", pa.int64()),
        *_TOLD,  # of its present text
        ("tokens", pa.uint32()),
        ("digest", pa.uint64()),  # of its bytes
        ("fingerprints", pa.binary(16)),  # of its tokens
        ("signature", pa.binary()),  # 16 bits a permutation, little-endian
        ("versions", pa.list_(pa.struct([("digest", pa.uint64()), *_TOLD, _SAID]))),  # earlier
        ("text", pa.large_string()),
        _SAID,
    ]
)
_VERSIONS = pa.field("versions", pa.list_(pa.struct([("digest", pa.uint64()), *_TOLD])))
# What an index of the first format wrote.
_FIRST_SCHEMA = pa.schema(
    [_VERSIONS if field.name == "versions" else field for field in SCHEMA if field.name != "said"]
)
_NEEDED = (
    "number",
    "group",
    "represents",
    "id",
    "seen",
    "tokens",
    "digest",
    "fingerprints",
    "signature",
)


@runtime_checkable
class Portable(Protocol):
    """A store whose articles can be exported and imported with their numbers and groups."""

    settings: Settings

    def rows(self) -> Iterator[Row]:
        """Yield all articles, in the order in which they came, as they are at one moment."""
        ...

    def restore(self, rows: Iterable[Row]) -> None:
        """Take articles into an index that has none, as they are."""
        ...

    def kept_lines(self) -> list[tuple[str | None, str]]:
        """Return the lines that are kept from cleaning, each with its site, ``None`` for all."""
        ...

    def keep_line(self, line: str, site: str | None) -> None:
        """Keep a line from being removed as a template, of one site or of all."""
        ...


def export(store: Any, path: str | PathLike[str]) -> int:
    """Write all articles of a store to a new file; return how many."""
    if not isinstance(store, Portable):
        raise OutputError("an index of this kind cannot be exported")
    final = Path(path)
    if final.exists():
        raise OutputError(f"{final}: there is something already")
    written = 0
    kept = store.kept_lines() if store.settings.clean else []
    metadata = {_KEY: json.dumps(_travelling(store.settings)), _KEPT: json.dumps(kept)}
    schema = SCHEMA.with_metadata(metadata)
    with atomic(final) as file, pq.ParquetWriter(file, schema, compression="zstd") as writer:
        rows = store.rows()
        while some := [_cells(row) for row in islice(rows, _ROWS)]:
            writer.write_table(pa.Table.from_pylist(some, schema))
            written += len(some)
    return written


def _travelling(settings: Settings) -> dict[str, Any]:
    """Return the settings as plain values, without the salt: an import draws a new one."""
    made: dict[str, Any] = json.loads(settings.to_json())
    del made["salt"]
    return made


def _cells(row: Row) -> dict[str, Any]:
    record = row.record
    versions = [
        {
            "digest": digest,
            **_told(verdict),
            "said": pack_said(verdict) or None,
        }
        for digest, verdict in record.versions
    ]
    return {
        "number": row.number,
        "group": row.group,
        "represents": row.leads,
        "id": record.id,
        "site": record.site or None,
        "date": record.date,
        "seen": record.seen,
        **_told(record.verdict),
        "tokens": record.count,
        "digest": record.digest,
        "fingerprints": record.fingerprints,
        "signature": record.signature,
        "versions": versions,
        "said": pack_said(record.verdict) or None,
        "text": None if record.text is None else decompress(record.text),
    }


def _told(verdict: Verdict) -> dict[str, Any]:
    return {name: getattr(verdict, name) for name, _ in _TOLD}


class Exported:
    """An exported index, open for reading. ``settings`` are those it was built with."""

    def __init__(self, path: str | PathLike[str], *, salt: int) -> None:
        self.path = Path(path)
        if not self.path.is_file():
            raise InputError("no such file", path=str(path))
        try:
            self._file = pq.ParquetFile(self.path)
        except (OSError, pa.ArrowException) as error:
            raise CorruptIndex(f"{path}: not a readable Parquet file ({error})") from None
        found = (self._file.schema_arrow.metadata or {}).get(_KEY)
        if found is None:
            raise CorruptIndex(f"{path}: this is no exported index")
        self.settings = Settings.from_json(_with_salt(found, salt))
        if self._file.schema_arrow.remove_metadata() not in (SCHEMA, _FIRST_SCHEMA):
            raise CorruptIndex(f"{path}: this is no exported index")
        self.kept_lines = _kept_lines((self._file.schema_arrow.metadata or {}).get(_KEPT, b"[]"))

    def rows(self) -> Iterator[Row]:
        """Yield the articles in order; raise ``CorruptIndex`` where they do not fit together."""
        last, names, led = 0, set[str](), set[int]()
        for cells in self._cells():
            row = self._row(cells)
            if row.number <= last or row.record.id in names or (row.leads and row.group in led):
                raise CorruptIndex(f"{self.path}: article number {row.number} is there twice")
            last = row.number
            names.add(row.record.id)
            if row.leads:
                led.add(row.group)
            yield row

    def _cells(self) -> Iterator[dict[str, Any]]:
        try:
            for batch in self._file.iter_batches(_ROWS):
                yield from batch.to_pylist()
        except (OSError, ValueError, pa.ArrowException) as error:
            raise CorruptIndex(f"{self.path}: {error}") from None

    def _row(self, cells: dict[str, Any]) -> Row:
        settings, name = self.settings, cells["id"]
        texts = (name, cells["site"] or "", cells["duplicate_of"] or "", cells["cluster"] or "")
        if (
            any(cells[each] is None for each in _NEEDED)
            or not cells["number"]
            or not cells["group"]
            or max(len(each.encode()) for each in texts) > LONGEST
            or len(cells["signature"]) != 2 * settings.num_perm
            or (cells["represents"] and not cells["tokens"])
            or (cells["text"] is not None) != settings.store_text
        ):
            raise CorruptIndex(f"{self.path}: article {name!r} does not fit the index")
        versions = tuple((each["digest"], _verdict(each)) for each in cells["versions"] or ())
        record = Record(
            id=name,
            digest=cells["digest"],
            fingerprints=cells["fingerprints"],
            count=cells["tokens"],
            signature=cells["signature"],
            date=cells["date"],
            seen=cells["seen"],
            site=cells["site"] or "",
            text=None if cells["text"] is None else compress(cells["text"]),
            verdict=_verdict(cells),
            versions=versions,
        )
        return Row(cells["number"], cells["group"], cells["represents"], record, settings.num_perm)


def _verdict(cells: dict[str, Any]) -> Verdict:
    facts = {name: cells[name] for name, _ in _TOLD}
    if facts["verdict"] not in _KINDS or facts["relation"] not in (None, *RELATIONS):
        raise CorruptIndex("an exported index holds an unknown verdict")
    said = unpack_said(cells.get("said") or b"", facts["relation"])
    return Verdict(first=facts["verdict"], **facts, **said)


def _kept_lines(data: bytes) -> list[tuple[str | None, str]]:
    try:
        found = [(site, line) for site, line in json.loads(data)]
    except (ValueError, TypeError, RecursionError):
        found = [(None, 0)]
    if not all(isinstance(s, str | None) and isinstance(line, str) for s, line in found):
        raise CorruptIndex("the kept lines of an exported index cannot be read")
    return found


def _with_salt(found: bytes, salt: int) -> str:
    try:
        settings = json.loads(found)
        return json.dumps({**settings, "salt": salt})
    except (ValueError, TypeError, RecursionError):
        raise CorruptIndex("the settings of an exported index cannot be read") from None
