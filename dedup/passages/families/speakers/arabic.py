"""Speakers in Arabic: a verb, a title, a name, as in ``قال وزير النقل سامر الخطيب``."""

from __future__ import annotations

import re
from functools import cache

from dedup.passages.families.speakers.words import either, words_of

_MARKS = re.compile("[\u064b-\u065f\u0670\u0640]")  # vowels, and the dash that stretches a word
_CLAUSE = re.compile(r"[.!?؟\n…]")
_BREAK = re.compile(r"[،,:؛;\"“”«»()\[\]–—-]")
_MOST = 4  # words of a name
_HAMZA = str.maketrans("أإآى", "اااي")


def _plain(word: str) -> str:
    """Return a word without the marks that some leave out."""
    return _MARKS.sub("", word).translate(_HAMZA)


@cache
def _set(name: str) -> frozenset[str]:
    return frozenset(map(_plain, words_of(f"ar.{name}")))


@cache
def _verb() -> re.Pattern[str]:
    return re.compile(rf"(?<!\w)[وف]?{either(_set('verbs'))}(?!\w)")


def named_before(text: str) -> str | None:
    """Return who a clause before a quotation names."""
    clause = _CLAUSE.split(text.rstrip(' \xa0:،,"“«(\n'))[-1]
    verb = _verb().search(_same_length(clause))
    return _subject(clause[verb.end() :]) if verb else None


def named_behind(text: str) -> str | None:
    """Return who a clause behind a quotation names, its verb first."""
    clause = _CLAUSE.split(text.lstrip(' \xa0،,"”».'))[0]
    verb = re.match(
        rf"(?:بحسب ما |حسبما |كما |وفق ما |هكذا )?{_verb().pattern}", _same_length(clause)
    )
    rest = clause[verb.end() :] if verb else ""
    return None if not verb or re.match(r"[^:]{0,80}:\s*[\"“«]", rest) else _subject(rest)


def _same_length(text: str) -> str:
    return text.translate(_HAMZA)


def _subject(text: str) -> str | None:
    """Return the name that the words behind a verb begin with, titles left aside."""
    words = _BREAK.split(text, maxsplit=1)[0].split()
    plain = [_plain(word) for word in words]
    last = next((i for i, word in enumerate(plain) if _ends(word)), len(plain))
    words, plain = words[:last], plain[:last]
    first = _begin_of_name(plain)
    if first is None or not 2 <= len(words) - first <= _MOST:
        return None
    return _MARKS.sub("", " ".join(words[first:]))


def _ends(word: str) -> bool:
    return word in _set("ends") or (word.startswith("لل") and len(word) > 4)


def _begin_of_name(words: list[str]) -> int | None:
    """Return at which word a name begins that reaches to the last word, ``None`` for no name."""
    titles, offices = _set("titles"), _set("offices")
    if sum(word in titles or word in offices for word in words) > 1:
        return None  # of two persons one may be the office of the other
    given = next((i for i, word in enumerate(words) if _is_given(words, i)), None)
    has_title = bool(words) and (words[0] in titles or words[0] in offices)
    if given is not None and (given == 0 or (has_title and _leads(words[:given]))):
        return given
    if not has_title:
        return None
    for first in range(1, len(words) - 1):
        if not words[first].startswith("ال") and _leads(words[:first]):
            return None if _is_no_name(words[first:]) else first
    return None


def _is_given(words: list[str], at: int) -> bool:
    joined = words[at] + (words[at + 1] if words[at] == "عبد" and at + 1 < len(words) else "")
    return joined in _set("given") or (words[at] == "عبد" and joined.startswith("عبدال"))


def _leads(words: list[str]) -> bool:
    """Tell whether a title ends with these words: it or what it belongs to has the article."""
    return words[-1] in _set("titles") or (len(words) > 1 and words[-1].startswith("ال"))


def _is_no_name(words: list[str]) -> bool:
    nouns = _set("nouns")
    return any(word in nouns or word.endswith(("ه", "ها", "هم")) for word in words)
