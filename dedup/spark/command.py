"""One run from paths to a folder: what ``dedup scan --engine spark`` does."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from dedup.config import Config
from dedup.errors import ConfigError
from dedup.pipeline.results import check_sums
from dedup.sources.options import ReadOptions
from dedup.spark import outputs
from dedup.spark.api import State, run, settings
from dedup.spark.frames import Session, Store, is_local
from dedup.spark.inputs import is_below, read_input
from dedup.spark.reading import role_columns

_WORK = "_work"  # below the output, which all executors reach; gone when the run is done


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
    names = ["documents"]
    names += ["rows"] if write_rows or annotate else []
    names += ["passages"] if "passages" in config.find else []
    for path in paths:
        if is_below(path, output):
            raise ConfigError("output", output, f"a folder that does not hold an input ({path})")
    outputs.check_free(session, output, [*names, outputs.SUMMARY])
    given = read_input(session, paths, options)
    if checkpoint is None and not is_local(session):
        checkpoint = f"{output.rstrip('/')}/{_WORK}"
    store = Store.at(session, checkpoint)
    frame = role_columns(given.frame, given.roles)
    found = run(State(frame, config, store))
    found.summary["read_report"]["notes"] = given.notes
    check_sums(found.summary)
    outputs.write(outputs.documents(found), output, "documents", format)
    if "rows" in names:
        outputs.write(outputs.rows(given, found, annotate=annotate), output, "rows", format)
    if found.passages is not None:
        outputs.write(found.passages, output, "passages", format)
    outputs.write_summary(session, output, found.summary)
    store.close()
    return found.summary
