"""What of a text stands in the articles of an index: seeds, candidates, passages.

An index that keeps passages has, of each article it may find text in, the sampled seeds of its text
(``kernels/sampled``). A text is looked up by its own sampled seeds; the articles whose hits weigh
most within some forty words are compared with it, all in one alignment, as in a scan.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Protocol

import numpy as np

from dedup.config import Config
from dedup.core.arrays import (
    Bool,
    Float32,
    Float64,
    Int64,
    Texts,
    UInt64,
    distinct,
)
from dedup.index.entries import Compared, Record, unpacked_texts
from dedup.index.store import BUCKET
from dedup.index.verdicts import DUPLICATE, KnownPassage
from dedup.kernels import sampled as kernel
from dedup.kernels.noted import Noted, note_keys
from dedup.kernels.pieces import WEAK
from dedup.kernels.seeds import NGRAMS, WORD_PAIRS, Kind, Words
from dedup.passages.find import LEVELS, Passages, find_passages_with
from dedup.passages.find import Asked as Pairing
from dedup.passages.neighbours import join_neighbours
from dedup.passages.seeds import WORD_PAIR_REACH
from dedup.text.stopwords import LEAST_COVERED, classify, classify_alone, particles, stop_lists
from dedup.text.tokens import Tokens, bare_tokens, joined_tokens, tokenise_texts

MOST = 64  # articles that a text is aligned with, where nothing else is asked for
_RUN = Config().passage_size  # words of an n-gram
_FEW = 40  # tokens of a text whose words are also sought as they are
_WINDOW = 40  # tokens whose hits are added up
_ALIKE = 0.9  # Jaccard from which a copy holds hardly anything that its representative lacks
_APART = 2  # tokens from one seed that counts to the next
MOST_NOTED = 1 << 20  # keys of a store that are noted, in some 100 bits each
_ASKED_FIRST = 64  # texts that are looked at together before more are
_NUMBER = np.uint64(32)

Spans = Sequence[tuple[int, int]]  # code points of a text that are not looked at


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


def sample(tokens: Tokens, masked: Bool | None, salt: int, noted: Noted | None = None) -> Seeds:
    """Return the seeds of documents that an index keeps; each follows from its document alone.

    Where keys were ``noted`` (``note``), other seeds are left out.
    """
    among = _ANY if noted is None else noted
    classes = classify_alone(tokens, masked).classes
    words = Words(tokens.hashes, tokens.prefixes, classes, tokens.flags, tokens.bounds)
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
    return sample(tokens, masked_tokens(tokens, [each.removed for each in articles]), salt)


def stored_texts(articles: Sequence[Compared]) -> Texts:
    """Return the texts of articles."""
    return unpacked_texts([each.text for each in articles])


def masked_tokens(tokens: Tokens, spans: Sequence[Spans]) -> Bool | None:
    """Tell which tokens stand in the given stretches of their documents."""
    if not any(spans):
        return None
    masked = np.zeros(len(tokens.hashes), np.bool_)
    for row, own in enumerate(spans):
        if not own:
            continue
        low, high = (int(each) for each in tokens.bounds[row : row + 2])
        for start, end in own:
            first, last = np.searchsorted(tokens.starts[low:high], (start, end))
            masked[low + first : low + last] = True
    return masked


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


def align_many(
    tokens: Tokens, asked: Sequence[Asked], articles: Mapping[int, Compared], config: Config
) -> dict[int, list[KnownPassage]]:
    """Return the passages of texts with the articles each is to be compared with, by row.

    Words are classed in each text by itself, so that nothing depends on which texts are looked up
    together.
    """
    numbers = sorted(articles)
    place = {number: row for row, number in enumerate(numbers)}
    theirs = tokenise_texts(stored_texts([articles[each] for each in numbers]))
    masked = masked_tokens(theirs, [articles[each].removed for each in numbers])
    joined = joined_tokens([theirs, *(tokens.part(each.row, each.row + 1) for each in asked)])
    blank = np.zeros(len(joined.hashes), np.bool_)
    if masked is not None:
        blank[: len(masked)] = masked
    pairs = [
        Pairing(len(numbers) + at, [place[number] for number in each.numbers if number in place])
        for at, each in enumerate(asked)
    ]
    found = find_passages_with(joined, classify_alone(joined, blank), config, pairs)
    found = join_neighbours(found, joined)
    made: dict[int, list[KnownPassage]] = {}
    for at in range(len(found)):
        row = asked[int(found.a[at]) - len(numbers)].row
        name = articles[numbers[int(found.b[at])]].id
        made.setdefault(row, []).append(_known(found, at, joined, name))
    return {row: sorted(some, key=longest_first) for row, some in made.items()}


def longest_first(passage: KnownPassage) -> tuple[int, int, str, int]:
    """Return what passages are put in order by."""
    return -passage.matched_tokens, passage.start, passage.doc_id, passage.other_start


def align(
    text: Tokens, own: Spans, others: Sequence[Compared], config: Config, *, verbatim: bool = False
) -> list[KnownPassage]:
    """Return the passages that a text shares with articles, in one alignment; longest first.

    ``own`` are stretches of the text that do not count; of the articles it is what was removed.
    With ``verbatim`` a text of a few words also has a weak passage in an article that holds eight
    of them in a row, however little they say.
    """
    if not others:
        return []
    tokens = joined_tokens([text, tokenise_texts(stored_texts(others))])
    spans = [own, *(each.removed for each in others)]
    words = classify(tokens, masked_tokens(tokens, spans))
    every = [Pairing(0, range(1, len(tokens)))]
    found = join_neighbours(find_passages_with(tokens, words, config, every), tokens)
    ids = [others[row - 1].id for row in found.b.tolist()]
    made = [_known(found, place, tokens, name) for place, name in enumerate(ids)]
    if verbatim and tokens.bounds[1] <= _FEW:
        rows = sorted({*range(1, len(tokens))} - {*found.b.tolist()})
        runs = ((row, _longest_run(tokens, row)) for row in rows)
        made += [
            _run(tokens, others[row - 1].id, row, run, words.weights)
            for row, run in runs
            if run[2] >= config.passage_min_tokens
        ]
    return sorted(made, key=longest_first)


def _longest_run(tokens: Tokens, row: int) -> tuple[int, int, int]:
    """Return the longest word n-gram that the first text and another have.

    That is the token where it begins in either, and how many words it has.
    """
    ours = tokens.hashes[: tokens.bounds[1]]
    theirs = tokens.hashes[tokens.bounds[row] : tokens.bounds[row + 1]]
    same = ours[:, None] == theirs
    length = np.zeros(len(theirs) + 1, np.int64)
    best = (0, 0, 0)
    for at in range(len(ours)):
        length[1:] = np.where(same[at], length[:-1] + 1, 0)
        end = int(np.argmax(length))
        size = int(length[end])
        if size > best[2]:
            best = (at + 1 - size, end - size, size)
    return best


def _run(
    tokens: Tokens, name: str, row: int, run: tuple[int, int, int], weights: Float32
) -> KnownPassage:
    """Return a run of equal words as a passage."""
    start, other, size = run
    low = int(tokens.bounds[row]) + other
    return KnownPassage(
        doc_id=name,
        start=int(tokens.starts[start]),
        end=int(tokens.ends[start + size - 1]),
        other_start=int(tokens.starts[low]),
        other_end=int(tokens.ends[low + size - 1]),
        matched_tokens=size,
        density=1.0,
        score=round(float(weights[start : start + size].sum()), 2),
        level=LEVELS[WEAK],
        kind="exact",
    )


def _known(found: Passages, place: int, tokens: Tokens, name: str) -> KnownPassage:
    """Return a passage of a text and the article ``name``."""
    (start, end), (other_start, other_end) = (
        (
            int(tokens.starts[int(tokens.bounds[row]) + first]),
            int(tokens.ends[int(tokens.bounds[row]) + last - 1]),
        )
        for row, (first, last) in (
            (int(found.a[place]), found.spans[place, :2].tolist()),
            (int(found.b[place]), found.spans[place, 2:].tolist()),
        )
    )
    return KnownPassage(
        doc_id=name,
        start=start,
        end=end,
        other_start=other_start,
        other_end=other_end,
        matched_tokens=int(found.tokens[place]),
        density=round(float(found.densities[place]), 4),
        score=round(float(found.scores[place]), 2),
        level=LEVELS[int(found.levels[place])],
        kind=found.kind(place),
    )
