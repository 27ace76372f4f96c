"""Passages over a whole corpus: Spark finds what one machine finds."""

from __future__ import annotations

import random

import pyarrow as pa
import pytest
from dying import dying_in

import dedup
from dedup import Config
from dedup.similarity.relations import NAMES

PASSAGES = Config(find=("passages", "repeats"), passage_max_documents=12)


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


def values(row):
    return repr(tuple(row.values()))


def rows_of(frame):
    return sorted(repr(tuple(row)) for row in frame.collect())
