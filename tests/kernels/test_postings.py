"""The loops of the index against plain ones; numbers above 2**63, empty and crowded."""

from __future__ import annotations

import random
from collections import defaultdict

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from naive import MASK64, naive_fmix64, naive_signature
from strategies import hashes
from twins import WRAPS

from dedup.config import Config
from dedup.errors import CorruptIndex
from dedup.index.settings import Settings
from dedup.index.signing import Signer
from dedup.index.sqlite.runs import (
    Finder,
    Run,
    blocks_of,
    merged,
    open_block,
    parts_for,
    seal_block,
    slices_of,
)
from dedup.index.store import BUCKET
from dedup.kernels import postings as kernel
from dedup.similarity.minhash import permutations

# Interpreted, NumPy warns where numbers are meant to wrap around.
pytestmark = WRAPS
MULTIPLIER = 0x9E3779B97F4A7C15
keys = st.integers(0, 2**40 - 1)


def naive_band_key(signature, band, rows):
    h = naive_fmix64(band + 1)
    for value in signature[band * rows : band * rows + rows]:
        h = (h ^ value) * MULTIPLIER & MASK64
        h ^= h >> 29
    return naive_fmix64(h)


@given(st.lists(st.integers(0, 65535), min_size=6, max_size=6), hashes, hashes, hashes)
def test_keys_follow_from_signature_sums_and_salt(signature, one, two, salt):
    out = np.empty((1, 4), np.uint64)
    kernel.all_keys(
        *(np.array([signature], np.uint16), np.array([[one, two]], np.uint64)),
        *(np.array([salt], np.uint64), 3, 2, out),
    )
    content = naive_fmix64(one ^ naive_fmix64(two ^ salt))
    wanted = [naive_fmix64(content ^ salt) >> 24]
    wanted += [naive_fmix64(naive_band_key(signature, band, 2) ^ salt) >> 24 for band in range(3)]
    assert out[0].tolist() == wanted


@pytest.mark.parametrize("unit", ["word", "char"])
def test_an_entry_holds_the_lower_halves_of_the_minima(unit):
    settings = Settings.of(Config(shingle_unit=unit, num_perm=16, bands=4, rows=4), salt=7)
    text = "one two three four five six seven"
    entry = Signer(settings).sign({"id": "a", "text": text})
    assert entry.count == 7
    from dedup import signatures

    (wide,) = signatures([text], settings.config())
    assert np.frombuffer(entry.signature, np.uint16).tolist() == [int(v) & 0xFFFF for v in wide]
    assert len(entry.key_list()) == 2 + 4
    assert all(0 <= key < 2**40 for key in entry.key_list())


def test_documents_are_signed_alike_one_by_one_and_together():
    generator = random.Random(3)
    texts = ["", "a", "Été", "漢字" * 9]
    texts += [" ".join(f"w{generator.randrange(99)}" for _ in range(n)) for n in (4, 5, 300)]
    for unit in ("word", "char"):
        signer = Signer(Settings.of(Config(shingle_unit=unit), salt=2**64 - 1, store_text=True))
        documents = [{"id": f"{n}", "text": text} for n, text in enumerate(texts)]
        (together,) = signer.sign_many(documents)
        assert [signer.sign(each) for each in documents] == together


def test_a_text_of_70_000_shingles_is_signed_as_the_formula_says():
    config = Config(num_perm=4, bands=2, rows=2, shingle_size=1)
    generator = np.random.default_rng(1)
    values = generator.integers(0, 2**64, 70_000, np.uint64)
    values[-1] = 2**64 - 1
    made = a, b = permutations(4, config.seed)
    fingerprints, signature = np.empty((1, 2), np.uint64), np.empty((1, 4), np.uint16)
    offsets = np.array([0, len(values)])
    kernel.seal_rows(values, offsets, np.array([70_000]), made, fingerprints, signature)
    wanted = naive_signature(values.tolist(), a.tolist(), b.tolist())
    assert signature[0].tolist() == [value & 0xFFFF for value in wanted]


postings = st.lists(st.tuples(keys, st.integers(1, 2**32 - 1)), max_size=40, unique=True)


