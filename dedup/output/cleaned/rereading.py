"""Inputs of a scan, read once more for all columns of their rows."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO

import pyarrow as pa

from dedup.core.arrays import clean_string
from dedup.output.cleaned.layout import Part
from dedup.output.cleaned.marked import changed
from dedup.schema import ReadReport
from dedup.sources import ReadOptions, read_batches, stated_schema
from dedup.sources.files import find_sources, is_live
from dedup.sources.options import Source, Tally
from dedup.sources.rereadable import ROWS_COPY, STDIN_COPY, input_states

_BATCH_BYTES = 8 << 20


class Rereading:
    """The rows of inputs that ``Files`` reads, in the same order, with all their columns.

    ``columns`` keeps Arrow data as it is. To be made before the inputs are read for the first
    time; that is to be done with ``options``, and in ``folder``, where stdin is spilled.
    """

    def __init__(
        self, paths: Sequence[str], options: ReadOptions, *, folder: Path, columns: bool
    ) -> None:
        self._paths, self._folder = paths, folder
        self._options = replace(options, keep_record=True, keep_columns=columns)
        sources = self._sources()
        self._states = input_states(sources)
        self._is_live = any(is_live(each.path) for each in sources)
        self.options = self._options if self._is_live else options

    def _sources(self) -> list[Source]:
        return find_sources(self._paths, self._options, Tally(ReadReport()))

    def check(self) -> None:
        """Raise ``InputError`` that names an input which has changed since the beginning."""
        if self._is_live:
            return  # everything was spilled
        try:
            states = input_states(self._sources())
        except OSError as error:
            raise changed(clean_string(str(error.filename))) from error
        for path in {**self._states, **states}:
            if self._states.get(path) != states.get(path):
                raise changed(clean_string(path))

    def schemas(self, paths: set[str]) -> list[pa.Schema] | None:
        """Return the columns of the inputs ``paths`` where all of them state theirs."""
        if self._is_live:
            return None
        found, text = [], self._options.text_column
        sources = {clean_string(source.path): source for source in self._sources()}
        if not paths <= sources.keys():  # files in an archive
            return None
        for path, source in sources.items():
            if path in paths:
                schema = stated_schema(source)
                if schema is None or (text is not None and text not in schema.names):
                    return None  # a text inside objects becomes a column of its own
                found.append(schema)
        return found

    def parts(self) -> Generator[Part, None, None]:
        """Yield the documents, those that were Arrow data with their columns but for the text."""
        if self._is_live:
            yield from self._keep_batches()
            return
        kept: list[pa.RecordBatch] = []
        batches = read_batches(
            self._paths, self._options, ReadReport(), batch_bytes=_BATCH_BYTES, kept=kept
        )
        for batch in batches:
            if len(batch):
                yield batch, kept.pop() if kept else None

    def _keep_batches(self) -> Generator[Part, None, None]:
        copy, rows = self._folder / STDIN_COPY, self._folder / ROWS_COPY
        with pa.OSFile(str(copy)) as file, rows.open("rb") as columns:
            batches = pa.ipc.open_file(file)
            for number in range(batches.num_record_batches):
                batch = batches.get_batch(number)
                if len(batch):
                    yield batch, _next(columns) if _is_numbered(batch) else None


def _is_numbered(batch: pa.RecordBatch) -> bool:
    """Tell whether documents were Arrow data, so that numbers stand for their rows."""
    record = batch.column("record")[0].as_py()
    return record is not None and not record.endswith(b"}]")


def _next(file: BinaryIO) -> pa.RecordBatch:
    with pa.ipc.open_stream(file) as stream:
        (batch,) = stream  # its end included, behind which the next one begins
    return batch
