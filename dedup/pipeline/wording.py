"""Words of some documents at a time, for the comparison of what differs: where they come from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from dedup.core.arrays import Bool, Int64, Texts, UInt8, offsets_of, one_array, some_texts
from dedup.core.checkpoints import Kept, Work
from dedup.core.spool import Spool
from dedup.kernels.differences import Texts as WordsOfTexts
from dedup.kernels.lines import Stretches, mask_tokens
from dedup.similarity.differences import Differences, Judge, words_of
from dedup.similarity.fillings import judge_with_forms
from dedup.similarity.relations import Pairs
from dedup.text.tokens import Tokens, tokenise_texts

TEXTS, TEXT_SIZES = "wanted_texts", "wanted_text_sizes"


def some_tokens(tokens: Tokens, rows: Int64) -> Tokens:
    """Return the tokens of some documents as those of documents of their own."""
    lows, highs = tokens.bounds[rows].tolist(), tokens.bounds[rows + 1].tolist()
    bounds = offsets_of(tokens.bounds[rows + 1] - tokens.bounds[rows])
    columns = (tokens.hashes, tokens.prefixes, tokens.starts, tokens.ends, tokens.flags)
    return Tokens(
        bounds,
        *(
            _joined([column[a:b] for a, b in zip(lows, highs, strict=True)], column.dtype.type)
            for column in columns
        ),
    )


def _joined(parts: list[np.ndarray], kind: type) -> np.ndarray:
    return np.concatenate(parts) if parts else np.zeros(0, kind)


@dataclass(frozen=True, slots=True)
class HeldWords:
    """Words of documents whose tokens are at hand; ``removals`` are what cleaning takes out."""

    texts: Texts
    tokens: Tokens
    removals: pa.Table

    def __call__(self, rows: Int64) -> WordsOfTexts:
        """Return the words of some documents (ascending)."""
        tokens = some_tokens(self.tokens, rows)
        return words_of(some_texts(self.texts, rows), tokens, self._hidden(rows, tokens))

    def _hidden(self, rows: Int64, tokens: Tokens) -> Bool | None:
        if not len(self.removals):
            return None
        removals = self.removals.filter(pc.is_in(self.removals["doc"], value_set=pa.array(rows)))
        hidden: Bool = np.zeros(len(tokens.hashes), np.bool_)
        docs = np.searchsorted(rows, removals["doc"].to_numpy())
        starts, ends = removals["start"].to_numpy(), removals["end"].to_numpy()
        gone = np.zeros(len(rows), np.int64)
        mask_tokens(tokens.bounds, tokens.starts, Stretches(docs, starts, ends), hidden, gone)
        return hidden


@dataclass(frozen=True, slots=True)
class KeptWords:
    """Words of documents whose texts were spilled when they were read again.

    ``positions`` says whose text is where; the texts are in ``data``, or where they were too many
    in the file ``path``.
    """

    data: UInt8
    path: Path | None
    offsets: Int64
    positions: Int64

    @classmethod
    def of(cls, spool: Spool, wanted: Int64, order: Int64) -> KeptWords:
        """Take what was spilled of the rows ``wanted`` (in order of reading)."""
        offsets = offsets_of(spool.read(TEXT_SIZES, np.int64))
        by_row = np.zeros(len(order), np.int64)
        by_row[wanted] = np.arange(len(wanted))
        path = spool.path_of(TEXTS)
        data = np.zeros(0, np.uint8) if path else spool.read(TEXTS, np.uint8)
        return cls(data, path, offsets, by_row[order])

    def __call__(self, rows: Int64) -> WordsOfTexts:
        """Return the words of some documents."""
        places = self.positions[rows]
        if self.path is None:
            texts = some_texts(Texts(self.data, self.offsets), places)
        else:
            texts = self._read(self.path, places)
        return words_of(texts, tokenise_texts(texts))

    def _read(self, path: Path, places: Int64) -> Texts:
        """Read some texts of the file, in the order in which they stand there."""
        sizes = self.offsets[places + 1] - self.offsets[places]
        offsets = offsets_of(sizes)
        data = np.empty(int(offsets[-1]), np.uint8)
        with path.open("rb", buffering=0) as file:
            for k in np.argsort(places).tolist():
                file.seek(int(self.offsets[places[k]]))
                file.readinto(data[offsets[k] : offsets[k + 1]].data)
        return Texts(data, offsets)


@dataclass(frozen=True, slots=True)
class BatchWords:
    """Words of documents whose texts are held in batches, as they were read.

    ``places`` has three columns: for each document its batch, and where its text begins and ends in
    the data of that.
    """

    batches: Sequence[Texts]
    places: Int64

    @classmethod
    def of(cls, batches: Sequence[Texts], order: Int64) -> BatchWords:
        """Take all texts; ``order`` says of each document how many were read before it."""
        numbers = np.repeat(np.arange(len(batches)), [len(each) for each in batches])
        none = np.zeros(0, np.int64)
        lows = np.concatenate([none, *(each.offsets[:-1] for each in batches)])
        highs = np.concatenate([none, *(each.offsets[1:] for each in batches)])
        return cls(batches, np.stack([numbers, lows, highs], axis=1)[order])

    def __call__(self, rows: Int64) -> WordsOfTexts:
        """Return the words of some documents."""
        places = self.places[rows]
        parts = [self.batches[number].data[low:high] for number, low, high in places.tolist()]
        texts = Texts(_joined(parts, np.uint8), offsets_of(places[:, 2] - places[:, 1]))
        return words_of(texts, tokenise_texts(texts))


def judged(work: Work, pairs: Pairs, judge: Judge) -> Differences:
    """Judge the pairs, or take up what an earlier run found; relations are written anew."""

    def save(found: Differences) -> Kept:
        arrays: dict[str, np.ndarray] = {
            "relations": pairs.relations,
            "figures": found.figures,
            "stays": found.stays,
        }
        return Kept(arrays, {"changed": pa.table({"changed": found.changed})})

    def load(kept: Kept) -> Differences:
        pairs.relations[:] = kept.arrays["relations"]
        changed = one_array(kept.tables["changed"]["changed"])
        return Differences(kept.arrays["figures"], kept.arrays["stays"], changed)

    find = judge_with_forms if "duplicates" in judge.config.find else Judge.find
    return work.stage("differences", lambda: find(judge, pairs), save=save, load=load)
