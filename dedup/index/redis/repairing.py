"""All of an index on a server checked, and its postings computed again.

Others may use the index meanwhile: articles that come while it is looked at are left alone, and
what seems to be missing is looked at again.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice

import numpy as np

from dedup.core.arrays import UInt64
from dedup.errors import CorruptIndex
from dedup.index.redis.served import number_bytes, numbers_in, row_of
from dedup.index.redis.server import SLOTS, Server
from dedup.index.redis.walking import PAGE, known_numbers, slot_key, state_of, used_slots, values
from dedup.index.rules import Row, keys_of_records
from dedup.index.settings import Settings
from dedup.index.store import BUCKET

_ENTRY = 7  # bytes of a posting
_SLICES = 256  # of postings that are looked at one after the other, by the first byte of the key
_WIDTH = SLOTS // _SLICES  # strings of a slice
_COUNTED = ("articles", "representatives", "versions")
_UPPER = np.uint64(32)
_NONE = np.zeros(0, np.uint64)


@dataclass(slots=True)
class _Survey:
    """What a walk over all articles finds."""

    state: dict[str, int]
    last: int = 0
    found: dict[str, int] = field(default_factory=lambda: dict.fromkeys(_COUNTED, 0))
    damaged: list[int] = field(default_factory=list)
    keys: list[UInt64] = field(default_factory=list)
    numbers: list[UInt64] = field(default_factory=list)
    groups: defaultdict[int, list[int]] = field(default_factory=lambda: defaultdict(list))
    days: defaultdict[int, list[int]] = field(default_factory=lambda: defaultdict(list))

    def take(self, rows: list[Row], settings: Settings) -> None:
        """Note what follows from some articles."""
        keys = keys_of_records([row.record for row in rows], settings)
        numbers = np.array([row.number for row in rows], np.uint64)
        leads = np.array([row.leads for row in rows], np.bool_)
        self.keys += [keys[leads].reshape(-1), keys[~leads, 0]]
        self.numbers += [np.repeat(numbers[leads], keys.shape[1]), numbers[~leads]]
        self.found["articles"] += len(rows)
        self.found["representatives"] += int(leads.sum())
        self.found["versions"] += sum(len(row.record.versions) for row in rows)
        for row in rows:
            self.days[row.record.when // 86_400].append(row.number)
            if not row.leads and row.group != row.number:
                self.groups[row.group].append(row.number)

    def postings(self) -> list[UInt64]:
        """Return the postings of each slice: the lower bytes of the key, and the number."""
        keys, numbers = np.concatenate([_NONE, *self.keys]), np.concatenate([_NONE, *self.numbers])
        places = (keys >> _UPPER).astype(np.int64)
        made = ((keys & np.uint64(0xFFFFFFFF)) << _UPPER) | numbers
        made = made[np.lexsort((made, places))]
        ends = np.cumsum(np.bincount(places, minlength=_SLICES))[:-1]
        return list(np.split(made, ends))


def _walk(server: Server, settings: Settings) -> _Survey:
    survey = _Survey(state_of(server))
    numbers = known_numbers(server)
    survey.last = max([survey.state.get("next", 0), *numbers[-1:]])
    for low in range(0, len(numbers), PAGE):
        found = values(server, numbers[low : low + PAGE])
        rows = {number: _whole(number, value, settings) for number, value in found}
        survey.damaged += [number for number, row in rows.items() if row is None]
        survey.take([row for row in rows.values() if row is not None], settings)
    return survey


def _whole(number: int, value: bytes, settings: Settings) -> Row | None:
    """Return a row if it is as it was written."""
    try:
        row = row_of(number, value, settings.num_perm)
        return row if row.record else None
    except CorruptIndex:
        return None


def _there(server: Server, part: int, slots: list[int]) -> UInt64:
    """Return the postings of some strings of a slice, in order."""
    with server.calling():
        strings = server.client.mget([slot_key(server, part * _WIDTH + low) for low in slots])
    made = [_NONE]
    for low, data in zip(slots, strings, strict=True):
        data = data or b""
        bytes_ = np.frombuffer(data, np.uint8)[: len(data) // _ENTRY * _ENTRY].reshape(-1, _ENTRY)
        whole = np.zeros((len(bytes_), 8), np.uint8)
        whole[:, 0], whole[:, 1:] = low, bytes_
        some = whole.view(">u8").reshape(-1).astype(np.uint64)
        made.append(some[(some & np.uint64(0xFFFFFFFF)) != np.uint64(0xFFFFFFFF)])
    return np.sort(np.concatenate(made))


def _slices(server: Server, survey: _Survey) -> Iterator[tuple[int, list[int], UInt64]]:
    """Yield slices that there are or should be: number, strings, postings that they should have."""
    used = used_slots(server)
    parts = np.split(used, np.searchsorted(used, np.arange(1, _SLICES) * _WIDTH))
    for part, (some, wanted) in enumerate(zip(parts, survey.postings(), strict=True)):
        slots = np.union1d(some % _WIDTH, (wanted >> np.uint64(56)).astype(np.int64))
        if len(slots):
            yield part, slots.tolist(), wanted


def flaws(server: Server, settings: Settings) -> list[str]:
    """Name what is wrong with articles, counts, groups and postings."""
    survey = _walk(server, settings)
    found = [f"article number {number} is damaged" for number in survey.damaged]
    found += _miscounts(server, survey)
    wrong = _lost_members(server, survey)
    if wrong:
        found.append(f"{wrong} members are not in the lists of their groups")
    with server.calling():
        full = {bytes(key) for key in server.client.smembers(f"{server.key}:full")}
    for part, slots, wanted in _slices(server, survey):
        there = _there(server, part, slots)
        count = len(_differences(server, survey, wanted, there, part, full))
        if count:
            found.append(f"{count} postings of slice {part} do not follow from the articles")
    return found


def _miscounts(server: Server, survey: _Survey) -> list[str]:
    found = []
    if survey.last > survey.state.get("next", 0):
        found.append(f"article number {survey.last} is there, the last one counted is another")
    now = state_of(server)
    for name, count in survey.found.items():
        told = survey.state.get(name, 0)
        if count != told and now.get(name, 0) == told:
            found.append(f"{count} {name} are there, {told} are counted")
    return found


def _lost_members(server: Server, survey: _Survey) -> int:
    lost, groups = 0, iter(survey.groups.items())
    while some := list(islice(groups, PAGE)):
        pipe = server.client.pipeline(transaction=False)
        for group, _ in some:
            pipe.zrange(_group_key(server, group), 0, -1)
        with server.calling():
            lists = pipe.execute()
        for (_, wanted), there in zip(some, lists, strict=True):
            missing = set(wanted) ^ set(numbers_in(b"".join(there)))
            lost += len(values(server, [each for each in missing if each <= survey.last]))
    return lost


def _differences(
    server: Server, survey: _Survey, wanted: UInt64, there: UInt64, part: int, full: set[bytes]
) -> list[int]:
    """Return the postings that differ, but not of oversized keys or removed articles."""
    wrong = np.setxor1d(wanted, there).tolist()
    damaged, known = set(survey.damaged), set(wanted.tolist()) if wrong else set()
    wrong = [
        each
        for each in wrong
        if (number := each & 0xFFFFFFFF) <= survey.last
        and number not in damaged
        and bytes([part]) + (each >> 32).to_bytes(4, "big") not in full
    ]
    missing = [each & 0xFFFFFFFF for each in wrong if each in known]
    still = {number for number, _ in values(server, missing)}
    return [each for each in wrong if each not in known or each & 0xFFFFFFFF in still]


def rebuild(server: Server, settings: Settings) -> int:
    """Compute all postings again from the articles; return how many damaged ones were dropped."""
    survey = _walk(server, settings)
    with server.calling():
        for number in survey.damaged:
            server.client.hdel(f"{server.key}:docs", number_bytes(number))
        server.client.delete(f"{server.key}:full")
        if survey.last > survey.state.get("next", 0):
            server.client.hset(f"{server.key}:state", "next", survey.last)
    _mend_groups(server, survey)
    _mend_days(server, survey)
    for part, slots, wanted in _slices(server, survey):
        _mend_slots(server, survey.last, part, slots, _newest(server, part, wanted))
    steps: list[object] = [0]
    for name, count in survey.found.items():
        steps += ("C", name, count - survey.state.get(name, 0))
    server.run("commit", steps)
    return len(survey.damaged)


def _newest(server: Server, part: int, wanted: UInt64) -> UInt64:
    """Return the postings that fit into buckets, and note the oversized keys."""
    keys, first, often = np.unique(wanted >> _UPPER, return_index=True, return_counts=True)
    behind = np.repeat(first + often, often) - np.arange(len(wanted))
    oversized = [bytes([part]) + int(key).to_bytes(4, "big") for key in keys[often > BUCKET]]
    if oversized:
        with server.calling():
            server.client.sadd(f"{server.key}:full", *oversized)
    newest: UInt64 = wanted[behind <= BUCKET]
    return newest


def _mend_slots(server: Server, last: int, part: int, slots: list[int], wanted: UInt64) -> None:
    whole = wanted.astype(">u8").view(np.uint8).reshape(-1, 8)
    ends = np.searchsorted(whole[:, 0], np.arange(_WIDTH + 1))
    for some in range(0, len(slots), 64):
        steps: list[object] = [last]
        for low in slots[some : some + 64]:
            postings = whole[ends[low] : ends[low + 1], 1:].tobytes()
            steps += ((part * _WIDTH + low).to_bytes(2, "big"), postings)
        server.run("mend", steps)


def _mend_groups(server: Server, survey: _Survey) -> None:
    for group, numbers in survey.groups.items():
        with server.calling():
            there = numbers_in(b"".join(server.client.zrange(_group_key(server, group), 0, -1)))
            gone = [each for each in set(there) - set(numbers) if each <= survey.last]
            if gone:
                server.client.zrem(_group_key(server, group), *map(number_bytes, gone))
            lost = {number_bytes(each): each for each in set(numbers) - set(there)}
            if lost:
                server.client.zadd(_group_key(server, group), lost)


def _mend_days(server: Server, survey: _Survey) -> None:
    for day, numbers in survey.days.items():
        name = f"{server.key}:t:{day}"
        with server.calling():
            there = set(numbers_in(server.client.get(name) or b""))
            lost = b"".join(number_bytes(each) for each in numbers if each not in there)
            if lost:
                server.client.append(name, lost)
            server.client.zadd(f"{server.key}:days", {str(day): day})


def compact(server: Server) -> None:
    """Free the space of removed postings."""
    used = used_slots(server).tolist()
    for low in range(0, len(used), 64):
        steps: list[object] = ["-"]
        for slot in used[low : low + 64]:
            steps += (slot.to_bytes(2, "big"), b"")
        server.run("mend", steps)


def _group_key(server: Server, group: int) -> bytes:
    return f"{server.key}:m:".encode() + number_bytes(group)
