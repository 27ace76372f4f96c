"""The HTML report in a browser: what a reader sees and does."""

from __future__ import annotations

import re
from pathlib import Path

import browsers
import pytest
import varied

import dedup

pytestmark = pytest.mark.browser

IDS = [
    "000_bf5b5dc23c7e20ed.txt",
    "001_6908a5e88d0a8aae.txt",
    "002_7037d430e6518620.txt",
    "003_75cbe6951555812d.txt",
    "004_3d6875e7ecbdd058.txt",
]


@pytest.fixture
def report(browser, seeds_page):
    with browsers.opened(browser, seeds_page[0]) as shown:
        yield shown
    assert shown.faults == []


@pytest.fixture
def various(browser, varied_page):
    with browsers.opened(browser, varied_page[0]) as shown:
        yield shown
    assert shown.faults == []


def test_the_seeds_open_without_errors(report):
    page = report.show()
    assert page.inner_text("h1") == "Five reports on Hama"
    assert page.title() == "Five reports on Hama"
    assert "None of 5 articles is a copy" in page.inner_text(".lede")
    assert page.locator(".front-block").count() >= 6
    assert all(each.startswith(("file:", "about:", "data:")) for each in report.asked)


@pytest.mark.parametrize(
    "view",
    [
        "look",
        "families",
        "stories",
        "outlets",
        "removals",
        "clusters",
        "pairs",
        "articles",
        "graph",
    ],
)
def test_every_section_opens_and_is_the_current_one(report, view):
    page = report.show(view)
    assert page.get_attribute("#sections [aria-current]", "href") == f"#/{view}"
    assert page.locator("h1").count() == 1


def test_the_teasers_of_002_are_struck_through(report):
    page = report.show("article", IDS[2])
    teasers = page.locator("del[data-reason=truncated_teaser]")
    assert teasers.count() == 2
    for each in teasers.all():
        assert "Jihadist rebels took control of Hama" in each.inner_text()
        assert each.evaluate("e => getComputedStyle(e).textDecorationLine") == "line-through"
    assert "truncated teaser" in page.inner_text(".reasons")


def test_a_removed_teaser_leads_to_the_copy_that_stays(report):
    page = report.show("article", IDS[2])
    page.locator("del[data-reason=truncated_teaser] .to-copy").first.click()
    copy = page.locator("[data-kept].flash").first
    assert copy.is_visible()
    assert copy.evaluate("e => e.closest('del')") is None
    assert "Jihadist rebels took control" in copy.inner_text()


@pytest.mark.parametrize("doc_id", IDS)
def test_the_cleaned_text_is_that_of_clean(report, seeds_page, doc_id):
    cleaned = {each["doc_id"]: each["clean"] for each in dedup.clean(seeds_page[1])}
    page = report.show("article", doc_id)
    assert page.locator("#cleaned").is_hidden()
    page.get_by_role("button", name="Cleaned").click()
    assert page.text_content("#cleaned") == cleaned[doc_id]
    assert page.locator("#original").is_hidden()


def test_offsets_count_an_emoji_once(various, varied_page):
    (entry,) = [each for each in dedup.clean(varied_page[1]) if each["doc_id"].startswith("emoji")]
    page = various.show("article", entry["doc_id"], text="clean")
    assert page.text_content("#cleaned") == entry["clean"] != varied.EMOJI
    page.keyboard.press("c")
    struck = page.locator("del").all_inner_texts()
    for text, wanted in zip(
        struck, ("Subscribe to our newsletter", "Share this article:"), strict=True
    ):
        assert text.endswith(f" {wanted}")


def test_the_quote_stands_side_by_side_in_000_and_004(report):
    page = report.show("pair", IDS[0], IDS[4])
    quotes = page.locator("mark.passage", has_text="Hassan Abdul Ghani")
    assert quotes.count() == 2
    left, right = (each.get_attribute("class") for each in quotes.all())
    assert left == right
    differing = [page.locator(".pane").nth(side).locator(".diff") for side in (0, 1)]
    words = [" ".join(each.all_inner_texts()) for each in differing]
    assert "people" in words[0]
    assert "rightful owners" in words[1]
    assert "criminal" not in " ".join(words)
    assert "quote" in page.inner_text(".passage-said")


def test_a_passage_brings_its_counterpart_into_view(report):
    page = report.show("pair", IDS[0], IDS[4])
    last = page.locator(".pane").first.locator("button.chip").last
    number = last.inner_text()
    last.click()
    for side in (0, 1):
        mark = page.locator(".pane").nth(side).locator("mark.current").first
        assert mark.evaluate(
            "e => { const pane = e.closest('.pane').getBoundingClientRect();"
            "const top = e.getBoundingClientRect().top;"
            "return top >= pane.top - 1 && top < pane.bottom }"
        )
    assert f"Passage {number} of" in page.inner_text(".passage-said")


