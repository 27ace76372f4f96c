"""Every pattern of boilerplate is found by the words that trigger it."""

from __future__ import annotations

import numpy as np
import pytest
from pattern_lines import lines_of

from dedup.cleaning.boilerplate.patterns import _REPORTED, fold_line, match_patterns, sections
from dedup.core.arrays import texts_from_strings
from dedup.text.lines import word_hashes
from dedup.text.tokens import tokenise_texts

SECTIONS = [
    pytest.param(position, pattern, id=f"{section.reason}-{position}-{number}")
    for position, section in enumerate(sections())
    for number, pattern in enumerate((*section.patterns, *section.titles, *section.among))
]


@pytest.mark.parametrize(("position", "pattern"), SECTIONS)
def test_every_line_a_pattern_matches_holds_a_trigger_word(position, pattern):
    """A line needs a word that the fast filter lets through."""
    section = sections()[position]
    known = set(word_hashes(list(section.triggers)).tolist()) - {0}
    lines = lines_of(pattern, 60)
    checked = 0
    for line, hashes in zip(lines, hashes_of(lines), strict=True):
        if len(hashes) > section.limit or "'" in line:  # an apostrophe joins two words
            continue
        assert known & set(hashes) or "©" in line, line
        found = match_patterns(line, len(hashes), is_sentence=False)
        is_told = _REPORTED.search(line) or fold_line(line) != line  # both may keep a line
        assert found is not None or is_told, line
        checked += 1
    assert checked


def hashes_of(lines):
    """Return the hashes of the tokens of each line."""
    tokens = tokenise_texts(texts_from_strings(lines))
    return [each.tolist() for each in np.split(tokens.hashes, tokens.bounds[1:-1])]


def test_triggers_are_single_words():
    for section in sections():
        assert word_hashes([each for each in section.triggers if each != "©"]).all(), section
        assert section.confidence in ("strong", "medium")
