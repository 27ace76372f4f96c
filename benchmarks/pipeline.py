"""Measure whole processes, from a file to clusters, beside the peers, in one call.

    scripts/bench pipeline --setup                      # peers, each into an environment of its own
    scripts/bench pipeline --documents 50000 --rounds 5
    scripts/bench pipeline --documents 200000 --json benchmarks/record/pipeline-200k-<date>.json
    scripts/bench pipeline --scripts --only floor,duplicates,datasketch   # JSON lines, 20 languages

Every contestant is a program of its own that reads the same file and writes (id, cluster). CPU
seconds are those of the process and its children as the system counts them, memory is the largest
resident set. They take turns; medians count.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import corpus as corpus_maker
import pyarrow.parquet as pq
import tables

HERE = Path(__file__).resolve().parent
PEERS = {  # name: what pip installs
    "datasketch": ("datasketch>=2,<3", "pyarrow", "numpy"),
    "rensa": ("rensa==0.5.0", "pyarrow"),
    "gaoya": ("gaoya", "pyarrow"),
    "daft": ("daft", "pyarrow", "numpy"),
    "text_dedup": ("text-dedup==0.4.0", "pyarrow"),
}
PARQUET_ONLY = {"daft", "text_dedup"}  # what their programs here read
LIKE_PEERS = ("--num-perm", "128", "--bands", "16", "--rows", "8")
OURS = {
    "dedup, duplicates": ("--find", "duplicates"),
    "dedup, duplicates, 16 × 8": ("--find", "duplicates", *LIKE_PEERS),
    "dedup, duplicates, 1 thread": ("--find", "duplicates", "--threads", "1"),
    "dedup, everything": (),
}


@dataclass
class Contestant:
    """A program, and what its rounds took: CPU seconds, seconds, megabytes."""

    name: str
    command: list[str]
    environment: dict[str, str]
    rounds: list[tuple[float, float, float]] = field(default_factory=list)
    quality: dict[str, float] = field(default_factory=dict)
    found: dict[str, Any] = field(default_factory=dict)


def main() -> int:
    """Make the corpus, run all, print the table."""
    options = _options()
    peers = options.peers.resolve()
    if options.setup:
        return _install(peers)
    with tempfile.TemporaryDirectory(prefix="bench-") as made:
        folder = options.folder or Path(made)
        source = corpus_maker.file_in(folder, scripts=options.scripts)
        if not source.exists():
            tables = corpus_maker.make(options.documents, 1, options.words)
            corpus_maker.write(folder, *tables, scripts=options.scripts)
        contestants = _contestants(str(source), peers, options.only)
        _warm(source)
        for number in range(options.rounds):
            for each in contestants:
                _run(each, Path(made))
                if not number:
                    _judge(each, folder, Path(made))
        results = report(contestants)
        if options.json:
            facts = _facts(folder, source) | {"rounds": options.rounds, "results": results}
            options.json.write_text(json.dumps(facts, indent=1) + "\n", encoding="utf-8")
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--documents", type=int, default=50_000)
    parser.add_argument("--words", type=int, default=400, help="in the median article")
    parser.add_argument("--scripts", action="store_true", help="JSON lines in twenty languages")
    parser.add_argument("--folder", type=Path, help="with a corpus made before, or to keep it")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only", help="names of contestants, comma-separated; part of one does")
    parser.add_argument("--peers", type=Path, default=HERE / ".peers", help="their environments")
    parser.add_argument("--setup", action="store_true", help="install the peers and stop")
    parser.add_argument("--json", type=Path, help="also write the figures, with date and machine")
    return parser.parse_args()


def _install(peers: Path) -> int:
    for name, wanted in PEERS.items():
        folder = peers / name
        if not (folder / "bin/python").exists():
            subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
        done = subprocess.run([str(folder / "bin/pip"), "install", "-q", *wanted], check=False)
        print(f"{name}: {'installed' if done.returncode == 0 else 'cannot be installed'}")
    return 0


def _contestants(source: str, peers: Path, only: str | None) -> list[Contestant]:
    plain = {**os.environ, "PYTHONPATH": f"{HERE.parent}:{HERE / 'peers'}"}
    floor = [sys.executable, str(HERE / "peers/floor.py"), source]
    made = [Contestant("floor", floor, plain)]
    for name, options in OURS.items():
        command = [sys.executable, "-m", "dedup", "scan", source, "--quiet", *options]
        made.append(Contestant(name, [*command, "--format", "parquet", "-o", "OUT"], plain))
    for name in PEERS:
        python = peers / name / "bin/python"
        if source.endswith(".jsonl") and name in PARQUET_ONLY:
            print(f"{name} is left out: it gets no JSON lines here")
        elif python.exists():
            program = str(HERE / f"peers/{name}_.py")
            made.append(Contestant(name, [str(python), program, source, "OUT"], plain))
        else:
            print(f"{name} is left out: it is not installed (--setup)")
    chosen = only.split(",") if only else [""]
    return [each for each in made if any(part in each.name for part in chosen)]


def _warm(source: Path) -> None:
    """Compile the kernels, and read the file once."""
    subprocess.run([sys.executable, "-m", "dedup", "scan", "-q", str(HERE.parent / "seeds")])
    subprocess.run([sys.executable, str(HERE / "peers/floor.py"), str(source)], capture_output=True)


def _run(each: Contestant, made: Path) -> None:
    out = made / "out"
    _remove(out)
    command = [str(out) if part == "OUT" else part for part in each.command]
    measured = [sys.executable, str(HERE / "measured.py"), *command]
    done = subprocess.run(measured, env=each.environment, stdout=subprocess.PIPE, check=True)
    facts = json.loads(done.stdout)
    if facts["code"]:
        raise SystemExit(f"{each.name} failed: {' '.join(command)}")
    each.rounds.append((facts["cpu_seconds"], facts["seconds"], facts["megabytes"]))
    print(f"{each.name}: {each.rounds[-1][0]:.2f} CPU s", file=sys.stderr)


def _judge(each: Contestant, folder: Path, made: Path) -> None:
    """Score the clusters that the last round wrote."""
    out = made / "out"
    if each.name == "floor":
        return
    if out.is_dir():
        table = pq.read_table(out / "documents.parquet", columns=["doc_id", "cluster"])
        summary = json.loads((out / "summary.json").read_text(encoding="utf-8"))
        each.found = {name: summary[name] for name in ("relations", "passages", "limits")}
    else:
        table = pq.read_table(out)
    ids, clusters = (column.to_pylist() for column in table.columns)
    labels = pq.read_table(folder / "labels.parquet")
    truth = dict(zip(labels["id"].to_pylist(), labels["cluster"].to_pylist(), strict=True))
    each.quality = scores(dict(zip(ids, clusters, strict=True)), truth)


def _remove(out: Path) -> None:
    """Remove what a contestant wrote."""
    if out.is_dir():
        shutil.rmtree(out)
    else:
        out.unlink(missing_ok=True)


def scores(found: dict[str, Any], truth: dict[str, Any]) -> dict[str, float]:
    """Return pairwise precision, recall and F1, and the adjusted Rand index.

    >>> scores({"a": 1, "b": 1, "c": 2}, {"a": 7, "b": 7, "c": 7})["precision"]
    1.0
    """

    def pairs(counts: Counter[Any]) -> int:
        return sum(count * (count - 1) // 2 for count in counts.values())

    both = pairs(Counter((found[name], truth[name]) for name in truth))
    ours, theirs = pairs(Counter(found.values())), pairs(Counter(truth.values()))
    precision, recall = both / max(ours, 1), both / max(theirs, 1)
    expected = ours * theirs / max(len(truth) * (len(truth) - 1) / 2, 1)
    middle = (ours + theirs) / 2
    return {
        "precision": precision,
        "recall": recall,
        "f1": 2 * both / max(ours + theirs, 1),
        "ari": (both - expected) / (middle - expected) if middle != expected else 1.0,
    }


def report(contestants: list[Contestant]) -> list[dict[str, Any]]:
    """Print a table of medians, and return it."""
    results = []
    for each in contestants:
        cpu, wall, memory = (statistics.median(column) for column in zip(*each.rounds, strict=True))
        spread = max(row[0] for row in each.rounds) - min(row[0] for row in each.rounds)
        results.append(
            {
                "name": each.name,
                "cpu_seconds": round(cpu, 2),
                "spread": round(spread, 2),
                "seconds": round(wall, 2),
                "megabytes": round(memory),
                **{key: round(value, 4) for key, value in each.quality.items()},
                **each.found,
            }
        )
    columns = ("cpu_seconds", "seconds", "megabytes", "precision", "recall", "f1", "ari")
    print(f"| {'contestant':28} | " + " | ".join(f"{name:>11}" for name in columns) + " |")
    print("|---|" + "--:|" * len(columns))
    for row in results:
        cells = " | ".join(f"{row.get(name, ''):>11}" for name in columns)
        print(f"| {row['name']:28} | {cells} |")
    return results


def _facts(folder: Path, source: Path) -> dict[str, Any]:
    labels = pq.read_table(folder / "labels.parquet", columns=["kind"])
    kinds: dict[str, int] = defaultdict(int)
    for kind in labels["kind"].to_pylist():
        kinds[kind] += 1
    return {
        **tables.head(),
        "documents": len(labels),
        "megabytes": round(source.stat().st_size / 1e6, 1),
        "kinds": dict(sorted(kinds.items())),
    }


if __name__ == "__main__":
    raise SystemExit(main())
