"""How many documents another threshold would remove, estimated from the pairs of one scan.

The known pairs are related and clustered again, by the rules of a scan, around the documents that
are canonical now. Equal documents and excerpts are removed whatever the threshold. So are
near-duplicates by ``coverage``: most of each stands in the other. At a greater threshold only those
go free that are near-duplicates by Jaccard similarity alone; their equals stay removed.

At a smaller one kept documents are removed that are near enough to another one and of which
``removable`` stands in it, as far as the pairs know them: pairs that the scan did not look at, or
that share nothing it reports, are not known. Nor is what differs in pairs that did not cluster, so
a scan may remove fewer documents than ``removed`` there: those that say something of their own.

Two things leave room above. Pairs without passages are found by their buckets alone, and with a
greater threshold there are fewer of these: such pairs are drawn by their chance, always in the same
way. And of such pairs it is not known whether the rule for very short texts applies: they are taken
for long ones.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from dedup.config import RELATION_CODES, Config
from dedup.core.arrays import Bool, Float64, Int64, offsets_of, one_array
from dedup.kernels import clusters as kernel
from dedup.similarity.lsh import bands_and_rows, collision_probability
from dedup.similarity.relations import (
    DERIVED,
    EXACT,
    NAMES,
    NEAR_DUPLICATE,
    NONE,
    OWN_TEXT,
    REVISION,
    SAME_FORM,
    SAME_URL,
    SHORT,
    Pairs,
    relate,
)

_STEPS = 100
_LONG = 1 << 20  # tokens of a document that is taken for a long one
_LIKELY = 0.5  # chance from which a pair is taken for one that a scan finds
_BINS = 1000  # of similarities, for what only their chances decide
_PAIRS = 60_000_000  # that are clustered again in all; of more only some thresholds are looked at
_STRIDES = (1, 2, 5, 10, 20)


def threshold_effect(
    documents: pa.Table, pairs: pa.Table, config: Config, at: Iterable[float] = ()
) -> dict[str, Any]:
    """Return about how many documents would be removed at each threshold, without another scan.

    Between ``exact_from`` and ``exact_to`` the number is that of the scan. Above, it lies between
    ``least`` and ``most``. Below, ``removed`` goes by what is shared alone. The threshold of the
    scan is one of ``thresholds``, and there all three are the number of removed documents. ``at``
    names thresholds besides every hundredth.

    >>> documents = pa.table({"doc_id": ["a", "b"], "cluster": ["a", "a"],
    ...                       "canonical": [True, False], "kept": [True, False]})
    >>> pair = {"a": ["a"], "b": ["b"], "relation": ["near_duplicate"], "jaccard": [0.75],
    ...         "containment_a": [0.86], "containment_b": [0.86], "coverage": [0.8],
    ...         "matched_tokens": [90]}
    >>> effect = threshold_effect(documents, pa.table(pair), Config(coverage=0.9, removable=0.8))
    >>> effect["exact_from"], effect["exact_to"], effect["removed"][74:78]
    (0.7, 0.75, [1, 1, 0, 0])
    """
    grid = {step / _STEPS for step in range(_STEPS + 1)} | {config.threshold, *map(float, at)}
    thresholds = np.array(sorted(grid))
    removed = int(pc.sum(pc.invert(documents["kept"])).as_py() or 0)
    least: Float64 = np.full(len(thresholds), float(removed))
    middle = most = least
    exact_to = 1.0
    if "duplicates" in config.find and "near_duplicate" in config.cluster_on:
        judged = _Judged.of(documents, pairs, config)
        chances = _chances(thresholds, config)
        sure, most_free, exact_to = _go_free(judged, thresholds, chances)
        low, high = removed - most_free, removed - sure
        middle = removed + _clustered_again(judged, documents, thresholds, chances, config)
        is_above = thresholds > config.threshold
        high += np.where(thresholds > exact_to, _may_go(judged, documents, thresholds), 0)
        middle = np.where(is_above, np.maximum(middle, low), np.maximum(middle, removed))
        least, most = np.where(is_above, low, removed), np.maximum(middle, high)
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
        wanted = [RELATION_CODES[name] for name in config.cluster_on]
        low = pairs.jaccard < config.threshold
        clustered = np.isin(pairs.relations, wanted)
        short, judged = (_judged(pairs, each, config) for each in (SHORT - 1, _LONG))
        stays, stays_short = (
            np.where(low, clustered, np.isin(each.relations, wanted)) for each in (judged, short)
        )
        pairs = replace(judged, relations=pairs.relations)
        return cls(pairs, clustered, stays, stays_short, _members(documents, pairs))


def related_at(documents: pa.Table, table: pa.Table, config: Config, threshold: float) -> Pairs:
    """Return the pairs of a result with the relations they have under another threshold.

    Pairs that have none then are ``NONE``, and so are those that only their buckets join where a
    scan would more likely miss them than find them. Equal documents stay so. ``share_a`` and
    ``share_b`` are told from the scores, as far as these tell them.
    """
    codes = relation_codes(table)
    pairs = _read_pairs(documents, table, codes, np.arange(len(table)))
    judged = _judged(pairs, _LONG, config)
    before, now = (pairs.jaccard >= each for each in (config.threshold, threshold))
    relations = np.where(before & ~now, judged.relations, pairs.relations)
    relations = np.where(~before & now, NEAR_DUPLICATE, relations)
    (chance,) = _chances(np.array([threshold]), config)
    if chance is not None:
        bins = np.rint(pairs.jaccard * _BINS).astype(np.int64)
        is_missed = (pairs.matched == 0) & ~now & (chance[bins] < _LIKELY)
        relations = np.where(is_missed, NONE, relations)
    relations = np.where(_still_told(pairs, judged, relations, config), pairs.relations, relations)
    is_fixed = np.isin(pairs.relations, (EXACT, NONE))
    return replace(
        judged,
        relations=np.where(is_fixed, pairs.relations, relations).astype(np.int64),
        share_a=np.where(pairs.relations == EXACT, 1.0, judged.share_a),
        share_b=np.where(pairs.relations == EXACT, 1.0, judged.share_b),
    )


def _still_told(pairs: Pairs, judged: Pairs, relations: Int64, config: Config) -> Bool:
    """Tell which pairs stay another version, another report on a form or a text of its own.

    What differs between two texts does not depend on the threshold. It is looked at in pairs that
    would cluster, and of ``derived`` pairs of which enough stands in the other it is said only that
    they are on one form.
    """
    wanted = [RELATION_CODES[name] for name in config.cluster_on if name != "exact"]
    is_close = np.isin(relations, (*wanted, REVISION, SAME_FORM, OWN_TEXT))
    least = min(config.derived_linked, config.derived_alone)
    is_linked = (relations == DERIVED) & (np.maximum(judged.share_a, judged.share_b) >= least)
    told = np.isin(pairs.relations, (REVISION, OWN_TEXT)) & is_close
    told |= pairs.relations == SAME_URL
    stays: Bool = told | ((pairs.relations == SAME_FORM) & (is_close | is_linked))
    return stays


def relation_codes(table: pa.Table) -> Int64:
    """Return the number of the relation of each pair, ``NONE`` for none."""
    codes: Int64 = pc.index_in(table["relation"], value_set=pa.array(NAMES)).to_numpy()
    return codes.astype(np.int64)


def _pairs_of(documents: pa.Table, table: pa.Table, config: Config) -> Pairs:
    """Return the pairs that are clustered, but for equal ones, and those of which one might go."""
    codes = relation_codes(table)
    codes = np.where(codes == REVISION, NEAR_DUPLICATE, codes)  # a version is in the cluster
    jaccard = table["jaccard"].to_numpy()
    closest = np.maximum(*(table[f"containment_{side}"].to_numpy() for side in "ab"))
    closest = np.maximum(closest, table["coverage"].to_numpy())
    wanted = [RELATION_CODES[name] for name in config.cluster_on]
    usable = np.isin(codes, wanted) | ((jaccard > 0) & (closest >= config.removable))
    rows = np.flatnonzero(usable & (codes != EXACT) & (codes != NONE))
    return _read_pairs(documents, table, codes, rows)


def _read_pairs(documents: pa.Table, table: pa.Table, codes: Int64, rows: Int64) -> Pairs:
    """Return some rows of a table of pairs, with shares of 0, which the table does not hold."""
    table = table.take(pa.array(rows))
    ids = one_array(documents["doc_id"])
    a, b = (pc.index_in(table[side], value_set=ids).to_numpy().astype(np.int64) for side in "ab")
    none = np.zeros(len(rows))
    return Pairs(
        a=a,
        b=b,
        relations=codes[rows],
        jaccard=table["jaccard"].to_numpy(),
        containment_a=table["containment_a"].to_numpy(),
        containment_b=table["containment_b"].to_numpy(),
        coverage=table["coverage"].to_numpy(),
        matched=table["matched_tokens"].to_numpy(),
        share_a=none,
        share_b=none,
    )


def _judged(pairs: Pairs, short: int, config: Config) -> Pairs:
    """Return pairs with shares, and the relations they have where the threshold is above them.

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
    return judged


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


