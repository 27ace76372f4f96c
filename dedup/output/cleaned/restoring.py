"""A cleaned folder → the texts that were read, each checked."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

import pyarrow as pa
import pyarrow.parquet as pq

from dedup.cleaning.apply import restore_text
from dedup.core.files import Staging, StrPath, file_sha256, staged
from dedup.core.hashing import sha256
from dedup.errors import InputError, OutputError
from dedup.output.cleaned.folders import Folders, making_folders
from dedup.output.cleaned.manifest import Manifest
from dedup.output.cleaned.provenance import (
    ROW_FILES,
    check_entry,
    free_name,
    is_file_name,
    json_line,
    raw_bytes,
    read_provenance,
)
from dedup.output.places import check_output
from dedup.sources import original_bytes
from dedup.sources.tables import python_rows

RESTORED = "restored.jsonl"


def restore_directory(directory: StrPath, out_dir: StrPath) -> dict[str, Any]:
    """Bring back the text of every article that was written, and check it; return counts.

    Whole files come back under the path they had, byte for byte as they were read, rows as
    ``restored.jsonl`` with the columns they had. Nothing is written unless every article passes,
    and no other file is replaced. Raises ``InputError`` for a folder that was changed after
    cleaning and ``OutputError`` for a text that does not come out as the original.
    """
    folder, out = Path(directory), Path(out_dir)
    check_output(out, [str(folder)])
    manifest = Manifest.read(folder)
    manifest.check(folder)
    with making_folders(out) as folders, staged(out) as staging:
        return _Restorer(folder, out, staging, folders).run(manifest)


@dataclass(slots=True)
class _Restorer:
    """One restoring: the rows of the folder that are still to come, and what was counted."""

    folder: Path
    out: Path
    staging: Staging
    folders: Folders
    counts: Counter[str] = field(default_factory=Counter)
    names: set[str] = field(default_factory=set)
    rows: Iterator[Any] | None = None
    file: BinaryIO | None = None
    caseless: bool = False

    def run(self, manifest: Manifest) -> dict[str, Any]:
        """Restore all; return counts."""
        self.caseless = _is_caseless(self.out)
        for entry in read_provenance(self.folder):
            self.counts["documents"] += 1
            if is_file_name(entry["file"]):
                self._take_file(entry)
            elif entry["file"] is not None:
                self._take_row(entry, manifest)
        if self.rows is not None and next(self.rows, None) is not None:
            raise InputError("there are rows that the provenance does not know", path=self._where())
        counts = {name: self.counts[name] for name in ("documents", "files", "rows")}
        for name, count in counts.items():
            if getattr(manifest, name) != count:
                raise InputError(
                    f"the manifest says {getattr(manifest, name)} {name}, there are {count}",
                    path=self._where(),
                )
        if self.file is not None:
            self.file.flush()
            _check_free(self.out / RESTORED, self.staging.sha256(self.out / RESTORED))
        written = counts["files"] + counts["rows"]
        return {"documents": counts["documents"], "restored": written, **counts}

    def _where(self) -> str:
        return str(self.folder)

    def _take_file(self, entry: dict[str, Any]) -> None:
        _, original = _original(entry, _cleaned_file(self.folder, entry))
        name = entry["name"]
        key = name.casefold() if self.caseless else name
        if key in self.names:
            raise InputError(f"two articles are restored as {name}", path=self._where())
        self.names.add(key)
        self.counts["files"] += 1
        path = self.out / name
        self.folders.make(path.parent)
        _check_free(path, sha256(original))
        self.staging.write(path, original)

    def _take_row(self, entry: dict[str, Any], manifest: Manifest) -> None:
        if [entry["file"]] != [name for name in ROW_FILES if name in manifest.sha256]:
            raise InputError(f"the manifest does not list {entry['file']}", path=self._where())
        if self.rows is None or self.file is None:
            self.rows = _cleaned_rows(self.folder / entry["file"])
            self.names.add(RESTORED)
            self.file = self.staging.open(self.out / RESTORED)
        self.counts["rows"] += 1
        self.file.write(json_line(_restored_row(entry, next(self.rows, None))))


def _is_caseless(folder: Path) -> bool:
    """Tell whether names that differ in case only are one name where ``folder`` lies."""
    whole = folder.resolve()
    other = whole.with_name(whole.name.swapcase()) if whole.name else whole
    return other != whole and other.exists() and other.samefile(whole)


def _check_free(path: Path, new: str) -> None:
    """Raise ``OutputError`` if ``path`` holds something else than what is to be written."""
    if not (path.is_symlink() or path.exists()):
        return
    if path.is_symlink() or not path.is_file() or file_sha256(path) != new:
        raise OutputError(
            f"{path}: is there already with other content; remove it or choose another folder"
        )


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


def _cleaned_rows(path: Path) -> Iterator[Any]:
    """Yield the rows of the cleaned articles."""
    try:
        if path.suffix == ".parquet":
            with pq.ParquetFile(path) as file:
                for batch in file.iter_batches(1024):
                    yield from python_rows(batch)
        else:
            with path.open("rb") as lines:
                for line in lines:
                    yield json.loads(line)
    except (OSError, pa.ArrowException, ValueError, RecursionError) as error:
        raise InputError(f"cannot read the cleaned articles ({error})", path=str(path)) from error


def _restored_row(entry: dict[str, Any], article: Any) -> dict[str, Any]:
    """Return the row an article was read from: its columns, and its text as it was."""
    columns, misplaced = entry["columns"], _misplaced(entry)
    if columns is None or not isinstance(article, dict):
        raise misplaced
    metadata = article.get(columns["dedup"])
    if not isinstance(metadata, dict) or metadata.get("doc_id") != entry["doc_id"]:
        raise misplaced
    clean = article.get(columns["text"])
    text, _ = _original(entry, _decoded(clean) if isinstance(clean, bytes) else clean)
    row = {
        columns["input"] if name == columns["text"] else name: value
        for name, value in article.items()
        if name != columns["dedup"]
    }
    row[columns["input"]] = text
    if entry["raw"] is not None:
        row[free_name("raw", row)] = entry["raw"]
    return row


def _decoded(clean: bytes) -> str | None:
    try:
        return clean.decode()
    except UnicodeDecodeError:
        return None


def _misplaced(entry: dict[str, Any]) -> InputError:
    return InputError(f"article {entry['doc_id']}: its row is missing or out of place")


def _original(entry: dict[str, Any], clean: object) -> tuple[str, bytes]:
    """Return the original of one article as text and as bytes, both checked."""
    try:
        if not isinstance(clean, str) or sha256(clean.encode()) != entry.get("clean_sha256"):
            raise _changed(entry)
    except UnicodeEncodeError:
        raise _changed(entry) from None
    return original_of(entry, clean)


def original_of(entry: Mapping[str, Any], clean: object) -> tuple[str, bytes]:
    """Return the original of one entry as text and as bytes.

    Raises ``InputError`` for what cannot be an entry, and ``OutputError`` when what comes out is
    not what the entry says it was.
    """
    wrong = check_entry(entry)
    if wrong or not isinstance(clean, str):
        raise InputError(f"restore: the {wrong or 'clean'} of the entry is not as clean() made it")
    try:
        text = restore_text(clean, entry["ops"])
        original = original_bytes(text, entry["encoding"], raw_bytes(entry))
    except (OutputError, UnicodeError) as error:
        raise OutputError(f"article {entry['doc_id']}: {error}") from error
    if sha256(original) != entry["sha256"]:
        raise OutputError(f"article {entry['doc_id']}: what comes out is not the original")
    return text, original


def _changed(entry: dict[str, Any]) -> InputError:
    return InputError(
        f"article {entry['doc_id']}: {entry['file']} was changed after cleaning; "
        "only what dedup wrote can be restored"
    )
