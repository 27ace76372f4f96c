"""The lines of all documents as one table of arrays."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, lru_cache

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from dedup.core.arrays import Bool, Int32, Int64, Texts, UInt64, distinct, texts_from_strings
from dedup.kernels import lines as kernel
from dedup.kernels.lines import (
    AT,
    BULLET,
    CAMEL,
    COPYRIGHT,
    DIGITS,
    ELLIPSIS,
    HASHTAG,
    INVISIBLE,
    LAST_DIGIT,
    PAREN,
    SENTENCE,
    TRIGGER,
)
from dedup.kernels.text import CAPITAL, DIGIT, UNSPACED
from dedup.text.tokens import Tokens, tokenise_texts

__all__ = [
    "AT",
    "BULLET",
    "CAMEL",
    "COPYRIGHT",
    "DIGITS",
    "ELLIPSIS",
    "HASHTAG",
    "INVISIBLE",
    "LAST_DIGIT",
    "PAREN",
    "SENTENCE",
    "TRIGGER",
    "Lines",
    "fragments",
    "line_table",
    "word_hashes",
]

_WRAPPED_WIDTH = 50

UInt16 = npt.NDArray[np.uint16]


@dataclass(frozen=True, slots=True)
class Lines:
    """Lines of many documents: those of document ``i`` are ``bounds[i]:bounds[i + 1]``.

    ``starts`` and ``ends`` are code points of the document's own text, without the line break;
    ``byte_starts`` and ``byte_ends`` the same in the buffer of all texts. Tokens of a line are
    ``lows:highs``. ``hashes`` tells lines of other words apart, ``keys`` takes all numbers as one.
    ``flags`` are the bits of ``kernels/lines.py``. Lines of ASCII blanks are left out.
    """

    bounds: Int64
    docs: Int64
    starts: Int64
    ends: Int64
    byte_starts: Int64
    byte_ends: Int64
    lows: Int64
    highs: Int64
    words: Int32
    hashes: UInt64
    keys: UInt64
    flags: UInt16

    def __len__(self) -> int:
        return len(self.starts)

    def text(self, texts: Texts, line: int) -> str:
        """Return the text of one line; for the few that need a look, never for a hot path."""
        return bytes(texts.data[self.byte_starts[line] : self.byte_ends[line]]).decode("utf-8")


def word_hashes(words: list[str]) -> UInt64:
    """Return the token hashes of folded single words, 0 for what is not one token.

    >>> word_hashes(["Share", "two words"]).tolist()[1]
    0
    """
    return _hashes(tuple(words)).copy()


@lru_cache(maxsize=256)  # the words are constants of the rules
def _hashes(words: tuple[str, ...]) -> UInt64:
    tokens = tokenise_texts(texts_from_strings(list(words)))
    found = np.zeros(len(words), np.uint64)
    single = tokens.counts() == 1
    found[single] = tokens.hashes[tokens.bounds[:-1][single]]
    return found


def trigger_table(triggers: Mapping[str, int]) -> kernel.Triggers:
    """Lay word → most words out as the open table of ``kernels/lines.py``."""
    size = 1 << max(4, (4 * len(triggers)).bit_length())
    keys = np.zeros(size, np.uint64)
    limits = np.zeros(size, np.int32)
    hashes = word_hashes(list(triggers)).tolist()
    for value, limit in sorted(zip(hashes, triggers.values(), strict=True), reverse=True):
        slot = value & (size - 1)
        while keys[slot] and keys[slot] != value:
            slot = (slot + 1) & (size - 1)
        if keys[slot] or not value:
            continue  # the same word in another spelling, with the higher limit
        keys[slot] = value
        limits[slot] = limit
    return kernel.Triggers(keys, limits)


@cache
def _no_triggers() -> kernel.Triggers:
    return trigger_table({})


def fragments(lines: Lines, tokens: Tokens) -> Bool:
    """Tell which lines are pieces of a hard-wrapped paragraph and must not go alone.

    Two lines without a blank line between belong together when the first is as long as a wrapped
    line, does not end a sentence, and the second does not begin with a capital or a list mark.
    """
    piece = np.zeros(len(lines), np.bool_)
    if len(lines) < 2 or not len(tokens.flags):
        return piece
    # A line without words looks at the next word, or the last: `goes_on` leaves it out.
    opening = tokens.flags[np.minimum(lines.lows, len(tokens.flags) - 1)]
    goes_on = (lines.words > 0) & ((opening & (CAPITAL | DIGIT | UNSPACED)) == 0)
    goes_on &= (lines.flags & BULLET) == 0
    # From the first word to the last: blanks that indent a line make it no wider.
    last = np.maximum(lines.highs - 1, 0)
    begins = tokens.starts[np.minimum(lines.lows, len(tokens.starts) - 1)]
    wide = (lines.words > 0) & (tokens.ends[last] - begins >= _WRAPPED_WIDTH)
    wide &= (lines.flags & (SENTENCE | ELLIPSIS)) == 0
    close = (lines.starts[1:] - lines.ends[:-1] <= 2) & (lines.docs[1:] == lines.docs[:-1])
    joined = wide[:-1] & goes_on[1:] & close
    piece[:-1] |= joined
    piece[1:] |= joined
    return piece


def line_table(texts: Texts, tokens: Tokens, triggers: kernel.Triggers | None = None) -> Lines:
    r"""Divide every text into lines.

    ``triggers`` (``trigger_table``) are words with the most words that a line may have to be
    flagged ``TRIGGER`` for them.

    >>> texts = texts_from_strings(["One line.\r\n \nTwo"])
    >>> lines = line_table(texts, tokenise_texts(texts))
    >>> lines.starts.tolist(), lines.ends.tolist(), lines.words.tolist()
    ([0, 13], [9, 16], [2, 1])
    """
    bounds = np.zeros(len(texts) + 1, np.int64)
    kernel.count_lines(texts.data, texts.offsets, bounds)
    count = int(bounds[-1])
    starts, ends, byte_starts, byte_ends, lows, highs = np.zeros((6, count), np.int64)
    made = kernel.Lines(
        bounds=bounds,
        starts=starts,
        ends=ends,
        byte_starts=byte_starts,
        byte_ends=byte_ends,
        lows=lows,
        highs=highs,
        words=np.zeros(count, np.int32),
        hashes=np.zeros(count, np.uint64),
        keys=np.zeros(count, np.uint64),
        flags=np.zeros(count, np.uint16),
    )
    kernel.fill_lines(texts.data, texts.offsets, made)
    kernel.fill_tokens(made, tokens.arrays(), triggers or _no_triggers())
    docs = np.repeat(np.arange(len(texts), dtype=np.int64), np.diff(bounds))
    return Lines(docs=docs, **made._asdict())


def truncated_documents(lines: Lines, removals: pa.Table) -> Bool:
    """Tell which documents end in a truncated line (``…``), removals left aside."""
    removed = set(zip(removals["doc"].to_pylist(), removals["start"].to_pylist(), strict=True))
    cut = np.zeros(len(lines.bounds) - 1, np.bool_)
    dotted = lines.flags & ELLIPSIS
    for doc in distinct(lines.docs[dotted > 0]).tolist():
        for line in range(int(lines.bounds[doc + 1]) - 1, int(lines.bounds[doc]) - 1, -1):
            if (doc, int(lines.starts[line])) not in removed:
                cut[doc] = dotted[line] > 0
                if cut[doc] or lines.words[line]:
                    break
    return cut
