"""Text that is safe on a terminal and fits it: control characters, widths, wrapping, colours."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

ELLIPSIS = "…"
ALL = "--limit 0 shows all"

_BLANKS = re.compile(r"\s+")
# What would steer a terminal; a scraped text must not be able to.
_CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f]")
# Characters without width that turn or hide it: soft hyphens, marks of direction, tags. The joiners
# U+200C and U+200D stay, for scripts are misread without them.
_UNSEEN = re.compile(
    "[\u00ad\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    "\U000e0000-\U000e0fff]"
)
_AS_EMOJI = "\ufe0f"  # makes the sign before it an emoji of two columns
# Signs below or above a number that are visible.
_SIGNS = frozenset(
    "\u0600\u0601\u0602\u0603\u0604\u0605\u06dd\u070f\u0890\u0891\u08e2\U000110bd\U000110cd"
)
# Wide since Unicode 16, which this Python may not know, as it may not know the newest emoji.
_NEWLY_WIDE = re.compile(
    "[\u2630-\u2637\u268a-\u268f\u4dc0-\u4dff\U0001d300-\U0001d356\U0001d360-\U0001d376]"
)
_SURROGATES = re.compile("[\ud800-\udfff]")
_CODES = {
    "bold": "1",
    "dim": "2",
    "red": "31",
    "green": "32",
    "yellow": "33",
    "blue": "94",  # the bright one: the other cannot be read on black
    "magenta": "35",
    "cyan": "36",
}


@dataclass(frozen=True, slots=True)
class Style:
    r"""Colour text, or leave it as it is where ``colour`` is off.

    >>> Style(False)("kept", "bold"), Style(True)("kept", "bold", "green")
    ('kept', '\x1b[1;32mkept\x1b[0m')
    """

    colour: bool

    def __call__(self, text: str, *names: str) -> str:
        """Return ``text`` in the styles named."""
        if not (self.colour and text and names):
            return text
        return f"\x1b[{';'.join(_CODES[name] for name in names)}m{text}\x1b[0m"


def safe(text: str) -> str:
    r"""Return ``text`` on one line and without anything that could steer a terminal.

    Control characters become visible, characters that turn or hide text go.

    >>> safe("a\n\tb \x1b[31mred\u202e")
    'a b \\x1b[31mred'
    """
    text = _BLANKS.sub(" ", _UNSEEN.sub("", text))
    text = _CONTROLS.sub(lambda found: f"\\x{ord(found[0]):02x}", text)
    return _SURROGATES.sub("\ufffd", text)


def cells(text: str) -> int:
    """Return how many columns ``text`` takes: wide characters two, combining ones none.

    >>> cells("word"), cells("日本"), cells("e\u0301")
    (4, 4, 1)
    """
    return len(text) if text.isascii() else sum(map(_cells_of, text))


def _cells_of(char: str) -> int:
    if char.isascii() or char == _AS_EMOJI or char in _SIGNS:
        return 1
    category = unicodedata.category(char)
    if category in ("Mn", "Me", "Cf"):
        return 0
    if _NEWLY_WIDE.match(char) or (category == "Cn" and "\U0001f000" <= char <= "\U0001faff"):
        return 2
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1


def pad(text: str, width: int, *, right: bool = False) -> str:
    """Fill ``text`` with blanks up to ``width`` columns, in front of it where ``right``."""
    blanks = " " * (width - cells(text))
    return blanks + text if right else text + blanks


def head(text: str, width: int) -> str:
    """Return as much of the beginning of ``text`` as takes at most ``width`` columns."""
    if len(text) * 2 <= width:
        return text
    taken = 0
    for place, char in enumerate(text):
        taken += _cells_of(char)
        if taken > width:
            return text[:place]
    return text


def _tail(text: str, width: int) -> str:
    """Return as much of the end of ``text``; it does not begin in the middle of a character."""
    back = head(text[::-1], width)[::-1]
    while len(back) < len(text) and back and not _cells_of(back[0]):
        back = back[1:]  # an accent whose letter is left out
    return back


def shortened(text: str, width: int) -> str:
    """Return ``text`` in at most ``width`` columns, with an ellipsis in its middle if need be.

    >>> shortened("archive/2024/11/article-000123.txt", 20)
    'archive/20…00123.txt'
    """
    if cells(text) <= width:
        return text
    front = head(text, width // 2)
    back = _tail(text, max(width - cells(front) - 1, 0))
    return f"{front}{ELLIPSIS}{back}"


def cut(text: str, width: int) -> str:
    """Return ``text`` in at most ``width`` columns, with an ellipsis at its end if need be.

    >>> cut("The council met on Monday", 12)
    'The council…'
    """
    return text if cells(text) <= width else f"{head(text, width - 1).rstrip()}{ELLIPSIS}"


def excerpt(text: str, width: int) -> str:
    """Return ``text`` in about ``width`` columns, cut between words, saying how much is left out.

    >>> excerpt("The council met on Monday and agreed to mend the bridge before winter.", 46)
    'The council met … 48 characters … winter.'
    """
    if cells(text) <= width:
        return text
    front = head(text, width * 2 // 5)
    back = _tail(text, width // 4)
    if " " in front:
        front = front[: front.rindex(" ")]
    if " " in back:
        back = back[back.index(" ") + 1 :]
    gone = len(text) - len(front) - len(back)
    return f"{front} {ELLIPSIS} {gone:,} characters {ELLIPSIS} {back}"


def pieces(word: str, width: int) -> Iterator[str]:
    """Cut a word into parts of at most ``width`` columns."""
    while cells(word) > width:
        front = head(word, width) or word[0]
        yield front
        word = word[len(front) :]
    yield word


def wrapped(text: str, width: int, indent: str = "", first: str | None = None) -> list[str]:
    """Break ``text`` into lines of at most ``width`` columns, ``indent`` included.

    >>> wrapped("one two three", 9, "  ")
    ['  one two', '  three']
    """
    lines: list[str] = []
    line = start = indent if first is None else first
    for word in text.split(" "):
        for part in pieces(word, max(width - cells(indent), 8)):
            joined = line + part if line == start else f"{line} {part}"
            if line != start and cells(joined) > width:
                lines.append(line)
                line = start = indent
                joined = line + part
            line = joined
    return [*lines, line]


def counted(count: int, word: str, words: str | None = None) -> str:
    """Return a count with its word, in the plural where that is due.

    >>> counted(1, "article"), counted(1200, "article"), counted(2, "more story")
    ('1 article', '1,200 articles', '2 more stories')
    >>> counted(3, "person", "people")
    '3 people'
    """
    if count == 1:
        return f"{count:,} {word}"
    ends_in_y = word.endswith("y") and word[-2] not in "aeiou"
    return f"{count:,} {words or (f'{word[:-1]}ies' if ends_in_y else f'{word}s')}"


def score(value: float | None) -> str:
    """Return a score between 0 and 1 with two places; only a true 0 or 1 reads as one.

    >>> score(1.0), score(0.9999), score(0.0001), score(None)
    ('1.00', '>0.99', '<0.01', '-')
    """
    if value is None:
        return "-"
    if 0 < value < 0.005:
        return "<0.01"
    return ">0.99" if 0.995 <= value < 1 else f"{value:.2f}"


def listed(counts: Sequence[tuple[str, int]]) -> str:
    """Return names with their counts as one phrase, underscores as blanks.

    >>> listed([("share_widget", 3), ("newsletter", 1)])
    '3 share widget, 1 newsletter'
    """
    return ", ".join(f"{count:,} {spaced(name)}" for name, count in counts)


def spaced(name: str) -> str:
    """Return the name of a reason, relation or tag as words."""
    return safe(name.replace("_", " "))
