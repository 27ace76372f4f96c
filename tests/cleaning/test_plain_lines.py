"""Lines that are left early are those of which the patterns and tags find nothing anyway."""

from __future__ import annotations

import itertools

from hypothesis import example, given, settings
from hypothesis import strategies as st

from dedup.cleaning.boilerplate import patterns, tags
from dedup.text.lines import CAMEL, PAREN, SENTENCE

WORDS = (
    *("newsletter", "Share", "Sign up", "to our", "Read more", "Photo", "by", "Reporting by Jane"),
    *(
        "editing",
        "said",
        "May 3",
        "14",
        "(Reuters)",
        "(AP",
        "via Getty)",
        "image",
        "(*photo*)",
        "A",
    ),
    *("&amp;", "&#115;hare", "Sh[are](/x)", "**more**", "_post_", "# ", "> ", "FacebookTweet"),
    *(
        "Réply",
        "©",
        "-",
        ":",
        "»",
        "*",
        ".",
        "view this post on",
        "x" * 40,
        "with",
        "and the",
        "of",
    ),
    *("(file)", "(x)", "LONDON - JAN 3, 2014: ", "https://t.co/x", "share's", "\x1f", "\xa0"),
)
some_lines = st.lists(st.sampled_from(WORDS), min_size=1, max_size=30).map(" ".join)


def naive_match(line, words, *, is_sentence):
    """Try all sections on a line, whatever words it has."""
    plain = patterns.plain_text(line)
    if plain != line:
        line, words = plain, min(words, len(patterns._WORD.findall(plain)))
    by_trigger, weak = patterns._by_trigger(), None
    for each in patterns._variants(line) if patterns._GLUED.search(line) else [line]:
        folded = patterns.fold_line(each)
        there = set(patterns._WORD.findall(folded))
        for position, section in enumerate(patterns.sections()):
            if not any(word in there and position in by_trigger[word] for word in by_trigger):
                continue
            said = words >= patterns._REPORT_WORDS
            said = said and section.reason not in patterns._QUOTES_TITLES
            if words > section.limit or (said and patterns._REPORTED.search(folded)):
                continue
            match = patterns._match(position, folded, words, is_sentence=is_sentence)
            if match is not None and not match.weak:
                return match
            weak = weak or match
    return weak


@settings(deadline=None)
@given(some_lines, st.integers(1, 60), st.booleans())
@example(line="Sign up to our newsletter", words=5, is_sentence=False)
@example(line="Police said sign up to our newsletter", words=7, is_sentence=False)
@example(line="&amp;#115;hare", words=1, is_sentence=False)
def test_a_plain_line_without_a_trigger_matches_nothing(line, words, is_sentence):
    wanted = naive_match(line, words, is_sentence=is_sentence)
    glued = any(a.islower() and b.isupper() for a, b in itertools.pairwise(line))
    for may_be_glued in {True, glued}:
        patterns.match_patterns.cache_clear()
        found = patterns.match_patterns(
            line, words, is_sentence=is_sentence, may_be_glued=may_be_glued
        )
        assert found == wanted


@settings(deadline=None)
@given(some_lines, st.integers(15, 130), st.sampled_from([0, PAREN, SENTENCE, CAMEL | PAREN]))
@example("The harbour at dawn with some of its boats (Reuters)", 15, PAREN)
@example("Additional reporting by Jane Doe and some others in the office", 15, SENTENCE)
def test_a_long_plain_line_that_is_left_has_no_tag(line, words, flags):
    line = line.strip()
    folded = patterns.fold_line(line)
    wanted = None
    if tags.is_signature(line) or tags._is_embed(line):
        wanted = "embed"
    elif tags._is_byline(line, folded, words, flags, 0):
        wanted = "byline"
    elif tags._is_caption(line, folded, words, flags):
        wanted = "caption"
    assert tags.tag_of(line, words, flags, 0, 40) == wanted
