"""The shipped patterns of boilerplate, and how a line is folded before they are tried."""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import AnyStr

_ANNOTATIONS = str.maketrans(
    {
        **dict.fromkeys("‘’‚‛′`´ʼ", "'"),
        **dict.fromkeys("“”„‟″«»‹›", '"'),
        **dict.fromkeys("‐‑‒–—―−", "-"),
        **dict.fromkeys("\u200b\u200c\u200d\u2060\ufeff\xad\u200e\u200f", ""),
    }
)
_FRONT = re.compile(r"^[\s*•·▪■►▸●○◦»›+|>→–—-]+(?=\S)")
_SYMBOLS = "\u2190-\u23ff\u2460-\u27bf\u2900-\u2bff\u3030\ufe0f\U0001f000-\U0001faff"
_SYMBOL = re.compile(rf"^[\s{_SYMBOLS}]+(?=[\w\"'“„«(\[])|[\s{_SYMBOLS}]+$")
_LINK = re.compile(
    r"!?\[((?:[^\[\]]|\[[^\[\]]*\])*)\]\((?:[^()\s]|\([^()\s]*\))*(?:\s+\"[^\"]*\")?\)"
)
_EMPHASIS = re.compile(r"(?<![^\W_])(\*{1,3}|_{1,3}|~~|`)(?=\S)(.+?)(?<=\S)\1(?![^\W_])")
_EMPHASISED = "*_`~"
_HEADING = re.compile(r"^\s*(?:#{1,6}|>+)\s+|\s+#+\s*$")
_BLANKS = "".join(filter(str.isspace, map(chr, range(0x3001))))  # what \s matches, all of it
_BEHIND = f"{_BLANKS}:*»›>→|"
_GLUED = re.compile(r"(?<=[a-z])(?=[A-Z][a-z])")
_HAS_GLUED = re.compile(r"[a-z][A-Z][a-z]")  # the same, found sooner
_HAN = "\u2e80-\u2fdf\u3005-\u30ff\u3400-\u9fff"
INDIAN = "\u0900-\u0963\u0970-\u0dff"  # Indian scripts: letters, and signs that are part of a word
_INDIAN_LETTER = re.compile(f"[{INDIAN}]")
_WORD = re.compile(rf"[{_HAN}]|(?:[^\W_{_HAN}]|[{INDIAN}])+|©")
# Of ASCII: letters become small ones, what is in no word a blank.
_PLAIN = bytes(ord(chr(c).lower()) if chr(c).isalnum() else 32 for c in range(128)) + bytes(128)
_HEADER = re.compile(r"\[(\w+) (\d+) (strong|medium) \| ([^\]]+)\]")
_NO_SENTENCE = "$."
_AMONG = "$+"
_REPORTED = re.compile(
    r"\b(?:said|says|(?:police|officials|experts|scientists|\w+ers) say|told|tells"
    r"|according to|advise[sd]|warn(?:s|ed)|spokes\w+|survey|a study"
    r"|sagte|laut|selon|a declare|dijo|segun|disse|segundo|ha detto|secondo|dedi|soyledi"
    r"|сказал\w*|сообщил\w*|заявил\w*|по словам|قال|قالت)\b"
)
_QUOTES_TITLES = frozenset(["related_inline", "prev_next_nav", "tag_list", "related_marker"])
_KEPT_LINES = 1 << 13  # of which what was found is kept: pages of one site have many in common
_REPORT_WORDS = 5  # shorter lines report nothing
_OPEN_END = re.compile(r"(?<!\\)([^\W\d_]\)?)(?=\.(?:\*|\{0))")


def has_any(line: str, some: Iterable[str]) -> bool:
    """Tell whether a line holds any of some strings; a loop, as a generator costs twice as much."""
    for each in some:
        if each in line:
            return True
    return False


def plain_text(line: str) -> str:
    r"""Return a line without what Markdown and HTML put around its words.

    >>> plain_text("* **[Share this](https://example.org/share)** &nbsp;")
    '* Share this \xa0'
    """
    if "&" in line:
        line = html.unescape(line)
    if "](" in line:
        line = _LINK.sub(r"\1", line)
    if "#" in line or ">" in line:
        line = _HEADING.sub("", line)
    if has_any(line, _EMPHASISED) and max(map(line.count, _EMPHASISED)) > 1:
        inner = _EMPHASIS.sub(r"\2", line)
        line = line if inner == line else _EMPHASIS.sub(r"\2", inner)
    return line


