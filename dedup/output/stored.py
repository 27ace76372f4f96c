"""The output folder of a scan, read back: its tables, its summary and how its inputs were read."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.json
import pyarrow.parquet as pq

from dedup.config import Config
from dedup.core.arrays import one_array
from dedup.errors import ConfigError, InputError
from dedup.output.inputs import INPUTS
from dedup.result import Result
from dedup.schema import (
    ANNOTATIONS,
    CONTRACT,
    METADATA,
    MORE,
    NAMED,
    REMOVALS,
    Corpus,
    ReadReport,
)
from dedup.sources import ReadOptions

_HINT = "is this a folder of `dedup scan -o`?"


@dataclass(frozen=True, slots=True)
class Stored:
    """What a folder holds; ``paths`` are empty where inputs cannot be read again (``why_not``).

    ``content`` is a hash of all texts, empty where the folder does not tell.
    """

    tables: dict[str, pa.Table]
    summary: dict[str, Any]
    config: Config
    folder: str
    paths: list[str]
    options: ReadOptions
    review: list[str]
    content: str
    why_not: str


def read_folder(folder: Path) -> Stored:
    """Read what a scan wrote; raise ``InputError`` that names what is missing or broken."""
    if not folder.is_dir():
        what = "is a file, not a folder" if folder.exists() else "no such folder"
        raise InputError(f"{what}; {_HINT}", path=str(folder))
    tables = {name: _table(folder, name, each) for name, each in {**CONTRACT, **NAMED}.items()}
    for name, schema in MORE.items():
        if any(each.is_file() for each in _files(folder, name)):
            tables[name] = _table(folder, name, schema)
    _check_ids(tables, folder)
    summary, inputs = _object(folder / "summary.json"), folder / INPUTS
    stated = {**_NOT_STATED, **(_object(inputs) if inputs.exists() else {})}
    for name, value in stated.items():
        if name in _NOT_STATED and not _is_like(value, _NOT_STATED[name]):
            raise InputError(f"{name} is not as this version writes it", path=str(inputs))
    paths = stated["paths"]
    why_not = "" if paths else f"{INPUTS}, which says where the inputs are, is not there."
    if "-" in paths:
        paths, why_not = [], "they were read from stdin; use `dedup scan - --report FILE`."
    try:
        _check_summary(summary)
        config = Config(**_settings(summary["config"]))
        options = ReadOptions(**stated["reading"])
    except (KeyError, TypeError, AttributeError, ConfigError) as error:
        raise InputError(f"not as this version writes it: {error}", path=str(folder)) from error
    told = (stated["folder"], paths, options, stated["review"], stated["content"])
    return Stored(tables, summary, config, *told, why_not)


_NOT_STATED: dict[str, Any] = {
    "folder": ".",
    "paths": [],
    "reading": {},
    "content": "",
    "review": [],
}


def _is_like(value: object, other: object) -> bool:
    """Tell whether a value has the type of another; lists are of strings."""
    is_listed = not isinstance(value, list) or all(isinstance(each, str) for each in value)
    return type(value) is type(other) and is_listed


def _check_summary(summary: Mapping[str, Any]) -> None:
    """Raise ``KeyError`` or ``TypeError`` where something lacks that every summary has."""
    for name in ("version", "config", "documents", "clusters", "reuse_groups", "warnings"):
        summary[name]
    for name in ("read", "kept", "removed", "skipped"):
        int(summary["documents"][name])


def _settings(config: Mapping[str, Any]) -> dict[str, Any]:
    return {key: tuple(each) if isinstance(each, list) else each for key, each in config.items()}


def _object(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_bytes())
    except OSError as error:
        why = error.strerror or str(error)
        raise InputError(f"cannot read ({why}); {_HINT}", path=str(path)) from error
    except ValueError as error:
        raise InputError(f"not JSON: {error}", path=str(path)) from error
    if not isinstance(found, dict):
        raise InputError("not a JSON object", path=str(path))
    return found


def _table(folder: Path, name: str, schema: pa.Schema) -> pa.Table:
    files = _files(folder, name)
    there = [file for file in files if file.is_file()]
    if len(there) != 1:
        names = f"{files[0].name} {'and' if there else 'nor'} {files[1].name}"
        what = f"there is both {names}" if there else f"there is neither {names}; {_HINT}"
        raise InputError(what, path=str(folder))
    try:
        if there[0].suffix == ".parquet":
            with there[0].open("rb") as file:  # for Arrow a name has to be UTF-8
                return pq.read_table(file).select(schema.names).cast(schema)
        if there[0].stat().st_size == 0:  # Arrow takes an empty file for a broken one
            return schema.empty_table()
        options = pyarrow.json.ParseOptions(
            explicit_schema=schema, unexpected_field_behavior="ignore"
        )
        reading = pyarrow.json.ReadOptions(block_size=16 << 20)
        with there[0].open("rb") as file:
            return pyarrow.json.read_json(file, reading, options).select(schema.names)
    except (pa.ArrowException, OSError, KeyError, ValueError) as error:
        raise InputError(f"cannot be read: {error}", path=str(there[0])) from error


def _files(folder: Path, name: str) -> list[Path]:
    return [folder / f"{name}{suffix}" for suffix in (".jsonl", ".parquet")]


def _check_ids(tables: Mapping[str, pa.Table], folder: Path) -> None:
    """Raise where a table names a document that is not listed, or one is listed twice."""
    ids = tables["documents"]["doc_id"].combine_chunks()
    if ids.null_count or len(pc.unique(ids)) < len(ids):
        raise InputError("documents do not have one id each", path=str(folder))
    named = {"documents": ["cluster"], "pairs": ["a", "b"], "passages": ["a", "b"]}
    named |= {name: ["doc_id"] for name in ("repeats", "removals", "annotations")}
    for name, columns in named.items():
        for column in columns:
            known = pc.is_in(tables[name][column], value_set=ids)
            if not pc.all(known).as_py() and len(known):
                doc_id = tables[name][column].filter(pc.invert(known))[0].as_py()
                what = f"{name} names {doc_id!r}, which documents do not list"
                raise InputError(what, path=str(folder))


def result_of(stored: Stored) -> Result:
    """Return what a folder holds as a result without texts."""
    documents = stored.tables["documents"]
    ids = one_array(documents["doc_id"])
    known = {name: documents[name] for name in METADATA.names if name in documents.column_names}
    columns = [known.get(item.name, pa.nulls(len(ids), item.type)) for item in METADATA]
    report = stored.summary.get("read_report")
    return Result(
        config=stored.config,
        tables={name: each for name, each in stored.tables.items() if name not in NAMED},
        corpus=Corpus(
            pa.table(columns, schema=METADATA),
            ReadReport.from_dict(report) if report else ReadReport(),
            content=stored.content,
        ),
        removals=numbered(stored.tables["removals"], ids, REMOVALS),
        annotations=numbered(stored.tables["annotations"], ids, ANNOTATIONS),
        review=pc.is_in(ids, value_set=pa.array(stored.review, pa.string())),
        summary=stored.summary,
    )


def numbered(table: pa.Table, ids: pa.Array, schema: pa.Schema) -> pa.Table:
    """Return a table that names documents as one that numbers them."""
    rows = pc.index_in(table["doc_id"], value_set=ids).cast(pa.int64())
    numbered = table.set_column(0, "doc", rows)
    return numbered.cast(schema)
