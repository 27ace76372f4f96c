"""Blocks and runs of tokens that stand a second time in their document.

Every search is one pass over the tokens of a document with a hash table of what is searched for,
so that the work grows with the length of the document and not with its square. Runs are compared
through prefix hashes ``P[t + 1] = P[t] * BASE + hash[t]`` (mod 2**64), one step for any length:
``run(p, n) = P[p + n] - P[p] * BASE**n``. Tables are not cleared between documents: a slot counts
only under the stamp of its document.
"""

from __future__ import annotations

import numpy as np

from dedup.kernels._jit import njit
from dedup.kernels.text import mix

HEAD = 8  # tokens by which a searched run is found; no shorter run is searched for
_CROWD = 16  # different runs with one head that are told apart; more are left alone
_BASE = np.uint64(0x9FB21C651E98DF25)

RUN, ADJACENT, LEAD, FAR = 1, 2, 3, 4  # why a block counts as a copy
RUN_WORDS = 25  # a shorter run is no paste
FAR_WORDS = 60  # so much running prose is written once
PROSE_WORDS = 20  # on average in the blocks of a run
HEADING_WORDS = 12


@njit
def prefix_hashes(hashes, prefix, powers):
    """Write the prefix hashes of all tokens and the powers of the base."""
    prefix[0] = np.uint64(0)
    for t in range(len(hashes)):
        prefix[t + 1] = prefix[t] * _BASE + hashes[t]
    powers[0] = np.uint64(1)
    for n in range(1, len(powers)):
        powers[n] = powers[n - 1] * _BASE


@njit
def _run(prefix, powers, position, size):
    """Return the hash of the ``size`` tokens from ``position`` on."""
    return prefix[position + size] - prefix[position] * powers[size]


@njit
def _slot(keys, stamps, stamp, key):
    """Return the slot that holds ``key`` under ``stamp``, or the free one it would take."""
    mask = np.uint64(len(keys) - 1)
    slot = (key ^ (key >> np.uint64(29))) & mask
    while stamps[slot] == stamp and keys[slot] != key:
        slot = (slot + np.uint64(1)) & mask
    return slot


@njit
def _enter(line, lows, sizes, prefix, powers, keys, stamps, stamp, heads, chain):
    """Enter a searched run under its head; return the block that already stands for it, or it."""
    head = _run(prefix, powers, lows[line], HEAD)
    slot = _slot(keys, stamps, stamp, head)
    if stamps[slot] != stamp:
        stamps[slot] = stamp
        keys[slot] = head
        heads[slot] = line
        return line
    size = sizes[line]
    whole = _run(prefix, powers, lows[line], size)
    other = heads[slot]
    depth = 0
    while True:
        if sizes[other] == size and _run(prefix, powers, lows[other], size) == whole:
            return other
        depth += 1
        if chain[other] < 0:
            if depth < _CROWD:
                chain[other] = line
            return line
        other = chain[other]


@njit
def find_runs(
    rows,
    bounds,
    lows,
    highs,
    prefix,
    powers,
    sizes,
    usable,
    keys,
    stamps,
    heads,
    chain,
    alias,
    capacity,
    within,
    across,
):
    """Find where the first ``sizes[b]`` tokens of block ``b`` stand elsewhere in its document.

    ``within[b]`` is the first token of a run inside one usable block at least as long (the longest
    such, the first of equals), ``across[b]`` of the first run that crosses from one usable block
    into the next; -1 where there is none. Sizes under ``HEAD`` are not searched for.
    """
    for r in range(len(rows)):
        row = rows[r]
        stamp = r + 1
        low = bounds[row]
        high = bounds[row + 1]
        searched = False
        for b in range(low, high):
            within[b] = -1
            across[b] = -1
            chain[b] = -1
            capacity[b] = 0
            alias[b] = b
            if sizes[b] >= HEAD:
                searched = True
                alias[b] = _enter(b, lows, sizes, prefix, powers, keys, stamps, stamp, heads, chain)
        if not searched:
            continue
        reach = np.int64(-1)
        for c in range(high - 1, low - 1, -1):
            if not usable[c]:
                reach = np.int64(-1)
                continue
            if reach < 0:
                reach = highs[c]
            longest = highs[c] - lows[c]
            for p in range(min(highs[c], reach - HEAD + 1) - 1, lows[c] - 1, -1):
                head = _run(prefix, powers, p, HEAD)
                slot = _slot(keys, stamps, stamp, head)
                if stamps[slot] != stamp:
                    continue
                q = heads[slot]
                while q >= 0:
                    n = sizes[q]
                    if (
                        p + n <= reach
                        and (p + n <= lows[q] or p >= highs[q])
                        and _run(prefix, powers, p, n) == _run(prefix, powers, lows[q], n)
                    ):
                        if p + n > highs[c]:
                            across[q] = p
                        elif longest >= capacity[q]:
                            capacity[q] = longest
                            within[q] = p
                    q = chain[q]
        for b in range(low, high):
            if alias[b] != b:
                within[b] = within[alias[b]]
                across[b] = across[alias[b]]


