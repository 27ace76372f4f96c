"""Measure an index that keeps passages: search, additions, bytes an article, bytes written.

    python benchmarks/archive.py --articles 200000 [--json FILE]

Articles of 300 words are made by the maker of ``corpus.py``: real sentences with other words, a
third of them those of a beat of forty articles, so that articles share phrases. The store is filled
with their records at once, as a restored one is, since only what comes then is measured: searches
for new articles of the same beats with K = 64 and K = 16, and ``check_and_add`` of others, one
commit each, with passages and cleaning. Times are CPU and wall milliseconds of one process.
"""

from __future__ import annotations

import argparse
import datetime
import json
import os
import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
from corpus import Language
from index import size_of, written
from signatures import machine, versions

from dedup.index import Index, Verdict
from dedup.index.rules import Row, record_of
from dedup.index.sqlite import SQLiteStore

SEED, WORDS, BEAT, SITES = 3, 300, 40, 200
BUSY = 4  # sites of the articles that are added: each is counted over again when it has grown
START = 1_764_500_000  # when the first article came


def main() -> int:
    """Fill a store, measure, and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--articles", type=int, default=1_000_000)
    parser.add_argument("--calls", type=int, default=300, help="calls of each kind")
    parser.add_argument("--folder", type=Path, help="where the files go (default: a temporary one)")
    parser.add_argument("--json", type=Path, help="also write the figures, with date and machine")
    options = parser.parse_args()
    language = Language(np.random.default_rng(SEED))
    with tempfile.TemporaryDirectory(prefix="dedup-archive-", dir=options.folder) as folder:
        path = Path(folder) / "news.index"
        made = fill(path, language, options.articles)
        facts = {"articles": options.articles, "words": WORDS, **made, **split(path)}
        with Index.open(path) as index:
            some = [text for _, text in articles(language, options.articles, 3 * options.calls)]
            for most in (64, 16):
                searched = timed(lambda text, most=most: index.search(text, articles=most), some)
                facts[f"search_{most}"] = searched
            facts["check_and_add"] = added(index, language, options)
    facts |= {"date": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds")}
    facts |= {"machine": machine(), "load": os.getloadavg()[0], "versions": versions()}
    print(json.dumps(facts, indent=1))
    if options.json:
        options.json.write_text(json.dumps(facts, indent=1) + "\n", encoding="utf-8")
    return 0


def articles(language: Language, first: int, count: int) -> Iterator[tuple[str, str]]:
    """Yield names and texts of new articles, whose beats are those of earlier ones."""
    for number in range(first, first + count):
        beat = number * 7919 % max(first // BEAT, 1) if first else number // BEAT
        yield f"a{number}", language.text([*language.draw(WORDS, beat)])


def fill(path: Path, language: Language, count: int) -> dict[str, Any]:
    """Make an index of articles that are taken in as they are."""
    begin = time.process_time()
    with Index.open("memory://", passages=True) as maker:

        def rows() -> Iterator[Row]:
            given = (
                {"id": name, "text": text, "site": f"s{number % SITES}"}
                for number, (name, text) in enumerate(articles(language, 0, count))
            )
            for number, entry in enumerate(maker.sign_many(given), 1):
                verdict = Verdict(
                    verdict="new", first="new", cluster=entry.id, removals=(), passages=()
                )
                record = record_of(entry, None, START + number, verdict)
                yield Row(number, number, True, record, maker.settings.num_perm)

        store = SQLiteStore(path, create=lambda: maker.settings, must_be_new=True)
        before = written()
        store.restore(rows())
        store.close()
    seconds = time.process_time() - begin
    return {"fill_cpu_seconds": seconds, "fill_written_each": (written() - before) / count}


def split(path: Path) -> dict[str, float]:
    """Return the bytes an article of each part of a file."""
    parts: dict[str, float] = {}
    with closing(sqlite3.connect(path)) as connection:
        (count,) = connection.execute("SELECT count(*) FROM docs").fetchone()
        for table, column in (("docs", "record"), ("blocks", "data"), ("seeds", "data")):
            sql = f"SELECT sum(length({column})) FROM {table}"
            parts[f"{table}_bytes_each"] = connection.execute(sql).fetchone()[0] / count
    return {**parts, "file_bytes_each": size_of(path) / count}


def timed(call: Callable[[Any], object], given: Sequence[Any]) -> dict[str, float]:
    """Time a call for each of the things given, but for the first tenth, which warms up."""
    took: list[tuple[float, float]] = []
    for thing in given:
        cpu, clock = time.process_time(), time.perf_counter()
        call(thing)
        took.append((time.process_time() - cpu, time.perf_counter() - clock))
    rest = np.array(took[len(took) // 10 :]) * 1e3
    cpu, wall = rest.T
    quantiles = {f"p{round(100 * at)}": at for at in (0.5, 0.99)}
    return {
        **{f"cpu_ms_{name}": float(np.quantile(cpu, at)) for name, at in quantiles.items()},
        **{f"wall_ms_{name}": float(np.quantile(wall, at)) for name, at in quantiles.items()},
        "per_cpu_second": float(1e3 / cpu.mean()),
    }


def added(index: Index, language: Language, options: argparse.Namespace) -> dict[str, float]:
    """Time additions, one commit each, and what they write."""
    some = [
        {"id": name, "text": text, "site": f"s{number % BUSY}"}
        for number, (name, text) in enumerate(
            articles(language, options.articles + 3 * options.calls, options.calls)
        )
    ]
    before = written()
    figures = timed(index.check_and_add, some)
    return {**figures, "written_each": (written() - before) / len(some)}


if __name__ == "__main__":
    sys.exit(main())
