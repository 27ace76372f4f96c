"""Texts to folded tokens with offsets into the original."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from dedup.arrays import Int32, Int64, Texts, UInt8, UInt32, UInt64
from dedup.kernels import text as kernel

FOLDING_VERSION = 1
_CHUNK_BYTES = 4 << 20


@dataclass(frozen=True, slots=True)
class Folding:
    """The folding table: two stages of 128 code points, and what folds to several characters."""

    stage: UInt32
    values: UInt32
    expansions: UInt32


@cache
def folding() -> Folding:
    """Load the folding table of this version."""
    with np.load(Path(__file__).with_name("folding.npz")) as arrays:
        return Folding(arrays["stage"].astype(np.uint32), arrays["values"], arrays["expansions"])


@dataclass(frozen=True, slots=True)
class Tokens:
    """Tokens of many documents: those of document ``i`` are ``bounds[i]:bounds[i + 1]``.

    ``hashes`` are the folded words (64 bits), ``stems`` their first six folded characters,
    ``starts`` and ``ends`` code points of the document's own text, half open, ``flags`` the bits
    of ``kernels/text.py``.
    """

    bounds: Int64
    hashes: UInt64
    stems: UInt64
    starts: Int32
    ends: Int32
    flags: UInt8

    def __len__(self) -> int:
        return len(self.bounds) - 1

    def counts(self) -> Int64:
        """Return the number of tokens of each document."""
        return np.diff(self.bounds)


def runs_of_rows(offsets: Int64, size: int = _CHUNK_BYTES) -> Iterator[tuple[int, int]]:
    """Cut the rows of a ragged array into runs of about ``size`` values; at least one row each.

    >>> list(runs_of_rows(np.array([0, 4, 5, 9]), size=5))
    [(0, 2), (2, 3)]
    """
    low, rows = 0, len(offsets) - 1
    while low < rows:
        high = int(np.searchsorted(offsets, offsets[low] + size, side="right")) - 1
        high = min(max(high, low + 1), rows)
        yield low, high
        low = high


def tokenise_texts(texts: Texts, *, threads: int = 1) -> Tokens:
    """Tokenise every text with offsets, stems and flags.

    >>> from dedup.arrays import texts_from_strings
    >>> tokens = tokenise_texts(texts_from_strings(["Syria’s Café", ""]))
    >>> tokens.counts().tolist(), tokens.starts.tolist(), tokens.ends.tolist()
    ([2, 0], [0, 8], [7, 12])
    """
    with ThreadPoolExecutor(max(threads, 1)) as pool:
        parts = list(pool.map(lambda run: _tokenise_run(texts, *run), runs_of_rows(texts.offsets)))
    counts = [np.diff(part.bounds) for part in parts]
    bounds = np.zeros(len(texts) + 1, np.int64)
    if parts:
        np.cumsum(np.concatenate(counts), out=bounds[1:])
    return Tokens(
        bounds,
        *(
            _joined([getattr(part, name) for part in parts], kind)
            for name, kind in (
                ("hashes", np.uint64),
                ("stems", np.uint64),
                ("starts", np.int32),
                ("ends", np.int32),
                ("flags", np.uint8),
            )
        ),
    )


def _joined(parts: list[npt.NDArray[Any]], kind: type) -> npt.NDArray[Any]:
    return np.concatenate(parts) if parts else np.zeros(0, kind)


def _tokenise_run(texts: Texts, low: int, high: int) -> Tokens:
    table = folding()
    offsets = texts.offsets[low : high + 1]
    # A token takes at least one byte and is followed by another that is none; a character of an
    # unspaced script takes three.
    room = int(offsets[-1] - offsets[0]) // 2 + (high - low) + 1
    hashes = np.empty(room, np.uint64)
    stems = np.empty(room, np.uint64)
    starts = np.empty(room, np.int32)
    ends = np.empty(room, np.int32)
    flags = np.empty(room, np.uint8)
    bounds = np.empty(high - low + 1, np.int64)
    kernel.tokenise_rows(
        texts.data,
        offsets,
        table.stage,
        table.values,
        table.expansions,
        hashes,
        stems,
        starts,
        ends,
        flags,
        bounds,
    )
    count = int(bounds[-1])
    return Tokens(
        bounds,
        hashes[:count].copy(),
        stems[:count].copy(),
        starts[:count].copy(),
        ends[:count].copy(),
        flags[:count].copy(),
    )
