"""Work on several threads whose results come in order."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from contextvars import ContextVar
from operator import length_hint
from queue import Empty, SimpleQueue
from threading import Lock
from typing import Generic, TypeVar

Task = TypeVar("Task")
Done = TypeVar("Done")
Made = TypeVar("Made")
Watch = Callable[[int, int | None], None]

_watch: ContextVar[Watch] = ContextVar("watch", default=lambda done, total: None)


@contextmanager
def watched(watch: Watch) -> Iterator[None]:
    """Let ``watch`` be told how many tasks ``in_order`` has done, and of how many if that is known.

    It is called by whichever thread did the task.

    >>> with watched(lambda done, total: print(done, "of", total)):
    ...     done = list(in_order(abs, [-3, 1], threads=1))
    0 of 2
    1 of 2
    2 of 2
    """
    token = _watch.set(watch)
    try:
        yield
    finally:
        _watch.reset(token)


def in_order(work: Callable[[Task], Done], tasks: Iterable[Task], threads: int) -> Iterator[Done]:
    """Yield ``work(task)`` for each task, in order, a few ahead of what is asked for.

    One task alone (a list of one) is done here: a thread costs more than a small text.

    >>> list(in_order(abs, [-3, 1, -2], threads=2))
    [3, 1, 2]
    """
    if isinstance(tasks, list) and len(tasks) < 2:
        yield from map(work, tasks)
        return
    tell = _counted(_watch.get(), length_hint(tasks) or None)
    waiting: deque[Future[Done]] = deque()
    with ThreadPoolExecutor(max(threads, 1)) as pool:
        for task in tasks:
            waiting.append(pool.submit(work, task))
            waiting[-1].add_done_callback(tell)
            if len(waiting) > threads:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()


def at_once(
    one: Callable[[], Done], other: Callable[[], Made], *, threads: int
) -> tuple[Done, Made]:
    """Do two things at the same time, or with one thread one after the other; return both results.

    >>> at_once(lambda: 1, lambda: "a", threads=2)
    (1, 'a')
    """
    if threads < 2:
        return one(), other()
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(other)
        return one(), waiting.result()


class Spare(Generic[Made]):
    """What tasks write on the way: made where all that was made is in use, and used again.

    What a task leaves in it the next one finds; after an error it is thrown away.

    >>> room = Spare(lambda: print("made") or [])
    >>> for task in range(3):
    ...     with room.one() as scratch:
    ...         scratch.append(task)
    made
    >>> with room.one() as scratch:
    ...     print(scratch)
    [0, 1, 2]
    """

    def __init__(self, make: Callable[[], Made]) -> None:
        self._make = make
        self._free: SimpleQueue[Made] = SimpleQueue()

    @contextmanager
    def one(self) -> Iterator[Made]:
        """Lend one to a task."""
        try:
            made = self._free.get_nowait()
        except Empty:
            made = self._make()
        yield made
        self._free.put(made)


def _counted(watch: Watch, total: int | None) -> Callable[[Future[Done]], None]:
    """Return what is called when a task is done; it tells the count."""
    count, lock = 0, Lock()

    def tell(future: Future[Done]) -> None:
        nonlocal count
        with lock:
            count += 1
            watch(count, total)

    watch(0, total)
    return tell
