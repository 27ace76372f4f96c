"""Hypothesis makes of these what the kernels get: any text, ragged arrays, hashes above 2**63."""

from __future__ import annotations

import itertools

import numpy as np
from hypothesis import strategies as st

# What the rules of tokens look at, so that a random text meets all of them.
PIECES = (
    *("a", "B", "s", "S", "ß", "ﬃ", "İ", "ı", "é", "e\u0301", "１", "7", "½", "Ⅳ", "Ａ", "Ω", "я"),
    *("supercalifragilistic", "ABCDEFGH", "abcdefg", "12345678", "Straße", "naïve", "al", "The"),
    *(
        "'",
        "’",
        "'s",
        "’S ",
        "''",
        "`",
        " 'quoted' ",
        "“said”",
        "„so“",
        '"',
        "«",
        "»",
        "「",
        "」",
        "‚",
        "‘",
        "“",
        "”",
    ),
    *(
        "http://x.org/a",
        "a.b@c.org",
        "x1y2z3" * 4,
        "+",
        "?",
        "%",
        "https:",
        "www.",
        "www",
        ":",
        "/",
        "@me",
        " @",
        "#",
        ".",
        "…",
        "?",
        "。",
    ),
    *(" ", "  ", "\t", "\n", "\r\n", "\u2028", "\u00a0", "-", "–", "—", ",", ";", "\x00", "\x7f"),
    *(
        "一",
        "漢字",
        "かな",
        "か\u3099",
        "ｶﾞ",
        "カ",
        "ภาษาไทย",
        "ລາວ",
        "ខ្មែរ",
        "བོད",
        "မြန်မာ",
        "한국",
        "가",
    ),
    *("العربية", "ـ", "שלום", "שָׁ", "हिन्दी", "க்", "\u202e", "\u200b", "\u200d", "\u00ad", "\ufeff"),
    *(
        "\u0301",
        "\u0300\u0301",
        "\u3099",
        "🙂",
        "👩\u200d💻",
        "\ufe0f",
        "\U000e0100",
        "ﷺ",
        "\ufffd",
    ),
)
pieces = st.lists(st.sampled_from(PIECES), max_size=30).map("".join)
anything = st.text(st.characters(exclude_categories=()), max_size=40)  # lone surrogates as well
texts = st.one_of(pieces, anything, st.tuples(pieces, anything).map("".join))

hashes = st.one_of(
    st.integers(0, 2**64 - 1),
    st.integers(2**63, 2**64 - 1),
    st.integers(0, 20),
    st.sampled_from([0, 1, 2**31, 2**32 - 1, 2**32, 2**63 - 1, 2**63, 2**64 - 1]),
)
hashes32 = st.one_of(st.integers(0, 2**32 - 1), st.sampled_from([0, 2**31, 2**32 - 1]))
rows_of_hashes = st.lists(st.lists(hashes, max_size=25), max_size=6)


def ragged(rows, kind=np.uint64):
    """Return (values, offsets) of a list of lists."""
    offsets = np.zeros(len(rows) + 1, np.int64)
    np.cumsum([len(row) for row in rows], out=offsets[1:])
    return np.array([each for row in rows for each in row], kind), offsets


def unragged(values, offsets):
    """Return the list of lists of a ragged array."""
    return [values[low:high].tolist() for low, high in itertools.pairwise(offsets)]
