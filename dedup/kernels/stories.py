"""Articles as vectors of their words, and which have so many in common that they may be a story.

Everything that is added up is a whole number, so the order of additions changes nothing. A *term*
is a folded word, or two neighbouring characters of a script without spaces. A *vector* holds terms
by number, ascending, and 14-bit values whose squares add up to about ``UNIT``.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from dedup.kernels._jit import njit, njit_uncounted, prefetch
from dedup.kernels.passages import ask_for
from dedup.kernels.stopwords import BLANK, NAME, STOP
from dedup.kernels.text import ADJOINS, DIGIT, LINK, SEED, UNSPACED, mix

MOST_TOKENS = 1000  # of an article that count
LEAD_TOKENS, LEAD_WEIGHT = 100, 3  # its first ones, and how often each of them counts
NUMBER = np.int32(-(1 << 31))  # marks the balance of a term that is a number
SCALE = 1 << 14  # length of a vector
UNIT = SCALE * SCALE  # similarity of two equal vectors
HEADS = 20  # heaviest terms of an article, by which its partners are sought
PARTNERS = 20  # of an article
LEAST_COMMON = 3  # terms of two partners
HEAVIER = np.int64((1 << 27) - 1)  # than any weight of a term: a logarithm times a logarithm
HEAVIEST_SUM = np.int64(1 << 40)  # than any sum of weights
NO_DAY = np.int32(-(1 << 31))  # of an article without a date
BUCKETS = 256  # in which the terms of a vector are sorted


class Source(NamedTuple):
    """The tokens of documents: ``hashes`` (uint64) to ``classes`` (uint8), as in ``text``."""

    hashes: npt.NDArray[np.uint64]
    starts: npt.NDArray[np.int32]
    ends: npt.NDArray[np.int32]
    flags: npt.NDArray[np.uint8]
    classes: npt.NDArray[np.uint8]
    bounds: npt.NDArray[np.int64]


class Terms(NamedTuple):
    """A hash table of all terms: 0 in ``keys`` (uint64, a power of two) is a free slot.

    ``documents`` (int32) counts those that have the term, ``balance`` (int32) how often it is a
    name more than a word (``NUMBER`` of a number).
    """

    keys: npt.NDArray[np.uint64]
    documents: npt.NDArray[np.int32]
    balance: npt.NDArray[np.int32]


class Bag(NamedTuple):
    """The terms of one document, in order of the first occurrence, and a table that finds them.

    ``slots`` (int32) is a table of places + 1; ``terms`` (uint64), ``counts`` and ``balance``
    (int32) hold a term each, of at most ``MOST_TOKENS``.
    """

    slots: npt.NDArray[np.int32]
    terms: npt.NDArray[np.uint64]
    counts: npt.NDArray[np.int32]
    balance: npt.NDArray[np.int32]


class Vectors(NamedTuple):
    """Vectors: that of row ``i`` is ``bounds[i]:bounds[i + 1]`` of ``terms`` and ``values``.

    ``terms`` are int32, ``values`` uint16, ``bounds`` int64.
    """

    bounds: npt.NDArray[np.int64]
    terms: npt.NDArray[np.int32]
    values: npt.NDArray[np.uint16]


class Weights(NamedTuple):
    """What terms weigh, by the table of terms (``keys``) and by how often they count.

    ``numbers`` (int32) are the terms of the slots by number, in order of their hashes: so which of
    equal terms comes first does not depend on which other terms there are. ``idf`` is the weight of
    each number, ``tf`` that of a count; a vector keeps ``most`` terms.
    """

    keys: npt.NDArray[np.uint64]
    numbers: npt.NDArray[np.int32]
    idf: npt.NDArray[np.int64]
    tf: npt.NDArray[np.int64]
    most: int


class Articles(NamedTuple):
    """Articles by vectors, heaviest terms (int32, -1 where fewer) and days (int32)."""

    vectors: Vectors
    heads: npt.NDArray[np.int32]
    days: npt.NDArray[np.int32]


class Scratch(NamedTuple):
    """What one thread writes while it looks for partners; all of the first and third is 0 between.

    ``scratch_for`` makes it.
    """

    partial: npt.NDArray[np.int64]  # an article each: the product of its heaviest terms
    touched: npt.NDArray[np.int32]  # an article each
    spread: npt.NDArray[np.int32]  # a term each: its value in one vector


class Postings(NamedTuple):
    """The articles of each term (int32), in order, and the value it has there (uint16)."""

    bounds: npt.NDArray[np.int64]
    articles: npt.NDArray[np.int32]
    values: npt.NDArray[np.uint16]


@njit_uncounted
def term_at(source, i, lo):
    """Return the term of token ``i`` of a document that begins at ``lo``, 0 where it has none."""
    if source.classes[i] == BLANK or source.flags[i] & LINK != 0:
        return np.uint64(0)
    if source.flags[i] & UNSPACED != 0:
        if i == lo or source.flags[i] & ADJOINS == 0 or source.flags[i - 1] & UNSPACED == 0:
            return np.uint64(0)
        before = source.classes[i - 1]
        if before == BLANK or (before == STOP and source.classes[i] == STOP):
            return np.uint64(0)
        return mix(mix(SEED, source.hashes[i - 1]), source.hashes[i])
    if source.classes[i] == STOP or source.ends[i] - source.starts[i] < 2:
        return np.uint64(0)
    return source.hashes[i]


@njit_uncounted
def home_of(table, key):
    """Return the slot of an open table of a power of two from which on a key is looked for."""
    return np.intp((key ^ (key >> np.uint64(29))) & np.uint64(len(table) - 1))


@njit_uncounted
def find_slot(table, key):
    """Return the slot of a key in an open table of a power of two, or the free one it would get."""
    mask = np.uint64(len(table) - 1)
    slot = np.uint64(home_of(table, key))
    while table[np.intp(slot)] != np.uint64(0) and table[np.intp(slot)] != key:
        slot = (slot + np.uint64(1)) & mask
    return np.intp(slot)


@njit_uncounted
def document_of(source, row):
    """Return the tokens of one document; an index into them is never negative, and so cheaper."""
    lo = source.bounds[row]
    hi = source.bounds[row + 1]
    places = source.starts[lo:hi], source.ends[lo:hi]
    return Source(
        source.hashes[lo:hi], *places, source.flags[lo:hi], source.classes[lo:hi], source.bounds
    )


@njit_uncounted
def fill_bag(source, row, bag):
    """Take the terms of a document into an empty bag; return how many, and how many tokens."""
    position = 0
    count = 0
    telling = 0
    mask = np.uint64(len(bag.slots) - 1)
    own = document_of(source, row)
    for i in range(len(own.hashes)):
        if own.classes[i] == BLANK:
            continue
        if position == MOST_TOKENS:
            break
        position += 1
        term = term_at(own, i, 0)
        if term == np.uint64(0):
            continue
        slot = (term ^ (term >> np.uint64(29))) & mask
        while bag.slots[np.intp(slot)] != 0:
            if bag.terms[bag.slots[np.intp(slot)] - 1] == term:
                break
            slot = (slot + np.uint64(1)) & mask
        place = bag.slots[np.intp(slot)] - 1
        if place < 0:
            place = count
            count += 1
            bag.slots[np.intp(slot)] = count
            bag.terms[place] = term
            bag.counts[place] = 0
            bag.balance[place] = 0
        telling += 1
        bag.counts[place] += LEAD_WEIGHT if position <= LEAD_TOKENS else 1
        if own.flags[i] & DIGIT != 0:
            bag.balance[place] = NUMBER
        elif bag.balance[place] != NUMBER:
            bag.balance[place] += 1 if own.classes[i] == NAME else -1
    return count, telling


@njit_uncounted
def empty_bag(bag):
    """Make a bag empty again."""
    bag.slots[:] = 0


@njit_uncounted
def count_terms(source, rows, at, bag, terms, telling):
    """Count the terms of ``rows`` until the table is half full.

    ``at`` is the place of the first row, and how many slots are used; what is returned says where
    to go on. ``telling`` (int64) gets how many tokens of each row are terms.
    """
    first, used = at
    for place in range(first, len(rows)):
        if 2 * (used + MOST_TOKENS) > len(terms.keys):
            return place, used
        count, telling[place] = fill_bag(source, rows[place], bag)
        for k in range(count):  # the table is large, and its lines come while others are asked for
            home = home_of(terms.keys, bag.terms[k])
            prefetch(terms.keys, home)
            prefetch(terms.documents, home)
            prefetch(terms.balance, home)
        for k in range(count):
            slot = find_slot(terms.keys, bag.terms[k])
            if terms.keys[slot] == np.uint64(0):
                terms.keys[slot] = bag.terms[k]
                used += 1
            terms.documents[slot] += 1
            if bag.balance[k] == NUMBER:
                terms.balance[slot] = NUMBER
            elif terms.balance[slot] != NUMBER:
                terms.balance[slot] += bag.balance[k]
        empty_bag(bag)
    return len(rows), used


@njit_uncounted
def move_terms(old, new):
    """Enter the terms of a table into a larger one that is empty."""
    for k in range(len(old.keys)):
        if old.keys[k] != np.uint64(0):
            slot = find_slot(new.keys, old.keys[k])
            new.keys[slot] = old.keys[k]
            new.documents[slot] = old.documents[k]
            new.balance[slot] = old.balance[k]


@njit_uncounted
def least_first(values, count, least):
    """Move the ``least`` smallest of the first ``count`` values (int64, all distinct) to the front.

    They come in no order, and which they are does not depend on that of the values (quickselect,
    Hoare 1961). Values change places without a branch, for none could be predicted.
    """
    low, high = 0, count
    while low < least < high:
        middle = (low + high) // 2
        pivot = values[middle]
        values[middle] = values[high - 1]
        store = low
        for i in range(low, high - 1):
            one = values[i]
            values[i] = values[store]
            values[store] = one
            store += np.int64(one < pivot)
        values[high - 1] = values[store]
        values[store] = pivot
        if store < least:
            low = store + 1
        else:
            high = store


@njit_uncounted
def sort_numbers(keys, most, starts, out):
    """Write ``keys`` (number << 32 | place, int64) to ``out`` in ascending order.

    Numbers are below ``most`` and follow hashes, so they are spread evenly: nearly each of the
    ``BUCKETS`` gets one or two, which little is left to sort of. ``starts`` (int64, one more than
    buckets) is written.
    """
    shift = 32
    while (most >> (shift - 32)) >= BUCKETS:
        shift += 1
    starts[:] = 0
    for key in keys:
        starts[(key >> shift) + 1] += 1
    for k in range(BUCKETS):
        starts[k + 1] += starts[k]
    for key in keys:
        bucket = key >> shift
        out[starts[bucket]] = key
        starts[bucket] += 1
    for k in range(1, len(keys)):
        key = out[k]
        at = k
        while at > 0 and out[at - 1] > key:
            out[at] = out[at - 1]
            at -= 1
        out[at] = key


@njit_uncounted
def write_vector(numbers, weights, order, most, sorting, out):
    """Write the vector of ``weights`` (int64, under 2^28) at the places ``order``.

    ``numbers`` (int32, below ``most``) are their terms. What rounds to nothing is left out; the
    terms come ascending in ``out``, (terms, values). ``sorting`` are two arrays of int64 for as
    many terms, and one for ``sort_numbers``. Returns how many were written.
    """
    keys, by_number, starts = sorting
    terms, values = out
    count = len(order)
    total = np.int64(0)
    for k in range(count):
        total += weights[order[k]] * weights[order[k]]
        keys[k] = (np.int64(numbers[order[k]]) << 32) | order[k]
    length = np.sqrt(np.float64(total))
    sort_numbers(keys[:count], most, starts, by_number)
    written = 0
    for k in range(count):
        place = by_number[k] & 0xFFFFFFFF
        value = np.int64(np.float64(weights[place] * SCALE) / length + 0.5)
        if value > 0:
            terms[written] = numbers[place]
            values[written] = value
            written += 1
    return written


@njit_uncounted
def weigh_terms(bag, count, weights_of, numbers, weights, ranked):
    """Write number and weight of each of ``count`` terms that has one; return how many have.

    ``ranked`` (int64) sorts them: the heaviest first, of equal ones that with the smaller hash. The
    tables are large: all that is read next is asked for before any of it is waited for.
    """
    keys, slot_numbers, idf, tf, _ = weights_of
    for k in range(count):
        prefetch(keys, home_of(keys, bag.terms[k]))
    for k in range(count):
        ranked[k] = find_slot(keys, bag.terms[k])
        prefetch(slot_numbers, ranked[k])
    for k in range(count):
        slot = ranked[k]
        numbers[k] = slot_numbers[slot] if keys[slot] != np.uint64(0) else np.int32(-1)
        if numbers[k] >= 0:
            prefetch(idf, np.int64(numbers[k]))
    kept = 0
    for k in range(count):
        number = numbers[k]
        weight = tf[bag.counts[k]] * idf[number] if number >= 0 else np.int64(0)
        if weight > 0:
            numbers[kept] = number
            weights[kept] = weight
            hashed = np.int64(bag.terms[k] >> np.uint64(38))
            ranked[kept] = (HEAVIER - weight) << 36 | hashed << 10 | kept
            kept += 1
    return kept


@njit
def weigh_rows(source, rows, weights_of, bag, out):
    """Write the vectors of ``rows`` to ``out``, and their heaviest terms by number to its heads.

    ``out`` is (bounds, terms, values, heads). A vector keeps its heaviest terms, of equal ones
    those with the smaller hash; ``heads`` (int32) is -1 where a row has fewer than ``HEADS``.
    """
    bounds, terms, values, heads = out
    at = np.int64(0)
    numbers = np.empty(MOST_TOKENS, np.int32)
    weights = np.empty(MOST_TOKENS, np.int64)
    ranked = np.empty(MOST_TOKENS, np.int64)
    sorting = (
        np.empty(MOST_TOKENS, np.int64),
        np.empty(MOST_TOKENS, np.int64),
        np.empty(BUCKETS + 1, np.int64),
    )
    for place in range(len(rows)):
        count, _ = fill_bag(source, rows[place], bag)
        kept = weigh_terms(bag, count, weights_of, numbers, weights, ranked)
        some, first = min(kept, weights_of.most), min(kept, HEADS)
        order = ranked[: max(some, first)]
        least_first(ranked, kept, len(order))
        least_first(order, len(order), first)
        order[:first].sort()
        for k in range(len(order)):
            order[k] &= 1023
        for k in range(HEADS):
            heads[place, k] = numbers[order[k]] if k < first else -1
        own = (terms[at:], values[at:])
        at += write_vector(numbers, weights, order[:some], len(weights_of.idf), sorting, own)
        bounds[place + 1] = at
        empty_bag(bag)


@njit_uncounted
def value_of(vectors, row, term):
    """Return the value of a term in the vector of ``row``, 0 where it has none."""
    lo = vectors.bounds[row]
    hi = vectors.bounds[row + 1]
    while lo < hi:
        middle = (lo + hi) // 2
        if vectors.terms[middle] < term:
            lo = middle + 1
        else:
            hi = middle
    if lo < vectors.bounds[row + 1] and vectors.terms[lo] == term:
        return np.int64(vectors.values[lo])
    return np.int64(0)


@njit_uncounted
def count_heads(heads, bounds):
    """Write where the postings of each term begin (``bounds``, int64, one more than terms)."""
    for row in range(len(heads)):
        for k in range(heads.shape[1]):
            if heads[row, k] >= 0:
                bounds[heads[row, k] + 1] += 1
    for term in range(len(bounds) - 1):
        bounds[term + 1] += bounds[term]


@njit
def fill_postings(heads, vectors, postings):
    """Write the articles of each head term, in order, and its value in each."""
    place = postings.bounds[:-1].copy()
    for row in range(len(heads)):
        for k in range(heads.shape[1]):
            term = heads[row, k]
            if term >= 0:
                postings.articles[place[term]] = row
                postings.values[place[term]] = value_of(vectors, row, term)
                place[term] += 1


@njit_uncounted
def product(vectors, a, b):
    """Return the product of two vectors and how many terms they have in common."""
    i = vectors.bounds[a]
    j = vectors.bounds[b]
    end_i = vectors.bounds[a + 1]
    end_j = vectors.bounds[b + 1]
    total = np.int64(0)
    common = 0
    while i < end_i and j < end_j:  # without a branch, for none could be predicted
        one = vectors.terms[i]
        two = vectors.terms[j]
        same = np.int64(one == two)
        total += same * np.int64(vectors.values[i]) * np.int64(vectors.values[j])
        common += same
        i += np.int64(one <= two)
        j += np.int64(two <= one)
    return total, common


@njit_uncounted
def spread_vector(vectors, row, spread):
    """Write the values of a vector by their terms to ``spread`` (int32, one a term, all 0)."""
    for i in range(vectors.bounds[row], vectors.bounds[row + 1]):
        spread[vectors.terms[i]] = vectors.values[i]


@njit_uncounted
def clear_vector(vectors, row, spread):
    """Take the values of a vector out of ``spread`` again."""
    for i in range(vectors.bounds[row], vectors.bounds[row + 1]):
        spread[vectors.terms[i]] = 0


@njit_uncounted
def product_with(vectors, row, spread):
    """Return as ``product`` does that of a vector with the one in ``spread``."""
    low, high = vectors.bounds[row], vectors.bounds[row + 1]
    terms, values = vectors.terms[low:high], vectors.values[low:high]
    total = np.int64(0)
    common = np.int64(0)
    for i in range(len(terms)):
        own = spread[np.uint32(terms[i])]  # an index that may be negative takes longer
        total += np.int64(own) * np.int64(values[i])
        common += np.int64(own != 0)
    return total, common


@njit_uncounted
def ask_for_vector(vectors, row):
    """Ask for the vector of ``row``, each line of the cache once: it is read soon."""
    low, high = vectors.bounds[row], vectors.bounds[row + 1]
    ask_for(vectors.terms, low, high)
    ask_for(vectors.values, low, high)


@njit_uncounted
def push_best(heap, size, value):
    """Take a value into a heap of the largest (int64, the least on top); return its size."""
    if size < len(heap):
        k = size
        heap[k] = value
        while k > 0 and heap[(k - 1) // 2] > heap[k]:
            up = (k - 1) // 2
            heap[k], heap[up] = heap[up], heap[k]
            k = up
        return size + 1
    if value <= heap[0]:
        return size
    heap[0] = value
    k = 0
    while 2 * k + 1 < size:
        down = 2 * k + 1
        if down + 1 < size and heap[down + 1] < heap[down]:
            down += 1
        if heap[k] <= heap[down]:
            break
        heap[k], heap[down] = heap[down], heap[k]
        k = down
    return size


@njit_uncounted
def add_candidates(a, articles, postings, limits, partial, touched):
    """Add up the products of ``a`` over its heaviest terms; return how many articles have some.

    ``partial`` (int64) is all 0 before; ``touched`` (int32) gets the articles where it is not.
    """
    vectors, heads, days = articles
    count = 0
    for k in range(heads.shape[1]):
        term = heads[a, k]
        if term < 0 or postings.bounds[term + 1] - postings.bounds[term] > limits[0]:
            continue
        own = value_of(vectors, a, term)
        for i in range(postings.bounds[term], postings.bounds[term + 1]):
            b = postings.articles[i]
            if b == a or own == 0 or postings.values[i] == 0:
                continue
            if days[a] != NO_DAY and days[b] != NO_DAY and abs(days[a] - days[b]) > limits[1]:
                continue
            if partial[b] == 0:
                touched[count] = b
                count += 1
            partial[b] += own * np.int64(postings.values[i])
    return count


def scratch_for(articles: int, terms: int) -> Scratch:
    """Return what one thread needs for so many articles and terms."""
    return Scratch(
        np.zeros(articles, np.int64), np.empty(articles, np.int32), np.zeros(terms, np.int32)
    )


@njit
def find_partners(part, articles, postings, limits, scratch, out):
    """Write the partners of some articles, the most alike first, of equals the first.

    ``part`` says which: from the first number up to the second. ``limits`` (int64) are: the longest
    posting list that counts, the most days between two partners, the least product, and the least
    of it that the heaviest terms make up. ``scratch`` is ``Scratch``. ``out`` is (partners int32,
    products int64), both of ``PARTNERS`` columns, -1 where there are fewer.
    """
    partners, products = out
    partial, touched, spread = scratch
    heap = np.empty(PARTNERS, np.int64)
    for a in range(part[0], part[1]):
        size = 0
        for k in range(add_candidates(a, articles, postings, limits, partial, touched)):
            b = touched[k]
            if partial[b] >= limits[3]:
                size = push_best(heap, size, (partial[b] << 31) | (0x7FFFFFFF - b))
            partial[b] = 0
        found = 0
        spread_vector(articles.vectors, a, spread)
        for k in range(size):  # the next one comes from memory while this one is multiplied
            if k == 0:
                ask_for_vector(articles.vectors, 0x7FFFFFFF - (heap[k] & 0x7FFFFFFF))
            if k + 1 < size:
                ask_for_vector(articles.vectors, 0x7FFFFFFF - (heap[k + 1] & 0x7FFFFFFF))
            b = 0x7FFFFFFF - (heap[k] & 0x7FFFFFFF)
            total, common = product_with(articles.vectors, b, spread)
            if total >= limits[2] and common >= LEAST_COMMON:
                heap[found] = (total << 31) | (0x7FFFFFFF - b)
                found += 1
        clear_vector(articles.vectors, a, spread)
        heap[:found].sort()
        partners[a, :] = -1
        products[a, :] = 0
        for k in range(found):
            partners[a, k] = 0x7FFFFFFF - (heap[found - 1 - k] & 0x7FFFFFFF)
            products[a, k] = heap[found - 1 - k] >> 31


@njit_uncounted
def merge_vector(terms, values, factor, summed, size, out):
    """Add a vector, times ``factor``, to ``size`` terms and sums; return how many there are then.

    ``terms`` (int32) and ``values`` (uint16) are the vector; ``summed`` and ``out`` are (terms
    int32, sums int64), and ``out`` is written.
    """
    numbers, weights = summed
    out_numbers, out_weights = out
    i, j, count = 0, 0, 0
    while i < size and j < len(terms):  # without a branch, for none could be predicted
        one, two = numbers[i], terms[j]
        first, second = np.int64(one <= two), np.int64(two <= one)
        out_numbers[count] = min(one, two)
        out_weights[count] = first * weights[i] + second * factor * np.int64(values[j])
        i += first
        j += second
        count += 1
    for k in range(i, size):
        out_numbers[count] = numbers[k]
        out_weights[count] = weights[k]
        count += 1
    for k in range(j, len(terms)):
        out_numbers[count] = terms[k]
        out_weights[count] = factor * np.int64(values[k])
        count += 1
    return count


@njit_uncounted
def add_vectors(vectors, members, factors, summed, other):
    """Write the sum of the vectors of ``members``, each times its factor; return how many terms.

    ``summed`` is (terms int32, ascending, and sums int64); ``other`` are two such arrays that are
    written on the way.
    """
    size = 0
    one, two = (summed, other) if len(members) % 2 == 0 else (other, summed)
    for k in range(len(members)):
        low, high = vectors.bounds[members[k]], vectors.bounds[members[k] + 1]
        terms, values = vectors.terms[low:high], vectors.values[low:high]
        size = merge_vector(terms, values, factors[k], one, size, two)
        one, two = two, one
    return size


@njit_uncounted
def keep_heaviest(summed, size, most, order):
    """Keep ``most`` terms of a sum in their order: the heaviest, of equal ones the first.

    ``summed`` is (terms int32, sums int64) of ``size`` terms; ``order`` (int64) is written.
    """
    numbers, weights = summed
    for k in range(size):
        order[k] = (HEAVIEST_SUM - weights[k]) << 20 | k
    least_first(order, size, most)
    last = order[0]
    for k in range(1, most):
        last = max(last, order[k])
    kept = 0
    for k in range(size):
        if (HEAVIEST_SUM - weights[k]) << 20 | k <= last:
            numbers[kept] = numbers[k]
            weights[kept] = weights[k]
            kept += 1


@njit_uncounted
def write_sum(summed, size, terms, values):
    """Write ``size`` terms and sums as a vector, as ``write_vector`` does."""
    numbers, weights = summed
    total = np.int64(0)
    for k in range(size):
        total += weights[k] * weights[k]
    length = np.sqrt(np.float64(total))
    written = 0
    for k in range(size):
        value = np.int64(np.float64(weights[k] * SCALE) / length + 0.5)
        if value > 0:
            terms[written] = numbers[k]
            values[written] = value
            written += 1
    return written


@njit
def expand_rows(low, high, vectors, near, shape, out):
    """Write the vectors ``low:high`` with those of their nearest partners added.

    A partner adds its vector times what its similarity is above the least one. ``near`` are the
    partners of each (int32, -1 where fewer) and their products (int64), and which articles are
    alone (bool): these get no vector. ``shape`` (int64) is how many partners add, the least
    product, and the most terms. ``out`` is (bounds, terms, values).
    """
    partners, products, alone = near
    bounds, terms, values = out
    at = np.int64(0)
    members = np.empty(shape[0] + 1, np.int64)
    factors = np.empty(shape[0] + 1, np.int64)
    room = (shape[0] + 1) * np.max(np.diff(vectors.bounds)) if len(vectors.bounds) > 1 else 0
    summed = np.empty(room, np.int32), np.empty(room, np.int64)
    other = np.empty(room, np.int32), np.empty(room, np.int64)
    for a in range(low, high):
        if alone[a]:
            bounds[a - low + 1] = at
            continue
        members[0] = a
        factors[0] = SCALE >> 4
        count = 1
        while count <= shape[0] and partners[a, count - 1] >= 0:
            members[count] = partners[a, count - 1]
            factors[count] = (products[a, count - 1] - shape[1]) >> 18
            count += 1
        size = add_vectors(vectors, members[:count], factors, summed, other)
        if size > shape[2]:
            keep_heaviest(summed, size, shape[2], other[1])
        at += write_sum(summed, min(size, shape[2]), terms[at:], values[at:])
        bounds[a - low + 1] = at


@njit_uncounted
def products_of(vectors, pairs, spread, out):
    """Write the product of each pair of vectors (int64); pairs of one first vector stand together.

    ``spread`` (int32, all 0) has room for one a term.
    """
    for k in range(len(pairs)):
        if k == 0 or pairs[k, 0] != pairs[k - 1, 0]:
            if k > 0:
                clear_vector(vectors, pairs[k - 1, 0], spread)
            spread_vector(vectors, pairs[k, 0], spread)
        out[k] = product_with(vectors, pairs[k, 1], spread)[0]
    if len(pairs) > 0:
        clear_vector(vectors, pairs[len(pairs) - 1, 0], spread)
