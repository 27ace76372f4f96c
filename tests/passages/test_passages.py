"""Passages of two or three texts: what is found, its level and kind, masked text."""

from __future__ import annotations

import numpy as np
import pytest
from found_passages import page, passages, without_stop
from prose import (
    BAKERY,
    COMET,
    FERRY,
    LIBRARY,
    ORCHARD,
    PENDULUM,
    QUOTED,
    REWORDED,
    SWIMMING,
    THEATRE,
    UNRELATED,
)

from dedup.core.arrays import texts_from_strings
from dedup.text.tokens import tokenise_texts


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
