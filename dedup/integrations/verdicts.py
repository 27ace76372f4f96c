"""What integrations have in common: which fields to read, and a verdict as plain values."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from typing import Any

from dedup.index import Verdict
from dedup.sources.names import KNOWN_NAMES


def plain(verdict: Verdict) -> dict[str, Any]:
    """Return what a verdict says, without what it does not say.

    >>> plain(Verdict(verdict="new", first="new", cluster="a"))
    {'verdict': 'new', 'first': 'new', 'cluster': 'a'}
    """
    found = dataclasses.asdict(verdict)
    return {name: value for name, value in found.items() if value is not None}


def recognised(what: str, fields: Iterable[str]) -> str | None:
    """Return the field that holds the ``text``, ``id``, ``date``, ``url`` or ``site``, if one does.

    >>> recognised("text", ["url", "articleBody", "date_publish"])
    'articleBody'
    """
    there = set(fields)
    return next((name for name in KNOWN_NAMES[what] if name in there), None)
