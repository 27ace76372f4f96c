"""What tests of an index in a file share: articles, a filled index, a script beside it."""

from __future__ import annotations

import os
import random

import pytest

from dedup.index import Index

POSIX = pytest.mark.skipif(os.name != "posix", reason="needs fork, signals and limits")


def article(number, seed=0):
    """Return a document that is like no other."""
    generator = random.Random(f"{seed}/{number}")
    text = " ".join(f"w{generator.randrange(10**6)}" for _ in range(60))
    return {"id": f"https://example.org/{seed}/{number}", "text": text}


def articles(count, seed=0):
    return [article(number, seed) for number in range(count)]


def filled(path, count=150, **options):
    """Make an index with articles in runs and some that wait for one; return the documents."""
    documents = articles(count)
    with Index.open(path, **options) as index:
        index.add_many(documents[:-9])
        for each in documents[-9:]:
            index.add(each)
        info = index.info()
        assert min(info["runs"], info["waiting"]) > 0
        index.remove(documents.pop(3)["id"])
    return documents
