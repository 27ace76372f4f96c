"""Speakers in Chinese: a title, a name, where or when, a verb, as in ``市长王建国表示``."""

from __future__ import annotations

import re
from functools import cache

from dedup.passages.families.speakers.words import any_of, words_of

_CLAUSE = re.compile(r"[。！？；\n”」』]")
_HAN = "[\u4e00-\u9fff]"
_LATIN = r"[A-Z][\w.'’-]+(?: [A-Z][\w.'’-]+){1,3}"
_MOST_BETWEEN = 40  # characters between a name and the verb


def named_before(text: str) -> str | None:
    """Return who a clause before a quotation names, if a verb of saying ends it."""
    clause = _CLAUSE.split(text.rstrip(" \u3000：:，,“「『\n"))[-1]
    parts = re.split("[，,]", clause)
    verb = _said().search(parts[-1])
    return _subject(parts[-1][: verb.start()]) if verb else None


def named_behind(text: str) -> str | None:
    """Return who a clause behind a quotation names, unless it leads to another quotation."""
    clause, stop = _first_part(text.lstrip(" \u3000，,。！？”」』\n"))
    verb = _said().search(clause)
    return _subject(clause[: verb.start()]) if verb and stop not in "：:" else None


def _first_part(text: str) -> tuple[str, str]:
    found = re.search("[，,。！？；：:“「『\n]", text)
    return (text[: found.start()], found[0]) if found else (text, "\n")


@cache
def _said() -> re.Pattern[str]:
    """Return a pattern of a verb at the end, or one with the person who is told."""
    return re.compile(rf"{any_of('zh.verbs')}(?:道|{_HAN}{{0,4}}(?:记者|記者)|{_HAN}{{0,3}}社)?$")


def _subject(text: str) -> str | None:
    """Return the name at which what leads to a verb begins, or which stands behind a title."""
    starts = [found.end() for found in re.finditer(any_of("zh.titles"), text)]
    starts += [found.start() for found in re.finditer("(?<=的)", text)]
    for start in (*reversed(starts), 0):
        for pattern in _patterns():
            found = pattern.match(text, start)
            if found and _is_name(found["name"], has_title=start in starts):
                return found["name"]
    return None


@cache
def _patterns() -> tuple[re.Pattern[str], ...]:
    """Return patterns of a name, the surest first; what follows it is a verb or begins a detail."""
    end = rf"(?:[（(][^（）()]{{1,40}}[）)])?(?=$|{any_of('zh.ends')}.{{0,{_MOST_BETWEEN}}}$)"
    (transcribed,) = words_of("zh.transcribed")
    surname = any_of("zh.surnames")
    return (
        re.compile(rf"(?P<name>{_HAN}{{1,7}}(?:[·•]{_HAN}{{1,8}}?)+){end}"),
        re.compile(rf"(?P<name>{_LATIN}) ?{end}"),
        re.compile(rf"(?P<name>{surname}{_HAN}{{0,2}}{any_of('zh.address')}){end}"),
        re.compile(rf"(?P<name>[{transcribed}]{{3,7}}?){end}"),
        re.compile(rf"(?P<name>{surname}{_HAN}{{1,2}}?){end}"),
    )


def _is_name(name: str, *, has_title: bool) -> bool:
    if re.search("[·•]", name):
        return not re.search(any_of("zh.titles"), name)
    if re.match(_LATIN, name):
        return has_title
    if name.endswith(words_of("zh.address")):
        return True
    if re.match(any_of("zh.places"), name) or re.search(any_of("zh.titles"), name):
        return False
    surname = re.match(any_of("zh.surnames"), name)
    if len(name) > 2 and set(name) <= set(words_of("zh.transcribed")[0]):
        return True
    if surname is None:
        return False
    given, (nobody,) = name[surname.end() :], words_of("zh.nobody")
    if len(given) > 1:
        nobody = "".join(set(nobody) - set(words_of("zh.given")[0]))
    if not given or set(given) & set(nobody) or given[0] == name[0]:
        return False
    return has_title or name[0] not in words_of("zh.words")[0]
