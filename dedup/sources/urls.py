"""The canonical form of an address: what is left when an article is told by its URL."""

from __future__ import annotations

import re
from functools import lru_cache
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

_COPY_HOST = re.compile(r"^(?:www\d?|m|mobile|amp|touch)\.(?=[^.]+\.[^.])")
_COPY_PATH = re.compile(r"(?<=/)amp/|/amp/?$|\.amp(?=\.html?$|$)")
_FRONT = re.compile(r"/?(?:(?:index|default|home)(?:\.\w{2,5})?)?")
_COPY_VALUES = {"amp": {"", "1", "true"}, "outputtype": {"amp"}, "view": {"amp"}, "m": {"1"}}


@lru_cache(maxsize=1 << 14)
def canonical_url(url: str) -> str | None:
    """Return the form that all addresses of one page have in common, ``None`` for no web address.

    Without tracking parameters, fragment, default port and last slash; hosts and paths of versions
    for phones lead to the page itself. A fragment that begins with ``!`` stays, for it is a path.

    >>> canonical_url("http://m.Example.org:80/a/?utm_source=x&id=3#top")
    'https://example.org/a?id=3'
    >>> canonical_url("https://www.example.org/amp/a.html"), canonical_url("a/b")
    ('https://example.org/a.html', None)
    """
    from courlan import normalize_url  # loads much, and few runs meet two addresses that are alike

    try:
        parts = urlsplit(normalize_url(url.strip(), strict=False))
        host, port = parts.hostname, parts.port
    except ValueError:  # brackets or ports that are none
        return None
    if parts.scheme not in ("http", "https") or not host or "." not in host:
        return None
    host = _COPY_HOST.sub("", host)
    place = host if port in (None, 80, 443) else f"{host}:{port}"
    path = _COPY_PATH.sub(lambda found: "/" if found[0].startswith("/") else "", parts.path)
    fragment = parts.fragment if parts.fragment.startswith("!") else ""
    return urlunsplit(("https", place, path.rstrip("/"), _query(parts.query), fragment))


def is_front_page(address: str) -> bool:
    """Tell whether a canonical address is that of a whole site: it has no path and no query.

    >>> is_front_page("https://example.org"), is_front_page("https://example.org/a")
    (True, False)
    """
    parts = urlsplit(address)
    return _FRONT.fullmatch(parts.path) is not None and not parts.query and not parts.fragment


def _query(query: str) -> str:
    """Leave out what asks for a version for phones; courlan has left out what tracks."""
    pairs = parse_qsl(query, keep_blank_values=True)
    kept = [(n, v) for n, v in pairs if v.lower() not in _COPY_VALUES.get(n.lower(), ())]
    return query if len(kept) == len(pairs) else urlencode(kept)
