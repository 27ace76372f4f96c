"""Plain twins of what dedup computes fast: sets, dicts, double loops. Slow, and easy to read."""

from __future__ import annotations

import itertools
import math
from fractions import Fraction

Case = tuple[int, int, int, int]  # start a, end a, start b, end b
DocPair = tuple[str, str]


def naive_pair_counts(predicted: dict[str, str], truth: dict[str, str]) -> tuple[int, int, int]:
    """Return how many pairs are together in (both, predicted, true); the missing are alone."""
    both = guessed = true = 0
    for first, second in itertools.combinations(truth, 2):
        is_true = truth[first] == truth[second]
        known = first in predicted and second in predicted
        is_guessed = known and predicted[first] == predicted[second]
        both += is_true and is_guessed
        guessed += is_guessed
        true += is_true
    return both, guessed, true


def naive_ari(predicted: dict[str, str], truth: dict[str, str]) -> float:
    """Return the adjusted Rand index as Hubert and Arabie write it."""
    both, guessed, true = naive_pair_counts(predicted, truth)
    total = math.comb(len(truth), 2)
    expected = Fraction(guessed * true, total) if total else Fraction(0)
    highest = Fraction(guessed + true, 2)
    return 1.0 if highest == expected else float((both - expected) / (highest - expected))


def naive_plagdet(
    detections: dict[DocPair, list[Case]], cases: dict[DocPair, list[Case]]
) -> tuple[float, float, float, float]:
    """Return (plagdet, precision, recall, granularity) by sets of single characters."""
    found = [(pair, each) for pair in cases for each in detections.get(pair, [])]
    true = [(pair, each) for pair, listed in cases.items() for each in listed]
    precision = _macro_average(found, true)
    recall = _macro_average(true, found)
    counts = [sum(_detects(r, s) for r in found) for s in true]
    detected = [count for count in counts if count]
    granularity = sum(detected) / len(detected) if detected else 1.0
    f1 = 2 * precision * recall / (precision + recall) if precision + recall else 0.0
    return f1 / math.log2(1 + granularity), precision, recall, granularity


def _macro_average(of: list[tuple[DocPair, Case]], by: list[tuple[DocPair, Case]]) -> float:
    shares = []
    for one in of:
        covered = set()
        for other in by:
            if _detects(one, other):
                covered |= _characters(one) & _characters(other)
        shares.append(len(covered) / len(_characters(one)))
    return sum(shares) / len(shares) if shares else 1.0


def _detects(r: tuple[DocPair, Case], s: tuple[DocPair, Case]) -> bool:
    common = {side for side, _ in _characters(r) & _characters(s)}
    return r[0] == s[0] and common == {"a", "b"}


def _characters(item: tuple[DocPair, Case]) -> set[tuple[str, int]]:
    start_a, end_a, start_b, end_b = item[1]
    return {("a", at) for at in range(start_a, end_a)} | {("b", at) for at in range(start_b, end_b)}
