"""Aligned pieces to regions: what continues what, and how far re-worded text belongs to it.

A piece is (first a, last a, first b, last b, level, tokens, weight in thousandths, quote, path
start, path end), positions being tokens of the documents, both inclusive. Text is compared as bags
of telling words here, in whatever order they stand.
"""

from __future__ import annotations

import numpy as np

from dedup.kernels._jit import njit
from dedup.kernels.align import BACKWARD, FORWARD
from dedup.kernels.text import QUOTED, STARTS_LINE, STARTS_SENTENCE

MEDIUM = 2  # the level from which a piece stands by itself
CONTENT_WEIGHT = np.float32(0.3)  # weight from which a word says something by itself
CLOSE_DENSITY = 0.85  # a passage copied so closely ends where the alignment ends
PARAGRAPH, PARAGRAPH_DENSITY = 40, 0.7  # matched tokens, density: in another order it stays alone
SHUFFLE_GAP, SHUFFLE_LIKE = 60, 0.5  # between sentences in another order; Dice of the whole
SMALL_GAP = 4  # tokens between two passages that are one
WIDE_GAP = 250  # tokens between two passages that can still be one
SLACK = 6  # tokens by which two passages that are one may overlap
SNAP, SNAP_DENSITY = 6, 0.95  # tokens to the end of a sentence; a closer copy stays as it is
LEAST_COMMON = 3  # telling words that re-worded text must have in common
LEAST_WINDOW = 20  # tokens a passage must have to grow
WINDOW = 40  # tokens a side that are compared beyond the end of a passage, at most


@njit
def content_words(w, lo, hi):
    """Count the tokens of a stretch that are neither stop words nor parts of long names."""
    count = 0
    for i in range(lo, hi):
        if w[i] >= CONTENT_WEIGHT:
            count += 1
    return count


@njit
def likeness(a, wa, lo_a, hi_a, b, wb, lo_b, hi_b, used):
    """Return (telling words in common, Dice coefficient of the telling words) of two stretches."""
    common = 0
    used[: hi_b - lo_b] = False
    for i in range(lo_a, hi_a):
        if wa[i] < CONTENT_WEIGHT:
            continue
        for j in range(lo_b, hi_b):
            if not used[j - lo_b] and b[j] == a[i] and wb[j] >= CONTENT_WEIGHT:
                used[j - lo_b] = True
                common += 1
                break
    total = content_words(wa, lo_a, hi_a) + content_words(wb, lo_b, hi_b)
    return common, (2.0 * common / total if total > 0 else 0.0)


@njit
def bag_matches(
    a,
    wa,
    lo_a,
    hi_a,
    b,
    wb,
    lo_b,
    hi_b,
    mate,
    taken,
    stamp,
):
    """Match telling words of two stretches in any order; return how many.

    ``mate`` gets the matches; ``taken`` holds ``stamp`` for tokens of ``b`` that are in use.
    """
    count = 0
    for i in range(lo_a, hi_a):
        if wa[i] < CONTENT_WEIGHT or mate[i] >= 0:
            continue
        for j in range(lo_b, hi_b):
            if b[j] == a[i] and wb[j] >= CONTENT_WEIGHT and taken[j] != stamp:
                mate[i] = j
                taken[j] = stamp
                count += 1
                break
    return count


