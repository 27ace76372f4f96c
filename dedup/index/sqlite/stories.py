"""Stories in the file of an index: tables of their own, in the transactions of the rest."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TypeAlias

import numpy as np

from dedup.config import Config
from dedup.core.arrays import Int32, UInt64
from dedup.errors import CorruptIndex
from dedup.index.sqlite.database import STORY_SCHEMA, Database, among, any_of, sealed
from dedup.index.stories import (
    SETTINGS,
    Change,
    Near,
    Placed,
    StoryShelf,
    Told,
    Vector,
    joint_balance,
)

_AT_ONCE = 500  # values of a query
_FAR = 1 << 31  # no count and no day is as large
_COUNTS = "what the index has counted for stories is damaged"
Cells: TypeAlias = tuple[int, str, int, int, bytes, bytes, int]
_ARTICLE = "number, name, day, story, near, vector, seal"


class SQLiteStories:
    """The store of stories in the file of an index."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def settings(self) -> Config | None:
        """Return the settings of stories, ``None`` where the index keeps none."""
        with self._database.reading() as connection:
            names = [name for (name,) in connection.execute("SELECT name FROM sqlite_master")]
            if "story_settings" not in names:
                return None
            rows = connection.execute("SELECT seal, json FROM story_settings").fetchall()
        damaged = f"{self._database.path}: the settings of stories are damaged"
        if len(rows) != 1 or rows[0][0] != sealed(str(rows[0][1]).encode()):
            raise CorruptIndex(damaged)
        try:
            known = json.loads(rows[0][1])
            return Config(**{name: known[name] for name in SETTINGS})
        except (ValueError, KeyError, TypeError, RecursionError):  # of a stranger
            raise CorruptIndex(damaged) from None

    def create(self, config: Config) -> None:
        """Make the tables, in an index that has no articles."""
        text = json.dumps({name: getattr(config, name) for name in SETTINGS})
        with self._database.writing() as connection:
            names = [name for (name,) in connection.execute("SELECT name FROM sqlite_master")]
            if "story_settings" in names:  # another process was first
                return
            for sql in STORY_SCHEMA.values():
                connection.execute(sql)
            row = (sealed(text.encode()), text)
            connection.execute("INSERT INTO story_settings VALUES (1, ?, ?)", row)

    @contextmanager
    def writing(self) -> Iterator[StoryShelf]:
        """Give the shelf in a transaction that is kept as a whole, or not at all."""
        with self._database.writing() as connection:
            yield SQLiteStoryShelf(connection)

    @contextmanager
    def reading(self) -> Iterator[StoryShelf]:
        """Give the shelf as it is now."""
        with self._database.reading() as connection:
            yield SQLiteStoryShelf(connection)

    def flaws(self) -> list[str]:
        """Name what is damaged."""
        with self._database.reading() as connection:
            rows = connection.execute(f"SELECT {_ARTICLE} FROM story_articles").fetchall()
        return [flaw for cells in rows if (flaw := _flaw(cells))]


