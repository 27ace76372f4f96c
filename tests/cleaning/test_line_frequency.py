"""Lines that are boilerplate because many pages of a site have them, and lines that stay."""

from __future__ import annotations

import pytest
from removing import LINE, boilerplate, page, removed

from dedup.cleaning.boilerplate import lines_of
from dedup.core.arrays import texts_from_strings
from dedup.text.lines import fragments
from dedup.text.tokens import tokenise_texts


def test_a_line_counts_by_the_clusters_of_its_site():
    texts = [page(n, LINE) for n in range(3)]
    rows, _ = boilerplate(texts, sites=[0, 0, 0])
    assert [texts[row["doc"]][row["start"] : row["end"]] for row in rows] == [LINE] * 3
    assert {(row["reason"], row["rule"]) for row in rows} == {
        ("site_boilerplate", "line_frequency")
    }
    assert boilerplate(texts, sites=[0, 0, 1])[0] == []
    assert boilerplate(texts, sites=[-1, -1, -1])[0] == []


def test_copies_of_one_story_do_not_make_its_lines_furniture():
    story = page(1, LINE)
    assert boilerplate([story] * 10, sites=[0] * 10, groups=[7] * 10)[0] == []
    texts = [story] * 10 + [page(2, LINE)]
    assert boilerplate(texts, sites=[0] * 11, groups=[7] * 10 + [8])[0] == []


def test_without_a_site_five_clusters_and_a_short_line_are_needed():
    texts = [page(n, LINE) for n in range(5)]
    assert len(boilerplate(texts)[0]) == 5
    assert boilerplate(texts[:4])[0] == []
    long = " ".join([LINE] * 3)
    assert boilerplate([page(n, long) for n in range(9)])[0] == []


def test_numbers_in_a_line_are_one():
    texts = [page(n, LINE, "Read by all", f"Read by {n} people", "Printed here") for n in range(4)]
    assert len(boilerplate(texts, sites=[0] * 4)[0]) == 16
    alone = [page(n, f"Read by {n} people of the valley") for n in range(4)]
    assert boilerplate(alone, sites=[0] * 4)[0] == []
    assert boilerplate([page(n, "12") for n in range(9)], sites=[0] * 9)[0] == []


def test_a_table_with_other_numbers_on_each_page_stays():
    def table(n):
        return page(n, "Tomorrow", "Morning", f"{n} degrees", "Night", f"{n + 40} degrees below")

    texts = [table(n) for n in range(9)]
    gone = boilerplate(texts, sites=[0] * 9)[0]
    assert not any("degrees" in texts[each["doc"]][each["start"] : each["end"]] for each in gone)


def test_a_price_above_a_share_bar_stays():
    texts = [page(n, f"A crate costs {n} crowns", "Share on Facebook", "Print") for n in range(9)]
    gone = boilerplate(texts, sites=[0] * 9)[0]
    assert not any("crate" in texts[each["doc"]][each["start"] : each["end"]] for each in gone)


def test_background_that_a_paper_repeats_inside_its_articles_stays():
    background = "The flood of two years ago took the lives of more than forty people."
    texts = [f"{page(n)}{background}\n{page(n + 100)}" for n in range(4)]
    assert boilerplate(texts, sites=[0] * 4)[0] == []


def between(number, above, middle, below):
    """Return an article of its own with lines above its text, inside it and below it."""
    title, *text = page(number).strip().split("\n")
    return "\n".join([title, *above, *text, *middle, *page(number + 99).split("\n")[1:5], *below])


REPEATED = {
    "subheads": ([], ["What happens next"], ["Background"]),
    "analysis": ([], ["What we know so far"], []),
    "recipe": ([], ["Ingredients", "Method"], []),
    "verdict": ([], ["Winners", "Losers", "Verdict"], []),
    "answer": ([], ["Question"], ["Answer"]),
    "byline": (["Jane Doe in Damascus"], [], []),
    "dateline": (["BEIRUT, Lebanon"], [], []),
    "correction": ([], [], ["Correction: an earlier version of our article misstated the date."]),
    "helpline": (
        [],
        [],
        ["If you think of suicide, call the Samaritans on 116 123.", "Share this"],
    ),
    "background": ([], [], ["More than 300,000 people have been killed in the conflict."]),
    "closing": ([], [], ["More than 300 have been killed, the UN says.", "Share this"]),
    "refrain": ([], ["And so it goes on"], ["And so it goes on"]),
    "letter": (["Dear editor,"], [], ["Yours sincerely,"]),
}


@pytest.mark.parametrize("name", REPEATED)
def test_lines_of_articles_that_many_pages_have_stay(name):
    texts = [between(n, *REPEATED[name]) for n in range(8)]
    rows, annotations = boilerplate(texts, sites=[0] * 8)
    gone = {texts[row["doc"]][row["start"] : row["end"]] for row in rows}
    assert gone <= {"Share this"}
    if name in ("byline", "dateline"):
        assert [row["tag"] for row in annotations] == ["date_line" if "date" in name else name] * 8


def test_the_margin_of_a_page_goes_and_its_text_stays():
    menu = [f"All about {word}" for word in "cities rivers bridges ferries farmers".split()]
    foot = ["The Valley Post", "Write to the paper", "You can read our paper in the village hall."]
    texts = [between(n, menu, ["Background"], foot) for n in range(8)]
    rows, _ = boilerplate(texts, sites=[0] * 8)
    gone = {texts[row["doc"]][row["start"] : row["end"]] for row in rows}
    # The last line above the text may be its heading.
    assert gone >= {*menu[:-1]}
    assert "Background" not in gone


def test_a_date_line_that_every_page_has_is_tagged_not_removed():
    texts = [page(n).replace("\n", f"\nPublished on December {n}, 2024\n", 1) for n in range(1, 9)]
    removals, annotations = boilerplate(texts, sites=[0] * 8)
    assert removals == []
    assert [row["tag"] for row in annotations] == ["date_line"] * 8


def test_the_headline_of_a_series_stays():
    texts = [f"Day {n} of the great flood in the valley\n{page(n)}" for n in range(4)]
    assert boilerplate(texts, sites=[0] * 4)[0] == []
    assert boilerplate(texts * 3)[0] == []
    named = [f"{LINE}\n{page(n)}" for n in range(6)]
    assert len(boilerplate(named, sites=[0] * 6)[0]) == 6


def test_a_long_paragraph_goes_by_its_frequency_only_at_an_end():
    long = "About our site " + " ".join(f"about{n}" for n in range(60)) + "."
    texts = [page(n, LINE, long) for n in range(8)]
    rows, _ = boilerplate(texts, sites=[0] * 8)
    assert len(rows) == 16
    inside = [f"{page(n)}{long}\n{page(n + 50)}" for n in range(8)]
    rows, _ = boilerplate(inside, sites=[0] * 8)
    assert {row["rule"] for row in rows} == {"template_line"}


def test_a_line_out_of_a_wrapped_paragraph_stays():
    text = (
        "The paper wrote on Monday that all the farmers of the whole valley must\n"
        "sign up for our newsletter, and that none of them did so in the end or\n"
        "even thought of it.\n"
    )
    held = texts_from_strings([text])
    tokens = tokenise_texts(held)
    assert fragments(lines_of(held, tokens), tokens).tolist() == [True, True, True]
    assert removed(text) == {}
