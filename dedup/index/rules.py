"""The rules: the verdict of an article, its representative, and the other members.

They are written once, over a *shelf*, the few primitives that memory and SQLite have in common.
Articles have numbers in the order in which they came. Of those that are copies of each other one,
the *representative*, has postings; the others are its *members* and share its group. A row on the
shelf never changes: an update takes a row away and appends another.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import chain, compress
from typing import Protocol, cast

import numpy as np

from dedup.core.arrays import Bool, Texts, UInt64, distinct, some_texts, texts_from_strings
from dedup.index.comparing import EQUAL, Comparer, Likeness, signatures_of
from dedup.index.entries import (
    Compared,
    Entry,
    Record,
    compared_in,
    signature_in,
    unpack,
    unpacked_texts,
)
from dedup.index.ready import ArticleShelf, Candidate, Looked, Query, Ready, masked_tokens
from dedup.index.searching import (
    MOST,
    Search,
    Seeds,
    SeedShelf,
    candidates_of_many,
    find_candidates,
    likely_texts,
    sample,
)
from dedup.index.settings import Settings
from dedup.index.signing import id_key, keys_of, salts_of
from dedup.index.store import BUCKET, CANDIDATES, Counts
from dedup.index.templates import Cleaner, Counted, Page, Site, SiteShelf
from dedup.index.verdicts import DUPLICATE, UPDATED, KnownPassage, Verdict, unknown
from dedup.kernels.noted import Noted, find_noted_rows
from dedup.text.tokens import tokenise_texts

Match = tuple["Row", Likeness]
NEAREST = 16  # articles that each of many texts is aligned with
_LOOKED_UP = 200  # articles whose keys are looked up together
_TOGETHER = 256  # texts that are aligned together
_ROWS = 900  # articles that are read at a time


class Row:
    """An article on the shelf: its number, its group, whether it represents that.

    What was packed is unpacked when it is first asked for; most candidates are looked at by their
    signatures alone.
    """

    __slots__ = ("_packed", "_permutations", "_record", "group", "leads", "number", "stamp")

    def __init__(
        self, number: int, group: int, leads: bool, record: Record | bytes, permutations: int
    ) -> None:
        self.number, self.group, self.leads = number, group, leads
        self.stamp = 0  # what tells rows of one number apart, where a store has such
        self._packed = record if isinstance(record, bytes) else None
        self._record = None if isinstance(record, bytes) else record
        self._permutations = permutations

    @property
    def record(self) -> Record:
        """Return what is kept of the article."""
        if self._record is None:
            self._record = unpack(self._packed or b"", self._permutations)
        return self._record

    def posted(self) -> Record:
        """Return what is kept of the article, but for the passages that it was told."""
        if self._record is None:
            return unpack(self._packed or b"", self._permutations, all_of_it=False)
        return self._record

    def compared(self) -> Compared:
        """Return what a text is compared with."""
        if self._record is None:
            return compared_in(self._packed or b"", self._permutations)
        return Compared.of(self._record)

    @property
    def signature(self) -> bytes:
        """Return the signature of the article."""
        if self._packed is None:
            return self.record.signature
        return signature_in(self._packed, self._permutations)


class Shelf(Protocol):
    """What the rules need of a store, inside one transaction."""

    settings: Settings
    counts: Counts

    def now(self) -> int:
        """Return the time, which never goes back."""
        ...

    def articles(self, keys: Sequence[int]) -> list[Sequence[int]]:
        """Return the newest ``BUCKET`` articles of each key, in order."""
        ...

    def noted_keys(self) -> Noted | None:
        """Return the keys of ``articles`` that have any; ``None`` where they are many."""
        ...

    def rows(self, numbers: Sequence[int]) -> list[Row]:
        """Return articles by number, in order; those that are not there any more are left out."""
        ...

    def append(
        self,
        record: Record,
        keys: list[int],
        group: int | None,
        leads: bool,
        seeds: UInt64 | None = None,
    ) -> int:
        """Keep an article under the next number; without a group it begins one.

        ``seeds`` are the keys of its seeds (each once), where they were made already.
        """
        ...

    def discard(self, row: Row) -> None:
        """Take an article away."""
        ...

    def member(self, group: int) -> Row | None:
        """Return the first member of a group, besides its representative."""
        ...


class FullShelf(Shelf, SeedShelf, SiteShelf, ArticleShelf, Protocol):
    """The same of a store that keeps sites and seeds as well, where the settings ask for them."""

    def rows(self, numbers: Sequence[int]) -> list[Row]:
        """Return articles by number, in order; those that are not there any more are left out."""
        ...


@dataclass(slots=True)
class _Case:
    """An article that is decided on: its keys, its date, the present, whether it will be kept."""

    entry: Entry
    keys: list[int]
    date: int | None
    seen: int
    add: bool
    search: bool

    @property
    def time(self) -> int:
        """Return the time that the window uses."""
        return self.seen if self.date is None else self.date


@dataclass(slots=True)
class _Look:
    """What is looked at besides likeness: the article in lines, and what is known of its site."""

    page: Page | None = None
    known: tuple[Site, Counted] | None = None
    seeds: UInt64 | None = None  # keys of the article, each once


class Rules:
    """Decide on articles and keep them."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.comparer = Comparer(settings)
        self.cleaner = Cleaner(self.comparer.config, settings.salt)
        self.ready = Ready()

    def called(self, shelf: Shelf, name: str) -> Row | None:
        """Return the article of an id."""
        (numbers,) = shelf.articles([id_key(name, self.settings.salt)])
        return _named(shelf, numbers, name)

    def insert_all(
        self, shelf: Shelf, entries: Sequence[Entry], add: bool, search: bool
    ) -> list[Verdict]:
        """Return the verdicts of articles, each against all before it if they are kept."""
        return [self.insert(shelf, each, add=add, search=search) for each in entries]

    def met(self, shelf: Shelf, keys: UInt64) -> Bool:
        """Tell which articles, a row of keys each, have one in common with those on a shelf.

        All others are new.
        """
        found: Bool = np.zeros(len(keys), np.bool_)
        noted = shelf.noted_keys()
        if noted is not None:
            find_noted_rows(keys, noted, found)
            return found
        for low in range(0, len(keys), _LOOKED_UP):
            some = keys[low : low + _LOOKED_UP]
            there = [bool(each) for each in shelf.articles(some.ravel().tolist())]
            found[low : low + _LOOKED_UP] = (
                np.array(there, np.bool_).reshape(some.shape).any(axis=1)
            )
        return found

    def insert(self, shelf: Shelf, entry: Entry, *, add: bool, search: bool = True) -> Verdict:
        """Return the verdict of an article; with ``add`` store it; with ``search`` passages too."""
        keys = entry.key_list()
        named, equal = shelf.articles(keys[:2])
        old = _named(shelf, named, entry.id)
        if old is not None:
            told = old.record.told(entry.digest)
            if told is not None:
                return told.again()
        case = _Case(entry, keys, entry.date, shelf.now(), add, search)
        if case.date is not None and case.date > case.seen:
            case.date = case.seen
            shelf.counts.future_dates += add
        if old is not None:
            return self._update(shelf, case, old)
        match, beside = self._find(shelf, case, equal)
        verdict = unknown(entry.id) if match is None else duplicate_of(match[0].record, match[1])
        match = match or beside
        verdict, look = self._said(shelf, case, verdict, leads=match is None and entry.count > 0)
        if add:
            self._keep(shelf, case, match, verdict, look)
        return verdict

    def _update(self, shelf: Shelf, case: _Case, old: Row) -> Verdict:
        """Return the verdict on another text under an id; with ``add`` it replaces the last one.

        The new text finds its place like any other; what represented copies of the old one is
        passed on to the first of them.
        """
        similarity, jaccard, containment = self.comparer.with_last(case.entry, old.record)
        like = similarity if jaccard is None else jaccard
        stays = like >= self.settings.threshold
        verdict = Verdict(
            verdict=UPDATED,
            first=UPDATED,
            similarity=similarity,
            jaccard=jaccard,
            containment=containment,
            cluster=old.record.verdict.cluster if stays else case.entry.id,
        )
        match: Match | None = None
        if case.add:
            self.take_away(shelf, old)
            (equal,) = shelf.articles(case.keys[1:2])
            match, beside = self._find(shelf, case, equal)
            match = match or beside
        leads = match is None and case.entry.count > 0
        verdict, look = self._said(shelf, case, verdict, leads=leads)
        if case.add:
            versions = ((old.record.digest, old.record.verdict), *old.record.versions)
            self._keep(shelf, case, match, verdict, look, versions)
        return verdict

    def _keep(
        self,
        shelf: Shelf,
        case: _Case,
        match: Match | None,
        verdict: Verdict,
        look: _Look,
        versions: tuple[tuple[int, Verdict], ...] = (),
    ) -> None:
        record = record_of(case.entry, case.date, case.seen, verdict, versions)
        leads = match is None and record.count > 0
        keys = case.keys if leads else case.keys[:1]
        group = None if match is None else match[0].group
        number = shelf.append(record, keys, group, leads, look.seeds)
        if leads and look.known is not None:
            self.cleaner.keep(cast(FullShelf, shelf), look.known, number)
        shelf.counts.articles += 1
        shelf.counts.representatives += leads
        shelf.counts.versions += len(versions)

    def take_away(self, shelf: Shelf, row: Row) -> None:
        """Remove an article; its first member becomes the representative."""
        shelf.discard(row)
        shelf.counts.articles -= 1
        shelf.counts.versions -= len(row.record.versions)
        if not row.leads:
            return
        shelf.counts.representatives -= 1
        heir = shelf.member(row.group)
        if heir is not None:
            shelf.discard(heir)
            (keys,) = keys_of_records([heir.record], self.settings).tolist()
            shelf.append(heir.record, keys, heir.group, True)
            shelf.counts.representatives += 1

    def search(self, shelf: FullShelf, text: str, most: int) -> Search:
        """Return what of a text stands in the articles."""
        looked = Looked.of(tokenise_texts(texts_from_strings([text])))
        return self._search(shelf, looked, sample(looked, self.settings.salt), most, None)

    def passages_of(self, shelf: FullShelf, texts: Texts) -> list[list[KnownPassage]]:
        """Return the passages of many texts, together: with ``NEAREST`` articles of each."""
        noted = shelf.noted_seeds()
        likely = np.arange(len(texts))
        if noted is not None:
            likely = likely_texts(texts, noted, self.settings.salt)
        is_all = len(likely) == len(texts)
        looked = Looked.of(tokenise_texts(texts if is_all else some_texts(texts, likely)))
        seeds = sample(looked, self.settings.salt, noted)
        asked = candidates_of_many(shelf, seeds, len(looked.tokens), NEAREST)
        found: list[list[KnownPassage]] = [[] for _ in range(len(texts))]
        for low in range(0, len(asked), _TOGETHER):
            some = asked[low : low + _TOGETHER]
            numbers = sorted({number for each in some for number in each.numbers})
            there: dict[int, Candidate] = {}
            for first in range(0, len(numbers), _ROWS):
                there |= self.ready.candidates(shelf, numbers[first : first + _ROWS])
            queries = [
                Query(at, [there[number] for number in each.numbers if number in there])
                for at, each in enumerate(some)
            ]
            own = looked.some([each.row for each in some])
            passages = self.ready.find(own, queries, self.comparer.config)
            for each, told in zip(some, passages, strict=True):
                found[int(likely[each.row])] = told
        return found

    def _said(
        self, shelf: Shelf, case: _Case, verdict: Verdict, *, leads: bool
    ) -> tuple[Verdict, _Look]:
        """Return a verdict with what goes from the article and the passages that are known of it.

        An article that represents others counts where templates of its site are sought.
        """
        look = _Look()
        looks = self.settings.clean and (case.add or case.search)
        text = case.entry.read() if looks else None
        if text is None:
            return verdict, look
        full = cast(FullShelf, shelf)
        page = look.page = Page.of(text)
        look.known = self.cleaner.site(full, case.entry.site)
        if leads:
            since = case.seen - self.settings.window if self.settings.window else -(1 << 62)
            look.known = self.cleaner.count(full, look.known, text, since)
        removals = self.cleaner.removals(full, look.known, page)
        passages: tuple[KnownPassage, ...] | None = None
        if self.settings.passages and case.search:
            own = [(each.start, each.end) for each in removals]
            passages = ()
            if verdict.relation != EQUAL.relation:
                looked = Looked.of(page.tokens, masked_tokens(page.tokens, [own]))
                seeds = sample(looked, self.settings.salt)
                look.seeds = distinct(seeds.keys)
                passages = self._known(full, case, looked, seeds)
        return replace(verdict, removals=removals, passages=passages), look

    def _known(
        self, shelf: FullShelf, case: _Case, looked: Looked, seeds: Seeds
    ) -> tuple[KnownPassage, ...]:
        """Return the passages that an article shares with those it may be compared with."""
        found = self._search(shelf, looked, seeds, MOST, lambda each: self._may_share(each, case))
        shelf.counts.full_seeds += case.add and found.full_keys > 0
        shelf.counts.cut_searches += case.add and found.cut_candidates > 0
        return found.passages

    def _search(
        self,
        shelf: FullShelf,
        looked: Looked,
        seeds: Seeds,
        most: int,
        may_share: Callable[[Compared], bool] | None,
    ) -> Search:
        """Look a text up, and align it with the likeliest articles, those that it may meet.

        Where any will do it is a person who asks: then also for a few words as they are.
        """
        found = find_candidates(shelf, seeds, most)
        chosen: list[Candidate] = []
        low = 0
        while low < len(found.numbers) and len(chosen) < most:
            numbers = found.numbers[low : low + most].tolist()
            there = self.ready.candidates(shelf, numbers)
            some = (there[each] for each in numbers if each in there)
            chosen += [each for each in some if may_share is None or may_share(each.article)]
            low += most
        chosen = chosen[:most]
        verbatim = may_share is None
        passages = self.ready.align(looked, chosen, self.comparer.config, verbatim=verbatim)
        return Search(tuple(passages), len(chosen), found.cut, found.full_keys)

    def _find(
        self, shelf: Shelf, case: _Case, equal: Sequence[int]
    ) -> tuple[Match | None, Match | None]:
        """Return the representative an article is a copy of.

        Second comes one that it would be a copy of but for the scope: it needs no postings then.
        ``equal`` are the articles under the key of its content.
        """
        entry = case.entry
        if not entry.count:
            return None, None
        found: tuple[Match | None, Match | None] = (None, None)
        full = len(equal) >= BUCKET
        if equal and EQUAL.relation in self.settings.cluster_on:
            some = shelf.rows(equal)
            rows = [row for row in some if self._may_meet(row, case) and _equal(row, entry)]
            found = self._closest(entry, [(row, EQUAL) for row in rows])
        if found == (None, None):
            buckets = shelf.articles(case.keys[2:])
            if any(buckets):
                chosen, cut = _likeliest(buckets)
                found = self._closest(entry, self._near(shelf, chosen, case))
                full = full or max(map(len, buckets)) >= BUCKET
                shelf.counts.cut_candidates += case.add and cut
        shelf.counts.full_buckets += case.add and full
        return found

    def _near(self, shelf: Shelf, numbers: list[int], case: _Case) -> list[Match]:
        """Compare an article with candidates."""
        rows = [row for row in shelf.rows(numbers) if row.leads]
        similar = self.comparer.estimates(case.entry, [row.signature for row in rows])
        if not self.settings.store_text:
            positions = np.flatnonzero(similar >= self.settings.threshold)
            rows, similar = [rows[position] for position in positions.tolist()], similar[positions]
        met = [self._may_meet(row, case) for row in rows]
        rows, similar = list(compress(rows, met)), similar[np.array(met, np.bool_)]
        like = self.comparer.copies(case.entry, [row.record for row in rows], similar)
        return [(row, each) for row, each in zip(rows, like, strict=True) if each is not None]

    def _may_share(self, other: Compared, case: _Case) -> bool:
        """Tell whether passages with an article count: another id, in window and scope."""
        window, scope, site = self.settings.window, self.settings.scope, case.entry.site
        return (
            other.id != case.entry.id
            and (not window or abs(case.time - other.when) <= window)
            and (scope != "within" or other.site == site)
            and (scope != "across" or not site or other.site != site)
        )

    def _may_meet(self, row: Row, case: _Case) -> bool:
        """Tell whether an article may be compared with a row: a representative of another id."""
        window, within = self.settings.window, self.settings.scope == "within"
        return (
            row.leads
            and row.record.id != case.entry.id
            and (not window or abs(case.time - row.record.when) <= window)
            and (not within or row.record.site == case.entry.site)
        )

    def _closest(self, entry: Entry, matches: list[Match]) -> tuple[Match | None, Match | None]:
        """Return the closest match in scope, and the closest out of it; the earlier of equals."""
        across = self.settings.scope == "across"
        inside: Match | None = None
        outside: Match | None = None
        for match in sorted(matches, key=lambda each: (-each[1].closeness, each[0].number)):
            if across and entry.site and match[0].record.site == entry.site:
                outside = outside or match
            else:
                inside = inside or match
        return inside, outside


