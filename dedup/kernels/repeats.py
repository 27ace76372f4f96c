"""Blocks and runs of tokens that stand a second time in their document.

Every search is one pass over the tokens of a document with a hash table of what is searched for,
so that the work grows with the length of the document and not with its square. Runs are compared
through prefix hashes ``P[t + 1] = P[t] * BASE + hash[t]`` (mod 2**64), one step for any length:
``run(p, n) = P[p + n] - P[p] * BASE**n``. Tables are not cleared between documents: a slot counts
only under the stamp of its document.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from dedup.kernels._jit import njit_uncounted
from dedup.kernels.text import mix

HEAD = 8  # tokens by which a searched run is found; no shorter run is searched for
_CROWD = 16  # different runs with one head that are told apart; more are left alone
_BASE = np.uint64(0x9FB21C651E98DF25)

RUN, ADJACENT, LEAD, FAR = 1, 2, 3, 4  # why a block counts as a copy
RUN_WORDS = 25  # a shorter run is no paste
FAR_WORDS = 60  # so much running prose is written once
PROSE_WORDS = 20  # on average in the blocks of a run
HEADING_WORDS = 12


class Prefix(NamedTuple):
    """The prefix hashes of all tokens, one more than these, and the powers of the base (uint64)."""

    sums: Any
    powers: Any


class Table(NamedTuple):
    """An open hash table of a power of two places; what another ``stamp`` wrote is free."""

    keys: Any  # uint64
    stamps: Any  # int64
    values: Any  # int64


class Search(NamedTuple):
    """One search for runs: what is looked for, where, and what was found; one of each a block."""

    bounds: Any  # int64, one more than documents: those of document ``r`` are ``r:r + 2``
    lows: Any  # int64: the first token
    highs: Any  # int64, one behind the last
    prefix: Prefix
    sizes: Any  # int64: how many tokens, from the first on, are looked for
    usable: Any  # bool: a run may stand in the block
    table: Table  # by the first ``HEAD`` tokens: the block whose run came first
    chain: Any  # int64: the block of another run with the same head, -1 for none
    alias: Any  # int64: the block that stands for this run
    capacity: Any  # int64: tokens of the longest block that holds the run
    within: Any  # int64, written: the first token of a run inside one block, -1 for none
    across: Any  # int64, written: … of a run that crosses into the next block


class Blocks(NamedTuple):
    """The blocks of documents as the rules on copies look at them."""

    bounds: Any  # int64, one more than documents, as in ``Search``
    lows: Any  # int64: the first token
    highs: Any  # int64, one behind the last
    words: Any  # int32
    keys: Any  # uint64: the hash of a block
    hashes: Any  # uint64: those of all tokens
    prose: Any  # bool, one a block: sentences and no questions
    ends_sentence: Any  # bool
    usable: Any  # bool: neither gone already nor left aside


class Copies(NamedTuple):
    """What each block repeats, -1 for nothing, and by which rule (int64, one a block)."""

    source: Any
    why: Any


class Run(NamedTuple):
    """A run of ``n`` blocks at place ``k`` of ``order`` that stood at ``j`` before (int64)."""

    j: Any
    k: Any
    n: Any
    size: Any  # words


@njit_uncounted
def prefix_hashes(hashes, prefix):
    """Write the ``Prefix`` hashes of all tokens (uint64) and the powers of the base."""
    sums, powers = prefix
    sums[0] = np.uint64(0)
    for t in range(len(hashes)):
        sums[t + 1] = sums[t] * _BASE + hashes[t]
    powers[0] = np.uint64(1)
    for n in range(1, len(powers)):
        powers[n] = powers[n - 1] * _BASE


@njit_uncounted
def _run(prefix, position, size):
    """Return the hash of the ``size`` tokens from ``position`` on."""
    return prefix.sums[position + size] - prefix.sums[position] * prefix.powers[size]


@njit_uncounted
def _slot(table, stamp, key):
    """Return the slot that holds ``key`` under ``stamp``, or the free one it would take."""
    mask = np.uint64(len(table.keys) - 1)
    slot = (key ^ (key >> np.uint64(29))) & mask
    while table.stamps[slot] == stamp and table.keys[slot] != key:
        slot = (slot + np.uint64(1)) & mask
    return slot


@njit_uncounted
def _first(table, stamp, key, value):
    """Enter ``value`` under ``key`` unless there is one; return the one that is there then."""
    slot = _slot(table, stamp, key)
    if table.stamps[slot] != stamp:
        table.stamps[slot] = stamp
        table.keys[slot] = key
        table.values[slot] = value
    return table.values[slot]


@njit_uncounted
def _enter(line, search, stamp):
    """Enter a searched run under its head; return the block that already stands for it, or it."""
    lows, sizes, prefix, chain = search.lows, search.sizes, search.prefix, search.chain
    other = _first(search.table, stamp, _run(prefix, lows[line], HEAD), line)
    if other == line:
        return line
    size = sizes[line]
    whole = _run(prefix, lows[line], size)
    depth = 0
    while True:
        if sizes[other] == size and _run(prefix, lows[other], size) == whole:
            return other
        depth += 1
        if chain[other] < 0:
            if depth < _CROWD:
                chain[other] = line
            return line
        other = chain[other]


@njit_uncounted
def _enter_runs(low, high, search, stamp):
    """Enter the searched runs of the blocks ``low:high``; tell whether there are any."""
    searched = False
    for b in range(low, high):
        search.within[b] = -1
        search.across[b] = -1
        search.chain[b] = -1
        search.capacity[b] = 0
        search.alias[b] = b
        if search.sizes[b] >= HEAD:
            searched = True
            search.alias[b] = _enter(b, search, stamp)
    return searched


@njit_uncounted
def _find_in(c, reach, search, stamp):
    """Note the searched runs that begin in block ``c`` and end at token ``reach`` at the latest."""
    lows, highs, sizes = search.lows, search.highs, search.sizes
    prefix, table = search.prefix, search.table
    longest = highs[c] - lows[c]
    for p in range(min(highs[c], reach - HEAD + 1) - 1, lows[c] - 1, -1):
        slot = _slot(table, stamp, _run(prefix, p, HEAD))
        if table.stamps[slot] != stamp:
            continue
        q = table.values[slot]
        while q >= 0:
            n = sizes[q]
            if (
                p + n <= reach
                and (p + n <= lows[q] or p >= highs[q])
                and _run(prefix, p, n) == _run(prefix, lows[q], n)
            ):
                if p + n > highs[c]:
                    search.across[q] = p
                elif longest >= search.capacity[q]:
                    search.capacity[q] = longest
                    search.within[q] = p
            q = search.chain[q]


@njit_uncounted
def find_runs(rows, search):
    """Find where the first ``sizes[b]`` tokens of block ``b`` stand elsewhere in its document.

    ``search`` is ``Search``, ``rows`` (int64) are the documents. ``within[b]`` is the first token
    of a run inside one usable block at least as long (the longest such, the first of equals),
    ``across[b]`` of the first run that crosses from one usable block into the next; -1 where there
    is none. Sizes under ``HEAD`` are not searched for.
    """
    for r in range(len(rows)):
        low, high = search.bounds[rows[r]], search.bounds[rows[r] + 1]
        if not _enter_runs(low, high, search, r + 1):
            continue
        reach = np.int64(-1)
        for c in range(high - 1, low - 1, -1):
            if not search.usable[c]:
                reach = np.int64(-1)
                continue
            if reach < 0:
                reach = search.highs[c]
            _find_in(c, reach, search, r + 1)
        for b in range(low, high):
            if search.alias[b] != b:
                search.within[b] = search.within[search.alias[b]]
                search.across[b] = search.across[search.alias[b]]


@njit_uncounted
def _same_line(a, b, blocks):
    """Compare two blocks token by token; ``blocks`` are ``Blocks``."""
    lows, highs, hashes = blocks.lows, blocks.highs, blocks.hashes
    size = highs[a] - lows[a]
    if blocks.keys[a] != blocks.keys[b] or highs[b] - lows[b] != size:
        return False
    for k in range(size):
        if hashes[lows[a] + k] != hashes[lows[b] + k]:
            return False
    return True


@njit_uncounted
def _is_heading(b, blocks):
    """Tell whether a block is a line above others: short, and no sentence."""
    return blocks.words[b] < HEADING_WORDS and not blocks.ends_sentence[b]


@njit_uncounted
def _is_pasted(run, order, source, total, blocks):
    """Tell whether a ``Run`` is a paste; ``total`` are the words of its document.

    What a template pastes begins where the page begins. A chorus, a timetable or a clause stands
    under another heading, or is made of short lines, and is meant. ``order`` and ``source`` as in
    ``find_copies``.
    """
    j, k, n, size = run
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
    return not (_is_heading(order[j - 1], blocks) and _is_heading(order[k - 1], blocks))


@njit_uncounted
def _order_blocks(row, blocks, order, copies):
    """Write the usable blocks of a document to ``order``; return how many, and their words."""
    count = 0
    total = 0
    for b in range(blocks.bounds[row], blocks.bounds[row + 1]):
        copies.source[b] = -1
        copies.why[b] = 0
        if blocks.usable[b] and blocks.highs[b] > blocks.lows[b]:
            order[count] = b
            count += 1
            total += blocks.words[b]
    return count, total


@njit_uncounted
def _find_pasted(order, total, blocks, table, stamp, copies):
    """Find runs of two or more blocks that were pasted; ``order`` are the blocks of a document.

    ``total`` are their words; the rest as in ``find_copies``.
    """
    hashes = blocks.keys
    for k in range(len(order) - 1):
        _first(table, stamp, mix(hashes[order[k]], hashes[order[k + 1]]), k)
    k = 1
    while k < len(order) - 1:
        pair = mix(hashes[order[k]], hashes[order[k + 1]])
        j = table.values[_slot(table, stamp, pair)]
        n = 0
        size = 0
        while j + n < k and k + n < len(order) and _same_line(order[j + n], order[k + n], blocks):
            size += blocks.words[order[k + n]]
            n += 1
        if n >= 2 and _is_pasted(Run(j, k, n, size), order, copies.source, total, blocks):
            for m in range(n):
                copies.source[order[k + m]] = order[j + m]
                copies.why[order[k + m]] = RUN
        # What was compared at length is not compared again from its second block on.
        k += n if n >= 2 and size >= RUN_WORDS else 1


@njit_uncounted
def _rule_of(m, k, order, blocks):
    """Return the rule by which the block at place ``k`` may repeat that at ``m``, 0 for none."""
    words = blocks.words[order[k]]
    if words >= FAR_WORDS:
        return FAR
    if m < 2 and k == len(order) - 1 and words >= 20:
        return LEAD
    if m < 2 and k < 5 and words >= 15:
        under_headings = m == 1 and _is_heading(order[0], blocks)
        if not (under_headings and _is_heading(order[k - 1], blocks)):
            return LEAD
    return 0


@njit_uncounted
def _find_single(order, blocks, table, stamp, copies):
    """Find single blocks of prose that stand a second time; as in ``_find_pasted``."""
    words, hashes = blocks.words, blocks.keys
    for k in range(len(order)):
        b = order[k]
        if not blocks.prose[b]:
            continue
        m = _first(table, stamp, hashes[b], k)
        if m == k or copies.source[b] >= 0:
            continue
        kept = order[m]
        rule = _rule_of(m, k, order, blocks)
        if words[b] >= 12 and _same_line(order[k - 1], b, blocks):
            kept = order[k - 1]
            rule = ADJACENT
        if rule > 0 and _same_line(kept, b, blocks):
            copies.source[b] = kept
            copies.why[b] = rule


@njit_uncounted
def find_copies(rows, blocks, table, order, copies):
    """Write to ``copies.source[b]`` the block that ``b`` repeats, or -1, and why: the rule.

    RUN: ``b`` is part of a run of two or more blocks that was pasted (``_is_pasted``). The other
    rules look at prose only. ADJACENT: 12 or more words, equal to the block before. LEAD: 15 or
    more words, equal to the first or second block, and among the first five blocks, not under a
    heading of its own; or 20 or more words and the last block. FAR: 60 or more words, anywhere.

    ``rows`` (int64) are the documents, ``blocks`` their ``Blocks``, ``copies`` are ``Copies``;
    ``table`` (``Table``, fresh) and ``order`` (int64, one a block) are written on the way.
    """
    for r in range(len(rows)):
        count, total = _order_blocks(rows[r], blocks, order, copies)
        own = order[:count]
        _find_pasted(own, total, blocks, table, 2 * r + 1, copies)
        _find_single(own, blocks, table, 2 * r + 2, copies)
        for k in range(1, count):  # what repeats a copy repeats what that one repeats
            source = copies.source[own[k]]
            if source >= 0 and copies.source[source] >= 0:
                copies.source[own[k]] = copies.source[source]


@njit_uncounted
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
