"""Who publishes what: the owner of each document, one for all sites of a publisher."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import pyarrow as pa

from dedup.core.arrays import Int64, column_codes
from dedup.passages.families.find import Families

SHARED_TEMPLATES = 3  # that make two sites those of one owner …
MOST_SITES = 4  # … each found on so many sites at most: what many have came with their software …
LEAST_PAGES = 2  # … and on so many pages of each


@dataclass(frozen=True, slots=True)
class Owners:
    """The site and the owner of each document, as numbers (-1: unknown), and their names."""

    sites: Int64
    owners: Int64
    site_names: list[str]
    owner_names: list[str]

    def of_documents(self) -> Int64:
        """Return an owner for each document; those of unknown sites have one each, below -1."""
        own: Int64 = np.where(self.owners >= 0, self.owners, -2 - np.arange(len(self.owners)))
        return own

    def site_pairs(self) -> list[tuple[int, int]]:
        """Return (owner, site) of every known site, each once, in order."""
        pairs = np.unique(np.column_stack([self.owners, self.sites]), axis=0)
        return [(owner, site) for owner, site in pairs.tolist() if site >= 0]


def find_owners(sites: pa.ChunkedArray, given: Mapping[str, str], families: Families) -> Owners:
    """Return the owner of each document.

    It is what ``given`` says of its site, else the site. Two sites that share three templates are
    one owner's; that is the name given to one of them, else the first site by name.
    """
    codes, column = column_codes(sites)
    names = column.to_pylist()
    order = sorted(range(len(names)), key=lambda code: names[code])
    number = np.zeros(len(names) + 1, np.int64)
    number[order] = np.arange(len(names))
    number[-1] = -1
    sorted_names = [names[code] for code in order]
    docs = number[codes]
    named = [given.get(name, name) for name in sorted_names]
    owners = list(dict.fromkeys(named))
    of_site = np.array([owners.index(name) for name in named] + [-1], np.int64)
    for one, other in _of_one_owner(families, docs):
        _join(of_site, owners, one, other, frozenset(given.values()))
    used, compact = np.unique(of_site[:-1], return_inverse=True)
    compact = np.append(compact, -1).astype(np.int64)
    return Owners(docs, compact[docs], sorted_names, [owners[each] for each in used.tolist()])


def _join(owners_of: Int64, names: list[str], one: int, other: int, given: frozenset[str]) -> None:
    """Give two sites one owner, in place: a given name before others, then the first."""
    pair = sorted({int(owners_of[one]), int(owners_of[other])}, key=lambda each: names[each])
    if len(pair) == 2 and not all(names[each] in given for each in pair):
        keep, lose = pair if names[pair[1]] not in given else reversed(pair)
        owners_of[owners_of == lose] = keep


def _of_one_owner(families: Families, sites: Int64) -> list[tuple[int, int]]:
    """Return the pairs of sites that share several templates, in order."""
    shared: dict[tuple[int, int], int] = {}
    bounds = families.bounds()
    for family in np.flatnonzero(families.templates).tolist():
        rows = slice(bounds[family], bounds[family + 1])
        docs = families.docs[rows][families.variants[rows] == 0]
        some, pages = np.unique(sites[np.unique(docs)], return_counts=True)
        some = some[(some >= 0) & (pages >= LEAST_PAGES)]
        if 1 < len(some) <= MOST_SITES:
            for pair in combinations(some.tolist(), 2):
                shared[pair] = shared.get(pair, 0) + 1
    return sorted(pair for pair, count in shared.items() if count >= SHARED_TEMPLATES)
