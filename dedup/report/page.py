"""What every section of a view shares: the result, the page it goes on, and where texts stand."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from dedup.records import Result
from dedup.report.alignment import Sides
from dedup.report.terminal import Style, cells, safe, shortened

ALL = "--limit 0 shows all"
MOST_COLUMNS = 160  # longer lines are hard to read


@dataclass(frozen=True, slots=True)
class Page:
    """A result and how it is to be shown; ``limit`` entries of each list, 0 for all."""

    result: Result
    width: int
    style: Style
    limit: int
    _rows: dict[str, int] = field(default_factory=dict)
    _texts: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, result: Result, *, width: int, colour: bool, limit: int) -> Page:
        """Make a page of at most ``width`` columns."""
        return cls(result, max(min(width, MOST_COLUMNS), 40), Style(colour), limit)

    @property
    def sides(self) -> Sides:
        """Return how two texts are laid out on this page."""
        return Sides(self.width, self.style)

    def first(self, table: pa.Table) -> list[dict[str, Any]]:
        """Return the first rows of a table as dicts, as many as the limit allows."""
        found: list[dict[str, Any]] = table.slice(0, self.limit or len(table)).to_pylist()
        return found

    def left_out(self, total: int, words: str) -> list[str]:
        """Return the line that says how many entries of a list are not shown, if any are not."""
        hidden = total - self.limit if self.limit else 0
        return self.note(f"… {hidden:,} more {words} not shown; {ALL}") if hidden > 0 else []

    def note(self, text: str) -> list[str]:
        """Return a remark as lines."""
        return [self.style(f"  {text}", "dim")]

    def name(self, doc_id: str, width: int) -> str:
        """Return an id in at most ``width`` columns."""
        return shortened(safe(doc_id), width)

    def heading(self, title: str, facts: str = "") -> list[str]:
        """Return the rule that begins a section, with its title and what it holds in sum."""
        used = 5 + cells(title) + (cells(facts) + 4 if facts else 0)
        rule = "─" * max(self.width - used, 0)
        line = f"{self.style('──', 'dim')} {self.style(title, 'bold')} "
        if facts:
            line += f"{self.style('──', 'dim')} {facts} "
        return ["", line + self.style(rule, "dim")]

    def text(self, doc_id: str) -> str:
        """Return the text of a document; those asked for once are remembered."""
        if doc_id not in self._texts:
            table = self.result.corpus.table
            if not self._rows:
                ids = table["doc_id"].to_pylist()
                self._rows.update((each, row) for row, each in enumerate(ids))
            self._texts[doc_id] = table["text"][self._rows[doc_id]].as_py() or ""
        return self._texts[doc_id]

    def place(self, doc_id: str, start: int, end: int) -> str:
        """Return where a stretch stands: its line for a person, its offsets for a program."""
        line = self.text(doc_id).count("\n", 0, start) + 1
        return f"line {line:,} ({start:,}–{end:,})"


def tally(values: pa.ChunkedArray | pa.Array, order: Iterable[str] = ()) -> list[tuple[str, int]]:
    """Count the values of a column: in ``order``, then the most frequent first."""
    counts = {row["values"]: row["counts"] for row in pc.value_counts(values).to_pylist()}
    known = [(name, counts.pop(name)) for name in order if name in counts]
    return known + sorted(counts.items(), key=lambda each: (-each[1], each[0]))


def joined(blocks: Iterable[list[str]]) -> Iterator[str]:
    """Yield the lines of blocks with an empty line between them."""
    for number, block in enumerate(blocks):
        if number:
            yield ""
        yield from block
