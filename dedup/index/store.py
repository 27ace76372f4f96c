"""The protocol of a store: all that ``rules`` and the facade need of a kind of index."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from os import PathLike
from typing import Any, Protocol

from dedup.index.entries import Entry, Record
from dedup.index.settings import Settings
from dedup.index.verdicts import Verdict

BUCKET = 64  # articles of one key that are looked at, the newest
CANDIDATES = 64  # articles that an article is compared with, those with most keys in common


@dataclass(slots=True)
class Counts:
    """What an index says of itself, in numbers.

    ``articles`` are there, ``representatives`` are those that others are compared with, and
    ``versions`` the earlier texts that are remembered. The last three count additions: dates ahead
    of the clock, articles that met a full bucket, and articles with too many candidates.
    """

    articles: int = 0
    representatives: int = 0
    versions: int = 0
    future_dates: int = 0
    full_buckets: int = 0
    cut_candidates: int = 0


class Store(Protocol):
    """Keep articles and decide on new ones; safe across threads, processes and forks."""

    settings: Settings

    def insert(self, entries: Sequence[Entry], *, add: bool) -> list[Verdict]:
        """Decide on entries in their order, each against all before it; with ``add`` keep them.

        The one step that has to be atomic, for each entry. What was returned is kept.
        """
        ...

    def load(self, entries: Iterable[Entry]) -> Counter[str]:
        """Keep what ``insert`` would keep, as quickly as may be; count the verdicts."""
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
