"""The aligner of whole texts and the search for differences once more, in plain Python."""

from __future__ import annotations

import itertools
from bisect import bisect_left
from collections import Counter
from typing import NamedTuple

from naive import naive_telling_capitals

from dedup.kernels import differences as kernel
from dedup.kernels import matching
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
from dedup.kernels.text import CAPITAL, DIGIT, LINK, STARTS_LINE, STARTS_SENTENCE


def grams(words, low, high, size):
    """Return the n-grams of a stretch with where each stands."""
    return [(tuple(words[i : i + size]), i) for i in range(low, high - size + 1)]


def covered(a, b):
    """Tell which words of ``a`` stand in an n-gram that ``b`` has as well."""
    known = {gram for gram, _ in grams(b, 0, len(b), matching.ANCHOR)}
    found = [False] * len(a)
    for gram, i in grams(a, 0, len(a), matching.ANCHOR):
        if gram in known:
            found[i : i + matching.ANCHOR] = [True] * matching.ANCHOR
    return found


def longest_rise(values):
    """Return the numbers of a longest rising choice, as patience sorting finds it."""
    tops, lasts, before = [], [], {}
    for k, value in enumerate(values):
        place = bisect_left(tops, value)
        before[k] = lasts[place - 1] if place else None
        tops[place : place + 1] = [value]
        lasts[place : place + 1] = [k]
    chosen, k = [], lasts[-1] if lasts else None
    while k is not None:
        chosen.append(k)
        k = before[k]
    return chosen[::-1]


def anchor(a, b, box, size, mate):
    """Match n-grams that occur once on each side of ``box``."""
    ours, theirs = grams(a, box[0], box[1], size), grams(b, box[2], box[3], size)
    count_a, count_b = Counter(g for g, _ in ours), Counter(g for g, _ in theirs)
    where = dict(theirs)
    pairs = [(i, where[g]) for g, i in ours if count_a[g] == 1 == count_b[g]]
    x, y = box[0], box[2]
    for k in longest_rise([j for _, j in pairs]):
        for t in range(size):
            i, j = pairs[k][0] + t, pairs[k][1] + t
            if i >= x and j >= y:
                mate[i] = j
                x, y = i + 1, j + 1


def align(a, b, box, stops, mate):
    """Align a small box so that most matches, as dynamic programming from its end."""
    low_a, high_a, low_b, high_b = box
    rows, columns = high_a - low_a, high_b - low_b
    score = [[0] * (columns + 1) for _ in range(rows + 1)]
    move = {}
    for i in range(rows - 1, -1, -1):
        worth = 1 if stops[low_a + i] else 3
        for j in range(columns - 1, -1, -1):
            best, step = max((score[i + 1][j], 1), (score[i][j + 1], 1.5))
            if score[i + 1][j] >= score[i][j + 1]:
                best, step = score[i + 1][j], 1
            if a[low_a + i] == b[low_b + j] and score[i + 1][j + 1] + worth >= best:
                best, step = score[i + 1][j + 1] + worth, 0
            score[i][j], move[i, j] = best, step
    i = j = 0
    while i < rows and j < columns:
        if move[i, j] == 0:
            mate[low_a + i] = low_b + j
            i, j = i + 1, j + 1
        elif move[i, j] == 1:
            i += 1
        else:
            j += 1


def gaps(mate, n, m):
    """Yield the gaps between matched words: where both sides begin and end."""
    x = y = 0
    for i in [*(k for k in range(n) if mate[k] is not None), n]:
        j = m if i == n else mate[i]
        if i > x or j > y:
            yield x, i, y, j
        x, y = i + 1, j + 1


