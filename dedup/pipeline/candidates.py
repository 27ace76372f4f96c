"""Copies of whole documents where all tokens are at hand: equal ones, and candidates to compare."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from dedup.clusters.choosing import SetReader, held_sets
from dedup.config import Config
from dedup.core.arrays import Float64, Int64, UInt64, offsets_of, runs_of_rows
from dedup.core.checkpoints import Kept
from dedup.core.parallel import in_order
from dedup.core.spool import Spool
from dedup.core.storage import Columns
from dedup.kernels import clusters as kernel
from dedup.pipeline.documents import Documents
from dedup.pipeline.signing import key_name
from dedup.similarity.exact import equal_groups
from dedup.similarity.lsh import band_keys, bands_and_rows, bucket_pairs
from dedup.similarity.minhash import sign_shingles
from dedup.similarity.relations import Scores, compare_shingles
from dedup.text.shingles import Shingles, distinct_shingles, shingle_texts, shingle_unit
from dedup.text.tokens import Tokens

_RUN_TOKENS = 1 << 20  # whose shingles are made at a time
_RUN_PAIRS, _FILE_PAIRS = 1 << 15, 1 << 11  # that are compared at a time
_MOST_WAITING = 1 << 20  # pairs that are joined to components at a time
SAME_TEXT = 0.9  # Jaccard of near copies
SAME_STORY = 0.5  # Jaccard from which two documents count as one when lines are counted
_KEPT = ("first", "components", "candidates", "jaccard")


@dataclass(frozen=True, slots=True)
class Copies:
    """What was found of whole documents.

    ``first`` is the first equal of each document, ``components`` the smallest row it is connected
    with by pairs of half the same shingles. ``candidates`` are the pairs of a bucket that may be
    copies, and ``jaccard`` how alike they are.
    """

    sets: Sets
    first: Int64
    components: Int64
    candidates: Int64
    jaccard: Float64
    oversized: int

    def kept(self) -> Kept:
        """Return what a checkpoint holds of it; the shingles lie in the columns."""
        arrays = {name: getattr(self, name) for name in _KEPT}
        arrays["offsets"] = self.sets.shingles.offsets
        return Kept(arrays, values={"oversized": self.oversized})

    @classmethod
    def of_kept(cls, kept: Kept, columns: Columns, threads: int) -> Copies:
        """Return what ``kept`` was made of."""
        shingles = Shingles(columns.read("shingles", np.uint64), kept.arrays["offsets"])
        arrays = {name: kept.arrays[name] for name in _KEPT}
        return cls(Sets(shingles, columns, threads), **arrays, oversized=kept.values["oversized"])


@dataclass(frozen=True, slots=True)
class Sets:
    """The shingles of all documents."""

    shingles: Shingles
    columns: Columns
    threads: int

    def compare(self, pairs: Int64) -> Scores:
        """Score pairs of documents by their shingles."""
        parts = list(self.compare_runs(pairs))
        first, second, third = (np.concatenate(each) for each in zip(*parts, strict=True))
        return first, second, third

    def reader(self) -> SetReader:
        """Return a reader of the sets."""
        return held_sets(self.shingles)

    @property
    def run(self) -> int:
        """Return how many pairs are compared at a time.

        A set in a file brings its surroundings into memory, 64 kB of them.
        """
        return _FILE_PAIRS if self.columns.in_files else _RUN_PAIRS

    def compare_runs(self, pairs: Int64) -> Iterator[Scores]:
        """Yield the scores of runs of pairs, of one at least."""

        def score(low: int) -> Scores:
            scores = compare_shingles(pairs[low : low + self.run], self.shingles)
            self.columns.ease()
            return scores

        return in_order(score, range(0, max(len(pairs), 1), self.run), self.threads)


def find_copies(
    documents: Documents, tokens: Tokens, config: Config, spool: Spool, *, threads: int, lsh: bool
) -> Copies:
    """Make the shingles of all documents, and with ``lsh`` the candidate pairs.

    ``spool`` takes the band keys where columns lie in files.
    """
    columns = documents.columns
    keys = spool if columns.in_files else Spool()
    unit = replace(config, shingle_unit=shingle_unit(config, tokens.counts()))
    shingles = _shingle(documents, tokens, unit, keys if lsh else None, threads)
    sets = Sets(shingles, columns, threads)
    first = equal_groups(tokens, ease=columns.ease)
    candidates: Int64 = np.zeros((0, 2), np.int64)
    oversized = 0
    if lsh:
        among = np.flatnonzero((first == np.arange(len(first))) & (tokens.counts() > 0))
        bands, _ = bands_and_rows(config)
        band_columns = (keys.take(key_name(band), np.uint64)[among] for band in range(bands))
        candidates, oversized = bucket_pairs(band_columns, among, len(tokens))
    return Copies(sets, first, *_sift(sets, candidates, first, config), oversized)


def _sift(
    sets: Sets, candidates: Int64, first: Int64, config: Config
) -> tuple[Int64, Int64, Float64]:
    """Return components, the candidates that may be copies, and how alike those are.

    The others are many where documents share a foot or a head, and no relation follows from them:
    a pair that shares passages is found by those.
    """
    components = np.arange(len(first), dtype=np.int64)
    kernel.connect(np.arange(len(first)), first, components)
    kept: list[Int64] = [np.zeros((0, 2), np.int64)]
    jaccard: list[Float64] = [np.zeros(0)]
    waiting: list[Int64] = []
    for number, (alike, one, two) in enumerate(sets.compare_runs(candidates)):
        pairs = candidates[number * sets.run : (number + 1) * sets.run]
        waiting.append(pairs[alike >= SAME_STORY])
        if sum(map(len, waiting)) > _MOST_WAITING:
            kernel.connect(*np.concatenate(waiting).T.copy(), components)
            waiting = []
        may_be = alike >= min(config.threshold, SAME_TEXT)
        may_be |= np.maximum(one, two) >= config.coverage
        kept.append(pairs[may_be])
        jaccard.append(alike[may_be])
    if waiting:
        kernel.connect(*np.concatenate(waiting).T.copy(), components)
    return components, np.concatenate(kept), np.concatenate(jaccard)


def _shingle(
    documents: Documents, tokens: Tokens, config: Config, keys: Spool | None, threads: int
) -> Shingles:
    """Make the distinct shingles of all documents, and spill their band keys."""
    texts, columns = documents.texts, documents.columns

    def make(run: tuple[int, int]) -> tuple[Shingles, UInt64 | None]:
        part = tokens.part(*run)
        shingles = distinct_shingles(shingle_texts(texts.part(*run), part, config))
        return shingles, None if keys is None else band_keys(
            sign_shingles(shingles, config), config
        )

    # One shingle a character is the most there can be.
    is_word = config.shingle_unit == "word"
    capacity = len(tokens.hashes) if is_word else int(texts.offsets[-1] - texts.offsets[0])
    values = columns.grow("shingles", np.uint64, capacity + len(tokens))
    sizes: list[Int64] = [np.zeros(0, np.int64)]
    runs = list(runs_of_rows(tokens.bounds, _RUN_TOKENS))
    for shingles, made in in_order(make, runs, threads):
        values.append(shingles.values)
        sizes.append(np.diff(shingles.offsets))
        if keys is not None and made is not None:
            for band, piece in enumerate(made):
                keys.append(key_name(band), piece)
        columns.ease()
    return Shingles(values.done(), offsets_of(np.concatenate(sizes)))
