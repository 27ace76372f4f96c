"""Clusters are stars around a canonical: who joins whom, against a plain walk."""

from __future__ import annotations

import itertools
from collections import Counter

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from naive_order import candidates, naive_order

from dedup.clusters.stars import cluster_pairs, components
from dedup.config import LIKE, Config
from dedup.similarity.relations import DERIVED, EXCERPT, NEAR_DUPLICATE, SHARES_PASSAGE, Pairs


def pairs_of(*edges):
    """Make pairs of (a, b, relation, share of a in b, share of b in a)."""
    rows = [(a, b, kind, 0, 0, 0, 0, 0, one, two) for a, b, kind, one, two in sorted(edges)]
    kinds = [np.int64] * 3 + [np.float64] * 4 + [np.int64] + [np.float64] * 2
    columns = zip(*rows, strict=True) if rows else [()] * 10
    return Pairs(*(np.array(each, kind) for each, kind in zip(columns, kinds, strict=True)))


def near(a, b, share=0.9):
    return (a, b, NEAR_DUPLICATE, share, share)


def clustered(edges, documents, **settings):
    pairs = pairs_of(*edges)
    clusters = cluster_pairs(pairs, documents, Config(**settings))
    check(clusters, pairs)
    return clusters.leaders.tolist()


def check(clusters, pairs):
    """Every member is joined to its leader by a pair of its own; leaders lead themselves."""
    leaders = clusters.leaders.tolist()
    for row, leader in enumerate(leaders):
        edge = clusters.pairs[row]
        assert leaders[leader] == leader
        assert (edge < 0) == (row == leader)
        if row != leader:
            assert {int(pairs.a[edge]), int(pairs.b[edge])} == {row, leader}


def test_no_pairs_leave_everyone_alone():
    assert clustered([], candidates(3)) == [0, 1, 2]
    assert clustered([], candidates(0)) == []


def test_a_chain_does_not_join_its_ends():
    """A~B and B~C, but not A~C: whoever leads, A and C are together only under B."""
    edges = [near(0, 1), near(1, 2)]
    assert clustered(edges, candidates(3, lengths=[300, 200, 100]), canonical="longest") == [
        *(0, 0, 2)
    ]
    assert clustered(edges, candidates(3, lengths=[200, 300, 100]), canonical="longest") == [
        *(1, 1, 1)
    ]


def test_a_long_chain_falls_into_stars():
    edges = [near(k, k + 1) for k in range(5)]
    found = clustered(edges, candidates(6, lengths=[60, 50, 40, 30, 20, 10]), canonical="longest")
    assert found == [0, 0, 2, 2, 4, 4]


def test_a_member_moves_to_the_leader_in_which_more_of_it_stands():
    edges = [near(0, 1, 0.72), near(1, 2, 0.98), near(2, 3, 0.9)]
    documents = candidates(4, lengths=[400, 100, 300, 100])
    assert clustered(edges, documents, canonical="longest") == [0, 2, 2, 2]


def test_a_small_difference_leaves_it_with_the_earlier_leader():
    edges = [near(0, 1, 0.91), near(1, 2, 0.94), near(2, 3, 0.9)]
    documents = candidates(4, lengths=[400, 100, 300, 100])
    assert clustered(edges, documents, canonical="longest") == [0, 0, 2, 2]


def test_between_equals_it_moves_to_the_one_earlier_in_canonical_order():
    """Row 3 is taken by 0; it stands as much in 1 as in 2, which lead 4 and 5."""
    edges = [near(0, 3, 0.72), near(1, 3, 0.98), near(2, 3, 0.98), near(1, 4), near(2, 5)]
    documents = candidates(6, lengths=[400, 200, 300, 100, 100, 100])
    assert clustered(edges, documents, canonical="longest") == [0, 1, 2, 2, 1, 2]


def test_the_share_of_the_member_decides_not_that_of_the_leader():
    edges = [
        (0, 1, EXCERPT, 0.99, 0.72),
        (1, 2, EXCERPT, 0.95, 0.3),
        (2, 3, NEAR_DUPLICATE, 0.9, 0.9),
    ]
    documents = candidates(4, lengths=[400, 100, 300, 100])
    assert clustered(edges, documents, canonical="longest") == [0, 2, 2, 2]


