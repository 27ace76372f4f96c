"""In fast mode the other articles of a page may not be known: its parts stay."""

from __future__ import annotations

import pytest
from prose import UNRELATED

import dedup


def words(number, count):
    return " ".join(f"{UNRELATED[number]} {k}" for k in range(count))


@pytest.mark.parametrize(
    ("part", "kept"),
    [
        ("https://gazette.example/ferry", True),  # beside it, on the host of the page
        ("https://other.example/ferry", False),
        ("ferry.txt", False),
    ],
)
def test_an_excerpt_with_an_address_beside_the_page_stays(part, kept):
    ferry = words(0, 4)
    page = {"id": "https://gazette.example/page", "text": f"{words(1, 6)}\n\n{ferry}"}
    settings = {"find": ("duplicates",), "bands": 128, "rows": 1}
    result = dedup.scan([page, {"id": part, "text": ferry}], **settings)
    assert {each.doc_id: each.kept for each in result.documents}[part] is kept
