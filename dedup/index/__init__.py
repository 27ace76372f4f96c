"""The index: "have I seen this article, or a near copy of it?", kept from run to run.

An `Index` is a facade over a store (``store``): SQLite in a file (``sqlite``), dictionaries in
memory (``memory``), or a server (``redis``). Articles are signed by the kernels of a scan
(``signing``), packed (``entries``), and decided on by one set of rules (``deciding``). What an
index is built with travels with it (``settings``).
"""

from __future__ import annotations

import dataclasses
import secrets
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from importlib import import_module
from os import PathLike, fspath
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np

from dedup.config import Config
from dedup.core.arrays import clean_string
from dedup.core.dates import when
from dedup.core.package import install
from dedup.errors import ConfigError, IndexUnavailable, InputError, OutputError
from dedup.index.entries import Entry, Record, decompress
from dedup.index.exporting import Exported, Portable, export
from dedup.index.memory import MemoryStore
from dedup.index.searching import MOST, Search
from dedup.index.settings import SCOPES, Settings
from dedup.index.signing import Signer, mappings, metadata_of
from dedup.index.sqlite import SQLiteStore
from dedup.index.store import Store
from dedup.index.stories import Arrived, Stories, opened
from dedup.index.templates import SiteTemplate
from dedup.index.verdicts import VERDICTS, KnownPassage, Verdict, unknown

__all__ = [
    "MODES",
    "SCOPES",
    "VERDICTS",
    "Article",
    "Entry",
    "Index",
    "KnownPassage",
    "Search",
    "Settings",
    "SiteTemplate",
    "Verdict",
]

MODES = ("a", "r", "x")
MEMORY = "memory://"
_SERVERS = ("redis://", "rediss://", "unix://", "valkey://", "valkeys://")


@dataclass(frozen=True, slots=True)
class Article:
    """An article as an index knows it.

    ``date`` and ``seen`` (when it first came) are seconds since 1970; ``tokens`` counts words.
    ``verdict`` is what its present text was told when it came, ``versions`` how many texts it had
    before. ``text`` is there only where the index keeps texts.
    """

    id: str
    verdict: Verdict
    date: int | None
    seen: int
    site: str
    tokens: int
    versions: int
    text: str | None

    @classmethod
    def of(cls, record: Record) -> Article:
        """Return what a record says."""
        return cls(
            id=record.id,
            verdict=record.verdict,
            date=record.date,
            seen=record.seen,
            site=record.site,
            tokens=record.count,
            versions=len(record.versions),
            text=None if record.text is None else decompress(record.text),
        )


