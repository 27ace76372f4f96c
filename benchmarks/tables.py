"""Write the tables of measurements anew from the records they name, in all pages that have some.

    python benchmarks/tables.py            # writes
    python benchmarks/tables.py --check    # exit 1 where a page is not what the records say

A table stands between ``<!-- record/NAME.json -->`` and ``<!-- end -->``. Records of ``index.py``,
of ``spark_equal.py``, and of ``spark.py`` in full mode, have tables of their own.
"""

from __future__ import annotations

import datetime
import json
import os
import platform
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
PAGES = HERE / "README.md", HERE.parent / "docs" / "comparison.md"
_BLOCK = re.compile(r"(<!-- (record/\S+\.json) -->\n).*?(<!-- end -->)", re.S)
COLUMNS = {
    "cpu_seconds": "CPU s",
    "seconds": "seconds",
    "megabytes": "MB",
    "precision": "precision",
    "recall": "recall",
    "f1": "F1",
    "ari": "ARI",
}


def head() -> dict[str, Any]:
    """Return what stands first in a record: when and on what it was measured."""
    now = datetime.datetime.now(datetime.timezone.utc)
    return {
        "date": now.isoformat(timespec="seconds"),
        "machine": {
            "system": platform.platform(),
            "cores": os.cpu_count(),
            "python": platform.python_version(),
        },
    }


def table(record: dict[str, Any]) -> str:
    """Return a record as a table, with what it was measured on above it."""
    if "differing" in record["results"][0]:
        lines = _equal_lines(record)
    elif "bands_and_rows" in record:
        lines = _index_lines(record)
    elif record.get("find") == "all":
        lines = _full_lines(record)
    else:
        lines = _process_lines(record)
    return "\n".join(lines) + "\n"


def _process_lines(record: dict[str, Any]) -> Iterator[str]:
    """Yield what each process took, and what it found."""
    yield f"{_machine(record)}; {record['documents']:,} documents, medians of {record['rounds']}:"
    yield ""
    yield f"| | {' | '.join(COLUMNS.values())} |"
    yield "|---|" + "--:|" * len(COLUMNS)
    for row in record["results"]:
        cells = (_cell(name, row.get(name)) for name in COLUMNS)
        yield f"| {row['name']} | {' | '.join(cells)} |"


_OF_CALLS = {
    "articles": "{:,}",
    "per_second": "{:,.0f}",
    "per_cpu_second": "{:,.0f}",
    "p50_ms": "{:.3f}",
    "p99_ms": "{:.3f}",
    "bytes_each": "{:,.0f}",
    "written_each": "{:,.0f}",
}


def _index_lines(record: dict[str, Any]) -> Iterator[str]:
    """Yield what each kind of call to an index took."""
    versions = record["versions"]
    yield f"{record['date'][:10]}, {record['machine']}, Python {versions['python']}, one run:"
    yield ""
    bands, rows = record["bands_and_rows"]
    head = "articles | a second | a CPU second | p50 ms | p99 ms | bytes each | written each"
    yield f"| {bands} bands of {rows} rows | {head} |"
    yield "|---|" + "--:|" * len(_OF_CALLS)
    for row in record["results"]:
        cells = (form.format(row[name]) if name in row else "" for name, form in _OF_CALLS.items())
        yield f"| {row['name']} | {' | '.join(cells)} |"


def _machine(record: dict[str, Any]) -> str:
    machine = record["machine"]
    return f"{record['date'][:10]}, {machine['cores']} cores, Python {machine['python']}"


def _equal_lines(record: dict[str, Any]) -> Iterator[str]:
    """Yield how many rows two engines have of each corpus, and how many tables differ."""
    yield f"{_machine(record)}:"
    yield ""
    yield "| corpus | documents | partitions | Spark | rows of all tables | parts that differ |"
    yield "|---|--:|--:|---|--:|--:|"
    for row in record["results"]:
        engine = row["spark"] + " by Connect" * row["connect"]
        cells = f"{row['documents']:,} | {row['partitions']} | {engine}"
        rows = sum(row["rows"].values())
        yield f"| {row['name']} | {cells} | {rows:,} | {len(row['differing'])} |"


