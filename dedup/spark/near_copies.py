"""Of many near copies of one document the first few take part where passages are sought.

The stars are those of one machine, settled in rounds over data frames (``giants.settle``): one,
where the pairs fit into a task.
"""

from __future__ import annotations

from pyspark.sql import Window
from pyspark.sql import functions as F

from dedup.config import Config
from dedup.pipeline.candidates import SAME_TEXT
from dedup.pipeline.full import MOST_ALIKE
from dedup.spark.equals import GONE, RANKING, order_names, with_order
from dedup.spark.frames import Frame, Store, numbered
from dedup.spark.giants import LEADS, settle


def left_out(
    store: Store, candidates: Frame, metadata: Frame, config: Config, task_edges: int
) -> Frame:
    """Return the rows of the near copies that do not take part.

    ``candidates`` have the pairs (a, b) and their ``jaccard``.
    """
    alike = candidates.where(F.col("jaccard") >= SAME_TEXT).select("a", "b")
    alike = store.keep(alike, "alike")
    rows = alike.select(F.col("a").alias("row")).union(alike.select("b"))
    most = rows.groupBy("row").count().agg(F.max("count")).first()[0] or 0
    if most < MOST_ALIKE:  # too few are paired with anyone
        return rows.where(F.lit(False))
    gone = [name for name in metadata.columns if name == GONE]
    documents = metadata.select(*RANKING, *gone).join(rows.distinct(), "row", "left_semi")
    ordered = store.keep(with_order(documents, config), "alike-order")
    order = [F.col(name) for name in (*order_names(config), "row")]
    places = store.keep(numbered(ordered, order, "place").select("row", "place"), "alike-places")
    one = places.select(F.col("row").alias("a"), F.col("place").alias("one"))
    two = places.select(F.col("row").alias("b"), F.col("place").alias("two"))
    pairs = alike.join(one, "a").join(two, "b")
    better = F.greatest("one", "two").alias("place"), F.least("one", "two").alias("better")
    pairs = store.keep(pairs.select(*better), "alike-pairs")
    states = settle(store, pairs, places.select("place"), task_edges)
    leading = states.where(F.col("state") == LEADS).select(F.col("place").alias("better"))
    led = pairs.join(leading, "better").groupBy("place").agg(F.min("better").alias("leader"))
    nth = F.row_number().over(Window.partitionBy("leader").orderBy("place"))
    behind = led.withColumn("nth", nth).where(F.col("nth") >= MOST_ALIKE)
    return store.keep(behind.join(places, "place").select("row"), "alike-left-out")
