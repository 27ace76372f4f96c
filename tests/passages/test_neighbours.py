"""A quote reaches a mark; neighbours within a paragraph are one passage."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from dedup.core.arrays import texts_from_strings
from dedup.passages.find import no_passages
from dedup.passages.neighbours import join_neighbours
from dedup.text.tokens import tokenise_texts

PLAIN = "We go home now and then we stay there for good"


def joined(texts, spans, quotes):
    """Return what is made of passages of two texts (start a, end a, start b, end b in tokens)."""
    count = np.zeros(len(spans), np.int64)
    passages = replace(
        no_passages(),
        a=count,
        b=count + 1,
        spans=np.array(spans, np.int64),
        tokens=count + 4,
        scores=count + 4.0,
        densities=count + 1.0,
        levels=count + 2,
        quotes=np.array(quotes),
    )
    return join_neighbours(passages, tokenise_texts(texts_from_strings(texts)))


@pytest.mark.parametrize(("span", "wanted"), [((2, 13), True), ((4, 9), False), ((5, 14), True)])
def test_a_quote_reaches_a_mark(span, wanted):
    start, end = span
    texts = [f"He said: “{PLAIN}” again", PLAIN]
    made = joined(texts, [(start, end, start - 2, min(end - 2, 11))], [True])
    assert made.quotes.tolist() == [wanted]


def test_neighbours_within_a_line_are_joined_and_quotes_are_not():
    spans = [(0, 4, 0, 4), (6, 10, 6, 10)]
    made = joined([PLAIN, PLAIN], spans, [False, False])
    assert made.spans.tolist() == [[0, 10, 0, 10]]
    assert (made.tokens.tolist(), made.densities.tolist()) == ([8], [0.8])
    lines = PLAIN.replace(" and", "\nand")
    assert len(joined([lines, lines], spans, [False, False])) == 2
    quoted = f"“{PLAIN}”"
    assert len(joined([quoted, quoted], spans, [True, True])) == 2
