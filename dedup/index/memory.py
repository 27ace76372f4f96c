"""An index in memory: the simplest store, and the reference for the others."""

from __future__ import annotations

import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from os import PathLike
from typing import Any

import numpy as np

from dedup.core.arrays import Bool, Texts, UInt64
from dedup.errors import OutputError
from dedup.index.buckets import Buckets
from dedup.index.entries import Entry, Record
from dedup.index.rules import Row, Rules, keys_of_records, texts_of
from dedup.index.searching import Search, is_seeded, note, seeds_of
from dedup.index.settings import Settings
from dedup.index.store import BUCKET, Counts
from dedup.index.stories import MemoryStories
from dedup.index.templates import (
    Cleaner,
    SiteTemplate,
    count_again,
    keep_line,
    kept_lines,
    recount,
    templates,
    thinned_sites,
)
from dedup.index.verdicts import KnownPassage, Verdict
from dedup.kernels.noted import Noted


class MemoryStore:
    """Keep everything in dictionaries, for the life of the process."""

    def __init__(self, settings: Settings, clock: Callable[[], float] = time.time) -> None:
        self.settings = settings
        self._rules = Rules(settings)
        self._shelf = _MemoryShelf(settings, clock)
        self._lock = threading.RLock()
        self.stories = MemoryStories()

    def insert(self, entries: Sequence[Entry], *, add: bool, search: bool = True) -> list[Verdict]:
        """Decide on entries in their order, and with ``add`` keep them."""
        with self._lock:
            return self._rules.insert_all(self._shelf, entries, add, search)

    def met(self, keys: UInt64) -> Bool:
        """Tell which articles may be known, by a row of keys each."""
        with self._lock:
            return self._rules.met(self._shelf, keys)

    def load(self, entries: Iterable[Entry]) -> Counter[str]:
        """Keep entries, and count the verdicts."""
        made = (self.insert([each], add=True, search=False)[0] for each in entries)
        return Counter(each.verdict for each in made)

    def search(self, text: str, most: int) -> Search:
        """Return what of a text stands in the articles."""
        with self._lock:
            return self._rules.search(self._shelf, text, most)

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
            taken = self._take_away(row.record.id for row in sorted(old, key=lambda row: row.leads))
            for place in thinned_sites(self._shelf):
                count_again(self._shelf, place)
        return taken

    def _take_away(self, names: Iterable[str]) -> int:
        taken = 0
        for name in names:
            row = self._rules.called(self._shelf, name)
            if row is not None:
                self._rules.take_away(self._shelf, row)
                taken += 1
        return taken

    def passages_of(self, texts: Texts) -> list[list[KnownPassage]]:
        """Return what each of many texts shares with the articles."""
        with self._lock:
            return self._rules.passages_of(self._shelf, texts)

    def templates(self, site: str | None) -> list[SiteTemplate]:
        """Return the templates of a site, or of all."""
        with self._lock:
            return templates(self._shelf, site)

    def keep_line(self, line: str, site: str | None) -> None:
        """Keep a line from being removed as a template, of one site or of all."""
        with self._lock:
            keep_line(self._shelf, self._rules.cleaner, line, site)

    def kept_lines(self) -> list[tuple[str | None, str]]:
        """Return the lines that are kept, each with its site, ``None`` for all."""
        with self._lock:
            return kept_lines(self._shelf)

    def counts(self) -> Counts:
        """Return the numbers of ``info``."""
        with self._lock:
            return replace(self._shelf.counts)

    def facts(self) -> dict[str, Any]:
        """Return what ``info`` says of this kind of store."""
        return {"kind": "memory", "postings": len(self._shelf.postings)}

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
        self.postings, self.seeds = Buckets(), Buckets()
        self.sites: dict[int, bytes] = {}
        self._clock = clock
        self._latest = self._next = 0

    def now(self) -> int:
        """Return the time, which never goes back."""
        self._latest = max(self._latest, int(self._clock()))
        return self._latest

    def articles(self, keys: Sequence[int]) -> list[Sequence[int]]:
        """Return the newest ``BUCKET`` articles of each key, in order."""
        return self.postings.find(keys)

    def noted_keys(self) -> None:
        """Return no keys: a dictionary tells at once."""
        return

    def rows(self, numbers: Sequence[int]) -> list[Row]:
        """Return articles by number, in order, without those that were removed."""
        return [self.by_number[each] for each in numbers if each in self.by_number]

    def stamps(self, numbers: Sequence[int]) -> dict[int, int]:
        """Return the stamps of those articles that are there: a number has one row for ever."""
        return {each: 0 for each in numbers if each in self.by_number}

    def append(
        self,
        record: Record,
        keys: list[int],
        group: int | None,
        leads: bool,
        seeds: UInt64 | None = None,
    ) -> int:
        """Keep an article under the next number; without a group it begins one."""
        self._next += 1
        group = self._next if group is None else group
        row = Row(self._next, group, leads, record, self.settings.num_perm)
        self.by_number[row.number] = row
        if not leads:
            self.groups[row.group][row.number] = None
        self.postings.post(keys, row.number)
        if self.settings.passages:
            _post_seeds(self.seeds, row, self.settings, seeds)
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

    def _derived(self) -> Buckets:
        rows = list(self.by_number.values())
        derived = Buckets()
        made = keys_of_records([row.record for row in rows], self.settings).tolist()
        for row, keys in zip(rows, made, strict=True):
            derived.post(keys if row.leads else keys[:1], row.number)
        return derived

    def _derived_seeds(self) -> Buckets:
        derived = Buckets()
        for row in self.by_number.values() if self.settings.passages else ():
            _post_seeds(derived, row, self.settings)
        return derived

    def seed_postings(self, keys: UInt64) -> UInt64:
        """Return ``place of the key << 32 | article`` of the newest articles of each, in order."""
        found = [
            place << 32 | number
            for place, numbers in enumerate(self.seeds.find(keys.tolist()))
            for number in numbers
        ]
        return np.array(found, np.uint64)

    def seeded(self) -> int:
        """Return how many articles there are."""
        return self.counts.articles

    def noted_seeds(self) -> Noted | None:
        """Return the keys that articles have; ``None`` where they are many."""
        return note(np.array(self.seeds.keys(), np.uint64))

    def site(self, place: int) -> bytes | None:
        """Return what is kept of a site at a place."""
        return self.sites.get(place)

    def put_site(self, place: int, data: bytes | None) -> None:
        """Keep something at a place, or nothing any more."""
        if data is None:
            self.sites.pop(place, None)
        else:
            self.sites[place] = data

    def site_places(self) -> list[int]:
        """Return the places where something is kept."""
        return sorted(self.sites)

    def texts(self, numbers: Sequence[int], since: int) -> list[str]:
        """Return the texts of those articles that are there, none older than a time."""
        return texts_of(self.rows(numbers), since)

    def rebuild(self) -> None:
        """Compute the postings again."""
        self.postings, self.seeds = self._derived(), self._derived_seeds()
        if self.settings.clean:
            leads = [(row.record.site, row.number) for row in self.by_number.values() if row.leads]
            recount(self, Cleaner(self.settings.config(), self.settings.salt), leads)

    def flaws(self) -> list[str]:
        """Name the keys whose living articles are not the ones that follow."""
        return [
            *self._differences(self.postings, self._derived()),
            *self._differences(self.seeds, self._derived_seeds()),
        ]

    def _differences(self, postings: Buckets, derived: Buckets) -> list[str]:
        flaws = []
        keys = derived.keys()
        buckets = zip(keys, postings.find(keys), derived.find(keys), strict=True)
        for key, bucket, wanted in buckets:
            living = [each for each in bucket if each in self.by_number]
            if len(bucket) < BUCKET and living != [*wanted]:
                flaws.append(f"key {key:010x} has {living}, not {wanted}")
        return flaws


def _post_seeds(seeds: Buckets, row: Row, settings: Settings, keys: UInt64 | None = None) -> None:
    """Add the seeds of an article, the newest of each key as far as they are looked at.

    ``keys`` are those of the article where they are known.
    """
    if not is_seeded(row.record, row.leads):
        return
    if keys is None:
        keys = np.unique(seeds_of([row.record], settings.salt).keys)
    seeds.post(keys.tolist(), row.number)
