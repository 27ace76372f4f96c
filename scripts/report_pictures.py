#!/usr/bin/env python3
"""The pictures of the report in docs/images, of the made-up news that its tests look at."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests"))

import browsers  # noqa: E402
import newsroom  # noqa: E402

import dedup  # noqa: E402

IMAGES = ROOT / "docs" / "images"
WIDTH = 1180
# The name of a picture, the view, and the height of what it shows.
PICTURES = (
    ("report-top", ("",), 424),
    ("report-front", ("",), 1000),
    ("report-family", ("family", "1"), 1060),
    ("report-story", ("story", "courier"), 900),
)


def main() -> None:
    """Write the pictures."""
    result = dedup.scan(newsroom.documents())
    with tempfile.TemporaryDirectory() as folder, browsers.running() as browser:
        title = "Repeated text in newsroom.jsonl"
        file = dedup.write_report(result, Path(folder, "report.html"), title=title)
        for name, view, height in PICTURES:
            with browsers.opened(browser, file, width=WIDTH, height=height) as shown:
                page = shown.show(*view)
                page.wait_for_timeout(400)  # texts that are filled in
                page.screenshot(path=IMAGES / f"{name}.png")
                if shown.faults:
                    raise SystemExit(f"{name}: {shown.faults}")
        print(*(f"docs/images/{name}.png" for name, _, _ in PICTURES), sep="\n")


if __name__ == "__main__":
    main()
