"""The stages in order, from documents to a result.

Documents are sorted by id first, so that every tie is broken the same way for any order of the
input. What takes room for every token stands in columns, in memory or in files; each stage goes
over them part by part. Nothing here opens a file or prints.
"""

from __future__ import annotations

import os
import tempfile
from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from dedup.cleaning import find as removals
from dedup.cleaning.find import Removals, find_removals
from dedup.clusters.canonical import CanonicalOrder, choose_representatives, ranks
from dedup.clusters.stars import Clusters, cluster_documents, stars
from dedup.config import Config
from dedup.core.arrays import Bool, Int64
from dedup.core.checkpoints import Work
from dedup.core.spool import Spool
from dedup.passages.find import Passages, find_passages, no_passages
from dedup.pipeline.candidates import SAME_TEXT, Copies, find_copies
from dedup.pipeline.documents import Documents, gather, hold, text_budget
from dedup.pipeline.fast import Progress, default_memory, scan_stream
from dedup.pipeline.results import (
    complete,
    documents_table,
    losses_table,
    pairs_table,
    passages_table,
    repeats_table,
)
from dedup.pipeline.signing import is_fast
from dedup.pipeline.wording import HeldWords, settled
from dedup.result import Result
from dedup.schema import Corpus
from dedup.similarity.differences import Differences, Judge, superseded
from dedup.similarity.relations import Pairs, confirm_pairs, with_equals
from dedup.sources.rereadable import Held, Reader
from dedup.text.stopwords import Words
from dedup.text.tokens import Tokens, read_tokens, tokenise_texts

STAGES = ("tokens", "copies", "boilerplate and repeats", "passages", "pairs", "clusters")
_TOKENS, _PASSAGES = "tokens", "passages"  # as they are kept
_MOST_ALIKE = 16  # near copies of one document that take part where passages are sought


@dataclass(slots=True)
class _Run:
    """What the stages of one scan hand on to each other."""

    documents: Documents
    config: Config
    threads: int
    work: Work
    tokens: Tokens
    copies: Copies
    limits: Counter[str]
    representatives: Int64  # for each document the one that stands for it and its equals


def scan_corpus(
    corpus: Corpus, config: Config, *, threads: int = 0, progress: Progress | None = None
) -> Result:
    """Find everything ``config`` asks for in a corpus in memory.

    ``threads`` (0: one a core) does not change the result. ``progress`` is told the name of each
    stage, how many are done, and how many there are.
    """
    if is_fast(config):
        held = Held(corpus.table, corpus.read_report)
        result = scan_stream(held, config, threads=threads, progress=progress)
        return replace(result, corpus=replace(result.corpus, rows=corpus.rows))
    return _scan(hold(corpus), config, Work(Spool()), threads, progress, compare=False)


def scan_reader(
    reader: Reader,
    config: Config,
    *,
    threads: int = 0,
    memory: int = 0,
    work: Work | None = None,
    progress: Progress | None = None,
) -> Result:
    """Find everything ``config`` asks for in what a reader gives.

    ``memory`` is how many bytes may be taken, about (0: half of what there is); what is more goes
    to files. Neither that nor ``threads`` changes the result. ``work`` keeps each stage that is
    finished; without it nothing outlives the run.
    """
    if is_fast(config):
        return scan_stream(
            reader, config, threads=threads, memory=memory, work=work, progress=progress
        )
    memory = memory or default_memory()
    with tempfile.TemporaryDirectory(prefix="dedup-", ignore_cleanup_errors=True) as folder:
        work = work or Work(Spool(lambda: Path(folder), text_budget(memory)))
        documents = gather(reader, work, memory)
        return _scan(documents, config, work, threads, progress, compare=False)


def compare_corpus(corpus: Corpus, config: Config) -> Result:
    """Scan two documents; the result holds their pair even when they share nothing.

    Its relation is ``none`` then.
    """
    return _scan(hold(corpus), config, Work(Spool()), 1, None, compare=True)


def _scan(
    documents: Documents,
    config: Config,
    work: Work,
    threads: int,
    progress: Progress | None,
    *,
    compare: bool,
) -> Result:
    def tell(stage: int) -> None:
        if progress is not None:
            progress(STAGES[stage] if stage < len(STAGES) else "done", stage, len(STAGES))

    threads = threads or os.cpu_count() or 1
    tell(0)
    tokens = _tokens(documents, work, threads)
    tell(1)
    lsh = "duplicates" in config.find and not compare
    copies = find_copies(documents, tokens, config, work, threads=threads, lsh=lsh)
    limits = Counter(oversized_buckets=copies.oversized)
    run = _Run(documents, config, threads, work, tokens, copies, limits, copies.first)
    tell(2)
    gone = _removals(run)
    ranking = _candidates(run, gone)
    _choose_representatives(run, ranking)
    tell(3)
    passages = _passages(run, gone.words, ranking, compare=compare)
    tell(4)
    candidates = run.copies.candidates
    if compare and len(documents) > 1:
        candidates = np.array([[0, 1]], np.int64)
    counts = tokens.counts() - gone.gone
    compared = run.copies.sets.compare
    pairs = confirm_pairs(candidates, compared, passages, counts, config, keep_all=compare)
    pairs = with_equals(pairs, run.representatives, tokens.counts())
    source = HeldWords(run.documents.texts, tokens, gone.rows)
    judge = Judge(source, counts, ranking.dates, config, threads)
    differences = settled(work, pairs, judge)
    given = superseded(pairs, differences, ranking.dates, config)
    ranking = replace(ranking, superseded=given)
    tell(5)
    clusters = _cluster(run, pairs, ranking)
    tell(6)
    return _result(run, gone, (pairs, differences), passages, clusters, judge)


