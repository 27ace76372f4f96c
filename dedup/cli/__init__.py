"""The commands: ``scan``, ``clean``, ``restore``, ``compare``, ``report``, ``evaluate`` and others.

Exit codes: 0 done; 1 duplicates or suspicious removals, with ``--fail-on-duplicates`` and
``--stop-on-warning`` only; 2 usage or settings; 3 done, but input was skipped or damaged; 4 could
not be done; 130 and 143 after a signal. Results go to
stdout, everything else to stderr. Whatever takes long to import is imported inside a command.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from dedup.cli.about import about, completion
from dedup.cli.closing import against_lines, input_code, is_stopped
from dedup.cli.commands import Clean, Scan
from dedup.cli.filtering import filter_command
from dedup.cli.options import (
    Reading,
    View,
    against_options,
    config_from,
    dry_run_option,
    folder_name,
    memory_option,
    pair_options,
    reading_options,
    setting_options,
    shown_option,
    signed_options,
    taken,
    threads_option,
    typed_options,
    view_options,
    warning_options,
    work_option,
)
from dedup.cli.reporting import check_views, plots_option, report, report_option, write_views
from dedup.cli.running import (
    DONE,
    DUPLICATES,
    WARNED,
    Root,
    columns,
    prepare,
    show,
    stopped_with,
    tell,
    uses_colour,
    write_stdout,
)
from dedup.cli.scanning import (
    ROWS,
    Scanned,
    check_signed,
    kept_of,
    read_corpus,
    say_too_little,
    scan_files,
    scan_signed,
    show_plan,
    start,
    write_clean,
    write_scan,
)
from dedup.cli.searching import index
from dedup.cli.sections import SectionCommand, complete_places
from dedup.cli.signing import sign
from dedup.cli.spark import clean_on_spark, engine_options, scan_on_spark, uses_spark
from dedup.cli.warming import find_first, start_small, warmup
from dedup.config import BY_STRENGTH
from dedup.core.package import check_alone
from dedup.errors import ConfigError

if TYPE_CHECKING:
    from dedup.result import Result

CONTEXT = {"help_option_names": ["-h", "--help"], "max_content_width": 100}

paths_argument = click.argument("paths", nargs=-1, required=True, metavar="PATH...")


EXIT_CODES = (
    "Exit codes: 0 done; 1 there are duplicates, with --fail-on-duplicates only, or the removals "
    "look wrong, with --stop-on-warning only; 2 wrong usage or settings; 3 done, but some input "
    "was skipped or damaged; 4 could not be done; 130 and 143 ended by a signal."
)


@click.group(cls=Root, invoke_without_command=True, context_settings=CONTEXT, epilog=EXIT_CODES)
@click.option("--version", "shows", is_flag=True, help="Show the version and exit.")
@click.option(
    "--verbose", is_flag=True, help="With --version: also what a report of a fault should say."
)
@click.pass_context
def root(ctx: click.Context, shows: bool, verbose: bool) -> int:
    """Find repeated text inside articles, between articles and as whole articles; clean it.

    A PATH is a file, a folder (all files below it), a pattern, or - for stdin. Text, JSON, CSV,
    Parquet, Arrow, ORC, HTML, feeds, web archives and mailboxes are read, also compressed, and in
    zip and tar archives.
    """
    check_alone()
    if shows:
        show(about(verbose=verbose), colour=False)
        ctx.exit(DONE)
    if verbose:
        raise click.UsageError("--verbose goes with --version", ctx)
    if ctx.invoked_subcommand is None:
        click.echo(ctx.get_help())
    return DONE


@root.command(cls=SectionCommand, short_help="Show what repeats, where, and how articles relate.")
@paths_argument
@click.option(
    "--output",
    "-o",
    callback=folder_name,
    metavar="DIR",
    help="Write the result into this folder as well.",
)
@click.option(
    "--format",
    type=click.Choice(("jsonl", "parquet", "csv")),
    default="jsonl",
    show_default=True,
    help="Form of the files in the output folder; csv is for spreadsheets, beside JSON lines.",
)
@click.option(
    "--with-text",
    is_flag=True,
    help="Also write what passages, repeats and removals say, beside where they stand.",
)
@click.option(
    "--write-rows",
    is_flag=True,
    help="Also write the rows that are kept, as they were read, with what was found of each in a "
    "column `dedup`.",
)
@click.option(
    "--annotate",
    is_flag=True,
    help="Also write all rows, kept or not, in the same way. For rows only.",
)
@report_option
@plots_option
@view_options(limit=None)
@shown_option(
    *("clusters", "families", "stories", "passages", "pairs", "removals"),
    *("losses", "forms", "revisions", "warnings", "input", "all"),
)
@click.option("--fail-on-duplicates", is_flag=True, help="Exit with 1 when there are duplicates.")
@signed_options
@against_options
@engine_options
@warning_options
@dry_run_option
@threads_option
@memory_option
@work_option
@reading_options
@setting_options
def scan(paths: tuple[str, ...], **given: Any) -> int:
    """Show what repeats, where, and how the articles are related.

    \b
      dedup scan news/
      dedup scan news.jsonl.gz -o found --text-column body
      zcat news.gz | dedup scan - --json | jq .summary
      dedup scan news.parquet --find duplicates -o found --write-rows --format parquet
      dedup scan --signed signed/1 signed/2 --find duplicates -o found
      dedup scan s3a://bucket/news/ --input-format parquet --engine spark -o s3a://bucket/found
    """  # noqa: D301 - click takes the backslash b as "do not wrap"
    options = Scan.of(paths, given)
    if uses_spark(options):
        return scan_on_spark(options)
    start(options)
    with stopped_with(lambda: kept_of(options.work), quiet=options.view.quiet):
        _check_scan(options)
        return show_plan(options) if options.dry_run else _scan(options)


def _scan(options: Scan) -> int:
    """Scan, write what is to be written, and show what is to be shown."""
    say_too_little(options)
    scanned = scan_signed(options) if options.signed else scan_files(options)
    result = scanned.result
    stopped = is_stopped(result, options.safety)
    if options.output and not stopped:
        _write(scanned, options)
    if not stopped:
        write_views(scanned, options)
    _show_scan(scanned, options)
    if stopped:
        return WARNED  # what --work keeps stays, for a run with other thresholds
    scanned.inputs.finish()
    if options.fail_on_duplicates and _has_duplicates(result):
        return DUPLICATES
    return input_code(result.corpus.read_report, options.reading)


def check_against(options: Scan | Clean) -> None:
    """Refuse to drop what an index knows where none is named."""
    if options.against is None and (options.drop_known or options.drop_known_passages):
        name = "drop_known" if options.drop_known else "drop_known_passages"
        raise ConfigError(name, True, "with --against INDEX", "{name} needs --against INDEX")


def _check_scan(options: Scan) -> None:
    """Refuse options that do not go together, and outputs that could touch an input."""
    if options.fail_on_duplicates and "duplicates" not in options.config.find:
        allowed = "with `duplicates` in --find"
        says = "{name} needs `duplicates` in --find"
        raise ConfigError("fail_on_duplicates", True, allowed, says)
    options.safety.limits()
    check_against(options)
    check_signed(options)
    for name in ("write_rows", "annotate"):
        if getattr(options, name) and not options.output:
            raise ConfigError(name, True, "with -o DIR", "{name} needs -o DIR")
    if options.dry_run:
        return
    if options.output:
        _check_scan_output(options.output, options)
    check_views(options)


def _check_scan_output(output: str, options: Scan) -> None:
    """Refuse an output folder that could touch an input, before any work is done."""
    from dedup.output.inputs import INPUTS
    from dedup.output.places import check_output
    from dedup.output.written import WRITTEN, Written
    from dedup.schema import CONTRACT, MORE, NAMED

    names = [*CONTRACT, *MORE, *NAMED, *([ROWS] if options.wants_rows else [])]
    forms = ("jsonl", "csv") if options.format == "csv" else (options.format,)
    files = [*(f"{name}.{form}" for name in names for form in forms), "summary.json", INPUTS]
    check_output(output, options.paths, [*files, WRITTEN])
    Written.of(Path(output)).check([*files, WRITTEN])


def _write(scanned: Scanned, options: Scan) -> None:
    written = write_scan(scanned, options)
    if not options.view.quiet:
        names = ", ".join(path.name for path in written)
        tell(f"dedup: wrote {names} to {options.output}")


def _show_scan(scanned: Scanned, options: Scan) -> None:
    result, view = scanned.result, options.view
    if view.as_json:
        from dedup.report import json_parts

        write_stdout(json_parts(result))
    elif not view.quiet:
        from dedup.report import Typed, answer_view, scan_view, sections_view

        how: dict[str, Any] = {"width": columns(), "colour": uses_colour(view.color)}
        if view.is_answer(options.show):
            paths = scanned.inputs.paths if options.signed else options.paths
            typed = Typed(paths, options.output, typed_options())
            lines = answer_view(result, typed, **how, seconds=scanned.seconds)
        elif view.is_full(options.show):
            lines = scan_view(result, **how, limit=view.entries, seconds=scanned.seconds)
        else:
            lines = sections_view(result, options.show, **how, limit=view.entries)
        show(lines, colour=how["colour"])
        if options.against and "against" in result.summary:
            show(against_lines(result, options.against), colour=False)


def _has_duplicates(result: Result) -> bool:
    return any(not each for each in result.tables["documents"]["canonical"].to_pylist())


@root.command(cls=SectionCommand, short_help="Write clean articles, with a way back.")
@paths_argument
@click.option(
    "--output",
    "-o",
    callback=folder_name,
    metavar="DIR",
    required=True,
    help="Folder to write into.",
)
@click.option("--all", "everything", is_flag=True, help="Also write what another one stands for.")
@against_options
@click.option(
    "--annotate",
    is_flag=True,
    help="Write all rows as they were read, with what was found of each in a column `dedup`; "
    "nothing is removed. For rows only.",
)
@click.option(
    "--format",
    type=click.Choice(("auto", "jsonl", "parquet", "csv")),
    default="auto",
    show_default=True,
    help="auto writes a file for each file read, and rows as JSON lines; csv writes all as rows, "
    "for a spreadsheet, beside JSON lines.",
)
@view_options(limit=None, has_json=False)
@shown_option("removals", "tags", "clusters", "warnings", "input", "all")
@engine_options
@warning_options
@threads_option
@memory_option
@work_option
@reading_options
@setting_options
def clean(paths: tuple[str, ...], **given: Any) -> int:
    """Write the articles without repeats, boilerplate and duplicates.

    The folder gets the cleaned articles, provenance.jsonl, which says for each article what was
    removed and why, and manifest.json with the hashes; `dedup restore` puts it back. A file that no
    earlier run wrote there, or that was changed since, is not replaced.

    \b
      dedup clean news/ -o clean
      dedup clean "crawl/*.parquet" --memory 2GB --work work -o clean --format parquet
    """  # noqa: D301 - as above
    options = Clean.of(paths, given)
    if uses_spark(options):
        return clean_on_spark(options)
    start(options)

    def kept() -> str:
        return f"no article is written before all are done; {kept_of(options.work)}"

    with stopped_with(kept, quiet=options.view.quiet):
        return _clean(options)


def _clean(options: Clean) -> int:
    """Scan, and write the articles."""
    from dedup.output.cleaned import ARTICLES
    from dedup.output.places import check_output
    from dedup.report import (
        Cleaned,
        Typed,
        clean_view,
        cleaned_sections_view,
        cleaned_view,
        warning_view,
    )

    options.safety.limits()
    check_against(options)
    check_output(options.output, options.paths, folders=[ARTICLES])
    say_too_little(options)
    scanned = scan_files(options)
    result, seconds, view = scanned.result, scanned.seconds, options.view
    how: dict[str, Any] = {"width": columns(), "colour": uses_colour(view.color)}
    if is_stopped(result, options.safety):
        if not view.quiet:
            show(warning_view(result, **how, limit=view.entries), colour=how["colour"])
        return WARNED
    which = {"everything": options.everything, "annotate": options.annotate}
    counts = write_clean(scanned, options)
    scanned.inputs.finish()
    if not view.quiet:
        cleaned = Cleaned(options.output, counts, **which)
        if view.is_answer(options.show):
            typed = Typed(options.paths, options=typed_options())
            lines = cleaned_view(result, cleaned, typed, **how, seconds=seconds)
        elif view.is_full(options.show):
            lines = clean_view(result, cleaned, **how, limit=view.entries, seconds=seconds)
        else:
            names = options.show
            lines = cleaned_sections_view(result, cleaned, names, **how, limit=view.entries)
        show(lines, colour=how["colour"])
    return input_code(result.corpus.read_report, options.reading)


@root.command(short_help="Bring back the text that cleaned articles were read from.")
@click.argument("directory", metavar="DIR")
@click.option(
    "--output",
    "-o",
    callback=folder_name,
    metavar="OUT",
    help="Folder to write into; by default DIR-restored.",
)
@click.option("--quiet", "-q", is_flag=True, help="Show nothing but errors.")
def restore(directory: str, output: str | None, quiet: bool) -> int:
    """Bring back the text that was read of every article in DIR, byte for byte, and check it.

    DIR is a folder of `dedup clean`. Text files come back as they were, under the path they had,
    without compression. Of HTML the extracted text comes back, as .txt; of rows the columns, as
    restored.jsonl: HTML markup and the form of CSV, JSON or Parquet do not.
    """
    from dedup.api import restored_folder
    from dedup.output.cleaned import restore_directory
    from dedup.output.cleaned.manifest import Manifest

    out = output or str(restored_folder(directory))
    counts = restore_directory(directory, out)
    if not quiet:
        done = f"{counts['restored']:,} articles restored to {out}"
        lines = [f"{done}: the text that was read, byte for byte"]
        if Manifest.read(Path(directory)).annotated:
            lines += ["nothing had been cut from them, they had only been marked"]
        if left := counts["documents"] - counts["restored"]:
            lines.append(f"{left:,} had not been written: `dedup clean --all` writes them")
        show(lines, colour=False)
    return DONE


@root.command(cls=SectionCommand, short_help="Explain how two articles are related.")
@click.argument("a", metavar="A")
@click.argument("b", metavar="B")
@view_options(limit=0)
@reading_options
@pair_options
def compare(a: str, b: str, **given: Any) -> int:
    """Explain how two articles are related: scores, and the passages side by side.

    The figures are those a scan of the two gives; --weak shows weak passages as well.
    """
    start_small("compare", (a, b), quiet=given["quiet"])

    from dedup.api import compare_two, joined
    from dedup.report import compare_view, json_parts

    if a == b == "-":
        raise click.UsageError("stdin can be read once only: A and B cannot both be -")
    config, reading, view = config_from(given), taken(Reading, given), taken(View, given)
    options = reading.options(config)
    find_first("compare", (a, b), options, quiet=view.quiet)
    both = (read_corpus((path,), options, quiet=view.quiet) for path in (a, b))
    result = compare_two(joined(*both), config)
    if view.as_json:
        write_stdout(json_parts(result))
    elif not view.quiet:
        colour = uses_colour(view.color)
        lines = compare_view(result, width=columns(), colour=colour, limit=view.entries)
        show(lines, colour=colour)
    return input_code(result.corpus.read_report, reading)


@root.command(short_help="Score the result of a scan against labels.")
@click.argument("result", metavar="RESULT_DIR")
@click.option(
    "--labels", metavar="FILE", required=True, help="Labels as JSON lines, CSV or Parquet."
)
@click.option(
    "--pairs-from",
    metavar="RELATION",
    help="Predict pairs of documents by a relation at least as strong as this one, instead of by "
    f"clusters. Of {', '.join(BY_STRENGTH)}.",
)
@click.option("--only-listed", is_flag=True, help="Do not count pairs that FILE does not list.")
@click.option("--stories", is_flag=True, help="Judge stories by labels {id, cluster}.")
@click.option("--json", "as_json", is_flag=True, help="Print the figures as one JSON object.")
def evaluate(
    result: str,
    labels: str,
    pairs_from: str | None,
    only_listed: bool,
    stories: bool,
    as_json: bool,
) -> int:
    """Score the output folder of a scan against labels.

    Labels are clusters {id, cluster}, stories {id, story}, pairs {a, b, label}, or passages
    {a, b, spans}.
    """
    from dedup import evaluation
    from dedup.core.files import json_bytes

    figures = evaluation.evaluate(
        labels, result, pairs_from=pairs_from, only_listed=only_listed, stories=stories
    )
    if as_json:
        write_stdout(iter([json_bytes(figures, pretty=True)]))
    else:
        show(evaluation.format_report(figures).splitlines(), colour=False)
    return DONE


root.add_command(report)
root.add_command(filter_command)
root.add_command(index)
root.add_command(completion)
root.add_command(sign)
root.add_command(warmup)
complete_places(root)


def main() -> None:
    """Run the command line; the console script."""
    prepare()
    root.main()
