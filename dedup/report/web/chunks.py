"""Tables and texts as the data blocks of a page: JSON, compressed, a part at a time."""

from __future__ import annotations

import base64
import gzip
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from dedup.cleaning.apply import Removal, apply_removals, merge_removals, removals_of
from dedup.core.arrays import Bool, Int64, one_array
from dedup.core.dates import when
from dedup.core.files import json_bytes
from dedup.report.web.choose import LONGEST, MOST_DOCUMENTS, Chosen, leaders_of
from dedup.report.web.found import Found, rows_of
from dedup.schema import LOSSES

DOCUMENTS, PAIRS = 10_000, 20_000
HEAD = 120  # characters of a text that are its title
_TITLE = 30  # characters that a title has at least
_TEXTS = 512 << 10  # bytes of text in a chunk
_FOLD = 0.6  # bytes in the page for a byte of text, at most in most texts
_DIGITS = 4


def packed(value: Any) -> bytes:
    """Return a value as base64 of gzip of JSON; equal values give equal bytes."""
    return base64.b64encode(gzip.compress(json_bytes(value), 6, mtime=0))


def title_of(text: str) -> str:
    r"""Return the first line of a text, and the ones after it while that is short.

    >>> title_of("May 3\n\nBridge  to be mended before the winter\nThe council met.")
    'May 3 · Bridge to be mended before the winter'
    """
    title = ""
    for line in text[: 4 * HEAD].splitlines():
        title = " · ".join(filter(None, (title, " ".join(line.split()))))
        if len(title) >= _TITLE:
            break
    return title[:HEAD]


@dataclass(frozen=True, slots=True)
class Codes:
    """Names that occur in many rows, and their numbers."""

    names: list[str]

    @classmethod
    def of(cls, *columns: pa.ChunkedArray, first: tuple[str, ...] = ()) -> Codes:
        """Give numbers to the names of some columns, ``first`` to those given."""
        met: set[str | None] = set()
        for column in columns:
            met.update(pc.unique(column).to_pylist())
        more = sorted(each for each in met - set(first) if each is not None)
        return cls([*first, *more])

    def codes(self, column: pa.ChunkedArray) -> list[int]:
        """Return the number of each value, -1 for null."""
        numbers: list[int] = rows_of(column, pa.array(self.names, pa.string())).tolist()
        return numbers