def match(a, b, stops):
    """Return for each word of ``a`` the word of ``b`` that it is matched with, or None."""
    n, m = len(a), len(b)
    mate = [None] * n
    anchor(a, b, (0, n, 0, m), matching.ANCHOR, mate)
    for box in list(gaps(mate, n, m)):
        sides = box[1] - box[0], box[3] - box[2]
        if min(sides) > 0 and max(sides) > matching.BOX:
            anchor(a, b, box, matching.SMALL_ANCHOR, mate)
    for box in list(gaps(mate, n, m)):
        fill(a, b, box, stops, mate)
    drop_lone(mate, n, m, stops)
    return mate


def fill(a, b, box, stops, mate):
    """Match what can be matched in a gap."""
    low_a, high_a, low_b, high_b = box
    if high_a == low_a or high_b == low_b:
        return
    if max(high_a - low_a, high_b - low_b) <= matching.BOX:
        align(a, b, box, stops, mate)
        return
    reach = matching.REACH
    if low_a > 0 and low_b > 0:
        near = (low_a, min(low_a + reach, high_a), low_b, min(low_b + reach, high_b))
        align(a, b, near, stops, mate)
    taken = {j for j in mate if j is not None}
    x, y = high_a, high_b
    while x > low_a and mate[x - 1] is None and high_a - x < reach:
        x -= 1
    while y > low_b and y - 1 not in taken and high_b - y < reach:
        y -= 1
    if high_a < len(a) and high_b < len(b) and x < high_a and y < high_b:
        align(a, b, (x, high_a, y, high_b), stops, mate)


def drop_lone(mate, n, m, stops):
    """Unmatch single words between long gaps, from left to right."""
    before, x = 0, 0
    for box in list(gaps(mate, n, m)):
        gap = max(box[1] - box[0], box[3] - box[2])
        if box[0] - x == 1:
            limit = matching.LONE_STOP_GAP if stops[x] else matching.LONE_GAP
            if before > limit and gap > limit:
                mate[x] = None
        before, x = gap, box[1]


def lost(kinds, mate, is_covered):
    """Tell which words have no counterpart."""
    return [
        mate[i] is None and not is_covered[i] and not kinds[i] & HIDDEN for i in range(len(kinds))
    ]


def found_again(texts, boxes, is_lost):
    """Return which words are lost of two readings of one text, by which ones their words say."""
    kept = [list(side) for side in is_lost]
    for box in boxes:
        spans = [range(*box[:2]), range(*box[2:])]
        one, two = (
            "".join(text[i].letters for i in span if side[i])
            for text, span, side in zip(texts, spans, is_lost, strict=True)
        )
        if one and two and 2 * common_letters(one, two) >= 0.55 * (len(one) + len(two)):
            for span, side in zip(spans, kept, strict=True):
                side[span.start : span.stop] = [False] * len(span)
    return kept


def stretches(flags):
    """Return the runs of true values."""
    found, i = [], 0
    while i < len(flags):
        end = i
        while end < len(flags) and flags[end]:
            end += 1
        if end > i:
            found.append((i, end))
        i = end + 1
    return found


def own(kinds, flags, is_lost, low, high):
    """Return the words in own sentences of a stretch, and in the longest."""
    sizes = []
    for start, end in stretches(is_lost[low:high]):
        some = range(low + start, low + end)
        size = len(some)
        stops = sum(bool(kinds[i] & STOP) for i in some)
        capitals = sum(bool(flags[i] & CAPITAL) for i in some)
        breaks = sum(bool(flags[i] & STARTS_LINE) for i in some[1:])
        runs_on = bool(kinds[some[0]] & RUNNING) or kernel.OWN_STOP_SHARE * stops >= size
        if (
            size >= kernel.OWN_WORDS
            and runs_on
            and 2 * capitals <= size
            and kernel.OWN_WORDS * breaks <= size
        ):
            sizes.append(size)
    return sum(sizes), max(sizes, default=0)


def lost_facts(kinds, values, is_lost, others):
    """Count the distinct facts among the lost words whose values the other text has nowhere."""
    rows = zip(kinds, values, is_lost, strict=True)
    return len({value for kind, value, flag in rows if flag and kind & FACT} - set(others))


