"""Shingles of what is left of documents: text of templates makes no two of them alike.

The sets that candidates come from hold all words, since templates are only known once near copies
are. What the same words form in several documents that are otherwise different is left out before
pairs are related. Menus and notices that are known by their words alone are not: two revisions of a
page share them as they share its text.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from dedup.cleaning.rules import TEMPLATE_RULES
from dedup.clusters.choosing import SetReader
from dedup.config import Config
from dedup.core.arrays import Int64, distinct, offsets_of, runs_of_rows
from dedup.core.parallel import in_order
from dedup.kernels.lines import Stretches, mask_tokens
from dedup.pipeline.candidates import Sets
from dedup.pipeline.wording import some_tokens
from dedup.similarity.relations import Scores, compare_shingles
from dedup.text.shingles import Shingles, distinct_shingles, shingle_tokens, shingle_unit
from dedup.text.tokens import Tokens

_RUN_TOKENS = 1 << 20  # of which shingles are made at a time
_RUN_PAIRS = 1 << 13  # with a set of what is left, that are compared at a time


@dataclass(frozen=True, slots=True)
class LeftSets:
    """The shingles of all documents, and of some of them (``rows``, ascending) what is ``left``."""

    sets: Sets
    rows: Int64
    left: Shingles

    def compare(self, pairs: Int64) -> Scores:
        """Score pairs of documents by their shingles."""
        scores = self.sets.compare(pairs)
        some = np.flatnonzero(np.isin(pairs, self.rows).any(axis=1))

        def score(run: Int64) -> Scores:
            documents, places = np.unique(pairs[run], return_inverse=True)
            return compare_shingles(places.reshape(-1, 2), self._read(documents))

        runs = [some[low : low + _RUN_PAIRS] for low in range(0, len(some), _RUN_PAIRS)]
        for run, found in zip(runs, in_order(score, runs, self.sets.threads), strict=True):
            for column, values in zip(scores, found, strict=True):
                column[run] = values
        return scores

    def reader(self) -> SetReader:
        """Return a reader of the sets."""
        return SetReader(self._sizes, self._read)

    def _sizes(self, rows: Int64) -> Int64:
        sizes = self.sets.reader().sizes(rows)
        places, is_left = self._find(rows)
        sizes[is_left] = np.diff(self.left.offsets)[places[is_left]]
        return sizes

    def _read(self, rows: Int64) -> Shingles:
        places, is_left = self._find(rows)
        if not is_left.any():
            return self.sets.reader().read(rows)
        offsets = offsets_of(self._sizes(rows))
        values = np.empty(int(offsets[-1]), np.uint64)
        whole = self.sets.shingles
        for k, row in enumerate(rows.tolist()):
            source, place = (self.left, int(places[k])) if is_left[k] else (whole, row)
            own = source.values[source.offsets[place] : source.offsets[place + 1]]
            values[offsets[k] : offsets[k + 1]] = own
        return Shingles(values, offsets)

    def _find(self, rows: Int64) -> tuple[Int64, np.ndarray]:
        """Return where rows are among those of which a part is left, and which are."""
        places = np.minimum(np.searchsorted(self.rows, rows), max(len(self.rows) - 1, 0))
        is_left = self.rows[places] == rows if len(self.rows) else np.zeros(len(rows), np.bool_)
        return places, is_left


def left_sets(
    sets: Sets, tokens: Tokens, removals: pa.Table, compared: Int64, config: Config
) -> LeftSets:
    """Leave templates out of the sets of the documents that are ``compared`` (ascending).

    ``removals`` has the schema ``REMOVALS``. Shingles of characters stay as they are.
    """
    of_words = shingle_unit(config, tokens.counts()) == "word"
    rules = TEMPLATE_RULES if of_words else ()
    given = pc.is_in(removals["rule"], value_set=pa.array(rules, pa.string()))
    given = pc.and_(given, pc.is_in(removals["doc"], value_set=pa.array(compared)))
    some = removals.filter(given)
    stretches = Stretches(*(some[name].to_numpy() for name in ("doc", "start", "end")))
    rows = distinct(stretches.docs)
    counts = tokens.counts()[rows]
    values = sets.columns.grow("left_shingles", np.uint64, int(counts.sum()) + len(rows))
    sizes: list[Int64] = [np.zeros(0, np.int64)]

    def leave(span: tuple[int, int]) -> Shingles:
        return _left_shingles(tokens, rows[slice(*span)], stretches, config.shingle_size)

    spans = list(runs_of_rows(offsets_of(counts), _RUN_TOKENS))
    for left in in_order(leave, spans, sets.threads):
        values.append(left.values)
        sizes.append(np.diff(left.offsets))
        sets.columns.ease()
    return LeftSets(sets, rows, Shingles(values.done(), offsets_of(np.concatenate(sizes))))


def _left_shingles(tokens: Tokens, rows: Int64, stretches: Stretches, size: int) -> Shingles:
    """Return the distinct shingles of some documents without what is in ``stretches`` of them."""
    first, last = np.searchsorted(stretches.docs, (rows[0], rows[-1] + 1))
    docs, starts, ends = (column[first:last] for column in stretches)
    own = Stretches(np.searchsorted(rows, docs), starts, ends)
    return shingles_left(some_tokens(tokens, rows), own, size)


def shingles_left(tokens: Tokens, stretches: Stretches, size: int) -> Shingles:
    """Return the distinct shingles of documents without the words that begin in ``stretches``."""
    hidden = np.zeros(len(tokens.hashes), np.bool_)
    gone = np.zeros(len(tokens), np.int64)
    mask_tokens(tokens.bounds, tokens.starts, stretches, hidden, gone)
    bounds = offsets_of(tokens.counts() - gone)
    return distinct_shingles(shingle_tokens(tokens.hashes[~hidden], bounds, size))
