"""One stable sort for all kernels: Numba compiles NumPy's anew for each of its forms."""

from __future__ import annotations

import numpy as np

from dedup.kernels._jit import njit


@njit
def smallest_first(keys):
    """Return the places of the keys (uint64) in ascending order (int64), equal ones as they stand.

    ``smallest_first(~weights)`` puts the largest weight first.
    """
    order = np.arange(len(keys))
    merged = np.empty_like(order)
    width = 1
    while width < len(keys):
        for lo in range(0, len(keys), 2 * width):
            middle, end = min(lo + width, len(keys)), min(lo + 2 * width, len(keys))
            left, right = lo, middle
            for out in range(lo, end):
                if right == end or (left < middle and keys[order[left]] <= keys[order[right]]):
                    merged[out] = order[left]
                    left += 1
                else:
                    merged[out] = order[right]
                    right += 1
        order, merged = merged, order
        width *= 2
    return order


@njit
def largest_first(weights, count):
    """Return the places of the first ``count`` weights (int64, none below 0), largest first.

    Equal ones stay as they stand.
    """
    keys = np.empty(count, np.uint64)
    for k in range(count):
        keys[k] = ~np.uint64(weights[k])
    return smallest_first(keys)
