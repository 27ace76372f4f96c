"""Links and quotation marks: each kernel beside its plain twin, and what real texts need."""

from __future__ import annotations

import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from naive import NaiveFolding, around_quotes, naive_link, naive_tokens
from naive_quotes import (
    CLOSES,
    MARKS,
    MAY_CLOSE,
    SINGLE,
    Opened,
    end_all,
    naive_quotes,
    surroundings,
)
from twins import WRAPS

from dedup.core.arrays import texts_from_strings
from dedup.kernels import links, quotes, text
from dedup.kernels._jit import INTERPRETED
from dedup.text.tokens import folding, tokenise_texts

pytestmark = WRAPS
examples = settings(max_examples=50 if INTERPRETED else 200)

TABLE = folding()
NAIVE_TABLE = NaiveFolding(TABLE.stage, TABLE.values, TABLE.expansions)


@examples
@given(st.text("aZ9+/.-_ é", max_size=20))
def test_runs_of_bytes(string):
    data = np.frombuffer(string.encode() + b" ", np.uint8)
    high = len(data) - 1
    run = re.match(rb"[A-Za-z0-9+/]*", string.encode())[0]
    assert links.run_end(data, 0, high, links.BASE64) == len(run)
    word = re.match(rb"(?s).*[A-Za-z0-9]|", string.encode())[0]
    assert links.last_word_end(data, 0, high) == len(word)


@examples
@given(
    st.lists(
        st.sampled_from(
            ["http", "www", "://", ".", "@", "a", "Bc", "1", "a1b2c3", "d4" * 9, "-", "?", "/", " "]
        ),
        max_size=12,
    ).map("".join)
)
def test_link_end(string):
    data = np.frombuffer(f"{string} ".encode(), np.uint8)
    word = re.match("[A-Za-z]+|[0-9]+", string)
    if word and word.end() < len(string):
        found = naive_link(string, 0, word.end())
        end = links.link_end(data, 0, word.end(), len(string))
        assert end == (found[1] if found else 0)
        if found:
            low, high = links.link_word(data, 0, end)
            assert string[low:high].lower() == found[0]


@examples
@given(
    st.one_of(st.binary(min_size=8, max_size=8), st.text("ab \"'`\n!\x1f~", min_size=8, max_size=8))
)
def test_eight_plain_bytes(data):
    data = data.encode() if isinstance(data, str) else data
    plain = all(32 <= byte < 128 and byte not in b"\"'`" for byte in data)
    number = np.uint64(int.from_bytes(data, "little"))
    assert bool(quotes.is_plain(number)) == plain


def test_numbers_of_marks():
    numbers = [quotes.mark_number(np.uint32(ord(rule[0]))) for rule in quotes._RULES]
    assert numbers == list(range(len(MARKS)))
    assert {rule[0] for rule in quotes._RULES} == MARKS
    assert quotes.mark_number(np.uint32(ord("a"))) == -1
    assert all(NAIVE_TABLE[mark].kind is not None for mark in MARKS)
    data = np.frombuffer("a漢".encode(), np.uint8)
    assert [quotes.code_at(data, at, 4) for at in (0, 1)] == [(97, 1), (ord("漢"), 3)]


quoted_texts = st.lists(
    st.sampled_from(
        [
            *sorted(MARKS),
            *"'\"“”",
            "a",
            "plain words in a row ",
            "Bö",
            "漢",
            "1",
            *"-([,.",
            "    ",
            " ",
            "\n",
            "\n\n",
        ]
    ),
    max_size=25,
).map("".join)


@examples
@given(quoted_texts)
def test_what_stands_around_marks(string):
    data, kinds = np.frombuffer(f"{string}a".encode(), np.uint8), around_quotes(string, NAIVE_TABLE)
    high = len(data) - 1
    for at, char in enumerate(string):
        if char in MARKS:
            place = len(string[:at].encode())
            behind = place + len(char.encode())
            span = text.Span(data, 0, high)
            before = quotes.opens_before(span, place, TABLE)
            follows = quotes.word_follows(span, behind, TABLE)
            assert (before, follows) == surroundings(string, at, kinds)


marks = st.integers(0, len(quotes._RULES) - 1)


