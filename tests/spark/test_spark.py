"""Spark gives what one machine gives, document for document, however the rows are cut."""

from __future__ import annotations

import random
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
import spark_session

import dedup
from dedup import Config

pytestmark = pytest.mark.spark

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "benchmarks"))
FAST = Config(find=("duplicates",))
WORDS = [f"word{k}" for k in range(500)]  # with facts: numbers that differ
PLAIN = [f"word{chr(97 + k // 26)}{chr(97 + k % 26)}" for k in range(500)]


@pytest.fixture(scope="module")
def spark(spark_here):
    return spark_here


def frame_of(spark, table, partitions=None):
    frame = spark.createDataFrame(table.to_pandas())
    return frame if partitions is None else frame.repartition(partitions)


def found_by_spark(frame, config=FAST, **how):
    from dedup.spark import find

    found = find(frame, config, **how)
    rows = sorted(tuple(row) for row in found.documents.collect())
    return rows, found.summary


def found_here(table, config=FAST, **how):
    result = dedup.scan(table, config, **how)
    return [tuple(row.values()) for row in result.tables["documents"].to_pylist()], result.summary


def check_same(spark, table, config=FAST, partitions=None, columns=None, **how):
    columns = columns or {}
    got, totals = found_by_spark(frame_of(spark, table, partitions), config, **columns, **how)
    wanted, summary = found_here(table, config, **columns)
    # As written out, which tells None from NaN and takes every digit.
    assert list(map(repr, got)) == list(map(repr, wanted))
    for name in ("documents", "relations", "clusters", "limits"):
        assert totals[name] == summary[name], name
    return totals


def check_in_rounds(spark, table, **how):
    """Compare where components are clustered in rounds: stars by length, and nothing else.

    The best copy is not chosen there, so the policy is another one.
    """
    config = Config(find=("duplicates",), canonical="longest")
    got, totals = found_by_spark(frame_of(spark, table), config, **how)
    wanted, summary = found_here(table, config)
    assert summary["documents"]["removed"] > 0
    different = [pair for pair in zip(got, wanted, strict=True) if repr(pair[0]) != repr(pair[1])]
    assert not different, different[:3]
    for name in ("documents", "relations", "clusters"):
        assert totals[name] == summary[name], name
    in_rounds = totals["limits"].pop("components_in_rounds")
    assert totals["limits"] == summary["limits"]
    return in_rounds


