"""What goes from inside the documents, part by part: boilerplate and repeats.

Only two things need all documents at once: how often a line stands on the pages of its site, and
which words are frequent. They are counted first; then every part is looked at by itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import astuple, dataclass
from typing import TypeVar

import numpy as np
import pyarrow as pa

from dedup.cleaning.apply import settle_removals
from dedup.cleaning.boilerplate import LineCounter, find_boilerplate, lines_of
from dedup.cleaning.boilerplate.lines import LineCounts
from dedup.cleaning.boilerplate.template_counts import TemplateCounter
from dedup.cleaning.boilerplate.template_text import Found
from dedup.cleaning.boilerplate.templates import Template, Templates, cut_units
from dedup.cleaning.repeats import find_repeats
from dedup.config import Config
from dedup.core.arrays import Bool, Int64, Texts, offsets_of, runs_of_rows
from dedup.core.checkpoints import Kept
from dedup.core.parallel import at_once, in_order
from dedup.core.storage import Columns
from dedup.kernels import lines as kernel
from dedup.kernels.templates import Units
from dedup.schema import ANNOTATIONS, REMOVALS
from dedup.text.lines import SENTENCE, Lines, truncated_documents
from dedup.text.stopwords import Discount, Learned, Words, classify_part, languages_of
from dedup.text.tokens import Tokens

Done = TypeVar("Done")

_PART_BYTES = 8 << 20
_KEPT = ("review", "gone", "truncated", "no_text")
_SENTENCE_WORDS, _LINE_WORDS = 4, 8  # of a line that is text: one that ends a sentence, any other


@dataclass(frozen=True, slots=True)
class Removals:
    """What goes (``REMOVALS``), what is tagged (``ANNOTATIONS``), and what follows for documents.

    ``gone`` counts the tokens removed, ``review`` tells where a person should look, ``truncated``
    where a text ends in a line that was cut short, ``no_text`` where there is no sentence besides
    boilerplate. ``words`` classes what is left, where passages are sought.
    """

    rows: pa.Table
    annotations: pa.Table
    review: Bool
    gone: Int64
    truncated: Bool
    no_text: Bool
    words: Words
    templates: tuple[Template, ...] = ()  # most frequent first

    def kept(self) -> Kept:
        """Return what a checkpoint holds of it; classes and weights lie in the columns."""
        arrays = {name: getattr(self, name) for name in _KEPT}
        arrays["languages"] = self.words.languages
        tables = {"rows": self.rows, "annotations": self.annotations}
        templates = [astuple(each) for each in self.templates]
        return Kept(arrays, tables, {"templates": templates})

    @classmethod
    def of_kept(cls, kept: Kept, columns: Columns) -> Removals:
        """Return what ``kept`` was made of."""
        words = Words(
            columns.read("classes", np.uint8),
            columns.read("weights", np.float32),
            kept.arrays["languages"],
        )
        arrays = {name: kept.arrays[name] for name in _KEPT}
        templates = tuple(Template(*each) for each in kept.values["templates"])
        return cls(**kept.tables, **arrays, words=words, templates=templates)


@dataclass(slots=True)
class Part:
    """Some documents, as a corpus of their own."""

    low: int
    high: int
    texts: Texts
    tokens: Tokens
    lines: Lines
    _units: Units | None = None

    def units(self) -> Units:
        """Return what of them may be text of a template; cut once."""
        if self._units is None:
            self._units = cut_units(self.tokens, self.lines)
        return self._units


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of all documents, for the lines of some: counts, templates, codes of sites."""

    sites: Int64
    line_counts: LineCounts
    templates: Templates


@dataclass(frozen=True, slots=True)
class Inside:
    """What goes from inside some documents, as ``Removals`` has it; ``masked`` tells which tokens.

    Documents are numbered from 0.
    """

    rows: pa.Table
    annotations: pa.Table
    review: Bool
    gone: Int64
    truncated: Bool
    no_text: Bool
    masked: Bool


