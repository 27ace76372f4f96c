"""How large a report gets, and what stays in it where not all texts do."""

from __future__ import annotations

import random

import pytest
from report_pages import columns_of, data_of, page_of

import dedup
from dedup.report.web import from_result


def chinese(count, length=1_200):
    draw = random.Random(3)
    letters = [chr(0x4E00 + number) for number in range(6_000)]
    weights = [1 / (number + 5) for number in range(6_000)]
    return ["".join(draw.choices(letters, weights, k=length)) for _ in range(count)]


@pytest.mark.parametrize("most", [1_000_000, 1_500_000])
def test_texts_that_are_hard_to_compress_stay_under_the_size_too(most):
    found = from_result(dedup.scan(chinese(900), dedup.Config(find=("duplicates",))))
    page = page_of(found, most_bytes=most).encode()
    assert len(page) <= most
    assert len(page) > 0.7 * most


def test_articles_whose_texts_are_left_out_keep_their_first_words():
    draw = random.Random(4)
    rows = [
        f"The title of number {number}\n\n" + " ".join(f"{draw.random()}" for _ in range(2_000))
        for number in range(60)
    ]
    overview, chunks = data_of(page_of(from_result(dedup.scan(rows)), most_bytes=1_000_000))
    table = columns_of(chunks, "documents")
    assert overview["counts"]["texts"] < 60
    assert -1 in table["text"]
    assert all(head.startswith("The title of number") for head in table["head"])
