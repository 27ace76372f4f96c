"""Passages of pairs by themselves: those that a scan of all documents finds."""

from __future__ import annotations

import itertools
import random
from collections import defaultdict

import numpy as np
import pytest

from dedup.config import Config
from dedup.core.arrays import texts_from_strings
from dedup.kernels.matched import Matched
from dedup.passages.find import find_passages
from dedup.passages.pairwise import (
    KINDS,
    find_passages_of,
    first_places,
    matches_of,
    promising,
    seeds_of,
)
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
    """Some documents at a time, with what they match in."""
    config = Config(find=("passages",), passage_max_documents=most, passage_min_tokens=6)
    texts = articles(most, 14)
    tokens = tokenise_texts(texts_from_strings(texts))
    words = classify(tokens)
    count = len(texts)
    wanted = find_passages(tokens, words, config, included=np.ones(count, np.bool_))
    assert len(wanted) > 3
    pairs, sizes, matches = matched_in(tokens, words, config)
    bounds = np.cumsum([0, *sizes])
    some = np.flatnonzero(promising(bounds, matches, config))
    assert len(some) < len(pairs)
    given = [(pairs[k], matches[bounds[k] : bounds[k + 1]]) for k in some]
    found = find_passages_of(tokens, words, put_together(given, 0), config)
    assert figures(found, 0) == figures(wanted, 0)
    assert found.pairs.tolist() == wanted.pairs.tolist()
    rows = []
    for head in range(count - 1):
        own = np.arange(head, count)
        part = tokenise_texts(texts_from_strings([texts[row] for row in own]))
        low = tokens.bounds[head]
        classed = type(words)(words.classes[low:], words.weights[low:], words.languages[own])
        here = put_together([each for each in given if each[0][0] == head], head)
        rows += figures(find_passages_of(part, classed, here, config), head)
    assert rows == figures(wanted, 0)


def put_together(given, low):
    """Return pairs and their matches, of documents from some row on."""
    pairs = np.array([pair for pair, _ in given], np.int64).reshape(-1, 2) - low
    bounds = np.cumsum([0, *(len(some) for _, some in given)])
    return Matched(pairs, bounds, np.concatenate([np.zeros(0, np.int64), *(m for _, m in given)]))


def matched_in(tokens, words, config):
    """Return all pairs, how much each matches in, and in what: in no order inside of a pair."""
    order = np.lexsort((np.arange(len(tokens)), mixed_sums(tokens))).tolist()
    assert order == ranked(tokens, np.ones(len(tokens), np.bool_)).tolist()
    found = defaultdict(list)
    for kind in KINDS:
        seeds, holders = seeds_of(kind, tokens, words, config), defaultdict(dict)
        some, _ = first_places(seeds)
        for value, row, place in zip(*(each[some].tolist() for each in seeds), strict=True):
            holders[value].setdefault(row, []).append(place)
        for own in holders.values():
            kept = sorted(sorted(own, key=order.index)[: config.passage_max_documents])
            for a, b in itertools.combinations(kept, 2):
                found[a, b] += [(kind, i, j) for i in own[a] for j in own[b]]
    pairs = sorted(found)
    drawn = random.Random(1)
    mixed = [each for pair in pairs for each in drawn.sample(found[pair], len(found[pair]))]
    return pairs, [len(found[pair]) for pair in pairs], matches_of(*np.array(mixed).T)


@pytest.mark.parametrize("kind", KINDS)
def test_the_first_places_of_a_seed_count(kind):
    """Eight in a document; the last of them tells of the others."""
    texts = [*articles(5, 12), "Harbour bridge closed again. " * 30, "", "one"]
    tokens = tokenise_texts(texts_from_strings(texts))
    seeds = seeds_of(kind, tokens, classify(tokens), Config())
    some, rest = first_places(seeds)
    assert some.tolist() == sorted(some.tolist())
    places = defaultdict(list)
    for value, row, place in zip(*(each.tolist() for each in seeds), strict=True):
        places[row, value].append(place)
    assert max(map(len, places.values())) > 20
    wanted = {}
    for own, all_ in places.items():
        wanted |= {(*own, place): 0 for place in all_[:8]}
        wanted[(*own, all_[:8][-1])] = max(len(all_) - 8, 0)
    columns = (seeds.rows, seeds.values, seeds.places)
    rows = zip(*(each[some].tolist() for each in columns), strict=True)
    assert dict(zip(rows, rest.tolist(), strict=True)) == wanted


def figures(found, low):
    columns = (found.a + low, found.b + low, found.tokens, found.scores, found.densities)
    rows = zip(*(c.tolist() for c in columns), found.levels.tolist(), strict=True)
    return [(*row, *span) for row, span in zip(rows, found.spans.tolist(), strict=True)]


def test_no_documents_have_no_seeds():
    tokens = tokenise_texts(texts_from_strings([]))
    config = Config()
    for kind in KINDS:
        seeds = seeds_of(kind, tokens, classify(tokens), config)
        assert [len(each) for each in (*seeds, *first_places(seeds))] == [0] * 5
    assert len(mixed_sums(tokens)) == 0
    assert len(promising(np.zeros(1, np.int64), np.zeros(0, np.int64), config)) == 0
