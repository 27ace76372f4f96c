"""Options of the commands; those of the settings are made from the fields of ``Config``."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

import click

from dedup.config import Config
from dedup.formats import FORMATS

if TYPE_CHECKING:
    from dedup.pipeline.warnings import Limits
    from dedup.sources.options import ReadOptions

Command = TypeVar("Command", bound=Callable[..., Any])

ROLES = ("text", "id", "date", "url", "site")
READING, SETTINGS, SAFETY = "Reading", "Settings", "Safety"
INDEX = "A new index"
INDEX_SETTINGS = (
    "shingle_unit",
    "shingle_size",
    "num_perm",
    "seed",
    "threshold",
    "recall",
    "bands",
    "rows",
    "coverage",
    "removable",
    "cluster_on",
)  # of `Config`, what an index is built with


class SectionOption(click.Option):
    """An option that the help shows under a heading of its own."""

    def __init__(self, *args: Any, section: str, **rest: Any) -> None:
        super().__init__(*args, **rest)
        self.section = section


def folder_name(ctx: click.Context, param: click.Parameter, value: str | None) -> str | None:
    """Return the name of a folder as it was given; an empty one is a usage error."""
    if value == "":
        raise click.BadParameter("the name of the folder is empty", ctx, param)
    return value


class SectionCommand(click.Command):
    """A command whose help shows its own options first and the common ones by section."""

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the options into the formatter, section by section."""
        sections: dict[str, list[tuple[str, str]]] = {"Options": []}
        for param in self.get_params(ctx):
            record = param.get_help_record(ctx)
            if record is not None and isinstance(param, click.Option):
                name = param.section if isinstance(param, SectionOption) else "Options"
                sections.setdefault(name, []).append(record)
        for name, records in sections.items():
            with formatter.section(name):
                formatter.write_dl(records)


def setting_options(command: Command) -> Command:
    """Add one option per field of ``Config``; only those that are given reach the command."""
    for item in reversed(dataclasses.fields(Config)):
        command = click.option(*_names(item), **_attributes(item))(command)
    return command


def index_options(command: Command) -> Command:
    """Add what an index is built with; an index that is there must have been built so."""
    for item in reversed(dataclasses.fields(Config)):
        if item.name in INDEX_SETTINGS:
            made = {**_attributes(item), "section": INDEX}
            command = click.option(*_names(item), **made)(command)
    own: Sequence[tuple[tuple[str, ...], dict[str, Any], str]] = (
        (("--window",), {"metavar": "TIME"},
         "Articles further apart in time are not compared: 36h, 30d, 8w; by their dates, or by "
         "when they first came.  [default 0: all are]"),
        (("--scope",), {"type": click.Choice(("any", "across", "within"))},
         "Which articles are compared: any, those of different sites (across), or those of one "
         "site (within).  [default any]"),
        (("--store-text/--no-store-text",), {"default": None},
         "Keep the texts, compressed: near copies are then compared word for word."),
    )  # fmt: skip
    for names, kind, text in reversed(own):
        option = click.option(*names, cls=SectionOption, section=INDEX, help=text, **kind)
        command = option(command)
    return command


def index_settings_from(given: dict[str, Any]) -> dict[str, Any]:
    """Take what an index is built with out of the options, as `Index.open` takes it.

    Where no setting is given there is no `config`: an index that is there is opened as it is.
    """
    shared = {name: given.pop(name) for name in INDEX_SETTINGS}
    some = {item.name: shared.get(item.name, ()) for item in dataclasses.fields(Config)}
    asked = any(value is not None and value != () for value in shared.values())
    made = {name: given.pop(name) for name in ("window", "scope", "store_text")}
    unset = {name: None if value == () else value for name, value in some.items()}
    return {**made, "config": config_from(unset) if asked else None}


def _names(item: dataclasses.Field[Any]) -> tuple[str, ...]:
    word = item.name.replace("_", "-")
    both = f"--{word}/--no-{word}" if isinstance(item.default, bool) else f"--{word}"
    return both, item.name


