"""Every reason and every rule of a removal, once, and what the guards do with each.

Where too much of a document would go (``apply.guard``), a *sure* rule still applies, a *frequent*
one as long as enough text is left, and a *likely* one does not.
"""

from __future__ import annotations

SURE, FREQUENT, LIKELY = "sure", "frequent", "likely"

# Sure: the text stays elsewhere word for word, or the line says of itself what it is.
RULES: dict[str, str] = {
    "prefix_of_full_text": SURE,
    "near_full_text": LIKELY,
    "longer_teaser": SURE,
    "inside_longer_block": SURE,
    "covered_by_blocks": LIKELY,
    "across_blocks": SURE,
    "repeated_run": SURE,
    "adjacent_copy": SURE,
    "copy_in_lead": SURE,
    "long_copy": SURE,
    "adjacent_line": SURE,
    "caption_twice": SURE,
    "lead_of_paragraph": SURE,
    "quoted_post": SURE,
    "pattern": SURE,
    "menu": SURE,
    "nav_run": SURE,
    "empty_item": SURE,
    "invisible_line": SURE,
    "drop_tags": SURE,
    "related_card": LIKELY,
    "line_frequency": FREQUENT,  # where its confidence is strong
    "known_template": SURE,
    "template_of_site": SURE,  # on most pages of a site
    "template_line": FREQUENT,
    "template_sentence": FREQUENT,
    "margin_run": FREQUENT,
}

# Those that find what the same words form in several documents that are otherwise different.
TEMPLATE_RULES = (
    *("known_template", "template_of_site", "template_line", "template_sentence"),
    "line_frequency",
)

REPEAT_REASONS = (
    *("truncated_teaser", "pull_quote", "flattened_copy", "pasted_block", "repeated_block"),
)
BOILERPLATE_REASONS = (
    *(
        "newsletter_signup",
        "share_widget",
        "follow",
        "donate",
        "app_promo",
        "ad_label",
        "affiliate",
    ),
    *("site_nav", "prev_next_nav", "read_more_cta", "related_block", "related_inline", "tag_list"),
    *("comment_form", "cookie_notice", "legal", "media_control", "date_label"),
    *("site_boilerplate", "site_template", "whitespace"),
)


def is_sure(rule: str) -> bool:
    """Tell whether a rule applies even where the guards hold others back.

    >>> is_sure("pattern"), is_sure("template_line")
    (True, False)
    """
    return RULES[rule] == SURE


def is_frequent(rule: str, confidence: str) -> bool:
    """Tell whether a removal is of a line that a site repeats very often."""
    return RULES[rule] == FREQUENT and confidence == "strong"


# Index files store these numbers: a new name goes to the end, and none is ever taken out.
_REASONS = """
truncated_teaser pull_quote flattened_copy pasted_block repeated_block
newsletter_signup share_widget follow donate app_promo ad_label affiliate
site_nav prev_next_nav read_more_cta related_block related_inline tag_list
comment_form cookie_notice legal media_control date_label
site_boilerplate site_template whitespace
caption byline date_line embed related_suspect comment
"""
_RULES = """
prefix_of_full_text near_full_text longer_teaser inside_longer_block covered_by_blocks across_blocks
repeated_run adjacent_copy copy_in_lead long_copy adjacent_line caption_twice lead_of_paragraph
quoted_post pattern menu nav_run empty_item invisible_line drop_tags related_card line_frequency
template_line template_sentence margin_run
known_template template_of_site
"""
REASON_CODES = {name: code for code, name in enumerate(_REASONS.split())}
RULE_CODES = {name: code for code, name in enumerate(_RULES.split())}
