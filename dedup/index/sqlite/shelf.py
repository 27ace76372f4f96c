"""The primitives of the rules over an SQLite file, inside one transaction at a time."""

from __future__ import annotations

import sqlite3
import struct
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import fields

import numpy as np

from dedup.core.arrays import Int64, UInt64
from dedup.errors import CorruptIndex, IndexUnavailable
from dedup.index.buckets import Buckets
from dedup.index.entries import Record, pack
from dedup.index.rules import Row, keys_of_records, texts_of
from dedup.index.searching import MOST_NOTED, is_seeded, note
from dedup.index.settings import Settings
from dedup.index.sqlite.database import among, sealed
from dedup.index.sqlite.runs import (
    Finder,
    Run,
    keys_in,
    open_block,
    read_run,
    refuse_impossible,
)
from dedup.index.sqlite.seeds import WAITING, SeedRuns
from dedup.index.store import BUCKET, Counts
from dedup.kernels.noted import Noted

PAGE = 1000  # rows that are read at a time where all are
_MOST = (1 << 32) - 1  # the largest number that a posting can hold
_STATE = struct.Struct(f"<{4 + len(fields(Counts))}q")
_FIRST_STATE = struct.Struct("<10q")  # of an index of the first format
_RUN = struct.Struct("<5q")
ROW = "number, family, leads, time, seal, record"

