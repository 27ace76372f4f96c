"""An index in memory: the simplest store, and the reference for the others."""

from __future__ import annotations

import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from os import PathLike
from typing import Any

from dedup.errors import OutputError
from dedup.index.entries import Entry, Record
from dedup.index.rules import Row, Rules, keys_of_records
from dedup.index.settings import Settings
from dedup.index.store import BUCKET, Counts
from dedup.index.verdicts import Verdict


class MemoryStore:
    """Keep everything in dictionaries, for the life of the process."""

    def __init__(self, settings: Settings, clock: Callable[[], float] = time.time) -> None:
        self.settings = settings
        self._rules = Rules(settings)
        self._shelf = _MemoryShelf(settings, clock)
        self._lock = threading.RLock()

    def insert(self, entries: Sequence[Entry], *, add: bool) -> list[Verdict]:
        """Decide on entries in their order, and with ``add`` keep them."""
        with self._lock:
            return [self._rules.insert(self._shelf, each, add=add) for each in entries]

    def load(self, entries: Iterable[Entry]) -> Counter[str]:
        """Keep entries, and count the verdicts."""
        return Counter(self.insert([each], add=True)[0].verdict for each in entries)

    def fetch(self, name: str) -> Record | None:
        """Return what is kept under an id."""
        with self._lock:
            row = self._rules.called(self._shelf, name)
        return None if row is None else row.record

    def records(self) -> Iterator[Record]:
        """Yield what is kept, in the order in which it came."""
        with self._lock:
            rows = list(self._shelf.by_number.values())
        return (row.record for row in rows)

    def rows(self) -> Iterator[Row]:
        """Yield all articles with their numbers and groups."""
        with self._lock:
            rows = list(self._shelf.by_number.values())
        return iter(rows)

    def restore(self, rows: Iterable[Row]) -> None:
        """Take articles into an index that has none, as they are."""
        with self._lock:
            self._shelf.restore(rows)

    def remove(self, names: Iterable[str]) -> int:
        """Forget articles; return how many were there."""
        with self._lock:
            return self._take_away(names)

    def expire(self, before: int) -> int:
        """Forget articles older than a time; return how many."""
        with self._lock:
            old = [row for row in self._shelf.by_number.values() if row.record.when < before]
            return self._take_away(row.record.id for row in sorted(old, key=lambda row: row.leads))

    def _take_away(self, names: Iterable[str]) -> int:
        taken = 0
        for name in names:
            row = self._rules.called(self._shelf, name)
            if row is not None:
                self._rules.take_away(self._shelf, row)
                taken += 1
        return taken

    def counts(self) -> Counts:
        """Return the numbers of ``info``."""
        with self._lock:
            return replace(self._shelf.counts)

    def facts(self) -> dict[str, Any]:
        """Return what ``info`` says of this kind of store."""
        return {"kind": "memory", "postings": sum(map(len, self._shelf.postings.values()))}

    def verify(self) -> list[str]:
        """Compare the postings with those that follow from the articles."""
        with self._lock:
            return self._shelf.flaws()

    def rebuild(self) -> int:
        """Compute the postings again; nothing is ever damaged here."""
        with self._lock:
            self._shelf.rebuild()
        return 0

    def compact(self) -> None:
        """Drop what is left of removed articles."""
        self.rebuild()

    def backup(self, path: str | PathLike[str]) -> None:
        """Raise ``OutputError``: there is no file to copy."""
        raise OutputError("an index in memory has no backup; add its documents to one in a file")

    def close(self) -> None:
        """Do nothing: the memory goes with the object."""


class _MemoryShelf:
    """The primitives of the rules, in dictionaries."""

    def __init__(self, settings: Settings, clock: Callable[[], float]) -> None:
        self.settings = settings
        self.counts = Counts()
        self.by_number: dict[int, Row] = {}
        self.groups: defaultdict[int, dict[int, None]] = defaultdict(dict)
        self.postings: dict[int, list[int]] = {}
        self._clock = clock
        self._latest = self._next = 0

    def now(self) -> int:
        """Return the time, which never goes back."""
        self._latest = max(self._latest, int(self._clock()))
        return self._latest

    def articles(self, keys: Sequence[int]) -> list[list[int]]:
        """Return the newest ``BUCKET`` articles of each key, in order."""
        return [self.postings.get(key, []) for key in keys]

    def rows(self, numbers: Sequence[int]) -> list[Row]:
        """Return articles by number, in order, without those that were removed."""
        return [self.by_number[each] for each in numbers if each in self.by_number]

    def append(self, record: Record, keys: list[int], group: int | None, leads: bool) -> int:
        """Keep an article under the next number; without a group it begins one."""
        self._next += 1
        group = self._next if group is None else group
        row = Row(self._next, group, leads, record, self.settings.num_perm)
        self.by_number[row.number] = row
        if not leads:
            self.groups[row.group][row.number] = None
        for key in keys:
            bucket = self.postings.setdefault(key, [])
            bucket.append(row.number)
            del bucket[:-BUCKET]
        return row.number

    def discard(self, row: Row) -> None:
        """Take an article away; its postings stay until they are next merged."""
        del self.by_number[row.number]
        if not row.leads:
            members = self.groups[row.group]
            del members[row.number]
            if not members:
                del self.groups[row.group]

    def member(self, group: int) -> Row | None:
        """Return the first member of a group."""
        number = next(iter(self.groups.get(group, ())), None)
        return None if number is None else self.by_number[number]

    def restore(self, rows: Iterable[Row]) -> None:
        """Take rows in as they are."""
        if self._next:
            raise OutputError("an index that has articles takes in no others as they were")
        for row in rows:
            self.by_number[row.number] = row
            if not row.leads:
                self.groups[row.group][row.number] = None
            self.counts.articles += 1
            self.counts.representatives += row.leads
            self.counts.versions += len(row.record.versions)
            self._next = max(self._next, row.number, row.group)
            self._latest = max(self._latest, row.record.seen)
        self.rebuild()

    def _derived(self) -> dict[int, list[int]]:
        rows = list(self.by_number.values())
        derived: dict[int, list[int]] = {}
        made = keys_of_records([row.record for row in rows], self.settings).tolist()
        for row, keys in zip(rows, made, strict=True):
            for key in keys if row.leads else keys[:1]:
                derived.setdefault(key, []).append(row.number)
        return {key: bucket[-BUCKET:] for key, bucket in derived.items()}

    def rebuild(self) -> None:
        """Compute the postings again."""
        self.postings = self._derived()

    def flaws(self) -> list[str]:
        """Name the keys whose living articles are not the ones that follow."""
        flaws = []
        for key, wanted in self._derived().items():
            bucket = self.postings.get(key, [])
            living = [each for each in bucket if each in self.by_number]
            if len(bucket) < BUCKET and living != wanted:
                flaws.append(f"key {key:010x} has {living}, not {wanted}")
        return flaws
