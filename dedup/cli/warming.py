"""The command ``warmup``, and the kernels of a command compiled before it starts."""

from __future__ import annotations

import functools
import gc
import glob
import os
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import click

from dedup.cli.running import COMPILING, DONE, announce_compiling, tell
from dedup.core.formats import is_packed

if TYPE_CHECKING:
    from dedup.sources import ReadOptions

UNCACHED = (
    "dedup: warning: compiled kernels cannot be kept, so every run compiles them, which takes a "
    "minute or more: set NUMBA_CACHE_DIR to a folder that can be written"
)


SMALL = 32 * 1024  # bytes of text that kernels which are not compiled read in 5 to 15 s
SMALL_INDEX = 8 * SMALL  # bytes of an index that goes with it
_UNPACKED = 10  # a byte of a packed file is taken for so many
INTERPRETING = (
    "dedup: nothing is compiled on this machine yet; so short an input is read without that, which "
    "takes some seconds (`dedup warmup` compiles, once)"
)


def cores() -> int:
    """Return how many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


class Counter:
    """Says how many kernels are compiled: in one changing line on a terminal, else once."""

    def __init__(self) -> None:
        self._begin = time.perf_counter()
        self._live = sys.stderr.isatty()
        self.total = 0

    def __call__(self, done: int, total: int) -> None:
        """Say how far it is."""
        self.total = total
        if self._live:
            line = f"\rdedup: compiling {done} of {total} kernels, once a machine"
            click.echo(line, err=True, nl=False)
        elif not done:
            tell(COMPILING)

    def end(self) -> None:
        """Close the line, with how long it took."""
        if self._live:
            seconds = time.perf_counter() - self._begin
            line = (
                f"\r\x1b[Kdedup: compiled {self.total} kernels, once a machine, in {seconds:.0f} s"
            )
            click.echo(line, err=True)


@functools.cache
def compile_first(command: str, *, quiet: bool) -> None:
    """Compile all that a command needs before its work and its clock begin, once a machine.

    The garbage collector then passes over what was loaded, hundreds of thousands of objects that
    stay: it would look at them again with every few lines of JSON.
    """
    from dedup.kernels import warming

    gc.freeze()
    is_ready = warming.is_ready(command)
    if not is_ready and warming.cache_folder() is None:
        if not quiet:
            tell(UNCACHED)
        return
    if not quiet:
        announce_compiling()
    if is_ready:
        return
    counter = Counter()
    try:
        warming.warm([command], (lambda *_: None) if quiet else counter, cores())
    finally:
        if not quiet:
            counter.end()


def start_small(
    command: str, paths: Sequence[str], index: str | None = None, *, quiet: bool
) -> None:
    """Where kernels are not compiled yet and there is little text, run the command without.

    To compile them takes a minute; to read the text by them as plain Python some seconds. What is
    found is the same. To be called before anything that imports a kernel.
    """
    from dedup.kernels import warming

    if not is_small(paths) or (index and not is_small([index], SMALL_INDEX)):
        return
    if not warming.is_ready(command) and warming.interpret() and not quiet:
        tell(INTERPRETING)


def is_small(paths: Sequence[str], most: int = SMALL) -> bool:
    """Return whether files hold at most ``most`` bytes of text, as far as their sizes tell."""
    left = most
    for path in paths:
        if path == "-" or "://" in path:
            return False
        for file in _files(path):
            with suppress(OSError):
                left -= file.stat().st_size * (_UNPACKED if is_packed(file.name) else 1)
            if left < 0:
                return False
    return True


def _files(path: str) -> Iterator[Path]:
    """Yield the file of a path, or all of a folder or a pattern; none where nothing is there."""
    if Path(path).is_dir():
        for folder, _, names in os.walk(path):
            yield from (Path(folder, name) for name in names)
    elif Path(path).exists():
        yield Path(path)
    else:
        yield from map(Path, glob.iglob(path, recursive=True))  # noqa: PTH207 - as sources do


def find_first(command: str, paths: Sequence[str], reading: ReadOptions, *, quiet: bool) -> int:
    """Find the inputs of a command, then compile; return the bytes to read, 0 if ``quiet``.

    A path that is not there is said at once, and not after a minute of compiling.
    """
    from dedup.kernels import warming
    from dedup.sources import input_bytes

    looks = not quiet or not warming.is_ready(command)
    size = input_bytes(paths, reading) if looks else 0
    compile_first(command, quiet=quiet)
    return 0 if quiet else size


@click.command(short_help="Compile what commands need, once a machine.")
@click.argument("commands", metavar="[COMMAND]...", nargs=-1)
@click.option("--quiet", "-q", is_flag=True, help="Print nothing.")
def warmup(commands: tuple[str, ...], quiet: bool) -> int:
    """Compile the kernels that commands need, so that their first run starts at once.

    Commands are scan, duplicates (scan --find duplicates), against (scan --against), compare,
    filter, index, search and spark (what --engine spark needs besides those of scan); without any,
    all of them. Kernels are compiled once a machine, into the folder of
    NUMBA_CACHE_DIR or beside the package. Run this where an image is built, on that kind of
    processor, and on every node of a cluster.

    \b
    Examples:
      dedup warmup
      dedup warmup scan compare
    """  # noqa: D301 - click takes the backslash b as "do not wrap"
    from dedup.errors import DedupError
    from dedup.kernels import warming

    known = warming.commands()
    for name in commands:
        if name not in known:
            raise click.UsageError(f"no kernels of {name!r}; there are {', '.join(known)}")
    wanted = [name for name in commands or known if not warming.is_ready(name)]
    folder = warming.cache_folder()
    if wanted and folder is None:
        raise DedupError(UNCACHED.removeprefix("dedup: warning: "))
    if wanted:
        counter = Counter()
        if not warming.warm(wanted, (lambda *_: None) if quiet else counter, cores()):
            raise DedupError("kernels could not be compiled; a scan says why")
        if not quiet:
            counter.end()
    if not quiet:
        place = f"in {folder}" if folder else "there, where nothing can be written"
        tell(f"dedup: kernels of {', '.join(commands or known)} are {place}")
    return DONE