@given(postings, st.lists(keys, max_size=8), st.integers(1, 3), st.integers(0, 5))
def test_postings_are_found_in_the_blocks_they_are_cut_into(made, others, parts, seed):
    """Some keys are repeated with other articles, in two runs."""
    generator = random.Random(seed)
    runs, blocks, wanted = [], {}, defaultdict(list)
    crowd = [(key, number // 2 + 1) for key, number in made]
    for number, some in enumerate((made, crowd), 1):
        run = Run(number, 1, parts, len(some), 0)
        runs.append(run)
        sliced = postings_of(some)
        for part in range(kernel.SLICES):
            blocks.update(blocks_of(run, part, sliced(part)))
        for key, article in sorted(set(some)):
            wanted[key].append(article)
    asked = [*dict.fromkeys([*(key for key, _ in made), *others])]
    generator.shuffle(asked)
    if not asked:
        return
    read = lambda positions: [(p, blocks[p]) for p in sorted({*positions})]  # noqa: E731
    found = Finder(runs).find(asked, read) or [[] for _ in asked]
    assert found == [wanted[key] for key in asked]


def postings_of(made):
    """Return the slices of postings, one key an article."""
    matrix = np.array([[key] for key, _ in made], np.uint64).reshape(len(made), 1)
    numbers = np.array([number for _, number in made], np.int64)
    sliced = slices_of(matrix, np.ones(len(made), np.bool_), numbers)
    return lambda part: np.unique(sliced(part))


def test_only_representatives_have_more_than_the_key_of_their_id():
    matrix = np.arange(12, dtype=np.uint64).reshape(3, 4)
    sliced = slices_of(matrix, np.array([True, False, True]), np.array([7, 8, 9]))
    low = np.uint64(32)
    assert (sliced(0) >> low).tolist() == [0, 1, 2, 3, 4, 8, 9, 10, 11]
    assert (sliced(0) & np.uint64(kernel.LOW)).tolist() == [7] * 4 + [8] + [9] * 4


@given(
    st.lists(st.tuples(st.integers(0, 3), st.integers(1, 300)), max_size=400, unique=True),
    st.sets(st.integers(1, 300)),
)
def test_merging_keeps_the_newest_of_a_key_and_none_that_is_gone(made, gone):
    values = sorted(key << 32 | number for key, number in made)
    halves = [np.array(values[side::2], np.uint64) for side in (0, 1)]
    sources = [lambda part, half=half: half for half in halves]
    got = merged(sources, np.array(sorted(gone), np.int64), 0).tolist()
    wanted = []
    for key in range(4):
        there = [v for v in values if v >> 32 == key and v & kernel.LOW not in gone]
        wanted += there[-BUCKET:]
    assert got == wanted


@given(st.lists(hashes, max_size=50), st.integers(0, 2**62), st.data())
def test_a_block_that_changed_is_known(values, position, data):
    sealed = seal_block(position, np.array(sorted(values), np.uint64))
    assert open_block(position, sealed).tolist() == sorted(values)
    bit = data.draw(st.integers(0, 8 * len(sealed) - 1))
    torn = bytearray(sealed)
    torn[bit // 8] ^= 1 << bit % 8
    for wrong in (
        (position, bytes(torn)),
        (position + 1, sealed),
        (position, sealed[:-1]),
        (position, b""),
    ):
        with pytest.raises(CorruptIndex):
            open_block(*wrong)


def test_blocks_are_about_a_quarter_of_a_page():
    count = 300_000
    generator = np.random.default_rng(2)
    values = np.sort(generator.integers(0, 2**32, count, np.uint64) << np.uint64(32))
    run = Run(1, 1, parts_for(count * kernel.SLICES), count, 0)
    sizes = [len(data) for _, data in blocks_of(run, 0, values)]
    assert sum(sizes) == 8 * (count + run.parts)
    assert max(sizes) < 2048
    assert 800 < sum(sizes) / len(sizes) < 1024


@given(postings, postings)
def test_articles_meet_by_their_keys(old, new):
    few = [(key % 5, number) for key, number in old]
    more = [(key % 5, number % 9) for key, number in new]
    sides = [np.array(sorted({k << 32 | n for k, n in side}), np.uint64) for side in (few, more)]
    wanted = []
    for value in sides[1].tolist():
        there = [v & kernel.LOW for v in sides[0].tolist() if v >> 32 == value >> 32]
        wanted += [(value & kernel.LOW, number) for number in there[-3:]]
    room = np.full((len(wanted) + 2, 2), -1, np.int64)
    assert kernel.meet(sides[0], sides[1], 3, room, len(room)) == len(wanted)
    assert room[: len(wanted)].tolist() == [list(each) for each in wanted]
    assert kernel.meet(sides[0], sides[1], 3, room, 0) == len(wanted)


pairs = st.lists(
    st.tuples(st.integers(0, 9), st.integers(0, 9), st.sampled_from([0.7, 0.8, 0.9])),
    max_size=30,
    unique_by=lambda pair: (max(pair[:2]), min(pair[:2])),
)


@given(pairs, st.lists(st.tuples(st.integers(0, 9), st.sampled_from([0.7, 0.9])), max_size=4))
def test_articles_give_way_as_they_would_one_by_one(made, old):
    """Row ``i`` has number ``100 + i``; the articles that were there before have lower ones."""
    known = [(row, -1 - k, value, k) for k, (row, value) in enumerate(old)]
    known += [(max(a, b), min(a, b), v, 100 + min(a, b)) for a, b, v in made if a != b]
    known.sort(key=lambda each: (each[0], each[3]))
    leads, chosen = [True] * 10, [-1] * 10
    for row in range(10):
        mine = [
            (-value, number, position)
            for position, (later, earlier, value, number) in enumerate(known)
            if later == row and (earlier < 0 or leads[earlier])
        ]
        if mine:
            leads[row], chosen[row] = False, min(mine)[2]
    later, earlier, numbers = (np.array([each[i] for each in known], np.int64) for i in (0, 1, 3))
    values = np.array([each[2] for each in known], np.float64)
    out, picked = np.ones(10, np.bool_), np.full(10, -1, np.int64)
    given = kernel.Pairs(later, earlier, values, numbers)
    kernel.give_way(given, out, picked, np.zeros(10))
    assert (out.tolist(), picked.tolist()) == (leads, chosen)


@given(st.lists(st.lists(st.integers(0, 3), min_size=4, max_size=4), min_size=1, max_size=5))
def test_agreements_are_counted(rows):
    matrix = np.array(rows, np.uint16)
    same = np.empty(len(rows), np.int64)
    kernel.agreements(matrix[0], matrix, same)
    assert same.tolist() == [sum(a == b for a, b in zip(rows[0], r, strict=True)) for r in rows]
    both = np.array([(0, row) for row in range(len(rows))])
    other = np.empty(len(rows), np.int64)
    kernel.pair_agreements(matrix, both, other)
    assert other.tolist() == same.tolist()
