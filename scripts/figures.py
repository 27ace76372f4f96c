"""The figures of docs/images that show data: each is drawn from what the code computes."""

from __future__ import annotations

import random
from collections.abc import Callable
from functools import cache
from pathlib import Path

import rewording
from drawing import Chart, Sheet, steps

import dedup
from dedup.config import Config
from dedup.similarity.lsh import bands_and_rows, collision_probability

SEEDS = Path(__file__).resolve().parents[1] / "seeds"
EDITED = (0, 2, 4, 6, 8, 10, 15, 20, 25, 30, 35, 40)  # per cent of the words


@cache
def seed(start: str) -> str:
    """Return the seed article whose name begins so."""
    return next(SEEDS.glob(f"{start}*.txt")).read_text(encoding="utf-8")


def s_curve() -> str:
    """Draw the chance of being compared by similarity, for three thresholds and other bands."""
    size = (680, 450)
    sheet = Sheet(*size, "Chance that a pair becomes a candidate, by its Jaccard similarity")
    chart = Chart(sheet, size)
    chart.axes(
        ("Jaccard similarity of two articles", "chance that they are compared"),
        [0.0, 0.2, 0.4, 0.6, 0.8, 1.0],
        lambda x: f"{x:.1f}",
    )
    looks = {0.5: "green", 0.7: "blue", 0.9: "purple"}
    for place, (threshold, look) in enumerate(looks.items()):
        bands, rows = bands_and_rows(Config(threshold=threshold))
        draw_curve(chart, look, bands, rows)
        chart.dot(f"in-{look}", threshold, collision_probability(threshold, bands, rows))
        legend(sheet, place, look, f"threshold {threshold}: {bands} × {rows}")
    draw_curve(chart, "orange dashed", 16, 8)
    legend(sheet, 3, "orange dashed", "16 bands × 8 rows")
    return sheet.source()


def draw_curve(chart: Chart, look: str, bands: int, rows: int) -> None:
    """Draw one S-curve."""
    points = ((x, collision_probability(x, bands, rows)) for x in steps(0, 1, 101))
    chart.curve(look, points)


