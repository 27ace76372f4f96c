"""Measure large and degenerate corpora: growth, memory, time by size.

    python benchmarks/scale.py make --documents 5000000 --words 60 --out FOLDER
    python benchmarks/scale.py run FOLDER/corpus.parquet -- --find duplicates --memory 1GB
    python benchmarks/scale.py degenerate [--size 100000] -- --find duplicates

``make`` draws words of a Zipf distribution, a fifth of the documents copies with 0 to 20% of the
words changed; it is much faster than ``corpus.py`` and has no passages or hard negatives.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

ROOT = Path(__file__).resolve().parents[1]
WORDS = 50_000
CHUNK = 100_000
FOOTER_WORDS = 200


def vocabulary(random: np.random.Generator) -> pa.Array:
    """Return made-up words of 2 to 10 letters."""
    letters = np.array(list("etaoinshrdlucmfwypvbgkjqxz"))
    sizes = random.integers(2, 11, WORDS)
    drawn = letters[np.minimum(random.geometric(0.12, sizes.sum()) - 1, 25)]
    ends = np.cumsum(sizes)
    return pa.array(
        ["".join(drawn[low:high]) for low, high in zip(ends - sizes, ends, strict=True)]
    )


def texts(words: pa.Array, rows: np.ndarray[Any, Any]) -> pa.Array:
    """Write rows of word numbers out."""
    offsets = pa.array(np.arange(0, rows.size + 1, rows.shape[1]), pa.int32())
    lists = pa.ListArray.from_arrays(offsets, words.take(pa.array(rows.ravel())))
    return pc.binary_join(lists, " ")


def made(count: int, length: int, seed: int) -> Iterator[pa.Table]:
    """Yield a corpus in tables of up to ``CHUNK`` documents."""
    random = np.random.default_rng(seed)
    words = vocabulary(random)
    start = 0
    while start < count:
        size = min(CHUNK, count - start)
        rows = np.minimum(random.zipf(1.2, (size, length)), WORDS) - 1
        copies = random.permutation(size)[: size // 5]
        sources = random.integers(0, size, len(copies))
        changed = random.random((len(copies), length)) < random.uniform(0, 0.2, (len(copies), 1))
        drawn = np.minimum(random.zipf(1.2, changed.shape), WORDS) - 1
        rows[copies] = np.where(changed, drawn, rows[sources])
        ids = pc.utf8_lpad(pa.array(np.arange(start, start + size)).cast(pa.string()), 9, "0")
        yield pa.table({"id": ids, "text": texts(words, rows)})
        start += size


def write(path: Path, tables: Iterator[pa.Table]) -> None:
    """Write tables as one Parquet file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    first = next(tables)
    with pq.ParquetWriter(path, first.schema) as writer:
        writer.write_table(first, row_group_size=20_000)
        for table in tables:
            writer.write_table(table, row_group_size=20_000)


def run(path: Path, options: list[str]) -> dict[str, Any]:
    """Scan a file in a process of its own; return CPU seconds, seconds, megabytes and counts."""
    with tempfile.TemporaryDirectory(prefix="scale-") as folder:
        command = [sys.executable, "-m", "dedup", "scan", str(path), "-q", "-o", folder]
        measured = [sys.executable, str(ROOT / "benchmarks/measured.py"), *command]
        done = subprocess.run(
            [*measured, "--format", "parquet", *options], stdout=subprocess.PIPE, check=True
        )
        facts: dict[str, Any] = json.loads(done.stdout)
        if facts.pop("code") not in (0, 3):
            raise SystemExit(f"failed: {' '.join(command)}")
        summary = json.loads(Path(folder, "summary.json").read_text(encoding="utf-8"))
    return facts | {
        "documents": summary["documents"],
        "relations": summary["relations"],
        "largest": summary["clusters"]["largest"],
        "limits": summary["limits"],
    }


def degenerate(size: int) -> dict[str, Callable[[int], Iterator[pa.Table]]]:
    """Return the makers of the corpora that break what is quadratic; each takes a size."""
    random = np.random.default_rng(3)
    words = vocabulary(random)
    footer = " ".join(words.take(pa.array(random.integers(0, WORDS, FOOTER_WORDS))).to_pylist())

    def in_chunks(count: int, make: Callable[[int], pa.Array]) -> Iterator[pa.Table]:
        for start in range(0, count, CHUNK):
            some = min(CHUNK, count - start)
            ids = pa.array(np.arange(start, start + some)).cast(pa.string())
            yield pa.table({"id": ids, "text": make(some)})

    def footed(count: int) -> pa.Array:
        body = texts(words, random.integers(0, WORDS, (count, 100)))
        return pc.binary_join_element_wise(body, pa.scalar(footer), "\n\n")

    def one(count: int) -> Iterator[pa.Table]:
        drawn = words.take(pa.array(random.integers(0, WORDS, count * 20))).to_pylist()
        lines = (" ".join(drawn[k : k + 14]) for k in range(0, len(drawn), 14))
        yield pa.table({"id": ["long"], "text": pa.array(["\n".join(lines)], pa.large_string())})

    return {
        "identical": lambda n: in_chunks(n, lambda k: pa.repeat(pa.scalar(footer), k)),
        "same footer": lambda n: in_chunks(n, footed),
        "one word": lambda n: in_chunks(
            n, lambda k: words.take(pa.array(random.integers(0, WORDS, k)))
        ),
        "empty": lambda n: in_chunks(10 * n, lambda k: pa.repeat(pa.scalar(""), k)),
        "one long": one,
    }


def main() -> int:
    """Make a corpus, or run on one, or on the degenerate ones at two sizes."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("what", choices=("make", "run", "degenerate"))
    parser.add_argument("corpus", type=Path, nargs="?")
    parser.add_argument("--documents", type=int, default=1_000_000)
    parser.add_argument("--words", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path)
    parser.add_argument("--size", type=int, default=100_000)
    parser.add_argument("--only", default="", help="of the degenerate ones, by name")
    options, more = parser.parse_known_args()
    more = [each for each in more if each != "--"]
    if options.what == "make":
        write(options.out / "corpus.parquet", made(options.documents, options.words, options.seed))
    elif options.what == "run":
        print(json.dumps(run(options.corpus, more)))
    else:
        with tempfile.TemporaryDirectory(prefix="scale-") as folder:
            for name, make in degenerate(options.size).items():
                if options.only not in name:
                    continue
                for size in (options.size, 4 * options.size):
                    path = Path(folder, "corpus.parquet")
                    write(path, make(size))
                    print(f"{name}, {size:,}: {json.dumps(run(path, more))}", flush=True)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
