"""Copies among texts that a machine misread: old print and bad OCR, by their characters.

In such a text hardly a word survives, so it shares neither shingles of words nor passages with
another reading of it. Where many long words of a document stand in no other one (a twentieth is
usual), and only there, candidates also come from runs of six characters. A run that stands in more
than a few documents counts for nothing: the header and the footer of a shop's receipts, the printed
part of a form. What two texts share must be spread over both, and most of their characters must
stand in the same order. So must those of the words that differ: where two texts were read, these
are other spellings of the same words; where they fill one form, they are other words.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from dedup.core.arrays import (
    Bool,
    Float64,
    Int32,
    Int64,
    Texts,
    UInt64,
    are_new,
    distinct,
    offsets_of,
    runs_of_rows,
    texts_from_strings,
)
from dedup.core.checkpoints import Kept
from dedup.core.storage import Columns
from dedup.kernels import matching
from dedup.kernels import misread as kernel
from dedup.kernels.misread import RESPELT, SPREAD_PARTS
from dedup.text.shingles import character_units, shingle_tokens
from dedup.text.tokens import Tokens, tokenise_texts

LONELY_SHARE = 0.25  # of long words that stand in no other document, from which a text is misread
LEAST_DOCUMENTS = 100  # among fewer, most words of any text stand in no other one
LEAST_WORDS = 15  # long words by which a document is judged
RUN = 6  # characters
MOST_DOCUMENTS = 4  # that have a run which still says something
LEAST_SHARED, SHARED_SHARE = 5, 0.02  # rare runs in common, and their share of the shorter's runs
SPREAD = 7  # parts of each text, of SPREAD_PARTS, that hold some of them
ALIKE = 0.65  # twice the common subsequence over both lengths; of what differs it is RESPELT
MOST_CHARACTERS = 100_000  # of a text that is compared so
_MOST_OWNERS = 1 << 24  # places of a table of words
_PART_RUNS = 1 << 21  # grouped at a time
_RUN_COLUMNS = {"values": np.uint64, "owners": np.int32, "places": np.int32}
_RUN_TOKENS = 1 << 21
_PART_BYTES = 1 << 22


@dataclass(frozen=True, slots=True)
class Misread:
    """Pairs of documents (rows, a < b) alike by characters, and the share of each in the other.

    ``left_out`` counts misread documents that are too long to be compared so.
    """

    pairs: Int64
    share_a: Float64
    share_b: Float64
    left_out: int = 0

    def kept(self) -> Kept:
        """Return what a checkpoint holds."""
        arrays = {"pairs": self.pairs, "share_a": self.share_a, "share_b": self.share_b}
        return Kept(arrays, values={"left_out": self.left_out})

    @classmethod
    def of_kept(cls, kept: Kept) -> Misread:
        """Read what ``kept`` gave."""
        arrays = kept.arrays
        return cls(
            *(arrays["pairs"], arrays["share_a"], arrays["share_b"]), int(kept.values["left_out"])
        )


def none_misread() -> Misread:
    """Return what there is where nothing is looked for."""
    return Misread(np.zeros((0, 2), np.int64), np.zeros(0), np.zeros(0))


def misread_documents(tokens: Tokens, included: Bool) -> Int64:
    """Return the ``included`` documents of whose long words many stand in no other one."""
    if np.count_nonzero(included) < LEAST_DOCUMENTS:
        return np.zeros(0, np.int64)
    owners = np.zeros(owners_size(len(tokens.hashes)), np.int32)
    lonely, words = np.zeros((2, len(tokens)), np.int64)
    given, among = tokens.arrays(), np.flatnonzero(included)
    kernel.own_words(given, among, owners)
    kernel.count_lonely(given, among, owners, lonely, words)
    rows: Int64 = np.flatnonzero(are_lonely(lonely, words))
    return rows


def owners_size(tokens: int) -> int:
    """Return how many places the table of words has for so many tokens of a corpus.

    >>> owners_size(10), owners_size(1 << 40)
    (4096, 16777216)
    """
    return min(1 << max(12, int(2 * tokens).bit_length()), _MOST_OWNERS)


def are_lonely(lonely: Int64, words: Int64) -> Bool:
    """Tell which documents are misread, by their long words and those that no other one has."""
    found: Bool = (words >= LEAST_WORDS) & (lonely >= LONELY_SHARE * words)
    return found


def find_misread(
    texts: Texts, tokens: Tokens, included: Bool, columns: Columns | None = None
) -> Misread:
    """Find the copies of documents that a machine misread, among all ``included`` ones.

    ``columns`` is where their runs stand meanwhile: some 16 bytes a character where all were
    misread.
    """
    rows = misread_documents(tokens, included)
    short = texts.offsets[1:] - texts.offsets[:-1] <= MOST_CHARACTERS
    left_out = int(np.count_nonzero(~short[rows]))
    rows = rows[short[rows]]
    if not len(rows):
        return replace(none_misread(), left_out=left_out)
    read = np.zeros(len(texts), np.bool_)
    read[rows] = True
    columns = columns or Columns()
    pairs = _alike(_shared_runs(texts, rows, included & short, columns), read)
    columns.drop(*(f"misread.{name}" for name in _RUN_COLUMNS))
    return replace(compare_texts(texts, pairs), left_out=left_out)


def compare_texts(texts: Texts, pairs: Int64) -> Misread:
    """Return which pairs of texts are alike by their characters, also where their words differ."""
    common, size_a, size_b = _common_characters(texts, pairs)
    kept = np.flatnonzero(2 * common >= ALIKE * (size_a + size_b))
    kept = kept[_are_respelt(texts, pairs[kept])]
    return Misread(pairs[kept], common[kept] / size_a[kept], common[kept] / size_b[kept])


def _common_characters(texts: Texts, pairs: Int64) -> tuple[Int64, Int64, Int64]:
    """Return how many characters of each pair stand in the same order, and how many each has."""
    units, bounds = characters(texts, documents := distinct(pairs))
    alphabet, codes = np.unique(units, return_inverse=True)
    common = np.zeros(len(pairs), np.int64)
    places = np.searchsorted(documents, pairs)
    kernel.compare_characters(places, codes.astype(np.int64), bounds, len(alphabet), common)
    size_a, size_b = np.diff(bounds)[places].T
    return common, size_a, size_b


def _are_respelt(texts: Texts, pairs: Int64) -> Bool:
    """Tell in which pairs the words without a counterpart are other spellings of one another.

    A pair in which every word has a counterpart is one of two readings as well.
    """
    strings = [part for a, b in pairs.tolist() for part in _unmatched(texts, a, b)]
    if not strings:
        return np.zeros(0, np.bool_)
    both = np.arange(len(strings)).reshape(-1, 2)
    common, size_a, size_b = _common_characters(texts_from_strings(strings), both)
    respelt: Bool = 2 * common >= RESPELT * (size_a + size_b)
    return respelt


def _unmatched(texts: Texts, a: int, b: int) -> tuple[str, str]:
    """Return the words of two texts that have no counterpart in the other one, joined."""
    pair = texts.text(a), texts.text(b)
    tokens = tokenise_texts(texts_from_strings(pair))
    one, two = (tokens.hashes[tokens.bounds[k] : tokens.bounds[k + 1]] for k in (0, 1))
    scratch = matching.scratch_for(max(len(one), len(two)))
    matching.match_texts(one, two, np.zeros(len(one), np.bool_), scratch)
    joined = []
    for side, (text, words) in enumerate(zip(pair, (one, two), strict=True)):
        lost = (scratch.mates[side, : len(words)] < 0) & ~scratch.covered[side, : len(words)]
        places = tokens.bounds[side] + np.flatnonzero(lost)
        spans = zip(tokens.starts[places].tolist(), tokens.ends[places].tolist(), strict=True)
        joined.append(" ".join(text[start:end] for start, end in spans))
    return joined[0], joined[1]


def characters(texts: Texts, rows: Int64) -> tuple[UInt64, Int64]:
    """Return the folded characters of some texts, and their bounds."""
    parts = [character_units(texts.part(row, row + 1))[0] for row in rows.tolist()]
    sizes = np.array([len(part) for part in parts], np.int64)
    return np.concatenate([np.zeros(0, np.uint64), *parts]), offsets_of(sizes)


class _Runs(NamedTuple):
    """Runs of characters: value, document, place in it; and how many each document has in all."""

    values: UInt64
    owners: Int32
    places: Int32
    sizes: Int64


def _shared_runs(texts: Texts, rows: Int64, included: Bool, columns: Columns) -> _Runs:
    """Return the runs of all ``included`` documents that some of ``rows`` have as well."""
    known = distinct(shingle_tokens(*characters(texts, rows), RUN).values)
    mask = np.uint64((1 << (8 * len(known)).bit_length()) - 1)
    seen = np.zeros(int(mask) + 1, np.bool_)
    seen[known & mask] = True
    most = int(texts.offsets[-1] - texts.offsets[0])
    grown = [columns.grow(f"misread.{name}", kind, most) for name, kind in _RUN_COLUMNS.items()]
    sizes = np.zeros(len(texts), np.int64)
    for low, high in runs_of_rows(texts.offsets, _PART_BYTES):
        made = shingle_tokens(*character_units(texts.part(low, high)), RUN)
        sizes[low:high] = np.diff(made.offsets)
        some = np.flatnonzero(seen[made.values & mask])
        position = np.searchsorted(known, made.values[some])
        some = some[known[np.minimum(position, len(known) - 1)] == made.values[some]]
        owner = np.searchsorted(made.offsets, some, "right") - 1
        taken = included[low + owner]
        some, owner = some[taken], owner[taken]
        pieces = made.values[some], low + owner, some - made.offsets[owner]
        for column, piece in zip(grown, pieces, strict=True):
            column.append(piece)
        columns.ease()
    values, owners, places = (column.done() for column in grown)
    return _Runs(values, owners, places, sizes)


def _alike(runs: _Runs, read: Bool) -> Int64:
    """Return the pairs of texts that share enough rare runs, spread over both.

    One of a pair at least is of those that were misread (``read``).
    """
    values, owners, places, sizes = runs
    rare = np.zeros(len(values), np.bool_)
    found = [np.zeros((0, 2), np.int64)]
    parts = len(values) // _PART_RUNS + 1
    for part in range(parts):
        some = np.flatnonzero(values % np.uint64(parts) == part)
        pairs, telling = _meeting(values[some], owners[some])
        rare[some[telling]] = True
        found.append(pairs[read[pairs].any(axis=1)])
    del some, telling
    pairs, shared = np.unique(np.concatenate(found), axis=0, return_counts=True)
    pairs = pairs[shared >= LEAST_SHARED]
    order = np.flatnonzero(rare)
    order = order[np.lexsort((values[order], owners[order]))]
    bounds = np.searchsorted(owners[order], np.arange(len(sizes) + 1))
    figures = np.zeros((len(pairs), 3), np.int64)
    stand = places[order].astype(np.int64)
    kernel.find_shared(pairs, values[order], stand, bounds, sizes, figures)
    shorter = np.minimum(*sizes[pairs].T)
    enough = figures[:, 0] >= np.maximum(LEAST_SHARED, SHARED_SHARE * shorter)
    kept: Int64 = pairs[enough & (figures[:, 1:].min(axis=1, initial=SPREAD_PARTS) >= SPREAD)]
    return kept


def _meeting(values: UInt64, owners: Int32) -> tuple[Int64, Int64]:
    """Return the pairs of texts that meet in a run, one row a run, and which runs are rare.

    A run that a text has twice counts once.
    """
    order = np.lexsort((owners, values))
    values, owners = values[order], owners[order]
    first = are_new(values, owners)
    order, values, owners = order[first], values[first], owners[first]
    starts = np.flatnonzero(are_new(values))
    sizes = np.diff(np.append(starts, len(values)))
    pairs, telling = [np.zeros((0, 2), np.int64)], [np.zeros(0, np.int64)]
    for size in range(2, MOST_DOCUMENTS + 1):
        begin = starts[sizes == size]
        telling.extend(order[begin + k] for k in range(size))
        for i in range(size):
            pairs.extend(
                np.stack([owners[begin + i], owners[begin + j]], axis=1) for j in range(i + 1, size)
            )
    return np.concatenate(pairs), np.concatenate(telling)  # of int64, as the empty ones are
