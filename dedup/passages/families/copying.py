"""Who copied whom: outlets, the agencies they credit and the outlets they name, with the evidence.

The order of evidence is fixed. A credited agency is where everybody has the text from, so no member
is said to have it from another one. An outlet that is named beside the passage, with a verb of
reporting, is where the naming one has it from. Times within 72 hours tell who was first. Where
there is none of these, nothing is said.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

import numpy as np

from dedup.core.arrays import Int64, are_among, distinct, texts_from_strings
from dedup.kernels.text import CAPITAL, UNSPACED
from dedup.passages.families.credits import agencies
from dedup.passages.families.find import Families
from dedup.passages.families.kinds import CREDITED, REPETITIVE, Kinds
from dedup.passages.families.reporting import verbs
from dedup.passages.families.sources import WINDOW, Holders, Sources
from dedup.text.tokens import tokenise_texts

CREDIT, SHARED_CREDIT, NAMED, FIRST = "credit", "shared_credit", "named", "first"
EVIDENCE = (CREDIT, SHARED_CREDIT, NAMED, FIRST)
BESIDE = 200  # characters beside a passage in which an outlet is named as its source …
NEAR = 40  # … so close to a verb of reporting
FIRST_FAMILIES = 3  # that two articles share, where the earlier one counts as first …
FIRST_SHARE = 0.3  # … or this share of the words of the later one
_WINDOW_TOKENS = 60
_LOW_BITS = np.uint64(0xFFFF)
_LEAST_NAME = 3  # characters of the name of an outlet
_PART = re.compile(r"[.!?:;“”„«»\n]\s")
_SEPARATORS = re.compile(r"[\s._-]")
_DOMAIN = re.compile(r"^(?:https?://)?(?:www\d?\.|m\.|amp\.)?", re.IGNORECASE)


@dataclass(slots=True)
class Copied:
    """What one outlet has from a source, by one kind of evidence: families, and its articles."""

    families: set[int] = field(default_factory=set)
    articles: set[int] = field(default_factory=set)


# Outlet, source, whether that is an agency, evidence.
Link = tuple[str, str, bool, str]


@dataclass(frozen=True, slots=True)
class Evidence:
    """What articles say of who has text from whom.

    ``links`` are (link, family, article); ``later`` are (first article, later one, family, words):
    alone they are no evidence.
    """

    links: list[tuple[Link, int, int]]
    later: list[tuple[int, int, int, int]]


def find_copying(
    families: Families, holders: Holders, kinds: Kinds, sources: Sources
) -> dict[Link, Copied]:
    """Return who has text from whom, as far as the articles themselves are evidence of it."""
    evidence = find_evidence(families, holders, kinds, sources)
    found: dict[Link, Copied] = {}
    for link, family, doc in evidence.links:
        _add(found, link, family, doc)
    shared: dict[tuple[int, int], tuple[set[int], int]] = {}
    for first, doc, family, words in evidence.later:
        with_first, size = shared.get((first, doc), (set(), 0))
        shared[first, doc] = (with_first | {family}, size + words)
    counts = sources.tokens.counts()
    for (first, doc), (in_families, size) in shared.items():
        if len(in_families) >= FIRST_FAMILIES or size >= FIRST_SHARE * counts[doc]:
            for family in sorted(in_families):
                _add(found, first_link(first, doc, sources), family, doc)
    return found


def find_evidence(families: Families, holders: Holders, kinds: Kinds, sources: Sources) -> Evidence:
    """Return what the articles of families say, each family by itself."""
    owners = sources.owners
    several = holders.count(owners.owners) > 1
    told = np.flatnonzero(several & ~np.isin(kinds.kinds, REPETITIVE))
    documents = np.diff(holders.bounds)
    is_agency = kinds.credits >= CREDITED * np.maximum(documents, 1)
    links: list[tuple[Link, int, int]] = []
    for family in told[is_agency[told]].tolist():
        links += _credits(family, holders.of_family(family), kinds, sources)
    rest = told[~is_agency[told]]
    named = _find_named(families, holders, rest, sources)
    for family, doc, source in named:
        outlet = owners.owner_names[owners.owners[doc]]
        links.append(((outlet, source, False, NAMED), family, doc))
    known = {family for family, _, _ in named}
    some = [each for each in rest.tolist() if each not in known]
    return Evidence(links, _find_later(some, families, sources))


def first_link(first: int, doc: int, sources: Sources) -> Link:
    """Return that the outlet of an article has text of an earlier one's."""
    owners, names = sources.owners.owners, sources.owners.owner_names
    return names[owners[doc]], names[owners[first]], False, FIRST