def texts_of(rows: Sequence[Row], since: int) -> list[str]:
    """Return the texts of articles, without those that are older than a time."""
    articles = (row.compared() for row in rows)
    texts = unpacked_texts([each.text for each in articles if each.when >= since])
    return [texts.text(row) for row in range(len(texts))]


def record_of(
    entry: Entry,
    date: int | None,
    seen: int,
    verdict: Verdict,
    versions: tuple[tuple[int, Verdict], ...] = (),
) -> Record:
    """Return the record of an article that got a verdict."""
    return Record(
        *(entry.id, entry.digest, entry.fingerprints, entry.count, entry.signature, date, seen),
        *(entry.site, entry.text, verdict, versions),
    )


def _equal(row: Row, entry: Entry) -> bool:
    return row.record.fingerprints == entry.fingerprints and row.record.count == entry.count


def duplicate_of(record: Record, like: Likeness) -> Verdict:
    """Return the verdict on a copy of an article."""
    lost_tokens, lost_facts = like.lost or (None, None)
    return Verdict(
        verdict=DUPLICATE,
        first=DUPLICATE,
        duplicate_of=record.id,
        relation=like.relation,
        similarity=like.similarity,
        jaccard=like.jaccard,
        containment=like.containment,
        cluster=record.verdict.cluster,
        lost_tokens=lost_tokens,
        lost_facts=lost_facts,
    )


