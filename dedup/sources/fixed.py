"""Formats whose records have columns of their own: feeds, mail, web archives."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

import pyarrow as pa

from dedup.sources.batches import Batcher
from dedup.sources.options import Columns, Run, Source
from dedup.sources.rows import Record, add_records


def take_fixed(
    records: Iterable[Record],
    columns: Columns,
    names: Iterable[str],
    source: Source,
    run: Run,
    out: Batcher,
) -> Iterator[pa.RecordBatch]:
    """Yield the documents of records whose columns ``names`` are known before.

    Columns that the caller named are used where the format has them.
    """
    names = list(names)
    run.note_columns(source, names)
    named = {role: name for role, name in run.options.named().items() if name in names}
    yield from add_records(records, replace(columns, **named), source, run, out)
