"""Measure in four minutes what should not get worse, and compare it with the last record.

    scripts/bench quick                 # measures, writes record/quick-<date>.json, compares
    scripts/bench quick --rounds 5      # on a noisy machine

Figures are ratios to what runs beside them in the same minutes, so records of different machines
can be compared: both modes to the floor (read the file, hash every text), the fast one also on JSON
lines in twenty languages, and datasketch to both, start-up apart; a corpus of which every fifth
article carries one stock paragraph to the same corpus without; the wall time of two threads to that
of one; besides, the CPU seconds of the first compile and of a warm start against the floor, and
peak memory. A figure that is more than 5% worse than in the last record is named.
"""

from __future__ import annotations

import argparse
import datetime
import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import corpus as corpus_maker
import pyarrow as pa
import pyarrow.parquet as pq
import tables

HERE = Path(__file__).resolve().parent
RECORDS = HERE / "record"
DOCUMENTS = 10_000
STOCK = (
    "The regional water authority said on Thursday that reservoirs in the upper valley had fallen "
    "to their lowest level in eleven years, and asked households and farms to cut their use by a "
    "fifth until the autumn rains arrive, warning that rationing would follow in three districts "
    "if the appeal was not heeded."
)
WORSE = 0.05  # a figure has to be by so much worse to be named
# Every figure, and whether less is better.
LESS_IS_BETTER = {
    "full / floor": True,
    "duplicates / floor": True,
    "duplicates / floor, scripts": True,
    "datasketch / full": False,
    "datasketch / duplicates": False,
    "first compile / floor": True,
    "start / floor": True,
    "stock paragraph / none": True,
    "two threads / one, full": True,
    "two threads / one, duplicates": True,
    "full megabytes": True,
    "duplicates megabytes": True,
}


def main() -> int:
    """Measure, print, write and compare."""
    options = _options()
    with tempfile.TemporaryDirectory(prefix="quick-") as made:
        measured = measure(Path(made), options.rounds)
    now = figures(measured)
    last = newest_record(options.json)
    for name, value in now.items():
        before = last.get("figures", {}).get(name)
        print(f"{name:26}{value:10.2f}" + ("" if before is None else f"   last {before:10.2f}"))
    for name in worse(last.get("figures", {}), now):
        print(f"worse by more than {WORSE:.0%}: {name}, record of {last['date'][:10]}")
    options.json.write_text(json.dumps(_record(options.rounds, measured, now), indent=1) + "\n")
    return 0


def _options() -> argparse.Namespace:
    today = datetime.datetime.now(datetime.timezone.utc).date().isoformat()
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", type=Path, default=RECORDS / f"quick-{today}.json")
    return parser.parse_args()


def measure(folder: Path, rounds: int) -> dict[str, dict[str, float]]:
    """Return CPU seconds, seconds and megabytes of every program: medians of rounds in turns."""
    made = corpus_maker.make(DOCUMENTS, 1, 400)
    source, seeds = str(corpus_maker.write(folder, *made)), str(HERE.parent / "seeds")
    lines = str(corpus_maker.write(folder, *made, scripts=True))
    stock = str(folder / "stock.parquet")
    write_stock(source, stock)
    one = ["--threads", "1"]
    command = [sys.executable, "-m", "dedup"]
    scan = [*command, "scan", "--quiet"]
    fast = ["--find", "duplicates"]
    cache = {"NUMBA_CACHE_DIR": str(folder / "cache")}
    floor = [sys.executable, str(HERE / "peers/floor.py")]
    first = [("first compile", [*command, "warmup", "scan"], cache)]
    turns = [
        ("floor", [*floor, source], {}),
        ("floor, scripts", [*floor, lines], {}),
        ("start, full", [*scan, seeds], {}),
        ("start, duplicates", [*scan, *fast, seeds], {}),
        ("full", [*scan, source], {}),
        ("duplicates", [*scan, *fast, source], {}),
        ("duplicates, scripts", [*scan, *fast, lines], {}),
        ("stock", [*scan, stock], {}),
        ("one thread, full", [*scan, *one, source], {}),
        ("one thread, duplicates", [*scan, *fast, *one, source], {}),
        ("datasketch", [sys.executable, str(HERE / "peers/datasketch_.py"), source, "OUT"], {}),
    ]
    for _, command, more in turns[:-1]:  # compile, and read the file once
        _run(command, more, folder)
    runs: dict[str, list[dict[str, float]]] = {}
    for name, command, more in [*first, *turns * rounds]:
        runs.setdefault(name, []).append(_run(command, more, folder))
    return {
        name: {key: statistics.median(run[key] for run in each) for key in each[0]}
        for name, each in runs.items()
    }


