"""Which seeds an index keeps, and whom they point at, against plain loops."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from naive import naive_fmix64
from naive_index import naive_likely_seeds, naive_sample, naive_windows
from prose import UNRELATED
from strategies import hashes
from twins import WRAPS

from dedup.core.arrays import texts_from_strings
from dedup.index.ready import Looked
from dedup.index.searching import _stops, note, sample
from dedup.kernels import sampled as kernel
from dedup.kernels.noted import Noted, find_noted_rows, is_noted, note_keys
from dedup.kernels.seeds import NGRAMS, WORD_PAIRS, Kind, Words, write_seeds
from dedup.kernels.stopwords import place_words
from dedup.text.stopwords import classify_alone, hash_table, languages_of, stop_lists
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
    every = Noted(*np.zeros((2, 0), np.uint64))
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
    noted = note(np.array([*sought], np.uint64))
    made = kernel.sample_seeds(Kind(kind, reach), given_words, np.uint64(salt), noted, out)
    left = list(zip(*(each[:made].tolist() for each in out), strict=True))
    assert [each for each in wanted if each[0] in sought] == left


keys_of_forty_bits = st.integers(0, (1 << 40) - 1)


@given(st.sets(keys_of_forty_bits, max_size=200), keys_of_forty_bits)
def test_noted_keys_are_told_from_others(keys, other):
    noted = note(np.array([*keys], np.uint64))
    again = np.zeros_like(noted.bits)
    note_keys(np.array(sorted(keys), np.uint64), again)
    assert (again == noted.bits).all()
    size = np.uint64(64 * len(again))
    assert {*np.flatnonzero(np.unpackbits(again.view(np.uint8), bitorder="little")).tolist()} == {
        int(np.uint64(key) % size) for key in keys
    }
    asked = [*keys, other, *(key ^ 1 << 39 for key in keys)]
    assert [bool(is_noted(np.uint64(each), noted)) for each in asked] == [e in keys for e in asked]
    assert is_noted(np.uint64(other), Noted(*np.zeros((2, 0), np.uint64)))


@given(st.sets(st.integers(0, 40), max_size=9), st.lists(st.integers(0, 40), max_size=24))
def test_rows_with_noted_keys(keys, values):
    rows = np.array(values[: len(values) // 3 * 3], np.uint64).reshape(-1, 3)
    out = np.empty(len(rows), np.bool_)
    find_noted_rows(rows, note(np.array([*keys], np.uint64)), out)
    assert out.tolist() == [not keys.isdisjoint(row) for row in rows.tolist()]


NAMES = (
    "Ann de la Cruz and Piet van der Berg met El Hadi ibn Said at https://a.example/b in Da Nang."
)
SPANISH = (
    "El alcalde de la ciudad dijo que no habrá más obras en el puente de la estación este año."
)
LISTED = (*UNRELATED, NAMES, NAMES.lower(), SPANISH, "Zxq wvu tsr qpo nml.", "東京の空", "", "one")


def bare_of(tokens):
    return kernel.Bare(tokens.hashes, tokens.prefixes, tokens.bounds)


def rooms_for(tokens):
    longest = int(tokens.counts().max(initial=0))
    return kernel.Rooms(
        places=np.empty(longest, np.uint32),
        content=np.empty(longest + 1, np.int64),
        maybe=np.empty(longest + 1, np.bool_),
        counts=np.empty(len(stop_lists().names), np.int64),
    )


def test_the_language_of_places():
    tokens = tokenise_texts(texts_from_strings([*LISTED]))
    stops, rooms = _stops(), rooms_for(tokens)
    found = []
    for row in range(len(tokens)):
        own = tokens.hashes[tokens.bounds[row] : tokens.bounds[row + 1]]
        places = rooms.places[: len(own)]
        place_words(own, stops.table, places)
        found.append(kernel.language_of(places, stops.languages, stops.least, rooms.counts))
    assert found == languages_of(tokens).tolist()
    assert len({*found}) >= 3


@pytest.mark.parametrize("text", LISTED)
def test_no_document_with_a_noted_seed_is_passed_over(text):
    """Whichever seed is sought, the document that has it is likely, and hardly any other."""
    tokens = tokenise_texts(texts_from_strings([*LISTED, text]))
    salt, stops, rooms = 991, _stops(), rooms_for(tokens)
    seeds = sample(Looked.of(tokens), salt)
    last = len(LISTED)
    out = np.empty(len(tokens), np.bool_)
    for key in seeds.keys[seeds.rows == last].tolist():
        sieve = kernel.Sieve(3, 6, np.uint64(salt), note(np.array([key], np.uint64)))
        kernel.find_likely_rows(bare_of(tokens), stops, sieve, rooms, out)
        has = {*seeds.rows[seeds.keys == np.uint64(key)].tolist()}
        assert out[last]
        assert {*np.flatnonzero(out).tolist()} >= has
        assert np.count_nonzero(out) <= len(has) + 1
    none = kernel.Sieve(3, 6, np.uint64(salt), note(np.array([5], np.uint64)))
    kernel.find_likely_rows(bare_of(tokens), stops, none, rooms, out)
    assert not out.any()


@given(st.lists(st.integers(1, 6), max_size=9), st.sets(st.integers(1, 6)), st.sets(st.just(3)))
def test_runs_and_pairs_of_noted_keys(values, stop_words, particles):
    """The twin lists every run and pair that may count, and asks whether its key is sought."""
    mixed = [naive_fmix64(each) for each in values]
    words, salt, size, reach = np.array(mixed, np.uint64), 7, 2, 3
    table = hash_table(np.array([naive_fmix64(each) for each in range(1, 7)], np.uint64))
    is_stop = np.isin(table, [naive_fmix64(each) for each in stop_words])
    maybe = np.isin(table, [naive_fmix64(each) for each in particles])
    stops = kernel.Stops(table, is_stop.astype(np.uint64), maybe, 0.1)
    places, content = np.empty(len(words), np.uint32), np.empty(len(words) + 1, np.int64)
    rooms = kernel.Rooms(places, content, np.empty(len(words) + 1, np.bool_), np.empty(1, np.int64))
    place_words(words, table, places)
    made = kernel.find_content(places, 0, stops, rooms)
    kept = [at for at, each in enumerate(values) if each not in stop_words or each in particles]
    assert content[:made].tolist() == kept
    runs, pairs = naive_likely_seeds(mixed, kept, [values[at] in stop_words for at in kept], salt)
    for keys, has in ((runs, "run"), (pairs, "pair")):
        for key in {*runs, *pairs, 1}:
            sieve = kernel.Sieve(size, reach, np.uint64(salt), note(np.array([key], np.uint64)))
            given_words = (words, sieve) if has == "run" else (words, made, sieve, rooms)
            assert getattr(kernel, f"has_{has}")(*given_words) == (key in keys)


def test_a_text_keeps_the_seeds_of_what_it_quotes():
    quoted = " ".join(UNRELATED[0].split()[5:60])
    tokens = tokenise_texts(texts_from_strings([UNRELATED[0], f"He said: {quoted} Then he left."]))
    seeds = sample(Looked.of(tokens), 77)
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