@examples
@given(marks, st.lists(marks, max_size=quotes.DEPTH), st.booleans(), st.booleans())
def test_which_quotation_a_mark_closes(number, open_marks, may_close, follows):
    opened = np.zeros((quotes.DEPTH, 3), np.int64)
    opened[: len(open_marks), 0] = open_marks
    mark = quotes._RULES[number][0]
    fits = CLOSES.get(mark, "") + (MAY_CLOSE.get(mark, "") if may_close else "")
    if mark in SINGLE and follows:
        fits = ""
    closed = [k for k, each in enumerate(open_marks) if quotes._RULES[each][0] in fits]
    got = quotes.find_closed(number, opened, len(open_marks), may_close, follows)
    assert got == (closed[-1] if closed else -1)


def flags_of(stretches, count):
    """Return the flags of tokens that stand in quotations."""
    flags = np.zeros(count, np.uint8)
    for low, high in stretches:
        flags[low:high] |= text.QUOTED
        flags[low : min(low + 1, high)] |= text.STARTS_SENTENCE
    return flags


@examples
@given(
    st.lists(st.tuples(marks, st.integers(0, 80), st.integers(-1, 70)), max_size=4),
    st.integers(80, 160),
)
def test_quotations_that_end_with_their_lines(rows, token):
    rows = [(mark, start, start + size if size >= 0 else -1) for mark, start, size in rows]
    flags = np.zeros(160, np.uint8)
    opened = np.array(rows, np.int64).reshape(-1, 3)
    assert quotes.end_lines(opened, len(rows), flags, token) == 0
    found = []
    end_all(
        [Opened(quotes._RULES[m][0], start, None if e < 0 else e) for m, start, e in rows],
        token,
        found,
    )
    assert flags.tolist() == flags_of(found, 160).tolist()


@examples
@given(st.lists(quoted_texts, max_size=3))
def test_quotations_of_texts(strings):
    texts, tokens = texts_from_strings(strings), tokenise_texts(texts_from_strings(strings))
    flags, alone = np.zeros((2, len(tokens.hashes)), np.uint8)
    quotes.mark_quote_rows(texts.data, texts.offsets, TABLE, tokens.starts, flags, tokens.bounds)
    opened = np.zeros((quotes.DEPTH, 3), np.int64)
    for row, string in enumerate(strings):
        own = slice(tokens.bounds[row], tokens.bounds[row + 1])
        span = text.Span(texts.data, *texts.offsets[row : row + 2])
        quotes.mark_quotes(span, TABLE, tokens.starts[own], alone[own], opened)
        starts = [token.start for token in naive_tokens(string, NAIVE_TABLE)]
        found = naive_quotes(string, around_quotes(string, NAIVE_TABLE), starts)
        assert flags[own].tolist() == flags_of(found, len(starts)).tolist()
    assert flags.tolist() == alone.tolist()


def quoted(string):
    tokens = tokenise_texts(texts_from_strings([string]))
    inside = (tokens.flags & text.QUOTED) != 0
    return " ".join(
        string[a:b] for a, b in zip(tokens.starts[inside], tokens.ends[inside], strict=True)
    )


@pytest.mark.parametrize(
    ("string", "wanted"),
    [
        ("Er sagte: „Wir gehen“, und ging. „Bald“ dann", "Wir gehen Bald"),
        ("Sie »kommt heute« doch nicht. Er auch »nicht«.", "kommt heute nicht"),
        ("Il a dit « nous partons » puis «rien» de plus", "nous partons rien"),
        ("Er rief: „Sie sagte ‚komm her‘ zu mir“, sagte er", "Sie sagte komm her zu mir"),
        ("Hon sa: ”Vi går nu” och gick", "Vi går nu"),
        ("Hän sanoi: »Me lähdemme» ja lähti", "Me lähdemme"),
        ("Powiedział: „Idziemy” i wyszedł", "Idziemy"),
        ("他说「我们『马上』走」然后走", "我 们 马 上 走"),
        ("他说“我们走”然后走", "我 们 走"),
        ('He said "we go" and left "now"', "we go now"),
        ("He said 'we go' and didn't 'leave'", "we go leave"),
        ("“He said ‘we don’t go’ to me,” she said", "He said we don’t go to me"),
        ("“We go on\nthe next day” he said", "We go on the next day"),
        ("“We go.\n“We stay,” he said", "We go We stay"),
        ("“We go.\n\nThen ” he left", "We go"),
        (f"“We go. {'On and on. ' * 20}", ""),
        ("the dogs' bowls, 'twas said", ""),
        ('a 5" pipe and a 6" pipe', ""),
        ("(“so”) [“so”] —“so” he", "so so so"),
        ("Home » News » Sport", ""),
    ],
)
def test_quotes(string, wanted):
    assert quoted(string) == wanted
