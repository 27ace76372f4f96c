"""What another threshold would do: against plain rules, and against scans that are run."""

from __future__ import annotations

import random

import pytest
from prose import word

from dedup.api import scan
from dedup.config import Config
from dedup.report.figures.numbers import (
    figures_of,
    threshold_effect,
)
from dedup.schema import DOCUMENTS, PAIRS, rows_table


def document(doc_id, cluster, relation=None, kept=False):
    return {
        "doc_id": doc_id,
        "cluster": cluster,
        "canonical": doc_id == cluster,
        "kept": kept or doc_id == cluster,
        "relation": relation,
    }


def pair(a, b, relation, jaccard, containment=(0.8, 0.8), coverage=0.0, matched=0):
    return {
        "a": a,
        "b": b,
        "relation": relation,
        "jaccard": jaccard,
        "containment_a": containment[0],
        "containment_b": containment[1],
        "coverage": coverage,
        "matched_tokens": matched,
    }


def effect_of(documents, pairs, **settings):
    tables = rows_table(DOCUMENTS, documents), rows_table(PAIRS, pairs)
    found = threshold_effect(*tables, Config(**settings))
    counts = zip(found["least"], found["removed"], found["most"], strict=True)
    at = dict(zip(found["thresholds"], counts, strict=True))
    return found, at


def test_near_duplicates_by_jaccard_alone_go_free_above_it():
    documents = [document("a", "a"), document("b", "a", "near_duplicate")]
    pairs = [pair("a", "b", "near_duplicate", 0.72, (0.84, 0.84), 0.5, 100)]
    found, at = effect_of(documents, pairs, coverage=0.9)
    assert (at[0.72], at[0.73], at[0.0]) == ((1, 1, 1), (0, 0, 0), (1, 1, 1))
    assert (found["exact_from"], found["exact_to"]) == (0.7, 0.72)


def test_near_duplicates_by_coverage_and_excerpts_stay_removed():
    documents = [
        document("a", "a"),
        document("b", "a", "near_duplicate"),
        document("c", "a", "excerpt"),
        document("d", "a", "exact"),
    ]
    pairs = [
        pair("a", "b", "near_duplicate", 0.72, (0.84, 0.84), 0.9, 100),
        pair("a", "c", "excerpt", 0.2, (0.2, 1.0), 0.9, 100),
        pair("a", "d", "exact", 1.0, (1.0, 1.0), 1.0, 100),
    ]
    found, at = effect_of(documents, pairs)
    assert set(at.values()) == {(3, 3, 3)}
    assert found["exact_to"] == 1.0


def test_equals_of_one_that_goes_free_stay_removed():
    documents = [document("a", "a")]
    documents += [document(name, "a", "near_duplicate") for name in "bcd"]
    pairs = [pair("a", "c", "near_duplicate", 0.72, (0.84, 0.84), 0.5, 100)]
    pairs += [pair("b", "c", "exact", 1.0, (1.0, 1.0), 1.0, 150)]
    pairs += [pair("c", "d", "exact", 1.0, (1.0, 1.0), 1.0, 150)]
    _, at = effect_of(documents, pairs, coverage=0.9)
    assert (at[0.7], at[0.8]) == ((3, 3, 3), (2, 2, 2))


def test_a_short_text_may_go_free_where_its_length_is_not_known():
    documents = [document("a", "a"), document("b", "a", "near_duplicate")]
    pairs = [pair("a", "b", "near_duplicate", 0.72, (0.84, 0.84))]
    found, at = effect_of(documents, pairs, bands=20, rows=5)
    assert at[0.73] == (0, 1, 1)
    assert found["exact_to"] == 0.72
    pairs = [pair("a", "b", "near_duplicate", 0.72, (0.84, 0.84), 0.8, 30)]
    _, at = effect_of(documents, pairs, bands=20, rows=5)
    assert at[0.73] == (0, 0, 0)


def test_pairs_that_only_buckets_join_are_missed_by_fewer_of_them():
    count = 400
    documents = [
        row
        for each in range(count)
        for row in (
            document(f"a{each}", f"a{each}"),
            document(f"b{each}", f"a{each}", "near_duplicate"),
        )
    ]
    pairs = [
        pair(f"a{each}", f"b{each}", "near_duplicate", 0.86, (0.93, 0.93)) for each in range(count)
    ]
    found, at = effect_of(documents, pairs, threshold=0.8)
    low, middle, high = at[0.95]
    assert (low, high) == (0, count)
    assert 0 < middle < count
    assert found["exact_from"] == 0.8
    assert 0.8 <= found["exact_to"] < 0.86
    assert found["removed"] == sorted(found["removed"], reverse=True)


