"""Signatures: equal to datasketch's, in any form of input, and true to the Jaccard similarity."""

from __future__ import annotations

import sys

import datasketch
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import ragged, rows_of_hashes, texts

from dedup.config import Config
from dedup.core.arrays import runs_of_rows, texts_from, texts_from_strings
from dedup.errors import ConfigError, DedupError, InputError
from dedup.similarity.minhash import (
    EMPTY,
    from_datasketch,
    permutations,
    sign_shingles,
    sign_texts,
    signatures,
    to_datasketch,
)
from dedup.text.shingles import Shingles, shingle_texts
from dedup.text.tokens import tokenise_texts

STRINGS = [
    "The quick brown fox jumps over the lazy dog and runs away from it.",
    "",
    "Grüße aus München: 漢字 かな, and the rest of it",
    "short",
    "the quick brown fox jumps over the lazy dog; and runs away!",
]


def datasketch_of(shingles, num_perm=128, seed=1):
    """Return datasketch's own MinHash of 64-bit shingles; it hashes to 32 bits: the upper half."""
    made = datasketch.MinHash(num_perm, seed, hashfunc=lambda shingle: shingle >> 32)
    made.update_batch(shingles)
    return made


@settings(max_examples=50)
@given(rows_of_hashes, st.sampled_from([(1, 128), (7, 16), (2**32 - 1, 3), (0, 64)]))
def test_signatures_are_those_of_datasketch(rows, how):
    seed, num_perm = how
    made = sign_shingles(Shingles(*ragged(rows)), Config(seed=seed, num_perm=num_perm))
    assert made.dtype == np.uint32
    for signature, row in zip(made, rows, strict=True):
        assert np.array_equal(signature, datasketch_of(row, num_perm, seed).hashvalues)


def test_signatures_of_texts_are_those_of_datasketch():
    column = texts_from_strings(STRINGS)
    shingles = shingle_texts(column, tokenise_texts(column), Config())
    for row, signature in enumerate(signatures(STRINGS)):
        hashes = shingles.values[shingles.offsets[row] : shingles.offsets[row + 1]].tolist()
        assert np.array_equal(signature, datasketch_of(hashes).hashvalues)


def test_permutations_are_those_of_datasketch():
    for seed in (1, 42):
        assert np.array_equal(
            np.array(permutations(64, seed)), datasketch.MinHash(64, seed).permutations
        )


def test_a_signature_goes_to_datasketch_and_back():
    config = Config(num_perm=32, seed=9)
    matrix = signatures(STRINGS, config)
    for row in matrix:
        there = to_datasketch(row, config)
        assert (there.scheme, there.seed, len(there)) == ("affine32", 9, 32)
        assert np.array_equal(from_datasketch(there, config), row)
    first, last = to_datasketch(matrix[0], config), to_datasketch(matrix[4], config)
    assert first.jaccard(last) == np.mean(matrix[0] == matrix[4]) > 0.3
    assert first.jaccard(datasketch_of([], 32, 9)) == 0


def test_without_datasketch_the_error_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "datasketch", None)
    with pytest.raises(DedupError, match=r"pip install 'dedup-toolkit\[datasketch\]'"):
        to_datasketch(signatures(["one two three four five six"])[0])


def test_what_goes_to_datasketch_can_be_updated_there():
    """A wrong set of permutations would show only here."""
    rows = [[2**63 + 5, 17 << 32], [3 << 40, 2**64 - 1]]
    config = Config(num_perm=16)
    matrix = sign_shingles(Shingles(*ragged([*rows, rows[0] + rows[1]])), config)
    made = to_datasketch(matrix[0], config)
    made.hashfunc = lambda shingle: shingle >> 32
    made.update_batch(rows[1])
    assert np.array_equal(made.hashvalues, matrix[2])


@pytest.mark.parametrize(
    ("made", "field"),
    [
        (datasketch.MinHash(64), "num_perm"),
        (datasketch.MinHash(128, seed=2), "seed"),
        (datasketch.MinHash(128, scheme="affine64"), "scheme"),
        (datasketch.MinHash(128, scheme="legacy"), "scheme"),
    ],
)
def test_a_minhash_made_otherwise_is_refused(made, field):
    with pytest.raises(ConfigError) as caught:
        from_datasketch(made)
    assert caught.value.field == field


def test_a_signature_of_another_length_is_refused():
    with pytest.raises(ConfigError, match="num_perm"):
        to_datasketch(signatures(["one two"])[0], Config(num_perm=64))


@settings(max_examples=50)
@given(st.lists(texts, max_size=6), st.integers(1, 8))
def test_the_fast_path_gives_what_the_stages_give(strings, size):
    config = Config(shingle_size=size, num_perm=8)
    column = texts_from_strings(strings)
    tokens = tokenise_texts(column)
    matrix, counts = sign_texts(column, config)
    assert np.array_equal(matrix, sign_shingles(shingle_texts(column, tokens, config), config))
    assert np.array_equal(counts, tokens.counts())


def test_threads_and_neighbours_do_not_matter():
    strings = [f"{n} {each} {n % 13}" for n in range(60_000) for each in STRINGS[:3]]
    column = texts_from_strings(strings)
    assert len(list(runs_of_rows(column.offsets))) > 1
    config = Config(num_perm=4)
    one, two = (sign_texts(column, config, threads=threads) for threads in (1, 3))
    assert np.array_equal(one[0], two[0])
    assert np.array_equal(one[1], two[1])
    for row in (0, 77_777, len(strings) - 1):
        assert np.array_equal(one[0][row], signatures([strings[row]], config)[0])


def test_a_text_without_words_is_empty():
    assert (signatures(["", "…", "🙂"]) == EMPTY).all()
    assert signatures([]).shape == (0, 128)


