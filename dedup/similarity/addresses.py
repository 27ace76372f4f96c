"""Documents with one address: an article that was fetched twice, and what stands under its URL.

Equal addresses (``sources.urls``) make one article of two texts, however much was written anew. But
an address may also be that of a front page or a list, which says something else each day. So none
counts whose texts have nothing in common, and a shared address alone removes nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from dedup.config import Config
from dedup.core.arrays import Bool, Int32, Int64, distinct, one_array
from dedup.similarity.relations import (
    DERIVED,
    NONE,
    SAME_URL,
    SHARES_PASSAGE,
    Pairs,
    Scores,
    join_pairs,
)
from dedup.sources.urls import canonical_url, is_front_page

NOTHING = 0.1  # of the shorter of two texts, up to which they have nothing in common
# Relations that say less than one address does.
LOOSE = (DERIVED, SHARES_PASSAGE, NONE)
MOST_TEXTS = 32  # different ones under an address; one with more is no article's
_MAYBE_URL = "^[hH][tT][tT][pP][sS]?://"
# What two forms of one address may differ in, and more: what is left is the same for both.
_COMMON = r"^https?://(?:(?:www\d?|m|mobile|amp|touch)\.)?|[?#].*|%[0-9a-f]{2}|amp|[^a-z0-9?#%]"


@dataclass(frozen=True, slots=True)
class Addresses:
    """Which documents have the address of another one.

    ``groups`` is the first row with the same address, -1 where no other document has it. ``pairs``
    (rows, a < b) are those of different texts under one address, ``of_group`` says under which.
    ``left_out`` counts the addresses with too many texts.
    """

    groups: Int64
    pairs: Int64
    of_group: Int64
    left_out: int = 0

    @classmethod
    def none(cls, count: int) -> Addresses:
        """Return what is known where addresses are not compared."""
        empty: Int64 = np.zeros(0, np.int64)
        return cls(np.full(count, -1), np.zeros((0, 2), np.int64), empty)

    def some(self, numbers: Int64) -> Addresses:
        """Return the same with some of the pairs only."""
        return replace(self, pairs=self.pairs[numbers], of_group=self.of_group[numbers])


def find_addresses(
    metadata: pa.Table, representatives: Int64, counts: Int64 | Int32, config: Config
) -> Addresses:
    """Find the documents that share an address, by their ``url`` or an id that is one.

    ``representatives`` names what stands for each document and its equals; only those make pairs,
    and of them only what has tokens (``counts``).
    """
    if not config.same_url or "duplicates" not in config.find:
        return Addresses.none(len(metadata))
    groups = address_groups(metadata["doc_id"], metadata["url"])
    rows = np.flatnonzero((groups >= 0) & (counts[representatives] > 0))
    count = np.int64(len(metadata))
    texts = distinct(groups[rows] * count + representatives[rows])
    _, starts, sizes = np.unique(texts // count, return_index=True, return_counts=True)
    pairs, of_group = [np.zeros((0, 2), np.int64)], [np.zeros(0, np.int64)]
    for start, size in zip(starts.tolist(), sizes.tolist(), strict=True):
        if 1 < size <= MOST_TEXTS:
            own = texts[start : start + size]
            one, two = np.triu_indices(size, 1)
            pairs.append(np.stack([own[one] % count, own[two] % count], axis=1))
            of_group.append(own[one] // count)
    joined, of = np.concatenate(pairs), np.concatenate(of_group)
    return Addresses(groups, joined, of, int(np.count_nonzero(sizes > MOST_TEXTS)))


def address_groups(ids: pa.ChunkedArray, urls: pa.ChunkedArray) -> Int64:
    """Return the first row with the address of each document, -1 where it is the only one.

    >>> ids = pa.chunked_array([["https://x.org/a", "b.txt", "https://x.org/a?utm_source=z"]])
    >>> address_groups(ids, pa.chunked_array([pa.nulls(3, pa.string())])).tolist()
    [0, -1, 0]
    """
    groups = np.full(len(ids), -1, np.int64)
    given = pc.if_else(pc.is_valid(urls.cast(pa.string())), urls.cast(pa.string()), ids)
    given = one_array(given)
    rows = np.flatnonzero(are_urls(given))
    rows = rows[_is_shared(common_forms(given.take(pa.array(rows))))]
    codes: dict[str, int] = {}
    for row, url in zip(rows.tolist(), given.take(pa.array(rows)).to_pylist(), strict=True):
        address = page_address(url)
        if address is not None:
            groups[row] = codes.setdefault(address, row)
    found = np.flatnonzero(groups >= 0)
    groups[found[~_is_shared(pa.array(groups[found]))]] = -1
    return groups


def are_urls(values: pa.Array) -> Bool:
    """Tell which values may be web addresses."""
    matches = pc.fill_null(pc.match_substring_regex(values, _MAYBE_URL), False)
    found: Bool = matches.to_numpy(zero_copy_only=False)
    return found


def page_address(url: str) -> str | None:
    """Return the canonical form of an address, ``None`` for no web address and a front page."""
    address = canonical_url(url)
    return None if address is None or is_front_page(address) else address


def common_forms(urls: pa.Array) -> pa.Array:
    """Return of each URL what all forms of its address have in common; others may have it too."""
    return pc.replace_substring_regex(pc.utf8_lower(urls), _COMMON, "")


def _is_shared(values: pa.Array) -> Bool:
    """Tell which values occur more than once."""
    codes = values.dictionary_encode().indices.to_numpy(zero_copy_only=False)
    shared: Bool = np.bincount(codes, minlength=1)[codes] > 1
    return shared


def relate_addresses(
    pairs: Pairs, addresses: Addresses, compare: Callable[[Int64], Scores]
) -> tuple[Pairs, Int64]:
    """Return the pairs with those of one address, and which pairs (rows) those are.

    ``compare`` scores pairs by their shingles. Pairs that share little more than a passage get the
    relation ``same_url``; closer ones keep theirs. An address does not count if two of its texts
    have nothing in common.
    """
    if not len(addresses.pairs):
        return pairs, addresses.pairs
    alike, one, two = compare(addresses.pairs)
    known, places = _find(pairs, addresses.pairs)
    shared = np.maximum(one, two)
    shared[known] = np.maximum.reduce(
        [shared[known], pairs.share_a[places[known]], pairs.share_b[places[known]]]
    )
    apart = addresses.of_group[shared < NOTHING]
    sound = ~np.isin(addresses.of_group, apart)
    # Equal texts may stand under two addresses.
    _, first = np.unique(addresses.pairs[sound], axis=0, return_index=True)
    rows = np.flatnonzero(sound)[first]
    old, fresh = rows[known[rows]], rows[~known[rows]]
    loose = np.isin(pairs.relations[places[old]], LOOSE)
    pairs.relations[places[old][loose]] = SAME_URL
    nothing = np.zeros(len(fresh))
    added = Pairs(
        a=addresses.pairs[fresh, 0],
        b=addresses.pairs[fresh, 1],
        relations=np.full(len(fresh), SAME_URL, np.int64),
        jaccard=alike[fresh],
        containment_a=one[fresh],
        containment_b=two[fresh],
        coverage=nothing,
        matched=nothing.astype(np.int64),
        share_a=one[fresh],
        share_b=two[fresh],
    )
    return join_pairs([pairs, added]), addresses.pairs[rows]


def _find(pairs: Pairs, wanted: Int64) -> tuple[Bool, Int64]:
    """Tell which pairs (rows) are among ``pairs``, and where."""
    count = np.int64(max(wanted.max(), pairs.b.max(initial=0)) + 1)
    packed, asked = pairs.a * count + pairs.b, wanted[:, 0] * count + wanted[:, 1]
    places = np.minimum(np.searchsorted(packed, asked), max(len(packed) - 1, 0))
    known: Bool = packed[places] == asked if len(packed) else np.zeros(len(asked), np.bool_)
    return known, places
