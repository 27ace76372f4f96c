"""What a run is made of: stages in order over one state, and what they may take of the machine."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from dedup.config import Config
from dedup.core.checkpoints import Work
from dedup.schema import Corpus
from dedup.sources.rereadable import Reader

Progress = Callable[[str, int, int], None]
State = TypeVar("State")


@dataclass(frozen=True, slots=True)
class Stage(Generic[State]):
    """One step of a run: it takes what earlier ones left in the state, and leaves its own there."""

    name: str
    run: Callable[[State], None]


@dataclass(frozen=True, slots=True)
class Resources:
    """What a run may take; nothing here changes a result.

    ``memory`` is in bytes, about; nobody asked for so little where it is a ``default``. ``work``
    keeps the stages that are finished, and holds what does not fit into memory.
    """

    threads: int
    memory: int
    work: Work
    default: bool = False


@dataclass(frozen=True, slots=True)
class Mode(Generic[State]):
    """A list of stages, and how their state begins: from a reader, or from a corpus in memory.

    ``spooled`` tells how many bytes the spool may hold before it goes to files, of how much memory
    and whether that is a default.
    ``least`` is how many bytes a run takes, about, where all that can be is in files.
    """

    name: str
    stages: tuple[Stage[State], ...]
    read: Callable[[Reader, Config, Resources], State]
    hold: Callable[[Corpus, Config, Resources], State]
    spooled: Callable[[int, bool], int]
    least: int


def run_stages(
    stages: Sequence[Stage[State]], state: State, progress: Progress | None = None
) -> State:
    """Run the stages in order; return the state, which they have filled.

    ``progress`` is told the name of each stage, how many are done, and how many there are.
    """
    tell = progress or (lambda stage, done, total: None)
    for done, stage in enumerate(stages):
        tell(stage.name, done, len(stages))
        stage.run(state)
    tell("done", len(stages), len(stages))
    return state


def default_threads() -> int:
    """Return one thread a core."""
    return os.cpu_count() or 1


def default_memory() -> int:
    """Return half of the machine's memory in bytes, or 4 GiB if that is unknown."""
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2
    except (ValueError, OSError, AttributeError):
        return 4 << 30