def legend(sheet: Sheet, place: int, look: str, words: str) -> None:
    """Add an entry to the legend above a chart, two in a row."""
    x, y = 70 + 300 * (place % 2), 26 + 24 * (place // 2)
    sheet.line(f"curve {look}", [(x, y), (x + 26, y)])
    sheet.text(x + 34, y + 5, words, "small")


def edited(text: str, share: float, words: list[str]) -> str:
    """Return a text with a share of its words replaced, the same ones each time."""
    chance = random.Random(7)
    lines = []
    for line in text.splitlines():
        parts = line.split(" ")
        # Both draws are made for each word, so a larger share edits the same words and more.
        draws = [(chance.random(), chance.randrange(len(words))) for _ in parts]
        lines.append(
            " ".join(
                words[pick] if drawn < share and part else part
                for part, (drawn, pick) in zip(parts, draws, strict=True)
            )
        )
    return "\n".join(lines)


def edits() -> str:
    """Draw what scores say of a seed article and a copy with some of its words replaced."""
    size = (680, 450)
    sheet = Sheet(*size, "Jaccard similarity and coverage of an article and an edited copy")
    chart = Chart(sheet, size, across=EDITED[-1] / 100)
    chart.axes(
        ("share of the words that were replaced", "score"),
        [each / 100 for each in range(0, EDITED[-1] + 1, 10)],
        lambda x: f"{x:.0%}",
    )
    text, words = seed("003"), seed("001").split()
    jaccard, chance, coverage = [], [], []
    for share in (each / 100 for each in EDITED):
        pair = dedup.compare(text, edited(text, share, words)).pairs[0]
        jaccard.append((share, pair.jaccard))
        chance.append((share, collision_probability(pair.jaccard, *bands_and_rows(Config()))))
        coverage.append((share, pair.coverage))
    chart.sheet.line("axis dashed", [chart.at(0, 0.7), chart.at(chart.across, 0.7)])
    near = chart.at(chart.across, 0.7)
    sheet.text(near[0] - 4, near[1] - 7, "default threshold, .7", "dim end small")
    for look, points in (("blue", coverage), ("purple dashed", chance), ("orange", jaccard)):
        chart.curve(look, points)
    legend(sheet, 0, "blue", "coverage by aligned passages")
    legend(sheet, 1, "purple dashed", "chance of being compared (32 × 4)")
    legend(sheet, 2, "orange", "Jaccard of word 5-shingles")
    return sheet.source()


def passages() -> str:
    """Draw two seed articles as bars, with bands between the passages they share."""
    texts = {name: seed(name) for name in ("000", "004")}
    result = dedup.compare(
        *({"id": name, "text": text} for name, text in texts.items()), Config(weak=True)
    )
    sheet = Sheet(680, 250, "Where the passages shared by two articles stand in each")
    left, width = 84, 572
    bars = {"000": 60, "004": 180}
    scale = width / max(map(len, texts.values()))
    for name, y in bars.items():
        sheet.text(24, y + 19, name, "bold")
        sheet.put("rect", "box", x=left, y=y, width=len(texts[name]) * scale, height=28, rx=3)
    for each in result.passages:
        look = "in-blue" if each.kind == "quote" else "in-orange"
        a = [left + place * scale for place in (each.start_a, each.end_a)]
        b = [left + place * scale for place in (each.start_b, each.end_b)]
        for (low, high), y in ((a, bars["000"]), (b, bars["004"])):
            sheet.put("rect", look, x=low, y=y, width=high - low, height=28)
        corners = [(a[0], 88), (a[1], 88), (b[1], 180), (b[0], 180), (a[0], 88)]
        sheet.line(f"{look} band", corners)
    for place, (look, words) in enumerate((("blue", "quote"), ("orange", "other passage"))):
        x = left + 110 * place
        sheet.put("rect", f"in-{look}", x=x, y=22, width=16, height=16, rx=2)
        sheet.text(x + 23, 35, words, "small")
    sheet.text(left + width, 35, "length in characters; drawn to scale", "dim small end")
    return sheet.source()


def removed() -> str:
    """Draw a seed article as a bar, with what cleaning takes out of it by reason."""
    text = seed("002")
    entry = dedup.clean([{"id": "002", "text": text}])[0]
    left, width, y = 84, 572, 60
    scale = width / len(text)
    sheet = Sheet(680, 150, "What cleaning removes from an article, and where it stands")
    sheet.text(24, y + 19, "002", "bold")
    sheet.put("rect", "box", x=left, y=y, width=width, height=28, rx=3)
    looks = {"truncated_teaser": ("orange", "cut teasers of the lead")}
    for each in entry["ops"]:
        look, _ = looks.get(each["reason"], ("purple", ""))
        sheet.put(
            "rect",
            f"in-{look}",
            x=left + each["start"] * scale,
            y=y,
            width=max(2.0, (each["end"] - each["start"]) * scale),
            height=28,
        )
    shown = (*looks.values(), ("purple", "boilerplate"))
    for place, (look, words) in enumerate(shown):
        x = left + 210 * place
        sheet.put("rect", f"in-{look}", x=x, y=22, width=16, height=16, rx=2)
        sheet.text(x + 23, 35, words, "small")
    share = 1 - len(entry["clean"]) / len(text)
    told = f"{len(entry['ops'])} removals, {share:.1%} of {len(text):,} characters"
    sheet.text(left, 118, told, "dim small")
    return sheet.source()


def quotes() -> str:
    """Draw the share of planted quotes that are found over how many of their words were edited."""
    size = (680, 450)
    sheet = Sheet(*size, "Share of quotes found by how many of their words were edited")
    chart = Chart(sheet, size, across=rewording.RATES[-1])
    chart.axes(
        ("share of the words that were edited", "share of the quotes that are found"),
        rewording.RATES,
        lambda x: f"{x:.0%}",
    )
    measured = rewording.measure([seed(f"00{number}") for number in range(5)])
    looks = ("orange", "blue", "green")
    for place, ((low, high), found) in enumerate(measured.items()):
        points = list(zip(rewording.RATES, found, strict=True))
        chart.curve(looks[place], points)
        for x, y in points:
            chart.dot(f"in-{looks[place]}", x, y)
        legend(sheet, place, looks[place], f"quotes of {low} to {high} words")
    return sheet.source()


FIGURES: dict[str, Callable[[], str]] = {
    "s-curve.svg": s_curve,
    "edits.svg": edits,
    "passages.svg": passages,
    "removed.svg": removed,
    "quotes.svg": quotes,
}
