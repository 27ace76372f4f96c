"""``dedup scan --engine spark``: what of a scan runs on Spark, and what is said of it."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any, TypeVar

import click

from dedup.cli.commands import Scan
from dedup.cli.options import Command, Reading, Safety, SectionOption
from dedup.cli.running import BAD_INPUT, DONE, DUPLICATES, load_all, show, tell
from dedup.core.package import install
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


def engine_options(command: Command) -> Command:
    """Add the options that say where a scan runs."""
    for name, kind, text in reversed(_OPTIONS):
        option = click.option(name, cls=SectionOption, section=ENGINE, help=text, **kind)
        command = option(command)
    return command


def uses_spark(options: Scan) -> bool:
    """Tell whether Spark is asked for; raise ``ConfigError`` for options of the other engine."""
    if options.engine == "local":
        for name in ("master", "checkpoint"):
            if getattr(options, name) is not None:
                says = "{name} needs --engine spark"
                raise ConfigError(name, getattr(options, name), "with --engine spark", says)
        return False
    for name, (value, unset) in _local_only(options).items():
        if value != unset:
            says = "{name} does not go with --engine spark"
            raise ConfigError(name, value, "for the local engine", says)
    if not options.output:
        raise ConfigError("engine", "spark", "with -o DIR", "--engine spark needs -o DIR")
    return True


def _local_only(options: Scan) -> dict[str, tuple[object, object]]:
    """Return what Spark has no use for: what was given, and what it is where it was not."""
    safety, unset = options.safety, Safety()
    return {
        **{name: (getattr(options, name), None) for name in ("against", "work", "memory")},
        "threads": (options.threads, 0),
        "signed": (options.signed, False),
        "only_new": (options.only_new, ()),
        "dry_run": (options.dry_run, False),
        "with_text": (options.with_text, False),
        "show": (options.show, ()),
        "json": (options.view.as_json, False),
        "strict": (options.reading.strict, False),
        **{
            name: (getattr(safety, name), getattr(unset, name))
            for name in Safety.__dataclass_fields__
        },
    }


def scan_on_spark(options: Scan) -> int:
    """Scan on Spark, and return the exit code."""
    reading = options.reading.options(options.config, rows_only=options.annotate)
    load_all()  # Spark needs pandas
    logging.getLogger("py4j").setLevel(logging.ERROR)
    try:
        from dedup.spark.command import scan_paths
        from dedup.spark.session import own_session
    except ModuleNotFoundError as error:
        raise DedupError(f"{error.name} is missing: {install('spark')}") from error
    names = ("format", "write_rows", "annotate", "checkpoint")
    how: dict[str, Any] = {name: getattr(options, name) for name in names}
    where = (options.paths, str(options.output), reading, options.config)
    session, is_own = _explained(lambda: own_session(options.master))
    try:
        summary = _explained(lambda: scan_paths(session, *where, **how))
    finally:
        if is_own:
            session.stop()
    if not options.view.quiet:
        show(_lines(summary, str(options.output)), colour=False)
    if options.fail_on_duplicates and summary["clusters"]["count"]:
        return DUPLICATES
    return _code(summary["read_report"], options.reading)


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


def _code(read_report: dict[str, Any], reading: Reading) -> int:
    flaws = {**read_report["skipped"], **read_report["damaged"]}
    if not flaws or reading.allow_bad:
        return DONE
    named = ", ".join(f"{n:,} {name}" for name, n in flaws.items())
    tell(f"dedup: input with flaws: {named}; --allow-bad makes this exit with 0")
    return BAD_INPUT
