"""What families are described by: texts, owners, dates, and which documents are copies."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone

import numpy as np
import pyarrow as pa

from dedup.core.arrays import Int64, offsets_of
from dedup.passages.families.find import Families
from dedup.passages.families.owners import Owners
from dedup.text.stopwords import Words
from dedup.text.tokens import Tokens


@dataclass(frozen=True, slots=True)
class Moment:
    """When a document was published: an instant where the time of day is known, else a day."""

    day: str
    instant: datetime | None


def moment_of(date: str | None) -> Moment | None:
    """Return what a date says, ``None`` where it is none that begins with a year.

    >>> print(moment_of("2021-03-04T10:00:00+01:00").instant)
    2021-03-04 09:00:00+00:00
    >>> moment_of("2021-03-04").instant is None, moment_of("yesterday")
    (True, None)
    """
    if not date:
        return None
    try:
        found = datetime.fromisoformat(date.strip().replace("Z", "+00:00"))
    except ValueError:
        return None
    if ":" not in date:
        return Moment(found.date().isoformat(), None)
    known = found if found.tzinfo else found.replace(tzinfo=timezone.utc)
    return Moment(found.date().isoformat(), known.astimezone(timezone.utc))


@dataclass(frozen=True, slots=True)
class Equals:
    """Which documents each representative stands for: ``members[bounds[d]:bounds[d + 1]]``."""

    bounds: Int64
    members: Int64

    @classmethod
    def of(cls, representatives: Int64) -> Equals:
        """Group documents by their representative."""
        sizes = np.bincount(representatives, minlength=len(representatives))
        return cls(offsets_of(sizes), np.argsort(representatives, kind="stable"))

    def expand(self, docs: Int64) -> tuple[Int64, Int64]:
        """Return for each of ``docs`` all it stands for, and the place in ``docs`` of each.

        >>> Equals.of(np.array([0, 1, 0])).expand(np.array([1, 0]))
        (array([1, 0, 2]), array([0, 1, 1]))
        """
        sizes = (self.bounds[1:] - self.bounds[:-1])[docs]
        places = np.repeat(np.arange(len(docs)), sizes)
        inside = np.arange(len(places)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
        return self.members[self.bounds[docs][places] + inside], places


@dataclass(frozen=True, slots=True)
class Sources:
    """The documents of a corpus as far as families are described by them.

    ``representatives`` names for each document the one that stands for it and its equals,
    ``leaders`` the canonical document of its cluster; ``pairs`` (rows of a, b, matched tokens, in
    order) say what two documents share. ``text_of`` returns the text of a document.
    """

    tokens: Tokens
    words: Words
    owners: Owners
    dates: pa.ChunkedArray
    representatives: Int64
    equals: Equals
    leaders: Int64
    pairs: Int64
    text_of: Callable[[int], str]
    _moments: dict[int, Moment | None] = field(default_factory=dict)

    def moment(self, doc: int) -> Moment | None:
        """Return when a document was published."""
        if doc not in self._moments:
            self._moments[doc] = moment_of(self.dates[doc].as_py())
        return self._moments[doc]


def distinct_rows(first: Int64, second: Int64) -> tuple[Int64, Int64, Int64]:
    """Return the distinct rows of two columns in order, and how often each is there.

    >>> [column.tolist() for column in distinct_rows(np.array([1, 0, 1]), np.array([-2, 5, -2]))]
    [[0, 1], [5, -2], [1, 2]]
    """
    least = int(second.min(initial=0))
    size = int(second.max(initial=0)) - least + 1
    keys, counts = np.unique(first * size + (second - least), return_counts=True)
    return keys // size, keys % size + least, counts


@dataclass(frozen=True, slots=True)
class Holders:
    """Which documents hold each family, equal ones too: distinct rows in order of both columns."""

    families: Int64
    docs: Int64
    bounds: Int64

    @classmethod
    def of(cls, families: Families, equals: Equals) -> Holders:
        """Return who holds the wordings of families, not only variants of them."""
        own = families.variants == 0
        docs, places = equals.expand(families.docs[own])
        of_family, docs, _ = distinct_rows(families.families[own][places], docs)
        bounds = offsets_of(np.bincount(of_family, minlength=len(families)))
        return cls(of_family, docs, bounds)

    def of_family(self, family: int) -> Int64:
        """Return the documents of one family."""
        docs: Int64 = self.docs[self.bounds[family] : self.bounds[family + 1]]
        return docs

    def count(self, values: Int64) -> Int64:
        """Return how many distinct values (a number a document; negative: none) each family has."""
        codes = values[self.docs]
        families, _, _ = distinct_rows(self.families[codes >= 0], codes[codes >= 0])
        counts: Int64 = np.bincount(families, minlength=len(self.bounds) - 1)
        return counts

    def largest(self, values: Int64) -> Int64:
        """Return how many documents of each family have the value that most of them have."""
        families, _, counts = distinct_rows(self.families, values[self.docs])
        most = np.zeros(len(self.bounds) - 1, np.int64)
        np.maximum.at(most, families, counts)
        return most


WINDOW = timedelta(hours=72)  # in which the order of two times says who was first
