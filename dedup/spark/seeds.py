"""Seeds of passages over a whole corpus: one shuffle by value, with the limits of one machine.

A seed keeps the documents of least rank, up to ``passage_max_documents``. What comes of a run of
equal seeds are pairs of these documents, and the documents in which the seed does not count. Pairs
are summed up over all seeds, and those that share enough are compared.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from pyspark.sql import functions as F

from dedup.config import Config
from dedup.core.arrays import Int64, UInt64
from dedup.passages.pairwise import ENOUGH, KINDS, WORTH, are_among_few, mixed, seeds_of
from dedup.passages.seeds import PLACES, mixed_sums
from dedup.spark.frames import (
    Batches,
    Frame,
    Numbers,
    Schema,
    Store,
    batch_texts,
    batches_of,
    column,
    folded,
    gathered,
    map_batches,
    to_driver,
)
from dedup.spark.spans import masked
from dedup.text.stopwords import (
    COUNTERS,
    Discount,
    Learned,
    classify_part,
    common_words,
    has_common,
    languages_of,
)
from dedup.text.tokens import tokenise_texts

SEEDS: Schema = dict.fromkeys(("kind", "value", "rank", "row", "places"), "bigint")
SHARED: Schema = dict.fromkeys(("what", "a", "b", "n"), "bigint")
_PAIR, _LEFT_OUT, _LIMITS = 0, 1, 2  # in the column ``what``
_LEARNED: Schema = dict.fromkeys(("what", "key", "n"), "bigint")
_COUNTERS, _TOTALS, _WORDS = 0, 1, 2
_WORTH_BITS = (PLACES * max(WORTH.values())).bit_length()  # of what a seed is worth to a pair
_AT_ONCE = 1 << 16  # seeds that are looked at together, about
_MOST_WORDS = 1 << 16  # of documents without a stop list that are looked at first


@dataclass(frozen=True, slots=True)
class SharedSeeds:
    """Pairs (a, b) that share enough seeds, seeds that do not count in a row, and the limits."""

    pairs: Frame
    left_out: Frame
    limits: dict[str, int]


def learn(store: Store, texts: Frame) -> Learned:
    """Return what all documents (row, group, text) say of words; the driver adds a million sums.

    Documents of one group count once in the frequencies.
    """

    def work(batches: Batches) -> Iterator[pa.RecordBatch]:
        discount = Discount()
        for batch in batches:
            tokens = tokenise_texts(batch_texts(batch))
            discount.learn(tokens, column(batch, "row") == column(batch, "group"))
        counters, totals, types, counts = discount.counted()
        some = np.flatnonzero(counters)
        yield from _sums(_COUNTERS, some, counters[some])
        yield from _sums(_TOTALS, np.arange(len(totals)), totals)
        yield from _sums(_WORDS, folded(types), counts)

    parts = map_batches(texts.select("row", "group", "text"), work, _LEARNED)
    sums = store.keep(parts.groupBy("what", "key").agg(F.sum("n").alias("n")), "learned")
    counters = np.zeros(COUNTERS, np.int32)
    places, values = to_driver(sums.where(F.col("what") == _COUNTERS), ["key", "n"])
    counters[places] = values
    places, values = to_driver(sums.where(F.col("what") == _TOTALS), ["key", "n"])
    totals = np.zeros(int(places.max(initial=-1)) + 1, np.int64)
    totals[places] = values
    return Learned(_common(sums.where(F.col("what") == _WORDS)), counters, totals)


def _sums(what: int, keys: Numbers, sums: Numbers) -> Iterator[pa.RecordBatch]:
    columns = {"what": np.full(len(keys), what), "key": keys, "n": sums.astype(np.int64)}
    yield from batches_of(columns, _LEARNED)


def _common(words: Frame) -> UInt64:
    """Return the table of words to discount, from the most frequent on, until there are enough."""
    total = int(words.agg(F.sum("n")).first()[0] or 0)
    most = _MOST_WORDS
    while True:
        keys, counts = to_driver(words.orderBy(F.desc("n"), "key").limit(most), ["key", "n"])
        if has_common(counts, total) or len(keys) < most:
            types = folded(keys.view(np.uint64)).view(np.uint64)
            return common_words(types, counts, total)
        most *= 4


def seed_rows(texts: Frame, learned: Learned, config: Config) -> Frame:
    """Return ``SEEDS`` of the documents that take part (row, text, and what goes from each)."""
    settings = config.as_dict()

    def work(batches: Batches) -> Iterator[pa.RecordBatch]:
        config = Config(**settings)
        for batch in batches:
            tokens = tokenise_texts(batch_texts(batch))
            words = classify_part(tokens, masked(tokens, batch), languages_of(tokens), learned)
            rows, ranks = column(batch, "row"), folded(mixed_sums(tokens))
            for kind in KINDS:
                found = seeds_of(kind, tokens, words, config)
                docs, values, places = _distinct(found.rows, found.values)
                columns = {"value": folded(values), "row": rows[docs], "rank": ranks[docs]}
                columns |= {"kind": np.full(len(docs), kind), "places": places}
                yield from batches_of(columns, SEEDS)

    return map_batches(texts, work, SEEDS)


def _distinct(rows: Numbers, values: UInt64) -> tuple[Int64, UInt64, Int64]:
    """Return each seed of a document once, in no order, and in how many places of it."""
    rows = rows.astype(np.int64)
    keys = mixed(rows, values)
    ordered = np.sort(keys)
    # To bring all into order takes ten times as long, and few stand in two places.
    several = are_among_few(keys, ordered[1:][ordered[1:] == ordered[:-1]])
    once = rows[~several], values[~several]
    rows, values = rows[several], values[several]
    order = np.lexsort((values, rows))
    rows, values = rows[order], values[order]
    new = np.ones(len(rows), np.bool_)
    new[1:] = (rows[1:] != rows[:-1]) | (values[1:] != values[:-1])
    starts = np.flatnonzero(new)
    places = np.append(np.ones(len(once[0]), np.int64), np.diff(starts, append=len(rows)))
    return np.append(once[0], rows[starts]), np.append(once[1], values[starts]), places


def shared_seeds(store: Store, seeds: Frame, config: Config) -> SharedSeeds:
    """Return which documents share enough seeds, and what the limits leave out."""
    grouped = seeds.repartition("kind", "value")
    grouped = grouped.sortWithinPartitions("kind", "value", "rank", "row")
    most = config.passage_max_documents

    def work(batches: Batches) -> Iterator[pa.RecordBatch]:
        runs = _Runs(most)
        for table in gathered(batches, _AT_ONCE):
            yield from runs.feed([column(table, name) for name in SEEDS])
        yield from runs.finish()

    found = store.keep(map_batches(grouped, work, SHARED), "shared")
    pairs = found.where(F.col("what") == _PAIR).groupBy("a", "b").agg(F.sum("n").alias("worth"))
    pairs = pairs.where(F.col("worth") >= ENOUGH).select("a", "b")
    left_out = found.where(F.col("what") == _LEFT_OUT)
    left_out = left_out.select(F.col("a").alias("row"), F.col("b").alias("value"), "n")
    sums = found.where(F.col("what") == _LIMITS).agg(F.sum("a"), F.sum("b")).first()
    names = ("seeds_in_too_many_documents", "seed_positions_left_out")
    limits = {name: int(sum_ or 0) for name, sum_ in zip(names, sums, strict=True)}
    return SharedSeeds(store.keep(pairs, "sharing"), left_out, limits)


class _Runs:
    """Runs of equal seeds in order of rank; of one that goes on only what it keeps is held."""

    def __init__(self, most: int) -> None:
        self._most = most  # documents that a seed keeps
        self._held: list[Numbers] = [np.zeros(0, np.int64) for _ in SEEDS]
        self._is_over = False  # of the run that is held: it was in more documents

    def feed(self, rows: list[Numbers]) -> Iterator[pa.RecordBatch]:
        """Take in columns of seeds; yield what the runs before the last one come to."""
        columns = [np.concatenate(pair) for pair in zip(self._held, rows, strict=True)]
        if not len(columns[0]):
            return
        starts = _starts(columns)
        run = np.repeat(np.arange(len(starts)), np.diff(starts, append=len(columns[0])))
        over = np.arange(len(run)) - starts[run] >= self._most
        oversized = np.unique(run[over])
        if over.any():
            count = len(oversized) - int(self._is_over and oversized[0] == 0)
            yield from _left_out([each[over] for each in columns], count)
        goes_on = self._is_over and len(starts) == 1
        self._is_over = bool(goes_on or (len(oversized) and oversized[-1] == len(starts) - 1))
        kept, is_last = ~over, run == len(starts) - 1
        yield from _pairs([each[kept & ~is_last] for each in columns])
        self._held = [each[kept & is_last] for each in columns]

    def finish(self) -> Iterator[pa.RecordBatch]:
        """Yield what the last run comes to."""
        if len(self._held[0]):
            yield from _pairs(self._held)


def _starts(columns: list[Numbers]) -> Int64:
    """Return where each run of equal kind and value begins."""
    kinds, values = columns[:2]
    new = np.ones(len(kinds), np.bool_)
    new[1:] = (kinds[1:] != kinds[:-1]) | (values[1:] != values[:-1])
    return np.flatnonzero(new)


def _left_out(columns: list[Numbers], oversized: int) -> Iterator[pa.RecordBatch]:
    """Yield seeds that do not count in some documents."""
    kinds, values, _, rows, places = columns
    what = np.append(np.full(len(rows), _LEFT_OUT), _LIMITS)
    a, b, n = np.append(rows, oversized), np.append(values, places.sum()), np.append(kinds, 0)
    yield from batches_of({"what": what, "a": a, "b": b, "n": n}, SHARED)


def _pairs(columns: list[Numbers]) -> Iterator[pa.RecordBatch]:
    """Yield the pairs of documents of whole runs, with what their common seeds are worth."""
    if not len(columns[0]):
        return
    starts = _starts(columns)
    sizes = np.diff(starts, append=len(columns[0]))
    kinds, _, _, rows, places = columns
    documents, rows = np.unique(rows, return_inverse=True)
    worths = np.minimum(places, PLACES) * np.array([WORTH[kind] for kind in KINDS])[kinds]
    found = [np.zeros(0, np.int64)]
    for size in np.unique(sizes[sizes > 1]).tolist():
        own = starts[sizes == size][:, None] + np.arange(size)
        own = np.take_along_axis(own, np.argsort(rows[own], axis=1), axis=1)
        one, two = np.triu_indices(size, 1)
        pairs = rows[own[:, one]] * len(documents) + rows[own[:, two]]
        # Each place of a seed in the first document counts.
        found.append(((pairs << _WORTH_BITS) + worths[own[:, one]]).ravel())
    pairs, worth = _summed(np.concatenate(found))
    a, b = (documents[each] for each in np.divmod(pairs, len(documents)))
    shared = np.repeat(sizes > 1, sizes)
    repeated = int(np.maximum(places[shared] - PLACES, 0).sum())
    what = np.append(np.full(len(worth), _PAIR), _LIMITS)
    columns = [np.append(a, 0), np.append(b, repeated), np.append(worth, 0)]
    named = dict(zip(("a", "b", "n"), columns, strict=True))
    yield from batches_of({"what": what, **named}, SHARED)


def _summed(packed: Int64) -> tuple[Int64, Int64]:
    """Return each pair once and the sum of its worths; they come packed in one number each."""
    packed = np.sort(packed)  # several times as fast as an order of them
    pairs = packed >> _WORTH_BITS
    first = np.flatnonzero(np.diff(pairs, prepend=-1))
    worths = packed & ((1 << _WORTH_BITS) - 1)
    sums = np.add.reduceat(worths, first) if len(first) else first
    return pairs[first], sums
