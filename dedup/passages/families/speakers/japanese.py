"""Speakers in Japanese: a name with a form of address, as in ``田中さんは「…」と話した``."""

from __future__ import annotations

import re
from functools import cache

from dedup.passages.families.speakers.words import any_of, words_of

_CLAUSE = re.compile(r"[。！？\n」』]")
_KANJI, _KANA = "[\u4e00-\u9fff々〆ヶ]", "[ァ-ヴー]"
_LATIN = r"[A-Z][\w.'’-]+(?: [A-Z][\w.'’-]+)*"
_AGE = r"(?:[(（][^()（）]{1,20}[)）])?"
_MOST_BETWEEN = 60  # characters between a name and the quotation
_BEHIND = 120  # characters behind a quotation that are looked at
_SAID_WITHIN = 60  # characters behind a quotation in which a verb of saying stands


def named_before(before: str, behind: str) -> str | None:
    """Return the subject before a quotation; behind it must stand that this was said."""
    clause = _CLAUSE.split(before.rstrip(" \u3000、「『“"))[-1]
    tail = re.match(r"[」』”]*(?:など)?[とを]([^。\n]*)", behind)
    if tail is None or not re.search(any_of("ja.verbs"), tail[1][:_SAID_WITHIN]):
        return None
    return _last(rf"(?:は|が|も|によると)(?P<rest>[^。]{{0,{_MOST_BETWEEN}}})$", clause)


def named_behind(text: str) -> str | None:
    """Return who is named behind a quotation as the one who said it."""
    text = text.lstrip("」』”").split("\n")[0][:_BEHIND]
    verb = any_of("ja.verbs")
    subject = re.match(r"(?:など)?と、?([^。「『]*?)は([^。「『]*)", text)
    if subject and re.search(verb, subject[2]):
        return _at_end(subject[1])
    relative = re.match(
        rf"(?:など)?と{verb}[ぁ-ん]{{0,4}}?(?:のは|のが)?、?([^。「『]{{0,60}})", text
    )
    if relative:
        return _first(relative[1])
    later = re.match(rf"。([^。「『]*)は(?:そう|こう)、?{verb}", text)
    return _at_end(later[1]) if later else None


@cache
def _name() -> str:
    """Return the pattern of a name with what stands behind it."""
    kind = any_of("ja.address", "ja.titles")
    part = rf"(?:{_KANA}{{2,}}(?:[・=＝]{_KANA}+)*|{_KANJI}{{1,6}}?|{_LATIN})"
    return (
        rf"(?<!{_KANJI})(?<!{_KANA})(?<!・)(?:[米露仏英独韓元前現]|{any_of('ja.work')})?"
        rf"(?P<name>{part}){_AGE}"
        rf"(?P<kind>{kind})(?!{_KANJI}){_AGE}"
    )


@cache
def _compiled(ending: str) -> re.Pattern[str]:
    return re.compile(_name() + ending)


def _last(ending: str, text: str) -> str | None:
    """Return the subject of a clause; a later subject would be the one who speaks."""
    for found in _compiled(ending).finditer(text):
        rest = re.sub("(?:で|に|と|から|まで|へ)は|(?:ました|した|です)が", "", found["rest"])
        if re.search(f"は|{_KANJI}が", rest):
            return None
        return _checked(found)
    return None


def _at_end(text: str) -> str | None:
    found = _compiled("$").search(text)
    return _checked(found) if found else None


def _first(text: str) -> str | None:
    found = _compiled("").search(text)
    if found is None or text[found.end() : found.end() + 1] == "の":
        return None
    return _checked(found)


def _checked(found: re.Match[str]) -> str | None:
    name, kind = found["name"], found["kind"]
    return name if _is_name(name, kind) else None


def _is_name(name: str, kind: str) -> bool:
    """Tell whether a word before a form of address or a title is a name."""
    is_address = kind in words_of("ja.address")
    if re.match(_LATIN, name):
        return is_address
    if re.match(_KANA, name):
        known = any(word in name for word in words_of("ja.katakana"))
        whole = "・" in name or "=" in name or "＝" in name
        return not known and (is_address or whole or kind in words_of("ja.states"))
    surname = name.startswith(words_of("ja.surnames"))
    if name in words_of("ja.prefectures") and kind.endswith(("知事", "市長", "町長", "村長")):
        return False
    if len(name) == 1:
        return is_address and name in words_of("ja.surnames")
    if name in words_of("ja.nobody"):
        return False
    if name[-1] in words_of("ja.last")[0] and name not in words_of("ja.surnames"):
        return False
    return len(name) <= 5 and (surname or is_address)