def write_stock(source: str, made: str) -> None:
    """Write a corpus again, with one paragraph in the middle of every fifth article."""
    table = pq.read_table(source)
    texts = table["text"].to_pylist()
    for place in range(0, len(texts), 5):
        parts = texts[place].split("\n\n")
        parts.insert(len(parts) // 2, STOCK)
        texts[place] = "\n\n".join(parts)
    column = table.schema.get_field_index("text")
    kind = table.schema.field(column).type
    pq.write_table(table.set_column(column, "text", pa.array(texts, kind)), made)


def _run(command: list[str], more: dict[str, str], folder: Path) -> dict[str, float]:
    environment = {**os.environ, "PYTHONPATH": f"{HERE.parent}:{HERE / 'peers'}", **more}
    out = str(folder / "out")
    command = [out if part == "OUT" else part for part in command]
    measured = [sys.executable, str(HERE / "measured.py"), *command]
    done = subprocess.run(measured, env=environment, stdout=subprocess.PIPE, check=True)
    facts: dict[str, float] = json.loads(done.stdout)
    if facts.pop("code"):
        raise SystemExit(f"failed: {' '.join(command)}")
    return facts


def figures(measured: dict[str, dict[str, float]]) -> dict[str, float]:
    """Return the figures of a measurement, start-up taken off both modes.

    >>> programs = ("floor", "full", "duplicates", "datasketch", "first compile", "stock")
    >>> programs += ("one thread, full", "one thread, duplicates")
    >>> programs += ("floor, scripts", "duplicates, scripts")
    >>> made = {name: {"cpu_seconds": 2.0, "seconds": 1.5, "megabytes": 9.0} for name in programs}
    >>> start = {"cpu_seconds": 1.0, "seconds": 1.0}
    >>> made |= {name: start for name in ("start, full", "start, duplicates")}
    >>> figures(made)["datasketch / full"], figures(made)["full megabytes"]
    (2.0, 9.0)
    """
    wall = {name: each["seconds"] for name, each in measured.items()}
    threads = {
        mode: max(wall[mode] - wall[f"start, {mode}"], 0.01)
        / max(wall[f"one thread, {mode}"] - wall[f"start, {mode}"], 0.01)
        for mode in ("full", "duplicates")
    }
    cpu = {name: each["cpu_seconds"] for name, each in measured.items()}
    floor = max(cpu["floor"], 0.01)
    full = max(cpu["full"] - cpu["start, full"], 0.01)
    start = cpu["start, duplicates"]
    duplicates = max(cpu["duplicates"] - start, 0.01)
    made = {
        "full / floor": full / floor,
        "duplicates / floor": duplicates / floor,
        "duplicates / floor, scripts": max(cpu["duplicates, scripts"] - start, 0.01)
        / max(cpu["floor, scripts"], 0.01),
        "datasketch / full": cpu["datasketch"] / full,
        "datasketch / duplicates": cpu["datasketch"] / duplicates,
        "first compile / floor": cpu["first compile"] / floor,
        "start / floor": cpu["start, full"] / floor,
        "stock paragraph / none": max(cpu["stock"] - cpu["start, full"], 0.01) / full,
        "two threads / one, full": threads["full"],
        "two threads / one, duplicates": threads["duplicates"],
        "full megabytes": measured["full"]["megabytes"],
        "duplicates megabytes": measured["duplicates"]["megabytes"],
    }
    return {name: round(value, 3) for name, value in made.items()}


def worse(before: dict[str, float], now: dict[str, float]) -> list[str]:
    """Return the figures that are worse than before by more than ``WORSE``.

    >>> worse({"full / floor": 10.0, "datasketch / full": 2.0}, {"full / floor": 10.6})
    ['full / floor']
    >>> worse({"datasketch / full": 2.0}, {"datasketch / full": 1.8, "start / floor": 9.0})
    ['datasketch / full']
    """
    found = []
    for name, less in LESS_IS_BETTER.items():
        if name in before and name in now:
            grown = now[name] / before[name]
            if (grown if less else 1 / grown) > 1 + WORSE:
                found.append(name)
    return found


def newest_record(besides: Path) -> dict[str, Any]:
    """Return the newest record there is, apart from the one that is written now."""
    names = sorted(each for each in RECORDS.glob("quick-*.json") if each.name != besides.name)
    return json.loads(names[-1].read_text(encoding="utf-8")) if names else {}


def _record(rounds: int, measured: dict[str, Any], now: dict[str, float]) -> dict[str, Any]:
    return {
        **tables.head(),
        "documents": DOCUMENTS,
        "rounds": rounds,
        "figures": now,
        "measured": measured,
    }


if __name__ == "__main__":
    raise SystemExit(main())
