"""Passages that two documents share, word for word or re-worded.

Seeds are hashed runs of a few words that stand in 2 to ``passage_max_documents`` documents. Two
documents that share a chain of seeds are aligned along it; an alignment counts when enough of its
matched words are neither stop words nor names. Parts that continue each other become one passage,
and a strong passage grows over re-worded text as long as both sides stay alike.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from dedup.config import Config
from dedup.core.arrays import Bool, Float64, Int64, offsets_of, order_by, runs_of_rows
from dedup.core.checkpoints import Kept
from dedup.core.parallel import Spare, in_order
from dedup.core.storage import Columns
from dedup.kernels import passages as kernel
from dedup.kernels import sides, sought
from dedup.kernels.pieces import STRONG, WEAK
from dedup.kernels.regions import MEDIUM
from dedup.kernels.seeds import Kind
from dedup.kernels.seeds import Words as SeedWords
from dedup.passages.seeds import (
    NGRAMS,
    PLACES,
    WORD_PAIR_REACH,
    WORD_PAIRS,
    Ranked,
    index_seeds,
    ranked,
)
from dedup.text.stopwords import Words
from dedup.text.tokens import Tokens

LEVELS = {STRONG: "strong", MEDIUM: "medium", WEAK: "weak"}
_EXACT, _NEAR = 0.98, 0.8
_RUN_SEEDS = 1 << 17  # of the documents that are looked at at a time
_LEAST_LIKE = 0.2  # Dice coefficient from which re-worded text still belongs to a passage


@dataclass(frozen=True, slots=True)
class Passages:
    """Passages in order of (a, b, start in a): rows of documents, spans of their tokens, figures.

    ``spans`` has the columns start_a, end_a, start_b, end_b (tokens of the document, half open),
    ``pairs`` the columns a, b, matched tokens. ``cut`` counts what the limits left out.
    """

    a: Int64
    b: Int64
    spans: Int64
    tokens: Int64
    scores: Float64
    densities: Float64
    levels: Int64
    quotes: Bool
    pairs: Int64
    cut: dict[str, int]

    def __len__(self) -> int:
        return len(self.a)

    def kept(self) -> Kept:
        """Return what a checkpoint holds of them."""
        names = [name for name in self.__dataclass_fields__ if name != "cut"]
        return Kept({name: getattr(self, name) for name in names}, values={"cut": self.cut})

    @classmethod
    def of_kept(cls, kept: Kept) -> Passages:
        """Return what ``kept`` was made of."""
        return cls(**kept.arrays, cut=kept.values["cut"])

    def kind(self, passage: int) -> str:
        """Return exact, near or fuzzy by the share of matched tokens, quote where it is one."""
        return _kind(bool(self.quotes[passage]), float(self.densities[passage]))

    def kinds(self) -> list[str]:
        """Return ``kind`` of every passage."""
        return list(map(_kind, self.quotes.tolist(), self.densities.tolist()))


def _kind(is_quote: bool, density: float) -> str:
    if is_quote:
        return "quote"
    return "exact" if density >= _EXACT else "near" if density >= _NEAR else "fuzzy"


def no_passages() -> Passages:
    """Return what a scan that looks for none has."""
    none = np.zeros(0, np.int64)
    empty, rows = np.zeros(0), np.zeros((0, 4), np.int64)
    return Passages(
        none, none, rows, none, empty, empty, none, none > 0, np.zeros((0, 3), np.int64), {}
    )


def find_passages(
    tokens: Tokens,
    words: Words,
    config: Config,
    *,
    included: Bool,
    threads: int = 1,
    columns: Columns | None = None,
) -> Passages:
    """Find the passages that the ``included`` documents share.

    The result does not depend on ``threads``. Only one of several equal documents should be
    included: more documents than ``passage_max_documents`` share no seed. ``columns`` is where
    the indexes of seeds stand.
    """
    chosen = Ranked(tokens, words, ranked(tokens, included))
    return _found(chosen, config, columns or Columns(), threads=threads)


@dataclass(frozen=True, slots=True)
class Asked:
    """A text and the documents that it is compared with, by row."""

    row: int
    others: Sequence[int]


def find_passages_with(
    tokens: Tokens, words: Words, config: Config, asked: Sequence[Asked]
) -> Passages:
    """Find the passages of some texts with chosen documents: as a scan of both would, text first.

    Only the seeds of the texts are looked up, and a seed may be in any number of documents.
    """
    others = [np.array(each.others, np.int64) for each in asked]
    given = sought.Asked(
        np.array([each.row for each in asked], np.int64),
        offsets_of(np.array([len(each) for each in others], np.int64)),
        np.concatenate([np.zeros(0, np.int64), *others]),
    )
    columns = tokens.hashes, tokens.prefixes, words.classes, tokens.flags, tokens.bounds
    limits = limits_of(config)
    kinds = sought.Kinds(
        Kind(NGRAMS, limits.size), Kind(WORD_PAIRS, WORD_PAIR_REACH), np.int64(PLACES)
    )
    some = np.concatenate([given.rows, given.others])
    scratch = _scratch(int((tokens.bounds[some + 1] - tokens.bounds[some]).max(initial=1)))
    rows, figures = sought.find_sought(
        given, SeedWords(*columns), words.weights, kinds, limits, scratch
    )
    return joined([(rows, figures, np.zeros((0, 3), np.int64))], Counter())


def _scratch(longest: int) -> sides.Scratch:
    """Return what one thread needs where it is not told which documents share seeds."""
    return kernel.scratch_for(0, longest)[1]


def documents_of(tokens: Tokens, words: Words) -> kernel.Documents:
    """Return documents as the kernels take them."""
    return kernel.Documents(
        tokens.prefixes, words.weights, words.classes, tokens.flags, tokens.bounds
    )


def limits_of(config: Config) -> kernel.Limits:
    """Return what counts as a passage."""
    return kernel.Limits(config.passage_size, config.passage_min_tokens, _LEAST_LIKE, config.weak)


def _found(chosen: Ranked, config: Config, columns: Columns, *, threads: int) -> Passages:
    """Find the passages of each document with later ones."""
    tokens, words = chosen.tokens, chosen.words
    indexed = in_order(
        lambda kind: index_seeds(kind, chosen, config, columns),
        [NGRAMS, WORD_PAIRS],
        columns.side_by_side(threads),
    )
    (runs, cut), (word_pairs, also_cut) = indexed
    cut.update(also_cut)
    longest = int(tokens.counts().max(initial=1))
    scratches = Spare(lambda: kernel.scratch_for(len(tokens), longest))
    documents = documents_of(tokens, words)
    indexes = (kernel.Index(*runs.arrays()), kernel.Index(*word_pairs.arrays()))
    limits = limits_of(config)

    def run(part: tuple[int, int]) -> tuple[Int64, Float64, Int64]:
        with scratches.one() as scratch:
            found = kernel.find_passages(*part, documents, indexes, limits, scratch)
        columns.ease()
        rows, figures, pairs = (table.copy() for table in found)
        return rows, figures, pairs

    seeds = offsets_of(np.diff(runs.bounds) + np.diff(word_pairs.bounds))
    cuts = list(runs_of_rows(seeds, _RUN_SEEDS)) or [(0, 0)]
    parts = list(in_order(run, cuts, threads))
    return joined(parts, cut)


def joined(parts: list[tuple[Int64, Float64, Int64]], cut: Counter[str]) -> Passages:
    """Put the passages of all documents in order."""
    rows = np.concatenate([part[0] for part in parts])
    figures = np.concatenate([part[1] for part in parts])
    pairs = np.concatenate([part[2] for part in parts])
    spans = rows[:, kernel.START_A : kernel.END_B + 1]
    order = order_by(rows[:, kernel.A], rows[:, kernel.B], spans[:, 0], spans[:, 2])
    rows, figures = rows[order], figures[order]
    return Passages(
        a=rows[:, kernel.A],
        b=rows[:, kernel.B],
        spans=spans[order],
        tokens=rows[:, kernel.TOKENS],
        scores=figures[:, 0],
        densities=figures[:, 1],
        levels=rows[:, kernel.LEVEL],
        quotes=rows[:, kernel.IS_QUOTE] > 0,
        pairs=pairs,
        cut=dict(sorted(cut.items())),
    )
