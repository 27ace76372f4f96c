"""Two texts side by side, word by word, with what differs marked."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import zip_longest

from dedup.core.arrays import texts_from_strings
from dedup.report.terminal.text import ALL, Style, cells, counted, pad, pieces, safe, wrapped
from dedup.text.tokens import tokenise_texts

BAR = "│"
NARROW = 80  # below this many columns one text is above the other

_WINDOW = 800  # tokens compared at once; bounds the time for long passages
ROWS = 12  # of one passage, unless all is asked for
_MOST = 4000  # tokens of a passage that are aligned where only some rows are shown
_FOLDED = 3  # fewer rows without a difference are not worth folding
_LAST_BLANK = re.compile(r"^(.*)(\s+)(\S*)$", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Unit:
    """A token with the punctuation around it; ``glued`` if no blank is before it."""

    text: str
    glued: bool
    differs: bool = False


Row = tuple[list[Unit], list[Unit]]


@dataclass(frozen=True, slots=True)
class Sides:
    """How two texts are laid out: their columns, and how differences are marked."""

    width: int
    style: Style

    @property
    def stacked(self) -> bool:
        """Tell whether one text is shown above the other."""
        return self.width < NARROW

    @property
    def column(self) -> int:
        """Return the columns that each text has."""
        return self.width - 4 if self.stacked else (self.width - 3) // 2

    def note(self, text: str) -> list[str]:
        """Return a remark as lines over both columns."""
        return [self.style(line, "dim") for line in wrapped(text, self.width, "  ", "")]

    def pair(self, left: str, right: str, *styles: str) -> list[str]:
        """Lay out one short text on each side."""
        if self.stacked:
            names = ((name, text) for name, text in (("A", left), ("B", right)) if text)
            return [
                f"{self.style(name, 'dim')} {BAR} {self.style(t, *styles)}" for name, t in names
            ]
        left, right = pad(left, self.column), right
        bar = self.style(BAR, "dim")
        return [f"{self.style(left, *styles)} {bar} {self.style(right, *styles)}".rstrip()]


def side_by_side(left: str, right: str, sides: Sides, *, rows: int = ROWS) -> list[str]:
    """Align two passages word by word; words on one side only are marked.

    Shows about ``rows`` rows, those without a difference folded where there are many; 0 shows all.
    What is not shown is said.
    """
    ours, theirs = _units([left, right])
    if not rows:
        return [line for row in _rows(_matched(ours, theirs), sides) for line in _laid(row, sides)]
    lines: list[str] = []
    seen = [0, 0]
    for row, folded in _folded(_rows(_matched(ours[:_MOST], theirs[:_MOST]), sides)):
        if rows <= 0:
            break
        rows -= 1
        if folded:
            note = f"⋮ {counted(len(folded), 'row')} without a difference"
            lines += sides.note(note)
        lines += _laid(row, sides) if row else []
        for each in (*folded, *([row] if row else [])):
            seen = [count + len(units) for count, units in zip(seen, each, strict=True)]
    hidden = [
        sum(len(_parts(unit, sides)) for _, unit in units) - count
        for units, count in zip((ours, theirs), seen, strict=True)
    ]
    if any(hidden):
        numbers = " and ".join(f"{each:,}" for each in hidden)
        lines += sides.note(f"… {numbers} more words not shown; {ALL}")
    return lines


def _folded(rows: Iterator[Row]) -> Iterator[tuple[Row | None, list[Row]]]:
    """Yield each row with the rows folded before it: long runs in which nothing differs."""
    alike: list[Row] = []
    for number, row in enumerate(rows):
        if number and not _differs(row):
            alike.append(row)
            continue
        yield from _unfolded(alike)
        alike = []
        yield row, []
    yield from _unfolded(alike)


def _unfolded(alike: list[Row]) -> Iterator[tuple[Row | None, list[Row]]]:
    """Show the first and the last row of a run and fold what is between, unless that is little."""
    if len(alike) < _FOLDED + 2:
        yield from ((row, []) for row in alike)
        return
    yield alike[0], []
    yield alike[-1], alike[1:-1]


def _differs(row: Row) -> bool:
    return any(unit.differs for units in row for unit in units)


def _units(texts: list[str]) -> list[list[tuple[int, Unit]]]:
    """Return the units of each text, each with the hash that says which are equal."""
    tokens = tokenise_texts(texts_from_strings(texts))
    made = []
    for row, text in enumerate(texts):
        span = slice(int(tokens.bounds[row]), int(tokens.bounds[row + 1]))
        starts, ends = tokens.starts[span].tolist(), tokens.ends[span].tolist()
        units = _cut(text, starts, ends)
        made.append(list(zip(tokens.hashes[span].tolist(), units, strict=True)))
    return made


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
        limit = _WINDOW * 3 // 4  # words near the end of the window may match beyond it
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


def _rows(items: Iterator[Item], sides: Sides) -> Iterator[Row]:
    """Fill rows so that equal words are in the same row on both sides."""
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
    """Return the text of a row: without colour, differing words are in braces."""
    return "".join(
        f"{{{text}}}" if differs and not style.colour else text for text, differs in _runs(units)
    )


def _coloured(units: Sequence[Unit], style: Style, colour: str) -> str:
    if not style.colour:
        return _shown(units, style)
    return "".join(style(text, colour) if differs else text for text, differs in _runs(units))


def _laid(row: Row, sides: Sides) -> list[str]:
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
