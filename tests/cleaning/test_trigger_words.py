"""Every pattern of boilerplate is found by the words that trigger it."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dedup.cleaning.boilerplate.patterns import fold_line, match_patterns, sections
from dedup.core.arrays import texts_from_strings
from dedup.text.lines import word_hashes
from dedup.text.tokens import tokenise_texts

SECTIONS = [
    pytest.param(position, pattern, id=f"{section.reason}-{position}-{number}")
    for position, section in enumerate(sections())
    for number, pattern in enumerate((*section.patterns, *section.titles))
]


def check_triggers(position, pattern, examples):
    """Draw lines from a pattern: each must hold a word that the fast filter lets through."""
    section = sections()[position]
    known = set(word_hashes(list(section.triggers)).tolist()) - {0}

    @settings(max_examples=examples, suppress_health_check=list(HealthCheck), database=None)
    @given(st.from_regex(pattern, fullmatch=True, alphabet=wide_alphabet(pattern)))
    def check(line_text):
        tokens = tokenise_texts(texts_from_strings([line_text]))
        if len(tokens.hashes) > section.limit or "'" in line_text:  # an apostrophe joins two words
            return
        assert known & set(tokens.hashes.tolist()) or "©" in line_text, line_text
        found = match_patterns(line_text, len(tokens.hashes), is_sentence=False)
        assert found is not None or fold_line(line_text) != line_text

    check()


@pytest.mark.parametrize(("position", "pattern"), SECTIONS)
def test_a_line_a_pattern_matches_holds_a_trigger_word(position, pattern):
    check_triggers(position, pattern, 4)


@pytest.mark.slow
@pytest.mark.parametrize(("position", "pattern"), SECTIONS)
def test_every_line_a_pattern_matches_holds_a_trigger_word(position, pattern):
    check_triggers(position, pattern, 60)


def wide_alphabet(pattern):
    """Return the letters a pattern may draw from: its own, and a few for its dots."""
    return st.sampled_from(sorted({*pattern, *"abcdefghijklmnopqrstuvwxyz 0123456789.,-?!"}))


def test_triggers_are_single_words():
    for section in sections():
        assert word_hashes([each for each in section.triggers if each != "©"]).all(), section
        assert section.confidence in ("strong", "medium")