def beside_canonical(documents: pa.Table, pairs: Pairs) -> tuple[Bool, Bool]:
    """Tell for ``a`` and for ``b`` of each pair whether it stays beside the canonical other one.

    What only it says may be said in another member, so with another canonical one it may go.
    """
    stays = documents["kept"].to_numpy() & ~documents["canonical"].to_numpy()
    ids = one_array(documents["doc_id"])
    leaders = pc.index_in(documents["cluster"], value_set=ids).to_numpy().astype(np.int64)
    a_stays: Bool = stays[pairs.a] & (leaders[pairs.a] == pairs.b)
    b_stays: Bool = stays[pairs.b] & (leaders[pairs.b] == pairs.a)
    return a_stays, b_stays


def _may_go(judged: _Judged, documents: pa.Table, thresholds: Float64) -> Float64:
    """Return how many members that stay beside their canonical one are near others than that."""
    pairs = judged.pairs
    nearest = np.full(len(documents), -1.0)
    stays = documents["kept"].to_numpy() & ~documents["canonical"].to_numpy()
    for docs, beside in zip((pairs.a, pairs.b), beside_canonical(documents, pairs), strict=True):
        others = judged.clustered & stays[docs] & ~beside
        np.maximum.at(nearest, docs[others], pairs.jaccard[others])
    values = np.sort(nearest[nearest >= 0])
    return (len(values) - np.searchsorted(values, thresholds, side="left")).astype(np.float64)


