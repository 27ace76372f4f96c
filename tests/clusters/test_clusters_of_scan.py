"""Clusters of a scan: which document is kept, what gives way to it, and reuse groups."""

from __future__ import annotations

import pytest
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
from dedup.config import Config


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
