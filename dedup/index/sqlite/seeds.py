"""The postings of passage seeds in a file: packed runs, and the newest articles in memory.

They are kept as those of ``runs`` and ``settling``, with other figures: an article has about 130
seeds, so fewer articles wait for a run, blocks are packed, and a run may hold only a few of the
level below, because a search reads a block for each seed and run. Of a key the newest articles stay
when runs are merged.
"""

from __future__ import annotations

import sqlite3
import struct
from collections.abc import Iterable, Iterator, Sequence

import numpy as np

from dedup.core.arrays import Int64, UInt64, offsets_of
from dedup.errors import CorruptIndex
from dedup.index.rules import Row
from dedup.index.searching import MOST_NOTED, is_seeded, note, seeds_of
from dedup.index.settings import Settings
from dedup.index.sqlite.database import among, sealed
from dedup.index.sqlite.runs import (
    Run,
    Slices,
    keys_in,
    looked_up,
    merged,
    read_run,
    refuse_impossible,
)
from dedup.index.store import BUCKET
from dedup.kernels import packed
from dedup.kernels import postings as kernel
from dedup.kernels.noted import Noted

WAITING = 1024  # articles whose seeds wait for a run
FAN = 4  # a run holds at most this many times the articles of one of the level below
_FILL = 195  # postings of a block, about: with some 36 bits each a quarter of a page
_ROOM = 4096  # initial capacity of a look-up, in postings
_STATE = struct.Struct("<4q")
_RUN = struct.Struct("<5q")
_PLACE = 2  # of the state in its table
_AT_ONCE = 30_000  # blocks that are read by one statement
_NUMBER, _LOW = np.uint64(32), np.uint64(0xFFFFFFFF)


class Tail:
    """Postings of the newest articles: sorted pieces, of which small ones are merged."""

    def __init__(self) -> None:
        self._pieces: list[tuple[UInt64, UInt64]] = []

    def add(self, keys: UInt64, numbers: UInt64) -> None:
        """Take in postings of articles that are newer than all before."""
        order = np.argsort(keys, kind="stable")
        self._pieces.append((keys[order], numbers[order]))
        while len(self._pieces) > 1 and len(self._pieces[-2][0]) < 2 * len(self._pieces[-1][0]):
            newer, older = self._pieces.pop(), self._pieces.pop()
            joined = np.concatenate([older[0], newer[0]])
            order = np.argsort(joined, kind="stable")
            self._pieces.append((joined[order], np.concatenate([older[1], newer[1]])[order]))

    def find(self, keys: UInt64) -> UInt64:
        """Return ``place of the key << 32 | article`` for every posting of some keys."""
        found = [np.zeros(0, np.uint64)]
        for own, numbers in self._pieces:
            low, high = (np.searchsorted(own, keys, side=side) for side in ("left", "right"))
            often = high - low
            place = np.repeat(np.arange(len(keys), dtype=np.uint64), often)
            begins = np.repeat(low - np.cumsum(often) + often, often)
            found.append(place << _NUMBER | numbers[begins + np.arange(len(place))])
        return np.concatenate(found)

    def slices(self) -> tuple[Slices, int]:
        """Return what gives the postings of a slice, and how many there are in all."""
        keys = np.concatenate([np.zeros(0, np.uint64), *(keys for keys, _ in self._pieces)])
        numbers = np.concatenate([np.zeros(0, np.uint64), *(each for _, each in self._pieces)])
        order = np.lexsort((numbers, keys))
        keys, numbers = keys[order], numbers[order]
        bounds = np.searchsorted(keys, np.arange(kernel.SLICES + 1, dtype=np.uint64) << _NUMBER)
        postings = (keys & _LOW) << _NUMBER | numbers
        return (lambda part: postings[bounds[part] : bounds[part + 1]]), len(postings)