def _tokens(documents: Documents, work: Work, threads: int) -> Tokens:
    if work.is_done(_TOKENS):
        return read_tokens(work.array(_TOKENS, "bounds"), documents.columns)
    tokens = tokenise_texts(documents.texts, threads=threads, columns=documents.columns)
    work.finish(_TOKENS, {"bounds": tokens.bounds})
    return tokens


def _removals(run: _Run) -> Removals:
    """Find what repeats inside documents and what is furniture."""
    if run.work.is_done(removals.STAGE):
        return Removals.load(run.work, run.documents.columns)
    found = find_removals(
        run.documents.texts,
        run.tokens,
        run.config,
        sites=_sites(run.documents.metadata),
        groups=run.copies.stories,
        columns=run.documents.columns,
        threads=run.threads,
    )
    found.save(run.work)
    return found


def _sites(metadata: pa.Table) -> Int64:
    """Return a code for the site of each document, -1 where none is known."""
    column = metadata["site"]
    if column.null_count == len(column):
        return np.full(len(column), -1, np.int64)
    column = column.combine_chunks()
    encoded = column if pa.types.is_dictionary(column.type) else column.dictionary_encode()
    codes: Int64 = pc.fill_null(encoded.indices, -1).to_numpy(zero_copy_only=False).astype(np.int64)
    return codes


def _choose_representatives(run: _Run, ranking: CanonicalOrder) -> None:
    """Let the canonical of each group of equal documents stand for it, in the candidates too."""
    representatives = choose_representatives(run.representatives, ranking, run.config)
    moved = np.arange(len(representatives))
    moved[run.representatives] = representatives
    run.representatives = representatives
    candidates = np.sort(moved[run.copies.candidates], axis=1)
    if not np.array_equal(candidates, run.copies.candidates):
        run.copies = replace(run.copies, candidates=candidates)


def _candidates(run: _Run, found: Removals) -> CanonicalOrder:
    counts = run.tokens.counts()
    metadata = run.documents.metadata
    return CanonicalOrder(
        truncated=found.truncated,
        boilerplate=found.gone / np.maximum(counts, 1),
        lengths=counts - found.gone,
        dates=ranks(metadata["date"]),
        priorities=ranks(metadata["priority"], numeric=True),
        superseded=np.broadcast_to(False, len(metadata)),
    )


def _representatives(run: _Run, ranking: CanonicalOrder) -> Bool:
    """Tell which documents take part where passages are sought.

    Of many near copies of one document only the first in canonical order do: more of them would
    crowd the others out of their seeds.
    """
    pairs = run.copies.candidates[run.copies.jaccard >= SAME_TEXT]
    rows = np.unique(pairs)
    order = ranking.take(rows).keys(run.config.canonical, np.zeros(len(rows)))
    leaders = stars(np.searchsorted(rows, pairs), order)
    by_leader = order[np.argsort(leaders[order], kind="stable")]
    sizes = np.bincount(leaders, minlength=len(rows))
    first = np.cumsum(sizes) - sizes
    position = np.arange(len(rows)) - first[leaders[by_leader]]
    stands: Bool = np.ones(len(run.representatives), np.bool_)
    stands[rows[by_leader[position >= _MOST_ALIKE]]] = False
    run.limits["near_copies_left_out_of_passages"] = int(np.count_nonzero(~stands))
    return stands


def _passages(run: _Run, words: Words, ranking: CanonicalOrder, *, compare: bool) -> Passages:
    if "passages" not in run.config.find:
        return no_passages()
    included = run.representatives == np.arange(len(run.representatives))
    if not compare:
        included &= _representatives(run, ranking)
    work, names = run.work, [name for name in Passages.__dataclass_fields__ if name != "cut"]
    if work.is_done(_PASSAGES):
        arrays = {name: work.array(_PASSAGES, name) for name in names}
        passages = Passages(**arrays, cut=work.metadata(_PASSAGES)["cut"])
    else:
        passages = find_passages(
            *(run.tokens, words, run.config),
            included=included,
            threads=run.threads,
            columns=run.documents.columns,
        )
        arrays = {name: getattr(passages, name) for name in names}
        work.finish(_PASSAGES, arrays, cut=passages.cut)
    run.limits.update(passages.cut)
    return passages


def _cluster(run: _Run, pairs: Pairs, ranking: CanonicalOrder) -> Clusters:
    config = run.config
    if "duplicates" not in config.find:
        rows = np.arange(len(run.representatives), dtype=np.int64)
        return Clusters(rows, np.full(len(rows), -1, np.int64))
    return cluster_documents(pairs, ranking, run.representatives, config)


def _result(
    run: _Run,
    found: Removals,
    judged: tuple[Pairs, Differences],
    passages: Passages,
    clusters: Clusters,
    judge: Judge,
) -> Result:
    pairs, differences = judged
    metadata = run.documents.metadata
    ids = metadata["doc_id"].combine_chunks()
    documents = documents_table(metadata, judged, clusters, run.representatives, run.config)
    result = Result(
        config=run.config,
        tables={
            "documents": documents,
            "pairs": pairs_table(pairs, differences, ids),
            "passages": passages_table(passages, run.tokens, ids),
            "repeats": repeats_table(found.rows, ids),
            "losses": losses_table(documents, judged, clusters, run.representatives, judge),
        },
        corpus=run.documents.corpus,
        removals=found.rows,
        annotations=found.annotations,
        review=pa.array(found.review),
        summary={},
    )
    complete(result, pairs, clusters, run.limits)
    return result
