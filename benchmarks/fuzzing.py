"""Damaged inputs through dedup, in processes of their own: nothing but dedup's own errors ends one.

An input follows from its number. What must hold is for ``Fuzzed.outcome`` to say: it returns what
became of an input, and raises what must not happen. A process that ends, hangs or takes too much
memory is a fault of the input at hand, and the rest goes on without it.
"""

from __future__ import annotations

import abc
import argparse
import json
import multiprocessing
import resource
import signal
import sys
import tempfile
import time
import traceback
import warnings
from collections import Counter
from pathlib import Path
from typing import Any

import pyarrow as pa

SECONDS = 30  # for one input
MEMORY = 6 << 30  # of one process
CHUNK = 2_500  # inputs given to a process at once


class Fuzzed(abc.ABC):
    """What is fuzzed: how inputs are made, and what may become of them."""

    @abc.abstractmethod
    def valid(self) -> dict[str, bytes]:
        """Return the files that inputs are made of."""

    @abc.abstractmethod
    def name(self, seed: int, valid: dict[str, bytes]) -> str:
        """Return the name of an input, by which outcomes are counted."""

    @abc.abstractmethod
    def outcome(self, seed: int, valid: dict[str, bytes], folder: Path) -> str:
        """Return what became of an input, and raise what must not happen."""


def _too_long(number: int, frame: object) -> None:
    raise TimeoutError(f"not done in {SECONDS} seconds")


def work(fuzzed: Fuzzed, first: int, last: int, marker: str, results: str) -> None:
    """Try the inputs of some numbers; say in ``marker`` which is at hand."""
    warnings.simplefilter("ignore")
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    signal.signal(signal.SIGALRM, _too_long)
    valid, met, faults = fuzzed.valid(), Counter(), []
    with tempfile.TemporaryDirectory() as folder:
        for seed in range(first, last):
            Path(marker).write_text(str(seed))
            name = fuzzed.name(seed, valid)
            signal.alarm(SECONDS)
            try:
                met[name, fuzzed.outcome(seed, valid, Path(folder))] += 1
            except BaseException as error:  # any of them is what this looks for
                met[name, "fault"] += 1
                last_line = traceback.extract_tb(error.__traceback__)[-1]
                where = f"{Path(last_line.filename).name}:{last_line.lineno}"
                faults.append([seed, name, f"{type(error).__name__}: {error}"[:200], where])
            signal.alarm(0)
    counts = [[*key, count] for key, count in met.items()]
    Path(results).write_text(json.dumps({"counts": counts, "faults": faults}))


def run(fuzzed: Fuzzed, first: int, inputs: int, processes: int) -> dict[str, object]:
    """Try so many inputs in processes of their own; return what became of them."""
    context = multiprocessing.get_context("spawn")
    met: Counter[tuple[str, str]] = Counter()
    faults: list[list[Any]] = []
    ends = range(first, first + inputs, CHUNK)
    waiting = [(low, min(low + CHUNK, first + inputs)) for low in ends]
    begin = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        running: list[tuple[Any, int, int]] = []
        while waiting or running:
            while waiting and len(running) < processes:
                low, high = waiting.pop(0)
                names = [str(Path(folder, f"{kind}{low}")) for kind in ("at", "out")]
                process = context.Process(target=work, args=(fuzzed, low, high, *names))
                process.start()
                running.append((process, low, high))
            for entry in list(running):
                process, low, high = entry
                process.join(0.05)
                if process.exitcode is None:
                    continue
                running.remove(entry)
                marker, results = (Path(folder, f"{kind}{low}") for kind in ("at", "out"))
                if process.exitcode == 0 and results.exists():
                    found = json.loads(results.read_text())
                    met.update({(name, what): count for name, what, count in found["counts"]})
                    faults += found["faults"]
                    continue
                died = int(marker.read_text()) if marker.exists() else low
                name = fuzzed.name(died, fuzzed.valid())
                faults.append([died, name, f"the process ended with {process.exitcode}", ""])
                met[name, "fault"] += 1
                waiting = [
                    *((low, died),) * (died > low),
                    *((died + 1, high),) * (died + 1 < high),
                    *waiting,
                ]
    return {
        "first_seed": first,
        **_counted(met),
        "faults": sorted(faults)[:100],
        "seconds": round(time.perf_counter() - begin, 1),
        "versions": {"python": sys.version.split()[0], "pyarrow": pa.__version__},
    }


def _counted(met: Counter[tuple[str, str]]) -> dict[str, object]:
    outcomes: Counter[str] = Counter()
    files: dict[str, Counter[str]] = {}
    for (name, what), count in met.items():
        outcomes[what] += count
        files.setdefault(name, Counter())[what] += count
    return {
        "inputs": sum(outcomes.values()),
        "outcomes": dict(outcomes.most_common()),
        "by_file": {name: dict(files[name].most_common()) for name in sorted(files)},
    }


def main(fuzzed: Fuzzed, doc: str) -> int:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=doc.splitlines()[0])
    parser.add_argument("--inputs", type=int, default=10_000)
    parser.add_argument("--first", type=int, default=0, help="number of the first input")
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--record", help="file that gets the figures")
    given = parser.parse_args()
    figures = run(fuzzed, given.first, given.inputs, given.processes)
    text = json.dumps(figures, indent=1)
    print(text)
    if given.record:
        Path(given.record).write_text(f"{text}\n")
    return 1 if figures["faults"] else 0
