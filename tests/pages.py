"""The pages of the repository, cut into their blocks of code, and a folder to run those in."""

from __future__ import annotations

import gzip
import json
import re
import shutil
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

ROOT = Path(__file__).resolve().parents[1]
PAGES = sorted(
    [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "benchmarks").rglob("*.md")]
)
PAGES = [page for page in PAGES if ".peers" not in page.parts]
ITEM = re.compile(r"\s*([-*+]|\d+\.)\s")
DRAWN = re.compile(r"[─│├└►▲▼◄]")
INDENTED = "indented"


@dataclass(frozen=True)
class Block:
    """One block of code: its language, its text, and the line of the page it begins on."""

    language: str
    text: str
    line: int


def named(page):
    """Return the path of a page in the repository."""
    return page.relative_to(ROOT).as_posix()


def blocks_of(text):
    """Return the blocks of a page in order: fenced ones, and those indented by four blanks."""
    found, lines, at, in_list = [], text.splitlines(), 0, False
    while at < len(lines):
        line = lines[at]
        if line.startswith("```"):
            end = at + 1
            while end < len(lines) and lines[end].rstrip() != "```":
                end += 1
            found.append(Block(line[3:].strip(), joined(lines[at + 1 : end]), at + 2))
            at = end + 1
            continue
        if line.startswith("    ") and not in_list and (at == 0 or not lines[at - 1].strip()):
            end = at
            while end < len(lines) and (lines[end].startswith("    ") or not lines[end].strip()):
                end += 1
            inside = [each[4:] for each in lines[at:end]]
            found.append(Block(INDENTED, joined(inside).rstrip() + "\n", at + 1))
            at = end
            continue
        if ITEM.match(line):
            in_list = True
        elif line.strip() and not line.startswith(" "):
            in_list = False
        at += 1
    return found


def joined(lines):
    return "".join(f"{each}\n" for each in lines)


def prose_of(text):
    """Return a page without its fenced blocks, with as many lines."""
    parts, inside = [], False
    for line in text.splitlines():
        edge = line.startswith("```")
        parts.append("" if inside or edge else line)
        inside ^= edge
    return "\n".join(parts)


def is_drawing(block):
    return bool(DRAWN.search(block.text))


def articles_in(seeds):
    """Return rows as a crawler has them: the seeds, a copy, and an excerpt with boilerplate."""
    rows = []
    for day, each in enumerate(sorted(seeds.glob("*.txt")), 5):
        rows.append(
            {
                "url": f"https://site{day}.example/{each.stem[:3]}",
                "title": each.stem,
                "date": f"2024-12-{day:02}",
                "text": each.read_text(encoding="utf-8"),
            }
        )
    lines = rows[3]["text"].splitlines()
    copy = "\n".join(["By our own reporter", *lines, "", "Subscribe to our newsletter"])
    late = {**rows[3], "date": "2024-12-10"}
    rows.append({**late, "url": "https://copies.example/1", "text": copy})
    cut = "\n".join(lines[: len(lines) // 3])
    rows.append({**late, "url": "https://copies.example/2", "text": cut})
    return rows


def write_workplace(folder, seeds):
    """Fill a folder with what the pages speak of: seeds, news in all forms, a crawl, labels."""
    rows = articles_in(seeds)
    shutil.copytree(seeds, folder / "seeds")
    for name in ("news", "crawl", "archive"):
        (folder / name).mkdir()
    for number, row in enumerate(rows):
        (folder / "news" / f"{number:03}.txt").write_text(row["text"], encoding="utf-8")
    (folder / "a.txt").write_text(rows[0]["text"], encoding="utf-8")
    (folder / "b.txt").write_text(rows[4]["text"], encoding="utf-8")
    lines = joined(json.dumps(row) for row in rows)
    (folder / "news.jsonl").write_text(lines, encoding="utf-8")
    bodies = joined(json.dumps({"url": row["url"], "body": row["text"]}) for row in rows)
    (folder / "news.jsonl.gz").write_bytes(gzip.compress(bodies.encode()))
    table = pa.Table.from_pylist(rows)
    pq.write_table(table, folder / "news.parquet")
    for part in (0, 1):
        pq.write_table(table.slice(part * 4, 4), folder / "crawl" / f"part-{part}.parquet")
        pq.write_table(table.slice(part * 4, 4), folder / "archive" / f"2024-{part + 1}.parquet")
    labels = [
        {"id": row["url"], "cluster": row["title"] if number in (3, 5, 6) else row["url"]}
        for number, row in enumerate(rows)
    ]
    (folder / "labels.jsonl").write_text(joined(map(json.dumps, labels)), encoding="utf-8")
