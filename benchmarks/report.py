"""Measure the HTML report: how large it is, how fast it is made, opens and scrolls in Chromium.

    scripts/bench report                         # 20,000 made articles with planted copies
    scripts/bench report --documents 100000 --json benchmarks/record/report-<date>.json

Opening is from the request for the file until the first view stands; a section from a key until
its view stands. Scrolling is the list of articles, frame by frame: the median and the longest
time between two frames.
"""

from __future__ import annotations

import argparse
import datetime
import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import corpus
from signatures import machine

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "tests"))

import browsers  # noqa: E402

ROUNDS = 5
SECTIONS = ("Overview", "Look here", "Clusters", "Pairs", "Articles", "Graph")
_FRAMES = """
async () => {
  const times = [];
  let last = performance.now();
  for (let frame = 0; frame < 90; frame++) {
    scrollBy(0, 40);
    await new Promise(requestAnimationFrame);
    times.push(performance.now() - last);
    last = performance.now();
  }
  return times.slice(5);
}
"""


def main() -> int:
    """Make a corpus and its report, open it and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--documents", type=int, default=20_000)
    parser.add_argument("--json", type=Path, help="write the record to this file as well")
    options = parser.parse_args()
    if browsers.program() is None:
        raise SystemExit("no chromium: scripts/browser installs it where it may")
    with tempfile.TemporaryDirectory(prefix="dedup-") as folder:
        made, labels = corpus.make(options.documents, 1, 400)
        corpus.write(Path(folder), made, labels)
        rows = [*_made(Path(folder)), *_opened(Path(folder) / "report.html")]
    record = {
        "date": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"),
        "machine": machine(),
        "documents": options.documents,
        "rounds": ROUNDS,
        "results": rows,
    }
    for row in rows:
        print(f"{row['name']:<40} {row['value']:>10,} {row['unit']}")
    if options.json:
        options.json.write_text(f"{json.dumps(record, indent=1)}\n", encoding="utf-8")
    return 0


def _row(name: str, value: float, unit: str) -> dict[str, Any]:
    return {"name": name, "value": round(value, 2), "unit": unit}


def _made(folder: Path) -> list[dict[str, Any]]:
    """Scan the corpus and make its page, each in a process of its own."""
    command = [sys.executable, "-m", "dedup"]
    found = folder / "found"
    subprocess.run(
        [*command, "scan", "-q", folder / "corpus.parquet", "-o", found], check=True, cwd=folder
    )
    begin = time.perf_counter()
    subprocess.run(
        [*command, "report", "-q", found, "-o", folder / "report.html"], check=True, cwd=folder
    )
    seconds = time.perf_counter() - begin
    size = (folder / "report.html").stat().st_size / 1e6
    return [_row("dedup report", seconds, "s"), _row("size of the page", size, "MB")]


def _opened(file: Path) -> list[dict[str, Any]]:
    """Open the page some times, go through its sections, scroll."""
    rows = []
    with browsers.running() as browser:
        times = []
        for _ in range(ROUNDS):
            with browsers.opened(browser, file) as shown:
                begin = time.perf_counter()
                shown.show()
                times.append(time.perf_counter() - begin)
        rows.append(_row("open, first view", statistics.median(times), "s"))
        with browsers.opened(browser, file) as shown:
            page = shown.show()
            for key, name in enumerate(SECTIONS[1:], 2):
                begin = time.perf_counter()
                page.keyboard.press(str(key))
                shown.until("t => document.querySelector('h1')?.innerText === t", name)
                rows.append(_row(f"from there to {name}", time.perf_counter() - begin, "s"))
            page.wait_for_selector("svg.graph[data-ready]")
            rows.append(_row("until the graph is laid out", time.perf_counter() - begin, "s"))
            page.keyboard.press("5")
            shown.until("document.querySelector('h1').innerText === 'Articles'")
            frames = page.evaluate(_FRAMES)
            rows.append(_row("a frame while scrolling, median", statistics.median(frames), "ms"))
            rows.append(_row("a frame while scrolling, longest", max(frames), "ms"))
            heap = page.evaluate("performance.memory.usedJSHeapSize") / 1e6
            rows.append(_row("JavaScript heap", heap, "MB"))
        if shown.faults:
            raise SystemExit(f"errors in the page: {shown.faults}")
    return rows


if __name__ == "__main__":
    sys.exit(main())
