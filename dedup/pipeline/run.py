"""The run: a corpus or a reader to a result, in full or in fast mode.

Each mode is a list of stages (``full.MODE``, ``fast.MODE``). Which one a run takes is decided here
and nowhere else, and only that one is imported: its kernels take a while.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from dedup.config import Config
from dedup.core.checkpoints import Work
from dedup.core.spool import Spool
from dedup.pipeline.stages import (
    Mode,
    Progress,
    Resources,
    default_memory,
    default_threads,
    run_stages,
)
from dedup.result import Result
from dedup.schema import Corpus
from dedup.sources.rereadable import Reader


def mode_of(config: Config) -> Mode[Any]:
    """Return the mode that ``config`` asks for: the fast one finds copies of whole documents only.

    >>> mode_of(Config()).name, mode_of(Config(find=("duplicates",))).name
    ('full', 'fast')
    """
    if config.find == ("duplicates",) and config.shingle_unit == "word":
        from dedup.pipeline import fast

        return fast.MODE
    from dedup.pipeline import full

    return full.MODE


def scan_reader(
    reader: Reader,
    config: Config,
    *,
    threads: int = 0,
    memory: int = 0,
    work: Work | None = None,
    progress: Progress | None = None,
) -> Result:
    """Find everything ``config`` asks for in what a reader gives.

    ``memory`` is how many bytes may be taken, about (0: half of what there is, and less where the
    corpus does not need it); the rest goes to files. Neither that nor ``threads`` (0: one a core)
    changes the result. ``work`` keeps each stage that is finished; without it nothing outlives the
    run. In fast mode ``Result.corpus`` has no texts.
    """
    mode = mode_of(config)
    default = not memory
    memory = memory or default_memory()
    with tempfile.TemporaryDirectory(prefix="dedup-", ignore_cleanup_errors=True) as folder:
        work = work or Work(Spool(lambda: Path(folder), mode.spooled(memory, default)))
        resources = Resources(threads or default_threads(), memory, work, default)
        state = run_stages(mode.stages, mode.read(reader, config, resources), progress)
        result: Result = state.result
        return result


def scan_corpus(
    corpus: Corpus, config: Config, *, threads: int = 0, progress: Progress | None = None
) -> Result:
    """Find everything ``config`` asks for in a corpus in memory."""
    mode = mode_of(config)
    resources = Resources(threads or default_threads(), default_memory(), Work(Spool()))
    state = run_stages(mode.stages, mode.hold(corpus, config, resources), progress)
    result: Result = state.result
    return result


def compare_corpus(corpus: Corpus, config: Config) -> Result:
    """Scan two documents; the result holds their pair even when they share nothing.

    Its relation is ``none`` then.
    """
    from dedup.pipeline import full

    state = full.hold_corpus(corpus, config, Resources(1, default_memory(), Work(Spool())))
    state.compares = True
    return run_stages(full.MODE.stages, state).result
