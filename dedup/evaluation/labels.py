"""Label files and result directories, read into the plain maps that the scores work on."""

from __future__ import annotations

import csv
import gzip
import json
import zlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.json
import pyarrow.parquet

from dedup.core.arrays import Int64
from dedup.errors import InputError
from dedup.evaluation.scores import DocPair, ordered
from dedup.schema import CONTRACT, FAMILY_TABLES

# Labels that say of a listed pair that it is none.
NEGATIVE = frozenset({"non", "no", "none", "0", "false", "01-no-plagiarism"})
SPAN_KEYS = ("susp_off", "susp_len", "src_off", "src_len")
FORMS = "{id, cluster}, {id, story}, {a, b, label} or {a, b, label, spans}"
COLUMNS = {
    "documents": ("doc_id", "cluster"),
    "pairs": ("a", "b", "relation"),
    "passages": ("a", "b", "start_a", "end_a", "start_b", "end_b"),
    "occurrences": ("family", "variant", "doc_id", "start", "end"),
}


@dataclass(slots=True)
class Labels:
    """The truth, in one of four forms; only the maps of that form are filled.

    Stories are kept in ``clusters``. Pairs are in the order of results, smaller id first, and the
    spans follow.
    """

    path: str
    form: str  # clusters, stories, pairs or spans
    rows: int = 0
    clusters: dict[str, str] = field(default_factory=dict)
    names: dict[DocPair, str] = field(default_factory=dict)  # the label as written, "" if none
    truth: dict[DocPair, bool] = field(default_factory=dict)
    spans: dict[DocPair, list[tuple[int, int, int, int]]] = field(default_factory=dict)

    def documents(self) -> set[str]:
        """Return the ids that the labels name."""
        return set(self.clusters) | {each for pair in self.names for each in pair}


@dataclass(frozen=True, slots=True)
class Found:
    """What a result directory says, as far as labels can judge it."""

    clusters: dict[str, str]
    relations: dict[DocPair, str]
    passages: dict[DocPair, Int64]  # rows of start a, end a, start b, end b
    removals: dict[str, str] = field(default_factory=dict)  # what goes, and what stays for it
    lost: Counter[str] = field(default_factory=Counter)  # what all of them lose
    stories: dict[str, str] = field(default_factory=dict)  # empty where none were looked for
    # The stretches (family, start, end) of each document; null where the result has no families.
    occurrences: dict[str, list[tuple[int, int, int]]] | None = None


def read_labels(path: str | Path) -> Labels:
    """Read labels from JSON lines, CSV or Parquet, and recognise their form by the first row.

    The first two may be gzipped.
    A document listed twice in two clusters, or a pair listed twice with two labels, is an error;
    a pair may be listed several times with more spans.
    """
    labels: Labels | None = None
    for line, row in _rows(Path(path)):
        if labels is None:
            labels = Labels(str(path), _form(row, path, line))
        labels.rows += 1
        try:
            if labels.form in ("clusters", "stories"):
                _add_cluster(labels, row)
            else:
                _add_pair(labels, row)
        except _Unfit as error:
            raise InputError(str(error), path=str(path), line=line) from None
    if labels is None:
        raise InputError(f"no labels; rows must be {FORMS}", path=str(path))
    return labels


class _Unfit(Exception):
    """A row does not have the form of its file."""


def _form(row: dict[str, Any], path: str | Path, line: int) -> str:
    if "id" in row and "cluster" in row:
        return "clusters"
    if "id" in row and "story" in row:
        return "stories"
    if "a" in row and "b" in row:
        return "spans" if "spans" in row else "pairs"
    got = ", ".join(map(repr, row)) or "no column"
    raise InputError(f"got {got}; labels must be {FORMS}", path=str(path), line=line)


