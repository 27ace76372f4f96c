"""Passages of pairs of documents that share seeds: the kernels of one machine, group by group.

The texts of pairs meet in groups (``spark.meeting``), and what each pair matches in comes with it.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pyarrow as pa
from pyspark.sql import functions as F

from dedup import schema as records
from dedup.config import Config
from dedup.core.arrays import Bool, Int64, Texts, offsets_of
from dedup.kernels.lines import Stretches
from dedup.passages.find import Passages
from dedup.passages.neighbours import join_neighbours
from dedup.passages.pairwise import find_passages_of
from dedup.pipeline.discount import shingles_left
from dedup.pipeline.results import passages_table
from dedup.pipeline.wording import HeldWords, some_tokens
from dedup.similarity.differences import Judge, may_remove, superseded
from dedup.similarity.relations import NONE, Pairs, Scores, compare_shingles, confirm_pairs
from dedup.similarity.telling import telling_passages
from dedup.spark import spans
from dedup.spark.asked import OF_ADDRESS, Asked
from dedup.spark.equals import GONE
from dedup.spark.frames import (
    Batches,
    Frame,
    Schema,
    Store,
    batch_texts,
    batches_of,
    column,
    map_batches,
    sql_schema,
)
from dedup.spark.meeting import met, whole_groups
from dedup.spark.verifying import CONFIRMED
from dedup.text.shingles import Shingles, shingle_batch
from dedup.text.stopwords import Learned, classify_part, languages_of
from dedup.text.tokens import Tokens, tokenise_texts

PASSAGES = sql_schema(records.PASSAGES)
RELATED: Schema = {
    **CONFIRMED,
    "changed": "string",  # facts in conflict, where it was looked for
    "misread": "boolean",  # whether the two are alike by characters
    "joins": "boolean",  # whether the pair may put them in one cluster
    "old_a": "boolean",  # whether it is a version that gives way, where that was looked for
    "old_b": "boolean",
}
SPANS: Schema = {name: "bigint" for name in (
    "row_a", "row_b", "low_a", "high_a", "low_b", "high_b", "strength", "nth"
)}  # fmt: skip
_NAMED = {name: f"pair_{name}" for name in RELATED}
ALIGNED: Schema = {
    **PASSAGES,
    **SPANS,
    **{_NAMED[name]: kind for name, kind in RELATED.items()},
}
KNOWN = ("row", "doc_id", "tokens", "date_rank", GONE)


class Found(NamedTuple):
    """The passages of some pairs, and the pairs with a relation."""

    passages: Passages
    pairs: Pairs
    tokens: Tokens
    changed: pa.Array
    misread: Bool
    joins: Bool
    old_a: Bool | pa.Array
    old_b: Bool | pa.Array


def align(
    store: Store, pairs: Frame, texts: Frame, learned: Learned, config: Config
) -> tuple[Frame, Frame]:
    """Return the passages of ``meeting.grouped`` pairs, and as ``RELATED`` those with a relation.

    Those of one address come without a relation too. ``texts`` are those of the documents in a
    pair, with the columns ``KNOWN``, and where something goes from inside them also with what does.
    Where copies are sought, what differs is looked at in clusters, else here.
    """
    settings = config.as_dict()

    def work(batches: Batches) -> Iterator[pa.RecordBatch]:
        config = Config(**settings)
        for table in whole_groups(batches):
            yield from _rows(table, _found(table, learned, config))

    made = map_batches(met(pairs, texts), work, ALIGNED)
    made = store.keep(made, "aligned")
    passages = made.where(F.col("a").isNotNull()).select(*PASSAGES, *SPANS)
    found = made.where(F.col("a").isNull())
    return passages, found.select(*(F.col(_NAMED[name]).alias(name) for name in RELATED))


def _found(table: pa.Table, learned: Learned, config: Config) -> Found:
    texts = batch_texts(table)
    tokens = tokenise_texts(texts)
    words = classify_part(tokens, spans.masked(tokens, table), languages_of(tokens), learned)
    asked = Asked.of(table)
    found = join_neighbours(find_passages_of(tokens, words, asked.matched, config), tokens)
    counts = tokens.counts()
    if GONE in table.column_names:
        counts = counts - column(table, GONE)
    telling = telling_passages(found, tokens, spans.tagged(table))
    compare = _Sets(texts, tokens, spans.spans(table, "templates"), config).compare
    pairs = confirm_pairs(
        *(asked.candidates, compare, found, counts, config),
        telling=telling, keep_all=True, misread=asked.misread,
    )  # fmt: skip
    pairs = pairs.take((pairs.relations != NONE) | asked.are(pairs, OF_ADDRESS))
    misread, joins = asked.are_misread(pairs), may_remove(pairs, config)
    if "duplicates" in config.find:
        unknown = pa.nulls(len(pairs))
        return Found(found, pairs, tokens, unknown, misread, joins, unknown, unknown)
    docs, starts, ends = spans.spans(table, "removed")
    removals = pa.table({"doc": docs, "start": starts, "end": ends})
    words_of = HeldWords(texts, tokens, removals)
    dates = column(table, "date_rank")
    differences = Judge(words_of, counts, dates, config).find(pairs)
    old = superseded(pairs, differences, dates, config)
    sides = old[pairs.a], old[pairs.b]
    return Found(found, pairs, tokens, differences.changed, misread, joins, *sides)


@dataclass(frozen=True, slots=True)
class _Sets:
    """Scores pairs of documents by their shingles without templates (spans)."""

    texts: Texts
    tokens: Tokens
    templates: tuple[Int64, Int64, Int64]
    config: Config

    def compare(self, pairs: Int64) -> Scores:
        """Score pairs as ``compare_shingles`` does."""
        rows = np.unique(pairs)
        sets = shingle_batch(self.texts, rows, self.config)
        docs, starts, ends = self.templates
        some = np.intersect1d(rows, docs)
        if len(some):
            ours = np.isin(docs, some)
            places = np.searchsorted(some, docs[ours])
            stretches = Stretches(places, starts[ours], ends[ours])
            tokens = some_tokens(self.tokens, some)
            left = shingles_left(tokens, stretches, self.config.shingle_size)
            sets = _replaced(sets, np.searchsorted(rows, some), left)
        return compare_shingles(np.searchsorted(rows, pairs), sets)


def _replaced(sets: Shingles, places: Int64, left: Shingles) -> Shingles:
    """Return sets with others in some places."""
    parts = [sets.values[low:high] for low, high in itertools.pairwise(sets.offsets.tolist())]
    for number, place in enumerate(places.tolist()):
        parts[place] = left.values[left.offsets[number] : left.offsets[number + 1]]
    offsets = offsets_of(np.array([len(part) for part in parts], np.int64))
    return Shingles(np.concatenate(parts), offsets)


def _rows(table: pa.Table, found: Found) -> Iterator[pa.RecordBatch]:
    ids = table.column("doc_id").chunk(0)
    made = passages_table(found.passages, found.tokens, ids)
    columns = {name: made.column(name).combine_chunks() for name in PASSAGES}
    passages, rows = found.passages, column(table, "row")
    ends = (
        rows[passages.a],
        rows[passages.b],
        *passages.spans.T,
        passages.levels,
        np.arange(len(made)),
    )
    columns |= dict(zip(SPANS, ends, strict=True))
    nulls = {name: pa.nulls(len(made)) for name in ALIGNED if name not in columns}
    yield from batches_of({**columns, **nulls}, ALIGNED)
    pairs = found.pairs
    scores = {_NAMED[name]: getattr(pairs, name) for name in CONFIRMED}
    scores |= {_NAMED[name]: getattr(found, name) for name in RELATED if name not in CONFIRMED}
    scores |= {_NAMED["a"]: rows[pairs.a], _NAMED["b"]: rows[pairs.b]}
    nulls = {name: pa.nulls(len(pairs)) for name in ALIGNED if name not in scores}
    yield from batches_of({**scores, **nulls}, ALIGNED)
