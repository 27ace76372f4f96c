"""What stories need of texts: the terms of all articles, a vector of each, and words to show.

The rules are those of ``stories``; a batch is a corpus whose vocabulary is known.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from pyspark.sql import functions as F

from dedup.core.arrays import Int64, UInt64, offsets_of
from dedup.core.dates import days_of
from dedup.kernels.stories import HEADS, NUMBER, Articles, Source, Vectors
from dedup.spark.arrow import table_to_driver
from dedup.spark.frames import (
    Batches,
    Frame,
    Numbers,
    Schema,
    Store,
    batch_texts,
    batches_of,
    column,
    from_driver,
    map_batches,
    to_driver,
)
from dedup.spark.wordings import read_words
from dedup.stories.explaining import MEMBER_WORDS, STORY_WORDS, Wording
from dedup.stories.find import Grouped
from dedup.stories.vectors import Vocabulary, count_terms, slots_of, source_of, weigh
from dedup.text.stopwords import Learned

_TERMS: Schema = dict.fromkeys(("term", "documents", "balance", "is_number"), "bigint")
_PACKED: Schema = dict.fromkeys(
    ("rows", "days", "telling", "sizes", "terms", "values", "heads"), "binary"
)
_WORDS: Schema = {
    **dict.fromkeys(("what", "key", "place", "order"), "bigint"),
    "word": "string",
}
_SHOWN = pa.schema(
    [*((name, pa.int64()) for name in ("what", "key", "place")), ("word", pa.string())]
)
_OF_STORY, _OF_MEMBER = 0, 1  # in the column ``what``
_STORY_TERMS = [f"story{k}" for k in range(STORY_WORDS)]  # columns of hashes
_MEMBER_TERMS = [f"own{k}" for k in range(MEMBER_WORDS)]


@dataclass(frozen=True, slots=True)
class Weighed:
    """Articles on the driver: their rows in order, how many terms each has, vectors and days."""

    rows: Int64
    telling: Int64
    articles: Articles


def count_vocabulary(store: Store, articles: Frame, learned: Learned) -> Frame:
    """Return in how many articles (row, text, and what goes from each) each term occurs."""

    def work(batches: Batches) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            vocabulary, _ = count_terms(_source(batch, learned), np.arange(len(batch)))
            is_number = vocabulary.balance == NUMBER
            columns = {
                "term": vocabulary.keys.view(np.int64),
                "documents": vocabulary.documents.astype(np.int64),
                "balance": np.where(is_number, 0, vocabulary.balance).astype(np.int64),
                "is_number": is_number.astype(np.int64),
            }
            yield from batches_of(columns, _TERMS)

    sums = (F.sum("documents").alias("documents"), F.sum("balance").alias("balance"))
    counted = map_batches(_known(articles), work, _TERMS).groupBy("term")
    counted = counted.agg(*sums, F.max("is_number").alias("is_number"))
    return store.keep(counted, "story-terms")


def vocabulary_of(counted: Frame, articles: int) -> Vocabulary:
    """Bring the terms of so many articles to the driver."""
    term, documents, balance, is_number = to_driver(counted, list(_TERMS))
    keys = term.view(np.uint64)
    order = np.argsort(keys)
    balance = np.where(is_number > 0, NUMBER, balance).astype(np.int32)
    return Vocabulary(keys[order], documents[order].astype(np.int32), balance[order], articles)


def weigh_articles(
    store: Store, articles: Frame, learned: Learned, vocabulary: Vocabulary
) -> Weighed:
    """Make the vectors of articles (also with their dates), and bring them to the driver."""
    keys, idf = vocabulary.keys, vocabulary.idf()

    def work(batches: Batches) -> Iterator[pa.RecordBatch]:
        slots = slots_of(keys)
        for batch in batches:
            source, rows = _source(batch, learned), np.arange(len(batch))
            vectors, heads = weigh(source, rows, slots, idf)
            given = {
                "rows": column(batch, "row"),
                "days": days_of(pa.chunked_array([batch.column("date")])),
                "telling": count_terms(source, rows)[1],
                "sizes": np.diff(vectors.bounds),
                "terms": vectors.terms,
                "values": vectors.values,
                "heads": heads,
            }
            cells = [pa.array([given[name].tobytes()], pa.large_binary()) for name in _PACKED]
            yield pa.RecordBatch.from_arrays(cells, list(_PACKED))

    packed = map_batches(_known(articles, "date"), work, _PACKED)
    return _weighed(store.keep(packed, "story-vectors"))


_KINDS = (np.int64, np.int32, np.int64, np.int64, np.int32, np.uint16, np.int32)


def _weighed(packed: Frame) -> Weighed:
    parts: list[list[Numbers]] = [[np.zeros(0, kind)] for kind in _KINDS]
    for cells in packed.toLocalIterator():
        for part, cell, kind in zip(parts, cells, _KINDS, strict=True):
            part.append(np.frombuffer(bytes(cell), kind))
    columns: list[Numbers] = [np.concatenate(part) for part in parts]
    rows, days, telling, sizes, terms, values, heads = columns
    order = np.argsort(rows)
    lows, sizes = offsets_of(sizes)[:-1][order], sizes[order]
    bounds = offsets_of(sizes)
    places = np.arange(bounds[-1]) + np.repeat(lows - bounds[:-1], sizes)
    vectors = Vectors(bounds, terms[places], values[places])
    heads = heads.reshape(-1, HEADS)[order]
    return Weighed(rows[order], telling[order], Articles(vectors, heads, days[order]))


def words_to_show(
    store: Store, articles: Frame, learned: Learned, wanted: tuple[Grouped, Vocabulary, Int64]
) -> tuple[list[list[str | None]], list[list[str]]]:
    """Return the words of each story, one a term, and of each member, as articles write them.

    ``wanted`` are the stories, the terms, and the row of each article.
    """
    grouped, vocabulary, rows = wanted
    keys = vocabulary.keys_of(grouped.reasons.terms)
    own = vocabulary.keys_of(grouped.reasons.member_terms)
    asked = _asked(grouped, keys, own, rows)
    frame = _known(articles).join(from_driver(store.session, asked), "row")

    def work(batches: Batches) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            yield from batches_of(_words(batch, learned), _WORDS)

    found = map_batches(frame, work, _WORDS).groupBy("what", "key", "place")
    first = found.agg(F.min(F.struct("order", "word")).alias("first"))
    shown = store.keep(first.select(*_SHOWN.names[:3], "first.word"), "story-words")
    of_stories: list[list[str | None]] = [[None] * keys.shape[1] for _ in keys]
    of_members: list[list[str]] = [[] for _ in own]
    table = table_to_driver(shown, _SHOWN).sort_by([(name, "ascending") for name in _SHOWN.names])
    for what, key, place, word in zip(*(each.to_pylist() for each in table.columns), strict=True):
        if what == _OF_STORY:
            of_stories[key][place] = word
        else:
            of_members[key].append(word)
    return of_stories, of_members


def _asked(grouped: Grouped, keys: UInt64, own: UInt64, rows: Int64) -> dict[str, Int64]:
    """Return for each member its row, its story, how far behind it is there, and both's terms."""
    members, stories = grouped.members, grouped.members.stories()
    order = np.arange(len(members.rows)) - members.bounds[:-1][stories] + 1
    order[grouped.reasons.typical] = 0
    columns = {"row": rows[members.rows], "story": stories, "order": order}
    columns["member"] = np.arange(len(members.rows))
    columns |= {name: keys[stories, k].view(np.int64) for k, name in enumerate(_STORY_TERMS)}
    columns |= {name: own[:, k].copy().view(np.int64) for k, name in enumerate(_MEMBER_TERMS)}
    return columns


