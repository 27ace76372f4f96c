"""Passages that two documents share, word for word or re-worded.

Seeds are hashed runs of a few words that stand in 2 to ``passage_max_documents`` documents. Two
documents that share a chain of seeds are aligned along it; an alignment counts when enough of its
matched words are neither stop words nor names. Parts that continue each other become one passage,
and a strong passage grows over re-worded text as long as both sides stay alike.
"""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from dedup.arrays import Bool, Float64, Int64, UInt64
from dedup.config import Config
from dedup.kernels import passages as kernel
from dedup.kernels import seeds as seed_kernel
from dedup.kernels.pieces import STRONG, WEAK
from dedup.kernels.regions import MEDIUM
from dedup.kernels.shingles import MULTIPLIER
from dedup.tokens import Tokens
from dedup.words import Words

LEVELS = {STRONG: "strong", MEDIUM: "medium", WEAK: "weak"}
_EXACT, _NEAR = 0.98, 0.8
_COUPLE_REACH = 6  # tokens from one telling word to the next
_PLACES = 8  # places of one seed in one document
_LEAST_LIKE = 0.2  # Dice coefficient from which re-worded text still belongs to a passage


@dataclass(frozen=True, slots=True)
class Passages:
    """Passages in order of (a, b, start in a): rows of documents, spans of their tokens, figures.

    ``spans`` has the columns start_a, end_a, start_b, end_b (tokens of the document, half open),
    ``pairs`` the columns a, b, matched tokens. ``cut`` counts what the caps left out.
    """

    a: Int64
    b: Int64
    spans: Int64
    tokens: Int64
    scores: Float64
    densities: Float64
    levels: Int64
    quotes: Bool
    pairs: Int64
    cut: dict[str, int]

    def __len__(self) -> int:
        return len(self.a)

    def kind(self, passage: int) -> str:
        """Return exact, near or fuzzy by the share of matched tokens, quote where it is one."""
        if self.quotes[passage]:
            return "quote"
        density = self.densities[passage]
        return "exact" if density >= _EXACT else "near" if density >= _NEAR else "fuzzy"


def no_passages() -> Passages:
    """Return what a scan that looks for none has."""
    none = np.zeros(0, np.int64)
    empty, rows = np.zeros(0), np.zeros((0, 4), np.int64)
    return Passages(
        none, none, rows, none, empty, empty, none, none > 0, np.zeros((0, 3), np.int64), {}
    )


@dataclass(frozen=True, slots=True)
class _Index:
    """Seeds by document (``bounds``, ``groups``, ``places``) and by value (``group_*``)."""

    bounds: Int64
    groups: Int64
    places: Int64
    group_bounds: Int64
    group_rows: Int64
    group_places: Int64

    def arrays(self) -> tuple[Int64, ...]:
        """Return the arrays as the kernel takes them."""
        return (
            self.bounds,
            self.groups,
            self.places,
            self.group_bounds,
            self.group_rows,
            self.group_places,
        )


def find_passages(
    tokens: Tokens, words: Words, config: Config, *, included: Bool, threads: int = 1
) -> Passages:
    """Find the passages that the ``included`` documents share.

    The result does not depend on ``threads``. Only one of several equal documents should be
    included: more documents than ``passage_max_documents`` share no seed.
    """
    cut: Counter[str] = Counter()
    order = _ranked(tokens, included)
    runs = _index(tokens, _runs(tokens, words, order, config.passage_size), config, cut)
    couples = _index(tokens, _couples(tokens, words, order), config, cut)
    cuts = _shares(np.diff(runs.bounds) + np.diff(couples.bounds), threads * 8)

    def run(part: tuple[int, int]) -> tuple[Int64, Float64, Int64]:
        out, numbers, made, pairs, pairs_made = kernel.find_passages(
            part[0],
            part[1],
            config.passage_size,
            config.passage_min_tokens,
            _LEAST_LIKE,
            config.weak,
            tokens.stems,
            words.weights,
            words.classes,
            tokens.flags,
            tokens.bounds,
            runs.arrays(),
            couples.arrays(),
        )
        return out[:made], numbers[:made], pairs[:pairs_made]

    with ThreadPoolExecutor(max(threads, 1)) as pool:
        parts = list(pool.map(run, cuts))
    rows = np.concatenate([part[0] for part in parts])
    figures = np.concatenate([part[1] for part in parts])
    pairs = np.concatenate([part[2] for part in parts])
    spans = rows[:, kernel.START_A : kernel.END_B + 1]
    order = np.lexsort((spans[:, 2], spans[:, 0], rows[:, kernel.B], rows[:, kernel.A]))
    rows, figures = rows[order], figures[order]
    return Passages(
        a=rows[:, kernel.A],
        b=rows[:, kernel.B],
        spans=spans[order],
        tokens=rows[:, kernel.TOKENS],
        scores=figures[:, 0],
        densities=figures[:, 1],
        levels=rows[:, kernel.LEVEL],
        quotes=rows[:, kernel.IS_QUOTE] > 0,
        pairs=pairs,
        cut=dict(sorted(cut.items())),
    )


