"""Say on paper what a corpus takes on a Spark cluster: bytes, rows, rounds, tasks, hours, cost.

    python scripts/plan_cluster.py --documents 1e9 --words 500 --price 0.05
    python scripts/plan_cluster.py --documents 1e9 --find all      # full mode (plan_full.py)
    python scripts/plan_cluster.py --documents 1e9 --parts 1000    # `dedup sign`, and one scan

Everything follows from figures for one document (``MEASURED``) that benchmarks/spark.py gave on one
machine; they are multiplied, not measured again. What is not known at all (how many candidates a
corpus has beyond its copies, how busy a network is) is an option with a default that says so.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Iterator
from dataclasses import dataclass, fields

from dedup.config import Config
from dedup.similarity.lsh import bands_and_rows

SIGNED_BYTES = 150  # of what the first reading leaves of a document, without its band keys
BAND_ROW_BYTES = 16  # a key and a row; Spark makes them little smaller: they are hashes
PAIR_BYTES = 16
SET_BYTES = 8  # a shingle
FACT_BYTES = 90  # of a document in each join of the last stage
TEXT_BYTES = 6.5  # a word and the blank behind it, in the made corpus
STAR_ROWS = 6  # rows of 16 bytes that a round of components moves for each edge, and the check
SIGNED_ARRAYS = 29  # bytes of a document: fingerprint, digest, number of tokens, whether truncated
MOST_ROWS = (1 << 31) - 1  # that one scan can number
SPILL = 2.0  # bytes of disk for each byte shuffled: what is written, and what sorting spills


@dataclass(frozen=True, slots=True)
class Measured:
    """CPU seconds for a million of something, of all processes, from ``record``.

    They are those of the 500,000 documents of 100 words there, fixed costs and all, so rather too
    high; but for pairs, where that would be far too high: the growth from 50,000 documents on, for
    each confirmed pair, which is higher than for each candidate.
    """

    record: str = "benchmarks/record/spark-2026-11-21.json"
    words: float = 0.37  # stage signed, 18.4 s
    documents: float = 91.0  # again, facts, equals, bands, wanted, sets, placed, documents, summary
    band_rows: float = 1.8  # stage candidates, 28.6 s for 15.9 million rows
    candidates: float = 61.0  # stage pairs, 1.45 s for 23,900 pairs more


@dataclass(frozen=True, slots=True)
class Corpus:
    """What is known of a corpus, and what is supposed.

    ``copies`` are the documents that are equal to another one, ``in_pairs`` the share of the others
    that stand in a candidate pair, ``candidates`` the candidate pairs of a document, ``edges`` the
    confirmed ones.
    """

    documents: float
    words: float = 500.0
    copies: float = 0.1
    in_pairs: float = 0.4
    candidates: float = 1.5
    edges: float = 0.25
    component: float = 1e6  # documents in the largest component


@dataclass(frozen=True, slots=True)
class Stage:
    """One stage: rows and bytes that it shuffles, CPU seconds, and where that comes from."""

    name: str
    rows: float
    shuffled: float
    cpu_seconds: float


def stages(corpus: Corpus, config: Config, measured: Measured) -> list[Stage]:
    """Return the stages in order; every formula of the plan is here.

    >>> made = stages(Corpus(1e6), Config(), Measured())
    >>> f"{next(each.rows for each in made if each.name == 'bands'):,.0f}"
    '28,800,000'
    """
    n = corpus.documents
    bands, _ = bands_and_rows(config)
    representatives = n * (1 - corpus.copies)
    band_rows = representatives * bands
    candidates, edges = n * corpus.candidates, n * corpus.edges
    wanted = representatives * corpus.in_pairs
    set_bytes = SET_BYTES * corpus.words
    million = 1e6
    per_document = measured.documents / 3  # of the three stages that see all documents
    turns = rounds(corpus.component)
    return [
        Stage("signed", n, 0, n * corpus.words / million * measured.words),
        Stage("rows", n, n * (SIGNED_BYTES + 8 * bands), n / million * per_document),
        Stage("equals", n, n * 2 * 40, n / million * per_document),
        Stage(
            "bands",
            band_rows,
            band_rows * BAND_ROW_BYTES,
            band_rows / million * measured.band_rows,
        ),
        Stage("candidates", candidates * 2, candidates * 2 * PAIR_BYTES, 0),
        Stage("texts", n, n * corpus.words * TEXT_BYTES, wanted / million * per_document),
        Stage(
            "verified",
            candidates,
            (candidates * 2 + wanted) * set_bytes,
            candidates / million * measured.candidates,
        ),
        Stage(
            f"components, {turns} rounds",
            edges * STAR_ROWS * turns,
            edges * STAR_ROWS * turns * PAIR_BYTES,
            edges * turns / million * 8,  # 161 CPU seconds for 5 million edges in 4 rounds
        ),
        Stage("clusters", edges, edges * 100, edges / million * 20),
        Stage("documents", n, n * 3 * FACT_BYTES, n / million * per_document),
    ]


def rounds(component: float) -> int:
    """Return how many rounds of large-star and small-star a component may take.

    Measured on paths, the worst: 6 for 100 documents, 9 for 1,000, 12 for 10,000, 14 for 100,000.

    >>> [rounds(10**k) for k in (2, 5, 6)]
    [6, 14, 17]
    """
    return math.ceil(2.75 * math.log10(max(component, 10)) + 0.25)


@dataclass(frozen=True, slots=True)
class Alone:
    """CPU seconds and bytes of the engine of one machine, from a million documents of 100 words.

    They were signed in four parts and joined (docs/guides/parts.md).
    """

    sign_words: float = 0.1  # CPU seconds for a million words, reading included
    join_documents: float = 19.0  # for a million documents, of which a fifth are near copies
    start: float = 0.9  # CPU seconds of a process before it works
    known_bytes: float = 26.0  # of short ids and no addresses, in a folder
    held_bytes: float = 150.0  # of memory for a document where the rest goes to files


@dataclass(frozen=True, slots=True)
class SignedPlan:
    """What signing in parts and one scan of them take."""

    parts: int
    sign_hours: float
    folder_bytes: float
    join_hours: float
    join_memory: float
    read_again: float
    cost: float


def signed_plan(
    corpus: Corpus, config: Config, alone: Alone, *, parts: int, price: float
) -> SignedPlan:
    """Return the plan of an array job of ``parts`` and of one scan of what it leaves.

    >>> made = signed_plan(Corpus(1e9), Config(), Alone(), parts=1000, price=0.05)
    >>> f"{made.folder_bytes / 1e9:,.0f} GB, {made.join_memory / 1e9:,.0f} GB of memory"
    '311 GB, 150 GB of memory'
    """
    n, million = corpus.documents, 1e6
    bands, _ = bands_and_rows(config)
    sign = n * corpus.words / million * alone.sign_words + parts * alone.start
    join = n / million * alone.join_documents + alone.start
    wanted = n * (1 - corpus.copies) * corpus.in_pairs
    hours = (sign + join) / 3600
    return SignedPlan(
        parts=parts,
        sign_hours=sign / 3600,
        folder_bytes=n * (8 * bands + SIGNED_ARRAYS + alone.known_bytes),
        join_hours=join / 3600,
        join_memory=n * alone.held_bytes,
        read_again=wanted * corpus.words * TEXT_BYTES,
        cost=hours * price,
    )


def signed_lines(corpus: Corpus, made: SignedPlan) -> Iterator[str]:
    """Yield that plan as a page."""
    yield f"{corpus.documents:,.0f} documents of {corpus.words:,.0f} words in {made.parts:,} parts"
    yield ""
    yield f"sign: {made.sign_hours:,.1f} core hours, {made.sign_hours / made.parts:.3f} a part"
    yield f"folders: {made.folder_bytes / 1e9:,.0f} GB"
    yield f"scan: {made.join_hours:,.1f} core hours, {made.join_memory / 1e9:,.0f} GB of memory"
    yield f"texts read again: {made.read_again / 1e9:,.0f} GB"
    yield f"cost {made.cost:,.2f}"
    if corpus.documents > MOST_ROWS:
        yield f"one scan numbers {MOST_ROWS:,} documents at most: this needs Spark"


@dataclass(frozen=True, slots=True)
class Plan:
    """What a run takes in all, on executors with so much memory for each core."""

    stages: list[Stage]
    partitions: int
    disk: float
    core_hours: float
    hours: float
    cost: float


def plan(
    corpus: Corpus,
    config: Config,
    measured: Measured,
    *,
    cores: int,
    task_bytes: float,
    overhead: float,
    price: float,
) -> Plan:
    """Return the plan: ``price`` is that of a core for an hour, ``overhead`` what waiting adds."""
    made = stages(corpus, config, measured)
    largest = max(each.shuffled for each in made)
    hours = sum(each.cpu_seconds for each in made) / 3600 * overhead
    return Plan(
        stages=made,
        partitions=max(1, math.ceil(largest / task_bytes)),
        disk=largest * SPILL,
        core_hours=hours,
        hours=hours / cores,
        cost=hours * price,
    )


def lines(corpus: Corpus, made: Plan, *, cores: int) -> Iterator[str]:
    """Yield the plan as a page."""
    yield f"{corpus.documents:,.0f} documents of {corpus.words:,.0f} words"
    yield ""
    yield "| stage | rows shuffled | GB shuffled | core hours |"
    yield "|---|--:|--:|--:|"
    for each in made.stages:
        cells = f"{each.rows:,.0f} | {each.shuffled / 1e9:,.1f} | {each.cpu_seconds / 3600:,.1f}"
        yield f"| {each.name} | {cells} |"
    total = sum(each.shuffled for each in made.stages)
    yield f"| all | | {total / 1e9:,.1f} | {made.core_hours:,.1f} with overhead |"
    yield ""
    yield f"spark.sql.shuffle.partitions: {made.partitions:,}"
    yield f"disk of all executors at once: {made.disk / 1e12:,.2f} TB"
    yield f"on {cores:,} cores: {made.hours:,.1f} hours, cost {made.cost:,.0f}"


def _full_lines(options: argparse.Namespace) -> Iterator[str]:
    import plan_full

    corpus = plan_full.Corpus(options.documents, options.words, options.pairs, options.hottest)
    given = plan_full.Cluster(
        cores=options.cores,
        task_bytes=options.task_mb * 1e6,
        overhead=options.overhead,
        price=options.price,
        rounds=rounds(options.component),
    )
    return plan_full.lines(plan_full.read(), corpus, given)


def main() -> int:
    """Print the plan for what is given."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    for item in fields(Corpus):
        default = None if item.name == "documents" else item.default
        parser.add_argument(
            f"--{item.name.replace('_', '-')}",
            type=float,
            default=default,
            required=default is None,
        )
    parser.add_argument("--threshold", type=float, default=Config().threshold)
    parser.add_argument("--cores", type=int, default=256)
    parser.add_argument("--task-mb", type=float, default=200.0, help="shuffled bytes of a task")
    parser.add_argument(
        "--overhead", type=float, default=4.0, help="a guess: waiting, network, disks, retries"
    )
    parser.add_argument("--price", type=float, default=0.05, help="of a core for an hour")
    parser.add_argument("--parts", type=int, help="of `dedup sign`, joined by one scan")
    parser.add_argument("--find", choices=("duplicates", "all"), default="duplicates")
    parser.add_argument("--pairs", type=float, help="compared, of a document, with --find all")
    parser.add_argument(
        "--hottest",
        type=float,
        default=0.01,
        help="of the documents, that have the most frequent seed, with --find all",
    )
    options = parser.parse_args()
    if options.find == "all":
        print("\n".join(_full_lines(options)))
        return 0
    corpus = Corpus(**{item.name: getattr(options, item.name) for item in fields(Corpus)})
    if options.parts:
        config, price = Config(threshold=options.threshold), options.price
        apart = signed_plan(corpus, config, Alone(), parts=options.parts, price=price)
        print("\n".join(signed_lines(corpus, apart)))
        return 0
    made = plan(
        corpus,
        Config(threshold=options.threshold),
        Measured(),
        cores=options.cores,
        task_bytes=options.task_mb * 1e6,
        overhead=options.overhead,
        price=options.price,
    )
    print("\n".join(lines(corpus, made, cores=options.cores)))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
