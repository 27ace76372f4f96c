"""Write down which kernels each command calls, and with what types: dedup/kernels/signatures.json.

Run it where a kernel that Python calls is new, gone, or called with other types. The commands run
on a few short texts with kernels that are not compiled, so it takes a minute. ``--check``
only compares.
"""

from __future__ import annotations

import functools
import importlib
import json
import os
import subprocess
import sys
import tempfile
import threading
from collections import defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
RECORD = ROOT / "dedup" / "kernels" / "signatures.json"
PREFIX = "dedup.kernels."

BRIDGE = (
    "The council of Northfield voted on Tuesday to close the old harbour bridge for nine months "
    "while engineers replace the rusted cables. Mayor Ellen Marsh said the works cost 4.2 million "
    "euros. Traffic will go through the tunnel. "
)
SHOPS = (
    "Shops near the river fear for their business in the summer season, and the ferry returns to "
    "service from May. The owners ask for a second lane, for signs at the motorway and for money. "
)
STORM = (
    "A storm that came from the north brought down trees in the villages around the lake and cut "
    "the power to three thousand homes. "
)
RETOLD = (
    "Northfield's harbour bridge shuts for nine months: engineers will replace rusted cables, the "
    "council decided. Ellen Marsh, the mayor, put the cost at 4.2 million euros. Drivers take the "
    "tunnel under the harbour until the bridge of Northfield opens again. "
)
MENU = "Home\nNews\nSport\nWeather\nSubscribe now\n\n"
TEXTS = [
    MENU + BRIDGE + SHOPS,
    MENU + STORM + BRIDGE,
    MENU + BRIDGE + SHOPS,
    MENU + STORM + SHOPS + "\n\n" + STORM + SHOPS,
    MENU + RETOLD + SHOPS.upper(),
    MENU + RETOLD + STORM,
    *(MENU + (BRIDGE + SHOPS).replace("voted", word) for word in ("decided", "agreed")),
]
CHANGED = TEXTS[0].replace("4.2 million", "4.7 million")
TEASER = BRIDGE[:200].replace("rusted", "broken") + "..."
TWICE = "\n\n".join([TEASER, BRIDGE, SHOPS, STORM, RETOLD, BRIDGE + SHOPS])
# Articles of one site that have nothing but a sentence in common: a template.
OWN = [" ".join(f"{'bcdfghklmnpr'[k]}word{n}" for n in range(40)) for k in range(12)]
PAGES = [f"{own}.\n\nWrite to the desk of the Northfield Courier with any hint.\n" for own in OWN]
# One page, read twice by a machine: every 17th letter is wrong, other ones each time.
_SYLLABLES = [c + v for c in "bcdfghklmnpr" for v in "aeiou"]
LETTER = " ".join(
    "".join(_SYLLABLES[k * step % len(_SYLLABLES)] for step in (7, 11, 13, 17)) for k in range(150)
)
READINGS = ["".join("x" if k % 17 == n else c for k, c in enumerate(LETTER)) for n in (0, 8)]
# What only a large corpus or index reaches, lowered for runs with --memory or --stories: what is
# called then is called.
LARGE = {
    "pipeline.documents": {"FOLD": 1 << 40},
    "passages.seeds": {"_PART_SEEDS": 1},
    "similarity.misread": {"LEAST_DOCUMENTS": 1, "LEAST_WORDS": 1},
    "index.sqlite.seeds": {"WAITING": 2},
    "index.sqlite.shelf": {"WAITING": 2},
}
SPARK = "spark"  # no command, but what tasks of Spark do with texts besides what a scan does
AGAINST = "against"  # a scan beside an index, which uses all that a scan does
# {texts} is a file of TEXTS, {a} and {b} two of them, {more} one with TWICE besides, {pages} one
# with PAGES and READINGS besides, {index} an index of TEXTS, {new} nothing yet.
RUNS: dict[str, list[list[str]]] = {
    "scan": [
        ["scan", "{texts}"],
        ["scan", "{more}"],
        ["clean", "{more}", "-o", "{new}"],
        ["scan", "{pages}", "--memory", "1MB"],
    ],
    AGAINST: [["scan", "{more}", "--against", "{index}"]],
    "duplicates": [
        ["scan", "--find", "duplicates", "{texts}"],
        ["scan", "--find", "duplicates", "{pages}"],
        ["sign", "{texts}", "-o", "{new}"],
    ],
    "compare": [["compare", "{a}", "{b}"]],
    "filter": [
        ["filter", "{texts}", "-i", "{new}"],
        ["filter", "{texts}", "-i", "{index}", "--passages", "--clean"],
        ["filter", "{more}", "-i", "{new}", "--passages", "--clean", "--stories"],
    ],
    "index": [["index", "add", "{new}", "{texts}"], ["index", "check", "{index}", "{texts}"]],
    "search": [["index", "search", "{index}", "{a}"]],
    "spark": [[SPARK, "{texts}"]],
}

