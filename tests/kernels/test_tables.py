"""Buckets, sets, equal texts, groups, seeds and postings against plain loops."""

from __future__ import annotations

import itertools

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from naive import (
    MASK64,
    NaiveFolding,
    naive_fmix64,
    naive_shingles,
    naive_tokens,
    naive_word_hash,
)
from naive_passages import naive_groups, naive_ngrams, naive_word_pairs
from strategies import hashes, ragged, rows_of_hashes
from test_postings import naive_band_key
from twins import WRAPS

from dedup.core.arrays import texts_from_strings
from dedup.kernels import buckets, clusters, equality, postings, seeds, sets
from dedup.kernels._jit import INTERPRETED
from dedup.kernels.windows import Scheme
from dedup.similarity.minhash import permutations
from dedup.text.tokens import folding

pytestmark = WRAPS
examples = settings(max_examples=40 if INTERPRETED else 150, deadline=None)
MULTIPLIER = 0x9E3779B97F4A7C15
small = st.integers(0, 6)


@examples
@given(st.lists(st.lists(st.integers(0, 2**32 - 1), min_size=6, max_size=6), max_size=4))
def test_band_keys(rows):
    matrix = np.array(rows, np.uint32).reshape(-1, 6)
    for band in range(3):
        out = np.zeros(len(rows), np.uint64)
        buckets.band_keys(matrix, band, 2, out)
        assert out.tolist() == [naive_band_key(row, band, 2) for row in rows]
        for k, row in enumerate(rows):
            assert int(buckets.band_key(matrix[k], band, 2)) == naive_band_key(row, band, 2)


@examples
@given(st.lists(st.integers(0, 4), max_size=12))
def test_lay_out(sizes):
    left, bounds = np.array(sizes, np.int64), np.zeros(len(sizes) + 1, np.int64)
    count = buckets.lay_out(left, len(sizes), bounds)
    large = [size for size in sizes if size > 1]
    ends = [0, *itertools.accumulate(large)]
    assert bounds[: count + 1].tolist() == ends
    begins = iter(ends)
    assert left.tolist() == [next(begins) if size > 1 else -1 for size in sizes]


@examples
@given(st.lists(st.integers(0, 2**62), max_size=12))
def test_add_pair(packed):
    table, known = np.full(32, -1, np.int64), set()
    for each in packed:
        assert buckets.add_pair(table, each) == (each not in known)
        known.add(each)
    assert sorted(table[table >= 0].tolist()) == sorted(known)


@examples
@given(st.lists(hashes, max_size=20, unique=True), st.sampled_from([1, 3, 7]))
def test_fill_cells(values, mask):
    cells, extra = np.ones(4 * (mask + 1), np.uint64), np.zeros(20, np.uint64)
    left = sets.fill_cells(np.array(values, np.uint64), mask, cells, extra)
    placed = {cell: [v for v in values if v & mask == cell] for cell in range(mask + 1)}
    for cell, held in placed.items():
        free = [(1 << 64) - 1 - cell] * 4
        assert cells[4 * cell : 4 * cell + 4].tolist() == (held[:4] + free)[:4]
    over = {value for held in placed.values() for value in held[4:]}
    assert extra[:left].tolist() == [value for value in values if value in over]


# Equal texts.


def naive_hash(values):
    h = len(values)
    for value in values:
        h = (h ^ value) * MULTIPLIER & MASK64
        h ^= h >> 29
    return naive_fmix64(h)


@examples
@given(st.lists(st.lists(small.map(naive_fmix64), max_size=3), max_size=8), st.booleans())
def test_equal_rows(rows, forged):
    """Rows are the same where all tokens are, also when all hashes are forged to be equal."""
    values, bounds = ragged(rows)
    sums = np.zeros(len(rows), np.uint64)
    equality.hash_rows(values, bounds, sums)
    assert sums.tolist() == [naive_hash(row) for row in rows]
    order = np.array(sorted(range(len(rows)), key=lambda k: (sums[k], k)), np.int64)
    first = np.arange(len(rows))
    if forged:
        sums[:] = 1
    equality.group_rows(values, bounds, sums, order, first)
    wanted = [rows.index(row) if row else k for k, row in enumerate(rows)]
    assert first.tolist() == wanted


