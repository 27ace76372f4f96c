"""Every kernel gives what its plain twin gives. Also run with NUMBA_DISABLE_JIT=1."""

from __future__ import annotations

import math
import os

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from naive import (
    ADJOINS,
    BLANK,
    CAPITAL,
    DIGIT,
    LINK,
    STARTS_SENTENCE,
    NaiveFolding,
    naive_characters,
    naive_classes,
    naive_decode,
    naive_fmix32,
    naive_fmix64,
    naive_mix,
    naive_prefix,
    naive_shingles,
    naive_signature,
    naive_telling_capitals,
    naive_tokens,
    naive_word_hash,
)
from strategies import PIECES, hashes, hashes32, ragged, rows_of_hashes, texts, unragged
from twins import WRAPS, tokens_with

from dedup.core.arrays import clean_string, texts_from_strings
from dedup.kernels import lines, minhash, shingles, stopwords, text
from dedup.kernels._jit import INTERPRETED, drop_stale
from dedup.text.tokens import folding, tokenise_texts

pytestmark = WRAPS
examples = settings(max_examples=100 if INTERPRETED else 200)
few_examples = settings(max_examples=50 if INTERPRETED else 100)

TABLE = folding()
NAIVE_TABLE = NaiveFolding(TABLE.stage, TABLE.values, TABLE.expansions)
LONG = 70_000


# Text to tokens.


@examples
@given(hashes, hashes)
def test_mix(h, chunk):
    assert int(text.mix(np.uint64(h), np.uint64(chunk))) == naive_mix(h, chunk)


@examples
@given(st.one_of(st.binary(min_size=1, max_size=6), texts.map(lambda t: clean_string(t).encode())))
def test_decode(data):
    buffer = np.frombuffer(data, np.uint8)
    for at in range(len(data)):
        if data[at] >= 0x80:  # below, the kernels never ask
            code, size = text.decode(buffer, np.intp(at), np.intp(len(data)))
            assert (int(code), int(size)) == naive_decode(data[at:])


@examples
@given(st.characters(exclude_categories=["Cs"]))
def test_decode_agrees_with_python(char):
    data = np.frombuffer(char.encode(), np.uint8)
    if ord(char) >= 0x80:
        assert text.decode(data, np.intp(0), np.intp(len(data))) == (ord(char), len(data))


@examples
@given(st.integers(0, 0x10FFFF))
def test_fold_code(code):
    got = text.fold_code(np.uint32(code), TABLE.stage, TABLE.values)
    assert int(got) == NAIVE_TABLE.entry(code)


def check_tokens(strings):
    """Compare the tokens of all strings, each beside the others in one buffer."""
    tokens = tokenise_texts(texts_from_strings(strings))
    wanted = [naive_tokens(clean_string(each), NAIVE_TABLE) for each in strings]
    flat = [token for row in wanted for token in row]
    assert tokens.counts().tolist() == [len(row) for row in wanted]
    assert tokens.starts.tolist() == [token.start for token in flat]
    assert tokens.ends.tolist() == [token.end for token in flat]
    assert tokens.flags.tolist() == [token.flags for token in flat]
    assert tokens.hashes.tolist() == [naive_word_hash(token.word) for token in flat]
    assert tokens.prefixes.tolist() == [naive_prefix(token.word) for token in flat]


@examples
@given(st.lists(texts, max_size=5))
def test_tokenise_rows(strings):
    check_tokens(strings)


