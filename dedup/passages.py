"""Passages that two documents share, word for word or re-worded.

Seeds are hashed runs of a few words that stand in 2 to ``passage_max_documents`` documents. Two
documents that share a chain of seeds are aligned along it; an alignment counts when enough of its
matched words are neither stop words nor names. Parts that continue each other become one passage,
and a strong passage grows over re-worded text as long as both sides stay alike.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from itertools import pairwise

import numpy as np

from dedup.arrays import Bool, Float64, Int32, Int64, UInt64, offsets_of
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
_PART_SEEDS = 1 << 23  # that are sorted at a time, about
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
    places: Int32
    group_bounds: Int64
    group_rows: Int32
    group_places: Int32

    def arrays(self) -> tuple[Int64 | Int32, ...]:
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
    seeds = _Seeds(tokens, words, order)
    runs = _index(seeds, partial(seeds.runs, config.passage_size), config, cut)
    couples = _index(seeds, seeds.couples, config, cut)
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


@dataclass(frozen=True, slots=True)
class _Places:
    """Seeds: what they are, and the documents and tokens where they stand."""

    values: UInt64
    rows: Int32
    places: Int32

    @classmethod
    def empty(cls, room: int) -> _Places:
        """Make room for so many."""
        return cls(np.empty(room, np.uint64), np.empty(room, np.int32), np.empty(room, np.int32))

    def take(self, chosen: Int64 | Bool | slice) -> _Places:
        """Return some of them."""
        return _Places(self.values[chosen], self.rows[chosen], self.places[chosen])


@dataclass(frozen=True, slots=True)
class _Seeds:
    """What seeds are made of: the tokens of the documents ``order``."""

    tokens: Tokens
    words: Words
    order: Int64

    def count(self) -> int:
        """Return how many seeds of a kind there may be."""
        return int(self.tokens.counts()[self.order].sum())

    def runs(self, size: int, part: int, parts: int, out: _Places) -> int:
        """Write a seed for every run of ``size`` words."""
        tokens = self.tokens
        return int(
            seed_kernel.seed_hashes(
                *(tokens.hashes, self.words.classes, tokens.bounds, self.order, size),
                *(part, parts, out.values, out.rows, out.places),
            )
        )

    def couples(self, part: int, parts: int, out: _Places) -> int:
        """Write a seed for every two telling words with nothing but stop words between."""
        tokens = self.tokens
        return int(
            seed_kernel.pair_hashes(
                *(tokens.stems, self.words.classes, tokens.flags, tokens.bounds, self.order),
                *(_COUPLE_REACH, part, parts, out.values, out.rows, out.places),
            )
        )


def _index(
    seeds: _Seeds, write: Callable[[int, int, _Places], int], config: Config, cut: Counter[str]
) -> _Index:
    """Group seeds that stand in several documents; count in ``cut`` what the caps leave out.

    The seeds are taken in parts, by their hashes, so that only what is shared is held of all.
    """
    parts = seeds.count() // _PART_SEEDS + 1
    room = int(seeds.count() / parts * 1.2) + 1024
    found: list[tuple[Int32, Int32, Int64, Int64]] = []
    for part in range(parts):
        out = _Places.empty(room)
        made = write(part, parts, out)
        if made > room:  # some seeds are in very many documents
            out = _Places.empty(made)
            write(part, parts, out)
        found.append(_groups(out.take(slice(0, made)), config, cut))
        del out
    rows, places = (np.concatenate([each[k] for each in found]) for k in (0, 1))
    sizes = np.concatenate([np.diff(each[2]) for each in found])
    first = np.cumsum([0, *(len(each[2]) - 1 for each in found[:-1])])
    group_of = np.concatenate([each[3] + low for each, low in zip(found, first, strict=True)])
    found.clear()
    bounds = offsets_of(sizes)
    by_row = np.lexsort((places, rows))
    return _Index(
        np.searchsorted(rows[by_row], np.arange(len(seeds.tokens) + 1)),
        group_of[by_row],
        places[by_row],
        bounds,
        rows,
        places,
    )


def _groups(seeds: _Places, config: Config, cut: Counter[str]) -> tuple[Int32, Int32, Int64, Int64]:
    """Return documents and places of the seeds in several documents, bounds and groups."""
    keep = np.empty(len(seeds.values), np.bool_)
    slots = np.zeros(1 << max(10, (4 * len(seeds.values)).bit_length()), np.uint8)
    seed_kernel.drop_single(seeds.values, slots, keep)
    del slots
    seeds = seeds.take(keep)
    seeds = seeds.take(np.argsort(seeds.values, kind="stable"))
    count = len(seeds.values)
    limits, documents = np.zeros(count, np.int64), np.zeros(count, np.int32)
    crowded, outside = seed_kernel.group_limits(
        seeds.values, seeds.rows, config.passage_max_documents, limits, documents
    )
    rows, places = np.empty(count, np.int32), np.empty(count, np.int32)
    bounds, group_of = np.zeros(count + 1, np.int64), np.empty(count, np.int64)
    groups, made, repeated = seed_kernel.compact_groups(
        *(seeds.rows, seeds.places, limits, documents, _PLACES),
        *(rows, places, bounds, group_of),
    )
    cut["seeds_in_too_many_documents"] += int(crowded)
    cut["seed_places_left_out"] += int(outside + repeated)
    return rows[:made].copy(), places[:made].copy(), bounds[: groups + 1], group_of[:made].copy()


def _ranked(tokens: Tokens, included: Bool) -> Int64:
    """Return the included documents in the order in which a crowded seed keeps them.

    The order follows from the texts alone, and is the same for all seeds of a passage.
    """
    filled = np.flatnonzero(included & (tokens.counts() > 0))
    sums = np.zeros(len(tokens), np.uint64)
    some = np.flatnonzero(tokens.counts() > 0)
    if len(some):
        sums[some] = np.add.reduceat(tokens.hashes, tokens.bounds[some])
    sums = sums[filled]
    mixed = (sums ^ (sums >> np.uint64(29))) * MULTIPLIER
    ranked: Int64 = filled[np.lexsort((filled, mixed))]
    return ranked
