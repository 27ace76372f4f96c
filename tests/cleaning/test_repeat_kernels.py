"""Kernels of repeats against their twins: runs, copies, common beginnings, lines."""

from __future__ import annotations

import numpy as np
from hypothesis import example, given
from hypothesis import strategies as st
from naive_cleaning import naive_common, naive_copies, naive_ending, naive_lines, naive_runs

from dedup.cleaning.repeats import table_for
from dedup.core.arrays import texts_from_strings
from dedup.kernels import repeats as kernel
from dedup.text.lines import ELLIPSIS, INVISIBLE, PAREN, SENTENCE, line_table
from dedup.text.tokens import tokenise_texts

WHY = ("run", "adjacent", "lead", "far")

words = st.lists(st.sampled_from("abcdef"), max_size=14)

documents = st.lists(words, min_size=1, max_size=9)


def table_of(docs):
    texts = texts_from_strings(
        ["\n".join(" ".join(line_text) for line_text in doc) for doc in docs]
    )
    tokens = tokenise_texts(texts)
    return tokens, line_table(texts, tokens)


@given(st.lists(documents, min_size=1, max_size=3), st.data())
def test_runs_are_what_the_twin_finds(docs, data):
    docs = [[line_text for line_text in doc if line_text] for doc in docs]
    tokens, lines = table_of(docs)
    count = len(lines)
    usable = np.array(data.draw(st.lists(st.booleans(), min_size=count, max_size=count)), np.bool_)
    sizes = (lines.highs - lines.lows).astype(np.int64)
    prefix = kernel.Prefix(np.empty(len(tokens.hashes) + 1, np.uint64), np.empty(64, np.uint64))
    kernel.prefix_hashes(tokens.hashes, prefix)
    chain, alias, room, within, across = (np.full(count, -1, np.int64) for _ in range(5))
    rows = np.arange(len(docs))
    given = lines.bounds, lines.lows, lines.highs, prefix, sizes, usable, table_for(lines, rows)
    kernel.find_runs(rows, kernel.Search(*given, chain, alias, room, within, across))
    for doc, line_texts in enumerate(docs):
        low, base = int(lines.bounds[doc]), int(tokens.bounds[doc])
        own = naive_runs(line_texts, [len(each) for each in line_texts], usable[low:].tolist())
        for b, expected in own.items():
            got = (int(within[low + b]), int(across[low + b]))
            assert tuple(each - base if each >= 0 else -1 for each in got) == expected


@given(st.lists(documents, min_size=1, max_size=3), st.integers(1, 4), st.integers(1, 8), st.data())
def test_copies_are_what_the_twin_finds(docs, times, spread, data):
    docs = [[[word * spread for word in line_text] for line_text in doc] * times for doc in docs]
    docs = [[line_text * 2 for line_text in doc if line_text] for doc in docs]
    tokens, lines = table_of(docs)
    count = len(lines)
    source, why = (np.full(count, -1, np.int64) for _ in range(2))
    facts = st.lists(st.booleans(), min_size=count, max_size=count)
    prose, ends = (np.array(data.draw(facts), np.bool_) for _ in range(2))
    rows = np.arange(len(docs))
    usable = np.ones(len(lines), np.bool_)
    own = lines.bounds, lines.lows, lines.highs, lines.words, lines.hashes
    blocks = kernel.Blocks(*own, tokens.hashes, prose, ends, usable)
    order, found = np.zeros(len(lines), np.int64), kernel.Copies(source, why)
    kernel.find_copies(rows, blocks, table_for(lines, rows), order, found)
    names = dict(zip((kernel.RUN, kernel.ADJACENT, kernel.LEAD, kernel.FAR), WHY, strict=True))
    for doc, line_texts in enumerate(docs):
        low = int(lines.bounds[doc])
        got = {
            b - low: (int(source[b]) - low, names[int(why[b])])
            for b in range(low, int(lines.bounds[doc + 1]))
            if source[b] >= 0
        }
        high = low + len(line_texts)
        assert got == naive_copies(line_texts, prose[low:high].tolist(), ends[low:high].tolist())


@given(st.lists(st.sampled_from("abc"), max_size=9), st.lists(st.sampled_from("abc"), max_size=9))
def test_common_length_is_what_the_twin_finds(a, b):
    numbers = [np.array([2**63 + ord(each) for each in side], np.uint64) for side in (a, b)]
    scratch = np.zeros(len(b) + 1, np.int64)
    assert kernel.common_length(*numbers, scratch) == naive_common(a, b)


line_texts = st.text(
    st.sampled_from(" \t\r\n\v\u2028\u2029\xa0\u200b\0.…)]”’*-•aZ1@#é語😀ا\x1c\x85"), max_size=40
)


@given(st.lists(line_texts, min_size=1, max_size=4))
@example(["so it went on … )"])
def test_blocks_are_what_the_twin_finds(texts):
    held = texts_from_strings(texts)
    tokens = tokenise_texts(held)
    lines = line_table(held, tokens)
    for doc, text in enumerate(texts):
        low, high = int(lines.bounds[doc]), int(lines.bounds[doc + 1])
        spans = list(zip(lines.starts[low:high], lines.ends[low:high], strict=True))
        assert spans == naive_lines(text)
        for line, (start, end) in enumerate(spans, low):
            assert lines.docs[line] == doc
            assert lines.text(held, line) == text[start:end]
            flags = int(lines.flags[line])
            ending = [bool(flags & each) for each in (INVISIBLE, ELLIPSIS, SENTENCE, PAREN)]
            assert ending == list(naive_ending(text[start:end])), repr(text[start:end])
            own = range(int(lines.lows[line]), int(lines.highs[line]))
            assert all(start <= tokens.starts[t] < tokens.ends[t] <= end for t in own)
        assert sum((lines.highs - lines.lows)[low:high]) == tokens.counts()[doc]
