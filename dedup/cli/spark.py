"""``dedup scan --engine spark``: what of a scan runs on Spark, and what is said of it."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any, TypeVar

import click

from dedup.cli.commands import Clean, Scan
from dedup.cli.options import Command, Reading, Safety
from dedup.cli.running import BAD_INPUT, DONE, DUPLICATES, load_all, show, tell
from dedup.cli.sections import SectionOption
from dedup.core.package import install
from dedup.errors import ConfigError, DedupError, InputError

ENGINE = "Engine"
Done = TypeVar("Done")
_OPTIONS: tuple[tuple[str, dict[str, Any], str], ...] = (
    ("--engine", {"type": click.Choice(("local", "spark")), "default": "local"},
     "Where the work is done: by this process, or by Apache Spark (extra `spark`; `scan` finds "
     "duplicates by default and `clean` all but stories; Parquet, JSON lines or whole texts, -o "
     "needed).  [default local]"),
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


def uses_spark(options: Scan | Clean) -> bool:
    """Tell whether Spark is asked for; raise ``ConfigError`` for options of the other engine."""
    if options.engine == "local":
        for name in ("master", "checkpoint"):
            if getattr(options, name) is not None:
                says = "{name} needs --engine spark"
                raise ConfigError(name, getattr(options, name), "with --engine spark", says)
        return False
    local = _local_only(options) if isinstance(options, Scan) else _local_cleaning(options)
    for name, (value, unset) in local.items():
        if value != unset:
            says = "{name} does not go with --engine spark"
            raise ConfigError(name, value, "for the local engine", says)
    if not options.output:
        raise ConfigError("engine", "spark", "with -o DIR", "--engine spark needs -o DIR")
    return True


def _local_only(options: Scan) -> dict[str, tuple[object, object]]:
    """Return what Spark has no use for: what was given, and what it is where it was not."""
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
        **_unsafe(options.safety),
    }


def _local_cleaning(options: Clean) -> dict[str, tuple[object, object]]:
    """Return the same of cleaning."""
    return {
        **{name: (getattr(options, name), None) for name in ("against", "work", "memory")},
        "threads": (options.threads, 0),
        "all": (options.everything, False),
        "annotate": (options.annotate, False),
        "show": (options.show, ()),
        "strict": (options.reading.strict, False),
        "format": (options.format if options.format == "csv" else None, None),
        **_unsafe(options.safety),
    }


def _unsafe(safety: Safety) -> dict[str, tuple[object, object]]:
    unset = Safety()
    names = Safety.__dataclass_fields__
    return {name: (getattr(safety, name), getattr(unset, name)) for name in names}


def scan_on_spark(options: Scan) -> int:
    """Scan on Spark, and return the exit code."""
    names = ("format", "write_rows", "annotate", "checkpoint")
    summary = _on_spark("scan_paths", options, {name: getattr(options, name) for name in names})
    if options.fail_on_duplicates and summary["clusters"]["count"]:
        return DUPLICATES
    return _code(summary["read_report"], options.reading)


def clean_on_spark(options: Clean) -> int:
    """Clean on Spark, and return the exit code."""
    format = "jsonl" if options.format == "auto" else options.format
    summary = _on_spark(
        "clean_paths", options, {"format": format, "checkpoint": options.checkpoint}
    )
    return _code(summary["read_report"], options.reading)


def _on_spark(work: str, options: Scan | Clean, how: dict[str, Any]) -> dict[str, Any]:
    """Run a function of ``spark.command`` in a session, show what was found, and return that."""
    reading = options.reading.options(options.config, rows_only=options.annotate)
    load_all()  # Spark needs pandas
    logging.getLogger("py4j").setLevel(logging.ERROR)
    try:
        from dedup.spark import command
        from dedup.spark.session import own_session
    except ModuleNotFoundError as error:
        raise DedupError(f"{error.name} is missing: {install('spark')}") from error
    where = (options.paths, str(options.output), reading, options.config)
    session, is_own = _explained(lambda: own_session(options.master))
    try:
        summary: dict[str, Any] = _explained(lambda: getattr(command, work)(session, *where, **how))
    finally:
        if is_own:
            session.stop()
    if not options.view.quiet:
        show(_lines(summary, str(options.output)), colour=False)
    return summary


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
