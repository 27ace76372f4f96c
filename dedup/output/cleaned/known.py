"""What a result says of its documents, gathered for some of them at a time."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from dedup.cleaning.apply import Removal, apply_removals, merge_removals, removals_of
from dedup.core.arrays import Bool, Int64, column_codes, offsets_of, one_array, order_by
from dedup.core.hashing import sha256
from dedup.output.cleaned.stock import Stock
from dedup.result import Result
from dedup.sources import original_bytes

_DIGITS = 6
_SIDES = (("a", "b"), ("b", "a"))

Entry = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Known:
    """What a result says of each document, by its place in the table of documents.

    ``rows`` are the rows of the documents in the corpus. With ``annotate`` nothing is removed.
    """

    result: Result
    rows: Int64
    review: Bool
    annotate: bool
    removals: _Facts
    tags: _Facts
    passages: _Facts
    relations: _Facts
    losses: _Facts

    @classmethod
    def of(cls, result: Result, *, annotate: bool = False) -> Known:
        """Sort what ``result`` says by document; nothing else is made of it yet."""
        ids = one_array(result.tables["documents"]["doc_id"])
        rows = rows_of(result)
        places = np.zeros(len(result.corpus.table), np.int64)
        places[rows] = np.arange(len(rows))
        review = result.review.to_numpy(zero_copy_only=False)

        def by_row(table: pa.Table) -> Int64:
            docs: Int64 = table["doc"].to_numpy()
            return places[docs]

        def by_id(table: pa.Table, *names: str) -> Int64:
            found = [pc.index_in(table[name], value_set=ids).fill_null(-1) for name in names]
            return np.stack([each.to_numpy() for each in found], axis=1).ravel().astype(np.int64)

        tags, passages, pairs = (
            result.annotations,
            result.tables["passages"],
            result.tables["pairs"],
        )
        losses, count = result.tables.get("losses"), len(rows)
        return cls(
            *(result, rows, review, annotate),
            removals=_Facts.of(result.removals, by_row(result.removals), count, ()),
            tags=_Facts.of(tags, by_row(tags), count, _TAG, tags["start"].to_numpy()),
            passages=_Facts.of(passages, by_id(passages, "a", "b"), count, _PASSAGE),
            relations=_Facts.of(pairs, by_id(pairs, "a", "b"), count, _RELATION),
            losses=_Facts()
            if losses is None
            else _Facts.of(losses, by_id(losses, "doc_id"), count, _LOSS),
        )

    def __len__(self) -> int:
        return len(self.rows)

    def counts(self) -> Int64:
        """Return how many facts there are of each document."""
        every = (self.removals, self.tags, self.passages, self.relations, self.losses)
        counts = np.zeros(len(self), np.int64)
        for each in every:
            if len(each.bounds):
                counts += np.diff(each.bounds)
        return counts

    def of_some(self, low: int, high: int) -> Said:
        """Gather what is said of the documents ``low:high``."""
        said = Said(low)
        if not self.annotate:
            rows = self.removals.rows(low, high)
            said.removals = removals_of(self.removals.stock.take(rows)) if len(rows) else {}
            said.rows = self.rows[low:high].tolist()
        said.review = self.review[self.rows[low:high]].tolist()
        for owner, _, fact in self.tags.each(low, high):
            said.tags.setdefault(owner, []).append(fact)
        for owner, _, fact in self.losses.each(low, high):
            said.losses.setdefault(owner, []).append(fact)
        for owner, place, fact in self.passages.each(low, high):
            ours, theirs = _SIDES[place % 2]
            said.passages.setdefault(owner, []).append(_passage(fact, place // 2, ours, theirs))
        for owner, place, fact in self.relations.each(low, high):
            ours, theirs = _SIDES[place % 2]
            said.relations.setdefault(owner, []).append(_relation(fact, ours, theirs))
        return said


def rows_of(result: Result) -> Int64:
    """Return the row in the corpus of each document of the table of documents."""
    ids = one_array(result.corpus.table["doc_id"])
    rows = pc.index_in(result.tables["documents"]["doc_id"], value_set=ids)
    found: Int64 = rows.to_numpy().astype(np.int64)
    return found


_TAG = ("start", "end", "tag")
_PASSAGE = ("a", "b", "start_a", "end_a", "start_b", "end_b", "kind", "level")
_RELATION = (
    *("a", "b", "relation", "matched_tokens", "jaccard"),
    *("containment_a", "containment_b", "coverage"),
)
_LOSS = ("start", "end", "tokens")


@dataclass(frozen=True, slots=True)
class _Column:
    """A column of which some values are made Python objects at a time."""

    values: npt.NDArray[Any]  # of words their numbers, -1 for null
    words: list[str | None] | None = None
    ids: pa.Array | None = None  # where there are too many words to be held as objects
    missing: Bool | None = None

    @classmethod
    def of(cls, column: pa.ChunkedArray) -> _Column:
        if pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
            codes, words = column_codes(column)
            if len(words) > _FEW_WORDS:
                return cls(codes, ids=words)
            return cls(codes, [*words.to_pylist(), None])
        if column.null_count:
            missing = column.is_null().to_numpy()
            return cls(column.fill_null(0).to_numpy(), missing=missing)
        return cls(column.to_numpy())

    def take(self, rows: Int64) -> list[Any]:
        """Return some values."""
        some = self.values[rows]
        if self.ids is not None:
            taken: list[Any] = self.ids.take(pa.array(some, mask=some < 0)).to_pylist()
            return taken
        found: list[Any] = some.tolist()
        if self.words is not None:
            return [self.words[each] for each in found]
        if self.missing is not None:
            gone = self.missing[rows].tolist()
            return [None if no else each for each, no in zip(found, gone, strict=True)]
        return found


_FEW_WORDS = 1_000


@dataclass(frozen=True, slots=True)
class _Facts:
    """The rows of a table by the documents they are of.

    A row that is of two documents has two places, twice its number and one more.
    """

    stock: Stock = field(default_factory=lambda: Stock.of(pa.table({})))
    columns: dict[str, _Column] = field(default_factory=dict)
    places: Int64 = field(default_factory=lambda: np.zeros(0, np.int64))
    bounds: Int64 = field(default_factory=lambda: np.zeros(0, np.int64))
    sides: int = 1

    @classmethod
    def of(
        cls, table: pa.Table, owners: Int64, count: int, names: tuple[str, ...], *then: Int64
    ) -> _Facts:
        """Sort rows by their owners, then as told; ``names`` are the columns that are wanted."""
        places = np.flatnonzero(owners >= 0)
        some = owners[places]
        if len(places):
            places = places[order_by(some, *(each[places] for each in then))]
        sides = len(owners) // max(len(table), 1)
        return cls(
            Stock.of(table if not names else pa.table({})),
            {name: _Column.of(table[name]) for name in names},
            places,
            offsets_of(np.bincount(some, minlength=count)),
            max(sides, 1),
        )

    def rows(self, low: int, high: int) -> Int64:
        """Return the rows that are of the documents ``low:high``, by document."""
        return self._places(low, high) // self.sides

    def _places(self, low: int, high: int) -> Int64:
        if not len(self.bounds):
            return self.places
        return self.places[self.bounds[low] : self.bounds[high]]

    def each(self, low: int, high: int) -> Iterator[tuple[int, int, Entry]]:
        """Yield the document, the place and the values of each row of some documents."""
        places = self._places(low, high)
        if not len(places):
            return
        owners = np.repeat(np.arange(low, high), np.diff(self.bounds[low : high + 1]))
        rows = places // self.sides
        values = zip(*(column.take(rows) for column in self.columns.values()), strict=True)
        names = list(self.columns)
        for owner, place, row in zip(owners.tolist(), places.tolist(), values, strict=True):
            yield owner, place, dict(zip(names, row, strict=True))


@dataclass(slots=True)
class Said:
    """What is said of some documents, the first of which is number ``first``.

    By number of the document, removals by row of the corpus.
    """

    first: int
    rows: list[int] = field(default_factory=list)
    review: list[bool] = field(default_factory=list)
    removals: dict[int, list[Removal]] = field(default_factory=dict)
    tags: dict[int, list[Entry]] = field(default_factory=dict)
    losses: dict[int, list[Entry]] = field(default_factory=dict)
    passages: dict[int, list[Entry]] = field(default_factory=dict)
    relations: dict[int, list[Entry]] = field(default_factory=dict)

    def entry(self, place: int, document: Entry, source: Entry) -> tuple[Entry, str]:
        """Return the provenance of a document, not written yet, and its cleaned text.

        It is the one at ``place`` among these; ``document`` is its row of the result, ``source``
        what was read.
        """
        text, encoding, raw = source["text"] or "", source["encoding"] or "utf-8", source["raw"]
        removals = self.removals.get(self.rows[place], []) if self.removals else []
        clean, ops = apply_removals(text, merge_removals(removals))
        number = self.first + place
        entry = {
            "doc_id": document["doc_id"],
            "path": source["path"],
            "line": source["line"],
            "file": None,
            "name": None,
            "row": None,
            "columns": None,
            "encoding": encoding,
            "sha256": sha256(original_bytes(text, encoding, raw)),
            "clean_sha256": sha256(clean.encode()),
            "raw": None if raw is None else base64.b64encode(raw).decode("ascii"),
            "n_chars": len(text),
            "cluster": document["cluster"],
            "canonical": document["canonical"],
            "kept": document["kept"],
            "relation": document["relation"],
            "duplicate_of": document["duplicate_of"],
            **{name: _rounded(document[name]) for name in ("jaccard", "containment", "coverage")},
            **{name: document[name] for name in ("lost_tokens", "lost_facts")},
            "lost_share": _rounded(document["lost_share"]),
            **{name: document[name] for name in ("story", "same_url", "no_text")},
            "lost": self.losses.get(number, []),
            "review": bool(self.review[place]),
            "ops": [each.as_dict(number) for number, each in enumerate(ops, start=1)],
            "tags": self.tags.get(number, []),
            "passages": self.passages.get(number, []),
            "relations": self.relations.get(number, []),
        }
        return entry, clean


def _passage(fact: Entry, row: int, ours: str, theirs: str) -> Entry:
    """Return a passage as one of its documents has it, named by its row in the result."""
    other = {
        "doc_id": fact[theirs],
        "start": fact[f"start_{theirs}"],
        "end": fact[f"end_{theirs}"],
    }
    return {
        "id": f"p{row + 1}",
        "start": fact[f"start_{ours}"],
        "end": fact[f"end_{ours}"],
        "kind": fact["kind"],
        "level": fact["level"],
        "with": [other],
    }


def _relation(fact: Entry, ours: str, theirs: str) -> Entry:
    return {
        "doc_id": fact[theirs],
        "relation": fact["relation"],
        "matched_tokens": fact["matched_tokens"],
        "jaccard": _rounded(fact["jaccard"]),
        "containment": _rounded(fact[f"containment_{ours}"]),
        "coverage": _rounded(fact["coverage"]),
    }


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, _DIGITS)
