"""The similarity of two articles, from their entries in an index."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from dedup.clusters.compilations import unsure_parts
from dedup.config import Config
from dedup.core.arrays import Float64, Int64, Texts, some_texts, texts_from_strings
from dedup.index.entries import Entry, Record, UInt16, decompress
from dedup.index.settings import Settings
from dedup.kernels import postings as kernel
from dedup.kernels.differences import Texts as WordsOfTexts
from dedup.passages.find import no_passages
from dedup.similarity.differences import Judge, words_of
from dedup.similarity.relations import (
    NAMES,
    NEAR_DUPLICATE,
    REVISION,
    compare_shingles,
    confirm_pairs,
)
from dedup.text.shingles import Shingles, distinct_shingles, shingle_batch, shingle_texts
from dedup.text.tokens import tokenise_texts


@dataclass(frozen=True, slots=True)
class Likeness:
    """The relation of an article to another one; ``similarity`` is estimated, the rest exact.

    ``lost`` are words and facts that the article has and the other one has not.
    """

    relation: str
    similarity: float
    jaccard: float | None = None
    containment: float | None = None
    lost: tuple[int, int] | None = None

    @property
    def closeness(self) -> float:
        """Return what tells the closest of several."""
        return self.similarity if self.jaccard is None else self.jaccard


EQUAL = Likeness("exact", 1.0, 1.0, 1.0, (0, 0))


class Comparer:
    """Compare articles under the settings of an index."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.config: Config = settings.config()

    def copies(
        self, entry: Entry, others: Sequence[Record], similar: Float64
    ) -> list[Likeness | None]:
        """Tell of which of the others an article is a copy, so that it could give way to them.

        ``similar`` are their ``estimates``. Where texts are kept, shingles are compared, as in a
        scan. Otherwise it is a near-duplicate where the estimate reaches the threshold, and
        nothing else.
        """
        if not others:
            return []
        if self.settings.store_text and all(each.text is not None for each in others):
            return self._verified(entry, others, similar)
        if NAMES[NEAR_DUPLICATE] not in self.settings.cluster_on:
            return [None] * len(others)
        return [
            Likeness(NAMES[NEAR_DUPLICATE], value)
            if value >= self.settings.threshold
            and self._share(entry, other, value) >= self.settings.removable
            else None
            for other, value in zip(others, similar.tolist(), strict=True)
        ]

    def estimates(self, entry: Entry, others: Sequence[bytes]) -> Float64:
        """Return the Jaccard similarity of an article to others, estimated from signatures."""
        same: Int64 = np.empty(len(others), np.int64)
        (mine,) = signatures_of([entry.signature], self.settings)
        kernel.agreements(mine, signatures_of(others, self.settings), same)
        return same / self.settings.num_perm

    def with_last(self, entry: Entry, last: Record) -> tuple[float, float | None, float | None]:
        """Compare an article with its last version: similarity, Jaccard, containment."""
        has_words = min(entry.count, last.count) > 0  # the signatures of those without are equal
        similarity = float(self.estimates(entry, [last.signature])[0]) if has_words else 0.0
        if not self.settings.store_text or last.text is None:
            return similarity, None, None
        jaccard, contained, _ = compare_shingles(np.array([[0, 1]]), self._shingles(entry, [last]))
        return similarity, float(jaccard[0]), float(contained[0])

    def _share(self, entry: Entry, other: Record, similarity: float) -> float:
        """Estimate how much of an article occurs in another one.

        It is at least the similarity; beyond that it follows from the lengths.
        """
        size = self.settings.shingle_size
        ours, theirs = (max(each - size + 1, 1) for each in (entry.count, other.count))
        common = similarity / (1 + similarity) * (ours + theirs)
        return max(min(common / ours, 1.0), similarity)

    def _verified(
        self, entry: Entry, others: Sequence[Record], similar: Float64
    ) -> list[Likeness | None]:
        """Compare an article with others shingle by shingle.

        One article of a page of several stays, told by its address as a scan in fast mode tells it:
        the other articles of the page need not be here.
        """
        texts = _texts(entry, others)
        shingles = self._shingles_of(texts)
        counts = np.array([entry.count, *(each.count for each in others)])
        candidates = np.zeros((len(others), 2), np.int64)
        candidates[:, 1] = np.arange(1, len(others) + 1)
        pairs = confirm_pairs(
            candidates,
            lambda each: compare_shingles(each, shingles),
            no_passages(),
            counts,
            self.config,
        )
        dates = np.full(len(counts), -1)
        judge = Judge(lambda rows: _words(texts, rows), counts, dates, self.config)
        ids = pa.array([entry.id, *(each.id for each in others)], pa.string())
        differences = judge.find(pairs)
        stays = (differences.stays | unsure_parts(pairs, ids))[:, 0]
        words, facts, _ = differences.lost(np.arange(len(pairs)), pairs.a == 0)
        found: list[Likeness | None] = [None] * len(others)
        for position, row in enumerate((pairs.b - 1).tolist()):
            relation = NAMES[int(pairs.relations[position])]
            share = float(pairs.share_a[position])
            joins = relation in self.settings.cluster_on or relation == NAMES[REVISION]
            if joins and not stays[position] and share >= self.settings.removable:
                jaccard = float(pairs.jaccard[position])
                lost = int(words[position]), int(facts[position])
                found[row] = Likeness(relation, float(similar[row]), jaccard, share, lost)
        return found

    def _shingles(self, entry: Entry, others: Sequence[Record]) -> Shingles:
        """Return the distinct shingles of an article and of others, from their texts."""
        return self._shingles_of(_texts(entry, others))

    def _shingles_of(self, texts: Texts) -> Shingles:
        """Return the distinct shingles of texts."""
        if self.settings.shingle_unit == "word":
            return shingle_batch(texts, np.arange(len(texts)), self.config)
        made = shingle_texts(texts, tokenise_texts(texts), self.config)
        return distinct_shingles(made)


def _texts(entry: Entry, others: Sequence[Record]) -> Texts:
    """Return the texts of an article and of others."""
    packed = (each.text for each in others)
    theirs = (decompress(each) for each in packed if each is not None)
    return texts_from_strings([entry.read(), *theirs])


def _words(texts: Texts, rows: Int64) -> WordsOfTexts:
    """Return the words of some texts."""
    some = some_texts(texts, rows)
    return words_of(some, tokenise_texts(some))


def signatures_of(signatures: Sequence[bytes], settings: Settings) -> UInt16:
    """Return signatures as one matrix."""
    joined = np.frombuffer(b"".join(signatures), np.uint16)
    return joined.reshape(len(signatures), settings.num_perm)
