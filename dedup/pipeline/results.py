"""The tables and the summary of a result."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from dedup.clusters.standing import Standing
from dedup.clusters.stars import Clusters, components
from dedup.core.arrays import Bool, Float64, Int64, distinct, one_array
from dedup.core.package import version
from dedup.errors import OutputError
from dedup.kernels.differences import LONGEST as LONGEST_LOST
from dedup.kernels.differences import OWN_WORDS
from dedup.passages.find import LEVELS, Passages
from dedup.pipeline.warnings import find_warnings
from dedup.result import Result
from dedup.schema import DOCUMENTS, LOSSES, PAIRS, PASSAGES, REPEATS, TEMPLATE_PREFIX
from dedup.similarity.differences import Differences, Judge
from dedup.similarity.relations import EXACT, NAMES, NONE, SAME_FORM, Pairs
from dedup.text.tokens import Tokens

if TYPE_CHECKING:  # the fast mode does without it
    from dedup.cleaning.find import Removals

MOST_TEMPLATES = 100  # that are listed
_FURTHER = ("story", "same_url", "no_text")  # columns that come from elsewhere
_WHOLE = ("doc_id", "path", *_FURTHER)  # those that are not made slice by slice
_SLICE = 1 << 18  # documents whose scores are laid out at a time


def documents_table(
    corpus: pa.Table,
    judged: tuple[Pairs, Differences],
    clusters: Clusters,
    representatives: Int64,
    standing: Standing,
    further: Mapping[str, pa.Array | None] | None = None,
) -> pa.Table:
    """Return which documents are kept, and the relation of each other one to its replacement.

    ``judged`` are the pairs and what differs in them. ``representatives`` names for each document
    the one that stands for it and its equals. ``further`` are columns that were looked for (of
    ``story``, ``same_url`` and ``no_text``). The column ``path`` has the type it has in ``corpus``.
    """
    ids = one_array(corpus["doc_id"])
    parts = []
    for low in range(0, max(len(ids), 1), _SLICE):
        rows = np.arange(low, min(low + _SLICE, len(ids)))
        parts.append(_documents(ids, rows, judged, clusters, representatives, standing))
    table = pa.concat_tables(parts)
    path = corpus["path"]
    if path.null_count == len(path):
        path = pa.nulls(len(path), pa.string())
    columns = {name: pa.nulls(len(ids), DOCUMENTS.field(name).type) for name in _FURTHER}
    columns |= {name: each for name, each in (further or {}).items() if each is not None}
    columns |= {"doc_id": ids, "path": path}
    columns |= dict(zip(table.column_names, table.columns, strict=True))
    return table_of(columns, DOCUMENTS.names)


def address_column(ids: pa.ChunkedArray, groups: Int64) -> pa.Array | None:
    """Return the id of the first document with the same address; ``groups`` are its rows or -1."""
    if not (groups >= 0).any():
        return None
    return one_array(ids).take(pa.array(groups, mask=groups < 0))


def _documents(
    ids: pa.Array,
    rows: Int64,
    judged: tuple[Pairs, Differences],
    clusters: Clusters,
    representatives: Int64,
    standing: Standing,
) -> pa.Table:
    """Return what was found of some documents."""
    pairs, differences = judged
    leaders, by = clusters.leaders[rows], standing.by[rows]
    is_member = leaders != rows
    kept = by == rows
    # What joins a document to another one is the pair of the document that stands for it.
    edge = standing.pairs[rows][is_member]
    own_is_a = pairs.a[edge] == representatives[rows[is_member]]
    # Equal documents of which too little stands elsewhere: one is kept and stands for the others.
    equal = is_member & (representatives[rows] != rows) & (by == representatives[rows])

    def scores(values: Float64) -> pa.Array:
        if not len(values):
            return _no_scores(len(rows))
        full = np.zeros(len(rows))
        full[is_member] = values
        full[equal] = 1.0
        return pa.array(full, mask=~is_member)

    relation = np.full(len(rows), -1, np.int64)
    relation[is_member] = pairs.relations[edge]
    relation[equal] = EXACT
    containment = np.where(own_is_a, pairs.containment_a[edge], pairs.containment_b[edge])
    lost = _losses(differences, edge, own_is_a, is_member, kept | equal)
    columns = {
        "cluster": ids.take(pa.array(leaders)),
        "canonical": pa.array(~is_member),
        "kept": pa.array(kept),
        "relation": pa.array(NAMES, pa.string()).take(pa.array(relation, mask=relation < 0)),
        "duplicate_of": ids.take(pa.array(by, mask=kept)),
        "jaccard": scores(pairs.jaccard[edge]),
        "containment": scores(containment),
        "coverage": scores(pairs.coverage[edge]),
    }
    for name, values in zip(("lost_tokens", "lost_facts", "lost_share"), lost, strict=True):
        columns[name] = pa.array(values, mask=kept | (lost[0] < 0))
    return table_of(columns, [name for name in DOCUMENTS.names if name not in _WHOLE])


def table_of(columns: dict[str, pa.Array], names: Sequence[str]) -> pa.Table:
    """Return columns as a table, in the order of ``names``; raise where they are not the same ones.

    >>> table_of({"b": pa.array([1]), "a": pa.array([2])}, ["a", "b"]).column_names
    ['a', 'b']
    """
    if columns.keys() != set(names):
        raise NotImplementedError(f"columns {sorted(columns.keys() ^ set(names))} are not filled")
    return pa.table({name: columns[name] for name in names})


def losses_table(
    documents: pa.Table,
    judged: tuple[Pairs, Differences],
    representatives: Int64,
    standing: Standing,
    judge: Judge,
) -> pa.Table:
    """Return the stretches that removed documents lose, by id, as ``LOSSES``.

    Of equal documents only the one that stands for them is listed.
    """
    found = lost_stretches(judged, representatives, standing, judge)
    ids = one_array(documents["doc_id"])
    kept = ids.take(pa.array(standing.by[found["doc"].to_numpy()]))
    columns = [ids.take(found["doc"].combine_chunks()), kept]
    columns += [found[name] for name in ("start", "end", "tokens", "text")]
    return pa.Table.from_arrays(columns, schema=LOSSES)


def lost_stretches(
    judged: tuple[Pairs, Differences], representatives: Int64, standing: Standing, judge: Judge
) -> pa.Table:
    """Return the stretches that removed documents lose, by row, as ``Judge.losses`` does."""
    pairs, differences = judged
    own = np.arange(len(representatives))
    rows = np.flatnonzero((standing.by != own) & (representatives == own))
    edges = standing.pairs[rows]
    is_a = pairs.a[edges] == rows
    longest = differences.figures[edges, LONGEST_LOST + np.where(is_a, 0, 1)]
    some = longest >= OWN_WORDS
    return judge.losses(pairs, edges[some], is_a[some])


def _losses(
    differences: Differences, edge: Int64, own_is_a: Bool, is_member: Bool, is_kept: Bool
) -> tuple[Int64, Int64, Float64]:
    """Return what each document loses that goes: running words, facts, and the share of words."""
    losses = np.zeros((3, len(is_member)), np.int64)
    losses[:, is_member] = differences.lost(edge, own_is_a)
    losses[:, is_kept] = 0  # equal to one that stays
    return losses[0], losses[1], losses[0] / np.maximum(losses[2], 1)


@lru_cache(maxsize=2)
def _no_scores(count: int) -> pa.Array:
    """Return that many nulls; of documents that are no copies all columns and slices share them."""
    return pa.nulls(count, pa.float64())


def pairs_table(pairs: Pairs, differences: Differences, ids: pa.Array) -> pa.Table:
    """Return the confirmed pairs by id."""
    columns = {
        "a": ids.take(pa.array(pairs.a)),
        "b": ids.take(pa.array(pairs.b)),
        "relation": pa.array(NAMES, pa.string()).take(pa.array(pairs.relations)),
        "jaccard": pa.array(pairs.jaccard),
        "containment_a": pa.array(pairs.containment_a),
        "containment_b": pa.array(pairs.containment_b),
        "coverage": pa.array(pairs.coverage),
        "matched_tokens": pa.array(pairs.matched),
        "changed": differences.changed,
    }
    return _in_schema(columns, PAIRS)


def _in_schema(columns: dict[str, pa.Array], schema: pa.Schema) -> pa.Table:
    table = table_of(columns, schema.names)
    return pa.Table.from_arrays(table.columns, schema=schema)


def passages_table(passages: Passages, tokens: Tokens, ids: pa.Array) -> pa.Table:
    """Return the passages by id, with code points in place of tokens."""
    starts_a = tokens.bounds[passages.a] + passages.spans[:, 0]
    ends_a = tokens.bounds[passages.a] + passages.spans[:, 1] - 1
    starts_b = tokens.bounds[passages.b] + passages.spans[:, 2]
    ends_b = tokens.bounds[passages.b] + passages.spans[:, 3] - 1
    columns = {
        "a": ids.take(pa.array(passages.a)),
        "b": ids.take(pa.array(passages.b)),
        "start_a": pa.array(tokens.starts[starts_a], pa.int64()),
        "end_a": pa.array(tokens.ends[ends_a], pa.int64()),
        "start_b": pa.array(tokens.starts[starts_b], pa.int64()),
        "end_b": pa.array(tokens.ends[ends_b], pa.int64()),
        "matched_tokens": pa.array(passages.tokens),
        "density": pa.array(passages.densities),
        "score": pa.array(passages.scores),
        "level": pa.array([LEVELS[each] for each in passages.levels.tolist()], pa.string()),
        "kind": pa.array(passages.kinds(), pa.string()),
    }
    return _in_schema(columns, PASSAGES)


def repeats_table(removals: pa.Table, ids: pa.Array) -> pa.Table:
    """Return the removals that have a copy in the same document."""
    found = removals.filter(pc.is_valid(removals["kept_start"]))
    columns = {name: found[name] for name in REPEATS.names if name != "doc_id"}
    return _in_schema({"doc_id": ids.take(found["doc"].combine_chunks()), **columns}, REPEATS)


def reuse_groups(pairs: Pairs, clusters: Clusters, ids: pa.Array) -> list[list[str]]:
    """Return the clusters that share text with each other, by name, where there are several."""
    ours, theirs = clusters.leaders[pairs.a], clusters.leaders[pairs.b]
    related = (ours != theirs) & ~np.isin(pairs.relations, (NONE, SAME_FORM))
    rows = distinct(np.concatenate([ours[related], theirs[related]]))
    groups = components(
        np.searchsorted(rows, ours[related]), np.searchsorted(rows, theirs[related]), len(rows)
    )
    members: dict[int, list[str]] = {}
    for group, name in zip(groups.tolist(), ids.take(pa.array(rows)).to_pylist(), strict=True):
        members.setdefault(group, []).append(name)
    return sorted(sorted(each) for each in members.values())


def summarise(
    result: Result, clusters: Clusters, groups: list[list[str]], limits: Counter[str]
) -> dict[str, Any]:
    """Return the totals of a result as plain values; ``limits`` counts what bounds left out."""
    documents = result.tables["documents"]
    kept = int(pc.sum(documents["kept"]).as_py() or 0)
    read_report = result.corpus.read_report
    skipped = sum(read_report.skipped.values())
    sizes = np.bincount(clusters.leaders, minlength=1)
    return {
        "version": version(),
        "config": result.config.as_dict(),
        "read_report": read_report.as_dict(),
        "documents": {
            "read": read_report.read,
            "kept": kept,
            "removed": len(documents) - kept,
            "skipped": skipped,
        },
        "losses": _total_losses(documents),
        "relations": _counts(result.tables["pairs"]["relation"], NAMES),
        "clusters": {
            "count": int(np.count_nonzero(sizes > 1)),
            "largest": int(sizes.max()),
            "documents": int(sizes[sizes > 1].sum()),
        },
        "reuse_groups": groups,
        "passages": _counts(result.tables["passages"]["level"], tuple(LEVELS.values())),
        "kinds": _counts(result.tables["passages"]["kind"]),
        "repeats": _counts(result.tables["repeats"]["reason"]),
        "removals": _counts(result.removals["reason"]),
        "tags": _counts(result.annotations["tag"]),
        "review": int(pc.sum(result.review).as_py() or 0),
        "limits": dict(sorted((name, count) for name, count in limits.items() if count)),
        "warnings": find_warnings(result),
    }


def templates_summary(found: Removals, metadata: pa.Table, tokens: Tokens) -> dict[str, Any]:
    """Return the text that sites repeat, once each, ready for JSON.

    ``listed`` are the most frequent: the line or sentence (at most 200 characters), its site (null
    for one of several sites), and in how many documents and distinct clusters it occurs; ``sites``
    the share of its text that each site loses.
    """
    sites, ids = metadata["site"], metadata["doc_id"]
    listed = [
        {
            "text": each.text,
            "site": sites[each.example].as_py() if each.site >= 0 else None,
            "documents": each.documents,
            "clusters": each.clusters,
            "example": ids[each.example].as_py(),
        }
        for each in found.templates[:MOST_TEMPLATES]
    ]
    rows = found.rows.filter(pc.starts_with(found.rows["rule"], TEMPLATE_PREFIX))
    docs = rows["doc"].to_numpy()
    sizes = rows["end"].to_numpy() - rows["start"].to_numpy()
    removed = np.bincount(docs, weights=sizes, minlength=len(tokens)).astype(np.int64)
    return {
        "count": len(found.templates),
        "documents": len(distinct(docs)),
        "removals": len(docs),
        "sites": _sites_that_lose(sites, removed, tokens),
        "listed": listed,
    }


def _sites_that_lose(
    sites: pa.ChunkedArray, removed: Int64, tokens: Tokens
) -> list[dict[str, Any]]:
    """Return the share of its text that each site loses as templates, the largest first."""
    table = pa.table({"site": sites, "removed": removed, "length": lengths(tokens)})
    named = table.filter(pc.is_valid(table["site"]))
    sums = named.group_by("site").aggregate(
        [("removed", "sum"), ("length", "sum"), ("length", "count")]
    )
    found = [
        {
            "site": row["site"],
            "documents": row["length_count"],
            "share": round(row["removed_sum"] / max(row["length_sum"], 1), 6),
        }
        for row in sums.filter(pc.greater(sums["removed_sum"], 0)).to_pylist()
    ]
    return sorted(found, key=lambda each: (-each["share"], each["site"]))[:MOST_TEMPLATES]


def lengths(tokens: Tokens) -> Int64:
    """Return how many characters each text has, up to its last word."""
    found = np.zeros(len(tokens), np.int64)
    filled = np.flatnonzero(tokens.counts() > 0)
    found[filled] = tokens.ends[tokens.bounds[filled + 1] - 1]
    return found


def _total_losses(documents: pa.Table) -> dict[str, int]:
    """Return what all removals together lose: words and facts that occur nowhere else."""
    return {
        "documents": int(pc.sum(pc.greater(documents["lost_tokens"], 0)).as_py() or 0),
        "tokens": int(pc.sum(documents["lost_tokens"]).as_py() or 0),
        "facts": int(pc.sum(documents["lost_facts"]).as_py() or 0),
    }


def _counts(column: pa.ChunkedArray, order: tuple[str, ...] = ()) -> dict[str, int]:
    counts = pc.value_counts(column)
    found = dict(
        zip(counts.field("values").to_pylist(), counts.field("counts").to_pylist(), strict=True)
    )
    return {
        name: found[name] for name in [*order, *sorted(found.keys() - set(order))] if name in found
    }


def complete(result: Result, pairs: Pairs, clusters: Clusters, limits: Counter[str]) -> None:
    """Write the summary of a result whose tables are filled, and check that nothing is lost."""
    ids = one_array(result.tables["documents"]["doc_id"])
    groups = reuse_groups(pairs, clusters, ids)
    told = summarise(result, clusters, groups, limits)  # its warnings are also of what is there
    warnings = told.pop("warnings")
    found = {**told, **result.summary, "warnings": warnings}  # these come last
    result.summary.clear()
    result.summary.update(found)
    check_conservation(result, clusters)


def check_sums(summary: dict[str, Any]) -> None:
    """Raise ``OutputError`` unless read = kept + removed + skipped."""
    counts = summary["documents"]
    if counts["read"] != counts["kept"] + counts["removed"] + counts["skipped"]:
        raise OutputError(f"documents do not add up: {counts}")


def check_conservation(result: Result, clusters: Clusters) -> None:
    """Raise ``OutputError`` unless read = kept + removed + skipped and every cluster keeps one."""
    check_sums(result.summary)
    kept = result.tables["documents"]["kept"].to_numpy()
    keeps = np.zeros(len(kept), np.bool_)
    keeps[clusters.leaders[kept]] = True
    lost = np.flatnonzero(~keeps[clusters.leaders])
    if len(lost):
        name = result.tables["documents"]["cluster"][int(lost[0])].as_py()
        raise OutputError(f"cluster {name} keeps no document")
