"""What the commands run on: inputs read, scans with their bars, the estimate before one."""

from __future__ import annotations

import time
from collections.abc import Callable
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
from dedup.config import Config
from dedup.errors import ConfigError

if TYPE_CHECKING:
    from dedup.result import Result
    from dedup.schema import Corpus
    from dedup.sources import ReadOptions
    from dedup.sources.rereadable import Files

Write = Callable[[BinaryIO], object]

ROWS = "rows"
STAGES_BAR = "{desc} {bar:20} {n_fmt}/{total_fmt} stages, {elapsed}"


def show_plan(
    paths: tuple[str, ...], options: ReadOptions, config: Config, given: dict[str, Any]
) -> int:
    """Say what a scan would take."""
    from dedup.core.files import json_bytes
    from dedup.pipeline.estimate import estimate
    from dedup.report.terminal.plan import plan_view

    if not given["quiet"]:
        announce_compiling()
    plan = estimate(paths, options, config)
    if given["as_json"]:
        write_stdout(iter([json_bytes(plan, pretty=True)]))
    else:
        show(plan_view(plan), colour=False)
    return DONE


def run_scan(
    paths: tuple[str, ...], options: ReadOptions, config: Config, given: dict[str, Any]
) -> tuple[Result, float]:
    """Read and scan; return the result and the seconds it took."""
    begin = time.perf_counter()
    if not given["quiet"]:
        announce_compiling()
    if given.get("against"):
        _check_index(given["against"])
    if options.keep_record:
        result = _scan_held(paths, options, config, given)
    else:
        result = _scan_files(paths, options, config, given)
    return result, time.perf_counter() - begin


def _scan_held(
    paths: tuple[str, ...], options: ReadOptions, config: Config, given: dict[str, Any]
) -> Result:
    """Scan documents that are held in memory with all they were read with."""
    from dedup.output.cleaned import check_rows
    from dedup.pipeline.run import scan_corpus

    corpus = read_corpus(paths, options, quiet=given["quiet"])
    if given.get("annotate"):
        check_rows(corpus)
    size = 0 if given["quiet"] else corpus.table.nbytes
    with progress_bar(size, desc="starting", total=1, bar_format=STAGES_BAR) as bar:
        progress = stage_progress(bar)
        return scan_corpus(corpus, config, threads=given["threads"], progress=progress)


def _scan_files(
    paths: tuple[str, ...], options: ReadOptions, config: Config, given: dict[str, Any]
) -> Result:
    """Scan what is read only as far as it is wanted, in no more memory than is allowed."""
    from dedup.core.checkpoints import Work
    from dedup.output.cleaned.rereading import Rereading
    from dedup.pipeline.run import scan_reader
    from dedup.sources import input_bytes
    from dedup.sources.rereadable import Files

    size = 0 if given["quiet"] else input_bytes(paths, options)
    folder = Path(given["work"] or _temporary_folder())
    if wants_rows(given):
        columns = given["format"] == "parquet"
        given["again"] = Rereading(paths, options, folder=folder, columns=columns)
        options = given["again"].options
    with (
        progress_bar(size, desc="reading", total=size, unit="B", unit_scale=True) as bar,
        progress_bar(size, desc="", total=1, bar_format=STAGES_BAR, delay=0.1) as stages,
    ):
        files = Files(paths, options, folder=folder, told=bar.update)
        work = Work.at(folder, files.header(config)) if given["work"] else None
        given["kept"], given["files"], given["options"] = work, files, options
        result = scan_reader(
            files,
            config,
            threads=given["threads"],
            memory=given["memory"] or 0,
            work=work,
            progress=stage_progress(stages),
        )
        return _beside_index(result, files, given)


def _check_index(place: str) -> None:
    """Raise what is wrong with an index before any work is done."""
    from dedup.index import Index

    Index.open(place, mode="r").close()


def _beside_index(result: Result, files: Files, given: dict[str, Any]) -> Result:
    """Ask the index that was named for every document; they are read once more."""
    if not given.get("against"):
        return result
    from dedup.index import Index
    from dedup.pipeline.against import with_index

    with Index.open(given["against"], mode="r") as index:
        return with_index(result, files.batches(), index)


def _temporary_folder() -> str:
    """Make a folder that goes when the command ends."""
    import tempfile

    made = tempfile.TemporaryDirectory(prefix="dedup-", ignore_cleanup_errors=True)
    return click.get_current_context().with_resource(made)


def wants_rows(given: dict[str, Any]) -> bool:
    """Tell whether a scan is to write rows; they need a folder."""
    for name in ("write_rows", "annotate"):
        if given[name] and not given["output"]:
            raise ConfigError(name, True, "with -o DIR, the folder that gets the rows")
    return bool(given["write_rows"] or given["annotate"])


def write_scan(result: Result, paths: tuple[str, ...], given: dict[str, Any]) -> list[Path]:
    """Write what a scan found, and the rows where they are asked for; return the files."""
    from functools import partial

    from dedup.output.cleaned.marked import write_rows
    from dedup.output.tables import write_result
    from dedup.sources import input_bytes

    output, format = given["output"], given["format"]
    more = _for_report(result, paths, format, given["options"])
    if not wants_rows(given):
        return write_result(result, output, format=format, inputs=paths, more=more)
    size = 0 if given["quiet"] else input_bytes(paths)
    total = len(result.tables["documents"])
    with progress_bar(size, desc="writing", total=total, unit=" rows", unit_scale=True) as bar:
        write = partial(
            write_rows,
            result=result,
            again=given["again"],
            format=format,
            annotate=given["annotate"],
            told=bar.update,
        )
        more[f"{ROWS}.{format}"] = write
        return write_result(result, output, format=format, inputs=paths, more=more)


def _for_report(
    result: Result, paths: tuple[str, ...], format: str, options: ReadOptions
) -> dict[str, Write]:
    """Return what a report needs besides the contract: all removals and marks, and the inputs."""
    from functools import partial

    from dedup.output.inputs import INPUTS, inputs_json
    from dedup.output.tables import write_table

    tables = {
        f"{name}.{format}": partial(write_table, table=table, format=format)
        for name, table in result.named.items()
    }
    stated = inputs_json(result, str(Path.cwd()), paths, options)
    return {**tables, INPUTS: lambda file: file.write(stated)}


def read_corpus(paths: tuple[str, ...], options: ReadOptions, *, quiet: bool) -> Corpus:
    """Return all documents of the inputs."""
    from dedup.sources import input_bytes, read

    size = 0 if quiet else input_bytes(paths, options)
    with progress_bar(size, desc="reading", total=size, unit="B", unit_scale=True) as bar:
        return read(paths, options, bar.update)
