"""Write the golden index files of tests/data: what this version wrote, later ones must open.

Run it once for a new format or a new folding; files of an earlier one stay, for the message that
they must give.
"""

from __future__ import annotations

import dataclasses
import json
import random
from pathlib import Path
from typing import Any

from dedup import Config
from dedup.index import Index, Settings
from dedup.index.settings import FORMAT
from dedup.index.sqlite import SQLiteStore
from dedup.text.tokens import FOLDING_VERSION

FOLDER = Path(__file__).resolve().parents[1] / "tests" / "data"
NOW = 1_750_000_000
BUILT: dict[str, dict[str, Any]] = {
    "plain": {"config": Config()},
    "texts": {
        "config": Config(num_perm=64, shingle_unit="char", shingle_size=9, threshold=0.6),
        "window": "30d",
        "scope": "across",
        "store_text": True,
    },
}


def documents() -> list[dict[str, Any]]:
    """Return articles, copies, near copies, new texts under known ids, and one without words."""
    drawn = random.Random(7)
    made: list[dict[str, Any]] = []
    for number in range(60):
        text = " ".join(f"word{int(drawn.random() * 9000)}" for _ in range(80))
        if number % 4 == 3:
            text = f"{made[-2]['text']} {'once more' if number % 8 == 7 else ''}".upper()
        name = f"https://site{number % 5}.example/{number - 9 if number % 10 == 9 else number}"
        date = None if number % 6 == 5 else f"2025-0{1 + number % 5}-1{number % 9}"
        made.append({"id": name, "text": text, "date": date, "url": name})
    return [*made, {"id": "empty", "text": "…", "date": None, "url": ""}]


def make(name: str, built: dict[str, Any]) -> None:
    """Write one index, what it holds as Parquet, and what it must answer."""
    settings = Settings.of(**built, salt=0x5EED)
    path = FOLDER / f"index-{FORMAT}-folding-{FOLDING_VERSION}-{name}.sqlite"
    for each in (path, path.with_suffix(".parquet")):
        each.unlink(missing_ok=True)
    store = SQLiteStore(path, create=lambda: settings, clock=lambda: NOW)
    first, rest = documents()[:30], documents()[30:45]
    with Index(store) as index:
        list(index.check_and_add_many(first))
        index.remove(first[0]["id"])
        index.compact()
        list(index.check_and_add_many(rest))
        index.export(path.with_suffix(".parquet"))
        articles = [dataclasses.asdict(each) for each in index]
        known = documents()[4]
        changed = {**known, "text": f"{known['text']} and something more"}
        copied = {**known, "id": "copy", "url": "https://other.example/copy"}
        asked = [changed, copied, *documents()[:3], *documents()[40:]]
        answers = [index.check(each) for each in asked]
    found = {
        "now": NOW,
        "settings": settings.shown(),
        "articles": articles,
        "asked": [
            {"document": document, "verdict": dataclasses.asdict(verdict)}
            for document, verdict in zip(asked, answers, strict=True)
        ],
    }
    answered = json.dumps(found, indent=1, ensure_ascii=False)
    path.with_suffix(".json").write_text(f"{answered}\n", encoding="utf-8")
    Path(f"{path}.lock").unlink(missing_ok=True)


if __name__ == "__main__":
    for each, kind in BUILT.items():
        make(each, kind)
