"""Clusters are stars around a canonical; who that is; what is removed for it and what stays."""

from __future__ import annotations

import itertools
from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from prose import (
    BAKERY,
    COMET,
    FERRY,
    LANGUAGES,
    LIBRARY,
    ORCHARD,
    PENDULUM,
    QUOTED,
    SWIMMING,
    THEATRE,
)

import dedup
from dedup.clusters.canonical import CanonicalOrder
from dedup.clusters.stars import cluster_pairs, components
from dedup.config import LIKE, Config
from dedup.similarity.relations import DERIVED, EXCERPT, NEAR_DUPLICATE, SHARES_PASSAGE, Pairs

# Canonical order.


def candidates(count, **columns):
    """Return documents that differ in nothing but what is given."""
    values = {
        "truncated": np.zeros(count, np.bool_),
        "boilerplate": np.zeros(count),
        "lengths": np.full(count, 100, np.int64),
        "dates": np.full(count, -1, np.int64),
        "priorities": np.full(count, -1, np.int64),
        "superseded": np.zeros(count, np.bool_),
    }
    for name, column in columns.items():
        values[name] = np.array(column, values[name].dtype)
    return CanonicalOrder(**values)


def naive_order(documents, policy, core):
    """Return the rows sorted by the written-down list of differences."""
    unknown = float("inf")

    def known(rank):
        return unknown if rank < 0 else rank

    def key(row):
        own = {
            "complete": (),
            "earliest": (known(documents.dates[row]),),
            "latest": (documents.dates[row] < 0, -documents.dates[row]),
            "longest": (-documents.lengths[row],),
        }.get(policy, (known(documents.priorities[row]),))
        return (
            *own,
            documents.truncated[row],
            -round(core[row] / 0.05),
            round(documents.boilerplate[row] / 0.1),
            known(documents.dates[row]),
            -documents.lengths[row],
            row,
        )

    return sorted(range(len(core)), key=key)


policies = st.sampled_from(["complete", "earliest", "latest", "longest", "priority:rank"])
ranks = st.sampled_from([-1, -1, 0, 1, 2])


@settings(max_examples=200)
@given(st.data(), policies)
def test_order_is_as_the_rules_are_written_down(data, policy):
    count = data.draw(st.integers(0, 7))

    def column(values):
        return data.draw(st.lists(values, min_size=count, max_size=count))

    shares = st.sampled_from([0.0, 0.01, 0.3, 0.31, 0.5, 1.0])
    documents = candidates(
        count,
        truncated=column(st.booleans()),
        boilerplate=column(shares),
        lengths=column(st.sampled_from([0, 10, 11])),
        dates=column(ranks),
        priorities=column(ranks),
    )
    core = np.array(column(shares), float)
    assert documents.keys(policy, core).tolist() == naive_order(documents, policy, core)


@pytest.mark.parametrize(
    ("policy", "wanted"),
    [
        ("complete", 5),  # whole, holds the core, has no furniture, is the earlier of the two
        ("earliest", 3),
        ("latest", 4),
        ("longest", 0),
        ("priority:rank", 2),
    ],
)
def test_the_first_difference_wins(policy, wanted):
    documents = candidates(
        7,
        truncated=[True, False, False, False, False, False, False],
        boilerplate=[0, 0, 0.4, 0, 0, 0, 0],
        lengths=[900, 100, 100, 100, 100, 100, 800],
        dates=[1, 1, 1, 0, 9, 2, 3],
        priorities=[3, 3, 0, -1, 3, 3, 3],
    )
    core = np.array([1.0, 0.5, 1.0, 0.5, 0.6, 1.0, 1.0])
    assert documents.keys(policy, core)[0] == wanted


def test_unknown_dates_and_priorities_come_last_and_ties_go_by_row():
    documents = candidates(4, dates=[-1, 3, -1, 3], priorities=[-1, -1, 7, 7])
    core = np.zeros(4)
    assert documents.keys("earliest", core).tolist() == [1, 3, 0, 2]
    assert documents.keys("latest", core).tolist() == [1, 3, 0, 2]
    assert documents.keys("priority:x", core).tolist() == [3, 2, 1, 0]  # then by date
    assert candidates(3).keys("complete", np.zeros(3)).tolist() == [0, 1, 2]


# Stars.


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


# In a scan.


def page(*paragraphs):
    return "\n\n".join(paragraphs)


