"""Units of lines and the templates they are, against plain loops."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from naive import CAPITAL, DIGIT, STARTS_SENTENCE, UNSPACED, naive_mix
from strategies import hashes, ragged
from twins import WRAPS, tokens_with

from dedup.kernels import stopwords, templates
from dedup.kernels._jit import INTERPRETED
from dedup.kernels.text import Tokens

pytestmark = WRAPS
examples = settings(max_examples=40 if INTERPRETED else 150, deadline=None)
SEED = 0x2545F4914F6CDD1D

token = st.tuples(
    st.one_of(st.integers(1, 3), hashes),
    st.sampled_from(
        [0, 0, 0, CAPITAL, DIGIT, UNSPACED, STARTS_SENTENCE | CAPITAL, STARTS_SENTENCE]
    ),
    st.sampled_from([0, 1, 2]),  # characters between it and the token before
)


def view_of(tokens):
    """Return tokens of one character as the kernels take them."""
    words, flags, gaps = ([each[k] for each in tokens] for k in range(3))
    starts = np.array([k + sum(gaps[: k + 1]) for k in range(len(tokens))], np.int32)
    hashed, marks = np.array(words, np.uint64), np.array(flags, np.uint8)
    return Tokens(np.array([0, len(tokens)]), hashed, hashed, starts, starts + np.int32(1), marks)


def naive_key(tokens):
    key = SEED
    for word, flags, _ in reversed(tokens):
        key = naive_mix(key, 0xD1 if flags & DIGIT else word)
    return key


def naive_size(tokens):
    single = sum(bool(flags & UNSPACED) for _, flags, _ in tokens)
    return len(tokens) - single + (single + 1) // 2


def starts_sentence(tokens, at, cased):
    flags = tokens[at][1]
    shown = flags & (CAPITAL | DIGIT | UNSPACED) or not cased
    return bool(flags & STARTS_SENTENCE and shown and tokens[at][2] >= 2)


def is_cased(line):
    begins = [
        bool(flags & CAPITAL)
        for k, (_, flags, gap) in enumerate(line)
        if k == 0 or (flags & STARTS_SENTENCE and gap >= 2)
    ]
    return 3 * sum(begins) >= len(begins)


def naive_units(lines):
    """Return (line, tokens before it in the line, tokens) of every unit."""
    units = []
    for k, line in enumerate(lines):
        size = naive_size(line)
        if 8 <= size <= 250:
            units.append((k, 0, line))
        if size >= 60:
            cased = is_cased(line)
            cuts = [t for t in range(1, len(line)) if starts_sentence(line, t, cased)]
            for low, high in itertools.pairwise([0, *cuts, len(line)]):
                if 3 <= naive_size(line[low:high]) <= 250 and high - low < len(line):
                    units.append((k, low, line[low:high]))
    return units


def units_of(lines):
    flat = [each for line in lines for each in line]
    bounds = np.cumsum([0, *map(len, lines)])
    room = len(lines) + len(flat)
    units = templates.Units(*np.zeros((3, room), np.int64), np.zeros(room, np.uint64))
    words = np.array([naive_size(line) for line in lines], np.int32)
    tokens = view_of(flat)
    count = templates.cut_units(bounds[:-1], bounds[1:], words, tokens, units)
    return tokens, bounds, words, templates.Units(*(each[:count] for each in units))


@examples
@given(st.lists(token, max_size=9), st.integers(0, 9))
def test_endings_and_words(drawn, low):
    tokens, low = view_of(drawn), min(low, len(drawn))
    assert int(templates._ending_key(tokens, low, len(drawn))) == naive_key(drawn[low:])
    assert templates._words(tokens, low, len(drawn)) == naive_size(drawn[low:])
    assert templates._is_cased(tokens, low, len(drawn)) == is_cased(drawn[low:])
    for at, cased in itertools.product(range(1, len(drawn)), (False, True)):
        got = templates._starts(tokens, at, cased)
        assert got == starts_sentence(drawn, at, cased)


@st.composite
def lines_of_tokens(draw):
    """Draw lines about as long as the limits; a few tokens, over and over."""
    some = draw(st.lists(token, min_size=1, max_size=12))
    sizes = draw(
        st.lists(st.sampled_from([0, 2, 3, 7, 8, 9, 59, 60, 61, 66, 249, 250, 251]), max_size=3)
    )
    return [[some[at % len(some)] for at in range(size)] for size in sizes]


@examples
@given(lines_of_tokens())
def test_units(lines):
    _, bounds, _, units = units_of(lines)
    wanted = naive_units(lines)
    lows = [int(bounds[k]) + low for k, low, _ in wanted]
    assert units.lines.tolist() == [k for k, _, _ in wanted]
    assert units.lows.tolist() == lows
    highs = [low + len(unit) for low, (_, _, unit) in zip(lows, wanted, strict=True)]
    assert units.highs.tolist() == highs
    assert units.keys.tolist() == [naive_key(unit) for _, _, unit in wanted]


@examples
@given(lines_of_tokens(), st.data())
def test_templates(lines, data):
    """Some units and endings are templates, of all sites or of one (7)."""
    tokens, bounds, words, units = units_of(lines)
    wanted = naive_units(lines)
    endings = [naive_key(unit[low:]) for _, _, unit in wanted for low in range(len(unit))][:400]
    known = set(data.draw(st.lists(st.sampled_from(endings), max_size=6)) if endings else [])
    own = set(data.draw(st.lists(st.sampled_from(endings), max_size=3)) if endings else [])
    table = np.zeros(64, np.uint64)
    stopwords.fill_table(np.array([*known, *(key ^ 7 for key in own)], np.uint64), table)
    looked_up = templates.Known(table, np.full(len(wanted), 7, np.uint64))
    found, begins = np.zeros(len(wanted), np.uint8), np.zeros(len(wanted), np.int64)
    templates.find_templates(units, looked_up, tokens, words, found, begins)
    for k, (line, low, unit) in enumerate(wanted):
        keys = {key: (key in known | own) for key in (naive_key(unit), 5)}
        for key, is_known in keys.items():
            assert templates._is_known(table, np.uint64(key), np.uint64(7)) == is_known
        what = (2 if naive_size(unit) >= 8 else 1) if keys[naive_key(unit)] else 0
        long = naive_size(lines[line]) >= 60
        cuts = [
            t
            for t in range(1, len(unit) - 7)
            if long and unit[t][1] & CAPITAL and naive_key(unit[t:]) in known | own
        ]
        begin = int(bounds[line]) + low + cuts[0] if cuts else -1
        assert (found[k], begins[k]) == (what or 3 * bool(cuts), begin)


@examples
@given(st.lists(st.lists(hashes, max_size=9), min_size=1, max_size=4), st.data())
def test_sketches(rows, data):
    values, bounds = ragged(rows)
    cuts = data.draw(st.sets(st.integers(0, len(values)), max_size=6).map(sorted))
    spans = list(zip(cuts[::2], cuts[1::2], strict=False))
    stop = set(data.draw(st.lists(st.sampled_from(values.tolist() or [1]), max_size=3))) - {0}
    table = np.zeros(32, np.uint64)
    stopwords.fill_table(np.array(sorted(stop), np.uint64), table)
    out = np.full((len(rows), 128), 2**64 - 1, np.uint64)
    ends = np.array(spans, np.int64).reshape(-1, 2).T.copy()
    templates.sketch_rows(np.arange(len(rows)), tokens_with(bounds, values), table, *ends, out)
    for k in range(len(rows)):
        wanted = [2**64 - 1] * 128
        for at in range(bounds[k], bounds[k + 1]):
            word = int(values[at])
            if word not in stop and not any(low <= at < high for low, high in spans):
                h = naive_mix(SEED, word)
                wanted[h >> 57] = min(wanted[h >> 57], h)
        assert out[k].tolist() == wanted


@examples
@given(st.lists(st.lists(st.sampled_from([1, 2, 2**64 - 1]), min_size=4, max_size=4), max_size=5))
def test_mean_likeness(rows):
    sketches = np.array(rows, np.uint64).reshape(-1, 4)
    out = np.full(2, 9.0)
    templates.mean_likeness(
        sketches, np.arange(len(rows)), np.array([0, len(rows), len(rows)]), out
    )
    shares = []
    for one, two in itertools.combinations(rows, 2):
        filled = [(a, b) for a, b in zip(one, two, strict=True) if min(a, b) < 2**64 - 1]
        shares.append(sum(a == b for a, b in filled) / len(filled) if filled else 0.0)
    assert out.tolist() == pytest.approx([sum(shares) / len(shares) if shares else 0.0, 0.0])


@examples
@given(st.lists(st.lists(st.tuples(st.integers(0, 9), st.booleans()), max_size=7), max_size=3))
def test_text_bounds(documents):
    lines = [line for document in documents for line in document]
    bounds = np.cumsum([0, *map(len, documents)])
    words = np.array([size for size, _ in lines], np.int32)
    prose = np.array([is_prose for _, is_prose in lines], np.bool_)
    out = np.zeros((len(documents), 2), np.int64)
    templates.text_bounds(bounds, words, prose, out)
    for k, document in enumerate(documents):
        gains = [size if is_prose else -3 for size, is_prose in document]
        low, high = out[k] - bounds[k]
        spans = itertools.combinations(range(len(gains) + 1), 2)
        best = max([0, *(sum(gains[a:b]) for a, b in spans)])
        assert sum(gains[low:high]) == best
        assert (low, high) == (0, 0) if best == 0 else low < high
