"""The fast path from end to end: a corpus of any size, read twice, to a result.

Texts are not held. Their shingles are, while they fit into the memory allowed; a larger corpus is
read again from where it came. Band keys and shingles go to files when they outgrow their share.
"""

from __future__ import annotations

import os
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from dedup.arrays import Int64, texts_from_arrow
from dedup.clusters import Candidates, Clusters, cluster_pairs, join_equals
from dedup.config import Config
from dedup.duplicates import (
    DIGESTS,
    Signatures,
    Verifier,
    shingle_all,
    shingle_batch,
    sign_all,
    some_shingles,
)
from dedup.pairs import Pairs, with_equals
from dedup.ranking import ranks
from dedup.records import (
    CORPUS,
    FACTS,
    MARKS,
    PASSAGES,
    REMOVALS,
    REPEATS,
    Corpus,
    Intake,
    Result,
)
from dedup.shingles import Shingles
from dedup.sources import ReadOptions, read_batches
from dedup.sources.batches import unique_ids
from dedup.sources.files import STDIN, find_sources
from dedup.sources.options import Tally
from dedup.spool import Spool, trim
from dedup.tables import (
    check_conservation,
    documents_table,
    pairs_table,
    reuse_groups,
    summarise,
)

Progress = Callable[[str, int, int], None]

STAGES = ("signatures", "candidates", "shingles", "pairs", "clusters")
DEFAULT_MEMORY = 8 << 30
_HELD_SHARE = 0.4  # of the memory, for the shingles of all documents
_SPOOL_SHARE = 0.15  # for keys, and the shingles of candidates
_BATCH_ROWS = 2_048


class Reader(Protocol):
    """Documents that can be read more than once, always in the same order."""

    @property
    def intake(self) -> Intake:
        """Return what the first reading met."""
        ...

    @property
    def is_cheap(self) -> bool:
        """Tell whether reading again costs no more than holding what was made of it."""
        ...

    def batches(self) -> Iterator[pa.RecordBatch]:
        """Yield the documents in batches of schema ``CORPUS``."""
        ...

    def corpus(self, facts: pa.Table) -> Corpus:
        """Return the documents in order of id, ``facts`` where their texts are not in memory."""
        ...


@dataclass(slots=True)
class Held:
    """A corpus in memory as a ``Reader``."""

    table: pa.Table
    intake: Intake
    is_cheap: bool = False

    def batches(self) -> Iterator[pa.RecordBatch]:
        """Yield the corpus in parts that keep all threads busy."""
        yield from self.table.to_batches(max_chunksize=_BATCH_ROWS)

    def corpus(self, facts: pa.Table) -> Corpus:
        """Return the corpus in order of id."""
        return Corpus(self.table.take(pc.sort_indices(self.table["doc_id"])), self.intake)


class Files:
    """Files and streams as a ``Reader``; stdin is put by, for it can be read only once."""

    def __init__(
        self,
        paths: Sequence[str],
        options: ReadOptions,
        *,
        folder: Path,
        told: Callable[[int], None] | None = None,
    ) -> None:
        self.intake = Intake()
        self._paths, self._options, self._told = paths, options, told
        self._copy = folder / "stdin.arrow" if STDIN in paths else None
        self._read = False
        sources = find_sources(paths, options, Tally(Intake()))
        self.is_cheap = all(each.kind == "parquet" and each.url is None for each in sources)

    def batches(self) -> Iterator[pa.RecordBatch]:
        """Yield the documents; what is wrong with them is counted the first time."""
        if self._read:
            yield from self._again()
            return
        self._read = True
        first = read_batches(self._paths, self._options, self.intake, progress=self._told)
        if self._copy is None:
            yield from first
        else:
            with pa.ipc.new_file(self._copy, CORPUS) as copy:
                for batch in first:
                    copy.write_batch(batch)
                    yield batch

    def corpus(self, facts: pa.Table) -> Corpus:
        """Return what is known of the documents besides their texts."""
        return Corpus(facts, self.intake)

    def _again(self) -> Iterator[pa.RecordBatch]:
        if self._copy is None:
            yield from read_batches(self._paths, self._options, Intake())
            return
        with pa.OSFile(str(self._copy)) as file, pa.ipc.open_file(file) as copy:
            for number in range(copy.num_record_batches):
                yield copy.get_batch(number)


