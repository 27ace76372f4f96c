"""The cleaned folder: articles without their repeats and furniture, and the way back.

``articles/`` (whole files) or ``articles.jsonl`` / ``articles.parquet`` (rows) hold the cleaned
texts, ``provenance.jsonl`` one object per document of the corpus, whether it was written or not,
and ``manifest.json`` the counts and hashes of these.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

import pyarrow as pa
import pyarrow.parquet as pq

from dedup.archive.manifest import MANIFEST, Earlier, Manifest
from dedup.archive.names import Names
from dedup.archive.provenance import (
    ARTICLES,
    PROVENANCE,
    ROW_FILES,
    Known,
    free_name,
    json_line,
)
from dedup.archive.restoring import original_of, restore_directory
from dedup.errors import ConfigError, OutputError
from dedup.hashing import sha256
from dedup.records import Result
from dedup.sinks import Staging, StrPath, check_output, json_bytes, staged

__all__ = ["ARTICLES", "original_of", "restore_directory", "write_cleaned"]

FORMATS = ("auto", "jsonl", "parquet")


@dataclass(slots=True)
class _Writer:
    """The files of one call of ``write_cleaned``, and what was counted."""

    folder: Path
    staging: Staging
    rows_name: str
    as_rows: bool
    names: Names = field(default_factory=Names)
    hashes: dict[str, str] = field(default_factory=dict)
    lines: BinaryIO | None = None
    table: list[dict[str, Any]] = field(default_factory=list)
    documents: int = 0
    files: int = 0
    rows: int = 0
    removed_characters: int = 0

    def write(
        self, entry: dict[str, Any], document: dict[str, Any], source: dict[str, Any], clean: str
    ) -> None:
        """Write one cleaned article and say in its entry where."""
        whole = source["path"] is not None and source["line"] is None and source["record"] is None
        self.removed_characters += len(source["text"] or "") - len(clean)
        if whole and not self.as_rows:
            name, entry["name"] = self.names.give(source["doc_id"], source["path"])
            entry["file"] = f"{ARTICLES}/{name}"
            data = clean.encode()
            self.staging.write(self.folder / entry["file"], data)
            self.hashes[entry["file"]] = sha256(data)
            self.files += 1
        else:
            self.rows += 1
            entry["file"], entry["row"] = self.rows_name, self.rows
            article, entry["columns"] = _article(source, document, clean)
            self._write_row(article)

    def _write_row(self, article: dict[str, Any]) -> None:
        if self.rows_name.endswith(".parquet"):
            self.table.append(article)
            return
        if self.lines is None:
            self.lines = self.staging.open(self.folder / self.rows_name)
        self.lines.write(json_line(article))

    def finish(self) -> None:
        """Write what was held back until all rows were known, and the manifest."""
        if self.table:
            pq.write_table(_columns(self.table), self.staging.open(self.folder / self.rows_name))
        listed = (PROVENANCE, self.rows_name) if self.rows else (PROVENANCE,)
        hashes = {name: self.staging.sha256(self.folder / name) for name in listed}
        manifest = Manifest(self.documents, self.files, self.rows, hashes)
        data = json_bytes(manifest.as_dict(), pretty=True)
        self.staging.write(self.folder / MANIFEST, data)
        self.hashes |= {**hashes, MANIFEST: sha256(data)}


def write_cleaned(
    result: Result,
    directory: StrPath,
    *,
    everything: bool = False,
    format: str = "auto",
    inputs: Sequence[str] = (),
) -> dict[str, Any]:
    """Write the cleaned text of each kept document, with ``everything`` of all; return counts.

    ``auto`` writes what was read as a whole file as a file of its own and rows as JSON lines;
    ``jsonl`` and ``parquet`` write all of them as rows. The same result gives the same bytes.
    Files of an earlier run that are not written again are removed; what an earlier run did not
    write, or what was changed since, is not replaced. Raises ``OutputError``.
    """
    if format not in FORMATS:
        raise ConfigError("format", format, " or ".join(FORMATS))
    folder = Path(directory)
    check_output(directory, inputs, folders=[ARTICLES])
    earlier = Earlier.of(folder)
    _make(folder / ARTICLES)
    rows_name = ROW_FILES[format == "parquet"]
    try:
        with staged(folder) as staging:
            writer = _Writer(folder, staging, rows_name, format != "auto")
            review = _write_documents(result, writer, everything)
            earlier.check(writer.hashes)
        earlier.remove_stale(writer.hashes)
    finally:
        with suppress(OSError):  # only an empty one can be removed
            (folder / ARTICLES).rmdir()
    return {
        "documents": len(result.tables["documents"]),
        "written": writer.files + writer.rows,
        "files": writer.files,
        "rows": writer.rows,
        "removed_characters": writer.removed_characters,
        "review": review,
    }


def _write_documents(result: Result, writer: _Writer, everything: bool) -> int:
    """Write articles and provenance under temporary names; return how many ask for a look."""
    corpus = result.corpus.table
    row_of = {doc_id: row for row, doc_id in enumerate(corpus["doc_id"].to_pylist())}
    provenance = writer.staging.open(writer.folder / PROVENANCE)
    known = Known.of(result)
    review = 0
    for document in result.tables["documents"].to_pylist():
        row = row_of[document["doc_id"]]
        source = {name: corpus[name][row].as_py() for name in corpus.column_names}
        entry, clean = known.entry(document, source, row)
        if document["kept"] or everything:
            writer.write(entry, document, source, clean)
        writer.documents += 1
        review += entry["review"]
        provenance.write(json_line(entry))
    writer.finish()
    return review


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"{folder}: cannot be made ({error.strerror or error})") from error


def _article(
    source: dict[str, Any], document: dict[str, Any], clean: str
) -> tuple[dict[str, Any], dict[str, str]]:
    """Return one cleaned row, and the names of its columns.

    They are those of the cleaned text, of what was found, and of the text in the input.
    """
    if source["record"] is None:
        given, values = "text", {name: source[name] for name in ("doc_id", "text", "site", "date")}
    else:
        given, values = json.loads(source["record"])
    others = {name for name in values if name != given}
    columns = {"text": free_name("text", others), "dedup": "", "input": given}
    columns["dedup"] = free_name("dedup", {*others, columns["text"]})
    article = {columns["text"] if name == given else name: values[name] for name in values}
    article[columns["text"]] = clean
    names = ("doc_id", "cluster", "canonical", "kept", "relation", "duplicate_of")
    article[columns["dedup"]] = {name: document[name] for name in names}
    return article, columns


def _columns(rows: list[dict[str, Any]]) -> pa.Table:
    """Lay rows of JSON values out as columns; a column of mixed kinds holds them as JSON text."""
    names = list(dict.fromkeys(name for row in rows for name in row))
    columns = []
    for name in names:
        values = [row.get(name) for row in rows]
        try:
            columns.append(pa.array(values))
        except (pa.ArrowInvalid, pa.ArrowTypeError, OverflowError, UnicodeEncodeError):
            texts = (None if each is None else json_line(each).decode().rstrip() for each in values)
            columns.append(pa.array(list(texts), pa.string()))
    return pa.Table.from_arrays(columns, names=names)
