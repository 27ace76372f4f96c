"""Articles as vectors of their content words and names, weighed by how few documents have them.

The document frequency of a word starts from a prior by its class, so that five articles alone,
which all hold the words of their event, are still alike: ``N0`` made-up documents, of which a share
has the word.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from dedup.core.arrays import Bool, Float64, Int32, Int64, UInt64
from dedup.core.parallel import in_order
from dedup.kernels import stories as kernel
from dedup.kernels.stories import NUMBER, Bag, Source, Terms, Vectors, Weights
from dedup.text.stopwords import Words
from dedup.text.tokens import Tokens

N0 = 1000
PRIORS = {"word": 0.02, "name": 0.003, "number": 0.004}
HEAVIEST = 150  # terms of a vector
_COUNTED = kernel.LEAD_WEIGHT * kernel.LEAD_TOKENS + kernel.MOST_TOKENS - kernel.LEAD_TOKENS
_ROWS = 2000  # articles of a part
_TF_STEPS, _IDF_STEPS = 256, 1024  # of one
_LEAST_SLOTS = 1 << 13


def source_of(tokens: Tokens, words: Words) -> Source:
    """Return the tokens of documents as kernels take them; what is removed has the class blank."""
    return Source(
        tokens.hashes, tokens.starts, tokens.ends, tokens.flags, words.classes, tokens.bounds
    )


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """All terms of some articles, in how many each occurs, and whether as a name.

    ``keys`` are their hashes, ascending. The place there is the number of a term, so numbers are in
    the order of the hashes whatever else there is, and a tie is broken the same way.
    """

    keys: UInt64
    documents: Int32
    balance: Int32
    articles: int

    @classmethod
    def of(cls, terms: Terms, articles: int) -> Vocabulary:
        """Return the terms of a table of ``articles``."""
        slots = np.flatnonzero(terms.keys)
        slots = slots[np.argsort(terms.keys[slots])]
        return cls(terms.keys[slots], terms.documents[slots], terms.balance[slots], articles)

    def idf(self) -> Int64:
        """Return the weight of each term."""
        return weights_of(self.documents, priors_of(self.balance), self.articles)

    def keys_of(self, terms: Int32) -> UInt64:
        """Return the hashes of terms, 0 for one that is -1."""
        return np.append(self.keys, np.uint64(0))[terms]

    def slots(self) -> tuple[UInt64, Int32]:
        """Return a hash table of the terms, and the number of each of its slots."""
        return slots_of(self.keys)


def slots_of(keys: UInt64) -> tuple[UInt64, Int32]:
    """Return a hash table of hashes, and the place of that of each slot among ``keys``.

    >>> table, numbers = slots_of(np.array([7, 9], np.uint64))
    >>> numbers[table == 9].tolist()
    [1]
    """
    places = np.arange(len(keys), dtype=np.int32)
    table = _table(max(_LEAST_SLOTS, 1 << (2 * len(keys)).bit_length()))
    kernel.move_terms(Terms(keys, places, places), table)
    return table.keys, table.documents


def priors_of(balance: Int32) -> Float64:
    """Return the share of documents that a term is taken to be in beforehand, by its class.

    >>> priors_of(np.array([2, 0, NUMBER], np.int32)).tolist()
    [0.003, 0.02, 0.004]
    """
    prior = np.where(balance > 0, PRIORS["name"], PRIORS["word"])
    prior[balance == NUMBER] = PRIORS["number"]
    return prior


def weights_of(documents: Int32, prior: Float64, articles: int) -> Int64:
    """Return inverse document frequencies in steps, each from a count and a prior share.

    >>> weights_of(np.array([1, 900]), np.array([0.02, 0.02]), 1000).tolist()
    [4642, 795]
    """
    total = articles + N0
    share = (documents + N0 * prior + 0.5) / total
    # A logarithm from the library of C, once for each value: vector code differs by processor.
    distinct, position = np.unique(share, return_inverse=True)
    steps = [max(0, round(-math.log(each) * _IDF_STEPS)) for each in distinct.tolist()]
    found = np.array(steps, np.int64)[position]
    found[documents == 0] = 0
    return found


def frequencies() -> Int64:
    """Return the weight of a term that counts so often: the logarithm of one more, in steps."""
    steps = [round(math.log1p(count) * _TF_STEPS) for count in range(_COUNTED + 1)]
    return np.array(steps, np.int64)


def count_terms(source: Source, rows: Int64) -> tuple[Vocabulary, Int64]:
    """Count in how many of the articles ``rows`` each term occurs, and the terms of each."""
    terms = _table(_LEAST_SLOTS)
    bag, telling = make_bag(), np.zeros(len(rows), np.int64)
    at = 0, 0
    while True:
        at = kernel.count_terms(source, rows, at, bag, terms, telling)
        if at[0] == len(rows):
            return Vocabulary.of(terms, len(rows)), telling
        larger = _table(2 * len(terms.keys))
        kernel.move_terms(terms, larger)
        terms = larger


def make_bag() -> Bag:
    """Return an empty bag."""
    most = kernel.MOST_TOKENS + 1
    return Bag(
        np.zeros(4096, np.int32),
        *(np.zeros(most, np.uint64), np.zeros(most, np.int32), np.zeros(most, np.int32)),
    )


def _table(size: int) -> Terms:
    return Terms(np.zeros(size, np.uint64), np.zeros(size, np.int32), np.zeros(size, np.int32))


def weigh(
    source: Source, rows: Int64, slots: tuple[UInt64, Int32], idf: Int64, threads: int = 1
) -> tuple[Vectors, Int32]:
    """Return the vectors of the articles ``rows``, and their heaviest terms, all by number.

    ``slots`` are those of ``slots_of``, ``idf`` the weight of each term.
    """
    weights = Weights(*slots, idf, frequencies(), HEAVIEST)

    def work(part: Int64) -> tuple[Vectors, Int32]:
        made = _room(len(part), HEAVIEST)
        heads = np.empty((len(part), kernel.HEADS), np.int32)
        bag = make_bag()
        kernel.weigh_rows(source, part, weights, bag, (*made, heads))
        return _trimmed(made), heads

    parts = [rows[low : low + _ROWS] for low in range(0, len(rows), _ROWS)]
    done = list(in_order(work, parts, threads))
    heads = [np.zeros((0, kernel.HEADS), np.int32), *(each for _, each in done)]
    return joined([vectors for vectors, _ in done]), np.concatenate(heads)


def expanded(
    vectors: Vectors, partners: tuple[Int32, Int64, Bool], shape: Int64, threads: int = 1
) -> Vectors:
    """Return the vectors with those of their nearest partners added (``kernels.expand_rows``)."""

    def work(span: tuple[int, int]) -> Vectors:
        made = _room(span[1] - span[0], int(shape[2]))
        kernel.expand_rows(*span, vectors, partners, shape, tuple(made))
        return _trimmed(made)

    return joined(list(in_order(work, list(spans(len(vectors.bounds) - 1)), threads)))


def spans(count: int) -> Iterator[tuple[int, int]]:
    """Yield the articles in parts.

    >>> list(spans(2500))
    [(0, 2000), (2000, 2500)]
    """
    for low in range(0, count, _ROWS):
        yield low, min(low + _ROWS, count)


def _room(count: int, most: int) -> Vectors:
    size = count * most
    return Vectors(
        np.zeros(count + 1, np.int64), np.empty(size, np.int32), np.empty(size, np.uint16)
    )


def _trimmed(made: Vectors) -> Vectors:
    size = int(made.bounds[-1])
    return Vectors(made.bounds, made.terms[:size].copy(), made.values[:size].copy())


def joined(parts: list[Vectors]) -> Vectors:
    """Return the vectors of all parts as one."""
    bounds, low = [np.zeros(1, np.int64)], 0
    for part in parts:
        bounds.append(part.bounds[1:] + low)
        low += int(part.bounds[-1])
    terms = [np.zeros(0, np.int32), *(part.terms for part in parts)]
    values = [np.zeros(0, np.uint16), *(part.values for part in parts)]
    return Vectors(np.concatenate(bounds), np.concatenate(terms), np.concatenate(values))
