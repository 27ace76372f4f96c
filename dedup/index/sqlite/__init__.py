"""An index in one SQLite file. The articles are the truth; the postings follow from them.

Writing an article appends one row. Its postings stay in the memory of every process that has the
index open, made from the newest rows, until a few thousand of them become a sorted run (``runs``).
"""

from __future__ import annotations

import os
import secrets
import sqlite3
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from itertools import islice
from os import PathLike
from pathlib import Path
from typing import Any

from dedup.core.arrays import Bool, Texts, UInt64
from dedup.errors import CorruptIndex, IndexUnavailable, OutputError
from dedup.index.entries import Entry, Record
from dedup.index.rules import Row, Rules
from dedup.index.searching import Search
from dedup.index.settings import Settings
from dedup.index.sqlite.bulk import AT_ONCE, is_plain, load_chunk
from dedup.index.sqlite.checking import flaws, rebuild
from dedup.index.sqlite.database import Database, connection_facts, sealed
from dedup.index.sqlite.settling import TAIL, settle
from dedup.index.sqlite.shelf import PAGE, SQLiteShelf
from dedup.index.sqlite.stories import SQLiteStories
from dedup.index.store import Counts
from dedup.index.templates import (
    SiteTemplate,
    count_again,
    keep_line,
    kept_lines,
    templates,
    thinned_sites,
)
from dedup.index.verdicts import KnownPassage, Verdict

_SITES = 16  # that are counted again in one transaction
_GONE_SHARE = 0.5  # removed articles, of those that are there, from which postings are cleaned


