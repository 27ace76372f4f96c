"""An index of some wordings finds of these what the index of all of them finds."""

from __future__ import annotations

import itertools
import random

import numpy as np
import pytest

from dedup.core.arrays import order_by, texts_from_strings
from dedup.kernels.families import MOST_FAMILIES, first_entry, mark_of
from dedup.passages.families.find import Occurrences, Text, WordingIndex, complete
from dedup.text.stopwords import CONTENT, Words
from dedup.text.tokens import tokenise_texts


def made(seed):
    """Return texts of sentences that repeat, and wordings of which many share their n-grams."""
    drawn = random.Random(seed)
    pool = ["".join(drawn.choices("abcdefghij", k=6)) for _ in range(300)]
    shared = " ".join(drawn.choices(pool, k=12))
    sentences = [" ".join(drawn.choices(pool, k=drawn.randrange(14, 30))) for _ in range(40)]
    texts = []
    for k in range(120):
        parts = drawn.choices(sentences, k=drawn.randrange(1, 4))
        if k % 3 == 0:  # more than an n-gram may lead to, each with an end of its own
            parts.append(f"{shared} {' '.join(drawn.choices(pool, k=9))}")
        texts.append(" ".join(parts))
    tokens = tokenise_texts(texts_from_strings(texts))
    classes = np.full(len(tokens.hashes), CONTENT, np.uint8)
    text = Text(tokens, Words(classes, np.zeros(0, np.float32), tokens.bounds), 5)
    docs = np.arange(0, len(texts), 2)
    ends = tokens.counts()[docs]
    starts = np.maximum(ends - 40, 0)
    rows = np.column_stack([np.arange(len(docs)), docs, starts, ends])
    centres = Occurrences.of_rows(rows, 0)
    return text, WordingIndex.of(text, centres, np.zeros(len(docs), np.bool_))


def found(text, index, first=0):
    rows = complete(text, index, np.arange(len(text.tokens)), 1)
    table = np.column_stack([rows.families + first, rows.docs, rows.spans])
    return table[order_by(*table.T)].tolist()


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("bounds", [[0, 60], [0, 1, 2, 40, 60], [0, 0, 31, 60, 60]])
def test_parts_find_what_the_whole_finds(seed, bounds):
    text, index = made(seed)
    assert index.left_out > 0, "no n-gram of more than MOST_FAMILIES wordings"
    wanted = found(text, index)
    assert len({row[0] for row in wanted}) > 2 * MOST_FAMILIES
    got = [
        row
        for low, high in itertools.pairwise(bounds)
        for row in found(text, index.part(low, high), low)
    ]
    assert sorted(got) == wanted


def test_a_part_holds_each_of_its_entries_and_no_other():
    _, index = made(9)
    part = index.part(10, 50)
    entries = index.table.entries[: int(index.table.count[0])]
    ours = entries[(entries[:, 0] >= 10) & (entries[:, 0] < 50)]
    values = index.wordings.values[ours[:, 1]]
    assert int(part.table.count[0]) == len(ours)
    seen = []
    for value in np.unique(values):
        word, bits = mark_of(part.table.marks, value)
        assert part.table.marks[word] & bits == bits
        entry = first_entry(part.table, value)
        while entry >= 0:
            owner, place, offset, entry = part.table.entries[entry].tolist()
            assert part.wordings.values[place] == value
            seen.append((owner + 10, offset))
    assert sorted(seen) == sorted((int(row[0]), int(row[2])) for row in ours)
    others = np.setdiff1d(index.wordings.values, values)
    assert all(first_entry(part.table, value) < 0 for value in others)
