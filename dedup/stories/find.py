"""All stories of a corpus: its articles without copies to vectors, partners, groups and reasons."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from dedup.config import Config
from dedup.core.arrays import Int32, Int64, Texts
from dedup.core.checkpoints import Kept
from dedup.kernels.stories import Articles, Source
from dedup.stories.explaining import Members, Reasons, Wording, explain
from dedup.stories.linking import link_articles
from dedup.stories.vectors import Vocabulary, count_terms, weigh

LEAST_TERMS = 20  # an article with fewer that is alone is too short to place


@dataclass(frozen=True, slots=True)
class Found:
    """Stories among the ``documents`` (rows) that stand for their clusters.

    ``labels`` name the first document of each one's story and ``telling`` counts its terms, both by
    place in ``documents``; so do ``members``. Words are those of a story, each with whether it is a
    name, and of a member, heaviest first; a story's may be empty, where one is not worth telling.
    """

    documents: Int64
    labels: Int64
    telling: Int64
    members: Members
    reasons: Reasons
    words: list[list[tuple[str, bool]]]
    member_words: list[list[str]]
    limits: dict[str, int]

    @property
    def too_short(self) -> Int64:
        """Return the places of articles that are alone and have too few words to tell."""
        alone = np.ones(len(self.documents), np.bool_)
        alone[self.members.rows] = False
        found: Int64 = np.flatnonzero(alone & (self.telling < LEAST_TERMS))
        return found

    def of_stories(self) -> Found:
        """Return the same of those alone that are in a story with another one."""
        inside = np.sort(self.members.rows)
        return replace(
            self,
            documents=self.documents[inside],
            labels=np.searchsorted(inside, self.labels[inside]),
            telling=self.telling[inside],
            members=replace(self.members, rows=np.searchsorted(inside, self.members.rows)),
        )

    def kept(self) -> Kept:
        """Return what a checkpoint holds of it."""
        reasons = {name: getattr(self.reasons, name) for name in Reasons.__slots__}
        arrays = {"documents": self.documents, "labels": self.labels, "telling": self.telling}
        arrays |= {"bounds": self.members.bounds, "rows": self.members.rows, **reasons}
        names = ("words", "member_words", "limits")
        return Kept(arrays, values={name: getattr(self, name) for name in names})

    @classmethod
    def of_kept(cls, kept: Kept) -> Found:
        """Return what ``kept`` was made of."""
        arrays = kept.arrays
        return cls(
            *(arrays["documents"], arrays["labels"], arrays["telling"]),
            members=Members(arrays["bounds"], arrays["rows"]),
            reasons=Reasons(**{name: arrays[name] for name in Reasons.__slots__}),
            **kept.values,
        )


@dataclass(frozen=True, slots=True)
class Grouped:
    """Articles by story, and why: what ``Found`` says of them but for words.

    The terms of ``reasons`` are numbers of the vocabulary that the vectors were made with.
    """

    labels: Int64
    members: Members
    reasons: Reasons
    limits: dict[str, int]

    def orders(self) -> Iterator[Int64]:
        """Yield the places of the articles of each story: the typical one, then the others."""
        for story, typical in enumerate(self.reasons.typical.tolist()):
            own = self.members.rows[slice(*self.members.bounds[story : story + 2])]
            first = self.members.rows[typical]
            yield np.concatenate([[first], own[own != first]])


def group_articles(
    articles: Articles, vocabulary: Vocabulary, config: Config, threads: int = 1
) -> Grouped:
    """Join articles to stories."""
    linked = link_articles(
        articles,
        terms=len(vocabulary.keys),
        cut=config.story_cut,
        window=config.story_window,
        threads=threads,
    )
    members = Members.of(linked.labels)
    known = vocabulary.documents, vocabulary.balance > 0
    reasons = explain(members, articles.vectors, linked.vectors, known)
    limits = {"story_terms_in_too_many_articles": linked.long_lists}
    return Grouped(linked.labels, members, reasons, limits)


def find_stories(
    texts: Texts,
    source: Source,
    config: Config,
    *,
    documents: Int64,
    days: Int32,
    threads: int = 1,
) -> Found:
    """Find the stories among ``documents``, rows in ascending order.

    ``source`` holds the tokens of all documents (``source_of``), and ``days`` are those of all.
    """
    vocabulary, telling = count_terms(source, documents)
    slots = vocabulary.slots()
    vectors, heads = weigh(source, documents, slots, vocabulary.idf(), threads)
    articles = Articles(vectors, heads, days[documents])
    grouped = group_articles(articles, vocabulary, config, threads)
    wording, reasons = Wording(source, texts), grouped.reasons
    words = [
        wording.words(keys, documents[order])
        for keys, order in zip(vocabulary.keys_of(reasons.terms), grouped.orders(), strict=True)
    ]
    own = wording.own_words(
        vocabulary.keys_of(reasons.member_terms), documents[grouped.members.rows]
    )
    return found_of(grouped, vocabulary, (documents, telling), (words, own))


def found_of(
    grouped: Grouped,
    vocabulary: Vocabulary,
    articles: tuple[Int64, Int64],
    words: tuple[list[list[str | None]], list[list[str]]],
) -> Found:
    """Put together what was found.

    ``articles`` are the documents and how many terms each has; ``words`` those of each story, one
    for each of its terms, and those of each member.
    """
    terms, is_name = grouped.reasons.terms, np.append(vocabulary.balance > 0, False)
    named = is_name[terms].tolist()
    told = [
        list(zip([word or "" for word in own[:size]], names, strict=False))
        for own, names, size in zip(words[0], named, (terms >= 0).sum(axis=1), strict=True)
    ]
    return Found(
        *(articles[0], grouped.labels, articles[1], grouped.members, grouped.reasons),
        words=told,
        member_words=words[1],
        limits=grouped.limits,
    )