@pytest.mark.parametrize(
    "string",
    [
        *("", "a", "\x00", "a\x00b", "\ud83d", "a\udc00b", "'", "'s", "a's", "a's's", "s's", "''s"),
        *("abcdefgh's", "abcdefg's", "abcdefghi", "abcdefghijklmnop", "ABCDEFGHIJKLMNOPs' x"),
        *("'a b' c", "a '", "’tis", "rock 'n' roll", "dogs' bowls", "x'\u200b y", "a-b", "a — b"),
        *("see http://a.b/c d", "https://a b", "http:/x", "https: y", "www.a b"),
        *("WWW.x", "@me you", "a@b.c d", "http://a.b/?c#d", "see http://x.org/a?b=1, and", "a@b"),
        *("HTTP://WWW.A.org/B/", "www.?", "www.a?", "x.y@z.org.", f"{'a' * 65}@b.c", "a..b@c.d-"),
        *("ftp://a", "1://a", "éhttp://a.b", "it'http://a", "a1b2c3d4e5f6a1b2c3d4e5f6 x"),
        *("x/a1b2c3d4e5f6a1b2c3d4e5f6+/ x", "a1b2c3d4e5f6a1b2c3d4e5f", "abcdefghijkl123456789abcd"),
        *("ko20", "20th", "20'th", "a20b'c3's", "m²", "①x", "a\u03011b", "٢٠a", "Ⅳa", "가20나"),
        *("“A b” c", "a “b", '"a" b', "«a»b", "a\nB", "a\r\n\r\nB", "a. b? C", "e\u0301\u0301s"),
        *("漢字かなｶﾞ", "か\u3099x", "x漢", "x'漢", "漢's", "ภาษาไทย"),
        *("한국어", "\u0301a", "\u200ba"),
        *("„A b“ c", "»A b« c", "« A b » c", "„A ‚b c‘ d“ e", "”A b” c", "“A ‘b’s c’ d” e", '"A b'),
        *(
            'a 5" b "c d"',
            '"A\nb" c',
            '"A b\n\nc" d',
            "“A\n“B c” d",
            "don't 'b c",
            "「漢『字』か」な",
            "(“a” b)",
        ),
        *("“a »b“ c« d", '"a "b" c', "「" * 9 + "a" + "」" * 9, "a”b c", "“a”b c", "'a\nb' c"),
    ],
)
def test_tokens_of_the_cases_that_the_rules_name(string):
    check_tokens([string])
    check_tokens([string, "what follows in the buffer", string])


@pytest.mark.parametrize("word", ["A", "7", "abcDEFg", "Abcdefgh", "12345678", "a" * 15, "a" * 16])
def test_what_stands_behind_a_word_of_ascii(word):
    """Any byte behind it, and behind that what may make it a link or end it."""
    for end in map(chr, range(128)):
        check_tokens(
            [f"{word}{end}{then}" + " and what follows it" for then in ("x", "1", " ", "@")]
        )
    check_tokens([word + " " * size for size in range(20)])


@examples
@given(texts, texts)
def test_tokenise_without_offsets(before, after):
    check_hashes(before, after)


def check_hashes(before, after):
    """Compare the hashes of the tokens of ``after``, which stands behind another text."""
    column = texts_from_strings([before, after])
    out = np.zeros(len(column.data) + 4, np.uint64)
    span = text.Span(column.data, column.offsets[1], column.offsets[2])
    stop = text.tokenise(span, TABLE, out, None, np.intp(3))
    wanted = [naive_word_hash(each.word) for each in naive_tokens(clean_string(after), NAIVE_TABLE)]
    assert out[3:stop].tolist() == wanted
    assert not out[:3].any()


# Plain letters of several scripts, and what ends a run of them: case, marks, digits, apostrophes,
# letters that fold to two, scripts without spaces.
letters_of_scripts = st.text("abéßÉжЖёΣσςاحक्षि한ﬁＡ漢ไ𝐀٣५2'’\u0301\u200d\u064b -", max_size=24)


@examples
@given(letters_of_scripts, st.sampled_from(["", "'s", "’ы", "9", "\u0301"]))
def test_letters_outside_ascii(string, end):
    check_hashes("", string + end)
    check_hashes(string, end + string)


# Tokens to shingles.


@examples
@given(hashes, hashes32)
def test_finalisers(wide, narrow):
    assert int(shingles.fmix64(np.uint64(wide))) == naive_fmix64(wide)
    assert int(minhash.fmix32(np.uint32(narrow))) == naive_fmix32(narrow)


@examples
@given(st.lists(hashes, max_size=20), st.integers(1, 9), st.integers(0, 5))
def test_shingle_units(units, size, low):
    out = np.zeros(len(units) + 3, np.uint64)
    array = np.array(units, np.uint64)
    stop = shingles.shingle_units(array, np.intp(low), np.intp(len(units)), size, out, np.intp(2))
    assert out[2:stop].tolist() == naive_shingles(units[low:], size)


@examples
@given(rows_of_hashes, st.integers(1, 9))
def test_shingle_rows(rows, size):
    units, bounds = ragged(rows)
    wanted = [naive_shingles(row, size) for row in rows]
    _, offsets = ragged(wanted)
    out = np.zeros(offsets[-1], np.uint64)
    shingles.shingle_rows(units, bounds, size, out, offsets)
    assert unragged(out, offsets) == wanted


