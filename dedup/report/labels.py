"""What relations, reasons and tags are called and how they are coloured, in every view.

The names are those of the files; the words are for people. ``COLOURS`` are for pages and plots,
``STYLES`` for terminals.
"""

from __future__ import annotations

from collections.abc import Iterable

from dedup.report.terminal.text import spaced

RELATION_WORDS = {
    "exact": "exact duplicate",
    "near_duplicate": "near-duplicate",
    "excerpt": "excerpt",
    "derived": "derived",
    "shares_passage": "shares a passage",
    "compilation": "compilation",
    "revision": "another version",
    "own_text": "text of its own",
    "same_form": "same form, other facts",
    "same_url": "same address",
    "none": "nothing in common",
}

TAG_WORDS = {
    "caption": "caption",
    "byline": "byline",
    "date_line": "date line",
    "embed": "embedded post",
    "related_suspect": "perhaps a related article",
    "comment": "comment of a reader",
}

# By what is told who has text of whom.
EVIDENCE_WORDS = {
    "credit": "credits it",
    "shared_credit": "others credit it for the same text",
    "named": "names it beside the text",
    "first": "first seen there",
}

# Why something is removed, by kind of reason. A tag is a reason where `drop_tags` names it.
REASONS = {
    "repeat": {
        "truncated_teaser": "truncated teaser",
        "pasted_block": "pasted block",
        "repeated_block": "repeated block",
        "pull_quote": "pull quote",
        "flattened_copy": "flattened copy",
    },
    "promotion": {
        "newsletter_signup": "newsletter sign-up",
        "share_widget": "share widget",
        "follow": "follow us",
        "donate": "call for donations",
        "app_promo": "app promotion",
        "ad_label": "advertising label",
        "affiliate": "affiliate notice",
    },
    "navigation": {
        "site_nav": "site navigation",
        "prev_next_nav": "previous or next article",
        "read_more_cta": "read more",
        "related_block": "related articles",
        "related_inline": "inline related article",
        "related_marker": "heading of related articles",
        "tag_list": "list of tags",
    },
    "page": {
        "comment_form": "comment form",
        "cookie_notice": "cookie notice",
        "legal": "legal notice",
        "site_boilerplate": "line of the site",
        "site_template": "template of the site",
        "media_control": "media control",
        "date_label": "label of a date",
        "whitespace": "invisible line",
    },
    "tag": TAG_WORDS,
}
FAMILY_WORDS = {
    "template": "template of a site",
    "own_text": "text a publisher prints again",
    "quote": "quotation",
    "press_release": "press release",
    "phrase": "phrase",
    "agency": "agency text",
    "copy": "passage",
}
# What the limits on very frequent text left out. One that is not known is written as it is.
LIMIT_WORDS = {
    "addresses_of_too_many_texts": "addresses with more texts than one article has, not compared",
    "oversized_buckets": "oversized buckets, of whose pairs only some were compared",
    "misread_texts_too_long": "texts read by machine that are too long to compare by characters",
    "near_copies_left_out_of_passages": "near copies left out of the search for passages",
    "seeds_in_too_many_documents": "seeds in too many articles, searched in some of them only",
    "story_terms_in_too_many_articles": "words in too many articles to propose who tells one story",
    "seed_positions_left_out": "positions of frequent seeds that were not searched",
}
REASON_WORDS = {name: words for kind in REASONS.values() for name, words in kind.items()}
KINDS = {name: kind for kind, reasons in REASONS.items() for name in reasons}

# Okabe and Ito's palette, which people with any colour vision can tell apart.
COLOURS = {
    "exact": "#0072B2",
    "near_duplicate": "#56B4E9",
    "excerpt": "#009E73",
    "derived": "#E69F00",
    "shares_passage": "#CC79A7",
    "compilation": "#7F7F7F",
    "revision": "#6A51A3",
    "own_text": "#556B2F",
    "same_form": "#8C564B",
    "same_url": "#17827A",
    "none": "#999999",
    "repeat": "#D55E00",
    "promotion": "#CC79A7",
    "navigation": "#0072B2",
    "page": "#7F7F7F",
    "tag": "#E69F00",
    "kept": "#4D7EA8",
    "removed": "#D55E00",
    "threshold": "#222222",
    "curve": "#0072B2",
}

# The same as far as the sixteen colours of a terminal go.
STYLES = {
    "exact": "blue",
    "near_duplicate": "cyan",
    "excerpt": "green",
    "derived": "yellow",
    "shares_passage": "magenta",
    "compilation": "dim",
    "revision": "blue",
    "own_text": "yellow",
    "same_form": "red",
    "same_url": "cyan",
    "none": "dim",
    "repeat": "red",
    "promotion": "magenta",
    "navigation": "blue",
    "page": "dim",
    "tag": "yellow",
    "kept": "green",
    "removed": "red",
}


def relation_name(relation: str) -> str:
    """Return a relation in words.

    >>> relation_name("shares_passage")
    'shares a passage'
    """
    return RELATION_WORDS.get(relation) or spaced(relation)


def reason_name(reason: str) -> str:
    """Return the reason of a removal, or a tag, in words.

    >>> reason_name("prev_next_nav"), reason_name("not_known_yet")
    ('previous or next article', 'not known yet')
    """
    return REASON_WORDS.get(reason) or spaced(reason)


def family_name(kind: str) -> str:
    """Return the kind of a family in words.

    >>> family_name("copy"), family_name("not_known_yet")
    ('passage', 'not known yet')
    """
    return FAMILY_WORDS.get(kind) or spaced(kind)


def evidence_name(evidence: str) -> str:
    """Return in words by what is told who has text of whom.

    >>> evidence_name("named"), evidence_name("not_known_yet")
    ('names it beside the text', 'not known yet')
    """
    return EVIDENCE_WORDS.get(evidence) or spaced(evidence)


def limit_name(limit: str) -> str:
    """Return in words what a limit left out.

    >>> limit_name("oversized_buckets"), limit_name("not_known_yet")
    ('oversized buckets, of whose pairs only some were compared', 'not known yet')
    """
    return LIMIT_WORDS.get(limit) or spaced(limit)


def reason_kind(reason: str) -> str:
    """Return the kind of a reason, after which it is coloured; one that is not known is ``page``.

    >>> reason_kind("truncated_teaser"), reason_kind("not_known_yet")
    ('repeat', 'page')
    """
    return KINDS.get(reason, "page")


def reasons_listed(counts: Iterable[tuple[str, int]]) -> str:
    """Return reasons or tags with their counts as one phrase.

    >>> reasons_listed([("share_widget", 3), ("legal", 1)])
    '3 × share widget, 1 × legal notice'
    """
    return ", ".join(f"{count:,} × {reason_name(name)}" for name, count in counts)