_SHOWN = 24  # tables that take longest; the others are one line


def _full_lines(record: dict[str, Any]) -> Iterator[str]:
    """Yield what both engines take at two sizes, and each table that Spark writes."""
    small, large = record["sizes"][0], record["sizes"][-1]
    more = (large["documents"] - small["documents"]) / 1_000
    names = [f"{size['documents']:,}" for size in (small, large)]
    yield f"{_machine(record)}; articles of {large['mean_words']:.0f} words, one round:"
    yield ""
    yield f"| CPU seconds | {names[0]} | {names[1]} | 1,000 more |"
    yield "|---|--:|--:|--:|"
    every = []
    for name in ("local", "spark"):
        one, two = (size[name]["cpu_seconds"] for size in (small, large))
        every.append((one, two, (two - one) / more))
        title = "one process" if name == "local" else "Spark"
        yield f"| {title} | {one:,.1f} | {two:,.1f} | {every[-1][2]:.2f} |"
    ratios = (f"{spark / local:.1f}" for local, spark in zip(*every, strict=True))
    yield f"| Spark, times one process | {' | '.join(ratios)} |"
    yield ""
    head = f"CPU s, {names[0]} | {names[1]} | 1,000 more | stages | MB shuffled | MB, largest read"
    yield f"| Spark writes | {head} | MB, largest worker |"
    yield "|---|" + "--:|" * 7
    yield from _stage_lines(small, large, more)


def _stage_lines(small: dict[str, Any], large: dict[str, Any], more: float) -> Iterator[str]:
    first = {row["name"]: row for row in small["spark"]["stages"]}
    order = sorted(large["spark"]["stages"], key=lambda row: -float(row["cpu_seconds"]))
    pairs = [(first.get(row["name"], dict.fromkeys(row, 0)), row) for row in order]
    for one, two in pairs[:_SHOWN]:
        yield _stage_line(two["name"], [one], [two], more)
    others = pairs[_SHOWN:]
    name = f"{len(others)} others"
    yield _stage_line(name, [one for one, _ in others], [two for _, two in others], more)


def _stage_line(
    name: str, ones: list[dict[str, Any]], twos: list[dict[str, Any]], more: float
) -> str:
    one, two = (sum(row["cpu_seconds"] for row in rows) for rows in (ones, twos))
    stages, shuffled = (sum(row[k] for row in twos) for k in ("stages", "shuffled_megabytes"))
    read, worker = (
        max(row[k] for row in twos) for k in ("largest_read_megabytes", "worker_megabytes")
    )
    cells = f"{one:.1f} | {two:.1f} | {(two - one) / more:.2f} | {stages} | {shuffled:,.1f}"
    return f"| {name} | {cells} | {read:,.1f} | {worker:,} |"


def _cell(name: str, value: float | None) -> str:
    if value is None:
        return ""
    if name == "megabytes":
        return f"{value:,.0f}"
    return f"{value:.1f}" if name.endswith("seconds") else f"{value:.4f}"


def page(text: str) -> str:
    """Return the page with every table as its record says."""

    def renewed(found: re.Match[str]) -> str:
        record = json.loads((HERE / found[2]).read_text(encoding="utf-8"))
        return f"{found[1]}{table(record)}{found[3]}"

    return _BLOCK.sub(renewed, text)


def main() -> int:
    """Write the pages, or compare them."""
    told = {path: path.read_text(encoding="utf-8") for path in PAGES}
    stale = {path: wanted for path, text in told.items() if (wanted := page(text)) != text}
    if "--check" in sys.argv[1:]:
        return int(bool(stale))
    for path, wanted in stale.items():
        path.write_text(wanted, encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
