"""Say on paper what full mode takes on a Spark cluster, from a record of benchmarks/spark.py.

    python scripts/plan_cluster.py --documents 1e9 --words 500 --find all

The record has two sizes. What a table takes for a document more is the difference of the two; the
start is what the smaller size took beyond that. Nothing was run at the size of the plan: it is
supposed that rows, bytes and CPU seconds grow with documents, words or pairs, as each stage says.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dedup.spark.components import DRIVER_EDGES
from dedup.spark.stories import EDGES_OF_ARTICLE, MOST_TERMS
from dedup.spark.wordings import PART_WORDS, WORDS_OF_EDGE

RECORD = "benchmarks/record/spark-full-20k-2026-12-02.json"
ROOT = Path(__file__).resolve().parents[1]
DOCUMENTS, WORDS, PAIRS = "documents", "words", "pairs and words"
PASSES = "words and passes"  # over all texts, one for so many words of wordings as a task holds
# Each stage, what it grows with, and the tables that it writes, or how their names begin.
STAGES: tuple[tuple[str, str, str], ...] = (
    ("signatures", WORDS, "signed"),
    ("metadata, equals", DOCUMENTS, "again metadata equal-groups apart left equals moved"),
    ("candidates", WORDS, "candidates wanted sets pairs stories close"),
    ("lines and units", WORDS, "texts totals counted units unit-clusters often marks"),
    ("templates", DOCUMENTS, "carriers site-clusters samples sketches judged"),
    ("inside", WORDS, "inside spans texts-with-spans"),
    ("seeds", WORDS, "learned alike shared sharing"),
    ("misread texts", WORDS, "misread"),
    ("addresses", DOCUMENTS, "address related"),
    ("pairs", PAIRS, "wanted-pairs aligned"),
    ("clusters", WORDS, "labels edges left-sets members placed giant documents named exact"),
    ("families, passages", WORDS, "canonical-order ranks removed-templates family-passages"),
    ("families, occurrences", PASSES, "family-occurrences"),
    ("families", WORDS, "family held families copying"),
    ("stories", WORDS, "story documents-in-stories summary"),
)
SPILL = 2.0  # bytes of disk for each byte shuffled
KEY_ROW = 32  # bytes of a seed as it travels
HELD = 80  # bytes of a passage or an occurrence on the driver
WORD = 50  # bytes of a word of a wording on the driver, with the index of its n-grams
VECTOR = 3_000  # bytes of an article on the driver
_MEGABYTE = 1e6


@dataclass(frozen=True, slots=True)
class Corpus:
    """What is supposed of a corpus; ``pairs`` are those that are compared, for each document.

    ``hottest`` is the share of the documents that have the most frequent seed.
    """

    documents: float
    words: float
    pairs: float | None = None
    hottest: float = 0.01


@dataclass(frozen=True, slots=True)
class Stage:
    """What a stage moves and takes, and what its largest Python worker held at both sizes.

    Where a limit keeps it from being made, it takes nothing.
    """

    name: str
    grows: str
    rows: float
    shuffled: float
    cpu_seconds: float
    workers: tuple[int, ...]
    is_made: bool = True


@dataclass(frozen=True, slots=True)
class Bound:
    """A limit: from how many documents on it is reached, and the stage that is not made there."""

    documents: float
    what: str
    unmade: str | None


def read(record: str = RECORD) -> dict[str, Any]:
    """Return the record; it needs two sizes with all that is looked for."""
    found: dict[str, Any] = json.loads((ROOT / record).read_text("utf-8"))
    if len(found["sizes"]) < 2 or found["find"] != "all":
        raise SystemExit(f"{record}: a plan needs two sizes of full mode")
    return found


def stage_of(table: str) -> str:
    """Return the stage that writes a table.

    >>> stage_of("again-0"), stage_of("story-words"), stage_of("documents-in-stories")
    ('metadata, equals', 'stories', 'stories')
    """
    names = {name: stage for stage, _, listed in STAGES for name in listed.split()}
    fits = [name for name in names if table == name or table.startswith(f"{name}-")]
    if not fits:
        raise SystemExit(f"no stage of the plan writes {table}")
    return names[max(fits, key=len)]


def compared(size: dict[str, Any]) -> float:
    """Return how many pairs a document of a measured corpus is compared in."""
    return float(_written(size, "wanted-pairs") / size["documents"])


def _written(size: dict[str, Any], table: str) -> int:
    rows = (each["written_rows"] for each in size["spark"]["stages"] if each["name"] == table)
    return int(next(rows, 0))


def stages(record: dict[str, Any], corpus: Corpus) -> list[Stage]:
    """Return the stages in order, without their start; every formula of the plan is here."""
    small, large = record["sizes"][0], record["sizes"][-1]
    more = large["documents"] - small["documents"]
    n, words = corpus.documents, corpus.words / large["mean_words"]
    pairs = (compared(large) if corpus.pairs is None else corpus.pairs) / compared(large)
    scale = {DOCUMENTS: n, WORDS: n * words, PAIRS: n * words * pairs}
    scale[PASSES] = n * words * passes(large, n)
    sums = [_sums(size) for size in (small, large)]
    unmade = {each.unmade for each in bounds(record) if each.documents < n and each.unmade}
    made = []
    for name, grows, _ in STAGES:
        one, two = (each.get(name, {}) for each in sums)
        rows, shuffled, cpu = (
            max(two.get(key, 0.0) - one.get(key, 0.0), 0.0) / more * scale[grows]
            if _is_made(name, unmade)
            else 0.0
            for key in ("shuffled_rows", "shuffled_megabytes", "cpu_seconds")
        )
        workers = tuple(int(each.get("worker_megabytes", 0)) for each in (one, two))
        own = Stage(name, grows, rows, shuffled * _MEGABYTE, cpu, workers, _is_made(name, unmade))
        made.append(own)
    return made


def passes(size: dict[str, Any], documents: float) -> int:
    """Return how often all texts are looked through for wordings."""
    words = size["spark"]["counts"]["words_of_families"] / size["documents"] * documents
    return math.ceil(words / PART_WORDS)


def _is_made(stage: str, unmade: set[str]) -> bool:
    return not any(stage in (name, f"{name}, occurrences") for name in unmade)


def _sums(size: dict[str, Any]) -> dict[str, dict[str, float]]:
    """Return the sums of each stage at a size, and the largest of its workers."""
    found: dict[str, dict[str, float]] = {}
    for each in size["spark"]["stages"]:
        if each["name"] == "start":
            continue
        own = found.setdefault(stage_of(each["name"]), {})
        for key in ("shuffled_rows", "shuffled_megabytes", "cpu_seconds"):
            own[key] = own.get(key, 0.0) + each[key]
        own["worker_megabytes"] = max(own.get("worker_megabytes", 0), each["worker_megabytes"])
    return found


def bounds(record: dict[str, Any], driver_edges: int = DRIVER_EDGES) -> list[Bound]:
    """Return the limits of the engine, that reached first before others."""
    size = record["sizes"][-1]
    n, counts = size["documents"], size["spark"]["counts"]
    occurring = (_written(size, f"family-{name}") for name in ("passages", "occurrences"))
    articles = _written(size, "story-articles")
    given: tuple[tuple[int, int, str, str | None], ...] = (
        (
            counts["words_of_families"],
            WORDS_OF_EDGE * driver_edges,
            "words of wordings on the driver",
            "families",
        ),
        (max(occurring), driver_edges, "passages or occurrences on the driver", "families"),
        (articles, driver_edges // EDGES_OF_ARTICLE, "articles on the driver", "stories"),
        (_written(size, "story-terms"), MOST_TERMS, "terms that the driver counts", "stories"),
        (_written(size, "edges"), driver_edges, "pairs that join, on the driver", None),
    )
    found = [Bound(most / (count / n), what, name) for count, most, what, name in given if count]
    return sorted(found, key=lambda each: each.documents)


def driver_bytes(record: dict[str, Any], documents: float) -> tuple[float, float]:
    """Return what the driver would hold for families, and for stories, were its limits raised."""
    size = record["sizes"][-1]
    held = sum(_written(size, f"family-{name}") for name in ("passages", "occurrences")) * HELD
    held += size["spark"]["counts"]["words_of_families"] * WORD
    vectors = _written(size, "story-articles") * VECTOR
    return held / size["documents"] * documents, vectors / size["documents"] * documents


@dataclass(frozen=True, slots=True)
class Cluster:
    """What is supposed of the cluster; ``price`` is that of a core for an hour."""

    cores: int
    task_bytes: float
    overhead: float
    price: float
    rounds: int


def lines(record: dict[str, Any], corpus: Corpus, given: Cluster) -> Iterator[str]:
    """Yield the plan as a page."""
    made = stages(record, corpus)
    sizes = " and ".join(
        f"{size['documents']:,}" for size in (record["sizes"][0], record["sizes"][-1])
    )
    yield f"{corpus.documents:,.0f} documents of {corpus.words:,.0f} words, all that is looked for"
    yield ""
    head = f"MB of the largest worker, {sizes} documents"
    yield f"| stage | grows with | rows shuffled | GB shuffled | core hours | {head} |"
    yield "|---|---|--:|--:|--:|--:|"
    for each in made:
        cells = f"{each.rows:,.0f} | {each.shuffled / 1e9:,.0f} | {each.cpu_seconds / 3600:,.0f}"
        name = each.name if each.is_made else f"{each.name}: not made"
        yield f"| {name} | {each.grows} | {cells} | {' and '.join(map(str, each.workers))} |"
    shuffled, hours = sum(e.shuffled for e in made), sum(e.cpu_seconds for e in made) / 3600
    yield f"| all | | {sum(e.rows for e in made):,.0f} | {shuffled / 1e9:,.0f} | {hours:,.0f} | |"
    yield ""
    largest = max(made, key=lambda each: each.shuffled)
    partitions = math.ceil(largest.shuffled / given.task_bytes)
    yield f"widest stage: {largest.name}, {partitions:,} for spark.sql.shuffle.partitions"
    yield f"disk of all executors at once: {largest.shuffled * SPILL / 1e12:,.1f} TB"
    hot = corpus.documents * corpus.hottest
    yield (
        f"a seed in {corpus.hottest:.1%} of the documents: {hot:,.0f} rows, "
        f"{hot * KEY_ROW / 1e9:,.1f} GB that one task reads, of which it holds some at a time"
    )
    yield f"components above {DRIVER_EDGES:,} pairs: {given.rounds} rounds at most"
    total = hours * given.overhead
    yield (
        f"on {given.cores:,} cores: {total / given.cores:,.1f} hours, {total:,.0f} core hours with "
        f"overhead ({given.overhead:g}), cost {total * given.price:,.0f}"
    )
    yield ""
    yield "| from documents | limit | what happens |"
    yield "|--:|---|---|"
    for bound in bounds(record):
        then = f"no {bound.unmade} are made, and the summary says so" if bound.unmade else _ROUNDS
        yield f"| {bound.documents:,.0f} | {bound.what} | {then} |"
    yield ""
    families, stories = (each / 1e9 for each in driver_bytes(record, corpus.documents))
    yield (
        f"were these limits raised, the driver would hold {families:,.0f} GB for families and "
        f"{stories:,.0f} GB for stories"
    )


_ROUNDS = "joins put components together in rounds, with the same result"
