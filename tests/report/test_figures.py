"""The numbers of the figures, against naive twins."""

from __future__ import annotations

import json
from collections import Counter
from datetime import date, timedelta

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dedup.api import scan
from dedup.config import RELATIONS, Config
from dedup.report.figures.numbers import (
    borderline,
    cluster_sizes,
    figures_of,
    s_curve,
    similarity_histogram,
    site_losses,
    site_matrix,
    timeline,
)
from dedup.similarity.lsh import collision_probability
from dedup.sources import read

SITES = st.sampled_from([None, "", "a.org", "b.org", "c.org", "d.org"])

SCORES = st.one_of(st.sampled_from([0.0, 0.05, 0.15, 0.3, 0.7, 0.95, 1.0]), st.floats(0, 1))


def table_of_documents(leaders, kept=None):
    """Documents 0…n-1, each of which copies the canonical one that is named."""
    names = [f"d{number:03}" for number in range(len(leaders))]
    leads = [leader == row for row, leader in enumerate(leaders)]
    clusters = [names[leader] for leader in leaders]
    columns = [names, clusters, leads, leads if kept is None else kept]
    kinds = [pa.string(), pa.string(), pa.bool_(), pa.bool_()]
    arrays = [pa.array(values, kind) for values, kind in zip(columns, kinds, strict=True)]
    return pa.table(arrays, names=["doc_id", "cluster", "canonical", "kept"])


@st.composite
def clustered(draw):
    """Clusters: each document leads itself or is led by one that does."""
    count = draw(st.integers(0, 30))
    leads = [draw(st.booleans()) for _ in range(count)]
    heads = [row for row in range(count) if leads[row]]
    rows = range(count)
    return [row if leads[row] or not heads else draw(st.sampled_from(heads)) for row in rows]


pair_rows = st.lists(st.tuples(st.sampled_from(RELATIONS), SCORES), max_size=40)


def pairs_table(rows):
    return pa.table(
        {
            "a": [f"a{place}" for place in range(len(rows))],
            "b": [f"b{place}" for place in range(len(rows))],
            "relation": pa.array([relation for relation, _ in rows], pa.string()),
            "jaccard": pa.array([score for _, score in rows], pa.float64()),
        }
    )


@given(pair_rows)
def test_the_histogram_puts_every_pair_into_its_bin(rows):
    found = similarity_histogram(pairs_table(rows), 0.7)
    naive = {relation: [0] * 20 for relation in RELATIONS}
    for relation, score in rows:
        naive[relation][max(bin for bin in range(20) if bin / 20 <= score)] += 1
    assert found["counts"] == naive
    assert list(found["counts"]) == list(RELATIONS)
    assert len(found["edges"]) == 21


@given(clustered())
def test_cluster_sizes_are_counted(leaders):
    found = cluster_sizes(table_of_documents(leaders))
    sizes = Counter(Counter(leaders).values())
    assert found["alone"] == sizes.pop(1, 0)
    assert dict(zip(found["sizes"], found["counts"], strict=True)) == dict(sorted(sizes.items()))
    assert found["sizes"] == found["last"]


@pytest.mark.parametrize("most", [62, 80, 200])
def test_many_sizes_share_bins_that_grow(most):
    names = [str(size) for size in range(1, most + 1) for _ in range(size)]
    found = cluster_sizes(pa.table({"cluster": names}))
    assert 10 < len(found["sizes"]) <= 60
    assert found["sizes"][0] == 2
    assert found["last"][-1] == most
    assert found["sizes"][1:] == [last + 1 for last in found["last"][:-1]]
    widths = [last + 1 - size for size, last in zip(found["sizes"], found["last"], strict=True)]
    assert found["counts"] == widths
    assert found["alone"] == 1


