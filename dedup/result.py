"""What a scan gives back: tables, and their rows as objects."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import pyarrow as pa

from dedup.config import Config
from dedup.schema import CONTRACT, MORE, Corpus


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
    """A stretch that stands again in its own document, and the copy that stays."""

    doc_id: str
    start: int
    end: int
    kept_start: int
    kept_end: int
    reason: str


@dataclass(frozen=True)
class Result:
    """Everything a scan found.

    ``tables`` holds the Arrow tables of the contract; ``documents``, ``pairs``, ``passages`` and
    ``repeats`` are the same rows as objects, made on first use. ``removals`` and ``annotations``
    are what cleaning works from; ``texts`` is the corpus the offsets refer to.
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


def field_names(record: type) -> list[str]:
    """Return the field names of one of the record classes, in order."""
    return [item.name for item in dataclasses.fields(record)]
