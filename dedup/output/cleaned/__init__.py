"""The cleaned folder: articles without repeats and boilerplate, and the way back.

``articles/`` (whole files) or ``articles.jsonl`` / ``articles.parquet`` (rows) hold the cleaned
texts, ``provenance.jsonl`` one object per document of the corpus, whether it was written or not,
and ``manifest.json`` the counts and hashes of these. All come in order of id, and some documents
are in memory at a time (``Cleaning``).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import pyarrow.compute as pc

from dedup.core.arrays import Bool, offsets_of, runs_of_rows
from dedup.core.files import Staging, StrPath, json_bytes, staged
from dedup.core.hashing import sha256
from dedup.errors import ConfigError
from dedup.output.cleaned.folders import Folders, making_folders
from dedup.output.cleaned.known import Known
from dedup.output.cleaned.layout import Layout, Misfit
from dedup.output.cleaned.manifest import MANIFEST, Earlier, Manifest
from dedup.output.cleaned.names import Names
from dedup.output.cleaned.originals import Held, Originals, Reread, Some
from dedup.output.cleaned.provenance import (
    ARTICLES,
    CSV_FILE,
    PROVENANCE,
    ROW_FILES,
    json_line,
)
from dedup.output.cleaned.restoring import original_of, restore_directory
from dedup.output.cleaned.row_files import Chosen, JsonFile, RowFile, TableFile, lay_out
from dedup.output.csv_files import csv_of_lines
from dedup.output.places import check_output
from dedup.result import Result
from dedup.schema import Corpus
from dedup.sources.options import no_row

__all__ = [
    "ARTICLES",
    "Cleaning",
    "Reread",
    "original_of",
    "restore_directory",
    "write_cleaned",
]

FORMATS = ("auto", "jsonl", "parquet", "csv")
_RUN_BYTES = 8 << 20  # of documents that are in memory at a time, with what is said of them …
_DOCUMENT_BYTES = _RUN_BYTES // 1_000  # … of which none counts less than this …
_FACT_BYTES = 400  # … and each passage, relation, removal or tag about this


@dataclass(slots=True)
class _Writer:
    """The files of one call of ``write_cleaned``, and what was counted."""

    folder: Path
    staging: Staging
    rows_name: str
    row_file: RowFile
    folders: Folders
    format: str
    annotate: bool
    names: Names = field(default_factory=Names)
    hashes: dict[str, str] = field(default_factory=dict)
    documents: int = 0
    files: int = 0
    rows: int = 0
    removed_characters: int = 0

    def write(self, some: Some, cleaned: list[Cleaned]) -> None:
        """Write those of some documents that are to be written, and say in their entries where."""
        chosen = Chosen([], [], [], [])
        for place, each in enumerate(cleaned):
            source = each.source
            self.documents += 1
            if not each.is_written:
                continue
            self.removed_characters += len(source["text"] or "") - len(each.text)
            whole = source["line"] is None and source["record"] is None
            if whole and source["path"] is not None and self.format == "auto":
                self._write_file(each)
                continue
            chosen.places.append(place)
            chosen.documents.append(each.document)
            chosen.sources.append(source)
            chosen.texts.append(each.text)
        columns = self.row_file.add(some, chosen)
        for place, names in zip(chosen.places, columns, strict=True):
            entry = cleaned[place].entry
            self.rows += 1
            entry["file"], entry["row"], entry["columns"] = self.rows_name, self.rows, names

    def _write_file(self, cleaned: Cleaned) -> None:
        entry, source = cleaned.entry, cleaned.source
        name, entry["name"] = self.names.give(source["doc_id"], source["path"])
        entry["file"] = f"{ARTICLES}/{name}"
        data = cleaned.text.encode()
        path = self.folder / entry["file"]
        self.folders.make(path.parent)
        self.staging.write(path, data)
        self.hashes[entry["file"]] = sha256(data)
        self.files += 1

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
        if self.rows and self.format == "csv":
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

    The result holds its documents with all they were read with; others are cleaned by ``Cleaning``,
    whose ``write`` this is. ``annotate`` writes all rows with the text they had and what was found
    of them.
    """
    if annotate:
        _check_rows(result.corpus)
    cleaning = Cleaning(result, Held(result), everything=everything, annotate=annotate)
    return cleaning.write(directory, format=format, inputs=inputs)


