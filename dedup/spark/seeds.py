"""Seeds of passages over a whole corpus: a shuffle by value, with the limits of one machine.

A seed keeps the documents of least rank, up to ``passage_max_documents``. What comes of a run of
equal seeds are the places at which pairs of these documents match. A second shuffle brings those of
a pair together; where they may make a passage, the pair goes on with them.

There are hundreds of seeds a document, so they travel packed: a row is what a task has of one part
of all values, or of all pairs. A part is put in order by one task, in memory.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pyarrow as pa
from pyspark.sql import functions as F

from dedup.config import Config
from dedup.core.arrays import Bool, Int64, UInt64, are_new, distinct, offsets_of, runs_of_rows
from dedup.kernels.shingles import MULTIPLIER
from dedup.passages.pairwise import (
    KINDS,
    first_places,
    matches_of,
    mixed,
    promising,
    seeds_of,
)
from dedup.passages.seeds import mixed_sums
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
from dedup.spark.packing import MOST_PARTS, binary_rows, packed_rows, runs_of, unpacked
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

_PACKED: Schema = {"part": "bigint"} | dict.fromkeys(("keys", "ranks", "rows", "marks"), "binary")
_KINDS = (np.uint64, np.uint64, np.int64, np.int64)
_MATCHES: Schema = {"part": "bigint"} | dict.fromkeys(("a", "b", "matches"), "binary")
_LIMITS = -1  # a part of ``_MATCHES`` that counts what the limits leave out
SHARED: Schema = {"a": "bigint", "b": "bigint", "matches": "binary"}  # none: a and b are limits
_LEARNED: Schema = dict.fromkeys(("what", "key", "n"), "bigint")
_COUNTERS, _TOTALS, _WORDS = 0, 1, 2
_OF_PART = 1 << 21  # seeds of a part, about
_FINER = 4  # parts of all pairs for one of all seeds: where seeds crowd, matches are many
_LEAST_PARTS = 64
_OF_ROW = 1 << 8  # seeds that are packed in one row, about: a batch of Spark is bounded by its rows
_MOST_SENT = 1 << 20  # seeds, or matches, that a task packs at a time
_MOST_MATCHES = 1 << 20  # that are made at a time, but for those of one seed
_PART_SHIFT = np.uint64(16)  # bits of a key below those that tell its part
_MOST_WORDS = 1 << 16  # of documents without a stop list that are looked at first
_REST_BITS, _KIND_BITS = 32, 1  # of a mark, below those of what does not count; those of the kind
_PLACE = (1 << _REST_BITS - _KIND_BITS) - 1
_BYTES = 1 << 23  # of matches that go back to Spark at a time, but for those of one pair


@dataclass(frozen=True, slots=True)
class SharedSeeds:
    """Pairs (a, b) that may share a passage, with the seeds that they match in, and the limits."""

    pairs: Frame
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
    return min(max(2 * tokens // _OF_PART, _LEAST_PARTS), MOST_PARTS)


class Seeds(NamedTuple):
    """Seeds, each once a place.

    ``keys`` are values mixed with their kind, ``ranks`` what documents are ordered by where there
    are too many. ``marks`` hold the kind in the last bit, then the place, then in how many places
    behind the last one that counts the document has the seed too.
    """

    keys: UInt64
    ranks: UInt64
    rows: Int64
    marks: Int64

    @classmethod
    def of(cls, kind: int, values: UInt64, documents: tuple[UInt64, Int64], marks: Int64) -> Seeds:
        """Put seeds of one kind together; ``documents`` are ranks and rows, ``marks`` have none."""
        return cls(values ^ (np.uint64(kind) * MULTIPLIER), *documents, marks | kind)

    @classmethod
    def joined(cls, parts: Sequence[Seeds]) -> Seeds:
        """Return several as one."""
        return cls(*(np.concatenate(each) for each in zip(*parts, strict=True)))

    @property
    def kinds(self) -> Int64:
        """Return of which kind each is."""
        return self.marks & 1

    @property
    def places(self) -> Int64:
        """Return the token of each."""
        return (self.marks >> _KIND_BITS) & _PLACE

    @property
    def rest(self) -> Int64:
        """Return how many places that do not count each stands for."""
        return self.marks >> _REST_BITS

    def take(self, some: Bool | Int64 | slice) -> Seeds:
        """Return some of them."""
        return Seeds(self.keys[some], self.ranks[some], self.rows[some], self.marks[some])


def _seeds(batch: pa.RecordBatch, learned: Learned, config: Config) -> Seeds:
    """Return the seeds of a batch of documents."""
    tokens = tokenise_texts(batch_texts(batch))
    words = classify_part(tokens, masked(tokens, batch), languages_of(tokens), learned)
    rows, ranks = column(batch, "row"), mixed_sums(tokens)
    made = []
    for kind in KINDS:
        found = seeds_of(kind, tokens, words, config)
        some, rest = first_places(found)
        docs, places = found.rows[some], found.places[some].astype(np.int64)
        marks = (rest << _REST_BITS) | (places << _KIND_BITS)
        made.append(Seeds.of(kind, found.values[some], (ranks[docs], rows[docs]), marks))
    return Seeds.joined(made)


def _packed(seeds: Iterable[Seeds], parts: int) -> Iterator[pa.RecordBatch]:
    """Yield seeds as ``_PACKED``, some at a time: in rows of one part."""
    held: list[Seeds] = []
    for each in seeds:
        held.append(each)
        if sum(len(some.keys) for some in held) >= min(_OF_ROW * parts, _MOST_SENT):
            yield _packed_rows(Seeds.joined(held), parts)
            held = []
    if held:
        yield _packed_rows(Seeds.joined(held), parts)


def _packed_rows(seeds: Seeds, parts: int) -> pa.RecordBatch:
    return packed_rows(seeds.keys >> _PART_SHIFT, parts, list(_PACKED)[1:], seeds)


def shared_seeds(store: Store, packed: Frame, config: Config, parts: int) -> SharedSeeds:
    """Return which documents may share a passage by their ``packed_seeds``, and the limits."""
    most, settings = config.passage_max_documents, config.as_dict()
    of_pairs = min(_FINER * parts, MOST_PARTS)

    def match(batches: Batches) -> Iterator[pa.RecordBatch]:
        yield from _sent(_matches(batches, most), of_pairs)

    def pair(batches: Batches) -> Iterator[pa.RecordBatch]:
        yield from _pairs(batches, Config(**settings))

    matched = map_batches(_by_part(packed), match, _MATCHES)
    found = store.keep(map_batches(_by_part(matched), pair, SHARED), "shared")
    sums = found.where(F.col("matches").isNull()).agg(F.sum("a"), F.sum("b")).first()
    names = ("seeds_in_too_many_documents", "seed_positions_left_out")
    limits = {name: int(sum_ or 0) for name, sum_ in zip(names, sums, strict=True)}
    return SharedSeeds(found.where(F.col("matches").isNotNull()), limits)


def _by_part(packed: Frame) -> Frame:
    return packed.repartition("part").sortWithinPartitions("part")


class Matches(NamedTuple):
    """Seeds that pairs of documents (a, b) share, as ``pairwise.matches_of`` has them."""

    a: Int64
    b: Int64
    matches: Int64

    def take(self, order: Int64) -> Matches:
        """Return some of them."""
        return Matches(*(each[order] for each in self))


def _matches(batches: Batches, most: int) -> Iterator[Matches | Limits]:
    """Yield what the seeds of each part come to; those of a part come one behind the other."""
    number, part = -1, Part(most)
    for batch in batches:
        for own, cells in unpacked(batch, _KINDS):
            if own != number:
                yield from part.finish()
                number, part = own, Part(most)
            part.feed(Seeds(*cells))
    yield from part.finish()


class Limits(NamedTuple):
    """How many seeds are in too many documents, and how many places are left out."""

    seeds: int
    places: int


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
        self._left_out = 0

    def feed(self, seeds: Seeds) -> None:
        """Take in seeds."""
        self._held.append(seeds)
        self._count += len(seeds.keys)
        if self._count >= self._waiting:
            kept = self._bounded()
            self._held, self._count = [kept], len(kept.keys)
            self._waiting = max(self._waiting, 2 * self._count)

    def finish(self) -> Iterator[Matches | Limits]:
        """Yield what all seeds come to."""
        if not self._held:
            return
        seeds = self._bounded()
        _, sizes = runs_of(seeds.keys)
        seeds, sizes = seeds.take(np.repeat(sizes > 1, sizes)), sizes[sizes > 1]
        bounds = offsets_of(sizes)
        for low, high in runs_of_rows(offsets_of(sizes * (sizes - 1) // 2), _MOST_MATCHES):
            some = seeds.take(slice(bounds[low], bounds[high]))
            made, rest = _matches_of(some, sizes[low:high])
            self._left_out += rest
            yield made
        yield Limits(len(distinct(np.concatenate(self._over))), self._left_out)

    def _bounded(self) -> Seeds:
        """Return the seeds that are held, in order of key, without those that do not count."""
        seeds = Seeds.joined(self._held)
        seeds = seeds.take(np.argsort(seeds.keys))
        run, sizes = runs_of(seeds.keys)
        crowd = np.flatnonzero(np.repeat(sizes > self._most, sizes))
        crowd = crowd[np.lexsort((seeds.rows[crowd], seeds.ranks[crowd], run[crowd]))]
        runs, rows = run[crowd], seeds.rows[crowd]
        document: Int64 = np.cumsum(are_new(runs, rows))
        nth: Int64 = document - document[np.searchsorted(runs, runs)]
        out = crowd[nth >= self._most]
        self._over.append(distinct(seeds.keys[out]))
        self._left_out += len(out) + int(seeds.rest[out].sum())
        kept = np.ones(len(run), np.bool_)
        kept[out] = False
        return seeds.take(kept)


def _matches_of(seeds: Seeds, sizes: Int64) -> tuple[Matches, int]:
    """Return what seeds in runs of some ``sizes`` match, and how many places are left out."""
    starts, rows, places = offsets_of(sizes)[:-1], seeds.rows, seeds.places
    pairs = [np.zeros((2, 0), np.int64)]
    for size in np.unique(sizes).tolist():
        both = starts[sizes == size][:, None, None] + np.stack(np.triu_indices(size, 1))
        pairs.append(both.transpose(1, 0, 2).reshape(2, -1))
    one, two = np.concatenate(pairs, axis=1)
    is_pair = rows[one] != rows[two]
    one, two = one[is_pair], two[is_pair]
    swapped = rows[one] > rows[two]
    one, two = np.where(swapped, two, one), np.where(swapped, one, two)
    shared = np.zeros(len(rows), np.bool_)
    shared[one] = shared[two] = True
    made = Matches(rows[one], rows[two], matches_of(seeds.kinds[one], places[one], places[two]))
    return made, int(seeds.rest[shared].sum())


def _sent(found: Iterable[Matches | Limits], parts: int) -> Iterator[pa.RecordBatch]:
    """Yield matches and limits as ``_MATCHES``, some at a time."""
    held, count, limits = list[Matches](), 0, Counter[str]()
    for each in found:
        if isinstance(each, Limits):
            limits.update(each._asdict())
            continue
        held.append(each)
        count += len(each.a)
        if count >= _MOST_SENT:
            yield _sent_rows(held, parts)
            held, count = [], 0
    if held:
        yield _sent_rows(held, parts)
    if limits:
        cells = (np.array([limits[name]]) for name in Limits._fields)
        columns = [*cells, np.zeros(1, np.int64)]
        rows = packed_rows(np.zeros(1, np.uint64), 1, list(_MATCHES)[1:], columns)
        yield rows.set_column(0, "part", pa.array([_LIMITS], pa.int64()))


def _sent_rows(held: list[Matches], parts: int) -> pa.RecordBatch:
    made = _joined(held)
    keys = mixed(made.a, made.b.view(np.uint64))
    return packed_rows(keys, parts, list(_MATCHES)[1:], made)


def _joined(parts: Sequence[Matches]) -> Matches:
    return Matches(*(np.concatenate(each) for each in zip(*parts, strict=True)))


def _pairs(batches: Batches, config: Config) -> Iterator[pa.RecordBatch]:
    """Yield as ``SHARED`` the pairs of each part that may share a passage, and the limits."""
    number, held = _LIMITS, list[Matches]()
    for batch in batches:
        for own, cells in unpacked(batch, (np.int64, np.int64, np.int64)):
            some = Matches(*cells)
            if own == _LIMITS:
                sums = {"a": some.a.sum(keepdims=True), "b": some.b.sum(keepdims=True)}
                yield from batches_of({**sums, "matches": pa.nulls(1)}, SHARED)
                continue
            if own != number:
                yield from _paired(held, config)
                number, held = own, []
            held.append(some)
    yield from _paired(held, config)


def _paired(held: list[Matches], config: Config) -> Iterator[pa.RecordBatch]:
    """Yield as ``SHARED`` the pairs of one part that may share a passage."""
    if not held:
        return
    found = _joined(held)
    keys = mixed(found.a, found.b.view(np.uint64))
    order = np.argsort(keys)
    found, keys = found.take(order), keys[order]
    new = are_new(found.a, found.b)
    if np.count_nonzero(new) > len(distinct(keys)):  # two pairs have one hash
        found = found.take(np.lexsort((found.b, found.a)))
        new = are_new(found.a, found.b)
    bounds = np.append(np.flatnonzero(new), len(new))
    some = promising(bounds, found.matches, config)
    sizes = np.diff(bounds)
    matches = found.matches[np.repeat(some, sizes)]
    firsts, offsets = bounds[:-1][some], 8 * offsets_of(sizes[some])
    cells = binary_rows(matches.view(np.uint8), offsets)
    for low, high in runs_of_rows(offsets, _BYTES):
        columns = {"a": found.a[firsts[low:high]], "b": found.b[firsts[low:high]]}
        yield from batches_of({**columns, "matches": cells.slice(low, high - low)}, SHARED)
