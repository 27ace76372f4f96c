"""The texts of pairs meet in groups, in which a document stands once for all that it is in.

A pair goes where the least document is with which its first one is compared. So documents that are
like the same ones come together once, and not once a pair.
"""

from __future__ import annotations

from collections.abc import Iterator

import pyarrow as pa
from pyspark.sql import functions as F

from dedup.spark.asked import WANTED
from dedup.spark.frames import Batches, Frame, by_group

_WORDS = 2_000_000  # of a group, about: 100 bytes of memory each
_FEW, _MANY = 64, 8_000  # pairs of a group, about: where documents are long, and where short
_SMALL = 4  # hubs of less than that part of a group share one
_MOST_ROWS = 256  # documents that are aligned at a time, but for the last group of them


def met(pairs: Frame, texts: Frame) -> Frame:
    """Bring the documents of ``grouped`` pairs together, in order of group and row.

    ``asked`` has the pairs of a group in which a document is the first.
    """
    ask = F.struct(*(name for name in WANTED if name != "a"))
    firsts = pairs.select("group", F.col("a").alias("row"), ask.alias("ask"))
    others = pairs.select("group", F.col("b").alias("row"), F.lit(None).alias("ask"))
    members = firsts.unionByName(others).groupBy("group", "row")
    members = members.agg(F.collect_list("ask").alias("asked"))  # which leaves nulls out
    both = members.join(texts.drop("tokens", "group"), "row").repartition("group")
    return both.sortWithinPartitions("group", "row")


def grouped(pairs: Frame, words: float) -> Frame:
    """Return ``WANTED`` pairs with the ``group`` in which their documents meet.

    ``words`` are those of a document, on average. Groups are hashes: where two have one number they
    are one, which changes no result.
    """
    most = int(min(max(_WORDS / max(words, 1.0), _FEW), _MANY))
    shared = max(1, pairs.count() // most)
    least = pairs.groupBy("b").agg(F.min("a").alias("hub")).withColumnRenamed("b", "a")
    found = pairs.join(least, "a", "left").withColumn("hub", F.coalesce("hub", "a"))
    found = found.withColumn("in_hub", F.expr("count(*) over (partition by hub)"))
    found = found.withColumn("of_first", F.expr("count(*) over (partition by hub, a)"))
    firsts = F.expr(f"pmod(xxhash64(a), ceil(in_hub / {most}))")
    # A document in very many pairs stands in several groups, each with some of the others.
    others = F.expr(f"pmod(xxhash64(b), ceil(of_first / {most}))")
    small = F.col("in_hub") <= most // _SMALL
    apart = F.xxhash64("hub", firsts, others)
    group = F.when(small, F.expr(f"pmod(xxhash64(hub), {shared}L)")).otherwise(apart)
    return found.select(*WANTED, group.alias("group"))


def whole_groups(batches: Batches) -> Iterator[pa.Table]:
    """Yield runs of whole groups from batches of what ``met`` returned."""
    some = (
        batch.slice(low, _MOST_ROWS)
        for batch in batches
        for low in range(0, len(batch), _MOST_ROWS)
    )
    yield from by_group(some, "group", _MOST_ROWS)
