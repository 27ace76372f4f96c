"""The command line run inside a test, and files for it."""

import json
import os
import signal
import subprocess
import sys
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


def start(*arguments, **how):
    """Start a command in a process of its own that ignores no signal, even if the tests do."""
    if os.name == "posix":
        how.setdefault("preexec_fn", lambda: signal.signal(signal.SIGINT, signal.SIG_DFL))
    how = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **how}
    return subprocess.Popen([sys.executable, "-m", "dedup", *map(str, arguments)], **how)


def names_in(folder):
    return sorted(each.name for each in folder.iterdir())


def write_jsonl(path, *lines):
    path.write_text(
        "".join(f"{each if isinstance(each, str) else json.dumps(each)}\n" for each in lines)
    )
    return path
