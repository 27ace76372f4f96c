"""The commands ``index …`` that look after an index: forget, look, check, mend, copy."""

from __future__ import annotations

import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

import click

from dedup.cli.index import index, json_option, opened, place_argument, print_json, quiet_option
from dedup.cli.running import BAD_INPUT, DONE, announce_compiling, show, tell

__all__ = ["index"]


@index.command(short_help="Forget articles by id.")
@place_argument
@click.argument("names", nargs=-1, metavar="ID...")
@click.option("--from", "listed", metavar="FILE", help="File with one id a line, or - for stdin.")
@json_option
@quiet_option
def remove(
    place: str, names: tuple[str, ...], listed: str | None, as_json: bool, quiet: bool
) -> int:
    """Forget articles by id; ids that are not there are counted.

    Where others are copies of one that goes, the first of them stands for those that stay.
    """
    if not names and listed is None:
        raise click.UsageError("give at least one ID, or --from FILE")
    wanted = list(dict.fromkeys([*names, *(_lines(listed) if listed else [])]))
    with opened(place, "a") as found:
        removed = found.remove(*wanted)
    counts = {"asked": len(wanted), "removed": removed, "absent": len(wanted) - removed}
    if as_json:
        print_json(counts)
    elif not quiet:
        show([f"{removed:,} removed, {counts['absent']:,} were not there"], colour=False)
    return DONE


def _lines(path: str) -> list[str]:
    data = sys.stdin.buffer.read() if path == "-" else Path(path).read_bytes()
    return [line for each in data.decode("utf-8", "replace").split("\n") if (line := each.strip())]


@index.command(short_help="Forget articles that are too old.")
@place_argument
@click.option("--before", metavar="DATE", help="Older than a date: 2024-12-05.")
@click.option("--older-than", metavar="TIME", help="Older than a stretch of time: 90d, 36h.")
@json_option
@quiet_option
def expire(
    place: str, before: str | None, older_than: str | None, as_json: bool, quiet: bool
) -> int:
    """Forget articles that are too old, by their date, or by when they came where they have none.

    \b
      dedup index expire seen.index --older-than 90d
    """  # noqa: D301 - click takes the backslash b as "do not wrap"
    if (before is None) == (older_than is None):
        raise click.UsageError("give either --before or --older-than")
    moment = before if older_than is None else _ago(older_than)
    with opened(place, "a") as found:
        removed = found.expire(moment)
        left = len(found)
    if as_json:
        print_json({"removed": removed, "left": left})
    elif not quiet:
        show([f"{removed:,} removed, {left:,} left"], colour=False)
    return DONE


def _ago(stretch: str) -> int:
    import time

    from dedup.errors import ConfigError
    from dedup.index.settings import seconds

    try:
        return int(time.time()) - seconds(stretch)
    except ConfigError as error:
        raise ConfigError("older_than", stretch, error.allowed) from None


@index.command(short_help="Say what an index holds and is built with.")
@place_argument
@json_option
def info(place: str, as_json: bool) -> int:
    """Say what an index holds, what it is built with, and what was bounded."""
    with opened(place, "r") as found:
        facts = found.info()
    if as_json:
        print_json(facts)
    else:
        show(_info_lines(facts), colour=False)
    return DONE


_SHOWN = {
    "articles": "articles",
    "representatives": "of them representatives: the others are copies of those",
    "versions": "earlier texts remembered",
    "bytes": "bytes on disk",
    "full_buckets": "additions met a full bucket",
    "cut_candidates": "additions had too many candidates",
    "seeds": "postings of passage seeds",
    "full_seeds": "additions met a passage seed of more articles than are looked at",
    "cut_searches": "additions share seeds with more articles than were compared",
    "future_dates": "dates were ahead of the clock",
}


