"""Seeds of passages over a whole corpus: one shuffle by value, with the limits of one machine.

A seed keeps the documents of least rank, up to ``passage_max_documents``. What comes of a run of
equal seeds are pairs of these documents, and the documents in which the seed does not count. Pairs
are summed up over all seeds, and those that share enough are compared.

There are hundreds of seeds a document, so they travel packed: a row is what a task has of one part
of all values. A part is put in order by one task, in memory.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pyarrow as pa
from pyspark.sql import functions as F

from dedup.config import Config
from dedup.core.arrays import Bool, Int64, UInt64, distinct, offsets_of, runs_of_rows
from dedup.kernels.shingles import MULTIPLIER
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
    map_batches,
    to_driver,
)
from dedup.spark.reading import binary_rows
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

_PACKED: Schema = {"part": "bigint"} | dict.fromkeys(("keys", "ranks", "rows", "places"), "binary")
SHARED: Schema = dict.fromkeys(("what", "a", "b", "n"), "bigint")
_PAIR, _LEFT_OUT, _LIMITS = 0, 1, 2  # in the column ``what``
_LEARNED: Schema = dict.fromkeys(("what", "key", "n"), "bigint")
_COUNTERS, _TOTALS, _WORDS = 0, 1, 2
_WORTH_BITS = (PLACES * max(WORTH.values())).bit_length()  # of what a seed is worth to a pair
_OF_PART = 1 << 21  # seeds of a part, about
_LEAST_PARTS, _MOST_PARTS = 64, 1 << 16
_OF_ROW = 1 << 8  # seeds that are packed in one row, about: a batch of Spark is bounded by its rows
_MOST_OF_ROW = 1 << 11  # … and at most, where parts are few and documents of a batch many
_MOST_SENT = 1 << 20  # seeds that a task packs at a time
_MOST_PAIRS = 1 << 22  # that are summed up at a time, but for those of one seed
_PART_SHIFT = 16  # bits of a key below those that tell its part
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


def packed_seeds(texts: Frame, learned: Learned, config: Config, parts: int) -> Frame:
    """Return the seeds of the documents that take part (row, text, and what goes from each).

    They are packed in rows by the part of all seeds to which they belong (``parts_of``).
    """
    settings = config.as_dict()

    def work(batches: Batches) -> Iterator[pa.RecordBatch]:
        config = Config(**settings)
        return _packed((_seeds(batch, learned, config) for batch in batches), parts)

    return map_batches(texts, work, _PACKED)


def parts_of(tokens: int) -> int:
    """Return into how many parts the seeds of so many tokens are divided."""
    return min(max(2 * tokens // _OF_PART, _LEAST_PARTS), _MOST_PARTS)


class Seeds(NamedTuple):
    """Seeds, each once a document.

    ``keys`` are values mixed with their kind, ``ranks`` what documents are ordered by where there
    are too many. ``marks`` are in how many places a seed is, and its kind in the last bit.
    """

    keys: UInt64
    ranks: UInt64
    rows: Int64
    marks: Int64

    @classmethod
    def of(cls, kinds: Int64, values: UInt64, ranks: UInt64, rows: Int64, places: Int64) -> Seeds:
        """Put seeds together."""
        return cls(values ^ _of_kinds(kinds), ranks, rows, places << 1 | kinds)

    @classmethod
    def joined(cls, parts: Sequence[Seeds]) -> Seeds:
        """Return several as one."""
        return cls(*(np.concatenate(each) for each in zip(*parts, strict=True)))

    @property
    def kinds(self) -> Int64:
        """Return of which kind each is."""
        return self.marks & 1

    @property
    def values(self) -> UInt64:
        """Return the value of each."""
        return self.keys ^ _of_kinds(self.kinds)

    @property
    def places(self) -> Int64:
        """Return in how many places of its document each is."""
        return self.marks >> 1

    def take(self, some: Bool | Int64 | slice) -> Seeds:
        """Return some of them."""
        return Seeds(self.keys[some], self.ranks[some], self.rows[some], self.marks[some])


def _of_kinds(kinds: Int64) -> UInt64:
    return kinds.astype(np.uint64) * MULTIPLIER


def _seeds(batch: pa.RecordBatch, learned: Learned, config: Config) -> Seeds:
    """Return the seeds of a batch of documents."""
    tokens = tokenise_texts(batch_texts(batch))
    words = classify_part(tokens, masked(tokens, batch), languages_of(tokens), learned)
    rows, ranks = column(batch, "row"), mixed_sums(tokens)
    made = []
    for kind in KINDS:
        found = seeds_of(kind, tokens, words, config)
        docs, values, places = _distinct(found.rows, found.values)
        kinds = np.full(len(docs), kind, np.int64)
        made.append(Seeds.of(kinds, values, ranks[docs], rows[docs], places))
    return Seeds.joined(made)


def _packed(seeds: Iterable[Seeds], parts: int) -> Iterator[pa.RecordBatch]:
    """Yield seeds as ``_PACKED``, some at a time: a row for each part."""
    held: list[Seeds] = []
    for each in seeds:
        held.append(each)
        if sum(len(some.keys) for some in held) >= min(_OF_ROW * parts, _MOST_SENT):
            yield _packed_rows(Seeds.joined(held), parts)
            held = []
    if held:
        yield _packed_rows(Seeds.joined(held), parts)


def _packed_rows(seeds: Seeds, parts: int) -> pa.RecordBatch:
    part = ((seeds.keys >> np.uint64(_PART_SHIFT)) % np.uint64(parts)).astype(np.uint16)
    order = np.argsort(part, kind="stable")
    ordered = part[order]
    _, sizes = _runs(ordered)
    nth = np.arange(len(ordered)) - np.repeat(offsets_of(sizes)[:-1], sizes)
    starts = np.flatnonzero(nth % _MOST_OF_ROW == 0)
    present = ordered[starts]
    bounds = np.append(starts, len(order)).astype(np.int64)
    cells = (
        binary_rows(each[order].view(np.uint8), bounds * each.itemsize)
        for each in (*seeds[:3], seeds.marks.astype(np.int32))
    )
    return pa.RecordBatch.from_arrays([pa.array(present, pa.int64()), *cells], list(_PACKED))


def _unpacked(batch: pa.RecordBatch) -> Iterator[tuple[int, Seeds]]:
    """Yield part and seeds of each run of rows of one part."""
    parts = column(batch, "part")
    kinds = (np.uint64, np.uint64, np.int64, np.int32)
    starts = np.flatnonzero(np.diff(parts, prepend=-1))
    for low, high in itertools.pairwise([*starts.tolist(), len(parts)]):
        some = batch.slice(low, high - low)
        cells = (
            np.frombuffer(b"".join(each.to_pylist()), kind)
            for each, kind in zip(some.columns[1:], kinds, strict=True)
        )
        keys, ranks, rows, marks = cells
        yield int(parts[low]), Seeds(keys, ranks, rows, marks.astype(np.int64))


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


def shared_seeds(store: Store, packed: Frame, config: Config) -> SharedSeeds:
    """Return which documents share enough ``packed_seeds``, and what the limits leave out."""
    grouped = packed.repartition("part").sortWithinPartitions("part")
    most = config.passage_max_documents

    def work(batches: Batches) -> Iterator[pa.RecordBatch]:
        number, part = -1, Part(most)
        for batch in batches:
            for own, some in _unpacked(batch):
                if own != number:
                    yield from part.finish()
                    number, part = own, Part(most)
                yield from part.feed(some)
        yield from part.finish()

    found = store.keep(map_batches(grouped, work, SHARED), "shared")
    pairs = found.where(F.col("what") == _PAIR).groupBy("a", "b").agg(F.sum("n").alias("worth"))
    pairs = pairs.where(F.col("worth") >= ENOUGH).select("a", "b")
    left_out = found.where(F.col("what") == _LEFT_OUT)
    left_out = left_out.select(F.col("a").alias("row"), F.col("b").alias("value"), "n")
    sums = found.where(F.col("what") == _LIMITS).agg(F.sum("a"), F.sum("b")).first()
    names = ("seeds_in_too_many_documents", "seed_positions_left_out")
    limits = {name: int(sum_ or 0) for name, sum_ in zip(names, sums, strict=True)}
    return SharedSeeds(store.keep(pairs, "sharing"), left_out, limits)


class Part:
    """Seeds of one part of all values, in any order; of each no more is held than it keeps.

    What a seed keeps of all documents it also keeps of some of them. So where many seeds wait, the
    rest of those in too many documents goes before all are there.
    """

    def __init__(self, most: int, waiting: int = 2 * _OF_PART) -> None:
        self._most = most  # documents that a seed keeps
        self._waiting = waiting  # seeds from which on some go early
        self._held: list[Seeds] = []
        self._count = 0
        self._over: list[UInt64] = []  # keys of seeds in too many documents

    def feed(self, seeds: Seeds) -> Iterator[pa.RecordBatch]:
        """Take in seeds; yield those that do not count in a document, as far as that is known."""
        self._held.append(seeds)
        self._count += len(seeds.keys)
        if self._count >= self._waiting:
            kept, over = self._bounded()
            yield from _left_out(over, 0)
            self._held, self._count = [kept], len(kept.keys)
            self._waiting = max(self._waiting, 2 * self._count)

    def finish(self) -> Iterator[pa.RecordBatch]:
        """Yield what all seeds come to."""
        if not self._held:
            return
        kept, over = self._bounded()
        yield from _left_out(over, len(distinct(np.concatenate(self._over))))
        yield from _pairs(kept)

    def _bounded(self) -> tuple[Seeds, Seeds]:
        """Return the seeds that are held in order of key, and those that do not count."""
        seeds = Seeds.joined(self._held)
        seeds = seeds.take(np.argsort(seeds.keys))
        run, sizes = _runs(seeds.keys)
        crowd = np.flatnonzero(np.repeat(sizes > self._most, sizes))
        crowd = crowd[np.lexsort((seeds.rows[crowd], seeds.ranks[crowd], run[crowd]))]
        nth = np.arange(len(crowd)) - np.searchsorted(run[crowd], run[crowd])
        out = crowd[nth >= self._most]
        self._over.append(distinct(seeds.keys[out]))
        kept = np.ones(len(run), np.bool_)
        kept[out] = False
        return seeds.take(kept), seeds.take(out)


def _runs(ordered: Numbers) -> tuple[Int64, Int64]:
    """Return the number of the run of equal ones of each of ordered values, and the sizes."""
    new = np.ones(len(ordered), np.bool_)
    new[1:] = ordered[1:] != ordered[:-1]
    sizes = np.diff(np.flatnonzero(new), append=len(new))
    return np.cumsum(new) - 1, sizes


def _left_out(seeds: Seeds, oversized: int) -> Iterator[pa.RecordBatch]:
    """Yield seeds that do not count in some documents."""
    rows, values = seeds.rows, folded(seeds.values)
    what = np.append(np.full(len(rows), _LEFT_OUT), _LIMITS)
    a, b = np.append(rows, oversized), np.append(values, seeds.places.sum())
    yield from batches_of({"what": what, "a": a, "b": b, "n": np.append(seeds.kinds, 0)}, SHARED)


def _pairs(seeds: Seeds) -> Iterator[pa.RecordBatch]:
    """Yield the pairs of documents that have a seed in common, and what these are worth.

    Seeds are in order of key. Pairs are summed up over some of them at a time.
    """
    _, sizes = _runs(seeds.keys)
    seeds, sizes = seeds.take(np.repeat(sizes > 1, sizes)), sizes[sizes > 1]
    bounds = offsets_of(sizes)
    for low, high in runs_of_rows(offsets_of(sizes * (sizes - 1) // 2), _MOST_PAIRS):
        some = seeds.take(slice(bounds[low], bounds[high]))
        yield from _pairs_of(some, sizes[low:high])


def _pairs_of(seeds: Seeds, sizes: Int64) -> Iterator[pa.RecordBatch]:
    """Yield what seeds in runs of some ``sizes`` come to."""
    starts, places = offsets_of(sizes)[:-1], seeds.places
    documents, rows = np.unique(seeds.rows, return_inverse=True)
    worths = np.minimum(places, PLACES) * np.array([WORTH[kind] for kind in KINDS])[seeds.kinds]
    found = [np.zeros(0, np.int64)]
    for size in np.unique(sizes).tolist():
        own = starts[sizes == size][:, None] + np.arange(size)
        own = np.take_along_axis(own, np.argsort(rows[own], axis=1), axis=1)
        one, two = np.triu_indices(size, 1)
        pairs = rows[own[:, one]] * len(documents) + rows[own[:, two]]
        # Each place of a seed in the first document counts.
        found.append(((pairs << _WORTH_BITS) + worths[own[:, one]]).ravel())
    pairs, worth = _summed(np.concatenate(found))
    a, b = (documents[each] for each in np.divmod(pairs, len(documents)))
    repeated = int(np.maximum(places - PLACES, 0).sum())
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