def scanned(documents, **settings):
    """Scan {id: text} or {id: (text, more columns)}; check what must hold for any result."""
    rows = []
    for name, what in documents.items():
        text, more = what if isinstance(what, tuple) else (what, {})
        rows.append({"id": name, "text": text, **more})
    result = dedup.scan(rows, Config(**settings))
    by_id = {each.doc_id: each for each in result.documents}
    edges = {frozenset((pair.a, pair.b)): pair for pair in result.pairs}
    for each in result.documents:
        leader = by_id[each.cluster]
        assert leader.canonical
        assert leader.kept
        assert leader.cluster == leader.doc_id
        assert each.canonical == (each.doc_id == each.cluster)
        assert (each.duplicate_of is None) == each.kept
        if not each.kept:
            assert each.duplicate_of == each.cluster
    return result, by_id, edges


LONG = page(FERRY, ORCHARD, THEATRE, SWIMMING)
EDITED = LONG.replace("apricots", "plums")


def clusters_of(documents, **settings):
    return scanned(documents, **settings)[0].clusters


def removed(documents, **settings):
    result = scanned(documents, **settings)[0]
    return {each.doc_id for each in result.documents if not each.kept}


def test_strangers_are_all_kept():
    result, by_id, _ = scanned({"a": FERRY, "b": COMET, "c": BAKERY})
    assert result.clusters == {}
    assert all(each.kept and each.canonical for each in by_id.values())
    assert by_id["a"].relation is by_id["a"].jaccard is None


def test_a_member_is_listed_with_the_scores_of_its_own_pair():
    _, by_id, edges = scanned({"b": EDITED, "a": LONG})
    pair = edges[frozenset("ab")]
    assert (by_id["b"].kept, by_id["b"].duplicate_of) == (False, "a")
    assert by_id["b"].relation == pair.relation == "near_duplicate"
    assert by_id["b"].jaccard == pair.jaccard
    assert by_id["b"].containment == pair.containment_b
    assert by_id["b"].coverage == pair.coverage


def test_an_excerpt_gives_way_to_the_full_article_never_the_other_way():
    documents = {"a": FERRY, "b": LONG}
    assert removed(documents) == {"a"}
    result, by_id, _ = scanned(documents)
    assert result.clusters == {"b": ["b", "a"]}
    assert (by_id["a"].relation, by_id["a"].duplicate_of) == ("excerpt", "b")


@pytest.mark.parametrize("policy", ["earliest", "priority:rank"])
def test_a_long_article_stays_although_its_smaller_part_stands_in_the_canonical(policy):
    """The policy prefers the excerpt; three quarters of the article stand nowhere else."""
    documents = {
        "short": (FERRY, {"date": "2020-01-01", "rank": "1"}),
        "long": (LONG, {"date": "2024-01-01", "rank": "2"}),
    }
    result, by_id, _ = scanned(documents, canonical=policy)
    assert result.clusters == {"short": ["short", "long"]}
    assert (by_id["long"].kept, by_id["long"].canonical) == (True, False)
    assert by_id["long"].relation == "excerpt"
    assert result.summary["documents"]["kept"] == 2


def test_how_much_must_stand_elsewhere_is_a_setting():
    documents = {"a": LONG, "b": page(FERRY, ORCHARD, THEATRE, COMET)}  # ¾ of each in the other
    assert removed(documents) == set()  # each has a paragraph of its own in the same place
    assert removed(documents, own=0) == {"b"}  # as much of both is shared; the first is kept
    assert removed(documents, removable=0.9) == set()
    assert clusters_of(documents, removable=0.9) == {"a": ["a", "b"]}


def test_of_equal_members_that_are_not_removable_one_is_kept():
    """Too little of them stands in their canonical, and all of each stands in the others."""
    words = [f"w{k}" for k in range(300)]
    short, long = " ".join(words[:60]), " ".join(words)
    documents = [
        {"id": "a", "text": short, "date": "2020"},
        *({"id": name, "text": long, "date": "2021"} for name in "bcd"),
    ]
    result = dedup.scan(documents, Config(canonical="earliest", bands=128, rows=1))
    assert result.clusters == {"a": ["a", "b", "c", "d"]}
    found = {row.doc_id: (row.kept, row.relation, row.duplicate_of) for row in result.documents}
    assert found == {
        "a": (True, None, None),
        "b": (True, "excerpt", None),
        "c": (False, "exact", "b"),
        "d": (False, "exact", "b"),
    }
    assert [each.jaccard == each.containment == 1.0 for each in result.documents[2:]] == [True] * 2


DATED = {
    "a": (EDITED + "\n\n" + QUOTED, {"date": "2024-03-01", "rank": "10"}),
    "b": (LONG, {"date": "2024-01-01", "rank": "9"}),
    "c": (LONG.replace("ferry", "boat"), {"date": "2024-02-01"}),
    "d": (LONG.replace("frost", "snow"), {"rank": "9"}),
}