def naive_text_hash(data):
    lanes = [len(data), MULTIPLIER, ~MULTIPLIER & MASK64, len(data) ^ MULTIPLIER]
    full = len(data) // 32 * 32
    for at in range(0, full, 8):
        lane = at // 8 % 4
        h = (lanes[lane] ^ int.from_bytes(data[at : at + 8], "little")) * MULTIPLIER & MASK64
        lanes[lane] = h ^ h >> 29
    for byte in data[full:]:
        h = (lanes[0] ^ byte) * MULTIPLIER & MASK64
        lanes[0] = h ^ h >> 29
    h = naive_fmix64(lanes[0])
    for lane in lanes[1:]:
        h = naive_fmix64(h ^ lane)
    return h


@examples
@given(st.lists(st.text(st.sampled_from("ab é漢"), max_size=50), max_size=4))
def test_hash_texts(strings):
    column = texts_from_strings(strings)
    out = np.zeros(len(strings), np.uint64)
    equality.hash_texts(column.data, column.offsets, out)
    assert out.tolist() == [naive_text_hash(each.encode()) for each in strings]


# Groups.


@examples
@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), max_size=12))
def test_connect(pairs):
    parent = np.arange(10)
    a, b = np.array(pairs, np.int64).reshape(-1, 2).T.copy()
    clusters.connect(a, b, parent)
    groups = [{k} for k in range(10)]
    for one, two in pairs:
        both = next(g for g in groups if one in g) | next(g for g in groups if two in g)
        groups = [g for g in groups if not g & both] + [both]
    wanted = [min(next(g for g in groups if k in g)) for k in range(10)]
    assert parent.tolist() == wanted
    chain = np.array([0, 0, 1, 2, 3, 4])
    assert [int(clusters.root(chain, k)) for k in range(6)] == [0] * 6


@examples
@given(
    st.permutations(range(7)),
    st.sets(st.tuples(small, small)),
    st.lists(st.booleans(), min_size=7, max_size=7),
)
def test_join_stars(order, edges, free):
    around = [sorted({b for a, b in edges if a == k} - {k}) for k in range(7)]
    neighbours, bounds = ragged(around, np.int64)
    leaders, left = np.arange(7), np.array(free)
    clusters.join_stars(np.array(order), neighbours, bounds, left, leaders)
    wanted, open_ = list(range(7)), set(np.flatnonzero(free).tolist())
    for doc in order:
        if doc in open_ and around[doc]:
            open_ -= {doc}
            for other in open_ & set(around[doc]):
                wanted[other] = doc
            open_ -= set(around[doc])
    assert leaders.tolist() == wanted
    assert np.flatnonzero(left).tolist() == sorted(open_)


@examples
@given(st.data(), st.integers(0, 7))
def test_decide(data, count):
    """Documents 10, 11, … by rank; each is paired with better ones of the run or of before."""
    rows, told = [], {}
    for doc in range(10, 10 + count):
        better = sorted(data.draw(st.sets(st.integers(3, doc - 1), max_size=3)))
        known = [data.draw(st.integers(0, 2)) if other < 10 else 0 for other in better]
        rows.append((doc, -1, 0))
        rows += [(doc, other, state) for other, state in zip(better, known, strict=True)]
        states = [told.get(other, 0) or s for other, s in zip(better, known, strict=True)]
        told[doc] = 2 if 1 in states else 0 if 0 in states else 1
    columns = np.array(rows, np.int64).reshape(-1, 3).T.copy()
    positions, states = np.zeros((2, count), np.int64)
    assert clusters.decide(*columns, positions, states, 0) == count
    assert dict(zip(positions.tolist(), states.tolist(), strict=True)) == told


# Seeds.

token_rows = st.lists(
    st.tuples(st.one_of(small, hashes), st.integers(0, 3), st.sampled_from([0, 0, 32])),
    max_size=12,
)