def _add(found: dict[Link, Copied], link: Link, family: int, doc: int) -> None:
    entry = found.setdefault(link, Copied())
    entry.families.add(family)
    entry.articles.add(doc)


def _credits(
    family: int, docs: Int64, kinds: Kinds, sources: Sources
) -> list[tuple[Link, int, int]]:
    """Say that all outlets of a family have it from the agency that its documents credit."""
    agency = int(kinds.agencies[family])
    owners, names = sources.owners.owners, sources.owners.owner_names
    first, links = sources.representatives[docs], []
    for doc, own in zip(docs.tolist(), first.tolist(), strict=True):
        if owners[doc] >= 0:
            evidence = CREDIT if agency in kinds.credited.get(own, ()) else SHARED_CREDIT
            link = (names[owners[doc]], agencies().names[agency], True, evidence)
            links.append((link, family, doc))
    return links


def _find_named(
    families: Families, holders: Holders, some: Int64, sources: Sources
) -> list[tuple[int, int, str]]:
    """Return (family, document, outlet): another holder that is named beside an occurrence."""
    names = _Names.of(sources)
    rows = np.flatnonzero(np.isin(families.families, some) & (families.variants == 0))
    tokens, found = sources.tokens, []
    for row in rows[names.may_be_near(families, rows, sources)].tolist():
        family, doc = int(families.families[row]), int(families.docs[row])
        own = sources.owners.owners[doc]
        others = set(sources.owners.owners[holders.of_family(family)].tolist()) - {own, -1}
        if own < 0 or not others:
            continue
        first, last = tokens.bounds[doc] + families.spans[row] - [0, 1]
        text = sources.text_of(doc)
        start, end = int(tokens.starts[first]), int(tokens.ends[last])
        for beside in (text[max(start - BESIDE, 0) : start], text[end : end + BESIDE]):
            near = sorted(names.named_in(beside, others))
            found += [(family, doc, sources.owners.owner_names[other]) for other in near]
    return found


@dataclass(frozen=True, slots=True)
class _Names:
    """How outlets may be called in a text: a pattern for each owner, and hashes of first words.

    A pattern is ``compiled`` when a text is searched for it: of most owners none is.
    """

    patterns: dict[int, str]
    beginnings: np.ndarray
    compiled: dict[int, re.Pattern[str]] = field(default_factory=dict)

    @classmethod
    def of(cls, sources: Sources) -> _Names:
        """Take the names of owners and of their sites."""
        owners = sources.owners
        called: dict[int, set[str]] = {}
        for owner, site in owners.site_pairs():
            for name in (owners.owner_names[owner], owners.site_names[site]):
                called.setdefault(owner, set()).update(_spellings(name))
        patterns = {
            owner: "|".join(sorted(map(_spaced, names), key=lambda n: (-len(n), n)))
            for owner, names in called.items()
            if names
        }
        plain = {_SEPARATORS.sub("", name) for names in called.values() for name in names}
        begin = {name[:k] for name in plain for k in range(2, 25)}
        hashes = tokenise_texts(texts_from_strings(sorted(begin))).hashes
        return cls(patterns, distinct(hashes))

    def may_be_near(self, families: Families, rows: Int64, sources: Sources) -> Int64:
        """Return the places in ``rows`` of occurrences beside which a name may begin."""
        tokens = sources.tokens
        low, high = tokens.bounds[families.docs[rows]], tokens.bounds[families.docs[rows] + 1]
        near = np.zeros(len(rows), np.bool_)
        is_low = np.zeros(1 << 16, np.bool_)  # a look rules most out before they are searched for
        is_low[(self.beginnings & _LOW_BITS).astype(np.intp)] = True
        starts, ends = (low + families.spans[rows, side] for side in (0, 1))
        for step in range(_WINDOW_TOKENS):
            for at in (starts - 1 - step, ends + step):
                inside = np.flatnonzero((at >= low) & (at < high))
                token = at[inside]
                likely = tokens.flags[token] & (CAPITAL | UNSPACED) > 0
                inside, hashes = inside[likely], tokens.hashes[token[likely]]
                likely = is_low[(hashes & _LOW_BITS).astype(np.intp)]
                near[inside[likely]] |= are_among(hashes[likely], self.beginnings)
        found: Int64 = np.flatnonzero(near)
        return found

    def named_in(self, text: str, owners: set[int]) -> set[int]:
        """Return which of some owners are named in a text close to a verb of reporting."""
        return {
            owner
            for owner in owners & self.patterns.keys()
            if any(_is_reported(text, *found.span()) for found in self._of(owner).finditer(text))
        }

    def _of(self, owner: int) -> re.Pattern[str]:
        if owner not in self.compiled:
            self.compiled[owner] = re.compile(self.patterns[owner])
        return self.compiled[owner]


