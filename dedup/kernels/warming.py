"""Compile the kernels of a command before it runs, in several processes, once a machine.

``signatures.json`` lists the kernels that Python calls, a row each: its name, the size of its
machine code, the commands that use it, and the types of its arguments. ``scripts/record_kernels``
writes it. What it lacks is compiled when it is first called.
"""

from __future__ import annotations

import functools
import gc
import importlib
import json
import os
import subprocess
import sys
import threading
import warnings
from collections import defaultdict
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from dedup.kernels import _compiling, _signatures

_START = "from dedup.kernels.warming import work; work()"


class Row(NamedTuple):
    """A kernel as it is compiled for some commands."""

    kernel: str
    size: int
    commands: list[str]
    types: list[Any]


@functools.cache
def recorded() -> list[Row]:
    """Return all rows of the record."""
    return [Row(*each) for each in json.loads(_compiling.RECORD.read_bytes())]


def commands() -> list[str]:
    """Return the commands whose kernels are recorded.

    >>> "scan" in commands()
    True
    """
    return sorted({name for row in recorded() for name in row.commands})


def rows_of(names: Iterable[str]) -> list[int]:
    """Return the positions in the record of what the commands use."""
    wanted = set(names)
    return [k for k, row in enumerate(recorded()) if wanted.intersection(row.commands)]


@functools.cache
def cache_folder() -> Path | None:
    """Return where compiled kernels are kept; None where no folder can be written."""
    return _compiling.cache_folder_of(rows_of)


def interpret() -> bool:
    """Run all kernels of this process as plain Python functions; return whether that can be.

    It cannot where kernels have been imported already, or by NumPy 1, which makes of a product of
    an unsigned and a Python number another type than a compiled kernel does.
    """
    if f"{__package__}._jit" in sys.modules or np.lib.NumpyVersion(np.__version__) < "2.0.0":
        return False
    _compiling.leave_uncompiled()
    warnings.filterwarnings("ignore", "overflow encountered", RuntimeWarning, "dedup.kernels")
    return True


def is_ready(command: str) -> bool:
    """Return whether a command compiles nothing, as far as is known."""
    return _compiling.is_interpreted() or _compiling.is_kept(
        _compiling.ready_mark(command), rows_of
    )


def warm(names: Iterable[str], tell: Callable[[int, int], None], processes: int) -> bool:
    """Compile what some commands use and is not in the cache; return whether all went well.

    ``tell`` is called with how many kernels are done and how many there are, first with 0.
    """
    positions = rows_of(names)
    folder = cache_folder()
    if _compiling.is_interpreted() or folder is None or not positions:
        return not positions
    crew = _Crew(_shares(positions), lambda done: tell(done, len(positions)))
    tell(0, len(positions))
    crew.run(processes)
    if crew.done < len(positions):
        return False
    compiled = set(positions)
    with suppress(OSError):
        for name in commands():
            if compiled.issuperset(rows_of([name])):
                (folder / _compiling.ready_mark(name)).touch()
    return True


def _shares(positions: list[int]) -> list[list[int]]:
    """Return the kernels of each module, which have callees in common, the largest total last."""
    modules: dict[str, list[int]] = defaultdict(list)
    for k in positions:
        modules[recorded()[k].kernel.split(".")[0]].append(k)
    return sorted(modules.values(), key=lambda held: sum(recorded()[k].size for k in held))


class _Crew:
    """Processes that compile, and a thread for each that hands it the next share."""

    def __init__(self, shares: list[list[int]], tell: Callable[[int], None]) -> None:
        self._shares, self._tell = shares, tell
        self._lock = threading.Lock()
        self._processes: list[subprocess.Popen[str]] = []
        self.done = 0

    def run(self, processes: int) -> None:
        """Compile all shares; end every process, whatever happens."""
        threads = [
            threading.Thread(target=self._feed, daemon=True)
            for _ in range(min(processes, len(self._shares)))
        ]
        try:
            for each in threads:
                each.start()
            for each in threads:
                each.join()
        finally:
            self._shares.clear()
            for process in self._processes:
                process.kill()
            for each in threads:
                each.join()
            for process in self._processes:
                with suppress(OSError):  # what was not sent yet has nowhere to go
                    process.communicate()

    def _feed(self) -> None:
        paths = f"import sys; sys.path[:] = {sys.path!r}"  # where this process found its packages
        command = [sys.executable, "-c", f"{paths}\n{_START}"]
        environment = {**os.environ, "OPENBLAS_NUM_THREADS": "1"}
        pipe, nowhere = subprocess.PIPE, subprocess.DEVNULL
        # It could not be started, or ended (the rest is compiled later), or all are handed out.
        with suppress(OSError, IndexError):
            process = subprocess.Popen(
                command, stdin=pipe, stdout=pipe, stderr=nowhere, text=True, env=environment
            )
            with self._lock:
                self._processes.append(process)
            while process.poll() is None:
                self._compile(process, self._shares.pop())

    def _compile(self, process: subprocess.Popen[str], share: list[int]) -> None:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(f"{' '.join(map(str, share))}\n")
        process.stdin.flush()
        for _ in share:
            if not process.stdout.readline():
                return
            with self._lock:
                self.done += 1
                self._tell(self.done)


def work() -> None:
    """Compile the rows whose positions stand on a line of stdin, and say so for each."""
    gc.set_threshold(1_000_000, 20, 50)  # what a compiler makes lives long
    sys.modules.setdefault("scipy", None)  # type: ignore[arg-type]  # Numba would load all of it
    for line in sys.stdin:
        for position in line.split():
            row = recorded()[int(position)]
            module, name = row.kernel.split(".")
            kernel = getattr(importlib.import_module(f"dedup.kernels.{module}"), name)
            with suppress(
                Exception
            ):  # it is compiled when it is called, and says then what is wrong
                kernel.compile(tuple(map(_signatures.read_type, row.types)))
            sys.stdout.write(f"{position}\n")
            sys.stdout.flush()