class Parts:
    """Documents in parts; their lines are held, or computed again where arrays are in files."""

    def __init__(self, texts: Texts, tokens: Tokens, columns: Columns, threads: int) -> None:
        self._texts, self._tokens, self._columns = texts, tokens, columns
        self._threads = threads
        self._spans = list(runs_of_rows(texts.offsets, _PART_BYTES))
        self._held: dict[int, Part] = {}

    def each(self, work: Callable[[Part], Done]) -> Iterator[tuple[Part, Done]]:
        """Yield the parts in order, each with what ``work`` makes of it, in threads."""

        def task(span: tuple[int, int]) -> tuple[Part, Done]:
            part = self._part(span)
            return part, work(part)

        for part, done in in_order(task, self._spans, self._threads):
            if not self._columns.in_files:
                self._held[part.low] = part
            yield part, done
            self._columns.ease()

    def _part(self, span: tuple[int, int]) -> Part:
        low, high = span
        if low in self._held:
            return self._held[low]
        texts, tokens = self._texts.part(low, high), self._tokens.part(low, high)
        return Part(low, high, texts, tokens, lines_of(texts, tokens))

    def bound(self) -> int:
        """Return a bound on the number of all blocks: each line has a byte and a line break."""
        offsets = self._texts.offsets
        return int(offsets[-1] - offsets[0]) // 2 + len(offsets)


def find_removals(
    texts: Texts,
    tokens: Tokens,
    config: Config,
    *,
    sites: Int64,
    groups: Int64,
    columns: Columns,
    threads: int = 1,
) -> Removals:
    """Find what goes, where ``config`` asks for repeats, and class what is left for passages.

    ``sites`` is a code per document, -1 for unknown; ``groups`` a preliminary cluster of near
    copies, which count once where lines are counted.
    """
    parts = Parts(texts, tokens, columns, threads)
    line_counts = LineCounter(sites, parts.bound(), columns)
    units = TemplateCounter(sites, 2 * parts.bound(), columns)
    discount = Discount()
    counted = np.zeros(len(tokens), np.bool_)
    counted[np.unique(groups, return_index=True)[1]] = True
    counts_lines = "repeats" in config.find and config.boilerplate

    def look(part: Part) -> Int64 | None:
        if counts_lines:
            part.units()
        return languages_of(part.tokens) if _classes_words(config) else None

    for part, languages in parts.each(look):
        if counts_lines:
            line_counts.add(part.lines, part.low)
            units.add(part.units(), part.lines, part.low, int(tokens.bounds[part.low]))
        if _classes_words(config):
            discount.learn(part.tokens, counted[part.low : part.high], languages)
    templates, _ = at_once(
        lambda: units.count(groups, texts, tokens).with_known(config.template),
        lambda: line_counts.count(groups),
        threads=columns.side_by_side(threads),
    )
    learned = discount.chosen(), discount.learned()
    search = _Search(config, line_counts, templates, sites, *learned)
    return search.run(parts, tokens, columns)


@dataclass(frozen=True, slots=True)
class _Search:
    """The second time over the parts."""

    config: Config
    line_counts: LineCounter
    templates: Templates
    sites: Int64
    languages: Int64  # the stop list of each document
    learned: Learned

    def run(self, parts: Parts, tokens: Tokens, columns: Columns) -> Removals:
        """Look at every part, and class its words."""
        total = len(tokens.hashes)
        classes = columns.grow("classes", np.uint8, total)
        weights = columns.grow("weights", np.float32, total)
        rows, annotations = [REMOVALS.empty_table()], [ANNOTATIONS.empty_table()]
        review, truncated, no_text = np.zeros((3, len(tokens)), np.bool_)
        gone = np.zeros(len(tokens), np.int64)
        for part, (found, words) in parts.each(self._look):
            own = slice(part.low, part.high)
            review[own], no_text[own] = found.review, found.no_text
            truncated[own], gone[own] = found.truncated, found.gone
            rows.append(_moved(found.rows, part.low))
            annotations.append(_moved(found.annotations, part.low))
            if words is not None:
                classes.append(words.classes)
                weights.append(words.weights)
        return Removals(
            pa.concat_tables(rows).combine_chunks(),
            pa.concat_tables(annotations).combine_chunks(),
            *(review, gone, truncated, no_text),
            Words(classes.done(), weights.done(), self.languages),
            self.templates.entries,
        )

    def _look(self, part: Part) -> tuple[Inside, Words | None]:
        """Find what goes from a part, and class the words that are left."""
        counts = self.line_counts.part(part.lines, part.low)
        known = Known(self.sites[part.low : part.high], counts, self.templates)
        found = find_inside(part, known, self.config)
        if not _classes_words(self.config):
            return found, None
        languages = self.languages[part.low : part.high]
        return found, classify_part(part.tokens, found.masked, languages, self.learned)


