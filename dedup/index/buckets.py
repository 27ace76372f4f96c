"""Postings in memory: the newest articles of each key, in one dictionary.

Nearly all keys have one article, and most articles bring keys that are all new. A number stands for
itself until a second one joins it, and whether any key of an article is known is asked once for all
of them. Lists of one took two thirds of the time, and most of the memory.
"""

from __future__ import annotations

from collections.abc import Sequence

from dedup.index.store import BUCKET

_NOBODY: tuple[int, ...] = ()


class Buckets:
    """The newest ``BUCKET`` articles of each key, in the order in which they came.

    >>> buckets = Buckets()
    >>> buckets.post([7, 8], 1)
    >>> buckets.post([8, 9], 2)
    >>> buckets.find([7, 8, 10]), len(buckets)
    ([[1], [1, 2], ()], 4)
    """

    def __init__(self) -> None:
        self._held: dict[int, int | list[int]] = {}

    def __len__(self) -> int:
        """Return how many postings there are."""
        return sum(1 if isinstance(each, int) else len(each) for each in self._held.values())

    def keys(self) -> list[int]:
        """Return the keys that articles have."""
        return [*self._held]

    def clear(self) -> None:
        """Forget all."""
        self._held.clear()

    def post(self, keys: Sequence[int], number: int) -> None:
        """Enter an article, newer than all before, under its keys (each once)."""
        held = self._held
        if held.keys().isdisjoint(keys):
            held.update(dict.fromkeys(keys, number))
            return
        for key in keys:
            there = held.get(key)
            if there is None:
                held[key] = number
            elif isinstance(there, int):
                held[key] = [there, number]
            else:
                there.append(number)
                del there[:-BUCKET]

    def find(self, keys: Sequence[int]) -> list[Sequence[int]]:
        """Return the articles of each key."""
        held = self._held
        if held.keys().isdisjoint(keys):
            return [_NOBODY] * len(keys)
        return [_numbers(there) for there in map(held.get, keys)]


def _numbers(there: int | list[int] | None) -> Sequence[int]:
    if there is None:
        return _NOBODY
    return [there] if isinstance(there, int) else there
