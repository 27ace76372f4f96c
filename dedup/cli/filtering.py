"""The command ``filter``: a stream of JSON lines through an index."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import click

from dedup.cli.closing import input_code
from dedup.cli.commands import Filtering
from dedup.cli.index import sum_of
from dedup.cli.options import (
    folder_name,
    index_options,
    line_options,
)
from dedup.cli.running import stopped_with, tell
from dedup.cli.sections import SectionCommand
from dedup.cli.warming import compile_first, start_small

if TYPE_CHECKING:
    from dedup.index import Index
    from dedup.index.lines import Filter, Judged
    from dedup.schema import ReadReport

SPLIT = {"new": "new.jsonl", "updated": "updated.jsonl", "duplicate": "duplicates.jsonl"}
SKIPPED = "skipped.jsonl"
_SAID = 5  # lines that hold no document and are named as they are met, of each reason

index_option = click.option(
    "--index",
    "-i",
    metavar="INDEX",
    required=True,
    help="The index: a file, made if there is none, or redis://…",
)


@click.command(
    "filter", cls=SectionCommand, short_help="Say of each line whether its article is new."
)
@click.argument("path", metavar="[FILE]", default="-")
@index_option
@click.option(
    "--drop", is_flag=True, help="Write only lines that are no duplicates, byte for byte."
)
@click.option(
    "--split",
    metavar="DIR",
    callback=folder_name,
    help="Write new.jsonl, updated.jsonl, duplicates.jsonl and skipped.jsonl into this folder; new "
    "and skipped lines byte for byte.",
)
@click.option("--output", "-o", metavar="FILE", help="Write into a file instead of to stdout.")
@click.option("--line-buffered", is_flag=True, help="Decide on each line and pass it on at once.")
@click.option(
    "--key",
    default="dedup",
    show_default=True,
    metavar="NAME",
    help="Key that lines get; one of that name is replaced.",
)
@click.option(
    "--pass-skipped",
    is_flag=True,
    help="Also pass on lines that cannot be decided on: broken ones and those without a text.",
)
@click.option(
    "--in-place",
    is_flag=True,
    help="With --clean, which it brings: the cleaned text takes the place of the text; what was "
    "removed stands under the key, so that the original can be restored.",
)
@click.option(
    "--summary", metavar="FILE", help="Write the counts into this file, as one JSON object."
)
@click.option("--durable", is_flag=True, help="Flush each step to the disk, against power cuts.")
@click.option("--quiet", "-q", is_flag=True, help="Say nothing but errors on stderr.")
@line_options
@index_options
def filter_command(path: str, **given: Any) -> int:
    """Say of each article in JSON lines whether it, or a near copy, was seen before; keep it.

    FILE is JSON lines, also compressed, or - for stdin. Each line comes out as it went in, with an
    object `dedup` before its last brace: id, verdict (new, updated, duplicate), duplicate_of and
    how alike the two are. A line that comes again gets what it got the first time, so a stream that
    was interrupted is simply offered again. Ids tell articles apart: a line without one goes by its
    number and content. Lines without a text are counted, named and left out.

    With --clean a line also gets the cleaned text as `clean`, and under `dedup` what was removed;
    with --passages what it shares with earlier articles. Lines that are kept then come out
    annotated with --drop and --split as well.

    \b
      dedup filter news.jsonl --index seen.index > annotated.jsonl
      crawl | dedup filter --index seen.index --drop --line-buffered | publish
    """  # noqa: D301 - click takes the backslash b as "do not wrap"
    options = Filtering.of(path, given)
    start_small("filter", [path], options.index, quiet=options.quiet)

    from dedup.index import Index
    from dedup.schema import ReadReport
    from dedup.sources.raw import check_lines

    _check_usage(options)
    check_lines(options.path, options.reading.options())
    compile_first("filter", quiet=options.quiet)

    built = options.built.as_keywords()
    kept = f"{options.index} keeps what was decided; the same lines, offered again, come out again"
    with (
        stopped_with(lambda: kept, quiet=options.quiet),
        Index.open(options.index, durable=options.durable, **built) as index,
    ):
        read_report = ReadReport()
        through = _run(index, options, read_report)
    _tell_sums(through, options, read_report)
    if not read_report.read:
        read_report.notes[:] = ["no lines were read"]
    return input_code(read_report, options.reading)


def _tell_sums(through: Filter, options: Filtering, read_report: ReadReport) -> None:
    """Write the counts into a file and on stderr, as far as they are asked for."""
    from dedup.index.verdicts import LOSSES

    summary, lost = through.summary(), {name: through.lost[name] for name in LOSSES}
    if options.summary:
        _write_summary(options.summary, {**summary, **lost, "read_report": read_report.as_dict()})
    if options.quiet:
        return
    tell(f"dedup: {sum_of(summary)}")
    words, facts, unknown = lost.values()
    if words or facts:
        told = f"of the duplicates {words:,} words and {facts:,} facts stand in no kept copy"
        tell(f"dedup: {told}")
    if unknown:
        told = f"what {unknown:,} of the duplicates lose is not known: the index keeps no texts"
        tell(f"dedup: {told} (--store-text)")


def _check_usage(options: Filtering) -> None:
    """Refuse options that contradict each other, and outputs that would be written over inputs."""
    if options.split and (options.drop or options.output):
        raise click.UsageError("--split goes neither with --drop nor with --output")
    if options.in_place and not options.built.clean:
        raise click.UsageError("--in-place goes with --clean")
    if options.line_buffered and (options.split or options.output):
        raise click.UsageError("--line-buffered is for stdout: files appear when they are whole")

    from dedup.output.places import check_output

    place = options.index
    read = [options.path, place, f"{place}-wal", f"{place}.lock"]
    inputs = [each for each in read if "://" not in each]
    if options.split:
        check_output(options.split, inputs, [*SPLIT.values(), SKIPPED])
    for each in (options.output, options.summary):
        if each:
            _check_file(Path(each))
            check_output(Path(each).parent, inputs, [Path(each).name])


def _check_file(path: Path) -> None:
    """Refuse a device or a folder, which a file that appears when it is whole would replace."""
    from dedup.errors import OutputError

    if path.exists() and not path.is_file():
        raise OutputError(f"{path}: is a folder or a device; give the name of a file")


def _run(index: Index, options: Filtering, read_report: Any) -> Filter:
    """Take the lines of the input through the index; return what counted them."""
    from dedup.index.lines import AT_ONCE, Filter
    from dedup.sources.options import Columns

    through = Filter(
        *(index, options.key),
        clean=bool(options.built.clean),
        in_place=options.in_place,
        passages=bool(options.built.passages),
    )

    def settled(columns: Columns) -> None:
        if columns.id is None and not options.quiet:
            tell("dedup: no id column is recognised: lines go by their number and content")

    path, eager, reading = options.path, options.line_buffered, options.reading.options()
    lines = through.lines(path, reading, read_report, eager=eager, settled=settled)
    name = _Flaws("stdin" if path == "-" else path, options.quiet)
    with _outlet(through, options) as write:
        for some in through.run(lines, 1 if eager else AT_ONCE):
            name.those(some)
            write(some)
    return through


class _Flaws:
    """Name lines that hold no document on stderr, the first few of each reason."""

    def __init__(self, path: str, quiet: bool) -> None:
        self.path = path
        self.quiet = quiet
        self.met: Counter[str] = Counter()

    def those(self, judged: Iterable[Judged]) -> None:
        """Name the lines without a document among some."""
        from dedup.sources.options import REASONS

        for each in judged:
            flaw = each.line.flaw
            if flaw and not self.quiet:
                self.met[flaw] += 1
                if self.met[flaw] <= _SAID:
                    last = "; further ones are counted" * (self.met[flaw] == _SAID)
                    tell(f"dedup: {self.path}:{each.line.number}: {REASONS[flaw]}{last}")


Write = Callable[[list["Judged"]], None]


@contextmanager
def _outlet(through: Filter, options: Filtering) -> Iterator[Write]:
    """Give what writes lines: to stdout at once, into files that appear when all is done."""
    from dedup.core.files import atomic, staged

    with ExitStack() as stack:
        if options.split:
            folder = Path(options.split)
            folder.mkdir(parents=True, exist_ok=True)
            staging = stack.enter_context(staged(folder))
            yield _splitting(through, {n: staging.open(folder / n) for n in _split_names()})
            return
        file = stack.enter_context(atomic(options.output)) if options.output else None
        yield _joining(through, file, options)


def _split_names() -> list[str]:
    return [*SPLIT.values(), SKIPPED]


def _splitting(through: Filter, files: dict[str, BinaryIO]) -> Write:
    def write(judged: list[Judged]) -> None:
        for each in judged:
            if each.verdict is None:
                files[SKIPPED].write(_ended(each.line.data))
            elif each.verdict.first == "new" and not through.says_more:
                files[SPLIT["new"]].write(_ended(each.line.data))
            else:
                files[SPLIT[each.verdict.first]].write(_ended(through.annotated(each)))

    return write


def _ended(line: bytes) -> bytes:
    r"""Return a line with its end: the last one of a file may lack it, and is not last here."""
    return line if line.endswith(b"\n") or not line else line + b"\n"


def _joining(through: Filter, file: BinaryIO | None, options: Filtering) -> Write:
    """Return what writes lines in their order."""
    out = file or sys.stdout.buffer
    drop, passes = options.drop, options.pass_skipped

    def line_of(each: Judged) -> bytes:
        if each.verdict is None:
            return each.line.data if passes else b""
        if drop and not each.verdict.kept:
            return b""
        if drop and not through.says_more:
            return each.line.data
        return through.annotated(each)

    def write(judged: list[Judged]) -> None:
        data = b"".join([line_of(each) for each in judged])
        if data:
            out.write(data)
            out.flush()

    return write


def _write_summary(path: str, counts: dict[str, Any]) -> None:
    from dedup.core.files import atomic, json_bytes

    with atomic(path) as file:
        file.write(json_bytes(counts, pretty=True))
