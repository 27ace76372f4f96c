"""Measure what the search for stories costs, for growing parts of a corpus.

    python benchmarks/corpus.py --documents 200000 --out FOLDER
    python benchmarks/stories.py FOLDER/corpus.parquet --documents 50000 --documents 200000

Tokens and classes are those of a scan and not counted; copies are left out by the labels beside the
corpus, as clusters leave them out. CPU seconds are of all threads, the least of ``--repeat``
runs, without the loading of kernels. ``--record FILE`` keeps the figures.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import time
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq

from dedup.config import Config
from dedup.core.arrays import texts_from_arrow
from dedup.core.dates import NO_DAY
from dedup.stories.find import find_stories
from dedup.stories.vectors import source_of
from dedup.text.stopwords import classify
from dedup.text.tokens import tokenise_texts


def measure(corpus: Path, count: int, threads: int, repeat: int) -> dict[str, Any]:
    """Return the figures of the first ``count`` documents."""
    table = pq.read_table(corpus).slice(0, count)
    labels = pq.read_table(corpus.with_name("labels.parquet")).to_pylist()
    clusters = {row["id"]: row["cluster"] for row in labels}
    names = table["id"].to_pylist()
    _, documents = np.unique([clusters.get(name, name) for name in names], return_index=True)
    texts = texts_from_arrow(table["text"])
    tokens = tokenise_texts(texts, threads=threads)
    source = source_of(tokens, classify(tokens))
    days = np.full(len(names), NO_DAY, np.int32)
    seconds = []
    for _ in range(repeat):
        begin = time.process_time()
        found = find_stories(
            *(texts, source, Config()), documents=np.sort(documents), days=days, threads=threads
        )
        seconds.append(time.process_time() - begin)
    return {
        "documents": len(names),
        "articles": len(documents),
        "stories": len(found.members),
        "cpu_seconds": round(min(seconds), 2),
    }


def main() -> None:
    """Measure each size, and print a line for it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("corpus", type=Path)
    parser.add_argument("--documents", type=int, action="append")
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--record", type=Path)
    options = parser.parse_args()
    rows = []
    for count in options.documents or [50_000]:
        rows.append(measure(options.corpus, count, options.threads, options.repeat))
        print("{documents:>9,} documents, {cpu_seconds} CPU s".format(**rows[-1]), flush=True)
    if options.record:
        facts = {"python": platform.python_version(), "cores": os.cpu_count(), "sizes": rows}
        options.record.write_text(json.dumps(facts, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
