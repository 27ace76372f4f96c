"""One open input → its documents: what it is, by its bytes and its name, and who reads that."""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import orjson
import pyarrow as pa

from dedup.core.formats import FORMATS, kind_of_bytes, kind_of_text, not_read
from dedup.errors import ConfigError
from dedup.sources.archives import read_tar, read_zip
from dedup.sources.arrow_files import read_arrow, read_orc
from dedup.sources.batches import Batcher
from dedup.sources.decoding import guess_encoding, is_binary
from dedup.sources.delimited import looks_like_rows, read_csv
from dedup.sources.feeds import read_feed
from dedup.sources.files import is_live
from dedup.sources.json_rows import read_json, read_jsonl
from dedup.sources.lines import read_lines
from dedup.sources.mail import read_mail, read_mbox
from dedup.sources.options import Run, Source
from dedup.sources.streams import Stream, split_bom
from dedup.sources.tables import read_parquet
from dedup.sources.warc import read_warc
from dedup.sources.whole import note_guess, note_not_read, read_page, read_text

_SAMPLE = 1 << 18  # bytes by which an encoding is told
_OBJECT = re.compile(r'(?:\[\s*)?\{\s*["}]')
# Rows of text formats that a .txt file may be as well.
_ROWS = ("jsonl", "json", "csv", "tsv", "lines")

Reader = Callable[[Stream, Source, Run, Batcher], Iterator[pa.RecordBatch]]


def read_stream(stream: Stream, source: Source, run: Run, out: Batcher) -> Iterator[pa.RecordBatch]:
    """Yield what one open input gives; documents that fill no batch stay in ``out``.

    Columns come by themselves, after what stands before them.
    """
    kind = _kind(stream, source, run)
    if kind is None:
        return
    source = replace(source, kind=kind)
    if FORMATS[kind].columnar:
        yield from out.rest()
    if kind in _ROWS:
        _settle_encoding(stream, source, run)
    yield from _READERS[kind](stream, source, run, out)


def _kind(stream: Stream, source: Source, run: Run) -> str | None:
    """Tell what an input is: by its first bytes, as stated, by its name; ``None`` if not read."""
    head, kind = stream.head(), source.kind
    sure = kind_of_bytes(head)
    if sure == "zip" and (known := not_read(head)) is not None:
        _refuse(known.title, known.hint, source, run)
        return None
    if sure is not None and sure != kind:
        if source.stated:
            raise ConfigError(
                "input_format", kind, f"{sure}: {source.path} is {FORMATS[sure].title}"
            )
        if kind not in ("auto", "txt"):
            run.tally.note(f"{source.name}: read as {FORMATS[sure].title}, by its first bytes")
        return sure
    if kind == "auto" or (kind == "txt" and not source.stated):
        return _sniffed(head, source, run)
    if FORMATS[kind].is_text and not FORMATS[kind].whole and is_binary(head):
        known = not_read(head)
        title, hint = (known.title, known.hint) if known else ("no text", "give it as text")
        _refuse(title, hint, source, run)
        return None
    return kind


def _refuse(title: str, hint: str, source: Source, run: Run) -> None:
    note_not_read(title, hint, source, run)
    run.tally.fail("not_read", source.path)


def _sniffed(head: bytes, source: Source, run: Run) -> str:
    """Tell what a text is whose name says no more than that."""
    if source.kind == "auto" and (found := kind_of_text(head)) is not None:
        run.tally.note(f"{source.name}: read as {FORMATS[found].title}, by its first bytes")
        return found
    encoding, rest = split_bom(head)
    text = rest.decode("utf-8" if encoding == "utf-8-sig" else encoding, "replace").lstrip()
    found = _rows_in(text, source)
    if found is not None and source.kind == "txt":
        how = FORMATS[found].title
        run.tally.note(f"{source.name}: read as {how}; --input-format txt reads it as one text")
    return found or "txt"


def _rows_in(text: str, source: Source) -> str | None:
    if _OBJECT.match(text):
        first = text.split("\n", 1)[0].rstrip()
        kind = "json" if text[0] == "[" or first.endswith(("{", "[", ",")) else "jsonl"
        if source.kind == "txt" and kind == "jsonl" and not _is_object(first):
            return None
        return kind
    return looks_like_rows(text)


def _is_object(line: str) -> bool:
    if len(line) > 4096:  # the head may end in it
        return True
    try:
        return isinstance(orjson.loads(line), dict)
    except orjson.JSONDecodeError:
        return False


def _settle_encoding(stream: Stream, source: Source, run: Run) -> None:
    """Decide on the encoding of rows without a byte order mark."""
    stated = run.options.encoding
    if stated is not None:
        stream.encoding = codecs.lookup(stated).name
        return
    head = stream.head(_SAMPLE)
    if head.isascii() or split_bom(head)[0] != "utf-8":
        return
    try:
        codecs.getincrementaldecoder("utf-8")().decode(head)
    except UnicodeDecodeError:
        stream.encoding = guess_encoding(head)
        if stream.encoding is not None:
            note_guess(stream.encoding, source, run)


def _read_table(stream: Stream, source: Source, run: Run, out: Batcher) -> Iterator[pa.RecordBatch]:
    data = pa.BufferReader(b"".join(stream.chunks()))
    yield from read_parquet(data, source, run, out.batch_bytes)


def _read_columns(
    read: Callable[[Any, Source, Run], Iterator[pa.RecordBatch]],
    stream: Stream,
    source: Source,
    run: Run,
    out: Batcher,
) -> Iterator[pa.RecordBatch]:
    """Yield the documents of Arrow data; a plain local file is best opened by Arrow itself."""
    file: Any = b"".join(stream.chunks()) if _needs_bytes(source, stream) else source.path
    yield from read(file, source, run)


def _needs_bytes(source: Source, stream: Stream) -> bool:
    if source.url is not None or source.member or is_live(source.path):
        return True
    head = stream.head()
    with Path(source.path).open("rb") as file:
        return file.read(8) != head[:8]  # it is compressed


_READERS: dict[str, Reader] = {
    "txt": read_text,
    "html": read_page,
    "lines": read_lines,
    "jsonl": read_jsonl,
    "json": read_json,
    "csv": read_csv,
    "tsv": read_csv,
    "feed": read_feed,
    "warc": read_warc,
    "mbox": read_mbox,
    "eml": read_mail,
    "parquet": _read_table,
    "arrow": partial(_read_columns, read_arrow),
    "orc": partial(_read_columns, read_orc),
    "zip": partial(read_zip, read=read_stream),
    "tar": partial(read_tar, read=read_stream),
}
