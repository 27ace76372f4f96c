"""Rows in order of several columns."""

import numpy as np
from hypothesis import example, given
from hypothesis import strategies as st

from dedup.core.arrays import order_by

wide = st.integers(-(2**62), 2**62)
small = st.integers(-3, 3)


@given(
    st.integers(0, 30).flatmap(
        lambda n: st.tuples(
            st.lists(small, min_size=n, max_size=n),
            st.lists(st.one_of(small, wide), min_size=n, max_size=n),
            st.lists(st.integers(0, 2**32 - 1), min_size=n, max_size=n),
            st.lists(st.booleans(), min_size=n, max_size=n),
        )
    )
)
@example(([0, 1], [-(2**62), 2**62], [0, 0], [True, False]))
def test_order_by_is_that_of_lexsort(columns):
    kinds = (np.int64, np.int64, np.uint32, np.bool_)
    arrays = [np.array(each, kind) for each, kind in zip(columns, kinds, strict=True)]
    for some in (arrays[:1], arrays[::2], arrays):
        assert order_by(*some).tolist() == np.lexsort(some[::-1]).tolist()
