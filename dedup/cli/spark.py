"""``dedup scan --engine spark``: what of a scan runs on Spark, and what is said of it."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any, TypeVar

import click

from dedup.cli.options import Command, SectionOption, read_options_from
from dedup.cli.running import BAD_INPUT, DONE, DUPLICATES, load_all, show, tell
from dedup.config import Config
from dedup.errors import ConfigError, DedupError, InputError

ENGINE = "Engine"
Done = TypeVar("Done")
_OPTIONS: tuple[tuple[str, dict[str, Any], str], ...] = (
    ("--engine", {"type": click.Choice(("local", "spark")), "default": "local"},
     "Where the work is done: by this process, or by Apache Spark (extra `spark`; `--find "
     "duplicates` by default, Parquet, JSON lines or whole texts, -o needed).  [default local]"),
    ("--master", {"metavar": "URL"},
     "With --engine spark: where Spark runs; by default what spark-submit says, else local[*,4]."),
    ("--checkpoint", {"metavar": "DIR"},
     "With --engine spark: a folder that all executors reach, for tables between stages; by "
     "default below the output, on one machine a temporary one."),
)  # fmt: skip
# Options of a scan that another engine has no use for, and what they are where not given.
_LOCAL_ONLY = {
    "against": None,
    "work": None,
    "memory": None,
    "threads": 0,
    "dry_run": False,
    "as_json": False,
    "strict": False,
    "stop_on_warning": False,
    "suspicious_share": 0.5,
    "suspicious_cluster": 0,
}


def engine_options(command: Command) -> Command:
    """Add the options that say where a scan runs."""
    for name, kind, text in reversed(_OPTIONS):
        option = click.option(name, cls=SectionOption, section=ENGINE, help=text, **kind)
        command = option(command)
    return command


def check_engine(given: dict[str, Any]) -> bool:
    """Tell whether Spark is asked for; raise ``ConfigError`` for options of the other engine."""
    if given["engine"] == "local":
        for name in ("master", "checkpoint"):
            if given[name] is not None:
                raise ConfigError(name, given[name], "with --engine spark")
        return False
    for name, unset in _LOCAL_ONLY.items():
        if given[name] != unset:
            raise ConfigError(name, given[name], "for the local engine, not with --engine spark")
    if not given["output"]:
        raise ConfigError("engine", "spark", "with -o DIR, the folder that gets the result")
    return True


def scan_on_spark(paths: tuple[str, ...], config: Config, given: dict[str, Any]) -> int:
    """Scan on Spark, and return the exit code."""
    options = read_options_from(given, config, keep_record=False)
    load_all()  # Spark needs pandas
    logging.getLogger("py4j").setLevel(logging.ERROR)
    try:
        from dedup.spark.command import scan_paths
        from dedup.spark.session import own_session
    except ModuleNotFoundError as error:
        raise DedupError(f"{error.name} is missing: pip install 'dedup[spark]'") from error
    how = {name: given[name] for name in ("format", "write_rows", "annotate", "checkpoint")}
    session, is_own = _explained(lambda: own_session(given["master"]))
    try:
        summary = _explained(
            lambda: scan_paths(session, paths, given["output"], options, config, **how)
        )
    finally:
        if is_own:
            session.stop()
    if not given["quiet"]:
        show(_lines(summary, given["output"]), colour=False)
    if given["fail_on_duplicates"] and summary["clusters"]["count"]:
        return DUPLICATES
    return _code(summary["read_report"], given)


def _explained(work: Callable[[], Done]) -> Done:
    """Run, and say in one line what Spark could not start, find or read."""
    from dedup.spark.session import spark_error

    try:
        return work()
    except spark_error() as error:
        raise InputError(f"Spark: {str(error).splitlines()[0]}") from error


def _lines(summary: dict[str, Any], output: str) -> list[str]:
    """Return what was found, in sum."""
    counts = summary["documents"]
    relations = ", ".join(f"{n:,} {name}" for name, n in summary["relations"].items()) or "none"
    clusters = summary["clusters"]
    lines = [
        "{read:,} read = {kept:,} kept + {removed:,} removed + {skipped:,} skipped".format(
            **counts
        ),
        f"pairs: {relations}",
        f"clusters: {clusters['count']:,} of {clusters['documents']:,} documents, "
        f"the largest of {clusters['largest']:,}",
    ]
    lines += [f"{name.replace('_', ' ')}: {n:,}" for name, n in summary["limits"].items()]
    return [*lines, *summary["read_report"]["notes"], f"written to {output}"]


def _code(read_report: dict[str, Any], given: dict[str, Any]) -> int:
    flaws = {**read_report["skipped"], **read_report["damaged"]}
    if not flaws or given["allow_bad"]:
        return DONE
    named = ", ".join(f"{n:,} {name}" for name, n in flaws.items())
    tell(f"dedup: input with flaws: {named}; --allow-bad makes this exit with 0")
    return BAD_INPUT
