"""Tokens or characters to hashed shingles."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from dedup.config import Config
from dedup.core.arrays import Int64, Texts, UInt64, offsets_of, runs_of_rows
from dedup.kernels import shingles as kernel
from dedup.kernels import windows
from dedup.kernels.shingles import close_gaps
from dedup.text.tokens import Tokens, folding

_MANY_SHINGLES = (
    1 << 20
)  # of one text; above this a hash table would be too large, and they are sorted

CHAR_FACTOR = 3
_SHORT_TEXT = 20
_RUN_SHINGLES = 1 << 20  # that a thread makes distinct at a time


@dataclass(frozen=True, slots=True)
class Shingles:
    """Hashed shingles of documents: those of ``i`` are ``values[offsets[i]:offsets[i + 1]]``."""

    values: UInt64
    offsets: Int64

    def __len__(self) -> int:
        return len(self.offsets) - 1


def shingle_unit(config: Config, counts: Int64) -> str:
    """Settle ``auto``: characters when the median document has fewer than 20 tokens.

    >>> shingle_unit(Config(shingle_unit="auto"), np.array([5, 8, 300]))
    'char'
    """
    if config.shingle_unit != "auto":
        return config.shingle_unit
    filled = counts[counts > 0]
    return "char" if len(filled) and float(np.median(filled)) < _SHORT_TEXT else "word"


def shingle_tokens(units: UInt64, bounds: Int64, size: int) -> Shingles:
    """Hash every sequence of ``size`` units of each document.

    A document of fewer units has one shingle, of all of them; one without units has none.
    """
    counts = np.diff(bounds)
    made = np.where(counts >= size, counts - size + 1, np.minimum(counts, 1))
    offsets = offsets_of(made)
    values = np.empty(int(offsets[-1]), np.uint64)
    kernel.shingle_rows(units, bounds, size, values, offsets)
    return Shingles(values, offsets)


def character_units(texts: Texts) -> tuple[UInt64, Int64]:
    """Return the folded characters of each text as hashes, one blank between words, and bounds."""
    table = folding()
    bounds = np.empty(len(texts) + 1, np.int64)

    def run(out: UInt64 | None) -> None:
        kernel.character_rows(texts.data, texts.offsets, table, out, bounds)

    run(None)  # counts first, so that the array has the exact size
    units = np.empty(int(bounds[-1]), np.uint64)
    run(units)
    return units, bounds


def shingle_texts(texts: Texts, tokens: Tokens, config: Config) -> Shingles:
    """Make the shingles that ``config`` asks for.

    The unit must be settled: ``auto`` looks at a whole corpus (``shingle_unit``), and texts may be
    a part of one. Raises ``ValueError`` for it.
    """
    if config.shingle_unit == "auto":
        raise ValueError("shingle_unit is auto; settle it for the whole corpus by shingle_unit()")
    if config.shingle_unit == "char":
        units, bounds = character_units(texts)
        return shingle_tokens(units, bounds, config.shingle_size * CHAR_FACTOR)
    return shingle_tokens(tokens.hashes, tokens.bounds, config.shingle_size)


def distinct_shingles(shingles: Shingles, *, threads: int = 1) -> Shingles:
    """Return the distinct shingles of each document, in order of first occurrence.

    They are moved together in place: ``shingles`` must not be used any more.

    >>> made = distinct_shingles(Shingles(np.array([7, 3, 7], np.uint64), np.array([0, 3])))
    >>> made.values.tolist(), made.offsets.tolist()
    ([7, 3], [0, 2])
    """
    values = shingles.values
    sizes = np.empty(len(shingles), np.int64)

    def run(span: tuple[int, int]) -> None:
        low, high = span
        kernel.distinct_rows(values, shingles.offsets[low : high + 1], sizes[low:high])

    if threads > 1:
        with ThreadPoolExecutor(threads) as pool:
            list(pool.map(run, runs_of_rows(shingles.offsets, _RUN_SHINGLES)))
    else:
        run((0, len(shingles)))
    offsets = offsets_of(sizes)
    kernel.close_gaps(values, shingles.offsets, offsets)
    return Shingles(values[: int(offsets[-1])], offsets)


def shingle_batch(texts: Texts, rows: Int64, config: Config) -> Shingles:
    """Return the distinct shingles of some rows (ascending) of a batch of texts."""
    capacity = int(np.sum(texts.offsets[rows + 1] - texts.offsets[rows])) + len(rows)
    values, bounds = np.empty(capacity, np.uint64), np.empty(len(rows) + 1, np.int64)
    scheme = windows.Scheme(folding(), config.shingle_size, None)
    given = texts.data, texts.offsets
    windows.shingle_texts(given, rows, scheme, _MANY_SHINGLES, bounds, values)
    sizes = np.diff(bounds)
    for row in np.flatnonzero(sizes > _MANY_SHINGLES).tolist():
        sizes[row] = _sort_out(values[bounds[row] : bounds[row + 1]])
    offsets = offsets_of(sizes)
    if offsets[-1] < bounds[-1]:
        close_gaps(values, bounds, offsets)
    values.resize(int(offsets[-1]), refcheck=False)
    return Shingles(values, offsets)


def _sort_out(values: UInt64) -> int:
    """Move the distinct values to the front, by where each first stands; return how many."""
    _, first = np.unique(values, return_index=True)
    first.sort()
    values[: len(first)] = values[first]
    return len(first)
