"""Which pairs are compared, and why: by seeds, as candidates, or for their addresses."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import reduce

import numpy as np
import pyarrow as pa
from pyspark.sql import functions as F

from dedup.core.arrays import Bool, Int64
from dedup.passages.find import Passages
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
}
SEEDED, CANDIDATE, OF_ADDRESS = 1, 2, 4  # bits of ``why``


def seeded(shared: SharedSeeds) -> Frame:
    """Return as ``WANTED`` the pairs that share enough seeds."""
    return wanted(shared.pairs, SEEDED)


def wanted(pairs: Frame, why: int) -> Frame:
    """Return pairs (a, b) as ``WANTED``."""
    named = [name if name in pairs.columns else f"null as {name}" for name in ("read_a", "read_b")]
    both = pairs.selectExpr("a", "b", f"{why}L as why", *named)
    return both.select(*(F.col(name).cast(kind) for name, kind in WANTED.items()))


def together(parts: Sequence[Frame]) -> Frame:
    """Return the pairs of several ``WANTED``, each once."""
    every = reduce(lambda one, two: one.unionByName(two), parts).groupBy("a", "b")
    reads = (F.max(name).alias(name) for name in ("read_a", "read_b"))
    return every.agg(F.expr("bit_or(why)").alias("why"), *reads)


@dataclass(frozen=True, slots=True)
class Asked:
    """Why the documents of a table are compared with the head above each (``heads``)."""

    heads: Int64
    why: Int64
    candidates: Int64
    misread: Misread

    @classmethod
    def of(cls, table: pa.Table, heads: Int64) -> Asked:
        """Take the pairs of a table."""
        why = table.column("why").fill_null(0).to_numpy()
        rows = np.flatnonzero(why & (CANDIDATE | OF_ADDRESS))
        read = np.flatnonzero(table.column("read_a").is_valid().to_numpy())
        share_a, share_b = (column(table, name)[read] for name in ("read_a", "read_b"))
        both = np.stack([heads, np.arange(len(heads))], axis=1)
        return cls(heads, why, both[rows], Misread(both[read], share_a, share_b))

    def are(self, pairs: Pairs, why: int) -> Bool:
        """Tell which pairs are compared for that reason."""
        found: Bool = self.why[pairs.b] & why > 0
        return found

    def are_misread(self, pairs: Pairs) -> Bool:
        """Tell which pairs are alike by their characters."""
        found: Bool = np.isin(pairs.b, self.misread.pairs[:, 1])
        return found

    def seeded(self, found: Passages) -> Passages:
        """Return the passages of the pairs that share enough seeds."""
        pairs = found.pairs[self.why[found.pairs[:, 1]] & SEEDED > 0]
        kept = self.why[found.b] & SEEDED > 0
        if kept.all():
            return replace(found, pairs=pairs)
        columns = {name: getattr(found, name)[kept] for name in found.__dataclass_fields__
                   if name not in ("pairs", "cut")}  # fmt: skip
        return Passages(**columns, pairs=pairs, cut=found.cut)