def _words(batch: pa.RecordBatch, learned: Learned) -> dict[str, pa.Array | Int64]:
    """Return as ``_WORDS`` the words of the articles of a batch."""
    texts = batch_texts(batch)
    wording, rows = Wording(_source(batch, learned), texts), np.arange(len(batch))
    found: list[tuple[int, int, int, int, str]] = []
    of_story, order, member = (column(batch, name) for name in ("story", "order", "member"))
    for row, terms in enumerate(_terms(batch, _STORY_TERMS)):
        words = wording.words(terms, rows[row : row + 1])
        found += [
            (_OF_STORY, of_story[row], place, order[row], word)
            for place, word in enumerate(words)
            if word is not None
        ]
    for row, own in enumerate(wording.own_words(_terms(batch, _MEMBER_TERMS), rows)):
        found += [(_OF_MEMBER, member[row], place, 0, word) for place, word in enumerate(own)]
    what, key, place, nth, word = zip(*found, strict=True) if found else ((),) * 5
    numbers = (np.array(each, np.int64) for each in (what, key, place, nth))
    return {**dict(zip(_WORDS, numbers, strict=False)), "word": pa.array(word, pa.string())}


def _terms(batch: pa.RecordBatch, names: list[str]) -> UInt64:
    """Return columns of hashes as a row for each article of a batch."""
    columns = [column(batch, each).view(np.uint64) for each in names]
    return np.ascontiguousarray(np.stack(columns, axis=1))


def _known(articles: Frame, *more: str) -> Frame:
    names = ["row", *more, "text", "removed"]
    return articles.select(*(name for name in names if name in articles.columns))


def _source(batch: pa.RecordBatch, learned: Learned) -> Source:
    return source_of(*read_words(batch, learned))