class Index:
    """Tell of articles, one by one or many, whether they or near copies of them were seen.

    A document is a mapping with ``id`` and ``text`` and, where they are known, ``date`` and
    ``site`` or ``url``; other keys are passed over. Many documents may also be Arrow tables or
    batches with the columns of ``dedup.schema.CORPUS``. An index may be used by several threads
    and processes at once, and after a fork. Use it as a context manager, or close it.

    >>> short = "The council met on Monday and agreed to mend the old bridge before winter."
    >>> with Index.open("memory://") as index:
    ...     index.check_and_add({"id": "a", "text": short}).verdict
    ...     found = index.check_and_add({"id": "b", "text": short.upper()})
    ...     found.verdict, found.duplicate_of, found.relation
    ...     again = index.check_and_add({"id": "b", "text": short.upper()})
    ...     again.verdict, again.first, len(index), "b" in index
    'new'
    ('duplicate', 'a', 'exact')
    ('same', 'duplicate', 2, True)
    """

    def __init__(self, store: Store, stories: Stories | None = None) -> None:
        self.store = store
        self.settings = store.settings
        self._stories = stories
        self._signer = Signer(store.settings)

    @classmethod
    def open(
        cls,
        path: str | PathLike[str],
        config: Config | None = None,
        *,
        mode: str = "a",
        window: str | int | None = None,
        scope: str | None = None,
        store_text: bool | None = None,
        clean: bool | None = None,
        passages: bool | None = None,
        stories: bool | None = None,
        durable: bool = False,
        clock: Callable[[], float] = time.time,
    ) -> Index:
        """Open the index in a file, at ``memory://``, or on a server (``redis://…``).

        ``mode`` is ``a`` (open, or create if there is none), ``r`` (open for reading only) or ``x``
        (create; an index that is there is an error). There is none that empties an index.

        What an index is built with is given when it is created: ``config``, ``window`` (articles
        further apart in time are not compared: ``30d``), ``scope`` (``any``, ``across`` sites,
        ``within`` a site), ``store_text`` (keep the texts, so that near copies are compared
        word for word), ``clean`` (say what goes from each text, templates of its site too) and
        ``passages`` (keep seeds, so that known passages are said and texts are searched for; it
        brings ``clean``, and that ``store_text``), and ``stories`` (tell each article its story;
        not on a server). Later they may be left out; another value is
        ``IndexMismatch``.
        ``durable`` flushes each addition to the disk. Raises ``IndexUnavailable`` where the
        index cannot be opened, ``CorruptIndex`` where it is none.
        """
        asked: dict[str, Any] = {"window": window, "scope": scope, "store_text": store_text}
        asked |= {"clean": clean, "passages": passages}
        if mode not in MODES:
            raise ConfigError("mode", mode, f"one of {', '.join(MODES)}")
        create = _creator(config, asked, mode)
        store = _store(fspath(path), create, mode, durable, clock)
        return cls._agreeing(store, config, asked, stories)

    @classmethod
    def _agreeing(
        cls, store: Store, config: Config | None, asked: dict[str, Any], stories: bool | None = None
    ) -> Index:
        """Return the index of a store that is built as it is asked for."""
        try:
            store.settings.refuse_others(config, **asked)
            told = opened(store, config, stories)
        except BaseException:
            store.close()
            raise
        return cls(store, told)

    @classmethod
    def restore(
        cls,
        path: str | PathLike[str],
        exported: str | PathLike[str],
        *,
        durable: bool = False,
        clock: Callable[[], float] = time.time,
    ) -> Index:
        """Make a new index of a file that ``export`` wrote; it gives the same answers.

        Raises ``CorruptIndex`` where the file does not hold together, before there is an index.
        """
        source = Exported(exported, salt=secrets.randbits(64))
        for _ in source.rows():
            pass
        store = _store(fspath(path), lambda: source.settings, "x", durable, clock)
        try:
            if not isinstance(store, Portable):
                raise OutputError("an index of this kind takes in no exported one")
            store.restore(source.rows())
            for site, line in source.kept_lines:
                store.keep_line(line, site)
        except BaseException:
            store.close()
            raise
        return cls(store)

    def check(self, document: Any) -> Verdict:
        """Return the verdict an article would get, and store nothing; a text alone is enough."""
        entry = self._signer.sign(document, named=False)
        verdicts = self.store.insert([entry], add=False)
        return self._with_stories([document], [entry], verdicts, named=False)[0]

    def check_and_add(self, document: Any) -> Verdict:
        """Say whether an article was seen, and keep it: one step, of which nothing is lost.

        Of several processes that offer the same new article at once exactly one is told ``new``.
        """
        entry = self._signer.sign(document)
        return self._with_stories([document], [entry], self.store.insert([entry], add=True))[0]

    def _with_stories(
        self,
        documents: Sequence[Any],
        entries: Sequence[Entry],
        verdicts: list[Verdict],
        *,
        named: bool = True,
    ) -> list[Verdict]:
        """Return verdicts with the story of each article; those that are ``named`` are placed.

        An article that was kept and not placed, since the process ended between the two, is placed
        when it comes again.
        """
        if self._stories is None:
            return verdicts
        arrived = [
            Arrived.of(metadata_of(document, named=named), entry.digest, verdict)
            for document, entry, verdict in zip(documents, entries, verdicts, strict=True)
        ]
        told = self._stories.tell(arrived) if named else self._stories.known(arrived)
        return [
            dataclasses.replace(verdict, story=story)
            for verdict, story in zip(verdicts, told, strict=True)
        ]

    @property
    def stories(self) -> Stories:
        """The stories that the articles tell; ``ConfigError`` where the index keeps none."""
        if self._stories is None:
            raise ConfigError("stories", False, "true in an index that keeps stories")
        return self._stories

    @property
    def keeps_stories(self) -> bool:
        """Tell whether articles are told their stories."""
        return self._stories is not None

    def search(self, text: str, *, articles: int = MOST) -> Search:
        """Return the passages of a text that stand in articles of the index, longest first.

        A quotation of ten words is enough. The likeliest ``articles`` are compared with the text
        word for word: more of them find more, and take longer. The index must keep passages.

        >>> told = "The mayor said the old bridge would stay closed until the steel was tested."
        >>> with Index.open("memory://", passages=True) as index:
        ...     index.add({"id": "a", "text": "It rained all day. " + told + " Nobody left."})
        ...     [found] = index.search("Asked again, " + told).passages
        ...     found.doc_id, found.start, found.other_start, found.kind
        ('a', 13, 19, 'exact')
        """
        if not self.settings.passages:
            raise ConfigError("passages", False, "true in an index that is searched")
        if articles < 1:
            raise ConfigError("articles", articles, "a whole number from 1 on")
        return self.store.search(clean_string(text), articles)

    def add(self, document: Any) -> None:
        """Keep an article, as ``check_and_add`` does."""
        self.check_and_add(document)

    def check_many(self, documents: Iterable[Any], *, passages: bool = True) -> Iterator[Verdict]:
        """Yield the verdict each article would get if it came next, and store nothing.

        Without ``passages`` none are sought, and nothing is said of what cleaning would take out.
        """
        if passages:
            for entries in self._signer.sign_many(documents, named=False):
                yield from self.store.insert(entries, add=False)
            return
        for sealed in self._signer.seal_many(documents, named=False):
            rows = np.flatnonzero(self.store.met(sealed.keys)).tolist()
            entries = [sealed.entry(row) for row in rows]
            known = dict(
                zip(rows, self.store.insert(entries, add=False, search=False), strict=True)
            )
            for row in range(len(sealed)):
                yield known.get(row) or unknown(sealed.names[row])

    def check_and_add_many(self, documents: Iterable[Any]) -> Iterator[Verdict]:
        """Yield the verdict of each article, in order, and store it.

        Nothing is done before the verdicts are asked for; some hundred articles are kept in one
        step, so a verdict that was yielded is kept.
        """
        if self._stories is not None:
            for some in mappings(documents):
                entries = [each for own in self._signer.sign_many(some) for each in own]
                yield from self._with_stories(some, entries, self.store.insert(entries, add=True))
            return
        for entries in self._signer.sign_many(documents):
            yield from self.store.insert(entries, add=True)

    def add_many(self, documents: Iterable[Any]) -> Counter[str]:
        """Keep articles, and return how many there were of each verdict.

        The quick way to fill an index: many are decided on together, with the same outcome.
        """
        if self._stories is not None:
            return Counter(each.verdict for each in self.check_and_add_many(documents))
        return self.add_entries(
            entry for entries in self._signer.sign_many(documents) for entry in entries
        )

    def add_entries(self, entries: Iterable[Entry]) -> Counter[str]:
        """Keep articles that were made ready by ``sign_many``."""
        if self._stories is not None:
            says = (
                "{name}: an index that keeps them needs the texts; give the documents to add_many"
            )
            raise ConfigError("stories", True, "false for articles that were made ready", says)
        return self.store.load(entries)

    def sign_many(self, documents: Iterable[Any]) -> Iterator[Entry]:
        """Make articles ready for ``add_entries``; in another thread or process, if you like."""
        for entries in self._signer.sign_many(documents):
            yield from entries

    def known_passages(self, documents: Iterable[Any]) -> Iterator[tuple[KnownPassage, ...]]:
        """Yield the passages of each document that stand in articles of the index, longest first.

        The quick way to hold a corpus against an index: documents are looked up many at a time,
        whatever their ids, and each is compared with the 16 likeliest articles. Nothing is kept.
        """
        if not self.settings.passages:
            raise ConfigError("passages", False, "true in an index that is searched")
        for texts in self._signer.texts_of(documents):
            yield from map(tuple, self.store.passages_of(texts))

    def templates(self, site: str | None = None) -> list[SiteTemplate]:
        """Return the lines and sentences that are removed from articles of a site, or of all."""
        self._must_clean()
        return self.store.templates(site)

    def keep_line(self, line: str, site: str | None = None) -> None:
        """Keep a line from being removed as a template: from articles of a site, or of all.

        Articles that came before stay as they were.
        """
        self._must_clean()
        self.store.keep_line(clean_string(line), site)

    def _must_clean(self) -> None:
        if not self.settings.clean:
            raise ConfigError("clean", False, "true in an index that keeps templates of sites")

    def get(self, name: str) -> Article | None:
        """Return what is known of an id."""
        record = self.store.fetch(name)
        return None if record is None else Article.of(record)

    def remove(self, *names: str) -> int:
        """Forget articles; return how many were there.

        Where others are copies of one that goes, the first of them stands for those that stay.
        """
        removed = self.store.remove(names)
        if self._stories is not None:
            self._stories.forget(names)
        return removed

    def expire(self, before: Any) -> int:
        """Forget articles older than a date (``when`` says what is one); return how many.

        An article is as old as its date, or as the day it first came where it has none.
        """
        moment = when(before)
        if moment is None:
            raise ConfigError("before", before, "a date")
        removed = self.store.expire(moment)
        if self._stories is not None:
            aged = self._stories.aged(moment)
            self._stories.forget([each for each in aged if self.store.fetch(each) is None])
        return removed

    def info(self) -> dict[str, Any]:
        """Return what the index is built with, what it holds, and what was bounded."""
        return {
            **self.store.facts(),
            **dataclasses.asdict(self.store.counts()),
            "settings": self.settings.shown(),
            "stories": self.keeps_stories,
        }

    def verify(self) -> list[str]:
        """Check every byte that matters; return what is wrong, nothing if all is well."""
        return [*self.store.verify(), *(self._stories.flaws() if self._stories else ())]

    def rebuild(self) -> int:
        """Compute postings again from the articles; return how many damaged ones were dropped."""
        return self.store.rebuild()

    def compact(self) -> None:
        """Free the space of what was removed, and merge the rest."""
        self.store.compact()

    def backup(self, path: str | PathLike[str]) -> None:
        """Write a copy to a new file, while the index is in use. A live file must not be copied."""
        self.store.backup(path)

    def export(self, path: str | PathLike[str]) -> int:
        """Write all articles, and what is known of them, to a new Parquet file; return how many."""
        return export(self.store, path)

    def close(self) -> None:
        """Let go of the file or of the server; can be done twice."""
        self.store.close()

    def __enter__(self) -> Index:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def __iter__(self) -> Iterator[Article]:
        return (Article.of(record) for record in self.store.records())

    def __len__(self) -> int:
        return self.store.counts().articles

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and self.store.fetch(name) is not None


