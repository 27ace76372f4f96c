"""Files of strangers through an index: nothing ends it but dedup's own errors.

An index that keeps passages, templates and stories has one value of one table changed at random:
bits flipped, cut, longer, taken from another row, or anything. Two times of three the checksums are
made to fit, as a stranger would, who knows how. Then it is opened, verified, searched, asked, added
to, listed, exported and repaired. What must hold: each step ends within the time allowed, with an
answer or with an error of dedup.

    python benchmarks/fuzz_index.py --inputs 20000 --record benchmarks/record/fuzz-index.json
"""

from __future__ import annotations

import json
import random
import sqlite3
import sys
import tempfile
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
from fuzzing import Fuzzed, main

from dedup.errors import DedupError
from dedup.index import Index
from dedup.index.sqlite import seeds, shelf
from dedup.index.sqlite.database import sealed
from dedup.kernels.postings import check_block

WORDS = "council bridge harbour river engineer vote winter steel ferry market school tower".split()
FOOT = "Would you like to read more? Our newsletter brings you all stories of this site each week."
QUOTE = "The mayor said the old bridge would stay closed until the steel had been tested."
_PLAIN = {  # columns of numbers and of bytes or text of each table
    "docs": ("number family leads time seal", "record"),
    "blocks": ("place", "data"),
    "seeds": ("place", "data"),
    "state": ("one seal", "data"),
    "settings": ("seal", "json"),
    "sites": ("place seal", "data"),
    "gone": ("number", ""),
    "story_settings": ("seal", "json"),
    "story_counts": ("articles last", ""),
    "story_articles": ("number day story seal", "name near vector"),
    "story_terms": ("term documents balance", ""),
    "story_heads": ("term number value day", ""),
    "story_told": ("digest", "name story"),
    "story_changes": ("number", "name old_story new_story because"),
}


def article(number: int) -> dict[str, Any]:
    """Return an article of mostly its own words."""
    draw = random.Random(number)
    own = " ".join(draw.choice(WORDS) + str(draw.randrange(40)) for _ in range(60))
    told = f" {QUOTE}" if number % 3 == 0 else ""
    site = f"s{number % 2}"
    day = f"2026-11-{1 + number % 20:02}"
    return {"id": f"a{number}", "text": f"{own}.{told}\n\n{FOOT}", "site": site, "date": day}


def changed(data: bytes, others: list[bytes], draw: random.Random) -> bytes:
    """Return bytes changed in one way or another."""
    made = bytearray(data)
    kind = draw.randrange(7)
    if kind == 0 or not made:
        return draw.randbytes(draw.randrange(200))
    at = draw.randrange(len(made))
    if kind < 3:
        for _ in range(1 + draw.randrange(4)):
            made[draw.randrange(len(made))] ^= 1 << draw.randrange(8)
    elif kind == 3:
        del made[at : at + 1 + draw.randrange(16)]
    elif kind == 4:
        del made[at:]
    elif kind == 5:
        made[at : at + 8] = draw.choice((bytes(8), b"\xff" * 8, b"\xff" * 7 + b"\x7f"))
    else:
        other = draw.choice(others)
        made[at:] = other[draw.randrange(len(other) or 1) :]
    return bytes(made)


def damage(connection: sqlite3.Connection, table: str, draw: random.Random) -> None:
    """Change one value of a table, and with it a checksum, or not."""
    numbers, values = (each.split() for each in _PLAIN[table])
    names = [*numbers, *values]
    rows = connection.execute(f"SELECT {', '.join(names)} FROM {table}").fetchall()
    if not rows:
        return
    chosen = draw.randrange(len(rows))
    row = dict(zip(names, rows[chosen], strict=True))
    name = draw.choice([*values * 3, *numbers])
    others = [_bytes(dict(zip(names, each, strict=True))[name]) for each in rows]
    if name in values:
        made: Any = changed(others[chosen], others, draw)
        if not isinstance(row[name], bytes):
            made = made.decode("utf-8", "replace")
    else:
        made = draw.choice((0, 1, -1, draw.randrange(64), 1 << 62, -(1 << 63), (1 << 63) - 1))
    old = tuple(row.values())
    row[name] = made
    if draw.random() < 2 / 3 and name != "seal":
        refit(table, row)
    sets = ", ".join(f"{each} = ?" for each in names)
    where = " AND ".join(f"{each} IS ?" for each in names)
    connection.execute(f"UPDATE OR REPLACE {table} SET {sets} WHERE {where}", (*row.values(), *old))


def _bytes(value: Any) -> bytes:
    return value if isinstance(value, bytes) else str(value).encode()


