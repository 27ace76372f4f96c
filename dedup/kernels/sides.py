"""What the kernels of passages hand to each other: documents, seeds, stretches, scratch."""

from __future__ import annotations

from typing import Any, NamedTuple

# Columns of a piece (a row of int64): an aligned stretch of two documents. Positions are tokens of
# the own document, the last one included; the path is where the matched tokens stand in ``path_a``
# and ``path_b`` of ``Scratch``, half open; the owner is the first piece of the own region.
FIRST_A, LAST_A, FIRST_B, LAST_B, PIECE_LEVEL, PIECE_TOKENS, PATH_START, PATH_END, OWNER = range(9)
PIECE_COLUMNS = 9
CELLS = 64  # equal tokens of a box that are linked to a path; with more, all its cells are scored
SLOTS = 256  # of a table of the words of a box, a power of two: few share one by chance


class Side(NamedTuple):
    """The tokens of one document, four arrays of one length."""

    words: Any  # uint64: the first six characters of each word
    weights: Any  # float32
    classes: Any  # uint8: STOP, CONTENT, NAME or BLANK of ``words``
    flags: Any  # uint8: the flags of ``text``


class Seeds(NamedTuple):
    """The places of seeds that two documents share, two arrays of one length, sorted by both."""

    first: Any  # int64: tokens of the one document
    second: Any  # int64: tokens of the other


class Stretch(NamedTuple):
    """A stretch of each of two documents, half open."""

    low_a: Any
    high_a: Any
    low_b: Any
    high_b: Any


class Limits(NamedTuple):
    """The settings that decide what counts as a passage."""

    size: Any  # words of a seed
    least: Any  # fewest matched tokens of a passage
    least_like: Any  # Dice coefficient from which re-worded text belongs to a passage
    with_weak: Any  # keep weak passages of pairs without a strong one


class Cells(NamedTuple):
    """Equal tokens of a box, and the best path to each: arrays of ``CELLS`` values, and a table."""

    x: Any  # int64: the token of a, from the corner of the box
    y: Any  # int64: that of b
    score: Any  # float32
    back: Any  # int64: the match before it on that path, -1 for none
    slots: Any  # uint32 (SLOTS,): which tokens of b, a bit each, have words of this slot


class Scratch(NamedTuple):
    """What a thread writes while it aligns two documents; ``scratch_for`` makes it once.

    ``used_a`` and ``used_b`` hold for each token the last stamp it got; the stamp of a pair and the
    two after it are above all that stand in them.
    """

    cells: Any  # Cells
    score: Any  # float32 (BOX + 1, BOX + 1)
    move: Any  # int8, of the same shape
    mate: Any  # int64, a token each: the token of b matched to it; -1 between calls
    used_a: Any  # int64, a token each
    used_b: Any  # int64, a token each
    stamp: Any  # int64 (1,): the stamp of this pair
    path_a: Any  # int64, a token each
    path_b: Any  # int64, a token each
    used: Any  # bool (BAG,)
