"""Families, their occurrences and who copied whom, as a page shows them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from dedup.core.arrays import Int64, one_array
from dedup.report.web.chunks import Codes, packed
from dedup.report.web.found import Found, rows_of
from dedup.schema import COPYING, FAMILIES, OCCURRENCES

MOST_FAMILIES = 20_000
MOST_OCCURRENCES = 200_000
MOST_LINKS = 5_000  # between outlets and their sources
_PART = 20_000  # rows of a chunk
_READ_FIRST = 200  # families whose texts are of most interest
_DIGITS = 3
KINDS = ("quote", "agency", "copy", "press_release", "phrase", "own_text", "template")
EVIDENCE = ("credit", "shared_credit", "named", "first")


@dataclass(frozen=True, slots=True)
class ChosenFamilies:
    """The families of a page, most important first, and the occurrences of these."""

    families: pa.Table
    occurrences: pa.Table

    @classmethod
    def of(cls, found: Found) -> ChosenFamilies:
        """Take the first families, with as many of their occurrences as a page holds."""
        families = found.tables.get("families", FAMILIES.empty_table())
        families = families.sort_by("family").slice(0, MOST_FAMILIES)
        last = families["family"][-1].as_py() if len(families) else 0
        occurrences = found.tables.get("occurrences", OCCURRENCES.empty_table())
        occurrences = occurrences.sort_by([("family", "ascending"), ("variant", "ascending")])
        occurrences = occurrences.filter(pc.less_equal(occurrences["family"], last))
        return cls(families, occurrences.slice(0, MOST_OCCURRENCES))


def family_codes(found: Found) -> dict[str, Codes]:
    """Give numbers to the kinds and the owners of families."""
    families = found.tables.get("families", FAMILIES.empty_table())
    occurrences = found.tables.get("occurrences", OCCURRENCES.empty_table())
    return {
        "family_kinds": Codes.of(families["kind"], first=KINDS),
        "owners": Codes.of(occurrences["owner"]),
    }


def family_chunks(
    found: Found, chosen: ChosenFamilies, codes: dict[str, Codes]
) -> dict[str, list[bytes]]:
    """Pack families and their occurrences; each family says where its occurrences begin."""
    ids = one_array(found.tables["documents"]["doc_id"])
    return {
        "families": list(_families(chosen, ids, codes["family_kinds"])),
        "occurrences": list(_occurrences(chosen, ids, codes["owners"])),
    }


def _families(chosen: ChosenFamilies, ids: pa.Array, kinds: Codes) -> Iterator[bytes]:
    numbers = chosen.families["family"].to_numpy()
    of = chosen.occurrences["family"].to_numpy()
    first, behind = (np.searchsorted(of, numbers, side=side) for side in ("left", "right"))
    for low in range(0, len(numbers), _PART):
        part, own = chosen.families.slice(low, _PART), slice(low, low + _PART)
        plain = ("family", "articles", "copies", "sites", "owners", "first_date", "last_date")
        more = ("speaker", "agency", "credits", "tokens", "completed", "variants", "wording")
        yield packed(
            {
                "first": low,
                "kind": kinds.codes(part["kind"]),
                "first_row": rows_of(part["first_id"], ids).tolist(),
                "representative": rows_of(part["representative"], ids).tolist(),
                "held": first[own].tolist(),
                "listed": (behind - first)[own].tolist(),
                "of_wording": part["occurrences"].to_pylist(),
                **{name: part[name].to_pylist() for name in (*plain, *more)},
            }
        )


def _occurrences(chosen: ChosenFamilies, ids: pa.Array, owners: Codes) -> Iterator[bytes]:
    places = chosen.families["family"].combine_chunks()
    for low in range(0, len(chosen.occurrences), _PART):
        part = chosen.occurrences.slice(low, _PART)
        yield packed(
            {
                "first": low,
                "family": rows_of(part["family"], places).tolist(),
                "row": rows_of(part["doc_id"], ids).tolist(),
                "owner": owners.codes(part["owner"]),
                "representative": pc.cast(part["representative"], pa.int8()).to_pylist(),
                "similarity": pc.round(part["similarity"], _DIGITS).to_pylist(),
                **{name: part[name].to_pylist() for name in ("variant", "start", "end")},
            }
        )


def copying_of(found: Found, chosen: ChosenFamilies) -> dict[str, Any]:
    """Return who has text of whom by which evidence, those of most articles first."""
    table = found.tables.get("copying", COPYING.empty_table())
    ids = one_array(found.tables["documents"]["doc_id"])
    part = table.slice(0, MOST_LINKS)
    families = rows_of(part["family"], chosen.families["family"].combine_chunks())
    rows = rows_of(part["doc_id"], ids)
    names = ("outlet", "source", "source_kind", "evidence", "families", "articles")
    columns = {name: part[name].to_pylist() for name in names}
    columns |= {"family": families.tolist(), "row": rows.tolist()}
    links = [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
    return {"links": links, "left_out": len(table) - len(part)}


def read_first(found: Found, chosen: ChosenFamilies) -> Int64:
    """Return the documents that hold the wordings of the first families."""
    ids = one_array(found.tables["documents"]["doc_id"])
    rows: Int64 = rows_of(chosen.families["representative"].slice(0, _READ_FIRST), ids)
    return rows


def held_rows(found: Found, chosen: ChosenFamilies) -> Int64:
    """Return the documents in which the families of the page occur."""
    ids = one_array(found.tables["documents"]["doc_id"])
    rows = np.unique(rows_of(chosen.occurrences["doc_id"], ids))
    held: Int64 = rows[rows >= 0]
    return held
