"""Families described by the texts of their documents, part by part, by the code of one machine."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from dedup.core.arrays import Bool, Int64, one_array
from dedup.passages.families import Equals, Families, Owners, Sources
from dedup.passages.families.copying import Evidence, Link, find_evidence, first_link
from dedup.passages.families.kinds import REPETITIVE, find_kinds
from dedup.passages.families.sources import Holders
from dedup.passages.families.tables import Described, families_table, occurrences_table
from dedup.schema import FAMILIES, OCCURRENCES
from dedup.spark import spans
from dedup.spark.frames import (
    Batches,
    Frame,
    Schema,
    batch_texts,
    batches_of,
    by_group,
    column,
    map_batches,
    sql_schema,
)
from dedup.text.stopwords import Learned, classify_part, languages_of
from dedup.text.tokens import tokenise_texts

PARTS = (
    *("part", "row", "doc_id", "site", "date", "text", "removed"),
    *("leader", "representative", "held", "matched"),
)
FAMILY, OCCURRENCE, COPIED, LATER, COUNTED = range(5)  # in the column ``what``
DESCRIBED: Schema = {
    "what": "bigint",
    **sql_schema(FAMILIES),
    **{name: kind for name, kind in sql_schema(OCCURRENCES).items() if name != "representative"},
    "is_representative": "boolean",
    "repetitive": "bigint",
    "outlet": "string",
    "source": "string",
    "source_kind": "string",
    "evidence": "string",
    "row": "bigint",
    "first": "bigint",
    "words": "bigint",
}
_MOST_ROWS = 1 << 12  # documents of parts that are described at a time, but for the last of them


@dataclass(frozen=True, slots=True)
class Owned:
    """Who owns a site, where that is not the site itself, and all sites of such owners."""

    owners: dict[str, str]
    sites: dict[str, list[str]]

    @classmethod
    def of(cls, found: Owners) -> Owned:
        """Take what was found of all sites."""
        sites: dict[str, list[str]] = {}
        for owner, site in found.site_pairs():
            sites.setdefault(found.owner_names[owner], []).append(found.site_names[site])
        some = {owner: own for owner, own in sites.items() if own != [owner]}
        return cls({site: owner for owner, own in some.items() for site in own}, some)

    def of_documents(self, sites: pa.Array) -> Owners:
        """Return the owner of each document; behind these stand other sites of the same owners."""
        given = sites.to_pylist()
        names = {each for each in given if each is not None}
        for owner in {self.owners.get(name, name) for name in names}:
            names |= set(self.sites.get(owner, ()))
        site_names = sorted(names)
        owner_names = sorted({self.owners.get(name, name) for name in names})
        place = {name: number for number, name in enumerate(site_names)}
        owner = {name: number for number, name in enumerate(owner_names)}
        codes = [-1 if each is None else place[each] for each in [*given, *site_names]]
        owners = [owner[self.owners.get(name, name)] for name in site_names]
        of_site = np.array([*owners, -1], np.int64)
        rows = np.array(codes, np.int64)
        return Owners(rows, of_site[rows], site_names, owner_names)


def describe_parts(parts: Frame, learned: Learned, owned: Owned) -> Frame:
    """Return as ``DESCRIBED`` the families of each part, by the numbers they were found with."""
    grouped = parts.repartition("part").sortWithinPartitions("part", "row")

    def work(batches: Batches) -> Iterator[pa.RecordBatch]:
        for table in by_group(batches, "part", _MOST_ROWS):
            part = column(table, "part")
            bounds = [0, *(np.flatnonzero(np.diff(part)) + 1).tolist(), len(table)]
            for low, high in itertools.pairwise(bounds):
                yield from _described(_Part.of(table.slice(low, high - low), learned, owned))

    return map_batches(grouped, work, DESCRIBED)


@dataclass(frozen=True, slots=True)
class _Part:
    """Some families, the number of each among all, their documents, and the row of each."""

    families: Families
    numbers: Int64
    sources: Sources
    rows: Int64
    ids: pa.Array

    @classmethod
    def of(cls, table: pa.Table, learned: Learned, owned: Owned) -> _Part:
        """Take a part as it comes."""
        table = table.combine_chunks()
        rows = column(table, "row")
        families, numbers = _families(one_array(table.column("held")))
        texts = batch_texts(table)
        tokens = tokenise_texts(texts)
        words = classify_part(tokens, spans.masked(tokens, table), languages_of(tokens), learned)
        own = np.searchsorted(rows, column(table, "representative"))
        # Leaders are numbered in their order: which documents stand for many depends on it.
        _, leaders = np.unique(column(table, "leader"), return_inverse=True)
        sources = Sources(
            tokens=tokens,
            words=words,
            owners=owned.of_documents(one_array(table.column("site"))),
            dates=table.column("date").cast(pa.string()),
            representatives=own,
            equals=Equals.of(own),
            leaders=leaders.astype(np.int64),
            pairs=_pairs(one_array(table.column("matched")), rows),
            text_of=texts.text,
        )
        ids = one_array(table.column("doc_id")).cast(pa.string())
        return cls(families, numbers, sources, rows, ids)


def _families(held: pa.Array) -> tuple[Families, Int64]:
    """Return the families of the occurrences of a part, in the order of all, and their numbers."""
    sizes = held.value_lengths().fill_null(0).to_numpy(zero_copy_only=False)
    docs = np.repeat(np.arange(len(held)), sizes)
    listed = held.flatten()
    of = {
        field.name: each.to_numpy(zero_copy_only=False).astype(np.int64)
        for field, each in zip(listed.type, listed.flatten(), strict=True)
    }
    order = np.argsort(of["place"])
    of = {name: values[order] for name, values in of.items()}
    numbers, families = np.unique(of["family"], return_inverse=True)
    first = np.flatnonzero(of["first"])
    templates: Bool = np.zeros(len(numbers), np.bool_)
    templates[families] = of["template"] > 0
    made = Families(
        families.astype(np.int64),
        of["variant"],
        docs[order],
        np.column_stack([of["low"], of["high"]]),
        of["common"],
        of["completed"] > 0,
        first[np.argsort(families[first])],
        templates,
        {},
    )
    return made, numbers


def _pairs(matched: pa.Array, rows: Int64) -> Int64:
    """Return what documents of a part share: rows of a, b, matched words, in order."""
    sizes = matched.value_lengths().fill_null(0).to_numpy(zero_copy_only=False)
    a = np.repeat(np.arange(len(matched)), sizes)
    b, words = (
        each.to_numpy(zero_copy_only=False).astype(np.int64) for each in matched.flatten().flatten()
    )
    b = np.searchsorted(rows, b)
    order = np.lexsort((b, a))
    found: Int64 = np.column_stack([a[order], b[order], words[order]])
    return found


def _described(part: _Part) -> Iterator[pa.RecordBatch]:
    families, sources, ids = part.families, part.sources, part.ids
    if not len(families):
        return
    holders = Holders.of(families, sources.equals)
    kinds = find_kinds(families, holders, sources)
    described = Described.of(families, holders, kinds, sources)
    numbers = part.numbers[described.order]
    told = families_table(described, ids)
    repetitive = np.isin(kinds.kinds, REPETITIVE)[described.order].astype(np.int64)
    yield from _rows(FAMILY, told, {"family": numbers, "repetitive": repetitive})
    occurrences, left_out = occurrences_table(described, ids)
    own = numbers[column(occurrences, "family") - 1]
    first = occurrences.column("representative")
    others = occurrences.drop_columns(["representative"])
    yield from _rows(OCCURRENCE, others, {"family": own, "is_representative": first})
    evidence = find_evidence(families, holders, kinds, sources)
    yield from _rows(COPIED, _links(evidence, part), {})
    yield from _rows(LATER, _later(evidence, part), {})
    yield from _rows(COUNTED, pa.table({"words": [left_out]}), {})


def _links(evidence: Evidence, part: _Part) -> pa.Table:
    """Return what articles say themselves of who has text of whom."""
    rows = [
        {**_link(link), "evidence": link[3], **_article(family, doc, part)}
        for link, family, doc in evidence.links
    ]
    return pa.Table.from_pylist(rows)


def _later(evidence: Evidence, part: _Part) -> pa.Table:
    """Return which articles came after the first that has some of their text."""
    counts = part.sources.tokens.counts()
    rows = [
        {
            **_link(first_link(first, doc, part.sources)),
            **_article(family, doc, part),
            "first": int(part.rows[first]),
            "words": words,
            "tokens": int(counts[doc]),
        }
        for first, doc, family, words in evidence.later
    ]
    return pa.Table.from_pylist(rows)


def _link(link: Link) -> dict[str, Any]:
    return {
        "outlet": link[0],
        "source": link[1],
        "source_kind": "agency" if link[2] else "outlet",
    }


def _article(family: int, doc: int, part: _Part) -> dict[str, Any]:
    return {
        "family": int(part.numbers[family]),
        "row": int(part.rows[doc]),
        "doc_id": part.ids[doc].as_py(),
    }


def _rows(what: int, table: pa.Table, more: dict[str, Any]) -> Iterator[pa.RecordBatch]:
    """Yield rows of one kind as ``DESCRIBED``."""
    count = len(table)
    if not count:
        return
    columns: dict[str, Any] = {name: pa.nulls(count) for name in DESCRIBED}
    columns |= {name: one_array(table.column(name)) for name in table.column_names}
    columns |= {
        name: one_array(each) if isinstance(each, pa.ChunkedArray) else each
        for name, each in more.items()
    }
    yield from batches_of({**columns, "what": np.full(count, what)}, DESCRIBED)
