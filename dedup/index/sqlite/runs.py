"""Postings in sorted runs: how they are divided into blocks, found again, and merged.

A run holds the postings of all articles up to some number that no earlier run has. Its 256 slices
have the same number of blocks each, about a quarter of a page long, and a key says by itself in
which block it would stand. So a look-up reads one block a key and run, and adding an article writes
none: new articles wait, their postings in memory, until there are enough of them for a run.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from dedup.core.arrays import Bool, Int64, UInt64, offsets_of
from dedup.errors import CorruptIndex
from dedup.index.store import BUCKET
from dedup.kernels import postings as kernel

_FILL = 110  # postings of a block: with its checksum a quarter of a page of 4,096 bytes, about
_NAMES = {"blocks": "postings", "seeds": "seeds"}  # what the tables hold
_MOST_RUNS = 1 << 31
_ROOM = 256  # initial capacity of a look-up, in articles


@dataclass(frozen=True, slots=True)
class Run:
    """One run: its number, its level, the blocks of a slice, its postings, its last article."""

    run: int
    level: int
    parts: int
    postings: int
    last: int

    def numbers(self) -> tuple[int, int, int, int, int]:
        """Return what a file keeps of it."""
        return self.run, self.level, self.parts, self.postings, self.last

    def first(self, part: int) -> int:
        """Return the position of the first block of a slice."""
        return self.run << 32 | part * self.parts


def refuse_impossible(connection: sqlite3.Connection, runs: Sequence[Run]) -> None:
    """Raise ``CorruptIndex`` for runs that say they are larger than the file they stand in.

    A block takes at least eight bytes, and a posting one; what is as large as a stranger says is
    not made room for. The number of a run stands in the upper half of the places of its blocks.
    """
    (pages,) = connection.execute("PRAGMA page_count").fetchone()
    (size,) = connection.execute("PRAGMA page_size").fetchone()
    room = pages * size
    for each in runs:
        fits = 0 < 8 * kernel.SLICES * each.parts <= room and 0 <= each.postings <= room
        if not fits or not 0 <= each.run < _MOST_RUNS:
            raise CorruptIndex(f"run {each.run} of the index cannot be as large as it says")


def parts_for(postings: int) -> int:
    """Return how many blocks a slice of a run of so many postings has.

    >>> parts_for(0), parts_for(34_000_000)
    (1, 1208)
    """
    return max(1, -(-postings // (kernel.SLICES * _FILL)))


def seal_block(position: int, postings: UInt64) -> bytes:
    """Return the bytes of a block: a checksum of its position and postings, and the postings."""
    words = np.empty(len(postings) + 1, np.uint64)
    words[1:] = postings
    words[0] = kernel.check_block(words, np.intp(1), np.intp(len(words)), np.uint64(position))
    return words.tobytes()


def open_block(position: int, data: bytes) -> UInt64:
    """Return the postings of a block; raise ``CorruptIndex`` where they are not what was kept."""
    if not isinstance(data, bytes) or len(data) < 8 or len(data) % 8:
        raise CorruptIndex(f"block {position} of the postings has an impossible size")
    words = np.frombuffer(data, np.uint64)
    found = kernel.check_block(words, np.intp(1), np.intp(len(words)), np.uint64(position))
    if found != words[0]:
        raise CorruptIndex(f"block {position} of the postings is damaged")
    return words[1:]


Read = Callable[[list[int]], list[tuple[int, bytes]]]  # blocks by position, in order


class Finder:
    """Find postings in some runs."""

    def __init__(self, runs: Sequence[Run]) -> None:
        self._runs = np.array([run.run for run in runs], np.int64)
        self._parts = np.array([run.parts for run in runs], np.int64)

    def find(self, keys: Sequence[int], read: Read) -> list[list[int]] | None:
        """Return the articles of each key, older ones first; ``None`` where no key has any."""
        wanted = np.array(keys, np.uint64)
        positions = np.empty(len(keys) * len(self._runs), np.int64)
        kernel.find_positions(wanted, self._runs, self._parts, positions)
        cells = read(positions.tolist())
        blocks = [data for _, data in cells]
        there = [position for position, _ in cells]
        if not {*map(type, blocks)} <= {bytes}:
            raise CorruptIndex("a block of the postings is none")
        lengths = [*map(len, blocks)]
        if min(lengths, default=8) < 8 or any(map((7).__and__, lengths)):
            raise CorruptIndex("a block of the postings has an impossible size")
        words = np.frombuffer(b"".join(blocks), np.uint64)
        bounds = offsets_of(np.array(lengths, np.int64) >> 3)
        laid_out = kernel.Blocks(words, bounds, np.array(there, np.int64))
        found, ends = looked_up(
            lambda out, ends: kernel.find_postings(laid_out, positions, wanted, out, ends),
            len(positions),
            room=_ROOM,
            what="postings",
        )
        return _by_key(found.tolist(), ends.tolist(), len(keys)) if len(found) else None


def looked_up(
    find: Callable[[Int64, Int64], int], places: int, *, room: int, what: str
) -> tuple[Int64, Int64]:
    """Return what a look-up finds, given as much room as it takes, and where each place ends.

    ``find`` writes into both and returns how much there is, or ``-1 - place`` of a bad block.
    """
    ends = np.empty(places, np.int64)
    while True:
        out = np.empty(room, np.int64)
        made = find(out, ends)
        if made <= room:
            break
        room = made
    if made < 0:
        raise CorruptIndex(f"block {-1 - made} of the {what} is missing or damaged")
    return out[:made], ends


def _by_key(numbers: list[int], ends: list[int], count: int) -> list[list[int]]:
    """Join what each run has of a key."""
    found: list[list[int]] = [[] for _ in range(count)]
    low = 0
    for position, high in enumerate(ends):
        if high > low:
            found[position % count] += numbers[low:high]
            low = high
    return found


Slices = Callable[[int], UInt64]  # the postings of a slice, in order


def read_run(
    connection: sqlite3.Connection, table: str, run: Run, unpack: Callable[[int, bytes], UInt64]
) -> Slices:
    """Return what reads a slice of a run of a table; ``CorruptIndex`` for missing blocks."""

    def read(part: int) -> UInt64:
        sql = f"SELECT place, data FROM {table} WHERE place >= ? AND place < ? ORDER BY place"
        span = (run.first(part), run.first(part + 1))
        cells = connection.execute(sql, span).fetchall()
        if [place for place, _ in cells] != list(range(*span)):
            raise CorruptIndex(f"blocks of the {_NAMES[table]} are missing")
        return np.concatenate([unpack(place, data) for place, data in cells])

    return read


def keys_in(sources: Sequence[Slices]) -> UInt64:
    """Return the keys of all postings, some of them more than once."""
    shift = np.uint64(32)
    parts = [
        np.uint64(part) << shift | source(part) >> shift
        for part in range(kernel.SLICES)
        for source in sources
    ]
    return np.concatenate([np.zeros(0, np.uint64), *parts])


def slices_of(keys: UInt64, wide: Bool, numbers: Int64) -> Slices:
    """Return the postings of articles: of all keys of the ``wide`` ones, of the first of others."""
    starts = np.empty(kernel.SLICES + 1, np.int64)
    kernel.count_slices(keys, wide, starts)
    postings = np.empty(int(starts[-1]), np.uint64)
    kernel.fill_slices(keys, wide, numbers, starts[:-1].copy(), postings)
    return lambda part: np.sort(postings[starts[part] : starts[part + 1]])


def merged(sources: Sequence[Slices], gone: Int64, part: int) -> UInt64:
    """Return the postings of a slice of several runs, without those of removed articles."""
    together = [source(part) for source in sources]
    postings = np.sort(np.concatenate(together)) if len(together) > 1 else together[0].copy()
    if len(gone):
        postings = postings[: kernel.without(postings, gone)]
    return postings[: kernel.thin(postings, BUCKET)]


def blocks_of(run: Run, part: int, postings: UInt64) -> Iterator[tuple[int, bytes]]:
    """Yield the blocks of a slice with their places."""
    bounds: npt.NDArray[np.int64] = np.empty(run.parts + 1, np.int64)
    kernel.cut_blocks(postings, run.parts, bounds)
    edges = bounds.tolist()
    first = run.first(part)
    for block in range(run.parts):
        position = first + block
        yield position, seal_block(position, postings[edges[block] : edges[block + 1]])
