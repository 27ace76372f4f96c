"""The protocol of a store: all that ``rules`` and the facade need of a kind of index."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, fields
from operator import attrgetter
from os import PathLike
from typing import TYPE_CHECKING, Any, Protocol

from dedup.core.arrays import Bool, Texts, UInt64
from dedup.index.entries import Entry, Record
from dedup.index.settings import Settings
from dedup.index.verdicts import KnownPassage, Verdict

if TYPE_CHECKING:
    from dedup.index.searching import Search
    from dedup.index.templates import SiteTemplate

BUCKET = 64  # articles of one key that are looked at, the newest
CANDIDATES = 64  # articles that an article is compared with, those with most keys in common


@dataclass(slots=True)
class Counts:
    """What an index says of itself, in numbers.

    ``articles`` are there, ``representatives`` are those that others are compared with, and
    ``versions`` the earlier texts that are remembered. The others count additions: dates ahead of
    the clock, articles that met a full bucket, and articles with too many candidates; articles with
    passage seeds that more articles have than are looked at, and those that share seeds with more
    articles than they are aligned with.
    """

    articles: int = 0
    representatives: int = 0
    versions: int = 0
    future_dates: int = 0
    full_buckets: int = 0
    cut_candidates: int = 0
    full_seeds: int = 0
    cut_searches: int = 0

    def numbers(self) -> tuple[int, ...]:
        """Return them in order; ``astuple`` copies deeply, and this is asked for at each addition.

        >>> Counts(articles=3, versions=1).numbers()[:3]
        (3, 0, 1)
        """
        found: tuple[int, ...] = _NUMBERS(self)
        return found


_NUMBERS = attrgetter(*(each.name for each in fields(Counts)))


class Store(Protocol):
    """Keep articles and decide on new ones; safe across threads, processes and forks."""

    settings: Settings

    def insert(self, entries: Sequence[Entry], *, add: bool, search: bool = True) -> list[Verdict]:
        """Decide on entries in their order, each against all before it; with ``add`` keep them.

        The one step that has to be atomic, for each entry. What was returned is kept. Passages are
        sought where the index keeps them, unless ``search`` is false.
        """
        ...

    def met(self, keys: UInt64) -> Bool:
        """Tell which articles may be known, by a row of keys each (``Entry``); others are new."""
        ...

    def load(self, entries: Iterable[Entry]) -> Counter[str]:
        """Keep what ``insert`` would keep, as quickly as may be; count the verdicts."""
        ...

    def search(self, text: str, most: int) -> Search:
        """Return what of a text stands in the articles, the likeliest ``most`` of them compared."""
        ...

    def fetch(self, name: str) -> Record | None:
        """Return what is kept under an id."""
        ...

    def records(self) -> Iterator[Record]:
        """Yield what is kept, in the order in which it came; it may change meanwhile."""
        ...

    def remove(self, names: Iterable[str]) -> int:
        """Forget articles; return how many were there."""
        ...

    def expire(self, before: int) -> int:
        """Forget articles older than a time; return how many."""
        ...

    def passages_of(self, texts: Texts) -> list[list[KnownPassage]]:
        """Return what each of many texts shares with the articles; they are looked up together."""
        ...

    def templates(self, site: str | None) -> list[SiteTemplate]:
        """Return the templates of a site, or of all."""
        ...

    def keep_line(self, line: str, site: str | None) -> None:
        """Keep a line from being removed as a template, of one site or of all."""
        ...

    def counts(self) -> Counts:
        """Return the numbers of ``info``."""
        ...

    def facts(self) -> dict[str, Any]:
        """Return what else ``info`` says of this kind of store, under ``kind`` its name."""
        ...

    def verify(self) -> list[str]:
        """Return what is wrong, nothing if all is well."""
        ...

    def rebuild(self) -> int:
        """Compute postings again from the articles; return how many damaged ones were dropped."""
        ...

    def compact(self) -> None:
        """Free the space of what was removed."""
        ...

    def backup(self, path: str | PathLike[str]) -> None:
        """Write a copy that is whole to a new file."""
        ...

    def close(self) -> None:
        """Let go of the file or of the server; can be done twice."""
        ...
