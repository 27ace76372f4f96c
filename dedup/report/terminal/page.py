"""What all sections of a view share: the result, the page, and positions in texts."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from dedup.report.terminal.alignment import Sides
from dedup.report.terminal.text import ALL, Style, cells, counted, safe, shortened, wrapped
from dedup.result import Result

LEAST_COLUMNS, MOST_COLUMNS = 30, 160  # narrower is no page, longer lines are hard to read


@dataclass(frozen=True, slots=True)
class Page:
    """A result and how it is to be shown; ``limit`` entries of each list, 0 for all."""

    result: Result
    width: int
    style: Style
    limit: int
    _rows: dict[str, int] = field(default_factory=dict)
    _texts: dict[str, str] = field(default_factory=dict)
    _sizes: list[int] = field(default_factory=list)

    @classmethod
    def of(cls, result: Result, *, width: int, colour: bool, limit: int) -> Page:
        """Make a page about ``width`` columns wide."""
        return cls(result, min(max(width, LEAST_COLUMNS), MOST_COLUMNS), Style(colour), limit)

    @property
    def sides(self) -> Sides:
        """Return how two texts are laid out on this page."""
        return Sides(self.width, self.style)

    def first(self, table: pa.Table) -> list[dict[str, Any]]:
        """Return the first rows of a table as dicts, as many as the limit allows."""
        found: list[dict[str, Any]] = table.slice(0, self.limit or len(table)).to_pylist()
        return found

    def left_out(self, total: int, word: str, rest: str = "") -> list[str]:
        """Return the line that says how many entries of a list are not shown, if any are not."""
        return self.hidden(total - self.limit if self.limit else 0, word, rest)

    def hidden(self, count: int, word: str, rest: str = "") -> list[str]:
        """Return the line that says that ``count`` more are not shown, if any are not."""
        if count <= 0:
            return []
        return self.note(f"… {counted(count, f'more {word}')}{rest} not shown; {ALL}")

    def note(self, text: str) -> list[str]:
        """Return a remark as lines."""
        return self.lines(text, "dim", indent=2)

    def lines(self, text: str, *styles: str, indent: int = 0) -> list[str]:
        """Break a text into lines, those after the first two columns further in."""
        broken = wrapped(text, self.width, " " * (indent + 2), " " * indent)
        return [self.style(line, *styles) for line in broken]

    def name(self, doc_id: str, width: int) -> str:
        """Return an id in at most ``width`` columns."""
        return shortened(safe(doc_id), width)

    def heading(self, title: str, facts: str = "") -> list[str]:
        """Return the rule that begins a section, with its title and what it holds in sum."""
        begin = f"── {title} ── {facts} " if facts else f"── {title} "
        if cells(begin) >= self.width and facts:
            return [*self.heading(title), *self.lines(facts, indent=2)]
        if cells(begin) >= self.width:
            return [
                "",
                *(self.style(each, "bold") for each in wrapped(title, self.width, "   ", "── ")),
            ]
        line = f"{self.style('──', 'dim')} {self.style(title, 'bold')} "
        if facts:
            line += f"{self.style('──', 'dim')} {facts} "
        return ["", line + self.style("─" * (self.width - cells(begin)), "dim")]

    def title(self) -> str:
        """Return the program and what was read; fast mode holds no texts of files."""
        facts = counted(len(self.result.corpus.table), "article")
        if self.has_texts:
            facts += f", {counted(self.characters(), 'character')}"
        name = f"dedup {self.result.summary.get('version', '')}".strip()
        return f"{name}: {facts}"

    @property
    def has_texts(self) -> bool:
        """Tell whether the result holds the texts."""
        return "text" in self.result.corpus.table.column_names

    def characters(self) -> int:
        """Return the characters of all texts; they are counted once."""
        if not self._sizes:
            lengths = pc.utf8_length(self.result.corpus.table["text"])
            self._sizes.append(int(pc.sum(lengths).as_py() or 0))
        return self._sizes[0]

    def sums(self) -> str:
        """Return how many documents were read, kept, removed and skipped."""
        read_report, documents = self.result.corpus.read_report, self.result.tables["documents"]
        kept = pc.sum(documents["kept"]).as_py() or 0
        removed, skipped = len(documents) - kept, sum(read_report.skipped.values())
        return (
            f"{read_report.read:,} read = {kept:,} kept + {removed:,} removed + {skipped:,} skipped"
        )

    def rate(self, seconds: float) -> str:
        """Return how many documents were read a second."""
        rate = self.result.corpus.read_report.read / max(seconds, 1e-9)
        return f"{rate:,.{0 if rate >= 10 else 1}f}"

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
        """Return the position of a stretch: its line for a person, its offsets for a program."""
        line = self.text(doc_id).count("\n", 0, start) + 1
        return f"line {line:,} ({start:,}–{end:,})"


def tally(values: pa.ChunkedArray | pa.Array, order: Iterable[str] = ()) -> list[tuple[str, int]]:
    """Count the values of a column: in ``order``, then the most frequent first."""
    counts = {row["values"]: row["counts"] for row in pc.value_counts(values).to_pylist()}
    known = [(name, counts.pop(name)) for name in order if name in counts]
    return known + sorted(counts.items(), key=lambda each: (-each[1], each[0]))
