"""Articles to stories: partners by inverted lists, then average linkage."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from dedup.core.arrays import Int32, Int64, distinct, offsets_of, order_by
from dedup.core.parallel import Spare, in_order
from dedup.kernels import linking
from dedup.kernels import stories as kernel
from dedup.kernels.linking import NEAR, Graph, Groups, Sums
from dedup.kernels.stories import NO_DAY, PARTNERS, UNIT, Articles, Postings, Vectors
from dedup.stories.vectors import expanded, spans

LONGEST_LIST = 200  # articles that have a term among their heaviest, above which it is left out
LEAST_ALIKE = 0.10  # similarity of two partners …
LEAST_HEADS = 0.05  # … and the part of it that their heaviest terms make up
NEIGHBOURS = 3  # partners whose words a vector takes in
EXPANDED = 250  # terms of a vector that has taken them in


@dataclass(frozen=True, slots=True)
class Linked:
    """The first article of the story of each (``labels``), and what was left out.

    ``vectors`` are those that were linked, each with its partners' words.
    """

    labels: Int64
    vectors: Vectors
    long_lists: int


def link_articles(
    articles: Articles, *, terms: int, cut: float, window: int, threads: int = 1
) -> Linked:
    """Join articles whose mean similarity reaches ``cut``.

    Their heaviest terms are numbers below ``terms``; articles more than ``window`` days apart are
    no partners.
    """
    vectors, heads, days = articles
    postings = _postings(heads, vectors, terms)
    long_lists = int(np.count_nonzero(np.diff(postings.bounds) > LONGEST_LIST))
    least = round(LEAST_ALIKE * UNIT)
    limits = np.array([LONGEST_LIST, window, least, round(LEAST_HEADS * UNIT)], np.int64)
    partners, products = _partners(articles, postings, limits, threads)
    shape = np.array([NEIGHBOURS, least, EXPANDED], np.int64)
    alone = products[:, 0] < lone_below(cut) * UNIT
    wide = expanded(vectors, (partners, products, alone), shape, threads)
    partners[alone] = -1
    labels = _linked(wide, _pairs(partners), days, cut, threads)
    return Linked(labels, wide, long_lists)


def lone_below(cut: float) -> float:
    """Return the similarity of its nearest partner below which an article is in no story.

    Let that be ``m``, and ``g = s - LEAST_ALIKE`` the weight of a partner of similarity ``s``. By
    its own expansion the similarity to any vector grows by ``3 g`` at most. By that of the other,
    of which no part is more like it than ``m``, it is ``m (1 + 3 g) / |1 + 3 g …|``, which is under
    ``1.35 m``. So it stays under ``1.35 m + 3 (m - LEAST_ALIKE)``.

    >>> round(lone_below(0.37), 3)
    0.143
    """
    return (cut / NEAR + NEIGHBOURS * LEAST_ALIKE) / (1.35 + NEIGHBOURS)


def relink(vectors: Vectors, partners: Int32, products: Int64, days: Int32, cut: float) -> Int64:
    """Return the first article of the story of each of a few articles, all of them compared.

    The vectors of the articles come first, one for each of ``days``; behind them come those of
    other partners. ``partners`` and ``products`` are the nearest ones of each article, -1 where
    there are fewer.
    """
    count = len(days)
    shape = np.array([NEIGHBOURS, round(LEAST_ALIKE * UNIT), EXPANDED], np.int64)
    made = np.zeros(count + 1, np.int64), *_room(count)
    near = partners, products, np.zeros(count, np.bool_)
    kernel.expand_rows(0, count, vectors, near, shape, made)
    wide = Vectors(*made)
    a, b = np.triu_indices(count, 1)
    return _linked(wide, np.stack([a, b], axis=1), days, cut, 1)


def _room(count: int) -> tuple[Int32, npt.NDArray[np.uint16]]:
    return np.empty(count * EXPANDED, np.int32), np.empty(count * EXPANDED, np.uint16)


def _postings(heads: Int32, vectors: Vectors, terms: int) -> Postings:
    bounds = np.zeros(terms + 1, np.int64)
    kernel.count_heads(heads, bounds)
    count = int(bounds[-1])
    postings = Postings(bounds, np.empty(count, np.int32), np.empty(count, np.uint16))
    kernel.fill_postings(heads, vectors, postings)
    return postings


def _partners(
    articles: Articles, postings: Postings, limits: Int64, threads: int
) -> tuple[Int32, Int64]:
    count = len(articles.days)
    partners = np.empty((count, PARTNERS), np.int32)
    products = np.empty((count, PARTNERS), np.int64)

    room = Spare(lambda: kernel.scratch_for(count, len(postings.bounds) - 1))

    def work(part: tuple[int, int]) -> None:
        with room.one() as scratch:
            kernel.find_partners(part, articles, postings, limits, scratch, (partners, products))

    list(in_order(work, list(spans(count)), threads))
    return partners, products


def _linked(vectors: Vectors, pairs: Int64, days: Int32, cut: float, threads: int) -> Int64:
    """Return the first article of each one's story, from pairs that may be alike."""
    count = len(days)
    dots = _products(vectors, pairs, threads)
    least = cut / NEAR if (days != NO_DAY).any() else cut
    strong = dots >= least * UNIT
    rows, ends = np.unique(pairs[strong], return_inverse=True)
    labels = np.arange(count)
    if len(rows):
        graph = graph_of(ends.reshape(-1, 2), dots[strong], len(rows))
        sums = _sums(vectors, rows)
        known = days[rows] != NO_DAY
        groups = Groups(
            *(np.ones(len(rows), np.int64), known.astype(np.int64)),
            np.where(known, days[rows], 0).astype(np.int64),
        )
        found = np.empty(len(rows), np.int64)
        used = (len(graph.others), len(sums.terms))
        linking.link_groups(graph, sums, groups, used, cut, found)
        labels[rows] = rows[found]
    return labels


