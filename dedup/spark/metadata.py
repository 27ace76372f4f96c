"""The results of the first reading, by unique id: row numbers, and ranks to sort by."""

from __future__ import annotations

from dataclasses import dataclass

from pyspark.sql import Window
from pyspark.sql import functions as F

from dedup.config import Config
from dedup.spark.frames import Frame, Store, numbered

_ORDER = ("digest", "date", "site", "path", "priority")  # decides between equal ids


@dataclass(frozen=True, slots=True)
class Metadata:
    """One row per document in ``table``; ``skipped`` and ``damaged`` count by reason.

    Of ``table``, ``row`` ascends with ``doc_id``; ``date_rank`` and ``priority_rank`` are -1 where
    there is none. Other numbers have gaps.
    """

    table: Frame
    skipped: dict[str, int]
    damaged: dict[str, int]
    has_equal_rows: bool


def metadata_of(store: Store, signed: Frame, config: Config) -> Metadata:
    """Order the results of the first reading by unique id."""
    flaws = signed.where(F.col("flaw").isNotNull()).groupBy("flaw").agg(F.sum("flawed"))
    counts = {row[0]: int(row[1]) for row in flaws.collect()}
    found = signed.where(F.col("flaw").isNull()).drop("flaw", "flawed")
    found, renamed = unique_ids(store, found)
    found = _ranked(store, found, config)
    table = store.keep(numbered(found, [F.col("doc_id")], "row"), "metadata")
    damaged = _of_kind(counts, "damaged:")
    if renamed:
        damaged["duplicate_id"] = renamed
    return Metadata(table, _of_kind(counts, "skipped:"), damaged, renamed > 0)


def _of_kind(counts: dict[str, int], kind: str) -> dict[str, int]:
    found = {name.removeprefix(kind): n for name, n in counts.items() if name.startswith(kind)}
    return dict(sorted(found.items()))


def unique_ids(store: Store, found: Frame) -> tuple[Frame, int]:
    """Put ``#2``, ``#3`` … behind ids that occur again; return how many documents had such ids.

    The rule is that of ``sources.batches.unique_ids``: what the documents hold decides, not where
    they stand. A new id may be another's, so it goes on until all differ.
    """
    renamed, turn = 0, 0
    while True:
        again = found.groupBy("doc_id").count().where("count > 1").select("doc_id")
        again = store.keep(again, f"again-{turn % 2}")
        if again.isEmpty():
            return found, renamed
        order = [F.col(name).asc_nulls_last() for name in _ORDER]
        number = F.row_number().over(Window.partitionBy("doc_id").orderBy(*order))
        likes = found.join(again, "doc_id", "left_semi").withColumn("again", number)
        likes = store.keep(likes, f"likes-{turn % 2}")
        if not turn:
            renamed = likes.where("again > 1").count()
        new = F.concat(F.col("doc_id"), F.lit("#"), F.col("again").cast("string"))
        likes = likes.withColumn(
            "doc_id", F.when(F.col("again") > 1, new).otherwise(F.col("doc_id"))
        )
        found = found.join(again, "doc_id", "left_anti").unionByName(likes.drop("again"))
        found = store.keep(found, f"renamed-{turn % 2}")
        turn += 1


def _ranked(store: Store, found: Frame, config: Config) -> Frame:
    """Add the ranks of dates and priorities, as ``ranking.ranks`` gives them but for gaps."""
    known = found.agg(F.count("date"), F.count("priority"), F.count("number")).first()
    found = _with_rank(store, found, "date", ["date"] if known[0] else [])
    by_number = ["number", "priority"] if known[1] == known[2] else ["priority"]
    wanted = known[1] and config.priority_field
    return _with_rank(store, found, "priority", by_number if wanted else [])


def _with_rank(store: Store, found: Frame, name: str, order: list[str]) -> Frame:
    rank = f"{name}_rank"
    if not order:
        return found.withColumn(rank, F.lit(-1).cast("bigint"))
    values = found.where(F.col(name).isNotNull()).groupBy(name).agg(F.min("number").alias("number"))
    values = numbered(values, [F.col(each) for each in order], rank).select(name, rank)
    values = store.keep(values, f"{name}s")
    return found.join(values, name, "left").fillna(-1, [rank])