@njit
def _same_line(a, b, lows, highs, line_hashes, hashes):
    size = highs[a] - lows[a]
    if line_hashes[a] != line_hashes[b] or highs[b] - lows[b] != size:
        return False
    for k in range(size):
        if hashes[lows[a] + k] != hashes[lows[b] + k]:
            return False
    return True


@njit
def _is_heading(b, words, ends_sentence):
    """Tell whether a block is a line above others: short, and no sentence."""
    return words[b] < HEADING_WORDS and not ends_sentence[b]


@njit
def _is_pasted(order, source, j, k, n, size, total, words, ends_sentence):
    """Tell whether the run of ``n`` blocks at ``k`` that stood at ``j`` is a paste.

    What a template pastes begins where the page begins. A chorus, a timetable or a clause stands
    under another heading, or is made of short lines, and is meant.
    """
    if size < RUN_WORDS:
        return False
    if j == 0:
        # All earlier text occurs again, once or several times.
        whole = n == k or source[order[k - 1]] == order[n - 1]
        if size >= 10 * n and (whole or size >= FAR_WORDS):
            return True
        return whole and 5 * size >= 2 * total
    if size < FAR_WORDS or size < PROSE_WORDS * n:
        return False
    above, before = order[j - 1], order[k - 1]
    return not (
        _is_heading(above, words, ends_sentence) and _is_heading(before, words, ends_sentence)
    )


@njit
def find_copies(
    rows,
    bounds,
    lows,
    highs,
    words,
    prose,
    ends_sentence,
    line_hashes,
    hashes,
    usable,
    keys,
    stamps,
    firsts,
    order,
    source,
    why,
):
    """Write to ``source[b]`` the block that ``b`` repeats, or -1, and to ``why[b]`` the rule.

    RUN: ``b`` is part of a run of two or more blocks that was pasted (``_is_pasted``). The other
    rules look at ``prose`` only, sentences and no questions. ADJACENT: 12 or more words, equal to
    the block before. LEAD: 15 or more words, equal to the first or second block, and among the
    first five blocks, not under a heading of its own; or 20 or more words and the last block.
    FAR: 60 or more words, anywhere.
    """
    for r in range(len(rows)):
        row = rows[r]
        stamp = 2 * r + 1
        count = 0
        total = 0
        for b in range(bounds[row], bounds[row + 1]):
            source[b] = -1
            why[b] = 0
            if usable[b] and highs[b] > lows[b]:
                order[count] = b
                count += 1
                total += words[b]
        for k in range(count - 1):
            pair = mix(line_hashes[order[k]], line_hashes[order[k + 1]])
            slot = _slot(keys, stamps, stamp, pair)
            if stamps[slot] != stamp:
                stamps[slot] = stamp
                keys[slot] = pair
                firsts[slot] = k
        k = 1
        while k < count - 1:
            pair = mix(line_hashes[order[k]], line_hashes[order[k + 1]])
            j = firsts[_slot(keys, stamps, stamp, pair)]
            n = 0
            size = 0
            while (
                j + n < k
                and k + n < count
                and _same_line(order[j + n], order[k + n], lows, highs, line_hashes, hashes)
            ):
                size += words[order[k + n]]
                n += 1
            if n >= 2 and _is_pasted(order, source, j, k, n, size, total, words, ends_sentence):
                for m in range(n):
                    source[order[k + m]] = order[j + m]
                    why[order[k + m]] = RUN
            # What was compared at length is not compared again from its second block on.
            k += n if n >= 2 and size >= RUN_WORDS else 1
        stamp += 1
        for k in range(count):
            b = order[k]
            if not prose[b]:
                continue
            slot = _slot(keys, stamps, stamp, line_hashes[b])
            if stamps[slot] != stamp:
                stamps[slot] = stamp
                keys[slot] = line_hashes[b]
                firsts[slot] = k
                continue
            if source[b] >= 0:
                continue
            m = firsts[slot]
            kept = order[m]
            rule = 0
            if words[b] >= FAR_WORDS:
                rule = FAR
            elif m < 2 and k == count - 1 and words[b] >= 20:
                rule = LEAD
            elif m < 2 and k < 5 and words[b] >= 15:
                rule = LEAD
                if m == 1 and _is_heading(order[0], words, ends_sentence):
                    if _is_heading(order[k - 1], words, ends_sentence):
                        rule = 0
            if words[b] >= 12 and _same_line(order[k - 1], b, lows, highs, line_hashes, hashes):
                kept = order[k - 1]
                rule = ADJACENT
            if rule > 0 and _same_line(kept, b, lows, highs, line_hashes, hashes):
                source[b] = kept
                why[b] = rule
        for k in range(1, count):  # what repeats a copy repeats what that one repeats
            b = order[k]
            if source[b] >= 0 and source[source[b]] >= 0:
                source[b] = source[source[b]]


@njit
def common_length(a, b, row):
    """Return the length of the longest common subsequence; ``row`` is scratch, ``len(b) + 1``."""
    row[:] = 0
    for i in range(len(a)):
        corner = row[0]
        for j in range(len(b)):
            above = row[j + 1]
            if a[i] == b[j]:
                row[j + 1] = corner + 1
            elif row[j] > above:
                row[j + 1] = row[j]
            corner = above
    return row[len(b)]
