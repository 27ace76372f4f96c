"""Paths as a command gets them to data frames: Parquet, JSON lines, folders of whole texts."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from pathlib import Path

import pyarrow as pa
from pyspark.sql import functions as F

from dedup.core.formats import kind_of
from dedup.errors import ConfigError, InputError
from dedup.sources.decoding import ENCODINGS, decode, is_binary
from dedup.sources.options import PROBE, Probe, ReadOptions, choose, columns_seen, no_row
from dedup.spark.frames import Batches, Frame, Schema, Session, batches_of, local_path, map_batches
from dedup.spark.reading import quoted

KINDS = ("parquet", "jsonl", "txt")
CORRUPT = "_corrupt_record"
PATH = "_dedup_path"  # columns of ours in a frame of rows; they go before anything is written
_TEXTS: Schema = {
    "doc_id": "string",
    "text": "string",
    PATH: "string",
    "flaw": "string",
    "damage": "string",
}
_TEXT_FILES = "*.{txt,text,md}"


@dataclass(frozen=True, slots=True)
class Input:
    """Rows of the inputs, the column of each role, and remarks for the summary.

    ``columns`` are those that the rows came with.
    """

    frame: Frame
    roles: dict[str, str | None]
    columns: list[str]
    notes: list[str]


def read_input(session: Session, paths: Sequence[str], options: ReadOptions) -> Input:
    """Read inputs of one kind; raise ``InputError`` for what is not there or has no texts."""
    kinds = {path: _kind(path, options) for path in paths}
    if len(set(kinds.values())) > 1:
        raise ConfigError("engine", "spark", f"inputs of one kind, not {', '.join(kinds.values())}")
    for path in paths:
        place = local_path(path)
        if place is not None and not _has_pattern(path) and not place.exists():
            raise InputError("no such file or folder", path=path)
    kind = kinds[paths[0]]
    if kind == "txt":
        return _whole_texts(session, paths, options)
    frames = [_rows(session, path, kind) for path in paths]
    frame = reduce(lambda one, two: one.unionByName(two, allowMissingColumns=True), frames)
    return _with_roles(frame, options, paths[0])


def _kind(path: str, options: ReadOptions) -> str:
    """Tell what an input is by its name, or by those of the files in a local folder."""
    place = local_path(path)
    found = kind_of(path)
    if found is None and place is not None and place.is_dir():
        kinds = {kind_of(each.name) for each in place.rglob("*") if each.is_file()} - {None}
        found = kinds.pop() if len(kinds) == 1 else None
    found = {"json": "jsonl"}.get(found or "", found) or options.format
    if found not in KINDS:
        raise ConfigError("input_format", found, f"{', '.join(KINDS)} on Spark ({path})")
    return found


def _has_pattern(path: str) -> bool:
    return any(each in path for each in "*?[{")


def _rows(session: Session, path: str, kind: str) -> Frame:
    reader = session.read.option("recursiveFileLookup", "true")
    if kind == "parquet":
        frame = reader.option("mergeSchema", "true").parquet(path)
    else:
        # Numbers and dates stay what they were written as: strings are not looked into.
        reader = reader.option("columnNameOfCorruptRecord", CORRUPT)
        frame = reader.option("inferTimestamp", "false").json(path)
    return frame.withColumn(PATH, shown_path(F.col("_metadata.file_path"), path))


def shown_path(address: Frame, given: str) -> Frame:
    """Return the address of a file as a path that begins as the input was given."""
    place = local_path(given)
    if place is None:
        return address
    plain = F.regexp_replace(address, "^file:/+", "/")
    plain = F.url_decode(F.replace(plain, F.lit("+"), F.lit("%2B")))
    if _has_pattern(given) or "://" in given:
        return plain
    root, shown = os.path.abspath(place), given.rstrip("/") or "/"  # noqa: PTH100 - links stay
    rest = F.substring(plain, len(root) + 1, 1 << 30)
    return F.when(F.startswith(plain, F.lit(root)), F.concat(F.lit(shown), rest)).otherwise(plain)


def _with_roles(frame: Frame, options: ReadOptions, path: str) -> Input:
    """Tell the columns by name as other readers do, from the first rows."""
    columns = [name for name in frame.columns if name not in (PATH, CORRUPT)]
    named = options.named()
    for role, name in named.items():
        if name not in columns:
            raise InputError(
                f"there is no {role} column {name!r}; {columns_seen(columns)}", path=path
            )
    strings = [name for name, kind in frame.dtypes if kind == "string" and name in columns]
    head = frame.select(*map(quoted, strings)).limit(PROBE).collect() if strings else []
    probe = Probe.of_rows(row.asDict() for row in head)
    for name in set(columns) - set(strings):
        probe.present[name] = probe.total  # what is no string is not looked at
    chosen = choose(options, probe)
    if chosen is None:
        raise InputError(f"no text column is recognised; {columns_seen(columns)}", path=path)
    roles: dict[str, str | None] = {
        role: getattr(chosen, role) for role in ("text", "id", "date", "url", "site", "priority")
    }
    notes = [f"{role} column: {name}" for role, name in roles.items() if name and role not in named]
    if CORRUPT in frame.columns:
        flaw = F.when(F.col(CORRUPT).isNotNull(), F.lit("broken_json")).alias("flaw")
        frame = frame.select("*", flaw)
        roles["flaw"] = "flaw"
    present = set(frame.columns)
    found = {role: name if name in present else None for role, name in roles.items()}
    return Input(frame, {**found, "path": PATH}, columns, notes)


def _whole_texts(session: Session, paths: Sequence[str], options: ReadOptions) -> Input:
    """Take each text file as a document that has its name, as other readers do."""
    if options.rows_only:
        raise no_row(paths[0])
    frames = []
    for path in paths:
        reader = session.read.format("binaryFile").option("recursiveFileLookup", "true")
        place = local_path(path)
        if place is None or place.is_dir():
            reader = reader.option("pathGlobFilter", _TEXT_FILES)
        shown = shown_path(F.col("path"), path)
        root = path.rstrip("/") + "/"
        inner = F.when(F.startswith(shown, F.lit(root)), F.substring(shown, len(root) + 1, 1 << 30))
        name = F.coalesce(inner, F.element_at(F.split(shown, "/"), -1))
        frames.append(reader.load(path).select(name.alias("doc_id"), shown.alias(PATH), "content"))
    frame = map_batches(reduce(lambda one, two: one.union(two), frames), _decoded, _TEXTS)
    none = F.lit(None).cast("string")
    frame = frame.withColumn("site", none).withColumn("date", none)
    roles: Mapping[str, str | None] = {
        **{"text": "text", "id": "doc_id", "path": PATH, "flaw": "flaw", "damage": "damage"}
    }
    return Input(frame, dict(roles), ["doc_id", "text", "site", "date"], [])


def _decoded(batches: Batches) -> Iterator[pa.RecordBatch]:
    for batch in batches:
        made: dict[str, list[str | None]] = {name: [] for name in ("text", "flaw", "damage")}
        for cell in batch.column("content"):
            data = cell.as_py()
            binary = is_binary(data)
            text, encoding, raw = ("", "", None) if binary else decode(data)
            made["text"].append(None if binary else text)
            made["flaw"].append("binary" if binary else None)
            kind = "invalid_utf16" if encoding.startswith("utf-16") else "invalid_utf8"
            is_guess = not binary and encoding not in ENCODINGS
            made["damage"].append("guessed_encoding" if is_guess else None if raw is None else kind)
        columns = {name: pa.array(values, pa.string()) for name, values in made.items()}
        given = {"doc_id": batch.column("doc_id"), PATH: batch.column(PATH)}
        yield from batches_of({**given, **columns}, _TEXTS)


def is_below(path: str, folder: str) -> bool:
    """Tell whether an input is in a folder that is going to be written."""
    one, two = local_path(path), local_path(folder)
    if one is None or two is None:
        return path.rstrip("/").startswith(folder.rstrip("/") + "/") or path == folder
    return Path(os.path.abspath(one)).is_relative_to(os.path.abspath(two))  # noqa: PTH100
