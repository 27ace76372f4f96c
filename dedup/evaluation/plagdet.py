"""The PAN measure of found passages: precision, recall, granularity, plagdet.

Potthast, Stein, Barrón-Cedeño and Rosso, "An Evaluation Framework for Plagiarism Detection",
COLING 2010. S is the set of true cases, R the set of detections; both are pairs of spans, and
their characters are those of both spans together.

    r detects s    when they overlap in both documents of the same pair
    s ⊓ r          the characters common to s and r if r detects s, otherwise none
    precision      mean over r in R of |∪ over s of (s ⊓ r)| / |r|
    recall         mean over s in S of |∪ over r of (s ⊓ r)| / |s|
    granularity    mean over the detected s of the number of r that detect it
    plagdet        F1(precision, recall) / log2(1 + granularity)
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from dedup.core.arrays import Int64
from dedup.evaluation.scores import DocPair, harmonic, ratio

NONE: Int64 = np.zeros((0, 4), np.int64)


@dataclass(frozen=True, slots=True)
class PassageScores:
    """How well detections agree with the true cases, over the listed pairs of documents."""

    plagdet: float
    precision: float
    recall: float
    f1: float
    granularity: float
    cases: int
    cases_detected: int
    detections: int
    detections_true: int  # those that detect a case
    pairs: int
    pairs_without_cases: int
    pairs_without_cases_detected: int  # of those, the ones with a detection all the same
    outside_listed_pairs: int  # detections between other documents: not judged


@dataclass(slots=True)
class _Tally:
    """What adds up over the pairs of documents."""

    precisions: list[float]
    recalls: list[float]
    detectors: list[int]  # per case, the number of detections that detect it
    detections_true: int = 0
    without_cases: int = 0
    without_cases_detected: int = 0


def passage_scores(
    detections: Mapping[DocPair, Int64], cases: Mapping[DocPair, Int64]
) -> PassageScores:
    """Score detections against cases, both rows of (start a, end a, start b, end b) per pair.

    The pairs of ``cases`` are the listed ones, also where they hold no rows; detections of other
    pairs are only counted. Both maps must name the two documents in the same order. Precision is
    1.0 without detections, recall is 1.0 without cases, granularity 1.0 when nothing is detected.

    >>> case = {("a", "b"): np.array([[0, 100, 0, 100]])}
    >>> passage_scores({("a", "b"): np.array([[0, 50, 0, 50], [50, 100, 50, 100]])}, case).plagdet
    0.6309297535714575
    """
    tally = _Tally([], [], [])
    for pair, true in cases.items():
        _add(tally, detections.get(pair, NONE), true)
    found = [count for count in tally.detectors if count]
    granularity = sum(found) / len(found) if found else 1.0
    precision = ratio(math.fsum(tally.precisions), len(tally.precisions))
    recall = ratio(math.fsum(tally.recalls), len(tally.recalls))
    f1 = harmonic(precision, recall)
    return PassageScores(
        plagdet=f1 / math.log2(1 + granularity),
        precision=precision,
        recall=recall,
        f1=f1,
        granularity=granularity,
        cases=len(tally.detectors),
        cases_detected=len(found),
        detections=len(tally.precisions),
        detections_true=tally.detections_true,
        pairs=len(cases),
        pairs_without_cases=tally.without_cases,
        pairs_without_cases_detected=tally.without_cases_detected,
        outside_listed_pairs=sum(
            len(rows) for pair, rows in detections.items() if pair not in cases
        ),
    )


def _add(tally: _Tally, found: Int64, true: Int64) -> None:
    """Add one pair of documents to the tally."""
    for row in true:
        share, count = _covered(row, found)
        tally.recalls.append(share)
        tally.detectors.append(count)
    for row in found:
        share, count = _covered(row, true)
        tally.precisions.append(share)
        tally.detections_true += bool(count)
    if not len(true):
        tally.without_cases += 1
        tally.without_cases_detected += bool(len(found))


def _covered(row: Int64, others: Int64) -> tuple[float, int]:
    """Return the share of the row's characters that the overlapping others cover, and their number.

    Others count when they overlap on both sides; the characters of both sides are counted.
    """
    overlap = (
        (others[:, 0] < row[1])
        & (others[:, 1] > row[0])
        & (others[:, 2] < row[3])
        & (others[:, 3] > row[2])
    )
    relevant = others[overlap]
    covered = _union(relevant[:, :2], row[0], row[1]) + _union(relevant[:, 2:], row[2], row[3])
    size = int(row[1] - row[0] + row[3] - row[2])
    return covered / size if size else 0.0, len(relevant)


def _union(spans: Int64, start: np.int64, end: np.int64) -> int:
    """Return how many positions of [start, end) the union of the spans covers."""
    if not len(spans):
        return 0
    clipped = np.clip(spans[np.argsort(spans[:, 0], kind="stable")], start, end)
    reach = np.maximum.accumulate(clipped[:, 1])
    # What each span adds begins where the spans before it reach to.
    begins = np.maximum(clipped[:, 0], np.concatenate(([start], reach[:-1])))
    return int(np.maximum(clipped[:, 1] - begins, 0).sum())
