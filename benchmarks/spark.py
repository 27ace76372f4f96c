"""Measure Spark beside the local engine, stage by stage, in CPU seconds of all processes.

    python benchmarks/spark.py --documents 50000 500000 --json benchmarks/record/spark-<date>.json

For each size a corpus of ``corpus.py`` (with ``--maker scale`` of ``scale.py``, which is much
faster and has a fifth of near copies) is scanned by ``dedup scan --find duplicates`` and by Spark
(``local[2,4]``, a session of its own); with ``--find repeats`` for repeats inside documents, with
``--find all`` in full mode. ``--corpus`` names a file that is there already. CPU seconds are those
of the process and all below it: the driver, the Java machine, the Python workers. Rows and bytes
shuffled and spilled, the most that one task read of a shuffle, and how many stages of Spark write
one table are Spark's own counts. What the largest Python worker held until a table was written is
sampled from /proc.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow.compute as pc
import pyarrow.parquet as pq
import spark_equal
import tables

from dedup.config import Config
from dedup.spark import frames

ROOT = Path(__file__).resolve().parents[1]
_TICKS = os.sysconf("SC_CLK_TCK")


def tree_seconds(root: int) -> float:
    """Return the CPU seconds of a process, of all below it, and of those that have ended."""
    below: dict[int, list[int]] = {}
    used: dict[int, int] = {}
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            fields = entry.joinpath("stat").read_text("utf-8", "replace").rpartition(")")[2].split()
        except OSError:
            continue
        below.setdefault(int(fields[1]), []).append(int(entry.name))
        used[int(entry.name)] = sum(map(int, fields[11:15]))
    seen, ticks = [root], 0
    for each in seen:
        ticks += used.get(each, 0)
        seen += below.get(each, [])
    return ticks / _TICKS


def run_spark(corpus: Path, memory: str, partitions: int, find_what: str) -> None:
    """Scan a corpus on Spark in this process and print as JSON what each stage took."""
    from dedup.spark import find, own_session

    begin = time.time()
    with tempfile.TemporaryDirectory(prefix="spark-bench-") as folder:
        conf = {
            "spark.driver.memory": memory,
            "spark.ui.enabled": "false",
            "spark.sql.shuffle.partitions": partitions,
            "spark.eventLog.enabled": "true",
            "spark.eventLog.dir": Path(folder).as_uri(),
            "spark.eventLog.compress": "false",
        }
        session, _ = own_session("local[2,4]", conf)
        session.sparkContext.setLogLevel("ERROR")
        stages: list[dict[str, Any]] = []
        sampler = spark_equal.Sampler()

        def note(name: str, table: str | None = None) -> None:
            at, cpu, worker = time.time(), tree_seconds(os.getpid()), sampler.largest >> 20
            sampler.largest = 0
            written = _written(table) if table else {}
            stages.append({"name": name, "at": at, "cpu": cpu, "worker": worker, **written})

        keep = frames.Store.keep

        def noted(self: Any, frame: Any, name: str) -> Any:
            made = keep(self, frame, name)
            note(name, f"{self.folder}/{name}")
            return made

        frames.Store.keep = noted
        note("start")
        config = Config()
        if find_what != "all":
            config = Config(find=(find_what,), boilerplate=find_what != "repeats")
        with sampler:
            frame = session.read.parquet(str(corpus))
            columns = {name: name for name in spark_equal.ROLES if name in frame.columns}
            found = find(frame, config, **columns)
            note("summary")
        words = _family_words(found) if "families" in found.tables else 0
        session.stop()
        events = [
            event for each in Path(folder).rglob("*") if each.is_file() for event in _of(each)
        ]
    told = _told(begin, stages, events, found.summary)
    told["counts"]["words_of_families"] = words
    print(json.dumps(told))


def _family_words(found: Any) -> int:
    """Return the words of one occurrence of each family, of which the driver holds a list."""
    return int(found.tables["families"].agg({"tokens": "sum"}).first()[0] or 0)


def _written(table: str) -> dict[str, Any]:
    """Return how many rows and megabytes a table has."""
    files = list(Path(frames.local_path(table) or table).glob("*.parquet"))
    rows = sum(pq.read_metadata(each).num_rows for each in files)
    megabytes = round(sum(each.stat().st_size for each in files) / 1e6, 2)
    return {"written_rows": rows, "written_megabytes": megabytes}


class Task(NamedTuple):
    """A task that ended: when, and the rows and bytes that it shuffled, read and spilled."""

    at: float
    rows: int
    shuffled: int
    read: int
    spilled: int


def _of(log: Path) -> Iterator[Task | float]:
    """Yield each task that ended, and when each stage of Spark did."""
    with log.open(encoding="utf-8") as lines:
        for line in lines:
            if '"SparkListenerTaskEnd"' in line:
                event = json.loads(line)
                metrics = event.get("Task Metrics") or {}
                written = metrics.get("Shuffle Write Metrics", {})
                read = metrics.get("Shuffle Read Metrics", {})
                yield Task(
                    event["Task Info"]["Finish Time"] / 1000,
                    written.get("Shuffle Records Written", 0),
                    written.get("Shuffle Bytes Written", 0),
                    read.get("Remote Bytes Read", 0) + read.get("Local Bytes Read", 0),
                    metrics.get("Disk Bytes Spilled", 0),
                )
            elif '"SparkListenerStageCompleted"' in line:
                yield json.loads(line)["Stage Info"].get("Completion Time", 0) / 1000


def _told(
    begin: float, stages: list[dict[str, Any]], events: list[Task | float], totals: Any
) -> dict[str, Any]:
    rows, before, used = [], begin, 0.0
    tasks = [each for each in events if isinstance(each, Task)]
    ends = [each for each in events if not isinstance(each, Task)]
    for stage in stages:
        some = [task for task in tasks if before < task.at <= stage["at"]]
        rows.append(
            {
                "name": stage["name"],
                "cpu_seconds": round(stage["cpu"] - used, 2),
                "seconds": round(stage["at"] - before, 2),
                "stages": sum(before < end <= stage["at"] for end in ends),
                "tasks": len(some),
                "shuffled_rows": sum(task.rows for task in some),
                "shuffled_megabytes": round(sum(task.shuffled for task in some) / 1e6, 2),
                "largest_read_megabytes": round(max((t.read for t in some), default=0) / 1e6, 2),
                "spilled_megabytes": round(sum(task.spilled for task in some) / 1e6, 2),
                "worker_megabytes": stage["worker"],
                **{name: stage[name] for name in stage if name.startswith("written")},
            }
        )
        before, used = stage["at"], stage["cpu"]
    whole = {"cpu_seconds": round(used, 2), "seconds": round(before - begin, 2)}
    counts = {name: totals[name] for name in _COUNTS if name in totals}
    return {**whole, "stages": rows, "documents": totals["documents"], "counts": counts}


_COUNTS = ("relations", "passages", "families", "stories", "limits", "unsupported")


def _made(folder: str, documents: int, options: Any) -> Path:
    """Return a corpus of a size: the one that is given, or one that is made."""
    if options.corpus:
        return Path(options.corpus)
    made = [sys.executable, str(ROOT / f"benchmarks/{options.maker}.py"), "--out", folder]
    made[2:2] = ["make"] if options.maker == "scale" else []
    size = ["--documents", str(documents), "--words", str(options.words)]
    subprocess.run([*made, *size], check=True, stdout=sys.stderr)
    return Path(folder, "corpus.parquet")


def measure(documents: int, options: Any) -> dict[str, Any]:
    """Return what both engines take for a corpus of a size."""
    find_what = options.find
    with tempfile.TemporaryDirectory(prefix="spark-bench-") as folder:
        corpus = _made(folder, documents, options)
        scan = [sys.executable, "-m", "dedup", "scan", str(corpus), "-q"]
        scan += ["--find", find_what] if find_what != "all" else []
        scan += ["--no-boilerplate"] if find_what == "repeats" else []
        local = [*scan, "-o", f"{folder}/out", "--format", "parquet"]
        done = subprocess.run(
            [sys.executable, str(ROOT / "benchmarks/measured.py"), *local],
            check=True,
            stdout=subprocess.PIPE,
        )
        facts = json.loads(done.stdout)
        summary = json.loads(Path(folder, "out", "summary.json").read_text("utf-8"))
        worker = [sys.executable, __file__, "--worker", str(corpus)]
        more = ["--memory", options.memory, "--partitions", str(options.partitions)]
        more += ["--find", find_what]
        done = subprocess.run([*worker, *more], check=True, stdout=subprocess.PIPE)
        spark = json.loads(done.stdout.splitlines()[-1])
        if (told := spark.pop("documents")) != summary["documents"]:
            raise SystemExit(f"the engines differ: {told} on Spark, {summary['documents']} here")
        megabytes = round(corpus.stat().st_size / 1e6, 1)
        words = _mean_words(corpus)
    return {
        "documents": documents,
        "corpus_megabytes": megabytes,
        "mean_words": words,
        "relations": summary["relations"],
        "local": facts,
        "spark": spark,
    }


def _mean_words(corpus: Path) -> float:
    """Return how many words between blanks a document has, on average."""
    texts = pq.read_table(corpus, columns=["text"]).column("text")
    return round(pc.mean(pc.list_value_length(pc.utf8_split_whitespace(texts))).as_py(), 1)


def main() -> int:
    """Measure some sizes, print them, and write the record."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--documents", type=int, nargs="+", default=[50_000])
    parser.add_argument("--words", type=int, default=400)
    parser.add_argument("--maker", choices=("corpus", "scale"), default="corpus")
    parser.add_argument("--find", choices=("duplicates", "repeats", "all"), default="duplicates")
    parser.add_argument("--memory", default="2g", help="of the Java machine")
    parser.add_argument("--partitions", type=int, default=16)
    parser.add_argument("--corpus", help="a file of Parquet, of as many documents as --documents")
    parser.add_argument("--json", type=Path)
    parser.add_argument("--note", default="", help="what else to know, such as a busy machine")
    parser.add_argument("--worker", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.worker:
        run_spark(options.worker, options.memory, options.partitions, options.find)
        return 0
    sizes = []
    for count in options.documents:
        sizes.append(measure(count, options))
        print(json.dumps(sizes[-1], indent=1), flush=True)
    record = {
        **tables.head(),
        "note": options.note,
        "maker": options.maker,
        "find": options.find,
        "words": options.words,
        "rounds": 1,
        "documents": options.documents[-1],
        "results": [row for size in sizes for row in _rows(size)],
        "sizes": sizes,
    }
    if options.json:
        options.json.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
    return 0


def _rows(size: dict[str, Any]) -> list[dict[str, Any]]:
    count = f"{size['documents']:,}"
    local, spark = size["local"], size["spark"]
    shown = [{"name": f"{count}, one process", **local}, {"name": f"{count}, Spark", **spark}]
    stages = [{**each, "name": f"{count}, Spark: {each['name']}"} for each in spark["stages"]]
    columns = ("name", "cpu_seconds", "seconds", "megabytes")
    return [{name: row[name] for name in columns if name in row} for row in [*shown, *stages]]


if __name__ == "__main__":
    raise SystemExit(main())
