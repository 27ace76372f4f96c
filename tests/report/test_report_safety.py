"""Nothing that stands in an article can run, load or lead anywhere."""

from __future__ import annotations

import base64
import hashlib
import re

import browsers
import pytest
import varied

from dedup.report.web import assets

ROUTES = [
    ("",),
    ("look",),
    ("clusters",),
    ("cluster", varied.HOSTILE),
    ("pairs",),
    ("pair", varied.HOSTILE, varied.LINK),
    ("articles",),
    ("article", varied.HOSTILE),
    ("article", varied.LINK),
    ("article", f"nobody{varied.HOSTILE}"),
    ("graph",),
    (varied.HOSTILE,),
]


def views():
    yield from ((where, {}) for where in ROUTES)
    yield ("articles",), {"q": varied.HOSTILE, "in": "texts"}
    yield ("article", varied.HOSTILE), {"text": "clean"}
    yield ("article", varied.HOSTILE), {"find": varied.HOSTILE}
    yield ("articles",), {"q": varied.LINK, "show": varied.HOSTILE, "sort": "__proto__"}
    yield ("pairs",), {"relation": varied.HOSTILE, "sort": "constructor", "page": "-7e99"}


@pytest.mark.browser
def test_hostile_strings_do_nothing_on_any_view(browser, varied_page):
    with browsers.opened(browser, varied_page[0]) as shown:
        for where, query in views():
            page = shown.show(*where, **query)
            page.wait_for_timeout(50)
            assert page.evaluate("window.hacked") is None, where
            assert page.locator("img, iframe, object, embed, base, style ~ style").count() == 0
            links = page.evaluate("[...document.links].map(e => e.getAttribute('href'))")
            assert all(each.startswith("#") for each in links), where
        page = shown.show("article", varied.HOSTILE)
        assert varied.HOSTILE in page.inner_text("main")
        assert shown.faults == []
        assert {each for each in shown.asked if not each.startswith("about:")} == {
            each for each in shown.asked if each.startswith("file:") and "varied" in each
        }


@pytest.mark.browser
def test_every_link_of_a_view_leads_to_a_view(browser, varied_page):
    with browsers.opened(browser, varied_page[0]) as shown:
        page = shown.show("article", varied.HOSTILE)
        for link in page.evaluate("[...document.querySelectorAll('main a')].map(e => e.hash)"):
            page.evaluate("link => { location.hash = link }", link)
            shown.settled()
            assert "No such" not in page.inner_text("h1")
        assert page.evaluate("window.hacked") is None
        assert shown.faults == []


@pytest.mark.browser
def test_the_policy_stops_what_is_put_into_the_page(browser, seeds_page):
    with browsers.opened(browser, seeds_page[0]) as shown:
        page = shown.show()
        page.evaluate(
            "const e = document.createElement('script'); e.append('window.hacked = 1');"
            "document.head.append(e)"
        )
        assert page.evaluate("window.hacked") is None
        raised = "try { document.body.innerHTML = '<b>x</b>'; false } catch { true }"
        assert page.evaluate(f"() => {{ {raised.replace('false', 'return false')} }}") in (
            None,
            True,
        )
        assert page.locator("body > b").count() == 0
        page.evaluate("fetch('https://example.org/').catch(() => 0)")
        assert not [each for each in shown.asked if each.startswith("http")]


def test_the_policy_names_the_script_and_the_style_by_hash(varied_page):
    page = varied_page[0].read_text(encoding="utf-8")
    policy = re.search(r'http-equiv="Content-Security-Policy" content="([^"]*)"', page)[1]
    policy = policy.replace("&#39;", "'")
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    for name, pattern in (
        ("script", r'<script type="module">(.*?)</script>'),
        ("style", "<style>(.*?)</style>"),
    ):
        (text,) = re.findall(pattern, page, re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert f"{name}-src 'sha256-{digest}'" in policy


def test_the_page_names_no_address_and_no_handler(seeds_page):
    page = seeds_page[0].read_text(encoding="utf-8")
    markup = re.sub(r"<(script|style)[^>]*>.*?</\1>", "", page, flags=re.DOTALL)
    assert not re.search(r"(https?:)?//|\bon[a-z]+=|\bstyle=|javascript:", markup)
    own = assets.script()[len((assets.FOLDER / assets.SCRIPTS[0]).read_text(encoding="utf-8")) :]
    assert not re.search(
        r"innerHTML|outerHTML|insertAdjacent|document\.write|\beval\b|fetch\(", own
    )
    assert not re.search("</?script|<!--", assets.script())


def test_the_files_of_the_page_are_small_and_complete():
    folder = assets.FOLDER
    named = {folder / each for each in assets.SCRIPTS}
    assert named == {*folder.glob("js/*.js"), folder / "vendor" / "libraries.js"}
    for each in folder.glob("js/*.js"):
        assert each.read_text(encoding="utf-8").count("\n") <= 400
    assert (folder / "vendor" / "libraries.js").stat().st_size < 120_000
    licences = (folder / "vendor" / "LICENSES.txt").read_text(encoding="utf-8")
    for name in re.findall('from "([^"]+)"', (folder / "vendor" / "entry.js").read_text()):
        assert re.search(rf"^{name} \d", licences, re.MULTILINE)
