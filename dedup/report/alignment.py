"""Two texts side by side, word by word, with what differs marked."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import zip_longest

from dedup.arrays import texts_from_strings
from dedup.report.terminal import Style, cells, pad, pieces, safe
from dedup.tokens import tokenise_texts

BAR = "│"
NARROW = 80  # below this many columns the two texts stand one above the other

_WINDOW = 800  # tokens compared at once; bounds the time for long passages
ROWS = 12  # of one passage, unless all is asked for
_LAST_BLANK = re.compile(r"^(.*)(\s+)(\S*)$", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Unit:
    """A token with the punctuation around it; ``glued`` where no blank stands before it."""

    text: str
    glued: bool
    differs: bool = False


@dataclass(frozen=True, slots=True)
class Sides:
    """How two texts are laid out: their columns, and how differences are marked."""

    width: int
    style: Style

    @property
    def stacked(self) -> bool:
        """Tell whether the texts stand one above the other."""
        return self.width < NARROW

    @property
    def column(self) -> int:
        """Return the columns that each text has."""
        return self.width - 4 if self.stacked else (self.width - 3) // 2

    def pair(self, left: str, right: str, *styles: str) -> list[str]:
        """Lay out one short text on each side."""
        if self.stacked:
            names = ((name, text) for name, text in (("A", left), ("B", right)) if text)
            return [
                f"{self.style(name, 'dim')} {BAR} {self.style(t, *styles)}" for name, t in names
            ]
        left, right = pad(left, self.column), right
        return [f"{self.style(left, *styles)} {BAR} {self.style(right, *styles)}".rstrip()]


def side_by_side(left: str, right: str, sides: Sides, *, rows: int = ROWS) -> list[str]:
    """Align two passages word by word; words that stand on one side only are marked.

    At most ``rows`` rows are shown, 0 for all; a last line says what is not.
    """
    units = _units([left, right])
    ours, theirs = (list(each) for each in units)
    shown = rows * sides.column if rows else 0  # a row holds fewer tokens than columns
    cut = (ours[:shown], theirs[:shown]) if shown else (ours, theirs)
    laid = list(_rows(_matched(*cut), sides))
    told = laid[:rows] if rows else laid
    lines = [line for row in told for line in _row_lines(row, sides)]
    hidden = [
        len(total) - sum(len(row[side]) for row in told)
        for side, total in enumerate((_split(ours, sides), _split(theirs, sides)))
    ]
    if any(hidden):
        counts = " and ".join(f"{each:,}" for each in hidden)
        note = f"… {counts} more words not shown; --limit 0 shows all"
        lines.append(sides.style(note, "dim"))
    return lines


def _split(units: Sequence[tuple[int, Unit]], sides: Sides) -> list[Unit]:
    return [part for _, unit in units for part in _parts(unit, sides)]


def _units(texts: list[str]) -> Iterator[list[tuple[int, Unit]]]:
    """Yield the units of each text, each with the hash that says which are equal."""
    tokens = tokenise_texts(texts_from_strings(texts))
    for row, text in enumerate(texts):
        span = slice(int(tokens.bounds[row]), int(tokens.bounds[row + 1]))
        starts, ends = tokens.starts[span].tolist(), tokens.ends[span].tolist()
        yield list(zip(tokens.hashes[span].tolist(), _cut(text, starts, ends), strict=True))


def _cut(text: str, starts: list[int], ends: list[int]) -> list[Unit]:
    """Cut a text into units: punctuation goes with the token it touches."""
    begins: list[int] = []  # where each unit begins
    glued: list[bool] = []
    for number, start in enumerate(starts):
        before = ends[number - 1] if number else 0
        found = _LAST_BLANK.match(text[before:start])
        begins.append(start - len(found[3]) if found else (start if number else 0))
        glued.append(found is None and number > 0)
    stops = [*begins[1:], len(text)] if begins else []
    bounds = zip(begins, stops, glued, strict=True)
    return [Unit(safe(text[begin:stop]).strip(), glue) for begin, stop, glue in bounds]


Hashed = Sequence[tuple[int, Unit]]
Item = tuple["Unit | None", "Unit | None"]


def _matched(ours: Hashed, theirs: Hashed) -> Iterator[Item]:
    """Yield the units of both texts in step; ``None`` where the other side has nothing like it."""
    done_a = done_b = 0
    for a, b, size in _blocks([each for each, _ in ours], [each for each, _ in theirs]):
        only_a = (_marked(unit) for _, unit in ours[done_a:a])
        only_b = (_marked(unit) for _, unit in theirs[done_b:b])
        yield from zip_longest(only_a, only_b)
        for (_, left), (_, right) in zip(ours[a : a + size], theirs[b : b + size], strict=True):
            yield left, right
        done_a, done_b = a + size, b + size


def _marked(unit: Unit) -> Unit:
    return Unit(unit.text, unit.glued, True)


def _blocks(ours: list[int], theirs: list[int]) -> Iterator[tuple[int, int, int]]:
    """Yield (place, place, size) of equal runs in order, ending with an empty one at both ends."""
    a = b = 0
    while len(ours) - a > _WINDOW or len(theirs) - b > _WINDOW:
        limit = _WINDOW * 3 // 4  # what stands near the end of the window may match beyond it
        last_a = last_b = 0
        for found_a, found_b, size in _equal_runs(ours[a : a + _WINDOW], theirs[b : b + _WINDOW]):
            if found_a < limit and found_b < limit:
                size = min(size, limit - max(found_a, found_b))
                yield a + found_a, b + found_b, size
                last_a, last_b = found_a + size, found_b + size
        a, b = a + (last_a or limit), b + (last_b or limit)
    for found_a, found_b, size in _equal_runs(ours[a:], theirs[b:]):
        yield a + found_a, b + found_b, size
    yield len(ours), len(theirs), 0


def _equal_runs(ours: list[int], theirs: list[int]) -> list[tuple[int, int, int]]:
    matcher = SequenceMatcher(None, ours, theirs, autojunk=False)
    return [(m.a, m.b, m.size) for m in matcher.get_matching_blocks() if m.size]


Row = tuple[list[Unit], list[Unit]]


def _rows(items: Iterator[Item], sides: Sides) -> Iterator[Row]:
    """Fill rows so that what is equal stands in the same row on both sides."""
    ours: list[Unit] = []
    theirs: list[Unit] = []
    for left, right in items:
        for part, other in zip_longest(_parts(left, sides), _parts(right, sides)):
            wider = (ours + [part] * (part is not None), theirs + [other] * (other is not None))
            if ours or theirs:
                if any(cells(_shown(units, sides.style)) > sides.column for units in wider):
                    yield ours, theirs
                    wider = ([part] * (part is not None), [other] * (other is not None))
            ours, theirs = wider
    if ours or theirs:
        yield ours, theirs


def _parts(unit: Unit | None, sides: Sides) -> list[Unit]:
    """Cut a unit that is wider than a column."""
    if unit is None:
        return []
    if len(unit.text) * 2 + 2 <= sides.column:
        return [unit]
    parts = list(pieces(unit.text, sides.column - 2))
    return [Unit(part, unit.glued or bool(n), unit.differs) for n, part in enumerate(parts)]


def _runs(units: Sequence[Unit]) -> Iterator[tuple[str, bool]]:
    """Yield text and whether it differs, for runs of units that do or do not."""
    text = ""
    for place, unit in enumerate(units):
        blank = "" if place == 0 or unit.glued else " "
        if place and unit.differs != units[place - 1].differs:
            yield text, units[place - 1].differs
            text = ""
            if blank:
                yield blank, False
            blank = ""
        text += blank + unit.text
    if units:
        yield text, units[-1].differs


def _shown(units: Sequence[Unit], style: Style) -> str:
    """Return what a row reads: without colour, what differs stands in braces."""
    return "".join(
        f"{{{text}}}" if differs and not style.colour else text for text, differs in _runs(units)
    )


def _coloured(units: Sequence[Unit], style: Style, colour: str) -> str:
    if not style.colour:
        return _shown(units, style)
    return "".join(style(text, colour) if differs else text for text, differs in _runs(units))


def _row_lines(row: Row, sides: Sides) -> list[str]:
    """Lay out one row of the alignment."""
    style = sides.style
    left, right = (
        _coloured(units, style, colour) for units, colour in zip(row, ("red", "green"), strict=True)
    )
    if sides.stacked:
        both = (("A", left), ("B", right))
        return [f"{style(name, 'dim')} {BAR} {text}" for name, text in both if text]
    blanks = " " * (sides.column - cells(_shown(row[0], style)))
    return [f"{left}{blanks} {style(BAR, 'dim')} {right}".rstrip()]
