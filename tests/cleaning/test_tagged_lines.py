"""Lines that are tagged and stay: captions, bylines, posts and other parts of an article."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from removing import OTHER, PLAIN, THIRD, removed, tagged

from dedup.cleaning.boilerplate import patterns, tags
from dedup.config import Config

TAGGED = [
    ("caption", "The bridge after the flood. (AP Photo/Jane Doe)"),
    ("caption", "The bridge after the flood. Photo: Jane Doe/Getty Images"),
    ("caption", "The bridge after the flood ( Jane Doe - Anadolu Agency )"),
    ("caption", "VALLEY, SYRIA - DECEMBER 3: A bridge is seen after the flood."),
    ("caption", "Jane al-Doe, 2023"),
    ("caption", "© Jane Doe The bridge after the flood"),
    ("byline", "By Jane Doe, Valley Post"),
    ("byline", "Von Jana Döring"),
    ("byline", "(Reporting by Jane Doe; Editing by John Roe)"),
    ("date_line", "December 25, 2024"),
    ("date_line", "Published 2:16 AM EST Nov 20, 2019"),
    ("date_line", "25 декабря 2024"),
    ("date_line", "Aktualisiert am 3. März 2024 um 10:30 Uhr"),
    ("embed", "— Jane Doe (@janedoe) December 5, 2024"),
    ("embed", "The bridge stands. pic.twitter.com/WHafQzSVgi"),
]


@pytest.mark.parametrize(("tag", "line_text"), TAGGED)
def test_a_tagged_block_stays_unless_it_is_to_go(tag, line_text):
    text = f"A bridge for the valley\n{line_text}\n{PLAIN}\n{OTHER}\n"
    annotations = tagged(text)
    assert annotations.pop(line_text) == tag
    assert set(annotations.values()) <= {"embed"}
    assert removed(text) == {}
    config = Config(drop_tags=(tag,))
    assert removed(text, config=config)[line_text] == tag
    assert line_text not in tagged(text, config=config)
    assert removed(text, config=Config(boilerplate=False, drop_tags=(tag,)))[line_text] == tag


@pytest.mark.parametrize(
    "line_text",
    [
        "By Monday the river had risen by two metres.",
        "By the time the ferry came it was dark",
        "May is a good month",
        "He was born in 1950 (in the valley)",
        "Seven of the villages (see map)",
        "In the valley, 2023 was a dry year.",
    ],
)
def test_what_is_no_tag(line_text):
    assert tagged(f"A bridge\n{line_text}\n{PLAIN}\n{OTHER}\n") == {}


def test_the_lines_of_a_tweet_are_tagged_up_to_the_text():
    tweet = ["NEW – #Bridge stands again.", "And the #ferry goes. pic.twitter.com/WHafQzSVgi"]
    text = f"{PLAIN}\n{OTHER}\n{tweet[0]}\n{tweet[1]}\n— Jane (@jane) December 5, 2024\n{THIRD}"
    assert [each for each, tag in tagged(text).items() if tag == "embed"][:2] == tweet
    assert len(tagged(text)) == 3


PARTS = (
    *("pic.twitter.com/ab", "https://t.co/x1", "HTTP://T.CO/y", "A post shared by ", "view this "),
    *("View this post on ", "photo: ", "Photo by me", "foto / x", "Bild: a", "editorial credit: b"),
    *(
        " via reuters",
        "(afp)",
        "getty images",
        "video caption x",
        "фото: ш",
        "p\u0131c.tw\u0131tter",
    ),
    *("__a__", "**b**", "_c", "~~d~~", "fooBar", "aBc", "AB ", " ", "\n", ".com/x"),
)


EMBED = re.compile(
    r".*(?:\bpic\.twitter\.com/\w+|https?://t\.co/\w+)\s*"
    r"|(?:a post shared by|view this post on) .*",
    re.IGNORECASE | re.DOTALL,
)


@settings(deadline=None)
@given(st.lists(st.sampled_from(PARTS), max_size=5).map("".join))
def test_a_cheap_look_leaves_out_nothing_that_a_pattern_finds(line):
    assert tags._is_embed(line) == (EMBED.fullmatch(line) is not None)
    assert bool(patterns._HAS_GLUED.search(line)) == bool(patterns._GLUED.search(line))
    folded = patterns.fold_line(line)
    if tags._CREDIT_LINE.fullmatch(folded):
        assert any(word in folded for word in tags._CREDIT_WORDS)
