"""Arrays of a spool are the same in memory, with room made before, and in files."""

from __future__ import annotations

import mmap

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dedup.config import Config
from dedup.core import storage
from dedup.core.spool import Spool
from dedup.pipeline import verifying
from dedup.similarity.relations import Pairs

pieces = st.lists(st.lists(st.integers(0, 9), max_size=5), max_size=6)


@given(pieces, pieces, st.integers(0, 400), st.integers(-1, 9))
def test_what_is_added_is_read(tmp_path_factory, one, two, budget, spare):
    folder = tmp_path_factory.mktemp("spool")
    spool = Spool(lambda: folder, budget)
    if spare < 0:
        spool.reserve_rest("one", np.int64)
    else:
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


def test_the_rest_is_reserved_where_there_is_a_bound(tmp_path):
    spool = Spool(lambda: tmp_path, 80)
    spool.reserve_rest("many", np.int64)
    spool.append("many", np.arange(4))
    spool.append("many", np.arange(6))
    assert not spool.in_files
    spool.append("many", np.arange(1))
    assert spool.in_files
    assert spool.read("many", np.int64).tolist() == [*range(4), *range(6), 0]
    for unbound in (Spool(), Spool(lambda: tmp_path)):
        unbound.reserve_rest("many", np.int64)
        unbound.append("many", np.arange(4))
        assert unbound.read("many", np.int64).tolist() == [0, 1, 2, 3]


def test_room_is_not_grown():
    spool = Spool()
    spool.reserve("few", 2, np.int64)
    with pytest.raises(ValueError, match="broadcast"):
        spool.append("few", np.arange(3))


@pytest.mark.parametrize("near", [0, 3, 4096])
@pytest.mark.parametrize("at_once", [4, 1 << 19])
@pytest.mark.parametrize("most", [1, 1 << 22])
def test_sets_are_compared_from_a_file_as_in_memory(tmp_path, monkeypatch, near, at_once, most):
    draw = np.random.default_rng(5)
    sets = [draw.permutation(40)[: draw.integers(0, 9)].astype(np.uint64) for _ in range(60)]
    order = draw.permutation(80)
    wanted = np.sort(draw.permutation(80)[:60])
    candidates = np.flatnonzero(np.isin(order, wanted))
    pairs = np.array([(a, b) for a in candidates for b in candidates if a < b and (a + b) % 3])
    monkeypatch.setattr(verifying, "_NEAR", near)
    monkeypatch.setattr(verifying, "_AT_ONCE", at_once)
    monkeypatch.setattr(verifying, "_RUN_SHINGLES", most)
    made = []
    for budget in (0, 1 << 30):
        spool = Spool(lambda: tmp_path, budget)
        for each in sets:
            spool.append(verifying.SHINGLES, each)
            spool.append(verifying.SIZES, np.array([len(each)]))
        assert (spool.path_of(verifying.SHINGLES) is None) == bool(budget)
        verifier = verifying.Verifier.of(spool, wanted, order)
        config = Config(find=("duplicates",), threshold=0.2)
        counts = np.full(80, 60, np.int32)
        made.append(verifier.confirm(pairs, counts, config, threads=2))
    assert len(made[0]) > 50
    for name in Pairs.__dataclass_fields__:
        assert getattr(made[0], name).tolist() == getattr(made[1], name).tolist()


@pytest.mark.skipif(not hasattr(mmap, "MADV_DONTNEED"), reason="memory cannot be given back here")
def test_memory_of_files_is_given_back_and_read_again(tmp_path, monkeypatch):
    spool = Spool(lambda: tmp_path, 0)
    spool.append("many", np.arange(4 << 20))
    mapped = spool.read("many", np.int64, mapped=True)
    assert mapped.sum() == (4 << 20) * ((4 << 20) - 1) // 2
    monkeypatch.setattr(storage, "_WINDOW", 1 << 40)
    held = storage.resident()[1]
    storage.ease_files()
    assert storage.resident()[1] > held - (8 << 20)
    monkeypatch.setattr(storage, "_WINDOW", 0)
    storage.ease_files()
    assert storage.resident()[1] < held - (24 << 20)
    assert mapped[[0, -1]].tolist() == [0, (4 << 20) - 1]