class SQLiteStoryShelf:
    """The shelf of stories, within a transaction."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def frequencies(self, terms: UInt64) -> tuple[Int32, Int32]:
        """Return in how many articles each term occurs, and its balance."""
        known = self._terms(_signed(terms))
        counts = [known.get(term, (0, 0)) for term in _signed(terms)]
        documents = np.array([each for each, _ in counts], np.int32)
        return documents, np.array([each for _, each in counts], np.int32)

    def _terms(self, terms: list[int]) -> dict[int, tuple[int, int]]:
        found = {}
        for low in range(0, len(terms), _AT_ONCE):
            some = terms[low : low + _AT_ONCE]
            marks, given = among(some)
            sql = f"SELECT term, documents, balance FROM story_terms WHERE term IN {marks}"
            for term, documents, balance in self._connection.execute(sql, given):
                if not (0 <= documents < _FAR and -_FAR <= balance < _FAR):
                    raise CorruptIndex(_COUNTS)
                found[term] = documents, balance
        return found

    def count(self, terms: UInt64, balance: Int32) -> int:
        """Count the terms of one more article; return how many articles there are."""
        names = _signed(terms)
        known = self._terms(names)
        rows = []
        for term, more in zip(names, balance.tolist(), strict=True):
            documents, before = known.get(term, (0, 0))
            rows.append((term, documents + 1, joint_balance(before, more)))
        self._connection.executemany("INSERT OR REPLACE INTO story_terms VALUES (?, ?, ?)", rows)
        sql = "UPDATE story_counts SET articles = articles + 1"
        if not self._connection.execute(sql).rowcount:
            self._connection.execute("INSERT INTO story_counts VALUES (1, 1, 0)")
        (articles,) = self._connection.execute("SELECT articles FROM story_counts").fetchone()
        if articles < 1:
            raise CorruptIndex(_COUNTS)
        return int(articles)

    def holders(self, term: int, most: int) -> list[tuple[int, int, int]]:
        """Return (article, value, day) where a term is among the heaviest, the newest ``most``."""
        sql = (
            "SELECT number, value, day FROM story_heads WHERE term = ? ORDER BY number DESC LIMIT ?"
        )
        (name,) = _signed(np.array([term], np.uint64))
        return self._connection.execute(sql, (name, most)).fetchall()

    def placed(self, numbers: Iterable[int]) -> list[Placed]:
        """Return articles by number, in order, without those that were removed."""
        wanted, found = list(numbers), {}
        for low in range(0, len(wanted), _AT_ONCE):
            some = wanted[low : low + _AT_ONCE]
            marks, given = among(some)
            sql = f"SELECT {_ARTICLE} FROM story_articles WHERE number IN {marks}"
            for cells in self._connection.execute(sql, given):
                found[cells[0]] = _article(cells)
        return [found[each] for each in wanted if each in found]

    def members(self, story: int, most: int) -> list[int]:
        """Return the articles of a story, the first ``most``."""
        sql = "SELECT number FROM story_articles WHERE story = ? ORDER BY number LIMIT ?"
        return [number for (number,) in self._connection.execute(sql, (story, most))]

    def place(self, name: str, day: int, vector: Vector, heads: UInt64) -> int:
        """Keep an article as a story of its own; return its number."""
        self._connection.execute("UPDATE story_counts SET last = last + 1")
        (number,) = self._connection.execute("SELECT last FROM story_counts").fetchone()
        data = _packed(vector)
        row = (number, name, day, number, b"", data, sealed(data, number, day))
        marks = any_of(len(row))
        self._connection.execute(f"INSERT INTO story_articles VALUES {marks}", row)
        values = dict(zip(vector.terms.tolist(), vector.values.tolist(), strict=True))
        names = zip(_signed(heads), heads.tolist(), strict=True)
        rows = [(term, number, values.get(key, 0), day) for term, key in names]
        self._connection.executemany("INSERT INTO story_heads VALUES (?, ?, ?, ?)", rows)
        return int(number)

    def move(self, number: int, story: int) -> None:
        """Give an article to a story."""
        sql = "UPDATE story_articles SET story = ? WHERE number = ?"
        self._connection.execute(sql, (story, number))

    def approach(self, number: int, near: Near) -> None:
        """Keep the nearest partners of an article."""
        data = np.array(near, "<i8").tobytes()
        sql = "UPDATE story_articles SET near = ? WHERE number = ?"
        self._connection.execute(sql, (data, number))

    def called(self, name: str) -> Placed | None:
        """Return the article of an id."""
        sql = f"SELECT {_ARTICLE} FROM story_articles WHERE name = ?"
        cells = self._connection.execute(sql, (name,)).fetchone()
        return None if cells is None else _article(cells)

    def forget(self, article: Placed) -> None:
        """Forget an article; others may name it as a partner."""
        number = (article.number,)
        self._connection.execute("DELETE FROM story_articles WHERE number = ?", number)
        rows = [(term, article.number) for term in _signed(article.vector.terms)]
        self._connection.executemany("DELETE FROM story_heads WHERE term = ? AND number = ?", rows)

    def told(self, name: str, digest: int) -> Told | None:
        """Return what an article with this id and text was told first."""
        sql = "SELECT story FROM story_told WHERE name = ? AND digest = ?"
        row = self._connection.execute(sql, (name, _as_signed(digest))).fetchone()
        return None if row is None else Told(row[0])

    def tell(self, name: str, digest: int, story: str | None) -> None:
        """Keep what an article was told."""
        row = (name, _as_signed(digest), story)
        self._connection.execute("INSERT INTO story_told VALUES (?, ?, ?)", row)

    def untell(self, name: str) -> None:
        """Forget what an article was told."""
        self._connection.execute("DELETE FROM story_told WHERE name = ?", (name,))

    def aged(self, day: int) -> list[str]:
        """Return the ids of articles whose day is before that one, or not known."""
        sql = "SELECT name FROM story_articles WHERE day < ?"
        return [name for (name,) in self._connection.execute(sql, (day,))]

    def log(self, name: str, before: str, after: str, because: str) -> None:
        """Keep a change of story."""
        sql = "INSERT INTO story_changes(name, old_story, new_story, because) VALUES (?, ?, ?, ?)"
        self._connection.execute(sql, (name, before, after, because))

    def changes(self, after: int) -> list[Change]:
        """Return the changes with a number above ``after``, in order."""
        sql = (
            "SELECT number, name, old_story, new_story, because FROM story_changes "
            "WHERE number > ? ORDER BY number"
        )
        return [Change(*cells) for cells in self._connection.execute(sql, (after,))]


def _flaw(cells: Cells) -> str:
    """Return what is wrong with an article, nothing if all is well."""
    number, _, day, story, near, data, seal = cells
    right = number > 0 and story > 0 and -_FAR <= day < _FAR
    if not right or seal != sealed(data, number, day) or len(near) % 16 or len(data) % 10:
        return f"the vector of article {number} of a story is damaged"
    return ""


def _article(cells: Cells) -> Placed:
    if flaw := _flaw(cells):
        raise CorruptIndex(flaw)
    number, name, day, story, near, data, _ = cells
    pairs = np.frombuffer(near, "<i8").reshape(-1, 2).tolist()
    count = len(data) // 10
    terms = np.frombuffer(data, "<u8", count).astype(np.uint64)
    values = np.frombuffer(data, "<u2", count, 8 * count).astype(np.int64)
    return Placed(number, name, day, story, Vector(terms, values), tuple(map(tuple, pairs)))


def _packed(vector: Vector) -> bytes:
    return vector.terms.astype("<u8").tobytes() + vector.values.astype("<u2").tobytes()


def _signed(terms: UInt64) -> list[int]:
    """Return hashes as SQLite takes numbers."""
    found: list[int] = np.ascontiguousarray(terms, np.uint64).view(np.int64).tolist()
    return found


def _as_signed(digest: int) -> int:
    return digest - (1 << 64) if digest >> 63 else digest
