"""Text of templates makes no two documents alike, and what has no text is a copy of nothing."""

from __future__ import annotations

import random

import pytest
from prose import UNRELATED

import dedup
from dedup.cleaning.rules import TEMPLATE_RULES
from dedup.errors import ConfigError

NOTICE = [
    *("Please enable cookies to continue", "Subscribe to our newsletter", "Privacy Policy"),
    *("Terms of use", "All rights reserved.", "Follow us on Facebook"),
]


def words(seed, count):
    source = random.Random(seed)
    return " ".join("".join(source.choices("abcdefghij", k=7)) for _ in range(count))


def page(seed, *lines, count=5):
    body = [f"On {words(seed + k, 18)}." for k in range(1, count + 1)]
    return "\n".join([words(seed, 6), *body, *lines])


def test_documents_of_nothing_but_boilerplate_are_copies_of_nothing():
    notice = "\n".join(NOTICE)
    rows = [
        *({"id": name, "text": notice} for name in "ab"),
        *({"id": name, "text": UNRELATED[0]} for name in "cd"),
        {"id": "e", "text": "\n".join(NOTICE[:-1])},
    ]
    result = dedup.scan(rows)
    told = {each.doc_id: (each.no_text, each.kept) for each in result.documents}
    assert told["a"] == told["b"] == told["e"] == (True, True)
    assert told["c"][0] is told["d"][0] is False
    assert [(pair.a, pair.b, pair.relation) for pair in result.pairs] == [("c", "d", "exact")]


def test_a_short_text_without_boilerplate_is_a_text():
    rows = [{"id": name, "text": "Bridge over the river stands again"} for name in "ab"]
    result = dedup.scan(rows)
    assert [each.no_text for each in result.documents] == [False, False]
    assert [pair.relation for pair in result.pairs] == ["exact"]


def test_a_page_with_a_sentence_of_its_own_is_a_text():
    rows = [{"id": "a", "text": "\n".join([*NOTICE, "The bridge over the river stands again."])}]
    assert [each.no_text for each in dedup.scan(rows).documents] == [False]


def test_fast_mode_does_not_tell():
    rows = [{"id": "a", "text": "\n".join(NOTICE)}]
    assert [each.no_text for each in dedup.scan(rows, find="duplicates").documents] == [None]


def test_the_words_of_a_template_do_not_count_as_shared():
    foot = [f"Read {words(1000 + k, 14)} our newsletter and your website" for k in range(3)]
    rows = [{"id": f"{n:02}", "text": page(10 * n, *foot), "site": "x"} for n in range(20)]
    result = dedup.scan(rows)
    rules = set(result.removals["rule"].to_pylist())
    assert rules
    assert rules <= set(TEMPLATE_RULES)
    assert len(result.pairs) == 0
    assert all(each.kept for each in result.documents)
    # The words alone would make pairs of them.
    alone = dedup.scan(rows, find="duplicates", threshold=0.2)
    assert len(alone.pairs) > 0


def test_what_is_left_is_compared():
    foot = [f"Read {words(1000 + k, 14)} our newsletter and your website" for k in range(3)]
    rows = [{"id": f"{n:02}", "text": page(10 * n, *foot), "site": "x"} for n in range(20)]
    clean = {"id": "clean", "text": page(0), "site": "y"}
    (pair,) = dedup.scan([*rows, clean]).pairs
    assert (pair.a, pair.b, pair.relation) == ("00", "clean", "near_duplicate")
    assert pair.jaccard == pair.containment_a == pair.containment_b == 1.0


RECEIPT = "Thank you for shopping at the Valley Store\nAll goods may be returned in 14 days"


def receipt(name, seed):
    goods = [f"{words(seed + k, 6)} {k}.99" for k in range(4)]
    first, last = RECEIPT.replace("14", "30").splitlines()
    return {"id": name, "text": "\n".join([first, *goods, last])}


def test_a_known_template_is_boilerplate_wherever_it_stands():
    rows = [receipt("a", 1), receipt("b", 50), {"id": "c", "text": RECEIPT}]
    assert dedup.scan(rows).removals.num_rows == 0
    result = dedup.scan(rows, template=RECEIPT)
    cuts = result.removals.to_pylist()
    assert [cut["rule"] for cut in cuts] == ["known_template"] * 6
    assert {cut["doc"] for cut in cuts} == {0, 1, 2}
    assert [each.no_text for each in result.documents] == [False, False, True]


def test_a_sentence_of_a_known_template_goes_from_a_long_line():
    rights = "All rights to this report belong to the publisher of the Valley Post alone."
    text = f"{words(1, 40).capitalize()}. {rights} {words(2, 40).capitalize()}."
    result = dedup.scan([{"id": "a", "text": text}], template=[rights])
    (cut,) = result.removals.to_pylist()
    assert text[cut["start"] : cut["end"]].strip() == rights


def test_templates_are_the_same_in_any_order():
    assert dedup.Config(template=["b", "a"]) == dedup.Config(template=("a", "b", "a"))


@pytest.mark.parametrize("settings", [{"find": "duplicates"}, {"boilerplate": False}])
def test_a_template_needs_boilerplate(settings):
    with pytest.raises(ConfigError, match="template"):
        dedup.Config(template="a", **settings)


@pytest.mark.parametrize("value", [[1], 3])
def test_a_template_is_a_text(value):
    with pytest.raises(ConfigError, match="template"):
        dedup.Config(template=value)


def test_a_line_of_most_pages_of_a_site_goes_from_a_short_page_too():
    line = f"Read {words(1000, 9)} our newsletter"
    rows = [{"id": f"{n:02}", "text": page(10 * n, line), "site": "x"} for n in range(12)]
    short = {"id": "short", "text": f"{words(7, 5)}\n{line}\nOn {words(8, 6)}.", "site": "x"}
    result = dedup.scan([*rows, short], find=("duplicates", "repeats"))
    cuts = [cut for cut in result.removals.to_pylist() if cut["doc"] == len(rows)]
    assert [cut["rule"] for cut in cuts] == ["template_of_site"]
