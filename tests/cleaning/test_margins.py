"""Menus and footers as runs, markup around lines, comments, and lines that stand twice."""

from __future__ import annotations

import random

import pytest

import dedup
from dedup.cleaning.boilerplate.patterns import match_patterns, plain_text
from dedup.cleaning.rules import BOILERPLATE_REASONS, REPEAT_REASONS, RULES
from dedup.config import Config
from dedup.report.labels import REASON_WORDS

ONE = "The council met on Monday and agreed to mend the bridge before the winter comes."
TWO = "Farmers in the valley say that they have waited for it since the flood of two years ago."
THREE = "Work begins in May, and the ferry will run until the last stone of the bridge is laid."
FOUR = "Nobody in the village knows yet who is going to pay for the new road to the harbour."
BODY = [ONE, TWO, THREE, FOUR]
POST = "The new bridge will carry the first bus on the second of May, rain or shine"


def cleaned(lines, **settings):
    """Return the lines of a page that stay, and its tags as {line: tag}."""
    text = "\n".join(lines)
    result = dedup.scan([{"id": "a", "text": text}], Config(find=("repeats",), **settings))
    cuts = {(row["start"], row["end"]): row for row in result.removals.to_pylist()}
    at, stays = 0, []
    for line in lines:
        if not any(start <= at < end for start, end in cuts):
            stays.append(line)
        at += len(line) + 1
    tags = {text[row["start"] : row["end"]]: row["tag"] for row in result.annotations.to_pylist()}
    return stays, tags


MENU = ["* Markets", "* My Money", "* Sign in", "* Library", "* Contact us", "* Our people"]


def test_a_menu_above_the_text_goes_as_a_whole_and_the_headline_stays():
    stays, _ = cleaned(["The Valley Post", "Skip to content", *MENU, "A bridge for all", *BODY])
    assert stays == ["The Valley Post", "A bridge for all", *BODY]


def test_a_headline_between_a_menu_and_its_last_line_stays():
    page = ["Post", "Skip to content", "Markets", "Sign in", "A bridge for all", "Privacy Policy"]
    stays, _ = cleaned([*page, *BODY])
    assert "A bridge for all" in stays
    assert "Markets" not in stays


def test_a_footer_goes_from_its_first_line_on():
    foot = ["Contact us", "Find an office", "Our values", "Privacy Policy", "Work at the Post"]
    stays, _ = cleaned(["A bridge for all", *BODY, *foot])
    assert stays == ["A bridge for all", *BODY]


@pytest.mark.parametrize(
    "ending",
    [
        ["200 g flour", "4 eggs", "1 tsp salt", "Share this"],
        ["The Winners", "Anna Smith", "Bernd Maier", "Carla Rossi"],
        ["* 200 g flour", "* 4 eggs", "* 1 tsp salt"],
    ],
    ids=["recipe", "names", "list"],
)
def test_a_list_of_the_article_stays(ending):
    stays, _ = cleaned(["A bridge for all", *BODY, *ending])
    assert stays == ["A bridge for all", *BODY, *(line for line in ending if "Share" not in line)]


FOOT = ["Contact us", "Privacy Policy", "Terms of use"]
SHARES = ["* Facebook", "* Twitter", "* Reddit", "* Pinterest", "* Email"]
KNOWN = ["Bread is dear again", THREE.replace("bridge", "mill")]  # a card on all pages of the site


