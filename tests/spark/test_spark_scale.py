"""The corpora that break what is quadratic, and 20,000 planted documents; slow."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from test_spark import (
    FAST,
    check_in_rounds,
    corpus,
    found_by_spark,
    found_here,
    identical,
    one_footer,
    path,
)

pytestmark = [pytest.mark.spark, pytest.mark.slow]

# Of the other tests, what goes through all stages and modes; the whole of them passes there, too.
SOME = "planted or seeds or repeated or cleaned or everything"
ROOT = Path(__file__).resolve().parents[2]
MOST_CANDIDATES = 100  # of a document: what is quadratic has thousands


@pytest.fixture(autouse=True)
def _tables_stay(monkeypatch):
    """Leave the tables of a run in its work folder."""
    monkeypatch.setattr("dedup.spark.frames.Store.forget", lambda self, *kept: None)


def candidates(folder):
    """Count the candidate pairs of the run that ``check_same`` made in a folder."""
    (table,) = (folder / "work").glob("dedup-*/candidates")
    return len(pq.read_table(table))


def check_same(spark, folder, table, partitions=None, **how):
    """Compare as `test_spark.check_same` does, from a file instead of memory."""
    pq.write_table(table, folder / "corpus.parquet", row_group_size=5_000)
    frame = spark.read.parquet(str(folder / "corpus.parquet"))
    frame = frame if partitions is None else frame.repartition(partitions)
    got, totals = found_by_spark(frame, FAST, checkpoint=str(folder / "work"), **how)
    wanted, summary = found_here(table, FAST)
    different = [pair for pair in zip(got, wanted, strict=True) if repr(pair[0]) != repr(pair[1])]
    assert not different, different[:3]
    for name in ("documents", "relations", "clusters", "limits"):
        assert totals[name] == summary[name], name
    return totals


def test_spark_3_5(tmp_path):
    """The same tests in an environment of the oldest Spark that is allowed."""
    python = ROOT / ".venv-spark35" / "bin" / "python"
    if not python.exists():
        pytest.skip("no .venv-spark35: scripts/spark35 makes it")
    done = subprocess.run(
        [
            str(python),
            "-m",
            "pytest",
            "tests/spark/test_spark.py",
            "tests/spark/test_spark_inside.py",
            "tests/spark/test_spark_passages.py",
            "-q",
            "-W",
            "ignore",
            "-k",
            SOME,
        ],
        cwd=ROOT,
        env={**os.environ, "PYSPARK_PYTHON": str(python)},
        check=False,
        timeout=3600,
    )
    assert done.returncode == 0


def test_20_000_planted_documents(spark_here, tmp_path):
    """In 1 and in 200 partitions they are the same too; there `test_spark` has fewer documents."""
    check_same(spark_here, tmp_path, corpus(20_000, words=150), 7)


def test_100_000_identical_documents(spark_here, tmp_path):
    totals = check_same(spark_here, tmp_path, identical(100_000))
    assert totals["documents"]["kept"] == 1


def test_5_000_documents_with_one_footer(spark_here, tmp_path):
    totals = check_same(spark_here, tmp_path, one_footer(5_000))
    assert totals["limits"]["oversized_buckets"] > 0
    assert 5_000 < candidates(tmp_path) < 5_000 * MOST_CANDIDATES


@pytest.mark.parametrize("driver_edges", [0, 1_000_000])
def test_a_path_of_6_000(spark_here, tmp_path, driver_edges):
    """The rounds of joins stop with an error at a hundred: no label may go from one to the next."""
    totals = check_same(spark_here, tmp_path, path(6_000), driver_edges=driver_edges)
    assert totals["relations"]["near_duplicate"] > 5_900
    assert 5_900 < candidates(tmp_path) < 6_000 * MOST_CANDIDATES


def test_a_path_in_rounds(spark_here, tmp_path):
    """As were it too large for a task: each round settles at least one range of the order."""
    how = {"task_edges": 1_500, "checkpoint": str(tmp_path)}
    assert check_in_rounds(spark_here, path(3_000), **how) == 1
