"""How many values two sets have in common."""

from __future__ import annotations

import numpy as np

from dedup.kernels._jit import njit, njit_uncounted
from dedup.kernels.shingles import table_size


@njit_uncounted
def fill_cells(values, mask, cells, extra):
    """Put distinct values into cells of four places; return how many found theirs full.

    ``values`` are uint64; ``mask``, one less than the cells, is 1 or more: so a free place of cell
    ``c`` can hold ``~c``, which belongs to another one. Values without a place go to ``extra``.
    """
    for cell in range(mask + 1):
        cells[4 * cell : 4 * cell + 4] = ~np.uint64(cell)
    left = 0
    for i in range(len(values)):
        cell = values[i] & np.uint64(mask)
        first = 4 * np.intp(cell)
        position = 0
        while position < 4 and cells[first + position] != ~cell:
            position += 1
        if position < 4:
            cells[first + position] = values[i]
        else:
            extra[left] = values[i]
            left += 1
    return left


@njit_uncounted
def count_in_cells(values, mask, cells):
    """Count the values that are in ``cells``: the four places of one are compared at once."""
    common = 0
    for i in range(len(values)):
        value = values[i]
        first = 4 * np.intp(value & np.uint64(mask))
        common += (
            (cells[first] == value)
            | (cells[first + 1] == value)
            | (cells[first + 2] == value)
            | (cells[first + 3] == value)
        )
    return common


@njit_uncounted
def count_equal(values, wanted):
    """Count the values that are ``wanted``."""
    common = 0
    for i in range(len(values)):
        common += values[i] == wanted
    return common


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
    for p in range(len(pairs)):
        a, b = pairs[p, 0], pairs[p, 1]
        if p == 0 or a != pairs[p - 1, 0]:
            mask = np.intp(table_size((offsets[a + 1] - offsets[a]) // 2) - 1)
            left = fill_cells(values[offsets[a] : offsets[a + 1]], mask, cells, extra)
        theirs = values[offsets[b] : offsets[b + 1]]
        common = count_in_cells(theirs, mask, cells)
        for k in range(left):
            common += count_equal(theirs, extra[k])
        out[p] = common
