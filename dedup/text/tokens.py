"""Texts to folded tokens with offsets into the original."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from dedup.core.arrays import Int32, Int64, Texts, UInt8, UInt64, runs_of_rows
from dedup.core.parallel import in_order
from dedup.core.storage import Columns
from dedup.kernels import text as kernel
from dedup.kernels.quotes import mark_quote_rows
from dedup.kernels.text import Details, Folding

FOLDING_VERSION = 2
_RUN_BYTES = 1 << 20  # of text whose tokens are made at a time: they stay in the cache
_BARE_BYTES = 1 << 18  # the same of texts that are only looked at once
_KINDS: dict[str, type[Any]] = {
    "hashes": np.uint64,
    "prefixes": np.uint64,
    "starts": np.int32,
    "ends": np.int32,
    "flags": np.uint8,
}


@cache
def folding() -> Folding:
    """Load the folding table of this version."""
    with np.load(Path(__file__).with_name("folding.npz")) as arrays:
        return Folding(arrays["stage"].astype(np.uint32), arrays["values"], arrays["expansions"])


@dataclass(frozen=True, slots=True)
class Tokens:
    """Tokens of many documents: those of document ``i`` are ``bounds[i]:bounds[i + 1]``.

    ``hashes`` are the folded words (64 bits), ``prefixes`` their first six folded characters,
    ``starts`` and ``ends`` code points of the document's own text, half open, ``flags`` the bits
    of ``kernels/text.py``.
    """

    bounds: Int64
    hashes: UInt64
    prefixes: UInt64
    starts: Int32
    ends: Int32
    flags: UInt8

    def __len__(self) -> int:
        return len(self.bounds) - 1

    def counts(self) -> Int64:
        """Return the number of tokens of each document."""
        return np.diff(self.bounds)

    def arrays(self) -> kernel.Tokens:
        """Return the arrays as kernels take them."""
        return kernel.Tokens(
            self.bounds, self.hashes, self.prefixes, self.starts, self.ends, self.flags
        )

    def part(self, low: int, high: int) -> Tokens:
        """Return the tokens of the documents ``low:high``, without a copy."""
        bounds = self.bounds[low : high + 1]
        position = slice(int(bounds[0]), int(bounds[-1]))
        return Tokens(bounds - bounds[0], *(getattr(self, name)[position] for name in _KINDS))


def joined_tokens(parts: Sequence[Tokens]) -> Tokens:
    """Return the tokens of several lots of documents, one behind the other."""
    offsets = np.cumsum([0, *(len(each.hashes) for each in parts)])
    bounds = [each.bounds[1:] + low for each, low in zip(parts, offsets, strict=False)]
    columns = (np.concatenate([getattr(each, name) for each in parts]) for name in _KINDS)
    return Tokens(np.concatenate([np.zeros(1, np.int64), *bounds]), *columns)


def tokenise_texts(texts: Texts, *, threads: int = 1, columns: Columns | None = None) -> Tokens:
    """Tokenise every text with offsets, stems and flags.

    ``columns`` is where the arrays are to stand, by default in memory.

    >>> from dedup.core.arrays import texts_from_strings
    >>> tokens = tokenise_texts(texts_from_strings(["Syria’s Café", ""]))
    >>> tokens.counts().tolist(), tokens.starts.tolist(), tokens.ends.tolist()
    ([2, 0], [0, 8], [7, 12])
    """
    columns = columns or Columns()
    capacity = _room(texts.offsets)
    grown = [columns.grow(name, kind, capacity) for name, kind in _KINDS.items()]
    bounds = np.zeros(len(texts) + 1, np.int64)
    runs = list(runs_of_rows(texts.offsets, _RUN_BYTES))
    rooms = _Rooms(max((_room(texts.offsets[low : high + 1]) for low, high in runs), default=0))
    made = in_order(lambda run: _tokenise_run(texts, *run, rooms.take()), runs, threads)
    for (low, high), (own, room) in zip(runs, made, strict=True):
        bounds[low + 1 : high + 1] = own[1:] + bounds[low]
        for column, values in zip(grown, room, strict=True):
            column.append(values[: own[-1]])
        rooms.give(room)
        columns.ease()
    return Tokens(bounds, *(column.done() for column in grown))


def bare_tokens(texts: Texts, rows: int) -> Iterator[tuple[int, Tokens]]:
    """Yield the tokens of texts, up to so many texts at a time, with the row of the first.

    They have no ``QUOTED`` flags, and hold until the next are asked for: of texts that are only
    looked at once, memory that is new would cost as much as the tokens do.
    """
    cuts = [
        (first, min(first + rows, high))
        for low, high in runs_of_rows(texts.offsets, _BARE_BYTES)
        for first in range(low, high, rows)
    ]
    rooms = _Rooms(max((_room(texts.offsets[low : high + 1]) for low, high in cuts), default=0))
    room = rooms.take()
    for low, high in cuts:
        bounds = _tokens_of_run(texts, low, high, room)
        yield low, Tokens(bounds, *(column[: bounds[-1]] for column in room))


class TokenRoom:
    """Room for the tokens of texts that come bit by bit: an array of each kind, in ``columns``."""

    def __init__(self, size: int) -> None:
        self.columns = tuple(np.empty(size, kind) for kind in _KINDS.values())

    def write(self, texts: Texts, begin: int) -> Tokens:
        """Write the tokens of texts from ``begin`` on, and return them.

        There must be room for a token of each byte, and one more of each text.
        """
        room = tuple(column[begin:] for column in self.columns)
        bounds, _ = _tokenise_run(texts, 0, len(texts), room)
        return Tokens(bounds, *(column[: bounds[-1]] for column in room))

    def put(self, tokens: Tokens, begin: int) -> None:
        """Write tokens that were made before from ``begin`` on."""
        for column, name in zip(self.columns, _KINDS, strict=True):
            column[begin : begin + len(tokens.hashes)] = getattr(tokens, name)

    def tokens(self, bounds: Int64) -> Tokens:
        """Return the tokens that stand between bounds, which begin with 0."""
        return Tokens(bounds, *(column[: bounds[-1]] for column in self.columns))


def read_tokens(bounds: Int64, columns: Columns) -> Tokens:
    """Return the tokens that an earlier run left in files."""
    return Tokens(bounds, *(columns.read(name, kind) for name, kind in _KINDS.items()))


def _room(offsets: Int64) -> int:
    """Return a bound on the tokens of texts: each takes at least one byte."""
    return int(offsets[-1] - offsets[0]) + len(offsets)


class _Rooms:
    """Room for the tokens of a run of texts, used again: memory that is new costs more than work.

    Each room is one array of each of ``_KINDS``. Columns copy what they are given, or write it.
    """

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._free: list[tuple[Any, ...]] = []

    def take(self) -> tuple[Any, ...]:
        """Return a room that nobody uses."""
        try:
            return self._free.pop()
        except IndexError:
            return tuple(np.empty(self._capacity, kind) for kind in _KINDS.values())

    def give(self, room: tuple[Any, ...]) -> None:
        """Give a room back."""
        self._free.append(room)


def _tokenise_run(
    texts: Texts, low: int, high: int, room: tuple[Any, ...]
) -> tuple[Int64, tuple[Any, ...]]:
    """Write the tokens of the texts ``low:high`` to ``room``; return their bounds, and it."""
    bounds = _tokens_of_run(texts, low, high, room)
    _, _, starts, _, flags = room
    offsets = texts.offsets[low : high + 1]
    mark_quote_rows(texts.data, offsets, folding(), starts, flags, bounds)
    return bounds, room


def _tokens_of_run(texts: Texts, low: int, high: int, room: tuple[Any, ...]) -> Int64:
    """Write the tokens of the texts ``low:high`` without ``QUOTED``; return their bounds."""
    bounds = np.empty(high - low + 1, np.int64)
    hashes, prefixes, starts, ends, flags = room
    details = Details(prefixes, starts, ends, flags)
    offsets = texts.offsets[low : high + 1]
    kernel.tokenise_rows(texts.data, offsets, folding(), hashes, details, bounds)
    return bounds