class Word(NamedTuple):
    """A word of a text: its hash, what it is compared by, kind, flags, folded letters, place."""

    hash: int
    value: int
    kind: int
    flag: int
    letters: str
    start: int
    end: int


class Conflict(NamedTuple):
    """Facts of one kind in one slot: which words of each side they are."""

    kind: int
    box: tuple[int, int, int, int]
    marks: tuple[list[int], list[int]]
    step: int

    def row(self):
        """Return the conflict as the kernel lists it."""
        ends = [end for own in self.marks for end in (own[0], own[-1] + 1)]
        return [self.kind, *ends, self.step, self.hits()]

    def hits(self):
        """Return how many stretches are in conflict, on the side that has fewer."""
        return min(sum(i - 1 not in own for i in own) for own in self.marks)


def common_letters(one, two):
    """Return how many letters of two spellings are common, in order."""
    row = [0] * (len(two) + 1)
    for x in one:
        before, row = row, [0]
        for at, y in enumerate(two):
            row.append(before[at] + 1 if x == y else max(before[at + 1], row[at]))
    return row[-1]


def are_alike(one, two):
    """Tell whether at least 70% of the letters of two spellings are common, in order."""
    return 20 * common_letters(one, two) >= 7 * (len(one) + len(two))


def joined(words):
    """Return the first 48 letters of some words."""
    return "".join(word.letters for word in words)[:48]


def read_as_digits(words, low, high, marks):
    """Return what is written in one with the numbers marked, letters read as digits."""
    start, end = marks[0], marks[-1] + 1
    while start > low and words[start - 1].end == words[start].start:
        start -= 1
    while end < high and words[end - 1].end == words[end].start:
        end += 1
    return joined(words[start:end]).translate(str.maketrans("liosb", "11058"))


def are_one(kind, texts, box, marks):
    """Tell whether the facts marked on both sides are one, read or spelt in two ways."""
    if kind == NUMBER:
        one, two = (
            read_as_digits(texts[side], *box[2 * side : 2 * side + 2], marks[side])
            for side in (0, 1)
        )
        return one == two
    one, two = (joined([texts[side][i] for i in marks[side]]) for side in (0, 1))
    whole = [joined(side) for side in sides_of(texts, box)]
    return are_alike(one, two) or are_alike(*whole) if kind == NAME else one == two


def mark_facts(kind, texts, box, side):
    """Return the facts of a kind on one side of a slot that the other text lacks."""
    low, high = box[2 - 2 * side : 4 - 2 * side]
    other = texts[1 - side]
    known = {word.value for word in other}
    if kind == NUMBER:
        known = {word.value for word in other[low:high] if word.kind & NUMBER}
    wanted = kind | FIRST if kind == NAME else kind
    return [
        i
        for i in range(*box[2 * side : 2 * side + 2])
        if texts[side][i].kind & wanted
        and not texts[side][i].kind & HIDDEN
        and texts[side][i].value not in known
    ]


def step_of(kind, texts, marks):
    """Return 1 or -1 where a single number moves by one, 0 otherwise."""
    if kind != NUMBER or [own[-1] - own[0] for own in marks] != [0, 0]:
        return 0
    one, two = (texts[side][marks[side][0]].value for side in (0, 1))
    return two - one if max(one, two) < 1 << 40 and abs(two - one) == 1 else 0


def is_slot(box):
    """Tell whether both sides of a gap have one to twelve words."""
    sides = box[1] - box[0], box[3] - box[2]
    return min(sides) >= 1 and max(sides) <= 12


