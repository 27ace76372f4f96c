"""A corpus in which every stage of full mode has something to find."""

from __future__ import annotations

import random

import pyarrow as pa
from stories_corpus import FLOOD, OTHERS, STRIKE
from test_spark_inside import copied

LETTERS = "abcdefghijklmnopqrstuvwxyz"
_made = random.Random(1)
WORDS = ["".join(_made.choices(LETTERS, k=_made.randrange(5, 10))) for _ in range(2_000)]
AGENCIES = ("Reuters", "dpa", "AFP")


def everything(pages=230):
    """Return pages with copies, quotes, credits, addresses, near copies, misread texts, forms."""
    drawn = random.Random(11)
    table = copied().slice(0, pages)
    rows = [
        {
            "text": text,
            "site": site,
            "url": f"https://{site or 'n.example'}/p/{k}",
            "date": f"2026-11-{k % 28 + 1:02}T{k % 24:02}:00",
        }
        for k, (text, site) in enumerate(
            zip(table["text"].to_pylist(), table["site"].to_pylist(), strict=True)
        )
    ]
    rows += _quotes(drawn) + _crowd(drawn) + _addresses(drawn) + _misread(drawn)
    rows += _losing(drawn) + _stories() + forms()
    for k, row in enumerate(rows):
        row["id"] = f"{k * 37 % 1000:03}"
    return pa.Table.from_pylist(rows).select(["id", "text", "site", "url", "date"])


def _prose(drawn, words):
    return " ".join(drawn.choices(WORDS, k=words)).capitalize() + "."


def _row(text, site, url=None, date="2026-11-20T08:00"):
    return {"text": text, "site": site, "url": url, "date": date}


_NAMINGS = (
    "as Outlet0 reported today.",
    "This was first reported by Outlet0:",
    "According to Outlet0,",
    "Outlet0 wrote yesterday:",
)


def _quotes(drawn):
    """Return articles of several outlets that share paragraphs, quotations and an agency."""
    rows = []
    for story in range(6):
        shared = [_prose(drawn, 28) for _ in range(3)]
        quote = f"“{_prose(drawn, 60)}” said Mayor Anna Weber on Monday."
        for outlet in range(5):
            parts = [_prose(drawn, 40), *shared[: 1 + (story + outlet) % 3], _prose(drawn, 30)]
            if outlet % 2:
                parts.insert(1, quote)
            if story == 1 and outlet:
                parts.insert(1, f"{_NAMINGS[outlet - 1]} {shared[0]}")
            if story == 2:
                parts.append(f"Source: {AGENCIES[outlet % 2]}")
            date = f"2026-11-{20 + story:02}T{8 + outlet:02}:30:00"
            rows.append(_row("\n\n".join(parts), f"outlet{outlet}.example", date=date))
    return rows


def _crowd(drawn):
    """Return twenty-four near copies of one text, of which too many would crowd its seeds."""
    words = _prose(drawn, 340).split()
    rows = []
    for k in range(24):
        own = words[:]
        own[9 + 13 * k] = f"{own[9 + 13 * k]}x"
        rows.append(_row(" ".join(own), f"mirror{k % 3}.example"))
    return rows


def _losing(drawn):
    """Return a text, and a longer copy that goes and loses a sentence of its own."""
    first, second, own = _prose(drawn, 150), _prose(drawn, 150), _prose(drawn, 10)
    return [
        _row(f"{first} {second}", "outlet1.example"),
        _row(f"{first} {own} {second}", "a.example"),
    ]


def forms(reports=5):
    """Return reports on one form of which no two have the same plain word in any place."""
    drawn = random.Random(4)
    parts = [" ".join(drawn.choices(WORDS, k=12)) for _ in range(6)]
    fillings = [drawn.sample(WORDS, reports) for _ in parts]
    texts = [
        " ".join(f"{part} {words[k]}" for part, words in zip(parts, fillings, strict=True))
        for k in range(reports)
    ]
    return [_row(f"{text.capitalize()}.", f"form{k}.example") for k, text in enumerate(texts)]


def _stories():
    """Return articles on two events, a copy of one, and one too short to place."""
    texts = [*FLOOD, *STRIKE, *OTHERS, FLOOD[1].upper(), "Closed on Monday."]
    return [
        _row(text, f"outlet{k % 4}.example", date=f"2026-11-{5 + k % 3:02}")
        for k, text in enumerate(texts)
    ]


def _addresses(drawn):
    """Return texts under one address: written anew, of a list, and equal ones under two."""
    first, second = _prose(drawn, 60), _prose(drawn, 60)
    anew = f"{first[:150]} {_prose(drawn, 45)}"
    page, other = "https://www.news.example/a/17", "https://m.news.example/a/17/?utm_source=feed"
    both = _prose(drawn, 50)
    return [
        _row(first, "news.example", page),
        _row(anew, "news.example", other),
        _row(second, "news.example", "https://news.example/list?page=2"),
        _row(_prose(drawn, 60), "news.example", "http://news.example/list/?page=2"),
        _row(both, "news.example", "https://news.example/b/1"),
        _row(both, "news.example", "https://news.example/b/2"),
        _row(f"{both[:200]} {_prose(drawn, 30)}", "news.example", "https://news.example/b/2#top"),
        _row(_prose(drawn, 40), "news.example", "https://news.example/"),
        _row(_prose(drawn, 40), "news.example", "http://www.news.example"),
    ]


def _misread(drawn):
    """Return readings of old print by two machines, of which hardly a word is the same."""
    rows = []
    for _ in range(4):
        text = " ".join(drawn.choices(WORDS, k=110))
        for _ in range(2):
            letters = [
                drawn.choice(LETTERS) if c != " " and drawn.random() < 0.09 else c for c in text
            ]
            rows.append(_row("".join(letters), "archive.example", date=None))
    return rows
