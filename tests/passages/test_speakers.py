"""Who is named as a speaker, in scripts without capitals and in Cyrillic."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from twins import WRAPS

from dedup.core.arrays import texts_from_strings
from dedup.kernels.text import QUOTED
from dedup.passages.families.reporting import agreed_speaker, speaker_of
from dedup.passages.families.speakers import script_of
from dedup.text.tokens import tokenise_texts

pytestmark = WRAPS
ROWS = [
    line.split("\t")
    for line in Path(__file__).with_name("speakers.tsv").read_text("utf-8").splitlines()
    if not line.startswith("#")
]


def longest_quotation(text):
    """Return where the longest run of quoted tokens begins and ends."""
    tokens = tokenise_texts(texts_from_strings([text]))
    quoted = np.concatenate(([0], (tokens.flags & QUOTED) != 0, [0])).astype(np.int8)
    edges = np.flatnonzero(np.diff(quoted)).reshape(-1, 2)
    first, end = max(edges.tolist(), key=lambda edge: edge[1] - edge[0])
    return int(tokens.starts[first]), int(tokens.ends[end - 1])


@pytest.mark.parametrize(("language", "truth", "text"), ROWS, ids=lambda value: value[:40])
def test_speakers_of_sentences(language, truth, text):
    found = speaker_of(text, *longest_quotation(text))
    if truth.startswith("?"):
        assert found in (None, truth[1:])
    else:
        assert found == (None if truth == "-" else truth)


def test_there_are_enough_sentences_of_each_language():
    for language in ("ar", "ja", "zh", "ko", "ru", "hi"):
        truths = [truth for own, truth, _ in ROWS if own == language]
        assert len(truths) >= 28
        assert truths.count("-") >= 13


@pytest.mark.parametrize(
    ("before", "behind", "wanted"),
    [
        ("A spokesman for Merkel said: ", "", None),
        ("A friend of Roe told the Washington Post: ", "", None),
        ("Im Bundestag sagte er: ", "", None),
        ("Адвокат Петрова сказал: ", "", None),
    ],
)
def test_who_is_no_subject(before, behind, wanted):
    text = f"{before}“We entered it today.”{behind}"
    assert speaker_of(text, len(before), len(text) - len(behind)) == wanted


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("он сказал", None),
        ("قال الوزير", "arabic"),
        ("彼は言った", "kana"),
        ("他说", "han"),
        ("그는 말했다", "hangul"),
        ("उन्होंने कहा", "devanagari"),
        ("", None),
    ],
)
def test_scripts(text, wanted):
    assert script_of(text) == wanted


def test_names_without_blanks_agree():
    assert agreed_speaker(["特朗普", "唐纳德·特朗普", "特朗普"]) == "唐纳德·特朗普"
    assert agreed_speaker(["佐藤", "佐藤健", None]) == "佐藤健"
    assert agreed_speaker(["佐藤", "佐藤健", "佐藤誠"]) is None
