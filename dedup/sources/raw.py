"""JSON lines with their own bytes beside the documents in them, so that lines can be passed on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from itertools import chain, islice
from typing import Any, NamedTuple

from dedup.core.formats import kind_of
from dedup.errors import InputError
from dedup.schema import ReadReport
from dedup.sources import open_source
from dedup.sources.batches import Row
from dedup.sources.files import find_sources, is_live
from dedup.sources.json_rows import parse_line
from dedup.sources.names import lookup
from dedup.sources.options import (
    PROBE,
    PROBE_MOST,
    Columns,
    Probe,
    ReadOptions,
    Run,
    Source,
    Tally,
    choose,
)
from dedup.sources.rows import Record, as_string, lack_of, row_of, text_in
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
        columns: Columns | None = None
        while columns is None:
            first, columns = _settled(lines, source, run, eager=eager)
            if not first:
                break
            if columns is not None:
                settled(columns)
            rest = () if columns is None else lines
            for each in chain(first, rest):
                line = _document(each, columns, source, run, longest_id)
                if line.row is None:
                    run.tally.skip(line.flaw, source.path, line.number)
                else:
                    read_report.read += 1
                yield line
    run.finish()


def check_lines(path: str, options: ReadOptions) -> None:
    """Raise ``InputError`` where ``path`` is not one file of JSON lines, by what it is called."""
    _one_source(path, options, Tally(ReadReport()))


def _one_source(path: str, options: ReadOptions, tally: Tally) -> Source:
    sources = find_sources([path], options, tally)
    kinds = {kind_of(each.path) or "auto" for each in sources}
    if len(sources) == 1 and kinds <= {"auto", "jsonl", "json", "txt"}:
        return sources[0]
    got = f"are {len(sources)} files" if len(sources) != 1 else f"is {kinds.pop()}"
    raise InputError(f"this takes one file of JSON lines, and here {got}", path=path)


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
    """Return the lines that were read to settle the columns, and those.

    With ``eager`` a line without a text comes by itself, and there are no columns yet.
    """
    first: list[Parsed] = []
    probe = Probe(0, Counter(), Counter())
    for each in islice(lines, PROBE_MOST):
        first.append(each)
        record = each[2]
        if not isinstance(record, str):
            probe.add(record.values)
        if eager:
            values = {} if isinstance(record, str) else record.values
            if _is_enough(values, run.options):
                break
            if len(first) == 1 and not _is_known(Probe.of_rows([values]), run.options):
                run.note_columns(source, probe.present)
                return first, None
            continue
        is_named = run.options.text_column is not None
        if probe.total >= PROBE and probe.total % PROBE == 0:
            if is_named or _is_known(probe, run.options):
                break
    if not first:
        return first, None
    return first, run.settle(source, probe.present, probe)


def _is_known(probe: Probe, options: ReadOptions) -> bool:
    chosen = choose(options, probe)
    return chosen is not None and bool(probe.present[chosen.text])


def _is_enough(values: Mapping[str, Any], options: ReadOptions) -> bool:
    probe = Probe.of_rows([values])
    chosen = choose(options, probe)
    wanted = [] if options.id_column is None else [options.id_column]
    return chosen is not None and all(probe.present[name] for name in (chosen.text, *wanted))


def _document(
    line: Parsed, columns: Columns | None, source: Source, run: Run, longest_id: int
) -> RawLine:
    """Return a line with its document, or with what is wrong with it."""
    number, data, found = line
    if isinstance(found, str):
        return RawLine(number, data, {}, flaw=found)
    values = found.values
    text = None if columns is None else text_in(values, columns)
    if columns is None or not isinstance(text, str):
        return RawLine(number, data, values, flaw=lack_of(text))
    name = None if columns.id is None else as_string(lookup(values, columns.id))
    if name and longest_id and len(name.encode()) > longest_id:
        return RawLine(number, data, values, flaw="id_too_long")
    row = row_of(found, columns, source, run)
    return RawLine(number, data, values, row and row._replace(doc_id=name or ""))
