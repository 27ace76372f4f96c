"""The stages in order, from a corpus to a result.

Documents are sorted by id first, so that every tie is broken the same way for any order of the
input. Nothing here opens a file or prints.
"""

from __future__ import annotations

import os
from collections import Counter
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from dedup.arrays import Bool, Float64, Int64, Texts, texts_from_arrow
from dedup.blocks import Blocks
from dedup.boilerplate import blocks_of, find_boilerplate
from dedup.cleaning import settle_removals
from dedup.clusters import (
    Candidates,
    Clusters,
    choose_faces,
    cluster_documents,
    components,
    stars,
)
from dedup.config import Config
from dedup.duplicates import is_fast
from dedup.exact import equal_groups
from dedup.lsh import candidate_pairs
from dedup.minhash import sign_shingles
from dedup.pairs import Pairs, Scores, compare_shingles, confirm_pairs, with_equals
from dedup.passages import Passages, find_passages, no_passages
from dedup.ranking import ranks, truncated_documents
from dedup.readers import Held
from dedup.records import MARKS, REMOVALS, Corpus, Result
from dedup.repeats import find_repeats
from dedup.shingles import Shingles, distinct_shingles, shingle_texts
from dedup.streaming import Progress, scan_stream
from dedup.tables import (
    complete,
    documents_table,
    pairs_table,
    passages_table,
    repeats_table,
)
from dedup.tokens import Tokens, tokenise_texts
from dedup.words import classify

STAGES = ("tokens", "signatures", "boilerplate and repeats", "passages", "pairs", "clusters")
_SAME_TEXT = 0.9  # Jaccard of near copies, of which …
_MOST_ALIKE = 16  # … so many take part where passages are sought
_SAME_STORY = 0.5  # Jaccard from which two documents count as one when lines are counted


@dataclass(slots=True)
class _Run:
    """What the stages of one scan hand on to each other."""

    corpus: Corpus
    config: Config
    threads: int
    texts: Texts
    tokens: Tokens
    blocks: Blocks
    shingles: Shingles
    candidates: Int64
    faces: Int64  # for each document the one that stands for it and its equals
    removals: pa.Table
    marks: pa.Table
    review: Bool
    masked: Bool
    caps: Counter[str]
    jaccard: Float64 | None = None  # of the candidates, once it was asked for

    def alike(self, least: float) -> Int64:
        """Return the candidates whose Jaccard similarity is at least so much."""
        if self.jaccard is None:
            self.jaccard, _, _ = self.compare(self.candidates)
        found: Int64 = self.candidates[self.jaccard >= least]
        return found

    def compare(self, pairs: Int64) -> Scores:
        """Score pairs of documents by their shingles."""
        return compare_shingles(pairs, self.shingles)

    def distinct(self) -> Int64:
        """Return the rows that stand for themselves."""
        return np.flatnonzero(self.faces == np.arange(len(self.faces)))


def scan_corpus(
    corpus: Corpus, config: Config, *, threads: int = 0, progress: Progress | None = None
) -> Result:
    """Find everything ``config`` asks for in a corpus.

    ``threads`` (0: one a core) does not change the result. ``progress`` is told the name of each
    stage, how many are done, and how many there are.
    """
    if is_fast(config):
        held = Held(corpus.table, corpus.intake)
        result = scan_stream(held, config, threads=threads, progress=progress)
        return replace(result, corpus=replace(result.corpus, rows=corpus.rows))
    return _scan(corpus, config, threads, progress, compare=False)


def compare_corpus(corpus: Corpus, config: Config) -> Result:
    """Scan two documents; the result holds their pair even when they share nothing.

    Its relation is ``none`` then.
    """
    return _scan(corpus, config, 1, None, compare=True)


def _scan(
    corpus: Corpus, config: Config, threads: int, progress: Progress | None, *, compare: bool
) -> Result:
    def tell(stage: int) -> None:
        if progress is not None:
            progress(STAGES[stage] if stage < len(STAGES) else "done", stage, len(STAGES))

    table = corpus.table.take(pc.sort_indices(corpus.table["doc_id"])).combine_chunks()
    tell(0)
    run = _start(replace(corpus, table=table), config, threads or os.cpu_count() or 1)
    tell(1)
    if "duplicates" in config.find and not compare:
        run.candidates = _find_candidates(run)
    tell(2)
    if "repeats" in config.find:
        _find_removals(run)
    ranking = _candidates(run)
    _choose_faces(run, ranking)
    tell(3)
    passages = _find_passages(run, ranking, compare=compare)
    tell(4)
    if compare and len(table) > 1:
        run.candidates = np.array([[0, 1]], np.int64)
    counts = run.tokens.counts() - _per_document(run.masked, run.tokens)
    pairs = confirm_pairs(run.candidates, run.compare, passages, counts, config, keep_all=compare)
    pairs = with_equals(pairs, run.faces, run.tokens.counts())
    tell(5)
    clusters = _cluster(run, pairs, ranking)
    tell(6)
    return _result(run, pairs, passages, clusters)


def _start(corpus: Corpus, config: Config, threads: int) -> _Run:
    texts = texts_from_arrow(corpus.table["text"])
    tokens = tokenise_texts(texts, threads=threads)
    return _Run(
        corpus=corpus,
        config=config,
        threads=threads,
        texts=texts,
        tokens=tokens,
        blocks=blocks_of(texts, tokens),
        shingles=distinct_shingles(shingle_texts(texts, tokens, config), threads=threads),
        candidates=np.zeros((0, 2), np.int64),
        faces=equal_groups(tokens),
        removals=REMOVALS.empty_table(),
        marks=MARKS.empty_table(),
        review=np.zeros(len(texts), np.bool_),
        masked=np.zeros(len(tokens.hashes), np.bool_),
        caps=Counter(),
    )


