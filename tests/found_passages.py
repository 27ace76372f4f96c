"""Passages of texts, found as a scan finds them, with their words."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from dedup.config import Config
from dedup.core.arrays import texts_from_strings
from dedup.passages.find import LEVELS, find_passages
from dedup.text.stopwords import classify
from dedup.text.tokens import tokenise_texts


class Found(NamedTuple):
    """A passage, by the words of its two documents."""

    a: int
    b: int
    text_a: str
    text_b: str
    level: str
    kind: str
    tokens: int
    density: float
    score: float


def passages(*texts, threads=1, masked=None, **settings):
    """Return the passages of texts, cleaning left aside."""
    read = tokenise_texts(texts_from_strings(list(texts)))
    classed = classify(read, masked)
    included = np.ones(len(texts), np.bool_)
    config = Config(**settings)
    found = find_passages(read, classed, config, included=included, threads=threads)

    def cut(document, low, high):
        first, last = read.bounds[document] + low, read.bounds[document] + high - 1
        return texts[document][read.starts[first] : read.ends[last]]

    return [
        Found(
            int(a),
            int(b),
            cut(a, *span[:2]),
            cut(b, *span[2:]),
            LEVELS[found.levels[k]],
            found.kind(k),
            int(found.tokens[k]),
            float(found.densities[k]),
            float(found.scores[k]),
        )
        for k, (a, b, span) in enumerate(zip(found.a, found.b, found.spans, strict=True))
    ]


def page(*paragraphs):
    return "\n\n".join(paragraphs)


def without_stop(text):
    return text.rstrip(".。")
