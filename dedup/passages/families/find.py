"""Families over the whole corpus: stars of passages and site templates, completed."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from dedup.core.arrays import (
    Bool,
    Int64,
    UInt64,
    are_new,
    offsets_of,
    order_by,
    runs_of_rows,
    table_size,
)
from dedup.core.checkpoints import Kept
from dedup.core.parallel import Spare, in_order
from dedup.kernels import families as kernel
from dedup.passages.families.stars import find_stars
from dedup.passages.find import Passages
from dedup.schema import TEMPLATE_PREFIX
from dedup.text.stopwords import BLANK, CONTENT, Words
from dedup.text.tokens import Tokens

LEAST_DOCUMENTS = 3  # of a site template that is a family
_RUN_TOKENS = 1 << 20  # whose n-grams are looked up at a time
_ALIKE = kernel.LEAST_MATCHED  # of the words of the shorter, in common with the representative

STAR, ABSORBED, COMPLETED = range(3)  # how an occurrence was found


@dataclass(frozen=True, slots=True)
class Families:
    """Families and their occurrences, the latter in order of (family, variant, document, place).

    ``families`` numbers them from 0, those of most occurrences first. ``variants`` is 0 where the
    wording itself occurs, else the number of the variant that the document holds instead.
    ``spans`` has the columns start and end (tokens of the document, half open), ``common`` the
    words that an occurrence shares with the representative. ``representatives`` has the occurrence
    that each family is known by, ``templates`` which families are site templates that cleaning
    found, ``cut`` what the limits left out.
    """

    families: Int64
    variants: Int64
    docs: Int64
    spans: Int64
    common: Int64
    completed: Bool
    representatives: Int64
    templates: Bool
    cut: dict[str, int]

    def __len__(self) -> int:
        return len(self.representatives)

    def kept(self) -> Kept:
        """Return what a checkpoint holds of them."""
        names = [name for name in self.__dataclass_fields__ if name != "cut"]
        return Kept({name: getattr(self, name) for name in names}, values={"cut": self.cut})

    @classmethod
    def of_kept(cls, kept: Kept) -> Families:
        """Return what ``kept`` was made of."""
        return cls(**kept.arrays, cut=kept.values["cut"])

    def bounds(self) -> Int64:
        """Return where the occurrences of each family begin and end, those of variants too."""
        return offsets_of(np.bincount(self.families, minlength=len(self)))

    def lengths(self) -> Int64:
        """Return the tokens of each occurrence."""
        lengths: Int64 = self.spans[:, 1] - self.spans[:, 0]
        return lengths


@dataclass(frozen=True, slots=True)
class Occurrences:
    """Occurrences in no order, and how each was found."""

    families: Int64
    docs: Int64
    spans: Int64
    how: Int64

    def take(self, rows: Any) -> Occurrences:
        """Return some of them, in the order of ``rows``."""
        return Occurrences(*(getattr(self, name)[rows] for name in self.__dataclass_fields__))

    @classmethod
    def joined(cls, *parts: Occurrences) -> Occurrences:
        """Return all of several."""
        columns = (
            np.concatenate([getattr(part, name) for part in parts])
            for name in cls.__dataclass_fields__
        )
        return cls(*columns)

    @classmethod
    def of_rows(cls, rows: Int64, how: int) -> Occurrences:
        """Return rows of (family, document, first token, end)."""
        return cls(rows[:, 0], rows[:, 1], rows[:, 2:4], np.full(len(rows), how))


@dataclass(frozen=True, slots=True)
class Text:
    """The words of all documents."""

    tokens: Tokens
    words: Words
    size: int  # words of an n-gram

    def arrays(self) -> tuple[Any, ...]:
        """Return them as the kernels take them."""
        return self.tokens.hashes, self.words.classes, self.tokens.bounds


@dataclass(frozen=True, slots=True)
class Shared:
    """What is known of shared text: passages of pairs, and the removals that cleaning makes.

    ``ranks`` are those of the documents in canonical order, ``included`` tells which are looked
    through: one of several that are equal.
    """

    passages: Passages
    removals: pa.Table
    ranks: Int64
    included: Bool


def find_families(
    shared: Shared, tokens: Tokens, words: Words, *, size: int, threads: int = 1
) -> Families:
    """Return the families of passages and of the site templates that cleaning removes.

    Pairs cannot tell how often a wording occurs, since a seed keeps a bounded number of documents.
    So one pass over the documents finds each that holds most of the word n-grams (``size`` words)
    of a representative, in order. The result does not depend on ``threads``.
    """
    text = Text(tokens, words, size)
    removed = removed_templates(shared.removals, tokens)
    keys = template_keys(removed, tokens)
    begun = Begun.of(removed, keys, shared.passages, shared.ranks)
    index = WordingIndex.of(text, begun.centres, begun.masked)
    found = Occurrences.joined(
        led(begun.members, index.leaders),
        complete(text, index, np.flatnonzero(shared.included), threads),
        complete_removed(text, index, removed, threads),
    )
    found, common = checked(found, begun.centres, tokens)
    return settle(found, common, begun, shared.ranks, index.left_out)


@dataclass(frozen=True, slots=True)
class Begun:
    """Families as passages and removed templates begin them, before they are completed.

    ``centres`` are the occurrences that others are compared with, one a family; ``masked`` tells
    which families are templates that cleaning removes.
    """

    members: Occurrences
    centres: Occurrences
    masked: Bool

    @classmethod
    def of(cls, removed: Int64, keys: UInt64, passages: Passages, ranks: Int64) -> Begun:
        """Begin with what was ``removed`` as a template (``template_keys``), then with stars."""
        templates = _find_templates(removed, keys, ranks)
        stars = find_stars(passages, ranks)
        count = templates[:, 0].max(initial=-1) + 1
        stars[:, 0] += count
        rows = np.concatenate([templates, stars])
        centres = np.flatnonzero(np.diff(rows[:, 0], prepend=-1))
        members = Occurrences.of_rows(rows, STAR)
        return cls(members, members.take(centres), np.arange(len(centres)) < count)


def removed_templates(removals: pa.Table, tokens: Tokens) -> Int64:
    """Return the stretches that were removed as templates: document, first token, end."""
    rows = removals.filter(pc.starts_with(removals["rule"], TEMPLATE_PREFIX))
    docs, starts, ends = (rows[name].to_numpy().astype(np.int64) for name in _STRETCH)
    spans = np.empty((len(docs), 2), np.int64)
    kernel.token_spans(docs, starts, ends, tokens.bounds, tokens.starts, spans)
    found: Int64 = np.column_stack([docs, spans])[spans[:, 1] > spans[:, 0]]
    return found


def template_keys(removed: Int64, tokens: Tokens) -> UInt64:
    """Return a hash of the words of each removed stretch, with all numbers taken for one."""
    docs, spans = removed[:, 0].copy(), removed[:, 1:].copy()
    keys = np.empty(len(docs), np.uint64)
    kernel.span_keys(docs, spans, (tokens.hashes, tokens.flags, tokens.bounds), keys)
    return keys


def _find_templates(removed: Int64, keys: UInt64, ranks: Int64) -> Int64:
    """Return the occurrences of the templates that were removed from several documents."""
    docs, spans = removed[:, 0].copy(), removed[:, 1:].copy()
    order = np.lexsort((spans[:, 0], ranks[docs], keys))
    docs, spans, keys = docs[order], spans[order], keys[order]
    new, other = are_new(keys), are_new(keys, docs)
    group = np.cumsum(new) - 1
    counts = np.bincount(group[other], minlength=int(new.sum()))
    first = np.flatnonzero(new)
    by_size = np.lexsort((ranks[docs[first]], spans[first, 0] - spans[first, 1], -counts))
    by_size = by_size[counts[by_size] >= LEAST_DOCUMENTS]
    number = np.full(len(counts), -1, np.int64)
    number[by_size] = np.arange(len(by_size))
    table = np.column_stack([number[group], docs, spans])
    table = table[table[:, 0] >= 0]
    sorted_rows: Int64 = table[order_by(table[:, 0])]
    return sorted_rows


_STRETCH = ("doc", "start", "end")


@dataclass(frozen=True, slots=True)
class WordingIndex:
    """The n-grams of all wordings, those of the same one by its first.

    ``leaders`` names for each wording the earlier one that is the same, itself where none is.
    """

    wordings: kernel.Wordings
    table: kernel.NgramTable
    leaders: Int64
    left_out: int

    @classmethod
    def of(cls, text: Text, centres: Occurrences, masked: Bool) -> WordingIndex:
        """Index the wordings of ``centres``; ``masked`` ones were removed by cleaning."""
        count = len(centres.docs)
        lengths = centres.spans[:, 1] - centres.spans[:, 0]
        room, longest = int(lengths.sum()) + 1, int(lengths.max(initial=0)) + 1
        wordings = kernel.Wordings(
            np.zeros(count + 1, np.int64),
            np.zeros(room, np.uint64),
            np.zeros(room, np.int32),
            np.ones(count, np.int64),
        )
        kernel.write_wordings(
            centres.docs, centres.spans, masked, text.arrays(), text.size, wordings
        )
        sizes = np.diff(wordings.bounds)
        table = empty_table(int(np.minimum(sizes, kernel.MOST_ANCHORS).sum()))
        leaders = np.arange(count)
        left_out = kernel.same_wordings(np.arange(count), wordings, longest, table, leaders)
        return cls(wordings, table, leaders, int(left_out))

    def part(self, low: int, high: int) -> WordingIndex:
        """Return an index of the wordings from ``low`` to ``high``, numbered from 0.

        What it finds is what the whole one finds of these: n-grams that too many wordings have were
        told by all of them.
        """
        table, bounds = self.table, self.wordings.bounds[low : high + 1]
        begin, end = int(bounds[0]), int(bounds[-1])
        entries = table.entries[: int(table.count[0])]
        entries = entries[(entries[:, kernel.OWNER] >= low) & (entries[:, kernel.OWNER] < high)]
        wordings = kernel.Wordings(
            bounds - begin,
            self.wordings.values[begin : max(end, begin + 1)].copy(),
            self.wordings.offsets[begin : max(end, begin + 1)].copy(),
            self.wordings.needs[low:high].copy(),
        )
        made = empty_table(len(entries))
        owners, places = entries[:, kernel.OWNER] - low, entries[:, kernel.PLACE] - begin
        kernel.add_anchors(owners, places, wordings, made)
        return WordingIndex(wordings, made, np.arange(high - low), 0)


def empty_table(anchors: int) -> kernel.NgramTable:
    """Return a table with room for so many anchors."""
    slots = table_size(anchors)
    return kernel.NgramTable(
        np.zeros((slots, 2), np.uint64),
        np.zeros(max(slots >> 3, 1), np.uint64),
        np.zeros((anchors + 1, kernel.ENTRY_COLUMNS), np.int64),
        np.zeros(1, np.int64),
    )


def led(members: Occurrences, leaders: Int64) -> Occurrences:
    """Return members under the family whose wording theirs is."""
    moved = leaders[members.families]
    how = np.where(moved == members.families, STAR, ABSORBED)
    return Occurrences(moved, members.docs, members.spans, how)


def complete(text: Text, index: WordingIndex, rows: Int64, threads: int) -> Occurrences:
    """Return every occurrence of the wordings in some documents."""
    bounds = offsets_of(text.tokens.counts()[rows])
    given = kernel.Index(text.size, index.wordings, index.table)
    room = Spare(lambda: kernel.scratch_for(index.wordings))

    def find(part: tuple[int, int]) -> Int64:
        some = rows[slice(*part)]
        out = np.empty((4 * len(some) + 1024, kernel.FOUND_COLUMNS), np.int64)
        with room.one() as hits:
            made = kernel.find_occurrences(some, text.arrays(), given, hits, out)
            if made > len(out):
                out = np.empty((made, kernel.FOUND_COLUMNS), np.int64)
                hits[:] = kernel.scratch_for(index.wordings)
                kernel.find_occurrences(some, text.arrays(), given, hits, out)
        return out[:made].copy()

    empty = np.zeros((0, kernel.FOUND_COLUMNS), np.int64)
    parts = [empty]
    if len(index.leaders):
        parts += in_order(find, list(runs_of_rows(bounds, _RUN_TOKENS)), threads)
    return Occurrences.of_rows(np.concatenate(parts), COMPLETED)


def complete_removed(
    text: Text, index: WordingIndex, removed: Int64, threads: int = 1
) -> Occurrences:
    """Return every occurrence of the wordings in what was removed as a template.

    Several template sentences that follow each other are removed as one stretch.
    """
    tokens = text.tokens
    sizes = removed[:, 2] - removed[:, 1]
    bounds = offsets_of(sizes)
    first = tokens.bounds[removed[:, 0]] + removed[:, 1]
    places = np.arange(bounds[-1]) + np.repeat(first - bounds[:-1], sizes)
    hashes = tokens.hashes[places]
    classes = text.words.classes[places]
    classes[classes == BLANK] = CONTENT
    of_removed = Tokens(bounds, hashes, hashes, *(np.zeros(0, np.int32),) * 2, classes[:0])
    alone = Text(of_removed, Words(classes, np.zeros(0, np.float32), bounds), text.size)
    found = complete(alone, index, np.arange(len(removed)), threads)
    spans = found.spans + removed[found.docs, 1][:, None]
    return Occurrences(found.families, removed[found.docs, 0], spans, found.how)


def checked(found: Occurrences, centres: Occurrences, tokens: Tokens) -> tuple[Occurrences, Int64]:
    """Return one of occurrences that overlap, and the words in common with the representative.

    Each must have as many of the words of the shorter of the two as the pass over all documents
    asks of n-grams: a passage that was aligned over more re-wording than that is in ``passages``,
    and is no occurrence of the wording.
    """
    if not len(found.docs):
        return found, np.zeros(0, np.int64)
    found = found.take(order_by(found.families, found.docs, found.spans[:, 0]))
    common = np.zeros(len(found.docs), np.int64)
    # Each family's representative, as one more row behind the occurrences.
    docs = np.concatenate([found.docs, centres.docs])
    spans = np.concatenate([found.spans, centres.spans])
    kernel.common_words(
        *(found.families, docs, spans, len(found.docs) + np.arange(len(centres.docs))),
        *((tokens.hashes, tokens.bounds), common),
    )
    own = found.spans[:, 1] - found.spans[:, 0]
    theirs = (centres.spans[:, 1] - centres.spans[:, 0])[found.families]
    fits = common >= _ALIKE * np.minimum(own, theirs)
    # In each document the occurrence that is most alike first, then as it was found, then by place.
    alike, likeness = np.unique(
        common / np.maximum(np.maximum(own, theirs), 1), return_inverse=True
    )
    place = np.cumsum(are_new(found.families, found.docs))
    best = order_by(place, len(alike) - likeness, found.how)
    best = best[fits[best]]
    found, common = found.take(best), common[best]
    stays = np.empty(len(best), np.bool_)
    kernel.drop_overlapping(found.families, found.docs, found.spans, stays)
    return found.take(stays), common[stays]


def settle(
    found: Occurrences, common: Int64, begun: Begun, ranks: Int64, left_out: int
) -> Families:
    """Put families in order, the largest first, with the variants of each behind it.

    ``left_out`` counts the n-grams of wordings that the index had no place for.
    """
    centres = begun.centres
    cut = {"family_ngrams_left_out": left_out} if left_out else {}
    order = order_by(found.families, ranks[found.docs], found.spans[:, 0])
    found, common = found.take(order), common[order]
    count = len(centres.docs)
    sizes = np.bincount(found.families, minlength=count)
    by_size = order_by(-sizes)  # of as many the earlier star
    by_size = by_size[sizes[by_size] > 1]
    owners = _variants(found, by_size, sizes, len(ranks))
    main = by_size[owners[by_size] == by_size]
    number = np.full(count, -1, np.int64)
    number[main] = np.arange(len(main))
    variant = np.zeros(count, np.int64)
    so_far: Counter[int] = Counter()
    for family in by_size[owners[by_size] != by_size].tolist():
        so_far[int(owners[family])] += 1
        variant[family] = so_far[int(owners[family])]
    owner = owners[found.families]
    rows = np.flatnonzero((owner >= 0) & (sizes[found.families] > 1))
    keys = (variant[found.families[rows]], ranks[found.docs[rows]], found.spans[rows, 0])
    rows = rows[order_by(number[owner[rows]], *keys)]
    rows = rows[_apart(found.take(rows), number[owner[rows]], variant[found.families[rows]])]
    found, common = found.take(rows), common[rows]
    families, variants = number[owner[rows]], variant[found.families]
    return Families(
        families,
        variants,
        found.docs,
        found.spans,
        np.where(variants == 0, common, 0),
        found.how == COMPLETED,
        _representatives(found, families, variants, centres.take(main)),
        begun.masked[main],
        cut,
    )


def _variants(found: Occurrences, by_size: Int64, sizes: Int64, documents: int) -> Int64:
    """Return for each family the larger one that it is a variant of, itself where it is none."""
    owners = np.zeros(len(sizes), np.int64)
    by_doc = order_by(found.docs, found.spans[:, 0], found.families)
    of_doc = offsets_of(np.bincount(found.docs, minlength=documents))
    placed = kernel.Placed(found.families, found.docs, found.spans, by_doc, of_doc)
    kernel.find_variants(by_size, offsets_of(sizes), placed, owners)
    return owners


def _apart(found: Occurrences, families: Int64, variants: Int64) -> Bool:
    """Tell which occurrences stay: of a variant none that the family has at that place itself."""
    order = order_by(families, found.docs, variants, found.spans[:, 0])
    kept = np.empty(len(order), np.bool_)
    kernel.drop_overlapping(families[order], found.docs[order], found.spans[order], kept)
    stays = np.ones(len(order), np.bool_)
    stays[order] = kept
    stays[variants == 0] = True
    return stays


def _representatives(
    found: Occurrences, families: Int64, variants: Int64, centres: Occurrences
) -> Int64:
    """Return the occurrence of each family that stands where its centre does."""
    own = (variants == 0) & (found.docs == centres.docs[families])
    shared = np.minimum(found.spans[:, 1], centres.spans[families, 1])
    shared -= np.maximum(found.spans[:, 0], centres.spans[families, 0])
    rows = np.flatnonzero(own)
    rows = rows[order_by(families[rows], -shared[rows])]
    first: Int64 = rows[np.unique(families[rows], return_index=True)[1]]
    return first
