"""From a data frame of texts to a data frame of what was found of each: the entry."""

from __future__ import annotations

from typing import Any

from dedup.config import Config
from dedup.errors import ConfigError
from dedup.pipeline.stages import Stage, run_stages
from dedup.spark import families, full, passages, stages, stars, stories
from dedup.spark.components import DRIVER_EDGES
from dedup.spark.frames import Frame, Store
from dedup.spark.reading import role_columns
from dedup.spark.stages import Found, State

__all__ = ["Found", "State", "deduplicate", "find", "run", "settings"]

_SIGNED = Stage("signatures", stages.sign_documents)
_EQUALS = Stage("candidates", full.group_equals)
_COPIES = Stage("candidates", full.find_copies)
_REMOVALS = Stage("boilerplate and repeats", full.find_removals)
_SEEDS = Stage("passages", passages.find_seeds)
_TABLES = Stage("tables", full.tell_of_all)
_FAMILIES = Stage("families", families.find_families)
_ALONE = (_SEEDS, Stage("pairs", passages.align), Stage("tables", passages.tell), _FAMILIES)
_TOGETHER = (
    _SEEDS,
    Stage("misread texts", passages.find_misread),
    Stage("pairs", passages.relate),
    Stage("clusters", passages.cluster),
    _FAMILIES,
)
DUPLICATES = (
    _SIGNED,
    Stage("candidates", stages.find_candidates),
    Stage("shingles", stages.shingle_candidates),
    Stage("pairs", stages.verify),
    Stage("clusters", stages.cluster),
)
LEFT = (
    Stage("shingles", full.shingle_what_is_left),
    Stage("pairs", stages.verify),
    Stage("clusters", full.cluster),
)
_STORIES = Stage("stories", stories.find_stories)
# What is looked for besides stories, which come last.
_MODES: dict[tuple[str, ...], tuple[Stage[State], ...]] = {
    (): (_SIGNED, _EQUALS, Stage("candidates", full.choose_equals), _TABLES),
    ("duplicates",): (_SIGNED, _COPIES, *LEFT),
    ("duplicates", "passages"): (_SIGNED, _COPIES, *_TOGETHER),
    ("duplicates", "passages", "repeats"): (_SIGNED, _COPIES, _REMOVALS, *_TOGETHER),
    ("duplicates", "repeats"): (_SIGNED, _COPIES, _REMOVALS, *LEFT),
    ("repeats",): (_SIGNED, _EQUALS, _REMOVALS, _TABLES),
    ("passages",): (_SIGNED, _EQUALS, *_ALONE),
    ("passages", "repeats"): (_SIGNED, _EQUALS, _REMOVALS, *_ALONE),
}


# What tables of the result are read from.
_KEPT = (
    *("documents", "pairs", "named", "exact", "inside", "aligned", "members"),
    *("families", "family-numbers", "copying"),
    *("story-table", "story-members", "documents-in-stories"),
)


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
    driver, and a task, may hold. What changes beyond them is counted in ``limits``: no family is
    made of more passages than the driver holds, and larger components are clustered in rounds.
    """
    config = settings(config)
    roles = {"text": text, "id": id, "date": date, "url": url, "site": site, "path": path}
    frame = role_columns(df, {**roles, "priority": config.priority_field})
    store = Store.at(df.sparkSession, checkpoint)
    return run(State(frame, config, store, driver_edges, task_edges))


def settings(config: Config | None) -> Config:
    """Return the settings of a run; without any, those of the local engine's fast mode."""
    config = config or Config(find=("duplicates",))
    if config.find != ("repeats",) and config.shingle_unit != "word":
        raise ConfigError("shingle_unit", config.shingle_unit, "word on Spark")
    return config


def _stages(find: tuple[str, ...]) -> tuple[Stage[State], ...]:
    if find == ("duplicates",):
        return DUPLICATES
    others = _MODES[tuple(name for name in find if name != "stories")]
    return (*others, _STORIES) if "stories" in find else others


def run(state: State) -> Found:
    """Run all stages, those of one machine by their names."""
    run_stages(_stages(state.config.find), state)
    state.store.forget(*_KEPT)
    return state.found
