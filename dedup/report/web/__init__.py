"""A result as one HTML page that needs nothing else: no server, no network, no other file.

``found`` is what a page is made of, ``choose`` bounds it, ``chunks``, ``families``, ``stories``,
``removed``, ``graph`` and ``overview`` make the data blocks, ``assets`` puts them into the template
beside styles and scripts.
"""

from __future__ import annotations

from typing import BinaryIO

import numpy as np

from dedup.core.arrays import Int64, clean_string
from dedup.core.files import json_bytes
from dedup.errors import ConfigError
from dedup.output.stored import Stored
from dedup.report.web.assets import render
from dedup.report.web.choose import choose_pairs, texts_in_order
from dedup.report.web.chunks import Packer
from dedup.report.web.families import ChosenFamilies, family_chunks, held_rows, read_first
from dedup.report.web.found import Batches, Found, from_folder, from_result, inside
from dedup.report.web.overview import Parts, codes_of, left_out, overview_of
from dedup.report.web.removed import chosen_removals, removal_chunks
from dedup.report.web.stories import ChosenStories, story_chunks, typical_rows

__all__ = [
    "Batches",
    "Found",
    "Stored",
    "from_folder",
    "from_result",
    "inside",
    "write_page",
]

MOST_BYTES = 25_000_000
_LEAST_BYTES = 1_000_000
_PAGE = 400_000  # bytes of styles, scripts and markup, about


def write_page(
    found: Found, file: BinaryIO, *, title: str = "dedup report", most_bytes: int = MOST_BYTES
) -> dict[str, int]:
    """Write the page; return how many documents, pairs, passages and texts are in it.

    Texts are left out, those of least interest first, as far as ``most_bytes`` (at least a million)
    asks for, and before them the first words of documents without a text; what is left out is said
    in the page. Tables are never cut for it: of very large results the page can be larger. The same
    result gives the same bytes.
    """
    if most_bytes < _LEAST_BYTES:
        raise ConfigError("max_size", most_bytes, f"at least {_LEAST_BYTES:,} bytes")
    codes = codes_of(found)
    families, stories = ChosenFamilies.of(found), ChosenStories.of(found)
    parts = Parts(choose_pairs(found), families, stories, chosen_removals(found))
    overview = overview_of(found, parts, codes, clean_string(title))
    packer = Packer(found, codes)
    chunks = _tables(packer, parts)
    known = len(json_bytes(overview)) + _length(*chunks.values()) + _PAGE
    packer.name_all((most_bytes - known) // 2)
    look = _known(
        np.array(_pointed_at(overview), np.int64),
        read_first(found, families),
        typical_rows(found, stories),
    )
    order = texts_in_order(found, parts.pairs, look, held_rows(found, families))
    chunks["texts"] = packer.texts(order, most_bytes - known)
    chunks["documents"] = list(packer.documents())
    counts = {
        "documents": len(found),
        "pairs": len(parts.pairs.pairs),
        "passages": len(parts.pairs.passages),
        "texts": len(packer.chunk_of),
    }
    overview |= {
        "counts": counts,
        "left_out": left_out(found, parts, counts["texts"], most_bytes),
        "chunks": {name: len(each) for name, each in chunks.items()},
    }
    for part in render(overview, _blocks(chunks)):
        file.write(part)
    return counts


def _tables(packer: Packer, parts: Parts) -> dict[str, list[bytes]]:
    """Pack everything but documents and their texts."""
    return {
        "pairs": list(packer.pairs(parts.pairs)),
        "passages": list(packer.passages(parts.pairs)),
        "removals": list(removal_chunks(packer.found, parts.removals, packer.codes)),
        **family_chunks(packer.found, parts.families, packer.codes),
        **story_chunks(packer.found, parts.stories, packer.codes["relations"]),
    }


def _blocks(chunks: dict[str, list[bytes]]) -> list[tuple[str, bytes]]:
    return [
        (f"{name}-{number}", block)
        for name, each in chunks.items()
        for number, block in enumerate(each)
    ]


def _length(*parts: list[bytes]) -> int:
    return sum(len(block) for part in parts for block in part)


def _known(*parts: Int64) -> Int64:
    rows = np.unique(np.concatenate(parts))
    known: Int64 = rows[rows >= 0]
    return known


def _pointed_at(overview: dict[str, object]) -> list[int]:
    """Return the documents that the page points to from what to look at."""
    look = overview["look"]
    assert isinstance(look, dict)
    pairs = [pair[side] for name in ("below", "above") for pair in look[name] for side in "ab"]
    return [*pairs, *look["review"], *(each["row"] for each in look["largest"])]