def _shares(counts: Int64, parts: int) -> list[tuple[int, int]]:
    """Cut documents into runs of about as many seeds each."""
    running = np.cumsum(counts)
    total = int(running[-1]) if len(running) else 0
    marks = [total * part // parts for part in range(1, parts)]
    edges = [0, *np.searchsorted(running, marks, side="right").tolist(), len(counts)]
    spans = [(low, high) for low, high in pairwise(edges) if low < high]
    return spans or [(0, 0)]


_Places = tuple[UInt64, Int64, Int64]  # values, documents and tokens of seeds


def _runs(tokens: Tokens, words: Words, order: Int64, size: int) -> _Places:
    """Return a seed for every run of ``size`` words."""
    room = int(np.maximum(tokens.counts()[order] - size + 1, 0).sum())
    values, (rows, places) = np.empty(room, np.uint64), np.empty((2, room), np.int64)
    made = seed_kernel.seed_hashes(
        tokens.hashes, words.classes, tokens.bounds, order, size, values, rows, places
    )
    return values[:made], rows[:made], places[:made]


def _couples(tokens: Tokens, words: Words, order: Int64) -> _Places:
    """Return a seed for every two telling words with nothing but stop words between."""
    room = int(tokens.counts()[order].sum())
    values, (rows, places) = np.empty(room, np.uint64), np.empty((2, room), np.int64)
    made = seed_kernel.pair_hashes(
        tokens.stems,
        words.classes,
        tokens.flags,
        tokens.bounds,
        order,
        _COUPLE_REACH,
        values,
        rows,
        places,
    )
    return values[:made], rows[:made], places[:made]


def _index(tokens: Tokens, seeds: _Places, config: Config, cut: Counter[str]) -> _Index:
    """Group seeds that stand in several documents; count in ``cut`` what the caps leave out."""
    values, rows, places = seeds
    keep = np.empty(len(values), np.bool_)
    slots = np.zeros(1 << max(10, (4 * len(values)).bit_length()), np.uint8)
    seed_kernel.drop_single(values, slots, keep)
    values, rows, places = values[keep], rows[keep], places[keep]
    by_value = np.argsort(values, kind="stable")
    values, rows, places = values[by_value], rows[by_value], places[by_value]
    limits, documents = np.zeros((2, len(values)), np.int64)
    crowded, outside = seed_kernel.group_limits(
        values, rows, config.passage_max_documents, limits, documents
    )
    group_rows, group_places, group_of = np.empty((3, len(rows)), np.int64)
    group_bounds = np.zeros(len(rows) + 1, np.int64)
    groups, made, repeated = seed_kernel.compact_groups(
        rows, places, limits, documents, _PLACES, group_rows, group_places, group_bounds, group_of
    )
    cut["seeds_in_too_many_documents"] += int(crowded)
    cut["seed_places_left_out"] += int(outside + repeated)
    group_rows, group_places = group_rows[:made], group_places[:made]
    by_row = np.lexsort((group_places, group_rows))
    return _Index(
        np.searchsorted(group_rows[by_row], np.arange(len(tokens) + 1)),
        group_of[:made][by_row],
        group_places[by_row],
        group_bounds[: groups + 1],
        group_rows,
        group_places,
    )


def _ranked(tokens: Tokens, included: Bool) -> Int64:
    """Return the included documents in the order in which a crowded seed keeps them.

    The order follows from the texts alone, and is the same for all seeds of a passage.
    """
    filled = np.flatnonzero(included & (tokens.counts() > 0))
    total = np.concatenate([np.zeros(1, np.uint64), np.cumsum(tokens.hashes, dtype=np.uint64)])
    sums = total[tokens.bounds[filled + 1]] - total[tokens.bounds[filled]]
    mixed = (sums ^ (sums >> np.uint64(29))) * MULTIPLIER
    ranked: Int64 = filled[np.lexsort((filled, mixed))]
    return ranked