def site(*last):
    """Return the lines below the text that stay; ``last`` is a card or more on the first page."""
    pages = []
    for number in range(16):
        source = random.Random(number)
        words = ["".join(source.choices("abcdefghij", k=7)) for _ in range(100)]
        body = [f"{' '.join(words[k : k + 20])}." for k in range(10, 90, 20)]
        cards = [*KNOWN, *(last if number == 0 else ()), "Latest videos", "A dog on the ice"]
        card = ["Share this", *SHARES, "Related stories", *cards, *FOOT]
        pages.append([" ".join(words[:7]), *body, *card])
    rows = [{"id": f"{n:02}", "text": "\n".join(each), "site": "x"} for n, each in enumerate(pages)]
    result = dedup.scan(rows, Config(find=("repeats",)))
    gone = [row for row in result.removals.to_pylist() if row["doc"] == 0]
    starts = [rows[0]["text"].index(line) for line in pages[0]]
    return [
        line
        for line, start in list(zip(pages[0], starts, strict=True))[5:]
        if not any(row["start"] <= start < row["end"] for row in gone)
    ]


def test_titles_and_teasers_below_a_heading_of_related_articles_go():
    assert site() == []
    assert site("Quarry to close in autumn", FOUR) == []


def test_two_paragraphs_in_a_row_are_no_teaser():
    stays = site("Quarry to close in autumn", FOUR, ONE)
    assert {FOUR, ONE} <= set(stays)


def test_a_list_behind_paragraphs_of_the_text_is_no_part_of_the_menu_above_them():
    download = ["Share this", "Print this page", "Sign in"]
    credits = ["Credits", "Anna Smith", "Bernd Maier", "Carla Rossi"]
    lines = ["A bridge for all", *BODY * 3, *download, ONE.lower(), TWO.lower(), *credits, *FOOT]
    stays, _ = cleaned(lines)
    assert stays[-4:] == credits


LONG_MENU = [f"* Topic {word}" for word in "ash beech cedar elm fir gorse hazel".split()]


@pytest.mark.parametrize("deep", [True, False], ids=["deep", "last"])
def test_a_long_line_deep_inside_a_menu_goes_and_what_may_be_the_headline_stays(deep):
    line = "Notes from the valley by Anna Smith"
    menu = [*MENU, *LONG_MENU, line, *LONG_MENU, *MENU]
    more = ["A bridge for all of us", "What it will cost us all"] if deep else []
    stays, _ = cleaned(["Post", "Skip to content", *menu, *more, "Sign in", *BODY])
    assert (line in stays) != deep
    assert stays[-4:] == BODY
    assert set(more) <= set(stays)


MARKED = [
    "[Share on Facebook](https://example.org/sharer.php?u=https%3A%2F%2Fexample.org%2Fa&t=b-c-d-e)",
    "![](https://example.org/a.png) [Subscribe to our newsletter](https://example.org/nl)",
    "* **[Sign up for our newsletter](https://example.org/nl)**",
    "## Advertisement",
    "_Advertisement_",
    "> Read more: [A bridge for all](https://example.org/bridge)",
    "📩 Subscribe to our newsletter",
    "&nbsp;Follow us on Twitter&nbsp;&raquo;",
]


@pytest.mark.parametrize("line", MARKED)
def test_markup_is_no_part_of_a_line(line):
    assert cleaned([ONE, TWO, line, THREE, FOUR])[0] == BODY


@pytest.mark.parametrize(
    "line",
    [
        "a * b * c",
        "snake_case_name",
        "5 > 3 # comment",
        "AT&T and B&O",
        "see [1] and (2)",
        "2 ** 3",
    ],
)
def test_what_only_looks_like_markup_stays_as_it_is(line):
    assert plain_text(line) == line


LABELS = [
    "Image 1 of 12", "toggle caption", "Scroll down for video", "Hide caption", "Pause video",
    "Direkt zum Inhalt", "Artikel drucken", "71 Kommentare", "Datenschutzerklärung",
    "Aller au contenu principal", "Politique de confidentialité", "Ir al contenido",
    "Política de cookies", "Voltar ao topo", "Termos de uso", "Vai al contenuto",
    "Informativa sulla privacy", "Ga naar de inhoud", "Algemene voorwaarden", "Lees meer",
    "Polityka prywatności", "Przejdź do treści", "Gizlilik politikası", "İçeriğe geç",
    "Перейти к содержимому", "Политика конфиденциальности", "سياسة الخصوصية", "关于我们",
    "プライバシーポリシー", "もっと見る", "Share this: Facebook Twitter Email",
]  # fmt: skip


