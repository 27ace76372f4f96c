"""What reads a text window by window gives what its plain twin gives, for windows of any size."""

from __future__ import annotations

import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from naive import (
    APOSTROPHE,
    IGNORE,
    NaiveFolding,
    naive_content,
    naive_shingles,
    naive_signature,
    naive_tokens,
    naive_word_hash,
)
from strategies import PIECES, hashes, hashes32, texts, unragged
from twins import WRAPS

from dedup.config import Config
from dedup.core.arrays import clean_string, texts_from_strings
from dedup.kernels import ascii, windows
from dedup.kernels._jit import INTERPRETED
from dedup.kernels.minhash import Permutations
from dedup.kernels.text import Span
from dedup.similarity.lsh import bands_and_rows
from dedup.text.shingles import shingle_batch
from dedup.text.tokens import folding

pytestmark = WRAPS
examples = settings(max_examples=50 if INTERPRETED else 200)

TABLE = folding()
NAIVE_TABLE = NaiveFolding(TABLE.stage, TABLE.values, TABLE.expansions)


# Text to the hashes of its tokens.

PLAIN_BYTES = set(b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz")
ODD_BYTES = {*b"'`", *range(128, 256)}
LINK_BYTES = set(b"-._~:/?#@!$&*+,;=%")
DIGITS = set(b"0123456789")


def bits_of(data, wanted):
    return sum(1 << position for position, byte in enumerate(data) if byte in wanted)


def number_of(marks):
    return sum(int(each) << 64 * position for position, each in enumerate(marks))


def test_the_table_calls_the_same_ascii_characters_odd():
    kinds = {code: NAIVE_TABLE[chr(code)].kind for code in range(128)}
    assert {code for code, kind in kinds.items() if kind is None} == PLAIN_BYTES
    skipped = {code for code, kind in kinds.items() if kind in (APOSTROPHE, IGNORE)}
    assert skipped == ODD_BYTES & set(range(128))


def test_kind_of():
    kinds = [int(ascii.kind_of(np.uint8(byte))) for byte in range(256)]
    wanted = [0 if b in PLAIN_BYTES else 1 if b in ODD_BYTES else 2 for b in range(256)]
    assert kinds == [3 if b in LINK_BYTES else kind for b, kind in enumerate(wanted)]


@examples
@given(st.binary(max_size=300), st.integers(0, 70), st.integers(0, 80))
def test_mark_bytes(data, low, left):
    low = min(low, len(data))
    high = max(low, len(data) - left)
    marked = ascii.Marks(*np.full((3, len(data) // 64 + 2), 2**64 - 1, np.uint64))
    buffer = np.frombuffer(data, np.uint8)
    total = ascii.mark_bytes(buffer, np.int64(low), np.int64(high), marked)
    part = data[low:high]
    used = len(part) // 64 + 2
    for marks, wanted in zip(marked, (PLAIN_BYTES, ODD_BYTES, DIGITS), strict=True):
        assert number_of(marks[:used]) == bits_of(part, wanted)
    assert total == sum(byte in ODD_BYTES for byte in part)


def test_marks_of_every_byte():
    data = bytes(range(256)) + bytes(range(255, -1, -1))
    marked = ascii.Marks(*np.zeros((3, len(data) // 64 + 2), np.uint64))
    ascii.mark_bytes(np.frombuffer(data, np.uint8), np.int64(0), np.int64(512), marked)
    for marks, wanted in zip(marked, (PLAIN_BYTES, ODD_BYTES, DIGITS), strict=True):
        assert number_of(marks) == bits_of(data, wanted)


@examples
@given(st.lists(hashes, min_size=1, max_size=4), st.data())
def test_has_odd(marks, data):
    start = data.draw(st.integers(0, 64 * len(marks) - 1))
    end = data.draw(st.integers(start + 1, 64 * len(marks)))
    wanted = number_of(marks) >> start & (1 << end - start) - 1 != 0
    got = ascii.has_odd(np.array(marks, np.uint64), np.int64(start), np.int64(end))
    assert bool(got) == wanted


@examples
@given(st.lists(hashes, min_size=3, max_size=3), st.integers(0, 191), st.integers(0, 191))
def test_set_odd(marks, start, end):
    rows = ascii.Marks(*(np.array(marks[k:] + marks[:k], np.uint64) for k in range(3)))
    before = [number_of(row) for row in rows]
    ascii.set_odd(np.int64(start), np.int64(end), rows)
    span = sum(1 << bit for bit in range(start, end))
    words, odd, digits = before
    assert [number_of(row) for row in rows] == [words & ~span, odd | span, digits & ~span]


def naive_span(data, at):
    """Return the bounds of what a link may have around a colon, an at sign or a letter."""
    if data[at : at + 1] == b"@":
        before, behind = rb"[\w.%+-]{0,64}\Z", rb"@[A-Za-z0-9.-]*"
    else:
        before = rb"[A-Za-z]*\Z" if data[at : at + 1] == b":" else rb"\Z"
        behind = rb"[\w.~:/?#@!$&*+,;=%-]*"
    return re.search(before, data[:at]).start(), at + len(re.match(behind, data[at:])[0])


def naive_base64_span(data, at):
    """Return the bounds of the run of base64 around a place, empty where it is short."""
    start = re.search(rb"[A-Za-z0-9+/]*\Z", data[:at]).start()
    end = at + len(re.match(rb"[A-Za-z0-9+/]*", data[at:])[0])
    return (start, end) if end - start >= 24 else (at, at)


@examples
@given(
    st.lists(
        st.sampled_from(
            [
                *("http", "://", "www.", "@", ":", "a", "b1", "x.org", "/", "+", "?q=2", ".", "é"),
                *(" ", "A" * 11, "7" * 70, "c3d4" * 6, "_", "%"),
            ]
        ),
        max_size=9,
    ).map("".join),
    st.integers(0, 5),
    st.integers(0, 5),
)
def test_spans_of_links(string, low, left):
    data = string.encode()
    high = len(data) - left
    buffer = np.frombuffer(data, np.uint8)
    for at in range(low, high):
        part = data[low:high]
        if data[at] in b":@wW":
            got = ascii.link_span(buffer, np.int64(low), np.int64(at), np.int64(high))
            assert tuple(each - low for each in got) == naive_span(part, at - low)
        if data[at] in PLAIN_BYTES:
            got = ascii.base64_span(buffer, np.int64(low), np.int64(at), np.int64(high))
            assert tuple(each - low for each in got) == naive_base64_span(part, at - low)


@examples
@given(st.text("aZ09", min_size=1, max_size=40))
def test_hash_of_one_word(word):
    data = np.frombuffer(word.encode() + b"..0123456789abcdef", np.uint8)
    wanted = naive_word_hash(word.lower())
    assert int(ascii.hash_word(data, np.int64(0), np.int64(len(word)))) == wanted
    if len(word) <= 16:
        assert int(ascii.hash_short_word(data, np.int64(0), np.int64(len(word)))) == wanted


def naive_windows(data, window):
    """Cut bytes behind the last separator in each ``window``, or the first one after it."""
    ends, low = [], 0
    inner = PLAIN_BYTES | ODD_BYTES | LINK_BYTES
    while low < len(data):
        cuts = [k for k in range(low + 1, len(data)) if data[k - 1] not in inner]
        inside = [k for k in cuts if k <= low + window]
        if len(data) - low <= window:
            low = len(data)
        else:
            low = inside[-1] if inside else cuts[0] if cuts else len(data)
        ends.append(low)
    return ends


@examples
@given(st.text("ab é'.", max_size=60), st.integers(1, 20))
def test_windows(string, window):
    data = string.encode()
    buffer, high = np.frombuffer(data, np.uint8), np.int64(len(data))
    got, low = [], np.int64(0)
    while low < high:
        low = ascii.window_end(buffer, low, high, window)
        got.append(int(low))
    assert got == naive_windows(data, window)
    widest = max(np.diff([0, *got]), default=0)
    assert ascii.widest_window(buffer, np.int64(0), high, window) == widest


# What links are made of, in any order.
link_pieces = st.lists(
    st.sampled_from(
        [
            *("http", "://", ":/", "www.", "ww", "@", "a", "b1", "x.org", "/", "+", "?q=2", "#"),
            *(".", "me", "-", "_", "%", "é", "'", " ", "a1b2", "A" * 11, "7" * 13, "c3d4e5" * 5),
            "\n",
        ]
    ),
    max_size=12,
).map("".join)

# Mostly ASCII, so that words are looked for in the marks, and some more than 64 bytes long.
plain_texts = st.lists(
    st.one_of(
        st.sampled_from([" ", " ", ".", "\n", "-", "word", "Longer", "eight888", "nine99999", "'"]),
        st.sampled_from(["it's", "dogs'", "naïve", "“", "”", "x" * 70, "y" * 64, "_", "'s", "—"]),
        st.text("aZ09 '", max_size=70),
        link_pieces,
    ),
    max_size=30,
).map("".join)


@examples
@given(st.one_of(plain_texts, texts), st.one_of(plain_texts, texts), st.sampled_from(["", "end"]))
def test_hash_words(before, string, after):
    check_hash_words([before, string, after])


@pytest.mark.parametrize(
    "word",
    [
        *("it's", "don’t", "a" * 130 + "é" + "b" * 70, "'" * 70, "x" * 8, "20th", "a1" * 5),
        *("https://a.org/b?c=1#d", "me.2@a-b.org", "@www.x/y", "c3d4e5f6" * 12, "x/c3d4/" * 5),
        *(
            "@c3d4e5c3d4e5c3d4e5c3d4e5c3d4e5/http",
            "wwww.x",
            "www.a@b.c/d",
            f"{'w' * 70}.x",
            f"{'b' * 40}1{'b' * 70}2{'b' * 70}3",
        ),
    ],
)
def test_hash_words_that_lie_across_64_bytes(word):
    check_hash_words([" " * pad + word + " end" for pad in range(66)])


@settings(max_examples=examples.max_examples * 2)
@given(st.lists(st.one_of(link_pieces, st.just(" ")), max_size=6).map("".join))
def test_hash_words_among_links(string):
    check_hash_words([string, "a" * 70])


@pytest.mark.parametrize("size", range(1, 36))
def test_hash_words_of_any_length(size):
    check_hash_words([f"{'é' * (size % 2)} {'W' * size} {'w' * (36 - size)}'s", "a" * size])


def check_hash_words(strings):
    """Each as it is, and so long that the bytes of it that are odd are few."""
    odd = [sum(byte in ODD_BYTES for byte in clean_string(each).encode()) for each in strings]
    blanks = [" " * (ascii.ODD_SHARE * count) for count in odd]
    strings = [*strings, *(each + more for each, more in zip(strings, blanks, strict=True) if more)]
    column = texts_from_strings(strings)
    for row, each in enumerate(strings):
        out = np.zeros(len(column.data) + 1, np.uint64)
        marked = ascii.Marks(*np.zeros((3, len(column.data) // 64 + 2), np.uint64))
        span = Span(column.data, column.offsets[row], column.offsets[row + 1])
        count = ascii.hash_words(span, TABLE, marked, out)
        assert out[:count].tolist() == words_in(each)


def words_in(string):
    """Return the hashes of the tokens of a text."""
    return [
        naive_word_hash(token.word) for token in naive_tokens(clean_string(string), NAIVE_TABLE)
    ]


# Text to what a reading leaves.

permutation_rows = st.lists(st.tuples(hashes32.map(lambda a: a | 1), hashes32), max_size=5)


def arrays_of(pairs):
    return Permutations(
        np.array([a for a, _ in pairs], np.uint32), np.array([b for _, b in pairs], np.uint32)
    )


def scheme_of(size, permutations):
    return windows.Scheme(TABLE, size, permutations)


@examples
@given(st.lists(hashes, max_size=9), st.integers(0, 9), st.integers(0, 50))
def test_add_content(row, cut, count):
    values = np.array(row, np.uint64)
    cut = min(cut, len(row))
    fingerprints = np.zeros(2, np.uint64)
    windows.add_content(values, np.intp(0), np.intp(cut), np.int64(0), fingerprints)
    windows.add_content(values, np.intp(cut), np.intp(len(row)), np.int64(cut), fingerprints)
    empty = naive_content([], count)
    wanted = [
        (each + int(start)) % 2**64
        for each, start in zip(fingerprints.tolist(), empty, strict=True)
    ]
    assert wanted == naive_content(row, count)


@examples
@given(
    st.one_of(plain_texts, texts),
    st.integers(1, 6),
    st.integers(1, 90),
    permutation_rows,
    st.booleans(),
)
def test_take_text(string, size, window, pairs, keep):
    column = texts_from_strings(["before", string])
    low, high = column.offsets[1:]
    buffers = windows.make_buffers(ascii.widest_window(column.data, low, high, window), size)
    made = a, b = arrays_of(pairs)
    reading = windows.Reading(scheme_of(size, made), window, keep, buffers)
    signature, fingerprints = np.zeros(len(a), np.uint32), np.ones(2, np.uint64)
    out = np.zeros(len(column.data) + len(buffers.shingles) + 3, np.uint64)
    count, position = windows.take_text(
        Span(column.data, low, high), reading, signature, fingerprints, out, np.intp(3)
    )
    words = words_in(string)
    wanted = naive_shingles(words, size)
    assert int(count) == len(words)
    assert signature.tolist() == naive_signature(wanted, a.tolist(), b.tolist())
    assert fingerprints.tolist() == naive_content(wanted, len(words))
    assert out[3:position].tolist() == (wanted if keep else [])
    assert not out[:3].any()


def check_signatures(strings, size, pairs):
    column = texts_from_strings(strings)
    made = a, b = arrays_of(pairs)
    out = np.zeros((len(strings), len(pairs)), np.uint32)
    counts = np.zeros(len(strings), np.int64)
    windows.sign_texts(column.data, column.offsets, scheme_of(size, made), out, counts)
    rows = [words_in(each) for each in strings]
    wanted = [naive_signature(naive_shingles(row, size), a.tolist(), b.tolist()) for row in rows]
    assert counts.tolist() == [len(row) for row in rows]
    assert out.tolist() == wanted


@examples
@given(st.lists(texts, max_size=4), st.integers(1, 6), permutation_rows)
def test_sign_texts(strings, size, pairs):
    check_signatures(strings, size, pairs)


@pytest.mark.slow
def test_a_document_of_70_000_tokens():
    pieces = [piece for piece in PIECES if len(naive_tokens(clean_string(piece), NAIVE_TABLE)) == 1]
    string = " ".join(np.random.default_rng(7).choice(pieces, 70_000))
    check_signatures(["x", string], 5, [(1, 0), (2**32 - 1, 2**31), (0x85EBCA6B, 17)])


@examples
@given(st.lists(texts, max_size=4), st.integers(1, 3))
def test_band_texts(strings, rows):
    column, bands, size = texts_from_strings(strings), 2, 3
    given = a, b = arrays_of([(2 * k + 1, 7 * k) for k in range(bands * rows)])
    keys, fingerprints = (
        np.zeros((bands, len(strings)), np.uint64),
        np.zeros((len(strings), 2), np.uint64),
    )
    counts = np.zeros(len(strings), np.int32)
    bands_of = windows.Bands(keys, fingerprints, counts)
    windows.band_texts(column.data, column.offsets, scheme_of(size, given), rows, bands_of)
    tokens = [words_in(each) for each in strings]
    made = [naive_shingles(row, size) for row in tokens]
    assert counts.tolist() == [len(row) for row in tokens]
    assert fingerprints.tolist() == [
        naive_content(*each) for each in zip(made, map(len, tokens), strict=True)
    ]
    signatures = [tuple(naive_signature(row, a.tolist(), b.tolist())) for row in made]
    for band in range(bands):
        parts = [each[band * rows : band * rows + rows] for each in signatures]
        same = {(one, int(two)) for one, two in zip(parts, keys[band], strict=True)}
        assert len(same) == len(set(parts)) == len(set(keys[band].tolist()))


@examples
@given(st.lists(texts, min_size=1, max_size=4), st.integers(1, 4), st.integers(0, 8), st.data())
def test_shingle_texts(strings, size, most, data):
    column = texts_from_strings(strings)
    chosen = sorted(data.draw(st.sets(st.integers(0, len(strings) - 1))))
    bounds = np.zeros(len(chosen) + 1, np.int64)
    out = np.zeros(len(column.data) + 1, np.uint64)
    rows = np.array(chosen, np.int64)
    windows.shingle_texts(
        (column.data, column.offsets), rows, scheme_of(size, None), most, bounds, out
    )
    made = [naive_shingles(words_in(strings[row]), size) for row in chosen]
    wanted = [row if len(row) > most else list(dict.fromkeys(row)) for row in made]
    assert unragged(out, bounds) == wanted


def test_shingles_of_texts_with_too_many_for_a_table(monkeypatch):
    strings = ["one two three four", "a b " * 50, "", "c d e f g h"]
    texts_of, rows = texts_from_strings(strings), np.array([0, 1, 3])
    config = Config(shingle_size=2)
    assert bands_and_rows(config)
    wanted = shingle_batch(texts_of, rows, config)
    monkeypatch.setattr("dedup.text.shingles._MANY_SHINGLES", 3)
    made = shingle_batch(texts_of, rows, config)
    assert made.offsets.tolist() == wanted.offsets.tolist()
    for one, two in zip(
        *(unragged(each.values, each.offsets) for each in (made, wanted)), strict=True
    ):
        assert sorted(one) == sorted(two)
