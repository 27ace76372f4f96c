"""The first data block of a page: totals, figures, warnings, and the meaning of codes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from dedup.config import RELATIONS
from dedup.core.arrays import Int64, one_array
from dedup.pipeline.warnings import NOTES, describe
from dedup.report import labels
from dedup.report.web.choose import MOST_DOCUMENTS, Chosen, leaders_of
from dedup.report.web.chunks import Codes
from dedup.report.web.families import EVIDENCE, ChosenFamilies, copying_of, family_codes
from dedup.report.web.found import Found
from dedup.report.web.graph import Graph, choose_graph
from dedup.report.web.stories import ChosenStories


@dataclass(frozen=True, slots=True)
class Parts:
    """What of a result is in the page."""

    pairs: Chosen
    families: ChosenFamilies
    stories: ChosenStories
    removals: Int64


MOST_LISTED = 20  # pairs, clusters, sites and documents to look at, of each kind


def codes_of(found: Found) -> dict[str, Codes]:
    """Give a number to all names that occur in many rows."""
    passages, removals = found.tables["passages"], found.removals
    return {
        "relations": Codes.of(found.tables["pairs"]["relation"], first=(*RELATIONS, "none")),
        "levels": Codes.of(passages["level"], first=("strong", "medium", "weak")),
        "kinds": Codes.of(passages["kind"]),
        "reasons": Codes.of(removals["reason"]),
        "rules": Codes.of(removals["rule"]),
        "tags": Codes.of(found.annotations["tag"]),
        "sites": Codes.of(pa.chunked_array([found.sites])),
        **family_codes(found),
    }


def overview_of(found: Found, parts: Parts, codes: dict[str, Codes], title: str) -> dict[str, Any]:
    """Return all of the overview that does not depend on which texts the page holds."""
    made = found.figures
    return {
        "version": found.summary["version"],
        "title": title,
        "config": found.config.as_dict(),
        "find": list(found.config.find),
        "totals": totals_of(found),
        "summary": {**found.summary, "reuse_groups": len(found.summary["reuse_groups"])},
        **{name: each.names for name, each in codes.items()},
        "words": _words(codes, found),
        "figures": _figures(made, found),
        "look": _look(made, found, codes),
        "sought": _sought(found),
        "copying": copying_of(found, parts.families),
        "graph": _graph(
            choose_graph(found, parts.pairs, parts.families), codes, found, parts.pairs
        ),
        "notes": list(found.notes),
    }


def _sought(found: Found) -> dict[str, bool]:
    """Tell which of the tables there are that not every result has."""
    return {name: name in found.tables for name in ("families", "stories")}


def totals_of(found: Found) -> dict[str, Any]:
    """Return how many documents there are, and how much of their text goes.

    ``removed_characters`` are those of the documents that are not kept, and those that cleaning
    takes out of the others; null, like ``characters``, where texts cannot be read.
    """
    totals = dict(found.summary["documents"])
    if found.texts is None:
        return {**totals, "characters": None, "removed_characters": None, "repeated_share": None}
    kept = found.tables["documents"]["kept"].to_numpy()
    inside = np.bincount(*_spans(found), len(found)).astype(np.int64)
    lengths = found.texts.characters
    gone = int(lengths[~kept].sum() + inside[kept].sum())
    total = int(lengths.sum())
    share = round(gone / total, 6) if total else 0.0
    return {**totals, "characters": total, "removed_characters": gone, "repeated_share": share}


def _spans(found: Found) -> tuple[Int64, Int64]:
    table = found.removals
    sizes: Int64 = table["end"].to_numpy() - table["start"].to_numpy()
    return table["doc"].to_numpy(), sizes


def _words(codes: dict[str, Codes], found: Found) -> dict[str, dict[str, str]]:
    plain = ("levels", "kinds")
    return {
        "relations": {each: labels.relation_name(each) for each in codes["relations"].names},
        **{
            name: {each: labels.reason_name(each) for each in codes[name].names}
            for name in ("reasons", "tags")
        },
        "family_kinds": {each: labels.family_name(each) for each in codes["family_kinds"].names},
        "evidence": {each: labels.evidence_name(each) for each in EVIDENCE},
        "limits": {each: labels.limit_name(each) for each in found.summary.get("limits") or {}},
        **{name: {each: each.replace("_", " ") for each in codes[name].names} for name in plain},
    }


def _figures(made: dict[str, Any], found: Found) -> dict[str, Any]:
    """Return what is drawn, ``None`` where there is nothing to draw."""
    drawn = {
        "histogram": made["similarity"] if len(found.tables["pairs"]) else None,
        "what_if": made["threshold_effect"],
        "s_curve": made["s_curve"],
    }
    needed = (("cluster_sizes", "sizes"), ("site_matrix", "sites"), ("timeline", "starts"))
    return {**drawn, **{name: made[name] if made[name][key] else None for name, key in needed}}


def _look(made: dict[str, Any], found: Found, codes: dict[str, Codes]) -> dict[str, Any]:
    """Return what a careful person checks before anything is removed."""
    documents = found.tables["documents"]
    ids = one_array(documents["doc_id"])
    near = made["borderline"]
    return {
        "losses": _losses(found, ids),
        "below": [_pair(each, ids, codes) for each in near["below"]],
        "above": [_pair(each, ids, codes) for each in near["above"]],
        "largest": _largest(found),
        "sites": made["site_losses"]["sites"],
        "review": np.flatnonzero(found.review)[: 5 * MOST_LISTED].tolist(),
        "warnings": [
            {**each, "text": describe(each, command=False), "note": each["kind"] in NOTES}
            for each in found.summary["warnings"]
        ],
    }


def _pair(row: dict[str, Any], ids: pa.Array, codes: dict[str, Codes]) -> dict[str, Any]:
    ends = {side: int(pc.index(ids, row[side]).as_py()) for side in "ab"}
    relation = codes["relations"].names.index(row["relation"])
    scores = {name: round(row[name], 4) for name in ("jaccard", "coverage")}
    return {**ends, **scores, "relation": relation}


def _losses(found: Found, ids: pa.Array) -> list[dict[str, Any]]:
    """Return the removals that lose most of their running text, with what stays for them."""
    documents = found.tables["documents"]
    if "lost_share" not in documents.column_names:
        return []  # a result of an earlier version
    share = pc.fill_null(documents["lost_share"], 0).to_numpy()
    order = np.lexsort((np.arange(len(share)), -share))[:MOST_LISTED]
    rows = order[share[order] > 0]
    some = documents.select(["duplicate_of", "lost_tokens", "lost_facts", "lost_share"])
    return [
        {
            "row": row,
            "other": int(pc.index(ids, each["duplicate_of"]).as_py()),
            "tokens": each["lost_tokens"],
            "facts": each["lost_facts"],
            "share": round(each["lost_share"], 4),
        }
        for row, each in zip(rows.tolist(), some.take(pa.array(rows)).to_pylist(), strict=True)
    ]


def _largest(found: Found) -> list[dict[str, int]]:
    leaders, count = leaders_of(found), len(found)
    sizes = np.bincount(leaders, minlength=count)
    removed = np.bincount(leaders, ~found.tables["documents"]["kept"].to_numpy(), count)
    order = np.lexsort((np.arange(count), -sizes))[:MOST_LISTED].tolist()
    return [
        {"row": row, "documents": int(sizes[row]), "removed": int(removed[row])}
        for row in order
        if sizes[row] > 1
    ]


def _graph(graph: Graph, codes: dict[str, Codes], found: Found, chosen: Chosen) -> dict[str, Any]:
    leaders = leaders_of(found)
    table = found.tables["pairs"]["relation"]
    relations = np.full(len(graph.pair), -1, np.int64)
    known = np.flatnonzero(graph.pair >= 0)
    rows = chosen.pairs[graph.pair[known]]
    relations[known] = codes["relations"].codes(table.take(pa.array(rows)))
    names = ("a", "b", "relation", "tokens", "count", "pair")
    edges = (graph.a, graph.b, relations, graph.tokens, graph.count, graph.pair)
    nodes = []
    for node, documents in zip(graph.nodes.tolist(), graph.documents.tolist(), strict=True):
        family = node - graph.first_family
        what = {"family": family} if family >= 0 else {"row": node, "cluster": int(leaders[node])}
        nodes.append({"id": node, "documents": documents, **what})
    return {
        "nodes": nodes,
        "edges": [
            dict(zip(names, each, strict=True))
            for each in zip(*(column.tolist() for column in edges), strict=True)
        ],
        "left_out_nodes": graph.left_out_nodes,
        "left_out_edges": graph.left_out_edges,
    }


def left_out(found: Found, parts: Parts, texts: int, most: int) -> list[dict[str, Any]]:
    """Say of each kind of data how much of it the page lacks, where it lacks some."""
    pairs, families, stories, tables = parts.pairs, parts.families, parts.stories, found.tables
    count, limit = len(found), f"to keep the file under {most / 1e6:,.0f} MB"
    kinds = (
        ("documents", min(count, MOST_DOCUMENTS), count, limit),
        ("texts", texts, count, limit if found.texts is not None else "they could not be read"),
        ("pairs", len(pairs.pairs), len(tables["pairs"]), "the closest are shown"),
        ("passages", len(pairs.passages), len(tables["passages"]), "those of these pairs"),
        ("removals", len(parts.removals), len(found.removals), "the longest are shown"),
        ("families", len(families.families), _rows(found, "families"), "the first are shown"),
        ("occurrences", len(families.occurrences), _rows(found, "occurrences"), "the first are"),
        ("stories", len(stories.stories), _rows(found, "stories"), "the largest are shown"),
        ("members of stories", len(stories.members), _rows(found, "story_members"), "the first"),
    )
    return [
        {"what": what, "shown": shown, "total": total, "why": why}
        for what, shown, total, why in kinds
        if shown < total
    ]


def _rows(found: Found, name: str) -> int:
    return len(found.tables[name]) if name in found.tables else 0
