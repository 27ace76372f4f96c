"""Agencies that articles credit, and marks of press releases, where they count as evidence.

A credit counts at the end of an article and in its dateline. Elsewhere names of agencies mostly
stand below pictures; so do those beside words for a picture, which never count.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from pathlib import Path

import numpy as np

from dedup.core.arrays import Bool, Int64, UInt64, texts_from_strings
from dedup.kernels import families as kernel
from dedup.text.stopwords import Words, hash_table
from dedup.text.tokens import Tokens, tokenise_texts

END = 120  # characters at the end of an article in which a credit counts
HEAD = 600  # characters at its begin in which a dateline may stand
RELEASE = 600  # characters at the end in which the contact of a press release may stand
_TAIL_TOKENS, _HEAD_TOKENS, _RELEASE_TOKENS = 40, 130, 130
_LONGEST_CASED = 5  # letters of a spelling that counts only as it is written
_WORD = re.compile(r"[^\W_]+")
_UNSPACED = re.compile(
    r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u4e00-\u9fff\uac00-\ud7a3]"
)
_PICTURE = re.compile(
    r"\b(?:bild|bilder|foto|fotos|photo|photos|photograph\w*|image|images|picture|pictures|video|"
    r"illustration|archiv\w*|imagen|immagine|imagem|fotoğraf|фото|صورة|تصویر)\b[^.\n]{0,40}$"
    r"|(?:picture[ -]?alliance|getty(?: images)?|imago|©)[^.\n]{0,40}$|图|圖|写真|사진",
    re.IGNORECASE,
)
_PICTURE_BEHIND = re.compile(
    r"\W{0,3}(?:(?:photo|images?|bild|foto|graphics?|video)\b|(?:자료 ?)?사진)", re.IGNORECASE
)
_SOURCE = re.compile(
    r"(?:\b(?:quellen?|source|sources|fuente|fonte|källa|kilde|bron|zdroj|źródło|kaynak|πηγή|"
    r"источник|джерело|المصدر|منبع|nguồn|theo|sumber|reporting by|mit material von|"
    r"with (?:material|files|reports|reporting|inputs?) from|com informações d[aeo]s?|"
    r"con información de|με πληροφορίες από|по материалам|по сообщению|за матеріалами|"
    r"copyright \d{4}(?: by)?|mit|von|by|per|de)\b|来源|來源|出典)"
    r"\W{0,3}(?:[\w.’/-]+[\s,/&]+(?:and |und |y |et )?){0,4}$",
    re.IGNORECASE,
)
# Who holds the rights of the text: a line of that form is never below a picture.
_RIGHTS = re.compile(r"\bcopyright\W+\d{4}\W+(?:by )?$", re.IGNORECASE)
_RIGHTS_BEHIND = re.compile(r",?\s*dpa:\d{6}")
_SENTENCE_END = re.compile(r"[.!?”“\"»。।؟]\s*(?:[-–—]\s*|\(c\)\s*)?$", re.IGNORECASE)
_BRACKETED = (
    re.compile(r"[(（\[［【][^()（）\[\]［］【】\n]*$"),
    re.compile(r"[^()（）\[\n]*[)）\]］】]"),
)
_LISTED = re.compile(r"[(（\[/,–—|【]\s*(?:[\w.-]{2,12}\s*[/,;+&-]\s*)*$|[(（][^()（）]{0,80};\s*$")
_REST = re.compile(r"[\s\w./,;:|()（）\[\]+&@-]{0,40}$")
_RELEASE_LINE = re.compile(
    r"\(ots\)|^\s*(?:pressekontakt|press contacts?|media contacts?|contact(?:s)? presse|"
    r"contacto de prensa|contatti stampa|kontakt für (?:medien|presse)|rückfragen an|medienkontakt)"
    r"\s*:?|/PRNewswire/|PR ?Newswire|Business ?Wire|GlobeNewswire|news aktuell|EQS-News|###\s*$",
    re.IGNORECASE | re.MULTILINE,
)
_RELEASE_WORDS = (
    "ots pressekontakt press media contact contacto contatti kontakt ruckfragen rückfragen "
    "medienkontakt prnewswire newswire businesswire business globenewswire pr aktuell eqs presse"
)


_MONTHS = r"जनवरी|फरवरी|मार्च|अप्रैल|मई|जून|जुलाई|अगस्त|सितंबर|सितम्बर|अक्टूबर|अक्तूबर|नवंबर|नवम्बर|दिसंबर|दिसम्बर"
# Datelines by their form: what stands in the line before the name, and what right behind it.
_DATELINES = tuple(
    (re.compile(before), re.compile(behind))
    for before, behind in (
        # МОСКВА, 3 мар — РИА Новости. / Paris - AFP:
        (r"^\s*[^\n]{2,40}\d[^\n]{0,20}\s[-–—]{1,2}\s*$", r"\s*[.:]"),
        (r"^\s*[^\n\d–—-]{2,24}\s[-–—]\s*$", r"\s*:"),
        # МОСКВА, 3 марта. /ТАСС/.  Київ. 3 березня. УНІАН.
        (r"^\s*[^\W\d][^\n]{1,50}\d[^\n]{0,20}[\s.]/$", r"/\s*[.:–—-]"),
        (r"^\s*[^\W\d][^\n]{1,30}[.,]\s*\d{1,2}\.?\s+[^\W\d]{3,12}\.\s$", r"\."),
        # أنقرة / الأناضول, alone on its line
        (r"^\s*[^\n/.]{2,30}\s?/\s*$", r"\s*(?:\n|[-–—:])"),
        # 【ロンドン共同】 [東京 3日 ロイター] (서울=연합뉴스)
        (
            r"^\s*(?:[【［][^】］\n]{0,25}|\[[^\]\n]{0,25}[\s=]|[(（][^)）\n]{1,25}=)$",
            r"\s*[】］\])）]",
        ),
        # By Jane Roe, Associated Press
        (r"^\s*(?i:by|von|por|par|di)\s[^\n]{3,60},\s*$", r"\s*(?:\n|$)"),
        # به گزارش خبرگزاری مهر،
        (r"^\s*به گزارش\s(?:خبرنگار\s)?(?:خبرگزاری\s)?$", r"\s*[،,:]"),
        # Berlin (dpa) Ein …; नयी दिल्ली, तीन मार्च (भाषा) …
        (r"^\s*(?:[\w.’'/-]+\s){1,3}\($", r"\)\s[A-ZÀ-ÖØ-ÞΑ-ΩА-ЯЁЄІЇ]"),
        (rf"^\s*[^\n,]{{2,30}},\s[^\n,]{{0,12}}(?:{_MONTHS})\s\($", r"\)\s\w"),
    )
)


@dataclass(frozen=True, slots=True)
class Agencies:
    """The names of agencies, a pattern of all spellings, and the first words of each.

    ``common`` are spellings that are words of their language too: in brackets alone they count.
    """

    names: tuple[str, ...]
    spellings: dict[str, int]
    by_first_word: dict[str, list[str]]
    unspaced: re.Pattern[str]
    common: frozenset[str]
    words: UInt64  # a hash table of the longest word of each spelling

    def named_in(self, text: str) -> Iterator[tuple[int, int, int]]:
        """Yield (agency, start, end) of every name in a text, the longest at each place."""
        for agency, start, end in self._spelt_in(text):
            if text[start:end] not in self.common or _is_bracketed(text, start, end):
                yield agency, start, end

    def _spelt_in(self, text: str) -> Iterator[tuple[int, int, int]]:
        # Most texts have no such word: their words are looked up without their places.
        has_some = not self.by_first_word.keys().isdisjoint(map(str.casefold, _WORD.findall(text)))
        for word in _WORD.finditer(text) if has_some else ():
            for spelt in self.by_first_word.get(word[0].casefold(), ()):
                start, end = word.start(), word.start() + len(spelt)
                own = text[start:end]
                is_same = own == spelt if _is_cased(spelt) else own.casefold() == spelt.casefold()
                if is_same and not _WORD.match(text[end : end + 1]):
                    yield self.spellings[spelt], start, end
                    break
        for found in self.unspaced.finditer(text):
            yield self.spellings[found[0]], *found.span()


@cache
def agencies() -> Agencies:
    """Load the shipped list of agencies."""
    names: list[str] = []
    spellings: dict[str, int] = {}
    common: set[str] = set()
    for line in Path(__file__).with_name("agencies.txt").read_text("utf-8").splitlines():
        if line and not line.startswith("#"):
            name, spelt = line.split(":", 1)
            for each in spelt.split(";"):
                plain = each.strip().strip("()")
                spellings.setdefault(plain, len(names))
                common.update([plain] if plain != each.strip() else [])
            names.append(name)
    every = sorted(spellings, key=lambda each: (-len(each), each))
    unspaced = [each for each in every if _UNSPACED.match(each)]
    by_first_word: dict[str, list[str]] = {}
    for each in every:
        word = _WORD.match(each)
        if word and not _UNSPACED.match(each):
            by_first_word.setdefault(word[0].casefold(), []).append(each)
    tokens = tokenise_texts(texts_from_strings(every))
    sizes = tokens.ends - tokens.starts
    longest = [low + int(np.argmax(sizes[low:high])) for low, high in pairwise(tokens.bounds)]
    table = hash_table(np.unique(tokens.hashes[longest]))
    pattern = re.compile("|".join(map(re.escape, unspaced)))
    known = tuple(names), spellings, by_first_word, pattern
    return Agencies(*known, frozenset(common), table)


def _is_bracketed(text: str, start: int, end: int) -> bool:
    """Tell whether a name stands in brackets."""
    opened, closed = _BRACKETED
    return bool(opened.search(text[:start]) and closed.match(text[end:]))


def _is_cased(spelt: str) -> bool:
    """Tell whether a spelling counts only as it is written."""
    return len(spelt) <= _LONGEST_CASED and spelt.isascii()


def credited(head: str, tail: str) -> list[int]:
    """Return the agencies that the dateline or the end of an article credits, in order.

    >>> [agencies().names[each] for each in credited("", "… teilte die Polizei mit. (AFP, dpa)")]
    ['AFP', 'dpa']
    >>> credited("", "Der Zug am Bahnhof. Bild: Armin Weigel/dpa")
    []
    >>> [agencies().names[each] for each in credited("Köln (dpa) - Ein Zug steht.", "")]
    ['dpa']
    """
    known = agencies()
    found: dict[int, None] = {}
    for agency, start, end in known.named_in(tail):
        if _is_credit(tail, start, end):
            found[agency] = None
    for agency, start, end in known.named_in(head):
        if _is_dateline(head, start, end):
            found[agency] = None
    return list(found)


def _is_credit(text: str, start: int, end: int) -> bool:
    """Tell whether a name near the end of an article is its credit: listed, or behind a source."""
    before, behind = text[:start], text[end:]
    line = before[before.rfind("\n") + 1 :]
    if _RIGHTS.search(line) or _RIGHTS_BEHIND.match(behind):
        return True
    if _PICTURE.search(line) or _PICTURE_BEHIND.match(behind) or not _REST.match(behind):
        return False
    alone = not re.search(r"\w", line) or len(line) + len(behind.split("\n")[0]) <= 25
    at_end = _SENTENCE_END.search(line) is not None
    return bool(alone or at_end or _LISTED.search(line) or _SOURCE.search(line))


def _is_dateline(text: str, start: int, end: int) -> bool:
    """Tell whether a name stands in a dateline: a few words, the name in brackets, a dash."""
    before, behind = text[:start], text[end:]
    whole = before[before.rfind("\n") + 1 :]
    line = before[max(before.rfind("\n"), before.rfind(". "), before.rfind("| ")) + 1 :]
    if len(line) > 70 or _PICTURE.search(line) or _PICTURE_BEHIND.match(behind):
        return False
    if any(form.search(whole) and after.match(behind) for form, after in _DATELINES):
        return True
    closed = re.match(r"(?:[\s/,;&-]{0,3}[\w.-]{2,12}){0,3}\s*[)）\]】]\s*([-–—:.।]?)", behind)
    opened = re.search(r"(:?)\s*[(（\[【]\s*(?:[\w.-]{2,12}[\s/,;&-]{1,3}){0,3}$", line)
    if opened and closed and (opened[1] or closed[1]):
        return True
    dashed = re.match(r"\s*[-–—]{1,2}\s", text[end:]) is not None
    if dashed and (not line.strip() or re.search(r"[,/]\s*$|\d\s*$", line)):
        return True
    return bool(re.match(r"[^\s。，]{0,12}[电電]", text[end:]) or re.search(r"[【\[]\s*$", line))


def find_credits(
    tokens: Tokens, words: Words, rows: Int64, text_of: Callable[[int], str]
) -> dict[int, list[int]]:
    """Return the agencies that each of some documents credits; those that credit none are left out.

    Where cleaning removes the end of an article, what stands before that is looked at too.
    """
    near = _near(tokens, words, rows, agencies().words, (_HEAD_TOKENS, _TAIL_TOKENS))
    found = {}
    for row in rows[near].tolist():
        text = text_of(row)
        last = kernel.last_word(words.classes, tokens.bounds[row], tokens.bounds[row + 1])
        ends = [len(text)] if last < 0 else [int(tokens.ends[last]) + 3, len(text)]
        named: dict[int, None] = {}
        for end in ends:
            named |= dict.fromkeys(credited(text[:HEAD], text[max(end - END, 0) : end].rstrip()))
        if named:
            found[row] = list(named)
    return found


def find_releases(
    tokens: Tokens, words: Words, rows: Int64, text_of: Callable[[int], str]
) -> set[int]:
    """Return which of some documents end in the marks or the contact of a press release."""
    table = hash_table(tokenise_texts(texts_from_strings([_RELEASE_WORDS])).hashes)
    near = _near(tokens, words, rows, table, (0, _RELEASE_TOKENS))
    return {row for row in rows[near].tolist() if _RELEASE_LINE.search(text_of(row)[-RELEASE:])}


def _near(tokens: Tokens, words: Words, rows: Int64, table: UInt64, reach: tuple[int, int]) -> Bool:
    """Tell which documents have a word of ``table`` among their first or last tokens."""
    near = np.zeros(len(rows), np.bool_)
    arrays = tokens.hashes, words.classes, tokens.bounds
    kernel.has_words_near_ends(rows, arrays, table, *reach, near)
    return near
