"""Passages of chosen pairs where the seeds of a whole corpus cannot be held.

Which seeds count is told by the whole corpus: those in too many documents are left out of some.
Given the seeds that two documents share, their passages follow from their own tokens.
"""

from __future__ import annotations

from collections import Counter
from typing import NamedTuple

import numpy as np

from dedup.config import Config
from dedup.core.arrays import Bool, Int32, Int64, UInt64, are_among, are_new, distinct
from dedup.kernels import matched as kernel
from dedup.kernels import seeds as seed_kernel
from dedup.kernels.matched import Matched
from dedup.kernels.passages import scratch_for
from dedup.kernels.seeds import NGRAMS, WORD_PAIRS
from dedup.kernels.shingles import MULTIPLIER
from dedup.passages import find
from dedup.passages.find import Passages
from dedup.passages.seeds import PLACES, WORD_PAIR_REACH
from dedup.text.stopwords import Words
from dedup.text.tokens import Tokens

KINDS = (NGRAMS, WORD_PAIRS)
_EVERY = 0b10101010  # four counts, of each twice: a filter that lets every seed pass


class Seeds(NamedTuple):
    """Seeds in order of document and place."""

    values: UInt64
    rows: Int32
    places: Int32


def seeds_of(kind: int, tokens: Tokens, words: Words, config: Config) -> Seeds:
    """Return the seeds of one kind (of ``KINDS``) of some documents."""
    reach = config.passage_size if kind == NGRAMS else WORD_PAIR_REACH
    given = seed_kernel.Words(
        tokens.hashes, tokens.prefixes, words.classes, tokens.flags, tokens.bounds
    )
    rows, asked = np.arange(len(tokens)), seed_kernel.Kind(kind, reach)
    size = len(tokens.hashes)
    out = seed_kernel.Seeds(
        np.empty(size, np.uint64), np.empty(size, np.int32), np.empty(size, np.int32)
    )
    every = np.full(1, _EVERY, np.uint8)
    made = seed_kernel.pick_seeds(asked, given, rows, every, out)
    return Seeds(*(column[:made] for column in out))


def first_places(seeds: Seeds) -> tuple[Int64, Int64]:
    """Return which seeds count in their documents, and how many behind each do not.

    Of one seed these are the first ``PLACES`` in a document; the last of them has the others.
    """
    rows = seeds.rows.astype(np.int64)
    keys = mixed(rows, seeds.values)
    ordered = np.sort(keys)
    # To bring all into order takes ten times as long, and few stand in two places.
    several = np.flatnonzero(are_among_few(keys, ordered[1:][ordered[1:] == ordered[:-1]]))
    several = several[np.lexsort((seeds.values[several], rows[several]))]
    starts = np.flatnonzero(are_new(rows[several], seeds.values[several]))
    sizes = np.diff(starts, append=len(several))
    counts, rest = np.ones(len(rows), np.bool_), np.zeros(len(rows), np.int64)
    nth = np.arange(len(several)) - np.repeat(starts, sizes)
    counts[several[nth >= PLACES]] = False
    more = starts[sizes > PLACES]
    rest[several[more + PLACES - 1]] = sizes[sizes > PLACES] - PLACES
    some = np.flatnonzero(counts)
    return some, rest[some]


def matches_of(kinds: Int64, first: Int64, second: Int64) -> Int64:
    """Return as one number each a seed of some kind at tokens of two documents."""
    found: Int64 = (kinds << kernel.KIND_BIT) | (first << kernel.PLACE_BITS) | second
    return found


def promising(bounds: Int64, matches: Int64, config: Config) -> Bool:
    """Tell which pairs may share a passage; ``matches`` are put in order inside of each."""
    found: Bool = kernel.sort_promising(bounds, matches, config.passage_size)
    return found


def find_passages_of(tokens: Tokens, words: Words, matched: Matched, config: Config) -> Passages:
    """Find the passages of pairs of documents, which are in order, from what they match."""
    documents = find.documents_of(tokens, words)
    scratch = scratch_for(0, int(tokens.counts().max(initial=1)))[1]
    found = kernel.find_matched(matched, documents, find.limits_of(config), scratch)
    return find.joined([found], Counter())


def are_among_few(hashes: UInt64, others: UInt64) -> Bool:
    """Tell which of many hashes are among a few others, in any order.

    >>> are_among_few(np.array([7, 8, 7], np.uint64), np.array([7], np.uint64)).tolist()
    [True, False, True]
    """
    found = np.zeros(len(hashes), np.bool_)
    table = np.zeros(1 << max(10, (8 * len(others)).bit_length()), np.bool_)
    mask = np.uint64(len(table) - 1)
    table[others & mask] = True
    some = np.flatnonzero(table[hashes & mask])  # most are told apart by some bits
    found[some] = are_among(hashes[some], distinct(others))
    return found


def mixed(rows: Int64, values: UInt64) -> UInt64:
    """Return a hash of row and value; two different ones have the same as good as never."""
    mixed = (values ^ (values >> np.uint64(29))) + (rows + 1).astype(np.uint64) * MULTIPLIER
    mixed = (mixed ^ (mixed >> np.uint64(32))) * MULTIPLIER
    found: UInt64 = mixed ^ (mixed >> np.uint64(29))
    return found
