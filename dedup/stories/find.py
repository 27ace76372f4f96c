"""All stories of a corpus: its articles without copies to vectors, partners, groups and reasons."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dedup.config import Config
from dedup.core.arrays import Int32, Int64, Texts
from dedup.core.checkpoints import Kept
from dedup.kernels.stories import Articles, Source
from dedup.stories.explaining import Members, Reasons, Wording, explain
from dedup.stories.linking import link_articles
from dedup.stories.vectors import count_terms, weigh

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
    keys = vocabulary.terms.keys
    vectors, heads = weigh(source, documents, keys, vocabulary.idf(), threads)
    linked = link_articles(
        Articles(vectors, heads, days[documents]),
        terms=len(keys),
        cut=config.story_cut,
        window=config.story_window,
        threads=threads,
    )
    members = Members.of(linked.labels)
    reasons = explain(members, vectors, linked.vectors)
    wording = Wording(source, texts, vocabulary)
    return Found(
        *(documents, linked.labels, telling, members, reasons),
        words=_story_words(wording, members, reasons, documents),
        member_words=wording.own_words(reasons.member_terms, documents[members.rows]),
        limits={"story_terms_in_too_many_articles": linked.long_lists},
    )


def _story_words(
    wording: Wording, members: Members, reasons: Reasons, documents: Int64
) -> list[list[tuple[str, bool]]]:
    """Return the words of each story, as its typical article writes them, and which are names."""
    words = []
    for story, terms in enumerate(reasons.terms):
        own = members.rows[members.bounds[story] : members.bounds[story + 1]]
        typical = members.rows[reasons.typical[story]]
        order = np.concatenate([[typical], own[own != typical]])
        words.append(wording.words(terms, documents[order]))
    return words
