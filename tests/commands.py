"""The command line run inside a test, and files for it."""

import json
from types import SimpleNamespace

from click.testing import CliRunner

from dedup import cli
from dedup.cli import running


def run(*arguments, input=None, env=None):
    """Run a command in this process, not in a terminal; that kernels are compiled is left out."""
    result = CliRunner().invoke(
        cli.root, [str(each) for each in arguments], input=input, prog_name="dedup", env=env
    )
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    said = result.stderr.replace(f"{running.COMPILING}\n", "")
    return SimpleNamespace(
        code=result.exit_code, out=result.stdout, err=said, bytes=result.stdout_bytes
    )


def names_in(folder):
    return sorted(each.name for each in folder.iterdir())


def write_jsonl(path, *lines):
    path.write_text(
        "".join(f"{each if isinstance(each, str) else json.dumps(each)}\n" for each in lines)
    )
    return path
