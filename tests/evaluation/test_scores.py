"""Scores of clusters, pairs and passages against their naive twins."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from naive import naive_ari, naive_pair_counts, naive_plagdet

from dedup.evaluation import cluster_scores, pair_scores, passage_scores

IDS = "abcdefgh"

partitions = st.dictionaries(st.sampled_from(IDS), st.sampled_from("123"))


@st.composite
def cases_of_a_pair(draw):
    numbers = st.tuples(
        st.integers(0, 12), st.integers(1, 6), st.integers(0, 12), st.integers(1, 6)
    )
    rows = draw(st.lists(numbers, max_size=4))
    return [(a, a + len_a, b, b + len_b) for a, len_a, b, len_b in rows]


case_maps = st.dictionaries(
    st.sampled_from([("a", "b"), ("a", "c"), ("b", "c")]), cases_of_a_pair()
)


def arrays(rows_by_pair):
    return {
        pair: np.array(rows, np.int64).reshape(len(rows), 4) for pair, rows in rows_by_pair.items()
    }


# Clusters


@given(predicted=partitions, truth=partitions)
def test_cluster_scores_equal_the_pairs_counted_one_by_one(predicted, truth):
    scores = cluster_scores(predicted, truth)
    counts = scores.pairs_both, scores.pairs_predicted, scores.pairs_true
    assert counts == naive_pair_counts(predicted, truth)
    assert scores.ari == pytest.approx(naive_ari(predicted, truth))
    assert scores.missing == len(truth.keys() - predicted.keys())
    assert scores.extra == len(predicted.keys() - truth.keys())
    assert scores.n == len(truth)


@given(first=partitions)
def test_equal_partitions_agree_fully_whatever_the_names(first):
    renamed = {doc: f"cluster {name}" for doc, name in first.items()}
    scores = cluster_scores(renamed, first)
    assert (scores.precision, scores.recall, scores.f1, scores.ari) == (1, 1, 1, 1)


def test_cluster_scores_of_a_known_example():
    truth = dict(zip("abcdef", "111222", strict=True))
    scores = cluster_scores(dict(zip("abcdef", "112233", strict=True)), truth)
    assert (scores.pairs_both, scores.pairs_predicted, scores.pairs_true) == (2, 3, 6)
    assert scores.precision == pytest.approx(2 / 3)
    assert scores.recall == pytest.approx(1 / 3)
    # The textbook example of two threes against three twos: (2 - 1.2) / (4.5 - 1.2).
    assert scores.ari == pytest.approx(0.8 / 3.3)


def test_clusters_at_the_edges():
    alone = cluster_scores({"a": "1", "b": "2"}, {"a": "x", "b": "x"})
    assert (alone.precision, alone.recall, alone.f1, alone.ari) == (1, 0, 0, 0)
    merged = cluster_scores({"a": "1", "b": "1"}, {"a": "x", "b": "y"})
    assert (merged.precision, merged.recall, merged.f1, merged.ari) == (0, 1, 0, 0)
    nothing = cluster_scores({}, {})
    assert (nothing.n, nothing.precision, nothing.recall, nothing.ari) == (0, 1, 1, 1)


def test_a_cluster_of_a_million_documents_is_counted_exactly():
    count = 1_000_000
    everything = {str(number): "one" for number in range(count)}
    halves = {name: str(int(name) % 2) for name in everything}
    scores = cluster_scores(everything, halves)
    assert scores.pairs_predicted == math.comb(count, 2)
    assert scores.pairs_both == scores.pairs_true == 2 * math.comb(count // 2, 2)
    assert all(type(number) is int for number in (scores.pairs_both, scores.pairs_predicted))
    assert scores.ari == 0


def test_a_missing_document_is_a_cluster_of_one():
    scores = cluster_scores(
        {"a": "1", "b": "1", "z": "1"}, {"a": "x", "b": "x", "c": "x", "d": "x"}
    )
    assert (scores.missing, scores.extra) == (2, 1)
    assert (scores.pairs_both, scores.pairs_predicted, scores.pairs_true) == (1, 1, 6)


# Pairs

letters = st.sampled_from("abcd")

doc_pairs = st.tuples(letters, letters).filter(lambda pair: pair[0] < pair[1])


@given(
    clusters=st.dictionaries(letters, st.sampled_from("12")),
    truth=st.dictionaries(doc_pairs, st.booleans()),
    only_listed=st.booleans(),
)
def test_a_map_of_clusters_stands_for_the_pairs_inside_them(clusters, truth, only_listed):
    pairs = {(a, b) for a in clusters for b in clusters if a < b and clusters[a] == clusters[b]}
    scores = pair_scores(clusters, truth, only_listed=only_listed)
    assert scores == pair_scores(pairs, truth, only_listed=only_listed)
    true = {pair for pair, is_pair in truth.items() if is_pair}
    assert scores.pairs_both == len(pairs & true)
    assert scores.pairs_predicted == len(pairs & truth.keys() if only_listed else pairs)
    assert scores.false_listed == len(pairs & (truth.keys() - true))
    assert scores.unlisted == len(pairs - truth.keys())


def test_pairs_match_in_either_order():
    assert pair_scores([("b", "a"), ("a", "b")], {("a", "b"): True}).precision == 1
    assert pair_scores([("a", "b")], {("b", "a"): True}).recall == 1


def test_unlisted_pairs_count_as_false_unless_left_out():
    truth = {("a", "b"): True, ("a", "c"): False}
    predicted = {("a", "b"), ("a", "c"), ("x", "y")}
    assert pair_scores(predicted, truth).precision == pytest.approx(1 / 3)
    assert pair_scores(predicted, truth, only_listed=True).precision == pytest.approx(1 / 2)
    assert pair_scores([], {("a", "b"): False}).precision == 1


# Passages


@given(detections=case_maps, cases=case_maps)
def test_passage_scores_equal_the_measure_on_character_sets(detections, cases):
    scores = passage_scores(arrays(detections), arrays(cases))
    got = scores.plagdet, scores.precision, scores.recall, scores.granularity
    assert got == pytest.approx(naive_plagdet(detections, cases))
    assert scores.pairs == len(cases)
    outside = sum(len(rows) for pair, rows in detections.items() if pair not in cases)
    assert scores.outside_listed_pairs == outside
    assert scores.detections == sum(map(len, detections.values())) - outside


@given(cases=case_maps)
def test_detections_equal_to_disjoint_cases_are_perfect(cases):
    apart = {
        pair: [
            (50 * i + a, 50 * i + b, 50 * i + c, 50 * i + d) for i, (a, b, c, d) in enumerate(rows)
        ]
        for pair, rows in cases.items()
    }
    assert passage_scores(arrays(apart), arrays(apart)).plagdet == pytest.approx(1)


def test_passage_scores_of_a_known_example():
    case = {("a", "b"): [(0, 100, 1000, 1100)]}
    halves = {("a", "b"): [(0, 50, 1000, 1050), (50, 120, 1050, 1080)]}
    scores = passage_scores(arrays(halves), arrays(case))
    assert scores.recall == pytest.approx((100 + 80) / 200)
    assert scores.precision == pytest.approx((1 + (50 + 30) / 100) / 2)
    assert scores.granularity == 2
    assert scores.plagdet == pytest.approx(0.9 / math.log2(3))
    assert (scores.cases_detected, scores.detections_true) == (1, 2)


def test_overlap_on_one_side_only_detects_nothing():
    case = {("a", "b"): [(0, 100, 0, 100)]}
    for detection in [(0, 100, 100, 200), (100, 200, 0, 100)]:
        scores = passage_scores(arrays({("a", "b"): [detection]}), arrays(case))
        assert (scores.precision, scores.recall, scores.plagdet) == (0, 0, 0)


def test_passages_at_the_edges():
    nothing = passage_scores({}, arrays({("a", "b"): []}))
    assert (nothing.plagdet, nothing.granularity, nothing.pairs_without_cases) == (1, 1, 1)
    missed = passage_scores({}, arrays({("a", "b"): [(0, 5, 0, 5)]}))
    assert (missed.precision, missed.recall, missed.plagdet) == (1, 0, 0)
    invented = passage_scores(arrays({("a", "b"): [(0, 5, 0, 5)]}), arrays({("a", "b"): []}))
    assert (invented.precision, invented.recall, invented.plagdet) == (0, 1, 0)
    assert invented.pairs_without_cases_detected == 1