@pytest.mark.parametrize("unit", ["word", "char", "auto"])
def test_every_unit_tells_texts_apart(unit):
    matrix = signatures(STRINGS, Config(shingle_unit=unit))
    assert matrix.shape == (5, 128)
    assert np.mean(matrix[0] == matrix[4]) > 0.6
    assert np.mean(matrix[0] == matrix[2]) < 0.2


def column_forms():
    """Yield (name, the texts in that form)."""
    array = pa.array(STRINGS)
    yield "tuple", tuple(STRINGS)
    yield "iterator", iter(STRINGS)
    yield "string", array
    yield "large_string", pa.array(STRINGS, pa.large_string())
    yield "chunked", pa.chunked_array([STRINGS[:2], [], STRINGS[2:]])
    yield "sliced", pa.array(["x", *STRINGS, "y"])[1:-1]
    yield "chunks of slices", pa.chunked_array([pa.array(["x", *STRINGS[:3]])[1:], array[3:]])
    yield "dictionary", array.dictionary_encode()
    yield (
        "chunked dictionary",
        pa.chunked_array(
            [pa.array(STRINGS[:3]).dictionary_encode(), pa.array(STRINGS[3:]).dictionary_encode()]
        ),
    )
    yield "numpy", np.array(STRINGS)
    yield "numpy objects", np.array(STRINGS, object)
    yield "pandas", pd.Series(STRINGS)
    yield "pandas objects", pd.Series(STRINGS, dtype=object)
    yield "pandas categories", pd.Series(STRINGS, dtype="category")
    yield "pandas with an index of its own", pd.Series(STRINGS, index=range(9, 4, -1))
    yield "polars", pl.Series(STRINGS)
    yield "polars categories", pl.Series(STRINGS, dtype=pl.Categorical)


@pytest.mark.parametrize("form", [name for name, _ in column_forms()])
def test_texts_in_any_form_have_the_same_signatures(form):
    column = dict(column_forms())[form]
    assert np.array_equal(signatures(column), signatures(STRINGS))


@pytest.mark.parametrize(
    "column",
    [
        ["a b", None, "c d"],
        ["a b", float("nan"), "c d"],
        pa.array(["a b", None, "c d"]),
        pa.array(["x", "a b", None, "c d"])[1:],
        pa.chunked_array([["a b", None], ["c d"]]),
        pa.array(["a b", None, "c d"]).dictionary_encode(),
        pd.Series(["a b", None, "c d"]),
        pd.Series(["a b", np.nan, "c d"], dtype=object),
        pl.Series(["a b", None, "c d"]),
    ],
    ids=lambda column: type(column).__name__,
)
def test_a_missing_text_counts_as_empty(column):
    assert np.array_equal(signatures(column), signatures(["a b", "", "c d"]))


def test_columns_of_nothing():
    assert signatures(pa.array([None, None])).shape == (2, 128)
    assert signatures(pa.chunked_array([], pa.string())).shape == (0, 128)
    assert signatures(pl.Series([], dtype=pl.String)).shape == (0, 128)


def test_lone_surrogates_are_replaced():
    assert np.array_equal(signatures(["a\ud83db c"]), signatures(["a\ufffdb c"]))
    assert np.array_equal(
        signatures(pd.Series(["a\ud83db c"], dtype=object)), signatures(["a\ufffdb c"])
    )


@pytest.mark.parametrize(
    ("column", "said"),
    [
        ("one text", "got str"),
        (b"bytes", "got bytes"),
        ({"text": "a"}, "got dict"),
        (7, "got int"),
        (None, "got NoneType"),
        (["a", 7], "got int in row 1"),
        (["a", b"b"], "got bytes in row 1"),
        (["a", ["b"]], "got list in row 1"),
        (pa.array([1, 2]), "a column of int64"),
        (pa.array([b"a"]), "a column of binary"),
        (pa.array([1, 2]).dictionary_encode(), "a column of int64"),
        (pl.Series([1.5]), "a column of double"),
        (pd.Series([1]), "a column of int64"),
        (pd.DataFrame({"text": ["a"]}), "a column of struct"),
    ],
)
def test_what_is_no_text_is_named(column, said):
    with pytest.raises(InputError, match=said):
        texts_from(column)


def test_the_estimated_jaccard_is_unbiased():
    """Matching values of all pairs together stay within four deviations of what they must be.

    A value of two signatures is equal with probability J, so the matches of 128 values are binomial
    with variance 128·J·(1 − J), and so are, summed up, those of pairs without a common shingle.
    """
    draw = np.random.default_rng(20)
    num_perm, pairs = 128, 600
    rows, truth = [], []
    for _ in range(pairs):
        size, shared = int(draw.integers(50, 400)), 0.0
        shared = int(draw.integers(0, size + 1))
        union = draw.integers(0, 2**64, 2 * size - shared, dtype=np.uint64, endpoint=False)
        rows += [union[:size].tolist(), union[size - shared :].tolist()]
        truth.append(shared / (2 * size - shared))
    matrix = sign_shingles(Shingles(*ragged(rows)), Config(num_perm=num_perm))
    matches = np.sum(matrix[0::2] == matrix[1::2], axis=1)
    jaccard = np.array(truth)
    variance = num_perm * jaccard * (1 - jaccard)
    assert abs(np.sum(matches - num_perm * jaccard)) <= 4 * np.sqrt(np.sum(variance))
    # Single pairs: none out of five deviations, and the squared deviations average one.
    inside = variance > 1
    scores = (matches - num_perm * jaccard)[inside] / np.sqrt(variance[inside])
    assert np.abs(scores).max() < 5
    assert abs(np.mean(scores**2) - 1) < 4 * np.sqrt(2 / len(scores))
