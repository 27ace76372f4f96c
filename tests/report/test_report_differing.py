"""What differs between articles that are alike, and what removals lose: in page and terminal."""

from __future__ import annotations

import browsers
import differing
import pytest
from report_pages import columns_of, data_of

from dedup.report.terminal.views import scan_view


@pytest.fixture
def page(differing_page):
    return data_of(differing_page[0].read_text(encoding="utf-8"))


def test_the_page_holds_what_is_lost_and_which_facts_differ(page, differing_page):
    overview, chunks = page
    names = overview["relations"]
    pairs = columns_of(chunks, "pairs")
    relations = [names[code] for code in pairs["relation"]]
    changed = dict(zip(relations, pairs["changed"], strict=True))
    assert changed["revision"] == "27 → 25"
    assert changed["same_form"].startswith("Monday → Tuesday")
    assert changed["own_text"] is changed["compilation"] is None
    documents = columns_of(chunks, "documents")
    lost = dict(zip(documents["id"], documents["lost_tokens"], strict=True))
    assert {name: tokens for name, tokens in lost.items() if tokens} == {
        "loses-2": 12,
        "version-1": 1,
    }
    (entry,) = [each for each in overview["look"]["losses"] if each["tokens"] == 12]
    assert documents["id"][entry["row"]] == "loses-2"
    texts = columns_of(chunks, "texts")
    place = texts["row"].index(entry["row"])
    ((start, end, tokens),) = texts["lost"][place]
    assert texts["text"][place][start:end] == differing.LOST.rstrip(".")
    assert tokens == 12


def test_a_view_has_a_place_for_every_relation(differing_page):
    lines = "\n".join(scan_view(differing_page[1], width=100, limit=0))
    for told in ("same form, other facts", "text of its own", "another version", "compilation"):
        assert told in lines
    assert "nothing in common" not in lines


@pytest.mark.browser
def test_an_article_says_what_its_removal_loses(browser, differing_page):
    with browsers.opened(browser, differing_page[0]) as shown:
        page = shown.show("article", "loses-2")
        assert "Removing it loses 12 words" in page.inner_text(".loss")
        assert page.inner_text(".only-here") == differing.LOST.rstrip(".")
        assert differing.LOST.rstrip(".") in page.inner_text(".only-here-list")
        page = shown.show("article", "own-2")
        assert "text of its own beside" in page.inner_text(".standing")
        assert page.locator(".loss").count() == 0
        page = shown.show("look")
        page.get_by_text("Greatest losses").first.wait_for()
        assert "12" in page.locator("table", has_text="words lost").inner_text()
    assert shown.faults == []


@pytest.mark.browser
def test_every_relation_has_a_colour_of_its_own(browser, differing_page):
    with browsers.opened(browser, differing_page[0]) as shown:
        page = shown.show("pairs")
        found = page.locator("td .tag").evaluate_all(
            "all => all.map(e => [e.textContent, getComputedStyle(e, '::before').backgroundColor])"
        )
        colours = dict(found)
        assert len(colours) == len(set(colours.values())) == 5
        page = shown.show("pair", "form-1", "form-2")
        assert "Monday → Tuesday" in page.inner_text(".facts-list")
    assert shown.faults == []