def refit(table: str, row: dict[str, Any]) -> None:
    """Make the checksum of a row fit."""
    facts: dict[str, Callable[[], int]] = {
        "docs": lambda: sealed(
            row["record"], row["number"], row["family"], row["leads"], row["time"]
        ),
        "state": lambda: sealed(row["data"], *((2,) if row["one"] == 2 else ())),
        "settings": lambda: sealed(row["json"].encode()),
        "story_settings": lambda: sealed(row["json"].encode()),
        "sites": lambda: sealed(row["data"], row["place"]),
        "story_articles": lambda: sealed(row["vector"], row["number"], row["day"]),
    }
    if table in facts:
        row["seal"] = facts[table]()
    elif table in ("blocks", "seeds") and len(row["data"]) >= 8:
        words = np.frombuffer(row["data"][: len(row["data"]) // 8 * 8], np.uint64).copy()
        place = np.uint64(row["place"] & ((1 << 64) - 1))
        words[0] = check_block(words, np.intp(1), np.intp(len(words)), place)
        row["data"] = words.tobytes()


STEPS: dict[str, Callable[[Index, Path, int], object]] = {
    "verify": lambda index, folder, seed: index.verify(),
    "search": lambda index, folder, seed: index.search(QUOTE),
    "search long": lambda index, folder, seed: index.search(article(seed % 24)["text"]),
    "many": lambda index, folder, seed: list(
        index.known_passages([article(seed % 24), article(seed % 24 + 1)])
    ),
    "templates": lambda index, folder, seed: index.templates(),
    "keep": lambda index, folder, seed: index.keep_line(FOOT, "s1"),
    "check": lambda index, folder, seed: index.check(article(seed % 24)["text"]),
    "same": lambda index, folder, seed: index.check_and_add(article(seed % 24)),
    "add": lambda index, folder, seed: index.check_and_add(article(1000 + seed)),
    "update": lambda index, folder, seed: index.check_and_add(
        {**article(1000 + seed), "id": f"a{seed % 24}"}
    ),
    "list": lambda index, folder, seed: [each.verdict for each in index],
    "info": lambda index, folder, seed: json.dumps(index.info(), default=str),
    "stories": lambda index, folder, seed: index.stories.changes(),
    "export": lambda index, folder, seed: index.export(folder / f"{seed}.parquet"),
    "remove": lambda index, folder, seed: index.remove(f"a{seed % 24}"),
    "expire": lambda index, folder, seed: index.expire("2026-11-04"),
    "compact": lambda index, folder, seed: index.compact(),
    "rebuild": lambda index, folder, seed: index.rebuild(),
    "verify again": lambda index, folder, seed: index.verify(),
}


def said_of(step: Callable[[], object], name: str) -> str:
    """Take a step; return what an index said against it, nothing where it answered."""
    try:
        found = step()
        str(found).encode()
        return "flaws named" if "verify" in name and found else ""
    except DedupError as error:
        str(error).encode()
        return type(error).__name__


class Strangers(Fuzzed):
    """An index of a stranger."""

    def valid(self) -> dict[str, bytes]:
        """Return an index of some runs and some articles that wait."""
        seeds.WAITING = shelf.WAITING = 3
        seeds.FAN = 2
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "news.index"
            with Index.open(path, passages=True, stories=True) as index:
                for number in range(24):
                    index.add(article(number))
                index.check_and_add({**article(50), "id": "a7"})
                index.remove("a5")
                index.compact()
                for number in range(24, 28):
                    index.add(article(number))
            return {"index": path.read_bytes()}

    def name(self, seed: int, valid: dict[str, bytes]) -> str:
        """Return the table that is changed."""
        return list(_PLAIN)[seed % len(_PLAIN)]

    def outcome(self, seed: int, valid: dict[str, bytes], folder: Path) -> str:
        """Change one value and use the index; return what it said first."""
        draw = random.Random(seed)
        path = folder / f"{seed}.index"
        path.write_bytes(valid["index"])
        told = "answered"
        try:
            with closing(sqlite3.connect(path)) as connection, connection:
                damage(connection, self.name(seed, valid), draw)
            with Index.open(path, mode=draw.choice("aar")) as index:
                said = [
                    said_of(lambda step=step: STEPS[step](index, folder, seed), step)
                    for step in draw.sample(list(STEPS), len(STEPS))
                ]
            told = next((each for each in said if each), told)
        except DedupError as error:
            str(error).encode()
            told = f"not opened: {type(error).__name__}"
        finally:
            for each in folder.iterdir():
                each.unlink()
        return told


if __name__ == "__main__":
    sys.exit(main(Strangers(), __doc__))
