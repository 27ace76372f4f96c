"""Passages over a whole corpus: Spark finds what one machine finds."""

from __future__ import annotations

import random

import numpy as np
import pyarrow as pa
import pytest
from dying import dying_in

import dedup
from dedup import Config
from dedup.core.arrays import texts_from_strings
from dedup.similarity.relations import NAMES
from dedup.text.tokens import tokenise_texts

PASSAGES = Config(find=("passages", "repeats"), boilerplate=False, passage_max_documents=12)


def quoting():
    """Return articles that quote each other, some equal or empty, most of them without capitals."""
    drawn = random.Random(5)
    pool = ["".join(drawn.choices("abcdefghijklmnop", k=8)) for _ in range(6_000)]

    def sentence():
        return " ".join(drawn.choices(pool, k=drawn.randrange(9, 18))).capitalize() + "."

    shared = [sentence() for _ in range(30)]
    weights = [40, 20, *[3] * 28]
    texts = []
    for k in range(400):
        parts = [sentence() for _ in range(drawn.randrange(1, 4))]
        parts += drawn.choices(shared, weights, k=drawn.randrange(0, 3)) * (10 if k == 7 else 1)
        if k % 5 == 0:
            parts[0] = f"“{drawn.choice(shared)}” said the mayor of the town on the hill."
        drawn.shuffle(parts)
        if k % 4 == 0:
            parts.append(
                "\n\nSubscribe to our newsletter\n\nYou can read more on our website at any time."
            )
        if k % 3 == 0:
            parts.append(f"\n\nImage caption {drawn.choice(shared)}\n\n")
        texts.append(" ".join(parts) if k % 3 < 2 else " ".join(parts).lower())
    texts += [texts[3].upper(), texts[4], "", "Short."]
    ids = [f"{k * 37 % 1000:03}" for k in range(len(texts))]
    dates = [f"2026-11-{k % 28 + 1:02}" for k in range(len(texts))]
    return pa.table({"id": ids, "text": texts, "date": dates})


@pytest.mark.spark
def test_passages_over_the_corpus_though_workers_die(spark_here, tmp_path, monkeypatch):
    """Compare passages, pairs and totals with those of one machine."""
    from dedup.spark import aligning, find, inside, seeds

    flags = dying_in((aligning, seeds), tmp_path, monkeypatch)
    table = quoting()
    frame = spark_here.createDataFrame(table.to_pylist(), "id string, text string, date string")
    found = find(frame.repartition(7), PASSAGES, date="date")
    assert len(flags) == 4
    assert all(flag.exists() for flag in flags), "a stage in which nobody died"
    wanted = dedup.scan(table, PASSAGES)
    assert rows_of(inside.removals_table(found.inside)) == sorted(
        map(values, wanted.to_arrow("removals").to_pylist())
    )
    assert rows_of(found.passages) == sorted(map(values, wanted.tables["passages"].to_pylist()))
    named = found.keyed.select("row", "doc_id").collect()
    ids = {row["row"]: row["doc_id"] for row in named}
    pairs = [row.asDict() for row in found.pairs.collect()]
    got = sorted((ids[p["a"]], ids[p["b"]], NAMES[p["relations"]], p["coverage"]) for p in pairs)
    told = [row for row in wanted.tables["pairs"].to_pylist() if row["relation"] != "exact"]
    assert got == sorted((p["a"], p["b"], p["relation"], p["coverage"]) for p in told)
    documents = wanted.tables["documents"].to_pylist()
    assert rows_of(found.documents) == sorted(map(values, documents))
    for name in ("documents", "relations", "passages", "kinds", "templates"):
        assert found.summary[name] == wanted.summary[name], name
    limits = found.summary["limits"]
    assert limits.keys() == {"seeds_in_too_many_documents", "seed_positions_left_out"}
    assert limits == {name: wanted.summary["limits"][name] for name in limits}
    assert len(told) > 50


def test_shingles_are_compared_without_templates():
    pytest.importorskip("pyspark")
    from dedup.spark.aligning import _Sets

    config = Config(shingle_size=2)
    notes = ["read more here", "", "read more here", "ask us"]
    bodies = ["one two three four five", "one two three four six", "nine ten", "five six seven"]
    texts = texts_from_strings([f"{n} {b}".strip() for n, b in zip(notes, bodies, strict=True)])
    docs = np.array([k for k, note in enumerate(notes) if note])
    ends = np.array([len(note) for note in notes if note])
    sets = _Sets(texts, tokenise_texts(texts), (docs, np.zeros_like(docs), ends), config)
    plain = texts_from_strings(bodies)
    none = np.zeros(0, np.int64)
    wanted = _Sets(plain, tokenise_texts(plain), (none, none, none), config)
    pairs = np.array([[0, 1], [0, 3], [1, 2], [1, 3]])
    for mine, here in zip(sets.compare(pairs), wanted.compare(pairs), strict=True):
        assert mine.tolist() == here.tolist()
    assert sets.compare(pairs)[0][0] > 0.5


def values(row):
    return repr(tuple(row.values()))


def rows_of(frame):
    return sorted(repr(tuple(row)) for row in frame.collect())
