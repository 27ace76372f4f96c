"""Tokens: where they stand, and what counts as the same word."""

from __future__ import annotations

import sys
import unicodedata
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from naive import NaiveFolding
from strategies import texts

from dedup.core.arrays import clean_string, runs_of_rows, texts_from_strings
from dedup.kernels import text as kernel
from dedup.text.tokens import folding, tokenise_texts

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "scripts"))
import make_folding


def tokens_of(string):
    return tokenise_texts(texts_from_strings([string]))


def hashes_of(string):
    return tokens_of(string).hashes.tolist()


def words_of(string):
    tokens = tokens_of(string)
    return [string[a:b] for a, b in zip(tokens.starts, tokens.ends, strict=True)]


@given(texts)
def test_the_text_between_the_offsets_is_the_token(string):
    string = clean_string(string)
    tokens = tokens_of(string)
    last = 0
    for index, (start, end) in enumerate(zip(tokens.starts, tokens.ends, strict=True)):
        assert last <= start < end <= len(string)
        assert hashes_of(string[start:end]) == [tokens.hashes[index]]
        last = end


def test_offsets_count_code_points_whatever_their_bytes():
    string = "é🙂 Naïve 漢字 👩\u200d💻 end"
    assert words_of(string) == ["é", "Naïve", "漢", "字", "end"]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Straße STRASSE", "strasse strasse"),
        ("Crème Brûlée", "creme brulee"),
        ("ＡＢＣ １２３", "abc 123"),
        ("ﬁnd oﬃce", "find office"),
        ("İstanbul ışık IŞIK", "istanbul isik isik"),
        ("don’t O'Neill o`clock", "dont ONeill oclock"),
        ("soft\u00adware zero\u200bwidth \ufeffmark", "software zerowidth mark"),
        ("مُحَمَّد كتـاب", "محمد كتاب"),
        ("שָׁלוֹם", "שלום"),
        ("ΣΊΣΥΦΟΣ Άλφα", "σισυφος αλφα"),
        ("ガギ ｶﾞｷﾞ ﾊﾟ", "カキ カキ ハ"),
        ("Ёлка", "елка"),
        ("شهرداری که مکان", "شهرداري كه مكان"),
        ("ہم ٱلكتاب أحمد إلى على", "هم الكتاب احمد الي علي"),
        ("٢٠٢٦ ۱۴۵ २०२६ ๒๐", "2026 145 2026 20"),
        ("ko20 20th کو20 20년", "ko 20 20 th كو 20 20 년"),
        ("1990's", "1990"),
        ("https://WWW.A.org/b?c=1#d", "http://a.org/b/"),
        ("Me.2@A-b.org", "me.2@a-b.org"),
    ],
)
def test_spellings_that_fold_alike(one, other):
    assert hashes_of(one) == hashes_of(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [("cat", "cats"), ("a b", "ab"), ("co-op", "coop"), ("कल", "काल"), ("漢", "字"), ("1.5", "15")],
)
def test_words_that_stay_apart(one, other):
    assert hashes_of(one) != hashes_of(other)


@given(st.lists(st.characters(exclude_categories=["Cs", "Cn"]), max_size=20).map("".join))
def test_composed_and_decomposed_texts_have_the_same_tokens(string):
    composed, decomposed = (unicodedata.normalize(form, string) for form in ("NFC", "NFD"))
    assert hashes_of(composed) == hashes_of(decomposed)


@given(st.text(st.characters(max_codepoint=0x24F, categories=["L", "N", "Z"]), max_size=20))
def test_capitals_do_not_matter(string):
    string = string.replace("ŉ", "n")  # its capital has an apostrophe in front
    string = string.replace("ƛ", "l")  # its capital came with Unicode 16
    assert hashes_of(string.upper()) == hashes_of(string.lower())


@pytest.mark.parametrize("mark", ["'", "’", "ʼ", "＇"])
def test_a_possessive_is_dropped_and_no_other_s(mark):
    assert hashes_of(f"Syria{mark}s") == hashes_of("Syria")
    assert hashes_of(f"SYRIA{mark}S") == hashes_of("syria")
    assert hashes_of(f"dogs{mark}") == hashes_of("dogs") != hashes_of("dog")
    assert hashes_of(f"it{mark}ss") == hashes_of("itss")
    assert words_of(f"Syria{mark}s war") == [f"Syria{mark}s", "war"]


