"""What the HTML report says: right for every kind of run, and every word explained."""

from __future__ import annotations

import browsers
import pytest
from test_report_faults import articles

import dedup

pytestmark = pytest.mark.browser


def page_for(folder, rows, *find):
    return dedup.write_report(dedup.scan(rows, dedup.Config(find=find)), folder / "page.html")


def twice(rows):
    return [*rows, *({**each, "id": f"copy-{each['id']}"} for each in rows)]


@pytest.mark.parametrize("find", ["passages", "repeats"])
def test_what_was_not_looked_for_is_not_denied(browser, tmp_path, find):
    file = page_for(tmp_path, twice(articles(4)), find)
    with browsers.opened(browser, file) as shown:
        page = shown.show()
        assert "Copies were not looked for" in page.inner_text(".lede")
        assert "8 articles stay" in page.inner_text(".lede")
        assert "no cluster" not in page.inner_text("main")
        page = shown.show("clusters")
        assert "Copies were not looked for" in page.inner_text(".empty")
        page = shown.show("article", "a001")
        assert "no copies" not in page.inner_text(".standing")
        assert shown.faults == []


def test_without_passages_no_coverage_is_shown(browser, tmp_path):
    rows = articles(4)
    rows.append({"id": "near", "text": f"{rows[0]['text']} And one more line."})
    with browsers.opened(browser, page_for(tmp_path, rows, "duplicates")) as shown:
        page = shown.show("pairs")
        (row,) = page.locator("tbody tr").all()
        assert row.locator("td").nth(3).inner_text() == "–"
        assert page.locator("select").nth(1).locator("option").count() == 3
        page = shown.show("look")
        assert "coverage" not in page.inner_text("main").lower()
        assert shown.faults == []


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([], "There were no articles."),
        (articles(1), "There is one article, so there is no copy"),
        (articles(2), "None of 2 articles is a copy that goes"),
        (twice(articles(1)), "1 article of 2 is a copy of one that stays"),
    ],
)
def test_the_first_sentence_is_right_for_few(browser, tmp_path, rows, said):
    file = page_for(tmp_path, rows, "duplicates", "passages", "repeats")
    with browsers.opened(browser, file) as shown:
        assert said in shown.show().inner_text(".lede")
        for view in ("look", "clusters", "pairs", "articles", "graph"):
            shown.show(view)
        assert shown.faults == []


def test_skipped_rows_are_no_articles_in_the_first_sentence(browser, tmp_path):
    (tmp_path / "a.jsonl").write_text('{"text":"One text of a few words."}\n{"x":1}\n')
    from click.testing import CliRunner

    from dedup import cli

    file = tmp_path / "page.html"
    CliRunner().invoke(cli.root, ["scan", f"{tmp_path}/a.jsonl", "--report", str(file), "-q"])
    with browsers.opened(browser, file) as shown:
        page = shown.show()
        assert "There is one article" in page.inner_text(".lede")
        assert "2 read = 1 kept" in page.inner_text(".front")


def test_pairs_at_the_threshold_are_told_apart(browser, varied_page):
    file, _ = varied_page
    with browsers.opened(browser, file) as shown:
        page = shown.show("look")
        cells = page.locator("td.number:not(.middle)").all_inner_texts()
        assert any(len(each) == 5 and each.startswith("0.") for each in cells)


def test_the_words_are_explained_from_the_beginning(browser, seeds_page):
    with browsers.opened(browser, seeds_page[0], height=500) as shown:
        page = shown.show("pairs")
        page.get_by_role("button", name="Help").click()
        assert page.evaluate("document.getElementById('help').scrollTop") == 0
        told = page.inner_text("#help").lower()
        heads = page.locator("thead th").all_inner_texts()
        for word in ("jaccard", "contained", "coverage", "density", "recall", "excerpt", *heads):
            if word.lower() not in ("", "articles", "relation", "words"):
                assert word.lower().rstrip("s") in told, word
        page.keyboard.press("Escape")
        assert page.locator("#help").is_hidden()


def test_an_address_that_is_none_of_ours_shows_the_overview(browser, seeds_page):
    with browsers.opened(browser, seeds_page[0]) as shown:
        shown.page.goto(f"{shown.file.as_uri()}#comments")
        shown.page.wait_for_selector("html[data-ready]")
        assert shown.page.inner_text("h1") == "Five reports on Hama"
        assert shown.faults == []


def test_a_warning_on_the_page_leads_to_the_page_and_to_no_command(browser, tmp_path):
    result = dedup.scan(twice(articles(4)))
    more = {"share": 0.5, "documents": 4, "removed": 2, "examples": []}
    result.summary["warnings"] = [
        {"kind": "lost_text", "name": None, **more},
        {"kind": "site_losses", "name": "a.example", **more},
    ]
    with browsers.opened(browser, dedup.write_report(result, tmp_path / "page.html")) as shown:
        for view in ("", "look"):
            page = shown.show(view)
            said = page.inner_text(".notes")
            assert "2 of 4 removals lose more than 10% of their running words" in said
            assert "dedup scan" not in said
        page.locator(".notes a", has_text="Which").first.click()
        shown.settled()
        assert "#/removals?loss=words" in page.url
        assert shown.faults == []
