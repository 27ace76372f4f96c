"""Files, streams and objects in memory → Arrow batches of schema ``CORPUS``, every flaw counted.

A bad record costs that record, a bad file the rest of that file; both are counted in the
``ReadReport``, with the first places of each reason. ``files`` finds the inputs, ``streams``
decompresses and splits them, ``reading`` tells what they are and who reads that, ``rows`` and
``blocks`` make documents of records, ``batches`` collects them. ``pieces`` lets threads read.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, nullcontext
from itertools import chain
from pathlib import Path
from typing import Any

import pyarrow as pa

from dedup.errors import InputError
from dedup.schema import CORPUS, Corpus, ReadReport
from dedup.sources.batches import Batcher, unique_ids
from dedup.sources.decoding import encode, original_bytes
from dedup.sources.files import STDIN, find_sources, is_live
from dedup.sources.options import MEMORY, ReadOptions, Run, Source, Tally, is_encoding
from dedup.sources.pieces import End, Groups, Piece, split
from dedup.sources.reading import read_stream
from dedup.sources.remote import open_url, size_of
from dedup.sources.rows import Record, take_records
from dedup.sources.streams import Stream
from dedup.sources.tables import (
    Rows,
    arrow_batches,
    documents,
    parquet_schema,
    read_parquet,
    settle,
)

__all__ = [
    "BATCH_BYTES",
    "Piece",
    "ReadOptions",
    "encode",
    "from_python",
    "input_bytes",
    "is_encoding",
    "original_bytes",
    "read",
    "read_batches",
    "read_pieces",
    "source_bytes",
    "stated_schema",
]

BATCH_BYTES = 32 << 20

Progress = Callable[[int], None]


def read_batches(
    paths: Sequence[str],
    options: ReadOptions,
    read_report: ReadReport,
    *,
    batch_bytes: int = BATCH_BYTES,
    progress: Progress | None = None,
    kept: list[pa.RecordBatch] | None = None,
) -> Iterator[pa.RecordBatch]:
    """Yield the documents of ``paths`` in batches of about ``batch_bytes``, and count them.

    Ids may repeat; ``read`` makes them unique. ``progress`` is told the bytes read from the
    inputs, compressed ones as they are, since its last call. ``kept`` takes what is asked for by
    ``keep_columns``. Raises ``InputError`` for a path that
    is not there, for a column that is not there, and under ``strict`` for the first flaw.
    """
    run = Run(options, Tally(read_report, options.strict), progress)
    run.kept = run.kept if kept is None else kept
    out = Batcher(run.tally, batch_bytes)
    for source in find_sources(paths, options, run.tally):
        yield from _read_source(source, run, out)
        yield from out.full()
    yield from out.rest()
    run.finish()
    if not read_report.read:
        run.tally.note("no documents were found")


def read_pieces(
    paths: Sequence[str],
    options: ReadOptions,
    read_report: ReadReport,
    *,
    progress: Progress | None = None,
) -> Iterator[Piece]:
    """Yield the same documents as ``read_batches`` in pieces that threads can read by themselves.

    Each piece in turn is to be settled, which counts it in ``read_report`` and raises what
    ``read_batches`` would raise.
    """
    tally = Tally(read_report, options.strict)
    run = Run(options, Tally(ReadReport(), options.strict), progress)

    def met() -> ReadReport:
        since, run.tally.read_report = run.tally.read_report, ReadReport()
        return since

    try:
        for found in _pieces(paths, run, tally):
            if isinstance(found, Piece):
                found.met = met()
                yield found
            else:
                yield Piece(tally, met(), found)
    except InputError as error:
        yield End(tally, met(), error=error)
    else:
        yield End(tally, met(), run=run)


def _pieces(paths: Sequence[str], run: Run, tally: Tally) -> Iterator[Piece | pa.RecordBatch]:
    out = Batcher(run.tally, BATCH_BYTES)
    for source in find_sources(paths, run.options, run.tally):
        pieces = _split(source, run, tally)
        if pieces is None:
            yield from _read_source(source, run, out)
            yield from out.full()
        else:
            yield from out.rest()
            yield from pieces
            if run.progress is not None:
                run.progress(source_bytes(source))
    yield from out.rest()


def _split(source: Source, run: Run, tally: Tally) -> list[Groups] | None:
    """Return the pieces of a source, ``None`` where it is to be read here."""
    is_local = source.kind == "parquet" and source.url is None and not is_live(source.path)
    if not is_local or run.options.keep_record:
        return None
    try:
        with open_source(source):
            pass
    except OSError:
        return None  # where it is read this is counted
    return split(source, run, BATCH_BYTES, tally)


def read(
    paths: Sequence[str], options: ReadOptions | None = None, progress: Progress | None = None
) -> Corpus:
    r"""Return all documents of ``paths`` as one corpus with unique ids.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     _ = Path(folder, "a.jsonl").write_text('{"id": 7, "body": "one"}\n{"id": 7}\n' * 2)
    ...     corpus = read([folder])
    >>> corpus.table["doc_id"].to_pylist(), corpus.read_report.skipped["missing_text"]
    (['7', '7#2'], 2)
    """
    options = options or ReadOptions()
    read_report = ReadReport()
    kept: list[pa.RecordBatch] = []
    batches = list(read_batches(paths, options, read_report, progress=progress, kept=kept))
    table = pa.Table.from_batches(batches, CORPUS)
    return Corpus(unique_ids(table, Tally(read_report, options.strict)), read_report, tuple(kept))


def input_bytes(paths: Sequence[str], options: ReadOptions | None = None) -> int:
    """Return how many bytes ``progress`` will be told for ``paths``; stdin counts as none."""
    sources = find_sources(paths, options or ReadOptions(), Tally(ReadReport()))
    return sum(source_bytes(each) for each in sources if each.path != STDIN)


def from_python(
    documents: Any,
    *,
    text: str | None = None,
    id: str | None = None,
    date: str | None = None,
    url: str | None = None,
    site: str | None = None,
    priority: str | None = None,
    strict: bool = False,
) -> Corpus:
    """Return documents in memory as a corpus.

    ``documents`` are texts, dicts, an iterator of either, or anything that speaks Arrow: tables
    and columns of pyarrow, pandas and polars. The keywords name columns; otherwise they are
    recognised. Where there is no id it is the position, from 0, with ``document`` before it where
    others have an id. What is no text is counted; ``strict`` raises ``InputError`` at the first.

    >>> corpus = from_python(["one", None, "two"])
    >>> corpus.table["doc_id"].to_pylist(), corpus.read_report.places
    (['0', '2'], {'missing_text': ['document 1']})
    """
    if isinstance(documents, Corpus):
        return documents
    if isinstance(documents, str | bytes | Mapping):
        kind = "text" if isinstance(documents, str) else type(documents).__name__
        raise InputError(f"documents: one {kind} alone; put it into a list, or give a table")
    options = ReadOptions(
        text_column=text,
        id_column=id,
        date_column=date,
        url_column=url,
        site_column=site,
        priority_column=priority,
        strict=strict,
    )
    run = Run(options, Tally(ReadReport(), strict))
    found = arrow_batches(documents)
    batches = _objects(documents, run) if found is None else _arrow(found, run)
    table = pa.Table.from_batches(list(batches), CORPUS)
    return Corpus(unique_ids(table, run.tally), run.tally.read_report)


_IN_MEMORY = Source("documents", "documents", MEMORY, given=True)


def _objects(objects: Any, run: Run) -> Iterator[pa.RecordBatch]:
    """Yield batches from an iterable of texts or dicts."""
    out = Batcher(run.tally, BATCH_BYTES)
    try:
        each = enumerate(objects)
    except TypeError:
        raise InputError(
            f"documents: {type(objects).__name__} holds no documents; give texts, dicts, a table "
            "(Arrow, pandas, polars) or paths of files"
        ) from None
    first = next(each, None)
    if first is None:
        return
    # A corpus is of texts or of dicts; what the first one is decides how a None is counted.
    key = run.options.text_column or "text"
    records = (
        Record(number, value if isinstance(value, Mapping) else {key: value}, plain=False)
        for number, value in chain([first], each)
    )
    yield from take_records(records, _IN_MEMORY, run, out)
    yield from out.rest()
    run.finish()


def _arrow(batches: Iterator[pa.RecordBatch], run: Run) -> Iterator[pa.RecordBatch]:
    columns, start = None, 0
    for batch in batches:
        if columns is None and len(batch):
            columns = settle(batch.schema, batch, _IN_MEMORY, run)
        if columns is not None:
            yield documents(Rows.from_number(start, batch), columns, _IN_MEMORY, run)
        start += len(batch)


def _read_source(source: Source, run: Run, out: Batcher) -> Iterator[pa.RecordBatch]:
    """Yield what one input gives; documents that fill no batch stay in ``out``.

    Columns come by themselves, after what stands before them.
    """
    try:
        file = open_source(source)
    except OSError as error:
        run.tally.fail("unreadable", source.path, str(error))
        return
    if source.kind == "parquet" and not is_live(source.path):
        yield from out.rest()
        with file:
            yield from _read_columns(file, source, run, out.batch_bytes)
        return
    with file as opened, closing(Stream(opened, source, run, is_live(source.path))) as stream:
        yield from read_stream(stream, source, run, out)


def _read_columns(file: Any, source: Source, run: Run, size: int) -> Iterator[pa.RecordBatch]:
    """Yield the documents of a Parquet file; a local one is best opened by Arrow itself."""
    if source.url is None:
        file = source.path
    elif not file.seekable():
        file = pa.BufferReader(file.read())
    yield from read_parquet(file, source, run, size)
    if run.progress is not None:
        run.progress(source_bytes(source))


def open_source(source: Source) -> Any:
    """Open an input for reading bytes."""
    if source.path == STDIN:
        return nullcontext(sys.stdin.buffer)
    if source.url is not None:
        return open_url(source.url)
    return Path(source.path).open("rb")


def stated_schema(source: Source) -> pa.Schema | None:
    """Return the columns of rows, where an input states them before the first of them."""
    if source.kind != "parquet" or is_live(source.path):
        return None
    try:
        with open_source(source) as file:
            return parquet_schema(file if file.seekable() else pa.BufferReader(file.read()))
    except (pa.ArrowException, OSError) as error:
        raise InputError(f"cannot be read ({error})", path=source.path) from error


def source_bytes(source: Source) -> int:
    """Return how large an input is, as it is stored."""
    return Path(source.path).stat().st_size if source.url is None else size_of(source.url)
