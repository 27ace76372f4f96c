"""The HTML report for everybody: screen readers, keyboard, small windows, dark, print, RTL."""

from __future__ import annotations

import browsers
import pytest

pytestmark = pytest.mark.browser

PAIR = ("pair", "000_bf5b5dc23c7e20ed.txt", "004_3d6875e7ecbdd058.txt")
VIEWS = [
    ("",),
    ("look",),
    ("families",),
    ("family", "1"),
    ("stories",),
    ("outlets",),
    ("removals",),
    ("method",),
    ("clusters",),
    ("cluster", "*"),
    ("pairs",),
    ("pair", "*"),
    ("articles",),
    ("article", "*"),
    ("article", "arabic-1"),
    ("article", "nobody"),
    ("graph",),
]


def place(where, result):
    """Return the view, with the largest cluster and a pair of the result in place of a ``*``."""
    if where[-1] != "*":
        return where
    if where[0] == "pair":
        pair = next(each for each in result.pairs if each.relation == "near_duplicate")
        return ("pair", pair.a, pair.b)
    return (where[0], max(result.clusters.values(), key=len)[0])


def axe_of(shown):
    """Return (rule, impact, elements) of each fault that axe finds, light and dark.

    The themes differ in colours alone, so in the dark one the rules on colours are run.
    """
    if not browsers.AXE.exists():
        pytest.skip("no axe-core: scripts/browser fetches it where npm is")
    shown.page.evaluate(browsers.AXE.read_text(encoding="utf-8"))
    found = []
    for theme, rules in (("light", None), ("dark", ["color-contrast", "link-in-text-block"])):
        shown.page.emulate_media(color_scheme=theme)
        run = "only => axe.run(document, { resultTypes: ['violations'], ...only })"
        faults = shown.page.evaluate(run, {"runOnly": rules} if rules else {})["violations"]
        found += [
            (f"{theme}: {each['id']}", each["impact"], [node["html"] for node in each["nodes"]][:3])
            for each in faults
        ]
    return found


def small_texts(shown):
    """Return the elements whose text is smaller than 12 pixels, in what is folded up too."""
    return shown.page.evaluate(
        "(() => { const folded = [...document.querySelectorAll('details:not([open])')];"
        "folded.forEach(each => { each.open = true });"
        "const small = [...document.querySelectorAll('body *')].filter(e => e.childNodes.length &&"
        "[...e.childNodes].some(n => n.nodeType === 3 && n.data.trim()) && !e.closest('script')"
        "&& !e.closest('svg.graph') && parseFloat(getComputedStyle(e).fontSize) < 12)"
        ".map(e => e.outerHTML.slice(0, 120));"
        "folded.forEach(each => { each.open = false }); return small })()"
    )


def show_in_all_widths(shown, where):
    """Show a view on a phone, a tablet and a desk; return the widths in which it is too wide."""
    found = []
    for width, height in ((360, 740), (768, 740), (1280, 900)):
        shown.page.set_viewport_size({"width": width, "height": height})
        page = shown.show(*where)
        if page.evaluate("document.documentElement.scrollWidth") > width:
            found.append(width)
    return found


@pytest.mark.parametrize("where", VIEWS, ids="-".join)
def test_every_view_is_accessible(browser, varied_page, where):
    file, result = varied_page
    with browsers.opened(browser, file, bypass_csp=True) as shown:
        assert show_in_all_widths(shown, place(where, result)) == []
        assert small_texts(shown) == []
        found = axe_of(shown)
        assert [each for each in found if each[1] in ("serious", "critical", "moderate")] == []


NEWS = [
    ("",),
    ("families",),
    ("family", "1"),
    ("stories",),
    ("story", "courier"),
    ("outlets",),
    ("removals",),
    ("pair", "daily", "daily-late"),
]


@pytest.mark.parametrize("where", NEWS, ids="-".join)
def test_every_view_of_news_is_accessible(browser, newsroom_page, where):
    with browsers.opened(browser, newsroom_page[0], bypass_csp=True) as shown:
        assert show_in_all_widths(shown, where) == []
        assert axe_of(shown) == []


@pytest.mark.parametrize("where", [PAIR, ("article", PAIR[1])], ids=["pair", "article"])
def test_axe_finds_nothing_in_the_texts_of_the_seeds(browser, seeds_page, where):
    with browsers.opened(browser, seeds_page[0], bypass_csp=True) as shown:
        shown.show(*where)
        assert axe_of(shown) == []


