"""Distinct values are those of a set, in order."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dedup.core.arrays import distinct


@given(st.lists(st.integers(-5, 5)), st.sampled_from([np.int64, np.int32, np.float64]))
def test_distinct_values_are_those_of_a_set(values, dtype):
    found = distinct(np.array(values, dtype))
    assert found.dtype == dtype
    assert found.tolist() == sorted(set(values))


@pytest.mark.parametrize("shape", [(0, 2), (3, 2)])
def test_tables_are_taken_as_one_row(shape):
    values = np.arange(np.prod(shape), dtype=np.uint64).reshape(shape) % np.uint64(4)
    assert distinct(values).tolist() == sorted(set(values.ravel().tolist()))
