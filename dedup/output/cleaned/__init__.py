"""The cleaned folder: articles without repeats and boilerplate, and the way back.

``articles/`` (whole files) or ``articles.jsonl`` / ``articles.parquet`` (rows) hold the cleaned
texts, ``provenance.jsonl`` one object per document of the corpus, whether it was written or not,
and ``manifest.json`` the counts and hashes of these.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from dedup.core.arrays import Int64
from dedup.core.files import Staging, StrPath, json_bytes, staged
from dedup.core.hashing import sha256
from dedup.errors import ConfigError
from dedup.output.cleaned.folders import Folders, making_folders
from dedup.output.cleaned.manifest import MANIFEST, Earlier, Manifest
from dedup.output.cleaned.names import Names
from dedup.output.cleaned.provenance import (
    ARTICLES,
    CSV_FILE,
    PROVENANCE,
    ROW_FILES,
    Known,
    json_line,
)
from dedup.output.cleaned.restoring import original_of, restore_directory
from dedup.output.cleaned.rows import JsonRows, RowFile, TableRows
from dedup.output.csv_files import csv_of_lines
from dedup.output.places import check_output
from dedup.result import Result
from dedup.schema import Corpus
from dedup.sources.options import no_row

__all__ = ["ARTICLES", "check_rows", "original_of", "restore_directory", "write_cleaned"]

FORMATS = ("auto", "jsonl", "parquet", "csv")
_READ_AT_ONCE = 1_000


@dataclass(slots=True)
class _Writer:
    """The files of one call of ``write_cleaned``, and what was counted."""

    folder: Path
    staging: Staging
    rows_name: str
    row_file: RowFile
    folders: Folders
    as_rows: bool
    annotate: bool
    as_csv: bool
    names: Names = field(default_factory=Names)
    hashes: dict[str, str] = field(default_factory=dict)
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
            path = self.folder / entry["file"]
            self.folders.make(path.parent)
            self.staging.write(path, data)
            self.hashes[entry["file"]] = sha256(data)
            self.files += 1
        else:
            self.rows += 1
            entry["file"], entry["row"] = self.rows_name, self.rows
            entry["columns"] = self.row_file.add(source, document, clean)

    def counts(self) -> dict[str, Any]:
        """Return what was counted."""
        return {
            "documents": self.documents,
            "written": self.files + self.rows,
            "files": self.files,
            "rows": self.rows,
            "removed_characters": self.removed_characters,
        }

    def finish(self) -> None:
        """Write what was held back, and the manifest."""
        self.row_file.close()
        listed = [PROVENANCE, self.rows_name] if self.rows else [PROVENANCE]
        if self.rows and self.as_csv:
            lines = self.staging.hidden(self.folder / self.rows_name)
            with self.staging.whole(self.folder / CSV_FILE) as file:
                csv_of_lines(file, lines)
            listed.append(CSV_FILE)
        hashes = {name: self.staging.sha256(self.folder / name) for name in listed}
        manifest = Manifest(self.documents, self.files, self.rows, hashes, self.annotate)
        data = json_bytes(manifest.as_dict(), pretty=True)
        self.staging.write(self.folder / MANIFEST, data)
        self.hashes |= {**hashes, MANIFEST: sha256(data)}


def write_cleaned(
    result: Result,
    directory: StrPath,
    *,
    everything: bool = False,
    annotate: bool = False,
    format: str = "auto",
    inputs: Sequence[str] = (),
) -> dict[str, Any]:
    """Write the cleaned text of each kept document, with ``everything`` of all; return counts.

    ``auto`` writes what was read as a whole file as a file of its own and rows as JSON lines;
    ``jsonl`` and ``parquet`` write all of them as rows, ``csv`` as JSON lines and, for a
    spreadsheet, as CSV. ``annotate`` writes all rows with the text
    they had and what was found of them. The same result gives the same bytes. Files of an earlier
    run that are not written again are removed; what an earlier run did not write, or what was
    changed since, is not replaced. Raises ``OutputError``.
    """
    if format not in FORMATS:
        raise ConfigError("format", format, " or ".join(FORMATS))
    if annotate:
        check_rows(result.corpus)
    folder = Path(directory)
    check_output(directory, inputs, folders=[ARTICLES])
    earlier = Earlier.of(folder)
    rows_name = ROW_FILES[format == "parquet"]
    with making_folders(folder) as folders, staged(folder) as staging, ExitStack() as stack:
        run = _Run(result, everything or annotate, annotate)
        file = run.row_file(staging, folder / rows_name, stack)
        is_csv = format == "csv"
        writer = _Writer(
            folder, staging, rows_name, file, folders, format != "auto", annotate, is_csv
        )
        review = run.write(writer)
        earlier.check(writer.hashes)
    earlier.remove_stale(writer.hashes)
    return writer.counts() | {"review": review}


def check_rows(corpus: Corpus) -> None:
    """Raise ``ConfigError`` where a document was no row, so that there is nothing to annotate."""
    paths, records = corpus.table["path"], corpus.table["record"]
    whole = paths.filter(pc.and_(pc.is_valid(paths), pc.is_null(records)))
    if len(whole):
        raise no_row(whole[0].as_py())


@dataclass(frozen=True, slots=True)
class _Run:
    """What one call writes: a result, all of its documents or those kept, cut or as they were."""

    result: Result
    everything: bool
    annotate: bool

    def row_file(self, staging: Staging, path: Path, stack: ExitStack) -> RowFile:
        """Return what takes the rows; nothing is opened before the first one."""

        def opened() -> BinaryIO:
            return staging.open(path)

        if path.name != ROW_FILES[True]:
            return JsonRows(opened)
        rows = self._rows()[self._written().to_numpy(zero_copy_only=False)]
        return TableRows.of(self.result.corpus, rows, opened, stack)

    def write(self, writer: _Writer) -> int:
        """Write articles and provenance under temporary names; return how many ask for a look."""
        provenance = writer.staging.open(writer.folder / PROVENANCE)
        known = Known.of(self.result)
        if self.annotate:
            known = replace(known, removals={})
        review = 0
        for document, source, row in self._documents():
            entry, clean = known.entry(document, source, row)
            if document["kept"] or self.everything:
                writer.write(entry, document, source, clean)
            writer.documents += 1
            review += entry["review"]
            provenance.write(json_line(entry))
        writer.finish()
        return review

    def _written(self) -> pa.Array:
        kept = self.result.tables["documents"]["kept"].combine_chunks()
        return pc.or_(kept, self.everything)

    def _rows(self) -> Int64:
        """Return the row of the corpus of each document."""
        ids = self.result.corpus.table["doc_id"].combine_chunks()
        rows = pc.index_in(self.result.tables["documents"]["doc_id"], value_set=ids)
        found: Int64 = rows.to_numpy().astype(np.int64)
        return found

    def _documents(self) -> Iterator[tuple[dict[str, Any], dict[str, Any], int]]:
        """Yield each document as found, as read, and the row of the latter."""
        rows, corpus = self._rows(), self.result.corpus.table.combine_chunks()
        for low in range(0, len(rows), _READ_AT_ONCE):
            some = rows[low : low + _READ_AT_ONCE]
            found = self.result.tables["documents"].slice(low, len(some)).to_pylist()
            read = corpus.take(pa.array(some)).to_pylist()
            yield from zip(found, read, some.tolist(), strict=True)