@examples
@given(token_rows, st.integers(1, 5), st.integers(1, 9))
def test_seeds_of_a_document(row, size, parts):
    words, kinds, marks = ([token[k] for token in row] for k in range(3))
    hashed, bounds = np.array(words, np.uint64), np.array([0, len(row)])
    classes, flags = np.array(kinds, np.uint8), np.array(marks, np.uint8)
    given = seeds.Words(hashed, hashed, classes, flags, bounds), 0, size
    values, positions = np.zeros(12, np.uint64), np.zeros(12, np.int32)
    made = seeds.write_ngrams(hashed, classes, size, values, positions)
    got = list(zip(values[:made].tolist(), positions[:made].tolist(), strict=True))
    assert got == [(value, at) for value, _, at in naive_ngrams([words], [kinds], [0], size)]
    made = seeds.write_word_pairs(*given, values, positions)
    got = list(zip(values[:made].tolist(), positions[:made].tolist(), strict=True))
    twin = naive_word_pairs([words], [kinds], [marks], [0], size)
    assert got == [(value, at) for value, _, at in twin]
    for word in words:
        assert seeds.part_of(np.uint64(word), parts) == (word >> 32) * parts >> 32


@examples
@given(rows_of_hashes, st.integers(1, 4), st.integers(1, 3))
def test_split_seeds(rows, smaller, parts):
    """Each part of several is split further, and keeps the order of its seeds."""
    flat, bounds = ragged(rows)
    assert seeds.longest_of(bounds, np.arange(len(rows))) == max([1, *map(len, rows)])
    every = (flat >> np.uint64(32)) * np.uint64(parts * smaller) >> np.uint64(32)
    for part in range(parts):
        values = flat[every // np.uint64(smaller) == part]
        count = len(values)
        numbers = np.arange(count, dtype=np.int32)
        columns = seeds.Seeds(values, numbers, numbers[::-1].copy())
        out = seeds.Seeds(*(np.zeros(count + 3, each.dtype) for each in columns))
        ends = np.zeros(smaller + 1, np.int64)
        seeds.split_seeds(columns, seeds.Part(part, parts), ends, out)
        own = [(int(value) >> 32) * parts * smaller >> 32 for value in values]
        order = sorted(range(count), key=lambda k: own[k])
        wanted = [each[order].tolist() for each in columns]
        assert [each[:count].tolist() for each in out] == wanted
        first = part * smaller
        assert ends.tolist() == [sum(o < first + k for o in own) for k in range(smaller + 1)]


@examples
@given(st.lists(st.lists(small, max_size=6), max_size=5), st.data())
def test_groups_of_seeds(rows, data):
    """Seeds by value, bounded, then by document: as in the twin of the whole."""
    order = data.draw(st.permutations(range(len(rows))))
    limit, most = data.draw(st.integers(2, 4)), data.draw(st.integers(1, 3))
    flat, starts = ragged(rows)
    distinct = list(dict.fromkeys(flat.tolist()))
    numbers = np.array([distinct.index(value) for value in flat.tolist()], np.int32)
    sizes = np.bincount(numbers, minlength=len(distinct)).astype(np.int32)
    places = np.array([at for row in rows for at in range(len(row))], np.int32)
    of = np.repeat(np.arange(len(rows), dtype=np.int32), np.diff(starts))
    grouped = seeds.Groups(np.zeros(len(flat) + 2, np.int64), *np.zeros((2, len(flat)), np.int32))
    given = seeds.Seeds(flat, of, places)
    count = seeds.gather_groups(given, numbers, sizes, len(distinct), grouped)
    in_order = [(value, row, at) for row, each in enumerate(rows) for at, value in enumerate(each)]
    by_value = {v: [(row, at) for value, row, at in in_order if value == v] for v in distinct}
    wanted = [members for members in by_value.values() if len(members) > 1]
    assert groups_in(grouped, count) == wanted
    ranks, least = np.argsort(order).astype(np.int32), np.empty(limit, np.int32)
    for low, high in itertools.pairwise(grouped.bounds[: count + 1].tolist()):
        last = seeds.last_rank(grouped.rows, low, high, ranks, least)
        assert last == sorted({int(ranks[row]) for row in grouped.rows[low:high]})[:limit][-1]
    got = seeds.bound_groups(grouped, count, ranks, most, least)
    counts = np.zeros(len(rows), np.int64)
    seeds.count_rows(grouped.rows[: got[1]], counts)
    listed = [(value, row, at) for row in order for at, value in enumerate(rows[row])]
    kept, *left_out = naive_groups(listed, limit, most)
    groups = [sorted(kept[value]) for value in distinct if value in kept]
    assert list(got[2:]) == left_out
    assert groups_in(grouped, int(got[0])) == groups
    assert got[1] == sum(map(len, groups))
    own = [
        sorted((at, g) for g, members in enumerate(groups) for row, at in members if row == k)
        for k in range(len(rows))
    ]
    assert counts.tolist() == [len(each) for each in own]
    begins = np.concatenate([[0], np.cumsum(counts)])
    of, at = np.zeros(begins[-1], np.uint32), np.zeros(begins[-1], np.int32)
    indexed = seeds.SeedRows(begins, of, at)
    seeds.index_rows(0, len(groups), grouped, 0, begins[:-1].copy(), indexed)
    seeds.sort_rows(indexed, 9)
    assert list(zip(at.tolist(), of.tolist(), strict=True)) == [each for row in own for each in row]


def groups_in(groups, count):
    bounds, rows, places = groups
    return [
        list(zip(rows[low:high].tolist(), places[low:high].tolist(), strict=True))
        for low, high in itertools.pairwise(bounds[: count + 1].tolist())
    ]


# Postings.

keys = st.integers(0, 2**40 - 1)
some_postings = st.lists(
    st.tuples(st.sampled_from([0, 1, 2**31, 2**32 - 1]), st.integers(1, 9)),
    unique=True,
    max_size=20,
).map(lambda made: sorted(key << 32 | number for key, number in made))


@examples
@given(st.lists(st.integers(0, 2**32 - 1), max_size=9))
def test_halve(wide):
    out = np.zeros(len(wide), np.uint16)
    postings.halve(np.array(wide, np.uint32), out)
    assert out.tolist() == [value % 2**16 for value in wide]


@examples
@given(st.lists(st.integers(0, 2**16 - 1), min_size=6, max_size=6), hashes, hashes, hashes)
def test_entry_keys(signature, one, two, salt):
    out = np.zeros(4, np.uint64)
    sums = np.array([one, two], np.uint64)
    postings.entry_keys(np.array(signature, np.uint16), sums, np.uint64(salt), 3, 2, out)
    content = naive_fmix64(one ^ naive_fmix64(two ^ salt))
    bands = [naive_fmix64(naive_band_key(signature, band, 2) ^ salt) >> 24 for band in range(3)]
    assert out.tolist() == [naive_fmix64(content ^ salt) >> 24, *bands]


def naive_check(values, position):
    lanes = [naive_fmix64(position + 1)]
    lanes += [~lanes[0] & MASK64, lanes[0] ^ MULTIPLIER]
    lanes.append(lanes[1] ^ MULTIPLIER)
    full = len(values) // 4 * 4
    for at, value in enumerate(values):
        lane = at % 4 if at < full else 0
        h = (lanes[lane] ^ value) * MULTIPLIER & MASK64
        lanes[lane] = h ^ h >> 29
    h = naive_fmix64(lanes[0] ^ len(values))
    for lane in lanes[1:]:
        h = naive_fmix64(h ^ lane)
    return h


@examples
@given(st.lists(hashes, max_size=11), st.integers(0, 2**62))
def test_check_block(values, position):
    words = np.array([1, *values, 2], np.uint64)
    got = postings.check_block(words, 1, len(values) + 1, np.uint64(position))
    assert int(got) == naive_check(values, position)


@examples
@given(st.lists(hashes, max_size=20), hashes)
def test_lower_bound(values, wanted):
    values.sort()
    got = postings.lower_bound(np.array(values, np.uint64), 0, len(values), np.uint64(wanted))
    assert got == sum(value < wanted for value in values)


@examples
@given(st.lists(keys, max_size=6), st.lists(st.tuples(small, st.integers(1, 9)), max_size=3))
def test_find_positions(asked, runs):
    numbers, parts = np.array(runs, np.int64).reshape(-1, 2).T.copy()
    out = np.zeros(len(asked) * len(runs), np.int64)
    postings.find_positions(np.array(asked, np.uint64), numbers, parts, out)
    assert out.tolist() == [
        (number << 32) + (key >> 32) * part + ((key & 0xFFFFFFFF) * part >> 32)
        for number, part in runs
        for key in asked
    ]


@examples
@given(some_postings, st.lists(st.sampled_from([0, 1, 5, 2**31]), max_size=4), st.integers(0, 9))
def test_find_postings(values, asked, room):
    """One block, at position 3; no key stands in one that is missing or torn."""
    block = [naive_check(values, 3), *values]
    words, out = np.array(block, np.uint64), np.zeros(room, np.int64)
    blocks = postings.Blocks(words, np.array([0, len(words)]), np.array([3]))
    args = blocks, np.full(len(asked), 3), np.array(asked, np.uint64)
    ends = np.zeros(len(asked), np.int64)
    made = postings.find_postings(*args, out, ends)
    wanted = [[v & 0xFFFFFFFF for v in values if v >> 32 == key] for key in asked]
    flat = [number for listed in wanted for number in listed]
    assert made == len(flat)
    assert out.tolist() == (flat + [0] * room)[:room]
    assert ends.tolist() == list(itertools.accumulate(map(len, wanted)))
    if asked:
        words[0] ^= np.uint64(1)
        got = postings.find_postings(*args, out, ends)
        assert got == -1 - 3


@examples
@given(st.lists(st.tuples(st.lists(keys, min_size=3, max_size=3), st.booleans()), max_size=6))
def test_slices(articles):
    matrix = np.array([row for row, _ in articles], np.uint64).reshape(-1, 3)
    wide = np.array([each for _, each in articles], np.bool_)
    starts = np.zeros(257, np.int64)
    postings.count_slices(matrix, wide, starts)
    pairs = [
        (k, n) for n, (row, is_wide) in enumerate(articles) for k in row[: 3 if is_wide else 1]
    ]
    wanted = [[p for p in pairs if p[0] >> 32 == s] for s in range(256)]
    assert starts.tolist() == [0, *itertools.accumulate(map(len, wanted))]
    out = np.zeros(len(pairs), np.uint64)
    postings.fill_slices(matrix, wide, np.arange(len(articles)), starts[:-1].copy(), out)
    assert out.tolist() == [(k & 0xFFFFFFFF) << 32 | n for listed in wanted for k, n in listed]


@examples
@given(some_postings, st.integers(1, 3), st.sets(st.integers(1, 9)), st.integers(1, 5))
def test_thin_without_and_blocks(values, most, gone, count):
    array = np.array(values, np.uint64)
    kept = postings.thin(array, most)
    by_key = {v >> 32: [w for w in values if w >> 32 == v >> 32] for v in values}
    assert array[:kept].tolist() == [v for listed in by_key.values() for v in listed[-most:]]
    array = np.array(values, np.uint64)
    kept = postings.without(array, np.array(sorted(gone), np.int64))
    assert array[:kept].tolist() == [v for v in values if v & 0xFFFFFFFF not in gone]
    bounds = np.zeros(count + 1, np.int64)
    postings.cut_blocks(np.array(values, np.uint64), count, bounds)
    blocks = [(v >> 32) * count >> 32 for v in values]
    assert bounds.tolist() == [sum(b < k for b in blocks) for k in range(count + 1)]


@examples
@given(st.lists(st.text(st.sampled_from("ab é. "), max_size=30), max_size=4))
def test_seal_texts(strings):
    """Texts are sealed as their shingles are."""
    column, table = texts_from_strings(strings), folding()
    made = permutations(4, 1)
    sums = [np.zeros((len(strings), 2), np.uint64) for _ in "12"]
    signatures = [np.zeros((len(strings), 4), np.uint16) for _ in "12"]
    counts = np.zeros(len(strings), np.int64)
    scheme = Scheme(table, 3, made)
    postings.seal_texts(column.data, column.offsets, scheme, sums[0], counts, signatures[0])
    naive_table = NaiveFolding(table.stage, table.values, table.expansions)
    words = [[naive_word_hash(t.word) for t in naive_tokens(each, naive_table)] for each in strings]
    assert counts.tolist() == [len(each) for each in words]
    shingles, bounds = ragged([naive_shingles(each, 3) for each in words])
    postings.seal_rows(shingles, bounds, counts, made, sums[1], signatures[1])
    assert sums[0].tolist() == sums[1].tolist()
    assert signatures[0].tolist() == signatures[1].tolist()
