"""Why articles are one story: the words that make them alike, and what they share besides."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from dedup.core.arrays import Bool, Float64, Int32, Int64, Texts, UInt64, offsets_of
from dedup.kernels import explaining as kernel
from dedup.kernels.stories import UNIT, Source, Vectors
from dedup.kernels.text import UNSPACED

STORY_WORDS = 10  # of a story that are told
MEMBER_WORDS = 5  # of a member
Known: TypeAlias = tuple[Int32, Bool]


@dataclass(frozen=True, slots=True)
class Members:
    """Articles by story: those of story ``s`` are ``bounds[s]:bounds[s + 1]`` of ``rows``."""

    bounds: Int64
    rows: Int64

    def __len__(self) -> int:
        return len(self.bounds) - 1

    @classmethod
    def of(cls, labels: Int64) -> Members:
        """Return the stories of two articles or more; ``labels`` name the first one of each.

        >>> members = Members.of(np.array([0, 1, 0, 3, 3]))
        >>> members.bounds.tolist(), members.rows.tolist()
        ([0, 2, 4], [0, 2, 3, 4])
        """
        sizes = np.bincount(labels, minlength=len(labels))
        rows = np.flatnonzero(sizes[labels] > 1)
        rows = rows[np.argsort(labels[rows], kind="stable")]
        return cls(offsets_of(sizes[sizes > 1]), rows)

    def stories(self) -> Int64:
        """Return the number of the story of each of ``rows``."""
        return np.repeat(np.arange(len(self)), np.diff(self.bounds))


@dataclass(frozen=True, slots=True)
class Reasons:
    """Why: heaviest terms first, -1 where there are fewer; similarities are means over pairs.

    ``typical`` is the place in ``Members.rows`` of the article that is most like all others.
    """

    terms: Int32
    shares: Float64
    similarity: Float64
    typical: Int64
    member_terms: Int32
    member_similarity: Float64


def explain(members: Members, vectors: Vectors, wide: Vectors, known: Known) -> Reasons:
    """Say what makes the articles of each story alike.

    Words come from their own ``vectors``, the weak left out by what is ``known`` of terms: how
    many articles have each, and whether it is a name. Similarities come from those vectors that
    were linked (``wide``).
    """
    terms, parts, totals, member_terms, _ = _explained(members, vectors, known)
    *_, wide_totals, _, wide_members = _explained(members, wide, known)
    sizes = np.diff(members.bounds)
    similarity = wide_members / (sizes[members.stories()] - 1) / UNIT
    return Reasons(
        terms=terms,
        shares=parts / np.maximum(totals, 1)[:, None],
        similarity=wide_totals / (sizes * (sizes - 1)) / UNIT,
        typical=_largest(wide_members, members),
        member_terms=member_terms,
        member_similarity=similarity,
    )


def _explained(
    members: Members, vectors: Vectors, known: Known
) -> tuple[Int32, Int64, Int64, Int32, Int64]:
    count, rows = len(members), len(members.rows)
    out = (
        np.empty((count, STORY_WORDS), np.int32),
        np.empty((count, STORY_WORDS), np.int64),
        np.empty(count, np.int64),
        np.empty((rows, MEMBER_WORDS), np.int32),
        np.empty(rows, np.int64),
    )
    kernel.explain_stories(vectors, members.bounds, members.rows, known, out)
    return out


def _largest(values: Int64, members: Members) -> Int64:
    """Return the place of the largest value of each story, the first of equals."""
    order = np.lexsort((np.arange(len(values)), -values, members.stories()))
    found: Int64 = order[members.bounds[:-1]]
    return found


class Wording:
    """The words that terms stand for, as they are written in an article that has them.

    Terms are given by their hashes, 0 for none.
    """

    def __init__(self, source: Source, texts: Texts) -> None:
        self._source, self._texts = source, texts

    def words(self, keys: UInt64, documents: Int64) -> list[str | None]:
        """Return the words of terms, each from the first document that has it, else ``None``.

        A word of two small letters says nothing to a reader, so it comes back empty.
        """
        found: list[str | None] = [None] * len(keys)
        left = np.full(len(keys), -1, np.int64)
        for row in documents.tolist():
            before = left.copy()
            kernel.find_words(self._source, row, keys, left)
            new = np.flatnonzero((left >= 0) & (before < 0))
            if len(new):
                text = self._texts.text(row)
                for k in new.tolist():
                    word = self._word(text, int(left[k]))
                    found[k] = word if _says_something(word) else ""
            if (left >= 0)[keys != 0].all():
                break
        return found

    def own_words(self, keys: UInt64, documents: Int64) -> list[list[str]]:
        """Return the words of the terms of some documents, a row each, as each of them has them.

        What says nothing to a reader is left out.
        """
        places = np.full(keys.shape, -1, np.int64)
        kernel.find_words_of(self._source, documents, keys, places)
        last = np.maximum(places, 0)
        first = last - ((self._source.flags[last] & UNSPACED) != 0)  # a term of two characters
        spans = np.stack([self._source.starts[first], self._source.ends[last]], axis=2)
        found = []
        for row, own, bounds in zip(documents.tolist(), places >= 0, spans, strict=True):
            text = self._texts.text(row)
            words = [_without_possessive(text[low:high]) for low, high in bounds[own].tolist()]
            found.append([word for word in words if word and _says_something(word)])
        return found

    def _word(self, text: str, place: int) -> str:
        source = self._source
        first = place - 1 if source.flags[place] & UNSPACED else place  # two characters
        return _without_possessive(text[source.starts[first] : source.ends[place]])


def _without_possessive(word: str) -> str:
    return word.removesuffix("'s").removesuffix("’s")  # as folding does


def _says_something(word: str) -> bool:
    """Tell whether a word is more than two small letters."""
    return len(word) > 2 or not word.islower()
