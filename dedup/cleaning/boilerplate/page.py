"""What is known about the blocks of all documents while boilerplate is looked for."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from dedup.core.arrays import Texts
from dedup.text.lines import Lines

Finding = tuple[str, str, str]  # reason, rule, confidence


@dataclass(slots=True)
class Page:
    """The blocks of all documents and what was found; keys are block numbers.

    ``words`` are those of ``lines``, as a list: single values of an array are slow to get.
    """

    texts: Texts
    lines: Lines
    found: dict[int, Finding] = field(default_factory=dict)
    weak: dict[int, str] = field(default_factory=dict)  # boilerplate only among boilerplate: reason
    frequent: set[int] = field(default_factory=set)  # lines on many pages of one site
    numbered: set[int] = field(default_factory=set)  # of these, what has a number of its own
    markers: list[int] = field(default_factory=list)
    tagged: dict[int, str] = field(default_factory=dict)
    spans: list[tuple[int, int, int, Finding]] = field(default_factory=list)  # parts of lines
    words: list[int] = field(init=False)
    _flags: list[int] = field(init=False)
    _begins: list[int] = field(init=False)
    _ends: list[int] = field(init=False)

    def __post_init__(self) -> None:
        lines = self.lines
        self.words, self._flags = lines.words.tolist(), lines.flags.tolist()
        self._begins = lines.bounds[lines.docs].tolist()
        self._ends = lines.bounds[lines.docs + 1].tolist()

    def end(self, line: int) -> int:
        """Return the first block after the document of ``line``."""
        return self._ends[line]

    def begin(self, line: int) -> int:
        """Return the first block of the document of ``line``."""
        return self._begins[line]

    def has(self, line: int, flag: int) -> bool:
        """Tell whether the block carries a flag."""
        return bool(self._flags[line] & flag)

    def text(self, line: int) -> str:
        """Return the line of one block."""
        return self.lines.text(self.texts, line)


def stretches(page: Page, lines: Iterable[int]) -> list[tuple[int, int]]:
    """Join neighbouring blocks of one document to half-open stretches."""
    found: list[tuple[int, int]] = []
    for line in sorted(lines):
        if found and found[-1][1] == line and page.begin(line) <= found[-1][0]:
            found[-1] = (found[-1][0], line + 1)
        else:
            found.append((line, line + 1))
    return found
