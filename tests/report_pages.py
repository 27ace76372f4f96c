"""Pages of a report, taken apart again."""

from __future__ import annotations

import base64
import gzip
import io
import json
import re

from dedup.report.web import write_page

_CHUNK = re.compile(r'<script type="application/gzip" id="([a-z]+)-(\d+)">([^<]*)</script>')
_OVERVIEW = re.compile(r'<script type="application/json" id="overview">([^<]*)</script>')


def page_of(found, **how):
    """Return the page as text."""
    file = io.BytesIO()
    write_page(found, file, **how)
    return file.getvalue().decode("utf-8")


def data_of(page):
    """Return the overview of a page, and its chunks by name, in order."""
    (overview,) = _OVERVIEW.findall(page)
    chunks = {}
    for name, number, block in _CHUNK.findall(page):
        assert int(number) == len(chunks.setdefault(name, []))
        chunks[name].append(json.loads(gzip.decompress(base64.b64decode(block))))
    return json.loads(overview), chunks


def columns_of(chunks, name):
    """Return the columns of all chunks of a name, each as one list."""
    joined = {}
    for chunk in chunks.get(name, []):
        assert chunk.pop("first", None) in (None, len(next(iter(joined.values()), [])))
        for key, values in chunk.items():
            joined.setdefault(key, []).extend(values)
    return joined
