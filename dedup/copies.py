"""Copies of whole documents where all tokens are at hand: equal ones, and candidates to compare."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from dedup.arrays import Int64, UInt64, offsets_of
from dedup.columns import Columns
from dedup.config import Config
from dedup.duplicates import key_name
from dedup.exact import equal_groups
from dedup.gathering import Documents
from dedup.kernels import lsh as kernel
from dedup.lsh import bands_and_rows, bucket_pairs
from dedup.minhash import sign_shingles
from dedup.pairs import Scores, compare_shingles
from dedup.parallel import in_order
from dedup.shingles import Shingles, distinct_shingles, shingle_texts, shingle_unit
from dedup.spool import Spool
from dedup.tokens import Tokens, runs_of_rows
from dedup.work import Work

STAGE = "copies"
_RUN_TOKENS = 1 << 20  # whose shingles are made at a time
_RUN_PAIRS = 1 << 15  # that are compared at a time


@dataclass(frozen=True, slots=True)
class Copies:
    """Shingles, the first equal of each document, and the pairs that share a bucket."""

    shingles: Shingles
    first: Int64
    candidates: Int64
    crowded: int
    columns: Columns
    threads: int

    def compare(self, pairs: Int64) -> Scores:
        """Score pairs of documents by their shingles."""

        def score(low: int) -> Scores:
            scores = compare_shingles(pairs[low : low + _RUN_PAIRS], self.shingles)
            self.columns.ease()
            return scores

        lows = range(0, max(len(pairs), 1), _RUN_PAIRS)
        parts = list(in_order(score, lows, self.threads))
        first, second, third = (np.concatenate(each) for each in zip(*parts, strict=True))
        return first, second, third


def find_copies(
    documents: Documents,
    tokens: Tokens,
    config: Config,
    work: Work,
    *,
    threads: int,
    lsh: bool,
) -> Copies:
    """Make the shingles of all documents, and with ``lsh`` the candidate pairs."""
    columns = documents.columns
    if work.is_done(STAGE):
        offsets, first, candidates = (
            work.array(STAGE, name) for name in ("offsets", "first", "candidates")
        )
        shingles = Shingles(columns.read("shingles", np.uint64), offsets)
        crowded = int(work.facts(STAGE)["crowded"])
        return Copies(shingles, first, candidates, crowded, columns, threads)
    keys = work.spool if columns.in_files else Spool()
    config = replace(config, shingle_unit=shingle_unit(config, tokens.counts()))
    shingles = _shingle(documents, tokens, config, keys if lsh else None, threads)
    first = equal_groups(tokens, ease=columns.ease)
    candidates, crowded = np.zeros((0, 2), np.int64), 0
    if lsh:
        among = np.flatnonzero((first == np.arange(len(first))) & (tokens.counts() > 0))
        bands, _ = bands_and_rows(config)
        made = (keys.take(key_name(band), np.uint64)[among] for band in range(bands))
        candidates, crowded = bucket_pairs(made, among, len(tokens))
    arrays = {"offsets": shingles.offsets, "first": first, "candidates": candidates}
    work.finish(STAGE, arrays, crowded=crowded)
    return Copies(shingles, first, candidates, crowded, columns, threads)


def _shingle(
    documents: Documents, tokens: Tokens, config: Config, keys: Spool | None, threads: int
) -> Shingles:
    """Make the distinct shingles of all documents, and put their band keys by."""
    texts, columns = documents.texts, documents.columns

    def make(run: tuple[int, int]) -> tuple[Shingles, UInt64 | None]:
        part = tokens.part(*run)
        shingles = distinct_shingles(shingle_texts(texts.part(*run), part, config))
        return shingles, None if keys is None else _band_keys(shingles, config)

    # One shingle a character is the most there can be.
    is_word = config.shingle_unit == "word"
    room = len(tokens.hashes) if is_word else int(texts.offsets[-1] - texts.offsets[0])
    values = columns.grow("shingles", np.uint64, room + len(tokens))
    sizes = [np.zeros(0, np.int64)]
    for shingles, made in in_order(make, runs_of_rows(tokens.bounds, _RUN_TOKENS), threads):
        values.append(shingles.values)
        sizes.append(np.diff(shingles.offsets))
        if keys is not None and made is not None:
            for band, piece in enumerate(made):
                keys.append(key_name(band), piece)
        columns.ease()
    return Shingles(values.done(), offsets_of(np.concatenate(sizes)))


def _band_keys(shingles: Shingles, config: Config) -> UInt64:
    """Return the keys of some documents (bands × documents)."""
    bands, rows = bands_and_rows(config)
    signatures = sign_shingles(shingles, config)
    keys = np.empty((bands, len(shingles)), np.uint64)
    for band in range(bands):
        kernel.band_keys(signatures, band, rows, keys[band])
    return keys
