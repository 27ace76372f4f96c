"""Families, stories, outlets and removals in the page, as an editor reads them."""

from __future__ import annotations

import browsers
import pytest

pytestmark = pytest.mark.browser

QUOTE = "We would rather close the bridge for a summer"


@pytest.fixture
def news(browser, newsroom_page):
    with browsers.opened(browser, newsroom_page[0]) as shown:
        yield shown
    assert shown.faults == []


@pytest.fixture
def phone(browser, newsroom_page):
    with browsers.opened(browser, newsroom_page[0], width=390, height=844) as shown:
        yield shown
    assert shown.faults == []


def test_the_front_page_answers_in_the_order_of_the_terminal(news):
    page = news.show()
    heads = page.locator(".front-block > h2").all_inner_texts()
    assert [each.split()[-1] for each in heads] == [
        *("why", "stays", "clusters", "widely", "stories", "wrong", "read")
    ]
    assert "1 article of 12 is a copy" in page.inner_text(".lede")
    blocks = page.locator(".front-block")
    assert "1 article, as a copy of one that stays: another version" in blocks.nth(0).inner_text()
    assert QUOTE in blocks.nth(3).inner_text()
    assert "5 articles\n4 outlets" in blocks.nth(3).inner_text()
    assert "7 articles\nand 1 copy\n6 outlets" in blocks.nth(4).inner_text()
    assert "12 read = 11 kept + 1 removed + 0 skipped" in blocks.nth(6).inner_text()
    assert page.locator("text=S-curve").count() == 1
    page.get_by_role("link", name="How it was compared").click()
    news.settled()
    assert page.locator(".curve").count() >= 1


def test_families_are_sorted_and_filtered(news, newsroom_page):
    page = news.show("families")
    names = page.locator("main a[data-entry]")
    assert names.count() == len(newsroom_page[1].families)
    assert names.first.inner_text().startswith(QUOTE)
    strips = page.locator("td.when svg")
    assert strips.count() == names.count()
    assert "5 occurrences" in strips.first.get_attribute("aria-label")
    page.get_by_label("Order").select_option("length")
    assert (
        "text a publisher prints again" in page.locator("tbody tr").last.inner_text()
    )  # in any order
    page.get_by_label("Kind").select_option("quote")
    assert names.count() == 1
    assert "kind=quote" in page.url
    page.get_by_label("Kind").select_option("")
    page.get_by_label("Filter by words").fill("reuters harbour bridge")
    news.until("document.querySelectorAll('main a[data-entry]').length === 1")


def test_a_family_shows_when_where_and_how_it_differs(news):
    page = news.show("families")
    page.locator("main a[data-entry]").first.click()
    news.settled()
    assert "said by Mayor Ingrid Solvay" in page.inner_text(".lede")
    assert page.locator(".timeline .row-name").first.text_content().startswith("northwire")
    assert page.locator(".timeline circle").count() == 5
    rows = page.locator(".occurrences tbody tr")
    assert rows.count() == 5
    assert "the representative wording" in rows.first.inner_text()
    news.until("document.querySelectorAll('.occurrences mark.more').length >= 3")
    assert "told reporters" in " ".join(page.locator("mark.more").all_inner_texts())
    assert "equal words" in rows.nth(1).inner_text()
    rows.nth(1).get_by_role("link", name="compare").click()
    news.settled()
    assert page.locator(".pane").count() == 2


def test_a_dot_of_a_timeline_leads_to_its_article(news):
    page = news.show("family", "1")
    page.locator(".timeline a").first.click()
    news.settled()
    assert page.inner_text("h1") == "Marrow closes its harbour bridge over cracks"
    side = page.inner_text(".side")
    assert "on one event" in side
    assert "Stands elsewhere too" in side


def test_an_unknown_family_and_story_are_said(news):
    assert "No such family" in news.show("family", "99").inner_text("h1")
    assert "No such story" in news.show("story", "bees").inner_text("h1")
    assert "No such story" in news.show("story", "nobody").inner_text("h1")


def test_a_story_is_a_timeline_by_outlet_with_reasons(news):
    page = news.show("stories")
    assert page.locator("main a[data-entry]").count() == 2
    page.locator("main a[data-entry]").first.click()
    news.settled()
    assert "Marrow" in page.locator(".lede strong").all_inner_texts()
    assert page.locator(".timeline .row-name").count() == 6
    assert "1 article without a date" in page.inner_text(".timeline")
    members = page.locator(".members tbody tr")
    assert members.count() == 8
    last = members.last.inner_text()
    assert "Bridge diary" in last
    assert "in other words" in last
    assert "a copy of" in page.inner_text(".members")
    assert "the typical article" in page.inner_text(".members")
    assert page.locator(".terms tbody tr").count() >= 5
    assert QUOTE in page.inner_text(".wordings")
    numbers = page.locator(".timeline details")
    numbers.locator("summary").click()
    news.until("document.querySelectorAll('.timeline details tbody tr').length === 6")


