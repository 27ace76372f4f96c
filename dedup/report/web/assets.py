"""Styles, scripts and template around the data of a page (the front end is to come)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from dedup.sinks import json_bytes


def render(overview: dict[str, Any], blocks: list[tuple[str, bytes]]) -> Iterator[bytes]:
    """Yield the page in parts."""
    begin, end = b'<script type="application/json" id="overview">', b"</script>\n"
    yield begin + json_bytes(overview).replace(b"<", b"\\u003c") + end
    for name, block in blocks:
        yield f'<script type="application/gzip" id="{name}">'.encode() + block + end
