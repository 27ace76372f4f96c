"""WARC and WET, by way of warcio (extra ``warc``), imported on first use."""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Iterator
from contextlib import redirect_stderr
from typing import Any

import pyarrow as pa

from dedup.core.arrays import clean_string
from dedup.core.package import install
from dedup.errors import InputError
from dedup.sources.batches import Batcher
from dedup.sources.decoding import ENCODINGS, decode, guess_encoding, page_encoding
from dedup.sources.fixed import take_fixed
from dedup.sources.options import Columns, Run, Source
from dedup.sources.pages import extract
from dedup.sources.rows import Record
from dedup.sources.streams import Stream, as_file

COLUMNS = Columns("text", id="id", date="date", url="url")
NAMES = ("text", "id", "date", "url", "title", "record_id")
_PAGES = ("text/html", "application/xhtml+xml")
_WITH_TEXT = ("response", "resource", "conversion")


def read_warc(stream: Stream, source: Source, run: Run, out: Batcher) -> Iterator[pa.RecordBatch]:
    """Yield the texts and pages of a WARC file; what else was fetched is counted in a note."""
    yield from take_fixed(_records(stream, source, run), COLUMNS, NAMES, source, run, out)


def _records(stream: Stream, source: Source, run: Run) -> Iterator[Record]:
    iterator = _iterator()
    left_out: Counter[str] = Counter()
    number = 0
    records = iterator(as_file(stream))
    while True:
        try:
            with redirect_stderr(io.StringIO()):  # it prints where it goes on behind a flaw
                record = next(records, None)
            if record is None:
                break
            number += 1
            kind = record.rec_type
            if kind in _WITH_TEXT:
                yield from _record(record, number, source, run, left_out)
        except InputError:
            raise
        except Exception as error:  # whatever the reader trips over ends the file, not the run
            run.tally.fail("broken_warc", source.path, str(error))
            break
    if getattr(records, "err_count", 0):
        run.tally.fail("broken_warc", source.path, "records are longer or shorter than they say")
    if left_out:
        what = ", ".join(f"{count:,} {kind}" for kind, count in left_out.most_common(5))
        run.tally.note(f"{source.name}: {left_out.total():,} records left out ({what})")


def _record(
    record: Any, number: int, source: Source, run: Run, left_out: Counter[str]
) -> Iterator[Record]:
    answer = record.http_headers
    kind = (answer or record.rec_headers).get_header("Content-Type") or ""
    kind = kind.partition(";")[0].strip().lower()
    status = answer.get_statuscode() if answer is not None else "200"
    if status != "200":
        left_out[f"answers {clean_string(str(status))[:20]}"] += 1
        return
    if kind not in (*_PAGES, "text/plain"):
        left_out[clean_string(kind)[:60] or "of no type"] += 1
        return
    data = record.content_stream().read(run.options.max_line_bytes + 1)
    if len(data) > run.options.max_line_bytes:
        run.tally.skip("file_too_long", source.path, number)
        return
    head = record.rec_headers
    url, record_id = head.get_header("WARC-Target-URI"), head.get_header("WARC-Record-ID")
    values: dict[str, Any] = {
        "text": None,
        "id": (url or record_id or "").strip("<>") or None,
        "date": head.get_header("WARC-Date"),
        "url": url,
        "title": None,
        "record_id": record_id,
    }
    if kind in _PAGES:
        yield from _page(data, values, number, source, run)
    else:
        found = decode(data)
        if found.encoding not in ENCODINGS:
            run.tally.damage("guessed_encoding", source.path, number)
        elif found.raw is not None:
            run.tally.damage("invalid_utf8", source.path, number)
        yield Record(number, {**values, "text": found.text}, plain=False)


def _page(
    data: bytes, values: dict[str, Any], number: int, source: Source, run: Run
) -> Iterator[Record]:
    encoding = page_encoding(data) or guess_encoding(data)
    try:
        page = extract(data if encoding is None else decode(data, encoding).text)
    except ValueError:
        run.tally.skip("bad_html", source.path, number)
        return
    if page is None:
        run.tally.skip("no_text", source.path, number)
        return
    yield Record(
        number, {**values, "text": page.text, "date": page.date or values["date"]}, plain=False
    )


def _iterator() -> Any:
    try:
        from warcio.archiveiterator import ArchiveIterator
    except ImportError as error:
        raise InputError(f"reading WARC needs warcio ({error}): {install('warc')}") from error
    return ArchiveIterator
