"""Site templates: lines and sentences that stand word for word in unrelated articles.

A unit (a line, or a sentence of a long line; numbers taken as one) is a template when it stands in
enough clusters of its site, or of the corpus, and when the articles that hold it are otherwise no
more alike than any articles of that site: a sentence of background stands in articles on one
subject, a template in articles on all. What is counted is a table (key, site, cluster) of distinct
rows, so counts of parts of a corpus can be put together.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from dedup.cleaning.boilerplate.notices import NOTICE, REPORTED, speaks_of_site
from dedup.cleaning.boilerplate.patterns import fold_line
from dedup.core.arrays import Bool, Float64, Int64, Texts, UInt8, UInt64, texts_from_strings
from dedup.core.storage import Columns
from dedup.kernels import templates as kernel
from dedup.kernels.lines import drop_single
from dedup.kernels.stopwords import fill_table
from dedup.kernels.templates import ENDING, FULL, LEAST_WORDS, NOT, SHORT, Known, Units
from dedup.kernels.text import STARTS_SENTENCE
from dedup.text.lines import Lines, line_table
from dedup.text.stopwords import stop_lists
from dedup.text.tokens import Tokens, tokenise_texts

__all__ = ["ENDING", "FULL", "NOT", "SHORT", "TemplateCounter", "Templates", "cut_units"]

SITE_CLUSTERS = 3  # distinct clusters of a site that hold a template …
SITE_SHARE = 0.02  # … or this share of the site's clusters, where that is more
CORPUS_CLUSTERS = 5  # the same over the whole corpus
PLAIN_CLUSTERS = 10  # where the words do not speak of the site to its reader: so many clusters …
PLAIN_SHARE = 0.05  # … or this share
CORPUS_PLAIN_CLUSTERS = 20
LINE_CLUSTERS = 5  # the same for a line that ends no sentence
_CARRIERS = 8  # of a unit whose other words are compared
_SAMPLE = 48  # documents of a site that stand for any of it
_ALIKE = 0.05  # articles that are so much more alike than any of the site are on one subject
_BESIDE = 8  # tenths of the places of a short unit that have a template beside them
_ROUNDS = 4
_PART_UNITS = 1 << 21
_SHOWN = 200  # characters of a template in the summary
_MIX = np.uint64(0x9E3779B97F4A7C15)

Int32 = npt.NDArray[np.int32]
_COLUMNS = {"keys": np.uint64, "docs": np.int32, "lows": np.int64, "sizes": np.int16}


def cut_units(tokens: Tokens, lines: Lines) -> Units:
    """Cut the lines of some documents into units."""
    room = len(lines) + int(np.count_nonzero(tokens.flags & STARTS_SENTENCE)) + len(lines)
    line, low, high = np.empty((3, room), np.int64)
    keys = np.empty(room, np.uint64)
    units = Units(line, low, high, keys)
    count = kernel.cut_units(lines.lows, lines.highs, lines.words, tokens.arrays(), units)
    return Units(line[:count], low[:count], high[:count], keys[:count])


def spread(sites: Int64) -> UInt64:
    """Return what keys are mixed with for their site (codes from 0; -1: unknown, like any)."""
    spreads: UInt64 = (sites + 2).astype(np.uint64) * _MIX
    return spreads ^ (spreads >> np.uint64(31))


@dataclass(frozen=True, slots=True)
class Template:
    """One template, for the report: its text, the site (-1: several), and how often it stands."""

    text: str
    site: int
    clusters: int
    documents: int
    example: int  # a document that holds it


@dataclass(frozen=True, slots=True)
class Templates:
    """The keys of all templates as a hash table, and the templates, most frequent first.

    ``lines`` are the keys of lines that are known as templates without being counted.
    """

    table: UInt64
    entries: tuple[Template, ...]
    keys: tuple[int, ...] = ()  # of the entries, where they were counted
    lines: UInt64 = field(default_factory=lambda: np.zeros(0, np.uint64))

    def __bool__(self) -> bool:
        return len(self.entries) + len(self.lines) > 0

    def with_known(self, given: tuple[str, ...]) -> Templates:
        """Return these templates and those of some texts: their lines, and what cuts as units."""
        if not given:
            return self
        texts = texts_from_strings(list(given))
        tokens = tokenise_texts(texts)
        lines = line_table(texts, tokens)
        keys = np.union1d(self.table[self.table > 0], cut_units(tokens, lines).keys)
        own = np.unique(lines.keys[lines.words > 0])
        return Templates(_key_table(keys), self.entries, self.keys, own)

    def find(self, tokens: Tokens, lines: Lines, units: Units, sites: Int64) -> tuple[UInt8, Int64]:
        """Tell of the units of some documents what they are, and where a template ends them."""
        found = np.zeros(len(units.keys), np.uint8)
        endings = np.full(len(units.keys), -1)
        if self and len(found):
            known = Known(self.table, spread(sites[lines.docs[units.lines]]))
            given = units, known, tokens.arrays(), lines.words
            kernel.find_templates(*given, found, endings)
        return found, endings


NONE = Templates(np.zeros(16, np.uint64), ())


@dataclass(frozen=True, slots=True)
class _Facts:
    """What is known of each unit that may occur more than once."""

    keys: UInt64
    docs: Int32
    lows: Int64
    sizes: npt.NDArray[np.int16]

    def take(self, rows: Any) -> _Facts:
        return _Facts(*(getattr(self, name)[rows] for name in _COLUMNS))


@dataclass(frozen=True, slots=True)
class _Counts:
    """Units that stand in several clusters of a site (or, site -1, of the corpus).

    ``rows`` is a row of the facts that shows the unit; ``carriers`` are up to ``_CARRIERS`` rows of
    it in distinct clusters, ``bounds`` where those of each unit begin.
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
        self._grown = [columns.grow(f"units.{name}", kind, room) for name, kind in _COLUMNS.items()]

    def add(self, tokens: Tokens, lines: Lines, low: int, first_token: int) -> None:
        """Take in the next documents: ``low`` is the first, ``first_token`` its first token."""
        units = cut_units(tokens, lines)
        pieces = (
            units.keys,
            lines.docs[units.lines] + low,
            units.lows + first_token,
            units.highs - units.lows,
        )
        for column, piece in zip(self._grown, pieces, strict=True):
            column.append(piece)

    def count(self, groups: Int64, texts: Texts, tokens: Tokens) -> Templates:
        """Return the templates; ``groups`` has a preliminary cluster for each document."""
        facts = _Facts(*(column.done() for column in self._grown))
        if not len(facts.keys):
            return NONE
        _, group = np.unique(groups, return_inverse=True)
        survey = _Survey(self._sites, group.astype(np.int64), texts, tokens, facts)
        for rows in _parts(facts):
            survey.judge(rows)
            self._columns.ease()
        survey.join_short()
        self._columns.drop(*(f"units.{name}" for name in _COLUMNS))
        return _templates(survey.kept)


