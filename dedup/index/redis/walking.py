"""Many articles of a server at a time: all in order, those of a day, what they take."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import fields

import numpy as np

from dedup.core.arrays import Int64
from dedup.index.redis.served import number_bytes, numbers_in, row_of
from dedup.index.redis.server import Server
from dedup.index.rules import Row
from dedup.index.settings import Settings
from dedup.index.store import Counts

PAGE = 1000  # articles that are read at a time where many are
_DAY = 86_400
_SAMPLE = 256  # strings of postings whose size is asked for


def state_of(server: Server) -> dict[str, int]:
    """Return what is counted, ``next`` (the last number given) and ``latest``."""
    with server.calling():
        found = server.client.hgetall(f"{server.key}:state")
    return {name.decode(): int(value) for name, value in found.items()}


def counts_of(server: Server) -> Counts:
    """Return the numbers of ``info``."""
    state = state_of(server)
    return Counts(*(state.get(field.name, 0) for field in fields(Counts)))


def values(server: Server, numbers: Sequence[int]) -> list[tuple[int, bytes]]:
    """Return the records of numbers, as far as they exist."""
    if not numbers:
        return []
    with server.calling():
        found = server.client.hmget(f"{server.key}:docs", [number_bytes(each) for each in numbers])
    return [(each, value) for each, value in zip(numbers, found, strict=True) if value is not None]


def known_numbers(server: Server) -> list[int]:
    """Return the numbers of all articles, in order."""
    with server.calling():
        return sorted(numbers_in(b"".join(server.client.hkeys(f"{server.key}:docs"))))


def pages(server: Server, settings: Settings) -> Iterator[list[Row]]:
    """Yield all articles in order, some at a time; those that come meanwhile are left out."""
    last = state_of(server).get("next", 0)
    with server.calling():
        sparse = 4 * server.client.hlen(f"{server.key}:docs") < last
    numbers: Sequence[int] = known_numbers(server) if sparse else range(1, last + 1)
    for low in range(0, len(numbers), PAGE):
        found = values(server, numbers[low : low + PAGE])
        yield [row_of(number, value, settings.num_perm) for number, value in found]


def old_days(server: Server, before: int) -> list[int]:
    """Return the days that may have articles older than a time."""
    with server.calling():
        found = server.client.zrangebyscore(f"{server.key}:days", "-inf", before // _DAY)
    return [int(day) for day in found]


def older(server: Server, settings: Settings, days: list[int], before: int) -> list[int]:
    """Return the articles of days older than a time; what represents others comes last."""
    numbers: list[int] = []
    for day in days:
        with server.calling():
            numbers += numbers_in(server.client.get(f"{server.key}:t:{day}") or b"")
    ordered: list[tuple[bool, int]] = []
    for low in range(0, len(numbers), PAGE):
        for number, value in values(server, numbers[low : low + PAGE]):
            row = row_of(number, value, settings.num_perm)
            if row.record.when < before:
                ordered.append((row.leads, number))
    return [number for _, number in sorted(set(ordered))]


def forget_days(server: Server, days: list[int]) -> None:
    """Forget the lists of days of which no article is left."""
    for day in days:
        with server.calling():
            listed = server.client.get(f"{server.key}:t:{day}") or b""
        numbers = numbers_in(listed)
        left = any(
            values(server, numbers[low : low + PAGE]) for low in range(0, len(numbers), PAGE)
        )
        if not left:
            server.run("day", [day, len(listed)])


def room(server: Server) -> int | None:
    """Return how many bytes articles and postings take, estimated from samples."""
    client, used = server.client, used_slots(server)
    with server.calling():
        pipe = client.pipeline(transaction=False)
        for slot in used[:: len(used) // _SAMPLE + 1].tolist():
            pipe.memory_usage(slot_key(server, slot))
        pipe.memory_usage(f"{server.key}:docs", samples=100)
        *slots, articles = pipe.execute()
    return sum(each or 0 for each in slots) * (len(used) // _SAMPLE + 1) + (articles or 0)


def used_slots(server: Server) -> Int64:
    """Return the strings of postings that there may be."""
    with server.calling():
        bits = server.client.get(f"{server.key}:slots") or b""
    return np.flatnonzero(np.unpackbits(np.frombuffer(bits, np.uint8)))


def slot_key(server: Server, slot: int) -> bytes:
    """Return the key of a string of postings."""
    return f"{server.key}:p:".encode() + slot.to_bytes(2, "big")
