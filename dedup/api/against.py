"""A scan beside an index: the documents that the index knows, and shared passages.

Each document is asked for as if it came next; nothing is kept. Where the index keeps passages,
those that a document shares with any article are found, many documents at a time. Where it keeps
texts alone, a document is compared with the one article it is a copy of, or with the last text
under its own id.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from dedup.config import Config
from dedup.index import VERDICTS, Index, KnownPassage, Verdict
from dedup.pipeline.run import compare_corpus
from dedup.result import Result
from dedup.schema import AGAINST, AGAINST_PASSAGES, rows_table
from dedup.sources import from_python

_LOST = ("lost_tokens", "lost_facts")
_OWN = ("doc_id", "matched_tokens", "dropped")
_SAID = tuple(name for name in AGAINST.names if name not in _OWN)  # by the verdict


@dataclass(frozen=True, slots=True)
class Dropping:
    """Which documents are not kept because an index knows them.

    ``known`` are those that it has or that are copies of what it has; ``passages`` is the number of
    matched tokens in passages of its articles from which a document goes, 0 for none.
    """

    known: bool = False
    passages: int = 0

    def drops(self, verdict: str, matched: int) -> bool:
        """Tell whether a document goes."""
        is_known = verdict in ("same", "duplicate")
        return (self.known and is_known) or bool(self.passages and matched >= self.passages)


def with_index(result: Result, batches: Iterable[pa.RecordBatch], asked: Asked) -> Result:
    """Return a result with what an index says of its documents.

    Where these were not ``asked`` for while they were read they are read again, in ``batches``.
    The result has two more tables, ``against`` and ``against_passages``, and ``against`` in the
    summary.
    """
    corpus = result.corpus
    if asked.read != len(result.tables["documents"]):
        asked = Asked(asked.index, asked.config, asked.dropping)
        for batch in batches:
            asked.take(batch)
    if corpus.read_report.damaged["duplicate_id"] and corpus.order is not None:
        names = result.tables["documents"]["doc_id"].to_pylist()
        asked.rename(dict(zip(corpus.order.tolist(), names, strict=True)))
    tables = {
        "against": rows_table(AGAINST, asked.rows).sort_by("doc_id"),
        "against_passages": rows_table(AGAINST_PASSAGES, asked.passages).sort_by(
            [(name, "ascending") for name in ("a", "b", "start_a", "start_b")]
        ),
    }
    counts = {name: asked.told[name] for name in VERDICTS}
    dropped = {row["doc_id"] for row in asked.rows if row["dropped"]}
    lost = {name: sum(row[name] or 0 for row in asked.rows if row["dropped"]) for name in _LOST}
    summary = {**counts, "passages": len(asked.passages), "dropped": len(dropped), **lost}
    made = replace(
        result,
        tables={**result.tables, **tables},
        summary={**result.summary, "against": summary},
    )
    return _without(made, dropped) if dropped else made


def _without(result: Result, dropped: set[str]) -> Result:
    """Return a result in which some documents are not kept."""
    documents = result.tables["documents"]
    goes = pc.is_in(documents["doc_id"], value_set=pa.array(sorted(dropped), pa.string()))
    kept = pc.and_(documents["kept"], pc.invert(goes))
    place = documents.schema.get_field_index("kept")
    counts = dict(result.summary["documents"])
    stays = int(pc.sum(kept).as_py() or 0)
    counts |= {"kept": stays, "removed": len(documents) - stays}
    return replace(
        result,
        tables={**result.tables, "documents": documents.set_column(place, "kept", kept)},
        summary={**result.summary, "documents": counts},
    )


@dataclass(slots=True)
class Asked:
    """What an index says of documents, some at a time, in the order in which they are read."""

    index: Index
    config: Config
    dropping: Dropping
    rows: list[dict[str, Any]] = field(default_factory=list)
    passages: list[dict[str, Any]] = field(default_factory=list)
    told: Counter[str] = field(default_factory=Counter)
    _origins: list[int] = field(default_factory=list)  # of each row the document, as it was read
    _stretches: list[int] = field(default_factory=list)  # of each passage
    read: int = 0

    def take(self, batch: pa.RecordBatch) -> None:
        """Ask for the documents of a batch."""
        names = batch.column("doc_id").to_pylist()
        verdicts = self.index.check_many([batch], passages=False)
        for row, (verdict, known) in enumerate(zip(verdicts, self._known(batch), strict=True)):
            self.told[verdict.verdict] += 1
            name, own = names[row], list(known)
            other = _other(name, verdict)
            if other is not None and self._compares():
                own += self._passages(name, batch.column("text")[row].as_py(), other)
            if verdict.verdict == "new" and not own:
                continue
            spans = [(each["start_a"], each["end_a"], each["matched_tokens"]) for each in own]
            matched = matched_once(spans)
            said = {each: getattr(verdict, each) for each in _SAID}
            dropped = self.dropping.drops(verdict.verdict, matched)
            self.rows.append(
                {"doc_id": name, **said, "matched_tokens": matched, "dropped": dropped}
            )
            self._origins.append(self.read + row)
            self.passages += ({**each, "a": name} for each in own)
            self._stretches += [self.read + row] * len(own)
        self.read += len(batch)

    def rename(self, names: dict[int, str]) -> None:
        """Call documents by their unique ids, given in the order of reading."""
        for row, origin in zip(self.rows, self._origins, strict=True):
            row["doc_id"] = names[origin]
        for passage, origin in zip(self.passages, self._stretches, strict=True):
            passage["a"] = names[origin]

    def _known(self, batch: pa.RecordBatch) -> Iterator[list[dict[str, Any]]]:
        """Yield the passages of each document with any article, where the index keeps passages."""
        if not self._searches():
            yield from ([] for _ in range(len(batch)))
            return
        for found in self.index.known_passages([batch]):
            yield [_as_row(each) for each in found]

    def _searches(self) -> bool:
        sought = "passages" in self.config.find or self.dropping.passages > 0
        return self.index.settings.passages and sought

    def _compares(self) -> bool:
        texts = self.index.settings.store_text and "passages" in self.config.find
        return texts and not self._searches()

    def _passages(self, name: str, text: str, other: str) -> Iterator[dict[str, Any]]:
        """Yield the passages that a document shares with an article of the index."""
        article = self.index.get(other)
        if article is None or article.text is None:
            return
        pair = from_python([{"id": "a", "text": text}, {"id": "b", "text": article.text}])
        config = replace(self.config, find=("passages",))
        for each in compare_corpus(pair, config).tables["passages"].to_pylist():
            yield {**each, "a": name, "b": other}


def _as_row(passage: KnownPassage) -> dict[str, Any]:
    """Return a passage as a row of ``AGAINST_PASSAGES``, but for the document."""
    sides = {"start_a": passage.start, "end_a": passage.end}
    sides |= {"start_b": passage.other_start, "end_b": passage.other_end}
    same = ("matched_tokens", "density", "score", "level", "kind")
    return {"b": passage.doc_id, **sides, **{name: getattr(passage, name) for name in same}}


def matched_once(spans: Iterable[tuple[int, int, int]]) -> int:
    """Return the matched tokens of stretches (start, end, tokens), those that overlap counted once.

    The one with most matched tokens counts where several overlap.

    >>> matched_once([(0, 40, 8), (10, 90, 15), (100, 140, 9)])
    24
    """
    counted: list[tuple[int, int]] = []
    total = 0
    for start, end, tokens in sorted(spans, key=lambda each: (-each[2], each[0], each[1])):
        if all(end <= low or high <= start for low, high in counted):
            counted.append((start, end))
            total += tokens
    return total


def _other(name: str, verdict: Verdict) -> str | None:
    """Return the article of the index that a document is to be compared with."""
    if verdict.verdict == "updated":
        return name
    return verdict.duplicate_of if verdict.verdict == "duplicate" else None
