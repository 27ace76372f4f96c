"""The commands ``index search`` and ``index templates``."""

from __future__ import annotations

import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from dedup.cli.index import json_option, opened, place_argument, print_json, quiet_option
from dedup.cli.keeping import index
from dedup.cli.running import DONE, columns, show, tell, uses_colour
from dedup.cli.warming import compile_first

if TYPE_CHECKING:
    from dedup.index import SiteTemplate

__all__ = ["index"]


@index.command(short_help="Find where a text stands in an index.")
@place_argument
@click.argument("path", metavar="FILE|-")
@click.option(
    "--articles",
    metavar="N",
    type=click.IntRange(1, 10_000),
    default=64,
    show_default=True,
    help="Articles that are compared with the text word for word, the likeliest.",
)
@click.option(
    "--limit", metavar="N", type=click.IntRange(0), default=10, help="Passages to show; 0: all."
)
@click.option(
    "--color",
    "--colour",
    "colour",
    type=click.Choice(("auto", "always", "never")),
    default="auto",
    show_default=True,
    help="Colours; auto uses them on a terminal, unless NO_COLOR is set.",
)
@json_option
def search(place: str, path: str, articles: int, limit: int, colour: str, as_json: bool) -> int:
    """Find every passage of a text that stands in the articles of an index, longest first.

    FILE is a text, or - for stdin; a quotation of ten words is enough. The index must have been
    made with --passages. Others may write to it meanwhile.

    \b
      dedup index search news.index article.txt
      pbpaste | dedup index search news.index - --json
    """  # noqa: D301 - click takes the backslash b as "do not wrap"
    data = sys.stdin.buffer.read() if path == "-" else Path(path).read_bytes()
    text = data.decode("utf-8-sig", "replace")
    with opened(place, "r") as found:
        compile_first("search", quiet=as_json)
        result = found.search(text, articles=articles)
        if as_json:
            print_json(asdict(result))
            return DONE

        from dedup.report.terminal.searched import search_lines

        def text_of(name: str) -> str | None:
            article = found.get(name)
            return None if article is None else article.text

        shown = {"width": columns(), "limit": limit}
        lines = search_lines(text, result, text_of, colour=uses_colour(colour), **shown)
        show(lines, colour=uses_colour(colour))
    return DONE


@index.command(short_help="List the lines that sites repeat, or keep one.")
@place_argument
@click.option("--site", metavar="SITE", help="Of this site only.")
@click.option("--keep", metavar="LINE", help="Keep a line from being removed, of the site or all.")
@json_option
@quiet_option
def templates(place: str, site: str | None, keep: str | None, as_json: bool, quiet: bool) -> int:
    """List the lines and sentences that an index removes from articles of a site.

    They were counted over the newest 256 articles of each site that are no copies. With --keep a
    line stays from now on; articles that came before stay as they were.

    \b
      dedup index templates news.index --site example.com
    """  # noqa: D301 - as above
    with opened(place, "r" if keep is None else "a") as found:
        if keep is not None:
            found.keep_line(keep, site)
            if not quiet:
                tell(f"dedup: kept from now on{f' on {site}' if site else ''}: {keep}")
            return DONE
        listed = found.templates(site)
    if as_json:
        print_json([asdict(each) for each in listed])
    else:
        show(_template_lines(listed), colour=False)
    return DONE


def _template_lines(listed: list[SiteTemplate]) -> list[str]:
    from dedup.report.terminal.text import counted, safe

    lines, before = [counted(len(listed), "template")], None
    for each in listed:
        if each.site != before:
            lines += ["", safe(each.site) or "(no site)"]
        before = each.site
        kept = ", kept" if each.kept else ""
        lines.append(f"  {each.articles:>4} of {each.of}{kept}  {safe(each.text)}")
    return lines