@njit
def grow(
    a,
    wa,
    b,
    wb,
    i,
    j,
    step,
    limit_a,
    limit_b,
    window,
    least_like,
    used,
):
    """Move one end of a passage outward over re-worded text; return the new end (both inclusive).

    The next ``window`` tokens of both sides are compared as bags of telling words; the longest
    beginning of the windows that is alike enough joins the passage.
    """
    while True:
        n = min(window, abs(limit_a - i))
        m = min(window, abs(limit_b - j))
        if n < 3 or m < 3:
            return i, j
        used[: WINDOW + 1] = False
        found = 0
        words = 0
        far_a = 0
        far_b = 0
        best_a = 0
        best_b = 0
        done_b = 0
        for x in range(1, n + 1):
            at = i + step * x
            # Walk both sides at the same pace.
            until = (x * m + n - 1) // n
            for y in range(done_b + 1, until + 1):
                if wb[j + step * y] >= CONTENT_WEIGHT:
                    words += 1
                    # A token of b may belong to one of a already passed.
                    for z in range(1, x):
                        if (
                            wa[i + step * z] >= CONTENT_WEIGHT
                            and a[i + step * z] == b[j + step * y]
                            and not used[WINDOW + z]
                        ):
                            used[WINDOW + z] = True
                            used[y] = True
                            found += 1
                            far_a = max(far_a, z)
                            far_b = y
                            break
            done_b = until
            used[WINDOW + x] = False
            if wa[at] >= CONTENT_WEIGHT:
                words += 1
                for y in range(1, until + 1):
                    if (
                        not used[y]
                        and wb[j + step * y] >= CONTENT_WEIGHT
                        and b[j + step * y] == a[at]
                    ):
                        used[y] = True
                        used[WINDOW + x] = True
                        found += 1
                        far_a = x
                        far_b = max(far_b, y)
                        break
            if found >= LEAST_COMMON and 2.0 * found >= least_like * words:
                best_a = far_a
                best_b = far_b
        if best_a == 0 or best_b == 0:
            return i, j
        i += step * best_a
        j += step * best_b


@njit
def is_close(p, density):
    """Tell whether the aligned tokens of a passage are at least that share of its longer side."""
    return p[5] >= density * (max(p[1] - p[0], p[3] - p[2]) + 1)


@njit
def opens_lines(p, flags_a, flags_b):
    """Tell whether a passage begins within two tokens of the begin of a block on both sides."""
    found_a = False
    found_b = False
    for x in range(max(p[0] - 2, 0), min(p[0] + 3, len(flags_a))):
        found_a = found_a or flags_a[x] & STARTS_LINE != 0
    for y in range(max(p[2] - 2, 0), min(p[2] + 3, len(flags_b))):
        found_b = found_b or flags_b[y] & STARTS_LINE != 0
    return found_a and found_b


@njit
def is_shuffled(p, q, a, wa, flags_a, b, wb, flags_b, used):
    """Tell whether two passages in another order are sentences of one re-worded passage.

    Paragraphs that changed places are not: they stay passages of their own.
    """
    if (
        min(p[5], q[5]) >= PARAGRAPH
        and is_close(p, PARAGRAPH_DENSITY)
        and is_close(q, PARAGRAPH_DENSITY)
    ):
        return False
    if opens_lines(p, flags_a, flags_b) and opens_lines(q, flags_a, flags_b):
        return False
    apart_a = max(p[0], q[0]) - min(p[1], q[1]) - 1
    apart_b = max(p[2], q[2]) - min(p[3], q[3]) - 1
    if max(apart_a, apart_b) > SHUFFLE_GAP:
        return False
    lo_a = min(p[0], q[0])
    hi_a = max(p[1], q[1]) + 1
    lo_b = min(p[2], q[2])
    hi_b = max(p[3], q[3]) + 1
    if max(hi_a - lo_a, hi_b - lo_b) > len(used):
        return False
    _, like = likeness(a, wa, lo_a, hi_a, b, wb, lo_b, hi_b, used)
    return like >= SHUFFLE_LIKE


