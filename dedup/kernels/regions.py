"""Aligned pieces to regions: what continues what, and how far re-worded text belongs to it.

A piece is a row of ``PIECE_COLUMNS`` (see ``sides``). A region is a piece, or several that continue
each other; then its first piece stands for all of them. Text is compared as bags of content words
here, in whatever order they stand.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from dedup.kernels._jit import njit_uncounted
from dedup.kernels.align import BACKWARD, FORWARD, slot_of
from dedup.kernels.sides import (
    FIRST_A,
    FIRST_B,
    LAST_A,
    LAST_B,
    OWNER,
    PATH_END,
    PATH_START,
    PIECE_LEVEL,
    PIECE_TOKENS,
    Stretch,
)
from dedup.kernels.text import QUOTED, STARTS_LINE, STARTS_SENTENCE

MEDIUM = 2  # the level from which a piece stands by itself
CONTENT_WEIGHT = np.float32(0.3)  # weight from which a word says something by itself
CLOSE_DENSITY = 0.85  # a passage copied so closely ends where the alignment ends
PARAGRAPH, PARAGRAPH_DENSITY = 40, 0.7  # matched tokens, density: in another order it stays alone
LINE_REACH = 2  # tokens between the begin of a passage and that of the line that it opens
SHUFFLE_GAP, SHUFFLE_LIKE = 60, 0.5  # between sentences in another order; Dice of the whole
SMALL_GAP = 4  # tokens between two passages that are one
WIDE_GAP = 250  # tokens between two passages that can still be one
SLACK = 6  # tokens by which two passages that are one may overlap
FOREIGN_PART = 5  # a gap of which more than this part (a fifth) is in other passages stays open
SHORT_PART = 2  # a gap of at most this part (half) of the shorter passage is closed
LOOK_BACK = 16  # regions before one that it may continue
SNAP, SNAP_DENSITY = 6, 0.95  # tokens to the end of a sentence; a closer copy stays as it is
LEAST_COMMON = 3  # content words that re-worded text must have in common
LEAST_WINDOW = 20  # tokens a passage must have to grow
WINDOW = 40  # tokens a side that are compared beyond the end of a passage, at most
BAG = 1000  # tokens a side that are compared in any order at once, at most


class End(NamedTuple):
    """One end of a passage that may grow (int64)."""

    i: Any  # its last token of a and of b on this side
    j: Any
    limit_a: Any  # the last tokens that it may take
    limit_b: Any
    window: Any  # tokens a side to compare at a time, at most WINDOW
    step: Any  # FORWARD or BACKWARD


@njit_uncounted
def bit_of(word):
    """Return a number (uint64) with one bit set, that of a word (uint64) in a set of 64 bits."""
    return np.uint64(1) << np.uint64(slot_of(word) & 63)


@njit_uncounted
def likeness(a, b, where, used):
    """Return (content words in common, Dice coefficient of the content words) of a ``Stretch``.

    ``a`` and ``b`` are ``Side``; ``used`` (bool) has room for the stretch of b. A content word is
    neither a stop word nor part of a long name.
    """
    lo_a, hi_a, lo_b, hi_b = where
    words_a, weights_a = a.words, a.weights
    words_b, weights_b = b.words, b.weights
    total = 0
    there = np.uint64(0)  # which words of b there may be: most of those of a are not
    for j in range(lo_b, hi_b):
        used[j - lo_b] = weights_b[j] < CONTENT_WEIGHT
        if weights_b[j] >= CONTENT_WEIGHT:
            there |= bit_of(words_b[j])
            total += 1
    common = 0
    for i in range(lo_a, hi_a):
        if weights_a[i] < CONTENT_WEIGHT:
            continue
        total += 1
        if there & bit_of(words_a[i]) == 0:
            continue
        for j in range(lo_b, hi_b):
            if words_b[j] == words_a[i] and not used[j - lo_b]:
                used[j - lo_b] = True
                common += 1
                break
    return common, (2.0 * common / total if total > 0 else 0.0)


@njit_uncounted
def bag_matches(a, b, where, mate, taken, stamp):
    """Match content words of a ``Stretch`` in any order; return how many.

    ``a`` and ``b`` are ``Side``. ``mate`` (int64, a token of a each) gets the matches; ``taken``
    (int64) holds ``stamp`` for tokens of b that are in use.
    """
    lo_a, hi_a, lo_b, hi_b = where
    words_a, weights_a = a.words, a.weights
    words_b, weights_b = b.words, b.weights
    count = 0
    for i in range(lo_a, hi_a):
        if weights_a[i] < CONTENT_WEIGHT or mate[i] >= 0:
            continue
        for j in range(lo_b, hi_b):
            if words_b[j] == words_a[i] and weights_b[j] >= CONTENT_WEIGHT and taken[j] != stamp:
                mate[i] = j
                taken[j] = stamp
                count += 1
                break
    return count


@njit_uncounted
def match_backward(a, b, end, x, y, used):
    """Match token ``y`` of b beyond an ``End`` with one of the first ``x`` of a; return which.

    The tokens of a are gone through from 1 to ``x - 1``; 0 for none. ``a``, ``b`` and ``used`` as
    in ``best_beginning``.
    """
    i, j, _, _, _, step = end
    for z in range(1, x):
        if (
            a.weights[i + step * z] >= CONTENT_WEIGHT
            and a.words[i + step * z] == b.words[j + step * y]
            and not used[WINDOW + z]
        ):
            used[WINDOW + z] = True
            used[y] = True
            return z
    return 0


@njit_uncounted
def match_forward(a, b, end, x, until, used):
    """Match token ``x`` of a beyond an ``End`` with one of b up to ``until``; return which.

    0 is returned for none. ``a``, ``b`` and ``used`` as in ``best_beginning``.
    """
    i, j, _, _, _, step = end
    for y in range(1, until + 1):
        if (
            not used[y]
            and b.weights[j + step * y] >= CONTENT_WEIGHT
            and b.words[j + step * y] == a.words[i + step * x]
        ):
            used[y] = True
            used[WINDOW + x] = True
            return y
    return 0


@njit_uncounted
def best_beginning(a, b, end, least_like, used):
    """Return how many tokens of a and of b beyond an ``End`` are alike enough, (0, 0) for none.

    ``a`` and ``b`` are ``Side``; ``used`` (bool) has room for two windows: which tokens of b, and
    behind them which of a, are matched.
    """
    i, j, _, _, _, step = end
    n = min(end.window, abs(end.limit_a - i))
    m = min(end.window, abs(end.limit_b - j))
    best_a, best_b = 0, 0
    if n < LEAST_COMMON or m < LEAST_COMMON:  # they cannot have so many words in common
        return best_a, best_b
    used[: WINDOW + 1] = False
    common, words = 0, 0
    far_a, far_b = 0, 0
    done_b = 0
    for x in range(1, n + 1):
        until = (x * m + n - 1) // n  # walk both sides at the same pace
        for y in range(done_b + 1, until + 1):
            if b.weights[j + step * y] >= CONTENT_WEIGHT:
                words += 1  # a token of b may belong to one of a already passed
                z = match_backward(a, b, end, x, y, used)
                if z > 0:
                    common += 1
                    far_a = max(far_a, z)
                    far_b = y
        done_b = until
        used[WINDOW + x] = False
        if a.weights[i + step * x] >= CONTENT_WEIGHT:
            words += 1
            y = match_forward(a, b, end, x, until, used)
            if y > 0:
                common += 1
                far_a = x
                far_b = max(far_b, y)
        if common >= LEAST_COMMON and 2.0 * common >= least_like * words:
            best_a = far_a
            best_b = far_b
    return best_a, best_b


@njit_uncounted
def grow(a, b, end, least_like, used):
    """Move an ``End`` of a passage outward over re-worded text; return the new last (i, j).

    The next tokens of both sides are compared as bags of content words; the longest beginning of
    the windows that is alike enough joins the passage. ``a`` and ``b`` are ``Side``, ``used``
    (bool) is scratch.
    """
    i, j, limit_a, limit_b, window, step = end
    while True:
        x, y = best_beginning(a, b, End(i, j, limit_a, limit_b, window, step), least_like, used)
        if x == 0 or y == 0:
            return i, j
        i += step * x
        j += step * y


@njit_uncounted
def is_close(p, density):
    """Tell whether the aligned tokens of a piece (int64) are that share of its longer side."""
    longer = max(p[LAST_A] - p[FIRST_A], p[LAST_B] - p[FIRST_B]) + 1
    return p[PIECE_TOKENS] >= density * longer


@njit_uncounted
def opens_line(first, flags):
    """Tell whether a line begins within ``LINE_REACH`` tokens of token ``first``.

    ``flags`` (uint8) are those of the tokens.
    """
    for x in range(max(first - LINE_REACH, 0), min(first + LINE_REACH + 1, len(flags))):
        if flags[x] & STARTS_LINE != 0:
            return True
    return False


@njit_uncounted
def opens_lines(p, flags_a, flags_b):
    """Tell whether a piece (int64) begins where a line begins, on both sides."""
    return opens_line(p[FIRST_A], flags_a) and opens_line(p[FIRST_B], flags_b)


@njit_uncounted
def is_shuffled(p, q, a, b, used):
    """Tell whether two pieces (int64) in another order are sentences of one re-worded passage.

    Paragraphs that changed places are not: they stay passages of their own. ``a`` and ``b`` are
    ``Side``, ``used`` (bool) is scratch and bounds how much text is compared.
    """
    if (
        min(p[PIECE_TOKENS], q[PIECE_TOKENS]) >= PARAGRAPH
        and is_close(p, PARAGRAPH_DENSITY)
        and is_close(q, PARAGRAPH_DENSITY)
    ):
        return False
    if opens_lines(p, a.flags, b.flags) and opens_lines(q, a.flags, b.flags):
        return False
    apart_a = max(p[FIRST_A], q[FIRST_A]) - min(p[LAST_A], q[LAST_A]) - 1
    apart_b = max(p[FIRST_B], q[FIRST_B]) - min(p[LAST_B], q[LAST_B]) - 1
    if max(apart_a, apart_b) > SHUFFLE_GAP:
        return False
    lo_a = min(p[FIRST_A], q[FIRST_A])
    hi_a = max(p[LAST_A], q[LAST_A]) + 1
    lo_b = min(p[FIRST_B], q[FIRST_B])
    hi_b = max(p[LAST_B], q[LAST_B]) + 1
    if max(hi_a - lo_a, hi_b - lo_b) > len(used):
        return False
    _, like = likeness(a, b, Stretch(lo_a, hi_a, lo_b, hi_b), used)
    return like >= SHUFFLE_LIKE


@njit_uncounted
def count_stamped(used, low, high, stamp):
    """Count the tokens ``low:high`` that hold ``stamp`` in ``used`` (int64)."""
    count = 0
    for x in range(low, high):
        count += 1 if used[x] == stamp else 0
    return count


@njit_uncounted
def continues(p, q, a, b, least_like, scratch):
    """Tell whether piece ``q`` (int64) continues ``p``: same order, the gaps are small or alike.

    What belongs to other passages (``scratch.stamp``) must not fill the gap of either side. ``a``
    and ``b`` are ``Side``.
    """
    gap_a = q[FIRST_A] - p[LAST_A] - 1
    gap_b = q[FIRST_B] - p[LAST_B] - 1
    back_a = p[FIRST_A] - q[LAST_A] - 1
    back_b = p[FIRST_B] - q[LAST_B] - 1
    if max(gap_a, back_a) < 0 and max(gap_b, back_b) < 0:
        return True  # they overlap on both sides
    if gap_a < -SLACK or gap_b < -SLACK:
        return is_shuffled(p, q, a, b, scratch.used)
    gap = max(gap_a, gap_b)
    if gap <= SMALL_GAP:
        return True
    if gap > WIDE_GAP:
        return False
    stamp = scratch.stamp[0]
    others = count_stamped(scratch.used_a, p[LAST_A] + 1, q[FIRST_A], stamp)
    others += count_stamped(scratch.used_b, p[LAST_B] + 1, q[FIRST_B], stamp)
    if FOREIGN_PART * others > gap:
        return False
    extent = min(
        *(p[LAST_A] - p[FIRST_A], p[LAST_B] - p[FIRST_B]),
        *(q[LAST_A] - q[FIRST_A], q[LAST_B] - q[FIRST_B]),
    )
    extent += 1
    if SHORT_PART * gap <= extent or (gap <= extent and min(gap_a, gap_b) <= SMALL_GAP):
        return True
    lo_a = p[LAST_A] + 1
    lo_b = p[LAST_B] + 1
    between = Stretch(lo_a, max(q[FIRST_A], lo_a), lo_b, max(q[FIRST_B], lo_b))
    common, like = likeness(a, b, between, scratch.used)
    return common >= LEAST_COMMON and like >= least_like


@njit_uncounted
def nearest_continued(k, pieces, a, b, least_like, scratch):
    """Return which region before ``k`` it continues at the least distance, or -1.

    ``pieces`` (int64) are in order of a; ``a`` and ``b`` are ``Side``.
    """
    best = -1
    nearest = 0
    tried = 0
    r = k - 1
    while r >= 0 and tried < LOOK_BACK:
        if pieces[r, OWNER] == r:
            tried += 1
            if continues(pieces[r], pieces[k], a, b, least_like, scratch):
                gap = abs(pieces[k, FIRST_A] - pieces[r, LAST_A])
                gap += abs(pieces[k, FIRST_B] - pieces[r, LAST_B])
                if best < 0 or gap < nearest:
                    nearest = gap
                    best = r
        r -= 1
    return best


@njit_uncounted
def join_pieces(pieces, a, b, least_like, scratch):
    """Join regions (in order of a) that continue each other; tell whether there were any.

    ``pieces`` (int64) are rows of ``PIECE_COLUMNS``. The first piece of a region (``OWNER`` of all
    its pieces) takes its extent, the sum of its tokens and its best level. ``a`` and ``b`` are
    ``Side``.
    """
    joined = False
    for k in range(len(pieces)):
        if pieces[k, OWNER] != k:
            continue
        best = nearest_continued(k, pieces, a, b, least_like, scratch)
        if best < 0:
            continue
        joined = True
        for p in range(k, len(pieces)):
            if pieces[p, OWNER] == k:
                pieces[p, OWNER] = best
        pieces[best, FIRST_B] = min(pieces[best, FIRST_B], pieces[k, FIRST_B])
        pieces[best, LAST_A] = max(pieces[best, LAST_A], pieces[k, LAST_A])
        pieces[best, LAST_B] = max(pieces[best, LAST_B], pieces[k, LAST_B])
        pieces[best, PIECE_LEVEL] = max(pieces[best, PIECE_LEVEL], pieces[k, PIECE_LEVEL])
        pieces[best, PIECE_TOKENS] += pieces[k, PIECE_TOKENS]
    return joined


@njit_uncounted
def room_to_grow(k, pieces, length_a, length_b):
    """Return the ``Stretch`` that region ``k`` may take, as first and last tokens (both included).

    ``pieces`` as in ``join_pieces``; what other regions with a level hold is theirs.
    """
    low_a = 0
    low_b = 0
    high_a = length_a - 1
    high_b = length_b - 1
    for r in range(len(pieces)):
        if r == k or pieces[r, OWNER] != r or pieces[r, PIECE_LEVEL] == 0:
            continue
        if pieces[r, LAST_A] < pieces[k, FIRST_A]:
            low_a = max(low_a, pieces[r, LAST_A] + 1)
        if pieces[r, FIRST_A] > pieces[k, LAST_A]:
            high_a = min(high_a, pieces[r, FIRST_A] - 1)
        if pieces[r, LAST_B] < pieces[k, FIRST_B]:
            low_b = max(low_b, pieces[r, LAST_B] + 1)
        if pieces[r, FIRST_B] > pieces[k, LAST_B]:
            high_b = min(high_b, pieces[r, FIRST_B] - 1)
    return Stretch(low_a, high_a, low_b, high_b)


@njit_uncounted
def grow_region(row, capacity, a, b, least_like, used):
    """Grow a region (a row of int64) at both ends inside ``capacity``; tell whether a grew.

    ``a`` and ``b`` are ``Side``, ``used`` (bool) is scratch.
    """
    # A short quote must not swallow its surroundings.
    extent = min(row[LAST_A] - row[FIRST_A], row[LAST_B] - row[FIRST_B]) + 1
    window = min(WINDOW, extent) if extent >= LEAST_WINDOW else 0
    end = End(row[LAST_A], row[LAST_B], capacity.high_a, capacity.high_b, window, FORWARD)
    i, j = grow(a, b, end, least_like, used)
    begin = End(row[FIRST_A], row[FIRST_B], capacity.low_a, capacity.low_b, window, BACKWARD)
    x, y = grow(a, b, begin, least_like, used)
    grown = i != row[LAST_A] or x != row[FIRST_A]
    row[FIRST_A] = x
    row[LAST_A] = i
    row[FIRST_B] = y
    row[LAST_B] = j
    return grown


@njit_uncounted
def grow_regions(pieces, a, b, least_like, scratch):
    """Grow accepted regions at both ends as far as the next one allows; tell whether any grew.

    ``pieces``, ``a`` and ``b`` as in ``join_pieces``.
    """
    grown = False
    for k in range(len(pieces)):
        if (
            pieces[k, OWNER] != k
            or pieces[k, PIECE_LEVEL] < MEDIUM
            or is_close(pieces[k], CLOSE_DENSITY)
        ):
            continue
        capacity = room_to_grow(k, pieces, len(a.words), len(b.words))
        if grow_region(pieces[k], capacity, a, b, least_like, scratch.used):
            grown = True
    return grown


@njit_uncounted
def to_boundary(i, step, flags, used, stamp):
    """Return where a sentence or a quotation ends, at most ``SNAP`` tokens from ``i``, or -1.

    ``flags`` (uint8) are those of the tokens. Tokens of other passages (that hold ``stamp`` in
    ``used``, int64) are not passed.
    """
    for k in range(SNAP + 1):
        at = i + step * k
        if k > 0 and used[at] == stamp:
            return -1
        beyond = at + step
        if beyond < 0 or beyond == len(flags):
            return at
        if flags[beyond if step > 0 else at] & STARTS_SENTENCE != 0:
            return at
        if (flags[beyond] ^ flags[at]) & QUOTED != 0:
            return at
    return -1


@njit_uncounted
def snap_region(row, a, b, scratch):
    """Let a re-worded passage end where sentences end on both sides, if they do so near by.

    ``row`` (int64) is that of the region, ``a`` and ``b`` are ``Side``.
    """
    if is_close(row, SNAP_DENSITY):
        return
    stamp = scratch.stamp[0]
    for column_a, column_b, step in ((FIRST_A, FIRST_B, BACKWARD), (LAST_A, LAST_B, FORWARD)):
        i = to_boundary(row[column_a], step, a.flags, scratch.used_a, stamp)
        j = to_boundary(row[column_b], step, b.flags, scratch.used_b, stamp)
        if i >= 0 and j >= 0:
            row[column_a] = i
            row[column_b] = j


@njit_uncounted
def enter_path(k, pieces, scratch, stamp):
    """Enter the aligned matches of region ``k`` into ``scratch.mate``; tell whether they ascend.

    ``pieces`` as in ``join_pieces``; tokens of b that are matched get ``stamp``.
    """
    in_order = True
    before = -1
    for p in range(len(pieces)):
        if pieces[p, OWNER] == k:
            for x in range(pieces[p, PATH_START], pieces[p, PATH_END]):
                j = scratch.path_b[x]
                scratch.mate[scratch.path_a[x]] = j
                scratch.used_b[j] = stamp
                in_order = in_order and j > before
                before = max(before, j)
    return in_order


@njit_uncounted
def fill_region(k, pieces, a, b, scratch):
    """Enter the matches of region ``k`` into ``scratch.mate``, in its gaps those in any order too.

    ``pieces``, ``a`` and ``b`` as in ``join_pieces``. Tokens of b that are matched get
    the stamp after that of the pair.
    """
    stamp = scratch.stamp[0] + 1
    mate, taken = scratch.mate, scratch.used_b
    low_a = pieces[k, FIRST_A]
    low_b = pieces[k, FIRST_B]
    high_a = pieces[k, LAST_A] + 1
    high_b = pieces[k, LAST_B] + 1
    if enter_path(k, pieces, scratch, stamp):
        for p in range(len(pieces)):
            if pieces[p, OWNER] != k:
                continue
            for x in range(pieces[p, PATH_START], pieces[p, PATH_END]):
                i = scratch.path_a[x]
                j = scratch.path_b[x]
                if i > low_a and j > low_b:  # a call costs more than to look
                    fill_gap(a, b, Stretch(low_a, i, low_b, j), mate, taken, stamp)
                low_a = i + 1
                low_b = j + 1
    fill_gap(a, b, Stretch(low_a, high_a, low_b, high_b), mate, taken, stamp)


@njit_uncounted
def fill_gap(a, b, gap, mate, taken, stamp):
    """Match the content words of a ``Stretch`` in parts of ``BAG`` tokens, which bound the work.

    ``a``, ``b``, ``mate``, ``taken`` and ``stamp`` as in ``bag_matches``.
    """
    lo_a, hi_a, lo_b, hi_b = gap
    n = hi_a - lo_a
    m = hi_b - lo_b
    if n <= 0 or m <= 0:
        return
    parts = (max(n, m) + BAG - 1) // BAG
    for part in range(parts):
        here = Stretch(
            *(lo_a + n * part // parts, lo_a + n * (part + 1) // parts),
            *(lo_b + m * part // parts, lo_b + m * (part + 1) // parts),
        )
        bag_matches(a, b, here, mate, taken, stamp)