def _info_lines(facts: dict[str, Any]) -> list[str]:
    """Return what an index says of itself, for a person."""
    from dedup.index.settings import stretch

    settings = facts["settings"]
    head = f"{facts.get('path', '')} ({facts['kind']}, format {settings['format']})"
    lines = [head.strip()]
    own = ("seeds", "full_seeds", "cut_searches")  # of an index with passages
    there = [key for key in _SHOWN if key in facts and ("seeds" in facts or key not in own)]
    lines += [f"{facts[key]:>15,} {_SHOWN[key]}" for key in there]
    if facts["articles"] and "bytes" in facts:
        lines.append(f"{facts['bytes'] / facts['articles']:>15,.0f} bytes an article")
    lines.append("built with")
    for name, value in settings.items():
        told = ", ".join(value) if isinstance(value, list) else value
        if name == "window":
            told = stretch(value)
        lines.append(f"  {name.replace('_', ' '):<14}{told}")
    return lines


@index.command(short_help="Check every byte that matters.")
@place_argument
@json_option
@quiet_option
def verify(place: str, as_json: bool, quiet: bool) -> int:
    """Check every byte that matters, and that all postings follow from the articles.

    Exits with 0 if all is well, with 3 if something is damaged (`dedup index rebuild` mends what
    can be mended), and with 4 if this cannot be opened as an index.
    """
    if not quiet:
        announce_compiling()
    from dedup.errors import DedupError

    with opened(place, "r") as found:
        flaws = found.verify()
        count = None
        with suppress(DedupError):  # what it says of itself may be what is damaged
            count = len(found)
    if as_json:
        print_json({"articles": count, "flaws": flaws})
    elif not quiet and not flaws:
        show([f"{place}: {count or 0:,} articles, all is well"], colour=False)
    if flaws and not as_json:
        for each in flaws:
            tell(f"dedup: {place}: {each}")
        tell("dedup: `dedup index rebuild` makes anew what follows from the articles")
    return BAD_INPUT if flaws else DONE


@index.command(short_help="Mend what can be mended.")
@place_argument
@json_option
@quiet_option
def rebuild(place: str, as_json: bool, quiet: bool) -> int:
    """Make anew what follows from the articles, and drop articles that are damaged.

    Exits with 3 where articles had to be dropped: they count as new when they come again.
    """
    if not quiet:
        announce_compiling()
    with opened(place, "a") as found:
        dropped = found.rebuild()
        left = len(found)
    if as_json:
        print_json({"dropped": dropped, "left": left})
    elif not quiet:
        show([f"{dropped:,} damaged articles dropped, {left:,} left"], colour=False)
    return BAD_INPUT if dropped else DONE


@index.command(short_help="Give back the room of what was removed.")
@place_argument
@quiet_option
def compact(place: str, quiet: bool) -> int:
    """Give back the room of what was removed, and bring the rest together.

    It takes as much room again while it works.
    """
    with opened(place, "a") as found:
        before = found.info().get("bytes", 0)
        found.compact()
        after = found.info().get("bytes", 0)
    if not quiet:
        show([f"{before:,} bytes before, {after:,} now"], colour=False)
    return DONE


@index.command(short_help="Write a copy while the index is in use.")
@place_argument
@click.argument("copy", metavar="FILE")
@quiet_option
def backup(place: str, copy: str, quiet: bool) -> int:
    """Write a copy to a new file while the index is in use.

    A live index must not be copied by other means: part of it may stand in the log beside it.
    """
    with opened(place, "r") as found:
        found.backup(copy)
    if not quiet:
        show([f"{copy}: a copy of {place}"], colour=False)
    return DONE


@index.command(short_help="Write all articles to a Parquet file.")
@place_argument
@click.argument("path", metavar="FILE")
@quiet_option
def export(place: str, path: str, quiet: bool) -> int:
    """Write all articles, with all that is known of them, to a new Parquet file.

    `dedup index import` makes an index of it that gives the same answers. Texts are in it where the
    index keeps them.
    """
    with opened(place, "r") as found:
        count = found.export(path)
    if not quiet:
        show([f"{path}: {count:,} articles"], colour=False)
    return DONE