def find_inside(part: Part, known: Known, config: Config) -> Inside:
    """Find what goes from inside some documents, by what is known of all."""
    nothing = np.zeros(part.high - part.low, np.bool_)
    gone = np.zeros(len(nothing), np.int64)
    if "repeats" not in config.find:
        no_rows, no_tags = REMOVALS.empty_table(), ANNOTATIONS.empty_table()
        masked = np.zeros(len(part.tokens.hashes), np.bool_)
        truncated = truncated_documents(part.lines, no_rows)
        return Inside(no_rows, no_tags, nothing, gone, truncated, nothing, masked)
    given = (part.texts, part.tokens, part.lines, config)
    templates = None
    if known.templates:
        templates = Found.of(known.templates, part.units(), part, known.sites)
    boilerplate, annotations = find_boilerplate(*given, known.line_counts, templates)
    settled, review = settle_removals([boilerplate, find_repeats(*given)], part.tokens)
    truncated = truncated_documents(part.lines, settled)
    masked = _masked(settled, part.tokens, gone)
    no_text = _has_no_text(part, boilerplate, annotations)
    return Inside(settled, annotations, review, gone, truncated, no_text, masked)


def _has_no_text(part: Part, boilerplate: pa.Table, annotations: pa.Table) -> Bool:
    """Tell which documents are boilerplate for the most part, without a sentence besides.

    What is tagged (bylines, captions, comments) is no sentence of the document either.
    """
    tokens, lines = part.tokens, part.lines
    gone = np.zeros(len(tokens), np.int64)
    hidden = _masked(boilerplate, tokens, gone)
    no_text: Bool = (gone > 0) & (2 * gone >= tokens.counts())
    if not no_text.any():
        return no_text
    hidden |= _masked(annotations, tokens, gone)
    some = np.flatnonzero(no_text[lines.docs])
    lows, sizes = lines.lows[some], lines.highs[some] - lines.lows[some]
    places = offsets_of(sizes)
    own_tokens = np.repeat(lows - places[:-1], sizes) + np.arange(places[-1])
    before = offsets_of((~hidden[own_tokens]).astype(np.int32))
    own = before[places[1:]] - before[places[:-1]]
    is_text = own >= np.where((lines.flags[some] & SENTENCE) != 0, _SENTENCE_WORDS, _LINE_WORDS)
    no_text[lines.docs[some[is_text]]] = False
    return no_text


def _classes_words(config: Config) -> bool:
    """Tell whether classes of words are wanted: only passages and stories look at them."""
    return not {"passages", "stories"}.isdisjoint(config.find)


def _masked(found: pa.Table, tokens: Tokens, gone: Int64) -> Bool:
    """Tell which tokens stand in what is removed; ``gone`` gets how many of each document."""
    masked: Bool = np.zeros(len(tokens.hashes), np.bool_)
    stretches = kernel.Stretches(*(found[name].to_numpy() for name in ("doc", "start", "end")))
    kernel.mask_tokens(tokens.bounds, tokens.starts, stretches, masked, gone)
    return masked


def _moved(table: pa.Table, low: int) -> pa.Table:
    """Return the rows with documents numbered as in the whole."""
    docs = table["doc"].to_numpy() + low
    return table.set_column(0, table.schema.field("doc"), pa.array(docs, pa.int64()))