def _creator(
    config: Config | None, asked: dict[str, Any], mode: str
) -> Callable[[], Settings] | None:
    """Return what makes the settings of a new index, where there may be one."""
    if mode == "r":
        return None

    def create() -> Settings:
        return Settings.of(config or Config(), **asked, salt=secrets.randbits(64))

    if config is not None or any(each is not None for each in asked.values()):
        create()  # what is wrong with it is said before there is a file
    return create


def _store(
    path: str,
    create: Callable[[], Settings] | None,
    mode: str,
    durable: bool,
    clock: Callable[[], float],
) -> Store:
    """Open the store at a path or a URL."""
    if path == MEMORY:
        if create is None:
            raise IndexUnavailable("memory://: there is no index to read")
        return MemoryStore(create(), clock)
    if path.startswith(_SERVERS):
        try:
            module = import_module("dedup.index.redis")
        except ImportError as error:
            raise IndexUnavailable(
                f"an index on a server needs the extra redis: {install('redis')}"
            ) from error
        store: Store = module.open_store(path, create, mode=mode, durable=durable, clock=clock)
        return store
    if "://" in path:
        raise InputError(
            f"an index is a file, memory:// or redis://, got {path.split('://')[0]}://"
        )
    return SQLiteStore(
        Path(path),
        create=create,
        read_only=mode == "r",
        must_be_new=mode == "x",
        durable=durable,
        clock=clock,
    )
