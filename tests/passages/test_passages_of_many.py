"""Passages of many texts, of texts that would take a careless program hours, of other languages."""

from __future__ import annotations

import numpy as np
import pytest
from found_passages import page, passages, without_stop
from prose import (
    BAKERY,
    COMET,
    FERRY,
    LANGUAGES,
    PENDULUM,
    QUOTED,
    REWORDED,
    UNRELATED,
    word,
)

from dedup.config import Config
from dedup.core.arrays import texts_from_strings
from dedup.passages.find import find_passages, no_passages
from dedup.text.stopwords import classify
from dedup.text.tokens import tokenise_texts

# Many documents.


def test_the_result_does_not_depend_on_the_parts_of_the_index(monkeypatch):
    texts = [page(*(UNRELATED[k % 7], UNRELATED[(k + 2) % 7], QUOTED)) for k in range(9)]
    one = passages(*texts)
    assert len(one) > 20
    for size in (1000, 50, 1):
        monkeypatch.setattr("dedup.passages.seeds._PART_SEEDS", size)
        assert passages(*texts) == one


def test_the_result_does_not_depend_on_threads():
    texts = [
        page(*(UNRELATED[(k + step) % 7] for step in (0, 2)), (QUOTED, REWORDED, PENDULUM)[k % 3])
        for k in range(14)
    ]
    one = passages(*texts)
    assert len({(each.a, each.b) for each in one}) > 20
    for threads in (2, 3, 16):
        assert passages(*texts, threads=threads) == one


def test_a_seed_in_too_many_documents_keeps_the_same_few_in_any_order():
    texts = [f"first{k} {QUOTED} last{k}" for k in range(30)]
    kept = {}
    for order in (range(30), range(29, -1, -1)):
        read = tokenise_texts(texts_from_strings([texts[k] for k in order]))
        found = find_passages(
            *(read, classify(read), Config(passage_max_documents=4)),
            included=np.ones(30, np.bool_),
        )
        assert found.cut["seeds_in_too_many_documents"] > 0
        assert found.cut["seed_positions_left_out"] >= 26 * 10
        kept[order] = {order[k] for k in (*found.a, *found.b)}
        assert len(kept[order]) == 4
        assert len(found) == 6
    assert len(set(map(frozenset, kept.values()))) == 1


def test_only_what_is_included_is_compared():
    texts = page(FERRY, QUOTED), page(QUOTED, COMET), page(BAKERY, QUOTED)
    read = tokenise_texts(texts_from_strings(list(texts)))
    found = find_passages(
        *(read, classify(read), Config()), included=np.array([True, False, True]), threads=2
    )
    assert (found.a.tolist(), found.b.tolist()) == ([0], [2])


@pytest.mark.parametrize("texts", [[], [""], ["", ""], ["word"], ["word", "word", ""]])
def test_next_to_nothing_shares_nothing(texts):
    assert passages(*texts, threads=3) == []
    assert len(no_passages()) == 0


# Texts that would keep a careless program busy for hours.


def test_one_word_over_and_over_is_no_passage():
    assert passages("word " * 30_000, "word " * 20_000 + "other", "word " * 10) == []


def test_thousands_of_equal_letters():
    one = " ".join("abcabd"[k % 6] for k in range(20_000))
    found = passages(one, f"{one} c", f"d {one}")
    assert all(each.level == "strong" for each in found)


@pytest.mark.parametrize("alphabet", ["ab", "abcdefghijkl"])
def test_random_letters(alphabet):
    random = np.random.default_rng(1)
    texts = [" ".join(random.choice(list(alphabet), 20_000)) for _ in range(2)]
    for each in passages(*texts):
        assert each.tokens <= 20_000


def test_three_words_repeated_thousands_of_times():
    one, two = "alpha beta gamma " * 5_000, "so it is " + "alpha beta gamma " * 4_000 + "and ends"
    (found,) = passages(one, two)
    assert found.tokens >= 11_990


def test_three_words_thousands_of_times_with_others_between():
    letters = [word(k, 1) for k in range(10_000)]
    one = " ".join(f"alpha beta gamma x{own}" for own in letters)
    two = " ".join(f"alpha beta gamma y{own}" for own in letters)
    assert passages(one, two) == []


def test_a_text_repeated_inside_itself():
    one = page(*[QUOTED] * 2_000)
    found = passages(one, page(COMET, QUOTED, BAKERY), page(FERRY, one))
    assert [(each.a, each.b) for each in found] == [(0, 1), (0, 2), (1, 2)]
    assert [each.tokens for each in found] == [24, 48_000, 24]


# Other languages.


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_shared_sentence_is_found_in_any_language(language):
    texts, shared = LANGUAGES[language]
    (found,) = passages(*texts)
    assert (found.a, found.b) == (0, 1)
    assert found.text_a == found.text_b == without_stop(shared)
    assert (found.level, found.kind) == ("strong", "exact")


@pytest.mark.parametrize("language", LANGUAGES)
def test_texts_of_one_language_share_nothing_by_that(language):
    texts, shared = LANGUAGES[language]
    assert passages(*(text.replace(shared, "") for text in texts)) == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_sentence_with_two_words_left_out_is_found_in_any_language(language):
    texts, shared = LANGUAGES[language]
    step = 1 if language == "zh" else None
    units = list(shared) if step else shared.split(" ")
    third = len(units) // 3
    shorter = ("" if step else " ").join(units[:third] + units[third + 2 :])
    (found,) = passages(texts[0], texts[1].replace(shared, shorter))
    assert (found.text_a, found.text_b) == (without_stop(shared), without_stop(shorter))
    assert found.kind == "near"


@pytest.mark.parametrize(
    ("language", "run"),
    [
        ("zh", "中华人民共和国外交部发言人"),
        ("ar", "رئيس مجلس الوزراء ووزير الخارجية"),
        ("ru", "Генеральный секретарь Организации Объединённых Наций"),
        ("tr", "Türkiye Büyük Millet Meclisi Başkanı Numan Kurtulmuş"),
    ],
)
def test_titles_alone_are_no_passage_in_any_language(language, run):
    texts, shared = LANGUAGES[language]
    first, second, third = (text.replace(shared, "") for text in texts)
    assert passages(f"{first} {run} {third}", f"{second} {run}") == []


def test_texts_of_all_languages_in_one_scan_keep_to_their_own():
    texts = [*UNRELATED, *(text for own, _ in LANGUAGES.values() for text in own)]
    found = passages(*texts)
    starts = [7, 10, 13, 16]
    assert [(each.a, each.b) for each in found] == [(start, start + 1) for start in starts]
