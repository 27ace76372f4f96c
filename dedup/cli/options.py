"""Options of the commands; those of the settings are made from the fields of ``Config``."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from dedup.cli.sections import Names, SectionOption, typed_again
from dedup.config import SIGNED_BY, Config
from dedup.core.formats import FORMATS
from dedup.errors import ConfigError

if TYPE_CHECKING:
    _Bytes = click.ParamType[int]
    from dedup.pipeline.warnings import Limits
    from dedup.sources.options import ReadOptions
else:
    _Bytes = click.ParamType  # which takes no type in click 8.1

Command = TypeVar("Command", bound=Callable[..., Any])
Part = TypeVar("Part", "Reading", "Safety", "View")

ROLES = ("text", "id", "date", "url", "site")
READING, SETTINGS, SAFETY = "Reading", "Settings", "Safety"
WHOLE = "Settings of a scan, for the tables of --json"
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
# How candidates are found: few need to change it, and --help only names it.
OF_MINHASH = ("shingle_unit", "shingle_size", "num_perm", "seed", "recall", "bands", "rows")
# What a scan and a cleaning have in common besides settings and reading, and what is shown.
_SHARED = (
    *("memory", "work", "against", "drop_known", "drop_known_passages"),
    *("engine", "master", "checkpoint"),
)
# What says how two documents are related, and what they share.
OF_A_PAIR = (
    *("find", "threshold", "coverage", "facts", "own", "revisions", "cluster_on", "same_url"),
    *("canonical", "shingle_unit", "shingle_size", "passage_size", "passage_min_tokens", "weak"),
)


def typed_options() -> tuple[str, ...]:
    """Return what was typed of how to read and what to look for, for the command to type next."""
    own = (item.name for part in (Config, Reading) for item in dataclasses.fields(part))
    return typed_again(click.get_current_context(), {*own, *_SHARED})


def output_name(ctx: click.Context, param: click.Parameter, value: str | None) -> str | None:
    """Return the name of what is written as it was given; an empty one is a usage error."""
    if value == "":
        raise click.BadParameter("the name of the folder is empty", ctx, param)
    return value


def folder_name(ctx: click.Context, param: click.Parameter, value: str | None) -> str | None:
    """Return the name of a folder as it was given; none and ``-``, for stdout, are usage errors."""
    if value == "-":
        raise click.BadParameter("several files are written; name a folder", ctx, param)
    return output_name(ctx, param, value)


def pairs_of_file(
    ctx: click.Context, param: click.Parameter, value: str | None
) -> tuple[str, ...] | None:
    """Return the pairs that a file lists, ``KEY=VALUE`` each, without blank lines and comments.

    A line is that, or CSV or TSV of two columns; a line ``site,owner`` is a header.
    """
    if value is None:
        return None
    import csv
    from pathlib import Path

    found: list[str] = []
    try:
        with Path(value).open(encoding="utf-8-sig", newline="") as file:
            lines = [line.rstrip("\r\n") for line in file]
    except (OSError, UnicodeDecodeError) as error:
        raise click.BadParameter(f"{value}: cannot be read: {error}", ctx, param) from error
    for number, line in enumerate(lines, 1):
        if not line.strip() or line.startswith("#"):
            continue
        cut = "=" if "=" in line else "\t" if "\t" in line else ","
        cells = next(csv.reader([line], delimiter=cut))
        if len(cells) != 2 or not all(map(str.strip, cells)):
            what = f"{value}, line {number}: got {line!r}, allowed is a site and its owner"
            raise click.BadParameter(what, ctx, param)
        if [cell.strip().casefold() for cell in cells] != ["site", "owner"]:
            found.append("=".join(map(str.strip, cells)))
    return tuple(found)


def setting_options(command: Command) -> Command:
    """Add one option per field of ``Config``; only those that are given reach the command."""
    for item in reversed(dataclasses.fields(Config)):
        command = click.option(*_names(item), **_attributes(item))(command)
    return command


def pair_options(command: Command) -> Command:
    """Add the same options where two documents are compared: what has no say there is folded."""
    for item in reversed(dataclasses.fields(Config)):
        made = _attributes(item)
        if item.name not in OF_A_PAIR:
            made |= {"section": WHOLE, "folded": True}
        command = click.option(*_names(item), **made)(command)
    return command


def signing_options(command: Command) -> Command:
    """Add the settings that signatures follow from, and the policy that may name a column."""
    for item in reversed(dataclasses.fields(Config)):
        if item.name in (*SIGNED_BY, "canonical"):
            command = click.option(*_names(item), **_attributes(item))(command)
    return command


def signing_settings(given: dict[str, Any]) -> Config:
    """Take these settings out of what click gives, and return them as a ``Config``."""
    unset = {item.name: given.pop(item.name, None) for item in dataclasses.fields(Config)}
    return config_from(unset)


def signed_options(command: Command) -> Command:
    """Add the options of a scan of signed parts."""
    option = click.option(
        "--only-new",
        multiple=True,
        metavar="DIR",
        help="With --signed: a part more, and articles are removed from it alone; those of the "
        "parts named by PATH always stay. Needs --find duplicates. Can be given more than once.",
    )
    text = "Each PATH is a folder of `dedup sign`; all are scanned as one corpus."
    return click.option("--signed", is_flag=True, help=text)(option(command))


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
        (("--clean/--no-clean",), {"default": None},
         "Say what goes from each text: repeats, boilerplate, and templates of its site, which the "
         "index learns; needs --store-text, and brings it."),
        (("--passages/--no-passages",), {"default": None},
         "Keep seeds of passages: known ones are said of each text, and texts can be searched for; "
         "brings --clean."),
        (("--stories/--no-stories",), {"default": None},
         "Tell each article its story: the id of the first article on the same event; not on a "
         "server."),
    )  # fmt: skip
    for names, kind, text in reversed(own):
        option = click.option(*names, cls=SectionOption, section=INDEX, help=text, **kind)
        command = option(command)
    return command


def against_options(command: Command) -> Command:
    """Add the index that documents are held against, and what goes because it knows them."""
    own: Sequence[tuple[str, dict[str, Any], str]] = (
        ("--against", {"metavar": "INDEX"},
         "Also say which articles an index knows, and what they share with its articles where it "
         "keeps texts or passages; nothing is added to it."),
        ("--drop-known", {"is_flag": True},
         "With --against: articles that the index has, or that are copies of what it has, are not "
         "kept."),
        ("--drop-known-passages",
         {"metavar": "N", "type": click.IntRange(0, 1 << 30), "default": 0},
         "With --against and an index with passages: articles with N or more matched tokens in "
         "passages of the index are not kept.  [default 0: none go]"),
    )  # fmt: skip
    for name, kind, text in reversed(own):
        command = click.option(name, help=text, **kind)(command)
    return command


@dataclass(frozen=True, slots=True)
class NewIndex:
    """What an index is built with; ``None`` is not asked for."""

    config: Config | None
    window: str | None
    scope: str | None
    store_text: bool | None
    clean: bool | None
    passages: bool | None
    stories: bool | None

    @classmethod
    def taken(cls, given: dict[str, Any]) -> NewIndex:
        """Take it out of what click gives.

        Where no setting is given there is no ``config``: an index that is there is opened as it is.
        """
        shared = {name: given.pop(name) for name in INDEX_SETTINGS}
        some = {item.name: shared.get(item.name, ()) for item in dataclasses.fields(Config)}
        asked = any(value is not None and value != () for value in shared.values())
        unset = {name: None if value == () else value for name, value in some.items()}
        names = ("window", "scope", "store_text", "clean", "passages", "stories")
        own = {name: given.pop(name) for name in names}
        return cls(config_from(unset) if asked else None, **own)

    def is_asked_for(self) -> bool:
        """Tell whether anything is."""
        return any(value is not None for value in self.as_keywords().values())

    def as_keywords(self) -> dict[str, Any]:
        """Return it as ``Index.open`` takes it."""
        return {item.name: getattr(self, item.name) for item in dataclasses.fields(self)}


def _names(item: dataclasses.Field[Any]) -> tuple[str, ...]:
    word = item.name.replace("_", "-")
    both = f"--{word}/--no-{word}" if isinstance(item.default, bool) else f"--{word}"
    return both, item.name


def _attributes(item: dataclasses.Field[Any]) -> dict[str, Any]:
    """Return what click needs for one field; bounds are checked by ``Config`` alone."""
    meta, default = item.metadata, item.default
    made: dict[str, Any] = {"cls": SectionOption, "section": SETTINGS, "default": None}
    made["folded"] = item.name in OF_MINHASH
    shown, allowed = str(default), ""
    if isinstance(default, bool):
        shown = "on" if default else "off"
    elif meta["form"]:
        made |= {"metavar": "FILE", "callback": pairs_of_file, "type": click.Path(dir_okay=False)}
        shown = "none"
    elif isinstance(default, tuple) and not meta["choices"]:
        kind = click.Path(exists=True, dir_okay=False, path_type=Path)
        made |= {"multiple": True, "metavar": "FILE", "type": kind}
        shown = "none"
    elif isinstance(default, tuple):
        made |= {"multiple": True, "metavar": "NAME,…", "type": Names(meta["choices"])}
        shown, allowed = ",".join(default) or "none", f"of {', '.join(meta['choices'])}"
    elif isinstance(default, str):
        made |= {"metavar": "NAME"} if meta["prefix"] else {"type": click.Choice(meta["choices"])}
    else:
        made |= {"type": type(default), "metavar": "N" if isinstance(default, int) else "SHARE"}
        allowed = f"{meta['low']} to {meta['high']}"
    if meta["form"]:
        allowed = f"a line each: {meta['form']}, or CSV with two columns"
    facts = "; ".join(each for each in (f"default {shown}", allowed) if each)
    return {**made, "help": f"{meta['help']}  [{facts}]"}


def config_from(given: dict[str, Any], **fixed: Any) -> Config:
    """Take the settings out of what click gives, and return them as a ``Config``."""
    settings: dict[str, Any] = {}
    for item in dataclasses.fields(Config):
        value = given.pop(item.name)
        metadata = item.metadata
        if isinstance(item.default, tuple) and not (metadata["choices"] or metadata["form"]):
            texts = (each.read_text("utf-8", errors="replace") for each in value or ())
            settings[item.name] = tuple(texts)
        elif isinstance(item.default, tuple) and value and not metadata["form"]:
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """How inputs are read, and whether flaws of theirs change the exit code."""

    text_column: str | None = None
    id_column: str | None = None
    date_column: str | None = None
    url_column: str | None = None
    site_column: str | None = None
    input_format: str | None = None
    encoding: str | None = None
    records: str | None = None
    strict: bool = False
    allow_bad: bool = False

    def options(
        self,
        config: Config | None = None,
        *,
        rows_only: bool = False,
    ) -> ReadOptions:
        """Return how files are read."""
        from dedup.sources.options import ReadOptions

        return ReadOptions(
            text_column=self.text_column,
            id_column=self.id_column,
            date_column=self.date_column,
            url_column=self.url_column,
            site_column=self.site_column,
            priority_column=None if config is None else config.priority_field,
            format=self.input_format,
            encoding=self.encoding,
            records=self.records,
            strict=self.strict,
            rows_only=rows_only,
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


@dataclass(frozen=True, slots=True)
class Safety:
    """From where removals look wrong, and whether that ends the run."""

    stop_on_warning: bool = False
    suspicious_share: float = 0.5
    suspicious_cluster: int = 0

    def limits(self) -> Limits:
        """Return from where removals look wrong."""
        from dedup.pipeline.warnings import Limits

        return Limits(share=self.suspicious_share, cluster=self.suspicious_cluster)


@dataclass(frozen=True, slots=True)
class View:
    """What is shown on a terminal, and how."""

    limit: int | None = None
    color: str = "auto"
    quiet: bool = False
    as_json: bool = False

    @property
    def entries(self) -> int:
        """Return how many entries of a list are shown, 0 for all."""
        return SHOWN_ENTRIES if self.limit is None else self.limit

    def is_answer(self, names: tuple[str, ...]) -> bool:
        """Tell whether the first screen is wanted: no section is named, and no limit."""
        return not names and self.limit is None

    def is_full(self, names: tuple[str, ...]) -> bool:
        """Tell whether all sections are wanted."""
        return "all" in names or (not names and self.limit is not None)


def taken(part: type[Part], given: dict[str, Any]) -> Part:
    """Take the options of one kind out of what click gives; those that are not there are unset."""
    names = [item.name for item in dataclasses.fields(part) if item.name in given]
    return part(**{name: given.pop(name) for name in names})


SHOWN_ENTRIES = 10  # of each list, where sections are shown and no limit is given


def shown_option(*names: str) -> Callable[[Command], Command]:
    """Return the decorator that adds ``--show`` with these sections."""
    return click.option(
        "--show",
        multiple=True,
        type=click.Choice(names),
        help="Show this in detail in place of the first screen. Can be given more than once.",
    )


def view_options(limit: int | None, *, has_json: bool = True) -> Callable[[Command], Command]:
    """Return a decorator that adds the options of everything that is shown on a terminal."""
    options: Sequence[Callable[[Command], Command]] = (
        click.option(
            "--limit",
            type=click.IntRange(0),
            metavar="N",
            default=limit,
            show_default=limit is not None,
            help="Entries shown of each list; 0 shows all, and all of each text."
            + ("" if limit is not None else " Without --show it shows every section."),
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


class Size(_Bytes):
    """A number of bytes: 500MB, 2GB, 1.5GiB; without a unit, bytes; ``least`` of them."""

    name = "SIZE"

    def __init__(self, least: int = 1) -> None:
        self.least = least

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Return the bytes, or fail with what is allowed."""
        from dedup.core.units import size_in_bytes

        try:
            return size_in_bytes("size", value, self.least)
        except ConfigError as error:
            self.fail(error.told("size").removeprefix("size: "), param, ctx)


memory_option = click.option(
    "--memory",
    type=Size(least=1_000_000),
    metavar="SIZE",
    help="About how much memory to use, like 2GB; what is more goes to a temporary folder. By "
    "default half of what the machine has; to find more than copies about 2 GB, of a large corpus "
    "1.5 GB and the size of its texts.",
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