class SQLiteStore:
    """Keep an index in a file that several processes and threads may use at once."""

    def __init__(
        self,
        path: Path,
        *,
        create: Callable[[], Settings] | None = None,
        read_only: bool = False,
        must_be_new: bool = False,
        durable: bool = False,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """Open a file; ``create`` gives the settings of one that is not there yet.

        ``durable`` flushes every addition to the disk, so that a power cut loses none.
        """
        made = None if create is None else lambda: create().to_json()
        self.path = path
        self._database = Database(
            path, made, read_only=read_only, must_be_new=must_be_new, durable=durable
        )
        try:
            self.settings = self._settings()
        except BaseException:
            self._database.close()
            raise
        self.stories = SQLiteStories(self._database)
        self._rules = Rules(self.settings)
        self._shelf = SQLiteShelf(self.settings, clock)

    def _settings(self) -> Settings:
        with self._database.reading() as connection:
            rows = connection.execute("SELECT seal, json FROM settings").fetchall()
        if len(rows) != 1 or rows[0][0] != sealed(str(rows[0][1]).encode()):
            raise CorruptIndex(f"{self.path}: the settings of the index are damaged")
        return Settings.from_json(rows[0][1])

    def _at(self, connection: sqlite3.Connection) -> SQLiteShelf:
        """Bring the shelf to what the file holds in this transaction."""
        self._shelf.take_up(connection, anew=self._database.forgotten)
        self._database.forgotten = False
        return self._shelf

    def insert(self, entries: Sequence[Entry], *, add: bool, search: bool = True) -> list[Verdict]:
        """Decide on entries in their order, and with ``add`` keep them, in one transaction."""
        if not add:
            with self._database.reading() as connection:
                return self._rules.insert_all(self._at(connection), entries, add, search)
        with self._database.writing() as connection:
            shelf = self._at(connection)
            verdicts = self._rules.insert_all(shelf, entries, add, search)
            if shelf.waiting >= TAIL:
                settle(shelf)
            shelf.settle_seeds()
            shelf.save()
        return verdicts

    def met(self, keys: UInt64) -> Bool:
        """Tell which articles may be known, by a row of keys each."""
        with self._database.reading() as connection:
            return self._rules.met(self._at(connection), keys)

    def search(self, text: str, most: int) -> Search:
        """Return what of a text stands in the articles."""
        with self._database.reading() as connection:
            return self._rules.search(self._at(connection), text, most)

    def load(self, entries: Iterable[Entry]) -> Counter[str]:
        """Keep entries, many in one transaction, and count the verdicts."""
        told: Counter[str] = Counter()
        waiting = iter(entries)
        while chunk := list(islice(waiting, AT_ONCE)):
            made = self._load(chunk) if len(chunk) >= TAIL and is_plain(self.settings) else None
            told.update(self._load_slowly(chunk) if made is None else made)
        return told

    def _load(self, chunk: list[Entry]) -> Counter[str] | None:
        with self._database.writing() as connection:
            shelf = self._at(connection)
            made = load_chunk(shelf, chunk)
            shelf.save()
        return made

    def _load_slowly(self, chunk: list[Entry]) -> Iterator[str]:
        for low in range(0, len(chunk), TAIL):
            some = self.insert(chunk[low : low + TAIL], add=True, search=False)
            yield from (each.verdict for each in some)

    def fetch(self, name: str) -> Record | None:
        """Return what is kept under an id."""
        with self._database.reading() as connection:
            row = self._rules.called(self._at(connection), name)
        return None if row is None else row.record

    def records(self) -> Iterator[Record]:
        """Yield what is kept, in the order in which it came; it may change meanwhile."""
        after, more = 0, True
        while more:
            with self._database.reading() as connection:
                rows = next(self._at(connection).pages(after), [])
            yield from (row.record for row in rows)
            more = len(rows) == PAGE
            after = rows[-1].number if rows else after

    def rows(self) -> Iterator[Row]:
        """Yield all articles with their numbers and groups, as they are at one moment."""
        with self._database.reading() as connection:
            for rows in self._at(connection).pages(0):
                yield from rows

    def restore(self, rows: Iterable[Row]) -> None:
        """Take articles into an index that has none, as they are, in one transaction."""
        with self._database.writing() as connection:
            shelf = self._at(connection)
            if shelf.next > 1:
                raise OutputError(f"{self.path}: it has had articles, and takes in no others")
            shelf.restore(rows)
            shelf.save()
            rebuild(shelf, connection)
            shelf.save()
            self._database.forgotten = True

    def remove(self, names: Iterable[str]) -> int:
        """Forget articles; return how many were there."""
        removed = 0
        with self._database.writing() as connection:
            shelf = self._at(connection)
            for name in names:
                row = self._rules.called(shelf, name)
                if row is not None:
                    self._rules.take_away(shelf, row)
                    removed += 1
            shelf.save()
        return removed

    def expire(self, before: int) -> int:
        """Forget articles older than a time, some in each transaction; return how many."""
        removed = 0
        while numbers := self._older(before):
            for low in range(0, len(numbers), PAGE):
                removed += self._forget(numbers[low : low + PAGE])
        if removed:
            self._clean()
        return removed

    def passages_of(self, texts: Texts) -> list[list[KnownPassage]]:
        """Return what each of many texts shares with the articles."""
        with self._database.reading() as connection:
            return self._rules.passages_of(self._at(connection), texts)

    def templates(self, site: str | None) -> list[SiteTemplate]:
        """Return the templates of a site, or of all."""
        with self._database.reading() as connection:
            return templates(self._at(connection), site)

    def keep_line(self, line: str, site: str | None) -> None:
        """Keep a line from being removed as a template, of one site or of all."""
        with self._database.writing() as connection:
            shelf = self._at(connection)
            keep_line(shelf, self._rules.cleaner, line, site)
            shelf.save()

    def kept_lines(self) -> list[tuple[str | None, str]]:
        """Return the lines that are kept, each with its site, ``None`` for all."""
        with self._database.reading() as connection:
            return kept_lines(self._at(connection))

    def _older(self, before: int) -> list[int]:
        """Return the articles older than a time; what represents others comes after those."""
        with self._database.reading() as connection:
            sql = "SELECT number FROM docs WHERE time < ? ORDER BY leads, number"
            return [number for (number,) in connection.execute(sql, (before,))]

    def _forget(self, numbers: list[int]) -> int:
        with self._database.writing() as connection:
            shelf = self._at(connection)
            rows = {row.number: row for row in shelf.rows(numbers)}
            for number in numbers:
                if number in rows:
                    self._rules.take_away(shelf, rows[number])
            shelf.save()
        return len(rows)

    def _clean(self) -> None:
        if self.settings.clean:
            self._count_sites()
        with self._database.writing() as connection:
            shelf = self._at(connection)
            if len(shelf.gone()) > max(TAIL, _GONE_SHARE * shelf.counts.articles):
                shelf.settle_seeds(everything=True)
                settle(shelf, everything=True)
                shelf.save()

    def _count_sites(self) -> None:
        """Count the sites again that lost articles, some in each transaction."""
        with self._database.reading() as connection:
            places = thinned_sites(self._at(connection))
        for low in range(0, len(places), _SITES):
            with self._database.writing() as connection:
                shelf = self._at(connection)
                for place in places[low : low + _SITES]:
                    count_again(shelf, place)

    def counts(self) -> Counts:
        """Return the numbers of ``info``."""
        with self._database.reading() as connection:
            return self._at(connection).counts

    def facts(self) -> dict[str, Any]:
        """Return what ``info`` says of this kind of store."""
        with self._database.reading() as connection:
            shelf = self._at(connection)
            return {
                "kind": "sqlite",
                "path": str(self.path),
                "bytes": sum(_size(f"{self.path}{end}") for end in ("", "-wal")),
                "postings": sum(run.postings for run in shelf.runs),
                "runs": len(shelf.runs),
                "waiting": shelf.waiting,
                **({} if shelf.seeds is None else shelf.seeds.facts()),
                **connection_facts(),
            }

    def verify(self) -> list[str]:
        """Check pages, rows and postings; return what is wrong, nothing if all is well."""
        with self._database.reading() as connection:
            (*wrong,) = (each for (each,) in connection.execute("PRAGMA integrity_check(10)"))
            if wrong != ["ok"]:
                return wrong
            try:
                shelf = self._at(connection)
            except CorruptIndex as error:
                return [str(error)]
            return flaws(shelf)

    def rebuild(self) -> int:
        """Compute the postings again; return how many damaged articles were dropped."""
        with self._database.writing() as connection:
            dropped = rebuild(self._shelf, connection)
            self._shelf.save()
            self._database.forgotten = True
        return dropped

    def compact(self) -> None:
        """Merge all postings into one run, and free the space of what was removed."""
        with self._database.writing() as connection:
            shelf = self._at(connection)
            if shelf.next > 1:
                shelf.settle_seeds(everything=True)
                settle(shelf, everything=True)
            shelf.save()
        with self._database.alone() as connection:
            connection.execute("VACUUM")
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def backup(self, path: str | PathLike[str]) -> None:
        """Write a copy that is whole; a file that is there already is not written over."""
        final = Path(path)
        if final.exists():
            raise IndexUnavailable(f"{final}: there is something already")
        hidden = final.with_name(f".{final.name[:40]}.{secrets.token_hex(6)}.tmp")
        try:
            with self._database.copying() as connection:
                with closing(sqlite3.connect(hidden)) as target:
                    connection.backup(target)
                    target.execute("PRAGMA journal_mode=DELETE")
                _flush(hidden)
                _give_name(hidden, final)
        finally:
            hidden.unlink(missing_ok=True)

    def close(self) -> None:
        """Close the file."""
        self._database.close()


def _give_name(hidden: Path, final: Path) -> None:
    """Give a file its name, but write over none."""
    try:
        os.link(hidden, final)
    except FileExistsError:
        raise
    except OSError:  # no links here
        if final.exists():
            raise
        hidden.rename(final)


def _size(path: str) -> int:
    try:
        return Path(path).stat().st_size
    except OSError:
        return 0


def _flush(path: Path) -> None:
    with path.open("rb+") as file:
        os.fsync(file.fileno())
