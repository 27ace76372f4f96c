"""The fast path from end to end: a corpus of any size, read twice, to a result.

Texts are not held. Their shingles are, while they fit into the memory allowed; a larger corpus is
read again from where it came. Band keys and shingles go to files when they outgrow their share.
"""

from __future__ import annotations

import os
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TypeVar

import numpy as np
import pyarrow as pa

from dedup.clusters.canonical import CanonicalOrder, choose_representatives, ranks
from dedup.clusters.stars import Clusters, cluster_documents
from dedup.config import Config
from dedup.core.arrays import Int64, one_array, texts_from_arrow
from dedup.core.checkpoints import Work
from dedup.core.hashing import content_of
from dedup.core.parallel import in_order
from dedup.core.spool import Spool, trim
from dedup.pipeline.results import complete, documents_table, losses_table, pairs_table
from dedup.pipeline.signing import (
    DIGESTS,
    SHINGLES,
    SIZES,
    Signatures,
    Signed,
    Wanted,
    shingle_columns,
    sign_batch,
    some_of_all,
)
from dedup.pipeline.verifying import Verifier
from dedup.pipeline.wording import TEXT_SIZES, TEXTS, KeptWords, settled
from dedup.result import Result
from dedup.schema import ANNOTATIONS, METADATA, PASSAGES, REMOVALS, REPEATS, ReadReport
from dedup.similarity.differences import Differences, Judge, superseded
from dedup.similarity.relations import Pairs, with_equals
from dedup.sources import Piece
from dedup.sources.metadata import in_order_of_id, metadata_of
from dedup.sources.rereadable import Reader

Progress = Callable[[str, int, int], None]
Part = TypeVar("Part")

STAGES = ("signatures", "candidates", "shingles", "pairs", "clusters")
_HELD_SHARE = 0.4  # of the memory, for the shingles of all documents
_SPOOL_SHARE = 0.15  # for keys, and the shingles of candidates
_COMMIT_BYTES = 256 << 20  # of shingles, after which an interrupted run loses no more than that


@dataclass(slots=True)
class Reading:
    """What the first reading leaves of a piece."""

    metadata: list[pa.Table]
    signed: list[Signed]
    counts: bool  # False for a piece behind what could not be read


def sign_all(
    pieces: Iterable[Piece], config: Config, *, begun: int, keep: bool, threads: int
) -> Iterator[Reading]:
    """Read all pieces for the first time, some at once; yield what each leaves, in order.

    The first ``begun`` are signed already; of those only the facts are wanted.
    """

    def read(task: tuple[int, Piece]) -> tuple[Piece, Reading]:
        number, piece = task
        reading = Reading([], [], True)
        for batch in piece.batches():
            reading.metadata.append(metadata_of(batch))
            if number >= begun:
                texts = texts_from_arrow(batch.column("text"))
                reading.signed.append(sign_batch(texts, config, keep=keep))
        return piece, reading

    for piece, reading in in_order(read, enumerate(pieces), threads):
        reading.counts = piece.settle()
        yield reading


def shingle_all(
    tasks: Iterable[tuple[Part, Int64]],
    make: Callable[[Part, Int64], list[Wanted]],
    spool: Spool,
    *,
    threads: int,
) -> None:
    """Make the distinct shingles of some rows (ascending) of each part, and keep them in order.

    The texts are kept with them: what differs between two of them may have to be looked at.
    """
    for made in in_order(lambda task: make(*task), tasks, threads):
        for shingles, texts in made:
            spool.append(SHINGLES, shingles.values)
            spool.append(SIZES, np.diff(shingles.offsets))
            spool.append(TEXTS, texts.data)
            spool.append(TEXT_SIZES, np.diff(texts.offsets))