@examples
@given(rows_of_hashes)
def test_distinct_rows(rows):
    values, offsets = ragged(rows)
    sizes = np.zeros(len(rows), np.int64)
    shingles.distinct_rows(values, offsets, sizes)
    wanted = [list(dict.fromkeys(row)) for row in rows]
    got = [values[low : low + size].tolist() for low, size in zip(offsets[:-1], sizes, strict=True)]
    assert got == wanted
    closed = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
    shingles.close_gaps(values, offsets, closed)
    assert unragged(values[: closed[-1]], closed) == wanted
    for row in rows:
        size = shingles.table_size(len(row))
        assert size >= max(2 * len(row), 16)
        assert size & (size - 1) == 0


@examples
@given(rows_of_hashes, st.data())
def test_gather_rows(rows, data):
    chosen = data.draw(st.lists(st.sampled_from(range(len(rows))))) if rows else []
    wanted = [rows[k] for k in chosen]
    _, bounds = ragged(wanted)
    out = np.zeros(bounds[-1], np.uint64)
    shingles.gather_rows(*ragged(rows), np.array(chosen, np.int64), out, bounds)
    assert unragged(out, bounds) == wanted


@examples
@given(st.lists(texts, max_size=5))
def test_character_rows(strings):
    column = texts_from_strings(strings)
    wanted = [naive_characters(clean_string(each), NAIVE_TABLE) for each in strings]
    _, offsets = ragged(wanted)
    bounds = np.zeros(len(strings) + 1, np.int64)
    shingles.character_rows(column.data, column.offsets, TABLE, None, bounds)
    assert bounds.tolist() == offsets.tolist()
    out = np.zeros(offsets[-1], np.uint64)
    shingles.character_rows(column.data, column.offsets, TABLE, out, bounds)
    assert unragged(out, bounds) == wanted


@examples
@given(texts, texts)
def test_characters_of_a_part(before, after):
    column = texts_from_strings([before, after])
    wanted = naive_characters(clean_string(after), NAIVE_TABLE)
    out = np.zeros(len(wanted) + 2, np.uint64)
    span = text.Span(column.data, column.offsets[1], column.offsets[2])
    stop = shingles.characters(span, TABLE, out, np.intp(2))
    assert int(stop) == len(out)
    assert out.tolist() == [0, 0, *wanted]


# Shingles to signatures.

permutation_rows = st.lists(st.tuples(hashes32.map(lambda a: a | 1), hashes32), max_size=5)


def arrays_of(pairs):
    a, b = (np.array([pair[side] for pair in pairs], np.uint32) for side in (0, 1))
    return minhash.Permutations(a, b)


@examples
@given(st.lists(hashes, max_size=20), permutation_rows, st.integers(0, 5))
def test_permute(row, pairs, low):
    assert minhash.padded(len(row)) - len(row) in range(64)
    low = min(low, len(row))
    made = a, b = arrays_of(pairs)
    out = np.full(len(pairs), 2**32 - 1, np.uint32)
    capacity = np.empty(minhash.padded(len(row)), np.uint32)
    array = np.array(row, np.uint64)
    minhash.permute(array, np.intp(low), np.intp(len(row)), capacity, made, out)
    assert out.tolist() == naive_signature(row[low:], a.tolist(), b.tolist())


@examples
@given(rows_of_hashes, permutation_rows)
def test_sign_rows(rows, pairs):
    values, offsets = ragged(rows)
    made = a, b = arrays_of(pairs)
    out = np.zeros((len(rows), len(pairs)), np.uint32)
    minhash.sign_rows(values, offsets, made, out)
    assert out.tolist() == [naive_signature(row, a.tolist(), b.tolist()) for row in rows]


# Classes of tokens.


def table_of(entries):
    size = 16
    while size < 2 * len(entries):
        size *= 2
    table = np.zeros(size, np.uint64)
    stopwords.fill_table(np.array(entries, np.uint64), table)
    return table


full_hashes = hashes.map(lambda h: h or 1)  # 0 marks a free place


