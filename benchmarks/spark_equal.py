"""Compare all tables and totals of full mode on Spark with those of one machine, row by row.

    python benchmarks/spark_equal.py corpus.parquet docs.jsonl.gz --partitions 1 7 200 --json FILE

Inputs are Parquet or lines of JSON with ``id`` and ``text``, and of ``site``, ``date`` and ``url``
what there is; ``seeds`` are those of this repository. ``page_text`` and pairs of ``ocr`` and
``gold`` are taken for texts where a set has no other. ``--add`` puts results into a record.
``--remote`` names a server of Spark Connect. Rows are compared with all columns and every digit, in
no order. What one machine found is computed once for each input. The session shuffles into as many
partitions as the input has.

``made:planted:N`` are N articles of ``corpus.py``; ``made:site:N`` are N of which a third are of
one site; ``made:template:N`` are N short articles of one site with one template below each. What
the largest Python worker took is sampled.
"""

from __future__ import annotations

import argparse
import contextlib
import gzip
import json
import operator
import os
import random
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import corpus as corpus_maker
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
    if path.startswith("made:"):
        _, kind, count = path.split(":")
        return _MADE[kind][0](int(count))
    if path == "seeds":
        files = sorted((ROOT / "seeds").glob("*.txt"))
        rows = [{"id": each.name, "text": each.read_text("utf-8")} for each in files]
    elif path.endswith(".parquet"):
        rows = pq.read_table(path).to_pylist()
    else:
        with gzip.open(path, "rt", encoding="utf-8") as lines:
            rows = [json.loads(line) for line in lines]
    rows = list(_with_texts(rows, text))
    names = ["id", "text", *(name for name in ROLES if name in rows[0])]
    columns = {
        name: pa.array([None if row.get(name) is None else str(row[name]) for row in rows])
        for name in names
    }
    return pa.table({name: column.cast(pa.string()) for name, column in columns.items()})


def _with_texts(rows: list[dict[str, Any]], text: str) -> Iterator[dict[str, Any]]:
    """Yield rows with a ``text``; two where a row has a reading of old print and its truth."""
    for row in rows:
        if "ocr" in row:
            for side in ("ocr", "gold"):
                yield {"id": f"{row['id']}/{side}", "text": row[side]}
        else:
            yield {**row, "text": next(row[k] for k in (text, "text", "page_text") if k in row)}


def one_site(count: int) -> pa.Table:
    """Return made articles with menus, a third of them of one site, the rest of small ones."""
    made, _ = corpus_maker.make(count, 5, 120)
    sites = ["large.example" if k % 3 == 0 else f"site{k % 97}.example" for k in range(count)]
    texts = [
        f"{text}\n\n{_MENU.format(site)}\n\nOnly readers of {site} get the letter of the week."
        for text, site in zip(made["text"].to_pylist(), sites, strict=True)
    ]
    return pa.table({"id": made["id"].to_pylist(), "text": texts, "site": sites})


_MENU = "Home of {0}\n\nLocal news of the valley\n\nSport and leisure\n\nContact us by letter"


def one_template(count: int) -> pa.Table:
    """Return short articles with one sentence below each; one of ten is a copy with a new word."""
    drawn = random.Random(5)
    pool = ["".join(drawn.choices("abcdefghijklmnoprstuvw", k=7)) for _ in range(30_000)]
    texts: list[list[str]] = []
    for k in range(count):
        words = drawn.choices(pool, k=25)
        if k % 10 == 9:
            words = [*texts[k - 7][:-1], drawn.choice(pool)]
        texts.append(words)
    line = "You can buy the rights of this article on our website at any time."
    return pa.table(
        {
            "id": [f"{k:07}" for k in range(count)],
            "text": [f"{' '.join(words).capitalize()}.\n\n{line}" for words in texts],
            "site": ["large.example"] * count,
        }
    )


def planted(count: int) -> pa.Table:
    """Return the articles that ``corpus.py`` makes by default."""
    made, _ = corpus_maker.make(count, 1, 400)
    return made.select(["id", "text", "site"])


