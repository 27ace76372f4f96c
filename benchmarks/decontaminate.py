"""Plant questions into a corpus and look for them with an index: recall, false alarms, time.

    python benchmarks/decontaminate.py --corpus FILE [--questions 500] [--json FILE]

The questions are made of word lists, so nobody's test set is in here. A third each is planted
verbatim, cut to its first or last 60%, and re-worded (one word in six replaced, one in ten left
out), each into a document of its own, between two of its sentences. The corpus is anything that
`dedup scan` reads; ``--limit`` takes its first documents. Then

    dedup index add questions.index … --passages
    dedup scan corpus --find duplicates --against questions.index --drop-known-passages 13

is timed beside the same scan without the index, each in a process of its own.
"""

from __future__ import annotations

import argparse
import json
import random
import re
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

from dedup import Index
from dedup.schema import ReadReport
from dedup.sources import ReadOptions, read_batches

SEED, TOKENS = 11, 13  # TOKENS: matched ones from which a document goes
KINDS = ("verbatim", "cut", "re-worded")
WHO = (
    *"gardener carpenter pharmacist geologist pilot".split(),
    *"librarian beekeeper surveyor potter tailor".split(),
)
WHAT = (
    *"barrel ladder mirror kettle lantern violin".split(),
    *"anchor saddle compass pulley bellows sextant".split(),
)
WHERE = (
    "harbour orchard quarry monastery lighthouse vineyard workshop granary cellar meadow".split()
)
DOES = "measures repairs weighs polishes carries compares balances stacks rotates submerges".split()
HOW = (
    *"slowly carefully twice backwards overnight".split(),
    *"silently evenly blindfolded downhill together".split(),
)
LIKE = (
    "copper wooden narrow hollow crooked porous brittle spiral magnetic waxed frozen oval".split()
)
UNITS = "grams ounces litres inches degrees minutes volts pints yards knots".split()


def question(draw: random.Random) -> str:
    """Return a question of some forty words."""
    who, other = draw.sample(WHO, 2)
    what, second, third = draw.sample(WHAT, 3)
    like, unlike = draw.sample(LIKE, 2)
    one, two = draw.sample(UNITS, 2)
    first, last = draw.randrange(3, 97), draw.randrange(3, 97)
    return (
        f"A {who} in the {draw.choice(WHERE)} {draw.choice(DOES)} a {like} {what} of {first} {one} "
        f"{draw.choice(HOW)}, while the {other} {draw.choice(DOES)} a {unlike} {second} until it "
        f"reaches {last} {two}. Which {third} must the {who} {draw.choice(DOES)} "
        f"{draw.choice(HOW)} so that the {like} {second} and the {unlike} {what} agree?"
    )


def planted(text: str, kind: str, draw: random.Random) -> str:
    """Return a question as it stands in a document."""
    words = text.split()
    if kind == "cut":
        size = round(len(words) * 0.6)
        return " ".join(words[:size] if draw.random() < 0.5 else words[-size:])
    if kind == "re-worded":
        others = [*WHO, *WHAT, *LIKE]
        words = [draw.choice(others) if draw.random() < 1 / 6 else word for word in words]
        words = [word for word in words if draw.random() >= 0.1]
    return " ".join(words)


def into(text: str, what: str, draw: random.Random) -> str:
    """Return a document with a question between two of its sentences."""
    ends = [found.end() for found in re.finditer(r"[.!?]\s+", text)] or [len(text)]
    at = draw.choice(ends)
    return f"{text[:at]} {what} {text[at:]}"


def timed(*command: str) -> dict[str, Any]:
    """Run a command; return its seconds, CPU seconds and megabytes."""
    measured = Path(__file__).with_name("measured.py")
    arguments = [sys.executable, str(measured), sys.executable, "-m", "dedup", *command]
    done = subprocess.run(arguments, capture_output=True, text=True, check=True)
    facts: dict[str, Any] = json.loads(done.stdout)
    assert not facts["code"], command
    return facts


def main() -> int:
    """Plant, look, and print what was found."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--corpus", required=True, help="anything that dedup reads")
    parser.add_argument("--limit", type=int, default=1 << 30, help="documents that are taken")
    parser.add_argument("--questions", type=int, default=500)
    parser.add_argument("--json", type=Path, help="also write the figures")
    options = parser.parse_args()
    draw = random.Random(SEED)
    questions = [question(draw) for _ in range(options.questions)]
    with tempfile.TemporaryDirectory(prefix="dedup-questions-") as made:
        folder = Path(made)
        texts = _texts(options.corpus, options.limit)
        rows = draw.sample(range(len(texts)), len(questions))
        where = {row: number for number, row in enumerate(rows)}
        corpus = folder / "corpus.jsonl"
        with corpus.open("w", encoding="utf-8") as file:
            for row, text in enumerate(texts):
                if row in where:
                    number = where[row]
                    text = into(text, planted(questions[number], KINDS[number % 3], draw), draw)
                file.write(json.dumps({"id": str(row), "text": text}) + "\n")
        index = folder / "questions.index"
        with Index.open(index, passages=True) as found:
            found.add_many({"id": f"q{n}", "text": each} for n, each in enumerate(questions))
        scan = ("scan", str(corpus), "--find", "duplicates", "-q", "--threads", "1")
        timed(*scan)  # the file is in the cache of the system from here on
        plain = timed(*scan)
        against = timed(
            *(*scan, "--against", str(index), "--drop-known-passages", str(TOKENS)),
            *("-o", str(folder / "out")),
        )
        lines = (folder / "out" / "against.jsonl").read_text(encoding="utf-8").splitlines()
    known = [json.loads(line) for line in lines]
    dropped = {int(row["doc_id"]) for row in known if row["dropped"]}
    hits = Counter(KINDS[number % 3] for row, number in where.items() if row in dropped)
    totals = Counter(KINDS[number % 3] for number in where.values())
    facts = {
        "documents": len(texts),
        "questions": len(questions),
        "recall": {kind: round(hits[kind] / totals[kind], 4) for kind in KINDS},
        "false": len(dropped - set(where)),
        "with_any_passage": len(known),
        "scan": plain,
        "scan_against": against,
        "times_the_scan": round(against["cpu_seconds"] / plain["cpu_seconds"], 2),
    }
    print(json.dumps(facts, indent=1))
    if options.json:
        options.json.write_text(json.dumps(facts, indent=1) + "\n", encoding="utf-8")
    return 0


def _texts(corpus: str, limit: int) -> list[str]:
    texts: list[str] = []
    for batch in read_batches([corpus], ReadOptions(), ReadReport()):
        texts += batch.column("text").to_pylist()
        if len(texts) >= limit:
            break
    return texts[:limit]


if __name__ == "__main__":
    raise SystemExit(main())
