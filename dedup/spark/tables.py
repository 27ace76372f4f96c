"""Tables by id, from those by row number."""

from __future__ import annotations

from pyspark.sql import functions as F

from dedup.schema import LOSSES, PAIRS
from dedup.similarity.relations import EXACT, NAMES
from dedup.spark.frames import Frame

_SCORES = ("jaccard", "containment_a", "containment_b", "coverage")


def pairs_table(pairs: Frame, equals: Frame, names: Frame) -> Frame:
    """Return the table ``pairs`` of docs/output.md.

    ``equals`` (row, representative, tokens) are equal documents, ``names`` has the id of each row.
    """
    both = F.least("row", "representative"), F.greatest("row", "representative")
    exact = equals.select(
        *(each.alias(name) for each, name in zip(both, "ab", strict=True)),
        F.lit(EXACT).cast("bigint").alias("relations"),
        *(F.lit(1.0).alias(name) for name in _SCORES),
        F.col("tokens").alias("matched"),
        F.lit(None).cast("string").alias("changed"),
    )
    every = pairs.select(*exact.columns).unionByName(exact)
    one, two = (names.toDF(side, f"id_{side}") for side in "ab")
    named = every.join(one, "a").join(two, "b")
    relation = F.element_at(F.array(*map(F.lit, NAMES)), (F.col("relations") + 1).cast("int"))
    columns = {
        "a": F.col("id_a"),
        "b": F.col("id_b"),
        "relation": relation,
        "matched_tokens": F.col("matched"),
    }
    return named.select(*(columns.get(name, F.col(name)).alias(name) for name in PAIRS.names))


def losses_table(losses: Frame, names: Frame) -> Frame:
    """Return the table ``losses`` of docs/output.md: stretches that removed documents lose."""
    mine, kept = names.toDF("row", "doc_id"), names.toDF("kept", "kept_id")
    named = losses.join(mine, "row").join(kept, "kept").withColumn("kept", F.col("kept_id"))
    return named.select(*LOSSES.names)
