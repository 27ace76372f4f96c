"""A drawing as SVG: a sheet with the colours of figure.css, and a chart with two axes on it."""

from __future__ import annotations

import math
import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

CSS = Path(__file__).with_name("figure.css")
NOTE = " Written by scripts/docs from the code; change the code, not this drawing. "

Points = Iterable[tuple[float, float]]


def number(value: float) -> str:
    """Return a coordinate with at most one decimal."""
    return f"{value:.1f}".rstrip("0").rstrip(".")


class Sheet:
    """A sheet of a width and height on which shapes are put, in order."""

    def __init__(self, width: int, height: int, title: str) -> None:
        box = f"0 0 {width} {height}"
        space = "http://www.w3.org/2000/svg"
        self.root = ET.Element("svg", xmlns=space, viewBox=box, width=str(width), role="img")
        self.root.append(ET.Comment(NOTE))
        ET.SubElement(self.root, "title").text = title
        ET.SubElement(self.root, "style").text = CSS.read_text(encoding="utf-8")
        self.put("rect", "paper", x=0.5, y=0.5, width=width - 1, height=height - 1, rx=6)

    def put(self, kind: str, look: str, **places: float | str) -> ET.Element:
        """Add a shape of classes ``look``."""
        shown = {
            key: each if isinstance(each, str) else number(each) for key, each in places.items()
        }
        return ET.SubElement(self.root, kind, {"class": look, **shown})

    def text(self, x: float, y: float, words: str, look: str = "") -> None:
        """Add a line of text whose baseline begins (or ends) at a place."""
        self.put("text", look, x=x, y=y).text = words

    def line(self, look: str, points: Points) -> None:
        """Add a line through points."""
        self.put("path", look, d="M" + " L".join(f"{number(x)} {number(y)}" for x, y in points))

    def source(self) -> str:
        """Return the drawing."""
        ET.indent(self.root, " ")
        return ET.tostring(self.root, encoding="unicode") + "\n"


class Chart:
    """A chart of shares: both axes from 0, drawn on a sheet."""

    left, right, top, bottom = 70, 24, 76, 58

    def __init__(self, sheet: Sheet, size: tuple[int, int], across: float = 1.0) -> None:
        self.sheet, self.across = sheet, across
        self.width = size[0] - self.left - self.right
        self.height = size[1] - self.top - self.bottom

    def at(self, x: float, y: float) -> tuple[float, float]:
        """Return the place of a point on the sheet."""
        return self.left + self.width * x / self.across, self.top + self.height * (1 - y)

    def axes(
        self, labels: tuple[str, str], steps: Sequence[float], shown: Callable[[float], str]
    ) -> None:
        """Draw both axes with a grid, and what they are."""
        for y in (0.0, 0.2, 0.4, 0.6, 0.8, 1.0):
            self.sheet.line("rule", [self.at(0, y), self.at(self.across, y)])
            self.sheet.text(self.left - 10, self.at(0, y)[1] + 5, f"{y:.1f}", "dim end small")
        for x in steps:
            place = self.at(x, 0)
            self.sheet.line("axis", [place, (place[0], place[1] + 5)])
            self.sheet.text(place[0], place[1] + 22, shown(x), "dim middle small")
        self.sheet.line("axis", [self.at(0, 0), self.at(self.across, 0)])
        middle = self.left + self.width / 2
        self.sheet.text(middle, self.top + self.height + 46, labels[0], "middle")
        down = self.top + self.height / 2
        turned = self.sheet.put(
            "text", "middle", x=20, y=down, transform=f"rotate(-90 20 {number(down)})"
        )
        turned.text = labels[1]

    def curve(self, look: str, points: Points) -> None:
        """Draw a curve through points of the chart."""
        self.sheet.line(f"curve {look}", [self.at(x, y) for x, y in points])

    def dot(self, look: str, x: float, y: float) -> None:
        """Mark a point."""
        across, down = self.at(x, y)
        self.sheet.put("circle", look, cx=across, cy=down, r=4.5)


def steps(low: float, high: float, count: int) -> list[float]:
    """Return evenly spaced values, both ends among them.

    >>> steps(0, 1, 3)
    [0.0, 0.5, 1.0]
    """
    if count < 2 or not math.isfinite(high - low):
        raise ValueError("two values at least")
    return [low + (high - low) * each / (count - 1) for each in range(count)]
