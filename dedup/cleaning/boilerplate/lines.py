"""How often each line stands: in how many clusters of the site that prints it."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from dedup.core.arrays import Bool, Int64, UInt8, UInt64, are_among, distinct
from dedup.core.storage import Columns
from dedup.kernels.lines import drop_single
from dedup.text.lines import DIGITS, Lines

_LINE_CLUSTERS = 3  # distinct clusters of a site that hold a line of boilerplate …
_LINE_SHARE = 0.02  # … or this share of the site's clusters, where that is more
_LINE_WORDS = 40
_EDGE_LINES = 5  # a longer line must always stand this near to one end
_VERY_CLUSTERS = 5
_VERY_SHARE = 0.1
_MOST = 0.5  # of the clusters of a site
_UNKNOWN_CLUSTERS = 5
_UNKNOWN_WORDS = 12
_PART_LINES = 1 << 21  # that are counted at a time, about

_OFTEN, _VERY, _ON_MOST, _NUMBERED = 1, 2, 4, 8
_SHORT, INNER, _FIRST = 1, 2, 4  # what `countable` says of a line
_AS_FIRST = np.uint8(4)  # bits by which the marks of a first line are moved


@dataclass(frozen=True, slots=True)
class LineCounts:
    """Facts on blocks: ``often`` enough to count, ``very`` often, on ``most`` pages."""

    often: Bool
    very: Bool
    most: Bool
    known: Bool  # the site is known
    numbered: Bool  # the same only when all numbers are taken as one

    @classmethod
    def of_marks(cls, marks: UInt8, known: Bool) -> LineCounts:
        """Return the facts of some blocks by their marks (``marks_of``)."""
        often, very, most, numbered = (
            (marks & each) > 0 for each in (_OFTEN, _VERY, _ON_MOST, _NUMBERED)
        )
        return cls(often, very, most, known, numbered)


def _no_keys() -> UInt64:
    return np.zeros(0, np.uint64)


@dataclass(frozen=True, slots=True)
class LineTable:
    """What was counted of lines, to look up those of other documents of the site.

    ``keys`` (sorted) are those of lines that stand often; the lower four bits of ``marks`` are what
    they are inside a document, the upper four what they are as its first line. ``literal``
    (sorted) are the hashes of those that stand often with their numbers.
    """

    keys: UInt64 = dataclasses.field(default_factory=_no_keys)
    marks: UInt8 = dataclasses.field(default_factory=lambda: np.zeros(0, np.uint8))
    literal: UInt64 = dataclasses.field(default_factory=_no_keys)

    @classmethod
    def of(cls, lines: Lines, counts: LineCounts) -> LineTable:
        """Return the table of lines that were counted themselves."""
        some = np.flatnonzero(counts.often)
        marks = np.full(len(some), _OFTEN, np.uint8)
        marks += counts.very[some] * np.uint8(_VERY) + counts.most[some] * np.uint8(_ON_MOST)
        marks[_is_first(lines)[some]] <<= _AS_FIRST
        keys, place = np.unique(lines.keys[some], return_inverse=True)
        joined = np.zeros(len(keys), np.uint8)
        np.bitwise_or.at(joined, place, marks)
        return cls(keys, joined, distinct(lines.hashes[some[~counts.numbered[some]]]))

    def arrays(self) -> tuple[UInt64, UInt8, UInt64]:
        """Return the arrays in order."""
        return self.keys, self.marks, self.literal

    def look(self, lines: Lines, *, is_known: bool) -> LineCounts:
        """Return what is known of the lines of a document; ``is_known`` tells whether a site is."""
        place = np.searchsorted(self.keys, lines.keys)
        there = place < len(self.keys)
        there[there] = self.keys[place[there]] == lines.keys[there]
        marks = np.zeros(len(lines), np.uint8)
        marks[there] = self.marks[place[there]]
        inside, first = marks & np.uint8((1 << _AS_FIRST) - 1), marks >> _AS_FIRST
        # A line that was never the first one is a headline unless it stands nearly everywhere.
        both = np.uint8(_VERY | _ON_MOST)
        alone = np.where((inside & both) == both, inside, 0)
        marks = np.where(_is_first(lines), np.where(first > 0, first, alone), inside | first)
        often, very, most = ((marks & each) > 0 for each in (_OFTEN, _VERY, _ON_MOST))
        numbered = often & ~are_among(lines.hashes, self.literal)
        return LineCounts(often, very, most, np.full(len(lines), is_known), numbered)


def _is_first(lines: Lines) -> Bool:
    first: Bool = np.zeros(len(lines), np.bool_)
    filled = lines.bounds[:-1] < lines.bounds[1:]
    first[lines.bounds[:-1][filled]] = True
    return first


@dataclass(frozen=True, slots=True)
class _Facts:
    """What is counted of lines: hashes of site and words, document, where it stands."""

    keys: UInt64  # all numbers taken as one
    hashes: UInt64
    lines: Int64
    docs: npt.NDArray[np.int32]
    flags: UInt8

    def take(self, rows: Any) -> _Facts:
        """Return some of the lines."""
        return _Facts(*(getattr(self, name)[rows] for name in _COUNTED))


_COUNTED = {
    "keys": np.uint64,
    "hashes": np.uint64,
    "lines": np.int64,
    "docs": np.int32,
    "flags": np.uint8,
}


class LineCounter:
    """Counts the lines of all documents, part by part; ``sites`` has a code for each, or -1."""

    def __init__(self, sites: Int64, capacity: int, columns: Columns) -> None:
        self._sites, self._columns = sites, columns
        self._grown = [
            columns.grow(f"lines.{name}", kind, capacity) for name, kind in _COUNTED.items()
        ]
        self._marks: UInt8 = np.zeros(0, np.uint8)
        self._blocks = 0
        self._firsts: dict[int, int] = {}  # the first block of a document where a part begins

    def add(self, lines: Lines, low: int) -> None:
        """Take in the blocks of the next documents, from the document ``low`` on."""
        docs = lines.docs + low
        site = self._sites[docs] + 1  # 0: unknown
        some, flags = countable(lines, site > 0)
        spread = site[some].astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15)
        pieces: tuple[np.ndarray, ...] = (
            lines.keys[some] ^ spread,
            lines.hashes[some] ^ spread,
            some + self._blocks,
            docs[some],
            flags,
        )
        for column, piece in zip(self._grown, pieces, strict=True):
            column.append(piece)
        self._firsts[low] = self._blocks
        self._blocks += len(lines)

    def count(self, groups: Int64) -> None:
        """Count what was taken in; ``groups`` has a preliminary cluster for each document."""
        facts = _Facts(*(column.done() for column in self._grown))
        self._marks = np.zeros(self._blocks, np.uint8)
        if not len(facts.keys):
            return
        _, group = np.unique(groups, return_inverse=True)
        count = int(group.max()) + 1
        of_site = np.bincount(distinct((self._sites + 1) * count + group) // count)
        for part in _parts(facts):
            docs = part.docs
            marks = _count(part, self._sites[docs] + 1, group[docs], count, of_site)
            self._marks[part.lines] = marks
            self._columns.ease()
        self._columns.drop(*(f"lines.{name}" for name in _COUNTED))

    def part(self, lines: Lines, low: int) -> LineCounts:
        """Return what was counted of the blocks that were taken in from the document ``low`` on."""
        if not self._blocks:  # nothing was counted
            marks: UInt8 = np.zeros(len(lines), np.uint8)
        else:
            first = self._firsts[low]
            marks = self._marks[first : first + len(lines)]
        return LineCounts.of_marks(marks, self._sites[lines.docs + low] >= 0)


def _parts(facts: _Facts) -> Iterator[_Facts]:
    """Yield the lines that may occur more than once, all of one key together."""
    keep = np.empty(len(facts.keys), np.bool_)
    slots = np.zeros(1 << max(10, (2 * len(facts.keys)).bit_length()), np.uint8)
    kept = drop_single(facts.keys, slots, keep)
    del slots
    parts = kept // _PART_LINES + 1
    which = (facts.keys >> np.uint64(40)) % np.uint64(parts) if parts > 1 else None
    for part in range(parts):
        rows = np.flatnonzero(keep if which is None else keep & (which == part))
        if len(rows):
            yield facts.take(rows)


def countable(lines: Lines, known: Bool) -> tuple[Int64, UInt8]:
    """Return the lines that are counted, and of each how long it is and where it stands.

    ``known`` tells of each line whether its site is known.
    """
    short = np.where(known, lines.words <= _LINE_WORDS, lines.words <= _UNKNOWN_WORDS)
    worded = (lines.words > 0) & ((lines.flags & DIGITS) == 0)
    some = np.flatnonzero(worded & (short | known))
    own = lines.docs[some]
    position, left = some - lines.bounds[own], lines.bounds[own + 1] - some
    flags = short[some] * _SHORT + (position == 0) * _FIRST
    flags += ((position >= _EDGE_LINES) & (left > _EDGE_LINES)) * INNER
    return some, flags.astype(np.uint8)


def clusters_needed(known: Bool, totals: Int64) -> Int64:
    """Return in how many clusters of a site a line counts; ``totals`` is how many the site has."""
    own = np.maximum(_LINE_CLUSTERS, np.ceil(_LINE_SHARE * totals))
    return np.where(known, own, _UNKNOWN_CLUSTERS).astype(np.int64)


def marks_of(
    flags: UInt8, clusters: Int64, literal: Int64, totals: Int64, known: Bool, inner: Bool
) -> UInt8:
    """Tell which lines stand in enough clusters of their site, and which in very many.

    ``flags`` are those of ``countable``; ``clusters`` hold the line, numbers taken as one, and
    ``literal`` the line as it is; ``inner`` tells whether it stands inside of any document.
    """
    need = clusters_needed(known, totals)
    long_ok = ~inner & (clusters >= 2 * need)
    # The first line may be the headline of a series, "Day 12 of the flood".
    titled = ((flags & _FIRST) == 0) | (
        known & (2 * clusters >= totals) & (clusters >= _VERY_CLUSTERS)
    )
    often = (clusters >= need) & (((flags & _SHORT) > 0) | long_ok) & titled
    many = np.maximum(_VERY_CLUSTERS, _VERY_SHARE * totals)
    very = known & (clusters >= many)
    most = known & (clusters >= np.maximum(need, _MOST * totals))
    marks = _OFTEN + very * _VERY + most * _ON_MOST + (literal < need) * _NUMBERED
    found: UInt8 = np.where(often, marks, 0).astype(np.uint8)
    return found


def _count(facts: _Facts, site: Int64, group: Int64, count: int, of_site: Int64) -> UInt8:
    """Count the clusters of each line, and of each as it is, and mark the lines by that."""
    _, line_number = np.unique(facts.keys, return_inverse=True)
    clusters = np.bincount(distinct(line_number * count + group) // count)[line_number]
    _, same = np.unique(facts.hashes, return_inverse=True)
    literal = np.bincount(distinct(same * count + group) // count)[same]
    inner = np.bincount(line_number, weights=(facts.flags & INNER) > 0)[line_number] > 0
    return marks_of(facts.flags, clusters, literal, of_site[site], site > 0, inner)