@dataclass(slots=True)
class _Run:
    """What one scan holds: the reader, what it said, and the shingles as long as they fit.

    ``sizes`` are the numbers of documents of the pieces, ``content`` is a hash of all texts.
    """

    reader: Reader
    config: Config
    threads: int
    budget: int
    work: Work
    metadata: list[pa.Table] = field(default_factory=list)
    sizes: list[int] = field(default_factory=list)
    content: str = ""
    held: list[list[Wanted]] | None = None

    def sign(self) -> None:
        """Read everything for the first time, or go on where an earlier run stopped."""
        work, begun = self.work, self.work.begun
        capacity = 0 if self.reader.is_cheap or begun else self.budget
        held: list[list[Wanted]] = []
        since, pieces, keep = 0, self.reader.pieces(), capacity > 0
        readings = sign_all(pieces, self.config, begun=begun, keep=keep, threads=self.threads)
        for number, reading in enumerate(readings, 1):
            signed = reading.signed if reading.counts else []
            self.metadata += (metadata := reading.metadata if reading.counts else [])
            self.sizes.append(sum(map(len, metadata)))
            for each in signed:
                each.into(work.spool)
                since += 8 * int(each.counts.sum())
                capacity -= each.shingles.values.nbytes + int(np.ptp(each.texts.offsets[[0, -1]]))
            held.append([(each.shingles, each.texts) for each in signed])
            if capacity <= 0:
                held.clear()
            if since > _COMMIT_BYTES:
                work.commit(number)
                since = 0
        self.held = held if capacity > 0 else None

    def shingle(self, wanted: Int64) -> None:
        """Make the shingles of some rows, from those that are held or from the texts."""
        spool, threads = self.work.spool, self.threads
        if self.held is not None:
            shingle_all(self._wanted(self.held, wanted), some_of_all, spool, threads=threads)
            self.held = None
            return

        def make(piece: Piece, rows: Int64) -> list[Wanted]:
            return shingle_columns(piece.texts(), rows, self.config)

        shingle_all(self._wanted(self.reader.pieces(), wanted), make, spool, threads=threads)

    def _wanted(self, parts: Iterable[Part], wanted: Int64) -> Iterator[tuple[Part, Int64]]:
        """Yield the parts in which some of the wanted rows are, and those rows."""
        start = 0
        for part, size in zip(parts, self.sizes, strict=True):
            low, high = np.searchsorted(wanted, (start, start + size))
            if low < high:
                yield part, wanted[low:high] - start
            start += size


def scan_stream(
    reader: Reader,
    config: Config,
    *,
    threads: int = 0,
    memory: int = 0,
    work: Work | None = None,
    progress: Progress | None = None,
) -> Result:
    """Find the copies of whole documents (``find=("duplicates",)``) in what a reader gives.

    ``memory`` is how many bytes may be taken, about (0: half of what there is); what is more goes
    to files. Neither that nor ``threads`` changes the result. ``work`` keeps each stage that is
    finished; without it nothing outlives the run. Of files, ``Result.corpus`` has no texts.
    """
    memory = memory or default_memory()
    with tempfile.TemporaryDirectory(prefix="dedup-", ignore_cleanup_errors=True) as folder:
        run = _Run(
            reader=reader,
            config=config,
            threads=threads or os.cpu_count() or 1,
            budget=int(memory * _HELD_SHARE),
            work=work or Work(Spool(lambda: Path(folder), int(memory * _SPOOL_SHARE))),
        )
        return _scan(run, progress or (lambda stage, done, total: None))


def default_memory() -> int:
    """Return half of the machine's memory, or 4 GiB where that cannot be told."""
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2
    except (ValueError, OSError, AttributeError):
        return 4 << 30


def _scan(run: _Run, progress: Progress) -> Result:
    config = run.config
    progress(STAGES[0], 0, len(STAGES))
    metadata, order = _signatures(run)
    signed = Signatures.of(run.work.spool, order)
    ranking = _candidates(metadata, signed)
    progress(STAGES[1], 1, len(STAGES))
    representatives, candidates, oversized = _buckets(run, signed, ranking)
    progress(STAGES[2], 2, len(STAGES))
    pairs = _pairs(run, signed, candidates, lambda: progress(STAGES[3], 3, len(STAGES)))
    pairs = with_equals(pairs, representatives, signed.counts)
    judge = _judge(run, signed, candidates, ranking.dates)
    differences = settled(run.work, pairs, judge)
    given = superseded(pairs, differences, ranking.dates, config)
    ranking = replace(ranking, superseded=given)
    progress(STAGES[4], 4, len(STAGES))
    clusters = cluster_documents(pairs, ranking, representatives, config)
    del ranking, signed
    trim()
    limits = Counter(oversized_buckets=oversized)
    judged = pairs, differences
    result = _result(run, metadata, judged, clusters, representatives, judge, limits)
    result = replace(result, corpus=replace(result.corpus, order=order, content=run.content))
    progress("done", 5, len(STAGES))
    return result


