"""Chains of seeds: kernels against their twins, and at every limit."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from naive_passages import naive_chain_ends, naive_chains
from passage_texts import examples, seeds_of

from dedup.kernels import align, pieces
from dedup.kernels.sides import Seeds


@st.composite
def matches(draw):
    """Draw matches in order: pieces of diagonals, and strays."""
    found = set()
    for _ in range(draw(st.integers(0, 4))):
        i, j, length = (draw(st.integers(0, high)) for high in (30, 30, 8))
        found |= {(i + k, j + k) for k in range(length)}
    found |= set(draw(st.lists(st.tuples(st.integers(0, 40), st.integers(0, 40)), max_size=8)))
    return sorted(found)


@examples
@given(matches(), st.integers(2, 4))
def test_matches_are_linked_as_by_plain_search(drawn, size):
    i, j = np.array(drawn, np.int64).reshape(-1, 2).T.copy()
    best, back, last = np.empty((3, len(drawn)), np.int64)
    align.chain_matches(Seeds(i, j), size, align.Links(best, back, last))
    wanted_best, wanted_back = naive_chain_ends(drawn, size)
    assert (best.tolist(), back.tolist()) == (wanted_best, wanted_back)
    assert last.tolist() == [k not in wanted_back for k in range(len(drawn))]


@examples
@given(matches(), st.integers(2, 4))
def test_chains(drawn, size):
    i, j = np.array(drawn, np.int64).reshape(-1, 2).T.copy()
    chains, members, bounds = align.find_chains(Seeds(i, j), size)
    found = [members[bounds[k] : bounds[k + 1]].tolist() for k in range(chains)]
    assert found == naive_chains(drawn, size)
    once = [k for chain in found for k in chain]
    assert len(once) == len(set(once))


@given(st.lists(st.integers(0, 9), max_size=30))
def test_sorted_order(keys):
    got = align.sorted_order(np.array(keys, np.int64))
    assert got.tolist() == sorted(range(len(keys)), key=lambda k: keys[k])


# Limits of chains.


@pytest.mark.parametrize("size", [2, 3])
@pytest.mark.parametrize("di", [1, 2, 7, 8, 9, 10, 13, 14, 15, 16])
@pytest.mark.parametrize("dj", [1, 2, 5, 6, 7, 8, 13, 14, 15, 16])
def test_how_far_seeds_of_a_chain_stand_apart(size, di, dj):
    drawn = [(0, 0), (di, dj)]
    chains, _, _ = align.find_chains(seeds_of(drawn), size)
    assert chains == len(naive_chains(drawn, size))
    links = align.Links(*np.empty((3, 2), np.int64))
    align.chain_matches(seeds_of(drawn), size, links)
    assert align.has_chain(links.back) == (chains > 0)
    assert pieces.has_link(seeds_of(drawn), 0, 2, size) == (chains > 0)
