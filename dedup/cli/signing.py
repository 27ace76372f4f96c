"""The command ``sign``: a part of a corpus, read once, for a scan of many parts."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import click

from dedup.cli.closing import input_code
from dedup.cli.options import (
    Reading,
    folder_name,
    reading_options,
    signing_options,
    signing_settings,
    taken,
    threads_option,
)
from dedup.cli.progress import live
from dedup.cli.running import tell
from dedup.cli.sections import SectionCommand
from dedup.cli.warming import find_first


@click.command(cls=SectionCommand, short_help="Sign a part of a corpus, for a scan of many parts.")
@click.argument("paths", nargs=-1, required=True, metavar="PATH...")
@click.option(
    "--output",
    "-o",
    callback=folder_name,
    metavar="DIR",
    required=True,
    help="Folder of this part; one that was interrupted is finished by the same command.",
)
@click.option(
    "--keep-texts",
    is_flag=True,
    help="Carry the texts along, compressed; without them the scan reads the texts of documents "
    "in a pair again from PATH.",
)
@threads_option
@click.option("--quiet", "-q", is_flag=True, help="Show nothing but errors.")
@reading_options
@signing_options
def sign(paths: tuple[str, ...], **given: Any) -> int:
    """Read a part of a corpus once, and leave what a scan of all parts needs.

    Parts may be signed on any machines, at any time and in any order; they need the same settings
    and the same version of dedup. `dedup scan --signed` joins them: its result is that of one scan
    over all their inputs.

    \b
      dedup sign part-1.parquet -o signed/1
      dedup sign part-2.parquet -o signed/2
      dedup scan --signed signed/1 signed/2 --find duplicates -o found
    """  # noqa: D301 - click takes the backslash b as "do not wrap"
    from dedup.api.given import Running
    from dedup.api.runs import sign_files
    from dedup.schema import ReadReport

    config, reading = signing_settings(given), taken(Reading, given)
    quiet, output = given["quiet"], given["output"]
    options = reading.options(config)
    size = find_first("duplicates", paths, options, quiet=quiet)
    begin = time.perf_counter()
    with live("reading", size, "B", quiet=quiet) as bar:
        running = Running(threads=given["threads"], reading=bar.update)
        kept = {"keep_texts": given["keep_texts"]}
        part = sign_files(paths, Path(output), config, options, running, **kept)
    if not quiet:
        seconds = time.perf_counter() - begin
        tell(f"dedup: {output}: {len(part):,} documents signed in {seconds:.1f} s")
    return input_code(ReadReport.from_dict(part.stated["read_report"]), reading)