@dataclass(slots=True)
class Packer:
    """The chunks of one page.

    ``heads`` and ``chunk_of`` are of each document: how its text begins, and the chunk of texts it
    stands in or -1.
    """

    found: Found
    codes: dict[str, Codes]
    heads: dict[int, str] = field(default_factory=dict)
    chunk_of: dict[int, int] = field(default_factory=dict)

    def name_all(self, budget: int) -> None:
        """Take the first words of all documents, where the table of them fits into ``budget``."""
        if self.found.texts is None or len(self.found) > MOST_DOCUMENTS:
            return
        heads = self.found.texts.begins(4 * HEAD)
        self.heads = {row: title_of(begin) for row, begin in heads}
        if sum(map(len, self.documents())) > budget:
            self.heads = {}

    def texts(self, order: Int64, budget: int) -> list[bytes]:
        """Pack texts, the first of ``order`` as far as they and documents fit into ``budget``."""
        if self.found.texts is None:
            return []
        fits = order[self.found.texts.characters[order] <= LONGEST]
        sizes = np.cumsum(self.found.texts.sizes[fits])
        heads, fold, held = self.heads, _FOLD, None
        while True:  # texts are packed as tightly as most are, then as tightly as these were
            self.heads, self.chunk_of = dict(heads), {}
            wanted: Bool = np.zeros(len(self.found), np.bool_)
            wanted[fits[: max(np.searchsorted(sizes, budget / fold, side="right"), 0)]] = True
            if held is None:  # what is wanted later is among them
                held = dict(self.found.texts.of(wanted))
            made = self._packed_texts({row: held[row] for row in held if wanted[row]}, wanted)
            taken = sum(map(len, (*made, *self.documents())))
            if taken <= budget or not made:
                return made
            fold *= 1.02 * taken / budget if budget > 0 else np.inf

    def _packed_texts(self, texts: dict[int, str], wanted: Bool) -> list[bytes]:
        removals = removals_of(self.found.removals.filter(pa.array(wanted[self._docs()])))
        tags, lost = self._tags(wanted), self._lost(wanted)
        made: list[bytes] = []
        part: dict[str, list[Any]] = {name: [] for name in ("row", "text", "ops", "tags", "lost")}
        held = 0
        for row in sorted(texts):
            text = texts.pop(row)
            self.heads.setdefault(row, title_of(text))
            self.chunk_of[row] = len(made)
            part["row"].append(row)
            part["text"].append(text)
            part["ops"].append(self._ops(text, removals.get(row, [])))
            part["tags"].append(tags.get(row, []))
            part["lost"].append(lost.get(row, []))
            held += len(text.encode())
            if held > _TEXTS or not texts:
                made.append(packed(part))
                part, held = {name: [] for name in part}, 0
        return made

    def _docs(self) -> Int64:
        docs: Int64 = self.found.removals["doc"].to_numpy()
        return docs

    def _ops(self, text: str, removals: list[Removal]) -> list[list[Any]]:
        reasons, rules = (self._numbers(name) for name in ("reasons", "rules"))
        _, ops = apply_removals(text, merge_removals(removals))
        return [
            [
                *(each.start, each.end, reasons[each.reason], rules[each.rule], each.confidence),
                *(each.kept or (-1, -1)),
            ]
            for each in ops
        ]

    def _numbers(self, name: str) -> dict[str, int]:
        return {each: number for number, each in enumerate(self.codes[name].names)}

    def _tags(self, wanted: Bool) -> dict[int, list[list[int]]]:
        annotations = self.found.annotations
        docs = annotations["doc"].to_numpy()
        rows = annotations.filter(pa.array(wanted[docs])).sort_by(
            [("doc", "ascending"), ("start", "ascending")]
        )
        columns = [rows[name].to_pylist() for name in ("doc", "start", "end")]
        found: dict[int, list[list[int]]] = {}
        for doc, *mark in zip(*columns, self.codes["tags"].codes(rows["tag"]), strict=True):
            found.setdefault(doc, []).append(mark)
        return found

    def _lost(self, wanted: Bool) -> dict[int, list[list[int]]]:
        """Return where each document has what its removal loses, and the tokens there."""
        table = self.found.tables.get("losses", LOSSES.empty_table())
        rows = rows_of(table["doc_id"], one_array(self.found.tables["documents"]["doc_id"]))
        columns = [table[name].to_pylist() for name in ("start", "end", "tokens")]
        found: dict[int, list[list[int]]] = {}
        for row, *stretch in sorted(zip(rows.tolist(), *columns, strict=True)):
            if row >= 0 and wanted[row]:
                found.setdefault(row, []).append(stretch)
        return found

    def documents(self) -> Iterator[bytes]:
        """Pack what is known of each document, after the texts."""
        found = self.found
        table = found.tables["documents"].slice(0, MOST_DOCUMENTS)
        ids = one_array(found.tables["documents"]["doc_id"])
        docs = self._docs()
        spans = (found.removals["end"].to_numpy() - found.removals["start"].to_numpy()).astype(
            float
        )
        count = len(found)
        columns = {
            "site": self.codes["sites"].codes(pa.chunked_array([found.sites])),
            "date": found.dates.to_pylist(),
            "cluster": leaders_of(found).tolist(),
            "relation": self.codes["relations"].codes(found.tables["documents"]["relation"]),
            "duplicate_of": rows_of(found.tables["documents"]["duplicate_of"], ids).tolist(),
            "characters": [None] * count
            if found.texts is None
            else found.texts.characters.tolist(),
            "removed": np.bincount(docs, spans, count).astype(int).tolist(),
            "ops": np.bincount(docs, minlength=count).tolist(),
            "time": [when(date) for date in found.dates.to_pylist()],
            "head": [self.heads.get(row, "") for row in range(count)],
            "text": [self.chunk_of.get(row, -1) for row in range(count)],
        }
        for low in range(0, len(table), DOCUMENTS):
            part = table.slice(low, DOCUMENTS)
            names = ("jaccard", "containment", "coverage", "lost_share")
            scores = {name: _rounded(part[name]) for name in names}
            yield packed(
                {
                    "first": low,
                    "id": part["doc_id"].to_pylist(),
                    "path": part["path"].to_pylist(),
                    "kept": pc.cast(part["kept"], pa.int8()).to_pylist(),
                    **scores,
                    **{name: part[name].to_pylist() for name in ("lost_tokens", "lost_facts")},
                    **{name: each[low : low + len(part)] for name, each in columns.items()},
                }
            )

    def pairs(self, chosen: Chosen) -> Iterator[bytes]:
        """Pack the pairs of the page."""
        table = self.found.tables["pairs"].take(pa.array(chosen.pairs))
        for low in range(0, len(table), PAIRS):
            part, own = table.slice(low, PAIRS), slice(low, low + PAIRS)
            names = ("jaccard", "containment_a", "containment_b", "coverage")
            yield packed(
                {
                    "first": low,
                    "a": chosen.a[own].tolist(),
                    "b": chosen.b[own].tolist(),
                    "relation": self.codes["relations"].codes(part["relation"]),
                    **{name: _rounded(part[name]) for name in names},
                    "tokens": part["matched_tokens"].to_pylist(),
                    "changed": part["changed"].to_pylist(),
                    "passage": chosen.passage[own].tolist(),
                    "passages": chosen.counts[own].tolist(),
                }
            )

    def passages(self, chosen: Chosen) -> Iterator[bytes]:
        """Pack the passages of those pairs."""
        table = self.found.tables["passages"].take(pa.array(chosen.passages))
        for low in range(0, len(table), PAIRS):
            part = table.slice(low, PAIRS)
            names = ("start_a", "end_a", "start_b", "end_b")
            yield packed(
                {
                    "first": low,
                    **{name: part[name].to_pylist() for name in names},
                    "tokens": part["matched_tokens"].to_pylist(),
                    "density": _rounded(part["density"]),
                    "score": _rounded(part["score"]),
                    "level": self.codes["levels"].codes(part["level"]),
                    "kind": self.codes["kinds"].codes(part["kind"]),
                }
            )


def _rounded(column: pa.ChunkedArray) -> list[float | None]:
    values: list[float | None] = pc.round(column, _DIGITS).to_pylist()
    return values
