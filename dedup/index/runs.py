"""Postings in sorted runs: how they are cut into blocks, found again, and merged.

A run holds the postings of all articles up to some number that no earlier run has. Its 256 slices
have the same number of blocks each, about a page full, and a key says by itself in which block it
would stand. So a look-up reads one block a key and run, and adding an article writes none: new
articles wait, their postings in memory, until there are enough of them for a run.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from dedup.arrays import Bool, Int64, UInt64
from dedup.errors import CorruptIndex
from dedup.index.store import BUCKET
from dedup.kernels import index as kernel

_FILL = 440  # postings of a block; with its checksum that is short of a page of 4,096 bytes
_LOW = kernel.LOW


@dataclass(frozen=True, slots=True)
class Run:
    """One run: its number, its level, the blocks of a slice, its postings, its last article."""

    run: int
    level: int
    parts: int
    postings: int
    last: int

    def place(self, key: int) -> int:
        """Return where the block of a key stands."""
        return self.first(key >> 32) + ((key & _LOW) * self.parts >> 32)

    def first(self, part: int) -> int:
        """Return where the first block of a slice stands."""
        return self.run << 32 | part * self.parts


def parts_for(postings: int) -> int:
    """Return how many blocks a slice of a run of so many postings has.

    >>> parts_for(0), parts_for(34_000_000)
    (1, 302)
    """
    return max(1, -(-postings // (kernel.SLICES * _FILL)))


def seal_block(place: int, postings: UInt64) -> bytes:
    """Return the bytes of a block: a checksum of its place and its postings, and those."""
    words = np.empty(len(postings) + 1, np.uint64)
    words[1:] = postings
    words[0] = kernel.check_block(words, np.intp(1), np.intp(len(words)), np.uint64(place))
    return words.tobytes()


def open_block(place: int, data: bytes) -> UInt64:
    """Return the postings of a block; raise ``CorruptIndex`` where they are not what was kept."""
    _check_size(data)
    words = np.frombuffer(data, np.uint64)
    found = kernel.check_block(words, np.intp(1), np.intp(len(words)), np.uint64(place))
    if found != words[0]:
        raise CorruptIndex(f"block {place} of the postings is damaged")
    return words[1:]


def _check_size(data: bytes) -> None:
    if not isinstance(data, bytes) or len(data) < 8 or len(data) % 8:
        raise CorruptIndex("a block of the postings has an impossible size")


def find_in_blocks(
    keys: Sequence[int], places: Sequence[int], blocks: dict[int, bytes]
) -> list[list[int]]:
    """Return the articles of ``keys[i]`` in the block at ``places[i]``, for each ``i``."""
    order = list(blocks)
    for data in blocks.values():
        _check_size(data)
    words = np.frombuffer(b"".join(blocks.values()), np.uint64)
    sizes = [len(blocks[place]) // 8 for place in order]
    starts = dict(zip(order, np.cumsum([0, *sizes]).tolist(), strict=False))
    try:
        bounds = np.array([(starts[p], starts[p] + len(blocks[p]) // 8) for p in places], np.int64)
    except KeyError as error:
        raise CorruptIndex(f"block {error} of the postings is not there") from None
    room = int(np.sum(bounds[:, 1] - bounds[:, 0]))
    found, out = np.empty(len(keys), np.int64), np.empty(room, np.int64)
    made = kernel.find_postings(
        words, bounds, np.array(places, np.uint64), np.array(keys, np.uint64), out, found
    )
    if made < 0:
        raise CorruptIndex(f"block {places[-1 - made]} of the postings is damaged")
    if not made:
        return [[] for _ in keys]
    ends = np.cumsum(found).tolist()
    numbers = out[:made].tolist()
    return [numbers[low:high] for low, high in zip([0, *ends], ends, strict=False)]


Slices = Callable[[int], UInt64]  # the postings of a slice, in order


def slices_of(keys: UInt64, wide: Bool, numbers: Int64) -> Slices:
    """Return the postings of articles: of all keys of the ``wide`` ones, of the first of others."""
    starts = np.empty(kernel.SLICES + 1, np.int64)
    kernel.count_slices(keys, wide, starts)
    postings = np.empty(int(starts[-1]), np.uint64)
    kernel.fill_slices(keys, wide, numbers, starts[:-1].copy(), postings)
    return lambda part: np.sort(postings[starts[part] : starts[part + 1]])


def merged(sources: Sequence[Slices], gone: Int64, part: int) -> UInt64:
    """Return the postings of a slice of several runs, without those of removed articles."""
    together = [source(part) for source in sources]
    postings = np.sort(np.concatenate(together)) if len(together) > 1 else together[0].copy()
    if len(gone):
        postings = postings[: kernel.without(postings, gone)]
    return postings[: kernel.thin(postings, BUCKET)]


def blocks_of(run: Run, part: int, postings: UInt64) -> Iterator[tuple[int, bytes]]:
    """Yield the blocks of a slice with their places."""
    bounds: npt.NDArray[np.int64] = np.empty(run.parts + 1, np.int64)
    kernel.cut_blocks(postings, run.parts, bounds)
    edges = bounds.tolist()
    first = run.first(part)
    for block in range(run.parts):
        place = first + block
        yield place, seal_block(place, postings[edges[block] : edges[block + 1]])
