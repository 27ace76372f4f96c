"""What makes a unit a template: how often it stands, its words, and how alike its carriers are.

The rules know of a unit only what can be counted in parts of a corpus and put together: distinct
clusters, sketches of the documents that hold it, and the units beside it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np

from dedup.cleaning.boilerplate.notices import NOTICE, REPORTED, speaks_of_site
from dedup.cleaning.boilerplate.patterns import fold_line
from dedup.cleaning.boilerplate.templates import SHOWN, Template
from dedup.core.arrays import Bool, Float64, Int64, UInt64
from dedup.core.hashing import xxh3_64
from dedup.kernels import templates as kernel
from dedup.kernels.templates import LEAST_WORDS
from dedup.text.stopwords import stop_lists
from dedup.text.tokens import Tokens

SITE_CLUSTERS = 3  # distinct clusters of a site that hold a template …
SITE_SHARE = 0.02  # … or this share of the site's clusters, where that is more
CORPUS_CLUSTERS = 5  # the same over the whole corpus
PLAIN_CLUSTERS = 10  # where the words do not speak of the site to its reader: so many clusters …
PLAIN_SHARE = 0.05  # … or this share
CORPUS_PLAIN_CLUSTERS = 20
LINE_CLUSTERS = 5  # the same for a line that ends no sentence
CARRIERS = 8  # of a unit whose other words are compared
SAMPLE = 48  # documents of a site that stand for any of it
ALIKE = 0.05  # articles that are so much more alike than any of the site are on one subject
_SAME_NUMBERS = 8  # tenths of the carriers of a unit that have the same, where numbers are text
_BESIDE = 8  # tenths of the places of a short unit that have a template beside them
_ROUNDS = 4
_TAIL = re.compile(r"[^\w\s]{0,4}")
_FROM_DIGIT = re.compile(r"\d\w*")
_ENDED = re.compile(r"[.!?…؟۔।。！？…][\"'”’»)\]]*\s*$")


@dataclass(frozen=True, slots=True)
class Candidate:
    """A unit that stands often enough, in articles that are not alike.

    ``key`` is the one that is looked up. ``beside`` (uint64, two rows) has the keys of the units
    directly before and behind each carrier, 0 for none, and ``spreads`` what the sites of the
    carriers mix with keys.
    """

    key: int
    size: int
    entry: Template
    beside: UInt64
    spreads: UInt64


def clusters_needed(known: Bool, totals: Int64) -> Int64:
    """Return the fewest clusters of a site that make a unit a candidate.

    ``totals`` are the clusters of the site; where none is ``known`` those of the corpus count.
    """
    own = np.maximum(SITE_CLUSTERS, np.ceil(SITE_SHARE * totals))
    return np.where(known, own, CORPUS_CLUSTERS).astype(np.int64)


def is_template(unit: str, size: int, clusters: int, total: int, *, of_site: bool) -> bool:
    """Tell whether a unit of ``size`` words that stands in so many clusters is a template's.

    ``unit`` is its text with what ends it, ``total`` the number of all clusters of the site, or of
    the corpus.
    """
    folded = fold_line(unit)
    ended = _ENDED.search(unit) is not None
    if NOTICE.match(folded if ended else REPORTED.sub("", folded)):
        return False
    if size < LEAST_WORDS or speaks_of_site(unit):
        return True
    fewest = PLAIN_CLUSTERS if ended else LINE_CLUSTERS
    need = max(fewest, PLAIN_SHARE * total) if of_site else CORPUS_PLAIN_CLUSTERS
    return clusters >= need


def numbers_of(unit: str) -> list[str]:
    """Return the numbers of a unit that are text: none of one in which a site speaks of itself.

    >>> numbers_of("By Tuesday 19 people had died in 4 villages.")
    ['19', '4']
    >>> numbers_of("Join the 12,000 readers of our newsletter.")
    []
    """
    found = _words_with_digits(unit)
    return [] if not found or speaks_of_site(unit) else found


def _words_with_digits(unit: str) -> list[str]:
    r"""Return what ``\w*\d\w*`` finds, which tries each letter of a text as the begin of a number.

    >>> _words_with_digits("COVID-19, G20 and 5G by a_1b2")
    ['19', 'G20', '5G', 'a_1b2']
    """
    found = []
    for match in _FROM_DIGIT.finditer(unit):
        start = match.start()
        while start and (unit[start - 1].isalnum() or unit[start - 1] == "_"):
            start -= 1
        found.append(unit[start : match.end()])
    return found


def is_of_template(unit: str, template: str) -> bool:
    """Tell whether a unit is that of a ``template``, as it is ``shown``, with its numbers too.

    Units are known with all numbers taken as one; a number that is text may occur nowhere else.
    """
    own = numbers_of(unit)
    return not own or own == numbers_of(shown(unit)) == numbers_of(template)


def wordings(tokens: Tokens, lows: Int64, highs: Int64) -> Int64:
    """Return hashes of the tokens ``lows:highs``, numbers as they are."""
    spans = zip(lows.tolist(), highs.tolist(), strict=True)
    made = [xxh3_64(tokens.hashes[low:high].tobytes()) for low, high in spans]
    return np.array(made, np.uint64).view(np.int64)


def most_common(wordings: Int64) -> tuple[int, bool]:
    """Return the first carrier of a unit with the most common wording; whether most have that."""
    _, first, counts = np.unique(wordings, return_index=True, return_counts=True)
    place = int(np.lexsort((first, -counts))[0])
    return int(first[place]), bool(10 * counts[place] >= _SAME_NUMBERS * len(wordings))


def unit_text(text: str, tokens: Tokens, low: int, high: int) -> str:
    """Return the tokens ``low:high`` as they stand in their text, with what ends them."""
    end = int(tokens.ends[high - 1])
    tail = _TAIL.match(text, end)
    return text[int(tokens.starts[low]) : tail.end() if tail else end]


def shown(unit: str) -> str:
    """Return the text of a unit as the summary has it."""
    return unit[:SHOWN]


def sketches(rows: Int64, tokens: Tokens, lows: Int64, highs: Int64) -> UInt64:
    """Sketch documents by their words outside of the units that occur more than once.

    ``lows`` and ``highs`` are the tokens of those units, in any order.
    """
    order = np.argsort(lows, kind="stable")
    lows, highs = lows[order], np.maximum.accumulate(highs[order])
    fresh = np.ones(len(lows), np.bool_)
    fresh[1:] = highs[1:] > highs[:-1]  # what stands inside another adds nothing
    out = np.full((len(rows), kernel.SKETCH), ~np.uint64(0))
    table = stop_lists().table
    kernel.sketch_rows(rows, tokens.arrays(), table, lows[fresh], highs[fresh], out)
    return out


def likeness(sketched: UInt64, members: Int64, bounds: Int64) -> Float64:
    """Return how alike the documents of each group are: ``members`` are rows of sketches."""
    found = np.zeros(len(bounds) - 1)
    kernel.mean_likeness(sketched, members, bounds, found)
    return found


def settle(candidates: list[Candidate]) -> dict[int, Template]:
    """Return the templates by key: short units only if they hardly ever stand without another."""
    kept = {each.key: each.entry for each in candidates if each.size >= LEAST_WORDS}
    waiting = [each for each in candidates if each.size < LEAST_WORDS]
    for _round in range(_ROUNDS):
        known = np.array(sorted(kept), np.uint64)
        rest = []
        for each in waiting:
            near = np.isin(each.beside, known) | np.isin(each.beside ^ each.spreads, known)
            often = int((near & (each.beside != 0)).any(axis=0).sum())
            if 10 * often >= _BESIDE * len(each.spreads):
                kept[each.key] = each.entry
            else:
                rest.append(each)
        if len(rest) == len(waiting):
            break
        waiting = rest
    return kept