def test_outlets_show_who_has_text_of_whom(news, newsroom_page):
    page = news.show("outlets")
    links = newsroom_page[1].copying
    assert page.locator("main .list").first.locator("tbody tr").count() == len(links)
    assert page.locator(".flow-band").count() == len(links)
    agency = page.locator(".flow-end.agency")
    assert "Reuters" in agency.text_content()
    agency.click()
    of_agency = [each for each in links if each.source == "Reuters"]
    news.until("n => document.querySelectorAll('.flow-band').length === n", arg=len(of_agency))
    assert "outlet=Reuters" in page.url
    page.get_by_label("Outlet or agency").select_option("")
    page.get_by_label("Evidence").select_option("first")
    assert "first seen there" in page.locator("main .list tbody").first.inner_text()


def test_removals_are_filtered_by_reason_and_loss(news):
    page = news.show("removals")
    rows = page.locator(".removals tbody tr")
    assert rows.count() == 3
    assert "3 words" in rows.first.inner_text()
    page.get_by_label("What would be lost").select_option("facts")
    assert rows.count() == 1
    page.get_by_label("What would be lost").select_option("")
    page.get_by_label("Reason").select_option("inside:newsletter_signup")
    assert rows.count() == 1
    news.until("document.querySelector('.removals tbody').innerText.includes('Subscribe to our')")
    assert "reason=inside" in page.url
    page.get_by_label("Reason").select_option("article:")
    rows.get_by_role("link", name="compare").click()
    news.settled()
    assert page.locator(".hunk-row").count() == 2


def test_near_copies_show_only_what_differs(news):
    page = news.show("pair", "daily", "daily-late")
    assert page.locator(".panes").is_hidden()
    marked = page.locator(".hunk-row .diff").all_inner_texts()
    assert marked == ["for", "began", "Wednesday", "forty", "started", "Thursday", "fifty"]
    folds = page.locator("button.fold")
    assert folds.count() == 3
    folds.first.click()
    assert folds.count() == 2
    assert "The ministry of transport" in page.locator(".hunk-row.equal").inner_text()
    page.get_by_role("button", name="Whole texts").click()
    assert page.locator(".panes").is_visible()
    assert "view=whole" in page.url
    page = news.show("pair", "daily", "wire")  # these have text of their own
    assert page.locator(".panes").is_visible()
    page.get_by_role("button", name="Only differences").click()
    assert page.locator(".hunk-row").first.is_visible()


def test_the_search_answers_while_one_types(news):
    page = news.show()
    page.locator("#search").press_sequentially("regatta")
    page.wait_for_selector("#suggestions [role=option]")
    kinds = page.locator(".suggested-kind").all_inner_texts()
    assert kinds == ["story", "passage", "article", "article", ""]
    assert page.get_attribute("#search", "aria-expanded") == "true"
    page.keyboard.press("ArrowDown")
    assert page.get_attribute("#search", "aria-activedescendant") == "suggestion-0"
    page.keyboard.press("Enter")
    news.settled()
    assert "/story/rowing" in page.url
    assert page.locator("#suggestions").is_hidden()
    page.locator("#search").press_sequentially("beekeepers")
    page.wait_for_selector("#suggestions [role=option]")
    page.keyboard.press("Escape")
    assert page.locator("#suggestions").is_hidden()
    page.keyboard.press("Enter")
    news.settled()
    assert page.inner_text("h1") == "Articles"


def test_a_suggestion_is_chosen_with_the_mouse(news):
    page = news.show()
    page.locator("#search").press_sequentially("bury somebody")
    page.locator("#suggestions [role=option]", has_text="quotation").click()
    news.settled()
    assert "/family/1" in page.url


def test_the_graph_draws_a_family_as_one_node(news):
    page = news.show("graph")
    hubs = page.locator("svg .node.hub")
    assert hubs.count() >= 1
    assert page.locator("svg .edge.in-family").count() >= 5
    hubs.first.dispatch_event("click")
    news.settled()
    assert "/family/" in page.url


def test_on_a_phone_relation_and_compare_stay(phone):
    page = phone.show("cluster", "daily")
    row = page.locator("tbody tr").last
    assert row.locator(".tag").is_visible()
    assert row.get_by_role("link", name="compare").is_visible()
    page = phone.show("pairs")
    assert page.locator("tbody .tag").first.is_visible()
    page = phone.show("family", "1")
    assert (
        page.locator(".occurrences tbody tr")
        .nth(1)
        .get_by_role("link", name="compare")
        .is_visible()
    )
    page = phone.show("story", "courier")
    box = page.locator(".timeline svg.chart").bounding_box()
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= 390


def test_a_page_of_an_older_result_has_no_families(browser, tmp_path, newsroom_page):
    import dataclasses

    import dedup

    result = newsroom_page[1]
    more = ("families", "occurrences", "copying", "stories", "story_members")
    tables = {name: table for name, table in result.tables.items() if name not in more}
    file = dedup.write_report(dataclasses.replace(result, tables=tables), tmp_path / "old.html")
    with browsers.opened(browser, file) as shown:
        page = shown.show()
        assert "passages" in page.inner_text(".front")
        sections = page.locator("#sections a").all_inner_texts()
        assert "Families" not in sections
        assert "Stories" not in sections
        assert "not in this result" in shown.show("families").inner_text("h1")
        shown.show("graph")
        assert page.locator("svg .node").count() > 3
        assert shown.faults == []
