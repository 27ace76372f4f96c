"""HTML pages → main text, by way of trafilatura (extra ``html``), imported on first use."""

from __future__ import annotations

import logging
from typing import Any, NamedTuple

from dedup.core.package import install
from dedup.errors import InputError

log = logging.getLogger(__name__)


class Page(NamedTuple):
    """What a page gives: title and main text, and its date, site and URL where it tells them."""

    text: str
    date: str | None
    site: str | None
    url: str | None = None


def extract(html: bytes | str) -> Page | None:
    """Return what stands in a page, ``None`` where it has no main text.

    The title comes first, with an empty line behind it. Raises ``InputError`` when trafilatura is
    not installed and ``ValueError`` when the page cannot be parsed at all.
    """
    trafilatura = _trafilatura()
    try:
        found = trafilatura.bare_extraction(html, with_metadata=True)
    except Exception as error:  # a hostile page must not end the run, whatever it broke
        log.warning("trafilatura failed", exc_info=True)
        raise ValueError(str(error)) from error
    if found is None or not found.text or not found.text.strip():
        return None
    text = _with_title(found.title, found.text)
    return Page(text, found.date, found.sitename or found.hostname, found.url)


def _with_title(title: str | None, text: str) -> str:
    if not title or text.startswith(title):
        return text
    return f"{title}\n\n{text}"


def _trafilatura() -> Any:
    try:
        import trafilatura
    except ImportError as error:
        raise InputError(f"reading HTML needs trafilatura ({error}): {install('html')}") from error
    return trafilatura