_FILES = ("texts.jsonl", "more.jsonl", "pages.jsonl", "a", "b", "index")

Row = tuple[str, int, Any]  # kernel, lines of it and all it calls, types


def record(names: list[str]) -> dict[str, list[Row]]:
    """Return what each of the commands calls."""
    found: dict[str, list[Row]] = {}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        paths = {key: folder / key for key in _FILES}
        _write(paths["texts.jsonl"], TEXTS)
        _write(paths["more.jsonl"], [*TEXTS, TWICE])
        _write(paths["pages.jsonl"], [*TEXTS, CHANGED, *READINGS], PAGES)
        paths["a"].write_text(TEXTS[0], encoding="utf-8")
        paths["b"].write_text(TEXTS[1], encoding="utf-8")
        given = {key.removesuffix(".jsonl"): str(path) for key, path in paths.items()}
        if {AGAINST, "filter", "index", "search"} & set(names):
            options = ["--passages", "--clean"]
            run_one(["index", "add", given["index"], given["texts"], *options], folder)
        for command in names:
            found[command] = []
            for number, run in enumerate(RUNS[command]):
                new = str(folder / f"{command}{number}")
                arguments = [each.format(**given, new=new) for each in run]
                found[command] += run_one(arguments, folder)
    return found


def _write(path: Path, texts: list[str], pages: Sequence[str] = ()) -> None:
    """Write texts of a site each, and pages of one site."""
    sites = [*(f"site{k}" for k in range(len(texts))), *["courier"] * len(pages)]
    rows = [
        {
            "id": str(k),
            "text": text,
            "url": f"https://{site}.example/news/{k}",
            "published": f"2026-01-{k + 1:02}T10:00:00Z",
        }
        for k, (site, text) in enumerate(zip(sites, [*texts, *pages], strict=True))
    ]
    path.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")


def run_one(arguments: list[str], folder: Path) -> list[Row]:
    """Return what a command calls, from a process of its own."""
    out = folder / "called.json"
    out.unlink(missing_ok=True)
    environment = {**os.environ, "NUMBA_DISABLE_JIT": "1", "PYTHONWARNINGS": "ignore"}
    command = [sys.executable, __file__, "--one", str(out), *arguments]
    done = subprocess.run(command, check=False, capture_output=True, text=True, env=environment)
    if not out.exists():
        sys.exit(f"{arguments}: code {done.returncode}\n{done.stderr}")
    return [(kernel, lines, types) for kernel, lines, types in json.loads(out.read_bytes())]


