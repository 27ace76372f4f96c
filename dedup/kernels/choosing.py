"""What most members of a cluster hold, who goes on where another ends, whom a third one links."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from dedup.kernels._jit import njit
from dedup.kernels.clusters import root
from dedup.kernels.shingles import table_size

HELD = 0.95  # of a part stands in the text that goes on where it ends …
TAIL = 0.5  # … by at most so much of its size, …
LATE = 0.9  # … of which so much stands behind …
BEFORE = 0.98  # … so much of what the two share


@njit
def count_shared(values, offsets, members, bounds, weights, shared):
    """Count the shingles of each member that members of at least half the group's weight hold.

    ``values`` (uint64) are distinct shingles, those of set ``s`` in ``offsets[s]:offsets[s + 1]``
    (int64). ``members`` (int64) names the set of each member, ``weights`` (int64, at least 1) how
    many documents it stands for; group ``g`` has the members ``bounds[g]:bounds[g + 1]``. The
    counts go to ``shared`` (int64, one a member).
    """
    keys = np.empty(16, np.uint64)
    sums = np.empty(16, np.int64)
    for group in range(len(bounds) - 1):
        total = 0
        weight = 0
        for m in range(bounds[group], bounds[group + 1]):
            total += offsets[members[m] + 1] - offsets[members[m]]
            weight += weights[m]
        size = table_size(total)
        if size > len(keys):
            keys = np.empty(size, np.uint64)
            sums = np.empty(size, np.int64)
        sums[:size] = 0
        mask = np.intp(size - 1)
        for m in range(bounds[group], bounds[group + 1]):
            for i in range(offsets[members[m]], offsets[members[m] + 1]):
                slot = np.intp(values[i] & np.uint64(mask))
                while sums[slot] != 0 and keys[slot] != values[i]:
                    slot = (slot + 1) & mask
                keys[slot] = values[i]
                sums[slot] += weights[m]
        for m in range(bounds[group], bounds[group + 1]):
            count = 0
            for i in range(offsets[members[m]], offsets[members[m] + 1]):
                slot = np.intp(values[i] & np.uint64(mask))
                while keys[slot] != values[i]:
                    slot = (slot + 1) & mask
                count += 2 * sums[slot] >= weight
            shared[m] = count


@njit
def find_linked(a, b, neighbours, bounds, linked):
    """Tell of pairs (``a[i]``, ``b[i]``) whether a third document is a neighbour of both.

    The neighbours of document ``d`` are ``neighbours[bounds[d]:bounds[d + 1]]`` (int64, ascending);
    ``linked`` (bool, one a pair) gets the answers.
    """
    for i in range(len(a)):
        one = bounds[a[i]]
        two = bounds[b[i]]
        linked[i] = False
        while one < bounds[a[i] + 1] and two < bounds[b[i] + 1]:
            if neighbours[one] == neighbours[two]:
                linked[i] = True
                break
            if neighbours[one] < neighbours[two]:
                one += 1
            else:
                two += 1


@njit
def group_parts(parts, bounds, neighbours, starts, groups):
    """Group the parts of each holder that are linked with each other, directly or by others.

    The parts of holder ``h`` are the documents ``parts[bounds[h]:bounds[h + 1]]`` (int64), the
    neighbours of document ``d`` ``neighbours[starts[d]:starts[d + 1]]``. ``groups`` (int64, one a
    part) gets the place of the first part of the same holder that each is linked with.
    """
    place = np.full(len(starts) - 1, -1, np.int64)
    for h in range(len(bounds) - 1):
        for i in range(bounds[h], bounds[h + 1]):
            place[parts[i]] = i
            groups[i] = i
        for i in range(bounds[h], bounds[h + 1]):
            for k in range(starts[parts[i]], starts[parts[i] + 1]):
                j = place[neighbours[k]]
                if j >= 0:
                    one = root(groups, i)
                    two = root(groups, j)
                    groups[max(one, two)] = min(one, two)
        for i in range(bounds[h], bounds[h + 1]):
            groups[i] = root(groups, i)
            place[parts[i]] = -1


class ValueSet(NamedTuple):
    """The shingles of a text as an open hash table."""

    keys: Any  # uint64
    used: Any  # bool: places that are taken
    mask: Any  # int64: places that are used, a power of two, less one


@njit
def fill_table(values, low, high, keys, used):
    """Return the ``ValueSet`` of ``values[low:high]`` (uint64), in ``keys`` and ``used``.

    These must have ``table_size(high - low)`` places at least; more are left alone.
    """
    size = table_size(high - low)
    used[:size] = False
    mask = np.intp(size - 1)
    for i in range(low, high):
        slot = np.intp(values[i] & np.uint64(mask))
        while used[slot] and keys[slot] != values[i]:
            slot = (slot + 1) & mask
        used[slot] = True
        keys[slot] = values[i]
    return ValueSet(keys, used, mask)


@njit
def is_in(value, table):
    """Tell whether a value is in a ``ValueSet``."""
    slot = np.intp(value & np.uint64(table.mask))
    while table.used[slot] and table.keys[slot] != value:
        slot = (slot + 1) & table.mask
    return table.used[slot]


@njit
def goes_on(values, low, high, part, table):
    """Tell whether the text ``values[low:high]`` is a part that goes on at its end.

    ``table`` is the ``ValueSet`` of the part. Shingles stand in the order of the text. ``HELD`` of
    the ``part`` (its number of shingles) stand in the text, what is new is at most ``TAIL`` of the
    part, and ``LATE`` of it stands behind ``BEFORE`` of what the two share.
    """
    shared = 0
    for i in range(low, high):
        shared += is_in(values[i], table)
    new = high - low - shared
    if new == 0 or shared < HELD * part or new > TAIL * part:
        return False
    met = 0
    behind = 0
    for i in range(low, high):
        if is_in(values[i], table):
            met += 1
        elif met >= BEFORE * shared:
            behind += 1
    return behind >= LATE * new


@njit
def follow_parts(values, offsets, ranked, bounds, ends, chosen):
    """Follow the best member of each group to those that go on where it ends.

    Sets are as in ``count_shared``. ``ranked`` (int64) names the set of each member, best first;
    those of group ``g`` from ``bounds[g]`` up to ``ends[g]`` may be chosen. ``chosen`` (int64, one
    a group) gets the place in ``ranked`` of the member at which it ends.
    """
    longest = 0
    for s in ranked:
        longest = max(longest, offsets[s + 1] - offsets[s])
    keys = np.empty(table_size(longest), np.uint64)
    used = np.empty(len(keys), np.bool_)
    for group in range(len(bounds) - 1):
        place = bounds[group]
        chosen[group] = place
        own = ranked[place]
        table = fill_table(values, offsets[own], offsets[own + 1], keys, used)
        for next in range(bounds[group] + 1, ends[group]):
            other = ranked[next]
            part = offsets[own + 1] - offsets[own]
            if goes_on(values, offsets[other], offsets[other + 1], part, table):
                own = other
                chosen[group] = next
                table = fill_table(values, offsets[own], offsets[own + 1], keys, used)