def test_only_the_relations_asked_for_join():
    edges = [near(0, 1), (2, 3, EXCERPT, 0.2, 1), (4, 5, DERIVED, 0.4, 0.4)]
    edges += [(6, 7, SHARES_PASSAGE, 0.1, 0.1)]
    documents = candidates(8)
    assert clustered(edges, documents) == [0, 0, 2, 2, 4, 5, 6, 7]
    assert clustered(edges, documents, cluster_on=("excerpt",)) == [0, 1, 2, 2, 4, 5, 6, 7]
    assert clustered(edges, documents, cluster_on=("exact",)) == [*range(8)]
    assert clustered(edges, documents, cluster_on=LIKE) == [0, 0, 2, 2, 4, 4, 6, 6]


def test_the_document_that_holds_most_of_the_others_leads():
    """Row 2 holds all of its two neighbours, which hold half of it."""
    edges = [(0, 2, NEAR_DUPLICATE, 1.0, 0.6), (1, 2, NEAR_DUPLICATE, 1.0, 0.6)]
    assert clustered(edges, candidates(3)) == [2, 2, 2]


def naive_stars(edges, order, count):
    """Walk the documents in order; then let each member go where a tenth more of it stands."""
    share = {}
    for a, b, _, of_a, of_b in edges:
        share[a, b], share[b, a] = of_a, of_b
    leaders = list(range(count))
    free = set(range(count))
    for doc in order:
        if doc in free:
            taken = {other for other in free - {doc} if (doc, other) in share}
            for other in taken:
                leaders[other] = doc
            free -= {doc, *taken}
    position = {doc: k for k, doc in enumerate(order)}
    real = {leader for row, leader in enumerate(leaders) if row != leader}
    moved = list(leaders)
    for row in range(count):
        if leaders[row] != row:
            near_ones = [leader for leader in real if (row, leader) in share]
            stay = leaders[row]
            moved[row] = max(
                near_ones, key=lambda x: (share[row, x] + 0.1 * (x == stay), -position[x])
            )
    return moved


@settings(max_examples=200)
@given(st.data())
def test_stars_are_those_of_a_plain_walk(data):
    count = data.draw(st.integers(0, 9))
    every = list(itertools.combinations(range(count), 2))
    chosen = data.draw(st.lists(st.sampled_from(every), unique=True)) if every else []
    shares = st.sampled_from([0.3, 0.7, 0.78, 0.92, 1.0])
    edges = [(a, b, NEAR_DUPLICATE, data.draw(shares), data.draw(shares)) for a, b in chosen]
    lengths = data.draw(st.lists(st.integers(1, 4), min_size=count, max_size=count))
    documents = candidates(count, lengths=lengths)
    found = clustered(edges, documents, canonical="longest")

    core = core_of(edges, count)
    order = naive_order(documents, "longest", core)
    assert found == naive_stars(edges, order, count)


def core_of(edges, count):
    """Return how much of those it is connected with stands in each, on average."""
    groups = components(
        *(np.array([edge[side] for edge in edges], np.int64) for side in (0, 1)), count
    )
    sizes = Counter(groups.tolist())
    core = np.zeros(count)
    for a, b, _, of_a, of_b in edges:
        core[a] += of_b
        core[b] += of_a
    return core / np.array([max(sizes[group] - 1, 1) for group in groups.tolist()] or [1])[:count]


@settings(max_examples=100)
@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), max_size=12))
def test_components_by_repeated_union(edges):
    sets = [{k} for k in range(10)]
    for one, two in edges:
        joined = sets[one] | sets[two]
        for k in joined:
            sets[k] = joined
    a, b = np.array(edges, np.int64).reshape(-1, 2).T
    assert components(a, b, 10).tolist() == [min(each) for each in sets]


def test_a_chain_of_many_is_walked_in_no_time():
    """A recursion, or a walk from each to the root, would not come back."""
    count = 200_000
    rows = np.arange(count)
    assert set(components(rows[1:], rows[:-1], count).tolist()) == {0}
    assert set(components(rows[:-1][::-1], rows[1:][::-1], count).tolist()) == {0}
