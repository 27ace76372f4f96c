"""What a task judges: documents that meet, their pairs, and what rows come of them.

A table holds both: rows of documents, and of pairs (``CONFIRMED``, and what else is known of them).
The code is that of one machine.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pyarrow as pa

from dedup.clusters.canonical import CanonicalOrder
from dedup.clusters.running import kept_running
from dedup.clusters.standing import Standing
from dedup.clusters.stars import Clusters
from dedup.config import Config
from dedup.core.arrays import Float64, Int64, Texts, one_array
from dedup.pipeline.results import lost_stretches
from dedup.pipeline.wording import HeldWords, KeptWords
from dedup.similarity.differences import Differences, Judge
from dedup.similarity.fillings import judge_with_forms
from dedup.similarity.relations import Pairs, join_pairs
from dedup.spark.equals import candidates_of
from dedup.spark.frames import Schema, batch_texts, batches_of, column
from dedup.spark.spans import spans
from dedup.spark.verifying import CONFIRMED
from dedup.text.tokens import Tokens, tokenise_texts

MEMBERS: Schema = {
    "row": "bigint",
    "leader": "bigint",
    "relation": "bigint",
    "jaccard": "double",
    "containment": "double",
    "coverage": "double",
    "share": "double",
    "lost_tokens": "bigint",  # -1: not looked at
    "lost_facts": "bigint",
    "running": "bigint",  # words of running text
    "stand_in": "bigint",
}
MADE: Schema = {
    "what": "bigint",
    **MEMBERS,
    "changed": "string",  # of a pair: facts in conflict
    "start": "bigint",  # of a stretch that is lost
    "end": "bigint",
    "tokens": "bigint",
    "text": "string",
}
LOST = ("lost_tokens", "lost_facts", "running")
MEMBER, PAIR, LOSS, SUPERSEDED = range(4)  # in the column ``what``
DOCUMENT = -1  # in the place of ``b``: a document, and no pair


@dataclass(frozen=True, slots=True)
class Inside:
    """The documents of a table where it is known what goes from inside each."""

    texts: Texts
    tokens: Tokens
    removals: pa.Table

    @classmethod
    def of(cls, documents: pa.Table) -> Inside | None:
        """Return what is known of the documents, None where nothing was looked for."""
        if "removed" not in documents.column_names:
            return None
        texts = batch_texts(documents)
        docs, starts, ends = spans(documents, "removed")
        removals = pa.table({"doc": docs, "start": starts, "end": ends})
        return cls(texts, tokenise_texts(texts), removals)

    def running(self, pairs: Pairs, clusters: Clusters, config: Config) -> Float64:
        """Return how much of the running text of each document stands in its leader."""
        return kept_running(pairs, clusters, self.texts, self.tokens, self.removals, config)


@dataclass(frozen=True, slots=True)
class Judged:
    """Documents in order of ``rows``, and their pairs (places in that order) as they were judged.

    ``before`` are the relations that the pairs had before.
    """

    rows: Int64
    documents: pa.Table
    pairs: Pairs
    before: Int64
    order: CanonicalOrder
    inside: Inside | None
    judge: Judge
    differences: Differences

    @classmethod
    def of(cls, documents: pa.Table, found: pa.Table, config: Config) -> Judged:
        """Judge the pairs that were ``found``; ``documents`` come in order of ``row``."""
        rows = column(documents, "row")
        pairs = pairs_of(found.select(list(CONFIRMED)))
        pairs = replace(pairs, a=np.searchsorted(rows, pairs.a), b=np.searchsorted(rows, pairs.b))
        before, order, inside = (
            pairs.relations.copy(),
            candidates_of(documents),
            Inside.of(documents),
        )
        judge = Judge(
            *(_words(documents, inside), order.lengths, order.dates, config),
            misread=_marked(found, rows, "misread"),
            same_url=_marked(found, rows, "same_url"),
        )
        differences = judge_with_forms(judge, pairs)
        return cls(rows, documents, pairs, before, order, inside, judge, differences)

    def renamed(self) -> Iterator[pa.RecordBatch]:
        """Yield the pairs of another relation than before, and the facts that differ."""
        named = np.flatnonzero(self.pairs.relations != self.before)
        made = {"row": self.rows[self.pairs.a[named]], "leader": self.rows[self.pairs.b[named]]}
        made |= {"relation": self.pairs.relations[named]}
        yield from made_rows(
            PAIR, {**made, "changed": self.differences.changed.take(pa.array(named))}
        )

    def losses(self, standing: Standing) -> Iterator[pa.RecordBatch]:
        """Yield the stretches that documents lose which do not stay."""
        judged, own = (self.pairs, self.differences), np.arange(len(self.rows))
        lost = lost_stretches(judged, own, standing, self.judge).combine_chunks()
        docs = column(lost, "doc")
        made = {name: lost.column(name) for name in ("start", "end", "tokens", "text")}
        made = {name: one_array(cells) for name, cells in made.items()}
        stand_in = self.rows[standing.by[docs]]
        yield from made_rows(LOSS, {**made, "row": self.rows[docs], "stand_in": stand_in})

    def scores(self, edges: Int64, members: Int64) -> dict[str, Any]:
        """Return the scores of each member with what stands for it, and what it loses."""
        pairs = self.pairs
        own_is_a = pairs.a[edges] == members
        containment = np.where(own_is_a, pairs.containment_a[edges], pairs.containment_b[edges])
        return {
            "relation": pairs.relations[edges],
            "jaccard": pairs.jaccard[edges],
            "containment": containment,
            "coverage": pairs.coverage[edges],
            "share": np.where(own_is_a, pairs.share_a[edges], pairs.share_b[edges]),
            **dict(zip(LOST, self.differences.lost(edges, own_is_a), strict=True)),
        }


def pairs_of(table: pa.Table) -> Pairs:
    """Return the rows of a table ``CONFIRMED`` as pairs, in order."""
    return join_pairs([Pairs(**{name: column(table, name) for name in CONFIRMED})])


def made_rows(what: int, columns: dict[str, Any]) -> Iterator[pa.RecordBatch]:
    """Yield rows of one kind as ``MADE``."""
    count = len(columns["row"])
    if count:
        nulls = {name: pa.nulls(count) for name in MADE if name not in columns}
        yield from batches_of({**nulls, **columns, "what": np.full(count, what)}, MADE)


def taken_apart(table: pa.Table) -> tuple[pa.Table, pa.Table]:
    """Return the documents of a table, each once, in order of ``row``, and the pairs in theirs."""
    is_document = column(table, "b") == DOCUMENT
    names = ["row" if name == "a" else name for name in table.column_names]
    documents = table.filter(pa.array(is_document)).rename_columns(names).sort_by("row")
    first = np.flatnonzero(np.diff(column(documents, "row"), prepend=-1) != 0)
    documents = documents.take(pa.array(first)).combine_chunks()
    pairs = table.filter(pa.array(~is_document)).sort_by([("a", "ascending"), ("b", "ascending")])
    return documents, pairs.combine_chunks()


def _marked(found: pa.Table, rows: Int64, name: str) -> Int64 | None:
    """Return the pairs of a table for which a column of it is true, if it has one."""
    if name not in found.column_names:
        return None
    some = np.flatnonzero(found.column(name).to_numpy())
    ends = (np.searchsorted(rows, column(found, side)[some]) for side in "ab")
    return np.stack(list(ends), axis=1)


def _words(documents: pa.Table, inside: Inside | None) -> KeptWords | HeldWords:
    """Return where the words of the documents of a table come from."""
    if inside is not None:
        return HeldWords(inside.texts, inside.tokens, inside.removals)
    texts = batch_texts(documents)
    return KeptWords(texts.data, None, texts.offsets, np.arange(len(documents)))
