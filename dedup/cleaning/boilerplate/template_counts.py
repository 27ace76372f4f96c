"""Units of all documents at once: how often each stands, and which of them are templates.

What is counted is a table (key, site, cluster) of distinct rows. A unit is judged by that and by
sketches of the documents that hold it, and a sketch leaves out exactly the units that occur more
than once. So nothing depends on how the work is divided.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from dedup.cleaning.boilerplate.notices import speaks_of_site
from dedup.cleaning.boilerplate.template_rules import (
    ALIKE,
    CARRIERS,
    SAMPLE,
    Candidate,
    clusters_needed,
    is_template,
    likeness,
    most_common,
    numbers_of,
    settle,
    shown,
    sketches,
    unit_text,
    wordings,
)
from dedup.cleaning.boilerplate.templates import (
    NONE,
    Template,
    Templates,
    spread,
    templates_of,
)
from dedup.core.arrays import Bool, Int64, Texts, UInt64, are_new, distinct
from dedup.core.storage import Columns
from dedup.kernels.lines import drop_single
from dedup.kernels.templates import Units
from dedup.text.lines import Lines
from dedup.text.tokens import Tokens

_PART_UNITS = 1 << 21  # that are counted at a time, about

Int32 = npt.NDArray[np.int32]
_COLUMNS = {"keys": np.uint64, "docs": np.int32, "lows": np.int64, "sizes": np.int16}


@dataclass(frozen=True, slots=True)
class _Facts:
    """What is known of each unit, in the order of documents."""

    keys: UInt64
    docs: Int32
    lows: Int64
    sizes: npt.NDArray[np.int16]

    def take(self, rows: Any) -> _Facts:
        return _Facts(*(getattr(self, name)[rows] for name in _COLUMNS))


@dataclass(frozen=True, slots=True)
class _Counts:
    """Units that stand in several clusters of a site (or, site -1, of the corpus).

    ``carriers`` are up to ``CARRIERS`` rows of a unit in distinct clusters, the first of which
    shows it; ``bounds`` are where those of each unit begin.
    """

    keys: UInt64
    sites: Int64
    clusters: Int64
    documents: Int64
    carriers: Int64
    bounds: Int64


class TemplateCounter:
    """Counts the units of all documents, part by part; ``sites`` has a code for each, or -1."""

    def __init__(self, sites: Int64, room: int, columns: Columns) -> None:
        self._sites, self._columns = sites, columns
        self.refuted: set[int] = set()  # keys of units that stand in articles on one subject
        self._grown = [columns.grow(f"units.{name}", kind, room) for name, kind in _COLUMNS.items()]

    def add(self, units: Units, lines: Lines, low: int, first_token: int) -> None:
        """Take in the units of the next documents, of which ``low`` is the first.

        ``first_token`` is the first token of that one.
        """
        pieces = (
            units.keys,
            lines.docs[units.lines] + low,
            units.lows + first_token,
            units.highs - units.lows,
        )
        for column, piece in zip(self._grown, pieces, strict=True):
            column.append(piece)

    def count(
        self, groups: Int64, texts: Texts, tokens: Tokens, most_alike: float = 1.0
    ) -> Templates:
        """Return the templates; ``groups`` has a preliminary cluster for each document.

        Where units do not speak of their site, its articles count as no more alike than
        ``most_alike``: of few articles nobody can tell whether all are on one subject. ``refuted``
        then has what only looks like a template.
        """
        facts = _Facts(*(column.done() for column in self._grown))
        if not len(facts.keys):
            return NONE
        _, group = np.unique(groups, return_inverse=True)
        repeated, parts = _repeated(facts.keys)
        given = self._sites, group.astype(np.int64), texts, tokens
        survey = _Survey(*given, facts, repeated, most_alike)
        for rows in _parts(facts.keys, repeated, parts):
            survey.judge(rows)
            self._columns.ease()
        self._columns.drop(*(f"units.{name}" for name in _COLUMNS))
        self.refuted = survey.refuted
        return templates_of(settle(survey.found))


def _repeated(keys: UInt64) -> tuple[Bool, int]:
    """Tell which units occur more than once, and in how many parts to look at them."""
    repeated = np.empty(len(keys), np.bool_)
    slots = np.zeros(1 << max(10, (2 * len(keys)).bit_length()), np.uint8)
    parts = drop_single(keys, slots, repeated) // _PART_UNITS + 1
    del slots
    for rows in _parts(keys, repeated, parts):  # the filter lets some pass that occur once
        order = np.argsort(keys[rows])
        ordered = keys[rows][order]
        same = np.zeros(len(rows) + 1, np.bool_)
        same[1:-1] = ordered[1:] == ordered[:-1]
        repeated[rows[order]] = same[1:] | same[:-1]
    return repeated, parts


def _parts(keys: UInt64, repeated: Bool, parts: int) -> Iterator[Int64]:
    """Yield the rows of repeated units, all of one key together."""
    which = (keys >> np.uint64(40)) % np.uint64(parts) if parts > 1 else None
    for part in range(parts):
        rows = np.flatnonzero(repeated if which is None else repeated & (which == part))
        if len(rows):
            yield rows


@dataclass(slots=True)
class _Survey:
    """Judges units by what is known of all documents; ``found`` are those that may be templates."""

    sites: Int64
    group: Int64
    texts: Texts
    tokens: Tokens
    facts: _Facts
    repeated: Bool
    most_alike: float
    found: list[Candidate] = field(default_factory=list)
    refuted: set[int] = field(default_factory=set)
    _of_site: Int64 = field(init=False)  # how many clusters each site has, the unknown one first
    _all: int = field(init=False)
    _usual: dict[int, float] = field(default_factory=dict)  # how alike articles of a site are

    def __post_init__(self) -> None:
        self._all = int(self.group.max()) + 1
        pairs = distinct((self.sites + 1) * self._all + self.group) // self._all
        self._of_site = np.bincount(pairs, minlength=int(self.sites.max()) + 2)

    def judge(self, rows: Int64) -> None:
        """Find what may be a template among some units, all of each."""
        counts = _count(self.facts.take(rows), self.sites, self.group, self._need)
        if not len(counts.keys):
            return
        related, unsure = self._related(rows, counts)
        keys = counts.keys ^ np.where(counts.sites < 0, np.uint64(0), spread(counts.sites))
        self.refuted.update(keys[related].tolist())
        for place in np.flatnonzero(~related).tolist():
            carriers = rows[counts.carriers[counts.bounds[place] : counts.bounds[place + 1]]]
            shown_by, site = self._shown_by(carriers), int(counts.sites[place])
            if shown_by is None:
                continue
            doc, size, text = shown_by
            if unsure[place] and not speaks_of_site(text):
                continue
            clusters, documents = int(counts.clusters[place]), int(counts.documents[place])
            total = int(self._of_site[site + 1]) if site >= 0 else self._all
            if is_template(text, size, clusters, total, of_site=site >= 0):
                entry = Template(shown(text), site, clusters, documents, doc)
                spreads = spread(self.sites[self.facts.docs[carriers]])
                self.found.append(
                    Candidate(int(keys[place]), size, entry, self._beside(carriers), spreads)
                )

    def _shown_by(self, carriers: Int64) -> tuple[int, int, str] | None:
        """Return a document that shows a unit, how many words it has there, and its text.

        It is the first of ``carriers``, or, where numbers are text, one with the numbers that most
        have; none where they differ.
        """
        first = int(carriers[0])
        doc, size, text = self._unit(first)
        if numbers_of(text):
            lows, sizes = self.facts.lows[carriers], self.facts.sizes[carriers].astype(np.int64)
            place, same = most_common(wordings(self.tokens, lows, lows + sizes))
            return self._unit(int(carriers[place])) if same else None
        return doc, size, text

    def _unit(self, row: int) -> tuple[int, int, str]:
        doc, low, size = (
            int(of[row]) for of in (self.facts.docs, self.facts.lows, self.facts.sizes)
        )
        return doc, size, unit_text(self.texts.text(doc), self.tokens, low, low + size)

    def _beside(self, rows: Int64) -> UInt64:
        """Return the keys of the units directly before and behind some, 0 for none."""
        facts = self.facts
        beside = np.zeros((2, len(rows)), np.uint64)
        for place, step in enumerate((-1, 1)):
            other = np.clip(rows + step, 0, len(facts.keys) - 1)
            low, high = (other, rows) if step < 0 else (rows, other)
            close = facts.docs[low] == facts.docs[high]
            close &= facts.lows[low] + facts.sizes[low] == facts.lows[high]
            beside[place, close] = facts.keys[other[close]]
        return beside

    def _need(self, sites: Int64) -> Int64:
        return clusters_needed(sites >= 0, self._of_site[sites + 1])

    def _related(self, rows: Int64, counts: _Counts) -> tuple[Bool, Bool]:
        """Tell which units stand in articles that are alike in their other words too.

        The second answer takes the articles of a site for no more alike than ``most_alike``.
        """
        carriers = self.facts.docs[rows[counts.carriers]].astype(np.int64)
        new = [site for site in distinct(counts.sites).tolist() if site not in self._usual]
        samples = [self._sample(site) for site in new]
        docs, members = np.unique(np.concatenate([carriers, *samples]), return_inverse=True)
        sketched = self._sketch(docs)
        members = members.astype(np.int64)
        ends = np.cumsum([0, *map(len, samples)]).astype(np.int64)
        usual = likeness(sketched, members[len(carriers) :], ends)
        self._usual.update(zip(new, usual.tolist(), strict=True))
        own = likeness(sketched, members[: len(carriers)], counts.bounds)
        expected = np.array([self._usual[site] for site in counts.sites.tolist()])
        return own > expected + ALIKE, own > np.minimum(expected, self.most_alike) + ALIKE

    def _sample(self, site: int) -> Int64:
        """Return documents, each of another cluster, that stand for any of a site."""
        docs = np.arange(len(self.sites)) if site < 0 else np.flatnonzero(self.sites == site)
        _, first = np.unique(self.group[docs], return_index=True)
        docs = docs[np.sort(first)]
        step = max(1, len(docs) // SAMPLE)
        return docs[::step][:SAMPLE].astype(np.int64)

    def _sketch(self, docs: Int64) -> UInt64:
        """Sketch documents by their words outside of the units that occur more than once."""
        facts = self.facts
        lows = np.searchsorted(facts.docs, docs.astype(np.int32))
        sizes = np.searchsorted(facts.docs, docs.astype(np.int32), "right") - lows
        ends = np.cumsum(sizes)
        rows = np.arange(int(ends[-1])) + np.repeat(lows - ends + sizes, sizes)
        rows = rows[self.repeated[rows]]
        begins = facts.lows[rows]
        return sketches(docs, self.tokens, begins, begins + facts.sizes[rows])


def _count(facts: _Facts, sites: Int64, group: Int64, need: Any) -> _Counts:
    """Count distinct clusters of each unit, over its site and over the corpus."""
    docs = facts.docs.astype(np.int64)
    clusters = group[docs]
    known = sites[docs] >= 0
    counted = [
        _count_in(np.flatnonzero(known), sites[docs], clusters, docs, facts, need),
        _count_in(np.arange(len(docs)), np.full(len(docs), -1), clusters, docs, facts, need),
    ]
    keys, at_sites, of_clusters, of_documents, carriers, sizes = (
        np.concatenate(column) for column in zip(*counted, strict=True)
    )
    bounds = np.cumsum([0, *sizes]).astype(np.int64)
    return _Counts(keys, at_sites, of_clusters, of_documents, carriers, bounds)


def _count_in(
    some: Int64, sites: Int64, clusters: Int64, docs: Int64, facts: _Facts, need: Any
) -> tuple[Any, ...]:
    """Count among ``some`` facts: the columns of ``_Counts``, and how many carriers each has."""
    order = some[np.lexsort((docs[some], clusters[some], sites[some], facts.keys[some]))]
    keys, site, cluster = facts.keys[order], sites[order], clusters[order]
    new, fresh = are_new(keys, site), are_new(keys, site, cluster)
    distinct = are_new(keys, site, docs[order])
    starts, unit = np.flatnonzero(new), np.cumsum(new) - 1
    sizes = np.bincount(unit[fresh], minlength=len(starts))
    documents = np.bincount(unit[distinct], minlength=len(starts))
    chosen = sizes >= need(site[starts])
    rows = np.flatnonzero(fresh & chosen[unit])
    # Carriers are spread over the clusters, so that they are not all of one time or folder.
    place = np.arange(len(rows)) - np.searchsorted(unit[rows], unit[rows], side="left")
    step = np.maximum(1, sizes[unit[rows]] // CARRIERS)
    taken = rows[(place % step == 0) & (place // step < CARRIERS)]
    carried = np.bincount(unit[taken], minlength=len(starts))[chosen]
    picked = (keys[starts], site[starts], sizes, documents)
    return (*(column[chosen] for column in picked), order[taken], carried)