class SeedRuns:
    """The seeds of all articles of a file that keeps passages."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.runs: list[Run] = []
        self.covered = 0  # the last article whose seeds are in a run
        self._next_run, self._shape = 1, 0
        self._tail, self._taken = Tail(), 0
        self._noted: tuple[tuple[int, int], Noted | None] | None = None

    def take_up(self, connection: sqlite3.Connection, *, anew: bool) -> None:
        """Bring what is in memory to what the file holds, without the articles that wait."""
        self.connection = connection
        known = self._shape
        row = connection.execute(f"SELECT seal, data FROM state WHERE one = {_PLACE}").fetchone()
        if row is None:
            self.runs, self.covered, self._next_run, self._shape = [], 0, 1, 0
        else:
            self._read(*row)
        if anew or self._shape != known:
            refuse_impossible(connection, self.runs)
            self._tail, self._taken = Tail(), self.covered
            self._noted = None

    def _read(self, seal: int, data: bytes) -> None:
        if seal != sealed(data, _PLACE) or (len(data) - _STATE.size) % _RUN.size:
            raise CorruptIndex("what the index says of its seeds is damaged")
        self.covered, self._next_run, self._shape, _ = _STATE.unpack_from(data)
        self.runs = [Run(*each) for each in _RUN.iter_unpack(data[_STATE.size :])]

    def save(self) -> None:
        """Write what is known of the runs."""
        data = _STATE.pack(self.covered, self._next_run, self._shape, 0)
        data += b"".join(_RUN.pack(*run.numbers()) for run in self.runs)
        row = (_PLACE, sealed(data, _PLACE), data)
        self.connection.execute("INSERT OR REPLACE INTO state VALUES (?, ?, ?)", row)

    def forget(self) -> None:
        """Know no runs; numbers of runs are not used again."""
        self.runs, self.covered = [], 0
        self._shape += 1
        self._tail, self._taken = Tail(), 0

    def facts(self) -> dict[str, int]:
        """Return what ``info`` says of the seeds."""
        postings = sum(run.postings for run in self.runs)
        return {"seeds": postings, "seed_runs": len(self.runs)}

    @property
    def taken(self) -> int:
        """Return the last article whose seeds are known."""
        return max(self._taken, self.covered)

    def take(self, rows: Iterable[Row], upto: int) -> None:
        """Take the seeds of the next articles into memory, all up to a number."""
        some = [row for row in rows if is_seeded(row.posted(), row.leads)]
        if some:
            self._tail.add(*postings_of(some, self.settings.salt))
        self._taken = upto

    def give(self, keys: UInt64, number: int) -> None:
        """Take the next article into memory by the keys it has."""
        self._tail.add(keys, np.full(len(keys), number, np.uint64))
        self._taken = number

    def noted(self) -> Noted | None:
        """Return all keys by ``note``, made once for each state; ``None`` where they are many."""
        state = self._shape, self._taken
        if sum(run.postings for run in self.runs) > MOST_NOTED:
            return None
        if self._noted is None or self._noted[0] != state:
            slices, _ = self._tail.slices()
            self._noted = state, note(keys_in([*map(self.reader, self.runs), slices]))
        return self._noted[1]

    def find(self, keys: UInt64) -> UInt64:
        """Return ``place of the key << 32 | article`` of the newest articles of each key."""
        found = np.sort(np.concatenate([self._settled(keys), self._tail.find(keys)]))
        return found[: kernel.thin(found, BUCKET)]

    def _settled(self, keys: UInt64) -> UInt64:
        if not self.runs or not len(keys):
            return np.zeros(0, np.uint64)
        runs = np.array([run.run for run in self.runs], np.int64)
        parts = np.array([run.parts for run in self.runs], np.int64)
        positions = np.empty(len(keys) * len(runs), np.int64)
        kernel.find_positions(keys, runs, parts, positions)
        blocks = self._blocks(np.unique(positions))
        found, ends = looked_up(
            lambda out, ends: packed.find_packed(blocks, positions, keys, out, ends),
            len(positions),
            room=_ROOM,
            what="seeds",
        )
        place = np.tile(np.arange(len(keys), dtype=np.uint64), len(runs))
        return np.repeat(place, np.diff(ends, prepend=0)) << _NUMBER | found.astype(np.uint64)

    def _blocks(self, wanted: Int64) -> kernel.Blocks:
        """Return the blocks of some places, as far as they are there."""
        cells: list[tuple[int, bytes]] = []
        for low in range(0, len(wanted), _AT_ONCE):
            some = wanted[low : low + _AT_ONCE].tolist()
            marks, given = among(some)
            sql = f"SELECT place, data FROM seeds WHERE place IN {marks}"
            cells += self.connection.execute(sql, given)
        cells.sort()  # SQLite would copy them once more
        if not all(isinstance(data, bytes) and len(data) % 8 == 0 for _, data in cells):
            raise CorruptIndex("a block of the seeds has an impossible size")
        sizes = np.array([len(data) // 8 for _, data in cells], np.int64)
        words = np.frombuffer(b"".join([data for _, data in cells]), np.uint64)
        there = np.array([place for place, _ in cells], np.int64)
        return kernel.Blocks(words, offsets_of(sizes), there)

    def settle(self, upto: int, gone: Int64, *, everything: bool = False) -> None:
        """Write what waits as a run, together with runs that would be too small beside it."""
        made, postings = self._tail.slices()
        level, merging = self._level(upto - self.covered, everything=everything)
        total = postings + sum(run.postings for run in merging)
        parts = max(1, -(-total // (kernel.SLICES * _FILL)))
        run = Run(self._next_run, level, parts, total, upto)
        written = 0
        for part in range(kernel.SLICES):
            found = merged([*(self.reader(each) for each in merging), made], gone, part)
            written += len(found)
            for each in merging:
                span = (each.first(part), each.first(part + 1))
                self.connection.execute("DELETE FROM seeds WHERE place >= ? AND place < ?", span)
            self.connection.executemany(
                "INSERT INTO seeds VALUES (?, ?)", packed_blocks(run, part, found)
            )
        kept = [each for each in self.runs if each not in merging]
        self.runs = [*kept, Run(run.run, level, parts, written, upto)]
        self.covered = upto
        self._next_run += 1
        self._shape += 1
        self._tail, self._taken = Tail(), upto
        self.save()

    def _level(self, articles: int, *, everything: bool) -> tuple[int, list[Run]]:
        """Return the level of a new run, and the runs that go into it, oldest first."""
        if everything:
            level = 1
            while WAITING * FAN**level < articles + self.covered:
                level += 1
            return level, list(self.runs)
        merging: list[Run] = []
        level = 0
        while True:
            level += 1
            own = [run for run in self.runs if run.level == level]
            merging[:0] = own
            articles += sum(self._articles(run) for run in own)
            if articles <= WAITING * FAN**level:
                return level, merging

    def _articles(self, run: Run) -> int:
        before = self.runs.index(run) - 1
        return run.last - (self.runs[before].last if before >= 0 else 0)

    def reader(self, run: Run) -> Slices:
        """Return what reads a slice of a run; it raises ``CorruptIndex`` for missing blocks."""
        return read_run(self.connection, "seeds", run, open_packed)


def postings_of(rows: Sequence[Row], salt: int) -> tuple[UInt64, UInt64]:
    """Return the keys of articles that keep seeds, and the article of each."""
    seeds = seeds_of([row.posted() for row in rows], salt)
    numbers = np.array([row.number for row in rows], np.uint64)[seeds.rows]
    pairs = np.unique(np.stack([numbers, seeds.keys], axis=1), axis=0)
    return np.ascontiguousarray(pairs[:, 1]), np.ascontiguousarray(pairs[:, 0])


def packed_blocks(run: Run, part: int, postings: UInt64) -> Iterator[tuple[int, bytes]]:
    """Yield the blocks of a slice with their places."""
    bounds = np.empty(run.parts + 1, np.int64)
    kernel.cut_blocks(postings, run.parts, bounds)
    room = np.empty(len(postings) + len(postings) // packed.GROUP + 2 + packed.HEAD, np.uint64)
    first = run.first(part)
    for block in range(run.parts):
        own = postings[bounds[block] : bounds[block + 1]]
        size = packed.pack_block(own, np.uint64(first + block), room)
        yield first + block, room[:size].tobytes()


def open_packed(place: int, data: bytes) -> UInt64:
    """Return the postings of a block; raise ``CorruptIndex`` where they are not what was kept."""
    if not isinstance(data, bytes) or len(data) % 8:
        raise CorruptIndex(f"block {place} of the seeds has an impossible size")
    words = np.frombuffer(data, np.uint64)
    out = np.empty(2 * _FILL, np.uint64)
    while True:
        made = packed.unpack_block(words, np.uint64(place), out)
        if made < 0 or made > 64 * max(len(words), 1) * packed.GROUP:
            raise CorruptIndex(f"block {place} of the seeds is damaged")
        if made <= len(out):
            return out[:made]
        out = np.empty(made, np.uint64)