@dataclass(slots=True)
class _Run:
    """What one scan holds: the reader, what it said, and the shingles as long as they fit."""

    reader: Reader
    config: Config
    threads: int
    budget: int
    spool: Spool
    facts: list[pa.Table] = field(default_factory=list)
    held: list[Shingles] | None = None

    def texts(self) -> Iterator[pa.Array]:
        """Yield the texts, and keep the other facts of the documents."""
        for batch in self.reader.batches():
            self.facts.append(_facts(batch))
            yield batch.column("text")

    def sign(self) -> None:
        """Read everything for the first time."""
        self.held = sign_all(
            *(self.texts(), self.config, self.spool),
            threads=self.threads,
            room=0 if self.reader.is_cheap else self.budget,
        )

    def shingle(self, wanted: Int64) -> None:
        """Make the shingles of some rows, from those that are held or from the texts."""
        if self.held is not None:
            shingle_all(self.held, wanted, some_shingles, self.spool, threads=self.threads)
            self.held = None
            return

        def make(column: pa.Array, rows: Int64) -> Shingles:
            return shingle_batch(texts_from_arrow(column), rows, self.config)

        texts = (batch.column("text") for batch in self.reader.batches())
        shingle_all(texts, wanted, make, self.spool, threads=self.threads)


def _facts(batch: pa.RecordBatch) -> pa.Table:
    """Return what is known of the documents besides their texts, in as little room as may be."""
    columns = {item.name: batch.column(item.name) for item in FACTS}
    for name, column in columns.items():
        if column.null_count == len(column):
            columns[name] = pa.nulls(len(column))
        elif name in ("path", "site"):
            columns[name] = column.dictionary_encode()
    return pa.table(columns)


def _column(facts: list[pa.Table], item: pa.Field) -> pa.ChunkedArray:
    """Join a column of facts; one that is all null stays of type null."""
    chunks = [chunk for each in facts for chunk in each[item.name].chunks]
    kinds = {chunk.type for chunk in chunks} - {pa.null()}
    if not kinds:
        return pa.chunked_array([pa.nulls(sum(map(len, chunks)))])
    (kind,) = kinds
    joined = pa.chunked_array([chunk.cast(kind) for chunk in chunks], kind)
    return joined.unify_dictionaries() if pa.types.is_dictionary(kind) else joined


def scan_stream(
    reader: Reader,
    config: Config,
    *,
    threads: int = 0,
    memory: int = DEFAULT_MEMORY,
    progress: Progress | None = None,
) -> Result:
    """Find the copies of whole documents (``find=("duplicates",)``) in what a reader gives.

    ``memory`` is how many bytes may be taken, about; what is more goes to files. Neither that nor
    ``threads`` changes the result. Of files, ``Result.corpus`` comes without texts.
    """
    with tempfile.TemporaryDirectory(prefix="dedup-", ignore_cleanup_errors=True) as folder:
        run = _Run(
            reader=reader,
            config=config,
            threads=threads or os.cpu_count() or 1,
            budget=int(memory * _HELD_SHARE),
            spool=Spool(lambda: Path(folder), int(memory * _SPOOL_SHARE)),
        )
        return _scan(run, progress or (lambda stage, done, total: None))


