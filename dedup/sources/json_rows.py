"""JSON lines, by blocks of lines where they are plain, and JSON values that hold all documents."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator
from typing import Any

import orjson
import pyarrow as pa

from dedup.sources.batches import Batcher
from dedup.sources.blocks import EXACT, blocks, json_columns
from dedup.sources.options import Run, Source
from dedup.sources.rows import Record, add_records, probe, take_records
from dedup.sources.streams import Line, Stream
from dedup.sources.tables import documents


def read_jsonl(stream: Stream, source: Source, run: Run, out: Batcher) -> Iterator[pa.RecordBatch]:
    """Yield the documents of JSON lines.

    The columns are settled on the first hundred. Behind those a block of lines is read into columns
    at once, or line by line where one of them is not plain.
    """
    lines = stream.lines()
    records = _records(lines, stream, source, run)
    if run.options.keep_record:
        yield from take_records(records, source, run, out)
        return
    first, columns = probe(records, source, run)
    if columns is None:
        return
    yield from add_records(first, columns, source, run, out)
    for block in blocks(lines, out.batch_bytes):
        found = json_columns(block, columns)
        if found is None:
            records = _records(block, stream, source, run)
            yield from add_records(records, columns, source, run, out)
        else:
            out.add_batch(documents(found, columns, source, run))
            yield from out.full()


def read_json(stream: Stream, source: Source, run: Run, out: Batcher) -> Iterator[pa.RecordBatch]:
    """Yield the documents of one JSON value: a list, one object, or JSON lines after all.

    A list or object is held as a whole.
    """
    if _looks_like_lines(stream.head(1 << 20)):
        return read_jsonl(stream, source, run, out)
    return take_records(_items(stream, source, run), source, run, out)


def _records(lines: Iterable[Line], stream: Stream, source: Source, run: Run) -> Iterator[Record]:
    """Yield the object of each line, and count the lines that hold none."""
    tally = run.tally
    for number, line in lines:
        if line is None:
            tally.skip("line_too_long", source.path, number)
            continue
        if not line or line.isspace():
            continue
        record = parse_line(line, number, run)
        if record is None:
            # The last line of data that was cut off is part of that flaw, not another one.
            if number != stream.cut_line:
                tally.skip("broken_json", source.path, number)
        elif isinstance(record.values, dict):
            yield record
        else:
            tally.skip("not_an_object", source.path, number)


def parse_line(line: bytes, number: int, run: Run) -> Record | None:
    """Return what a line holds, an object or not; ``None`` where it is not JSON at all."""
    try:
        value = orjson.loads(line)
    except orjson.JSONDecodeError:
        return parse_slowly(line, number)
    if isinstance(value, dict) and _is_lossy(value, run):
        return parse_slowly(line, number) or Record(number, value)
    return Record(number, value)


def _is_lossy(value: dict[str, Any], run: Run) -> bool:
    # orjson turns integers above 64 bits into floats, which is not what an id may become.
    columns = run.columns
    if columns is not None and not run.options.keep_record:
        each = value.get(columns.id) if columns.id is not None else None
        return type(each) is float and abs(each) >= EXACT
    return any(type(each) is float and abs(each) >= EXACT for each in value.values())


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
