"""What integrations have in common: which fields to read, and a verdict as plain values."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from typing import Any

from dedup.cleaning.apply import apply_removals
from dedup.index import Verdict
from dedup.sources.names import KNOWN_NAMES


def plain(verdict: Verdict, text: str | None = None) -> dict[str, Any]:
    """Return what a verdict says, without what it does not say.

    With the ``text`` it was said of, ``removed`` are the operations that clean it.

    >>> plain(Verdict(verdict="new", first="new", cluster="a"))
    {'verdict': 'new', 'first': 'new', 'cluster': 'a'}
    """
    found = dataclasses.asdict(verdict)
    del found["removals"]
    if text is not None and verdict.removals is not None:
        _, operations = apply_removals(text, verdict.removals)
        found["removed"] = [each.as_dict(number) for number, each in enumerate(operations, 1)]
    if verdict.passages is not None:
        found["passages"] = list(found["passages"])
    return {name: value for name, value in found.items() if value is not None}


def cleaned(verdict: Verdict, text: str) -> str | None:
    """Return the text that a verdict was said of, cleaned; ``None`` where it does not say how."""
    if verdict.removals is None:
        return None
    return apply_removals(text, verdict.removals)[0]


def recognised(what: str, fields: Iterable[str]) -> str | None:
    """Return the field that holds the ``text``, ``id``, ``date``, ``url`` or ``site``, if one does.

    >>> recognised("text", ["url", "articleBody", "date_publish"])
    'articleBody'
    """
    there = set(fields)
    return next((name for name in KNOWN_NAMES[what] if name in there), None)
