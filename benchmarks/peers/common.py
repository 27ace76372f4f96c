"""What the peers' programs share: rows in, shingles as their users make them, clusters out."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

SHINGLE, PERMUTATIONS, BANDS, ROWS = 5, 128, 16, 8
WORD = re.compile(r"\w+")


def read() -> tuple[list[str], list[str]]:
    """Return ids and texts of the corpus named on the command line, Parquet or JSON lines."""
    if sys.argv[1].endswith(".jsonl"):
        with Path(sys.argv[1]).open(encoding="utf-8") as lines:
            rows = [json.loads(line) for line in lines]
        return [row["id"] for row in rows], [row["text"] for row in rows]
    table = pq.read_table(sys.argv[1], columns=["id", "text"])
    return table["id"].to_pylist(), table["text"].to_pylist()


def shingles(text: str) -> set[str]:
    """Return the word shingles of a text."""
    words = WORD.findall(text.lower())
    if len(words) <= SHINGLE:
        return {" ".join(words)}
    return {" ".join(words[k : k + SHINGLE]) for k in range(len(words) - SHINGLE + 1)}


class Groups:
    """Disjoint sets of rows."""

    def __init__(self, count: int) -> None:
        self.parent = list(range(count))

    def root(self, x: int) -> int:
        """Return the row that names the set of ``x``."""
        while self.parent[x] != x:
            self.parent[x] = self.parent[self.parent[x]]
            x = self.parent[x]
        return x

    def join(self, a: int, b: int) -> None:
        """Make the sets of two rows one."""
        a, b = self.root(a), self.root(b)
        self.parent[max(a, b)] = min(a, b)


def write(ids: list[str], groups: Groups) -> None:
    """Write (id, cluster) to the file named second on the command line."""
    clusters = [groups.root(k) for k in range(len(ids))]
    pq.write_table(pa.table({"id": ids, "cluster": pa.array(clusters, pa.int64())}), sys.argv[2])
