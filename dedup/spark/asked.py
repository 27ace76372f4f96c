"""Which pairs are compared, and why: by seeds, as candidates, or for their addresses."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce

import numpy as np
import pyarrow as pa
from pyspark.sql import functions as F

from dedup.core.arrays import Bool, Int64, offsets_of, one_array
from dedup.kernels.matched import Matched
from dedup.similarity.misread import Misread
from dedup.similarity.relations import Pairs
from dedup.spark.frames import Frame, Schema, column
from dedup.spark.seeds import SharedSeeds

WANTED: Schema = {
    "a": "bigint",
    "b": "bigint",
    "why": "bigint",
    "read_a": "double",
    "read_b": "double",
    "matches": "binary",  # of a pair that may share a passage
}
SEEDED, CANDIDATE, OF_ADDRESS = 1, 2, 4  # bits of ``why``


def seeded(shared: SharedSeeds) -> Frame:
    """Return as ``WANTED`` the pairs that may share a passage."""
    return wanted(shared.pairs, SEEDED)


def wanted(pairs: Frame, why: int) -> Frame:
    """Return pairs (a, b) as ``WANTED``."""
    names = ("read_a", "read_b", "matches")
    named = [name if name in pairs.columns else f"null as {name}" for name in names]
    both = pairs.selectExpr("a", "b", f"{why}L as why", *named)
    return both.select(*(F.col(name).cast(kind) for name, kind in WANTED.items()))


def together(parts: Sequence[Frame]) -> Frame:
    """Return the pairs of several ``WANTED``, each once."""
    every = reduce(lambda one, two: one.unionByName(two), parts).groupBy("a", "b")
    known = (F.max(name).alias(name) for name in ("read_a", "read_b", "matches"))
    return every.agg(F.expr("bit_or(why)").alias("why"), *known)


@dataclass(frozen=True, slots=True)
class Asked:
    """Which documents of a table are compared (``pairs``, in order), and why.

    ``matched`` are those that may share a passage.
    """

    pairs: Int64
    why: Int64
    misread: Misread
    matched: Matched

    @classmethod
    def of(cls, table: pa.Table) -> Asked:
        """Take the pairs of a table of whole groups, as ``meeting.met`` has them."""
        cells = one_array(table.column("asked"))
        sizes = cells.value_lengths().to_numpy()
        given = cells.flatten()
        b, why = (given.field(name).to_numpy() for name in ("b", "why"))
        a = np.repeat(np.arange(len(table)), sizes)
        pairs = np.stack([a, _places(table, a, b)], axis=1)
        order = np.lexsort(pairs.T[::-1])
        pairs, given = pairs[order], given.take(pa.array(order))
        read = np.flatnonzero(given.field("read_a").is_valid())
        shares = (
            given.field(name).take(pa.array(read)).to_numpy() for name in ("read_a", "read_b")
        )
        cells = given.field("matches")
        seeded = np.flatnonzero(cells.is_valid())
        cells = cells.drop_null().to_pylist()
        bounds = offsets_of(np.array([len(each) // 8 for each in cells], np.int64))
        # Kernels are compiled for arrays that can be written, as all others are.
        matches = np.frombuffer(bytearray().join(cells), np.int64)
        matched = Matched(pairs[seeded], bounds, matches)
        return cls(pairs, why[order], Misread(pairs[read], *shares), matched)

    @property
    def candidates(self) -> Int64:
        """Return the pairs that are compared whatever seeds they share."""
        return self.pairs[self.why & (CANDIDATE | OF_ADDRESS) > 0]

    def are(self, pairs: Pairs, why: int) -> Bool:
        """Tell which pairs are compared for that reason."""
        return _are_among(pairs, self.pairs[self.why & why > 0])

    def are_misread(self, pairs: Pairs) -> Bool:
        """Tell which pairs are alike by their characters."""
        return _are_among(pairs, self.misread.pairs)


def _are_among(pairs: Pairs, others: Int64) -> Bool:
    found: Bool = np.isin((pairs.a << 32) + pairs.b, (others[:, 0] << 32) + others[:, 1])
    return found


def _places(table: pa.Table, first: Int64, rows: Int64) -> Int64:
    """Return where in the groups of documents (``first``, places) some rows are."""
    groups, own = column(table, "group"), column(table, "row")
    new = np.append(False, groups[1:] != groups[:-1])
    group, known = np.cumsum(new), np.unique(own)
    keys = group * len(known) + np.searchsorted(known, own)
    wanted = group[first] * len(known) + np.searchsorted(known, rows)
    found: Int64 = np.searchsorted(keys, wanted)
    is_there = np.array_equal(keys[found], wanted) and np.array_equal(own[found], rows)
    assert is_there, "a document of a pair is not in its group"
    return found