def test_both_texts_scroll_together_unless_switched_off(report):
    page = report.show("pair", IDS[0], IDS[4])
    tops = "[...document.querySelectorAll('.pane')].map(e => e.scrollTop)"
    page.evaluate("document.querySelectorAll('.pane')[0].scrollTop = 900")
    report.until(f"{tops}[1] > 50")
    page.keyboard.press("s")
    before = page.evaluate(tops)
    page.evaluate("document.querySelectorAll('.pane')[0].scrollTop = 100")
    page.wait_for_timeout(150)
    assert page.evaluate(tops) == [100, before[1]]


def test_keys_go_from_passage_to_passage(report):
    page = report.show("pair", IDS[0], IDS[4])
    said = page.locator(".passage-said")
    for key, place in (("n", 2), ("n", 3), ("p", 2)):
        page.keyboard.press(key)
        assert f"Passage {place} of 4" in said.inner_text()
    assert "passage=2" in page.url
    page.reload()
    page.wait_for_selector("html[data-ready]")
    assert "Passage 2 of 4" in said.inner_text()


def test_chinese_is_compared_by_character(various):
    page = various.show("pair", "zh-1", "zh-2")
    words = [page.locator(".pane").nth(side).locator(".diff").all_inner_texts() for side in (0, 1)]
    assert words == [["周四"], ["星期五"]]


def test_a_pair_without_passages_is_compared_whole(various, varied_page):
    result = varied_page[1]
    cluster = max(result.clusters.values(), key=len)
    listed = {(each.a, each.b) for each in result.pairs}
    a, b = next(
        (a, b) for a in sorted(cluster) for b in sorted(cluster) if a < b and (a, b) not in listed
    )
    page = various.show("pair", a, b)
    assert "one cluster" in page.inner_text(".lede")
    assert page.locator("mark.passage").count() == 0
    said = page.inner_text(".pair-controls")
    assert "stand on one side only" in said or "equal" in said


def test_the_slider_says_what_another_threshold_would_do(various, varied_page):
    page = various.show("look")
    slider, said = page.get_by_role("slider"), page.locator("#what-if-said")
    removed = varied_page[1].summary["documents"]["removed"]
    assert f"{removed} articles removed, as in this run" in said.inner_text()
    slider.focus()
    page.keyboard.press("End")
    assert "Threshold 1.00" in said.inner_text()
    assert slider.get_attribute("aria-valuetext").startswith("threshold 1.00")
    page.keyboard.press("Home")
    assert "estimate" in said.inner_text()
    page.get_by_role("button", name="Back to the run").click()
    assert "as in this run" in said.inner_text()


@pytest.mark.parametrize(
    ("query", "found"),
    [("A007", 1), ("REPORT number day a00", 10), ("arabic.1", 0), ("انسحاب القوات", 1), ("zh-", 2)],
)
def test_search_by_id_and_first_words(various, query, found):
    page = various.show()
    page.fill("#search", query)
    page.keyboard.press("Enter")
    various.settled()
    assert page.inner_text("h1") == "Articles"
    assert page.locator("main a[data-entry]").count() == found
    page.fill("#article-filter", "arabic-2")
    various.until("document.querySelectorAll('main a[data-entry]').length == 1")


def test_search_by_site(various):
    page = various.show("articles", q="herald.example")
    facts = page.locator("tbody .facts").all_inner_texts()
    assert facts
    assert all("herald.example" in each for each in facts)


def test_search_in_the_texts(various):
    page = various.show("articles", q="town hall is older")
    assert page.locator(".list:visible").count() == 0
    page.click("#in-texts")
    page.wait_for_selector(".text-search .list:visible")
    assert page.locator(".text-search mark").inner_text() == "town hall is older"
    page.locator(".text-search a").click()
    various.settled()
    assert page.locator("mark.hit").inner_text() == "town hall is older"
    page = various.show("articles", **{"q": "双方就经济合作", "in": "texts"})
    page.wait_for_selector(".text-search .list:visible")
    assert page.locator(".text-search mark").all_inner_texts() == ["双方就经济合作"] * 2