def test_everything_is_reached_by_keys(browser, seeds_page):
    with browsers.opened(browser, seeds_page[0]) as shown:
        page = shown.show()
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.id") == "skip"
        page.keyboard.press("Enter")
        assert page.evaluate("document.activeElement.id") == "main"
        for key, title in zip(
            "1234567890",
            (
                *("Five", "Look", "Families", "Stories", "Outlets"),
                *("Removals", "Clusters", "Pairs", "Articles", "Graph"),
            ),
            strict=True,
        ):
            page.keyboard.press(key)
            shown.until(
                "title => document.querySelector('h1')?.innerText.startsWith(title)", arg=title
            )
            assert page.evaluate("document.activeElement.tagName") == "H1"
        page.keyboard.press("g")
        page.keyboard.press("p")
        shown.until("document.querySelector('h1').innerText === 'Pairs'")
        page.keyboard.press("ArrowDown")
        page.keyboard.press("ArrowDown")
        assert page.evaluate("document.activeElement.hasAttribute('data-entry')")
        page.keyboard.press("ArrowUp")
        page.keyboard.press("Enter")
        page.wait_for_selector(".pane")
        page.keyboard.press("Escape")
        shown.until("document.querySelector('h1').innerText === 'Pairs'")
        page.keyboard.press("?")
        assert page.locator("#help").is_visible()
        page.keyboard.press("Escape")
        assert page.locator("#help").is_hidden()
        page.keyboard.press("/")
        assert page.evaluate("document.activeElement.id") == "search"
        page.keyboard.type("4?d")
        assert page.input_value("#search") == "4?d"
        page.keyboard.press("Escape")
        assert page.evaluate("document.activeElement.id") == "main"
        assert shown.faults == []


def test_the_focus_is_seen(browser, seeds_page):
    with browsers.opened(browser, seeds_page[0]) as shown:
        page = shown.show("pairs")
        page.focus("#sections a")
        page.keyboard.press("Tab")
        outline = page.evaluate("getComputedStyle(document.activeElement).outline")
        assert "2px" in outline
        assert "none" not in outline


def test_dark_is_chosen_by_the_system_and_by_hand(browser, seeds_page):
    ground = "getComputedStyle(document.documentElement).backgroundColor"
    with browsers.opened(browser, seeds_page[0], color_scheme="light") as shown:
        page = shown.show()
        light = page.evaluate(ground)
        page.click("#theme")
        dark = page.evaluate(ground)
        assert dark != light
        assert page.get_attribute("#theme", "aria-pressed") == "true"
        page.keyboard.press("d")
        assert page.evaluate(ground) == light
        page.emulate_media(color_scheme="dark")
        assert page.evaluate(ground) == light
    with browsers.opened(browser, seeds_page[0], color_scheme="dark") as shown:
        assert shown.show().evaluate(ground) == dark


def test_print_shows_whole_texts_and_no_controls(browser, seeds_page):
    with browsers.opened(browser, seeds_page[0], color_scheme="dark") as shown:
        page = shown.show(*PAIR)
        page.emulate_media(media="print")
        assert page.locator(".top").is_hidden()
        assert page.locator(".controls").first.is_hidden()
        heights = page.evaluate(
            "[...document.querySelectorAll('.pane')].map(e => [e.clientHeight, e.scrollHeight])"
        )
        assert all(shown >= whole for shown, whole in heights)
        ink = page.evaluate("getComputedStyle(document.body).color")
        assert ink == "rgb(27, 29, 32)"


def test_arabic_runs_from_right_to_left(browser, varied_page):
    direction = "e => getComputedStyle(e).direction"
    with browsers.opened(browser, varied_page[0]) as shown:
        page = shown.show("article", "arabic-1")
        assert page.locator("#original").evaluate(direction) == "rtl"
        assert page.locator("h1 bdi").evaluate(direction) == "rtl"
        page = shown.show("pair", "arabic-1", "arabic-2")
        texts = page.locator(".side-text")
        assert [each.evaluate(direction) for each in texts.all()] == ["rtl", "rtl"]
        page = shown.show("article", "emoji/1?x#y&z=%2F")
        assert page.locator("#original").evaluate(direction) == "ltr"
        assert page.locator("html").evaluate(direction) == "ltr"


def test_figures_have_names_descriptions_and_numbers(browser, varied_page):
    with browsers.opened(browser, varied_page[0]) as shown:
        page = shown.show()
        assert page.locator("figure").count() == 1
        page = shown.show("method")
        figures = page.locator("figure").all()
        assert len(figures) == 4
        for each in figures:
            assert each.locator("h3").inner_text()
            assert each.locator("figcaption p").inner_text()
            assert each.locator("table").count() == 1
        numbers = page.locator("details.numbers").first
        numbers.locator("summary").click()
        shown.until("document.querySelectorAll('details.numbers[open] tbody tr').length === 20")


def test_without_scripts_the_totals_are_there(browser, seeds_page):
    with browsers.opened(browser, seeds_page[0], java_script_enabled=False) as shown:
        shown.page.goto(shown.file.as_uri())
        assert "Scripts are switched off" in shown.page.content()
        assert shown.page.locator("noscript table").first.is_visible()
