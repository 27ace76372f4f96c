"""The places of a text that its near copies fill otherwise, in plain Python."""

from __future__ import annotations

from collections import Counter

from dedup.kernels.facts import CALENDAR, HIDDEN, RUNNING, STOP
from dedup.kernels.text import STARTS_LINE
from tests import naive_differences as naive

SAME, UNKNOWN = "same", "unknown"


def is_inside(words, low, high):
    """Tell whether some words are running text behind another word of their line."""
    some = words[low:high]
    if not some or low == 0 or some[0].flag & STARTS_LINE:
        return False
    return all(word.kind & RUNNING and not word.kind & HIDDEN for word in some)


def is_misspelt(one, two):
    """Tell whether words are the same in two spellings; dates never are."""
    if any(word.kind & CALENDAR for word in one):
        return False
    return naive.are_alike(naive.joined(one), naive.joined(two))


def read_fillings(a, b):
    """Return what ``b`` has in place of each word of ``a``, and how many slots are misspelt."""
    hashes = [[word.hash for word in text] for text in (a, b)]
    mate = naive.match(*hashes, [bool(word.kind & STOP) for word in a])
    fillings, misspelt = [SAME] * len(a), 0
    for box in naive.gaps(mate, len(a), len(b)):
        filling = UNKNOWN
        if naive.is_slot(box) and is_inside(a, *box[:2]) and is_inside(b, *box[2:]):
            one, two = a[box[0] : box[1]], b[box[2] : box[3]]
            if [word.value for word in one] == [word.value for word in two]:
                continue
            if is_misspelt(one, two):
                misspelt += 1
                continue
            filling = tuple(word.value for word in two)
        fillings[box[0] : box[1]] = [filling] * (box[1] - box[0])
    return fillings, misspelt


def place(values):
    """Return 2 where no filling is that of half of the texts, the centre among them.

    1 if there are six texts or more with three wordings, none of them that of more than three
    fifths; else 0.
    """
    known = Counter([SAME, *(value for value in values if value != UNKNOWN)])
    most, count = max(known.values()), known.total()
    if count >= 3 and 2 * most < count:
        return 2
    return int(count >= 6 and len(known) >= 3 and 5 * most <= 3 * count)


def runs(values):
    """Return (value, start, end) of each run of equal values."""
    found = []
    for i, value in enumerate(values):
        if found and found[-1][0] == value:
            found[-1] = (value, found[-1][1], i + 1)
        else:
            found.append((value, i, i + 1))
    return found


def compare(texts, sample):
    """Return the ``MEASURES`` of each text but the first, which is the centre."""
    read = [read_fillings(texts[0], text) for text in texts[1:]]
    seen = [fillings for fillings, _ in read[:sample]]
    filled = [place([own[i] for own in seen]) for i in range(len(texts[0]))]
    marks = [[level >= least for level in filled] for least in (2, 1)]
    sure, maybe = (sum(value for value, *_ in runs(marked)) for marked in marks)
    made = []
    for fillings, misspelt in read:
        slots = [each for each in runs(fillings) if each[0] not in (SAME, UNKNOWN)]
        hits, some = (
            sum(2 * sum(marked[low:high]) >= high - low for _, low, high in slots)
            for marked in marks
        )
        made.append([hits, len(slots), misspelt, sure, some, maybe])
    return made
