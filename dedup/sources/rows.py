"""What all forms of rows have in common: one document a row, under columns that are settled."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain, islice
from typing import Any, NamedTuple

import orjson
import pyarrow as pa

from dedup.core.arrays import clean_string
from dedup.sources.batches import Batcher, Row, host
from dedup.sources.names import lookup, without
from dedup.sources.options import MEMORY, PROBE, PROBE_MOST, Columns, Probe, Run, Source, choose

PARAGRAPHS = "\n\n"  # between the strings of a list that is a text


class Record(NamedTuple):
    """One parsed row. ``twin`` is the same row with its undecodable bytes as surrogates."""

    line: int | None
    values: Mapping[str, Any]
    damage: str | None = None
    twin: Mapping[str, Any] | None = None
    plain: bool = True  # orjson took it: every string is valid, every number finite


def take_records(
    records: Iterable[Record],
    source: Source,
    run: Run,
    out: Batcher,
    header: list[str] | None = None,
    hint: str = "",
) -> Iterator[pa.RecordBatch]:
    """Yield the documents of ``records``; the columns are settled on the first hundred."""
    records = iter(records)
    first, columns = probe(records, source, run, header, hint)
    if columns is not None:
        yield from add_records(chain(first, records), columns, source, run, out)


def probe(
    records: Iterator[Record],
    source: Source,
    run: Run,
    header: list[str] | None = None,
    hint: str = "",
) -> tuple[list[Record], Columns | None]:
    """Return the first records, a hundred or as many as it takes, and the columns settled on them.

    ``header`` lists the columns of a format that has no others than those; ``hint`` is said where
    none of them holds the text.
    """
    first = list(islice(records, PROBE))
    if not first:
        return first, None
    seen = Probe.of_rows((each.values for each in first), header=header is not None)
    while header is None and run.columns is None and len(first) < PROBE_MOST:
        chosen = choose(run.options, seen)
        if chosen is not None and (seen.present[chosen.text] or run.options.text_column):
            break
        more = list(islice(records, PROBE))
        if not more:
            break
        for each in more:
            seen.add(each.values)
        first += more
    seen.hint = hint
    return first, run.settle(source, header or seen.present, seen)


def add_records(
    records: Iterable[Record], columns: Columns, source: Source, run: Run, out: Batcher
) -> Iterator[pa.RecordBatch]:
    """Yield the documents of ``records``, one by one."""
    for record in records:
        row = row_of(record, columns, source, run)
        if row is not None:
            out.add(row)
            yield from out.full()


def row_of(record: Record, columns: Columns, source: Source, run: Run) -> Row | None:
    """Return the document of a record; one without a text is counted as skipped."""
    values, line = record.values, record.line
    text, twin = text_in(values, columns), record.twin
    if not isinstance(text, str):
        run.tally.skip(lack_of(text), *source.place(line))
        return None
    damage, raw = record.damage, None
    if not record.plain:
        damaged = text if twin is None else text_in(twin, columns)
        text, damage, raw = _repaired(text, damaged, record)
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
        url=url,
        date=_string(values, columns.date, plain),
        priority=_string(values, columns.priority, plain),
        raw=raw,
        record=_whole_row(record, columns) if run.options.keep_record else None,
    )


def text_in(values: Mapping[str, Any], columns: Columns) -> Any:
    """Return the text of a row; a list of strings is its paragraphs."""
    text = lookup(values, columns.text)
    return joined(text) if isinstance(text, list | tuple) else text


def joined(parts: Sequence[Any]) -> Any:
    r"""Return the paragraphs of a list as one text, null where there are none.

    What is no list of strings is returned as it is.

    >>> joined(["One.", None, "Two."])
    'One.\n\nTwo.'
    """
    if any(not isinstance(each, str | None) for each in parts):
        return parts
    strings = [each for each in parts if each is not None]
    return PARAGRAPHS.join(strings) if strings else None


def lack_of(text: object) -> str:
    """Name what is wrong with a text that is no string."""
    return "missing_text" if text is None else "text_not_a_string"


def _repaired(text: str, damaged: str, record: Record) -> tuple[str, str | None, bytes | None]:
    """Return the text as valid Unicode, what was damaged, and the bytes it had before."""
    clean = clean_string(text)
    if clean is text and record.twin is None:
        return text, None, None
    damage = record.damage or ("lone_surrogate" if clean != text else None)
    raw = _surrogate_bytes(damaged, record.twin is not None)
    return clean, damage, None if raw == clean.encode() else raw


def _surrogate_bytes(text: str, escaped: bool) -> bytes:
    if escaped:
        try:
            return text.encode("utf-8", "surrogateescape")
        except UnicodeEncodeError:
            pass  # a \ud83d written out in JSON beside an invalid byte
    return text.encode("utf-8", "surrogatepass")


def _string(values: Mapping[str, Any], name: str | None, plain: bool = False) -> str | None:
    value = None if name is None else lookup(values, name)
    return value if plain and isinstance(value, str) else as_string(value)


def as_string(value: Any) -> str | None:
    """Return a value as a string; numbers are written out, dates in ISO form, the rest is nothing.

    >>> as_string(7), as_string(["a"])
    ('7', None)
    """
    if isinstance(value, str):
        return clean_string(value)
    if isinstance(value, int | float):
        return str(value)
    if hasattr(value, "isoformat"):
        return str(value.isoformat())
    return None


def _whole_row(record: Record, columns: Columns) -> bytes:
    """Return the name of the text column and the row without its text, as JSON."""
    row = without(record.values, columns.text)
    if record.plain:
        try:
            return orjson.dumps([columns.text, row])
        except TypeError:
            pass  # an integer above 64 bits, or a surrogate: the standard library writes both
    return json.dumps([columns.text, row], separators=(",", ":"), default=str).encode()
