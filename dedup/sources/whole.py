"""Whole files as one document each: texts and pages."""

from __future__ import annotations

from collections.abc import Iterator

import pyarrow as pa

from dedup.core.arrays import clean_string
from dedup.core.formats import not_read
from dedup.errors import InputError
from dedup.sources.batches import Batcher, Row
from dedup.sources.decoding import (
    ENCODINGS,
    Decoded,
    decode,
    guess_encoding,
    is_binary,
    page_encoding,
)
from dedup.sources.options import Run, Source, no_row
from dedup.sources.pages import extract
from dedup.sources.streams import Stream

_FEW_LINES, _MANY_LINES = 20, 200
_LONG_LINE = 25  # words, from which a line may be a text by itself


def read_text(stream: Stream, source: Source, run: Run, out: Batcher) -> Iterator[pa.RecordBatch]:
    """Take a text file as one document."""
    data = _whole(stream, source, run)
    if data is not None:
        _take_text(data, source, run, out)
    yield from ()


def read_page(stream: Stream, source: Source, run: Run, out: Batcher) -> Iterator[pa.RecordBatch]:
    """Take the main text of a page as one document."""
    data = _whole(stream, source, run)
    if data is not None:
        _take_page(data, source, run, out)
    yield from ()


def _whole(stream: Stream, source: Source, run: Run) -> bytes | None:
    if run.options.rows_only:
        raise no_row(source.path)
    data = stream.whole()
    if data is None:
        run.tally.skip("file_too_long", source.path)
    elif not data and stream.cut:
        return None
    return data


def _take_text(data: bytes, source: Source, run: Run, out: Batcher) -> None:
    if is_binary(data):
        known = not_read(data)
        if known is not None:
            note_not_read(known.title, known.hint, source, run)
        run.tally.skip("binary", source.path)
        return
    found = decode(data, run.options.encoding)
    _tell_encoding(found, source, run)
    if source.alone and not source.stated:
        _ask_for_lines(found.text, source)
    path = clean_string(source.path)
    out.add(
        Row(
            doc_id=source.name,
            text=clean_string(found.text),
            path=path,
            encoding=found.encoding,
            raw=found.raw,
        )
    )


def note_not_read(title: str, hint: str, source: Source, run: Run) -> None:
    """Say how what is not read can be converted."""
    told = hint.replace("FILE", source.path)
    run.tally.note(f"{source.path}: this is {title}, which is not read; {told}")


def _tell_encoding(found: Decoded, source: Source, run: Run) -> None:
    """Count a text whose encoding was guessed, or that is not in the one it should be in."""
    if run.options.encoding is None and found.encoding not in ENCODINGS:
        note_guess(found.encoding, source, run)
    elif found.raw is not None and found.encoding.startswith("utf-16"):
        run.tally.damage("invalid_utf16", source.path)
    elif found.raw is not None and "\ufffd" in found.text:
        stated = found.encoding not in ("utf-8", "utf-8-sig")
        run.tally.damage("wrong_encoding" if stated else "invalid_utf8", source.path)


def note_guess(encoding: str, source: Source, run: Run) -> None:
    """Count an input whose encoding was guessed, and name that."""
    run.tally.damage("guessed_encoding", source.path)
    run.tally.note(f"{source.path}: read as {encoding}, a guess; --encoding {encoding} states it")


def _ask_for_lines(text: str, source: Source) -> None:
    """Raise ``InputError`` for a text of which each line is a text, by all that can be seen."""
    lines = text.splitlines()
    if len(lines) < _FEW_LINES:
        return
    long = [line for line in lines if line.count(" ") >= _LONG_LINE - 1]
    if len(long) * 10 < len(lines) * 9:
        return
    if len(lines) >= _MANY_LINES or len(set(long)) < len(long):
        raise InputError(
            f"looks like {len(lines):,} texts, one a line: `--input-format lines` reads it so, "
            "`--input-format txt` reads it as one text",
            path=source.path,
        )


def _take_page(data: bytes, source: Source, run: Run, out: Batcher) -> None:
    try:
        page = extract(_page_text(data, source, run))
    except ValueError:
        run.tally.skip("bad_html", source.path)
        return
    if page is None:
        run.tally.skip("no_text", source.path)
        return
    out.add(
        Row(
            doc_id=source.name,
            text=clean_string(page.text),
            path=clean_string(source.path),
            site=page.site,
            url=None if page.url is None else clean_string(page.url),
            date=page.date,
        )
    )


def _page_text(data: bytes, source: Source, run: Run) -> bytes | str:
    """Decode a page: as stated, by its mark, its ``meta``, by what it looks like; UTF-8 stays."""
    encoding = page_encoding(data) if run.options.encoding is None else run.options.encoding
    if encoding is None and not _is_utf8(data):
        encoding = guess_encoding(data)
        if encoding is not None:
            note_guess(encoding, source, run)
    if encoding is None:
        return data
    return decode(data, encoding).text


def _is_utf8(data: bytes) -> bool:
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True
