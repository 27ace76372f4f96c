"""How a command presents itself: options by section, the rarer ones folded, and completion."""

from __future__ import annotations

import textwrap
from collections.abc import Container, Sequence
from typing import Any

import click
from click.shell_completion import CompletionItem

_TYPED = "dedup.typed"  # there too: the arguments of the command
_ALL = "dedup.help_all"  # in the state that contexts share: whether folded options are wanted
# How arguments and options that name files and folders are called in the help.
_PLACES = {"PATH...", "FILE", "[FILE]", "FILE|-", "DIR", "OUT", "A", "B", "INDEX", "RESULT_DIR"}


class SectionOption(click.Option):
    """An option that the help shows under a heading of its own, or names only (``folded``)."""

    def __init__(self, *args: Any, section: str, folded: bool = False, **rest: Any) -> None:
        super().__init__(*args, **rest)
        self.section = section
        self.folded = folded


class SectionCommand(click.Command):
    """A command whose help shows its own options first and the common ones by section.

    Folded options are written out by ``--help-all``; ``--help`` names them in one line.
    """

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Note what was typed, for ``typed_again``."""
        ctx.meta[_TYPED] = list(args)
        return super().parse_args(ctx, args)

    def get_params(self, ctx: click.Context) -> list[click.Parameter]:
        """Return the parameters, with ``--help-all`` where an option is folded."""
        params = super().get_params(ctx)
        if not any(_is_folded(each) for each in params):
            return params
        option = click.Option(
            ["--help-all"],
            is_flag=True,
            is_eager=True,
            expose_value=False,
            callback=_show_all,
            help="Show this message with all options, and exit.",
        )
        return [*params, option]

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the options into the formatter, section by section."""
        sections: dict[str, list[tuple[str, str]]] = {"Options": []}
        folded = []
        for param in self.get_params(ctx):
            record = param.get_help_record(ctx)
            if record is None or not isinstance(param, click.Option):
                continue
            if _is_folded(param) and not ctx.meta.get(_ALL):
                folded.append(param.opts[0])
                continue
            name = param.section if isinstance(param, SectionOption) else "Options"
            sections.setdefault(name, []).append(record)
        for name, records in sections.items():
            with formatter.section(name):
                formatter.write_dl(records)
        if folded:
            with formatter.section("In --help-all"):
                formatter.write(_filled(", ".join(folded), formatter))


def typed_again(ctx: click.Context, names: Container[str]) -> tuple[str, ...]:
    """Return the options of a command that were given, of those with ``names``, as they were typed.

    Values that were made of a word, such as bytes of ``2GB``, are the word again.
    """
    given, _, order = ctx.command.make_parser(ctx).parse_args(list(ctx.meta.get(_TYPED, ())))
    again: list[str] = []
    for param in dict.fromkeys(order):
        if param.name not in names or not isinstance(param, click.Option):
            continue
        value = given[param.name]
        if param.is_flag:
            again.append((param.opts if value else param.secondary_opts)[0])
            continue
        for each in value if isinstance(value, list) else [value]:
            again += [param.opts[0], str(each)]
    return tuple(again)


def _filled(text: str, formatter: click.HelpFormatter) -> str:
    """Return names of options as a paragraph; none is broken at a hyphen."""
    indent = " " * formatter.current_indent
    wrapper = textwrap.TextWrapper(
        formatter.width,
        initial_indent=indent,
        subsequent_indent=indent,
        break_on_hyphens=False,
    )
    return wrapper.fill(text) + "\n"


def _is_folded(param: click.Parameter) -> bool:
    return isinstance(param, SectionOption) and param.folded


def _show_all(ctx: click.Context, param: click.Parameter, value: bool) -> None:
    """Print the help with all options, and end."""
    if value and not ctx.resilient_parsing:
        click.echo(full_help(ctx), color=ctx.color)
        ctx.exit()


def full_help(ctx: click.Context) -> str:
    """Return the help of a command with the options that ``--help`` only names."""
    ctx.meta[_ALL] = True
    return ctx.get_help()


class Place(click.Path):
    """The name of a file or folder, taken as it is: whether it can be used is found out later."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return the value."""
        return value


def complete_places(command: click.Command) -> None:
    """Let a shell complete names of files wherever a command, or one inside it, takes one."""
    for param in command.params:
        if param.metavar in _PLACES and param.type is click.STRING:
            param.type = Place()
    if isinstance(command, click.Group):
        for each in command.commands.values():
            complete_places(each)


class Names(click.types.StringParamType):
    """One name, or several with commas between them; a shell completes the last of them."""

    def __init__(self, known: Sequence[str]) -> None:
        self.known = known

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        """Return what the text may become.

        >>> found = Names(("duplicates", "passages")).shell_complete(None, None, "duplicates,p")
        >>> [each.value for each in found]
        ['duplicates,passages']
        """
        before, comma, begun = incomplete.rpartition(",")
        left = [name for name in self.known if name not in before.split(",")]
        return [CompletionItem(f"{before}{comma}{name}") for name in left if name.startswith(begun)]
