"""Write the reference pages and the figures of docs/ from the code, or compare them."""

from __future__ import annotations

import argparse
import dataclasses
import difflib
import inspect
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import click
import figures
from python_page import python_page

from dedup import errors
from dedup.cli.sections import full_help
from dedup.config import Config

DOCS = Path(__file__).resolve().parents[1] / "docs"
FOLDER = DOCS / "reference"
NOTE = "<!-- Written by scripts/docs from the code; change the code, not this page. -->\n\n"
WIDTH = 88


def config_page() -> str:
    """Return the table of every ``Config`` field."""
    lines = [
        "# Settings\n",
        "Every parameter that can change a result is a field of `dedup.Config`, and an option of",
        "the same name on the command line (`num_perm` is `--num-perm`).\n",
        "| field | type | default | allowed | what it does |",
        "|---|---|---|---|---|",
    ]
    for item in dataclasses.fields(Config):
        cells = (
            f"`{item.name}`",
            _type(item),
            _default(item),
            _allowed(item),
            _cell(item.metadata["help"]),
        )
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def _type(item: dataclasses.Field[Any]) -> str:
    names = {
        bool: "true or false",
        int: "whole number",
        float: "number",
        str: "name",
        tuple: "names",
    }
    return names[type(item.default)]


def _default(item: dataclasses.Field[Any]) -> str:
    value = item.default
    if isinstance(value, tuple):
        return ", ".join(f"`{each}`" for each in value) or "none"
    return f"`{str(value).lower()}`" if isinstance(value, bool) else f"`{value}`"


def _allowed(item: dataclasses.Field[Any]) -> str:
    meta = item.metadata
    if meta["form"]:
        return f"`{meta['form']}` each"
    if meta["choices"]:
        names = [f"`{each}`" for each in meta["choices"]]
        return ", ".join([*names, f"`{meta['prefix']}FIELD`"] if meta["prefix"] else names)
    return "" if meta["low"] is None else f"{meta['low']} to {meta['high']}"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def errors_page() -> str:
    """Return the tree of exceptions, and what each one carries."""
    lines = ["# Errors\n", *inspect.cleandoc(errors.__doc__ or "").splitlines(), ""]
    for error in vars(errors).values():
        if inspect.isclass(error) and error.__module__ == errors.__name__:
            lines += [f"## {error.__name__}\n", inspect.getdoc(error) or "", ""]
            if "__init__" in vars(error):
                facts = [name for name in inspect.signature(error).parameters if name != "self"]
                lines += [f"Carries {', '.join(f'`{name}`' for name in facts)}.", ""]
    return "\n".join(lines).rstrip() + "\n"


def cli_page() -> str:
    """Return the help of every command, each in a section of its own."""
    lines = ["# Command line\n"]
    for path, _, context in commands():
        level = "#" * min(1 + len(path.split()), 4)
        lines += [f"{level} {path}\n", "```text", full_help(context).rstrip(), "```\n"]
    return "\n".join(lines).rstrip() + "\n"


def root_command() -> click.Group:
    """Return the command that holds all others."""
    from dedup import cli

    groups = [each for each in vars(cli).values() if isinstance(each, click.Group)]
    inner = {id(each) for group in groups for each in group.commands.values()}
    outer = {id(each): each for each in groups if id(each) not in inner}
    if len(outer) != 1:
        raise SystemExit(f"dedup.cli has {len(outer)} outermost click groups, it must have one")
    return next(iter(outer.values()))


def commands() -> Iterator[tuple[str, click.Command, click.Context]]:
    """Yield (words, command, context) of every command, groups before what they hold."""
    yield from _commands("dedup", root_command(), None)


def _commands(
    name: str, command: click.Command, parent: click.Context | None
) -> Iterator[tuple[str, click.Command, click.Context]]:
    settings = {**command.context_settings, "terminal_width": WIDTH, "max_content_width": WIDTH}
    context = click.Context(command, parent, info_name=name, **settings)
    yield context.command_path, command, context
    if isinstance(command, click.Group):
        for each in command.list_commands(context):
            inner = command.get_command(context, each)
            if inner is not None and not inner.hidden:
                yield from _commands(each, inner, context)


FILES: dict[str, Callable[[], str]] = {
    "reference/config.md": config_page,
    "reference/errors.md": errors_page,
    "reference/cli.md": cli_page,
    "reference/python.md": python_page,
    **{f"images/{name}": draw for name, draw in figures.FIGURES.items()},
}


def made(name: str) -> str:
    """Return the text that a page or figure must have."""
    return (NOTE if name.endswith(".md") else "") + FILES[name]()


def main() -> int:
    """Write the files; with --check return 1 when one on disk differs."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="compare, write nothing")
    check = parser.parse_args().check
    stale = 0
    for name in FILES:
        path, wanted = DOCS / name, made(name)
        got = path.read_text(encoding="utf-8") if path.exists() else ""
        if got == wanted:
            continue
        if check:
            stale = 1
            old, new = got.splitlines(), wanted.splitlines()
            changes = difflib.unified_diff(old, new, str(path), "code", n=1, lineterm="")
            print("\n".join(changes), file=sys.stderr)
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(wanted, encoding="utf-8")
            print(f"wrote {path.relative_to(DOCS.parent)}")
    if stale:
        print("docs/ is not what the code says; run scripts/docs", file=sys.stderr)
    return stale


if __name__ == "__main__":
    sys.exit(main())