def _attributes(item: dataclasses.Field[Any]) -> dict[str, Any]:
    """Return what click needs for one field; bounds are checked by ``Config`` alone."""
    meta, default = item.metadata, item.default
    made: dict[str, Any] = {"cls": SectionOption, "section": SETTINGS, "default": None}
    shown, allowed = str(default), ""
    if isinstance(default, bool):
        shown = "on" if default else "off"
    elif isinstance(default, tuple):
        made |= {"multiple": True, "metavar": "NAME,…"}
        shown, allowed = ",".join(default) or "none", f"of {', '.join(meta['choices'])}"
    elif isinstance(default, str):
        made |= {"metavar": "NAME"} if meta["prefix"] else {"type": click.Choice(meta["choices"])}
    else:
        made |= {"type": type(default), "metavar": "N" if isinstance(default, int) else "SHARE"}
        allowed = f"{meta['low']} to {meta['high']}"
    facts = "; ".join(each for each in (f"default {shown}", allowed) if each)
    return {**made, "help": f"{meta['help']}  [{facts}]"}


def config_from(given: dict[str, Any], **fixed: Any) -> Config:
    """Take the settings out of the options of a command and return them as a ``Config``."""
    settings: dict[str, Any] = {}
    for item in dataclasses.fields(Config):
        value = given.pop(item.name)
        if isinstance(item.default, tuple) and value:
            names = (name.strip() for each in value for name in each.split(","))
            settings[item.name] = tuple(name for name in names if name)
        elif value is not None and value != ():
            settings[item.name] = value
    return Config(**{**settings, **fixed})


def reading_options(command: Command) -> Command:
    """Add the options that say how inputs are read."""
    text = (
        "Format of stdin and of all files named, whatever they are called; in folders and archives "
        "of those that it names and of .txt files. Without it a file is known by its first bytes "
        "and its name."
    )
    kind = click.Choice(tuple(FORMATS))
    flagged = _shape_options(_flaw_options(command))
    option = click.option(
        "--input-format", type=kind, cls=SectionOption, section=READING, help=text
    )
    return _column_options(option(flagged))


def _shape_options(command: Command) -> Command:
    options = (
        ("--encoding", "NAME", "Encoding of text without a byte order mark, such as cp1252 or "
         "gb18030. By default UTF-8; where a text is not, it is guessed, counted and named."),
        ("--records", "PATH", "Where the list of records is in a JSON value, such as articles or "
         "response.results; by default it is recognised."),
    )  # fmt: skip
    for name, metavar, text in reversed(options):
        option = click.option(name, metavar=metavar, cls=SectionOption, section=READING, help=text)
        command = option(command)
    return command


def line_options(command: Command) -> Command:
    """Add the options that say how JSON lines are read."""
    return _column_options(_flaw_options(command))


def _flaw_options(command: Command) -> Command:
    flags = (
        ("--strict", "Stop at the first record that is skipped or damaged."),
        ("--allow-bad", "Exit with 0 although some input was skipped or damaged."),
    )
    for name, text in reversed(flags):
        option = click.option(name, is_flag=True, cls=SectionOption, section=READING, help=text)
        command = option(command)
    return command


def _column_options(command: Command) -> Command:
    for role in reversed(ROLES):
        text = f"Column of the {role}; by default it is recognised by its name. Dots lead into "
        text += "objects: _source.text."
        command = click.option(
            f"--{role}-column", metavar="NAME", cls=SectionOption, section=READING, help=text
        )(command)
    return command


def line_options_from(given: dict[str, Any]) -> ReadOptions:
    """Take how JSON lines are read out of the options of a command."""
    from dedup.sources.options import ReadOptions

    columns = {f"{role}_column": given.pop(f"{role}_column") for role in ROLES}
    return ReadOptions(**columns, strict=given.pop("strict"), format="jsonl")


def read_options_from(
    given: dict[str, Any], config: Config, *, keep_record: bool, keep_columns: bool = False
) -> ReadOptions:
    """Take the reading options out of the options of a command."""
    from dedup.sources.options import ReadOptions, priority_column

    columns = {f"{role}_column": given.pop(f"{role}_column") for role in ROLES}
    return ReadOptions(
        **columns,
        priority_column=priority_column(config),
        format=given.pop("input_format"),
        encoding=given.pop("encoding"),
        records=given.pop("records"),
        strict=given.pop("strict"),
        keep_record=keep_record,
        keep_columns=keep_columns,
        rows_only=given.get("annotate", False),
    )


