"""The cleaned folder: articles without their repeats and furniture, and the way back.

``articles/`` (whole files) or ``articles.jsonl`` / ``articles.parquet`` (rows) hold the cleaned
texts, ``provenance.jsonl`` one object per document of the corpus, whether it was written or not.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

import pyarrow as pa
import pyarrow.parquet as pq

from dedup.archive.provenance import (
    ARTICLES,
    PROVENANCE,
    ROW_FILES,
    Known,
    is_file_name,
    json_line,
    plain_json,
    raw_bytes,
    read_provenance,
)
from dedup.cleaning import restore_text
from dedup.errors import ConfigError, InputError, OutputError
from dedup.hashing import sha256
from dedup.records import Result
from dedup.sinks import Staging, StrPath, check_output, safe_name, staged
from dedup.sources import original_bytes

FORMATS = ("auto", "jsonl", "parquet")
RESTORED = "restored.jsonl"


@dataclass(slots=True)
class _Writer:
    """The files of one call of ``write_cleaned``, and what was counted."""

    folder: Path
    staging: Staging
    rows_name: str
    as_rows: bool
    taken: set[str] = field(default_factory=set)
    names: set[str] = field(default_factory=set)
    lines: BinaryIO | None = None
    table: list[dict[str, Any]] = field(default_factory=list)
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
            entry["file"] = f"{ARTICLES}/{safe_name(source['doc_id'], self.taken)}"
            self.staging.write(self.folder / entry["file"], clean.encode())
            self.files += 1
        else:
            self.rows += 1
            entry["file"], entry["row"] = self.rows_name, self.rows
            article, entry["columns"] = _article(source, document, clean)
            self._write_row(article)
        self.names.add(entry["file"])

    def _write_row(self, article: dict[str, Any]) -> None:
        if self.rows_name.endswith(".parquet"):
            self.table.append(article)
            return
        if self.lines is None:
            self.lines = self.staging.open(self.folder / self.rows_name)
        self.lines.write(json_line(article))

    def finish(self) -> None:
        """Write what was held back until all rows were known."""
        if self.table:
            pq.write_table(_columns(self.table), self.staging.open(self.folder / self.rows_name))


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
    Files of an earlier run that are not written again are removed. Raises ``OutputError``.
    """
    if format not in FORMATS:
        raise ConfigError("format", format, " or ".join(FORMATS))
    folder = Path(directory)
    check_output(folder, inputs)
    earlier = _earlier_files(folder)
    _make(folder / ARTICLES)
    rows_name = ROW_FILES[format == "parquet"]
    try:
        with staged(folder) as staging:
            writer = _Writer(folder, staging, rows_name, format != "auto")
            review = _write_documents(result, writer, everything)
        for name in sorted(earlier - writer.names):
            (folder / name).unlink(missing_ok=True)
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
    """Return one cleaned row, and the names of the columns of the text and of what was found."""
    if source["record"] is None:
        article = {name: source[name] for name in ("doc_id", "text", "site", "date")}
        columns = {"text": "text", "dedup": "dedup"}
    else:
        article = json.loads(source["record"])
        columns = {name: _free(name, article) for name in ("text", "dedup")}
    names = ("doc_id", "cluster", "canonical", "kept", "relation", "duplicate_of")
    article[columns["text"]] = clean
    article[columns["dedup"]] = {name: document[name] for name in names}
    return article, columns


def _free(name: str, article: dict[str, Any]) -> str:
    """Return ``name``, with underscores behind where the row has a column of that name."""
    while name in article:
        name += "_"
    return name


def _columns(rows: list[dict[str, Any]]) -> pa.Table:
    """Lay rows of JSON values out as columns; a column of mixed kinds holds them as JSON text."""
    names = list(dict.fromkeys(name for row in rows for name in row))
    columns = []
    for name in names:
        values = [row.get(name) for row in rows]
        try:
            columns.append(pa.array(values))
        except (pa.ArrowInvalid, pa.ArrowTypeError, OverflowError):
            columns.append(
                pa.array([None if each is None else plain_json(each) for each in values])
            )
    return pa.Table.from_arrays(columns, names=names)


def _earlier_files(folder: Path) -> set[str]:
    """Return the article files that the provenance of an earlier run names."""
    try:
        return {each["file"] for each in read_provenance(folder) if each["file"] is not None}
    except InputError:
        return set()


