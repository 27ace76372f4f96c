"""Workers of Spark that die, as by lack of memory; their tasks are taken up again."""

from __future__ import annotations

import os


def dying(work, flag):
    """Wrap a function of a stage so that the first worker to have made a batch of it dies."""

    def wrapped(batches):
        for batch in work(batches):
            yield batch
            try:
                os.close(os.open(flag, os.O_CREAT | os.O_EXCL))
            except FileExistsError:
                continue
            os._exit(9)

    return wrapped


def dying_in(modules, folder, monkeypatch):
    """Let a worker die in each stage of some modules; return the flags they leave behind."""
    from dedup.spark import frames

    real, flags = frames.map_batches, []

    def map_batches(frame, work, schema):
        flags.append(folder / f"died-{len(flags):02d}")
        return real(frame, dying(work, str(flags[-1])), schema)

    for module in modules:
        monkeypatch.setattr(module, "map_batches", map_batches)
    return flags
