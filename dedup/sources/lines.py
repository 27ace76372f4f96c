"""One text a line."""

from __future__ import annotations

from collections.abc import Iterator

import pyarrow as pa

from dedup.sources.batches import Batcher
from dedup.sources.options import Columns, Run, Source
from dedup.sources.rows import Record, add_records
from dedup.sources.streams import Stream


def read_lines(stream: Stream, source: Source, run: Run, out: Batcher) -> Iterator[pa.RecordBatch]:
    """Yield each line that is not blank as a document."""
    return add_records(_records(stream, source, run), Columns("text"), source, run, out)


def _records(stream: Stream, source: Source, run: Run) -> Iterator[Record]:
    for number, line in stream.lines():
        if line is None:
            run.tally.skip("line_too_long", source.path, number)
            continue
        if not line or line.isspace():
            continue
        line = line.removesuffix(b"\r")
        try:
            yield Record(number, {"text": line.decode("utf-8")})
        except UnicodeDecodeError:
            values = {"text": line.decode("utf-8", "replace")}
            twin = {"text": line.decode("utf-8", "surrogateescape")}
            yield Record(number, values, "invalid_utf8", twin, plain=False)
