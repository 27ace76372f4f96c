"""Write ``fact_words.txt``: words that are facts by themselves, months, weekdays and numbers.

    pip install babel num2words && python scripts/make_fact_words.py

Months and weekdays come from the locale database (CLDR) by Babel, words for numbers from
num2words. A word that means different things in two languages ("mar" is March or Tuesday) is
written without a meaning: it is a fact, and equal to itself alone.
"""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path

from babel import Locale
from num2words import num2words

from dedup.core.arrays import texts_from_strings
from dedup.text.tokens import tokenise_texts

OUT = Path(__file__).resolve().parents[1] / "dedup" / "similarity" / "fact_words.txt"
CALENDAR = (
    "en de fr es pt it nl sv da nb fi is pl cs sk sl hr sr bg ru uk be mk ro hu el tr az ar fa he "
    "hi bn ur ta id ms vi ca eu gl et lv lt sq hy ka kk sw ja zh ko"
).split()
NUMBERS = (
    "en de fr es pt it nl sv da no fi is pl cs sk sl sr ru uk be ro hu el tr az ar fa he "
    "id vi ca eo lv lt hy kz ko"
).split()
CARDINALS = (*range(21), *range(30, 100, 10), 100, 1000, 1_000_000)
ORDINALS = range(1, 13)
CHARACTERS = dict(zip("零一二三四五六七八九十", range(11), strict=True)) | {"百": 100, "千": 1000}
LEAST_LETTERS = 3  # an abbreviation of two letters is too often a word
HEAD = """\
# Months, weekdays and numbers in words, in about 50 languages, one meaning a line; folded as tokens
# are. Made by scripts/make_fact_words.py from CLDR (Unicode licence) and num2words.
"""


def words_of(names: list[str]) -> list[str]:
    """Return the names that are one token, folded as dedup folds them."""
    texts = texts_from_strings(names)
    counts = tokenise_texts(texts).counts()
    kept = (
        name.strip(" .").casefold() for name, count in zip(names, counts, strict=True) if count == 1
    )
    return [name for name in kept if len(name) >= LEAST_LETTERS or not name.isascii()]


def calendar() -> dict[str, set[str]]:
    """Return months and weekdays, by meaning."""
    found: dict[str, set[str]] = defaultdict(set)
    for language in CALENDAR:
        locale = Locale.parse(language)
        for kind, table in (("month", locale.months), ("weekday", locale.days)):
            for context in ("format", "stand-alone"):
                for width in ("wide", "abbreviated"):
                    for number, name in table[context][width].items():
                        if not name[:1].isdigit():
                            found[f"{kind} {number}"].update(words_of([name]))
    return found


def numbers() -> dict[str, set[str]]:
    """Return numbers in words, by meaning."""
    found: dict[str, set[str]] = defaultdict(set)
    for language in NUMBERS:
        for to, values in (("cardinal", CARDINALS), ("ordinal", ORDINALS)):
            for value in values:
                try:
                    name = num2words(value, lang=language, to=to)
                except (NotImplementedError, TypeError, KeyError, ValueError, IndexError):
                    continue
                if not any(char.isdigit() for char in name):
                    found[f"number {value}"].update(words_of([name]))
    for char, value in CHARACTERS.items():
        found[f"number {value}"].add(char)
    return found


def main() -> None:
    """Write the file."""
    found = {**calendar(), **numbers()}
    meanings: dict[str, set[str]] = defaultdict(set)
    for meaning, words in found.items():
        for word in words:
            meanings[word].add(meaning)
    lines: dict[str, list[str]] = defaultdict(list)
    for word, known in meanings.items():
        kinds = {meaning.split()[0] for meaning in known}
        kind = "calendar" if kinds - {"number"} else "number"
        lines[next(iter(known)) if len(known) == 1 else kind].append(word)
    order = [*sorted(lines.keys() - found.keys()), *found]
    rows = [f"{name}: {' '.join(sorted(lines[name]))}\n" for name in order if lines[name]]
    OUT.write_text(HEAD + "".join(rows), encoding="utf-8")
    print(f"{OUT}: {len(meanings):,} words")


if __name__ == "__main__":
    main()
