"""Token classes for passages: stop words, names and content words.

English needs stop words and names told apart from content; other languages must not break on
that. A document takes the stop list (``stopwords.txt``) that covers most of its tokens. Where none
covers a tenth of them, the words to discount are learned from the corpus: the most frequent ones,
up to a quarter of all running tokens of the documents without a list. Names are found by capital
letters; languages that capitalise every noun have no names here. In documents without capitals
nothing tells a name or a stock phrase from what a text says, so their words weigh by the number of
documents of the language that have them, near copies counted once.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np

from dedup.core.arrays import Bool, Float32, Int32, Int64, UInt8, UInt64, texts_from_strings
from dedup.kernels import stopwords as kernel
from dedup.kernels.stopwords import BLANK, CONTENT, NAME, STOP
from dedup.text.tokens import Tokens, tokenise_texts

__all__ = [
    "BLANK",
    "CONTENT",
    "LEAST_COVERED",
    "NAME",
    "STOP",
    "Learned",
    "Words",
    "classify",
    "classify_alone",
    "particles",
    "stop_lists",
]

LEAST_COVERED = 0.10
_COMMON_SHARE = 0.25
_COMMON_LEAST_TOKENS = 500
COUNTERS = 1 << 20  # of words by document frequency
_PARTICLES = "al el ibn bin bint abu ben de da dos del della di du van von der den la le"


@dataclass(frozen=True, slots=True)
class StopLists:
    """All stop lists in one hash table; ``languages`` holds a bit per language and slot."""

    names: tuple[str, ...]
    table: UInt64
    languages: UInt64


@dataclass(frozen=True, slots=True)
class Words:
    """Class and weight of every token, and the language index of each document (-1: learned)."""

    classes: UInt8
    weights: Float32
    languages: Int64


@cache
def stop_lists() -> StopLists:
    """Load the shipped stop lists, hashed as tokens are."""
    names, rows = [], []
    lines = Path(__file__).with_name("stopwords.txt").read_text("utf-8").splitlines()
    for line in lines:
        if line and not line.startswith("#"):
            name, words = line.split(":", 1)
            names.append(name)
            rows.append(words)
    tokens = tokenise_texts(texts_from_strings(rows))
    table = hash_table(tokens.hashes)
    languages = np.zeros(len(table), np.uint64)
    for index in range(len(names)):
        for word in tokens.hashes[tokens.bounds[index] : tokens.bounds[index + 1]]:
            languages[kernel.find_word(table, word)] |= np.uint64(1 << index)
    return StopLists(tuple(names), table, languages)


@cache
def particles() -> UInt64:
    """Return a table of words that may be a part of a name."""
    return hash_table(tokenise_texts(texts_from_strings([_PARTICLES])).hashes)


def hash_table(words: UInt64) -> UInt64:
    """Return an open-addressing table of hashed words, at most a quarter full."""
    size = 16
    while size < 4 * len(words):
        size *= 2
    table = np.zeros(size, np.uint64)
    kernel.fill_table(np.array(words), table)  # a copy, as what cannot be written has another type
    return table


class Learned(NamedTuple):
    """What all documents say of words.

    ``common`` is a hash table of the words to discount in documents that no stop list fits,
    ``counters`` and ``totals`` how many documents without capitals have each word
    (``kernels.stopwords.count_documents``).
    """

    common: UInt64
    counters: Int32
    totals: Int64


class Discount:
    """Which words any two texts share: the stop list of each document, else what is frequent.

    It learns from all documents, part by part, before it is asked for the words of none.
    """

    def __init__(self) -> None:
        self._counters: Int32 = np.zeros(COUNTERS, np.int32)
        self._stamps: Int64 = np.zeros(COUNTERS, np.int64)
        self._totals: Int64 = np.zeros(len(stop_lists().names) + 2, np.int64)
        self._languages: list[Int64] = []
        self._types: UInt64 = np.zeros(0, np.uint64)
        self._counts: Int64 = np.zeros(0, np.int64)
        self._waiting: list[tuple[UInt64, Int64]] = []

    def learn(
        self, tokens: Tokens, counted: Bool | None = None, languages: Int64 | None = None
    ) -> None:
        """Take the lists of the next documents, and count the words of those without one.

        Document frequencies take the ``counted`` ones alone, by default all. ``languages`` are the
        lists (``languages_of``), where they are known.
        """
        chosen = languages_of(tokens) if languages is None else languages
        self._languages.append(chosen)
        some = np.ones(len(tokens), np.bool_) if counted is None else counted
        own = self._counters, self._stamps, self._totals
        kernel.count_documents(tokens.arrays(), chosen, some, *own)
        if (chosen < 0).any():
            words = tokens.hashes[np.repeat(chosen < 0, tokens.counts())]
            self._waiting.append(np.unique(words, return_counts=True))
            if sum(len(each) for each, _ in self._waiting) > len(self._types):
                self._settle()

    def _settle(self) -> None:
        """Join the counts that came with those that were there."""
        parts = [(self._types, self._counts), *self._waiting]
        self._waiting = []
        self._types, position = np.unique(
            np.concatenate([p[0] for p in parts]), return_inverse=True
        )
        counts = np.concatenate([part[1] for part in parts])
        self._counts = np.zeros(len(self._types), np.int64)
        np.add.at(self._counts, position, counts)

    def learned(self) -> Learned:
        """Return what was learned of all documents."""
        return Learned(self.common(), self._counters, self._totals)

    def chosen(self) -> Int64:
        """Return the list of each document, -1 for none (``languages_of``)."""
        return np.concatenate([np.zeros(0, np.int64), *self._languages])

    def common(self) -> UInt64:
        """Return a table of the words to discount in documents that no stop list fits."""
        self._settle()
        return common_words(self._types, self._counts, int(self._counts.sum()))

    def counted(self) -> tuple[Int32, Int64, UInt64, Int64]:
        """Return what may be added up over parts of a corpus.

        That are the counters and totals of document frequencies, and the words of documents that no
        stop list fits with their numbers.
        """
        self._settle()
        return self._counters, self._totals, self._types, self._counts


def has_common(counts: Int64, total: int) -> bool:
    """Tell whether the most frequent words, with these numbers, are all that are discounted."""
    return int(counts.sum()) >= _COMMON_SHARE * total


def common_words(types: UInt64, counts: Int64, total: int) -> UInt64:
    """Return a table of the words to discount, of which there are ``counts`` among ``total``.

    The most frequent words are enough, as long as they make up the share to discount.
    """
    if total < _COMMON_LEAST_TOKENS:
        return np.zeros(16, np.uint64)
    order = np.lexsort((types, -counts))
    running = np.cumsum(counts[order])
    common = order[: int(np.searchsorted(running, _COMMON_SHARE * total))]
    return hash_table(types[common])


def languages_of(tokens: Tokens) -> Int64:
    """Return the stop list that covers most of each document, -1 where none covers enough."""
    lists = stop_lists()
    covered = np.zeros((len(tokens), len(lists.names)), np.int64)
    places = np.empty(int(tokens.counts().max(initial=0)), np.uint32)
    given = tokens.hashes, tokens.bounds, lists.table, lists.languages
    kernel.count_languages(*given, places, covered)
    return most_covering(covered, tokens.counts())


def most_covering(covered: Int64, counts: Int64) -> Int64:
    """Return as ``languages_of`` does which list covers most of the ``counts`` words of each."""
    chosen: Int64 = np.argmax(covered, axis=1).astype(np.int64)
    best = np.max(covered, axis=1, initial=0)
    chosen[best < LEAST_COVERED * np.maximum(counts, 1)] = -1
    return chosen


def classify_alone(tokens: Tokens, masked: Bool | None = None) -> Words:
    """Classify the tokens of documents each by itself: nothing is learned from the others."""
    return classify_part(tokens, masked, languages_of(tokens), _nothing())


@cache
def _nothing() -> Learned:
    """Return what is learned of no documents."""
    totals = np.zeros(len(stop_lists().names) + 2, np.int64)
    return Learned(np.zeros(16, np.uint64), np.zeros(1, np.int32), totals)


def classify(tokens: Tokens, masked: Bool | None = None) -> Words:
    """Give every token a class and a weight; ``masked`` tokens are blank and weigh nothing."""
    languages = languages_of(tokens)
    if len(tokens) < kernel.LEAST_DOCUMENTS and (languages >= 0).all():  # there is nothing to learn
        return classify_part(tokens, masked, languages, _nothing())
    discount = Discount()
    discount.learn(tokens, languages=languages)
    return classify_part(tokens, masked, languages, discount.learned())


def classify_part(tokens: Tokens, masked: Bool | None, languages: Int64, learned: Learned) -> Words:
    """Classify the tokens of some documents by what was learned from all."""
    lists = stop_lists()
    classes = np.zeros(len(tokens.hashes), np.uint8)
    if masked is not None:
        classes[masked] = BLANK
    weights = np.empty(len(tokens.hashes), np.float32)
    discounted = kernel.Lists(lists.table, lists.languages, learned.common, particles())
    given = tokens.arrays()
    kernel.classify_rows(given, discounted, languages, classes, weights)
    frequent = learned.counters, learned.totals
    kernel.weigh_frequent(given, languages, *frequent, classes, weights)
    return Words(classes, weights, languages)
