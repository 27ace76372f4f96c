"""The line that says how far a long run is: a share, a rate, and the time it took and still takes.

It is drawn on stderr by a thread of its own, so it ticks while a stage says nothing. Where stderr
is no terminal there is none.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import sys
import threading
import time
from collections.abc import Iterator

_SOON = 1.0  # seconds; what is done before needs no line
_TICK = 0.25
_CLEARED = "\r\x1b[K"
_CLOCK = "{desc}  {elapsed}"
_TIMES = "{rate_noinv_fmt}, {elapsed}"
_COUNTER = "{desc}  {n_fmt}, " + _TIMES
_METER = "{desc}  {percentage:3.0f}% BAR {n_fmt}/{total_fmt}, " + _TIMES + ", {remaining} left"


class Live:
    """A line that follows what it is told; every method only takes in how far things are."""

    def __init__(self, name: str, total: int, unit: str) -> None:
        self._whole = time.monotonic()
        self._stage = ""
        self.begin(name, total, unit)

    def begin(self, name: str, total: int = 0, unit: str = "") -> None:
        """Take in what comes next; ``total`` is 0 where nobody knows."""
        self._name, self._total, self._unit = name, total, unit
        self._done, self._since = 0, time.monotonic()
        self._step = self._since

    def update(self, more: int) -> None:
        """Take in how much more is done."""
        self._done += more

    def stage(self, name: str, done: int, total: int) -> None:
        """Take in the stage of a scan; that of fast mode which reads goes on with what is read."""
        if done < total:
            self._stage = f"stage {done + 1} of {total}"
        if name != "signatures":
            self.begin(name)

    def step(self, done: int, total: int | None) -> None:
        """Take in how many parts of a step of this stage are done; then the stage goes on."""
        if self._unit == "B":  # what is read is counted in bytes
            return
        if done == 0:
            self._step = time.monotonic()
        is_over = total is not None and done >= total
        self._done, self._total = (0, 0) if is_over else (done, total or 0)
        self._unit = " parts"

    def line(self, width: int) -> str:
        """Return what is shown in a terminal of a width."""
        from tqdm import tqdm

        now = time.monotonic()
        bar = _bar(self._done, self._total)
        form = _METER if self._total else _COUNTER if self._done else _CLOCK
        shown = tqdm.format_meter(
            n=self._done,
            total=self._total or None,
            elapsed=now - (self._step if self._total or self._done else self._since),
            prefix=self._name,
            unit=self._unit,
            unit_scale=self._unit == "B",
            bar_format=form.replace("BAR", bar).replace("{left}", "{remaining} left"),
        )
        if self._stage:
            shown += f" · {self._stage}, {tqdm.format_interval(now - self._whole)} in all"
        return str(shown)[: max(width - 1, 0)]

    def is_due(self) -> bool:
        """Tell whether there was time enough to read a line."""
        return time.monotonic() - self._whole >= _SOON


def _bar(done: int, total: int, width: int = 16) -> str:
    """Return a bar of which the share that is done is filled.

    >>> _bar(1, 4, 8)
    '██······'
    """
    full = width * min(done, total) // total if total else 0
    return "█" * full + "·" * (width - full)


class _Screen:
    """The one line of this process, which whoever writes to stderr clears first."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._is_drawn = False

    def draw(self, text: str) -> None:
        """Show a line in place of the one that is there."""
        with self._lock, contextlib.suppress(OSError, ValueError):
            sys.stderr.write(_CLEARED + text)
            sys.stderr.flush()
            self._is_drawn = True

    def clear(self) -> None:
        """Leave an empty line, where one was drawn."""
        with self._lock, contextlib.suppress(OSError, ValueError):
            if self._is_drawn:
                sys.stderr.write(_CLEARED)
                sys.stderr.flush()
                self._is_drawn = False


_screen = _Screen()
clear_line = _screen.clear


@contextlib.contextmanager
def live(name: str, total: int = 0, unit: str = "", *, quiet: bool = False) -> Iterator[Live]:
    """Follow what is done in a line on stderr, where that is a terminal."""
    shown = Live(name, total, unit)
    if quiet or not sys.stderr.isatty() or os.environ.get("TERM") == "dumb":
        yield shown
        return
    ended = threading.Event()

    def tick() -> None:
        while not ended.wait(_TICK):
            if shown.is_due():
                _screen.draw(shown.line(shutil.get_terminal_size((80, 24)).columns))

    thread = threading.Thread(target=tick, name="dedup-progress", daemon=True)
    thread.start()
    try:
        yield shown
    finally:
        ended.set()
        thread.join()
        _screen.clear()