@examples
@given(st.lists(full_hashes, max_size=60), st.lists(full_hashes, max_size=20))
def test_hash_table(entries, others):
    table = table_of(entries)
    assert sorted(table[table != 0].tolist()) == sorted(set(entries))
    for word in entries + others:
        position = int(stopwords.find_word(table, np.uint64(word)))
        assert (position >= 0) == (word in entries)
        assert position < 0 or int(table[position]) == word
    places = np.zeros(len(others), np.uint32)
    stopwords.place_words(np.array(others, np.uint64), table, places)
    assert [int(table[place]) == word for place, word in zip(places, others, strict=True)] == [
        word in entries for word in others
    ]


small_words = st.integers(1, 12).map(lambda n: n * 0x9E3779B97F4A7C15 % 2**64)
token_rows = st.lists(
    st.lists(
        st.tuples(small_words, st.integers(0, 255), st.sampled_from([False] * 5 + [True])),
        max_size=20,
    ),
    max_size=5,
)


@examples
@given(
    token_rows.map(lambda rows: [row * 7 for row in rows]),  # more than are counted at a time
    st.lists(st.sets(small_words, max_size=6), min_size=1, max_size=4),
)
def test_count_languages(rows, lists):
    values, bounds = ragged([[token[0] for token in row] for row in rows])
    table, languages = language_table(lists)
    out = np.zeros((len(rows), len(lists)), np.int64)
    places = np.zeros(max(map(len, rows), default=0), np.uint32)
    stopwords.count_languages(values, bounds, table, languages, places, out)
    wanted = [[sum(token[0] in each for token in row) for each in lists] for row in rows]
    assert out.tolist() == wanted


def language_table(lists):
    table = table_of(sorted(set().union(*lists)))
    languages = np.zeros(len(table), np.uint64)
    for index, each in enumerate(lists):
        for word in each:
            languages[stopwords.find_word(table, np.uint64(word))] |= np.uint64(1 << index)
    return table, languages


@examples
@given(st.lists(st.integers(0, 255), max_size=30), st.integers(0, 4))
def test_plain_capitals(flags, low):
    low = min(low, len(flags))
    out = np.zeros(len(flags) - low, np.bool_)
    array = np.array(flags, np.uint8)
    stopwords.plain_capitals(array[low:], out)
    assert out.tolist() == naive_telling_capitals(flags[low:])


def check_classes(rows, lists, chosen, common, particles):
    """Compare classes and weights; a row is a list of (word, flags, masked)."""
    values, bounds = ragged([[token[0] for token in row] for row in rows])
    flags = np.array([token[1] for row in rows for token in row], np.uint8)
    table, languages = language_table(lists)
    classes = np.array([BLANK * token[2] for row in rows for token in row], np.uint8)
    weights = np.zeros(len(values), np.float32)
    discounted = table_of(sorted(common)), table_of(sorted(particles))
    stopwords.classify_rows(
        tokens_with(bounds, values, flags=flags),
        stopwords.Lists(table, languages, *discounted),
        np.array(chosen, np.int64),
        classes,
        weights,
    )
    wanted = [
        naive_classes(*map(list, zip(*row, strict=True)), lists[k] if k >= 0 else common, particles)
        if row
        else ([], [])
        for row, k in zip(rows, chosen, strict=True)
    ]
    assert classes.tolist() == [each for row, _ in wanted for each in row]
    expected = [each for _, row in wanted for each in row]
    np.testing.assert_allclose(weights, np.array(expected, np.float32), rtol=1e-6)


@examples
@given(st.data(), token_rows)
def test_classify_rows(data, rows):
    sets = st.sets(small_words, max_size=5)
    lists = data.draw(st.lists(sets, min_size=1, max_size=3))
    chosen = [data.draw(st.integers(-1, len(lists) - 1)) for _ in rows]
    check_classes(rows, lists, chosen, data.draw(sets), data.draw(sets))


@few_examples
@given(st.data(), st.lists(st.lists(st.booleans(), min_size=9, max_size=30), max_size=4))
def test_classify_rows_where_capitals_are_few(data, shapes):
    """Random flags hold so many capitals that names are seldom looked for; here they are."""
    some = st.sampled_from([0, 0, ADJOINS, ADJOINS, ADJOINS, DIGIT, LINK, STARTS_SENTENCE])
    rows = [
        [
            (data.draw(small_words), data.draw(some) | CAPITAL * (capital and at % 9 < 2), False)
            for at, capital in enumerate(shape)
        ]
        for shape in shapes
    ]
    sets = st.sets(small_words, max_size=3)
    lists = data.draw(st.lists(sets, min_size=1, max_size=2))
    check_classes(rows, lists, [0] * len(rows), set(), data.draw(sets))


