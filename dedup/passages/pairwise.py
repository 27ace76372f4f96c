"""Passages of chosen pairs where the seeds of a whole corpus cannot be held.

Which seeds count is told by the whole corpus: those in too many documents are left out of some.
Given that, the passages of two documents follow from their own tokens. So some documents are
indexed by themselves, in groups of which the first one is compared with the others.
"""

from __future__ import annotations

from collections import Counter
from typing import NamedTuple

import numpy as np

from dedup.config import Config
from dedup.core.arrays import Bool, Int32, Int64, UInt64, offsets_of
from dedup.kernels import passages as kernel
from dedup.kernels import seeds as seed_kernel
from dedup.kernels.seeds import NGRAMS, WORD_PAIRS
from dedup.kernels.shingles import MULTIPLIER
from dedup.passages import find
from dedup.passages.find import Passages
from dedup.passages.seeds import PLACES, WORD_PAIR_REACH
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


def seeds_of(kind: int, tokens: Tokens, words: Words, config: Config) -> Seeds:
    """Return all seeds of one kind (of ``KINDS``) of some documents."""
    reach = config.passage_size if kind == NGRAMS else WORD_PAIR_REACH
    given = tokens.hashes, tokens.prefixes, words.classes, tokens.flags, tokens.bounds
    size = len(tokens.hashes)
    out = seed_kernel.Seeds(
        np.empty(size, np.uint64), np.empty(size, np.int32), np.empty(size, np.int32)
    )
    sieve = seed_kernel.Sieve(np.full(1, _EVERY, np.uint8), 0, 1)
    rows = np.arange(len(tokens))
    made = seed_kernel.pick_seeds(
        seed_kernel.Kind(kind, reach), seed_kernel.Words(*given), rows, sieve, 0, out
    )
    return Seeds(*(column[:made] for column in out))


def find_passages_in(
    tokens: Tokens, words: Words, heads: Int64, left_out: dict[int, LeftOut], config: Config
) -> Passages:
    """Find the passages of each document with the head of its group.

    ``heads`` names for each document the first of its group, which stands before the others;
    ``left_out`` has by kind the seeds that do not count.
    """
    is_head = heads == np.arange(len(heads))
    indexes = tuple(
        _index(seeds_of(kind, tokens, words, config), heads, is_head, left_out[kind])
        for kind in KINDS
    )
    documents = find.documents_of(tokens, words)
    longest = int(tokens.counts().max(initial=1))
    scratch = kernel.scratch_for(len(tokens), longest)
    limits = find.limits_of(config)
    found = kernel.find_passages(0, len(tokens), documents, indexes, limits, scratch)
    return find.joined([found], Counter())


def _index(seeds: Seeds, heads: Int64, is_head: Bool, left_out: LeftOut) -> kernel.Index:
    """Index seeds by value inside of each group; only heads look theirs up."""
    rows = seeds.rows.astype(np.int64)
    in_group = _mixed(heads[rows], seeds.values)
    some = np.flatnonzero(_may_be_among(in_group, in_group[is_head[rows]]))
    rows, values, in_group = rows[some], seeds.values[some], in_group[some]
    own = _mixed(rows, values)
    keep = ~np.isin(own, _mixed(left_out.rows, left_out.values))
    keep[keep] = _nth(own[keep]) < PLACES
    rows, places = rows[keep], seeds.places[some[keep]]
    _, groups = np.unique(in_group[keep], return_inverse=True)
    order = np.argsort(groups, kind="stable")
    group_bounds = offsets_of(np.bincount(groups, minlength=1))
    looks = np.flatnonzero(is_head[rows])
    bounds = offsets_of(np.bincount(rows[looks], minlength=len(heads)))
    return kernel.Index(
        bounds,
        groups[looks].astype(np.uint32),
        np.ascontiguousarray(places[looks]),
        group_bounds,
        rows[order].astype(np.int32),
        np.ascontiguousarray(places[order]),
    )


def _may_be_among(keys: UInt64, wanted: UInt64) -> Bool:
    """Tell of hashes which may be among others; most of those that are not are told apart."""
    table = np.zeros(1 << max(10, (8 * len(wanted)).bit_length()), np.bool_)
    mask = np.uint64(len(table) - 1)
    table[wanted & mask] = True
    found: Bool = table[keys & mask]
    return found


def _mixed(rows: Int64, values: UInt64) -> UInt64:
    """Return a hash of row and value; two different ones have the same as good as never."""
    mixed = (values ^ (values >> np.uint64(29))) + (rows + 1).astype(np.uint64) * MULTIPLIER
    mixed = (mixed ^ (mixed >> np.uint64(32))) * MULTIPLIER
    found: UInt64 = mixed ^ (mixed >> np.uint64(29))
    return found


def _nth(keys: UInt64) -> Int64:
    """Return of each key how many equal ones stand before it."""
    order = np.argsort(keys, kind="stable")
    ordered = keys[order]
    new = np.ones(len(keys), np.bool_)
    new[1:] = ordered[1:] != ordered[:-1]
    places = np.arange(len(keys))
    nth = np.empty(len(keys), np.int64)
    nth[order] = places - np.maximum.accumulate(np.where(new, places, 0))
    return nth