def texts_of(seed, count, length=60, copies=0.4, known=WORDS):
    """Make texts of drawn words; a part are copies of others with some words changed."""
    drawn = random.Random(seed)
    made = []
    for k in range(count):
        if k and drawn.random() < copies:
            words = drawn.choice(made).split()
            for _ in range(drawn.choice((0, 1, 3, 8))):
                words[drawn.randrange(len(words))] = drawn.choice(known)
        else:
            words = drawn.choices(known, k=drawn.randrange(length // 2, 2 * length))
        made.append(" ".join(words))
    return made


def corpus(count, seed=1, words=120):
    import corpus as maker

    return maker.make(count, seed, words)[0]


def seed_articles():
    files = sorted((ROOT / "seeds").glob("*.txt"))
    return pa.table(
        {"id": [each.name for each in files], "text": [each.read_text("utf-8") for each in files]}
    )


@pytest.mark.parametrize("partitions", [1, 7])
def test_planted_copies_in_any_number_of_partitions(spark, partitions):
    totals = check_same(spark, corpus(600), partitions=partitions)
    assert totals["relations"]["near_duplicate"] > 20


def test_the_seeds(spark):
    check_same(spark, seed_articles())


def test_repeated_ids_empty_and_missing_texts(spark):
    texts = texts_of(1, 60)
    texts += [texts[0], texts[0].upper(), "", "", "!!!", None, "a", "A", texts[3]]
    ids = [f"d{k % 9}" for k in range(len(texts))]
    ids[5:8] = ["d1#2", "d1#2", "d1#2#2"]
    table = pa.table({"id": ids, "text": texts})
    totals = check_same(spark, table, partitions=5)
    assert totals["read_report"]["skipped"] == {"missing_text": 1}
    wanted = dedup.scan(table, FAST).summary["read_report"]["damaged"]
    assert totals["read_report"]["damaged"] == wanted


@pytest.mark.parametrize(
    "canonical", ["complete", "earliest", "latest", "longest", "priority:rank"]
)
def test_every_policy_with_dates_and_priorities(spark, canonical):
    drawn = random.Random(7)
    texts = texts_of(5, 80)
    texts += [each.upper() + drawn.choice(["", " …"]) for each in texts[:40]]
    days = [f"2024-0{drawn.randrange(1, 9)}-01" for _ in texts]
    table = pa.table(
        {
            "id": [f"k{k:03d}" for k in range(len(texts))],
            "text": texts,
            "date": [None if drawn.random() < 0.3 else day for day in days],
            "rank": [drawn.choice(["10", "9", "2.5", None]) for _ in texts],
        }
    )
    config = Config(find=("duplicates",), canonical=canonical)
    check_same(spark, table, config, columns={"date": "date"})


def test_other_clusters_than_those_of_equal_documents(spark):
    texts = texts_of(8, 60)
    table = pa.table({"id": [f"{k:03d}" for k in range(90)], "text": texts + texts[:30]})
    config = Config(find=("duplicates",), cluster_on=("near_duplicate",), removable=0.95)
    check_same(spark, table, config)
    check_same(spark, table, Config(find=("duplicates",), cluster_on=("exact",)))


def identical(count):
    text = " ".join(WORDS[:50])
    return pa.table({"id": [f"{k:06d}" for k in range(count)], "text": [text] * count})


def one_footer(count, seed=3):
    drawn = random.Random(seed)
    footer = " ".join(WORDS[:120])
    bodies = (" ".join(f"w{drawn.randrange(10**6)}" for _ in range(60)) for _ in range(count))
    texts = [f"{body}\n\n{footer}" for body in bodies]
    return pa.table({"id": [f"{k:06d}" for k in range(count)], "text": texts})


def path(count, length=100, step=12):
    """Make documents of which each is like the next one alone: windows over one long text."""
    letters = str.maketrans("0123456789abcdef", "abcdefghijklmnop")
    words = [f"{k * 2654435761 % 2**32:x}".translate(letters) for k in range(count * step + length)]
    # Sentences: where no word has a capital, two texts that differ by so much both stay.
    for k in range(0, len(words), step):
        words[k], words[k - 1] = words[k].capitalize(), f"{words[k - 1]}."
    texts = [" ".join(words[k * step : k * step + length]) for k in range(count)]
    return pa.table({"id": [f"{k:06d}" for k in range(count)], "text": texts})


def test_identical_documents(spark):
    totals = check_same(spark, identical(400), partitions=3)
    assert totals["documents"]["kept"] == 1


def test_a_shared_footer_fills_buckets(spark):
    totals = check_same(spark, one_footer(400), partitions=3)
    assert totals["limits"]["oversized_buckets"] > 0


def test_a_path(spark):
    totals = check_same(spark, path(300), partitions=3)
    assert totals["relations"]["near_duplicate"] >= 290


def test_components_by_stars_and_clusters_in_rounds(spark):
    """As with too little memory for both: no edge on the driver, ten of a component in a task."""
    drawn = random.Random(2)
    base = drawn.choices(PLAIN, k=80)
    texts = texts_of(11, 40, copies=0, known=PLAIN)
    for _ in range(120):  # a cloud around one text: many pairs, leaders and ways to go
        words = base[:]
        for _ in range(drawn.randrange(9)):
            words[drawn.randrange(80)] = drawn.choice(PLAIN)
        texts.append(" ".join(words))
    table = pa.table({"id": [f"{k:03d}" for k in range(len(texts))], "text": texts})
    assert check_in_rounds(spark, table, driver_edges=0, task_edges=10) == 1


def test_a_path_in_rounds(spark):
    assert check_in_rounds(spark, path(30), driver_edges=0, task_edges=9) == 1


def test_facts_that_differ_keep_documents_on_spark_too(spark):
    form = (
        "The boats came back to the old quay with {} tons of fish after a night of calm weather "
        "and light wind from the south, and nobody there could say where they had been so long. "
        "In the market hall the first boxes were sold at {} crowns before the doors had opened, "
        "while the buyers from the towns behind the hills were still on the road. "
        "The harbour master counted {} sails on the water and wrote them down in the book "
        "that has lain on the table of his office as in the days of his father."
    )
    texts = [form.format(31 * k + 11, 7 * k + 3, 5 * k + 2) for k in range(6)]
    texts.append(texts[0] + " It is said that nobody was there to see them come in.")
    table = pa.table({"id": [f"{k}" for k in range(len(texts))], "text": texts})
    totals = check_same(spark, table)
    assert totals["relations"]["same_form"] == 20
    assert totals["documents"]["removed"] == 1
    # In rounds, each is compared with its leader alone: those on the form stay there, too.
    got, totals = found_by_spark(frame_of(spark, table), FAST, driver_edges=0, task_edges=5)
    wanted, _ = found_here(table, FAST)
    assert totals["limits"]["components_in_rounds"] == 1
    assert totals["relations"]["same_form"] == 5
    assert repr(got) == repr(wanted)


@pytest.mark.parametrize("seed", range(3))
def test_stars_of_joins_connect_what_union_find_does(spark, seed, tmp_path):
    from dedup.clusters.stars import components
    from dedup.spark.components import by_stars, on_driver
    from dedup.spark.frames import Store

    random_ = np.random.default_rng(seed)
    count = int(random_.integers(5, 200))
    a, b = random_.integers(0, count, (2, int(random_.integers(1, 2 * count))))
    if seed == 0:  # a long path with numbers in no order
        order = random_.permutation(count)
        a, b = order[:-1], order[1:]
    a, b = (np.stack([a, b]).T[a != b]).T
    frame = spark.createDataFrame(list(zip(a.tolist(), b.tolist(), strict=True)), "a long, b long")
    wanted = components(a, b, count)
    store = Store.at(spark, str(tmp_path))
    for made in (by_stars(store, frame), on_driver(frame)):
        rows = {row["row"]: row["component"] for row in made.collect()}
        assert rows == {int(k): int(wanted[k]) for k in np.union1d(a, b)}


@pytest.mark.parametrize("size", [1, 3, 7, 50])
def test_groups_stay_whole_however_batches_cut_them(size):
    from dedup.spark.frames import by_group

    sizes = [2, 9, 1, 1, 30, 4, 1, 12, 5]
    groups = np.repeat(np.arange(len(sizes)), sizes)
    table = pa.table({"group": groups, "row": np.arange(len(groups))})
    for most in (1, 4, 10, 100):
        parts = list(by_group(table.to_batches(max_chunksize=size), "group", most))
        assert pa.concat_tables(parts).equals(table)
        found = [set(part["group"].to_pylist()) for part in parts]
        assert sum(map(len, found)) == len(sizes), "a group in two parts"
        # At most one group and one batch beyond what is asked for are held.
        assert max(map(len, parts)) < most + size + 2 * max(sizes)


def test_packed_parts_give_the_pairs_of_sorted_keys():
    from dedup.spark import candidates
    from dedup.spark.frames import batches_of

    drawn = np.random.default_rng(3)
    keys = drawn.integers(-(1 << 63), 1 << 63, 3_000)[drawn.integers(0, 3_000, 9_000)]
    rows = drawn.permutation(9_000)
    cut = [(keys[low : low + 700], rows[low : low + 700]) for low in range(0, 9_000, 700)]
    packed = [candidates._packed(cut[low : low + 4], 5) for low in range(0, len(cut), 4)]
    parts = pa.Table.from_batches(packed).sort_by("part").to_batches(max_chunksize=3)
    order = np.lexsort((rows, keys))
    batches = batches_of({"key": keys[order], "row": rows[order]}, candidates.BANDS)
    wanted = pa.Table.from_batches(candidates._pair(batches)).to_pylist()
    found = pa.Table.from_batches(candidates._pair_parts(parts)).to_pylist()
    assert {tuple(row.values()) for row in found} == {tuple(row.values()) for row in wanted}
    assert len(packed) > 1
    assert len(wanted) > 5_000
    assert not list(candidates._pair_parts([]))


def test_a_huge_bucket_is_paired_with_its_first_document():
    from dedup.spark import candidates

    held = candidates.MOST_HELD
    rows = [(5, 1), (5, 2), *((7, 10 + k) for k in range(held + 50)), (8, 3), (8, 9)]
    table = pa.table({"key": [row[0] for row in rows], "row": [row[1] for row in rows]})
    pairs = pa.Table.from_batches(candidates._pair(table.to_batches(max_chunksize=200_000)))
    found = set(zip(pairs["a"].to_pylist(), pairs["b"].to_pylist(), strict=True))
    wanted = {(10, 10 + k) for k in range(1, held + 50)} | {(1, 2), (3, 9), (-1, 7)}
    assert found == wanted


def test_what_spark_cannot_do_is_said(spark):
    frame = spark.createDataFrame([("1", "one text")], "id string, text string")
    with pytest.raises(dedup.errors.ConfigError):
        found_by_spark(frame, Config(shingle_unit="char"))
    assert spark_session.missing() is None