Cells = tuple[int, int, int, int, int, bytes]


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
        self._tail = Buckets()
        self._taken = 0  # the last number whose keys are in the tail
        self.seeds = SeedRuns(settings) if settings.passages else None
        self._asked_at = (-1, -1)  # the state in which all keys were last asked for
        self._noted: tuple[tuple[int, int], Noted | None] | None = None

    def take_up(self, connection: sqlite3.Connection, *, anew: bool) -> None:
        """Bring what is in memory to what the file holds in this transaction."""
        shape = self.take_state(connection)
        if anew or shape != self._shape or self.next <= self._taken:
            self._shape = -1
            refuse_impossible(connection, self.runs)
            self._finder = Finder(self.runs)
            self._tail.clear()
            self._taken = self.covered
            self._asked_at, self._noted = (-1, -1), None
        if self._taken < self.next - 1:
            self._take_tail()
        self._shape = shape
        if self.seeds is not None:
            self.seeds.take_up(connection, anew=anew or self.next <= self.seeds.taken)

    def take_state(self, connection: sqlite3.Connection) -> int:
        """Read what is written besides articles; return the version of the runs."""
        self.connection = connection
        row = connection.execute("SELECT seal, data FROM state WHERE one = 1").fetchone()
        if row is None:  # nothing was ever added
            return self.begin(1, 0)
        seal, data = row
        forms = (_STATE, _FIRST_STATE)
        form = next((each for each in forms if (len(data) - each.size) % _RUN.size == 0), None)
        if seal != sealed(data) or form is None or len(data) < form.size:
            raise CorruptIndex("what the index says of itself is damaged")
        self.next, self.covered, shape, self._latest, *counts = form.unpack_from(data)
        self.counts = Counts(*counts)
        self.runs = [Run(*each) for each in _RUN.iter_unpack(data[form.size :])]
        return int(shape)

    def begin(self, following: int, latest: int) -> int:
        """Know nothing but the next number and the last time."""
        self.next, self.covered, self._latest = following, 0, latest
        self.counts, self.runs = Counts(), []
        return 0

    def _take_tail(self) -> None:
        """Take the postings of the newest articles into memory; none may be missing."""
        sql = "SELECT count(*) FROM gone WHERE number > ?"
        (there,) = self.connection.execute(sql, (self._taken,)).fetchone()
        for rows in self.pages(self._taken):
            there += len(rows)
            keys = keys_of_records([row.record for row in rows], self.settings).tolist()
            for row, each in zip(rows, keys, strict=True):
                self._tail.post(each if row.leads else each[:1], row.number)
        if there != self.next - 1 - self._taken:
            raise CorruptIndex("the newest articles of the index are missing")
        self._taken = self.next - 1

    def save(self) -> None:
        """Write what changed besides articles."""
        state = (self.next, self.covered, self._shape, self._latest, *self.counts.numbers())
        data = _STATE.pack(*state) + b"".join(_RUN.pack(*run.numbers()) for run in self.runs)
        row = (sealed(data), data)
        self.connection.execute("INSERT OR REPLACE INTO state VALUES (1, ?, ?)", row)

    def reshaped(self, runs: list[Run], covered: int) -> None:
        """Note that there are other runs now, up to another article; the rest is to be taken up."""
        self.runs, self.covered = runs, covered
        self._finder = Finder(runs)
        self._shape += 1
        self._tail.clear()
        self._taken = covered

    def _known_seeds(self) -> SeedRuns:
        """Return the seeds, those of the newest articles taken into memory."""
        assert self.seeds is not None
        for rows in self.pages(self.seeds.taken) if self.seeds.taken < self.next - 1 else ():
            self.seeds.take(rows, rows[-1].number)
        return self.seeds

    def seed_postings(self, keys: UInt64) -> UInt64:
        """Return ``place of the key << 32 | article`` of the newest articles of each, in order."""
        return self._known_seeds().find(keys)

    def seeded(self) -> int:
        """Return how many articles there are."""
        return self.counts.articles

    def noted_seeds(self) -> Noted | None:
        """Return the keys that articles have; ``None`` where they are many."""
        return self._known_seeds().noted()

    def site(self, place: int) -> bytes | None:
        """Return what is kept of a site at a place; ``CorruptIndex`` where it is damaged."""
        sql = "SELECT seal, data FROM sites WHERE place = ?"
        found = self.connection.execute(sql, (place,)).fetchone()
        if found is None:
            return None
        seal, data = found
        if seal != sealed(data, place):
            raise CorruptIndex("what the index knows of a site is damaged")
        return bytes(data)

    def put_site(self, place: int, data: bytes | None) -> None:
        """Keep something at a place, or nothing any more."""
        if data is None:
            self.connection.execute("DELETE FROM sites WHERE place = ?", (place,))
        else:
            row = (place, sealed(data, place), data)
            self.connection.execute("INSERT OR REPLACE INTO sites VALUES (?, ?, ?)", row)

    def site_places(self) -> list[int]:
        """Return the places where something is kept."""
        cells = self.connection.execute("SELECT place FROM sites ORDER BY place").fetchall()
        return [place for (place,) in cells]

    def texts(self, numbers: Sequence[int], since: int) -> list[str]:
        """Return the texts of those articles that are there, none older than a time."""
        # A site may name articles that went long ago: when all postings are merged they are
        # forgotten, so nothing tells them from lost ones, as it does in `rows`.
        return texts_of(self._there(numbers), since)

    def settle_seeds(self, *, everything: bool = False) -> None:
        """Make a run of the seeds that wait where they are many, or of all if asked for."""
        if self.seeds is None or self.next == 1:
            return
        if everything or self.next - 1 - self.seeds.covered >= WAITING:
            seeds = self._known_seeds()
            seeds.settle(self.next - 1, self.gone(), everything=everything)

    @property
    def waiting(self) -> int:
        """Return how many articles wait for a run."""
        return self.next - 1 - self.covered

    def now(self, known: int = 0) -> int:
        """Return the time, which never goes back, nor behind a ``known`` one."""
        self._latest = max(self._latest, known, int(self._clock()))
        return self._latest

    def articles(self, keys: Sequence[int]) -> list[Sequence[int]]:
        """Return the newest ``BUCKET`` articles of each key, in order."""
        waiting = self._tail.find(keys)
        settled = self._finder.find(keys, self._blocks) if self.runs else None
        if settled is None:
            return waiting
        pairs = zip(settled, waiting, strict=True)
        return [[*old, *new][-BUCKET:] for old, new in pairs]

    def noted_keys(self) -> Noted | None:
        """Return the keys of ``articles`` that have any; ``None`` where they are many.

        They are made once for each state, and not for one that is asked for once: where articles
        are added in between it would take longer than all look-ups.
        """
        state = self._shape, self._taken
        is_again, self._asked_at = self._asked_at == state, state
        if not is_again or sum(run.postings for run in self.runs) > MOST_NOTED:
            return None
        if self._noted is None or self._noted[0] != state:
            sources = [read_run(self.connection, "blocks", run, open_block) for run in self.runs]
            settled = keys_in(sources)
            self._noted = state, note(np.append(settled, np.array(self._tail.keys(), np.uint64)))
        return self._noted[1]

    def _blocks(self, positions: list[int]) -> list[tuple[int, bytes]]:
        marks, given = among(positions)
        sql = f"SELECT place, data FROM blocks WHERE place IN {marks}"
        return sorted(self.connection.execute(sql, given))  # SQLite would copy them once more

    def rows(self, numbers: Sequence[int]) -> list[Row]:
        """Return articles by number, in order, without those that were removed."""
        rows = self._there(numbers)
        if len(rows) < len(numbers):
            missing = {*numbers} - {row.number for row in rows}
            marks, given = among([*missing])
            sql = f"SELECT count(*) FROM gone WHERE number IN {marks}"
            (removed,) = self.connection.execute(sql, given).fetchone()
            if removed != len(missing):
                raise CorruptIndex("articles of the index are missing")
        return rows

    def _there(self, numbers: Sequence[int]) -> list[Row]:
        """Return those articles that are there, by number, in order."""
        if not numbers:
            return []
        marks, given = among(numbers)
        sql = f"SELECT {ROW} FROM docs WHERE number IN {marks}"
        return [self.row(cells) for cells in sorted(self.connection.execute(sql, given))]

    def stamps(self, numbers: Sequence[int]) -> dict[int, int]:
        """Return the checksums of those articles that are there, which cover all of them."""
        marks, given = among(numbers)
        sql = f"SELECT number, seal FROM docs WHERE number IN {marks}"
        return dict(self.connection.execute(sql, given))

    def row(self, cells: Cells) -> Row:
        """Return a row that was read; raise ``CorruptIndex`` where it is not what was written."""
        number, family, leads, when, seal, record = cells
        try:
            right = 0 < number <= _MOST and 0 < family <= _MOST
            right = right and seal == sealed(record, number, family, leads, when)
        except TypeError:  # a page that was overwritten has no values
            right = False
        if not right:
            raise CorruptIndex(f"article number {number} of the index is damaged")
        made = Row(number, family, bool(leads), record, self.settings.num_perm)
        made.stamp = seal
        return made

    def pages(self, after: int) -> Iterator[list[Row]]:
        """Yield the articles above a number, in order, some at a time."""
        sql = f"SELECT {ROW} FROM docs WHERE number > ? ORDER BY number LIMIT {PAGE}"
        while cells := self.connection.execute(sql, (after,)).fetchall():
            yield [self.row(each) for each in cells]
            after = cells[-1][0]

    def append(
        self,
        record: Record,
        keys: list[int],
        group: int | None,
        leads: bool,
        seeds: UInt64 | None = None,
    ) -> int:
        """Keep an article under the next number; without a group it begins one."""
        number = self.next
        group = number if group is None else group
        known = None if self.seeds is None else self._known_seeds()
        self.insert([(record, group, leads)])
        self._tail.post(keys, number)
        self._taken = number
        if known is not None and (seeds is None or not is_seeded(record, leads)):
            known.take([Row(number, group, leads, record, self.settings.num_perm)], number)
        elif known is not None and seeds is not None:
            known.give(seeds, number)
        return number

    def insert(self, made: Iterable[tuple[Record, int, bool]]) -> None:
        """Append articles with their groups, and whether they represent those; no postings."""
        self.connection.executemany(
            "INSERT INTO docs VALUES (?, ?, ?, ?, ?, ?)",
            (self._cells(*each) for each in made),
        )

    def restore(self, rows: Iterable[Row]) -> None:
        """Take in articles with the numbers and groups they have; no postings."""
        last = 0

        def each() -> Iterator[tuple[Record, int, bool]]:
            nonlocal last
            for row in rows:
                last = max(last, row.number, row.group)
                self.next = row.number
                yield row.record, row.group, row.leads

        self.insert(each())
        self.next = last + 1

    def _cells(self, record: Record, family: int, leads: bool) -> Cells:
        number = self.next
        if number > _MOST:
            raise IndexUnavailable(f"the index is full: it has had {_MOST} articles")
        self.next += 1
        packed = pack(record)
        when = record.when
        seal = sealed(packed, number, family, leads, when)
        return number, family, leads, when, seal, packed

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
        if not all(isinstance(number, int) for (number,) in cells):
            raise CorruptIndex("the list of removed articles is damaged")
        return np.array(cells, np.int64).reshape(-1)
