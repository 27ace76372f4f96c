"""The verdict of an index on an article."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from dedup.cleaning.apply import Removal

NEW, SAME, UPDATED, DUPLICATE = "new", "same", "updated", "duplicate"
VERDICTS = (NEW, SAME, UPDATED, DUPLICATE)
# Sums of what duplicates lose, and how many there are of which it is not known.
LOSSES = ("lost_tokens", "lost_facts", "lost_unknown")


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownPassage:
    """A passage that a text shares with the article ``doc_id`` of an index.

    ``start`` and ``end`` are code points of the text, ``other_start`` and ``other_end`` of the
    article. The rest is as in the table ``passages`` of a scan.
    """

    doc_id: str
    start: int
    end: int
    other_start: int
    other_end: int
    matched_tokens: int
    density: float
    score: float
    level: str
    kind: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """Say whether an article was seen, and what it is a copy of.

    ``verdict`` is ``new``, ``same`` (this id with this text: a retry), ``updated`` (this id with
    another text) or ``duplicate`` (of another id, ``duplicate_of``). Of a ``same`` everything else
    is as it was when the text first came, and ``first`` says what its verdict was then; otherwise
    ``first`` is ``verdict``. ``similarity`` is the Jaccard similarity to ``duplicate_of``, or of an
    ``updated`` article to its last version, estimated from the signatures; ``jaccard`` and
    ``containment`` (how much of this article occurs in the other) are exact, and there only where
    the index keeps texts or the two are equal. So are ``lost_tokens`` and ``lost_facts`` of a
    duplicate: the words of running text, and the numbers, dates and names, that stand nowhere in
    ``duplicate_of``. ``cluster`` is the id of the article that began it,
    ``story`` that of the first article of its story, where the index keeps stories.

    >>> Verdict(verdict="new", first="new", cluster="a").kept
    True
    """

    verdict: str
    first: str
    duplicate_of: str | None = None
    relation: str | None = None
    similarity: float | None = None
    jaccard: float | None = None
    containment: float | None = None
    cluster: str | None = None
    story: str | None = None
    lost_tokens: int | None = None
    lost_facts: int | None = None
    removals: tuple[Removal, ...] | None = field(default=None, compare=False)
    passages: tuple[KnownPassage, ...] | None = field(default=None, compare=False)

    @property
    def kept(self) -> bool:
        """Tell whether the text is to be kept: it was no duplicate when it first came."""
        return self.first != DUPLICATE

    @property
    def estimated(self) -> bool:
        """Tell whether it rests on signatures alone: texts were not there to be compared.

        Facts that conflict, and how much of a text would be lost, are looked at in texts only.
        """
        return self.similarity is not None and self.jaccard is None

    def again(self) -> Verdict:
        """Return what a retry gets."""
        return replace(self, verdict=SAME)

    def losses(self) -> dict[str, int]:
        """Return what it adds to the ``LOSSES``: nothing unless it is a duplicate that is new."""
        if self.verdict != DUPLICATE:
            return {}
        values = self.lost_tokens or 0, self.lost_facts or 0, int(self.lost_tokens is None)
        return dict(zip(LOSSES, values, strict=True))


def unknown(name: str) -> Verdict:
    """Return the verdict of an article that has nothing in common with others."""
    return Verdict(verdict=NEW, first=NEW, cluster=name or None)