def _find_candidates(run: _Run) -> Int64:
    """Return the pairs of distinct documents that share a bucket."""
    signatures = sign_shingles(run.shingles, run.config, threads=run.threads)
    filled = np.flatnonzero((run.faces == np.arange(len(run.faces))) & (run.tokens.counts() > 0))
    pairs, crowded = candidate_pairs(signatures, run.config, among=filled)
    run.caps["crowded_buckets"] = crowded
    return pairs


def _find_removals(run: _Run) -> None:
    """Find what repeats inside documents and what is furniture, and mask it."""
    count = len(run.texts)
    alike = run.alike(_SAME_STORY)
    groups = components(
        np.concatenate([alike[:, 0], run.faces]),
        np.concatenate([alike[:, 1], np.arange(count)]),
        count,
    )
    sites = run.corpus.table["site"].combine_chunks().dictionary_encode()
    codes = pc.fill_null(sites.indices, -1).to_numpy(zero_copy_only=False).astype(np.int64)
    furniture, run.marks = find_boilerplate(
        run.texts, run.tokens, run.blocks, run.config, sites=codes, groups=groups
    )
    repeats = find_repeats(run.texts, run.tokens, run.blocks, run.config)
    run.removals, run.review = settle_removals([furniture, repeats], run.tokens)
    run.masked = _masked(run.removals, run.tokens)


def _masked(removals: pa.Table, tokens: Tokens) -> Bool:
    """Return which tokens stand in what is removed."""
    wide = np.int64(1) << np.int64(32)
    keys = np.repeat(np.arange(len(tokens)), tokens.counts()) * wide + tokens.starts
    docs = removals["doc"].to_numpy() * wide
    change = np.zeros(len(keys) + 1, np.int64)
    np.add.at(change, np.searchsorted(keys, docs + removals["start"].to_numpy()), 1)
    np.add.at(change, np.searchsorted(keys, docs + removals["end"].to_numpy()), -1)
    masked: Bool = np.cumsum(change[:-1]) > 0
    return masked


def _per_document(marked: Bool, tokens: Tokens) -> Int64:
    """Count marked tokens by document."""
    running = np.concatenate([np.zeros(1, np.int64), np.cumsum(marked)])
    counts: Int64 = running[tokens.bounds[1:]] - running[tokens.bounds[:-1]]
    return counts


def _choose_faces(run: _Run, ranking: Candidates) -> None:
    """Let the canonical of each group of equal documents stand for it, in the candidates too."""
    faces = choose_faces(run.faces, ranking, run.config)
    moved = np.arange(len(faces))
    moved[run.faces] = faces
    run.faces = faces
    candidates = np.sort(moved[run.candidates], axis=1)
    if not np.array_equal(candidates, run.candidates):
        run.candidates, run.jaccard = candidates, None


def _candidates(run: _Run) -> Candidates:
    counts = run.tokens.counts()
    gone = _per_document(run.masked, run.tokens)
    table = run.corpus.table
    return Candidates(
        truncated=truncated_documents(run.blocks, run.removals),
        boilerplate=gone / np.maximum(counts, 1),
        lengths=counts - gone,
        dates=ranks(table["date"]),
        priorities=ranks(table["priority"], numeric=True),
    )


def _representatives(run: _Run, ranking: Candidates) -> Bool:
    """Tell which documents take part where passages are sought.

    Of many near copies of one document only the first in canonical order do: more of them would
    crowd the others out of their seeds.
    """
    pairs = run.alike(_SAME_TEXT)
    rows = np.unique(pairs)
    order = ranking.take(rows).keys(run.config.canonical, np.zeros(len(rows)))
    leaders = stars(np.searchsorted(rows, pairs), order)
    by_leader = order[np.argsort(leaders[order], kind="stable")]
    sizes = np.bincount(leaders, minlength=len(rows))
    first = np.cumsum(sizes) - sizes
    place = np.arange(len(rows)) - first[leaders[by_leader]]
    stands: Bool = np.ones(len(run.faces), np.bool_)
    stands[rows[by_leader[place >= _MOST_ALIKE]]] = False
    run.caps["near_copies_left_out_of_passages"] = int(np.count_nonzero(~stands))
    return stands


def _find_passages(run: _Run, ranking: Candidates, *, compare: bool) -> Passages:
    if "passages" not in run.config.find:
        return no_passages()
    included = np.zeros(len(run.faces), np.bool_)
    included[run.distinct()] = True
    if not compare:
        included &= _representatives(run, ranking)
    words = classify(run.tokens, run.masked)
    passages = find_passages(run.tokens, words, run.config, included=included, threads=run.threads)
    run.caps.update(passages.cut)
    return passages


def _cluster(run: _Run, pairs: Pairs, ranking: Candidates) -> Clusters:
    config = run.config
    if "duplicates" not in config.find:
        rows = np.arange(len(run.faces), dtype=np.int64)
        return Clusters(rows, np.full(len(rows), -1, np.int64))
    return cluster_documents(pairs, ranking, run.faces, config)


def _result(run: _Run, pairs: Pairs, passages: Passages, clusters: Clusters) -> Result:
    ids = run.corpus.table["doc_id"].combine_chunks()
    result = Result(
        config=run.config,
        tables={
            "documents": documents_table(run.corpus.table, pairs, clusters, run.faces, run.config),
            "pairs": pairs_table(pairs, ids),
            "passages": passages_table(passages, run.tokens, ids),
            "repeats": repeats_table(run.removals, ids),
        },
        corpus=run.corpus,
        removals=run.removals,
        marks=run.marks,
        review=pa.array(run.review),
        summary={},
    )
    complete(result, pairs, clusters, run.caps)
    return result