@lru_cache(maxsize=_KEPT_LINES)
def fold_line(line: str, *, unglue: bool = False) -> str:
    """Return ``line`` as the patterns see it.

    ``unglue`` parts words where a capital follows a small letter, as in widgets that lost their
    blanks.

    >>> fold_line("  • Leave a “Réply” »")
    'leave a "reply"'
    >>> fold_line("FacebookTweet", unglue=True)
    'facebook tweet'
    """
    line = plain_text(line)
    if not line.isascii():
        line = _SYMBOL.sub("", line)
    line = _FRONT.sub("", line).rstrip(_BEHIND)
    if unglue:
        line = _GLUED.sub(" ", line)
    if line.isascii():
        return " ".join(line.lower().split())
    line = unicodedata.normalize("NFKD", line.translate(_ANNOTATIONS).casefold())
    return " ".join(_without_accents(line).split())


def _without_accents(line: str) -> str:
    """Take off accents; the signs of Indian scripts are no accents but letters."""
    if line.isascii():
        return line
    return "".join(
        each for each in line if not unicodedata.combining(each) or _INDIAN_LETTER.match(each)
    )


@dataclass(frozen=True, slots=True)
class Section:
    """Patterns of one reason: most words of a block, how sure, and the words they need."""

    reason: str
    limit: int
    confidence: str
    triggers: tuple[str, ...]
    patterns: tuple[str, ...]  # may match a block however it ends
    titles: tuple[str, ...]  # the block must not end like a sentence
    among: tuple[str, ...]  # the same, and boilerplate only among boilerplate


@dataclass(frozen=True, slots=True)
class Match:
    """What a line is: the reason to remove it, how sure, and whether it needs company."""

    reason: str
    confidence: str
    weak: bool


def _match(position: int, folded: str, words: int, *, is_sentence: bool) -> Match | None:
    """Return what the section at ``position`` says of a folded line."""
    section = sections()[position]
    if words > section.limit:
        return None
    firm = _is_one_of(position, "patterns", folded)
    firm = firm or (not is_sentence and _is_one_of(position, "titles", folded))
    if not firm and (is_sentence or not _is_one_of(position, "among", folded)):
        return None
    may_be_said = words >= _REPORT_WORDS and section.reason not in _QUOTES_TITLES
    if may_be_said and _REPORTED.search(folded):  # the slowest comes last
        return None
    return Match(section.reason, section.confidence, weak=not firm)


def _is_one_of(position: int, kind: str, folded: str) -> bool:
    patterns = _any_of(position, kind)
    return patterns is not None and patterns.fullmatch(folded) is not None


@cache
def sections() -> tuple[Section, ...]:
    """Read the shipped patterns."""
    found: list[Section] = []
    lines: list[str] = []
    header: re.Match[str] | None = None
    text = Path(__file__).with_name("patterns.txt").read_text(encoding="utf-8")
    for line in [*text.splitlines(), "[end 0 strong | end]"]:
        if line.startswith("[") and " | " in line:
            if header is not None:
                found.append(_section(header, lines))
            header, lines = _HEADER.fullmatch(line), []
            if header is None:
                raise ValueError(f"patterns.txt: bad section {line!r}")
        elif line and not line.startswith("#"):
            lines.append(line)
    return tuple(found)


def _section(header: re.Match[str], lines: list[str]) -> Section:
    ends: dict[str, list[str]] = {"": [], _NO_SENTENCE: [], _AMONG: []}
    for line in lines:
        end = line[-2:] if line[-2:] in ends else ""
        ends[end].append(_folded_pattern(line.removesuffix(end)))
    return Section(
        header[1],
        int(header[2]),
        header[3],
        tuple(header[4].split()),
        *(tuple(ends[end]) for end in ("", _NO_SENTENCE, _AMONG)),
    )


def _folded_pattern(pattern: str) -> str:
    """Fold letters as a line is folded, and end a word before whatever may follow it."""
    folded = pattern
    if not pattern.isascii():
        # The case stays, for the escapes.
        folded = _without_accents(unicodedata.normalize("NFKD", pattern))
    return _OPEN_END.sub(r"\1\\b", folded)


