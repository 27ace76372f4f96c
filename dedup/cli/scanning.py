"""What the commands run on: inputs read, scans with their bars, the estimate before one."""

from __future__ import annotations

import dataclasses
import shlex
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import click

from dedup.cli.options import Reading
from dedup.cli.progress import live
from dedup.cli.running import (
    DONE,
    announce_compiling,
    show,
    tell,
    write_stdout,
)
from dedup.cli.warming import compile_first, find_first, start_small
from dedup.errors import ConfigError

if TYPE_CHECKING:
    from dedup.api.against import Asked
    from dedup.api.runs import Inputs
    from dedup.cli.commands import Clean, Scan
    from dedup.config import Config
    from dedup.core.checkpoints import Work
    from dedup.output.cleaned.rereading import Rereading
    from dedup.result import Result
    from dedup.schema import Corpus
    from dedup.sources import ReadOptions

Write = Callable[[BinaryIO], object]

ROWS = "rows"


@dataclass(frozen=True, slots=True)
class Scanned:
    """A result, where it came from, and the seconds it took; ``rows`` reads all rows again.

    ``folder`` takes what does not outlive the command.
    """

    result: Result
    inputs: Inputs
    seconds: float
    rows: Rereading | None = None
    folder: Path | None = None


def kernels_of(config: Config, index: str | None = None) -> str:
    """Return the name under which the kernels of a scan are recorded, perhaps beside an index."""
    if config.find == ("duplicates",):
        return "duplicates"
    return "scan" if index is None else "against"


def start(options: Scan | Clean) -> None:
    """Have a scan of little text run without compiling; before anything imports a kernel."""
    command, quiet = kernels_of(options.config, options.against), options.view.quiet
    start_small(command, options.paths, options.against, quiet=quiet)


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


def scan_files(options: Scan | Clean) -> Scanned:
    """Scan what is read only as far as it is wanted, in no more memory than is allowed."""
    from dedup.api import runs
    from dedup.api.given import Running
    from dedup.core.parallel import watched
    from dedup.output.cleaned.rereading import Rereading

    _check_index(options)
    reading, rows = options.reading.options(options.config, rows_only=options.annotate), None
    command = kernels_of(options.config, options.against)
    size = find_first(command, options.paths, reading, quiet=options.view.quiet)
    begin = time.perf_counter()
    folder = Path(options.work or _temporary_folder())
    if options.wants_rows:
        columns = options.format == "parquet"
        rows = Rereading(options.paths, reading, folder=folder, columns=columns)
        reading = rows.options
    with (
        live("reading", size, "B", quiet=options.view.quiet) as bar,
        watched(bar.step),
        _asked(options) as asked,
    ):
        running = Running(
            threads=options.threads,
            memory=options.memory or 0,
            work=folder if options.work else None,
            progress=bar.stage,
            reading=bar.update,
            opened=None if options.view.quiet else _say_resumed,
            read=None if asked is None else asked.take,
        )
        result, inputs = runs.scan_files(options.paths, reading, options.config, running, folder)
        result = _beside_index(result, inputs, asked)
    return Scanned(result, inputs, time.perf_counter() - begin, rows, folder)


def write_clean(scanned: Scanned, options: Clean) -> dict[str, Any]:
    """Read the inputs of a scan once more, and write the cleaned folder; return counts."""
    from dedup.output.cleaned import Cleaning, Reread

    result, quiet = scanned.result, options.view.quiet
    assert scanned.rows is not None
    assert scanned.folder is not None
    total = len(result.tables["documents"])
    with live("reading again", total, " documents", quiet=quiet) as bar:
        originals = Reread.of(result, scanned.rows, scanned.folder, bar.update)
    with live("writing", total, " documents", quiet=quiet) as bar:
        cleaning = Cleaning(
            result,
            originals,
            everything=options.everything,
            annotate=options.annotate,
            told=bar.update,
        )
        return cleaning.write(options.output, format=options.format, inputs=options.paths)


def kept_of(work: str | None) -> str:
    """Return what a scan that was stopped has left, and what to type next."""
    from dedup.core.checkpoints import finished_in

    again = shlex.join(["dedup", *sys.argv[1:]])
    if work is None:
        return f"nothing is kept; with --work DIR a run can go on where it was: {again} --work work"
    done = finished_in(Path(work))
    if done is None:
        return f"nothing is kept yet; the same command begins again: {again}"
    kept = f"all up to `{done[-1]}`" if done else "what was read"
    return f"{work} keeps {kept}; the same command goes on from there: {again}"


