"""The wordings of families on the driver, and every occurrence of them by one pass over all texts.

The driver holds numbers only: spans of passages and of removed templates, the hashed words of one
occurrence of each wording, and where wordings occur. The rules are those of ``passages.families``.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa
from pyspark.sql import functions as F

from dedup.core.arrays import Int64, UInt8, UInt64, offsets_of
from dedup.kernels.families import token_spans
from dedup.kernels.regions import MEDIUM
from dedup.passages.families.find import (
    Begun,
    Families,
    Occurrences,
    Text,
    WordingIndex,
    checked,
    complete,
    complete_removed,
    led,
    settle,
    template_keys,
)
from dedup.passages.find import Passages, no_passages
from dedup.spark import spans
from dedup.spark.aligning import SPANS
from dedup.spark.frames import (
    Batches,
    Frame,
    Schema,
    Store,
    batch_texts,
    batches_of,
    column,
    from_driver,
    map_batches,
    to_driver,
)
from dedup.text.stopwords import Learned, Words, classify_part, languages_of
from dedup.text.tokens import Tokens, tokenise_texts

REMOVED: Schema = dict.fromkeys(("row", "low", "high", "key", "rank"), "bigint")
OCCURRING: Schema = dict.fromkeys(
    ("family", "row", "low", "high", "how", "common", "rank"), "bigint"
)
_WORDED: Schema = {"family": "bigint", "hashes": "binary", "classes": "binary"}
WORDS_OF_EDGE = 2  # words of wordings that take as much memory on the driver as a pair
PART_WORDS = 10_000_000  # of wordings that a task holds; one pass over all texts for each part


class TooManyError(Exception):
    """There are more passages or wordings than the driver holds; the argument says how many."""


@dataclass(frozen=True, slots=True)
class Wordings:
    """The words of one occurrence of each wording."""

    bounds: Int64
    hashes: UInt64
    classes: UInt8

    def __len__(self) -> int:
        return len(self.bounds) - 1

    def tokens(self) -> Tokens:
        """Return them as the tokens of a document each."""
        places = np.zeros(len(self.hashes), np.int32)
        flags = np.zeros(len(self.hashes), self.classes.dtype)
        return Tokens(self.bounds, self.hashes, self.hashes, places, places, flags)

    def centres(self) -> Occurrences:
        """Return each as an occurrence that is all of its document."""
        rows, sizes = np.arange(len(self.bounds) - 1), np.diff(self.bounds)
        return Occurrences.of_rows(np.column_stack([rows, rows, 0 * sizes, sizes]), 0)

    def take(self, rows: Int64) -> Wordings:
        """Return some of them."""
        lows, sizes = self.bounds[rows], np.diff(self.bounds)[rows]
        bounds = offsets_of(sizes)
        places = np.arange(bounds[-1]) + np.repeat(lows - bounds[:-1], sizes)
        return Wordings(bounds, self.hashes[places], self.classes[places])


@dataclass(frozen=True, slots=True)
class Ranked:
    """Documents on the driver: their rows in order, and the rank of each."""

    rows: Int64
    ranks: Int64

    @classmethod
    def of(cls, rows: Int64, ranks: Int64) -> Ranked:
        """Take rows, each as often as it may be."""
        distinct, first = np.unique(rows, return_index=True)
        return cls(distinct, ranks[first])

    def place(self, rows: Int64) -> Int64:
        """Return where rows are among these."""
        found: Int64 = np.searchsorted(self.rows, rows)
        return found


@dataclass(frozen=True, slots=True)
class Given:
    """What families are found from: passages, also by tokens (``SPANS``), texts, what is learned.

    ``texts`` have the row, its rank in canonical order, whether it is looked through, and what goes
    from it; ``size`` is the words of an n-gram, ``most`` how many rows the driver holds.
    """

    passages: Frame
    texts: Frame
    learned: Learned
    size: int
    most: int


def find_families(store: Store, given: Given) -> tuple[Families, Int64]:
    """Return families whose documents are numbered, and the row of each of these.

    Raises ``TooManyError`` where the driver would hold too much.
    """
    begun, documents = _begin(store, given)
    if not len(begun.centres.docs):
        none = settle(begun.members, np.zeros(0, np.int64), begun, documents.ranks, 0)
        return none, documents.rows
    words = _words(begun.centres, documents, given)
    index = WordingIndex.of(_text(words, given.size), words.centres(), begun.masked)
    members = led(begun.members, index.leaders)
    known = np.column_stack(
        [members.families, documents.rows[members.docs], members.spans, members.how]
    )
    family, row, low, high, how, common, rank = _found(store, known, (words, index), given)
    every = Ranked.of(
        np.concatenate([documents.rows, row]), np.concatenate([documents.ranks, rank])
    )
    centres = begun.centres
    moved = Occurrences(
        centres.families, every.place(documents.rows[centres.docs]), centres.spans, centres.how
    )
    occurrences = Occurrences(family, every.place(row), np.column_stack([low, high]), how)
    settled = Begun(begun.members, moved, begun.masked)
    return settle(occurrences, common, settled, every.ranks, index.left_out), every.rows


def _found(
    store: Store, known: Int64, wordings: tuple[Wordings, WordingIndex], given: Given
) -> list[Int64]:
    """Return ``OCCURRING`` of all wordings: part by part, as many as a task holds."""
    words, index = wordings
    columns: list[list[Int64]] = []
    cuts = np.flatnonzero(np.diff(words.bounds[:-1] // PART_WORDS, prepend=-1))
    count = 0
    for number, (low, high) in enumerate(itertools.pairwise([*cuts.tolist(), len(words)])):
        own = known[(known[:, 0] >= low) & (known[:, 0] < high)] - np.array([low, 0, 0, 0, 0])
        some = from_driver(store.session, dict(zip(_KNOWN, own.T, strict=True)))
        part = words.take(np.arange(low, high)), index.part(low, high)
        found = _occurring(some, *part, given)
        found = store.keep(found, f"family-occurrences-{number}" if number else _OCCURRENCES)
        count += found.count()
        _check(count, given.most)
        columns.append(to_driver(found, list(OCCURRING)))
        columns[-1][0] += low
    return [np.concatenate(each) for each in zip(*columns, strict=True)]


_KNOWN = ("family", "row", "low", "high", "how")
_OCCURRENCES, _MATCHED = "family-occurrences", "matched_tokens"


def _check(count: int, most: int) -> None:
    if count > most:
        raise TooManyError(count)


def _begin(store: Store, given: Given) -> tuple[Begun, Ranked]:
    """Begin families on the driver, from passages and removed templates."""
    removed = store.keep(_removed(given.texts), "removed-templates")
    passages = given.passages.where(F.col("strength") >= MEDIUM)
    ranks = given.texts.select("row", "rank")
    for side in "ab":
        named = ranks.toDF(f"row_{side}", f"rank_{side}")
        passages = passages.join(named, f"row_{side}")
    names = [*SPANS, _MATCHED, "rank_a", "rank_b"]
    passages = store.keep(passages.select(*names), "family-passages")
    _check(removed.count() + passages.count(), given.most)
    row, low, high, key, rank = to_driver(removed, list(REMOVED))
    found = dict(zip(names, to_driver(passages, names), strict=True))
    documents = Ranked.of(
        np.concatenate([row, found["row_a"], found["row_b"]]),
        np.concatenate([rank, found["rank_a"], found["rank_b"]]),
    )
    stretches = np.column_stack([documents.place(row), low, high])
    shared = _passages(found, documents)
    return Begun.of(stretches, key.view(np.uint64), shared, documents.ranks), documents


def _passages(found: dict[str, Int64], documents: Ranked) -> Passages:
    """Return passages as far as families are made of them, in the order of one machine."""
    order = np.lexsort((found["nth"], found["row_b"], found["row_a"]))
    a, b, *ends, levels = (
        found[name][order]
        for name in ("row_a", "row_b", "low_a", "high_a", "low_b", "high_b", "strength")
    )
    return replace(
        no_passages(),
        a=documents.place(a),
        b=documents.place(b),
        spans=np.stack(ends, axis=1),
        tokens=found[_MATCHED][order],
        levels=levels,
    )


def _removed(texts: Frame) -> Frame:
    """Return the stretches that are removed as templates of a site (``REMOVED``)."""
    if "site_templates" not in texts.columns:
        none = (F.lit(None).cast(kind).alias(name) for name, kind in REMOVED.items())
        return texts.where(F.lit(False)).select(*none)

    def work(batches: Batches) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            tokens = tokenise_texts(batch_texts(batch))
            removed = _templates(batch, tokens)
            docs = removed[:, 0]
            columns = {name: column(batch, name)[docs] for name in ("row", "rank")}
            columns |= {"low": removed[:, 1], "high": removed[:, 2]}
            keys = template_keys(removed, tokens).view(np.int64)
            yield from batches_of({**columns, "key": keys}, REMOVED)

    some = texts.where(F.size("site_templates") > 0)
    return map_batches(some.select("row", "rank", "text", "site_templates"), work, REMOVED)


def _templates(batch: pa.RecordBatch, tokens: Tokens) -> Int64:
    """Return the removed templates of a batch: document, first token, end."""
    docs, starts, ends = spans.spans(batch, "site_templates")
    order = np.lexsort((starts, docs))
    docs, starts, ends = docs[order], starts[order], ends[order]
    found = np.empty((len(docs), 2), np.int64)
    token_spans(docs, starts, ends, tokens.bounds, tokens.starts, found)
    rows: Int64 = np.column_stack([docs, found])[found[:, 1] > found[:, 0]]
    return rows


def _words(centres: Occurrences, documents: Ranked, given: Given) -> Wordings:
    """Bring the words of all centres to the driver."""
    sizes = centres.spans[:, 1] - centres.spans[:, 0]
    _check(int(sizes.sum()), WORDS_OF_EDGE * given.most)
    columns = {"row": documents.rows[centres.docs], "family": np.arange(len(sizes))}
    columns |= {"low": centres.spans[:, 0], "high": centres.spans[:, 1]}
    wanted = from_driver(given.texts.sparkSession, columns).groupBy("row")
    wanted = wanted.agg(F.collect_list(F.struct("family", "low", "high")).alias("wanted"))
    learned = given.learned

    def work(batches: Batches) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            tokens, words = read_words(batch, learned)
            docs, family, low, high = _listed(batch.column("wanted"))
            low, high = low + tokens.bounds[docs], high + tokens.bounds[docs]
            ends = list(zip(low.tolist(), high.tolist(), strict=True))
            made = [
                pa.array([values[a:b].tobytes() for a, b in ends], pa.large_binary())
                for values in (tokens.hashes, words.classes)
            ]
            columns = {"family": family, "hashes": made[0], "classes": made[1]}
            yield from batches_of(columns, _WORDED)

    hashes, classes = [b""] * len(sizes), [b""] * len(sizes)
    for row in map_batches(given.texts.join(wanted, "row"), work, _WORDED).toLocalIterator():
        hashes[row[0]], classes[row[0]] = bytes(row[1]), bytes(row[2])
    return Wordings(
        offsets_of(sizes),
        np.frombuffer(b"".join(hashes), np.uint64),
        np.frombuffer(b"".join(classes), np.uint8),
    )


def read_words(batch: pa.RecordBatch, learned: Learned) -> tuple[Tokens, Words]:
    """Return the tokens of a batch of texts, and the class of each; what goes is blank."""
    tokens = tokenise_texts(batch_texts(batch))
    masked = spans.masked(tokens, batch)
    return tokens, classify_part(tokens, masked, languages_of(tokens), learned)


def _listed(cells: pa.Array) -> tuple[Int64, ...]:
    """Return the document of each struct in a column of lists, and the fields of all."""
    sizes = cells.value_lengths().fill_null(0).to_numpy(zero_copy_only=False)
    fields = (each.to_numpy(zero_copy_only=False) for each in cells.flatten().flatten())
    return np.repeat(np.arange(len(cells)), sizes), *(each.astype(np.int64) for each in fields)


def _text(words: Wordings, size: int) -> Text:
    classed = Words(words.classes, np.zeros(0, np.float32), words.bounds)
    return Text(words.tokens(), classed, size)


def _occurring(known: Frame, wordings: Wordings, index: WordingIndex, given: Given) -> Frame:
    """Return every occurrence of the wordings, of those that overlap the one that is most alike."""
    lists = known.groupBy("row").agg(
        F.collect_list(F.struct("family", "low", "high", "how")).alias("known")
    )
    learned, size = given.learned, given.size

    def work(batches: Batches) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            tokens, words = read_words(batch, learned)
            docs, family, low, high, how = _listed(batch.column("known"))
            text = Text(tokens, words, size)
            found = Occurrences.joined(
                Occurrences(family, docs, np.column_stack([low, high]), how),
                complete(text, index, np.flatnonzero(column(batch, "included")), 1),
                complete_removed(text, index, _templates(batch, tokens)),
            )
            found, common = _checked(found, wordings, tokens)
            columns = {name: column(batch, name)[found.docs] for name in ("row", "rank")}
            columns |= {"family": found.families, "how": found.how, "common": common}
            columns |= {"low": found.spans[:, 0], "high": found.spans[:, 1]}
            yield from batches_of(columns, OCCURRING)

    return map_batches(given.texts.join(lists, "row", "left"), work, OCCURRING)


def _checked(found: Occurrences, wordings: Wordings, tokens: Tokens) -> tuple[Occurrences, Int64]:
    """Check occurrences in some documents against the wordings, which stand behind these."""
    some, families = np.unique(found.families, return_inverse=True)
    own = wordings.take(some)
    hashes = np.concatenate([tokens.hashes, own.hashes])
    bounds = np.concatenate([tokens.bounds, own.bounds[1:] + tokens.bounds[-1]])
    both = replace(tokens, hashes=hashes, bounds=bounds)
    centres = own.centres()
    behind = Occurrences(centres.families, centres.docs + len(tokens), centres.spans, centres.how)
    local = Occurrences(families.astype(np.int64), found.docs, found.spans, found.how)
    kept, common = checked(local, behind, both)
    return Occurrences(some[kept.families], kept.docs, kept.spans, kept.how), common
