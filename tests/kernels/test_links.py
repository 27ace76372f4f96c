"""Links and quotation marks: each kernel beside its plain twin, and what real texts need."""

from __future__ import annotations

import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from naive import NaiveFolding, naive_link
from naive_quotes import MARKS
from twins import WRAPS, kernels_of

from dedup.core.arrays import texts_from_strings
from dedup.kernels import links, quotes, text
from dedup.kernels._jit import INTERPRETED
from dedup.text.tokens import folding, tokenise_texts

pytestmark = WRAPS
examples = settings(max_examples=50 if INTERPRETED else 200)

# One row a kernel: the test that compares it with its twin. Those of whole texts are compared by
# ``test_tokenise_rows``, which has links and quotation marks among its pieces.
COMPARED = {
    links: {
        "run_end": "test_runs_of_bytes",
        "last_word_end": "test_runs_of_bytes",
        "is_www": "test_link_end",
        "url_end": "test_link_end",
        "email_end": "test_link_end",
        "base64_end": "test_link_end",
        "link_end": "test_link_end",
        "link_word": "test_link_end",
    },
    quotes: {
        "mark_number": "test_numbers_of_marks",
        "code_at": "test_numbers_of_marks",
        "opens_before": "test_quotes",
        "word_follows": "test_quotes",
        "set_quoted": "test_quotes",
        "end_lines": "test_quotes",
        "find_closed": "test_quotes",
        "mark_quotes": "test_quotes",
        "mark_quote_rows": "test_quotes",
    },
}


@pytest.mark.parametrize("module", COMPARED, ids=lambda module: module.__name__)
def test_every_kernel_is_compared_with_a_twin(module):
    assert kernels_of(module) == set(COMPARED[module])
    assert all(callable(globals()[test]) for test in COMPARED[module].values())


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


def test_numbers_of_marks():
    numbers = [quotes.mark_number(np.uint32(ord(rule[0]))) for rule in quotes._RULES]
    assert numbers == list(range(len(MARKS)))
    assert {rule[0] for rule in quotes._RULES} == MARKS
    assert quotes.mark_number(np.uint32(ord("a"))) == -1
    table = folding()
    read = NaiveFolding(table.stage, table.values, table.expansions)
    assert all(read[mark].kind is not None for mark in MARKS)
    data = np.frombuffer("a漢".encode(), np.uint8)
    assert [quotes.code_at(data, at, 4) for at in (0, 1)] == [(97, 1), (ord("漢"), 3)]


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
