"""The stages in order, from a corpus to a result.

Documents are sorted by id first, so that every tie is broken the same way for any order of the
input. Nothing here opens a file or prints.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from dedup.arrays import Bool, Float64, Int64, Texts, texts_from_arrow
from dedup.blocks import ELLIPSIS, Blocks
from dedup.boilerplate import blocks_of, find_boilerplate
from dedup.cleaning import settle_removals
from dedup.clusters import Candidates, Clusters, cluster_pairs, components
from dedup.config import Config
from dedup.errors import OutputError
from dedup.exact import equal_groups
from dedup.lsh import candidate_pairs
from dedup.minhash import sign_shingles
from dedup.pairs import EXACT, Pairs, compare_shingles, confirm_pairs
from dedup.passages import Passages, find_passages, no_passages
from dedup.records import MARKS, REMOVALS, Corpus, Result
from dedup.repeats import find_repeats
from dedup.shingles import Shingles, distinct_shingles, shingle_texts
from dedup.tables import (
    documents_table,
    pairs_table,
    passages_table,
    repeats_table,
    reuse_groups,
    summarise,
)
from dedup.tokens import Tokens, tokenise_texts
from dedup.words import classify

Progress = Callable[[str, int, int], None]

STAGES = ("tokens", "signatures", "boilerplate and repeats", "passages", "pairs", "clusters")
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
    run = _start(Corpus(table, corpus.intake), config, threads or os.cpu_count() or 1)
    tell(1)
    if "duplicates" in config.find and not compare:
        run.candidates = _find_candidates(run)
    tell(2)
    if "repeats" in config.find:
        _find_removals(run)
    ranking = _candidates(run)
    _choose_faces(run, ranking)
    tell(3)
    passages = _find_passages(run)
    tell(4)
    if compare and len(table) > 1:
        run.candidates = np.array([[0, 1]], np.int64)
    counts = run.tokens.counts() - _per_document(run.masked, run.tokens)
    pairs = confirm_pairs(run.candidates, run.shingles, passages, counts, config, keep_all=compare)
    pairs = _with_equals(pairs, run)
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
        shingles=distinct_shingles(shingle_texts(texts, tokens, config)),
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
    jaccard, _, _ = compare_shingles(run.candidates, run.shingles)
    alike = run.candidates[jaccard >= _SAME_STORY]
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
    """Let the canonical of each group of equal documents stand for the group."""
    order = ranking.keys(run.config.canonical, np.zeros(len(run.faces)))
    best = np.full(len(run.faces), -1, np.int64)
    reverse = order[::-1]
    best[run.faces[reverse]] = reverse  # the last to be written is the first in order
    moved = np.arange(len(run.faces))
    faces = best[run.faces]
    moved[run.faces] = faces
    run.faces = faces
    run.candidates = np.sort(moved[run.candidates], axis=1)


def _candidates(run: _Run) -> Candidates:
    counts = run.tokens.counts()
    gone = _per_document(run.masked, run.tokens)
    table = run.corpus.table
    return Candidates(
        truncated=_truncated(run.blocks, run.removals),
        boilerplate=gone / np.maximum(counts, 1),
        lengths=counts - gone,
        dates=_ranks(table["date"]),
        priorities=_ranks(table["priority"], numeric=True),
    )


def _truncated(blocks: Blocks, removals: pa.Table) -> Bool:
    """Tell which documents end in a block that was cut short (``…``)."""
    removed = set(zip(removals["doc"].to_pylist(), removals["start"].to_pylist(), strict=True))
    cut = np.zeros(len(blocks.bounds) - 1, np.bool_)
    for block in np.flatnonzero(blocks.flags & ELLIPSIS).tolist():
        doc = int(blocks.docs[block])
        after = range(block + 1, int(blocks.bounds[doc + 1]))
        if (doc, int(blocks.starts[block])) not in removed and all(
            (doc, int(blocks.starts[each])) in removed or blocks.words[each] == 0 for each in after
        ):
            cut[doc] = True
    return cut


def _ranks(column: pa.ChunkedArray, *, numeric: bool = False) -> Int64:
    """Return the rank of each value, -1 for nulls; numbers by size where all values are numbers."""
    values = column.to_pylist()
    known: list[Any] = sorted({each for each in values if each is not None})
    if numeric:
        try:
            known = sorted(known, key=float)
        except ValueError:
            pass
    place = {value: rank for rank, value in enumerate(known)}
    return np.array([-1 if each is None else place[each] for each in values], np.int64)


def _find_passages(run: _Run) -> Passages:
    if "passages" not in run.config.find:
        return no_passages()
    included = np.zeros(len(run.faces), np.bool_)
    included[run.distinct()] = True
    words = classify(run.tokens, run.masked)
    passages = find_passages(run.tokens, words, run.config, included=included, threads=run.threads)
    run.caps.update(passages.cut)
    return passages


def _with_equals(pairs: Pairs, run: _Run) -> Pairs:
    """Add a pair for every document that another one stands for, and sort."""
    others = np.flatnonzero(run.faces != np.arange(len(run.faces)))
    both = np.sort(np.stack([run.faces[others], others], axis=1), axis=1)
    ones: Float64 = np.ones(len(others))
    equal = Pairs(
        a=both[:, 0],
        b=both[:, 1],
        relations=np.full(len(others), EXACT, np.int64),
        jaccard=ones,
        containment_a=ones,
        containment_b=ones,
        coverage=ones,
        matched=run.tokens.counts()[others],
        share_a=ones,
        share_b=ones,
    )
    if not len(others):
        return pairs
    # Only a comparison of two given documents asks for the pair of two equal ones.
    pairs = pairs.take(run.faces[pairs.a] != run.faces[pairs.b])
    joined = Pairs(
        *(
            np.concatenate([getattr(pairs, name), getattr(equal, name)])
            for name in Pairs.__dataclass_fields__
        )
    )
    return joined.take(np.lexsort((joined.b, joined.a)))


def _cluster(run: _Run, pairs: Pairs, ranking: Candidates) -> Clusters:
    config = run.config
    if "duplicates" not in config.find:
        rows = np.arange(len(run.faces), dtype=np.int64)
        return Clusters(rows, np.full(len(rows), -1, np.int64))
    clusters = cluster_pairs(pairs, ranking, config)
    if "exact" in config.cluster_on:
        _join_equals(clusters, pairs, run.faces)
    return clusters


def _join_equals(clusters: Clusters, pairs: Pairs, faces: Int64) -> None:
    """Put each document into the cluster of the one that stands for it."""
    edges = np.flatnonzero(pairs.relations == EXACT)
    others = np.where(faces[pairs.a[edges]] == pairs.a[edges], pairs.b[edges], pairs.a[edges])
    own = faces[others]
    leads = clusters.leaders[own] == own
    clusters.leaders[others] = clusters.leaders[own]
    clusters.pairs[others] = np.where(leads, edges, clusters.pairs[own])


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
    groups = reuse_groups(pairs, clusters, ids)
    result.summary.update(summarise(result, groups, run.caps))
    _check_conservation(result)
    return result


def _check_conservation(result: Result) -> None:
    """Raise ``OutputError`` unless read = kept + removed + skipped and every cluster keeps one."""
    counts = result.summary["documents"]
    if counts["read"] != counts["kept"] + counts["removed"] + counts["skipped"]:
        raise OutputError(f"documents do not add up: {counts}")
    documents = result.tables["documents"]
    keeps = set(documents.filter(documents["kept"])["cluster"].to_pylist())
    lost = set(documents["cluster"].to_pylist()) - keeps
    if lost:
        raise OutputError(f"cluster {min(lost)} keeps no document")
