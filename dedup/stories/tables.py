"""Stories as tables: one row a story, one row a member, and the story of each document."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from dedup.config import BY_STRENGTH
from dedup.core.arrays import Bool, Int32, Int64, are_new, column_codes, distinct, one_array
from dedup.core.dates import NO_DAY
from dedup.schema import STORIES, STORY_MEMBERS
from dedup.similarity.relations import NAMES, NONE, SAME_FORM, Pairs
from dedup.stories.find import Found
from dedup.stories.series import is_even, is_on_form

EVEN, FORM = "dates", "form"  # what a series is told by
_DIGITS = 6  # of a share that is written
_STRENGTH = {name: place for place, name in enumerate(BY_STRENGTH)}


@dataclass(frozen=True, slots=True)
class Tables:
    """What is written of stories.

    ``story`` is the column of ``documents``, ``summary`` the totals.
    """

    story: pa.Array
    stories: pa.Table
    members: pa.Table
    summary: dict[str, int]


@dataclass(frozen=True, slots=True)
class _Shared:
    """What the articles of stories share besides, by their row.

    ``partners`` counts other articles of the story that share text, ``relation`` is the closest
    such relation (-1: none) and ``closest`` the row at its other end; ``on_form`` tells which fill
    a form that another one fills.
    """

    partners: Int64
    relation: Int64
    closest: Int64
    on_form: Bool


def story_tables(
    found: Found, metadata: pa.Table, days: Int32, leaders: Int64, pairs: Pairs
) -> Tables:
    """Lay out stories; ``leaders`` name for each document the one that stands for its cluster.

    A story has the name of its first article: the earliest, of those of one day, or where dates are
    unknown, the one with the smallest id.
    """
    ids = one_array(metadata["doc_id"])
    names = names_of(found, days, leaders)
    inside = np.full(len(leaders), -1, np.int64)  # the number of the story of each document
    inside[found.documents[found.members.rows]] = found.members.stories()
    inside = inside[leaders]
    shared = _shared(pairs, leaders, inside)
    stories, members = [], []
    copies = _copies(leaders, inside)
    sites = column_codes(metadata["site"])[0].astype(np.int64)
    for story in range(len(found.members)):
        low, high = found.members.bounds[story : story + 2]
        rows = found.documents[found.members.rows[low:high]]
        own_copies = copies.get(story, [])
        every = np.concatenate([rows, np.array(own_copies, np.int64)])
        row = _story(found, story, rows, shared, days, sites)
        row |= {"documents": len(every), "sites": len(distinct(sites[every][sites[every] >= 0]))}
        row |= _dates(metadata["date"], days, every)
        row["story"] = names[rows[0]]
        stories.append(row)
        members += _members(found, int(low), rows, names[rows[0]], shared)
        members += [
            {"story": names[rows[0]], "doc_id": c, "copy_of": leaders[c]} for c in own_copies
        ]
    story = ids.take(pa.array(names, mask=names < 0))
    return Tables(
        story,
        _table(stories, STORIES, ids, ("story", "typical")),
        _table(members, STORY_MEMBERS, ids, ("story", "doc_id", "copy_of", "closest")),
        _summary(found, stories),
    )


def names_of(found: Found, days: Int32, leaders: Int64) -> Int64:
    """Return the row of the document that names the story of each, -1 for what cannot be placed."""
    documents = found.documents
    first = np.where(days[documents] == NO_DAY, np.int64(NO_DAY) * -2, days[documents])
    order = np.lexsort((documents, first, found.labels))
    begins = are_new(found.labels[order])
    named = np.empty(len(documents), np.int64)
    named[order] = documents[order[begins]][np.cumsum(begins) - 1]
    named[found.too_short] = -1
    by_row = np.full(len(leaders), -1, np.int64)
    by_row[documents] = named
    return by_row[leaders]


def _copies(leaders: Int64, inside: Int64) -> dict[int, list[int]]:
    """Return the documents of each story for which another one stands."""
    rows = np.flatnonzero((leaders != np.arange(len(leaders))) & (inside >= 0))
    found: dict[int, list[int]] = {}
    for row, story in zip(rows.tolist(), inside[rows].tolist(), strict=True):
        found.setdefault(story, []).append(row)
    return found


def _shared(pairs: Pairs, leaders: Int64, inside: Int64) -> _Shared:
    a, b = leaders[pairs.a], leaders[pairs.b]
    together = (a != b) & (inside[a] >= 0) & (inside[a] == inside[b]) & (pairs.relations != NONE)
    count = len(leaders)
    on_form = np.zeros(count, np.bool_)
    same = together & (pairs.relations == SAME_FORM)
    on_form[a[same]] = on_form[b[same]] = True
    some = np.flatnonzero(together & ~same)
    own, other = np.concatenate([a[some], b[some]]), np.concatenate([b[some], a[some]])
    relations = np.tile(pairs.relations[some], 2)
    strength = np.array([_STRENGTH.get(name, len(_STRENGTH)) for name in NAMES])[relations]
    order = np.lexsort((other, strength, own))
    own, other, relations = own[order], other[order], relations[order]
    rows, first = np.unique(own, return_index=True)
    relation, closest = np.full((2, count), -1, np.int64)
    relation[rows], closest[rows] = relations[first], other[first]
    ends = np.unique(np.stack([own, other], axis=1), axis=0)[:, 0]
    return _Shared(np.bincount(ends, minlength=count), relation, closest, on_form)


def _story(
    found: Found, story: int, rows: Int64, shared: _Shared, days: Int32, sites: Int64
) -> dict[str, Any]:
    """Return what is told of one story whose articles are ``rows``."""
    series = None
    if is_on_form(shared.on_form[rows]):
        series = FORM
    elif is_even(days[rows], sites[rows]):
        series = EVEN
    reasons = found.reasons
    told = [
        (word, is_name, share)
        for (word, is_name), share in zip(
            found.words[story], reasons.shares[story].tolist(), strict=False
        )
        if word
    ]
    return {
        "articles": len(rows),
        "typical": found.documents[found.members.rows[reasons.typical[story]]],
        "similarity": reasons.similarity[story],
        "series": series,
        "words": [word for word, _, _ in told],
        "shares": [round(share, _DIGITS) for _, _, share in told],
        "names": [word for word, is_name, _ in told if is_name],
    }


def _dates(dates: pa.ChunkedArray, days: Int32, rows: Int64) -> dict[str, str | None]:
    """Return the first and the last date of some documents, as they were given."""
    known = rows[days[rows] != NO_DAY]
    if not len(known):
        return {"first": None, "last": None}
    order = known[np.lexsort((known, days[known]))]
    return {"first": dates[int(order[0])].as_py(), "last": dates[int(order[-1])].as_py()}


def _members(
    found: Found, low: int, rows: Int64, name: int, shared: _Shared
) -> list[dict[str, Any]]:
    """Return why each of the articles ``rows`` is is in its story, from the place ``low`` on."""
    similarity = found.reasons.member_similarity
    return [
        {
            "story": name,
            "doc_id": row,
            "similarity": similarity[low + k],
            "words": found.member_words[low + k],
            "shares_text_with": int(shared.partners[row]),
            "relation": None if shared.relation[row] < 0 else NAMES[shared.relation[row]],
            "closest": None if shared.closest[row] < 0 else shared.closest[row],
        }
        for k, row in enumerate(rows.tolist())
    ]


def _table(
    rows: list[dict[str, Any]], schema: pa.Schema, ids: pa.Array, named: tuple[str, ...]
) -> pa.Table:
    """Return rows as a table in order of its first two columns, with ids in place of rows."""
    columns = {item.name: [row.get(item.name) for row in rows] for item in schema}
    made = {
        name: ids.take(pa.array(columns[name], pa.int64()))
        if name in named
        else pa.array(columns[name], schema.field(name).type)
        for name in schema.names
    }
    table = pa.table(made, schema=schema)
    keys = [("story", "ascending")]
    if "doc_id" in schema.names:
        keys.append(("doc_id", "ascending"))
    return table.sort_by(keys).combine_chunks()


def _summary(found: Found, stories: list[dict[str, Any]]) -> dict[str, int]:
    sizes = [row["articles"] for row in stories]
    return {
        "count": len(sizes),
        "articles": sum(sizes),
        "largest": max(sizes, default=0),
        "series": sum(row["series"] is not None for row in stories),
        "too_short": len(found.too_short),
    }
