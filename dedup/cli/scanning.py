"""What the commands run on: inputs read, scans with their bars, the estimate before one."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import click

from dedup.cli.running import (
    DONE,
    announce_compiling,
    progress_bar,
    show,
    stage_progress,
    write_stdout,
)
from dedup.cli.warming import compile_first
from dedup.errors import ConfigError

if TYPE_CHECKING:
    import pyarrow as pa

    from dedup.api.runs import Inputs
    from dedup.cli.commands import Clean, Scan
    from dedup.config import Config
    from dedup.output.cleaned.rereading import Rereading
    from dedup.result import Result
    from dedup.schema import Corpus
    from dedup.sources import ReadOptions

Write = Callable[[BinaryIO], object]

ROWS = "rows"
STAGES_BAR = "{desc} {bar:20} {n_fmt}/{total_fmt} stages, {elapsed}"


@dataclass(frozen=True, slots=True)
class Scanned:
    """A result, where it came from, and the seconds it took; ``rows`` reads all rows again."""

    result: Result
    inputs: Inputs
    seconds: float
    rows: Rereading | None = None


def kernels_of(config: Config) -> str:
    """Return the name under which the kernels of a scan are recorded."""
    return "duplicates" if config.find == ("duplicates",) else "scan"


def show_plan(options: Scan) -> int:
    """Say what a scan would take."""
    from dedup.core.files import json_bytes
    from dedup.pipeline.estimate import estimate
    from dedup.report.terminal.plan import plan_view

    if not options.view.quiet:
        announce_compiling()
    plan = estimate(options.paths, options.reading.options(options.config), options.config)
    if options.view.as_json:
        write_stdout(iter([json_bytes(plan, pretty=True)]))
    else:
        show(plan_view(plan), colour=False)
    return DONE


def scan_held(options: Clean) -> tuple[Result, float]:
    """Scan documents that are held in memory with all they were read with."""
    from dedup.api.given import Running
    from dedup.api.runs import scan_documents
    from dedup.output.cleaned import check_rows

    quiet, annotate = options.view.quiet, options.annotate
    compile_first(kernels_of(options.config), quiet=quiet)
    begin = time.perf_counter()
    _check_index(options)
    columns = options.format == "parquet"
    reading = options.reading.options(
        options.config, keep_record=True, keep_columns=columns, rows_only=annotate
    )
    corpus = read_corpus(options.paths, reading, quiet=quiet)
    if annotate:
        check_rows(corpus)
    size = 0 if quiet else corpus.table.nbytes
    with progress_bar(size, desc="starting", total=1, bar_format=STAGES_BAR) as bar:
        running = Running(threads=options.threads, progress=stage_progress(bar))
        result, _ = scan_documents(corpus, options.config, running)
    if options.against:
        result = _beside_index(result, corpus.table.to_batches(), options)
    return result, time.perf_counter() - begin


def scan_files(options: Scan) -> Scanned:
    """Scan what is read only as far as it is wanted, in no more memory than is allowed."""
    from dedup.api import runs
    from dedup.api.given import Running
    from dedup.output.cleaned.rereading import Rereading
    from dedup.sources import input_bytes

    compile_first(kernels_of(options.config), quiet=options.view.quiet)
    begin = time.perf_counter()
    _check_index(options)
    reading, rows = options.reading.options(options.config, rows_only=options.annotate), None
    size = 0 if options.view.quiet else input_bytes(options.paths, reading)
    folder = Path(options.work or _temporary_folder())
    if options.wants_rows:
        columns = options.format == "parquet"
        rows = Rereading(options.paths, reading, folder=folder, columns=columns)
        reading = rows.options
    with (
        progress_bar(size, desc="reading", total=size, unit="B", unit_scale=True) as bar,
        progress_bar(size, desc="", total=1, bar_format=STAGES_BAR, delay=0.1) as stages,
    ):
        running = Running(
            threads=options.threads,
            memory=options.memory or 0,
            work=folder if options.work else None,
            progress=stage_progress(stages),
            reading=bar.update,
        )
        result, inputs = runs.scan_files(options.paths, reading, options.config, running, folder)
        if options.against:
            assert inputs.files is not None
            result = _beside_index(result, inputs.files.batches(), options)
    return Scanned(result, inputs, time.perf_counter() - begin, rows)


def _check_index(options: Scan | Clean) -> None:
    """Raise what is wrong with the index that is named, if one is, before any work is done."""
    from dedup.index import Index

    if options.against is None:
        return
    with Index.open(options.against, mode="r") as index:
        if options.drop_known_passages and not index.settings.passages:
            allowed = "with an index that was made with --passages"
            given = options.drop_known_passages
            raise ConfigError("drop_known_passages", given, allowed, f"{{name}}: {allowed}")


def _beside_index(
    result: Result, batches: Iterable[pa.RecordBatch], options: Scan | Clean
) -> Result:
    """Ask the index that was named for every document, read once more in ``batches``."""
    from dedup.index import Index
    from dedup.pipeline.against import Dropping, with_index

    dropping = Dropping(options.drop_known, options.drop_known_passages)
    with Index.open(str(options.against), mode="r") as index:
        return with_index(result, batches, index, dropping)


def _temporary_folder() -> str:
    """Make a folder that goes when the command ends."""
    import tempfile

    made = tempfile.TemporaryDirectory(prefix="dedup-", ignore_cleanup_errors=True)
    return click.get_current_context().with_resource(made)


def write_scan(scanned: Scanned, options: Scan) -> list[Path]:
    """Write what a scan found, and the rows where they are asked for; return the files."""
    from dedup.api.results import stated_files
    from dedup.output.cleaned.marked import write_rows
    from dedup.output.tables import write_result
    from dedup.sources import input_bytes

    result, format = scanned.result, options.format
    assert options.output is not None
    given: dict[str, Any] = {"format": format, "with_text": options.with_text}
    more = stated_files(result, inputs=scanned.inputs, **given)
    if scanned.rows is None:
        return write_result(result, options.output, inputs=options.paths, **given, more=more)
    size = 0 if options.view.quiet else input_bytes(options.paths)
    total = len(result.tables["documents"])
    with progress_bar(size, desc="writing", total=total, unit=" rows", unit_scale=True) as bar:
        write = partial(
            write_rows,
            result=result,
            again=scanned.rows,
            format="jsonl" if format == "csv" else format,
            annotate=options.annotate,
            told=bar.update,
        )
        more |= _rows_twice(write) if format == "csv" else {f"{ROWS}.{format}": write}
        return write_result(result, options.output, inputs=options.paths, **given, more=more)


def _rows_twice(write: Write) -> dict[str, Write]:
    """Return what writes the rows as JSON lines, and then those as CSV."""
    from dedup.output.csv_files import csv_of_lines

    lines: list[str] = []

    def as_lines(file: BinaryIO) -> None:
        write(file)
        file.flush()
        lines.append(file.name)

    return {f"{ROWS}.jsonl": as_lines, f"{ROWS}.csv": lambda file: csv_of_lines(file, lines[0])}


def read_corpus(paths: tuple[str, ...], options: ReadOptions, *, quiet: bool) -> Corpus:
    """Return all documents of the inputs."""
    from dedup.sources import input_bytes, read

    size = 0 if quiet else input_bytes(paths, options)
    with progress_bar(size, desc="reading", total=size, unit="B", unit_scale=True) as bar:
        return read(paths, options, bar.update)
