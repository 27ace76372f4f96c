"""What relations, reasons and tags are called and how they are coloured, in every view."""

from __future__ import annotations

RELATION_WORDS = {
    "exact": "exact duplicate",
    "near_duplicate": "near-duplicate",
    "excerpt": "excerpt",
    "derived": "derived",
    "shares_passage": "shares a passage",
    "none": "nothing in common",
}

# Okabe and Ito's palette, which people with any colour vision can tell apart.
COLOURS = {
    "exact": "#0072B2",
    "near_duplicate": "#56B4E9",
    "excerpt": "#009E73",
    "derived": "#E69F00",
    "shares_passage": "#CC79A7",
    "none": "#999999",
    "kept": "#4D7EA8",
    "removed": "#D55E00",
    "threshold": "#222222",
    "curve": "#0072B2",
}


def relation_name(relation: str) -> str:
    """Return a relation in words.

    >>> relation_name("shares_passage")
    'shares a passage'
    """
    return RELATION_WORDS.get(relation) or relation.replace("_", " ")
