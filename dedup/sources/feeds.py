"""RSS and Atom, by way of feedparser (extra ``feeds``), imported on first use."""

from __future__ import annotations

import io
import time
from collections.abc import Iterator, Mapping
from typing import Any
from xml.sax import SAXException

import pyarrow as pa

from dedup.core.arrays import clean_string
from dedup.core.formats import FORMATS
from dedup.core.package import install
from dedup.errors import InputError
from dedup.sources.batches import Batcher
from dedup.sources.fixed import take_fixed
from dedup.sources.markup import text_of
from dedup.sources.options import Columns, Run, Source
from dedup.sources.rows import Record
from dedup.sources.streams import Stream
from dedup.sources.whole import note_not_read

COLUMNS = Columns("text", id="id", date="date", url="url")
NAMES = ("text", "id", "date", "url", "title", "summary", "author", "feed")
_HEAD = 65_536


def read_feed(stream: Stream, source: Source, run: Run, out: Batcher) -> Iterator[pa.RecordBatch]:
    """Yield the items of a feed; a file of XML that is none is counted, or left out of a folder."""
    shape = FORMATS["feed"].shape
    if shape is not None and not shape.match(stream.head(_HEAD).removeprefix(b"\xef\xbb\xbf")):
        _no_feed(stream, source, run)
        return
    data = b"".join(stream.chunks())
    yield from take_fixed(_items(data, source, run), COLUMNS, NAMES, source, run, out)


def _no_feed(stream: Stream, source: Source, run: Run) -> None:
    hint = "give its articles as JSON lines, CSV, or a feed (RSS, Atom)"
    note_not_read("XML, but no feed", hint, source, run)
    if source.given:
        run.tally.fail("not_read", source.path)


def _items(data: bytes, source: Source, run: Run) -> Iterator[Record]:
    feedparser = _feedparser()
    try:
        found = feedparser.parse(io.BytesIO(data), sanitize_html=True, resolve_relative_uris=False)
    except Exception as error:  # a hostile feed must not end the run, whatever it broke
        run.tally.fail("broken_feed", source.path, str(error))
        return
    feed = _string(found.feed, "title") if isinstance(found.get("feed"), Mapping) else None
    for number, entry in enumerate(found.entries, 1):
        yield Record(number, {**_values(entry), "feed": feed}, plain=False)
    if found.get("bozo") and isinstance(found.get("bozo_exception"), SAXException):
        run.tally.fail("broken_feed", source.path, str(found.bozo_exception))


def _values(entry: Mapping[str, Any]) -> dict[str, Any]:
    """Return one item: its text is its content, else its summary."""
    contents = [
        each.get("value") for each in entry.get("content") or () if isinstance(each, Mapping)
    ]
    content = max((each for each in contents if isinstance(each, str)), key=len, default="")
    summary = _string(entry, "summary") or ""
    text = text_of(content or summary)
    return {
        "text": text or None,
        "id": _string(entry, "id") or _string(entry, "link"),
        "date": _date(entry),
        "url": _string(entry, "link"),
        "title": text_of(_string(entry, "title") or ""),
        "summary": text_of(summary),
        "author": _string(entry, "author"),
    }


def _string(values: Mapping[str, Any], name: str) -> str | None:
    value = values.get(name)
    return clean_string(value) if isinstance(value, str) else None


def _date(entry: Mapping[str, Any]) -> str | None:
    for name in ("published", "updated"):
        parsed = entry.get(f"{name}_parsed")
        if isinstance(parsed, time.struct_time):
            return time.strftime("%Y-%m-%dT%H:%M:%SZ", parsed)
        if _string(entry, name):
            return _string(entry, name)
    return None


def _feedparser() -> Any:
    try:
        import feedparser
    except ImportError as error:
        raise InputError(f"reading feeds needs feedparser ({error}): {install('feeds')}") from error
    return feedparser