def conflicts(texts, boxes):
    """Return the conflicts of all slots; numbers that all move by one step are none."""
    found = []
    for box in filter(is_slot, boxes):
        for kind in (NUMBER, CALENDAR, NAME):
            marks = tuple(mark_facts(kind, texts, box, side) for side in (0, 1))
            if all(marks) and not are_one(kind, texts, box, marks):
                found.append(Conflict(kind, box, marks, step_of(kind, texts, marks)))
    for step in (-1, 1):
        numbers = [each for each in found if each.kind == NUMBER]
        moved = [each for each in numbers if each.step == step]
        if len(moved) >= 3 and 10 * len(moved) >= 6 * len(numbers):
            found = [each for each in found if each not in moved]
    return found


def count_slots(texts, boxes, found):
    """Return (slots with other words, with a conflict, with one word in two spellings)."""
    hit = {each.box for each in found}
    misspelt = [
        box
        for box in filter(is_slot, boxes)
        if box not in hit
        and are_alike(joined(texts[0][box[0] : box[1]]), joined(texts[1][box[2] : box[3]]))
    ]
    return len([*filter(is_slot, boxes)]) - len(misspelt), len(hit), len(misspelt)


def sides_of(texts, box):
    """Return the words of both sides of a gap."""
    return texts[0][box[0] : box[1]], texts[1][box[2] : box[3]]


def is_respelt(one, two, is_first):
    """Tell whether words are one word, misread, or cut to pieces where it is not negated."""
    letters = joined(one), joined(two)
    if len(one) == len(two):
        return len(one) == 1 and len(letters[0]) == len(letters[1]) <= 2 * common_letters(*letters)
    return (len(one) < len(two)) == is_first and are_alike(*letters)


def negations(texts, boxes):
    """Return the short gaps with a negation on one side, with a word more; none if they balance."""
    rows, sign = [], 0
    for box in boxes:
        one, two = sides = sides_of(texts, box)
        negated = [
            any(w.kind & NEGATION and w.kind & RUNNING and not w.kind & HIDDEN for w in side)
            for side in sides
        ]
        if max(len(one), len(two)) > 3 or negated[0] == negated[1]:
            continue
        if one and two and is_respelt(one, two, negated[0]):
            continue
        low, high = box[0], box[1]
        if high < len(texts[0]):
            span = (low, high + 1, box[2], box[3] + 1)
        elif low > 0:
            span = (low - 1, high, box[2] - 1, box[3])
        else:
            continue
        rows.append([NEGATION, *span, 0, 1])
        sign += 1 if negated[0] else -1
    return rows if sign else []


def swaps(texts, boxes):
    """Return the short slots of names that another slot has the other way round."""
    slots = []
    for box in boxes:
        sides = sides_of(texts, box)
        if all(
            0 < len(side) <= 3
            and all(w.kind & (NAME | FIRST) and not w.kind & HIDDEN for w in side)
            for side in sides
        ):
            slots.append((box, [[w.hash for w in side] for side in sides]))
    return [
        [NAME, *box, 0, 1]
        for k, (box, sides) in enumerate(slots)
        if any(j != k and sides[::-1] == others for j, (_, others) in enumerate(slots))
    ]


