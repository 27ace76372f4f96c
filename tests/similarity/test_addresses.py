"""Equal addresses make one article, unless its texts have nothing in common."""

from __future__ import annotations

import random

import numpy as np
import pyarrow as pa
import pytest

import dedup
from dedup.similarity.addresses import MOST_TEXTS, address_groups

FAST, FULL = ("duplicates",), ("duplicates", "passages", "repeats")
BRIDGE = (
    "The council voted on Monday to mend the old bridge over the river before the winter comes. "
    "Engineers had warned for years that the iron was rusting. The work will cost {cost} million "
    "and begin in {month}, said the mayor, who has been in office for a long time by now. Traffic "
    "will be led over the northern road for at least nine months until all of it is done, and "
    "the buses stop at the mill instead."
)
REWRITTEN = (
    "The old bridge over the river will be mended, the council decided. Engineers had warned for "
    "years that the iron was rusting. Shopkeepers fear for their business because lorries will "
    "have to drive through the market place all day, and one of them has announced that he will "
    "sue the town if nothing is done about the noise before the work begins."
)
BREAD = (
    "Bread is dear again because of a poor harvest, bakers told this newspaper. Many small mills "
    "have closed, and flour is bought from abroad. Nobody knows how long it will last, and the "
    "ministry has no plan for it, as a speaker had to admit when she was asked."
)
URL = "https://www.x.org/news/bridge"


def row(name, text, url=None, date=None):
    return {"id": name, "text": text, "url": url, "date": date}


def relations(result):
    return {(pair.a, pair.b): pair.relation for pair in result.pairs}


def kept(result):
    return {each.doc_id for each in result.documents if each.kept}


@pytest.mark.parametrize("find", [FAST, FULL])
@pytest.mark.parametrize(
    "other",
    [
        "http://m.x.org/news/bridge/",
        "https://amp.x.org/news/bridge#top",
        "https://x.org/news/bridge?utm_source=feed",
        "https://x.org/news/bridge/amp/",
    ],
)
def test_a_text_written_anew_is_in_the_cluster_of_its_address_and_stays(find, other):
    first = row("a", BRIDGE.format(cost=27, month="March"), URL)
    result = dedup.scan([first, row("b", REWRITTEN, other), row("c", BREAD)], find=find)
    assert relations(result) == {("a", "b"): "same_url"}
    assert kept(result) == {"a", "b", "c"}
    assert [each.same_url for each in result.documents] == ["a", "a", None]
    assert len({each.cluster for each in result.documents}) == 2


@pytest.mark.parametrize("find", [FAST, FULL])
def test_facts_that_differ_under_one_address_make_a_revision(find):
    texts = [BRIDGE.format(cost=cost, month=month) for cost, month in ((27, "May"), (31, "June"))]
    apart = dedup.scan([row("a", texts[0]), row("b", texts[1])], find=find)
    dates = "2026-01-01", "2026-01-02"
    rows = [row(*each, URL, date) for *each, date in zip("ab", texts, dates, strict=True)]
    result = dedup.scan(rows, find=find)
    assert relations(result) == {("a", "b"): "revision"}
    (pair,) = result.pairs
    assert pair.changed == "27 → 31; May → June"
    # What the address does not lower: what would stay without it stays.
    assert kept(apart) <= kept(result)


@pytest.mark.parametrize("find", [FAST, FULL])
def test_an_address_with_texts_that_have_nothing_in_common_says_nothing(find):
    bridge = BRIDGE.format(cost=27, month="March")
    rows = [row("a", bridge, URL), row("b", REWRITTEN, URL), row("c", BREAD, URL)]
    result = dedup.scan(rows, find=find)
    assert "same_url" not in relations(result).values()
    assert kept(result) == {"a", "b", "c"}
    assert [each.same_url for each in result.documents] == ["a"] * 3


@pytest.mark.parametrize("url", ["https://x.org/", "https://www.x.org", "https://x.org/index.html"])
def test_a_front_page_is_no_address_of_an_article(url):
    rows = [row("a", BRIDGE.format(cost=27, month="March"), url), row("b", REWRITTEN, url)]
    result = dedup.scan(rows, find=FAST)
    assert relations(result) == {}
    assert [each.same_url for each in result.documents] == [None, None]


def test_an_id_that_is_a_url_counts_also_where_it_occurs_twice():
    bridge = BRIDGE.format(cost=27, month="March")
    rows = [{"id": URL, "text": bridge}, {"id": URL, "text": REWRITTEN}]
    result = dedup.scan(rows, find=FAST)
    assert relations(result) == {(URL, f"{URL}#2"): "same_url"}


def test_addresses_can_be_left_alone():
    bridge = BRIDGE.format(cost=27, month="March")
    rows = [row("a", bridge, URL), row("b", REWRITTEN, URL)]
    result = dedup.scan(rows, find=FAST, same_url=False)
    assert relations(result) == {}
    assert [each.same_url for each in result.documents] == [None, None]


def test_an_address_with_too_many_texts_is_counted():
    words = BREAD.split()
    rows = []
    for number in range(MOST_TEXTS + 1):
        random.Random(number).shuffle(words)
        rows.append(row(f"{number:02}", " ".join(words), URL))
    result = dedup.scan(rows, find=FAST)
    assert result.summary["limits"]["addresses_of_too_many_texts"] == 1
    assert "same_url" not in relations(result).values()


def test_the_order_of_documents_does_not_matter():
    bridge = BRIDGE.format(cost=27, month="March")
    rows = [
        *(row("a", bridge, URL), row("b", REWRITTEN, URL), row("c", BREAD)),
        *(row("d", bridge, "https://x.org/copy"), row("e", REWRITTEN + " More.", URL)),
    ]
    tables = []
    for seed in range(3):
        random.Random(seed).shuffle(rows)
        result = dedup.scan(rows, find=FAST)
        tables.append([result.tables[name].to_pylist() for name in ("documents", "pairs")])
    assert tables[0] == tables[1] == tables[2]


def test_addresses_that_no_other_document_has_are_not_looked_at(monkeypatch):
    asked = []

    def canonical(url):
        asked.append(url)
        return url

    monkeypatch.setattr("dedup.similarity.addresses.canonical_url", canonical)
    ids = pa.chunked_array([["https://x.org/1", "https://x.org/2?a", "http://m.x.org/2?b", "d"]])
    groups = address_groups(ids, pa.chunked_array([pa.nulls(4, pa.string())]))
    assert asked == ["https://x.org/2?a", "http://m.x.org/2?b"]
    assert np.array_equal(groups, [-1] * 4)