def _named(shelf: Shelf, numbers: Sequence[int], name: str) -> Row | None:
    """Return the article of an id among those under its key."""
    return next((row for row in shelf.rows(numbers) if row.record.id == name), None)


def _likeliest(buckets: Sequence[Sequence[int]]) -> tuple[list[int], bool]:
    """Return the articles that share most keys, of equals the newest; whether some are left out."""
    often = Counter(chain.from_iterable(buckets))
    if len(often) <= CANDIDATES:
        return sorted(often), False
    ordered = sorted(often, key=lambda each: (-often[each], -each))
    return sorted(ordered[:CANDIDATES]), True


def keys_of_records(records: Sequence[Record], settings: Settings) -> UInt64:
    """Return all keys of records, that of the id first; they follow from what is kept."""
    keys = np.empty((len(records), settings.bands + 2), np.uint64)
    keys[:, 0] = [id_key(each.id, settings.salt) for each in records]
    if len(records):
        fingerprints = np.frombuffer(
            b"".join([each.fingerprints for each in records]), np.uint64
        ).reshape(-1, 2)
        signatures = signatures_of([each.signature for each in records], settings)
        salts = salts_of([each.site for each in records], settings)
        keys[:, 1:] = keys_of(signatures, fingerprints, salts, settings)
    return keys
