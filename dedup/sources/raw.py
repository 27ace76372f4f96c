"""JSON lines with their own bytes beside the documents in them, so that lines can be passed on."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from itertools import chain, islice
from typing import Any, NamedTuple

from dedup.errors import InputError
from dedup.schema import ReadReport
from dedup.sources import open_source
from dedup.sources.batches import Row
from dedup.sources.files import find_sources, is_live
from dedup.sources.json_rows import parse_line
from dedup.sources.options import PROBE, Columns, Probe, ReadOptions, Run, Source, Tally, choose
from dedup.sources.rows import Record, as_string, lack_of, row_of
from dedup.sources.streams import Line, Stream


class RawLine(NamedTuple):
    """One line: its number, its bytes with their line end, and the document in it.

    ``flaw`` names why there is none; a line that was too long has no bytes either. A document that
    brings no id has an empty one.
    """

    number: int
    data: bytes
    values: Mapping[str, Any]
    row: Row | None = None
    flaw: str = ""


def raw_lines(
    path: str,
    options: ReadOptions,
    read_report: ReadReport,
    *,
    eager: bool = False,
    longest_id: int = 0,
    settled: Callable[[Columns], None] = lambda columns: None,
) -> Iterator[RawLine]:
    """Yield the lines of a file or of stdin, blank ones left out, counted in ``read_report``.

    The columns are settled on the first hundred objects, or, if ``eager``, as soon as one has a
    text, so that nobody waits for the others; ``settled`` is told of them. A line whose id has
    more than ``longest_id`` bytes, where that is not 0, is skipped.
    """
    run = Run(options, Tally(read_report, options.strict))
    source = _one_source(path, options, run.tally)
    try:
        file = open_source(source)
    except OSError as error:
        run.tally.fail("unreadable", source.path, str(error))
        return
    with file as opened, closing(Stream(opened, source, run, is_live(source.path))) as stream:
        lines = _parsed(stream, run)
        first, columns = _settled(lines, source, run, eager=eager)
        if columns is not None:
            settled(columns)
        for each in chain(first, lines):
            line = _document(*each, columns, source, run, longest_id)
            if line.row is None:
                run.tally.skip(line.flaw, source.path, line.number)
            else:
                read_report.read += 1
            yield line
    run.finish()


def _one_source(path: str, options: ReadOptions, tally: Tally) -> Source:
    sources = find_sources([path], options, tally)
    kinds = {each.kind for each in sources}
    if len(sources) == 1 and kinds <= {"auto", "jsonl", "json"}:
        return sources[0]
    got = f"{len(sources)} files" if len(sources) != 1 else kinds.pop()
    raise InputError(f"got {got}, allowed is one file of JSON lines", path=path)


Parsed = tuple[int, bytes, Record | str]  # the record of a line, or what is wrong with it


def _parsed(stream: Stream, run: Run) -> Iterator[Parsed]:
    """Yield each line that is not blank with the object in it."""
    for number, line in stream.lines(b"\n"):
        found = _record((number, line), run)
        is_rest = found == "broken_json" and number == stream.cut_line
        if line is None or not (line.isspace() or is_rest):
            yield number, line or b"", found


def _record(line: Line, run: Run) -> Record | str:
    number, data = line
    if data is None:
        return "line_too_long"
    record = parse_line(data, number, run)
    if record is None:
        return "broken_json"
    return record if isinstance(record.values, dict) else "not_an_object"


def _settled(
    lines: Iterator[Parsed], source: Source, run: Run, *, eager: bool
) -> tuple[list[Parsed], Columns | None]:
    """Return the lines that were read to settle the columns, and those."""
    first: list[Parsed] = []
    objects: list[Mapping[str, Any]] = []
    for each in islice(lines, 10 * PROBE):
        first.append(each)
        if not isinstance(each[2], str):
            objects.append(each[2].values)
            if len(objects) == PROBE or (eager and _is_enough(objects, run.options)):
                break
    if not first:
        return first, None
    probe = Probe.of_rows(objects)
    return first, run.settle(source, probe.present, probe)


def _is_enough(objects: list[Mapping[str, Any]], options: ReadOptions) -> bool:
    probe = Probe.of_rows(objects[-1:])
    chosen = choose(options, probe)
    wanted = [] if options.id_column is None else [options.id_column]
    return chosen is not None and all(probe.present[name] for name in (chosen.text, *wanted))


def _document(
    number: int,
    data: bytes,
    found: Record | str,
    columns: Columns | None,
    source: Source,
    run: Run,
    longest_id: int,
) -> RawLine:
    """Return a line with its document, or with what is wrong with it."""
    if isinstance(found, str):
        return RawLine(number, data, {}, flaw=found)
    values = found.values
    text = None if columns is None else values.get(columns.text)
    if columns is None or not isinstance(text, str):
        return RawLine(number, data, values, flaw=lack_of(text))
    name = None if columns.id is None else as_string(values.get(columns.id))
    if name and longest_id and len(name.encode()) > longest_id:
        return RawLine(number, data, values, flaw="id_too_long")
    row = row_of(found, columns, source, run)
    return RawLine(number, data, values, row and row._replace(doc_id=name or ""))
