"""Lines that a pattern of boilerplate matches, drawn from the pattern itself."""

from __future__ import annotations

import re
import string
from collections import Counter
from random import Random

try:
    from re import _parser as parser
except ImportError:  # Python 3.10
    import sre_parse as parser

LETTERS = f"{string.ascii_lowercase} {string.digits}.,-?! "
WORD = re.compile(r"\w")
BOUNDARY = "\0"
ENDLESS = 3  # times more than needed, of what may stand any number of times


def lines_of(pattern, count):
    """Return ``count`` lines that a pattern matches; between them they take each of its branches.

    Of several branches the one taken least often is taken; what may be left out or repeated is
    there as seldom and as often as it may be, in turn, and else some times.
    """
    draw = _Draw(pattern)
    made = re.compile(pattern)
    found: list[str] = []
    for _ in range(50 * count):
        line = draw.line()
        if made.fullmatch(line):
            found.append(line)
        if len(found) == count:
            return found
    raise AssertionError(f"{len(found)} of {count} lines of {pattern}")


class _Draw:
    def __init__(self, pattern):
        self._tree = parser.parse(pattern)
        self._source = Random(pattern)
        self._letters = sorted({*pattern, *LETTERS})
        self._taken = Counter()

    def line(self):
        """Return a line; what stands at an end of a word is parted from its neighbour."""
        parts = self._draw(self._tree).split(BOUNDARY)
        line = parts[0]
        for part in parts[1:]:
            inside = bool(WORD.match(line[-1:])) == bool(WORD.match(part[:1]))
            line += (" " if inside and WORD.match(part[:1]) else "") + part
        return line

    def _draw(self, tree):
        return "".join(getattr(self, f"_{str(code).lower()}")(value) for code, value in tree)

    def _next(self, *names):
        """Return the name that was taken least often, of those one at random."""
        rarest = min(self._taken[name] for name in names)
        name = self._source.choice([name for name in names if self._taken[name] == rarest])
        self._taken[name] += 1
        return name

    def _literal(self, value):
        return chr(value)

    def _not_literal(self, value):
        return self._source.choice([each for each in self._letters if each != chr(value)])

    def _any(self, _):
        return self._source.choice(self._letters)

    def _at(self, _):
        return BOUNDARY

    def _in(self, members):
        code, value = members[self._next(*((id(members), k) for k in range(len(members))))[1]]
        return getattr(self, f"_{str(code).lower()}")(value)

    def _category(self, value):
        kinds = {"CATEGORY_DIGIT": r"\d", "CATEGORY_WORD": r"\w", "CATEGORY_NOT_SPACE": r"\S"}
        kind = re.compile(kinds[str(value)])
        return self._source.choice([each for each in self._letters if kind.match(each)])

    def _branch(self, value):
        branches = value[1]
        return self._draw(branches[self._next(*((id(value), k) for k in range(len(branches))))[1]])

    def _subpattern(self, value):
        return self._draw(value[3])

    def _max_repeat(self, value):
        low, high, inner = value
        high = low + ENDLESS if high == parser.MAXREPEAT else high
        ends = ("low", low), ("high", high), ("some", self._source.randint(low, high))
        times = dict(ends)[self._next(*((id(value), name) for name, _ in ends))[1]]
        return "".join(self._draw(inner) for _ in range(times))