def test_two_members_of_a_cluster_are_ticked_and_compared(various, varied_page):
    name, members = max(varied_page[1].clusters.items(), key=lambda each: len(each[1]))
    page = various.show("clusters")
    page.locator("main a[data-entry]").first.click()
    various.settled()
    assert f"{len(members)} articles" in page.inner_text(".lede")
    first = page.locator("tbody tr").first
    assert name in first.inner_text()
    assert "kept" in first.inner_text()
    assert page.locator("tbody tr").count() == min(50, len(members))
    boxes = page.locator("td.tick input")
    for place in (0, 3, 5):
        boxes.nth(place).check()
    assert [boxes.nth(place).is_checked() for place in (0, 3, 5)] == [False, True, True]
    page.get_by_role("link", name="Side by side").click()
    various.settled()
    assert page.locator(".pane").count() == 2


def test_lists_have_pages_that_the_address_keeps(various):
    page = various.show("articles")
    page.get_by_role("button", name="Next").click()
    first = page.locator("main a[data-entry]").first.inner_text()
    assert "page=2" in page.url
    page.reload()
    page.wait_for_selector("html[data-ready]")
    assert page.locator("main a[data-entry]").first.inner_text() == first


def test_a_line_of_the_graph_tells_its_passage_and_opens_the_pair(report):
    page = report.show("graph")
    assert page.locator("svg .node").count() == 3
    line = page.locator("svg .edge.rel-derived .reach")
    line.dispatch_event("pointerenter")
    page.locator(".edge.rel-derived").dispatch_event("pointerenter")
    page.wait_for_selector(".graph-said blockquote")
    assert "Hassan Abdul Ghani" in page.inner_text(".graph-said blockquote")
    page.locator(".edge.rel-derived").dispatch_event("click")
    report.settled()
    assert page.locator(".pane").count() == 2


def test_the_arrow_keys_walk_the_graph(report):
    page = report.show("graph")
    page.focus("svg.graph")
    page.keyboard.press("ArrowRight")
    assert page.locator(".edge.chosen").count() == 1
    page.keyboard.press("Enter")
    report.settled()
    assert "/pair/" in page.url


@pytest.mark.parametrize(
    "where", [("article", "nobody"), ("pair", IDS[0], "nobody"), ("cluster", "nobody"), ("what",)]
)
def test_what_is_not_there_is_said(report, where):
    page = report.show(*where)
    assert re.search("No such (article|page)", page.inner_text("h1"))
    assert page.get_by_role("link", name="Go to the overview").is_visible()


def test_a_broken_address_is_no_error(report):
    page = report.show()
    page.evaluate("location.hash = '#/article/%E0%A4%A'")
    report.settled()
    assert "No such article" in page.inner_text("h1")


def test_an_old_browser_is_told(report):
    report.page.add_init_script("delete globalThis.DecompressionStream")
    report.page.goto(report.file.as_uri())
    report.page.wait_for_selector("h1")
    assert "too old" in report.page.inner_text("h1")


def test_a_page_without_texts_says_so(browser, seeds_page, tmp_path):
    import dataclasses
    import io

    from dedup.report.web import from_result, write_page

    found = dataclasses.replace(from_result(seeds_page[1]), texts=None, notes=("No texts.",))
    with io.BytesIO() as file:
        write_page(found, file)
        (tmp_path / "page.html").write_bytes(file.getvalue())
    with browsers.opened(browser, tmp_path / "page.html") as shown:
        page = shown.show()
        assert "No texts." in page.inner_text(".notice >> nth=0")
        page = shown.show("article", IDS[0])
        assert "not in this page" in page.inner_text(".reading")
        page = shown.show("pair", IDS[0], IDS[4])
        assert "not in this page" in page.inner_text("main").lower()
        assert shown.faults == []


@pytest.mark.slow
def test_a_report_of_20_000_articles_is_bounded_and_works(browser, tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(Path(__file__).resolve().parents[2] / "benchmarks")
    corpus = pytest.importorskip("corpus")
    made, _ = corpus.make(20_000, 1, 400)
    result = dedup.scan(made)
    file = dedup.write_report(result, tmp_path / "large.html")
    assert file.stat().st_size < 30_000_000
    with browsers.opened(browser, file) as shown:
        page = shown.show()
        assert "20,000" in page.inner_text(".front")
        assert "texts" in page.inner_text("#left-out + ul").lower()
        page.keyboard.press("9")
        shown.until("document.querySelector('h1').innerText === 'Articles'")
        assert page.locator("tbody tr").count() == 50
        for _ in range(3):
            page.keyboard.press("]")
        assert "page=4" in page.url
        page.fill("#article-filter", "00001234")
        shown.until("document.querySelectorAll('tbody tr').length === 1")
        page = shown.show("graph")
        assert 100 < page.locator("svg .node").count() <= 500
        page = shown.show("clusters")
        page.locator("main a[data-entry]").first.click()
        shown.settled()
        page.get_by_role("link", name="compare").first.click()
        shown.settled()
        assert page.locator("mark.passage").count() >= 2
        assert shown.faults == []