def trigger_words() -> dict[str, int]:
    """Return every trigger word with the longest block, in words, that it may flag."""
    limits: dict[str, int] = {}
    for section in sections():
        for word in section.triggers:
            limits[word] = max(limits.get(word, 0), section.limit)
    return limits


@cache
def _any_of(position: int, kind: str) -> re.Pattern[str] | None:
    """Compile patterns when a line first comes to them; those of most languages never are."""
    patterns: tuple[str, ...] = getattr(sections()[position], kind)
    return re.compile("|".join(f"(?:{each})" for each in patterns)) if patterns else None


@cache
def _most_words() -> int:
    """Return the most words of a line that any pattern is for."""
    return max(section.limit for section in sections())


@cache
def _by_trigger() -> dict[str, tuple[int, ...]]:
    positions: dict[str, tuple[int, ...]] = {}
    for position, section in enumerate(sections()):
        for word in section.triggers:
            folded = fold_line(word)
            positions[folded] = (*positions.get(folded, ()), position)
    return positions


@cache
def _by_plain_trigger() -> dict[bytes, tuple[int, ...]]:
    return {word.encode(): each for word, each in _by_trigger().items() if word.isascii()}


def is_plain(line: str) -> bool:
    """Tell whether folding a line changes none of its words but their case.

    >>> is_plain("# Share *this*"), is_plain("Sh[are](/x)"), is_plain("Réply")
    (True, False, False)
    """
    return line.isascii() and "&" not in line and "](" not in line


def words_of_plain(line: str) -> list[bytes]:
    """Return the words of a plain line, folded.

    >>> words_of_plain("* The newsletter's 400 readers:")
    [b'the', b'newsletter', b's', b'400', b'readers']
    """
    return line.encode().translate(_PLAIN).split()


def _tried(
    by_trigger: dict[AnyStr, tuple[int, ...]], line_words: list[AnyStr], words: int
) -> list[int]:
    """Return the sections that a line of ``words`` words may be of, by those it has."""
    there = by_trigger.keys() & line_words
    found = {position for word in there for position in by_trigger[word]}
    return sorted(position for position in found if words <= sections()[position].limit)


def _options(line: str, words: int, *, may_be_glued: bool) -> list[tuple[str, list[int]]]:
    """Return a folded line with the sections it may be of, and what else it may be read as."""
    if may_be_glued and _HAS_GLUED.search(line):
        variants = _variants(line)
    elif is_plain(line):  # most lines of text: they have no such words, and need not be folded
        tried = _tried(_by_plain_trigger(), words_of_plain(line), words)
        return [(fold_line(line), tried)] if tried else []
    else:
        variants = [fold_line(line)]
    return [(each, _tried(_by_trigger(), _WORD.findall(each), words)) for each in variants]


def _variants(line: str) -> list[str]:
    """Return a line as it is, and with words parted inside of which capitals stand.

    The first may be where a label ends: "Previous articleBridge mended" is also tried as
    "previous article: bridge mended".
    """
    parted = fold_line(line, unglue=True), fold_line(_GLUED.sub(": ", line, count=1))
    return list(dict.fromkeys([fold_line(line), *parted]))


@lru_cache(maxsize=_KEPT_LINES)
def match_patterns(
    line: str, words: int, *, is_sentence: bool, may_be_glued: bool = True
) -> Match | None:
    """Return what the first pattern that is the whole of ``line`` says, the firm ones first.

    ``may_be_glued`` is false where no capital follows a small letter.

    >>> found = match_patterns("Sign up to our newsletter!", 5, is_sentence=True)
    >>> (found.reason, found.weak) if found else None
    ('newsletter_signup', False)
    >>> match_patterns("The newsletter had 400 readers.", 5, is_sentence=True)
    """
    weak = None
    plain = plain_text(line)
    if plain != line:
        line, words, may_be_glued = plain, min(words, len(_WORD.findall(plain))), True
    if words > _most_words():
        return None
    for each, tried in _options(line, words, may_be_glued=may_be_glued):
        for position in tried:
            match = _match(position, each, words, is_sentence=is_sentence)
            if match is not None and not match.weak:
                return match
            weak = weak or match
    return weak
