"""Scores of clusters and of pairs against the truth, from counts and never from listed pairs."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from dedup.core.arrays import Int64

DocPair = tuple[str, str]


@dataclass(frozen=True, slots=True)
class ClusterScores:
    """How well predicted clusters agree with the true ones, over the ``n`` labelled documents."""

    precision: float
    recall: float
    f1: float
    ari: float
    n: int
    pairs_true: int
    pairs_predicted: int
    pairs_both: int
    clusters_true: int
    clusters_predicted: int
    missing: int  # labelled, not in the result: counted as clusters of one
    extra: int  # in the result, not labelled: left out


@dataclass(frozen=True, slots=True)
class StoryScores:
    """How well predicted stories agree with the true ones, over the ``n`` labelled documents.

    Precision and recall are B-cubed: of each document, the share of its predicted story that is of
    its true one, and the other way round, and then the mean. ``ari`` counts pairs.
    """

    precision: float
    recall: float
    f1: float
    ari: float
    n: int
    stories_true: int
    stories_predicted: int
    missing: int  # labelled, not in the result: counted as stories of one
    extra: int  # in the result, not labelled: left out


@dataclass(frozen=True, slots=True)
class PairScores:
    """How well predicted pairs agree with the listed ones."""

    precision: float
    recall: float
    f1: float
    pairs_true: int
    pairs_predicted: int
    pairs_both: int
    listed: int
    false_listed: int  # predicted, and listed as not a pair
    unlisted: int  # predicted, and not in the list at all
    only_listed: bool  # whether the unlisted ones were left out of precision


def ratio(part: float, whole: float) -> float:
    """Return part / whole, or 1.0 when there is nothing to judge.

    So precision is 1.0 when nothing was predicted, and recall is 1.0 when nothing was to be found.
    """
    return part / whole if whole else 1.0


def harmonic(precision: float, recall: float) -> float:
    """Return F1, which is 0.0 when both are."""
    total = precision + recall
    return 2 * precision * recall / total if total else 0.0


def ordered(a: str, b: str) -> DocPair:
    """Return the pair in the order results have: smaller id first."""
    return (a, b) if a <= b else (b, a)


def _codes(names: Sequence[str]) -> Int64:
    """Return a number from 0 for each name, the same for equal names."""
    numbers: dict[str, int] = {}
    return np.fromiter(
        (numbers.setdefault(name, len(numbers)) for name in names), np.int64, len(names)
    )


def _pairs_inside(sizes: npt.NDArray[np.int64]) -> int:
    """Return the number of pairs in groups of these sizes, as a Python int."""
    # (n - 1) * n / 2 of one group fits int64 up to four thousand million documents.
    return sum((sizes * (sizes - 1) // 2).tolist())


def adjusted_rand(both: int, predicted: int, true: int, total: int) -> float:
    """Return the adjusted Rand index from numbers of pairs, in whole numbers to the last division.

    ``total`` counts all pairs of documents. Two partitions that are both all singletons, or both
    one cluster, agree fully: 1.0.
    """
    below = (predicted + true) * total - 2 * predicted * true
    return 2 * (both * total - predicted * true) / below if below else 1.0


def cluster_scores(predicted: Mapping[str, str], truth: Mapping[str, str]) -> ClusterScores:
    """Compare two maps from document to cluster, pair by pair, through their contingency table.

    Labelled documents that ``predicted`` lacks count as clusters of one; documents that ``truth``
    lacks are left out. Both are counted. Time and memory are linear in the documents, whatever
    the sizes of the clusters.

    >>> cluster_scores({"a": "x", "b": "x", "c": "x"}, {"a": "1", "b": "1", "c": "2"}).precision
    0.3333333333333333
    """
    true, guess, missing = _numbered(predicted, truth)
    width = int(guess.max(initial=0)) + 1
    sizes_both = np.unique(true * width + guess, return_counts=True)[1]
    sizes_true = np.unique(true, return_counts=True)[1]
    sizes_guess = np.unique(guess, return_counts=True)[1]
    both, positive = _pairs_inside(sizes_both), _pairs_inside(sizes_true)
    claimed = _pairs_inside(sizes_guess)
    precision, recall = ratio(both, claimed), ratio(both, positive)
    n = len(truth)
    return ClusterScores(
        precision=precision,
        recall=recall,
        f1=harmonic(precision, recall),
        ari=adjusted_rand(both, claimed, positive, n * (n - 1) // 2),
        n=n,
        pairs_true=positive,
        pairs_predicted=claimed,
        pairs_both=both,
        clusters_true=len(sizes_true),
        clusters_predicted=len(sizes_guess),
        missing=missing,
        extra=len(predicted) - (n - missing),
    )


def _numbered(predicted: Mapping[str, str], truth: Mapping[str, str]) -> tuple[Int64, Int64, int]:
    """Return a number for the true and for the predicted group of each labelled document.

    The last value counts those that ``predicted`` lacks; each has a number of its own.
    """
    documents = list(truth)
    true = _codes([truth[each] for each in documents])
    guess = _codes([predicted.get(each, "") for each in documents])
    absent = np.fromiter((each not in predicted for each in documents), np.bool_, len(documents))
    missing = int(absent.sum())
    guess[absent] = len(documents) + np.arange(missing)
    return true, guess, missing


def story_scores(predicted: Mapping[str, str], truth: Mapping[str, str]) -> StoryScores:
    """Compare two maps from document to story, document by document (B-cubed) and by pairs.

    >>> scores = story_scores({"a": "x", "b": "x", "c": "x"}, {"a": "1", "b": "1", "c": "2"})
    >>> round(scores.precision, 3), scores.recall, round(scores.f1, 3)
    (0.556, 1.0, 0.714)
    """
    true, guess, missing = _numbered(predicted, truth)
    n = len(truth)
    _, position, sizes = np.unique(
        true * (int(guess.max(initial=0)) + 1) + guess, return_inverse=True, return_counts=True
    )
    both = sizes[position]
    of_true, of_guess = np.bincount(true)[true], np.bincount(guess)[guess]
    precision, recall = (ratio(float((both / each).sum()), n) for each in (of_guess, of_true))
    counts = (sizes, np.bincount(guess), np.bincount(true))
    pairs, claimed, positive = map(_pairs_inside, counts)
    return StoryScores(
        precision=precision,
        recall=recall,
        f1=harmonic(precision, recall),
        ari=adjusted_rand(pairs, claimed, positive, n * (n - 1) // 2),
        n=n,
        stories_true=len(np.unique(true)),
        stories_predicted=len(np.unique(guess)),
        missing=missing,
        extra=len(predicted) - (n - missing),
    )


def pair_scores(
    predicted: Mapping[str, str] | Collection[DocPair],
    truth: Mapping[DocPair, bool],
    *,
    only_listed: bool = False,
) -> PairScores:
    """Compare predicted pairs with listed ones, where ``truth`` tells for each whether it is one.

    ``predicted`` is a collection of pairs, or a map from document to cluster that stands for all
    pairs inside its clusters. A predicted pair that is not listed counts as false, unless
    ``only_listed`` leaves such pairs out.

    >>> pair_scores({("a", "b"), ("c", "d")}, {("b", "a"): True}).precision
    0.5
    """
    listed = {ordered(*pair): is_pair for pair, is_pair in truth.items()}
    hits, claimed = _predicted(predicted, listed)
    both = sum(listed[pair] for pair in hits)
    unlisted = claimed - len(hits)
    counted = len(hits) if only_listed else claimed
    positive = sum(listed.values())
    precision, recall = ratio(both, counted), ratio(both, positive)
    return PairScores(
        precision=precision,
        recall=recall,
        f1=harmonic(precision, recall),
        pairs_true=positive,
        pairs_predicted=counted,
        pairs_both=both,
        listed=len(listed),
        false_listed=len(hits) - both,
        unlisted=unlisted,
        only_listed=only_listed,
    )


def _predicted(
    predicted: Mapping[str, str] | Collection[DocPair], listed: Mapping[DocPair, bool]
) -> tuple[list[DocPair], int]:
    """Return the listed pairs that are predicted, and how many pairs are predicted in all."""
    if isinstance(predicted, Mapping):
        sizes = np.unique(_codes(list(predicted.values())), return_counts=True)[1]
        return [pair for pair in listed if in_one_cluster(predicted, pair)], _pairs_inside(sizes)
    pairs = {ordered(*pair) for pair in predicted}
    return [pair for pair in listed if pair in pairs], len(pairs)


def in_one_cluster(clusters: Mapping[str, str], pair: DocPair) -> bool:
    """Tell whether both documents are in the result and in one cluster of it."""
    first = clusters.get(pair[0])
    return first is not None and first == clusters.get(pair[1])