def note_calls(arguments: list[str]) -> list[Row]:
    """Run a command in this process; return the kernels it calls outside of other kernels."""
    import numba

    from dedup.kernels import _jit, _signatures

    rows: dict[str, Row] = {}
    inside = threading.local()

    def noted(function: Callable[..., Any]) -> Callable[..., Any]:
        name = f"{function.__module__.removeprefix(PREFIX)}.{function.__name__}"

        @functools.wraps(function)
        def call(*given: Any) -> Any:
            if getattr(inside, "on", False):
                return function(*given)
            inside.on = True
            try:
                types = [_signatures.describe(numba.typeof(each)) for each in given]
                rows[json.dumps([name, types])] = (name, lines_of(function), types)
                return function(*given)
            finally:
                inside.on = False

        return call

    for kind in [name for name in vars(_jit) if name.startswith("njit")]:
        setattr(_jit, kind, noted)
    from dedup.cli import root
    from dedup.cli.running import start_lean

    start_lean()
    if {"--memory", "--stories"} & set(arguments):
        _seem_large()
    try:
        if arguments[0] == SPARK:
            match_pair(Path(arguments[1]))
        else:
            root.main(arguments)
    except SystemExit as end:
        if end.code not in (0, 1, 3):
            raise
    return list(rows.values())


def match_pair(path: Path) -> None:
    """Find the passages of two texts of a file from the seeds that they share, as a task does."""
    import numpy as np

    from dedup.config import Config
    from dedup.core.arrays import texts_from_strings
    from dedup.passages import pairwise
    from dedup.text.stopwords import classify
    from dedup.text.tokens import tokenise_texts

    lines = path.read_text("utf-8").splitlines()
    tokens = tokenise_texts(texts_from_strings([json.loads(line)["text"] for line in lines]))
    words, config = classify(tokens), Config()
    seeds = pairwise.seeds_of(pairwise.KINDS[0], tokens, words, config)
    (low, high), rows = np.searchsorted(seeds.rows, [1, 2]), (0, 1)
    _, i, j = np.intersect1d(seeds.values[:low], seeds.values[low:high], return_indices=True)
    places = (seeds.places[some].astype(np.int64) for some in (i, low + j))
    matches = pairwise.matches_of(np.zeros(len(i), np.int64), *places)
    bounds = np.array([0, len(i)])
    if not pairwise.promising(bounds, matches, config).all():
        raise SystemExit("the first two texts share no passage")
    matched = pairwise.Matched(np.array([rows]), bounds, matches)
    pairwise.find_passages_of(tokens, words, matched, config)


def _seem_large() -> None:
    """Lower what only a large corpus reaches."""
    for name, constants in LARGE.items():
        module = importlib.import_module(f"dedup.{name}")
        for constant, value in constants.items():
            if not hasattr(module, constant):
                raise SystemExit(f"dedup.{name} has no {constant}")
            setattr(module, constant, value)


def lines_of(function: Callable[..., Any], seen: set[str] | None = None) -> int:
    """Return how many lines a kernel and all it calls have, a measure of what compiling takes."""
    seen = set() if seen is None else seen
    inner = getattr(function, "__wrapped__", function)
    if inner.__qualname__ in seen:
        return 0
    seen.add(inner.__qualname__)
    lines = len({line for _, _, line in inner.__code__.co_lines()})
    named = (inner.__globals__.get(name) for name in inner.__code__.co_names)
    return lines + sum(lines_of(each, seen) for each in named if hasattr(each, "__wrapped__"))


def main() -> None:
    """Run every command and write the record."""
    sizes: dict[str, Row] = {}
    commands: dict[str, set[str]] = defaultdict(set)
    for command, rows in record(list(RUNS)).items():
        for row in rows:
            key = json.dumps([row[0], row[2]])
            sizes[key] = row
            commands[key].update([command, AGAINST] if command == "scan" else [command])
    lines = [
        json.dumps([kernel, size, sorted(commands[key]), types])
        for key, (kernel, size, types) in sorted(sizes.items())
    ]
    text = "[\n" + ",\n".join(lines) + "\n]\n"
    if "--check" not in sys.argv:
        RECORD.write_text(text, encoding="utf-8")
        print(f"{len(lines)} kernels in {RECORD.relative_to(ROOT)}")
    elif text != RECORD.read_text(encoding="utf-8"):
        sys.exit("check: commands call other kernels than recorded: scripts/record_kernels.py")


if __name__ == "__main__":
    if sys.argv[1:2] == ["--one"]:
        Path(sys.argv[2]).write_text(json.dumps(note_calls(sys.argv[3:])), encoding="utf-8")
    else:
        main()
