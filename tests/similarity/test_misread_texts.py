"""Texts that a machine misread are found by their characters; receipts and forms do not merge."""

from __future__ import annotations

import random

import numpy as np
from prose import BAKERY, COMET, FERRY, LIBRARY, ORCHARD, SWIMMING, THEATRE

import dedup
from dedup.core.arrays import texts_from_strings
from dedup.similarity.misread import find_misread, misread_documents
from dedup.text.tokens import tokenise_texts

TEXTS = (BAKERY, COMET, FERRY, LIBRARY, ORCHARD, SWIMMING, THEATRE)
ITEMS = (
    "bread milk coffee apples butter cheese pepper onions garlic yoghurt vinegar noodles".split()
)


def misread_text(text, share, seed):
    """Return a text with a share of its letters read as others."""
    draw = random.Random(seed)
    letters = "abcdefghijklmnopqrstuvwxyz"
    return "".join(
        draw.choice(letters) if char.isalpha() and draw.random() < share else char for char in text
    )


def receipt(number):
    """Return a receipt of one shop: the same header and footer, other goods, read badly."""
    draw = random.Random(number)
    goods = " ".join(f"{item} {draw.randrange(900)}" for item in draw.sample(ITEMS, 8))
    head = "Corner Market Hallowmere station road opening hours weekdays customer receipt number"
    foot = "total including taxes thank you for shopping please return within fourteen days with"
    return misread_text(f"{head} {number} {goods} {foot} original packaging", 0.06, number)


def other_texts():
    """Return texts of a language of 300 words, so that a corpus is large enough to judge by."""
    draw = random.Random(3)
    words = ["".join(draw.choices("qwxzjkvy", k=7)) for _ in range(300)]
    return [" ".join(draw.choices(words, k=60)) for _ in range(100)]


def found(strings):
    texts = texts_from_strings([*strings, *other_texts()])
    tokens = tokenise_texts(texts)
    included = np.ones(len(texts), np.bool_)
    return find_misread(texts, tokens, included), misread_documents(tokens, included)


def test_two_readings_of_a_page_are_a_pair():
    strings = [*TEXTS, *(misread_text(text, 0.22, k) for k, text in enumerate(TEXTS))]
    result, _ = found(strings)
    assert result.pairs.tolist() == [[k, k + len(TEXTS)] for k in range(len(TEXTS))]
    assert (result.share_a > 0.7).all()
    assert (result.share_b > 0.7).all()


def test_only_documents_of_lonely_words_are_looked_at():
    strings = [*TEXTS, *(f"{text} again" for text in TEXTS), misread_text(FERRY, 0.3, 1)]
    _, rows = found(strings)
    assert rows.tolist() == [len(strings) - 1]
    result, _ = found(list(TEXTS) * 2)
    assert len(result.pairs) == 0


def test_receipts_of_one_shop_do_not_merge():
    result, rows = found([receipt(number) for number in range(60)])
    assert len(result.pairs) == 0
    assert len(rows) > 0


def interview(answers):
    """Return a form of which a third is filled in, in words that no other text has."""
    questions = (
        "What made you choose this kind of work when you were young?",
        "Which hour of an ordinary working day do you like the least?",
        "What would you tell somebody who wants to start tomorrow?",
        "What is the best thing that ever happened to you there?",
        "Would you like to answer our questions in the coming week?",
    )
    return " ".join(
        f"{question} {answer}" for question, answer in zip(questions, answers, strict=True)
    )


def test_forms_filled_with_other_words_are_no_readings():
    keeper = "Grandfather kept twelve hives.;Opening them under thunder.;Count bees before money.;"
    keeper += "Swarms upon the steeple.;Certainly, after harvest."
    fireman = "Opposite houses burnt down.;Driving homewards in silence.;Learn cooking for twenty.;"
    fireman += "Carrying children downstairs.;Perhaps, between alarms."
    strings = [interview(each.split(";")) for each in (keeper, fireman)]
    result, rows = found(strings)
    assert rows.tolist() == [0, 1]
    assert len(result.pairs) == 0
    read = [misread_text(text, 0.2, k) for k, text in enumerate(strings)]
    result, _ = found([strings[0], read[0]])
    assert result.pairs.tolist() == [[0, 1]]


def test_among_few_documents_nothing_is_judged():
    texts = texts_from_strings([*TEXTS, *(misread_text(text, 0.22, 1) for text in TEXTS)])
    tokens = tokenise_texts(texts)
    assert len(misread_documents(tokens, np.ones(len(texts), np.bool_))) == 0


def test_a_scan_makes_one_cluster_of_two_readings():
    documents = [{"id": f"clean {k}", "text": text} for k, text in enumerate(TEXTS)]
    documents += [
        {"id": f"read {k}", "text": misread_text(text, 0.25, k)} for k, text in enumerate(TEXTS)
    ]
    others = [{"id": f"other {k}", "text": text} for k, text in enumerate(other_texts())]
    result = dedup.scan([*documents, *others])
    pairs = {(each.a, each.b): each.relation for each in result.pairs}
    wanted = {(f"clean {k}", f"read {k}"): "near_duplicate" for k in range(len(TEXTS))}
    assert pairs == wanted


def scanned(clean, readings):
    """Scan texts, readings of them, and others; return documents and lost stretches by id."""
    documents = [{"id": f"clean {k}", "text": text} for k, text in enumerate(clean)]
    documents += [{"id": f"read {k}", "text": text} for k, text in enumerate(readings)]
    others = [{"id": f"other {k}", "text": text} for k, text in enumerate(other_texts())]
    result = dedup.scan([*documents, *others])
    lost = {each["doc_id"]: each["text"] for each in result.tables["losses"].to_pylist()}
    return {each.doc_id: each for each in result.documents}, lost


def readings():
    return [misread_text(text, 0.15, k) for k, text in enumerate(TEXTS)]


def test_other_spellings_are_no_loss():
    documents, lost = scanned(TEXTS, readings())
    gone = [each for each in documents.values() if not each.kept]
    assert [each.doc_id for each in gone] == [f"read {k}" for k in range(len(TEXTS))]
    assert max(each.lost_share for each in gone) < 0.06
    assert lost == {}


def test_what_only_a_reading_says_is_told_and_listed():
    long = " ".join(TEXTS[:4])
    longer = " It sells rye, oats and barley, rolls on Sundays, and cakes for weddings."
    notice = " Witnesses whom a blue van overtook this week might call him."
    read = misread_text(long, 0.15, 1)
    documents, lost = scanned([long + longer, *TEXTS[4:]], [read + notice, *readings()[4:]])
    assert documents["read 0"].kept is False
    assert documents["read 0"].lost_tokens >= 9
    assert "a blue van overtook this week" in lost["read 0"]
    assert list(lost) == ["read 0"]


def test_a_reading_with_much_of_its_own_stays():
    added = " ".join(
        f"The {item} of the weir is older than the {item} of the mill." for item in ITEMS
    )
    first, *rest = readings()
    documents, _ = scanned(TEXTS, [f"{first} {added}", *rest])
    assert documents["read 0"].kept
