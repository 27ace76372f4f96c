"""The commands ``index …``: make an index, fill it, ask it, look after it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any, TypeVar

import click

from dedup.cli.closing import input_code
from dedup.cli.commands import Add, Check
from dedup.cli.options import (
    NewIndex,
    index_options,
    reading_options,
)
from dedup.cli.progress import live
from dedup.cli.running import (
    DONE,
    DUPLICATES,
    show,
    stopped_with,
    tell,
    write_stdout,
)
from dedup.cli.sections import SectionCommand
from dedup.cli.warming import find_first

if TYPE_CHECKING:
    import pyarrow as pa

    from dedup.index import Index, Verdict
    from dedup.schema import ReadReport

Command = TypeVar("Command", bound=Callable[..., Any])

place_argument = click.argument("place", metavar="INDEX")
paths_argument = click.argument("paths", nargs=-1, required=True, metavar="PATH...")
quiet_option = click.option("--quiet", "-q", is_flag=True, help="Show nothing but errors.")
json_option = click.option(
    "--json", "as_json", is_flag=True, help="Print the outcome as one JSON object."
)
durable_option = click.option(
    "--durable", is_flag=True, help="Flush each step to the disk, against power cuts."
)


@click.group(
    invoke_without_command=True, short_help="Keep an index of the articles that were seen."
)
@click.pass_context
def index(ctx: click.Context) -> None:
    """Keep an index: what articles were seen, and which are copies of each other.

    INDEX is a file, or redis://… for one on a server. `dedup filter` takes a stream through an
    index; `docs/guides/index-of-seen.md` says what it is told.
    """
    if ctx.invoked_subcommand is None:
        click.echo(ctx.get_help(), color=ctx.color)


def opened(place: str, mode: str) -> Index:
    """Open an index that has to be there already."""
    from dedup.index import Index

    found = Index.open(place, mode="r")
    if mode == "r":
        return found
    found.close()
    return Index.open(place)


@index.command(cls=SectionCommand, short_help="Make an index.")
@place_argument
@click.option(
    "--from",
    "exported",
    metavar="FILE",
    help="Fill it from what `dedup index export` wrote; settings come from there.",
)
@quiet_option
@index_options
def create(place: str, exported: str | None, quiet: bool, **given: Any) -> int:
    """Make an index; one that is there already is not touched.

    \b
      dedup index create seen.index --window 30d --scope across --store-text
    """  # noqa: D301 - click takes the backslash b as "do not wrap"
    from dedup.index import Index

    built = NewIndex.taken(given)
    if exported is not None:
        if built.is_asked_for():
            raise click.UsageError("--from takes the settings from FILE: no others can be given")
        with Index.restore(place, exported) as made:
            count = len(made)
    else:
        Index.open(place, mode="x", **built.as_keywords()).close()
        count = 0
    if not quiet:
        show([f"{place}: a new index with {count:,} articles"], colour=False)
    return DONE


@index.command("import", short_help="Make an index of an exported one.")
@place_argument
@click.argument("exported", metavar="FILE")
@quiet_option
@click.pass_context
def take_in(ctx: click.Context, place: str, exported: str, quiet: bool) -> Any:
    """Make an index of what `dedup index export` wrote; it gives the same answers.

    FILE says what it is built with. An index that is there already is not touched.
    """
    return ctx.invoke(create, place=place, exported=exported, quiet=quiet)


@index.command(cls=SectionCommand, short_help="Add articles.")
@place_argument
@paths_argument
@json_option
@durable_option
@quiet_option
@reading_options
@index_options
def add(place: str, paths: tuple[str, ...], **given: Any) -> int:
    """Add articles to an index; it is made if there is none.

    A PATH is what `dedup scan` takes. Adding the same articles again changes nothing, so what was
    interrupted is simply added again. A file that is one article has its name as id, and a row that
    brings no id the name of its file and its line.

    \b
      dedup index add seen.index archive/*.parquet
    """  # noqa: D301 - as above
    from dedup.index import Index
    from dedup.schema import ReadReport

    options, read_report = Add.of(place, paths, given), ReadReport()
    batches = _batches(options, read_report)
    kept = f"{place} keeps what was added; the same command goes on"
    with (
        stopped_with(lambda: kept, quiet=options.quiet),
        Index.open(place, durable=options.durable, **options.built.as_keywords()) as found,
    ):
        told = found.add_entries(entry for each in batches for entry in found.sign_many([each]))
    summary = _summary(told, read_report)
    if options.as_json:
        print_json(summary)
    elif not options.quiet:
        show([sum_of(summary)], colour=False)
    return input_code(read_report, options.reading)


@index.command(cls=SectionCommand, short_help="Ask about articles, and keep nothing.")
@place_argument
@paths_argument
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a line and article.")
@click.option("--fail-on-duplicates", is_flag=True, help="Exit with 1 when one is a duplicate.")
@quiet_option
@reading_options
def check(place: str, paths: tuple[str, ...], **given: Any) -> int:
    """Say what each article would be told if it came next, and keep nothing.

    A PATH is what `dedup scan` takes. The articles are compared with the index, not with each
    other. The last line on stderr counts them.
    """
    from dedup.schema import ReadReport

    options = Check.of(place, paths, given)
    read_report, told = ReadReport(), Counter[str]()
    batches = _batches(options, read_report)
    with opened(place, "r") as found:
        lines = _answers(found, batches, told, as_json=options.as_json)
        if options.as_json:
            write_stdout(lines)
        elif options.quiet:
            for _ in lines:
                pass
        else:
            show((line.decode() for line in lines), colour=False)
    if not options.quiet:
        tell(f"dedup: {sum_of(_summary(told, read_report))}")
    code = input_code(read_report, options.reading)
    return DUPLICATES if options.fail_on_duplicates and told["duplicate"] else code


def _batches(options: Add | Check, read_report: ReadReport) -> Iterator[pa.RecordBatch]:
    """Find the inputs, and return what yields their documents, with a bar."""
    from dedup.sources import read_batches

    paths, reading = options.paths, options.reading.options()
    size = find_first("index", paths, reading, quiet=options.quiet)

    def documents() -> Iterator[pa.RecordBatch]:
        with live("reading", size, "B", quiet=options.quiet) as bar:
            yield from read_batches(paths, reading, read_report, progress=bar.update)

    return documents()


def _answers(
    found: Index, batches: Iterable[pa.RecordBatch], told: Counter[str], *, as_json: bool
) -> Iterator[bytes]:
    """Yield a line for each article: an object, or a sentence."""
    from dedup.core.files import json_bytes
    from dedup.index.lines import said_of

    for batch in batches:
        names = batch.column("doc_id").to_pylist()
        for name, verdict in zip(names, found.check_many([batch]), strict=True):
            told[verdict.verdict] += 1
            if as_json:
                said = {**said_of(name, verdict), "verdict": verdict.verdict}
                yield json_bytes({**said, "first": verdict.first})
            else:
                yield _sentence(name, verdict).encode()


def _sentence(name: str, verdict: Verdict) -> str:
    """Return what an article is told, for a person."""
    from dedup.report.terminal.text import safe

    said = verdict.verdict
    if said == "same":
        said = f"same, told {verdict.first}"
    if verdict.duplicate_of is not None:
        close = verdict.similarity if verdict.jaccard is None else verdict.jaccard
        relation = (verdict.relation or "").replace("_", " ")
        said += f" of {verdict.duplicate_of} ({relation}, {close or 0:.2f})"
    if verdict.lost_tokens or verdict.lost_facts:
        said += f", loses {verdict.lost_tokens} words, {verdict.lost_facts} facts"
    return safe(f"{name}: {said}")


def _summary(told: Counter[str], read_report: ReadReport) -> dict[str, int]:
    from dedup.index import VERDICTS

    parts = {name: told[name] for name in VERDICTS}
    return {"read": read_report.read, **parts, "skipped": sum(read_report.skipped.values())}


def sum_of(summary: dict[str, int]) -> str:
    """Return counts as one sum.

    >>> sum_of({"read": 2, "new": 1, "skipped": 1})
    '2 read = 1 new + 1 skipped'
    """
    parts = [f"{count:,} {name}" for name, count in summary.items() if name != "read"]
    return f"{summary['read']:,} read = {' + '.join(parts)}"


def print_json(value: Any) -> None:
    """Print an outcome as one JSON object."""
    from dedup.core.files import json_bytes

    write_stdout(iter([json_bytes(value, pretty=True)]))