@njit
def continues(
    p,
    q,
    a,
    wa,
    flags_a,
    b,
    wb,
    flags_b,
    least_like,
    used,
    used_a,
    used_b,
    stamp,
):
    """Tell whether passage ``q`` continues ``p``: same order, and the gaps are small or alike.

    What belongs to other passages (``stamp``) must not fill the gap of either side.
    """
    gap_a = q[0] - p[1] - 1
    gap_b = q[2] - p[3] - 1
    back_a = p[0] - q[1] - 1
    back_b = p[2] - q[3] - 1
    if max(gap_a, back_a) < 0 and max(gap_b, back_b) < 0:
        return True  # they overlap on both sides
    if gap_a < -SLACK or gap_b < -SLACK:
        return is_shuffled(p, q, a, wa, flags_a, b, wb, flags_b, used)
    gap = max(gap_a, gap_b)
    if gap <= SMALL_GAP:
        return True
    if gap > WIDE_GAP:
        return False
    others = 0
    for x in range(p[1] + 1, q[0]):
        others += 1 if used_a[x] == stamp else 0
    for y in range(p[3] + 1, q[2]):
        others += 1 if used_b[y] == stamp else 0
    if 5 * others > gap:
        return False
    extent = min(p[1] - p[0], p[3] - p[2], q[1] - q[0], q[3] - q[2]) + 1
    if 2 * gap <= extent or (gap <= extent and min(gap_a, gap_b) <= SMALL_GAP):
        return True
    lo_a = p[1] + 1
    hi_a = max(q[0], lo_a)
    lo_b = p[3] + 1
    hi_b = max(q[2], lo_b)
    common, like = likeness(a, wa, lo_a, hi_a, b, wb, lo_b, hi_b, used)
    return common >= LEAST_COMMON and like >= least_like


@njit
def join_pieces(
    count,
    pieces,
    a,
    wa,
    flags_a,
    b,
    wb,
    flags_b,
    least_like,
    used,
    used_a,
    used_b,
    stamp,
    owner,
):
    """Join regions (in order of ``a``) that continue each other; ``owner`` names their first piece.

    The first piece of a region takes its extent, the sum of its tokens and its best level.
    """
    joined = False
    for k in range(count):
        if owner[k] != k:
            continue
        best = -1
        nearest = 1 << 60
        tried = 0
        r = k - 1
        while r >= 0 and tried < 16:
            if owner[r] == r:
                tried += 1
                if continues(
                    pieces[r],
                    pieces[k],
                    a,
                    wa,
                    flags_a,
                    b,
                    wb,
                    flags_b,
                    least_like,
                    used,
                    used_a,
                    used_b,
                    stamp,
                ):
                    gap = abs(pieces[k, 0] - pieces[r, 1]) + abs(pieces[k, 2] - pieces[r, 3])
                    if gap < nearest:
                        nearest = gap
                        best = r
            r -= 1
        if best < 0:
            continue
        joined = True
        pieces[best, 2] = min(pieces[best, 2], pieces[k, 2])
        for p in range(k, count):
            if owner[p] == k:
                owner[p] = best
        pieces[best, 1] = max(pieces[best, 1], pieces[k, 1])
        pieces[best, 3] = max(pieces[best, 3], pieces[k, 3])
        pieces[best, 4] = max(pieces[best, 4], pieces[k, 4])
        pieces[best, 5] += pieces[k, 5]
        pieces[best, 6] += pieces[k, 6]
        pieces[best, 7] = min(pieces[best, 7], pieces[k, 7])
    return joined


@njit
def grow_regions(
    count,
    pieces,
    owner,
    a,
    wa,
    b,
    wb,
    least_like,
    used,
):
    """Grow accepted regions at both ends as far as the next one allows; tell whether any grew."""
    grown = False
    for k in range(count):
        if owner[k] != k or pieces[k, 4] < MEDIUM or is_close(pieces[k], CLOSE_DENSITY):
            continue
        low_a = 0
        low_b = 0
        high_a = len(a) - 1
        high_b = len(b) - 1
        for r in range(count):
            if r == k or owner[r] != r or pieces[r, 4] == 0:
                continue
            if pieces[r, 1] < pieces[k, 0]:
                low_a = max(low_a, pieces[r, 1] + 1)
            if pieces[r, 0] > pieces[k, 1]:
                high_a = min(high_a, pieces[r, 0] - 1)
            if pieces[r, 3] < pieces[k, 2]:
                low_b = max(low_b, pieces[r, 3] + 1)
            if pieces[r, 2] > pieces[k, 3]:
                high_b = min(high_b, pieces[r, 2] - 1)
        # A short quote must not swallow its surroundings.
        extent = min(pieces[k, 1] - pieces[k, 0], pieces[k, 3] - pieces[k, 2]) + 1
        window = min(WINDOW, extent) if extent >= LEAST_WINDOW else 0
        i, j = grow(
            a,
            wa,
            b,
            wb,
            pieces[k, 1],
            pieces[k, 3],
            FORWARD,
            high_a,
            high_b,
            window,
            least_like,
            used,
        )
        grown = grown or i != pieces[k, 1]
        pieces[k, 1] = i
        pieces[k, 3] = j
        i, j = grow(
            a,
            wa,
            b,
            wb,
            pieces[k, 0],
            pieces[k, 2],
            BACKWARD,
            low_a,
            low_b,
            window,
            least_like,
            used,
        )
        grown = grown or i != pieces[k, 0]
        pieces[k, 0] = i
        pieces[k, 2] = j
    return grown


