"""Write the tables of benchmarks/README.md anew from the records they name.

    python benchmarks/tables.py            # writes
    python benchmarks/tables.py --check    # exit 1 where the page is not what the records say

A table stands between ``<!-- record/NAME.json -->`` and ``<!-- end -->``.
"""

from __future__ import annotations

import datetime
import json
import os
import platform
import re
import sys
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
PAGE = HERE / "README.md"
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
    machine = record["machine"]
    head = (
        f"{record['date'][:10]}, {machine['cores']} cores, Python {machine['python']}; "
        f"{record['documents']:,} documents, medians of {record['rounds']}:"
    )
    lines = [head, "", f"| | {' | '.join(COLUMNS.values())} |", "|---|" + "--:|" * len(COLUMNS)]
    for row in record["results"]:
        cells = (_cell(name, row.get(name)) for name in COLUMNS)
        lines.append(f"| {row['name']} | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


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
    """Write the page, or compare it."""
    text = PAGE.read_text(encoding="utf-8")
    wanted = page(text)
    if "--check" in sys.argv[1:]:
        return int(wanted != text)
    PAGE.write_text(wanted, encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
