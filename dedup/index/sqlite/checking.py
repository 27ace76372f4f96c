"""Every byte that matters checked, and the postings computed again from the articles."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from dedup.core.arrays import Int64, UInt64
from dedup.errors import CorruptIndex
from dedup.index.rules import Row, keys_of_records
from dedup.index.searching import is_seeded
from dedup.index.sqlite.runs import slices_of
from dedup.index.sqlite.seeds import Tail, postings_of
from dedup.index.sqlite.settling import reader_of, settle
from dedup.index.sqlite.shelf import PAGE, ROW, Cells, SQLiteShelf
from dedup.index.store import BUCKET
from dedup.index.templates import Cleaner, recount, site_flaws
from dedup.kernels import postings as kernel

_UPPER = np.uint64(32)
_SEEDED_AT_ONCE = 1 << 14  # articles whose seeds are computed before they are written


@dataclass(slots=True)
class _Survey:
    """What a walk over all articles finds."""

    articles: int = 0
    representatives: int = 0
    versions: int = 0
    last: int = 0
    latest: int = 0
    damaged: list[int] = field(default_factory=list)

    def counted(self) -> tuple[int, int, int]:
        return self.articles, self.representatives, self.versions


def _walk(shelf: SQLiteShelf, survey: _Survey) -> Iterator[list[Row]]:
    """Yield all articles that are as they were written, some at a time."""
    sql = f"SELECT {ROW} FROM docs WHERE number > ? ORDER BY number LIMIT {PAGE}"
    while cells := shelf.connection.execute(sql, (survey.last,)).fetchall():
        survey.last = cells[-1][0]
        rows = [row for each in cells if (row := _whole(shelf, each, survey)) is not None]
        survey.articles += len(rows)
        survey.representatives += sum(row.leads for row in rows)
        survey.latest = max([survey.latest, *(row.record.seen for row in rows)])
        survey.versions += sum(len(row.record.versions) for row in rows)
        yield rows


def _whole(shelf: SQLiteShelf, cells: Cells, survey: _Survey) -> Row | None:
    try:
        row = shelf.row(cells)
        return row if row.record else None
    except CorruptIndex:
        survey.damaged.append(cells[0])
        return None


def rebuild(shelf: SQLiteShelf, connection: sqlite3.Connection) -> int:
    """Compute all postings again from the articles; return how many damaged ones were dropped."""
    try:
        shelf.take_state(connection)
    except CorruptIndex:
        shelf.begin(1, 0)
    survey = _Survey()
    for _ in _walk(shelf, survey):
        pass
    connection.executemany("DELETE FROM docs WHERE number = ?", [(n,) for n in survey.damaged])
    for table in ("blocks", "seeds", "gone"):
        connection.execute(f"DELETE FROM {table}")
    connection.execute("REINDEX members")
    shelf.next = max(shelf.next, survey.last + 1)
    shelf.now(survey.latest)
    counts = shelf.counts
    counts.articles, counts.representatives, counts.versions = survey.counted()
    shelf.reshaped([], 0)
    settle(shelf, everything=True)
    if shelf.seeds is not None:
        rebuild_seeds(shelf)
    if shelf.settings.clean:
        count_sites(shelf)
    return len(survey.damaged)


def rebuild_seeds(shelf: SQLiteShelf) -> None:
    """Compute the seeds of all articles again, in as many runs as are made at a time."""
    seeds = shelf.seeds
    assert seeds is not None
    try:
        seeds.take_up(shelf.connection, anew=True)
    except CorruptIndex:
        pass
    seeds.connection = shelf.connection
    seeds.forget()
    nobody = np.zeros(0, np.int64)
    for rows in shelf.pages(0):
        seeds.take(rows, rows[-1].number)
        if seeds.taken - seeds.covered >= _SEEDED_AT_ONCE:
            seeds.settle(seeds.taken, nobody)
    seeds.settle(max(shelf.next - 1, 0), nobody, everything=True)


def flaws(shelf: SQLiteShelf) -> list[str]:
    """Name what is wrong with articles, counts and postings."""
    survey, numbers, wide = _Survey(), [0], [False]
    parts: list[UInt64] = [np.zeros((1, shelf.settings.bands + 2), np.uint64)]
    for rows in _walk(shelf, survey):
        settled = [row for row in rows if row.number <= shelf.covered]
        numbers += [row.number for row in settled]
        wide += [row.leads for row in settled]
        parts.append(keys_of_records([row.record for row in settled], shelf.settings))
    found = [f"article number {number} is damaged" for number in survey.damaged]
    counts = shelf.counts
    if survey.counted() != (counts.articles, counts.representatives, counts.versions):
        found.append(f"{survey.articles} articles are there, {counts.articles} are counted")
    made = slices_of(np.concatenate(parts)[1:], np.array(wide[1:]), np.array(numbers[1:]))
    gone = shelf.gone()
    for part in range(kernel.SLICES):
        try:
            there = [reader_of(shelf, run)(part) for run in shelf.runs]
        except CorruptIndex as error:
            found.append(str(error))
            continue
        wrong = _differences(there, made(part), gone)
        if wrong:
            found.append(f"{wrong} postings of slice {part} do not follow from the articles")
    found += seed_flaws(shelf, gone)
    return found + (site_flaws(shelf, shelf.next - 1) if shelf.settings.clean else [])


def count_sites(shelf: SQLiteShelf) -> None:
    """Count the templates of all sites again."""
    leads = ((row.record.site, row.number) for rows in shelf.pages(0) for row in rows if row.leads)
    recount(shelf, Cleaner(shelf.settings.config(), shelf.settings.salt), leads)


def seed_flaws(shelf: SQLiteShelf, gone: Int64) -> list[str]:
    """Name what is wrong with the seeds that are in runs."""
    seeds = shelf.seeds
    if seeds is None:
        return []
    wanted = Tail()
    for rows in _walk(shelf, _Survey()):
        settled = [row for row in rows if row.number <= seeds.covered]
        some = [row for row in settled if is_seeded(row.record, row.leads)]
        if some:
            wanted.add(*postings_of(some, shelf.settings.salt))
    made, _ = wanted.slices()
    found = []
    for part in range(kernel.SLICES):
        try:
            there = [seeds.reader(run)(part) for run in seeds.runs]
        except CorruptIndex as error:
            found.append(str(error))
            continue
        wrong = _differences(there, made(part), gone)
        if wrong:
            found.append(f"{wrong} seeds of slice {part} do not follow from the articles")
    return found


def _differences(there: list[UInt64], wanted: UInt64, gone: Int64) -> int:
    """Return how many postings differ, those of full buckets and of removed articles aside."""
    found = np.sort(np.concatenate([np.zeros(0, np.uint64), *there]))
    keys, often = np.unique(found >> _UPPER, return_counts=True)
    full = keys[often >= BUCKET]
    found = found[: kernel.without(found, gone)]
    some, others = (each[~np.isin(each >> _UPPER, full)] for each in (found, wanted))
    return len(np.setxor1d(some, others))
