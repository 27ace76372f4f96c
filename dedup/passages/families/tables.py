"""The tables of families, their occurrences, and who copied whom."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from dedup.core.arrays import Int64, order_by
from dedup.passages.families.copying import Copied, Link
from dedup.passages.families.credits import agencies
from dedup.passages.families.find import Families
from dedup.passages.families.kinds import KINDS, REPETITIVE, Kinds
from dedup.passages.families.sources import Holders, Sources
from dedup.schema import COPYING, FAMILIES, OCCURRENCES

SHOWN = 300  # characters of a wording
MOST_EQUAL = 1000  # equal documents of an occurrence that are listed


@dataclass(frozen=True, slots=True)
class Described:
    """Families with all that is known of them, and the number that each has in the tables.

    ``order`` are the families as they are listed: what repeats without saying much comes last, then
    those of most owners come first, then those of most documents.
    """

    families: Families
    holders: Holders
    kinds: Kinds
    sources: Sources
    articles: Int64
    owners: Int64
    order: Int64

    @classmethod
    def of(cls, families: Families, holders: Holders, kinds: Kinds, sources: Sources) -> Described:
        """Put families in the order in which they are listed."""
        articles = np.diff(holders.bounds)
        owners = holders.count(sources.owners.owners)
        lengths = families.lengths()[families.representatives]
        repetitive = np.isin(kinds.kinds, REPETITIVE)
        order = np.lexsort((np.arange(len(families)), -lengths, -articles, -owners, repetitive))
        return cls(families, holders, kinds, sources, articles, owners, order)

    def numbers(self) -> Int64:
        """Return the number of each family, from 1."""
        numbers = np.empty(len(self.order), np.int64)
        numbers[self.order] = np.arange(1, len(self.order) + 1)
        return numbers


def families_table(described: Described, ids: pa.Array) -> pa.Table:
    """Return a row for each family, in order of its number."""
    families, order, sources = described.families, described.order, described.sources
    own = families.variants == 0
    count = len(families)
    representatives = families.representatives[order]
    spells = [_seen(described, family) for family in order.tolist()]
    variants = np.zeros(count, np.int64)
    np.maximum.at(variants, families.families, families.variants)
    names = agencies().names
    columns: dict[str, Any] = {
        "family": np.arange(1, count + 1),
        "kind": [KINDS[kind] for kind in described.kinds.kinds[order].tolist()],
        "occurrences": np.bincount(families.families[own], minlength=count)[order],
        "articles": described.articles[order],
        "copies": (described.articles - described.holders.count(sources.leaders))[order],
        "sites": described.holders.count(sources.owners.sites)[order],
        "owners": described.owners[order],
        "first_id": [None if doc < 0 else ids[doc].as_py() for doc, _, _ in spells],
        "first_date": [first for _, first, _ in spells],
        "last_date": [last for _, _, last in spells],
        "speaker": [described.kinds.speakers[family] for family in order.tolist()],
        "agency": [
            names[agency] if agency >= 0 else None
            for agency in described.kinds.agencies[order].tolist()
        ],
        "credits": described.kinds.credits[order],
        "tokens": families.lengths()[representatives],
        "completed": np.bincount(families.families[own & families.completed], minlength=count)[
            order
        ],
        "variants": variants[order],
        "representative": ids.take(pa.array(families.docs[representatives])),
        "wording": _wordings(described, representatives),
    }
    return _table(columns, FAMILIES)


def _seen(described: Described, family: int) -> tuple[int, str | None, str | None]:
    """Return the document that was first (-1: not known), and the first and the last date."""
    sources = described.sources
    if sources.dates.null_count == len(sources.dates):
        return -1, None, None
    docs = described.holders.of_family(family).tolist()
    known = [(moment, doc) for doc in docs if (moment := sources.moment(doc)) is not None]
    if not known:
        return -1, None, None
    by_day = sorted(known, key=lambda each: (each[0].day, each[1]))
    dates = [sources.dates[doc].as_py() for _, doc in (by_day[0], by_day[-1])]
    day = by_day[0][0].day
    same_day = [(moment.instant, doc) for moment, doc in by_day if moment.day == day]
    if len(same_day) == 1:
        return same_day[0][1], dates[0], dates[1]
    timed = sorted((instant, doc) for instant, doc in same_day if instant is not None)
    if len(timed) == len(same_day) and timed[0][0] < timed[1][0]:
        return timed[0][1], sources.dates[timed[0][1]].as_py(), dates[1]
    return -1, dates[0], dates[1]


def _wordings(described: Described, rows: Int64) -> list[str]:
    """Return what some occurrences say, read in order of their documents: those may be in files."""
    tokens, spans = described.sources.tokens, described.families.spans[rows]
    docs = described.families.docs[rows]
    starts = tokens.starts[tokens.bounds[docs] + spans[:, 0]].tolist()
    ends = tokens.ends[tokens.bounds[docs] + spans[:, 1] - 1].tolist()
    said = [""] * len(rows)
    order, doc, text = np.argsort(docs, kind="stable"), -1, ""
    for k, own in zip(order.tolist(), docs[order].tolist(), strict=True):
        if own != doc:
            doc, text = own, described.sources.text_of(own)
        said[k] = _shortened(text[starts[k] : ends[k]])
    return said


def _shortened(text: str) -> str:
    return text if len(text) <= SHOWN else text[: SHOWN - 1] + "…"


def occurrences_table(described: Described, ids: pa.Array) -> tuple[pa.Table, int]:
    """Return a row for each occurrence, and how many in equal documents are not listed.

    They are in order of family, variant, document and place.
    """
    families, sources = described.families, described.sources
    docs, places = sources.equals.expand(families.docs)
    inside = np.arange(len(places)) - np.searchsorted(places, places)
    listed = inside < MOST_EQUAL
    docs, places = docs[listed], places[listed]
    numbers = described.numbers()[families.families]
    order = order_by(numbers[places], families.variants[places], docs, families.spans[places, 0])
    docs, places = docs[order], places[order]
    tokens = sources.tokens
    first, last = (tokens.bounds[docs] + families.spans[places, side] for side in (0, 1))
    lengths = families.lengths()
    longer = np.maximum(lengths, lengths[families.representatives][families.families])
    similarity = families.common / np.maximum(longer, 1)
    is_variant = families.variants[places] > 0
    representative = np.isin(places, families.representatives)
    representative &= docs == families.docs[places]
    owners = sources.owners
    columns = {
        "family": numbers[places],
        "variant": families.variants[places],
        "doc_id": ids.take(pa.array(docs)),
        "start": pa.array(tokens.starts[first], pa.int64()),
        "end": pa.array(tokens.ends[last - 1], pa.int64()),
        "site": _named(owners.sites[docs], owners.site_names),
        "owner": _named(owners.owners[docs], owners.owner_names),
        "date": sources.dates.take(pa.array(docs)).cast(pa.string()),
        "representative": representative,
        "similarity": pa.array(similarity[places], mask=is_variant),
    }
    return _table(columns, OCCURRENCES), int(np.count_nonzero(~listed))


def copying_table(copying: dict[Link, Copied], described: Described, ids: pa.Array) -> pa.Table:
    """Return a row for each outlet, source and kind of evidence, those of most articles first."""
    numbers = described.numbers()
    rows = [
        {
            "outlet": outlet,
            "source": source,
            "source_kind": "agency" if is_agency else "outlet",
            "evidence": evidence,
            "families": len(entry.families),
            "articles": len(entry.articles),
            "family": min(int(numbers[family]) for family in entry.families),
            "doc_id": ids[min(entry.articles)].as_py(),
        }
        for (outlet, source, is_agency, evidence), entry in copying.items()
    ]
    rows.sort(key=lambda row: (-row["articles"], row["outlet"], row["source"], row["evidence"]))
    return pa.Table.from_pylist(rows, schema=COPYING)


def families_summary(table: pa.Table, copying: pa.Table) -> dict[str, Any]:
    """Return the totals of families, ready for JSON."""
    kinds = Counter(table["kind"].to_pylist())
    evidence = Counter[str]()
    for name, articles in zip(
        copying["evidence"].to_pylist(), copying["articles"].to_pylist(), strict=True
    ):
        evidence[name] += articles
    return {
        "count": len(table),
        "kinds": {kind: kinds[kind] for kind in KINDS if kinds[kind]},
        "occurrences": sum(table["occurrences"].to_pylist()),
        "copying": dict(sorted(evidence.items())),
    }


def _named(codes: Int64, names: list[str]) -> pa.Array:
    column = pa.array(names, pa.string())
    return column.take(pa.array(codes, mask=codes < 0))


def _table(columns: dict[str, Any], schema: pa.Schema) -> pa.Table:
    arrays = []
    for item in schema:
        column = columns.pop(item.name)
        if isinstance(column, pa.ChunkedArray):
            column = column.combine_chunks()
        arrays.append(column if isinstance(column, pa.Array) else pa.array(column, item.type))
    if columns:
        raise NotImplementedError(f"columns {sorted(columns)} are in no schema")
    return pa.Table.from_arrays(
        [a.cast(f.type) for a, f in zip(arrays, schema, strict=True)], schema=schema
    )
