"""Passages of chosen pairs where the seeds of a whole corpus cannot be held.

Which seeds count is told by the whole corpus: those in too many documents are left out of some.
Given that, the passages of two documents follow from their own tokens. So some documents are
indexed by themselves, in groups: inside of these some are compared with those behind them.
"""

from __future__ import annotations

from collections import Counter
from typing import NamedTuple

import numpy as np

from dedup.config import Config
from dedup.core.arrays import Bool, Int32, Int64, UInt64, are_among, distinct, offsets_of
from dedup.kernels import passages as kernel
from dedup.kernels import seeds as seed_kernel
from dedup.kernels.seeds import NGRAMS, WORD_PAIRS
from dedup.kernels.shingles import MULTIPLIER
from dedup.passages import find
from dedup.passages.find import Passages
from dedup.passages.seeds import WORD_PAIR_REACH, index_given
from dedup.text.stopwords import Words
from dedup.text.tokens import Tokens

KINDS = (NGRAMS, WORD_PAIRS)
WORTH = {NGRAMS: int(kernel.RUN_WORTH), WORD_PAIRS: int(kernel.PAIR_WORTH)}
ENOUGH = int(kernel.ENOUGH)  # what the seeds that two documents share are worth at least
_EVERY = 0b10101010  # four counters of a filter that lets every seed pass


class Seeds(NamedTuple):
    """Seeds in order of document and place."""

    values: UInt64
    rows: Int32
    places: Int32


class LeftOut(NamedTuple):
    """Seeds (values) that do not count in some documents (rows), though these have them."""

    rows: Int64
    values: UInt64


class Groups(NamedTuple):
    """Documents that are compared with each other, in order of group.

    ``firsts`` tells which are compared with those of their group that come behind them.
    """

    numbers: Int64
    firsts: Bool


def seeds_of(
    kind: int, tokens: Tokens, words: Words, config: Config, *, shared: bool = False
) -> Seeds:
    """Return the seeds of one kind (of ``KINDS``) of some documents.

    Those that are ``shared`` are all that occur again, and few others.
    """
    reach = config.passage_size if kind == NGRAMS else WORD_PAIR_REACH
    given = seed_kernel.Words(
        tokens.hashes, tokens.prefixes, words.classes, tokens.flags, tokens.bounds
    )
    rows, asked = np.arange(len(tokens)), seed_kernel.Kind(kind, reach)
    size = len(tokens.hashes)
    sieve, room = np.full(1, _EVERY, np.uint8), size
    if shared:
        sieve = np.zeros(1 << max(10, size.bit_length()), np.uint8)
        room = min(size, 2 * int(seed_kernel.mark_seeds(asked, given, rows, sieve)))
    out = seed_kernel.Seeds(
        np.empty(room, np.uint64), np.empty(room, np.int32), np.empty(room, np.int32)
    )
    made = seed_kernel.pick_seeds(asked, given, rows, sieve, out)
    return Seeds(*(column[:made] for column in out))


def find_passages_in(
    tokens: Tokens, words: Words, groups: Groups, left_out: dict[int, LeftOut], config: Config
) -> Passages:
    """Find the passages of documents with later ones of their group.

    ``left_out`` has by kind the seeds that do not count.
    """
    indexes = tuple(
        _index(seeds_of(kind, tokens, words, config, shared=True), groups, left_out[kind])
        for kind in KINDS
    )
    documents = find.documents_of(tokens, words)
    longest = int(tokens.counts().max(initial=1))
    scratch = kernel.scratch_for(len(tokens), longest)
    limits = find.limits_of(config)
    found = kernel.find_passages(0, len(tokens), documents, indexes, limits, scratch)
    return find.joined([found], Counter())


def _index(seeds: Seeds, documents: Groups, left_out: LeftOut) -> kernel.Index:
    """Index seeds by value inside of each group; only first documents look theirs up."""
    some = np.flatnonzero(~_are_left_out(seeds, left_out))
    seeds = Seeds(seeds.values[some], seeds.rows[some], seeds.places[some])
    values = mixed(documents.numbers[seeds.rows], seeds.values)
    found = index_given(values, seeds.rows, seeds.places, len(documents.firsts))
    sizes = np.diff(found.bounds)
    looks = np.repeat(documents.firsts, sizes)
    return kernel.Index(
        offsets_of(sizes * documents.firsts),
        found.groups[looks],
        found.positions[looks],
        found.group_bounds,
        found.group_rows,
        found.group_positions,
    )


def _are_left_out(seeds: Seeds, left_out: LeftOut) -> Bool:
    """Tell which seeds do not count in their documents."""
    others = mixed(left_out.rows, left_out.values)
    if not len(others):
        return np.zeros(len(seeds.rows), np.bool_)
    return are_among_few(mixed(seeds.rows.astype(np.int64), seeds.values), others)


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
