"""Measure text to signature on one thread, beside datasketch and rensa, in one run.

Every contestant starts from the same Python strings (once also from an Arrow column) and ends with
a signature of 128 permutations over word 5-shingles for each document. CPU seconds of the process
are counted, and the contestants take turns.
"""

from __future__ import annotations

import argparse
import datetime
import gc
import importlib.metadata
import json
import os
import platform
import random
import re
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path

import datasketch
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import xxhash

from dedup.config import Config
from dedup.core.arrays import texts_from_strings
from dedup.similarity.minhash import signatures
from dedup.text.shingles import shingle_texts
from dedup.text.tokens import tokenise_texts

ROOT = Path(__file__).resolve().parents[1]
SIZE, PERMUTATIONS, SEED = 5, 128, 1
CONFIG = Config(shingle_size=SIZE, num_perm=PERMUTATIONS, seed=SEED)
WORDS_OF_A_DOCUMENT = 450
BATCH = 1000  # documents whose shingles rensa gets in one call
LEAST = {"datasketch": 25, "rensa": 8}  # how many times faster dedup must be
ONE_THREAD = {f"{name}_NUM_THREADS": "1" for name in ("OMP", "OPENBLAS", "MKL", "NUMBA", "RAYON")}
WORD = re.compile(r"\w+")


@dataclass
class Contestant:
    """A way from texts to signatures, and the CPU seconds of its rounds."""

    name: str
    run: Callable[[], object]
    documents: int
    seconds: list[float] = field(default_factory=list)

    def rate(self) -> float:
        """Return documents a second in the median round."""
        return self.documents / statistics.median(self.seconds)


def main() -> int:
    """Run all contestants and print the table; return 1 when dedup is not fast enough."""
    options = _options()
    if not os.environ.items() >= ONE_THREAD.items():  # libraries read it while they are loaded
        os.execve(sys.executable, [sys.executable, *sys.argv], {**os.environ, **ONE_THREAD})
    documents = read_corpus(options) if options.corpus else made_corpus(options.documents)
    words = sum(len(text.split()) for text in documents) / len(documents)
    megabytes = sum(len(text.encode()) for text in documents) / 1e6
    print(f"{len(documents):,} documents, {words:.0f} words each, {megabytes:.0f} MB of UTF-8")
    check_equal_to_datasketch(documents[:50])
    print("signatures of 50 documents equal datasketch's, from the same shingle hashes")
    pa.set_cpu_count(1)
    contestants = make_contestants(documents, options.sample)
    for contestant in contestants[:2]:
        contestant.run()  # compiles or loads the kernels; no round
    measure(contestants, options.rounds)
    results = report(contestants, options.rounds)
    if options.json:
        facts = {
            "date": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"),
            "machine": machine(),
            "versions": versions(),
            "corpus": str(options.corpus or "made"),
            "documents": len(documents),
            "words": round(words),
            "megabytes": round(megabytes, 1),
            "shingle_size": SIZE,
            "num_perm": PERMUTATIONS,
            "results": results,
        }
        options.json.write_text(json.dumps(facts, indent=1) + "\n", encoding="utf-8")
    return verdict(results)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--corpus", type=Path, help=".parquet, .jsonl, or .txt (a document a line)")
    parser.add_argument("--column", default="text", help="field of the text (default: text)")
    parser.add_argument("--documents", type=int, default=50_000, help="how many to take or make")
    parser.add_argument("--sample", type=int, default=2_000, help="how many datasketch gets")
    parser.add_argument("--rounds", type=int, default=5, help="turns of each contestant")
    parser.add_argument("--json", type=Path, help="also write the figures, with date and machine")
    options = parser.parse_args()
    if min(options.documents, options.sample, options.rounds) < 1:
        parser.error("--documents, --sample and --rounds must be at least 1")
    return options


def read_corpus(options: argparse.Namespace) -> list[str]:
    """Return the first texts of a file."""
    path = options.corpus
    if path.suffix == ".parquet":
        texts = pq.read_table(path, columns=[options.column])[options.column].to_pylist()
    elif path.suffix == ".jsonl":
        with path.open(encoding="utf-8") as lines:
            texts = [json.loads(line)[options.column] for line in lines if line.strip()]
    elif path.suffix == ".txt":
        texts = path.read_text(encoding="utf-8", errors="replace").splitlines()
    else:
        raise SystemExit(f"{path}: want .parquet, .jsonl or .txt")
    found = [text for text in texts if text][: options.documents]
    if not found:
        raise SystemExit(f"{path}: no texts")
    return found


def made_corpus(count: int) -> list[str]:
    """Return documents of sentences drawn from texts that every machine has."""
    from pydoc_data.topics import topics

    texts = [path.read_text(encoding="utf-8") for path in sorted(ROOT.glob("seeds/*.txt"))]
    texts += [topics[name] for name in sorted(topics)]
    sentences = [
        " ".join(part.split())
        for text in texts
        for part in re.split(r"(?<=[.!?])\s+|\n\s*\n", text)
        if len(part.split()) >= 5
    ]
    lengths = [len(each.split()) for each in sentences]
    draw = random.Random(SEED)
    documents = []
    for _ in range(count):
        chosen, words = [], 0
        while words < WORDS_OF_A_DOCUMENT:
            place = draw.randrange(len(sentences))
            chosen.append(sentences[place])
            words += lengths[place]
        documents.append("\n".join(chosen))
    return documents


def shingles(text: str) -> Iterator[str]:
    """Yield the word 5-shingles of a text, as fast as plain Python makes them."""
    words = WORD.findall(text.lower())
    if len(words) < SIZE:
        return iter([" ".join(words)] if words else [])
    return map(" ".join, zip(*(words[at:] for at in range(SIZE)), strict=False))


