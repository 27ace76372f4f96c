"""Work on several threads whose results come in order."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

Task = TypeVar("Task")
Done = TypeVar("Done")


def in_order(work: Callable[[Task], Done], tasks: Iterable[Task], threads: int) -> Iterator[Done]:
    """Yield ``work(task)`` for each task, in order, a few ahead of what is asked for.

    One task alone (a list of one) is done here: a thread costs more than a small text.

    >>> list(in_order(abs, [-3, 1, -2], threads=2))
    [3, 1, 2]
    """
    if isinstance(tasks, list) and len(tasks) < 2:
        yield from map(work, tasks)
        return
    waiting: deque[Future[Done]] = deque()
    with ThreadPoolExecutor(max(threads, 1)) as pool:
        for task in tasks:
            waiting.append(pool.submit(work, task))
            if len(waiting) > threads:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
