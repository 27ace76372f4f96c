"""Passages of pairs by themselves: those that a scan of all documents finds."""

from __future__ import annotations

import random
from collections import defaultdict

import numpy as np
import pytest

from dedup.config import Config
from dedup.core.arrays import texts_from_strings
from dedup.passages.find import find_passages
from dedup.passages.pairwise import KINDS, Groups, LeftOut, find_passages_in, seeds_of
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
    all_of = {kind: left_out_of(left_out[kind]) for kind in KINDS}
    together = Groups(np.zeros(count, np.int64), np.ones(count, np.bool_))
    found = find_passages_in(tokens, words, together, all_of, config)
    assert figures(found, 0) == figures(wanted, 0)
    rows = []
    for head in range(count - 1):
        own = np.arange(head, count)
        part = tokenise_texts(texts_from_strings([texts[row] for row in own]))
        here = {}
        for kind in KINDS:
            here[kind] = left_out_of([(r - head, v) for r, v in left_out[kind] if r >= head])
        low = tokens.bounds[head]
        classed = type(words)(words.classes[low:], words.weights[low:], words.languages[own])
        groups = Groups(np.zeros(len(own), np.int64), own == head)
        found = find_passages_in(part, classed, groups, here, config)
        rows += figures(found, head)
    assert rows == figures(wanted, 0)


def test_documents_of_two_groups_do_not_meet():
    config = Config(find=("passages",), passage_min_tokens=6)
    texts = articles(3, 10)
    tokens = tokenise_texts(texts_from_strings(texts * 2))
    words = classify(tokens)
    none = dict.fromkeys(KINDS, left_out_of([]))
    firsts = np.ones(20, np.bool_)
    firsts[12] = False
    groups = Groups(np.repeat([9, 4], 10), firsts)
    found = find_passages_in(tokens, words, groups, none, config)
    assert (found.a // 10 == found.b // 10).all()
    one, two = (figures(found, -10 * k) for k in range(2))
    one = [row for row in one if row[0] < 10 and row[0] != 2]
    assert len(one) > 3
    assert one == [row for row in two if row[0] >= 0]
    assert any(row[0] == 2 for row in figures(found, 0))


@pytest.mark.parametrize("kind", KINDS)
def test_shared_seeds_are_those_that_occur_again(kind):
    tokens = tokenise_texts(texts_from_strings(articles(5, 12)))
    given = kind, tokens, classify(tokens), Config()
    every, some = seeds_of(*given), seeds_of(*given, shared=True)
    _, place, counts = np.unique(every.values, return_inverse=True, return_counts=True)
    of_all, rows = (
        list(zip(*(part.tolist() for part in each), strict=True)) for each in (every, some)
    )
    again = {row for row, count in zip(of_all, counts[place].tolist(), strict=True) if count > 1}
    assert again <= set(rows) <= set(of_all)
    assert len(again) <= len(rows) < len(of_all)
    assert rows == sorted(rows, key=lambda row: row[1:])
    empty = tokenise_texts(texts_from_strings(["", "one"]))
    assert len(seeds_of(kind, empty, classify(empty), Config(), shared=True).values) == 0


def left_out_of(some):
    docs, values = zip(*some, strict=True) if some else ((), ())
    return LeftOut(np.array(docs, np.int64), np.array(values, np.uint64))


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
