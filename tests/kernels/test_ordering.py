"""Sorting in kernels."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from dedup.kernels.ordering import largest_first, smallest_first


@given(st.lists(st.one_of(st.integers(0, 5), st.integers(0, 2**63 - 1)), max_size=40))
def test_keys_in_order(values):
    up = sorted(range(len(values)), key=lambda k: (values[k], k))
    assert smallest_first(np.array(values, np.uint64)).tolist() == up
    down = sorted(range(len(values)), key=lambda k: (-values[k], k))
    weights = np.array([*values, 7], np.int64)
    assert largest_first(weights, len(values)).tolist() == down
