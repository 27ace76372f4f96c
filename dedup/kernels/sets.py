"""How many values two sets have in common."""

from __future__ import annotations

import numpy as np

from dedup.kernels._jit import njit
from dedup.kernels.shingles import table_size


@njit
def fill_cells(values, lo, hi, mask, cells, extra):
    """Put distinct values into cells of four places; return how many found theirs full.

    Zero marks a free place, so that value is left out. Those without a place go to ``extra``.
    """
    cells[: 4 * (mask + 1)] = np.uint64(0)
    left = 0
    for i in range(lo, hi):
        if values[i] == np.uint64(0):
            continue
        first = 4 * np.intp(values[i] & np.uint64(mask))
        position = 0
        while position < 4 and cells[first + position] != np.uint64(0):
            position += 1
        if position < 4:
            cells[first + position] = values[i]
        else:
            extra[left] = values[i]
            left += 1
    return left


@njit
def count_common(values, offsets, pairs, out):
    """Write how many values the sets of each pair of documents have in common.

    A set holds no value twice. Pairs of the same first document should follow each other: its set
    is laid out once for all of them, in cells of four that are compared without a branch, for
    whether a value is in both is what no processor can predict.
    """
    longest = 0
    for p in range(len(pairs)):
        longest = max(longest, offsets[pairs[p, 0] + 1] - offsets[pairs[p, 0]])
    cells = np.empty(4 * table_size(longest), np.uint64)
    extra = np.empty(longest, np.uint64)
    mask = np.intp(0)
    left = 0
    has_zero = False
    for p in range(len(pairs)):
        a, b = pairs[p, 0], pairs[p, 1]
        if p == 0 or a != pairs[p - 1, 0]:
            mask = np.intp(table_size((offsets[a + 1] - offsets[a]) // 2) - 1)
            left = fill_cells(values, offsets[a], offsets[a + 1], mask, cells, extra)
            has_zero = False
            for i in range(offsets[a], offsets[a + 1]):
                has_zero = has_zero or values[i] == np.uint64(0)
        common = 0
        for i in range(offsets[b], offsets[b + 1]):
            value = values[i]
            first = 4 * np.intp(value & np.uint64(mask))
            common += (
                (cells[first] == value)
                | (cells[first + 1] == value)
                | (cells[first + 2] == value)
                | (cells[first + 3] == value)
            ) & (value != np.uint64(0))
            common += has_zero & (value == np.uint64(0))
        if left:
            for i in range(offsets[b], offsets[b + 1]):
                for k in range(left):
                    common += extra[k] == values[i]
        out[p] = common