def _chances(thresholds: Float64, config: Config) -> list[Float64 | None]:
    """Return for each threshold the share of the pairs in buckets now that were in one then.

    By similarity in thousandths; ``None`` where bands and rows are those of the scan, or no fewer.
    """
    centres = np.arange(_BINS + 1) / _BINS
    now = bands_and_rows(config)
    chance = np.array([collision_probability(each, *now) for each in centres])
    found: list[Float64 | None] = []
    for each in thresholds.tolist():
        is_same = each <= config.threshold or bool(config.bands)
        then = now if is_same else bands_and_rows(replace(config, threshold=each))
        if then == now:
            found.append(None)
            continue
        bands, rows = then
        found.append(np.minimum((1 - (1 - centres**rows) ** bands) / np.maximum(chance, 1e-300), 1))
    return found


def _go_free(
    judged: _Judged, thresholds: Float64, chances: list[Float64 | None]
) -> tuple[Float64, Float64, float]:
    """Return how many removed documents lose their canonical one at each threshold.

    At least and at most, and up to which threshold nothing changes.
    """
    pairs = judged.pairs
    may_stay, must_stay = judged.stays | judged.stays_short, judged.stays & judged.stays_short
    joins = judged.clustered & (judged.member >= 0)
    in_bucket = judged.clustered & (pairs.matched == 0)

    def below(some: Bool) -> Float64:
        values = np.sort(pairs.jaccard[some & joins])
        return np.searchsorted(values, thresholds, side="left").astype(np.float64)

    fewer = np.array([each is not None for each in chances])
    changed = pairs.jaccard[judged.clustered & ~must_stay]
    exact_to = float(changed.min()) if len(changed) else 1.0
    if in_bucket.any() and fewer.any():
        exact_to = min(exact_to, float(thresholds[np.argmax(fewer) - 1]))
    most = np.where(fewer, below(~must_stay | in_bucket), below(~must_stay))
    return below(~may_stay), most, exact_to


