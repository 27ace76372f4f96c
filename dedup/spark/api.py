"""From a data frame of texts to a data frame of what was found of each: the entry."""

from __future__ import annotations

from typing import Any

from dedup.config import Config
from dedup.errors import ConfigError
from dedup.pipeline.stages import Stage, run_stages
from dedup.spark import full, stages, stars
from dedup.spark.components import DRIVER_EDGES
from dedup.spark.frames import Frame, Store
from dedup.spark.reading import role_columns
from dedup.spark.stages import Found, State

__all__ = ["Found", "State", "deduplicate", "find", "run", "settings"]

DUPLICATES = (
    Stage("signatures", stages.sign_documents),
    Stage("candidates", stages.find_candidates),
    Stage("shingles", stages.shingle_candidates),
    Stage("pairs", stages.verify),
    Stage("clusters", stages.cluster),
    Stage("passages", stages.find_passages),
    Stage("families", stages.name_families),
)
REPEATS = (
    Stage("signatures", stages.sign_documents),
    Stage("candidates", full.group_equals),
    Stage("boilerplate and repeats", full.find_removals),
    Stage("tables", full.tell_of_all),
)
PASSAGES = (
    Stage("signatures", stages.sign_documents),
    Stage("candidates", full.group_equals),
    Stage("passages", full.find_passages),
    Stage("tables", full.tell_passages),
)
LEFT_PASSAGES = (
    *REPEATS[:-1],
    Stage("passages", full.find_passages),
    Stage("tables", full.tell_passages),
)
FULL = (
    Stage("signatures", stages.sign_documents),
    Stage("candidates", full.find_copies),
    Stage("boilerplate and repeats", full.find_removals),
    Stage("shingles", full.shingle_what_is_left),
    Stage("pairs", stages.verify),
    Stage("clusters", full.cluster),
)
_MODES = {
    ("duplicates",): DUPLICATES,
    ("duplicates", "passages"): DUPLICATES,
    ("duplicates", "repeats"): FULL,
    ("repeats",): REPEATS,
    ("passages",): PASSAGES,
    ("passages", "repeats"): LEFT_PASSAGES,
}


def deduplicate(
    df: Frame,
    config: Config | None = None,
    *,
    id: str | None = "id",
    text: str = "text",
    **more: Any,
) -> Frame:
    """Return what becomes of each document of a data frame, one row each, as docs/output.md says.

    The arguments are those of ``find``; the result is that of ``dedup.scan``, in no order.
    """
    found: Frame = find(df, config, id=id, text=text, **more).documents
    return found


def find(
    df: Frame,
    config: Config | None = None,
    *,
    id: str | None = "id",
    text: str = "text",
    date: str | None = None,
    url: str | None = None,
    site: str | None = None,
    path: str | None = None,
    checkpoint: str | None = None,
    driver_edges: int = DRIVER_EDGES,
    task_edges: int = stars.TASK_EDGES,
) -> Found:
    """Find the copies among the documents of a data frame, in the session it belongs to.

    ``id`` to ``path`` name columns. A document without an id is named by a hash of its text.
    ``checkpoint`` is a folder that the driver and all executors reach; on one machine a temporary
    one is used by default. ``driver_edges`` and ``task_edges`` are how many confirmed pairs the
    driver, and a task, may hold; neither changes the result.
    """
    config = settings(config)
    roles = {"text": text, "id": id, "date": date, "url": url, "site": site, "path": path}
    frame = role_columns(df, {**roles, "priority": config.priority_field})
    store = Store.at(df.sparkSession, checkpoint)
    return run(State(frame, config, store, driver_edges, task_edges))


def settings(config: Config | None) -> Config:
    """Return the settings of a run; without any, those of the local engine's fast mode."""
    config = config or Config(find=("duplicates",))
    says = None
    if "stories" in config.find:
        says = "{name}: stories are not looked for on Spark"
    elif {"duplicates", "repeats", "passages"} <= set(config.find):
        says = "{name}: on Spark two of duplicates, repeats and passages are looked for in one run"
    if says is not None:
        wanted = "one or two of duplicates, repeats and passages on Spark"
        raise ConfigError("find", config.find, wanted, says)
    if config.find != ("repeats",) and config.shingle_unit != "word":
        raise ConfigError("shingle_unit", config.shingle_unit, "word on Spark")
    return config


def run(state: State) -> Found:
    """Run all stages, those of one machine by their names; passages come last here."""
    run_stages(_MODES[state.config.find], state)
    state.store.forget("documents", "pairs", "passages", "inside", "equals", "aligned")
    return state.found
