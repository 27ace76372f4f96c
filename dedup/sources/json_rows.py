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
from dedup.sources.json_shapes import one_after_the_other, records_in, values_of
from dedup.sources.options import Run, Source
from dedup.sources.rows import Record, add_records, probe, take_records
from dedup.sources.streams import Line, Stream
from dedup.sources.tables import documents

_HEAD = 1 << 20  # bytes looked at to tell lines from one value


def read_jsonl(stream: Stream, source: Source, run: Run, out: Batcher) -> Iterator[pa.RecordBatch]:
    """Yield the documents of JSON lines.

    The columns are settled on the first hundred. Behind those a block of lines is read into columns
    at once, or line by line where one of them is not plain.
    """
    if _is_over_lines(stream.head()):
        yield from take_records(_items(stream, source, run), source, run, out)
        return
    lines = stream.lines()
    records = _records(lines, stream, source, run)
    if run.options.records is not None:
        records = _in_each(records, run)
    if run.options.keep_record or run.options.records is not None:
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
    if _looks_like_lines(stream.head(_HEAD)):
        return read_jsonl(stream, source, run, out)
    return take_records(_items(stream, source, run), source, run, out)


def _in_each(records: Iterator[Record], run: Run) -> Iterator[Record]:
    """Yield the records inside the object of each line."""
    for record in records:
        twin = record.twin
        items = records_in(record.values, run.options).items
        twins = [None] * len(items) if twin is None else records_in(twin, run.options).items
        for value, other in zip(items, twins, strict=True):
            if isinstance(value, dict):
                yield Record(record.line, value, record.damage, other, record.plain)


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
            _say_how_to_make_rows(record.values, source, run)


def _say_how_to_make_rows(value: Any, source: Source, run: Run) -> None:
    """Note with which command texts and lists become rows, once for each kind and file."""
    if not isinstance(value, str | list):
        return
    rows = "{text: .}" if isinstance(value, str) else "{title: .[0], text: .[1]}"
    command = f"jq -c '{'.[] | ' if source.kind == 'json' else ''}{rows}' {source.path}"
    kind = "strings" if isinstance(value, str) else "lists"
    advice = f"{source.name}: holds {kind}, not objects; `{command}` makes rows of them"
    if advice not in run.advised:
        run.advised.add(advice)
        run.tally.note(advice)


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


def _is_over_lines(head: bytes) -> bool:
    r"""Tell whether a value goes over several lines, where one a line was expected.

    >>> _is_over_lines(b'[\n{"text": "a"},\n'), _is_over_lines(b'{"text": "a"}\n')
    (True, False)
    """
    begin = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    if begin.startswith(b"["):
        return begin[1:].lstrip().startswith((b"{", b"[{")) or begin[1:2] in (b"\r", b"\n")
    first = begin.partition(b"\n")[0].rstrip()
    return first.startswith(b"{") and first.endswith((b"{", b"[", b",")) and b"\n" in begin


def _items(stream: Stream, source: Source, run: Run) -> Iterator[Record]:
    """Yield the records of a whole file: of one JSON value, or of several one after the other."""
    data = b"".join(stream.utf8())
    if not data.strip():
        return
    whole = _one_value(data)
    if whole is None:
        yield from _of_several(data, stream, source, run)
        return
    shape = records_in(whole.values, run.options)
    if shape.how:
        run.tally.note(f"{source.name}: {shape.how}")
    twins = None if whole.twin is None else records_in(whole.twin, run.options).items
    for number, value in enumerate(shape.items, 1):
        if not isinstance(value, dict):
            run.tally.skip("not_an_object", source.path, number)
            _say_how_to_make_rows(value, source, run)
            continue
        twin: Any = None if twins is None else twins[number - 1]
        damage = whole.damage if twin is not None and _escaped(twin) else None
        yield Record(number, value, damage, twin, whole.plain)


def _one_value(data: bytes) -> Record | None:
    try:
        return Record(None, orjson.loads(data))
    except orjson.JSONDecodeError:
        return parse_slowly(data, None)


def _of_several(data: bytes, stream: Stream, source: Source, run: Run) -> Iterator[Record]:
    """Yield the objects that stand one after the other, up to what is no JSON; say what that is."""
    string = data.decode("utf-8", "replace")
    values, error = one_after_the_other(string)
    is_damaged = "\ufffd" in string
    for number, value in enumerate(values_of(values), 1):
        if isinstance(value, dict):
            damage = "invalid_utf8" if is_damaged and "\ufffd" in str(value) else None
            yield Record(number, value, damage, plain=False)
        else:
            run.tally.skip("not_an_object", source.path, number)
    if error is not None and not stream.cut:
        place = f"line {error.lineno}, column {error.colno}"
        run.tally.note(f"{source.path}: not valid JSON at {place}: {error.msg}")
        run.tally.skip("broken_json", source.path, error.lineno)


def _escaped(value: Any) -> bool:
    """Tell whether a parsed value holds a byte that could not be decoded."""
    return any("\udc80" <= char <= "\udcff" for char in json.dumps(value, ensure_ascii=False))
