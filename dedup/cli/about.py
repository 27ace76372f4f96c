"""What the program says of itself: its version, where it runs, and how a shell completes it."""

from __future__ import annotations

import os
import platform
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import click
from click.shell_completion import ShellComplete, get_completion_class

from dedup.cli.running import DONE
from dedup.core.package import DISTRIBUTION, version

COMMAND = "dedup"
_VARIABLE = "_DEDUP_COMPLETE"  # what the script of a shell sets when it asks for completions
_SHELLS = ("bash", "zsh", "fish")


def about(*, verbose: bool) -> Iterator[str]:
    """Yield the lines of ``--version``; the verbose ones are what a report of a fault needs."""
    yield f"{COMMAND} {version()}"
    if not verbose:
        return
    yield f"python         {platform.python_version()} {sys.executable}"
    yield f"system         {platform.platform()}, {os.cpu_count()} cores, {_memory()}"
    yield f"installed      {Path(__file__).parents[1]}"
    yield f"kernels        {os.environ.get('NUMBA_CACHE_DIR') or 'compiled beside the code'}"
    for extra, names in _requirements().items():
        versions = ", ".join(f"{name} {_version_of(name)}" for name in names)
        yield f"{extra or 'packages':<15}{versions}"


def _requirements() -> dict[str, list[str]]:
    """Return the packages that are asked for, by extra; those of developers are left out."""
    from importlib import metadata

    found: dict[str, list[str]] = {}
    try:
        requires = metadata.requires(DISTRIBUTION) or []
    except metadata.PackageNotFoundError:
        return found
    for each in requires:
        name = re.match(r"[\w.-]+", each)
        extra = re.search(r"extra == ['\"]([\w-]+)", each)
        found.setdefault(extra[1] if extra else "", []).append(name[0] if name else each)
    return {key: names for key, names in found.items() if key not in ("test", "check", "docs")}


def _version_of(name: str) -> str:
    from importlib import metadata

    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return "–"


def _memory() -> str:
    try:
        size = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (ValueError, OSError, AttributeError):
        return "memory unknown"
    return f"{size / 1e9:.1f} GB of memory"


@click.command(short_help="Print what a shell needs to complete commands and options.")
@click.argument("shell", type=click.Choice(_SHELLS))
@click.pass_context
def completion(ctx: click.Context, shell: str) -> int:
    """Print what bash, zsh or fish needs to complete commands, options, their values and files.

    \b
      echo 'eval "$(dedup completion bash)"' >> ~/.bashrc
      echo 'eval "$(dedup completion zsh)"' >> ~/.zshrc
      dedup completion fish > ~/.config/fish/completions/dedup.fish
    """  # noqa: D301 - click takes the backslash b as "do not wrap"
    kind = get_completion_class(shell)
    assert kind is not None
    made = kind(ctx.find_root().command, {}, COMMAND, _VARIABLE)
    click.echo(ShellComplete.source(made), nl=False)  # bash's own would start bash for its version
    return DONE
