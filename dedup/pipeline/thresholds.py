"""A result under another threshold, told from its own pairs without another scan.

``clusters.thresholds`` says what is exact and what is not. Only documents that are connected with a
pair whose relation changes are clustered again. Documents that are canonical lead before others;
among the others the policy decides, as far as the result holds what it goes by: lengths are
characters in place of tokens, which texts are truncated is not known, and the best copy of a new
cluster is not chosen anew.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from dedup.clusters.canonical import CanonicalOrder, ranks
from dedup.clusters.standing import decide
from dedup.clusters.stars import Clusters, cluster_pairs, components, join_equals
from dedup.clusters.thresholds import (
    beside_canonical,
    related_at,
    relation_codes,
    threshold_effect,
)
from dedup.config import Config
from dedup.core.arrays import Bool, Int64, one_array
from dedup.errors import ConfigError
from dedup.pipeline.results import complete, documents_table, pairs_table
from dedup.result import Result
from dedup.similarity.differences import Differences
from dedup.similarity.relations import EXACT, NONE, OWN_TEXT, REVISION, SAME_FORM, Pairs


def at_threshold(result: Result, threshold: float) -> Result:
    """Return a result as another threshold would make it, about; ``threshold`` is in its settings.

    ``summary["threshold_effect"]`` says from which threshold it was told, how many documents a scan
    would remove at least and at most, and whether that number is exact.
    """
    config = replace(result.config, threshold=threshold)
    _check(result, threshold)
    if config.threshold == result.config.threshold:
        return result
    documents, table = result.tables["documents"], result.tables["pairs"]
    pairs = related_at(documents, table, result.config, config.threshold)
    touched = _touched(pairs, relation_codes(table), len(documents))
    known = (pairs.relations != NONE) | pc.equal(table["relation"], "none").to_numpy()
    pairs = pairs.take(known)
    judged = pairs, _differences(documents, pairs, table["changed"].filter(pa.array(known)))
    representatives = _representatives(documents, pairs)
    order = _order(result)
    clusters = cluster_pairs(pairs, order, config)
    if "exact" in config.cluster_on:
        join_equals(clusters, pairs, representatives)
    stays = judged[1].stays
    standing = decide(pairs, clusters, representatives, order.lengths, config, stays=stays)
    further = {name: one_array(documents[name]) for name in ("story", "same_url", "no_text")}
    clustered = documents_table(*(documents, judged, clusters, representatives, standing), further)
    columns = [
        pc.if_else(pa.array(touched), one_array(clustered[name]), one_array(documents[name]))
        for name in documents.column_names
    ]
    made = pa.table(columns, names=documents.column_names)
    ids = one_array(documents["doc_id"])
    leaders = pc.index_in(made["cluster"], value_set=ids).to_numpy().astype(np.int64)
    tables = {**result.tables, "documents": made, "pairs": pairs_table(*judged, ids)}
    again = replace(result, config=config, tables=tables, summary={})
    limits = Counter(result.summary.get("limits", {}))
    if "stories" in result.summary:  # a story is one whatever of it is kept
        again.summary["stories"] = result.summary["stories"]
    complete(again, pairs, Clusters(leaders, np.full(len(made), -1, np.int64)), limits)
    again.summary["threshold_effect"] = _effect(documents, table, result.config, config.threshold)
    return again


def _check(result: Result, threshold: float) -> None:
    """Raise ``ConfigError`` for a result of which no other threshold can be told."""
    if "duplicates" not in result.config.find:
        raise ConfigError(
            *("threshold", threshold, "with `duplicates` in find"),
            says="{name}: the result was made without `duplicates`, so no threshold was applied",
        )
    if "established" in result.summary:
        raise ConfigError(
            *("threshold", threshold, "for a scan of all parts"),
            says="{name}: only new parts were scanned for what goes; scan them again",
        )


def _differences(documents: pa.Table, pairs: Pairs, changed: pa.ChunkedArray) -> Differences:
    """Return what a result still says of what differs: what changed, and who stays beside whom.

    What a removal would lose is not known.
    """
    a_stays, b_stays = beside_canonical(documents, pairs)
    refused = np.isin(pairs.relations, (SAME_FORM, OWN_TEXT))
    kept = documents["kept"].to_numpy()
    # Of versions that both stayed nothing says that one is the newer.
    refused |= (pairs.relations == REVISION) & kept[pairs.a] & kept[pairs.b]
    unknown = Differences.unknown(len(pairs))
    return replace(
        unknown,
        stays=np.stack([a_stays | refused, b_stays | refused], axis=1),
        changed=one_array(changed),
    )


def _touched(pairs: Pairs, before: Int64, count: int) -> Bool:
    """Tell which documents are connected with a pair whose relation was another one ``before``."""
    edges = np.minimum(pairs.relations, before) < NONE
    groups = components(pairs.a[edges], pairs.b[edges], count)
    changed = pairs.a[pairs.relations != before]
    touched: Bool = np.isin(groups, groups[changed])
    return touched


def _effect(
    documents: pa.Table, table: pa.Table, config: Config, threshold: float
) -> dict[str, object]:
    effect = threshold_effect(documents, table, config, [threshold])
    place = effect["thresholds"].index(threshold)
    return {
        "from": config.threshold,
        "least": effect["least"][place],
        "most": effect["most"][place],
        "exact": effect["exact_from"] <= threshold <= effect["exact_to"],
    }


def _representatives(documents: pa.Table, pairs: Pairs) -> Int64:
    """Return for each document the one that stands for it and its equals.

    It is the one that all pairs of equals name; of two equals the one that has other pairs, or that
    is canonical, or that comes first.
    """
    count = len(documents)
    equal = pairs.relations == EXACT
    a, b = pairs.a[equal], pairs.b[equal]
    weight = 4 * (_degrees(pairs.a[equal], pairs.b[equal], count) > 1)
    weight += 2 * (_degrees(pairs.a[~equal], pairs.b[~equal], count) > 0)
    weight += documents["canonical"].to_numpy().astype(np.int64)
    first: Int64 = np.arange(count, dtype=np.int64)
    b_stands = weight[b] > weight[a]
    first[np.where(b_stands, a, b)] = np.where(b_stands, b, a)
    return first


def _degrees(a: Int64, b: Int64, count: int) -> Int64:
    return np.bincount(a, minlength=count) + np.bincount(b, minlength=count)


def _order(result: Result) -> CanonicalOrder:
    """Return what is known of the canonical order, with what is canonical now in front."""
    documents, corpus = result.tables["documents"], result.corpus.table
    count = len(documents)
    lengths = np.zeros(count, np.int64)
    gone = np.zeros(count, np.int64)
    if "text" in corpus.column_names:
        lengths = pc.utf8_length(corpus["text"]).to_numpy().astype(np.int64)
        sizes = result.removals["end"].to_numpy() - result.removals["start"].to_numpy()
        np.add.at(gone, result.removals["doc"].to_numpy(), sizes)
    return CanonicalOrder(
        truncated=np.zeros(count, np.bool_),
        boilerplate=gone / np.maximum(lengths, 1),
        lengths=np.maximum(lengths - gone, 0),
        dates=ranks(corpus["date"]),
        priorities=ranks(corpus["priority"], numeric=True),
        superseded=np.zeros(count, np.bool_),
        established=documents["canonical"].to_numpy(),
    )