@pytest.mark.parametrize("line", LABELS)
def test_labels_are_known_in_many_languages(line):
    assert match_patterns(line, min(6, len(line.split())), is_sentence=False) is not None


COMMENTS = [
    "2 Comments",
    "Anna Smith",
    "12:13 pm January 13, 2024",
    "I do not believe a word of it, and neither does my neighbour from across the river.",
    "Bernd Maier",
    "3 days ago",
    "He is right, the bridge was never safe for the heavy trucks of the quarry anyway.",
]


def test_comments_are_tagged_and_go_on_request():
    stays, tags = cleaned(["A bridge for all", *BODY, *COMMENTS])
    assert stays == ["A bridge for all", *BODY, *COMMENTS[1:]]
    assert tags == dict.fromkeys(COMMENTS[1:], "comment")
    stays, _ = cleaned(["A bridge for all", *BODY, *COMMENTS], drop_tags=("comment",))
    assert stays == ["A bridge for all", *BODY]


def test_dates_without_a_heading_of_comments_are_no_comments():
    lines = ["A bridge for all", *BODY, *COMMENTS[1:]]
    stays, tags = cleaned(lines)
    assert stays == lines
    assert "comment" not in tags.values()


SIGNED = "— Jane Doe (@jane) May 2, 2024"
QUOTED = f"He wrote: “{POST}.” {TWO}"
HEADLINE = "Council to mend the old bridge before the winter and to raise the fee"
CAPTION = "Workers lift stones from the bridge on Monday. Photo: A. Smith"


@pytest.mark.parametrize(
    ("lines", "stays"),
    [
        ([HEADLINE, HEADLINE, "", *BODY], [HEADLINE, "", *BODY]),
        ([HEADLINE, ONE, CAPTION, "", CAPTION, TWO, THREE], [HEADLINE, ONE, CAPTION, TWO, THREE]),
        ([HEADLINE, CAPTION, ONE, TWO, CAPTION, FOUR], [HEADLINE, CAPTION, ONE, TWO, FOUR]),
        ([HEADLINE, f"{ONE} {TWO}", f"{ONE} {TWO} {THREE}"], [HEADLINE, f"{ONE} {TWO} {THREE}"]),
        (
            [
                HEADLINE,
                ONE,
                f"He wrote: “{POST}.” {TWO}",
                f"{POST} pic.twitter.com/abc",
                THREE,
                "— Jane Doe (@jane) May 2, 2024",
                FOUR,
            ],
            [
                HEADLINE,
                ONE,
                f"He wrote: “{POST}.” {TWO}",
                THREE,
                "— Jane Doe (@jane) May 2, 2024",
                FOUR,
            ],
        ),
    ],
    ids=["headline", "caption", "caption apart", "lead", "post"],
)
def test_what_a_template_prints_twice_stays_once(lines, stays):
    if POST in "".join(lines):  # the post stands directly above its signature
        lines = [*lines[:3], lines[4], lines[3], *lines[5:]]
    kept, _ = cleaned(lines)
    assert [line for line in kept if line] == [line for line in stays if line]


@pytest.mark.parametrize(
    "lines",
    [
        ["A song", "Row the boat", "Row the boat", "Down the river", ONE],
        ["A song of the sea", *["And it carries my heart to the sea and far away from you"] * 3],
        ["Talk", "Do you believe that they have done enough for us here in the valley?"] * 2,
    ],
    ids=["refrain", "thrice", "question"],
)
def test_what_is_said_twice_on_purpose_stays(lines):
    assert cleaned(lines)[0] == lines


def test_every_rule_and_reason_is_told_in_words():
    assert set(RULES.values()) == {"sure", "frequent", "likely"}
    assert {*BOILERPLATE_REASONS, *REPEAT_REASONS} <= set(REASON_WORDS)
