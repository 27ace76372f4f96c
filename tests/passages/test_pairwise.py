"""Passages of pairs by themselves: those that a scan of all documents finds."""

from __future__ import annotations

import random
from collections import defaultdict

import numpy as np
import pytest

from dedup.config import Config
from dedup.core.arrays import texts_from_strings
from dedup.passages.find import find_passages
from dedup.passages.pairwise import KINDS, LeftOut, find_passages_in, seeds_of
from dedup.passages.seeds import mixed_sums, ranked
from dedup.text.stopwords import classify
from dedup.text.tokens import tokenise_texts


def articles(seed, count):
    """Return texts that share sentences, some of them in many texts and some over and over."""
    drawn = random.Random(seed)
    pool = [f"{a}{b}" for a in ("val", "brid", "coun", "mon", "har") for b in ("ley", "ge", "cil")]
    pool += [f"word{chr(97 + k)}" for k in range(26)]

    def sentence():
        return " ".join(drawn.choices(pool, k=drawn.randrange(8, 20))).capitalize() + "."

    shared = [sentence() for _ in range(6)]
    texts = []
    for _ in range(count):
        parts = [sentence() for _ in range(drawn.randrange(1, 4))]
        parts += drawn.choices(shared, weights=[8, 4, 2, 2, 1, 1], k=drawn.randrange(0, 12))
        drawn.shuffle(parts)
        texts.append(" ".join(parts))
    return texts


@pytest.mark.parametrize("most", [2, 4, 50])
def test_pairs_by_themselves_have_the_passages_of_a_scan(most):
    config = Config(find=("passages",), passage_max_documents=most, passage_min_tokens=6)
    texts = articles(most, 14)
    tokens = tokenise_texts(texts_from_strings(texts))
    words = classify(tokens)
    count = len(texts)
    wanted = find_passages(tokens, words, config, included=np.ones(count, np.bool_))
    assert len(wanted) > 3
    left_out = crowded_out(tokens, words, config)
    rows = []
    for head in range(count - 1):
        own = np.arange(head, count)
        part = tokenise_texts(texts_from_strings([texts[row] for row in own]))
        here = {}
        for kind in KINDS:
            some = [(r - head, v) for r, v in left_out[kind] if r >= head]
            docs, values = zip(*some, strict=True) if some else ((), ())
            here[kind] = LeftOut(np.array(docs, np.int64), np.array(values, np.uint64))
        low = tokens.bounds[head]
        classed = type(words)(words.classes[low:], words.weights[low:], words.languages[own])
        found = find_passages_in(part, classed, np.zeros(len(own), np.int64), here, config)
        rows += figures(found, head)
    assert rows == figures(wanted, 0)


def figures(found, low):
    columns = (found.a + low, found.b + low, found.tokens, found.scores, found.densities)
    rows = zip(*(c.tolist() for c in columns), found.levels.tolist(), strict=True)
    return [(*row, *span) for row, span in zip(rows, found.spans.tolist(), strict=True)]


def crowded_out(tokens, words, config):
    """Return by kind (row, value) of the seeds that are in too many documents of less rank."""
    order = np.lexsort((np.arange(len(tokens)), mixed_sums(tokens))).tolist()
    assert order == ranked(tokens, np.ones(len(tokens), np.bool_)).tolist()
    found = {}
    for kind in KINDS:
        seeds = seeds_of(kind, tokens, words, config)
        holders = defaultdict(set)
        for row, value in zip(seeds.rows.tolist(), seeds.values.tolist(), strict=True):
            holders[value].add(row)
        found[kind] = [
            (row, value)
            for value, rows in holders.items()
            for row in sorted(rows, key=order.index)[config.passage_max_documents :]
        ]
    return found


def test_no_documents_have_no_seeds():
    tokens = tokenise_texts(texts_from_strings([]))
    config = Config()
    for kind in KINDS:
        assert len(seeds_of(kind, tokens, classify(tokens), config).values) == 0
    assert len(mixed_sums(tokens)) == 0
