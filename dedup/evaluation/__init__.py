"""How good a result is, measured against labels: clusters, pairs, passages."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from dedup.config import BY_STRENGTH, RELATIONS
from dedup.core.arrays import Int64
from dedup.errors import ConfigError, InputError
from dedup.evaluation.labels import Found, Labels, read_labels, read_result
from dedup.evaluation.plagdet import NONE, PassageScores, passage_scores
from dedup.evaluation.report import format_report
from dedup.evaluation.scores import (
    ClusterScores,
    DocPair,
    PairScores,
    StoryScores,
    cluster_scores,
    in_one_cluster,
    pair_scores,
    story_scores,
)

__all__ = [
    "ClusterScores",
    "PairScores",
    "PassageScores",
    "StoryScores",
    "cluster_scores",
    "evaluate",
    "format_report",
    "pair_scores",
    "passage_scores",
    "story_scores",
]


def evaluate(
    labels_path: str | Path,
    result_dir: str | Path,
    *,
    pairs_from: str | Sequence[str] | None = None,
    only_listed: bool = False,
    stories: bool = False,
) -> dict[str, Any]:
    """Score a result directory against a label file; return all figures as plain values.

    Labels {id, story} judge stories; with ``stories`` labels {id, cluster} do so too. Labels with
    spans judge passages, and families where the result has them: the occurrences of one in both
    documents count as a passage.

    For labels that list pairs, two documents are a predicted pair when they share a cluster, or,
    with ``pairs_from``, when `pairs` joins them by a relation at least as strong as that one (the
    weakest of several). ``only_listed`` leaves predicted pairs that the file does not list out of
    the precision. Neither matters for the other forms of labels.
    """
    least = _weakest(pairs_from)
    labels, found = read_labels(labels_path), read_result(result_dir)
    if stories:
        labels = _as_stories(labels)
    figures: dict[str, Any] = {
        "labels": {"path": labels.path, "form": labels.form, "rows": labels.rows},
        "result": {
            "path": str(result_dir),
            "documents": len(found.clusters),
            "pairs": len(found.relations),
            "passages": sum(map(len, found.passages.values())),
        },
        "unmatched": _unmatched(labels, found),
    }
    if labels.form == "pairs":
        figures["pairs"] = _pair_figures(labels, found, least, only_listed)
    else:
        figures |= _figures(labels, found)
    if labels.form in ("clusters", "pairs"):
        figures["removals"] = _removal_figures(labels, found)
    return figures


def _figures(labels: Labels, found: Found) -> dict[str, Any]:
    """Return the scores of labels that do not list pairs alone."""
    if labels.form == "clusters":
        return {"clusters": dataclasses.asdict(cluster_scores(found.clusters, labels.clusters))}
    if labels.form == "stories":
        return {"stories": _story_figures(labels, found)}
    figures = {"passages": _passage_figures(labels, found)}
    if found.occurrences is not None:
        figures["families"] = _family_figures(labels, found.occurrences)
    return figures


def _as_stories(labels: Labels) -> Labels:
    """Return labels of clusters as labels of stories."""
    if labels.form not in ("clusters", "stories"):
        raise ConfigError("stories", True, "with labels {id, story} or {id, cluster}")
    return dataclasses.replace(labels, form="stories")


def _story_figures(labels: Labels, found: Found) -> dict[str, Any]:
    if not found.stories:
        raise ConfigError("stories", True, "with the result of a scan that looked for stories")
    return dataclasses.asdict(story_scores(found.stories, labels.clusters))


def _removal_figures(labels: Labels, found: Found) -> dict[str, Any]:
    """Return how many labelled documents are removed for one that they are no copy of, and loss.

    Of labels that list pairs, a removal is judged where the pair is listed.
    """
    judged = wrong = 0
    examples = []
    for name, other in sorted(found.removals.items()):
        if labels.form == "clusters":
            ours, theirs = labels.clusters.get(name), labels.clusters.get(other)
            truth = None if ours is None or theirs is None else ours == theirs
        else:
            truth = labels.truth.get((min(name, other), max(name, other)))
        judged += truth is not None
        if truth is False:
            wrong += 1
            examples.append(name)
    return {
        "removed": len(found.removals),
        "judged": judged,
        "wrong": wrong,
        "wrong_examples": examples[:5],
        "lost_tokens": found.lost["lost_tokens"],
        "lost_facts": found.lost["lost_facts"],
    }


def _weakest(pairs_from: str | Sequence[str] | None) -> str | None:
    """Return the weakest relation named, or None when none is."""
    if pairs_from is None:
        return None
    names = pairs_from.split(",") if isinstance(pairs_from, str) else list(pairs_from)
    names = [name.strip() for name in names]
    for name in names or [""]:
        if name not in BY_STRENGTH:
            raise ConfigError("pairs_from", name, f"any of {', '.join(BY_STRENGTH)}")
    return max(names, key=BY_STRENGTH.index)


def _unmatched(labels: Labels, found: Found) -> dict[str, Any]:
    """Count the documents that only one side knows, with up to five of each."""
    named = labels.documents()
    missing = sorted(named - found.clusters.keys())
    extra = sorted(found.clusters.keys() - named)
    if named and len(missing) == len(named):
        what = f"none of its {len(named)} documents is in the result: it names {missing[0]!r}"
        ours = f", the result {extra[0]!r}" if extra else ", the result is empty"
        raise InputError(what + ours, path=labels.path)
    return {
        "missing_from_result": len(missing),
        "missing_examples": missing[:5],
        "not_labelled": len(extra),
        "not_labelled_examples": extra[:5],
    }


def _pair_figures(
    labels: Labels, found: Found, least: str | None, only_listed: bool
) -> dict[str, Any]:
    """Return the pair scores, and per label what became of the listed pairs."""
    predicted: Mapping[str, str] | set[DocPair] = found.clusters
    if least is not None:
        strong = BY_STRENGTH[: BY_STRENGTH.index(least) + 1]
        predicted = {pair for pair, relation in found.relations.items() if relation in strong}
    scores = pair_scores(predicted, labels.truth, only_listed=only_listed)
    by_label: dict[str, dict[str, Any]] = {}
    for pair, name in labels.names.items():
        entry = by_label.setdefault(name, {"pairs": 0, "predicted": 0, "relations": Counter()})
        entry["pairs"] += 1
        entry["predicted"] += (
            in_one_cluster(predicted, pair) if isinstance(predicted, Mapping) else pair in predicted
        )
        entry["relations"][found.relations.get(pair, "none")] += 1
    for entry in by_label.values():
        order = [*RELATIONS, "none"]
        entry["relations"] = {key: entry["relations"][key] for key in order}
    return {
        "from": "clusters" if least is None else f"pairs of at least {least}",
        **dataclasses.asdict(scores),
        "by_label": {name: by_label[name] for name in sorted(by_label)},
    }


def _family_figures(
    labels: Labels, occurrences: Mapping[str, list[tuple[int, int, int]]]
) -> dict[str, Any]:
    """Return the passage scores of families: two documents share each that occurs in both."""
    cases, detections = dict[DocPair, Int64](), dict[DocPair, Int64]()
    for pair, spans in labels.spans.items():
        cases[pair] = np.array(spans, np.int64) if spans else NONE
        rows = [
            (start, end, other_start, other_end)
            for family, start, end in occurrences.get(pair[0], ())
            for other, other_start, other_end in occurrences.get(pair[1], ())
            if family == other
        ]
        if rows:
            detections[pair] = np.array(rows, np.int64)
    return dataclasses.asdict(passage_scores(detections, cases))


def _passage_figures(labels: Labels, found: Found) -> dict[str, Any]:
    """Return the passage scores, overall and per label."""
    cases: dict[DocPair, Int64] = {
        pair: np.array(spans, np.int64) if spans else NONE for pair, spans in labels.spans.items()
    }
    by_label = {}
    for name in sorted(set(labels.names.values())):
        own = {pair: rows for pair, rows in cases.items() if labels.names[pair] == name}
        own_found = {pair: found.passages[pair] for pair in own if pair in found.passages}
        by_label[name] = dataclasses.asdict(passage_scores(own_found, own))
    return {**dataclasses.asdict(passage_scores(found.passages, cases)), "by_label": by_label}
