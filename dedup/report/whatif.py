"""How many documents another threshold would remove, told from the pairs of one scan."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from dedup.arrays import Bool, Float64, Int64, one_array
from dedup.config import RELATIONS, Config
from dedup.kernels import clusters as kernel
from dedup.lsh import bands_and_rows, collision_probability
from dedup.pairs import EXACT, NAMES, NONE, SHORT, Pairs, relate

_STEPS = 100
_LONG = 1 << 20  # tokens of a document that is taken for a long one
_BINS = 1000  # of similarities, for what only their chances decide


def threshold_effect(documents: pa.Table, pairs: pa.Table, config: Config) -> dict[str, Any]:
    """Return about how many documents would be removed at each threshold, without another scan.

    Every removed document is judged again by its pair with the canonical one of its cluster, which
    stays what it is. Equal documents and excerpts are removed whatever the threshold. So are
    near-duplicates by ``coverage``: most of each stands in the other. At a greater threshold only
    those go free that are near-duplicates by Jaccard similarity alone, and their equals stay
    removed. At a smaller one kept documents are removed that are near enough to another kept one
    and of which ``removable`` stands in it, as far as the pairs know them: pairs that the scan did
    not look at, or that share nothing it reports, are not known, so the number is a least one.

    Between ``exact_from`` and ``exact_to`` no known pair changes, so the number is that of the
    scan. Above, it lies between ``least`` and ``most``, for two reasons. Pairs without passages
    are found by their buckets alone, and with a greater threshold there are fewer; ``removed``
    goes by their chance. And of such pairs it is not known whether the rule for very short texts
    applies; ``removed`` takes them for long ones. The threshold of the scan is one of
    ``thresholds``, and there all three are the number of removed documents.

    >>> documents = pa.table({"doc_id": ["a", "b"], "cluster": ["a", "a"],
    ...                       "canonical": [True, False], "kept": [True, False]})
    >>> pair = {"a": ["a"], "b": ["b"], "relation": ["near_duplicate"], "jaccard": [0.75],
    ...         "containment_a": [0.86], "containment_b": [0.86], "coverage": [0.8],
    ...         "matched_tokens": [90]}
    >>> effect = threshold_effect(documents, pa.table(pair), Config(coverage=0.9, removable=0.8))
    >>> effect["exact_from"], effect["exact_to"], effect["removed"][74:78]
    (0.7, 0.75, [1, 1, 0, 0])
    """
    grid = {step / _STEPS for step in range(_STEPS + 1)} | {float(config.threshold)}
    thresholds = np.array(sorted(grid))
    removed = int(pc.sum(pc.invert(documents["kept"])).as_py() or 0)
    least, middle, most = np.full((3, len(thresholds)), float(removed))
    exact_to = 1.0
    if "duplicates" in config.find and "near_duplicate" in config.cluster_on:
        judged = _Judged.of(documents, pairs, config)
        free = _go_free(judged, thresholds, config)
        joined = _join(judged, documents, thresholds, config)
        least -= free.most
        middle += joined - free.middle
        most += joined - free.least
        exact_to = free.exact_to
    counts = (np.rint(each).astype(np.int64).tolist() for each in (middle, least, most))
    return {
        "thresholds": thresholds.tolist(),
        **dict(zip(("removed", "least", "most"), counts, strict=True)),
        "threshold": config.threshold,
        "exact_from": config.threshold,
        "exact_to": exact_to,
    }


@dataclass(frozen=True, slots=True)
class _Judged:
    """The pairs that a threshold may change, and what they are where it is above their Jaccard.

    ``stays`` tells which of them cluster then as well, and ``stays_short`` which do should their
    documents be very short. ``member`` is the removed document that a pair joins to its canonical
    one, -1 where it does not.
    """

    pairs: Pairs
    clustered: Bool
    stays: Bool
    stays_short: Bool
    member: Int64

    @classmethod
    def of(cls, documents: pa.Table, table: pa.Table, config: Config) -> _Judged:
        pairs = _pairs_of(documents, table, config)
        wanted = [RELATIONS.index(name) for name in config.cluster_on]
        low = pairs.jaccard < config.threshold
        clustered = np.isin(pairs.relations, wanted)
        stays, stays_short = (
            np.where(low, clustered, np.isin(_relations(pairs, short, config), wanted))
            for short in (_LONG, SHORT - 1)
        )
        return cls(pairs, clustered, stays, stays_short, _members(documents, pairs))


def _pairs_of(documents: pa.Table, table: pa.Table, config: Config) -> Pairs:
    """Return the pairs that are clustered, but for equal ones, and those of which one might go."""
    codes = pc.index_in(table["relation"], value_set=pa.array(NAMES)).to_numpy()
    jaccard = table["jaccard"].to_numpy()
    closest = np.maximum(*(table[f"containment_{side}"].to_numpy() for side in "ab"))
    closest = np.maximum(closest, table["coverage"].to_numpy())
    wanted = [RELATIONS.index(name) for name in config.cluster_on]
    usable = np.isin(codes, wanted) | ((jaccard > 0) & (closest >= config.removable))
    rows = np.flatnonzero(usable & (codes != EXACT) & (codes != NONE))
    table = table.take(pa.array(rows))
    ids = one_array(documents["doc_id"])
    a, b = (pc.index_in(table[side], value_set=ids).to_numpy().astype(np.int64) for side in "ab")
    none = np.zeros(len(rows))
    return Pairs(
        a=a,
        b=b,
        relations=codes[rows].astype(np.int64),
        jaccard=table["jaccard"].to_numpy(),
        containment_a=table["containment_a"].to_numpy(),
        containment_b=table["containment_b"].to_numpy(),
        coverage=table["coverage"].to_numpy(),
        matched=table["matched_tokens"].to_numpy(),
        share_a=none,
        share_b=none,
    )


def _relations(pairs: Pairs, short: int, config: Config) -> Int64:
    """Return the relation of each pair where the threshold is above its Jaccard similarity.

    The tables do not tell how long documents are: the shorter one has matched tokens over coverage,
    or ``short`` where nothing matched, and the longer one so many more as it has more shingles.
    """
    is_known = (pairs.matched > 0) & (pairs.coverage > 0)
    known = pairs.matched / np.where(is_known, pairs.coverage, 1.0)
    shorter = np.where(is_known, known, float(short))
    high = np.maximum(pairs.containment_a, pairs.containment_b)
    low = np.minimum(pairs.containment_a, pairs.containment_b)
    longer = shorter * np.where(low > 0, high / np.where(low > 0, low, 1.0), 1.0)
    a_is_short = pairs.containment_a >= pairs.containment_b
    tokens_a, tokens_b = (
        np.maximum(np.rint(np.where(is_short, shorter, longer)), 1).astype(np.int64)
        for is_short in (a_is_short, ~a_is_short)
    )
    judged = replace(
        pairs,
        relations=np.empty(len(pairs), np.int64),
        share_a=np.maximum(np.minimum(pairs.matched / tokens_a, 1.0), pairs.containment_a),
        share_b=np.maximum(np.minimum(pairs.matched / tokens_b, 1.0), pairs.containment_b),
    )
    numbers = (pairs.matched > 0).astype(np.int64)
    relate(judged, numbers, tokens_a, tokens_b, replace(config, threshold=1.0))
    return judged.relations


def _members(documents: pa.Table, pairs: Pairs) -> Int64:
    """Return the removed document that each pair joins to its canonical one, -1 for none."""
    gone = np.flatnonzero(~documents["kept"].to_numpy())
    ids = one_array(documents["doc_id"])
    found = pc.index_in(documents["cluster"].take(pa.array(gone)), value_set=ids)
    leaders = np.full(len(ids), -1, np.int64)
    leaders[gone] = found.to_numpy()
    members: Int64 = np.where(
        leaders[pairs.a] == pairs.b, pairs.a, np.where(leaders[pairs.b] == pairs.a, pairs.b, -1)
    )
    return members


@dataclass(frozen=True, slots=True)
class _Free:
    """How many removed documents go free at each threshold, and up to where nothing changes."""

    least: Float64
    middle: Float64
    most: Float64
    exact_to: float


def _go_free(judged: _Judged, thresholds: Float64, config: Config) -> _Free:
    """Count the removed documents that are kept at each threshold."""
    pairs = judged.pairs
    may_stay, must_stay = judged.stays | judged.stays_short, judged.stays & judged.stays_short
    joins = judged.member >= 0
    in_bucket = judged.clustered & (pairs.matched == 0)

    def below(some: Bool) -> Float64:
        values = np.sort(pairs.jaccard[some & joins & judged.clustered])
        return np.searchsorted(values, thresholds, side="left").astype(np.float64)

    missed, all_missed, same_to = _missed(
        pairs.jaccard[in_bucket & joins & judged.stays], thresholds, config
    )
    changed = pairs.jaccard[judged.clustered & ~must_stay]
    sure = float(changed.min()) if len(changed) else 1.0
    return _Free(
        least=below(~may_stay),
        middle=below(~judged.stays) + missed,
        most=np.where(all_missed, below(~must_stay | in_bucket), below(~must_stay)),
        exact_to=min(sure, same_to if in_bucket.any() else 1.0),
    )


def _missed(jaccard: Float64, thresholds: Float64, config: Config) -> tuple[Float64, Bool, float]:
    """Return how many pairs no bucket would join at each threshold, by their chance of it.

    Also where bands and rows are other ones than those of the scan, and up to where they are not.
    """
    bins = np.bincount(np.rint(jaccard * _BINS).astype(np.int64), minlength=_BINS + 1)
    centres = np.arange(_BINS + 1) / _BINS
    now = bands_and_rows(config)
    chance = np.array([collision_probability(each, *now) for each in centres])
    missed, others, same_to = np.zeros(len(thresholds)), np.zeros(len(thresholds), np.bool_), 1.0
    for place, each in enumerate(thresholds.tolist()):
        if each <= config.threshold or config.bands:
            continue
        bands, rows = bands_and_rows(replace(config, threshold=each))
        if (bands, rows) == now:
            continue
        if not others.any():
            same_to = float(thresholds[place - 1])
        others[place] = True
        then = 1.0 - (1.0 - centres**rows) ** bands
        stay = np.minimum(then / np.maximum(chance, 1e-300), 1.0)
        missed[place] = float(np.sum((bins * (1.0 - stay))[centres < each]))
    return missed, others, same_to


def _join(judged: _Judged, documents: pa.Table, thresholds: Float64, config: Config) -> Float64:
    """Count the kept documents that are removed at each threshold below that of the scan."""
    pairs, kept = judged.pairs, documents["kept"].to_numpy()
    usable = ~judged.clustered & (pairs.jaccard < config.threshold)
    some = pairs.take(usable & kept[pairs.a] & kept[pairs.b])
    order = np.argsort(-some.jaccard, kind="stable")
    rows = np.unique(np.concatenate([some.a, some.b]))
    a, b = np.searchsorted(rows, some.a[order]), np.searchsorted(rows, some.b[order])
    bounds = np.searchsorted(-some.jaccard[order], -thresholds, side="right")
    parent, done = np.arange(len(rows), dtype=np.int64), 0
    joined = np.zeros(len(thresholds))
    for place in np.flatnonzero(thresholds < config.threshold)[::-1].tolist():
        kernel.connect(a[done : bounds[place]], b[done : bounds[place]], parent)
        done = int(bounds[place])
        joined[place] = len(rows) - np.count_nonzero(parent == np.arange(len(rows)))
    return joined