_MADE: dict[str, tuple[Callable[[int], pa.Table], str]] = {
    "planted": (planted, "planted"),
    "site": (one_site, "a third of one site"),
    "template": (one_template, "one template below all"),
}


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
    parser.add_argument("--interpreted", action="store_true", help="compile no plan: for few rows")
    parser.add_argument("--batch-rows", type=int, default=2_000, help="of an Arrow batch")
    parser.add_argument("--json", type=Path)
    parser.add_argument("--add", action="store_true", help="to the record that is there")
    parser.add_argument("--note", default="")
    options = parser.parse_args()
    results: list[dict[str, Any]] = []
    if options.add:
        results = json.loads(options.json.read_text("utf-8"))["results"]
    for path in options.inputs:
        with tempfile.TemporaryDirectory(prefix="spark-equal-") as folder:
            results = _renewed(results, _compared(path, folder, options))
        if options.json:
            record = {**tables.head(), "note": options.note, "results": results}
            options.json.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
    return int(any(row["differing"] for row in results))


def _renewed(results: list[dict[str, Any]], rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return results with some more; of the same corpus in the same way the last one stays."""
    of = operator.itemgetter("name", "documents", "partitions", "spark", "connect")
    return list({of(row): row for row in [*results, *rows]}.values())


def _compared(path: str, folder: str, options: Any) -> list[dict[str, Any]]:
    table, config = read(path, options.text), Config()
    corpus = Path(folder, "corpus.parquet")
    pq.write_table(table, corpus, row_group_size=2_000)
    wanted, rows = found_here(table, config), []
    for partitions in options.partitions:
        session, begin = _session(partitions, options), time.time()
        work = f"{folder}/work-{partitions}"
        with Sampler() as sampler:
            got = found_by_spark(session, corpus, partitions, config, work)
        rows.append(
            {
                "name": _name(path),
                "documents": len(table),
                "partitions": partitions,
                "spark": session.version,
                "connect": bool(options.remote),
                "seconds": round(time.time() - begin, 1),
                "largest_worker_megabytes": sampler.largest >> 20,
                **compare(got, wanted),
            }
        )
        print(json.dumps(rows[-1]), flush=True)
    return rows


def _name(path: str) -> str:
    if path.startswith("made:"):
        return _MADE[path.split(":")[1]][1]
    return Path(path).parts[-2] if path.endswith(".jsonl.gz") else Path(path).name


class Sampler(threading.Thread):
    """Look at the memory of Python workers four times a second."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.largest, self._is_over = 0, threading.Event()

    def run(self) -> None:
        """Look until it is over."""
        page = os.sysconf("SC_PAGE_SIZE")
        mine = os.fsencode(sys.executable) + b"\0-m\0pyspark.daemon"
        while not self._is_over.wait(0.25):
            for entry in Path("/proc").glob("[0-9]*"):
                with contextlib.suppress(OSError):
                    if mine in entry.joinpath("cmdline").read_bytes():
                        size = int(entry.joinpath("statm").read_text("ascii").split()[1])
                        self.largest = max(self.largest, size * page)

    def __enter__(self) -> Sampler:
        """Begin."""
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        """End."""
        self._is_over.set()
        self.join()


def _session(partitions: int, options: Any) -> Any:
    from pyspark.sql import SparkSession

    if options.remote:
        session = SparkSession.builder.remote(options.remote).getOrCreate()
    else:
        from dedup.spark import own_session

        conf = {"spark.driver.memory": options.memory, "spark.ui.enabled": "false"}
        conf["spark.sql.execution.arrow.maxRecordsPerBatch"] = options.batch_rows
        conf["spark.driver.extraJavaOptions"] = "-XX:TieredStopAtLevel=1"  # runs are short
        if options.interpreted:
            conf["spark.sql.codegen.wholeStage"] = "false"
            conf["spark.sql.codegen.factoryMode"] = "NO_CODEGEN"
        session, _ = own_session("local[2,4]", conf)
        session.sparkContext.setLogLevel("ERROR")
    session.conf.set("spark.sql.shuffle.partitions", partitions)
    return session


if __name__ == "__main__":
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    raise SystemExit(main())