def naive_matrix(leaders, sites, most):
    copies = [(sites[row], sites[to]) for row, to in enumerate(leaders) if row != to]
    known = [pair for pair in copies if all(pair)]
    parts = Counter(site for pair in known for site in set(pair))
    order = sorted(parts, key=lambda site: (-parts[site], site))
    shown, other = order[:most], len(order[most:])
    matrix = [[0] * (len(shown) + bool(other)) for _ in range(len(shown) + bool(other))]
    for pair in known:
        ours, theirs = (shown.index(site) if site in shown else len(shown) for site in pair)
        matrix[ours][theirs] += 1
    return {
        "sites": shown,
        "matrix": matrix,
        "other": other,
        "left_out": len(copies) - len(known),
    }


@given(clustered(), st.data(), st.integers(0, 5))
def test_the_matrix_counts_who_copies_whom(leaders, data, most):
    sites = [data.draw(SITES) for _ in leaders]
    documents = table_of_documents(leaders)
    expected = naive_matrix(leaders, sites, most)
    column = pa.array(sites, pa.string())
    assert site_matrix(documents, sites, most) == expected
    assert site_matrix(documents, pa.chunked_array([column]), most) == expected
    assert site_matrix(documents, pa.chunked_array([column.dictionary_encode()]), most) == expected


def test_no_site_is_known():
    documents = table_of_documents([0, 0])
    for sites in ([None, None], pa.nulls(2), pa.chunked_array([pa.nulls(2)])):
        found = site_matrix(documents, sites)
        assert found == {"sites": [], "matrix": [], "other": 0, "left_out": 1}
        assert site_losses(documents, sites) == {"sites": [], "left_out": 0, "unknown": 1}


@given(clustered(), st.data(), st.integers(0, 4))
def test_losses_are_counted_by_site(leaders, data, most):
    sites = [data.draw(SITES) for _ in leaders]
    kept = [data.draw(st.booleans()) for _ in leaders]
    found = site_losses(table_of_documents(leaders, kept), sites, most)
    gone = Counter(site for site, stays in zip(sites, kept, strict=True) if site and not stays)
    totals = Counter(site for site in sites if site)
    order = sorted(gone, key=lambda site: (-gone[site], site))
    assert [row["site"] for row in found["sites"]] == order[:most]
    assert found["left_out"] == len(order[most:])
    assert found["unknown"] == sum(
        not stays and not site for site, stays in zip(sites, kept, strict=True)
    )
    for row in found["sites"]:
        assert row["removed"] == gone[row["site"]]
        assert row["documents"] == totals[row["site"]]
        assert row["share"] == round(row["removed"] / row["documents"], 6)


