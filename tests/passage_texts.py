"""Texts, pieces and matches for the tests of passage kernels, as lists and as kernels take them."""

from __future__ import annotations

import itertools

import numpy as np
from hypothesis import settings
from hypothesis import strategies as st
from naive import CAPITAL, CONTENT, NAME, QUOTED, STARTS_LINE, STARTS_SENTENCE, STOP, UNSPACED
from naive_pieces import Piece, Text

from dedup.kernels import passages, sides
from dedup.kernels._jit import INTERPRETED

examples = settings(max_examples=40 if INTERPRETED else 150, deadline=None)

OTHER = 2**63  # words of one side alone are above it


def side_of(text):
    """Return a ``Text`` as the kernels take it."""
    kinds = (np.uint64, np.float32, np.uint8, np.uint8)
    return sides.Side(*(np.array(each, kind) for each, kind in zip(text, kinds, strict=True)))


def text_of(words, weights=None, classes=None, flags=None):
    """Return a ``Text``: content words without flags where nothing else is said."""
    count = len(words)
    return Text(
        list(words),
        list(weights or [1.0] * count),
        list(classes or [CONTENT] * count),
        list(flags or [0] * count),
    )


def scratch_for(*texts, path=(), used=((), ())):
    """Return scratch for texts, with a path and with tokens that are in passages."""
    longest = max(1, *(len(text.words) for text in texts))
    _, scratch = passages.scratch_for(1, longest)
    scratch.stamp[0] = 7
    scratch.used_a[list(used[0])] = 7
    scratch.used_b[list(used[1])] = 7
    for x, (i, j) in enumerate(path):
        scratch.path_a[x], scratch.path_b[x] = i, j
    return scratch


def mate_of(path, a):
    """Return the tokens matched to those of ``a``."""
    mate = np.full(max(len(a.words), 1), -1, np.int64)
    for i, j in path:
        mate[i] = j
    return mate


def path_in(mate):
    return [(i, j) for i, j in enumerate(mate.tolist()) if j >= 0]


def rows_of(listed):
    """Return pieces as rows, their matches one behind the other, and all matches."""
    rows = np.zeros((len(listed), sides.PIECE_COLUMNS), np.int64)
    path = []
    for k, piece in enumerate(listed):
        begin = len(path)
        path += piece.path
        places = (piece.first_a, piece.last_a, piece.first_b, piece.last_b)
        rows[k] = (*places, piece.level, piece.tokens, begin, len(path), k)
    return rows, path


def piece_of(row):
    """Return a row as a piece without its path."""
    columns = (sides.FIRST_A, sides.LAST_A, sides.FIRST_B, sides.LAST_B)
    columns += (sides.PIECE_LEVEL, sides.PIECE_TOKENS)
    return Piece(*(int(row[column]) for column in columns))


def regions_of(rows):
    """Return the regions of rows: (piece, numbers of its pieces)."""
    owners = rows[:, sides.OWNER].tolist()
    return [
        (piece_of(rows[k]), [p for p, owner in enumerate(owners) if owner == k])
        for k in range(len(rows))
        if owners[k] == k
    ]


# What texts are drawn from: few words, so that much is equal, and every weight that tokens have.
tokens = st.tuples(
    st.sampled_from([1, 2, 3, 4, OTHER + 1, 2**64 - 1]),
    st.sampled_from([0.0, 0.125, 0.25, 0.375, 0.5, 0.75, 1.0]),
    st.sampled_from([STOP, CONTENT, CONTENT, NAME]),
    st.sampled_from([0, 0, CAPITAL, QUOTED, UNSPACED, STARTS_SENTENCE, STARTS_LINE]),
)


def texts(low=0, high=24):
    drawn = st.lists(tokens, min_size=low, max_size=high)
    return drawn.map(lambda listed: Text(*([token[k] for token in listed] for k in range(4))))


def seeds_of(matches):
    return sides.Seeds(*np.array(matches, np.int64).reshape(-1, 2).T.copy())


def unlike(count, *shared, step=OTHER):
    """Return two texts that have only the words ``shared`` in common, at the same places."""
    a = [1000 + k for k in range(count)]
    b = [step + k for k in range(count)]
    for k in shared:
        a[k] = b[k] = k + 1
    return text_of(a), text_of(b)


@st.composite
def alike_texts(draw):
    """Draw two texts of 200 tokens that share many words, here and there."""
    shared = draw(st.lists(st.sampled_from([0, 0, 1, 2]), min_size=200, max_size=200))
    flags = draw(st.lists(st.sampled_from([0] * 6 + [1, 2]), min_size=200, max_size=200))
    flags = [(0, STARTS_SENTENCE, STARTS_LINE | STARTS_SENTENCE)[each] for each in flags]
    a = [k + 1 for k in range(200)]
    b = [OTHER + k if shared[k] == 0 else a[k - shared[k] + 1] for k in range(200)]
    return text_of(a, flags=flags), text_of(b, flags=flags[::-1])


@st.composite
def paths(draw):
    """Draw (matches in order, weights of both sides)."""
    steps = draw(st.lists(st.tuples(st.integers(1, 6), st.integers(1, 6)), max_size=10))
    path = [(-1, -1)]
    for di, dj in steps:
        path.append((path[-1][0] + di, path[-1][1] + dj))
    weights = st.lists(st.sampled_from([0.125, 0.25, 1.0]), min_size=70, max_size=70)
    return path[1:], draw(weights), draw(weights)


def seeds_between(a, b, size):
    """Return the n-grams that two texts share."""
    places = range(len(a.words) - size + 1), range(len(b.words) - size + 1)
    return [
        (i, j)
        for i, j in itertools.product(*places)
        if a.words[i : i + size] == b.words[j : j + size]
    ]