def _check_rows(corpus: Corpus) -> None:
    """Raise ``ConfigError`` where a document was no row, so that there is nothing to annotate."""
    paths, records = corpus.table["path"], corpus.table["record"]
    whole = paths.filter(pc.and_(pc.is_valid(paths), pc.is_null(records)))
    if len(whole):
        raise no_row(whole[0].as_py())


@dataclass(frozen=True, slots=True)
class Cleaned:
    """One document: as found, as read, its provenance, and its text as it is written."""

    document: dict[str, Any]
    source: dict[str, Any]
    entry: dict[str, Any]
    text: str
    is_written: bool


class Cleaning:
    """The documents of a result, cleaned: those kept, with ``everything`` all of them.

    With ``annotate`` all are as they were read. ``told`` is told the number of documents that were
    written since its last call.
    """

    def __init__(
        self,
        result: Result,
        originals: Originals,
        *,
        everything: bool = False,
        annotate: bool = False,
        told: Callable[[int], object] | None = None,
    ) -> None:
        self._result, self._originals = result, originals
        self._everything, self._annotate = everything or annotate, annotate
        self._told = told or (lambda count: None)
        self._known = Known.of(result, annotate=annotate)
        weights = np.maximum(originals.sizes(), _DOCUMENT_BYTES)
        self._offsets = offsets_of(weights + self._known.counts() * _FACT_BYTES)

    def write(
        self, directory: StrPath, *, format: str = "auto", inputs: Sequence[str] = ()
    ) -> dict[str, Any]:
        """Write the folder; return counts.

        ``auto`` writes what was read as a whole file as a file of its own and rows as JSON lines;
        ``jsonl`` and ``parquet`` write all of them as rows, ``csv`` as JSON lines and, for a
        spreadsheet, as CSV. The same documents give the same bytes. Files of an earlier run that
        are not written again are removed; what an earlier run did not write, or what was changed
        since, is not replaced. Raises ``OutputError``.
        """
        if format not in FORMATS:
            raise ConfigError("format", format, " or ".join(FORMATS))
        folder = Path(directory)
        check_output(directory, inputs, folders=[ARTICLES])
        earlier = Earlier.of(folder)
        layout = self._layout() if format == "parquet" else None
        while True:
            try:
                writer, review = self._write(folder, format, layout, earlier)
                break
            except Misfit:  # a column has to become JSON text after all
                pass
        earlier.remove_stale(writer.hashes)
        return writer.counts() | {"review": review}

    def some(self) -> Iterator[tuple[Some, list[Cleaned]]]:
        """Yield some documents at a time, in order of id: as they were read, and cleaned."""
        documents = self._result.tables["documents"]
        for low, high in self._runs():
            some, said = self._originals.take(low, high), self._known.of_some(low, high)
            found = documents.slice(low, high - low).to_pylist()
            cleaned = []
            each = zip(found, some.documents.to_pylist(), strict=True)
            for place, (document, source) in enumerate(each):
                entry, text = said.entry(place, document, source)
                is_written = self._everything or document["kept"]
                cleaned.append(Cleaned(document, source, entry, text, is_written))
            yield some, cleaned

    def _runs(self) -> Iterator[tuple[int, int]]:
        return runs_of_rows(self._offsets, _RUN_BYTES)

    def _layout(self) -> Layout:
        layout = Layout()
        kept = self._result.tables["documents"]["kept"].to_numpy()
        written: Bool = kept.astype(np.bool_) | self._everything
        lay_out(layout, self._originals, written, self._runs())
        return layout

    def _write(
        self, folder: Path, format: str, layout: Layout | None, earlier: Earlier
    ) -> tuple[_Writer, int]:
        """Write everything under temporary names, and then under its own."""
        name = ROW_FILES[layout is not None]
        with making_folders(folder) as folders, staged(folder) as staging, ExitStack() as stack:

            def opened() -> BinaryIO:
                return staging.open(folder / name)

            file: RowFile = JsonFile(opened)
            if layout is not None:
                layout.settle()
                file = TableFile(opened, stack, layout)
            writer = _Writer(folder, staging, name, file, folders, format, self._annotate)
            provenance, review = staging.open(folder / PROVENANCE), 0
            for some, cleaned in self.some():
                writer.write(some, cleaned)
                for each in cleaned:
                    review += each.entry["review"]
                    provenance.write(json_line(each.entry))
                self._told(len(cleaned))
            writer.finish()
            earlier.check(writer.hashes)
        return writer, review