def _pairs(partners: Int32) -> Int64:
    """Return the distinct pairs of partners, smaller first, in order."""
    own, column = np.nonzero(partners >= 0)
    others = partners[own, column].astype(np.int64)
    apart = partners[others, 0] < 0  # those are in no pair
    own, others = own[~apart], others[~apart]
    keys = distinct(np.minimum(own, others) << 32 | np.maximum(own, others))
    return np.stack([keys >> 32, keys & 0xFFFFFFFF], axis=1)


def _products(vectors: Vectors, pairs: Int64, threads: int) -> Int64:
    dots = np.empty(len(pairs), np.int64)
    parts = [slice(low, low + 50_000) for low in range(0, len(pairs), 50_000)]
    # There may be room for more terms than there are, and what stands there is anything.
    terms = int(vectors.terms[: vectors.bounds[-1]].max(initial=-1)) + 1

    room = Spare(lambda: np.zeros(terms, np.int32))

    def work(part: slice) -> None:
        with room.one() as spread:
            kernel.products_of(vectors, pairs[part], spread, dots[part])

    list(in_order(work, parts, threads))
    return dots


def graph_of(ends: Int64, dots: Int64, count: int) -> Graph:
    """Return a graph of ``count`` articles from edges and the products at their ends."""
    own = ends.T.ravel()
    order = order_by(own)
    sizes = np.bincount(own, minlength=count)
    others = ends[:, ::-1].T.ravel()[order].astype(np.int32)
    return Graph(offsets_of(sizes)[:-1].copy(), sizes, others, np.tile(dots, 2)[order])


def _sums(vectors: Vectors, rows: Int64) -> Sums:
    sizes = np.diff(vectors.bounds)[rows]
    starts = offsets_of(sizes)
    position = np.repeat(vectors.bounds[rows] - starts[:-1], sizes) + np.arange(starts[-1])
    values = vectors.values[position].astype(np.int64)
    return Sums(starts[:-1].copy(), sizes, vectors.terms[position], values)
