"""Equal documents: the canonical one represents all of them."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pyarrow as pa
from pyspark.sql import functions as F

from dedup.clusters.canonical import CanonicalOrder
from dedup.config import Config
from dedup.core.arrays import Bool
from dedup.spark.frames import Batches, Frame, batches_of, column, map_batches

RANKING = ("row", "tokens", "cut", "date_rank", "priority_rank")  # the criteria of canonical order
SUPERSEDED = "superseded"  # versions that give way to others, where that is known
GONE = "gone"  # tokens that go from inside a document, where that was looked for
_FINGERPRINTS = ("sum0", "sum1")


def candidates_of(batch: pa.RecordBatch | pa.Table) -> CanonicalOrder:
    """Return the criteria of canonical order, of rows with the columns ``RANKING``.

    What is ``GONE`` from inside counts, where that was looked for.
    """
    counts = column(batch, "tokens")
    gone = column(batch, GONE) if GONE in batch.schema.names else np.zeros_like(counts)
    return CanonicalOrder(
        truncated=column(batch, "cut"),
        boilerplate=gone / np.maximum(counts, 1),
        lengths=counts - gone,
        dates=column(batch, "date_rank"),
        priorities=column(batch, "priority_rank"),
        superseded=_superseded(batch),
    )


def _superseded(batch: pa.RecordBatch | pa.Table) -> Bool:
    none: Bool = np.zeros(len(batch), np.bool_)
    return column(batch, SUPERSEDED) if SUPERSEDED in batch.schema.names else none


def order_names(config: Config) -> list[str]:
    """Return the names of the columns that ``with_order`` adds, first key first."""
    none, empty = np.zeros(0, np.int64), np.zeros(0, np.float64)
    nobody = CanonicalOrder(none > 0, empty, none, none, none, none > 0)
    keys = nobody.columns(config.canonical, empty)
    return [f"key{place}" for place in range(len(keys))]


def with_order(frame: Frame, config: Config, *more: str, core: str | None = None) -> Frame:
    """Return ``RANKING`` without what it is made from: ``row``, and the keys of canonical order.

    ``more`` columns (bigint) are kept; ``core`` names that of the shared core.
    """
    settings = config.as_dict()
    schema = dict.fromkeys(("row", *more, *order_names(config)), "bigint")

    def work(batches: Batches) -> Iterator[pa.RecordBatch]:
        policy = Config(**settings).canonical
        for batch in batches:
            shared = np.zeros(len(batch)) if core is None else column(batch, core)
            keys = candidates_of(batch).columns(policy, shared)
            made = {name: column(batch, name) for name in ("row", *more)}
            made |= {f"key{place}": key for place, key in enumerate(keys)}
            yield from batches_of(made, schema)

    gone = [name for name in frame.columns if name in (GONE, SUPERSEDED)]
    wanted = list(dict.fromkeys([*RANKING, *gone, *more, *([core] if core else [])]))
    return map_batches(frame.select(*wanted), work, schema)


def find_equals(metadata: Frame, config: Config) -> Frame:
    """Return (row, representative) of each document with another representative.

    Documents with the same 128-bit hash of their tokens are equal; one without tokens is alone.
    """
    filled = metadata.where("tokens > 0")
    groups = filled.groupBy(*_FINGERPRINTS).count().where("count > 1").select(*_FINGERPRINTS)
    gone = [name for name in metadata.columns if name == GONE]
    likes = filled.select(*RANKING, *gone, *_FINGERPRINTS).join(
        groups, list(_FINGERPRINTS), "left_semi"
    )
    ordered = with_order(likes, config, *_FINGERPRINTS)
    best = F.min(F.struct(*order_names(config), "row")).alias("best")
    representatives = (
        ordered.groupBy(*_FINGERPRINTS)
        .agg(best)
        .select(*_FINGERPRINTS, F.col("best.row").alias("representative"))
    )
    return (
        likes.select("row", *_FINGERPRINTS)
        .join(representatives, list(_FINGERPRINTS))
        .where("row <> representative")
        .select("row", "representative")
    )
