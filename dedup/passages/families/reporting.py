"""Verbs of reporting, and who is named beside a quotation as the one who said it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from functools import cache
from pathlib import Path

from dedup.passages.families.speakers import named_beside, script_of
from dedup.passages.families.speakers.words import words_of

_BEFORE, _BEHIND = 250, 160  # characters beside a quotation in which its speaker may be named
# Capitals of the scripts that have them; in the others words beside a name tell it.
_UPPER = "".join(
    chr(code)
    for code in (*range(0x41, 0x5B), *range(0xC0, 0x590), *range(0x1E00, 0x2000))
    if chr(code).isupper()
)
_LOWER_WORD = rf"[^\W\d_{_UPPER}]\w*"
_NAME_WORD = rf"[{_UPPER}][\w.’'-]*"
_PARTICLE = (
    r"(?:al|el|ibn|bin|bint|abu|ben|de la|de|da|dos|del|della|di|du|v[ao]n de[nr]|van|von|zu)"
)
_NAME = rf"{_NAME_WORD}(?:[ \xa0-](?:{_PARTICLE}[ \xa0-])*{_NAME_WORD})*"
# A stop that ends a sentence: not one behind a short word with a capital, as in "Sen. Cruz".
_STOP = re.compile(
    r"(?:[!?…:;]|(?<!\b[A-Z])(?<!\b[A-Z][a-z])(?<!\b[A-Z][a-z]{2})\.)\s+(?=\W*[^\W\d_a-z])|\n"
)
_UNSPACED = re.compile(r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u4e00-\u9fff]")
# Words with a capital that begin a sentence and are no name.
_NO_NAMES = frozenset(
    "he she it they we i you the a an this that these those in on at as by but and or when "
    "while if after before what there who his her their its our my er sie es wir ich der die "
    "das ein eine in im am als auch und aber il elle ils elles on nous le la les un une dans "
    "mais et el ella ellos lo los las un una en pero y ele ela eles o os as um uma mas e "
    "monday tuesday wednesday thursday friday saturday sunday yesterday today january "
    "february march april june july august september october november december montag "
    "dienstag mittwoch donnerstag freitag samstag sonnabend sonntag januar februar märz mai "
    "juni juli oktober dezember он она они мы вы я ты кто это этот как что когда если после об о "
    "по в на с из у за при и но а также він вона вони ми ви як та але той тя те".split()
) | frozenset(words_of("cyrillic.titles"))
# What behind these has a capital is no subject: "a spokesman for Merkel said".
_PREPOSITIONS = (
    r"(?:of|for|from|in|at|by|with|to|near|von|vom|aus|im|in|bei|für|mit|zu|de|du|des|del|della|di|da|do"
    r"|dans|en|em|para|per|pour|z|ze|w|we|do|od|в|на|из|из-за|от|у|при|к|с|со|о|об|для|під|від|з|із|до)"
)
_ARTICLES = (
    r"(?:the|a|an|der|die|das|dem|den|ein|eine|einer|le|la|un|une|el|il|lo|o|os|uma?|de|het)"
)
_GERMAN_ARTICLES = r"(?:der|die|das|dem|den|ein|eine|einer)"
_NO_SUBJECT = re.compile(f"{_ARTICLES}|{_PREPOSITIONS}", re.IGNORECASE)
_AROUND = " \xa0,.!?”“»«›‹\"'‘’\n–—-"
_AUXILIARY = re.compile(  # before the verb: "a déclaré", "ha detto", "hat gesagt"
    r"\W*(?:a|ont|avait|avaient|ha|han|hanno|aveva|avevano|había|habían|tem|tinha|hat|haben|hatte"
    r"|hatten|heeft|hebben|had|har|hade|has|have)\W*",
    re.IGNORECASE,
)
_OFFICE = re.compile("[А-ЯІЇЄҐ]{2,}")  # "МИД Франции" is nobody
_PARTS = re.compile("[ ·•・]")  # between the parts of a name
_CYRILLIC = re.compile("[\u0400-\u052f]")
_TOLD = ("told", "tells")  # who is named behind them is told
_INSIDE = re.compile(r"[,.!?…]\s[—–-]\s(?P<said>[^—–«»“”\"\n]{3,100}?)[,.]\s[—–-]\s")
# Words that report only directly behind a quotation, as they mean other things elsewhere.
_DIRECT = re.compile(r"(?:so|cuenta|cuentan|conta|contam|confie|raconte|racconta)\b(?=\s)")
# "Petra Lühr von der Gewerkschaft", but not "Ursula von der Leyen".
_OF_SOMETHING = re.compile(r"^(\S+ \S+(?: \S+)?) von de[mnr] \S.*$")


@cache
def verbs() -> re.Pattern[str]:
    """Return a pattern of a verb of reporting in any of the listed languages."""
    lines = Path(__file__).with_name("reporting.txt").read_text("utf-8").splitlines()
    words = {
        word
        for line in lines
        if line and not line.startswith("#")
        for word in line.split(":", 1)[1].split()
    }
    spaced = sorted((word for word in words if not _UNSPACED.search(word)), key=_longest_first)
    others = sorted(words - set(spaced), key=_longest_first)
    spelt = "|".join(map(re.escape, spaced))
    return re.compile(rf"\b(?:{spelt})\b|{'|'.join(map(re.escape, others))}", re.IGNORECASE)


def _longest_first(word: str) -> tuple[int, str]:
    return -len(word), word


def speaker_of(text: str, start: int, end: int) -> str | None:
    """Return who is named as the speaker beside the quotation ``text[start:end]``, if anybody is.

    A verb of reporting must stand in the same sentence, before the quotation or behind it.

    >>> text = "Hassan Abdul Ghani, commander of the Department, said on X: “We entered it today.”"
    >>> speaker_of(text, text.index("“"), len(text))
    'Hassan Abdul Ghani'
    >>> text = "“We entered it today, with tanks,” said Mr. Ghani of the opposition."
    >>> speaker_of(text, 0, text.index(" said"))
    'Mr. Ghani'
    """
    before = text[max(start - _BEFORE, 0) : start]
    behind = text[end : end + _BEHIND]
    script = script_of(before + behind)
    if script is not None:
        return named_beside(script, before, behind)
    named = _named_before(before) or _named_behind(behind) or _named_around(before, behind)
    return named or _named_inside(text[start:end])


def _named_before(text: str) -> str | None:
    """Return the subject of the sentence that leads to a quotation."""
    sentence = _STOP.split(text.rstrip(" \xa0:,“„«»\"'‘‚(\n"))[-1]
    verb = max(verbs().finditer(sentence), key=lambda found: found.start(), default=None)
    if verb is None or len(sentence) - verb.end() > 60:
        return None
    name = _name_at(sentence[: verb.start()], nearest=False)
    if name or verb[0].casefold() in _TOLD:
        return name
    return _beside(sentence[verb.end() :])


def _named_behind(text: str) -> str | None:
    """Return the subject of the words behind a quotation."""
    sentence = _STOP.split(text.lstrip(_AROUND))[0]
    direct = _DIRECT.match(sentence)
    if direct is not None:
        return _beside(sentence[direct.end() :])
    verb = verbs().search(sentence)
    if verb is None or verb.start() > 80:
        return None
    subject = sentence[: verb.start()]
    if re.search(r"\w", subject) and not _AUXILIARY.fullmatch(subject):
        return _name_at(subject, nearest=True)
    return _beside(sentence[verb.end() :])


def _named_around(before: str, behind: str) -> str | None:
    """Return the name before a quotation with the verb directly behind it, as in Turkish."""
    sentence = _STOP.split(behind.lstrip(_AROUND))[0]
    verb = re.match(rf"(?:{_LOWER_WORD}\s+)?", sentence)
    if verb is None or not verbs().match(sentence, verb.end()):
        if not verbs().match(sentence):
            return None
    subject = _STOP.split(before.rstrip(f"{_AROUND}:‚„("))[-1]
    found = re.search(rf"({_NAME})\s*$", subject)
    name = _clean(found[1]) if found else None
    return name if name and " " in name else None


def _named_inside(text: str) -> str | None:
    """Return who is named between dashes inside of a quotation, as in Russian and French."""
    for found in _INSIDE.finditer(text):
        verb = verbs().match(found["said"])
        name = _beside(found["said"][verb.end() :]) if verb else None
        if name:
            return name
    return None


def _beside(text: str) -> str | None:
    """Return the name that begins a few words behind a verb.

    Behind an article a word with a capital is what somebody is, as in German; the name follows.
    """
    found = re.match(rf"((?:\s+{_LOWER_WORD}){{0,3}})\s+({_NAME})", text)
    if found is None:
        return None
    name = _clean(found[2])
    if name is None or not re.search(rf"\b{_GERMAN_ARTICLES}$", found[1]):
        return name
    words = name.split(" ")
    if len(words) > 2:
        return " ".join(words[1:])
    if len(words) > 1:
        return name
    full = re.match(rf"[^.!?]{{0,60}}?\b({_NAME_WORD}[ \xa0]{_NAME})", text[found.end() :])
    return _clean(full[1]) if full else None


def _name_at(text: str, *, nearest: bool) -> str | None:
    """Return a name before a verb: the first of several words, else the one beside it."""
    names = [each for each in (_clean(found[0]) for found in re.finditer(_NAME, text)) if each]
    long = [name for name in names if " " in name or "\xa0" in name]
    if long:
        return long[-1 if nearest else 0]
    alone = re.search(rf"(?:^|(?P<before>[\w]+)\s+|\W)(?P<name>{_NAME_WORD})\s*$", text)
    if alone is None or _NO_SUBJECT.fullmatch(alone["before"] or ""):
        return None
    if alone["before"] and _CYRILLIC.match(alone["name"]):
        return None  # as likely whose lawyer speaks as what the lawyer is called
    return _clean(alone["name"])


def _clean(name: str) -> str | None:
    """Return a name without words that only begin a sentence, ``None`` where nothing is left."""
    words = name.replace("\xa0", " ").split(" ")
    while words and words[0].casefold().rstrip(".") in _NO_NAMES:
        words.pop(0)
    if words and _OFFICE.fullmatch(words[0]):
        return None
    joined = _OF_SOMETHING.sub(r"\1", " ".join(words)).strip(" .’'-")
    for ending in ("’s", "'s"):
        joined = joined.removesuffix(ending)
    return joined if len(joined) > 1 and not verbs().fullmatch(joined) else None


def agreed_speaker(found: Iterable[str | None]) -> str | None:
    """Return the speaker that most of those name who name any; a full name counts by its last word.

    Where names have no blanks, a surname counts for the full name that begins with it.

    >>> agreed_speaker(["Donald Trump", "Trump", None, "Clinton"])
    'Donald Trump'
    >>> agreed_speaker(["Trump", "Clinton"])
    >>> agreed_speaker(["佐藤", "佐藤健", "高橋"])
    '佐藤健'
    """
    names = Counter(name for name in found if name)
    if not names:
        return None
    by_last: dict[str, Counter[str]] = {}
    for name, count in names.items():
        by_last.setdefault(_last_name(name, names), Counter())[name] += count
    _, group = min(by_last.items(), key=lambda each: (-each[1].total(), each[0]))
    if 2 * group.total() <= names.total():
        return None
    longest = max(map(len, group))
    full = [name for name in group if _PARTS.search(name)]
    full = full or [name for name in group if len(name) == longest]
    return min(full, key=lambda name: (-group[name], len(name), name))


def _last_name(name: str, names: Iterable[str]) -> str:
    """Return what names of the same person share."""
    if _UNSPACED.match(name) and not _PARTS.search(name):
        full = [other for other in names if other.startswith(name) and other != name]
        return full[0] if len(full) == 1 else name
    return _PARTS.split(name.casefold())[-1]
