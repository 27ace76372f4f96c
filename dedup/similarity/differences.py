"""What differs between two documents that would be copies, and what that says of removing one.

The scores of a pair say how much is shared. Reports written on one form share nearly all of their
words and none of their facts, and an article written anew shares most of another's and adds its
own. So each pair on which a removal would rest is aligned word by word. The rule, and where its
figures come from, is in ``docs/guides/why-removed.md``.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np

from dedup.core.arrays import Bool, Int64, Texts, UInt8, UInt64, texts_from_strings
from dedup.kernels import differences as kernel
from dedup.kernels import facts
from dedup.kernels.stopwords import count_languages, find_word
from dedup.text.stopwords import hash_table, stop_lists
from dedup.text.tokens import Tokens, folding, tokenise_texts

_MONTHS, _WEEKDAYS = 1 << 50, 1 << 51  # added to the number of a month or weekday
_LEAST_COVERED = 0.10  # of the words of a text, by the stop list of its language


@cache
def dictionary() -> facts.Dictionary:
    """Load the stop words and the words that are facts by themselves."""
    names, rows = [], []
    for line in Path(__file__).with_name("fact_words.txt").read_text("utf-8").splitlines():
        if line and not line.startswith("#"):
            name, words = line.split(":", 1)
            names.append(name.split())
            rows.append(words)
    tokens = tokenise_texts(texts_from_strings(rows))
    table = hash_table(tokens.hashes)
    kinds, values = np.zeros(len(table), np.uint8), np.zeros(len(table), np.uint64)
    for row, (kind, *meaning) in enumerate(names):
        bit = facts.NUMBER if kind == "number" else facts.CALENDAR
        value = _value(kind, meaning[0]) if meaning else 0
        for word in tokens.hashes[tokens.bounds[row] : tokens.bounds[row + 1]]:
            place = find_word(table, word)
            # Words of several meanings come first, and stay without one.
            if not kinds[place]:
                kinds[place], values[place] = bit, value
    lists = stop_lists()
    return facts.Dictionary(lists.table, lists.languages, table, kinds, values)


def _value(kind: str, meaning: str) -> int:
    """Return what a fact word is compared by; a number as the digits of that number."""
    number = int(meaning) if kind != "weekday" or meaning.isdigit() else 0
    return number + {"number": 1, "month": _MONTHS, "weekday": _WEEKDAYS}[kind]


def words_of(texts: Texts, tokens: Tokens, hidden: Bool | None = None) -> kernel.Texts:
    """Return what kernels compare of some texts; ``hidden`` words are those that cleaning removes."""
    lists = stop_lists()
    covered = np.zeros((len(tokens), len(lists.names)), np.int64)
    count_languages(tokens.hashes, tokens.bounds, lists.table, lists.languages, covered)
    languages = np.argmax(covered, axis=1).astype(np.int64)
    best = np.max(covered, axis=1, initial=0)
    languages[best < _LEAST_COVERED * np.maximum(tokens.counts(), 1)] = -1
    kinds: UInt8 = np.zeros(len(tokens.hashes), np.uint8)
    values: UInt64 = np.zeros(len(tokens.hashes), np.uint64)
    facts.mark_kinds(
        *(tokens.hashes, tokens.stems, tokens.flags, tokens.bounds),
        *(languages, dictionary(), kinds, values),
    )
    if hidden is not None:
        kinds[hidden] |= facts.HIDDEN
    table = folding()
    return kernel.Texts(
        *(tokens.bounds, tokens.hashes, values, kinds, tokens.flags, tokens.starts, tokens.ends),
        *(texts.data, texts.offsets, table.stage, table.values),
    )


def measure(words: kernel.Texts, pairs: Int64) -> Int64:
    """Measure what differs between pairs of texts: a row of ``kernels.differences`` each."""
    out = np.zeros((len(pairs), kernel.FIGURES), np.int64)
    kernel.examine_pairs(words, pairs, scratch_of(words), out)
    return out


def scratch_of(words: kernel.Texts) -> kernel.Scratch:
    """Make room for what kernels write on the way."""
    longest = int(np.diff(words.bounds).max(initial=1))
    return kernel.scratch_for(longest, int(np.diff(words.offsets).max(initial=1)))
