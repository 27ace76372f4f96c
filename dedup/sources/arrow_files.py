"""Arrow files and streams (Feather, data sets of Hugging Face) and ORC."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pyarrow as pa
import pyarrow.feather

from dedup.sources.nested import is_column
from dedup.sources.options import Columns, Run, Source
from dedup.sources.tables import Rows, documents, settle, without_views

_MOST_ROWS = 2_048  # of a batch that documents are made of


def read_arrow(file: Any, source: Source, run: Run) -> Iterator[pa.RecordBatch]:
    """Yield the documents of an Arrow file, an Arrow stream or a Feather file."""
    try:
        yield from _documents(_arrow_batches(file), source, run)
    except (pa.ArrowException, OSError, ValueError, KeyError) as error:
        run.tally.fail("broken_arrow", source.path, str(error))


def read_orc(file: Any, source: Source, run: Run) -> Iterator[pa.RecordBatch]:
    """Yield the documents of an ORC file, stripe by stripe."""
    from pyarrow import orc  # not in every build of Arrow

    try:
        reader = orc.ORCFile(file if isinstance(file, str) else pa.BufferReader(file))
        yield from _documents(_orc_batches(reader), source, run)
    except (pa.ArrowException, OSError, ValueError, KeyError) as error:
        run.tally.fail("broken_orc", source.path, str(error))


def _orc_batches(orc: Any) -> Iterator[pa.RecordBatch]:
    for stripe in range(orc.nstripes):
        yield orc.read_stripe(stripe)


def _arrow_batches(file: Any) -> Iterator[pa.RecordBatch]:
    with pa.memory_map(file) if isinstance(file, str) else closing(pa.BufferReader(file)) as data:
        head = data.read(6)
        data.seek(0)
        if head.startswith(b"FEA1"):
            yield from pyarrow.feather.read_table(data, memory_map=False).to_batches()
        elif head == b"ARROW1":
            with pa.ipc.open_file(data) as batches:
                for number in range(batches.num_record_batches):
                    yield batches.get_batch(number)
        else:
            with pa.ipc.open_stream(data) as batches:
                yield from batches


def _documents(
    batches: Iterator[pa.RecordBatch], source: Source, run: Run
) -> Iterator[pa.RecordBatch]:
    columns: Columns | None = None
    names: list[str] | None = None
    start = 1
    for whole in batches:
        whole.validate(full=True)  # offsets that lead nowhere would end the process
        if not len(whole):
            continue
        if columns is None:
            columns = settle(whole.schema, whole, source, run)
            if columns is None:
                return
            if not run.options.keep_record:
                names = _needed(whole.schema, columns)
        batch = whole if names is None else whole.select(names)
        (batch,) = without_views(pa.Table.from_batches([batch])).combine_chunks().to_batches()
        for low in range(0, len(batch), _MOST_ROWS):
            part = batch.slice(low, _MOST_ROWS)
            yield documents(Rows.from_number(start, part), columns, source, run)
            start += len(part)


def _needed(schema: pa.Schema, columns: Columns) -> list[str]:
    """Return the columns to read, for a field inside objects those objects."""
    wanted = (name for name in columns.names() if is_column(schema, name))
    outer = (name if name in schema.names else name.partition(".")[0] for name in wanted)
    return list(dict.fromkeys(outer))
