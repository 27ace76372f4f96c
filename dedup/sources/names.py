"""Names that columns have in use, and how a value is found under one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any

# The names that scrapers, archives and interfaces in use give to a column, the likeliest first.
# Case, ``_``, ``-`` and blanks make no difference.
KNOWN_NAMES: dict[str, tuple[str, ...]] = {
    "text": (
        *("text", "articleBody", "maintext", "plaintext", "body", "content", "raw_text"),
        *("article_text", "full_text", "article_body", "body_text", "main_text", "clean_text"),
        *("text_content", "page_content", "article_content", "article", "story", "contents"),
        *("fulltext", "bodyHtml", "document_text", "news_text", "document", "selftext"),
        *("message", "post_text", "paragraphs", "transcript", "passage", "extracted_text"),
        *("content_text", "html", "content_html", "inhalt", "artikeltext", "volltext", "texte"),
        *("contenu", "corps", "texto", "contenido", "cuerpo", "conteúdo", "testo", "contenuto"),
        *("tekst", "treść", "metin", "içerik", "текст", "نص", "النص", "正文", "内容", "本文"),
        *("본문", "내용"),
    ),
    "id": (
        *("id", "doc_id", "document_id", "article_id", "_id", "uuid", "guid", "record_id"),
        *("url", "link", "message_id", "uri"),
    ),
    "date": (
        *("date", "datePublished", "date_publish", "publishing_date", "publish_date", "published"),
        *("publishedAt", "pubDate", "date_published", "publication_date", "published_date"),
        *("publication_time", "webPublicationDate", "publish_time", "published_time", "pub_time"),
        *("firstPublished", "date_time", "datetime", "timestamp", "created_at", "created", "time"),
        *("created_utc", "updated", "date_download", "crawl_date", "warc_date"),
        *("datum", "veröffentlicht", "fecha", "data_publicacao", "tarih", "дата", "التاريخ"),
        *("日期", "发布时间", "日付", "날짜"),
    ),
    "site": (
        *("site", "domain", "source", "source_domain", "site_name", "hostname", "host"),
        *(
            "publisher",
            "publication",
            "outlet",
            "newspaper",
            "website",
            "news_outlet",
            "source_name",
        ),
        *("publication_name",),
    ),
    "url": (
        *("url", "canonicalUrl", "link", "source_url", "article_url", "page_url", "web_url"),
        *("original_url", "final_url", "permalink", "href", "uri", "target_uri", "warc_target_uri"),
    ),
    "priority": (),
}


@lru_cache(maxsize=1 << 12)
def folded(name: str) -> str:
    """Return a name without what makes no difference.

    >>> folded("Article_Text"), folded("articleText")
    ('articletext', 'articletext')
    """
    return name.casefold().translate(_IGNORED)


_IGNORED = {ord(each): None for each in "_- "}
_KNOWN = {
    role: {folded(name): rank for rank, name in reversed(list(enumerate(names)))}
    for role, names in KNOWN_NAMES.items()
}


def known_names(role: str, columns: Iterable[str], prefix: str = "") -> list[str]:
    """Return the columns that are called like a role, the likeliest first.

    Only names that begin with ``prefix`` and have no dot behind it count.

    >>> known_names("text", ["Body", "url", "Text"])
    ['Text', 'Body']
    """
    ranks = _KNOWN[role]
    found = []
    for place, name in enumerate(columns):
        rest = name.removeprefix(prefix)
        if len(rest) + len(prefix) == len(name) and "." not in rest and folded(rest) in ranks:
            exact = rest not in KNOWN_NAMES[role]
            found.append((ranks[folded(rest)], exact, place, name))
    return [name for *_, name in sorted(found)]


def known_as(name: str, columns: Iterable[str]) -> str | None:
    """Return the column that differs from ``name`` in case and the like only."""
    last = folded(name.rpartition(".")[2])
    return next((each for each in columns if folded(each.rpartition(".")[2]) == last), None)


def lookup(values: Mapping[str, Any], name: str) -> Any:
    """Return the value of a column; a dotted name that is none leads into objects.

    >>> lookup({"_source": {"text": "one"}}, "_source.text")
    'one'
    """
    value = values.get(name)
    if value is not None or "." not in name or name in values:
        return value
    value = values
    for part in name.split("."):
        if not isinstance(value, Mapping):
            return None
        value = value.get(part)
    return value


def without(values: Mapping[str, Any], name: str) -> dict[str, Any]:
    """Return a row with null in a column; a dotted one is taken out of its objects first.

    >>> without({"_source": {"text": "one", "n": 1}}, "_source.text")
    {'_source': {'n': 1}, '_source.text': None}
    """
    if "." not in name or name in values:
        return {**values, name: None}
    first, _, rest = name.partition(".")
    return {**values, first: _cut(values.get(first), rest), name: None}


def _cut(value: Any, name: str) -> Any:
    if not isinstance(value, Mapping):
        return value
    first, _, rest = name.partition(".")
    if not rest:
        return {key: each for key, each in value.items() if key != first}
    return {key: _cut(each, rest) if key == first else each for key, each in value.items()}
