"""An index on a Redis or Valkey server, shared by as many processes and machines as like.

One script decides on an article and keeps it, in one call. Where texts have to be compared, or an
article gets another text, the rules decide here and a second script writes if nothing that
was looked at has changed (``served``).
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from itertools import islice
from os import PathLike
from typing import Any, TypeVar

import numpy as np

from dedup.core.arrays import Bool, Texts, UInt64
from dedup.errors import ConfigError, CorruptIndex, IndexUnavailable, OutputError
from dedup.index.entries import FRESH, Entry, Record, pack, unpack_verdict
from dedup.index.redis.repairing import compact, flaws, rebuild
from dedup.index.redis.served import ServedShelf, numbers_in, packed_keys, row_of
from dedup.index.redis.server import Server
from dedup.index.redis.walking import counts_of, forget_days, old_days, older, pages, room
from dedup.index.rules import Rules, record_of
from dedup.index.searching import Search
from dedup.index.settings import Settings
from dedup.index.store import Counts
from dedup.index.templates import SiteTemplate
from dedup.index.verdicts import KnownPassage, Verdict

_AT_ONCE = 16  # articles of one call; the server does nothing else meanwhile
_LOADED = 512  # articles whose verdicts are asked for together when many are added
_PAGE = 100  # articles that expire in one step
_TRIES = 100
_THERE, _DECIDED = 1, 2

Result = TypeVar("Result")


def open_store(
    url: str,
    create: Callable[[], Settings] | None,
    *,
    mode: str = "a",
    durable: bool = False,
    clock: Callable[[], float] = time.time,
) -> RedisStore:
    """Open the index of a URL; its ``name`` tells the indexes of a server apart.

    ``durable`` asks for a server that flushes every addition. Raises ``IndexUnavailable`` where
    there is no server, none that keeps what it is given, or no index to read.
    """
    server = Server(url)
    try:
        server.refuse_forgetful()
        if durable:
            server.refuse_lazy()
        settings = server.take_settings(None if create is None else _kept(create), mode == "x")
    except BaseException:
        server.close()
        raise
    return RedisStore(server, settings, read_only=mode == "r", clock=clock)


def _kept(create: Callable[[], Settings]) -> Callable[[], Settings]:
    """Return what makes settings; it raises ``ConfigError`` for what is not kept on a server."""

    def made() -> Settings:
        settings = create()
        for name in ("passages", "clean"):  # the former brings the latter
            if getattr(settings, name):
                raise _not_kept(name, True)
        return settings

    return made


_NOT_KEPT = {
    "passages": "{name}: an index on a server keeps no passages; give a file, or memory://",
    "clean": "{name}: an index on a server keeps no templates of sites; give a file, or memory://",
}


def _not_kept(name: str, got: bool) -> ConfigError:
    """Return the error for a setting that an index on a server has not, with what to do."""
    return ConfigError(name, got, f"{not got} in an index on a server", _NOT_KEPT[name])


class RedisStore:
    """Keep an index on a server."""

    def __init__(
        self, server: Server, settings: Settings, *, read_only: bool, clock: Callable[[], float]
    ) -> None:
        self.settings = settings
        self._server = server
        self._read_only = read_only
        self._clock = clock
        self._rules = Rules(settings)

    def insert(self, entries: Sequence[Entry], *, add: bool, search: bool = True) -> list[Verdict]:
        """Decide on entries in their order, and with ``add`` keep each in one step."""
        if add:
            self._must_write()
        verdicts: list[Verdict] = []
        while len(verdicts) < len(entries):
            some = entries[len(verdicts) : len(verdicts) + _AT_ONCE]
            arguments: list[Any] = [int(add), int(self._clock())]
            for each in some:
                arguments += (packed_keys(each.keys), _unseen(each))
            told = self._server.run("insert", arguments)
            verdicts += [self._verdict(*each, add) for each in zip(some, told, strict=False)]
        return verdicts

    def _verdict(self, entry: Entry, answer: list[Any], add: bool) -> Verdict:
        kind, *found = answer
        if kind == _THERE:
            number, value = found
            row = row_of(numbers_in(number)[0], value, self.settings.num_perm)
            told = row.record.told(entry.digest)
            if told is None:
                raise CorruptIndex("an article of the index is not what its server says")
            return told.again()
        if kind == _DECIDED:
            verdict = unpack_verdict(found[0], entry.id)
            return verdict if verdict.cluster else replace(verdict, cluster=None)
        shelf = self._shelf()
        shelf.know(entry.key_list(), int(found[0]), found[1:])
        if not add:
            return self._rules.insert(shelf, entry, add=False)
        return self._change(lambda each: self._rules.insert(each, entry, add=True), shelf)

    def _shelf(self) -> ServedShelf:
        return ServedShelf(self._server, self.settings, int(self._clock()))

    def _change(
        self, decide: Callable[[ServedShelf], Result], shelf: ServedShelf | None = None
    ) -> Result:
        """Decide here and write, again where somebody else changed what was looked at."""
        self._must_write()
        for _ in range(_TRIES):
            shelf = shelf or self._shelf()
            made = decide(shelf)
            if shelf.commit():
                return made
            shelf = None
        raise IndexUnavailable(f"{self._server.shown}: too many change the same articles at once")

    def _must_write(self) -> None:
        if self._read_only:
            raise IndexUnavailable(f"{self._server.shown}: the index is open for reading only")

    def load(self, entries: Iterable[Entry]) -> Counter[str]:
        """Keep entries, and count the verdicts."""
        told: Counter[str] = Counter()
        waiting = iter(entries)
        while chunk := list(islice(waiting, _LOADED)):
            told.update(each.verdict for each in self.insert(chunk, add=True))
        return told

    def fetch(self, name: str) -> Record | None:
        """Return what is kept under an id."""
        row = self._rules.called(self._shelf(), name)
        return None if row is None else row.record

    def search(self, text: str, most: int) -> Search:
        """Raise ``ConfigError``: an index on a server keeps no passages."""
        raise _not_kept("passages", False)

    def met(self, keys: UInt64) -> Bool:
        """Say of all articles that they may be known: to ask is one call, as to decide is."""
        return np.ones(len(keys), np.bool_)

    def passages_of(self, texts: Texts) -> list[list[KnownPassage]]:
        """Raise ``ConfigError``: an index on a server keeps no passages."""
        raise _not_kept("passages", False)

    def templates(self, site: str | None) -> list[SiteTemplate]:
        """Raise ``ConfigError``: an index on a server keeps no templates."""
        raise _not_kept("clean", False)

    def keep_line(self, line: str, site: str | None) -> None:
        """Raise ``ConfigError``: an index on a server keeps no templates."""
        raise _not_kept("clean", False)

    def kept_lines(self) -> list[tuple[str | None, str]]:
        """Return the lines that are kept from cleaning: an index on a server has none."""
        return []

    def records(self) -> Iterator[Record]:
        """Yield what is kept, in the order in which it came; it may change meanwhile."""
        for rows in pages(self._server, self.settings):
            yield from (row.record for row in rows)

    def remove(self, names: Iterable[str]) -> int:
        """Forget articles, each in one step; return how many were there."""
        return sum(self._change(partial(self._forget, name=name)) for name in names)

    def _forget(self, shelf: ServedShelf, name: str) -> bool:
        row = self._rules.called(shelf, name)
        if row is not None:
            self._rules.take_away(shelf, row)
        return row is not None

    def expire(self, before: int) -> int:
        """Forget articles older than a time, some in each step; return how many."""
        days = old_days(self._server, before)
        numbers = older(self._server, self.settings, days, before)
        removed = 0
        for low in range(0, len(numbers), _PAGE):
            some = numbers[low : low + _PAGE]
            removed += self._change(partial(self._forget_all, numbers=some))
        forget_days(self._server, days)
        return removed

    def _forget_all(self, shelf: ServedShelf, numbers: list[int]) -> int:
        rows = {row.number: row for row in shelf.rows(sorted(numbers))}
        there = [rows[number] for number in numbers if number in rows]
        for row in there:
            self._rules.take_away(shelf, row)
        return len(there)

    def counts(self) -> Counts:
        """Return the numbers of ``info``."""
        return counts_of(self._server)

    def facts(self) -> dict[str, Any]:
        """Return what ``info`` says of this kind of store; ``bytes`` is estimated."""
        client = self._server.client
        with self._server.calling():
            version = client.info("server").get("redis_version")
            return {
                "kind": "redis",
                "path": self._server.shown,
                "bytes": room(self._server),
                "server": version,
            }

    def verify(self) -> list[str]:
        """Check articles, counts and postings; return what is wrong, nothing if all is well."""
        return flaws(self._server, self.settings)

    def rebuild(self) -> int:
        """Compute the postings again; return how many damaged articles were dropped."""
        self._must_write()
        return rebuild(self._server, self.settings)

    def compact(self) -> None:
        """Free the space of removed postings."""
        self._must_write()
        compact(self._server)

    def backup(self, path: str | PathLike[str]) -> None:
        """Raise ``OutputError``: a server has its own way of being copied."""
        raise OutputError(
            f"{self._server.shown}: an index on a server has no backup of its own; copy the dump "
            "of the server (BGSAVE) or its append-only file"
        )

    def close(self) -> None:
        """Let go of the server; what was kept stays there."""
        self._server.close()


def _unseen(entry: Entry) -> bytes:
    """Return an article packed as if it were new; the server fills in time and verdict."""
    return pack(record_of(entry, entry.date, 0, FRESH))