def figures(texts, misread=False):
    """Return the figures of a pair of texts, lists of words, by name; and the conflicts."""
    a, b = ([word.hash for word in text] for text in texts)
    mate = match(a, b, [bool(word.kind & STOP) for word in texts[0]])
    back = {j: i for i, j in enumerate(mate) if j is not None}
    mates = [mate, [back.get(j) for j in range(len(b))]]
    boxes = list(gaps(mate, len(a), len(b)))
    found = [] if misread else conflicts(texts, boxes)
    made = {"MATCHED": len(back)}
    gone = [
        lost([word.kind for word in text], mates[side], covered(*((a, b), (b, a))[side]))
        for side, text in enumerate(texts)
    ]
    if misread:
        gone = found_again(texts, boxes, gone)
        made["MATCHED"] = sum(j is not None or not gone[0][i] for i, j in enumerate(mate))
    own_sizes = []
    for side, (text, is_lost) in enumerate(zip(texts, gone, strict=True)):
        kinds, flags = [word.kind for word in text], [word.flag for word in text]
        running = [bool(kind & RUNNING) and not kind & HIDDEN for kind in kinds]
        sizes = [own(kinds, flags, is_lost, *box[2 * side : 2 * side + 2]) for box in boxes]
        own_sizes.append([size for size, _ in sizes])
        made |= {
            ("LOST", side): sum(one and two for one, two in zip(is_lost, running, strict=True)),
            ("RUNNING_WORDS", side): sum(running),
            ("OWN", side): sum(own_sizes[side]),
            ("LONGEST", side): max((size for _, size in sizes), default=0),
            ("LOST_FACTS", side): lost_facts(
                *(kinds, [word.value for word in text], is_lost),
                [word.value for word in texts[1 - side]],
            ),
        }
    opposed = sum(min(sizes) for sizes in zip(*own_sizes, strict=True))
    made["OPPOSED"] = 0 if misread else opposed
    made["CAPITALS"] = sum(bool(word.flag & CAPITAL) for text in texts for word in text)
    opposites = len(negations(texts, boxes)) + len(swaps(texts, boxes))
    made["OPPOSITES"] = 0 if misread else opposites
    return made, boxes, found


def fact_figures(texts, boxes, found):
    """Return the figures of the conflicts, by name."""
    runs = sum(each.hits() for each in found)
    numbers = sum(each.hits() for each in found if each.kind == NUMBER)
    slots, hit, misspelt = count_slots(texts, boxes, found)
    made = {"RUNS": runs, "RUNS_OF_NAMES": runs - numbers}
    made["RUNS_IN_TEXT"] = sum(
        each.hits()
        for each in found
        if each.hits()
        and all(text[own[0]].kind & RUNNING for text, own in zip(texts, each.marks, strict=True))
    )
    made |= {"SLOTS": slots, "SLOTS_HIT": hit, "MISSPELT": misspelt}
    for side, text in enumerate(texts):
        marked = {i for each in found for i in each.marks[side]}
        far = {i for box in boxes if not is_slot(box) for i in range(*box[2 * side : 2 * side + 2])}
        compared = {
            word.value
            for i, word in enumerate(text)
            if i in marked or (i not in far and word.kind & FACT and not word.kind & HIDDEN)
        }
        made["CONFLICTS", side] = len({text[i].value for i in marked})
        made["FACTS", side] = len(compared)
    return made


def kinds_of(words, flags, stops, fact_words, is_known, negations=()):
    """Return the kind of each word of a text and what it is compared by, None: the word itself.

    ``fact_words`` are {word: (kind, value)}, value 0 where it has no meaning.
    """
    rows = []
    for word, flag, telling in zip(words, flags, naive_telling_capitals(flags), strict=True):
        is_stop = word in stops
        kind, value = STOP * is_stop, None
        if flag & LINK:
            kind |= HIDDEN
        elif flag & DIGIT:
            kind |= NUMBER
            if word.isascii() and word.isdigit() and len(word) <= 5:
                value = int(word) + 1
        elif word in fact_words and fact_words[word][0] & FACT and (telling or not is_stop):
            kind |= fact_words[word][0]
            value = fact_words[word][1] or None
        elif telling and not is_stop:
            kind |= FIRST if flag & STARTS_SENTENCE else NAME
        rows.append((kind | NEGATION * (word in negations), value))
    lines = [i for i, flag in enumerate(flags) if i == 0 or flag & STARTS_LINE]
    for start, end in itertools.pairwise([*lines, len(words)]):
        stop_words = sum(bool(kind & STOP) for kind, _ in rows[start:end])
        sentences = 1 + sum(bool(flag & STARTS_SENTENCE) for flag in flags[start + 1 : end])
        runs = not is_known or 5 * stop_words >= end - start
        if end - start >= 10 and (runs or 1 < sentences <= (end - start) / 5):
            rows[start:end] = [(kind | RUNNING, value) for kind, value in rows[start:end]]
    return rows
