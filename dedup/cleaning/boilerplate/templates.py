"""Site templates: lines and sentences that stand word for word in unrelated articles.

A unit (a line, or a sentence of a long line; numbers taken as one) is a template when it stands in
enough clusters of its site, or of the corpus, and when the articles that hold it are otherwise no
more alike than any articles of that site (``template_rules``, ``template_counts``). Here is what a
template is, and how those of other documents are found.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from dedup.core.arrays import Int64, UInt8, UInt64, distinct, texts_from_strings
from dedup.kernels import templates as kernel
from dedup.kernels.stopwords import fill_table
from dedup.kernels.templates import ENDING, FULL, NOT, SHORT, Known, Units
from dedup.kernels.text import STARTS_SENTENCE
from dedup.text.lines import Lines, line_table
from dedup.text.tokens import Tokens, tokenise_texts

__all__ = ["ENDING", "FULL", "NOT", "SHORT", "Template", "Templates", "cut_units", "spread"]

SHOWN = 200  # characters of a template that are known of it
_MIX = np.uint64(0x9E3779B97F4A7C15)


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
    _texts: dict[int, str] = field(default_factory=dict, compare=False)

    def __bool__(self) -> bool:
        return bool(self.table.any()) or len(self.lines) > 0

    def with_known(self, given: tuple[str, ...]) -> Templates:
        """Return these templates and those of some texts: their lines, and what cuts as units."""
        if not given:
            return self
        texts = texts_from_strings(list(given))
        tokens = tokenise_texts(texts)
        lines = line_table(texts, tokens)
        keys = np.union1d(self.table[self.table > 0], cut_units(tokens, lines).keys)
        own = distinct(lines.keys[lines.words > 0])
        return Templates(_key_table(keys), self.entries, self.keys, own)

    def text(self, key: int, spread: int) -> str | None:
        """Return the text of a template that was counted, by the key of a unit and of its site."""
        if not self._texts and self.keys:
            shown = zip(self.keys, self.entries, strict=True)
            self._texts.update({of: entry.text for of, entry in shown})  # at once, for threads
        return self._texts.get(key, self._texts.get(key ^ spread))

    def numbered(self) -> tuple[tuple[Template, ...], tuple[int, ...]]:
        """Return the templates that may have a digit in them, and their keys.

        Of long ones the end is not known.
        """
        shown = zip(self.entries, self.keys, strict=True)
        some = [
            each
            for each in shown
            if len(each[0].text) >= SHOWN or any(map(str.isdigit, each[0].text))
        ]
        return tuple(entry for entry, _ in some), tuple(key for _, key in some)

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


def templates_of(kept: dict[int, Template]) -> Templates:
    """Return templates by the key that is looked up as a table, the most frequent first."""
    order = sorted(kept, key=lambda key: (-kept[key].clusters, kept[key].text, kept[key].site, key))
    table = _key_table(np.array(list(kept), np.uint64))
    return Templates(table, tuple(kept[key] for key in order), tuple(order))


def _key_table(keys: UInt64) -> UInt64:
    size = 16
    while size < 4 * len(keys):
        size *= 2
    table: UInt64 = np.zeros(size, np.uint64)
    fill_table(keys, table)
    return table