def bar_of(day, unit):
    """Return the first day of the unit in which a day is, as text."""
    if unit == "week":
        day -= timedelta(days=day.weekday())
    elif unit == "month":
        day = day.replace(day=1)
    elif unit == "year":
        day = day.replace(month=1, day=1)
    elif unit == "decade":
        day = date(day.year // 10 * 10, 1, 1)
    return day.isoformat()


days = st.dates(date(1500, 1, 1), date(2099, 12, 31))

near_days = st.dates(date(2023, 11, 1), date(2024, 3, 1))


@given(st.lists(st.one_of(near_days, days, st.none()), max_size=40), st.data())
def test_every_document_stands_in_its_bar_or_is_counted_beside_them(dates, data):
    kept = np.array([data.draw(st.booleans()) for _ in dates], np.bool_)
    found = timeline([each and each.isoformat() for each in dates], kept)
    known = [(day, stays) for day, stays in zip(dates, kept, strict=True) if day]
    assert found["undated"] == len(dates) - len(known)
    assert len(found["starts"]) <= 60
    counts = {stays: Counter() for stays in (True, False)}
    for day, stays in known:
        counts[stays][bar_of(day, found["unit"])] += 1
    starts = found["starts"]
    for stays, name in ((True, "kept"), (False, "removed")):
        assert found[name] == [counts[stays][start] for start in starts]
    before = sum(bar_of(day, found["unit"]) < starts[0] for day, _ in known)
    after = sum(bar_of(day, found["unit"]) > starts[-1] for day, _ in known)
    assert (found["before"], found["after"]) == (before, after)


@pytest.mark.parametrize(
    ("step", "count", "unit"),
    [(1, 60, "day"), (1, 61, "week"), (7, 70, "month"), (30, 80, "year"), (365, 90, "decade")],
)
def test_the_unit_follows_the_range(step, count, unit):
    dates = [(date(1980, 1, 7) + timedelta(days=step * each)).isoformat() for each in range(count)]
    found = timeline(dates, np.ones(count, np.bool_))
    assert found["unit"] == unit
    assert sum(found["kept"]) == count
    assert found["removed"] == [0] * len(found["starts"])


def test_a_date_far_away_does_not_make_the_bars_coarse():
    dates = ["1970-01-01", *(f"2024-11-{day:02}" for day in range(1, 31) for _ in range(5))]
    found = timeline(dates, np.ones(len(dates), np.bool_))
    assert (found["unit"], found["before"], found["after"]) == ("day", 1, 0)


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2024-11-05", "2024-11-05"),
        (" 2024-11-05T10:00:00Z", "2024-11-05"),
        ("2024-11-05 23:59:59.123+05:30", "2024-11-05"),
        ("2024/1/9", "2024-01-09"),
        ("20241105T101112", "2024-11-05"),
        ("2024-02-29", "2024-02-29"),
        ("2023-02-29", None),
        ("2024-13-01", None),
        ("2024-00-01", None),
        ("0000-01-01", None),
        ("1700000000", None),
        ("1700000000000", None),
        ("yesterday", None),
        ("", None),
        ("2024-11-05-06", None),
        ("٢٠٢٤-11-05", None),
    ],
)
def test_what_is_a_date(text, day):
    found = timeline([text], np.ones(1, np.bool_))
    assert found["starts"] == ([day] if day else [])
    assert found["undated"] == (day is None)


def test_dates_too_coarse_for_the_bars_are_undated():
    found = timeline(["2024-11-05", "2024-11-06", "2024-11-07", "2024"], np.ones(4, np.bool_))
    assert (found["unit"], found["undated"]) == ("day", 1)
    found = timeline(["2024-11-05", "2024-11", "2024-12"], np.ones(3, np.bool_))
    assert (found["unit"], found["undated"], found["kept"]) == ("month", 0, [2, 1])


def test_the_curve_is_that_of_the_bands():
    config = Config(num_perm=64, bands=16, rows=4, threshold=0.6)
    curve = s_curve(config)
    assert curve["similarity"] == [step / 100 for step in range(101)]
    assert curve["probability"] == [
        collision_probability(each, 16, 4) for each in curve["similarity"]
    ]
    assert curve["recall_at_threshold"] == collision_probability(0.6, 16, 4)


@given(pair_rows, st.integers(0, 6), st.sampled_from([0.05, 0.7, 1.0]))
def test_the_pairs_nearest_to_the_threshold_are_borderline(rows, most, threshold):
    pairs = pairs_table(rows)
    found = borderline(pairs, threshold, most)
    listed = [row for row in pairs.to_pylist() if row["relation"] != "exact"]
    for name in ("below", "above"):
        side = [row for row in listed if (row["jaccard"] < threshold) == (name == "below")]
        side.sort(key=lambda row: abs(row["jaccard"] - threshold))  # stable
        assert found[name] == side[:most]
        assert found["left_out"][name] == len(side[most:])


def test_all_figures_are_plain_values(seeds):
    figures = figures_of(scan(read([str(seeds)])))
    assert json.loads(json.dumps(figures)) == figures
    assert sum(map(sum, figures["similarity"]["counts"].values())) == 2
    nothing = figures_of(scan([]))
    assert json.loads(json.dumps(nothing)) == nothing
    assert figures_of(scan(["a b c"], Config(find=("passages",))))["s_curve"] is None
