"""Bands from a threshold and a recall, and the candidate pairs that share a bucket."""

from __future__ import annotations

import itertools
import math
from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from naive import naive_shared
from strategies import ragged, rows_of_hashes

from dedup.config import Config
from dedup.errors import ConfigError
from dedup.kernels import buckets as kernel
from dedup.kernels import sets
from dedup.similarity.lsh import (
    BUCKET,
    LEADERS,
    band_keys,
    bands_and_rows,
    bucket_pairs,
    collision_probability,
)
from dedup.similarity.minhash import sign_shingles
from dedup.text.shingles import Shingles

# Bands and rows.


def collides(similarity, bands, rows):
    """Return the chance of a common bucket, as one minus the chance that every band differs."""
    return 1 - math.prod(1 - similarity**rows for _ in range(bands))


@settings(max_examples=100)
@given(st.integers(2, 64), st.floats(0.05, 1), st.floats(0.5, 0.9999))
def test_bands_have_the_most_rows_that_the_recall_allows(num_perm, threshold, recall):
    able = [
        rows
        for rows in range(1, num_perm + 1)
        for bands in range(1, num_perm // rows + 1)
        if collides(threshold, bands, rows) >= recall
    ]
    config = Config(num_perm=num_perm, threshold=threshold, recall=recall)
    if able:
        bands, rows = bands_and_rows(config)
        assert rows == max(able)
        assert bands == num_perm // rows
        assert collision_probability(threshold, bands, rows) >= recall
    else:
        with pytest.raises(ConfigError):
            bands_and_rows(config)


def test_a_recall_out_of_reach_is_refused_and_says_what_can_be_reached():
    with pytest.raises(ConfigError, match=r"up to 0\.0975 at threshold 0\.05") as caught:
        bands_and_rows(Config(num_perm=2, threshold=0.05))
    assert caught.value.field == "recall"


def test_bands_that_are_given_are_taken():
    assert bands_and_rows(Config(bands=7, rows=3)) == (7, 3)
    assert bands_and_rows(Config(threshold=0.05, num_perm=2, bands=2, rows=1)) == (2, 1)


@given(st.floats(0, 1), st.integers(1, 40), st.integers(1, 40))
def test_the_curve_is_the_chance_of_one_equal_band(similarity, bands, rows):
    got = collision_probability(similarity, bands, rows)
    assert got == pytest.approx(collides(similarity, bands, rows), abs=1e-9)


def test_the_curve_climbs_from_none_to_all():
    heights = [collision_probability(k / 20, 25, 5) for k in range(21)]
    assert heights == sorted(heights)
    assert (heights[0], heights[-1]) == (0, 1)
    assert heights[6] < 0.06  # Jaccard .3
    assert 0.98 < heights[14] < 0.99  # Jaccard .7: a little less than is promised, so not chosen
    assert bands_and_rows(Config()) == (32, 4)


# Candidate pairs.


def naive_candidates(signatures, among, bands, rows):
    """Return the pairs that agree in all rows of some band."""
    return [
        [x, y]
        for x, y in itertools.combinations(among, 2)
        if any(
            np.array_equal(signatures[x, low : low + rows], signatures[y, low : low + rows])
            for low in range(0, bands * rows, rows)
        )
    ]


def candidate_pairs(signatures, config, *, among):
    """Return the pairs of a bucket of the rows ``among``, and the crowded buckets."""
    return bucket_pairs(band_keys(signatures[among], config), among, len(signatures))


@settings(max_examples=150)
@given(st.data())
def test_candidates_are_the_pairs_that_share_a_band(data):
    bands, rows = data.draw(st.sampled_from([(1, 1), (1, 4), (2, 2), (3, 2), (5, 1)]))
    documents = data.draw(st.integers(0, 9))
    values = st.sampled_from([0, 1, 2**31, 2**32 - 1])
    width = bands * rows + 1  # the last value stands in no band
    drawn = st.lists(values, min_size=width * documents, max_size=width * documents)
    signatures = np.array(data.draw(drawn), np.uint32).reshape(documents, width)
    chosen = data.draw(st.lists(st.booleans(), min_size=documents, max_size=documents))
    among = np.flatnonzero(np.array(chosen, np.bool_))
    config = Config(num_perm=width, bands=bands, rows=rows)
    pairs, oversized = candidate_pairs(signatures, config, among=among)
    assert pairs.tolist() == naive_candidates(signatures, among.tolist(), bands, rows)
    assert oversized == 0


def test_bands_with_the_same_values_are_different_buckets():
    """A value in band 0 of one and in band 1 of another is no agreement."""
    signatures = np.array([[5, 6], [7, 5]], np.uint32)
    config = Config(num_perm=2, bands=2, rows=1)
    pairs, _ = candidate_pairs(signatures, config, among=np.arange(2))
    assert pairs.tolist() == []
    keys = np.empty((2, 2), np.uint64)
    for band in range(2):
        kernel.band_keys(np.array([[5, 5], [6, 6]], np.uint32), band, 1, keys[band])
    assert len(np.unique(keys)) == 4


@pytest.mark.parametrize("documents", [0, 1])
def test_too_few_documents_have_no_candidates(documents):
    signatures = np.zeros((documents, 128), np.uint32)
    pairs, oversized = candidate_pairs(signatures, Config(), among=np.arange(documents))
    assert (pairs.shape, oversized) == ((0, 2), 0)
    pairs, oversized = candidate_pairs(np.zeros((5, 128), np.uint32), Config(), among=np.arange(0))
    assert (pairs.shape, oversized) == ((0, 2), 0)


def test_a_bucket_that_is_not_crowded_gives_all_pairs():
    config = Config(num_perm=4, bands=2, rows=2)
    signatures = np.zeros((BUCKET, 4), np.uint32)
    pairs, oversized = candidate_pairs(signatures, config, among=np.arange(BUCKET))
    assert (len(pairs), oversized) == (BUCKET * (BUCKET - 1) // 2, 0)


def test_one_more_document_makes_a_bucket_crowded():
    config = Config(num_perm=4, bands=2, rows=2)
    signatures = np.zeros((BUCKET + 1, 4), np.uint32)
    pairs, oversized = candidate_pairs(signatures, config, among=np.arange(BUCKET + 1))
    assert oversized == 2  # one a band
    wanted = [(x, y) for x in range(LEADERS) for y in range(x + 1, BUCKET + 1)]
    assert pairs.tolist() == [list(pair) for pair in wanted]


def test_oversized_buckets_take_linear_work():
    """All pairs of this bucket would be over a thousand million."""
    count = 50_000
    signatures = np.zeros((count, 2), np.uint32)
    config = Config(num_perm=2, bands=2, rows=1)
    pairs, oversized = candidate_pairs(signatures, config, among=np.arange(count))
    assert oversized == 2
    leaders = kernel.leaders_of(count, BUCKET, LEADERS)
    assert leaders == 4
    assert len(pairs) == leaders * count - leaders * (leaders + 1) // 2
    assert set(pairs[:, 0].tolist()) == set(range(leaders))
    assert len(np.unique(pairs[:, 1])) == count - 1  # every document has a pair


def test_leaders_grow_fewer_in_very_large_buckets():
    sizes = (1, 100, 101, 10_000, 10_001, 40_004, 160_016, 10**6, 10**9)
    assert [kernel.leaders_of(size, BUCKET, LEADERS) for size in sizes] == [
        *(1, 100, 16, 16, 8, 4, 2, 1, 1)
    ]


@settings(max_examples=100)
@given(st.lists(st.integers(0, 5), max_size=40), st.integers(1, 6), st.data())
def test_bucket_pairs(raw, most, data):
    leaders = data.draw(st.integers(1, most))
    keys = np.array(raw, np.uint64) * np.uint64(2**62)
    docs = np.arange(10, 10 + len(keys), dtype=np.int64)
    wanted, over = [], 0
    for key in {each % 4 for each in raw}:
        bucket = [int(docs[k]) for k in range(len(keys)) if raw[k] % 4 == key]
        firsts = bucket if len(bucket) <= most else bucket[:leaders]  # none is very large
        over += len(bucket) > most
        wanted += [[x, y] for x in firsts for y in bucket if x < y]
    slots, groups, sizes = (np.empty(size, np.int64) for size in (128, len(keys), len(keys)))
    members, bounds = np.empty(len(keys), np.int64), np.empty(len(keys) // 2 + 2, np.int64)
    made = kernel.group_keys(keys, slots, groups, sizes)
    assert sizes[:made].tolist() == list(Counter(keys.tolist()).values())
    buckets = kernel.gather_buckets(groups, sizes, made, members, bounds)
    pairs, oversized = kernel.count_bucket_pairs(bounds, buckets, most, leaders)
    assert (pairs, oversized) == (len(wanted), over)
    table = np.full(4096, -1, np.int64)
    for new in (len(wanted), 0):  # a second time they are all in
        shared = kernel.Buckets(members, bounds[: buckets + 1])
        added = kernel.add_bucket_pairs(shared, docs, np.int64(100), most, leaders, table)
        assert added == new
    moved = np.full(8192, -1, np.int64)
    kernel.move_pairs(table, moved)
    for held in (table, moved):
        assert sorted(held[held >= 0].tolist()) == sorted(x * 100 + y for x, y in wanted)


@settings(max_examples=100)
@given(st.lists(st.tuples(st.sampled_from([0, 1, 2**63]), st.integers(0, 2)), max_size=30))
def test_group_equal(fingerprints):
    rows = np.array(fingerprints, np.uint64).reshape(-1, 2)
    first = np.array([-1 if two == 2 else 0 for _, two in fingerprints], np.int64)
    kernel.group_equal(rows, first, np.full(64, -1, np.int64))
    assert first.tolist() == [
        k if each[1] == 2 else fingerprints.index(each) for k, each in enumerate(fingerprints)
    ]


@settings(max_examples=100)
@given(rows_of_hashes)
def test_common_values(rows):
    distinct = [list(dict.fromkeys(row)) for row in rows]
    values, offsets = ragged(distinct)
    pairs = np.array(list(itertools.product(range(len(rows)), repeat=2)), np.int64).reshape(-1, 2)
    out = np.empty(len(pairs), np.int64)
    sets.count_common(values, offsets, pairs, out)
    assert out.tolist() == [naive_shared(rows[x], rows[y]) for x, y in pairs.tolist()]


# What is promised is found.


def planted(similarity, pairs, seed):
    """Return the shingles of pairs of documents with that Jaccard similarity, and it exactly."""
    union = 200
    common = round(similarity * union)
    random = np.random.default_rng(seed)
    rows = []
    for _ in range(pairs):
        values = random.integers(0, 2**64, union, np.uint64)
        split = common + (union - common) // 2
        rows += [values[:split], np.concatenate([values[:common], values[split:]])]
    ordered = [np.sort(row) for row in rows]
    offsets = np.concatenate([[0], np.cumsum([len(row) for row in ordered])])
    return Shingles(np.concatenate(ordered), offsets), common / union


def found_share(shingles, config):
    """Return the share of the planted pairs (0, 1), (2, 3), … among the candidates."""
    count = len(shingles.offsets) - 1
    signatures = sign_shingles(shingles, config)
    pairs, _ = candidate_pairs(signatures, config, among=np.arange(count))
    planted_ones = {(x, x + 1) for x in range(0, count, 2)}
    return len(planted_ones & set(map(tuple, pairs.tolist()))) / len(planted_ones)


@pytest.mark.parametrize(
    "config",
    [Config(), Config(threshold=0.5), Config(threshold=0.9, recall=0.95), Config(seed=77)],
    ids=["default", "threshold .5", "threshold .9", "seed 77"],
)
def test_pairs_at_the_threshold_are_offered_as_promised(config):
    pairs = 2_000
    shingles, exact = planted(config.threshold, pairs, seed=5)
    assert exact == config.threshold
    margin = 4 * math.sqrt(config.recall * (1 - config.recall) / pairs)
    assert found_share(shingles, config) >= config.recall - margin


@pytest.mark.parametrize("similarity", [0.2, 0.3, 0.4, 0.5, 0.6])
def test_pairs_below_it_are_offered_as_the_curve_says(similarity):
    pairs = 2_000
    shingles, exact = planted(similarity, pairs, seed=6)
    expected = collision_probability(exact, *bands_and_rows(Config()))
    margin = 4 * math.sqrt(expected * (1 - expected) / pairs) + 1e-9
    assert abs(found_share(shingles, Config()) - expected) <= margin


def test_unrelated_documents_are_hardly_ever_offered():
    shingles, _ = planted(0.0, 1_000, seed=7)
    pairs, _ = candidate_pairs(sign_shingles(shingles, Config()), Config(), among=np.arange(2_000))
    assert len(pairs) == 0
