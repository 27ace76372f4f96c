"""What a scan gives back: tables, and their rows as objects."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from dedup.config import Config
from dedup.errors import ConfigError
from dedup.schema import CONTRACT, MORE, Corpus

_SHOWN_WORDS = 5  # of a story


@dataclass(frozen=True, slots=True)
class Document:
    """One document of a result; the scores compare it with ``duplicate_of``."""

    doc_id: str
    path: str | None
    cluster: str
    canonical: bool
    kept: bool
    relation: str | None
    duplicate_of: str | None
    jaccard: float | None
    containment: float | None
    coverage: float | None
    lost_tokens: int | None
    lost_facts: int | None
    lost_share: float | None
    story: str | None
    same_url: str | None
    no_text: bool | None


@dataclass(frozen=True, slots=True)
class Pair:
    """Two documents that share text: how much, and in which relation."""

    a: str
    b: str
    relation: str
    jaccard: float
    containment_a: float
    containment_b: float
    coverage: float
    matched_tokens: int
    changed: str | None


@dataclass(frozen=True, slots=True)
class Passage:
    """A stretch of text that stands in two documents, word for word or re-worded."""

    a: str
    b: str
    start_a: int
    end_a: int
    start_b: int
    end_b: int
    matched_tokens: int
    density: float
    score: float
    level: str
    kind: str


@dataclass(frozen=True, slots=True)
class Repeat:
    """A stretch that occurs more than once in its own document, and the kept one."""

    doc_id: str
    start: int
    end: int
    kept_start: int
    kept_end: int
    reason: str


@dataclass(frozen=True, slots=True)
class Occurrence:
    """Where a family occurs in a document; ``variant`` is 0 where its wording itself does."""

    family: int
    variant: int
    doc_id: str
    start: int
    end: int
    site: str | None
    owner: str | None
    date: str | None
    representative: bool
    similarity: float | None


@dataclass(frozen=True, slots=True, repr=False)
class Family:
    """A wording that several documents hold, with all its occurrences and what kind of text it is.

    ``occurrences`` are those of the wording, ``held_variants`` those of other forms of it.
    """

    family: int
    kind: str
    occurrences: list[Occurrence]
    articles: int
    copies: int
    sites: int
    owners: int
    first_id: str | None
    first_date: str | None
    last_date: str | None
    speaker: str | None
    agency: str | None
    credits: int
    tokens: int
    completed: int
    variants: int
    representative: str
    wording: str
    held_variants: list[Occurrence] = dataclasses.field(default_factory=list)

    def __repr__(self) -> str:
        """Return one line: the kind, where it occurs, who said or credited it, and its begin."""
        outlets = f" of {_several(self.owners, 'outlet')}" if self.owners else ""
        facts = [f"{self.kind} in {_several(self.articles, 'article')}{outlets}"]
        if self.speaker:
            facts.append(self.speaker)
        if self.agency:
            facts.append(f"credited: {self.agency} ({self.credits:,} of {self.articles:,})")
        wording = " ".join(self.wording.split())
        short = wording if len(wording) <= 60 else f"{wording[:59]}…"
        return f"Family({', '.join(facts)}: {short!r})"


@dataclass(frozen=True, slots=True)
class Copying:
    """What one outlet has from another one or from an agency, by one kind of evidence."""

    outlet: str
    source: str
    source_kind: str
    evidence: str
    families: int
    articles: int
    family: int
    doc_id: str


@dataclass(frozen=True, slots=True)
class StoryMember:
    """A document of a story, and why it is in it; of a copy only what it is a copy of is told.

    ``similarity`` is the mean to the other articles, ``words`` are those that make it alike, and
    ``closest`` the one with which it has the closest ``relation``.
    """

    story: str
    doc_id: str
    copy_of: str | None
    similarity: float | None
    words: list[str] | None
    shares_text_with: int | None
    relation: str | None
    closest: str | None

    def __repr__(self) -> str:
        """Return the id, and why it is there.

        >>> StoryMember("a", "b", None, 0.5, ["Hama", "Assad"], 0, None, None)
        b: 0.50, Hama, Assad
        >>> StoryMember("a", "c", "b", None, None, None, None, None)
        c: copy of b
        """
        if self.copy_of is not None:
            return f"{self.doc_id}: copy of {self.copy_of}"
        return f"{self.doc_id}: {self.similarity:.2f}, {', '.join(self.words or ())}"


@dataclass(frozen=True, slots=True)
class Story:
    """Articles that report one event in other words; ``story`` is the id of the first one.

    ``articles`` counts them without copies, ``documents`` with them. ``words`` are those that make
    them alike, with the ``shares`` of their mean ``similarity``; ``series`` tells what is no event:
    articles spread evenly over ``dates``, or reports on one ``form``.
    """

    story: str
    articles: int
    documents: int
    sites: int
    first: str | None
    last: str | None
    typical: str
    similarity: float
    series: str | None
    words: list[str]
    shares: list[float]
    names: list[str]
    members: list[StoryMember] = dataclasses.field(default_factory=list)

    def __repr__(self) -> str:
        """Return the size, the words and the dates in one line.

        >>> Story("a", 5, 6, 4, "2024-12-05", "2024-12-06", "b", 0.5, None, ["Hama"], [0.1], [])
        Story a: 5 articles of 4 sites, 2024-12-05 to 2024-12-06: Hama
        """
        told = f"Story {self.story}: {self.articles:,} articles"
        told += f" of {self.sites:,} sites" if self.sites > 1 else ""
        if self.first is not None:
            told += f", {self.first}" + (f" to {self.last}" if self.last != self.first else "")
        series = " (a series)" if self.series else ""
        return f"{told}{series}: {', '.join(self.words[:_SHOWN_WORDS])}"


@dataclass(frozen=True, repr=False)
class Result:
    """Everything a scan found.

    ``tables`` holds the Arrow tables of the contract; ``documents``, ``pairs``, ``passages`` and
    ``repeats`` are the same rows as objects, made on first use. ``removals`` and ``annotations``
    are what cleaning works from; ``corpus`` holds the documents that the offsets refer to.
    """

    config: Config
    tables: dict[str, pa.Table]
    corpus: Corpus
    removals: pa.Table
    annotations: pa.Table
    review: pa.Array  # bool per document: the guards held back removals, a person should look
    summary: dict[str, Any]

    @property
    def contract(self) -> dict[str, pa.Schema]:
        """The tables that are written: those of the contract, and what ``--against`` adds."""
        return {**CONTRACT, **{name: MORE[name] for name in MORE if name in self.tables}}

    @property
    def named(self) -> dict[str, pa.Table]:
        """``removals`` and ``annotations`` with the id of the document instead of its row."""
        ids = self.corpus.table["doc_id"]
        tables = {"removals": self.removals, "annotations": self.annotations}
        return {
            name: table.set_column(0, "doc_id", ids.take(table["doc"]).cast(pa.string()))
            for name, table in tables.items()
        }

    @cached_property
    def documents(self) -> list[Document]:
        """One entry per document, in order of doc_id."""
        return [Document(**row) for row in self.tables["documents"].to_pylist()]

    @cached_property
    def pairs(self) -> list[Pair]:
        """Confirmed pairs, in order of (a, b)."""
        return [Pair(**row) for row in self.tables["pairs"].to_pylist()]

    @cached_property
    def passages(self) -> list[Passage]:
        """Passages, in order of (a, b, start_a, start_b)."""
        return [Passage(**row) for row in self.tables["passages"].to_pylist()]

    @cached_property
    def repeats(self) -> list[Repeat]:
        """Repeats inside documents, in order of (doc_id, start)."""
        return [Repeat(**row) for row in self.tables["repeats"].to_pylist()]

    @cached_property
    def families(self) -> list[Family]:
        """Passages with all their occurrences: what repeats without saying much last.

        Before that by owners, then by articles. Empty in fast mode, which looks for no passages.

        >>> import dedup
        >>> quote = "“We came with tanks and gave the city back to its rightful owners,”"
        >>> texts = [f"{quote} said Hassan Ghani {day}." for day in ("today", "on Sunday")]
        >>> for family in dedup.scan(texts, find=["passages"]).families:
        ...     print(family.kind, family.articles, family.speaker)
        quote 2 Hassan Ghani
        """
        if "families" not in self.tables:
            return []
        held: dict[int, list[Occurrence]] = {}
        for row in self.tables["occurrences"].to_pylist():
            held.setdefault(row["family"], []).append(Occurrence(**row))
        found = []
        for row in self.tables["families"].to_pylist():
            every = held.get(row["family"], [])
            row["occurrences"] = [each for each in every if each.variant == 0]
            found.append(Family(**row, held_variants=[each for each in every if each.variant]))
        return found

    @cached_property
    def copying(self) -> list[Copying]:
        """Who has text from whom, by the evidence that articles give; most articles first."""
        if "copying" not in self.tables:
            return []
        return [Copying(**row) for row in self.tables["copying"].to_pylist()]

    @cached_property
    def stories(self) -> list[Story]:
        """Stories of two articles or more, the largest first; empty where none were looked for.

        >>> import dedup
        >>> one = "Rebels entered Hama on Thursday after the army of Assad withdrew from the city."
        >>> two = "The army withdrew from Hama, and rebels took the city that Assad had held."
        >>> result = dedup.scan([one, two, "A ship ran aground off Norway; its crew was saved."])
        >>> result.stories
        [Story 0: 2 articles: Hama, Assad, Rebels, withdrew, city]
        >>> [document.story for document in result.documents]
        ['0', '0', None]
        """
        if "stories" not in self.tables:
            return []
        members: dict[str, list[StoryMember]] = {}
        for row in self.tables["story_members"].to_pylist():
            members.setdefault(row["story"], []).append(StoryMember(**row))
        found = [
            Story(**row, members=members.get(row["story"], []))
            for row in self.tables["stories"].to_pylist()
        ]
        return sorted(found, key=lambda each: (-each.articles, each.story))

    @cached_property
    def clusters(self) -> dict[str, list[str]]:
        """Map the name of each cluster of two or more to its members, canonical first."""
        members: dict[str, list[Document]] = {}
        for document in self.documents:
            members.setdefault(document.cluster, []).append(document)
        return {
            name: [each.doc_id for each in sorted(group, key=lambda d: (not d.canonical, d.doc_id))]
            for name, group in members.items()
            if len(group) > 1
        }

    def to_arrow(self, table: str = "documents") -> pa.Table:
        """Return a table of the result: ``documents``, ``pairs``, ``passages`` or ``repeats``.

        Also ``removals`` and ``annotations``, by the id of their document; ``stories`` and
        ``story_members`` where stories were looked for; ``against`` and ``against_passages`` where
        an index was asked.

        >>> import dedup
        >>> dedup.scan(["One text.", "One text!"]).to_arrow("pairs").column_names[:3]
        ['a', 'b', 'relation']
        """
        if table in self.tables:
            return self.tables[table]
        named = self.named
        if table not in named:
            raise ConfigError("table", table, f"one of {', '.join([*self.tables, *named])}")
        return named[table]

    def to_pandas(self, table: str = "documents") -> Any:
        """Return a table of the result, as of ``to_arrow``, as a pandas frame (needs pandas).

        >>> import dedup
        >>> dedup.scan(["One text.", "One text!"]).to_pandas()["kept"].tolist()
        [True, False]
        """
        return self.to_arrow(table).to_pandas()

    def least_certain(self, n: int = 10) -> list[Pair]:
        """Return the ``n`` pairs whose relation another threshold would change first.

        These are the pairs whose Jaccard similarity is nearest to ``config.threshold``, below it
        or above, nearest first. Equal documents are never among them. What is copied and what is
        not should be read here before anything is removed.

        >>> import dedup
        >>> words = [f"word{number}" for number in range(60)]
        >>> texts = [words, [*words[:50], *"ten other words stand at the end of this one".split()]]
        >>> pair = dedup.scan([" ".join(text) for text in texts]).least_certain(1)[0]
        >>> pair.a, pair.b, round(pair.jaccard, 2)
        ('0', '1', 0.76)
        """
        table = self.tables["pairs"]
        rows = np.flatnonzero(pc.not_equal(table["relation"], "exact").to_numpy())
        distance = np.abs(table["jaccard"].to_numpy()[rows] - self.config.threshold)
        nearest = rows[np.argsort(distance, kind="stable")[: max(n, 0)]]
        return [Pair(**row) for row in table.take(pa.array(nearest)).to_pylist()]

    def __repr__(self) -> str:
        """Return the totals in a few lines.

        >>> import dedup
        >>> dedup.scan(["One text.", "One text!", "Another text."])
        Result: 3 read, 2 kept, 1 removed, 0 skipped
          clusters: 1 of 2 documents, the largest of 2
          pairs: 1 exact
          passages: none
          repeats: none
          removals: none
          stories: none
        """
        counts, clusters = self.summary.get("documents", {}), self.summary.get("clusters", {})
        lines = [f"Result: {_counted(counts)}"]
        if "duplicates" in self.config.find and clusters.get("count"):
            members = f"{clusters['documents']:,} documents, the largest of {clusters['largest']:,}"
            lines.append(f"  clusters: {clusters['count']:,} of {members}")
        for name, key in (("pairs", "relations"), ("passages", "passages"), ("repeats", "repeats")):
            if name == "pairs" or name in self.config.find:
                lines.append(f"  {name}: {_counted(self.summary.get(key, {}))}")
        if "repeats" in self.config.find:
            lines.append(f"  removals: {_counted(self.summary.get('removals', {}))}")
        if "stories" in self.summary:
            told = self.summary["stories"]
            series = f", {told['series']:,} of them series" if told["series"] else ""
            some = f"{told['count']:,} of {told['articles']:,} articles{series}"
            lines.append(f"  stories: {some if told['count'] else 'none'}")
        return "\n".join(lines)


def _several(count: int, what: str) -> str:
    return f"{count:,} {what}{'' if count == 1 else 's'}"


def _counted(counts: dict[str, int]) -> str:
    """Return counts by name in one line.

    >>> _counted({"exact": 1200, "near_duplicate": 3})
    '1,200 exact, 3 near_duplicate'
    """
    return ", ".join(f"{count:,} {name}" for name, count in counts.items()) or "none"


def field_names(record: type) -> list[str]:
    """Return the field names of one of the record classes, in order."""
    return [item.name for item in dataclasses.fields(record)]
