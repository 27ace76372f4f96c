"""The kernels that tell the places of a form, against plain Python."""

from __future__ import annotations

import random

import numpy as np
import pytest
from twins import WRAPS

from dedup.kernels import facts
from dedup.kernels import fillings as kernel
from dedup.similarity.differences import scratch_of
from tests import naive_fillings as naive
from tests.kernels.test_differences import words_for, words_of_twin

pytestmark = WRAPS
WORDS = "the of a in on and was to it that bridge river mayor council winter stone".split()
FILLINGS = ("six", "6", "Monday", "Tuesday", "Oda Brenn", "a kind of patience", "work", "works", "")


def drawn(draw, count):
    """Return near copies of one text: filled forms, edits, with lines and longer gaps."""
    parts = [" ".join(draw.choices(WORDS, k=draw.randrange(2, 9))) for _ in range(9)]
    texts = []
    for _ in range(count):
        text = ""
        for number, part in enumerate(parts):
            words = part.split()
            if draw.random() < 0.2:
                words[draw.randrange(len(words))] = draw.choice(FILLINGS)
            filling = draw.choice(FILLINGS) if number % 2 or draw.random() < 0.2 else "snow"
            behind = draw.choice([" ", " ", " ", "\n", f" {' '.join(WORDS)} "])
            text += f"{' '.join(words)} {filling}{behind if number % 3 == 0 else ' '}"
        texts.append(text)
    return texts


@pytest.mark.parametrize("seed", range(40))
def test_places_are_those_of_the_twin(seed):
    draw = random.Random(seed)
    strings = drawn(draw, draw.randrange(2, 9))
    words = words_for(strings)
    if seed % 4 == 0:
        words.kinds[:: draw.randrange(9, 30)] |= facts.HIDDEN
    texts = [words_of_twin(words, row, string) for row, string in enumerate(strings)]
    sample = draw.randrange(1, 9)
    longest = max(map(len, texts))
    fillings = np.full((sample + 1, longest), 7, np.uint64)
    filled = np.ones(longest, np.uint8)
    out = np.full((len(texts) - 1, kernel.MEASURES), 9, np.int64)
    rows = np.arange(len(texts))
    kernel.compare_fillings(words, rows, scratch_of(words), fillings, filled, out)
    assert out.tolist() == naive.compare(texts, sample)


def test_some_texts_drawn_have_places_and_some_have_none():
    found = []
    for seed in range(40):
        strings = drawn(random.Random(seed), 6)
        words = words_for(strings)
        texts = [words_of_twin(words, row, string) for row, string in enumerate(strings)]
        found += naive.compare(texts, 6)
    hits, slots, misspelt, places, maybe, _ = (set(each) for each in zip(*found, strict=True))
    assert any(each[4] > each[0] for each in found)
    assert {0, 1, 2, 3} <= maybe
    assert {0, 1, 2} <= hits
    assert {1, 2, 3} <= slots
    assert {0, 1} <= misspelt
    assert {0, 3} <= places
