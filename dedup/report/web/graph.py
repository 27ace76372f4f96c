"""The graph of a page: articles or clusters, the families that they hold, and other relations.

Articles that hold one wording are linked with its family, not with each other, so that a family of
n articles is n lines, and a cluster has one line for each copy.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow.compute as pc

from dedup.core.arrays import Bool, Int64, one_array
from dedup.report.web.choose import Chosen, leaders_of
from dedup.report.web.families import ChosenFamilies
from dedup.report.web.found import Found, rows_of

MOST_NODES = 500
ENOUGH_NODES = 100  # up to which clusters that nothing links are drawn
MOST_EDGES = 2_000
MOST_SPOKES = 40  # lines of one family
LEAST_MEMBERS = 3  # articles of a family that is a node; the two of a smaller one are a pair


@dataclass(frozen=True, slots=True)
class Graph:
    """Nodes and the lines between them.

    A node below ``first_family`` is the row of a document (or of the cluster it stands for), others
    are the places of families, counted from there. ``documents`` tells how many a node stands for;
    ``pair`` is the closest of the chosen pairs behind a line, -1 for that of a family.
    """

    nodes: Int64
    documents: Int64
    first_family: int
    a: Int64
    b: Int64
    pair: Int64
    tokens: Int64
    count: Int64
    left_out_nodes: int
    left_out_edges: int


@dataclass(frozen=True, slots=True)
class _Lines:
    """Lines between nodes, before it is decided which are drawn."""

    a: Int64
    b: Int64
    pair: Int64
    tokens: Int64
    count: Int64
    weight: Int64

    def take(self, rows: Int64) -> _Lines:
        return _Lines(*(getattr(self, name)[rows] for name in self.__slots__))

    def __add__(self, other: _Lines) -> _Lines:
        both = ((getattr(self, name), getattr(other, name)) for name in self.__slots__)
        return _Lines(*(np.concatenate(each) for each in both))


def choose_graph(found: Found, chosen: Chosen, families: ChosenFamilies) -> Graph:
    """Choose nodes and lines: articles, or clusters as one node each where those are too many."""
    count, leaders = len(found), leaders_of(found)
    ends = np.stack([chosen.a, chosen.b])
    nodes_of, sizes = np.arange(count), np.ones(count, np.int64)
    if len(np.unique(ends)) > MOST_NODES:
        nodes_of, sizes = leaders, np.bincount(leaders, minlength=count)
    family, doc = _members(found, families, nodes_of)
    between = _between(found, chosen, nodes_of, leaders, _held_by(family, doc))
    lines = between + _spokes(families, family, doc, count, between)
    drawn = _within(lines)
    every = np.unique(np.concatenate([lines.a, lines.b, np.flatnonzero(sizes > 1)]))
    shown = lines.take(drawn)
    nodes = _with_largest(np.unique(np.concatenate([shown.a, shown.b])), sizes)
    articles = families.families["articles"].to_numpy()
    documents = np.concatenate([sizes, articles])[nodes]
    left_out = len(every) - len(nodes), len(lines.a) - len(drawn)
    line = (shown.a, shown.b, shown.pair, shown.tokens, shown.count)
    return Graph(nodes, documents, count, *line, *left_out)


def _members(found: Found, families: ChosenFamilies, nodes_of: Int64) -> tuple[Int64, Int64]:
    """Return the place and a node of each family of three nodes or more, each once."""
    ids = one_array(found.tables["documents"]["doc_id"])
    table = families.occurrences.filter(pc.equal(families.occurrences["variant"], 0))
    places = rows_of(table["family"], one_array(families.families["family"]))
    rows = rows_of(table["doc_id"], ids)
    known = (places >= 0) & (rows >= 0)
    held = np.unique(np.stack([places[known], nodes_of[rows[known]]], axis=1), axis=0)
    large = np.bincount(held[:, 0], minlength=1) >= LEAST_MEMBERS
    held = held[large[held[:, 0]]]
    return held[:, 0], held[:, 1]


def _held_by(family: Int64, doc: Int64) -> dict[int, set[int]]:
    held: dict[int, set[int]] = {}
    for place, row in zip(family.tolist(), doc.tolist(), strict=True):
        held.setdefault(row, set()).add(place)
    return held


def _between(
    found: Found, chosen: Chosen, nodes_of: Int64, leaders: Int64, held: dict[int, set[int]]
) -> _Lines:
    """Return the lines between two articles or clusters that no family explains."""
    first, second = nodes_of[chosen.a], nodes_of[chosen.b]
    low, high = np.minimum(first, second), np.maximum(first, second)
    copies = leaders[chosen.a] == leaders[chosen.b]
    star = (leaders[chosen.a] == chosen.a) | (leaders[chosen.b] == chosen.b)
    wanted: Bool = (low != high) & (~copies | star)
    for each in np.flatnonzero(wanted & ~copies).tolist():
        wanted[each] = held.get(int(low[each]), set()).isdisjoint(held.get(int(high[each]), ()))
    pairs = np.flatnonzero(wanted)
    tokens = found.tables["pairs"]["matched_tokens"].to_numpy()[chosen.pairs[pairs]]
    keys, line, counts = np.unique(
        low[pairs] * len(leaders) + high[pairs], return_inverse=True, return_counts=True
    )
    order = np.lexsort((-tokens, line))  # the pair of most tokens represents the line
    pair = pairs[order[np.searchsorted(line[order], np.arange(len(keys)))]]
    weight = np.bincount(line, tokens, len(keys)).astype(np.int64)
    ends = np.divmod(keys, max(len(leaders), 1))
    return _Lines(*ends, pair, weight, counts, weight)


def _spokes(
    families: ChosenFamilies, family: Int64, doc: Int64, count: int, between: _Lines
) -> _Lines:
    """Return the lines between families and what holds them, some of each.

    Of a family that many hold, those come first that are linked with most besides.
    """
    degree = np.bincount(np.concatenate([doc, between.a, between.b]), minlength=count)
    order = np.lexsort((doc, -degree[doc], family))
    family, doc = family[order], doc[order]
    inside = np.arange(len(family)) - np.searchsorted(family, family)
    tokens = families.families["tokens"].to_numpy()[family]
    members = np.bincount(family, minlength=1)[family]
    rows = np.flatnonzero(inside < MOST_SPOKES)
    none, one = np.full(len(family), -1), np.ones(len(family), np.int64)
    lines = _Lines(doc, family + count, none, tokens, one, tokens * (members - 1))
    return lines.take(rows)


def _within(lines: _Lines) -> Int64:
    """Return the lines of most weight that join no more nodes than are shown."""
    seen: set[int] = set()
    drawn: list[int] = []
    for line in np.argsort(-lines.weight, kind="stable").tolist():
        more = {int(lines.a[line]), int(lines.b[line])} - seen
        if len(seen) + len(more) <= MOST_NODES and len(drawn) < MOST_EDGES:
            seen |= more
            drawn.append(line)
    return np.array(sorted(drawn), np.int64)


def _with_largest(nodes: Int64, sizes: Int64) -> Int64:
    """Return nodes, and the largest clusters that nothing links where nodes are few."""
    alone = np.setdiff1d(np.flatnonzero(sizes > 1), nodes)
    order = np.argsort(-sizes[alone], kind="stable")
    return np.union1d(nodes, alone[order][: max(min(ENOUGH_NODES, MOST_NODES) - len(nodes), 0)])
