"""What differs between two texts: slots filled by other facts, sentences of one's own, losses.

A *gap* is what stands between two matched stretches; a *slot* is one with at most ``SLOT`` words on
each side. In a slot that both sides fill with facts of one kind, of which neither is the other's,
they are in *conflict*. A text says the *opposite* where one side of a short gap is negated, or
where two names have changed places. *Own sentences* are stretches of running words that stand
nowhere in the other text.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from dedup.kernels import matching
from dedup.kernels._jit import njit, njit_uncounted, popcount
from dedup.kernels.facts import (
    CALENDAR,
    FACT,
    FIRST,
    HIDDEN,
    NAME,
    NEGATION,
    NUMBER,
    RUNNING,
    STOP,
)
from dedup.kernels.matching import (
    COUNTS,
    PLACES,
    STAMP,
    enter_grams,
    match_texts,
    next_gap,
    slot_of,
)
from dedup.kernels.misread import RESPELT
from dedup.kernels.text import (
    CAPITAL,
    KINDS,
    STARTS_LINE,
    TABLE_CODE,
    decode,
    fold_code,
)

SLOT = 12  # words on a side
OWN_WORDS = 8  # of an own sentence, at least …
OWN_STOP_SHARE = 5  # … a fifth of them stop words, where the text has any
SHORT_GAP = 3  # words on a side in which a negation says the opposite, or names change places
_ALIKE = 7  # tenths of the letters that are common to two spellings of one name
_LETTERS = 48  # of a name that are compared
_STRETCH = 64  # bytes of a text that are read at a time
MOST_LETTERS = 4_096  # of a side of a gap in which two readings are compared, about
# Letters that are read for digits and the digits, as code points: l, i, o, s, b.
_MISREAD = ((108, 49), (105, 49), (111, 48), (115, 53), (98, 54))
_STEP_NUMBERS = 3  # numbers that all move by one step, at least, are numbers of a list …
_STEP_SHARE = 6  # … where they are so many tenths of all numbers in conflict

# What is measured of a pair; with two sides, that of a comes first.
(
    MATCHED,
    LOST,  # words of running text without a counterpart
    _,
    RUNNING_WORDS,
    _,
    OWN,  # words of own sentences
    _,
    LONGEST,  # words of the longest own sentence
    _,
    LOST_FACTS,  # distinct facts that stand nowhere in the other text
    _,
    CONFLICTS,  # distinct facts in conflict
    _,
    FACTS,  # distinct facts that are compared: matched, or in a slot
    _,
    OPPOSED,  # words of own sentences that stand against own sentences of the other
    RUNS,  # stretches of facts in conflict
    RUNS_OF_NAMES,  # … of them names and calendar words
    SLOTS,  # with other words on both sides
    SLOTS_HIT,  # … with a conflict
    MISSPELT,  # slots that hold one word in two spellings
    RUNS_IN_TEXT,  # stretches of facts in conflict in running text of both
    OPPOSITES,  # short gaps that say the opposite
    CAPITALS,  # words with a capital, of both
) = range(24)
FIGURES = 24
# Columns of a conflict.
KIND, START_A, END_A, START_B, END_B, STEP, HITS = range(7)
CONFLICT = 7


class Texts(NamedTuple):
    """Words of several texts: those of text ``r`` are ``bounds[r]:bounds[r + 1]``.

    ``hashes`` and ``values`` uint64, ``kinds`` and ``flags`` uint8, ``starts`` and ``ends`` int32
    code points of the text ``data[offsets[r]:offsets[r + 1]]``; ``stage`` and ``folds`` fold them.
    """

    bounds: Any
    hashes: Any
    values: Any
    kinds: Any
    flags: Any
    starts: Any
    ends: Any
    data: Any
    offsets: Any
    stage: Any
    folds: Any


class Scratch(NamedTuple):
    """What one thread writes on the way; ``scratch_for`` makes it once for all its pairs.

    ``letters`` (2 × code points, uint32) are the folded texts, ``is_read`` (2 bool) tells whether
    they are written, ``hits`` (2 × words, int64) numbers the conflict of a word from 1 (-1: in a
    long gap), ``lost`` (2 × words, bool) marks words without a counterpart,
    ``conflicts`` (rows of ``CONFLICT``) lists those of a pair, ``rows`` (1 int64) counts them.
    ``spelling`` and ``common`` are for one name on each side, ``gap`` and ``gap_common`` for all
    that is lost there.
    """

    matching: Any
    stops: Any
    letters: Any
    is_read: Any
    hits: Any
    lost: Any
    conflicts: Any
    rows: Any
    spelling: Any
    common: Any
    gap: Any
    gap_common: Any


class Pair(NamedTuple):
    """Two texts that are compared, by what, and where it is written.

    ``rows`` (2 int64) are those of ``texts``; ``mask`` (uint64) is that of the table of their
    values (``enter_values``).
    """

    texts: Texts
    rows: Any
    scratch: Scratch
    mask: Any


def scratch_for(longest: int, longest_text: int) -> Scratch:
    """Make room for texts of at most ``longest`` words and ``longest_text`` code points."""
    words = max(longest, 1)
    return Scratch(
        matching=matching.scratch_for(words),
        stops=np.zeros(words, np.bool_),
        letters=np.zeros((2, longest_text + 1), np.uint32),
        is_read=np.zeros(2, np.bool_),
        hits=np.zeros((2, words), np.int64),
        lost=np.zeros((2, words), np.bool_),
        conflicts=np.zeros((5 * words, CONFLICT), np.int64),
        rows=np.zeros(1, np.int64),
        spelling=np.zeros((2, _LETTERS), np.uint32),
        common=np.zeros((2, _LETTERS + 1), np.int64),
        gap=np.zeros((2, longest_text + 1), np.uint32),
        gap_common=np.zeros((2, longest_text + 1), np.int64),
    )


@njit_uncounted
def is_ascii(data):
    """Tell whether all bytes are ASCII."""
    seen = np.uint8(0)
    for i in range(len(data)):
        seen |= data[i]
    return seen < 128


@njit_uncounted
def fold_ascii(data, letters):
    """Write ASCII with small letters for capitals."""
    for i in range(len(data)):
        code = np.uint32(data[i])
        is_capital = np.uint32(65) <= code <= np.uint32(90)
        letters[i] = code + np.uint32(32) if is_capital else code


@njit_uncounted
def read_letters(data, low, high, stage, folds, letters):
    """Write the folded code points of the text ``data[low:high]``, stretches of ASCII at once."""
    i = low
    place = 0
    while i < high:
        end = min(i + _STRETCH, high)
        if is_ascii(data[i:end]):
            fold_ascii(data[i:end], letters[place:])
            place += end - i
            i = end
        while i < end:
            code = np.uint32(data[i])
            step = 1
            if code < np.uint32(128):
                if np.uint32(65) <= code <= np.uint32(90):
                    code += np.uint32(32)
            else:
                code, step = decode(data, i, high)
                folded = fold_code(code, stage, folds)
                if folded >= np.uint32(KINDS) and folded >> np.uint32(24) == np.uint32(0):
                    code = folded & TABLE_CODE
            letters[place] = code
            place += 1
            i += step


@njit_uncounted
def read_side(pair, side):
    """Write the folded letters of one side of a ``Pair``, unless they are there."""
    texts, scratch, row = pair.texts, pair.scratch, pair.rows[side]
    if not scratch.is_read[side]:
        span = (texts.offsets[row], texts.offsets[row + 1])
        read_letters(texts.data, *span, texts.stage, texts.folds, scratch.letters[side])
        scratch.is_read[side] = True


@njit_uncounted
def spell(pair, side, low, high, mark):
    """Join the letters of words ``low:high`` whose hit is ``mark`` (-1: all); return how many.

    ``side`` of the ``Pair`` is 0 or 1.
    """
    texts, scratch = pair.texts, pair.scratch
    read_side(pair, side)
    first = texts.bounds[pair.rows[side]]
    count = 0
    for i in range(low, high):
        if mark >= 0 and scratch.hits[side, i] != mark:
            continue
        for place in range(texts.starts[first + i], texts.ends[first + i]):
            if count < _LETTERS:
                scratch.spelling[side, count] = scratch.letters[side, place]
                count += 1
    return count


@njit_uncounted
def common_of_few(one, n, two, m):
    """Return the length of the longest common subsequence of two spellings, the first of up to 64.

    A bit stands for each letter of the first, so that a letter of the second takes one addition
    (Hyyrö 2004).
    """
    rows = ~np.uint64(0)
    for j in range(m):
        same = np.uint64(0)
        for i in range(n):
            same |= np.uint64(one[i] == two[j]) << np.uint64(i)
        steps = rows & same
        rows = (rows + steps) | (rows - steps)
    return popcount(~rows)


@njit_uncounted
def common_letters(one, n, two, m, rows):
    """Return the length of the longest common subsequence of two spellings."""
    if n <= 64:
        return common_of_few(one, n, two, m)
    rows[0, : m + 1] = 0
    now = 0
    for i in range(n):
        now = 1 - now
        rows[now, 0] = 0
        for j in range(m):
            if one[i] == two[j]:
                rows[now, j + 1] = rows[1 - now, j] + 1
            else:
                rows[now, j + 1] = max(rows[now, j], rows[1 - now, j + 1])
    return rows[now, m]


@njit_uncounted
def are_alike(scratch, n, m):
    """Tell whether two spellings are near enough to be one name written in two ways."""
    if 20 * min(n, m) < _ALIKE * (n + m):
        return False
    common = common_letters(scratch.spelling[0], n, scratch.spelling[1], m, scratch.common)
    return 20 * common >= _ALIKE * (n + m)


@njit_uncounted
def as_digits(spelling, count):
    """Replace the letters that are misread for digits by these."""
    for k in range(count):
        for letter, digit in _MISREAD:
            if spelling[k] == letter:
                spelling[k] = digit


@njit_uncounted
def are_same(scratch, n, m):
    """Tell whether two spellings are equal."""
    if n != m:
        return False
    for k in range(n):
        if scratch.spelling[0, k] != scratch.spelling[1, k]:
            return False
    return True


@njit_uncounted
def stands_in_slot(value, values, kinds, low, high):
    """Tell whether a number stands among the words ``low:high`` of the other side."""
    for j in range(low, high):
        if values[j] == value and kinds[j] & NUMBER:
            return True
    return False


@njit_uncounted
def stands_there(table, value, side, mask):
    """Tell whether a value stands in text ``side``, by the table of its values."""
    cell = table.cells[slot_of(table, value, mask)]
    return cell[STAMP] == table.stamp[0] and cell[COUNTS + side] > 0


@njit_uncounted
def mark_facts(pair, side, kind, box, number):
    """Mark the facts of one kind in a slot that the other text lacks; return how many stretches.

    ``side`` of the ``Pair`` is 0 or 1; ``box`` is where the slot begins and ends on this side and
    on the other. Numbers are looked for in the slot alone, other facts in the whole other text, by
    the table of its values.
    """
    texts, scratch = pair.texts, pair.scratch
    first, low = texts.bounds[pair.rows[side]], texts.bounds[pair.rows[1 - side]]
    wanted = kind | FIRST if kind == NAME else kind
    runs = 0
    before = -2
    for i in range(box[0], box[1]):
        if texts.kinds[first + i] & wanted == 0 or texts.kinds[first + i] & HIDDEN:
            continue
        value = texts.values[first + i]
        if kind == NUMBER:
            found = stands_in_slot(value, texts.values, texts.kinds, low + box[2], low + box[3])
        else:
            found = stands_there(scratch.matching.table, value, 1 - side, pair.mask)
        if found:
            continue
        scratch.hits[side, i] = number
        if i != before + 1:
            runs += 1
        before = i
    return runs


@njit_uncounted
def first_and_last(hits, low, high, number):
    """Return where the words marked with a number begin and end."""
    first = high
    last = low
    for i in range(low, high):
        if hits[i] == number:
            first = min(first, i)
            last = i + 1
    return first, last


@njit_uncounted
def unmark(hits, low, high, number):
    """Take the marks of a conflict that is none away."""
    for i in range(low, high):
        if hits[i] == number:
            hits[i] = 0


@njit_uncounted
def adjoining(texts, row, low, high, start, end):
    """Return ``start`` and ``end``, moved apart over words of ``low:high`` that nothing parts.

    A number that was misread is written in one, as "600l" is, and yet is several words.
    """
    first = texts.bounds[row]
    while start > low and texts.ends[first + start - 1] == texts.starts[first + start]:
        start -= 1
    while end < high and texts.ends[first + end - 1] == texts.starts[first + end]:
        end += 1
    return start, end


@njit_uncounted
def is_one_spelling(pair, kind, box):
    """Tell whether the facts marked on both sides of a slot are one, read or spelt in two ways."""
    texts, scratch, (a, b) = pair.texts, pair.scratch, pair.rows
    number = scratch.rows[0] + 1
    if kind == NUMBER:
        start, end = first_and_last(scratch.hits[0], box[0], box[1], number)
        start, end = adjoining(texts, a, box[0], box[1], start, end)
        n = spell(pair, 0, start, end, np.int64(-1))
        start, end = first_and_last(scratch.hits[1], box[2], box[3], number)
        start, end = adjoining(texts, b, box[2], box[3], start, end)
        m = spell(pair, 1, start, end, np.int64(-1))
        as_digits(scratch.spelling[0], n)
        as_digits(scratch.spelling[1], m)
        return are_same(scratch, n, m)
    n = spell(pair, 0, box[0], box[1], number)
    m = spell(pair, 1, box[2], box[3], number)
    if kind != NAME:
        return are_same(scratch, n, m)
    if are_alike(scratch, n, m):
        return True
    # A word that was cut in two, by a hyphen or by markup: its second half is no name.
    n = spell(pair, 0, box[0], box[1], np.int64(-1))
    m = spell(pair, 1, box[2], box[3], np.int64(-1))
    return are_alike(scratch, n, m)


@njit_uncounted
def single_number(texts, row, low, high):
    """Return the number that is the only word of a stretch, -1 where there is none."""
    if high != low + 1:
        return np.int64(-1)
    value = texts.values[texts.bounds[row] + low]
    return np.int64(value) if value < np.uint64(1 << 40) else np.int64(-1)


@njit_uncounted
def find_conflict(pair, kind, box):
    """Note the conflict of one kind in a slot of a ``Pair``, if there is one; return its stretches.

    ``box`` is where the slot begins and ends in both texts.
    """
    texts, scratch, (a, b) = pair.texts, pair.scratch, pair.rows
    number = scratch.rows[0] + 1
    there = (box[2], box[3], box[0], box[1])
    runs_a = mark_facts(pair, 0, kind, box, number)
    runs_b = mark_facts(pair, 1, kind, there, number)
    hits_a, hits_b = scratch.hits[0], scratch.hits[1]
    if runs_a == 0 or runs_b == 0 or is_one_spelling(pair, kind, box):
        unmark(hits_a, box[0], box[1], number)
        unmark(hits_b, box[2], box[3], number)
        return 0
    start_a, end_a = first_and_last(hits_a, box[0], box[1], number)
    start_b, end_b = first_and_last(hits_b, box[2], box[3], number)
    row = scratch.conflicts[scratch.rows[0]]
    row[KIND], row[HITS] = kind, min(runs_a, runs_b)
    row[START_A], row[END_A], row[START_B], row[END_B] = start_a, end_a, start_b, end_b
    row[STEP] = 0
    if kind == NUMBER:
        one = single_number(texts, a, start_a, end_a)
        two = single_number(texts, b, start_b, end_b)
        if one >= 0 and two >= 0 and abs(two - one) == 1:
            row[STEP] = two - one
    scratch.rows[0] += 1
    return row[HITS]


@njit_uncounted
def kinds_in(kinds, low, high):
    """Return which kinds of facts stand in a slot; a capital at its start may be a name."""
    all_kinds = 0
    for i in range(low, high):
        if not kinds[i] & HIDDEN:
            all_kinds |= np.int64(kinds[i])
    if all_kinds & FIRST:
        all_kinds |= NAME
    return all_kinds & FACT


@njit_uncounted
def is_slot(box):
    """Tell whether a gap is a slot."""
    sides = (box[1] - box[0], box[3] - box[2])
    return min(sides[0], sides[1]) >= 1 and max(sides[0], sides[1]) <= SLOT


@njit_uncounted
def count_slots(pair, out):
    """Count the slots of a ``Pair``, those with a conflict, and the stretches in conflict."""
    texts, scratch, (a, b) = pair.texts, pair.scratch, pair.rows
    mates = scratch.matching.mates
    n = texts.bounds[a + 1] - texts.bounds[a]
    m = texts.bounds[b + 1] - texts.bounds[b]
    k, x, y = 0, 0, 0
    while x < n or y < m:
        box = next_gap(mates[0], n, m, x, y)
        x, y = box[1], box[3]
        if not is_slot(box):
            continue
        hit = False
        while k < scratch.rows[0] and scratch.conflicts[k, START_A] < box[1]:
            row = scratch.conflicts[k]
            hit |= row[HITS] > 0
            out[RUNS] += row[HITS]
            if row[KIND] != NUMBER:
                out[RUNS_OF_NAMES] += row[HITS]
            kinds = texts.kinds[texts.bounds[a] + row[START_A]]
            if kinds & texts.kinds[texts.bounds[b] + row[START_B]] & RUNNING:
                out[RUNS_IN_TEXT] += row[HITS]
            k += 1
        if hit:
            out[SLOTS_HIT] += 1
            out[SLOTS] += 1
            continue
        n_a = spell(pair, 0, box[0], box[1], np.int64(-1))
        n_b = spell(pair, 1, box[2], box[3], np.int64(-1))
        out[MISSPELT if are_alike(scratch, n_a, n_b) else SLOTS] += 1


@njit_uncounted
def drop_steps(scratch):
    """Drop the numbers that all move by one step: they number links and lists."""
    for step in (-1, 1):
        moved = 0
        numbers = 0
        for k in range(scratch.rows[0]):
            if scratch.conflicts[k, KIND] == NUMBER and scratch.conflicts[k, HITS] > 0:
                numbers += 1
                if scratch.conflicts[k, STEP] == step:
                    moved += 1
        if moved < _STEP_NUMBERS or 10 * moved < _STEP_SHARE * numbers:
            continue
        for k in range(scratch.rows[0]):
            row = scratch.conflicts[k]
            if row[KIND] == NUMBER and row[STEP] == step:
                unmark(scratch.hits[0], row[START_A], row[END_A], k + 1)
                unmark(scratch.hits[1], row[START_B], row[END_B], k + 1)
                row[HITS] = 0


@njit_uncounted
def count_facts(kinds, hits, side, table, only_hits):
    """Count the distinct facts that are compared, matched or in a slot, or those in conflict.

    The facts are those of text ``side``, ``table`` is that of the values of both.
    """
    cells, slots = table.cells, table.slots[side]
    counted = -1 if only_hits else -2  # in the place of a value, which nobody asks for
    count = 0
    for i in range(len(kinds)):
        kind = kinds[i]
        if hits[i] > 0 or (not only_hits and hits[i] == 0 and kind & FACT and not kind & HIDDEN):
            if cells[slots[i], PLACES + side] != counted:
                cells[slots[i], PLACES + side] = counted
                count += 1
    return count


@njit_uncounted
def mark_lost(kinds, mates, covered, lost):
    """Mark the words, hidden ones aside, that have no counterpart in the other text."""
    for i in range(len(kinds)):  # without a branch, so that several are written at once
        lost[i] = (mates[i] < 0) & (not covered[i]) & (kinds[i] & HIDDEN == 0)


@njit_uncounted
def own_words(kinds, flags, lost, low, high):
    """Return how many words of ``low:high`` stand in own sentences, and in the longest of them."""
    total = 0
    longest = 0
    i = low
    while i < high:
        if not lost[i]:
            i += 1
            continue
        end = i
        stops, capitals, breaks = 0, 0, 0
        while end < high and lost[end]:
            stops += 1 if kinds[end] & STOP else 0
            capitals += 1 if flags[end] & CAPITAL else 0
            breaks += 1 if flags[end] & STARTS_LINE and end > i else 0
            end += 1
        size = end - i
        runs_on = kinds[i] & RUNNING != 0 or OWN_STOP_SHARE * stops >= size
        if size >= OWN_WORDS and runs_on and 2 * capitals <= size and OWN_WORDS * breaks <= size:
            total += size
            longest = max(longest, size)
        i = end
    return total, longest


@njit_uncounted
def count_capitals(flags):
    """Return how many words begin with a capital."""
    count = 0
    for flag in flags:
        count += 1 if flag & CAPITAL else 0
    return count


@njit_uncounted
def count_lost(kinds, lost):
    """Return the words of running text without a counterpart, and all words of running text."""
    gone = 0
    running = 0
    for i in range(len(kinds)):
        own = (kinds[i] & RUNNING != 0) & (kinds[i] & HIDDEN == 0)
        running += np.int64(own)
        gone += np.int64(own & lost[i])
    return gone, running


@njit_uncounted
def count_matched(mates, lost, misread):
    """Count the words that are matched; of two ``misread`` texts all that are not lost are."""
    count = 0
    for i in range(len(lost)):
        count += np.int64((mates[i] >= 0) | (misread & (not lost[i])))
    return count


@njit_uncounted
def count_lost_facts(kinds, lost, side, table):
    """Count the distinct facts of a text that the other lacks, by the table of values.

    ``lost`` (bool) marks the words without a counterpart.
    """
    cells, slots = table.cells, table.slots[side]
    count = 0
    for i in range(len(kinds)):
        if not kinds[i] & FACT or not lost[i]:
            continue
        place = slots[i]
        if cells[place, COUNTS + 1 - side] == 0:
            cells[place, COUNTS + 1 - side] = -1  # counted
            count += 1
    return count


@njit_uncounted
def enter_values(values_a, values_b, table):
    """Fill the table with the values of both texts; return the mask of its places."""
    return enter_grams(values_a, values_b, (0, len(values_a), 0, len(values_b)), 1, table)


@njit_uncounted
def compare_gaps(pair, out):
    """Find the conflicts in all slots of a ``Pair``, and the own sentences in all gaps."""
    texts, scratch, (a, b) = pair.texts, pair.scratch, pair.rows
    span_a, span_b = span_of(texts, a), span_of(texts, b)
    kinds_a, kinds_b = texts.kinds[span_a], texts.kinds[span_b]
    flags_a, flags_b = texts.flags[span_a], texts.flags[span_b]
    n, m = len(kinds_a), len(kinds_b)
    mates = scratch.matching.mates[0]
    hits_a, hits_b = scratch.hits[0], scratch.hits[1]
    lost_a, lost_b = scratch.lost[0], scratch.lost[1]
    x, y = 0, 0
    while x < n or y < m:
        box = next_gap(mates, n, m, x, y)
        x, y = box[1], box[3]
        if is_slot(box):
            both = kinds_in(kinds_a, box[0], box[1]) & kinds_in(kinds_b, box[2], box[3])
            for kind in (NUMBER, CALENDAR, NAME):
                if both & kind:
                    find_conflict(pair, kind, box)
        else:
            hits_a[box[0] : box[1]] = -1  # facts of long gaps are not compared
            hits_b[box[2] : box[3]] = -1
        own_a, longest_a = own_words(kinds_a, flags_a, lost_a, box[0], box[1])
        own_b, longest_b = own_words(kinds_b, flags_b, lost_b, box[2], box[3])
        out[OPPOSED] += min(own_a, own_b)
        out[OWN] += own_a
        out[OWN + 1] += own_b
        out[LONGEST] = max(out[LONGEST], longest_a)
        out[LONGEST + 1] = max(out[LONGEST + 1], longest_b)


@njit_uncounted
def next_short_gap(mate_a, n, m, x, y):
    """Return the first gap of at most ``SHORT_GAP`` words a side, as ``next_gap`` does."""
    while x < n or y < m:
        box = next_gap(mate_a, n, m, x, y)
        if max(box[1] - box[0], box[3] - box[2]) <= SHORT_GAP:
            return box
        x, y = box[1], box[3]
    return n, n, m, m


@njit_uncounted
def are_negated(kinds, low, high):
    """Tell whether some of the words ``low:high`` negate, in running text."""
    for i in range(low, high):
        if kinds[i] & NEGATION and kinds[i] & RUNNING and not kinds[i] & HIDDEN:
            return True
    return False


@njit_uncounted
def are_names(kinds, low, high):
    """Tell whether the words ``low:high`` are names, one at least."""
    for i in range(low, high):
        if kinds[i] & (NAME | FIRST) == 0 or kinds[i] & HIDDEN:
            return False
    return high > low


@njit_uncounted
def is_respelt(pair, box, is_first):
    """Tell whether both sides of a gap are one word, misread or cut to pieces.

    "not" is read "nol", half of its letters right; "can't" is "can 39 t" where an entity of HTML
    was left. ``is_first`` tells whether the first side is the one that is negated.
    """
    scratch = pair.scratch
    one, two = box[1] - box[0], box[3] - box[2]
    if min(one, two) == 0:
        return False
    n = spell(pair, 0, box[0], box[1], np.int64(-1))
    m = spell(pair, 1, box[2], box[3], np.int64(-1))
    if one == two:
        common = common_letters(scratch.spelling[0], n, scratch.spelling[1], m, scratch.common)
        return one == 1 and n == m and 2 * common >= n
    return (one < two) == is_first and are_alike(scratch, n, m)


@njit_uncounted
def note_gap(scratch, row, kind, box):
    """Write a short gap as a row of the conflicts, behind those that are counted."""
    entry = scratch.conflicts[row]
    entry[KIND], entry[STEP], entry[HITS] = kind, 0, 1
    entry[START_A], entry[END_A], entry[START_B], entry[END_B] = box


@njit_uncounted
def find_negations(pair):
    """Note the short gaps of a ``Pair`` of which one side is negated; return how many.

    A negation that only stands elsewhere in the sentence is one on either side: they cancel out.
    """
    texts, scratch, (a, b) = pair.texts, pair.scratch, pair.rows
    first, low = texts.bounds[a], texts.bounds[b]
    n, m = texts.bounds[a + 1] - first, texts.bounds[b + 1] - low
    begin = scratch.rows[0]
    made, balance = 0, 0
    x, y = 0, 0
    while x < n or y < m:
        box = next_short_gap(scratch.matching.mates[0], n, m, x, y)
        x, y = box[1], box[3]
        one = are_negated(texts.kinds, first + box[0], first + box[1])
        two = are_negated(texts.kinds, low + box[2], low + box[3])
        if one == two or is_respelt(pair, box, one):
            continue
        # With the word behind it, or that before it: so both sides are told by words.
        if box[1] < n:
            note_gap(scratch, begin + made, NEGATION, (box[0], box[1] + 1, box[2], box[3] + 1))
        elif box[0] > 0:
            note_gap(scratch, begin + made, NEGATION, (box[0] - 1, box[1], box[2] - 1, box[3]))
        else:
            continue
        made += 1
        balance += 1 if one else -1
    if balance == 0:
        return 0
    scratch.rows[0] += made
    return made


@njit_uncounted
def are_equal_words(hashes, low, high, start, end):
    """Tell whether two stretches of words are equal."""
    if high - low != end - start:
        return False
    for k in range(high - low):
        if hashes[low + k] != hashes[start + k]:
            return False
    return True


@njit_uncounted
def find_swaps(pair):
    """Note the short slots of a ``Pair`` whose names have changed places; return how many."""
    texts, scratch, (a, b) = pair.texts, pair.scratch, pair.rows
    first, low = texts.bounds[a], texts.bounds[b]
    n, m = texts.bounds[a + 1] - first, texts.bounds[b + 1] - low
    begin = scratch.rows[0]
    noted = begin
    x, y = 0, 0
    while x < n or y < m:
        box = next_short_gap(scratch.matching.mates[0], n, m, x, y)
        x, y = box[1], box[3]
        names = are_names(texts.kinds, first + box[0], first + box[1])
        if names and are_names(texts.kinds, low + box[2], low + box[3]):
            note_gap(scratch, noted, NAME, box)
            scratch.conflicts[noted, HITS] = 0
            noted += 1
    for k in range(begin, noted):
        one = scratch.conflicts[k]
        for j in range(k + 1, noted):
            two = scratch.conflicts[j]
            there = (low + two[START_B], low + two[END_B])
            back = (low + one[START_B], low + one[END_B])
            if are_equal_words(
                texts.hashes, first + one[START_A], first + one[END_A], *there
            ) and are_equal_words(texts.hashes, first + two[START_A], first + two[END_A], *back):
                one[HITS] = 1
                two[HITS] = 1
    made = begin
    for k in range(begin, noted):
        if scratch.conflicts[k, HITS] > 0:
            for column in range(CONFLICT):
                scratch.conflicts[made, column] = scratch.conflicts[k, column]
            made += 1
    scratch.rows[0] = made
    return made - begin


@njit_uncounted
def lost_letters(pair, side, low, high, letters):
    """Write the letters of the lost words of ``low:high``; return how many."""
    texts, scratch = pair.texts, pair.scratch
    first = texts.bounds[pair.rows[side]]
    count = 0
    for i in range(low, high):
        if scratch.lost[side, i]:
            for place in range(texts.starts[first + i], texts.ends[first + i]):
                letters[count] = scratch.letters[side, place]
                count += 1
    return count


@njit_uncounted
def find_readings(pair):
    """Take the marks of lost words away in the gaps where both sides are readings of one text.

    There most letters of both stand in the same order. Of a longer gap than
    ``MOST_LETTERS`` squared all words stay lost: more is said to be lost than is.
    """
    texts, scratch, (a, b) = pair.texts, pair.scratch, pair.rows
    read_side(pair, 0)
    read_side(pair, 1)
    n, m = texts.bounds[a + 1] - texts.bounds[a], texts.bounds[b + 1] - texts.bounds[b]
    letters = scratch.gap
    x, y = 0, 0
    while x < n or y < m:
        box = next_gap(scratch.matching.mates[0], n, m, x, y)
        x, y = box[1], box[3]
        one = lost_letters(pair, 0, box[0], box[1], letters[0])
        two = lost_letters(pair, 1, box[2], box[3], letters[1])
        if min(one, two) == 0 or one * two > MOST_LETTERS**2:
            continue
        common = common_letters(letters[0], one, letters[1], two, scratch.gap_common)
        if 2 * common >= RESPELT * (one + two):
            scratch.lost[0, box[0] : box[1]] = False
            scratch.lost[1, box[2] : box[3]] = False


@njit_uncounted
def span_of(texts, row):
    """Return where the words of a text stand."""
    return slice(texts.bounds[row], texts.bounds[row + 1])


@njit_uncounted
def measure_conflicts(pair, out):
    """Measure the conflicts that were found in the slots of a ``Pair``."""
    texts, scratch, (a, b) = pair.texts, pair.scratch, pair.rows
    kinds_a, kinds_b = texts.kinds[span_of(texts, a)], texts.kinds[span_of(texts, b)]
    table = scratch.matching.table
    drop_steps(scratch)
    count_slots(pair, out)
    for only_hits, column in ((True, CONFLICTS), (False, FACTS)):
        out[column] = count_facts(kinds_a, scratch.hits[0], 0, table, only_hits)
        out[column + 1] = count_facts(kinds_b, scratch.hits[1], 1, table, only_hits)


@njit_uncounted
def examine(texts, a, b, misread, scratch, out):
    """Measure what differs between texts ``a`` and ``b``; ``out`` (int64) gets the ``FIGURES``.

    Of two ``misread`` ones (bool) only what is lost is told: their facts may be other readings.
    The conflicts stay in ``scratch.conflicts``, those with ``HITS`` 0 aside, and behind them the
    gaps that say the opposite; the words that each side would lose stay in ``scratch.lost``.
    """
    span_a, span_b = span_of(texts, a), span_of(texts, b)
    kinds_a, kinds_b = texts.kinds[span_a], texts.kinds[span_b]
    n, m = len(kinds_a), len(kinds_b)
    for i in range(n):
        scratch.stops[i] = kinds_a[i] & STOP != 0
    match_texts(texts.hashes[span_a], texts.hashes[span_b], scratch.stops, scratch.matching)
    values_a, values_b = texts.values[span_a], texts.values[span_b]
    table = scratch.matching.table
    mask = enter_values(values_a, values_b, table)
    mates, covered = scratch.matching.mates, scratch.matching.covered
    mark_lost(kinds_a, mates[0], covered[0], scratch.lost[0])
    mark_lost(kinds_b, mates[1], covered[1], scratch.lost[1])
    scratch.hits[0, :n] = 0
    scratch.hits[1, :m] = 0
    scratch.rows[0] = 0
    scratch.is_read[:] = False
    out[:] = 0
    pair = Pair(texts, (a, b), scratch, mask)
    if misread:
        find_readings(pair)
    compare_gaps(pair, out)
    if misread:
        scratch.rows[0] = 0
        out[OPPOSED] = 0
    if scratch.rows[0] > 0:
        measure_conflicts(pair, out)
    out[LOST], out[RUNNING_WORDS] = count_lost(kinds_a, scratch.lost[0])
    out[LOST + 1], out[RUNNING_WORDS + 1] = count_lost(kinds_b, scratch.lost[1])
    out[LOST_FACTS] = count_lost_facts(kinds_a, scratch.lost[0], 0, table)
    out[LOST_FACTS + 1] = count_lost_facts(kinds_b, scratch.lost[1], 1, table)
    out[MATCHED] = count_matched(mates[0], scratch.lost[0, :n], misread)
    out[CAPITALS] = count_capitals(texts.flags[span_a]) + count_capitals(texts.flags[span_b])
    if not misread:
        out[OPPOSITES] = find_negations(pair) + find_swaps(pair)


@njit_uncounted
def examine_pairs(texts, pairs, misread, scratch, out):
    """Measure the pairs (rows a, b of ``pairs``, int64); row ``k`` of ``out`` is of pair ``k``.

    ``misread`` (bool) tells which of them are two readings of one text.
    """
    for k in range(len(pairs)):
        examine(texts, pairs[k, 0], pairs[k, 1], misread[k], scratch, out[k])


@njit
def describe_pair(texts, a, b, misread, scratch, figures):
    """Return the conflicts of a pair (rows of ``CONFLICT``), and the stretches each side loses.

    A stretch (start, end, in words) has no counterpart in the other text.
    """
    examine(texts, a, b, misread, scratch, figures)
    conflicts = scratch.conflicts[: scratch.rows[0]]
    lost_a = lost_stretches(scratch.lost[0], texts.bounds[a + 1] - texts.bounds[a])
    lost_b = lost_stretches(scratch.lost[1], texts.bounds[b + 1] - texts.bounds[b])
    return conflicts[conflicts[:, HITS] > 0], lost_a, lost_b


@njit
def lost_stretches(lost, count):
    """Return where words without a counterpart stand, as (start, end) of each stretch."""
    out = np.empty((count // 2 + 1, 2), np.int64)
    made = 0
    i = 0
    while i < count:
        if not lost[i]:
            i += 1
            continue
        end = i
        while end < count and lost[end]:
            end += 1
        out[made, 0] = i
        out[made, 1] = end
        made += 1
        i = end
    return out[:made]
