"""E-mails: mbox files and single messages, by the standard library."""

from __future__ import annotations

import email
import email.policy
import re
from collections.abc import Iterator
from email.header import decode_header, make_header
from email.message import Message
from email.utils import parsedate_to_datetime
from typing import Any

import pyarrow as pa

from dedup.core.arrays import clean_string
from dedup.sources.batches import Batcher
from dedup.sources.fixed import take_fixed
from dedup.sources.markup import text_of
from dedup.sources.options import Columns, Run, Source
from dedup.sources.rows import Record
from dedup.sources.streams import Stream

COLUMNS = Columns("text", id="id", date="date")
NAMES = ("text", "id", "date", "title", "author", "to", "list")
_BEGIN = re.compile(rb"From \S.*\d\d:\d\d.*\d{4}")
_QUOTED = re.compile(rb"^>(>*From )", re.M)


def read_mbox(stream: Stream, source: Source, run: Run, out: Batcher) -> Iterator[pa.RecordBatch]:
    """Yield the messages of an mbox file."""
    yield from take_fixed(_messages(stream, source, run), COLUMNS, NAMES, source, run, out)


def read_mail(stream: Stream, source: Source, run: Run, out: Batcher) -> Iterator[pa.RecordBatch]:
    """Yield the one message of a file."""
    data = stream.whole()
    if data is None:
        run.tally.skip("file_too_long", source.path)
        return
    records = (each for each in [_record(data, None, source, run)] if each is not None and data)
    yield from take_fixed(records, COLUMNS, NAMES, source, run, out)


def _messages(stream: Stream, source: Source, run: Run) -> Iterator[Record]:
    """Yield the messages; one begins with a line ``From`` at the start or behind an empty line."""
    lines, first, blank = list[bytes](), 0, True
    size, limit = 0, run.options.max_line_bytes
    for number, line in stream.lines(end=b"\n"):
        if line is None:
            run.tally.skip("line_too_long", source.path, number)
            continue
        if blank and line.startswith(b"From ") and _BEGIN.match(line):
            yield from _one(lines, first, size <= limit, source, run)
            lines, first, size = [], number, 0
        else:
            size += len(line)
            if size <= limit:
                lines.append(line)
        blank = not line.strip()
    yield from _one(lines, first, size <= limit, source, run)


def _one(lines: list[bytes], first: int, fits: bool, source: Source, run: Run) -> Iterator[Record]:
    if not fits:
        run.tally.skip("file_too_long", source.path, first)
    elif any(line.strip() for line in lines):
        data = _QUOTED.sub(rb"\1", b"".join(lines))
        record = _record(data, first, source, run)
        if record is not None:
            yield record


def _record(data: bytes, line: int | None, source: Source, run: Run) -> Record | None:
    try:
        message = email.message_from_bytes(data, policy=email.policy.compat32)
        values = {
            "text": _text(message),
            "id": _header(message, "Message-ID"),
            "date": _date(message),
            "title": _header(message, "Subject"),
            "author": _header(message, "From"),
            "to": _header(message, "To"),
            "list": _header(message, "List-Id"),
        }
    except Exception:  # the parser of the standard library trips over some headers
        run.tally.skip("broken_mail", source.path, line)
        return None
    return Record(line, values, plain=False)


def _text(message: Message) -> str | None:
    """Return the plain text of a message, else what its HTML says; attachments are left out."""
    plain, pages = list[str](), list[str]()
    for part in message.walk():
        if part.is_multipart() or part.get_filename():
            continue
        kind = part.get_content_type()
        if kind == "text/plain":
            plain.append(_decoded(part))
        elif kind == "text/html":
            pages.append(text_of(_decoded(part)))
    texts = [text.strip() for text in plain] if any(t.strip() for t in plain) else pages
    return "\n\n".join(text for text in texts if text) or None


def _decoded(part: Message) -> str:
    payload: Any = part.get_payload(decode=True)
    if not isinstance(payload, bytes):
        return str(payload or "")
    charset = part.get_content_charset() or "utf-8"
    try:
        text = payload.decode(charset)
    except (LookupError, ValueError):
        try:
            text = payload.decode("utf-8")
        except UnicodeDecodeError:
            text = payload.decode("cp1252", "replace")
    return text.replace("\r\n", "\n")


def _header(message: Message, name: str) -> str | None:
    value = message.get(name)
    if value is None:
        return None
    try:
        text = str(make_header(decode_header(value)))
    except Exception:  # a header of no encoding there is
        text = str(value)
    return clean_string(" ".join(text.split())) or None


def _date(message: Message) -> str | None:
    value = _header(message, "Date")
    if value is None:
        return None
    try:
        return parsedate_to_datetime(value).isoformat()
    except (TypeError, ValueError, OverflowError, IndexError):
        return value
