"""Stories one by one: the story of each new article, decided afresh with the few near it.

A new article gets its vector with the document frequencies of the moment. The stories that its
partners belong to are linked again together with it, as a scan links all; the rest stays as it is.
So a story may be split or two become one later. What an article was told when it came stays told;
each later move is a *change*, listed in order.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import NamedTuple, Protocol, TypeAlias

import numpy as np

from dedup.cleaning.find import find_removals
from dedup.config import Config
from dedup.core.arrays import Int32, Int64, UInt64, texts_from_strings
from dedup.core.storage import Columns
from dedup.errors import ConfigError, CorruptIndex, IndexMismatch
from dedup.index.signing import Facts
from dedup.index.verdicts import Verdict
from dedup.kernels import stories as kernel
from dedup.kernels.stories import NO_DAY, PARTNERS, UNIT, Source, Vectors
from dedup.stories.find import LEAST_TERMS
from dedup.stories.linking import LEAST_ALIKE, LONGEST_LIST, NEIGHBOURS, relink
from dedup.stories.vectors import count_terms, priors_of, source_of, weigh, weights_of
from dedup.text.tokens import tokenise_texts

STORIES = 5  # nearest ones that are linked afresh with a new article …
MOST = 60  # … with so many articles in all
SETTINGS = ("story_cut", "story_window")  # of `Config`, that travel with an index
_DAY = 86_400
_CLEANING = Config(find=("repeats", "stories"))
ANCHORS = 20  # of a story that is too large: its articles most like the new one, which stay


Near: TypeAlias = tuple[tuple[int, int], ...]  # (product, number), the nearest first


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
    near: Near = ()


class Told(NamedTuple):
    """What an article was told: the name of its story, or ``None`` where it was too short."""

    story: str | None


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

    def approach(self, number: int, near: Near) -> None:
        """Keep the nearest partners of an article."""
        ...

    def called(self, name: str) -> Placed | None:
        """Return the article of an id."""
        ...

    def forget(self, article: Placed) -> None:
        """Forget an article; others may name it as a partner."""
        ...

    def told(self, name: str, digest: int) -> Told | None:
        """Return what an article with this id and text was told first."""
        ...

    def tell(self, name: str, digest: int, story: str | None) -> None:
        """Keep what an article was told."""
        ...

    def untell(self, name: str) -> None:
        """Forget what an article was told."""
        ...

    def aged(self, day: int) -> list[str]:
        """Return the ids of articles whose day is before that one, or not known."""
        ...

    def log(self, name: str, before: str, after: str, because: str) -> None:
        """Keep a change of story."""
        ...

    def changes(self, after: int) -> list[Change]:
        """Return the changes with a number above ``after``, in order."""
        ...


class StoryStore(Protocol):
    """Where the shelf is: what is done in one block is kept as a whole, or not at all."""

    def writing(self) -> AbstractContextManager[StoryShelf]:
        """Give the shelf to change it."""
        ...

    def reading(self) -> AbstractContextManager[StoryShelf]:
        """Give the shelf to look at it."""
        ...

    def settings(self) -> Config | None:
        """Return the settings of stories, ``None`` where none are kept."""
        ...

    def create(self, config: Config) -> None:
        """Begin to keep stories, in an index that has no articles."""
        ...

    def flaws(self) -> list[str]:
        """Name what is damaged."""
        ...


class Move(NamedTuple):
    """An article as it was, and the story it goes to."""

    article: Placed
    story: int


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
    ) -> tuple[int, list[Move]]:
        """Give an article its story; return its number, and the moves of earlier ones."""
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
    ) -> list[Move]:
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
                        moves.append(Move(each, story))
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
            known = [(product, number) for product, number in each.near if number in places]
            for column, (product, number) in enumerate(known):
                partners[row, column], products[row, column] = places[number], product
        days = np.array([each.day for each in articles], np.int32)
        vectors = vectors_of([each.vector for each in every])
        return relink(vectors, partners, products, days, self.cut)


def _weighed(shelf: StoryShelf, source: Source) -> tuple[Vector, UInt64]:
    """Count the terms of a document; return its vector and its heaviest terms."""
    rows = np.zeros(1, np.int64)
    vocabulary, _ = count_terms(source, rows)
    terms = vocabulary.keys
    articles = shelf.count(terms, vocabulary.balance)
    documents, balance = shelf.frequencies(terms)
    idf = weights_of(documents, priors_of(balance), articles)
    vectors, heads = weigh(source, rows, vocabulary.slots(), idf)
    vector = Vector(terms[vectors.terms], vectors.values.astype(np.int64))
    return vector, terms[heads[0][heads[0] >= 0]]


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


@dataclass(frozen=True, slots=True)
class Arrived:
    """An article that comes: its id, the digest of its text, its day, and what it is a copy of.

    ``copy_of`` names the articles with which it goes, the first that is known.
    """

    name: str
    digest: int
    day: int
    text: str
    copy_of: tuple[str, ...] = ()

    @classmethod
    def of(cls, facts: Facts, digest: int, verdict: Verdict) -> Arrived:
        """Return what an index was given and said."""
        others = (verdict.duplicate_of, verdict.cluster) if not verdict.kept else ()
        day = NO_DAY if facts.date is None else facts.date // _DAY
        names = tuple(each for each in others if each not in (None, facts.id))
        return cls(facts.id, digest, int(day), facts.text, names)


class Words(NamedTuple):
    """The words of an article in clean text, and whether they are too few to place it alone."""

    source: Source
    is_short: bool


def words_of(text: str) -> Words:
    """Return the words of a text, without what cleaning takes out of it by itself."""
    texts = texts_from_strings([text])
    tokens = tokenise_texts(texts)
    nobody = np.full(1, -1, np.int64)
    removals = find_removals(
        *(texts, tokens, _CLEANING), sites=nobody, groups=np.zeros(1, np.int64), columns=Columns()
    )
    source = source_of(tokens, removals.words)
    _, telling = count_terms(source, np.zeros(1, np.int64))
    return Words(source, int(telling[0]) < LEAST_TERMS)


class Stories:
    """The stories of an index: each new article is told its story, and may be moved later.

    >>> from dedup.index import Index
    >>> one = "Rebels entered Hama on Thursday after the army of Assad withdrew from the city."
    >>> two = "The army withdrew from Hama, and rebels took the city that Assad had held."
    >>> with Index.open("memory://", stories=True) as index:
    ...     rows = [{"id": "0", "text": one}, {"id": "1", "text": two}]
    ...     told = [index.check_and_add(row).story for row in rows]
    ...     told, index.stories.story("1"), index.stories.members("0"), index.stories.changes()
    ([None, '0'], '0', ['0', '1'], [])
    """

    def __init__(self, store: StoryStore, config: Config) -> None:
        self._store = store
        self._arrivals = Arrivals(config.story_cut, config.story_window)

    def tell(self, articles: Sequence[Arrived]) -> list[str | None]:
        """Return the story of each article, in order; of what came before what it was told then."""
        prepared = [None if each.copy_of else words_of(each.text) for each in articles]
        with self._store.writing() as shelf:
            return [
                self._tell(shelf, each, words)
                for each, words in zip(articles, prepared, strict=True)
            ]

    def known(self, articles: Sequence[Arrived]) -> list[str | None]:
        """Return the same of articles that are only looked up; a new one has no story."""
        with self._store.reading() as shelf:
            found = []
            for each in articles:
                told = shelf.told(each.name, each.digest)
                found.append(told.story if told else self._story_of_copy(shelf, each))
            return found

    def _tell(self, shelf: StoryShelf, article: Arrived, words: Words | None) -> str | None:
        told = shelf.told(article.name, article.digest)
        if told is not None:
            return told.story
        story = self._story_of_copy(shelf, article)
        if story is None:
            self._take_away(shelf, article.name)
            story = self._arrive(shelf, article, words or words_of(article.text))
        shelf.tell(article.name, article.digest, story)
        return story

    def _arrive(self, shelf: StoryShelf, article: Arrived, words: Words) -> str | None:
        number, moves = self._arrivals.arrive(shelf, article.name, article.day, words.source)
        for move in moves:
            before, after = (_name(shelf, each) for each in (move.article.story, move.story))
            shelf.log(move.article.name, before, after, article.name)
        (own,) = shelf.placed([number])
        alone = len(shelf.members(own.story, 2)) == 1
        return None if alone and words.is_short else _name(shelf, own.story)

    def _story_of_copy(self, shelf: StoryShelf, article: Arrived) -> str | None:
        for name in article.copy_of:
            found = shelf.called(name)
            if found is not None:
                return _name(shelf, found.story)
        return None

    def story(self, name: str) -> str | None:
        """Return the story of an article as it is now; ``None`` for copies and unknown ids."""
        with self._store.reading() as shelf:
            found = shelf.called(name)
            return None if found is None else _name(shelf, found.story)

    def members(self, story: str) -> list[str]:
        """Return the articles of a story as it is now, in the order in which they came."""
        with self._store.reading() as shelf:
            found = shelf.called(story)
            if found is None:
                return []
            numbers = shelf.members(found.story, 1 << 31)
            return [each.name for each in shelf.placed(numbers)]

    def changes(self, after: int = 0) -> list[Change]:
        """Return the later moves of articles, those with a number above ``after``."""
        with self._store.reading() as shelf:
            return shelf.changes(after)

    def forget(self, names: Iterable[str]) -> None:
        """Forget articles; where the first of a story goes, the next one names it."""
        with self._store.writing() as shelf:
            for name in names:
                self._take_away(shelf, name)
                shelf.untell(name)

    def aged(self, before: int) -> list[str]:
        """Return the articles that are dated before a time (seconds since 1970), or not dated."""
        with self._store.reading() as shelf:
            return shelf.aged(before // _DAY)

    def flaws(self) -> list[str]:
        """Name what is damaged."""
        return self._store.flaws()

    def _take_away(self, shelf: StoryShelf, name: str) -> None:
        found = shelf.called(name)
        if found is None:
            return
        before = _name(shelf, found.story)
        rest = [each for each in shelf.members(found.story, 1 << 31) if each != found.number]
        if rest and found.number == found.story:
            for each in shelf.placed(rest):
                shelf.move(each.number, rest[0])
                shelf.log(each.name, before, _name(shelf, rest[0]), name)
        shelf.forget(found)


def opened(store: object, config: Config | None, asked: bool | None) -> Stories | None:
    """Return the stories of a store, ``None`` where it keeps none.

    They are begun where they are ``asked`` for and the store has no articles. Raises
    ``IndexMismatch`` for what is not as the index was built, ``ConfigError`` for a server.
    """
    place: StoryStore | None = getattr(store, "stories", None)
    if place is None:
        if asked:
            says = "{name}: an index on a server keeps none; give a file, or memory://"
            raise ConfigError("stories", asked, "false on a server", says)
        return None
    known = place.settings()
    if asked is not None and asked != (known is not None):
        if not asked or store.counts().articles:  # type: ignore[attr-defined]
            raise IndexMismatch("stories", asked, known is not None)
        known = config or Config()
        place.create(known)
    if known is None:
        return None
    for name in SETTINGS:
        if config is not None and getattr(config, name) != getattr(known, name):
            raise IndexMismatch(name, getattr(config, name), getattr(known, name))
    return Stories(place, known)


def _name(shelf: StoryShelf, story: int) -> str:
    """Return the id of the first article of a story."""
    first = shelf.placed([story])
    if not first:
        raise CorruptIndex(f"article {story}, which a story is named by, is missing")
    return first[0].name


class MemoryStories:
    """Stories in dictionaries."""

    def __init__(self) -> None:
        self.articles: dict[int, Placed] = {}
        self.stories: dict[int, list[int]] = {}
        self._terms: dict[int, tuple[int, int]] = {}
        self._heads: dict[int, list[tuple[int, int, int]]] = {}
        self._names: dict[str, int] = {}
        self._told: dict[tuple[str, int], Told] = {}
        self._changes: list[Change] = []
        self._counted = self._last = 0
        self._settings: Config | None = None
        self._lock = threading.RLock()

    def frequencies(self, terms: UInt64) -> tuple[Int32, Int32]:
        """Return in how many articles each term occurs, and its balance."""
        counts = [self._terms.get(term, (0, 0)) for term in terms.tolist()]
        documents = np.array([each for each, _ in counts], np.int32)
        return documents, np.array([each for _, each in counts], np.int32)

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
        return [self.articles[each] for each in numbers if each in self.articles]

    def members(self, story: int, most: int) -> list[int]:
        """Return the articles of a story, the first ``most``."""
        return sorted(self.stories.get(story, []))[:most]

    def place(self, name: str, day: int, vector: Vector, heads: UInt64) -> int:
        """Keep an article as a story of its own; return its number."""
        self._last += 1
        number = self._last
        self._names[name] = number
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

    def approach(self, number: int, near: Near) -> None:
        """Keep the nearest partners of an article."""
        self.articles[number] = self.articles[number]._replace(near=near)

    def called(self, name: str) -> Placed | None:
        """Return the article of an id."""
        number = self._names.get(name)
        return None if number is None else self.articles[number]

    def forget(self, article: Placed) -> None:
        """Forget an article; others may name it as a partner."""
        number = article.number
        del self.articles[number], self._names[article.name]
        self.stories[article.story].remove(number)
        if not self.stories[article.story]:
            del self.stories[article.story]
        for term in article.vector.terms.tolist():
            held = [each for each in self._heads.get(term, []) if each[0] != number]
            self._heads[term] = held

    def told(self, name: str, digest: int) -> Told | None:
        """Return what an article with this id and text was told first."""
        return self._told.get((name, digest))

    def tell(self, name: str, digest: int, story: str | None) -> None:
        """Keep what an article was told."""
        self._told[name, digest] = Told(story)

    def untell(self, name: str) -> None:
        """Forget what an article was told."""
        for key in [key for key in self._told if key[0] == name]:
            del self._told[key]

    def aged(self, day: int) -> list[str]:
        """Return the ids of articles whose day is before that one, or not known."""
        return [each.name for each in self.articles.values() if each.day < day]

    def log(self, name: str, before: str, after: str, because: str) -> None:
        """Keep a change of story."""
        self._changes.append(Change(len(self._changes) + 1, name, before, after, because))

    def changes(self, after: int) -> list[Change]:
        """Return the changes with a number above ``after``, in order."""
        return self._changes[after:]

    @contextmanager
    def writing(self) -> Iterator[StoryShelf]:
        """Give the shelf to change it, to one thread at a time."""
        with self._lock:
            yield self

    reading = writing

    def settings(self) -> Config | None:
        """Return the settings of stories, ``None`` where none are kept."""
        return self._settings

    def create(self, config: Config) -> None:
        """Begin to keep stories."""
        self._settings = config

    def flaws(self) -> list[str]:
        """Name what is damaged: nothing ever is."""
        return []


def joint_balance(one: int, two: int) -> int:
    """Return how often a term is a name more than a word, from two counts of that."""
    number = int(kernel.NUMBER)
    return number if number in (one, two) else one + two
