"""What goes from inside documents: the stage that finds it, run on plain strings."""

from __future__ import annotations

import random
from collections.abc import Iterable

import numpy as np

from dedup.cleaning.find import Removals, find_removals
from dedup.cleaning.rules import REPEAT_REASONS
from dedup.config import Config
from dedup.core.arrays import texts_from_strings
from dedup.core.storage import Columns
from dedup.text.tokens import tokenise_texts

PLAIN = "The council met on Monday and agreed to mend the bridge before the winter comes."
OTHER = "Farmers in the valley say that they have waited for it since the flood of two years ago."
THIRD = "Work begins in May, and the ferry will run until the last stone of the bridge is laid."
LINE = "The Valley Post is a paper for all"


def removals_of(
    texts: Iterable[str],
    *,
    config: Config | None = None,
    sites: list[int] | None = None,
    groups: list[int] | None = None,
) -> Removals:
    """Return what goes from texts: of no known site, and none a copy of another, unless told."""
    held = texts_from_strings(list(texts))
    count = len(held)
    return find_removals(
        held,
        tokenise_texts(held),
        Config() if config is None else config,
        sites=np.full(count, -1) if sites is None else np.array(sites),
        groups=np.arange(count) if groups is None else np.array(groups),
        columns=Columns(),
    )


def boilerplate(texts, *, config=None, sites=None, groups=None):
    """Return (removals, annotations) of texts as rows, without the removals of repeats."""
    found = removals_of(texts, config=config, sites=sites, groups=groups)
    rows = [row for row in found.rows.to_pylist() if row["reason"] not in REPEAT_REASONS]
    return rows, found.annotations.to_pylist()


def removed(text, **more):
    """Return {removed line: reason} of one text."""
    rows, _ = boilerplate([text], **more)
    return {text[row["start"] : row["end"]]: row["reason"] for row in rows}


def tagged(text, **more):
    _, rows = boilerplate([text], **more)
    return {text[row["start"] : row["end"]]: row["tag"] for row in rows}


def page(number, *line_texts):
    """Return an article of its own with ``lines`` at its end."""
    source = random.Random(number)

    def words(count):
        return " ".join("".join(source.choices("abcdefghij", k=7)) for _ in range(count))

    return "\n".join([words(7), *(f"{words(20)}." for _ in range(4)), *line_texts, ""])
