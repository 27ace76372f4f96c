"""Where a wording occurs: families of one wording, their occurrences in all documents, variants.

The n-grams of all wordings (the spans of representatives) are in one index: wording ``f`` has
``bounds[f]:bounds[f + 1]`` of ``values`` and ``offsets``, in order of place.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from dedup.kernels._jit import njit, njit_uncounted, prefetch
from dedup.kernels.postings import lower_bound
from dedup.kernels.seeds import write_ngrams
from dedup.kernels.stars import overlap_of
from dedup.kernels.stopwords import BLANK, CONTENT, find_word
from dedup.kernels.text import DIGIT, QUOTED, mix

BAND = 16  # tokens that the next n-gram may stand away from its place
LEAST_MATCHED = 0.6  # of the n-grams of a wording, in an occurrence
LEAST_BACK = 0.5  # of the n-grams of a wording that is another one's: it is no longer than twice
MOST_FAMILIES = 8  # that an n-gram leads to
MOST_ANCHORS = 16  # n-grams of a wording that lead to it, at equal distances …
LEAST_ANCHORS = 4  # … and so many at least, however many wordings have them
HITS_SHARE = 4  # one of so many anchors on a diagonal makes a wording looked at …
MOST_HITS = 6  # … and so many always do
_DIGIT_KEY = np.uint64(0xD1)
# Columns of an anchor: its wording, which n-gram of ``Wordings`` it is, the token of that in the
# wording, and the next anchor of the same value (-1: none). One row is one line of the cache.
OWNER, PLACE, OFFSET, NEXT = range(4)
ENTRY_COLUMNS = 4
# Columns of what was met of a wording: the document, its anchors on one diagonal of it, that
# diagonal (token of the document less that of the wording), where the last occurrence in it ends,
# and the anchors from which it is looked at.
ROW, ON_DIAGONAL, DIAGONAL, END, NEED = range(5)
HIT_COLUMNS = 5
FOUND_COLUMNS = 5  # wording, document, start, end, matched n-grams


class Wordings(NamedTuple):
    """The n-grams of wordings, in order of wording and place."""

    bounds: Any  # int64, wordings + 1
    values: Any  # uint64
    offsets: Any  # int32: tokens from the start of the wording
    needs: Any  # int64, a wording each: anchors on a diagonal from which it is looked at


class NgramTable(NamedTuple):
    """An open-addressing table from n-gram to the wordings that it leads to, as their anchor."""

    slots: Any  # uint64, a power of two x 2: the n-gram, 0 for none, and its first entry
    marks: Any  # uint64, a power of two: two bits for each value that is there (Bloom 1970)
    entries: Any  # int64, an anchor each x ``ENTRY_COLUMNS``
    count: Any  # int64 (1,): anchors by now


class Index(NamedTuple):
    """What wordings are found by: the words of an n-gram, all n-grams, and those that lead."""

    size: Any  # int64
    wordings: Wordings
    table: NgramTable


class Placed(NamedTuple):
    """Occurrences, and those of document ``d``: ``by_doc[of_doc[d]:of_doc[d + 1]]``, by place."""

    families: Any  # int64, an occurrence each
    docs: Any  # int64
    spans: Any  # int64, occurrences x 2
    by_doc: Any  # int64, an occurrence each
    of_doc: Any  # int64, documents + 1


@njit_uncounted
def slot_of(slots, value):
    """Return the place of an n-gram in an open-addressing table, or the free one it would get."""
    mask = np.uint64(len(slots) - 1)
    at = value & mask
    while slots[at] != np.uint64(0) and slots[at] != value:
        at = (at + np.uint64(1)) & mask
    return np.intp(at)


@njit_uncounted
def mark_of(marks, value):
    """Return the word of an n-gram in ``marks`` (``NgramTable``), and its two bits of that."""
    word = (value >> np.uint64(32)) & np.uint64(len(marks) - 1)
    one = np.uint64(1) << ((value >> np.uint64(20)) & np.uint64(63))
    two = np.uint64(1) << ((value >> np.uint64(26)) & np.uint64(63))
    return np.intp(word), one | two


@njit_uncounted
def may_lead(marks, value):
    """Tell whether an n-gram may lead to a wording: most that do not are known at little cost."""
    word, bits = mark_of(marks, value)
    return marks[word] & bits == bits


@njit_uncounted
def home_of(slots, value):
    """Return the row of the ``slots`` of a ``NgramTable`` from which on an n-gram is looked for."""
    return np.intp(value & np.uint64(len(slots) - 1))


@njit_uncounted
def row_of(slots, value):
    """Return the row of an n-gram in the ``slots`` of a ``NgramTable``, or the one it would get."""
    mask = np.uint64(len(slots) - 1)
    at = np.uint64(home_of(slots, value))
    while slots[at, 0] != np.uint64(0) and slots[at, 0] != value:
        at = (at + np.uint64(1)) & mask
    return np.intp(at)


@njit_uncounted
def first_entry(table, value):
    """Return the first entry of an n-gram in a ``NgramTable``, -1 where it leads to no wording."""
    if value == np.uint64(0) or not may_lead(table.marks, value):
        return np.int64(-1)
    row = row_of(table.slots, value)
    return np.int64(table.slots[row, 1]) if table.slots[row, 0] == value else np.int64(-1)


@njit
def write_wordings(docs, spans, masked, tokens, size, wordings):
    """Write the n-grams of wordings; ``wordings`` has room for one a token. Return how many.

    ``docs`` and ``spans`` (int64, wordings x 2) say where each stands, in tokens of its document;
    ``tokens`` are (hashes, classes, bounds of documents). Where ``masked``, blank tokens are taken
    for content words.
    """
    hashes, classes, bounds = tokens
    made = 0
    positions = np.empty(len(wordings.offsets), np.int32)
    for f in range(len(docs)):
        wordings.bounds[f] = made
        low = bounds[docs[f]] + spans[f, 0]
        high = bounds[docs[f]] + spans[f, 1]
        own = classes[low:high]
        if masked[f]:
            own = own.copy()
            for i in range(high - low):
                if own[i] == BLANK:
                    own[i] = CONTENT
        count = write_ngrams(hashes[low:high], own, size, wordings.values[made:], positions)
        for i in range(count):
            value = wordings.values[made + i]
            wordings.values[made + i] = value if value != np.uint64(0) else np.uint64(1)
            wordings.offsets[made + i] = positions[i]
        made += count
    wordings.bounds[len(docs)] = made
    return made


@njit_uncounted
def match_way(wordings, f, start, step, ngrams, missing):
    """Follow a wording forwards or backwards (``step``) from ``start``, (n-gram, token) of it.

    ``ngrams`` (uint64) are those of the document by token, 0 where there is none. Gives up after
    ``missing`` that are not there. Returns (matched n-grams, misses, token of the last one).
    """
    low, high = wordings.bounds[f], wordings.bounds[f + 1]
    matched = missed = 0
    place, last = start
    last_offset = wordings.offsets[place]
    i = place + step
    while low <= i < high:
        expected = last + wordings.offsets[i] - last_offset
        value = wordings.values[i]
        found = np.intp(-1)
        for drift in range(BAND + 1):
            for side in (1, -1):
                token = expected + side * drift
                if (token - last) * step <= 0 or token < 0 or token >= len(ngrams):
                    continue
                if ngrams[token] == value:
                    found = token
                    break
            if found >= 0:
                break
        if found >= 0:
            matched += 1
            last, last_offset = found, wordings.offsets[i]
        else:
            missed += 1
            if missed > missing:
                break
        i += step
    return matched, missed, last


@njit_uncounted
def match_wording(wordings, f, place, at, ngrams, least):
    """Return (matched n-grams, first token, last token) of a wording around one n-gram of it.

    None are matched where less than the share ``least`` are there.
    """
    total = wordings.bounds[f + 1] - wordings.bounds[f]
    missing = np.intp(np.floor(total - least * total))
    back, missed, first = match_way(wordings, f, (place, at), -1, ngrams, missing)
    if missed > missing:
        return 0, at, at
    on, missed_on, last = match_way(wordings, f, (place, at), 1, ngrams, missing - missed)
    if missed + missed_on > missing:
        return 0, at, at
    return back + on + 1, first, last


@njit_uncounted
def entries_of(wordings, f, place, table):
    """Return how many wordings an n-gram leads to, and whether ``f`` is one of them."""
    entry = first_entry(table, wordings.values[place])
    count = 0
    own = False
    while entry >= 0:
        count += 1
        own = own or table.entries[entry, OWNER] == f
        entry = table.entries[entry, NEXT]
    return count, own


@njit_uncounted
def stride_of(wordings, f):
    """Return the distance of the n-grams of a wording that may be its anchors."""
    total = wordings.bounds[f + 1] - wordings.bounds[f]
    return max((total + MOST_ANCHORS - 1) // MOST_ANCHORS, 1)


@njit_uncounted
def add_anchor(wordings, f, place, table):
    """Let an n-gram of a wording lead to it, before those that it led to so far."""
    value, entry = wordings.values[place], table.count[0]
    before = first_entry(table, value)
    row = row_of(table.slots, value)
    table.slots[row, 0] = value
    table.slots[row, 1] = entry
    word, bits = mark_of(table.marks, value)
    table.marks[word] |= bits
    entries = table.entries
    entries[entry, OWNER], entries[entry, PLACE] = f, place
    entries[entry, OFFSET], entries[entry, NEXT] = wordings.offsets[place], before
    table.count[0] = entry + 1


@njit
def add_anchors(owners, places, wordings, table):
    """Add anchors that were chosen before: the n-grams at ``places`` lead to their ``owners``.

    Both are int64, an anchor each; the ``table`` has room for them.
    """
    for k in range(len(owners)):
        add_anchor(wordings, owners[k], places[k], table)


@njit_uncounted
def add_wording(wordings, f, table):
    """Add anchors of a wording to the table, but no n-gram that ``MOST_FAMILIES`` wordings have.

    Where fewer than ``LEAST_ANCHORS`` are left, some of those are added all the same. A wording is
    listed once for each value; ``needs`` of it follows. Returns how many n-grams were left out.
    """
    low, high = wordings.bounds[f], wordings.bounds[f + 1]
    step = stride_of(wordings, f)
    free = 0
    for place in range(low, high, step):
        count, _ = entries_of(wordings, f, place, table)
        if count < MOST_FAMILIES:
            free += 1
    spare = LEAST_ANCHORS - free
    left_out = added = 0
    for place in range(low, high, step):
        count, own = entries_of(wordings, f, place, table)
        if own:
            continue
        if count >= MOST_FAMILIES:
            spare -= 1
            if spare < 0:
                left_out += 1
                continue
        add_anchor(wordings, f, place, table)
        added += 1
    wordings.needs[f] = min(max(added // HITS_SHARE, 1), MOST_HITS)
    return left_out


@njit_uncounted
def place_ngrams(hashes, classes, size, buffers, ngrams):
    """Write the n-grams of one document by their token to ``ngrams`` (uint64), 0 for none.

    ``buffers`` are (uint64, int32), with room for one a token; they get the same and the tokens.
    """
    values, positions = buffers
    made = write_ngrams(hashes, classes, size, values, positions)
    ngrams[: len(hashes)] = np.uint64(0)
    for i in range(made):
        if values[i] == np.uint64(0):
            values[i] = np.uint64(1)
        ngrams[positions[i]] = values[i]
    return made


@njit
def same_wordings(order, wordings, longest, table, leaders):
    """Write for each wording the first one in ``order`` that is the same, itself where none is.

    The same is one of which ``LEAST_MATCHED`` of the n-grams are there, and that is half of this
    one or more. ``longest`` is above all offsets. The ``table`` is empty and holds the leaders in
    the end. Returns how many n-grams are not in it because too many wordings have them.
    """
    hits = np.zeros(len(leaders), np.int64)
    stamps = np.full(len(leaders), -1, np.int64)
    ngrams = np.zeros(longest, np.uint64)
    left_out = 0
    for f in order:
        low, high = wordings.bounds[f], wordings.bounds[f + 1]
        best = best_place = best_at = np.intp(-1)
        for place in range(low, high):
            entry = first_entry(table, wordings.values[place])
            while entry >= 0:
                other = table.entries[entry, OWNER]
                if stamps[other] != f:
                    stamps[other] = f
                    hits[other] = 0
                hits[other] += 1
                if best < 0 or hits[other] > hits[best]:
                    best, best_place = other, table.entries[entry, PLACE]
                    best_at = np.intp(wordings.offsets[place])
                entry = table.entries[entry, NEXT]
        leaders[f] = f
        if best >= 0 and hits[best] >= wordings.needs[best]:
            for place in range(low, high):
                ngrams[wordings.offsets[place]] = wordings.values[place]
            matched, _, _ = match_wording(
                wordings, best, best_place, best_at, ngrams, LEAST_MATCHED
            )
            for place in range(low, high):
                ngrams[wordings.offsets[place]] = np.uint64(0)
            if matched > 0 and matched >= LEAST_BACK * (high - low):
                leaders[f] = best
        if leaders[f] == f:
            left_out += add_wording(wordings, f, table)
    return left_out


@njit_uncounted
def is_due(hits, f, row, at, diagonal):
    """Count an anchor of a wording at token ``at``; tell whether so many are on its diagonal now.

    ``hits`` (int64) has the ``HIT_COLUMNS`` of each wording. Anchors in an occurrence that is known
    do not count.
    """
    if hits[f, ROW] != row:
        hits[f, ROW] = row
        hits[f, ON_DIAGONAL] = 0
        hits[f, END] = 0
    if at < hits[f, END]:
        return False
    if hits[f, ON_DIAGONAL] == 0 or abs(diagonal - hits[f, DIAGONAL]) > BAND:
        hits[f, ON_DIAGONAL] = 0
        hits[f, DIAGONAL] = diagonal
    hits[f, ON_DIAGONAL] += 1
    return hits[f, ON_DIAGONAL] == hits[f, NEED]


@njit_uncounted
def write_occurrence(found, made, out):
    """Write an occurrence as row ``made`` of ``out``, where there is room for it."""
    if made < len(out):
        for column in range(FOUND_COLUMNS):
            out[made, column] = found[column]


@njit_uncounted
def find_leading(made, buffers, table, hits):
    """Put the tokens that lead to wordings first in ``buffers``, each with its first entry.

    ``buffers`` (uint64, int32) hold ``made`` n-grams of a document and their tokens. The table is
    large: what is read next of it is asked for before any of it is waited for. Return how many.
    """
    values, positions = buffers
    likely = 0
    for i in range(made):
        if may_lead(table.marks, values[i]):
            prefetch(table.slots, table.slots.shape[1] * home_of(table.slots, values[i]))
            values[likely], positions[likely] = values[i], positions[i]
            likely += 1
    count = 0
    for i in range(likely):
        row = row_of(table.slots, values[i])
        if table.slots[row, 0] == values[i]:
            values[count], positions[count] = table.slots[row, 1], positions[i]
            prefetch(table.entries, ENTRY_COLUMNS * np.int64(values[count]))
            count += 1
    for i in range(count):
        prefetch(hits, HIT_COLUMNS * table.entries[np.intp(values[i]), OWNER])
    return count


@njit_uncounted
def find_in_document(document, index, hits, made, out):
    """Write the occurrences of all wordings in one document behind the ``made`` that are there.

    ``document`` is its row, its n-grams by token (uint64), and, as ``find_leading`` takes them,
    how many there are and the buffers with them. An occurrence is (wording, document, first token,
    one behind the last, matched n-grams); they come in order of place. Returns how many there are
    now, those included for which ``out`` has no room.
    """
    row, ngrams, count, buffers = document
    size, wordings, table = index
    entries = table.entries
    for i in range(find_leading(count, buffers, table, hits)):
        at, entry = np.intp(buffers[1][i]), np.intp(buffers[0][i])
        while entry >= 0:
            f, place, offset = entries[entry, OWNER], entries[entry, PLACE], entries[entry, OFFSET]
            entry = entries[entry, NEXT]
            if is_due(hits, f, row, at, at - offset):
                matched, first, last = match_wording(wordings, f, place, at, ngrams, LEAST_MATCHED)
                if matched > 0:
                    hits[f, END] = last + size
                    hits[f, ON_DIAGONAL] = 0
                    write_occurrence((f, row, first, last + size, matched), made, out)
                    made += 1
    return made


def scratch_for(wordings: Wordings) -> npt.NDArray[np.int64]:
    """Return what one thread writes while it looks for wordings, for any number of documents."""
    hits = np.zeros((len(wordings.needs), HIT_COLUMNS), np.int64)
    hits[:, ROW] = -1
    hits[:, NEED] = wordings.needs
    return hits


@njit
def find_occurrences(rows, tokens, index, hits, out):
    """Write where each wording of an ``Index`` occurs in some documents; return how many there are.

    ``rows`` are documents; ``tokens`` are (hashes, classes, bounds of documents). Occurrences are
    those of ``find_in_document``; what ``out`` (int64, rows x 5) has no room for is only counted.
    ``hits`` is what ``scratch_for`` makes; the same documents are not looked through with it again.
    """
    hashes, classes, bounds = tokens
    longest = 1
    for row in rows:
        longest = max(longest, bounds[row + 1] - bounds[row])
    buffers = (np.empty(longest, np.uint64), np.empty(longest, np.int32))
    ngrams = np.zeros(longest, np.uint64)
    made = 0
    for row in rows:
        lo, hi = bounds[row], bounds[row + 1]
        count = place_ngrams(hashes[lo:hi], classes[lo:hi], index.size, buffers, ngrams)
        document = (row, ngrams[: hi - lo], count, buffers)
        made = find_in_document(document, index, hits, made, out)
    return made


@njit
def common_words(families, docs, spans, representatives, tokens, common):
    """Write how many words each occurrence has in common with the representative of its family.

    Occurrences are in order of ``families`` (int64); ``spans`` (int64, occurrences x 2) are tokens
    of ``docs``. ``representatives`` has the occurrence that represents each family. ``tokens`` are
    (hashes, bounds of documents). A word counts as often as it occurs in both.
    """
    hashes, bounds = tokens
    low = 0
    while low < len(families):
        high = low + 1
        while high < len(families) and families[high] == families[low]:
            high += 1
        r = representatives[families[low]]
        begin = bounds[docs[r]] + spans[r, 0]
        end = bounds[docs[r]] + spans[r, 1]
        room = 16
        while room < 2 * (end - begin):
            room *= 2
        slots = np.zeros(room, np.uint64)
        counts, left = np.zeros((2, room), np.int64)
        for i in range(begin, end):
            slot = slot_of(slots, hashes[i] | np.uint64(1))
            slots[slot] = hashes[i] | np.uint64(1)
            counts[slot] += 1
        for k in range(low, high):
            left[:] = counts
            shared = 0
            for i in range(bounds[docs[k]] + spans[k, 0], bounds[docs[k]] + spans[k, 1]):
                slot = slot_of(slots, hashes[i] | np.uint64(1))
                if left[slot] > 0:
                    left[slot] -= 1
                    shared += 1
            common[k] = shared
        low = high


@njit
def find_variants(order, bounds, placed, owners):
    """Write for each family the earlier one that it is a variant of, itself where it is none.

    ``order`` are families, the largest first; the occurrences of one are ``bounds[f]:bounds[f +
    1]`` of ``placed``; ``owners`` (int64, a family each) is written. A family is a variant where
    half of its occurrences lie for their greater part in those of one larger family.
    """
    docs, spans = placed.docs, placed.spans
    count = len(bounds) - 1
    places, stamps, last = np.zeros((3, count), np.int64)
    stamps[:] = -1
    for f in range(count):
        owners[f] = -1
    for f in order:
        best = np.intp(-1)
        for k in range(bounds[f], bounds[f + 1]):
            doc = docs[k]
            start, end = spans[k, 0], spans[k, 1]
            for i in range(placed.of_doc[doc], placed.of_doc[doc + 1]):
                other = placed.by_doc[i]
                if spans[other, 0] >= end:
                    break
                g = placed.families[other]
                if owners[g] != g:
                    continue
                if 2 * overlap_of(start, end, spans[other, 0], spans[other, 1]) < end - start:
                    continue
                if stamps[g] != f:
                    stamps[g] = f
                    places[g] = 0
                    last[g] = -1
                if last[g] == k:
                    continue
                last[g] = k
                places[g] += 1
                if best < 0 or places[g] > places[best]:
                    best = g
        is_variant = best >= 0 and 2 * places[best] >= bounds[f + 1] - bounds[f]
        owners[f] = best if is_variant else f


@njit
def drop_overlapping(families, docs, spans, kept):
    """Tell which occurrences stay: none of which half lies in a better one of its family.

    Occurrences are in order of (family, document), the best of each first; ``kept`` (bool) is
    written.
    """
    first = 0
    for k in range(len(families)):
        if families[k] != families[first] or docs[k] != docs[first]:
            first = k
        length = spans[k, 1] - spans[k, 0]
        kept[k] = True
        for other in range(first, k):
            if not kept[other]:
                continue
            shorter = min(length, spans[other, 1] - spans[other, 0])
            common = overlap_of(spans[k, 0], spans[k, 1], spans[other, 0], spans[other, 1])
            if 2 * common >= shorter:
                kept[k] = False
                break


@njit
def token_spans(docs, starts, ends, bounds, token_starts, spans):
    """Write the tokens of each document that begin in a stretch of characters, half open.

    ``docs``, ``starts`` and ``ends`` (int64) say which stretch; ``spans`` (int64, x 2) is written.
    """
    for k in range(len(docs)):
        low, high = bounds[docs[k]], bounds[docs[k] + 1]
        spans[k, 0] = lower_bound(token_starts, low, high, starts[k]) - low
        spans[k, 1] = lower_bound(token_starts, low, high, ends[k]) - low


@njit
def span_keys(docs, spans, tokens, keys):
    """Write a hash of the words of each span (uint64), with all numbers taken for one.

    ``tokens`` are (hashes, flags, bounds of documents).
    """
    hashes, flags, bounds = tokens
    for k in range(len(docs)):
        low = bounds[docs[k]]
        key = np.uint64(spans[k, 1] - spans[k, 0])
        for i in range(low + spans[k, 0], low + spans[k, 1]):
            key = mix(key, _DIGIT_KEY if flags[i] & DIGIT != 0 else hashes[i])
        keys[k] = key


@njit
def last_word(classes, low, high):
    """Return the last token of ``low:high`` that cleaning leaves, -1 where it leaves none."""
    for i in range(high - 1, low - 1, -1):
        if classes[i] != BLANK:
            return i
    return np.int64(-1)


@njit
def has_words_near_ends(rows, tokens, table, head, tail, near):
    """Tell which documents have a word of a hash table among their first or last tokens.

    ``tokens`` are (hashes, classes, bounds of documents). The last ``tail`` tokens are those of the
    document, and those before the last one that cleaning leaves. ``near`` (bool) is written.
    """
    hashes, classes, bounds = tokens
    for k in range(len(rows)):
        low, high = bounds[rows[k]], bounds[rows[k] + 1]
        near[k] = has_word(hashes, low, min(low + head, high), table)
        near[k] = near[k] or has_word(hashes, max(high - tail, low), high, table)
        if not near[k] and high > low and classes[high - 1] == BLANK:
            end = last_word(classes, low, high) + 1
            near[k] = has_word(hashes, max(end - tail, low), end, table)


@njit
def has_word(hashes, low, high, table):
    """Tell whether a token of ``low:high`` is in a hash table."""
    for i in range(low, high):
        if find_word(table, hashes[i]) >= 0:
            return True
    return False


@njit
def quoted_characters(docs, spans, tokens, quoted, all_of):
    """Write how many characters of the words of each span are quoted, and how many there are.

    ``tokens`` are (flags, starts, ends, bounds of documents).
    """
    flags, starts, ends, bounds = tokens
    for k in range(len(docs)):
        low = bounds[docs[k]]
        for i in range(low + spans[k, 0], low + spans[k, 1]):
            size = ends[i] - starts[i]
            all_of[k] += size
            if flags[i] & QUOTED != 0:
                quoted[k] += size
