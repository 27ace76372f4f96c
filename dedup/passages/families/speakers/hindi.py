"""Speakers in Hindi: a title, a name, ``ने`` and a verb, as in ``मंत्री राजेश वर्मा ने कहा``."""

from __future__ import annotations

import re
from functools import cache

from dedup.passages.families.speakers.words import any_of, words_of

_CLAUSE = re.compile(r"[।|!?\n”]|[\"'](?=\s)")
_BETWEEN = r"(?:[^\s“”\"'।,]+\s+){0,8}?"
_MOST = 3  # words of a name


@cache
def _said() -> re.Pattern[str]:
    verb = any_of("hi.verbs")
    return re.compile(
        rf"(?P<who>[^“”\"।]*?)\s+(?:ने\s+{_BETWEEN}{verb}(?!\S*[\u0900-\u0963])"
        rf"|के\s+(?:अनुसार|मुताबिक)(?![\u0900-\u0963]))"
    )


def named_before(text: str) -> str | None:
    """Return who the clause before a quotation names."""
    clause = _CLAUSE.split(text.rstrip(" \xa0,:“\"‘'\n"))[-1]
    found = _said().match(clause)
    return _name_in(found["who"]) if found else None


def named_behind(text: str) -> str | None:
    """Return who the clause behind a quotation names, unless it leads to another one."""
    ended = re.match(r"[\s।?!]*[।?!]", text)
    clause = text.lstrip(" \xa0,।”\"’'?!\n")
    found = _said().match(clause)
    if found is None:
        return None
    if ended and re.match(r"\s*(?:कि)?[\s,:]*[“\"‘']", clause[found.end() :]):
        return None
    return _name_in(found["who"])


def _name_in(text: str) -> str | None:
    """Return the name that a phrase ends with: behind a title, or a first word and a surname."""
    words = re.split(r",\s", text)[-1].split()
    titles = words_of("hi.titles")
    last = max((i for i, word in enumerate(words) if word in titles), default=-1)
    name = words[last + 1 :]
    known = bool(name) and name[-1] in words_of("hi.surnames")
    if not 2 <= len(name) <= _MOST or not (last >= 0 or known):
        return None
    if any(word in words_of("hi.nobody") or word in words_of("hi.bodies") for word in name):
        return None
    return " ".join(name)