def _clustered_again(
    judged: _Judged,
    documents: pa.Table,
    thresholds: Float64,
    chances: list[Float64 | None],
    config: Config,
) -> Float64:
    """Return how many documents more or less are removed when all pairs are clustered again.

    Of very many pairs only some thresholds are looked at, and those between are interpolated.
    """
    pairs = judged.pairs
    stars = _Stars.of(pairs, documents, config)
    in_bucket = np.flatnonzero(pairs.matched == 0)
    bins = np.rint(pairs.jaccard[in_bucket] * _BINS).astype(np.int64)
    drawn = np.random.default_rng(0).random(len(in_bucket))
    low = pairs.jaccard < config.threshold
    stride = next((each for each in _STRIDES if len(pairs) * 100 < each * _PAIRS), _STRIDES[-1])
    known: dict[float, float] = {}
    last, count = np.zeros(0, np.bool_), 0.0
    for place, (each, chance) in enumerate(zip(thresholds.tolist(), chances, strict=True)):
        if place % stride and each not in (config.threshold, 1.0):
            continue
        near = pairs.jaccard >= each
        active = near | np.where(low, judged.clustered, judged.stays)
        if chance is not None:
            active[in_bucket] &= near[in_bucket] | (drawn < chance[bins])
        if not np.array_equal(active, last):
            last, count = active, stars.removed(active)
        known[each] = count
    counts = np.interp(thresholds, list(known), list(known.values()))
    change: Float64 = counts - known[config.threshold]
    return change


@dataclass(frozen=True, slots=True)
class _Stars:
    """Pairs as edges both ways, in order of the document they lead from, to be clustered often.

    ``goes`` tells whether enough of the second document stands in the first for it to be removed.
    """

    order: Int64
    ours: Int64
    theirs: Int64
    number: Int64
    goes: Bool

    @classmethod
    def of(cls, pairs: Pairs, documents: pa.Table, config: Config) -> _Stars:
        """Take pairs; documents that are canonical now come first."""
        canonical = documents["canonical"].to_numpy()
        has_pair = np.zeros(len(canonical), np.bool_)
        has_pair[pairs.a] = has_pair[pairs.b] = True
        place = np.cumsum(has_pair) - 1  # among those that have one
        a, b = place[pairs.a], place[pairs.b]
        ours, theirs = np.concatenate([a, b]), np.concatenate([b, a])
        a_stays, b_stays = beside_canonical(documents, pairs)
        goes = np.concatenate([pairs.share_b, pairs.share_a]) >= config.removable
        goes &= ~np.concatenate([b_stays, a_stays])
        by_doc = np.argsort(ours, kind="stable")
        order = np.argsort(~canonical[has_pair], kind="stable")
        number = by_doc % max(len(pairs), 1)
        return cls(order, ours[by_doc], theirs[by_doc], number, goes[by_doc])

    def removed(self, active: Bool) -> float:
        """Return how many documents are removed when only some of the pairs are there."""
        some = active[self.number]
        ours, theirs = self.ours[some], self.theirs[some]
        bounds = offsets_of(np.bincount(ours, minlength=len(self.order)))
        leaders = np.arange(len(self.order))
        kernel.join_stars(self.order, theirs, bounds, np.ones(len(leaders), np.bool_), leaders)
        return float(np.count_nonzero((leaders[theirs] == ours) & self.goes[some]))
