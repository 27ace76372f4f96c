"""The name under which this package is installed, its version, and how to install its extras."""

from __future__ import annotations

import sys
from functools import cache
from pathlib import Path

from dedup.errors import DedupError

DISTRIBUTION = "dedup-toolkit"  # on the index `dedup` is another package
_OTHER = "dedup"
_INSTALLERS: dict[tuple[str, ...], str] = {  # by the folder in which one keeps its environments
    ("pipx", "venvs"): "pipx install --force",
    ("uv", "tools"): "uv tool install --force",
    ("uv", "archive-v0"): "uvx --from",
}
_PLACE = Path(__file__).resolve().parents[2]  # where this package is, and another one may be


@cache
def version() -> str:
    """Return the version that is installed; ``unknown`` where only the files are there."""
    from importlib import metadata  # takes as long to load as a fifth of the whole start

    try:
        return metadata.version(DISTRIBUTION)
    except metadata.PackageNotFoundError:
        return "unknown"


def install(extra: str, prefix: str = sys.prefix) -> str:
    """Return the command that installs an extra, by the installer that made this environment.

    >>> install("html", "/home/ann/.venv")
    "pip install 'dedup-toolkit[html]'"
    >>> install("html", "/home/ann/.local/share/uv/tools/dedup-toolkit")
    "uv tool install --force 'dedup-toolkit[html]'"
    """
    where = Path(prefix).parts[-3:-1]
    return f"{_INSTALLERS.get(where, 'pip install')} '{DISTRIBUTION}[{extra}]'"


def check_alone() -> None:
    """Raise ``DedupError`` where the files of another package named ``dedup`` are among these."""
    if not any(_PLACE.glob(f"{_OTHER}-*.dist-info")):  # what a start can do without loading more
        return
    from importlib import metadata

    try:
        files = metadata.distribution(_OTHER).files or ()
    except metadata.PackageNotFoundError:
        return
    if any(each.parts[0] == _OTHER for each in files):
        raise DedupError(
            f"another package named {_OTHER} is installed here, and its files are among these: "
            f"pip uninstall {_OTHER} && pip install --force-reinstall {DISTRIBUTION}"
        )
