"""The primitives of the rules over an SQLite file, inside one transaction at a time."""

from __future__ import annotations

import sqlite3
import struct
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import astuple, fields

import numpy as np

from dedup.arrays import Int64
from dedup.errors import CorruptIndex, IndexUnavailable
from dedup.hashing import xxh3_64
from dedup.index.database import any_of
from dedup.index.deciding import Row, keys_of_records
from dedup.index.entries import Record, pack, unpack
from dedup.index.runs import Finder, Run
from dedup.index.settings import Settings
from dedup.index.store import BUCKET, Counts

PAGE = 1000  # rows that are read at a time where all are
_MOST = (1 << 32) - 1  # the last number that postings have room for
_FACTS = struct.Struct("<qqqq")
ROW = "number, family, leads, time, seal, record"
_COUNTS = ", ".join(each.name for each in fields(Counts))
_SAVE = ", ".join(f"{each.name}=?" for each in fields(Counts))

Cells = tuple[int, int, int, int, int, bytes]


def sealed(number: int, family: int, leads: bool, when: int, record: bytes) -> int:
    """Return the checksum of a row, as SQLite takes numbers."""
    digest = xxh3_64(record, xxh3_64(_FACTS.pack(number, family, leads, when)))
    return digest - (1 << 64) if digest >> 63 else digest


