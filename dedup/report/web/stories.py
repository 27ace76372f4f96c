"""Stories and their members, as a page shows them."""

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
from dedup.schema import STORIES, STORY_MEMBERS

MOST_STORIES = 20_000
MOST_MEMBERS = 200_000
_PART = 20_000  # rows of a chunk
_READ_FIRST = 200  # stories whose texts are of most interest
_DIGITS = 3


@dataclass(frozen=True, slots=True)
class ChosenStories:
    """The stories of a page, the largest first, and the members of these in the same order."""

    stories: pa.Table
    members: pa.Table
    places: Int64  # of the story of each member

    @classmethod
    def of(cls, found: Found) -> ChosenStories:
        """Take the largest stories, with as many of their members as a page holds."""
        stories = found.tables.get("stories", STORIES.empty_table())
        order = [("articles", "descending"), ("story", "ascending")]
        stories = stories.sort_by(order).slice(0, MOST_STORIES)
        members = found.tables.get("story_members", STORY_MEMBERS.empty_table())
        places = rows_of(members["story"], one_array(stories["story"]))
        rows = np.argsort(places, kind="stable")
        rows = rows[places[rows] >= 0][:MOST_MEMBERS]
        return cls(stories, members.take(pa.array(rows)), places[rows])


def story_chunks(found: Found, chosen: ChosenStories, relations: Codes) -> dict[str, list[bytes]]:
    """Pack stories and their members; each story says where its members begin."""
    ids = one_array(found.tables["documents"]["doc_id"])
    return {
        "stories": list(_stories(chosen, ids)),
        "members": list(_members(chosen, ids, relations)),
    }


def _stories(chosen: ChosenStories, ids: pa.Array) -> Iterator[bytes]:
    numbers = np.arange(len(chosen.stories))
    first, behind = (np.searchsorted(chosen.places, numbers, side) for side in ("left", "right"))
    for low in range(0, len(chosen.stories), _PART):
        part, own = chosen.stories.slice(low, _PART), slice(low, low + _PART)
        plain = ("articles", "documents", "sites", "series", "words", "names")
        yield packed(
            {
                "first": low,
                "row": rows_of(part["story"], ids).tolist(),
                "typical": rows_of(part["typical"], ids).tolist(),
                "first_date": part["first"].to_pylist(),
                "last_date": part["last"].to_pylist(),
                "similarity": pc.round(part["similarity"], _DIGITS).to_pylist(),
                "shares": [[round(share, 4) for share in each] for each in _lists(part, "shares")],
                "held": first[own].tolist(),
                "listed": (behind - first)[own].tolist(),
                **{name: part[name].to_pylist() for name in plain},
            }
        )


def _lists(table: pa.Table, name: str) -> list[list[Any]]:
    return [each or [] for each in table[name].to_pylist()]


def _members(chosen: ChosenStories, ids: pa.Array, relations: Codes) -> Iterator[bytes]:
    for low in range(0, len(chosen.members), _PART):
        part = chosen.members.slice(low, _PART)
        yield packed(
            {
                "first": low,
                "story": chosen.places[low : low + _PART].tolist(),
                "row": rows_of(part["doc_id"], ids).tolist(),
                "copy_of": rows_of(part["copy_of"], ids).tolist(),
                "similarity": pc.round(part["similarity"], _DIGITS).to_pylist(),
                "words": part["words"].to_pylist(),
                "shares_text_with": part["shares_text_with"].to_pylist(),
                "relation": relations.codes(part["relation"]),
                "closest": rows_of(part["closest"], ids).tolist(),
            }
        )


def typical_rows(found: Found, chosen: ChosenStories) -> Int64:
    """Return the articles that are most like the rest of the first stories."""
    ids = one_array(found.tables["documents"]["doc_id"])
    rows: Int64 = rows_of(chosen.stories["typical"].slice(0, _READ_FIRST), ids)
    return rows
