"""How a command runs: exit codes, errors in one line, signals, progress, where output goes."""

from __future__ import annotations

import contextlib
import functools
import gc
import itertools
import logging
import os
import shutil
import signal
import sys
import traceback
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from types import FrameType
from typing import Any, NoReturn

import click

from dedup.cli.progress import clear_line
from dedup.core.allocator import use_small_pages
from dedup.errors import ConfigError, DedupError, IndexMismatch

DONE, DUPLICATES, USAGE, BAD_INPUT, FAILED = range(5)
WARNED = DUPLICATES  # either of them only where it was asked for
PIPE_COLUMNS = 100  # width of a view that goes to no terminal

TRACEBACK = "DEDUP_TRACEBACK"
_LINES = 500  # printed at once
COMPILING = "dedup: compiling what this command needs, once a machine (up to a minute)"


_CLICK_WORDS = {
    "is not a valid float range": "is no number",
    "is not a valid integer range": "is no whole number",
    "is not a valid float": "is no number",
    "is not a valid integer": "is no whole number",
}


class Stopped(BaseException):
    """A signal asked the program to end."""

    def __init__(self, number: int) -> None:
        self.number = number
        super().__init__(number)


class Root(click.Group):
    """The outermost command: what a command returns is the exit code, errors are one line."""

    def main(self, *args: Any, **rest: Any) -> NoReturn:
        """Run the command line and exit."""
        rest["standalone_mode"] = False
        rest.setdefault("prog_name", "dedup")
        try:
            code = super().main(*args, **rest)
        except click.ClickException as error:
            code = _complain(_usage(error), USAGE)
        except ConfigError as error:
            code = _complain(_config(error), USAGE)
        except IndexMismatch as error:
            code = _complain(str(error), USAGE)
        except (DedupError, OSError) as error:
            code = _complain(_plain(error), FAILED)
        except MemoryError:
            code = _complain("out of memory", FAILED)
        except Exception as error:
            code = _complain(_unforeseen(error), FAILED)
        except (click.Abort, KeyboardInterrupt):
            code = 128 + signal.SIGINT
        except Stopped as stopped:
            code = 128 + stopped.number
        sys.exit(code if isinstance(code, int) else DONE)

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; where nobody reads what it prints, that is its end and no error."""
        try:
            code = super().invoke(ctx)
            sys.stdout.flush()
        except BrokenPipeError:
            _close_stdout()
            return DONE
        return code


def _usage(error: click.ClickException) -> str:
    message = error.format_message().rstrip(".")
    for theirs, ours in _CLICK_WORDS.items():
        message = message.replace(theirs, ours)
    context = getattr(error, "ctx", None)
    joint = " See" if message.endswith("?") else "; see"
    return f"{message}{joint} {context.command_path} --help" if context else message


def _unforeseen(error: Exception) -> str:
    """Say what went wrong that nobody foresaw, where, and how to report it."""
    if os.environ.get(TRACEBACK):
        traceback.print_exception(error)
    last = traceback.extract_tb(error.__traceback__)[-1:]
    where = "".join(f" in {Path(each.filename).name}:{each.lineno}" for each in last)
    return (
        f"a fault of dedup, not of yours: {type(error).__name__}: {error}{where}; please report it "
        f"with what the same command prints after `{TRACEBACK}=1`"
    )


def _config(error: ConfigError) -> str:
    """Name an option as it is typed."""
    return error.told(f"--{error.field.replace('_', '-').replace(', ', ', --')}")


def _plain(error: Exception) -> str:
    if isinstance(error, OSError) and error.strerror:
        return f"{error.filename}: {error.strerror}" if error.filename else error.strerror
    return str(error)


def _complain(message: str, code: int) -> int:
    tell(f"dedup: error: {message}")
    return code


def tell(message: str) -> None:
    """Say something on stderr, in one line and without anything that could steer a terminal."""
    line = "".join(each if each.isprintable() else " " for each in " ".join(message.split()))
    clear_line()
    with contextlib.suppress(BrokenPipeError):
        click.echo(line, err=True)


def _close_stdout() -> None:
    """Let what is still to be written to stdout go nowhere, as it would raise again at the end."""
    with contextlib.suppress(OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)


class _LeftOut:
    """Keep packages out that others load where they find them, and that no command needs.

    Arrow loads pandas to ask whether a column is one of its own, Numba SciPy for linear algebra;
    the two take longer to load than a small scan.
    """

    names = frozenset({"pandas", "scipy"})

    @classmethod
    def find_spec(cls, name: str, path: Any = None, target: Any = None) -> None:
        """Say that a package is not there; of the others, nothing."""
        if name in cls.names:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)


def start_lean() -> None:
    """Keep the start of a process short; for the command only, as it holds for all of it."""
    sys.meta_path.insert(0, _LeftOut)
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # its threads spin, and have nothing to do
    gc.set_threshold(1_000_000, 20, 50)  # what is held is in arrays, which hold no cycles
    use_small_pages()


def load_all() -> None:
    """Let packages be found again that ``start_lean`` left out."""
    if _LeftOut in sys.meta_path:
        sys.meta_path.remove(_LeftOut)


def prepare() -> None:
    """Make the process a command: signals end it in order, logging is quiet, output never fails."""
    start_lean()
    logging.getLogger().addHandler(logging.NullHandler())
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")
    for number in (signal.SIGINT, signal.SIGTERM):
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, _stop)


def _stop(number: int, frame: FrameType | None) -> NoReturn:
    signal.signal(number, signal.SIG_DFL)  # a second one ends the process at once
    raise Stopped(number)


@contextlib.contextmanager
def stopped_with(say: Callable[[], str], *, quiet: bool) -> Iterator[None]:
    """Where a signal ends what is done here, say what is kept of it and how it goes on."""
    try:
        yield
    except (Stopped, KeyboardInterrupt):
        if not quiet:
            tell(f"dedup: stopped; {say()}")
        raise


@functools.cache
def announce_compiling() -> None:
    """Say on stderr when a kernel is compiled, the first time it happens in this process."""
    from dedup.kernels._jit import on_compile

    on_compile(functools.cache(lambda: tell(COMPILING)))


def uses_colour(choice: str) -> bool:
    """Tell whether to colour: as asked for, then NO_COLOR, then FORCE_COLOR, then the terminal."""
    if choice != "auto":
        return choice == "always"
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR"):
        return True
    return sys.stdout.isatty() and os.environ.get("TERM") != "dumb"


def columns() -> int:
    """Return the width of the terminal, and of a page where there is none."""
    return shutil.get_terminal_size((PIPE_COLUMNS, 24)).columns


def show(lines: Iterable[str], *, colour: bool) -> None:
    """Print lines on stdout as they are made; colour codes stay where ``colour`` asks for them."""
    each = iter(lines)
    while some := list(itertools.islice(each, _LINES)):
        click.echo("\n".join(some), color=colour)


def write_stdout(parts: Iterator[bytes]) -> None:
    """Write bytes to stdout."""
    sys.stdout.flush()
    for part in parts:
        sys.stdout.buffer.write(part)
    sys.stdout.buffer.flush()
