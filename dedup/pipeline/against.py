"""A scan beside an index: the documents that the index knows, and shared passages.

Each document is asked for as if it came next; nothing is kept. Where the index keeps texts and
passages are sought, a document is compared with the one article it is a copy of, or with the last
text under its own id.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import pyarrow as pa

from dedup.config import Config
from dedup.index import VERDICTS, Index, Verdict
from dedup.pipeline.run import compare_corpus
from dedup.result import Result
from dedup.schema import AGAINST, AGAINST_PASSAGES, rows_table
from dedup.sources import from_python

_SCORES = ("similarity", "jaccard", "containment")


def with_index(result: Result, batches: Iterable[pa.RecordBatch], index: Index) -> Result:
    """Return a result with what an index says of its documents, read again in ``batches``.

    It has two more tables, ``against`` and ``against_passages``, and ``against`` in the summary.
    """
    asked, corpus = _Asked(index, result.config), result.corpus
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
    summary = {**counts, "passages": len(asked.passages)}
    return replace(
        result,
        tables={**result.tables, **tables},
        summary={**result.summary, "against": summary},
    )


@dataclass(slots=True)
class _Asked:
    """What an index says of documents, some at a time."""

    index: Index
    config: Config
    rows: list[dict[str, Any]] = field(default_factory=list)
    passages: list[dict[str, Any]] = field(default_factory=list)
    told: Counter[str] = field(default_factory=Counter)
    _origins: list[int] = field(default_factory=list)  # of each row the document, as it was read
    _stretches: list[int] = field(default_factory=list)  # of each passage
    _read: int = 0

    def take(self, batch: pa.RecordBatch) -> None:
        """Ask for the documents of a batch."""
        names = batch.column("doc_id").to_pylist()
        for row, verdict in enumerate(self.index.check_many([batch])):
            self.told[verdict.verdict] += 1
            if verdict.verdict == "new":
                continue
            name = names[row]
            metadata = {each: getattr(verdict, each) for each in AGAINST.names if each != "doc_id"}
            self.rows.append({"doc_id": name, **metadata})
            self._origins.append(self._read + row)
            other = _other(name, verdict)
            if other is not None and self._has_passages():
                text = batch.column("text")[row].as_py()
                self.passages += self._passages(name, text, other)
                more = len(self.passages) - len(self._stretches)
                self._stretches += [self._read + row] * more
        self._read += len(batch)

    def rename(self, names: dict[int, str]) -> None:
        """Call documents by their unique ids, given in the order of reading."""
        for row, origin in zip(self.rows, self._origins, strict=True):
            row["doc_id"] = names[origin]
        for passage, origin in zip(self.passages, self._stretches, strict=True):
            passage["a"] = names[origin]

    def _has_passages(self) -> bool:
        return self.index.settings.store_text and "passages" in self.config.find

    def _passages(self, name: str, text: str, other: str) -> Iterator[dict[str, Any]]:
        """Yield the passages that a document shares with an article of the index."""
        article = self.index.get(other)
        if article is None or article.text is None:
            return
        pair = from_python([{"id": "a", "text": text}, {"id": "b", "text": article.text}])
        config = replace(self.config, find=("passages",))
        for each in compare_corpus(pair, config).tables["passages"].to_pylist():
            yield {**each, "a": name, "b": other}


def _other(name: str, verdict: Verdict) -> str | None:
    """Return the article of the index that a document is to be compared with."""
    if verdict.verdict == "updated":
        return name
    return verdict.duplicate_of if verdict.verdict == "duplicate" else None
