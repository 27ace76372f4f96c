"""The primitives of the rules over a server: reads are noted, writes wait, and both go together.

A row never changes and a number is never used again. So what was read still holds if the same
numbers stand under the same keys, the same articles are there, and the same members come first;
the script ``commit`` looks at that and writes, in one step.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import fields
from typing import Any

import numpy as np

from dedup.core.arrays import UInt64
from dedup.errors import CorruptIndex
from dedup.index.entries import Record, pack
from dedup.index.redis.server import Server
from dedup.index.rules import Row, keys_of_records
from dedup.index.settings import Settings
from dedup.index.store import BUCKET, Counts

_SEAL, _META = (
    4,
    9,
)  # bytes in front of a record: its seal; that, its group, whether it is a representative
_WAITING = 1 << 40  # from where articles are numbered that are not kept yet


def key_bytes(keys: Sequence[int]) -> bytes:
    """Return keys as scripts take them, five bytes each."""
    return b"".join([key.to_bytes(5, "big") for key in keys])


def packed_keys(keys: bytes) -> bytes:
    """Return the keys of an entry, eight bytes each, as scripts take them."""
    return np.frombuffer(keys, "<u8").astype(">u8").view(np.uint8).reshape(-1, 8)[:, 3:].tobytes()


def number_bytes(number: int) -> bytes:
    """Return a number as the server stores it."""
    return number.to_bytes(4, "big")


def numbers_in(data: bytes) -> list[int]:
    """Return the numbers that are stored together."""
    numbers: list[int] = np.frombuffer(data, ">u4").tolist()
    return numbers


def row_of(number: int, value: bytes, permutations: int) -> Row:
    """Return a row that was read; raise ``CorruptIndex`` where it is not what was written."""
    sealed = hashlib.sha1(number_bytes(number) + value[_SEAL:], usedforsecurity=False)
    if len(value) < _META or sealed.digest()[:_SEAL] != value[:_SEAL]:
        raise CorruptIndex(f"article number {number} of the index is damaged")
    group = int.from_bytes(value[_SEAL : _META - 1], "big")
    return Row(number, group, value[_META - 1] == 1, value[_META:], permutations)


class ServedShelf:
    """What is read and written for one step; ``commit`` says whether it came about."""

    def __init__(self, server: Server, settings: Settings, clock: int) -> None:
        self.settings = settings
        self.counts = Counts()
        self._server = server
        self._latest = clock
        self._buckets: dict[int, bytes] = {}
        self._rows: dict[int, Row] = {}
        self._members: dict[int, tuple[int, bytes]] = {}
        self._gone: dict[int, Row] = {}
        self._made: dict[int, tuple[Row, list[int]]] = {}
        self._ever = 0

    def know(self, keys: Sequence[int], latest: int, buckets: Sequence[bytes]) -> None:
        """Take up buckets that were read."""
        self._latest = max(self._latest, latest)
        self._buckets.update(zip(keys, buckets, strict=True))

    def now(self) -> int:
        """Return the time, which never goes back."""
        return self._latest

    def articles(self, keys: Sequence[int]) -> list[Sequence[int]]:
        """Return the newest ``BUCKET`` articles of each key, in order."""
        missing = [key for key in keys if key not in self._buckets]
        if missing:
            latest, *buckets = self._server.run("buckets", [key_bytes(missing)])
            self.know(missing, int(latest), buckets)
        made: dict[int, list[int]] = {}
        for number, (_, posted) in self._made.items():
            for key in posted:
                made.setdefault(key, []).append(number)
        there = [[*numbers_in(self._buckets[key]), *made.get(key, ())] for key in keys]
        return [[each for each in some if each not in self._gone][-BUCKET:] for some in there]

    def noted_keys(self) -> None:
        """Return no keys: the server has them."""
        return

    def rows(self, numbers: Sequence[int]) -> list[Row]:
        """Return articles by number, in order, without those that were removed."""
        missing = [each for each in numbers if each < _WAITING and each not in self._rows]
        if missing:
            with self._server.calling():
                values = self._server.client.hmget(
                    f"{self._server.key}:docs", [number_bytes(each) for each in missing]
                )
            for number, value in zip(missing, values, strict=True):
                if value is not None:
                    self._rows[number] = row_of(number, value, self.settings.num_perm)
        found = [self._row(each) for each in numbers if each not in self._gone]
        return [row for row in found if row is not None]

    def _row(self, number: int) -> Row | None:
        return self._made[number][0] if number in self._made else self._rows.get(number)

    def append(
        self,
        record: Record,
        keys: list[int],
        group: int | None,
        leads: bool,
        seeds: UInt64 | None = None,
    ) -> int:
        """Keep an article under a number that holds until ``commit``."""
        number = _WAITING + self._ever
        self._ever += 1
        group = number if group is None else group
        row = Row(number, group, leads, record, self.settings.num_perm)
        self._made[number] = (row, keys)
        return number

    def discard(self, row: Row) -> None:
        """Take an article away."""
        if self._made.pop(row.number, None) is None:
            self._gone[row.number] = row

    def member(self, group: int) -> Row | None:
        """Return the first member of a group."""
        if group < _WAITING:
            first = next((each for each in self._first(group) if each not in self._gone), None)
            if first is not None:
                return next(iter(self.rows([first])), None)
        made = (row for row, _ in self._made.values() if row.group == group and not row.leads)
        return next(made, None)

    def _first(self, group: int) -> list[int]:
        """Return the first members of a group, one more than are known to go."""
        last = sum(row.group == group and not row.leads for row in self._gone.values())
        place = f"{self._server.key}:m:".encode() + number_bytes(group)
        with self._server.calling():
            there = b"".join(self._server.client.zrange(place, 0, last))
        known = self._members.get(group)
        if known is None or known[0] < last:
            self._members[group] = (last, there)
        return numbers_in(there)

    def commit(self) -> bool:
        """Write what was decided, if all that was read still holds; tell whether it did."""
        if not (self._gone or self._made or any(self.counts.numbers())):
            return True
        steps: list[Any] = [self._latest]
        for key, bucket in self._buckets.items():
            steps += ("B", key_bytes([key]), bucket)
        for number in self._rows:
            steps += ("R", number_bytes(number))
        for group, (last, there) in self._members.items():
            steps += ("M", number_bytes(group), last, there)
        steps += [*self._discards(), *self._appends()]
        for field, change in zip(fields(Counts), self.counts.numbers(), strict=True):
            if change:
                steps += ("C", field.name, change)
        return bool(self._server.run("commit", steps))

    def _discards(self) -> list[Any]:
        steps: list[Any] = []
        gone = list(self._gone.values())
        made = keys_of_records([row.record for row in gone], self.settings).tolist()
        for row, keys in zip(gone, made, strict=True):
            posted = keys if row.leads else keys[:1]
            steps += ("D", number_bytes(row.number), key_bytes(posted))
        return steps

    def _appends(self) -> list[Any]:
        steps: list[Any] = []
        places = {number: place for place, number in enumerate(self._made, 1)}
        for number, (row, keys) in self._made.items():
            group = b"" if row.group == number else number_bytes(row.group % _WAITING)
            if row.group >= _WAITING and group:
                group = f"p{places[row.group]:08d}".encode()
            leads, when = int(row.leads), row.record.when
            steps += ("A", group, leads, key_bytes(keys), when, pack(row.record))
        return steps