@pytest.mark.parametrize(
    ("flags", "classes"),
    [
        ([0, 0, CAPITAL, CAPITAL, *[0] * 8], [1, 1, 2, 2, *[1] * 8]),  # two names, not one
        ([0, 0, CAPITAL, CAPITAL | ADJOINS, *[0] * 8], [1, 1, 2, 2, *[1] * 8]),
        ([CAPITAL | STARTS_SENTENCE, CAPITAL | ADJOINS, *[0] * 8], [2, 2, *[1] * 8]),
        ([CAPITAL | STARTS_SENTENCE, CAPITAL, *[0] * 8], [1, 2, *[1] * 8]),
        ([0, 0, 0, 0, CAPITAL | ADJOINS, *[0] * 6], [1, 1, 1, 2, 2, *[1] * 6]),  # a particle
        ([0, 0, 0, CAPITAL, CAPITAL, CAPITAL, *[0] * 3], [1] * 9),  # too many capitals
    ],
)
def test_names_of_the_cases_that_the_rules_name(flags, classes):
    values = list(range(1, len(flags) + 1))
    row = [(word, flag, False) for word, flag in zip(values, flags, strict=True)]
    assert naive_classes(values, flags, [False] * len(flags), set(), {4})[0] == classes
    check_classes([row], [set()], [0], set(), {4})


