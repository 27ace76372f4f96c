"""Articles of an index made ready to be compared: their tokens, classed, while there is room.

A text is compared with some sixty articles, and the next text often with many of the same. To read
an article, decompress it, cut it into tokens and class these takes longer than to look up a few
seeds in it. All of that follows from the bytes of the article alone, so it is held, as long as the
store still has the same bytes under the same number.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

import numpy as np

from dedup.config import Config
from dedup.core.arrays import Bool, Float32, Int64, UInt8
from dedup.index.entries import Compared, unpacked_texts
from dedup.index.verdicts import KnownPassage
from dedup.kernels.pieces import WEAK
from dedup.kernels.stopwords import LEAST_DOCUMENTS
from dedup.passages.find import LEVELS, Asked, Passages, find_passages_with
from dedup.passages.neighbours import join_neighbours
from dedup.text.stopwords import BLANK, Words, classify, classify_alone
from dedup.text.tokens import TokenRoom, Tokens, joined_tokens

ROOM = 1 << 20  # tokens that are held, some 35 bytes each, with the text a little more
_ANY = 1 << 62  # tokens for which there is room once
_FEW = 40  # tokens of a text whose words are also sought as they are

Spans = Sequence[tuple[int, int]]  # code points of a text that are not looked at


class Stamped(Protocol):
    """An article on a shelf (``rules.Row``)."""

    number: int
    stamp: int

    def compared(self) -> Compared:
        """Return what a text is compared with."""
        ...


class ArticleShelf(Protocol):
    """What is needed of a store."""

    def rows(self, numbers: Sequence[int]) -> Sequence[Stamped]:
        """Return articles by number, in order; those that are not there any more are left out."""
        ...

    def stamps(self, numbers: Sequence[int]) -> dict[int, int]:
        """Return of each article that is there what changes with every byte of it."""
        ...


@dataclass(frozen=True, slots=True)
class Candidate:
    """An article that texts may be compared with, and what tells it from others of its number."""

    number: int
    stamp: int
    article: Compared


class Query(NamedTuple):
    """A text, by its row among those that are looked up together, and what it is compared with."""

    row: int
    others: Sequence[Candidate]


@dataclass(frozen=True, slots=True)
class Looked:
    """Texts that are looked up together: their tokens, which of these count, and their classes."""

    tokens: Tokens
    masked: Bool | None
    words: Words

    @classmethod
    def of(cls, tokens: Tokens, masked: Bool | None = None) -> Looked:
        """Class the tokens of texts, each by itself."""
        return cls(tokens, masked, classify_alone(tokens, masked))

    def some(self, rows: Sequence[int]) -> Looked:
        """Return some of them, of which everything counts."""
        spans = [slice(*self.tokens.bounds[row : row + 2].tolist()) for row in rows]
        tokens = joined_tokens([self.tokens.part(row, row + 1) for row in rows])
        classes, weights = (
            np.concatenate([column[span] for span in spans])
            for column in (self.words.classes, self.words.weights)
        )
        return Looked(tokens, None, Words(classes, weights, self.words.languages[np.array(rows)]))


class Ready:
    """Articles made ready, up to ``ROOM`` tokens; where that is full, the next begin it anew."""

    def __init__(self, room: int | None = None) -> None:
        self._size = ROOM if room is None else room
        self._held: dict[int, tuple[Candidate, int]] = {}
        self._room = TokenRoom(0)
        self._classes: UInt8 = np.empty(0, np.uint8)
        self._weights: Float32 = np.empty(0, np.float32)
        self._bounds: Int64 = np.zeros(1, np.int64)
        self._languages: Int64 = np.empty(0, np.int64)
        self._count = 0  # articles whose tokens stand in the room

    def candidates(self, shelf: ArticleShelf, numbers: Sequence[int]) -> dict[int, Candidate]:
        """Return those articles that are there, by number; what is held is not read again."""
        held = [number for number in numbers if number in self._held]
        stamps = shelf.stamps(held) if held else {}
        found: dict[int, Candidate] = {}
        for number in held:
            candidate, _ = self._held[number]
            if stamps.get(number) == candidate.stamp:
                found[number] = candidate
        for row in shelf.rows([number for number in numbers if number not in found]):
            found[row.number] = Candidate(row.number, row.stamp, row.compared())
        return found

    def find(
        self, looked: Looked, queries: Sequence[Query], config: Config
    ) -> list[list[KnownPassage]]:
        """Return the passages of each text with the articles it is compared with, longest first.

        Words are classed in each text by itself, so that nothing depends on which texts are looked
        up together.
        """
        place = self._take_in([each for query in queries for each in query.others], looked)
        if place is None:
            return Ready(_ANY).find(looked, queries, config)
        tokens, words = self._beside(looked)
        asked = [
            Asked(self._count + query.row, [place[each.number] for each in query.others])
            for query in queries
        ]
        names = {place[e.number]: e.article.id for query in queries for e in query.others}
        rows = {self._count + query.row: at for at, query in enumerate(queries)}
        made: list[list[KnownPassage]] = [[] for _ in queries]
        found = join_neighbours(find_passages_with(tokens, words, config, asked), tokens)
        for at in range(len(found)):
            passage = _known(found, at, tokens, names[int(found.b[at])])
            made[rows[int(found.a[at])]].append(passage)
        return [sorted(each, key=longest_first) for each in made]

    def align(
        self, looked: Looked, others: Sequence[Candidate], config: Config, *, verbatim: bool = False
    ) -> list[KnownPassage]:
        """Return the passages that one text shares with articles, in one alignment; longest first.

        With ``verbatim`` a text of a few words also has a weak passage in an article that holds
        eight of them in a row, however little they say.
        """
        if not others:
            return []
        place = self._take_in(others, looked)
        if place is None:
            return Ready(_ANY).align(looked, others, config, verbatim=verbatim)
        tokens, words = self._beside(looked)
        own, rows = self._count, [place[each.number] for each in others]
        if len(others) + 1 >= LEAST_DOCUMENTS or self._is_unlisted(rows, looked):
            tokens, words = self._learned(rows, looked)
            own, rows = 0, [*range(1, len(tokens))]
        names = {row: each.article.id for row, each in zip(rows, others, strict=True)}
        found = find_passages_with(tokens, words, config, [Asked(own, rows)])
        found = join_neighbours(found, tokens)
        made = [_known(found, at, tokens, names[row]) for at, row in enumerate(found.b.tolist())]
        if verbatim and len(looked.tokens.hashes) <= _FEW:
            without = [row for row in rows if row not in {*found.b.tolist()}]
            runs = ((row, _longest_run(tokens, own, row)) for row in without)
            made += [
                _run(tokens, names[row], (own, row), run, words.weights)
                for row, run in runs
                if run[2] >= config.passage_min_tokens
            ]
        return sorted(made, key=longest_first)

    def _take_in(self, others: Sequence[Candidate], looked: Looked) -> dict[int, int] | None:
        """Return where the tokens of articles stand; ``None`` where there is no room for all."""
        wanted = {each.number: each for each in others}
        own = len(looked.tokens.hashes)
        missing = [each for each in wanted.values() if not self._has(each)]
        if missing and not self._add(missing, own):
            self._held, self._count = {}, 0
            if not self._add([*wanted.values()], own):
                return None
        self._grow(self._end() + own)
        return {number: self._held[number][1] for number in wanted}

    def _has(self, each: Candidate) -> bool:
        held = self._held.get(each.number)
        return held is not None and held[0].stamp == each.stamp

    def _end(self) -> int:
        return int(self._bounds[self._count])

    def _add(self, missing: Sequence[Candidate], own: int) -> bool:
        """Cut articles into tokens behind those that are there, and class these.

        Nothing is done where there is no room for them and ``own`` tokens more.
        """
        articles = [each.article for each in missing]
        texts = unpacked_texts([each.text for each in articles])
        begin, first = self._end(), self._count
        needed = begin + own + len(texts.data) + len(texts)  # each token takes at least a byte
        if needed > self._size:
            return False
        self._grow(needed)
        tokens = self._room.write(texts, begin)
        words = classify_alone(tokens, masked_tokens(tokens, [e.removed for e in articles]))
        end = begin + len(tokens.hashes)
        self._classes[begin:end], self._weights[begin:end] = words.classes, words.weights
        self._bounds = np.append(self._bounds[: first + 1], tokens.bounds[1:] + begin)
        self._languages = np.append(self._languages[:first], words.languages)
        for row, each in enumerate(missing, first):
            self._held[each.number] = each, row
        self._count += len(missing)
        return True

    def _grow(self, needed: int) -> None:
        """Make room for so many tokens in all."""
        if needed <= len(self._classes):
            return
        size, end = max(needed, min(2 * len(self._classes), self._size)), self._end()
        room = TokenRoom(size)
        for new, old in zip(room.columns, self._room.columns, strict=True):
            new[:end] = old[:end]
        classes, weights = np.empty(size, np.uint8), np.empty(size, np.float32)
        classes[:end], weights[:end] = self._classes[:end], self._weights[:end]
        self._room, self._classes, self._weights = room, classes, weights

    def _beside(self, looked: Looked) -> tuple[Tokens, Words]:
        """Return the tokens of all articles that are held, those of texts behind them."""
        begin, own = self._end(), looked.tokens
        end = begin + len(own.hashes)
        self._room.put(own, begin)
        self._classes[begin:end] = looked.words.classes
        self._weights[begin:end] = looked.words.weights
        bounds = np.append(self._bounds[: self._count + 1], own.bounds[1:] + begin)
        languages = np.append(self._languages[: self._count], looked.words.languages)
        words = Words(self._classes[:end], self._weights[:end], languages)
        return self._room.tokens(bounds), words

    def _is_unlisted(self, rows: Sequence[int], looked: Looked) -> bool:
        """Tell whether a text or an article is in no language that there is a stop list for."""
        return bool((self._languages[rows] < 0).any() or (looked.words.languages < 0).any())

    def _learned(self, rows: Sequence[int], looked: Looked) -> tuple[Tokens, Words]:
        """Return a text and articles, their words classed by what all of them have in common."""
        held = self._room.tokens(self._bounds[: self._count + 1])
        parts = [held.part(row, row + 1) for row in rows]
        own = looked.masked
        own = np.zeros(len(looked.tokens.hashes), np.bool_) if own is None else own
        blank = [self._classes[slice(*self._bounds[row : row + 2])] == BLANK for row in rows]
        tokens = joined_tokens([looked.tokens, *parts])
        return tokens, classify(tokens, np.concatenate([own, *blank]))


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


def longest_first(passage: KnownPassage) -> tuple[int, int, str, int]:
    """Return what passages are put in order by."""
    return -passage.matched_tokens, passage.start, passage.doc_id, passage.other_start


def _longest_run(tokens: Tokens, own: int, row: int) -> tuple[int, int, int]:
    """Return the longest word n-gram that a text and an article have.

    That is the token where it begins in either, and how many words it has.
    """
    ours = tokens.hashes[tokens.bounds[own] : tokens.bounds[own + 1]]
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
    tokens: Tokens, name: str, rows: tuple[int, int], run: tuple[int, int, int], weights: Float32
) -> KnownPassage:
    """Return a run of equal words as a passage."""
    size = run[2]
    low, other = (int(tokens.bounds[row]) + at for row, at in zip(rows, run[:2], strict=True))
    return KnownPassage(
        doc_id=name,
        start=int(tokens.starts[low]),
        end=int(tokens.ends[low + size - 1]),
        other_start=int(tokens.starts[other]),
        other_end=int(tokens.ends[other + size - 1]),
        matched_tokens=size,
        density=1.0,
        score=round(float(weights[low : low + size].sum()), 2),
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