def restore_directory(directory: StrPath, out_dir: StrPath) -> dict[str, Any]:
    """Rebuild every article that was written, byte for byte, and check it; return counts.

    Whole files come back under their names, rows as ``restored.jsonl``. Nothing is written unless
    every article passes. Raises ``InputError`` for an article that was changed after cleaning and
    ``OutputError`` for one that does not come out as the original.
    """
    folder, out = Path(directory), Path(out_dir)
    check_output(out, [str(folder)])
    entries = read_provenance(folder)
    first = next(entries, None)
    _make(out)
    with staged(out) as staging:
        return _restore(folder, out, staging, [] if first is None else _chained(first, entries))


def _chained(first: dict[str, Any], others: Iterator[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    yield first
    yield from others


def _restore(
    folder: Path, out: Path, staging: Staging, entries: Iterator[dict[str, Any]] | list[Any]
) -> dict[str, Any]:
    counts = {"documents": 0, "restored": 0, "files": 0, "rows": 0}
    rows: Iterator[dict[str, Any]] | None = None
    file = None
    for entry in entries:
        counts["documents"] += 1
        if entry["file"] is None:
            continue
        counts["restored"] += 1
        if is_file_name(entry["file"]):
            counts["files"] += 1
            _, original = _original(entry, _cleaned_file(folder, entry))
            staging.write(out / Path(entry["file"]).name, original)
        else:
            counts["rows"] += 1
            if rows is None or file is None:
                rows, file = _cleaned_rows(folder / entry["file"]), staging.open(out / RESTORED)
            file.write(json_line(_restored_row(entry, next(rows, None))))
    return counts


def _cleaned_file(folder: Path, entry: dict[str, Any]) -> str:
    path = folder / entry["file"]
    try:
        text: str = path.read_bytes().decode()
        return text
    except OSError as error:
        why = error.strerror or str(error)
        raise InputError(
            f"article {entry['doc_id']}: cannot read ({why})", path=str(path)
        ) from error
    except UnicodeDecodeError:
        raise _changed(entry) from None


def _cleaned_rows(path: Path) -> Iterator[dict[str, Any]]:
    """Yield the rows of the cleaned articles."""
    try:
        if path.suffix == ".parquet":
            for batch in pq.ParquetFile(path).iter_batches(1024):
                yield from batch.to_pylist()
        else:
            with path.open("rb") as file:
                for line in file:
                    yield json.loads(line)
    except (OSError, pa.ArrowException, ValueError, RecursionError) as error:
        raise InputError(f"cannot read the cleaned articles ({error})", path=str(path)) from error


def _restored_row(entry: dict[str, Any], article: dict[str, Any] | None) -> dict[str, Any]:
    """Return the row an article was read from, with its text as it was."""
    columns = entry.get("columns")
    columns = columns if isinstance(columns, dict) else {}
    facts = None if article is None else article.get(columns.get("dedup", ""))
    if isinstance(facts, str):  # a Parquet column in which the input had something else
        with suppress(ValueError):
            facts = json.loads(facts)
    if article is None or not isinstance(facts, dict) or facts.get("doc_id") != entry["doc_id"]:
        raise InputError(f"article {entry['doc_id']}: its row is missing or out of place")
    text, _ = _original(entry, article.get(columns.get("text", "")))
    row = {"doc_id": entry["doc_id"], **article, columns["text"]: text}
    del row[columns["dedup"]]
    if entry.get("raw") is not None:
        row["raw"] = entry["raw"]
    return row


def _original(entry: dict[str, Any], clean: str | None) -> tuple[str, bytes]:
    """Return the original of one article as text and as bytes, both checked."""
    if not isinstance(clean, str) or sha256(clean.encode()) != entry.get("clean_sha256"):
        raise _changed(entry)
    return original_of(entry, clean)


def original_of(entry: dict[str, Any], clean: str) -> tuple[str, bytes]:
    """Return the original of one entry as text and as bytes.

    Raises ``OutputError`` when what comes out is not what the entry says it was.
    """
    try:
        text = restore_text(clean, entry["ops"])
        original = original_bytes(text, entry["encoding"], raw_bytes(entry))
    except (OutputError, LookupError, UnicodeError) as error:
        raise OutputError(f"article {entry['doc_id']}: {error}") from error
    if sha256(original) != entry["sha256"]:
        raise OutputError(f"article {entry['doc_id']}: what comes out is not the original")
    return text, original


def _changed(entry: dict[str, Any]) -> InputError:
    return InputError(
        f"article {entry['doc_id']}: {entry['file']} was changed after cleaning; "
        "only what dedup wrote can be restored"
    )
