"""Speakers in Korean: a name, a title and a particle, as in ``김민수 시장은 "…"고 말했다``."""

from __future__ import annotations

import re
from functools import cache

from dedup.passages.families.speakers.words import any_of, words_of

_CLAUSE = re.compile(r"(?<=[다요])[.!?…]|[!?\n”」』]|\"(?=[^\"]*$)")
_AGE = r"(?:\s?[(（][^()（）]{1,20}[)）])?"
_PARTICLE = "(?:은|는|이|가|도)"
_SAID_WITHIN = 120  # characters behind a quotation in which a verb of saying stands
_MOST_BETWEEN = 50  # characters between a name and the quotation
_QUOTING = r"[”\"’'」』.\s]*(?:이?라(?:고|며|면서|는)|고|며|면서)(?![가-힣])"


def named_before(before: str, behind: str) -> str | None:
    """Return the subject before a quotation; behind it must stand that this was said."""
    if not re.match(_QUOTING, behind) or not _is_said(behind):
        return None
    clause = _CLAUSE.split(before.rstrip(" \xa0,“\"‘'「『"))[-1]
    found, end, at = None, len(clause) - _MOST_BETWEEN - 1, _subjects().search(clause)
    while at is not None:  # they may overlap: who is named before may be what the next one heads
        name = _checked(at, clause)
        if name and at.end() > end:
            found, end = name, at.end()
        at = _subjects().search(clause, at.start() + 1)
    return found


def named_behind(text: str) -> str | None:
    """Return who is named behind a quotation as the one who said it."""
    quoting = re.match(_QUOTING, text)
    rest = text[quoting.end() if quoting else 0 :].lstrip(" .”\"’'」』")
    rest = re.split(r"[“\"「『\n]", rest)[0]
    found = _subjects().match(rest)
    if found is None or not _is_said(rest[found.end() :]):
        return None
    if not quoting and not re.match(r"[^.]*(?:이렇게|이같이|이처럼)", rest[found.end() :]):
        return None
    return _checked(found, rest)


def _is_said(text: str) -> bool:
    return bool(re.search(any_of("ko.verbs"), text[:_SAID_WITHIN].split("\n")[0]))


@cache
def _subjects() -> re.Pattern[str]:
    """Return a pattern of a name with a title and the particle of a subject.

    What somebody heads may stand between name and title.
    """
    title, country = any_of("ko.titles"), any_of("ko.countries")
    behind = rf"(?:전\s)?[가-힣]{{0,6}}?{title}{_AGE}{_PARTICLE}"
    of_something = rf"(?P<of>(?:[가-힣A-Za-z]+\s){{1,2}}(?={behind}))"
    surname = any_of("ko.surnames")
    own = rf"(?:{surname}[가-힣]{{2}}|{any_of('ko.compound')}[가-힣]{{1,2}})"
    return re.compile(
        rf"(?<![가-힣])(?:(?P<name>{own}){_AGE}\s?(?:{of_something})?(?:전\s)?[가-힣]{{0,6}}?(?P<title>{title})"
        rf"|(?P<other>(?:[가-힣]{{2,6}}\s)?[가-힣]{{2,6}})\s(?:{country}\s)?(?:전\s)?"
        rf"{any_of('ko.states')}){_AGE}{_PARTICLE}(?![가-힣])"
    )


def _checked(found: re.Match[str], text: str) -> str | None:
    if found["name"]:
        name = found["name"]
        of = found["of"] or ""
        if (
            of
            and found["title"] in words_of("ko.states")
            and of.strip() not in words_of("ko.countries")
        ):
            return _transcribed(f"{name} {of.strip()}", text[: found.start()])
        joined = of and name[-1] in "은는이가와과로도고서며"
        return None if joined or not _is_name(name) else name
    return _transcribed(found["other"], text[: found.start()])


def _is_name(name: str) -> bool:
    return name[-1] not in words_of("ko.last")[0] and name not in words_of("ko.nobody")


def _transcribed(name: str, before: str) -> str | None:
    """Return a transcribed name: the word before a title, and the one before, if it is a name."""
    words = name.split()
    countries = words_of("ko.countries")
    if words[-1] in countries:
        words.pop()
    sounds = set(words_of("ko.transcribed")[0])
    if not words or not set(words[-1]) & sounds or words[-1] in countries:
        return None
    if len(words) > 1 and not _is_first_name(words[0], sounds, before):
        words.pop(0)
    return " ".join(words)


def _is_first_name(word: str, sounds: set[str], before: str) -> bool:
    if word in words_of("ko.countries") or word in words_of("ko.begins"):
        return False
    if word[-1] in "의에은는을를과와도로고며서":
        return False
    return bool(set(word) & sounds) or not before.strip()
