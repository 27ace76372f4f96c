"""What the tests of kernels against their twins share."""

from __future__ import annotations

import inspect

import pytest

from dedup.kernels._jit import INTERPRETED

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
