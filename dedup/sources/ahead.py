"""An iterator whose items a thread makes while the caller works on those before."""

from __future__ import annotations

import queue
import threading
from collections.abc import Generator
from typing import TypeVar

Item = TypeVar("Item")

_PATIENCE = 5.0  # seconds to wait for the thread to end; one that hangs in a read is left behind


class _Ended:
    """Say that no item follows, and why where it was an error."""

    def __init__(self, error: BaseException | None = None) -> None:
        self.error = error


def ahead(items: Generator[Item, None, None], most: int) -> Generator[Item, None, None]:
    """Yield ``items`` in their order, made by a thread of its own, at most ``most`` ahead.

    An error comes where it would have come. When the caller stops, so does the thread.

    >>> list(ahead((number for number in range(5)), 2))
    [0, 1, 2, 3, 4]
    """
    waiting: queue.Queue[Item | _Ended] = queue.Queue(most)
    stopped = threading.Event()
    worker = threading.Thread(
        target=_make, args=(items, waiting, stopped), daemon=True, name="dedup-ahead"
    )
    worker.start()
    try:
        while not isinstance(item := waiting.get(), _Ended):
            yield item
        if item.error is not None:
            raise item.error
    finally:
        stopped.set()
        _drain(waiting)  # the thread may be waiting for room
        worker.join(_PATIENCE)


def _make(
    items: Generator[Item, None, None],
    waiting: queue.Queue[Item | _Ended],
    stopped: threading.Event,
) -> None:
    error = None
    try:
        for item in items:
            if stopped.is_set():
                break
            waiting.put(item)
    except BaseException as caught:
        error = caught
    if stopped.is_set():
        items.close()
    else:
        waiting.put(_Ended(error))


def _drain(waiting: queue.Queue[Item | _Ended]) -> None:
    try:
        while True:
            waiting.get_nowait()
    except queue.Empty:
        pass
