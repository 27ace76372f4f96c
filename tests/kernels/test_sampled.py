"""Which seeds an index keeps, and whom they point at, against plain loops."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from naive import naive_fmix64
from naive_index import naive_sample, naive_windows
from prose import UNRELATED
from strategies import hashes
from twins import WRAPS

from dedup.core.arrays import texts_from_strings
from dedup.index.searching import note, sample
from dedup.kernels import sampled as kernel
from dedup.kernels.seeds import NGRAMS, WORD_PAIRS, Kind, Words, write_seeds
from dedup.text.stopwords import classify_alone
from dedup.text.tokens import tokenise_texts

pytestmark = WRAPS


@given(st.lists(hashes, min_size=5, max_size=12), hashes, st.integers(2, 5))
def test_the_middle_word_has_the_least_hash(values, salt, size):
    words = np.array([*values, values[0]], np.uint64)  # one comes twice
    found = [
        at
        for at in range(len(words) - size + 1)
        if kernel.is_least(words, at, size, np.uint64(salt))
    ]
    assert found == naive_sample([int(each) for each in words], size, salt)


@pytest.mark.parametrize("kind", [NGRAMS, WORD_PAIRS])
def test_kept_seeds_are_those_of_the_twin(kind):
    tokens = tokenise_texts(texts_from_strings([*UNRELATED[:3], "", "One two."]))
    words = classify_alone(tokens)
    arrays = (tokens.hashes, tokens.prefixes, words.classes, tokens.flags, tokens.bounds)
    given_words = Words(*arrays)
    salt, reach = 12345, 3 if kind == NGRAMS else 6
    keys = np.empty(len(tokens.hashes), np.uint64)
    rows, places = np.empty((2, len(tokens.hashes)), np.int64)
    out = kernel.Sample(keys, rows, places)
    every = np.zeros(0, np.uint64)
    made = kernel.sample_seeds(Kind(kind, reach), given_words, np.uint64(salt), every, out)
    wanted = []
    for row in range(len(tokens)):
        low, high = int(tokens.bounds[row]), int(tokens.bounds[row + 1])
        values, at = np.empty(high - low + 1, np.uint64), np.empty(high - low + 1, np.int32)
        count = write_seeds(Kind(kind, reach), given_words, row, values, at)
        runs = naive_sample([int(each) for each in tokens.hashes[low:high]], reach, salt)
        for value, place in zip(values[:count].tolist(), at[:count].tolist(), strict=True):
            mixed = naive_fmix64(value ^ salt)
            if place in runs if kind == NGRAMS else mixed % 4 == 0:
                wanted.append((mixed >> 24, row, place))
    assert wanted
    assert list(zip(*(each[:made].tolist() for each in out), strict=True)) == wanted
    sought = {key for key, _, _ in wanted[::9]}
    bits = note(np.array([*sought], np.uint64))
    made = kernel.sample_seeds(Kind(kind, reach), given_words, np.uint64(salt), bits, out)
    left = list(zip(*(each[:made].tolist() for each in out), strict=True))
    assert [each for each in wanted if each[0] in sought] == [e for e in left if e[0] in sought]
    assert len(left) < len(wanted) / 2


@given(st.sets(st.integers(0, (1 << 40) - 1), max_size=200), st.integers(0, (1 << 40) - 1))
def test_noted_keys_are_told_from_most_others(keys, other):
    bits = note(np.array([*keys], np.uint64))
    again = np.zeros_like(bits)
    kernel.note_keys(np.array(sorted(keys), np.uint64), again)
    assert (again == bits).all()
    assert all(kernel.is_noted(np.uint64(key), bits) for key in keys)
    alone = {key & (64 * len(bits) - 1) for key in keys}
    assert kernel.is_noted(np.uint64(other), bits) == (other & (64 * len(bits) - 1) in alone)


def test_a_text_keeps_the_seeds_of_what_it_quotes():
    quoted = " ".join(UNRELATED[0].split()[5:60])
    tokens = tokenise_texts(texts_from_strings([UNRELATED[0], f"He said: {quoted} Then he left."]))
    seeds = sample(tokens, None, 77)
    own, other = ({*seeds.keys[seeds.rows == row].tolist()} for row in (0, 1))
    assert len(own & other) >= 20
    assert len(other - own) <= 3


@given(
    st.lists(st.tuples(st.integers(1, 4), st.integers(0, 9)), unique=True, min_size=1),
    st.lists(st.integers(0, 60), min_size=10, max_size=10),
    st.integers(1, 3),
)
def test_the_best_windows_are_those_of_the_twin(pairs, places, apart):
    places = sorted(places)
    weights = [1.0 + each for each in range(10)]
    hits = np.array(sorted(number << 32 | seed for number, seed in pairs), np.uint64)
    numbers, scores = np.empty(len(hits), np.int64), np.empty(len(hits))
    worth = kernel.Worth(np.array(places, np.int64), np.array(weights))
    made = kernel.best_windows(hits, worth, 20, apart, kernel.Ranks(numbers, scores))
    wanted = naive_windows(pairs, places, weights, 20, apart)
    assert numbers[:made].tolist() == list(wanted)
    assert scores[:made] == pytest.approx(list(wanted.values()))
