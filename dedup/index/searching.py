"""What of a text stands in the articles of an index: seeds, candidates, passages.

An index that keeps passages has, of each article it may find text in, the sampled seeds of its text
(``kernels/sampled``). A text is looked up by its own sampled seeds; the articles whose hits weigh
most within some forty words are compared with it, all in one alignment, as in a scan.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Protocol

import numpy as np

from dedup.config import Config
from dedup.core.arrays import (
    Float64,
    Int64,
    Texts,
    UInt64,
    distinct,
)
from dedup.index.entries import Compared, Record, unpacked_texts
from dedup.index.ready import Looked, masked_tokens
from dedup.index.store import BUCKET
from dedup.index.verdicts import DUPLICATE, KnownPassage
from dedup.kernels import sampled as kernel
from dedup.kernels.noted import Noted, note_keys
from dedup.kernels.seeds import NGRAMS, WORD_PAIRS, Kind, Words
from dedup.passages.seeds import WORD_PAIR_REACH
from dedup.text.stopwords import LEAST_COVERED, particles, stop_lists
from dedup.text.tokens import bare_tokens, tokenise_texts

MOST = 64  # articles that a text is aligned with, where nothing else is asked for
_RUN = Config().passage_size  # words of an n-gram
_WINDOW = 40  # tokens whose hits are added up
_ALIKE = 0.9  # Jaccard from which a copy holds hardly anything that its representative lacks
_APART = 2  # tokens from one seed that counts to the next
MOST_NOTED = 1 << 20  # keys of a store that are noted, in some 100 bits each
_ASKED_FIRST = 64  # texts that are looked at together before more are
_NUMBER = np.uint64(32)


@dataclass(frozen=True, slots=True)
class Seeds:
    """The sampled seeds of some documents, in order of document: keys, documents, tokens."""

    keys: UInt64
    rows: Int64
    places: Int64


@dataclass(frozen=True, slots=True)
class Candidates:
    """Articles that a text may share passages with, the likeliest first, and what was bounded.

    ``full_keys`` are seeds of the text that more articles have than are looked at.
    """

    numbers: Int64
    full_keys: int
    cut: int


@dataclass(frozen=True, slots=True)
class Search:
    """What of a text stands in an index, the longest passage first.

    ``articles`` were compared with it. ``cut_candidates`` more have a seed in common with it, and
    ``full_keys`` of its seeds are in more articles than are looked at, the newest 64.
    """

    passages: tuple[KnownPassage, ...]
    articles: int
    cut_candidates: int
    full_keys: int


class SeedShelf(Protocol):
    """What a search needs of a store."""

    def seed_postings(self, keys: UInt64) -> UInt64:
        """Return ``place of the key << 32 | article`` of the newest articles of each, in order."""
        ...

    def seeded(self) -> int:
        """Return how many articles there are."""
        ...

    def noted_seeds(self) -> Noted | None:
        """Return the keys that articles have (``note``); ``None`` where they are many."""
        ...


def sample(looked: Looked, salt: int, noted: Noted | None = None) -> Seeds:
    """Return the seeds of documents that an index keeps; each follows from its document alone.

    Where keys were ``noted`` (``note``), other seeds are left out.
    """
    among = _ANY if noted is None else noted
    tokens = looked.tokens
    given = tokens.hashes, tokens.prefixes, looked.words.classes, tokens.flags, tokens.bounds
    words = Words(*given)
    found = []
    for kind in (Kind(NGRAMS, _RUN), Kind(WORD_PAIRS, WORD_PAIR_REACH)):
        size = len(tokens.hashes)
        out = kernel.Sample(np.empty(size, np.uint64), *np.empty((2, size), np.int64))
        made = kernel.sample_seeds(kind, words, np.uint64(salt), among, out)
        found.append([column[:made] for column in out])
    keys, rows, places = (np.concatenate(column) for column in zip(*found, strict=True))
    order = np.lexsort((places, rows))
    return Seeds(keys[order], rows[order], places[order])


def note(keys: UInt64) -> Noted | None:
    """Return keys to be asked for, which are told from others at once; ``None`` for too many."""
    if len(keys) > MOST_NOTED:
        return None
    bits = np.zeros(max(1 << (len(keys) // 2).bit_length(), 64), np.uint64)
    note_keys(keys, bits)
    return Noted(bits, distinct(keys))


_ANY = Noted(np.zeros(0, np.uint64), np.zeros(0, np.uint64))


def likely_texts(texts: Texts, noted: Noted, salt: int) -> Int64:
    """Return the texts that may have seeds of noted keys, before anything else is known of them.

    Where over half of the first ones do all are returned: to ask would take longer than it saves.
    """
    likely = np.ones(len(texts), np.bool_)
    sieve = kernel.Sieve(np.int64(_RUN), np.int64(WORD_PAIR_REACH), np.uint64(salt), noted)
    for low, tokens in bare_tokens(texts, _ASKED_FIRST):
        bare = kernel.Bare(tokens.hashes, tokens.prefixes, tokens.bounds)
        longest = int(tokens.counts().max(initial=0))
        rooms = kernel.Rooms(
            places=np.empty(longest, np.uint32),
            content=np.empty(longest + 1, np.int64),
            maybe=np.empty(longest + 1, np.bool_),
            counts=np.empty(len(stop_lists().names), np.int64),
        )
        high = low + len(tokens)
        kernel.find_likely_rows(bare, _stops(), sieve, rooms, likely[low:high])
        if 2 * np.count_nonzero(likely[:high]) > high:
            break
    return np.flatnonzero(likely)


@cache
def _stops() -> kernel.Stops:
    lists = stop_lists()
    is_particle = np.isin(lists.table, particles()) & (lists.table != 0)
    return kernel.Stops(lists.table, lists.languages, is_particle, LEAST_COVERED)


def is_seeded(record: Record, leads: bool) -> bool:
    """Tell whether an index keeps the seeds of an article.

    It does of representatives, and of copies that may hold much that their representative does not.
    """
    if leads or record.count == 0:
        return record.count > 0
    told = record.verdict
    like = told.similarity if told.jaccard is None else told.jaccard
    return told.first != DUPLICATE or (told.relation != "exact" and (like or 0) < _ALIKE)


def seeds_of(records: Sequence[Record], salt: int) -> Seeds:
    """Return the seeds of articles; they follow from their texts and what was removed from them."""
    articles = [Compared.of(each) for each in records]
    tokens = tokenise_texts(stored_texts(articles))
    removed = masked_tokens(tokens, [each.removed for each in articles])
    return sample(Looked.of(tokens, removed), salt)


def stored_texts(articles: Sequence[Compared]) -> Texts:
    """Return the texts of articles."""
    return unpacked_texts([each.text for each in articles])


def find_candidates(shelf: SeedShelf, seeds: Seeds, most: int) -> Candidates:
    """Return the articles whose seeds weigh most within some forty words of one text."""
    posted = _look_up(shelf, seeds)
    numbers, made = _ranked(seeds, posted)
    full = int(np.count_nonzero(np.diff(posted.bounds) >= BUCKET))
    return Candidates(numbers, full, max(made - most, 0))


@dataclass(frozen=True, slots=True)
class _Posted:
    """The articles that have seeds: those of key ``k`` are ``postings[bounds[k]:bounds[k + 1]]``.

    ``place`` is the key of each seed. ``weights`` are squares of what a key tells in bits: it is
    rare in the text as much as in an article, as in a product of TF-IDF vectors.
    """

    place: Int64
    postings: UInt64
    bounds: Int64
    weights: Float64

    def part(self, own: slice) -> _Posted:
        """Return the same of some of the seeds."""
        return _Posted(self.place[own], self.postings, self.bounds, self.weights)


def _look_up(shelf: SeedShelf, seeds: Seeds) -> _Posted:
    keys = distinct(seeds.keys)
    place = np.searchsorted(keys, seeds.keys)
    postings = shelf.seed_postings(keys)
    bounds = np.searchsorted(postings, np.arange(len(keys) + 1, dtype=np.uint64) << _NUMBER)
    counts = np.diff(bounds)
    rarity = np.log2(max(shelf.seeded(), 2) / np.maximum(counts, 1))
    return _Posted(place, postings, bounds, np.maximum(rarity, 0.1) ** 2)


def _ranked(seeds: Seeds, posted: _Posted) -> tuple[Int64, int]:
    """Return the articles that one text has seeds in common with, the likeliest first; how many."""
    place, bounds = posted.place, posted.bounds
    often = np.diff(bounds)[place]
    which = np.repeat(np.arange(len(place)), often)
    begins = np.repeat(bounds[:-1][place] - np.cumsum(often) + often, often)
    found = posted.postings[begins + np.arange(len(which))]
    hits = np.sort(found << _NUMBER | which.astype(np.uint64))
    out = kernel.Ranks(np.empty(len(hits), np.int64), np.empty(len(hits)))
    worth = kernel.Worth(seeds.places, posted.weights[place])
    made = kernel.best_windows(hits, worth, _WINDOW, _APART, out)
    numbers, scores = out.numbers[:made], out.scores[:made]
    return numbers[np.lexsort((-numbers, -scores))], made


@dataclass(slots=True)
class Asked:
    """One of many texts that are looked up together: its tokens, and the articles to compare."""

    row: int
    numbers: list[int]


def candidates_of_many(shelf: SeedShelf, seeds: Seeds, rows: int, most: int) -> list[Asked]:
    """Return for each of many texts that has a seed in an index the likeliest ``most`` articles."""
    posted = _look_up(shelf, seeds)
    if not len(posted.postings):
        return []
    counts = np.diff(posted.bounds)[posted.place]
    ends = np.searchsorted(seeds.rows, np.arange(rows + 1))
    met = np.add.reduceat(np.append(counts, 0), ends[:-1]) * (np.diff(ends) > 0)
    found = []
    for row in np.flatnonzero(met > 0).tolist():
        own = slice(int(ends[row]), int(ends[row + 1]))
        some = Seeds(seeds.keys[own], seeds.rows[own], seeds.places[own])
        numbers, _ = _ranked(some, posted.part(own))
        found.append(Asked(row, numbers[:most].tolist()))
    return found
