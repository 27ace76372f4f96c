"""Plain twins of the kernels of site templates: lists, strings, double loops."""

from __future__ import annotations

import itertools

LEAST, SHORT, MOST, LONG = 8, 3, 250, 60
OTHER = 3


def masked(tokens):
    """Return tokens (word, is number, starts a sentence, is a capital, gap) as what is compared."""
    return tuple("0" if number else word for word, number, *_ in tokens)


def has_capitals(line):
    """Tell whether a third of the sentences of a line begin with a capital."""
    capitals = [
        capital
        for place, (_, _, starts, capital, gap) in enumerate(line)
        if place == 0 or (starts and gap >= 2)
    ]
    return 3 * sum(capitals) >= len(capitals)


def naive_units(lines):
    """Return (line, low, high, key) of the units of lines of tokens, in order; places are global.

    A token is (word, is number, starts a sentence, is a capital, characters before it).
    """
    units = []
    low = 0
    for number, line in enumerate(lines):
        high = low + len(line)
        if LEAST <= len(line) <= MOST:
            units.append((number, low, high, masked(line)))
        if len(line) >= LONG:
            cased = has_capitals(line)
            starts = [
                place
                for place, (_, digit, starts, capital, gap) in enumerate(line)
                if place and starts and gap >= 2 and (capital or digit or not cased)
            ]
            cuts = [0, *starts, len(line)]
            for begin, end in itertools.pairwise(cuts):
                if SHORT <= end - begin <= MOST and end - begin < len(line):
                    units.append((number, low + begin, low + end, masked(line[begin:end])))
        low = high
    return units


def naive_find(units, lines, known):
    """Return [(what, ending)] of units; ``known`` are the keys of templates."""
    flat = [token for line in lines for token in line]
    found = []
    for line, low, high, key in units:
        what = "not"
        if key in known:
            what = "full" if high - low >= LEAST else "short"
        endings = [
            place
            for place in range(low + 1, high)
            if high - place >= LEAST and flat[place][3] and masked(flat[place:high]) in known
        ]
        ending = min(endings) if endings and len(lines[line]) >= LONG else -1
        if what == "not" and ending >= 0:
            what = "ending"
        found.append((what, ending))
    return found


def naive_text_bounds(words, prose):
    """Return the first longest stretch with most prose of one document, (0, 0) for none."""
    best, found = 0, (0, 0)
    for low in range(len(words)):
        for high in range(low + 1, len(words) + 1):
            total = sum(words[at] if prose[at] else -OTHER for at in range(low, high))
            if total > best:
                best, found = total, (low, high)
    return found


def naive_likeness(sketches):
    """Return the mean share of filled places in which two sketches (lists, None: empty) agree."""
    shares = []
    for i, a in enumerate(sketches):
        for b in sketches[i + 1 :]:
            filled = [(x, y) for x, y in zip(a, b, strict=True) if x is not None or y is not None]
            shares.append(sum(x == y for x, y in filled) / len(filled) if filled else 0.0)
    return sum(shares) / len(shares) if shares else 0.0
