"""JSON lines and JSON, and what all forms of rows have in common: one document a row."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator, Mapping
from itertools import chain, islice
from typing import Any, NamedTuple

import orjson
import pyarrow as pa

from dedup.arrays import clean_string
from dedup.sources.batches import Batcher, Row, host
from dedup.sources.options import MEMORY, PROBE, Columns, Probe, Run, Source
from dedup.sources.streams import Stream

_EXACT = 2**63


class Record(NamedTuple):
    """One parsed row. ``twin`` is the same row with its undecodable bytes as surrogates."""

    line: int | None
    values: Mapping[str, Any]
    damage: str | None = None
    twin: Mapping[str, Any] | None = None
    plain: bool = True  # orjson took it: every string is valid, every number finite


def read_jsonl(stream: Stream, source: Source, run: Run, out: Batcher) -> Iterator[pa.RecordBatch]:
    """Yield the documents of JSON lines."""
    return take_records(_json_records(stream, source, run), source, run, out)


def read_json(stream: Stream, source: Source, run: Run, out: Batcher) -> Iterator[pa.RecordBatch]:
    """Yield the documents of one JSON value: a list, one object, or JSON lines after all.

    A list or object is held as a whole.
    """
    if _looks_like_lines(stream.head(1 << 20)):
        return read_jsonl(stream, source, run, out)
    return take_records(_items(stream, source, run), source, run, out)


def take_records(
    records: Iterable[Record],
    source: Source,
    run: Run,
    out: Batcher,
    header: list[str] | None = None,
    hint: str = "",
) -> Iterator[pa.RecordBatch]:
    """Yield the documents of ``records``; the columns are settled on the first hundred.

    ``header`` lists the columns of a format that has no others than those; ``hint`` is said where
    none of them holds the text.
    """
    records = iter(records)
    first = list(islice(records, PROBE))
    if not first:
        return
    probe = Probe.of_rows((each.values for each in first), header=header is not None)
    probe.hint = hint
    columns = run.settle(source, header or probe.present, probe)
    if columns is None:
        return
    for record in chain(first, records):
        row = _row(record, columns, source, run)
        if row is not None:
            out.add(row)
            yield from out.full()


def _row(record: Record, columns: Columns, source: Source, run: Run) -> Row | None:
    values, line = record.values, record.line
    text = values.get(columns.text)
    if not isinstance(text, str):
        reason = "missing_text" if text is None else "text_not_a_string"
        run.tally.skip(reason, *source.place(line))
        return None
    damage, raw = record.damage, None
    if not record.plain:
        text, damage, raw = _repaired(text, record, columns)
    if damage is not None:
        run.tally.damage(damage, *source.place(line))
    plain = record.plain
    url = _string(values, columns.url, plain)
    in_memory = source.kind == MEMORY
    return Row(
        doc_id=_string(values, columns.id, plain) or source.label(line, columns),
        text=text,
        path=None if in_memory else clean_string(source.path),
        line=None if in_memory else line,
        site=_string(values, columns.site, plain) or host(url),
        date=_string(values, columns.date, plain),
        priority=_string(values, columns.priority, plain),
        raw=raw,
        record=_whole_row(record, columns) if run.options.keep_record else None,
    )


def _repaired(text: str, record: Record, columns: Columns) -> tuple[str, str | None, bytes | None]:
    """Return the text as valid Unicode, what was damaged, and the bytes it had before."""
    clean = clean_string(text)
    if clean is text and record.twin is None:
        return text, None, None
    damage = record.damage or ("lone_surrogate" if clean != text else None)
    source = record.twin if record.twin is not None else record.values
    raw = _surrogate_bytes(source[columns.text], record.twin is not None)
    return clean, damage, None if raw == clean.encode() else raw


def _surrogate_bytes(text: str, escaped: bool) -> bytes:
    if escaped:
        try:
            return text.encode("utf-8", "surrogateescape")
        except UnicodeEncodeError:
            pass  # a \ud83d written out in JSON beside an invalid byte
    return text.encode("utf-8", "surrogatepass")


def _string(values: Mapping[str, Any], name: str | None, plain: bool = False) -> str | None:
    """Return a value as a string; numbers are written out, dates in ISO form, the rest is nothing.

    >>> _string({"id": 7, "tags": ["a"]}, "id"), _string({"id": 7, "tags": ["a"]}, "tags")
    ('7', None)
    """
    value = None if name is None else values.get(name)
    if value is None:
        return None
    if isinstance(value, str):
        return value if plain else clean_string(value)
    if isinstance(value, int | float):
        return str(value)
    if hasattr(value, "isoformat"):
        return str(value.isoformat())
    return None


def _whole_row(record: Record, columns: Columns) -> bytes:
    """Return the name of the text column and the row without its text, as JSON."""
    row = {**record.values, columns.text: None}
    if record.plain:
        try:
            return orjson.dumps([columns.text, row])
        except TypeError:
            pass  # an integer above 64 bits, or a surrogate: the standard library writes both
    return json.dumps([columns.text, row], separators=(",", ":"), default=str).encode()


def _json_records(stream: Stream, source: Source, run: Run) -> Iterator[Record]:
    loads, tally = orjson.loads, run.tally
    for number, line in stream.lines():
        if line is None:
            tally.skip("line_too_long", source.path, number)
            continue
        if not line or line.isspace():
            continue
        try:
            value = loads(line)
        except orjson.JSONDecodeError:
            record = parse_slowly(line, number)
            if record is None:
                # The last line of data that was cut off is part of that flaw, not another one.
                if not stream.cut:
                    tally.skip("broken_json", source.path, number)
                continue
        else:
            record = Record(number, value)
            if isinstance(value, dict) and _is_lossy(value, run):
                record = parse_slowly(line, number) or record
        if isinstance(record.values, dict):
            yield record
        else:
            tally.skip("not_an_object", source.path, number)


def _is_lossy(value: dict[str, Any], run: Run) -> bool:
    # orjson turns integers above 64 bits into floats, which is not what an id may become.
    columns = run.columns
    if columns is not None and not run.options.keep_record:
        each = value.get(columns.id) if columns.id is not None else None
        return type(each) is float and abs(each) >= _EXACT
    return any(type(each) is float and abs(each) >= _EXACT for each in value.values())


def parse_slowly(line: bytes, number: int | None) -> Record | None:
    r"""Parse what orjson refuses: NaN, huge numbers, half surrogates, raw control bytes, bad UTF-8.

    Returns ``None`` where it is not JSON at all.

    >>> parse_slowly(b'{"n": NaN, "t": "\xff"}', 1).values["t"]
    '\ufffd'
    """
    damage = twin = None
    try:
        string = line.decode("utf-8")
    except UnicodeDecodeError:
        damage, string = "invalid_utf8", line.decode("utf-8", "replace")
    try:
        values = _loads(string)
        if damage is not None:
            twin = _loads(line.decode("utf-8", "surrogateescape"))
    except (ValueError, RecursionError):  # nesting of 100,000 brackets is no ValueError
        return None
    return Record(number, values, damage, twin, plain=False)


def _loads(string: str) -> Any:
    return json.loads(string, strict=False, parse_int=_whole, parse_float=_real)


def _whole(digits: str) -> int | str:
    # int() refuses more digits than it could convert in bearable time.
    return int(digits) if len(digits) <= 4000 else digits


def _real(digits: str) -> float | str:
    # A float that is too large would be written as Infinity, which is not JSON.
    value = float(digits)
    return digits if math.isinf(value) else value


def _looks_like_lines(head: bytes) -> bool:
    r"""Tell whether one of the first two lines is an object by itself and more follows.

    >>> _looks_like_lines(b'{"text": "a"}\n{"text": "b"}'), _looks_like_lines(b'[{"text": "a"}]')
    (True, False)
    """
    lines = [line for line in head.split(b"\n") if line.strip()]
    if len(lines) < 2 or head.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"["):
        return False
    parsed = (parse_slowly(line.removeprefix(b"\xef\xbb\xbf"), None) for line in lines[:2])
    return any(each is not None and isinstance(each.values, dict) for each in parsed)


def _items(stream: Stream, source: Source, run: Run) -> Iterator[Record]:
    data = b"".join(stream.utf8())
    if not data.strip():
        return
    try:
        whole = Record(None, orjson.loads(data))
    except orjson.JSONDecodeError:
        parsed = parse_slowly(data, None)
        if parsed is None:
            if not stream.cut:
                run.tally.skip("broken_json", source.path)
            return
        whole = parsed
    values: Any = whole.values
    items = values if isinstance(values, list) else [values]
    twin: Any = whole.twin
    twins = twin if isinstance(values, list) else [twin]
    for number, value in enumerate(items, 1):
        if not isinstance(value, dict):
            run.tally.skip("not_an_object", source.path, number)
            continue
        twin = twins[number - 1] if twins else None
        damage = whole.damage if twin is not None and _escaped(twin) else None
        yield Record(number, value, damage, twin, whole.plain)


def _escaped(value: Any) -> bool:
    """Tell whether a parsed value holds a byte that could not be decoded."""
    return any("\udc80" <= char <= "\udcff" for char in json.dumps(value, ensure_ascii=False))
