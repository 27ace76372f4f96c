"""Arrays of a spool are the same in memory, with room made before, and in files."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dedup.spool import Spool

pieces = st.lists(st.lists(st.integers(0, 9), max_size=5), max_size=6)


@given(pieces, pieces, st.integers(0, 400), st.integers(0, 9))
def test_what_is_added_is_read(tmp_path_factory, one, two, budget, spare):
    folder = tmp_path_factory.mktemp("spool")
    spool = Spool(lambda: folder, budget)
    spool.reserve("one", sum(map(len, one)) + spare, np.int64)
    for k in range(max(len(one), len(two))):
        for name, given_pieces in (("one", one), ("two", two)):
            if k < len(given_pieces):
                spool.append(name, np.array(given_pieces[k], np.int64))
    for name, given_pieces in (("one", one), ("two", two)):
        wanted = [value for piece in given_pieces for value in piece]
        assert spool.read(name, np.int64).tolist() == wanted
        assert spool.read(name, np.int64, mapped=True).tolist() == wanted
        assert spool.take(name, np.int64).tolist() == wanted
        assert not len(spool.read(name, np.int64))
    assert spool.size == 8 * sum(map(len, one + two))


def test_room_is_not_grown():
    spool = Spool()
    spool.reserve("few", 2, np.int64)
    with pytest.raises(ValueError, match="broadcast"):
        spool.append("few", np.arange(3))
