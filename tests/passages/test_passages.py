"""Passages: the kernels against their twins, and what is found in real texts."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import settings
from prose import (
    BAKERY,
    COMET,
    FERRY,
    LANGUAGES,
    LIBRARY,
    ORCHARD,
    PENDULUM,
    QUOTED,
    REWORDED,
    SWIMMING,
    THEATRE,
    UNRELATED,
)

from dedup.config import Config
from dedup.core.arrays import texts_from_strings
from dedup.passages.find import LEVELS, find_passages, no_passages
from dedup.text.stopwords import classify
from dedup.text.tokens import tokenise_texts

examples = settings(max_examples=150)

# What is found.


class Found(NamedTuple):
    """A passage, by the words of its two documents."""

    a: int
    b: int
    text_a: str
    text_b: str
    level: str
    kind: str
    tokens: int
    density: float
    score: float


def passages(*texts, threads=1, masked=None, **settings):
    """Return the passages of texts, cleaning left aside."""
    read = tokenise_texts(texts_from_strings(list(texts)))
    classed = classify(read, masked)
    included = np.ones(len(texts), np.bool_)
    config = Config(**settings)
    found = find_passages(read, classed, config, included=included, threads=threads)

    def cut(document, low, high):
        first, last = read.bounds[document] + low, read.bounds[document] + high - 1
        return texts[document][read.starts[first] : read.ends[last]]

    return [
        Found(
            int(a),
            int(b),
            cut(a, *span[:2]),
            cut(b, *span[2:]),
            LEVELS[found.levels[k]],
            found.kind(k),
            int(found.tokens[k]),
            float(found.densities[k]),
            float(found.scores[k]),
        )
        for k, (a, b, span) in enumerate(zip(found.a, found.b, found.spans, strict=True))
    ]


def page(*paragraphs):
    return "\n\n".join(paragraphs)


def without_stop(text):
    return text.rstrip(".。")


def test_unrelated_texts_share_nothing():
    assert passages(*UNRELATED) == []


@pytest.mark.parametrize("break_", [" ", "\n", "\n\n"])
def test_a_sentence_copied_word_for_word_is_found_to_the_letter(break_):
    (found,) = passages(
        break_.join([FERRY, QUOTED, ORCHARD]), break_.join([THEATRE, QUOTED, COMET])
    )
    assert found.text_a == found.text_b == without_stop(QUOTED)
    assert (found.level, found.kind, found.density) == ("strong", "exact", 1.0)
    assert found.tokens == len(QUOTED.split())


@pytest.mark.parametrize("at", [0, 1, 2])
def test_a_sentence_at_either_end_of_a_text_is_found(at):
    one, two = [FERRY, ORCHARD], [THEATRE, COMET]
    one.insert(at, QUOTED)
    two.insert(2 - at, QUOTED)
    (found,) = passages(page(*one), page(*two))
    assert found.text_a == found.text_b == without_stop(QUOTED)


def test_a_sentence_with_a_fifth_of_its_words_changed_is_found():
    changed = sum(a != b for a, b in zip(QUOTED.split(), REWORDED.split(), strict=True))
    assert 0.15 <= changed / len(QUOTED.split()) <= 0.25
    (found,) = passages(page(FERRY, QUOTED, ORCHARD), page(THEATRE, REWORDED, COMET))
    assert (found.text_a, found.text_b) == (without_stop(QUOTED), without_stop(REWORDED))
    assert found.kind in ("near", "fuzzy")
    assert found.density == pytest.approx(1 - changed / len(QUOTED.split()))


def test_words_left_out_and_put_in_do_not_cut_a_passage():
    shorter = QUOTED.replace("upside down ", "").replace("lower chamber", "lower copper chamber")
    (found,) = passages(page(FERRY, QUOTED), page(shorter, COMET))
    assert (found.text_a, found.text_b) == (without_stop(QUOTED), without_stop(shorter))
    assert found.tokens == len(QUOTED.split()) - 2


def test_a_sentence_inside_quotation_marks_is_a_quote():
    said = f"{FERRY} “{without_stop(QUOTED)},” she said. {ORCHARD}"
    (found,) = passages(said, page(THEATRE, f'He told us: "{QUOTED}"', COMET))
    assert (found.kind, found.level) == ("quote", "strong")
    assert found.text_a == found.text_b == without_stop(QUOTED)


def test_a_copied_page_is_one_passage():
    copied = page(FERRY, ORCHARD, THEATRE, SWIMMING)
    (found,) = passages(copied, page(LIBRARY, copied, COMET))
    assert found.text_a == found.text_b == without_stop(copied)
    assert found.tokens == len(copied.split()) == 288


def test_a_page_with_a_paragraph_put_in_is_one_passage():
    copied = page(FERRY, ORCHARD, THEATRE, SWIMMING)
    longer = page(FERRY, ORCHARD, BAKERY, THEATRE, SWIMMING)
    (found,) = passages(copied, page(LIBRARY, longer, COMET))
    assert (found.text_a, found.text_b) == (without_stop(copied), without_stop(longer))
    assert found.tokens == len(copied.split())


def test_paragraphs_in_another_order_are_several_passages_of_one_pair():
    one = page(FERRY, LIBRARY, THEATRE, SWIMMING)
    two = page(SWIMMING, THEATRE, LIBRARY, FERRY)
    found = passages(one, two)
    assert [each.text_a for each in found] == [
        without_stop(each) for each in (FERRY, LIBRARY, THEATRE, SWIMMING)
    ]
    assert all(each.text_a == each.text_b for each in found)


def test_two_short_quotes_far_apart_stay_two():
    found = passages(
        page(FERRY, QUOTED, ORCHARD, PENDULUM, THEATRE),
        page(COMET, QUOTED, LIBRARY, PENDULUM, BAKERY),
    )
    assert [each.text_a for each in found] == [without_stop(QUOTED), without_stop(PENDULUM)]


def test_two_short_quotes_together_here_and_apart_there_stay_two():
    found = passages(
        page(FERRY, f"{QUOTED} {PENDULUM}", THEATRE), page(COMET, QUOTED, LIBRARY, PENDULUM, BAKERY)
    )
    assert [each.text_a for each in found] == [without_stop(QUOTED), without_stop(PENDULUM)]


@pytest.mark.parametrize(
    "run",
    [
        "Foreign Minister Sergey Lavrov",
        "Secretary of State Antony Blinken and Foreign Minister Sergey Lavrov of the Russian "
        "Federation",
        "President Recep Tayyip Erdogan, leader of the Justice and Development Party (AKP)",
        "at the Organisation for Security and Co-operation in Europe (OSCE) in Vienna on Tuesday",
        "said in a statement on Thursday that",
        "at the end of the day",
        "could not immediately be reached for comment",
    ],
)
def test_names_titles_and_stock_phrases_alone_are_no_passage(run):
    assert passages(f"{FERRY} One of them, {run}, was there.", f"He saw {run}. {COMET}") == []


def test_stop_words_alone_are_no_passage():
    run = "it was as if they had been there for all of us and not only for those who are in it"
    assert passages(f"{FERRY} {run} {BAKERY}", f"{COMET} {run} {ORCHARD}") == []


# Eight of nine tokens match, which weigh 5.75.
CLAUSE, CHANGED = (
    "which has been clashing with rebel militia forces since Nov. 27",
    "who have been clashing with rebel militia forces since November 27",
)


def test_a_weak_passage_needs_a_strong_one_of_its_pair_unless_asked_for():
    alone = f"{FERRY} {CLAUSE}. {THEATRE}", f"{COMET} {CHANGED}. {LIBRARY}"
    assert passages(*alone) == []
    (weak,) = passages(*alone, weak=True)
    assert (weak.level, weak.tokens, weak.score) == ("weak", 8, 5.75)
    assert weak.text_a.endswith("been clashing with rebel militia forces since Nov. 27")
    assert weak.text_a in CLAUSE

    company = page(alone[0], QUOTED), page(QUOTED, alone[1])
    assert [each.level for each in passages(*company)] == ["weak", "strong"]

    third = page(QUOTED, ORCHARD)  # a strong passage of another pair is no help
    assert {(each.a, each.b) for each in passages(*alone, third)} == set()


def test_levels_go_by_weight():
    """Each cut of one sentence is copied; the longer it is, the higher its level."""
    told = [
        "the valve had been mounted upside down for nineteen",
        "the valve had been mounted upside down for nineteen months without",
        "the valve had been mounted upside down for nineteen months without anybody noticing",
    ]
    found = [passages(f"{FERRY} {cut}", f"{cut} {COMET}", weak=True)[0] for cut in told]
    assert [each.text_a for each in found] == told
    assert [each.level for each in found] == ["medium", "medium", "strong"]
    assert [each.score for each in found] == sorted(each.score for each in found)
    for each in found:
        assert (each.score >= 8) == (each.level == "strong")


def test_kinds_go_by_the_share_of_matched_tokens():
    source = without_stop(FERRY).split()
    kinds = []
    for every in (len(source) + 1, 12, 4):
        copy = [f"q{k}" if k % every == every - 1 else word for k, word in enumerate(source)]
        (found,) = passages(page(COMET, FERRY), page(" ".join(copy), BAKERY))
        limits = {"exact": (0.98, 1), "near": (0.8, 0.98), "fuzzy": (0, 0.8)}[found.kind]
        assert limits[0] <= found.density <= limits[1]
        kinds.append(found.kind)
    assert kinds == ["exact", "near", "fuzzy"]


def test_a_text_that_has_a_passage_twice_shares_it_once_with_a_text_that_has_it_once():
    found = passages(page(QUOTED, FERRY, ORCHARD, QUOTED, THEATRE), page(COMET, QUOTED, LIBRARY))
    assert [each.text_a for each in found] == [without_stop(QUOTED)]


def test_two_texts_that_both_have_a_passage_twice_share_it_twice():
    found = passages(
        page(QUOTED, FERRY, ORCHARD, QUOTED, THEATRE), page(COMET, QUOTED, LIBRARY, BAKERY, QUOTED)
    )
    assert [each.text_a for each in found] == [without_stop(QUOTED)] * 2


def test_all_pairs_of_three_are_found_and_come_in_order():
    found = passages(page(FERRY, QUOTED), page(QUOTED, COMET), page(BAKERY, QUOTED, LIBRARY))
    assert [(each.a, each.b) for each in found] == [(0, 1), (0, 2), (1, 2)]
    assert {each.text_a for each in found} == {without_stop(QUOTED)}


def test_smaller_settings_find_shorter_passages():
    short = "the copper kettle whistled angrily"
    texts = f"{FERRY} {short} {BAKERY}", f"{COMET} {short} {ORCHARD}"
    assert passages(*texts) == []
    assert passages(*texts, passage_min_tokens=5, weak=True) == []  # too light whatever its length
    longer = f"{short} beside sleeping dogs"
    texts = f"{FERRY} {longer} {BAKERY}", f"{COMET} {longer} {ORCHARD}"
    assert [each.text_a for each in passages(*texts)] == [longer]
    assert passages(*texts, passage_min_tokens=9) == []
    assert [each.text_a for each in passages(*texts, passage_size=8)] == []  # one seed, no chain
    assert [each.text_a for each in passages(*texts, passage_size=4)] == [longer]


# Masked text.


def masked_words(texts, *gone):
    """Return which tokens of all texts belong to the strings ``gone``."""
    read = tokenise_texts(texts_from_strings(list(texts)))
    masked = np.zeros(len(read.hashes), np.bool_)
    for row, text in enumerate(texts):
        for each in gone:
            at = text.find(each)
            here = range(read.bounds[row], read.bounds[row + 1])
            for k in here:
                masked[k] |= at >= 0 and at <= read.starts[k] < at + len(each)
    return masked


def test_what_is_removed_is_in_no_passage():
    texts = page(FERRY, QUOTED), page(QUOTED, COMET)
    assert passages(*texts, masked=masked_words(texts, QUOTED)) == []


def test_a_passage_ends_where_removed_text_begins():
    texts = page(FERRY, PENDULUM, QUOTED, ORCHARD), page(COMET, PENDULUM, QUOTED, BAKERY)
    (found,) = passages(*texts, masked=masked_words(texts, QUOTED))
    assert found.text_a == found.text_b == without_stop(PENDULUM)
    texts = page(FERRY, QUOTED, PENDULUM, ORCHARD), page(COMET, QUOTED, PENDULUM, BAKERY)
    (found,) = passages(*texts, masked=masked_words(texts, QUOTED))
    assert found.text_a == found.text_b == without_stop(PENDULUM)


def test_a_passage_may_reach_over_removed_text_but_does_not_count_it():
    one, two = page(ORCHARD, QUOTED, THEATRE), page(COMET, ORCHARD, THEATRE, BAKERY)
    (found,) = passages(one, two, masked=masked_words((one, two), QUOTED))
    assert found.tokens == len(f"{ORCHARD} {THEATRE}".split())
    assert (found.text_a, found.text_b) == (
        without_stop(one),
        without_stop(page(ORCHARD, THEATRE)),
    )


MIXED = (
    "cameras after a summer in which year round, welcomed the current below batteries pay for the "
    "the step excessive, be pulled from a day unless somebody files a and had to train there all "
    "club, whose members a warning flag is erased within lake have begun it at once to wear small "
    "complaint. Critics call but the swimming the weir. Footage Lifeguards at the and offered to "
    "bathers twice ignored"
)


@pytest.mark.xfail(reason="a loose piece takes in the tokens after its last seed", strict=True)
def test_a_passage_in_another_order_ends_where_removed_text_begins():
    """The words of one paragraph in another order, and a line that is removed right after them."""
    texts = (
        page(without_stop(SWIMMING), "Leave a Reply", COMET),
        page(MIXED, "Leave a Reply", FERRY),
    )
    (found,) = passages(*texts, masked=masked_words(texts, "Leave a Reply"))
    assert found.text_b == MIXED


# Many documents.


def test_the_result_does_not_depend_on_the_parts_of_the_index(monkeypatch):
    texts = [page(*(UNRELATED[k % 7], UNRELATED[(k + 2) % 7], QUOTED)) for k in range(9)]
    one = passages(*texts)
    assert len(one) > 20
    for size in (1000, 50, 1):
        monkeypatch.setattr("dedup.passages.seeds._HELD_SEEDS", size)
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
    letters = ["".join(chr(97 + int(digit)) for digit in str(k)) for k in range(10_000)]
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
