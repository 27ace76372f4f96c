"""``provenance.jsonl``: the record of each document of a cleaned folder, written and read."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Container, Iterator, Mapping
from pathlib import Path
from typing import Any

from dedup.core.files import StrPath
from dedup.errors import InputError
from dedup.output.cleaned.names import is_original_name
from dedup.sources import is_encoding

PROVENANCE = "provenance.jsonl"
ARTICLES = "articles"
CSV_FILE = f"{ARTICLES}.csv"  # for a spreadsheet, beside the rows; nothing is restored from it
ROW_FILES = (f"{ARTICLES}.jsonl", f"{ARTICLES}.parquet")


def json_line(value: Any) -> bytes:
    r"""Return a value as one line of JSON; NaN and integers of any size pass.

    Dates are written in ISO form, what JSON lacks otherwise as Python shows it.

    >>> json_line([2**70, float("nan"), "é"]).decode()
    '[1180591620717411303424,NaN,"é"]\n'
    """
    try:
        text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=_plain)
        return f"{text}\n".encode()
    except UnicodeEncodeError:  # half of a surrogate pair in a column of the input
        return f"{json.dumps(value, separators=(',', ':'), default=_plain)}\n".encode()


def _plain(value: Any) -> str:
    return str(value.isoformat()) if hasattr(value, "isoformat") else str(value)


def read_provenance(directory: StrPath) -> Iterator[dict[str, Any]]:
    """Yield the entries of a cleaned folder; raise ``InputError`` at the first that is broken."""
    path = Path(directory, PROVENANCE)
    try:
        with path.open("rb") as file:
            for number, line in enumerate(file, start=1):
                yield _checked_entry(line, str(path), number)
    except OSError as error:
        why = error.strerror or str(error)
        raise InputError(
            f"cannot read ({why}); is this a folder of `dedup clean`?", path=str(path)
        ) from error


def _checked_entry(line: bytes, path: str, number: int) -> dict[str, Any]:
    try:
        entry = json.loads(line)
    except (ValueError, RecursionError):
        entry = None
    if not isinstance(entry, dict) or check_entry(entry):
        raise InputError("not an entry of a cleaned folder", path=path, line=number)
    for name in ("file", "name", "columns", "raw"):
        entry.setdefault(name, None)
    file, columns = entry["file"], entry["columns"]
    if file is not None and file not in ROW_FILES and not is_file_name(file):
        raise InputError(f"names a file outside {ARTICLES}/: {file!r}", path=path, line=number)
    if is_file_name(file) and not is_original_name(entry["name"]):
        what = f"names a path outside the folder of restored files: {entry['name']!r}"
        raise InputError(what, path=path, line=number)
    if columns is not None and not _are_columns(columns):
        raise InputError("columns are not as dedup wrote them", path=path, line=number)
    return entry


def check_entry(entry: Mapping[str, Any]) -> str | None:
    """Return the name of the first fact that restoring needs and that has no usable value."""
    usable = {
        "doc_id": isinstance(entry.get("doc_id"), str),
        "encoding": isinstance(entry.get("encoding"), str) and is_encoding(entry["encoding"]),
        "sha256": isinstance(entry.get("sha256"), str),
        "ops": isinstance(entry.get("ops"), list | tuple),
        "raw": isinstance(entry.get("raw"), str | None),
    }
    return next((name for name, good in usable.items() if not good), None)


def _are_columns(columns: object) -> bool:
    return isinstance(columns, dict) and all(
        isinstance(columns.get(name), str) for name in ("text", "dedup", "input")
    )


def free_name(name: str, taken: Container[str]) -> str:
    """Return ``name``, with underscores behind as long as a column has that name.

    >>> free_name("text", {"text", "text_"})
    'text__'
    """
    while name in taken:
        name += "_"
    return name


def is_file_name(file: object) -> bool:
    """Tell whether ``file`` is a path in the folder of articles, and no way out of it."""
    if not isinstance(file, str) or not file.startswith(f"{ARTICLES}/"):
        return False
    parts = file.removeprefix(f"{ARTICLES}/").split("/")
    return all(part not in ("", ".", "..") and not set(part) & set("\\\0:") for part in parts)


def raw_bytes(entry: Mapping[str, Any]) -> bytes | None:
    """Return the original bytes that an entry carries, if any."""
    raw = entry.get("raw")
    if raw is None:
        return None
    try:
        return base64.b64decode(raw, validate=True)
    except (binascii.Error, TypeError, ValueError):
        raise InputError(f"article {entry['doc_id']}: raw is not base64") from None
