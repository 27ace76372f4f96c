"""Stories one by one: the story of each new article, decided afresh with the few near it.

A new article gets its vector with the document frequencies of the moment. The stories that its
partners belong to are linked again together with it, as a scan links all; the rest stays as it is.
So a story may be split or two become one later. What an article was told when it came stays told;
each later move is a *change*, listed in order.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

import numpy as np

from dedup.core.arrays import Int32, Int64, UInt64
from dedup.kernels import stories as kernel
from dedup.kernels.stories import NO_DAY, PARTNERS, UNIT, Source, Vectors
from dedup.stories.linking import LEAST_ALIKE, LONGEST_LIST, NEIGHBOURS, relink
from dedup.stories.vectors import count_terms, priors_of, weigh, weights_of

STORIES = 5  # nearest ones that are linked afresh with a new article …
MOST = 60  # … with so many articles in all
ANCHORS = 20  # of a story that is too large: its articles most like the new one, which stay


class Vector(NamedTuple):
    """The vector of an article: hashes of terms (ascending), and the value of each."""

    terms: UInt64
    values: Int64


class Placed(NamedTuple):
    """An article that has a story: its number in order of arrival, id, day, story and vector.

    ``near`` are its nearest partners so far, as (product, number), the nearest first.
    """

    number: int
    name: str
    day: int
    story: int
    vector: Vector
    near: tuple[tuple[int, int], ...] = ()


class Change(NamedTuple):
    """A later move of an article from one story to another; ``because`` is the article that came.

    Stories are called by the id of their first article.
    """

    number: int
    doc_id: str
    before: str
    after: str
    because: str


class StoryShelf(Protocol):
    """What a store keeps of stories. Stories are called by the number of their first article."""

    def frequencies(self, terms: UInt64) -> tuple[Int32, Int32]:
        """Return in how many articles each term occurs, and its balance."""
        ...

    def count(self, terms: UInt64, balance: Int32) -> int:
        """Count the terms of one more article; return how many articles there are."""
        ...

    def holders(self, term: int, most: int) -> list[tuple[int, int, int]]:
        """Return (article, value, day) where a term is among the heaviest, the newest ``most``."""
        ...

    def placed(self, numbers: Iterable[int]) -> list[Placed]:
        """Return articles by number."""
        ...

    def members(self, story: int, most: int) -> list[int]:
        """Return the articles of a story, the first ``most``."""
        ...

    def place(self, name: str, day: int, vector: Vector, heads: UInt64) -> int:
        """Keep an article as a story of its own; return its number."""
        ...

    def move(self, number: int, story: int) -> None:
        """Give an article to a story."""
        ...

    def approach(self, number: int, near: tuple[tuple[int, int], ...]) -> None:
        """Keep the nearest partners of an article."""
        ...


@dataclass(slots=True)
class _Near:
    """A story near a new article: some of its articles, and whether these are all."""

    story: int
    articles: list[Placed]
    whole: bool
    alike: float


class Arrivals:
    """Place articles one by one; ``cut`` and ``window`` are those of a scan."""

    def __init__(self, cut: float, window: int) -> None:
        self.cut = cut
        self.window = window

    def arrive(
        self, shelf: StoryShelf, name: str, day: int, source: Source
    ) -> tuple[int, list[tuple[int, int, int]]]:
        """Give an article its story; return its number, and (article, before, after) of moves."""
        vector, heads = _weighed(shelf, source)
        partners = self._partners(shelf, vector, heads, day)
        number = shelf.place(name, day, vector, heads)
        nearest = tuple((product, each.number) for product, each in partners[:NEIGHBOURS])
        shelf.approach(number, nearest)
        for product, each in partners:
            closest = sorted([*each.near, (product, number)], key=lambda pair: (-pair[0], pair[1]))
            if (product, number) in closest[:NEIGHBOURS]:
                shelf.approach(each.number, tuple(closest[:NEIGHBOURS]))
        near = self._near(shelf, [each for _, each in partners], vector)
        if not near:
            return number, []
        numbers = [number, *(each.number for story in near for each in story.articles)]
        fixed = {story.story for story in near if not story.whole}
        return number, self._linked(shelf, sorted(numbers), number, fixed)

    def _partners(
        self, shelf: StoryShelf, vector: Vector, heads: UInt64, day: int
    ) -> list[tuple[int, Placed]]:
        """Return (product, article) of the partners, the most alike first."""
        values = dict(zip(vector.terms.tolist(), vector.values.tolist(), strict=True))
        partial: Counter[int] = Counter()
        for term in heads.tolist():
            held = shelf.holders(term, LONGEST_LIST + 1)
            if len(held) > LONGEST_LIST:
                continue
            for number, value, other in held:
                if NO_DAY in (day, other) or abs(day - other) <= self.window:
                    partial[number] += values.get(term, 0) * value
        best = sorted(partial, key=lambda each: (-partial[each], each))[:PARTNERS]
        articles = shelf.placed(best)
        least, found = round(LEAST_ALIKE * UNIT), []
        for each, (product, common) in zip(articles, _products(vector, articles), strict=True):
            if product >= least and common >= kernel.LEAST_COMMON:
                found.append((product, each))
        return sorted(found, key=lambda each: (-each[0], each[1].number))

    def _near(self, shelf: StoryShelf, partners: Sequence[Placed], vector: Vector) -> list[_Near]:
        """Return the stories of the partners that are alike on the whole, the nearest first."""
        known = {each.number: each for each in partners}
        found = []
        for story in dict.fromkeys(each.story for each in partners):
            numbers = shelf.members(story, MOST + 1)
            whole = len(numbers) <= MOST
            articles = shelf.placed(each for each in numbers[:MOST] if each not in known)
            articles += [each for each in known.values() if each.story == story]
            alike = [product for product, _ in _products(vector, articles)]
            mean = sum(alike) / len(alike) / UNIT
            if not whole:
                order = sorted(range(len(articles)), key=lambda k: (-alike[k], articles[k].number))
                articles = [articles[k] for k in order[:ANCHORS]]
            if mean >= LEAST_ALIKE:
                found.append(_Near(story, articles, whole, mean))
        found.sort(key=lambda each: (-each.alike, each.story))
        kept, room = [], MOST
        for each in found[:STORIES]:
            if len(each.articles) <= room:
                kept.append(each)
                room -= len(each.articles)
        return kept

    def _linked(
        self, shelf: StoryShelf, numbers: list[int], number: int, fixed: set[int]
    ) -> list[tuple[int, int, int]]:
        """Link articles afresh; return the moves of those that came before ``number``.

        Articles of the stories ``fixed`` stay where they are.
        """
        articles = shelf.placed(numbers)
        labels = self._relinked(shelf, articles)
        moves = []
        for label in np.unique(labels).tolist():
            group = [articles[k] for k in np.flatnonzero(labels == label).tolist()]
            anchors = Counter(each.story for each in group if each.story in fixed)
            story = anchors.most_common(1)[0][0] if anchors else group[0].number
            for each in group:
                if each.story not in fixed and each.story != story:
                    shelf.move(each.number, story)
                    if each.number != number:
                        moves.append((each.number, each.story, story))
        return moves

    def _relinked(self, shelf: StoryShelf, articles: list[Placed]) -> Int64:
        """Return the first article of the group of each, by place."""
        places = {each.number: place for place, each in enumerate(articles)}
        others = {number for each in articles for _, number in each.near} - places.keys()
        every = [*articles, *shelf.placed(sorted(others))]
        places |= {each.number: place for place, each in enumerate(every)}
        partners = np.full((len(articles), NEIGHBOURS), -1, np.int32)
        products = np.zeros((len(articles), NEIGHBOURS), np.int64)
        for row, each in enumerate(articles):
            for column, (product, number) in enumerate(each.near):
                partners[row, column], products[row, column] = places[number], product
        days = np.array([each.day for each in articles], np.int32)
        vectors = vectors_of([each.vector for each in every])
        return relink(vectors, partners, products, days, self.cut)


def _weighed(shelf: StoryShelf, source: Source) -> tuple[Vector, UInt64]:
    """Count the terms of a document; return its vector and its heaviest terms."""
    rows = np.zeros(1, np.int64)
    vocabulary, _ = count_terms(source, rows)
    table = vocabulary.terms
    slots = np.flatnonzero(table.documents)
    terms = table.keys[slots]
    articles = shelf.count(terms, table.balance[slots])
    documents, balance = shelf.frequencies(terms)
    idf = np.zeros(len(table.keys), np.int64)
    idf[slots] = weights_of(documents, priors_of(balance), articles)
    vectors, heads = weigh(source, rows, table.keys, idf)
    keys = table.keys[vectors.terms]
    order = np.argsort(keys)
    vector = Vector(keys[order], vectors.values[order].astype(np.int64))
    return vector, table.keys[heads[0][heads[0] >= 0]]


def _products(vector: Vector, articles: Sequence[Placed]) -> list[tuple[int, int]]:
    """Return the product of a vector and those of articles, and how many terms are common."""
    every = joined_vectors([vector, *(each.vector for each in articles)])
    return [kernel.product(every, 0, row + 1) for row in range(len(articles))]


def joined_vectors(vectors: Sequence[Vector]) -> Vectors:
    """Return vectors as kernels take them, terms as they are."""
    bounds: Int64 = np.zeros(len(vectors) + 1, np.int64)
    np.cumsum([len(each.terms) for each in vectors], out=bounds[1:])
    terms = np.concatenate([each.terms for each in vectors])
    values = np.concatenate([each.values for each in vectors])
    return Vectors(bounds, terms, values.astype(np.uint16))


def vectors_of(vectors: Sequence[Vector]) -> Vectors:
    """Return vectors of hashed terms as kernels take them, with terms numbered anew."""
    every = joined_vectors(vectors)
    _, numbers = np.unique(every.terms, return_inverse=True)
    return every._replace(terms=numbers.astype(np.int32))


class MemoryStories:
    """Stories in dictionaries."""

    def __init__(self) -> None:
        self.articles: dict[int, Placed] = {}
        self.stories: dict[int, list[int]] = {}
        self._terms: dict[int, tuple[int, int]] = {}
        self._heads: dict[int, list[tuple[int, int, int]]] = {}
        self._counted = 0

    def frequencies(self, terms: UInt64) -> tuple[Int32, Int32]:
        """Return in how many articles each term occurs, and its balance."""
        known = [self._terms.get(term, (0, 0)) for term in terms.tolist()]
        found = np.array(known, np.int64).reshape(-1, 2).astype(np.int32)
        return found[:, 0], found[:, 1]

    def count(self, terms: UInt64, balance: Int32) -> int:
        """Count the terms of one more article; return how many articles there are."""
        for term, more in zip(terms.tolist(), balance.tolist(), strict=True):
            documents, known = self._terms.get(term, (0, 0))
            self._terms[term] = documents + 1, joint_balance(known, more)
        self._counted += 1
        return self._counted

    def holders(self, term: int, most: int) -> list[tuple[int, int, int]]:
        """Return (article, value, day) where a term is among the heaviest, the newest ``most``."""
        return self._heads.get(term, [])[-most:]

    def placed(self, numbers: Iterable[int]) -> list[Placed]:
        """Return articles by number."""
        return [self.articles[each] for each in numbers]

    def members(self, story: int, most: int) -> list[int]:
        """Return the articles of a story, the first ``most``."""
        return sorted(self.stories.get(story, []))[:most]

    def place(self, name: str, day: int, vector: Vector, heads: UInt64) -> int:
        """Keep an article as a story of its own; return its number."""
        number = len(self.articles) + 1
        self.articles[number] = Placed(number, name, day, number, vector)
        self.stories[number] = [number]
        values = dict(zip(vector.terms.tolist(), vector.values.tolist(), strict=True))
        for term in heads.tolist():
            self._heads.setdefault(term, []).append((number, values.get(term, 0), day))
        return number

    def move(self, number: int, story: int) -> None:
        """Give an article to a story."""
        article = self.articles[number]
        self.stories[article.story].remove(number)
        if not self.stories[article.story]:
            del self.stories[article.story]
        self.stories.setdefault(story, []).append(number)
        self.articles[number] = article._replace(story=story)

    def approach(self, number: int, near: tuple[tuple[int, int], ...]) -> None:
        """Keep the nearest partners of an article."""
        self.articles[number] = self.articles[number]._replace(near=near)


def joint_balance(one: int, two: int) -> int:
    """Return how often a term is a name more than a word, from two counts of that."""
    number = int(kernel.NUMBER)
    return number if number in (one, two) else one + two