def make_contestants(documents: list[str], sample: int) -> list[Contestant]:
    """Return all contestants that are installed, dedup first."""
    column = pa.array(documents, pa.large_string())
    few = documents[:: max(len(documents) // sample, 1)][:sample]
    made = [
        Contestant("dedup, from a list", lambda: signatures(documents, CONFIG), len(documents)),
        Contestant("dedup, from Arrow", lambda: signatures(column, CONFIG), len(documents)),
        Contestant("datasketch, SHA-1", lambda: run_datasketch(few), len(few)),
        Contestant("datasketch, xxh32", lambda: run_datasketch_xxh32(few), len(few)),
    ]
    try:
        import rensa
    except ImportError:
        print("rensa is not installed and left out (pip install rensa)")
        return made
    full = rensa.RMinHash.digest_matrix_from_token_sets
    rho = rensa.RMinHash.digest_matrix_from_token_sets_rho
    return [
        *made,
        Contestant("rensa, full", lambda: run_rensa(full, documents), len(documents)),
        Contestant("rensa, rho", lambda: run_rensa(rho, documents), len(documents)),
    ]


def run_datasketch(documents: list[str]) -> None:
    """Sign documents as datasketch's documentation begins: SHA-1, permutations made once."""
    rows = ([each.encode() for each in shingles(text)] for text in documents)
    datasketch.MinHash.bulk(rows, num_perm=PERMUTATIONS, seed=SEED)


def run_datasketch_xxh32(documents: list[str]) -> None:
    """Sign documents with a faster hash function, as its documentation advises."""
    rows = ([each.encode() for each in shingles(text)] for text in documents)
    hashed = xxhash.xxh32_intdigest
    datasketch.MinHash.bulk(rows, num_perm=PERMUTATIONS, seed=SEED, hashfunc=hashed)


def run_rensa(sign: Callable[..., object], documents: list[str]) -> None:
    """Sign documents in batches by a matrix function of rensa."""
    for low in range(0, len(documents), BATCH):
        rows = [list(shingles(text)) for text in documents[low : low + BATCH]]
        sign(rows, PERMUTATIONS, SEED)


def check_equal_to_datasketch(documents: list[str]) -> None:
    """Stop unless both libraries make the same signatures of the same shingle hashes."""
    column = texts_from_strings(documents)
    made = shingle_texts(column, tokenise_texts(column), CONFIG)
    matrix = signatures(documents, CONFIG)
    for row in range(len(documents)):
        peer = datasketch.MinHash(PERMUTATIONS, SEED, hashfunc=lambda shingle: shingle >> 32)
        peer.update_batch(made.values[made.offsets[row] : made.offsets[row + 1]].tolist())
        if not np.array_equal(matrix[row], peer.hashvalues):
            raise SystemExit(f"document {row}: dedup and datasketch differ")


def measure(contestants: list[Contestant], rounds: int) -> None:
    """Let the contestants take turns; stop when one of them uses more than one thread."""
    for _ in range(rounds):
        for contestant in contestants:
            gc.collect()
            clock, cpu = time.perf_counter(), time.process_time()
            contestant.run()
            seconds, waited = time.process_time() - cpu, time.perf_counter() - clock
            if seconds > 1.1 * waited + 0.05:
                raise SystemExit(f"{contestant.name}: {seconds:.2f} CPU s in {waited:.2f} s")
            contestant.seconds.append(seconds)


def report(contestants: list[Contestant], rounds: int) -> list[dict[str, object]]:
    """Print the table and return its rows."""
    print(f"\nCPU seconds of one thread, from raw text; {rounds} rounds in turn\n")
    print(f"{'':20}{'documents':>10}{'least s':>9}{'median s':>10}{'documents/s':>13}  dedup is")
    first = contestants[0]
    rows = []
    for each in contestants:
        times = first.rate() / each.rate()
        print(
            f"{each.name:20}{each.documents:>10,}{min(each.seconds):>9.3f}"
            f"{statistics.median(each.seconds):>10.3f}{each.rate():>13,.0f}"
            + ("" if each is first else f"{times:>8.1f} ×")
        )
        facts = {key: value for key, value in asdict(each).items() if key != "run"}
        rows.append({**facts, "documents_per_second": each.rate(), "dedup_is_times": times})
    few = [each for each in contestants if each.documents < first.documents]
    if few:
        print(f"\ndatasketch had {few[0].documents:,} of the documents; compared by document")
    return rows


def verdict(results: list[dict[str, object]]) -> int:
    """Say of each peer whether dedup, from a list, is as fast as it must be; return 1 when not.

    A peer's fastest way counts. What samples tokens (``rho``) is no MinHash of the same set.
    """
    missed = 0
    print()
    for row in results:
        name, times = str(row["name"]), float(str(row["dedup_is_times"]))
        least = LEAST.get(name.split(",")[0], 0)
        if least and not name.endswith("rho"):
            missed += times < least
            print(f"{name}: {times:.1f} ×, wanted {least} ×{', MISSED' if times < least else ''}")
    return int(missed > 0)


def machine() -> str:
    """Return processor and system."""
    model = ""
    if Path("/proc/cpuinfo").exists():
        found = re.search(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text("utf-8"))
        model = found[1] if found else ""
    return f"{model or platform.processor()}, {os.cpu_count()} cores, {platform.system()}"


def versions() -> dict[str, str]:
    """Return the versions of Python and of what is measured."""
    found = {"python": platform.python_version()}
    wanted = {"dedup", "datasketch", "rensa", "numba", "numpy", "pyarrow"}
    for each in importlib.metadata.distributions():
        if each.name in wanted:
            found[each.name] = each.version
    return found


if __name__ == "__main__":
    sys.exit(main())