@pytest.mark.parametrize(
    ("policy", "wanted"),
    [
        ("earliest", "b"),
        ("latest", "a"),
        ("longest", "a"),
        ("priority:rank", "b"),  # 9 before 10, as numbers; of the two with 9 the one with a date
    ],
)
def test_the_policy_names_the_canonical(policy, wanted):
    (members,) = clusters_of(DATED, canonical=policy).values()
    assert members == [wanted, *sorted(DATED.keys() - {wanted})]


def test_priorities_that_are_no_numbers_go_by_the_alphabet():
    documents = {"a": (LONG, {"rank": "wire"}), "b": (EDITED, {"rank": "agency"}), "c": (LONG, {})}
    assert list(clusters_of(documents, canonical="priority:rank")) == ["b"]


def test_the_policy_chooses_among_equal_texts_too():
    documents = {
        "a": (LONG, {"date": "2024-03-01"}),
        "b": (LONG.upper(), {"date": "2024-01-01"}),
        "c": (LONG, {}),
    }
    assert list(clusters_of(documents, canonical="earliest")) == ["b"]
    assert list(clusters_of(documents, canonical="latest")) == ["a"]
    assert removed(documents, canonical="earliest") == {"a", "c"}


def test_a_truncated_copy_is_not_the_canonical():
    cut = LONG[: LONG.index("whose members")].rstrip() + " …"
    documents = {"a": cut, "b": LONG}
    assert list(clusters_of(documents)) == ["b"]
    assert list(clusters_of({"a": LONG, "b": cut})) == ["a"]


def test_equal_documents_share_a_cluster_also_when_their_representative_is_a_member():
    documents = {"a": FERRY, "b": FERRY.upper(), "c": FERRY, "long": LONG}
    result, by_id, edges = scanned(documents, canonical="longest")
    assert result.clusters == {"long": ["long", "a", "b", "c"]}
    assert {name for name, each in by_id.items() if not each.kept} == set("abc")
    assert {each.relation for each in by_id.values() if not each.kept} == {"excerpt"}
    # Each is listed directly, or is equal to one that is.
    direct = {"abc"[k] for k in range(3) if frozenset(("abc"[k], "long")) in edges}
    assert direct
    for name in set("abc") - direct:
        assert any(edges[frozenset((name, other))].relation == "exact" for other in direct)


def test_many_equal_documents_leave_one():
    result, _, edges = scanned({f"{k:03}": LONG for k in range(300)})
    assert result.clusters == {"000": [f"{k:03}" for k in range(300)]}
    assert result.summary["documents"] == {"read": 300, "kept": 1, "removed": 299, "skipped": 0}
    assert {pair.relation for pair in edges.values()} == {"exact"}
    assert len(edges) == 299


def test_without_exact_equal_documents_stay():
    documents = {"a": LONG, "b": LONG, "c": EDITED}
    result, _, _ = scanned(documents, cluster_on=("near_duplicate",))
    kept = {each.doc_id for each in result.documents if each.kept}
    assert len(kept) == 2
    assert kept & {"a", "b"}


def test_clusters_can_be_narrowed_and_widened():
    documents = {"a": LONG, "b": LONG, "c": EDITED, "d": ORCHARD, "e": page(FERRY, COMET, LIBRARY)}
    assert clusters_of(documents, cluster_on="exact") == {"a": ["a", "b"]}
    assert clusters_of(documents, cluster_on=("exact", "near_duplicate")) == {"a": ["a", "b", "c"]}
    assert clusters_of(documents) == {"a": ["a", "b", "c", "d"]}
    wide = scanned(documents, cluster_on=("exact", "near_duplicate", "excerpt", "derived"))
    assert set(wide[0].clusters["a"]) == set("abcde")
    assert wide[1]["e"].kept  # in the cluster, but most of it stands nowhere else


def test_a_scan_for_passages_alone_removes_nothing():
    assert removed({"a": LONG, "b": LONG, "c": EDITED}, find=("passages",)) == set()


def test_reuse_groups_link_clusters_that_share_text():
    documents = {
        "a": LONG,
        "b": EDITED,
        "c": page(FERRY, COMET, LIBRARY),  # shares with a
        "d": page(BAKERY, QUOTED),
        "e": page(COMET.replace("Astronomers", "People"), PENDULUM, *LANGUAGES["tr"][0]),
        "f": page(QUOTED, LANGUAGES["ru"][0][2]),
        "g": "Nothing here is in any other text, and that is all there is to be said about it.",
    }
    result, _, _ = scanned(documents)
    assert result.clusters == {"a": ["a", "b"]}
    assert result.summary["reuse_groups"] == [["a", "c", "e"], ["d", "f"]]


def test_a_cluster_alone_is_no_reuse_group():
    result, _, _ = scanned({"a": LONG, "b": EDITED, "c": COMET})
    assert result.summary["reuse_groups"] == []