def test_a_possessive_has_the_stem_of_its_word():
    assert tokens_of("cat's").prefixes.tolist() == tokens_of("cat").prefixes.tolist()
    assert tokens_of("Cathédrale").prefixes.tolist() == tokens_of("cathedral").prefixes.tolist()


def test_scripts_without_spaces_give_a_token_a_character():
    assert words_of("漢字とkana、ไทย") == ["漢", "字", "と", "kana", "ไ", "ท", "ย"]
    assert words_of("한국어 텍스트") == ["한국어", "텍스트"]
    assert words_of("か\u3099く") == ["か\u3099", "く"]  # the mark belongs to it


def flags_of(string, bit):
    tokens = tokens_of(string)
    return [
        string[start:end]
        for start, end, flags in zip(tokens.starts, tokens.ends, tokens.flags, strict=True)
        if flags & bit
    ]


def test_flags():
    string = "He said: “Go to Al-Arish.”\nSee https://a.org/b or @me, 4 times. Then 'no' he"
    assert flags_of(string, kernel.CAPITAL) == ["He", "Go", "Al", "Arish", "See", "Then"]
    assert flags_of(string, kernel.STARTS_LINE) == ["He", "See"]
    assert flags_of(string, kernel.QUOTED) == ["Go", "to", "Al", "Arish", "no"]
    assert flags_of(string, kernel.LINK) == ["https://a.org/b", "me"]
    assert flags_of(string, kernel.DIGIT) == ["4"]
    assert flags_of(string, kernel.STARTS_SENTENCE) == ["He", "Go", "See", "Then", "no"]
    assert "Arish" in flags_of(string, kernel.ADJOINS)
    assert "Then" not in flags_of(string, kernel.ADJOINS)


def test_a_link_is_one_token():
    string = "See https://a.org/b?x=1&y=2, www.c.de/f. or me@d-e.org; "
    string += "data:x;base64,iVBORw0KGgo1A2b3C4d5E6f7 end"
    links = ["https://a.org/b?x=1&y=2", "www.c.de/f", "me@d-e.org", "iVBORw0KGgo1A2b3C4d5E6f7"]
    assert flags_of(string, kernel.LINK) == links
    assert words_of(string)[-1] == "end"
    assert len(words_of(f"a {'x1' * 40} [b](https://a.org/(c)d)")) == 6


def test_no_text_and_no_word_have_no_tokens():
    assert len(tokenise_texts(texts_from_strings([]))) == 0
    tokens = tokenise_texts(texts_from_strings(["", " ", "\x00", "🙂 …", "\u0301"]))
    assert tokens.counts().tolist() == [0, 0, 0, 0, 0]
    assert len(tokens.hashes) == 0


def test_many_chunks_and_threads_give_the_same_tokens():
    rows = [f"row {n} " + "some wörds 漢字 that’s it " * (n % 7) for n in range(500)]
    column = texts_from_strings(rows)
    assert len(list(runs_of_rows(column.offsets, 1000))) > 10
    big = texts_from_strings(rows * 400)
    assert len(list(runs_of_rows(big.offsets))) > 2
    one, two = (tokenise_texts(big, threads=threads) for threads in (1, 3))
    for name in ("bounds", "hashes", "prefixes", "starts", "ends", "flags"):
        assert np.array_equal(getattr(one, name), getattr(two, name)), name
    alone = tokenise_texts(column)
    assert np.array_equal(one.hashes[: len(alone.hashes)], alone.hashes)
    assert np.array_equal(one.starts[-len(alone.starts) :], alone.starts)


def test_the_table_is_what_its_rules_say():
    """Only for characters of old: what Unicode says of later ones depends on the Python in use."""
    table = folding()
    read = NaiveFolding(table.stage, table.values, table.expansions)
    wrong = []
    for code in range(0x110000):
        char = chr(code)
        old = unicodedata.ucd_3_2_0.category(char) not in ("Cn", "Cs", "Co")
        if old and not (0x4E00 < code < 0x9F00 or 0xAC00 < code < 0xD700 or 0x20000 < code):
            expansions: list[int] = []
            value, letter = make_folding.entry(char, expansions), read[char]
            if value >= 16 and expansions:
                folded, bits = "".join(map(chr, expansions)), value >> 21 << 21
            else:
                folded, bits = chr(value & 0x1FFFFF) if value >= 16 else "", value >> 21 << 21
            found = read.entry(code)
            same_kind = (letter.kind is None) == (value >= 16) and (value >= 16 or found == value)
            if not same_kind or letter.folded != folded or found >> 21 << 21 != bits:
                wrong.append(f"U+{code:04X}")
    assert wrong == []