def _lines(path: Path) -> Iterator[str]:
    """Yield the lines of a text file, gzipped or not; what cannot be read is an ``InputError``."""
    line = 0
    try:
        with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as stream:
            for line, text in enumerate(stream, 1):
                yield text.decode("utf-8-sig" if line == 1 else "utf-8")
    except (OSError, EOFError, zlib.error, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        place = line or None
        raise InputError(f"cannot be read: {reason}", path=str(path), line=place) from error


def _rows(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield (line, row) of a CSV, TSV, JSON-lines or Parquet file."""
    kind = Path(path.stem).suffix if path.suffix == ".gz" else path.suffix
    if kind == ".parquet":
        yield from _parquet_rows(path)
        return
    if kind not in (".csv", ".tsv"):
        yield from _json_rows(path)
        return
    lines = _lines(path)
    header = next(lines, "")
    # As spreadsheets of many countries write it, with semicolons.
    delimiter = "\t" if kind == ".tsv" else max(",;\t|", key=header.count)
    reader = csv.DictReader(chain([header], lines), delimiter=delimiter, strict=True)
    try:
        for row in reader:
            yield reader.line_num, row
    except csv.Error as error:
        line = reader.line_num + 1  # the reader counts a line once it is parsed
        raise InputError(f"broken CSV ({error})", path=str(path), line=line) from None


def _parquet_rows(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    try:
        with pyarrow.parquet.ParquetFile(path) as file:
            batches = (batch.to_pylist() for batch in file.iter_batches())
            yield from enumerate(chain.from_iterable(batches), 1)
    except (OSError, pa.ArrowException) as error:
        raise InputError(f"cannot be read: {error}", path=str(path)) from error


def _json_rows(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    for line, text in enumerate(_lines(path), 1):
        if not text.strip():
            continue
        try:
            row = json.loads(text)
        except ValueError as error:
            raise InputError(f"broken JSON ({error})", path=str(path), line=line) from None
        if not isinstance(row, dict):
            what = f"got {type(row).__name__}, a row must be a JSON object"
            raise InputError(what, path=str(path), line=line)
        yield line, row


def _name(row: dict[str, Any], key: str) -> str:
    """Return an id or cluster name; whole numbers are taken as their digits."""
    value = row.get(key)
    if isinstance(value, bool) or not isinstance(value, str | int) or value == "":
        raise _Unfit(f"{key}: got {value!r}, allowed is a text or a whole number")
    return str(value)


def _add_cluster(labels: Labels, row: dict[str, Any]) -> None:
    key = "cluster" if labels.form == "clusters" else "story"
    doc_id, cluster = _name(row, "id"), _name(row, key)
    known = labels.clusters.setdefault(doc_id, cluster)
    if known != cluster:
        raise _Unfit(f"id {doc_id!r} is listed in {key} {known!r} and in {cluster!r}")


def _add_pair(labels: Labels, row: dict[str, Any]) -> None:
    a, b = _name(row, "a"), _name(row, "b")
    if a == b:
        raise _Unfit(f"a and b are one document, {a!r}")
    if labels.form == "pairs" and "spans" in row:
        raise _Unfit("a row with spans in a file whose first row has none")
    pair = ordered(a, b)
    name = _label(row.get("label"))
    if labels.names.setdefault(pair, name) != name:
        raise _Unfit(f"pair {pair} is listed as {labels.names[pair]!r} and as {name!r}")
    labels.truth[pair] = name.casefold() not in NEGATIVE
    if labels.form == "spans":
        labels.spans.setdefault(pair, []).extend(_spans(row, swap=pair != (a, b)))


def _label(value: Any) -> str:
    """Return a label as text; none is "", and 0.0 and false are the "0" and "false" of CSV."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return f"{value:g}" if isinstance(value, float) else str(value)


def _spans(row: dict[str, Any], *, swap: bool) -> Iterator[tuple[int, int, int, int]]:
    """Yield the spans of a row as half-open offsets, those of the smaller id first."""
    listed = row.get("spans")
    if not isinstance(listed, list):
        raise _Unfit(f"spans: got {listed!r}, allowed is a list")
    for span in listed:
        if not isinstance(span, dict):
            raise _Unfit(f"spans: got {span!r}, allowed are objects with {', '.join(SPAN_KEYS)}")
        susp_off, susp_len, src_off, src_len = (_offset(span, key) for key in SPAN_KEYS)
        susp, src = (susp_off, susp_off + susp_len), (src_off, src_off + src_len)
        yield (*src, *susp) if swap else (*susp, *src)


def _offset(span: dict[str, Any], key: str) -> int:
    value, low = span.get(key), int(key.endswith("_len"))
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value < 2**62:
        raise _Unfit(f"{key}: got {value!r}, allowed is a whole number from {low}")
    return value


def read_result(directory: str | Path) -> Found:
    """Read the documents, pairs and passages of a result directory, JSON lines or Parquet."""
    folder = Path(directory)
    documents = _table(folder, "documents")
    names = documents.column("doc_id").to_pylist()
    clusters = dict(zip(names, documents.column("cluster").to_pylist(), strict=True))
    if len(clusters) < len(names):
        twice = next(name for name, count in Counter(names).items() if count > 1)
        raise InputError(f"doc_id {twice!r} stands twice in documents", path=str(folder))
    pairs = _table(folder, "pairs")
    relations = dict(zip(_keys(pairs), pairs.column("relation").to_pylist(), strict=True))
    rows = _documents(folder)
    removals, lost = _removals(rows)
    passages = _grouped(_table(folder, "passages"))
    return Found(
        clusters, relations, passages, removals, lost, _stories(rows), _occurrences(folder)
    )


def _occurrences(folder: Path) -> dict[str, list[tuple[int, int, int]]] | None:
    """Return the occurrences of families by document; none where the result has no families."""
    if not any((folder / f"occurrences{suffix}").is_file() for suffix in (".jsonl", ".parquet")):
        return None
    found: dict[str, list[tuple[int, int, int]]] = {}
    for row in _table(folder, "occurrences").to_pylist():
        if row["variant"] == 0:
            found.setdefault(row["doc_id"], []).append((row["family"], row["start"], row["end"]))
    return found


def _documents(folder: Path) -> list[dict[str, Any]]:
    """Return the rows of the documents with all columns."""
    path = folder / "documents.parquet"
    if path.is_file():
        rows: list[dict[str, Any]] = pa.parquet.read_table(path).to_pylist()
        return rows
    with (folder / "documents.jsonl").open("rb") as lines:
        return [json.loads(line) for line in lines]


def _stories(rows: list[dict[str, Any]]) -> dict[str, str]:
    """Return the story of each document, its own id where it is in none; nothing where all are."""
    if all(row.get("story") is None for row in rows):
        return {}
    return {row["doc_id"]: row["story"] or row["doc_id"] for row in rows}


def _removals(rows: list[dict[str, Any]]) -> tuple[dict[str, str], Counter[str]]:
    """Return what each removed document gives way to, and what all of them lose.

    A result of an earlier version does not say what is lost.
    """
    gone = [row for row in rows if row.get("duplicate_of") is not None]
    lost: Counter[str] = Counter()
    for row in gone:
        for name in ("lost_tokens", "lost_facts"):
            lost[name] += row.get(name) or 0
    return {row["doc_id"]: row["duplicate_of"] for row in gone}, lost


def _keys(table: pa.Table) -> list[DocPair]:
    return list(zip(table.column("a").to_pylist(), table.column("b").to_pylist(), strict=True))


def _grouped(table: pa.Table) -> dict[DocPair, Int64]:
    """Group the passages by their pair, smaller id first."""
    sides = [table.column(name).to_numpy() for name in COLUMNS["passages"][2:]]
    offsets = np.stack(sides, axis=1).astype(np.int64) if len(table) else np.zeros((0, 4), np.int64)
    rows: dict[DocPair, list[Int64]] = {}
    for (a, b), span in zip(_keys(table), offsets, strict=True):
        rows.setdefault(ordered(a, b), []).append(span if a <= b else span[[2, 3, 0, 1]])
    return {pair: np.stack(spans) for pair, spans in rows.items()}


def _table(folder: Path, name: str) -> pa.Table:
    """Read the columns the scores need of one output file."""
    files = [folder / f"{name}{suffix}" for suffix in (".jsonl", ".parquet")]
    there = [file for file in files if file.is_file()]
    if len(there) != 1:
        got = "both files" if there else "neither file"
        what = f"there is {got}; a result holds either {files[0].name} or {files[1].name}"
        raise InputError(what, path=str(folder))
    columns = list(COLUMNS[name])
    whole = {**CONTRACT, **FAMILY_TABLES}[name]
    schema = pa.schema([whole.field(column) for column in columns])
    try:
        if there[0].suffix == ".parquet":
            table = pa.parquet.read_table(there[0], columns=columns).cast(schema)
        else:
            table = _jsonl_table(there[0], schema)
    except (pa.ArrowException, OSError, KeyError, ValueError) as error:
        raise InputError(f"cannot be read: {error}", path=str(there[0])) from error
    for column in columns:
        if table.column(column).null_count:
            line = table.column(column).is_null().to_pylist().index(True) + 1
            raise InputError(f"{column} is missing", path=str(there[0]), line=line)
    return table


def _jsonl_table(path: Path, schema: pa.Schema) -> pa.Table:
    """Read JSON lines by Arrow; only when that fails, look for the line at fault."""
    if path.stat().st_size == 0:  # Arrow takes an empty file for a broken one
        return schema.empty_table()
    options = pa.json.ParseOptions(explicit_schema=schema, unexpected_field_behavior="ignore")
    try:
        return pa.json.read_json(path, parse_options=options)
    except pa.ArrowInvalid as error:
        for line, row in _json_rows(path):
            for item in schema:
                kind = str if pa.types.is_string(item.type) else int
                if not isinstance(value := row.get(item.name), kind):
                    what = f"{item.name}: got {value!r}, allowed is {kind.__name__}"
                    raise InputError(what, path=str(path), line=line) from None
        raise InputError(f"cannot be read: {error}", path=str(path)) from error