def _is_reported(text: str, start: int, end: int) -> bool:
    """Tell whether a verb of reporting stands close to a name, in its part of the sentence.

    >>> text = "as The Hill reported. “The world is large,” he said."
    >>> _is_reported(text, 3, 11), _is_reported(text, 27, 32)
    (True, False)
    """
    before = _PART.split(text[max(start - NEAR, 0) : start])[-1]
    behind = _PART.split(text[end : end + NEAR])[0]
    return bool(verbs().search(before) or verbs().search(behind))


def _spellings(name: str) -> set[str]:
    """Return how an outlet of that name may be written: its name, the domain without its end.

    Of the name of an account, such as ``FAZ_Politik``, the part before the underscore counts too.

    >>> sorted(_spellings("www.thehill.com"))
    ['thehill', 'thehill.com']
    """
    plain = _DOMAIN.sub("", name.strip()).split("/")[0]
    found = {plain}
    if re.fullmatch(r"[\w-]+(?:\.[\w-]+)+", plain):
        parts = plain.split(".")
        short = len(parts) > 2 and len(parts[-2]) <= 3
        found.add(parts[-3 if short else -2])
    if "_" in plain:
        found.add(plain.split("_")[0])
    return {each for each in found if len(_SEPARATORS.sub("", each)) >= _LEAST_NAME}


def _spaced(name: str) -> str:
    """Return a pattern of a name that may be written with blanks, with a capital at its begin.

    >>> bool(re.search(_spaced("thehill"), "The Hill reported")), bool(
    ...     re.search(_spaced("thehill"), "on the hill"))
    (True, False)
    """
    plain = _SEPARATORS.sub("", name)
    letters = [re.escape(each) for each in plain]
    first = plain[:1]
    cased = first.upper() != first.lower()
    rest = r"[\s._-]?".join(f"(?i:{each})" for each in letters[1:])
    begin = re.escape(first.upper()) if cased else letters[0]
    return rf"(?<!\w){begin}[\s._-]?{rest}(?!\w)"


def _find_later(
    some: list[int], families: Families, sources: Sources
) -> list[tuple[int, int, int, int]]:
    """Return which articles came after the first, where times of the day are known, in 72 hours.

    One passage alone is no evidence: the later article must share several with the earlier one, or
    a good part of its text.
    """
    found: list[tuple[int, int, int, int]] = []
    if sources.dates.null_count == len(sources.dates):
        return found
    bounds, owners = families.bounds(), sources.owners.owners
    for family in some:
        rows = np.arange(bounds[family], bounds[family + 1])
        rows = rows[families.variants[rows] == 0]
        timed = []
        for row in rows.tolist():
            doc = int(families.docs[row])
            moment = sources.moment(doc)
            if moment is not None and moment.instant is not None and owners[doc] >= 0:
                timed.append((moment.instant, doc, int(np.diff(families.spans[row])[0])))
        timed.sort()
        if len(timed) < 2 or timed[0][0] == timed[1][0]:
            continue
        begin, first, _ = timed[0]
        found += [
            (first, doc, family, length)
            for instant, doc, length in timed[1:]
            if instant - begin <= WINDOW and owners[doc] != owners[first]
        ]
    return found
