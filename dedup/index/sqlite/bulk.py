"""Many articles at once into a file: buckets band by band, as in a scan, and whole runs.

What is decided is what would be decided one by one, in the same order. Where that cannot be seen
from signatures alone (texts, windows, sites), or ids come again, it is done one by one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from dedup.core.arrays import Bool, Float64, Int64, UInt64, table_size
from dedup.index.comparing import EQUAL, Likeness, signatures_of
from dedup.index.entries import FRESH, Entry, Record, UInt16
from dedup.index.rules import Row, duplicate_of, record_of
from dedup.index.settings import Settings
from dedup.index.sqlite.runs import slices_of
from dedup.index.sqlite.settling import add_run, reader_of, settle
from dedup.index.sqlite.shelf import SQLiteShelf
from dedup.index.store import BUCKET
from dedup.index.verdicts import DUPLICATE, NEW, Verdict
from dedup.kernels import buckets
from dedup.kernels import postings as kernel
from dedup.similarity.lsh import bucket_pairs
from dedup.similarity.relations import NAMES, NEAR_DUPLICATE

AT_ONCE = 1 << 18  # articles that are decided on together
_ROWS = 900  # that are read by number at a time


def is_plain(settings: Settings) -> bool:
    """Tell whether signatures are all there is to decide by."""
    return (
        not settings.store_text
        and not settings.window
        and settings.scope == "any"
        and settings.threshold >= settings.removable
        and {EQUAL.relation, NAMES[NEAR_DUPLICATE]} <= set(settings.cluster_on)
    )


@dataclass(slots=True)
class _Chunk:
    """Articles in columns."""

    entries: Sequence[Entry]
    keys: UInt64
    fingerprints: UInt64
    counts: Int64
    signatures: UInt16

    @classmethod
    def of(cls, entries: Sequence[Entry], settings: Settings) -> _Chunk:
        keys = np.frombuffer(b"".join([each.keys for each in entries]), np.uint64)
        fingerprints = np.frombuffer(b"".join([each.fingerprints for each in entries]), np.uint64)
        counts = np.array([each.count for each in entries], np.int64)
        return cls(
            *(entries, keys.reshape(len(entries), -1), fingerprints.reshape(-1, 2), counts),
            signatures_of([each.signature for each in entries], settings),
        )


@dataclass(slots=True)
class _Matches:
    """Pairs of a later and an earlier article, in order of the later."""

    later: Int64
    earlier: Int64  # a row of the chunk, or -1 - k for the k-th of ``rows``
    similar: Float64
    numbers: Int64
    rows: list[Row]


def load_chunk(shelf: SQLiteShelf, entries: Sequence[Entry]) -> Counter[str] | None:
    """Keep articles, and count the verdicts; ``None`` where it has to be done one by one."""
    names = {each.id for each in entries}
    if len(names) != len(entries) or "" in names:
        return None
    if shelf.waiting:
        settle(shelf)
    chunk = _Chunk.of(entries, shelf.settings)
    if shelf.runs and _known(shelf, chunk, names):
        return None
    first = np.where(chunk.counts > 0, 0, -1)
    buckets.group_equal(chunk.fingerprints, first, np.full(table_size(len(first)), -1, np.int32))
    matches = _matches(shelf, chunk, first)
    leads, chosen = _decide(chunk, first, matches)
    _keep(shelf, chunk, first, leads, chosen, matches)
    told = Counter({DUPLICATE: int(np.sum(~leads & (chunk.counts > 0)))})
    told[NEW] = len(entries) - told[DUPLICATE]
    return +told


def _known(shelf: SQLiteShelf, chunk: _Chunk, names: set[str]) -> bool:
    """Tell whether the index has one of the ids."""
    met = _met(shelf, chunk.keys[:, :1], np.arange(len(chunk.entries)))
    rows = _rows(shelf, np.unique(met[:, 1]))
    return any(row.record.id in names for row in rows.values())


def _met(shelf: SQLiteShelf, keys: UInt64, numbers: Int64) -> Int64:
    """Return the distinct (article of a chunk, article of the index) with a key in common."""
    made = slices_of(keys, np.ones(len(keys), np.bool_), numbers)
    readers = [reader_of(shelf, run) for run in shelf.runs]
    found: list[Int64] = [np.empty((0, 2), np.int64)]
    for part in range(kernel.SLICES):
        old = np.sort(np.concatenate([read(part) for read in readers]))
        room = len(keys)
        while True:
            out = np.empty((room, 2), np.int64)
            count = kernel.meet(old, made(part), BUCKET, out, room)
            if count <= room:
                break
            room = count
        found.append(out[:count])
    return np.unique(np.concatenate(found), axis=0)


def _rows(shelf: SQLiteShelf, numbers: Int64) -> dict[int, Row]:
    rows: dict[int, Row] = {}
    for low in range(0, len(numbers), _ROWS):
        some = shelf.rows(numbers[low : low + _ROWS].tolist())
        rows.update((row.number, row) for row in some)
    return rows


def _matches(shelf: SQLiteShelf, chunk: _Chunk, first: Int64) -> _Matches:
    """Return the pairs that are copies of each other as far as signatures tell."""
    among = np.flatnonzero((first == np.arange(len(first))) & (chunk.counts > 0))
    bands = (np.ascontiguousarray(keys) for keys in chunk.keys[among, 2:].T)
    pairs, oversized = bucket_pairs(bands, among, len(first))
    shelf.counts.full_buckets += oversized
    same = np.empty(len(pairs), np.int64)
    kernel.pair_agreements(chunk.signatures, pairs, same)
    similar = same / shelf.settings.num_perm
    near = similar >= shelf.settings.threshold
    matches = _Matches(pairs[near, 1], pairs[near, 0], similar[near], pairs[near, 0], [])
    matches.numbers = matches.numbers + shelf.next
    if shelf.runs:
        _add_old(shelf, chunk, among, matches)
    order = np.lexsort((matches.numbers, matches.later))
    for name in ("later", "earlier", "similar", "numbers"):
        setattr(matches, name, getattr(matches, name)[order])
    return matches


def _add_old(shelf: SQLiteShelf, chunk: _Chunk, among: Int64, matches: _Matches) -> None:
    """Add the pairs with representatives that the index has already."""
    met = _met(shelf, np.ascontiguousarray(chunk.keys[among, 1:]), among)
    rows = {n: row for n, row in _rows(shelf, np.unique(met[:, 1])).items() if row.leads}
    met = met[np.isin(met[:, 1], np.array(list(rows), np.int64))]
    matches.rows = list(rows.values())
    if not len(met):
        return
    position = np.searchsorted(np.array(list(rows)), met[:, 1])
    signatures = signatures_of([row.signature for row in matches.rows], shelf.settings)
    fingerprints = np.frombuffer(
        b"".join([row.record.fingerprints for row in matches.rows]), np.uint64
    )
    equal = (fingerprints.reshape(-1, 2)[position] == chunk.fingerprints[met[:, 0]]).all(axis=1)
    same = np.empty(len(met), np.int64)
    pairs = np.stack([met[:, 0], position + len(chunk.entries)], axis=1)
    kernel.pair_agreements(np.concatenate([chunk.signatures, signatures]), pairs, same)
    similar = np.where(equal, 2.0, same / shelf.settings.num_perm)  # equal before all others
    near = similar >= shelf.settings.threshold
    matches.later = np.concatenate([matches.later, met[near, 0]])
    matches.earlier = np.concatenate([matches.earlier, -1 - position[near]])
    matches.similar = np.concatenate([matches.similar, similar[near]])
    matches.numbers = np.concatenate([matches.numbers, met[near, 1]])


def _decide(chunk: _Chunk, first: Int64, matches: _Matches) -> tuple[Bool, Int64]:
    """Return which articles represent others, and the pair each of the others gives way in."""
    leads = (first == np.arange(len(first))) & (chunk.counts > 0)
    chosen, closest = np.full(len(first), -1, np.int64), np.zeros(len(first))
    pairs = kernel.Pairs(matches.later, matches.earlier, matches.similar, matches.numbers)
    kernel.give_way(pairs, leads, chosen, closest)
    return leads, chosen


def _keep(
    shelf: SQLiteShelf, chunk: _Chunk, first: Int64, leads: Bool, chosen: Int64, matches: _Matches
) -> None:
    """Write articles and postings."""
    start, seen, count = shelf.next, shelf.now(), len(chunk.entries)
    tell = _Teller(chunk, matches, start, seen, leads.tolist(), first.tolist(), chosen.tolist())
    shelf.insert(tell.row(row) for row in range(count))
    dates = (entry.date for entry in chunk.entries)
    shelf.counts.future_dates += sum(date is not None and date > seen for date in dates)
    shelf.counts.articles += count
    shelf.counts.representatives += int(leads.sum())
    postings = int(np.sum(np.where(leads, chunk.keys.shape[1], 1)))
    made = slices_of(chunk.keys, leads, np.arange(start, start + count))
    add_run(shelf, made, postings, start + count - 1)


@dataclass(slots=True)
class _Teller:
    """Put what was decided into records; articles of the chunk have numbers from ``start``."""

    chunk: _Chunk
    matches: _Matches
    start: int
    seen: int
    leads: list[bool]
    first: list[int]
    chosen: list[int]

    def row(self, row: int) -> tuple[Record, int, bool]:
        """Return the record of an article, its group, and whether it represents that."""
        entry, leads = self.chunk.entries[row], self.leads[row]
        group, verdict = self.start + row, FRESH
        if not leads and entry.count:
            group, verdict = self._copy(row)
        late = entry.date is not None and entry.date > self.seen
        date = self.seen if late else entry.date
        return record_of(entry, date, self.seen, verdict), group, leads

    def _copy(self, row: int) -> tuple[int, Verdict]:
        """Return group and verdict of a copy."""
        representative = self.first[row]
        if self.leads[representative]:
            return self.start + representative, duplicate_of(self._record(representative), EQUAL)
        pair = self.chosen[representative]
        other, similar = int(self.matches.earlier[pair]), float(self.matches.similar[pair])
        like = EQUAL if similar > 1 else Likeness(NAMES[NEAR_DUPLICATE], similar)
        if other >= 0:
            return self.start + other, duplicate_of(self._record(other), like)
        known = self.matches.rows[-1 - other]
        return known.group, duplicate_of(known.record, like)

    def _record(self, row: int) -> Record:
        """Return the record of a new article, its own cluster."""
        entry = self.chunk.entries[row]
        verdict = Verdict(verdict=NEW, first=NEW, cluster=entry.id)
        return record_of(entry, entry.date, self.seen, verdict)
