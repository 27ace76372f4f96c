"""The files the page is made of: template, style, script; and the page they make with some data.

The page names by hash the one script and the one style that may run in it, so that nothing that
came in with a text can. Templates are Jinja2's, with everything escaped.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import jinja2
from markupsafe import Markup

from dedup.core.files import json_bytes

FOLDER = Path(__file__).resolve().parent
# In this order they are one script; each uses only names of those before it, or calls them later.
SCRIPTS = (
    "vendor/libraries.js",
    "js/dom.js",
    "js/data.js",
    "js/texts.js",
    "js/words.js",
    "js/route.js",
    "js/lists.js",
    "js/names.js",
    "js/figures.js",
    "js/times.js",
    "js/charts.js",
    "js/folded.js",
    "js/families.js",
    "js/stories.js",
    "js/overview.js",
    "js/method.js",
    "js/look.js",
    "js/clusters.js",
    "js/pairs.js",
    "js/removals.js",
    "js/outlets.js",
    "js/search.js",
    "js/suggest.js",
    "js/annotations.js",
    "js/article.js",
    "js/align.js",
    "js/pair.js",
    "js/layout.js",
    "js/graph.js",
    "js/keyboard.js",
    "js/main.js",
)


@cache
def style() -> str:
    """Return the style sheet of the page."""
    return (FOLDER / "report.css").read_text(encoding="utf-8")


@cache
def script() -> str:
    """Return the one script of the page: the libraries and the page's own files."""
    return "\n".join((FOLDER / each).read_text(encoding="utf-8").strip() for each in SCRIPTS)


def policy() -> str:
    """Return the Content-Security-Policy: no network, and no script or style but the page's own."""
    return "; ".join(
        (
            "default-src 'none'",
            f"script-src '{_hash(script())}'",
            f"style-src '{_hash(style())}'",
            "img-src data:",
            "base-uri 'none'",
            "form-action 'none'",
            "require-trusted-types-for 'script'",
            "trusted-types 'none'",
        )
    )


def render(overview: dict[str, Any], blocks: Iterable[tuple[str, bytes]]) -> Iterator[bytes]:
    """Yield the page in parts; ``blocks`` are (id, base64 of gzip of JSON), taken one by one."""
    environment = jinja2.Environment(
        autoescape=True,
        loader=jinja2.FileSystemLoader(FOLDER),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    parts = environment.get_template("report.html").generate(
        title=overview["title"],
        csp=policy(),
        style=style(),
        script=script(),
        overview=overview,
        overview_json=_json(overview),
        chunks=((name, block.decode("ascii")) for name, block in blocks),
    )
    return (part.encode("utf-8", "replace") for part in parts)


def _hash(text: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"


def _json(overview: dict[str, Any]) -> Markup:
    """Return JSON that may be embedded in a page: it can neither end its element nor open one."""
    return Markup(json_bytes(overview).replace(b"<", b"\\u003c").decode())