def _signatures(run: _Run) -> tuple[pa.Table, Int64]:
    """Read everything; return the facts in order of id, and the row of each as it was read."""
    stage, work = STAGES[0], run.work
    if work.is_done(stage):
        run.reader.take_up(ReadReport.from_dict(work.metadata(stage)["read_report"]))
        run.sizes, run.content = (work.metadata(stage)[name] for name in ("sizes", "content"))
        return work.table(stage), work.array(stage, "order")
    run.sign()
    metadata, order = _in_order(run)
    read_report = run.reader.read_report.as_dict()
    stated = {"read_report": read_report, "sizes": run.sizes, "content": run.content}
    work.finish(stage, {"order": order}, metadata, **stated)
    return metadata, order


def _buckets(run: _Run, signed: Signatures, ranking: CanonicalOrder) -> tuple[Int64, Int64, int]:
    """Return what stands for each document, the candidate pairs, and the crowded buckets."""
    stage, work = STAGES[1], run.work
    if work.is_done(stage):
        oversized = int(work.metadata(stage)["oversized"])
        return work.array(stage, "representatives"), work.array(stage, "pairs"), oversized
    representatives = choose_representatives(signed.equal_groups(), ranking, run.config)
    among = np.flatnonzero(
        (representatives == np.arange(len(representatives))) & (signed.counts > 0)
    )
    candidates, oversized = signed.candidates(among, run.config)
    work.finish(
        stage, {"representatives": representatives, "pairs": candidates}, oversized=oversized
    )
    return representatives, candidates, oversized


def _pairs(
    run: _Run, signed: Signatures, candidates: Int64, verifying: Callable[[], None]
) -> Pairs:
    """Verify the candidates; tell when their shingles are made."""
    names, work = Pairs.__dataclass_fields__, run.work
    if work.is_done(STAGES[3]):
        verifying()
        return Pairs(*(work.array(STAGES[3], name) for name in names))
    documents = np.unique(candidates)
    wanted = np.sort(signed.order[documents])
    if not work.is_done(STAGES[2]):
        most = np.maximum(signed.counts[documents] - run.config.shingle_size + 1, 1)
        work.spool.reserve(SHINGLES, int(most.sum()), np.uint64)
        if len(wanted):
            run.shingle(wanted)
        work.finish(STAGES[2], {})
    verifying()
    verifier = Verifier.of(work.spool, wanted, signed.order)
    pairs = verifier.confirm(candidates, signed.counts, run.config, threads=run.threads)
    work.finish(STAGES[3], {name: getattr(pairs, name) for name in names})
    return pairs


def _judge(run: _Run, signed: Signatures, candidates: Int64, dates: Int64) -> Judge:
    """Return who looks at what differs in pairs, by the texts that were put by."""
    wanted = np.sort(signed.order[np.unique(candidates)])
    source = KeptWords.of(run.work.spool, wanted, signed.order)
    return Judge(source, signed.counts, dates, run.config, run.threads)


def _in_order(run: _Run) -> tuple[pa.Table, Int64]:
    """Return the facts in order of unique ids, and the row of each in the order of reading."""
    if not run.metadata:
        return METADATA.empty_table(), np.zeros(0, np.int64)
    digests = run.work.spool.take(DIGESTS, np.uint64)
    metadata, order = in_order_of_id(run.metadata, digests, run.reader.read_report)
    run.content = content_of(digests[order])
    pa.default_memory_pool().release_unused()
    trim()
    return metadata, order


def _candidates(metadata: pa.Table, signed: Signatures) -> CanonicalOrder:
    return CanonicalOrder(
        truncated=signed.cut,
        boilerplate=np.broadcast_to(0.0, len(metadata)),
        lengths=signed.counts,
        dates=ranks(metadata["date"]),
        priorities=ranks(metadata["priority"], numeric=True),
        superseded=np.broadcast_to(False, len(metadata)),
    )


def _result(
    run: _Run,
    metadata: pa.Table,
    judged: tuple[Pairs, Differences],
    clusters: Clusters,
    representatives: Int64,
    judge: Judge,
    limits: Counter[str],
) -> Result:
    pairs, differences = judged
    ids = one_array(metadata["doc_id"])
    documents = documents_table(metadata, judged, clusters, representatives, run.config)
    result = Result(
        config=run.config,
        tables={
            "documents": documents,
            "pairs": pairs_table(pairs, differences, ids),
            "passages": PASSAGES.empty_table(),
            "repeats": REPEATS.empty_table(),
            "losses": losses_table(documents, judged, clusters, representatives, judge),
        },
        corpus=run.reader.corpus(metadata),
        removals=REMOVALS.empty_table(),
        annotations=ANNOTATIONS.empty_table(),
        review=pa.array(np.zeros(len(metadata), np.bool_)),
        summary={},
    )
    complete(result, pairs, clusters, limits)
    return result