class SQLiteShelf:
    """Articles and postings in a file; what the newest articles are found by is in memory."""

    def __init__(self, settings: Settings, clock: Callable[[], float]) -> None:
        self.settings = settings
        self.counts = Counts()
        self.runs: list[Run] = []
        self._finder = Finder([])
        self.next = 1
        self.covered = 0
        self._shape = -1
        self._latest = 0
        self._clock = clock
        self._tail: dict[int, list[int]] = {}
        self._taken = 0  # the last number whose keys are in the tail

    def take_up(self, connection: sqlite3.Connection, *, anew: bool) -> None:
        """Bring what is in memory to what the file holds in this transaction."""
        shape = self.take_state(connection)
        if anew or shape != self._shape or self.next <= self._taken:
            self._shape = -1
            self._take_runs()
            self._tail.clear()
            self._taken = self.covered
        if self._taken < self.next - 1:
            self._take_tail()
        self._shape = shape

    def take_state(self, connection: sqlite3.Connection) -> int:
        """Read what is written besides articles; return the version of the runs."""
        self.connection = connection
        state = connection.execute(
            f"SELECT next, covered, shape, latest, {_COUNTS} FROM state"
        ).fetchone()
        if state is None:
            raise CorruptIndex("the index has lost its state")
        self.next, self.covered, shape, self._latest = state[:4]
        self.counts = Counts(*state[4:])
        return int(shape)

    def _take_runs(self) -> None:
        sql = "SELECT run, level, parts, postings, last FROM runs ORDER BY run"
        self.runs = [Run(*cells) for cells in self.connection.execute(sql)]
        for run in self.runs:
            if not (0 < run.run < 1 << 31 and 0 < run.parts < 1 << 22 and run.last <= self.covered):
                raise CorruptIndex("a run of postings says what cannot be")
        self._finder = Finder(self.runs)

    def _take_tail(self) -> None:
        for rows in self.pages(self._taken):
            keys = keys_of_records([row.record for row in rows], self.settings)
            for row, each in zip(rows, keys, strict=True):
                self._post(row.number, each if row.leads else each[:1])
        self._taken = self.next - 1

    def _post(self, number: int, keys: Iterable[int]) -> None:
        for key in keys:
            bucket = self._tail.setdefault(key, [])
            bucket.append(number)
            if len(bucket) > BUCKET:
                del bucket[0]

    def save(self) -> None:
        """Write what changed besides articles."""
        self.connection.execute(
            f"UPDATE state SET next=?, covered=?, shape=?, latest=?, {_SAVE}",
            (self.next, self.covered, self._shape, self._latest, *astuple(self.counts)),
        )

    def reshaped(self, runs: list[Run], covered: int) -> None:
        """Note that there are other runs now, up to another article."""
        self.runs, self.covered = runs, covered
        self._finder = Finder(runs)
        self._shape += 1
        self._tail.clear()
        self._taken = covered
        self._take_tail()

    @property
    def waiting(self) -> int:
        """Return how many articles wait for a run."""
        return self.next - 1 - self.covered

    def now(self) -> int:
        """Return the time, which never goes back."""
        self._latest = max(self._latest, int(self._clock()))
        return self._latest

    def articles(self, keys: Sequence[int]) -> list[list[int]]:
        """Return the newest ``BUCKET`` articles of each key, in order."""
        waiting = [self._tail.get(key) for key in keys]
        settled = self._finder.find(keys, self._blocks) if self.runs else None
        if settled is None:
            return [each or [] for each in waiting]
        pairs = zip(settled, waiting, strict=True)
        return [[*old, *(new or ())][-BUCKET:] for old, new in pairs]

    def _blocks(self, places: list[int]) -> list[tuple[int, bytes]]:
        sql = f"SELECT place, data FROM blocks WHERE place IN {any_of(len(places))} ORDER BY place"
        return self.connection.execute(sql, places).fetchall()

    def rows(self, numbers: Sequence[int]) -> list[Row]:
        """Return articles by number, in order, without those that were removed."""
        if not numbers:
            return []
        sql = f"SELECT {ROW} FROM docs WHERE number IN {any_of(len(numbers))} ORDER BY number"
        rows = [self.row(cells) for cells in self.connection.execute(sql, numbers)]
        if len(rows) < len(numbers):
            missing = set(numbers) - {row.number for row in rows}
            sql = f"SELECT count(*) FROM gone WHERE number IN {any_of(len(missing))}"
            (removed,) = self.connection.execute(sql, [*missing]).fetchone()
            if removed != len(missing):
                raise CorruptIndex("articles of the index are missing")
        return rows

    def row(self, cells: Cells) -> Row:
        """Return a row that was read; raise ``CorruptIndex`` where it is not what was written."""
        number, family, leads, when, seal, record = cells
        if seal != sealed(number, family, bool(leads), when, record):
            raise CorruptIndex(f"article number {number} of the index is damaged")
        return Row(number, family, bool(leads), unpack(record, self.settings.num_perm))

    def pages(self, after: int) -> Iterator[list[Row]]:
        """Yield the articles above a number, in order, some at a time."""
        sql = f"SELECT {ROW} FROM docs WHERE number > ? ORDER BY number LIMIT {PAGE}"
        while cells := self.connection.execute(sql, (after,)).fetchall():
            yield [self.row(each) for each in cells]
            after = cells[-1][0]

    def append(self, record: Record, keys: list[int], group: int | None, leads: bool) -> int:
        """Keep an article under the next number; without a group it begins one."""
        number = self.next
        self.insert([(record, number if group is None else group, leads)])
        self._post(number, keys)
        self._taken = number
        return number

    def insert(self, made: Iterable[tuple[Record, int, bool]]) -> None:
        """Append articles with their groups, and whether they represent those; no postings."""
        self.connection.executemany(
            "INSERT INTO docs VALUES (?, ?, ?, ?, ?, ?)",
            (self._cells(*each) for each in made),
        )

    def _cells(self, record: Record, family: int, leads: bool) -> Cells:
        number = self.next
        if number > _MOST:
            raise IndexUnavailable(f"the index is full: it has had {_MOST} articles")
        self.next += 1
        packed = pack(record)
        when = record.when
        return number, family, leads, when, sealed(number, family, leads, when, packed), packed

    def discard(self, row: Row) -> None:
        """Take an article away; its postings stay until they are next merged."""
        self.connection.execute("DELETE FROM docs WHERE number = ?", (row.number,))
        self.connection.execute("INSERT OR IGNORE INTO gone VALUES (?)", (row.number,))

    def member(self, group: int) -> Row | None:
        """Return the first member of a group."""
        sql = f"SELECT {ROW} FROM docs WHERE family = ? AND leads = 0 ORDER BY number LIMIT 1"
        cells = self.connection.execute(sql, (group,)).fetchone()
        return None if cells is None else self.row(cells)

    def gone(self) -> Int64:
        """Return the numbers of removed articles that may still have postings."""
        cells = self.connection.execute("SELECT number FROM gone ORDER BY number").fetchall()
        return np.array(cells, np.int64).reshape(-1)
