"""Words that tell who speaks, by language: verbs of saying, titles, names, words that are none."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache
from pathlib import Path


@cache
def _lists() -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for line in Path(__file__).with_name("words.txt").read_text("utf-8").splitlines():
        if line and not line.startswith("#"):
            name, words = line.split(":", 1)
            found[name] = found.get(name, ()) + tuple(w.replace("_", " ") for w in words.split())
    return found


def words_of(name: str) -> tuple[str, ...]:
    """Return the list of a name such as ``"zh.titles"``."""
    return _lists()[name]


@cache
def any_of(*names: str) -> str:
    """Return a pattern of any word of some lists, the longest first."""
    return either(word for name in names for word in words_of(name))


def either(words: Iterable[str]) -> str:
    """Return a pattern of any of some words, the longest first."""
    return f"(?:{'|'.join(map(re.escape, sorted(set(words), key=lambda w: (-len(w), w))))})"
