"""Candidate pairs to confirmed ones, on shingles that may lie in files."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np

from dedup.clusters.choosing import SetReader, held_sets
from dedup.config import Config
from dedup.core.arrays import Int32, Int64, UInt64, distinct, offsets_of, runs_of_rows
from dedup.core.parallel import in_order
from dedup.core.spool import Spool
from dedup.kernels.shingles import gather_rows
from dedup.passages.find import no_passages
from dedup.pipeline.signing import SHINGLES, SIZES
from dedup.similarity.relations import Pairs, Scores, compare_shingles, confirm_pairs, join_pairs
from dedup.text.shingles import Shingles

_BLOCK_PAIRS = 1 << 20  # pairs that are put in order at a time
_RUN_PAIRS = 1 << 17  # pairs that are compared at a time …
_RUN_SHINGLES = 4 << 20  # … or the shingles that are read of a file for them
_NEAR = 4 << 10  # shingles between two sets in a file that are read with them …
_AT_ONCE = 1 << 19  # … in reads of so many


@dataclass(frozen=True, slots=True)
class Verifier:
    """The shingles of the documents that are candidates; ``positions`` says whose are where.

    ``path`` is the file in which they are; where there is none they are in ``values``.
    """

    values: UInt64
    path: Path | None
    offsets: Int64
    positions: Int32

    @classmethod
    def of(cls, spool: Spool, wanted: Int64, order: Int64) -> Verifier:
        """Take what ``shingle_all`` left of the rows ``wanted``."""
        offsets = offsets_of(spool.read(SIZES, np.int64))
        by_row = np.zeros(len(order), np.int32)
        by_row[wanted] = np.arange(len(wanted))
        path = spool.path_of(SHINGLES)
        values = np.zeros(0, np.uint64) if path else spool.read(SHINGLES, np.uint64)
        return cls(values, path, offsets, by_row[order])

    def compare(self, pairs: Int64) -> Scores:
        """Score pairs of documents."""
        positions = self.positions[pairs].astype(np.int64)
        if self.path is None or not len(pairs):
            return compare_shingles(positions, Shingles(self.values, self.offsets))
        some = distinct(positions)
        return compare_shingles(np.searchsorted(some, positions), self._read(self.path, some))

    def reader(self) -> SetReader:
        """Return a reader of the sets of documents."""
        held = held_sets(Shingles(self.values, self.offsets))

        def read(rows: Int64) -> Shingles:
            positions = self.positions[rows].astype(np.int64)
            some = distinct(positions)
            sets = held.read(some) if self.path is None else self._read(self.path, some)
            return held_sets(sets).read(np.searchsorted(some, positions))

        return SetReader(lambda rows: held.sizes(self.positions[rows].astype(np.int64)), read)

    def _read(self, path: Path, positions: Int64) -> Shingles:
        """Read some sets (ascending) of the file; neighbouring ones at once."""
        lows, highs = self.offsets[positions], self.offsets[positions + 1]
        bounds = offsets_of(highs - lows)
        values = np.empty(int(bounds[-1]), np.uint64)
        is_far = lows[1:] - highs[:-1] > _NEAR
        is_far |= highs[1:] // _AT_ONCE != highs[:-1] // _AT_ONCE
        cuts = [0, *(np.flatnonzero(is_far) + 1).tolist(), len(positions)]
        with path.open("rb", buffering=0) as file:
            for first, last in pairwise(cuts):
                start, count = int(lows[first]), int(highs[last - 1] - lows[first])
                into = values[bounds[first] : bounds[last]]
                file.seek(8 * start)
                if count == len(into):
                    file.readinto(into.data)
                    continue
                some = np.fromfile(file, np.uint64, count)
                rows = np.arange(last - first)
                gather_rows(some, lows[first:last] - start, rows, values, bounds[first : last + 1])
        return Shingles(values, bounds)

    def confirm(self, candidates: Int64, counts: Int32, config: Config, *, threads: int) -> Pairs:
        """Verify candidates and return those with a relation, in order of (a, b)."""

        def confirm(some: Int64) -> Pairs:
            return confirm_pairs(some, self.compare, no_passages(), counts, config)

        parts: list[Pairs] = []
        for low in range(0, max(len(candidates), 1), _BLOCK_PAIRS):
            parts += in_order(confirm, self._runs(candidates[low : low + _BLOCK_PAIRS]), threads)
        return join_pairs(parts)

    def _runs(self, candidates: Int64) -> list[Int64]:
        """Cut candidates into those that are verified at a time.

        Where the shingles are in a file, they are taken in the order in which they stand there,
        and so many that little of it is in memory at a time.
        """
        costs, most = np.ones(len(candidates), np.int64), _RUN_PAIRS
        if self.path is not None:
            positions = self.positions[candidates]
            order = np.lexsort((positions[:, 1], positions[:, 0]))
            candidates, positions = candidates[order], positions[order]
            sizes = np.diff(self.offsets)[positions]
            costs = sizes[:, 1] + np.where(
                np.diff(positions[:, 0], prepend=-1) != 0, sizes[:, 0], 0
            )
            costs, most = np.maximum(costs, _RUN_SHINGLES // _RUN_PAIRS), _RUN_SHINGLES
        runs = runs_of_rows(offsets_of(costs), most)
        return [candidates[low:high] for low, high in runs] or [candidates]
