"""What is known about the blocks of all documents while furniture is looked for."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from dedup.core.arrays import Texts
from dedup.text.lines import Blocks

Finding = tuple[str, str, str]  # reason, rule, confidence


@dataclass(slots=True)
class Page:
    """The blocks of all documents and what was found; keys are block numbers."""

    texts: Texts
    blocks: Blocks
    found: dict[int, Finding] = field(default_factory=dict)
    weak: dict[int, str] = field(default_factory=dict)  # furniture only among furniture: reason
    frequent: set[int] = field(default_factory=set)  # lines on many pages of one site
    markers: list[int] = field(default_factory=list)
    tagged: dict[int, str] = field(default_factory=dict)
    spans: list[tuple[int, int, int, Finding]] = field(default_factory=list)  # parts of lines

    def end(self, block: int) -> int:
        """Return the first block after the document of ``block``."""
        return int(self.blocks.bounds[self.blocks.docs[block] + 1])

    def begin(self, block: int) -> int:
        """Return the first block of the document of ``block``."""
        return int(self.blocks.bounds[self.blocks.docs[block]])

    def has(self, block: int, flag: int) -> bool:
        """Tell whether the block carries a flag."""
        return bool(int(self.blocks.flags[block]) & flag)

    def text(self, block: int) -> str:
        """Return the line of one block."""
        return self.blocks.text(self.texts, block)


def stretches(page: Page, blocks: Iterable[int]) -> list[tuple[int, int]]:
    """Join neighbouring blocks of one document to half-open stretches."""
    found: list[tuple[int, int]] = []
    for block in sorted(blocks):
        if found and found[-1][1] == block and page.begin(block) <= found[-1][0]:
            found[-1] = (found[-1][0], block + 1)
        else:
            found.append((block, block + 1))
    return found
