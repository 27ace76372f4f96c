"""One run from paths to a folder: what ``dedup scan`` and ``dedup clean`` do on Spark."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from dedup.config import Config
from dedup.errors import ConfigError
from dedup.pipeline.results import check_sums
from dedup.schema import FAMILY_TABLES, STORY_TABLES
from dedup.sources.options import ReadOptions
from dedup.spark import inside, outputs
from dedup.spark.api import Found, State, run, settings
from dedup.spark.frames import Session, Store, is_local
from dedup.spark.inputs import Input, is_below, read_input
from dedup.spark.reading import role_columns

ARTICLES = "articles"  # the cleaned rows, below the output
_WORK = "_work"  # below the output, which all executors reach; gone when the run is done
_INSIDE = {
    "repeats": inside.repeats_table,
    "removals": inside.removals_table,
    "annotations": inside.annotations_table,
}


def scan_paths(
    session: Session,
    paths: Sequence[str],
    output: str,
    options: ReadOptions,
    config: Config,
    *,
    format: str = "jsonl",
    write_rows: bool = False,
    annotate: bool = False,
    checkpoint: str | None = None,
) -> dict[str, Any]:
    """Scan inputs and write ``documents``, rows where asked for, and the summary; return that."""
    config = settings(config)
    names = _tables(config)
    names += ["rows"] if write_rows or annotate else []
    _check(session, paths, output, names)
    given = read_input(session, paths, options)
    store = _store(session, output, checkpoint)
    found = _found(given, State(role_columns(given.frame, given.roles), config, store))
    if "rows" in names:
        outputs.write(outputs.rows(given, found, annotate=annotate), output, "rows", format)
    for name, table in found.tables.items():
        outputs.write(outputs.as_written(table), output, name, format)
    _write_inside(found, output, format)
    outputs.write_summary(session, output, found.summary)
    store.close()
    return found.summary


def clean_paths(
    session: Session,
    paths: Sequence[str],
    output: str,
    options: ReadOptions,
    config: Config,
    **how: Any,
) -> dict[str, Any]:
    """Clean inputs: write their rows as ``articles``, what was removed, and the summary.

    ``how`` has ``format`` and ``checkpoint``, as for ``scan_paths``.
    """
    config, format = settings(config), how.get("format", "jsonl")
    if "repeats" not in config.find:
        raise ConfigError("find", config.find, "repeats, to clean on Spark")
    _check(session, paths, output, [ARTICLES, *_INSIDE])
    given = read_input(session, paths, options)
    store = _store(session, output, how.get("checkpoint"))
    frame = role_columns(given.frame, given.roles)
    found = _found(given, State(frame, config, store, cleans=True))
    outputs.write(outputs.cleaned(given, found), output, ARTICLES, format)
    _write_inside(found, output, format)
    outputs.write_summary(session, output, found.summary)
    store.close()
    return found.summary


def _tables(config: Config) -> list[str]:
    """Return the names of the tables that a scan writes."""
    names = ["documents", "pairs"]
    names += ["losses"] if "duplicates" in config.find else []
    names += ["passages", *FAMILY_TABLES] if "passages" in config.find else []
    names += STORY_TABLES if "stories" in config.find else []
    return [*names, *_INSIDE] if "repeats" in config.find else names


def _check(session: Session, paths: Sequence[str], output: str, names: list[str]) -> None:
    """Raise ``ConfigError`` where the output holds an input, or what would be replaced."""
    for path in paths:
        if is_below(path, output):
            raise ConfigError("output", output, f"a folder that does not hold an input ({path})")
    outputs.check_free(session, output, [*names, outputs.SUMMARY])


def _store(session: Session, output: str, checkpoint: str | None) -> Store:
    if checkpoint is None and not is_local(session):
        checkpoint = f"{output.rstrip('/')}/{_WORK}"
    return Store.at(session, checkpoint)


def _found(given: Input, state: State) -> Found:
    found = run(state)
    found.summary["read_report"]["notes"] = given.notes
    check_sums(found.summary)
    return found


def _write_inside(found: Found, output: str, format: str) -> None:
    if found.inside is not None:
        for name, table in _INSIDE.items():
            outputs.write(table(found.inside), output, name, format)
