"""How much re-wording a quote survives: parts of seed articles, edited and put into another one.

Each sentence of enough words gives one quote, its first words. It is edited, put in the middle of
the next article, and looked for as `dedup compare` does.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator

import dedup

RATES = (0.0, 0.1, 0.2, 0.3, 0.4)
LENGTHS = ((8, 12), (13, 20), (21, 40))
LEAST = 0.5  # share of the quote that passages have to cover
MOST = 40  # quotes of each length


def sentences(text: str) -> Iterator[str]:
    """Yield the sentences of a text that stand within a line."""
    for line in text.splitlines():
        yield from re.findall(r"[A-Z“][^.!?]{20,}[.!?]”?", line)


def reworded(words: list[str], rate: float, others: list[str], chance: random.Random) -> list[str]:
    """Return words of which a share is edited: 3 of 5 replaced, 1 left out, 1 added to."""
    made = []
    for word in words:
        if chance.random() >= rate:
            made.append(word)
            continue
        kind, other = chance.random(), chance.choice(others)
        made += [other] if kind < 0.6 else [] if kind < 0.8 else [word, other]
    return made


def is_found(source: str, host: str, planted: str) -> bool:
    """Tell whether a scan of both texts reports at least half of the planted sentence."""
    lines = host.splitlines()
    middle = len(lines) // 2
    before = "\n".join(lines[:middle]) + "\n"
    text = before + planted + "\n" + "\n".join(lines[middle:])
    start, end = len(before), len(before) + len(planted)
    result = dedup.compare({"id": "a", "text": source}, {"id": "b", "text": text})
    covered = sum(
        max(0, min(each.end_b, end) - max(each.start_b, start)) for each in result.passages
    )
    return covered >= LEAST * len(planted)


def quotes(texts: list[str], low: int, high: int) -> list[tuple[int, str]]:
    """Return (number of its text, quote) of up to ``MOST`` quotes of ``low`` to ``high`` words."""
    chance = random.Random(11)
    made = []
    for number, text in enumerate(texts):
        for each in dict.fromkeys(sentences(text)):
            words = each.split()
            if len(words) >= low:
                length = chance.randint(low, min(high, len(words)))
                made.append((number, " ".join(words[:length])))
    return chance.sample(made, min(MOST, len(made)))


def measure(texts: list[str]) -> dict[tuple[int, int], list[float]]:
    """Return the share of quotes found, by length in words, for each rate of edits."""
    return {
        (low, high): [share(quotes(texts, low, high), texts, rate) for rate in RATES]
        for low, high in LENGTHS
    }


def share(chosen: list[tuple[int, str]], texts: list[str], rate: float) -> float:
    """Return the share of quotes that are found after edits at a rate."""
    chance = random.Random(13)
    hits = 0
    for number, quote in chosen:
        source, host = texts[number], texts[(number + 1) % len(texts)]
        planted = " ".join(reworded(quote.split(), rate, host.split(), chance))
        hits += is_found(source, host, planted)
    return hits / len(chosen)