def test_known_pairs_below_the_threshold_join():
    documents = [document(name, name) for name in "abcd"]
    pairs = [
        pair("a", "b", "derived", 0.6, (0.75, 0.75), 0.6, 100),
        pair("a", "c", "derived", 0.55, (0.75, 0.7), 0.6, 100),
        pair("b", "c", "derived", 0.5, (0.75, 0.7), 0.6, 100),
        pair("c", "d", "derived", 0.4, (0.4, 0.4), 0.4, 100),  # too little of either is in both
    ]
    _, at = effect_of(documents, pairs, coverage=0.9)
    assert [at[each] for each in (0.7, 0.61, 0.6, 0.55, 0.1)] == [
        (0, 0, 0), (0, 0, 0), (0, 1, 1), (0, 2, 2), (0, 2, 2)
    ]  # fmt: skip


def test_those_that_lose_their_canonical_one_may_follow_another():
    documents = [document("a", "a"), *(document(name, "a", "near_duplicate") for name in "bcd")]
    pairs = [pair("a", name, "near_duplicate", 0.72, (0.84, 0.84), 0.5, 100) for name in "bcd"]
    pairs += [pair("b", "c", "near_duplicate", 0.9, (0.94, 0.94), 0.9, 150)]
    _, at = effect_of(documents, pairs, coverage=0.95)
    assert (at[0.72], at[0.75], at[0.95]) == ((3, 3, 3), (0, 1, 1), (0, 0, 0))


def test_of_very_many_pairs_some_thresholds_are_looked_at(monkeypatch):
    result = scan(varied_texts(2, 120), Config(find=("duplicates",)))
    tables = result.tables["documents"], result.tables["pairs"]
    every = threshold_effect(*tables, result.config)
    monkeypatch.setattr("dedup.clusters.thresholds._PAIRS", 1)
    some = threshold_effect(*tables, result.config)
    assert some["removed"][::20] == every["removed"][::20]
    assert some["removed"][70] == every["removed"][70] == removed_in(result)
    assert {**some, "removed": 0, "most": 0} == {**every, "removed": 0, "most": 0}


def test_nothing_is_clustered_nothing_changes():
    documents = [document(name, name) for name in "ab"]
    pairs = [pair("a", "b", "near_duplicate", 0.9, (0.95, 0.95), 0.9, 100)]
    for settings in ({"cluster_on": ("exact",)}, {"find": ("passages",)}):
        _, at = effect_of(documents, pairs, **settings)
        assert set(at.values()) == {(0, 0, 0)}


def test_a_threshold_between_two_steps_is_one_of_them():
    found, at = effect_of([document("a", "a")], [], threshold=0.705)
    assert 0.705 in at
    assert len(found["thresholds"]) == 102


def varied_texts(seed, count):
    """Make copies of some texts in which more and more words are other ones."""
    chance = random.Random(seed)
    words = [word(number, 4) for number in range(3000)]
    texts = []
    while len(texts) < count:
        base = [chance.choice(words) for _ in range(chance.choice([20, 80, 200]))]
        for _ in range(chance.randint(1, 5)):
            copy, share = list(base), chance.choice([0, 0.01, 0.02, 0.04, 0.06])
            for place in range(len(copy)):
                if chance.random() < share:
                    copy[place] = chance.choice(words)
            texts.append(" ".join(copy[: chance.choice([len(copy), len(copy), len(copy) // 2])]))
    return texts


def removed_in(result):
    return result.summary["documents"]["removed"]


@pytest.mark.parametrize("find", [("duplicates",), ("duplicates", "passages")])
@pytest.mark.parametrize("coverage", [0.7, 0.95])
def test_the_numbers_are_near_those_of_scans_that_are_run(find, coverage):
    texts = varied_texts(7, 250)
    settings = {"find": find, "coverage": coverage, "removable": 0.5}
    result = scan(texts, Config(**settings))
    figures = threshold_effect(result.tables["documents"], result.tables["pairs"], result.config)
    at = {
        each: numbers
        for each, *numbers in zip(
            *(figures[name] for name in ("thresholds", "least", "removed", "most")), strict=True
        )
    }
    assert at[0.7] == [removed_in(result)] * 3
    for threshold in (0.75, 0.8, 0.9, 0.98):
        again = removed_in(scan(texts, Config(**settings, threshold=threshold)))
        least, middle, most = at[threshold]
        assert least - 2 <= again <= most + 2, threshold
        assert abs(middle - again) <= 8, threshold
        if threshold <= figures["exact_to"]:
            assert again == middle
    for threshold in (0.4, 0.55, 0.65):
        again = removed_in(scan(texts, Config(**settings, threshold=threshold)))
        assert at[threshold][0] <= min(at[threshold][1], again + 2)
        assert at[threshold][1] <= again + 30  # what differs in new pairs is not known


def test_at_its_own_threshold_nothing_changes(seeds):
    for threshold in (0.3, 0.7, 0.9):
        texts = varied_texts(int(threshold * 10), 60)
        result = scan(texts, Config(threshold=threshold))
        found = figures_of(result)["threshold_effect"]
        place = found["thresholds"].index(threshold)
        counts = {found[name][place] for name in ("least", "removed", "most")}
        assert counts == {removed_in(result)}
