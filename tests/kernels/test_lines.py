"""Lines, their ends and their tokens, and the steps of the search for repeats, against strings."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from naive import DIGIT, LINK, UNSPACED, naive_mix
from naive_cleaning import CLOSERS, ENDS, UNSEEN, naive_ending, naive_lines
from strategies import hashes, ragged
from twins import WRAPS

from dedup.core.arrays import clean_string, texts_from_strings
from dedup.kernels import lines, repeats
from dedup.kernels._jit import INTERPRETED
from dedup.kernels.text import Tokens

pytestmark = WRAPS
examples = settings(max_examples=60 if INTERPRETED else 200, deadline=None)
BASE = 0x9FB21C651E98DF25
BULLETS = "*+-–—•·▪■►▸●○◦»›"
BREAKS = ("\r\n", "\n", "\r", "\x85", "\u2028", "\u2029")
BLANKS = " \t\r\n\v\f\x1c\x1d\x1e\x1f"
line_texts = st.text(
    st.sampled_from(" \t\r\n\v\u2028\u2029\xa0\u200b\0.…)]”’*-•aZ1@#©é語😀ا\x1c\x85）！"),
    max_size=40,
)

plain_lines = st.lists(
    st.sampled_from(["Words of ", "iPhone", "a" * 7, " @handle, ", "#tag", " " * 9, "é", "\n", "…"])
).map("".join)


def bytes_of(string):
    return np.frombuffer(string.encode(), np.uint8)


@pytest.mark.parametrize("code", range(0, 0x3100, 0x100))
def test_kinds_of_characters(code):
    """All characters up to U+30FF, and those beyond that the lists name."""
    for each in (*range(code, code + 0x100), *map(ord, CLOSERS + ENDS + BULLETS + UNSEEN)):
        char = chr(each)
        assert bool(lines._is_unseen(each)) == (char in UNSEEN + BLANKS)
        assert bool(lines._is_bullet(each)) == (char in BULLETS)
        assert bool(lines._is_closer(each)) == (char in CLOSERS)
        assert bool(lines._ends_sentence(each)) == (char in ENDS.replace("…", ""))
        if each < 256:
            assert bool(lines._is_blank(np.uint8(each))) == (char in " \t\n\r\v\f")


@examples
@given(line_texts)
def test_walking_over_characters(string):
    string = clean_string(string)
    data, at, before = bytes_of(string + "x"), 0, -1
    for k, char in enumerate(string):
        size = len(char.encode())
        assert lines._code_at(data, at, len(data) - 1) == (ord(char), size)
        assert lines._before(data, 0, at) == (before if k else -1)
        found = next((b for b in BREAKS if string.startswith(b, k)), "")
        assert lines._break_at(data, at, len(data) - 1) == len(found.encode())
        assert bool(lines._dots(data, 0, at, len(data) - 1)) == string[: k + 1].endswith(
            ("…", "...")
        )
        before, at = at, at + size


def lines_for(bounds, count):
    """Return room for the lines of documents."""
    return lines.Lines(
        bounds,
        *np.zeros((6, count), np.int64),
        np.zeros(count, np.int32),
        *np.zeros((2, count), np.uint64),
        np.zeros(count, np.uint16),
    )


PLAIN = st.text(st.sampled_from(" aZ1@#[`{~!\x1f\x7fé"), min_size=8, max_size=8)


@examples
@given(PLAIN, st.booleans())
def test_eight_bytes_at_a_time(string, after_small):
    data = bytes_of(string)[:8]
    eight = np.uint64(int.from_bytes(data.tobytes(), "little"))
    printable = all(0x20 <= each < 0x80 for each in data)
    assert bool(lines.is_printable(eight)) == printable
    if not printable:
        return
    for byte in (1, 32, 33, 65, 91, 97, 123):
        found = int(lines.at_least(eight, byte))
        wanted = [0x80 if each >= byte else 0 for each in data]
        assert list(found.to_bytes(8, "little")) == wanted
    flags, small = lines.marks_in(eight, after_small)
    before, one_by_one = after_small, 0
    for each in data:
        found, before = lines.marks_of(each, before)
        one_by_one |= found
    assert (int(flags), bool(small)) == (int(one_by_one), bool(before))
    if not string.isspace():
        assert lines.last_visible(data, -1, 0) == len(string.rstrip(" ")) - 1
    assert lines.last_visible(data, 3, 3) == 3


@examples
@given(st.lists(st.one_of(line_texts, plain_lines), max_size=4))
def test_lines(strings):
    strings = [clean_string(each) for each in strings]
    column = texts_from_strings(strings)
    bounds = np.zeros(len(strings) + 1, np.int64)
    lines.count_lines(column.data, column.offsets, bounds)
    wanted = [naive_lines(each) for each in strings]
    assert bounds.tolist() == [0, *itertools.accumulate(map(len, wanted))]
    made = lines_for(bounds, bounds[-1])
    spans, flags = made[1:5], made.flags
    lines.fill_lines(column.data, column.offsets, made)
    flat = [
        (string, span) for string, listed in zip(strings, wanted, strict=True) for span in listed
    ]
    starts, ends, byte_starts, byte_ends = (each.tolist() for each in spans)
    for k, (string, span) in enumerate(flat):
        line = string[slice(*span)]
        assert (starts[k], ends[k]) == span
        assert bytes(column.data[byte_starts[k] : byte_ends[k]]).decode() == line
        unseen, ellipsis, sentence, paren = naive_ending(line)
        assert bool(flags[k] & lines.INVISIBLE) == unseen
        assert bool(flags[k] & lines.ELLIPSIS) == ellipsis
        assert bool(flags[k] & lines.SENTENCE) == sentence
        assert bool(flags[k] & lines.PAREN) == paren
        for char, flag in (("@", lines.AT), ("#", lines.HASHTAG), ("©", lines.COPYRIGHT)):
            assert bool(flags[k] & flag) == (char in line)
        camel = any(
            a.isascii() and a.islower() and "A" <= b <= "Z" for a, b in itertools.pairwise(line)
        )
        assert bool(flags[k] & lines.CAMEL) == camel
        seen = line.strip(BLANKS + UNSEEN)
        assert bool(flags[k] & lines.BULLET) == (
            seen[:1] in BULLETS and bool(seen) and bulleted(line)
        )
        if seen:
            begin = byte_starts[k] + len(line[: line.index(seen)].encode())
            last = begin + len(seen[:-1].encode())
            got = lines._ending(column.data, byte_starts[k], last, byte_ends[k])
            assert got == flags[k] & (lines.ELLIPSIS | lines.SENTENCE | lines.PAREN)


def bulleted(line):
    """Tell whether a blank, or another character up to it, follows the first that is seen."""
    at = next(
        k for k, char in enumerate(line) if char not in UNSEEN + " \t\r\n\v\f\x1c\x1d\x1e\x1f"
    )
    return line[at + 1 : at + 2] != "" and ord(line[at + 1]) <= 32


tokens = st.lists(
    st.tuples(st.one_of(st.integers(1, 5), hashes), st.sampled_from([0, 0, DIGIT, LINK, UNSPACED])),
    max_size=8,
)


@examples
@given(st.lists(tokens, max_size=5), st.dictionaries(st.integers(1, 5), st.integers(1, 6)))
def test_tokens_of_lines(listed, triggers):
    """One text; its lines are 100 characters long, with a token a character from the start."""
    count = len(listed)
    flat = [token for line in listed for token in line]
    starts = [100 * k + at for k, line in enumerate(listed) for at in range(len(line))]
    table, limits = np.zeros(16, np.uint64), np.zeros(16, np.int32)
    for word, limit in triggers.items():
        table[word], limits[word] = word, limit
    made = lines_for(np.array([0, count]), count)
    made.ends[:] = [100 * k + 99 for k in range(count)]
    lows, highs, words, line_hashes, keys, flags = made[5:]
    begins = np.array(starts, np.int32)
    own = Tokens(
        np.array([0, len(flat)]),
        *np.array([[h, 0] for h, _ in flat], np.uint64).reshape(-1, 2).T.copy(),
        *(begins, begins + np.int32(1), np.array([f for _, f in flat], np.uint8)),
    )
    lines.fill_tokens(made, own, lines.Triggers(table, limits))
    at = 0
    for k, line in enumerate(listed):
        assert (lows[k], highs[k]) == (at, at + len(line))
        at += len(line)
        single, links = (sum(bool(f & flag) for _, f in line) for flag in (UNSPACED, LINK))
        assert words[k] == len(line) - single + (single + 1) // 2
        whole = key = 0x2545F4914F6CDD1D
        for h, f in line:
            whole = naive_mix(whole, h)
            key = key if f & LINK else naive_mix(key, 0xD1 if f & DIGIT else h)
        assert line_hashes[k] == whole
        assert keys[k] == (key if links + 1 < len(line) else whole)
        longest = max([triggers.get(h, 0) for h, _ in line], default=0)
        assert bool(flags[k] & lines.TRIGGER) == (longest >= max(words[k] - links, 1))
        digits = [bool(f & DIGIT) for _, f in line]
        assert bool(flags[k] & lines.DIGITS) == (bool(line) and all(digits))
        assert bool(flags[k] & lines.LAST_DIGIT) == (digits or [False])[-1]


@examples
@given(st.lists(st.text(st.sampled_from("a.…é) "), max_size=9), max_size=4), st.integers(1, 12))
def test_find_dots(strings, reach):
    column = texts_from_strings(strings)
    out = np.ones(len(strings), np.bool_)
    lines.find_dots(column.data, column.offsets, reach, out)
    wanted = []
    for each in strings:
        data = each.encode()
        low = max(len(data) - reach, 0)
        tail = data[max(data.rfind(b"a") + 1, low) :]
        # An ellipsis of one character may begin before what is looked at, never three dots.
        wanted.append(b"..." in tail or b"\xe2\x80\xa6" in tail)
    assert out.tolist() == wanted


# Repeats.


@examples
@given(st.lists(hashes, max_size=12))
def test_hashes_of_runs(values):
    prefix = repeats.Prefix(*np.zeros((2, len(values) + 1), np.uint64))
    repeats.prefix_hashes(np.array(values, np.uint64), prefix)
    for low, high in itertools.combinations(range(len(values) + 1), 2):
        total = 0
        for value in values[low:high]:
            total = (total * BASE + value) % 2**64
        assert int(repeats._run(prefix, low, high - low)) == total


def table_of(size):
    return repeats.Table(np.zeros(size, np.uint64), *np.zeros((2, size), np.int64))


def blocks_of(values, bounds, **given):
    """Return blocks of one document without marks of their own, each with its tokens."""
    count = len(bounds) - 1
    own = np.array([0, count]), bounds[:-1], bounds[1:]
    plain = np.zeros(count, np.int32), np.zeros(count, np.uint64), values
    return repeats.Blocks(*own, *plain, *np.zeros((3, count), np.bool_))._replace(**given)


@examples
@given(st.lists(st.tuples(hashes, st.integers(1, 2)), max_size=7))
def test_slots(entries):
    """A key is found under its stamp only."""
    table, placed = table_of(16), {}
    keys, stamps, _ = table
    for key, _ in entries:
        slot = int(repeats._slot(table, 1, np.uint64(key)))
        assert (stamps[slot] == 1) == (key in placed)
        assert placed.setdefault(key, slot) == slot
        keys[slot], stamps[slot] = key, 1
    for key, stamp in entries:
        slot = int(repeats._slot(table, stamp, np.uint64(key)))
        assert (stamps[slot] == stamp) == (stamp == 1)


@examples
@given(st.lists(st.lists(st.integers(0, 1), min_size=1, max_size=3), max_size=9))
def test_searched_runs_are_entered_once(ends):
    """Runs of one head of eight tokens and some more; equal ones are entered once."""
    rows = [[7] * repeats.HEAD + each for each in ends]
    values, bounds = ragged(rows)
    prefix = repeats.Prefix(np.zeros(len(values) + 1, np.uint64), np.zeros(16, np.uint64))
    repeats.prefix_hashes(values, prefix)
    blocks, scratch = blocks_of(values, bounds), np.full((5, len(rows)), -1, np.int64)
    usable = np.ones(len(rows), np.bool_)
    search = repeats.Search(*blocks[:3], prefix, np.diff(bounds), usable, table_of(64), *scratch)
    for k, row in enumerate(rows):
        assert repeats._enter(k, search, 1) == rows.index(row)


@examples
@given(st.lists(st.lists(st.integers(0, 1), max_size=2), min_size=1, max_size=5), st.booleans())
def test_equal_lines(rows, forged):
    values, bounds = ragged(rows)
    sums = np.array([0 if forged else hash(tuple(row)) % 2**64 for row in rows], np.uint64)
    for a, b in itertools.product(range(len(rows)), repeat=2):
        got = repeats._same_line(a, b, blocks_of(values, bounds, keys=sums))
        assert got == (rows[a] == rows[b])


@pytest.mark.parametrize("words", [11, 12, 13])
@pytest.mark.parametrize("ends", [False, True])
def test_headings_are_short_and_no_sentence(words, ends):
    nothing = blocks_of(np.zeros(0, np.uint64), np.zeros(2, np.int64), words=np.array([words]))
    got = repeats._is_heading(0, nothing._replace(ends_sentence=np.array([ends])))
    assert got == (words < 12 and not ends)


@examples
@given(st.data(), st.integers(2, 4), st.integers(0, 3), st.integers(0, 3))
def test_what_counts_as_pasted(data, n, j, gap):
    """Lines 0, 1, …; ``n`` of them from ``k`` on stood at ``j`` before."""
    k = j + n + gap
    count = k + n
    sizes = st.sampled_from([3, 9, 10, 11, 12, 20, 21, 30, 60])
    words = data.draw(st.lists(sizes, min_size=count, max_size=count))
    words[k:] = words[j : j + n]
    ends = data.draw(st.lists(st.booleans(), min_size=count, max_size=count))
    source = [data.draw(st.sampled_from([-1, n - 1])) for _ in range(count)]
    size, total = sum(words[k:]), sum(words)
    heading = [w < 12 and not e for w, e in zip(words, ends, strict=True)]
    if size < 25:
        wanted = False
    elif j == 0:
        whole = n == k or source[k - 1] == n - 1
        wanted = (size >= 10 * n and (whole or size >= 60)) or (whole and 5 * size >= 2 * total)
    else:
        wanted = size >= 60 and size >= 20 * n and not (heading[j - 1] and heading[k - 1])
    order = np.arange(count)
    nothing = np.zeros(0, np.uint64), np.zeros(count + 1, np.int64)
    blocks = blocks_of(*nothing, words=np.array(words))._replace(ends_sentence=np.array(ends))
    run = repeats.Run(j, k, n, size)
    got = repeats._is_pasted(run, order, np.array(source), total, blocks)
    assert bool(got) == wanted
