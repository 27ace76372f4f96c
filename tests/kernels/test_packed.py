"""Blocks of packed postings against plain lists; damaged and invented ones are refused."""

from __future__ import annotations

import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from twins import WRAPS

from dedup.kernels import packed as kernel
from dedup.kernels.postings import Blocks, check_block

pytestmark = WRAPS
LOW = 0xFFFFFFFF

some_postings = st.lists(
    st.tuples(
        st.one_of(st.integers(0, 8), st.integers(0, LOW)),
        st.one_of(st.integers(0, 8), st.integers(0, LOW)),
    ),
    unique=True,
    max_size=200,
)


def packed(pairs, position=7):
    postings = np.array(sorted(key << 32 | number for key, number in pairs), np.uint64)
    room = np.full(len(postings) + len(postings) // kernel.GROUP + 5, 2**64 - 1, np.uint64)
    size = kernel.pack_block(postings, np.uint64(position), room)
    return postings, room[:size].copy()


@pytest.mark.parametrize("value", [0, 1, 2, 255, 256, LOW, 2**63])
def test_bits_of(value):
    assert kernel.bits_of(np.uint64(value)) == value.bit_length()


@given(st.lists(st.tuples(st.integers(0, 32), st.integers(0, LOW)), max_size=40))
def test_bits_are_taken_as_they_were_put(given_bits):
    words = np.zeros(40, np.uint64)
    at = 0
    for width, value in given_bits:
        kernel.put_bits(words, at, width, np.uint64(value & ((1 << width) - 1)))
        at += width
    at = 0
    for width, value in given_bits:
        assert int(kernel.take_bits(words, at, width)) == value & ((1 << width) - 1)
        at += width


@given(some_postings)
def test_a_block_gives_back_its_postings(pairs):
    postings, words = packed(pairs)
    count, key_bits, number_bits = kernel.measure(words, 0, len(words), np.uint64(7))
    assert count == len(postings)
    out = np.empty(len(postings), np.uint64)
    assert kernel.unpack_block(words, np.uint64(7), out) == len(postings)
    assert out.tolist() == postings.tolist()
    assert kernel.unpack_block(words, np.uint64(7), out[:0]) == len(postings)
    for key in {0, 3, LOW, *(key for key, _ in pairs)}:
        wanted = sorted(number for other, number in pairs if other == key)
        found = np.empty(len(pairs) + 2, np.int64)
        given_block = (words, (count, key_bits, number_bits), np.uint64(key))
        assert kernel.find_in_block(*given_block, found, 2) == 2 + len(wanted)
        assert found[2 : 2 + len(wanted)].tolist() == wanted
        assert kernel.find_in_block(*given_block, found[:0], 0) == len(wanted)


def test_keys_of_many_articles_are_found_across_groups():
    pairs = [(5, number) for number in range(300)] + [(4, 1), (6, 9)]
    _, words = packed(pairs)
    blocks = Blocks(words, np.array([0, len(words)]), np.array([7]))
    positions, keys = np.array([7, 7, 7, 7]), np.array([4, 5, 6, 7], np.uint64)
    out, ends = np.empty(400, np.int64), np.empty(4, np.int64)
    assert kernel.find_packed(blocks, positions, keys, out, ends) == 302
    assert ends.tolist() == [1, 301, 302, 302]
    assert out[:302].tolist() == [1, *range(300), 9]
    missing = np.array([8])
    assert kernel.find_packed(blocks, missing, keys[:1], out, ends) == -9


def test_a_damaged_block_is_noticed():
    _, words = packed([(each, each) for each in range(100)])
    out = np.empty(100, np.uint64)
    for at in range(len(words)):
        broken = words.copy()
        broken[at] ^= np.uint64(1 << 17)
        assert kernel.unpack_block(broken, np.uint64(7), out) == -1
    assert kernel.unpack_block(words, np.uint64(8), out) == -1
    for size in range(len(words)):
        assert kernel.unpack_block(words[:size], np.uint64(7), out) == -1


def test_an_invented_block_is_read_within_its_bounds():
    generator = random.Random(5)
    out, ends = np.empty(64, np.int64), np.empty(1, np.int64)
    for _ in range(2000):
        size = generator.randrange(1, 12)
        words = np.array([generator.getrandbits(64) for _ in range(size)], np.uint64)
        if size > 2:
            widths = generator.choice([0, 1, 7, 32, 33, 255]) << 32
            widths |= generator.choice([0, 1, 9, 32, 40]) << 40
            words[2] = np.uint64(widths | generator.choice([0, 1, 5, 64, 65, 900, LOW]))
            words[0] = check_block(words, 1, size, np.uint64(7))
        made = kernel.unpack_block(words, np.uint64(7), np.empty(4096, np.uint64))
        assert -1 <= made <= 2 * kernel.GROUP * size
        key = np.array([generator.getrandbits(32)], np.uint64)
        blocks = Blocks(words, np.array([0, size]), np.array([7]))
        kernel.find_packed(blocks, np.array([7]), key, out, ends)