def say_too_little(options: Scan | Clean) -> None:
    """Say it where less memory is allowed than a scan takes, whatever it puts into files."""
    from dedup.pipeline.run import mode_of

    least = mode_of(options.config).least
    if options.memory and options.memory < least and not options.view.quiet:
        asked, takes = f"{options.memory / 1e6:,.0f} MB", f"about {least / 1e6:,.0f} MB"
        tell(f"dedup: --memory {asked} is too little: the scan runs, and takes {takes} or more")


def _say_resumed(work: Work) -> None:
    """Say from where a run goes on, if it does."""
    if done := work.finished:
        tell(f"dedup: goes on after `{done[-1]}`, which an earlier run finished")
    elif work.begun:
        tell(f"dedup: goes on after {work.begun:,} batches, which an earlier run read")


def check_signed(options: Scan) -> None:
    """Refuse what does not go with signed parts, and what goes with them alone."""
    if not options.signed:
        if options.only_new:
            says = "{name} needs --signed: it names a part beside others"
            raise ConfigError("only_new", options.only_new, "with --signed", says)
        return
    unset = {item.name: item.default for item in dataclasses.fields(Reading)}
    for name, default in unset.items():
        value = getattr(options.reading, name)
        if value != default and name != "allow_bad":
            says = "{name} was said when the parts were signed"
            raise ConfigError(name, value, "none, with --signed", says)
    if options.dry_run:
        raise ConfigError("dry_run", True, "without --signed", "{name} does not go with --signed")


def scan_signed(options: Scan) -> Scanned:
    """Scan signed parts; rows are read again where the inputs can be."""
    from dedup.api import runs
    from dedup.api.given import Running
    from dedup.core.parallel import watched
    from dedup.output.cleaned.rereading import Rereading
    from dedup.pipeline.signed import SignedParts

    _check_index(options)
    compile_first(kernels_of(options.config, options.against), quiet=options.view.quiet)
    begin = time.perf_counter()
    folder, rows = Path(options.work or _temporary_folder()), None
    if options.wants_rows:
        parts = SignedParts(options.paths, options.only_new)
        wanted = parts.removable_parts
        if not all(part.stated["readable"] for part in wanted):
            says = "{name}: an input of a signed part can be read only once"
            raise ConfigError("write_rows", True, "for files", says)
        reading = dataclasses.replace(parts.options, rows_only=options.annotate)
        paths, columns = (
            [path for part in wanted for path in part.paths()],
            options.format == "parquet",
        )
        rows = Rereading(paths, reading, folder=folder, columns=columns)
    with (
        live("starting", quiet=options.view.quiet) as bar,
        watched(bar.step),
        _asked(options) as asked,
    ):
        running = Running(
            threads=options.threads,
            memory=options.memory or 0,
            work=folder if options.work else None,
            progress=bar.stage,
        )
        result, inputs = runs.scan_signed(options.paths, options.only_new, options.config, running)
        result = _beside_index(result, inputs, asked)
    return Scanned(result, inputs, time.perf_counter() - begin, rows)


def _check_index(options: Scan | Clean) -> None:
    """Raise what is wrong with the index that is named, if one is, before any work is done."""
    if options.against is None:
        return
    from dedup.index import Index

    with Index.open(options.against, mode="r") as index:
        if options.drop_known_passages and not index.settings.passages:
            allowed = "with an index that was made with --passages"
            given = options.drop_known_passages
            raise ConfigError("drop_known_passages", given, allowed, f"{{name}}: {allowed}")


@contextmanager
def _asked(options: Scan | Clean) -> Iterator[Asked | None]:
    """Give what asks the index that was named for documents; ``None`` where none was."""
    if options.against is None:
        yield None
        return
    from dedup.api.against import Asked, Dropping
    from dedup.index import Index

    dropping = Dropping(options.drop_known, options.drop_known_passages)
    with Index.open(options.against, mode="r") as index:
        yield Asked(index, options.config, dropping)


def _beside_index(result: Result, inputs: Inputs, asked: Asked | None) -> Result:
    """Add what an index says of all documents, which are read again where need be."""
    if asked is None:
        return result
    from dedup.api.against import with_index

    assert inputs.files is not None
    return with_index(result, inputs.files.batches(), asked)


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
    from dedup.pipeline.signed import SignedParts

    result, format = scanned.result, options.format
    assert options.output is not None
    given: dict[str, Any] = {"format": format, "with_text": options.with_text}
    more = stated_files(result, inputs=scanned.inputs, **given)
    if scanned.rows is None:
        return write_result(result, options.output, inputs=options.paths, **given, more=more)
    total = len(result.tables["documents"])
    with live("writing", total, " rows", quiet=options.view.quiet) as bar:
        parts = scanned.inputs.files
        write = partial(
            write_rows,
            result=parts.of_removable(result) if isinstance(parts, SignedParts) else result,
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
    with live("reading", size, "B", quiet=quiet) as bar:
        return read(paths, options, bar.update)
