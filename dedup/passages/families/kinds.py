"""What kind of text a family is: template, own text, quote, press release, phrase, agency, copy."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import numpy as np

from dedup.core.arrays import Bool, Int64, distinct
from dedup.kernels import families as kernel
from dedup.kernels.text import QUOTED
from dedup.passages.families.credits import agencies, find_credits, find_releases
from dedup.passages.families.find import Families
from dedup.passages.families.reporting import agreed_speaker, speaker_of
from dedup.passages.families.sources import Holders, Sources, distinct_rows
from dedup.text.tokens import Tokens

TEMPLATE, OWN_TEXT, QUOTE, PRESS_RELEASE, PHRASE, AGENCY, COPY = range(7)
KINDS = ("template", "own_text", "quote", "press_release", "phrase", "agency", "copy")
REPETITIVE = (TEMPLATE, OWN_TEXT, PHRASE)  # true repeats that say little: they come last

ONE_OWNER = 0.9  # of the documents of a family that is the text of one owner
TEMPLATE_DOCUMENTS = 3  # fewest of a site template
UNRELATED = 0.5  # of the pairs of its documents that share nearly nothing else
BESIDE_SHARE, BESIDE_TOKENS = 0.1, (8, 40)  # of the shorter document: nearly nothing
QUOTED_SHARE = 0.6  # of the characters of an occurrence, in quotation marks …
ATTRIBUTED_SHARE = 0.4  # … or this share, where who is quoted is named in the occurrence too
PHRASE_TOKENS = 15  # from which a wording is more than a phrase
CREDITED = 0.3  # of the documents of a family that is an agency's
_MOST_PAIRED = 24  # documents of a family whose pairs are looked at
_TRIANGLES = [np.triu_indices(count, 1) for count in range(_MOST_PAIRED + 1)]
_MOST_QUOTED = 50  # occurrences whose speaker is looked for


@dataclass(frozen=True, slots=True)
class Kinds:
    """What is known of each family besides its occurrences.

    ``agencies`` is the one that most documents credit (-1: none) and ``credits`` how many do;
    of templates and the text of one owner nothing is told.
    ``credited`` has the agencies that documents credit, by representative.
    """

    kinds: Int64
    speakers: list[str | None]
    agencies: Int64
    credits: Int64
    credited: dict[int, list[int]]


def find_kinds(families: Families, holders: Holders, sources: Sources) -> Kinds:
    """Return what kind of text each family is; the first that fits, in the order of ``KINDS``."""
    count = len(families)
    documents = np.diff(holders.bounds)
    one_owner = holders.largest(sources.owners.of_documents()) >= ONE_OWNER * documents
    templates = families.templates.copy()
    beside, lengths = _Beside.of(sources), families.lengths()[families.representatives]
    open_templates = one_owner & (documents >= TEMPLATE_DOCUMENTS) & ~templates
    for family in np.flatnonzero(open_templates).tolist():
        docs = holders.of_family(family)
        templates[family] = beside.is_unrelated(docs, int(lengths[family]))
    quoted, attributed = (
        _quoted(families, sources, share) for share in (QUOTED_SHARE, ATTRIBUTED_SHARE)
    )
    speakers = _speakers(families, attributed & ~(templates | one_owner), sources)
    named = np.array([each is not None for each in speakers], np.bool_)
    quoted |= attributed & named
    short = families.lengths()[families.representatives] < PHRASE_TOKENS
    quoted &= ~short | _is_whole(families, quoted & short, sources)
    kinds = np.full(count, COPY)
    kinds[templates] = TEMPLATE
    kinds[one_owner & ~templates] = OWN_TEXT
    kinds[quoted & (kinds == COPY)] = QUOTE
    open_kinds = np.flatnonzero(kinds >= QUOTE)
    rows = distinct(families.docs[np.isin(families.families, open_kinds)])
    texts = (sources.tokens, sources.words, rows, sources.text_of)
    credited = find_credits(*texts)
    agency, credits = _agencies(families, open_kinds, credited, sources)
    left = kinds == COPY
    kinds[left & (credits >= CREDITED * documents)] = AGENCY
    kinds[left & (lengths < PHRASE_TOKENS)] = PHRASE
    kinds[left & _has_any(families, find_releases(*texts), count)] = PRESS_RELEASE
    said = [who if kind == QUOTE else None for who, kind in zip(speakers, kinds, strict=True)]
    return Kinds(kinds, said, agency, credits, credited)


@dataclass(frozen=True, slots=True)
class _Beside:
    """What documents share besides a wording: pairs by one key each, and the tokens of each."""

    keys: Int64
    matched: Int64
    counts: Int64
    leaders: Int64

    @classmethod
    def of(cls, sources: Sources) -> _Beside:
        """Take what two documents share from the pairs."""
        pairs, leaders = sources.pairs, sources.leaders
        keys = pairs[:, 0] * len(leaders) + pairs[:, 1]
        return cls(keys, pairs[:, 2], sources.tokens.counts(), leaders)

    def is_unrelated(self, docs: Int64, length: int) -> bool:
        """Tell whether half of the pairs of documents share nearly nothing besides so many tokens.

        Documents of one cluster stand for each other; of many some are taken, spread over all.
        """
        docs = docs[np.unique(self.leaders[docs], return_index=True)[1]]
        docs = docs[:: max(1, len(docs) // _MOST_PAIRED)][:_MOST_PAIRED]
        if len(docs) < 2:
            return False
        place, other = _TRIANGLES[len(docs)]
        a, b = np.minimum(docs[place], docs[other]), np.maximum(docs[place], docs[other])
        wanted = a * len(self.leaders) + b
        at = np.minimum(np.searchsorted(self.keys, wanted), max(len(self.keys) - 1, 0))
        matched = np.zeros(len(wanted), np.int64)
        if len(self.keys):
            known = self.keys[at] == wanted
            matched[known] = self.matched[at[known]]
        shorter = np.minimum(self.counts[a], self.counts[b])
        beside = matched - length > np.clip(BESIDE_SHARE * shorter, *BESIDE_TOKENS)
        return bool(np.count_nonzero(beside) <= (1 - UNRELATED) * len(beside))


def _quoted(families: Families, sources: Sources, share: float) -> Bool:
    """Tell of which families half of the occurrences are quoted for ``share`` of the characters."""
    own = np.flatnonzero(families.variants == 0)
    tokens = sources.tokens
    quoted, total = np.zeros((2, len(own)), np.int64)
    arrays = tokens.flags, tokens.starts, tokens.ends, tokens.bounds
    kernel.quoted_characters(families.docs[own], families.spans[own], arrays, quoted, total)
    is_quoted = quoted >= share * np.maximum(total, 1)
    counts = np.bincount(families.families[own], minlength=len(families))
    quotes = np.bincount(families.families[own[is_quoted]], minlength=len(families))
    found: Bool = (2 * quotes >= counts) & (counts > 0)
    return found


def _agencies(
    families: Families, some_families: Int64, credited: dict[int, list[int]], sources: Sources
) -> tuple[Int64, Int64]:
    """Return the agency that most documents of some families credit, and how many do.

    Of others not all documents were looked at for credits.
    """
    count = len(families)
    votes: dict[int, Counter[int]] = {}
    own = (families.variants == 0) & np.isin(families.families, some_families)
    of_family, docs, _ = distinct_rows(families.families[own], families.docs[own])
    sizes = np.diff(sources.equals.bounds)
    some = np.isin(docs, list(credited))
    for family, doc in zip(of_family[some].tolist(), docs[some].tolist(), strict=True):
        for agency in credited[doc]:
            votes.setdefault(family, Counter())[agency] += int(sizes[doc])
    best, credits = np.full(count, -1), np.zeros(count, np.int64)
    names = agencies().names
    for family, counts in votes.items():
        agency = min(counts, key=lambda each: (-counts[each], names[each]))
        best[family], credits[family] = agency, counts[agency]
    return best, credits


def _has_any(families: Families, docs: set[int], count: int) -> Bool:
    """Tell which families occur in any of some documents."""
    rows = (families.variants == 0) & np.isin(families.docs, sorted(docs))
    found: Bool = np.bincount(families.families[rows], minlength=count) > 0
    return found


def _is_whole(families: Families, some: Bool, sources: Sources) -> Bool:
    """Tell of which short wordings half of the occurrences are half of the quotation they are in.

    A formula inside of quotations of many people is none of theirs.
    """
    whole, counts = np.zeros((2, len(families)), np.int64)
    for row in np.flatnonzero(some[families.families] & (families.variants == 0)).tolist():
        family, span = families.families[row], families.spans[row]
        first, last = _quotation(sources.tokens, int(families.docs[row]), span)
        counts[family] += 1
        whole[family] += 2 * int(span[1] - span[0]) >= last + 1 - first
    found: Bool = 2 * whole >= counts
    return found


def _speakers(families: Families, some: Bool, sources: Sources) -> list[str | None]:
    """Return who said the quotations of some families, where the text says so beside them."""
    found: list[str | None] = [None] * len(families)
    bounds, tokens = families.bounds(), sources.tokens
    for family in np.flatnonzero(some).tolist():
        rows = np.arange(bounds[family], bounds[family + 1])
        rows = rows[families.variants[rows] == 0]
        names = []
        for row in rows[:: max(1, len(rows) // _MOST_QUOTED)][:_MOST_QUOTED].tolist():
            doc = int(families.docs[row])
            first, last = _quotation(tokens, doc, families.spans[row])
            text = sources.text_of(doc)
            names.append(speaker_of(text, int(tokens.starts[first]), int(tokens.ends[last])))
        found[family] = agreed_speaker(names)
    return found


def _quotation(tokens: Tokens, doc: int, span: Int64) -> tuple[int, int]:
    """Return the first and the last token of the quotation that an occurrence lies in."""
    low, high = (int(each) for each in tokens.bounds[doc : doc + 2])
    first, last = low + int(span[0]), low + int(span[1]) - 1
    inside = first + np.flatnonzero(tokens.flags[first : last + 1] & QUOTED)
    if not len(inside):
        return first, last
    first, last = int(inside[0]), int(inside[-1])
    while first > low and tokens.flags[first - 1] & QUOTED:
        first -= 1
    while last + 1 < high and tokens.flags[last + 1] & QUOTED:
        last += 1
    return first, last