def _templates(kept: dict[int, Template]) -> Templates:
    order = sorted(kept, key=lambda key: (-kept[key].clusters, kept[key].text, kept[key].site))
    table = _key_table(np.array(list(kept), np.uint64))
    return Templates(table, tuple(kept[key] for key in order), tuple(order))


def _key_table(keys: UInt64) -> UInt64:
    size = 16
    while size < 4 * len(keys):
        size *= 2
    table: UInt64 = np.zeros(size, np.uint64)
    fill_table(keys, table)
    return table


def _parts(facts: _Facts) -> Iterator[Int64]:
    """Yield the rows of units that may occur more than once, all of one key together."""
    keep = np.empty(len(facts.keys), np.bool_)
    slots = np.zeros(1 << max(10, (2 * len(facts.keys)).bit_length()), np.uint8)
    parts = drop_single(facts.keys, slots, keep) // _PART_UNITS + 1
    which = (facts.keys >> np.uint64(40)) % np.uint64(parts) if parts > 1 else None
    for part in range(parts):
        rows = np.flatnonzero(keep if which is None else keep & (which == part))
        if len(rows):
            yield rows


class _Survey:
    """Judges units by what is known of all documents."""

    def __init__(
        self, sites: Int64, group: Int64, texts: Texts, tokens: Tokens, facts: _Facts
    ) -> None:
        self.sites, self.group, self.texts, self.tokens = sites, group, texts, tokens
        self.facts = facts
        self.kept: dict[int, Template] = {}  # by the key that is looked up
        self._short: list[tuple[int, Template, Int64]] = []
        count = int(group.max()) + 1
        pairs = np.unique((sites + 1) * count + group) // count
        self.of_site = np.bincount(pairs, minlength=int(sites.max()) + 2)
        self.all = count

    def judge(self, rows: Int64) -> None:
        """Find the templates among some units; short ones wait for ``join_short``."""
        facts = self.facts.take(rows)
        counts = _count(facts, self.sites, self.group, self._need)
        if not len(counts.keys):
            return
        alike = self._related(facts, counts)
        for place in np.flatnonzero(~alike).tolist():
            carriers = counts.carriers[counts.bounds[place] : counts.bounds[place + 1]]
            text, site = self._text(int(rows[carriers[0]])), int(counts.sites[place])
            size = int(facts.sizes[carriers[0]])
            if not self._is_template(counts, place, text, size):
                continue
            key = int(counts.keys[place])
            if site >= 0:
                key ^= int(spread(np.array([site]))[0])
            clusters, documents = int(counts.clusters[place]), int(counts.documents[place])
            example = int(facts.docs[carriers[0]])
            entry = Template(text[:_SHOWN], site, clusters, documents, example)
            if size >= LEAST_WORDS:
                self.kept[key] = entry
            else:
                self._short.append((key, entry, rows[carriers]))

    def join_short(self) -> None:
        """Take the short units that hardly ever stand without a template beside them."""
        waiting = self._short
        for _round in range(_ROUNDS):
            known = np.array(sorted(self.kept), np.uint64)
            rest = []
            for key, entry, rows in waiting:
                near = self._beside(rows, known)
                if 10 * int(near.sum()) >= _BESIDE * len(rows):
                    self.kept[key] = entry
                else:
                    rest.append((key, entry, rows))
            if len(rest) == len(waiting):
                break
            waiting = rest

    def _beside(self, rows: Int64, known: UInt64) -> Bool:
        """Tell which units have a template directly before or behind them."""
        facts = self.facts
        spreads = spread(self.sites[facts.docs[rows]])
        near = np.zeros(len(rows), np.bool_)
        for step in (-1, 1):
            other = np.clip(rows + step, 0, len(facts.keys) - 1)
            low, high = (other, rows) if step < 0 else (rows, other)
            close = facts.docs[low] == facts.docs[high]
            close &= facts.lows[low] + facts.sizes[low] == facts.lows[high]
            keys = facts.keys[other]
            near |= close & (np.isin(keys, known) | np.isin(keys ^ spreads, known))
        return near

    def _text(self, row: int) -> str:
        """Return a unit with what ends it, for the few that are judged."""
        facts, tokens = self.facts, self.tokens
        low = int(facts.lows[row])
        high = low + int(facts.sizes[row])
        text = self.texts.text(int(facts.docs[row]))
        end = int(tokens.ends[high - 1])
        tail = _TAIL.match(text, end)
        return text[int(tokens.starts[low]) : tail.end() if tail else end]

    def _need(self, sites: Int64) -> Int64:
        """Return the fewest clusters of a site (-1: of the corpus) that make a unit a candidate."""
        total = self.of_site[sites + 1]
        own = np.maximum(SITE_CLUSTERS, np.ceil(SITE_SHARE * total))
        return np.where(sites >= 0, own, CORPUS_CLUSTERS).astype(np.int64)

    def _is_template(self, counts: _Counts, place: int, text: str, size: int) -> bool:
        """Tell whether words that stand so often are a template's."""
        folded = fold_line(text)
        ended = _ENDED.search(text) is not None
        if NOTICE.match(folded if ended else REPORTED.sub("", folded)):
            return False
        clusters, site = int(counts.clusters[place]), int(counts.sites[place])
        total = int(self.of_site[site + 1]) if site >= 0 else self.all
        if size < LEAST_WORDS or speaks_of_site(text):
            return True
        if ended:
            need = max(PLAIN_CLUSTERS, PLAIN_SHARE * total) if site >= 0 else CORPUS_PLAIN_CLUSTERS
            if clusters < need:
                return False
            return True
        need = max(LINE_CLUSTERS, PLAIN_SHARE * total) if site >= 0 else CORPUS_PLAIN_CLUSTERS
        return clusters >= need

    def _related(self, facts: _Facts, counts: _Counts) -> Bool:
        """Tell which units stand in articles that are alike in their other words too."""
        carriers = facts.docs[counts.carriers].astype(np.int64)
        codes = np.unique(counts.sites)
        samples = [self._sample(int(site)) for site in codes]
        rows, members = np.unique(np.concatenate([carriers, *samples]), return_inverse=True)
        sketches = self._sketch(rows, facts)
        own, any_of = np.zeros(len(counts.keys)), np.zeros(len(codes))
        members = members.astype(np.int64)
        kernel.mean_likeness(sketches, members[: len(carriers)], counts.bounds, own)
        ends = np.cumsum([0, *map(len, samples)]).astype(np.int64)
        kernel.mean_likeness(sketches, members[len(carriers) :], ends, any_of)
        usual: Float64 = any_of[np.searchsorted(codes, counts.sites)]
        related: Bool = own > usual + _ALIKE
        return related

    def _sample(self, site: int) -> Int64:
        """Return documents, each of another cluster, that stand for any of a site."""
        docs = np.arange(len(self.sites)) if site < 0 else np.flatnonzero(self.sites == site)
        _, first = np.unique(self.group[docs], return_index=True)
        docs = docs[np.sort(first)]
        step = max(1, len(docs) // _SAMPLE)
        return docs[::step][:_SAMPLE].astype(np.int64)

    def _sketch(self, rows: Int64, facts: _Facts) -> UInt64:
        """Sketch documents by their words outside of the units that occur more than once."""
        lows, highs = facts.lows, facts.lows + facts.sizes
        order = np.argsort(lows, kind="stable")
        lows, highs = lows[order], np.maximum.accumulate(highs[order])
        fresh = np.ones(len(lows), np.bool_)
        fresh[1:] = highs[1:] > highs[:-1]  # what stands inside another adds nothing
        lows, highs = lows[fresh].astype(np.int64), highs[fresh].astype(np.int64)
        sketches = np.full((len(rows), kernel.SKETCH), ~np.uint64(0))
        table = stop_lists().table
        kernel.sketch_rows(rows, self.tokens.arrays(), table, lows, highs, sketches)
        return sketches


_TAIL = re.compile(r"[^\w\s]{0,4}")
_ENDED = re.compile(r"[.!?؟۔।。！？…][\"'”’»)\]]*\s*$")


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
    new = np.ones(len(order), np.bool_)
    new[1:] = (keys[1:] != keys[:-1]) | (site[1:] != site[:-1])
    fresh = new.copy()
    fresh[1:] |= cluster[1:] != cluster[:-1]
    distinct = new.copy()
    distinct[1:] |= docs[order][1:] != docs[order][:-1]
    starts, unit = np.flatnonzero(new), np.cumsum(new) - 1
    sizes = np.bincount(unit[fresh], minlength=len(starts))
    documents = np.bincount(unit[distinct], minlength=len(starts))
    chosen = sizes >= need(site[starts])
    rows = np.flatnonzero(fresh & chosen[unit])
    # Carriers are spread over the clusters, so that they are not all of one time or folder.
    place = np.arange(len(rows)) - np.searchsorted(unit[rows], unit[rows], side="left")
    step = np.maximum(1, sizes[unit[rows]] // _CARRIERS)
    taken = rows[(place % step == 0) & (place // step < _CARRIERS)]
    carried = np.bincount(unit[taken], minlength=len(starts))[chosen]
    picked = (keys[starts], site[starts], sizes, documents)
    return (*(column[chosen] for column in picked), order[taken], carried)
