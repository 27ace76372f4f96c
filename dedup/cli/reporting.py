"""``dedup report``, and the page that ``dedup scan --report`` writes."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from dedup.cli.commands import Report
from dedup.cli.options import Size, folder_name, output_name
from dedup.cli.running import DONE, tell
from dedup.errors import ConfigError

if TYPE_CHECKING:
    import pyarrow as pa

    from dedup.cli.commands import Scan
    from dedup.cli.scanning import Scanned
    from dedup.report.web import Batches, Found, Stored
    from dedup.sources import ReadOptions

MEGABYTE = 1_000_000

report_option = click.option(
    "--report",
    callback=output_name,
    metavar="FILE",
    help="Also write the result as one HTML page that opens in any browser, without a network.",
)
plots_option = click.option(
    "--plots",
    callback=folder_name,
    metavar="DIR",
    help="Also draw the figures of the result into this folder, each as SVG and PNG; needs the "
    "extra plots.",
)


@click.command(short_help="Make a page of a result that one can look at.")
@click.argument("result", metavar="RESULT_DIR")
@click.option(
    "--output",
    "-o",
    callback=output_name,
    metavar="FILE",
    default="report.html",
    show_default=True,
    help="The page to write.",
)
@click.option(
    "--max-size",
    type=Size(),
    metavar="SIZE",
    default="25MB",
    show_default=True,
    help="Leave out texts, those of least interest first, to keep the page under this size.",
)
@plots_option
@click.option(
    "--title", metavar="TEXT", help="Heading of the page; by default the names of the inputs."
)
@click.option("--quiet", "-q", is_flag=True, help="Show nothing but errors.")
def report(**given: Any) -> int:
    """Make one HTML page of the output folder of a scan: clusters, texts side by side, what goes.

    The page needs no server and no network. The scan's inputs are read again for their texts;
    where they are gone or were changed, the page does without texts and says so.

    \b
      dedup scan news/ -o found
      dedup report found -o report.html
    """  # noqa: D301 - click takes the backslash b as "do not wrap"
    from dedup.report.web import from_folder, inside

    options = Report(**given)
    output = options.output
    target, folder = Path(output).absolute(), Path(options.result).absolute()  # before `inside`
    plots = options.plots and str(Path(options.plots).absolute())
    stored: list[Stored] = []

    def batches(found: Stored) -> Batches:
        stored.append(found)
        return _reader(found.paths, found.options)

    with inside(_started_in(folder)):
        found = from_folder(folder, batches)
        inputs = [path for each in stored for path in each.paths if Path(path).exists()]
        check_page(output, target, inputs, folder, option="output")
        _check_plots(plots, inputs)
        title = options.title or page_title(stored[0].paths if stored else (), folder.name)
        counts = _write(found, target, title, options.max_size)
        if plots:
            _draw(found.figures, plots, inputs, quiet=options.quiet)
    for note in found.notes:
        tell(f"dedup: {note}")
    if not options.quiet:
        _tell(counts, output, target)
    return DONE


def page_title(paths: Sequence[str], other: str = "") -> str:
    """Return a heading that names the inputs, or something else where they are not known.

    >>> page_title(["news/2024.jsonl"]), page_title(["a.txt", "b.txt", "c.txt"])
    ('Repeated text in 2024.jsonl', 'Repeated text in a.txt and 2 more inputs')
    >>> page_title(["-"]), page_title([], "found")
    ('Repeated text in stdin', 'Repeated text in found')
    """
    names = ["stdin" if path == "-" else Path(path).resolve().name or path for path in paths]
    if len(names) > 2:
        return f"Repeated text in {names[0]} and {len(names) - 1} more inputs"
    return f"Repeated text in {' and '.join(names) or other or 'articles'}"


def _started_in(folder: Path) -> str:
    """Return where the scan was started, which relative names of its inputs start from."""
    import json

    from dedup.output.inputs import INPUTS

    try:
        started = json.loads((folder / INPUTS).read_bytes())["folder"]
        return str(started) if Path(started).is_dir() else "."
    except (OSError, ValueError, LookupError, TypeError):
        return "."


def _reader(paths: Sequence[str], options: ReadOptions) -> Batches:
    from dedup.sources.rereadable import Files

    # A stream would have to be spilled, but inputs of a folder are no streams.
    files = Files(paths, options, folder=Path(tempfile.gettempdir()))

    def batches() -> Iterable[pa.RecordBatch]:
        return files.batches()

    return batches


def check_page(
    path: str, page: Path, inputs: Sequence[str], result: Path | None, *, option: str
) -> None:
    """Refuse a page that would be written over an input, a folder, or into the result's files.

    ``path`` is its name as it was given, ``page`` the whole of it; ``option`` gave it. The folder
    ``result`` may be one that the command makes first.
    """
    from dedup.output.places import check_output

    if path == "-" or page.is_dir():
        says = f"{{name}}: {path} is no name of a file; the page is written into a file"
        raise ConfigError(option, path, "the name of a file", says)
    in_result = result is not None and page.parent.resolve() == result.resolve()
    if not in_result and not page.parent.is_dir():
        says = f"{{name}}: the folder of {path} does not exist"
        raise ConfigError(option, path, "a file in a folder that exists", says)
    check_output(page.parent, [str(each) for each in inputs if _is_file(each)], [page.name])
    if in_result and page.suffix in (".json", ".jsonl", ".parquet"):
        says = f"{{name}}: {path} is a name of one of the result's own files; take another one"
        raise ConfigError(option, path, "a name that is none of the result's own files", says)


def _is_file(path: str) -> bool:
    return path != "-" and Path(path).is_file()


def check_views(options: Scan) -> None:
    """Refuse a page or plots that could touch an input, before any work is done."""
    if options.report:
        page = Path(options.report).absolute()
        folder = Path(options.output).absolute() if options.output else None
        check_page(options.report, page, options.paths, folder, option="report")
    _check_plots(options.plots, options.paths)


def _check_plots(folder: str | None, inputs: Sequence[str]) -> None:
    if folder:
        from dedup.report.figures.plots import check_plots

        check_plots(folder, inputs)


def write_views(scanned: Scanned, options: Scan) -> None:
    """Write the page and the plots of a scan that has just been made, where they are asked for."""
    figures: dict[str, Any] | None = None
    result, quiet = scanned.result, options.view.quiet
    if options.report:
        from dedup.report.web import MOST_BYTES, from_result

        files = scanned.inputs.files
        found = from_result(result, None if files is None else files.batches)
        target = Path(options.report)
        counts = _write(found, target, page_title(options.paths), MOST_BYTES)
        if not quiet:
            _tell(counts, options.report, target)
        figures = found.figures
    if options.plots:
        from dedup.report.figures.numbers import figures_of

        _draw(figures or figures_of(result), options.plots, options.paths, quiet=quiet)


def _draw(figures: dict[str, Any], folder: str, inputs: Sequence[str], *, quiet: bool) -> None:
    """Draw figures into a folder; say which, and which not."""
    from dedup.report.figures.plots import write_plots

    written, missing = write_plots(figures, folder, inputs=inputs)
    if quiet:
        return
    names = ", ".join(dict.fromkeys(path.stem for path in written))
    tell(f"dedup: plots in {folder}: {names}" if names else "dedup: no plots")
    for why in missing:
        tell(f"dedup: no plot {why}")


def _write(found: Found, target: Path, title: str, most_bytes: int) -> dict[str, int]:
    from dedup.core.files import atomic
    from dedup.report.web import write_page

    with atomic(target) as file:
        return write_page(found, file, title=title, most_bytes=most_bytes)


def _tell(counts: dict[str, int], name: str, target: Path) -> None:
    size, documents, texts = target.stat().st_size / MEGABYTE, counts["documents"], counts["texts"]
    each = "document" if documents == 1 else "documents"
    held = f"the texts of {texts:,} of them"
    if texts == documents:
        held = "with its text" if texts == 1 else "with their texts"
    tell(f"dedup: wrote {name}, {size:.1f} MB: {documents:,} {each}, {held}")
