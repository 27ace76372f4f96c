"""Postings in memory against lists of all articles."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from dedup.index.buckets import Buckets
from dedup.index.store import BUCKET

articles = st.lists(st.sets(st.integers(0, 12), max_size=6), max_size=90)


@given(articles, st.lists(st.integers(0, 20), max_size=9))
def test_buckets_hold_the_newest_articles_of_each_key(posted, asked):
    buckets, naive = Buckets(), {}
    for number, keys in enumerate(posted):
        buckets.post(sorted(keys), number)
        for key in keys:
            naive[key] = [*naive.get(key, []), number][-BUCKET:]
    assert [[*each] for each in buckets.find(asked)] == [naive.get(key, []) for key in asked]
    assert sorted(buckets.keys()) == sorted(naive)
    assert len(buckets) == sum(map(len, naive.values()))


def test_a_bucket_is_bounded():
    buckets = Buckets()
    for number in range(3 * BUCKET):
        buckets.post([1, 100 + number], number)
    assert buckets.find([1]) == [[*range(2 * BUCKET, 3 * BUCKET)]]
    assert len(buckets) == 4 * BUCKET
    buckets.clear()
    assert not len(buckets)
    assert buckets.find([1]) == [()]
