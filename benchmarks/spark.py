"""Measure Spark beside the local engine, stage by stage, in CPU seconds of all processes.

    python benchmarks/spark.py --documents 50000 500000 --json benchmarks/record/spark-<date>.json

For each size a corpus of ``corpus.py`` (with ``--maker scale`` of ``scale.py``, which is much
faster and has a fifth of near copies) is scanned by ``dedup scan --find duplicates`` and by Spark
(``local[2,4]``, a session of its own); with ``--find repeats`` for repeats inside documents, with
``--find all`` in full mode. ``--corpus`` names a file that is there already. CPU seconds are those
of the process and all below it: the driver, the Java machine, the Python workers. Bytes shuffled
and spilled, and how many stages of Spark write one table, are Spark's own counts.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import tables

ROOT = Path(__file__).resolve().parents[1]
_TICKS = os.sysconf("SC_CLK_TCK")
_COUNTED = ("Shuffle Write Metrics", "Disk Bytes Spilled")


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
    from dedup.config import Config
    from dedup.spark import find, frames, own_session

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

        def note(name: str) -> None:
            stages.append({"name": name, "at": time.time(), "cpu": tree_seconds(os.getpid())})

        keep = frames.Store.keep

        def noted(self: Any, frame: Any, name: str) -> Any:
            made = keep(self, frame, name)
            note(name)
            return made

        frames.Store.keep = noted
        note("start")
        config = Config()
        if find_what != "all":
            config = Config(find=(find_what,), boilerplate=find_what != "repeats")
        found = find(session.read.parquet(str(corpus)), config)
        note("summary")
        session.stop()
        events = [each for each in Path(folder).rglob("*") if each.is_file()]
        tasks = [task for each in events for task in _tasks(each)]
        ends = [end for each in events for end in _stage_ends(each)]
    print(json.dumps(_told(begin, stages, (tasks, ends), found.summary)))


def _tasks(log: Path) -> list[tuple[float, int, int]]:
    """Return of each task when it ended, the bytes it shuffled, and those it spilled to disk."""
    made = []
    for line in log.read_text("utf-8").splitlines():
        if '"SparkListenerTaskEnd"' in line:
            event = json.loads(line)
            metrics = event.get("Task Metrics") or {}
            shuffled = metrics.get("Shuffle Write Metrics", {}).get("Shuffle Bytes Written", 0)
            spilled = metrics.get("Disk Bytes Spilled", 0)
            made.append((event["Task Info"]["Finish Time"] / 1000, shuffled, spilled))
    return made


def _stage_ends(log: Path) -> list[float]:
    """Return when each stage of Spark ended."""
    lines = log.read_text("utf-8").splitlines()
    ended = (json.loads(line) for line in lines if '"SparkListenerStageCompleted"' in line)
    return [event["Stage Info"].get("Completion Time", 0) / 1000 for event in ended]


def _told(
    begin: float,
    stages: list[dict[str, Any]],
    events: tuple[list[tuple[float, int, int]], list[float]],
    totals: Any,
) -> dict[str, Any]:
    rows, before, used = [], begin, 0.0
    tasks, ends = events
    for stage in stages:
        some = [task for task in tasks if before < task[0] <= stage["at"]]
        rows.append(
            {
                "name": stage["name"],
                "cpu_seconds": round(stage["cpu"] - used, 2),
                "seconds": round(stage["at"] - before, 2),
                "stages": sum(before < end <= stage["at"] for end in ends),
                "tasks": len(some),
                "shuffled_megabytes": round(sum(task[1] for task in some) / 1e6, 2),
                "spilled_megabytes": round(sum(task[2] for task in some) / 1e6, 2),
            }
        )
        before, used = stage["at"], stage["cpu"]
    whole = {"cpu_seconds": round(used, 2), "seconds": round(before - begin, 2)}
    return {**whole, "stages": rows, "documents": totals["documents"]}


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
        if spark.pop("documents") != summary["documents"]:
            raise SystemExit("the engines differ")
        megabytes = round(corpus.stat().st_size / 1e6, 1)
    return {
        "documents": documents,
        "corpus_megabytes": megabytes,
        "relations": summary["relations"],
        "local": facts,
        "spark": spark,
    }


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