@pytest.mark.parametrize("lowered", [1, 3])
def test_document_frequencies(lowered):
    """Rows without capitals count by language, once each; others neither count nor change."""
    draw = np.random.default_rng(5)
    rows, chosen = [], draw.integers(-1, 2, 900)
    for number in range(900):
        words = np.minimum(draw.zipf(1.4, 12), 40)
        capital = CAPITAL if number % lowered == 2 else 0
        rows.append([(int(word), capital, text.UNSPACED * (word % 9 == 7)) for word in words])
    counted = draw.random(900) < 0.9
    flat = [each for row in rows for each in row]
    bounds = np.arange(0, len(flat) + 1, 12)
    hashed = np.array([naive_word_hash(str(word)) for word, _, _ in flat], np.uint64)
    flags = np.array([capital | unspaced for _, capital, unspaced in flat], np.uint8)
    counters, stamps = np.zeros(1 << 20, np.int32), np.zeros(1 << 20, np.int64)
    totals = np.zeros(4, np.int64)
    tokens = tokens_with(bounds, hashed, flags=flags)
    stopwords.count_documents(tokens, chosen, counted, counters, stamps, totals)
    seen = {language: [] for language in (-1, 0, 1)}
    for row, language, counts in zip(rows, chosen, counted, strict=True):
        spaced = {word for word, _, unspaced in row if not unspaced}
        if counts and spaced and not any(capital for _, capital, _ in row):
            seen[language].append(spaced)
    assert totals.tolist() == [*(len(seen[k]) for k in (0, 1, -1)), sum(map(len, seen.values()))]
    classes = np.full(len(flat), stopwords.CONTENT, np.uint8)
    classes[::5] = stopwords.NAME
    weights = np.ones(len(flat), np.float32)
    stopwords.weigh_frequent(tokens, chosen, counters, totals, classes, weights)
    for at, (word, _, unspaced) in enumerate(flat):
        documents, row = seen[chosen[at // 12]], rows[at // 12]
        weight = 1.0
        if at % 5 and not unspaced and not any(capital for _, capital, _ in row):
            weight = naive_frequency_weight(sum(word in each for each in documents), len(documents))
        assert weights[at] == pytest.approx(weight)
        kind = stopwords.STOP if weight == 0.25 else stopwords.CONTENT
        assert classes[at] == (kind if at % 5 else stopwords.NAME)


def naive_frequency_weight(documents, total):
    """Return the weight of a content word that stands in so many documents."""
    if total < 200:
        return 1.0
    low, high = math.log(max(total / 100, 10)), math.log(max(total * 6 / 100, 40))
    share = (math.log(max(documents, 1)) - low) / (high - low)
    return 1 - 0.75 * min(max(share, 0), 1)


# Documents longer than 2**16 shingles.


@pytest.mark.slow
def test_a_document_of_70_000_tokens():
    pieces = [piece for piece in PIECES if len(naive_tokens(clean_string(piece), NAIVE_TABLE)) == 1]
    draw = np.random.default_rng(7)
    string = " ".join(draw.choice(pieces, LONG + 4))
    check_tokens([string, "short", string[: len(string) // 2]])


@pytest.mark.slow
def test_rows_of_70_000_shingles():
    draw = np.random.default_rng(7)
    row = draw.integers(2**63 - 50_000, 2**63 + 50_000, LONG, dtype=np.uint64)
    units = row.tolist()
    out = np.zeros(LONG - 4, np.uint64)
    shingles.shingle_rows(row, np.array([0, LONG]), 5, out, np.array([0, LONG - 4]))
    assert out.tolist() == naive_shingles(units, 5)
    sizes = np.zeros(1, np.int64)
    distinct = row.copy()
    shingles.distinct_rows(distinct, np.array([0, LONG]), sizes)
    assert sizes[0] > 2**15
    assert distinct[: sizes[0]].tolist() == list(dict.fromkeys(units))
    made = a, b = arrays_of([(2**32 - 1, 2**32 - 1), (3, 5)])
    signature = np.zeros((1, 2), np.uint32)
    minhash.sign_rows(out, np.array([0, len(out)]), made, signature)
    assert signature[0].tolist() == naive_signature(out.tolist(), a.tolist(), b.tolist())


@pytest.mark.slow
def test_classes_of_70_000_tokens():
    draw = np.random.default_rng(7)
    values = draw.integers(1, 2**64, 40_000, dtype=np.uint64, endpoint=False)[
        draw.integers(0, 40_000, LONG)
    ].tolist()
    flags = draw.choice([0, 0, 0, 0, 0, ADJOINS | CAPITAL, ADJOINS, 2, 16], LONG).tolist()
    rows = [list(zip(values, flags, [False] * LONG, strict=True)), [(values[0], CAPITAL, False)]]
    check_classes(rows, [set(values[:9_000])], [0, -1], set(values[9_000:9_050]), {values[-1]})


@pytest.mark.slow
def test_characters_of_a_long_text():
    draw = np.random.default_rng(7)
    string = "".join(draw.choice(PIECES, 40_000))
    column = texts_from_strings([string, "end"])
    bounds = np.zeros(3, np.int64)
    shingles.character_rows(column.data, column.offsets, TABLE, None, bounds)
    out = np.zeros(bounds[-1], np.uint64)
    shingles.character_rows(column.data, column.offsets, TABLE, out, bounds)
    wanted = naive_characters(string, NAIVE_TABLE)
    assert len(wanted) > 2**16
    assert unragged(out, bounds) == [wanted, naive_characters("end", NAIVE_TABLE)]


@examples
@given(
    st.lists(st.lists(st.integers(0, 40), max_size=8, unique=True), min_size=1, max_size=4),
    st.lists(st.tuples(st.integers(0, 3), st.integers(0, 40), st.integers(0, 12)), max_size=6),
)
def test_mask_tokens(rows, stretches):
    rows = [sorted(row) for row in rows]
    stretches = [(doc % len(rows), begin, begin + size) for doc, begin, size in stretches]
    starts, bounds = ragged(rows, np.int32)
    masked, gone = np.zeros(len(starts), np.bool_), np.zeros(len(rows), np.int64)
    columns = np.array(stretches, np.int64).reshape(-1, 3).T
    lines.mask_tokens(bounds, starts, lines.Stretches(*columns.copy()), masked, gone)
    wanted = [
        [any(at == doc and begin <= start < end for at, begin, end in stretches) for start in row]
        for doc, row in enumerate(rows)
    ]
    assert masked.tolist() == [each for row in wanted for each in row]
    assert gone.tolist() == [sum(row) for row in wanted]


def test_kernels_cached_before_a_source_changed_are_compiled_again(tmp_path):
    """A kernel holds those it calls, and Numba looks at its own file alone."""
    cache = tmp_path / "__pycache__"
    cache.mkdir()
    for name, when in (("a.py", 20), ("b.py", 10)):
        (tmp_path / name).write_text("")
        os.utime(tmp_path / name, (when, when))
    for name, when in (("b.f-1.nbi", 15), ("b.f-1.1.nbc", 15), ("a.g-1.nbi", 25), ("b.pyc", 5)):
        (cache / name).write_text("")
        os.utime(cache / name, (when, when))
    drop_stale(tmp_path)
    assert {each.name for each in cache.iterdir()} == {"a.g-1.nbi", "b.pyc"}
