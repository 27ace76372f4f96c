"""The shipped patterns of page furniture, and how a line is folded before they are tried."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

_MARKS = str.maketrans(
    {
        **dict.fromkeys("‘’‚‛′`´ʼ", "'"),
        **dict.fromkeys("“”„‟″«»‹›", '"'),
        **dict.fromkeys("‐‑‒–—―−", "-"),
        **dict.fromkeys("\u200b\u200c\u200d\u2060\ufeff\xad\u200e\u200f", ""),
    }
)
_FRONT = re.compile(r"^[\s*•·▪■►▸●○◦»›+|>→–—-]+(?=\S)")
_BEHIND = re.compile(r"[\s:*»›>→|]+$")
_GLUED = re.compile(r"(?<=[a-z])(?=[A-Z][a-z])")
_WORD = re.compile(r"[^\W_]+|©")
_HEADER = re.compile(r"\[(\w+) (\d+) (strong|medium) \| ([^\]]+)\]")
_NO_SENTENCE = "$."
_OPEN_END = re.compile(r"(?<!\\)([^\W\d_]\)?)(?=\.(?:\*|\{0))")


def fold_line(line: str, *, unglue: bool = False) -> str:
    """Return ``line`` as the patterns see it.

    ``unglue`` parts words where a capital follows a small letter, as in widgets that lost their
    blanks.

    >>> fold_line("  • Leave a “Réply” »")
    'leave a "reply"'
    >>> fold_line("FacebookTweet", unglue=True)
    'facebook tweet'
    """
    line = _BEHIND.sub("", _FRONT.sub("", line))
    if unglue:
        line = _GLUED.sub(" ", line)
    if line.isascii():
        return " ".join(line.lower().split())
    line = unicodedata.normalize("NFKD", line.translate(_MARKS).casefold())
    if not line.isascii():
        line = "".join(each for each in line if not unicodedata.combining(each))
    return " ".join(line.split())


@dataclass(frozen=True, slots=True)
class Section:
    """Patterns of one reason: most words of a block, how sure, and the words they need."""

    reason: str
    limit: int
    confidence: str
    triggers: tuple[str, ...]
    patterns: tuple[str, ...]  # may match a block however it ends
    titles: tuple[str, ...]  # the block must not end like a sentence


@dataclass(frozen=True, slots=True)
class _Tried:
    section: Section
    pattern: re.Pattern[str] | None
    title: re.Pattern[str] | None

    def matches(self, folded: str, is_sentence: bool) -> bool:
        if self.pattern is not None and self.pattern.fullmatch(folded):
            return True
        return not is_sentence and self.title is not None and bool(self.title.fullmatch(folded))


@cache
def sections() -> tuple[Section, ...]:
    """Read the shipped patterns."""
    found: list[Section] = []
    lines: list[str] = []
    header: re.Match[str] | None = None
    text = Path(__file__).with_name("furniture.txt").read_text(encoding="utf-8")
    for line in [*text.splitlines(), "[end 0 strong | end]"]:
        if line.startswith("[") and " | " in line:
            if header is not None:
                found.append(_section(header, lines))
            header, lines = _HEADER.fullmatch(line), []
            if header is None:
                raise ValueError(f"furniture.txt: bad section {line!r}")
        elif line and not line.startswith("#"):
            lines.append(line)
    return tuple(found)


def _section(header: re.Match[str], lines: list[str]) -> Section:
    plain = [line.removesuffix(_NO_SENTENCE) for line in lines]
    titles = [line.endswith(_NO_SENTENCE) for line in lines]
    return Section(
        header[1],
        int(header[2]),
        header[3],
        tuple(header[4].split()),
        tuple(
            _folded_pattern(each) for each, title in zip(plain, titles, strict=True) if not title
        ),
        tuple(_folded_pattern(each) for each, title in zip(plain, titles, strict=True) if title),
    )


def _folded_pattern(pattern: str) -> str:
    """Fold letters as a line is folded, and end a word before whatever may follow it."""
    folded = unicodedata.normalize("NFKD", pattern)  # the case stays, for the escapes
    folded = "".join(each for each in folded if not unicodedata.combining(each))
    return _OPEN_END.sub(r"\1\\b", folded)


def trigger_words() -> dict[str, int]:
    """Return every trigger word with the longest block, in words, that it may flag."""
    limits: dict[str, int] = {}
    for section in sections():
        for word in section.triggers:
            limits[word] = max(limits.get(word, 0), section.limit)
    return limits


def _any_of(patterns: Iterable[str]) -> re.Pattern[str] | None:
    joined = "|".join(f"(?:{each})" for each in patterns)
    return re.compile(joined) if joined else None


@cache
def _by_trigger() -> dict[str, tuple[int, ...]]:
    places: dict[str, tuple[int, ...]] = {}
    for place, section in enumerate(sections()):
        for word in section.triggers:
            folded = fold_line(word)
            places[folded] = (*places.get(folded, ()), place)
    return places


@cache
def _tried() -> tuple[_Tried, ...]:
    return tuple(_Tried(each, _any_of(each.patterns), _any_of(each.titles)) for each in sections())


def match_furniture(line: str, words: int, *, is_sentence: bool) -> Section | None:
    """Return the first section one of whose patterns is the whole of ``line``.

    >>> found = match_furniture("Sign up to our newsletter!", 5, is_sentence=True)
    >>> found.reason if found else None
    'newsletter_signup'
    >>> match_furniture("The newsletter had 400 readers.", 5, is_sentence=True)
    """
    folded = fold_line(line)
    unglued = fold_line(line, unglue=True) if _GLUED.search(line) else folded
    by_trigger = _by_trigger()
    for each in (folded, unglued) if unglued != folded else (folded,):
        tried = {place for word in _WORD.findall(each) for place in by_trigger.get(word, ())}
        for place in sorted(tried):
            known = _tried()[place]
            if words <= known.section.limit and known.matches(each, is_sentence):
                return known.section
    return None