def warning_options(command: Command) -> Command:
    """Add the options that say from where removals look wrong, and what happens then."""
    options = (
        (("--stop-on-warning",), {"is_flag": True},
         "Write nothing and exit with 1 when the removals look wrong; they are named then."),
        (("--suspicious-share",), {"type": float, "metavar": "SHARE", "default": 0.5},
         "Share of the documents of a site, of an input file, or of all, above which removals look "
         "wrong, where there are at least 20; 1 is never.  [default 0.5; 0 to 1]"),
        (("--suspicious-cluster",), {"type": int, "metavar": "N", "default": 0},
         "Documents above which a cluster looks wrong.  [default 0: 10000 or 5% of all, whichever "
         "is smaller, but never less than 100]"),
    )  # fmt: skip
    for names, kind, text in reversed(options):
        option = click.option(*names, cls=SectionOption, section=SAFETY, help=text, **kind)
        command = option(command)
    return command


def limits_from(given: dict[str, Any]) -> Limits:
    """Take from where removals look wrong out of the options of a command."""
    from dedup.pipeline.warnings import Limits

    share, cluster = given.pop("suspicious_share"), given.pop("suspicious_cluster")
    return Limits(share=share, cluster=cluster)


def view_options(limit: int, *, has_json: bool = True) -> Callable[[Command], Command]:
    """Return a decorator that adds the options of everything that is shown on a terminal."""
    options: Sequence[Callable[[Command], Command]] = (
        click.option(
            "--limit",
            type=click.IntRange(0),
            metavar="N",
            default=limit,
            show_default=True,
            help="Entries shown of each list; 0 shows all, and all of each text.",
        ),
        click.option(
            "--color",
            type=click.Choice(("auto", "always", "never")),
            default="auto",
            show_default=True,
            help="Colours; auto uses them on a terminal, unless NO_COLOR is set.",
        ),
        click.option("--quiet", "-q", is_flag=True, help="Show nothing but errors."),
        click.option(
            "--json", "as_json", is_flag=True, help="Print the whole result as one JSON object."
        ),
    )

    def add(command: Command) -> Command:
        for option in reversed(options if has_json else options[:-1]):
            command = option(command)
        return command

    return add


threads_option = click.option(
    "--threads",
    type=click.IntRange(0),
    metavar="N",
    default=0,
    help="Threads; 0, the default, is one a core. The result is the same for any number.",
)


class Size(click.ParamType[int]):
    """A number of bytes: 500MB, 2GB, 1.5GiB; without a unit, bytes."""

    name = "SIZE"
    _UNITS: ClassVar = {"": 1, "k": 10**3, "m": 10**6, "g": 10**9, "t": 10**12}
    _BINARY: ClassVar = {"k": 2**10, "m": 2**20, "g": 2**30, "t": 2**40}

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Return the bytes, or fail with what is allowed."""
        if isinstance(value, int):
            return value
        found = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([kmgt]?)(i?)b?\s*", str(value), re.I)
        if found is None or float(found[1]) <= 0:
            self.fail(f"got {value!r}, allowed is a size like 500MB or 2GB", param, ctx)
        units = self._BINARY if found[3] else self._UNITS
        return int(float(found[1]) * units.get(found[2].lower(), 1))


memory_option = click.option(
    "--memory",
    type=Size(),
    metavar="SIZE",
    help="About how much memory to use, like 2GB; what is more goes to a temporary folder. By "
    "default half of what the machine has.",
)

work_option = click.option(
    "--work",
    type=click.Path(),
    metavar="DIR",
    help="Folder that keeps each finished stage: the same command goes on there after it was "
    "interrupted. It is emptied when the run is done.",
)

dry_run_option = click.option(
    "--dry-run",
    is_flag=True,
    help="Say what the run would take (rows, memory, disk, candidates), from a sample, and stop.",
)
