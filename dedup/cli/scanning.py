"""What the commands run on: inputs read, scans with their bars, the estimate before one."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

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
    from dedup.records import Corpus, Result
    from dedup.sources import ReadOptions

STAGES_BAR = "{desc} {bar:20} {n_fmt}/{total_fmt} stages, {elapsed}"


def show_plan(
    paths: tuple[str, ...], options: ReadOptions, config: Config, given: dict[str, Any]
) -> int:
    """Say what a scan would take."""
    from dedup.estimate import estimate
    from dedup.report.plan import plan_view
    from dedup.sinks import json_bytes

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
    from dedup.duplicates import is_fast

    if not given["quiet"]:
        announce_compiling()
    for name in ("memory", "work"):
        if given.get(name) and not is_fast(config):
            raise ConfigError(name, given[name], "with --find duplicates and words as shingles")
    if is_fast(config) and not options.keep_record:
        return _scan_duplicates(paths, options, config, given), time.perf_counter() - begin
    from dedup.pipeline import scan_corpus  # brings kernels that the fast path has no use for

    corpus = read_corpus(paths, options, quiet=given["quiet"])
    if given.get("annotate"):
        from dedup.archive import check_rows

        check_rows(corpus)
    size = 0 if given["quiet"] else corpus.table.nbytes
    with progress_bar(size, desc="starting", total=1, bar_format=STAGES_BAR) as bar:
        progress = stage_progress(bar)
        result = scan_corpus(corpus, config, threads=given["threads"], progress=progress)
    return result, time.perf_counter() - begin


def _scan_duplicates(
    paths: tuple[str, ...], options: ReadOptions, config: Config, given: dict[str, Any]
) -> Result:
    """Scan for copies of whole documents, without holding their texts."""
    import tempfile

    from dedup.readers import Files
    from dedup.sources import input_bytes
    from dedup.streaming import scan_stream
    from dedup.work import Work

    size = 0 if given["quiet"] else input_bytes(paths, options)
    with (
        tempfile.TemporaryDirectory(prefix="dedup-", ignore_cleanup_errors=True) as temporary,
        progress_bar(size, desc="reading", total=size, unit="B", unit_scale=True) as bar,
    ):
        folder = Path(given["work"] or temporary)
        files = Files(paths, options, folder=folder, told=bar.update)
        work = Work.at(folder, files.header(config)) if given["work"] else None
        given["kept"] = work
        return scan_stream(
            files, config, threads=given["threads"], memory=given["memory"] or 0, work=work
        )


def read_corpus(paths: tuple[str, ...], options: ReadOptions, *, quiet: bool) -> Corpus:
    """Return all documents of the inputs."""
    from dedup.sources import input_bytes, read

    size = 0 if quiet else input_bytes(paths, options)
    with progress_bar(size, desc="reading", total=size, unit="B", unit_scale=True) as bar:
        return read(paths, options, bar.update)
