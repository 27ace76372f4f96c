"""What the tests of kernels against their twins share."""

from __future__ import annotations

import inspect

import numpy as np
import pytest

from dedup.kernels._jit import INTERPRETED
from dedup.kernels.text import Tokens

# Interpreted, an unsigned product that wraps around is a NumPy warning; compiled, it just wraps.
WRAPS = (
    [pytest.mark.filterwarnings("ignore:overflow encountered:RuntimeWarning")]
    if INTERPRETED
    else []
)


def kernels_of(module):
    """Return the names of the functions that a module of kernels defines."""
    return {
        name
        for name, each in vars(module).items()
        if inspect.isfunction(inspect.unwrap(getattr(each, "py_func", each)))
        and getattr(each, "__module__", "") == module.__name__
    }


def tokens_with(bounds, hashes, prefixes=None, flags=None):
    """Return tokens as kernels take them; what is not given is zero."""
    count = len(hashes)
    starts, ends = np.zeros((2, count), np.int32)
    return Tokens(
        bounds,
        hashes,
        np.zeros(count, np.uint64) if prefixes is None else prefixes,
        starts,
        ends,
        np.zeros(count, np.uint8) if flags is None else flags,
    )
