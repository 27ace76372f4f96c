"""Compare all tables and totals of full mode on Spark with those of one machine, row by row.

    python benchmarks/spark_equal.py corpus.parquet docs.jsonl.gz --partitions 1 7 200 --json FILE

Inputs are Parquet or lines of JSON with ``id`` and ``text``, and of ``site``, ``date`` and ``url``
what there is; ``seeds`` are those of this repository. ``--remote`` names a server of Spark Connect.
Rows are compared with all columns and every digit, in no order. What one machine found is computed
once for each input. The session shuffles into as many partitions as the input has.
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import tables

import dedup
from dedup import Config

ROOT = Path(__file__).resolve().parents[1]
ROLES = ("site", "date", "url")
TOTALS = (
    *("documents", "relations", "clusters", "limits", "losses", "passages", "kinds"),
    *("repeats", "removals", "tags", "review", "templates", "families", "stories"),
)


def read(path: str, text: str) -> pa.Table:
    """Return a corpus as a table of strings, with the columns that have a role."""
    if path == "seeds":
        files = sorted((ROOT / "seeds").glob("*.txt"))
        rows = [{"id": each.name, "text": each.read_text("utf-8")} for each in files]
    elif path.endswith(".parquet"):
        rows = pq.read_table(path).to_pylist()
    else:
        with gzip.open(path, "rt", encoding="utf-8") as lines:
            rows = [json.loads(line) for line in lines]
    rows = [{**row, "text": row[text] if text in row else row["text"]} for row in rows]
    names = ["id", "text", *(name for name in ROLES if name in rows[0])]
    columns = {
        name: pa.array([None if row.get(name) is None else str(row[name]) for row in rows])
        for name in names
    }
    return pa.table({name: column.cast(pa.string()) for name, column in columns.items()})


def rows_of(table: pa.Table) -> Counter[str]:
    """Return the rows of a table as they are written out, in no order."""
    return Counter(map(repr, zip(*(each.to_pylist() for each in table.columns), strict=True)))


def found_here(table: pa.Table, config: Config) -> tuple[dict[str, pa.Table], dict[str, Any]]:
    """Return the tables and the summary of one machine."""
    result = dedup.scan(table, config, **_columns(table))
    named = ("removals", "annotations")
    tables_ = {**result.tables, **{name: result.to_arrow(name) for name in named}}
    return {name: each for name, each in tables_.items() if name in _NAMES}, result.summary


_NAMES = (
    *("documents", "pairs", "passages", "losses", "families", "occurrences", "copying"),
    *("stories", "story_members", "repeats", "removals", "annotations"),
)


def _columns(table: pa.Table) -> dict[str, str]:
    return {name: name for name in ROLES if name in table.column_names}


def found_by_spark(session: Any, corpus: Path, partitions: int, config: Config, work: str) -> Any:
    """Return the tables (read as Arrow) and the summary of a run on Spark."""
    from dedup.spark import find, inside

    frame = session.read.parquet(str(corpus)).repartition(partitions)
    columns = {name: name for name in ROLES if name in frame.columns}
    found = find(frame, config, checkpoint=work, **columns)
    made = dict(found.tables)
    made["repeats"] = inside.repeats_table(found.inside)
    made["removals"] = inside.removals_table(found.inside)
    made["annotations"] = inside.annotations_table(found.inside)
    read_back = {}
    for name, table in made.items():
        table.write.mode("overwrite").parquet(f"{work}/told-{name}")
        read_back[name] = pq.read_table(f"{work}/told-{name}").select(table.columns)
    return read_back, found.summary


def compare(got: Any, wanted: Any) -> dict[str, Any]:
    """Return how many rows each table has, and what differs."""
    (tables_, totals), (here, summary) = got, wanted
    differing: dict[str, Any] = {}
    if set(tables_) != set(here):
        differing["tables"] = sorted(set(tables_) ^ set(here))
    for name in sorted(set(tables_) & set(here)):
        mine, theirs = rows_of(tables_[name]), rows_of(here[name])
        if tables_[name].column_names != here[name].column_names or mine != theirs:
            some = [next(iter(one - two), None) for one, two in ((mine, theirs), (theirs, mine))]
            differing[name] = {"rows": sum((mine - theirs).values()), "spark_and_here": some}
    for name in TOTALS:
        if totals.get(name) != summary.get(name):
            differing[f"summary.{name}"] = [totals.get(name), summary.get(name)]
    return {
        "rows": {name: len(table) for name, table in sorted(here.items())},
        "differing": differing,
    }


def main() -> int:
    """Compare each input in each number of partitions; return 1 where something differs."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("inputs", nargs="+")
    parser.add_argument("--partitions", type=int, nargs="+", default=[7])
    parser.add_argument("--text", default="text", help="the column of the text, where there is one")
    parser.add_argument("--memory", default="3g", help="of the Java machine")
    parser.add_argument("--remote", help="a server of Spark Connect, sc://host:port")
    parser.add_argument("--json", type=Path)
    parser.add_argument("--note", default="")
    options = parser.parse_args()
    results: list[dict[str, Any]] = []
    for path in options.inputs:
        with tempfile.TemporaryDirectory(prefix="spark-equal-") as folder:
            results += _compared(path, folder, options)
        if options.json:
            record = {**tables.head(), "note": options.note, "results": results}
            options.json.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
    return int(any(row["differing"] for row in results))


def _compared(path: str, folder: str, options: Any) -> list[dict[str, Any]]:
    table, config = read(path, options.text), Config()
    corpus = Path(folder, "corpus.parquet")
    pq.write_table(table, corpus, row_group_size=2_000)
    wanted, rows = found_here(table, config), []
    for partitions in options.partitions:
        session, begin = _session(partitions, options), time.time()
        work = f"{folder}/work-{partitions}"
        got = found_by_spark(session, corpus, partitions, config, work)
        names = Path(path).parts[-2:] if path.endswith("docs.jsonl.gz") else (Path(path).name,)
        rows.append(
            {
                "name": names[0],
                "documents": len(table),
                "partitions": partitions,
                "spark": session.version,
                "connect": bool(options.remote),
                "seconds": round(time.time() - begin, 1),
                **compare(got, wanted),
            }
        )
        print(json.dumps(rows[-1]), flush=True)
    return rows


def _session(partitions: int, options: Any) -> Any:
    from pyspark.sql import SparkSession

    if options.remote:
        session = SparkSession.builder.remote(options.remote).getOrCreate()
    else:
        from dedup.spark import own_session

        conf = {"spark.driver.memory": options.memory, "spark.ui.enabled": "false"}
        session, _ = own_session("local[2,4]", conf)
        session.sparkContext.setLogLevel("ERROR")
    session.conf.set("spark.sql.shuffle.partitions", partitions)
    return session


if __name__ == "__main__":
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    raise SystemExit(main())
