"""The postings of the newest articles become a run, and runs become larger ones."""

from __future__ import annotations

import numpy as np

from dedup.core.arrays import Bool, Int64, UInt64
from dedup.index.rules import keys_of_records
from dedup.index.sqlite.runs import (
    Run,
    Slices,
    blocks_of,
    merged,
    open_block,
    parts_for,
    read_run,
    slices_of,
)
from dedup.index.sqlite.shelf import SQLiteShelf
from dedup.kernels import postings as kernel

TAIL = 4096  # articles whose postings wait for a run
FAN = 16  # a run holds at most this many times the articles of one of the level below
AT_ONCE = 1 << 18  # articles whose postings are made at a time


def settle(shelf: SQLiteShelf, *, everything: bool = False) -> None:
    """Make a run of the postings that wait, and of the runs it outgrows; of all if asked for."""
    while shelf.waiting > AT_ONCE:
        _settle(shelf, shelf.covered + AT_ONCE, everything=False)
    _settle(shelf, shelf.next - 1, everything=everything)


def _settle(shelf: SQLiteShelf, upto: int, *, everything: bool) -> None:
    numbers, wide, keys = waiting_keys(shelf, upto)
    made = slices_of(keys, wide, numbers)
    add_run(shelf, made, int(np.sum(np.where(wide, keys.shape[1], 1))), upto, everything=everything)


def waiting_keys(shelf: SQLiteShelf, upto: int) -> tuple[Int64, Bool, UInt64]:
    """Return numbers, whether they represent others, and keys of the articles without a run."""
    settings = shelf.settings
    numbers: list[int] = []
    wide: list[bool] = []
    parts: list[UInt64] = [np.empty((0, settings.bands + 2), np.uint64)]
    for rows in shelf.pages(shelf.covered):
        some = [row for row in rows if row.number <= upto]
        numbers += [row.number for row in some]
        wide += [row.leads for row in some]
        parts.append(keys_of_records([row.record for row in some], settings))
        if len(some) < len(rows):
            break
    return np.array(numbers, np.int64), np.array(wide, np.bool_), np.concatenate(parts)


def add_run(
    shelf: SQLiteShelf, made: Slices, postings: int, upto: int, *, everything: bool = False
) -> None:
    """Write a run of new postings, and of those runs that would be too small beside it."""
    level, merging = _level(shelf, upto - shelf.covered, everything=everything)
    total = postings + sum(run.postings for run in merging)
    number = max((run.run for run in shelf.runs), default=0) + 1
    run = Run(number, level, parts_for(total), total, upto)
    gone = shelf.gone()
    written = 0
    for part in range(kernel.SLICES):
        sources = [reader_of(shelf, each) for each in merging]
        found = merged([*sources, made], gone, part)
        written += len(found)
        for each in merging:
            span = (each.first(part), each.first(part + 1))
            shelf.connection.execute("DELETE FROM blocks WHERE place >= ? AND place < ?", span)
        shelf.connection.executemany(
            "INSERT INTO blocks VALUES (?, ?)", blocks_of(run, part, found)
        )
    run = Run(number, level, run.parts, written, upto)
    kept = [each for each in shelf.runs if each not in merging]
    if not kept and (everything or shelf.seeds is None):  # seeds of removed ones may be there yet
        shelf.connection.execute("DELETE FROM gone WHERE number <= ?", (upto,))
    shelf.reshaped([*kept, run], upto)


def _level(shelf: SQLiteShelf, articles: int, *, everything: bool) -> tuple[int, list[Run]]:
    """Return the level of a new run, and the runs that go into it, oldest first."""
    merging: list[Run] = []
    level = 0
    highest = max((run.level for run in shelf.runs), default=0)
    while True:
        level += 1
        for run in reversed(shelf.runs):
            if run.level == level:
                merging.insert(0, run)
                articles += _articles(shelf.runs, run)
        if articles <= TAIL * FAN**level and not (everything and level < highest):
            return level, merging


def _articles(runs: list[Run], run: Run) -> int:
    position = runs.index(run)
    return run.last - (runs[position - 1].last if position else 0)


def reader_of(shelf: SQLiteShelf, run: Run) -> Slices:
    """Return what reads a slice of a run; it raises ``CorruptIndex`` for missing blocks."""
    return read_run(shelf.connection, "blocks", run, open_block)
