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

from dedup.cli.closing import against_lines, input_code, is_stopped
from dedup.cli.filtering import filter_command
from dedup.cli.keeping import index
from dedup.cli.options import (
    SectionCommand,
    config_from,
    dry_run_option,
    folder_name,
    limits_from,
    memory_option,
    read_options_from,
    reading_options,
    setting_options,
    threads_option,
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
    announce_compiling,
    columns,
    prepare,
    show,
    tell,
    uses_colour,
    write_stdout,
)
from dedup.cli.scanning import ROWS, read_corpus, run_scan, show_plan, wants_rows, write_scan
from dedup.cli.spark import check_engine, engine_options, scan_on_spark
from dedup.config import RELATIONS
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
@click.version_option(package_name="dedup", message="dedup %(version)s")
@click.pass_context
def root(ctx: click.Context) -> int:
    """Find repeated text inside articles, between articles and as whole articles; clean it.

    A PATH is a file, a folder (all files below it), a pattern, or - for stdin. Text, JSON lines,
    CSV, Parquet and HTML are read, also compressed by gzip or zstd.
    """
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
    type=click.Choice(("jsonl", "parquet")),
    default="jsonl",
    show_default=True,
    help="Form of the files in the output folder.",
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
@view_options(limit=10)
@click.option(
    "--show",
    "shown",
    multiple=True,
    type=click.Choice(("losses", "forms", "revisions")),
    help="Show only this: what removals lose, greatest losses first; reports on one form, with the "
    "facts that differ; versions of one article. Can be given more than once.",
)
@click.option("--fail-on-duplicates", is_flag=True, help="Exit with 1 when there are duplicates.")
@click.option(
    "--against",
    metavar="INDEX",
    help="Also say which articles an index knows, and what they share with its articles where it "
    "keeps texts; nothing is added to it.",
)
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
      dedup scan s3a://bucket/news/ --input-format parquet --engine spark -o s3a://bucket/found
    """  # noqa: D301 - click takes the backslash b as "do not wrap"
    if check_engine(given):
        fixed = {} if given["find"] else {"find": ("duplicates",)}
        return scan_on_spark(paths, config_from(given, **fixed), given)
    config = config_from(given)
    if given["fail_on_duplicates"] and "duplicates" not in config.find:
        raise ConfigError("fail_on_duplicates", True, "with `duplicates` in --find")
    limits, options = limits_from(given), read_options_from(given, config, keep_record=False)
    has_rows = wants_rows(given)
    if given["dry_run"]:
        return show_plan(paths, options, config, given)
    if given["output"]:
        _check_scan_output(given["output"], given["format"], paths, has_rows)
    check_views(paths, given)
    result, seconds = run_scan(paths, options, config, given)
    stopped = is_stopped(result, limits, given)
    if given["output"] and not stopped:
        _write(result, paths, given)
    if not stopped:
        write_views(result, paths, given)
    _show_scan(result, seconds, given)
    if stopped:
        return WARNED  # what --work keeps stays, for a run with other thresholds
    if given.get("kept") is not None:
        given["kept"].clear()
    if given["fail_on_duplicates"] and _has_duplicates(result):
        return DUPLICATES
    return input_code(result.corpus.read_report, given)


def _check_scan_output(output: str, format: str, paths: tuple[str, ...], has_rows: bool) -> None:
    """Refuse an output folder that could touch an input, before any work is done."""
    from dedup.output.inputs import INPUTS
    from dedup.output.places import check_output
    from dedup.schema import CONTRACT, MORE, NAMED

    names = [*CONTRACT, *MORE, *NAMED, *([ROWS] if has_rows else [])]
    files = [*(f"{name}.{format}" for name in names), "summary.json", INPUTS]
    check_output(output, paths, files)


def _write(result: Result, paths: tuple[str, ...], given: dict[str, Any]) -> None:
    written = write_scan(result, paths, given)
    if not given["quiet"]:
        names = ", ".join(path.name for path in written)
        tell(f"dedup: wrote {names} to {given['output']}")


def _show_scan(result: Result, seconds: float, given: dict[str, Any]) -> None:
    if given["as_json"]:
        from dedup.report import json_parts

        write_stdout(json_parts(result))
    elif not given["quiet"]:
        from dedup.report import differences_view, scan_view

        colour = uses_colour(given["color"])
        how = {"width": columns(), "colour": colour, "limit": given["limit"]}
        if given["shown"]:
            view = differences_view(result, given["shown"], **how)
        else:
            view = scan_view(result, seconds=seconds, **how)
        show(view, colour=colour)
        if "against" in result.summary:
            show(against_lines(result, given), colour=False)


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
@click.option(
    "--annotate",
    is_flag=True,
    help="Write all rows as they were read, with what was found of each in a column `dedup`; "
    "nothing is removed. For rows only.",
)
@click.option(
    "--format",
    type=click.Choice(("auto", "jsonl", "parquet")),
    default="auto",
    show_default=True,
    help="auto writes a file for each file read, and rows as JSON lines.",
)
@view_options(limit=10, has_json=False)
@warning_options
@threads_option
@reading_options
@setting_options
def clean(paths: tuple[str, ...], **given: Any) -> int:
    """Write the articles without repeats, page furniture and duplicates.

    The folder gets the cleaned articles, provenance.jsonl, which says for each article what was
    removed and why, and manifest.json with the hashes; `dedup restore` puts it back. A file that no
    earlier run wrote there, or that was changed since, is not replaced.

    \b
      dedup clean news/ -o clean
    """  # noqa: D301 - as above
    from dedup.output.cleaned import ARTICLES, write_cleaned
    from dedup.output.places import check_output
    from dedup.report import Cleaned, clean_view, warning_view

    config = config_from(given)
    limits, is_table = limits_from(given), given["format"] == "parquet"
    options = read_options_from(given, config, keep_record=True, keep_columns=is_table)
    check_output(given["output"], paths, folders=[ARTICLES])
    result, seconds = run_scan(paths, options, config, given)
    stopped = is_stopped(result, limits, given)
    how = {"width": columns(), "colour": uses_colour(given["color"]), "limit": given["limit"]}
    if stopped:
        if not given["quiet"]:
            show(warning_view(result, **how), colour=how["colour"])
        return WARNED
    annotations = {name: given[name] for name in ("everything", "annotate")}
    counts = write_cleaned(
        result, given["output"], **annotations, format=given["format"], inputs=paths
    )
    if not given["quiet"]:
        cleaned = Cleaned(given["output"], counts, **annotations)
        show(clean_view(result, cleaned, **how, seconds=seconds), colour=how["colour"])
    return input_code(result.corpus.read_report, given)


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
@setting_options
def compare(a: str, b: str, **given: Any) -> int:
    """Explain how two articles are related: scores, and the passages side by side.

    The figures are those a scan of the two gives; --weak shows weak passages as well.
    """
    from dedup.api import compare_two, joined
    from dedup.report import compare_view, json_parts

    if a == b == "-":
        raise click.UsageError("stdin can be read once only: A and B cannot both be -")
    config = config_from(given)
    options = read_options_from(given, config, keep_record=False)
    if not given["quiet"]:
        announce_compiling()
    result = compare_two(
        joined(*(read_corpus((each,), options, quiet=given["quiet"]) for each in (a, b))), config
    )
    if given["as_json"]:
        write_stdout(json_parts(result))
    elif not given["quiet"]:
        colour = uses_colour(given["color"])
        view = compare_view(result, width=columns(), colour=colour, limit=given["limit"])
        show(view, colour=colour)
    return input_code(result.corpus.read_report, given)


@root.command(short_help="Score the result of a scan against labels.")
@click.argument("result", metavar="RESULT_DIR")
@click.option("--labels", metavar="FILE", required=True, help="Labels as JSON lines or CSV.")
@click.option(
    "--pairs-from",
    metavar="RELATION",
    help="Predict pairs of documents by a relation at least as strong as this one, instead of by "
    f"clusters. Of {', '.join(RELATIONS)}.",
)
@click.option("--only-listed", is_flag=True, help="Do not count pairs that FILE does not list.")
@click.option("--json", "as_json", is_flag=True, help="Print the figures as one JSON object.")
def evaluate(
    result: str, labels: str, pairs_from: str | None, only_listed: bool, as_json: bool
) -> int:
    """Score the output folder of a scan against labels.

    Labels are clusters {id, cluster}, pairs {a, b, label}, or passages {a, b, spans}.
    """
    from dedup import evaluation
    from dedup.core.files import json_bytes

    figures = evaluation.evaluate(labels, result, pairs_from=pairs_from, only_listed=only_listed)
    if as_json:
        write_stdout(iter([json_bytes(figures, pretty=True)]))
    else:
        show(evaluation.format_report(figures).splitlines(), colour=False)
    return DONE


root.add_command(report)
root.add_command(filter_command)
root.add_command(index)


def main() -> None:
    """Run the command line; the console script."""
    prepare()
    root.main()
