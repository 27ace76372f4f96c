"""Classes of tokens: stop words and names in English, and what other languages get instead."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from dedup.core.arrays import texts_from_strings
from dedup.text.stopwords import (
    BLANK,
    CONTENT,
    NAME,
    STOP,
    Discount,
    classify,
    common_words,
    has_common,
    stop_lists,
)
from dedup.text.tokens import tokenise_texts

ENGLISH = (
    "The minister said on Tuesday that Angela Merkel and Barack Obama had met in Berlin to talk "
    "about the economy. Merkel did not answer questions from the press after the meeting."
)
GERMAN = (
    "Die Regierung hat am Dienstag in Berlin ein neues Gesetz über die Sicherheit der Bürger "
    "beschlossen. Der Minister sagte, dass die Kosten für das Land nicht steigen und die Länder "
    "mit der Entscheidung zufrieden sind."
)
TURKISH = (
    "Bakan, salı günü yaptığı açıklamada yeni yasanın bir an önce çıkarılması için "
    "çalıştıklarını ve bunun ülke için çok önemli olduğunu söyledi. IŞIK ve ışık aynı kelime."
)
RUSSIAN = (
    "Министр заявил во вторник, что новый закон был принят и что он не будет изменён. Владимир "
    "Путин и Сергей Лавров встретились в Москве, чтобы обсудить это с послом."
)
ARABIC = (
    "قال الوزير إن الحكومة لم تقرر بعد في هذا الأمر الذي كان من المقرر أن يناقش على مستوى القمة "
    "مع الدول التي شاركت في الاجتماع"
)
CHINESE = (
    "中国政府周二表示，新的法律将从明年开始实施，这是为了保护公民的安全。部长说，他们会继续努力。"
)


def classified(*strings, masked=None):
    """Return (language, words by class, weights) of each string."""
    tokens = tokenise_texts(texts_from_strings(list(strings)))
    words = classify(tokens, masked)
    names = [*stop_lists().names, None]
    out = []
    for row, string in enumerate(strings):
        positions = range(tokens.bounds[row], tokens.bounds[row + 1])
        kinds = {STOP: [], CONTENT: [], NAME: [], BLANK: []}
        for i in positions:
            kinds[words.classes[i]].append(string[tokens.starts[i] : tokens.ends[i]])
        out.append((names[words.languages[row]], kinds, words.weights[list(positions)]))
    return out


def test_english_has_stop_words_names_and_content():
    language, kinds, _ = classified(ENGLISH)[0]
    assert language == "en"
    assert {"The", "on", "that", "and", "the", "after"} <= set(kinds[STOP])
    people = ["Angela", "Merkel", "Barack", "Obama"]
    assert kinds[NAME] == ["Tuesday", *people, "Berlin", "Merkel"]  # also as first word
    assert {"minister", "talk", "economy", "answer", "meeting"} <= set(kinds[CONTENT])


def test_a_whole_name_weighs_as_much_as_any_other():
    tokens = tokenise_texts(texts_from_strings([ENGLISH]))
    weights = classify(tokens).weights
    words = [ENGLISH[a:b] for a, b in zip(tokens.starts, tokens.ends, strict=True)]
    by_word = dict(zip(words, weights.tolist(), strict=True))
    assert by_word["Angela"] == by_word["Obama"] == 0.375
    assert by_word["Berlin"] == by_word["Merkel"] == 0.75  # alone in the second sentence
    assert (by_word["the"], by_word["economy"]) == (0.25, 1.0)


def test_a_particle_belongs_to_the_name_it_leads():
    string = "In the city the troops of president Bashar al-Assad were said to be near the border"
    _, kinds, weights = classified(string)[0]
    assert kinds[NAME] == ["Bashar", "al", "Assad"]
    assert np.isclose(weights[8:11].sum(), 0.75)


def test_the_first_word_of_a_sentence_is_no_name_by_its_capital():
    _, kinds, _ = classified("They went home at night. Rain had been falling on them all day.")[0]
    assert kinds[NAME] == []
    assert "Rain" in kinds[CONTENT]


def test_a_headline_in_capitals_holds_no_names():
    _, kinds, _ = classified("NEW LAW ON PRESS FREEDOM\nThe law was passed by the house today.")[0]
    assert kinds[NAME] == []
    assert {"NEW", "LAW", "PRESS"} <= set(kinds[CONTENT])


def test_german_nouns_are_content_and_no_names():
    language, kinds, _ = classified(GERMAN)[0]
    assert language == "de"
    assert kinds[NAME] == []
    assert {"Regierung", "Gesetz", "Sicherheit", "Kosten"} <= set(kinds[CONTENT])
    assert {"Die", "hat", "über", "dass", "für", "nicht", "und"} <= set(kinds[STOP])


def test_turkish_is_known_with_and_without_the_dot():
    for string in (TURKISH, TURKISH.replace("i", "İ").replace("ı", "I")):
        language, kinds, _ = classified(string)[0]
        assert language == "tr"
        assert len(kinds[STOP]) >= 6
        assert len(kinds[CONTENT]) > len(kinds[STOP])
    tokens = tokenise_texts(texts_from_strings(["IŞIK ışık İstanbul istanbul"]))
    assert len(set(tokens.hashes.tolist())) == 2


def test_russian_has_stop_words_and_names():
    language, kinds, _ = classified(RUSSIAN)[0]
    assert language == "ru"
    assert kinds[NAME] == ["Владимир", "Путин", "Сергей", "Лавров", "Москве"]
    assert {"что", "и", "не", "в", "это", "с"} <= set(kinds[STOP])
    assert {"заявил", "закон", "встретились"} <= set(kinds[CONTENT])


def test_arabic_has_stop_words_and_no_names():
    language, kinds, _ = classified(ARABIC)[0]
    assert language == "ar"
    assert kinds[NAME] == []
    assert {"في", "من", "على", "الذي", "إن"} <= set(kinds[STOP])
    assert {"الحكومة", "الوزير", "الاجتماع"} <= set(kinds[CONTENT])


def test_chinese_alone_is_all_content_at_half_weight():
    language, kinds, weights = classified(CHINESE)[0]
    assert language is None
    assert kinds[STOP] == kinds[NAME] == kinds[BLANK] == []
    assert set(weights.tolist()) == {0.5}


def chinese_corpus():
    """Return texts of 40 characters, of which every fourth is 的 or 是 and the others are rare."""
    return [
        "".join("的是"[k // 4 % 2] if k % 4 == 0 else chr(0x4E00 + 60 * n + k) for k in range(40))
        for n in range(30)
    ]


def test_without_a_stop_list_the_most_frequent_words_of_the_corpus_are_discounted():
    for language, kinds, weights in classified(*chinese_corpus()):
        assert language is None
        # The common words stay within a quarter of the running text: one of the two is at the edge.
        assert set(kinds[STOP]) <= {"的", "是"}
        assert kinds[STOP]
        assert len(kinds[CONTENT]) >= 30
        assert weights.min() == 0.125
        assert weights.max() == 0.5


def test_learned_stop_words_hold_only_where_no_list_fits():
    language, kinds, _ = classified("the 的 of 的 and 的 in 的 is 的 to", *chinese_corpus())[0]
    assert language == "en"
    assert "的" in kinds[CONTENT]


def test_few_texts_teach_no_stop_words():
    for _, kinds, _ in classified(*chinese_corpus()[:3]):
        assert kinds[STOP] == []


def test_a_language_nobody_listed_learns_its_small_words():
    """As of a language with the small word `zuk`, which no list has."""
    nouns = [f"neno{chr(97 + n % 26)}{chr(97 + n // 26)}" for n in range(400)]
    strings = [
        " ".join(f"{' '.join(nouns[9 * n + k : 9 * n + k + 4])} zuk" for k in range(0, 20, 4))
        for n in range(40)
    ]
    for language, kinds, _ in classified(*strings):
        assert language is None
        assert kinds[STOP].count("zuk") == 5
        assert len(kinds[CONTENT]) > 15


@pytest.mark.parametrize("string", ["", "a", "A", "1", "漢", "Merkel", "http://x.y"])
def test_texts_of_a_word_or_none(string):
    _, kinds, weights = classified(string)[0]
    assert sum(map(len, kinds.values())) == len(weights)


def test_links_and_masked_tokens_are_blank_and_weigh_nothing():
    string = "See the page at https://example.org/a for more of the same words"
    masked = np.zeros(11, np.bool_)
    masked[[0, 10]] = True
    _, kinds, weights = classified(string, masked=masked)[0]
    assert kinds[BLANK] == ["See", "https://example.org/a", "words"]
    assert weights[[0, 4, 10]].tolist() == [0] * 3


def test_a_corpus_of_nothing():
    words = classify(tokenise_texts(texts_from_strings([])))
    assert (len(words.classes), len(words.weights), len(words.languages)) == (0, 0, 0)


def test_a_document_has_the_same_classes_in_any_company():
    alone = classified(ENGLISH)[0]
    beside = classified(RUSSIAN, ENGLISH, GERMAN)[1]
    assert alone[:2] == beside[:2]
    assert np.array_equal(alone[2], beside[2])


def test_every_stop_list_covers_its_own_words():
    lists = stop_lists()
    assert len(lists.names) == len(set(lists.names)) >= 15
    tokens = tokenise_texts(texts_from_strings(["the of and", "der die und nicht", "что это не"]))
    words = classify(tokens)
    assert [lists.names[k] for k in words.languages] == ["en", "de", "ru"]
    assert set(words.classes.tolist()) == {STOP}


URDU = (
    "وزیر اعظم نے کہا کہ حکومت نے اس معاملے پر ابھی کوئی فیصلہ نہیں کیا ہے اور یہ کہ "
    "اس پر کابینہ میں بات ہو گی"
)
OTHER_LISTS = {
    "ur": URDU,
    "bn": "প্রধানমন্ত্রী বলেন যে এই বিষয়ে সরকার এখনো কোনো সিদ্ধান্ত নেয়নি এবং এটি নিয়ে পরে আলোচনা করা হবে",
    "ta": "இந்த சட்டம் பற்றி அமைச்சர் கூறினார் மற்றும் அது அடுத்த ஆண்டு முதல் நடைமுறைக்கு வரும் என்று அவர்",
    "vi": "Ông nói rằng chính phủ sẽ không làm điều đó vì nó đã được các bên bàn với nhau từ trước",
    "cs": "Ministr řekl, že vláda o tom ještě nerozhodla a že se k tomu vrátí, až budou mít víc",
    "hu": "A miniszter azt mondta, hogy a kormány még nem döntött erről, és hogy csak akkor lesz",
    "uk": "Міністр сказав, що уряд ще не вирішив цього і що вони повернуться до нього, коли треба",
}


@pytest.mark.parametrize("language", OTHER_LISTS)
def test_documents_of_more_languages_take_their_list(language):
    assert classified(OTHER_LISTS[language])[0][0] == language


def test_without_capitals_words_weigh_by_document_frequency():
    """A stock phrase of newsrooms says nothing; what one text alone says does."""
    phrase = "addressing a ceremony he told them"
    own = [f"w{n}q v{n}q {phrase} x{n}q y{n}q z{n}q" for n in "abcdefghijklmnopqrstuvwxyz"]
    texts = [f"{each.replace('q', letter)}" for each in own for letter in "bcdfghjklm"]
    _, kinds, weights = classified(*texts)[0]
    assert set(phrase.split()) <= set(kinds[STOP])
    assert len(kinds[CONTENT]) == 5
    assert weights.min() == 0.25
    capital = classified(*(each.title() for each in texts))[0]
    assert len(capital[1][STOP]) < len(kinds[STOP])


def test_what_is_counted_of_parts_adds_up():
    texts = [f"{'lorem' if k % 3 else 'ipsum'} dolor{k % 7} sit{k} amet" * 3 for k in range(240)]
    tokens = tokenise_texts(texts_from_strings(texts))
    whole, parts = Discount(), []
    whole.learn(tokens)
    for low in range(0, 240, 60):
        part = Discount()
        part.learn(tokens.part(low, low + 60))
        parts.append(part.counted())
    counters, totals, types, counts = whole.counted()
    assert np.array_equal(counters, sum(part[0] for part in parts))
    assert np.array_equal(totals, sum(part[1] for part in parts))
    added = Counter()
    for part in parts:
        added.update(dict(zip(part[2].tolist(), part[3].tolist(), strict=True)))
    assert added == dict(zip(types.tolist(), counts.tolist(), strict=True))
    total = int(counts.sum())
    assert total >= 500
    # The most frequent words are enough once they make up the share that is discounted.
    order = np.argsort(-counts, kind="stable")
    most = next(k for k in range(1, len(order)) if has_common(counts[order[:k]], total))
    assert not has_common(counts[order[: most - 1]], total)
    some = common_words(types[order[: most + 2]], counts[order[: most + 2]], total)
    assert np.array_equal(some, whole.common())
