"""Pages of one text, told from texts on one page.

"All on one page" holds pages 1 and 2 of an article as an archive holds its articles. What is cut
into pages says so: "Page 1 of 2", addresses that differ in the number of a page, the same headline
above running text, or a sentence that goes on from one page to the next. Where nothing does, the
texts count as texts of their own.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import pyarrow as pa

from dedup.core.arrays import Int64, Texts

_PAGE = re.compile(
    r"\b(?:page|seite|página|pagina|pág|strana|strona|sayfa|sida|side|страница|стр|صفحة)\.?\s*"
    r"(\d{1,3})\s*(?:of|von|de|sur|di|z|av|af|из|من|/)\s*(\d{1,3})\b",
    re.IGNORECASE,
)
_LINES_LOOKED_AT = 3  # at either end, for the number of a page
_NUMBERED = re.compile(
    r"(?:[?&](?:page|p|pg|seite|pagina)=\d{1,3}|[/-](?:page|seite)[/-]?\d{1,3}|/p\d{1,2})/?$"
    r"|(?:[?&](?:page|p|pg|seite|pagina)=all|/all|/full|[?&]print=\w+)/?$",
    re.IGNORECASE,
)
_HEADLINE_WORDS, _RUNNING_WORDS = 3, 10
_JOINT = 40  # characters on either side of a page break
_SENTENCE_ENDS = tuple('.!?…:;"”’»)]。！？؟।')


@dataclass(frozen=True, slots=True)
class PageFinder:
    """Looks at the texts and ids of documents (rows)."""

    texts: Texts
    ids: pa.ChunkedArray

    def is_one_text(self, holder: int, parts: Int64) -> bool:
        """Tell whether some parts of the text ``holder``, which share nothing, are its pages."""
        whole, pages = self.texts.text(holder), [self.texts.text(row) for row in parts.tolist()]
        ids = [self.ids[row].as_py() for row in (holder, *parts.tolist())]
        return (
            are_numbered_pages(pages)
            or are_page_addresses(ids)
            or have_one_headline(whole, pages)
            or are_cut_in_sentences(whole, pages)
        )


def are_numbered_pages(pages: list[str]) -> bool:
    r"""Tell whether all texts are numbered as different pages of as many.

    >>> are_numbered_pages(["A port\nPage 1 of 2", "Page 2 of 2\nThe quay"])
    True
    """
    numbers = []
    for text in pages:
        lines = text.strip().splitlines()
        ends = "\n".join([*lines[:_LINES_LOOKED_AT], *lines[-_LINES_LOOKED_AT:]])
        found = _PAGE.search(ends)
        if found is None:
            return False
        numbers.append(found.groups())
    return len(set(numbers)) == len(numbers) and len({total for _, total in numbers}) == 1


def are_page_addresses(ids: list[str]) -> bool:
    """Tell whether addresses differ in nothing but the number of a page; the first may have none.

    >>> are_page_addresses(["https://a.example/port", "https://a.example/port?page=2"])
    True
    >>> are_page_addresses(["https://a.example/archive", "https://a.example/port"])
    False
    """
    stems = {_NUMBERED.sub("", name).rstrip("/") for name in ids}
    return len(stems) == 1 and all("/" in name for name in ids)


def have_one_headline(whole: str, pages: list[str]) -> bool:
    r"""Tell whether all begin with the same line, and each page goes on with running text.

    So the head of a site is no headline: below it stands the headline of each article.

    >>> run = "The harbour of Lumen was closed on Monday because its only crane fell."
    >>> have_one_headline(f"Crane falls in Lumen\n{run}", [f"Crane falls in Lumen\n{run}"])
    True
    """
    first = _lines(whole)[:1]
    if not first or len(first[0].split()) < _HEADLINE_WORDS:
        return False
    for text in pages:
        lines = _lines(text)
        if lines[:1] != first or len(lines) < 2 or len(lines[1].split()) < _RUNNING_WORDS:
            return False
    return True


def are_cut_in_sentences(whole: str, pages: list[str]) -> bool:
    """Tell whether each page goes on in the middle of a sentence, from another one or to one.

    >>> are_cut_in_sentences("It fell on Monday, and nobody was hurt.", ["It fell on Monday,",
    ... "and nobody was hurt."])
    True
    """
    squeezed = " ".join(whole.split())
    texts = [" ".join(text.split()) for text in pages]
    joined = set()
    for one, before in enumerate(texts):
        if not before or before.endswith(_SENTENCE_ENDS):
            continue
        for two, after in enumerate(texts):
            if two != one and f"{before[-_JOINT:]} {after[:_JOINT]}" in squeezed:
                joined |= {one, two}
    return len(joined) == len(texts)


def _lines(text: str) -> list[str]:
    return [" ".join(line.split()) for line in text.casefold().splitlines() if line.strip()]
