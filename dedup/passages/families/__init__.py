"""Families: one wording with all its occurrences, what kind of text it is, and who took it over.

``find_families`` finds them in passages and tokens, ``describe`` makes the tables of them.
"""

from __future__ import annotations

from collections.abc import Mapping

import pyarrow as pa

from dedup.passages.families.copying import find_copying
from dedup.passages.families.find import Families, Shared, find_families
from dedup.passages.families.kinds import find_kinds
from dedup.passages.families.owners import Owners, find_owners
from dedup.passages.families.sources import Equals, Holders, Sources
from dedup.passages.families.tables import (
    Described,
    copying_table,
    families_summary,
    families_table,
    occurrences_table,
)

__all__ = [
    "Equals",
    "Families",
    "Owners",
    "Shared",
    "Sources",
    "describe",
    "families_summary",
    "find_families",
    "find_owners",
]


def describe(
    families: Families, sources: Sources, ids: pa.Array, cut: dict[str, int]
) -> Mapping[str, pa.Table]:
    """Return the tables ``families``, ``occurrences`` and ``copying``.

    ``cut`` gets how many occurrences in equal documents are counted and not listed.
    """
    holders = Holders.of(families, sources.equals)
    kinds = find_kinds(families, holders, sources)
    described = Described.of(families, holders, kinds, sources)
    occurrences, left_out = occurrences_table(described, ids)
    cut["occurrences_not_listed"] = left_out
    copying = find_copying(families, holders, kinds, sources)
    return {
        "families": families_table(described, ids),
        "occurrences": occurrences,
        "copying": copying_table(copying, described, ids),
    }