@njit
def to_boundary(i, step, flags, used, stamp):
    """Return where a sentence or a quotation ends, at most ``SNAP`` tokens from ``i``, or -1.

    Tokens of other passages (``stamp``) are not passed.
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


@njit
def snap_region(row, flags_a, flags_b, used_a, used_b, stamp):
    """Let a re-worded passage end where sentences end on both sides, if they do so near by."""
    if is_close(row, SNAP_DENSITY):
        return
    for column, step in ((0, BACKWARD), (1, FORWARD)):
        i = to_boundary(row[column], step, flags_a, used_a, stamp)
        j = to_boundary(row[column + 2], step, flags_b, used_b, stamp)
        if i >= 0 and j >= 0:
            row[column] = i
            row[column + 2] = j


@njit
def fill_region(
    k,
    count,
    pieces,
    owner,
    path_a,
    path_b,
    a,
    wa,
    b,
    wb,
    mate,
    taken,
    stamp,
):
    """Enter the matches of region ``k`` into ``mate``, those in any order in its gaps as well."""
    in_order = True
    before = -1
    for p in range(count):
        if owner[p] == k:
            for x in range(pieces[p, 8], pieces[p, 9]):
                mate[path_a[x]] = path_b[x]
                taken[path_b[x]] = stamp
                in_order = in_order and path_b[x] > before
                before = max(before, path_b[x])
    if not in_order:
        _fill_gap(
            a,
            wa,
            pieces[k, 0],
            pieces[k, 1] + 1,
            b,
            wb,
            pieces[k, 2],
            pieces[k, 3] + 1,
            mate,
            taken,
            stamp,
        )
        return
    done_a = pieces[k, 0] - 1
    done_b = pieces[k, 2] - 1
    for p in range(count):
        if owner[p] != k:
            continue
        for x in range(pieces[p, 8], pieces[p, 9]):
            i = path_a[x]
            j = path_b[x]
            if i > done_a + 1 and j > done_b + 1:  # a call costs more than to look
                _fill_gap(a, wa, done_a + 1, i, b, wb, done_b + 1, j, mate, taken, stamp)
            done_a = i
            done_b = j
    _fill_gap(
        a, wa, done_a + 1, pieces[k, 1] + 1, b, wb, done_b + 1, pieces[k, 3] + 1, mate, taken, stamp
    )


@njit
def _fill_gap(
    a,
    wa,
    lo_a,
    hi_a,
    b,
    wb,
    lo_b,
    hi_b,
    mate,
    taken,
    stamp,
):
    """Match what stands between two matches, in pieces that bound the work."""
    n = hi_a - lo_a
    m = hi_b - lo_b
    if n <= 0 or m <= 0:
        return
    parts = (max(n, m) + 4 * WIDE_GAP - 1) // (4 * WIDE_GAP)
    for part in range(parts):
        bag_matches(
            a,
            wa,
            lo_a + n * part // parts,
            lo_a + n * (part + 1) // parts,
            b,
            wb,
            lo_b + m * part // parts,
            lo_b + m * (part + 1) // parts,
            mate,
            taken,
            stamp,
        )
