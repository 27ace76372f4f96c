"""Candidate pairs to confirmed pairs: exact scores and a relation each."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from dedup.config import RELATION_CODES, RELATIONS, Config
from dedup.core.arrays import Bool, Float64, Int32, Int64, order_by
from dedup.kernels import sets
from dedup.passages.find import Passages
from dedup.similarity.misread import Misread, none_misread
from dedup.text.shingles import Shingles

(
    EXACT,
    NEAR_DUPLICATE,
    EXCERPT,
    DERIVED,
    SHARES_PASSAGE,
    COMPILATION,
    REVISION,
    OWN_TEXT,
    SAME_FORM,
    SAME_URL,
) = RELATION_CODES.values()
NONE = len(RELATION_CODES)  # no relation
NAMES = (*RELATIONS, "none")

SHORT = 50  # tokens; so short a text stands in another one only where it is covered …
_SHORT_COVERAGE = 0.9  # … this far
_ALIKE = 0.8  # smaller share over larger, from which neither text is a part of the other
_DERIVED_COVERAGE = 0.3
_DERIVED_PASSAGES, _DERIVED_PASSAGE_TOKENS = 3, 60
_DERIVED_TOKENS = 100
_DERIVED_OWN_TOKENS = 30  # of them in passages that are more than a quotation, caption or credit


# Jaccard, the containment of the first in the second, and of the second in the first.
Scores: TypeAlias = tuple[Float64, Float64, Float64]


@dataclass(frozen=True, slots=True)
class Pairs:
    """Pairs of documents (rows ``a`` < ``b``) with scores and relation, in order of (a, b).

    ``containment_a`` is the share of the shingles of ``a`` that occur in ``b``; ``coverage`` the
    matched tokens of passages over the tokens of the shorter document. ``share_a`` is how much of
    ``a`` occurs in ``b`` by either measure; removal is decided by it.
    """

    a: Int64
    b: Int64
    relations: Int64
    jaccard: Float64
    containment_a: Float64
    containment_b: Float64
    coverage: Float64
    matched: Int64
    share_a: Float64
    share_b: Float64

    def __len__(self) -> int:
        return len(self.a)

    def take(self, rows: Int64 | Bool) -> Pairs:
        """Return some of the pairs."""
        return Pairs(*(getattr(self, name)[rows] for name in self.__dataclass_fields__))


def compare_shingles(pairs: Int64, shingles: Shingles) -> Scores:
    """Return Jaccard and both containments of pairs of sets of distinct shingles.

    A document without shingles has none in common with any.

    >>> sets = Shingles(np.array([1, 2, 3, 2, 3], np.uint64), np.array([0, 3, 5]))
    >>> [round(float(each[0]), 2) for each in compare_shingles(np.array([[0, 1]]), sets)]
    [0.67, 0.67, 1.0]
    """
    common = np.zeros(len(pairs), np.int64)
    sets.count_common(shingles.values, shingles.offsets, pairs, common)
    offsets = shingles.offsets
    size_a, size_b = (offsets[pairs[:, side] + 1] - offsets[pairs[:, side]] for side in (0, 1))
    union = np.maximum(size_a + size_b - common, 1)
    return (
        common / union,
        common / np.maximum(size_a, 1),
        common / np.maximum(size_b, 1),
    )


def confirm_pairs(
    candidates: Int64,
    compare: Callable[[Int64], Scores],
    passages: Passages,
    counts: Int64 | Int32,
    config: Config,
    *,
    telling: Bool | None = None,
    keep_all: bool = False,
    misread: Misread | None = None,
) -> Pairs:
    """Verify candidates and the pairs that share passages; keep those with a relation.

    Pairs of ``misread`` texts are covered as far as their characters are in common.
    ``compare`` scores pairs as ``compare_shingles`` does. ``counts`` are the tokens of each
    document that were compared. ``telling`` says which passages tell of a copy (by default all),
    for quotations alone make no pair ``derived``. ``keep_all`` keeps pairs without a relation as
    well, as ``NONE``.
    """
    misread = misread or none_misread()
    candidates = np.concatenate([candidates, misread.pairs])
    both, matched, own, numbers = _united(candidates, passages, len(counts), telling)
    jaccard, containment_a, containment_b = compare(both)
    tokens_a, tokens_b = np.maximum(counts[both], 1).T
    read_a, read_b = _shares(both, misread)
    by_characters = np.maximum(read_a, read_b) * np.minimum(tokens_a, tokens_b)
    matched = np.maximum(matched, by_characters.astype(np.int64))
    made = Pairs(
        a=both[:, 0],
        b=both[:, 1],
        relations=np.full(len(both), NONE, np.int64),
        jaccard=jaccard,
        containment_a=containment_a,
        containment_b=containment_b,
        coverage=np.minimum(matched / np.minimum(tokens_a, tokens_b), 1.0),
        matched=matched,
        share_a=np.maximum.reduce([np.minimum(matched / tokens_a, 1.0), containment_a, read_a]),
        share_b=np.maximum.reduce([np.minimum(matched / tokens_b, 1.0), containment_b, read_b]),
    )
    relate(made, numbers, tokens_a, tokens_b, config, own)
    return made if keep_all else made.take(made.relations != NONE)


def _shares(both: Int64, misread: Misread) -> tuple[Float64, Float64]:
    """Return how much of each document of a pair stands in the other by characters; 0: unknown."""
    shares = np.zeros((2, len(both)))
    if len(misread.pairs):
        count = both.max() + 1
        packed, wanted = (pairs[:, 0] * count + pairs[:, 1] for pairs in (both, misread.pairs))
        shares[:, np.searchsorted(packed, wanted)] = misread.share_a, misread.share_b
    return shares[0], shares[1]


def _united(
    candidates: Int64, passages: Passages, documents: int, telling: Bool | None
) -> tuple[Int64, Int64, Int64, Int64]:
    """Return all pairs in order, their matched tokens, those in ``telling`` passages, and numbers.

    Numbers are those of all passages of a pair.
    """
    count = np.int64(max(documents, 1))
    shared = passages.pairs[:, 0] * count + passages.pairs[:, 1]
    packed = np.union1d(candidates[:, 0] * count + candidates[:, 1], shared)
    matched, numbers, less = np.zeros((3, len(packed)), np.int64)
    matched[np.searchsorted(packed, shared)] = passages.pairs[:, 2]
    positions = np.searchsorted(packed, passages.a * count + passages.b)
    np.add.at(numbers, positions, 1)
    if telling is not None:
        np.add.at(less, positions[~telling], passages.tokens[~telling])
    own = np.maximum(matched - less, 0)
    return np.stack([packed // count, packed % count], axis=1), matched, own, numbers


def relate(
    pairs: Pairs,
    numbers: Int64,
    tokens_a: Int64,
    tokens_b: Int64,
    config: Config,
    own: Int64 | None = None,
) -> None:
    """Write the relation of each pair: the first that holds.

    ``numbers`` counts the passages of each pair, ``tokens_a`` and ``tokens_b`` the tokens of both
    documents, at least 1. ``own`` counts the matched tokens of passages that tell of a copy (by
    default all do); without some of those no pair is ``derived``.
    """
    shorter = np.minimum(tokens_a, tokens_b)
    one, both = np.maximum(pairs.share_a, pairs.share_b), np.minimum(pairs.share_a, pairs.share_b)
    least = np.where(shorter < SHORT, max(config.coverage, _SHORT_COVERAGE), config.coverage)
    alike = (one >= least) & (both >= _ALIKE * one) & (shorter >= SHORT)
    near = (pairs.jaccard >= config.threshold) | (both >= least) | alike
    matched = pairs.matched
    derived = (
        (matched / shorter >= _DERIVED_COVERAGE)
        | ((numbers >= _DERIVED_PASSAGES) & (matched >= _DERIVED_PASSAGE_TOKENS))
        | (matched >= _DERIVED_TOKENS)
    )
    if own is not None:
        derived &= own >= np.minimum(_DERIVED_OWN_TOKENS, _DERIVED_COVERAGE * shorter)
    pairs.relations[:] = np.select(
        [near, one >= least, derived & (numbers > 0), numbers > 0],
        [NEAR_DUPLICATE, EXCERPT, DERIVED, SHARES_PASSAGE],
        NONE,
    )


def with_equals(pairs: Pairs, representatives: Int64, counts: Int64 | Int32) -> Pairs:
    """Add a pair for every document that has another representative, and sort."""
    others = np.flatnonzero(representatives != np.arange(len(representatives)))
    if not len(others):
        return pairs
    both = np.sort(np.stack([representatives[others], others], axis=1), axis=1)
    ones: Float64 = np.ones(len(others))
    equal = Pairs(
        a=both[:, 0],
        b=both[:, 1],
        relations=np.full(len(others), EXACT, np.int64),
        jaccard=ones,
        containment_a=ones,
        containment_b=ones,
        coverage=ones,
        matched=counts[others].astype(np.int64),
        share_a=ones,
        share_b=ones,
    )
    # Only a comparison of two given documents asks for the pair of two equal ones.
    pairs = pairs.take(representatives[pairs.a] != representatives[pairs.b])
    return join_pairs([pairs, equal])


def join_pairs(parts: Sequence[Pairs]) -> Pairs:
    """Return all pairs of several parts, at least one, in order of (a, b)."""
    joined = Pairs(
        *(
            np.concatenate([getattr(part, name) for part in parts])
            for name in Pairs.__dataclass_fields__
        )
    )
    return joined.take(order_by(joined.a, joined.b))
