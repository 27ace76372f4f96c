"""Plain twins of what finds passages: seeds, chains, alignments."""

from __future__ import annotations

import itertools
from collections import Counter, defaultdict
from functools import cache

from naive import BLANK, CONTENT, MASK64, STOP, UNSPACED, naive_fmix64, naive_polynomial

Seed = tuple[int, int, int]  # value, document, token
Match = tuple[int, int]  # token of one document, token of the other

GAIN, MISMATCH, GAP = 0.4, 0.5, 0.35  # of a match besides its weight; costs of what is unmatched
CONTENT_WEIGHT = 0.3


def naive_ngrams(
    hashes: list[list[int]], classes: list[list[int]], order: list[int], size: int
) -> list[Seed]:
    """Return a seed for every run of words, but not of stop words or one word alone.

    Nor is there one over a blank.
    """
    return [
        (naive_fmix64(naive_polynomial(hashes[row][at : at + size])), row, at)
        for row in order
        for at in range(len(hashes[row]) - size + 1)
        if BLANK not in (kinds := classes[row][at : at + size]) and set(kinds) != {STOP}
        if len({*hashes[row][at : at + size]}) > 1
    ]


def naive_word_pairs(
    prefixes: list[list[int]],
    classes: list[list[int]],
    flags: list[list[int]],
    order: list[int],
    reach: int,
) -> list[Seed]:
    """Return a seed for every two telling words with only stop words between, in any order."""
    seeds = []
    for row in order:
        before = None
        for at, kind in enumerate(classes[row]):
            if kind == BLANK or flags[row][at] & UNSPACED:
                before = None
            elif kind != STOP:
                if before is not None and at - before <= reach:
                    low, high = sorted((prefixes[row][before], prefixes[row][at]))
                    if CONTENT in (kind, classes[row][before]) and low != high:
                        value = naive_fmix64(low * 0x9E3779B97F4A7C15 + high & MASK64)
                        seeds.append((value, row, before))
                before = at
    return seeds


def naive_groups(
    seeds: list[Seed], limit: int, most: int
) -> tuple[dict[int, list[tuple[int, int]]], int, int, int]:
    """Return {value: places in at least two documents}, and what the two caps left out.

    The counts are values cut to ``limit`` documents, their places, and places over ``most`` in one
    document. The first documents to come stay.
    """
    by_value: dict[int, dict[int, list[int]]] = defaultdict(lambda: defaultdict(list))
    for value, row, at in seeds:
        by_value[value][row].append(at)
    groups, oversized, outside, repeated = {}, 0, 0, 0
    for value, by_row in by_value.items():
        gone = list(by_row)[limit:]
        oversized += bool(gone)
        outside += sum(len(by_row[row]) for row in gone)
        if len(by_row) >= 2:
            kept = list(by_row)[:limit]
            repeated += sum(max(len(by_row[row]) - most, 0) for row in kept)
            groups[value] = [(row, at) for row in kept for at in by_row[row][:most]]
    return groups, oversized, outside, repeated


def naive_chain_ends(matches: list[Match], size: int) -> tuple[list[int], list[int]]:
    """Return for each match the tokens its best chain covers and the match before it, or -1."""
    best, back = [size] * len(matches), [-1] * len(matches)
    for k, (i, j) in enumerate(matches):
        for p in reversed(range(k)):
            di, dj = i - matches[p][0], j - matches[p][1]
            if min(di, dj) > 0 and max(di, dj) <= 12 + size and abs(di - dj) <= 8:
                covered = best[p] + min(di, dj, size) - (di != dj)
                if covered > best[k]:
                    best[k], back[k] = covered, p
                if di == dj == 1:
                    break  # word for word, no better one can come
    return best, back


def naive_chains(matches: list[Match], size: int) -> list[list[int]]:
    """Return chains of at least two matches, the best first; each match is in one chain."""
    best, back = naive_chain_ends(matches, size)
    heads = [k for k in range(len(matches)) if back[k] >= 0 and k not in back]
    taken: set[int] = set()
    chains = []
    for head in sorted(heads, key=lambda k: -best[k]):
        chain, k = [], head
        while k >= 0 and k not in taken:
            chain.append(k)
            taken.add(k)
            k = back[k]
        if len(chain) >= 2:
            chains.append(chain[::-1])
    return chains


def naive_align(a: list[int], wa: list[float], b: list[int], wb: list[float]) -> float:
    """Return the best score of an alignment of all of ``a`` with all of ``b``."""

    @cache
    def score(x: int, y: int) -> float:
        if x == 0 or y == 0:
            return -GAP * (x + y)
        return max(
            score(x - 1, y) - GAP,
            score(x, y - 1) - GAP,
            score(x - 1, y - 1) + naive_gain(a, wa, x - 1, b, wb, y - 1),
        )

    return score(len(a), len(b))


def naive_gain(
    a: list[int], wa: list[float], x: int, b: list[int], wb: list[float], y: int
) -> float:
    """Return what it gains to set one token against another."""
    weight = min(wa[x], wb[y])
    return GAIN + weight if a[x] == b[y] and weight > 0 else -MISMATCH


def naive_extension(a: list[int], wa: list[float], b: list[int], wb: list[float]) -> float:
    """Return the best score of an alignment of any beginnings that ends in a match, or 0."""
    return max(
        (
            naive_align(a[:x], wa[:x], b[:y], wb[:y]) + naive_gain(a, wa, x, b, wb, y)
            for x, y in itertools.product(range(len(a)), range(len(b)))
            if a[x] == b[y] and min(wa[x], wb[y]) > 0
        ),
        default=0.0,
    )


def naive_path_score(path: list[Match], wa: list[float], wb: list[float]) -> float:
    """Return the score of matches in order: gains, less what the tokens between them cost."""
    total = sum(GAIN + min(wa[x], wb[y]) for x, y in path)
    for (x, y), (next_x, next_y) in itertools.pairwise(path):
        total -= naive_cost(next_x - x - 1, next_y - y - 1)
    return total


def naive_cost(n: int, m: int) -> float:
    """Return the least cost of ``n`` and ``m`` tokens of either side that stay unmatched."""
    return MISMATCH * min(n, m) + GAP * abs(n - m)


def naive_best_stretch(path: list[Match], wa: list[float], wb: list[float]) -> float:
    """Return the best score of a run of the matches of a path, 0 for a path of none."""
    runs = itertools.combinations(range(len(path) + 1), 2)
    return max((naive_path_score(path[low:high], wa, wb) for low, high in runs), default=0.0)


def naive_likeness(
    a: list[int], wa: list[float], b: list[int], wb: list[float]
) -> tuple[int, float]:
    """Return how many telling words two stretches have in common, and their Dice coefficient."""
    ours = Counter(word for word, weight in zip(a, wa, strict=True) if weight >= CONTENT_WEIGHT)
    theirs = Counter(word for word, weight in zip(b, wb, strict=True) if weight >= CONTENT_WEIGHT)
    common, total = (ours & theirs).total(), ours.total() + theirs.total()
    return common, 2 * common / total if total else 0.0
