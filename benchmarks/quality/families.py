"""Measures of passage families: strangers, other extents, passim's rule beside them, planted text.

A *stranger* has less than half of the shorter's words in common with the representative of its
family; another *extent* fewer than 30% of the longer's. Words are compared as bags, folded to small
letters.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa

STRANGER, EXTENT = 0.5, 0.3
CONTAINED = 0.9  # of the shorter span, by which passim links spans of one document
Span = tuple[str, int, int]


@dataclass
class Spread:
    """What is wrong among the occurrences of families."""

    families: int = 0
    largest: int = 0
    occurrences: int = 0
    strangers: int = 0
    extents: int = 0

    def figures(self) -> dict[str, Any]:
        """Return counts and shares."""
        total = max(self.occurrences, 1)
        return {
            "families": self.families,
            "largest": self.largest,
            "occurrences": self.occurrences,
            "strangers": self.strangers / total,
            "other_extent": self.extents / total,
        }


@dataclass
class Texts:
    """Texts by id, and the words of spans of them."""

    texts: dict[str, str]
    known: dict[Span, Counter[str]] = field(default_factory=dict)

    def words(self, span: Span) -> Counter[str]:
        """Return the words of a span as a bag."""
        if span not in self.known:
            name, start, end = span
            self.known[span] = Counter(re.findall(r"\w+", self.texts[name][start:end].casefold()))
        return self.known[span]


def spread(groups: list[list[Span]], texts: Texts) -> Spread:
    """Judge families, lists of spans of which the first is the representative."""
    found = Spread(len(groups), max(map(len, groups), default=0))
    for group in groups:
        own = texts.words(group[0])
        for span in group:
            words = texts.words(span)
            common = (own & words).total()
            shorter, longer = sorted((own.total(), words.total()))
            found.occurrences += 1
            found.strangers += common < STRANGER * shorter
            found.extents += common < EXTENT * longer
    return found


def groups_of(occurrences: pa.Table) -> list[list[Span]]:
    """Return the occurrences of each family, the representative first, without variants."""
    groups: dict[int, list[Span]] = {}
    for row in occurrences.to_pylist():
        if row["variant"] == 0:
            group = groups.setdefault(row["family"], [])
            span = row["doc_id"], row["start"], row["end"]
            group.insert(0 if row["representative"] else len(group), span)
    return list(groups.values())


def passim_groups(passages: pa.Table, texts: Texts) -> list[list[Span]]:
    """Return the families that passim's rule makes of strong and medium passages.

    Spans of one document are linked where one holds 90% of the shorter; families are connected
    components. The representative is the span with most of them in its own passages.
    """
    links: list[tuple[Span, Span]] = []
    by_doc: dict[str, set[Span]] = {}
    for row in passages.to_pylist():
        if row["level"] == "weak":
            continue
        pair = tuple((row[d], row[f"start_{d}"], row[f"end_{d}"]) for d in "ab")
        links.append((pair[0], pair[1]))
        for span in pair:
            by_doc.setdefault(span[0], set()).add(span)
    partners = Counter(span for pair in links for span in pair)
    for spans in by_doc.values():
        links += _contained(sorted(spans, key=lambda s: (s[1], s[2])))
    parents = {span: span for spans in by_doc.values() for span in spans}

    def root(span: Span) -> Span:
        while parents[span] != span:
            parents[span] = parents[parents[span]]
            span = parents[span]
        return span

    for one, other in links:
        parents[root(one)] = root(other)
    groups: dict[Span, list[Span]] = {}
    for span in sorted(parents):
        groups.setdefault(root(span), []).append(span)
    for group in groups.values():
        group.sort(key=lambda span: (-partners[span], span))
    return list(groups.values())


def _contained(spans: list[Span]) -> list[tuple[Span, Span]]:
    """Return the pairs of spans of one document of which one holds most of the other."""
    found = []
    for place, one in enumerate(spans):
        for other in spans[place + 1 :]:
            if other[1] >= one[2]:
                break
            shorter = min(one[2] - one[1], other[2] - other[1])
            if min(one[2], other[2]) - other[1] >= CONTAINED * shorter:
                found.append((one, other))
    return found


def planted_figures(
    paragraphs: list[str], rows: list[dict[str, Any]], clusters: dict[str, Any], found: pa.Table
) -> dict[str, Any]:
    """Judge families by paragraphs that were planted into documents, each in three or more.

    Of each paragraph the family with most of its holders counts: how many of the documents that
    hold it word for word are among its occurrences (``found``), and how many of its documents hold
    it, or are copies of one that does (``purity``). ``families_found`` is the share of paragraphs
    of which half of the holders are together.
    """
    members: dict[int, set[str]] = {}
    for row in found.to_pylist():
        if row["variant"] == 0:
            members.setdefault(row["family"], set()).add(row["doc_id"])
    of_doc: dict[str, list[int]] = {}
    for family, docs in members.items():
        for doc in docs:
            of_doc.setdefault(doc, []).append(family)
    held = planted = pure = listed = together = judged = 0
    for paragraph in paragraphs:
        holders = {row["id"] for row in rows if paragraph in row["text"]}
        if len({clusters[doc] for doc in holders}) < 3:
            continue
        judged += 1
        planted += len(holders)
        counts = Counter(family for doc in holders for family in of_doc.get(doc, ()))
        if not counts:
            continue
        best = min(counts, key=lambda family: (-counts[family], len(members[family]), family))
        held += counts[best]
        together += 2 * counts[best] >= len(holders)
        related = {clusters[doc] for doc in holders}
        listed += len(members[best])
        pure += sum(clusters[doc] in related for doc in members[best])
    return {
        "paragraphs": judged,
        "found": held / max(planted, 1),
        "families_found": together / max(judged, 1),
        "purity": pure / max(listed, 1),
    }


@dataclass
class TemplatePairs:
    """Pairs that only templates relate, and those that templates would make if nothing held them.

    ``made`` counts the pairs of documents of each template family once a family, n(n - 1)/2.
    """

    pairs: int = 0
    by_templates: int = 0
    made: int = 0

    def figures(self) -> dict[str, Any]:
        """Return the share of the pairs, and of what every two occurrences would have made."""
        return {
            "pairs": self.pairs,
            "only by templates": self.by_templates / max(self.pairs, 1),
            "of what templates would make": self.by_templates / max(self.made, 1),
        }


def template_pairs(tables: dict[str, pa.Table]) -> TemplatePairs:
    """Count the ``shares_passage`` pairs all of whose passages lie in template families."""
    kinds = {row["family"]: row["kind"] for row in tables["families"].to_pylist()}
    holders: dict[int, set[str]] = {}
    places: dict[str, list[tuple[int, int]]] = {}
    for row in tables["occurrences"].to_pylist():
        if kinds[row["family"]] == "template":
            places.setdefault(row["doc_id"], []).append((row["start"], row["end"]))
            if row["variant"] == 0:
                holders.setdefault(row["family"], set()).add(row["doc_id"])
    found = TemplatePairs(made=sum(len(each) * (len(each) - 1) // 2 for each in holders.values()))
    passages: dict[tuple[str, str], list[bool]] = {}
    for row in tables["passages"].to_pylist():
        inside = all(
            _mostly_inside(places.get(row[side], []), row[f"start_{side}"], row[f"end_{side}"])
            for side in ("a", "b")
        )
        passages.setdefault((row["a"], row["b"]), []).append(inside)
    for row in tables["pairs"].to_pylist():
        if row["relation"] == "shares_passage":
            found.pairs += 1
            found.by_templates += all(passages.get((row["a"], row["b"]), [False]))
    return found


def _mostly_inside(places: list[tuple[int, int]], start: int, end: int) -> bool:
    """Tell whether half of a span lies in one of some others."""
    return any(2 * (min(end, high) - max(start, low)) >= end - start for low, high in places)