def _scan(run: _Run, progress: Progress) -> Result:
    config, threads = run.config, run.threads
    progress(STAGES[0], 0, len(STAGES))
    run.sign()
    facts, order = _in_order(run)
    signed = Signatures.of(run.spool, order)
    ranking = _candidates(facts, signed)
    progress(STAGES[1], 1, len(STAGES))
    faces = _faces(signed.equal_groups(), ranking, config)
    among = np.flatnonzero((faces == np.arange(len(faces))) & (signed.counts > 0))
    candidates, crowded = signed.candidates(among, config)
    progress(STAGES[2], 2, len(STAGES))
    wanted = np.unique(order[np.unique(candidates)])
    run.shingle(wanted)
    progress(STAGES[3], 3, len(STAGES))
    verifier = Verifier.of(run.spool, wanted, order)
    pairs = verifier.confirm(candidates, signed.counts, config, threads=threads)
    pairs = with_equals(pairs, faces, signed.counts)
    progress(STAGES[4], 4, len(STAGES))
    clusters = cluster_pairs(pairs, ranking, config)
    del ranking, signed, order, among, verifier
    trim()
    if "exact" in config.cluster_on:
        join_equals(clusters, pairs, faces)
    result = _result(run, facts, pairs, clusters, faces, Counter(crowded_buckets=crowded))
    progress("done", 5, len(STAGES))
    return result


def _in_order(run: _Run) -> tuple[pa.Table, Int64]:
    """Return the facts in order of unique ids, and the row of each in the order of reading."""
    if not run.facts:
        return FACTS.empty_table(), np.zeros(0, np.int64)
    facts = pa.table({item.name: _column(run.facts, item) for item in FACTS})
    run.facts.clear()
    order = pc.sort_indices(facts["doc_id"])
    ids = facts["doc_id"].take(order).combine_chunks()
    if pc.any(pc.equal(ids[1:], ids[:-1])).as_py():
        del ids
        digests = run.spool.read(DIGESTS, np.uint64)
        facts = unique_ids(facts, Tally(run.reader.intake), digests)
        order = pc.sort_indices(facts["doc_id"])
        ids = facts["doc_id"].take(order).combine_chunks()
    run.spool.drop(DIGESTS)
    facts = facts.drop_columns(["doc_id", "line"]).take(order).combine_chunks()
    pa.default_memory_pool().release_unused()
    trim()
    rows: Int64 = order.to_numpy().astype(np.int64)
    return facts.add_column(0, FACTS.field("doc_id"), ids), rows


def _candidates(facts: pa.Table, signed: Signatures) -> Candidates:
    return Candidates(
        truncated=signed.cut,
        boilerplate=np.broadcast_to(0.0, len(facts)),
        lengths=signed.counts,
        dates=ranks(facts["date"]),
        priorities=ranks(facts["priority"], numeric=True),
    )


def _faces(first: Int64, ranking: Candidates, config: Config) -> Int64:
    """Let the canonical of each group of equal documents stand for the group."""
    others = np.flatnonzero(first != np.arange(len(first)))
    members = np.union1d(others, first[others])
    order = members[ranking.take(members).keys(config.canonical, np.zeros(len(members)))][::-1]
    best = np.arange(len(first))
    best[first[order]] = order  # the last to be written is the first in order
    faces: Int64 = best[first]
    return faces


def _result(
    run: _Run,
    facts: pa.Table,
    pairs: Pairs,
    clusters: Clusters,
    faces: Int64,
    caps: Counter[str],
) -> Result:
    ids = facts["doc_id"].combine_chunks()
    result = Result(
        config=run.config,
        tables={
            "documents": documents_table(facts, pairs, clusters, faces, run.config),
            "pairs": pairs_table(pairs, ids),
            "passages": PASSAGES.empty_table(),
            "repeats": REPEATS.empty_table(),
        },
        corpus=run.reader.corpus(facts),
        removals=REMOVALS.empty_table(),
        marks=MARKS.empty_table(),
        review=pa.array(np.zeros(len(facts), np.bool_)),
        summary={},
    )
    groups = reuse_groups(pairs, clusters, ids)
    result.summary.update(summarise(result, clusters, groups, caps))
    check_conservation(result, clusters)
    return result
